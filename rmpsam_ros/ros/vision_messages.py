"""Makes messages of the optional package `vision_msgs`, if it is installed (apt: ros-DISTRO-vision-msgs)."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

from rmpsam_ros.depth_view import Extent, boxed
from rmpsam_ros.types import UNLABELLED, LabelSet, PanopticResult, Segment, TrackedInstance

try:
    from vision_msgs.msg import (
        BoundingBox2D,
        BoundingBox3D,
        Detection2D,
        Detection2DArray,
        Detection3D,
        Detection3DArray,
        LabelInfo,
        ObjectHypothesisWithPose,
        VisionClass,
    )
except ImportError:
    Detection2DArray = Detection3DArray = LabelInfo = None

AVAILABLE = LabelInfo is not None
"""Whether vision_msgs can be imported; nothing else in this module works without it."""


def label_info_message(labels: LabelSet, threshold: float, header) -> LabelInfo:
    """The classes of the IDs in the semantic image; 255 means unlabelled and is listed as such."""
    info = LabelInfo(header=header, threshold=float(threshold))
    info.class_map = [VisionClass(class_id=label.id, class_name=label.name) for label in labels.classes]
    info.class_map.append(VisionClass(class_id=UNLABELLED, class_name="unlabelled"))
    return info


def detections_message(result: PanopticResult, header) -> Detection2DArray:
    """One detection for every thing: class name as `class_id`, centre and size in pixels, the track ID or '' as `id`."""
    message = Detection2DArray(header=header)
    for segment in result.segments:
        if segment.is_thing:
            message.detections.append(_detection(segment, header))
    return message


def detections_3d_message(tracks: Iterable[TrackedInstance], extents: Mapping[int, Extent], header) -> Detection3DArray:
    """One detection for every confirmed track that has an extent, in metres in the frame of the image.

    `id` is the track ID; `bbox` encloses the visible part, aligned with the axes of the camera's frame; the pose of the result is the
    track's position; `class_id` is the name of its class, '' for none.
    """
    message = Detection3DArray(header=header)
    for track, extent in boxed(tracks, extents):
        hypothesis, box = _hypothesis(track), BoundingBox3D()
        _set_place(hypothesis.pose.pose, extent.position)
        _set_place(box.center, extent.center)
        box.size.x, box.size.y, box.size.z = extent.size
        message.detections.append(Detection3D(header=header, bbox=box, results=[hypothesis], id=str(track.track_id)))
    return message


def _hypothesis(found: Segment | TrackedInstance) -> ObjectHypothesisWithPose:
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = found.class_name
    hypothesis.hypothesis.score = float(found.score)
    return hypothesis


def _detection(segment: Segment, header) -> Detection2D:
    roi, box = segment.roi, BoundingBox2D()
    # Pixel centres are at integers, so a one-pixel box is centred on that pixel.
    _set_centre(box, roi.x + (roi.width - 1) / 2, roi.y + (roi.height - 1) / 2)
    box.size_x, box.size_y = float(roi.width), float(roi.height)
    return Detection2D(
        header=header, bbox=box, results=[_hypothesis(segment)], id=str(segment.track_id) if segment.track_id else ""
    )


def _set_centre(box: BoundingBox2D, x: float, y: float) -> None:
    """Sets the centre: vision_msgs 4 (Humble, Jazzy) has the point in `center.position`, version 3 in `center` itself."""
    point = getattr(box.center, "position", box.center)
    point.x, point.y = float(x), float(y)


def _set_place(pose, place: tuple[float, float, float]) -> None:
    """Sets a pose to this position, with the identity orientation."""
    pose.position.x, pose.position.y, pose.position.z = place
    pose.orientation.w = 1.0
