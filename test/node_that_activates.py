"""STAND-IN for a busy machine: the real node, subscribed some seconds before its activation ends. Run by test_node_building.py."""
from __future__ import annotations

import sys
import time

from rmpsam_ros.node import main
from rmpsam_ros.ros.session import Session

SECONDS = 15.0


def start(self: Session, begin=Session.start) -> None:
    begin(self)
    time.sleep(SECONDS)


if __name__ == "__main__":
    Session.start = start
    sys.exit(main())
