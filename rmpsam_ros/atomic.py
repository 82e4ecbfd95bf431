"""Atomic output of files and folders: written under a temporary name next to the target, then renamed.

If an error or Ctrl-C interrupts the writing, the old content stays, and no partial output or newly created empty folder is left behind.
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
    """Yields a temporary path to write to; on success it is renamed to `path`, otherwise removed.

    The temporary name keeps the suffix, because OpenCV and others choose the format by it. Missing parent folders are created.
    sync: flush the file to disk before the rename, for files that must survive a power cut of the robot.
    """
    path = Path(path).resolve()  # replace the target of a link, not the link
    partial = _partial(path)
    with _folder_for(path), _named(path, partial):
        try:
            yield partial
            if sync:
                with partial.open("rb") as file:
                    os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            with suppress(OSError):  # do not hide the original error, for instance of a read-only disk
                partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a new temporary folder to fill; on success it replaces `path`, otherwise it is removed.

    A mount point (common in containers) cannot be replaced in one step: the temporary folder is created inside it, and at the end
    its entries are moved up one by one. An error in between restores the old content; a power cut may leave a mixture of old and new.
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
            if path.is_dir():  # a non-empty folder cannot be replaced in one step
                os.replace(path, old)
            os.replace(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            if not path.exists() and old.exists():
                os.replace(old, path)
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _filled_within(path: Path, partial: Path, old: Path) -> Iterator[None]:
    """`atomic_folder` with both temporary folders inside `path`."""
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
        shutil.rmtree(old, ignore_errors=True)  # only once all is back: it holds what was there
        raise
    else:
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _named(path: Path, partial: Path) -> Iterator[None]:
    """Makes an `OSError` name `path` if it names the temporary file or folder, or no file at all, as for a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, partial, str(partial)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _folder_for(path: Path) -> Iterator[None]:
    """Creates the missing parent folders of a path; after an error, removes those that are empty."""
    missing = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for folder in missing:  # deepest first
            with suppress(OSError):  # not empty any more
                folder.rmdir()
        raise


def unwritable(path: Path) -> str:
    """The reason why `atomic_file` could not write a file there, in a few words; '' if it could. Lets long work fail at its start."""
    if os.path.isdir(path):  # pathlib's is_dir and exists raise where a parent folder may not be searched
        return "it is a folder; give the name of a file"
    folder = path.resolve().parent
    while not os.path.exists(folder):
        folder = folder.parent
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def crc32(path: Path) -> int:
    """CRC-32 of a file, to detect changed bytes; a gigabyte takes a fraction of a second."""
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _partial(path: Path) -> Path:
    return path.with_name(f".{_short(path.stem)}.partial-{os.getpid()}{path.suffix}")


def _short(name: str) -> str:
    """A name cut to 200 bytes: file systems allow 255, and the prefix and suffix need some. Drops bytes that are not UTF-8, which crash OpenCV."""
    return os.fsencode(name)[:200].decode(errors="ignore")
