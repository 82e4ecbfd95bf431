"""Detects the installed TensorRT: the full one (`tensorrt`; JetPack, apt, NVIDIA's index) or TensorRT-RTX (`tensorrt_rtx`; PyPI).

Both have the same Python interface, with differences that are detected by name rather than by version where possible.
"""
from __future__ import annotations

import logging
import platform
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from rmpsam_ros.errors import BackendError

MODULES = ("tensorrt", "tensorrt_rtx")
"""Python modules, the full TensorRT first: it runs on every GPU, including data centre GPUs and Jetson."""

_TITLES = {"tensorrt": "TensorRT", "tensorrt_rtx": "TensorRT-RTX"}
_DEVICE_FILES = ("/dev/nvidia0", "/dev/nvhost-gpu", "/dev/nvgpu", "/dev/dxg")  # desktop, Jetson (5, 6), WSL
_LOG = logging.getLogger("rmpsam_ros.tensorrt")


@dataclass(frozen=True)
class Flavour:
    """One installed TensorRT: its module, `tensorrt` or `tensorrt_rtx`, and its version, such as `10.3.0`."""

    name: str
    version: str
    module: ModuleType

    @property
    def title(self) -> str:
        return f"{_TITLES[self.name]} {self.version}"

    @property
    def number(self) -> tuple[int, int]:
        """(major, minor)."""
        major, minor, *_ = (int(part) for part in self.version.split(".")[:2] + ["0", "0"])
        return major, minor

    @property
    def is_rtx(self) -> bool:
        return self.name == "tensorrt_rtx"

    @property
    def strongly_typed(self) -> bool:
        """Whether TensorRT takes the types from the graph (10 and later); earlier versions need them set for each layer."""
        return self.is_rtx or self.number[0] >= 10

    @property
    def has_layer_norm(self) -> bool:
        """Whether the ONNX importer supports LayerNormalization (8.6 and later)."""
        return self.is_rtx or self.number >= (8, 6)

    def targets(self) -> dict[str, object]:
        """Compute capabilities that engines can be built for without such a GPU: {"sm_86": ComputeCapability.SM86, …}."""
        capabilities = getattr(self.module, "ComputeCapability", None)
        names = [n for n in dir(capabilities) if n.startswith("SM") and n[2:].isdecimal()] if self.is_rtx else []
        return {f"sm_{name[2:]}": getattr(capabilities, name) for name in sorted(names, key=lambda n: int(n[2:]))}

    def logger(self):
        """A TensorRT logger that forwards to Python's logging."""
        trt = self.module
        levels = {trt.ILogger.INTERNAL_ERROR: logging.ERROR, trt.ILogger.ERROR: logging.ERROR, trt.ILogger.WARNING: logging.DEBUG}

        class Logger(trt.ILogger):
            def __init__(self) -> None:
                trt.ILogger.__init__(self)  # pybind11 requires this explicit call
                self.errors: list[str] = []

            def log(self, severity, message: str) -> None:
                if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                    self.errors.append(" ".join(message.split()))
                _LOG.log(levels.get(severity, logging.NOTSET + 1), "%s", message)

        return Logger()


def has_gpu_device() -> bool:
    """Whether the system has a device file of an NVIDIA GPU."""
    return any(Path(path).exists() for path in _DEVICE_FILES)


def load_flavour(compute: str | None) -> Flavour:
    """Imports the TensorRT to use.

    Args:
        compute: the GPU's compute capability, such as `sm_89`; None without a GPU, when only TensorRT-RTX can build.

    Raises:
        BackendError: none is installed, can be loaded or supports this GPU; the message says how to get one.
    """
    loaded, reasons = [], []
    for name in MODULES:
        if find_spec(name) is None:
            continue
        try:
            module = import_module(name)
            loaded.append(Flavour(name, str(module.__version__), module))
        except Exception as error:  # the stub on PyPI raises RuntimeError, a missing library OSError or ImportError
            reasons.append(f"{name} cannot be loaded: {' '.join(str(error).split())[:150] or type(error).__name__}")
    if compute is None:
        loaded = [f for f in loaded if f.is_rtx] or loaded
    elif len(loaded) > 1 and compute not in loaded[-1].targets():
        loaded = [f for f in loaded if not f.is_rtx]
    if loaded and compute is not None and loaded[0].is_rtx and compute not in loaded[0].targets():
        raise BackendError(f"{loaded[0].title} has no engines for this GPU ({compute}), only for {', '.join(loaded[0].targets())}; "
                           "install NVIDIA's full TensorRT, or use the backend torch or torch-compile.")
    if loaded:
        return loaded[0]
    why = f" ({'; '.join(reasons)})" if reasons else ""
    raise BackendError(f"TensorRT is not installed{why}: {install_hint()}.")


def install_hint() -> str:
    """How to get a TensorRT on this machine."""
    if Path("/etc/nv_tegra_release").is_file():
        return "on a Jetson it comes with JetPack: sudo apt install python3-libnvinfer, in a Python that sees the system's packages"
    if platform.machine() in ("x86_64", "aarch64"):
        return "pip install tensorrt-rtx-cu13 for GeForce and RTX GPUs, or NVIDIA's full TensorRT for others"
    return "there is no TensorRT for this machine; use the backend openvino"
