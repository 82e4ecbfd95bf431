"""Makes the result messages of a frame, by topic; shared by the node and by bag processing.

Messages that also need pixels or depth (overlay, points, markers and detections_3d) are made where those are available.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

from sensor_msgs.msg import Image
from std_msgs.msg import Header

from rmpsam_ros.msg import PanopticSegmentation, TrackedInstanceArray
from rmpsam_ros.ros import foxglove_messages, vision_messages
from rmpsam_ros.ros.messages import image_message, panoptic_message, tracks_message
from rmpsam_ros.types import PanopticResult, TrackedInstance

PACKAGES = {
    "detections": ("vision_msgs", vision_messages),
    "detections_3d": ("vision_msgs", vision_messages),
    "annotations": ("foxglove_msgs", foxglove_messages),
}
"""Topics whose message package is optional: the package, and the module that knows whether it is installed."""


def frame_topics() -> dict[str, type]:
    """Topic names below the camera's namespace and their message types, limited to the installed packages."""
    topics = {
        "panoptic": PanopticSegmentation,
        "tracks": TrackedInstanceArray,
        "semantic": Image,
        "semantic/confidence": Image,
    }
    if vision_messages.AVAILABLE:
        topics["detections"] = vision_messages.Detection2DArray
    if foxglove_messages.AVAILABLE:
        topics["annotations"] = foxglove_messages.ImageAnnotations
    return topics


def frame_messages(
    wanted: Callable[[str], bool], result: PanopticResult, tracks: tuple[TrackedInstance, ...] | None, header: Header, banner: str
) -> Iterator[tuple[str, object]]:
    """Yields (topic, message) for each wanted topic of a frame; no other message is made.

    Args:
        wanted: whether a topic of `frame_topics` is wanted.
        result: the frame's panoptic map, with track IDs.
        tracks: the frame's tracks; None if it was no newer than an earlier frame, so that its masks belong to no track.
        header: header of the image.
        banner: a line to write on annotations, '' for none.
    """
    make: dict[str, Callable[[], object]] = {
        "panoptic": lambda: panoptic_message(result, header),
        "tracks": lambda: tracks_message(tracks, header),
        "semantic": lambda: image_message(result.semantic(), "mono8", header),
        "semantic/confidence": lambda: image_message(result.confidence(), "mono8", header),
        "detections": lambda: vision_messages.detections_message(result, header),
        "annotations": lambda: foxglove_messages.annotations_message(result, tracks, header, banner),
    }
    for topic in frame_topics():
        if wanted(topic) and not (topic == "tracks" and tracks is None):
            yield topic, make[topic]()
