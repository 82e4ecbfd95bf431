"""Converts a depth view and its labels to a `sensor_msgs/PointCloud2`."""
from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from rmpsam_ros.depth_view import DepthView
from rmpsam_ros.ros.messages import NO_CLASS, byte_array
from rmpsam_ros.types import PanopticResult, TrackedInstance

_FIELDS = (
    ("x", 0, PointField.FLOAT32), ("y", 4, PointField.FLOAT32), ("z", 8, PointField.FLOAT32),
    ("rgb", 12, PointField.FLOAT32),  # 0x00RRGGBB in the bits of a float, as PCL and RViz expect
    ("class_id", 16, PointField.UINT16), ("track_id", 20, PointField.UINT32),
)
_WORDS = 6
"""32-bit words per point; every field starts at a word."""
_RGB, _CLASS, _TRACK = 3, 4, 5


def cloud_message(
    view: DepthView, image: npt.NDArray[np.uint8], panoptic: PanopticResult, tracks: Sequence[TrackedInstance], step: int,
    header: Header,
) -> PointCloud2:
    """An organised cloud: point (column, row) belongs to pixel (column * step, row * step); NaN where its depth is unknown.

    Args:
        view: depth and rays, (H, W).
        image: (H, W, 3) uint8 RGB.
        panoptic: the map, with track IDs in its segments; pixels without a class get `NO_CLASS`, pixels without a track 0.
        tracks: those seen in this frame whose mask is not in the map are drawn over it.
        step: subsampling of rows and columns: every `step`-th pixel becomes a point.
        header: the image's header.
    """
    ids = panoptic.segment_ids[::step, ::step]
    height, width = ids.shape
    points = np.empty((height, width, _WORDS), "<f4")
    view.fill(points, step)
    words = points.view("<u4")
    # BGRA in memory is 0xAARRGGBB in a word.
    words[..., _RGB] = cv2.cvtColor(np.ascontiguousarray(image[::step, ::step]), cv2.COLOR_RGB2BGRA).view("<u4")[..., 0] & 0xFFFFFF
    classes = np.full(max((s.id for s in panoptic.segments), default=0) + 1, NO_CLASS, "<u4")
    owners = np.zeros(len(classes), "<u4")
    for segment in panoptic.segments:
        classes[segment.id], owners[segment.id] = segment.class_id, segment.track_id
    words[..., _CLASS], words[..., _TRACK] = classes[ids], owners[ids]
    for track in tracks:
        if track.segment_id == 0 and track.frames_since_seen == 0:
            _lay_over(words, track, step)
    return PointCloud2(
        header=header, height=height, width=width, point_step=4 * _WORDS, row_step=4 * _WORDS * width, is_bigendian=False,
        fields=[PointField(name=name, offset=offset, datatype=kind, count=1) for name, offset, kind in _FIELDS],
        data=byte_array(points), is_dense=bool(np.isfinite(points[..., 2]).all()),
    )


def _lay_over(words: npt.NDArray[np.uint32], track: TrackedInstance, step: int) -> None:
    """Sets class and track ID of the points under a track's mask."""
    roi = track.roi
    row, column = -(-roi.y // step), -(-roi.x // step)  # the first kept row and column inside the ROI
    mask = track.mask[row * step - roi.y :: step, column * step - roi.x :: step]
    part = words[row : row + mask.shape[0], column : column + mask.shape[1]]
    part[..., _TRACK][mask] = track.track_id
    if track.class_id >= 0:
        part[..., _CLASS][mask] = track.class_id
