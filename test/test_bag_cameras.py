"""Tests one camera of a bag without a network, and message definitions in .msg spelling."""
from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("rosbags", reason="bags are read and written by rosbags")
pytest.importorskip("rclpy", reason="the node's messages need ROS 2")

from builtin_interfaces.msg import Time  # noqa: E402
from rosbags.typesys import get_types_from_msg  # noqa: E402
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from fakes import FakeSegmenter  # noqa: E402
from rmpsam_ros.ros import bag_cameras, vision_messages  # noqa: E402
from rmpsam_ros.ros.bag_cameras import AHEAD, BagCamera, BagOptions  # noqa: E402
from rmpsam_ros.ros.bags import _as_msg  # noqa: E402

SECOND = 1_000_000_000


@pytest.fixture
def make(monkeypatch):
    """Makes a camera whose tracker tracks nothing."""
    tracker = SimpleNamespace(update=lambda frame, time, depth: (), used=True)
    monkeypatch.setattr(bag_cameras, "Tracker", lambda labels, max_age, min_hits: tracker)

    def build(*results: str, depth: str = "", **options) -> BagCamera:
        return BagCamera("front", "/front/image_raw", depth, FakeSegmenter(), BagOptions(results, **options))

    return build


def entry(recorded: int, stamp: int = 0, kind: type = Image) -> SimpleNamespace:
    """An image as stored in a bag; times in ns."""
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:, 3:] = 255
    fields = dict(height=4, width=6, encoding="rgb8", step=18, data=pixels.tobytes())
    if kind is CompressedImage:
        fields = dict(format="png", data=cv2.imencode(".png", pixels)[1].tobytes())
    sec, nanosec = divmod(stamp, SECOND)
    return SimpleNamespace(message=kind(header=Header(stamp=Time(sec=sec, nanosec=nanosec)), **fields), time=recorded)


def depth_entry(recorded: int, stamp: int = 0) -> SimpleNamespace:
    return SimpleNamespace(message=SimpleNamespace(header=Header(stamp=Time(sec=stamp // SECOND, nanosec=stamp % SECOND))), time=recorded)


@pytest.mark.parametrize("kind", [Image, CompressedImage])
def test_results__an_image_without_a_stamp__is_of_when_it_was_recorded(make, kind):
    camera = make("panoptic")
    for given in (entry(7 * SECOND, kind=kind), entry(8 * SECOND, stamp=5 * SECOND, kind=kind)):
        assert [topic for topic, *_ in camera.results(given)] == ["/rmpsam/front/panoptic"]
    assert camera._segmenter.images == [7 * SECOND, 5 * SECOND]


def test_is_ready__without_stamps__depth_is_the_one_of_its_own_recording(make):
    camera = make(depth="/front/depth")
    camera.take_beside(depth_entry(6 * SECOND))
    late = entry(6 * SECOND + 1)
    assert camera.is_ready(entry(6 * SECOND), 6 * SECOND) and not camera.is_ready(late, late.time)
    camera.take_beside(depth_entry(late.time))
    assert camera.is_ready(late, late.time)


def test_is_ready__without_depth_in_time__waits_no_longer_than_it_may(make):
    image = entry(6 * SECOND, stamp=6 * SECOND)
    assert make().is_ready(image, image.time)
    camera = make(depth="/front/depth")
    camera.take_beside(depth_entry(6 * SECOND, stamp=6 * SECOND - 1))
    assert AHEAD == 0.2 * SECOND  # a feed keeps eight messages: slightly more than that at 30 Hz
    assert not camera.is_ready(image, image.time + AHEAD) and camera.is_ready(image, image.time + AHEAD + 1)


@pytest.mark.parametrize("early, taken", [(0, True), (90_000, True), (200_000, False)])
def test_results__at_a_rate__stamps_may_come_a_little_early(make, early, taken):
    camera = make(max_rate=5.0)
    assert camera.results(entry(0, stamp=SECOND)) is not None
    assert (camera.results(entry(0, stamp=SECOND + 200_000_000 - early)) is not None) is taken


def test_results__at_a_rate__what_is_left_out_is_not_inferred_and_a_time_that_begins_anew_is_taken(make):
    camera = make(max_rate=5.0)
    used = [camera.results(entry(k, stamp=int(stamp * SECOND))) is not None for k, stamp in enumerate((10, 10.1, 10.2, 10.3, 2, 2.1))]
    assert used == [True, False, True, False, True, False] and camera._segmenter.images == [10 * SECOND, int(10.2 * SECOND), 2 * SECOND]


def test_results__label_info__is_sent_once_latched_and_with_semantic_maps_only(make, monkeypatch):
    monkeypatch.setattr(vision_messages, "AVAILABLE", True)
    monkeypatch.setattr(vision_messages, "label_info_message", lambda labels, threshold, header: (labels.name, threshold))
    camera, other = make("semantic"), make("panoptic")
    sent = [[(topic, latched) for topic, _, latched in camera.results(entry(k, stamp=SECOND + k))] for k in range(3)]
    assert sent[0] == [("/rmpsam/front/semantic/label_info", True), ("/rmpsam/front/semantic", False)]
    assert sent[1] == sent[2] == sent[0][1:]
    assert not any("label_info" in topic for topic, *_ in other.results(entry(0)))


@pytest.mark.parametrize("idl, written", [
    ("boolean", "bool"), ("octet", "byte"), ("double", "float64"), ("uint8", "uint8"), ("string", "string"), ("string<8>", "string<=8"),
    ("geometry_msgs/Point", "geometry_msgs/Point"), ("double[9]", "float64[9]"), ("geometry_msgs/Point[2]", "geometry_msgs/Point[2]"),
    ("sequence<float>", "float32[]"), ("sequence<float, 3>", "float32[<=3]"), ("sequence<geometry_msgs/Point, 12>", "geometry_msgs/Point[<=12]"),
    ("sequence<string<8>>", "string<=8[]"), ("sequence<string<8>, 2>", "string<=8[<=2]"), ("string<8>[4]", "string<=8[4]"),
])
def test_as_msg__a_field__is_spelt_as_in_msg_files_and_read_as_such(idl, written):
    assert _as_msg(idl) == written
    assert "made/msg/Made" in get_types_from_msg(f"{written} field", "made/msg/Made")
