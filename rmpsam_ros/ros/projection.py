"""Where a clicked 3D point lies in the image. Messages are only read through their fields; no ROS imports."""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import PromptError

FISHEYE = ("equidistant", "fisheye")
"""Distortion models of the fisheye kind, as drivers name them."""
NOT_CALIBRATED = "the camera_info has no focal length, or values that are not finite: calibrate the camera"
RECTIFIED = {"rect", "rectified"}
"""Words in the name of a topic of rectified images."""
_STEPS = 33
"""Places between the optical axis and a point that are looked at."""


def project(point: npt.ArrayLike, info, rectified: bool = False) -> tuple[float, float]:
    """Pixel (x, y) of a point in the camera's optical frame.

    Args:
        point: (3,) metres, x right, y down, z forward.
        info: the camera's `sensor_msgs/CameraInfo`.
        rectified: the image has been rectified: the projection matrix P holds, without distortion.

    Raises:
        PromptError: the point is not in front of the camera, not finite or beyond what the lens model describes, or the camera is not calibrated.
    """
    point = np.asarray(point, np.float64)
    if not np.isfinite(point).all():
        raise PromptError(f"the point {_text(point)} is not finite: give metres")
    if point[2] <= 0:
        raise PromptError(f"the point {_text(point)} is not in front of the camera: its z must be positive")
    matrix, distortion = intrinsics(info, rectified)
    if not is_calibrated(matrix, distortion):
        raise PromptError(f"{NOT_CALIBRATED}, or click on the image itself")
    # From the axis to the point, so as to see where the polynomial of the distortion folds back: beyond what was calibrated it may
    # lead into the image again.
    way = np.column_stack((np.linspace(0, 1, _STEPS)[:, None] * point[:2], np.full(_STEPS, point[2])))
    pixels = _pixels(way, matrix, distortion, "" if rectified else info.distortion_model)
    radii = np.hypot(*((pixels - matrix[:2, 2]) / np.diag(matrix)[:2]).T)
    if (np.diff(radii) < -1e-9).any():
        raise PromptError(f"the point {_text(point)} is outside of the camera's view: its lens distortion is not known so far out")
    return float(pixels[-1, 0]), float(pixels[-1, 1])


def intrinsics(info, rectified: bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Camera matrix (3, 3) and distortion (n,) of the images that a `sensor_msgs/CameraInfo` is of.

    Calibration is of the full sensor, the image may be a binned part of it: pixel x of the image is x * binning + offset there.
    Of a rectified camera it is P without its last column: that leads from the first camera of a pair, where a header's frame_id
    is this camera's own (`depth_image_proc` leaves it out as well).
    """
    matrix = np.array(info.p, np.float64).reshape(3, 4)[:, :3].copy() if rectified else np.array(info.k, np.float64).reshape(3, 3)
    matrix[:2, 2] -= info.roi.x_offset, info.roi.y_offset
    matrix[:2] /= np.array([[max(info.binning_x, 1)], [max(info.binning_y, 1)]])
    return matrix, np.zeros(0) if rectified else np.array(info.d, np.float64)


def is_calibrated(matrix: npt.NDArray[np.float64], distortion: npt.NDArray[np.float64]) -> bool:
    """Whether a camera has a focal length, and numbers throughout."""
    return bool(matrix[0, 0] and matrix[1, 1] and np.isfinite(matrix).all() and np.isfinite(distortion).all())


def image_size(info) -> tuple[int, int]:
    """(width, height) of the images that a `sensor_msgs/CameraInfo` is of: a binned part of the sensor."""
    return (info.roi.width or info.width) // max(info.binning_x, 1), (info.roi.height or info.height) // max(info.binning_y, 1)


def none_on(topic: str) -> str:
    """What is said of a camera_info that has not come on its topic, the end of a sentence."""
    return f"none has come on {topic}: set CAMERA.camera_info_topic"


def of_other_images(info, size: tuple[int, int]) -> str:
    """What is wrong where a `sensor_msgs/CameraInfo` is not of images of this (width, height); '' where it is."""
    width, height = image_size(info)
    return "" if (width, height) == size else (
        f"the camera_info is of images of {width}x{height} pixels, but the image has {size[0]}x{size[1]}: publish the calibration of this image")


def _pixels(points: npt.NDArray, camera: npt.NDArray, distortion: npt.NDArray, model: str) -> npt.NDArray[np.float64]:
    """(n, 2) of (n, 3) points."""
    zero, points = np.zeros(3), points.reshape(-1, 1, 3)
    if model in FISHEYE:
        pixels, _ = cv2.fisheye.projectPoints(points, zero, zero, camera, fisheye_coefficients(distortion))
    else:
        pixels, _ = cv2.projectPoints(points, zero, zero, camera, distortion if distortion.size else None)
    return pixels.reshape(-1, 2)


def fisheye_coefficients(distortion: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The (4,) coefficients that OpenCV wants, whatever number the calibration has: the missing ones are 0."""
    four = np.zeros(4)
    four[: distortion.size] = distortion[:4]
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
