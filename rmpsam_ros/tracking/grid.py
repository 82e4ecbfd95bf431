"""From cells of the low-resolution grid to pixels of the source image."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rmpsam_ros.types import Roi


class Grid:
    """A grid of `size` (h, w) cells over a source image of `source` (height, width) pixels."""

    def __init__(self, size: tuple[int, int], source: tuple[int, int]) -> None:
        self.size, self.source = size, source
        zoom = source[0] // size[0]
        self._zoom = zoom if source == (zoom * size[0], zoom * size[1]) else 0  # whole pixels per cell: the quick way
        self._row_of, self._first_row = self._axis(size[0], source[0])
        self._column_of, self._first_column = self._axis(size[1], source[1])

    @staticmethod
    def _axis(cells: int, pixels: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The cell of each pixel centre, and the first pixel of each cell (one more at the end)."""
        cell_of = ((np.arange(pixels) + 0.5) * cells / pixels).astype(np.int64)
        return cell_of, np.searchsorted(cell_of, np.arange(cells + 1))

    def upsample(self, mask: npt.NDArray[np.bool_], box: tuple[int, int, int, int]) -> tuple[Roi, npt.NDArray[np.bool_]]:
        """A (h, w) bool mask and its box (x1, y1, x2, y2 cells, exclusive) to the rectangle and crop in pixels."""
        x1, y1, x2, y2 = box
        if self._zoom:
            z = self._zoom
            return Roi(x1 * z, y1 * z, (x2 - x1) * z, (y2 - y1) * z), mask[y1:y2, x1:x2].repeat(z, 1).repeat(z, 0)
        left, right = self._first_column[[x1, x2]]
        top, bottom = self._first_row[[y1, y2]]
        crop = mask[self._row_of[top:bottom]][:, self._column_of[left:right]]
        return Roi(int(left), int(top), int(right - left), int(bottom - top)), crop

    def downsample(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """A (height, width) bool mask of the source to (h, w): the pixel in the middle of each cell."""
        h, w = self.size
        rows = ((np.arange(h) + 0.5) * self.source[0] / h).astype(int)
        columns = ((np.arange(w) + 0.5) * self.source[1] / w).astype(int)
        return mask[np.ix_(rows, columns)]
