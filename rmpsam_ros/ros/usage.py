"""`rmpsam_node --help`."""
from __future__ import annotations

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


def _shown(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else repr(value) if isinstance(value, str) else str(value).lower()
