"""Clicks as an evaluation makes them: a rule without chance, so that numbers can be repeated.

The first click is the object's pixel farthest from its edge, the picture's border counting as edge (the first of them,
row by row, where several are as far). Each next click is that pixel of the largest error region: foreground where the
answer misses part of the object, background where it spills. A region is 8-connected; void pixels are no error.
"""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.types import BACKGROUND, FOREGROUND, PointPrompt


def first_click(truth: npt.NDArray[np.bool_]) -> PointPrompt:
    """The first click on an object; (H, W) bool with at least one pixel."""
    return PointPrompt(*farthest_from_edge(truth), FOREGROUND)


def next_click(truth: npt.NDArray[np.bool_], answer: npt.NDArray[np.bool_],
               void: npt.NDArray[np.bool_] | None = None) -> PointPrompt | None:  # fmt: skip
    """The click that corrects an answer most; None where the answer has no error."""
    counted = slice(None) if void is None else ~void
    best: tuple[int, npt.NDArray[np.bool_], int] | None = None
    for error, label in ((truth & ~answer, FOREGROUND), (answer & ~truth, BACKGROUND)):
        if void is not None:
            error = error & counted
        area, region = _largest_region(error)
        if area and (best is None or area > best[0]):
            best = (area, region, label)
    return None if best is None else PointPrompt(*farthest_from_edge(best[1]), best[2])


def farthest_from_edge(mask: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """x, y of the pixel with the largest exact Euclidean distance to the outside."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = rows[0], columns[0]
    crop = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    padded = cv2.copyMakeBorder(crop.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    return float(left + column), float(top + row)


def _largest_region(mask: npt.NDArray[np.bool_]) -> tuple[int, npt.NDArray[np.bool_]]:
    if not mask.any():
        return 0, mask
    _, regions, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return int(stats[largest, cv2.CC_STAT_AREA]), regions == largest
