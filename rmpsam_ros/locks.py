"""A lock between processes, which is released when the process that holds it ends, even after a crash."""
from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path, waiting: Callable[[], None] = lambda: None, poll: float = 0.05) -> Iterator[None]:
    """Holds an exclusive lock on a file, which is created if missing; on a file system without locks, does nothing.

    Args:
        path: the lock file, in a writable folder.
        waiting: called every `poll` seconds while another process holds the lock; an exception from it ends the wait.

    Raises:
        OSError: the file cannot be created or opened.
    """
    with path.open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting()
                time.sleep(poll)
            except OSError:
                break
        yield
