"""A subscription to large images that adapts to its publisher: depth 1, and the reliability that the publisher offers."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from rmpsam_ros.ros import matching

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks

_RELIABILITY = {
    matching.RELIABLE: ReliabilityPolicy.RELIABLE,
    matching.BEST_EFFORT: ReliabilityPolicy.BEST_EFFORT,
}


MIXED_SECONDS = 25.0
"""Seconds with several publishers before a warning: DDS keeps a crashed one for 20."""
_NOT_YET_KNOWN = "_NODE_NAME_UNKNOWN_"
"""rmw's name for the node of a publisher discovered before its node; the next query has the real name."""


def group_of_its_own() -> MutuallyExclusiveCallbackGroup:
    """A separate callback group for one subscription or timer that may be destroyed while the node runs.

    If it is destroyed between "ready" and "taken", Humble's executor leaves the group locked (fixed in later rclpy, pull request
    1150), so the group must not contain anything else.
    """
    return MutuallyExclusiveCallbackGroup()


class MatchedSubscription:
    """A subscription until `destroy`; `refresh` adapts it to the current publishers.

    Args:
        node: the node.
        kind: message type, from sensor_msgs.
        topic: before remapping.
        callback: called with each message.
        reliability: the parameter `qos_reliability`.

    Attributes:
        topic: the full name, after remapping.
        reliability: the reliability currently requested. unmatched: a sentence for each publisher that cannot be matched.
        mixed: a sentence if several publishers are matched; '' otherwise.
    """

    def __init__(self, node, kind: type, topic: str, callback: Callable[[object], None], reliability: str):
        self._node, self._type, self._topic, self._callback = node, kind, topic, callback
        self._wanted, self._type_name = reliability, f"sensor_msgs/msg/{kind.__name__}"
        # Reliable until a publisher is seen: a reliable publisher then needs no second subscription, and a best-effort one
        # is not matched before `refresh` has seen it, so that no frame is lost in between.
        offered = matching.choose_reliability(reliability, self._publishers(node.resolve_topic_name(topic)), self._type_name)
        self.reliability = offered or matching.RELIABLE
        self.unmatched: tuple[str, ...] = ()
        self.mixed, self._alone = "", time.monotonic()
        self._lock, self._destroyed = threading.Lock(), False  # transitions destroy it on another thread
        self._subscription = self._subscribe()
        self.topic: str = self._subscription.topic_name

    def refresh(self) -> None:
        """Queries the publishers: changes the reliability if needed, and reports unmatched and multiple publishers."""
        publishers = self._publishers(self.topic)
        better = matching.choose_reliability(self._wanted, publishers, self._type_name)
        with self._lock:
            if better is not None and better != self.reliability and not self._destroyed:
                self.reliability = better
                self._node.destroy_subscription(self._subscription)
                self._subscription = self._subscribe()
        left_out = matching.unmatched(self.topic, self.reliability, self._type_name, publishers)
        for sentence in left_out:
            if sentence not in self.unmatched:
                self._node.get_logger().warning(sentence)
        self.unmatched = left_out
        self._look_for_several(publishers)

    def _look_for_several(self, publishers: list[matching.Publisher]) -> None:
        """Warns once if there are several publishers for longer than DDS keeps a crashed one."""
        now, sentence = time.monotonic(), matching.mixed(self.topic, self.reliability, self._type_name, publishers)
        if not sentence:
            self._alone = now
        sentence = sentence if now - self._alone > MIXED_SECONDS else ""
        if sentence and not self.mixed:
            self._node.get_logger().warning(sentence)
        self.mixed = sentence

    def reason_of_silence(self, but: str, *others: str) -> str:
        """The likely reason why nothing arrives, from the ROS graph. Topics below the name `but` are the node's own; `others` are
        topics of another kind. Neither are suggested."""
        published = {
            name: types for name, types in self._node.get_topic_names_and_types()
            if name not in (self.topic, *others) and not name.startswith(f"{but}/") and self._node.count_publishers(name)
        }
        publishers = self._node.count_publishers(self.topic)
        return matching.reason_of_silence(self.topic, self._type_name, publishers, published)

    def destroy(self) -> None:
        """Ends the subscription."""
        with self._lock:
            self._destroyed = True
            self._node.destroy_subscription(self._subscription)

    def _publishers(self, topic: str) -> list[matching.Publisher]:
        return [
            matching.Publisher(
                node=f"{info.node_namespace.rstrip('/')}/{info.node_name}", type=info.topic_type,
                reliable=info.qos_profile.reliability == ReliabilityPolicy.RELIABLE,
            )
            for info in self._node.get_publishers_info_by_topic(topic)
            if info.node_name != _NOT_YET_KNOWN
        ]

    def _subscribe(self):
        qos = QoSProfile(
            depth=1, history=HistoryPolicy.KEEP_LAST, durability=DurabilityPolicy.VOLATILE,
            reliability=_RELIABILITY[self.reliability],
        )
        # `refresh` reports unmatched publishers, with both sides and a remedy; rclpy's own warning has neither.
        return self._node.create_subscription(
            self._type, self._topic, self._callback, qos, callback_group=group_of_its_own(),
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
        )
