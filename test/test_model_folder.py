"""Tests model folders: found by name or path, refused if missing, half-written or from another version."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest
import yaml
from models import tiny_model

from rmpsam_ros.errors import ModelError
from rmpsam_ros.model_folder import available_models, check_input_size, find_model, is_model_folder, read_model_folder


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(tiny_model(), tmp_path / "models" / "tiny")


def rewrite(folder, **changes):
    path = folder / "model.yaml"
    content = yaml.safe_load(path.read_text()) | changes
    path.write_text(yaml.safe_dump({k: v for k, v in content.items() if v is not None}))


def flip(file) -> None:
    """Changes one byte in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)


def test_read_model_folder__of_a_version_without_checksums__goes_by_lengths(folder):
    rewrite(folder, checksums=None)
    flip(folder / "weights.safetensors")
    assert read_model_folder(folder).checksums == {}


def test_read_model_folder__says_what_the_model_is(folder):
    model = read_model_folder(folder)
    assert (model.name, model.variant, model.trained, model.input_size) == ("tiny", "tiny", False, (96, 128))
    assert [c.name for c in model.labels.classes] == ["cup", "robot", "box", "floor", "wall", "sky"]
    assert model.image_graph.is_file() and model.prompt_graph.is_file()


@pytest.mark.parametrize("changes, message", [
    ({"format": 99}, "model format 99, this version reads 1"),
    ({"format": None}, "model format None"),
    ({"labels": None}, "it lacks 'labels'"),
    ({"input_size": [100, 128]}, "multiples of 32"),
    ({"score_threshold": 2}, "score_threshold is 2; it must be from 0 to 1"),
    ({"overlap_threshold": True}, "overlap_threshold is True; it must be from 0 to 1"),
    ({"config": [1]}, r"config is \[1\]; it must be a mapping"),
    ({"files": ["image.onnx"]}, "files is .* must be a mapping"),
    ({"trained": "no"}, "trained is 'no'; it must be true or false"),
    ({"zoom_prompts": "yes please"}, "zoom_prompts is .* true or false"),
    ({"format": True}, "model format True"),
    ({"input_size": [384.7, 512.2]}, "must be height and width"),
    ({"input_size": [float("inf"), 512]}, "must be height and width"),
    ({"files": {"image.onnx": float("inf")}}, "is not a valid model description: cannot convert float infinity"),
    ({"config": {5: 5}}, "config has the key 5; each must be the name of an option"),
    ({"labels": {"name": "x", "classes": [{"name": "a", "thing": True, "color": [float("inf")] * 3}]}}, "three values from 0 to 255"),
    ({"labels": {"name": "x", "classes": [{"name": "a", "thing": "yes"}]}}, "`thing` of class 'a' is 'yes'"),
    ({"labels": {"name": "x", "classes": [{"name": "a", "thing": True}]}}, "the network has 6 classes, the label set 1"),
])  # fmt: skip
def test_read_model_folder__wrong_description(folder, changes, message):
    rewrite(folder, **changes)
    with pytest.raises(ModelError, match=message):
        read_model_folder(folder)


@pytest.mark.parametrize("spoil, message", [
    (lambda f: (f / "image.onnx").unlink(), "image.onnx is missing"),
    (lambda f: (f / "weights.safetensors").write_bytes(b"short"), "has 5 bytes instead of"),
    (lambda f: flip(f / "weights.safetensors"), "weights.safetensors has the right size, but its content has changed"),
    (lambda f: (f / "model.yaml").unlink(), "is not a model folder, or is incomplete: it has no model.yaml"),
    (lambda f: (f / "model.yaml").write_text("a: [b"), "not readable YAML"),
    (lambda f: (f / "model.yaml").write_text(""), "empty or not a mapping"),
    (lambda f: (f / "model.yaml").write_text("name: 2026-13-01"), "not readable YAML .month must be in 1..12"),
    (lambda f: (f / "model.yaml").write_text("a: " + "[" * 5000), "not readable YAML .it is nested too deeply"),
    (lambda f: shutil.rmtree(f), "no model folder"),
])  # fmt: skip
def test_read_model_folder__half_written(folder, spoil, message):
    spoil(folder)
    with pytest.raises(ModelError, match=message):
        read_model_folder(folder)


@contextmanager
def no_rights(path):
    """Makes a folder unreadable; root, who could still read it, becomes another user meanwhile."""
    path.chmod(0)
    if is_root := os.geteuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        path.chmod(0o755)


def test_find_model__a_root_that_may_not_be_read__hides_no_others(folder, monkeypatch):
    monkeypatch.setenv("RMPSAM_MODELS", str(folder.parent))
    with no_rights(folder.parent):
        found = available_models()
        assert find_model("rmpsam-lite0") in found and folder not in found
        with pytest.raises(ModelError, match="There is no model 'none'"):
            find_model("none")


def test_find_model__a_path_that_may_not_be_looked_at__is_said(folder):
    with no_rights(folder.parent), pytest.raises(ModelError, match="cannot be accessed; this user needs permission to read its parent folders"):
        find_model(str(folder))
    with pytest.raises(ModelError, match="There is no model 'xxx"):
        find_model("x" * 5000)


def test_read_model_folder__without_the_right_to_read_it__is_said(folder):
    with no_rights(folder.parent), pytest.raises(ModelError, match=r"cannot be read \(Permission denied\); this user needs permission to read"):
        read_model_folder(folder)


def test_is_model_folder__what_is_no_yaml_is_none(folder):
    assert is_model_folder(folder)
    (folder / "model.yaml").write_text("format: 2026-13-01")
    assert not is_model_folder(folder)


def test_find_model__a_tilde_in_the_variable_is_the_users_home(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent.parent))
    monkeypatch.setenv("RMPSAM_MODELS", "~/models")
    assert find_model("tiny") == folder


def test_model_yaml__is_utf_8_in_any_locale(folder):
    file = folder / "model.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("robot", "Förderband"), encoding="utf-8")
    code = ("import sys; from pathlib import Path; from rmpsam_ros.model_folder import *; model = read_model_folder(sys.argv[1])\n"
            "write_model_yaml(model.path, model); print(ascii(read_model_folder(model.path).labels[1].name), is_model_folder(model.path))")
    environment = os.environ | {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", code, str(folder)], env=environment, capture_output=True, text=True)
    assert done.stdout.split() == [ascii("Förderband"), "True"], done.stderr


def test_available_models__hidden_folders_are_none(folder, monkeypatch):
    monkeypatch.setenv("RMPSAM_MODELS", str(folder.parent))
    shutil.copytree(folder, folder.with_name(".tiny.partial-7"))
    assert folder in available_models() and not any(path.name.startswith(".") for path in available_models())


def test_find_model__by_name_path_and_default(folder, monkeypatch):
    monkeypatch.setenv("RMPSAM_MODELS", str(folder.parent))
    assert find_model("tiny") == folder == find_model(str(folder))
    assert folder in available_models()
    default = shutil.copytree(folder, folder.parent / "rmpsam-lite0")
    assert find_model("default") == default  # the trained model takes precedence over the untrained
    monkeypatch.chdir(folder.parent)
    (folder.parent / "default").mkdir()
    assert find_model("default") == default  # whatever is in the folder where the robot was started
    for name, message in (("none", "found: .*tiny"), ("", "is empty"), (str(folder / "model.yaml"), "is a file; give the folder")):
        with pytest.raises(ModelError, match=message):
            find_model(name)


@pytest.mark.parametrize("size", [(32, 4096), [480, 640], ("480", "640")])
def test_check_input_size__good(size):
    assert check_input_size(size) == tuple(int(s) for s in size)


@pytest.mark.parametrize("size", [(0, 64), (32, 4128), (33, 64), (64,), "640", None, (64, "x")])
def test_check_input_size__bad(size):
    with pytest.raises(ValueError, match="height and width"):
        check_input_size(size)
