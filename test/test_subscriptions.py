"""Tests subscriptions that adapt to their publishers, without DDS."""
from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image

from rmpsam_ros.ros import subscriptions
from rmpsam_ros.ros.subscriptions import MIXED_SECONDS, MatchedSubscription


class FakeNode:
    """Records subscriptions with their callback groups, and log lines; `publishers` are (node, reliability)."""

    def __init__(self):
        self.publishers, self.lines, self.made, self.destroyed = [], [], [], []

    def create_subscription(self, kind, topic, callback, qos, callback_group=None, event_callbacks=None):
        self.made.append(SimpleNamespace(topic_name=f"/{topic}", reliability=qos.reliability, group=callback_group))
        return self.made[-1]

    def resolve_topic_name(self, topic):
        return f"/{topic}"

    def destroy_subscription(self, subscription):
        self.destroyed.append(subscription)

    def get_publishers_info_by_topic(self, topic):
        return [SimpleNamespace(node_namespace="/", node_name=name, topic_type="sensor_msgs/msg/Image",
                                qos_profile=SimpleNamespace(reliability=reliability)) for name, reliability in self.publishers]  # fmt: skip

    def get_logger(self):
        return SimpleNamespace(warning=self.lines.append)


def test_refresh__another_reliability__is_a_new_subscription_in_a_group_of_its_own():
    node = FakeNode()
    subscription = MatchedSubscription(node, Image, "camera/image_raw", print, "auto")
    node.publishers = [("camera", ReliabilityPolicy.BEST_EFFORT)]
    subscription.refresh()
    first, second = node.made
    assert node.destroyed == [first] and second.reliability == ReliabilityPolicy.BEST_EFFORT
    assert first.group is not None and second.group is not None and first.group is not second.group


def test_subscribe__who_publishes_already__is_suited_from_the_start():
    node = FakeNode()
    node.publishers = [("camera", ReliabilityPolicy.BEST_EFFORT)]
    subscription = MatchedSubscription(node, Image, "camera/image_raw", print, "auto")
    subscription.refresh()
    assert [s.reliability for s in node.made] == [ReliabilityPolicy.BEST_EFFORT]  # otherwise the driver would log a warning about the first


def test_refresh__a_publisher_whose_node_is_not_known_yet__is_looked_at_later():
    node = FakeNode()
    subscription = MatchedSubscription(node, Image, "camera/image_raw", print, "reliable")
    node.publishers = [("_NODE_NAME_UNKNOWN_", ReliabilityPolicy.BEST_EFFORT)]
    subscription.refresh()
    assert node.lines == [] and subscription.unmatched == ()
    node.publishers = [("camera", ReliabilityPolicy.BEST_EFFORT)]
    subscription.refresh()
    assert len(node.lines) == 1 and "/camera" in node.lines[0]


def test_refresh__several_publishers__are_said_once_they_have_stayed(monkeypatch):
    now, node = [100.0], FakeNode()
    monkeypatch.setattr(subscriptions, "time", SimpleNamespace(monotonic=lambda: now[0]))
    subscription = MatchedSubscription(node, Image, "camera/image_raw", print, "auto")
    one, two = [(name, ReliabilityPolicy.RELIABLE) for name in ("camera", "player")]

    def said(publishers, seconds) -> str:
        node.publishers, before = publishers, len(node.lines)
        subscription.refresh()
        now[0] += seconds
        subscription.refresh()
        assert node.lines[before:] in ([], [subscription.mixed])
        return subscription.mixed

    assert said([one], 100) == ""
    assert said([one, two], MIXED_SECONDS - 1) == said([one], 1) == ""  # it had crashed, and has left the graph
    assert said([one, two], MIXED_SECONDS + 1).startswith("2 publishers on /camera/image_raw (/camera, /player)")
    assert said([one, two], 100) == node.lines[0] and len(node.lines) == 1
    assert said([two], 1) == ""
