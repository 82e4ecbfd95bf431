"""The 3D publishers of each camera with depth: a labelled point cloud, a box around each track as markers and detections, and the
position of each clicked object."""
from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from geometry_msgs.msg import Point, PointStamped
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from rmpsam_ros.depth_view import DepthView, Extent
from rmpsam_ros.ros import vision_messages
from rmpsam_ros.ros.clouds import cloud_message
from rmpsam_ros.ros.feeds import Processed
from rmpsam_ros.ros.markers import STAY, TrackMarkers


class DepthOutputs:
    """The publishers of one camera under `~/NAME/` that need depth."""

    def __init__(self, node, name: str, list_qos: QoSProfile):
        self._node = node
        self._points = node.create_publisher(PointCloud2, f"~/{name}/points", qos_profile_sensor_data)
        self._markers = node.create_publisher(MarkerArray, f"~/{name}/markers", list_qos)
        self._clicked = node.create_publisher(PointStamped, f"~/{name}/clicked_position", list_qos)
        self._publishers, self._detections = [self._points, self._markers], None  # those of every frame
        if vision_messages.AVAILABLE:
            self._detections = node.create_publisher(vision_messages.Detection3DArray, f"~/{name}/detections_3d", list_qos)
            self._publishers.append(self._detections)
        self._track_markers = TrackMarkers()
        self._header: Header | None = None
        self._shown_at = 0.0

    def subscribed(self) -> bool:
        """Whether any of the topics that are published for every frame has a subscriber."""
        return any(publisher.get_subscription_count() for publisher in self._publishers)

    def clicks_wanted(self) -> bool:
        """Whether the positions of clicked objects have a subscriber."""
        return bool(self._clicked.get_subscription_count())

    def publish_click(self, position: tuple[float, float, float], header: Header) -> None:
        """Publishes the position (x, y, z) of a clicked object, in metres in the frame of its image."""
        x, y, z = position
        self._clicked.publish(PointStamped(header=header, point=Point(x=x, y=y, z=z)))

    def publish(
        self, processed: Processed, image: npt.NDArray[np.uint8], view: DepthView, extents: Mapping[int, Extent], step: int,
    ) -> None:
        """Publishes the results of one frame; `image` is its (H, W, 3) RGB pixels, `step` the subsampling of the points."""
        self._header = processed.header
        if self._points.get_subscription_count():
            self._points.publish(cloud_message(view, image, processed.panoptic, processed.tracks, step, processed.header))
        if self._markers.get_subscription_count():
            self._shown_at = time.monotonic()
            self._markers.publish(self._track_markers.message(processed.tracks, extents, processed.header))
        if self._detections is not None and self._detections.get_subscription_count():
            self._detections.publish(vision_messages.detections_3d_message(processed.tracks, extents, processed.header))

    def expire(self) -> None:
        """Deletes the boxes if there has been no depth, or no frame, for `STAY` seconds."""
        if time.monotonic() - self._shown_at > STAY:
            self.clear()

    def clear(self) -> None:
        """Deletes the boxes, when no later message will do so."""
        message = self._track_markers.clear(self._header) if self._header is not None else None
        if message is not None:
            self._markers.publish(message)

    def destroy(self) -> None:
        """Destroys the publishers."""
        for publisher in (*self._publishers, self._clicked):
            self._node.destroy_publisher(publisher)
