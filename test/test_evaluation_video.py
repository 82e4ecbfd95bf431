"""Tests `rmpsam eval video` on a synthetic dataset."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scene_frames import SceneFrame, Thing
from test_cli_track import SceneSegmenter
from tracking_scenes import IMAGE, LABELS

from rmpsam_ros import cli, rle
from rmpsam_ros.cli import model_options
from rmpsam_ros.errors import DataError
from rmpsam_ros.evaluation.clicked import ClickedObjects, clicked_summary
from rmpsam_ros.evaluation.video import read_videos
from rmpsam_ros.results import write_image


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch) -> Path:
    """The scene of `SceneSegmenter` with its ground truth; another video, with a missing image, is not in the list."""
    monkeypatch.setattr(model_options, "open_segmenter", lambda args: SceneSegmenter())
    names, segmentations = [], []
    for k in range(6):
        names.append(f"walk/{k:05d}.png")
        write_image(tmp_path / "images" / names[-1], np.full((*IMAGE, 3), 90, np.uint8))
        mask = np.zeros(IMAGE, bool)
        mask[40:80, 28 + 8 * k : 68 + 8 * k] = True
        segmentations.append(rle.encode(mask) if k != 3 else None)
    content = {
        "videos": [{"id": 4, "name": "walk", "width": IMAGE[1], "height": IMAGE[0], "length": 6, "file_names": names}],
        "annotations": [{"id": 9, "video_id": 4, "category_id": 5, "iscrowd": 0, "segmentations": segmentations}],
        "categories": [{"id": 5, "name": "cup"}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(content))
    return tmp_path


def evaluate(folder: Path, *words: str) -> int:
    return cli.main(["eval", "video", "--images", str(folder / "images"), "--annotations", str(folder / "truth.json"), *words])


def test_eval_video__made_up_data_set__prints_the_table(dataset: Path, capsys):
    assert evaluate(dataset, "--trackers", "rmpsam", "query matching", "--clicks") == 0
    out = capsys.readouterr().out
    ours, = (line.split() for line in out.splitlines() if line.startswith("rmpsam "))
    assert float(ours[ours.index("rmpsam") + 4]) == 0  # no id switch
    plain, = (line.split() for line in out.splitlines() if line.startswith("query matching"))
    assert float(plain[4]) == 100.0  # J: every frame, as plain matching has no tentative ones
    assert "1 objects clicked once" in out and "UNTRAINED" in out
    # In frame 3 of 6 the ground truth has no cup where the network still finds one.
    assert "J 83.3 over all frames" in out and "J 75.0, recall 75.0" in out


@pytest.mark.parametrize("words, missed", [((), 2), (("--min-hits", "1"), 0), (("--min-hits", "2"), 1)])
def test_eval_video__min_hits__are_the_frames_before_a_track_counts(dataset: Path, words, missed):
    assert evaluate(dataset, "--trackers", "rmpsam", "query matching", *words, "--json", str(dataset / "out.json")) == 0
    table = json.loads((dataset / "out.json").read_text())["trackers"]
    assert table["query matching"]["j"] == pytest.approx(100) and table["rmpsam"]["j"] == pytest.approx(100 * (5 - missed) / 5)


def test_eval_video__json__has_every_click(dataset: Path):
    assert evaluate(dataset, "--trackers", "rmpsam", "--clicks", "--json", str(dataset / "out.json")) == 0
    content = json.loads((dataset / "out.json").read_text())
    click, = content["clicked"]["each"]
    assert (click["video"], click["object"], click["frame"], click["click"]) == ("walk", 9, 0, [47.0, 59.0])
    assert content["clicked"]["objects"] == 1 and content["info"]["model"] == "fake" and "j" in content["trackers"]["rmpsam"]


def test_eval_video__of_crowds_alone__has_dashes_and_says_why_and_takes_them_if_told(dataset: Path, capsys):
    words = ("--trackers", "query matching", "--json", str(dataset / "out.json"))
    assert evaluate(dataset, *words) == 0
    table = json.loads((dataset / "out.json").read_text())["trackers"]
    content = json.loads((dataset / "truth.json").read_text())
    content["annotations"][0]["iscrowd"] = 1
    (dataset / "truth.json").write_text(json.dumps(content))
    capsys.readouterr()
    assert evaluate(dataset, *words) == 0
    said = capsys.readouterr()
    row, = (line.split() for line in said.out.splitlines() if line.startswith("query matching"))
    assert row[2:] == ["–"] * 7 and "1 annotations are crowds (`iscrowd: 1`) and are skipped" in said.err
    assert set(json.loads((dataset / "out.json").read_text())["trackers"]["query matching"].values()) == {None}
    assert evaluate(dataset, *words, "--crowds", "objects") == 0
    again = json.loads((dataset / "out.json").read_text())
    assert again["trackers"] == table and again["info"]["crowds"] == "objects"


@pytest.mark.parametrize("own", ["9", "cup one", 0])
def test_eval_video__whatever_an_annotation_s_id_is__the_numbers_are_the_same(dataset: Path, own):
    words = ("--trackers", "query matching", "--clicks", "--json", str(dataset / "out.json"))
    assert evaluate(dataset, *words) == 0
    numbers = json.loads((dataset / "out.json").read_text())
    content = json.loads((dataset / "truth.json").read_text())
    content["annotations"][0]["id"] = own
    (dataset / "truth.json").write_text(json.dumps(content))
    assert evaluate(dataset, *words) == 0
    again = json.loads((dataset / "out.json").read_text())
    assert again["trackers"] == numbers["trackers"] and again["trackers"]["query matching"]["ap50"] > 50
    assert again["clicked"]["each"][0].pop("object") == own
    numbers["clicked"]["each"][0].pop("object")
    assert again["clicked"] == numbers["clicked"]


def test_eval_video__j_of_a_click_is_that_of_what_rmpsam_track_writes(dataset: Path):
    assert evaluate(dataset, "--trackers", "rmpsam", "--clicks", "--json", str(dataset / "out.json")) == 0
    click, = json.loads((dataset / "out.json").read_text())["clicked"]["each"]
    words = ["track", str(dataset / "images" / "walk"), "--fps", "12", "--click", *map(str, click["click"]), "--only-clicked", "--no-overlay"]
    assert cli.main([*words, "--out", str(dataset / "tracks")]) == 0
    found, = json.loads((dataset / "tracks" / "walk.json").read_text())["annotations"]
    truth, = json.loads((dataset / "truth.json").read_text())["annotations"]
    overlaps = []
    for mask, answer in zip(truth["segmentations"], found["segmentations"]):
        a, b = (np.zeros(IMAGE, bool) if runs is None else rle.decode(runs) for runs in (mask, answer))
        overlaps.append(np.count_nonzero(a & b) / max(np.count_nonzero(a | b), 1))
    assert click["j"] == pytest.approx(100 * np.mean(overlaps), abs=1e-3) and 50 < click["j"] < 100


def test_clicked__what_no_prompt_finds_is_lost_in_every_frame():
    clicked = ClickedObjects(LABELS, 10.0)
    mask = np.zeros(IMAGE, bool)
    mask[100:140, 20:60] = True
    for k in range(4):
        clicked.add(SceneFrame([], k / 10, answers=False), {1: mask} if k < 3 else {})
    lost, = clicked.objects
    assert lost.overlaps == [0.0, 0.0, 0.0, 1.0]  # not visible at the end: then any prediction is wrong
    assert clicked_summary(clicked.objects) == {"objects": 1, "j": 25.0, "j_davis": 0.0, "recall": 0.0}


def test_clicked__what_only_prompts_find_is_followed_by_them():
    clicked = ClickedObjects(LABELS, 10.0)
    for k in range(5):
        frame = SceneFrame([Thing(20 + k, 25, found=0)], k / 10)
        clicked.add(frame, {1: frame.mask(frame.things[0])})
    assert min(clicked.objects[0].overlaps) > 0.99 and clicked_summary(clicked.objects)["j_davis"] > 99


def test_clicked__without_an_object_is_not_a_number():
    assert np.isnan(clicked_summary([])["j"])


def test_eval_video__a_category_that_the_model_lacks__is_judged_without_classes(dataset: Path, capsys):
    text = (dataset / "truth.json").read_text().replace('"cup"', '"thing"')
    (dataset / "truth.json").write_text(text)
    assert evaluate(dataset, "--trackers", "query matching") == 0
    assert "without classes" in capsys.readouterr().out


def with_depth(folder: Path) -> Path:
    """The cup is 2 m away, everything else 3 m; in one frame the depth of the cup is unknown."""
    entries = []
    for k in range(6):
        depth = np.full(IMAGE, 3000, np.uint16)
        depth[40:80, 28 + 8 * k : 68 + 8 * k] = 2000 if k != 4 else 0
        (folder / "depth").mkdir(exist_ok=True)
        cv2.imwrite(str(folder / "depth" / f"{k}.png"), depth)
        entries.append({"file_name": f"walk/{k:05d}.png", "depth": f"{k}.png", "K": [[200, 0, 80], [0, 200, 60], [0, 0, 1]]})
    (folder / "cameras.json").write_text(json.dumps({"images": entries}))
    return folder / "cameras.json"


def test_eval_video__with_depth__positions_are_judged(dataset: Path, capsys):
    cameras = with_depth(dataset)
    assert evaluate(dataset, "--trackers", "rmpsam", "--cameras", str(cameras), "--json", str(dataset / "out.json")) == 0
    out, content = capsys.readouterr().out, json.loads((dataset / "out.json").read_text())
    assert "rmpsam, depth" in out and "rmpsam, depth" in content["trackers"]
    # Confirmed from frame 2 on; the ground truth has no cup in frame 3, and no depth for it in frame 4.
    assert content["positions"]["objects"] == 2 and content["positions"]["share"] == 50
    assert content["positions"]["p90"] < 0.03 and "2 positions (50 % of the objects in all frames)" in out


@pytest.mark.parametrize("change, sentence", [
    (lambda d: (d / "cameras.json").unlink(), "cannot be read"),
    (lambda d: (d / "cameras.json").write_text('{"images": [{}]}'), "is not the cameras.json"),
    (lambda d: (d / "cameras.json").write_text('{"images": []}'), "no entry for the picture"),
    (lambda d: (d / "depth" / "2.png").unlink(), "2.png is not a 16-bit PNG"),
    (lambda d: cv2.imwrite(str(d / "depth" / "2.png"), np.ones((4, 4), np.uint16)), "is not a 16-bit PNG of 256x192"),
])
def test_eval_video__bad_depth__is_one_line_and_exit_code_2(dataset: Path, capsys, change, sentence):
    cameras = with_depth(dataset)
    change(dataset)
    assert evaluate(dataset, "--cameras", str(cameras)) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("change, sentence", [
    (lambda d: (d / "truth.json").unlink(), "no annotation file"),
    (lambda d: (d / "truth.json").write_text("{"), "is not JSON"),
    (lambda d: (d / "truth.json").write_text('{"images": []}'), "has no list `videos`; it must have videos, annotations, categories"),
    (lambda d: (d / "images" / "walk" / "00002.png").unlink(), "00002.png does not exist"),
])
def test_eval_video__bad_input__is_one_line_and_exit_code_2(dataset: Path, capsys, change, sentence):
    change(dataset)
    assert evaluate(dataset) == 2
    *_, line = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("rmpsam eval: ") and sentence in line


def damaged(**changes):
    """Changes fields of the first annotation, or of the first video."""
    def change(folder: Path) -> None:
        content = json.loads((folder / "truth.json").read_text())
        for key, value in changes.items():
            entry = content["videos"][0] if key in content["videos"][0] and key != "id" else content["annotations"][0]
            entry.pop(key) if value is None else entry.update({key: value})
        (folder / "truth.json").write_text(json.dumps(content))
    return change


@pytest.mark.parametrize("change, sentence", [
    (damaged(category_id=99), "has the category 99, which is not in the file's list"), (damaged(video_id=None), "has no `video_id`"),
    (damaged(segmentations=[]), "has 0 masks for"), (damaged(file_names=[]), "has no frames"),
])
def test_eval_video__damaged_annotations__are_named(dataset: Path, capsys, change, sentence):
    change(dataset)
    assert evaluate(dataset) == 2
    assert sentence in capsys.readouterr().err


def test_read_videos__polygons_and_no_size__are_read_as_training_reads_them(dataset: Path):
    content = json.loads((dataset / "truth.json").read_text())
    video, entry = content["videos"][0], content["annotations"][0]
    size = video.pop("height"), video.pop("width")
    entry["segmentations"] = [[[4, 5, 30, 5, 30, 25, 4, 25]]] * len(video["file_names"])
    (dataset / "truth.json").write_text(json.dumps(content))
    found = read_videos(dataset / "truth.json", dataset / "images")[0]
    assert found.size == size
    ids, masks = found.at(1)
    assert ids[0] == 1 and masks[0].sum() == 26 * 20
    found.file.objects(0)[0]["segmentations"][1] = {"size": [3, 3], "counts": [9]}
    with pytest.raises(DataError, match="video 4 frame 1 .*: annotation .* cannot be read"):
        found.at(1)


def test_eval__no_task__says_which_there_are(capsys):
    assert cli.main(["eval", "nonsense"]) == 2
    assert "video" in capsys.readouterr().err


def test_eval_video__clip_mode__is_a_row_of_its_own(dataset: Path, capsys):
    from models import tiny_model

    assert evaluate(dataset, "--trackers", "query matching", "clip mode", "--model", str(tiny_model()), "--score-threshold", "0") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:16].strip() for line in lines[-2:]] == ["query matching", "clip mode"]


def test_eval_video__trackers_of_the_help__are_those_that_there_are():
    from rmpsam_ros.cli.eval_video import TRACKERS
    from rmpsam_ros.evaluation.trackers import CONTESTANTS

    assert TRACKERS == tuple(CONTESTANTS)


@pytest.mark.parametrize("target, with_classes", [("cup", True), ("null", False)])
def test_eval_video__categories_are_translated_by_a_label_map_and_the_json_says_whether_classes_counted(dataset: Path, capsys, target, with_classes):
    (dataset / "truth.json").write_text((dataset / "truth.json").read_text().replace('"cup"', '"mug"'))
    classes = "".join(f"    - {{name: {c.name}, thing: {str(c.is_thing).lower()}}}\n" for c in LABELS.classes)
    (dataset / "map.yaml").write_text(f"label_set:\n  name: {LABELS.name}\n  classes:\n{classes}mapping: {{mug: {target}}}\n")
    words = ("--trackers", "query matching", "--json", str(dataset / "out.json"))
    assert evaluate(dataset, *words, "--label-map", str(dataset / "map.yaml")) == 0
    content = json.loads((dataset / "out.json").read_text())
    assert content["info"]["with_classes"] is with_classes and content["info"]["max_age"] == 10.0
    assert ("judged without classes" in capsys.readouterr().out) is not with_classes
    assert content["trackers"]["query matching"]["j"] == pytest.approx(100)


def test_eval_video__a_tracker_asked_for_by_name_that_is_not_installed__is_said(dataset, monkeypatch, capsys):
    monkeypatch.setattr("rmpsam_ros.evaluation.trackers.find_spec", lambda name: None)
    assert evaluate(dataset, "--trackers", "rmpsam", "ByteTrack") == 2
    assert "ByteTrack cannot be evaluated without the package 'trackers': pip install trackers" in capsys.readouterr().err
