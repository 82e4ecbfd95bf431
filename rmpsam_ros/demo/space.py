"""Renders a labelled point cloud and its boxes, seen from behind and above the camera. No ROS; NumPy and OpenCV."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.demo.film import GROUND
from rmpsam_ros.overlay_tags import paint_text, text_size

SIZE = (480, 640)
_FOCAL = 620.0
_YAW, _PITCH = 0.35, 0.45
"""Yaw and downward pitch of the viewpoint in radians, about the centre of the cloud."""
_TEXT = 0.5


@dataclass(frozen=True)
class Box:
    """An axis-aligned box in the camera's frame, in metres; `color` is RGB."""

    center: tuple[float, float, float]
    size: tuple[float, float, float]
    color: tuple[int, int, int]
    text: str


def draw_space(points: npt.NDArray[np.float32], colors: npt.NDArray[np.uint8], boxes: Sequence[Box]) -> npt.NDArray[np.uint8]:
    """Renders the cloud and its boxes.

    Args:
        points: (n, 3) x right, y down, z forward, metres; NaN where unknown.
        colors: (n, 3) uint8 RGB.

    Returns:
        (480, 640, 3) uint8 RGB.
    """
    canvas = np.empty((*SIZE, 3), np.uint8)
    canvas[:] = GROUND
    known = np.isfinite(points).all(axis=1)
    points, colors = points[known].astype(np.float64), colors[known]
    if not len(points):
        return canvas
    middle = np.median(np.array([box.center for box in boxes]) if boxes else points, axis=0)
    distance = max(1.5 * float(middle[2]), 0.3)
    turned = _turned(points - middle) + (0.0, 0.0, distance)
    seen = turned[:, 2] > 0.05
    turned, colors = turned[seen], colors[seen]
    far_first = np.argsort(-turned[:, 2])
    x, y = _pixels(turned[far_first])
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):  # two pixels wide, so that surfaces close
        inside = (x + dx >= 0) & (x + dx < SIZE[1]) & (y + dy >= 0) & (y + dy < SIZE[0])
        canvas[y[inside] + dy, x[inside] + dx] = colors[far_first][inside]
    for box in boxes:
        _draw_box(canvas, box, middle, distance)
    return canvas


def _draw_box(canvas: npt.NDArray[np.uint8], box: Box, middle: npt.NDArray, distance: float) -> None:
    signs = np.array([(i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8)]) - 0.5
    corners = _turned(np.array(box.center) + signs * box.size - middle) + (0.0, 0.0, distance)
    if (corners[:, 2] < 0.05).any():
        return
    x, y = _pixels(corners)
    for first in range(8):
        for bit in (1, 2, 4):
            if not first & bit:
                second = first | bit
                cv2.line(canvas, (int(x[first]), int(y[first])), (int(x[second]), int(y[second])), box.color, 1, cv2.LINE_AA)
    width, height = text_size(box.text, _TEXT)
    left = int(np.clip(x.mean() - width / 2, 0, SIZE[1] - width))
    paint_text(canvas, left, int(np.clip(y.min() - height - 4, 0, SIZE[0] - height)), box.text, _TEXT, (240, 240, 240), shade=True)


def _turned(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Points relative to the origin, rotated to the viewpoint."""
    cy, sy, cp, sp = np.cos(_YAW), np.sin(_YAW), np.cos(_PITCH), np.sin(_PITCH)
    side = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    down = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    return points @ (down @ side).T


def _pixels(points: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    scaled = points[:, :2] / points[:, 2:] * _FOCAL + (SIZE[1] / 2, SIZE[0] / 2)
    x, y = np.clip(np.rint(scaled), -10_000, 10_000).astype(np.int64).T
    return x, y
