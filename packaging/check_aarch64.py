"""Checks that all dependencies for a Jetson or another aarch64 Linux are available as wheels: `python packaging/check_aarch64.py`.

Asks pip for the wheel of each dependency, in the version pinned by `constraints.txt`, for the Python versions of Ubuntu 22.04
(JetPack 6, ROS 2 Humble) and 24.04 (Jazzy). Needs the network; downloads only metadata if the index offers it. On these machines,
ROS and TensorRT come from apt, torch from NVIDIA.
"""
from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.10", "3.12")
EXTRA = ("onnx", "safetensors", "tensorrt-rtx-cu13-libs", "tensorrt-rtx-cu13-bindings")
"""Dependencies of engine builds and of the torch backend, in addition to the package's own. (`tensorrt-rtx-cu13` itself is an empty
source package that depends on the last two.)"""
PLATFORMS = ("manylinux_2_35_aarch64", "manylinux_2_34_aarch64", "manylinux_2_31_aarch64", "manylinux_2_28_aarch64",
             "manylinux_2_27_aarch64", "manylinux_2_26_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")  # fmt: skip
"""Ubuntu 22.04 has glibc 2.35; pip does not include older platforms by itself, so each is named."""


def needed() -> list[str]:
    """Names of the packages to look up: the package's dependencies except ROS, then `EXTRA`."""
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    names = [re.match(r'\s*"([\w.-]+)', line)[1] for line in block.splitlines()]
    return [name for name in names if not name.startswith("ros-")] + list(EXTRA)


def pin(name: str, python: str) -> str:
    """`name==version` as pinned by `constraints.txt` for this Python; only the name if it is not pinned."""
    for line in (ROOT / "packaging" / "constraints.txt").read_text().splitlines():
        requirement = Requirement(line) if line and not line.startswith("#") else None
        same = requirement is not None and requirement.name.lower() == name.lower()
        if same and (requirement.marker is None or requirement.marker.evaluate({"python_version": python})):
            return f"{requirement.name}{requirement.specifier}"
    return name


def wheel_exists(requirement: str, python: str) -> bool:
    """Whether the index has a wheel for aarch64 and this Python."""
    platforms = [word for name in PLATFORMS for word in ("--platform", name)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--only-binary=:all:", "--target", folder,
                   "--python-version", python, "--implementation", "cp", *platforms, requirement]  # fmt: skip
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main() -> int:
    missing = 0
    for python in PYTHONS:
        for name in needed():
            requirement = pin(name, python)
            found = wheel_exists(requirement, python)
            missing += not found
            print(f"Python {python}  {requirement:40} {'aarch64 wheel' if found else 'NO AARCH64 WHEEL'}", flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
