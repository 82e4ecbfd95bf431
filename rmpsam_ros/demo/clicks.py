"""Prompts of the demo: a point, a positive and a negative point, and a box. No ROS."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.demo.photos import Subject
from rmpsam_ros.types import BACKGROUND, FOREGROUND, PanopticResult, PointPrompt, Roi, Segment

A_BOX = "a box"
KINDS = ("one click", "a click and one beside it", A_BOX)
"""The demo's three prompts, in order."""


@dataclass(frozen=True)
class Prompt:
    """Points and boxes (x1, y1, x2, y2) in pixels of a frame."""

    title: str
    points: tuple[PointPrompt, ...] = ()
    boxes: tuple[tuple[float, float, float, float], ...] = ()


def prompt_on(subject: Subject, kind: str) -> Prompt:
    """The prompt of one of the `KINDS` for a subject."""
    on, beside = PointPrompt(*subject.on, FOREGROUND), PointPrompt(*subject.beside, BACKGROUND)
    return {
        KINDS[0]: Prompt(kind, (on,)),
        KINDS[1]: Prompt(kind, (on, beside)),
        KINDS[2]: Prompt(kind, (), (subject.box,)),
    }[kind]


def find_subject(result: PanopticResult) -> Subject:
    """Chooses what to click in an image without a known subject: the most prominent segment.

    Things are preferred to stuff and large segments to small ones, but not those that fill the image. The point next to it is the
    deepest point of the largest other segment. Without segments, the centre of the image is used.
    """
    ids = result.segment_ids
    height, width = ids.shape
    candidates = sorted(result.segments, key=lambda s: _prominence(s, ids.size), reverse=True)
    if not candidates:
        quarter = (width / 4, height / 4, 3 * width / 4, 3 * height / 4)
        return Subject((width / 2, height / 2), (width / 16, height / 16), quarter)
    best = candidates[0]
    others = [s for s in result.segments if s.id != best.id]
    mask = ids == max(others, key=lambda s: s.area).id if others else ids != best.id
    roi = best.roi
    box = (roi.x, roi.y, roi.x + roi.width - 1, roi.y + roi.height - 1)
    return Subject(deepest_point(ids == best.id), deepest_point(mask), tuple(map(float, box)))


def deepest_point(mask: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """(x, y) of the pixel of a (H, W) mask that is farthest from the borders of mask and image; the centre if the mask is empty."""
    framed = cv2.copyMakeBorder(mask.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
    if depth.max() == 0.0:
        return mask.shape[1] / 2, mask.shape[0] / 2
    row, column = divmod(int(depth.argmax()), mask.shape[1])
    return float(column), float(row)


def _prominence(segment: Segment, pixels: int) -> tuple[bool, float]:
    """Sort key: visible things first, then size, up to half of the image."""
    share = segment.area / pixels
    return segment.is_thing and 0.005 < share < 0.7, share if share < 0.5 else 1.0 - share


def roi_of_box(box: tuple[float, float, float, float]) -> Roi:
    """A box in integer pixels, for the service request."""
    x1, y1, x2, y2 = (round(value) for value in box)
    return Roi(x1, y1, x2 - x1, y2 - y1)
