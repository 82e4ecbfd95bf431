"""Buffers the newest depth images of one camera and matches them to colour images. No ROS.

Depth comes on its own topic, earlier or later than the colour image of the same moment. It is looked up after the network has
processed the image, when it has usually arrived; a fast GPU may have to wait a moment for it.
"""
from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

KEPT = 8
"""Number of newest messages that are kept."""
ALIVE_SECONDS = 2.0
"""A topic without messages for this long counts as having no depth."""
WAIT = 0.04
"""Seconds to wait for the depth of an image, if the camera stamps both alike. Drivers take 5 to 30 ms to align depth."""
_SAME = 1_000_000
"""Timestamps (ns) that differ by less belong to the same moment."""
_RESTART = 1_000_000_000
"""Timestamps (ns) that go back by more mean that time has restarted."""
_MOST_IN_VAIN = 3
"""After this many waits without success there are no more, until depth images are on time again."""
_ENOUGH = 3
"""On time again: this many images in a row had their own depth. With depth at half the rate, only every second image has."""


class DepthFeed:
    """A buffer of depth messages: callbacks `offer` them, the worker asks for the one `near` an image.

    used, missing: number of images with and without a matching depth image.

    Args:
        clock: seconds of a monotonic clock.
        history: for how many of the images that arrived last, and of those that were processed last, the depth is kept. Clicks may
            refer to them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, history: int = 1):
        self.used = self.missing = 0
        self._clock = clock
        self._changed = threading.Condition()
        self._ring: deque[tuple[int, Any]] = deque(maxlen=KEPT)
        self._arrived: float | None = None
        self._asked: int | None = None
        self._synchronised = False
        self._in_vain = self._matches = 0
        self._held: dict[int, tuple[int, Any] | None] = {}
        self._arrived_images: deque[int] = deque(maxlen=history)
        self._processed_images: deque[int] = deque(maxlen=history)

    def expect(self, stamp: int, in_work: bool = False) -> None:
        """Keeps the message nearest to an image (its timestamp in ns) in addition to the newest ones. The image has arrived or,
        with `in_work`, is now being processed.

        The depth of an image is requested after the network has processed it, or for a click later still; by then many more
        messages may have arrived.
        """
        with self._changed:
            (self._processed_images if in_work else self._arrived_images).append(stamp)
            held = self._held.get(stamp) or min(self._ring, key=lambda entry: abs(entry[0] - stamp), default=None)
            self._held = {k: v for k, v in self._held.items() if k in (*self._processed_images, *self._arrived_images)}
            self._held[stamp] = held

    def offer(self, message: Any, stamp: int) -> None:
        """Stores a message with its timestamp (ns)."""
        with self._changed:
            if self._ring and stamp < self._ring[-1][0] - _RESTART:
                self._ring.clear()  # such as a bag that restarts: the kept messages have the same timestamps but are from another run
                self._held.clear()
            self._ring.append((stamp, message))
            for image, held in self._held.items():
                if held is None or abs(stamp - image) < abs(held[0] - image):
                    self._held[image] = stamp, message
            self._arrived = self._clock()
            if self._asked is not None and abs(stamp - self._asked) < _SAME and self._in_vain < _MOST_IN_VAIN:
                self._synchronised = True
            self._changed.notify_all()

    @property
    def alive(self) -> bool:
        """Whether depth images are arriving."""
        arrived = self._arrived
        return arrived is not None and self._clock() - arrived < ALIVE_SECONDS

    @property
    def newest(self) -> int | None:
        """The timestamp (ns) of the last message, None before the first."""
        with self._changed:
            return self._ring[-1][0] if self._ring else None

    def near(self, stamp: int, gap: float, counted: bool = True) -> Any | None:
        """The message nearest to an image's timestamp (ns), None if none is within `gap` seconds of it.

        With `counted`, the image counts as `used` or `missing`.

        Waits for up to `WAIT` seconds if the camera's depth has so far had the timestamps of its images and this one is still to come.
        """
        with self._changed:
            self._asked = stamp
            if self._synchronised and self.alive and self._ring[-1][0] < stamp - _SAME:
                self._changed.wait_for(lambda: bool(self._ring) and self._ring[-1][0] >= stamp - _SAME, WAIT)
                self._synchronised = any(abs(entry[0] - stamp) < _SAME for entry in self._ring)
                self._in_vain = 0 if self._synchronised else self._in_vain + 1
            # The newest among equally near ones: without timestamps all are equally near.
            kept = [entry for entry in (*reversed(self._ring), self._held.get(stamp)) if entry is not None]
            found = min(kept, key=lambda entry: abs(entry[0] - stamp), default=None)
            same = found is not None and abs(found[0] - stamp) < _SAME
            self._matches = self._matches + 1 if same else 0
            if found is None or abs(found[0] - stamp) > gap * 1e9:
                self.missing += counted
                return None
            if self._matches >= _ENOUGH or same and self._in_vain < _MOST_IN_VAIN:
                self._synchronised, self._in_vain = True, 0 if self._matches >= _ENOUGH else self._in_vain
            self.used += counted
            return found[1]
