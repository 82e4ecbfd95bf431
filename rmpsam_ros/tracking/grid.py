"""Mapping between cells of the low-resolution grid and pixels of the source image."""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.placement import Placement
from rmpsam_ros.types import Roi


class Grid:
    """A grid of `size` (h, w) cells over a source image of `source` (height, width) pixels.

    `cell_size` is the (height, width) of a cell in pixels of the source. The network's resize determines the size of its cells, so
    the last row and column may extend beyond the image (`Placement.cell_size`); None = the cells cover the image exactly.
    """

    def __init__(self, size: tuple[int, int], source: tuple[int, int], cell_size: tuple[float, float] | None = None) -> None:
        self.size, self.source = size, source
        self.cell_size = cell_size or (source[0] / size[0], source[1] / size[1])
        self._row_of, self._first_row = self._axis(size[0], source[0], self.cell_size[0])
        self._column_of, self._first_column = self._axis(size[1], source[1], self.cell_size[1])

    @classmethod
    def of(cls, placement: Placement, source: tuple[int, int] | None = None) -> Grid:
        """The network's cells over its image; for a `source` of another size, spread evenly over it."""
        source = source or placement.source
        return cls(placement.valid_cells, source, placement.cell_size if source == placement.source else None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and (self.size, self.source, self.cell_size) == (other.size, other.source, other.cell_size)

    @staticmethod
    def _axis(cells: int, pixels: int, cell: float) -> tuple[npt.NDArray[np.int64], list[int]]:
        """The cell of each pixel centre, and the first pixel of each cell (one more at the end)."""
        cell_of = ((np.arange(pixels) + 0.5) / cell).astype(np.int64).clip(0, cells - 1)
        return cell_of, np.searchsorted(cell_of, np.arange(cells + 1)).tolist()

    def roi(self, box: tuple[int, int, int, int]) -> Roi:
        """A box of whole cells (x1, y1, x2, y2, exclusive) to the rectangle of its pixels, at least one pixel: a small image has
        fewer pixels than cells."""
        x1, y1, x2, y2 = box
        height, width = self.source
        left, top = min(self._first_column[x1], width - 1), min(self._first_row[y1], height - 1)
        return Roi(left, top, max(self._first_column[x2] - left, 1), max(self._first_row[y2] - top, 1))

    def upsample(self, patch: npt.NDArray[np.bool_], box: tuple[int, int, int, int]) -> npt.NDArray[np.bool_]:
        """The (y2 - y1, x2 - x1) cells of a box to the (height, width) pixels of its rectangle: bilinear interpolation between
        cell centres, thresholded at one half, so that edges are smooth."""
        roi = self.roi(box)
        framed = np.pad(patch, 1).astype(np.float32)
        axes = [
            (np.arange(start, start + count, dtype=np.float32) + 0.5) / np.float32(cell) + np.float32(0.5 - first)
            for start, count, cell, first in ((roi.x, roi.width, self.cell_size[1], box[0]), (roi.y, roi.height, self.cell_size[0], box[1]))
        ]
        heights = cv2.remap(framed, *np.meshgrid(*axes), cv2.INTER_LINEAR)
        mask = heights > 0.5
        return mask if mask.any() else ~mask

    def downsample(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """A (height, width) bool mask of the source to (h, w): the pixel at the centre of each cell, or, for a mask that no
        centre hits, the cell that contains its first pixel."""
        cells = self.sample(mask)
        if not cells.any() and mask.any():
            row, column = np.unravel_index(int(mask.argmax()), mask.shape)
            cells[self._row_of[row], self._column_of[column]] = True
        return cells

    def sample(self, pixels: npt.NDArray) -> npt.NDArray:
        """(height, width) values of the source to (h, w): the value of the pixel at the centre of each cell, or of the last pixel if
        that centre is outside the image."""
        rows, columns = (
            ((np.arange(cells) + 0.5) * cell).astype(int).clip(0, count - 1) for cells, cell, count in zip(self.size, self.cell_size, self.source)
        )
        return pixels[np.ix_(rows, columns)]

    def pixel(self, cell: npt.NDArray) -> tuple[float, float]:
        """The centre of a cell (x, y) to the pixel of the source image, clipped to it."""
        x, y = np.clip((cell + 0.5) * self.cell_size[::-1] - 0.5, 0, np.array(self.source[::-1]) - 1).tolist()
        return x, y

    def cell(self, pixel: tuple[float, float]) -> tuple[int, int]:
        """The cell (x, y) that a pixel of the source image lies in."""
        (x, y), (h, w) = pixel, self.size
        return min(int((x + 0.5) / self.cell_size[1]), w - 1), min(int((y + 0.5) / self.cell_size[0]), h - 1)

    def boxes(self, corners: npt.NDArray) -> list[tuple[float, float, float, float]]:
        """(2, 2) corners in cells to a box in pixels of the source image, clipped to it; an empty list if nothing is left."""
        limit = np.array(self.source[::-1])
        (x1, y1), (x2, y2) = np.clip(corners * self.cell_size[::-1], 0, limit).tolist()
        return [(x1, y1, x2, y2)] if x1 < x2 and y1 < y2 else []
