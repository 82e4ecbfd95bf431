"""Starts the lifecycle node `rmpsam_node`: `ros2 launch rmpsam_ros rmpsam.launch.py cameras:=front,rear`.

Values come from the parameter file; arguments on the command line override it. `--show-args` lists them all.
`rviz:=true` shows the first camera's results in RViz.
Works on Humble and Jazzy.
"""
import os
import re

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix, get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.logging import get_logger, launch_config
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile
from launch_ros.utilities import make_namespace_absolute, prefix_namespace

from rmpsam_ros.ros.dds import image_variables
from rmpsam_ros.ros.parameter_files import fits, sections

CONFIG = os.path.join(get_package_share_directory("rmpsam_ros"), "config")
LEVELS = ("debug", "info", "warn", "error", "fatal")


def _true_or_false(name: str, text: str) -> bool:
    value = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}.get(text.strip().lower())
    if value is None:
        raise RuntimeError(f"{name}:={text} is neither true nor false")
    return value


# Arguments that override one parameter each: name, conversion of the text to the parameter's value, description.
OVERRIDES = (
    ("cameras", lambda text: [name for part in text.strip("[] ").split(",") if (name := part.strip(" '\""))],
     "Comma-separated camera names; the node subscribes to NAME/image_raw for each. Empty: as in the parameter file"),
    ("model", str, "Name of a bundled model, or path of a model folder. Empty: as in the parameter file"),
    ("backend", str, "Inference backend: auto, tensorrt, openvino, torch or torch-compile. Empty: as in the parameter file"),
    ("autostart", lambda text: _true_or_false("autostart", text),
     "true: configure and activate at start; false: wait for a lifecycle manager. Empty: as in the parameter file"),
    ("use_sim_time", lambda text: _true_or_false("use_sim_time", text), "true: use the time of /clock. Empty: as in the parameter file"),
)


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([
        DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node and of all its topics"),
        DeclareLaunchArgument("name", default_value="rmpsam", description="Name of the node, and first part of its topic names"),
        DeclareLaunchArgument("params_file", default_value=os.path.join(CONFIG, "rmpsam.yaml"),
                              description="YAML file with the node's parameters; may contain substitutions such as $(find-pkg-share PACKAGE)"),
        *[DeclareLaunchArgument(name, default_value="", description=text) for name, _, text in OVERRIDES],
        DeclareLaunchArgument("log_level", default_value="info", description=f"Log level of the node: {', '.join(LEVELS)}"),
        DeclareLaunchArgument("respawn", default_value="false", description="true: restart the node two seconds after it exits"),
        DeclareLaunchArgument("large_images", default_value="true",
                              description="true: give the node and RViz a Fast DDS shared-memory segment that is large enough for images "
                                          "(a profile or FASTDDS_BUILTIN_TRANSPORTS that you set yourself is kept); false: do not"),
        DeclareLaunchArgument("rviz", default_value="false", description="true: start RViz with the first camera's overlay, points and tracks"),
        DeclareLaunchArgument("fixed_frame", default_value="camera_color_optical_frame",
                              description="Fixed frame of RViz: the frame_id of the images, or any frame connected to it by TF"),
        OpaqueFunction(function=_start),
    ])


def _start(context) -> list:
    """The node, and RViz before it: a missing RViz must fail the launch before the node runs, as the node would keep running."""
    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    name = value("name")
    namespace = make_namespace_absolute(prefix_namespace(context.launch_configurations.get("ros_namespace"), value("namespace")))
    full_name = f"{namespace.rstrip('/')}/{name}"
    file = _params_file(value("params_file"))
    overrides = {key: parse(text) for key, parse, _ in OVERRIDES if (text := value(key))}
    common = {
        "namespace": namespace, "output": "screen",
        # Only for the processes started here: a profile, as the default transport loses or delays large images.
        "additional_env": image_variables(_true_or_false("large_images", value("large_images")), context.environment),
    }
    level = value("log_level").lower()
    if level not in LEVELS:
        raise RuntimeError(f"log_level:={value('log_level')} is not one of {', '.join(LEVELS)}")
    node = Node(
        package="rmpsam_ros", executable="rmpsam_node", name=name,
        parameters=[file, *([overrides] if overrides else [])],
        arguments=["--ros-args", "--log-level", level],
        respawn=_true_or_false("respawn", value("respawn")), respawn_delay=2.0,
        emulate_tty=True,
        **common,
    )
    own = _sections_of(full_name, file.evaluate(context))
    if own == []:
        get_logger("rmpsam.launch.py").warning(
            f"no section of {value('params_file')} applies to the node {full_name}, which starts without its parameters")
    if not _true_or_false("rviz", value("rviz")):
        return [node]
    given = {key: of for section in [*(own or []), overrides] for key, of in section.items()}
    return [_rviz(full_name, _first_camera(given), value("fixed_frame"), given.get("use_sim_time"), common), node]


def _params_file(given: str) -> ParameterFile:
    """The parameter file; launch itself would ignore a missing one."""
    path = os.path.expanduser(given)  # a shell does not expand the ~ in params_file:=~/robot.yaml
    if not os.path.isfile(path):
        raise RuntimeError(f"there is no parameter file {given}")
    with open(path, "rb") as file:
        text = re.sub(rb"(^|\s)#.*", b"", file.read())  # comments may contain anything
    return ParameterFile(path, allow_substs=b"$(" in text)  # only if needed: launch removes backslashes when it substitutes


def _sections_of(node: str, path: os.PathLike) -> list[dict] | None:
    """The sections of the file for the node of this full name; None if it cannot be read, which the node itself reports."""
    try:
        return [parameters for section, parameters in sections(path) if fits(section, node)]
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _first_camera(parameters: dict) -> str:
    cameras = parameters.get("cameras")
    return str(cameras[0]) if cameras and isinstance(cameras, list) else "camera"


def _rviz(node: str, camera: str, fixed_frame: str, use_sim_time: object, common: dict) -> Node:
    """RViz with the shipped configuration, its topics changed to those of this node and this camera."""
    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        raise RuntimeError("rviz:=true needs RViz: sudo apt install ros-$ROS_DISTRO-rviz2") from None
    with open(os.path.join(CONFIG, "rmpsam.rviz")) as file:
        text = file.read()
    text = text.replace("Value: /rmpsam/camera/", f"Value: {node}/{camera}/")
    text = text.replace("Value: /clicked_point", f"Value: {node.rpartition('/')[0]}/clicked_point")
    # In this launch's log folder, and cleaned up with it; one file per node of the launch.
    path = launch_config.get_log_file_path(f"{node.strip('/').replace('/', '.')}.rviz")
    with open(path, "w") as file:
        file.write(text)
    return Node(
        package="rviz2", executable="rviz2", name="rviz2", arguments=["-d", path, "-f", fixed_frame],
        # Only if given: otherwise a SetParameter of the including launch file applies.
        parameters=[{"use_sim_time": use_sim_time}] if isinstance(use_sim_time, bool) else None, **common,
    )
