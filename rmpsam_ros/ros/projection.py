"""Where a clicked 3D point lies in the image. Messages are only read through their fields; no ROS imports."""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import PromptError

FISHEYE = ("equidistant", "fisheye")
"""Distortion models of the fisheye kind, as drivers name them."""
RECTIFIED = {"rect", "rectified"}
"""Words in the name of a topic of rectified images."""


def project(point: npt.ArrayLike, info, rectified: bool = False) -> tuple[float, float]:
    """Pixel (x, y) of a point in the camera's optical frame.

    Args:
        point: (3,) metres, x right, y down, z forward.
        info: the camera's `sensor_msgs/CameraInfo`.
        rectified: the image has been rectified: the projection matrix P holds, without distortion.

    Raises:
        PromptError: the point is not in front of the camera or not finite, or the camera is not calibrated.
    """
    point = np.asarray(point, np.float64)
    if not np.isfinite(point).all():
        raise PromptError(f"the point {_text(point)} is not finite: give metres")
    if point[2] <= 0:
        raise PromptError(f"the point {_text(point)} is not in front of the camera: its z must be positive")
    camera = np.array(info.k, np.float64).reshape(3, 3)
    used = np.array(info.p, np.float64).reshape(3, 4) if rectified else camera
    if used[0, 0] == 0 or used[1, 1] == 0:
        raise PromptError("the camera_info has no focal length: calibrate the camera, or click on the image itself")
    if rectified:
        x, y, w = used @ [*point, 1.0]
        x, y = x / w, y / w
    else:
        x, y = _distorted(point, camera, np.array(info.d, np.float64), info.distortion_model)
    # Calibration is of the full sensor; the image may be a binned part of it.
    x, y = x - info.roi.x_offset, y - info.roi.y_offset
    return float(x / max(info.binning_x, 1)), float(y / max(info.binning_y, 1))


def image_size(info) -> tuple[int, int]:
    """(width, height) of the images that a `sensor_msgs/CameraInfo` is of: a binned part of the sensor."""
    return (info.roi.width or info.width) // max(info.binning_x, 1), (info.roi.height or info.height) // max(info.binning_y, 1)


def of_other_images(info, size: tuple[int, int]) -> str:
    """What is wrong where a `sensor_msgs/CameraInfo` is not of images of this (width, height); '' where it is."""
    width, height = image_size(info)
    return "" if (width, height) == size else (
        f"the camera_info is of images of {width}x{height} pixels, but the image has {size[0]}x{size[1]}: publish the calibration of this image")


def _distorted(point: npt.NDArray, camera: npt.NDArray, distortion: npt.NDArray, model: str) -> tuple[float, float]:
    zero, points = np.zeros(3), point.reshape(1, 1, 3)
    if model in FISHEYE:
        pixels, _ = cv2.fisheye.projectPoints(points, zero, zero, camera, fisheye_coefficients(distortion))
    else:
        pixels, _ = cv2.projectPoints(points, zero, zero, camera, distortion if distortion.size else None)
    return tuple(pixels.reshape(2))


def fisheye_coefficients(distortion: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The (4,) coefficients that OpenCV wants, whatever number the calibration has: the missing ones are 0."""
    four = np.zeros(4)
    four[: min(4, distortion.size)] = distortion[:4]
    return four


def is_rectified(topic: str) -> bool:
    """Whether the images of a topic are rectified, by its name: that of image_proc (image_rect, image_rect_color) or of ZED (rect/image)."""
    *_, above, last = ("/" + topic.removesuffix("/compressed")).split("/")
    words = set(last.split("_"))
    return bool(words & RECTIFIED) or "raw" not in words and above in RECTIFIED


def moved(point: npt.ArrayLike, transform) -> npt.NDArray[np.float64]:
    """A (3,) point in the frame that a `geometry_msgs/Transform` leads to."""
    q, t = transform.rotation, transform.translation
    axis = np.array([q.x, q.y, q.z])
    point = np.asarray(point, np.float64)
    # Rotation by a unit quaternion, written with two cross products.
    turn = 2.0 * np.cross(axis, point)
    return point + q.w * turn + np.cross(axis, turn) + np.array([t.x, t.y, t.z])


def _text(point: npt.NDArray) -> str:
    return "(" + ", ".join(f"{value:g}" for value in point) + ")"
