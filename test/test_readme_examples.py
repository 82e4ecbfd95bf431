"""Runs the README's code examples unchanged: reading messages, requesting a mask, starting the node; and the Nav2 example."""
from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
LAUNCH = (ROOT / "launch/rmpsam.launch.py").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def block(language: str, text: str) -> str:
    """The only code block in a language that contains a text."""
    found = [code for code in blocks(language) if text in code]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("code", blocks("python"))
def test_python__compiles(code):
    compile(code, "README.md", "exec")


@pytest.mark.parametrize("code", blocks("yaml"))
def test_yaml__is_yaml(code):
    assert yaml.safe_load(code)


@pytest.mark.parametrize("code", blocks("sh"))
def test_sh__is_a_shell_script(code):
    done = subprocess.run(["sh", "-n"], input=code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# Results in numpy


@pytest.fixture
def example():
    """The names that the README's block defines, and the messages that they use."""
    pytest.importorskip("rclpy", reason="ROS 2 is not installed (pip install . brings it)")
    pytest.importorskip("rmpsam_ros.msg", reason="the messages are not built (pip install . builds them)")
    names = {"__name__": "readme"}
    exec(compile(block("python", "class Reader"), "README.md", "exec"), names)
    return names


def image(pixels: np.ndarray, encoding: str, padding: int = 0, big: bool = False):
    """An Image of (H, W) pixels with the given number of padding bytes per row."""
    from sensor_msgs.msg import Image

    from rmpsam_ros.ros.messages import byte_array

    pixels = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<"))
    lines = np.ascontiguousarray(pixels).view(np.uint8).reshape(pixels.shape[0], -1)
    lines = np.pad(lines, ((0, 0), (0, padding)), constant_values=77)
    return Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding, step=lines.shape[1], is_bigendian=int(big),
                 data=byte_array(lines))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("padding", [0, 1, 6])
@pytest.mark.parametrize("encoding, kind", [("mono8", np.uint8), ("mono16", np.uint16)])
def test_pixels__are_those_of_the_image(example, encoding, kind, padding, big):
    expected = np.random.default_rng(0).integers(0, np.iinfo(kind).max, (5, 7)).astype(kind)
    message = image(expected, encoding, padding, big)
    found = example["pixels"](message)
    assert found.shape == (5, 7) and found.dtype.itemsize == expected.itemsize
    np.testing.assert_array_equal(found, expected)
    message.data[0] ^= 255  # a view, not a copy
    assert found[0, 0] != expected[0, 0]


def test_panoptic__gives_a_mask_for_each_segment(example):
    from rmpsam_ros.msg import PanopticSegmentation, Segment

    ids = np.zeros((6, 9), np.uint16)
    ids[1:3, 2:5], ids[4:, 6:] = 1, 60000
    segments = [Segment(id=1, class_name="cup", area=6), Segment(id=60000, class_name="box", area=6)]
    reader = type("Reader", (), {"shape": None})()
    example["Reader"].on_panoptic(reader, PanopticSegmentation(segment_ids=image(ids, "mono16", 4), segments=segments))
    assert reader.shape == (6, 9) and set(reader.masks) == {1, 60000}
    for segment in segments:
        np.testing.assert_array_equal(reader.masks[segment.id], ids == segment.id)


def test_tracks__masks_lie_where_they_belong_in_the_image(example):
    from sensor_msgs.msg import RegionOfInterest
    from std_msgs.msg import Header

    from rmpsam_ros.msg import TrackedInstance, TrackedInstanceArray
    from rmpsam_ros.ros.messages import mask_message

    expected = np.zeros((20, 30), bool)
    expected[3:8, 10:17] = np.random.default_rng(1).random((5, 7)) > 0.5
    roi = RegionOfInterest(x_offset=10, y_offset=3, width=7, height=5)
    seen = TrackedInstance(track_id=4, roi=roi, mask=image(expected[3:8, 10:17].astype(np.uint8) * np.uint8(255), "mono8", 3))
    lost = TrackedInstance(track_id=9, state=TrackedInstance.LOST, roi=roi, mask=seen.mask)  # at its previous place
    small = TrackedInstance(track_id=12, mask=mask_message(np.zeros((0, 0), bool), Header()))
    reader = type("Reader", (), {"shape": None})()
    message = TrackedInstanceArray(instances=[seen, lost, small])
    example["Reader"].on_tracks(reader, message)  # before the size of the image is known
    assert not hasattr(reader, "tracks")
    reader.shape = (20, 30)
    example["Reader"].on_tracks(reader, message)
    np.testing.assert_array_equal(reader.tracks[4], expected)
    assert set(reader.tracks) == {4, 12} and not reader.tracks[12].any()


def test_examples__with_the_node__read_and_click_and_see_which_qos_does_not_fit(tmp_path):
    import ros_harness as ros
    from node_checks import scene
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import Image

    # With simulated time and no publisher of /clock, as the README describes.
    node = ros.NodeProcess(tmp_path / "node", model=ros.model(), input_size=ros.SMALL_INPUT, score_threshold=0.0, use_sim_time=True)
    client, reader = ros.Client(), None
    try:
        good, bad = client.listen(Image, "~/camera/semantic", qos_profile_sensor_data), []
        client.node.create_subscription(Image, "/rmpsam/camera/semantic", bad.append, 10)
        environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "PYTHONUNBUFFERED": "1"}
        for name, text in (("reader", "class Reader"), ("clicker", "create_node(\"clicker\")")):
            (tmp_path / f"{name}.py").write_text(block("python", text))
        with (tmp_path / "reader").open("wb") as out:
            reader = subprocess.Popen([sys.executable, tmp_path / "reader.py"], stdout=out, stderr=subprocess.STDOUT, env=environ)

        def is_read():
            client.publish("camera/image_raw", client.image(scene(480, 640)))
            return re.search(r"\w: \d+ pixels", (tmp_path / "reader").read_text()) and good

        ros.until(is_read, "a map that the example reads")
        clicked = subprocess.run([sys.executable, tmp_path / "clicker.py"], env=environ, capture_output=True, text=True, timeout=60)
        assert re.search(r"\d+ pixels, predicted IoU \d\.\d\d", clicked.stdout), clicked.stdout + clicked.stderr
        ros.until(lambda: re.search("semantic.*incompatible QoS", node.output), "the node's line on QoS")
        assert good and not bad
    finally:
        if reader is not None:
            reader.kill()
            reader.wait()
        client.close()
        assert node.stop() == 0, node.output[-3000:]


# The launch file


def test_launch_file__gives_arguments_that_there_are():
    code = ast.parse(block("python", "IncludeLaunchDescription("))
    given = {key.value for part in ast.walk(code) if isinstance(part, ast.Dict) for key in part.keys}
    offered = set(re.findall(r'DeclareLaunchArgument\("(\w+)"', LAUNCH)) | set(re.findall(r'^    \("(\w+)", ', LAUNCH, re.MULTILINE))
    assert given and given <= offered


def test_launch_arguments__in_the_readme_are_those_that_there_are():
    offered = set(re.findall(r'DeclareLaunchArgument\("(\w+)"', LAUNCH)) | set(re.findall(r'^    \("(\w+)", ', LAUNCH, re.MULTILINE))
    lines = re.findall(r"ros2 launch rmpsam_ros rmpsam\.launch\.py([^`\n]*)", README)
    assert {name for line in lines for name in re.findall(r"(\w+):=", line)} - offered == set()


def test_launch_file__includes_ours_where_launch_is_installed():
    pytest.importorskip("launch_ros.actions", reason="launch_ros is not installed (it comes with a ROS 2 installation only)")
    from launch import LaunchContext
    from launch.actions import DeclareLaunchArgument, ExecuteProcess

    names: dict = {}
    exec(compile(block("python", "IncludeLaunchDescription("), "README.md", "exec"), names)
    context, declared = LaunchContext(), {}
    outside = {"params_file": "/nav2.yaml", "namespace": "nav2", "rviz": "true", "ros_namespace": "/nav2"}
    context.launch_configurations.update(outside)

    def visit(entity) -> None:
        if isinstance(entity, ExecuteProcess):
            return
        for part in entity.visit(context) or []:
            visit(part)
        if isinstance(entity, DeclareLaunchArgument):
            declared[entity.name] = context.launch_configurations[entity.name]

    visit(names["generate_launch_description"]())
    assert declared["cameras"] == "front, rear" and declared["namespace"] == "" and declared["params_file"].endswith("rmpsam.yaml")
    assert context.launch_configurations == outside


# Nav2


def nav2_layer() -> dict:
    parameters = yaml.safe_load((ROOT / "config/nav2_semantic_layer.yaml").read_text())["local_costmap"]["local_costmap"]["ros__parameters"]
    assert "semantic_layer" in parameters["plugins"]
    return parameters["semantic_layer"]


def test_nav2__classes_are_those_of_the_bundled_model_each_once():
    source = nav2_layer()["camera"]
    named = [name for kind in source["class_types"] for name in source[kind]["classes"]]
    model = yaml.safe_load((ROOT / "rmpsam_ros/models/rmpsam-lite0/model.yaml").read_text())
    of_model = {label["name"] for label in model["labels"]["classes"]}
    assert len(named) == len(set(named))
    assert of_model - set(named) == {"ceiling", "sky", "other"} and set(named) <= of_model


def test_nav2__topics_are_ours_and_costs_are_costs():
    layer = nav2_layer()
    for source in layer["observation_sources"].split():
        values = layer[source]
        topics = [value for name, value in values.items() if name.endswith("_topic")]
        assert topics and all(f"| `{topic.replace('/rmpsam/camera/', '~/NAME/')}` |" in README for topic in topics)
        for kind in values["class_types"]:
            numbers = [values[kind][name] for name in ("base_cost", "max_cost", "mark_confidence", "samples_to_max_cost")]
            assert all(type(number) is int for number in numbers)  # as the layer declares them
            assert 0 <= numbers[0] <= numbers[1] <= 254 and 0 <= numbers[2] <= 255
            assert type(values[kind]["dominant_priority"]) is bool
