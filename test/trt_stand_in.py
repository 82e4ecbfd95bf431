"""STAND-IN, not TensorRT: a GPU and an engine emulated on the CPU, so that the backend's own code runs without a GPU.

Real here: the typed graphs, the cache, the buffers with their addresses, shapes and types, the reuse of buffers from
run to run. Not real: TensorRT's arithmetic, CUDA streams and graphs, and anything about speed.
"""
from __future__ import annotations

import ctypes
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import torch

from rmpsam_ros.backends.openvino_core import shared_core


class HostDevice:
    """Emulates `backends.cuda.CudaDevice` in host memory."""

    device, name, compute, stream, computes_bf16 = torch.device("cpu"), "Stand-in GPU", "sm_89", 0, False

    def __init__(self) -> None:
        self.captured = self.waits = 0

    @contextmanager
    def active(self, exact: bool = False):
        with torch.inference_mode():
            yield

    def use_on_this_thread(self) -> None:
        pass

    def empty(self, shape, dtype):
        tensor = torch.empty(shape, dtype=dtype)
        return tensor.fill_(float("nan")) if dtype.is_floating_point else tensor.fill_(77)

    pinned = empty

    def wait(self) -> None:
        self.waits += 1

    def capture(self, run):
        """Context calls during capture are recorded instead of computed, and computed at each replay, as CUDA does; torch's own
        work is all repeated."""
        self.captured += 1
        _Context.recording = []
        try:
            run()
            contexts = _Context.recording
        finally:
            _Context.recording = None

        def replay() -> None:
            for context in contexts:
                context.compute()
        return replay if contexts else run

    def release(self) -> None:
        pass


class _Context:
    recording: list | None = None

    def __init__(self, engine) -> None:
        self._engine, self._shapes, self._addresses, self._captured = engine, {}, {}, False

    def set_input_shape(self, name, shape) -> bool:
        assert not self._captured, "a context is changed that a captured graph holds"
        dims = self._engine.input_dims[name]
        if len(dims) != len(shape) or any(d is not None and d != s for d, s in zip(dims, shape)):
            return False
        self._shapes[name] = tuple(shape)
        return True

    def get_tensor_shape(self, name):
        prompts = self._shapes.get("boxes", (1, 1))[1]
        return tuple(prompts if d is None else d for d in self._engine.output_dims[name])

    def set_tensor_address(self, name, address) -> None:
        assert not self._captured, "a context is changed that a captured graph holds"
        self._addresses[name] = address

    def execute_async_v3(self, stream) -> bool:
        if _Context.recording is None:
            self.compute()
        else:
            _Context.recording.append(self)
            self._captured = True
        return True

    def compute(self) -> None:
        inputs = {name: self._view(name, shape) for name, shape in self._shapes.items()}
        results = self._engine.request.infer(inputs)
        for port, value in results.items():
            name = port.get_any_name()
            self._view(name, value.shape)[...] = value

    def _view(self, name, shape):
        dtype = np.dtype(self._engine.numpy_types[name])
        count = int(np.prod(shape)) * dtype.itemsize
        raw = (ctypes.c_byte * count).from_address(self._addresses[name])
        return np.frombuffer(raw, dtype).reshape(shape)


class _Engine:
    """An "engine" is the typed ONNX graph's bytes; OpenVINO computes it in float32."""

    def __init__(self, blob: bytes) -> None:
        graph = shared_core().read_model(blob)
        self.names = [p.get_any_name() for p in (*graph.inputs, *graph.outputs)]
        self._inputs = {p.get_any_name() for p in graph.inputs}
        self.numpy_types = {p.get_any_name(): p.get_element_type().to_dtype() for p in (*graph.inputs, *graph.outputs)}
        self.input_dims = {p.get_any_name(): _dims(p) for p in graph.inputs}
        self.output_dims = {p.get_any_name(): _dims(p) for p in graph.outputs}
        self.request = shared_core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
        self.num_io_tensors = len(self.names)

    def get_tensor_name(self, index):
        return self.names[index]

    def get_tensor_mode(self, name):
        return "in" if name in self._inputs else "out"

    def get_tensor_dtype(self, name):
        kinds = {"float32": "FLOAT", "float16": "HALF", "int32": "INT32", "uint8": "UINT8"}
        return f"DataType.{kinds[np.dtype(self.numpy_types[name]).name]}"

    def create_execution_context(self):
        return _Context(self)


class _Runtime:
    def __init__(self, logger) -> None:
        pass

    def deserialize_cuda_engine(self, blob):
        return _Engine(blob) if b"rmpsam_ros" in blob[:200] else None


def _dims(port):
    return [None if d.is_dynamic else d.get_length() for d in port.get_partial_shape()]


def flavour(version: str = "10.3.0"):
    """Emulates `trt_flavour.Flavour` of a full TensorRT."""
    from rmpsam_ros.backends.trt_flavour import Flavour

    module = SimpleNamespace(Runtime=_Runtime, TensorIOMode=SimpleNamespace(INPUT="in"), ILogger=_Logger, __version__=version)
    return Flavour("tensorrt", version, module)


class _Logger:
    INTERNAL_ERROR, ERROR, WARNING = 0, 1, 2

    def __init__(self) -> None:
        pass


def install(monkeypatch, device: HostDevice | None = None) -> HostDevice:
    """Makes the backend find the stand-ins; a build then gives the typed graph itself. Returns the device."""
    from rmpsam_ros.backends import tensorrt, trt_provision

    device = device or HostDevice()
    monkeypatch.setattr(tensorrt, "open_device", lambda name: device)
    monkeypatch.setattr(tensorrt, "load_flavour", lambda compute: flavour())
    monkeypatch.setattr(trt_provision, "build_engine", lambda flavour, graph, *rest: graph)
    return device
