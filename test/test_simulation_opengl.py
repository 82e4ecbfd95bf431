"""Tests off-screen OpenGL that is missing, interrupted or shared: one error message, no folders, no tracebacks."""
from __future__ import annotations

import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

import rendering  # noqa: F401  first: skips where nothing can be rendered

from rmpsam_ros.errors import BackendError
from rmpsam_ros.simulation.renderer import WorldRenderer
from rmpsam_ros.simulation.stream import SceneStream


def simulate(out, *words, **environment):
    command = [sys.executable, "-m", "rmpsam_ros", "simulate", "--scenes", "2", "--size", "32x32", "--out", str(out), *words]
    usual = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "PYOPENGL_PLATFORM")}
    done = subprocess.run(command, env={**usual, **environment}, capture_output=True, text=True)
    return done.returncode, [line for line in done.stderr.splitlines() if "GLFWError" not in line and "warnings.warn" not in line]


def test_command__an_empty_word_for_opengl__is_as_none(tmp_path):
    assert simulate(tmp_path / "out", "--check", MUJOCO_GL="") == (0, [])


@pytest.mark.parametrize("words", [[], ["--check"]])
@pytest.mark.parametrize(("choice", "help"), [
    ("disabled", "leave it unset, or set egl"),
    ("nonsense", "invalid value for environment variable MUJOCO_GL: nonsense); leave it unset, or set egl"),
    ("glfw", "needs a display"),
])  # fmt: skip
def test_command__a_useless_word_for_opengl__says_what_to_set_and_leaves_no_folder(choice, help, words, tmp_path):
    code, said = simulate(tmp_path / "out", *words, MUJOCO_GL=choice)
    assert code == 2 and len(said) == 1 and f"MUJOCO_GL={choice} finds no off-screen OpenGL" in said[0] and help in said[0], said
    assert not (tmp_path / "out").exists()


def test_command__without_osmesa__says_what_to_install_and_leaves_no_folder(tmp_path):
    code, said = simulate(tmp_path / "out", MUJOCO_GL="osmesa", LD_LIBRARY_PATH="")
    if code == 0:
        pytest.skip("libOSMesa is installed here")
    assert code == 2 and len(said) == 1 and "install libOSMesa" in said[0] and "NoneType" not in said[0] and not (tmp_path / "out").exists(), said


@pytest.mark.parametrize("environment", [{"MUJOCO_EGL_DEVICE_ID": "99"}, {"MUJOCO_EGL_DEVICE_ID": "first"}, {"__EGL_VENDOR_LIBRARY_DIRS": "/nowhere"}])
def test_command__without_an_egl_driver__is_one_sentence_without_a_traceback(environment, tmp_path):
    code, said = simulate(tmp_path / "out", MUJOCO_GL="egl", **environment)
    if code == 0:
        pytest.skip("EGL takes its driver from elsewhere here")
    assert code == 2 and len(said) == 1 and "Mesa's EGL (sudo apt install" in said[0] and not (tmp_path / "out").exists(), said


@pytest.mark.parametrize("broken", ["GLContext", "Renderer"])
def test_rendering__ctrl_c_while_opengl_is_set_up__leaves_no_traceback(broken, monkeypatch):
    import mujoco

    unraisable, world = [], SceneStream(1, (32, 32), count=1)._world(2)[0]

    def interrupted(*_):
        raise KeyboardInterrupt

    if broken == "Renderer":
        monkeypatch.setattr(mujoco.renderer._structs, "MjvScene", interrupted)
    else:
        monkeypatch.setattr(sys.modules[mujoco.GLContext.__module__], "EGL" if "egl" in mujoco.GLContext.__module__ else "osmesa", None)
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    with pytest.raises((KeyboardInterrupt, BackendError)) as caught:
        WorldRenderer(world, (32, 32))
    del caught
    gc.collect()
    assert unraisable == []


@pytest.mark.skipif(os.environ.get("MUJOCO_GL", "egl") != "egl", reason="other contexts may move from thread to thread")
def test_rendering__a_scene_that_goes_on_in_another_thread__is_one_sentence():
    frames = SceneStream(1, (32, 32), frames=3, count=1).watch(2)
    next(frames)
    with ThreadPoolExecutor(1) as pool, pytest.raises(BackendError) as caught:
        pool.submit(next, frames).result()
    assert str(caught.value) == "The scene was started on another thread, which holds its OpenGL context; take all of its frames on one thread."
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: len(list(SceneStream(1, (32, 32), frames=3, count=1).watch(2)))).result() == 3


@pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed (torch for CPUs alone comes without)")
def test_rendering__then_triton__both_llvms_live_in_one_process():
    program = ("from rmpsam_ros.simulation.stream import SceneStream\nnext(SceneStream(1, (32, 32), count=1).scene(2))\n"
               "import triton, torch._inductor.config\nprint('lives')")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0 and "lives" in done.stdout, done.stderr[-300:]
