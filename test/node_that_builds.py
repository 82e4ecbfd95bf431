"""STAND-IN for a node that builds a TensorRT engine: the real node, whose model is loaded once the file `built` is next to its log.

Progress messages come from the backend's own `LogProgress`; nothing is built. Run by test_node_building.py.
"""
from __future__ import annotations

import sys
import time
from pathlib import Path

from rmpsam_ros.backends import tensorrt
from rmpsam_ros.node import main
from rmpsam_ros.ros import session

SECONDS = 120.0
"""Maximum wait for the file."""


def slowly(config, make=session.make_segmenter):
    progress, end = tensorrt.LogProgress(), time.monotonic() + SECONDS
    progress("building the image engine: the closest differs: TensorRT's version was 10.3.0 and is 10.7.0", None)
    while time.monotonic() < end and not Path("built").exists():
        time.sleep(0.1)
        progress("image: Timing tactics", 1 - (end - time.monotonic()) / SECONDS)
    return make(config)


if __name__ == "__main__":
    session.make_segmenter = slowly
    tensorrt._SAY_EVERY = 1.0
    sys.exit(main())
