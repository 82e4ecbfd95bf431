"""Backends by name, and which one a machine should use."""
from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from rmpsam_ros.backends.base import Backend, ImageOutputs, PromptOutputs
from rmpsam_ros.errors import BackendError
from rmpsam_ros.model_folder import ModelFolder, check_input_size

__all__ = ["BACKENDS", "PRECISIONS", "Backend", "ImageOutputs", "PromptOutputs", "choose_backend", "create_backend", "is_installed"]

PRECISIONS = ("auto", "fp32", "bf16", "fp16", "int8")


class _Entry(NamedTuple):
    module: str
    class_name: str
    needs: str
    install: str


BACKENDS = {
    "openvino": _Entry("rmpsam_ros.backends.openvino", "OpenVinoBackend", "openvino", "pip install openvino"),
    "torch": _Entry("rmpsam_ros.backends.torch", "TorchBackend", "torch", "pip install 'rmpsam-ros[torch]'"),
}
"""Every backend there is, in no order. `tensorrt` joins here with a module of its own."""

_PREFERENCE = ("tensorrt", "openvino", "torch")


def is_installed(name: str) -> bool:
    """Whether the backend exists in this version and its runtime can be imported (it is not imported)."""
    return name in BACKENDS and find_spec(BACKENDS[name].needs) is not None


def choose_backend(name: str = "auto") -> str:
    """The backend itself, or for `auto` the first installed of TensorRT, OpenVINO, torch.

    Raises:
        BackendError: unknown, not in this version, or not installed.
    """
    if name == "auto":
        for candidate in _PREFERENCE:
            if is_installed(candidate):
                return candidate
        raise BackendError("No backend is installed; `pip install openvino` gives the one for CPUs.")
    if name not in BACKENDS:
        if name == "tensorrt":
            raise BackendError("The backend tensorrt is not part of this version; use `openvino`, or `torch` on a GPU.")
        raise BackendError(f"The backend {name!r} is not one of auto, {', '.join(_PREFERENCE)}.")
    if not is_installed(name):
        raise BackendError(f"The backend {name} is not installed: {BACKENDS[name].install}.")
    return name


def create_backend(model: ModelFolder, name: str = "auto", device: str = "auto", precision: str = "auto",
                   input_size: tuple[int, int] | None = None, threads: int | None = None) -> Backend:  # fmt: skip
    """Loads a model folder's graphs.

    Args:
        model: the checked model folder.
        name: `auto` or a backend.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, or a device of the backend's own naming.
        precision: `auto` lets the backend take the fastest that the device computes natively and the model holds up in.
        input_size: (height, width), multiples of 32; None for the model's own.
        threads: CPU threads; None for the runtime's choice.

    Raises:
        BackendError: a backend, device or precision that cannot be had here.
    """
    if precision not in PRECISIONS:
        raise BackendError(f"The precision {precision!r} is not one of {', '.join(PRECISIONS)}.")
    try:
        size = check_input_size(model.input_size if input_size is None else input_size)
    except ValueError as error:
        raise BackendError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    entry = BACKENDS[choose_backend(name)]
    backend = getattr(import_module(entry.module), entry.class_name)
    return backend(model, device=device, precision=precision, input_size=size, threads=threads)
