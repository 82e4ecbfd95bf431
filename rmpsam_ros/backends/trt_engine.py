"""A loaded TensorRT engine, with fixed device buffers and a captured CUDA graph for each set of shapes."""
from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from rmpsam_ros.backends.cuda import CudaDevice
from rmpsam_ros.backends.trt_flavour import Flavour
from rmpsam_ros.engine_cache import write_atomically
from rmpsam_ros.errors import BackendError

_DTYPES = {"FLOAT": torch.float32, "HALF": torch.float16, "INT32": torch.int32, "INT64": torch.int64, "UINT8": torch.uint8,
           "INT8": torch.int8, "BOOL": torch.bool, "BF16": torch.bfloat16}  # fmt: skip
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Plan:
    """Buffers for one set of input shapes, and the call that computes the outputs from the inputs.

    Each plan has its own execution context: a captured graph depends on its state, so no other shapes may be set in it.
    """

    context: object
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]
    run: Callable[[], None]


class TrtEngine:
    """One engine on one GPU. Not thread-safe; use it inside `device.active()`.

    Args:
        flavour: the TensorRT that built it.
        engine: its bytes, known to be intact.
        device: the GPU.
        title: name for messages.
        kernels: file in which to cache the kernels that TensorRT-RTX compiles when an engine first runs; None for no cache.

    Raises:
        BackendError: TensorRT refuses the engine.
    """

    def __init__(self, flavour: Flavour, engine: bytes, device: CudaDevice, title: str, kernels: Path | None = None) -> None:
        self._device, self._title = device, title
        self._logger = flavour.logger()
        trt = flavour.module
        self._runtime = trt.Runtime(self._logger)
        self._engine = self._runtime.deserialize_cuda_engine(engine)
        if self._engine is None:
            raise BackendError(f"{flavour.title} refuses the {title} engine ({self._last()}); `rmpsam engine --rebuild` builds it again.")
        self._kernels, self._runtime_cache = kernels, None
        self._runtime_config = self._configure(flavour)
        self._title_of_trt = flavour.title
        self._spare = self._make_context()  # now, so that a lack of GPU memory shows at once
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        inputs = {name for name in names if self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT}
        self._types = {name: _DTYPES[str(self._engine.get_tensor_dtype(name)).split(".")[-1].upper()] for name in names}
        self._inputs, self._outputs = [n for n in names if n in inputs], [n for n in names if n not in inputs]
        self._plans: dict[tuple, _Plan] = {}

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Enqueues one run on the stream, without waiting.

        Args:
            inputs: each input, on the host (pinned) or on the device.

        Returns:
            The outputs on the device, in the engine's own buffers: the next run with the same shapes overwrites them.
        """
        shapes = tuple((name, tuple(inputs[name].shape)) for name in self._inputs)
        plan = self._plans.get(shapes)
        if plan is None:
            plan = self._plans[shapes] = self._plan(dict(shapes), inputs)
        for name in self._inputs:
            plan.inputs[name].copy_(inputs[name], non_blocking=True)
        plan.run()
        return plan.outputs

    def close(self) -> None:
        """Saves the compiled kernels and frees the engine's memory."""
        self._keep_kernels()
        self._plans.clear()
        self._spare = self._runtime_config = self._engine = self._runtime = None

    def _plan(self, shapes: dict[str, tuple[int, ...]], inputs: Mapping[str, Tensor]) -> _Plan:
        context, device = self._spare or self._make_context(), self._device
        self._spare = context
        for name, shape in shapes.items():
            if not context.set_input_shape(name, shape):
                raise BackendError(f"The {self._title} engine does not take {name} of shape {shape} ({self._last()}).")
        buffers = {name: device.empty(shape, self._types[name]) for name, shape in shapes.items()}
        outputs = {name: device.empty(tuple(context.get_tensor_shape(name)), self._types[name]) for name in self._outputs}
        everything = {**buffers, **outputs}

        def enqueue() -> None:
            for name, shape in shapes.items():
                context.set_input_shape(name, shape)
            for name, tensor in everything.items():
                context.set_tensor_address(name, tensor.data_ptr())
            if not context.execute_async_v3(device.stream):
                raise BackendError(f"The {self._title} engine could not be run ({self._last()}).")

        for name, buffer in buffers.items():
            buffer.copy_(inputs[name])
        enqueue()  # TensorRT allocates and compiles on the first run of a shape, which cannot be captured
        device.wait()
        self._keep_kernels()
        try:
            run = device.capture(enqueue)
        except (RuntimeError, BackendError) as error:  # torch's, or TensorRT's refusal to be captured
            _LOG.warning("%s runs without a CUDA graph, somewhat slower: %s", self._title, " ".join(str(error).split())[:200])
            run = enqueue
        self._spare = None
        return _Plan(context, buffers, outputs, run)

    def _make_context(self):
        config = self._runtime_config
        context = self._engine.create_execution_context() if config is None else self._engine.create_execution_context(config)
        if context is None:
            raise BackendError(f"{self._title_of_trt} cannot prepare the {self._title} engine ({self._last()}); the GPU may lack memory.")
        return context

    def _configure(self, flavour: Flavour):
        """The runtime configuration of TensorRT-RTX, with the cached kernels; None for the full TensorRT."""
        if not flavour.is_rtx or not hasattr(self._engine, "create_runtime_config"):
            return None
        config = self._engine.create_runtime_config()
        strategies = getattr(flavour.module, "DynamicShapesKernelSpecializationStrategy", None)
        if hasattr(strategies, "EAGER"):
            # By default, kernels for a number of prompts are compiled later in the background; a captured graph would never use them.
            config.dynamic_shapes_kernel_specialization_strategy = strategies.EAGER
        self._runtime_cache = config.create_runtime_cache()
        if self._kernels is not None and self._kernels.is_file():
            # TensorRT-RTX compares the cache with its own version, the GPU and the driver, and ignores it if they differ.
            if not self._runtime_cache.deserialize(self._kernels.read_bytes()):
                _LOG.info("the kernels in %s are for another GPU, driver or version, and are compiled again", self._kernels)
        config.set_runtime_cache(self._runtime_cache)
        return config

    def _keep_kernels(self) -> None:
        if self._runtime_cache is None or self._kernels is None:
            return
        try:
            content = bytes(self._runtime_cache.serialize())
            if not self._kernels.is_file() or self._kernels.stat().st_size != len(content):
                write_atomically(self._kernels, content)
        except (OSError, TypeError) as error:
            _LOG.info("the compiled kernels are not kept: %s", error)

    def _last(self) -> str:
        return self._logger.errors[-1][:200].rstrip(".") if self._logger.errors else "it does not say why"
