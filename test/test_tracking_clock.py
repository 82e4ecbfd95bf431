"""What time tracking goes by, from stamps as cameras really give them."""
from __future__ import annotations

import pytest

from rmpsam_ros.tracking.clock import Clock, Order, SteadyTime


def orders(stamps: list[float], arrivals: list[float]) -> list[Order]:
    time, clock = SteadyTime(), Clock()
    return [clock.advance(time.of(stamp, arrived))[0] for stamp, arrived in zip(stamps, arrivals)]


FRAMES = [0.1 * k for k in range(30)]


@pytest.mark.parametrize("stamps", [
    [100 + t + (3600 if t > 1.45 else 0) for t in FRAMES],
    [100.0 if t < 1.45 else 3700 + t for t in FRAMES],  # stood still until then
    [float(int(100 + t)) + (3600 if t > 1.45 else 0) for t in FRAMES],  # whole seconds
], ids=["plain", "standing still", "whole seconds"])
def test_set_ahead__no_frame_is_stale_and_time_does_not_begin_anew(stamps):
    assert set(orders(stamps, FRAMES)[1:]) == {Order.NEXT}


def test_set_ahead_and_back__as_if_nothing_had_been():
    stamps = [100 + t + (1000 if 0.95 < t < 1.95 else 0) for t in FRAMES]
    assert set(orders(stamps, FRAMES)[1:]) == {Order.NEXT}


def test_set_back__by_seconds__time_begins_anew_once():
    found = orders([100 + t - (50 if t > 1.45 else 0) for t in FRAMES], FRAMES)
    assert found.count(Order.RESTARTED) == 1 and found.count(Order.NEXT) == len(FRAMES) - 2


def test_a_gap_that_has_passed__is_one():
    time = SteadyTime()
    assert (time.of(10.0, 0.0), time.of(70.0, 60.0)) == (10.0, 70.0)
    assert time.of(130.0, 60.1) == pytest.approx(70.1) and time.was(129.5) == pytest.approx(69.6)
