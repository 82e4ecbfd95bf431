"""Starts the lifecycle node `rmpsam_node`: `ros2 launch rmpsam_ros rmpsam.launch.py cameras:=front,rear`.

Values come from the parameter file; an argument given on the command line goes before it. `--show-args` lists them all.
`rviz:=true` shows the first camera's results in RViz.
Written for Humble and Jazzy alike.
"""
import os

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix, get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.logging import launch_config
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from rmpsam_ros.ros.dds import image_variables

CONFIG = os.path.join(get_package_share_directory("rmpsam_ros"), "config")

# Arguments that replace one parameter each: name, how its text becomes the parameter's value, description.
OVERRIDES = (
    ("cameras", lambda text: [name for part in text.strip("[] ").split(",") if (name := part.strip(" '\""))],
     "Camera names, separated by commas; NAME/image_raw is subscribed for each. Empty: as in the parameter file"),
    ("model", str, "Name of a bundled model, or path of a model folder. Empty: as in the parameter file"),
    ("backend", str, "auto, tensorrt, openvino, torch or torch-compile. Empty: as in the parameter file"),
    ("autostart", lambda text: _true_or_false("autostart", text),
     "true: configure and activate at start; false: wait for a lifecycle manager. Empty: as in the parameter file"),
)


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([
        DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node and of all its topics"),
        DeclareLaunchArgument("params_file", default_value=os.path.join(CONFIG, "rmpsam.yaml"),
                              description="YAML file with the node's parameters"),
        *[DeclareLaunchArgument(name, default_value="", description=text) for name, _, text in OVERRIDES],
        DeclareLaunchArgument("log_level", default_value="info", description="debug, info, warn, error or fatal",
                              choices=["debug", "info", "warn", "error", "fatal"]),
        DeclareLaunchArgument("large_images", default_value="true", choices=["true", "false"],
                              description="Give the node, and RViz, a shared memory segment of Fast DDS that images fit into "
                                          "(a profile, or FASTDDS_BUILTIN_TRANSPORTS, that you have set yourself stays)"),
        DeclareLaunchArgument("rviz", default_value="false", choices=["true", "false"],
                              description="Start RViz with the first camera's overlay, points and tracks"),
        DeclareLaunchArgument("fixed_frame", default_value="camera_color_optical_frame",
                              description="What RViz shows everything in: the frame_id of the images, or any that TF connects"),
        # RViz first: what it lacks is found out before the node runs, which would stay when the launch fails.
        OpaqueFunction(function=_rviz, condition=IfCondition(LaunchConfiguration("rviz"))),
        OpaqueFunction(function=_node),
    ])


def _environment(context) -> dict:
    """What the processes started here have more than others of the launch: where the default loses or delays large images, a profile."""
    return image_variables(_true_or_false("large_images", LaunchConfiguration("large_images").perform(context)), context.environment)


def _true_or_false(name: str, text: str) -> bool:
    value = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}.get(text.strip().lower())
    if value is None:
        raise RuntimeError(f"{name}:={text} is neither true nor false")
    return value


def _params_file(context) -> str:
    """The parameter file; launch itself would go on without one that is not there."""
    given = LaunchConfiguration("params_file").perform(context)
    path = os.path.expanduser(given)  # a shell leaves the ~ in params_file:=~/robot.yaml as it is
    if not os.path.isfile(path):
        raise RuntimeError(f"there is no parameter file {given}")
    return path


def _node(context) -> list:
    """The node, with the parameter file first and the arguments that were given after it."""
    given = {name: (parse, LaunchConfiguration(name).perform(context)) for name, parse, _ in OVERRIDES}
    overrides = {name: parse(text) for name, (parse, text) in given.items() if text}
    return [Node(
        package="rmpsam_ros",
        executable="rmpsam_node",
        name="rmpsam",
        namespace=LaunchConfiguration("namespace"),
        parameters=[_params_file(context), *([overrides] if overrides else [])],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        additional_env=_environment(context),
        output="screen",
        emulate_tty=True,
    )]


def _first_camera(path: str) -> str:
    """The first camera of a parameter file; the node itself says what is wrong with one that cannot be read."""
    try:
        with open(path) as file:
            nodes = yaml.safe_load(file)
        named = [node["ros__parameters"]["cameras"] for node in nodes.values() if "cameras" in node.get("ros__parameters", {})]
        return str(named[0][0])
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError, IndexError):
        return "camera"


def _rviz(context) -> list:
    """RViz with the shipped configuration, its topics moved to this namespace and this camera."""
    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        raise RuntimeError("rviz:=true needs RViz: sudo apt install ros-$ROS_DISTRO-rviz2") from None
    namespace = LaunchConfiguration("namespace").perform(context).strip("/")
    prefix = f"/{namespace}" if namespace else ""
    cameras = OVERRIDES[0][1](LaunchConfiguration("cameras").perform(context))
    camera = cameras[0] if cameras else _first_camera(_params_file(context))
    with open(os.path.join(CONFIG, "rmpsam.rviz")) as file:
        text = file.read()
    text = text.replace("Value: /rmpsam/camera/", f"Value: {prefix}/rmpsam/{camera}/")
    text = text.replace("Value: /clicked_point", f"Value: {prefix}/clicked_point")
    path = launch_config.get_log_file_path("rmpsam.rviz")  # beside this launch's logs, and cleaned up with them
    with open(path, "w") as file:
        file.write(text)
    return [Node(
        package="rviz2", executable="rviz2", name="rviz2", output="screen", additional_env=_environment(context),
        arguments=["-d", path, "-f", LaunchConfiguration("fixed_frame")],
    )]
