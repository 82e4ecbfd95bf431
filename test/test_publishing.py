"""Tests what is published for a frame, with publishers that record their messages."""
from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rmpsam_ros.msg", reason="the messages are not built (pip install . builds them)")

from builtin_interfaces.msg import Time  # noqa: E402
from fakes import FakeFrame, FakeSegmenter  # noqa: E402
from std_msgs.msg import Header  # noqa: E402
from visualization_msgs.msg import Marker  # noqa: E402

from rmpsam_ros.depth_view import DepthView, Extent, pinhole_rays  # noqa: E402
from rmpsam_ros.ros import publishing, publishing_3d  # noqa: E402
from rmpsam_ros.ros.feeds import Processed  # noqa: E402
from rmpsam_ros.ros.publishing import HIGHLIGHT_SECONDS, CameraOutputs  # noqa: E402
from rmpsam_ros.types import PromptResult, Roi, TrackedInstance, TrackState  # noqa: E402

IMAGE = np.full((40, 60, 3), 200, np.uint8)
VIEW = DepthView(np.full(IMAGE.shape[:2], 2.0, np.float32), pinhole_rays(IMAGE.shape[:2], [[50, 0, 30], [0, 50, 20], [0, 0, 1]]))
TRACK = TrackedInstance(1, 0, "dark", 0.9, TrackState.CONFIRMED, 3, 0, False, Roi(0, 0, 4, 4), np.ones((4, 4), bool))
EXTENTS = {1: Extent((0.0, 0.0, 2.0), (0.0, 0.0, 2.0), (0.1, 0.1, 0.1))}


class FakeNode:
    """Every topic has a subscriber; `sent` holds the published messages by the last part of the topic name."""

    def __init__(self) -> None:
        self.sent: dict[str, list] = {}

    def create_publisher(self, kind, topic, qos):
        sent = self.sent.setdefault(topic.removeprefix("~/front/"), [])
        return SimpleNamespace(publish=sent.append, get_subscription_count=lambda: 1)

    def get_clock(self):
        return SimpleNamespace(now=lambda: SimpleNamespace(to_msg=Time))


@pytest.fixture
def now(monkeypatch):
    """The clock in seconds, set by the test."""
    now = [100.0]
    for module in (publishing, publishing_3d):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.fixture
def outputs():
    node = FakeNode()
    return SimpleNamespace(node=node, made=CameraOutputs(node, "front", FakeSegmenter(), lambda: True), sent=node.sent)


def processed(tracks=()) -> Processed:
    frame = FakeFrame(FakeSegmenter(), IMAGE, 0.0)
    return Processed("front", Header(frame_id="optical"), 1, 1, frame, panoptic=frame.panoptic(), tracks=tracks)


def publish(outputs, tracks=(), view=None, extents=None) -> None:
    outputs.made.publish(processed(tracks), IMAGE, view, extents or {}, 0.5, 1)


def overlay(outputs) -> np.ndarray:
    return np.frombuffer(bytes(outputs.sent["overlay"][-1].data), np.uint8)


def test_highlight__is_drawn_for_its_seconds_and_on_images_of_its_size_only(outputs, now):
    publish(outputs)
    plain, mask = overlay(outputs), np.zeros(IMAGE.shape[:2], bool)
    mask[10:30, 10:30] = True
    click = PromptResult(mask, 0.9, Roi.of_mask(mask), 0, "dark")
    outputs.made.highlight(processed(), click, False, 0.5)
    for seconds, drawn in ((0.0, True), (HIGHLIGHT_SECONDS - 0.1, True), (HIGHLIGHT_SECONDS + 0.1, False)):
        now[0] = 100.0 + seconds
        publish(outputs)
        assert np.array_equal(overlay(outputs), plain) != drawn
    outputs.made.highlight(processed(), replace(click, mask=mask[:20, :20]), False, 0.5)
    publish(outputs)
    assert np.array_equal(overlay(outputs), plain)


def test_highlight__what_is_followed_is_drawn_once_and_then_as_a_track(outputs, now):
    publish(outputs)
    plain, mask = overlay(outputs), np.zeros(IMAGE.shape[:2], bool)
    mask[10:30, 10:30] = True
    frame = processed()
    outputs.made.publish(frame, IMAGE, None, {}, 0.5, 1)
    outputs.made.highlight(frame, PromptResult(mask, 0.9, Roi.of_mask(mask), 0, "dark"), True, 0.5)
    assert not np.array_equal(overlay(outputs), plain)  # immediately, on the clicked frame
    publish(outputs)
    assert np.array_equal(overlay(outputs), plain)
    publish(outputs, (TrackedInstance(1, 0, "dark", 0.9, TrackState.CONFIRMED, 3, 0, True, Roi(12, 12, 20, 20), mask[10:30, 10:30]),))
    assert not np.array_equal(overlay(outputs), plain)


def test_publish__of_a_frame_that_was_not_tracked__neither_tracks_nor_what_is_in_3d(outputs, now):
    publish(outputs, tracks=None, view=VIEW)
    assert not outputs.sent["tracks"] and not outputs.sent["points"] and not outputs.sent["markers"] and len(outputs.sent["panoptic"]) == 1
    publish(outputs, view=VIEW)
    assert len(outputs.sent["tracks"]) == len(outputs.sent["points"]) == len(outputs.sent["markers"]) == 1


def test_expire__boxes_that_no_frame_confirms_are_taken_down_once(outputs, now):
    publish(outputs, (TRACK,), VIEW, EXTENTS)
    now[0] += publishing_3d.STAY - 0.1
    outputs.made.expire()
    assert len(outputs.sent["markers"]) == 1
    for _ in range(2):
        now[0] += 0.2
        outputs.made.expire()
    assert [[marker.action for marker in message.markers] for message in outputs.sent["markers"][1:]] == [[Marker.DELETEALL]]


def test_detections_3d__go_out_with_the_markers_where_vision_msgs_is(monkeypatch, now):
    for name, value in (("AVAILABLE", True), ("LabelInfo", object), ("Detection2DArray", object), ("Detection3DArray", object),
                        ("label_info_message", lambda *_: None), ("detections_message", lambda *_: None),
                        ("detections_3d_message", lambda tracks, extents, header: (tracks, extents, header))):  # fmt: skip
        monkeypatch.setattr(publishing.vision_messages, name, value, raising=False)
    node = FakeNode()
    made = CameraOutputs(node, "front", FakeSegmenter(), lambda: True)
    frame = processed((TRACK,))
    made.publish(frame, IMAGE, None, {}, 0.5, 1)
    assert node.sent["detections_3d"] == []  # no depth
    made.publish(frame, IMAGE, VIEW, EXTENTS, 0.5, 1)
    assert node.sent["detections_3d"] == [((TRACK,), EXTENTS, frame.header)]


def test_label_info__is_told_anew_when_the_threshold_changes(monkeypatch):
    monkeypatch.setattr(publishing.vision_messages, "AVAILABLE", True)
    for kind in ("LabelInfo", "Detection2DArray", "Detection3DArray"):
        monkeypatch.setattr(publishing.vision_messages, kind, object, raising=False)
    monkeypatch.setattr(publishing.vision_messages, "label_info_message", lambda labels, threshold, header: (labels.name, threshold))
    node = FakeNode()
    outputs = CameraOutputs(node, "front", FakeSegmenter(), lambda: True)
    for threshold in (0.3, 0.5, 0.5, 0.3):
        outputs.say_threshold(threshold)
    assert node.sent["semantic/label_info"] == [("fake", 0.3), ("fake", 0.5), ("fake", 0.3)]
