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
from rmpsam_ros.network.stage import StageOutput
from rmpsam_ros.training.batches import COVERAGES, Batch
from rmpsam_ros.training.matcher import LossWeights, match
from rmpsam_ros.training.points import mask_losses, sample_points, uncertain_points

Losses = dict[str, Tensor]

SAME, UNSURE = 0.5, 0.3
"""IoU from which a mask is an object's, and below which it is not."""

SHARED_WEIGHT = 0.5
"""Of the class of a query that another query has been matched before."""


class Criterion:
    """Losses by name, already weighted, to be summed.

    Args:
        is_thing: (K,) bool.
        weights: of each loss.
        stage_class_scale: factor on the stages' class logits. The network multiplies them by ten for no task of its
            own; at that sharpness a head that starts at random hardly learns.
        one_to_many: whether a query that was left without an object, but whose last mask lies on one, is taught that one's
            class instead of `no object`: what a query is then follows from its mask, and the network's scores sort out
            which of several is the best (`network.distinct`).
        stuff_queries: whether the first queries belong to one stuff class each, in the classes' order, and to nothing
            else: stuff needs no matching, and learns as fast as semantic segmentation does.
    """

    def __init__(self, is_thing: Tensor, weights: LossWeights, stage_class_scale: float = 0.1, stuff_queries: bool = False,
                 one_to_many: bool = False) -> None:  # fmt: skip
        self.is_thing, self.weights, self.stage_class_scale = is_thing, weights, stage_class_scale
        self.one_to_many = one_to_many
        self.seen = torch.ones(len(is_thing))  # objects of each class so far
        self.owner = torch.where(is_thing, -1, (~is_thing).long().cumsum(0) - 1) if stuff_queries else None

    def objects(self, outputs: list[StageOutput], batch: Batch) -> Losses:
        """Object queries; `outputs` are the stages' and, last, the adapter's, with mask logits (B, N, T * h, w)."""
        for class_ids in batch.class_ids if self.weights.balance > 0 else ():
            self.seen += torch.bincount(class_ids[class_ids >= 0].cpu(), minlength=len(self.seen))
        losses: list[Losses] = []
        truths = [_halved(masks, self._voids(*known)) for masks, *known in zip(batch.masks, batch.class_ids, batch.voids, batch.no_things)]
        cells = [_at_cells(truth, outputs[0].mask_logits) for truth in truths]
        for index, output in enumerate(outputs):
            last = index == len(outputs) - 1
            scale = 1.0 if last else self.stage_class_scale
            output = output._replace(class_logits=output.class_logits.float() * scale, mask_logits=output.mask_logits.float())
            losses.append(self._objects(output, batch, truths, cells, self.one_to_many and last))
        names = {"object/name": losses[-1].pop("name")} if "name" in losses[-1] else {}
        return {**_mean(losses, "object"), **names}

    def prompts(self, outputs: list[StageOutput], batch: Batch) -> Losses:
        """Prompts, whose answers are known: no matching and no classes."""
        known = _halved(batch.answers.flatten(0, 1), batch.answer_voids.flatten(0, 1))
        cells = _at_cells(known, outputs[0].mask_logits)
        losses = []
        for output in outputs:
            logits = output.mask_logits.float().flatten(0, 1)
            losses.append(self._masks(logits, known, cells, output.iou.float().flatten()))
        return _mean(losses, "prompt")

    def _voids(self, class_ids: Tensor, void: Tensor, no_thing: Tensor) -> Tensor:
        """(M, H, W) of M objects: what is known to be no thing may be any stuff."""
        is_stuff = (class_ids >= 0) & ~self.is_thing.to(class_ids.device)[class_ids.clamp(min=0)]
        return void | (is_stuff[:, None, None] & no_thing)

    def _objects(self, output: StageOutput, batch: Batch, truths: list[Tensor], cells: list[Tensor], one_to_many: bool) -> Losses:
        pairs = [match(output.class_logits[b], output.mask_logits[b], batch.class_ids[b], truths[b], batch.voids[b], self.weights, self.owner)
                 for b in range(len(batch))]  # fmt: skip
        alike = [_alike(m, t) if one_to_many else None for m, t in zip(output.mask_logits, truths)]
        allowed, weight = self._teach(output.class_logits, pairs, batch, alike)
        classes = self.weights.classification * _outside(output.class_logits, allowed, weight)
        queries = output.mask_logits.shape[1]
        # One index into all pictures: the gradient of an index into each would be a full-size map of zeros every time.
        chosen = torch.cat([b * queries + rows for b, (rows, _) in enumerate(pairs)])
        logits = output.mask_logits.flatten(0, 1)[chosen]
        known = torch.cat([truths[b][columns] for b, (_, columns) in enumerate(pairs)])
        known_cells = torch.cat([cells[b][columns] for b, (_, columns) in enumerate(pairs)])
        iou = output.iou.flatten(0, 1)[chosen, 0]
        losses = {"class": classes, **self._masks(logits, known, known_cells, iou.float())}
        if output.opinion is not None:  # of what it is alone: queries that may be no object say nothing of that
            losses["name"] = _outside(output.opinion.float(), allowed[..., :-1], weight * ~allowed[..., -1])
        return losses

    def _teach(self, logits: Tensor, pairs: list[tuple[Tensor, Tensor]], batch: Batch, alike: list[Tensor | None]) -> tuple[Tensor, Tensor]:
        """What each query may be, (B, N, K + 1) bool, and how much it shall learn of that, (B, N)."""
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
            if alike[b] is not None and len(batch.class_ids[b]):
                self._share(allowed[b], weight[b], alike[b], batch.class_ids[b])
            class_ids = batch.class_ids[b][columns]
            allowed[b, rows] = False
            allowed[b, rows, class_ids] = True  # -1 is the last, `no object`, but such rows weigh nothing
            weight[b, rows] = (class_ids >= 0).to(weight.dtype)
        if self.weights.balance > 0:
            rarity = ((self.seen.mean() / self.seen) ** self.weights.balance).clamp(0.3, 4.0).to(logits.device)
            weight = weight * torch.where(allowed[..., -1], 1.0, (allowed[..., :-1] * rarity).amax(dim=-1))
        return allowed, weight

    def _share(self, allowed: Tensor, weight: Tensor, iou: Tensor, class_ids: Tensor) -> None:
        """Queries (N) whose masks lie on an object (M) may be its class, from an IoU of `SAME`; below that, from
        `UNSURE` on, they learn nothing. In place; queries of stuff classes keep to what they are."""
        best, which = iou.max(dim=1)
        free = torch.ones_like(weight, dtype=torch.bool)
        if self.owner is not None:
            free[: int(self.owner.max()) + 1] = False
        classes = class_ids[which]
        weight[free & (best >= UNSURE) & (best < SAME)] = 0.0
        rows = (free & (best >= SAME) & (classes >= 0) & self.is_thing.to(classes.device)[classes.clamp(min=0)]).nonzero()[:, 0]
        unknown = free & (best >= SAME) & (classes < 0)
        weight[unknown] = 0.0
        allowed[rows] = False
        allowed[rows, classes[rows]] = True
        weight[rows] = SHARED_WEIGHT

    def _masks(self, logits: Tensor, known: Tensor, cells: Tensor, iou: Tensor) -> Losses:
        """Mask, dice and IoU losses of (M, h, w) logits against their (M, 2, H/2, W/2) truths and voids, 0 … 1, which are
        `cells` (M, 2, h, w) at the logits' size."""
        w = self.weights
        if not len(logits):
            nothing = logits.sum() + iou.sum()
            return {"mask": nothing, "dice": nothing, "iou": nothing}
        points = uncertain_points(logits[:, None], w.points, w.oversampling, w.importance)
        at_points = _bounded(sample_points(logits[:, None], points)[:, 0])
        at_truth = sample_points(known, points)
        entropy, dice = mask_losses(at_points, at_truth[:, 0], (at_truth[:, 1] < 0.5).float())
        judged = (known[:, 1].flatten(1) < 0.5).any(dim=1)
        quality = (iou - true_iou(logits, cells[:, 0] >= 0.5, cells[:, 1] > 0.5)).square() * judged
        number = judged.sum().clamp(min=1)
        return {"mask": w.mask * entropy.sum() / number, "dice": w.dice * dice.sum() / number, "iou": w.iou * quality.sum() / number}


def _outside(logits: Tensor, allowed: Tensor, weight: Tensor) -> Tensor:
    """Minus the log of the probability that falls on what is allowed, averaged with the weights; rows of weight 0 may allow nothing."""
    within = logits.masked_fill(~allowed & (weight > 0)[..., None], float("-inf")).logsumexp(dim=-1)
    return ((logits.logsumexp(dim=-1) - within) * weight).sum() / weight.sum().clamp(min=1)


@torch.no_grad()
def _alike(logits: Tensor, truths: Tensor) -> Tensor:
    """(N, M) IoU of (N, h, w) logits with (M, 2, H, W) truths and voids, at every second cell."""
    if not len(truths):
        return logits.new_zeros(len(logits), 0)
    coarse = logits[:, ::2, ::2]
    found = (coarse > 0).flatten(1).float()
    cells = F.interpolate(truths, size=coarse.shape[-2:], mode="area")
    known = (cells[:, 1] <= 0.5).flatten(1).float()
    true = (cells[:, 0] >= 0.5).flatten(1).float() * known
    common = found @ true.t()
    return common / (found @ known.t() + true.sum(dim=1) - common).clamp(min=1)


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
    return torch.stack((_quarters(masks), _quarters(voids)), dim=1)


def _at_cells(truth: Tensor, logits: Tensor) -> Tensor:
    """(M, 2, H, W) truths and voids at the size of (…, h, w) logits."""
    size = logits.shape[-2:]
    return F.interpolate(truth, size=size, mode="area") if len(truth) else truth.new_zeros(0, 2, *size)


def _quarters(masks: Tensor) -> Tensor:
    """(M, H, W) bool to the share of each 2x2 pixels, in bytes and pairs of bytes: pooling floats takes several times as long on a CPU."""
    pixels = masks.contiguous().view(torch.uint8)
    pairs = (pixels[:, 0::2] + pixels[:, 1::2]).view(torch.int16)
    return ((pairs & 255) + (pairs >> 8)).float() * 0.25


def _bounded(logits: Tensor, limit: float = 10.0) -> Tensor:
    """Logits whose growth is a tenth beyond the limit: far from its centre an ellipse is very sure of itself, and a few
    such points would outvote all others in the gradient."""
    inside = logits.clamp(-limit, limit)
    return inside + 0.1 * (logits - inside)


def _mean(losses: list[Losses], prefix: str) -> Losses:
    """Each kind of loss averaged over the levels."""
    return {f"{prefix}/{name}": torch.stack([level[name] for level in losses]).mean() for name in losses[0]}
