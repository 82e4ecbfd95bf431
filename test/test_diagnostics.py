"""Tests the content of a report in each state, built from values without a node."""
from __future__ import annotations

import pytest

pytest.importorskip("diagnostic_msgs", reason="ROS 2 is not installed")

from rmpsam_ros.ros.diagnostics import ERROR, OK, WARN, CameraStatus, DepthStatus, NodeStatus, report
from rmpsam_ros.ros.stats import CameraStats, StageTimes


def stats(clock=lambda: 0.0, received: int = 2) -> CameraStats:
    stats = CameraStats(clock=clock)
    for _ in range(received):
        stats.arrived()
    return stats


def status(state="active", **changes) -> NodeStatus:
    camera = CameraStatus("front", "/front/image_raw", stats(), "reliable", listeners=True)
    return NodeStatus(**{**dict(
        name="/rmpsam", state=state, backend="openvino", device="CPU", precision="bf16", model="m",
        input_size=(480, 640), profile="p.xml", cameras=[camera],
    ), **changes})


def values(part) -> dict[str, str]:
    return {value.key: value.value for value in part.values}


def test_report__all_well():
    node, camera = report(status())
    assert node.level == camera.level == OK and (node.message, camera.message) == ("active", "running")
    assert node.name == "/rmpsam: inference" and camera.name == "/rmpsam: camera front"
    assert values(node)["input size"] == "480x640" and values(node)["latency p50 (ms)"] == ""


def test_report__unconfigured_without_a_camera():
    (node,) = report(NodeStatus("/rmpsam", "unconfigured"))
    assert node.level == WARN and node.message == "unconfigured: ros2 lifecycle set /rmpsam configure, then activate" and "none" in values(node)["Fast DDS profile"]


@pytest.mark.parametrize("changes, said", [
    ({}, "p.xml"), ({"profile": ""}, "none: large images may be lost"),
    ({"profile": "", "transports": "FASTDDS_BUILTIN_TRANSPORTS=UDPv4"}, "none: FASTDDS_BUILTIN_TRANSPORTS=UDPv4"),
])
def test_report__profile__or_what_was_chosen_in_its_place(changes, said):
    assert values(report(status(**changes))[0])["Fast DDS profile"].startswith(said)


@pytest.mark.parametrize("changes, level, part", [
    ({"state": "unconfigured", "last_error": "no model"}, ERROR, "unconfigured: no model"),
    ({"enabled": False}, WARN, "switched off"),
    ({"trained": False}, WARN, "'m' is UNTRAINED: its masks mean nothing"),
    ({"state": "inactive"}, WARN, "inactive: ros2 lifecycle set /rmpsam activate"),
    ({"state": "finalized"}, WARN, "finalized: end the process"),
    ({"name_taken": True}, WARN, "active, but another node has the name /rmpsam too"),
    ({"state": "configuring", "progress": "building the image engine"}, WARN, "configuring: building the image engine"),
])
def test_report__node(changes, level, part):
    node = report(status(**changes))[0]
    assert node.level == level and part in node.message


def test_report__camera_that_waits_is_stale_or_unmatched():
    now = [0.0]
    waiting = CameraStatus("a", "/a", stats(received=0), silence="it has no publisher")
    silent = CameraStatus("b", "/b", stats(lambda: now[0]), silence="it has a publisher")
    apart = CameraStatus("c", "/c", stats(), unmatched=("/d publishes /c best effort",))
    quiet = CameraStatus("d", "/d", stats())
    double = CameraStatus("e", "/e", stats(), listeners=True, mixed="2 publishers on /e")
    now[0] = 60.0
    parts = report(status(cameras=[waiting, silent, apart, quiet, double]))[1:]
    assert [part.level for part in parts] == [WARN, WARN, ERROR, OK, WARN]
    assert [part.message for part in parts] == [
        "waiting for the first image on /a: it has no publisher", "no image on /b for 60.0 s: it has a publisher", "/d publishes /c best effort",
        "no subscribers: no inference", "2 publishers on /e",
    ]


def test_report__frames_that_all_fail_are_an_error_until_one_succeeds():
    broken = CameraStatus("front", "/front/image_raw", stats(), "reliable", listeners=True)
    for _ in range(2):
        broken.stats.failed("RuntimeError: out of memory")
    assert [part.level for part in report(status(cameras=[broken]))] == [OK, OK]
    broken.stats.failed("RuntimeError: out of memory")
    node, camera = report(status(cameras=[broken]))
    assert node.level == camera.level == ERROR and camera.message == "the last 3 frames have no result: RuntimeError: out of memory"
    assert "no frame of camera front has a result: RuntimeError: out of memory" in node.message
    broken.stats.was_published(StageTimes(0, 1, 2, 1, 4))
    assert [part.level for part in report(status(cameras=[broken]))] == [OK, OK]


@pytest.mark.parametrize("changes, said", [
    ({"busy": 9.0}, ""), ({"busy": 14.0}, "one inference has been running for 14 s"), ({"ended": "the inference thread has ended (x)"}, "has ended (x)"),
])
def test_report__an_inference_that_hangs(changes, said):
    node, camera = report(status(**changes))
    assert node.level == camera.level == (ERROR if said else OK)
    assert said in node.message and said in camera.message
    assert report(status("inactive", **changes))[1].level == OK


def test_report__an_inference_that_is_always_slow__does_not_hang():
    slow = stats()
    slow.was_published(StageTimes(0, 0, 8000, 0, 8000))
    assert report(status(busy=30.0, cameras=[CameraStatus("front", "/f", slow, listeners=True)]))[0].level == OK


def test_report__switched_off__no_camera_is_running():
    node, camera = report(status(enabled=False))
    assert node.level == WARN and camera.message == "inference is switched off"


def test_report__only_points_are_listened_to_and_no_depth_comes__nothing_is_inferred():
    depth = DepthStatus("/d", problem="no depth image on /d", needed=True, wanted=True)
    camera = report(status(cameras=[CameraStatus("front", "/f", stats(), listeners=False, depth=depth)]))[1]
    assert (camera.level, camera.message) == (WARN, "no inference: no depth image on /d")


@pytest.mark.parametrize("depth, level, said", [
    (DepthStatus("/d"), OK, ""),
    (DepthStatus("/d", alive=True), OK, "not needed"),
    (DepthStatus("/d", alive=True, needed=True, used=7), OK, "used"),
    (DepthStatus("/d", problem="no depth image on /d"), OK, "no depth image on /d"),  # only tracks have a subscriber
    (DepthStatus("/d", problem="no depth image on /d", wanted=True), WARN, "no depth image on /d"),
    (DepthStatus("/d", alive=True, problem="not registered"), WARN, "not registered"),
])
def test_report__depth(depth, level, said):
    camera = report(status(cameras=[CameraStatus("front", "/f", stats(), listeners=True, depth=depth)]))[1]
    got = values(camera)
    assert camera.level == level and (level == OK or said in camera.message)
    assert got["depth topic"] == "/d" and got["depth"] == said and got["frames with depth"] == str(depth.used)


def test_report__numbers():
    numbers = stats()
    for total in (10, 20, 30):
        numbers.was_published(StageTimes(wait=1, decode=1, segment=6, publish=2, total=total))
    numbers.was_replaced()
    numbers.was_bad("step is wrong")
    node, camera = report(status(cameras=[CameraStatus("front", "/f", numbers)]))
    got = values(camera)
    assert got["frames dropped"] == "2" and got["frames published"] == "3" and got["last error"] == "step is wrong"
    assert got["latency p50 (ms)"] == "20.00" and got["segmenter p50 (ms)"] == "6.00"
    assert values(node)["latency p50 (ms)"] == "20.00" and "step is wrong" in values(node)["last error"]


def test_report__of_two_cameras_sums_counts_and_names_the_slowest_and_the_newest():
    now = [0.0]
    early, late = stats(lambda: now[0]), stats(lambda: now[0], received=0)
    now[0] = 3.0
    late.arrived()
    now[0] = 4.0
    for camera, total in ((early, 10), (late, 30)):
        camera.was_published(StageTimes(wait=1, decode=1, segment=6, publish=2, total=total))
    early.was_replaced()
    late.was_bad("step is wrong")
    got = values(report(status(cameras=[CameraStatus("a", "/a", early), CameraStatus("b", "/b", late)]))[0])
    assert (got["frames received"], got["frames dropped"]) == ("3", "2")
    assert got["latency p50 (ms)"] == "30.00" and got["age of the last frame (s)"] == "1.000"


def test_report__an_error_that_is_over_and_frames_that_nobody_waits_for_are_no_error():
    broken = CameraStatus("front", "/front/image_raw", stats(), listeners=False)
    for _ in range(5):
        broken.stats.failed("RuntimeError: out of memory")
    assert [part.level for part in report(status(last_error="no model", cameras=[broken]))] == [OK, OK]
