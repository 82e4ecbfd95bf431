"""Which depth messages are kept, and for which images."""
from __future__ import annotations

import pytest

from rmpsam_ros.ros.depth_feed import KEPT, DepthFeed

MS = 1_000_000
SECOND = 1000 * MS


def pour(feed: DepthFeed, first: int, count: int = 2 * KEPT) -> None:
    """Depth messages at 30 Hz from a stamp on: more than are kept."""
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


def test_clear__forgets_what_was_kept_for_images_too():
    feed = DepthFeed()
    feed.offer("old", 0)
    feed.expect(0, in_work=True)
    feed.clear()
    assert feed.near(0, 0.01) is None and feed.newest is None and not feed.alive and feed.missing == 1
