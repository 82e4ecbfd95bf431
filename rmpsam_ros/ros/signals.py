"""Handles SIGINT and SIGTERM from process start. Imports nothing from ROS, which takes a second or more to import."""
from __future__ import annotations

import signal
import threading

_NUMBERS = signal.SIGINT, signal.SIGTERM
_STOP = threading.Event()


def listen() -> threading.Event:
    """Installs the handlers; returns an event that is set once the process is asked to end.

    rclpy's own handlers would shut down the context while the node still uses it. launch sends SIGINT twice, and the second one must
    not interrupt the cleanup.
    """
    for number in _NUMBERS:
        signal.signal(number, lambda *_: _STOP.set())
    return _STOP


def ignore() -> None:
    """Ignores the signals at exit: Python restores their default actions while it finalizes, and a late second signal would kill it."""
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)
