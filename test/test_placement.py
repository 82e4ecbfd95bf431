"""Tests the placement of an image in the network's input, and the tables that map masks back."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from rmpsam_ros.errors import ImageError
from rmpsam_ros.placement import axis_of, check_image, fit, place, restore, restore_rows


@pytest.mark.parametrize("source, padded, resized", [
    ((480, 640), (480, 640), (480, 640)),
    ((375, 500), (480, 640), (480, 640)),
    ((1080, 1920), (480, 640), (360, 640)),
    ((3000, 4000), (480, 640), (480, 640)),
    ((1920, 1080), (480, 640), (480, 270)),
    ((1, 1), (480, 640), (480, 480)),
    ((2, 4000), (96, 128), (1, 128)),
    ((97, 131), (96, 128), (95, 128)),
])  # fmt: skip
def test_place__keeps_the_ratio_and_fits(source, padded, resized):
    assert place(source, padded).resized == resized


@pytest.mark.parametrize("source, resized, padded", [
    (128, 128, 128), (100, 100, 128), (480, 90, 96), (37, 96, 96), (1, 64, 64), (131, 40, 64), (4000, 640, 640), (5, 3, 32),
])  # fmt: skip
def test_axis_of__each_pixel_is_made_of_the_cells_of_its_window_and_of_no_other(source, resized, padded):
    axis, cells = axis_of(source, resized, padded), padded // 4
    pixels = []
    for run in range(axis.start.size):
        part = axis.pixels(run, run)
        pixels += range(part.start, part.stop)
        window = np.clip(np.arange(axis.window[run], axis.window[run] + axis.taps) - 1, 0, cells - 1)
        marked = np.zeros(cells, np.float32)
        marked[window] = 1
        for values, inside in ((marked, 1.0), (1 - marked, 0.0)):
            step = cv2.resize(values[None], (padded, 1), interpolation=cv2.INTER_LINEAR)[:, :resized]
            row = cv2.resize(step, (source, 1), interpolation=cv2.INTER_LINEAR)[0] if resized != source else step[0]
            np.testing.assert_allclose(row[part], inside, atol=1e-5)
    assert pixels == list(range(source)) and axis.pixels(0, axis.start.size - 1) == slice(0, source)


@pytest.mark.parametrize("source, padded", [((480, 640), (480, 640)), ((97, 131), (96, 128)), ((1080, 1920), (384, 512)), ((2, 300), (96, 128)), ((5, 5), (96, 128))])
def test_restore__is_its_rows_times_the_weights_of_its_columns(source, padded):
    placement = place(source, padded)
    logits = np.random.default_rng(0).normal(0, 5, (padded[0] // 4, padded[1] // 4)).astype(np.float32)
    axis, wide = axis_of(source[0], placement.resized[0], padded[0]), restore_rows(logits, placement)
    np.testing.assert_allclose(axis.weights @ wide, restore(logits, placement), atol=1e-4)
    for run in range(axis.start.size):
        others = np.delete(axis.weights[axis.pixels(run, run)], np.arange(*axis.cells(run, run).indices(padded[0] // 4)), axis=1)
        assert not others.any()


def test_fit_and_restore__a_bright_square_comes_back_where_it_was():
    image = np.zeros((300, 500, 3), np.uint8)
    image[100:200, 300:400] = 255
    placement = place((300, 500), (96, 128))
    canvas = np.full((96, 128, 3), 7, np.uint8)
    fit(image, placement, canvas)
    assert (canvas[placement.resized[0] :] == 7).all()
    cells = canvas[..., 0].astype(np.float32).reshape(24, 4, 32, 4).mean(axis=(1, 3))
    rows, columns = np.nonzero(restore(cells, placement) > 128)
    assert abs(rows.mean() - 149.5) < 3 and abs(columns.mean() - 349.5) < 3


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("size", [(300, 500), (501, 299), (120, 600), (3, 5)])
def test_rotation__the_network_sees_a_picture_upright_and_masks_come_back_where_they_were(rotation, size):
    upright = np.zeros((*size, 3), np.uint8)
    upright[: size[0] // 2 + 1, : size[1] // 4 + 1] = 255
    image = np.rot90(upright, rotation // 90)  # as taken by a camera mounted this way: rotated clockwise, it is upright again
    placement = place(image.shape[:2], (96, 128), rotation)
    height, width = placement.network_size
    canvas = np.full((96, 128, 3), 7, np.uint8)
    fit(image, placement, canvas)
    assert (canvas[height:] == 7).all() and (canvas[:, width:] == 7).all()
    expected = cv2.resize(upright, (width, height), interpolation=cv2.INTER_LINEAR)
    assert np.abs(canvas[:height, :width].astype(int) - expected).mean() < 2
    cells = canvas[..., 0].astype(np.float32).reshape(24, 4, 32, 4).mean(axis=(1, 3))
    back = restore(placement.turned_back(cells), placement)
    assert back.shape == image.shape[:2]
    if min(size) > 20:
        assert np.mean((back > 127) != (image[..., 0] > 127)) < 0.05


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation__a_box_lies_on_what_it_lay_on(rotation):
    upright = np.zeros((48, 80), np.uint8)
    upright[8:17, 40:73] = 1
    image = np.rot90(upright, rotation // 90)
    rows, columns = np.nonzero(image)
    box = np.array([[columns.min(), rows.min(), columns.max(), rows.max()]], np.float32)
    placement = place(image.shape, (48, 80), rotation)
    np.testing.assert_array_equal(placement.boxes_turned(box, clicks=1), [[40, 8, 72, 16]])
    edges = box + np.float32([0, 0, 1, 1])
    np.testing.assert_array_equal(placement.boxes_turned(edges), [[40, 8, 73, 17]])
    both = placement.boxes_turned(np.concatenate((box, edges)), clicks=1)
    np.testing.assert_array_equal(both, [[40, 8, 72, 16], [40, 8, 73, 17]])
    whole = np.float32([[0, 0, image.shape[1], image.shape[0]]])
    np.testing.assert_array_equal(placement.boxes_turned(whole), [[0, 0, 80, 48]])


@pytest.mark.parametrize("rotation", [45, -90, 360, "90"])
def test_place__another_rotation_is_refused(rotation):
    with pytest.raises(ImageError, match="it must be 0, 90, 180 or 270 degrees clockwise"):
        place((4, 4), (32, 32), rotation)


def test_points_to_network__pixel_centres_map_to_pixel_centres():
    placement = place((960, 1280), (480, 640))
    np.testing.assert_allclose(placement.points_to_network(np.array([[0.5, 0.5], [1279, 959]])), [[0, 0], [639.25, 479.25]])


@pytest.mark.parametrize("image, message", [
    (np.zeros((4, 4), np.uint8), "must be .height, width, 3."),
    (np.zeros((4, 4, 4), np.uint8), "must be .height, width, 3."),
    (np.zeros((4, 4, 3), np.float32), "must be uint8"),
    (np.zeros((0, 4, 3), np.uint8), "each side must be from 1"),
    ([[1]], "is a list; it must be a numpy array, .height, width, 3."),
    (Path("a.png"), "is a pathlib.PosixPath; it must be a numpy array"),
    (None, "is a NoneType; it must be"),
])  # fmt: skip
def test_check_image__bad_input_gets_one_sentence(image, message):
    with pytest.raises(ImageError, match=message):
        check_image(image)


def test_valid_cells__a_cell_that_the_image_fills_in_part_counts():
    assert place((97, 131), (96, 128)).valid_cells == (24, 32) and place((10, 128), (96, 128)).valid_cells == (3, 32)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_turned_back__what_is_not_of_the_image_repeats_its_last_cells(rotation):
    placement = place((48, 128) if rotation == 180 else (128, 40), (96, 128), rotation)
    rows, columns = placement.valid_cells
    back = placement.turned_back(np.full((2, 24, 32), 5.0, np.float32))
    assert back.shape == (2, *(side // 4 for side in placement.padded)) and (rows, columns) != back.shape[1:]
    assert (back == 5.0).all()


def test_check_image__of_the_largest_side_is_taken_and_beyond_it_refused():
    assert check_image(np.zeros((1, 16384, 3), np.uint8)).shape == (1, 16384, 3)
    for shape in ((16385, 1, 3), (1, 16385, 3)):
        with pytest.raises(ImageError, match="each side must be from 1 to 16384"):
            check_image(np.zeros(shape, np.uint8))
