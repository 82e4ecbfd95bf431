"""Texts of `rmpsam_node --help`, and error messages if ROS does not start."""
from __future__ import annotations

import re
import sys

from rmpsam_ros.ros.node_parameters import CLICKED_POINT, TOPICS
from rmpsam_ros.ros.parameters import ROTATION, SPECS


def usage() -> str:
    """The help text: how the node is started, and its parameters."""
    lines = ["usage: rmpsam_node [--ros-args [-r FROM:=TO] [-p NAME:=VALUE] [--params-file FILE] …]", "",
             "Panoptic segmentation, tracks and clicks on camera topics: a lifecycle node. Its parameters, * live:", ""]  # fmt: skip
    lines += [f"  {spec.name + '*' * spec.live:<23} {spec.description} ({_shown(spec.default)})" for spec in (*SPECS, CLICKED_POINT)]
    lines += [f"  {'NAME.' + kind:<23} {meaning} ({default.format(camera='NAME', image_topic='NAME/image_raw')})"
              for kind, (default, meaning) in TOPICS.items()]  # fmt: skip
    return "\n".join([*lines, f"  {'NAME.' + ROTATION.name:<23} {ROTATION.description} ({ROTATION.default})"])


_REMEDIES = {
    "params file": "a parameter file has the node's name or /**, below it ros__parameters, and below that NAME: VALUE, indented by spaces",
    "initialize logging": "set ROS_LOG_DIR to a folder that can be written to",  # a service without HOME, or one that is read-only
}
"""Remedies, by a part of the ROS error message."""


def refuse(error: Exception) -> int:
    """Prints why ROS does not start and a remedy, without ROS's source locations; returns the exit code."""
    text = re.sub(r"\W* at \S+\.c(pp)?:\d+", "", " ".join(str(error).split()))
    remedy = next((": " + remedy for kind, remedy in _REMEDIES.items() if kind in text), "")
    print(f"rmpsam_node: {text}{remedy}", file=sys.stderr)
    return 2


def _shown(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else repr(value) if isinstance(value, str) else str(value).lower()
