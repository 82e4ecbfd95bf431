"""Assigns each pixel to the query with the largest score x sigmoid(logit), without evaluating every query at every pixel.

Between cell centres, a mask is a weighted mean of the few surrounding stride-4 logits, so their minimum and maximum bound it. Where
a query's upper bound is negative and lower than another query's lower bound, the query can neither win the pixel nor cover it with its
own mask. In each band of rows, a query is therefore evaluated only between the first and last cell where it can matter.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.placement import Axis, Placement, axis_of, restore_rows

_BAND_PIXELS = 16384
"""Pixels processed at a time: 64 KB of float32, and matrix products too small for BLAS to use several threads."""


@dataclass(frozen=True)
class Extents:
    """The number of pixels that each query owns, (K,), and their bounding box, (K, 4): left, top, right, bottom; right and bottom exclusive.

    The box of a query without pixels is (W, H, 0, 0), which is neutral in a union.
    """

    pixels: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ownership:
    """The owner of each pixel, with statistics for each query.

    Attributes:
        owner: (H, W) uint16, row of the owning query plus 1; 0 where its mask probability is below one half.
        area: (K,) pixels that each query wins, including those where its mask probability is below one half (as in the reference).
        inside: (K,) pixels where each query's mask probability is at least one half, won or not.
    """

    owner: npt.NDArray[np.uint16]
    area: npt.NDArray[np.int64]
    inside: npt.NDArray[np.int64]

    def extents(self) -> Extents:
        """Pixel count and bounding box of each query, computed from the run lengths of each row."""
        count, (height, width), flat = self.area.size, self.owner.shape, self.owner.ravel()
        ends = np.ones(flat.size, bool)
        np.not_equal(flat[1:], flat[:-1], out=ends[:-1])
        ends[width - 1 :: width] = True
        last = np.flatnonzero(ends)
        length = np.diff(last, prepend=-1)
        row, right = np.divmod(last, width)
        owner = flat[last]
        order = np.argsort(owner, kind="stable")
        found, first = np.unique(owner[order], return_index=True)
        boxes = np.tile(np.array([width, height, 0, 0], np.int64), (count + 1, 1))
        for side, reduce, values in ((0, np.minimum, right + 1 - length), (1, np.minimum, row), (2, np.maximum, right + 1), (3, np.maximum, row + 1)):
            boxes[found, side] = reduce.reduceat(values[order], first)
        return Extents(np.bincount(owner, length, count + 1)[1:].astype(np.int64), boxes[1:])

    def relabel(self, ids: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        """(H, W) map with each pixel's owner looked up in `ids` (K + 1,)."""
        return _look_up(ids, self.owner)


def assign(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], placement: Placement) -> Ownership:
    """Finds the owner of each source pixel: the query with the largest score x sigmoid(logit), the first in case of a tie.

    Args:
        scores: (K,) float32.
        logits: (K, H/4, W/4) float32.
        placement: the image's placement in the network input.
    """
    height, width = placement.source
    rows, columns = (axis_of(s, r, p) for s, r, p in zip(placement.source, placement.resized, placement.padded))
    matters = _matters(scores, logits, rows, columns)
    wide = {row: restore_rows(logits[row], placement) for row in np.flatnonzero(matters.any(axis=(1, 2))).tolist()}
    winner = np.zeros((height, width), np.uint16)  # row + 1
    area, inside = np.zeros(scores.size, np.int64), np.zeros(scores.size, np.int64)
    half = np.append(np.float32(np.inf), scores * np.float32(0.5))  # probability at least one half: the logit is not negative
    scratch = np.empty((3, _BAND_PIXELS + width * int(rows.length.max())), np.float32)  # reused: allocation would cost more than the arithmetic
    for first, last in _bands(rows, width):
        band, cells = rows.pixels(first, last), rows.cells(first, last)
        winner_here = winner[band]
        best = scratch[0, : winner_here.size].reshape(winner_here.shape)
        best[:] = -1
        for row, span in _spans(matters[:, first : last + 1].any(axis=1), columns):
            best_here = best[:, span]
            logit, value = (part[: best_here.size].reshape(best_here.shape) for part in scratch[1:])
            np.matmul(rows.weights[band, cells], wide[row][cells, span], out=logit)
            _value(scores[row], logit, out=value)
            np.copyto(winner_here[:, span], row + 1, where=value > best_here)
            np.maximum(best_here, value, out=best_here)
            inside[row] += np.count_nonzero(logit >= 0)
        area += _histogram(winner_here, scores.size + 1)[1:]
        winner_here *= best >= _look_up(half, winner_here)
    return Ownership(winner, area, inside)


def _histogram(values: npt.NDArray[np.uint16], count: int) -> npt.NDArray[np.int64]:
    """(count,) occurrences of each value. OpenCV takes a quarter of NumPy's time, but counts in float32: exact below 2^24."""
    return cv2.calcHist([values], [0], None, [count], [0, count]).ravel().astype(np.int64)


def _look_up(table: npt.NDArray, index: npt.NDArray[np.uint16]) -> npt.NDArray:
    """table[index]; OpenCV is ten times as fast, but its index is limited to bytes."""
    if len(table) > 256:
        return table.take(index)
    return cv2.LUT(index.astype(np.uint8), np.resize(table, 256)).reshape(index.shape)


def _matters(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], rows: Axis, columns: Axis) -> npt.NDArray[np.bool_]:
    """(K, runs of rows, runs of columns) bool: where each query may win a pixel or cover it with its mask."""
    low, high = _bounds(np.pad(logits, ((0, 0), (1, 1), (1, 1)), mode="edge"), rows, columns)
    beaten_below = _value(scores[:, None, None], low).max(axis=0) * np.float32(1 - 1e-5)  # margin for rounding in the resize
    return (_value(scores[:, None, None], high) >= beaten_below) | (high >= 0)


def _bands(rows: Axis, width: int) -> Iterator[tuple[int, int]]:
    """First and last run of rows of each band; a band is small enough to stay in the CPU cache from one query to the next."""
    first = 0
    for last, length in enumerate(rows.length):
        pixels = (int(rows.start[last]) + int(length) - int(rows.start[first])) * width
        if pixels >= _BAND_PIXELS or last + 1 == len(rows.length):
            yield first, last
            first = last + 1


def _spans(matters: npt.NDArray[np.bool_], columns: Axis) -> Iterator[tuple[int, slice]]:
    """The queries that matter anywhere in (K, runs of columns), each with the range of pixels from the first to the last such run."""
    for row in np.flatnonzero(matters.any(axis=1)).tolist():
        runs = np.flatnonzero(matters[row])
        yield row, columns.pixels(runs[0], runs[-1])


def _value(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32],
           out: npt.NDArray[np.float32] | None = None) -> npt.NDArray[np.float32]:  # fmt: skip
    """score x sigmoid(logit). For very negative logits exp overflows to infinity, which correctly gives 0."""
    value = np.negative(logits, out=out)
    with np.errstate(over="ignore"):
        np.exp(value, out=value)
    value += 1
    return np.divide(scores, value, out=value)


def _bounds(extended: npt.NDArray[np.float32], rows: Axis, columns: Axis) -> tuple[npt.NDArray, npt.NDArray]:
    """Minimum and maximum logit of each window: two arrays (K, runs of rows, runs of columns)."""
    low = high = extended
    for axis, table in ((1, rows), (2, columns)):
        index = [np.take(low, table.window + tap, axis=axis) for tap in range(table.taps)]
        upper = index if high is low else [np.take(high, table.window + tap, axis=axis) for tap in range(table.taps)]
        low, high = np.minimum.reduce(index), np.maximum.reduce(upper)
    return low, high
