"""Tests the optional Foxglove annotations against stand-ins with the package's fields, and the real one if installed (apt only)."""
from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed (pip install . brings it)")

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from fakes import LABELS
from rmpsam_ros.overlay_colors import instance_color, track_color
from rmpsam_ros.ros import foxglove_messages
from rmpsam_ros.types import PanopticResult, Roi, Segment, TrackedInstance, TrackState

SIZE = (120, 160)
HEADER = Header(stamp=Time(sec=5, nanosec=7))


@pytest.fixture(autouse=True, params=["stand-ins", "stand-ins before 3.2.5", "foxglove_msgs"])
def foxglove_msgs(request, monkeypatch):
    if request.param == "foxglove_msgs":
        if not foxglove_messages.AVAILABLE:
            pytest.skip("foxglove_msgs is not installed (apt: ros-DISTRO-foxglove-msgs)")
        return

    def points_annotation(**fields):
        return SimpleNamespace(**fields)

    points_annotation.LINE_LOOP = 2
    classes = {
        "ImageAnnotations": lambda: SimpleNamespace(points=[], texts=[], **({"timestamp": None} if request.param == "stand-ins" else {})),
        "PointsAnnotation": points_annotation,
        **{name: lambda **fields: SimpleNamespace(**fields) for name in ("Point2", "TextAnnotation", "RGBA")},
    }
    for name, made in classes.items():
        monkeypatch.setattr(foxglove_messages, name, made, raising=False)


def map_of(*masks: np.ndarray, **fields) -> PanopticResult:
    """A panoptic map with these things, the later ones on top."""
    ids = np.zeros(SIZE, np.uint16)
    for number, mask in enumerate(masks, start=1):
        ids[mask] = number
    segments = tuple(
        Segment(n, 0, "dark", True, 0.87, int((ids == n).sum()), Roi.of_mask(ids == n), **fields) for n in range(1, len(masks) + 1)
    )
    return PanopticResult(ids, segments, LABELS)


def disc(x: int, y: int, radius: int) -> np.ndarray:
    return cv2.circle(np.zeros(SIZE, np.uint8), (x, y), radius, 1, -1) > 0


def track(mask: np.ndarray, track_id: int, state: TrackState = TrackState.CONFIRMED, prompted: bool = True) -> TrackedInstance:
    roi = Roi.of_mask(mask)
    return TrackedInstance(track_id, 0, "dark", 0.5, state, 3, 0, prompted, roi, mask[roi.slices])


def corners(loop) -> np.ndarray:
    return np.array([(point.x, point.y) for point in loop.points])


def rgb(color) -> tuple[int, ...]:
    return tuple(round(255 * channel) for channel in (color.r, color.g, color.b))


def drawn(loops) -> np.ndarray:
    """(H, W) bool: the inside of loops whose pixel corners are at integers, as the message has them; holes are holes."""
    canvas = np.zeros(SIZE, np.uint8)
    cv2.fillPoly(canvas, [np.rint(corners(loop) - 0.5).astype(np.int32) for loop in loops], 1)
    return canvas > 0


def test_outlines__go_round_the_mask_with_few_corners():
    mask = disc(70, 50, 30)
    message = foxglove_messages.annotations_message(map_of(mask), None, HEADER)
    (loop,) = message.points
    stamped = [message] if hasattr(message, "timestamp") else []
    assert all(part.timestamp == HEADER.stamp for part in (*stamped, *message.points, *message.texts))
    assert loop.type == 2 and rgb(loop.outline_color) == instance_color((9, 9, 9), 0)
    assert 8 <= len(loop.points) <= 40
    found = drawn([loop])
    assert (found & mask).sum() / (found | mask).sum() > 0.95


def test_outlines__count_from_the_corner_of_the_image():
    mask = np.zeros(SIZE, bool)
    mask[:, :] = True
    (loop,) = foxglove_messages.annotations_message(map_of(mask), None, HEADER).points
    assert corners(loop).min(axis=0).tolist() == [0.5, 0.5] and corners(loop).max(axis=0).tolist() == [159.5, 119.5]


def test_outlines__every_region_and_hole_but_no_specks():
    mask = disc(50, 60, 30) & ~disc(50, 60, 12) | disc(130, 60, 15)
    mask[2, 2] = True
    loops = foxglove_messages.annotations_message(map_of(mask), None, HEADER).points
    assert len(loops) == 3
    found = drawn(loops)
    assert (found & mask).sum() / (found | mask).sum() > 0.9
    assert not found[60, 50]


def test_outlines__of_one_pixel_is_its_square():
    mask = np.zeros(SIZE, bool)
    mask[7, 9] = True
    (loop,) = foxglove_messages.annotations_message(map_of(mask), None, HEADER).points
    assert corners(loop).tolist() == [[9.0, 7.0], [10.0, 7.0], [10.0, 8.0], [9.0, 8.0]]


def test_names__stand_on_the_upper_edge_and_inside_the_image():
    low, high = (foxglove_messages.annotations_message(map_of(disc(60, y, 20), track_id=4), None, HEADER).texts for y in (80, 20))
    assert low[0].text == "dark #4 0.87" and (low[0].position.x, low[0].position.y) == (40.0, 60.0)
    assert high[0].position.y == high[0].font_size > 0
    assert rgb(low[0].background_color) == track_color(4)


def test_stuff__is_left_out():
    result = map_of(disc(60, 60, 20))
    stuff = replace(result, segments=tuple(replace(s, is_thing=False) for s in result.segments))
    message = foxglove_messages.annotations_message(stuff, None, HEADER)
    assert message.points == [] and message.texts == []


def test_clicked_objects__have_the_mask_of_their_prompts():
    result, asked = map_of(disc(60, 60, 20), track_id=4), disc(64, 60, 24)
    message = foxglove_messages.annotations_message(result, [track(asked, 4)], HEADER)
    (loop,) = message.points
    found = drawn([loop])
    assert (found & asked).sum() / (found | asked).sum() > 0.95 and loop.thickness > 2.0
    assert [text.text for text in message.texts] == ["dark #4 0.50"]


def test_clicked_objects__that_are_lost_and_other_tracks_change_nothing():
    result = map_of(disc(60, 60, 20), track_id=4)
    others = [track(disc(20, 20, 9), 5, TrackState.LOST), track(disc(60, 60, 22), 4, prompted=False)]
    assert foxglove_messages.annotations_message(result, others, HEADER) == foxglove_messages.annotations_message(result, None, HEADER)


def test_banner__stands_in_the_upper_left_corner():
    (text,) = foxglove_messages.annotations_message(map_of(), (), HEADER, "UNTRAINED").texts
    assert text.text == "UNTRAINED" and text.position.x == 0.0 and text.position.y == text.font_size
