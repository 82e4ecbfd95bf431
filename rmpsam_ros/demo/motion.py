"""A camera that moves over photographs: smooth pan and zoom, the same picture for the same time."""
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
"""Seconds in which the camera turns to the next photograph, at the end of a visit: a cut would show it one thing in the place of
another, which no camera sees."""
_WHOLE = 0.97
"""Share of its box that must be in view of a subject for the box to be of the whole of it."""
_EDGE = 6  # pixels: a click nearer to the edge of the view would be on what is leaving it


@dataclass(frozen=True)
class View:
    """What the camera sees: `image` (H, W, 3) uint8 RGB, and the subject in its pixels where it is in view.

    A camera with depth has `depth` (H, W) uint16, millimetres along the optical axis, 0 = unknown, and `matrix` (3, 3), its
    intrinsics.
    """

    image: npt.NDArray[np.uint8]
    subject: Subject | None
    depth: npt.NDArray[np.uint16] | None = None
    matrix: npt.NDArray[np.float64] | None = None


class Tour:
    """Photos one after the other, over and over, each seen by a camera that moves.

    Args:
        photos: at least one.
        size: (height, width) of the views in pixels.
    """

    def __init__(self, photos: Sequence[Photo], size: tuple[int, int] = (480, 640)) -> None:
        self.size = size
        self.photos = [_shrunk(photo, size) for photo in photos]

    def view(self, seconds: float) -> View:
        """What the camera sees after so many seconds; there is no subject while it turns."""
        visit, into = divmod(seconds, SECONDS_PER_PHOTO)
        here, turn = self._seen(int(visit), seconds), (into - SECONDS_PER_PHOTO + TURN) / TURN
        if turn <= 0 or len(self.photos) == 1:
            return here
        there, width = self._seen(int(visit) + 1, seconds), self.size[1]
        gone = round(width * turn * turn * (3 - 2 * turn))
        return View(np.hstack((here.image[:, gone:], there.image[:, :gone])), None)

    def _seen(self, visit: int, seconds: float) -> View:
        """The photograph of a visit alone."""
        photo = self.photos[visit % len(self.photos)]
        # Time goes on across visits, so that a photo that comes again is seen from elsewhere.
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
        largest = min(columns / width, rows / height)  # photo pixels per view pixel when the window just fits
        zoom = largest * (0.86 + 0.12 * math.cos(2 * math.pi * seconds / 11.0 + phase))
        free_x, free_y = columns - zoom * width, rows - zoom * height
        left = free_x * (0.5 + 0.5 * math.sin(2 * math.pi * seconds / 13.0 + phase))
        top = free_y * (0.5 + 0.5 * math.sin(2 * math.pi * seconds / 9.0 + 2.0 * phase + 1.0))
        return left, top, 1.0 / zoom


def _shrunk(photo: Photo, size: tuple[int, int]) -> Photo:
    """The photo at no more than 1.4 times the detail that the views can show: finer detail would flicker."""
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
    """A subject in the view's pixels, its box cut to the view; None when one of its points is out of view."""
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
