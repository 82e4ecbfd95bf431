"""Tests the way from the segmenter's frames to tracks, and clicks that become tracks, with a frame that knows its objects."""
from __future__ import annotations

import gc
import weakref
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from scene_frames import SceneFrame, Thing
from tracking_scenes import IMAGE, LABELS, square

from rmpsam_ros.errors import TrackError
from rmpsam_ros.tracking import Tracker, with_track_ids
from rmpsam_ros.tracking.frames import detections_of
from rmpsam_ros.tracking.lifecycle import BIRTH_SCORE
from rmpsam_ros.types import PanopticResult, PromptResult, Roi, TrackedInstance, TrackState


def test_detections_of__a_frame__gives_the_things_of_the_map_and_the_unsure_rest():
    frame = SceneFrame([Thing(20, 20), Thing(50, 30, 1, found=0.3), Thing(10, 40, 2, found=0.05), Thing(21, 20, 3, found=0.4),
                        Thing(40, 10, 4, kind=2)])
    found = detections_of(frame, LABELS.is_thing())
    assert found.scores.tolist() == pytest.approx([0.9, 0.3])  # left out: low score, covered by another one, and stuff
    assert np.array_equal(found.masks[0], square(20, 20)) and np.array_equal(found.masks[1], square(50, 30))
    assert found.segments[0].id == 1 and found.segments[1] is None and found.source_size == IMAGE


def test_detections_of__depth__is_the_median_under_the_mask():
    depth = np.full(IMAGE, 5, np.float32)
    depth[:, :88] = 2
    depth[80] = np.nan
    depth[83] = 0
    found = detections_of(SceneFrame([Thing(20, 20), Thing(50, 30, 1)]), LABELS.is_thing(), depth)
    assert found.depths.tolist() == [2, 5]


def test_update__frames__give_tracks_whose_masks_are_those_of_the_map():
    tracker = Tracker(LABELS)
    for k in range(4):
        frame = SceneFrame([Thing(20 + k, 20, 0), Thing(24 + k, 24, 1, 1)], stamp=0.1 * k)  # the first covers the second
        tracks = tracker.update(frame)
    panoptic = with_track_ids(frame.panoptic(), tracks)
    assert [(s.class_name, s.track_id) for s in panoptic.segments] == [("cup", 1), ("box", 2), ("floor", 0)]
    for track in tracks:
        assert np.array_equal(track.mask, panoptic.segment_ids[track.roi.slices] == track.segment_id)
        assert track.state == TrackState.CONFIRMED


def test_update__lost_tracks__keep_their_mask_and_let_the_frame_go():
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(20, 20)])
    detections = detections_of(frame, LABELS.is_thing())
    seen, = tracker.update_detections(detections, 0.0)
    shown, whole = seen.mask.copy(), weakref.ref(detections.segment_map)
    tracker.update_detections(detections, 0.1)
    del seen, detections
    lost, = tracker.update(SceneFrame([]), stamp=0.2)
    gc.collect()
    assert whole() is None and np.array_equal(lost.mask, shown)


def test_update__a_reported_track__is_a_dataclass_like_any_other():
    tracker = Tracker(LABELS)
    track, = tracker.update(SceneFrame([Thing(20, 20)]), stamp=0.0)
    moved = replace(track, position=(1.0, 2.0, 3.0))
    assert isinstance(moved, TrackedInstance) and moved.position == (1, 2, 3) and moved.mask is track.mask
    assert track != moved and track == replace(moved, position=None) and "track_id=1" in repr(track)
    with pytest.raises(FrozenInstanceError):
        track.score = 2.0


def test_update__no_objects_at_all__is_empty():
    tracker = Tracker(LABELS)
    assert tracker.update(SceneFrame([])) == () and tracker.update(SceneFrame([])) == ()


def test_follow__a_click_on_a_track__is_that_track():
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(20, 20), Thing(50, 30, 1)])
    tracker.update(frame, stamp=0.0)
    assert tracker.follow(frame.prompt(points=[(200, 120)])) == 2
    track = tracker.tracks[1]
    assert track.prompted and track.state == TrackState.CONFIRMED and not tracker.tracks[0].prompted
    tracks = tracker.update(SceneFrame([Thing(20, 20), Thing(51, 30, 1)]), stamp=0.1)
    assert [t.track_id for t in tracks] == [1, 2] and tracks[1].prompted


def test_follow__what_no_query_shows__lives_by_its_prompt_and_falls_when_lost():
    tracker = Tracker(LABELS, max_age=2)
    frame = SceneFrame([Thing(20, 20, found=0)])
    tracker.update(frame, stamp=0.0)
    track_id = tracker.follow(frame.prompt(points=[(80, 80)]))
    for k in range(1, 20):
        frame = SceneFrame([Thing(20 + k, 20 + 0.5 * k, found=0)])
        track, = tracker.update(frame, stamp=0.1 * k)
        assert track.track_id == track_id and track.state == TrackState.CONFIRMED and len(frame.asked) == 1
        assert np.array_equal(track.mask, frame.mask(frame.things[0])[track.roi.slices])
    assert track.prompted and abs(track.roi.x + 20 - 4 * 39) <= 4
    scores = []
    for k in range(20, 36, 5):
        track, = tracker.update(SceneFrame([Thing(39, 29, found=0)], answers=False), stamp=0.1 * k)
        assert track.state == TrackState.LOST and track.track_id == track_id
        scores.append(track.score)
    assert scores == sorted(scores, reverse=True) and scores[-1] < 0.5
    track, = tracker.update(SceneFrame([Thing(40, 29, found=0)]), stamp=3.6)
    assert track.state == TrackState.CONFIRMED and track.track_id == track_id
    assert tracker.update(SceneFrame([]), stamp=9) == ()


def test_follow__the_prompt_finds_something_else__is_lost_rather_than_wrong():
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(20, 20, found=0)])
    tracker.update(frame, stamp=0.0)
    tracker.follow(frame.prompt(points=[(80, 80)]))
    other, big = SceneFrame([Thing(20, 20, name=7, found=0)]), SceneFrame([Thing(20, 20, found=0, side=30)])
    assert tracker.update(other, stamp=0.1)[0].state == TrackState.LOST
    assert tracker.update(big, stamp=0.2)[0].state == TrackState.LOST
    assert tracker.update(frame, stamp=0.3)[0].state == TrackState.CONFIRMED


def test_follow__an_object_that_the_network_finds_later__goes_over_to_it():
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(20, 20, found=0)])
    tracker.update(frame, stamp=0.0)
    track_id = tracker.follow(frame.prompt(points=[(80, 80)]))
    for k in range(1, 5):
        frame = SceneFrame([Thing(20, 20)])
        track, = tracker.update(frame, stamp=0.1 * k)
    assert track.track_id == track_id and track.segment_id == 1 and len(tracker.tracks) == 1


@pytest.mark.parametrize("clicked_at, seen_at", [(5.0, 5.1), (None, 5.1), (None, 1.7e9), (1.7e9, 1.7e9 + 0.1)])
def test_follow__before_any_frame__is_a_track_all_the_same(clicked_at, seen_at):
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(20, 20)])
    track_id = tracker.follow(frame.prompt(points=[(80, 80)]), stamp=clicked_at)
    track, = tracker.update(frame, stamp=seen_at)
    assert (track.track_id, track.class_name, track.state) == (track_id, "cup", TrackState.CONFIRMED)


def test_follow__no_class__has_none():
    tracker = Tracker(LABELS)
    mask = square(20, 20).repeat(4, 0).repeat(4, 1)
    tracker.follow(PromptResult(mask, 0.5, Roi.of_mask(mask)))
    track, = tracker.tracks
    assert (track.class_id, track.class_name) == (-1, "")


def test_follow__an_empty_mask__is_refused():
    with pytest.raises(TrackError, match="no object"):
        Tracker(LABELS).follow(PromptResult(np.zeros(IMAGE, bool), 0.1, Roi(0, 0, 0, 0)))


def test_follow__a_speck_smaller_than_a_cell__is_followed():
    tracker = Tracker(LABELS)
    mask = np.zeros(IMAGE, bool)
    mask[80, 81] = True
    assert tracker.follow(PromptResult(mask, 0.5, Roi.of_mask(mask))) == 1


def test_remove__a_track_that_is_followed__is_not_asked_for_any_more():
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(20, 20, found=0)])
    tracker.update(frame, stamp=0.0)
    track_id = tracker.follow(frame.prompt(points=[(80, 80)]))
    assert tracker.remove(track_id)
    frame = SceneFrame([Thing(20, 20, found=0)])
    assert tracker.update(frame, stamp=0.1) == () and frame.asked == []
    assert tracker.follow(frame.prompt(points=[(80, 80)])) == track_id + 1


@pytest.mark.parametrize("first, then, kept", [(0.8, 0.55, True), (0.8, 0.35, False), (1.0, 0.45, False), (0.3, 0.2, True), (0.3, 0.1, False)])
def test_follow__an_answer_is_judged_by_how_sure_the_click_was(first, then, kept):
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(20, 20, found=0)], score=first)
    tracker.update(frame, stamp=0.0)
    tracker.follow(frame.prompt(points=[(80, 80)]))
    frame = SceneFrame([Thing(21, 20, found=0)], score=then)
    track, = tracker.update(frame, stamp=0.1)
    assert (track.frames_since_seen == 0) is kept


def test_update__a_stale_frame__is_not_prompted():
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(20, 20, found=0)])
    tracker.update(frame, stamp=1.0)
    tracker.follow(frame.prompt(points=[(80, 80)]))
    late = SceneFrame([Thing(30, 30, found=0)])
    tracker.update(late, stamp=0.9)
    assert late.asked == []


def test_update__many_followed_objects__asks_for_a_bounded_number():
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(5 + 6 * (k % 10), 6 + 12 * (k // 10), k, found=0, side=4) for k in range(30)])
    tracker.update(frame, stamp=0.0)
    for thing in frame.things:
        tracker.follow(frame.prompt(points=[(4 * thing.x, 4 * thing.y)]))
    later = SceneFrame(frame.things)
    tracker.update(later, stamp=0.1)
    prompt, = later.asked  # one run of the network for all of them
    assert len(tracker.tracks) == 30 and 30 <= len(prompt.points) + len(prompt.boxes) <= 40
    assert sum(track.frames_since_seen == 0 for track in tracker.tracks) == 20


def test_follow__found_by_the_network_after_a_long_while__is_known_again_by_its_looks():
    tracker = Tracker(LABELS)
    frame = SceneFrame([Thing(20, 20, found=0)])
    tracker.update(frame, stamp=0.0)
    track_id = tracker.follow(frame.prompt(points=[(80, 80)]))
    for k in range(1, 50):  # by its prompt, then by its query
        tracker.update(SceneFrame([Thing(20, 20, found=0 if k < 40 else 0.9)]), stamp=0.1 * k)
    tracker.update(SceneFrame([]), stamp=5.0)
    for k in range(3):
        tracks = tracker.update(SceneFrame([Thing(40, 30)]), stamp=7 + 0.1 * k)
    assert [(t.track_id, t.state) for t in tracks] == [(track_id, TrackState.CONFIRMED)]


def test_update__a_lost_track__is_none_of_the_new_frames_segments():
    tracker = Tracker(LABELS)
    for k in range(4):
        tracker.update(SceneFrame([Thing(15, 20, 1), Thing(45, 20, 2)], k / 10))
    frame = SceneFrame([Thing(45, 20, 2)], 0.4)
    lost, seen = tracker.update(frame)
    assert (lost.state, lost.segment_id, seen.segment_id) == (TrackState.LOST, 0, 1)
    assert [s.track_id for s in with_track_ids(frame.panoptic(), (seen, lost)).segments] == [2, 0]


def test_detections_of__depth_of_nought_is_unknown():
    frame = SceneFrame([Thing(20, 20)])
    depth = np.full(IMAGE, 2.0, np.float32)
    depth[:, :88] = 0  # the larger part of it
    assert detections_of(frame, LABELS.is_thing(), depth).depths.tolist() == [2.0]


def test_detections_of__all_in_the_map_may_begin_tracks_and_nothing_beside_it(monkeypatch):
    frame = SceneFrame([Thing(20, 20, 1, found=0.6), Thing(45, 20, 2, found=0.9)])
    whole = frame.panoptic()
    one = replace(whole.segments[0], score=0.3)
    monkeypatch.setattr(frame, "panoptic", lambda: PanopticResult(np.where(whole.segment_ids == 1, 1, 0).astype(np.uint16), (one,), LABELS))
    assert (detections_of(frame, LABELS.is_thing()).scores >= BIRTH_SCORE).tolist() == [True, False]


def test_detections_of__what_the_filter_leaves_out_is_no_unsure_object_either():
    things = [Thing(15, 20, 1, kind=0, found=0.3), Thing(45, 20, 2, kind=1, found=0.3)]
    assert detections_of(SceneFrame(things), LABELS.is_thing()).class_ids.tolist() == [0, 1]
    assert detections_of(SceneFrame(things, allowed=np.array([False, True, True])), LABELS.is_thing()).class_ids.tolist() == [1]


@pytest.mark.parametrize("depth", [np.ones((3, 4), np.float32), np.full(IMAGE, 1500, np.uint16)])
def test_detections_of__depth_of_another_size_or_in_millimetres__is_refused(depth):
    frame = SceneFrame([Thing(20, 20)])
    with pytest.raises(TrackError, match="The depth is .*; metres as floats, of the image's"):
        detections_of(frame, LABELS.is_thing(), depth)
