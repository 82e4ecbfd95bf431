"""Time of the tracker on a synthetic scene, for `rmpsam bench`."""
from __future__ import annotations

from time import perf_counter

import numpy as np
import numpy.typing as npt

from rmpsam_ros.tracking.detections import Detections
from rmpsam_ros.tracking.tracker import Tracker
from rmpsam_ros.types import ClassLabel, LabelSet

GRID = (120, 160)
"""Cells (h, w) of a 480x640 network input."""


def measure(instances: int = 30, frames: int = 300) -> npt.NDArray[np.float64]:
    """(frames,) milliseconds of `Tracker.update_detections` per frame, in a scene of round objects that move and
    partly occlude each other, after 30 warm-up frames. Masks in source pixels are computed on demand, so they are not
    included."""
    labels = LabelSet("cost", tuple(ClassLabel(i, str(i), True, (0, 0, 0)) for i in range(133)))
    rng = np.random.default_rng(0)
    queries = rng.random((instances, 256)).astype(np.float32)
    radius = rng.uniform(3, 9, instances)
    place = rng.uniform(8, (GRID[1] - 8, GRID[0] - 8), (instances, 2))
    step = rng.normal(size=(instances, 2)) * 0.5
    classes = rng.integers(0, 20, instances)
    rows, columns = np.mgrid[: GRID[0], : GRID[1]].astype(np.float32)
    scene = []
    for _ in range(frames + 30):
        place += step
        outside = (place < 4) | (place > np.array([GRID[1] - 4, GRID[0] - 4]))
        step[outside] *= -1
        masks = (columns - place[:, 0, None, None]) ** 2 + (rows - place[:, 1, None, None]) ** 2 < radius[:, None, None] ** 2
        noisy = queries + 0.1 * rng.random(queries.shape).astype(np.float32)
        scene.append(Detections(classes, np.full(instances, 0.9, np.float32), noisy, masks))
    tracker = Tracker(labels)
    times = []
    for index, detections in enumerate(scene):
        started = perf_counter()
        tracker.update_detections(detections, index / 30)
        times.append(1e3 * (perf_counter() - started))
    return np.array(times[30:])
