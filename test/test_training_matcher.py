"""Which query learns which object, where the object has no class and where nothing is known."""
from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from test_training_losses import WEIGHTS, logits_of, masks_of_columns  # noqa: E402

from rmpsam_ros.training.matcher import LossWeights, match  # noqa: E402
from rmpsam_ros.training.points import mask_losses, pairwise_mask_losses  # noqa: E402

NOTHING = torch.zeros(32, 48, dtype=torch.bool)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def matched(class_logits, mask_logits, class_ids, truths, void=NOTHING, weights=WEIGHTS, owner=None) -> dict[int, list[int]]:
    """The queries of each object."""
    rows, columns = match(torch.tensor(class_logits, dtype=torch.float32), mask_logits, torch.tensor(class_ids), truths[:, None].float(), void, weights, owner)
    return {column: sorted(rows[columns == column].tolist()) for column in set(columns.tolist())}


@pytest.mark.parametrize("class_id, query", [(0, 0), (1, 1), (-1, 1)])
def test_match__an_object_without_a_class__any_class_suits(class_id, query):
    truth = masks_of_columns((0, 24))
    logits = logits_of(masks_of_columns((0, 20), (0, 24)), 2.0)  # the first, which is sure of class 0, has a little less of it
    assert matched([[9, 0, 0], [0, 9, 0]], logits, [class_id], truth) == {0: [query]}


def test_match__an_object_without_a_class__takes_no_query_that_belongs_to_stuff():
    truth = masks_of_columns((0, 24))
    logits = logits_of(masks_of_columns((0, 24), (0, 12)))
    owner = torch.tensor([0, -1])  # class 0 is stuff and has the first query
    assert matched([[0, 0, 0]] * 2, logits, [-1], truth, owner=owner) == {0: [1]}
    assert matched([[0, 0, 0]] * 2, logits, [0], truth, owner=owner) == {0: [0]}


def test_match__an_object_without_a_class__has_several_queries_like_any_thing():
    truth, logits = masks_of_columns((0, 24)), logits_of(masks_of_columns(*[(0, 24)] * 6))
    weights = LossWeights(points=400, queries_per_thing=2)
    found = matched([[0, 0, 0]] * 6, logits, [-1], truth, weights=weights, owner=torch.tensor([0, -1]))
    assert len(found[0]) == 2 and 0 not in found[0]


def test_match__what_is_void__speaks_for_no_query():
    truth, void = masks_of_columns((0, 24)), masks_of_columns((24, 48))[0]
    logits = logits_of(masks_of_columns((0, 18), (0, 48)))  # too small, and beyond all bounds
    assert matched([[0, 0]] * 2, logits, [0], truth) == {0: [0]}
    assert matched([[0, 0]] * 2, logits, [0], truth, void=void) == {0: [1]}


def test_mask_losses__points_of_which_nothing_is_known__do_not_count():
    logits, truth = torch.tensor([[0.0, 0.0, 50.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    weight = torch.tensor([[1.0, 1.0, 0.0]])
    entropy, dice = mask_losses(logits, truth, weight)
    assert entropy.item() == pytest.approx(0.6931, abs=1e-4) and dice.item() == pytest.approx(1 - 2 / 3)
    pairs = pairwise_mask_losses(logits, truth, weight[0])
    assert [pair.item() for pair in pairs] == pytest.approx([entropy.item(), dice.item()], abs=1e-4)
    entropy, dice = mask_losses(logits.repeat(2, 1), truth.repeat(2, 1), torch.tensor([[0.0] * 3, [0.5, 0.0, 0.0]]))
    assert entropy[0] == dice[0] == 0 and entropy[1].item() == pytest.approx(0.5 * 0.6931, abs=1e-4)  # no more than its weight
