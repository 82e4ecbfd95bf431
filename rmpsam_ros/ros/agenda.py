"""What the worker does next: clicks first, but frames that wait get half of its time. No ROS.

An agenda has no lock of its own: the worker guards it with its condition.
"""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

from rmpsam_ros.ros.feeds import Feed, Received
from rmpsam_ros.ros.requests import Ask, Call

IDLE_WAIT = 0.2
"""Seconds after which an idle worker looks again whether somebody has subscribed to a frame that waits."""


class Agenda:
    """Clicks and calls in their order, and the cameras in turn.

    A click is answered before the frames that wait. Clicks that come one upon the other would leave the robot blind, though: once
    they have taken as long as the last frame did, a frame comes in between.

    Args:
        feeds: each camera's.
        wanted: whether anybody listens to results of a camera.
    """

    def __init__(self, feeds: Mapping[str, Feed], wanted: Callable[[str], bool]):
        self._feeds, self._wanted = feeds, wanted
        self._turns = deque(feeds)
        self._asks: deque[Ask | Call] = deque()
        self._clicking, self._framing = 0.0, IDLE_WAIT  # until a frame has shown how long one takes

    def add(self, task: Ask | Call) -> None:
        """Puts a click or a call behind those that wait."""
        self._asks.append(task)

    def clear(self) -> deque[Ask | Call]:
        """Takes everything that waits out and returns it."""
        asks, self._asks = self._asks, deque()
        return asks

    def next(self, frames: bool, rate: float) -> tuple[Ask | Call | Received | None, float]:
        """What to do now, or None and the seconds to wait before looking again, unless something comes before.

        Args:
            frames: whether frames are taken at all.
            rate: frames a second of a camera at most, 0 = no limit.
        """
        wait = IDLE_WAIT
        if not (self._asks and self._clicking < self._framing):
            received, wait = self._next_frame(frames, rate)
            if received is not None:
                return received, 0.0
        return (self._asks.popleft(), 0.0) if self._asks else (None, wait)

    def took(self, task: Ask | Call | Received, seconds: float) -> None:
        """Notes how long something took that was `next`."""
        if isinstance(task, Received):
            self._clicking, self._framing = 0.0, seconds
        else:
            self._clicking += seconds

    def _next_frame(self, frames: bool, rate: float) -> tuple[Received | None, float]:
        """The message whose turn it is, or None and how long to wait for it."""
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
