"""Tests the demo's viewer: its requests to the node, and on which frame it shows the response."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ros_harness import rclpy

from rmpsam_ros.demo.clicks import KINDS, prompt_on
from rmpsam_ros.demo.photos import Subject
from rmpsam_ros.demo.summary import rows
from rmpsam_ros.demo.viewer import KEPT_FRAMES, Seen, Viewer
from rmpsam_ros.msg import PanopticSegmentation, Segment
from rmpsam_ros.ros.messages import image_message
from rmpsam_ros.srv import SegmentPoints

from geometry_msgs.msg import Point, Point32, PointStamped, Polygon, PolygonStamped  # isort: skip
from rclpy.task import Future  # isort: skip
from std_msgs.msg import Header  # isort: skip

SHAPE = (6, 8)


class Service:
    """Replaces the service client: records the requests, and responds on demand."""

    def __init__(self) -> None:
        self.requests: list[SegmentPoints.Request] = []
        self.futures: list[Future] = []

    def service_is_ready(self) -> bool:
        return True

    def call_async(self, request: SegmentPoints.Request) -> Future:
        self.requests.append(request)
        self.futures.append(Future())
        return self.futures[-1]

    def answer(self, **fields) -> None:
        mask = np.zeros(SHAPE, np.uint8)
        mask[2:4, 3:6] = 255
        response = SegmentPoints.Response(**{"success": True, "score": 0.5, "latency_ms": 7.0, **fields})
        response.mask = image_message(mask, "mono8", Header())
        self.futures.pop().set_result(response)


@pytest.fixture
def viewer():
    rclpy.init()
    node = Viewer("/rmpsam", "camera", lambda image: None)
    real, node._client = node._client, Service()
    yield node
    node._client = real
    node.destroy_node()
    rclpy.try_shutdown()


def header(second: int) -> Header:
    made = Header(frame_id="camera")
    made.stamp.sec = second
    return made


def frame(second: int):
    """An image in which every value is its second."""
    return image_message(np.full((*SHAPE, 3), second, np.uint8), "rgb8", header(second))


def result(second: int) -> PanopticSegmentation:
    """The left half is one thing."""
    ids = np.zeros(SHAPE, np.uint16)
    ids[:, :4] = 1
    message = PanopticSegmentation(header=header(second))
    message.segment_ids = image_message(ids, "mono16", message.header)
    message.segments = [Segment(id=1, class_name="cup", is_thing=True, score=0.9, area=24)]
    return message


def test_click__answer_is_shown_on_the_frame_that_was_asked_about(viewer) -> None:
    for second in (10, 11, 12):
        viewer._take_frame(frame(second))
    viewer._take_result(result(11))
    answers = []
    viewer.click(lambda subject: prompt_on(subject, KINDS[1]), answers.append)
    viewer._take_frame(frame(13))
    viewer._take_result(result(13))
    viewer._client.answer(class_name="cup")
    assert viewer._client.requests[0].stamp.sec == 11 and [p.label for p in viewer._client.requests[0].points] == [1, 0]
    assert (answers[0].image == 11).all() and answers[0].image.shape == (*SHAPE, 3)
    assert answers[0].result.mask.sum() == 6 and answers[0].result.class_name == "cup" and answers[0].node_ms == 7.0
    viewer._take_clicked(PointStamped(header=header(11), point=Point(x=2.0, y=3.0, z=6.0)))
    said = dict(rows(viewer.seen, answers, 1.0, "", Path("demo")))[answers[0].prompt.title]
    assert said.startswith("cup, 7.00 m away, predicted IoU 0.50, ")


def test_click__frame_that_is_gone_is_not_asked_about(viewer) -> None:
    viewer._take_frame(frame(1))
    viewer._take_result(result(1))
    assert viewer.ready_to_click(must_know_subject=False)
    for second in range(2, 2 + KEPT_FRAMES):
        viewer._take_frame(frame(second))
    assert not viewer.ready_to_click(must_know_subject=False)


def test_click__subject_that_the_camera_tells_of_comes_before_what_was_found(viewer) -> None:
    viewer._take_frame(frame(5))
    viewer._take_result(result(5))
    told = Subject((6.0, 1.0), (1.0, 1.0), (5.0, 0.0, 7.0, 4.0))
    corners = (told.on, told.beside, told.box[:2], told.box[2:])
    message = PolygonStamped(header=header(4))
    message.polygon.points = [Point32(x=x, y=y, z=1.0) for x, y in corners]
    viewer._take_subject(message)
    assert not viewer.ready_to_click(must_know_subject=True), "it is of another frame"
    message.header = header(5)
    viewer._take_subject(message)
    assert viewer.ready_to_click(must_know_subject=True) and viewer.ready_to_click(must_know_subject=True, whole=True)
    viewer._take_subject(PolygonStamped(header=header(5), polygon=Polygon(points=[Point32(x=x, y=y) for x, y in corners])))
    assert viewer.ready_to_click(must_know_subject=True) and not viewer.ready_to_click(must_know_subject=True, whole=True)
    assert viewer.ready_to_click(must_know_subject=False, whole=True), "it has waited long enough"
    viewer._take_subject(message)
    asked = []
    viewer.click(lambda subject: asked.append(subject) or prompt_on(subject, KINDS[2]), lambda answer: None)
    assert asked == [told]
    box = viewer._client.requests[0].boxes[0]
    assert (box.x_offset, box.y_offset, box.width, box.height) == (5, 0, 2, 4)


def test_click__refusal_is_noted_and_shows_nothing(viewer) -> None:
    viewer._take_frame(frame(1))
    viewer._take_result(result(1))
    answers = []
    viewer.click(lambda subject: prompt_on(subject, KINDS[0]), answers.append)
    viewer._client.answer(success=False, message="That frame is gone.")
    assert not answers and viewer.seen.last_failure == "That frame is gone."


@pytest.mark.parametrize("clouds", [0, 3])
def test_summary__names_pictures_in_3d_where_there_are_some(clouds) -> None:
    files = dict(rows(Seen(clouds=clouds), [], 1.0, "", Path("demo")))["files"]
    assert "contact_sheet.png" in files and ("space_*.png" in files) == bool(clouds)
