"""Sentences that would be said again and again: once at first, then with their number, ever more rarely. No ROS."""
from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

FIRST, LAST, GROWTH = 10.0, 3600.0, 4.0
"""Seconds until a sentence is said for the second time, at most from one time to the next, and by how much that grows."""
KEPT = 64
"""Different sentences that are remembered; the one not heard of for longest goes first."""


@dataclass
class _Said:
    again: float
    wait: float
    heard: float
    count: int = 0


class Repeats:
    """Which of many sentences to say. Those that differ in numbers only are one. May be called from any thread.

    `first`: seconds until a sentence is said for the second time; `growth`: of these from one time to the next.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, first: float = FIRST, growth: float = GROWTH):
        self._clock, self._first, self._growth, self._lock = clock, first, growth, threading.Lock()
        self._said: dict[tuple[str, str], _Said] = {}

    def worded(self, sentence: str, of: str = "", counted: bool = True) -> str | None:
        """What to say now of something: the sentence, if `counted` with the number of times that it was kept back; None for nothing."""
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
            return f"{sentence} ({count} times since this was last said)" if counted else sentence
