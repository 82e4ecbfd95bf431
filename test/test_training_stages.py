"""Tests that the losses supervise every stage and the adapter, at points that are chosen as configured."""
from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from test_training_losses import IS_THING, WEIGHTS, batch_of, cells_of, logits_of, masks_of_columns, output_of  # noqa: E402

from rmpsam_ros.network import build  # noqa: E402
from rmpsam_ros.training import criterion  # noqa: E402
from rmpsam_ros.training.criterion import Criterion  # noqa: E402
from rmpsam_ros.training.forward import Forward  # noqa: E402
from rmpsam_ros.training.matcher import LossWeights  # noqa: E402


def prompted(masks: torch.Tensor, class_ids: list[int]):
    """A batch with one click on each object."""
    batch, number = batch_of(masks, class_ids), len(masks)
    clicks = torch.tensor([[9.0, 9.0, 15.0, 15.0]]).expand(number, 4)[None]
    return replace(batch, boxes=clicks, labels=torch.ones(1, number, dtype=torch.int64), answers=cells_of(masks)[None], answer_voids=cells_of(masks)[None] * 0)


def test_forward__gives_three_stages_and_the_adapter_for_objects_and_prompts():
    net = build("tiny", num_classes=3, learned_classes=True)
    batch = replace(prompted(masks_of_columns((0, 24)), [1]), images=torch.zeros(1, 1, 3, 64, 64, dtype=torch.uint8), sizes=torch.tensor([[64, 64]]))
    forward = Forward(net)
    features = forward.features(batch)
    for outputs in (forward.objects(features, batch), forward.prompts(features, batch)):
        assert len(outputs) == 4
        assert not any(torch.equal(one.mask_logits, other.mask_logits) for one, other in zip(outputs, outputs[1:]))


@pytest.mark.parametrize("kind", ["objects", "prompts"])
def test_losses__reach_the_masks_classes_and_scores_of_every_stage(kind):
    batch = prompted(masks_of_columns((0, 24), (24, 48)), [1, 2])
    outputs = []
    for _ in range(4):
        made = output_of(logits_of(masks_of_columns((0, 30), (20, 48)), 2.0), torch.randn(2, 4))
        outputs.append(made._replace(**{name: getattr(made, name).clone().requires_grad_() for name in ("class_logits", "mask_logits", "iou")}))
    losses = getattr(Criterion(IS_THING, WEIGHTS), kind)(outputs, batch)
    sum(losses.values()).backward()
    for output in outputs:
        assert output.mask_logits.grad.abs().sum() > 0 and output.iou.grad.abs().sum() > 0
        assert kind == "prompts" or output.class_logits.grad.abs().sum() > 0


def test_losses__are_weighted_and_sampled_as_in_mask2former_unless_the_run_says_otherwise(monkeypatch):
    weights, asked, plain = LossWeights(), [], criterion.uncertain_points
    assert (weights.classification, weights.mask, weights.dice, weights.no_object) == (2.0, 5.0, 5.0, 0.1)
    monkeypatch.setattr(criterion, "uncertain_points", lambda logits, *how: asked.append(how) or plain(logits, *how))
    batch = prompted(masks_of_columns((0, 24)), [1])
    output = output_of(logits_of(masks_of_columns((0, 30), (20, 48))), torch.zeros(2, 4))
    Criterion(IS_THING, weights).objects([output], batch)
    Criterion(IS_THING, weights).prompts([output._replace(mask_logits=output.mask_logits[:, :1], iou=output.iou[:, :1])], batch)
    assert asked == [(12544, 3.0, 0.75)] * 2
