"""Tests `rmpsam doctor`: what it finds, what it reports as missing, and its exit code."""
from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import types
from pathlib import Path

import pytest

from rmpsam_ros import cli, model_folder
from rmpsam_ros.cli import checks
from rmpsam_ros.cli.checks import MISSING, NOTE, OK, Check
from rmpsam_ros.errors import ModelError
from rmpsam_ros.labels import load_label_set
from rmpsam_ros.ros import dds

ROOT = Path(__file__).resolve().parent.parent


def found(part) -> dict[str, Check]:
    return {check.name: check for check in part()}


@pytest.fixture
def one_model(monkeypatch, tmp_path):
    """A model root with one readable description, trained or not."""

    def install(trained: bool):
        labels = load_label_set("coco-panoptic")
        model = model_folder.ModelFolder(tmp_path / "m", "m", "lite0", {"num_classes": len(labels)}, (480, 640), labels,
                                         trained)
        model.path.mkdir()
        model_folder.write_model_yaml(model.path, model)
        monkeypatch.setattr(model_folder, "model_roots", lambda: [tmp_path])
        monkeypatch.setattr(model_folder, "DEFAULT_MODELS", ("m",))

    return install


def test_models__says_that_an_untrained_default_is_untrained(one_model):
    one_model(trained=False)
    check = found(checks._models)["m (default)"]
    assert check.state == NOTE and "UNTRAINED" in check.found


def test_models__a_trained_default_is_ok(one_model):
    one_model(trained=True)
    check = found(checks._models)["m (default)"]
    assert check.state == OK and "UNTRAINED" not in check.found and "480x640" in check.found


def test_models__none_is_missing_and_says_how_to_make_one(monkeypatch, tmp_path):
    monkeypatch.setattr(model_folder, "model_roots", lambda: [tmp_path])
    check = found(checks._models)["default"]
    assert check.state == MISSING and "rmpsam convert" in check.advice


def test_models__a_damaged_default_is_missing_with_its_reason(one_model, tmp_path):
    one_model(trained=True)
    (tmp_path / "m" / "model.yaml").write_text("format: 99\n")
    check = found(checks._models)["m"]
    assert check.state == MISSING and "99" in check.found
    with pytest.raises(ModelError):
        model_folder.read_model_folder(tmp_path / "m")


def nothing_chosen(monkeypatch) -> None:
    for name in (*dds.VARIABLES, dds.TRANSPORTS):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("profile, state", [(None, NOTE), ("/nowhere/x.xml", NOTE), (dds.shipped_profile(), OK)])
def test_middleware__looks_at_the_profile_in_effect(monkeypatch, profile, state):
    pytest.importorskip("rclpy", reason="needs ROS 2")
    nothing_chosen(monkeypatch)
    if profile:
        monkeypatch.setenv(dds.VARIABLES[0], str(profile))
    assert found(checks._middleware)["DDS profile"].state == state


def test_middleware__transports_of_the_user__are_said_to_be_left_alone(monkeypatch):
    pytest.importorskip("rclpy", reason="needs ROS 2")
    nothing_chosen(monkeypatch)
    monkeypatch.setenv(dds.TRANSPORTS, "LARGE_DATA")
    check = found(checks._middleware)["DDS profile"]
    assert check.state == NOTE and check.found.startswith("none, as FASTDDS_BUILTIN_TRANSPORTS=LARGE_DATA is set")
    assert "unset it" in check.advice


def test_middleware__a_path_with_a_space__can_be_pasted_into_a_shell(monkeypatch, tmp_path):
    pytest.importorskip("rclpy", reason="needs ROS 2")
    nothing_chosen(monkeypatch)
    monkeypatch.setattr(dds, "shipped_profile", lambda: tmp_path / "my robot" / dds.PROFILE)
    command = found(checks._middleware)["DDS profile"].advice.split(": ")[1]
    assert shlex.split(command) == ["export", f"{dds.VARIABLES[0]}={tmp_path}/my robot/{dds.PROFILE}"]


def test_backends__one_is_needed(monkeypatch):
    monkeypatch.setattr(checks, "_try_import", lambda name: (None, "not installed"))
    report = found(checks._backends)
    assert [report[name].state for name in ("openvino", "torch", "tensorrt")] == [MISSING, NOTE, NOTE]


def test_backends__openvino_says_its_version_and_whether_the_cpu_has_bf16():
    pytest.importorskip("openvino", reason="needs openvino")
    assert re.match(r"\d{4}\.\d+\.\d+: .*CPU \(.+\), with(out)? bf16", found(checks._backends)["openvino"].found)


def test_backends__a_driver_too_old_for_torch__is_said(monkeypatch):
    def too_old(index: int):
        raise RuntimeError("The NVIDIA driver on your system is too old")

    cuda = types.SimpleNamespace(device_count=lambda: 1, get_device_name=too_old)
    monkeypatch.setattr(checks, "_try_import", lambda name: (types.SimpleNamespace(__version__="2.9", cuda=cuda), ""))
    check = checks._torch()
    assert check.state == OK and check.found == "2.9: CPU" and "driver on your system is too old" in check.advice


def test_backends__a_folder_called_tensorrt__does_not_end_the_report(monkeypatch):
    monkeypatch.setattr(checks, "_try_import", lambda name: (types.ModuleType(name) if name == "tensorrt" else None, ""))
    assert "tensorrt without a version" in checks._tensorrt().found


@pytest.mark.parametrize("gpu, torch, state, words", [
    (True, True, OK, "tensorrt 10.3"), (False, True, NOTE, "no GPU here"), (True, False, NOTE, "without torch")])
def test_backends__tensorrt_needs_a_gpu_and_torch(monkeypatch, gpu, torch, state, words):
    module = types.ModuleType("tensorrt")
    module.__version__ = "10.3"
    monkeypatch.setattr(checks, "_try_import", lambda name: (module if name == "tensorrt" else None, "not installed"))
    monkeypatch.setattr(checks.trt_flavour, "has_gpu_device", lambda: gpu)
    monkeypatch.setattr(checks, "find_spec", lambda name: torch or None)
    check = checks._tensorrt()
    assert check.state == state and words in check.found


def test_ros__without_rclpy_says_both_ways_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "rclpy", None)
    check = found(checks._ros)["rclpy"]
    assert check.state == MISSING and "setup.bash" in check.advice and "pip install" in check.advice


def test_try_import__tells_missing_from_broken(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("raise OSError('libx.so: cannot open\\nmore')")
    (tmp_path / "needy_module.py").write_text("import not_there_at_all")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert checks._try_import("not_there_at_all") == (None, "not installed")
    assert checks._try_import("broken_module") == (None, "does not load: libx.so: cannot open")
    assert checks._try_import("needy_module") == (None, "No module named 'not_there_at_all'")


@pytest.mark.parametrize("state, code, text", [
    (OK, 0, "The node can run here."), (NOTE, 0, "The node can run here."), (MISSING, 1, "cannot run here: thing")])
def test_doctor__exit_code_says_whether_the_node_can_run(monkeypatch, capsys, state, code, text):
    monkeypatch.setattr(checks, "all_checks", lambda: [Check("Part", "thing", state, "[found]", "`get it`")])
    assert cli.main(["doctor"]) == code
    out = capsys.readouterr().out
    assert text in out and "[found]" in out and "-> `get it`" in out


def test_doctor__reports_this_machine(capsys):
    assert cli.main(["doctor"]) in (0, 1)
    out = capsys.readouterr().out
    assert all(word in out for word in ("Python", "ROS 2", "Backends", "openvino", "Models", "vision_msgs"))


@pytest.mark.parametrize("broken, state", [("raise ModuleNotFoundError(\"No module named 'cv2'\", name='cv2')", "not installed"),
                                           ("raise ImportError('numpy.core.multiarray failed to import')", "does not load")])
def test_doctor__without_a_library_that_the_rest_needs__is_a_finding_and_no_traceback(tmp_path, broken, state) -> None:
    (tmp_path / "cv2.py").write_text(broken)
    code = "import sys; from rmpsam_ros.cli import main; sys.exit(main(['doctor']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "COLUMNS": "200"})
    assert done.returncode == 1 and done.stderr == ""
    assert re.search(rf"OpenCV +missing +{state}", done.stdout) and "The node cannot run here: OpenCV" in done.stdout
