"""The photographs in scikit-image's wheel, with the points that a person would click."""
from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import ImageError
from rmpsam_ros.media import read_image

Point = tuple[float, float]


@dataclass(frozen=True)
class Subject:
    """An object to click, in pixels (x, y): a point on it, one next to it, and its box; `whole` if it is not cut off by the edge of the
    image."""

    on: Point
    beside: Point
    box: tuple[float, float, float, float]
    whole: bool = True


@dataclass(frozen=True)
class Photo:
    """`image` (H, W, 3) uint8 RGB; `subject` if known."""

    name: str
    image: npt.NDArray[np.uint8]
    subject: Subject | None = None


_SUBJECTS = {
    "motorcycle_left.png": Subject((420, 205), (450, 432), (84, 75, 684, 455)),
    "astronaut.png": Subject((150, 290), (328, 175), (15, 12, 385, 511)),
    "coffee.png": Subject((300, 235), (490, 310), (76, 18, 480, 385)),
    "chelsea.png": Subject((228, 140), (365, 215), (4, 0, 372, 298)),
    "rocket.jpg": Subject((323, 240), (250, 140), (308, 125, 338, 412)),
}


def bundled_photos() -> list[Photo]:
    """The photographs of the demo, in the order of the tour.

    The files are read from scikit-image's folder without importing it, which takes seconds on a small machine.

    Raises:
        ImageError: scikit-image is not installed.
    """
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise ImageError(
            "scikit-image, whose photographs the demo shows, is not installed; `pip install '.[demo]'` brings it, "
            "or give an image, folder, video or camera with --source."
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    return [
        Photo(Path(name).stem, read_image(folder / name), subject)
        for name, subject in _SUBJECTS.items()
        if (folder / name).is_file()
    ]
