"""Panoptic fusion: the reference's result (Mask2Former's recipe with its score filter) at a fraction of its cost.

The reference makes a full-size probability map of every query, takes the argmax at each pixel, and counts. But between
two cell centres a mask is a weighted mean of the few logits around, so their least and greatest bound it. Where one
query's lower bound beats every other's upper bound, it owns all the pixels there; only along borders are single pixels
evaluated, and only for the queries that may own them. The outcome is the same, pixel by pixel.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from rmpsam_ros.placement import Axis, Placement, axis_of
from rmpsam_ros.types import LabelSet, PanopticResult, Roi, Segment

MAX_KEPT = 65534
"""Segment ids are uint16 and 0 is unlabelled."""


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


def fuse(class_ids: npt.NDArray[np.int64], scores: npt.NDArray[np.float32], mask_logits: npt.NDArray[np.float32],
         placement: Placement, labels: LabelSet, score_threshold: float = 0.8, overlap_threshold: float = 0.8,
         max_segments: int = 100, allowed: npt.NDArray[np.bool_] | None = None,
         queries: npt.NDArray[np.float32] | None = None) -> PanopticResult:  # fmt: skip
    """Queries to a panoptic map of the source image.

    Args:
        class_ids: (N,) best class, `len(labels)` for no object.
        scores: (N,) probability of that class.
        mask_logits: (N, H/4, W/4) of the padded network input.
        placement: where the image lies in that input.
        labels: the label set; stuff queries of one class become one segment.
        score_threshold: queries at or below are left out.
        overlap_threshold: a query that wins a smaller share than this of its own mask is left out.
        max_segments: at most this many queries, the best by score.
        allowed: (K,) bool, classes that may appear; all if None.
        queries: (N, D) embeddings, to go with the segments.
    """
    kept = _select(class_ids, scores, len(labels), score_threshold, max_segments, allowed)
    if kept.size == 0:
        return PanopticResult(np.zeros(placement.source, np.uint16), (), labels)
    # NaN logits (a broken engine) must not win everywhere: they count as outside.
    logits = np.nan_to_num(mask_logits[kept].astype(np.float32, copy=False), nan=-1e4)
    ownership = assign(scores[kept].astype(np.float32), logits, placement)
    is_thing = labels.is_thing()
    id_of = np.zeros(kept.size + 1, np.uint16)
    stuff_ids: dict[int, int] = {}
    members: list[list[int]] = []
    for row in range(kept.size):
        area, inside = int(ownership.area[row]), int(ownership.inside[row])
        if area == 0 or inside == 0 or area / inside < overlap_threshold:
            continue
        class_id = int(class_ids[kept[row]])
        if is_thing[class_id] or class_id not in stuff_ids:
            members.append([row])
            stuff_ids.setdefault(class_id, len(members))
            id_of[row + 1] = len(members)
        else:
            id_of[row + 1] = stuff_ids[class_id]
            members[stuff_ids[class_id] - 1].append(row)
    segment_ids = id_of[ownership.owner]
    return _describe(segment_ids, members, kept, class_ids, scores, labels, queries)


def assign(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], placement: Placement) -> Ownership:
    """Owner of each source pixel: the query with the greatest score x sigmoid(logit), the first of equals.

    Args:
        scores: (K,) float32.
        logits: (K, H/4, W/4) float32.
    """
    count = scores.size
    rows, columns = (axis_of(s, r, p) for s, r, p in zip(placement.source, placement.resized, placement.padded))
    extended = np.pad(logits, ((0, 0), (1, 1), (1, 1)), mode="edge")
    low, high = _bounds(extended, rows, columns)  # (K, R, C) over runs of rows and columns
    pixels = rows.length[:, None] * columns.length[None, :]

    least, most = _value(scores[:, None, None], low), _value(scores[:, None, None], high)
    candidates = most >= least.max(axis=0)
    contested = candidates.sum(axis=0) > 1
    winner = least.argmax(axis=0)
    mixed = (low < 0) & (high >= 0) & candidates.any(axis=(1, 2), keepdims=True)  # who cannot win is never asked

    inside = ((low >= 0) * pixels).sum(axis=(1, 2))
    area = np.bincount(winner[~contested], weights=pixels[~contested], minlength=count).astype(np.int64)
    positive = np.take_along_axis(low, winner[None], axis=0)[0] >= 0
    cells = np.where(~contested & positive, winner + 1, 0).astype(np.uint16)
    owner = cells.take(rows.run_of, axis=0).take(columns.run_of, axis=1)

    contested_pairs = candidates & contested
    # A pair that only counts towards `inside`, or whose owner is settled, needs its sign at each pixel and no contest.
    pair_row, pair_column, pair_query = np.nonzero((contested_pairs | mixed).transpose(1, 2, 0))
    if pair_query.size:
        values, valid = _evaluate(extended, rows, columns, pair_query, pair_row, pair_column)
        positive_pixels = (values >= 0) & valid
        is_mixed = mixed[pair_query, pair_row, pair_column]
        counts = positive_pixels.sum(axis=(1, 2))
        inside = inside + np.bincount(pair_query, weights=counts * is_mixed, minlength=count).astype(np.int64)
        rivals = contested_pairs[pair_query, pair_row, pair_column]
        settled = ~contested[pair_row, pair_column] & (winner[pair_row, pair_column] == pair_query)
        won = np.zeros(values.shape, bool)
        won[rivals] = _contest(_value(scores[pair_query[rivals], None, None], values[rivals]),
                               pair_row[rivals] * columns.start.size + pair_column[rivals])
        won &= valid
        area = area + np.bincount(pair_query, weights=won.sum(axis=(1, 2)), minlength=count).astype(np.int64)
        won[settled] = True  # its area is counted above, by whole cells
        pair, dy, dx = np.nonzero(won & positive_pixels)
        owner[rows.start[pair_row[pair]] + dy, columns.start[pair_column[pair]] + dx] = pair_query[pair] + 1
    return Ownership(owner, area, inside)


def _select(class_ids: npt.NDArray, scores: npt.NDArray, num_classes: int, threshold: float, limit: int,
            allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.intp]:  # fmt: skip
    """Rows of the queries that take part, in query order (ties go to the first, as in the reference)."""
    keep = (class_ids < num_classes) & (scores > threshold)  # false for a NaN score
    if allowed is not None:
        keep &= np.append(allowed, False)[np.minimum(class_ids, num_classes)]
    kept = np.flatnonzero(keep)
    limit = min(limit, MAX_KEPT)
    if kept.size > limit:
        kept = np.sort(kept[np.argsort(-scores[kept], kind="stable")[:limit]])
    return kept


def _value(scores: npt.NDArray[np.float32], logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """score x sigmoid(logit); exp of a clipped number, so that nothing overflows."""
    return scores / (1 + np.exp(np.minimum(-logits, 80)))


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


def _describe(segment_ids: npt.NDArray[np.uint16], members: list[list[int]], kept: npt.NDArray[np.intp],
              class_ids: npt.NDArray, scores: npt.NDArray, labels: LabelSet,
              queries: npt.NDArray[np.float32] | None) -> PanopticResult:  # fmt: skip
    """Ids 1 … n without gaps, one `Segment` each; a query left without a pixel disappears."""
    areas = np.bincount(segment_ids.ravel(), minlength=len(members) + 1)
    boxes = ndimage.find_objects(segment_ids, max_label=len(members))
    renumber = np.zeros(len(members) + 1, np.uint16)
    segments: list[Segment] = []
    for old, group in enumerate(members, start=1):
        if areas[old] == 0:
            continue
        renumber[old] = len(segments) + 1
        best = int(kept[max(group, key=lambda row: float(scores[kept[row]]))])
        label = labels[int(class_ids[best])]
        row_slice, column_slice = boxes[old - 1]
        roi = Roi(column_slice.start, row_slice.start, column_slice.stop - column_slice.start, row_slice.stop - row_slice.start)
        segments.append(Segment(
            id=len(segments) + 1, class_id=label.id, class_name=label.name, is_thing=label.is_thing,
            score=float(np.clip(scores[best], 0, 1)), area=int(areas[old]), roi=roi, query_index=best,
            query=None if queries is None else queries[best],
        ))  # fmt: skip
    if len(segments) < len(members):
        segment_ids = renumber[segment_ids]
    return PanopticResult(segment_ids, tuple(segments), labels)
