"""Checks whether scenes can be rendered here. A test module that imports this first is skipped if they cannot."""
from __future__ import annotations

from importlib.util import find_spec

import pytest

from rmpsam_ros.errors import BackendError

if find_spec("mujoco") is None:  # found, not imported: the package must first choose MuJoCo's OpenGL
    pytest.skip("mujoco is not installed", allow_module_level=True)
try:
    from rmpsam_ros.simulation.stream import SceneStream

    next(SceneStream(1, (32, 32), count=1).scene(2))
except BackendError as error:
    pytest.skip(f"no off-screen OpenGL here: {error}", allow_module_level=True)
