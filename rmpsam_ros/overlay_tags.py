"""Text on images: small dark tags with a colour bar, placed inside the image without overlapping each other.

All functions paint in place on the given canvas: (H, W, 3) uint8, RGB, C-contiguous.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.overlay_colors import Color

Canvas = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 in whole pixels; x2 and y2 are exclusive."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SHADE = 0.28  # brightness factor of the image under a tag: dark enough for white text on snow
_TINT = 10.0


def text_scale(height: int, width: int) -> float:
    """OpenCV's font scale for an image of this size: 0.42 at 640x480, growing more slowly than the image."""
    return float(np.clip(0.42 * (min(height, width) / 480) ** 0.8, 0.38, 1.4))


def text_margin(scale: float) -> int:
    """Pixels between a tag's left edge and its text."""
    return max(2, round(7 * scale))


@lru_cache(maxsize=2048)
def _glyphs(text: str, scale: float, color: Color) -> Canvas:
    """(h, w, 3) uint8: the text on black, with a margin. Cached, because names and scores recur in every frame."""
    (width, ascent), descent = cv2.getTextSize(text, _FONT, scale, 1)
    margin = text_margin(scale)
    picture = np.zeros((ascent + descent + margin, width + 2 * margin, 3), np.uint8)
    origin = (margin, margin // 2 + ascent + descent // 3)
    cv2.putText(picture, text, origin, _FONT, scale, color, 1, cv2.LINE_AA)
    picture.setflags(write=False)
    return picture


def text_size(text: str, scale: float) -> tuple[int, int]:
    """Width and height in pixels of a tag's text, margins included."""
    height, width = _glyphs(text, scale, (255, 255, 255)).shape[:2]
    return width, height


def paint_text(
    canvas: Canvas, x: int, y: int, text: str, scale: float, color: Color = (255, 255, 255), shade: bool = True
) -> None:
    """Paints text with its upper left corner at (x, y), on a darkened background unless `shade` is False.

    Text is clipped at the edges of the canvas.
    """
    glyphs = _glyphs(text, scale, color)
    x1, y1 = max(x, 0), max(y, 0)
    x2, y2 = min(x + glyphs.shape[1], canvas.shape[1]), min(y + glyphs.shape[0], canvas.shape[0])
    if x2 <= x1 or y2 <= y1:
        return
    ground = canvas[y1:y2, x1:x2]
    under = cv2.convertScaleAbs(ground, alpha=_SHADE, beta=_TINT) if shade else ground
    ground[:] = cv2.max(under, glyphs[y1 - y : y2 - y, x1 - x : x2 - x])


@dataclass
class TagLayer:
    """The tags of one image. `taken` holds the areas that tags must not cover, initially for instance the banner."""

    canvas: Canvas
    taken: list[Box] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scale = text_scale(*self.canvas.shape[:2])
        self.bar = max(3, round(9 * self.scale))

    def size(self, text: str) -> tuple[int, int]:
        """Width and height in pixels of a tag with this text."""
        width, height = text_size(text, self.scale)
        return width + self.bar, height

    def put(self, text: str, color: Color, anchor: tuple[int, int]) -> bool:
        """Paints a tag as close to `anchor` (x, y) as the other tags allow; False if there is no room nearby."""
        box = self._free_box(anchor, *self.size(text))
        if box is None:
            return False
        self.taken.append(box)
        x1, y1, _, y2 = box
        paint_text(self.canvas, x1 + self.bar, y1, text, self.scale)
        self.canvas[y1:y2, x1 : x1 + self.bar] = color
        return True

    def _free_box(self, anchor: tuple[int, int], width: int, height: int) -> Box | None:
        rows, columns = self.canvas.shape[:2]
        if width > columns or height > rows:
            return None
        left, top = anchor[0] - width // 2, anchor[1] - height // 2
        for dx, dy in _NEARBY:
            x = min(max(left + round(dx * width), 0), columns - width)
            y = min(max(top + round(dy * (height + 2)), 0), rows - height)
            box = (x, y, x + width, y + height)
            if not any(_overlap(box, other) for other in self.taken):
                return box
        return None


# Shifts in units of the tag size, nearest first. None is far: a tag two lines away would be taken for another segment's.
_NEARBY = ((0, 0), (0, -1), (0, 1), (0, -2), (0, 2), (-0.6, 0), (0.6, 0), (-0.6, -1), (0.6, -1), (-0.6, 1), (0.6, 1))


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
