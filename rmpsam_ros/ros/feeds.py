"""What the worker holds of one camera: the slot with the newest message, and the ring of frames behind clicks.

A feed has no lock of its own: the worker guards it with its condition.
"""
from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from rmpsam_ros.errors import PromptError
from rmpsam_ros.ros.stats import CameraStats
from rmpsam_ros.tracking.clock import RESTART_AFTER, SteadyTime, leap_ahead


@dataclass(frozen=True, eq=False)
class Received:
    """A message as it came in: `stamp` in nanoseconds, `arrived` in seconds of the monotonic clock, `number` counts."""

    camera: str
    message: Any
    stamp: int
    arrived: float
    number: int


@dataclass(frozen=True, eq=False)
class Processed:
    """A frame with its features; the message's header and number, but not its pixels, stay with it.

    `time`: seconds, what tracking goes by. `panoptic` (with track ids) and `tracks` are there if somebody listened when the
    frame was processed; `tracks` is None where the frame was no newer than one before, so that nothing was tracked in it.
    """

    camera: str
    header: Any
    stamp: int
    number: int
    frame: Any
    time: float = 0.0
    panoptic: Any = None
    tracks: tuple | None = ()


class Feed:
    """One camera of the worker: newest frame wins; the last `history` processed frames, and messages, stay for clicks."""

    def __init__(self, name: str, history: int, stats: CameraStats | None = None):
        self.name = name
        self.stats = stats or CameraStats()
        self.tracks: Any = None  # its `CameraTracks`, or `NoTracks`, once the worker is open
        self.newest: Received | None = None
        self.waiting = False
        self.started = -math.inf
        """When the last frame was begun, seconds of the monotonic clock."""
        self.unwanted = -math.inf
        """When the message that waits was last seen to be wanted by nobody: that it is old then is no latency."""
        self.time = SteadyTime()
        self._offered_time, self._offered = SteadyTime(), -math.inf
        self._history = history
        self._ring: deque[Processed] = deque(maxlen=history)
        self._messages: deque[Received] = deque(maxlen=history)
        self._recent: deque[int] = deque(maxlen=history)
        self._replaced: deque[int] = deque(maxlen=64)
        self._stamped: Received | None = None  # the newest that has a stamp
        self._begun = 0  # number of the first message of the time that holds

    def offer(self, received: Received, wanted: bool) -> str:
        """Puts a message into the slot, in place of the one there; counts that as replaced if it was `wanted`, and its time had come.

        Returns:
            '' or, when the stamp did not advance, or leapt, a sentence that says so. The frame is taken all the same.
        """
        previous, stamped, jump = self.newest, self._stamped, ""
        # As tracking will judge it, by all that comes.
        before, self._offered = self._offered, self._offered_time.of(received.stamp / 1e9 if received.stamp else None, received.arrived)
        anew = before - self._offered > RESTART_AFTER
        if self.waiting and wanted:
            self.stats.was_replaced()
            self._replaced.append(previous.number)
        self.newest, self.waiting = received, True
        if stamped is not None and received.stamp and received.stamp <= stamped.stamp:
            back = (stamped.stamp - received.stamp) / 1e9
            jump = (
                f"the stamp of camera '{self.name}' went back by {back:.3f} s" if back else
                f"two images of camera '{self.name}' in a row have the stamp {seconds(received.stamp)}"
            ) + (": time begins anew, and so do all tracks" if anew else ": tracks go by when they came")
            self.stats.jumped(jump)
            if anew:
                self._ring.clear()
                self._messages.clear()
                self._begun = received.number
        elif stamped is not None and received.stamp:
            leap = leap_ahead(stamped.stamp / 1e9, stamped.arrived, received.stamp / 1e9, received.arrived)
            if leap:
                jump = f"the stamp of camera '{self.name}' went ahead by {leap:.3f} s more than has passed: tracks go on"
                self.stats.jumped(jump)
        self._recent.append(received.number)
        if received.stamp:
            self._stamped = received
            self._messages.append(received)
        # What stays are the last messages, whether the others among them have been processed or not.
        while self._messages and self._messages[0].number < self._recent[0]:
            self._messages.popleft()
        return jump

    def early(self, rate: float) -> float:
        """Seconds until a frame is due, at `rate` a second at most (0 = no limit); 0 and below once it is."""
        return self.started + 1.0 / rate - time.monotonic() if rate else 0.0

    def take(self) -> Received | None:
        """The waiting message, which then waits no more; None if there is none."""
        if not self.waiting:
            return None
        self.waiting = False
        return self.newest

    def take_for_click(self, received: Received) -> None:
        """Takes a message that a click means out of the slot, or out of the count of replaced ones."""
        if received is self.newest:
            self.waiting = False
        elif received.number in self._replaced:
            self._replaced.remove(received.number)
            self.stats.was_not_replaced()

    def keep(self, processed: Processed) -> None:
        """Adds a frame to the ring, in place of what a click had made of its message; the oldest leaves it when it is full, and all
        but the newest shrink to what clicks need.

        One from before time began anew is left out: what is clicked on it could not be followed.
        """
        if processed.number < self._begun:
            return
        others = [p for p in self._ring if p.number != processed.number]
        if others:
            (processed if self.is_past(processed.number) else others[-1]).frame.keep_for_prompts()
        self._ring = deque(sorted((*others, processed), key=lambda p: p.number), self._history)
        # Of what is in the ring the pixels are needed no more.
        self._messages = deque((m for m in self._messages if m.number != processed.number), self._history)

    def is_past(self, number: int) -> bool:
        """Whether a later message has been processed already."""
        return bool(self._ring) and number < self._ring[-1].number

    def cached(self, received: Received) -> Processed | None:
        """The processed frame of a message, if it is in the ring."""
        return next((p for p in reversed(self._ring) if p.number == received.number), None)

    def with_stamp(self, stamp: int) -> Processed | None:
        """The latest processed frame with that stamp (ns), None if it is not in the ring."""
        return next((p for p in reversed(self._ring) if p.stamp == stamp), None)

    def message(self, stamp: int) -> Received | None:
        """The latest message with that stamp (ns), processed or not; None if it is not among the last."""
        return next((m for m in reversed(self._messages) if m.stamp == stamp), None)

    def meant(self, stamp: int, or_newest: bool = False) -> Received | None:
        """The message that a click on this stamp (ns, 0: the newest) means, processed or not; None if it is not among the last, and
        the newest, of which there must be one, is not to stand in."""
        message = self.newest if stamp in (0, self.newest.stamp) else self.message(stamp)
        return self.newest if message is None and or_newest else message

    def processed(self, stamp: int, target: Received | None) -> Processed | None:
        """The processed frame that a click on this stamp (ns, 0: none) or message means; None where the message is to be inferred.

        Raises:
            PromptError: there is neither a frame nor a message.
        """
        processed = self.with_stamp(stamp) if stamp else None
        if processed is None and target is None:
            raise PromptError(
                f"the frame of camera '{self.name}' with stamp {seconds(stamp)} is not in the cache: "
                f"{self.describe_ring(stamp)}; ask for one of these, or for the newest with stamp 0"
            )
        return processed or self.cached(target)

    def describe_ring(self, stamp: int) -> str:
        """The range of stamps that clicks can refer to, and which is nearest to the one that was asked for, in words."""
        if not (self._ring or self._messages):
            return "no frame is in the cache"
        stamps = sorted({p.number: p.stamp for p in (*self._ring, *self._messages)}.values())
        nearest = min(stamps, key=lambda other: abs(other - stamp))
        return f"the cache holds {len(stamps)} frames from {seconds(stamps[0])} to {seconds(stamps[-1])}, the nearest of {seconds(nearest)}"

    def clear(self) -> None:
        """Forgets every frame; the counters stay."""
        self.newest, self._stamped, self.waiting, self.started = None, None, False, -math.inf
        self._offered_time, self._offered = SteadyTime(), -math.inf
        for kept in (self._ring, self._messages, self._recent):
            kept.clear()


def seconds(stamp: int) -> str:
    """A stamp in nanoseconds as seconds with all nine decimals."""
    return f"{stamp // 1_000_000_000}.{stamp % 1_000_000_000:09d}"
