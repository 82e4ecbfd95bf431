"""Starts the lifecycle node `rmpsam_node`: `ros2 launch rmpsam_ros rmpsam.launch.py cameras:=front,rear`.

Values come from the parameter file; an argument given on the command line goes before it. `--show-args` lists them all.
Written for Humble and Jazzy alike.
"""
import os

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

CONFIG = os.path.join(get_package_share_directory("rmpsam_ros"), "config")

# The two names that Fast DDS has for the variable: up to version 2 (Humble, Jazzy), and from version 3 on.
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")

# Arguments that replace one parameter each: name, how its text becomes the parameter's value, description.
OVERRIDES = (
    ("cameras", lambda text: [name.strip(" '\"") for name in text.strip("[] ").split(",")],
     "Camera names, separated by commas; NAME/image_raw is subscribed for each. Empty: as in the parameter file"),
    ("model", str, "Name of a bundled model, or path of a model folder. Empty: as in the parameter file"),
    ("backend", str, "auto, tensorrt, openvino, torch or torch-compile. Empty: as in the parameter file"),
    ("autostart", lambda text: text.strip().lower() in ("true", "1", "yes", "on"),
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
                              description="Give Fast DDS a shared memory segment that images fit into "
                                          "(a profile that you have set yourself stays)"),
        *_large_images(),
        OpaqueFunction(function=_node),
    ])


def _large_images() -> list:
    """Sets the Fast DDS profile for this launch, unless the user has one: the default loses or delays large images."""
    if any(os.environ.get(name) for name in PROFILE_VARIABLES):
        return []
    wanted = IfCondition(LaunchConfiguration("large_images"))
    profile = os.path.join(CONFIG, "fastdds_large_images.xml")
    return [SetEnvironmentVariable(name, profile, condition=wanted) for name in PROFILE_VARIABLES]


def _node(context) -> list:
    """The node, with the parameter file first and the arguments that were given after it."""
    given = {name: (parse, LaunchConfiguration(name).perform(context)) for name, parse, _ in OVERRIDES}
    overrides = {name: parse(text) for name, (parse, text) in given.items() if text}
    return [Node(
        package="rmpsam_ros",
        executable="rmpsam_node",
        name="rmpsam",
        namespace=LaunchConfiguration("namespace"),
        parameters=[LaunchConfiguration("params_file"), *([overrides] if overrides else [])],
        arguments=["--ros-args", "--log-level", LaunchConfiguration("log_level")],
        output="screen",
        emulate_tty=True,
    )]
