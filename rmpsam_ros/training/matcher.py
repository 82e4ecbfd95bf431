"""Bipartite matching of queries and objects with minimum cost, as in DETR (Carion et al., 2020) and Mask2Former."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from rmpsam_ros.training.points import pairwise_mask_losses, random_points, sample_points
from rmpsam_ros.training.truth import Truth

FORBIDDEN = 1e4
"""Cost of a forbidden pair."""


@dataclass(frozen=True)
class LossWeights:
    """Weights of the losses, and the number of points at which masks are compared.

    `balance` 0 … 1: exponent of the factor (mean frequency of the classes that occur / frequency of the class) on an object's class loss.
    `queries_per_thing`: maximum number of queries matched to each thing (Jia et al., "DETRs with Hybrid Matching", 2023): with only
    one, most queries get no supervision of where things are. For networks that lower the scores of duplicates themselves.
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
def costs(class_logits: Tensor, mask_logits: Tensor, truth: Truth, weights: LossWeights, owner: Tensor | None = None) -> Tensor:
    """Matching costs of all queries and objects of the same image.

    Args:
        class_logits: (B, N, K + 1).
        mask_logits: (B, N, h, w).
        truth: objects of the B images; one without a class matches any class.
        owner: (K,) the query reserved for each class, -1 for the classes that share the other queries; None: all queries are shared.

    Returns:
        (B, N, M) float32, `FORBIDDEN` for pairs that are not allowed.
    """
    size, queries = class_logits.shape[:2]
    if not len(truth):
        return class_logits.new_zeros(size, queries, 0, dtype=torch.float32)
    points = random_points(size, weights.points, mask_logits.device)
    logits = sample_points(mask_logits.float(), points)  # (B, N, P)
    inside = truth.padded(sample_points(truth.maps[:, :1], points[truth.pictures])[:, 0])  # (B, M, P)
    known = (sample_points(truth.voids[:, None], points)[:, 0] < 0.5).float()
    entropy, dice = pairwise_mask_losses(logits, inside, known)
    class_ids = truth.padded_classes()[:, None]  # (B, 1, M)
    probability = class_logits.float().softmax(dim=-1).gather(2, class_ids.clamp(min=0).expand(-1, queries, -1)) * (class_ids >= 0)
    cost = weights.mask * entropy + weights.dice * dice - weights.classification * probability
    if owner is not None:
        owners = torch.where(class_ids >= 0, owner[class_ids.clamp(min=0)], -1)
        rows = torch.arange(queries, device=cost.device)[None, :, None]
        cost = cost.masked_fill(torch.where(owners >= 0, rows != owners, rows <= owner.max()), FORBIDDEN)
    return torch.nan_to_num(cost, nan=FORBIDDEN, posinf=FORBIDDEN, neginf=-FORBIDDEN)


def assign(tables: Tensor, truth: Truth, weights: LossWeights, owner: Tensor | None = None) -> list[tuple[Tensor, Tensor]]:
    """Queries and the objects assigned to them, for each of several outputs of the network.

    Args:
        tables: (L, B, N, M) `costs` of L outputs, transferred from the device together because every synchronisation costs the same.
        truth, weights, owner: as passed to `costs`.

    Returns:
        For each output, two int64 tensors of equal length on the truth's device: rows of queries among all B * N, each at most once,
        and rows of objects among all objects, things up to `weights.queries_per_thing` times.
    """
    costs_of, class_ids = tables.cpu().numpy(), truth.class_ids.cpu().numpy()
    owners = None if owner is None else owner.cpu().numpy()
    queries = tables.shape[2]
    first = np.cumsum((0, *truth.counts))
    repeated = [_repeated(class_ids[first[b] : first[b + 1]], owners, queries, weights.queries_per_thing) for b in range(len(truth.counts))]
    rows, columns, lengths = [], [], []
    for level in costs_of:
        length = 0
        for b, cost in enumerate(level):
            chosen, places = linear_sum_assignment(cost[:, repeated[b]])
            objects = repeated[b][places]
            allowed = cost[chosen, objects] < FORBIDDEN  # more things than queries: the rest stays unmatched
            rows.append(b * queries + chosen[allowed])
            columns.append(first[b] + objects[allowed])
            length += int(allowed.sum())
        lengths.append(length)
    pairs = torch.from_numpy(np.stack((np.concatenate(rows), np.concatenate(columns)))).to(truth.class_ids.device)
    return [(both[0], both[1]) for both in pairs.split(lengths, dim=1)]


def _repeated(class_ids: npt.NDArray[np.int64], owner: npt.NDArray[np.int64] | None, queries: int, times: int) -> npt.NDArray[np.int64]:
    """Indices of an image's objects, things repeated up to `times`, but so that they take at most half of the shared queries: the others
    must still learn to predict no object."""
    every = np.arange(len(class_ids))
    if times <= 1:
        return every
    shared = every if owner is None else every[(class_ids < 0) | (owner[class_ids.clip(min=0)] < 0)]
    free = queries if owner is None else queries - int(owner.max()) - 1
    more = min(times, free // (2 * max(len(shared), 1))) - 1
    return np.concatenate((every, np.tile(shared, max(more, 0))))
