"""From cells of the low-resolution grid to pixels of the source image."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rmpsam_ros.types import Roi


class Grid:
    """A grid of `size` (h, w) cells over a source image of `source` (height, width) pixels."""

    def __init__(self, size: tuple[int, int], source: tuple[int, int]) -> None:
        self.size, self.source = size, source
        self._row_of, self._first_row = self._axis(size[0], source[0])
        self._column_of, self._first_column = self._axis(size[1], source[1])

    @staticmethod
    def _axis(cells: int, pixels: int) -> tuple[npt.NDArray[np.int64], list[int]]:
        """The cell of each pixel centre, and the first pixel of each cell (one more at the end)."""
        cell_of = ((np.arange(pixels) + 0.5) * cells / pixels).astype(np.int64)
        return cell_of, np.searchsorted(cell_of, np.arange(cells + 1)).tolist()

    def roi(self, box: tuple[int, int, int, int]) -> Roi:
        """A box of whole cells (x1, y1, x2, y2, exclusive) to the rectangle of its pixels, at least one: a small image has fewer
        pixels than cells."""
        x1, y1, x2, y2 = box
        height, width = self.source
        left, top = min(self._first_column[x1], width - 1), min(self._first_row[y1], height - 1)
        return Roi(left, top, max(self._first_column[x2] - left, 1), max(self._first_row[y2] - top, 1))

    def upsample(self, patch: npt.NDArray[np.bool_], box: tuple[int, int, int, int]) -> npt.NDArray[np.bool_]:
        """The (y2 - y1, x2 - x1) cells of a box to the (height, width) pixels of its rectangle."""
        roi = self.roi(box)
        rows = (self._row_of[roi.y : roi.y + roi.height] - box[1]).clip(0, len(patch) - 1)
        columns = (self._column_of[roi.x : roi.x + roi.width] - box[0]).clip(0, patch.shape[1] - 1)
        return patch[rows][:, columns]

    def downsample(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """A (height, width) bool mask of the source to (h, w): the pixel in the middle of each cell, and where it is smaller
        than a cell, the cell that it begins in."""
        h, w = self.size
        rows = ((np.arange(h) + 0.5) * self.source[0] / h).astype(int)
        columns = ((np.arange(w) + 0.5) * self.source[1] / w).astype(int)
        cells = mask[np.ix_(rows, columns)]
        if not cells.any() and mask.any():
            row, column = np.unravel_index(int(mask.argmax()), mask.shape)
            cells[self._row_of[row], self._column_of[column]] = True
        return cells
