"""Peak memory of one configuration, measured in a separate process, `python -m rmpsam_ros.benchmark.memory JSON`."""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

FRAMES = 3
"""Frames that the process runs, each with its map, plus one click per batch."""


def memory_of(asked: Mapping[str, object], threads: int | None = None) -> tuple[float, float]:
    """Peak (MB of host memory, MB of GPU memory); NaN for the GPU if there is none, and for both if the process failed.

    Args:
        asked: `model` (a path), `backend`, `precision`, `size`, `batch`.
        threads: CPU threads.
    """
    command = [sys.executable, "-m", "rmpsam_ros.benchmark.memory", json.dumps({**asked, "threads": threads})]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        host, gpu = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return float("nan"), float("nan")
    return host, float("nan") if gpu is None else gpu


def process_memory(field: str = "VmHWM", process: int | str = "self") -> float:
    """Resident memory of a process, MB: the peak (VmHWM; getrusage would start from the parent's), or the current value (VmRSS)."""
    with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field)) * 1024 / 1e6


def _gpu_memory() -> float | None:
    """GPU memory in use by all processes, MB; None if torch sees no GPU."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    free, total = torch.cuda.mem_get_info()
    return (total - free) / 1e6


def _run(asked: dict) -> tuple[float, float | None]:
    from rmpsam_ros.benchmark.scenes import scene
    from rmpsam_ros.segmenter import Segmenter

    if asked["backend"] != "openvino":
        import torch  # noqa: F401  torch's own memory counts, the CUDA context does not
    before = _gpu_memory()
    size, batch = tuple(asked["size"]), asked["batch"]
    segmenter = Segmenter(asked["model"], asked["backend"], precision=asked["precision"], input_size=size, threads=asked["threads"], batch=batch,
                          zoom=False)  # as in the timed configurations
    image, most = scene(size), 0.0
    for _ in range(FRAMES):
        frames = segmenter.set_images([image] * batch)
        for frame in frames:
            frame.panoptic()
        frames[0].prompt(points=[(size[1] // 2, size[0] // 2)])
        most = max(most, _gpu_memory() or 0.0)
    return process_memory(), None if before is None else most - before


if __name__ == "__main__":
    print(json.dumps(_run(json.loads(sys.argv[1]))))
