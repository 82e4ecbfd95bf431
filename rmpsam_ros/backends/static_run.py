"""Runs a torch function with static shapes on a GPU as one captured CUDA graph."""
from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from rmpsam_ros.backends.cuda import CudaDevice

_WARM_UP = 3
"""Number of runs before the capture: in the first, cuDNN benchmarks its algorithms and libraries allocate their workspaces."""

_LOG = logging.getLogger(__name__)


@dataclass
class _Plan:
    inputs: list[Tensor]
    outputs: tuple[Tensor, ...]
    run: Callable[[], None]


class StaticRun:
    """Calls `function` on fixed device buffers, with one set of buffers and one CUDA graph for each set of input shapes.

    Launching several hundred kernels one by one takes the CPU longer than a large GPU needs to run them; a graph is one launch.

    Args:
        function: maps device tensors to device tensors, without any synchronisation with the device.
        device: the GPU; calls must be made inside `device.active()`.
        title: name for the log.
    """

    def __init__(self, function: Callable[..., tuple[Tensor, ...]], device: CudaDevice, title: str) -> None:
        self._function, self._device, self._title = function, device, title
        self._plans: dict[tuple, _Plan] = {}

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Enqueues one run on the stream, without waiting.

        Args:
            inputs: on the host (pinned) or on the device.

        Returns:
            The outputs on the device. The next run of the same shapes overwrites them.
        """
        key = tuple((tuple(t.shape), t.dtype) for t in inputs)
        plan = self._plans.get(key) or self._plans.setdefault(key, self._plan(inputs))
        for buffer, value in zip(plan.inputs, inputs):
            buffer.copy_(value, non_blocking=True)
        plan.run()
        return plan.outputs

    def close(self) -> None:
        self._plans.clear()

    def _plan(self, inputs: Sequence[Tensor]) -> _Plan:
        buffers = [self._device.empty(tuple(t.shape), t.dtype) for t in inputs]
        for buffer, value in zip(buffers, inputs):
            buffer.copy_(value)
        plan = _Plan(buffers, (), lambda: None)

        def run() -> None:
            plan.outputs = self._function(*buffers)

        for _ in range(_WARM_UP):
            run()
        self._device.wait()
        try:
            plan.run = self._device.capture(run)
        except RuntimeError as error:
            _LOG.warning("%s runs without a CUDA graph, slower on a large GPU: %s", self._title, " ".join(str(error).split())[:200])
            plan.run = run
        return plan
