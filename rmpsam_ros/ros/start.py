"""The node's executable: listens for SIGINT and SIGTERM first, as what the node imports takes a second or more.

Imports nothing itself.
"""
from __future__ import annotations

import signal
import threading

_STOP = threading.Event()


def listen() -> threading.Event:
    """Set once the process is asked to end.

    rclpy's own handlers would shut the context down under the node; launch sends SIGINT twice, and the second one must not
    break into the clean-up.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _STOP.set())
    return _STOP


def main() -> int:
    """Runs the node; returns the exit code."""
    listen()
    from rmpsam_ros.node import main

    return main()
