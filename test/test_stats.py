"""Tests a camera's counters and rates, on a clock that the test controls."""
from __future__ import annotations

import pytest

from rmpsam_ros.ros.stats import CameraStats, StageTimes


def test_rates__steady_stream_then_silence():
    now = [0.0]
    stats = CameraStats(clock=lambda: now[0])
    assert stats.rates() == (0.0, 0.0) and stats.age() is None
    for now[0] in (0.0, 0.1):
        stats.arrived()
    assert stats.rates()[0] == pytest.approx(10)
    stats.begin()
    for index in range(101):
        now[0] = index * 0.1
        stats.arrived()
        if index % 2 == 0:
            stats.was_published(StageTimes(1, 2, 3, 4, 10))
    fps_in, fps_out = stats.rates()
    assert fps_in == pytest.approx(10, rel=0.03) and fps_out == pytest.approx(5, rel=0.03)
    now[0] += 2.5
    assert stats.age() == pytest.approx(2.5)
    assert stats.rates()[0] < 11
    now[0] += 10
    assert stats.rates() == (0.0, 0.0)


def test_percentile__over_the_stages():
    stats = CameraStats(window=4)
    assert stats.percentile("total", 50) is None
    for total in (1000, 10, 20, 30, 40):
        stats.was_published(StageTimes(wait=1, decode=1, segment=5, publish=1, total=total))
    assert stats.percentile("total", 50) == 25 and stats.percentile("total", 100) == 40
    assert stats.percentile("overhead", 50) == 25 - 6


def test_failures__end_with_a_frame_that_is_good_or_published():
    stats = CameraStats()
    for good in (stats.was_good, lambda: stats.was_published(StageTimes(1, 2, 3, 4, 10))):
        stats.was_bad("one")
        stats.failed("two")
        stats.was_processed()
        assert stats.failures == 2
        good()
        assert stats.failures == 0


def test_counters__and_the_last_error():
    stats = CameraStats()
    stats.was_bad("first")
    stats.was_replaced()
    stats.jumped("second")
    assert (stats.bad, stats.replaced, stats.stamp_jumps, stats.last_error) == (1, 1, 1, "second")


def test_interval__is_the_usual_one():
    now = [0.0]
    stats = CameraStats(lambda: now[0])
    assert stats.interval() is None
    for gap in (10.0, 10.0, 11.0, 9.0, 60.0):  # a pause does not change the usual interval
        stats.arrived()
        stats.rates()  # rates cover a few seconds; computing them drops nothing
        now[0] += gap
    assert stats.interval() == 10.0


def test_rates__silence_lowers_them_before_the_window_is_over():
    now = [0.0]
    stats = CameraStats(clock=lambda: now[0])
    for index in range(11):
        now[0] = index * 0.1
        stats.arrived()
    now[0] = 4.0
    assert stats.rates()[0] == pytest.approx(10 / 3)
