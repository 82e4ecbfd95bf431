"""The node's executable: listens for SIGINT and SIGTERM first, as what the node imports takes a second or more."""
from __future__ import annotations

from rmpsam_ros.ros.signals import listen


def main() -> int:
    """Runs the node; returns the exit code."""
    listen()
    from rmpsam_ros.node import main

    return main()
