"""Tests the real node on real topics: images of every kind in, and the bytes of its output."""
from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from node_checks import camera_status, check_panoptic, diagnostics, scene
from ros_harness import BEST_EFFORT, LATCHED, OFTEN, SMALL_INPUT, Client, NodeProcess, model, until

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Point, PointStamped, TransformStamped
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from rmpsam_ros.msg import LabelSet, PanopticSegmentation
from rmpsam_ros.segmenter import Segmenter


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    process = NodeProcess(
        tmp_path_factory.mktemp("node") / "log", program=OFTEN, model=model(), cameras=["camera", "second"], input_size=SMALL_INPUT,
        score_threshold=0.0, overlap_threshold=0.0, max_segments=8, second__image_topic="elsewhere/picture",
    )
    yield process
    assert process.stop(signals=2) == 0, process.output[-3000:]


@pytest.fixture(scope="module")
def client(node):
    client = Client()
    yield client
    client.close()


@pytest.fixture(scope="module")
def panoptic(client):
    return client.listen(PanopticSegmentation, "~/camera/panoptic")


def test_silence__the_log_says_so_once_and_what_would_help(node, client):
    client.publish("camera/image_raw", client.image(scene(60, 80)))  # another topic of the right type
    line = until(lambda: [text for text in node.output.splitlines() if "no image on /elsewhere/picture for 5 s" in text])
    assert len(line) == 1 and "it has no publisher; topics of its type are /camera/image_raw: remap it" in line[0]


def test_stream__map_is_that_of_the_segmenter(client, panoptic):
    image = scene(120, 160)
    source = client.image(image, "bgr8")  # with swapped channels, to be distinguishable
    client.publish("camera/image_raw", source)
    ids = check_panoptic(client.result_of(panoptic, source), source)
    assert ids.any()
    options = dict(score_threshold=0.0, overlap_threshold=0.0, max_segments=8)  # as the fixture's
    segmenter = Segmenter(model(), input_size=tuple(SMALL_INPUT), **options)
    expected = segmenter.set_image(np.ascontiguousarray(image[..., ::-1])).panoptic()
    assert (ids == expected.segment_ids).mean() > 0.999
    segmenter.close()


@pytest.mark.parametrize("size", [(1, 1), (17, 301), (480, 640), (641, 359), (3000, 4000)])
def test_stream__any_size(client, panoptic, size):
    source = client.image(scene(*size))
    client.publish("camera/image_raw", source)
    check_panoptic(client.result_of(panoptic, source), source)


@pytest.mark.parametrize("encoding, channels, depth", [
    ("mono8", 1, 1), ("mono16", 1, 2), ("rgba8", 4, 1), ("bgr16", 3, 2), ("yuv422_yuy2", 2, 1), ("bayer_grbg8", 1, 1), ("nv12", 1, 1),
])
def test_stream__any_encoding_and_padding(client, panoptic, encoding, channels, depth):
    samples = np.random.default_rng(1).integers(0, 256, (60, 80, channels * depth), np.uint8)
    source = client.image(samples, encoding, padding=7)
    source.height = 40 if encoding == "nv12" else 60  # the last 20 rows are the colour of the others
    client.publish("camera/image_raw", source)
    check_panoptic(client.result_of(panoptic, source), source)


def test_stream__best_effort_publisher_of_another_topic_name(client):
    results = client.listen(PanopticSegmentation, "~/second/panoptic")
    for _ in range(200):  # best effort: one frame may be lost
        source = client.image(scene(48, 64), frame_id="other_frame")
        client.publish("elsewhere/picture", source, BEST_EFFORT)
        end = time.monotonic() + 0.5
        while time.monotonic() < end and not results:
            time.sleep(0.01)
        if results:
            break
    check_panoptic(results[-1], source)
    status = camera_status(client, "second")
    assert status["reliability"] == "best_effort" and status["unmatched publishers"] == ""
    assert status["topic"] == "/elsewhere/picture"


def test_stream__semantic_and_overlay(client, panoptic):
    semantic = client.listen(Image, "~/camera/semantic", BEST_EFFORT)
    confidence = client.listen(Image, "~/camera/semantic/confidence", BEST_EFFORT)
    overlay = client.listen(Image, "~/camera/overlay", BEST_EFFORT)
    jpeg = client.listen(CompressedImage, "~/camera/overlay/compressed", BEST_EFFORT)
    source = None
    for _ in range(50):  # results are best effort too
        source = client.image(scene(90, 130))
        client.publish("camera/image_raw", source)
        result = client.result_of(panoptic, source)
        time.sleep(0.1)
        if all(m and m[-1].header == source.header for m in (semantic, confidence, overlay, jpeg)):
            break
    ids = check_panoptic(result, source)
    classes = np.frombuffer(semantic[-1].data, np.uint8).reshape(90, 130)
    assert semantic[-1].encoding == "mono8" and semantic[-1].step == 130 and semantic[-1].header == source.header
    sure = np.frombuffer(confidence[-1].data, np.uint8).reshape(90, 130)
    assert confidence[-1].encoding == "mono8"
    for segment in result.segments:
        assert (sure[ids == segment.id] == round(255 * segment.score)).all()
    assert not sure[ids == 0].any()
    table = np.full(ids.max() + 1, 255, np.uint8)
    for segment in result.segments:
        table[segment.id] = segment.class_id
    np.testing.assert_array_equal(classes, table[ids])
    drawn = overlay[-1]
    assert (drawn.encoding, drawn.height, drawn.width, drawn.step) == ("bgr8", 90, 130, 390)
    assert drawn.header == source.header and jpeg[-1].header == source.header
    decoded = cv2.imdecode(np.frombuffer(jpeg[-1].data, np.uint8), cv2.IMREAD_COLOR)
    plain = np.frombuffer(drawn.data, np.uint8).reshape(90, 130, 3)
    assert np.abs(decoded.astype(int) - plain).mean() < 20 and decoded.shape == (90, 130, 3)


def test_stream__labels_are_latched(client, panoptic):
    labels = client.listen(LabelSet, "~/labels", LATCHED)
    until(lambda: labels, "a label set")
    assert [label.id for label in labels[0].classes] == list(range(len(labels[0].classes)))
    assert labels[0].name and all(label.name and label.color.a == 1 for label in labels[0].classes)


@pytest.mark.parametrize("change, sentence", [
    ({"step": 10}, "step is 10 bytes"),
    ({"height": 49}, "data has"),
    ({"height": 47}, "data has"),
    ({"width": 0, "step": 0}, "0x48 pixels"),
    ({"encoding": "nv99"}, "the encoding 'nv99'"),
])
def test_stream__bad_image_is_named_and_nothing_is_lost(client, panoptic, change, sentence):
    bad = client.image(scene(48, 64))
    for name, value in change.items():
        setattr(bad, name, value)
    client.publish("camera/image_raw", bad)
    until(lambda: sentence in camera_status(client, "camera")["last error"], sentence)
    good = client.image(scene(48, 64))
    client.publish("camera/image_raw", good)
    check_panoptic(client.result_of(panoptic, good), good)
    assert int(camera_status(client, "camera")["frames that could not be used"]) >= 1


def test_stream__stamp_that_goes_back(client, panoptic):
    source = client.image(scene(48, 64))
    client.stamp(source, stamp=5_000_000_000)
    client.publish("camera/image_raw", source)
    check_panoptic(client.result_of(panoptic, source), source)
    assert until(lambda: int(camera_status(client, "camera")["timestamps that did not advance, or jumped"]), "the count")


def test_stream__frames_that_come_too_fast_are_replaced_and_counted(client, panoptic):
    before = camera_status(client, "camera")
    for _ in range(60):
        last = client.image(scene(480, 640))
        client.publish("camera/image_raw", last)
    check_panoptic(client.result_of(panoptic, last), last)
    after = until(
        lambda: (s := camera_status(client, "camera"))
        and int(s["frames published"]) > int(before["frames published"]) and s, "new diagnostics",
    )
    counted = sum(int(after[k]) - int(before[k]) for k in ("frames published", "frames replaced by newer ones"))
    assert counted <= 60 and float(after["latency p50 (ms)"]) > 0 and float(after["latency p99 (ms)"]) > 0


def test_stream__clicks_on_topics_show_on_the_overlay(client, node, panoptic):
    overlay = client.listen(Image, "~/camera/overlay", BEST_EFFORT)
    source = client.image(scene(120, 160))
    client.publish("camera/image_raw", source)
    client.result_of(panoptic, source)
    until(lambda: overlay and overlay[-1].header == source.header, "the overlay")
    count = len(overlay)
    client.publish("camera/image_raw_mouse_left", Point(x=80.0, y=60.0))
    until(lambda: "click at (80, 60) on camera 'camera'" in node.output, "the click in the log")
    until(lambda: len(overlay) > count, "an overlay with the click")
    assert overlay[-1].header == source.header and overlay[-1].data != overlay[count - 1].data
    client.publish("rmpsam/camera/overlay_mouse_left", Point(x=81.0, y=61.0))
    until(lambda: "click at (81, 61) on camera 'camera'" in node.output, "the click on the overlay in the log")
    client.publish("camera/image_raw_mouse_left", Point(x=160.0, y=60.0))
    until(lambda: "click on camera 'camera' ignored: The point (160, 60) is outside" in node.output, "the reason")


def test_stream__clicked_point_as_pixels_in_3d_and_in_an_unknown_frame(client, node, panoptic):
    source = client.image(scene(120, 160), frame_id="optical")
    client.publish("camera/image_raw", source)
    client.result_of(panoptic, source)

    def clicked(frame, x, y, z):
        message = PointStamped()
        message.header.frame_id = frame
        message.point.x, message.point.y, message.point.z = x, y, z
        client.publish("clicked_point", message)

    clicked("optical", 33.0, 44.0, 0.0)
    until(lambda: "click at (33, 44) on camera 'camera'" in node.output, "the click in pixels")
    clicked("optical", 0.1, 0.2, 1.0)
    until(lambda: "a 3D click needs the camera_info" in node.output, "the reason")
    info = CameraInfo(height=120, width=160, k=[100.0, 0.0, 80.0, 0.0, 100.0, 60.0, 0.0, 0.0, 1.0],
                      distortion_model="plumb_bob", d=[0.0] * 5)
    info.header.frame_id = "optical"

    def in_3d():
        client.publish("camera/camera_info", info)  # subscribed best effort, so the first one may be missed
        clicked("optical", 0.2, 0.1, 1.0)
        time.sleep(0.1)
        return "click at (100, 70) on camera 'camera'" in node.output

    until(in_3d, "the click in 3D")
    clicked("map", 1.0, 2.0, 3.0)
    until(lambda: "tf2_ros" in node.output or "no transform from 'map'" in node.output, "the reason")


def test_stream__a_point_in_another_frame__through_tf2(client, node):
    """With the real tf2_ros, if installed."""
    tf2_ros = pytest.importorskip("tf2_ros", reason="tf2_ros is not installed (apt: ros-DISTRO-tf2-ros)")
    panoptic, source = client.listen(PanopticSegmentation, "~/camera/panoptic"), client.image(scene(120, 160))
    client.publish("camera/image_raw", source)
    client.result_of(panoptic, source)
    turned = TransformStamped(child_frame_id="optical")
    turned.header.frame_id = "lab"
    turned.transform.translation.x, turned.transform.translation.y, turned.transform.translation.z = 1.0, 2.0, 3.0
    turned.transform.rotation.z = 1.0  # by 180 degrees about the optical axis
    turned.transform.rotation.w = 0.0
    broadcaster = tf2_ros.StaticTransformBroadcaster(client.node)
    broadcaster.sendTransform(turned)
    info = CameraInfo(height=120, width=160, k=[100.0, 0.0, 80.0, 0.0, 100.0, 60.0, 0.0, 0.0, 1.0], distortion_model="plumb_bob", d=[0.0] * 5)
    info.header.frame_id = "optical"
    point = PointStamped()
    point.header.frame_id = "lab"
    point.point.x, point.point.y, point.point.z = 1.0 - 0.3, 2.0 - 0.1, 3.0 + 1.0

    def clicked():
        client.publish("camera/camera_info", info)
        client.publish("clicked_point", point)
        time.sleep(0.2)
        return "click at (110, 70) on camera 'camera'" in node.output

    until(clicked, "the click in 3D")


def test_stream__diagnostics_of_the_node(client, node):
    status = next(s for s in diagnostics(client) if s.name == "/rmpsam: inference")
    values = {value.key: value.value for value in status.values}
    assert values["state"] == "active" and values["backend"] and values["device"] and values["model"]
    numbers = ("fps in", "fps out", "frames dropped", "latency p50 (ms)", "latency p99 (ms)", "age of the last frame (s)")
    assert all(float(values[key]) >= 0 for key in numbers)
    assert "fastdds_large_images.xml" in values["Fast DDS profile"]
    if "UNTRAINED" in values["model"]:
        assert status.level == DiagnosticStatus.WARN and "UNTRAINED" in status.message and "UNTRAINED" in node.output
