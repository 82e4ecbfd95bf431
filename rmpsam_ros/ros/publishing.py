"""The publishers of each camera; messages are only made for topics with subscribers.

A topic without a subscriber costs nothing: its message is not made, and nothing is drawn for it alone. Headers are
those of the source image, unchanged.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image

from rmpsam_ros.depth_view import DepthView, Extent
from rmpsam_ros.msg import LabelSet
from rmpsam_ros.overlay import UNTRAINED_BANNER, draw_click, draw_followed, draw_panoptic
from rmpsam_ros.ros import vision_messages
from rmpsam_ros.ros.feeds import Processed
from rmpsam_ros.ros.frame_messages import frame_messages, frame_topics
from rmpsam_ros.ros.messages import image_message, jpeg_message, label_set_message
from rmpsam_ros.ros.publishing_3d import DepthOutputs
from rmpsam_ros.types import PromptResult

RESULT_QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
LATCHED_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)

HIGHLIGHT_SECONDS = 2.0
"""How long the mask of a click from a topic stays on the overlay."""


@dataclass(frozen=True)
class Highlight:
    """The answer to a click from a topic, drawn until `until` (seconds of the monotonic clock)."""

    result: PromptResult
    until: float


class CameraOutputs:
    """The publishers of one camera, under `~/NAME/`. Created when the node is configured, with the model's labels.

    `has_depth`: whether depth images are arriving.
    """

    def __init__(self, node, name: str, segmenter, has_depth: Callable[[], bool]):
        self._node, self._labels = node, segmenter.labels
        self._banner = "" if segmenter.trained else UNTRAINED_BANNER
        self._highlight: Highlight | None = None
        self._last_drawn: tuple[Processed, npt.NDArray[np.uint8]] | None = None
        self._label_info, self._threshold = None, None
        self._publishers: list = []
        # Images use the sensor-data QoS; lists must not be lost.
        self._frame = {
            topic: self._create(kind, f"~/{name}/{topic}", qos_profile_sensor_data if kind is Image else RESULT_QOS)
            for topic, kind in frame_topics().items()
        }
        self._overlay = self._create(Image, f"~/{name}/overlay", qos_profile_sensor_data)
        self._overlay_jpeg = self._create(CompressedImage, f"~/{name}/overlay/compressed", qos_profile_sensor_data)
        # A subscriber on any of these requires inference, and so does one on the 3D topics while there is depth.
        self._streams = list(self._publishers)
        self._depth, self._has_depth = DepthOutputs(node, name, RESULT_QOS), has_depth
        if vision_messages.AVAILABLE:
            self._label_info = self._create(vision_messages.LabelInfo, f"~/{name}/semantic/label_info", LATCHED_QOS)
            self.say_threshold(segmenter.score_threshold)

    def say_threshold(self, threshold: float) -> None:
        """Publishes on `label_info` the score below which nothing is in the maps, if it has changed since the last message."""
        if self._label_info is None or threshold == self._threshold:
            return
        header = Image().header
        header.stamp = self._node.get_clock().now().to_msg()
        self._label_info.publish(vision_messages.label_info_message(self._labels, threshold, header))
        self._threshold = threshold

    def wanted(self) -> bool:
        """Whether any topic that requires inference has a subscriber."""
        return any(publisher.get_subscription_count() for publisher in self._streams) or (
            self._depth.subscribed() and self._has_depth()
        )

    def wanted_in_3d(self) -> bool:
        """Whether any topic that cannot be published without depth has a subscriber."""
        return self._depth.subscribed()

    def clicks_wanted(self) -> bool:
        """Whether the positions of clicked objects have a subscriber. It requires no inference: clicks do."""
        return self._depth.clicks_wanted()

    def need_depth(self) -> bool:
        """Whether any topic that uses depth has a subscriber: with depth, tracks have a position."""
        return self._depth.subscribed() or self._is_wanted("tracks")

    def publish(
        self, processed: Processed, image: npt.NDArray[np.uint8], view: DepthView | None, extents: Mapping[int, Extent],
        alpha: float, points_step: int,
    ) -> None:
        """Publishes the results of one frame.

        Args:
            processed: the frame. image: its (H, W, 3) RGB pixels.
            view: its depth, if available. extents: position and size of its tracks.
            alpha: the parameter `overlay_alpha`. points_step: the parameter of that name.
        """
        result, tracks = processed.panoptic, processed.tracks
        for topic, message in frame_messages(self._is_wanted, result, tracks, processed.header, self._banner):
            self._frame[topic].publish(message)
        if view is not None and tracks is not None:
            self._depth.publish(processed, image, view, extents, points_step)
        self._last_drawn = (processed, image) if self._overlay_wanted() else None
        if self._last_drawn is not None:
            self._publish_overlay(processed, image, alpha)

    def highlight(self, processed: Processed, result: PromptResult, followed: bool, alpha: float) -> None:
        """Draws the answer to a click on the overlays of the next `HIGHLIGHT_SECONDS`. If the object is `followed` and the clicked
        frame is the last one drawn, only on that frame: the next overlay shows the track.

        If it is the last one drawn, the overlay of the clicked frame is published again, in case no frame follows soon.
        """
        self._highlight = Highlight(result, time.monotonic() + HIGHLIGHT_SECONDS)
        drawn = self._last_drawn
        if drawn is not None and drawn[0] is processed and self._overlay_wanted():
            self._publish_overlay(*drawn, alpha)
            if followed:
                self._highlight = None

    def publish_click(self, processed: Processed, position: tuple[float, float, float]) -> None:
        """Publishes the position (x, y, z) of an object that was clicked on a frame."""
        self._depth.publish_click(position, processed.header)

    def expire(self) -> None:
        """Deletes markers that no frame has confirmed for some time."""
        self._depth.expire()

    def stop(self) -> None:
        """Deletes what viewers would keep showing, as no frame follows."""
        self._last_drawn = self._highlight = None
        self._depth.clear()

    def destroy(self) -> None:
        """Destroys the publishers."""
        self._depth.destroy()
        for publisher in self._publishers:
            self._node.destroy_publisher(publisher)

    def _create(self, kind: type, topic: str, qos: QoSProfile):
        """Creates a publisher that `destroy` destroys."""
        self._publishers.append(self._node.create_publisher(kind, topic, qos))
        return self._publishers[-1]

    def _is_wanted(self, topic: str) -> bool:
        """Whether a topic of `frame_topics` has a subscriber."""
        return bool(self._frame[topic].get_subscription_count())

    def _overlay_wanted(self) -> bool:
        """Whether the overlay has a subscriber."""
        return bool(self._overlay.get_subscription_count() or self._overlay_jpeg.get_subscription_count())

    def _publish_overlay(self, processed: Processed, image: npt.NDArray[np.uint8], alpha: float) -> None:
        header = processed.header
        canvas = draw_panoptic(image, processed.panoptic, alpha, self._banner)
        canvas = draw_followed(canvas, processed.panoptic, processed.tracks or (), alpha)
        highlight = self._highlight
        if highlight is not None:
            if time.monotonic() > highlight.until:
                self._highlight = None
            elif highlight.result.mask.shape == canvas.shape[:2]:
                canvas = draw_click(canvas, highlight.result, alpha)
        pixels = cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR)
        if self._overlay.get_subscription_count():
            self._overlay.publish(image_message(pixels, "bgr8", header))
        if self._overlay_jpeg.get_subscription_count():
            self._overlay_jpeg.publish(jpeg_message(pixels, header))


class LabelsOutput:
    """The latched topic `~/labels` with the model's classes."""

    def __init__(self, node, labels):
        self._node = node
        self._publisher = node.create_publisher(LabelSet, "~/labels", LATCHED_QOS)
        self._publisher.publish(label_set_message(labels))

    def destroy(self) -> None:
        """Destroys the publisher."""
        self._node.destroy_publisher(self._publisher)
