"""The demo's video: overlays at the pace at which they came, a line of facts below, clicks as a picture in the picture."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.overlay_tags import paint_text, text_scale, text_size
from rmpsam_ros.results import OverlayVideo

Image = npt.NDArray[np.uint8]

FPS = 15.0
INSET_SECONDS = 2.5
INSET_SHARE = 0.45
"""Width of a click's picture in parts of the video's."""
GROUND = (18, 20, 24)


class Film:
    """Writes the video as frames come in; in real time, so that a slow answer looks slow.

    `seconds` are those of one clock that starts at 0 with the film and never goes back.
    """

    def __init__(self, path: Path) -> None:
        self._video = OverlayVideo(path, FPS)
        self._held: Image | None = None
        self._written = 0
        self._inset: tuple[Image, str] | None = None
        self._inset_until = 0.0

    def add(self, image: Image, seconds: float, facts: str) -> None:
        """Shows (H, W, 3) uint8 RGB pixels from `seconds` on."""
        self._hold_until(seconds)
        inset = self._inset if seconds < self._inset_until else None
        self._held = compose(image, facts, inset)

    def show(self, picture: Image, title: str, seconds: float) -> None:
        """Shows a click's picture in the corner of the frames of the next `INSET_SECONDS`."""
        self._inset, self._inset_until = (picture, title), seconds + INSET_SECONDS

    def close(self, seconds: float) -> bool:
        """Ends the film; False if there was nothing to write."""
        self._hold_until(seconds)
        if self._held is not None and not self._written:
            self._video.add(self._held)
        self._video.close()
        return self._held is not None

    def _hold_until(self, seconds: float) -> None:
        due = int(seconds * FPS)
        if self._held is None:
            self._written = due  # it starts with its first picture
            return
        while self._written < due:
            self._video.add(self._held)
            self._written += 1


def compose(image: Image, facts: str, inset: tuple[Image, str] | None = None) -> Image:
    """One frame of the film: the picture, the facts below it, and a click's picture with its title in the corner."""
    height, width = image.shape[:2]
    scale = text_scale(height, width)
    while text_size(facts, scale)[0] > width and scale > 0.2:
        scale *= 0.95
    strip = text_size(facts, scale)[1] + 6
    strip += (height + strip) % 2  # codecs want an even height
    canvas = np.empty((height + strip, width, 3), np.uint8)
    canvas[:height], canvas[height:] = image, GROUND
    paint_text(canvas, 2, height + 3, facts, scale, shade=False)
    if inset is not None:
        _paint_inset(canvas[:height], *inset)
    return canvas


def _paint_inset(canvas: Image, picture: Image, title: str) -> None:
    """Paints a picture with a white frame and its title into the lower right corner."""
    height, width = canvas.shape[:2]
    factor = min(INSET_SHARE * width / picture.shape[1], 0.6 * height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    x, y = width - size[0] - 12, height - size[1] - 12
    if x < 2 or y < 2:
        return
    cv2.rectangle(canvas, (x - 2, y - 2), (x + size[0] + 1, y + size[1] + 1), (255, 255, 255), 2)
    canvas[y : y + size[1], x : x + size[0]] = small
    scale = text_scale(height, width)
    paint_text(canvas[:, x : x + size[0]], 0, y + size[1] - text_size(title, scale)[1], title, scale)
