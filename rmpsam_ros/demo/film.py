"""The demo's video: overlays in real time, facts below, clicks as picture-in-picture."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.overlay_tags import paint_text, text_scale, text_size
from rmpsam_ros.results import OverlayVideo
from rmpsam_ros.types import PromptResult, Roi

Image = npt.NDArray[np.uint8]

FPS = 15.0
INSET_SECONDS = 2.5
INSET_SHARE = 0.45
"""Width of a click's inset as a share of the video's."""
GROUND = (18, 20, 24)


class Film:
    """Writes the video as frames arrive, in real time, so that a slow response looks slow.

    `seconds` are from a monotonic clock that starts at 0 with the film.
    """

    def __init__(self, path: Path) -> None:
        self._video = OverlayVideo(path, FPS)
        self._held: Image | None = None
        self._written = 0
        self._inset: tuple[Image, str] | None = None
        self._inset_until = 0.0

    def add(self, image: Image, seconds: float, facts: str) -> None:
        """Shows an image, (H, W, 3) uint8 RGB, from `seconds` on."""
        self._hold_until(seconds)
        inset = self._inset if seconds < self._inset_until else None
        self._held = compose(image, f"{seconds:4.1f} s   {facts}", inset)

    def show(self, picture: Image, title: str, seconds: float) -> None:
        """Shows an inset with its title in the corner of the frames for the next `INSET_SECONDS`."""
        self._inset, self._inset_until = (picture, title), seconds + INSET_SECONDS

    def close(self, seconds: float) -> bool:
        """Finishes the film; returns False if there was nothing to write."""
        self._hold_until(seconds)
        if self._held is not None and not self._written:
            self._video.add(self._held)
        self._video.close()
        return self._held is not None

    def _hold_until(self, seconds: float) -> None:
        due = int(seconds * FPS)
        if self._held is None:
            self._written = due  # starts with the first frame
            return
        while self._written < due:
            self._video.add(self._held)
            self._written += 1


def compose(image: Image, facts: str, inset: tuple[Image, str] | None = None) -> Image:
    """One frame of the film: the image, the facts below it, and a click's inset with its title in the corner."""
    height, width = image.shape[:2]
    scale = text_scale(height, width)
    while text_size(facts, scale)[0] > width and scale > 0.2:
        scale *= 0.95
    strip = text_size(facts, scale)[1] + 6
    strip += (height + strip) % 2  # codecs need an even height
    canvas = np.empty((height + strip, width, 3), np.uint8)
    canvas[:height], canvas[height:] = image, GROUND
    paint_text(canvas, 2, height + 3, facts, scale, shade=False)
    if inset is not None:
        _paint_inset(canvas[:height], *inset)
    return canvas


def shrink_click(image: Image, click: PromptResult, share: float = INSET_SHARE) -> tuple[Image, PromptResult]:
    """A frame and its click, drawn at a fraction of their size so that points stay visible."""
    size = max(1, round(image.shape[1] * share)), max(1, round(image.shape[0] * share))
    mask = cv2.resize(click.mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    points = tuple(replace(point, x=point.x * share, y=point.y * share) for point in click.points)
    boxes = tuple(tuple(value * share for value in box) for box in click.boxes)
    small = replace(click, mask=mask, roi=Roi.of_mask(mask), points=points, boxes=boxes)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), small


def _paint_inset(canvas: Image, picture: Image, title: str) -> None:
    """Draws an inset with a white border and its title in the lower right corner, if it fits."""
    height, width = canvas.shape[:2]
    rows, columns = picture.shape[:2]
    x, y = width - columns - 12, height - rows - 12
    if x < 2 or y < 2:
        return
    cv2.rectangle(canvas, (x - 2, y - 2), (x + columns + 1, y + rows + 1), (255, 255, 255), 2)
    corner = canvas[y : y + rows, x : x + columns]
    corner[:] = picture
    scale = text_scale(height, width)
    paint_text(corner, 0, rows - text_size(title, scale)[1], title, scale)
