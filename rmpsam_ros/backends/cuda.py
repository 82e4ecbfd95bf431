"""One CUDA GPU as the TensorRT backend uses it: a stream, pinned host memory, captured graphs. torch does the CUDA calls."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from rmpsam_ros.errors import BackendError


class CudaDevice:
    """A GPU and the one stream that everything runs on, in order.

    Args:
        device: `auto`, `cuda`, `cuda:1` … as torch names them.

    Raises:
        BackendError: there is no such GPU for torch.
    """

    def __init__(self, device: str = "auto") -> None:
        wanted = "cuda" if device.lower() in ("auto", "gpu") else device.lower()
        if not wanted.startswith("cuda"):
            raise BackendError(f"TensorRT has no device {device!r}; use auto, cuda, or cuda:1 for the second GPU.")
        if not torch.cuda.is_available():
            raise BackendError(f"The backend tensorrt needs a GPU that torch sees, and torch {torch.__version__} sees none here: {torch_hint()}.")
        try:
            self.device = torch.device(wanted if ":" in wanted else f"cuda:{torch.cuda.current_device()}")
            properties = torch.cuda.get_device_properties(self.device)
        except (RuntimeError, AssertionError) as error:
            raise BackendError(f"There is no GPU {device!r}; there are {torch.cuda.device_count()}, from cuda:0.") from error
        self.name = properties.name
        self.compute = f"sm_{properties.major}{properties.minor}"
        self._stream = torch.cuda.Stream(self.device)

    @property
    def stream(self) -> int:
        """The stream's CUDA handle."""
        return self._stream.cuda_stream

    @contextmanager
    def active(self) -> Iterator[None]:
        """Inside, this thread's torch calls go to this GPU and its stream."""
        with torch.inference_mode(), torch.cuda.device(self.device), torch.cuda.stream(self._stream):
            yield

    def use_on_this_thread(self) -> None:
        """Makes the GPU current for a thread that calls CUDA by other ways than torch."""
        torch.cuda.set_device(self.device)

    def empty(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        return torch.empty(shape, dtype=dtype, device=self.device)

    def pinned(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """Host memory that copies to and from the GPU run beside the CPU with."""
        return torch.empty(shape, dtype=dtype, pin_memory=True)

    def wait(self) -> None:
        """Until all that was asked of the stream is done."""
        self._stream.synchronize()

    def capture(self, run: Callable[[], None]) -> Callable[[], None]:
        """Records what `run` asks of the stream; the result asks it all again with one call."""
        graph = torch.cuda.CUDAGraph()
        self.wait()
        # Other threads may use CUDA meanwhile, say another camera's node in the same process.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            run()
        return graph.replay

    def release(self) -> None:
        torch.cuda.empty_cache()


def torch_hint() -> str:
    if torch.version.cuda is None:
        return "this is its build for CPUs; install one with CUDA (on a Jetson, NVIDIA's wheel for its JetPack)"
    return "check the driver with nvidia-smi"
