"""Tests the life cycle of tracks: re-identification after a first sighting, growing sizes, and how many are kept."""
from __future__ import annotations

import weakref

import numpy as np
import pytest
from scene_frames import SceneFrame, Thing
from tracking_scenes import LABELS, objects, query, run

from rmpsam_ros.tracking import Tracker, lifecycle
from rmpsam_ros.types import TrackState

OTHER = {"x": 10, "y": 40, "name": 2, "kind": 1}


def came_back(min_hits: int = 3) -> Tracker:
    """A tracker whose first object reappears after two seconds, seen once so far: a small part of it, classified differently."""
    tracker = Tracker(LABELS, min_hits=min_hits)
    run(tracker, [objects({"x": 20, "y": 20, "name": 1}, OTHER)] * 10)
    run(tracker, [objects(OTHER)] * 20, start=1.0)
    tracker.update_detections(objects({"x": 44, "y": 36, "name": 1, "side": 4, "kind": 1}, OTHER), 3.0)
    assert tracker.assignment.tolist() == [3, 2]
    return tracker


def test_update__known_again_only_when_it_is_confirmed__has_its_old_id_in_that_very_frame():
    tracker, whole = came_back(), objects({"x": 44, "y": 36, "name": 1}, OTHER)
    tracks = tracker.update_detections(whole, 3.1)
    assert tracker.assignment.tolist() == [3, 2] and [t.track_id for t in tracks] == [1, 2, 3]
    tracks = tracker.update_detections(whole, 3.2)
    assert tracker.assignment.tolist() == [1, 2] and [t.track_id for t in tracks] == [1, 2]
    assert [t.state for t in tracks] == [TrackState.CONFIRMED] * 2 and tracks[0].roi.x == 4 * 39
    assert tracks[0].frames_since_seen == 0 and tracks[0].age == 33 and tracker._lives.table.hits[0] == 10 + 3
    tracker.update_detections(whole, 3.3)
    assert tracker.assignment.tolist() == [1, 2] and tracker.next_id == 4


@pytest.mark.parametrize("change", [{"name": 7}, {"kind": 1, "side": 3}])
def test_update__confirmed_and_like_nobody_who_was_lost__keeps_its_own_id(change):
    tracker = came_back()
    tracks = run(tracker, [objects({"x": 44, "y": 36, "name": 1, "side": 4, "kind": 1, **change}, OTHER)] * 3, start=3.1)
    assert tracker.assignment.tolist()[1] == 2 and tracker.assignment[0] >= 3
    assert next(t for t in tracks if t.track_id == 1).state == TrackState.LOST


def test_update__an_object_that_grows__is_seen_to_at_once_and_one_that_shrinks_may_be_covered():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20, "side": 10})] * 4)
    table = tracker._lives.table
    assert (table.size[0], table.reach[0]) == (10, 10)
    for stamp, side, expected in ((0.4, 14, 10 + 0.3 * 4), (0.5, 8, 11.2 - 0.05 * 3.2)):
        tracker.update_detections(objects({"x": 20, "y": 20, "side": side}), stamp)
        assert (table.size[0], table.reach[0]) == pytest.approx((expected, expected))


def test_update__more_tracks_than_are_kept__the_longest_unseen_go(monkeypatch):
    monkeypatch.setattr(lifecycle, "MOST_TRACKS", 4)
    tracker = Tracker(LABELS, min_hits=1)
    rows = [{"x": 8 + 10 * k, "y": 10 + 4 * k, "side": 6, "query": np.eye(16)[k]} for k in range(6)]
    for k in range(6):  # one object per frame, with its own position and appearance
        tracks = tracker.update_detections(objects(rows[k]), 0.1 * k)
        assert tracker.assignment.tolist() == [k + 1]
    assert [t.track_id for t in tracks] == [3, 4, 5, 6]
    tracker.update_detections(objects(rows[2]), 0.6)
    assert tracker.assignment.tolist() == [3]
    tracks = tracker.update_detections(objects({"x": 50, "y": 8, "side": 6, "query": np.eye(16)[9]}), 0.7)
    assert [t.track_id for t in tracks] == [3, 5, 6, 7]


def test_update__a_new_resolution_of_the_images__what_is_lost_is_where_it_was():
    tracker, grid = Tracker(LABELS, min_hits=1), (48, 64)
    before, = tracker.update_detections(objects({"x": 20, "y": 20}), 0.0)
    for k, (height, width) in enumerate(((384, 512), (96, 512), (192, 256)), start=1):
        track, = tracker.update_detections(objects(image=(height, width), grid=grid), 0.1 * k)
        x, y = width / 256, height / 192
        assert (track.roi.x, track.roi.y, track.roi.width, track.roi.height) == (60 * x, 60 * y, 40 * x, 40 * y)
        assert track.mask.shape == (40 * y, 40 * x) and track.mask.mean() == pytest.approx(before.mask.mean(), abs=0.02)


def test_update__a_new_grid_over_the_same_image__masks_of_what_is_lost_are_left_alone():
    tracker = Tracker(LABELS, min_hits=1)
    before, = tracker.update_detections(objects({"x": 20, "y": 20}), 0.0)
    after, = tracker.update_detections(objects(grid=(24, 32)), 0.1)
    assert after.mask is before.mask and after.roi == before.roi


def test_remove__a_clicked_track__lets_go_of_what_is_known_of_it_at_once():
    tracker, frame = Tracker(LABELS), SceneFrame([Thing(20, 20, found=0), Thing(45, 20, 1, found=0)])
    tracker.update(frame, stamp=0.0)
    ids = [tracker.follow(frame.prompt(points=[(4 * thing.x, 80)]), frame=frame) for thing in frame.things]
    gone, kept = (weakref.ref(tracker._keeper._memories[track_id]) for track_id in ids)
    assert tracker.remove(ids[0])
    assert gone() is None and kept() is not None


def test_begin__the_query_of_an_object__is_what_it_looks_like():
    tracker = Tracker(LABELS)
    tracker.update_detections(objects({"x": 20, "y": 20, "name": 4}), 0.0)
    table, unit = tracker._lives.table, query(4) / np.linalg.norm(query(4))
    assert np.allclose(table.prototypes[0, :2], unit, atol=1e-6) and table.counts[0].tolist() == [1, 1, 0, 0, 0, 0]
