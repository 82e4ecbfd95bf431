"""The machine behind a measurement: names, clocks and versions, as reported by the system."""
from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("openvino", "torch", "tensorrt", "tensorrt-rtx-cu13")


def machine() -> str:
    """Processor, clock, threads, load, GPUs and versions, in one line."""
    name, clock = platform.processor() or platform.machine(), ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        entries = [line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line]
        name = next((value.strip() for key, value in entries if key.strip() == "model name"), name)
        clocks = [float(value) for key, value in entries if key.strip() == "cpu MHz"]
        clock = f" at {sum(clocks) / len(clocks) / 1000:.2f} GHz" if clocks else ""
    versions = [f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {version(package).split('-')[0]}")
        except PackageNotFoundError:
            continue
    parts = [f"{name}{clock}, {len(os.sched_getaffinity(0))} threads, load {os.getloadavg()[0]:.1f}", *_gpus(), ", ".join(versions)]
    return "; ".join(parts)


def gpu_clocks() -> str:
    """Current SM and memory clocks of each NVIDIA GPU; empty without one."""
    return "; ".join(f"SM {sm}, memory {memory}" for sm, memory in _query("clocks.sm,clocks.mem"))


def _gpus() -> list[str]:
    """A description of each NVIDIA GPU; empty if nvidia-smi is not installed."""
    return [f"{name}, driver {driver}, SM clock up to {clock}, power limit {power}, {memory}"
            for name, driver, clock, power, memory in _query("name,driver_version,clocks.max.sm,power.limit,memory.total")]  # fmt: skip


def _query(fields: str) -> list[list[str]]:
    try:
        command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return []
    lines = [[part.strip() for part in line.split(",")] for line in done.stdout.splitlines()]
    return [line for line in lines if len(line) == fields.count(",") + 1]  # warnings (of a corrupted infoROM) come on stdout too
