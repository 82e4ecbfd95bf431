"""Imports OpenVINO without telemetry, and provides one `Core` for the whole process, which is never released.

OpenVINO's CPU plugin installs an alternate signal stack (`sigaltstack`) on the thread that first uses it, and frees it with the last
`Core` (seen with OpenVINO 2026.4). If that happens on another thread, the first thread is left with a freed stack, and the next
signal that Python handles there (Ctrl-C, or SIGCHLD) causes a segmentation fault.
"""
from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rmpsam_ros.errors import BackendError

_LOCK = threading.RLock()
_TELEMETRY = "openvino_telemetry"
_core, _process = None, 0


@contextmanager
def unreported() -> Iterator[None]:
    """Hides `openvino_telemetry` while OpenVINO or NNCF is imported; both support its absence.

    With telemetry, the import alone forks this process (a whole node) to report to Google Analytics. If the network does not respond, the
    forked copy of a node stays alive, and a command ends seconds late with a traceback from its copy. If the program has already
    imported these libraries itself, nothing changes.
    """
    with _LOCK:
        before = sys.modules.get(_TELEMETRY)
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
        try:
            yield
        finally:
            del sys.modules[_TELEMETRY]
            if before is not None:
                sys.modules[_TELEMETRY] = before


def import_openvino():
    """Imports OpenVINO without telemetry and returns the module.

    Raises:
        ImportError: OpenVINO is not installed, or cannot be loaded.
    """
    with unreported():
        import openvino

        return openvino


def shared_core():
    """The `openvino.Core` shared by the whole process; thread-safe.

    Raises:
        ImportError: OpenVINO is not installed, or cannot be loaded.
        BackendError: this process was forked from one that has used OpenVINO. It lacks OpenVINO's threads, and compiling may wait for
            them for ever.
    """
    global _core, _process
    openvino = import_openvino()
    with _LOCK:
        if _core is None:
            _core, _process = openvino.Core(), os.getpid()
        if _process != os.getpid():
            raise BackendError("OpenVINO cannot be used in a process forked from one that has used it; start processes with "
                               "multiprocessing.get_context('spawn').")  # fmt: skip
        return _core
