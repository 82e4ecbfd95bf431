"""A lock between processes that goes with the process that has it, whatever becomes of that."""
from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(path: Path, waiting: Callable[[], None] = lambda: None, poll: float = 0.05) -> Iterator[None]:
    """Holds a lock file, which is made where it is not there; on a file system without locks there is none.

    Args:
        path: the file, in a folder that can be written to.
        waiting: called every `poll` seconds while another process has it; what it raises ends the wait.

    Raises:
        OSError: the file cannot be made.
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
