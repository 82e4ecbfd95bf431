"""Tests what training samples from its datasets: mixtures, and errors in the files."""
from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from datasets import PLAIN, instance_set, panoptic_set, video_set

from rmpsam_ros.data.augment import Augmentation
from rmpsam_ros.data.checks import check_source
from rmpsam_ros.data.sources import Mixture, Source, SourceConfig, set_names, shared
from rmpsam_ros.errors import DataError


def source(kind: str, data, **more) -> Source:
    annotations, images = data
    return Source(SourceConfig(kind, str(annotations), str(images), **more), PLAIN)


def test_mixture__draws_the_same_for_the_same_seed(tmp_path):
    mixture = Mixture([source("panoptic", panoptic_set(tmp_path / "a")), source("instances", instance_set(tmp_path / "b"), weight=2.0)],
                      (64, 96), Augmentation(copy_paste=1.0))  # fmt: skip
    (a, size_a), (b, size_b) = (mixture.image(np.random.default_rng(3)) for _ in range(2))
    assert size_a == size_b and (a.image == b.image).all() and (a.masks == b.masks).all()
    assert mixture.shares.tolist() == pytest.approx([1 / 3, 2 / 3])


@pytest.mark.parametrize("kind", ["videos", "panoptic"])
def test_mixture__clips_keep_rows(tmp_path, kind):
    data = video_set(tmp_path) if kind == "videos" else panoptic_set(tmp_path)
    clip = Mixture([source(kind, data)], (64, 96), Augmentation()).clip(3, np.random.default_rng(0))
    assert len(clip) == 3 and len({len(s) for s in clip}) == 1 and len(clip[0]) >= 1
    assert all(s.image.shape == (64, 96, 3) and (s.class_ids == clip[0].class_ids).all() for s in clip)


def test_source__one_file_serves_for_training_and_validation(tmp_path):
    data = panoptic_set(tmp_path, count=6)
    assert source("panoptic", data, every=3).indices == [0, 3] and source("panoptic", data, skip=3).indices == [1, 2, 4, 5]
    assert source("panoptic", data, every=2, skip=3).indices == [2, 4]


@pytest.mark.parametrize("more, part", [({"kind": "masks"}, "kind"), ({"coverage": "most"}, "coverage"), ({"crowds": "many"}, "crowds"), ({"crowds": "objects"}, "crowds")])
def test_source__refuses_what_it_does_not_know(tmp_path, more, part):
    annotations, images = panoptic_set(tmp_path)
    with pytest.raises(DataError, match=part):
        Source(SourceConfig(**{"kind": "panoptic", "annotations": str(annotations), "images": str(images), **more}), PLAIN)


def test_check__labels_that_are_all_of_nothing(tmp_path):
    path, images = instance_set(tmp_path)
    content = json.loads(path.read_text())
    content["annotations"] = []
    path.write_text(json.dumps(content))
    assert check_source(source("instances", (path, images))).problems == [f"{path} labels no object in these pictures."]


def test_check__videos_without_frames_and_labels_of_no_video(tmp_path):
    path, images = video_set(tmp_path)
    content = json.loads(path.read_text())
    content["videos"].append({"id": 2, "file_names": []})
    content["annotations"].append({**content["annotations"][0], "id": 9, "video_id": 8})
    path.write_text(json.dumps(content))
    problems = " ".join(check_source(source("videos", (path, images))).problems)
    assert "video 2 has no frames" in problems and "video_id 8" in problems


def test_source__a_category_whose_name_is_a_number_can_be_mapped(tmp_path):
    path, images = instance_set(tmp_path)
    path.write_text(path.read_text().replace('"disc"', '"1"'))
    data = source("instances", (path, images), mapping={1: "box"})
    assert {PLAIN.labels[c].name for i in range(4) for c in data.reader.sample(i).class_ids} == {"box"}


def test_check__of_a_video__counts_an_object_in_the_frames_that_show_it(tmp_path):
    findings = check_source(source("videos", video_set(tmp_path)))
    assert findings.pictures == 5 and findings.objects == 4 and findings.classes == {"disc": 4}


@pytest.mark.parametrize("every, skip, twice", [(0, 0, 4), (2, 2, 0), (3, 2, 1)])
def test_shared__counts_pictures_of_validation_that_are_trained_on(tmp_path, every, skip, twice):
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    path, images = panoptic_set(tmp_path)
    other = source("panoptic", (path, tmp_path / "link" / "." / "images"), every=every)
    training = [source("panoptic", (path, images), skip=skip), source("panoptic", (path, images), weight=0.0)]
    assert shared(other, training) == twice
    videos = source("videos", video_set(tmp_path))
    assert shared(videos, training) == 0 and shared(videos, [*training, videos]) == 1


def test_set_names__are_each_set_s_own():
    entry = SourceConfig("instances", "a/b.json", "images")
    assert set_names([entry, replace(entry, annotations="c.json", every=5)]) == ["a/b", "c"]
    assert set_names([replace(entry, every=10), replace(entry, skip=3), entry, replace(entry, kind="panoptic")]) == ["a/b-every10", "a/b-skip3", "a/b", "a/b-2"]


def test_check__of_good_data_counts_it(tmp_path):
    findings = check_source(source("panoptic", panoptic_set(tmp_path)))
    assert findings.problems == [] and findings.pictures == 4 and findings.classes["grass"] == 4


def _missing(content, folder):
    (folder / "images" / "1.png").unlink()


def _empty(content, folder):
    content["annotations"][0]["segmentation"] = [[500, 500, 510, 500, 510, 510]]


def _size(content, folder):
    content["images"][2]["height"] = 50
    content["annotations"] = [a for a in content["annotations"] if a["image_id"] != 102]


def _category(content, folder):
    content["annotations"][0]["category_id"] = 99


def _runs(content, folder):
    content["annotations"][0]["segmentation"]["counts"] = [1, 2, 3]


def _change(where, **changes):
    """Damages the data by changing fields of the first entry of a list."""
    return lambda content, folder: content[where][0].update(changes)


def _strange(content, folder):
    content["annotations"] += [{**content["annotations"][0], "id": 77, "image_id": 9999}]


def _twice(where, **changes):
    return lambda content, folder: content[where].append({**content[where][0], **changes})


@pytest.mark.parametrize("damage, parts", [
    (_strange, ("1 annotations refer to nothing that the file lists", "image_id 9999")),
    (_twice("images"), ("image id 100 occurs more than once",)), (_twice("categories", name="box"), ("category id 11 occurs more than once",)),
    (_change("annotations", segmentation=[[1e9, 3, 8, 3, 8, 9]]), ("annotation 2", "point at 1e+09, far outside")),
    (_change("annotations", segmentation={"size": [48, 64], "counts": None}), ("annotation 2", "cannot be read")),
    (_change("annotations", segmentation=[{"x": 1}]), ("annotation 2", "malformed")),
    (_change("images", file_name=None), ("image 100", "its file name is null; it must be text")),
    (_change("images", height=[48]), ("image 100", "malformed")), (_change("images", height=None), ("image 100", "no `height`")),
    (_missing, ("image 101 (1.png)", "no picture")), (_empty, ("annotation 2", "empty mask, or one outside")),
    (_size, ("image 102", "64x48", "64x50")), (_category, ("annotation 2", "category 99")), (_runs, ("annotation 2", "add up")),
])  # fmt: skip
def test_check__names_file_and_entry(tmp_path, damage, parts):
    path, images = instance_set(tmp_path)
    content = json.loads(path.read_text())
    damage(content, tmp_path)
    path.write_text(json.dumps(content))
    problems = check_source(source("instances", (path, images))).problems
    assert len(problems) == 1 and str(path) in problems[0] and all(part in problems[0] for part in parts)


def test_check__a_folder_of_pictures_that_is_not_there__is_one_problem(tmp_path):
    path, images = instance_set(tmp_path)
    problems = check_source(source("instances", (path, images / "train"))).problems
    assert problems == [f"{path}: there is no folder of pictures {images / 'train'}."]


@pytest.mark.parametrize("where, entry, words", [
    ("annotations", 7, "entry 0 of `annotations` is 7; it must be a table"), ("images", None, "entry 0 of `images` is None; it must be a table"),
    ("annotations", {"image_id": [1]}, "entry 0 of `annotations` has the `image_id` [1]; it must be a number"),
    ("images", {"id": {"a": 1}}, "entry 0 of `images` has the `id` {'a': 1}; it must be a number"),
])  # fmt: skip
def test_source__an_entry_that_is_none_is_named(tmp_path, where, entry, words):
    path, images = instance_set(tmp_path)
    content = json.loads(path.read_text())
    content[where].insert(0, entry)
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=re.escape(words)):
        source("instances", (path, images))


@pytest.mark.parametrize("damage", [_change("images", height=[48]), _change("images", width={})])
def test_draw__a_malformed_entry_is_one_sentence_as_in_a_check(tmp_path, damage):
    path, images = instance_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    damage(content, tmp_path)
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"image 100 .*: one of its entries is malformed \(TypeError"):
        source("instances", (path, images)).draw(np.random.default_rng(0))


def test_draw__never_takes_a_video_without_frames(tmp_path):
    path, images = video_set(tmp_path)
    content = json.loads(path.read_text())
    content["videos"] += [{"id": 2, "file_names": []}, {"id": 3, "file_names": None}]
    path.write_text(json.dumps(content))
    videos = source("videos", (path, images))
    assert videos.indices == [0] and len(videos.draw_clip(3, np.random.default_rng(0))) == 3
    content["videos"] = content["videos"][1:]
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="has no image to use"):
        source("videos", (path, images))


def test_source__frames_of_a_video_hold_what_is_seen_and_clips_end_with_it(tmp_path):
    videos = source("videos", video_set(tmp_path, frames=3))
    for seed in range(12):
        assert videos.draw(np.random.default_rng(seed)).masks.any(axis=(1, 2)).all()  # in the first frame nothing is
        assert len(videos.draw_clip(5, np.random.default_rng(seed))) == 5


def test_mixture__what_the_canvas_has_beside_the_picture_is_black(tmp_path):
    how = Augmentation(scale=(0.5, 0.5), copy_paste=1.0, colour=0.4)
    mixture = Mixture([source("panoptic", panoptic_set(tmp_path))], (64, 96), how)
    for seed in range(8):
        sample, valid = mixture.image(np.random.default_rng(seed))
        assert valid[0] < 64 and not sample.image[valid[0] :].any() and not sample.image[:, valid[1] :].any()
        assert not sample.masks[:, valid[0] :].any() and not sample.masks[:, :, valid[1] :].any()


def _all_crowds(content, folder) -> int:
    for entry in content["annotations"]:
        entry["iscrowd"] = 1
    return len(content["annotations"])


def test_check__crowds_are_counted_and_taken_for_objects_where_the_set_says_so(tmp_path):
    path, images = instance_set(tmp_path)
    content = json.loads(path.read_text())
    number = _all_crowds(content, tmp_path)
    path.write_text(json.dumps(content))
    findings = check_source(source("instances", (path, images)))
    assert (findings.objects, findings.crowds) == (0, number) and "labels no object" in findings.problems[0]
    taken = check_source(source("instances", (path, images), crowds="objects"))
    assert (taken.objects, taken.crowds, taken.problems) == (number, 0, [])


def test_source__crowds_of_a_video_are_void_or_objects(tmp_path):
    path, images = video_set(tmp_path)
    plain = source("videos", (path, images)).reader.frame(0, 0)
    content = json.loads(path.read_text())
    _all_crowds(content, tmp_path)
    path.write_text(json.dumps(content))
    void = source("videos", (path, images)).reader.frame(0, 0)
    assert len(plain) and len(void) == 0 and np.array_equal(void.void, plain.masks.any(axis=0))
    objects = source("videos", (path, images), crowds="objects").reader.frame(0, 0)
    assert np.array_equal(objects.masks, plain.masks) and not objects.void.any()


def test_source__all_unknown_categories_are_named_at_once(tmp_path):
    path, images = instance_set(tmp_path)
    path.write_text(path.read_text().replace('"disc"', '"mug"').replace('"box"', '"fork"'))
    with pytest.raises(DataError, match="the categories 'mug', 'fork' are not in the label set shapes"):
        source("instances", (path, images))


@pytest.mark.parametrize("number", [None, [1], 1.5])
def test_source__a_category_id_that_is_none_is_named(tmp_path, number):
    path, images = instance_set(tmp_path)
    content = json.loads(path.read_text())
    content["categories"][0]["id"] = number
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="the category 'disc' has the id .*; it must be a whole number"):
        source("instances", (path, images))


def test_source__ids_that_are_texts_and_a_byte_order_mark_are_read(tmp_path):
    path, images = instance_set(tmp_path)
    expected = [source("instances", (path, images)).reader.sample(i).class_ids.tolist() for i in range(4)]
    content = json.loads(path.read_text())
    for category in content["categories"]:
        category["id"] = str(category["id"])
    for entry in content["annotations"]:
        entry["category_id"] = str(entry["category_id"])
    path.write_text(json.dumps(content), encoding="utf-8-sig")
    data = source("instances", (path, images))
    assert [data.reader.sample(i).class_ids.tolist() for i in range(4)] == expected
    for entry in content["annotations"]:
        entry["category_id"] = float(entry["category_id"])
    path.write_text(json.dumps(content))
    data = source("instances", (path, images))
    assert [data.reader.sample(i).class_ids.tolist() for i in range(4)] == expected
    content["annotations"][0]["category_id"] = "disc"
    path.write_text(json.dumps(content))
    assert "has the category 'disc', which" in check_source(source("instances", (path, images))).problems[0]


def test_check__what_is_there_twice_in_panoptic_maps_and_videos(tmp_path):
    path, images = panoptic_set(tmp_path)
    content = json.loads(path.read_text())
    content["annotations"].append(dict(content["annotations"][0]))
    content["annotations"][1]["segments_info"].append(dict(content["annotations"][1]["segments_info"][0]))
    path.write_text(json.dumps(content))
    problems = check_source(source("panoptic", (path, images))).problems
    assert len(problems) == 2 and "annotation's image id" in problems[0] and "two segments have the id" in problems[1]
    path, images = video_set(tmp_path)
    content = json.loads(path.read_text())
    content["annotations"].append(dict(content["annotations"][0]))
    path.write_text(json.dumps(content))
    problem, = check_source(source("videos", (path, images))).problems
    assert "annotation id" in problem and "occurs more than once" in problem
