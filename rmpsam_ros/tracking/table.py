"""All tracks of one camera as columns of equal length, so that a frame takes a few array operations instead of a loop."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.tracking.appearance import PROTOTYPES
from rmpsam_ros.types import Roi, TrackedInstance, TrackState

Mask = npt.NDArray[np.bool_]


class Look:
    """The last view of an object. Its mask in pixels of the source image is computed on first use.

    `patch` (h, w) bool is its mask on the low-resolution grid, cropped to its box; `roi` its rectangle in the source
    image; `segment_id` its value in the frame's panoptic map, 0 = none.
    """

    __slots__ = ("patch", "roi", "segment_id", "_mask")

    def __init__(self, patch: Mask, roi: Roi, segment_id: int, mask: Mask | Callable[[], Mask]) -> None:
        self.patch, self.roi, self.segment_id, self._mask = patch, roi, segment_id, mask

    def mask(self) -> Mask:
        """(roi.height, roi.width) bool. After the first call only this crop is kept of the frame."""
        if callable(self._mask):
            self._mask = self._mask()
        return self._mask


class Seen(TrackedInstance):
    """A `TrackedInstance` that computes its `mask` on first use: most masks are never used."""

    @classmethod
    def of(cls, look: Look, **fields: object) -> Seen:
        """Creates one from all fields but `mask`, without the cost of a frozen dataclass's constructor."""
        seen = cls.__new__(cls)
        seen.__dict__.update(fields, roi=look.roi, _look=look)
        return seen

    @cached_property
    def mask(self) -> npt.NDArray[np.bool_]:
        return self._look.mask()

    def __reduce__(self) -> tuple:
        """Pickles and copies with the mask, and without the frame that the mask is computed from."""
        return type(self), tuple(getattr(self, field.name) for field in fields(TrackedInstance))


class TrackTable:
    """Row i of every column is one track; rows are in order of birth. m = number of rows, K = classes, D = dimensions.

    id (m,) int64; state (m,) int8 of TrackState; prompted (m,) bool; seen_at (m,) float64 seconds; age, unseen, hits (m,)
    int64 frames; votes (m, K) float32 sums of scores by class; score (m,) float32; position, velocity (m, 2) float32
    cells and cells per second; covariance (m, 3) as in `motion`; size (m,) float32, square root of the unoccluded area in
    cells; reach (m,) the same for the box, the unit of motion: thin things move as far as round ones; origin, extent (m, 2)
    int64, the first column and row of the last mask and its width and height in cells, shown (m,) float32 its area; depth (m,)
    float32 metres or NaN; prototypes (m, B, D), counts (m, B) as in `appearance`; look (m,) of Look.
    """

    def __init__(self, classes: int, dims: int) -> None:
        self._shapes: dict[str, tuple[tuple[int, ...], type]] = {
            "id": ((), np.int64), "state": ((), np.int8), "prompted": ((), np.bool_), "seen_at": ((), np.float64),
            "age": ((), np.int64), "unseen": ((), np.int64), "hits": ((), np.int64), "votes": ((classes,), np.float32),
            "score": ((), np.float32), "position": ((2,), np.float32), "velocity": ((2,), np.float32),
            "covariance": ((3,), np.float32), "size": ((), np.float32), "reach": ((), np.float32), "origin": ((2,), np.int64),
            "extent": ((2,), np.int64), "shown": ((), np.float32), "depth": ((), np.float32),
            "prototypes": ((PROTOTYPES, dims), np.float32), "counts": ((PROTOTYPES,), np.float32), "look": ((), object),
        }
        self.dims = dims
        for name, (shape, dtype) in self._shapes.items():
            setattr(self, name, np.zeros((0, *shape), dtype))

    def __len__(self) -> int:
        return len(self.id)

    def append(self, n: int, **columns: object) -> slice:
        """Adds n rows, zero except for the given columns; returns the slice of the new rows."""
        start = len(self)
        for name, (shape, dtype) in self._shapes.items():
            new = np.zeros((n, *shape), dtype)
            if name in columns:
                new[...] = columns[name]
            setattr(self, name, np.concatenate((getattr(self, name), new)))
        return slice(start, start + n)

    def keep(self, rows: npt.NDArray[np.bool_]) -> None:
        """Drops the rows that are False."""
        if rows.all():
            return
        for name in self._shapes:
            setattr(self, name, getattr(self, name)[rows])

    def row_of(self, track_id: int) -> int | None:
        """The row with this id, or None if there is no such track (any more)."""
        rows = np.flatnonzero(self.id == track_id)
        return int(rows[0]) if len(rows) else None

    def move(self, source: int, target: int) -> None:
        """Continues row `target` as row `source`: it keeps id, age, appearance, classes and sizes, and takes position, score, depth and last view."""
        for name in ("position", "velocity", "covariance", "seen_at", "score", "depth", "origin", "extent", "shown", "look"):
            getattr(self, name)[target] = getattr(self, name)[source]
        self.state[target], self.unseen[target] = TrackState.CONFIRMED, 0
        self.hits[target] += self.hits[source]

    def in_state(self, state: TrackState) -> npt.NDArray[np.bool_]:
        """(m,) bool."""
        return self.state == state

    def rescale(self, x: float, y: float, size: tuple[int, int]) -> None:
        """Converts to a new grid: x and y are new cells per old cell, `size` its rows and columns."""
        scale = np.array([x, y], np.float32)
        self.position *= scale
        self.velocity *= scale
        self.covariance *= np.float32(max(x, y) ** 2)
        self.size *= np.float32((x * y) ** 0.5)
        self.reach *= np.float32((x * y) ** 0.5)
        for row, look in enumerate(self.look):
            h, w = look.patch.shape
            left, top = np.clip(np.rint(self.origin[row] * scale), 0, np.array(size[::-1]) - 1).astype(int).tolist()
            rows = (np.arange(max(1, round(h * y))) / y).astype(int).clip(0, h - 1)
            columns = (np.arange(max(1, round(w * x))) / x).astype(int).clip(0, w - 1)
            patch = look.patch[np.ix_(rows, columns)][: size[0] - top, : size[1] - left]
            if not patch.any():
                patch[len(patch) // 2, patch.shape[1] // 2] = True  # thin things may vanish on a coarser grid
            self.look[row] = Look(patch, look.roi, look.segment_id, look.mask())
            self.origin[row] = left, top
            self.extent[row], self.shown[row] = patch.shape[::-1], np.count_nonzero(patch)

    def resize(self, x: float, y: float, size: tuple[int, int]) -> None:
        """Converts to a new source resolution: x and y are new pixels per old pixel, `size` its height and width."""
        for row, look in enumerate(self.look):
            roi = look.roi.scaled(x, y, size)
            mask = cv2.resize(look.mask().astype(np.uint8), (roi.width, roi.height), interpolation=cv2.INTER_NEAREST) > 0
            if not mask.any():
                mask[len(mask) // 2, mask.shape[1] // 2] = True  # thin things may vanish at a lower resolution
            self.look[row] = Look(look.patch, roi, look.segment_id, mask)
