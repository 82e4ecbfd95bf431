"""Tests simulated clicks and the IoU of their masks."""
from __future__ import annotations

import cv2
import numpy as np
import pytest

from rmpsam_ros.data.sample import Coverage, Sample
from rmpsam_ros.evaluation.prompt import PromptQuality, iou
from rmpsam_ros.evaluation.simulated_clicks import farthest_from_edge, first_click, next_click
from rmpsam_ros.types import BACKGROUND, FOREGROUND, PointPrompt


def box(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((40, 60), bool)
    mask[rows, columns] = True
    return mask


def sample(*masks: np.ndarray) -> Sample:
    stacked = np.stack(masks)
    return Sample("made", np.zeros((40, 60, 3), np.uint8), stacked, np.zeros(len(stacked), np.int64), np.zeros((40, 60), bool), Coverage.ALL)


def test_farthest_from_edge__is_the_centre_of_a_box():
    assert farthest_from_edge(box(np.s_[10:21], np.s_[30:41])) == (35.0, 15.0)


def test_farthest_from_edge__takes_the_picture_border_as_an_edge():
    assert farthest_from_edge(box(np.s_[0:11], np.s_[0:11])) == (5.0, 5.0)


@pytest.mark.parametrize("seed", range(4))
def test_farthest_from_edge__of_ties_the_first_whatever_opencv_makes_of_the_last_bits(seed, monkeypatch):
    # Seen in practice: the same command clicked one pixel away from its previous click.
    exact, rng = cv2.distanceTransform, np.random.default_rng(seed)
    monkeypatch.setattr(cv2, "distanceTransform", lambda *words: exact(*words) * (1 + rng.uniform(-2e-7, 2e-7, words[0].shape)).astype(np.float32))
    assert farthest_from_edge(box(np.s_[10:21], np.s_[5:55])) == (10.0, 15.0)


def test_first_click__is_inside_and_foreground():
    ring = box(np.s_[5:35], np.s_[5:35]) & ~box(np.s_[8:32], np.s_[8:32])
    click = first_click(ring)
    assert ring[int(click.y), int(click.x)] and click.label == FOREGROUND


def test_next_click__goes_to_the_largest_error_of_either_kind():
    truth = box(np.s_[10:30], np.s_[10:30])
    spilt = truth | box(np.s_[10:30], np.s_[40:60])
    assert next_click(truth, spilt) == PointPrompt(49.0, 19.0, BACKGROUND)
    click = next_click(truth, box(np.s_[10:30], np.s_[10:13]))
    assert click.label == FOREGROUND and 13 <= click.x < 30
    assert next_click(truth, truth) is None


def test_next_click__counts_no_error_on_void():
    truth = box(np.s_[10:30], np.s_[10:30])
    assert next_click(truth, truth | box(np.s_[0:5], np.s_[0:5]), box(np.s_[0:5], np.s_[0:5])) is None


def test_iou__leaves_void_out():
    truth, answer = box(np.s_[0:10], np.s_[0:10]), box(np.s_[0:10], np.s_[0:20])
    assert iou(truth, answer) == pytest.approx(0.5)
    assert iou(truth, answer, box(np.s_[0:10], np.s_[10:20])) == 1.0


def test_quality__follows_the_answers_click_by_click():
    truth = box(np.s_[10:30], np.s_[10:30])
    answers = {1: box(np.s_[10:30], np.s_[10:20]), 2: box(np.s_[10:30], np.s_[10:25]), 3: truth}
    quality = PromptQuality()
    quality.add(sample(truth), lambda clicks: answers[len(clicks)], ["cup"])
    summary = quality.summary()
    assert summary["miou"] == pytest.approx([50.0, 75.0, 100.0])
    assert summary["classes"]["cup"]["objects"] == 1 and summary["sizes"].keys() == {"large"}


def test_quality__keeps_the_score_of_a_perfect_first_answer():
    truth = box(np.s_[10:30], np.s_[10:30])
    quality = PromptQuality()
    quality.add(sample(truth), lambda clicks: truth)
    assert quality.summary()["miou"] == [100.0, 100.0, 100.0]


def test_quality__leaves_tiny_masks_out():
    quality = PromptQuality(smallest=64)
    quality.add(sample(box(np.s_[0:3], np.s_[0:3])), lambda clicks: np.zeros((40, 60), bool))
    summary = quality.summary()
    assert summary["objects"] == 0 and quality.small == 1 and np.isnan([*summary["miou"], summary["disc"]]).all()


def test_quality__of_many_objects_is_that_of_each_alone():
    truths = [box(np.s_[10:30], np.s_[10:30]), box(np.s_[5:20], np.s_[35:55]), box(np.s_[25:38], np.s_[2:9])]
    rng = np.random.default_rng(0)
    noise = rng.random((4, 40, 60)) < 0.1
    together, alone = PromptQuality(), PromptQuality()
    answer = {truth.tobytes(): [truth ^ n for n in noise] for truth in truths}
    for quality, groups in ((together, [truths]), (alone, [[t] for t in truths])):
        for group in groups:
            quality.add(sample(*group), lambda clicks: answer[next(t for t in truths if t[int(clicks[0].y), int(clicks[0].x)]).tobytes()][len(clicks)])
    assert together.ious == alone.ious and together.discs == alone.discs and len(together.ious) == 3


def test_quality__tells_what_a_disc_would_get():
    quality = PromptQuality()
    truth = np.zeros((200, 300), bool)
    truth[30:150, 100:280] = True
    picture = Sample("made", np.zeros((200, 300, 3), np.uint8), truth[None], np.zeros(1, np.int64), np.zeros_like(truth), Coverage.ALL)
    quality.add(picture, lambda clicks: truth)
    assert quality.summary()["disc"] == pytest.approx(100 * np.pi * 50**2 / (120 * 180), rel=0.02)
    assert quality.summary()["sizes"]["large"]["disc"] == quality.summary()["disc"]


def test_quality__of_a_frame_is_that_of_its_prompts_one_by_one():
    from models import tiny_model

    from rmpsam_ros.segmenter import Segmenter

    segmenter = Segmenter(tiny_model(), threads=1)
    rng = np.random.default_rng(4)
    masks = np.stack([box(np.s_[y : y + 14], np.s_[x : x + 14]) for y, x in rng.integers(0, (26, 46), (20, 2))])
    picture = Sample("made", rng.integers(0, 256, (40, 60, 3)).astype(np.uint8), masks, np.zeros(20, np.int64), np.zeros((40, 60), bool), Coverage.ALL)
    frame = segmenter.set_image(picture.image)
    one_by_one, at_once = PromptQuality(), PromptQuality()
    one_by_one.add(picture, lambda clicks: frame.prompt([(c.x, c.y) for c in clicks], [c.label for c in clicks]).mask)
    at_once.add_frame(picture, frame)
    segmenter.close()
    assert np.allclose(one_by_one.ious, at_once.ious, atol=0.01) and len(np.unique(np.array(at_once.ious).round(3))) > 20


def test_iou__of_truth_and_answer_leaves_void_out():
    truth, answer = box(np.s_[0:10], np.s_[0:20]), box(np.s_[0:10], np.s_[0:10])
    assert iou(truth, answer, box(np.s_[0:10], np.s_[10:20])) == 1.0
    assert iou(box(np.s_[0:2], np.s_[0:2]), np.zeros((40, 60), bool), box(np.s_[0:9], np.s_[0:9])) == 1.0


def test_quality__groups_of_several_pictures_hold_their_own_objects():
    left, right = box(np.s_[5:35], np.s_[5:25]), box(np.s_[5:35], np.s_[30:55])
    quality = PromptQuality(clicks=1)

    def answer(clicks):
        return left if clicks[0].x < 30 else np.zeros_like(left)

    quality.add(sample(left, right), answer, ["cup", "box"])
    quality.add(sample(right, left), answer, ["box", "cup"])
    assert {name: row["miou"] for name, row in quality.summary()["classes"].items()} == {"cup": [100.0], "box": [0.0]}
