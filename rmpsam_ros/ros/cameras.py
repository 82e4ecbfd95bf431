"""The subscriptions of one camera: images, calibration and depth."""
from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from rmpsam_ros.errors import ImageError, ParameterError
from rmpsam_ros.ros.conversions import check_compressed, check_image
from rmpsam_ros.ros.depth_input import DepthInput
from rmpsam_ros.ros.messages import stamp_ns
from rmpsam_ros.ros.projection import is_rectified
from rmpsam_ros.ros.stats import SILENT_TIMES, CameraStats
from rmpsam_ros.ros.subscriptions import MatchedSubscription, SubscriptionEventCallbacks, group_of_its_own

SILENT_SECONDS = 5.0
"""Seconds without images before a log warning; for a slow camera, `SILENT_TIMES` its usual interval."""

_INFO_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
"""Compatible with every publisher."""
_LATCHED_INFO_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Receives what a latched publisher has sent earlier: some calibrations are published once. Drivers that do not latch would log an
incompatible-QoS warning."""


class CameraInput:
    """Subscribes to one camera until `destroy`.

    Args:
        node: the node.
        name: the camera's name.
        topics: parameter values by kind, as returned by `NodeParameters.topic`.
        transport, reliability: the parameters `image_transport` and `qos_reliability`.
        stats: counters of this camera.
        on_image: called with the message and its timestamp in ns; only for messages with consistent fields.
        on_problem: called with a sentence for each unusable message.
        history: the number of images that clicks can refer to.
    """

    def __init__(
        self, node, name: str, topics: Callable[[str], str], transport: str, reliability: str,
        stats: CameraStats, on_image: Callable[[object, int], None], on_problem: Callable[[str], None],
        history: int = 1,
    ):
        self.name, self.stats = name, stats
        self._node = node
        self._on_image, self._on_problem = on_image, on_problem
        compressed = transport == "compressed"
        kind, self._check = (CompressedImage, check_compressed) if compressed else (Image, check_image)
        topic = topics("image_topic")
        if compressed and not topic.endswith("/compressed"):
            topic = f"{node.resolve_topic_name(topic)}/compressed"  # the base topic is remapped, as with image_transport
        self._since, self._silent, self._lacking = time.monotonic(), False, set[str]()
        self.silence, self._asked = "", -math.inf
        """The likely reason why no images arrive, while none do."""
        self.camera_info: CameraInfo | None = None
        self.optical_frame, self.newest_stamp = "", 0
        """Of the last usable image: its frame, and its timestamp in ns."""
        self.image_size: tuple[int, int] | None = None
        """(width, height) of the last image that was decoded or arrived uncompressed; None before."""
        self._info_topic, self._lock, self._destroyed = topics("camera_info_topic"), threading.Lock(), False
        self.topic: str = node.resolve_topic_name(topic)
        """The full name of the image topic, after remapping."""
        self.info_topic: str = node.resolve_topic_name(self._info_topic)
        """The full name of the CameraInfo topic, after remapping."""
        if self.info_topic == self.topic:
            raise ParameterError(f"image_topic and camera_info_topic of camera '{name}' are both {self.topic}: each needs a topic of its own")
        with ExitStack() as subscribed:  # if a later subscription fails, the earlier ones end
            self.images = MatchedSubscription(node, kind, topic, self._take_image, reliability)
            subscribed.callback(self.images.destroy)
            self.depth = DepthInput(node, topics("depth_topic"), reliability, self.info_topic, history)
            subscribed.callback(self.depth.destroy)
            self._infos = [self._subscribe_info(_INFO_QOS)]
            subscribed.pop_all()
        self._look_for_latched_info()

    @property
    def rectified(self) -> bool:
        """Whether the images are rectified."""
        return is_rectified(self.topic)

    def refresh(self, depth_needed: bool) -> None:
        """Adapts the subscriptions to the current publishers and to whether depth is needed; warns when no images arrive."""
        self.images.refresh()
        self.depth.refresh(depth_needed)
        self._look_for_latched_info()
        self._listen_for_silence()

    def _look_for_latched_info(self) -> None:
        """Adds a transient-local subscription once a publisher offers that."""
        with self._lock:
            if len(self._infos) > 1 or self._destroyed or self.camera_info is not None:
                return
            publishers = self._node.get_publishers_info_by_topic(self._infos[0].topic_name)
            if any(info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for info in publishers):
                self._infos.append(self._subscribe_info(_LATCHED_INFO_QOS))

    def _subscribe_info(self, qos: QoSProfile):
        return self._node.create_subscription(
            CameraInfo, self._info_topic, self._take_info, qos, callback_group=group_of_its_own(),
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
        )

    def _listen_for_silence(self) -> None:
        """Warns once that no images arrive, with the likely reason; unmatched publishers are reported elsewhere."""
        age, here = self.stats.age(), time.monotonic() - self._since
        seconds = here if age is None else min(age, here)
        logger = self._node.get_logger()
        if seconds < SILENT_SECONDS:
            self.silence, self._asked = "", -math.inf
            if self._silent and age is not None and age < here:
                self._silent = False
                logger.info(f"camera '{self.name}': images arrive on {self.topic}")
        elif not self.images.unmatched and seconds >= SILENT_TIMES * (self.stats.interval() or 0.0):
            if (now := time.monotonic()) >= self._asked + SILENT_SECONDS:  # publishers may change; the graph query has a cost
                self._asked, self.silence = now, self.images.reason_of_silence(self._node.get_fully_qualified_name(), self.depth.topic)
            if not self._silent:
                self._silent = True
                logger.warning(f"camera '{self.name}': no image on {self.topic} for {seconds:.0f} s: {self.silence}")

    def destroy(self) -> None:
        """Ends the subscriptions."""
        self.images.destroy()
        self.depth.destroy()
        with self._lock:
            self._destroyed = True
            for subscription in self._infos:
                self._node.destroy_subscription(subscription)

    def _take_image(self, message) -> None:
        self.stats.arrived()
        try:
            self._check(message)
        except ImageError as error:
            # Rejected here, before the slot, so that it does not displace a good frame.
            self.stats.was_bad(str(error))
            self._on_problem(str(error))
            return
        self.optical_frame = message.header.frame_id
        if hasattr(message, "width"):
            self.image_size = message.width, message.height
        stamp = self.newest_stamp = stamp_ns(message.header.stamp)
        if stamp == 0:
            self._miss("stamp", "clicks cannot refer to a frame by its timestamp, and subscribers cannot match results to images")
        if not self.optical_frame:
            self._miss("frame_id", "TF and RViz cannot place points, boxes and positions; set the optical frame in the driver")
        self._on_image(message, stamp)

    def _miss(self, field: str, consequence: str) -> None:
        """Warns once that the image headers lack a field."""
        if field not in self._lacking:
            self._lacking.add(field)
            self._node.get_logger().warning(f"images on {self.topic} have no {field}: {consequence}")

    def _take_info(self, message: CameraInfo) -> None:
        self.camera_info = message
