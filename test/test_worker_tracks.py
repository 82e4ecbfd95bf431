"""Tests the inference thread with a fake segmenter and tracker: tracks, depth, and values that change while it runs."""
from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from fakes import FakeSegmenter
from worker_fakes import FakeHooks, FakeTracker, click, make, message, until  # noqa: F401

from rmpsam_ros.depth_view import DepthView
from rmpsam_ros.errors import PromptError, TrackError
from rmpsam_ros.ros.live_values import LiveValues
from rmpsam_ros.ros.parameters import NodeConfig
from rmpsam_ros.ros.worker import InferenceWorker
from rmpsam_ros.types import Roi, TrackedInstance, TrackState


def test_worker__live_values_reach_the_segmenter_and_go_back_to_the_models(make):
    it = make(score_threshold=0.1, class_filter=("dark",), prompt_zoom=False)
    assert (it.segmenter.score_threshold, it.segmenter.overlap_threshold) == (0.1, 0.8)
    assert it.segmenter.class_filter == ("dark",) and not it.segmenter.zoom
    it.worker.apply(NodeConfig())
    it.worker.offer("camera", message(), 1)
    until(lambda: it.hooks.published)
    assert it.segmenter.score_threshold == 0.3 and it.segmenter.class_filter == () and it.segmenter.zoom


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
    run.worker.offer("left", message(), 0)  # without a timestamp: distinguished by arrival time
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


@pytest.mark.parametrize("later", [10_100_000_000, 100_100_000_000])  # of the second run; the last stamp of the first is not far from one
def test_worker__time_restarts_while_nobody_listens__tracks_are_reset_before_the_next_frame_or_click(make, later):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    run.worker.offer("camera", message(), 100_000_000_000)
    until(lambda: run.hooks.published)
    run.hooks.listening = set()
    run.worker.offer("camera", message(), 10_000_000_000)
    assert "time has restarted, and all tracks are reset" in run.hooks.reports[0] and trackers[0].tracks
    if later < 100_000_000_000:
        ask = click()
        ask.track = True
        assert run.worker.ask(ask).result(5).track_id == 8
        assert trackers[0].tracks == () and trackers[0].followed == 10.0
        trackers[0].tracks = (SimpleNamespace(track_id=8, segment_id=1),)
    run.hooks.listening = None
    run.worker.offer("camera", message(), later)
    until(lambda: trackers[0].stamps[-1] == later / 1e9)
    assert bool(trackers[0].tracks) == (later < 100_000_000_000), "reset, and only once"


def test_worker__frames_with_one_stamp_are_tracked_by_when_they_came(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    for count in range(1, 4):
        run.worker.offer("camera", message(), 2_000_000_000)
        until(lambda: len(trackers[0].stamps) == count)
    first, second, third = trackers[0].stamps
    assert first == 2.0 < second < third and run.stats["camera"].stamp_jumps == 2
    assert "have the timestamp 2.000000000: tracking uses the arrival time" in run.hooks.reports[0]


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
    for stamp in (0, 2_000_000_000):  # without a timestamp: the arrival time
        run.worker.offer("camera", message(), stamp)
        until(lambda: len(trackers[0].stamps) == (2 if stamp else 1))
        ask = click()
        ask.track = True
        run.worker.ask(ask).result(5)
        assert trackers[0].followed == trackers[0].stamps[-1]
    assert 0 < trackers[0].stamps[1] - trackers[0].stamps[0] < 5, "the first stamp is no new time"


def test_worker__nothing_comes_of_a_click_that_was_given_up(make):
    trackers = []
    run = make(make_tracker=lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1])
    run.worker.offer("camera", message(), 1)
    run.hooks.place = (0.1, 0.2, 1.5), ""
    ask = click()
    ask.track = ask.given_up = True
    answer = run.worker.ask(ask).result(5)
    assert answer.track_id == 0 and not hasattr(trackers[0], "followed") and answer.position is None


def test_worker__ids_go_on_where_those_of_the_worker_before_are():
    trackers, ids, hooks = [], {"camera": 5, "gone": 9}, FakeHooks()
    config = NodeConfig()
    worker = InferenceWorker(FakeSegmenter, config, hooks, {}, lambda labels: trackers.append(FakeTracker(labels)) or trackers[-1], ids)
    worker.open()
    worker.resume()
    assert trackers[0].next_id == 5
    for number, (next_id, expected) in enumerate(((12, 12), (7, 12)), 1):  # a later worker may have issued more
        trackers[0].next_id = next_id
        worker.offer("camera", message(), number)
        until(lambda: len(hooks.published) == number)
        assert ids == {"camera": expected, "gone": 9}, "at once: this inference may be the one that does not end"
    trackers[0].next_id = 15
    ask = click()
    ask.track = True
    worker.ask(ask).result(5)
    assert ids["camera"] == 15
    worker.close()


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
    assert [run.worker.reset_tracks().result(5) for _ in range(2)] == [1, 0]
    run.worker.pause("over")
    with pytest.raises(PromptError, match="not active"):
        run.worker.reset_tracks()


def test_worker__a_track_of_a_camera_that_nobody_listens_to__is_made_and_it_is_said(make):
    run = make(make_tracker=FakeTracker, cameras=("left", "right"))
    run.hooks.listening = {"right"}
    for camera in ("left", "right"):
        run.worker.offer(camera, message(), 1)
    for camera, track, caution in (
        ("left", True, "nothing updates the track until somebody subscribes to results of camera 'left', such as ~/left/tracks"),
        ("left", False, ""), ("right", True, ""),
    ):  # fmt: skip
        ask = click(camera)
        ask.track = track
        answer = run.worker.ask(ask).result(5)
        assert (answer.track_id, answer.caution) == (8 if track else 0, caution)


def test_live_values__a_model_that_does_not_zoom_stays_so():
    segmenter = FakeSegmenter()
    segmenter.zoom = False
    LiveValues(segmenter).take_over(NodeConfig(prompt_zoom=True), ())
    assert segmenter.zoom is False
