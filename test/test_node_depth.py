"""Tests the real node with a depth camera: positions, points and boxes, and the reports if depth cannot be used."""
from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from depth_camera import FOCAL, SIZE, DepthCamera, camera, client, latest, shot  # noqa: F401
from node_checks import camera_status, check_answer, diagnostics, segment
from ros_harness import BEST_EFFORT, LATCHED, OFTEN, SMALL_INPUT, NodeProcess, model, until

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_srvs.srv import Trigger
from visualization_msgs.msg import Marker, MarkerArray

from rmpsam_ros.msg import TrackedInstanceArray
from rmpsam_ros.ros.messages import stamp_ns

@pytest.fixture(scope="module")
def node(tmp_path_factory):
    process = NodeProcess(
        tmp_path_factory.mktemp("node") / "log", program=OFTEN, model=model(), cameras=["camera", "flat", "far", "none", "once"],
        none__depth_topic="", far__depth_topic="far/depth/compressedDepth", input_size=SMALL_INPUT,
        score_threshold=0.0, overlap_threshold=0.0, max_segments=8, prompt_zoom=False,
    )
    yield process
    assert process.stop(signals=2) == 0, process.output[-3000:]


def follow(camera: DepthCamera, tracks: list) -> tuple[int, np.ndarray]:
    """Clicks the centre of the image; returns the track ID and the mask."""
    source, _ = shot(camera, tracks)
    answer = segment(camera.client, camera="camera", points=[(64, 48)], stamp=stamp_ns(source.header.stamp), track=True)
    mask = check_answer(answer, source)
    assert answer.track_id, answer.message
    return answer.track_id, mask > 0


@pytest.mark.parametrize("millimetres", [False, True])
def test_depth__a_track_has_the_position_of_what_its_mask_shows(client, camera, millimetres):
    client.call(Trigger, "~/reset_tracks", Trigger.Request())
    tracks = client.listen(TrackedInstanceArray, "~/camera/tracks")
    track_id, _ = follow(camera, tracks)

    def placed(message):
        return [i for i in message.instances if i.track_id == track_id and i.has_position]

    source, message = shot(camera, tracks, placed, millimetres=millimetres)
    instance = placed(message)[0]
    mask = np.frombuffer(instance.mask.data, np.uint8).reshape(instance.roi.height, instance.roi.width) > 0
    rows, columns = np.nonzero(mask)
    z = np.median(camera.depth[0, columns + instance.roi.x_offset])
    x = np.median((columns + instance.roi.x_offset - SIZE[1] / 2) / FOCAL * camera.depth[0, columns + instance.roi.x_offset])
    assert instance.position.z == pytest.approx(z, abs=0.05)
    assert instance.position.x == pytest.approx(x, abs=0.05)
    assert message.header == source.header
    lost = [i for i in message.instances if i.frames_since_seen]
    assert not any(i.has_position for i in lost)
    # Depth that did not arrive in time, as on a busy machine, is reported for a while.
    status = until(lambda: camera.shoot(millimetres) and (s := camera_status(client, "camera"))["depth"] == "used" and s, "depth to be used")
    assert status["depth topic"] == "/camera/depth" and int(status["frames with depth"]) > 0


def test_depth__compressed_gives_points_too(client):
    far = DepthCamera(client, "far")
    clouds = client.listen(PointCloud2, "~/far/points", BEST_EFFORT)
    _, png = cv2.imencode(".png", np.rint(far.depth * 1000).astype(np.uint16))
    for _ in range(40):
        message = far.image_message()
        depth = CompressedImage(header=message.header, format="16UC1; compressedDepth png", data=bytes(12) + png.tobytes())
        client.publish("far/camera_info", far.info)
        client.publish("far/depth/compressedDepth", depth)
        time.sleep(0.02)
        client.publish("far/image_raw", message)
        time.sleep(0.2)
        if clouds:
            break
    z = np.frombuffer(clouds[0].data, np.uint8).reshape(*SIZE, 24)[..., 8:12].copy().view("<f4")[..., 0]
    np.testing.assert_allclose(z, far.depth, atol=6e-4)


def test_depth__points_have_their_places_colours_and_classes(client, camera):
    client.call(Trigger, "~/reset_tracks", Trigger.Request())
    clouds = client.listen(PointCloud2, "~/camera/points", BEST_EFFORT)  # alone, it triggers inference
    camera.depth[10, 20] = np.nan
    source, cloud = shot(camera, clouds)
    assert cloud.header == source.header and (cloud.height, cloud.width) == SIZE and cloud.point_step == 24
    points = np.frombuffer(cloud.data, np.uint8).reshape(*SIZE, 24)
    xyz, rgb = points[..., :12].copy().view("<f4"), points[..., 12:15]
    assert np.isnan(xyz[10, 20]).all() and not cloud.is_dense
    np.testing.assert_allclose(xyz[20, 100], ((100 - 64) / FOCAL * camera.depth[20, 100], (20 - 48) / FOCAL * camera.depth[20, 100],
                                              camera.depth[20, 100]), rtol=1e-5)
    np.testing.assert_array_equal(rgb[..., ::-1], camera.image)
    assert client.set("points_step", 4) == ""
    _, thin = shot(camera, clouds, lambda message: message.width == 32)
    assert thin.height == 24
    assert client.set("points_step", 1) == ""


def test_depth__boxes_are_shown_and_taken_down(node, client, camera):
    client.call(Trigger, "~/reset_tracks", Trigger.Request())
    tracks = client.listen(TrackedInstanceArray, "~/camera/tracks")
    boxes = client.listen(MarkerArray, "~/camera/markers")
    track_id, mask = follow(camera, tracks)

    def shown(message):
        return [m for m in message.markers if m.id == track_id and m.ns == "boxes" and m.action == Marker.ADD]

    def taken_down():
        return boxes[-1].markers and boxes[-1].markers[0].action == Marker.DELETEALL

    shot(camera, boxes, shown)
    until(taken_down, "the boxes to be taken down where neither depth nor frames follow")
    _, message = shot(camera, boxes, shown)
    box = shown(message)[0]
    assert 1.0 <= box.pose.position.z <= 2.0 and box.scale.x > 0.02
    assert any(m.ns == "names" and m.id == track_id and " m" in m.text for m in message.markers)
    assert client.change("deactivate")
    until(taken_down, "the boxes to be taken down")
    assert client.change("activate")


def test_vision_msgs__detections_in_2d_and_3d_and_the_classes(camera, client):
    """With the real package, if installed."""
    vision_msgs = pytest.importorskip("vision_msgs.msg", reason="vision_msgs is not installed (apt: ros-DISTRO-vision-msgs)")
    tracks = client.listen(TrackedInstanceArray, "~/camera/tracks")
    flat = client.listen(vision_msgs.Detection2DArray, "~/camera/detections")
    deep = client.listen(vision_msgs.Detection3DArray, "~/camera/detections_3d")
    classes = client.listen(vision_msgs.LabelInfo, "~/camera/semantic/label_info", LATCHED)
    track_id, _ = follow(camera, tracks)
    source, message = shot(camera, deep, lambda message: any(found.id == str(track_id) for found in message.detections))
    found = next(found for found in message.detections if found.id == str(track_id))
    track = next(track for track in latest(tracks, source).instances if track.track_id == track_id)
    assert message.header == found.header == source.header and found.results[0].pose.pose.position == track.position
    assert found.results[0].hypothesis.class_id == track.class_name and found.bbox.center.orientation.w == 1.0
    assert found.bbox.size.x > 0 and 1.0 <= found.bbox.center.position.z <= 2.0
    assert all(one.bbox.size_x > 0 and one.results[0].hypothesis.class_id for one in latest(flat, source).detections)
    assert {one.class_id for one in until(lambda: list(classes), "the classes")[-1].class_map} >= {0, 255}


def test_depth__a_calibration_that_was_published_once_before_is_heard(client):
    once = DepthCamera(client, "once")
    assert client.change("deactivate")
    latched = client.node.create_publisher(CameraInfo, "once/camera_info", LATCHED)
    latched.publish(once.info)
    assert client.change("activate")
    tracks = client.listen(TrackedInstanceArray, "~/once/tracks")

    def used():
        message = once.image_message()
        client.publish("once/depth", once.depth_message(message))
        time.sleep(0.02)
        client.publish("once/image_raw", message)
        latest(tracks, message)
        return camera_status(client, "once")["depth"] == "used"

    try:
        until(used, "the calibration")
    finally:
        client.node.destroy_publisher(latched)
        client.forget("once/depth")


def test_depth__is_looked_at_only_while_it_is_needed(client, camera):
    semantic = client.listen(Image, "~/camera/semantic", BEST_EFFORT)
    shot(camera, semantic)
    status = until(lambda: (s := camera_status(client, "camera"))["depth"] == "not needed" and s, "nobody to need depth")
    before = status["frames with depth"]
    for _ in range(5):
        shot(camera, semantic)
    assert camera_status(client, "camera")["frames with depth"] == before


def test_depth__an_empty_topic_is_none(client):
    tracks = client.listen(TrackedInstanceArray, "~/none/tracks")
    none = DepthCamera(client, "none")
    message = none.image_message()
    client.publish("none/image_raw", message)
    assert not any(i.has_position for i in latest(tracks, message).instances)
    status = camera_status(client, "none")
    assert status["depth topic"] == "" and status["depth"] in ("", "depth_topic is empty")
    assert client.set("none.image_topic", "") and client.set("none.depth_topic", 3)


def test_depth__points_of_a_camera_without_depth_cost_nothing_and_say_so(node, client):
    flat = DepthCamera(client, "flat")
    client.listen(PointCloud2, "~/flat/points", BEST_EFFORT)

    def warned():
        client.publish("flat/image_raw", flat.image_message())
        return "no depth image on /flat/depth" in camera_status(client, "flat")["depth"]

    until(warned, "a warning")
    status = next(s for s in diagnostics(client) if s.name.endswith("camera flat"))
    assert status.level == DiagnosticStatus.WARN
    assert camera_status(client, "flat")["frames processed"] == "0"
    until(lambda: "camera 'flat': no positions and points: no depth image on /flat/depth" in node.output, "a line in the log")


@pytest.mark.parametrize("wrong, sentence", [
    (dict(metres=np.ones((96, 96), np.float32)), "registered to the image"),
    (dict(calibration=(640, 480)), "the camera_info is for images of 640x480 pixels"),
    (dict(late=0.5), "within 0.05 s of the image"),
])
def test_depth__that_cannot_be_used_is_named_and_tracks_go_on(client, camera, wrong, sentence):
    tracks = client.listen(TrackedInstanceArray, "~/camera/tracks")
    if "calibration" in wrong:
        camera.calibrate(*wrong["calibration"])

    def positions() -> bool:
        if "late" in wrong:
            client.skip(1.0)
            message = camera.image_message()
            depth = camera.depth_message(message)
            stamp = stamp_ns(message.header.stamp) - int(wrong["late"] * 1e9)
            depth.header.stamp.sec, depth.header.stamp.nanosec = divmod(stamp, 1_000_000_000)
            client.publish("camera/depth", depth)
            time.sleep(0.02)
            client.publish("camera/image_raw", message)
        else:
            message = camera.shoot(metres=wrong.get("metres"))
        return any(i.has_position for i in latest(tracks, message).instances)

    # Topics are not synchronised: the first image may still use the previous calibration.
    until(lambda: not positions() and sentence in camera_status(client, "camera")["depth"], sentence)
    assert not positions()
    camera.calibrate()
    shot(camera, tracks)
    until(lambda: camera.shoot() and camera_status(client, "camera")["depth"] == "used", "depth to be used again")
