"""Converts `sensor_msgs/Image` and `sensor_msgs/CompressedImage` to numpy: (H, W, 3) uint8 RGB.

Messages are only read through their fields, so everything here runs, and is tested, without ROS. The bytes of an rgb8
message are viewed, not copied; every other encoding costs one OpenCV pass.

cv_bridge is not used: it is built against one numpy and one OpenCV, breaks in a virtual environment with other versions, and
is not available in plain Python at all. The conversions here are tested against hand-made images instead.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import ImageError
from rmpsam_ros.types import RgbImage


@dataclass(frozen=True)
class _Encoding:
    """The pixel layout of one encoding: `channels` samples of `depth` bytes each, converted by `to_rgb`.

    `to_rgb` takes (H, W, channels) uint8, or (H, W) for one channel; 16-bit samples are reduced to their high byte before.
    `even_width`, `half_plane` and `smallest` are the requirements of the layout. With a `half_plane`, H/2 rows of colour, each shared by
    2x2 pixels, follow the H rows of luminance, and `to_rgb` takes all of them as (3 * H/2, W, 1).
    """

    channels: int
    to_rgb: Callable[[npt.NDArray[np.uint8]], RgbImage]
    depth: int = 1
    even_width: bool = False
    half_plane: bool = False
    smallest: int = 1

    def rows(self, height: int) -> int:
        """The rows of `step` bytes in an image of `height` pixels."""
        return height * 3 // 2 if self.half_plane else height


def _convert(code: int) -> Callable[[npt.NDArray[np.uint8]], RgbImage]:
    return lambda pixels: cv2.cvtColor(np.ascontiguousarray(pixels), code)


def _bayer(code: int, depth: int = 1) -> _Encoding:
    return _Encoding(1, _convert(code), depth, smallest=3)


# OpenCV names a Bayer pattern after the second and third pixel of the second row, ROS after the 2x2 block in the upper
# left corner: ROS's rggb is OpenCV's BayerBG.
_ENCODINGS = {
    "rgb8": _Encoding(3, lambda pixels: pixels),
    "bgr8": _Encoding(3, _convert(cv2.COLOR_BGR2RGB)),
    "rgba8": _Encoding(4, _convert(cv2.COLOR_RGBA2RGB)),
    "bgra8": _Encoding(4, _convert(cv2.COLOR_BGRA2RGB)),
    "mono8": _Encoding(1, _convert(cv2.COLOR_GRAY2RGB)),
    "8UC3": _Encoding(3, _convert(cv2.COLOR_BGR2RGB)),  # OpenCV's names, with OpenCV's order
    "8UC1": _Encoding(1, _convert(cv2.COLOR_GRAY2RGB)),
    "rgb16": _Encoding(3, np.ascontiguousarray, depth=2),
    "bgr16": _Encoding(3, _convert(cv2.COLOR_BGR2RGB), depth=2),
    "rgba16": _Encoding(4, _convert(cv2.COLOR_RGBA2RGB), depth=2),
    "bgra16": _Encoding(4, _convert(cv2.COLOR_BGRA2RGB), depth=2),
    "mono16": _Encoding(1, _convert(cv2.COLOR_GRAY2RGB), depth=2),
    "yuv422": _Encoding(2, _convert(cv2.COLOR_YUV2RGB_UYVY), even_width=True),
    "uyvy": _Encoding(2, _convert(cv2.COLOR_YUV2RGB_UYVY), even_width=True),
    "yuv422_yuy2": _Encoding(2, _convert(cv2.COLOR_YUV2RGB_YUY2), even_width=True),
    "yuyv": _Encoding(2, _convert(cv2.COLOR_YUV2RGB_YUY2), even_width=True),
    "nv12": _Encoding(1, _convert(cv2.COLOR_YUV2RGB_NV12), even_width=True, half_plane=True),
    "nv21": _Encoding(1, _convert(cv2.COLOR_YUV2RGB_NV21), even_width=True, half_plane=True),
    "bayer_rggb8": _bayer(cv2.COLOR_BayerBG2RGB),
    "bayer_bggr8": _bayer(cv2.COLOR_BayerRG2RGB),
    "bayer_gbrg8": _bayer(cv2.COLOR_BayerGR2RGB),
    "bayer_grbg8": _bayer(cv2.COLOR_BayerGB2RGB),
    "bayer_rggb16": _bayer(cv2.COLOR_BayerBG2RGB, 2),
    "bayer_bggr16": _bayer(cv2.COLOR_BayerRG2RGB, 2),
    "bayer_gbrg16": _bayer(cv2.COLOR_BayerGR2RGB, 2),
    "bayer_grbg16": _bayer(cv2.COLOR_BayerGB2RGB, 2),
}
ENCODINGS = tuple(_ENCODINGS)
"""The supported encodings of `sensor_msgs/Image`."""

_DARK = 64
"""High bytes below this come from 14-bit samples, or from a dark room."""

_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"


def check_image(message) -> None:
    """Raises `ImageError` if the fields of an Image contradict each other. Cheap: no pixel is read."""
    encoding = _ENCODINGS.get(message.encoding)
    if encoding is None:
        raise ImageError(
            f"the encoding '{message.encoding}' is not supported: publish one of {', '.join(ENCODINGS)}"
        )
    height, width, step, size = message.height, message.width, message.step, len(message.data)
    _check_smallest(height, width, message.encoding, encoding)
    if encoding.even_width and width % 2:
        raise ImageError(f"{message.encoding} shares colour between two pixels: the width {width} must be even")
    if encoding.half_plane and height % 2:
        raise ImageError(f"{message.encoding} shares colour between two rows: the height {height} must be even")
    row = width * encoding.channels * encoding.depth
    if step < row:
        raise ImageError(f"step is {step} bytes, but a row of {width} {message.encoding} pixels has {row}")
    if size != step * encoding.rows(height):
        rows = f"{encoding.rows(height)} rows of luminance and colour" if encoding.half_plane else f"height {height}"
        raise ImageError(f"data has {size} bytes, but step {step} times {rows} is {step * encoding.rows(height)}")


def _check_smallest(height: int, width: int, name: str, encoding: _Encoding) -> None:
    if min(height, width) < encoding.smallest:
        raise ImageError(f"the image is {width}x{height} pixels: width and height of {name} must be at least {encoding.smallest}")


def image_to_rgb(message) -> RgbImage:
    """The pixels of an Image as (H, W, 3) uint8 RGB.

    Accepts any row padding and either byte order. 16-bit samples keep their high byte. rgb8 is a view into `message.data`
    (rows may be padded, so not always contiguous); every other encoding gives a new array.

    Raises:
        ImageError: unknown encoding, zero size, or `step` and `data` that do not match the size.
    """
    check_image(message)
    encoding = _ENCODINGS[message.encoding]
    height, width = message.height, message.width
    rows = np.frombuffer(message.data, np.uint8).reshape(encoding.rows(height), message.step)
    samples = rows[:, : width * encoding.channels * encoding.depth]
    if encoding.depth == 2:
        samples = samples[:, 0::2] if message.is_bigendian else samples[:, 1::2]
    return encoding.to_rgb(samples.reshape(len(samples), width, encoding.channels))


def dark_16_bit(message, image: RgbImage) -> str:
    """A warning if an image with 16 bits per sample is nearly black; '' otherwise.

    Cameras of 10 to 14 bits should use the high bits of the samples, and some do not.
    """
    encoding = _ENCODINGS.get(getattr(message, "encoding", ""))
    if encoding is None or encoding.depth == 1 or (brightest := int(image.max())) >= _DARK:
        return ""
    return (f"its {message.encoding} images are nearly black: no sample is above {256 * brightest + 255} of 65535. If the camera has 10 to 14 bits, "
            f"let its driver shift them to the top, or publish 8 bits")


def check_compressed(message) -> None:
    """Raises `ImageError` unless the start and end markers show a complete JPEG or PNG.

    OpenCV decodes a truncated JPEG without an error and fills the rest with grey, hence this check. Scan data never contains
    an end marker (0xff is always escaped in it), and thumbnails come before the scan.
    """
    data = bytes(message.data)
    if "compresseddepth" in message.format.lower().replace("_", ""):
        raise ImageError(f"the format '{message.format}' is a compressed depth image: a colour jpeg or png is needed")
    if data.startswith(_JPEG_START):
        if data.rfind(_JPEG_END) <= data.rfind(_JPEG_SCAN):
            raise ImageError(f"the JPEG ends after {len(data)} bytes without its end marker: it was cut off")
    elif data.startswith(_PNG_START):
        if _PNG_END not in data[-64:]:
            raise ImageError(f"the PNG ends after {len(data)} bytes without its end chunk: it was cut off")
    else:
        raise ImageError(
            f"{len(data)} bytes with format '{message.format}' are neither a JPEG nor a PNG: publish one of these"
        )


def compressed_to_rgb(message) -> RgbImage:
    """A JPEG or PNG CompressedImage as (H, W, 3) uint8 RGB; EXIF rotation is not applied.

    compressed_image_transport compresses the raw mosaic of a Bayer image as greyscale, with the pattern in front of the format
    (`bayer_rggb8; jpeg compressed `).

    Raises:
        ImageError: another format, or bytes that are truncated or cannot be decoded.
    """
    check_compressed(message)
    encoding = message.format.partition(";")[0].strip()
    mosaic = _ENCODINGS.get(encoding) if encoding.startswith("bayer_") else None
    flags = cv2.IMREAD_UNCHANGED if mosaic else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(message.data, np.uint8), flags)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise ImageError(f"the {len(message.data)} bytes of the compressed image ('{message.format}') cannot be decoded")
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if mosaic and pixels.ndim == 2:
        _check_smallest(*pixels.shape, encoding, mosaic)
        return mosaic.to_rgb(pixels)
    return cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2RGB)
