"""Tests OpenVINO's cache of compiled graphs: reuse, checks, size limit, and operation without a cache folder."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from models import tiny_model

pytest.importorskip("openvino", reason="the backend of this file")

from rmpsam_ros import Segmenter
from rmpsam_ros.backends import openvino_cache
from rmpsam_ros.backends.openvino_cache import CompiledGraphs
from rmpsam_ros.locks import held
from rmpsam_ros.model_folder import read_model_folder

IMAGE = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "rmpsam/openvino"


def logits(model) -> np.ndarray:
    with Segmenter(model, backend="openvino", precision="fp32") as segmenter:
        return segmenter.set_image(IMAGE).objects.mask_logits.copy()


def blobs(root: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in root.glob("*/*.blob")}


def test_compiled__a_second_start_reads_what_the_first_wrote(model, root):
    first, made = logits(model), blobs(root)
    assert made and (logits(model) == first).all() and blobs(root) == made


def test_compiled__changed_bytes_are_noticed_and_compiled_anew(model, root, caplog):
    first, made = logits(model), blobs(root)
    for file in made:
        content = bytearray(file.read_bytes())
        content[len(content) // 2 : len(content) // 2 + 4096] = os.urandom(4096)
        file.write_bytes(content)
    assert (logits(model) == first).all() and "compiled again" in caplog.text
    caplog.clear()
    assert (logits(model) == first).all() and not caplog.text


def test_compiled__a_file_that_nobody_vouches_for_is_not_read(model, root):
    first = logits(model)
    (folder,) = {file.parent for file in blobs(root)}
    for content in ("{}", "[1]", "no json"):
        (folder / "crc32.json").write_text(content)
        assert (logits(model) == first).all()
    assert json.loads((folder / "crc32.json").read_text()).keys() == {file.name for file in blobs(root)}


def test_compiled__what_was_used_least_recently_goes_where_it_gets_too_much(model, root, monkeypatch):
    root.mkdir(parents=True)
    for name, age in (("old", 300), ("older", 900), ("recent", 10)):
        (root / name).mkdir()
        (root / name / "a.blob").write_bytes(bytes(1000))
        os.utime(root / name, (1_700_000_000 - age,) * 2)
    (root / "of_a_former_version.blob").write_bytes(bytes(1000))
    os.utime(root / "of_a_former_version.blob", (1_600_000_000,) * 2)
    logits(model)
    own = sum(file.stat().st_size for file in blobs(root)) - 3000
    assert len(list(root.iterdir())) == 5  # with its own folder
    monkeypatch.setattr(openvino_cache, "MOST", own + 2500)
    logits(model)
    assert {at.name for at in root.iterdir() if len(at.name) < 10} == {"old", "recent"}


def test_compiled__what_another_process_is_writing_to_stays_though_it_gets_too_much(model, root, monkeypatch):
    (root / "busy").mkdir(parents=True)
    (root / "busy/a.blob").write_bytes(bytes(1000))
    os.utime(root / "busy", (1_600_000_000,) * 2)
    monkeypatch.setattr(openvino_cache, "MOST", 0)
    with held(root / "busy/.lock"):
        logits(model)
        assert (root / "busy").is_dir()
    logits(model)
    assert not (root / "busy").exists()


def test_compiled__one_process_at_a_time_writes_those_of_one_configuration(model, root):
    logits(model)
    (folder,) = root.iterdir()
    done = threading.Event()
    with held(folder / ".lock"):
        thread = threading.Thread(target=lambda: (logits(model), done.set()))
        thread.start()
        assert not done.wait(1.5)
        Segmenter(model, backend="openvino", precision="fp32", input_size=(64, 96)).close()  # another configuration does not wait
    assert done.wait(60)
    thread.join()


def test_compiled__a_process_that_never_ends__is_said_and_done_without(model, root, monkeypatch, caplog):
    first, made = logits(model), blobs(root)
    (folder,) = root.iterdir()
    monkeypatch.setattr(openvino_cache, "SAY_AFTER", 0.2)
    monkeypatch.setattr(openvino_cache, "WAIT", 0.6)
    with held(folder / ".lock"):
        assert (logits(model) == first).all() and blobs(root) == made
    assert caplog.text.count("Waiting up to 1 s for another process") == 1
    assert "are not cached" in caplog.text and "(another process has held it for 1 s)" in caplog.text


@pytest.mark.parametrize("refusing", ["held", "crc32"])
def test_compiled__a_folder_of_another_user_is_done_without(model, root, monkeypatch, caplog, refusing):
    def refused(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    first, made = logits(model), blobs(root)
    monkeypatch.setattr(openvino_cache, refusing, refused)
    cache = CompiledGraphs(read_model_folder(model), "CPU")
    cache.folder = next(root.iterdir())
    with cache.compiling():
        assert cache.options == {}
    assert (logits(model) == first).all() and blobs(root) == made
    assert "are not cached" in caplog.text and "cannot be used (Permission denied)" in caplog.text


def test_compiled__a_file_where_the_folder_should_be__is_done_without(model, root, caplog):
    first = logits(model)
    (folder,) = root.iterdir()
    shutil.rmtree(folder)
    folder.write_text("no folder")
    assert (logits(model) == first).all() and "cannot be used (File exists)" in caplog.text


def test_compiled__on_a_disk_without_room__is_said(model, root, monkeypatch, caplog):
    for free, said in ((3 << 20, True), (openvino_cache.LEAST_FREE, False)):
        caplog.clear()
        monkeypatch.setattr(openvino_cache.shutil, "disk_usage", lambda path, free=free: SimpleNamespace(free=free))
        assert CompiledGraphs(read_model_folder(model), "CPU").folder.parent == root
        assert ("has 3 MB left" in caplog.text) == said


def test_a_user_without_a_home__needs_none(model):
    """As in a container that runs as a host user: OpenVINO's telemetry required a home folder."""
    code = ("import pathlib\n"
            "def none(*_): raise RuntimeError('Could not determine home directory.')\n"
            "pathlib.Path.home = none\n"
            "from rmpsam_ros import cli\n"
            f"print(cli.main(['click', '/dev/null', '1', '1', '--out', 'a.png', '--model', {str(model)!r}]))\n"
            "from rmpsam_ros import Segmenter\n"
            "from rmpsam_ros.engine_cache import EngineCache\n"
            "print(EngineCache().unwritable())\n"
            f"print(Segmenter({str(model)!r}, backend='openvino').backend_name)")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, "2\nNot a directory\nopenvino\n"), done.stderr
    assert done.stderr.splitlines()[-1].startswith("Compiled graphs are not cached")
