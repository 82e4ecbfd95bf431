"""Tests the files that a dataset refers to, and pasting from one image into another."""
from __future__ import annotations

import json

import numpy as np
import pytest
from datasets import block, instance_set, panoptic_set, video_set
from test_data_training import source

from rmpsam_ros.data import sources
from rmpsam_ros.data.augment import Augmentation
from rmpsam_ros.data.checks import check_source
from rmpsam_ros.data.sources import Mixture, shared
from rmpsam_ros.errors import DataError
from rmpsam_ros.evaluation.video import read_videos


def with_backslashes(path, images):
    """The same dataset in a subfolder, with Windows-style file names."""
    for folder in {images, path.with_suffix("")}:
        if folder.is_dir():
            folder.rename(folder.with_name("moved"))
            folder.mkdir()
            folder.with_name("moved").rename(folder / "sub")
    content = json.loads(path.read_text())
    for entry in (*content.get("images", ()), *content["annotations"], *content.get("videos", ())):
        if "file_name" in entry:
            entry["file_name"] = "sub\\" + entry["file_name"]
        if "file_names" in entry:
            entry["file_names"] = ["sub\\" + name.replace("/", "\\") for name in entry["file_names"]]
    path.write_text(json.dumps(content))
    return path, images


@pytest.mark.parametrize("kind, make", [("panoptic", panoptic_set), ("instances", instance_set), ("videos", video_set)])
def test_source__with_the_backslashes_of_windows__is_read_where_only_forward_slashes_are_there(tmp_path, kind, make):
    plain, backward = source(kind, make(tmp_path / "plain")), source(kind, with_backslashes(*make(tmp_path / "backward")))
    expected, found = check_source(plain), check_source(backward)
    assert found == expected and found.problems == [] and found.pictures > 3
    assert shared(backward, [backward]) == len(backward.indices) and all("\\" not in name for names in backward.files for name in names)


def test_source__a_name_with_a_backslash_that_is_there__is_that_file(tmp_path):
    path, images = with_backslashes(*instance_set(tmp_path, count=1))
    (images / "sub\\0.png").write_bytes((images / "sub" / "0.png").read_bytes())
    assert source("instances", (path, images)).files == [[str((images / "sub\\0.png").resolve())]]


def test_read_videos__with_the_backslashes_of_windows__finds_the_frames(tmp_path):
    path, images = with_backslashes(*video_set(tmp_path))
    (video,) = read_videos(path, images)
    assert all(file.is_file() for file in video.files)


@pytest.mark.parametrize("kind, make, change, said", [
    ("panoptic", panoptic_set, lambda c: c["annotations"][0].update(file_name=None), "image 100 (0.png): the map: its file name is null; it must be text"),
    ("instances", instance_set, lambda c: c["images"][0].update(file_name=3), "image 100 (3): its file name is 3; it must be text"),
    ("videos", video_set, lambda c: c["videos"][0]["file_names"].__setitem__(1, None), "video 1 frame 1 (None): its file name is null; it must be text"),
])  # fmt: skip
def test_source__a_file_name_that_is_no_text_is_said_in_one_sentence(tmp_path, kind, make, change, said):
    path, images = make(tmp_path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    problems = check_source(source(kind, (path, images))).problems
    assert len(problems) == 1 and said in problems[0] and str(path) in problems[0]
    if kind == "videos":
        with pytest.raises(DataError, match="its file name is null"):
            read_videos(path, images)


def mixed(tmp_path, monkeypatch, other, seeds: int = 12) -> list:
    """Images of 40x60 on a canvas of 64x96, each with or without `other`, which fills the canvas, pasted in."""
    calls = []

    def jitter(sample, size, how, rng):
        calls.append(how.framed)
        return (block(np.s_[2:8], np.s_[2:8], size=(64, 96)), (40, 60)) if len(calls) % 2 else (other, (64, 96))

    monkeypatch.setattr(sources, "jitter", jitter)
    mixture = Mixture([source("panoptic", panoptic_set(tmp_path, count=1))], (64, 96), Augmentation(copy_paste=1.0, framed=1.0, colour=0.0))
    samples = [mixture.image(np.random.default_rng(seed))[0] for seed in range(seeds)]
    assert calls == [1.0, 0.0] * seeds  # pasted objects get no frame, which would hide everything else
    return samples


def areas(samples: list) -> set[int]:
    return {int(mask.sum()) for sample in samples for mask in sample.masks}


@pytest.mark.parametrize("rows, columns, pasted", [
    (np.s_[10:30], np.s_[20:50], True), (np.s_[20:40], np.s_[40:60], True),  # inside, and right up to the edge
    (np.s_[20:41], np.s_[20:50], False), (np.s_[10:30], np.s_[40:61], False), (np.s_[50:60], np.s_[70:90], False),
])
def test_image__an_object__is_pasted_whole_or_not_at_all(tmp_path, monkeypatch, rows, columns, pasted):
    other = block(rows, columns, size=(64, 96))
    found = areas(mixed(tmp_path, monkeypatch, other))
    assert found == ({36, int(other.masks.sum())} if pasted else {36})


def test_image__without_copy_paste__is_one_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "paste", lambda *_: pytest.fail("nothing is to be pasted"))
    mixture = Mixture([source("panoptic", panoptic_set(tmp_path, count=1))], (64, 96), Augmentation(copy_paste=0.0))
    assert mixture.image(np.random.default_rng(0))[1] <= (64, 96)


def test_source__in_the_home_of_a_user_that_there_is_not__is_a_missing_file():
    with pytest.raises(DataError, match="~nobody-here/set.json"):
        source("instances", ("~nobody-here/set.json", "~nobody-here/images"))


@pytest.mark.parametrize("masks", [[None] * 5, [[]] * 5, [None, {"size": [48, 64], "counts": [48 * 64]}, None, None, None]])
def test_check__an_object_of_a_video_that_no_frame_shows_is_named(tmp_path, masks):
    path, images = video_set(tmp_path)
    content = json.loads(path.read_text())
    content["annotations"].append({**content["annotations"][0], "id": 9, "segmentations": masks})
    path.write_text(json.dumps(content))
    assert check_source(source("videos", (path, images))).problems == [f"{path} video 1: annotation 9 has no pixel in any frame."]


@pytest.mark.parametrize("masks", [[None] * 4, None, {}, [{"size": [48, 64], "counts": [1]}] * 5])
def test_check__a_problem_of_a_video_is_said_once(tmp_path, masks):
    path, images = video_set(tmp_path)
    content = json.loads(path.read_text())
    content["annotations"][0]["segmentations"] = masks
    path.write_text(json.dumps(content))
    problems = check_source(source("videos", (path, images))).problems
    assert len(problems) == len(set(problems)) and all("video 1" in said and "annotation 5" in said or "malformed" in said for said in problems)
