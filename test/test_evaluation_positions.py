"""Tests position errors: which ground-truth objects count, and which track is matched to each."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from rmpsam_ros.depth_view import DepthView, pinhole_rays
from rmpsam_ros.errors import DataError
from rmpsam_ros.evaluation.positions import DepthCameras, PositionErrors, together

SIZE = (60, 80)
MATRIX = np.array([[100.0, 0, 40], [0, 100.0, 30], [0, 0, 1]])


def wall(distance: float = 2.0) -> DepthView:
    return DepthView(np.full(SIZE, distance, np.float32), pinhole_rays(SIZE, MATRIX))


def columns(*bounds: tuple[int, int]) -> np.ndarray:
    """(n, H, W) masks, 20 rows high."""
    masks = np.zeros((len(bounds), *SIZE), bool)
    for mask, (low, high) in zip(masks, bounds):
        mask[20:40, low:high] = True
    return masks


@pytest.mark.parametrize("found, objects", [
    ((20, 40), 1), ((20, 31), 1), ((20, 30), 0), ((20, 60), 0), ((20, 59), 1), ((45, 65), 0),  # half of it, or as much again, is none
])
def test_add__a_track__is_of_an_object_from_an_iou_above_one_half(found, objects):
    errors = PositionErrors()
    errors.add(wall(), columns((20, 40)), columns(found))
    assert errors.seen == 1 and len(errors.errors) == objects == errors.summary()["objects"]


def test_add__of_several_tracks__the_one_that_fits_best_is_measured():
    errors = PositionErrors()
    errors.add(wall(), columns((20, 40)), columns((20, 32), (20, 41), (26, 40)))
    assert errors.errors == pytest.approx([0.01], abs=0.005)  # half a column of 2 cm
    assert errors.distances == pytest.approx([np.hypot(2.0, 0.21)], abs=0.01)


def test_add__an_object_without_depth_or_without_a_track__is_left_out():
    view, errors = wall(), PositionErrors()
    view.depth[:, :30] = np.nan
    errors.add(view, columns((5, 25), (40, 60)), columns((5, 25)))
    errors.add(view, columns((40, 60)), columns())
    assert (errors.seen, errors.errors) == (2, []) and errors.summary() == {"objects": 0, "share": 0.0}
    errors.add(view, columns((40, 60)), columns((40, 60)))
    both = together([errors, errors])
    assert both.seen == 6 and both.summary()["objects"] == 2 and both.summary()["share"] == pytest.approx(100 / 3)


def test_summary__is_of_the_middle_error_and_of_the_distance():
    errors = PositionErrors(seen=4, errors=[0.1, 0.2, 0.9], distances=[1.0, 4.0, 3.0])
    assert errors.summary() == pytest.approx({"objects": 3, "share": 75.0, "median": 0.2, "p90": 0.76, "relative": 10.0})


def depth_cameras(folder: Path) -> DepthCameras:
    """Depth of three 3x2 images with one name: that of b is rotated, that of c is missing."""
    (folder / "depth").mkdir()
    for name, millimetres in (("a.png", [[1000, 0, 2500], [1, 2, 3]]), ("b.png", [[1, 2], [3, 4], [5, 6]])):
        cv2.imwrite(str(folder / "depth" / name), np.array(millimetres, np.uint16))
    images = [{"file_name": f"{name}/0.jpg", "depth": f"{name}.png", "K": [100.0, 0, 1, 0, 50, 0.5, 0, 0, 1]} for name in "abc"]
    (folder / "cameras.json").write_text(json.dumps({"images": images}))
    return DepthCameras(folder / "cameras.json")


def test_view__of_a_picture__is_metres_by_the_end_of_its_path(tmp_path):
    view = depth_cameras(tmp_path).view(tmp_path / "images/a/0.jpg", (2, 3))
    np.testing.assert_allclose(view.depth, [[1, np.nan, 2.5], [0.001, 0.002, 0.003]])
    np.testing.assert_allclose(view.rays[1, 2], (0.01, 0.01))


@pytest.mark.parametrize("picture, sentence", [
    ("b/0.jpg", "b.png is not a 16-bit PNG of 3x2 pixels"), ("c/0.jpg", "c.png is not a 16-bit PNG"), ("0.jpg", "has no entry for the picture"),
])
def test_view__of_a_picture_without_depth_of_its_own__is_refused(tmp_path, picture, sentence):
    with pytest.raises(DataError, match=sentence):
        depth_cameras(tmp_path).view(tmp_path / picture, (2, 3))
