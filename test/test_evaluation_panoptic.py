"""Tests panoptic quality against values from panopticapi's own code on the same maps, and against hand-made ones."""
from __future__ import annotations

import numpy as np
import pytest

from rmpsam_ros.data.sample import PanopticTruth, SegmentTruth
from rmpsam_ros.evaluation.panoptic import Comparison, PanopticQuality, why_dashes
from rmpsam_ros.labels import make_label_set

LABELS = make_label_set("shapes", ["a", "b", "c"], ["d", "e"])


def scenes() -> list[tuple[PanopticTruth, np.ndarray, dict[int, int]]]:
    """Seeded maps of boxes on stuff, with void, crowds, wrong classes, shifted and missing segments."""
    rng = np.random.default_rng(7)
    result = []
    for _ in range(12):
        ids, found = np.full((60, 80), 1, np.int64), np.full((60, 80), 301, np.int64)
        segments, classes = {1: SegmentTruth(3)}, {301: 3}
        ids[:, 50:], segments[2] = 2, SegmentTruth(4)
        if rng.random() < 0.8:
            found[:, int(rng.integers(40, 60)) :] = 302
            classes[302] = 4
        for number in range(3, 3 + int(rng.integers(2, 8))):
            x, y, w, h = (int(v) for v in rng.integers((0, 0, 6, 6), (60, 40, 25, 25)))
            class_id = int(rng.integers(3))
            ids[y : y + h, x : x + w] = number
            segments[number] = SegmentTruth(class_id, is_crowd=bool(rng.random() < 0.2))
            dx, dy = (int(v) for v in rng.integers(-3, 4, 2))
            if rng.random() < 0.85:
                found[max(y + dy, 0) : y + dy + h, max(x + dx, 0) : x + dx + w] = 300 + number
                classes[300 + number] = class_id if rng.random() < 0.85 else int(rng.integers(5))
        ids[int(rng.integers(30)) :, : int(rng.integers(1, 12))] = 0
        present, seen = set(np.unique(ids).tolist()), set(np.unique(found).tolist())
        crowded: set[int] = set()  # one crowd per class, as in COCO
        for number, segment in list(segments.items()):
            if segment.is_crowd and segment.class_id in crowded:
                segments[number] = SegmentTruth(segment.class_id)
            elif segment.is_crowd:
                crowded.add(segment.class_id)
        truth = PanopticTruth(ids, {k: v for k, v in segments.items() if k in present})
        result.append((truth, found, {k: v for k, v in classes.items() if k in seen}))
    return result


def square(size: int, **boxes: tuple[slice, slice]) -> np.ndarray:
    ids = np.zeros((size, size), np.int64)
    for name, box in boxes.items():
        ids[box] = int(name[1:])
    return ids


def add(quality: PanopticQuality, truth: PanopticTruth, found: np.ndarray, classes: dict[int, int]) -> None:
    quality.add_compared(Comparison(truth, found), classes)


def test_quality__equals_panopticapi():
    quality = PanopticQuality(LABELS)
    for truth, found, classes in scenes():
        add(quality, truth, found, classes)
    summary = quality.summary()
    # From panopticapi at 7bb4655, pq_compute_single_core and pq_average on these scenes.
    expected = {"all": (45.89345814501218, 73.44496136648854, 61.29961685823755, 5),
                "things": (30.12167808600144, 69.9826517774441, 43.20306513409962, 3),
                "stuff": (69.55112823352829, 78.63842575005523, 88.44444444444444, 2)}  # fmt: skip
    for name, (pq, sq, rq, classes) in expected.items():
        row = summary[name]
        assert (row["pq"], row["sq"], row["rq"]) == pytest.approx((pq, sq, rq), abs=1e-9)
        assert row["classes"] == classes
    counts = [(c.tp, c.fp, c.fn) for _, c in sorted(quality.counts.items())]
    assert counts == [(7, 7, 8), (4, 7, 9), (6, 4, 9), (12, 3, 0), (11, 2, 1)]


def test_quality__of_one_match_and_one_miss_is_as_by_hand():
    ids = square(10, s1=np.s_[:4, :5], s2=np.s_[6:, 6:])  # 20 and 16 pixels
    found = square(10, s8=np.s_[:4, :4])  # 16 pixels, all inside the first
    quality = PanopticQuality(LABELS)
    add(quality, PanopticTruth(ids, {1: SegmentTruth(0), 2: SegmentTruth(0)}), found, {8: 0})
    summary = quality.summary()
    for row in (summary["all"], summary["classes"]["a"]):
        assert (row["sq"], row["rq"], row["pq"]) == pytest.approx((80.0, 100 * 1 / 1.5, 80 / 1.5))


def test_quality__of_one_match_and_one_find_without_truth_is_as_by_hand():
    found = square(10, s8=np.s_[:4, :4], s9=np.s_[6:, 6:])
    quality = PanopticQuality(LABELS)
    add(quality, PanopticTruth(square(10, s1=np.s_[:4, :4], s2=np.s_[4:, :]), {1: SegmentTruth(0), 2: SegmentTruth(3)}), found, {8: 0, 9: 0, 7: 0})
    assert quality.summary()["classes"]["a"] == pytest.approx({"sq": 100.0, "rq": 100 / 1.5, "pq": 100 / 1.5, "tp": 1, "fp": 1, "fn": 0}), "7 has no pixel"


def test_oracle_classes__are_those_of_the_true_segments_that_are_matched():
    ids = square(10, s1=np.s_[:4, :5], s2=np.s_[6:, 6:], s3=np.s_[6:, :5])
    ids[6:, 3:5] = 0  # void: counts for nothing
    found = square(10, s7=np.s_[:4, :4], s8=np.s_[6:, 6:8], s9=np.s_[6:, :5])  # IoU 0.8, 0.5 and, without void, 1
    truth = PanopticTruth(ids, {1: SegmentTruth(0), 2: SegmentTruth(1), 3: SegmentTruth(4)})
    wrong = {7: 3, 8: 2, 9: 2, 6: 0}
    assert Comparison(truth, found).oracle_classes(wrong) == {7: 0, 8: 2, 9: 4, 6: 0}, "half of 2 is no match, and 6 is not in the map"
    assert Comparison(truth, found).oracle_classes({8: 2}) == {8: 2}, "what has no class gets none"
    quality = PanopticQuality(LABELS)
    add(quality, truth, found, Comparison(truth, found).oracle_classes(wrong))
    assert {name: (row["tp"], row["fp"], row["fn"], row["pq"]) for name, row in quality.summary()["classes"].items()} == {
        "a": (1, 0, 0, pytest.approx(80.0)), "b": (0, 0, 1, 0.0), "c": (0, 1, 0, 0.0), "e": (1, 0, 0, pytest.approx(100.0))}  # fmt: skip


def test_oracle_classes__change_nothing_where_only_a_crowd_is_matched():
    assert Comparison(ONLY_CROWD, square(10, s4=np.s_[:, :])).oracle_classes({4: 0}) == {4: 0}


def test_quality__of_no_class__is_not_a_number():
    quality = PanopticQuality(LABELS)
    add(quality, PanopticTruth(square(10, s1=np.s_[:4, :5]), {1: SegmentTruth(0)}), square(10, s8=np.s_[:4, :5]), {8: 0})
    summary = quality.summary()
    assert summary["all"]["pq"] == summary["things"]["pq"] == 100.0 and np.isnan([summary["stuff"][key] for key in ("pq", "sq", "rq")]).all()


@pytest.mark.parametrize("rows, wrong", [([0, 1], 0), ([5, 6], 0), ([1, 4, 5], 0), ([3, 4, 5], 1), ([8, 9], 1)])
def test_quality__two_crowds_of_a_class_excuse_what_lies_on_either(rows, wrong):
    ids = square(10, s9=np.s_[:, :])
    ids[:2], ids[5:7] = 5, 6
    truth = PanopticTruth(ids, {5: SegmentTruth(1, is_crowd=True), 6: SegmentTruth(1, is_crowd=True), 9: SegmentTruth(0)})
    found = np.zeros_like(ids)
    found[rows] = 3
    quality = PanopticQuality(LABELS)
    add(quality, truth, found, {3: 1})
    assert quality.counts[1].fp == wrong


@pytest.mark.parametrize("crowd", [False, True])
def test_quality__does_not_blame_what_lies_on_void_or_a_crowd(crowd):
    ids = square(10, s5=np.s_[:5, :])
    truth = PanopticTruth(ids if crowd else np.zeros_like(ids), {5: SegmentTruth(1, is_crowd=True)} if crowd else {})
    quality = PanopticQuality(LABELS)
    add(quality, truth, square(10, s9=np.s_[:4, :4]), {9: 1})
    assert quality.counts[1].fp == 0 and quality.summary()["all"]["classes"] == 0
    add(quality, truth, square(10, s9=np.s_[:4, :4]), {9: 0})
    assert quality.counts[0].fp == (1 if crowd else 0)  # a crowd only ignores predictions of its own class


ONLY_CROWD = PanopticTruth(square(10, s1=np.s_[:, :]), {1: SegmentTruth(1, is_crowd=True)})


@pytest.mark.parametrize("truth, mapped, labels, said", [
    (PanopticTruth(square(10, s1=np.s_[:], s2=np.s_[:4, :]), {1: SegmentTruth(0), 2: SegmentTruth(3)}), (0, 3), LABELS, ""),
    (PanopticTruth(square(10, s1=np.s_[:]), {1: SegmentTruth(0)}), (0, 3), LABELS, "No stuff was measured: no image has a segment of a class of stuff of the label set shapes, except crowds."),
    (PanopticTruth(square(10, s1=np.s_[:]), {1: SegmentTruth(3)}), (3, -1), LABELS, "No things were measured: no category of the annotations is a class of things of the label set shapes."),
    (PanopticTruth(square(10, s1=np.s_[:]), {1: SegmentTruth(0)}), (0,), make_label_set("tools", ["a"], []), "No stuff was measured: the label set tools has none."),
    (PanopticTruth(square(10), {}), (-1,), LABELS, "Nothing was measured: no category of the annotations is a class of the label set shapes."),
    (ONLY_CROWD, (1,), LABELS, "Nothing was measured: no image has a segment of a class of the label set shapes, except crowds."),
])  # fmt: skip
def test_quality__dashes_have_a_reason(truth, mapped, labels, said):
    quality = PanopticQuality(labels)
    add(quality, truth, np.zeros_like(truth.ids), {})
    assert why_dashes(quality.summary(), labels, mapped) == said
