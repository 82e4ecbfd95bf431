"""Which query owns which pixel: the greatest score x sigmoid(logit), without a full-size contest of all with all.

Between two cell centres a mask is a weighted mean of the few stride-4 logits around, so their least and greatest bound it. Where
another query's lower bound beats a query's upper bound, and that is negative, the query can neither win nor be inside its own mask:
it takes part only in the box of the cells where it may. Its map is made at full size all the same, so that every value is the
reference's.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from rmpsam_ros.placement import Axis, Placement, axis_of, restore

_STRIP_PIXELS = 65536
"""Pixels that are worked on at a time: 256 KB of float32."""


@dataclass(frozen=True)
class Extents:
    """Pixels that each query owns, (K,), and the box that holds them, (K, 4): left, top, right and bottom, the last two beyond it.

    The box of a query without a pixel is (W, H, 0, 0): it changes nothing in a union.
    """

    pixels: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ownership:
    """Which query owns which pixel.

    Attributes:
        owner: (H, W) uint16, row of the query plus 1; 0 where none is above one half.
        area: (K,) pixels that each query wins, also those where it is below one half (the reference counts them).
        inside: (K,) pixels where each query is at least one half, won or not.
    """

    owner: npt.NDArray[np.uint16]
    area: npt.NDArray[np.int64]
    inside: npt.NDArray[np.int64]

    def extents(self) -> Extents:
        """How much each query owns, and where."""
        count = self.area.size
        boxes = np.tile(np.array([*self.owner.shape[::-1], 0, 0], np.int64), (count, 1))
        for row, found in enumerate(ndimage.find_objects(self.owner, max_label=count)):
            if found is not None:
                boxes[row] = found[1].start, found[0].start, found[1].stop, found[0].stop
        return Extents(np.bincount(self.owner.ravel(), minlength=count + 1)[1:], boxes)

    def relabel(self, ids: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        """(H, W) map of `ids` (K + 1,) at the pixels of their owners."""
        return ids.take(self.owner)


def assign(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], placement: Placement) -> Ownership:
    """Owner of each source pixel: the query with the greatest score x sigmoid(logit), the first of equals.

    Args:
        scores: (K,) float32.
        logits: (K, H/4, W/4) float32.
        placement: where the image lies in the network's input.
    """
    height, width = placement.source
    best = np.full((height, width), -1, np.float32)
    winner = np.zeros((height, width), np.uint16)  # row + 1
    inside = np.zeros(scores.size, np.int64)
    scratch = np.empty(max(_STRIP_PIXELS, width), np.float32)
    for row, (score, box) in enumerate(zip(scores, _boxes(scores, logits, placement))):
        if box is None:
            continue
        full, best_here, winner_here = restore(logits[row], placement)[box], best[box], winner[box]
        rows = max(1, _STRIP_PIXELS // full.shape[1])
        for top in range(0, len(full), rows):  # strips of a size that stays in the cache from one step to the next
            strip = slice(top, top + rows)
            part = full[strip]
            value = _value(score, part, out=scratch[: part.size].reshape(part.shape))
            np.copyto(winner_here[strip], row + 1, where=value > best_here[strip])
            np.maximum(best_here[strip], value, out=best_here[strip])
            inside[row] += np.count_nonzero(part >= 0)
    area = np.bincount(winner.ravel(), minlength=scores.size + 1)[1:]
    half = np.append(np.float32(np.inf), scores * np.float32(0.5))  # at least one half: its logit is not negative
    return Ownership(winner * (best >= half.take(winner)), area, inside)


def _boxes(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], placement: Placement) -> list[tuple[slice, slice] | None]:
    """For each query the part of the source in which it may win a pixel or be inside its mask; None where there is none."""
    rows, columns = (axis_of(s, r, p) for s, r, p in zip(placement.source, placement.resized, placement.padded))
    low, high = _bounds(np.pad(logits, ((0, 0), (1, 1), (1, 1)), mode="edge"), rows, columns)  # (K, runs of rows, runs of columns)
    beaten_below = _value(scores[:, None, None], low).max(axis=0) * np.float32(1 - 1e-5)  # resizing rounds in its own way
    matters = _value(scores[:, None, None], high) >= beaten_below
    matters |= high >= 0
    boxes: list[tuple[slice, slice] | None] = []
    for cells in matters:
        y, x = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
        boxes.append((rows.pixels(y[0], y[-1]), columns.pixels(x[0], x[-1])) if y.size else None)
    return boxes


def _value(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32],
           out: npt.NDArray[np.float32] | None = None) -> npt.NDArray[np.float32]:  # fmt: skip
    """score x sigmoid(logit); far below zero exp overflows to infinity, which gives the 0 that is meant."""
    value = np.negative(logits, out=out)
    with np.errstate(over="ignore"):
        np.exp(value, out=value)
    value += 1
    return np.divide(scores, value, out=value)


def _bounds(extended: npt.NDArray[np.float32], rows: Axis, columns: Axis) -> tuple[npt.NDArray, npt.NDArray]:
    """Least and greatest logit of each window: (K, runs of rows, runs of columns) twice."""
    low = high = extended
    for axis, table in ((1, rows), (2, columns)):
        index = [np.take(low, table.window + tap, axis=axis) for tap in range(table.taps)]
        upper = index if high is low else [np.take(high, table.window + tap, axis=axis) for tap in range(table.taps)]
        low, high = np.minimum.reduce(index), np.maximum.reduce(upper)
    return low, high
