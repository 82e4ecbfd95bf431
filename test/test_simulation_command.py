"""Tests `rmpsam simulate` as called by a user: its output, and its error messages."""
from __future__ import annotations

import json
from importlib.metadata import version

import cv2
import numpy as np
import pytest

import rendering  # noqa: F401  first: skips where nothing can be rendered

from rmpsam_ros import __version__, cli
from rmpsam_ros.errors import BackendError
from rmpsam_ros.simulation.catalogue import open_catalogue
from rmpsam_ros.simulation.recipe import make_recipe
from rmpsam_ros.simulation.stream import SceneStream


def break_off(monkeypatch, error, scene):
    """A stream that fails before the second frame of a scene, or before its only frame."""
    clips = SceneStream.clips

    def broken(self, number):
        for clip in clips(self, number):
            yield halted(clip, self.frames) if number == scene else clip

    def halted(clip, frames):
        if frames > 1:
            yield next(clip)
        raise error

    monkeypatch.setattr(SceneStream, "clips", broken)


def test_command__renders_and_refuses_to_mix_two_runs(tmp_path, capsys):
    words = ["simulate", "--scenes", "1", "--size", "48x64", "--place", "floor", "--out", str(tmp_path / "out")]
    assert cli.main(words) == 0
    assert len(list((tmp_path / "out/images").iterdir())) == 1 and not (tmp_path / "out/videos.json").exists()
    licences = [entry["name"] for entry in json.loads((tmp_path / "out/panoptic.json").read_text())["licenses"]]
    assert licences[0] == "made in code: Apache-2.0" and not any("photographs" in name for name in licences)
    assert cli.main(words) == 2
    said = capsys.readouterr().err
    assert "already holds scenes" in said and "--resume" in said and said.count("\n") == 1


def test_command__each_view_frame_size_and_seed_counts(tmp_path):
    def pictures(seed):
        out = tmp_path / f"seed{seed}"
        words = ["simulate", "--scenes", "2", "--views", "2", "--frames", "2", "--size", "48x64,64x48", "--seed", str(seed), "--out", str(out)]
        assert cli.main(words) == 0
        content = json.loads((out / "panoptic.json").read_text())
        assert len(content["images"]) == len(content["annotations"]) == len(list((out / "images").iterdir())) == 8
        assert [(image["height"], image["width"]) for image in content["images"]] == [(48, 64)] * 4 + [(64, 48)] * 4
        videos = json.loads((out / "videos.json").read_text())["videos"]
        assert len(videos) == 4 and {name for video in videos for name in video["file_names"]} == {image["file_name"] for image in content["images"]}
        return {(out / "images" / image["file_name"]).read_bytes() for image in content["images"]}

    one, other = pictures(1), pictures(2)
    assert len(one) == len(other) == 8 and not one & other


def test_command__interrupted__keeps_what_is_whole_and_says_how_much(tmp_path, capsys, monkeypatch):
    break_off(monkeypatch, KeyboardInterrupt(), scene=2)
    out = tmp_path / "out"
    assert cli.main(["simulate", "--scenes", "5", "--size", "48x64", "--out", str(out)]) == 130
    assert "2 of 5 scenes are complete" in " ".join(capsys.readouterr().err.split())
    content = json.loads((out / "panoptic.json").read_text())
    assert len(list((out / "images").iterdir())) == len(content["images"]) == 2 and content["info"]["description"].endswith("; ended after 2 of 5 scenes")


@pytest.mark.parametrize("file", ["images/mine.jpg", "depth/1.png", "cameras.json", "videos.json"])
def test_command__into_a_folder_with_other_pictures__is_refused(file, tmp_path, capsys):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("mine")
    assert cli.main(["simulate", "--scenes", "1", "--size", "32x32", "--out", str(tmp_path)]) == 2
    assert "or other images; give another folder" in " ".join(capsys.readouterr().err.split()) and (tmp_path / file).read_text() == "mine"


@pytest.mark.parametrize("existed", [True, False])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), BackendError("no OpenGL")])
def test_command__broken_off_in_its_first_scene__leaves_the_folder_as_it_was(error, existed, tmp_path, capsys, monkeypatch):
    break_off(monkeypatch, error, scene=0)
    out = tmp_path / "new" / "out"
    if existed:
        out.mkdir(parents=True)
    assert cli.main(["simulate", "--scenes", "5", "--frames", "2", "--size", "48x64", "--out", str(out)]) in (2, 130)
    assert sorted(tmp_path.rglob("*")) == ([tmp_path / "new", out] if existed else [])
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("folder", ["/proc/foo", "file/inside"])
def test_command__into_a_folder_that_cannot_be__says_so(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    assert cli.main(["simulate", "--scenes", "1", "--size", "32x32", "--out", folder]) == 2
    said = capsys.readouterr().err
    assert f"--out {folder} cannot be written" in said and said.count("\n") == 1 and list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_command__info_tells_what_the_set_was_made_with(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(2):
        picture = np.full((40, 60, 3), 90 * number, np.uint8)
        cv2.imwrite(str(photos / f"{number}.png"), picture)
    words = ["simulate", "--scenes", "1", "--frames", "2", "--size", "48x64", "--seed", "5", "--objects", "all", "--photos", str(photos)]
    assert cli.main([*words, "--out", str(tmp_path / "out")]) == 0
    infos = [json.loads((tmp_path / "out" / name).read_text())["info"] for name in ("panoptic.json", "videos.json", "cameras.json")]
    info, catalogue = infos[0], open_catalogue("all", photos)
    assert info["seed"] == 5 and info["rmpsam_ros"] == __version__ and info["packages"]["mujoco"] == version("mujoco")
    assert info["options"] == {"scenes": 1, "views": 1, "frames": 2, "size": "48x64", "place": None, "objects": "all"}
    assert info["kinds"] == len(catalogue.kinds) and info["surfaces"] == len(catalogue.materials.surfaces) and info["photographs"]["count"] == 2
    assert all(info[key] == other[key] for other in infos for key in info if key != "description")
    assert infos[2]["frames"]["world"] == "z up, metres"
    cv2.imwrite(str(photos / "0.png"), picture)
    assert make_recipe(5, [(48, 64)], 1, 1, 2, None, "all", open_catalogue("all", photos))["photographs"]["crc32"] != info["photographs"]["crc32"]
