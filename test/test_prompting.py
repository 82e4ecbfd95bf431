"""Tests clicks and boxes: which are refused, how they are encoded, how prompts are combined."""
from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.errors import PromptError
from rmpsam_ros.labels import make_label_set
from rmpsam_ros.placement import Placement, place
from rmpsam_ros.prompting import Prompt, answer, class_of_mask, parse_prompt
from rmpsam_ros.types import PanopticResult, PointPrompt, Roi, Segment

SIZE = (100, 200)


@pytest.mark.parametrize("points, labels, boxes, message", [
    ([], None, [], "no foreground point and no box"),
    ([(1, 1)], [0], [], "no foreground point and no box"),
    ([(200, 5)], None, [], "outside the image; x must be from 0 to 199 and y from 0 to 99"),
    ([(-0.5, 5)], None, [], "outside the image"),
    ([(float("nan"), 5)], None, [], "not finite"),
    ([(1, float("inf"))], None, [], "not finite"),
    ([(1,)], None, [], "not a pair"),
    ([(10**400, 5)], None, [], "not a pair of numbers"),
    ([], None, [(5, 5, 10**400, 9)], "not four numbers"),
    ([(1, 1)], [2], [], "not 1 .foreground. or 0"),
    ([(1, 1)], [1, 1], [], "1 points and 2 labels"),
    (["12"], None, [], "'12' is not a pair of numbers"),
    (7, None, [], "The points are 7; give a sequence"),
    ([(1, 1)] * 65, None, [], "takes up to 64"),
    ([], None, [(5, 5, 5, 9)], "empty or outside"),
    ([], None, [(5, 5, 201, 9)], "empty or outside"),
    ([], None, [(5, 5, 9)], "not four numbers"),
    ([], None, [(5, float("nan"), 9, 9)], "not finite"),
])  # fmt: skip
def test_parse_prompt__bad_input_gets_one_sentence(points, labels, boxes, message):
    with pytest.raises(PromptError, match=message):
        parse_prompt(points, labels, boxes, SIZE)


def test_parse_prompt__what_is_left_out_may_be_none_and_labels_a_column():
    assert parse_prompt(None, None, [(0, 0, 9, 9)], SIZE).points == ()
    assert [p.label for p in parse_prompt([(1, 1), (2, 2)], np.array([[1], [0]]), None, SIZE).points] == [1, 0]


def test_encode__a_click_is_six_network_pixels_wide_and_a_box_its_corners():
    prompt = parse_prompt([(99, 49)], [1], [(0, 0, 200, 100)], SIZE)
    boxes, kinds = prompt.encode(place(SIZE, (64, 96)))
    assert boxes.dtype == np.float32 and kinds.tolist() == [1, 1]
    scale = 96 / 200
    x, y = (99.5 * scale - 0.5, 49.5 * scale - 0.5)
    np.testing.assert_allclose(boxes[0], [x - 3, y - 3, x + 3, y + 3], atol=1e-4)
    np.testing.assert_allclose(boxes[1], [0, 0, 200 * scale, 100 * scale], atol=1e-4)  # edges, not centres of pixels


def test_answer__background_points_take_away_where_they_are_stronger():
    placement = Placement((32, 32), (32, 32), (32, 32))
    logits = np.full((3, 8, 8), -2, np.float32)
    logits[0, :, :4] = 3  # foreground: left half
    logits[1, :4, :] = 2  # foreground: upper half
    logits[2, :, :2] = 9  # background: the left quarter, stronger
    outputs = PromptOutputs(logits, np.array([0.4, 1.7, 5.0], np.float32), np.zeros((3, 4), np.float32))
    prompt = Prompt((PointPrompt(12, 5, 1), PointPrompt(20, 5, 1), PointPrompt(2, 2, 0)), ())
    mask, roi, score, best = answer(outputs, prompt, placement)
    assert not mask[:, :6].any()  # removed
    assert mask[:, 10:14].all() and mask[:12, 20:].all()  # either foreground prompt
    assert not mask[20:, 20:].any()
    assert (score, best) == (1.0, 1)  # the better foreground prompt's, clipped to 1
    assert (roi.y, roi.height) == (0, 32)


def test_answer__a_background_point_on_the_clicked_object_takes_only_its_surroundings_away():
    placement = Placement((32, 32), (32, 32), (32, 32))
    logits = np.full((2, 8, 8), -2, np.float32)
    logits[0, :, :6], logits[1, :, :6] = 3, 9  # the network returns the same object for both, with more confidence for the background point
    outputs = PromptOutputs(logits, np.ones(2, np.float32), np.zeros((2, 4), np.float32))
    mask, *_ = answer(outputs, Prompt((PointPrompt(4, 16, 1), PointPrompt(18, 16, 0)), ()), placement)
    assert mask[16, 4] and mask[16, 10] and not mask[16, 12:24].any()  # half of the 14 pixels between them
    assert mask[:8, :20].all() and mask[25:, :20].all()


def test_answer__of_a_model_with_connected_prompts_keeps_what_is_pointed_at():
    placement = Placement((32, 32), (32, 32), (32, 32))
    logits = np.full((1, 8, 8), -2, np.float32)
    logits[0, :3, :3] = logits[0, 6:, 6:] = logits[0, :2, 6:] = 5  # three regions
    outputs = PromptOutputs(logits, np.zeros(1, np.float32), np.zeros((1, 4), np.float32))

    def regions(prompt: Prompt) -> list[bool]:
        mask, roi, *_ = answer(outputs, prompt, placement, connected=True)
        assert roi == Roi.of_mask(mask)
        return [bool(mask[4, 4]), bool(mask[28, 28]), bool(mask[2, 28])]

    assert regions(Prompt((PointPrompt(4, 4, 1),), ())) == [True, False, False]
    assert regions(Prompt((PointPrompt(31, 31, 1),), ())) == [False, True, False]
    assert regions(Prompt((PointPrompt(16, 16, 1),), ())) == [True, True, True]  # next to all of them
    assert regions(Prompt((), ((16.0, 0.0, 32.0, 32.0),))) == [False, True, True]
    assert answer(outputs, Prompt((PointPrompt(4, 4, 1),), ()), placement)[0][28, 28]  # as in the reference


def test_encode__a_background_click_has_its_own_kind_where_the_model_knows_it():
    prompt = parse_prompt([(9, 9), (50, 50)], [1, 0], [(0, 0, 20, 20)], SIZE)
    assert prompt.encode(place(SIZE, (64, 96)))[1].tolist() == [1, 1, 1]
    assert prompt.encode(place(SIZE, (64, 96)), background_kind=True)[1].tolist() == [1, 0, 1]


def test_class_of_mask__the_segment_most_overlapped():
    ids = np.zeros((4, 6), np.uint16)
    ids[:, 2:4], ids[:, 4:] = 1, 2
    segments = tuple(Segment(i, c, "", True, 1.0, 8, Roi(0, 0, 1, 1)) for i, c in ((1, 7), (2, 3)))
    panoptic = PanopticResult(ids, segments, make_label_set("x", ["a"], []))
    mask = np.zeros((4, 6), bool)
    mask[:3, 3:] = True
    assert class_of_mask(mask, Roi.of_mask(mask), panoptic) == 3
    nowhere = np.zeros((4, 6), bool)
    nowhere[:, 0] = True
    assert class_of_mask(nowhere, Roi.of_mask(nowhere), panoptic) == -1


def test_prompt__points_may_be_point_prompts_with_labels_of_their_own():
    prompt = parse_prompt([PointPrompt(9, 8, 1), PointPrompt(50, 40, 0), (3, 4)], None, [], SIZE)
    assert [(p.x, p.y, p.label) for p in prompt.points] == [(9, 8, 1), (50, 40, 0), (3, 4, 1)]
    assert [p.label for p in parse_prompt([PointPrompt(9, 8, 0)], [1], [], SIZE).points] == [1]


def test_parse_prompt__as_many_as_a_request_takes():
    assert len(parse_prompt([(1, 1)] * 63, None, [(0, 0, 200, 100)], SIZE).points) == 63


def test_parse_prompt__the_corners_of_the_image_are_in_it():
    assert [(p.x, p.y) for p in parse_prompt([(0, 0), (199, 99)], None, [(0, 0, 200, 100)], SIZE).points] == [(0, 0), (199, 99)]


def test_answer__a_background_point_that_takes_one_of_two_foreground_points_away_takes_its_surroundings_only():
    placement = Placement((32, 32), (32, 32), (32, 32))
    logits = np.full((3, 8, 8), -2, np.float32)
    logits[0] = logits[1] = 3
    logits[2, :, 4:] = 9  # lies on the second point, not on the first
    outputs = PromptOutputs(logits, np.ones(3, np.float32), np.zeros((3, 4), np.float32))
    prompt = Prompt((PointPrompt(4, 16, 1), PointPrompt(24, 16, 1), PointPrompt(24, 28, 0)), ())
    mask, *_ = answer(outputs, prompt, placement)
    assert mask[16, 4] and mask[16, 24] and not mask[28, 24]


def test_answer__where_both_points_have_the_very_same_mask_the_background_point_takes_its_surroundings():
    placement = Placement((32, 32), (32, 32), (32, 32))
    logits = np.full((2, 8, 8), 3, np.float32)
    outputs = PromptOutputs(logits, np.ones(2, np.float32), np.zeros((2, 4), np.float32))
    mask, *_ = answer(outputs, Prompt((PointPrompt(4, 16, 1), PointPrompt(24, 16, 0)), ()), placement)
    assert mask[16, 4] and not mask[16, 24]


def test_answer__a_background_point_at_the_right_of_a_wide_image__takes_its_surroundings():
    placement = Placement((16, 64), (16, 64), (16, 64))
    logits = np.full((2, 4, 16), 3, np.float32)
    logits[1] = 2.5
    outputs = PromptOutputs(logits, np.ones(2, np.float32), np.zeros((2, 4), np.float32))
    mask, *_ = answer(outputs, Prompt((PointPrompt(40, 4, 1), PointPrompt(56, 10, 0)), ()), placement)
    assert mask[4, 40] and not mask[10, 52:60].any() and mask[10, 40:46].all()


@pytest.mark.parametrize("points, boxes, of_background", [
    ((PointPrompt(4, 16, 1), PointPrompt(24, 16, 0)), (), 1), ((PointPrompt(24, 16, 0),), ((0.0, 0.0, 24.0, 32.0),), 0),
])  # fmt: skip
def test_answer__what_is_clicked_as_background_is_never_in_the_answer(points, boxes, of_background):
    placement = Placement((32, 32), (32, 32), (32, 32))
    logits = np.full((2, 8, 8), 3, np.float32)
    logits[of_background] = 2.5  # one object for both, with less confidence for the background point
    mask, *_ = answer(PromptOutputs(logits, np.ones(2, np.float32), np.zeros((2, 4), np.float32)), Prompt(points, boxes), placement)
    assert mask[16, 4] and not mask[16, 21:28].any() and mask[2, 4]  # half of the distance around the point


def test_answer__a_background_point_beside_the_answer__takes_no_more_than_its_own_mask():
    placement = Placement((32, 32), (32, 32), (32, 32))
    logits = np.full((2, 8, 8), -2, np.float32)
    logits[0, :, :4] = 1  # the object, to the left of the point
    logits[1] = -5
    outputs = PromptOutputs(logits, np.ones(2, np.float32), np.zeros((2, 4), np.float32))
    alone, *_ = answer(PromptOutputs(logits[:1], np.ones(1, np.float32), np.zeros((1, 4), np.float32)), Prompt((PointPrompt(4, 16, 1),), ()), placement)
    mask, *_ = answer(outputs, Prompt((PointPrompt(4, 16, 1), PointPrompt(22, 16, 0)), ()), placement)
    assert not alone[16, 22] and np.array_equal(mask, alone)


def test_answer__a_background_point_outside_of_its_own_mask_is_obeyed_too():
    placement = Placement((32, 32), (32, 32), (32, 32))
    logits = np.full((2, 8, 8), 3, np.float32)
    logits[1] = -5
    outputs = PromptOutputs(logits, np.ones(2, np.float32), np.zeros((2, 4), np.float32))
    mask, *_ = answer(outputs, Prompt((PointPrompt(4, 16, 1), PointPrompt(24, 16, 0)), ()), placement)
    assert mask[16, 4] and not mask[16, 24]


def test_answer__connected__regions_that_touch_at_a_corner_are_one():
    placement = Placement((8, 8), (8, 8), (8, 8))
    outputs = PromptOutputs(np.array([[[9, -9], [-9, 9]]], np.float32), np.ones(1, np.float32), np.zeros((1, 4), np.float32))
    mask, *_ = answer(outputs, Prompt((PointPrompt(0, 0, 1),), ()), placement, connected=True)
    assert mask[0, 0] and mask[7, 7] and not mask[0, 7]


def test_answer__connected__a_box_reaches_into_the_row_that_it_ends_in():
    placement = Placement((32, 32), (32, 32), (32, 32))
    logits = np.full((1, 8, 8), -9, np.float32)
    logits[0, :2] = logits[0, 6:] = 9  # two regions
    outputs = PromptOutputs(logits, np.ones(1, np.float32), np.zeros((1, 4), np.float32))
    whole, *_ = answer(outputs, Prompt((), ((0.0, 0.0, 32.0, 32.0),)), placement)
    first = int(np.flatnonzero(whole[16:, 0])[0]) + 16  # row of the lower one
    mask, *_ = answer(outputs, Prompt((), ((0.0, 14.0, 32.0, first + 0.5),)), placement, connected=True)
    assert mask[first:].all() and not mask[:first].any()


@pytest.mark.parametrize("seed", range(20))
def test_answer__connected__regions_are_those_of_the_whole_mask(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(-0.6, 1, (1, 8, 12)).astype(np.float32)
    outputs = PromptOutputs(np.repeat(logits, 3, axis=0), np.zeros(3, np.float32), np.zeros((3, 4), np.float32))
    box = sorted(rng.uniform(0, 47, 2)), sorted(rng.uniform(0, 31, 2))
    points = tuple(PointPrompt(*rng.uniform(0, (47, 31)), 1) for _ in range(rng.integers(0, 3)))
    prompt = Prompt(points, ((box[0][0], box[1][0], box[0][1], box[1][1]),) if seed % 2 or not points else ())
    placement = Placement((32, 48), (32, 48), (32, 48))
    whole = answer(outputs, prompt, placement)[0]
    regions, _ = ndimage.label(whole, np.ones((3, 3)))
    named = {regions[round(p.y), round(p.x)] for p in points}
    for x1, y1, x2, y2 in prompt.boxes:
        named |= set(regions[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))].ravel())
    named -= {0}
    mask, roi, *_ = answer(outputs, prompt, placement, connected=True)
    assert (mask == (np.isin(regions, list(named)) if named else whole)).all() and roi == Roi.of_mask(mask)
