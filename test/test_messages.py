"""Tests the conversion of results to messages: the bytes, with the strict field type checks that Humble always makes."""
from __future__ import annotations

import os
import sys
import time

os.environ["ROS_PYTHON_CHECK_FIELDS"] = "1"

import numpy as np
import pytest

pytest.importorskip("rmpsam_ros.msg", reason="the messages are not built (pip install . builds them)")

from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fakes import LABELS, FakeFrame, FakeSegmenter
from rmpsam_ros.ros.frame_messages import frame_messages, frame_topics
from rmpsam_ros.ros.messages import (
    byte_array, camera_info_message, image_message, label_set_message, mask_message, panoptic_message, stamp_ns, tracks_message,
)
from rmpsam_ros.types import PanopticResult, Roi, Segment, TrackedInstance, TrackState


def test_tracks_message__masks_inside_their_rectangles_and_no_class():
    mask = np.array([[True, False, True]])
    track = TrackedInstance(5, -1, "", 0.5, TrackState.LOST, 9, 2, True, Roi(3, 4, 3, 1), mask, position=(1.0, 2.0, 3.5))
    message = tracks_message([track], Header(frame_id="optical")).instances[0]
    assert (message.track_id, message.class_id, message.state, message.prompted) == (5, 65535, 2, True)
    assert (message.roi.x_offset, message.roi.width, message.mask.width, message.mask.height) == (3, 3, 3, 1)
    assert list(message.mask.data) == [255, 0, 255] and message.mask.header.frame_id == "optical"
    assert message.has_position and (message.position.x, message.position.y, message.position.z) == (1.0, 2.0, 3.5)


def test_tracks_message__a_track_whose_rectangle_is_wider_than_its_mask__has_a_tight_one():
    mask = np.zeros((5, 6), bool)
    mask[1:4, 2:4] = True
    track = TrackedInstance(5, 7, "cup", 0.5, TrackState.CONFIRMED, 9, 0, False, Roi(30, 40, 6, 5), mask)
    message = tracks_message([track], Header()).instances[0]
    assert (message.roi.x_offset, message.roi.y_offset, message.roi.width, message.roi.height) == (32, 41, 2, 3)
    assert (message.mask.width, message.mask.height, message.mask.step, list(message.mask.data)) == (2, 3, 2, [255] * 6)


def test_tracks_message__a_mask_without_a_pixel__has_the_rectangle_of_its_track():
    track = TrackedInstance(5, 7, "cup", 0.5, TrackState.LOST, 9, 2, False, Roi(30, 40, 3, 2), np.zeros((2, 3), bool))
    message = tracks_message([track], Header()).instances[0]
    assert (message.roi.x_offset, message.roi.y_offset, message.roi.width, message.roi.height) == (30, 40, 3, 2)
    assert (message.mask.width, message.mask.height, list(message.mask.data)) == (3, 2, [0] * 6)


@pytest.mark.parametrize("class_id", [0, 7])
def test_tracks_message__a_class_and_no_position(class_id):
    track = TrackedInstance(5, class_id, "cup", 0.5, TrackState.CONFIRMED, 9, 2, False, Roi(3, 4, 3, 2), np.ones((2, 3), bool))
    message = tracks_message([track], Header()).instances[0]
    assert (message.class_id, message.class_name, message.age, message.frames_since_seen) == (class_id, "cup", 9, 2)
    assert not message.has_position and not message.prompted and (message.roi.y_offset, message.roi.height, message.mask.step) == (4, 2, 3)


def header() -> Header:
    header = Header(frame_id="optical")
    header.stamp.sec, header.stamp.nanosec = 12, 345
    return header


def test_byte_array__any_layout():
    array = np.arange(24, dtype=np.uint16).reshape(4, 6)
    for view in (array, array[::2], array.T, array[:, ::-1]):
        assert byte_array(view).tobytes() == np.ascontiguousarray(view).tobytes()
    assert byte_array(np.empty((0, 3), np.uint8)).tobytes() == b""


@pytest.mark.parametrize("encoding, shape, dtype, step", [
    ("mono8", (4, 6), np.uint8, 6), ("mono16", (4, 6), np.uint16, 12), ("bgr8", (4, 6, 3), np.uint8, 18),
])
def test_image_message(encoding, shape, dtype, step):
    pixels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    message = image_message(pixels, encoding, header())
    assert (message.height, message.width, message.step, message.encoding) == (4, 6, step, encoding)
    assert message.data.tobytes() == pixels.tobytes() and message.header == header()


def test_image_message__costs_a_copy_and_no_more():
    pixels = np.zeros((1080, 1920, 3), np.uint8)
    started = time.perf_counter()
    for _ in range(5):
        image_message(pixels, "bgr8", header())
    # A list or a numpy array would take 5 x 180 ms or more with these checks; the bound leaves room for a busy machine.
    assert time.perf_counter() - started < 0.4


def test_mask_message():
    mask = np.zeros((5, 7), bool)
    mask[1:3, 2:6] = True
    message = mask_message(mask[:, ::-1], header())
    assert message.encoding == "mono8" and message.data.tobytes() == (mask[:, ::-1] * np.uint8(255)).tobytes()


def test_panoptic_message__one_entry_for_every_value():
    image = np.zeros((6, 8, 3), np.uint8)
    image[:, 5:] = 200
    result = FakeFrame(FakeSegmenter(), image, 0.0).panoptic()
    message = panoptic_message(result, header())
    assert [s.id for s in message.segments] == [1, 2] and [s.area for s in message.segments] == [30, 18]
    assert message.segments[1].roi.x_offset == 5 and message.segments[1].class_name == "light"
    assert not message.segments[1].is_thing and message.header == message.segment_ids.header == header()
    assert np.frombuffer(message.segment_ids.data, np.uint16).tolist() == result.segment_ids.ravel().tolist()


def test_panoptic_message__largest_values():
    segment = Segment(65535, 254, "x", True, 1.0, 2**31, Roi(0, 0, 1, 1), track_id=2**32 - 1)
    message = panoptic_message(PanopticResult(np.full((1, 1), 65535, np.uint16), (segment,), LABELS), header())
    assert message.segments[0].id == 65535 and message.segments[0].track_id == 2**32 - 1


def test_label_set_message():
    message = label_set_message(LABELS)
    assert message.name == "fake" and [c.name for c in message.classes] == ["dark", "light"]
    assert message.classes[0].is_thing and message.classes[1].color.r == pytest.approx(240 / 255)


def test_stamp_ns():
    assert stamp_ns(header().stamp) == 12_000_000_345 and stamp_ns(Image().header.stamp) == 0


def test_stamp_ns__of_today_is_exact():
    assert stamp_ns(Time(sec=1_790_000_000, nanosec=123_456_789)) == 1_790_000_000_123_456_789


def test_image_message__says_this_machines_byte_order():
    assert image_message(np.array([[1]], np.uint16), "mono16", header()).is_bigendian == (sys.byteorder == "big")


def test_camera_info_message__of_a_picture_that_is_wider_than_high():
    message = camera_info_message((480, 640), [[500, 0, 320], [0, 510, 240], [0, 0, 1]], header())
    assert (message.height, message.width, message.header) == (480, 640, header())
    assert message.k.tolist() == [500, 0, 320, 0, 510, 240, 0, 0, 1] and not any(message.d)


def test_frame_messages__of_a_frame_that_was_not_tracked_are_all_but_tracks():
    result = FakeFrame(FakeSegmenter(), np.zeros((4, 6, 3), np.uint8), 0.0).panoptic()
    topics = [{topic for topic, _ in frame_messages(lambda topic: True, result, tracks, header(), "")} for tracks in ((), None)]
    assert topics[0] == set(frame_topics()) and topics[1] == topics[0] - {"tracks"}
