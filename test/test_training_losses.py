"""Tests losses, matching and the effect of unlabelled pixels, on masks with known results."""
from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from rmpsam_ros.data.sample import Coverage  # noqa: E402
from rmpsam_ros.network.stage import StageOutput  # noqa: E402
from rmpsam_ros.training.batches import COVERAGES, Batch, quarters  # noqa: E402
from rmpsam_ros.training.criterion import Criterion, _bounded, true_iou  # noqa: E402
from rmpsam_ros.training.matcher import LossWeights, assign, costs  # noqa: E402
from rmpsam_ros.training.points import mask_losses, pairwise_mask_losses, sample_points, uncertain_points  # noqa: E402
from rmpsam_ros.training.truth import Truth  # noqa: E402

WEIGHTS = LossWeights(points=400)
IS_THING = torch.tensor([True, True, False])


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def masks_of_columns(*bounds: tuple[int, int]) -> torch.Tensor:
    masks = torch.zeros(len(bounds), 32, 48, dtype=torch.bool)
    for row, (low, high) in enumerate(bounds):
        masks[row, :, low:high] = True
    return masks


def logits_of(masks: torch.Tensor, height: float = 12.0) -> torch.Tensor:
    """The output of a perfect network: stride-4 logits."""
    return (masks[:, 2::4, 2::4].float() - 0.5) * 2 * height


def batch_of(masks: torch.Tensor, class_ids: list[int], coverage: Coverage = Coverage.ALL, void: torch.Tensor | None = None,
             no_thing: torch.Tensor | None = None) -> Batch:  # fmt: skip
    nothing = torch.zeros(1, 0, 16, 24, dtype=torch.uint8)
    void, no_thing = (torch.zeros(32, 48, dtype=torch.bool) if pixels is None else pixels for pixels in (void, no_thing))
    return Batch(torch.zeros(1, 1, 3, 32, 48, dtype=torch.uint8), torch.tensor([[32, 48]]), cells_of(masks), torch.tensor(class_ids, dtype=torch.int64),
                 (len(masks),), cells_of(torch.stack((void, void | no_thing)))[None], torch.tensor([COVERAGES.index(coverage)]), torch.zeros(1, 0, 4),
                 torch.zeros(1, 0, dtype=torch.int64), nothing, nothing)  # fmt: skip


def cells_of(masks: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(quarters(masks.numpy()))


def match(class_logits, mask_logits, class_ids, masks, void, weights, owner=None) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices of queries and of objects, for one image."""
    is_thing = torch.ones(9, dtype=torch.bool)
    truth = Truth.of(cells_of(masks), cells_of(void[None]).expand(1, 2, -1, -1), class_ids, (len(masks),), is_thing)
    return assign(costs(class_logits[None], mask_logits[None], truth, weights, owner)[None], truth, weights, owner)[0]


def output_of(mask_logits: torch.Tensor, class_logits: torch.Tensor) -> StageOutput:
    queries = len(mask_logits)
    return StageOutput(class_logits[None], mask_logits[None], torch.zeros(1, queries, 8), torch.zeros(1, queries, 1))


def test_sample_points__reads_pixel_centres():
    ramp = torch.arange(6.0).expand(1, 1, 4, 6)
    points = torch.tensor([[[(2 + 0.5) / 6, 0.5], [(2 + 1.0) / 6, 0.5]]])
    assert sample_points(ramp, points)[0, 0].tolist() == pytest.approx([2.0, 2.5])


def test_uncertain_points__gather_where_the_logit_is_small():
    logits = torch.linspace(-6, 6, 48).expand(1, 1, 32, 48)
    points = uncertain_points(logits, 400)
    near = (points[0, :, 0] - 0.5).abs() < 0.15
    assert points.shape == (1, 400, 2) and near[:300].float().mean() > 0.8 and near[300:].float().mean() < 0.5


def test_mask_losses__are_those_computed_by_hand():
    logits, truth = torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    entropy, dice = mask_losses(logits, truth, torch.ones(1, 2))
    assert entropy.item() == pytest.approx(0.6931, abs=1e-4) and dice.item() == pytest.approx(1 - 2 / 3)
    entropy, dice = mask_losses(logits, truth, torch.zeros(1, 2))
    assert entropy.item() == dice.item() == 0


def test_pairwise_mask_losses__agree_with_the_single_ones():
    logits, truth, weight = torch.randn(3, 50), (torch.rand(2, 50) > 0.5).float(), (torch.rand(50) > 0.2).float()
    entropy, dice = (one[0] for one in pairwise_mask_losses(logits[None], truth[None], weight[None]))
    for n in range(3):
        for m in range(2):
            single = mask_losses(logits[n : n + 1], truth[m : m + 1], weight[None])
            assert (entropy[n, m].item(), dice[n, m].item()) == pytest.approx((single[0].item(), single[1].item()), rel=1e-4)


def test_match__finds_the_permutation():
    masks = masks_of_columns((0, 16), (16, 32), (32, 48))
    rows, columns = match(torch.zeros(4, 4), torch.cat((logits_of(masks)[[2, 0, 1]], torch.full((1, 8, 12), -9.0))), torch.tensor([0, 1, 2]), masks,
                          torch.zeros(32, 48, dtype=torch.bool), WEIGHTS)  # fmt: skip
    assert dict(zip(rows.tolist(), columns.tolist())) == {0: 2, 1: 0, 2: 1}


def test_match__of_equal_masks_lets_the_class_decide():
    masks = masks_of_columns((0, 24))
    logits = logits_of(masks).repeat(2, 1, 1)
    rows, _ = match(torch.tensor([[0.0, 9, 0, 0], [9.0, 0, 0, 0]]), logits, torch.tensor([0]), masks, torch.zeros(32, 48, dtype=torch.bool), WEIGHTS)
    assert rows.tolist() == [1]


def test_match__stuff_with_a_query_of_its_own_takes_that_one_alone():
    masks = masks_of_columns((0, 16), (16, 32), (32, 48))  # a stuff of class 2, then two things
    logits = logits_of(masks)[[1, 0, 2, 2]]  # the stuff's own query, 0, says the first thing
    owner = torch.tensor([-1, -1, 0])
    rows, columns = match(torch.zeros(4, 4), logits, torch.tensor([2, 0, 1]), masks, torch.zeros(32, 48, dtype=torch.bool), WEIGHTS, owner)
    assigned = dict(zip(columns.tolist(), rows.tolist()))
    assert assigned[0] == 0 and assigned[1] in (1, 2, 3) and assigned[2] in (2, 3)


def test_match__more_things_than_queries_leaves_some_without():
    masks = masks_of_columns((0, 16), (16, 32), (32, 48))
    rows, columns = match(torch.zeros(2, 4), logits_of(masks)[:2], torch.tensor([0, 0, 1]), masks, torch.zeros(32, 48, dtype=torch.bool),
                          WEIGHTS, torch.tensor([-1, -1, 0]))  # fmt: skip
    assert rows.tolist() == [1] and columns.tolist() == [1]


def test_match__gives_things_several_queries_where_half_of_them_are_enough_and_stuff_one():
    masks = masks_of_columns((0, 16), (16, 32), (32, 48))  # a stuff of class 2, then two things
    logits = logits_of(masks)[[0, 1, 2, 1, 2, 1, 2, 1, 2]]
    weights = LossWeights(points=400, queries_per_thing=3)
    rows, columns = match(torch.zeros(9, 4), logits, torch.tensor([2, 0, 1]), masks, torch.zeros(32, 48, dtype=torch.bool),
                          weights, torch.tensor([-1, -1, 0]))  # fmt: skip
    assert len(set(rows.tolist())) == len(rows)
    assert torch.bincount(columns).tolist() == [1, 2, 2]  # of the eight that things share, half
    assert all(row == 0 if column == 0 else row % 2 == column % 2 for row, column in zip(rows.tolist(), columns.tolist()))
    rows, columns = match(torch.zeros(9, 4), logits, torch.tensor([0]), masks[1:2], torch.zeros(32, 48, dtype=torch.bool), weights)
    assert columns.tolist() == [0, 0, 0] and set(rows.tolist()) <= {1, 3, 5, 7}


def test_quarters__count_two_by_two_pixels():
    masks = torch.rand(3, 32, 48) > 0.5
    expected = 4 * torch.nn.functional.avg_pool2d(masks[:, None].float(), 2)[:, 0]
    assert cells_of(masks).dtype == torch.uint8 and torch.equal(cells_of(masks).float(), expected)
    assert cells_of(masks[:0]).shape == (0, 16, 24)


def test_objects__a_perfect_answer_costs_almost_nothing():
    masks = masks_of_columns((0, 24), (24, 48))
    classes = torch.full((3, 4), -20.0)
    classes[0, 1] = classes[1, 2] = classes[2, 3] = 20
    logits = torch.cat((logits_of(masks), torch.full((1, 8, 12), -12.0)))
    good = Criterion(IS_THING, WEIGHTS).objects([output_of(logits, classes)], batch_of(masks, [1, 2]))
    bad = Criterion(IS_THING, WEIGHTS).objects([output_of(torch.full_like(logits, -12.0), -classes)], batch_of(masks, [1, 2]))
    assert good["object/class"] < 1e-3 and good["object/dice"] < 0.3 * bad["object/dice"]
    assert bad["object/class"] > 5 and bad["object/mask"] > 5 * good["object/mask"]


@pytest.mark.parametrize("coverage, says, punished", [
    (Coverage.ALL, 2, True), (Coverage.ALL, 3, False), (Coverage.THINGS, 2, False), (Coverage.THINGS, 3, False),
    (Coverage.THINGS, 0, True), (Coverage.SOME, 0, False), (Coverage.SOME, 2, False),
])  # fmt: skip
def test_classes__of_a_query_without_object_depend_on_what_is_labelled(coverage, says, punished):
    masks = masks_of_columns((0, 24))
    classes = torch.full((2, 4), -20.0)
    classes[0, 1], classes[1, says] = 20, 20  # the first query has the object; the second says class 0, 2 (stuff) or 3 (no object)
    logits = torch.cat((logits_of(masks), -logits_of(masks)))
    loss = Criterion(IS_THING, WEIGHTS).objects([output_of(logits, classes)], batch_of(masks, [1], coverage))["object/class"]
    assert (loss > 1) == punished


@pytest.mark.parametrize(("columns", "one_to_many", "answer"), [
    ((0, 16), False, 2),  # another query was matched: no object
    ((0, 16), True, 0),  # its mask lies on the object: the object's class
    ((0, 36), True, None),  # half on the object, half next to it: neither is taught
    ((30, 48), True, 2),
])  # fmt: skip
def test_classes__of_a_query_beside_the_matched_one(columns, one_to_many, answer):
    masks = masks_of_columns((0, 16))
    both = torch.cat((logits_of(masks, 20.0), logits_of(masks_of_columns(columns))))
    criterion = Criterion(torch.tensor([True, True]), WEIGHTS, one_to_many=one_to_many)
    costs = []
    for said in range(3):
        logits = torch.zeros(2, 3)
        logits[0, 0] = logits[1, said] = 12.0
        costs.append(criterion.objects([output_of(both, logits)], batch_of(masks, [0]))["object/class"].item())
    if answer is None:
        assert max(costs) < 0.01
    else:
        assert costs[answer] < 0.01 and all(cost > 0.5 for said, cost in enumerate(costs) if said != answer)


def test_classes__balance_lets_rare_ones_weigh_more():
    masks = masks_of_columns((0, 16), (20, 40))
    criterion = Criterion(torch.tensor([True, True]), LossWeights(points=400, balance=0.5))
    criterion.seen += torch.tensor([90.0, 10.0])
    costs = []
    for wrong in range(2):
        logits = torch.tensor([[12.0, 0.0, 0.0], [0.0, 12.0, 0.0]])
        logits[wrong] = torch.tensor([0.0, 0.0, 12.0])
        costs.append(criterion.objects([output_of(logits_of(masks), logits)], batch_of(masks, [0, 1]))["object/class"].item())
    assert costs[1] > 2 * costs[0]


@pytest.mark.parametrize("coverage, taught", [(Coverage.ALL, [True, True, False]), (Coverage.SOME, [True, True, False])])
def test_name__is_taught_to_queries_with_an_object_and_to_no_other(coverage, taught):
    masks = masks_of_columns((0, 16), (16, 32), (32, 48))
    opinion = torch.zeros(1, 3, 3, requires_grad=True)
    output = output_of(logits_of(masks), torch.eye(4)[[0, 2, 3]] * 20)._replace(opinion=opinion)
    losses = Criterion(IS_THING, WEIGHTS).objects([output._replace(opinion=None), output], batch_of(masks[:2], [0, 2], coverage))
    assert losses["object/name"].item() == pytest.approx(math.log(3), rel=1e-4)
    losses["object/name"].backward()
    assert opinion.grad[0].abs().sum(dim=1).bool().tolist() == taught
    assert opinion.grad[0].argmin(dim=1)[:2].tolist() == [0, 2]  # its own class goes up


def test_name__of_an_object_without_a_class_is_not_taught():
    masks = masks_of_columns((0, 16))
    opinion = torch.zeros(1, 1, 3, requires_grad=True)
    output = output_of(logits_of(masks), torch.zeros(1, 4))._replace(opinion=opinion)
    loss = Criterion(IS_THING, WEIGHTS).objects([output], batch_of(masks, [-1]))["object/name"]
    loss.backward()
    assert loss.item() == 0 and not opinion.grad.any()


def test_classes__an_object_without_a_class_teaches_its_mask_only():
    masks = masks_of_columns((0, 24))
    for says in range(4):
        classes = torch.full((1, 4), -20.0)
        classes[0, says] = 20
        losses = Criterion(IS_THING, WEIGHTS).objects([output_of(-logits_of(masks), classes)], batch_of(masks, [-1]))
        assert losses["object/class"] == 0 and losses["object/mask"] > 1


def test_masks__void_pixels_do_not_count():
    masks = masks_of_columns((0, 24))
    spilt = logits_of(masks_of_columns((0, 48)))
    classes = torch.tensor([[20.0, 0, 0, 0]])
    void = masks_of_columns((24, 48))[0]
    blamed = Criterion(IS_THING, WEIGHTS).objects([output_of(spilt, classes)], batch_of(masks, [0]))
    excused = Criterion(IS_THING, WEIGHTS).objects([output_of(spilt, classes)], batch_of(masks, [0], void=void))
    assert excused["object/mask"] < 0.2 * blamed["object/mask"] and excused["object/dice"] < 0.5 * blamed["object/dice"]


def test_masks__what_is_no_thing_counts_against_things_and_neither_way_for_stuff():
    masks = masks_of_columns((0, 24), (24, 36))  # a thing, and stuff; the rest is no thing
    no_thing = torch.zeros(32, 48, dtype=torch.bool)
    no_thing[:, 36:] = True
    classes = torch.eye(4)[[0, 2]] * 20
    costs = {}
    for said, columns in {"right": ((0, 24), (24, 36)), "stuff goes on": ((0, 24), (24, 48)), "thing goes on": ((0, 48), (24, 36))}.items():
        logits = logits_of(masks_of_columns(*columns), 8.0)
        losses = Criterion(IS_THING, WEIGHTS).objects([output_of(logits, classes)], batch_of(masks, [0, 2], Coverage.THINGS, no_thing=no_thing))
        costs[said] = losses["object/mask"].item()
    assert abs(costs["stuff goes on"] - costs["right"]) < 0.2 < 1 < costs["thing goes on"] - costs["right"]


def test_objects__of_a_picture_without_any_have_finite_gradients():
    logits = torch.randn(2, 8, 12, requires_grad=True)
    losses = Criterion(IS_THING, WEIGHTS).objects([output_of(logits, torch.zeros(2, 4, requires_grad=True))], batch_of(torch.zeros(0, 32, 48, dtype=torch.bool), []))
    torch.stack(list(losses.values())).sum().backward()
    assert torch.isfinite(logits.grad).all()


def test_true_iou__is_that_of_the_cells():
    truth = masks_of_columns((0, 24))
    found = logits_of(masks_of_columns((0, 12)))
    nothing = torch.zeros_like(truth)
    assert true_iou(found, truth, nothing).tolist() == pytest.approx([0.5])
    assert true_iou(found, truth, masks_of_columns((12, 24))).tolist() == pytest.approx([1.0])


def test_bounded__logits_beyond_the_limit__grow_by_a_tenth_and_still_learn():
    logits = torch.tensor([-30.0, -10.0, 3.0, 10.0, 30.0], requires_grad=True)
    found = _bounded(logits)
    assert found.tolist() == [-12.0, -10.0, 3.0, 10.0, 12.0]
    found.sum().backward()
    assert logits.grad[[0, 2, 4]].tolist() == pytest.approx([0.1, 1.0, 0.1])


def test_masks__a_very_sure_mistake__does_not_outvote_all_others():
    masks, classes = masks_of_columns((0, 48)), torch.tensor([[20.0, 0, 0, 0]])
    wrong, very = (Criterion(IS_THING, WEIGHTS).objects([output_of(-logits_of(masks, height), classes)], batch_of(masks, [0]))["object/mask"].item()
                   for height in (10.0, 110.0))  # fmt: skip
    assert 30 < wrong < very < 2.2 * wrong  # at eleven times the logit


@pytest.mark.parametrize("often", [100.0, 1e6])
def test_classes__balance__does_not_go_beyond_its_limits(often):
    masks, logits = masks_of_columns((0, 16), (20, 40)), torch.zeros(2, 11)
    criterion = Criterion(torch.ones(10, dtype=torch.bool), LossWeights(points=400, balance=1.0))
    criterion.seen = torch.tensor([often] + [2.0] * 9)
    logits[0, -1] = logits[1, 1] = 12.0  # the common one is wrong
    cost = criterion.objects([output_of(logits_of(masks), logits)], batch_of(masks, [0, 1]))["object/class"].item()
    assert cost == pytest.approx(2 * 12 * 0.3 / (0.3 + 4.0), rel=0.01)


def test_rarity__is_among_the_classes_that_occur_however_many_a_label_set_lists():
    factors = []
    for number in (3, 40):
        criterion = Criterion(torch.ones(number, dtype=torch.bool), LossWeights(balance=0.5))
        criterion.seen[:3] += torch.tensor([1000.0, 1000.0, 250.0])
        factors.append(criterion.rarity()[:3])
    assert torch.equal(*factors) and factors[0].tolist() == pytest.approx([0.87, 0.87, 1.73], abs=0.01)


@pytest.mark.parametrize("class_id, taught", [(0, True), (-1, False)])
def test_classes__of_a_second_query_on_an_object_without_a_class__are_not_taught(class_id, taught):
    masks = masks_of_columns((0, 16))
    both = torch.cat((logits_of(masks, 20.0), logits_of(masks)))
    logits = torch.zeros(1, 2, 3, requires_grad=True)
    output = StageOutput(logits, both[None], torch.zeros(1, 2, 8), torch.zeros(1, 2, 1))
    Criterion(torch.tensor([True, True]), WEIGHTS, one_to_many=True).objects([output], batch_of(masks, [class_id]))["object/class"].backward()
    assert logits.grad[0].any(dim=1).tolist() == [taught, taught]


def test_masks__of_an_object_without_a_class__end_where_there_is_known_to_be_no_thing():
    masks, no_thing = masks_of_columns((0, 24)), masks_of_columns((24, 48))[0]
    spilt, costs = logits_of(masks_of_columns((0, 48))), {}
    for class_id in (0, 1, -1):  # stuff, a thing, and something
        batch = batch_of(masks, [class_id], Coverage.THINGS, no_thing=no_thing)
        costs[class_id] = Criterion(torch.tensor([False, True]), WEIGHTS).objects([output_of(spilt, torch.zeros(1, 3))], batch)["object/mask"].item()
    assert costs[-1] == pytest.approx(costs[1], rel=0.1) and costs[0] < 0.2 * costs[1]


def test_masks__that_are_void_everywhere__cost_nothing():
    masks, logits = masks_of_columns((0, 24)), torch.randn(1, 8, 12, requires_grad=True)
    losses = Criterion(IS_THING, WEIGHTS).objects([output_of(logits, torch.zeros(1, 4))], batch_of(masks, [0], void=torch.ones(32, 48, dtype=torch.bool)))
    assert losses["object/mask"] == losses["object/dice"] == losses["object/iou"] == 0
    (losses["object/mask"] + losses["object/dice"]).backward()
    assert not logits.grad.any()
