"""Child processes that end with their parent, however it ends."""
from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

CAMERA_LOG, NODE_LOG = "camera.log", "node.log"
"""Output of the camera and the node, next to the demo's pictures."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """One child process; its output goes to a file.

    It runs in its own session, so that Ctrl-C only reaches the parent, which then stops it in order. If the parent is killed, the
    kernel sends the child SIGTERM.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, environ: Mapping[str, str]) -> None:
        self.name, self.log = name, log
        with open(log, "wb") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=dict(environ),
                start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code; None while it runs."""
        return self._process.poll()

    def last_line(self) -> str:
        """The last printed line, '' if none."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def send(self, number: int) -> None:
        """Sends a signal, if the process is still running."""
        if self.exit_code is None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Waits up to `seconds` for the process to end; returns whether it has."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def stop_all(children: Sequence[Child], patience: float = 5.0) -> None:
    """Stops children together with SIGINT, as Ctrl-C does; those still running after `patience` seconds get SIGTERM, then SIGKILL."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for child in children:
            child.send(number)
        deadline = time.monotonic() + patience
        if all([child.wait(max(0.0, deadline - time.monotonic())) for child in children]):
            return


def _end_with_parent() -> None:
    parent = os.getppid()
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # the parent ended in the meantime
        os._exit(1)
