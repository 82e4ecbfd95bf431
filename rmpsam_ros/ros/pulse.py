"""Monitors whether a thread is alive: how long it has been busy with its current task, and why it ended."""
from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pulse:
    """The state of a thread; written by the thread, read by others.

    Attributes:
        ended: why the thread ended prematurely, as text; '' while it runs.
    """

    def __init__(self) -> None:
        self.ended = ""
        self._since: float | None = None

    @contextmanager
    def busy(self) -> Iterator[None]:
        """A context for each task of the thread."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    @property
    def seconds(self) -> float:
        """How long the thread has been busy with its current task; 0 while it waits."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since
