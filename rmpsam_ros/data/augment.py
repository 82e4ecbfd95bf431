"""Augmentation: large-scale jitter, flips, colour, rotation and copy-paste of objects.

All geometric changes are one affine map, applied to the image and its masks.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.data.masks import areas
from rmpsam_ros.data.sample import Sample, random_pixel

_SMALLEST = 4
"""Minimum remaining pixels of an object; smaller ones are dropped."""

_FRAMED = (0.3, 0.85)
"""Share of the canvas's width or height that a framed object fills: about 0.6 in a zoom-in crop (`rmpsam_ros.zoom`)."""

_SMALL = 0.45
"""Share of the image's width or height below which an object counts as small."""

_NARROWEST = 64
"""Minimum number of source pixels across the canvas: stronger enlargement shows nothing new."""


@dataclass(frozen=True)
class Augmentation:
    """Strength of each augmentation; defaults as in Ghiasi et al., 2021 ("Simple Copy-Paste"), with a slightly smaller scale range.

    Attributes:
        scale: range of the image scale, 1 = the image fits the canvas.
        flip, copy_paste: probabilities.
        aimed: probability that a crop is placed around a random object.
        framed: probability that a random small object is enlarged to fill much of the canvas, regardless of `scale`: clicks on small
            objects are answered from such crops.
        colour: strength of brightness, contrast, saturation and hue changes, 0 for none.
        tilt: maximum rotation, in degrees either way, of images that fill the canvas.
        faults: probability of a camera fault (`degrade.py`).
    """

    scale: tuple[float, float] = (0.3, 2.0)
    flip: float = 0.5
    colour: float = 0.4
    copy_paste: float = 0.3
    aimed: float = 0.7
    framed: float = 0.0
    tilt: float = 0.0
    faults: float = 0.0


def jitter(sample: Sample, size: tuple[int, int], how: Augmentation, rng: np.random.Generator) -> tuple[Sample, tuple[int, int]]:
    """Places a sample on a canvas of `size` (h, w) with random scale, position, flip and rotation.

    An image larger than the canvas is cropped, mostly around one of its objects: with few labels, random crops are often empty.
    A smaller one is placed at the top left, as at run time.

    Returns:
        The sample, and height and width of the part of the canvas that the image covers; the rest is 0.
    """
    height, width = sample.size
    fit = min(size[0] / height, size[1] / width)
    factor = fit * np.exp(rng.uniform(*np.log(how.scale)))
    flipped = rng.random() < how.flip
    aim, around = None, (0.2, 0.8)
    framed = _framed(sample, size, fit, rng) if how.framed > 0 and rng.random() < how.framed else None
    if framed is not None:
        (factor, aim), around = framed, (0.4, 0.6)
    elif len(sample) and rng.random() < how.aimed:
        aim = random_pixel(sample.masks[int(rng.integers(len(sample)))], rng)
    if aim is not None and flipped:
        aim = width - 1 - aim[0], aim[1]
    moved = []
    for axis, (side, limit) in enumerate(((width * factor, size[1]), (height * factor, size[0]))):
        spare = max(0.0, side - limit)
        first = rng.uniform(0, spare) if aim is None else np.clip(aim[axis] * factor - rng.uniform(*around) * limit, 0, spare)
        moved.append(-float(first))
    matrix = np.array([[factor, 0, 0.5 * (factor - 1) + moved[0]], [0, factor, 0.5 * (factor - 1) + moved[1]]])
    if flipped:
        mirror = np.array([[-1, 0, width - 1.0], [0, 1, 0], [0, 0, 1]])
        matrix = matrix @ mirror
    valid = (min(size[0], max(1, round(height * factor))), min(size[1], max(1, round(width * factor))))
    tilted = how.tilt > 0 and valid == tuple(size)
    if tilted:  # about the centre of the canvas; the corners that come into view are reflections, and void
        turn = cv2.getRotationMatrix2D(((size[1] - 1) / 2, (size[0] - 1) / 2), rng.uniform(-how.tilt, how.tilt), 1.0)
        matrix = turn @ np.vstack((matrix, (0, 0, 1)))
    return warp(sample, matrix, size, reflect=tilted), valid


def _framed(sample: Sample, size: tuple[int, int], fit: float, rng: np.random.Generator) -> tuple[float, tuple[float, float]] | None:
    """Scale at which a random small object fills much of a canvas of `size`, and the centre (x, y) of its bounding box.

    `fit` is the scale at which the image fits the canvas. None if there is no small object.
    """
    boxes = [cv2.boundingRect(mask.astype(np.uint8)) for mask in sample.masks]
    small = [box for box in boxes if max(box[2] / size[1], box[3] / size[0]) * fit < _SMALL]
    if not small:
        return None
    x, y, w, h = small[int(rng.integers(len(small)))]
    factor = rng.uniform(*_FRAMED) / max(w / size[1], h / size[0])
    return float(np.clip(factor, fit, max(fit, size[1] / _NARROWEST))), (x + (w - 1) / 2, y + (h - 1) / 2)


def warp(sample: Sample, matrix: npt.NDArray[np.float64], size: tuple[int, int], reflect: bool = False, keep_empty: bool = False) -> Sample:
    """Warps a sample with a (2, 3) affine map from its xy pixels to those of a canvas of `size` (h, w).

    Args:
        reflect: fill the area outside the image with reflections, which are void; otherwise it is 0.
        keep_empty: keep rows of objects that are no longer visible, so that rows keep referring to the same objects.
    """
    image, picture_matrix = sample.image, matrix
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if scale < 0.7:  # warpAffine only interpolates four pixels: downsample with averaging first
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        fy, fx = small.shape[0] / image.shape[0], small.shape[1] / image.shape[1]
        back = np.array([[1 / fx, 0, 0.5 / fx - 0.5], [0, 1 / fy, 0.5 / fy - 0.5], [0, 0, 1]])
        image, picture_matrix = small, matrix @ back
    canvas = (size[1], size[0])
    border = cv2.BORDER_REFLECT_101 if reflect else cv2.BORDER_CONSTANT
    image = cv2.warpAffine(image, picture_matrix, canvas, flags=cv2.INTER_LINEAR, borderMode=border)
    unlabelled = [sample.void] if sample.no_thing is None else [sample.void, sample.no_thing]
    moved_masks = _warp_masks([*sample.masks, *unlabelled], matrix, size, outside=len(sample) if reflect else None)
    stacked, void = moved_masks[: len(sample)], moved_masks[len(sample)]
    no_thing = None if sample.no_thing is None else moved_masks[-1]
    moved = replace(sample, image=image, masks=stacked, void=void, no_thing=no_thing)
    return moved if keep_empty else moved.keep(areas(stacked) >= _SMALLEST)


def _warp_masks(masks: Sequence[npt.NDArray[np.bool_]], matrix: npt.NDArray[np.float64], size: tuple[int, int],
                outside: int | None) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Warps N masks (H, W) to (N, h, w) with nearest-neighbour sampling; the area outside the image belongs to mask `outside`.

    Eight masks are packed into the bits of one byte and warped together.
    """
    moved = np.empty((len(masks), *size), bool)
    for first in range(0, len(masks), 8):
        part = masks[first : first + 8]
        bits = np.zeros(part[0].shape, np.uint8)
        for bit, mask in enumerate(part):
            bits |= np.ascontiguousarray(mask).view(np.uint8) << np.uint8(bit)
        border = 0 if outside is None or not 0 <= outside - first < 8 else 1 << (outside - first)
        bits = cv2.warpAffine(bits, matrix, size[::-1], flags=cv2.INTER_NEAREST, borderValue=border)
        for bit in range(len(part)):
            np.not_equal(bits & np.uint8(1 << bit), 0, out=moved[first + bit])
    return moved


def change_colours(image: npt.NDArray[np.uint8], strength: float, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Random brightness, contrast, saturation and a little hue, of (H, W, 3) uint8 RGB."""
    if strength <= 0:
        return image
    gain, contrast, saturation = 1 + strength * rng.uniform(-1, 1, 3)
    tint = gain * (1 + 0.2 * strength * rng.uniform(-1, 1, 3))
    # All changes are one affine map of colours: tint, then saturation (towards or away from grey), then contrast about the mean.
    mixing = saturation * np.diag(tint) + (1 - saturation) / 3 * tint
    middle = float((mixing @ cv2.mean(image)[:3]).mean())
    return cv2.transform(image, np.column_stack((contrast * mixing, np.full(3, (1 - contrast) * middle))))


def paste(base: Sample, other: Sample, is_thing: npt.NDArray[np.bool_], rng: np.random.Generator) -> Sample:
    """Pastes random things of another sample of the same size in front of this one's (Ghiasi et al., 2021)."""
    things = np.array([c < 0 or is_thing[c] for c in other.class_ids], bool)
    chosen = np.flatnonzero(things & (rng.random(len(other)) < 0.5))
    if not len(chosen):
        return base
    front = other.masks[chosen]
    cover = front.any(axis=0)
    image = np.where(cover[..., None], other.image, base.image)
    masks = np.concatenate((base.masks & ~cover, front))
    class_ids = np.concatenate((base.class_ids, other.class_ids[chosen]))
    pasted = replace(base, image=image, masks=masks, class_ids=class_ids, void=base.void & ~cover,
                     no_thing=None if base.no_thing is None else base.no_thing & ~cover)  # fmt: skip
    return pasted.keep(areas(masks) >= _SMALLEST)
