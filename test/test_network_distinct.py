"""Tests several queries on one object: they determine its class together; only the best keeps its score."""
from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the network needs torch")

from rmpsam_ros.network.distinct import distinct_scores, mask_overlap, settled_classes  # noqa: E402

CLASSES = 3


def columns(*bounds: tuple[int, int]) -> torch.Tensor:
    masks = torch.full((1, len(bounds), 16, 48), -5.0)
    for row, (low, high) in enumerate(bounds):
        masks[0, row, :, low:high] = 5.0
    return masks


def scores_of(masks: torch.Tensor, scores: list[float], class_ids: list[int], iou: list[float] | None = None, stuff: int = 0) -> list[float]:
    quality = torch.ones(1, len(scores)) if iou is None else torch.tensor([iou])
    return distinct_scores(torch.tensor([scores]), torch.tensor([class_ids]), quality, mask_overlap(masks[:, stuff:]), CLASSES, stuff)[0].tolist()


def test_distinct__a_duplicate_is_lowered_and_a_neighbour_is_not():
    result = scores_of(columns((0, 20), (0, 20), (20, 48)), [0.6, 0.9, 0.5], [0, 1, 0])
    assert result == pytest.approx([0.0, 0.9, 0.5], abs=1e-3)


def test_distinct__of_equal_ones_the_first_stays():
    assert scores_of(columns((0, 20), (0, 20)), [0.6, 0.6], [0, 0]) == pytest.approx([0.6, 0.0], abs=1e-3)


def test_distinct__the_predicted_quality_decides_which_is_better():
    assert scores_of(columns((0, 20), (0, 20)), [0.6, 0.9], [0, 0], [0.9, 0.2]) == pytest.approx([0.6, 0.0], abs=1e-3)


def test_distinct__what_only_a_duplicate_covers_stays():
    # The second duplicates the first; the third overlaps the second as much as the first, and so is kept.
    near = scores_of(columns((0, 20), (0, 22), (20, 44)), [0.9, 0.8, 0.7], [0, 0, 0])
    assert near[0] == pytest.approx(0.9) and near[1] < 0.1 and near[2] > 0.65


def test_distinct__no_object_neither_lowers_nor_is_lowered():
    assert scores_of(columns((0, 20), (0, 20)), [0.95, 0.4], [CLASSES, 0]) == pytest.approx([0.95, 0.4])


def test_distinct__stuff_queries_take_no_part():
    assert scores_of(columns((0, 20), (0, 20)), [0.9, 0.4], [2, 0], stuff=1) == pytest.approx([0.9, 0.4])


def votes_of(masks: torch.Tensor, probabilities: list[list[float]], iou: list[float] | None = None, stuff: int = 0) -> torch.Tensor:
    quality = torch.ones(1, len(probabilities)) if iou is None else torch.tensor([iou])
    return settled_classes(torch.tensor([probabilities]), quality, mask_overlap(masks[:, stuff:]), stuff)[0]


TWO_AGAINST_ONE = [[0.1, 0.8, 0.0, 0.1], [0.7, 0.2, 0.0, 0.1], [0.7, 0.2, 0.0, 0.1]]


def test_votes__of_queries_on_one_object_the_majority_has_its_way():
    result = votes_of(columns((0, 20), (0, 20), (0, 20)), TWO_AGAINST_ONE)
    assert result == pytest.approx(torch.tensor([[1.5 / 3, 1.2 / 3, 0.0, 0.1]] * 3), abs=1e-5)


def test_votes__neighbours_are_not_asked():
    result = votes_of(columns((0, 20), (20, 30), (30, 48)), TWO_AGAINST_ONE)
    assert result == pytest.approx(torch.tensor(TWO_AGAINST_ONE), abs=1e-5)


def test_votes__a_mask_that_shares_half_has_a_quarter_of_a_say():
    result = votes_of(columns((0, 20), (0, 10)), [[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    assert result == pytest.approx(torch.tensor([[0.2, 0.8, 0.0, 0.0], [0.8, 0.2, 0.0, 0.0]]), abs=1e-5)


def test_votes__a_bad_mask_and_one_that_is_hardly_an_object_count_little():
    bad_masks = votes_of(columns((0, 20), (0, 20), (0, 20)), TWO_AGAINST_ONE, [1.0, 0.1, 0.1])
    assert bad_masks[0].argmax() == 1 and bad_masks[1].argmax() == 1
    hardly = [[0.1, 0.8, 0.0, 0.1], [0.05, 0.0, 0.0, 0.95], [0.05, 0.0, 0.0, 0.95]]
    result = votes_of(columns((0, 20), (0, 20), (0, 20)), hardly)
    assert result[:, :-1].argmax(dim=1).tolist() == [1, 1, 1]
    assert result[:, -1].tolist() == pytest.approx([0.1, 0.95, 0.95])  # each has its own objectness


def test_votes__stuff_queries_and_empty_masks_stay_as_they_are():
    masks = columns((0, 20), (0, 20), (0, 0))
    assert votes_of(masks, TWO_AGAINST_ONE, stuff=1) == pytest.approx(torch.tensor(TWO_AGAINST_ONE), abs=1e-5)


def test_votes__every_row_remains_a_distribution():
    generator = torch.Generator().manual_seed(0)
    probabilities = torch.randn(1, 12, 5, generator=generator).mul(3).softmax(-1)
    masks = torch.nn.functional.interpolate(torch.randn(1, 12, 3, 4, generator=generator), size=(24, 32))
    result = settled_classes(probabilities, torch.rand(1, 12, generator=generator), mask_overlap(masks[:, 2:]), 2)
    assert result.sum(dim=-1) == pytest.approx(torch.ones(1, 12), abs=1e-5) and (result >= 0).all()
    assert not torch.allclose(result, probabilities)
