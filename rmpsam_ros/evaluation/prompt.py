"""How well clicks are answered: the mean IoU of true masks and answers after one, two and three simulated clicks."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rmpsam_ros.data.sample import Sample
from rmpsam_ros.evaluation.simulated_clicks import first_click, next_click
from rmpsam_ros.types import PointPrompt

Answer = Callable[[Sequence[PointPrompt]], npt.NDArray[np.bool_]]
"""Clicks to a mask (H, W) bool of the picture that they are on."""

_SIZES = (("small", 0.0, 0.01), ("medium", 0.01, 0.1), ("large", 0.1, 1.01))
"""Share of the picture that an object covers."""


@dataclass
class PromptQuality:
    """Collects the IoU of each object after each click.

    Args:
        clicks: how many clicks an object gets.
        smallest: objects of fewer pixels are left out; some sets have masks of a few pixels that nobody would click.
    """

    clicks: int = 3
    smallest: int = 64
    ious: list[list[float]] = field(default_factory=list)
    groups: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    images: int = 0

    def add(self, sample: Sample, answer: Answer, names: Sequence[str] | None = None) -> None:
        """Clicks on each object of one picture.

        Args:
            sample: the picture's objects.
            answer: what answers clicks on this picture.
            names: a group for each object, such as its class, to average by as well.
        """
        self.images += 1
        for row, truth in enumerate(sample.masks):
            area = int(truth.sum())
            if area < max(self.smallest, 1):
                continue
            index = len(self.ious)
            share = area / truth.size
            self.groups[next(name for name, low, high in _SIZES if low <= share < high)].append(index)
            if names is not None:
                self.groups[f"class {names[row]}"].append(index)
            self.ious.append(self._click(truth, sample.void, answer))

    def _click(self, truth: npt.NDArray[np.bool_], void: npt.NDArray[np.bool_], answer: Answer) -> list[float]:
        clicks: list[PointPrompt] = [first_click(truth)]
        ious: list[float] = []
        while True:
            mask = answer(clicks)
            ious.append(iou(truth, mask, void))
            if len(ious) == self.clicks:
                return ious
            click = next_click(truth, mask, void)
            if click is None or click in clicks:  # perfect, or asking the same again would change nothing
                return ious + [ious[-1]] * (self.clicks - len(ious))
            clicks.append(click)

    def summary(self) -> dict[str, object]:
        """Percentages: `miou` after 1, 2, … clicks over all objects, and by size and class, with the objects' number."""
        table = np.array(self.ious, np.float64).reshape(-1, self.clicks)
        by = {name: _row(table[rows]) for name, rows in self.groups.items()}
        return {"images": self.images, **_row(table),
                "sizes": {name: by[name] for name, *_ in _SIZES if name in by},
                "classes": {name[6:]: by[name] for name in sorted(by) if name.startswith("class ")}}  # fmt: skip


def iou(truth: npt.NDArray[np.bool_], answer: npt.NDArray[np.bool_], void: npt.NDArray[np.bool_] | None = None) -> float:
    """Intersection over union of two (H, W) bool masks, void pixels left out; 1 if both are empty."""
    if void is not None:
        truth, answer = truth & ~void, answer & ~void
    union = np.count_nonzero(truth | answer)
    return np.count_nonzero(truth & answer) / union if union else 1.0


def _row(table: npt.NDArray[np.float64]) -> dict[str, object]:
    mean = table.mean(axis=0) if len(table) else np.zeros(table.shape[1])
    return {"objects": len(table), "miou": [float(100 * v) for v in mean]}
