"""Computes the ray of every pixel from the fields of a `sensor_msgs/CameraInfo`. No ROS imports."""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.depth_view import pinhole_rays
from rmpsam_ros.errors import DepthError
from rmpsam_ros.ros.projection import FISHEYE, NOT_CALIBRATED, fisheye_coefficients, intrinsics, is_calibrated, of_other_images

_STEPS = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 40, 1e-9)


class CameraRays:
    """The rays of one camera; recomputed only when its calibration or image size changes."""

    def __init__(self) -> None:
        self._key: tuple | None = None
        self._rays: npt.NDArray[np.float32] | None = None

    def of(self, info, size: tuple[int, int], rectified: bool = False) -> npt.NDArray[np.float32]:
        """(H, W, 2) float32 x / z and y / z of each pixel, NaN where the distortion has no inverse.

        Args:
            info: the camera's `sensor_msgs/CameraInfo`.
            size: (H, W) of the image.
            rectified: whether the image is rectified: the projection matrix P is used, without distortion.

        Raises:
            DepthError: the camera is not calibrated, its distortion cannot be used, or the calibration is for another image size.
        """
        key = (
            size, rectified, tuple(info.k), tuple(info.p), tuple(info.d), info.distortion_model, info.width, info.height,
            info.binning_x, info.binning_y, info.roi.x_offset, info.roi.y_offset, info.roi.width, info.roi.height,
        )
        if key != self._key:
            self._rays, self._key = _rays(info, size, rectified), key
        return self._rays


def _rays(info, size: tuple[int, int], rectified: bool) -> npt.NDArray[np.float32]:
    if problem := of_other_images(info, size[::-1]):
        raise DepthError(problem)
    matrix, distortion = intrinsics(info, rectified)
    if not is_calibrated(matrix, distortion):
        raise DepthError(NOT_CALIBRATED)
    if not distortion.any() and (rectified or info.distortion_model not in FISHEYE):
        return pinhole_rays(size, matrix)
    try:
        return _undistorted(size, matrix, distortion, info.distortion_model in FISHEYE)
    except cv2.error:
        raise DepthError(
            f"the camera_info's distortion '{info.distortion_model}' with {distortion.size} coefficients cannot be used: plumb_bob has "
            f"5, rational_polynomial 8, equidistant 4"
        ) from None


def _undistorted(size: tuple[int, int], matrix: npt.NDArray, distortion: npt.NDArray, fisheye: bool) -> npt.NDArray[np.float32]:
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float64)
    pixels = np.stack((x, y), -1).reshape(-1, 1, 2)
    if fisheye:
        four = fisheye_coefficients(distortion)
        rays = cv2.fisheye.undistortPoints(pixels, matrix, four)
        back = cv2.fisheye.distortPoints(rays, matrix, four)
    else:
        rays = cv2.undistortPoints(pixels, matrix, distortion)
        back = _bent(rays, matrix, distortion)
        # OpenCV's default of five iterations fails in the corners of wide lenses; forty for all pixels would take seconds.
        rough = ~(np.abs(back - pixels).max(axis=(1, 2)) < 0.01)
        if rough.any():
            rays[rough] = _straight(pixels[rough], matrix, distortion)
            back[rough] = _bent(rays[rough], matrix, distortion)
    # The inverse is iterative and may diverge in the corners: a ray that does not project back to its pixel is discarded.
    rays[~(np.abs(back.reshape(rays.shape) - pixels).max(axis=-1) < 1.0)] = np.nan
    return rays.reshape(*size, 2).astype(np.float32)


def _bent(rays: npt.NDArray, matrix: npt.NDArray, distortion: npt.NDArray) -> npt.NDArray:
    """Projects rays (N, 1, 2) to pixels (N, 1, 2)."""
    zero = np.zeros(3)
    return cv2.projectPoints(np.concatenate((rays, np.ones_like(rays[..., :1])), -1), zero, zero, matrix, distortion)[0]


def _straight(pixels: npt.NDArray, matrix: npt.NDArray, distortion: npt.NDArray) -> npt.NDArray:
    """OpenCV's inverse with as many iterations as wide lenses need."""
    if hasattr(cv2, "undistortPointsIter"):  # OpenCV 4
        return cv2.undistortPointsIter(pixels, matrix, distortion, None, None, _STEPS)
    return cv2.undistortPoints(pixels, matrix, distortion, criteria=_STEPS)
