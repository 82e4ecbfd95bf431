"""Small synthetic scenes for the tracking tests: square objects on a grid, each with its own query."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rmpsam_ros.tracking import Detections, Tracker
from rmpsam_ros.types import ClassLabel, LabelSet

GRID = (48, 64)
IMAGE = (192, 256)
LABELS = LabelSet("scene", (
    ClassLabel(0, "cup", True, (200, 0, 0)), ClassLabel(1, "box", True, (0, 200, 0)), ClassLabel(2, "floor", False, (0, 0, 200)),
))
DIMS = 16
DT = 0.1


def query(name: int, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """(16,) float32, the same for each name apart from the noise."""
    own = np.random.default_rng(1000 + name).normal(size=DIMS)
    return (own + noise * np.random.default_rng(seed).normal(size=DIMS)).astype(np.float32)


def square(x: float, y: float, side: int = 10, grid: tuple[int, int] = GRID) -> np.ndarray:
    """(h, w) bool: a square around the cell (x, y), clipped at the border."""
    mask = np.zeros(grid, bool)
    left, top = round(x - side / 2), round(y - side / 2)
    mask[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = True
    return mask


def objects(*rows: dict, grid: tuple[int, int] = GRID, image: tuple[int, int] | None = IMAGE, depths: Sequence[float] | None = None) -> Detections:
    """Detections from rows with `x`, `y` (cells) and, if not the default, `side`, `kind`, `score`, `name`
    (whose query it has) or `query`."""
    if not rows:
        return Detections.empty(grid, image, DIMS)
    return Detections(
        np.array([row.get("kind", 0) for row in rows]), np.array([row.get("score", 0.9) for row in rows], np.float32),
        np.array([row.get("query", query(row.get("name", 0))) for row in rows], np.float32),
        np.array([square(row["x"], row["y"], row.get("side", 10), grid) for row in rows]),
        None if depths is None else np.array(depths, np.float32), image,
    )


def run(tracker: Tracker, frames, start: float = 0.0, dt: float = DT):
    """Feeds a list of detections, one every dt seconds; returns the result of the last update."""
    result = ()
    for k, detections in enumerate(frames):
        result = tracker.update_detections(detections, start + k * dt)
    return result
