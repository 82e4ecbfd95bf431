"""Depth images to metres: `sensor_msgs/Image` of 16UC1 or 32FC1 (REP 118). No ROS imports."""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import DepthError

_DTYPES = {"16UC1": "u2", "mono16": "u2", "32FC1": "f4"}
ENCODINGS = tuple(_DTYPES)
"""The encodings that are read: 16UC1 (and mono16, as some drivers call it) in millimetres, 32FC1 in metres."""


def depth_to_metres(message, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The depths of an Image as (H, W) float32 metres along the optical axis, NaN where unknown (0, not finite, negative).

    Args:
        message: any row padding, either byte order.
        size: (H, W) of the colour image that it is registered to. An image of the same shape at another resolution is
            brought to it, each pixel from the nearest one.

    Raises:
        DepthError: unknown encoding, another shape, or `step` and `data` that do not fit the size.
    """
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
    if height * size[1] != width * size[0]:
        raise DepthError(
            f"the depth image has {width}x{height} pixels and the image {size[1]}x{size[0]}: publish depth that is registered "
            f"to the image (depth_image_proc's register node, or the driver's aligned depth)"
        )
    rows = np.frombuffer(data, np.uint8).reshape(height, step)[:, :row]
    raw = np.ascontiguousarray(rows).view(np.dtype(kind).newbyteorder(">" if message.is_bigendian else "<"))
    # A copy in the machine's byte order, as metres; never a view into the message.
    depth = raw * np.float32(0.001) if kind == "u2" else raw.astype(np.float32)
    depth = depth.astype(np.float32, copy=False)
    with np.errstate(invalid="ignore"):
        depth[~((depth > 0) & (depth < np.inf))] = np.nan
    if (height, width) != size:
        depth = cv2.resize(depth, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return depth
