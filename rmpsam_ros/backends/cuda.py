"""Access to one CUDA GPU for the backends: a stream, pinned host memory and captured graphs. CUDA calls are made by torch."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rmpsam_ros.backends.base import prompt_rows
from rmpsam_ros.backends.limits import MAX_PROMPTS
from rmpsam_ros.errors import BackendError

_BUCKETS = (1, 2, 4, 8, 16, 32, MAX_PROMPTS)
"""Prompts are padded to one of these numbers, to limit the number of buffers and captured graphs."""


class CudaDevice:
    """A GPU and the single stream on which everything runs in order.

    Args:
        device: `auto`, `cuda`, `cuda:1` … as in torch.
        backend: name of the backend, for messages.
        or_cpu: whether that backend can also run on the CPU, for messages.

    Raises:
        BackendError: torch sees no such GPU.
    """

    def __init__(self, device: str = "auto", backend: str = "tensorrt", or_cpu: bool = False) -> None:
        wanted = "cuda" if device.lower() in ("auto", "gpu") else device.lower()
        if not wanted.startswith("cuda"):
            raise BackendError(f"The backend {backend} has no device {device!r}; use auto, {'cpu, ' if or_cpu else ''}cuda, or cuda:1 for the second GPU.")
        if not torch.cuda.is_available():
            raise BackendError(f"The backend {backend} needs a GPU that torch sees, and torch {torch.__version__} sees none here: "
                               f"{torch_hint()}{'; or use device cpu' if or_cpu else ''}.")
        try:
            self.device = torch.device(wanted if ":" in wanted else f"cuda:{torch.cuda.current_device()}")
            properties = torch.cuda.get_device_properties(self.device)
        except (RuntimeError, AssertionError) as error:
            raise BackendError(f"There is no GPU {device!r}; there are {torch.cuda.device_count()}, from cuda:0.") from error
        self.name = properties.name
        self.compute = f"sm_{properties.major}{properties.minor}"
        self.computes_bf16 = properties.major >= 8
        self._stream = torch.cuda.Stream(self.device)

    @property
    def stream(self) -> int:
        """The stream's CUDA handle."""
        return self._stream.cuda_stream

    @contextmanager
    def active(self, exact: bool = False) -> Iterator[None]:
        """Directs this thread's torch calls to this GPU and its stream.

        Args:
            exact: compute float32 products in float32; otherwise in TF32, which has float32's range and float16's resolution.
        """
        # These settings are process-wide, so set them at each entry: another backend may have changed them.
        torch.set_float32_matmul_precision("highest" if exact else "high")
        torch.backends.cudnn.allow_tf32 = not exact
        torch.backends.cudnn.benchmark = True  # input shapes are few and do not change
        with torch.inference_mode(), torch.cuda.device(self.device), torch.cuda.stream(self._stream):
            yield

    def use_on_this_thread(self) -> None:
        """Makes the GPU current on a thread that calls CUDA without torch."""
        torch.cuda.set_device(self.device)

    def empty(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        return torch.empty(shape, dtype=dtype, device=self.device)

    def pinned(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Page-locked host memory, for asynchronous copies to and from the GPU."""
        return torch.empty(shape, dtype=dtype, pin_memory=True)

    def wait(self) -> None:
        """Blocks until all work on the stream is done."""
        self._stream.synchronize()

    def capture(self, run: Callable[[], None]) -> Callable[[], None]:
        """Captures the work that `run` launches in a CUDA graph; returns a function that replays it."""
        graph = torch.cuda.CUDAGraph()
        self.wait()
        # Other threads may use CUDA during the capture, for instance another camera's node in the same process.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            run()
        return graph.replay

    def release(self) -> None:
        torch.cuda.empty_cache()


class Staging:
    """Pinned host buffers, one for each name, reused between runs, so that copies through them are asynchronous."""

    def __init__(self, device: CudaDevice) -> None:
        self._device = device
        self._buffers: dict[str, Tensor] = {}
        self._canvases: list[Tensor] = []

    def canvas(self, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
        """uint8 zeros in pinned memory, which `to_device` uses without a copy."""
        self._canvases.append(self._device.pinned(shape, torch.uint8).zero_())
        return self._canvases[-1].numpy()

    def to_device(self, name: str, array: npt.NDArray) -> Tensor:
        """The array in pinned memory, ready to be copied to the device; do not change it before the next `wait`."""
        for canvas in self._canvases:
            if array.ctypes.data == canvas.data_ptr() and array.shape == tuple(canvas.shape):
                return canvas
        if name not in self._buffers:
            self._buffers[name] = self._device.pinned(array.shape, torch.from_numpy(array[:0]).dtype)
        np.copyto(self._buffers[name].numpy(), array)
        return self._buffers[name]

    def to_host(self, tensors: Sequence[Tensor]) -> list[npt.NDArray]:
        """Copies device tensors to new pinned host memory, and waits until the stream is done.

        torch caches freed pinned memory, so this allocates only in the first frames.
        """
        here = [self._device.pinned(tuple(tensor.shape), tensor.dtype) for tensor in tensors]
        for host, tensor in zip(here, tensors):
            host.copy_(tensor, non_blocking=True)
        self._device.wait()
        return [host.numpy() for host in here]

    def close(self) -> None:
        self._buffers.clear()
        self._canvases.clear()


def bucket_rows(count: int) -> npt.NDArray[np.intp]:
    """`prompt_rows` for the numbers of prompts in captured graphs."""
    return prompt_rows(count, _BUCKETS)


def torch_hint() -> str:
    if torch.version.cuda is None:
        return "this is its build for CPUs; install one with CUDA (on a Jetson, NVIDIA's wheel for its JetPack)"
    return "check the driver with nvidia-smi"
