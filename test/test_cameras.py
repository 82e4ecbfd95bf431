"""Tests the inputs of one camera without DDS: which images reach the slot, warnings on silence, and latched calibrations."""
from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from builtin_interfaces.msg import Time  # noqa: E402
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from rmpsam_ros.errors import ParameterError  # noqa: E402
from rmpsam_ros.ros import cameras  # noqa: E402
from rmpsam_ros.ros.cameras import SILENT_SECONDS, CameraInput  # noqa: E402
from rmpsam_ros.ros.stats import SILENT_TIMES, CameraStats  # noqa: E402

LATCHED, VOLATILE = DurabilityPolicy.TRANSIENT_LOCAL, DurabilityPolicy.VOLATILE
TOPICS = {"image_topic": "camera/image_raw", "depth_topic": "", "camera_info_topic": "camera/camera_info"}


class FakeNode:
    """Records subscriptions and log lines; `durabilities` are those of the CameraInfo publishers, `remapped` full names."""

    def __init__(self):
        self.durabilities, self.made, self.destroyed, self.lines = [], [], [], []
        self.remapped = {}

    def create_subscription(self, kind, topic, callback, qos, callback_group=None, event_callbacks=None):
        self.made.append(SimpleNamespace(kind=kind, topic_name=self.resolve_topic_name(topic), callback=callback, qos=qos))
        return self.made[-1]

    def destroy_subscription(self, subscription):
        self.destroyed.append(subscription)

    def resolve_topic_name(self, topic):
        name = topic if topic.startswith("/") else f"/{topic}"
        return self.remapped.get(name, name)

    def get_publishers_info_by_topic(self, topic):
        return [SimpleNamespace(node_namespace="/", node_name="driver", topic_type="sensor_msgs/msg/CameraInfo",
                                qos_profile=SimpleNamespace(reliability=ReliabilityPolicy.RELIABLE, durability=durability))
                for durability in self.durabilities if topic == "/camera/camera_info"]  # fmt: skip

    def get_topic_names_and_types(self):
        return []

    def count_publishers(self, topic):
        return 0

    def get_fully_qualified_name(self):
        return "/rmpsam"

    def get_logger(self):
        return SimpleNamespace(warning=self.lines.append, info=self.lines.append)

    def of(self, kind) -> list[SimpleNamespace]:
        return [subscription for subscription in self.made if subscription.kind is kind]


@pytest.fixture
def make(monkeypatch):
    """Makes a camera with a node, on a clock that the test controls."""
    now = [100.0]
    monkeypatch.setattr(cameras, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def build(transport: str = "raw", durabilities=(), **remapped) -> SimpleNamespace:
        it = SimpleNamespace(node=FakeNode(), taken=[], problems=[], now=now, stats=CameraStats(lambda: now[0]))
        it.node.durabilities += durabilities
        it.node.remapped = {f"/camera/{name}": topic for name, topic in remapped.items()}
        it.camera = CameraInput(it.node, "front", TOPICS.get, transport, "auto", it.stats, lambda *taken: it.taken.append(taken), it.problems.append)
        return it

    return build


def later(it, seconds: float) -> list[str]:
    """The log lines after the given time without an image."""
    it.now[0] += seconds
    before = len(it.node.lines)
    it.camera.refresh(False)
    return it.node.lines[before:]


def images(it, count: int, interval: float) -> None:
    for _ in range(count):
        it.now[0] += interval
        it.stats.arrived()


@pytest.mark.parametrize("transport, bad, good", [
    ("raw", Image(height=2, width=2, encoding="rgb8", step=3, data=bytes(12)), Image(height=2, width=2, encoding="rgb8", step=6, data=bytes(12))),
    ("compressed", CompressedImage(format="jpeg"), CompressedImage(format="jpeg", data=cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))[1].tobytes())),
])
def test_image__that_is_bad__does_not_reach_the_slot_and_is_counted_and_told(make, transport, bad, good):
    it = make(transport)
    subscription, = it.node.of(type(good))
    bad.header = good.header = Header(stamp=Time(sec=3), frame_id="optical")
    subscription.callback(bad)
    assert it.taken == [] and it.camera.optical_frame == ""
    assert it.problems == [it.stats.last_error] and (it.stats.received, it.stats.bad) == (1, 1)
    subscription.callback(good)
    assert it.taken == [(good, 3_000_000_000)] and it.camera.optical_frame == "optical" and it.node.lines == []
    assert len(it.problems) == 1 and (it.stats.received, it.stats.bad) == (2, 1)


def test_image__without_a_stamp__is_used_and_it_is_said(make):
    it = make()
    message = Image(height=2, width=2, encoding="rgb8", step=6, data=bytes(12))
    it.node.of(Image)[0].callback(message)
    assert it.taken == [(message, 0)] and "images on /camera/image_raw have no stamp" in it.node.lines[0]


@pytest.mark.parametrize("transport, remapped, topic", [
    ("raw", {}, "/camera/image_raw"), ("compressed", {}, "/camera/image_raw/compressed"),
    ("raw", {"image_raw": "/cam/image"}, "/cam/image"), ("compressed", {"image_raw": "/cam/image"}, "/cam/image/compressed"),
    ("compressed", {"image_raw/compressed": "/cam/jpeg"}, "/cam/jpeg"),
])
def test_topic__a_remapping_of_the_images_is_one_of_their_compressed_kind_too(make, transport, remapped, topic):
    assert make(transport, **remapped).camera.topic == topic


@pytest.mark.parametrize("interval", [0.1, 1.0, 4.0, 20.0])
def test_silence__is_said_once_and_of_a_slow_camera_after_some_of_its_intervals(make, interval):
    it = make()
    images(it, 4, interval)
    limit = max(SILENT_SECONDS, SILENT_TIMES * interval)
    assert later(it, limit - 0.01) == []
    line, = later(it, 0.02)
    assert f"camera 'front': no image on /camera/image_raw for {limit:.0f} s: it has no publisher" in line
    assert later(it, 10 * limit) == []


def test_silence__from_the_start__is_said_too(make):
    it = make()
    assert later(it, SILENT_SECONDS - 0.01) == []
    assert len(later(it, 0.02)) == 1 and later(it, 1.0) == []


def test_silence__a_camera_that_comes_back__is_said_once_and_may_be_silent_again(make):
    it = make()
    assert len(later(it, 6.0)) == 1
    images(it, 2, 0.1)
    assert later(it, 0.1) == ["camera 'front': images arrive on /camera/image_raw"] and later(it, 0.1) == []
    assert len(later(it, 6.0)) == 1


def test_silence__its_reason_is_kept_for_the_diagnostics_and_follows_what_is_published(make):
    it = make()
    later(it, 6.0)
    assert it.camera.silence.startswith("it has no publisher")
    it.node.get_topic_names_and_types = lambda: [("/camera/image_raw/compressed", ["sensor_msgs/msg/CompressedImage"])]
    it.node.count_publishers = lambda topic: int(topic.endswith("/compressed"))
    assert later(it, SILENT_SECONDS) == [] and it.camera.silence.endswith("set image_transport: compressed")
    images(it, 2, 0.1)
    later(it, 0.1)
    assert it.camera.silence == ""
    line, = [line for line in later(it, 6.0) if "no image" in line]
    assert line.endswith("set image_transport: compressed")


def test_silence__a_camera_whose_publisher_cannot_be_matched__is_named_by_that_alone(make):
    it = make()
    it.node.get_publishers_info_by_topic = lambda topic: [SimpleNamespace(
        node_namespace="/", node_name="driver", topic_type="std_msgs/msg/String",
        qos_profile=SimpleNamespace(reliability=ReliabilityPolicy.RELIABLE, durability=VOLATILE))]  # fmt: skip
    line, = later(it, 6.0)
    assert "/driver publishes std_msgs/msg/String" in line


def test_camera_info__what_was_published_before_is_asked_for_where_somebody_latches_and_only_once(make):
    it = make()
    first, = it.node.of(CameraInfo)
    assert first.qos.reliability == ReliabilityPolicy.BEST_EFFORT and first.qos.durability == VOLATILE
    it.node.durabilities = [VOLATILE]
    it.camera.refresh(False)
    assert it.node.of(CameraInfo) == [first]
    it.node.durabilities = [VOLATILE, LATCHED]
    for _ in range(3):
        it.camera.refresh(False)
    _, latched = it.node.of(CameraInfo)
    assert latched.topic_name == first.topic_name and latched.qos.durability == LATCHED and latched.qos.reliability == ReliabilityPolicy.RELIABLE
    calibration = CameraInfo(width=7)
    latched.callback(calibration)
    assert it.camera.camera_info is calibration and first not in it.node.destroyed  # other publishers may not latch


def test_camera_info__who_latches_already__is_heard_from_the_start_and_nobody_after_the_end(make):
    it = make(durabilities=[LATCHED])
    assert [s.qos.durability for s in it.node.of(CameraInfo)] == [VOLATILE, LATCHED]
    it.camera.destroy()
    assert all(s in it.node.destroyed for s in it.node.made)
    other = make()
    other.camera.destroy()
    other.node.durabilities = [LATCHED]
    other.camera.refresh(False)
    assert len(other.node.of(CameraInfo)) == 1


def test_camera_info__that_has_come__is_not_asked_for_again(make):
    it = make()
    it.node.of(CameraInfo)[0].callback(CameraInfo(width=7))
    it.node.durabilities = [LATCHED]
    it.camera.refresh(False)
    assert len(it.node.of(CameraInfo)) == 1


def camera_of(node, transport="raw", **topics) -> CameraInput:
    return CameraInput(node, "front", {**TOPICS, **topics}.get, transport, "auto", CameraStats(), lambda *_: None, lambda _: None)


@pytest.mark.parametrize("failing", ["depth", "info"])
def test_subscriptions__of_which_one_fails__all_end(failing):
    node = FakeNode()
    subscribe = node.create_subscription

    def create_subscription(kind, topic, *more, **options):
        if failing in topic:
            raise RuntimeError("invalid allocator")
        return subscribe(kind, topic, *more, **options)

    node.create_subscription = create_subscription
    with pytest.raises(RuntimeError, match="invalid allocator"):
        camera_of(node, depth_topic="depth")
    assert node.made and node.destroyed[::-1] == node.made


@pytest.mark.parametrize("transport, topic, remapped", [
    ("raw", "/camera/camera_info", {}), ("compressed", "camera/image_raw", {"/camera/image_raw/compressed": "/camera/camera_info"}),
])
def test_subscriptions__to_images_and_calibrations_on_one_topic__are_refused(transport, topic, remapped):
    node = FakeNode()
    node.remapped = remapped
    with pytest.raises(ParameterError, match="image_topic and camera_info_topic of camera 'front' are both /camera/camera_info"):
        camera_of(node, transport, image_topic=topic)


@pytest.mark.parametrize("subscription", [0, 1])
def test_messages__that_come_while_the_subscriptions_are_made__are_taken(subscription):
    node = FakeNode()
    subscribe = node.create_subscription

    def create_subscription(kind, topic, callback, *more, **options):
        made = subscribe(kind, topic, callback, *more, **options)
        if len(node.made) == subscription + 1:
            callback(Image(width=2, height=1, encoding="mono8", step=2, data=[1, 2]))
        return made

    node.create_subscription = create_subscription
    camera = camera_of(node, depth_topic="depth")
    assert [camera.stats.received, camera.depth.feed.alive] == ([1, False] if subscription == 0 else [0, True])
    assert len(node.lines) == (2 if subscription == 0 else 0), "no stamp, no frame_id"


def test_images__without_a_stamp_or_a_frame__are_said_once_of_each_camera(make):
    node = make().node
    for topic in ("front/image_raw", "rear/image_raw"):
        camera = CameraInput(node, topic[:5], {**TOPICS, "image_topic": topic}.get, "raw", "auto", CameraStats(), lambda *_: None, lambda _: None)
        for _ in range(3):
            camera._take_image(Image(width=2, height=1, encoding="mono8", step=2, data=[1, 2]))
        assert camera.image_size == (2, 1)
    for field in ("stamp", "frame_id"):
        assert [line.split()[2] for line in node.lines if f"have no {field}:" in line] == ["/front/image_raw", "/rear/image_raw"]
