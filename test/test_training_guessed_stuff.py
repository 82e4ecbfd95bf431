"""Tests self-training: a model labels the stuff that an instance dataset leaves unlabelled."""
from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from datasets import instance_set

torch = pytest.importorskip("torch", reason="the network needs torch")

from rmpsam_ros.data.coco import CocoInstances, CocoPanoptic  # noqa: E402
from rmpsam_ros.data.label_map import LabelMap, load_label_map  # noqa: E402
from rmpsam_ros.data.sample import Coverage  # noqa: E402
from rmpsam_ros.errors import DataError  # noqa: E402
from rmpsam_ros.labels import make_label_set  # noqa: E402
from rmpsam_ros.placement import place  # noqa: E402
from rmpsam_ros.training import guessed_stuff  # noqa: E402
from rmpsam_ros.training.guessed_stuff import guess, segments, write_set  # noqa: E402
from rmpsam_ros.types import ClassLabel, LabelSet  # noqa: E402

LABELS = LabelSet("two", (ClassLabel(0, "disc", True, (255, 0, 0)), ClassLabel(1, "grass", False, (0, 255, 0)),
                          ClassLabel(2, "sky", False, (0, 0, 255))))  # fmt: skip
SIZE = (48, 64)


def half(left: bool, sure: float = 9.0) -> np.ndarray:
    """(12, 16) logits of the left or the right half."""
    inside = (np.arange(16) < 8) == left
    return np.broadcast_to(np.where(inside, sure, -9.0), (12, 16)).astype(np.float32)


def test_guess__a_sure_class_of_stuff_where_its_mask_is_sure():
    logits = np.stack((half(True), half(False), half(False), half(True)))
    ids, scores = np.array([1, 2, 0, 3]), np.array([0.9, 0.95, 0.99, 0.99], np.float32)  # grass, sky, a thing, nothing
    found = guess(ids, scores, logits, place(SIZE, SIZE), LABELS, 0.7)
    assert found.shape == SIZE and (found[:, :24] == 1).all() and (found[:, 40:] == 2).all()


@pytest.mark.parametrize("score, logit", [(0.6, 9.0), (0.9, 0.5)], ids=["of an unsure class", "of an unsure mask"])
def test_guess__nothing(score, logit):
    found = guess(np.array([1]), np.array([score], np.float32), half(True, logit)[None], place(SIZE, SIZE), LABELS, 0.7)
    assert (found == -1).all()


def test_guess__where_two_are_sure_the_surer_one():
    logits = np.stack((half(True), half(True)))
    found = guess(np.array([1, 2]), np.array([0.8, 0.9], np.float32), logits, place(SIZE, SIZE), LABELS, 0.7)
    assert set(np.unique(found)) == {-1, 2}


def test_guess__specks_are_no_stuff():
    logits = np.full((1, 12, 16), -9.0, np.float32)
    logits[0, 5, 5] = 9.0
    assert (guess(np.array([1]), np.array([0.99], np.float32), logits, place((480, 640), SIZE), LABELS, 0.7) == -1).all()


def test_segments__things_lie_on_stuff_and_the_smaller_on_top():
    stuff = np.full(SIZE, 1)
    stuff[:, :10] = -1
    small, large = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    small[10:20, 20:30] = large[5:40, 15:60] = True
    ids, infos = segments([({"category_id": 11}, small), ({"category_id": 12, "iscrowd": 1}, large)], stuff, {1: 50})
    at = {info["id"]: info for info in infos}
    assert (ids[:, :10] == 0).all()
    assert [at[ids[y, x]]["category_id"] for y, x in ((15, 25), (30, 40), (45, 40))] == [11, 12, 50]
    assert at[ids[30, 40]]["iscrowd"] == 1 and sum(info["area"] for info in infos) == np.count_nonzero(ids)


def test_write_set__an_annotation_without_a_mask__is_refused(tmp_path):
    annotations, images = instance_set(tmp_path)
    content = json.loads(annotations.read_text())
    content["annotations"][0]["segmentation"] = []
    annotations.write_text(json.dumps(content))
    labels = make_label_set("two", ["disc", "box"], ["grass"])
    reader = CocoInstances(annotations, images, LabelMap(labels))
    model = SimpleNamespace(name="given", labels=labels, input_size=SIZE)
    logits = torch.from_numpy(half(True).copy())[None, None]
    with pytest.raises(DataError, match="has no mask; its pixels would be labelled as stuff"):
        write_set(reader, lambda image, size: (torch.tensor([[2]]), torch.tensor([[0.9]]), torch.ones(1, 1), torch.ones(1, 1, 4), logits, None),
                  model, tmp_path / "out", 0.7)  # fmt: skip


@pytest.mark.parametrize("as_text", [False, True])
def test_write_set__reads_back_as_a_panoptic_set_with_the_same_things(tmp_path, as_text):
    annotations, images = instance_set(tmp_path)
    if as_text:  # ids of categories as some tools write them
        content = json.loads(annotations.read_text())
        for entry, key in [*((c, "id") for c in content["categories"]), *((a, "category_id") for a in content["annotations"])]:
            entry[key] = str(entry[key])
        annotations.write_text(json.dumps(content))
    labels = tmp_path / "labels.yaml"
    labels.write_text("label_set: {name: two, classes: [{name: disc, thing: true}, {name: box, thing: true}, {name: grass, thing: false}]}")
    label_map = load_label_map(labels)
    reader = CocoInstances(annotations, images, label_map)

    class Model:
        name, labels, input_size = "given", label_map.labels, SIZE

    def graph(image, size):
        """A model that sees grass on the left half of every image."""
        logits = torch.from_numpy(half(True).copy())[None, None]
        return torch.tensor([[2]]), torch.tensor([[0.9]]), torch.ones(1, 1), torch.ones(1, 1, 4), logits, None

    written = write_set(reader, graph, Model, tmp_path / "out", 0.7)
    back = CocoPanoptic(tmp_path / "out" / "panoptic.json", images, label_map, Coverage.THINGS)
    assert len(back) == len(reader) == len(written.annotations)
    for index in range(len(back)):
        before, after = reader.sample(index), back.sample(index)
        things = after.keep(after.class_ids != 2)
        assert sorted(things.class_ids) == sorted(before.class_ids)
        assert (things.masks.any(axis=0) == before.masks.any(axis=0)).all()
        grass = after.masks[after.class_ids == 2].any(axis=0)
        assert grass[:, :24].sum() == (~before.masks.any(axis=0))[:, :24].sum() and not grass[:, 40:].any()
        assert not after.void.any() and after.no_thing[:, 40:].sum() == (~before.masks.any(axis=0))[:, 40:].sum()
    assert 0.4 < written.guessed / written.free < 0.6


def test_command__another_label_set_is_refused(tmp_path, capsys):
    annotations, images = instance_set(tmp_path)
    labels = tmp_path / "labels.yaml"
    labels.write_text("label_set: {name: two, classes: [{name: disc, thing: true}, {name: box, thing: true}, {name: grass, thing: false}]}")
    command = ["--images", str(images), "--annotations", str(annotations), "--out", str(tmp_path / "out"), "--labels", str(labels)]
    assert guessed_stuff.main(command) == 2 and "differ from those of" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_command__a_mask_that_cannot_be_read__is_named(tmp_path, capsys):
    annotations, images = instance_set(tmp_path, count=2)
    content = json.loads(annotations.read_text())
    for category, name in zip(content["categories"], ("toy", "box")):
        category["name"] = name
    content["annotations"][-1]["segmentation"] = {"size": [1, 1], "counts": [1]}
    annotations.write_text(json.dumps(content))
    assert guessed_stuff.main(["--images", str(images), "--annotations", str(annotations), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert f"annotation {content['annotations'][-1]['id']} cannot be read" in error and error.count("\n") == 1


def test_command__of_the_bundled_model(tmp_path, capsys):
    annotations, images = instance_set(tmp_path, count=1)
    content = json.loads(annotations.read_text())
    for category, name in zip(content["categories"], ("toy", "box")):
        category["name"] = name
    annotations.write_text(json.dumps(content))
    assert guessed_stuff.main(["--images", str(images), "--annotations", str(annotations), "--out", str(tmp_path / "out")]) == 0
    assert "1 images: " in capsys.readouterr().out
    back = CocoPanoptic(tmp_path / "out" / "panoptic.json", images, load_label_map("robot"), Coverage.THINGS)
    assert back.sample(0).masks.any()
