"""Declares the parameters of `parameters.py` on a ROS node and checks them when they are set.

An invalid value at startup does not end the node: the parameter is declared with its default, the reason is kept, and
the node refuses to be configured until the parameter has been set to a valid value.
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.exceptions import InvalidTopicNameException, ParameterException
from rclpy.expand_topic_name import expand_topic_name
from rclpy.parameter import Parameter
from rclpy.validate_topic_name import validate_topic_name

from rmpsam_ros.errors import ParameterError
from rmpsam_ros.ros.parameters import ROTATION, SPEC_OF, SPECS, NodeConfig, ParameterSpec

CLICKED = "_mouse_left"
"""What rqt_image_view appends to the topic of the clicked images."""

TOPICS = {
    "image_topic": ("{camera}/image_raw", "Topic of the images; /compressed is appended if image_transport is compressed"),
    "camera_info_topic": ("{camera}/camera_info", "Topic of the camera calibration, needed for 3D results and 3D clicks"),
    "depth_topic": ("{camera}/depth", "Topic of the registered depth image; empty: none"),
    "click_topic": ("{image_topic}" + CLICKED, "Topic of clicks from rqt_image_view"),
}
"""The topics of a camera, set by parameters `CAMERA.NAME`: default and description of each."""
CLICKED_POINT = ParameterSpec("clicked_point_topic", "clicked_point", "Topic of clicks from RViz")
"""The parameter of the only topic that is not specific to a camera."""
ROS_OWN = ("use_sim_time", "qos_overrides.", "start_type_description_service")
"""Prefixes of the parameters that every ROS node has."""


class NodeParameters:
    """The parameters of a node. Declares everything on construction; `config` is the checked result.

    Args:
        node: the lifecycle node.
        is_active: whether parameters that are not live must currently stay unchanged.
        check: further checks of a new config (such as class names of the loaded model); raises `ParameterError`.
        changed: called with the new config after live values have changed.
    """

    def __init__(
        self, node, is_active: Callable[[], bool], check: Callable[[NodeConfig], None],
        changed: Callable[[NodeConfig], None],
    ):
        self._node, self._is_active, self._check, self._changed = node, is_active, check, changed
        self._problems: dict[str, str] = {}
        self._declaring, self._in_work = threading.RLock(), False
        self._values = {spec.name: self._declare(spec) for spec in SPECS}
        self._clicked_point = self._declare_topic(CLICKED_POINT.name, CLICKED_POINT.default, CLICKED_POINT.description)
        self._topics: dict[str, str] = {}
        self._rotations: dict[str, int] = {}
        self._declare_cameras()
        for name, given in sorted(getattr(node, "_parameter_overrides", {}).items()):
            if not node.has_parameter(name) and not name.startswith(ROS_OWN) and not _is_default(name, given.value):
                node.get_logger().warning(self._unknown(name))
        node.add_on_set_parameters_callback(self._on_set)
        if hasattr(node, "add_pre_set_parameters_callback"):  # not in Humble, where 5.0 must be written for 5
            node.add_pre_set_parameters_callback(_as_declared)
        if hasattr(node, "add_post_set_parameters_callback"):  # in Humble, the diagnostics timer declares them every second
            node.add_post_set_parameters_callback(lambda _: self._declare_cameras())

    @property
    def config(self) -> NodeConfig:
        """The current values.

        Raises:
            ParameterError: a value given at startup was invalid and has not been corrected yet.
        """
        self.check()
        return NodeConfig(**self._values)

    def check(self) -> None:
        """Raises ParameterError if a value given at startup was invalid and has not been corrected yet."""
        self._declare_cameras()
        problems = [text for name, text in list(self._problems.items()) if self._counts(name)]  # another thread may correct one
        if problems:
            raise ParameterError("; ".join(problems))

    def _unknown(self, name: str) -> str:
        """A sentence on an unknown parameter name given at startup, with a likely correction."""
        camera, _, kind = name.rpartition(".")
        if kind in (*TOPICS, ROTATION.name):
            return f"the parameter {name} belongs to no camera: the cameras are {', '.join(self._values['cameras'])}"
        known = [*SPEC_OF, CLICKED_POINT.name, *self._topics, *self._rotations]
        alike = get_close_matches(name, known, 1)
        return f"there is no parameter {name}; it is ignored" + (f": did you mean {alike[0]}?" if alike else "")

    def _counts(self, name: str) -> bool:
        """Whether a parameter matters: those of a camera that is no longer in `cameras` do not."""
        camera, _, kind = name.rpartition(".")
        return kind not in (*TOPICS, ROTATION.name) or camera in self._values["cameras"]

    @property
    def autostart(self) -> bool:
        """The parameter `autostart`, readable even if another parameter is invalid."""
        return self._values["autostart"]

    @property
    def prompt_timeout(self) -> float:
        """The parameter `prompt_timeout`, readable even if another parameter is invalid."""
        return self._values["prompt_timeout"]

    def topic(self, camera: str, kind: str) -> str:
        """A camera's topic from its parameter, before remapping; `kind` is a key of `TOPICS`."""
        self._declare_camera(camera)
        return self._topics[f"{camera}.{kind}"]

    def rotation(self, camera: str) -> int:
        """Degrees clockwise by which a camera's images are rotated for the network."""
        self._declare_camera(camera)
        return self._rotations[f"{camera}.{ROTATION.name}"]

    @property
    def clicked_point_topic(self) -> str:
        """The topic of clicks from RViz."""
        return self._clicked_point

    def _declare(self, spec: ParameterSpec):
        """Declares a parameter, even if an invalid value was given for it; returns its value."""
        default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
        try:
            value = self._node.declare_parameter(spec.name, default, _descriptor(spec)).value
            return spec.checked(value)
        except (ParameterException, ParameterError) as error:
            return self._declare_after_all(spec, default, error)

    def _declare_after_all(self, spec: ParameterSpec, default, error: Exception):
        """Declares a parameter for which an invalid value was given at startup."""
        given = getattr(self._node, "_parameter_overrides", {}).get(spec.name)
        if self._node.has_parameter(spec.name):
            self._node.undeclare_parameter(spec.name)
        self._node.declare_parameter(spec.name, default, _descriptor(spec), ignore_override=True)
        try:
            if given is None:
                raise ParameterError(" ".join(str(error).split()))
            if given.value is None and isinstance(spec.default, tuple):  # [], whose element type ROS does not know
                spec.checked(())
                return spec.checked(default)
            value = spec.checked(given.value)
            # Valid except for its ROS type, such as 10 for 10.0.
            self._node.set_parameters([Parameter(spec.name, value=value)])
            return value
        except ParameterError as reason:
            self._problems[spec.name] = str(reason)
            return spec.checked(default)

    def _declare_cameras(self) -> None:
        """Declares the parameters of cameras added since the last call."""
        for camera in self._values["cameras"]:
            self._declare_camera(camera)

    def _declare_camera(self, camera: str) -> None:
        with self._declaring:
            if self._in_work:  # ROS invokes the callbacks for each declared parameter
                return
            self._in_work = True
            try:
                self._declare_all_of(camera)
            finally:
                self._in_work = False

    def _declare_all_of(self, camera: str) -> None:
        rotation = replace(ROTATION, name=f"{camera}.{ROTATION.name}")
        if rotation.name not in self._rotations:
            self._rotations[rotation.name] = self._declare(rotation)
        topics = {"camera": camera}
        for kind, (default, meaning) in TOPICS.items():
            name = f"{camera}.{kind}"
            if name not in self._topics:
                self._topics[name] = self._declare_topic(name, default.format(**topics), meaning)
            # An invalid topic must not invalidate the defaults derived from it.
            topics[kind] = default.format(**topics) if name in self._problems else self._topics[name]

    def _declare_topic(self, name: str, default: str, meaning: str) -> str:
        try:
            topic = self._node.declare_parameter(name, default, _descriptor(ParameterSpec(name, default, meaning))).value
            if problem := _topic_problem(name, topic):
                self._problems[name] = problem
            return topic
        except ParameterException as error:
            self._problems[name] = f"{name} must be a string: {' '.join(str(error).split())}"
            return self._node.declare_parameter(name, default, ignore_override=True).value

    def _on_set(self, parameters: list[Parameter]) -> SetParametersResult:
        try:
            self._take(parameters)
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _take(self, parameters: list[Parameter]) -> None:
        """Checks all changes together, then applies all of them."""
        changes = {p.name: SPEC_OF[p.name].checked(p.value) for p in parameters if p.name in SPEC_OF}
        given = {p.name: p.value for p in parameters if p.name in self._topics or p.name == CLICKED_POINT.name}
        topics = {n: topic for n, topic in given.items() if n in self._problems or topic != self._topics.get(n, self._clicked_point)}
        rotations = {p.name: replace(ROTATION, name=p.name).checked(p.value) for p in parameters if p.name in self._rotations}
        fixed = [name for name in changes if not SPEC_OF[name].live and changes[name] != self._values[name]]
        fixed += [name for name in rotations if rotations[name] != self._rotations[name]]
        if (fixed or topics) and self._is_active():
            name = (fixed or list(topics))[0]
            if name == "autostart":
                raise ParameterError("autostart is read when the node starts: restart the node with it")
            raise ParameterError(
                f"{name} is read when the node is configured: deactivate it first, then set {name} and activate again"
            )
        for name, topic in topics.items():
            if problem := _topic_problem(name, topic):
                raise ParameterError(problem)
        config = NodeConfig(**{**self._values, **changes})
        self._check(config)
        self._values.update(changes)
        self._rotations.update(rotations)
        self._topics.update({name: topic for name, topic in topics.items() if name != CLICKED_POINT.name})
        self._clicked_point = topics.get(CLICKED_POINT.name, self._clicked_point)
        for name in (*changes, *topics, *rotations):
            self._problems.pop(name, None)
        if changes:
            self._changed(config)


def _is_default(name: str, value: object) -> bool:
    """Whether a camera's parameter has its default value: the shipped file has those of `camera`, which may not be in `cameras`."""
    camera, _, kind = name.rpartition(".")
    defaults: dict[str, object] = {"camera": camera, ROTATION.name: ROTATION.default}
    for topic, (default, _) in TOPICS.items():
        defaults[topic] = default.format(**defaults)
    return bool(camera) and kind in (*TOPICS, ROTATION.name) and defaults[kind] == value


def _as_declared(parameters: list[Parameter]) -> list[Parameter]:
    """Converts integers to floats where the declared type is float: `ros2 param set` sends 5 as an integer."""
    return [
        Parameter(p.name, value=float(p.value))
        if p.name in SPEC_OF and isinstance(SPEC_OF[p.name].default, float) and p.type_ == Parameter.Type.INTEGER else p
        for p in parameters
    ]


def _topic_problem(name: str, topic: object) -> str:
    """Why a parameter's value is not a valid topic name, as a sentence; '' if it is. A camera may have no depth topic."""
    if topic == "" and name.endswith(".depth_topic"):
        return ""
    try:
        validate_topic_name(topic)
        expand_topic_name(topic, "node", "/")  # checks the {…} substitutions
    except (InvalidTopicNameException, TypeError, ValueError):
        return f"{name} is {topic!r}: it must be the name of a topic, of letters, digits, underscores and slashes"
    return ""


def _descriptor(spec: ParameterSpec) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=spec.description)
    parts = ["live" if spec.live else "read when the node is configured"]
    if spec.choices:
        parts.append(f"one of {', '.join(map(str, spec.choices))}")
    descriptor.additional_constraints = "; ".join(parts)
    # In ROS an empty list has another type than a list of strings; the check validates the elements.
    descriptor.dynamic_typing = isinstance(spec.default, tuple)
    if spec.low is None:
        return descriptor
    low = spec.low if spec.unset is None else min(spec.low, spec.unset)
    if isinstance(spec.default, float):
        descriptor.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(spec.high))]
    else:
        descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(spec.high), step=1)]
    return descriptor
