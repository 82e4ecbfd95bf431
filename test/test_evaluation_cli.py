"""Tests `rmpsam eval` on small datasets, with the tiny model."""
from __future__ import annotations

import errno
import json
import re

import cv2
import numpy as np
import pytest
from datasets import instance_set, panoptic_set
from models import tiny_model

from rmpsam_ros import cli
from rmpsam_ros.data.coco import CocoPanoptic
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.evaluation import reports
from rmpsam_ros.evaluation.panoptic import Comparison, PanopticQuality
from rmpsam_ros.evaluation.reports import ahead, write_json
from rmpsam_ros.model_folder import read_model_folder
from rmpsam_ros.types import PanopticResult, Roi, Segment


@pytest.fixture(scope="module")
def model() -> str:
    return str(tiny_model())


def run(kind, data, model, *more) -> int:
    annotations, images = data
    return cli.main(["eval", kind, "--images", str(images), "--annotations", str(annotations), "--model", model, "--threads", "1", *map(str, more)])


def test_eval_prompt__writes_json_and_prints_a_table(tmp_path, model, capsys):
    assert run("prompt", instance_set(tmp_path), model, "--json", tmp_path / "p.json", "--limit", 3) == 0
    content = json.loads((tmp_path / "p.json").read_text())
    assert content["info"]["model"] == "tiny" and content["prompt"]["images"] == 3
    assert len(content["prompt"]["miou"]) == 3 and all(0 <= v <= 100 for v in content["prompt"]["miou"])
    assert "mIoU@1" in capsys.readouterr().out


def test_eval_prompt__prints_names_with_brackets_as_they_are(tmp_path, model, capsys):
    annotations, images = instance_set(tmp_path)
    content = json.loads(annotations.read_text())
    content["categories"][0]["name"] = "[red]tin"
    annotations.write_text(json.dumps(content))
    assert run("prompt", (annotations, images), model, "--limit", 3) == 0
    assert "[red]tin" in capsys.readouterr().out


def test_eval_panoptic__takes_a_label_map_into_the_model_s_classes(tmp_path, model, capsys):
    labels = read_model_folder(model).labels
    classes = [{"name": c.name, "thing": c.is_thing} for c in labels.classes]
    mapping = {"disc": "cup", "box": "box", "grass": "floor"}
    (tmp_path / "map.yaml").write_text(json.dumps({"label_set": {"name": "tiny", "classes": classes}, "mapping": mapping}))
    assert run("panoptic", panoptic_set(tmp_path), model, "--label-map", tmp_path / "map.yaml", "--json", tmp_path / "q.json") == 0
    summary = json.loads((tmp_path / "q.json").read_text())["panoptic"]
    assert summary["images"] == 4 and summary["classes"]["floor"]["tp"] + summary["classes"]["floor"]["fn"] == 4
    assert "things" in capsys.readouterr().out


def test_eval_panoptic__of_nothing_that_the_model_knows__has_dashes_and_says_why(tmp_path, model, capsys):
    classes = [{"name": c.name, "thing": c.is_thing} for c in read_model_folder(model).labels.classes]
    mapping = dict.fromkeys(("disc", "box", "grass"))
    (tmp_path / "map.yaml").write_text(json.dumps({"label_set": {"name": "tiny", "classes": classes}, "mapping": mapping}))
    assert run("panoptic", panoptic_set(tmp_path), model, "--label-map", tmp_path / "map.yaml") == 0
    said = capsys.readouterr()
    assert "all (0 classes)" in said.out
    assert "Nothing was measured: no category of the annotations is a class of the label set tiny.\n" in said.err


def test_eval_panoptic__of_unknown_categories_is_one_line(tmp_path, model, capsys):
    assert run("panoptic", panoptic_set(tmp_path), model) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "the categories 'disc', 'grass' are not in the label set tiny" in error


@pytest.mark.parametrize("kind", ["prompt", "panoptic"])
def test_eval__of_a_malformed_entry_is_one_line(tmp_path, model, capsys, kind):
    annotations, images = panoptic_set(tmp_path)
    content = json.loads(annotations.read_text())
    for category, name in zip(content["categories"], ("cup", "box", "floor")):
        category["name"] = name
    content["images"][1]["height"] = [48]
    annotations.write_text(json.dumps(content))
    assert run(kind, (annotations, images), model) == 2
    assert "image 101 (1.png): one of its entries is malformed (TypeError" in capsys.readouterr().err.splitlines()[-1]


def test_eval__of_a_file_that_is_not_there_is_one_line(tmp_path, model, capsys):
    assert run("prompt", (tmp_path / "none.json", tmp_path), model) == 2
    assert capsys.readouterr().err == f"rmpsam eval: There is no annotation file {tmp_path / 'none.json'}.\n"


def test_eval_prompt__never_replaces_the_annotations(tmp_path, model, capsys):
    (tmp_path / "here").mkdir()
    (tmp_path / "truth.json").write_text("{}")
    assert cli.main(["eval", "prompt", "--images", str(tmp_path), "--annotations", str(tmp_path / "truth.json"), "--model", model,
                     "--json", str(tmp_path / "here" / ".." / "truth.json")]) == 2
    assert "would overwrite the annotations" in capsys.readouterr().err
    assert (tmp_path / "truth.json").read_text() == "{}"


def test_eval_prompt__of_each_second_picture(tmp_path, model):
    assert run("prompt", instance_set(tmp_path), model, "--json", tmp_path / "p.json", "--every", 2) == 0
    content = json.loads((tmp_path / "p.json").read_text())
    assert content["prompt"]["images"] == 2 and content["info"]["every"] == 2


@pytest.mark.parametrize("kind", ["prompt", "panoptic"])
def test_eval__of_each_zeroth_picture_is_one_line(tmp_path, model, capsys, kind):
    data = panoptic_set(tmp_path)
    content = json.loads(data[0].read_text())
    for category, name in zip(content["categories"], ("cup", "box", "floor")):
        category["name"] = name
    data[0].write_text(json.dumps(content))
    assert run(kind, data, model, "--every", 0) == 2
    assert "--every is 0; it must be 1 or more." in capsys.readouterr().err


def test_eval_prompt__of_crowds_alone__has_dashes_and_says_why_and_takes_them_if_told(tmp_path, model, capsys):
    annotations, images = instance_set(tmp_path)
    content = json.loads(annotations.read_text())
    for entry in content["annotations"]:
        entry["iscrowd"] = 1
    content["annotations"].append({**content["annotations"][0], "id": 5000, "image_id": 7})
    annotations.write_text(json.dumps(content))
    crowds = len(content["annotations"]) - 1
    assert run("prompt", (annotations, images), model, "--json", tmp_path / "p.json") == 0
    said = capsys.readouterr()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.out.splitlines() if "│" in line]
    assert ["all", "0", "–", "–", "–", "–"] in rows
    assert f"No object was measured.\n{annotations}: 1 annotations refer to nothing that the file lists" in said.err
    assert f"{crowds} annotations are crowds (`iscrowd: 1`) and are skipped" in said.err and "--crowds objects" in said.err
    assert json.loads((tmp_path / "p.json").read_text())["prompt"]["miou"] == [None, None, None]
    assert run("prompt", (annotations, images), model, "--json", tmp_path / "p.json", "--crowds", "objects", "--smallest", 1) == 0
    measured = json.loads((tmp_path / "p.json").read_text())
    assert measured["prompt"]["objects"] == crowds and measured["info"]["crowds"] == "objects"
    assert run("prompt", panoptic_set(tmp_path), model, "--crowds", "objects") == 2
    assert "--crowds objects applies to instances and videos" in capsys.readouterr().err


def test_eval_prompt__of_some_crowds__says_how_many_are_left_out(tmp_path, model, capsys):
    annotations, images = instance_set(tmp_path)
    content = json.loads(annotations.read_text())
    content["annotations"][0]["iscrowd"] = 1
    annotations.write_text(json.dumps(content))
    assert run("prompt", (annotations, images), model) == 0
    assert "1 annotations are crowds (`iscrowd: 1`) and are skipped" in capsys.readouterr().err
    assert run("prompt", (annotations, images), model, "--crowds", "objects") == 0
    assert "crowds" not in capsys.readouterr().err


def test_eval_prompt__passes_over_what_has_no_mask_and_says_so(tmp_path, model, capsys):
    annotations, images = instance_set(tmp_path)
    content = json.loads(annotations.read_text())
    content["annotations"][0]["segmentation"] = []
    annotations.write_text(json.dumps(content))
    assert run("prompt", (annotations, images), model, "--json", tmp_path / "p.json") == 0
    assert json.loads((tmp_path / "p.json").read_text())["prompt"]["objects"] == len(content["annotations"]) - 1
    assert "1 annotations without a mask were skipped." in capsys.readouterr().err


def test_json__has_null_for_what_is_no_number(tmp_path):
    write_json(tmp_path / "a.json", {"a": [float("nan"), 1.23456, 2]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [None, 1.2346, 2]}


def test_ahead__keeps_the_order_and_passes_errors_on():
    assert list(ahead(lambda index: index * index, range(9))) == [index * index for index in range(9)]
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda index: 1 // (2 - index), range(5)))


def test_eval_panoptic__is_the_quality_of_what_rmpsam_segment_writes(tmp_path, model):
    path, images = panoptic_set(tmp_path)
    truth = json.loads(path.read_text())
    for category, name in zip(truth["categories"], ("cup", "box", "floor")):
        category["name"] = name
    path.write_text(json.dumps(truth))
    assert run("panoptic", (path, images), model, "--json", tmp_path / "q.json") == 0
    assert cli.main(["segment", str(images), "--out", str(tmp_path / "out"), "--model", model, "--threads", "1", "--no-overlays"]) == 0
    written = json.loads((tmp_path / "out" / "panoptic.json").read_text())
    names = {category["id"]: category["name"] for category in written["categories"]}
    labels = read_model_folder(model).labels
    ids = {label.name: label.id for label in labels.classes}
    quality, data = PanopticQuality(labels), CocoPanoptic(path, images, LabelMap(labels))
    for index, entry in enumerate(written["annotations"]):
        bgr = cv2.imread(str(tmp_path / "out" / "panoptic" / entry["file_name"])).astype(int)
        compared = Comparison(data.panoptic(index), bgr[..., 2] + 256 * bgr[..., 1])
        quality.add_compared(compared, {i["id"]: ids[names[i["category_id"]]] for i in entry["segments_info"]})
    summary = json.loads((tmp_path / "q.json").read_text())["panoptic"]
    for name, counts in quality.summary()["classes"].items():
        assert {key: summary["classes"][name][key] for key in ("tp", "fp", "fn")} == {key: counts[key] for key in ("tp", "fp", "fn")}
    assert sum(row["fp"] + row["tp"] for row in summary["classes"].values()) > 4


def test_eval_panoptic__with_oracle_classes__judges_the_masks_alone(tmp_path, model, capsys, monkeypatch):
    path, images = panoptic_set(tmp_path)
    content = json.loads(path.read_text())
    for category, name in zip(content["categories"], ("cup", "box", "floor")):
        category["name"] = name
    path.write_text(json.dumps(content))
    labels = read_model_folder(model).labels
    data = CocoPanoptic(path, images, LabelMap(labels))
    truths = iter([data.panoptic(index) for index in range(len(data))])

    def right_masks_one_class(frame):
        truth = next(truths)
        numbers = {true_id: number for number, true_id in enumerate(truth.segments, start=1)}
        ids = np.zeros(truth.ids.shape, np.uint16)
        for true_id, number in numbers.items():
            ids[truth.ids == true_id] = number
        cup = next(label for label in labels.classes if label.name == "cup")
        return PanopticResult(ids, tuple(Segment(n, cup.id, cup.name, True, 0.9, 1, Roi(0, 0, 1, 1)) for n in numbers.values()), labels)

    monkeypatch.setattr("rmpsam_ros.frame.Frame.panoptic", right_masks_one_class)
    assert run("panoptic", (path, images), model, "--json", tmp_path / "q.json") == 0
    summary = json.loads((tmp_path / "q.json").read_text())["panoptic"]
    assert 0 < summary["all"]["pq"] < 40 and summary["classes"]["floor"]["tp"] == 0
    assert {name: (row["pq"], row["classes"]) for name, row in summary["oracle_classes"].items()} == {"all": (100, 3), "things": (100, 2), "stuff": (100, 1)}
    assert re.search(r"oracle classes\W+100.0\W+100.0\W+100.0", capsys.readouterr().out)


@pytest.mark.parametrize("kind", ["prompt", "panoptic", "video"])
@pytest.mark.parametrize("place, said", [("folder", "it is a folder; give the name of a file"), ("a.txt/p.json", "Not a directory")])
def test_eval__json_that_cannot_be_written_is_refused_first(tmp_path, model, capsys, monkeypatch, kind, place, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.txt").write_text("x")
    monkeypatch.setattr("rmpsam_ros.cli.model_options.open_segmenter", lambda args: pytest.fail("it was begun"))
    assert run(kind, (tmp_path / "truth.json", tmp_path), model, "--json", tmp_path / place) == 2
    assert capsys.readouterr().err == f"rmpsam eval: --json {tmp_path / place} cannot be written: {said}.\n"


@pytest.mark.parametrize("kind, heading", [("prompt", "mIoU@1"), ("panoptic", "things")])
def test_eval__the_table_is_printed_although_json_cannot_be_written(tmp_path, model, capsys, monkeypatch, kind, heading):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(reports, "write_json", full)
    path, images = instance_set(tmp_path) if kind == "prompt" else panoptic_set(tmp_path)
    truth = json.loads(path.read_text())
    for category, name in zip(truth["categories"], ("cup", "box", "floor")):
        category["name"] = name
    path.write_text(json.dumps(truth))
    assert run(kind, (path, images), model, "--limit", 2, "--json", tmp_path / "p.json") == 2
    said = capsys.readouterr()
    assert heading in said.out and f"rmpsam eval: {tmp_path / 'p.json'}: No space left on device" in said.err


@pytest.mark.parametrize("threads", ["0", "-3"])
def test_eval_card__of_no_threads_is_one_line_before_anything_is_measured(tmp_path, capsys, threads):
    assert cli.main(["eval", "card", "--config", "none.yaml", "--out", str(tmp_path / "card"), "--threads", threads]) == 2
    assert f"'{threads}' is not a whole number from 1 up" in capsys.readouterr().err
