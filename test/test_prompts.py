"""Tests service requests without a node: how they are interpreted, and what happens to one without an answer."""
from __future__ import annotations

import time
from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rmpsam_ros.srv", reason="the services are not built (pip install . builds them)")

from sensor_msgs.msg import RegionOfInterest  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from rmpsam_ros.errors import PromptError  # noqa: E402
from rmpsam_ros.msg import PointPrompt  # noqa: E402
from rmpsam_ros.ros.prompts import Services, ask_of_request, sentence  # noqa: E402
from rmpsam_ros.ros.requests import Answer  # noqa: E402
from rmpsam_ros.srv import RemoveTrack, SegmentPoints  # noqa: E402
from rmpsam_ros.types import Roi  # noqa: E402


def request(**changes) -> SegmentPoints.Request:
    return SegmentPoints.Request(points=[PointPrompt(x=3.0, y=4.0, label=1)], **changes)


def test_request__means_its_camera_points_boxes_and_frame():
    asked = request(boxes=[RegionOfInterest(x_offset=10, y_offset=20, width=30, height=5)], track=True)
    asked.points.append(PointPrompt(x=5.0, y=6.0, label=0))
    asked.stamp.sec, asked.stamp.nanosec = 1_790_000_000, 7
    ask = ask_of_request(asked, ["front", "rear"])
    assert (ask.camera, ask.points, ask.labels, ask.boxes) == ("front", [(3, 4), (5, 6)], [1, 0], [(10, 20, 40, 25)])
    assert ask.stamp == 1_790_000_000_000_000_007 and ask.track and not ask.or_newest
    assert ask_of_request(request(camera="rear"), ["front", "rear"]).camera == "rear"
    with pytest.raises(PromptError, match="there is no camera 'left': this node has front, rear"):
        ask_of_request(request(camera="left"), ["front", "rear"])


@pytest.fixture
def services():
    """The callbacks by name, and the requests to the worker, which never answers."""
    made, asked, futures = {}, [], [Future(), Future()]
    worker = SimpleNamespace(cameras=("front",), ask=lambda ask: asked.append(ask) or futures[0], remove_track=lambda camera, number: futures[1])
    node = SimpleNamespace(create_service=lambda kind, name, callback, **_: made.update({name: callback}),
                           get_logger=lambda: SimpleNamespace(error=lambda line: None))  # fmt: skip
    Services(node, None, lambda: worker, lambda: "active", lambda: 0.01)
    return SimpleNamespace(made=made, asked=asked, futures=futures, worker=worker)


@pytest.mark.parametrize("name, kind", [("~/segment", SegmentPoints), ("~/remove_track", RemoveTrack)])
def test_services__have_the_cameras_from_the_worker_that_they_ask__though_its_session_goes_meanwhile(services, name, kind):
    response = services.made[name](kind.Request(camera="rear"), kind.Response())
    assert not response.success and response.message == "There is no camera 'rear': this node has front."


def test_segment__without_an_answer_in_time_nothing_may_come_of_the_click(services):
    response = services.made["~/segment"](request(track=True), SegmentPoints.Response())
    assert not response.success and response.message.startswith("No answer within prompt_timeout = 0.01 s")
    assert response.class_id == 65535 and services.futures[0].cancelled() and services.asked[0].given_up


@pytest.mark.parametrize("age, stamp, told", [(6.0, 0, True), (0.5, 0, False), (6.0, 7, False)])
def test_segment__on_a_frame_that_is_old_says_so(services, age, stamp, told):
    def ask(asked):
        asked.target = SimpleNamespace(arrived=time.monotonic() - age)
        result = SimpleNamespace(mask=np.ones((4, 6), bool), score=0.5, roi=Roi(0, 0, 6, 4), class_id=1, class_name="cup")
        services.futures[0].set_result(Answer(SimpleNamespace(header=Header()), result, problem="no tracks" if told else ""))
        return services.futures[0]

    services.worker.ask = ask
    asked = request()
    asked.stamp.sec = stamp
    response = services.made["~/segment"](asked, SegmentPoints.Response())
    assert response.success
    assert response.message == ("The mask is returned, but the object is not followed: No tracks. "
                                "The newest frame of camera 'front' is 6 s old." if told else "")


def test_segment__with_a_track_that_nothing_updates_says_so(services):
    result = SimpleNamespace(mask=np.ones((4, 6), bool), score=0.5, roi=Roi(0, 0, 6, 4), class_id=1, class_name="cup")
    services.futures[0].set_result(Answer(SimpleNamespace(header=Header()), result, 8, caution="nothing updates the track"))
    response = services.made["~/segment"](request(track=True), SegmentPoints.Response())
    assert (response.success, response.track_id, response.message) == (True, 8, "Nothing updates the track.")


def test_segment__without_the_position_that_somebody_waits_for__says_why(services):
    result = SimpleNamespace(mask=np.ones((4, 6), bool), score=0.5, roi=Roi(0, 0, 6, 4), class_id=1, class_name="cup")
    services.futures[0].set_result(Answer(SimpleNamespace(header=Header()), result, no_position="too few pixels of the mask have a depth"))
    response = services.made["~/segment"](request(), SegmentPoints.Response())
    assert (response.success, response.message) == (True, "The object has no position: Too few pixels of the mask have a depth.")


def test_remove_track__of_none_names_those_that_there_are(services):
    services.futures[1].set_result((False, [2, 5]))
    response = services.made["~/remove_track"](RemoveTrack.Request(track_id=9), RemoveTrack.Response())
    assert not response.success and response.message == "Camera 'front' has no track 9; its tracks are: 2, 5."


def test_services__what_goes_wrong_inside_is_an_answer_too(services):
    services.worker.ask = lambda ask: 1 / 0
    response = services.made["~/segment"](request(), SegmentPoints.Response())
    assert not response.success and "Internal error: ZeroDivisionError" in response.message


def test_sentence__begins_with_a_capital_and_ends_with_one_stop():
    assert [sentence(text) for text in ("no  track\n9", "Gone.", "wait …", "")] == ["No track 9.", "Gone.", "Wait …", "."]
