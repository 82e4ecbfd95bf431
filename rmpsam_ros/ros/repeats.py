"""Throttles repeated log messages: the first is logged at once, repeats ever more rarely and with their count. No ROS."""
from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

FIRST, LAST, GROWTH = 10.0, 3600.0, 4.0
"""Seconds until a sentence is logged for the second time, maximum seconds between two times, and growth factor of the interval."""
KEPT = 64
"""Maximum number of different sentences remembered; the least recently seen is dropped first."""


@dataclass
class _Said:
    again: float
    wait: float
    heard: float
    count: int = 0


class Repeats:
    """Decides which sentences to log. Sentences that differ only in numbers count as the same. Thread-safe.

    `first`: seconds until a sentence is logged for the second time; `growth`: growth factor of this interval.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, first: float = FIRST, growth: float = GROWTH):
        self._clock, self._first, self._growth, self._lock = clock, first, growth, threading.Lock()
        self._said: dict[tuple[str, str], _Said] = {}

    def worded(self, sentence: str, of: str = "", counted: bool = True) -> str | None:
        """The text to log now on the subject `of`: the sentence, if `counted` with the number of suppressed repeats; None for nothing."""
        now, kind = self._clock(), (of, re.sub(r"\b\d+(\.\d+|x\d+)?\b", "0", sentence))
        with self._lock:
            said = self._said.get(kind)
            if said is None or now - said.heard > LAST:
                if len(self._said) >= KEPT:
                    del self._said[min(self._said, key=lambda key: self._said[key].heard)]
                self._said[kind] = _Said(now + self._first, self._first, now)
                return sentence
            said.heard, said.count = now, said.count + 1
            if now < said.again:
                return None
            said.wait = min(said.wait * self._growth, LAST)
            said.again, count, said.count = now + said.wait, said.count, 0
            return f"{sentence} ({f'{count} times' if count > 1 else 'once'} since last logged)" if counted else sentence
