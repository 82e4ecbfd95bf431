"""Where things are, against scenes and cameras written out by hand."""
from __future__ import annotations

import math
import struct
import threading
import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from rmpsam_ros.depth_view import DepthView, located, measure, pinhole_rays
from rmpsam_ros.errors import DepthError
from rmpsam_ros.ros.depth_feed import DepthFeed
from rmpsam_ros.ros.depth_images import depth_to_metres
from rmpsam_ros.ros.projection import project
from rmpsam_ros.ros.rays import CameraRays
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
    """A box's front of 0.4 x 0.2 m, 2 m away, its middle 0.3 m right of and 0.1 m above the axis, before a wall at 4 m."""
    view = wall()
    mask = rectangle(80 + 5, 60 - 10, 20, 10)
    view.depth[mask] = 2.0
    return view, mask


def test_measure__a_box_before_a_wall():
    view, mask = box_scene()
    extent = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    np.testing.assert_allclose(extent.position, (0.29, -0.11, 2.0), atol=0.011)  # half a pixel is 1 cm there
    np.testing.assert_allclose(extent.center, (0.29, -0.11, 2.0), atol=0.011)
    # The rim of 2 pixels on each side is left out, and 2 % more.
    np.testing.assert_allclose(extent.size, (0.02 * 15, 0.02 * 5, 0.0), atol=0.03)


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


# Rays


def info(**changes) -> SimpleNamespace:
    fields = dict(
        width=160, height=120, k=MATRIX.ravel(), d=[0.0] * 5, distortion_model="plumb_bob",
        p=[110.0, 0, 82, 0, 0, 110, 61, 0, 0, 0, 1, 0], roi=SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0),
        binning_x=0, binning_y=0,
    )
    return SimpleNamespace(**{**fields, **changes})


CAMERAS = {
    "pinhole": (info(), False, SIZE),
    "rectified": (info(d=[0.3, 0.1, 0, 0, 0]), True, SIZE),
    "plumb_bob": (info(d=[-0.25, 0.08, 0.002, -0.001, 0.0]), False, SIZE),
    "rational": (info(d=[0.4, 0.1, 0.001, 0.0, 0.02, 0.3, 0.05, 0.01], distortion_model="rational_polynomial"), False, SIZE),
    "fisheye": (info(d=[0.02, -0.01, 0.003, 0.0], distortion_model="equidistant"), False, SIZE),
    "fisheye without coefficients": (info(d=[], distortion_model="equidistant"), False, SIZE),
    "part": (info(roi=SimpleNamespace(x_offset=40, y_offset=20, width=80, height=60)), False, (60, 80)),
    "binned": (info(binning_x=2, binning_y=2), False, (60, 80)),
    "binned part, distorted": (
        info(binning_x=2, binning_y=2, d=[-0.25, 0.08, 0, 0, 0], roi=SimpleNamespace(x_offset=40, y_offset=20, width=80, height=60)),
        False, (30, 40),
    ),
}


@pytest.mark.parametrize("camera", CAMERAS)
def test_rays__lead_back_to_their_pixels(camera):
    calibration, rectified, size = CAMERAS[camera]
    rays = CameraRays().of(calibration, size, rectified)
    assert rays.shape == (*size, 2) and rays.dtype == np.float32 and np.isfinite(rays).all()
    for row, column in ((0, 0), (size[0] - 1, 3), (size[0] // 2, size[1] // 2), (5, size[1] - 1)):
        point = np.array([*rays[row, column], 1.0]) * 2.5
        np.testing.assert_allclose(project(point, calibration, rectified), (column, row), atol=0.1)


def test_rays__where_the_distortion_has_no_inverse_there_are_none():
    rays = CameraRays().of(info(k=[40.0, 0, 80, 0, 40, 60, 0, 0, 1], d=[-0.5, 0.05, 0, 0, 0]), SIZE)
    assert np.isnan(rays[0, 0]).all() and np.isfinite(rays[60, 80]).all()


def test_rays__are_computed_once_for_a_calibration():
    camera = CameraRays()
    first = camera.of(info(), SIZE)
    assert camera.of(info(), SIZE) is first
    other = camera.of(info(k=[90.0, 0, 80, 0, 90, 60, 0, 0, 1]), SIZE)
    assert other is not first and abs(other[0, 0, 0]) > abs(first[0, 0, 0])
    for rectified, corner in ((False, -80 / 100), (True, -82 / 110), (False, -80 / 100)):
        assert camera.of(info(), SIZE, rectified)[0, 0, 0] == pytest.approx(corner)


@pytest.mark.parametrize("calibration, sentence", [
    (info(width=640, height=480), "images of 640x480 pixels, but the image has 160x120"),
    (info(k=[0.0] * 9), "no focal length"),
    (info(k=[math.nan, 0, 80, 0, 100, 60, 0, 0, 1]), "not finite"),
    (info(d=[0.1, math.inf, 0, 0, 0]), "not finite"),
    (info(d=[0.1, 0.2, 0.3]), "'plumb_bob' with 3 coefficients cannot be used"),
])
def test_rays__refused(calibration, sentence):
    with pytest.raises(DepthError, match=sentence):
        CameraRays().of(calibration, SIZE)


# Depth images


def depth_message(values: np.ndarray, encoding: str, padding: int = 0, /, **changes) -> SimpleNamespace:
    rows = np.pad(values.view(np.uint8).reshape(len(values), -1), ((0, 0), (0, padding)), constant_values=7)
    fields = dict(height=values.shape[0], width=values.shape[1], encoding=encoding, step=rows.shape[1], is_bigendian=0,
                  data=rows.tobytes())
    return SimpleNamespace(**{**fields, **changes})


@pytest.mark.parametrize("padding", [0, 6])
@pytest.mark.parametrize("encoding, kind, big", [
    ("16UC1", "<u2", 0), ("16UC1", ">u2", 1), ("mono16", "<u2", 0), ("32FC1", "<f4", 0), ("32FC1", ">f4", 1),
])
def test_depth__metres_in_any_encoding(encoding, kind, big, padding):
    metres = np.array([[0.0, 0.5, 1.234], [2.0, 7.0, 60.0]])
    values = metres.astype(kind) if encoding == "32FC1" else np.rint(metres * 1000).astype(kind)
    message = depth_message(values, encoding, padding, is_bigendian=big)
    depth = depth_to_metres(message, (2, 3))
    assert depth.dtype == np.float32 and np.isnan(depth[0, 0])
    np.testing.assert_allclose(depth.ravel()[1:], metres.ravel()[1:], rtol=1e-6)


def test_depth__what_is_no_depth_is_unknown_and_the_message_stays():
    values = np.array([[np.nan, np.inf, -np.inf, -1.0, 0.0, 3.0]], np.float32)
    message = depth_message(values, "32FC1")
    depth = depth_to_metres(message, (1, 6))
    assert np.isnan(depth[0, :5]).all() and depth[0, 5] == 3.0
    assert np.frombuffer(message.data, np.float32)[3] == -1.0


def test_depth__of_another_resolution_is_brought_to_the_image():
    depth = depth_to_metres(depth_message(np.array([[1000, 2000]], "<u2"), "16UC1"), (2, 4))
    np.testing.assert_allclose(depth, [[1, 1, 2, 2], [1, 1, 2, 2]])


@pytest.mark.parametrize("changes, size, sentence", [
    ({"encoding": "rgb8"}, (4, 6), "the encoding 'rgb8': publish one of 16UC1"),
    ({"step": 11}, (4, 6), "a row has 12 bytes"),
    ({"data": b"1234"}, (4, 6), "4 bytes"),
    ({"height": 0, "data": b""}, (4, 6), "6x0"),
    ({}, (6, 4), "registered to the image"),
])
def test_depth__refused(changes, size, sentence):
    with pytest.raises(DepthError, match=sentence):
        depth_to_metres(depth_message(np.ones((4, 6), "<u2"), "16UC1", **changes), size)


def compressed(values: np.ndarray, form: str, scale: float = 0.0, offset: float = 0.0) -> SimpleNamespace:
    _, png = cv2.imencode(".png", values)
    return SimpleNamespace(format=form, data=struct.pack("<iff", 0, scale, offset) + png.tobytes())


@pytest.mark.parametrize("form", ["16UC1; compressedDepth png", "16UC1; compressedDepth", "16UC1"])
def test_depth__compressed_millimetres(form):
    depth = depth_to_metres(compressed(np.array([[0, 1234]], np.uint16), form), (1, 2))
    assert np.isnan(depth[0, 0]) and depth[0, 1] == pytest.approx(1.234)


def test_depth__compressed_metres_are_quantised_by_their_inverse():
    scale, farthest = 100.0 * 101.0, 10.0
    offset = 1 - scale / farthest
    metres = np.array([[0.5, 2.0, 7.5]])
    values = np.rint(scale / metres + offset).astype(np.uint16)
    values[0, 2] = 0
    depth = depth_to_metres(compressed(values, "32FC1; compressedDepth png", scale, offset), (1, 3))
    np.testing.assert_allclose(depth[0, :2], metres[0, :2], rtol=1e-3)
    assert np.isnan(depth[0, 2])


@pytest.mark.parametrize("message, sentence", [
    (compressed(np.ones((1, 2), np.uint16), "16UC1; compressedDepth rvl"), "parameter format: png"),
    (compressed(np.ones((1, 2), np.uint16), "bgr8; jpeg compressed bgr8"), "the format 'bgr8; jpeg"),
    (compressed(np.ones((1, 2), np.uint8), "16UC1; compressedDepth png"), "16-bit PNG"),
    (SimpleNamespace(format="16UC1; compressedDepth png", data=b"1234567890123456"), "16 bytes"),
    (SimpleNamespace(format="16UC1; compressedDepth png", data=b""), "0 bytes"),
])
def test_depth__compressed_refused(message, sentence):
    with pytest.raises(DepthError, match=sentence):
        depth_to_metres(message, (1, 2))


# Which depth image belongs to an image

MS = 1_000_000


def test_feed__the_nearest_within_the_gap():
    feed = DepthFeed()
    assert not feed.alive and feed.near(0, 1.0) is None
    for stamp in (100, 133, 166):
        feed.offer(f"at {stamp}", stamp * MS)
    assert feed.alive
    assert feed.near(140 * MS, 0.05) == "at 133" and feed.near(200 * MS, 0.05) == "at 166"
    assert feed.near(300 * MS, 0.05) is None
    assert (feed.used, feed.missing) == (2, 2)


def test_feed__keeps_the_depth_of_an_image_until_a_slow_network_is_done_with_it():
    feed, frame = DepthFeed(), 33_000_000
    at = [k * frame for k in range(100)]
    for k, stamp in enumerate(at):
        feed.offer(f"depth {k}", stamp)
        feed.expect(stamp)  # an image of the same moment
        if k == 20:
            feed.expect(stamp, in_work=True)
        if k == 60:  # 1.3 s later, when the ring has gone on
            assert feed.near(at[20], 0.01) == "depth 20"
            feed.expect(at[59], in_work=True)
    assert feed.near(at[59], 0.01) == "depth 59" and feed.near(at[99], 0.01) == "depth 99"
    assert feed.near(at[20], 0.01) is None and feed.near(at[70], 0.01) is None  # nobody was at these


def test_feed__a_click_on_a_past_image_takes_no_depth_from_the_one_that_waits():
    feed, frame = DepthFeed(), 33_000_000
    for k in range(30):
        feed.offer(f"depth {k}", k * frame)
        if k == 10:
            feed.expect(10 * frame)
            feed.expect(3 * frame, in_work=True)  # what was clicked on
        if k == 12:
            feed.expect(10 * frame, in_work=True)
    assert feed.near(10 * frame, 0.01) == "depth 10"


def test_feed__depth_that_comes_after_its_image_is_kept_too():
    feed, frame = DepthFeed(), 33_000_000
    feed.offer("before", 9 * frame)
    feed.expect(10 * frame + 5_000_000)
    feed.expect(10 * frame + 5_000_000, in_work=True)
    for k in range(10, 40):
        feed.offer(f"depth {k}", k * frame)
    assert feed.near(10 * frame + 5_000_000, 0.01) == "depth 10"


def test_feed__without_stamps_the_newest():
    feed = DepthFeed()
    feed.offer("old", 0)
    feed.offer("new", 0)
    assert feed.near(0, 0.0) == "new"


def test_feed__silence_is_noticed():
    now = [0.0]
    feed = DepthFeed(lambda: now[0])
    feed.offer("depth", 1)
    assert feed.alive
    now[0] = 2.1
    assert not feed.alive


def test_feed__waits_for_the_depth_of_a_synchronised_camera():
    feed = DepthFeed()
    feed.offer("first", 100 * MS)
    assert feed.near(100 * MS, 0.05) == "first"
    timer = threading.Timer(0.01, feed.offer, ("second", 133 * MS))
    timer.start()
    assert feed.near(133 * MS, 0.05) == "second"
    timer.join()


def test_feed__does_not_wait_where_it_is_in_vain():
    feed = DepthFeed()
    feed.offer("early", 90 * MS)
    started = time.monotonic()
    assert feed.near(100 * MS, 0.05) == "early"  # never the same stamps: nothing to wait for
    assert time.monotonic() - started < 0.03
    for index in range(1, 12):  # depth that always comes after its image was asked for
        stamp = (100 + 33 * index) * MS
        started = time.monotonic()
        feed.near(stamp, 0.05)
        took = time.monotonic() - started
        feed.offer("late", stamp)
    assert took < 0.03


def test_feed__time_that_goes_back_is_no_reason_to_wait_for_ever():
    feed = DepthFeed()
    for stamp in (1000, 1033, 1066):
        feed.offer(stamp, stamp * MS)
        feed.near(stamp * MS, 0.05)
    feed.offer("again", 0)
    assert feed.near(0, 0.05) == "again"
    assert feed.near(1033 * MS, 0.05) is None  # that one was of another time
    feed.clear()
    assert feed.near(0, 0.05) is None and not feed.alive


def test_pinhole_rays__each_axis_has_its_own_focal_length():
    rays = pinhole_rays((3, 4), [[100.0, 0, 1], [0, 50.0, 2], [0, 0, 1]])
    np.testing.assert_allclose(rays[0, 3], (0.02, -0.04), atol=1e-6)


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
    view.depth[40:70, 80:100] = 2.03  # of a third of it
    extent = measure(mask[Roi.of_mask(mask).slices], Roi.of_mask(mask), view)
    assert extent.size[0] == pytest.approx(0.02 * 55, abs=0.05) and extent.size[2] == pytest.approx(0.03, abs=0.001)
