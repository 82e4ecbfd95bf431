"""The registry of backends, and the choice of one for this machine."""
from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from numbers import Integral
from typing import NamedTuple

from rmpsam_ros.backends import trt_flavour
from rmpsam_ros.backends.base import Backend, ImageOutputs, MasksElsewhere, OwnershipElsewhere, Progress, PromptOutputs
from rmpsam_ros.backends.limits import MAX_BATCH, MAX_THREADS
from rmpsam_ros.errors import BackendError
from rmpsam_ros.model_folder import ModelFolder, check_input_size

__all__ = ["BACKENDS", "PRECISIONS", "Backend", "ImageOutputs", "MasksElsewhere", "OwnershipElsewhere", "Progress", "PromptOutputs", "choose_backend", "create_backend", "is_installed"]

PRECISIONS = ("auto", "fp32", "bf16", "fp16", "int8")


class _Entry(NamedTuple):
    module: str
    class_name: str
    needs: tuple[str, ...]  # Python modules, at least one of which is required
    install: str


BACKENDS = {
    "openvino": _Entry("rmpsam_ros.backends.openvino", "OpenVinoBackend", ("openvino",), "pip install openvino"),
    "torch": _Entry("rmpsam_ros.backends.torch", "TorchBackend", ("torch",), "pip install torch safetensors"),
    "torch-compile": _Entry("rmpsam_ros.backends.torch", "TorchCompileBackend", ("torch",), "pip install torch safetensors"),
    "tensorrt": _Entry("rmpsam_ros.backends.tensorrt", "TensorRtBackend", trt_flavour.MODULES, trt_flavour.install_hint()),
}
"""All backends, in no particular order."""

_PREFERENCE, _FOR_CUDA = ("tensorrt", "openvino", "torch"), ("tensorrt", "torch", "openvino")
"""Order in which `auto` tries the backends, in general and if an NVIDIA GPU was requested, which OpenVINO does not support. `torch-compile` is
not included: it needs a compiler, and a minute at each start."""
_LOG = logging.getLogger(__name__)


def is_installed(name: str) -> bool:
    """Whether the backend exists and its runtime is installed (without importing it)."""
    return name in BACKENDS and any(find_spec(module) is not None for module in BACKENDS[name].needs)


def choose_backend(name: str = "auto", device: str = "auto") -> str:
    """Checks the name of a backend; resolves `auto` to the first usable one of TensorRT, OpenVINO, torch (on `cuda`, torch before OpenVINO).

    TensorRT counts as usable if there is a GPU, torch is installed, and the CPU was not requested; whether it really works is known
    only once it is loaded.

    Raises:
        BackendError: the backend is unknown or not installed.
    """
    if name == "auto":
        for candidate in _FOR_CUDA if device.lower().startswith("cuda") else _PREFERENCE:
            usable = candidate != "tensorrt" or (device.lower() != "cpu" and trt_flavour.has_gpu_device() and is_installed("torch"))
            if usable and is_installed(candidate):
                return candidate
        raise BackendError("No backend is installed; `pip install openvino` installs the one for CPUs.")
    if not isinstance(name, str) or name not in BACKENDS:
        raise BackendError(f"The backend {name!r} is not one of auto, {', '.join(BACKENDS)}.")
    if not is_installed(name):
        raise BackendError(f"The backend {name} is not installed: {BACKENDS[name].install}.")
    return name


def create_backend(model: ModelFolder, name: str = "auto", device: str = "auto", precision: str = "auto",
                   input_size: tuple[int, int] | None = None, threads: int | None = None,
                   progress: Progress | None = None, batch: int = 1) -> Backend:  # fmt: skip
    """Creates a backend and loads a model folder's graphs. With `auto`, falls back to another backend if TensorRT does not work.

    Args:
        model: the checked model folder.
        name: `auto` or a backend.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, or a device name of the backend.
        precision: with `auto`, the backend uses the fastest that the device computes natively and in which the model stays accurate.
        input_size: (height, width), multiples of 32; None for the model's default.
        threads: number of CPU threads; None for the runtime's default.
        progress: called during TensorRT engine builds and torch compilation with a description and the completed fraction
            (0 … 1) or None.
        batch: number of images per run, for several cameras at once.

    Raises:
        BackendError: the backend, device, precision or batch is not available here.
    """
    if precision not in PRECISIONS:
        raise BackendError(f"The precision {precision!r} is not one of {', '.join(PRECISIONS)}.")
    if not isinstance(device, str):
        raise BackendError(f"The device is {device!r}; it must be a name: auto, cpu, cuda, cuda:1 …")
    if threads is not None and not (isinstance(threads, Integral) and 1 <= threads <= MAX_THREADS):
        raise BackendError(f"The number of threads is {threads!r}; it must be a whole number from 1 to {MAX_THREADS}, or None for all cores.")
    if isinstance(batch, bool) or not (isinstance(batch, Integral) and 1 <= batch <= MAX_BATCH):
        raise BackendError(f"The batch is {batch!r}; it must be from 1 to {MAX_BATCH} images.")
    try:
        size = check_input_size(model.input_size if input_size is None else input_size)
    except ValueError as error:
        raise BackendError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    chosen = choose_backend(name, device)
    if name == "auto" and device.lower() == "auto" and chosen == "openvino" and trt_flavour.has_gpu_device() and is_installed("torch"):
        _LOG.warning("There is an NVIDIA GPU but no TensorRT, so OpenVINO runs on the CPU; backend: torch uses the GPU if torch has CUDA.")
    options = {"device": device, "precision": precision, "input_size": size, "threads": None if threads is None else int(threads),
               "batch": int(batch), "progress": progress}  # fmt: skip
    try:
        return _load(chosen)(model, **options)
    except BackendError as error:
        other = _instead_of_tensorrt(device) if chosen == "tensorrt" and name == "auto" else None
        if other is None:
            raise
        _LOG.warning("TensorRT is installed but not usable, %s runs instead: %s", other, error)
        return _load(other)(model, **options)


def _instead_of_tensorrt(device: str) -> str | None:
    torch = sys.modules.get("torch")  # already imported by the attempt with TensorRT, if installed
    on_gpu = torch is not None and torch.cuda.is_available()
    others = ("torch", "openvino") if on_gpu and device.lower() != "cpu" else ("openvino", "torch")
    return next((candidate for candidate in others if is_installed(candidate)), None)


def _load(name: str) -> Callable[..., Backend]:
    return getattr(import_module(BACKENDS[name].module), BACKENDS[name].class_name)
