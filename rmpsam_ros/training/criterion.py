"""The losses of one step: object queries against objects, prompts against their answers, at every stage.

Classification, mask and dice losses and their weights are Mask2Former's (Cheng et al., 2022), as in RMP-SAM. What is
not labelled teaches nothing: where only things are labelled, a query without an object may be any stuff or no object;
where only some objects are, it may be anything.
"""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.data.sample import Coverage
from rmpsam_ros.network import DecoderOutput
from rmpsam_ros.training.batches import COVERAGES, Batch
from rmpsam_ros.training.matcher import LossWeights, match
from rmpsam_ros.training.points import mask_losses, sample_points, uncertain_points

Losses = dict[str, Tensor]


class Criterion:
    """Losses by name, already weighted, to be summed.

    Args:
        is_thing: (K,) bool.
        weights: of each loss.
        stage_class_scale: factor on the stages' class logits. The network multiplies them by ten for no task of its
            own; at that sharpness a head that starts at random hardly learns.
        stuff_queries: whether the first queries belong to one stuff class each, in the classes' order, and to nothing
            else: stuff needs no matching, and learns as fast as semantic segmentation does.
    """

    def __init__(self, is_thing: Tensor, weights: LossWeights, stage_class_scale: float = 0.1, stuff_queries: bool = False) -> None:
        self.is_thing, self.weights, self.stage_class_scale = is_thing, weights, stage_class_scale
        self.owner = torch.where(is_thing, -1, (~is_thing).long().cumsum(0) - 1) if stuff_queries else None

    def objects(self, outputs: list[DecoderOutput], batch: Batch) -> Losses:
        """Object queries; `outputs` are the stages' and, last, the adapter's, with mask logits (B, N, T * h, w)."""
        losses: list[Losses] = []
        truths = [_halved(masks, void.expand_as(masks)) for masks, void in zip(batch.masks, batch.voids)]
        for index, output in enumerate(outputs):
            last = index == len(outputs) - 1
            scale = 1.0 if last else self.stage_class_scale
            output = output._replace(class_logits=output.class_logits.float() * scale, mask_logits=output.mask_logits.float())
            losses.append(self._objects(output, batch, truths))
        return _mean(losses, "object")

    def prompts(self, outputs: list[DecoderOutput], batch: Batch) -> Losses:
        """Prompts, whose answers are known: no matching and no classes."""
        known = _halved(batch.answers.flatten(0, 1), batch.answer_voids.flatten(0, 1))
        losses = []
        for output in outputs:
            logits = output.mask_logits.float().flatten(0, 1)
            losses.append(self._masks(logits, known, output.iou.float().flatten()))
        return _mean(losses, "prompt")

    def _objects(self, output: DecoderOutput, batch: Batch, truths: list[Tensor]) -> Losses:
        pairs = [match(output.class_logits[b], output.mask_logits[b], batch.class_ids[b], truths[b], batch.voids[b], self.weights, self.owner)
                 for b in range(len(batch))]  # fmt: skip
        classes = self._classes(output.class_logits, pairs, batch)
        queries = output.mask_logits.shape[1]
        # One index into all pictures: the gradient of an index into each would be a full-size map of zeros every time.
        chosen = torch.cat([b * queries + rows for b, (rows, _) in enumerate(pairs)])
        logits = output.mask_logits.flatten(0, 1)[chosen]
        known = torch.cat([truths[b][columns] for b, (_, columns) in enumerate(pairs)])
        iou = output.iou.flatten(0, 1)[chosen, 0]
        return {"class": self.weights.classification * classes, **self._masks(logits, known, iou.float())}

    def _classes(self, logits: Tensor, pairs: list[tuple[Tensor, Tensor]], batch: Batch) -> Tensor:
        """Minus the log of the probability that falls on what a query may be, averaged with the queries' weights."""
        size, queries, outputs = logits.shape
        allowed = torch.zeros(size, queries, outputs, dtype=torch.bool, device=logits.device)
        allowed[..., -1] = True
        weight = torch.full((size, queries), self.weights.no_object, device=logits.device)
        for b, (rows, columns) in enumerate(pairs):
            coverage = COVERAGES[int(batch.coverage[b])]
            if coverage is Coverage.THINGS:
                allowed[b, :, :-1] = ~self.is_thing.to(logits.device)
            elif coverage is Coverage.SOME:
                weight[b] = 0.0
            class_ids = batch.class_ids[b][columns]
            allowed[b, rows] = False
            allowed[b, rows, class_ids] = True  # -1 is the last, `no object`, but such rows weigh nothing
            weight[b, rows] = (class_ids >= 0).to(weight.dtype)
        within = logits.masked_fill(~allowed, float("-inf")).logsumexp(dim=-1)
        loss = logits.logsumexp(dim=-1) - within
        return (loss * weight).sum() / weight.sum().clamp(min=1)

    def _masks(self, logits: Tensor, known: Tensor, iou: Tensor) -> Losses:
        """Mask, dice and IoU losses of (M, h, w) logits against their (M, 2, H/2, W/2) truths and voids, 0 … 1."""
        w = self.weights
        if not len(logits):
            nothing = logits.sum() + iou.sum()
            return {"mask": nothing, "dice": nothing, "iou": nothing}
        points = uncertain_points(logits[:, None], w.points, w.oversampling, w.importance)
        at_points = _bounded(sample_points(logits[:, None], points)[:, 0])
        at_truth = sample_points(known, points)
        entropy, dice = mask_losses(at_points, at_truth[:, 0], (at_truth[:, 1] < 0.5).float())
        judged = (known[:, 1].flatten(1) < 0.5).any(dim=1)
        cells = F.interpolate(known, size=logits.shape[-2:], mode="area") if known.shape[-2:] != logits.shape[-2:] else known
        quality = (iou - true_iou(logits, cells[:, 0] >= 0.5, cells[:, 1] > 0.5)).square() * judged
        number = judged.sum().clamp(min=1)
        return {"mask": w.mask * entropy.sum() / number, "dice": w.dice * dice.sum() / number, "iou": w.iou * quality.sum() / number}


@torch.no_grad()
def true_iou(logits: Tensor, truth: Tensor, void: Tensor) -> Tensor:
    """(M,) IoU of (M, h, w) logits with (M, H, W) truths, compared at the logits' cells."""
    rows, columns = truth.shape[-2] // logits.shape[-2], truth.shape[-1] // logits.shape[-1]
    cells = (..., slice(rows // 2, None, rows), slice(columns // 2, None, columns))
    truth, known, found = truth[cells], ~void[cells], logits > 0
    common = (found & truth & known).flatten(1).sum(dim=1)
    union = ((found | truth) & known).flatten(1).sum(dim=1)
    return common / union.clamp(min=1)


def _halved(masks: Tensor, voids: Tensor) -> Tensor:
    """(M, H, W) bool masks and voids to (M, 2, H/2, W/2) shares of each: twice as fine as the logits, a quarter of the work."""
    return F.avg_pool2d(torch.stack((masks, voids), dim=1).float(), 2)


def _bounded(logits: Tensor, limit: float = 10.0) -> Tensor:
    """Logits whose growth is a tenth beyond the limit: far from its centre an ellipse is very sure of itself, and a few
    such points would outvote all others in the gradient."""
    inside = logits.clamp(-limit, limit)
    return inside + 0.1 * (logits - inside)


def _mean(losses: list[Losses], prefix: str) -> Losses:
    """Each kind of loss averaged over the levels."""
    return {f"{prefix}/{name}": torch.stack([level[name] for level in losses]).mean() for name in losses[0]}
