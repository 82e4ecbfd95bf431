"""Checks an engine against its graph: runs two segmenters on the same images and measures how many pixels agree."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.segmenter import Segmenter
from rmpsam_ros.types import PanopticResult

LEAST_AGREEMENT = 0.98
"""Minimum share of pixels with the same class and object, mean over images. With simulated float16 rounding, an untrained R18
reaches 0.9999 and an untrained Lite0, whose masks are noise, 0.984 to 0.990; bfloat16 would reach 0.87 on Lite0."""

LEAST_PROMPT_IOU = 0.97
"""Minimum IoU of the masks for the same click, mean over clicks. For some clicks two masks are equally valid."""

CLICKS = tuple((x, y) for y in (0.2, 0.5, 0.8) for x in (0.2, 0.5, 0.8))
"""Click positions on each image, as fractions of its width and height."""


@dataclass(frozen=True)
class Parity:
    """Agreement of two segmenters on one image: `panoptic` is the share of pixels, `prompt_ious` has one IoU per click."""

    name: str
    panoptic: float
    prompt_ious: tuple[float, ...]

    def __str__(self) -> str:
        return (f"{self.name}: panoptic agreement {100 * self.panoptic:.3f} % of pixels; masks of {len(self.prompt_ious)} clicks: "
                f"IoU {np.mean(self.prompt_ious):.4f} in the mean, {min(self.prompt_ious):.4f} at least")


def compare(ours: Segmenter, reference: Segmenter, images: Sequence[tuple[str, npt.NDArray[np.uint8]]]) -> list[Parity]:
    """Runs both on each image, given as (name, (H, W, 3) uint8 RGB); `ours` runs with its full batch size."""
    results = []
    for start in range(0, len(images), ours.batch):
        part = images[start : start + ours.batch]
        for frame, (name, image) in zip(ours.set_images([image for _, image in part]), part):
            expected, (height, width) = reference.set_image(image), image.shape[:2]
            agreement = panoptic_agreement(frame.panoptic(), expected.panoptic())
            ious = []
            for x, y in CLICKS:
                click = [(int(x * (width - 1)), int(y * (height - 1)))]
                ious.append(mask_iou(frame.prompt(points=click).mask, expected.prompt(points=click).mask))
            results.append(Parity(name, agreement, tuple(ious)))
    return results


def refusal(results: list[Parity]) -> str:
    """The reason why these results are not good enough, in a few words; empty if they are."""
    agreement = float(np.mean([r.panoptic for r in results]))
    iou = float(np.mean([i for r in results for i in r.prompt_ious]))
    if not agreement >= LEAST_AGREEMENT:
        return f"its panoptic maps agree with the graph's on {100 * agreement:.1f} % of the pixels, {100 * LEAST_AGREEMENT:.0f} % are needed"
    if not iou >= LEAST_PROMPT_IOU:
        return f"its click masks agree with the graph's with an IoU of {iou:.3f}, {LEAST_PROMPT_IOU} is needed"
    return ""


def panoptic_agreement(ours: PanopticResult, reference: PanopticResult) -> float:
    """Share of pixels that are unlabelled in both maps or in matching segments: same class, each matched to its best counterpart."""
    columns = len(reference.segments) + 1
    pairs = np.bincount((ours.segment_ids.astype(np.int64) * columns + reference.segment_ids).ravel(),
                        minlength=(len(ours.segments) + 1) * columns).reshape(-1, columns)  # fmt: skip
    agreeing = int(pairs[0, 0])
    classes = np.array([segment.class_id for segment in ours.segments])
    for segment in reference.segments:
        overlaps = pairs[1:, segment.id] * (classes == segment.class_id) if len(classes) else np.zeros(1, int)
        if overlaps.max():
            agreeing += int(overlaps.max())
            pairs[1 + int(overlaps.argmax())] = 0  # match each segment at most once
    return agreeing / reference.segment_ids.size


def mask_iou(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> float:
    """Intersection over union; 1 if both masks are empty."""
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 1.0
