"""Output that is whole or not there: written under a temporary name beside its place, then renamed.

Whatever ends the writing, an error or Ctrl-C, what was there before stays, and nothing half-written is left, nor an empty folder
that was made for it.
"""
from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_file(path: str | os.PathLike[str], sync: bool = False) -> Iterator[Path]:
    """Gives a temporary path to write a file to; on success it becomes `path`, else it is removed.

    The temporary name keeps the ending, by which OpenCV and others choose a format. Folders on the way are made.
    sync: the file's bytes are on the disk before it takes the place, as what robots keep whose power is cut should be.
    """
    path = Path(path).resolve()  # what a link leads to is replaced, and the link stays
    partial = _partial(path)
    with _folder_for(path), _named(path, partial):
        try:
            yield partial
            if sync:
                with partial.open("rb") as file:
                    os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            with suppress(OSError):  # what ended the writing is worth more, as where the disk is read-only
                partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a new temporary folder to fill; on success it takes the place of `path`, else it is removed.

    A mount point, as containers have them, cannot be replaced in one step: the temporary folder lies in it, and in the end its
    entries take their places one by one. An error then puts back what was there; a power cut leaves some of both.
    """
    path = Path(path).resolve()
    partial, old = (path.with_name(f".{_short(path.name)}.{what}-{os.getpid()}") for what in ("partial", "old"))
    if os.path.ismount(path):
        inside = path / partial.name
        with _named(path, inside), _filled_within(path, inside, path / old.name):
            yield inside
        return
    with _folder_for(path), _named(path, partial):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            yield partial
            if path.is_dir():  # a folder that is not empty cannot be replaced in one step
                os.replace(path, old)
            os.replace(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            if not path.exists() and old.exists():
                os.replace(old, path)
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _filled_within(path: Path, partial: Path, old: Path) -> Iterator[None]:
    """`atomic_folder` with both temporary folders inside of `path`."""
    moved: list[tuple[Path, Path]] = []
    for folder in (partial, old):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    try:
        yield
        for source, target in ((path, old), (partial, path)):
            for entry in [entry for entry in source.iterdir() if entry not in (partial, old)]:
                os.replace(entry, target / entry.name)
                moved.append((entry, target / entry.name))
    except BaseException:
        for origin, place in reversed(moved):
            os.replace(place, origin)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _named(path: Path, partial: Path) -> Iterator[None]:
    """An error that names the temporary file or folder, or nothing, as where a full disk is written to, names the place itself."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, partial, str(partial)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _folder_for(path: Path) -> Iterator[None]:
    """Makes the folders on the way to a path; after an error those that are empty go again."""
    missing = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for folder in missing:  # the deepest first
            with suppress(OSError):  # something else lies in it by now
                folder.rmdir()
        raise


def unwritable(path: Path) -> str:
    """Why `atomic_file` could not write a file there, in a few words; '' where it could. Better known before an hour's work than after."""
    if path.is_dir():
        return "it is a folder; give the name of a file"
    folder = path.resolve().parent
    while not folder.exists():
        folder = folder.parent
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def crc32(path: Path) -> int:
    """Checksum of a file, which tells whether its bytes have changed since; a gigabyte takes a fraction of a second."""
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _partial(path: Path) -> Path:
    return path.with_name(f".{_short(path.stem)}.partial-{os.getpid()}{path.suffix}")


def _short(name: str) -> str:
    """A name, of at most 200 bytes: file systems take 255, and what stands round it needs some. What is no UTF-8, on which OpenCV dies, is left out."""
    return os.fsencode(name)[:200].decode(errors="ignore")
