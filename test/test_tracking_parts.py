"""Tests the parts of the tracker, each against a direct computation of the same."""
from __future__ import annotations

import numpy as np
import pytest
from tracking_scenes import GRID, square

from rmpsam_ros.placement import place, restore
from rmpsam_ros.tracking import appearance, evidence, masks, motion
from rmpsam_ros.tracking.clock import NOMINAL_INTERVAL, Clock, Order, SteadyTime
from rmpsam_ros.tracking.grid import Grid
from rmpsam_ros.types import Roi


@pytest.mark.parametrize("grid", [(120, 160), (90, 160), (7, 5), (33, 47), (48, 64), (1, 1), (45, 100)])
def test_packed_masks__any_grid__areas_boxes_and_overlaps_are_those_of_the_masks(grid):
    rng = np.random.default_rng(0)
    given = rng.random((9, *grid)) < np.linspace(0, 0.5, 9)[:, None, None]  # the first one is empty
    packed = masks.PackedMasks.of(given)
    assert packed.areas.tolist() == given.sum(axis=(1, 2)).tolist()
    for mask, box in zip(given, packed.boxes.tolist()):
        roi = Roi.of_mask(mask)
        assert box == [roi.x, roi.y, roi.x + roi.width, roi.y + roi.height]
    common = masks.common_bits(packed.words[[1, 8, 5]], packed.words[[8, 8, 0]])
    assert common.tolist() == [(given[1] & given[8]).sum(), given[8].sum(), 0]


def test_packed_masks__no_masks__are_empty():
    packed = masks.PackedMasks.of(np.zeros((0, 12, 20), bool))
    assert len(packed) == 0 and packed.boxes.shape == (0, 4)


def test_count_bits__without_numpy_2__is_the_same(monkeypatch):
    words = np.random.default_rng(1).integers(0, 2**63, (4, 7)).astype(np.uint64)
    with_numpy_2 = masks.count_bits(words)
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert masks.count_bits(words).tolist() == with_numpy_2.tolist()


@pytest.mark.parametrize("stamps, orders", [
    ([5.0, 5.1, 5.2], [Order.FIRST, Order.NEXT, Order.NEXT]),
    ([5.0, 5.0], [Order.FIRST, Order.STALE]),
    ([5.0, 6.0, 5.5, 6.1], [Order.FIRST, Order.NEXT, Order.STALE, Order.NEXT]),
    ([500.0, 2.0, 2.1], [Order.FIRST, Order.RESTARTED, Order.NEXT]),
    ([None, None, float("nan")], [Order.FIRST, Order.NEXT, Order.NEXT]),
    ([7.0, float("inf")], [Order.FIRST, Order.NEXT]),
])
def test_clock__stamps__are_put_in_order(stamps, orders):
    clock = Clock()
    assert [clock.advance(stamp)[0] for stamp in stamps] == orders


def test_steady_time__is_the_stamp_while_it_advances_and_goes_by_the_arrivals_where_it_does_not():
    time = SteadyTime()
    given = [(10.0, 0.0), (10.1, 0.1), (10.1, 0.2), (10.1, 0.4), (10.6, 0.5), (10.3, 0.6), (10.4, 0.7), (10.9, 0.8), (3.0, 0.9), (3.0, 0.9)]
    expected = [10.0, 10.1, 10.2, 10.4, 10.6, 10.7, 10.8, 10.9, 3.0, 3.001]
    assert [time.of(*pair) for pair in given] == pytest.approx(expected)


def test_clock__no_stamp__counts_as_a_nominal_interval():
    clock = Clock()
    clock.advance(3.0)
    assert clock.advance(None) == (Order.NEXT, pytest.approx(NOMINAL_INTERVAL))


@pytest.mark.parametrize("size, source", [((48, 64), (192, 256)), ((48, 64), (480, 640)), ((48, 64), (100, 131)), ((9, 16), (9, 16))])
def test_grid__a_mask_upsampled_and_down_again__is_the_same(size, source):
    mask = square(size[1] / 2, size[0] / 2, side=6, grid=size)
    grid = Grid(size, source)
    roi = Roi.of_mask(mask)
    box = (roi.x, roi.y, roi.x + roi.width, roi.y + roi.height)
    wide, crop = grid.roi(box), grid.upsample(mask[roi.slices], box)
    full = np.zeros(source, bool)
    full[wide.slices] = crop
    assert crop.shape == (wide.height, wide.width)
    assert np.array_equal(grid.downsample(full), mask)


@pytest.mark.parametrize("source", [(24, 32), (1, 2), (48, 3)])
def test_grid__fewer_pixels_than_cells__every_cell_has_a_pixel_inside_the_image(source):
    grid = Grid((48, 64), source)
    for x, y in ((0, 0), (20, 17), (21, 18), (63, 47)):
        box = (x, y, x + 1, y + 1)
        roi, crop = grid.roi(box), grid.upsample(np.ones((1, 1), bool), box)
        assert crop.shape == (roi.height, roi.width) == (1, 1) and crop.all()
        assert 0 <= roi.x < source[1] and 0 <= roi.y < source[0]


@pytest.mark.parametrize("source, padded", [((480, 848), (384, 512)), ((480, 848), (288, 384)), ((1216, 1936), (384, 512)), ((1920, 1080), (288, 384))])
def test_grid__cells_of_a_network__lie_where_its_resize_puts_them(source, padded):
    placement = place(source, padded)
    grid = Grid(placement.valid_cells, source, placement.cell_size)
    rows, columns = np.arange(grid.size[0]), np.arange(grid.size[1])
    for cell in ((0, 0), (columns[-2], rows[-2])):  # the last ones may be centred outside the image
        np.testing.assert_allclose(placement.points_to_network(np.array([grid.pixel(np.array(cell))])), [4 * np.array(cell) + 1.5], atol=1e-6)
        assert grid.cell(grid.pixel(np.array(cell))) == cell
    assert grid.cell((source[1] - 1, source[0] - 1)) == (columns[-1], rows[-1])
    logits = np.full((padded[0] // 4, padded[1] // 4), -5.0, np.float32)
    logits[rows[-14] : rows[-4], columns[-14] : columns[-4]] = 5
    true = restore(logits, placement) > 0
    box = (columns[-14], rows[-14], columns[-4], rows[-4])
    found = np.zeros(source, bool)
    found[grid.roi(box).slices] = grid.upsample(np.ones((10, 10), bool), box)
    assert (found & true).sum() / (found | true).sum() > 0.93
    assert np.abs(np.mean(np.nonzero(found), axis=1) - np.mean(np.nonzero(true), axis=1)).max() < 0.6  # pixels
    assert np.array_equal(grid.downsample(true), logits[: grid.size[0], : grid.size[1]] > 0)


def test_grid__edges_of_a_mask_are_no_stairs():
    size, source = (48, 64), (480, 640)
    true = np.hypot(*np.mgrid[-240:240, -320:320] + 0.5) < 150
    grid = Grid(size, source)
    cells = grid.downsample(true)
    roi = Roi.of_mask(cells)
    box = (roi.x, roi.y, roi.x + roi.width, roi.y + roi.height)
    found = np.zeros(source, bool)
    found[grid.roi(box).slices] = grid.upsample(cells[roi.slices], box)
    assert (found & true).sum() / (found | true).sum() > 0.97
    steps = np.abs(np.diff(found.argmax(axis=1)[found.any(axis=1)]))
    assert np.count_nonzero(steps) > 100  # of 300 rows: the nearest cell's value would move the edge in 30 of them


def test_predict_and_correct__steady_motion__finds_the_velocity():
    position, velocity = np.array([[10.0, 20.0]], np.float32), np.zeros((1, 2), np.float32)
    size = np.array([8.0], np.float32)
    covariance = motion.start_covariance(size, 64)
    for step in range(1, 40):
        motion.predict(position, velocity, covariance, size, 0.05, GRID)
        seen = np.array([[10 + 0.5 * step, 20 + 0.2 * step]], np.float32)
        position, velocity, covariance = motion.correct(position, velocity, covariance, seen, motion.measurement_variance(size))
    assert velocity[0] == pytest.approx([10, 4], abs=1)
    assert position[0] == pytest.approx(seen[0], abs=0.3)


def test_predict__unseen_for_long__stays_in_the_image_and_grows_unsure():
    position, velocity = np.array([[60.0, 20.0]], np.float32), np.array([[30.0, 0.0]], np.float32)
    size = np.array([8.0], np.float32)
    covariance = motion.start_covariance(size, 64)
    before = covariance[0, 0]
    for _ in range(100):
        motion.predict(position, velocity, covariance, size, 0.1, GRID)
    assert 0 <= position[0, 0] <= GRID[1] and np.isfinite(covariance).all()
    assert covariance[0, 0] > 100 * before
    assert covariance[0, 1] ** 2 <= covariance[0, 0] * covariance[0, 2] * 1.001  # capped, and a covariance still


@pytest.mark.parametrize("moved, shift", [([(6, -4)] * 5, (6, -4)), ([(6, -4)] * 4 + [(0, 0)], (6, -4)),
                                          ([(0, 0)] * 3 + [(6, -4)] * 2, None), ([(9, 0), (0, 9), (-9, 0), (0, -9), (5, 5)], None)])
def test_camera_shift__most_objects_jump_alike__is_their_jump(moved, shift):
    places = np.array([(10, 10), (50, 12), (30, 40), (12, 33), (55, 35)], np.float32)
    displacement = (places + np.array(moved, np.float32))[None] - places[:, None]
    tolerance = np.full(5, 2, np.float32)
    still = int((np.abs(np.diagonal(displacement.max(axis=2))) <= 2).sum())
    found = motion.camera_shift(displacement, np.ones((5, 5), bool), tolerance, still)
    assert (found is None) == (shift is None)
    if shift:
        assert found.tolist() == pytest.approx(shift)


def test_similarities__empty_bank__is_even():
    prototypes, counts = appearance.empty_bank(2, 8)
    prototypes[0, :2, 0], counts[0, :2] = 1, 1
    recent, lasting, nearest = appearance.similarities(prototypes, counts, np.eye(8, dtype=np.float32)[:3])
    assert recent.tolist() == lasting.tolist() == [[1, 0, 0], [0, 0, 0]] and nearest[0, 0] == 1


def test_similarities__a_new_look__counts_at_once_and_lasts_only_when_learnt():
    prototypes, counts = appearance.empty_bank(1, 8)
    axes = np.eye(8, dtype=np.float32)
    prototypes[0, :2], counts[0, :2] = axes[0], 1
    appearance.remember_last(prototypes, counts, np.array([0]), axes[1:2])
    recent, lasting, _ = appearance.similarities(prototypes, counts, axes[:2])
    assert recent.tolist() == [[1, 1]] and lasting.tolist() == [[1, 0]]


def test_learn__many_views__keeps_a_bounded_bank_that_knows_the_last_one():
    rng = np.random.default_rng(0)
    prototypes, counts = appearance.empty_bank(1, 32)
    for _ in range(200):
        view = appearance.unit(rng.normal(size=(1, 32)).astype(np.float32))
        _, lasting, nearest = appearance.similarities(prototypes, counts, view)
        appearance.remember_last(prototypes, counts, np.array([0]), view)
        appearance.learn(prototypes, counts, np.array([0]), view, nearest[:, 0], lasting[:, 0], 0.9)
    assert np.linalg.norm(prototypes, axis=2) == pytest.approx(np.ones((1, appearance.PROTOTYPES)), abs=1e-5)
    assert appearance.similarities(prototypes, counts, view)[1][0, 0] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("same, other, cosine, least, most", [
    (0.95, 0.50, 0.94, 1.0, 5.0),  # easily distinguished: similarity counts for a match
    (0.95, 0.50, 0.55, -4.0, -2.0),  # … and dissimilarity against it, as far as a corrupted query allows
    (0.95, 0.95, 0.95, -0.3, 0.3),  # look-alikes: no evidence
])
def test_log_odds__after_watching__speak_as_loud_as_the_scene_allows(same, other, cosine, least, most):
    rng = np.random.default_rng(0)
    odds = appearance.SimilarityOdds()
    for _ in range(300):
        odds.observe((same + 0.02 * rng.normal(size=8)).astype(np.float32), (other + 0.02 * rng.normal(size=56)).astype(np.float32))
    value = odds.log_odds(np.array([[cosine]], np.float32), np.zeros(1, np.float32))[0, 0]
    assert least <= value <= most


@pytest.mark.parametrize("odds, threshold, pairs", [
    ([[5, 4], [4, -9]], 0, [(0, 1), (1, 0)]),  # the sum counts, not the best pair
    ([[5, 4], [4, -9]], 4.5, [(0, 0)]),
    ([[1, 1]], 2, []),
    (np.zeros((0, 3)), 0, []),
    (np.full((2, 2), -np.inf), 0, []),
])
def test_assign__odds__gives_the_best_sum_above_the_threshold(odds, threshold, pairs):
    rows, columns = evidence.assign(np.array(odds, np.float32), threshold)
    assert list(zip(rows.tolist(), columns.tolist())) == pairs


def test_depth_odds__unknown_depth__says_nothing():
    depths = np.array([2.0, np.nan, 0.0], np.float32)
    odds = evidence.depth_odds(np.array([2.0, np.nan], np.float32), depths, np.zeros(2, np.float32))
    assert odds[0, 0] > 1 and not odds[0, 1:].any() and not odds[1].any()


def test_predict__at_the_right_border_of_a_wide_image_it_stays_there_and_slows_down():
    position, velocity = np.array([[60.0, 20.0]], np.float32), np.array([[30.0, 0.0]], np.float32)
    size = np.array([8.0], np.float32)
    motion.predict(position, velocity, motion.start_covariance(size, 64), size, motion.REMEMBERED, GRID)
    assert position[0].tolist() == [GRID[1], 20] and velocity[0, 0] == pytest.approx(30 / np.e, rel=1e-3)


def test_grid__the_pixel_of_a_cell_is_in_its_middle():
    grid = Grid((48, 64), (192, 256))
    assert grid.pixel(np.array([0, 0])) == (1.5, 1.5) and grid.pixel(np.array([63, 47])) == (253.5, 189.5)
    assert grid.cell(grid.pixel(np.array([17, 5]))) == (17, 5)


def test_overlap_odds__what_is_uncertain_says_nothing():
    assert evidence.overlap_odds(np.array([[0.0, 1.0]]), np.array([[0.0]])).tolist() == [[0, 0]]


def test_grid__a_box_is_cut_to_the_image_and_none_where_nothing_is_left():
    grid = Grid((48, 64), (192, 256))
    assert grid.boxes(np.array([[-3.0, 2.0], [70.0, 10.0]])) == [(0, 8, 256, 40)]
    assert grid.boxes(np.array([[64.0, 2.0], [70.0, 10.0]])) == [] and grid.boxes(np.array([[2.0, 48.0], [10.0, 50.0]])) == []


def test_roi__scaled__stays_in_a_smaller_picture():
    assert Roi(19, 7, 1, 1).scaled(0.25, 0.5, (4, 5)) == Roi(4, 3, 1, 1)


def test_predict_and_correct__are_the_kalman_filter_of_place_and_velocity():
    size, dt = np.array([8.0], np.float32), 0.2
    covariance = np.array([[4.0, 1.5, 9.0]], np.float32)
    position, velocity = np.array([[20.0, 20.0]], np.float32), np.array([[2.0, -1.0]], np.float32)
    step, noise = np.array([[1, dt], [0, 1]]), (motion.ACCELERATION * 8) ** 2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    full = step @ np.array([[4.0, 1.5], [1.5, 9.0]]) @ step.T + noise
    motion.predict(position, velocity, covariance, size, dt, GRID)
    assert covariance[0] == pytest.approx(full[[0, 0, 1], [0, 1, 1]], rel=1e-5)
    gain = full[:, 0] / (full[0, 0] + 2.0)
    measured = position + np.float32([[3.0, -4.0]])
    corrected = motion.correct(position, velocity, covariance, measured, np.array([2.0], np.float32))
    full = full - np.outer(gain, full[0])
    for found, expected in zip(corrected, (position[0] + gain[0] * np.array([3, -4]), velocity[0] + gain[1] * np.array([3, -4]), full[[0, 0, 1], [0, 1, 1]])):
        assert found[0] == pytest.approx(expected, rel=1e-5)


def test_predict__a_variance__says_no_more_than_the_image_is_large():
    covariance, size = np.array([[1e6, 0.0, 1e6]], np.float32), np.array([8.0], np.float32)
    motion.predict(np.full((1, 2), 20.0, np.float32), np.zeros((1, 2), np.float32), covariance, size, 0.1, GRID)
    assert covariance.max() == max(GRID) ** 2


def test_log_odds__the_longer_an_object_is_unseen__the_less_its_looks_say_for_it_and_against_it():
    odds, gaps = appearance.SimilarityOdds(), np.array([0, 1, 4, 10, 60], np.float32)
    unlike, alike = (odds.log_odds(np.full((5, 1), cosine, np.float32), gaps, 0.0)[:, 0] for cosine in (0.83, 0.97))
    assert unlike[0] < unlike[1] < unlike[2] and alike[0] > alike[1] > alike[2] > alike[3] == alike[4]
    same, other = 0.04 * (1 + 0.3 * 4), 0.15
    assert unlike[2] == pytest.approx(0.5 * (((0.83 - 0.70) / other) ** 2 - ((0.83 - 0.97) / same) ** 2) + np.log(other / same), abs=1e-3)


def test_log_odds__in_sight_the_last_query_counts_and_after_that_what_lasts():
    likeness, alike, unlike = appearance.Likeness(), np.full((2, 1), 0.97, np.float32), np.full((2, 1), 0.5, np.float32)
    gaps = np.array([appearance.RECENT, appearance.RECENT + 0.1], np.float32)
    seen, away = likeness.log_odds(alike, unlike, gaps, 0.02)[:, 0]
    assert seen > 1 and away < -1
    # Nothing widens while an object is visible, however long ago others were seen.
    assert seen == likeness.log_odds(alike, unlike, np.zeros(2, np.float32), 0.02)[0, 0]


def test_box_overlap__is_the_number_of_cells_in_both():
    rng = np.random.default_rng(2)
    corners = np.sort(rng.integers(0, 12, (20, 2, 2)), axis=1)  # (n, from and to, x and y)
    filled = np.zeros((20, 12, 12), bool)
    for mask, ((x1, y1), (x2, y2)) in zip(filled, corners):
        mask[y1:y2, x1:x2] = True
    boxes = corners.reshape(-1, 4).astype(np.float32)
    assert masks.box_overlap(boxes[:8], boxes[8:]).tolist() == (filled[:8, None] & filled[None, 8:]).sum(axis=(2, 3)).tolist()
    assert masks.box_area(boxes).tolist() == filled.sum(axis=(1, 2)).tolist()


def test_grid__the_outermost_cells__have_their_pixels():
    grid = Grid((48, 64), (192, 256))
    assert (grid.roi((0, 0, 1, 1)), grid.roi((63, 47, 64, 48))) == (Roi(0, 0, 4, 4), Roi(252, 188, 4, 4))


def test_grid__a_mask_whose_first_pixel_is_at_the_edge_of_a_cell__does_not_begin_there():
    pixels = np.zeros((192, 256), bool)
    pixels[3:20, 3:20] = True  # of the first cells it has no middle
    assert Grid((48, 64), (192, 256)).downsample(pixels).nonzero()[0].min() == 1


def view_of(angles: list[float]) -> tuple[list[float], list[float]]:
    """Degrees of the views that queries at these angles have created, in order, and how many queries each represents."""
    prototypes, counts = appearance.empty_bank(1, 2)
    for angle in np.deg2rad(angles):
        query = np.array([[np.cos(angle), np.sin(angle)]], np.float32)
        _, lasting, nearest = appearance.similarities(prototypes, counts, query)
        appearance.remember_last(prototypes, counts, np.array([0]), query)
        appearance.learn(prototypes, counts, np.array([0]), query, nearest[0], lasting[0], np.cos(np.deg2rad(30)))
    used = 1 + np.flatnonzero(counts[0, 1:])
    return np.rad2deg(np.arctan2(*prototypes[0, used].T[::-1])).tolist(), counts[0, used].tolist()


@pytest.mark.parametrize("angles, views, seen", [
    ([0, 10, 20], [10], [3]), ([0] * 30 + [20], [3], [31]), ([0, 10, 60, 70, 5], [5, 65], [3, 2]),
])
def test_learn__alike_queries__move_their_view_and_others_make_one_of_their_own(angles, views, seen):
    found, counts = view_of(angles)
    assert found == pytest.approx(views, abs=0.3) and counts == pytest.approx(seen, rel=0.02)


def test_depth_odds__say_less_the_longer_an_object_is_unseen_and_nothing_in_the_end():
    odds = evidence.depth_odds(np.full(4, 1.0, np.float32), np.array([1.0, 1.2], np.float32), np.array([0, 0.5, 1.0, 60.0], np.float32))
    assert (np.diff(odds[:, 0]) < 0).all() and odds[-1].tolist() == pytest.approx([0, 0], abs=1e-6)
