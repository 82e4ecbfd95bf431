"""Zoom-in for clicks on small objects: runs the network again on a crop around the object.

At the network's input size, a small object covers only a few cells. The first mask locates it; the network then answers the same
prompts on a crop around that mask, with several times the pixels. This follows the zoom-in of interactive segmentation (Sofiiuk et
al., "f-BRS", 2020). For the smallest objects the first mask is no guide: it often covers the surface they lie on. So if the first
mask is neither large nor confident, a fixed-size crop around the click is tried first. An object that is small in this crop and
lies fully inside it gets a crop of its own; otherwise the crop around the first mask is used.

A mask that is truncated by its crop is segmented once more, in a crop around that mask.

If the predicted IoU of the result is low, two more crops around it, one wider and one tighter, are segmented, and the three masks
vote on each pixel: each crop produces different errors, as in test-time augmentation.

Each new crop costs one encoder run, 0 to 6 per click. Crops are cached for further clicks on the same object.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.placement import Placement
from rmpsam_ros.prompting import Prompt, answer, pointed_at
from rmpsam_ros.types import FOREGROUND, PointPrompt, RgbImage, Roi

Box = tuple[float, float, float, float]
Encode = Callable[[RgbImage], tuple[object, Placement]]
"""Encodes an (h, w, 3) uint8 RGB crop: the features for the prompt graph, and the crop's placement in the network input."""
Ask = Callable[[object, Prompt, Placement], PromptOutputs]
"""Runs the prompt graph on such features."""
Answer = tuple[npt.NDArray[np.bool_], Roi, float]
"""Mask (H, W) bool, its bounding box and its predicted IoU (0 … 1)."""

GROWTH = 1.6
"""Side of a crop relative to the first mask's bounding box: the network also needs to see the object's surroundings."""

SMALLEST = 48
"""Minimum width of a crop in pixels: enlarging a smaller one shows nothing new."""

WORTHWHILE = 0.7
"""Maximum width and height of a crop relative to the image; a larger one is not worth an encoder run."""

NEAR = 0.25
"""Width and height of the fixed-size crop around the click, relative to the image."""

LARGE, SURE = 0.1, 0.6
"""Share of the image, and predicted IoU, from which the first mask is trusted."""

PARTLY, MOSTLY = 0.3, 0.5
"""Maximum share of the fixed-size crop that a small object fills, measured after and before its own crop. An object that fills more
may be part of something larger: parts look complete in a tight crop."""

CUT = 0.05
"""Mask pixels along the edge of the crop, relative to the square root of the mask's area, above which the mask counts as truncated."""

ROOMY = 1.6
"""A cached crop is reused if its sides are at most this factor smaller or larger than those wanted now."""

FRAMINGS, ALIKE = (1.6, 1.3), 1.15
"""Sides of the two voting crops relative to the found mask's bounding box; and their `ROOMY`, smaller because the crops are to differ."""

SETTLED = 0.8
"""Predicted IoU from which the result is final, without a vote."""


@dataclass(frozen=True)
class Look:
    """One crop: its rectangle in the image, and the network's features for it."""

    roi: Roi
    features: object
    placement: Placement


class Zoom:
    """Zoom-in segmentation on one image, with a cache of encoded crops.

    Args:
        image: (H, W, 3) uint8 RGB; a reference is kept.
        encode, ask: the network.
        connected: as for `prompting.answer`.
        capacity: number of crops in the cache; each is as large as a frame's features.
    """

    def __init__(self, image: RgbImage, encode: Encode, ask: Ask, connected: bool, capacity: int) -> None:
        self._image, self._encode, self._ask, self._connected = image, encode, ask, connected
        self._capacity, self._looks = capacity, list[Look]()

    def answer(self, prompt: Prompt, first: Answer) -> Answer | None:
        """Refines the answer to a prompt.

        Args:
            prompt: points and boxes in pixels of the image.
            first: the answer from the whole image; its mask may be empty.

        Returns:
            The refined answer; None if no crop is worth it, or if nothing is found in them.
        """
        seen = self._near(prompt, first) or self._framed(prompt, first)
        look, found = seen or (None, first)
        return self._voted(prompt, found, look) or (None if seen is None else found)

    def _framed(self, prompt: Prompt, first: Answer) -> tuple[Look, Answer] | None:
        """The crop around the first mask, and its answer."""
        seen = self._closer(prompt, first[1])
        if seen is not None and _is_cut(seen[1][0], seen[0].roi):  # the first mask was only a part: retry around the new, larger mask
            seen = self._closer(prompt, seen[1][1], but=seen[0])
        return seen

    def _voted(self, prompt: Prompt, found: Answer, own: Look | None) -> Answer | None:
        """Majority vote for each pixel between the answer found so far (in the crop `own`) and two more crops, weighted by predicted IoU.

        None if no further crop is worth it, or one would be the same as `own`. Masks truncated by their crop have no vote.
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
        there = Roi.around(roi for _, roi, _ in votes).slices  # the object is much smaller than a camera image
        mask[there] = sum(np.float32(score) * vote[there] for vote, _, score in votes) > sum(scores) / 2
        mask = pointed_at(mask, prompt) if self._connected else mask
        roi = Roi.of_mask(mask)
        return (mask, roi, max(scores)) if roi.width else None

    def _near(self, prompt: Prompt, first: Answer) -> tuple[Look, Answer] | None:
        """A crop around the points and its answer, if the object is small and completely inside."""
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
        """The crop around a mask's bounding box, and its answer. `but`: a crop not to reuse, because it truncated that mask."""
        box = _box(prompt, first)
        wanted = window(box, self._image.shape[:2], growth)
        if wanted is None or not _holds(wanted, box):  # crops have the image's aspect ratio; that of a line scan is too flat
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
        """The cached crop closest in size to the wanted one, or else the wanted one, newly encoded."""
        fit = [k for k in self._looks if k is not but and _holds(k.roi, box) and 1 / roomy <= k.roi.width / wanted.width <= roomy]
        look = min(fit, key=lambda k: abs(k.roi.width - wanted.width), default=None)
        if look is None:
            look = Look(wanted, *self._encode(np.ascontiguousarray(self._image[wanted.slices])))
        self._looks = [look, *(k for k in self._looks if k is not look)][: self._capacity]
        return look


def window(box: Box, size: tuple[int, int], growth: float = GROWTH) -> Roi | None:
    """The crop centred on a box; None if it would be most of the image.

    Args:
        box: (x1, y1, x2, y2) pixels.
        size: (height, width) of the image.
        growth: side of the crop relative to the box.
    """
    x1, y1, x2, y2 = box
    return _window_round(box, growth * max(x2 - x1, size[1] / size[0] * (y2 - y1)), size)


def _window_round(box: Box, width: float, size: tuple[int, int]) -> Roi | None:
    """A crop of the given width, but at least `SMALLEST`, centred on a box as far as the image allows; None if it would be most of it."""
    side_x = max(width, SMALLEST)
    if side_x > WORTHWHILE * size[1]:
        return None
    side_y = side_x * size[0] / size[1]  # the image's aspect ratio, so that the crop fills the network input as the image does
    left, top = (int(np.clip((low + high - side) / 2, 0, limit - side))
                 for low, high, side, limit in ((box[0], box[2], side_x, size[1]), (box[1], box[3], side_y, size[0])))  # fmt: skip
    return Roi(left, top, min(int(np.ceil(side_x)), size[1] - left), min(int(np.ceil(side_y)), size[0] - top))


def _box(prompt: Prompt, first: Roi) -> Box:
    """(x1, y1, x2, y2) around the first mask, foreground points and boxes."""
    boxes = [(p.x, p.y, p.x + 1, p.y + 1) for p in prompt.points if p.label == FOREGROUND] + list(prompt.boxes)
    if first.width:
        boxes.append((first.x, first.y, first.x + first.width, first.y + first.height))
    x1, y1, x2, y2 = zip(*boxes)
    return min(x1), min(y1), max(x2), max(y2)


def _within(prompt: Prompt, roi: Roi) -> Prompt:
    """The prompt in the crop's pixels, without background points outside the crop."""
    points = tuple(PointPrompt(p.x - roi.x, p.y - roi.y, p.label) for p in prompt.points
                   if 0 <= p.x - roi.x <= roi.width - 1 and 0 <= p.y - roi.y <= roi.height - 1)  # fmt: skip
    boxes = tuple((x1 - roi.x, y1 - roi.y, x2 - roi.x, y2 - roi.y) for x1, y1, x2, y2 in prompt.boxes)
    return Prompt(points, boxes)


def _with_middle(box: Box, roi: Roi) -> Box:
    """The union of a box and the central half (in width and height) of a crop: what a cached crop must cover to replace this one."""
    x, y = roi.x + roi.width / 4, roi.y + roi.height / 4
    return min(box[0], x), min(box[1], y), max(box[2], x + roi.width / 2), max(box[3], y + roi.height / 2)


def _holds(roi: Roi, box: Box) -> bool:
    return roi.x <= box[0] and roi.y <= box[1] and roi.x + roi.width >= box[2] and roi.y + roi.height >= box[3]


def _is_cut(mask: npt.NDArray[np.bool_], roi: Roi) -> bool:
    """Whether a mask is truncated by an edge of its crop that is not an edge of the image."""
    height, width = mask.shape
    seen = mask[roi.slices]
    edges = [side for side, inner in ((seen[0], roi.y > 0), (seen[-1], roi.y + roi.height < height),
                                      (seen[:, 0], roi.x > 0), (seen[:, -1], roi.x + roi.width < width)) if inner]  # fmt: skip
    return sum(map(np.count_nonzero, edges)) > CUT * np.sqrt(np.count_nonzero(seen))
