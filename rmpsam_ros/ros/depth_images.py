"""Converts depth images to metres: `sensor_msgs/Image` of 16UC1 or 32FC1 (REP 118), raw or from compressed_depth_image_transport.

Messages are only read through their fields; no ROS imports.
"""
from __future__ import annotations

import struct

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.depth_view import is_known
from rmpsam_ros.errors import DepthError

_DTYPES = {"16UC1": "u2", "mono16": "u2", "32FC1": "f4"}
ENCODINGS = tuple(_DTYPES)
"""The supported encodings: 16UC1 (and mono16, as some drivers call it) in millimetres, 32FC1 in metres."""
COMPRESSED = "/compressedDepth"
"""Suffix of the topics of compressed depth."""
_HEADER = struct.Struct("<iff")
"""In front of the PNG: the format, and the two quantisation parameters of 32FC1."""


def depth_to_metres(message, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The depth of an Image or CompressedImage as (H, W) float32 metres along the optical axis, NaN where unknown.

    Zero, negative and non-finite values are unknown.

    Args:
        message: an Image with any row padding and either byte order, or a PNG from compressed_depth_image_transport.
        size: (H, W) of the colour image that it is registered to. A depth image of another resolution with the same aspect ratio
            is resized by nearest neighbour.

    Raises:
        DepthError: unknown encoding, another aspect ratio, or bytes that do not match the fields.
    """
    values = _decompressed(message) if hasattr(message, "format") else _pixels(message)
    height, width = values.shape
    if height * size[1] != width * size[0]:
        raise DepthError(
            f"the depth image has {width}x{height} pixels and the image {size[1]}x{size[0]}: publish depth that is registered "
            f"to the image (depth_image_proc's register node, or the driver's aligned depth)"
        )
    # Always a copy in the machine's byte order, never a view into the message.
    depth = values * np.float32(0.001) if values.dtype.kind == "u" else values.astype(np.float32)
    depth[~is_known(depth)] = np.nan
    if (height, width) != size:
        depth = cv2.resize(depth, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return depth


def _pixels(message) -> npt.NDArray:
    """(h, w) uint16 millimetres or float32 metres of an Image."""
    kind = _DTYPES.get(message.encoding)
    if kind is None:
        raise DepthError(f"the depth image has the encoding '{message.encoding}': publish one of {', '.join(ENCODINGS)}")
    height, width, step, data = message.height, message.width, message.step, message.data
    row = width * np.dtype(kind).itemsize
    if min(height, width) < 1 or step < row or len(data) != step * height:
        raise DepthError(
            f"the depth image of {width}x{height} {message.encoding} pixels has step {step} and {len(data)} bytes: a row has "
            f"{row} bytes, and data must have step times height"
        )
    rows = np.frombuffer(data, np.uint8).reshape(height, step)[:, :row]
    return np.ascontiguousarray(rows).view(np.dtype(kind).newbyteorder(">" if message.is_bigendian else "<"))


def _decompressed(message) -> npt.NDArray:
    """(h, w) uint16 millimetres or float32 metres of a CompressedImage."""
    encoding = message.format.partition(";")[0].strip()
    if encoding not in _DTYPES or "rvl" in message.format:
        raise DepthError(
            f"the compressed depth has the format '{message.format}': publish 16UC1 or 32FC1 as PNG (compressedDepth's "
            f"parameter format: png)"
        )
    data = bytes(message.data)
    values = None
    if len(data) > _HEADER.size:
        try:
            values = cv2.imdecode(np.frombuffer(data, np.uint8)[_HEADER.size :], cv2.IMREAD_UNCHANGED)
        except cv2.error:
            pass
    if values is None or values.dtype != np.uint16 or values.ndim != 2:
        raise DepthError(f"the {len(data)} bytes of the compressed depth image are not a header followed by a 16-bit PNG")
    if _DTYPES[encoding] == "u2":
        return values
    _, scale, offset = _HEADER.unpack_from(data)
    with np.errstate(divide="ignore"):
        return np.where(values > 0, np.float32(scale) / (values.astype(np.float32) - np.float32(offset)), np.float32(np.nan))
