"""Simulated clicks and boxes for training, similar to those of people and robots.

A foreground click lies anywhere in an object, and its target mask is the object. A box is the object's bounding box with jittered
sides. A background click is decoded as an object of its own, whose mask is then subtracted from the answer
(`rmpsam_ros.prompting`): on a labelled object, its target is that object; on unlabelled pixels, the target is only known to
include the surroundings of the click and to exclude the labelled objects.
"""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.data.masks import areas
from rmpsam_ros.data.sample import Sample, random_pixel
from rmpsam_ros.types import BACKGROUND, CLICK_HALF_SIDE, FOREGROUND


@dataclass(frozen=True)
class PromptMix:
    """`number` of prompts per image, and shares of boxes and background clicks among them; the rest are foreground clicks.

    `centred` is the share of foreground clicks at the pixel farthest from the edge; `box_jitter` moves each side of a box by up to
    this share of its width or height.
    """

    number: int = 8
    boxes: float = 0.2
    background: float = 0.15
    centred: float = 0.25
    box_jitter: float = 0.1


@dataclass(frozen=True)
class Prompts:
    """`boxes` (P, 4) xyxy pixels, `labels` (P,) 1 or 0, target `masks` (P, H, W) bool, `voids` (P, H, W) bool."""

    boxes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    masks: npt.NDArray[np.bool_]
    voids: npt.NDArray[np.bool_]


def sample_prompts(sample: Sample, mix: PromptMix, rng: np.random.Generator, valid: tuple[int, int] | None = None,
                   is_thing: npt.NDArray[np.bool_] | None = None) -> Prompts:  # fmt: skip
    """Samples exactly `mix.number` prompts; for an image without objects they are void and have no effect.

    Args:
        sample: the image on the network's canvas.
        valid: height and width of the part of the canvas that the image covers.
        is_thing: (K,) of the label set; None: all objects are things.
    """
    height, width = sample.size
    valid = valid or (height, width)
    boxes = np.zeros((mix.number, 4), np.float32)
    labels = np.full(mix.number, FOREGROUND, np.int64)
    answers = np.zeros((mix.number, height, width), bool)
    voids = np.ones((mix.number, height, width), bool)
    for slot in range(mix.number):
        if not len(sample):
            boxes[slot] = _click(rng.uniform(0, valid[1] - 1), rng.uniform(0, valid[0] - 1))
            continue
        kind = rng.random()
        if kind < mix.background:
            labels[slot] = BACKGROUND
            x, y = int(rng.integers(valid[1])), int(rng.integers(valid[0]))
            boxes[slot] = _click(x, y)
            answers[slot], voids[slot] = _behind(sample, x, y, is_thing)
            continue
        row = int(rng.integers(len(sample)))
        mask = sample.masks[row]
        answers[slot], voids[slot] = mask, _void(sample, row, is_thing)
        if kind < mix.background + mix.boxes:
            boxes[slot] = _box(mask, mix.box_jitter, rng)
        else:
            boxes[slot] = _click(*_point(mask, rng.random() < mix.centred, rng))
    return Prompts(boxes, labels, answers, voids)


def _point(mask: npt.NDArray[np.bool_], centred: bool, rng: np.random.Generator) -> tuple[float, float]:
    if not centred:
        return random_pixel(mask, rng)
    pixels = np.ascontiguousarray(mask).view(np.uint8)
    left, top, width, height = cv2.boundingRect(pixels)  # the bounding box is enough: everything outside is background
    padded = cv2.copyMakeBorder(pixels[top : top + height, left : left + width], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    best = int(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1].argmax())
    return float(left + best % width), float(top + best // width)


def _void(sample: Sample, row: int, is_thing: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.bool_]:
    """(H, W) bool, pixels ignored for an object."""
    class_id = sample.class_ids[row]
    return sample.void_of(is_thing is None or class_id < 0 or bool(is_thing[class_id])) & ~sample.masks[row]


def _behind(sample: Sample, x: int, y: int, is_thing: npt.NDArray[np.bool_] | None) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Target mask and void of a background click."""
    under = np.flatnonzero(sample.masks[:, y, x])
    if len(under):
        smallest = under[areas(sample.masks[under]).argmin()]  # the innermost of nested objects
        return sample.masks[smallest], _void(sample, int(smallest), is_thing)
    labelled = sample.masks.any(axis=0)
    disc = np.zeros(sample.size, np.uint8)
    cv2.circle(disc, (x, y), max(3, round(0.03 * min(sample.size))), 1, -1)
    mask = (disc > 0) & ~labelled
    return mask, ~labelled & ~mask


def _box(mask: npt.NDArray[np.bool_], jitter: float, rng: np.random.Generator) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x1, x2, y1, y2 = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    moves = rng.uniform(-jitter, jitter, 4) * (x2 - x1, y2 - y1, x2 - x1, y2 - y1)
    height, width = mask.shape
    left, top = np.clip(x1 + moves[0], 0, width - 2), np.clip(y1 + moves[1], 0, height - 2)
    return left, top, np.clip(x2 + moves[2], left + 1, width), np.clip(y2 + moves[3], top + 1, height)


def _click(x: float, y: float) -> tuple[float, float, float, float]:
    return x - CLICK_HALF_SIDE, y - CLICK_HALF_SIDE, x + CLICK_HALF_SIDE, y + CLICK_HALF_SIDE
