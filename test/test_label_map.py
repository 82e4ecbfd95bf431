"""Tests the label map between the names of a data set and a label set."""
from __future__ import annotations

import pytest
from datasets import LABELS, PLAIN

from rmpsam_ros.data.label_map import LabelMap, load_label_map
from rmpsam_ros.data.sample import NO_CLASS, rows_of_objects
from rmpsam_ros.errors import DataError
from rmpsam_ros.labels import OFFICIAL


def test_robot_map__knows_every_category_of_coco_and_of_youtube_vis():
    robot = load_label_map("robot")
    assert 30 <= len(robot.labels) <= 40
    assert [c.name for c in OFFICIAL["coco-panoptic"].classes if robot.class_of(c.name) in (None, NO_CLASS)] == []
    assert [c.name for c in OFFICIAL["youtube-vis-2019"].classes if robot.class_of(c.name) in (None, NO_CLASS)] == []
    assert robot.labels[robot.class_of("Cutting pliers")].name == "tool"


def test_label_map__says_what_is_wrong(tmp_path):
    with pytest.raises(DataError, match="'lawn', which is not a class"):
        LabelMap(LABELS, {"grass": "lawn"})
    with pytest.raises(DataError, match=r"sends 'lawn' to \['grass'\]; it must be the name of a class, or null"):
        PLAIN.with_overrides({"lawn": ["grass"]})
    with pytest.raises(DataError, match="There is no label map"):
        load_label_map("nowhere.yaml")
    (tmp_path / "map.yaml").write_text("label_set: {name: x, classes: [{name: a, thing: true}]}\nmapping: [a]\n")
    with pytest.raises(DataError, match="mapping must be a table"):
        load_label_map(tmp_path / "map.yaml")


def test_label_map__adds_to_a_bundled_one_by_its_name(tmp_path):
    """What `eval card` requires if a dataset's categories have other names: no need to repeat forty lines of classes."""
    (tmp_path / "map.yaml").write_text("label_set: robot\nmapping: {my mug: cup, car: object}\n")
    own, robot = load_label_map(tmp_path / "map.yaml"), load_label_map("robot")
    assert own.labels == robot.labels
    assert [own.labels[own.class_of(name)].name for name in ("my mug", "car", "bus")] == ["cup", "object", "vehicle"]


def test_rows_of_objects__those_without_a_class_stay_apart():
    assert rows_of_objects([NO_CLASS, 2, NO_CLASS, 2, 0, 0], LABELS.is_thing()) == ([0, 1, 2, 1, 3, 4], [NO_CLASS, 2, NO_CLASS, 0, 0])


def test_label_map__a_sets_own_lines_come_before_the_runs():
    own = LabelMap(LABELS, {"mug": "disc", "cat": None}).with_overrides({"mug": "box"})
    assert (own.class_of("mug"), own.class_of("cat"), own.class_of("dog")) == (1, NO_CLASS, None)
