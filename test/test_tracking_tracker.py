"""Tests the tracker's behaviour on scenes small enough to verify by hand."""
from __future__ import annotations

import numpy as np
import pytest
from tracking_scenes import DT, LABELS, objects, run

from rmpsam_ros.errors import TrackError
from rmpsam_ros.tracking import Tracker
from rmpsam_ros.types import TrackState


def test_update__an_object_that_stays__is_tentative_then_confirmed_under_one_id():
    tracker = Tracker(LABELS, min_hits=3)
    states = [tracker.update_detections(objects({"x": 20, "y": 20}), k * DT)[0] for k in range(4)]
    assert [track.state for track in states] == [TrackState.TENTATIVE] * 2 + [TrackState.CONFIRMED] * 2
    assert {track.track_id for track in states} == {1} and [track.age for track in states] == [1, 2, 3, 4]
    assert states[-1].class_name == "cup" and states[-1].score == pytest.approx(0.9)


def test_update__an_object__is_reported_in_pixels_of_the_source():
    track, = run(Tracker(LABELS), [objects({"x": 20, "y": 15, "side": 10})])
    assert (track.roi.x, track.roi.y, track.roi.width, track.roi.height) == (60, 40, 40, 40)
    assert track.mask.shape == (40, 40) and track.mask.dtype == bool
    assert track.mask.sum() == 40 * 40 - 4 and not track.mask[[0, 0, -1, -1], [0, -1, 0, -1]].any()  # of a square of cells, the corners


@pytest.mark.parametrize("seconds, known", [(0.5, True), (1.0, True), (3.0, True), (9.0, True), (11.0, False)])
def test_update__an_object_that_was_away__comes_back_under_its_id_while_it_is_remembered(seconds, known):
    tracker = Tracker(LABELS, max_age=10)
    scene = objects({"x": 20, "y": 20, "name": 1}, {"x": 45, "y": 30, "name": 2, "kind": 1})
    run(tracker, [scene] * 5)
    tracker.update_detections(objects({"x": 45, "y": 30, "name": 2, "kind": 1}), 0.5)
    assert [track.state for track in tracker.tracks] == [TrackState.LOST, TrackState.CONFIRMED]
    other = objects({"x": 45, "y": 30, "name": 2, "kind": 1})
    for t in np.arange(0.6, 0.35 + seconds, 0.4):
        tracker.update_detections(other, t)
    tracks = run(tracker, [scene] * 4, start=0.4 + seconds)
    assert tracker.assignment.tolist() == ([1, 2] if known else [3, 2])
    assert all(track.state == TrackState.CONFIRMED for track in tracks)


def test_update__a_lost_track__keeps_its_mask_and_its_score_falls():
    tracker = Tracker(LABELS, max_age=2)
    seen, = run(tracker, [objects({"x": 20, "y": 20})] * 5)
    scores = []
    for k in range(6, 24, 4):
        lost, = tracker.update_detections(objects(), k * DT)
        scores.append(lost.score)
        assert lost.state == TrackState.LOST and lost.roi == seen.roi and np.array_equal(lost.mask, seen.mask)
    assert seen.score > scores[0] and scores == sorted(scores, reverse=True) and lost.frames_since_seen == 5
    assert tracker.update_detections(objects(), 2.5) == ()


def test_update__two_alike_that_cross__keep_their_ids_by_their_motion():
    tracker = Tracker(LABELS)
    for k in range(30):
        tracker.update_detections(objects({"x": 8 + 1.6 * k, "y": 20, "name": 1}, {"x": 56 - 1.6 * k, "y": 24, "name": 1}), k * DT)
    assert tracker.assignment.tolist() == [1, 2] and len(tracker.tracks) == 2


def test_update__an_unsure_detection__takes_no_track_from_a_sure_one():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20, "name": 1})] * 5)
    # The confident one has moved and looks slightly different; the uncertain one, a part of it, is exactly where the track was.
    tracker.update_detections(objects({"x": 23, "y": 20, "name": 1, "score": 0.9},
                                      {"x": 20, "y": 20, "side": 9, "name": 1, "score": 0.3}), 0.5)
    assert tracker.assignment.tolist() == [1, 0] and len(tracker.tracks) == 1


@pytest.mark.parametrize("name, continues", [(1, True), (2, False)])
def test_update__an_unsure_detection_alone__continues_a_track_only_if_it_looks_like_it(name, continues):
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20, "name": 1}, {"x": 50, "y": 30, "name": 3})] * 8)
    tracker.update_detections(objects({"x": 22, "y": 21, "side": 6, "name": name, "kind": 1 if name == 2 else 0, "score": 0.3},
                                      {"x": 50, "y": 30, "name": 3}), 0.8)
    assert tracker.assignment.tolist() == [1 if continues else 0, 2]


def test_update__two_unlike_that_change_places_while_away__keep_their_ids_by_their_looks():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 12, "y": 20, "name": 1}, {"x": 50, "y": 20, "name": 2})] * 10)
    run(tracker, [objects({"x": 12, "y": 20, "name": 2}, {"x": 50, "y": 20, "name": 1})] * 5, start=4)
    assert tracker.assignment.tolist() == [2, 1]


@pytest.mark.parametrize("count", [3, 5])
def test_update__the_camera_jerks__ids_stay(count):
    tracker = Tracker(LABELS)
    places = [(10, 10), (30, 12), (48, 30), (20, 34), (40, 18)][:count]
    alike = [{"x": x, "y": y, "side": 6, "name": 1} for x, y in places]  # as alike as can be: 20 cells to the next one
    run(tracker, [objects(*alike)] * 6)
    run(tracker, [objects(*({**row, "x": row["x"] + 10, "y": row["y"] + 5} for row in alike))] * 2, start=0.6)
    assert tracker.assignment.tolist() == list(range(1, count + 1))


def test_update__depth_given__tells_two_alike_apart():
    tracker = Tracker(LABELS)
    for k in range(6):
        tracker.update_detections(objects({"x": 20, "y": 20}, {"x": 44, "y": 20}, depths=[1.0, 4.0]), k * DT)
    back = objects({"x": 30, "y": 20}, {"x": 34, "y": 40}, depths=[4.0, 1.0])
    tracks = tracker.update_detections(back, 1.4)
    assert tracker.assignment.tolist() == [2, 1]
    assert [track.depth for track in tracks] == [1.0, 4.0]


def test_update__an_unsure_object__continues_a_track_but_begins_none():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20})] * 4)
    tracks = tracker.update_detections(objects({"x": 20, "y": 20, "score": 0.2}, {"x": 50, "y": 20, "score": 0.3, "name": 5}), 0.5)
    assert tracker.assignment.tolist() == [1, 0] and len(tracks) == 1


def test_update__an_object_found_twice__is_one_track():
    tracks = run(Tracker(LABELS), [objects({"x": 20, "y": 20, "score": 0.7}, {"x": 20, "y": 21, "kind": 1, "name": 3})] * 4)
    assert [track.class_name for track in tracks] == ["box"]


def test_update__two_that_share_most_of_their_masks__are_two():
    tracks = run(Tracker(LABELS), [objects({"x": 20, "y": 20, "name": 1}, {"x": 22, "y": 20, "name": 3})] * 4)  # IoU 0.67
    assert len(tracks) == 2


def test_update__a_class_that_flickers__is_reported_as_the_usual_one():
    tracker = Tracker(LABELS)
    for k in range(12):
        track, = tracker.update_detections(objects({"x": 20, "y": 20, "kind": int(k % 4 == 3)}), k * DT)
    assert track.track_id == 1 and track.class_name == "cup"


def test_update__frames_at_uneven_times__ids_stay():
    tracker = Tracker(LABELS)
    for t in (0, 0.1, 0.2, 0.3, 0.8, 0.9, 1.9, 2.0, 2.03):
        tracker.update_detections(objects({"x": 10 + 15 * t, "y": 20, "name": 1}, {"x": 10 + 15 * t, "y": 36, "name": 1}), t)
    assert tracker.assignment.tolist() == [1, 2]


def test_min_hits__one__confirms_at_once():
    track, = Tracker(LABELS, min_hits=1).update_detections(objects({"x": 20, "y": 20}), 0)
    assert track.state == TrackState.CONFIRMED


def test_used__says_whether_the_tracks_are_of_this_frame():
    tracker = Tracker(LABELS)
    for stamp, used in ((1.0, True), (1.0, False), (0.5, False), (1.1, True), (-9.0, True)):
        tracker.update_detections(objects({"x": 20, "y": 20}), stamp)
        assert tracker.used is used


def test_next_id__goes_on_from_another_tracker():
    tracker = Tracker(LABELS, min_hits=1)
    tracker.next_id = 41
    track, = tracker.update_detections(objects({"x": 20, "y": 20}), 0.0)
    assert track.track_id == 41 and tracker.next_id == 42
    with pytest.raises(TrackError, match="only before the first frame"):
        tracker.next_id = 7


def test_min_hits__lowered_while_a_track_is_out_of_sight__confirms_it_when_it_is_seen():
    tracker = Tracker(LABELS, min_hits=5)
    tracker.update_detections(objects({"x": 20, "y": 20}), 0.0)
    tracker.update_detections(objects({"x": 20, "y": 20}), 0.1)
    tracker.min_hits = 1
    track, = tracker.update_detections(objects(), 0.2)
    assert track.state == TrackState.TENTATIVE
    track, = tracker.update_detections(objects({"x": 20, "y": 20}), 0.3)
    assert track.state == TrackState.CONFIRMED


def test_update__the_image_turns_upright__what_is_lost_keeps_a_mask_within_it():
    tracker = Tracker(LABELS, min_hits=1)
    edge = {"x": 62, "y": 46, "side": 4}
    tracker.update_detections(objects(edge, {"x": 20, "y": 20, "side": 2, "name": 1}), 0.0)
    for k in range(1, 4):
        tracks = tracker.update_detections(objects(grid=(64, 20), image=(1280, 400)), 0.1 * k)
        assert len(tracks) == 2
        for track in tracks:
            roi = track.roi
            assert 0 <= roi.x and roi.x + roi.width <= 400 and 0 <= roi.y and roi.y + roi.height <= 1280
            assert track.mask.shape == (roi.height, roi.width) and track.mask.any()


def test_reset__ids__go_on():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20})] * 4)
    tracker.reset()
    assert tracker.tracks == ()
    assert [track.track_id for track in run(tracker, [objects({"x": 20, "y": 20})])] == [2]


def test_remove__a_track__is_gone_and_its_object_gets_a_new_id():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20}, {"x": 50, "y": 30, "name": 2})] * 4)
    assert tracker.remove(1) and not tracker.remove(1) and not tracker.remove(99)
    assert [track.track_id for track in tracker.tracks] == [2] and tracker.assignment.tolist() == [0, 2]
    tracker.update_detections(objects({"x": 20, "y": 20}, {"x": 50, "y": 30, "name": 2}), 0.5)
    assert tracker.assignment.tolist() == [3, 2]


def test_remove__before_the_first_frame__is_false():
    assert not Tracker(LABELS).remove(1)


@pytest.mark.parametrize("grid, image", [((96, 128), (384, 512)), ((24, 32), (96, 128)), ((48, 64), (960, 1280)), ((48, 85), (192, 340))])
def test_update__the_resolution_changes__ids_stay(grid, image):
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20, "name": 1}, {"x": 40, "y": 30, "name": 1})] * 5)
    x, y = grid[1] / 64, grid[0] / 48
    changed = objects({"x": 20 * x, "y": 20 * y, "side": round(10 * x), "name": 1},
                      {"x": 40 * x, "y": 30 * y, "side": round(10 * x), "name": 1}, grid=grid, image=image)
    tracks = run(tracker, [changed] * 2, start=0.5)
    assert tracker.assignment.tolist() == [1, 2]
    assert all(track.roi.x + track.roi.width <= image[1] for track in tracks)


def test_update__nothing_for_minutes__forgets_all_and_goes_on():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20})] * 4)
    assert run(tracker, [objects()] * 600, start=1, dt=0.5) == ()
    assert [track.track_id for track in run(tracker, [objects({"x": 20, "y": 20})], start=400)] == [2]


def test_update__a_hundred_objects__are_a_hundred_tracks():
    places = [{"x": 4 + 6 * (k % 10), "y": 3 + 4.5 * (k // 10), "side": 3, "name": k} for k in range(100)]
    tracker = Tracker(LABELS)
    run(tracker, [objects(*places)] * 4)
    assert sorted(tracker.assignment.tolist()) == list(range(1, 101))


def test_update__depth_that_is_unknown_for_a_moment__is_that_of_before():
    tracker = Tracker(LABELS)
    tracker.update_detections(objects({"x": 20, "y": 20}, depths=[1.5]), 0.0)
    assert tracker.update_detections(objects({"x": 20, "y": 20}, depths=[float("nan")]), 0.1)[0].depth == 1.5


def test_update__an_object_that_has_become_another_kind__is_reported_so_in_time():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20, "kind": 0})] * 150)
    tracks = run(tracker, [objects({"x": 20, "y": 20, "kind": 1})] * 75, start=15.0)
    assert [(track.track_id, track.class_name) for track in tracks] == [(1, "box")]


def test_update__a_camera_slower_than_what_is_remembered__keeps_its_ids():
    tracker = Tracker(LABELS, max_age=0.5)
    tracks = run(tracker, [objects({"x": 20, "y": 20})] * 5, dt=2.0)
    assert [(track.track_id, track.state) for track in tracks] == [(1, TrackState.CONFIRMED)]


def test_update__a_glimpse__is_forgotten_soon_and_a_known_object_is_not():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20, "name": 1})] * 4)
    tracker.update_detections(objects({"x": 20, "y": 20, "name": 1}, {"x": 50, "y": 35, "name": 2}), 0.4)
    tracks = run(tracker, [objects()] * 8, start=0.5)
    assert [track.track_id for track in tracks] == [1]
