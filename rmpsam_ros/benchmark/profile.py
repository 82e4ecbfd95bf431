"""The largest costs of one configuration, by torch's profiler, which on a GPU includes TensorRT's kernels."""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

FRAMES = 5
"""Traced runs, after one warm-up run."""


@dataclass(frozen=True)
class Cost:
    """One kernel or operator: its share of the traced time (0 … 1), milliseconds and calls per run, and its name."""

    share: float
    milliseconds: float
    calls: float
    name: str

    def __str__(self) -> str:
        return f"{100 * self.share:.0f} % ({self.milliseconds:.2f} ms, {self.calls:.0f} calls) {self.name}"


def largest_costs(run: Callable[[], object], on_gpu: bool, count: int = 3) -> list[Cost]:
    """The kernels (on a GPU) or operators (on a CPU) that take the most time of `run`, children not included."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if on_gpu else [])
    run()
    with profile(activities=activities) as trace:
        for _ in range(FRAMES):
            run()
        if on_gpu:
            torch.cuda.synchronize()
    times, calls = Counter(), Counter()
    for event in trace.events():
        if on_gpu != (event.device_type == torch.autograd.DeviceType.CUDA):
            continue
        name = short_name(event.name)
        times[name] += event.self_device_time_total if on_gpu else event.self_cpu_time_total
        calls[name] += 1
    total = sum(times.values()) or 1
    return [Cost(us / total, us / 1e3 / FRAMES, calls[name] / FRAMES, name) for name, us in times.most_common(count)]


def short_name(name: str) -> str:
    """A kernel's name without template arguments, namespaces and parameters."""
    text, depth = "", 0
    for character in name.removeprefix("void "):
        depth += {"<": 1, ">": -1}.get(character, 0)
        text += character if depth == 0 and character != ">" else ""
    text = text.replace("(anonymous namespace)::", "").split("(")[0].strip()
    return text if text.startswith("aten::") else text.split("::")[-1]
