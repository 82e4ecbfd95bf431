"""Projects a clicked 3D point into the image. Messages are only read through their fields; no ROS imports."""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import PromptError

FISHEYE = ("equidistant", "fisheye")
"""Names that drivers use for fisheye distortion models."""
NOT_CALIBRATED = "the camera_info has no focal length, or values that are not finite: calibrate the camera"
RECTIFIED = {"rect", "rectified"}
"""Words that mark a topic of rectified images."""
_STEPS = 33
"""Number of samples between the optical axis and the point."""


def project(point: npt.ArrayLike, info, rectified: bool = False) -> tuple[float, float]:
    """Pixel (x, y) of a point in the camera's optical frame.

    Args:
        point: (3,) metres, x right, y down, z forward.
        info: the camera's `sensor_msgs/CameraInfo`.
        rectified: whether the image is rectified: the projection matrix P is used, without distortion.

    Raises:
        PromptError: the point is not finite, not in front of the camera or outside the range of the lens model, or the camera is
            not calibrated.
    """
    point = np.asarray(point, np.float64)
    if not np.isfinite(point).all():
        raise PromptError(f"the point {_text(point)} is not finite: give metres")
    if point[2] <= 0:
        raise PromptError(f"the point {_text(point)} is not in front of the camera: its z must be positive")
    matrix, distortion = intrinsics(info, rectified)
    if not is_calibrated(matrix, distortion):
        raise PromptError(f"{NOT_CALIBRATED}, or click on the image itself")
    # Sampled from the optical axis to the point, to detect where the distortion polynomial folds back: outside the calibrated range
    # it may map points into the image again.
    way = np.column_stack((np.linspace(0, 1, _STEPS)[:, None] * point[:2], np.full(_STEPS, point[2])))
    pixels = _pixels(way, matrix, distortion, "" if rectified else info.distortion_model)
    radii = np.hypot(*((pixels - matrix[:2, 2]) / np.diag(matrix)[:2]).T)
    if (np.diff(radii) < -1e-9).any():
        raise PromptError(f"the point {_text(point)} is outside the camera's view: the lens distortion is not valid so far from the centre")
    return float(pixels[-1, 0]), float(pixels[-1, 1])


def intrinsics(info, rectified: bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Camera matrix (3, 3) and distortion (n,) of the images that a `sensor_msgs/CameraInfo` describes.

    The calibration refers to the full sensor, and the image may be a binned ROI of it: image pixel x is sensor pixel
    x * binning + offset. For rectified images it is P without its last column: that column is the offset from the first camera of a
    stereo pair, whereas the header's frame_id is this camera's own (`depth_image_proc` ignores it as well).
    """
    matrix = np.array(info.p, np.float64).reshape(3, 4)[:, :3].copy() if rectified else np.array(info.k, np.float64).reshape(3, 3)
    matrix[:2, 2] -= info.roi.x_offset, info.roi.y_offset
    matrix[:2] /= np.array([[max(info.binning_x, 1)], [max(info.binning_y, 1)]])
    return matrix, np.zeros(0) if rectified else np.array(info.d, np.float64)


def is_calibrated(matrix: npt.NDArray[np.float64], distortion: npt.NDArray[np.float64]) -> bool:
    """Whether a camera has a focal length and only finite values."""
    return bool(matrix[0, 0] and matrix[1, 1] and np.isfinite(matrix).all() and np.isfinite(distortion).all())


def image_size(info) -> tuple[int, int]:
    """(width, height) of the images that a `sensor_msgs/CameraInfo` describes: a binned ROI of the sensor."""
    return (info.roi.width or info.width) // max(info.binning_x, 1), (info.roi.height or info.height) // max(info.binning_y, 1)


def none_on(topic: str) -> str:
    """The end of an error message on a camera_info that has not been received on its topic."""
    return f"none has arrived on {topic}: set CAMERA.camera_info_topic"


def of_other_images(info, size: tuple[int, int]) -> str:
    """An error text if a `sensor_msgs/CameraInfo` is not for images of this (width, height); '' if it is."""
    width, height = image_size(info)
    return "" if (width, height) == size else (
        f"the camera_info is for images of {width}x{height} pixels, but the image has {size[0]}x{size[1]}: publish the calibration for this size")


def _pixels(points: npt.NDArray, camera: npt.NDArray, distortion: npt.NDArray, model: str) -> npt.NDArray[np.float64]:
    """Projects (n, 3) points to (n, 2) pixels."""
    zero, points = np.zeros(3), points.reshape(-1, 1, 3)
    if model in FISHEYE:
        pixels, _ = cv2.fisheye.projectPoints(points, zero, zero, camera, fisheye_coefficients(distortion))
    else:
        pixels, _ = cv2.projectPoints(points, zero, zero, camera, distortion if distortion.size else None)
    return pixels.reshape(-1, 2)


def fisheye_coefficients(distortion: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The (4,) coefficients that OpenCV expects, whatever number the calibration has: missing ones are 0."""
    four = np.zeros(4)
    four[: distortion.size] = distortion[:4]
    return four


def is_rectified(topic: str) -> bool:
    """Whether the images of a topic are rectified, judged by the names that image_proc (image_rect, image_rect_color) and ZED
    (rect/image) use."""
    *_, above, last = ("/" + topic.removesuffix("/compressed")).split("/")
    words = set(last.split("_"))
    return bool(words & RECTIFIED) or "raw" not in words and above in RECTIFIED


def moved(point: npt.ArrayLike, transform) -> npt.NDArray[np.float64]:
    """Applies a `geometry_msgs/Transform` to a (3,) point."""
    q, t = transform.rotation, transform.translation
    axis = np.array([q.x, q.y, q.z])
    point = np.asarray(point, np.float64)
    # Rotation by a unit quaternion, written with two cross products.
    turn = 2.0 * np.cross(axis, point)
    return point + q.w * turn + np.cross(axis, turn) + np.array([t.x, t.y, t.z])


def _text(point: npt.NDArray) -> str:
    return "(" + ", ".join(f"{value:g}" for value in point) + ")"
