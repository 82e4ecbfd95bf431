"""The inference thread with a fake segmenter: whose turn it is, clicks, switching off, and what survives errors."""
from __future__ import annotations

import threading
import time
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

from fakes import FakeSegmenter
from rmpsam_ros.depth_view import DepthView
from rmpsam_ros.errors import ImageError, ModelError, PromptError, TrackError
from rmpsam_ros.ros.feeds import Feed, Processed, Received
from rmpsam_ros.ros.live_values import LiveValues
from rmpsam_ros.ros.parameters import NodeConfig
from rmpsam_ros.ros.requests import Ask
from rmpsam_ros.ros.stats import CameraStats
from rmpsam_ros.ros.worker import InferenceWorker
from rmpsam_ros.types import Roi, TrackedInstance, TrackState


class FakeHooks:
    """Everything is wanted unless said otherwise; messages carry their pixels in `.pixels`."""

    def __init__(self):
        self.listening: set[str] | None = None
        self.published: list[tuple[str, int]] = []
        self.reports: list[str] = []
        self.view = None

    def wanted(self, camera):
        return self.listening is None or camera in self.listening

    def decode(self, received):
        if received.message.pixels is None:
            raise ImageError("no pixels")
        return received.message.pixels

    def depth(self, received, size):
        return self.view

    def publish(self, processed, image, view, extents):
        self.extents = extents
        self.published.append((processed.camera, processed.stamp))
        self.processed = processed

    def report(self, camera, sentence):
        self.reports.append(sentence)


def message(pixels=True):
    image = np.zeros((4, 6, 3), np.uint8)
    image[:, 3:] = 255
    return SimpleNamespace(header="header", pixels=image if pixels else None)


def until(condition, seconds: float = 5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.002)


def click(camera="camera", x=0.0, y=0.0, stamp=0, or_newest=False):
    return Ask(camera, [(x, y)], [1], [], stamp, or_newest)


def under_way(it, stamp):
    """Holds the worker at the network, with a frame of this stamp."""
    it.segmenter.gate.clear()
    it.worker.offer("camera", message(), stamp)
    until(lambda: not it.worker._feeds["camera"].waiting)


@pytest.fixture
def make():
    """Makes an opened and running worker; all are closed at the end."""
    workers = []

    def build(seconds=0.0, make_tracker=None, rotations=None, **config):
        config = NodeConfig(**config)
        stats = {name: CameraStats() for name in config.cameras}
        segmenter, hooks = FakeSegmenter(seconds), FakeHooks()
        worker = InferenceWorker(lambda: segmenter, config, hooks, stats, make_tracker)
        workers.append(worker)
        assert worker.open() is segmenter
        worker.resume(rotations)
        return SimpleNamespace(worker=worker, segmenter=segmenter, hooks=hooks, stats=stats, config=config)

    yield build
    for worker in workers:
        worker.close()


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
    assert it.worker.ask(click()).result(5).processed.stamp == 5  # and not the one that was inferred last


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


def test_worker__a_waiting_frame_goes_once_somebody_subscribes(make):
    it = make()
    it.hooks.listening = set()
    it.worker.offer("camera", message(), 1)
    it.hooks.listening = {"camera"}
    until(lambda: it.hooks.published == [("camera", 1)])


def test_worker__click_for_newest_uses_the_frame_that_was_newest_when_it_came(make):
    it = make()
    under_way(it, 1)
    it.worker.offer("camera", message(), 2)
    futures = [it.worker.ask(click()) for _ in range(50)]
    it.worker.offer("camera", message(), 3)
    it.segmenter.gate.set()
    assert {future.result(5).processed.stamp for future in futures} == {2}
    until(lambda: len(it.hooks.published) == 3)
    assert it.segmenter.images == [1, 2, 3]  # once each, in order, although a click pulled frame 2 forward
    assert it.stats["camera"].replaced == 0  # frame 3 had pushed it out of the slot


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
    with pytest.raises(PromptError, match="lies outside 0..5"):
        it.worker.ask(click(x=6)).result(5)
    assert it.stats["camera"].last_error == "" and it.hooks.reports == []


def test_worker__errors_are_reported_and_the_stream_goes_on(make):
    it = make()
    it.segmenter.error = ValueError("broken\nmodel")
    it.worker.offer("camera", message(), 1)
    until(lambda: it.hooks.reports == ["ValueError: broken model"])
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
    it.worker.apply(it.config.replaced({"max_rate_hz": 0.0}))
    it.worker.offer("camera", message(), 10_000)
    until(lambda: ("camera", 10_000) in it.hooks.published)


def test_worker__live_values_reach_the_segmenter_and_go_back_to_the_models(make):
    it = make(score_threshold=0.1, class_filter=("dark",), prompt_zoom=False)
    assert (it.segmenter.score_threshold, it.segmenter.overlap_threshold) == (0.1, 0.8)
    assert it.segmenter.class_filter == ("dark",) and not it.segmenter.zoom
    it.worker.apply(NodeConfig())
    it.worker.offer("camera", message(), 1)
    until(lambda: it.hooks.published)
    assert it.segmenter.score_threshold == 0.3 and it.segmenter.class_filter == () and it.segmenter.zoom


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


def test_worker__open_raises_what_the_model_raised():
    def missing():
        raise ModelError("the model folder x is missing")

    worker = InferenceWorker(missing, NodeConfig(), FakeHooks(), {})
    with pytest.raises(ModelError, match="is missing"):
        worker.open()
    worker.close()


def test_worker__close_releases_the_segmenter():
    segmenter = FakeSegmenter()
    worker = InferenceWorker(lambda: segmenter, NodeConfig(), FakeHooks(), {})
    worker.open()
    worker.close()
    worker.close()
    assert segmenter.closed


class FakeTracker:
    """One track, 7, on segment 1; keeps what it was given."""

    def __init__(self, labels):
        self.labels, self.max_age, self.min_hits, self.stamps, self.error = labels, None, None, [], None
        self.used, self.next_id = True, 1
        self.tracks = (SimpleNamespace(track_id=7, segment_id=1),)
        self.depths = []

    def update(self, frame, stamp, depth):
        self.stamps.append(stamp)
        self.depths.append(depth)
        return self.tracks

    def follow(self, result, stamp, frame, past):
        assert frame is not None
        self.followed, self.past = stamp, past
        if self.error:
            raise self.error
        return 8

    def remove(self, track_id):
        return track_id == 7

    def reset(self):
        self.tracks = ()


def test_worker__depth_reaches_the_tracker_and_gives_tracks_their_places(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    roi = Roi(0, 0, 3, 4)
    track = TrackedInstance(7, 0, "dark", 0.9, TrackState.CONFIRMED, 3, 0, False, roi, np.ones((4, 3), bool), segment_id=1)
    trackers[0].tracks = (track,)
    run.worker.offer("camera", message(), 1)
    until(lambda: run.hooks.published)
    assert trackers[0].depths == [None] and run.hooks.extents == {} and run.hooks.processed.tracks[0].position is None
    rays = np.zeros((4, 6, 2), np.float32)
    rays[..., 0] = 0.5
    run.hooks.view = DepthView(np.full((4, 6), 2.0, np.float32), rays)
    run.worker.offer("camera", message(), 2)
    until(lambda: len(run.hooks.published) == 2)
    assert trackers[0].depths[1] is run.hooks.view.depth
    assert run.hooks.processed.tracks[0].position == (1.0, 0.0, 2.0) == run.hooks.extents[7].position
    assert run.hooks.processed.panoptic.segments[0].track_id == 7


def test_worker__tracks_of_each_camera_and_live_parameters(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1], cameras=("left", "right"),
               track_max_age=4.0, track_min_hits=2)
    assert len(trackers) == 2 and (trackers[0].max_age, trackers[0].min_hits) == (4.0, 2)
    run.worker.offer("left", message(), 1_500_000_000)
    until(lambda: run.hooks.published)
    assert trackers[0].stamps == [1.5] and trackers[1].stamps == []
    processed = run.hooks.processed
    assert processed.tracks == trackers[0].tracks
    assert [s.track_id for s in processed.panoptic.segments] == [7, 0]
    run.worker.apply(run.config.replaced({"track_max_age": 9.0}))
    run.worker.offer("left", message(), 0)  # without a stamp: told apart by when it came
    until(lambda: len(trackers[0].stamps) == 2)
    assert trackers[0].max_age == 9.0 and 1.5 < trackers[0].stamps[1] < 6.5


def test_worker__a_clock_that_is_set_ahead__tracks_go_on_and_it_is_said(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    for count, stamp in enumerate((1_000_000_000, 1_100_000_000, 3601_200_000_000, 3601_300_000_000), start=1):
        run.worker.offer("camera", message(), stamp)
        until(lambda: len(trackers[0].stamps) == count)
    first, second, third, fourth = trackers[0].stamps
    assert (first, second) == (1.0, 1.1) and second < third < 6 and abs(fourth - third - 0.1) < 1e-6
    assert len(run.hooks.reports) == 1 and "went ahead by 3600" in run.hooks.reports[0] and run.stats["camera"].stamp_jumps == 1


def test_worker__frames_with_one_stamp_are_tracked_by_when_they_came(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    for count in range(1, 4):
        run.worker.offer("camera", message(), 2_000_000_000)
        until(lambda: len(trackers[0].stamps) == count)
    first, second, third = trackers[0].stamps
    assert first == 2.0 < second < third and run.stats["camera"].stamp_jumps == 2
    assert "in a row have the stamp 2.000000000: tracks go by when they came" in run.hooks.reports[0]


def test_worker__tracks_are_those_of_the_filter_and_what_was_clicked(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1], class_filter=("bright",))
    named = [SimpleNamespace(track_id=i, segment_id=0, class_name=name, prompted=clicked, frames_since_seen=0, state=TrackState.CONFIRMED)
             for i, name, clicked in ((1, "dark", False), (2, "bright", False), (3, "dark", True))]
    trackers[0].tracks = tuple(named)
    run.worker.offer("camera", message(), 1)
    until(lambda: run.hooks.published)
    assert [track.track_id for track in run.hooks.processed.tracks] == [2, 3]


def test_worker__a_frame_that_was_not_tracked_has_no_tracks(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    trackers[0].used = False
    run.worker.offer("camera", message(), 1)
    until(lambda: run.hooks.published)
    assert run.hooks.processed.tracks is None and not any(s.track_id for s in run.hooks.processed.panoptic.segments)


def test_worker__a_click_and_the_frames_go_by_the_same_time(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    for stamp in (0, 2_000_000_000):  # without a stamp, when it came
        run.worker.offer("camera", message(), stamp)
        until(lambda: len(trackers[0].stamps) == (2 if stamp else 1))
        ask = click()
        ask.track = True
        run.worker.ask(ask).result(5)
        assert trackers[0].followed == trackers[0].stamps[-1]
    assert trackers[0].stamps[1] == 2.0


def test_worker__nothing_comes_of_a_click_that_was_given_up(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    run.worker.offer("camera", message(), 1)
    ask = click()
    ask.track = ask.given_up = True
    assert run.worker.ask(ask).result(5).track_id == 0 and not hasattr(trackers[0], "followed")


def test_worker__ids_go_on_where_those_of_the_worker_before_ended():
    trackers, ids = [], {"camera": 5, "gone": 9}
    config = NodeConfig()
    worker = InferenceWorker(FakeSegmenter, config, SimpleNamespace(), {}, lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1], ids)
    worker.open()
    assert trackers[0].next_id == 5
    trackers[0].next_id = 12
    worker.close()
    assert ids == {"camera": 12, "gone": 9}


def test_worker__a_click_is_followed_or_says_why_not(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    run.worker.offer("camera", message(), 1)
    asks = [click(), click()]
    asks[0].track = True
    answers = [run.worker.ask(ask).result(5) for ask in asks]
    assert [(a.track_id, a.problem) for a in answers] == [(8, ""), (0, "")]
    trackers[0].error = TrackError("nothing to follow")
    again = click()
    again.track = True
    answer = run.worker.ask(again).result(5)
    assert (answer.track_id, answer.problem) == (0, "nothing to follow") and answer.result.mask.any()
    assert run.worker.remove_track("camera", 7).result(5) == (True, [7])
    assert run.worker.reset_tracks().result(5) == 1
    run.worker.pause("over")
    with pytest.raises(PromptError, match="not active"):
        run.worker.reset_tracks()


def test_worker__without_a_tracker_a_click_is_answered_all_the_same(make):
    run = make()
    run.worker.offer("camera", message(), 1)
    ask = click()
    ask.track = True
    assert run.worker.ask(ask).result(5).problem == "this node does not track"
    with pytest.raises(PromptError, match="does not track"):
        run.worker.remove_track("camera", 1)


def test_live_values__a_model_that_does_not_zoom_stays_so():
    segmenter = FakeSegmenter()
    segmenter.zoom = False
    LiveValues(segmenter).take_over(NodeConfig(prompt_zoom=True), ())
    assert segmenter.zoom is False


def test_feed__images_without_a_stamp_are_no_jumps_in_time():
    feed = Feed("camera", 4)
    assert [feed.offer(Received("camera", None, 0, float(k), k), True) for k in range(3)] == ["", "", ""]
    assert feed.stats.stamp_jumps == 0


def test_feed__of_frames_with_one_stamp_the_latest_is_meant():
    feed = Feed("camera", 4)
    for number in (1, 2):
        feed.keep(Processed("camera", None, 5, number, SimpleNamespace(keep_for_prompts=lambda: None)))
    assert feed.with_stamp(5).number == 2 and feed.with_stamp(6) is None


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
