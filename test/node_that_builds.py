"""STAND-IN for a node that builds a TensorRT engine: the real node, whose model takes some seconds more to load.

What is said meanwhile goes through the backend's own `LogProgress`; nothing is built. Run by test_node_building.py.
"""
from __future__ import annotations

import sys
import time

from rmpsam_ros.backends.tensorrt import LogProgress
from rmpsam_ros.node import main
from rmpsam_ros.ros import session

SECONDS = 12.0


def slowly(config, make=session.make_segmenter):
    progress, end = LogProgress(), time.monotonic() + SECONDS
    progress("building the image engine: the closest differs: TensorRT's version was 10.3.0 and is 10.7.0", None)
    while time.monotonic() < end:
        time.sleep(0.1)
        progress("image: Timing tactics", 1 - (end - time.monotonic()) / SECONDS)
    return make(config)


if __name__ == "__main__":
    session.make_segmenter = slowly
    sys.exit(main())
