"""Tests run-length encoding against its definition and against pycocotools."""
from __future__ import annotations

import numpy as np
import pytest

from rmpsam_ros import rle
from rmpsam_ros.types import Roi


def masks() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    random = [rng.random(shape) < p for shape in ((7, 5), (60, 80), (1, 9), (9, 1)) for p in (0.02, 0.5, 0.98)]
    corners = np.zeros((6, 8), bool)
    corners[0, 0] = corners[-1, -1] = True
    return [*random, corners, np.zeros((5, 4), bool), np.ones((5, 4), bool)]


@pytest.mark.parametrize("mask", masks())
def test_encode__any_mask__decodes_to_itself(mask):
    assert np.array_equal(rle.decode(rle.encode(mask)), mask)


@pytest.mark.parametrize("mask", masks())
def test_encode__a_crop__is_that_of_the_whole_mask(mask):
    roi = Roi.of_mask(mask)
    assert rle.encode(mask[roi.slices], roi, mask.shape) == rle.encode(mask)


@pytest.mark.parametrize("mask", masks())
def test_encode__any_mask__is_what_pycocotools_writes(mask):
    coco = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert rle.encode(mask)["counts"] == theirs["counts"].decode()
    assert np.array_equal(rle.decode(theirs), mask)


def test_encode__known_mask__is_known_text():
    mask = np.zeros((4, 3), bool)
    mask[1:3, 1] = True
    assert rle.encode(mask) == {"size": [4, 3], "counts": "525"}


def test_decode__a_list_of_counts__is_read_down_the_columns():
    assert rle.decode({"size": [2, 3], "counts": [1, 2, 3]}).tolist() == [[False, True, False], [True, False, False]]


@pytest.mark.parametrize("counts", [[1, 2], [7], [3, -1, 4], "52", "o", 6, ["a"]])
def test_decode__counts_that_do_not_fit__are_refused(counts):
    with pytest.raises(ValueError):
        rle.decode({"size": [2, 3], "counts": counts})


@pytest.mark.parametrize("counts", [[1, 2], [7], [3, -1, 4], 6, [[6]]])
def test_decode__numbers_that_do_not_add_up__are_said_to(counts):
    with pytest.raises(ValueError, match="its run lengths do not add up to the 6 pixels of the picture"):
        rle.decode({"size": [2, 3], "counts": counts})


def test_encode__a_crop_that_ends_at_the_lower_edge__is_that_of_the_whole_mask():
    mask = np.zeros((6, 9), bool)
    mask[3:, 2:5] = True  # for a thing that is cut off at the image's lower edge
    roi = Roi.of_mask(mask)
    assert rle.encode(mask[roi.slices], roi, mask.shape) == rle.encode(mask)
    assert np.array_equal(rle.decode(rle.encode(mask[roi.slices], roi, mask.shape)), mask)


def test_decode__bytes__as_pycocotools_gives_them():
    assert rle.decode({"size": [4, 3], "counts": b"525"}).tolist() == rle.decode({"size": [4, 3], "counts": "525"}).tolist()
