"""A camera with depth for the demo: a cluttered table, rendered on the fly, then played back and forth.

Needs `mujoco` and OpenGL; without a GPU an image takes some tenths of a second, so that the first pass is slow.
"""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rmpsam_ros.demo.clicks import find_subject
from rmpsam_ros.demo.motion import View
from rmpsam_ros.errors import BackendError
from rmpsam_ros.types import LabelSet, PanopticResult, Roi, Segment

NAME = "simulated"
"""Its name for `--source`."""
FRAMES = 60
SECONDS_APART = 0.1
SEED = 3


def simulated_views(size: tuple[int, int]) -> Iterator[View]:
    """Endless views with depth, of `size` (height, width).

    Raises:
        BackendError: mujoco is not installed or finds no OpenGL.
    """
    try:
        from rmpsam_ros.simulation.stream import SceneStream
    except ModuleNotFoundError as error:
        raise BackendError(f"The simulated camera needs {error.name}; `pip install '.[simulation]'` brings it.") from error
    views = []
    for frame in SceneStream(SEED, size, frames=FRAMES, place="table", interval=SECONDS_APART).watch(0):
        views.append(_view(frame))
        yield views[-1]
    while True:
        yield from reversed(views)
        yield from views


def _view(frame) -> View:
    ids = frame.ids.astype(np.uint16)
    segments = []
    for value, count in zip(*np.unique(ids[ids > 0], return_counts=True)):
        item = frame.segments[int(value)]
        roi = Roi.of_mask(ids == value)
        segments.append(Segment(int(value), 0, item.label, item.is_thing, 1.0, int(count), roi))
    subject = find_subject(PanopticResult(ids, tuple(segments), LabelSet("", ())))
    return View(frame.image, subject, frame.millimetres(), frame.camera.matrix)
