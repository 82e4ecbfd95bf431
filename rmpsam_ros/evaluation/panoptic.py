"""Panoptic quality (Kirillov et al., 2019), with the same results as `panopticapi`.

A ground-truth and a predicted segment of one class match if their IoU is above 0.5, with void pixels excluded from the union. A
predicted segment with more than half of its area on void, or on a crowd of its class, is no false positive; crowds need not be found.
"""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from rmpsam_ros.data.sample import PanopticTruth
from rmpsam_ros.types import LabelSet, PanopticResult


@dataclass
class ClassCount:
    """Counts of one class: true positives, false positives, false negatives, and the summed IoU of the true positives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    iou: float = 0.0

    @property
    def seen(self) -> bool:
        return self.tp + self.fp + self.fn > 0

    @property
    def pq(self) -> float:
        return self.iou / (self.tp + 0.5 * self.fp + 0.5 * self.fn) if self.seen else 0.0

    @property
    def sq(self) -> float:
        return self.iou / self.tp if self.tp else 0.0

    @property
    def rq(self) -> float:
        return self.tp / (self.tp + 0.5 * self.fp + 0.5 * self.fn) if self.seen else 0.0


class Comparison:
    """The maps of one image compared, whatever the classes of the found segments.

    Args:
        truth: the true map.
        found_ids: (H, W) found ids, 0 = nothing.

    Attributes:
        shared: the number of pixels that each pair (true id, found id) shares.
        found_area: pixels of each found id; 0 for others.
        matches: true id, found id and IoU of each pair with an IoU above 0.5; each is in one pair at most. Crowds match nothing.
    """

    def __init__(self, truth: PanopticTruth, found_ids: npt.NDArray[np.integer]) -> None:
        self.truth, self.shared = truth, _overlaps(truth.ids, found_ids)
        self.found_area, true_area = Counter[int](), Counter[int]()
        for (true_id, found_id), pixels in self.shared.items():
            true_area[true_id] += pixels
            self.found_area[found_id] += pixels
        self.matches: list[tuple[int, int, float]] = []
        for (true_id, found_id), pixels in self.shared.items():
            segment = truth.segments.get(true_id)
            if segment is None or segment.is_crowd or found_id == 0:
                continue
            union = self.found_area[found_id] + true_area[true_id] - pixels - self.shared.get((0, found_id), 0)
            if pixels / union > 0.5:
                self.matches.append((true_id, found_id, pixels / union))

    def oracle_classes(self, found_classes: Mapping[int, int]) -> dict[int, int]:
        """The classes of found segments as an oracle would correct them: each that matches a true segment gets that one's class.

        PQ with these classes is what the masks allow; its distance to PQ is what misclassification costs.
        """
        true_class = {found_id: self.truth.segments[true_id].class_id for true_id, found_id, _ in self.matches}
        return {found_id: true_class.get(found_id, class_id) for found_id, class_id in found_classes.items()}


@dataclass
class PanopticQuality:
    """Accumulates images, then averages over the classes that occurred."""

    labels: LabelSet
    counts: dict[int, ClassCount] = field(default_factory=lambda: defaultdict(ClassCount))
    images: int = 0

    def add(self, truth: PanopticTruth, found: PanopticResult) -> None:
        """Adds one image; both maps must have the same size."""
        self.add_compared(Comparison(truth, found.segment_ids), {s.id: s.class_id for s in found.segments})

    def add_compared(self, compared: Comparison, found_classes: Mapping[int, int]) -> None:
        """The same for maps that have been compared already; `found_classes` has the class of every found id."""
        self.images += 1
        truth, matched_true, matched_found = compared.truth, set(), set()
        for true_id, found_id, iou in compared.matches:
            class_id = found_classes.get(found_id)
            if truth.segments[true_id].class_id == class_id:
                count = self.counts[class_id]
                count.tp += 1
                count.iou += iou
                matched_true.add(true_id)
                matched_found.add(found_id)
        crowds: dict[int, list[int]] = defaultdict(list)  # several if categories are merged
        for true_id, segment in truth.segments.items():
            if segment.is_crowd:
                crowds[segment.class_id].append(true_id)
            elif true_id not in matched_true:
                self.counts[segment.class_id].fn += 1
        for found_id, class_id in found_classes.items():
            area = compared.found_area[found_id]
            if found_id in matched_found or area == 0:
                continue
            excused = sum(compared.shared.get((true_id, found_id), 0) for true_id in (0, *crowds.get(class_id, ())))
            if excused / area <= 0.5:
                self.counts[class_id].fp += 1

    def summary(self) -> dict[str, object]:
        """Percentages: `all`, `things` and `stuff` with pq, sq, rq and the number of classes, NaN if that is 0, and
        `classes` by name."""
        rows = {c.name: self.counts[c.id] for c in self.labels.classes if c.id in self.counts and self.counts[c.id].seen}
        thing = {c.name for c in self.labels.classes if c.is_thing}
        return {
            "images": self.images,
            "all": _average(list(rows.values())),
            "things": _average([count for name, count in rows.items() if name in thing]),
            "stuff": _average([count for name, count in rows.items() if name not in thing]),
            "classes": {
                name: {"pq": 100 * c.pq, "sq": 100 * c.sq, "rq": 100 * c.rq, "tp": c.tp, "fp": c.fp, "fn": c.fn}
                for name, c in rows.items()
            },
        }


def why_dashes(summary: Mapping[str, Any], labels: LabelSet, mapped: Iterable[int]) -> str:
    """A sentence on why a summary has rows without classes; empty if it has none. mapped: the classes of the set's categories."""
    empty = [name for name in ("things", "stuff") if not summary[name]["classes"]]
    if not empty:
        return ""
    said, kind = {
        "things": ("No things were measured", "class of things"), "stuff": ("No stuff was measured", "class of stuff"),
    }[empty[0]] if len(empty) == 1 else ("Nothing was measured", "class")  # fmt: skip
    classes = {c.id for c in labels.classes if ("things" if c.is_thing else "stuff") in empty}
    if not classes:
        return f"{said}: the label set {labels.name} has none."
    if classes.isdisjoint(mapped):
        return f"{said}: no category of the annotations is a {kind} of the label set {labels.name}."
    return f"{said}: no image has a segment of a {kind} of the label set {labels.name}, except crowds."


def _overlaps(true_ids: npt.NDArray, found_ids: npt.NDArray) -> dict[tuple[int, int], int]:
    """The number of pixels shared by each pair of ids."""
    pairs = (true_ids.astype(np.uint64) << np.uint64(32) | found_ids.astype(np.uint64)).ravel()
    starts = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))  # runs of equal pairs: few to sort
    lengths = np.diff(starts, append=len(pairs))
    result: dict[tuple[int, int], int] = defaultdict(int)
    for value, length in zip(pairs[starts].tolist(), lengths.tolist()):
        result[value >> 32, value & 0xFFFFFFFF] += length
    return dict(result)


def _average(counts: list[ClassCount]) -> dict[str, float]:
    mean = {name: float(np.mean([100 * getattr(c, name) for c in counts])) if counts else float("nan") for name in ("pq", "sq", "rq")}
    return {**mean, "classes": len(counts)}
