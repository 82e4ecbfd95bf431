"""The messages that every frame can have, by topic: one list for the node and for bags.

Those that need pixels or depth besides the result, overlay, points, markers and detections_3d, are made where these are.
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
"""The topics whose messages are of a package that may be missing, and the module that knows whether it is."""


def frame_topics() -> dict[str, type]:
    """Topic below the camera's, and the type of its messages, as far as the packages here allow."""
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
    """Topic and message of all that is wanted of a frame; nothing else is made.

    Args:
        wanted: whether a topic of `frame_topics` is.
        result: the frame's map, with track ids.
        tracks: those of the frame; None for one that was no newer than a frame before: its masks are nobody's.
        header: of the image.
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
