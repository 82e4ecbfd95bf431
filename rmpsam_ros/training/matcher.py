"""Which query shall learn which object: the cheapest assignment, as in DETR (Carion et al., 2020) and Mask2Former."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from rmpsam_ros.training.points import pairwise_mask_losses, random_points, sample_points


_FORBIDDEN = 1e4


@dataclass(frozen=True)
class LossWeights:
    """Weights of the losses, and the number of points that masks are compared at.

    `balance` 0 … 1: the class loss of an object is multiplied by (mean frequency / frequency of its class) to this power.
    `queries_per_thing`: each thing is learned by so many queries at most (Jia et al., "DETRs with Hybrid Matching", 2023): with one
    alone, most queries are told nothing of where things are. For networks that lower the scores of duplicates themselves.
    """

    classification: float = 2.0
    mask: float = 5.0
    dice: float = 5.0
    iou: float = 1.0
    no_object: float = 0.1
    balance: float = 0.0
    queries_per_thing: int = 1
    points: int = 12544
    oversampling: float = 3.0
    importance: float = 0.75


@torch.no_grad()
def match(class_logits: Tensor, mask_logits: Tensor, class_ids: Tensor, truths: Tensor, void: Tensor,
          weights: LossWeights, owner: Tensor | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Queries and the objects assigned to them, for one picture.

    Args:
        class_logits: (N, K + 1).
        mask_logits: (N, h, w).
        class_ids: (M,), -1 for an object without a class: any class suits it.
        truths: (M, 1 or more, h, w) float32 at any size, the mask as 0 … 1 in the first channel.
        void: (H, W) bool.
        owner: (K,) the one query that a class may take, -1 for the classes that share all the others; None: all share all.

    Returns:
        Two int64 tensors of equal length: rows of queries, each at most once, and rows of objects, things up to
        `weights.queries_per_thing` times.
    """
    device = mask_logits.device
    if not len(truths):
        return torch.zeros(0, dtype=torch.int64, device=device), torch.zeros(0, dtype=torch.int64, device=device)
    points = random_points(1, weights.points, device)
    logits = sample_points(mask_logits[None].float(), points)[0]  # (N, P)
    truth = sample_points(truths[None, :, 0], points)[0]  # (M, P)
    known = (sample_points(void[None, None].float(), points)[0, 0] < 0.5).float()
    entropy, dice = pairwise_mask_losses(logits, truth, known)
    probability = class_logits.float().softmax(dim=-1)[:, class_ids.clamp(min=0)]  # (N, M)
    probability = probability * (class_ids >= 0)
    cost = weights.mask * entropy + weights.dice * dice - weights.classification * probability
    if owner is not None:
        owner = owner.to(device)
        owners = torch.where(class_ids >= 0, owner[class_ids.clamp(min=0)], -1)  # (M,)
        reserved = torch.arange(len(cost), device=device) <= owner.max()
        queries = torch.arange(len(cost), device=device)[:, None]
        cost = cost.masked_fill(torch.where(owners >= 0, queries != owners, reserved[:, None]), _FORBIDDEN)
    repeated = _repeated(class_ids, owner, len(cost), weights.queries_per_thing)
    table = torch.nan_to_num(cost[:, repeated], nan=_FORBIDDEN, posinf=_FORBIDDEN, neginf=-_FORBIDDEN).cpu().numpy()
    rows, columns = (torch.as_tensor(side, device=device) for side in linear_sum_assignment(table))
    columns = repeated[columns]
    allowed = cost[rows, columns] < _FORBIDDEN  # more things than queries for them: the rest goes without
    return rows[allowed], columns[allowed]


def _repeated(class_ids: Tensor, owner: Tensor | None, queries: int, times: int) -> Tensor:
    """Rows of the objects, those of things as often as half of the queries that they share are enough for: the rest keeps to
    saying that there is nothing."""
    every = torch.arange(len(class_ids), device=class_ids.device)
    if times <= 1:
        return every
    shared = every if owner is None else every[(class_ids < 0) | (owner[class_ids.clamp(min=0)] < 0)]
    free = queries if owner is None else queries - int(owner.max()) - 1
    more = min(times, free // (2 * max(len(shared), 1))) - 1
    return torch.cat((every, shared.repeat(max(more, 0))))
