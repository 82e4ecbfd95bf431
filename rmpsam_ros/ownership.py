"""Which query owns which pixel: the greatest score x sigmoid(logit), found without full-size masks.

Between two cell centres a mask is a weighted mean of the few stride-4 logits around, so their least and greatest bound
it. Where one query's lower bound beats every other's upper bound, it owns all the pixels there; only along borders are
single pixels evaluated, and only for the queries that may own them. Where masks are noise and borders are everywhere
(a network without training), one full-size map at a time is cheaper; either way gives the reference's owners.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from rmpsam_ros.placement import Axis, Placement, axis_of, restore

_BLOCK_COST = 14
"""Time to evaluate one pixel of a block, over that of one pixel of a full-size map (measured; only speed depends on it)."""

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
            0 for a query that cannot reach the overlap threshold.
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
        return ids[self.owner]


def assign(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], placement: Placement,
           overlap_threshold: float = 0.0) -> Ownership:  # fmt: skip
    """Owner of each source pixel: the query with the greatest score x sigmoid(logit), the first of equals.

    Args:
        scores: (K,) float32.
        logits: (K, H/4, W/4) float32.
        placement: where the image lies in the network's input.
        overlap_threshold: queries that cannot win this share of their mask get area 0, unevaluated: pixels that only
            such queries compete for end up unlabelled whoever wins them.
    """
    count = scores.size
    rows, columns = (axis_of(s, r, p) for s, r, p in zip(placement.source, placement.resized, placement.padded))
    extended = np.pad(logits, ((0, 0), (1, 1), (1, 1)), mode="edge")
    low, high = _bounds(extended, rows, columns)  # (K, R, C) over runs of rows and columns
    pixels = rows.length[:, None] * columns.length[None, :]

    least, most = _value(scores[:, None, None], low), _value(scores[:, None, None], high)
    candidates = most >= least.max(axis=0)
    undecided = candidates.sum(axis=0) > 1
    winner = least.argmax(axis=0)
    inside = _sum_pixels(low >= 0, pixels)
    hopeful = _sum_pixels(candidates, pixels) >= np.maximum(overlap_threshold * inside, 1)
    contested = undecided & (candidates & hopeful[:, None, None]).any(axis=0)
    mixed = (low < 0) & (high >= 0) & hopeful[:, None, None]
    area = np.bincount(winner[~undecided], weights=pixels[~undecided], minlength=count).astype(np.int64)
    positive = np.take_along_axis(low, winner[None], axis=0)[0] >= 0
    cells = np.where(~undecided & positive, winner + 1, 0).astype(np.uint16)
    owner = cells.take(rows.run_of, axis=0).take(columns.run_of, axis=1)

    contested_pairs = candidates & contested
    evaluated = np.count_nonzero(contested_pairs | mixed) * rows.weights.shape[1] * columns.weights.shape[1]
    if evaluated * _BLOCK_COST > count * pixels.sum():
        return assign_densely(scores, logits, placement)
    # A pair that only counts towards `inside`, or whose owner is settled, needs its sign at each pixel and no contest.
    pair_row, pair_column, pair_query = np.nonzero((contested_pairs | mixed).transpose(1, 2, 0))
    if pair_query.size:
        values, valid = _evaluate(extended, rows, columns, pair_query, pair_row, pair_column)
        positive_pixels = (values >= 0) & valid
        is_mixed = mixed[pair_query, pair_row, pair_column]
        counts = positive_pixels.sum(axis=(1, 2))
        inside = inside + np.bincount(pair_query, weights=counts * is_mixed, minlength=count).astype(np.int64)
        rivals = contested_pairs[pair_query, pair_row, pair_column]
        settled = ~undecided[pair_row, pair_column] & (winner[pair_row, pair_column] == pair_query)
        won = np.zeros(values.shape, bool)
        won[rivals] = _contest(_value(scores[pair_query[rivals], None, None], values[rivals]),
                               pair_row[rivals] * columns.start.size + pair_column[rivals])
        won &= valid
        area = area + np.bincount(pair_query, weights=won.sum(axis=(1, 2)), minlength=count).astype(np.int64)
        won[settled] = True  # its area is counted above, by whole cells
        pair, dy, dx = np.nonzero(won & positive_pixels)
        owner[rows.start[pair_row[pair]] + dy, columns.start[pair_column[pair]] + dx] = pair_query[pair] + 1
    return Ownership(owner, np.where(hopeful, area, 0), inside)


def assign_densely(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], placement: Placement) -> Ownership:
    """The same as `assign`, by one full-size map after the other: slower where masks are smooth, never much slower."""
    height, width = placement.source
    best = np.full((height, width), -1, np.float32)
    winner = np.zeros((height, width), np.uint16)  # row + 1
    inside = np.zeros(scores.size, np.int64)
    strips = [slice(top, top + _STRIP_PIXELS // width + 1) for top in range(0, height, _STRIP_PIXELS // width + 1)]
    scratch = np.empty((strips[0].stop, width), np.float32)
    for row, score in enumerate(scores):
        full = restore(logits[row], placement)
        for strip in strips:  # of a size that stays in the cache from one step to the next
            part = full[strip]
            value = _value(score, part, out=scratch[: len(part)])
            np.copyto(winner[strip], row + 1, where=value > best[strip])
            np.maximum(best[strip], value, out=best[strip])
            inside[row] += np.count_nonzero(part >= 0)
    area = np.bincount(winner.ravel(), minlength=scores.size + 1)[1:]
    half = np.append(np.float32(np.inf), scores * np.float32(0.5))  # at least one half: its logit is not negative
    return Ownership(winner * (best >= half.take(winner)), area, inside)


def _sum_pixels(cells: npt.NDArray[np.bool_], pixels: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """(K, R, C) bool, (R, C) pixels of each cell: the pixels of each query's cells, (K,)."""
    return np.array([pixels[own].sum() for own in cells], np.int64)


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


def _evaluate(extended: npt.NDArray[np.float32], rows: Axis, columns: Axis, query: npt.NDArray, row: npt.NDArray,
              column: npt.NDArray) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:  # fmt: skip
    """Logits at every pixel of n (query, row run, column run) blocks: (n, longest, longest), and which are pixels."""
    across = []
    for tap_x in range(columns.taps):
        column_index = columns.window[column] + tap_x
        total = np.float32(0)
        for tap_y in range(rows.taps):
            cell = extended[query, rows.window[row] + tap_y, column_index]  # (n,)
            total = total + rows.weights[row, :, tap_y] * cell[:, None]
        across.append(total)  # (n, longest row run)
    values = np.float32(0)
    for tap_x, part in enumerate(across):
        values = values + part[:, :, None] * columns.weights[column, None, :, tap_x]
    dy, dx = np.arange(rows.weights.shape[1]), np.arange(columns.weights.shape[1])
    valid = (dy < rows.length[row, None])[:, :, None] & (dx < columns.length[column, None])[:, None, :]
    return values, valid


def _contest(values: npt.NDArray[np.float32], cell: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Which of the blocks (n, y, x) wins each pixel of its cell; `cell` is sorted, the first of equals wins."""
    start = np.flatnonzero(np.diff(cell, prepend=-1))
    group = np.repeat(np.arange(start.size), np.diff(start, append=cell.size))
    equal = values == np.maximum.reduceat(values, start, axis=0)[group]
    rank = np.arange(cell.size)[:, None, None]
    first = np.minimum.reduceat(np.where(equal, rank, cell.size), start, axis=0)[group]
    return first == rank
