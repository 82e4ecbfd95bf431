"""Clip mode, as in the method: whole clips are decoded at once, and matched from clip to clip by their queries alone.

This module has the parts that need no network: splitting a video into clips, matching a clip's queries with those of the
previous clip, and turning their outputs into instances. It serves the benchmark; robots use the online tracker.
"""
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

SAME_THING = 0.5
"""IoU over a video from which two queries count as the same thing."""

FloatArray = npt.NDArray[np.float32]


def clip_size(frames: int) -> int:
    """Frames of a clip in a video of this length: 5, or 3 in videos of up to 15."""
    return 5 if frames > 15 else 3


def video_split(frames: int, size: int) -> list[tuple[int, int]]:
    """Splits a video of `frames` into clips of `size` frames as (start, end), end exclusive.

    If it does not divide evenly, the last clips become one frame shorter each; if that does not suffice, the last one
    alone absorbs the whole difference.
    """
    count = -(-frames // size)
    ends = [(i + 1) * size for i in range(count)]
    excess = count * size - frames
    if excess < count:
        for i in range(excess):
            ends[count - 1 - i] -= excess - i
    elif ends:
        ends[-1] -= excess
    return list(zip([0, *ends[:-1]], ends))


def match_queries(previous: FloatArray, current: FloatArray) -> npt.NDArray[np.int64]:
    """(N, D) queries of two clips, the first in its matched order, to (N,): which current query each one becomes."""
    unit = [q / np.maximum(np.linalg.norm(q, axis=1, keepdims=True), 1e-12) for q in (previous, current)]
    return linear_sum_assignment(1 - unit[0] @ unit[1].T)[1]


@dataclass
class ClipMerger:
    """Collects the clips of one video in order, and returns its instances at the end.

    Masks are kept, at low resolution and 8 bits per cell, only for queries with a class probability of at least `keep`
    in their clip: all N masks of all frames would take gigabytes. (The method itself stops at 50 frames.)
    """

    keep: float = 0.01
    _queries: FloatArray | None = None
    _class_sum: FloatArray | None = None
    _clips: int = 0
    _frames: list[dict[int, npt.NDArray[np.int8]]] = field(default_factory=list)
    _size: tuple[int, int] = (0, 0)

    def add(self, class_logits: FloatArray, mask_logits: FloatArray, queries: FloatArray) -> None:
        """One clip: (N, K + 1) class logits, (N, T, h, w) mask logits without padding, (N, D) queries."""
        order = np.arange(len(queries)) if self._queries is None else match_queries(self._queries, queries)
        self._queries = queries[order]
        ordered = class_logits[order].astype(np.float64)
        self._class_sum = ordered if self._class_sum is None else self._class_sum + ordered
        self._clips += 1
        self._size = mask_logits.shape[2:]
        probable = np.flatnonzero(softmax(ordered)[:, :-1].max(axis=1) >= self.keep)
        for t in range(mask_logits.shape[1]):
            masks = mask_logits[order[probable], t]
            # Steps of 1/8 up to +-15.9; rounding keeps the sign, as the mask's border lies at 0.
            steps = np.sign(masks) * np.minimum(np.ceil(np.abs(masks) * 8), 127)
            self._frames.append(dict(zip(probable.tolist(), steps.astype(np.int8))))

    @property
    def class_logits(self) -> FloatArray:
        """(N, K + 1): the mean over the clips."""
        return (self._class_sum / self._clips).astype(np.float32)

    def instances(self, is_thing: npt.NDArray[np.bool_], limit: int = 100) -> list[ClipInstance]:
        """The things among the `limit` best (query, class) pairs of the video, by score (see `best_pairs`)."""
        queries, classes, scores = best_pairs(self.class_logits, is_thing, limit)
        return [
            ClipInstance(int(query), int(class_id), float(score),
                         [frame[query] / 8 if query in frame else None for frame in self._frames])
            for query, class_id, score in zip(queries.tolist(), classes, scores)
        ]


@dataclass(frozen=True)
class ClipInstance:
    """A thing through a video: `masks` has (h, w) float logits for each frame, None where it is not there. One query
    may be several instances with different classes."""

    query: int
    class_id: int
    score: float
    masks: list[FloatArray | None] = field(repr=False)


def distinct(instances: list[ClipInstance]) -> list[ClipInstance]:
    """Removes instances that duplicate a better one over the whole video (IoU above SAME_THING); input and output are sorted by score.

    For networks in which several queries learn each thing (`matrix_nms`); the method's own networks have one per thing and need no NMS.
    """
    n = len(instances)
    common, area = np.zeros((n, n)), np.zeros(n)
    for frame in zip(*(instance.masks for instance in instances)):
        rows = [k for k, mask in enumerate(frame) if mask is not None]
        if rows:
            shown = np.array([frame[k] > 0 for k in rows], np.float32).reshape(len(rows), -1)
            common[np.ix_(rows, rows)] += shown @ shown.T
            area[rows] += shown.sum(axis=1)
    iou = common / np.maximum(area[:, None] + area[None] - common, 1)
    kept: list[int] = []
    for k in range(n):
        if not (iou[k, kept] > SAME_THING).any():
            kept.append(k)
    return [instances[k] for k in kept]


def best_pairs(
    class_logits: FloatArray, is_thing: npt.NDArray[np.bool_], limit: int = 100,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], FloatArray]:
    """The things among the `limit` most probable (query, class) pairs, best first.

    class_logits (N, K + 1), is_thing (K,); returns queries, classes and probabilities, (k,) each.
    """
    probabilities = softmax(class_logits)[:, :-1]
    flat = probabilities.ravel()
    best = np.argsort(-flat, kind="stable")[:limit]
    queries, classes = best // probabilities.shape[1], best % probabilities.shape[1]
    things = is_thing[classes]
    return queries[things], classes[things], flat[best][things].astype(np.float32)


def mask_score(logits: FloatArray) -> float:
    """Confidence of a mask: the mean of sigmoid over its foreground pixels; logits of any shape."""
    inside = logits[logits > 0]
    return float((1 / (1 + np.exp(-inside))).sum() / (inside.size + 1e-6))


def softmax(logits: FloatArray) -> FloatArray:
    """Over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)
