"""Tests what the aarch64 wheel check requests; whether the wheels exist is only checked with network access."""
from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest

pytest.importorskip("packaging", reason="requirements are read with it")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def check():
    spec = importlib.util.spec_from_file_location("check_aarch64", ROOT / "packaging" / "check_aarch64.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_check__asks_for_every_dependency_but_ros_and_for_what_builds_engines(check):
    project = re.search(r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL)[1]
    own = {name for name in re.findall(r'"([A-Za-z][\w-]*)[=>]=', project) if not name.startswith("ros-")}
    assert own < set(check.needed()) and {"numpy", "openvino"} <= own and "onnx" in check.needed()


def test_check__takes_the_pinned_version_of_each_python(check):
    assert check.pin("numpy", "3.10") == "numpy==2.2.6" and check.pin("numpy", "3.12") == "numpy==2.4.6"
    assert check.pin("PyYAML", "3.10").startswith("pyyaml==")
    assert all("==" in check.pin(name, python) for name in check.needed() for python in check.PYTHONS)


@pytest.mark.skipif(not os.environ.get("RMPSAM_NETWORK_TESTS"), reason="asks the package index; RMPSAM_NETWORK_TESTS=1 runs it")
def test_wheels__of_everything__exist_for_aarch64(check):
    assert [(name, python) for python in check.PYTHONS for name in check.needed() if not check.wheel_exists(check.pin(name, python), python)] == []
