"""Tests how several clicks and the network's own scores combine into one mask: cases that a single click does not cover."""
from __future__ import annotations

import numpy as np
import pytest

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.placement import Placement
from rmpsam_ros.prompting import Prompt, answer
from rmpsam_ros.types import PointPrompt

PLACEMENT = Placement((32, 32), (32, 32), (32, 32))


def outputs_of(logits: list[float], iou: list[float]) -> PromptOutputs:
    """Every prompt's mask is the whole image."""
    masks = np.broadcast_to(np.array(logits, np.float32)[:, None, None], (len(logits), 8, 8))
    return PromptOutputs(masks, np.array(iou, np.float32), np.zeros((len(logits), 4), np.float32))


def test_answer__a_background_point_among_several_of_the_object__takes_half_the_way_to_the_nearest():
    prompt = Prompt((PointPrompt(4, 16, 1), PointPrompt(28, 16, 1), PointPrompt(12, 16, 0)), ())
    mask, *_ = answer(outputs_of([3, 3, 9], [1, 1, 1]), prompt, PLACEMENT)
    assert not mask[16, 9:16].any() and mask[16, :8].all() and mask[16, 17:].all()


@pytest.mark.parametrize("iou, expected", [([np.nan, 0.4], (0.4, 1)), ([0.4, np.nan], (0.4, 0)), ([np.nan, np.nan], (0.0, 0))])
def test_answer__a_predicted_iou_that_is_no_number__counts_as_none(iou, expected):
    prompt = Prompt((PointPrompt(4, 16, 1), PointPrompt(28, 16, 1)), ())
    _, _, score, best = answer(outputs_of([3, 3], iou), prompt, PLACEMENT)
    assert (score, best) == (pytest.approx(expected[0]), expected[1])
