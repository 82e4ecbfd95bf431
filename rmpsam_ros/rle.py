"""COCO run-length encoding of masks, also used by YouTube-VIS and DAVIS annotations.

Runs count pixels column by column, alternately outside and inside the mask, starting outside. `counts` is a list of runs, or
the compressed string that pycocotools writes.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rmpsam_ros.types import Roi


def encode(mask: npt.NDArray[np.bool_], roi: Roi | None = None, size: tuple[int, int] | None = None) -> dict[str, Any]:
    """Encodes a mask as {"size": [height, width], "counts": str}.

    mask: (H, W) bool, or its crop at `roi` in an image of `size` (height, width).
    """
    if roi is not None:
        height, width = size
        # Runs go down the columns, so only the columns of the roi need to be scanned.
        strip = np.zeros((height, roi.width), bool)
        strip[roi.y : roi.y + roi.height] = mask
        before, after = roi.x * height, (width - roi.x - roi.width) * height
    else:
        (height, width), strip, before, after = mask.shape, mask, 0, 0
    flat = strip.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(np.concatenate(([0], changes, [flat.size])))
    if flat.size and flat[0]:
        runs = np.concatenate(([before], runs))
    elif flat.size:
        runs[0] += before
    else:
        runs = np.array([before])
    if len(runs) % 2:  # ends outside
        runs[-1] += after
    elif after:
        runs = np.append(runs, after)
    return {"size": [int(height), int(width)], "counts": _compress(runs.tolist())}


def decode(rle: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    """Decodes {"size", "counts"}, with counts as a list or a string, to a (height, width) bool mask.

    Raises:
        ValueError, TypeError, OverflowError: the input has another form, or the runs do not add up to the size.
    """
    try:
        (height, width), counts = (int(side) for side in rle["size"]), rle["counts"]
    except (KeyError, TypeError, ValueError):
        raise ValueError("its run lengths lack `size` or `counts`") from None
    if isinstance(counts, str | bytes):
        counts = uncompress(counts if isinstance(counts, str) else counts.decode("latin-1"))
    runs = np.asarray(counts, np.int64)
    if runs.ndim != 1 or (runs < 0).any() or runs.sum() != height * width:
        raise ValueError(f"its run lengths do not add up to the {height * width} pixels of the picture")
    return np.repeat(np.arange(runs.size) % 2 == 1, runs).reshape(width, height).T


def _compress(runs: Sequence[int]) -> str:
    """Compresses run lengths to pycocotools' string: the difference to the run two before, in groups of 5 bits, plus 48."""
    letters = []
    for i, run in enumerate(runs):
        value = run - runs[i - 2] if i > 2 else run
        more = True
        while more:
            group = value & 0x1F
            value >>= 5
            more = value != (-1 if group & 0x10 else 0)
            letters.append(chr((group | 0x20 if more else group) + 48))
    return "".join(letters)


def uncompress(text: str) -> list[int]:
    """Converts pycocotools' string to run lengths.

    Raises:
        ValueError: the string ends within a run.
    """
    runs: list[int] = []
    value = shift = 0
    for letter in text:
        group = ord(letter) - 48
        value |= (group & 0x1F) << shift
        shift += 5
        if not group & 0x20:
            if group & 0x10:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    if shift:
        raise ValueError("its compressed run lengths end too early")
    return runs
