"""Tests the positions of clicked objects on the real node with a depth camera."""
from __future__ import annotations

import time

import numpy as np
import pytest

from depth_camera import SIZE, DepthCamera, camera, client, position_under  # noqa: F401
from node_checks import camera_status, check_answer, segment
from ros_harness import OFTEN, SMALL_INPUT, NodeProcess, model, until

from geometry_msgs.msg import Point, PointStamped

from rmpsam_ros.ros.messages import stamp_ns


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    process = NodeProcess(tmp_path_factory.mktemp("node") / "log", program=OFTEN, model=model(), cameras=["camera", "none"],
                          none__depth_topic="", input_size=SMALL_INPUT, score_threshold=0.0, overlap_threshold=0.0, prompt_zoom=False)  # fmt: skip
    yield process
    assert process.stop(signals=2) == 0, process.output[-3000:]


def test_click__has_the_position_of_its_object__on_earlier_frames_too(node, client, camera):
    """Nothing else has a subscriber. The depth of an earlier frame is kept as long as the frame."""
    places = client.listen(PointStamped, "~/camera/clicked_position")

    def clicked(source, said=""):
        """The mask of an answer with that message; topics are not synchronised, so the image or its depth may arrive after a click."""
        answer = until(lambda: (found := segment(client, camera="camera", points=[(64, 48)], stamp=stamp_ns(source.header.stamp))).success
                       and said in found.message and (said or not found.message) and found, f"an answer with '{said}'")  # fmt: skip
        assert answer.message.count("The object has no position: ") == bool(said)
        return check_answer(answer, source) > 0

    until(lambda: not segment(client, camera="camera", points=[(64, 48)], stamp=stamp_ns(camera.shoot().header.stamp)).message, "the calibration")
    near = camera.shoot(metres=camera.depth * 0.5)
    clicked(near)  # it has arrived: on a busy machine, the next image could replace it
    for _ in range(7):  # seven of the eight frames that clicks can refer to, and more depth images than are kept otherwise
        client.publish("camera/depth", camera.depth_message(camera.image_message()))
        time.sleep(0.02)
        far = camera.shoot()
    for source, scale in ((far, 1.0), (near, 0.5)):
        mask = clicked(source)
        place = until(lambda: [place for place in places if place.header == source.header], "the position")[-1].point
        assert (place.x, place.y, place.z) == pytest.approx(position_under(mask, camera.depth * scale), abs=0.03)
    before = camera_status(client, "camera")
    assert before["depth"] == "not needed"
    count = len(places)
    clicked(camera.shoot(metres=np.zeros(SIZE, np.float32)), "Too few pixels of the mask have a depth.")
    clicked(camera.shoot(metres=np.ones((96, 96), np.float32)), "registered to the image")
    after = camera_status(client, "camera")
    assert after["frames with depth"] == before["frames with depth"] and after["depth"] == "not needed" and len(places) == count

    def clicked_in_rqt():
        camera.shoot()
        client.publish("camera/image_raw_mouse_left", Point(x=64.0, y=48.0))
        return len(places) > count

    until(clicked_in_rqt, "a position of a click on a topic")
    place = places[-1].point
    until(lambda: f"at ({place.x:.2f}, {place.y:.2f}, {place.z:.2f}) m, track " in node.output, "a line in the log")


def test_click__on_a_camera_without_depth__says_so_where_somebody_waits_for_a_position(client):
    none = DepthCamera(client, "none")
    client.publish("none/image_raw", none.image_message())
    until(lambda: segment(client, camera="none", points=[(64, 48)]).success, "an answer")
    assert segment(client, camera="none", points=[(64, 48)]).message == ""
    client.listen(PointStamped, "~/none/clicked_position")
    until(lambda: segment(client, camera="none", points=[(64, 48)]).message == "The object has no position: The camera has no depth_topic.",
          "the reason")
