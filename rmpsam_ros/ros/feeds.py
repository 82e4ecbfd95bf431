"""The worker's state for one camera: the slot with the newest message, and the ring buffer of frames for clicks.

A feed is not locked: the worker guards it with its condition variable.
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
    """A received message: `stamp` in nanoseconds, `arrived` in seconds of the monotonic clock, `number` a sequence number."""

    camera: str
    message: Any
    stamp: int
    arrived: float
    number: int


@dataclass(frozen=True, eq=False)
class Processed:
    """A frame with its features; it keeps the message's header and number, but not its pixels.

    `time`: seconds on the clock that tracking uses. `panoptic` (with track IDs) and `tracks` are set if the results had a subscriber
    when the frame was processed; `tracks` is None if the frame was no newer than an earlier one, so that nothing was tracked in it.
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
    """One camera of the worker: the newest frame wins; the last `history` processed frames and messages are kept for clicks."""

    def __init__(self, name: str, history: int, stats: CameraStats | None = None):
        self.name = name
        self.stats = stats or CameraStats()
        self.tracks: Any = None  # its `CameraTracks`, once the worker is open
        self.newest: Received | None = None
        self.waiting = False
        self.started = -math.inf
        """When processing of the last frame started, seconds of the monotonic clock."""
        self.unwanted = -math.inf
        """When the waiting message was last seen without a subscriber: the time until then does not count as latency."""
        self.time = SteadyTime()
        self._offered_time, self._offered = SteadyTime(), -math.inf
        self._history = history
        self._ring: deque[Processed] = deque(maxlen=history)
        self._messages: deque[Received] = deque(maxlen=history)
        self._recent: deque[int] = deque(maxlen=history)
        self._replaced: deque[int] = deque(maxlen=64)
        self._stamped: Received | None = None  # the newest message with a timestamp
        self._begun, self._anew = 0, False  # number of the first message since time last restarted; whether tracking is still to begin anew

    def offer(self, received: Received, wanted: bool) -> str:
        """Puts a message into the slot; counts the one that it replaces as dropped if that was `wanted`: subscribed, and due.

        Returns:
            '' or, if the timestamp did not advance or jumped ahead, a sentence on it. The frame is taken in any case.
        """
        previous, stamped, jump = self.newest, self._stamped, ""
        # The same rule as in tracking, applied to every message.
        before, self._offered = self._offered, self._offered_time.of(received.stamp / 1e9 if received.stamp else None, received.arrived)
        anew = before - self._offered > RESTART_AFTER
        if self.waiting and wanted:
            self.stats.was_replaced()
            self._replaced.append(previous.number)
        self.newest, self.waiting = received, True
        if stamped is not None and received.stamp and received.stamp <= stamped.stamp:
            back = (stamped.stamp - received.stamp) / 1e9
            jump = (
                f"the timestamp went back by {back:.3f} s" if back else f"two consecutive images have the timestamp {seconds(received.stamp)}"
            ) + (": time has restarted, and all tracks are reset" if anew else ": tracking uses the arrival time")
            self.stats.jumped(jump)
            if anew:
                self._ring.clear()
                self._messages.clear()
                self._begun, self._anew = received.number, True
        elif stamped is not None and received.stamp:
            leap = leap_ahead(stamped.stamp / 1e9, stamped.arrived, received.stamp / 1e9, received.arrived)
            if leap:
                jump = f"the timestamp went ahead by {leap:.3f} s more than the elapsed time: tracks are kept"
                self.stats.jumped(jump)
        self._recent.append(received.number)
        if received.stamp:
            self._stamped = received
            self._messages.append(received)
        # Keep only messages among the last `history` received, processed or not.
        while self._messages and self._messages[0].number < self._recent[0]:
            self._messages.popleft()
        return jump

    def begin_anew(self, number: int) -> None:
        """Resets tracks and tracking time if this message, about to be processed, is the first one since time restarted. The tracker alone
        may not notice a restart, because not every message is processed."""
        if self._anew and number >= self._begun:
            self._anew, self.time = False, SteadyTime()
            self.tracks.reset()

    def early(self, rate: float) -> float:
        """Seconds until the next frame is due at a maximum of `rate` per second (0 = no limit); zero or negative once it is due."""
        return self.started + 1.0 / rate - time.monotonic() if rate else 0.0

    def take(self) -> Received | None:
        """Takes the waiting message out of the slot; None if there is none."""
        if not self.waiting:
            return None
        self.waiting = False
        return self.newest

    def take_for_click(self, received: Received) -> None:
        """Takes a clicked message out of the slot, or out of the count of replaced messages."""
        if received is self.newest:
            self.waiting = False
        elif received.number in self._replaced:
            self._replaced.remove(received.number)
            self.stats.was_not_replaced()

    def keep(self, processed: Processed) -> None:
        """Adds a frame to the ring buffer; it replaces one that a click has made from the same message. The oldest frame is dropped
        when the ring is full, and all but the newest are reduced to what clicks need.

        A frame from before time restarted is not added: an object clicked on it could not be followed.
        """
        if processed.number < self._begun:
            return
        others = [p for p in self._ring if p.number != processed.number]
        if others:
            (processed if self.is_past(processed.number) else others[-1]).frame.keep_for_prompts()
        self._ring = deque(sorted((*others, processed), key=lambda p: p.number), self._history)
        # The pixels of frames in the ring are no longer needed.
        self._messages = deque((m for m in self._messages if m.number != processed.number), self._history)

    def is_past(self, number: int) -> bool:
        """Whether a later message has already been processed."""
        return bool(self._ring) and number < self._ring[-1].number

    def cached(self, received: Received) -> Processed | None:
        """The processed frame of a message, if it is in the ring."""
        return next((p for p in reversed(self._ring) if p.number == received.number), None)

    def with_stamp(self, stamp: int) -> Processed | None:
        """The latest processed frame with this timestamp (ns), None if it is not in the ring."""
        return next((p for p in reversed(self._ring) if p.stamp == stamp), None)

    def message(self, stamp: int) -> Received | None:
        """The latest message with this timestamp (ns), processed or not; None if it is no longer kept."""
        return next((m for m in reversed(self._messages) if m.stamp == stamp), None)

    def meant(self, stamp: int, or_newest: bool = False) -> Received | None:
        """The message that a click on this timestamp (ns, 0: the newest) refers to, processed or not; None if it is no longer kept,
        unless `or_newest` allows the newest message, which must exist, instead."""
        message = self.newest if stamp in (0, self.newest.stamp) else self.message(stamp)
        return self.newest if message is None and or_newest else message

    def processed(self, stamp: int, target: Received | None) -> Processed | None:
        """The processed frame that a click on this timestamp (ns, 0: none) or message refers to; None if the message is still to be
        inferred.

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
        """Describes the range of timestamps that clicks can refer to, and the one nearest to the request."""
        if not (self._ring or self._messages):
            return "no frame is in the cache"
        stamps = sorted({p.number: p.stamp for p in (*self._ring, *self._messages)}.values())
        nearest = min(stamps, key=lambda other: abs(other - stamp))
        return f"the cache holds {len(stamps)} frames from {seconds(stamps[0])} to {seconds(stamps[-1])}, the nearest at {seconds(nearest)}"

    def clear(self) -> None:
        """Drops every frame; the counters stay."""
        self.newest, self._stamped, self.waiting, self.started = None, None, False, -math.inf
        self._offered_time, self._offered = SteadyTime(), -math.inf
        for kept in (self._ring, self._messages, self._recent):
            kept.clear()


def seconds(stamp: int) -> str:
    """Formats a timestamp in nanoseconds as seconds with nine decimals."""
    return f"{stamp // 1_000_000_000}.{stamp % 1_000_000_000:09d}"
