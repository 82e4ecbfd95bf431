"""Low-resolution masks as packed bits: areas, boxes and overlaps of a whole frame in a few calls.

A mask of 120 x 160 cells is 300 words of 64 bits. Counting the common bits of one pair takes a microsecond, so overlaps
are computed only for pairs whose boxes intersect, and then for all of them at once.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_ONES = np.array([bin(value).count("1") for value in range(256)], np.uint8)


def count_bits(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.float32]:
    """(n, W) words to (n,) numbers of set bits (`numpy.bitwise_count` with numpy 2.0 or newer)."""
    counts = np.bitwise_count(words) if hasattr(np, "bitwise_count") else _ONES[words.view(np.uint8)]
    return counts.sum(axis=1, dtype=np.int32).astype(np.float32)


def common_bits(a: npt.NDArray[np.uint64], b: npt.NDArray[np.uint64]) -> npt.NDArray[np.float32]:
    """(p, W) and (p, W) words to (p,) counts of cells in both."""
    return count_bits(a & b)


def padded_width(width: int) -> int:
    """The width rounded up to whole bytes."""
    return -(-width // 8) * 8


def pack(padded: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    """(n, h, w) bool, w a multiple of 8, to (n, W) uint64: row by row, zeros at the end."""
    n, h, w = padded.shape
    data = np.packbits(padded.reshape(n, h * w), axis=1)
    missing = -data.shape[1] % 8
    if missing:
        data = np.concatenate((data, np.zeros((n, missing), np.uint8)), axis=1)
    return data.view(np.uint64)


@dataclass(frozen=True)
class PackedMasks:
    """n masks of one grid: `words` (n, W) uint64, `boxes` (n, 4) float32 x1 y1 x2 y2 in cells (x2, y2 exclusive),
    `areas` (n,) float32 in cells. An empty mask has area 0 and an all-zero box."""

    words: npt.NDArray[np.uint64]
    boxes: npt.NDArray[np.float32]
    areas: npt.NDArray[np.float32]

    @classmethod
    def of(cls, masks: npt.NDArray[np.bool_]) -> PackedMasks:
        """Packs (n, h, w) bool masks."""
        n, h, w = masks.shape
        width = padded_width(w)
        if n == 0:
            return cls(np.zeros((0, -(-h * width // 64)), np.uint64), np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        if width != w:
            masks = np.concatenate((masks, np.zeros((n, h, width - w), bool)), axis=2)
        words = pack(np.ascontiguousarray(masks))
        areas = count_bits(words)
        rows, columns = _occupied(words, h, width)
        boxes = np.stack(
            (columns.argmax(1), rows.argmax(1), width - columns[:, ::-1].argmax(1), h - rows[:, ::-1].argmax(1)), axis=1,
        ).astype(np.float32)
        boxes[areas == 0] = 0
        return cls(words, boxes, areas)

    def __len__(self) -> int:
        return len(self.words)

    def take(self, index: npt.NDArray) -> PackedMasks:
        """The masks that `index` picks."""
        return PackedMasks(self.words[index], self.boxes[index], self.areas[index])


def _occupied(words: npt.NDArray[np.uint64], h: int, width: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(n, h) and (n, width) bool: the rows and the columns with any cell set.

    Few operations on long axes: numpy's reductions are slow along short ones.
    """
    n, stride = len(words), width // 8
    data = words.view(np.uint8)[:, : h * stride]
    wide = data.view(np.uint32) if stride % 4 == 0 else data
    by_row = wide.reshape(n, h, -1)
    rows = by_row[:, :, 0].copy()
    for k in range(1, by_row.shape[2]):
        rows |= by_row[:, :, k]
    left = h
    while left % 2 == 0:  # fold the lower half of the rows onto the upper half
        left //= 2
        middle = wide.shape[1] // 2
        wide = wide[:, :middle] | wide[:, middle:]
    by_column = np.bitwise_or.reduce(wide.reshape(n, left, -1), axis=1)
    return rows > 0, np.unpackbits(by_column.view(np.uint8), axis=1).view(bool)


def box_overlap(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(m, 4) and (n, 4) boxes x1 y1 x2 y2 to (m, n) areas of their intersections."""
    x = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    y = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    return np.maximum(x, 0) * np.maximum(y, 0)


def box_area(boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n, 4) boxes to (n,) areas."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
