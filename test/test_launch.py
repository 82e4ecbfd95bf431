"""Tests the launch file: its arguments, its environment, and the node that it starts.

`launch` is not on PyPI: these tests run where ROS 2 is installed.
"""
from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytest.importorskip("launch_ros.actions", reason="launch_ros is not installed (it comes with a ROS 2 installation only)")

import ros_harness as ros  # noqa: E402
from ament_index_python import packages  # noqa: E402
from launch.actions import DeclareLaunchArgument, OpaqueFunction  # noqa: E402
from launch.launch_description_sources import get_launch_description_from_python_launch_file  # noqa: E402
from launch.logging import launch_config  # noqa: E402

from launch import LaunchContext  # noqa: E402
from rmpsam_ros.ros.dds import TRANSPORTS, VARIABLES  # noqa: E402

FILE = Path(__file__).resolve().parents[1] / "launch" / "rmpsam.launch.py"


@pytest.fixture
def description(monkeypatch):
    def load(**environment):
        for name in (*VARIABLES, TRANSPORTS):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return get_launch_description_from_python_launch_file(str(FILE))

    return load


def test_arguments__are_the_promised_ones_each_with_a_description(description):
    arguments = description().get_launch_arguments()
    assert {a.name for a in arguments} >= {
        "namespace", "name", "cameras", "params_file", "model", "backend", "autostart", "log_level", "use_sim_time", "respawn"}
    assert [a.name for a in arguments if len(a.description) < 15] == []


def started_by(description, package: str, **arguments) -> list:
    """The nodes of a package that the description starts, given the launch arguments."""
    context = LaunchContext()
    context.launch_configurations.update(arguments)
    for entity in description.entities:
        if isinstance(entity, DeclareLaunchArgument):
            entity.visit(context)
    actions = [entity for entity in description.entities if isinstance(entity, OpaqueFunction)]
    return [node for action in actions for node in (action.visit(context) or []) if node.node_package == package]


@pytest.fixture
def rviz_is_there(description, monkeypatch):
    honest = packages.get_package_prefix
    monkeypatch.setattr(packages, "get_package_prefix", lambda name: "/opt/rviz2" if name == "rviz2" else honest(name))


def environment_of(node) -> dict[str, str]:
    """The environment variables of a process that others of the launch do not have."""
    text = LaunchContext().perform_substitution
    added = node.process_description.additional_env or []
    return {"".join(map(text, name)): "".join(map(text, value)) for name, value in added}


def test_environment__names_the_profile_for_large_images_to_what_is_started_here_alone(description, rviz_is_there):
    before = dict(os.environ)
    found = [environment_of(*started_by(description(), package, rviz="true")) for package in ("rmpsam_ros", "rviz2")]
    assert found[0] == found[1] and set(found[0]) == set(VARIABLES)
    assert all(Path(path).is_file() and path.endswith("fastdds_large_images.xml") for path in found[0].values())
    assert dict(os.environ) == {name: value for name, value in before.items() if name not in (*VARIABLES, TRANSPORTS)}


@pytest.mark.parametrize("variable", [*VARIABLES, TRANSPORTS])
def test_environment__keeps_what_the_user_has_chosen(description, variable):
    assert environment_of(*started_by(description(**{variable: "mine"}), "rmpsam_ros")) == {}


def test_environment__can_be_left_alone__by_the_node_too(description):
    assert environment_of(*started_by(description(), "rmpsam_ros", large_images="false")) == {TRANSPORTS: "DEFAULT"}


def test_rviz__is_not_started_unasked(description):
    assert started_by(description(), "rviz2") == []


def test_rviz__that_is_not_there__is_said_before_the_node_runs(description):
    with pytest.raises(RuntimeError, match=r"rviz:=true needs RViz: sudo apt install ros-\$ROS_DISTRO-rviz2"):
        started_by(description(), "rmpsam_ros", rviz="true")


@pytest.mark.parametrize("arguments, said", [
    ({"params_file": "~/nowhere.yaml"}, "there is no parameter file ~/nowhere.yaml"), ({"params_file": "/"}, "there is no parameter file /"),
    *[({name: "maybe"}, f"{name}:=maybe is neither true nor false")
      for name in ("autostart", "rviz", "large_images", "respawn", "use_sim_time")],
    ({"log_level": "Loud"}, "log_level:=Loud is not one of debug, info, warn, error, fatal"),
])
def test_node__is_not_started_with_what_cannot_be_meant(description, arguments, said):
    with pytest.raises(RuntimeError, match=said):
        started_by(description(), "rmpsam_ros", **arguments)


def test_node__the_home_folder_in_a_path_is_meant(description, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "robot.yaml").write_text("/**: {ros__parameters: {cameras: [gripper]}}")
    assert len(started_by(description(), "rmpsam_ros", params_file="~/robot.yaml", cameras="front,,rear,", autostart="False")) == 1


def test_node__words_of_any_case_are_taken(description, rviz_is_there):
    arguments = dict(log_level="INFO", large_images="False", rviz="True", autostart="TRUE", respawn="True", use_sim_time="False")
    node, = started_by(description(), "rmpsam_ros", **arguments)
    assert environment_of(node) == {TRANSPORTS: "DEFAULT"} and "info" in ["".join(part.text for part in word if hasattr(part, "text")) for word in node.cmd]
    assert len(started_by(description(), "rviz2", **arguments)) == 1


@pytest.mark.parametrize("text, warned", [
    ("bt_navigator: {ros__parameters: {x: 1}}", True), ("", True), ("/rmpsam: {ros__parameters: {max_segments: 7}}", True),
    ("bot: {eye: {ros__parameters: {max_segments: 7}}}", False), ("/**: {ros__parameters: {max_segments: 7}}", False),
    ("a: [", False),  # the node reports that it cannot be read
])
def test_node__a_file_without_a_section_for_it__is_warned_of(description, tmp_path, monkeypatch, text, warned):
    said = []
    monkeypatch.setattr(logging.getLogger("rmpsam.launch.py"), "warning", said.append)
    (tmp_path / "p.yaml").write_text(text)
    node, = started_by(description(), "rmpsam_ros", params_file=str(tmp_path / "p.yaml"), ros_namespace="/bot", name="eye")
    assert said == [f"no section of {tmp_path / 'p.yaml'} applies to the node /bot/eye, which starts without its parameters"] * warned


@pytest.mark.parametrize("arguments, prefix", [
    ({}, "/rmpsam/camera/"), ({"namespace": "bot", "cameras": "front, rear"}, "/bot/rmpsam/front/"),
    ({"namespace": "bot", "params_file": "{file}"}, "/bot/rmpsam/gripper/"),
    ({"ros_namespace": "/bot", "params_file": "{file}"}, "/bot/rmpsam/gripper/"), ({"namespace": "/bot", "name": "eye"}, "/bot/eye/camera/"),
    ({"namespace": "bot", "params_file": "{nested}"}, "/bot/rmpsam/wrist/"),
    ({"namespace": "bot", "params_file": "{empty}"}, "/bot/rmpsam/camera/"),
])
def test_rviz__shows_the_first_camera(description, rviz_is_there, arguments, prefix, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("/**:\n  ros__parameters:\n    cameras: [gripper, front]\n")
    (tmp_path / "nested.yaml").write_text("other: {ros__parameters: {cameras: [no]}}\nbot: {rmpsam: {ros__parameters: {cameras: [wrist]}}}")
    (tmp_path / "empty.yaml").write_text("/bot/rmpsam:\n")
    arguments = {name: text.format(file=file, nested=tmp_path / "nested.yaml", empty=tmp_path / "empty.yaml") for name, text in arguments.items()}
    node, = started_by(description(), "rviz2", rviz="true", **arguments)
    path, = (Path(word) for command in node.cmd for word in ["".join(getattr(part, "text", "") for part in command)]
             if word.endswith(".rviz"))
    shown = yaml.safe_load(path.read_text())["Visualization Manager"]
    assert path.parent == Path(launch_config.log_dir)
    path.unlink()
    assert [d["Topic"]["Value"] for d in shown["Displays"]] == [prefix + name for name in ("overlay", "points", "markers", "clicked_position")]
    assert shown["Tools"][-1]["Topic"]["Value"] == ("/bot" if arguments else "") + "/clicked_point"


@pytest.mark.parametrize("arguments, said", [({}, None), ({"use_sim_time": "true"}, True), ({"use_sim_time": "false"}, False)])
def test_rviz__time_of__is_the_node_s_where_that_is_said(description, rviz_is_there, arguments, said):
    node, = started_by(description(), "rviz2", rviz="true", **arguments)
    files = node._Node__parameters or []
    assert len(files) == (said is not None), "what the including file sets for all nodes must hold"
    if said is not None:
        assert list(files[0].values()) == [said]


@pytest.mark.parametrize("line, allowed", [
    ("model: $(find-pkg-share rmpsam_ros)/m", True), ("# was $(rospack find x)/m", False), ("model: a#b$(env HOME)", True), ("model: m", False),
])
def test_node__substitutions__are_looked_for_outside_of_comments(description, tmp_path, line, allowed):
    file = tmp_path / "mine.yaml"
    file.write_text(f"/**:\n  ros__parameters:\n    {line}\n    backend: 'a\\b'\n")
    node, = started_by(description(), "rmpsam_ros", params_file=str(file))
    assert node._Node__parameters[0].allow_substs is allowed


def test_rviz__of_two_nodes__has_a_configuration_each(description, rviz_is_there):
    paths = set()
    for arguments in ({"namespace": "a"}, {"namespace": "b"}, {"namespace": "a", "name": "eye"}, {}):
        node, = started_by(description(), "rviz2", rviz="true", **arguments)
        paths |= {word for command in node.cmd for word in ["".join(getattr(part, "text", "") for part in command)] if word.endswith(".rviz")}
    for path in paths:
        Path(path).unlink()
    assert len(paths) == 4


@pytest.fixture
def launched(tmp_path):
    """Starts the launch file in a separate process, as `ros2 launch` does; ends it as Ctrl-C does."""
    started = []

    def start(**arguments):
        code = ("import sys; from launch import LaunchService; "
                "from launch.actions import IncludeLaunchDescription as Include; "
                "from launch.launch_description_sources import PythonLaunchDescriptionSource as Source; "
                "from launch import LaunchDescription; "
                "given = [tuple(word.split(':=')) for word in sys.argv[2:]]; "
                "service = LaunchService(argv=sys.argv[2:]); "
                "service.include_launch_description(LaunchDescription([Include(Source(sys.argv[1]), "
                "launch_arguments=given)])); "
                "sys.exit(service.run())")
        words = [f"{name}:={value}" for name, value in arguments.items()]
        path = [str(Path(sys.executable).parent), os.environ["PATH"]]
        log = open(tmp_path / "log", "w+")
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(FILE), *words], stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True, env={**os.environ, "PATH": os.pathsep.join(path), "ROS_LOG_DIR": str(tmp_path)})
        started.append((process, log))
        return process, log

    yield start
    for process, log in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # the node too, which is a child of it
            process.wait()
        log.close()


def test_launch__starts_the_node_with_the_file_and_the_arguments_before_it(launched, tmp_path):
    parameters = tmp_path / "params.yaml"
    parameters.write_text("/**:\n  ros__parameters:\n    cameras: [left]\n    max_segments: 7\n    model: $(find-pkg-share rmpsam_ros)/mine\n")
    process, log = launched(namespace="bot", name="eye", cameras="front, rear", autostart="False", use_sim_time="True", respawn="True",
                            params_file=parameters)  # fmt: skip
    print("launch log:", log.name)  # shown when the test fails
    client = ros.Client("bot/eye")
    try:
        assert client.get("cameras").string_array_value == ["front", "rear"]
        assert client.get("autostart").bool_value is False
        assert client.get("max_segments").integer_value == 7
        assert client.get("model").string_value == f"{packages.get_package_share_directory('rmpsam_ros')}/mine"
        assert client.get("use_sim_time").bool_value is True
        assert client.get("backend").string_value == "auto"
        assert client.state() == "unconfigured"
    finally:
        client.close()
    os.kill(int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]), signal.SIGKILL)
    ros.until(lambda: Path(log.name).read_text().count("unconfigured: waiting") == 2, "the node's second start")  # with the same files
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    log.seek(0)
    assert re.search(r"rmpsam_node-1\]: process has finished cleanly", log.read())
