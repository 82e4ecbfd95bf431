"""Tests following clicks without subscribers, so that there is no update between them."""
from __future__ import annotations

import numpy as np
import pytest
from scene_frames import SceneFrame, Thing
from tracking_scenes import IMAGE, LABELS, objects

from rmpsam_ros.tracking import Tracker
from rmpsam_ros.types import PromptResult, Roi, TrackState


def click(x: int, y: int = 10, class_id: int = 0) -> PromptResult:
    mask = np.zeros((120, 160), bool)
    mask[y : y + 30, x : x + 30] = True
    return PromptResult(mask, 0.8, Roi.of_mask(mask), class_id, LABELS.classes[class_id].name)


@pytest.mark.parametrize("seconds, same", [(9.0, True), (11.0, False)])
def test_follow__the_same_place_after_some_time__is_the_same_object_while_it_is_remembered(seconds, same):
    tracker = Tracker(LABELS, max_age=10.0)
    first = tracker.follow(click(20), stamp=100.0)
    second = tracker.follow(click(20), stamp=100.0 + seconds)
    assert (first == second) is same
    assert [track.track_id for track in tracker.tracks] == [second]


def test_follow__clicked_again_and_again__is_remembered_from_the_last_click_on():
    tracker = Tracker(LABELS, max_age=10.0)
    ids = {tracker.follow(click(20), stamp=stamp) for stamp in (100.0, 108.0, 116.0, 124.0)}
    assert len(ids) == 1 and tracker.tracks[0].state is TrackState.CONFIRMED
    assert tracker.tracks[0].score == pytest.approx(0.8)


def test_follow__hundreds_of_clicks_in_hours__tracks_are_those_of_the_last_seconds():
    tracker = Tracker(LABELS, max_age=10.0)
    for k in range(200):
        tracker.follow(click(4 * k % 120, 17 * k % 80), stamp=100.0 + 6 * k)
    assert [track.track_id for track in tracker.tracks] == [199, 200]
    assert len(tracker._keeper._memories) == 2


def test_follow__long_after_the_last_frame__its_detections_are_those_of_no_track_any_more():
    tracker, mask = Tracker(LABELS, max_age=10.0), np.zeros(IMAGE, bool)
    tracker.update_detections(objects({"x": 20, "y": 20}, {"x": 50, "y": 20, "name": 1}), 100.0)
    assert tracker.assignment.tolist() == [1, 2]
    mask[100:140, 100:140] = True
    assert tracker.follow(PromptResult(mask, 0.8, Roi.of_mask(mask), 0, "cup"), stamp=111.0) == 3
    assert tracker.assignment.tolist() == [0, 0] and [track.track_id for track in tracker.tracks] == [3]


@pytest.mark.parametrize("fps", [10.0, 30.0])
@pytest.mark.parametrize("gap", [1, 4, 10])
def test_follow__another_thing_comes_to_lie_where_the_lost_one_was__does_not_take_its_id(fps, gap):
    """Neither immediately nor when it is confirmed some frames later."""
    tracker = Tracker(LABELS, min_hits=3)
    clicked, beside = Thing(20, 20, 0, 0, found=0), Thing(50, 35, 5, 0, found=0.9)  # no query finds the clicked object, only prompts do
    frame = SceneFrame([clicked, beside])
    tracker.update(frame, stamp=0.0)
    track_id = tracker.follow(frame.prompt(points=[(80, 80)]), frame=frame)
    scenes = [[clicked, beside]] * 7 + [[beside]] * gap + [[Thing(20, 20, 3, 0, found=0.9, side=14), beside]] * 8
    for k, things in enumerate(scenes, 1):
        tracks = tracker.update(SceneFrame(things), stamp=k / fps)
    lost, = (track for track in tracks if track.track_id == track_id)
    assert lost.state is TrackState.LOST and lost.frames_since_seen > 8
    assert any(track.track_id > track_id and track.roi.x < 100 for track in tracks), "it has an id of its own"
