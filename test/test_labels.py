"""Tests label sets by name and from files."""
from __future__ import annotations

import pytest

from rmpsam_ros.errors import ModelError
from rmpsam_ros.labels import OFFICIAL, load_label_set


def test_official__sizes_order_and_distinct_names():
    coco, videos = OFFICIAL["coco-panoptic"], OFFICIAL["youtube-vis-2019"]
    assert (len(coco), int(coco.is_thing().sum()), coco[0].name, coco[79].name, coco[132].name) == (133, 80, "person", "toothbrush", "rug-merged")
    assert (len(videos), int(videos.is_thing().sum())) == (40, 40)
    for labels in (coco, videos):
        assert len({label.name for label in labels.classes}) == len(labels)
        assert len({label.color for label in labels.classes}) > 0.95 * len(labels)


def test_load_label_set__from_a_file(tmp_path):
    (tmp_path / "own.yaml").write_text("name: own\nclasses:\n- {name: cup, thing: true, color: [1, 2, 3]}\n- {name: floor, thing: false}\n")
    labels = load_label_set(tmp_path / "own.yaml")
    assert labels.name == "own" and labels[0].color == (1, 2, 3) and not labels[1].is_thing
    assert labels.palette()[0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("text, message", [
    ("name: x\nclasses: []", "1 to 255 classes"),
    ("name: x\nclasses: [{name: a, thing: true}, {name: a, thing: true}]", "the same name"),
    ("name: x\nclasses: [{name: a}]", "'thing'"),
    ("name: x\nclasses: [{name: off, thing: true}]", "the name of class 0 is False; it must be a string"),
    ("name: x\nclasses: [{name: a, thing: true}, {name: , thing: true}]", "the name of class 1 is None; it must be a string"),
    ("name: x\nclasses: [cup, plate]", "class 0 is 'cup'; it must look like {name: cup, thing: true}"),
    ("name: x\nclasses: [{name: a, thing: true, color: [1, 2, 300]}]", "three values from 0 to 255"),
    ("name: x\nclasses: [{name: a, thing: true, color: [.inf, 1, 2]}]", "three values from 0 to 255"),
    ("a: [", "not a label set"),
    ("", "it contains NoneType, not a mapping"),
    ("name: 2026-13-01", "month must be in 1..12"),
    ("[" * 5000, "it is nested too deeply"),
])  # fmt: skip
def test_load_label_set__bad_file(tmp_path, text, message):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(ModelError, match=message):
        load_label_set(tmp_path / "bad.yaml")
    with pytest.raises(ModelError, match="no label set 'none'"):
        load_label_set("none")


def test_load_label_set__file_that_cannot_be_read__is_said(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "own.yaml").write_text("name: own")
    monkeypatch.setattr("pathlib.Path.read_text", refused)
    with pytest.raises(ModelError, match="Permission denied"):
        load_label_set(tmp_path / "own.yaml")
