"""The losses of one step: object queries against objects, and prompts against their masks, at every decoder stage.

Classification, mask and dice losses and their weights are Mask2Former's (Cheng et al., 2022), as in RMP-SAM. Unlabelled
regions are ignored: if only things are labelled, an unmatched query may be any stuff or no object; if only some objects are
labelled, it may be anything.
"""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.data.sample import Coverage
from rmpsam_ros.network.stage import StageOutput
from rmpsam_ros.training.batches import COVERAGES, Batch
from rmpsam_ros.training.matcher import LossWeights, assign, costs
from rmpsam_ros.training.points import mask_losses, sample_points, uncertain_points
from rmpsam_ros.training.truth import PIXELS, Truth

Losses = dict[str, Tensor]

SAME, UNSURE = 0.5, 0.3
"""IoU with an object above which a mask belongs to it, and below which it does not."""

STAGE_CLASS_SCALE = 0.1
"""Factor on the stages' class logits. The network multiplies them by ten without a need of its own; with logits that sharp, a randomly
initialised head hardly learns."""

SHARED_WEIGHT = 0.5
"""Class-loss weight of a query whose object is matched to another query."""


class Criterion:
    """Losses by name, already weighted, to be summed.

    Args:
        is_thing: (K,) bool.
        weights: weights of the losses.
        one_to_many: whether an unmatched query whose last mask lies on an object is trained with that object's class instead of
            `no object`. The class of a query then follows from its mask, and the network's scores select the best of
            several queries (`network.distinct`).
        stuff_queries: whether the first queries are reserved for one stuff class each, in the classes' order: stuff then needs
            no matching, and is learned as fast as in semantic segmentation.
    """

    def __init__(self, is_thing: Tensor, weights: LossWeights, stuff_queries: bool = False, one_to_many: bool = False) -> None:
        self.is_thing, self.weights, self.one_to_many = is_thing, weights, one_to_many
        self.seen = torch.ones(len(is_thing))  # objects of each class so far, plus one
        self.owner = torch.where(is_thing, -1, (~is_thing).long().cumsum(0) - 1) if stuff_queries else None

    def objects(self, outputs: list[StageOutput], batch: Batch) -> Losses:
        """Losses of the object queries; `outputs` are those of the stages and, last, the adapter, with mask logits (B, N, T * h, w)."""
        self._move(batch.class_ids.device)
        if self.weights.balance > 0:
            self.seen.index_add_(0, batch.class_ids.clamp(min=0), (batch.class_ids >= 0).float())
        truth = Truth.of(batch.masks, batch.voids, batch.class_ids, batch.counts, self.is_thing)
        scales = [STAGE_CLASS_SCALE] * (len(outputs) - 1) + [1.0]
        outputs = [output._replace(class_logits=output.class_logits.float() * scale, mask_logits=output.mask_logits.float())
                   for output, scale in zip(outputs, scales)]  # fmt: skip
        tables = torch.stack([costs(output.class_logits, output.mask_logits, truth, self.weights, self.owner) for output in outputs])
        pairs = assign(tables, truth, self.weights, self.owner)
        cells = truth.at(outputs[0].mask_logits.shape[-2:])
        shared = [None] * (len(outputs) - 1) + [_alike(outputs[-1].mask_logits, truth) if self.one_to_many else None]
        losses = [self._objects(output, batch.coverage, truth, cells, *each) for output, *each in zip(outputs, pairs, shared)]
        names = {"object/name": losses[-1].pop("name")} if "name" in losses[-1] else {}
        return {**_mean(losses, "object"), **names}

    def prompts(self, outputs: list[StageOutput], batch: Batch) -> Losses:
        """Losses of the prompts, whose masks are known: no matching and no classes."""
        known = torch.stack((batch.answers, batch.answer_voids), dim=2).flatten(0, 1).float() / PIXELS
        cells = F.interpolate(known, size=outputs[0].mask_logits.shape[-2:], mode="area")
        losses = []
        for output in outputs:
            logits = output.mask_logits.float().flatten(0, 1)
            losses.append(self._masks(logits, known, cells, output.iou.float().flatten()))
        return _mean(losses, "prompt")

    def _move(self, device: torch.device) -> None:
        self.is_thing, self.seen = self.is_thing.to(device), self.seen.to(device)
        self.owner = None if self.owner is None else self.owner.to(device)

    def _objects(self, output: StageOutput, coverage: Tensor, truth: Truth, cells: Tensor, pairs: tuple[Tensor, Tensor],
                 alike: Tensor | None) -> Losses:  # fmt: skip
        chosen, objects = pairs
        allowed, weight = self._teach(output.class_logits, coverage, truth, pairs, alike)
        losses = {"class": self.weights.classification * _outside(output.class_logits, allowed, weight),
                  **self._masks(output.mask_logits.flatten(0, 1).index_select(0, chosen), truth.maps[objects], cells[objects],
                                output.iou.flatten(0, 1)[chosen, 0].float())}  # fmt: skip
        if output.opinion is not None:  # class only: queries that may be no object are excluded
            losses["name"] = _outside(output.opinion.float(), allowed[..., :-1], weight * ~allowed[..., -1])
        return losses

    def _teach(self, logits: Tensor, coverage: Tensor, truth: Truth, pairs: tuple[Tensor, Tensor], alike: Tensor | None) -> tuple[Tensor, Tensor]:
        """Allowed classes of each query, (B, N, K + 1) bool, and its loss weight, (B, N)."""
        outputs = logits.shape[-1]
        allowed = torch.zeros(logits.shape, dtype=torch.bool, device=logits.device)
        allowed[..., -1] = True
        allowed[..., :-1] = (coverage == COVERAGES.index(Coverage.THINGS))[:, None, None] & ~self.is_thing
        nothing_known = (coverage == COVERAGES.index(Coverage.SOME))[:, None]
        weight = torch.where(nothing_known, 0.0, self.weights.no_object).expand(logits.shape[:2]).clone()
        if alike is not None and len(truth):
            allowed, weight = self._share(allowed, weight, alike, truth.padded_classes())
        chosen, objects = pairs
        class_ids = truth.class_ids[objects]
        # -1 selects the last entry, `no object`, but such rows have weight 0
        allowed.view(-1, outputs)[chosen] = F.one_hot(class_ids.remainder(outputs), outputs).bool()
        weight.view(-1)[chosen] = (class_ids >= 0).to(weight.dtype)
        if self.weights.balance > 0:
            weight = weight * torch.where(allowed[..., -1], 1.0, (allowed[..., :-1] * self.rarity()).amax(dim=-1))
        return allowed, weight

    def rarity(self) -> Tensor:
        """(K,) class-balancing factors on the losses, by `LossWeights.balance`. The mean is over the classes that have occurred: including
        absent ones would make all others look common and shrink their losses. (In the bundled model's data all classes occur.)"""
        occurred = self.seen > 1
        mean = (self.seen * occurred).sum() / occurred.sum().clamp(min=1)
        return ((mean / self.seen) ** self.weights.balance).clamp(0.3, 4.0)

    def _share(self, allowed: Tensor, weight: Tensor, iou: Tensor, class_ids: Tensor) -> tuple[Tensor, Tensor]:
        """`allowed` and `weight`, where queries whose masks have an IoU (B, N, M) of at least `SAME` with one of M objects (B, M) get its
        class; between `UNSURE` and `SAME` they are ignored. Queries of stuff classes are unchanged."""
        best, which = iou.max(dim=2)
        classes = class_ids.gather(1, which)
        free = torch.ones_like(which, dtype=torch.bool)
        if self.owner is not None:
            free &= torch.arange(which.shape[1], device=which.device) > self.owner.max()
        lies = free & (best >= SAME)
        named = lies & (classes >= 0) & self.is_thing[classes.clamp(min=0)]
        silent = (free & (best >= UNSURE) & (best < SAME)) | (lies & (classes < 0))
        weight = weight.masked_fill(silent, 0.0).masked_fill(named, SHARED_WEIGHT)
        outputs = allowed.shape[-1]
        return torch.where(named[..., None], F.one_hot(classes.remainder(outputs), outputs).bool(), allowed), weight

    def _masks(self, logits: Tensor, known: Tensor, cells: Tensor, iou: Tensor) -> Losses:
        """Mask, dice and IoU losses of (M, h, w) logits against (M, 2, H/2, W/2) ground truth and void, 0 … 1; `cells` (M, 2, h, w) are
        these at the size of the logits."""
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
    """Weighted mean of the negative log of the total probability of the allowed classes; rows of weight 0 may allow none."""
    within = logits.masked_fill(~allowed & (weight > 0)[..., None], float("-inf")).logsumexp(dim=-1)
    return ((logits.logsumexp(dim=-1) - within) * weight).sum() / weight.sum().clamp(min=1)


@torch.no_grad()
def _alike(logits: Tensor, truth: Truth) -> Tensor:
    """(B, N, M) IoU of (B, N, h, w) logits with the objects of their images, at every second cell."""
    coarse = logits[:, :, ::2, ::2]
    found = (coarse > 0).flatten(2).float()
    cells = truth.at(coarse.shape[-2:])
    known = (cells[:, 1] <= 0.5).flatten(1).float()
    true = (cells[:, 0] >= 0.5).flatten(1).float() * known
    known, true = truth.padded(known), truth.padded(true)
    common = found @ true.mT
    return common / (found @ known.mT + true.sum(dim=2)[:, None] - common).clamp(min=1)


@torch.no_grad()
def true_iou(logits: Tensor, truth: Tensor, void: Tensor) -> Tensor:
    """(M,) IoU of (M, h, w) logits with (M, H, W) ground truth, compared at the logits' cells."""
    rows, columns = truth.shape[-2] // logits.shape[-2], truth.shape[-1] // logits.shape[-1]
    cells = (..., slice(rows // 2, None, rows), slice(columns // 2, None, columns))
    truth, known, found = truth[cells], ~void[cells], logits > 0
    common = (found & truth & known).flatten(1).sum(dim=1)
    union = ((found | truth) & known).flatten(1).sum(dim=1)
    return common / union.clamp(min=1)


def _bounded(logits: Tensor) -> Tensor:
    """Logits with a slope of one tenth beyond ±10: far from its centre, an ellipse has very large logits, and a few such points
    would dominate the gradient."""
    inside = logits.clamp(-10.0, 10.0)
    return inside + 0.1 * (logits - inside)


def _mean(losses: list[Losses], prefix: str) -> Losses:
    """Each loss averaged over the stages."""
    return {f"{prefix}/{name}": torch.stack([level[name] for level in losses]).mean() for name in losses[0]}
