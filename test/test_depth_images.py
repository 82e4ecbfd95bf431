"""Tests depth images and calibrations: metres from every encoding, and rays that project back to their pixels."""
from __future__ import annotations

import math
import struct
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from rmpsam_ros.errors import DepthError
from rmpsam_ros.ros.depth_images import depth_to_metres
from rmpsam_ros.ros.projection import project
from rmpsam_ros.ros.rays import CameraRays

MATRIX = np.array([[100.0, 0, 80], [0, 100.0, 60], [0, 0, 1]])
SIZE = (120, 160)


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
    "rectified, of a fisheye lens": (info(d=[0.1, -0.05, 0.02, -0.01], distortion_model="equidistant"), True, SIZE),
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


def test_rays__of_a_wide_lens_reach_as_far_as_its_distortion_has_an_inverse():
    k1, k2, k3 = -0.32, 0.11, -0.017  # a 90-degree lens, as in cheap cameras
    rays = CameraRays().of(info(k=[80.0, 0, 80, 0, 80.0, 60, 0, 0, 1], d=[k1, k2, 0.0, 0.0, k3]), SIZE)
    radius = np.linspace(0, 3, 30001)
    bent = radius * (1 + k1 * radius**2 + k2 * radius**4 + k3 * radius**6)
    turn = int(np.flatnonzero(np.diff(bent) <= 0)[0])  # farther out two rays meet in one pixel
    y, x = np.mgrid[:120, :160]
    distance = np.hypot(x - 80, y - 60) / 80
    inside = distance < 0.98 * bent[turn]
    assert 0.85 < inside.mean() < 1.0 and np.isfinite(rays[inside]).all()
    np.testing.assert_allclose(np.hypot(*rays[inside].T), np.interp(distance[inside], bent[: turn + 1], radius[: turn + 1]), atol=1e-3)


@pytest.mark.parametrize("calibration, sentence", [
    (info(width=640, height=480), "images of 640x480 pixels, but the image has 160x120"),
    (info(k=[0.0] * 9), "no focal length"),
    (info(k=[0.0, 0, 80, 0, 100, 60, 0, 0, 1]), "no focal length"),
    (info(k=[100.0, 0, 80, 0, 0, 60, 0, 0, 1]), "no focal length"),
    (info(k=[math.nan, 0, 80, 0, 100, 60, 0, 0, 1]), "not finite"),
    (info(d=[0.1, math.inf, 0, 0, 0]), "not finite"),
    (info(d=[0.1, 0.2, 0.3]), "'plumb_bob' with 3 coefficients cannot be used"),
])
def test_rays__refused(calibration, sentence):
    with pytest.raises(DepthError, match=sentence):
        CameraRays().of(calibration, SIZE)


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
    (compressed(np.ones((1, 2, 3), np.uint16), "16UC1; compressedDepth png"), "16-bit PNG"),
    (SimpleNamespace(format="16UC1; compressedDepth png", data=b"1234567890123456"), "16 bytes"),
    (SimpleNamespace(format="16UC1; compressedDepth png", data=b""), "0 bytes"),
])
def test_depth__compressed_refused(message, sentence):
    with pytest.raises(DepthError, match=sentence):
        depth_to_metres(message, (1, 2))
