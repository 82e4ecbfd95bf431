"""Tests the projection of 3D points to pixels against a hand-written camera."""
from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from rmpsam_ros.errors import PromptError
from rmpsam_ros.ros.projection import is_rectified, moved, project
from rmpsam_ros.ros.rays import CameraRays


def camera(**changes) -> SimpleNamespace:
    """A CameraInfo: focal length 100, centre (80, 60), no distortion; P shifts by 10 pixels."""
    info = dict(
        k=[100.0, 0, 80, 0, 100, 60, 0, 0, 1], d=[0.0] * 5, distortion_model="plumb_bob",
        p=[100.0, 0, 90, 0, 0, 100, 70, 0, 0, 0, 1, 0], roi=SimpleNamespace(x_offset=0, y_offset=0), binning_x=0,
        binning_y=0,
    )
    return SimpleNamespace(**{**info, **changes})


@pytest.mark.parametrize("point, pixel", [((0, 0, 1), (80, 60)), ((0.5, -0.2, 2), (105, 50)), ((1, 1, 4), (105, 85))])
def test_project__pinhole(point, pixel):
    assert project(point, camera()) == pytest.approx(pixel)
    assert project(point, camera(d=[])) == pytest.approx(pixel)
    assert project(point, camera(), rectified=True) == pytest.approx((pixel[0] + 10, pixel[1] + 10))


def test_project__distorted():
    r2 = 0.25**2 + 0.1**2
    stretch = 1 + 0.3 * r2
    expected = (80 + 100 * 0.25 * stretch, 60 - 100 * 0.1 * stretch)
    assert project((0.5, -0.2, 2), camera(d=[0.3, 0, 0, 0, 0])) == pytest.approx(expected)


def test_project__fisheye():
    angle = math.atan(1.0)
    x, y = project((1, 0, 1), camera(distortion_model="equidistant", d=[0.0] * 4))
    assert (x, y) == pytest.approx((80 + 100 * angle, 60))


KITTI = dict(k=[984.2, 0, 690.0, 0, 980.8, 233.2, 0, 0, 1], d=[-0.3728, 0.2037, 0.0022, 0.0014, -0.0723], distortion_model="plumb_bob")


@pytest.mark.parametrize("lens, known, unknown", [
    (KITTI, (0, 10, 25, 42), (55, 58, 60)), (dict(d=[-0.3, 0, 0, 0, 0]), (0, 20, 38), (50, 55, 64)),
    (dict(d=[-0.05, 0.01, 0.001, 0], distortion_model="equidistant"), (0, 40, 80), ()),
    (dict(d=[0.1, 0.05, 0, 0, 0]), (0, 30, 60), ()), (dict(d=[]), (0, 45, 80), ()),
])  # fmt: skip
@pytest.mark.parametrize("towards", [(1, 0), (0, -1), (-0.6, 0.8)])
def test_project__further_out_than_the_distortion_is_known__is_refused(lens, known, unknown, towards):
    info = camera(**lens)
    for angle in known:
        assert np.isfinite(project((*(math.tan(math.radians(angle)) * np.array(towards)), 1), info)).all()
    for angle in unknown:
        with pytest.raises(PromptError, match="the lens distortion is not valid so far from the centre"):
            project((*(math.tan(math.radians(angle)) * np.array(towards) * 3), 3), info)


def test_project__binned_part_of_the_sensor():
    info = camera(roi=SimpleNamespace(x_offset=20, y_offset=10), binning_x=2, binning_y=2)
    assert project((0, 0, 1), info) == pytest.approx((30, 25))


def test_project__of_the_second_camera_of_a_pair__is_where_its_own_rays_go():
    info = camera(p=[100.0, 0, 90, -12, 0, 100, 70, 0, 0, 0, 1, 0], width=160, height=120,
                  roi=SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0))
    assert project((0.5, -0.2, 2), info, rectified=True) == pytest.approx((115, 60))
    rays = CameraRays().of(info, (120, 160), rectified=True)
    assert project((*rays[40, 130] * 1.5, 1.5), info, rectified=True) == pytest.approx((130, 40), abs=1e-4)


@pytest.mark.parametrize("point, info, sentence", [
    ((0, 0, 0), camera(), "is not in front of the camera"),
    ((0, 0, -1), camera(), "is not in front of the camera"),
    ((math.nan, 0, 1), camera(), "is not finite"),
    ((0, 0, 1), camera(k=[0.0] * 9), "no focal length"),
    ((0, 0, 1), camera(d=[math.nan] * 5), "not finite"),
])
def test_project__refused(point, info, sentence):
    with pytest.raises(PromptError, match=sentence):
        project(point, info)


def test_project__rectified_without_a_projection__is_refused():
    info = camera()
    info.p = [0.0] * 12
    with pytest.raises(PromptError, match="no focal length"):
        project((0, 0, 1), info, rectified=True)


def test_moved__quarter_turn_and_shift():
    half = math.sqrt(0.5)
    transform = SimpleNamespace(
        rotation=SimpleNamespace(x=0.0, y=0.0, z=half, w=half), translation=SimpleNamespace(x=1.0, y=2.0, z=3.0)
    )
    np.testing.assert_allclose(moved((1, 0, 5), transform), (1, 3, 8), atol=1e-12)


@pytest.mark.parametrize("topic, rectified", [
    ("/camera/image_raw", False), ("/camera/image_rect", True), ("/camera/image_rect_color/compressed", True), ("/rect/image_raw", False),
    ("/image_rect", True), ("image_rect", True), ("/camera/infra1/image_rect_raw", True), ("/zed/rgb/color/rect/image", True), ("/zed/rgb/color/raw/image", False),
    ("/camera/image_rectified", True), ("/camera/image_unrectified", False), ("/camera/image_corrected", False), ("/camera/image_direct", False),
])
def test_rectified__by_the_name_of_the_topic(topic, rectified):
    assert is_rectified(topic) is rectified


def test_project__binned_differently_in_each_direction():
    assert project((0, 0, 1), camera(binning_x=2, binning_y=4)) == pytest.approx((40, 15))
