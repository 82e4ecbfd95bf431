"""One labelled picture, as readers hand it to augmentation, training and evaluation."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

NO_CLASS = -1
"""Class of an object that has a mask but no place in the label set: clicks learn from it, classification does not."""


class Coverage(str, Enum):
    """What a set's labels leave out, and so what an unlabelled pixel may be taught to be."""

    ALL = "all"
    """Things and stuff are labelled: what no query matched is no object."""
    THINGS = "things"
    """Every thing is labelled, stuff is not: what no query matched is stuff or no object."""
    SOME = "some"
    """Only some objects are labelled: nothing is known of the rest."""


@dataclass(frozen=True)
class Sample:
    """A picture with its objects.

    Attributes:
        name: where it comes from, for messages.
        image: (H, W, 3) uint8 RGB.
        masks: (N, H, W) bool, each with at least one pixel; stuff of one class is one mask.
        class_ids: (N,) int64, or `NO_CLASS`.
        void: (H, W) bool, pixels that count neither for nor against any mask (crowds, unlabelled pixels).
        coverage: what is labelled.
        no_thing: (H, W) bool, unlabelled pixels of which it is known that they are no thing: they count against the masks of
            things, and neither for nor against those of stuff. None: there are none.
        passed_over: a sentence for each annotation that no mask can be made of.
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
        """The same with some of its objects only; `rows` is a mask or indices over them."""
        return replace(self, masks=self.masks[rows], class_ids=self.class_ids[rows])

    def void_of(self, is_thing: bool) -> npt.NDArray[np.bool_]:
        """(H, W) bool, the pixels that count neither for nor against a mask of a thing, or one of stuff."""
        return self.void if is_thing or self.no_thing is None else self.void | self.no_thing


def random_pixel(mask: npt.NDArray[np.bool_], rng: np.random.Generator) -> tuple[float, float]:
    """x and y of a random pixel of a (H, W) mask, which must have one."""
    inside = np.flatnonzero(mask)
    y, x = divmod(int(inside[int(rng.integers(len(inside)))]), mask.shape[1])
    return float(x), float(y)


def rows_of_objects(classes: Iterable[int], is_thing: npt.NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """The row of each labelled mask in a `Sample`, and the class of each row: stuff of one class is one row.

    classes: of the masks, or `NO_CLASS`. is_thing: (K,) bool.
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
    """One true segment of a panoptic map: its class, and whether it is a crowd of uncountable things."""

    class_id: int
    is_crowd: bool = False


@dataclass(frozen=True)
class PanopticTruth:
    """A true panoptic map: `ids` (H, W) int64, 0 = void, and what each other id is."""

    ids: npt.NDArray[np.int64]
    segments: dict[int, SegmentTruth]
