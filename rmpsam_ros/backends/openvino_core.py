"""OpenVINO, imported without its reports to its maker, and its one `Core` of this process, which is never given up.

Its CPU plugin gives the thread that first uses it a signal stack of its own (`sigaltstack`), and frees it with the last `Core`
(seen with OpenVINO 2026.4). Where that happens in another thread, the first is left with a stack that is gone, and the next
signal that Python handles there, Ctrl-C or a child's end, is a segmentation fault.
"""
from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.RLock()
_TELEMETRY = "openvino_telemetry"
_core = None


@contextmanager
def unreported() -> Iterator[None]:
    """Within it OpenVINO and NNCF do not find `openvino_telemetry` when they are imported, and go on without, as they are made for.

    With it an import alone forks this process, a whole node, to tell Google Analytics of it: where the network gives no answer the copy of
    a node lives on, and a command ends seconds later, with a traceback of its copy. A program that has imported them itself decides itself.
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
    """The module.

    Raises:
        ImportError: OpenVINO is not installed, or cannot be loaded.
    """
    with unreported():
        import openvino

        return openvino


def shared_core():
    """The `openvino.Core` that all use; it may be called from several threads.

    Raises:
        ImportError: OpenVINO is not installed, or cannot be loaded.
    """
    global _core
    openvino = import_openvino()
    with _LOCK:
        if _core is None:
            _core = openvino.Core()
        return _core
