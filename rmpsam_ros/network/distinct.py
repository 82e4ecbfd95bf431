"""Several queries on one object: what it is they settle together, and the best of them keeps its score.

Where every query is taught what its mask lies on, many say the same of one object, and some say something else. Each one's
classes become the mean of those of all queries on its object, as the answers of an ensemble. Each is then scored by its class
and its predicted mask quality, and lowered by how much its mask is that of a better one: a duplicate to nearly nothing, a
neighbour not at all. That is matrix NMS (Wang et al., "SOLOv2", 2020). A few matrix products in all; they are part of the
graph, so that every runtime gets the same scores.
"""
from __future__ import annotations

import torch
from torch import Tensor

EVERY = 2
"""Masks are compared at every second cell of each axis."""

LEAST_QUALITY = 0.05
"""What a predicted mask quality counts at least."""


def mask_overlap(masks: Tensor) -> Tensor:
    """(B, N, H, W) logits to the IoU of each two masks, (B, N, N); an empty one has none, not even with itself."""
    found = (masks[:, :, ::EVERY, ::EVERY] > 0).to(masks.dtype).flatten(2)
    area = found.sum(dim=2)
    common = torch.matmul(found, found.transpose(1, 2))
    return common / (area[:, :, None] + area[:, None] - common).clamp(min=1)


def settled_classes(probabilities: Tensor, iou: Tensor, overlap: Tensor, stuff_queries: int) -> Tensor:
    """Probabilities (B, N, K + 1) after the vote; those of stuff queries, which own a class each, and that of `no object` stay.

    A query's vote weighs its probability of an object, its mask quality, and the square of its mask's IoU with the other.

    Args:
        probabilities: (B, N, K + 1), the last `no object`.
        iou: (B, N) predicted mask quality, raw.
        overlap: (B, n, n) IoU of the masks of the other n queries.
        stuff_queries: how many of the first queries take no part.
    """
    kept, votes = probabilities[:, :stuff_queries], probabilities[:, stuff_queries:]
    some = 1 - votes[..., -1:]
    named = votes[..., :-1] / votes[..., :-1].sum(dim=-1, keepdim=True).clamp(min=1e-9)
    weights = overlap.square() * (some[..., 0] * iou[:, stuff_queries:].clamp(LEAST_QUALITY, 1.0))[:, None]
    total = weights.sum(dim=-1, keepdim=True)
    mean = torch.matmul(weights, named) / total.clamp(min=1e-9)
    mean = torch.where(total > 1e-6, mean, named)  # an empty mask has nobody to ask
    return torch.cat((kept, torch.cat((mean * some, votes[..., -1:]), dim=-1)), dim=1)


def distinct_scores(scores: Tensor, class_ids: Tensor, iou: Tensor, overlap: Tensor, num_classes: int, stuff_queries: int) -> Tensor:
    """Scores (B, N) after the comparison; those of stuff queries and of `no object` stay.

    Args:
        scores, class_ids: (B, N) probability and number of the best class, `num_classes` for no object.
        iou: (B, N) predicted mask quality, raw.
        overlap: (B, n, n) IoU of the masks of the n queries that are not for stuff.
        num_classes: K.
        stuff_queries: how many of the first queries take no part.
    """
    kept, scores = scores[:, :stuff_queries], scores[:, stuff_queries:]
    class_ids, iou = class_ids[:, stuff_queries:], iou[:, stuff_queries:]
    named = class_ids < num_classes
    strength = torch.where(named, scores * iou.clamp(LEAST_QUALITY, 1.0), torch.zeros_like(scores))
    order = torch.arange(strength.shape[1], device=strength.device)
    # [i, j]: j is better than i; of two that are equally good the first is.
    better = (strength[:, None] > strength[:, :, None]) | ((strength[:, None] == strength[:, :, None]) & (order[None] < order[:, None]))
    beaten = torch.where(better, overlap, torch.zeros_like(overlap))
    worst = beaten.amax(dim=2)  # of each query, the overlap with one that is better than it
    # A better one that is itself a duplicate must not count in full: it will not be there.
    left = ((1 - beaten) / (1 - worst[:, None]).clamp(min=1e-3)).clamp(max=1).amin(dim=2)
    return torch.cat((kept, torch.where(named, scores * left, scores)), dim=1)
