"""SIGINT and SIGTERM, heard from the first moment on. Imports nothing of ROS, which takes a second or more."""
from __future__ import annotations

import signal
import threading

_NUMBERS = signal.SIGINT, signal.SIGTERM
_STOP = threading.Event()


def listen() -> threading.Event:
    """Set once the process is asked to end.

    rclpy's own handlers would shut the context down under the node; launch sends SIGINT twice, and the second one must not
    break into the clean-up.
    """
    for number in _NUMBERS:
        signal.signal(number, lambda *_: _STOP.set())
    return _STOP


def ignore() -> None:
    """For the end: Python gives signals their default action back while it ends, and a late second one would then kill it."""
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)
