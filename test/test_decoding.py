"""Tests how the bytes of photos become pixels: bit depths, transparency, rotation, broken files."""
from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from rmpsam_ros.errors import ImageError
from rmpsam_ros.media import read_image

OLD_OPENCV = cv2.__version__.startswith("4.5.")
"""Ubuntu 22.04's."""

ORIENTATION_6 = bytes.fromhex(  # EXIF: rotate by 90 degrees clockwise for display
    "ffe10022 457869660000 49492a0008000000 0100 1201 0300 01000000 06000000 00000000".replace(" ", "")
)


def _scene(height: int = 40, width: int = 60) -> np.ndarray:
    """RGB: left half red, right half blue, the top row of blocks brighter."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 0] = 200
    image[:, width // 2 :, 2] = 200
    image[: height // 2] += 50
    return image


def _write(path: Path, rgb: np.ndarray, *options: int) -> Path:
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(rgb.shape[2] if rgb.ndim == 3 else 0)
    assert cv2.imwrite(str(path), rgb[..., order] if order else rgb, list(options))
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".webp", ".ppm", ".jpg"])
def test_read_image__is_rgb(tmp_path: Path, suffix: str) -> None:
    image = read_image(_write(tmp_path / f"a{suffix}", _scene()))
    assert image.shape == (40, 60, 3) and image.dtype == np.uint8 and image.flags.c_contiguous
    assert np.abs(image.astype(int) - _scene())[5:15, 5:25].max() <= (8 if suffix in (".jpg", ".webp") else 0)


def test_read_image__grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    grey = np.arange(60, dtype=np.uint8)[None].repeat(40, 0)
    image = read_image(_write(tmp_path / "grey.png", grey))
    assert image.shape == (40, 60, 3) and (image == grey[..., None]).all()


def test_read_image__sixteen_bits_keep_the_high_byte(tmp_path: Path) -> None:
    deep = (_scene().astype(np.uint16) << 8) + 77
    assert np.array_equal(read_image(_write(tmp_path / "deep.png", deep)), _scene())
    assert np.array_equal(read_image(_write(tmp_path / "deep.tiff", deep)), _scene())


@pytest.mark.parametrize("suffix, depth", [(".png", np.uint8), (".png", np.uint16), (".webp", np.uint8), (".jp2", np.uint8)])
def test_read_image__transparent_pixels_on_white(tmp_path: Path, suffix: str, depth: type) -> None:
    full = np.iinfo(depth).max
    picture = np.zeros((40, 60, 4), depth)
    picture[:20, :, 3] = full
    picture[:20, :, 1] = full
    lossless = (cv2.IMWRITE_WEBP_QUALITY, 101) if suffix == ".webp" else ()
    image = read_image(_write(tmp_path / f"a{suffix}", picture, *lossless))
    assert (image[:20] == (0, 255, 0)).all() and (image[20:] == 255).all()


def test_read_image__exif_rotation_is_applied(tmp_path: Path) -> None:
    plain = _write(tmp_path / "a.jpg", _scene()).read_bytes()
    turned = tmp_path / "turned.jpg"
    turned.write_bytes(plain[:2] + ORIENTATION_6 + plain[2:])
    image = read_image(turned)
    assert image.shape == (60, 40, 3)
    expected = np.rot90(_scene(), -1)
    assert np.abs(image.astype(int) - expected)[5:25, 25:35].max() <= 8


def test_read_image__one_pixel(tmp_path: Path) -> None:
    assert read_image(_write(tmp_path / "dot.png", np.full((1, 1, 3), 9, np.uint8))).tolist() == [[[9, 9, 9]]]


def test_read_image__jpeg_with_bytes_after_its_end(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.jpg", _scene())
    path.write_bytes(path.read_bytes() + b"motion photo \xff\xda video bytes")
    assert read_image(path).shape == (40, 60, 3)


@pytest.mark.parametrize(
    "name, spoil, words",
    [
        ("a.jpg", lambda data: data[: len(data) // 2], "cut off"),
        ("a.jpg", lambda data: data[:10], "cut off"),
        ("a.png", lambda data: data[:-20], "cut off"),
        ("a.png", lambda data: b"", "empty"),
        ("a.png", lambda data: b"hello, world", "not a picture"),
        ("a.webp", lambda data: b"RIFF\0\0\0\0WEBPVP8X", "not a picture"),
    ],
)
def test_read_image__broken_file_is_named(tmp_path: Path, name: str, spoil, words: str, capfd) -> None:
    path = _write(tmp_path / name, _scene())
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ImageError, match=words) as caught:
        read_image(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def _turned_png(image: np.ndarray, orientation: int) -> bytes:
    """A PNG with an EXIF orientation."""
    data = cv2.imencode(".png", image)[1].tobytes()
    exif = b"eXIfMM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">HH", orientation, 0) + bytes(4)
    chunk = struct.pack(">I", len(exif) - 4) + exif + struct.pack(">I", zlib.crc32(exif))
    return data[:33] + chunk + data[33:]  # after the header


@pytest.mark.parametrize("orientation, turn", [(1, lambda a: a), (2, lambda a: a[:, ::-1]), (3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1)),
                                               (7, lambda a: np.rot90(a[:, ::-1], -1)), (8, np.rot90)])
@pytest.mark.parametrize("width", [40, 30])
@pytest.mark.skipif(OLD_OPENCV, reason="OpenCV 4.5 does not turn a PNG by its EXIF")
def test_read_image__transparency_is_turned_with_the_picture(tmp_path: Path, orientation: int, turn, width: int) -> None:
    image = np.random.default_rng(0).integers(0, 200, (40, width, 4), np.uint8)
    image[..., 3] = 255
    image[20:, :, 3] = 0
    expected = np.where(image[..., 3:] > 0, image[..., 2::-1], 255)
    (tmp_path / "a.png").write_bytes(_turned_png(image, orientation))
    assert np.array_equal(read_image(tmp_path / "a.png"), turn(expected))


def test_read_image__missing_folder_and_floating_point(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="does not exist"):
        read_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="is a folder"):
        read_image(tmp_path)
    with pytest.raises(ImageError, match="is no file name"):
        read_image("a\0b.png")
    for name in ("float.tiff", "float.pfm", "float.hdr"):
        (tmp_path / "float.tiff").write_bytes(cv2.imencode(Path(name).suffix, np.full((4, 4, 3), 0.5, np.float32))[1].tobytes())
        with pytest.raises(ImageError, match="float32 samples"):
            read_image(tmp_path / "float.tiff")


def test_read_image__half_transparent_in_sixteen_bits_is_half_white(tmp_path: Path) -> None:
    picture = np.zeros((4, 4, 4), np.uint16)
    picture[..., 3] = 32768
    assert (np.abs(read_image(_write(tmp_path / "half.png", picture)).astype(int) - 127) <= 1).all()


def test_read_image__transparent_palette_behind_a_long_profile__is_on_white(tmp_path: Path) -> None:
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 4, 2, 8, 3, 0, 0, 0)
    profile = b"a profile\0\0" + zlib.compress(np.random.default_rng(0).bytes(3000))
    rows = b"".join(b"\0" + bytes([0, 1, 0, 1]) for _ in range(2))
    palette = bytes([0, 0, 0, 200, 10, 10]) + bytes(762)
    parts = (chunk(b"IHDR", header), chunk(b"iCCP", profile), chunk(b"PLTE", palette), chunk(b"tRNS", b"\0"), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    path = tmp_path / "icon.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    assert read_image(path)[0].tolist() == [[255, 255, 255], [200, 10, 10]] * 2


def _tiff(pixels: np.ndarray, kind_of_alpha: int) -> bytes:
    """(H, W, 4) uint8 RGBA as a TIFF. kind_of_alpha: 0 for no alpha, 1 for premultiplied colours, 2 for unassociated alpha."""
    height, width, samples = pixels.shape
    tags = ((256, 3, 1, width), (257, 3, 1, height), (258, 3, samples, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 16), (277, 3, 1, samples),
            (278, 3, 1, height), (279, 4, 1, pixels.size), (338, 3, 1, kind_of_alpha))  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = struct.pack("<2sHI", b"II", 42, 16 + pixels.size) + struct.pack("<4H", *[8] * samples)  # 8 bits per sample
    return head + pixels.tobytes() + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("alpha", [0, 64, 128, 255])
def test_read_image__half_transparent_tiff_is_what_the_png_is(tmp_path: Path, alpha: int) -> None:
    picture = np.zeros((4, 6, 4), np.uint8)
    picture[...] = (200, 100, 0, alpha)
    expected = read_image(_write(tmp_path / "a.png", picture)).astype(int)
    multiplied = np.rint(picture * (alpha / 255.0)).astype(np.uint8)
    multiplied[..., 3] = alpha
    for kind, stored in ((2, picture), (1, multiplied)):
        (tmp_path / "a.tiff").write_bytes(_tiff(stored, kind))
        assert np.abs(read_image(tmp_path / "a.tiff").astype(int) - expected).max() <= 2
    untold = _write(tmp_path / "b.tiff", picture)  # OpenCV does not report its kind
    assert np.abs(read_image(untold).astype(int) - expected).max() <= 2


def test_read_image__fourth_samples_that_are_not_alpha_do_not_whiten_a_tiff(tmp_path: Path) -> None:
    picture = np.dstack((_scene(), np.full((40, 60), 30, np.uint8)))
    (tmp_path / "near_infrared.tiff").write_bytes(_tiff(picture, 0))
    assert np.array_equal(read_image(tmp_path / "near_infrared.tiff"), _scene())


def test_read_image__planes_of_sixteen_bits(tmp_path: Path) -> None:
    planes = np.moveaxis(_scene().astype("<u2") * 257, -1, 0)
    (height, width), size, start = planes.shape[1:], planes[0].nbytes, 8 + 18
    tags = ((256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 3, 14), (277, 3, 1, 3),
            (278, 3, 1, height), (279, 4, 3, start), (284, 3, 1, 2))  # fmt: skip
    at = start + 12 + planes.nbytes
    data = struct.pack("<2sHI3H3I3I", b"II", 42, at, 16, 16, 16, *(start + 12 + k * size for k in range(3)), size, size, size)
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    (tmp_path / "planes.tiff").write_bytes(data + planes.tobytes() + struct.pack("<H", len(tags)) + entries + bytes(4))
    assert np.array_equal(read_image(tmp_path / "planes.tiff"), _scene())


@pytest.mark.parametrize("header, samples", [(b"P5\n# 10 bits\n2 1\n1023\n", ">u2"), (b"P5 2 1 100\n", "u1"), (b"P2\n2 1\n1023\n", ""), (b"P2\n2 1\n100\n", "")])
def test_read_image__white_of_a_pgm_is_what_its_header_says(tmp_path: Path, header: bytes, samples: str) -> None:
    white = int(header.split()[-1])
    values = np.array([white, white // 2], samples).tobytes() if samples else f"{white} {white // 2}\n".encode()
    (tmp_path / "a.pgm").write_bytes(header + values)
    assert read_image(tmp_path / "a.pgm").tolist() == [[[255] * 3, [127] * 3]]


def test_read_image__colours_of_a_ppm_of_twelve_bits(tmp_path: Path) -> None:
    (tmp_path / "a.ppm").write_bytes(b"P6\n40 1\n4095\n" + np.full((40, 3), (4095, 2048, 0), ">u2").tobytes())
    assert (read_image(tmp_path / "a.ppm") == (255, 127, 0)).all()
