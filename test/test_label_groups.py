"""Tests grouping a model's classes under other names: the file, the map, the tracker's objects."""
from __future__ import annotations

import json
import re

import numpy as np
import pytest
from models import tiny_model
from test_fusion import assert_consistent
from test_segmenter import picture

from rmpsam_ros import Segmenter, Tracker, cli
from rmpsam_ros.errors import ModelError
from rmpsam_ros.label_groups import label_groups, load_label_groups, only
from rmpsam_ros.labels import make_label_set
from rmpsam_ros.results import write_image
from rmpsam_ros.types import PanopticResult, Roi, Segment

LABELS = make_label_set("indoor", ["cup", "chair", "couch"], ["floor", "rug", "wall"])
FILE = """
name: nav
classes:
  - {name: free, thing: false, from: [floor, rug]}
  - {name: cup, thing: true}
  - {name: obstacle, thing: false, from: rest, color: [9, 8, 7]}
"""


def segment(number, class_id, score=0.5, area=4, roi=Roi(0, 0, 2, 2), query_index=0):
    label = LABELS[class_id]
    return Segment(number, class_id, label.name, label.is_thing, score, area, roi, query_index=query_index)


def test_label_groups__names_numbers_and_colours_are_the_files():
    groups = label_groups({"name": "nav", "classes": [{"name": "free", "thing": False, "from": ["floor", "rug"]}, {"name": "cup", "thing": True},
                                                      {"name": "spare", "thing": True, "from": []}]}, LABELS)  # fmt: skip
    assert [(c.id, c.name, c.is_thing) for c in groups.labels.classes] == [(0, "free", False), (1, "cup", True), (2, "spare", True)]
    assert groups.group_of.tolist() == [1, -1, -1, 0, 0, -1, -1]
    assert groups.classes(np.array([0, 1, 4, 6])).tolist() == [1, 3, 0, 3]  # 3: no object


def test_panoptic__stuff_of_a_group_is_one_segment_things_stay_apart_the_rest_is_unlabelled(tmp_path):
    (tmp_path / "nav.yaml").write_text(FILE.replace("  - {name: obstacle, thing: false, from: rest, color: [9, 8, 7]}\n", ""))
    groups = load_label_groups(tmp_path / "nav.yaml", LABELS)
    ids = np.array([[1, 1, 2, 2], [3, 3, 4, 4], [5, 5, 0, 0]], np.uint16)
    before = PanopticResult(ids, (
        segment(1, 3, 0.4, 2, Roi(0, 0, 2, 1), 11), segment(2, 0, 0.9, 2, Roi(2, 0, 2, 1), 12), segment(3, 0, 0.8, 2, Roi(0, 1, 2, 1), 13),
        segment(4, 4, 0.6, 2, Roi(2, 1, 2, 1), 14), segment(5, 1, 0.9, 2, Roi(0, 2, 2, 1), 15),
    ), LABELS)  # fmt: skip
    after = groups.panoptic(before)
    assert after.labels is groups.labels
    assert after.segment_ids.tolist() == [[1, 1, 2, 2], [3, 3, 1, 1], [0, 0, 0, 0]]
    free, first, second = after.segments
    assert (free.class_name, free.is_thing, free.score, free.area, free.roi, free.query_index) == ("free", False, 0.5, 4, Roi(0, 0, 4, 2), 14)
    assert [(s.id, s.class_name, s.query_index) for s in (first, second)] == [(2, "cup", 12), (3, "cup", 13)]
    assert after.semantic().tolist() == [[0, 0, 1, 1], [1, 1, 0, 0], [255, 255, 255, 255]]


def test_panoptic__things_may_become_stuff_and_the_rest_a_class(tmp_path):
    (tmp_path / "nav.yaml").write_text(FILE)
    groups = load_label_groups(tmp_path / "nav.yaml", LABELS)
    ids = np.array([[1, 2, 3]], np.uint16)
    after = groups.panoptic(PanopticResult(ids, tuple(segment(k, c, area=1, roi=Roi(k - 1, 0, 1, 1)) for k, c in ((1, 1), (2, 2), (3, 5))), LABELS))
    only, = after.segments
    assert (only.class_name, only.is_thing, only.area, only.roi) == ("obstacle", False, 3, Roi(0, 0, 3, 1))
    assert after.segment_ids.tolist() == [[1, 1, 1]] and groups.labels[2].color == (9, 8, 7)


def test_panoptic__nothing_found(tmp_path):
    (tmp_path / "nav.yaml").write_text(FILE)
    after = load_label_groups(tmp_path / "nav.yaml", LABELS).panoptic(PanopticResult(np.zeros((2, 3), np.uint16), (), LABELS))
    assert after.segments == () and not after.segment_ids.any()


@pytest.mark.parametrize("text, sentence", [
    ("name: x\nclasses:\n  - {name: free, thing: false, from: [flor]}", "'free' takes 'flor', which is not a class of indoor: cup, chair"),
    ("name: x\nclasses:\n  - {name: mug, thing: true}", "'mug' takes 'mug', which is not a class of indoor"),
    ("name: x\nclasses:\n  - {name: a, thing: false, from: [rug]}\n  - {name: b, thing: false, from: [rug]}", "both 'a' and 'b' take 'rug'"),
    ("name: x\nclasses:\n  - {name: a, thing: false, from: [rug, rug]}", "'a' takes 'rug' twice"),
    ("name: x\nclasses:\n  - {name: a, thing: false, from: rest}\n  - {name: b, thing: false, from: rest}", "two classes have `from: rest`"),
    ("name: x\nclasses:\n  - {name: a, thing: true, from: [floor]}", "'a' is a thing, but 'floor' is stuff"),
    ("name: x\nclasses:\n  - {name: a, thing: true, from: rest}", "'a' is a thing, but 'floor' is stuff"),
    ("name: x\nclasses:\n  - {name: a, thing: false, from: floor}", "`from` of 'a' must be a list"),
    ("name: x", "`classes` is missing"),
    ("classes:\n  - {name: cup, thing: true}", "`name` is missing"),
    ("name: x\nclasses:\n  - {name: cup}", "`thing` is missing"),
    ("name: x\nclasses:\n  - {name: mug, thing: true, frm: [cup]}", "'mug' has the unknown key `frm`"),
    ("- floor", "must say `name:` and `classes:`"),
    ("a: [", "must say `name:` and `classes:`"),
    ("name: x\nclasses: []", "1 to 255 classes"),
])  # fmt: skip
def test_load__wrong_file__one_sentence_that_names_it(tmp_path, text, sentence):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ModelError) as error:
        load_label_groups(tmp_path / "mine.yaml", LABELS)
    assert sentence in str(error.value) and "mine.yaml" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["nowhere.yaml", "~nobody-of-this-name/groups.yaml", {"name": "mine"}, "n" * 300])
def test_load__no_file(file):
    with pytest.raises(ModelError, match=f"There is no label groups file {re.escape(str(file))}"):
        load_label_groups(file, LABELS)


@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    """A segmenter of the tiny model that finds a robot and two boxes: both boxes become one stuff segment, and cups are dropped."""
    file = tmp_path_factory.mktemp("groups") / "groups.yaml"
    file.write_text("name: two\nclasses:\n  - {name: goods, thing: false, from: [box, floor]}\n  - {name: agent, thing: true, from: [robot]}")
    return Segmenter(tiny_model(), backend="openvino", precision="fp32", label_groups=file)


def test_segmenter__map_objects_and_clicks_are_of_the_groups(grouped):
    plain = Segmenter(tiny_model(), backend="openvino", precision="fp32")
    image = picture(480, 640)
    frame, before = grouped.set_image(image), plain.set_image(image)
    result, whole = frame.panoptic(), before.panoptic()
    assert_consistent(result)
    number = {label.name: label.id for label in plain.labels.classes}
    assert [c.name for c in grouped.labels.classes] == ["goods", "agent"] and grouped.describe()["labels"] == "two"
    assert sorted(s.class_name for s in whole.segments) == ["box", "box", "robot"]
    assert sorted((s.class_name, s.is_thing) for s in result.segments) == [("agent", True), ("goods", False)]
    assert np.array_equal(result.semantic() == 0, whole.semantic() == number["box"])
    assert np.array_equal(result.semantic() == 1, whole.semantic() == number["robot"])
    own, grouped_ids = before.objects.class_ids, frame.objects.class_ids
    assert np.array_equal(grouped_ids == 1, own == number["robot"]) and np.array_equal(grouped_ids == 0, np.isin(own, [number["box"], number["floor"]]))
    y, x = np.argwhere(result.semantic() == 1).mean(axis=0).round().astype(int)
    assert frame.prompt(points=[(x, y)]).class_name == {255: "", 0: "goods", 1: "agent"}[int(result.semantic()[y, x])]
    assert {track.class_name for track in Tracker(grouped.labels, min_hits=1).update(frame, stamp=0.0)} == {"agent"}


def test_segmenter__a_class_that_no_group_takes_is_unlabelled_and_no_track(tmp_path):
    (tmp_path / "one.yaml").write_text("name: one\nclasses:\n  - {name: robot, thing: true}")
    frame = Segmenter(tiny_model(), backend="openvino", precision="fp32", label_groups=tmp_path / "one.yaml").set_image(picture(480, 640))
    assert [s.class_name for s in frame.panoptic().segments] == ["robot"] and (frame.panoptic().segment_ids == 0).any()
    assert {track.class_name for track in Tracker(frame.labels, min_hits=1).update(frame, stamp=0.0)} == {"robot"}


def test_click__on_a_class_that_no_group_takes__has_none_whatever_it_touches(tmp_path):
    (tmp_path / "one.yaml").write_text("name: one\nclasses:\n  - {name: robot, thing: true}")
    image = picture(480, 640)
    frame = Segmenter(tiny_model(), backend="openvino", precision="fp32", label_groups=tmp_path / "one.yaml").set_image(image)
    whole = Segmenter(tiny_model(), backend="openvino", precision="fp32").set_image(image).panoptic()
    box = whole.segment_ids == next(s.id for s in whole.segments if s.class_name == "box")
    robot = whole.segment_ids == next(s.id for s in whole.segments if s.class_name == "robot")
    spilled = box.copy()
    spilled[np.unravel_index(np.flatnonzero(robot)[:100], robot.shape)] = True
    assert frame.class_of(spilled, Roi.of_mask(spilled)) == -1 and frame.class_of(robot, Roi.of_mask(robot)) == 0


def test_segmenter__the_filter_names_groups(grouped):
    try:
        grouped.class_filter = ("goods",)
        assert {s.class_name for s in grouped.set_image(picture(480, 640)).panoptic().segments} == {"goods"}
    finally:
        grouped.class_filter = ()


def test_command__segment__writes_the_groups_and_refuses_others(tmp_path, capsys):
    write_image(tmp_path / "photo.png", picture(480, 640))
    (tmp_path / "nav.yaml").write_text("name: nav\nclasses:\n  - {name: goods, thing: false, from: [box]}")
    words = ["segment", str(tmp_path / "photo.png"), "--out", str(tmp_path / "out"), "--model", str(tiny_model()), "--backend", "openvino"]
    assert cli.main([*words, "--label-groups", str(tmp_path / "nav.yaml")]) == 0
    content = json.loads(next((tmp_path / "out").glob("*.json")).read_text())
    assert [c["name"] for c in content["categories"]] == ["goods"] and len(content["annotations"][0]["segments_info"]) == 1
    capsys.readouterr()
    (tmp_path / "nav.yaml").write_text("name: nav\nclasses:\n  - {name: spoon, thing: true}")
    assert cli.main([*words, "--label-groups", str(tmp_path / "nav.yaml")]) == 2
    error = capsys.readouterr().err
    assert "'spoon' takes 'spoon', which is not a class of tiny" in error and error.count("\n") == 1


def test_only__of_a_map_with_hundreds_of_segments():
    ids = np.arange(1, 601, dtype=np.uint16).reshape(20, 30)
    whole = PanopticResult(ids, tuple(segment(k, k % 2, area=1) for k in range(1, 601)), LABELS)
    kept = only(whole, np.array([True, False, False, False, False, False]))
    assert len(kept.segments) == 300 and kept.segment_ids.max() == 300
    assert np.array_equal(kept.segment_ids > 0, ids % 2 == 0)


@pytest.mark.parametrize("text, said", [
    ("name: 2026-13-01", "month must be in 1..12"),
    ("[" * 5000, "it is nested too deeply"),
    ("name: x\nclasses: [{name: a, thing: true, color: [.inf, 1, 2]}]", "three values from 0 to 255"),
])
def test_load_label_groups__what_yaml_cannot_read__is_said(tmp_path, text, said):
    (tmp_path / "nav.yaml").write_text(text)
    with pytest.raises(ModelError, match=said):
        load_label_groups(tmp_path / "nav.yaml", LABELS)
