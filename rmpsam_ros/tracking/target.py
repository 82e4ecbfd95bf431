"""Appearance of one clicked object in the network's features, relative to its surroundings.

A single linear function of a cell's features scores how much it belongs to the object: the difference between the mean
features of the object's cells and of other cells, whitened by the covariance of all cells. This is linear discriminant
analysis, used as a detector learnt from one example as in Hariharan, Malik and Ramanan, "Discriminative decorrelation for
clustering and classification" (ECCV 2012). It needs no training, takes some two milliseconds per frame plus a
quarter per object, and works with the features of any network.
"""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from rmpsam_ros.tracking.appearance import SMALL_PRODUCT

FloatArray = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SAMPLES = 1000
"""Cells of a frame, on a regular lattice, from which its mean and covariance are estimated."""
RIDGE = 0.03
"""Regularisation added to the covariance, as a multiple of its mean variance: directions of low variance are unreliable."""
RATE = 0.1
"""Weight of the newest frame in running means."""
FIRST = 0.3
"""Weight of the clicked frame, which the user has confirmed, against all later frames."""
RING = 6
"""Width in cells of the ring around the object whose mean counts as much as that of the whole frame: the object must be
distinguished from what is there."""


class Surroundings:
    """Mean and covariance of the features of one camera's cells over the newest frames, shared by all targets."""

    def __init__(self) -> None:
        self._covariance: FloatArray | None = None
        self._factor: tuple | None = None  # Cholesky factor: an inverse would wake the threads of a BLAS in every frame
        self.mean: FloatArray | None = None

    def see(self, features: FloatArray) -> None:
        """Updates the statistics with one frame: (C, h, w)."""
        step = max(1, int((features.shape[1] * features.shape[2] / SAMPLES) ** 0.5))
        cells = features[:, ::step, ::step].reshape(len(features), -1)
        self.mean = cells.mean(axis=1)
        centred = cells - self.mean[:, None]
        covariance = _gram(centred) / cells.shape[1]
        if self._covariance is None or self._covariance.shape != covariance.shape:
            self._covariance = covariance
        else:
            self._covariance += RATE * (covariance - self._covariance)
        self._factor = None

    def whiten(self, direction: FloatArray) -> FloatArray:
        """The inverse covariance times (C,)."""
        if self._factor is None:
            ridge = RIDGE * max(float(np.trace(self._covariance)) / len(self._covariance), 1e-12)
            self._factor = cho_factor(self._covariance + ridge * np.eye(len(self._covariance), dtype=np.float32), check_finite=False)
        return cho_solve(self._factor, direction, check_finite=False)


class Target:
    """The linear discriminant of one object.

    Args:
        features: (C, h, w) of the frame in which it was clicked.
        mask: (h, w) its cells, at least one.
        surroundings: already updated with that frame.
    """

    def __init__(self, features: FloatArray, mask: Mask, surroundings: Surroundings) -> None:
        self._first = _means(features, mask, surroundings)
        self._means = self._first.copy()

    def learn(self, features: FloatArray, mask: Mask, surroundings: Surroundings) -> None:
        """Updates the object's means with a later frame."""
        self._means += RATE * (_means(features, mask, surroundings) - self._means)

    def likeness(self, features: FloatArray, surroundings: Surroundings) -> FloatArray:
        """(h, w) from -1 to 1: 1 where a cell resembles the object's mean, -1 where it resembles the rest."""
        inside, outside = FIRST * self._first + (1 - FIRST) * self._means
        weights = surroundings.whiten(inside - outside)
        contrast = max(float(weights @ (inside - outside)) / 2, 1e-9)
        middle = float(weights @ (inside + outside)) / 2
        return np.clip((_weighted(weights, features) - middle) / contrast, -1, 1)


def _gram(rows: FloatArray) -> FloatArray:
    """(C, n) to (C, C): the Gram matrix, in parts too small to wake the threads of a BLAS."""
    total = np.zeros((len(rows), len(rows)), np.float32)
    part = max(1, SMALL_PRODUCT // len(rows) ** 2)
    for start in range(0, rows.shape[1], part):
        total += rows[:, start : start + part] @ rows[:, start : start + part].T
    return total


def _weighted(weights: FloatArray, features: FloatArray) -> FloatArray:
    """(C,) and (C, h, w) to the sum over C (h, w), in parts as well."""
    flat = features.reshape(len(features), -1)
    values = np.empty(flat.shape[1], np.float32)
    part = max(1, SMALL_PRODUCT // len(weights))
    for start in range(0, len(values), part):
        values[start : start + part] = weights @ flat[:, start : start + part]
    return values.reshape(features.shape[1:])


def _means(features: FloatArray, mask: Mask, surroundings: Surroundings) -> FloatArray:
    """(2, C) the mean of the object, without its edge if it has an interior, and the mean of its surroundings."""
    image = mask.astype(np.uint8)
    core = cv2.erode(image, np.ones((3, 3), np.uint8), borderValue=1).astype(bool)
    wide = cv2.dilate(image, np.ones((2 * RING + 1, 2 * RING + 1), np.uint8)).astype(bool)
    ring = wide & (cv2.dilate(image, np.ones((3, 3), np.uint8)) == 0)
    inside = features[:, core if np.count_nonzero(core) >= 8 else mask].mean(axis=1)
    near = features[:, ring].mean(axis=1) if ring.any() else surroundings.mean
    return np.stack((inside, (near + surroundings.mean) / 2))
