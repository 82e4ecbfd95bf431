"""The demo's contact sheet: frames spread over the run, and the three clicks, on one page."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.demo.film import GROUND
from rmpsam_ros.overlay_tags import paint_text, text_margin, text_size

Image = npt.NDArray[np.uint8]

WIDTH, GAP, COLUMNS = 1680, 16, 4
_WHITE, _GREY, _AMBER = (240, 240, 240), (150, 156, 164), (255, 191, 0)


@dataclass(frozen=True)
class Picture:
    """A picture and its caption."""

    image: Image
    caption: str


def contact_sheet(title: str, lines: Sequence[str], frames: Sequence[Picture], clicks: Sequence[Picture],
                  warning: str = "", spaces: Sequence[Picture] = ()) -> Image:  # fmt: skip
    """One page: title, facts, an optional warning, frames in rows of four, then larger pictures of clicks and 3D views.

    Returns:
        (H, 1680, 3) uint8 RGB.
    """
    parts = [_text_row(title, 1.1, _WHITE)]
    parts += [_text_row(line, 0.62, _GREY) for line in lines]
    if warning:
        parts.append(_text_row(warning, 0.8, _AMBER))
    parts.append(_space(GAP // 2))
    for start in range(0, len(frames), COLUMNS):
        parts.append(row(frames[start : start + COLUMNS], COLUMNS))
    if clicks:
        heading = _text_row("Clicks through the service, answered from the frame's cached features", 0.75, _WHITE)
        parts += [_space(GAP), heading, row(clicks, max(len(clicks), 3))]
    if spaces:
        heading = _text_row("Points and tracks in 3D, seen from above the camera", 0.75, _WHITE)
        parts += [_space(GAP), heading, row(spaces, max(len(spaces), 3))]
    return np.vstack([_space(GAP), *parts, _space(GAP)])


def row(pictures: Sequence[Picture], columns: int) -> Image:
    """Pictures side by side, scaled to the same width, each above its caption."""
    width = (WIDTH - GAP * (columns + 1)) // columns
    scaled = [cv2.resize(p.image, (width, _height(p, width)), interpolation=cv2.INTER_AREA) for p in pictures]
    tall = max(image.shape[0] for image in scaled)
    line = text_size("X", 0.52)[1] + 4
    row = _space(tall + line + GAP // 2)
    for index, (picture, image) in enumerate(zip(pictures, scaled)):
        x = GAP + index * (width + GAP)
        row[: image.shape[0], x : x + width] = image
        paint_text(row[:, x : x + width], -text_margin(0.52), tall + 2, picture.caption, 0.52, _GREY, shade=False)
    return row


def _height(picture: Picture, width: int) -> int:
    return max(1, round(picture.image.shape[0] * width / picture.image.shape[1]))


def _text_row(text: str, scale: float, color: tuple[int, int, int]) -> Image:
    while text_size(text, scale)[0] > WIDTH - 2 * GAP and scale > 0.3:
        scale *= 0.95
    row = _space(text_size(text, scale)[1] + 4)
    paint_text(row, GAP - text_margin(scale), 2, text, scale, color, shade=False)
    return row


def _space(height: int) -> Image:
    row = np.empty((height, WIDTH, 3), np.uint8)
    row[:] = GROUND
    return row
