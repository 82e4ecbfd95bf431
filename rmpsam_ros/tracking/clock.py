"""Interpretation of frame timestamps for a tracker: how much time has passed, or whether to skip a frame."""
from __future__ import annotations

import math
from enum import Enum

NOMINAL_INTERVAL = 1 / 30
"""Seconds assumed between frames that carry no stamp."""
RESTART_AFTER = 1.0
"""A stamp further back than this (seconds) is not a late frame but a restarted clock: a bag played again,
a simulation that was reset."""
AHEAD = 10.0
"""A stamp that advances by this much more (seconds) than the arrival times is not a gap: the clock was set."""


class Order(Enum):
    """How a frame's stamp relates to the newest one so far."""

    FIRST = "first"
    NEXT = "next"
    STALE = "stale"
    """A duplicate, or a frame that arrived too late: to be skipped."""
    RESTARTED = "restarted"


class Clock:
    """The newest stamp (seconds) of one camera."""

    def __init__(self) -> None:
        self.now: float | None = None

    def advance(self, stamp: float | None) -> tuple[Order, float]:
        """Takes a frame's stamp; returns its order and the seconds since the frame before (0 unless NEXT).

        A stamp that is None or not finite counts as one nominal interval after the newest.
        """
        if stamp is None or not math.isfinite(stamp):
            stamp = 0.0 if self.now is None else self.now + NOMINAL_INTERVAL
        before, dt = self.now, 0.0
        if before is None:
            order = Order.FIRST
        elif stamp > before:
            order, dt = Order.NEXT, stamp - before
        elif before - stamp <= RESTART_AFTER:
            return Order.STALE, 0.0
        else:
            order = Order.RESTARTED
        self.now = stamp
        return order, dt


class SteadyTime:
    """A steady time for tracking, derived from the timestamps of real cameras.

    The time is the stamp, as long as it advances. Some drivers stamp with whole seconds or a constant, and clocks are
    set back a little: then the time advances by the time between arrivals. The same applies where the clock is set
    ahead by more than `AHEAD`, and to a frame without a stamp. A stamp that goes back by more than `RESTART_AFTER` is used as it
    is, or, where it is still ahead of the time, less what it was ahead by before: time has restarted.
    """

    def __init__(self) -> None:
        self._stamp = self._stamped = self._arrived = self._now = -math.inf  # `_stamped`: when the frame with that stamp arrived
        self._ahead = 0.0
        """Seconds by which stamps are ahead of the time."""

    def of(self, stamp: float | None, arrived: float) -> float:
        """Seconds; `arrived` on any clock that does not go back."""
        passed = max(arrived - self._arrived, 1e-3)
        if stamp is None:
            self._now = arrived if self._now == -math.inf else self._now + passed
            self._arrived = arrived
            return self._now
        if self._stamp == -math.inf < self._now:  # the first stamp after frames without one
            now = self._now + passed
            self._ahead = stamp - now
        elif self._stamp - stamp > RESTART_AFTER and leap_ahead(self._now, self._arrived, stamp, arrived):
            now = stamp - self._ahead  # still ahead, only less: the time goes back as far as the stamp does
        elif self._stamp - stamp > RESTART_AFTER:
            self._ahead = 0.0
            # Where the clock had been set ahead, and now back, the time may be nearly the stamp's again.
            now = stamp if not 0 <= self._now - stamp <= RESTART_AFTER else self._now + passed
        elif leap_ahead(self._stamp, self._stamped, stamp, arrived):
            now = self._now + passed
            self._ahead = stamp - now
        else:
            now = stamp - self._ahead if stamp - self._ahead > self._now else self._now + passed
        self._stamp, self._stamped, self._arrived, self._now = stamp, arrived, arrived, now
        return now

    def was(self, stamp: float | None, arrived: float) -> float:
        """Seconds for a frame before the last one."""
        return self._now - max(self._arrived - arrived, 0.0) if stamp is None else stamp - self._ahead


def leap_ahead(before: float, arrived_before: float, stamp: float, arrived: float) -> float:
    """Seconds by which stamps jumped ahead of the arrivals from one frame to the next; 0 up to `AHEAD`."""
    leap = (stamp - before) - (arrived - arrived_before)
    return leap if AHEAD < leap < math.inf else 0.0
