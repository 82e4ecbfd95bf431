"""Tests a tracker on input that is invalid, late, endless or from another model."""
from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from tracking_scenes import IMAGE, LABELS, objects, query, run, square

from rmpsam_ros.errors import TrackError
from rmpsam_ros.tracking import Detections, Tracker
from rmpsam_ros.types import LabelSet


@pytest.mark.parametrize("name, value", [("max_age", -1), ("max_age", float("nan")), ("max_age", float("inf")), ("min_hits", 0), ("min_hits", 1.5)])
def test_options__out_of_range__are_refused_and_change_nothing(name, value):
    tracker = Tracker(LABELS)
    with pytest.raises(TrackError, match=name):
        setattr(tracker, name, value)
    with pytest.raises(TrackError, match=name):
        Tracker(LABELS, **{name: value})
    assert (tracker.max_age, tracker.min_hits) == (10, 3)


def test_update__duplicate_or_late_stamp__changes_nothing():
    tracker = Tracker(LABELS)
    before = run(tracker, [objects({"x": 20, "y": 20})] * 4)
    elsewhere = objects({"x": 50, "y": 40, "name": 4})
    assert tracker.update_detections(elsewhere, 0.3) is before
    assert tracker.update_detections(elsewhere, 0.15) is before
    assert tracker.update_detections(objects({"x": 20, "y": 20}), 0.4)[0].age == 5


def test_update__the_clock_began_anew__forgets_all_and_reuses_no_id():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20})] * 4, start=1000)
    tracks = tracker.update_detections(objects({"x": 20, "y": 20}), 3.0)
    assert [(track.track_id, track.age) for track in tracks] == [(2, 1)]


def test_update__a_jump_ahead__forgets_what_is_too_old():
    tracker = Tracker(LABELS, max_age=5)
    run(tracker, [objects({"x": 20, "y": 20})] * 4)
    assert [track.track_id for track in tracker.update_detections(objects({"x": 20, "y": 20}), 1e6)] == [2]


def bad_rows() -> Detections:
    """A good object among: NaN score, NaN query, infinite query, zero query, stuff, unknown classes, an empty mask."""
    nan = query(1).copy()
    nan[3] = np.nan
    good = objects(
        {"x": 20, "y": 20}, {"x": 40, "y": 20, "score": np.nan}, {"x": 40, "y": 20, "query": nan},
        {"x": 40, "y": 20, "query": np.full(16, np.inf)}, {"x": 40, "y": 20, "query": np.zeros(16)},
        {"x": 40, "y": 20, "kind": 2}, {"x": 40, "y": 20, "kind": 3}, {"x": 40, "y": 20, "kind": -1}, {"x": 40, "y": 40, "name": 7},
    )
    good.masks[8] = False
    return good


def test_update__rows_that_cannot_be_followed__are_passed_over():
    tracker = Tracker(LABELS)
    with np.errstate(all="raise", over="ignore"):
        tracks = run(tracker, [bad_rows()] * 4)
    assert len(tracks) == 1 and tracker.assignment.tolist() == [1] + [0] * 8


def test_update__only_bad_rows__is_an_empty_frame():
    assert run(Tracker(LABELS), [bad_rows().take(np.arange(1, 9))] * 3) == ()


@pytest.mark.parametrize("change, words", [
    ({"queries": np.ones((2, 16))}, "queries"), ({"scores": np.ones(3)}, "scores"), ({"class_ids": np.ones((1, 1))}, "class_ids"),
    ({"masks": np.ones((1, 4), bool)}, "masks"), ({"masks": np.ones((1, 0, 4), bool)}, "masks"),
    ({"masks": np.ones((1, 4, 0), bool)}, "masks"), ({"depths": np.ones(2)}, "depths"), ({"image_size": (0, 5)}, "image_size"),
    ({"queries": np.ones(16)}, "queries"), ({"queries": np.ones(1)}, "queries"),
])
def test_update__shapes_that_disagree__is_one_clear_sentence(change, words):
    good = objects({"x": 20, "y": 20})
    bad = Detections(**{**{name: getattr(good, name) for name in ("class_ids", "scores", "queries", "masks")}, **change})
    with pytest.raises(TrackError, match=words) as error:
        Tracker(LABELS).update_detections(bad)
    assert "expected" in str(error.value) and "\n" not in str(error.value)


def test_update__queries_of_another_model__asks_for_a_reset():
    tracker = Tracker(LABELS)
    run(tracker, [objects({"x": 20, "y": 20})])
    other = Detections(np.array([0]), np.array([0.9]), np.ones((1, 8)), square(20, 20)[None], image_size=IMAGE)
    with pytest.raises(TrackError, match="reset"):
        tracker.update_detections(other, 1.0)
    tracker.reset()
    assert len(tracker.update_detections(other, 1.0)) == 1


def test_update__hundreds_of_frames_of_chaos__memory_stays_flat():
    rng = np.random.default_rng(0)
    tracker = Tracker(LABELS, max_age=3)
    held = []
    tracemalloc.start()  # memory held by Python and numpy, regardless of the rest of the process
    for k in range(500):
        rows = [{"x": rng.uniform(5, 60), "y": rng.uniform(5, 44), "side": int(rng.integers(4, 14)), "query": rng.normal(size=16)}
                for _ in range(rng.integers(0, 5))]
        tracker.update_detections(objects(*rows), k * 0.2)
        if k % 50 == 49:
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(held[5:]) - max(held[:5]) < 250_000, held  # one leaked mask per frame would be 750 kB
    assert len(tracker.tracks) < 100 and tracker.tracks[-1].track_id > 300


def test_update__masks_that_the_caller_uses_again__are_not_the_tracks():
    tracker, given = Tracker(LABELS), objects({"x": 20, "y": 20})
    track, = tracker.update_detections(given, 0.0)
    given.masks[:] = False
    assert track.mask.sum() == 40 * 40 - 4


def test_update__no_class__is_passed_over_where_all_classes_are_things():
    things = LabelSet("things", LABELS.classes[:2])
    assert Tracker(things).update_detections(objects({"x": 20, "y": 20, "kind": -1}), 0.0) == ()
