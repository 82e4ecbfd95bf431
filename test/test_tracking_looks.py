"""Tests the appearance of clicked objects, and where they are looked for and prompted."""
from __future__ import annotations

import numpy as np
import pytest
from scene_frames import SceneFrame, Thing
from tracking_scenes import GRID, square

from rmpsam_ros.tracking.candidates import Agreement, displacement, overlaps, peaks, points_inside, regions
from rmpsam_ros.tracking.grid import Grid
from rmpsam_ros.tracking.target import Surroundings, Target


def likeness(learnt: SceneFrame, shown: SceneFrame) -> np.ndarray:
    """Similarity of the first thing of one frame to those in another."""
    surroundings = Surroundings()
    surroundings.see(learnt.features)
    thing = learnt.things[0]
    target = Target(learnt.features, square(thing.x, thing.y, thing.side), surroundings)
    surroundings.see(shown.features)
    return target.likeness(shown.features, surroundings)


def test_likeness__in_a_later_frame__is_high_on_the_object_and_on_no_other():
    values = likeness(SceneFrame([Thing(20, 20), Thing(45, 20, 1)]), SceneFrame([Thing(35, 30), Thing(10, 10, 1), Thing(55, 10, 2)]))
    own = square(35, 30)
    assert values[own].mean() > 0.8 and values[~own].mean() < -0.8
    assert values[square(10, 10)].mean() < -0.8 and values[square(55, 10)].mean() < 0


def test_likeness__features_that_do_not_vary__is_finite():
    surroundings = Surroundings()
    flat = np.ones((4, 6, 8), np.float32)
    surroundings.see(flat)
    target = Target(flat, np.ones((6, 8), bool), surroundings)
    assert np.isfinite(target.likeness(flat, surroundings)).all()


def test_target__learns__how_its_object_changes():
    surroundings = Surroundings()
    first, later = SceneFrame([Thing(20, 20)]), SceneFrame([Thing(20, 20, 1)])
    surroundings.see(first.features)
    target = Target(first.features, square(20, 20), surroundings)
    before = target.likeness(later.features, surroundings)[square(20, 20)].mean()
    for _ in range(20):
        surroundings.see(later.features)
        target.learn(later.features, square(20, 20), surroundings)
    assert target.likeness(later.features, surroundings)[square(20, 20)].mean() > before + 0.3


def test_points_inside__lie_inside_and_apart():
    mask = np.zeros((30, 40), bool)
    mask[5:25, 3:37] = True
    points = points_inside(mask, 5).astype(int)
    assert points.shape == (5, 2) and mask[points[:, 1], points[:, 0]].all()
    distances = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    assert distances[~np.eye(5, dtype=bool)].min() > 5
    assert points_inside(np.ones((1, 1), bool), 5).tolist() == [[0, 0]]


@pytest.mark.parametrize("shift", [(0, 0), (4, -3), (-6, 5)])
def test_displacement__is_where_the_likeness_went(shift):
    moved = np.where(square(25 + shift[0], 25 + shift[1]), 1.0, -1.0).astype(np.float32)
    assert displacement(moved, np.ones((10, 10), bool), np.array([20, 20])).tolist() == list(shift)


def test_displacement__nothing_is_like_it__stays():
    assert displacement(np.full(GRID, -1, np.float32), np.ones((10, 10), bool), np.array([0, 38])).tolist() == [0, 0]


def test_peaks__are_the_places_of_what_is_alike():
    values = np.full(GRID, -1, np.float32)
    values[square(15, 15)], values[square(50, 35)] = 1.0, 0.8
    (first, second) = peaks(values, 10, 3)
    assert np.hypot(*(first - (15, 15))) < 4 and np.hypot(*(second - (50, 35))) < 4


def test_regions__keeps_the_one_that_was_pointed_at():
    logits = np.where(square(15, 15) | square(50, 35), 2.0, -2.0).astype(np.float32)[None].repeat(3, 0)
    first, none, whole = regions(logits, [(15, 15), (30, 25), None])
    assert np.array_equal(first, square(15, 15)) and np.array_equal(none, logits[1] > 0) and np.array_equal(whole, logits[2] > 0)


def test_agreement__the_object_itself__beats_parts_groups_and_neighbours():
    values = np.where(square(30, 24), 0.6, -0.6).astype(np.float32)
    masks = np.array([square(30, 20, 5), square(30, 24, 20), square(41, 24), np.zeros(GRID, bool), square(31, 24)])
    agreement = Agreement.of(masks, square(30, 24), values, 100)
    assert agreement.total.argmax() == 4 and agreement.margin[4] > 0.9 and agreement.margin[2] < 0.1
    assert agreement.growth[3] == -np.inf and overlaps(masks, square(31, 24))[4] == 1


def test_downsample__smaller_than_a_cell__keeps_one():
    mask = np.zeros((40, 60), bool)
    mask[17, 33] = True
    cells = Grid((10, 15), (40, 60)).downsample(mask)
    assert np.argwhere(cells).tolist() == [[4, 8]]
