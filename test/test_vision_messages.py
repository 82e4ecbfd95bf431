"""Tests the optional vision_msgs outputs against stand-ins with the package's fields (the real one is available from apt only)."""
from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from fakes import LABELS

from rmpsam_ros.depth_view import Extent
from rmpsam_ros.ros import vision_messages
from rmpsam_ros.types import PanopticResult, Roi, Segment, TrackedInstance, TrackState


def make(**fields):
    """A message class whose defaults are created for each message."""
    return lambda **given: SimpleNamespace(**{name: default() for name, default in fields.items()}, **given)


def centre_of_version_4():
    return SimpleNamespace(position=SimpleNamespace(x=0.0, y=0.0), theta=0.0)


def centre_of_version_3():
    return SimpleNamespace(x=0.0, y=0.0, theta=0.0)


def pose():
    return SimpleNamespace(position=SimpleNamespace(x=0.0, y=0.0, z=0.0), orientation=SimpleNamespace(x=0.0, y=0.0, z=0.0, w=0.0))


@pytest.fixture(params=[centre_of_version_4, centre_of_version_3])
def vision_msgs(request, monkeypatch):
    classes = {
        "BoundingBox2D": make(center=request.param, size_x=float, size_y=float),
        "BoundingBox3D": make(center=pose, size=SimpleNamespace),
        "Detection2D": make(),
        "Detection3D": make(),
        "Detection3DArray": make(detections=list),
        "Detection2DArray": make(detections=list),
        "LabelInfo": make(class_map=list),
        "ObjectHypothesisWithPose": make(hypothesis=SimpleNamespace, pose=lambda: SimpleNamespace(pose=pose())),
        "VisionClass": make(),
    }
    for name, made in classes.items():
        monkeypatch.setattr(vision_messages, name, made, raising=False)


def test_detections__things_only_with_centre_size_and_id(vision_msgs):
    segments = (
        Segment(1, 0, "dark", True, 0.5, 12, Roi(10, 20, 4, 3), track_id=7),
        Segment(2, 1, "light", False, 0.9, 12, Roi(0, 0, 9, 9)),
        Segment(3, 0, "dark", True, 0.25, 1, Roi(5, 5, 1, 1)),
    )
    message = vision_messages.detections_message(PanopticResult(None, segments, LABELS), "header")
    first, second = message.detections
    assert message.header == first.header == "header" and (first.id, second.id) == ("7", "")
    point = getattr(first.bbox.center, "position", first.bbox.center)
    assert (point.x, point.y, first.bbox.size_x, first.bbox.size_y) == (11.5, 21.0, 4.0, 3.0)
    assert (first.results[0].hypothesis.class_id, first.results[0].hypothesis.score) == ("dark", 0.5)
    point = getattr(second.bbox.center, "position", second.bbox.center)
    assert (point.x, point.y) == (5.0, 5.0)


def test_detections_3d__confirmed_tracks_that_depth_measures__box_and_position(vision_msgs):
    def track(track_id, state=TrackState.CONFIRMED):
        return TrackedInstance(track_id, 0, "dark", 0.75, state, 3, 0, False, Roi(0, 0, 2, 2), np.ones((2, 2), bool))

    extent = Extent(position=(0.1, 0.2, 1.5), center=(0.11, 0.21, 1.6), size=(0.3, 0.2, 0.05))
    tracks = (track(4), track(5), track(6, TrackState.TENTATIVE))  # no depth for track 5
    message = vision_messages.detections_3d_message(tracks, {4: extent, 6: extent}, "header")
    found, = message.detections
    assert message.header == found.header == "header" and found.id == "4"
    result, = found.results
    assert (result.hypothesis.class_id, result.hypothesis.score) == ("dark", 0.75)
    for place, expected in ((result.pose.pose, extent.position), (found.bbox.center, extent.center)):
        assert (place.position.x, place.position.y, place.position.z) == expected
        assert (place.orientation.x, place.orientation.y, place.orientation.z, place.orientation.w) == (0.0, 0.0, 0.0, 1.0)
    assert (found.bbox.size.x, found.bbox.size.y, found.bbox.size.z) == extent.size


def test_label_info__every_class_and_the_unlabelled(vision_msgs):
    info = vision_messages.label_info_message(LABELS, 0.3, "header")
    assert [(c.class_id, c.class_name) for c in info.class_map] == [(0, "dark"), (1, "light"), (255, "unlabelled")]
    assert info.threshold == 0.3
