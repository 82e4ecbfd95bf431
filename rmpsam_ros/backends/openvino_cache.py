"""OpenVINO's compiled graphs on disk, so that a second start takes a fraction of a second: whole, and not more than fits.

OpenVINO notices that a file of its cache ends early, but not that bytes in it have changed, as on SD cards after a power cut: the
graph would compute something else, without a word. Each configuration has a folder of its own, with the checksums of what is in it.
"""
from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from rmpsam_ros.atomic import atomic_file, crc32
from rmpsam_ros.locks import held
from rmpsam_ros.model_folder import ModelFolder
from rmpsam_ros.user_folders import cache_folder

LEAST_FREE = 200 << 20
"""Bytes of a disk on which compiled graphs have room; those of the largest model take 78 MB each."""
MOST = 1 << 30
"""Bytes that all compiled graphs may take; beyond it those that were not used for the longest time go."""
WAIT, SAY_AFTER = 60.0, 3.0
"""Seconds that are waited for another process that compiles the same graphs, which may hang, and from which on the log says so."""
_CHECKSUMS, _LOCK = "crc32.json", ".lock"
_LOG = logging.getLogger(__name__)


class CompiledGraphs:
    """The folder of one configuration.

    Args:
        model: whose graphs are compiled.
        configuration: all else that they are compiled for.
    """

    def __init__(self, model: ModelFolder, *configuration: object) -> None:
        self.root, self.folder = cache_folder() / "openvino", None
        if not _can_be_written(self.root):
            return
        files = [(name, (at := (model.path / name).stat()).st_size, at.st_mtime_ns) for name in sorted(model.files) if (model.path / name).is_file()]
        key = hashlib.sha256(json.dumps([model.name, str(model.path.resolve()), files, *map(str, configuration)]).encode()).hexdigest()[:16]
        self.folder = self.root / key

    @property
    def options(self) -> dict[str, str]:
        """Options for OpenVINO: where it keeps them, if anywhere."""
        return {} if self.folder is None else {"CACHE_DIR": str(self.folder)}

    @contextmanager
    def compiling(self) -> Iterator[None]:
        """Around everything that compiles or loads: other processes that want the same wait, and damaged files are made anew.

        Read `options` within it: where the folder turns out to be of no use, OpenVINO must not see it.
        """
        with ExitStack() as stack:
            good = self._opened(stack)
            yield
            if self.folder is not None:
                with suppress(OSError):  # then they are compiled once more at the next start
                    self._note(good)
                    self._make_room()

    def _opened(self, stack: ExitStack) -> dict[str, int]:
        """Makes and locks the folder, and checks what is in it; without a folder where that cannot be done."""
        if self.folder is None:
            return {}
        try:
            self.folder.mkdir(exist_ok=True)
            stack.enter_context(held(self.folder / _LOCK, _Patience(self.folder)))
            return self._verified()
        except OSError as error:
            _LOG.warning("Compiled graphs are not cached: %s cannot be used (%s).", self.folder, error.strerror)
            self.folder = None
            return {}

    def _verified(self) -> dict[str, int]:
        """Checksums of the files that are as they were written; the others are removed."""
        try:
            stated = json.loads((self.folder / _CHECKSUMS).read_text())
        except (OSError, ValueError):
            stated = {}
        good = {}
        for file in self.folder.glob("*.blob"):
            if isinstance(stated, dict) and stated.get(file.name) == crc32(file):
                good[file.name] = stated[file.name]
            else:
                _LOG.warning("A compiled graph is compiled anew: %s is not as it was written.", file)
                file.unlink()
        return good

    def _note(self, good: dict[str, int]) -> None:
        found = {file.name: good[file.name] if file.name in good else crc32(file) for file in self.folder.glob("*.blob")}
        if found.keys() != good.keys():
            with atomic_file(self.folder / _CHECKSUMS, sync=True) as partial:
                partial.write_text(json.dumps(found))
        os.utime(self.folder)

    def _make_room(self) -> None:
        """Removes what was used least recently, until the rest is small enough."""
        entries = sorted((at for at in self.root.iterdir() if at != self.folder and (at.is_dir() or at.suffix == ".blob")), key=_used, reverse=True)
        total = _size(self.folder)
        for entry in entries:
            total += _size(entry)
            if total > MOST:
                _remove(entry)


class _Patience:
    """What waiting for another process does: a word in the log after a while, TimeoutError in the end."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._started, self._said = folder, time.monotonic(), False

    def __call__(self) -> None:
        waited = time.monotonic() - self._started
        if waited > WAIT:
            raise TimeoutError(errno.ETIMEDOUT, f"another process has held it for {WAIT:.0f} s")
        if waited > SAY_AFTER and not self._said:
            self._said = True
            _LOG.warning("Waiting up to %.0f s for another process that compiles the same graphs into %s.", WAIT, self._folder)


def _remove(entry: Path) -> None:
    """Removes a folder, but not one that another process is writing to, or a single file."""
    if not entry.is_dir():
        entry.unlink()
        return

    def occupied() -> None:
        raise BlockingIOError(errno.EAGAIN, "another process writes to it", str(entry))

    with suppress(BlockingIOError), held(entry / _LOCK, occupied):
        shutil.rmtree(entry)


def _can_be_written(root: Path) -> bool:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _LOG.warning("Compiled graphs are not cached, each start compiles them again: %s cannot be made (%s).", root, error.strerror)
        return False
    if not os.access(root, os.W_OK):
        _LOG.warning("Compiled graphs are not cached, each start compiles them again: %s is not writable.", root)
        return False
    free = shutil.disk_usage(root).free
    if free < LEAST_FREE:  # OpenVINO itself says nothing
        _LOG.warning("Compiled graphs may not be cached, so that each start compiles them again: %s has %.0f MB left.", root, free / 2**20)
    return True


def _used(entry: Path) -> float:
    return entry.stat().st_mtime


def _size(entry: Path) -> int:
    return sum(file.stat().st_size for file in entry.iterdir()) if entry.is_dir() else entry.stat().st_size
