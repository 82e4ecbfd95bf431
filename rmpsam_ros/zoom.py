"""A closer look at a small object that was clicked: the network once more, on the part of the picture round it.

The network sees a picture at its own input size, in which a small object is a handful of cells. Its first mask is good
enough to say where to look: the picture is cut out round it, and the same clicks are answered there, with several times
the pixels. The idea is the zoom-in of interactive segmentation (Sofiiuk et al., "f-BRS", 2020). It costs one more run of
the encoder for each object, not for each click: a window is kept for the next clicks on the same object.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.placement import Placement
from rmpsam_ros.prompting import Prompt, answer
from rmpsam_ros.types import FOREGROUND, PointPrompt, Roi

Image = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
Encode = Callable[[Image], tuple[object, Placement]]
"""(h, w, 3) uint8 RGB, a part of the picture, to what the prompt graph takes, and where the part lies in the input."""
Ask = Callable[[object, Prompt, Placement], PromptOutputs]
"""The prompt graph on such features."""

GROWTH = 1.6
"""Side of a window by that of the first mask: the network also needs to see what the object lies on."""

SMALLEST = 96
"""Least width of a window in pixels: enlarging fewer shows nothing new."""

WORTHWHILE = 0.7
"""A window of more than this share of the picture's width and height is not worth a run of the network."""

ROOMY = 1.6
"""A kept window serves an object again if its sides are up to so many times smaller or larger than they would be now."""


@dataclass(frozen=True)
class Look:
    """One window: its rectangle of the picture, and the network's features of it."""

    roi: Roi
    features: object
    placement: Placement


class Zoom:
    """Closer looks at one picture.

    Args:
        image: (H, W, 3) uint8 RGB, kept.
        encode, ask: the network.
        connected: as `prompting.answer` takes it.
        capacity: how many windows are kept; each is as large as a frame's features.
    """

    def __init__(self, image: Image, encode: Encode, ask: Ask, connected: bool, capacity: int = 1) -> None:
        self._image, self._encode, self._ask, self._connected = image, encode, ask, connected
        self._capacity, self._looks = capacity, list[Look]()

    def answer(self, prompt: Prompt, first: Roi) -> tuple[npt.NDArray[np.bool_], Roi, float] | None:
        """Mask (H, W) bool, its rectangle and its predicted IoU (0 … 1), seen from nearer.

        Args:
            prompt: points and boxes in pixels of the picture.
            first: rectangle of the mask that the whole picture gave, perhaps empty.

        Returns:
            None where a closer look is not worth it, or finds nothing.
        """
        box = _box(prompt, first)
        wanted = window(box, self._image.shape[:2])
        if wanted is None:
            return None
        look = self._look(wanted, box)
        near = _within(prompt, look.roi)
        mask, roi, score, _ = answer(self._ask(look.features, near, look.placement), near, look.placement, self._connected)
        if roi.width == 0:
            return None
        whole = np.zeros(self._image.shape[:2], bool)
        whole[look.roi.slices] = mask
        return whole, Roi(roi.x + look.roi.x, roi.y + look.roi.y, roi.width, roi.height), score

    def _look(self, wanted: Roi, box: Box) -> Look:
        for look in self._looks:
            if _holds(look.roi, box) and 1 / ROOMY <= look.roi.width / wanted.width <= ROOMY:
                self._looks.remove(look)
                break
        else:
            features, placement = self._encode(np.ascontiguousarray(self._image[wanted.slices]))
            look = Look(wanted, features, placement)
        self._looks = [look, *self._looks][: self._capacity]
        return look


def window(box: Box, size: tuple[int, int]) -> Roi | None:
    """The rectangle to look at, with a box in its middle; None if that is most of the picture.

    Args:
        box: (x1, y1, x2, y2) pixels.
        size: (height, width) of the picture.
    """
    (height, width), (x1, y1, x2, y2) = size, box
    ratio = width / height  # of the picture, so that the window fills the network's input as the picture does
    side_x = max(GROWTH * max(x2 - x1, ratio * (y2 - y1)), SMALLEST)
    if side_x > WORTHWHILE * width:
        return None
    side_y = side_x / ratio
    left, top = (int(np.clip((low + high - side) / 2, 0, limit - side))
                 for low, high, side, limit in ((x1, x2, side_x, width), (y1, y2, side_y, height)))  # fmt: skip
    return Roi(left, top, min(int(np.ceil(side_x)), width - left), min(int(np.ceil(side_y)), height - top))


def _box(prompt: Prompt, first: Roi) -> Box:
    """(x1, y1, x2, y2) round the first mask, foreground points and boxes."""
    boxes = [(p.x, p.y, p.x + 1, p.y + 1) for p in prompt.points if p.label == FOREGROUND] + list(prompt.boxes)
    if first.width:
        boxes.append((first.x, first.y, first.x + first.width, first.y + first.height))
    x1, y1, x2, y2 = zip(*boxes)
    return min(x1), min(y1), max(x2), max(y2)


def _within(prompt: Prompt, roi: Roi) -> Prompt:
    """The prompt in the window's pixels; background points outside of it have nothing to say there."""
    points = tuple(PointPrompt(p.x - roi.x, p.y - roi.y, p.label) for p in prompt.points
                   if 0 <= p.x - roi.x <= roi.width - 1 and 0 <= p.y - roi.y <= roi.height - 1)  # fmt: skip
    boxes = tuple((x1 - roi.x, y1 - roi.y, x2 - roi.x, y2 - roi.y) for x1, y1, x2, y2 in prompt.boxes)
    return Prompt(points, boxes)


def _holds(roi: Roi, box: Box) -> bool:
    return roi.x <= box[0] and roi.y <= box[1] and roi.x + roi.width >= box[2] and roi.y + roi.height >= box[3]
