"""Tests the inference thread with a fake segmenter: frames and the stream, switching off, and recovery from errors."""
from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
from fakes import FakeSegmenter
from worker_fakes import FakeHooks, FakeTracker, click, make, message, under_way, until  # noqa: F401

from rmpsam_ros.errors import ModelError, PromptError
from rmpsam_ros.ros.feeds import Feed, Processed, Received
from rmpsam_ros.ros.parameters import NodeConfig
from rmpsam_ros.ros.worker import InferenceWorker


def test_worker__a_frame_is_published_and_everything_happens_on_one_other_thread(make):
    it = make()
    it.worker.offer("camera", message(), 7)
    until(lambda: it.hooks.published == [("camera", 7)])
    assert len(it.segmenter.threads) == 1 and threading.get_ident() not in it.segmenter.threads
    stats = it.stats["camera"]
    until(lambda: stats.published == 1)
    assert stats.processed == 1 and stats.percentile("total", 50) >= stats.percentile("segment", 50)


def test_worker__newest_wins_and_the_rest_is_counted(make):
    it = make()
    it.segmenter.gate.clear()
    it.worker.offer("camera", message(), 1)
    until(lambda: it.segmenter.threads and not it.worker._feeds["camera"].waiting)
    for stamp in range(2, 12):
        it.worker.offer("camera", message(), stamp)
    it.segmenter.gate.set()
    until(lambda: len(it.hooks.published) == 2)
    assert it.hooks.published == [("camera", 1), ("camera", 11)] and it.stats["camera"].replaced == 9


def test_worker__cameras_take_turns(make):
    it = make(cameras=("a", "b", "c"))
    it.segmenter.gate.clear()
    it.worker.offer("a", message(), 1)
    until(lambda: not it.worker._feeds["a"].waiting)
    for name in ("a", "b", "c"):
        it.worker.offer(name, message(), 2)
    it.segmenter.gate.set()
    until(lambda: len(it.hooks.published) == 4)
    assert [camera for camera, _ in it.hooks.published] == ["a", "b", "c", "a"]


def test_worker__turns_the_images_of_each_camera_as_it_is_told(make):
    it = make(cameras=("a", "b"), rotations={"b": 180})
    for stamp, name in enumerate("abab", start=1):
        it.worker.offer(name, message(), stamp)
        until(lambda: len(it.hooks.published) == stamp)
    it.worker.ask(click("b", 2, 1, stamp=99, or_newest=True)).result(5)
    assert it.segmenter.rotations == [0, 180, 0, 180]


def test_worker__a_rate_that_is_raised_counts_at_once(make):
    it = make(max_rate_hz=0.01)
    for stamp in (1, 2):
        it.worker.offer("camera", message(), stamp)
        until(lambda: len(it.hooks.published) == 1)
    time.sleep(0.05)
    assert len(it.hooks.published) == 1
    it.worker.apply(it.config.replaced({"max_rate_hz": 0.0}))
    until(lambda: len(it.hooks.published) == 2)


def test_worker__a_waiting_frame_goes_once_somebody_subscribes(make):
    it = make()
    it.hooks.listening = set()
    it.worker.offer("camera", message(), 1)
    it.hooks.listening = {"camera"}
    until(lambda: it.hooks.published == [("camera", 1)])


def test_worker__errors_are_reported_and_the_stream_goes_on(make):
    it = make()
    it.segmenter.error = ValueError("broken\nmodel")
    it.worker.offer("camera", message(), 1)
    until(lambda: it.hooks.reports == ["ValueError: broken model"])
    assert (it.stats["camera"].failures, it.stats["camera"].last_error) == (1, "ValueError: broken model")
    it.worker.offer("camera", message(pixels=False), 2)
    until(lambda: it.hooks.reports[1:] == ["no pixels"])
    it.worker.offer("camera", message(), 3)
    until(lambda: it.hooks.published == [("camera", 3)])
    assert it.stats["camera"].bad == 1 and it.stats["camera"].last_error == "no pixels"
    it.hooks.listening = set()
    it.segmenter.error = ValueError("again")
    it.worker.offer("camera", message(), 4)
    with pytest.raises(PromptError, match="could not be answered: ValueError: again"):
        it.worker.ask(click()).result(5)


def test_worker__a_stamp_that_goes_back_is_reported_and_used(make):
    it = make()
    it.worker.offer("camera", message(), 5_000_000_000)
    until(lambda: len(it.hooks.published) == 1)
    it.worker.offer("camera", message(), 2_000_000_000)
    until(lambda: len(it.hooks.published) == 2)
    assert it.stats["camera"].stamp_jumps == 1 and "went back by 3.000 s" in it.hooks.reports[0]
    assert it.worker.ask(click()).result(5).processed.stamp == 2_000_000_000


def test_worker__rate_limit(make):
    it = make(max_rate_hz=20.0)
    end = time.monotonic() + 0.5
    stamp = 0
    while time.monotonic() < end:
        stamp += 1
        it.worker.offer("camera", message(), stamp)
        time.sleep(0.004)
    assert 5 <= len(it.hooks.published) <= 11
    assert it.stats["camera"].replaced < 30, "what the rate leaves out, about a hundred, is no loss"
    it.worker.apply(it.config.replaced({"max_rate_hz": 0.0}))
    it.worker.offer("camera", message(), 10_000)
    until(lambda: ("camera", 10_000) in it.hooks.published)


def test_worker__switched_off_and_on(make):
    it = make()
    it.worker.enable(False)
    it.worker.offer("camera", message(), 1)
    with pytest.raises(PromptError, match="inference is switched off: call ~/enable with data: true first"):
        it.worker.ask(click())
    time.sleep(0.03)
    assert it.segmenter.images == []
    it.worker.enable(True)
    until(lambda: it.hooks.published == [("camera", 1)])


def test_worker__switched_off__stays_so_through_a_pause(make):
    it = make()
    it.worker.enable(False)
    it.worker.pause("deactivated")
    it.worker.resume()
    assert not it.worker.enabled
    it.worker.offer("camera", message(), 1)
    time.sleep(0.03)
    assert it.segmenter.images == []
    it.worker.enable(True)
    until(lambda: it.hooks.published == [("camera", 1)])


@pytest.mark.parametrize("resumed", [False, True])
def test_worker__a_frame_under_way_at_a_pause__is_neither_published_nor_kept(make, resumed):
    it = make()
    under_way(it, 1)
    it.worker.pause("deactivated")
    if resumed:
        it.worker.resume()
        it.worker.offer("camera", message(), 2)
    it.segmenter.gate.set()
    until(lambda: it.stats["camera"].processed == (2 if resumed else 1))
    time.sleep(0.03)
    assert it.hooks.published == ([("camera", 2)] if resumed else [])
    assert it.worker._feeds["camera"].with_stamp(1) is None


def test_worker__open_raises_what_the_model_raised():
    def missing():
        raise ModelError("the model folder x is missing")

    worker = InferenceWorker(missing, NodeConfig(), FakeHooks(), {}, FakeTracker, {})
    with pytest.raises(ModelError, match="is missing"):
        worker.open()
    worker.close()


def test_worker__close_releases_the_segmenter():
    segmenter = FakeSegmenter()
    worker = InferenceWorker(lambda: segmenter, NodeConfig(), FakeHooks(), {}, FakeTracker, {})
    worker.open()
    worker.close()
    worker.close()
    assert segmenter.closed


def test_worker__an_inference_that_does_not_end__is_told_from_one_that_has():
    segmenter, hooks = FakeSegmenter(), FakeHooks()
    worker = InferenceWorker(lambda: segmenter, NodeConfig(), hooks, {}, FakeTracker, {})
    worker.open()
    worker.resume()
    assert worker.pulse.seconds == 0.0 and worker.pulse.ended == ""
    segmenter.gate.clear()
    worker.offer("camera", message(), 1)
    until(lambda: worker.pulse.seconds > 0.05)
    assert worker.close(timeout=0.05) is False and not segmenter.closed
    segmenter.gate.set()
    until(lambda: segmenter.closed)
    assert worker.pulse.seconds == 0.0 and worker.close() is True


def test_worker__whose_thread_has_ended__says_so_to_every_click():
    segmenter, hooks = FakeSegmenter(), FakeHooks()
    worker = InferenceWorker(lambda: segmenter, NodeConfig(), hooks, {}, FakeTracker, {})
    worker.open()
    worker.resume()
    segmenter.error = SystemExit("a library gave up")  # not an Exception
    segmenter.gate.clear()
    worker.offer("camera", message(), 1)
    until(lambda: worker.pulse.seconds > 0)
    waiting = worker.ask(click())
    segmenter.gate.set()
    with pytest.raises(PromptError, match="the inference thread has ended .*a library gave up"):
        waiting.result(5)
    until(lambda: segmenter.closed)
    with pytest.raises(PromptError, match="deactivate, clean up and configure the node again"):
        worker.ask(click())
    assert any("the inference thread has ended" in said for said in hooks.reports) and worker.pulse.seconds == 0.0
    worker.close()


def test_worker__whose_thread_ends_at_a_click__answers_that_click_too():
    segmenter, hooks = FakeSegmenter(), FakeHooks()
    worker = InferenceWorker(lambda: segmenter, NodeConfig(), hooks, {}, FakeTracker, {})
    worker.open()
    worker.resume()
    hooks.listening = set()  # so that the frame is inferred only for the click
    worker.offer("camera", message(), 1)
    segmenter.error = SystemExit("a library gave up")
    with pytest.raises(PromptError, match="the inference thread has ended .*a library gave up"):
        worker.ask(click()).result(5)
    worker.close()


def test_feed__a_stamp_far_ahead_and_right_ones_again__tracks_and_clicks_go_on():
    feed = Feed("camera", 8)
    said = [feed.offer(Received("camera", None, int(stamp * 1e9), k / 10, k), True) for k, stamp in enumerate((10.0, 10.1, 110.2, 10.3, 10.4))]
    assert said[:2] == ["", ""] and "went ahead by" in said[2] and said[4] == ""
    assert "went back by 99.900 s: tracking uses the arrival time" in said[3]
    assert feed.message(int(10.1e9)) is not None, "clicks on frames of a moment before are answered"


def test_feed__images_without_a_stamp_are_no_jumps_in_time():
    feed = Feed("camera", 4)
    assert [feed.offer(Received("camera", None, 0, float(k), k), True) for k in range(3)] == ["", "", ""]
    assert feed.stats.stamp_jumps == 0


def test_feed__an_image_without_a_stamp_hides_no_jump_in_time():
    feed = Feed("camera", 4)
    said = [feed.offer(Received("camera", None, int(stamp * 1e9), k / 10, k), True) for k, stamp in enumerate((2000.0, 2000.1, 0, 1900.0))]
    assert said[:3] == ["", "", ""] and "went back by 100.100 s: time has restarted" in said[3]
    assert feed.message(2000 * 10**9) is None and feed.message(1900 * 10**9) is not None
    for number in (2, 3):  # the first was in progress when time restarted
        feed.keep(Processed("camera", None, number, number, SimpleNamespace()))
    assert feed.with_stamp(2) is None and feed.with_stamp(3) is not None


def test_feed__of_frames_with_one_stamp_the_latest_is_meant():
    feed = Feed("camera", 4)
    for number in (1, 2):
        feed.keep(Processed("camera", None, 5, number, SimpleNamespace(keep_for_prompts=lambda: None)))
    assert feed.with_stamp(5).number == 2 and feed.with_stamp(6) is None


@pytest.mark.parametrize("switched_off", [False, True])
def test_worker__a_frame_that_waited_for_somebody_to_listen__is_not_late(make, switched_off):
    it = make()
    it.hooks.listening = None if switched_off else set()
    it.worker.enable(not switched_off)
    it.worker.offer("camera", message(), 1)
    time.sleep(1.5)  # the worker checks every 0.2 s
    it.hooks.listening = None
    it.worker.enable(True)
    until(lambda: it.stats["camera"].published == 1)
    wait, total = (it.stats["camera"].percentile(stage, 50) for stage in ("wait", "total"))
    assert 0 <= wait <= total < 1000


def test_worker__resumed__nothing_is_said_of_the_time_before_the_pause(make):
    it = make()
    stats = it.stats["camera"]
    for stamp in (1, 2, 3, 4):
        stats.arrived()
        it.worker.offer("camera", message(pixels=stamp == 1), stamp)
        until(lambda: len(it.hooks.published) + len(it.hooks.reports) == stamp)
    assert stats.failures == 3 and stats.percentile("total", 50) is not None
    it.worker.pause("the topic is corrected")
    it.worker.resume()
    assert stats.failures == 0 and stats.age() is stats.interval() is stats.percentile("total", 50) is None and stats.rates() == (0, 0)
    assert stats.bad == 3 and stats.last_error == "no pixels"


def test_worker__what_comes_while_switched_off_is_not_counted_as_replaced(make):
    it = make()
    it.worker.enable(False)
    for stamp in (1, 2, 3):
        it.worker.offer("camera", message(), stamp)
    assert it.stats["camera"].replaced == 0


def test_worker__the_stages_of_a_frame_make_up_its_time(make):
    it = make(seconds=0.01)
    it.worker.offer("camera", message(), 1)
    stats = it.stats["camera"]
    until(lambda: stats.published == 1)
    stages = {name: stats.percentile(name, 50) for name in ("wait", "decode", "segment", "publish", "total")}
    assert stages.pop("total") == pytest.approx(sum(stages.values())) and stages["segment"] >= 10 and min(stages.values()) >= 0


def test_worker__a_frame_that_comes_while_it_is_paused__is_not_there_afterwards(make):
    it = make()
    it.worker.pause("deactivated")
    it.worker.offer("camera", message(), 1)
    it.worker.resume()
    with pytest.raises(PromptError, match="no frame of camera 'camera' has arrived yet"):
        it.worker.ask(click())


def test_feed__messages_that_nobody_inferred_are_in_the_cache_too():
    feed = Feed("camera", 4)
    assert feed.describe_ring(1) == "no frame is in the cache"
    for number in (1, 2, 3):
        feed.offer(Received("camera", None, number * 10**9, float(number), number), True)
    for asked, nearest in ((0, 1), (2_100_000_000, 2), (9 * 10**9, 3)):
        said = feed.describe_ring(asked)
        assert said == f"the cache holds 3 frames from 1.000000000 to 3.000000000, the nearest at {nearest}.000000000"


def test_worker__with_a_rate__takes_frames_again_after_a_pause(make):
    it = make(max_rate_hz=100.0)
    for stamp in (1, 2):
        it.worker.offer("camera", message(), stamp)
        until(lambda: len(it.hooks.published) == stamp)
        it.worker.pause("deactivated")
        it.worker.resume()
