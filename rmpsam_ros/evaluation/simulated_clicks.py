"""Simulated clicks for evaluation, by a deterministic rule, so that results are reproducible.

The first click is the object's pixel farthest from its edge, where the image border counts as an edge (in case of a tie, the
first one row by row). Each further click is the corresponding pixel of the largest error region: foreground where the
answer misses part of the object, background where it leaks. Regions are 8-connected; void pixels are not errors.
"""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.types import BACKGROUND, FOREGROUND, PointPrompt, Roi

CLICK_RULE = "the pixel farthest from the object's edge, then that of the largest error region, foreground or background"
"""The rule in one line, for reports."""


def first_click(truth: npt.NDArray[np.bool_]) -> PointPrompt:
    """The first click on an object; (H, W) bool with at least one pixel."""
    return PointPrompt(*farthest_from_edge(truth), FOREGROUND)


def next_click(truth: npt.NDArray[np.bool_], answer: npt.NDArray[np.bool_],
               void: npt.NDArray[np.bool_] | None = None) -> PointPrompt | None:  # fmt: skip
    """The click that corrects the largest error of an answer; None if it has no error."""
    best: tuple[int, npt.NDArray[np.bool_], int] | None = None
    for error, label in ((truth & ~answer, FOREGROUND), (answer & ~truth, BACKGROUND)):
        if void is not None:
            error = error & ~void
        area, region = _largest_region(error)
        if area and (best is None or area > best[0]):
            best = (area, region, label)
    return None if best is None else PointPrompt(*farthest_from_edge(best[1]), best[2])


def farthest_from_edge(mask: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """x, y of the pixel with the largest exact Euclidean distance to the outside."""
    rows, columns = Roi.of_mask(mask).slices
    padded = cv2.copyMakeBorder(mask[rows, columns].astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    squared = np.rint(np.square(distance, dtype=np.float64))  # integers: OpenCV's last bits vary between runs, which would break ties differently
    row, column = np.unravel_index(int(squared.argmax()), distance.shape)
    return float(columns.start + column), float(rows.start + row)


def _largest_region(mask: npt.NDArray[np.bool_]) -> tuple[int, npt.NDArray[np.bool_]]:
    if not mask.any():
        return 0, mask
    inside = Roi.of_mask(mask).slices
    _, regions, stats, _ = cv2.connectedComponentsWithStats(mask[inside].astype(np.uint8), connectivity=8)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    region = np.zeros_like(mask)
    region[inside] = regions == largest
    return int(stats[largest, cv2.CC_STAT_AREA]), region
