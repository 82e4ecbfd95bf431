"""Tracking metrics: id switches, fragmentations, IDF1 and HOTA, by the definitions of TrackEval.

All take one list of `MatchedFrame`, with each frame's true ids, the tracker's ids and their similarities (mask or box
IoU). Ids are any positive integers, unique within a frame.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

_ALPHAS = np.arange(0.05, 0.99, 0.05)
_EPS = np.finfo("float").eps
_SAME = 0.5
"""Similarity from which CLEAR and IDF1 take a prediction for an object."""
_BACK, _PATIENCE = 0.3, 2.0
"""In `returns`: similarity from which an object has an id, and seconds within which its id must settle."""


@dataclass(frozen=True)
class MatchedFrame:
    """`truth` (g,) and `found` (p,) ids, `similarity` (g, p) from 0 to 1, `stamp` in seconds."""

    truth: npt.NDArray[np.int64]
    found: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float32]
    stamp: float = 0.0


@dataclass(frozen=True)
class TrackingScores:
    """Metrics of one or several sequences. Ratios are from 0 to 1; `switches` and `fragments` are counts.

    `switches_per_100` are id switches per 100 frames. `assa` and `deta` are the two factors of HOTA.
    """

    frames: int
    switches: int
    fragments: int
    mota: float
    idf1: float
    hota: float
    deta: float
    assa: float

    @property
    def switches_per_100(self) -> float:
        return 100 * self.switches / max(self.frames, 1)


def mask_iou(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """(g, h, w) and (p, h, w) bool masks to their (g, p) IoU."""
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)), np.float32)
    x, y = a.reshape(len(a), -1).astype(np.float32), b.reshape(len(b), -1).astype(np.float32)
    common = x @ y.T
    return common / np.maximum(x.sum(axis=1)[:, None] + y.sum(axis=1)[None] - common, 1)


def clear(frames: Sequence[MatchedFrame]) -> tuple[int, int, int, int, int]:
    """(true positives, misses, false positives, id switches, fragmentations)."""
    tp = fn = fp = switches = 0
    last: dict[int, int] = {}  # the tracker's id of each object when it was last matched
    matched_before: dict[int, int] = {}  # … in the previous frame
    pieces: dict[int, int] = defaultdict(int)
    for frame in frames:
        if not len(frame.truth) or not len(frame.found):
            fn, fp = fn + len(frame.truth), fp + len(frame.found)
            # As in TrackEval, a frame without ground truth or without predictions does not end a fragment.
            continue
        kept = np.array([[matched_before.get(int(t)) == f for f in frame.found] for t in frame.truth])
        score = np.where(frame.similarity < _SAME - _EPS, 0, 1000 * kept + frame.similarity)
        rows, columns = linear_sum_assignment(score, maximize=True)
        good = score[rows, columns] > _EPS
        pairs = {int(frame.truth[r]): int(frame.found[c]) for r, c in zip(rows[good], columns[good])}
        for truth, found in pairs.items():
            switches += truth in last and last[truth] != found
            pieces[truth] += truth not in matched_before
        last.update(pairs)
        matched_before = pairs
        tp, fn, fp = tp + len(pairs), fn + len(frame.truth) - len(pairs), fp + len(frame.found) - len(pairs)
    return tp, fn, fp, switches, sum(count - 1 for count in pieces.values())


def identity_counts(frames: Sequence[MatchedFrame]) -> tuple[int, int, int]:
    """(IDTP, IDFN, IDFP) under the best one-to-one assignment of true ids to predicted ids over the whole sequence."""
    truth_ids, found_ids, truth_count, found_count = _census(frames)
    together = np.zeros((len(truth_ids), len(found_ids)))
    for frame in frames:
        rows, columns = np.nonzero(frame.similarity >= _SAME)
        np.add.at(together, ([truth_ids[int(t)] for t in frame.truth[rows]],
                             [found_ids[int(f)] for f in frame.found[columns]]), 1)
    g, p = together.shape
    fn, fp = np.full((g + p, g + p), 1e10), np.full((g + p, g + p), 1e10)
    fn[:g, :p] = truth_count[:, None] - together
    fp[:g, :p] = found_count[None] - together
    fn[np.arange(g), p + np.arange(g)] = truth_count  # without a predicted id
    fp[np.arange(g), p + np.arange(g)] = 0
    fn[g + np.arange(p), np.arange(p)] = 0
    fp[g + np.arange(p), np.arange(p)] = found_count
    fn[g:, p:] = fp[g:, p:] = 0
    rows, columns = linear_sum_assignment(fn + fp)
    idfn, idfp = int(fn[rows, columns].sum()), int(fp[rows, columns].sum())
    return int(truth_count.sum()) - idfn, idfn, idfp


def hota_counts(frames: Sequence[MatchedFrame]) -> npt.NDArray[np.float64]:
    """(4, 19): true positives, misses, false positives and the sum of association accuracies, at 19 thresholds."""
    truth_ids, found_ids, truth_count, found_count = _census(frames)
    rows_of = [np.array([truth_ids[int(t)] for t in f.truth], int) for f in frames]
    columns_of = [np.array([found_ids[int(f_)] for f_ in f.found], int) for f in frames]
    potential = np.zeros((len(truth_ids), len(found_ids)))
    for frame, rows, columns in zip(frames, rows_of, columns_of):
        s = frame.similarity
        total = s.sum(axis=0)[None] + s.sum(axis=1)[:, None] - s
        potential[rows[:, None], columns[None]] += np.where(total > _EPS, s / np.maximum(total, _EPS), 0)
    alignment = potential / np.maximum(truth_count[:, None] + found_count[None] - potential, _EPS)
    matches = np.zeros((len(_ALPHAS), *potential.shape))
    counts = np.zeros((4, len(_ALPHAS)))
    for frame, rows, columns in zip(frames, rows_of, columns_of):
        g, p = len(rows), len(columns)
        matched = np.zeros(len(_ALPHAS), int)
        if g and p:
            score = alignment[rows[:, None], columns[None]] * frame.similarity
            r, c = linear_sum_assignment(score, maximize=True)
            for a, alpha in enumerate(_ALPHAS):
                good = frame.similarity[r, c] >= alpha - _EPS
                matched[a] = good.sum()
                matches[a, rows[r[good]], columns[c[good]]] += 1
        counts[0] += matched
        counts[1] += g - matched
        counts[2] += p - matched
    for a in range(len(_ALPHAS)):
        union = np.maximum(truth_count[:, None] + found_count[None] - matches[a], 1)
        counts[3, a] = (matches[a] * matches[a] / union).sum()
    return counts


def _census(frames: Sequence[MatchedFrame]) -> tuple[dict[int, int], dict[int, int], npt.NDArray, npt.NDArray]:
    """Rows of the true ids, columns of the predicted ones, and the number of frames in which each appears."""
    counts: list[dict[int, int]] = [defaultdict(int), defaultdict(int)]
    for frame in frames:
        for ids, count in zip((frame.truth, frame.found), counts):
            for one in ids.tolist():
                count[one] += 1
    truth, found = ({one: k for k, one in enumerate(sorted(count))} for count in counts)
    return truth, found, *(np.array([count[one] for one in sorted(count)], float) for count in counts)


def score(sequences: Sequence[Sequence[MatchedFrame]]) -> TrackingScores:
    """Metrics of all sequences together: counts are summed first, as in TrackEval's combined row."""
    c = np.sum([clear(frames) for frames in sequences], axis=0)
    i = np.sum([identity_counts(frames) for frames in sequences], axis=0)
    tp, fn, fp, association = np.sum([hota_counts(frames) for frames in sequences], axis=0)
    assa = association / np.maximum(tp, 1)
    deta = tp / np.maximum(tp + fn + fp, 1)
    return TrackingScores(
        frames=sum(map(len, sequences)), switches=int(c[3]), fragments=int(c[4]),
        mota=float((c[0] - c[2] - c[3]) / max(c[0] + c[1], 1)), idf1=float(2 * i[0] / max(2 * i[0] + i[1] + i[2], 1)),
        hota=float(np.sqrt(assa * deta).mean()), deta=float(deta.mean()), assa=float(assa.mean()),
    )


def returns(frames: Sequence[MatchedFrame], absent: float) -> tuple[int, int]:
    """(returns, of these with the old id) of objects that were not visible for at least `absent` seconds.

    The old id is the most frequent one in the last second before the object disappeared; the new one is the first that
    stays on it for three frames and 0.4 seconds within two seconds after its return, or else the most frequent one.
    An object without an id before it disappeared does not count; one without an id after its return counts as not
    re-identified.
    """
    history: dict[int, list[tuple[float, int]]] = defaultdict(list)  # object to (stamp, predicted id or 0), when visible
    for frame in frames:
        best = np.zeros(len(frame.truth), int)
        if len(frame.found) and len(frame.truth):
            rows, columns = linear_sum_assignment(frame.similarity, maximize=True)
            good = frame.similarity[rows, columns] >= _BACK
            best[rows[good]] = frame.found[columns[good]]
        for truth, found in zip(frame.truth.tolist(), best.tolist()):
            history[truth].append((frame.stamp, found))
    events = known = 0
    for entries in history.values():
        for k in range(1, len(entries)):
            if entries[k][0] - entries[k - 1][0] < absent:
                continue
            before = [f for s, f in entries[:k] if f and s >= entries[k - 1][0] - 1.0]
            if not before:
                continue
            after = [(s, f) for s, f in entries[k:] if s <= entries[k][0] + _PATIENCE]
            events += 1
            known += _settled(after) == max(set(before), key=before.count)
    return events, known


def _settled(entries: Sequence[tuple[float, int]]) -> int:
    """The first id with three appearances over at least 0.4 seconds, else the most frequent one; 0 = none."""
    seen: dict[int, list[float]] = defaultdict(list)
    for stamp, found in entries:
        if found:
            seen[found].append(stamp)
            if len(seen[found]) >= 3 and stamp - seen[found][0] >= 0.4:
                return found
    return max(seen, key=lambda one: len(seen[one])) if seen else 0
