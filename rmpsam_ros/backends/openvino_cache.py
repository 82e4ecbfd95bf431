"""On-disk cache of OpenVINO's compiled graphs, verified and limited in size; a second start takes a fraction of a second.

OpenVINO detects truncated cache files, but not changed bytes, as on SD cards after a power cut: the graph would silently compute
something else. Each configuration therefore has its own folder, with checksums of the files in it.
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
"""Free bytes on the disk below which the log warns that graphs may not be cached; those of the largest model take 78 MB each."""
MOST = 1 << 30
"""Maximum size in bytes of all compiled graphs; beyond it the least recently used are removed."""
WAIT, SAY_AFTER = 60.0, 3.0
"""Seconds to wait for another process that compiles the same graphs (it may hang), and seconds after which the log mentions the wait."""
_CHECKSUMS, _LOCK = "crc32.json", ".lock"
_LOG = logging.getLogger(__name__)


class CompiledGraphs:
    """The cache folder of one configuration.

    Args:
        model: the model whose graphs are compiled.
        configuration: everything else that the compiled graphs depend on.
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
        """Options for OpenVINO: the cache folder, if there is one."""
        return {} if self.folder is None else {"CACHE_DIR": str(self.folder)}

    @contextmanager
    def compiling(self) -> Iterator[None]:
        """Surrounds all compiling and loading: makes other processes with the same configuration wait, and removes damaged files.

        Read `options` only inside: if the folder turns out to be unusable, OpenVINO must not get it.
        """
        with ExitStack() as stack:
            good = self._opened(stack)
            yield
            if self.folder is not None:
                with suppress(OSError):  # the graphs are then compiled again at the next start
                    self._note(good)
                    self._make_room()

    def _opened(self, stack: ExitStack) -> dict[str, int]:
        """Creates and locks the folder and verifies its files; if that fails, continues without a cache folder."""
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
        """Checksums of the intact files; removes the others."""
        try:
            stated = json.loads((self.folder / _CHECKSUMS).read_text())
        except (OSError, ValueError):
            stated = {}
        good = {}
        for file in self.folder.glob("*.blob"):
            if isinstance(stated, dict) and stated.get(file.name) == crc32(file):
                good[file.name] = stated[file.name]
            else:
                _LOG.warning("A damaged compiled graph is compiled again: %s has changed since it was written.", file)
                file.unlink()
        return good

    def _note(self, good: dict[str, int]) -> None:
        found = {file.name: good[file.name] if file.name in good else crc32(file) for file in self.folder.glob("*.blob")}
        if found.keys() != good.keys():
            with atomic_file(self.folder / _CHECKSUMS, sync=True) as partial:
                partial.write_text(json.dumps(found))
        os.utime(self.folder)

    def _make_room(self) -> None:
        """Removes the least recently used entries until the rest is small enough."""
        entries = sorted((at for at in self.root.iterdir() if at != self.folder and (at.is_dir() or at.suffix == ".blob")), key=_used, reverse=True)
        total = _size(self.folder)
        for entry in entries:
            total += _size(entry)
            if total > MOST:
                _remove(entry)


class _Patience:
    """Callback for waiting on another process: logs a message after a while, and raises TimeoutError in the end."""

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
    """Removes a file, or a folder that no other process is writing to."""
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
    if free < LEAST_FREE:  # OpenVINO itself does not report it
        _LOG.warning("Compiled graphs may not be cached, so that each start compiles them again: %s has %.0f MB left.", root, free / 2**20)
    return True


def _used(entry: Path) -> float:
    return entry.stat().st_mtime


def _size(entry: Path) -> int:
    return sum(file.stat().st_size for file in entry.iterdir()) if entry.is_dir() else entry.stat().st_size
