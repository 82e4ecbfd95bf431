"""Tests which query is matched to which object, including objects without a class and unlabelled areas."""
from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from test_training_losses import WEIGHTS, cells_of, logits_of, masks_of_columns, match  # noqa: E402

from rmpsam_ros.training.matcher import LossWeights, assign, costs  # noqa: E402
from rmpsam_ros.training.points import mask_losses, pairwise_mask_losses  # noqa: E402
from rmpsam_ros.training.truth import Truth  # noqa: E402

NOTHING = torch.zeros(32, 48, dtype=torch.bool)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def matched(class_logits, mask_logits, class_ids, truths, void=NOTHING, weights=WEIGHTS, owner=None) -> dict[int, list[int]]:
    """The queries of each object."""
    rows, columns = match(torch.tensor(class_logits, dtype=torch.float32), mask_logits, torch.tensor(class_ids), truths, void, weights, owner)
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
    logits = logits_of(masks_of_columns((0, 18), (0, 48)))  # too small, and far too large
    assert matched([[0, 0]] * 2, logits, [0], truth) == {0: [0]}
    assert matched([[0, 0]] * 2, logits, [0], truth, void=void) == {0: [1]}


def test_mask_losses__points_of_which_nothing_is_known__do_not_count():
    logits, truth = torch.tensor([[0.0, 0.0, 50.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    weight = torch.tensor([[1.0, 1.0, 0.0]])
    entropy, dice = mask_losses(logits, truth, weight)
    assert entropy.item() == pytest.approx(0.6931, abs=1e-4) and dice.item() == pytest.approx(1 - 2 / 3)
    pairs = pairwise_mask_losses(logits[None], truth[None], weight[:1])
    assert [pair.item() for pair in pairs] == pytest.approx([entropy.item(), dice.item()], abs=1e-4)
    entropy, dice = mask_losses(logits.repeat(2, 1), truth.repeat(2, 1), torch.tensor([[0.0] * 3, [0.5, 0.0, 0.0]]))
    assert entropy[0] == dice[0] == 0 and entropy[1].item() == pytest.approx(0.5 * 0.6931, abs=1e-4)  # no more than its weight


def test_assign__pictures_of_a_batch__know_nothing_of_each_other():
    some, other = masks_of_columns((0, 16), (16, 32), (32, 48)), masks_of_columns((0, 24))
    truth = Truth.of(cells_of(torch.cat((some, other))), torch.zeros(3, 2, 16, 24, dtype=torch.uint8), torch.tensor([0, 1, 1, 0]), (3, 0, 1),
                     torch.tensor([True, True]))  # fmt: skip
    logits = torch.stack((logits_of(some[[2, 0, 1]]), logits_of(some), logits_of(torch.cat((some[1:], other)))))
    table = costs(torch.zeros(3, 3, 3), logits, truth, WEIGHTS)
    assert table.shape == (3, 3, 3) and table.dtype == torch.float32
    for rows, columns in assign(torch.stack((table, table)), truth, WEIGHTS):
        assert rows.tolist() == [0, 1, 2, 8] and columns.tolist() == [2, 0, 1, 3]


def test_assign__without_any_object__is_nothing():
    truth = Truth.of(cells_of(masks_of_columns((0, 16))[:0]), torch.zeros(2, 2, 16, 24, dtype=torch.uint8), torch.zeros(0, dtype=torch.int64), (0, 0),
                     torch.tensor([True]))  # fmt: skip
    table = costs(torch.zeros(2, 3, 2), torch.zeros(2, 3, 8, 12), truth, WEIGHTS)
    rows, columns = assign(table[None], truth, WEIGHTS)[0]
    assert table.shape == (2, 3, 0) and rows.dtype == torch.int64 and len(rows) == len(columns) == 0
