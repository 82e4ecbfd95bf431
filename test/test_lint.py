"""Checks what a linter finds without running anything: undefined names, unused imports, language pitfalls."""
from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed (the [test] extra brings it)")
def test_ruff__has_nothing_to_say():
    folders = ["rmpsam_ros", "test", "launch", "packaging", "setup.py"]
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", *folders], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
