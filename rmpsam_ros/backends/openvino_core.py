"""OpenVINO's one `Core` of this process, which is never given up.

Its CPU plugin gives the thread that first uses it a signal stack of its own (`sigaltstack`), and frees it with the last `Core`
(seen with OpenVINO 2026.4). Where that happens in another thread, the first is left with a stack that is gone, and the next
signal that Python handles there, Ctrl-C or a child's end, is a segmentation fault.
"""
from __future__ import annotations

import threading

_LOCK = threading.Lock()
_core = None


def shared_core():
    """The `openvino.Core` that all use; it may be called from several threads.

    Raises:
        ImportError: OpenVINO is not installed, or cannot be loaded.
    """
    global _core
    import openvino

    with _LOCK:
        if _core is None:
            _core = openvino.Core()
        return _core
