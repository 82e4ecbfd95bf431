"""Quality of click segmentation: the mean IoU of ground truth and answers after one, two and three simulated clicks.

The baseline, which needs no network, is a disc of 50 pixels around the first click.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.data.sample import Sample
from rmpsam_ros.evaluation.frame_clicks import FrameClicks
from rmpsam_ros.evaluation.simulated_clicks import first_click, next_click
from rmpsam_ros.types import PointPrompt

if TYPE_CHECKING:
    from rmpsam_ros.frame import Frame

Mask = npt.NDArray[np.bool_]
Answer = Callable[[Sequence[PointPrompt]], Mask]
"""Clicks to a mask (H, W) bool of their image."""
Answers = Callable[[Sequence[Sequence[PointPrompt]]], Iterable[Mask]]
"""The same for many objects at once: the clicks on each so far to its mask."""

DISC = 50
"""Radius in pixels of the image; this disc around a click has a mean IoU of about 22 on COCO."""

SIZES = (("small", 0.0, 0.01, "below 1 %"), ("medium", 0.01, 0.1, "1 to 10 %"), ("large", 0.1, 1.01, "from 10 %"))
"""Name, minimum and maximum share of the image that an object covers, and the same in words."""


@dataclass
class PromptQuality:
    """Collects the IoU of each object after each click.

    Args:
        clicks: number of clicks per object.
        smallest: objects with fewer pixels are skipped; some sets have masks of a few pixels that nobody would click.
    """

    clicks: int = 3
    smallest: int = 64
    ious: list[list[float]] = field(default_factory=list)
    discs: list[float] = field(default_factory=list)
    groups: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    images: int = 0
    small: int = 0
    """Number of skipped objects."""

    def add(self, sample: Sample, answer: Answer, names: Sequence[str] | None = None) -> None:
        """Clicks on each object of one image.

        Args:
            sample: the image's objects.
            answer: answers clicks on this image.
            names: a group per object, such as its class, for additional averages.
        """
        self._add(sample, lambda requests: map(answer, requests), names)

    def add_frame(self, sample: Sample, frame: Frame, names: Sequence[str] | None = None) -> None:
        """The same with a segmenter's frame, with the next clicks of all objects in one run of the network."""
        self._add(sample, FrameClicks(frame), names)

    def _add(self, sample: Sample, answers: Answers, names: Sequence[str] | None) -> None:
        self.images += 1
        truths = []
        for row, truth in enumerate(sample.masks):
            area = int(truth.sum())
            if area < max(self.smallest, 1):
                self.small += 1
                continue
            index = len(self.ious) + len(truths)
            share = area / truth.size
            self.groups[next(name for name, low, high, _ in SIZES if low <= share < high)].append(index)
            if names is not None:
                self.groups[f"class {names[row]}"].append(index)
            truths.append(truth)
        first = [first_click(truth) for truth in truths]
        self.discs += [iou(truth, disc(click, truth.shape), sample.void) for truth, click in zip(truths, first)]
        self.ious += self._click(truths, first, sample.void, answers)

    def _click(self, truths: list[Mask], first: list[PointPrompt], void: Mask, answers: Answers) -> list[list[float]]:
        clicks = [[click] for click in first]
        ious: list[list[float]] = [[] for _ in truths]
        asked = list(range(len(truths)))
        for number in range(1, self.clicks + 1):
            wrong = []
            for index, mask in zip(asked, answers([clicks[index] for index in asked])):
                ious[index].append(iou(truths[index], mask, void))
                click = next_click(truths[index], mask, void) if number < self.clicks else None
                if click is None or click in clicks[index]:  # perfect, or a repeated click that would change nothing
                    ious[index] += [ious[index][-1]] * (self.clicks - number)
                else:
                    clicks[index].append(click)
                    wrong.append(index)
            asked = wrong
        return ious

    def summary(self) -> dict[str, object]:
        """Percentages: `miou` after 1, 2, … clicks and of a `disc` around the first one, over all objects and by size and
        class, with the number of objects; NaN without objects."""
        table = np.column_stack((np.array(self.ious, np.float64).reshape(-1, self.clicks), np.array(self.discs, np.float64)))
        by = {name: _row(table[rows]) for name, rows in self.groups.items()}
        return {"images": self.images, **_row(table),
                "sizes": {name: by[name] for name, *_ in SIZES if name in by},
                "classes": {name[6:]: by[name] for name in sorted(by) if name.startswith("class ")}}  # fmt: skip


def disc(click: PointPrompt, size: tuple[int, int]) -> Mask:
    """(H, W) bool: the pixels within `DISC` of a click."""
    canvas = np.zeros(size, np.uint8)
    cv2.circle(canvas, (int(click.x), int(click.y)), DISC, 1, -1)
    return canvas > 0


def iou(truth: npt.NDArray[np.bool_], answer: npt.NDArray[np.bool_], void: npt.NDArray[np.bool_] | None = None) -> float:
    """Intersection over union of two (H, W) bool masks, without void pixels; 1 if both are empty."""
    if void is not None:
        truth, answer = truth & ~void, answer & ~void
    union = np.count_nonzero(truth | answer)
    return np.count_nonzero(truth & answer) / union if union else 1.0


def _row(table: npt.NDArray[np.float64]) -> dict[str, object]:
    mean = table.mean(axis=0) if len(table) else np.full(table.shape[1], np.nan)
    return {"objects": len(table), "miou": [float(100 * v) for v in mean[:-1]], "disc": float(100 * mean[-1])}
