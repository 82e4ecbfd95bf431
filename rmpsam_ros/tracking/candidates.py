"""Where to prompt for a clicked object in a new frame, and how to score the candidate masks."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

FARTHEST = 24
"""Search range for an object from one frame to the next, in cells in each direction; limited to about its own size."""
STAYS = 0.3
"""Cost of a displacement by the whole search range, in units of the mean likeness."""


def points_inside(mask: Mask, count: int) -> FloatArray:
    """Up to `count` cells (k, 2) x, y of a mask: the one farthest from the edge, then each as far from the previous ones as
    possible without coming near the edge."""
    depth = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    rows, columns = np.indices(mask.shape, np.float32)
    room, points = depth, []
    inner = depth > 0.4 * depth.max()
    apart = np.full(mask.shape, np.inf, np.float32)
    while len(points) < count:
        y, x = np.unravel_index(int(room.argmax()), mask.shape)
        if room[y, x] <= 0:
            break
        points.append((x, y))
        np.minimum(apart, np.hypot(columns - x, rows - y), out=apart)
        room = np.minimum(apart, 4 * depth) * inner
    return np.array(points, np.float32).reshape(-1, 2)


def displacement(likeness: FloatArray, patch: Mask, origin: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """(2,) cells x, y: the displacement that best aligns a mask with the cells that resemble its object.

    likeness: (h, w); patch: the mask, cropped, whose first cell is at `origin` x, y.
    """
    height, width = patch.shape
    reach = int(np.clip(0.75 * np.sqrt(height * width), 3, FARTHEST))
    margin = 3  # cells just outside the object should not resemble it
    template = np.pad(np.where(patch, 1.0, -0.5).astype(np.float32), margin, constant_values=-0.5)
    around = reach + margin
    wide = cv2.copyMakeBorder(likeness, around, around, around, around, cv2.BORDER_REPLICATE)
    x, y = origin.tolist()
    window = wide[y : y + height + 2 * around, x : x + width + 2 * around]
    fit = cv2.matchTemplate(window, template, cv2.TM_CCORR) / np.count_nonzero(patch)
    steps = np.arange(-reach, reach + 1, dtype=np.float32) / reach
    fit = fit - STAYS * (steps[:, None] ** 2 + steps[None] ** 2)
    row, column = np.unravel_index(int(fit.argmax()), fit.shape)
    return np.array([column - reach, row - reach])


def peaks(likeness: FloatArray, side: float, count: int) -> FloatArray:
    """Up to `count` cells (k, 2) x, y whose surroundings, `side` cells wide, resemble the object most, anywhere in the frame."""
    size = max(1, round(0.7 * side))
    mean = cv2.blur(likeness, (size, size), borderType=cv2.BORDER_REPLICATE)
    points = []
    for _ in range(count):
        y, x = np.unravel_index(int(mean.argmax()), mean.shape)
        if mean[y, x] <= 0:
            break
        points.append((x, y))
        cv2.circle(mean, (int(x), int(y)), max(1, round(side)), -1.0, -1)
    return np.array(points, np.float32).reshape(-1, 2)


def regions(logits: FloatArray, cells: list[tuple[int, int] | None]) -> Mask:
    """(P, h, w) logits to masks: for each the 8-connected component that contains its cell x, y, or the whole mask if none does."""
    masks = logits > 0
    for mask, cell in zip(masks, cells):
        if cell is None or not mask[cell[1], cell[0]]:
            continue
        count, numbers = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
        if count > 2:
            mask &= numbers == numbers[cell[1], cell[0]]
    return masks


def moved(patch: Mask, origin: npt.NDArray[np.int64], shape: tuple[int, int]) -> Mask:
    """(h, w): a cropped mask placed with its first cell at `origin` x, y, clipped to the grid."""
    whole = np.zeros(shape, bool)
    (x, y), (height, width) = origin.tolist(), patch.shape
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + width, shape[1]), min(y + height, shape[0])
    if left < right and top < bottom:
        whole[top:bottom, left:right] = patch[top - y : bottom - y, left - x : right - x]
    return whole


def overlaps(masks: Mask, mask: Mask) -> FloatArray:
    """(P,) IoU of (P, h, w) with (h, w)."""
    common = np.count_nonzero(masks & mask, axis=(1, 2))
    return common / np.maximum(np.count_nonzero(masks | mask, axis=(1, 2)), 1)


@dataclass(frozen=True)
class Agreement:
    """How well each of P candidate masks agrees with what is known about its object."""

    place: FloatArray
    """(P,) IoU with the last mask, moved."""
    inside: FloatArray
    """(P,) mean likeness within the mask, -1 to 1."""
    cover: FloatArray
    """(P,) IoU with the cells near the last position that resemble the object, weighted by their likeness."""
    margin: FloatArray
    """(P,) mean likeness within the mask minus that of the other cells near the last position."""
    growth: FloatArray
    """(P,) log of the ratio of the area to the usual one; -inf where the mask is empty."""

    @classmethod
    def of(cls, masks: Mask, expected: Mask, likeness: FloatArray, usual: float) -> Agreement:
        """masks (P, h, w); expected (h, w) the last mask, moved, empty if unknown; usual: area in cells."""
        areas = np.count_nonzero(masks, axis=(1, 2))
        flat = masks.reshape(len(masks), -1)
        near, values = _near(expected).reshape(-1), likeness.reshape(-1)
        share = np.where(near, (values + 1) / 2, 0)
        common = flat @ share
        within = flat @ values
        inside = within / np.maximum(areas, 1)
        others = near & ~flat
        outside = (others @ values) / np.maximum(np.count_nonzero(others, axis=1), 1)
        with np.errstate(divide="ignore"):
            growth = np.log(areas / max(usual, 1.0))
        return cls(overlaps(masks, expected), inside,
                   common / np.maximum(areas + share.sum() - common, 1), inside - outside, growth)  # fmt: skip

    @property
    def total(self) -> FloatArray:
        """(P,): the score by which answers are ranked."""
        return self.place + 0.5 * self.inside + self.cover - 0.3 * np.abs(self.growth)


def _near(mask: Mask) -> Mask:
    """The box of a mask, grown by half the mask's size; the whole grid for an empty mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    near = np.zeros(mask.shape, bool)
    if len(rows) == 0:
        return ~near
    grow = int(max(6, 0.5 * np.sqrt(np.count_nonzero(mask))))
    near[max(rows[0] - grow, 0) : rows[-1] + grow + 1, max(columns[0] - grow, 0) : columns[-1] + grow + 1] = True
    return near
