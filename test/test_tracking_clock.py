"""Tests the tracking clock on timestamps as real cameras give them."""
from __future__ import annotations

import math

import pytest

from rmpsam_ros.tracking.clock import AHEAD, RESTART_AFTER, Clock, Order, SteadyTime, leap_ahead


def times(*given: tuple[float, float]) -> list[float]:
    """Tracking times of frames with (timestamp, arrival)."""
    time = SteadyTime()
    return [time.of(*pair) for pair in given]


def test_steady_time__a_clock_that_is_set_ahead__goes_on_by_the_arrivals_and_then_by_its_stamps():
    time = SteadyTime()
    found = [time.of(*pair) for pair in ((5.0, 100.0), (5.1, 100.1), (3605.3, 100.2), (3605.4, 100.4), (3606.0, 101.0))]
    assert found == pytest.approx([5.0, 5.1, 5.2, 5.3, 5.9])
    assert time.was(3605.3, 100.2) == pytest.approx(5.2) and time.was(3605.4, 100.4) == pytest.approx(5.3)


def test_steady_time__set_ahead_twice__both_count():
    assert times((5.0, 0.0), (105.1, 0.1), (305.2, 0.2), (305.3, 0.3)) == pytest.approx([5.0, 5.1, 5.2, 5.3])


def test_steady_time__set_ahead_and_back_again__begins_anew_with_the_stamp():
    time = SteadyTime()
    found = [time.of(*pair) for pair in ((5.0, 0.0), (1005.1, 0.1), (5.2, 0.2), (5.3, 0.3))]
    assert found == pytest.approx([5.0, 5.1, 5.2, 5.3]) and time.was(5.2, 0.2) == 5.2


@pytest.mark.parametrize("back, expected", [(0.05, 10.1), (RESTART_AFTER, 10.1), (RESTART_AFTER + 0.01, 10 - RESTART_AFTER - 0.01)])
def test_steady_time__a_clock_that_is_set_back__goes_on_unless_it_is_by_much(back, expected):
    assert times((10.0, 0.0), (10.0 - back, 0.1))[1] == pytest.approx(expected)


@pytest.mark.parametrize("back_to, expected", [(5.2, 5.2), (5.05, 5.2), (4.1, 5.2), (4.0, 4.0), (9.0, 9.0)])
def test_steady_time__set_ahead_and_back_to_about_the_time__goes_on(back_to, expected):
    assert times((5.0, 0.0), (1005.1, 0.1), (back_to, 0.2)) == pytest.approx([5.0, 5.1, expected])


def test_steady_time__set_ahead_and_then_back_by_part_of_it__time_has_restarted():
    # A bag, then one that was recorded later, in a loop.
    found = times((10.0, 0.0), (200.0, 0.1), (205.0, 5.1), (200.0, 5.2), (205.0, 10.2), (200.0, 10.3), (200.1, 10.4))
    assert found == pytest.approx([10.0, 10.1, 15.1, 10.1, 15.1, 10.1, 10.2])


def test_steady_time__set_ahead_and_then_back_a_little__goes_on_by_the_arrivals():
    assert times((10.0, 0.0), (1010.0, 0.5), (1010.0 - RESTART_AFTER, 1.0), (1010.5, 2.0)) == [10.0, 10.5, 11.0, 12.0]


def test_steady_time__set_back_a_little__goes_by_the_arrivals_until_the_stamps_are_ahead_again():
    given = [(10.0, 0.0), (9.7, 0.1), (9.8, 0.2), (9.9, 0.3), (10.2, 0.6), (10.4, 0.8), (10.9, 1.3)]
    assert times(*given) == pytest.approx([10.0, 10.1, 10.2, 10.3, 10.6, 10.8, 10.9])


def test_steady_time__stamps_of_whole_seconds__advance_with_every_frame():
    given = [(float(k // 4), 0.25 * k) for k in range(13)]
    found = times(*given)
    assert found == pytest.approx([0.25 * k for k in range(13)])


@pytest.mark.parametrize("stamp", [0.0, 7.0])
def test_steady_time__always_the_same_stamp__goes_by_the_arrivals(stamp):
    assert times((stamp, 50.0), (stamp, 50.2), (stamp, 50.9)) == pytest.approx([stamp, stamp + 0.2, stamp + 0.9])


def test_steady_time__a_frame_without_a_stamp_among_others__goes_by_the_arrivals():
    time = SteadyTime()
    given = ((1.7e9, 50.0), (1.7e9 + 0.1, 50.1), (None, 50.2), (1.7e9 + 0.3, 50.3), (None, 50.4), (None, 65.5), (1.7e9 + 15.6, 65.6))
    found = [time.of(*pair) - 1.7e9 for pair in given]
    assert found == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 15.5, 15.6], abs=1e-6)
    assert time.was(None, 65.5) - 1.7e9 == pytest.approx(15.5, abs=1e-6)
    assert orders([stamp for stamp, _ in given], [arrived for _, arrived in given])[1:] == [Order.NEXT] * 6


def test_steady_time__never_a_stamp_and_then_one__goes_on():
    time = SteadyTime()
    assert [time.of(*pair) for pair in ((None, 50.0), (None, 50.2), (1.7e9, 50.3), (1.7e9 + 0.1, 50.4), (None, 50.5))] == pytest.approx([50.0, 50.2, 50.3, 50.4, 50.5])
    assert time.was(1.7e9, 50.3) == pytest.approx(50.3)


def test_steady_time__frames_that_arrive_at_once__are_a_little_apart():
    assert times((1.0, 50.0), (1.0, 50.0), (1.0, 50.0)) == pytest.approx([1.0, 1.001, 1.002])


def test_steady_time__a_pause__is_no_clock_that_was_set():
    assert times((5.0, 0.0), (65.0, 60.0), (65.1, 60.1)) == pytest.approx([5.0, 65.0, 65.1])


@pytest.mark.parametrize("stamp, arrived, leap", [
    (10.1, 0.1, 0.0), (10.0 + AHEAD, 0.0, 0.0), (10.5 + AHEAD, 0.0, AHEAD + 0.5), (10.5 + AHEAD, 1.0, 0.0), (110.0, 60.0, 40.0), (2.0, 0.1, 0.0),
])
def test_leap_ahead__is_what_stamps_gained_on_the_arrivals_beyond_a_limit(stamp, arrived, leap):
    assert leap_ahead(10.0, 0.0, stamp, arrived) == pytest.approx(leap)


def test_leap_ahead__before_the_first_frame__there_is_none():
    assert leap_ahead(-math.inf, -math.inf, 1000.0, 0.0) == 0 and leap_ahead(-math.inf, 0.0, 1000.0, 0.1) == 0


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
