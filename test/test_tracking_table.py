"""Tests the columns of tracks: what happens if the grid or the image changes, and if one track continues at another's place."""
from __future__ import annotations

import numpy as np
import pytest
from tracking_scenes import GRID, objects

from rmpsam_ros.tracking import association
from rmpsam_ros.tracking.association import Observation
from rmpsam_ros.tracking.table import Look, TrackTable
from rmpsam_ros.types import Roi, TrackState


def look_of(patch: np.ndarray, roi: Roi = Roi(0, 0, 1, 1), segment_id: int = 0) -> Look:
    return Look(patch, roi, segment_id, lambda: np.ones((roi.height, roi.width), bool))


def table_of(n: int, **columns) -> TrackTable:
    """Tracks with IDs from 1, each with a 10x6-cell mask starting at (20, 12) unless given otherwise."""
    table = TrackTable(3, 16)
    columns = {"id": np.arange(1, n + 1), "position": (25, 15), "size": 8, "reach": 10, "origin": (20, 12), "extent": (10, 6), "shown": 60, **columns}
    table.append(n, **columns)
    for row in range(n):
        table.look[row] = look_of(np.ones((6, 10), bool))
    return table


@pytest.mark.parametrize("x, y", [(2.0, 2.0), (0.5, 0.5), (2.0, 1.0), (0.5, 1.0)])
def test_rescale__all_that_is_in_cells__is_in_new_cells(x, y):
    table = table_of(2, velocity=(4, -2), covariance=(3, 0.5, 7))
    size = round(GRID[0] * y), round(GRID[1] * x)
    table.rescale(x, y, size)
    assert table.position.tolist() == [[25 * x, 15 * y]] * 2 and table.velocity.tolist() == [[4 * x, -2 * y]] * 2
    factor = max(x, y) ** 2  # x and y share a variance: the larger one is the safe choice
    assert table.covariance.tolist() == [[3 * factor, 0.5 * factor, 7 * factor]] * 2
    assert table.size == pytest.approx(8 * np.sqrt(x * y)) and table.reach == pytest.approx(10 * np.sqrt(x * y))
    assert table.origin.tolist() == [[20 * x, 12 * y]] * 2 and table.extent.tolist() == [[10 * x, 6 * y]] * 2
    assert [look.patch.shape for look in table.look] == [(6 * y, 10 * x)] * 2 and table.shown.tolist() == [60 * x * y] * 2


def test_rescale__a_mask_that_would_leave_a_smaller_grid__is_cut_and_has_a_cell_at_least():
    table = table_of(2, origin=np.array([[58, 44], [20, 12]]))
    thin = np.zeros((6, 10), bool)
    thin[1, 1::2] = True  # falls between the columns of the coarser grid
    table.look[1] = look_of(thin, Roi(80, 48, 40, 24), 5)
    table.rescale(0.5, 0.5, (23, 30))
    assert table.origin.tolist() == [[29, 22], [10, 6]] and table.extent.tolist() == [[1, 1], [5, 3]]
    assert [np.count_nonzero(look.patch) for look in table.look] == table.shown.tolist() == [1, 1]
    assert table.look[1].roi == Roi(80, 48, 40, 24) and table.look[1].segment_id == 5 and table.look[1].mask().shape == (24, 40)


def test_resize__a_mask_that_falls_between_fewer_pixels__has_one_at_least():
    table, full = table_of(1), np.zeros((40, 40), bool)
    full[:, 1] = True
    table.look[0] = Look(np.ones((6, 10), bool), Roi(80, 48, 40, 40), 3, full)
    table.resize(0.1, 0.1, (24, 32))
    assert np.count_nonzero(table.look[0].mask()) == 1


def test_resize__masks_and_rectangles__are_in_pixels_of_the_new_image():
    table = table_of(1)
    patch = np.ones((6, 10), bool)
    full = np.zeros((24, 40), bool)
    full[:, :20] = True
    table.look[0] = Look(patch, Roi(80, 48, 40, 24), 3, lambda: full)
    table.resize(2.0, 0.5, (96, 512))
    look = table.look[0]
    assert look.roi == Roi(160, 24, 80, 12) and look.patch is patch and look.segment_id == 3
    assert look.mask()[:, :40].all() and not look.mask()[:, 40:].any()


def test_move__the_older_one__goes_on_in_the_place_of_the_younger_with_the_sightings_of_both():
    columns = dict(state=np.array([TrackState.LOST, TrackState.CONFIRMED]), seen_at=np.array([1.0, 4.0]), age=np.array([40, 3]),
                   unseen=np.array([30, 0]), hits=np.array([9, 3]), score=np.array([0.4, 0.8]), depth=np.array([1.0, 2.0]),
                   position=np.array([[5, 5], [30, 20]]), origin=np.array([[1, 1], [26, 17]]), size=np.array([8, 3]))  # fmt: skip
    table = table_of(2, **columns)
    younger = table.look[1]
    table.move(1, 0)
    assert (table.id[0], table.state[0], table.age[0], table.unseen[0], table.hits[0]) == (1, TrackState.CONFIRMED, 40, 0, 12)
    assert table.seen_at[0] == 4 and table.score[0] == np.float32(0.8) and table.depth[0] == 2 and table.size[0] == 8
    assert table.position[0].tolist() == [30, 20] and table.origin[0].tolist() == [26, 17] and table.look[0] is younger


def test_overlaps__a_mask_that_the_border_cuts__is_compared_by_what_is_left_of_it():
    patch = np.ones((10, 10), bool)
    patch[4:, :5] = False  # in the half that has left the image
    table = table_of(1, position=(0, 20), extent=(10, 10), shown=70)
    table.look[0] = look_of(patch)
    seen = Observation.of(objects({"x": 0, "y": 20}, {"x": 4, "y": 24, "name": 1}))  # it covers part of the second box: masks are compared
    iou = association._overlaps(table, seen, np.ones(1, np.float32), GRID)
    left = np.zeros(GRID, bool)
    left[15:25, :5] = True
    other = seen.detections.masks[1]
    assert iou[0].tolist() == pytest.approx([1.0, (left & other).sum() / (left | other).sum()])
    assert table.shown[0] == 70


def test_overlaps__masks_that_lie_in_one_box__are_told_apart_by_their_cells():
    corner, rest = np.zeros((10, 10), bool), np.ones((10, 10), bool)
    corner[:2], corner[:, :2] = True, True
    rest &= ~corner
    rest[0, 0] = True  # with the same box
    table = table_of(2, position=(25, 25), extent=(10, 10), shown=np.array([corner.sum(), rest.sum()]))
    table.look[0], table.look[1] = look_of(corner), look_of(rest)
    given = objects({"x": 25, "y": 25}, {"x": 25, "y": 25, "name": 1})
    given.masks[:] = False
    given.masks[0, 20:30, 20:30], given.masks[1, 20:30, 20:30] = corner, rest
    iou = association._overlaps(table, Observation.of(given), np.ones(2, np.float32), GRID)
    np.testing.assert_allclose(iou, [[1, 1 / 100], [1 / 100, 1]], rtol=1e-6)
