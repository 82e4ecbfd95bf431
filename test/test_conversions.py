"""Tests the conversion of messages to pixels: every encoding against a hand-made image, and every kind of invalid message."""
from __future__ import annotations

from array import array
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from rmpsam_ros.ros.conversions import (
    ENCODINGS,
    check_compressed,
    check_image,
    compressed_to_rgb,
    dark_16_bit,
    image_to_rgb,
)
from rmpsam_ros.errors import ImageError


def picture(height: int = 6, width: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def message(rows: np.ndarray, encoding: str, width: int, padding: int = 0, big: bool = False) -> SimpleNamespace:
    """An Image of `rows` (H, bytes per row) with `padding` garbage bytes after each row."""
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=0xAB)
    return SimpleNamespace(
        height=rows.shape[0], width=width, encoding=encoding, is_bigendian=int(big), step=padded.shape[1],
        data=array("B", padded.tobytes()),
    )


def rows_of(samples: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(samples).view(np.uint8).reshape(samples.shape[0], -1)


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "bgra8", "rgb16", "bgr16", "rgba16", "bgra16", "8UC3"])
@pytest.mark.parametrize("big", [False, True])
def test_image_to_rgb__colour_of_any_order_depth_and_padding(encoding, padding, big):
    rgb = picture()
    samples = rgb[..., ::-1] if encoding.startswith(("bgr", "8UC3")) else rgb
    if "a" in encoding:
        samples = np.dstack([samples, np.full(samples.shape[:2], 7, np.uint8)])
    if encoding.endswith("16"):
        samples = (samples.astype(np.uint16) << 8 | 0x7F).astype(">u2" if big else "<u2")
    got = image_to_rgb(message(rows_of(samples), encoding, 8, padding, big))
    assert got.dtype == np.uint8 and got.shape == (6, 8, 3)
    np.testing.assert_array_equal(got, rgb)


@pytest.mark.parametrize("padding", [0, 3])
def test_image_to_rgb__mono(padding):
    grey = picture()[..., 0]
    expected = np.repeat(grey[..., None], 3, axis=2)
    for encoding in ("mono8", "8UC1"):
        np.testing.assert_array_equal(image_to_rgb(message(grey, encoding, 8, padding)), expected)
    deep = grey.astype(">u2") * 257
    big = image_to_rgb(message(rows_of(deep.astype(">u2")), "mono16", 8, padding, big=True))
    np.testing.assert_array_equal(big, expected)
    np.testing.assert_array_equal(image_to_rgb(message(rows_of(deep.astype("<u2")), "mono16", 8, padding)), expected)


def test_image_to_rgb__rgb8_is_a_view():
    source = message(rows_of(picture()), "rgb8", 8, padding=4)
    view = image_to_rgb(source)
    source.data[0] = (source.data[0] + 1) % 256
    assert view[0, 0, 0] == source.data[0]


@pytest.mark.parametrize(
    "encoding, order", [("yuv422", "uyvy"), ("uyvy", "uyvy"), ("yuv422_yuy2", "yuyv"), ("yuyv", "yuyv")]
)
def test_image_to_rgb__yuv422(encoding, order):
    # BT.601 in video range, a red and a blue pair of pixels: (Y, U, V) = (81, 90, 240) and (41, 240, 110).
    pairs = [(81, 90, 240), (41, 240, 110)]
    row = []
    for y, u, v in pairs:
        row += [u, y, v, y] if order == "uyvy" else [y, u, y, v]
    rows = np.array([row, row], np.uint8)
    got = image_to_rgb(message(rows, encoding, 4, padding=2)).astype(int)
    red, blue = got[:, :2].reshape(-1, 3), got[:, 2:].reshape(-1, 3)
    assert np.abs(red - (255, 0, 0)).max() <= 4
    assert np.abs(blue - (0, 0, 255)).max() <= 4


@pytest.mark.parametrize("padding", [0, 6])
@pytest.mark.parametrize("encoding", ["nv12", "nv21"])
def test_image_to_rgb__luminance_followed_by_half_as_many_rows_of_colour(encoding, padding):
    # BT.601 in video range, a red and a blue block of 2x2 pixels: (Y, U, V) = (81, 90, 240) and (41, 240, 110).
    colour = [90, 240, 240, 110] if encoding == "nv12" else [240, 90, 110, 240]
    sent = message(np.array([[81, 81, 41, 41], [81, 81, 41, 41], colour], np.uint8), encoding, 4, padding)
    sent.height = 2
    got = image_to_rgb(sent).astype(int)
    assert got.shape == (2, 4, 3)
    assert np.abs(got[:, :2] - (255, 0, 0)).max() <= 4
    assert np.abs(got[:, 2:] - (0, 0, 255)).max() <= 4


@pytest.mark.parametrize("change, sentence", [
    ({"height": 3}, "nv12 shares colour between two rows: the height 3 must be even"),
    ({"height": 6}, "data has 48 bytes, but step 8 times 9 rows of luminance and colour is 72"),
    ({"width": 7}, "nv12 shares colour between two pixels: the width 7 must be even"),
])
def test_image_to_rgb__wrong_rows_of_colour(change, sentence):
    sent = message(np.zeros((6, 8), np.uint8), "nv12", 8)
    vars(sent).update(change)
    with pytest.raises(ImageError, match=sentence):
        check_image(sent)


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
@pytest.mark.parametrize("depth", ["8", "16"])
def test_image_to_rgb__bayer_mosaic_of_a_plain_colour(pattern, depth):
    colour = {"r": 200, "g": 120, "b": 40}
    mosaic = np.zeros((8, 10), np.uint8)
    for index, letter in enumerate(pattern):
        mosaic[index // 2 :: 2, index % 2 :: 2] = colour[letter]
    rows = mosaic if depth == "8" else rows_of(mosaic.astype("<u2") << 8 | 0x55)
    got = image_to_rgb(message(rows, f"bayer_{pattern}{depth}", 10, padding=1))
    assert got.shape == (8, 10, 3)
    np.testing.assert_array_equal(got, np.full((8, 10, 3), (200, 120, 40), np.uint8))


@pytest.mark.parametrize("encoding, bits, told", [("mono16", 12, "no sample is above 4095 of 65535"), ("mono16", 14, "above 16383"), ("mono16", 16, ""),
                                                  ("bayer_rggb16", 10, "above 1023"), ("rgb16", 12, "its rgb16 images are nearly black")])
def test_dark_16_bit__samples_that_are_not_at_the_top_are_told_of(encoding, bits, told):
    shape = (6, 8, 3) if encoding == "rgb16" else (6, 8)
    samples = np.random.default_rng(0).integers(0, 2**bits, shape, np.uint16)
    samples[2:4, 2:4] = 2**bits - 1
    sent = message(rows_of(samples), encoding, 8)
    said = dark_16_bit(sent, image_to_rgb(sent))
    assert told in said and bool(said) == bool(told)
    assert dark_16_bit(message(np.zeros((6, 8), np.uint8), "mono8", 8), np.zeros((6, 8, 3), np.uint8)) == ""


def test_image_to_rgb__one_pixel():
    np.testing.assert_array_equal(
        image_to_rgb(message(np.array([[1, 2, 3]], np.uint8), "rgb8", 1)), np.array([[[1, 2, 3]]], np.uint8)
    )


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"step": 20}, "step is 20 bytes, but a row of 8 rgb8 pixels has 24"),
        ({"step": 30}, "data has 144 bytes, but step 30 times height 6 is 180"),
        ({"data": array("B", bytes(143))}, "data has 143 bytes, but step 24 times height 6 is 144"),
        ({"data": array("B", bytes(145))}, "data has 145 bytes, but step 24 times height 6 is 144"),
        ({"width": 0, "step": 0}, "the image is 0x6 pixels: width and height of rgb8 must be at least 1"),
        ({"height": 0}, "the image is 8x0 pixels"),
        ({"encoding": "32FC1"}, "the encoding '32FC1' is not supported: publish one of rgb8"),
        ({"encoding": ""}, "the encoding '' is not supported"),
        ({"encoding": "rgb16"}, "a row of 8 rgb16 pixels has 48"),
        ({"encoding": "yuyv", "width": 7}, "the width 7 must be even"),
        ({"encoding": "bayer_rggb8", "width": 2}, "width and height of bayer_rggb8 must be at least 3"),
    ],
)
def test_image_to_rgb__wrong_message(change, sentence):
    wrong = message(rows_of(picture()), "rgb8", 8)
    vars(wrong).update(change)
    for function in (check_image, image_to_rgb):
        with pytest.raises(ImageError) as error:
            function(wrong)
        assert sentence in str(error.value) and "\n" not in str(error.value)


def test_check_image__every_encoding_that_is_read():
    rows = np.zeros((4, 4 * 4 * 2), np.uint8)
    for encoding in ENCODINGS:
        sent = message(rows, encoding, 4)
        if encoding.startswith("nv"):
            sent.height, sent.data = 2, sent.data[: 3 * sent.step]
        check_image(sent)


def compressed(image: np.ndarray, extension: str, form: str = "") -> SimpleNamespace:
    """A CompressedImage of an RGB `image`."""
    done, data = cv2.imencode(extension, np.ascontiguousarray(image[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return SimpleNamespace(format=form or extension[1:], data=array("B", data.tobytes()))


def gradient() -> np.ndarray:
    y, x = np.mgrid[0:48, 0:64]
    return np.dstack([x * 4, y * 5, 255 - x * 4]).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("form", ["jpeg", "rgb8; jpeg compressed bgr8"])
def test_compressed_to_rgb__jpeg(form):
    got = compressed_to_rgb(compressed(gradient(), ".jpg", form))
    assert got.shape == (48, 64, 3)
    assert np.abs(got.astype(int) - gradient()).mean() < 3


@pytest.mark.parametrize("pattern, first", [("rggb", (0, 0)), ("bggr", (1, 1)), ("gbrg", (1, 0)), ("grbg", (0, 1))])
@pytest.mark.parametrize("bits, extension, tail", [(8, ".jpg", "jpeg compressed "), (8, ".png", "png compressed "), (16, ".png", "png compressed ")])
def test_compressed_to_rgb__a_bayer_mosaic_has_its_colours(pattern, first, bits, extension, tail):
    """As compressed_image_transport sends it: a grey image, with the pattern in front of the format."""
    mosaic = np.zeros((40, 60), np.uint8 if bits == 8 else np.uint16)
    mosaic[first[0] :: 2, first[1] :: 2] = 200 << (bits - 8)  # only red
    data = cv2.imencode(extension, mosaic, [cv2.IMWRITE_JPEG_QUALITY, 100])[1]
    got = compressed_to_rgb(SimpleNamespace(format=f"bayer_{pattern}{bits}; {tail}", data=array("B", data.tobytes())))
    assert got.shape == (40, 60, 3) and got.dtype == np.uint8
    np.testing.assert_allclose(got[5:-5, 5:-5].reshape(-1, 3).mean(axis=0), (200, 0, 0), atol=12)


def test_compressed_to_rgb__a_picture_in_colour_whose_format_names_a_mosaic_is_taken_as_it_is():
    got = compressed_to_rgb(compressed(gradient(), ".png", "bayer_rggb8; png compressed bgr8"))
    np.testing.assert_array_equal(got, gradient())


@pytest.mark.parametrize("form", ["bgr16; png compressed bgr16", "bayer_rggb16; png compressed bgr16"])
def test_compressed_to_rgb__16_bits_a_sample_keep_their_high_byte(form):
    got = compressed_to_rgb(compressed(gradient().astype(np.uint16) * 256 + 99, ".png", form))
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, gradient())


def test_compressed_to_rgb__png_is_exact():
    np.testing.assert_array_equal(compressed_to_rgb(compressed(gradient(), ".png")), gradient())


def test_compressed_to_rgb__padding_behind_the_jpeg_is_harmless():
    padded = compressed(gradient(), ".jpg")
    padded.data.frombytes(bytes(100))
    assert compressed_to_rgb(padded).shape == (48, 64, 3)


@pytest.mark.parametrize("extension", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_compressed_to_rgb__cut_off(extension, share):
    whole = compressed(picture(48, 64), extension)
    whole.data = whole.data[: int(len(whole.data) * share)]
    for function in (check_compressed, compressed_to_rgb):
        with pytest.raises(ImageError, match="it was cut off"):
            function(whole)


@pytest.mark.parametrize(
    "form, data, sentence",
    [
        ("jpeg", b"", "0 bytes with format 'jpeg' are neither a JPEG nor a PNG"),
        ("jpeg", b"hello", "neither a JPEG nor a PNG"),
        ("png", b"\x89PNG\r\n\x1a\n" + b"rubbish" * 9 + b"IEND", "cannot be decoded"),
        ("jpeg", b"\xff\xd8\xff\xda rubbish \xff\xd9", "cannot be decoded"),
        ("16UC1; compressedDepth", b"\x89PNG", "is a compressed depth image"),
    ],
)
def test_compressed_to_rgb__not_an_image(form, data, sentence):
    with pytest.raises(ImageError, match=sentence):
        compressed_to_rgb(SimpleNamespace(format=form, data=array("B", data)))


def test_compressed_to_rgb__an_exif_rotation_is_not_applied():
    plain = cv2.imencode(".jpg", np.zeros((20, 40, 3), np.uint8))[1].tobytes()
    turned = plain[:2] + b"\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00" + plain[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (40, 20, 3)
    assert compressed_to_rgb(SimpleNamespace(format="jpeg", data=array("B", turned))).shape == (20, 40, 3)
