"""The optional part of the output: `vision_msgs`, where it is installed (apt: ros-DISTRO-vision-msgs)."""
from __future__ import annotations

from rmpsam_ros.types import UNLABELLED, LabelSet, PanopticResult

try:
    from vision_msgs.msg import (
        BoundingBox2D,
        Detection2D,
        Detection2DArray,
        LabelInfo,
        ObjectHypothesisWithPose,
        VisionClass,
    )
except ImportError:
    Detection2DArray = LabelInfo = None

AVAILABLE = LabelInfo is not None
"""Whether vision_msgs can be imported; nothing else in this module works without."""


def label_info_message(labels: LabelSet, threshold: float, header) -> LabelInfo:
    """The classes behind the ids of the semantic image; 255 means unlabelled and is listed as such."""
    info = LabelInfo(header=header, threshold=float(threshold))
    info.class_map = [VisionClass(class_id=label.id, class_name=label.name) for label in labels.classes]
    info.class_map.append(VisionClass(class_id=UNLABELLED, class_name="unlabelled"))
    return info


def detections_message(result: PanopticResult, header) -> Detection2DArray:
    """One detection for every thing: class name as `class_id`, centre and size in pixels, `id` the track's or ''."""
    message = Detection2DArray(header=header)
    for segment in result.segments:
        if segment.is_thing:
            message.detections.append(_detection(segment, header))
    return message


def _detection(segment, header) -> Detection2D:
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = segment.class_name
    hypothesis.hypothesis.score = float(segment.score)
    roi, box = segment.roi, BoundingBox2D()
    # Pixel centres are at integers, so a rectangle of one pixel has its centre on that pixel.
    _set_centre(box, roi.x + (roi.width - 1) / 2, roi.y + (roi.height - 1) / 2)
    box.size_x, box.size_y = float(roi.width), float(roi.height)
    return Detection2D(
        header=header, bbox=box, results=[hypothesis], id=str(segment.track_id) if segment.track_id else ""
    )


def _set_centre(box: BoundingBox2D, x: float, y: float) -> None:
    """vision_msgs 4 (Humble, Jazzy) has the point in `center.position`, version 3 in `center` itself."""
    point = getattr(box.center, "position", box.center)
    point.x, point.y = float(x), float(y)
