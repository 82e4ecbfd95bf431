"""Whether a thread still comes round: how long it has been busy with one thing, and what has ended it."""
from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Pulse:
    """Kept by the thread, read by others.

    Attributes:
        ended: what has ended the thread before its time, in words; '' while it goes on.
    """

    def __init__(self) -> None:
        self.ended = ""
        self._since: float | None = None

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Round each thing that the thread does."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    @property
    def seconds(self) -> float:
        """Since when the thread has been busy with one thing; 0 while it waits."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since
