"""Tests `rmpsam bag` with depth: positions, points and boxes, and what is said where depth or its calibration is missing."""
from __future__ import annotations

import numpy as np
import pytest
from test_cli_bag import COUNT, NAMES, START, TOPIC, TYPES, bag, calibration, depth, header, raw, read_bag, write_bag

from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from rosbags.rosbag2 import StoragePlugin, Writer
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String
from visualization_msgs.msg import MarkerArray

from rmpsam_ros.msg import TrackedInstanceArray
from rmpsam_ros.ros import vision_messages


@pytest.mark.parametrize("depth_first", [True, False])
def test_bag__with_depth__positions_points_and_markers(tmp_path, capsys, depth_first):
    pairs = [pair if depth_first else pair[::-1] for i in range(COUNT) for pair in [(("/front/depth", depth(i)), (TOPIC, raw(i)))]]
    source = write_bag(tmp_path / "drive", [("/front/camera_info", calibration()), *(one for pair in pairs for one in pair)])
    words = ["--depth", "/front/depth", "--min-hits", "1", "--points-step", "2"]
    assert bag(source, "--out", str(tmp_path / "out"), *words) == 0
    assert "had no depth" not in capsys.readouterr().err
    found = read_bag(tmp_path / "out")[0]
    assert len(found["/rmpsam/front/points"]) == len(found["/rmpsam/front/markers"]) == COUNT
    assert len(found.get("/rmpsam/front/detections_3d", [])) == (COUNT if vision_messages.AVAILABLE else 0)
    cloud = deserialize_message(found["/rmpsam/front/points"][2][1], PointCloud2)
    assert (cloud.height, cloud.width) == (48, 64) and cloud.header == header(2)
    points = np.frombuffer(cloud.data, np.float32).reshape(48, 64, 6)
    np.testing.assert_allclose(points[10, 40, :3], ((80 - 64) / 100 * 2, (20 - 48) / 100 * 2, 2), rtol=1e-6)
    tracks = [i for _, data in found["/rmpsam/front/tracks"] for i in deserialize_message(data, TrackedInstanceArray).instances]
    seen = [i for i in tracks if not i.frames_since_seen]
    assert seen and all(i.has_position and abs(i.position.z - 2) < 1e-6 for i in seen)
    assert not any(i.has_position for i in tracks if i.frames_since_seen)
    markers = deserialize_message(found["/rmpsam/front/markers"][-1][1], MarkerArray).markers
    assert {m.ns for m in markers if m.action == 0} == {"boxes", "names"}


def test_bag__an_image_without_depth_is_said_and_has_all_else(tmp_path, capsys):
    messages = [("/front/camera_info", calibration())]
    for i in range(COUNT):
        messages += [(TOPIC, raw(i)), *([("/front/depth", depth(i))] if i != 3 else [])]
    source = write_bag(tmp_path / "drive", messages)
    assert bag(source, "--out", str(tmp_path / "out"), "--topic", TOPIC, "--depth", "/front/depth") == 0
    assert "1 images of /front/image_raw had no depth: no depth image on /front/depth is within 0.05 s" in capsys.readouterr().err
    found = read_bag(tmp_path / "out")[0]
    assert len(found["/rmpsam/front/points"]) == COUNT - 1 and len(found["/rmpsam/front/panoptic"]) == COUNT


def test_bag__without_stamps__depth_and_rate_go_by_the_recording(tmp_path, capsys):
    messages = [("/front/camera_info", calibration())]
    for i in range(COUNT):
        pair = raw(i), depth(i)
        for message in pair:
            message.header.stamp = Time()
        messages += zip((TOPIC, "/front/depth"), pair)
    source = write_bag(tmp_path / "drive", messages)
    words = ["--topic", TOPIC, "--depth", "/front/depth", "--depth-max-gap", "0.15"]
    assert bag(source, "--out", str(tmp_path / "out"), *words) == 0
    assert len(read_bag(tmp_path / "out")[0]["/rmpsam/front/points"]) == COUNT
    assert bag(source, "--out", str(tmp_path / "slow"), *words, "--max-rate", "2.5") == 0  # one image was recorded per 0.2 s
    assert len(read_bag(tmp_path / "slow")[0]["/rmpsam/front/panoptic"]) == COUNT // 2


def test_bag__a_calibration_that_comes_after_the_first_image_holds_for_it_too(tmp_path, capsys):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0)), ("/front/depth", depth(0)), ("/front/camera_info", calibration()),
                                            (TOPIC, raw(1)), ("/front/depth", depth(1))])  # fmt: skip
    assert bag(source, "--out", str(tmp_path / "out"), "--topic", TOPIC, "--depth", "/front/depth") == 0
    assert len(read_bag(tmp_path / "out")[0]["/rmpsam/front/points"]) == 2


def test_bag__depth_that_one_camera_waits_for_is_not_another_ones_loss(tmp_path, capsys):
    messages = [("/front/camera_info", calibration()), ("/rear/camera_info", calibration()), ("/front/depth", depth(-9))]
    for i in range(3):
        messages += [(TOPIC, raw(i)), ("/rear/image_raw", raw(i)), ("/rear/depth", depth(i))]
    messages += [("/rear/depth", depth(i)) for i in range(3, 13)]
    source = tmp_path / "drive"
    with Writer(source, version=9, storage_plugin=StoragePlugin.MCAP) as writer:  # all within the time that an image waits for depth
        connections = {topic: writer.add_connection(topic, NAMES[type(m)], typestore=TYPES) for topic, m in dict(messages).items()}
        for index, (topic, message) in enumerate(messages):
            writer.write(connections[topic], START + index * 5_000_000, serialize_message(message))
    words = ("--topic", TOPIC, "--topic", "/rear/image_raw", "--depth", "/front/depth", "--depth", "/rear/depth")
    assert bag(source, "--out", str(tmp_path / "out"), *words, "--results", "points") == 0
    assert len(read_bag(tmp_path / "out")[0]["/rmpsam/rear/points"]) == 3


@pytest.mark.parametrize("words, part", [
    (["--depth", "/front/nothing"], "There is no topic /front/nothing"),
    (["--depth", "/note"], "/note carries std_msgs/msg/String; sensor_msgs/msg/Image or sensor_msgs/msg/CompressedImage is needed"),
    (["--depth", "/front/depth"], "There is no topic /front/camera_info"),
    (["--depth", "/front/depth", "--camera-info", "/other/info", "--camera-info", "/other/info"], "There are 2 --camera-info for 1 --depth"),
    (["--depth", "/front/depth", "--depth", "/front/depth"], "There are 2 --depth for 1 image topics"),
    (["--points-step", "0"], "must be at least 0 and 1"),
])
def test_bag__depth_that_is_not_there__is_one_line_and_exit_code_2(tmp_path, capsys, words, part):
    messages = [(TOPIC, raw(0)), ("/front/depth", depth(0)), ("/note", String(data="x")), ("/other/info", calibration())]
    source = write_bag(tmp_path / "drive", messages)
    assert bag(source, "--topic", TOPIC, "--out", str(tmp_path / "out"), *words) == 2
    assert part in " ".join(capsys.readouterr().err.split()) and not (tmp_path / "out").exists()
