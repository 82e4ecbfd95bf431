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
    """

    classification: float = 2.0
    mask: float = 5.0
    dice: float = 5.0
    iou: float = 1.0
    no_object: float = 0.1
    balance: float = 0.0
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
        Two (min(N, M),) int64 tensors: rows of queries and rows of objects.
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
    rows, columns = linear_sum_assignment(torch.nan_to_num(cost, nan=1e4, posinf=1e4, neginf=-1e4).cpu().numpy())
    rows, columns = torch.as_tensor(rows, device=device), torch.as_tensor(columns, device=device)
    allowed = cost[rows, columns] < _FORBIDDEN  # more things than queries for them: the rest goes without
    return rows[allowed], columns[allowed]
