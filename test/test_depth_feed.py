"""Tests which depth messages are kept, and for which images."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from rmpsam_ros.ros.depth_feed import KEPT, DepthFeed

MS = 1_000_000
SECOND = 1000 * MS


def pour(feed: DepthFeed, first: int, count: int = 2 * KEPT) -> None:
    """Offers depth messages at 30 Hz from a timestamp on: more than are kept."""
    for k in range(count):
        feed.offer(f"at {first + 33 * MS * k}", first + 33 * MS * k)


def test_offer__time_that_goes_back__what_is_kept_of_the_old_time_is_forgotten():
    feed = DepthFeed()
    feed.offer("old", 5 * SECOND)
    feed.expect(5 * SECOND, in_work=True)
    feed.offer("new", 0)
    assert feed.newest == 0 and feed.near(5 * SECOND, 0.01) is None and feed.near(0, 0.01) == "new"
    feed.offer("same stamp, new time", 5 * SECOND)
    assert feed.near(5 * SECOND, 0.01) == "same stamp, new time"


@pytest.mark.parametrize("back, kept", [(30 * MS, True), (SECOND, True), (SECOND + 1, False)])
def test_offer__a_message_that_comes_late__is_no_new_time(back, kept):
    feed = DepthFeed()
    feed.offer("first", 5 * SECOND)
    feed.offer("late", 5 * SECOND - back)
    assert (feed.near(5 * SECOND, 0.01) == "first") is kept


def test_expect__an_image_that_waits_and_is_then_in_work__keeps_its_depth_from_the_start():
    feed = DepthFeed()
    feed.offer("its own", 0)
    feed.expect(0)
    pour(feed, 33 * MS)
    feed.expect(0, in_work=True)  # by now the ring has nothing near it
    pour(feed, 2 * SECOND)
    assert feed.near(0, 0.01) == "its own"


def test_expect__one_image_is_in_work_and_one_waits():
    feed = DepthFeed()
    for name, stamp, in_work in (("in work", 0, True), ("passed over", 33 * MS, False), ("waits", 66 * MS, False)):
        feed.offer(name, stamp)
        feed.expect(stamp, in_work)
    pour(feed, 99 * MS)
    assert feed.near(0, 0.01) == "in work" and feed.near(66 * MS, 0.01) == "waits" and feed.near(33 * MS, 0.01) is None


def test_expect__an_image_that_waits__keeps_its_depth_while_another_is_taken_in_hand():
    feed = DepthFeed()
    for name, stamp, in_work in (("waits", 0, False), ("clicked on", 33 * MS, True)):
        feed.offer(name, stamp)
        feed.expect(stamp, in_work)
    pour(feed, 66 * MS)
    assert feed.near(0, 0.01) == "waits" and feed.near(33 * MS, 0.01) == "clicked on"


def test_expect__the_next_image_in_work__lets_the_one_before_go():
    feed = DepthFeed()
    for stamp in (0, 33 * MS):
        feed.offer(stamp, stamp)
        feed.expect(stamp, in_work=True)
    pour(feed, 66 * MS)
    assert feed.near(0, 0.01) is None and feed.near(33 * MS, 0.01) == 33 * MS


def test_expect__depth_that_comes_later__is_kept_where_it_is_nearer():
    feed = DepthFeed()
    feed.offer("before", 0)
    feed.expect(40 * MS, in_work=True)
    for name, stamp in (("nearer", 33 * MS), ("farther", 66 * MS)):
        feed.offer(name, stamp)
    pour(feed, SECOND)
    assert feed.near(40 * MS, 0.01) == "nearer"


def test_expect__before_any_depth__keeps_the_one_that_comes():
    feed = DepthFeed()
    feed.expect(10 * MS, in_work=True)
    feed.offer("at last", 0)
    pour(feed, SECOND)
    assert feed.near(10 * MS, 0.02) == "at last"


def test_feed__the_nearest_within_the_gap():
    feed = DepthFeed()
    assert not feed.alive and feed.near(0, 1.0) is None
    for stamp in (100, 133, 166):
        feed.offer(f"at {stamp}", stamp * MS)
    assert feed.alive
    assert feed.near(140 * MS, 0.05) == "at 133" and feed.near(200 * MS, 0.05) == "at 166"
    assert feed.near(300 * MS, 0.05) is None
    assert (feed.used, feed.missing) == (2, 2)


def test_feed__keeps_the_depth_of_an_image_until_a_slow_network_is_done_with_it():
    feed, frame = DepthFeed(), 33_000_000
    at = [k * frame for k in range(100)]
    for k, stamp in enumerate(at):
        feed.offer(f"depth {k}", stamp)
        feed.expect(stamp)  # an image of the same moment
        if k == 20:
            feed.expect(stamp, in_work=True)
        if k == 60:  # 1.3 s later, when the ring has moved on
            assert feed.near(at[20], 0.01) == "depth 20"
            feed.expect(at[59], in_work=True)
    assert feed.near(at[59], 0.01) == "depth 59" and feed.near(at[99], 0.01) == "depth 99"
    assert feed.near(at[20], 0.01) is None and feed.near(at[70], 0.01) is None  # neither is being processed or waiting


def test_feed__a_click_on_a_past_image_takes_no_depth_from_the_one_that_waits():
    feed, frame = DepthFeed(), 33_000_000
    for k in range(30):
        feed.offer(f"depth {k}", k * frame)
        if k == 10:
            feed.expect(10 * frame)
            feed.expect(3 * frame, in_work=True)  # the clicked image
        if k == 12:
            feed.expect(10 * frame, in_work=True)
    assert feed.near(10 * frame, 0.01) == "depth 10"


def test_feed__depth_that_comes_after_its_image_is_kept_too():
    feed, frame = DepthFeed(), 33_000_000
    feed.offer("before", 9 * frame)
    feed.expect(10 * frame + 5_000_000)
    feed.expect(10 * frame + 5_000_000, in_work=True)
    for k in range(10, 40):
        feed.offer(f"depth {k}", k * frame)
    assert feed.near(10 * frame + 5_000_000, 0.01) == "depth 10"


def test_feed__without_stamps_the_newest():
    feed = DepthFeed()
    feed.offer("old", 0)
    feed.expect(0, in_work=True)
    feed.offer("new", 0)
    assert feed.near(0, 0.0) == "new"


def test_feed__silence_is_noticed():
    now = [0.0]
    feed = DepthFeed(lambda: now[0])
    feed.offer("depth", 1)
    assert feed.alive
    now[0] = 2.1
    assert not feed.alive


def test_feed__waits_for_the_depth_of_a_synchronised_camera():
    feed = DepthFeed()
    feed.offer("first", 100 * MS)
    assert feed.near(100 * MS, 0.05) == "first"
    timer = threading.Timer(0.01, feed.offer, ("second", 133 * MS))
    timer.start()
    assert feed.near(133 * MS, 0.05) == "second"
    timer.join()


def test_feed__does_not_wait_where_it_is_in_vain():
    feed = DepthFeed()
    feed.offer("early", 90 * MS)
    started = time.monotonic()
    assert feed.near(100 * MS, 0.05) == "early"  # never the same timestamps: nothing to wait for
    assert time.monotonic() - started < 0.03
    for index in range(1, 12):  # depth that always arrives after it is requested
        stamp = (100 + 33 * index) * MS
        started = time.monotonic()
        feed.near(stamp, 0.05)
        took = time.monotonic() - started
        feed.offer("late", stamp)
    assert took < 0.03


def waited_for(feed: DepthFeed, stamp: int) -> bool:
    """Whether an image waits for its depth; no time passes."""
    calls, feed._changed.wait_for = [], lambda *what: calls.append(what)
    feed.near(stamp, 0.05)
    return bool(calls)


def test_near__depth_that_came_after_its_image__the_next_image_waits_for_its_own():
    feed = DepthFeed()
    feed.offer("early", 90 * MS)
    assert not waited_for(feed, 100 * MS)
    feed.offer("late", 100 * MS)
    assert waited_for(feed, 133 * MS)


@pytest.mark.parametrize("in_time, waits", [(0, False), (2, False), (3, True)])
def test_near__waits_in_vain__are_taken_up_again_once_three_images_in_a_row_had_their_depth(in_time, waits):
    feed, stamps = DepthFeed(), iter(range(0, 100 * SECOND, 33 * MS))
    feed.offer("first", stamp := next(stamps))
    waited = [waited_for(feed, stamp)]
    for _ in range(5):
        waited.append(waited_for(feed, stamp := next(stamps)))
        feed.offer("late", stamp)
    assert waited == [False, True, True, True, False, False]
    for _ in range(in_time):
        feed.offer("in time", stamp := next(stamps))
        assert not waited_for(feed, stamp)
    waited = []
    for _ in range(4):
        waited.append(waited_for(feed, stamp := next(stamps)))
        feed.offer("late", stamp)
    assert waited == [waits] * 3 + [False]


def test_feed__time_that_goes_back_is_no_reason_to_wait_for_ever():
    feed = DepthFeed()
    for stamp in (1000, 1033, 1066):
        feed.offer(stamp, stamp * MS)
        feed.near(stamp * MS, 0.05)
    feed.offer("again", 0)
    assert feed.near(0, 0.05) == "again"
    assert feed.near(1033 * MS, 0.05) is None  # that one was from before the restart


def waits(feed: DepthFeed, images: int, depth_of: Callable[[int], bool], late: float) -> list[float]:
    """Seconds that each image of a 100 Hz stream waited; the depth of some of them arrives `late` seconds after it."""
    held, timers = [], []
    for k in range(images):
        stamp = k * 10 * MS
        feed.expect(stamp, in_work=True)
        if depth_of(k):
            timers.append(threading.Timer(late, feed.offer, (k, stamp)))
            timers[-1].start()
        begun = time.monotonic()
        feed.near(stamp, 0.005)
        held.append(time.monotonic() - begun)
        time.sleep(max(0.0, 0.01 - held[-1]))
    for timer in timers:
        timer.join()
    return held


def test_near__depth_at_half_the_rate__holds_no_image_up_for_long():
    feed = DepthFeed()
    held = waits(feed, 40, lambda k: k % 2 == 0, 0.0)
    assert sum(span > 0.02 for span in held) <= 3, held


def test_near__depth_of_every_image_that_comes_a_little_late__is_waited_for():
    feed = DepthFeed()
    held = waits(feed, 30, lambda k: True, 0.005)
    assert feed.used >= 25 and sum(span > 0.035 for span in held) <= 3, held


def test_expect__with_a_history__the_depth_of_so_many_arrived_and_processed_images_is_kept():
    feed = DepthFeed(history=2)
    for k, in_work in enumerate((True, True, True, False, False, False)):
        feed.offer(k, 33 * MS * k)
        feed.expect(33 * MS * k, in_work)
    pour(feed, SECOND)
    assert [feed.near(33 * MS * k, 0.01) for k in range(6)] == [None, 1, 2, None, 4, 5]


def test_near__for_a_click__is_not_counted():
    feed = DepthFeed()
    feed.offer("its own", 0)
    assert feed.near(0, 0.01, counted=False) == "its own" and feed.near(SECOND, 0.01, counted=False) is None
    assert (feed.used, feed.missing) == (0, 0)
    feed.near(0, 0.01), feed.near(SECOND, 0.01)
    assert (feed.used, feed.missing) == (1, 1)
