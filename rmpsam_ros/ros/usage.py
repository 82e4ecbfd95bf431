"""`rmpsam_node --help`, and what is said of arguments that ROS refuses."""
from __future__ import annotations

import re
import sys

from rmpsam_ros.ros.node_parameters import CLICKED_POINT, TOPICS
from rmpsam_ros.ros.parameters import ROTATION, SPECS


def usage() -> str:
    """How the node is started, and its parameters."""
    lines = ["usage: rmpsam_node [--ros-args [-r FROM:=TO] [-p NAME:=VALUE] [--params-file FILE] …]", "",
             "Panoptic segmentation, tracks and clicks on camera topics: a lifecycle node. Its parameters, * live:", ""]  # fmt: skip
    lines += [f"  {spec.name + '*' * spec.live:<23} {spec.description} ({_shown(spec.default)})" for spec in (*SPECS, CLICKED_POINT)]
    lines += [f"  {'NAME.' + kind:<23} {meaning} ({default.format(camera='NAME', image_topic='NAME/image_raw')})"
              for kind, (default, meaning) in TOPICS.items()]  # fmt: skip
    return "\n".join([*lines, f"  {'NAME.' + ROTATION.name:<23} {ROTATION.description} ({ROTATION.default})"])


def refuse(error: Exception) -> int:
    """Says what ROS finds wrong with the arguments, without the lines of its sources; returns the exit code."""
    text = re.sub(r"\W* at \S+\.c(pp)?:\d+", "", " ".join(str(error).split()))
    if "params file" in text:
        text += ": a parameter file has the node's name or /**, below it ros__parameters, and below that NAME: VALUE, indented by spaces"
    print(f"rmpsam_node: {text}", file=sys.stderr)
    return 2


def _shown(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else repr(value) if isinstance(value, str) else str(value).lower()
