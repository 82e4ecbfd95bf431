"""Tests the reports on a camera's depth: why there is none, for whom, and for how long. Without DDS."""
from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from sensor_msgs.msg import CameraInfo, Image  # noqa: E402

from rmpsam_ros.errors import DepthError  # noqa: E402
from rmpsam_ros.ros import depth_input  # noqa: E402
from rmpsam_ros.ros.depth_feed import ALIVE_SECONDS  # noqa: E402
from rmpsam_ros.ros.depth_input import DepthInput  # noqa: E402

MS = 1_000_000
INFO = CameraInfo(width=6, height=4, k=[5.0, 0.0, 3.0, 0.0, 5.0, 2.0, 0.0, 0.0, 1.0])


class FakeNode:
    """Records log lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def create_subscription(self, kind, topic, callback, qos, callback_group=None, event_callbacks=None):
        return SimpleNamespace(topic_name=f"/{topic}")

    def resolve_topic_name(self, topic):
        return f"/{topic}"

    def get_publishers_info_by_topic(self, topic):
        return []

    def get_logger(self):
        return SimpleNamespace(warning=self.lines.append)


@pytest.fixture
def it(monkeypatch):
    """A depth input, its clock in seconds, and `seen`, which requests the depth of an image."""
    now = [100.0]
    monkeypatch.setattr(depth_input, "time", SimpleNamespace(monotonic=lambda: now[0]))
    made = DepthInput(FakeNode(), "camera/depth", "auto", "/camera/camera_info")
    made.feed._clock = lambda: now[0]

    def seen(stamp: int) -> bool:
        try:
            return made.view(stamp, "optical", (4, 6), INFO, False, 0.05) is not None
        except DepthError:
            return False

    return SimpleNamespace(made=made, now=now, seen=seen, node=made._node)


def depth(stamp: int, frame: str = "optical", value: float = 1.0) -> Image:
    message = Image(width=6, height=4, encoding="32FC1", step=24, data=np.full((4, 6), value, np.float32).tobytes())
    message.header.frame_id, message.header.stamp.nanosec = frame, stamp
    return message


def test_problem__depth_slower_than_the_images__is_one_that_lasts_and_says_some(it):
    said = set()
    for k in range(90):  # three seconds of images, a depth image with every sixth
        stamp = 33 * MS * (k % 30)
        if k % 6 == 0:
            it.made._take(depth(stamp))
        it.seen(stamp)
        it.now[0] += 0.033
        if k > 6:
            said.add(f"{it.made.consequence}: {it.made.problem}")
    assert len(said) == 1 and said.pop().startswith("some images have no positions and points: no depth image on")


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_problem__depth_without_a_value_in_any_pixel__is_one_though_there_is_a_view(it, value):
    it.made._take(depth(0, value=value))
    assert it.seen(0) and it.made.consequence == "no positions and points"
    assert "the depth images on /camera/depth have no valid pixel" in it.made.problem
    it.now[0] += 0.033
    it.made._take(depth(33 * MS))
    assert it.seen(33 * MS) and it.made.consequence == "some images have no positions and points"
    it.now[0] += ALIVE_SECONDS
    assert it.made.problem == ""


def test_problem__no_calibration__names_the_topic_that_is_listened_to(it):
    it.made._take(depth(0))
    with pytest.raises(DepthError, match="none has arrived on /camera/camera_info: set CAMERA.camera_info_topic"):
        it.made.view(0, "optical", (4, 6), None, False, 0.05)
    assert "/camera/camera_info" in it.made.problem


def test_problem__of_one_image__is_over_some_seconds_later(it):
    it.made._take(depth(0))
    assert not it.seen(500 * MS) and "within 0.05 s" in it.made.problem and it.made.consequence == "no positions and points"
    it.now[0] += 0.1
    it.made._take(depth(600 * MS))
    assert it.seen(600 * MS) and it.made.problem
    it.now[0] += ALIVE_SECONDS + 0.1
    assert it.made.problem == ""


def test_problem__no_depth_at_all__stays_until_there_is_some_or_nobody_needs_it(it):
    for _ in range(5):
        it.made.refresh(True)
        it.now[0] += 1.0
    assert it.made.problem == "no depth image on /camera/depth in the last 2 s" and it.made.consequence == "no positions and points"
    it.now[0] += 60.0
    assert it.made.problem
    it.made.refresh(False)
    assert it.made.problem == ""


def test_view__depth_in_another_frame__is_said_once_of_each_camera(it):
    other = DepthInput(it.node, "rear/depth", "auto", "/rear/camera_info")
    for made in (it.made, other):
        made._take(depth(0, "depth_frame"))
        for _ in range(2):
            assert made.view(0, "optical", (4, 6), INFO, False, 0.05) is not None
    assert [line.split()[4] for line in it.node.lines] == ["/camera/depth", "/rear/depth"]


def test_problem__depth_that_begins_late_and_is_good__is_over_at_once(it):
    for _ in range(16):
        it.made.refresh(True)
        it.now[0] += 0.25
    assert it.made.problem
    for k in range(12):
        it.made._take(depth(33 * MS * k))
        assert it.seen(33 * MS * k)
        it.made.refresh(True)
        assert it.made.problem == ""
        it.now[0] += 0.033


def test_problem__a_publisher_beside_it_that_cannot_be_matched__is_none_while_depth_comes(it):
    it.made._subscription = SimpleNamespace(refresh=lambda: None, unmatched=("another type on /camera/depth",), topic="/camera/depth")
    it.made.refresh(True)
    assert it.made.problem == "another type on /camera/depth" and it.made.consequence == "no positions and points"
    for k in range(9):
        it.made._take(depth(33 * MS * k))
        assert it.seen(33 * MS * k)
        it.now[0] += 0.033
        it.made.refresh(True)
        assert it.made.problem == ""


def test_problem__an_empty_topic__is_one_where_somebody_needs_depth():
    none = DepthInput(FakeNode(), "", "auto", "/camera/camera_info")
    for needed, problem in ((True, "depth_topic is empty"), (False, "")):
        none.refresh(needed)
        assert none.problem == problem and none.topic == "" and not none.feed.alive
    none.destroy()


def test_view__depth_in_the_frame_of_the_image__says_nothing(it):
    it.made._take(depth(1))
    assert it.seen(1) and it.node.lines == []


def test_subscription__adapts_to_who_publishes_though_nobody_needs_depth_and_ends_with_the_input(it):
    done: list[str] = []
    it.made._subscription = SimpleNamespace(refresh=lambda: done.append("refreshed"), destroy=lambda: done.append("destroyed"))
    it.made.refresh(False)
    it.made.destroy()
    assert done == ["refreshed", "destroyed"]
