"""Input of the tracker: the objects of one frame, validated once."""
from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import TrackError
from rmpsam_ros.tracking.grid import Grid
from rmpsam_ros.types import Segment

CELL = 4
"""Pixels of the network's input per cell of a low-resolution mask, in both directions."""


@dataclass(frozen=True)
class Detections:
    """The objects of one frame.

    `class_ids` (n,) int; `scores` (n,) float, 0 … 1; `queries` (n, D) float32, the object embeddings (D = 256 for
    RMP-SAM); `masks` (n, h, w) bool at low resolution (a quarter of the network's input, without padding), row 0 on
    top; `depths` (n,) float32 metres, NaN where unknown, or None; `image_size` (height, width) of the source image in
    pixels, None = four times the mask's; `cell_size` (height, width) of a mask's cell in those pixels, None = the cells cover the
    image exactly.
    """

    class_ids: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    queries: npt.NDArray[np.float32]
    masks: npt.NDArray[np.bool_]
    depths: npt.NDArray[np.float32] | None = None
    image_size: tuple[int, int] | None = None
    cell_size: tuple[float, float] | None = None
    segment_map: npt.NDArray[np.uint16] | None = field(default=None, repr=False)
    """(height, width) the frame's panoptic map, from which full-resolution masks are cropped."""
    segments: tuple[Segment | None, ...] | None = field(default=None, repr=False)
    """n entries: each object's segment in `segment_map`, None where it has none."""

    def __len__(self) -> int:
        return len(self.class_ids)

    @property
    def grid_size(self) -> tuple[int, int]:
        """(h, w) of the low-resolution masks."""
        return self.masks.shape[1], self.masks.shape[2]

    @property
    def source_size(self) -> tuple[int, int]:
        """(height, width) of the source image in pixels."""
        return self.image_size or (self.masks.shape[1] * CELL, self.masks.shape[2] * CELL)

    @property
    def grid(self) -> Grid:
        """The cells of the masks over the source image."""
        return Grid(self.grid_size, self.source_size, self.cell_size)

    @classmethod
    def empty(cls, grid_size: tuple[int, int], image_size: tuple[int, int] | None = None, dims: int = 256) -> Detections:
        """No objects, on a grid of `grid_size` (h, w)."""
        return cls(
            np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros((0, dims), np.float32),
            np.zeros((0, *grid_size), bool), image_size=image_size,
        )

    def take(self, index: npt.NDArray) -> Detections:
        """The detections that `index` (a bool mask or positions) picks."""
        return Detections(
            self.class_ids[index], self.scores[index], self.queries[index], self.masks[index],
            None if self.depths is None else self.depths[index], self.image_size, self.cell_size, self.segment_map,
            None if self.segments is None else tuple(self.segments[k] for k in np.arange(len(self))[index]),
        )

    def checked(self) -> Detections:
        """The same with every array in its dtype; raises TrackError if the shapes disagree.

        Values are not checked here: `usable` says which rows can be tracked.
        """
        masks = np.asarray(self.masks)
        if masks.ndim != 3 or masks.shape[1] == 0 or masks.shape[2] == 0:
            raise TrackError(f"masks have shape {masks.shape}; (n, h, w) with h and w above 0 was expected")
        n = len(masks)
        queries = np.asarray(self.queries)
        if queries.ndim != 2 or len(queries) != n:
            raise TrackError(f"queries have shape {queries.shape}; ({n}, D) was expected, one row for each mask")
        flat = {"class_ids": (self.class_ids, np.int64), "scores": (self.scores, np.float32)}
        if self.depths is not None:
            flat["depths"] = (self.depths, np.float32)
        values = {}
        for name, (array, dtype) in flat.items():
            array = np.asarray(array)
            if array.shape != (n,):
                raise TrackError(f"{name} have shape {array.shape}; ({n},) was expected, one for each mask")
            values[name] = array.astype(dtype, copy=False)
        if self.image_size is not None and min(self.image_size) <= 0:
            raise TrackError(f"image_size is {self.image_size}; (height, width) above 0 was expected")
        if self.segments is not None and (len(self.segments) != n or self.segment_map is None):
            raise TrackError(f"there are {len(self.segments)} segments for {n} masks; one for each and their map were expected")
        return Detections(
            segment_map=self.segment_map, segments=self.segments, masks=masks if masks.dtype == bool else masks.astype(bool),
            queries=queries.astype(np.float32, copy=False), image_size=self.image_size, cell_size=self.cell_size, **values,
        )

    def usable(self, is_thing: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """(n,) bool: finite score and query, not a zero query, a class that is a thing. Does not check for empty masks.

        is_thing: (K,) bool; a class id outside 0 … K-1 (the decoder's no-object among them) is not usable.
        """
        good = (self.class_ids >= 0) & (self.class_ids < len(is_thing))
        good[good] = is_thing[self.class_ids[good]]
        norms = np.einsum("nd,nd->n", self.queries, self.queries)
        return good & (norms > 0) & np.isfinite(norms + self.scores)
