"""Scores of several queries on one object: the best keeps its own, the others do not."""
from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the network needs torch")

from rmpsam_ros.network.distinct import distinct_scores  # noqa: E402

CLASSES = 3


def columns(*bounds: tuple[int, int]) -> torch.Tensor:
    masks = torch.full((1, len(bounds), 16, 48), -5.0)
    for row, (low, high) in enumerate(bounds):
        masks[0, row, :, low:high] = 5.0
    return masks


def scores_of(masks: torch.Tensor, scores: list[float], class_ids: list[int], iou: list[float] | None = None, stuff: int = 0) -> list[float]:
    quality = torch.ones(1, len(scores)) if iou is None else torch.tensor([iou])
    return distinct_scores(torch.tensor([scores]), torch.tensor([class_ids]), quality, masks, CLASSES, stuff)[0].tolist()


def test_distinct__a_duplicate_is_lowered_and_a_neighbour_is_not():
    result = scores_of(columns((0, 20), (0, 20), (20, 48)), [0.6, 0.9, 0.5], [0, 1, 0])
    assert result == pytest.approx([0.0, 0.9, 0.5], abs=1e-3)


def test_distinct__of_equal_ones_the_first_stays():
    assert scores_of(columns((0, 20), (0, 20)), [0.6, 0.6], [0, 0]) == pytest.approx([0.6, 0.0], abs=1e-3)


def test_distinct__the_predicted_quality_decides_which_is_better():
    assert scores_of(columns((0, 20), (0, 20)), [0.6, 0.9], [0, 0], [0.9, 0.2]) == pytest.approx([0.6, 0.0], abs=1e-3)


def test_distinct__what_only_a_duplicate_covers_stays():
    # The second is the first's duplicate; the third overlaps the second by as much as the first, and so stays.
    near = scores_of(columns((0, 20), (0, 22), (20, 44)), [0.9, 0.8, 0.7], [0, 0, 0])
    assert near[0] == pytest.approx(0.9) and near[1] < 0.1 and near[2] > 0.65


def test_distinct__no_object_neither_lowers_nor_is_lowered():
    assert scores_of(columns((0, 20), (0, 20)), [0.95, 0.4], [CLASSES, 0]) == pytest.approx([0.95, 0.4])


def test_distinct__stuff_queries_take_no_part():
    assert scores_of(columns((0, 20), (0, 20)), [0.9, 0.4], [2, 0], stuff=1) == pytest.approx([0.9, 0.4])
