"""Decodes the bytes of a photo to RGB pixels.

They are 8-bit RGB as an image viewer shows them: EXIF rotation is applied, transparent pixels are composited on white, grey becomes
three equal channels, and 16-bit samples keep their high byte (as on ROS topics); those of a PGM or PPM are scaled by the maximum in its
header. Floating-point images are refused, because the file does not say what their values mean.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import ImageError
from rmpsam_ros.types import RgbImage

_PLANAR_CONFIGURATION, _EXTRA_SAMPLES = 284, 338
"""Tags of TIFF."""


def decode_image(data: bytes) -> RgbImage:
    """Decodes a photo (JPEG, PNG, WebP, TIFF, BMP, …) to (H, W, 3) uint8 RGB.

    Raises:
        ImageError: the message is written to follow the file's name: "is empty…", "is cut off…".
    """
    if not data:
        raise ImageError("is empty; copy it again.")
    # OpenCV silently fills the missing part of a JPEG with grey.
    if data[:2] == b"\xff\xd8" and not _jpeg_is_whole(data):
        raise ImageError("is cut off: a JPEG without its end; copy it again.")
    if data[:8] == b"\x89PNG\r\n\x1a\n" and b"IEND" not in data:
        raise ImageError("is cut off: a PNG without its end; copy it again.")
    raw = _decode(data, cv2.IMREAD_UNCHANGED) if _needs_raw(data) else None
    if raw is not None and raw.dtype not in (np.uint8, np.uint16):
        raise ImageError(f"has {raw.dtype} samples; convert it to 8 or 16 bits first.")
    pixels = _decode(data, cv2.IMREAD_COLOR)
    if pixels is None:
        raise ImageError("is not a picture that can be read, or it is broken; give a JPEG, PNG, WebP, TIFF or BMP.")
    if white := _white_of_pnm(data):
        pixels = _scaled(_decode(data, cv2.IMREAD_UNCHANGED), white)
    if raw is not None and raw.dtype == np.uint16 and _tiff_tag(data, _PLANAR_CONFIGURATION) == 2:
        raw = None  # OpenCV misreads planes of 16 bits, unless it converts them to 8
    raw = None if raw is None else _turned_like(raw, pixels, data)
    if raw is not None and raw.ndim == 3 and raw.shape[:2] == pixels.shape[:2]:
        if raw.dtype == np.uint16:  # OpenCV scales a TIFF's samples by 255 / 65535, a PNG's by 1 / 256
            pixels = (raw[..., :3] >> 8).astype(np.uint8)
        if raw.shape[2] == 4 and _tiff_tag(data, _EXTRA_SAMPLES) != 0:  # 0: not transparency, but for example near infrared
            pixels = _on_white(pixels, raw[..., 3], _is_multiplied(data, raw.dtype))
    if pixels.shape[:2] == (1, 1):  # OpenCV 4.5 cannot convert an image of one pixel
        return pixels[..., ::-1].copy()
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps OpenCV's warnings off stderr; the caller raises an error instead."""
    before = _set_log_level(0)
    try:
        yield
    finally:
        _set_log_level(before)


def _set_log_level(level: int) -> int:
    """Sets OpenCV's log level (0 = silent) and returns the previous one; the function's location differs between OpenCV 4 and 5."""
    logging = getattr(getattr(cv2, "utils", None), "logging", None)
    setter = getattr(cv2, "setLogLevel", None) or getattr(logging, "setLogLevel", None)
    return 0 if setter is None else int(setter(level))


def _decode(data: bytes, flags: int) -> npt.NDArray | None:
    try:
        with quiet():
            return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # too many pixels, or a decoder that gives up
        return None


def _jpeg_is_whole(data: bytes) -> bool:
    """Whether an end marker follows the first scan. Thumbnails have their own end markers, but in the headers before the scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker == 0xDA:
            return data.find(b"\xff\xd9", at + 2 + length) >= 0
        else:
            at += 2 + length
    return False


def _needs_raw(data: bytes) -> bool:
    """Whether a file may contain something that decoding to 8-bit colour hides: transparency, other bit depths, floating point."""
    if data[:4] == b"\x89PNG":
        return data[25:26] in (b"\x04", b"\x06") or b"tRNS" in data[: data.find(b"IDAT")]
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return data[12:16] == b"VP8L" or (data[12:16] == b"VP8X" and bool(data[20:21] and data[20] & 0x10))
    if data[4:12] in (b"jP  \r\n\x87\n", b"ftypavif"):  # JPEG 2000, AVIF
        return True
    return data[:4] in (b"II*\0", b"MM\0*") or data[:2] in (b"#?", b"PF", b"Pf")  # Radiance HDR and PFM


def _turned_like(raw: npt.NDArray, pixels: RgbImage, data: bytes) -> npt.NDArray:
    """Applies to `raw`, which was read as stored, the rotation and mirroring that the EXIF orientation caused in `pixels`."""
    stored = _decode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if stored is None or np.array_equal(stored, pixels):
        return raw
    for step in (1, -1):  # not mirrored, then mirrored
        for turns in range(4):
            if np.array_equal(np.rot90(stored[:, ::step], turns), pixels):
                return np.ascontiguousarray(np.rot90(raw[:, ::step], turns))
    return raw


def _is_multiplied(data: bytes, dtype: np.dtype) -> bool:
    """Whether colours are premultiplied with alpha: in TIFFs that say so, and in 8-bit TIFFs that say the opposite, where libtiff does it."""
    kind = _tiff_tag(data, _EXTRA_SAMPLES)
    return kind == 1 or (kind == 2 and dtype == np.uint8)


def _tiff_tag(data: bytes, tag: int) -> int | None:
    """The 16-bit value of a tag in a TIFF's first directory; None if it has none, or for another kind of file."""
    if data[:2] not in (b"II", b"MM"):
        return None
    order = "little" if data[:2] == b"II" else "big"
    at = int.from_bytes(data[4:8], order)
    for entry in range(at + 2, at + 2 + 12 * int.from_bytes(data[at : at + 2], order), 12):
        if int.from_bytes(data[entry : entry + 2], order) == tag:
            return int.from_bytes(data[entry + 8 : entry + 10], order)
    return None


def _white_of_pnm(data: bytes) -> int:
    """The sample value that a PGM or PPM declares as white, if OpenCV ignores it (it heeds that of 8-bit text); 0 for other files."""
    header = re.match(rb"P([2356])(?:(?:\s|#[^\n]*\n)+(\d+)){3}", data[:4096])
    kind, white = (header[1], int(header[2])) if header else (b"", 0)
    return 0 if white in (255, 65535) or (white < 255 and kind in b"23") else white


def _scaled(raw: npt.NDArray, white: int) -> RgbImage:
    """(H, W) or (H, W, 3) samples from 0 to `white` as (H, W, 3) uint8."""
    pixels = np.clip(raw.astype(np.float32) * (255.0 / white), 0, 255).astype(np.uint8)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def _on_white(pixels: RgbImage, alpha: npt.NDArray, multiplied: bool) -> RgbImage:
    """Composites (H, W, 3) uint8 on white with an (H, W) uint8 or uint16 alpha channel; `multiplied`: colours are already premultiplied."""
    opacity = (alpha.astype(np.float32) / np.iinfo(alpha.dtype).max)[..., None]
    shown = pixels if multiplied else pixels * opacity
    return np.clip(np.rint(shown + 255.0 * (1.0 - opacity)), 0, 255).astype(np.uint8)
