"""Tests the inference thread with a fake segmenter: clicks, the frame that they refer to, and errors if there is no answer."""
from __future__ import annotations

import itertools
import time
import weakref
from types import SimpleNamespace

import pytest
from worker_fakes import FakeTracker, click, make, message, under_way, until  # noqa: F401

from rmpsam_ros.errors import PromptError


def test_worker__a_click_under_way_at_a_pause__is_refused(make):
    it = make()
    it.hooks.listening = set()
    it.segmenter.gate.clear()
    it.worker.offer("camera", message(), 1)
    future = it.worker.ask(click())
    until(future.running)
    it.worker.pause("the node was deactivated")
    it.worker.resume()
    it.segmenter.gate.set()
    with pytest.raises(PromptError, match="deactivated meanwhile"):
        future.result(5)


def test_worker__frames_of_a_time_that_began_anew_are_not_clicked_on(make):
    it = make()
    for count, stamp in enumerate((50_000_000_001, 50_000_000_002, 1_000_000_000), start=1):
        it.worker.offer("camera", message(), stamp)
        until(lambda: len(it.hooks.published) == count)
    with pytest.raises(PromptError, match="the cache holds 1 frames from 1.000000000 to 1.000000000"):
        it.worker.ask(click(stamp=50_000_000_002)).result(5)


def test_worker__a_frame_of_the_old_time_that_is_under_way_is_not_kept(make):
    it = make()
    under_way(it, 50_000_000_001)
    it.worker.offer("camera", message(), 1_000_000_000)
    it.segmenter.gate.set()
    until(lambda: len(it.hooks.published) == 2)
    with pytest.raises(PromptError, match="the cache holds 1 frames"):
        it.worker.ask(click(stamp=50_000_000_001)).result(5)


def test_worker__clicks_that_are_answered_end_a_row_of_failures(make):
    it = make()
    it.hooks.listening = set()
    stats = it.stats["camera"]
    stats.was_bad("no image")
    it.worker.offer("camera", message(), 1)
    it.worker.ask(click()).result(5)
    assert stats.failures == 0 and stats.bad == 1


def test_worker__nobody_listens_nothing_is_inferred_until_a_click(make):
    it = make()
    it.hooks.listening = set()
    for stamp in (1, 2, 3):
        it.worker.offer("camera", message(), stamp)
    time.sleep(0.05)
    assert it.segmenter.images == [] and it.stats["camera"].replaced == 0
    answer = it.worker.ask(click(x=5)).result(5)
    assert answer.processed.stamp == 3 and answer.processed.header == "header"
    assert answer.result.mask.sum() == 12 and answer.result.mask[0, 5]
    assert it.segmenter.images == [3] and it.hooks.published == []
    it.worker.ask(click()).result(5)
    assert it.segmenter.images == [3]  # the second click is answered from the cache


def test_worker__a_click_on_a_message_that_nobody_listened_to_is_answered(make):
    it = make(prompt_history=3)
    it.hooks.listening = set()
    for stamp in (1, 2, 3, 4, 5):
        it.worker.offer("camera", message(), stamp)
    for stamp in (4, 5, 3, 3):
        assert it.worker.ask(click(stamp=stamp)).result(5).processed.stamp == stamp
    assert it.segmenter.images == [4, 5, 3] and it.hooks.published == []
    with pytest.raises(PromptError, match="the cache holds 3 frames from 0.000000003 to 0.000000005"):
        it.worker.ask(click(stamp=2)).result(5)
    assert it.worker.ask(click()).result(5).processed.stamp == 5  # not the one that was inferred last


def test_worker__a_click_on_a_replaced_message_is_answered_beside_the_stream(make):
    it = make()
    under_way(it, 1)
    it.worker.offer("camera", message(), 2)
    it.worker.offer("camera", message(), 3)
    it.segmenter.gate.set()
    until(lambda: len(it.hooks.published) == 2)
    assert it.worker.ask(click(stamp=2)).result(5).processed.stamp == 2
    assert it.segmenter.images == [1, 3, 2] and it.hooks.published == [("camera", 1), ("camera", 3)]
    assert it.segmenter.shrunk == 2  # the newest keeps what fusion and tracking need


def test_worker__click_for_newest_uses_the_frame_that_was_newest_when_it_came(make):
    it = make()
    under_way(it, 1)
    it.worker.offer("camera", message(), 2)
    futures = [it.worker.ask(click()) for _ in range(50)]
    it.worker.offer("camera", message(), 3)
    it.segmenter.gate.set()
    assert {future.result(5).processed.stamp for future in futures} == {2}
    until(lambda: len(it.hooks.published) == 3)
    assert it.segmenter.images == [1, 2, 3]  # once each, in order, although a click moved frame 2 forward
    assert it.stats["camera"].replaced == 0  # frame 3 had displaced it from the slot


def test_worker__click_by_stamp(make):
    it = make(prompt_history=3)
    for stamp in range(1_000_000_001, 1_000_000_006):
        it.worker.offer("camera", message(), stamp)
        until(lambda: len(it.hooks.published) == stamp - 1_000_000_000)
    assert it.segmenter.shrunk == 4  # all but the newest
    assert it.worker.ask(click(stamp=1_000_000_003)).result(5).processed.stamp == 1_000_000_003
    with pytest.raises(PromptError) as error:
        it.worker.ask(click(stamp=1_000_000_001)).result(5)
    sentence = "with stamp 1.000000001 is not in the cache: the cache holds 3 frames from 1.000000003 to 1.000000005"
    assert sentence in str(error.value)
    assert it.worker.ask(click(stamp=7, or_newest=True)).result(5).processed.stamp == 1_000_000_005
    assert it.worker.ask(click(stamp=1_000_000_004, or_newest=True)).result(5).processed.stamp == 1_000_000_004
    it.hooks.listening = set()
    it.worker.offer("camera", message(), 1_000_000_009)
    assert it.worker.ask(click(stamp=1_000_000_009)).result(5).processed.stamp == 1_000_000_009


def test_worker__click_before_the_first_frame(make):
    it = make()
    with pytest.raises(PromptError, match="no frame of camera 'camera' has arrived yet"):
        it.worker.ask(click())


def test_worker__click_outside_is_the_callers_error_only(make):
    it = make()
    it.worker.offer("camera", message(), 1)
    with pytest.raises(PromptError, match="is outside the image; x must be from 0 to 5"):
        it.worker.ask(click(x=6)).result(5)
    assert it.stats["camera"].last_error == "" and it.hooks.reports == []


def test_worker__pause_refuses_waiting_clicks_and_forgets_frames(make):
    it = make()
    under_way(it, 1)
    it.worker.offer("camera", message(), 2)
    future = it.worker.ask(click())
    it.worker.pause("the node was deactivated")
    with pytest.raises(PromptError, match="the node was deactivated"):
        future.result(1)
    it.segmenter.gate.set()
    with pytest.raises(PromptError, match="the node is not active"):
        it.worker.ask(click())
    it.worker.resume()
    with pytest.raises(PromptError, match="no frame of camera"):
        it.worker.ask(click())


def test_worker__a_withdrawn_click_costs_nothing(make):
    it = make()
    under_way(it, 1)
    it.worker.offer("camera", message(), 2)
    assert it.worker.ask(click()).cancel()
    it.hooks.listening = set()
    it.segmenter.gate.set()
    it.worker.offer("camera", message(), 3)
    assert it.worker.ask(click()).result(5).processed.stamp == 3
    assert it.segmenter.images == [1, 3]


def test_worker__a_frame_that_a_click_has_used_is_not_inferred_again(make):
    it = make()
    it.hooks.listening = set()
    it.worker.offer("camera", message(), 1)
    it.worker.ask(click()).result(5)
    it.hooks.listening = None
    it.worker.offer("camera", message(), 2)
    until(lambda: it.hooks.published)
    assert it.hooks.published == [("camera", 2)] and it.segmenter.images == [1, 2] and it.stats["camera"].replaced == 0


def test_worker__clicks_are_answered_in_the_order_in_which_they_came(make):
    it, order = make(), []
    under_way(it, 1)
    for number in range(4):
        it.worker.ask(click()).add_done_callback(lambda _, number=number: order.append(number))
    it.segmenter.gate.set()
    until(lambda: len(order) == 4)
    assert order == [0, 1, 2, 3]


def test_worker__a_frame_that_is_under_way_when_paused_is_forgotten_too(make):
    it = make()
    under_way(it, 1)
    it.worker.pause("the node was deactivated")
    it.segmenter.gate.set()
    until(lambda: it.stats["camera"].processed == 1)
    it.worker.resume()
    it.worker.offer("camera", message(), 2)
    until(lambda: it.stats["camera"].processed == 2)
    with pytest.raises(PromptError, match="not in the cache: the cache holds 1 frames"):
        it.worker.ask(click(stamp=1)).result(5)


def test_worker__closed__tells_the_clicks_that_wait(make):
    it = make()
    under_way(it, 1)
    future = it.worker.ask(click())
    it.worker.close(timeout=0.01)
    with pytest.raises(PromptError, match="shutting down"):
        future.result(1)
    it.segmenter.gate.set()


def test_worker__clicks_on_past_frames_do_not_hold_the_stream_up(make):
    it = make(max_rate_hz=4.0)
    it.hooks.listening = set()
    for stamp in (1, 2, 3, 4):
        it.worker.offer("camera", message(), stamp)
    it.worker.ask(click(stamp=4)).result(5)
    it.hooks.listening = {"camera"}
    begun = time.monotonic()
    for stamp in (1, 2, 3):  # each within a quarter of a second after the one before
        time.sleep(0.1)
        it.worker.ask(click(stamp=stamp)).result(5)
    it.worker.offer("camera", message(), 5)
    until(lambda: it.hooks.published)
    assert time.monotonic() - begun < 0.5 and it.segmenter.images == [4, 1, 2, 3, 5]


def test_worker__clicks_on_the_newest_frames_publish_no_more_than_the_rate_allows(make):
    it = make(max_rate_hz=2.0)
    begun = time.monotonic()
    for stamp in range(1, 9):
        it.worker.offer("camera", message(), stamp)
        assert it.worker.ask(click()).result(5).processed.stamp == stamp
    allowed = 1 + 2.0 * (time.monotonic() - begun)
    assert it.segmenter.images == list(range(1, 9)) and 1 <= len(it.hooks.published) <= allowed
    until(lambda: it.hooks.published[-1] == ("camera", 8))  # once it is due, and without another run of the network
    assert it.segmenter.images == list(range(1, 9)) and it.stats["camera"].processed == 8
    assert it.worker.ask(click(stamp=3)).result(5).processed.stamp == 3 and it.segmenter.images == list(range(1, 9))


def test_worker__a_click_on_every_frame_takes_none_from_the_stream(make):
    it = make(max_rate_hz=25.0)
    begun, stamp = time.monotonic(), 0
    while time.monotonic() - begun < 1.0:
        stamp += 1
        it.worker.offer("camera", message(), stamp)
        time.sleep(0.002)
        assert it.worker.ask(click()).result(5).processed.stamp == stamp
        time.sleep(0.036)
    assert len(it.hooks.published) >= 0.6 * min(stamp, 25)  # nearly all of them; half were lost in an earlier version
    assert len(it.hooks.published) <= 1 + 25.0 * (time.monotonic() - begun)
    assert len(set(it.hooks.published)) == len(it.hooks.published)


def test_worker__clicks_without_end_leave_the_other_camera_its_frames(make):
    it = make(cameras=("left", "right"))
    stamps = itertools.count(1)
    it.segmenter.seconds = 0.01
    for name in ("left", "right"):
        it.worker.offer(name, message(), next(stamps))
    until(lambda: len(it.hooks.published) == 2)
    asked = [it.worker.ask(click("left")) for _ in range(2)]
    for _ in range(200):  # two clicks wait at any time, each as slow as a frame
        asked[0].result(5)
        it.worker.offer("left", message(), next(stamps))
        it.worker.offer("right", message(), next(stamps))
        asked = [asked[1], it.worker.ask(click("left"))]
        if sum(camera == "right" for camera, _ in it.hooks.published) > 10:
            break
    assert sum(camera == "right" for camera, _ in it.hooks.published) > 10


def test_worker__what_nobody_inferred_can_be_clicked_on_for_as_long_as_it_is_among_the_last(make):
    it = make(prompt_history=3)
    it.hooks.listening = set()
    for stamp in (1, 2, 3):
        it.worker.offer("camera", message(), stamp)
    it.hooks.listening = None
    it.worker.offer("camera", message(), 4)
    until(lambda: it.hooks.published)
    for or_newest in (True, False):  # such as a second click that corrects the first
        processed = it.worker.ask(click(stamp=2, or_newest=or_newest)).result(5).processed
        assert processed.stamp == 2 and processed.time == 2e-9, "the time of its stamp: that of tracking does not go on by it"
    assert it.segmenter.images == [4, 2]
    it.worker.offer("camera", message(), 5)
    it.worker.offer("camera", message(), 6)
    until(lambda: ("camera", 6) in it.hooks.published)
    with pytest.raises(PromptError, match=r"stamp 0.000000003 is not in the cache: .* the nearest at 0.00000000[24]"):
        it.worker.ask(click(stamp=3)).result(5)


def test_worker__pixels_of_what_is_in_the_ring_are_not_kept(make):
    class Sent(SimpleNamespace):
        pass

    it, sent = make(), Sent(**vars(message()))
    left = weakref.ref(sent)
    it.worker.offer("camera", sent, 1)
    until(lambda: it.hooks.published)
    it.worker.offer("camera", message(), 2)
    until(lambda: len(it.hooks.published) == 2)
    del sent
    assert left() is None


@pytest.mark.parametrize("track", [False, True])
def test_worker__a_click_has_the_position_that_the_node_measures(make, track):
    it = make(make_tracker=FakeTracker)
    it.hooks.place = (0.1, 0.2, 1.5), ""
    it.worker.offer("camera", message(), 1)
    asked = click()
    asked.track = track
    answer = it.worker.ask(asked).result(5)
    assert answer.position == (0.1, 0.2, 1.5) and answer.no_position == "" and bool(answer.track_id) is track
    it.hooks.place = None, "no camera_info"
    answer = it.worker.ask(click()).result(5)
    assert answer.position is None and answer.no_position == "no camera_info"
