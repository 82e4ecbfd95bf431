"""Schedules the inference worker: clicks take precedence, but waiting frames get half of its time. No ROS.

An agenda is not locked: the worker guards it with its condition variable.
"""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

from rmpsam_ros.ros.feeds import Feed, Received
from rmpsam_ros.ros.requests import Ask, Call

IDLE_WAIT = 0.2
"""Seconds after which an idle worker checks again whether a waiting frame has a subscriber."""


class Agenda:
    """Clicks and calls first in, first out, and the cameras round-robin.

    A click is answered before waiting frames. So that a burst of clicks does not leave the robot blind, a frame is processed
    once clicks have taken as long as the last frame did.

    Args:
        feeds: the feed of each camera.
        wanted: whether the results of a camera have a subscriber.
    """

    def __init__(self, feeds: Mapping[str, Feed], wanted: Callable[[str], bool]):
        self._feeds, self._wanted = feeds, wanted
        self._turns = deque(feeds)
        self._asks: deque[Ask | Call] = deque()
        self._clicking, self._framing = 0.0, IDLE_WAIT  # until a frame has been timed

    def add(self, task: Ask | Call) -> None:
        """Queues a click or a call."""
        self._asks.append(task)

    def clear(self) -> deque[Ask | Call]:
        """Removes and returns all queued clicks and calls."""
        asks, self._asks = self._asks, deque()
        return asks

    def next(self, frames: bool, rate: float) -> tuple[Ask | Call | Received | None, float]:
        """The next task, or None and the seconds after which to look again if nothing arrives before.

        Args:
            frames: whether frames are processed at all.
            rate: maximum frames per second of a camera, 0 = no limit.
        """
        wait = IDLE_WAIT
        if not (self._asks and self._clicking < self._framing):
            received, wait = self._next_frame(frames, rate)
            if received is not None:
                return received, 0.0
        return (self._asks.popleft(), 0.0) if self._asks else (None, wait)

    def took(self, task: Ask | Call | Received, seconds: float) -> None:
        """Records how long a task returned by `next` took."""
        if isinstance(task, Received):
            self._clicking, self._framing = 0.0, seconds
        else:
            self._clicking += seconds

    def _next_frame(self, frames: bool, rate: float) -> tuple[Received | None, float]:
        """The next message to process, or None and the seconds to wait for one."""
        wait = IDLE_WAIT
        for name in list(self._turns):
            feed = self._feeds[name]
            if not feed.waiting:
                continue
            if not (frames and self._wanted(name)):
                feed.unwanted = time.monotonic()
                continue
            early = feed.early(rate)
            if early > 0:
                wait = min(wait, early)
                continue
            self._turns.remove(name)
            self._turns.append(name)
            return feed.take(), 0.0
        return None, wait
