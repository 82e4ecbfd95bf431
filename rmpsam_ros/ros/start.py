"""The node's executable. Installs the SIGINT and SIGTERM handlers first, as the node's imports take a second or more."""
from __future__ import annotations

from rmpsam_ros.ros.signals import listen


def main() -> int:
    """Runs the node; returns the exit code."""
    listen()
    from rmpsam_ros.node import main

    return main()
