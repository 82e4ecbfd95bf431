"""The parameters of the node: what each means, its range, and `NodeConfig`, their validated values.

Nothing here imports ROS; `node_parameters.py` declares these on a node and keeps them up to date.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from rmpsam_ros.errors import ParameterError
from rmpsam_ros.model_folder import MAX_SIDE, check_input_size
from rmpsam_ros.placement import ROTATIONS

FROM_MODEL = -1.0
"""Value of a threshold that stands for the one in the model folder."""


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter: its default, from which its type follows, meaning and range.

    `live` ones act on the next frame; the others are read when the node is configured, and refused while it is active.
    `low` and `high` are inclusive. `unset` is one value outside the range that is allowed too, with the meaning given
    in the description.
    """

    name: str
    default: Any
    description: str
    live: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str | int, ...] = ()
    unset: float | None = None
    check: Callable[[Any], None] = lambda value: None
    """What else is asked of a value; raises `ParameterError`."""

    def checked(self, value: Any) -> Any:
        """`value` as the type of the default (lists as tuples, whole numbers as floats where a float is due).

        Raises:
            ParameterError: another type, not finite, or outside the range or choices.
        """
        value = self._typed(value)
        self.check(value)
        if self.choices and value not in self.choices:
            said = f"'{value}'" if isinstance(value, str) else value
            raise ParameterError(f"{self.name} is {said}: it must be one of {', '.join(map(str, self.choices))}")
        if self.low is None or value == self.unset:
            return value
        if not self.low <= value <= self.high:  # true for NaN
            or_unset = "" if self.unset is None else f", or {self.unset:g} for the model's own"
            limits = f"{self.low:g} to {self.high:g}{or_unset}"
            raise ParameterError(f"{self.name} is {value:g}: it must lie within {limits}")
        return value

    def _typed(self, value: Any) -> Any:
        if isinstance(self.default, bool) or isinstance(self.default, str):
            if isinstance(value, type(self.default)):
                return value
        elif isinstance(self.default, float):
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return float(value)
        elif isinstance(self.default, int):
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        else:
            item = type(self.default[0])
            if not isinstance(value, (str, bytes)) and hasattr(value, "__iter__"):
                if all(isinstance(v, item) and not isinstance(v, bool) for v in value):
                    return tuple(value)
        raise ParameterError(f"{self.name} is {value!r}: it must be {self.type_name}")

    @property
    def type_name(self) -> str:
        """The type in words."""
        if isinstance(self.default, tuple):
            return "a list of names" if isinstance(self.default[0], str) else "a list of whole numbers"
        return {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[type(self.default)]


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*")


def _check_cameras(cameras: tuple[str, ...]) -> None:
    if not cameras:
        raise ParameterError("cameras is empty: it must name at least one camera")
    for name in cameras:
        if not _NAME.fullmatch(name) or "__" in name:
            raise ParameterError(
                f"the camera name '{name}' cannot be part of a topic: use letters, digits and single underscores, a letter first, relative "
                f"to the namespace (a topic elsewhere goes into the parameter NAME.image_topic)"
            )
    doubles = sorted({name for name in cameras if cameras.count(name) > 1})
    if doubles:
        raise ParameterError(f"cameras names '{doubles[0]}' twice: each name must be there once")


def _check_input_size(size: tuple[int, ...]) -> None:
    if size == (0, 0):
        return
    try:
        check_input_size(size)
    except ValueError:
        raise ParameterError(
            f"input_size is {list(size)}: it must be a height and a width of 32 to {MAX_SIDE} pixels, multiples of 32, "
            f"or 0, 0 for the model's own"
        ) from None


def _check_model(name: str) -> None:
    if not name.strip():
        raise ParameterError("model is empty: it must be the name of a bundled model or the path of a model folder")


def _check_device(name: str) -> None:
    if not name.strip():
        raise ParameterError("device is empty: it must be auto, or a device of the backend such as CPU or cuda:1")


SPECS = (
    ParameterSpec("cameras", ("camera",), "Names of the cameras, which their topics start with",
                  check=_check_cameras),
    ParameterSpec("backend", "auto", "Inference backend; auto: the fastest that is installed",
                  choices=("auto", "tensorrt", "openvino", "torch", "torch-compile")),
    ParameterSpec("model", "default", "Name of a bundled model, or path of a model folder", check=_check_model),
    ParameterSpec("device", "auto", "Device of the backend, such as CPU, GPU, cuda or cuda:1; auto: the best available",
                  check=_check_device),
    ParameterSpec("precision", "auto", "Numerical precision of the network; auto: the fastest that keeps the results",
                  choices=("auto", "fp32", "bf16", "fp16", "int8")),
    ParameterSpec("input_size", (0, 0), "Height and width of the network input in pixels, multiples of 32; 0, 0: the model's own",
                  check=_check_input_size),
    ParameterSpec("threads", 0, "CPU threads of the network; 0: chosen by the runtime, possibly every core", low=0, high=1024),
    ParameterSpec("score_threshold", FROM_MODEL, "Segments with a lower score are dropped; -1: the model's own",
                  live=True, low=0.0, high=1.0, unset=FROM_MODEL),
    ParameterSpec("overlap_threshold", FROM_MODEL,
                  "Segments of which a smaller share remains visible beneath higher-scored ones are dropped; -1: the model's own",
                  live=True, low=0.0, high=1.0, unset=FROM_MODEL),
    ParameterSpec("max_segments", 100, "Maximum number of segments in a panoptic map; the lowest scores are dropped", low=1, high=1000),
    ParameterSpec("image_transport", "raw", "raw: Image on NAME/image_raw; compressed: JPEG or PNG on NAME/image_raw/compressed",
                  choices=("raw", "compressed")),
    ParameterSpec("qos_reliability", "auto", "Reliability of image subscriptions; auto: what the publisher offers",
                  choices=("auto", "best_effort", "reliable")),
    ParameterSpec("max_rate_hz", 0.0, "Maximum frames per second and camera; 0: no limit",
                  live=True, low=0.0, high=1000.0),
    ParameterSpec("prompt_history", 8, "Frames kept per camera for clicks by timestamp: features if the frame was inferred, otherwise the image",
                  low=1, high=1000),
    ParameterSpec("prompt_timeout", 2.0, "Seconds after which a click is answered at the latest",
                  live=True, low=0.01, high=60.0),
    ParameterSpec("prompt_zoom", True, "Zoom in on small clicked objects, if the model supports it",
                  live=True),
    ParameterSpec("track_max_age", 10.0, "Seconds for which a lost object is remembered",
                  live=True, low=0.0, high=3600.0),
    ParameterSpec("track_min_hits", 3, "Frames in which an object must be seen to confirm its track",
                  live=True, low=1, high=1000),
    ParameterSpec("depth_max_gap", 0.05, "Maximum difference in seconds between the timestamps of an image and its depth image",
                  live=True, low=0.0, high=10.0),
    ParameterSpec("points_step", 1, "Sampling step of the point cloud, in pixels and rows; 2: a quarter of the points", live=True, low=1, high=64),
    ParameterSpec("overlay_alpha", 0.5, "Opacity of the overlay's colours, 0 to 1; outlines and names are always drawn",
                  live=True, low=0.0, high=1.0),
    ParameterSpec("class_filter", ("",), "Names of the classes to report; empty: all", live=True),
    ParameterSpec("label_groups", "", "YAML file that groups the model's classes under other names; empty: the model's own classes"),
    ParameterSpec("autostart", True, "Configure and activate at start, without a lifecycle manager"),
)
"""Every parameter of the node but those of a single camera."""

SPEC_OF = {spec.name: spec for spec in SPECS}

ROTATION = ParameterSpec("rotation", 0, "Clockwise rotation in degrees that makes the camera's images upright", choices=ROTATIONS)
"""The parameter `CAMERA.rotation` of each camera."""


@dataclass(frozen=True)
class NodeConfig:
    """The values of all parameters, each checked on construction; fields as in `SPECS`.

    Raises:
        ParameterError: the first value that is wrong, in one sentence.
    """

    cameras: tuple[str, ...] = ("camera",)
    backend: str = "auto"
    model: str = "default"
    device: str = "auto"
    precision: str = "auto"
    input_size: tuple[int, int] = (0, 0)
    threads: int = 0
    score_threshold: float = FROM_MODEL
    overlap_threshold: float = FROM_MODEL
    max_segments: int = 100
    image_transport: str = "raw"
    qos_reliability: str = "auto"
    max_rate_hz: float = 0.0
    prompt_history: int = 8
    prompt_timeout: float = 2.0
    prompt_zoom: bool = True
    track_max_age: float = 10.0
    track_min_hits: int = 3
    depth_max_gap: float = 0.05
    points_step: int = 1
    overlay_alpha: float = 0.5
    class_filter: tuple[str, ...] = ()
    label_groups: str = ""
    autostart: bool = True

    def __post_init__(self):
        for field in fields(self):
            object.__setattr__(self, field.name, SPEC_OF[field.name].checked(getattr(self, field.name)))
        # ROS cannot tell the type of an empty list, so [''] is its usual spelling.
        object.__setattr__(self, "class_filter", tuple(name for name in self.class_filter if name))

    def replaced(self, changes: Mapping[str, Any]) -> NodeConfig:
        """A copy with some values changed, checked again."""
        return NodeConfig(**{**asdict(self), **changes})

    def fixed(self) -> dict[str, Any]:
        """The values that are read only when the node is configured."""
        return {name: value for name, value in asdict(self).items() if not SPEC_OF[name].live and name != "autostart"}

    def segmenter_arguments(self) -> dict[str, Any]:
        """Keyword arguments for `Segmenter`; live values, the thresholds among them, are set on it later."""
        return {
            "model": self.model,
            "backend": self.backend,
            "device": self.device,
            "precision": self.precision,
            "input_size": None if self.input_size == (0, 0) else self.input_size,
            "threads": self.threads or None,
            "max_segments": self.max_segments,
            "label_groups": self.label_groups or None,
        }
