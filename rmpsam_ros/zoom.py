"""A closer look at a small object that was clicked: the network once more, on the part of the picture round it.

The network sees a picture at its own input size, in which a small object is a handful of cells. Its first mask says where
to look: the picture is cut out round it, and the same clicks are answered there, with several times the pixels. The idea is
the zoom-in of interactive segmentation (Sofiiuk et al., "f-BRS", 2020). Of the smallest objects the first mask is no guide,
it is often of what they lie on. So where it is neither large nor sure, a window of a fixed size round the click is tried
before: what is seen whole in it is that small, and is looked at in a window of its own; anything else is left to the first mask.

A mask that its window cuts off is looked at once more, in a window round it.

Of what was found that way, and is not sure, two more looks are taken, framed by it more and less tightly, and the three vote on
each pixel: every framing has mistakes of its own, as test-time augmentation knows.

A closer look costs a run of the encoder, a click one of 0 to 6; windows are kept for the next clicks on the same object.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.placement import Placement
from rmpsam_ros.prompting import Prompt, answer, pointed_at
from rmpsam_ros.types import FOREGROUND, PointPrompt, Roi

Image = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
Encode = Callable[[Image], tuple[object, Placement]]
"""(h, w, 3) uint8 RGB, a part of the picture, to what the prompt graph takes, and where the part lies in the input."""
Ask = Callable[[object, Prompt, Placement], PromptOutputs]
"""The prompt graph on such features."""
Answer = tuple[npt.NDArray[np.bool_], Roi, float]
"""Mask (H, W) bool, its rectangle and its predicted IoU (0 … 1)."""

GROWTH = 1.6
"""Side of a window by that of the first mask: the network also needs to see what the object lies on."""

SMALLEST = 48
"""Least width of a window in pixels: enlarging fewer shows nothing new."""

WORTHWHILE = 0.7
"""A window of more than this share of the picture's width and height is not worth a run of the network."""

NEAR = 0.25
"""Width and height of the window that is tried first, by those of the picture."""

LARGE, SURE = 0.1, 0.6
"""Share of the picture, and predicted IoU, from which a first mask is not doubted."""

PARTLY, MOSTLY = 0.3, 0.5
"""Share of the near window that a small object fills at most, after a last look and before it: what fills more of it may be a
part of something larger, and parts look complete from nearby."""

CUT = 0.05
"""Pixels of a mask along the edge of its window, by the square root of its area, from which it goes on beyond."""

ROOMY = 1.6
"""A kept window serves an object again if its sides are up to so many times smaller or larger than they would be now."""

FRAMINGS, ALIKE = (1.6, 1.3), 1.15
"""Sides of the two windows of the last looks, by that of what was found; and as `ROOMY` for these, which are to differ."""

SETTLED = 0.8
"""Predicted IoU from which what was found is not looked at again."""


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

    def __init__(self, image: Image, encode: Encode, ask: Ask, connected: bool, capacity: int) -> None:
        self._image, self._encode, self._ask, self._connected = image, encode, ask, connected
        self._capacity, self._looks = capacity, list[Look]()

    def answer(self, prompt: Prompt, first: Answer) -> Answer | None:
        """The answer from nearer.

        Args:
            prompt: points and boxes in pixels of the picture.
            first: what the whole picture gave; its mask may be empty.

        Returns:
            None where a closer look is not worth it, or finds nothing.
        """
        seen = self._near(prompt, first) or self._framed(prompt, first)
        look, found = seen or (None, first)
        return self._voted(prompt, found, look) or (None if seen is None else found)

    def _framed(self, prompt: Prompt, first: Answer) -> tuple[Look, Answer] | None:
        """The window round the first mask, and its answer."""
        seen = self._closer(prompt, first[1])
        if seen is not None and _is_cut(seen[1][0], seen[0].roi):  # the first mask was a part only: once more, round the whole
            seen = self._closer(prompt, seen[1][1], but=seen[0])
        return seen

    def _voted(self, prompt: Prompt, found: Answer, own: Look | None) -> Answer | None:
        """What two more looks and the one before (`own`) agree on, each pixel by majority, votes weighted by predicted IoU.

        None where no look is worth it, or would show what the one before has shown. What its window cuts off has no vote.
        """
        if found[2] >= SETTLED or found[1].width == 0:
            return None
        votes = [] if own is not None and _is_cut(found[0], own.roi) else [found]
        for growth in FRAMINGS:
            seen = self._closer(prompt, found[1], growth=growth, roomy=ALIKE)
            if seen is None or _is_cut(seen[1][0], seen[0].roi):
                continue
            if seen[0] is own:
                return None
            votes.append(seen[1])
        if all(vote is found for vote in votes):
            return None
        mask, scores = np.zeros_like(found[0]), [score for _, _, score in votes]
        there = _spanning([roi for _, roi, _ in votes]).slices  # a camera's picture is large, and the object is not
        mask[there] = sum(np.float32(score) * vote[there] for vote, _, score in votes) > sum(scores) / 2
        mask = pointed_at(mask, prompt) if self._connected else mask
        roi = Roi.of_mask(mask)
        return (mask, roi, max(scores)) if roi.width else None

    def _near(self, prompt: Prompt, first: Answer) -> tuple[Look, Answer] | None:
        """A window round the points and its answer, if it shows something small and all of it."""
        mask, _, score = first
        if prompt.boxes or np.count_nonzero(mask) >= LARGE * mask.size or score >= SURE:
            return None
        points = _box(prompt, Roi(0, 0, 0, 0))
        wanted = _window_round(points, NEAR * mask.shape[1], mask.shape)
        if wanted is None or not _holds(wanted, points):
            return None
        look = self._look(wanted, _with_middle(points, wanted))
        found, room = self._answer(prompt, look), look.roi.width * look.roi.height
        if found is None or np.count_nonzero(found[0]) > MOSTLY * room:
            return None
        look, found = self._closer(prompt, found[1]) or (look, found)
        return None if np.count_nonzero(found[0]) > PARTLY * room or _is_cut(found[0], look.roi) else (look, found)

    def _closer(self, prompt: Prompt, first: Roi, but: Look | None = None, growth: float = GROWTH, roomy: float = ROOMY) -> tuple[Look, Answer] | None:
        """The window round a first mask's rectangle, and its answer. `but`: one that cut that mask off; all that it shows lies in it."""
        box = _box(prompt, first)
        wanted = window(box, self._image.shape[:2], growth)
        if wanted is None or not _holds(wanted, box):  # a window has the picture's shape, and that of a line scan is too flat
            return None
        look = self._look(wanted, box, but, roomy)
        found = self._answer(prompt, look)
        return None if found is None else (look, found)

    def _answer(self, prompt: Prompt, look: Look) -> Answer | None:
        near = _within(prompt, look.roi)
        mask, roi, score, _ = answer(self._ask(look.features, near, look.placement), near, look.placement, self._connected)
        if roi.width == 0:
            return None
        whole = np.zeros(self._image.shape[:2], bool)
        whole[look.roi.slices] = mask
        return whole, Roi(roi.x + look.roi.x, roi.y + look.roi.y, roi.width, roi.height), score

    def _look(self, wanted: Roi, box: Box, but: Look | None = None, roomy: float = ROOMY) -> Look:
        """The kept window that is nearest to the wanted one in size, or that one."""
        fit = [k for k in self._looks if k is not but and _holds(k.roi, box) and 1 / roomy <= k.roi.width / wanted.width <= roomy]
        look = min(fit, key=lambda k: abs(k.roi.width - wanted.width), default=None)
        if look is None:
            look = Look(wanted, *self._encode(np.ascontiguousarray(self._image[wanted.slices])))
        self._looks = [look, *(k for k in self._looks if k is not look)][: self._capacity]
        return look


def window(box: Box, size: tuple[int, int], growth: float = GROWTH) -> Roi | None:
    """The rectangle to look at, with a box in its middle; None if that is most of the picture.

    Args:
        box: (x1, y1, x2, y2) pixels.
        size: (height, width) of the picture.
        growth: its side by the box's.
    """
    x1, y1, x2, y2 = box
    return _window_round(box, growth * max(x2 - x1, size[1] / size[0] * (y2 - y1)), size)


def _window_round(box: Box, width: float, size: tuple[int, int]) -> Roi | None:
    """A window with a box's middle in its own, so wide or as wide as is worth it; None if that is most of the picture."""
    side_x = max(width, SMALLEST)
    if side_x > WORTHWHILE * size[1]:
        return None
    side_y = side_x * size[0] / size[1]  # of the picture's shape, so that it fills the network's input as the picture does
    left, top = (int(np.clip((low + high - side) / 2, 0, limit - side))
                 for low, high, side, limit in ((box[0], box[2], side_x, size[1]), (box[1], box[3], side_y, size[0])))  # fmt: skip
    return Roi(left, top, min(int(np.ceil(side_x)), size[1] - left), min(int(np.ceil(side_y)), size[0] - top))


def _box(prompt: Prompt, first: Roi) -> Box:
    """(x1, y1, x2, y2) round the first mask, foreground points and boxes."""
    boxes = [(p.x, p.y, p.x + 1, p.y + 1) for p in prompt.points if p.label == FOREGROUND] + list(prompt.boxes)
    if first.width:
        boxes.append((first.x, first.y, first.x + first.width, first.y + first.height))
    x1, y1, x2, y2 = zip(*boxes)
    return min(x1), min(y1), max(x2), max(y2)


def _spanning(rois: list[Roi]) -> Roi:
    """The rectangle round several."""
    left, top = min(roi.x for roi in rois), min(roi.y for roi in rois)
    return Roi(left, top, max(roi.x + roi.width for roi in rois) - left, max(roi.y + roi.height for roi in rois) - top)


def _within(prompt: Prompt, roi: Roi) -> Prompt:
    """The prompt in the window's pixels; background points outside of it have nothing to say there."""
    points = tuple(PointPrompt(p.x - roi.x, p.y - roi.y, p.label) for p in prompt.points
                   if 0 <= p.x - roi.x <= roi.width - 1 and 0 <= p.y - roi.y <= roi.height - 1)  # fmt: skip
    boxes = tuple((x1 - roi.x, y1 - roi.y, x2 - roi.x, y2 - roi.y) for x1, y1, x2, y2 in prompt.boxes)
    return Prompt(points, boxes)


def _with_middle(box: Box, roi: Roi) -> Box:
    """A box, and half of a window's width and height round its middle: what another window must show to serve in its place."""
    x, y = roi.x + roi.width / 4, roi.y + roi.height / 4
    return min(box[0], x), min(box[1], y), max(box[2], x + roi.width / 2), max(box[3], y + roi.height / 2)


def _holds(roi: Roi, box: Box) -> bool:
    return roi.x <= box[0] and roi.y <= box[1] and roi.x + roi.width >= box[2] and roi.y + roi.height >= box[3]


def _is_cut(mask: npt.NDArray[np.bool_], roi: Roi) -> bool:
    """Whether a mask reaches an edge of its window that is none of the picture."""
    height, width = mask.shape
    seen = mask[roi.slices]
    edges = [side for side, inner in ((seen[0], roi.y > 0), (seen[-1], roi.y + roi.height < height),
                                      (seen[:, 0], roi.x > 0), (seen[:, -1], roi.x + roi.width < width)) if inner]  # fmt: skip
    return sum(map(np.count_nonzero, edges)) > CUT * np.sqrt(np.count_nonzero(seen))
