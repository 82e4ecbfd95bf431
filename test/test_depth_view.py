"""Tests 3D positions and extents against hand-written scenes and cameras."""
from __future__ import annotations

import numpy as np
import pytest

from rmpsam_ros.depth_view import DepthView, located, measure, pinhole_rays
from rmpsam_ros.errors import DepthError
from rmpsam_ros.types import Roi, TrackedInstance, TrackState

MATRIX = np.array([[100.0, 0, 80], [0, 100.0, 60], [0, 0, 1]])
SIZE = (120, 160)


def wall(distance: float = 4.0) -> DepthView:
    return DepthView(np.full(SIZE, distance, np.float32), pinhole_rays(SIZE, MATRIX))


def track(mask: np.ndarray, **changes) -> TrackedInstance:
    roi = Roi.of_mask(mask)
    fields = dict(track_id=1, class_id=0, class_name="cup", score=0.9, state=TrackState.CONFIRMED, age=5, frames_since_seen=0,
                  prompted=False, roi=roi, mask=mask[roi.slices])
    return TrackedInstance(**{**fields, **changes})


def rectangle(x: int, y: int, width: int, height: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[y : y + height, x : x + width] = True
    return mask


def box_scene() -> tuple[DepthView, np.ndarray]:
    """The front of a box, 0.4 x 0.2 m, 2 m away, centred 0.3 m right of and 0.1 m above the axis, in front of a wall at 4 m."""
    view = wall()
    mask = rectangle(80 + 5, 60 - 10, 20, 10)
    view.depth[mask] = 2.0
    return view, mask


def test_measure__a_box_before_a_wall():
    view, mask = box_scene()
    extent = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    np.testing.assert_allclose(extent.position, (0.29, -0.11, 2.0), atol=0.011)  # half a pixel is 1 cm there
    np.testing.assert_allclose(extent.center, (0.29, -0.11, 2.0), atol=0.011)
    # Excludes a margin of 2 pixels on each side, and 2 % more.
    np.testing.assert_allclose(extent.size, (0.02 * 15, 0.02 * 5, 0.0), atol=0.03)


@pytest.mark.parametrize("unknown", [0.0, np.inf, np.nan])
def test_depth_view__what_cameras_give_where_they_know_nothing__is_no_depth(unknown):
    mask, depth = rectangle(40, 30, 60, 40), np.full(SIZE, 2.0, np.float32)
    depth[:, ::2] = unknown
    view, roi = DepthView(depth, pinhole_rays(SIZE, MATRIX)), Roi.of_mask(mask)
    assert measure(mask[roi.slices], roi, view).position[2] == 2.0
    assert np.isnan(view.points()[:, ::2]).all() and np.isfinite(view.points()[:, 1::2]).all()
    assert depth[0, 0] == unknown or np.isnan(unknown)  # the caller's array is unchanged
    blind = DepthView(np.full(SIZE, unknown, np.float32), view.rays)
    assert measure(mask[roi.slices], roi, blind) is None


@pytest.mark.parametrize("spill", [2, 4, 6])
def test_measure__a_mask_that_spills_over_the_wall_is_measured_as_without(spill):
    view, mask = box_scene()
    exact = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    wide = rectangle(85, 50, 20 + spill, 10)
    extent = measure(wide[Roi.of_mask(wide).slices], Roi.of_mask(wide), view)
    assert extent.position[2] == pytest.approx(2.0)
    np.testing.assert_allclose(extent.position, exact.position, atol=0.03)
    assert extent.size[2] < 0.01


def test_measure__a_slanted_thing_is_measured_whole():
    view = wall()
    mask = rectangle(20, 40, 120, 40)
    view.depth[mask] = np.broadcast_to(np.linspace(1, 3, 120, dtype=np.float32), (40, 120)).ravel()
    extent = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    assert extent.position[2] == pytest.approx(2.0, abs=0.05)
    assert extent.size[2] == pytest.approx(2.0, abs=0.2)


def test_measure__thin_and_small_things_are_not_lost():
    view = wall()
    for mask in (rectangle(10, 10, 60, 2), rectangle(30, 30, 3, 3), rectangle(50, 50, 1, 1)):
        assert measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view).position[2] == pytest.approx(4.0)


def test_measure__few_depths_are_none():
    view, mask = box_scene()
    roi = Roi.of_mask(mask)
    view.depth[mask] = np.nan
    view.depth[50, 85:105] = 2.0  # the upper rim only
    assert measure(mask[roi.slices], roi, view) is None
    assert measure(np.zeros((4, 4), bool), Roi(0, 0, 4, 4), view) is None
    view.depth[55:58, 90:100] = 2.0
    assert measure(mask[roi.slices], roi, view).position[2] == pytest.approx(2.0)


def test_measure__rays_without_a_value_do_not_count():
    view, mask = box_scene()
    view.rays[:, :95] = np.nan
    extent = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    assert np.isfinite(extent.position).all() and extent.position[0] > 0.29


def test_measure__noise_holes_and_flying_pixels():
    view, mask = box_scene()
    rng = np.random.default_rng(3)
    exact = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    wide = rectangle(84, 49, 22, 12)
    rim = wide & ~rectangle(87, 52, 16, 6)
    view.depth[rim] = rng.uniform(2, 4, np.count_nonzero(rim))  # mixed pixels between the box and the wall
    view.depth[...] += (0.002 * view.depth**2 * rng.standard_normal(SIZE)).astype(np.float32)  # as stereo has it
    view.depth[rng.random(SIZE) < 0.3] = np.nan
    extent = measure(wide[Roi.of_mask(wide).slices], Roi.of_mask(wide), view)
    np.testing.assert_allclose(extent.position, exact.position, atol=0.02)
    np.testing.assert_allclose(extent.size[:2], exact.size[:2], atol=0.08)
    assert extent.size[2] < 0.15


def test_located__only_what_is_seen_has_a_position():
    view, mask = box_scene()
    seen, lost = track(mask), track(mask, track_id=2, state=TrackState.LOST, frames_since_seen=3)
    tracks, extents = located((seen, lost), view)
    assert list(extents) == [1] and tracks[0].position == extents[1].position and tracks[1].position is None
    assert tracks[0].track_id == 1 and tracks[0].mask is seen.mask
    assert located((seen,), None) == ((seen,), {})


@pytest.mark.parametrize("depth, rays, sentence", [
    (np.full((4, 6), 2000, np.uint16), pinhole_rays((4, 6), MATRIX), "Depth is uint16; floating-point metres"),
    (np.full((4, 6), 2.0, np.float32), pinhole_rays((8, 6), MATRIX), "of one image are needed"),
    ([[2.0]], pinhole_rays((1, 1), MATRIX), "depth given is a list; a numpy array"), (np.ones((1, 1), np.float32), None, "rays given is a NoneType"),
])  # fmt: skip
def test_view__of_what_does_not_fit__is_refused(depth, rays, sentence):
    with pytest.raises(DepthError, match=sentence):
        DepthView(depth, rays)


def test_points__are_the_rays_at_their_depth():
    view, _ = box_scene()
    view.depth[0, 0] = np.nan
    points = view.points(step=2)
    assert points.shape == (60, 80, 3) and points.dtype == np.float32
    assert np.isnan(points[0, 0]).all()
    np.testing.assert_allclose(points[27, 45], ((90 - 80) / 100 * 2, (54 - 60) / 100 * 2, 2), atol=1e-6)


def test_pinhole_rays__each_axis_has_its_own_focal_length():
    rays = pinhole_rays((3, 4), [[100.0, 0, 1], [0, 50.0, 2], [0, 0, 1]])
    np.testing.assert_allclose(rays[0, 3], (0.02, -0.04), atol=1e-6)


def test_pinhole_rays__take_the_nine_numbers_of_a_camera_info():
    assert np.array_equal(pinhole_rays(SIZE, MATRIX.ravel().tolist()), pinhole_rays(SIZE, MATRIX))


@pytest.mark.parametrize("matrix, sentence", [([100.0, 80, 60], "3x3 matrix K"), (None, "3x3 matrix K"), ("K", "3x3 matrix K"), ([0.0] * 9, "focal lengths 0 and 0")])
def test_pinhole_rays__of_no_intrinsics__are_refused(matrix, sentence):
    with pytest.raises(DepthError, match=sentence):
        pinhole_rays(SIZE, matrix)


def test_points__where_there_is_no_ray_nothing_is_known():
    view = wall()
    view.rays[3, 5] = np.nan
    assert np.isnan(view.points()[3, 5]).all() and np.isfinite(view.points()[3, 6]).all()


def test_measure__stray_points_do_not_widen_the_box():
    view, mask = box_scene()
    exact = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    view.rays[55, 95] = (3.0, 3.0)  # one pixel of ninety-six
    extent = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    np.testing.assert_allclose(extent.size, exact.size, atol=0.05)


def test_measure__glass_whose_depth_is_known_in_a_few_places_only_has_none():
    view, mask = wall(), rectangle(20, 20, 100, 80)
    view.depth[mask] = np.nan
    view.depth[30:33, 30:110] = 2.0  # 240 of 8000 pixels
    assert measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view) is None


def test_measure__a_flat_thing_with_a_step_of_some_centimetres_is_measured_whole():
    view, mask = wall(), rectangle(40, 40, 60, 30)
    view.depth[mask] = 2.0
    view.depth[40:70, 80:100] = 2.03  # a third of it
    extent = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    assert extent.size[0] == pytest.approx(0.02 * 55, abs=0.05) and extent.size[2] == pytest.approx(0.03, abs=0.001)
