"""Tests `rmpsam simulate --resume`: an interrupted dataset becomes identical to an uninterrupted one."""
from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time

import pytest

import rendering  # noqa: F401  first: skips where nothing can be rendered

from rmpsam_ros import cli
from rmpsam_ros.simulation.recipe import difference
from rmpsam_ros.simulation.stream import SceneStream
from rmpsam_ros.simulation.writer import SceneWriter

WORDS = ["simulate", "--scenes", "3", "--views", "2", "--frames", "2", "--size", "48x64,64x48", "--seed", "3"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The dataset of an uninterrupted run."""
    path = tmp_path_factory.mktemp("whole") / "out"
    assert cli.main([*WORDS, "--out", str(path)]) == 0
    return path


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def resume(out, *words):
    return cli.main([*WORDS, *words, "--resume", "--out", str(out)])


def listed(out):
    return len(json.loads((out / "panoptic.json").read_text())["images"]) if (out / "panoptic.json").exists() else 0


def test_resume__after_kill_9__gives_the_same_set(whole, tmp_path):
    out = tmp_path / "out"
    words = [sys.executable, "-m", "rmpsam_ros", *WORDS, "--out", str(out)]
    running = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stdout=subprocess.DEVNULL)
    try:
        while running.poll() is None and not (listed(out) >= 4 and len(list((out / "images").glob("0*"))) > listed(out)):
            time.sleep(0.002)
    finally:
        running.kill()
        running.wait()
    assert 4 <= listed(out) < 12 and listed(out) % 4 == 0, "scenes are listed as they are made"
    assert resume(out) == 0 and contents(out) == contents(whole)


@pytest.mark.parametrize("after", [5, 25])
def test_resume__after_a_full_disk__gives_the_same_set(after, whole, tmp_path, capsys, monkeypatch):
    out, write, count = tmp_path / "out", SceneWriter._write, 0

    def full(self, name, *rest):
        nonlocal count
        count += 1
        if count > after:
            raise OSError(errno.ENOSPC, "No space left on device", name)
        write(self, name, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(SceneWriter, "_write", full)
        assert cli.main([*WORDS, "--out", str(out)]) == 2
    said, scenes = capsys.readouterr().err, after // 12
    assert "No space left on device" in said and (f"{scenes} of 3 scenes are complete" in said) == (scenes > 0) and out.exists() == (scenes > 0)
    assert not scenes or listed(out) == 4 * scenes
    assert resume(out) == 0 and contents(out) == contents(whole)


def test_resume__what_lies_behind_the_listed_scenes_is_made_again_or_removed(whole, tmp_path):
    out = tmp_path / "out"
    assert cli.main([*WORDS, "--scenes", "2", "--out", str(out)]) == 0
    for name in ("images/00002_a_000.jpg", "images/00009_b_001.jpg", "depth/.00002_a_000.partial-1.png", ".panoptic.partial-1.json"):
        (out / name).write_text("half")
    assert resume(out) == 0 and contents(out) == contents(whole)


@pytest.mark.parametrize("name", ["images/00001_b_001.jpg", "videos.json", "cameras.json"])
def test_resume__of_a_set_that_lost_a_file__makes_its_scenes_again(name, whole, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    (out / name).unlink()
    if name == "cameras.json":
        (out / "cameras.json").write_text(json.dumps({"images": []}))
    assert resume(out) == 0 and contents(out) == contents(whole)


def test_resume__of_a_whole_set__makes_nothing__and_of_none_makes_all(whole, tmp_path, capsys, monkeypatch):
    assert resume(tmp_path / "out") == 0 and contents(tmp_path / "out") == contents(whole)
    monkeypatch.setattr(SceneStream, "clips", lambda *_: pytest.fail("nothing is left to make"))
    assert resume(tmp_path / "out") == 0 and contents(tmp_path / "out") == contents(whole)
    assert "0 pictures after 3 existing scenes" in capsys.readouterr().out
    assert resume(tmp_path / "out", "--scenes", "2") == 2
    assert "already holds 3 scenes; --scenes is 2" in capsys.readouterr().err and contents(tmp_path / "out") == contents(whole)


@pytest.mark.parametrize(("words", "message"), [
    (["--seed", "4"], "was made with --seed 3 (now --seed 4)"),
    (["--place", "floor"], "was made with no --place (now --place floor)"),
    (["--frames", "3", "--size", "48x64"], "was made with --frames 2 and --size 48x64,64x48 (now --frames 3 and --size 48x64)"),
    (["--objects", "seen"], "--objects all"),
])  # fmt: skip
def test_resume__with_other_options__is_refused_and_names_them(words, message, whole, capsys):
    before = contents(whole)
    assert resume(whole, *words) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1 and "give the same, or another folder" in said and contents(whole) == before


@pytest.mark.parametrize("file", ["{}", "no JSON", '{"info": {}, "images": [], "annotations": []}', '{"info": {"seed": 3}, "images": [{"id": 7}]}'])
def test_resume__of_somebody_elses_pictures__is_refused(file, tmp_path, capsys):
    (tmp_path / "images").mkdir()
    (tmp_path / "images/00009.jpg").write_text("mine")
    (tmp_path / "panoptic.json").write_text(file)
    assert resume(tmp_path) == 2
    said = capsys.readouterr().err
    assert "give another folder" in said and said.count("\n") == 1
    assert contents(tmp_path) == {"images/00009.jpg": b"mine", "panoptic.json": file.encode()}


def test_difference__names_packages_and_photographs__and_no_number_of_scenes():
    def recipe(photos, scenes, **packages):
        return {"rmpsam_ros": "1", "seed": 1, "options": {"scenes": scenes, "place": None}, "kinds": 70, "surfaces": 23,
                "photographs": {"count": 2, "crc32": photos}, "packages": packages}  # fmt: skip

    assert difference(recipe("a", 5, mujoco="3.3.7"), recipe("a", 9, mujoco="3.3.7")) == ""
    said = difference(recipe("a", 5, mujoco="3.3.7", pybullet="3.2.7"), recipe("b", 5, mujoco="3.3.8"))
    assert said == ("photographs 2 (crc32 a) and mujoco 3.3.7 and pybullet 3.2.7 (now photographs 2 (crc32 b) and mujoco 3.3.8 "
                    "and no pybullet)")  # fmt: skip
