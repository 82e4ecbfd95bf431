"""Whether everything that runs on a Jetson or another aarch64 Linux is there as a wheel: `python packaging/check_aarch64.py`.

Asks pip for the wheel of each dependency, in the version that `constraints.txt` pins, for the Pythons of Ubuntu 22.04 (JetPack 6,
ROS 2 Humble) and 24.04 (Jazzy). Needs the network; downloads metadata only, where the index offers that. ROS and TensorRT come
from apt there, torch from NVIDIA.
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
"""Beyond the package's own dependencies: what building engines and the torch backend need. (`tensorrt-rtx-cu13` itself is a source
package without content, which brings the two.)"""
PLATFORMS = ("manylinux_2_35_aarch64", "manylinux_2_34_aarch64", "manylinux_2_31_aarch64", "manylinux_2_28_aarch64",
             "manylinux_2_27_aarch64", "manylinux_2_26_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64")  # fmt: skip
"""Ubuntu 22.04 has glibc 2.35; pip takes each name by itself, and does not think of the older ones."""


def needed() -> list[str]:
    """Names of what is wanted from the index: the package's dependencies but ROS, then `EXTRA`."""
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    names = [re.match(r'\s*"([\w.-]+)', line)[1] for line in block.splitlines()]
    return [name for name in names if not name.startswith("ros-")] + list(EXTRA)


def pin(name: str, python: str) -> str:
    """`name==version` as `constraints.txt` has it for this Python; the name alone where it has none."""
    for line in (ROOT / "packaging" / "constraints.txt").read_text().splitlines():
        requirement = Requirement(line) if line and not line.startswith("#") else None
        same = requirement is not None and requirement.name.lower() == name.lower()
        if same and (requirement.marker is None or requirement.marker.evaluate({"python_version": python})):
            return f"{requirement.name}{requirement.specifier}"
    return name


def wheel_exists(requirement: str, python: str) -> bool:
    """Whether the index has a wheel of it for aarch64 and this Python."""
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
