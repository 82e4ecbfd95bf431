"""The optional vision_msgs outputs, against stand-ins with that package's fields (the real one comes with apt only)."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from fakes import LABELS

from rmpsam_ros.ros import vision_messages
from rmpsam_ros.types import PanopticResult, Roi, Segment


def make(**fields):
    """A message class whose defaults are made anew for each message."""
    return lambda **given: SimpleNamespace(**{name: default() for name, default in fields.items()}, **given)


def centre_of_version_4():
    return SimpleNamespace(position=SimpleNamespace(x=0.0, y=0.0), theta=0.0)


def centre_of_version_3():
    return SimpleNamespace(x=0.0, y=0.0, theta=0.0)


@pytest.fixture(params=[centre_of_version_4, centre_of_version_3])
def vision_msgs(request, monkeypatch):
    classes = {
        "BoundingBox2D": make(center=request.param, size_x=float, size_y=float),
        "Detection2D": make(),
        "Detection2DArray": make(detections=list),
        "LabelInfo": make(class_map=list),
        "ObjectHypothesisWithPose": make(hypothesis=SimpleNamespace),
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


def test_label_info__every_class_and_the_unlabelled(vision_msgs):
    info = vision_messages.label_info_message(LABELS, 0.3, "header")
    assert [(c.class_id, c.class_name) for c in info.class_map] == [(0, "dark"), (1, "light"), (255, "unlabelled")]
    assert info.threshold == 0.3
