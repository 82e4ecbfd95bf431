"""Tests the readers of the three annotation formats."""
from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from datasets import LABELS, PLAIN, instance_set, panoptic_set, plain_runs, video_set

from rmpsam_ros import rle
from rmpsam_ros.data import masks
from rmpsam_ros.data.coco import CocoInstances, CocoPanoptic
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.sample import NO_CLASS, Coverage
from rmpsam_ros.data.youtube_vis import YoutubeVis
from rmpsam_ros.errors import DataError
from rmpsam_ros.labels import make_label_set

# polygon, its compressed run lengths as pycocotools 2.0.11 makes them on 32 rows and 40 columns
POLYGONS = [
    ([5.2, 3.1, 30.7, 8.4, 22.0, 27.9, 9.5, 19.3], 'S51o04M3L3M4L1O10O01O1O00100O1O001O10N1N2M3N3M2N2M3N2Nj8', 356),
    ([-4, 2, 20.5, -6.25, 44.75, 10, 31, 33.5], '15j02O1O1O001O1O1O1O1O1O1O1O1O1O001O1O1O1O1O1O1O1O1O1O001O1OQ10oN1N1N3N2M2N3M3N1NL', 800),
    ([3, 3, 3.9, 20, 8.1, 3], 'S38h07IL4L4LQP1', 44),
]  # fmt: skip


@pytest.mark.parametrize("polygon, counts, area", POLYGONS)
def test_polygon__has_the_pixels_of_pycocotools(polygon, counts, area):
    expected = masks.decode({"size": [32, 40], "counts": counts}, 32, 40)
    assert (masks.decode([polygon], 32, 40) == expected).all() and expected.sum() == area


@pytest.mark.parametrize("runs", [plain_runs, rle.encode])
def test_runs__come_back_as_they_were(runs):
    mask = np.random.default_rng(0).random((13, 17)) < 0.4
    for case in (mask, ~mask, np.zeros_like(mask), np.ones_like(mask)):
        assert (masks.decode(runs(case), 13, 17) == case).all()


@pytest.mark.parametrize("segmentation, part", [
    ({"size": [4, 4], "counts": [3]}, "add up"), ({"size": [4, 5], "counts": [20]}, "picture is"),
    ({"counts": [16]}, "lack"), ([[1, 2, 3, 4, 5]], "three"), ("text", "str"), ({"size": [4, 4], "counts": b"o"}, "early"),
])  # fmt: skip
def test_decode__says_what_is_wrong(segmentation, part):
    with pytest.raises(ValueError, match=part):
        masks.decode(segmentation, 4, 4)


def test_panoptic_sample__has_a_mask_a_segment_and_void_where_nothing_is_labelled(tmp_path):
    data = CocoPanoptic(*panoptic_set(tmp_path), PLAIN)
    sample, truth = data.sample(0), data.panoptic(0)
    assert sample.coverage is Coverage.ALL and sample.image.shape == (48, 64, 3)
    assert sample.void[:, :2].all() and not sample.void[:, 2:].any()
    assert (sample.masks.sum(axis=0)[:, 2:] == 1).all()
    assert sorted(s.class_id for s in truth.segments.values()) == sorted(sample.class_ids.tolist())


def test_panoptic_sample__unlabelled_pixels_are_no_thing_where_all_things_are_labelled(tmp_path):
    sample = CocoPanoptic(*panoptic_set(tmp_path), PLAIN, Coverage.THINGS).sample(0)
    assert not sample.void.any() and sample.no_thing[:, :2].all() and not sample.no_thing[:, 2:].any()
    assert not sample.void_of(is_thing=True).any() and (sample.void_of(is_thing=False) == sample.no_thing).all()


def test_instances__masks_of_one_stuff_class_are_one_and_those_of_things_stay_apart(tmp_path):
    path, images = instance_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    first = content["annotations"][0]
    content["categories"].append({"id": 20, "name": "grass"})
    corner, edge = np.zeros((48, 64), bool), np.zeros((48, 64), bool)
    corner[:5, :5], edge[40:, 50:] = True, True
    content["annotations"] = [first, *({**first, "id": 7 + k, "category_id": 20, "segmentation": plain_runs(m)} for k, m in enumerate((corner, edge))), {**first, "id": 9}]
    path.write_text(json.dumps(content))
    sample = CocoInstances(path, images, PLAIN).sample(0)
    assert len(sample) == 3 and [PLAIN.labels[c].name for c in sample.class_ids].count("grass") == 1
    assert (sample.masks[1] == corner | edge).all()


def test_instances__unlabelled_pixels_count_against_things_but_not_against_stuff(tmp_path):
    path, images = instance_set(tmp_path, count=1)
    for coverage in Coverage:
        sample = CocoInstances(path, images, PLAIN, coverage).sample(0)
        unlabelled = ~sample.masks.any(axis=0)
        assert not sample.void_of(is_thing=True).any()
        assert np.array_equal(sample.void_of(is_thing=False), unlabelled & (coverage is Coverage.THINGS))


@pytest.mark.parametrize("said, is_crowd", [(1, True), (True, True), ("1", True), ("true", True), (0, False), ("0", False), ("", False), (None, False)])
def test_crowds__are_what_says_so_in_any_form(tmp_path, said, is_crowd):
    for kind, dataset in ((CocoInstances, instance_set(tmp_path / "a", count=1)), (YoutubeVis, video_set(tmp_path / "b"))):
        content = json.loads(dataset[0].read_text())
        for entry in content["annotations"]:
            entry["iscrowd"] = said
        dataset[0].write_text(json.dumps(content))
        reader = kind(*dataset, PLAIN)
        assert reader.crowds(0) == is_crowd * len(content["annotations"]) and (len(reader.frame(0, 0)) == 0) == is_crowd
        if kind is YoutubeVis:
            assert len(reader.file.objects(0)) == (0 if is_crowd else len(content["annotations"]))


def test_videos__masks_of_one_stuff_class_are_one_row_in_every_frame(tmp_path):
    path, images = video_set(tmp_path)
    content = json.loads(path.read_text())
    content["categories"].append({"id": 20, "name": "grass"})
    halves = [np.zeros((48, 64), bool) for _ in range(2)]
    halves[0][:, :9], halves[1][:, 60:] = True, True
    disc = content["annotations"][0]
    content["annotations"] = [{**disc, "id": 6 + k, "category_id": 20, "segmentations": [plain_runs(m) if k or f else None for f in range(5)]} for k, m in enumerate(halves)]
    content["annotations"].insert(1, disc)
    path.write_text(json.dumps(content))
    reader = YoutubeVis(path, images, PLAIN)
    for frame in range(5):
        sample = reader.frame(0, frame)
        assert [PLAIN.labels[c].name for c in sample.class_ids] == ["grass", "disc"]
        assert (sample.masks[0] == (halves[0] | halves[1] if frame else halves[1])).all()


def test_videos__without_an_id__is_no_video_without_objects(tmp_path):
    path, images = video_set(tmp_path)
    content = json.loads(path.read_text())
    del content["videos"][0]["id"]
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="has no `id`"):
        YoutubeVis(path, images, PLAIN).frame(0, 0)


def test_panoptic__stuff_of_categories_that_become_one_class_is_one_segment(tmp_path):
    path, images = panoptic_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    for info in content["annotations"][0]["segments_info"]:
        info["category_id"] = 20 if info["id"] == 1 else 21
    content["categories"].append({"id": 21, "name": "moss", "isthing": 0})
    path.write_text(json.dumps(content))
    data = CocoPanoptic(path, images, LabelMap(LABELS, {"moss": "grass"}))
    assert len(data.sample(0)) == len(data.panoptic(0).segments) == 1


def test_panoptic__a_category_mapped_to_null_is_void_in_maps_and_a_mask_for_clicks(tmp_path):
    path, images = panoptic_set(tmp_path, count=1)
    data = CocoPanoptic(path, images, LabelMap(LABELS, {"grass": None}))
    assert NO_CLASS in data.sample(0).class_ids
    assert 2 not in {s.class_id for s in data.panoptic(0).segments.values()} and (data.panoptic(0).ids[24, 3:] == 0).any()


def test_instances__a_crowd_is_void(tmp_path):
    path, images = instance_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    content["annotations"][0]["iscrowd"] = 1
    path.write_text(json.dumps(content))
    sample = CocoInstances(path, images, PLAIN).sample(0)
    assert len(sample) == len(content["annotations"]) - 1 and sample.void.any() and sample.coverage is Coverage.THINGS


@pytest.mark.parametrize("flaw, said", [
    ({"segmentation": []}, "is a bare box (`segmentation: []`), which is no mask."), ({"segmentation": [[10, 10, 20, 20]]}, "has a polygon of fewer than three points."),
    ({"segmentation": [[10.2, 10.1, 10.3, 10.2, 10.2, 10.3]]}, "has an empty mask, or one outside of the picture."),
])  # fmt: skip
@pytest.mark.parametrize("coverage", list(Coverage))
def test_instances__an_annotation_without_a_pixel__is_passed_over_and_its_box_void(tmp_path, flaw, said, coverage):
    path, images = instance_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    content["annotations"].append({**content["annotations"][0], "id": 77, "bbox": [2.5, 30, 6, 9.5], **flaw})
    path.write_text(json.dumps(content))
    good = len(content["annotations"]) - 1
    sample = CocoInstances(path, images, PLAIN, coverage).sample(0)
    assert sample.passed_over == (f"{path} image 100 (0.png): annotation 77 {said}",)
    assert len(sample) == good and sample.masks.any(axis=(1, 2)).all() and sample.coverage is Coverage.SOME  # some of the objects in the image are now unlabelled
    box = np.zeros((48, 64), bool)
    box[30:40, 2:9] = True
    assert (sample.void == box & ~sample.masks.any(axis=0)).all() and sample.void.any()
    assert (sample.no_thing is not None) == (coverage is Coverage.THINGS) and (sample.no_thing is None or not (sample.no_thing & box).any())


@pytest.mark.parametrize("said", [{}, {"segmentation": None}])
def test_instances__a_box_without_segmentation__is_a_bare_box_as_with_an_empty_one(tmp_path, said):
    path, images = instance_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    good = len(content["annotations"])
    content["annotations"].append({"id": 77, "image_id": 100, "category_id": 11, "bbox": [2, 30, 6, 9], **said})  # FiftyOne's detections without a mask
    path.write_text(json.dumps(content))
    sample = CocoInstances(path, images, PLAIN).sample(0)
    assert len(sample) == good and len(sample.passed_over) == 1 and "annotation 77 is a bare box" in sample.passed_over[0]
    content["annotations"] = content["annotations"][-1:]
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="has only boxes"):
        CocoInstances(path, images, PLAIN)


def test_instances__points_and_lines_beside_a_good_polygon__cost_nothing(tmp_path):
    path, images = instance_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    before = CocoInstances(path, images, PLAIN).sample(0)
    polygons = [[2, 2, 20, 2, 20, 20, 2, 20], [30, 30, 31, 31], [5, 5]]
    content["annotations"].append({**content["annotations"][0], "id": 77, "segmentation": polygons})
    path.write_text(json.dumps(content))
    sample = CocoInstances(path, images, PLAIN).sample(0)
    assert len(sample) == len(before) + 1 and sample.passed_over == () and sample.coverage is before.coverage
    assert np.count_nonzero(sample.masks[-1]) > 200


@pytest.mark.parametrize("box", [None, "wide", [1, 2], [float("nan")] * 4, [900, 900, 5, 5], [-9, -9, 5, 5], [0, 0, float("inf"), 1]])
def test_instances__an_annotation_without_a_pixel_and_no_box_to_speak_of__makes_nothing_void(tmp_path, box):
    path, images = instance_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    content["annotations"].append({**content["annotations"][0], "id": 77, "segmentation": [], "bbox": box})
    path.write_text(json.dumps(content))
    sample = CocoInstances(path, images, PLAIN).sample(0)
    assert len(sample.passed_over) == 1 and not sample.void.any()


def test_instances__of_boxes_alone__are_refused_at_once(tmp_path):
    path, images = instance_set(tmp_path)
    content = json.loads(path.read_text())
    for entry in content["annotations"]:
        entry["segmentation"] = []
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="has only boxes .* which cannot train masks; export polygons or masks"):
        CocoInstances(path, images, PLAIN)


@pytest.mark.parametrize("kind, dataset", [(CocoPanoptic, panoptic_set), (CocoInstances, instance_set), (YoutubeVis, video_set)])
def test_reader__an_unknown_category_that_nothing_is_of__is_no_hindrance(tmp_path, kind, dataset):
    path, images = dataset(tmp_path)
    content = json.loads(path.read_text())
    content["categories"].insert(0, {"id": 0, "name": "shapes", "supercategory": "none"})  # Roboflow's name for the whole set
    path.write_text(json.dumps(content))
    assert len(kind(path, images, PLAIN).frame(0, 0)) == len(kind(*dataset(tmp_path), PLAIN).frame(0, 0))


def test_video__keeps_rows_and_leaves_unseen_objects_empty(tmp_path):
    data = YoutubeVis(*video_set(tmp_path), PLAIN)
    assert len(data) == 1 and data.length(0) == 5
    assert not data.frame(0, 0).masks.any()
    columns = [np.flatnonzero(data.frame(0, t).masks[0].any(axis=0)).mean() for t in range(1, 5)]
    assert columns == sorted(columns) and len(data.frame(0, 1)) == 1


def test_reader__refuses_an_unknown_category(tmp_path):
    with pytest.raises(DataError, match="'grass' is not in the label set"):
        CocoPanoptic(*panoptic_set(tmp_path), LabelMap(make_label_set("things", ["disc", "box"], [])))


def test_decode__polygons_that_overlap_are_one_mask_and_one_far_outside_is_a_mistake():
    first, second = [2, 2, 20, 2, 20, 20, 2, 20], [10, 10, 30, 10, 30, 30, 10, 30]
    both = masks.decode([first, second], 32, 40)
    assert (both == masks.decode([first], 32, 40) | masks.decode([second], 32, 40)).all() and both[12, 12]
    with pytest.raises(ValueError, match="far outside the 40x32 picture"):
        masks.decode([[0, 0, 1e6, 0, 5, 5]], 32, 40)


def test_videos__a_crowd_is_no_object(tmp_path):
    path, images = video_set(tmp_path)
    content = json.loads(path.read_text())
    content["annotations"].append({**content["annotations"][0], "id": 99, "iscrowd": 1})
    path.write_text(json.dumps(content))
    assert len(YoutubeVis(path, images, PLAIN).frame(0, 1)) == 1


def test_instances__where_a_crowd_lies_on_an_object_the_object_counts(tmp_path):
    path, images = instance_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    object_ = content["annotations"][0]
    content["annotations"] = [object_, {**object_, "id": 99, "iscrowd": 1, "segmentation": plain_runs(np.ones((48, 64), bool))}]
    path.write_text(json.dumps(content))
    sample = CocoInstances(path, images, PLAIN).sample(0)
    assert (sample.void == ~sample.masks[0]).all()


def test_panoptic__a_segment_without_a_pixel_is_named(tmp_path):
    path, images = panoptic_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    content["annotations"][0]["segments_info"].append({"id": 77, "category_id": 11, "iscrowd": 0})
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="segment 77 has no pixel"):
        CocoPanoptic(path, images, PLAIN).sample(0)


def test_panoptic__a_crowd_of_stuff_is_a_segment_of_its_own_and_void_for_training(tmp_path):
    path, images = panoptic_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    pixels = np.zeros((48, 64, 3), np.uint8)
    for number in (1, 2, 3, 4):  # four strips of grass, of which the second and the last are crowds
        pixels[12 * number - 12 : 12 * number, :, 2] = number
    cv2.imwrite(str(tmp_path / "panoptic" / "0.png"), pixels)
    content["annotations"][0]["segments_info"] = [{"id": n, "category_id": 20, "iscrowd": int(n in (2, 4))} for n in (1, 2, 3, 4)]
    path.write_text(json.dumps(content))
    data = CocoPanoptic(path, images, PLAIN)
    truth, sample = data.panoptic(0), data.sample(0)
    assert {n: (LABELS[s.class_id].name, s.is_crowd) for n, s in truth.segments.items()} == {1: ("grass", False), 2: ("grass", True), 4: ("grass", True)}
    assert truth.ids[::12, 0].tolist() == [1, 2, 1, 4]
    assert len(sample) == 1 and sample.masks[0, ::12, 0].tolist() == [True, False, True, False] and (sample.void == ~sample.masks[0]).all()


def test_panoptic__a_crowd_of_stuff_before_all_else_takes_nothing_in(tmp_path):
    path, images = panoptic_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:24, :, 2], pixels[24:, :, 2] = 7, 8
    cv2.imwrite(str(tmp_path / "panoptic" / "0.png"), pixels)
    content["annotations"][0]["segments_info"] = [{"id": n, "category_id": 20, "iscrowd": int(n == 7)} for n in (7, 8)]
    path.write_text(json.dumps(content))
    truth = CocoPanoptic(path, images, PLAIN).panoptic(0)
    assert {n: s.is_crowd for n, s in truth.segments.items()} == {7: True, 8: False} and (truth.ids[24:] == 8).all()
