"""A depth view with its labels as a `sensor_msgs/PointCloud2`."""
from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from rmpsam_ros.depth_view import DepthView
from rmpsam_ros.ros.messages import NO_CLASS, byte_array
from rmpsam_ros.types import PanopticResult, TrackedInstance

_FIELDS = (
    ("x", 0, PointField.FLOAT32, "f4"), ("y", 4, PointField.FLOAT32, "f4"), ("z", 8, PointField.FLOAT32, "f4"),
    ("rgb", 12, PointField.FLOAT32, "u4"),  # 0x00RRGGBB in the bits of a float, as PCL and RViz have it
    ("class_id", 16, PointField.UINT16, "u2"), ("track_id", 20, PointField.UINT32, "u4"),
)
_STEP = 24
POINT = np.dtype({
    "names": [name for name, *_ in _FIELDS], "offsets": [offset for _, offset, *_ in _FIELDS],
    "formats": [kind for *_, kind in _FIELDS], "itemsize": _STEP,
})
"""One point as it lies in `PointCloud2.data`."""


def cloud_message(
    view: DepthView, image: npt.NDArray[np.uint8], panoptic: PanopticResult, tracks: Sequence[TrackedInstance], step: int,
    header: Header,
) -> PointCloud2:
    """An organised cloud: point (column, row) is that of pixel (column * step, row * step), NaN where its depth is unknown.

    Args:
        view: depth and rays, (H, W).
        image: (H, W, 3) uint8 RGB.
        panoptic: the map, whose segments carry track ids; pixels without a class get `NO_CLASS`, without a track 0.
        tracks: those seen in this frame whose mask is not in the map lie over it.
        step: every so many pixels of a row, and rows, make a point.
        header: the image's.
    """
    points = view.points(step)
    cloud = np.zeros(points.shape[:2], POINT)
    cloud["x"], cloud["y"], cloud["z"] = points[..., 0], points[..., 1], points[..., 2]
    pixels = image[::step, ::step].astype(np.uint32)
    cloud["rgb"] = pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
    ids = panoptic.segment_ids[::step, ::step]
    classes = np.full(max((s.id for s in panoptic.segments), default=0) + 1, NO_CLASS, np.uint16)
    owners = np.zeros(len(classes), np.uint32)
    for segment in panoptic.segments:
        classes[segment.id], owners[segment.id] = segment.class_id, segment.track_id
    cloud["class_id"], cloud["track_id"] = classes[ids], owners[ids]
    for track in tracks:
        if track.segment_id == 0 and track.frames_since_seen == 0:
            _lay_over(cloud, track, step)
    height, width = cloud.shape
    return PointCloud2(
        header=header, height=height, width=width, point_step=_STEP, row_step=_STEP * width, is_bigendian=sys.byteorder == "big",
        fields=[PointField(name=name, offset=offset, datatype=kind, count=1) for name, offset, kind, _ in _FIELDS],
        data=byte_array(cloud), is_dense=bool(np.isfinite(points[..., 2]).all()),
    )


def _lay_over(cloud: npt.NDArray, track: TrackedInstance, step: int) -> None:
    """Gives the points under a track's mask its class and id."""
    roi = track.roi
    row, column = -(-roi.y // step), -(-roi.x // step)  # the first of the kept rows and columns inside the rectangle
    mask = track.mask[row * step - roi.y :: step, column * step - roi.x :: step]
    part = cloud[row : row + mask.shape[0], column : column + mask.shape[1]]
    part["track_id"][mask] = track.track_id
    if track.class_id >= 0:
        part["class_id"][mask] = track.class_id
