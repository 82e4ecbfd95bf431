"""A virtual camera that moves over photographs: smooth pan and zoom, deterministic in time."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.demo.photos import Photo, Subject

SECONDS_PER_PHOTO = 4.0
TURN = 0.8
"""Seconds of the turn to the next photograph at the end of a visit: a hard cut would replace objects instantly, which no real camera
sees."""
_WHOLE = 0.97
"""Share of a subject's box that must be in view for the subject to count as wholly visible."""
_EDGE = 6  # pixels: a click closer to the edge of the view would hit what is leaving it


@dataclass(frozen=True)
class View:
    """One camera view: `image` (H, W, 3) uint8 RGB, and the subject in its pixels if it is in view.

    A camera with depth has `depth` (H, W) uint16, millimetres along the optical axis, 0 = unknown, and `matrix` (3, 3), its
    intrinsics.
    """

    image: npt.NDArray[np.uint8]
    subject: Subject | None
    depth: npt.NDArray[np.uint16] | None = None
    matrix: npt.NDArray[np.float64] | None = None


class Tour:
    """An endless loop over photos, each seen by a moving camera.

    Args:
        photos: at least one.
        size: (height, width) of the views in pixels.
    """

    def __init__(self, photos: Sequence[Photo], size: tuple[int, int] = (480, 640)) -> None:
        self.size = size
        self.photos = [_shrunk(photo, size) for photo in photos]

    def view(self, seconds: float) -> View:
        """The view at a time in seconds; without a subject while the camera turns."""
        visit, into = divmod(seconds, SECONDS_PER_PHOTO)
        here, turn = self._seen(int(visit), seconds), (into - SECONDS_PER_PHOTO + TURN) / TURN
        if turn <= 0 or len(self.photos) == 1:
            return here
        there, width = self._seen(int(visit) + 1, seconds), self.size[1]
        gone = round(width * turn * turn * (3 - 2 * turn))
        return View(np.hstack((here.image[:, gone:], there.image[:, :gone])), None)

    def _seen(self, visit: int, seconds: float) -> View:
        """The view of one visit's photograph, without the turn."""
        photo = self.photos[visit % len(self.photos)]
        # Time continues across visits, so that a repeated photo is seen from another position.
        left, top, scale = self._window(photo, seconds, phase=1.7 * (visit % len(self.photos)))
        height, width = self.size
        # Pixel centres at integers: the view's pixel u lies at photo x = left + (u + 0.5) / scale - 0.5.
        shift = 0.5 / scale - 0.5
        inverse = np.array([[1 / scale, 0, left + shift], [0, 1 / scale, top + shift]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        image = cv2.warpAffine(photo.image, inverse, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return View(image, _move(photo.subject, left, top, scale, width, height))

    def _window(self, photo: Photo, seconds: float, phase: float) -> tuple[float, float, float]:
        """Left and top of the camera's window in photo pixels, and view pixels per photo pixel."""
        height, width = self.size
        rows, columns = photo.image.shape[:2]
        largest = min(columns / width, rows / height)  # photo pixels per view pixel when the window fits exactly
        zoom = largest * (0.86 + 0.12 * math.cos(2 * math.pi * seconds / 11.0 + phase))
        free_x, free_y = columns - zoom * width, rows - zoom * height
        left = free_x * (0.5 + 0.5 * math.sin(2 * math.pi * seconds / 13.0 + phase))
        top = free_y * (0.5 + 0.5 * math.sin(2 * math.pi * seconds / 9.0 + 2.0 * phase + 1.0))
        return left, top, 1.0 / zoom


def _shrunk(photo: Photo, size: tuple[int, int]) -> Photo:
    """The photo, downsampled to at most 1.4 times the resolution of the views: finer detail would flicker."""
    rows, columns = photo.image.shape[:2]
    factor = 1.4 / min(columns / size[1], rows / size[0])
    if factor >= 1.0:
        return photo
    width, height = round(columns * factor), round(rows * factor)
    image = cv2.resize(photo.image, (width, height), interpolation=cv2.INTER_AREA)
    if photo.subject is None:
        return Photo(photo.name, image)

    def moved(x: float, y: float) -> tuple[float, float]:
        return (x + 0.5) * width / columns - 0.5, (y + 0.5) * height / rows - 0.5

    s = photo.subject
    return Photo(photo.name, image, Subject(moved(*s.on), moved(*s.beside), (*moved(*s.box[:2]), *moved(*s.box[2:]))))


def _move(subject: Subject | None, left: float, top: float, scale: float, width: int, height: int) -> Subject | None:
    """A subject in pixels of the view, its box clipped to the view; None if one of its points is out of view."""
    if subject is None:
        return None

    def moved(x: float, y: float) -> tuple[float, float]:
        return (x + 0.5 - left) * scale - 0.5, (y + 0.5 - top) * scale - 0.5

    points = moved(*subject.on), moved(*subject.beside)
    if any(not (_EDGE <= x < width - _EDGE and _EDGE <= y < height - _EDGE) for x, y in points):
        return None
    (x1, y1), (x2, y2) = moved(*subject.box[:2]), moved(*subject.box[2:])
    box = (max(x1, 0.0), max(y1, 0.0), min(x2, width - 1.0), min(y2, height - 1.0))
    seen = (box[2] - box[0]) * (box[3] - box[1]) / ((x2 - x1) * (y2 - y1))
    return Subject(points[0], points[1], box, seen >= _WHOLE)
