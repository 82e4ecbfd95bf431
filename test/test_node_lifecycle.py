"""Tests, on one node process, the correction of a bad start, every transition, parameters, and compressed images."""
from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from node_checks import camera_status, check_answer, check_panoptic, check_refused, diagnostics, scene, segment
from ros_harness import BEST_EFFORT, LATCHED, OFTEN, RELIABLE, SMALL_INPUT, Client, NodeProcess, model, until

from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import ParameterType
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from std_srvs.srv import SetBool

from rmpsam_ros.ros.messages import byte_array
from rmpsam_ros.msg import LabelSet, PanopticSegmentation
from rmpsam_ros.ros.parameters import SPECS

NAMESPACE = "robot/head"
TOPIC = "robot/head/camera/image_raw/compressed"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    model()  # skips where there is none
    process = NodeProcess(
        tmp_path_factory.mktemp("node") / "log", NAMESPACE, OFTEN, score_threshold=7.0, max_segments="many",
        model="no-such-model", class_filter=[], max_rate_hz=0, image_transport="compressed", input_size=SMALL_INPUT, overlap_threshold=0.0,
        qos_reliability="reliable",
    )
    yield process
    if process.process.poll() is None:
        process.stop()


@pytest.fixture(scope="module")
def client(node):
    client = Client(f"{NAMESPACE}/rmpsam")
    yield client
    client.close()


def jpeg(client: Client, image: np.ndarray, extension: str = ".jpg", share: float = 1.0) -> CompressedImage:
    """A CompressedImage of (H, W, 3) RGB; `share`: the fraction of its bytes to keep."""
    data = cv2.imencode(extension, np.ascontiguousarray(image[..., ::-1]))[1]
    message = CompressedImage(format=extension[1:], data=byte_array(data[: int(len(data) * share)]))
    client.stamp(message)
    return message


class Sized:
    """A compressed message with the size of its image, as `check_panoptic` needs it."""

    def __init__(self, message, image):
        self.header, (self.height, self.width) = message.header, image.shape[:2]


def node_status(client: Client) -> DiagnosticStatus:
    return next(s for s in diagnostics(client) if s.name == f"/{NAMESPACE}/rmpsam: inference")


# The tests of this module build on each other, in this order.


def test_lifecycle__wrong_parameters_stop_configure_and_the_node_says_so(client, node):
    until(lambda: "configuring failed" in node.output, "the refusal")
    assert client.state() == "unconfigured"
    assert "score_threshold is 7: it must lie within 0 to 1" in node.output
    assert "max_segments is 'many': it must be a whole number" in node.output and "class_filter" not in node.output
    status = until(lambda: (s := node_status(client)).level == DiagnosticStatus.ERROR and s, "an error")
    assert "score_threshold" in status.message
    check_refused(segment(client, points=[(1, 1)]), "The node is unconfigured: activate it first")
    check_refused(client.call(SetBool, "~/enable", SetBool.Request(data=True)), "The node is unconfigured")


def test_lifecycle__corrected_one_by_one(client, node):
    assert client.set("score_threshold", 7.0)
    assert client.set("score_threshold", 0.0) == ""
    assert not client.change("configure")
    assert client.set("max_segments", 8) == ""
    assert not client.change("configure")  # the model is still missing
    assert "no-such-model" in node.output and client.state() == "unconfigured"
    assert "no-such-model" in node_status(client).message
    assert client.set("model", model()) == ""
    assert client.change("configure") and client.state() == "inactive"


def test_lifecycle__inactive(client):
    labels = client.listen(LabelSet, "~/labels", LATCHED)
    until(lambda: labels, "labels as soon as the model is loaded")
    check_refused(segment(client, points=[(1, 1)]), "The node is inactive: activate it first")
    status = until(lambda: (s := node_status(client)).message.startswith("inactive: ") and s, "the state")
    assert status.level == DiagnosticStatus.WARN
    assert client.node.count_subscribers("/" + TOPIC) == 0


def test_lifecycle__impossible_transition_is_answered(client):
    assert not client.change("deactivate")
    request = ChangeState.Request(transition=Transition(label="dance"))
    assert not client.call(ChangeState, "~/change_state", request).success
    assert client.state() == "inactive"


def test_lifecycle__active_with_compressed_images(client):
    assert client.change("activate") and client.state() == "active"
    panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
    for extension, size in ((".jpg", (90, 120)), (".png", (61, 33))):
        image = scene(*size)
        message = jpeg(client, image, extension)
        client.publish(TOPIC, message)
        check_panoptic(client.result_of(panoptic, message), Sized(message, image))
        check_answer(segment(client, points=[(9, 9)]), Sized(message, image))


@pytest.mark.parametrize("extension, share, part", [
    (".jpg", 0.6, "it was cut off"), (".png", 0.6, "it was cut off"), (".jpg", 0.0, "neither a JPEG nor a PNG"),
])
def test_lifecycle__broken_compressed_image(client, extension, share, part):
    panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
    client.publish(TOPIC, jpeg(client, scene(90, 120), extension, share))
    until(lambda: part in camera_status(client, "camera")["last error"], part)
    image = scene(90, 120)
    message = jpeg(client, image)
    client.publish(TOPIC, message)
    check_panoptic(client.result_of(panoptic, message), Sized(message, image))


def test_lifecycle__publisher_that_cannot_be_matched_is_named(client, node):
    client.forget(TOPIC)
    publisher = client.node.create_publisher(CompressedImage, TOPIC, BEST_EFFORT)
    sentence = "best effort, but qos_reliability is reliable"
    until(lambda: sentence in camera_status(client, "camera")["unmatched publishers"], "the mismatch")
    assert sentence in node.output and client.node.get_name() in camera_status(client, "camera")["unmatched publishers"]
    client.node.destroy_publisher(publisher)
    until(lambda: camera_status(client, "camera")["unmatched publishers"] == "", "its end")


def test_parameters__declared_with_description_type_and_range(client):
    for spec in SPECS:
        descriptor = client.describe(spec.name)
        assert descriptor.description == spec.description and not descriptor.read_only
        assert ("live" in descriptor.additional_constraints) == spec.live
        ranges = [*descriptor.floating_point_range, *descriptor.integer_range]
        assert bool(ranges) == (spec.low is not None)
        if ranges:
            assert ranges[0].to_value == spec.high
    assert client.get("max_rate_hz").type == ParameterType.PARAMETER_DOUBLE  # given as 0 at start
    assert client.get("camera.image_topic").string_value == "camera/image_raw"


def test_parameters__live_ones_change_the_next_frame(client):
    panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")

    def segments():
        message = jpeg(client, scene(90, 120))
        client.publish(TOPIC, message)
        return client.result_of(panoptic, message).segments

    assert segments()
    assert client.set("score_threshold", 1.0) == ""
    assert segments() == []
    assert client.set("score_threshold", 0.0) == ""
    kept = segments()[0].class_name
    assert client.set("class_filter", [kept]) == ""
    assert {segment.class_name for segment in segments()} == {kept}
    assert client.set("class_filter", []) == ""
    for name, value in (
        ("overlap_threshold", 0.5), ("overlay_alpha", 0.2), ("max_rate_hz", 500.0), ("track_min_hits", 5),
        ("track_max_age", 1.5), ("overlap_threshold", -1.0), ("overlap_threshold", 0.0),
    ):
        assert client.set(name, value) == ""


def test_parameters__a_whole_number_will_do_for_a_float(client):
    if not hasattr(Node, "add_pre_set_parameters_callback"):
        pytest.skip("Humble's rclpy refuses another type before anybody is asked")
    assert client.set("max_rate_hz", 5) == ""
    value = client.get("max_rate_hz")
    assert value.type == ParameterType.PARAMETER_DOUBLE and value.double_value == 5.0
    assert "out of range" in client.set("overlay_alpha", 2) and client.set("max_rate_hz", 0) == ""


@pytest.mark.parametrize("name, value, part", [
    ("score_threshold", 1.5, "out of range"),
    ("score_threshold", -0.5, "it must lie within 0 to 1, or -1 for the model's own"),
    ("score_threshold", "high", ""),
    ("overlay_alpha", -0.1, "out of range"),
    ("prompt_timeout", 0.0, "out of range"),
    ("class_filter", ["unicorn"], "'unicorn', which the label set"),
    ("model", "other", "read when the node is configured: deactivate it first"), ("autostart", False, "read when the node starts: restart the node with it"),
    ("cameras", [], "cameras is empty: it must name at least one camera"),
    ("input_size", [], "input_size is []: it must be a height and a width"),
    ("input_size", "large", "input_size is 'large': it must be a list of whole numbers"),
    ("cameras", ["front"], "read when the node is configured"),
    ("camera.image_topic", "front", "read when the node is configured"),
    ("max_segments", 5, "read when the node is configured"),
    ("camera.rotation", 180, "read when the node is configured"),
    ("camera.rotation", 45, "camera.rotation is 45: it must be one of 0, 90, 180, 270"),
    ("camera.rotation", "left", ""),
])
def test_parameters__refused_with_the_reason(client, name, value, part):
    before = client.get(name)
    reason = client.set(name, value)
    assert reason and part in reason and "\n" not in reason
    assert client.get(name) == before


def test_lifecycle__deactivated_changed_and_active_again(client):
    assert client.call(SetBool, "~/enable", SetBool.Request(data=False)).success
    assert client.change("deactivate") and client.state() == "inactive"
    check_refused(segment(client, points=[(1, 1)]), "The node is inactive")
    assert client.set("qos_reliability", "auto") == ""
    assert client.set("image_transport", "raw") == ""
    assert client.set("cameras", ["front", "rear"]) == ""
    assert client.set("cameras", ["front", "front"])
    assert client.set("camera.image_topic", "")
    assert client.change("activate") and client.state() == "active"
    check_refused(segment(client, points=[(1, 1)]), "Inference is switched off")  # unchanged, although the model was reloaded
    assert client.call(SetBool, "~/enable", SetBool.Request(data=True)).success
    panoptic = client.listen(PanopticSegmentation, "~/rear/panoptic")
    source = client.image(scene(40, 50))
    client.publish(f"{NAMESPACE}/rear/image_raw", source, RELIABLE)
    check_panoptic(client.result_of(panoptic, source), source)
    check_answer(segment(client, points=[(9, 9)], camera="rear"), source)


def test_lifecycle__topic_that_cannot_be_is_refused_and_the_old_one_stays(client, node):
    assert client.change("deactivate")
    assert "rear.image_topic is 'not a topic!': it must be the name of a topic" in client.set("rear.image_topic", "not a topic!")
    assert client.get("rear.image_topic").string_value == "rear/image_raw"
    assert client.change("activate") and client.state() == "active"


def test_lifecycle__topic_and_rotation_that_cannot_be_at_start_are_named_and_corrected(tmp_path):
    node = NodeProcess(tmp_path / "log", namespace="turned", model=model(), camera__image_topic="not a topic!", camera__rotation=45, input_size=SMALL_INPUT)
    client = Client("turned/rmpsam")
    try:
        until(lambda: "camera.image_topic is 'not a topic!': it must be the name of a topic" in node.output, "the reason")
        until(lambda: "camera.rotation is 45: it must be one of 0, 90, 180, 270" in node.output, "the other reason")
        assert "click_topic" not in node.output  # which is derived from the topic, and not set by the user
        assert client.set("camera.image_topic", "front/picture") == "" and client.set("camera.rotation", 270) == ""
        assert client.change("configure") and client.change("activate")
        panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
        source = client.image(scene(60, 44))
        client.publish("/turned/front/picture", source, RELIABLE)
        check_panoptic(client.result_of(panoptic, source), source)
        turned = client.result_of(panoptic, source)
        check_answer(segment(client, points=[(9, 50)]), source)
        assert client.change("deactivate") and client.set("camera.rotation", 0) == "" and client.change("activate")
        source = client.image(scene(60, 44))
        client.publish("/turned/front/picture", source, RELIABLE)
        assert client.result_of(panoptic, source).segment_ids.data != turned.segment_ids.data
    finally:
        client.close()
        assert node.stop() == 0


def test_lifecycle__several_wrong_at_start_are_corrected_one_by_one(tmp_path):
    node = NodeProcess(tmp_path / "log", namespace="several", model=model(), cameras=["a", "a"], front__image_topic="no topic!",
                       input_size=[100, 100])  # fmt: skip
    client = Client("several/rmpsam")
    try:
        until(lambda: "configuring failed" in node.output, "the refusal")
        assert "cameras names 'a' twice" in node.output and "input_size is [100, 100]" in node.output
        assert client.set("score_threshold", 0.5) == "" and client.set("input_size", SMALL_INPUT) == ""
        assert not client.change("configure")
        assert client.set("cameras", ["front"]) == ""
        assert not client.change("configure")
        assert "front.image_topic is 'no topic!'" in node.output
        assert client.set("cameras", ["rear"]) == ""  # front is no longer a camera
        assert client.change("configure") and client.change("activate")
    finally:
        client.close()
        assert node.stop() == 0


def test_lifecycle__names_that_are_none_are_said_and_ignored(tmp_path):
    node = NodeProcess(tmp_path / "log", namespace="names", model=model(), input_size=SMALL_INPUT, overlay_alfa=0.3, front__rotation=90,
                       rear__image_topic="rear/image_raw", rear__click_topic="rear/image_raw_mouse_left", rear__rotation=0,
                       camera__image_tpoic="a", tracks=True, use_sim_time=False)  # fmt: skip
    try:
        until(lambda: "active: listening" in node.output, "the start", 60)
        for sentence in (
            "there is no parameter overlay_alfa; it is ignored: did you mean overlay_alpha?", "there is no parameter tracks",
            "there is no parameter camera.image_tpoic; it is ignored: did you mean camera.image_topic?",
            "the parameter front.rotation belongs to no camera: the cameras are camera",
        ):
            assert sentence in node.output
        assert "use_sim_time" not in node.output
        assert "parameter rear." not in node.output, "as those of the shipped file's camera: they say nothing"
    finally:
        assert node.stop() == 0


def test_lifecycle__a_model_that_cannot_be_loaded_anew_is_corrected(client, node):
    good = client.get("model").string_value
    assert client.call(SetBool, "~/enable", SetBool.Request(data=False)).success
    assert client.change("deactivate") and client.set("model", "no-such-model") == ""
    assert not client.change("activate") and client.state() == "inactive"
    assert client.set("model", good) == "" and client.change("activate") and client.state() == "active"
    until(lambda: node_status(client).message == "active, but inference is switched off: call ~/enable with data: true", "what was set before")
    assert client.call(SetBool, "~/enable", SetBool.Request(data=True)).success
    assert client.set("rear.image_topic", "rear/image_raw") == ""  # its current value
    assert "AttributeError" not in node.output


def test_lifecycle__cleaned_up_and_configured_again(client):
    assert client.change("deactivate") and client.change("cleanup") and client.state() == "unconfigured"
    until(lambda: node_status(client).message.startswith("unconfigured: "), "the state")
    until(lambda: client.node.count_publishers(f"/{NAMESPACE}/rmpsam/rear/panoptic") == 0, "the topics to go")
    assert client.change("configure") and client.change("activate")
    panoptic = client.listen(PanopticSegmentation, "~/front/panoptic")
    source = client.image(scene(40, 50))
    client.publish(f"{NAMESPACE}/front/image_raw", source, RELIABLE)
    check_panoptic(client.result_of(panoptic, source), source)


def test_lifecycle__ends_by_two_signals_without_a_traceback(client, node):
    started = time.monotonic()
    assert node.stop(signals=2) == 0
    assert time.monotonic() - started < 10
    assert "Traceback" not in node.output


def test_lifecycle__classes_put_together_are_what_is_published(tmp_path):
    (tmp_path / "groups.yaml").write_text("name: nav\nclasses:\n  - {name: goods, thing: false, from: [cup, box, spoon]}")
    node = NodeProcess(tmp_path / "log", namespace="groups", model=model(), input_size=SMALL_INPUT, label_groups=str(tmp_path / "groups.yaml"))
    client = Client("groups/rmpsam")
    try:
        until(lambda: "'goods' takes 'spoon', which is not a class of tiny" in node.output, "the reason")
        (tmp_path / "groups.yaml").write_text("name: nav\nclasses:\n  - {name: goods, thing: false, from: [cup, box]}\n  - {name: robot, thing: true}")
        assert client.change("configure") and client.change("activate")
        labels = client.listen(LabelSet, "~/labels", LATCHED)
        panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
        until(lambda: labels, "labels")
        assert labels[0].name == "nav" and [c.name for c in labels[0].classes] == ["goods", "robot"]
        assert client.set("score_threshold", 0.0) == "" and client.set("class_filter", ["cup"]) != ""
        message = client.image(scene(96, 128))
        client.publish("groups/camera/image_raw", message)
        segments = client.result_of(panoptic, message).segments
        assert sorted(segment.class_name for segment in segments).count("goods") == 1 and {s.class_name for s in segments} <= {"goods", "robot"}
    finally:
        client.close()
        assert node.stop() == 0
