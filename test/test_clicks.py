"""Tests clicks from topics without a node: the camera and pixel of a 3D point, and warnings if TF has no transform."""
from __future__ import annotations

import sys
from concurrent.futures import Future
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")

from geometry_msgs.msg import PointStamped, Transform, TransformStamped
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import ROSClock
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo

from rmpsam_ros.ros.clicks import MOST_WAITING, ClickTopics
from rmpsam_ros.errors import PromptError
from rmpsam_ros.ros.requests import Answer


class FakeNode:
    """Records log lines; subscriptions are topic names only."""

    def __init__(self):
        self.lines: list[str] = []
        self.topics: list[str] = []
        self.groups: list = []
        self.clock = ROSClock()

    def create_subscription(self, kind, topic, callback, depth, callback_group=None):
        self.topics.append(topic)
        self.groups.append(callback_group)
        return topic

    def resolve_topic_name(self, topic):
        return {"remapped/clicks": "/elsewhere"}.get(topic, topic if topic.startswith("/") else f"/{topic}")

    def destroy_subscription(self, subscription):
        pass

    def get_clock(self):
        return self.clock

    def get_logger(self):
        return SimpleNamespace(warning=self.lines.append, info=self.lines.append, error=self.lines.append)


def info(frame: str) -> CameraInfo:
    message = CameraInfo(height=120, width=160, k=[100.0, 0.0, 80.0, 0.0, 100.0, 60.0, 0.0, 0.0, 1.0],
                         distortion_model="plumb_bob", d=[0.0] * 5)
    message.header.frame_id = frame
    return message


def clicked(frame: str, x: float, y: float, z: float) -> PointStamped:
    message = PointStamped()
    message.header.frame_id = frame
    message.point.x, message.point.y, message.point.z = x, y, z
    return message


@pytest.fixture
def topics():
    """Two cameras, left and right; `asked` holds (camera, x, y) of each click that reached the worker."""
    node, asked, futures = FakeNode(), [], []
    cameras = {
        name: SimpleNamespace(name=name, topic=f"/{name}/image_raw", rectified=False, optical_frame=f"{name}_optical",
                              camera_info=info(f"{name}_optical"), image_size=None, info_topic=f"/{name}/camera_info",
                              newest_stamp=0)
        for name in ("left", "right")
    }

    def ask(click):
        asked.append((click.camera, *(round(v, 6) for v in click.points[0])))
        futures.append(Future())
        return futures[-1]

    made = ClickTopics(node, cameras, lambda name: f"{name}/clicks", "clicked_point", ask, lambda *_: None)
    return SimpleNamespace(made=made, node=node, asked=asked, futures=futures, cameras=cameras)


def test_click_topics__of_each_activation_have_a_group_of_their_own__as_groups_never_forget(topics):
    before, once = topics.node.groups[:], len(topics.node.groups)
    topics.made.destroy()
    ClickTopics(topics.node, topics.cameras, lambda name: f"{name}/clicks", "clicked_point", None, None)
    assert len(topics.node.groups) == 2 * once and not set(before) & set(topics.node.groups[once:])
    assert all(isinstance(group, ReentrantCallbackGroup) for group in topics.node.groups)


def test_points__that_a_program_sends_without_end__are_not_a_line_of_the_log_each__but_each_reason_is_one(topics):
    for _ in range(50):
        for message in (clicked("left_optical", float("nan"), 0.0, 1.0), clicked("left_optical", 0.0, 0.0, -1.0)):
            topics.made._take_point(message)
    said = [line for line in topics.node.lines if "clicked_point ignored" in line]
    assert 2 <= len(said) <= 8 and len(set(said)) == 2


def fake_tf2(monkeypatch, transforms: dict[tuple, Transform]) -> ModuleType:
    """A tf2_ros that knows transforms by (target, source), the latest, and by (target, source, time in ns)."""
    module = ModuleType("tf2_ros")
    module.TransformException = type("TransformException", (Exception,), {})

    class Buffer:
        def lookup_transform(self, target, source, time, timeout):
            if (target, source, time.nanoseconds) in transforms:
                return TransformStamped(transform=transforms[target, source, time.nanoseconds])
            if time.nanoseconds or (target, source) not in transforms:
                raise module.TransformException(f"'{source}' is not\nconnected")
            return TransformStamped(transform=transforms[target, source])

    module.Buffer, module.listening = Buffer, []

    class TransformListener:
        def __init__(self, buffer, node):
            module.listening.append(self)

        def unregister(self):
            module.listening.remove(self)

    module.TransformListener = TransformListener
    monkeypatch.setitem(sys.modules, "tf2_ros", module)
    return module


def test_click_topics__follow_the_image_topic_wherever_it_was_led():
    node = FakeNode()
    cameras = {
        "camera": SimpleNamespace(topic="/camera/image_raw"), "led": SimpleNamespace(topic="/front/color/image_raw"),
        "thin": SimpleNamespace(topic="/thin/image_raw/compressed"), "remapped": SimpleNamespace(topic="/remapped/image_raw"),
    }
    named = {"remapped": "remapped/clicks"}
    ClickTopics(node, cameras, lambda name: named.get(name, f"{name}/image_raw_mouse_left"), "clicked_point", None, None)
    assert sorted(node.topics) == sorted([
        "/camera/image_raw_mouse_left", "/led/image_raw_mouse_left", "/front/color/image_raw_mouse_left",
        "/thin/image_raw_mouse_left", "/elsewhere", "/remapped/image_raw_mouse_left", "clicked_point",
        *(f"/~/{name}/overlay_mouse_left" for name in cameras),
    ])


def test_point__pixels_in_the_frame_of_a_camera(topics):
    topics.made._take_point(clicked("right_optical", 12.0, 34.0, 0.0))
    assert topics.asked == [("right", 12, 34)]


def test_point__in_3d_in_the_frame_of_a_camera(topics):
    topics.made._take_point(clicked("left_optical", 0.2, 0.1, 1.0))
    assert topics.asked == [("left", 100, 70)]


def test_point__without_a_frame(topics):
    topics.made._take_point(clicked("", 0.2, 0.1, 1.0))
    assert "the point has no frame_id: it must be 'left_optical', or a frame that tf knows" in topics.node.lines[0]
    assert topics.asked == []
    topics.cameras["left"].optical_frame = topics.cameras["left"].camera_info.header.frame_id = ""  # nor have the images of this camera
    topics.made._take_point(clicked("", 0.2, 0.1, 1.0))
    assert topics.asked == [("left", 100, 70)]


def test_point__in_another_frame_goes_to_every_camera_that_sees_it(topics, monkeypatch):
    level, away = Transform(), Transform()
    level.rotation.w = away.rotation.w = 1.0
    level.translation.z, away.translation.z = 1.0, -5.0
    fake_tf2(monkeypatch, {("left_optical", "map"): level, ("right_optical", "map"): away})
    topics.made._take_point(clicked("map", 0.4, 0.2, 1.0))
    assert topics.asked == [("left", 100, 70)] and topics.node.lines == []
    topics.made.destroy()


@pytest.mark.parametrize("newest, stamp, x", [(0, 0, 100), (9, 0, 120), (9, 12, 120), (9, 7, 110), (8, 12, 100)])
def test_point__in_another_frame_is_transformed_at_the_time_of_the_image(topics, monkeypatch, newest, stamp, x):
    transforms = {}
    for key, shift in ((("left_optical", "map"), 0.0), (("left_optical", "map", 9), 0.4), (("left_optical", "map", 7), 0.2)):
        transforms[key] = Transform()
        transforms[key].rotation.w, transforms[key].translation.x = 1.0, shift
    fake_tf2(monkeypatch, transforms)
    topics.cameras["left"].newest_stamp = newest
    message = clicked("map", 0.4, 0.2, 2.0)
    message.header.stamp.nanosec = stamp
    topics.made._take_point(message)
    assert topics.asked == [("left", x, 70)]
    topics.made.destroy()


def test_transforms__are_heard_anew_where_the_clock_jumps_back_and_not_after_the_end(topics, monkeypatch):
    level = Transform()
    level.rotation.w = 1.0
    tf2 = fake_tf2(monkeypatch, {("left_optical", "map"): level, ("right_optical", "map"): level})
    topics.node.clock._set_ros_time_is_active(True)
    for seconds in (10, 20):
        topics.node.clock.set_ros_time_override(Time(seconds=seconds, clock_type=topics.node.clock.clock_type))
        topics.made._take_point(clicked("map", 0.4, 0.2, 1.0))
        assert len(tf2.listening) == 1
    (before,) = tf2.listening
    topics.node.clock.set_ros_time_override(Time(seconds=5, clock_type=topics.node.clock.clock_type))
    assert tf2.listening == []
    topics.made._take_point(clicked("map", 0.4, 0.2, 1.0))
    assert len(tf2.listening) == 1 and tf2.listening[0] is not before
    topics.made.destroy()
    topics.made._take_point(clicked("map", 0.4, 0.2, 1.0))  # a callback that was in progress
    assert tf2.listening == [] and "has been deactivated meanwhile" in topics.node.lines[-1]


def test_click_topics__a_topic_that_cannot_be__leaves_nothing_behind(topics, monkeypatch):
    node = FakeNode()
    gone: list[str] = []
    node.destroy_subscription = gone.append

    def refuse(topic):
        if topic.endswith("nowhere"):
            raise ValueError("no such topic")
        return f"/{topic}"

    node.resolve_topic_name = refuse
    with pytest.raises(ValueError, match="no such topic"):
        ClickTopics(node, topics.cameras, lambda name: "clicks" if name == "left" else "nowhere", "clicked_point", None, None)
    assert gone == node.topics and len(gone) == 3


def test_point__beyond_what_the_distortion_describes__is_in_no_image(topics):
    for camera in topics.cameras.values():
        camera.camera_info.d = [-0.37, 0.2, 0.0, 0.0, -0.07]
    topics.made._take_point(clicked("left_optical", 0.2, 0.1, 1.0))
    topics.made._take_point(clicked("left_optical", 1.7, 0.1, 1.0))
    assert len(topics.asked) == 1 and "outside the camera's view: the lens distortion is not valid so far from the centre" in topics.node.lines[-1]


def test_point__refused_with_the_reason_for_each_camera(topics, monkeypatch):
    fake_tf2(monkeypatch, {})
    topics.cameras["right"].camera_info = None
    topics.made._take_point(clicked("map", 0.0, 0.0, 1.0))
    (line,) = topics.node.lines
    assert "camera 'left': no transform from 'map' to 'left_optical': 'map' is not connected" in line
    assert "camera 'right': a 3D click needs the camera_info, and none has arrived on /right/camera_info: set CAMERA.camera_info_topic" in line and topics.asked == []


def test_point__without_tf2_ros_or_outside_the_image(topics, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    topics.made._take_point(clicked("map", 0.0, 0.0, 1.0))
    assert "tf2_ros, which is needed for the transform, is not installed" in topics.node.lines[0]
    topics.made._take_point(clicked("left_optical", 5.0, 0.0, 1.0))
    assert "at pixel (580, 60), outside the 160x120 image" in topics.node.lines[1] and topics.asked == []


def test_click__several_wait_and_the_oldest_gives_way_with_a_word(topics):
    for x in range(MOST_WAITING):
        topics.made._click("left", float(x), 5.0, 0)
    topics.made._click("right", 3.0, 5.0, 0)
    assert not any(future.cancelled() for future in topics.futures) and topics.node.lines == []
    topics.made._click("left", 50.0, 5.0, 0)
    assert [future.cancelled() for future in topics.futures] == [True, *[False] * (MOST_WAITING + 1)]
    assert len(topics.node.lines) == 1 and "camera 'left' was dropped for newer ones" in topics.node.lines[0]
    topics.futures[1].set_running_or_notify_cancel()
    topics.futures[1].set_exception(PromptError("answered"))
    topics.made._click("left", 60.0, 5.0, 0)  # there is room again
    assert not any(future.cancelled() for future in topics.futures[1:])


def test_click__an_answer_is_not_kept(topics):
    for x in (1.0, 2.0):
        topics.made._click("left", x, 5.0, 0)
    for future in topics.futures:
        future.set_running_or_notify_cancel()
        future.set_exception(PromptError("answered"))
    assert not topics.made._waiting["left"]  # it would keep its frame alive, forever if nobody clicks again


def test_point__beside_an_image_that_is_a_part_of_the_sensor(topics):
    topics.cameras["right"].camera_info = None
    left = topics.cameras["left"].camera_info
    left.binning_x = left.binning_y = 2
    topics.made._take_point(clicked("left_optical", 0.0, 0.55, 1.0))  # at y = 115 of the sensor, 57 of the image
    assert topics.asked == [("left", 40, 57.5)]
    left.roi.width, left.roi.height = 80, 60  # the upper left quarter, binned: 40x30
    topics.made._take_point(clicked("left_optical", 0.0, 0.55, 1.0))
    assert len(topics.asked) == 1 and "outside the 40x30 image" in topics.node.lines[-1]


def test_click__refusals_are_logged(topics):
    topics.made._click("left", 1.0, 5.0, 0)
    topics.futures[0].set_running_or_notify_cancel()
    topics.futures[0].set_exception(PromptError("The point is outside."))
    assert topics.node.lines == ["click on camera 'left' ignored: The point is outside."]


def test_click__on_a_camera_that_nobody_listens_to__is_logged_as_one_that_nothing_updates(topics):
    topics.made._click("left", 1.0, 5.0, 0)
    topics.futures[0].set_running_or_notify_cancel()
    result = SimpleNamespace(mask=np.ones((4, 6), bool), score=0.5, class_name="cup")
    topics.futures[0].set_result(Answer(None, result, 8, caution="nothing updates the track"))
    assert topics.node.lines == ["click at (1, 5) on camera 'left': cup, predicted IoU 0.50, 24 pixels, track 8; nothing updates the track"]


def test_click__with_depth__the_position_is_logged(topics):
    topics.made._click("left", 1.0, 5.0, 0)
    topics.futures[0].set_running_or_notify_cancel()
    result = SimpleNamespace(mask=np.ones((4, 6), bool), score=0.5, class_name="cup")
    topics.futures[0].set_result(Answer(None, result, 8, position=(0.25, -0.5, 1.504)))
    assert topics.node.lines == ["click at (1, 5) on camera 'left': cup, predicted IoU 0.50, 24 pixels, at (0.25, -0.50, 1.50) m, track 8"]


def test_point__with_z_of_nought_in_another_frame_is_no_pixel(topics):
    topics.made._take_point(clicked("nowhere", 12.0, 7.0, 0.0))
    (line,) = topics.node.lines
    assert topics.asked == [] and line.startswith("clicked_point ignored: camera 'left': ") and "camera 'right': " in line


def test_clicked_point__in_pixels_of_two_cameras_with_one_frame__is_refused_and_both_are_named(topics):
    topics.cameras["right"].optical_frame = "left_optical"
    topics.made._take_point(clicked("left_optical", 10, 20, 0))
    assert topics.asked == [] and "'left' and 'right' both have the frame 'left_optical'" in topics.node.lines[0]
    topics.made._take_point(clicked("left_optical", 0, 0, 2))  # in metres it is the same point for both
    assert [camera for camera, *_ in topics.asked] == ["left", "right"]


def test_clicked_point__with_the_calibration_of_another_size__is_refused(topics):
    left = topics.cameras["left"]
    left.image_size = (80, 60)
    topics.made._take_point(clicked("left_optical", 0.1, 0, 2))
    assert topics.asked == [] and "camera_info is for images of 160x120 pixels, but the image has 80x60" in topics.node.lines[0]
    left.image_size = (160, 120)
    topics.made._take_point(clicked("left_optical", 0.1, 0, 2))
    assert topics.asked == [("left", 85.0, 60.0)]
