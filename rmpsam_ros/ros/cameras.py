"""What comes in from one camera: images and calibration, and a subscription that suits its publisher."""
from __future__ import annotations

from collections.abc import Callable

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from rmpsam_ros.errors import ImageError
from rmpsam_ros.ros import matching
from rmpsam_ros.ros.conversions import check_compressed, check_image
from rmpsam_ros.ros.messages import stamp_ns
from rmpsam_ros.ros.stats import CameraStats

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

_RELIABILITY = {
    matching.RELIABLE: ReliabilityPolicy.RELIABLE,
    matching.BEST_EFFORT: ReliabilityPolicy.BEST_EFFORT,
}
_INFO_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


class CameraInput:
    """Subscribes to one camera while it exists.

    Args:
        node: the node.
        name: the camera's.
        topics: parameter values by kind, as `NodeParameters.topic` gives them.
        transport, reliability: the parameters `image_transport` and `qos_reliability`.
        group: callback group of the images.
        stats: counters of this camera.
        on_image: called with the message and its stamp in ns; only with messages whose fields agree.
        on_problem: called with a sentence for each message that cannot be used.
    """

    def __init__(
        self, node, name: str, topics: Callable[[str], str], transport: str, reliability: str, group,
        stats: CameraStats, on_image: Callable[[object, int], None], on_problem: Callable[[str], None],
    ):
        self.name, self.stats = name, stats
        self._node, self._group, self._wanted = node, group, reliability
        self._on_image, self._on_problem = on_image, on_problem
        compressed = transport == "compressed"
        self._type, self._check = (CompressedImage, check_compressed) if compressed else (Image, check_image)
        self._type_name = f"sensor_msgs/msg/{self._type.__name__}"
        topic = topics("image_topic")
        if compressed and not topic.endswith("/compressed"):
            topic += "/compressed"
        self._topic = topic
        # Reliable until a publisher is seen: with it, a publisher that offers it needs no second subscription, and
        # one that does not is not matched before `refresh` has seen it, so that no frame is lost in between.
        self.reliability = reliability if reliability in _RELIABILITY else matching.RELIABLE
        self.unmatched: tuple[str, ...] = ()
        self.camera_info: CameraInfo | None = None
        self.optical_frame = ""
        self._subscription = self._subscribe()
        self._info = node.create_subscription(
            CameraInfo, topics("camera_info_topic"), self._take_info, _INFO_QOS, callback_group=group
        )

    @property
    def topic(self) -> str:
        """The full name of the image topic, after remapping."""
        return self._subscription.topic_name

    def refresh(self) -> None:
        """Looks at who publishes now: asks for another reliability where that suits, and notes who is left out."""
        publishers = [
            matching.Publisher(
                node=f"{info.node_namespace.rstrip('/')}/{info.node_name}", type=info.topic_type,
                reliable=info.qos_profile.reliability == ReliabilityPolicy.RELIABLE,
            )
            for info in self._node.get_publishers_info_by_topic(self.topic)
        ]
        better = matching.choose_reliability(self._wanted, publishers, self._type_name)
        if better is not None and better != self.reliability:
            self.reliability = better
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._subscribe()
        left_out = matching.unmatched(self.topic, self.reliability, self._type_name, publishers)
        for sentence in left_out:
            if sentence not in self.unmatched:
                self._node.get_logger().warning(sentence)
        self.unmatched = left_out

    def destroy(self) -> None:
        """Ends the subscriptions."""
        self._node.destroy_subscription(self._subscription)
        self._node.destroy_subscription(self._info)

    def _subscribe(self):
        qos = QoSProfile(
            depth=1, history=HistoryPolicy.KEEP_LAST, durability=DurabilityPolicy.VOLATILE,
            reliability=_RELIABILITY[self.reliability],
        )
        # `refresh` reports what cannot be matched, with both sides and a remedy; rclpy's own warning has neither.
        return self._node.create_subscription(
            self._type, self._topic, self._take_image, qos, callback_group=self._group,
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
        )

    def _take_image(self, message) -> None:
        self.stats.arrived()
        try:
            self._check(message)
        except ImageError as error:
            # Left out here, before the slot, so that it does not push a good frame out.
            self.stats.was_bad(str(error))
            self._on_problem(str(error))
            return
        self.optical_frame = message.header.frame_id
        stamp = stamp_ns(message.header.stamp)
        if stamp == 0:
            self._node.get_logger().warning(
                f"images on {self.topic} have no stamp: a click cannot name its frame, and others cannot match results",
                once=True,
            )
        self._on_image(message, stamp)

    def _take_info(self, message: CameraInfo) -> None:
        self.camera_info = message
