"""Association cues as log odds: how well each detection fits each track, with all cues in the same unit.

Each cue compares "this detection is the track's object" with "it is some other object of the image". A cue that carries
no information at the moment is 0: overlap when the position is uncertain, position when the object was long unseen,
appearance when all objects look alike. The assignment then maximises the sum over all pairs.
"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

FloatArray = npt.NDArray[np.float32]

SURPRISE = 1.5
"""Time constant, in seconds unseen, of the probability that an object is no longer where its motion predicts."""
CLASS_PRIOR = 0.2
"""Probability that another object of the scene has the same class."""


def place_odds(distance2: FloatArray, variance: FloatArray, gaps: FloatArray, cells: float) -> FloatArray:
    """Log odds of the position. distance2 (m, n) squared cells, variance (m, n) of it in each direction, gaps (m,)
    seconds unseen, cells: the image's area. Bounded below, because objects and cameras do jump; the bound rises with the
    time unseen."""
    surprise = np.minimum(np.maximum(1 - np.exp(-gaps / SURPRISE), 0.002), 0.95)[:, None]
    density = cells / (2 * np.pi * variance) * np.exp(-0.5 * distance2 / variance)
    return np.log((1 - surprise) * density + surprise)


def overlap_odds(iou: FloatArray, certainty: FloatArray) -> FloatArray:
    """Log odds of the mask overlap (m, n), weighted by the certainty (0 … 1) of the track's position (m, 1)."""
    return certainty * (4 * iou - 1.2)


def size_odds(log_ratio: FloatArray, gaps: FloatArray) -> FloatArray:
    """Log odds of the ratio of areas, log_ratio (m, n). Bounded below, because occlusion shrinks masks."""
    deviation = np.minimum(0.25 + 0.3 * np.sqrt(gaps), 1)[:, None]
    return np.maximum(0.5 * log_ratio**2 * (1 - 1 / deviation**2) - np.log(deviation), -2)


def class_odds(votes: FloatArray, classes: npt.NDArray) -> FloatArray:
    """Log odds of the class. votes (m, K) of each track so far, classes (n,). 0 for a track that never had a class."""
    total = votes.sum(axis=1, keepdims=True)
    odds = np.log((0.9 * votes[:, classes] / np.maximum(total, 1e-6) + 0.02) / CLASS_PRIOR)
    return np.where(total > 0, odds, 0)


def depth_odds(track_depth: FloatArray, depths: FloatArray, gaps: FloatArray) -> FloatArray:
    """Log odds of the depth (m,) and (n,) in metres; 0 where a depth is unknown (NaN, 0)."""
    deviation = np.minimum(0.06 + 0.3 * gaps, 0.7)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = np.log(depths)[None, :] - np.log(track_depth)[:, None]
        odds = np.maximum(0.5 * difference**2 * (1 / 0.7**2 - 1 / deviation**2) + np.log(0.7 / deviation), -4)
    return np.where(np.isfinite(difference), odds, 0)


def assign(odds: FloatArray, threshold: FloatArray | float) -> tuple[npt.NDArray, npt.NDArray]:
    """The one-to-one pairs with the greatest sum of odds above the threshold: row and column indices, both (k,).

    odds (m, n); threshold a number, or (m, n).
    """
    if odds.size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    gain = np.maximum(odds - threshold, 0)  # a pair below the threshold gains no more than no pair
    live_rows, live_columns = gain.any(axis=1).nonzero()[0], gain.any(axis=0).nonzero()[0]
    rows, columns = linear_sum_assignment(gain[live_rows][:, live_columns], maximize=True)
    rows, columns = live_rows[rows], live_columns[columns]
    kept = gain[rows, columns] > 0
    return rows[kept], columns[kept]
