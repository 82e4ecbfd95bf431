"""One labelled image, as passed from readers to augmentation, training and evaluation."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

NO_CLASS = -1
"""Class of an object that has a mask but no class of the label set: used to train clicks, not classification."""


class Coverage(str, Enum):
    """Which objects of a set are labelled, and so what unlabelled pixels may be trained as."""

    ALL = "all"
    """Things and stuff are labelled: an unmatched query is no object."""
    THINGS = "things"
    """Every thing is labelled, stuff is not: an unmatched query is stuff or no object."""
    SOME = "some"
    """Only some objects are labelled: nothing is known about the rest."""


@dataclass(frozen=True)
class Sample:
    """An image with its objects.

    Attributes:
        name: its origin, for messages.
        image: (H, W, 3) uint8 RGB.
        masks: (N, H, W) bool, each with at least one pixel; one mask per stuff class.
        class_ids: (N,) int64, or `NO_CLASS`.
        void: (H, W) bool, pixels ignored for all masks (crowds, unlabelled pixels).
        coverage: which objects are labelled.
        no_thing: (H, W) bool, unlabelled pixels that are known to belong to no thing: background for the masks of things, ignored for
            those of stuff. None: there are none.
        passed_over: one sentence per annotation without a usable mask.
    """

    name: str
    image: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.bool_]
    class_ids: npt.NDArray[np.int64]
    void: npt.NDArray[np.bool_]
    coverage: Coverage
    no_thing: npt.NDArray[np.bool_] | None = None
    passed_over: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.masks)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.image.shape[:2]

    def keep(self, rows: npt.NDArray) -> Sample:
        """A copy with some of the objects; `rows` is a mask or indices."""
        return replace(self, masks=self.masks[rows], class_ids=self.class_ids[rows])

    def void_of(self, is_thing: bool) -> npt.NDArray[np.bool_]:
        """(H, W) bool, the pixels ignored for masks of things, or of stuff."""
        return self.void if is_thing or self.no_thing is None else self.void | self.no_thing


def random_pixel(mask: npt.NDArray[np.bool_], rng: np.random.Generator) -> tuple[float, float]:
    """x and y of a random pixel of a (H, W) mask, which must not be empty."""
    inside = np.flatnonzero(mask)
    y, x = divmod(int(inside[int(rng.integers(len(inside)))]), mask.shape[1])
    return float(x), float(y)


def rows_of_objects(classes: Iterable[int], is_thing: npt.NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """The row of each labelled mask in a `Sample`, and the class of each row: each stuff class has one row.

    classes: class of each mask, or `NO_CLASS`. is_thing: (K,) bool.
    """
    rows: list[int] = []
    class_ids: list[int] = []
    row_of_stuff: dict[int, int] = {}
    for class_id in classes:
        stuff = class_id != NO_CLASS and not is_thing[class_id]
        row = row_of_stuff.setdefault(class_id, len(class_ids)) if stuff else len(class_ids)
        if row == len(class_ids):
            class_ids.append(class_id)
        rows.append(row)
    return rows, class_ids


@dataclass(frozen=True)
class SegmentTruth:
    """One ground-truth segment of a panoptic map: its class, and whether it is a crowd of uncountable things."""

    class_id: int
    is_crowd: bool = False


@dataclass(frozen=True)
class PanopticTruth:
    """A ground-truth panoptic map: `ids` (H, W) int64, 0 = void, and the segment of every other ID."""

    ids: npt.NDArray[np.int64]
    segments: dict[int, SegmentTruth]
