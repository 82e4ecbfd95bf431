"""Class votes and matrix NMS for several queries on one object: they vote on its class, and only the best keeps its score.

If every query is trained to classify whatever its mask covers, many queries detect the same object, and some of them classify
it differently. Each query's class probabilities become a weighted mean over all queries on its object, as in an ensemble. Each
query is then ranked by its class score and predicted mask quality, and its score is reduced by its overlap with better masks: a
duplicate to almost 0, a neighbour not at all. This is matrix NMS (Wang et al., "SOLOv2", 2020). It takes only a few matrix
products, which are part of the graph, so that all runtimes compute the same scores.
"""
from __future__ import annotations

import torch
from torch import Tensor

EVERY = 2
"""Masks are compared at every second cell of each axis."""

LEAST_QUALITY = 0.05
"""Lower bound for predicted mask qualities."""


def mask_overlap(masks: Tensor) -> Tensor:
    """IoU of each pair of masks, from (B, N, H, W) logits to (B, N, N); 0 for an empty mask, also with itself."""
    found = (masks[:, :, ::EVERY, ::EVERY] > 0).to(masks.dtype).flatten(2)
    area = found.sum(dim=2)
    common = torch.matmul(found, found.transpose(1, 2))
    return common / (area[:, :, None] + area[:, None] - common).clamp(min=1)


def settled_classes(probabilities: Tensor, iou: Tensor, overlap: Tensor, stuff_queries: int) -> Tensor:
    """Probabilities (B, N, K + 1) after the vote; unchanged for stuff queries, which have one class each, and for `no object`.

    The weight of a vote is the product of the query's object probability, its mask quality, and the squared IoU of the two masks.

    Args:
        probabilities: (B, N, K + 1), the last `no object`.
        iou: (B, N) predicted mask quality, raw.
        overlap: (B, n, n) IoU of the masks of the n queries that are not for stuff.
        stuff_queries: number of stuff queries at the beginning, which take no part.
    """
    kept, votes = probabilities[:, :stuff_queries], probabilities[:, stuff_queries:]
    some = 1 - votes[..., -1:]
    named = votes[..., :-1] / votes[..., :-1].sum(dim=-1, keepdim=True).clamp(min=1e-9)
    weights = overlap.square() * (some[..., 0] * iou[:, stuff_queries:].clamp(LEAST_QUALITY, 1.0))[:, None]
    total = weights.sum(dim=-1, keepdim=True)
    mean = torch.matmul(weights, named) / total.clamp(min=1e-9)
    mean = torch.where(total > 1e-6, mean, named)  # an empty mask overlaps no query, so there are no votes
    return torch.cat((kept, torch.cat((mean * some, votes[..., -1:]), dim=-1)), dim=1)


def distinct_scores(scores: Tensor, class_ids: Tensor, iou: Tensor, overlap: Tensor, num_classes: int, stuff_queries: int) -> Tensor:
    """Scores (B, N) after matrix NMS; unchanged for stuff queries and for `no object`.

    Args:
        scores, class_ids: (B, N) probability and ID of the best class, `num_classes` for no object.
        iou: (B, N) predicted mask quality, raw.
        overlap: (B, n, n) IoU of the masks of the n queries that are not for stuff.
        num_classes: K.
        stuff_queries: number of stuff queries at the beginning, which take no part.
    """
    kept, scores = scores[:, :stuff_queries], scores[:, stuff_queries:]
    class_ids, iou = class_ids[:, stuff_queries:], iou[:, stuff_queries:]
    named = class_ids < num_classes
    strength = torch.where(named, scores * iou.clamp(LEAST_QUALITY, 1.0), torch.zeros_like(scores))
    order = torch.arange(strength.shape[1], device=strength.device)
    # [i, j]: j is better than i; in a tie the first one is better.
    better = (strength[:, None] > strength[:, :, None]) | ((strength[:, None] == strength[:, :, None]) & (order[None] < order[:, None]))
    beaten = torch.where(better, overlap, torch.zeros_like(overlap))
    worst = beaten.amax(dim=2)  # for each query, its largest overlap with a better one
    # A better query that is itself a duplicate must not count fully, because it will be suppressed too.
    left = ((1 - beaten) / (1 - worst[:, None]).clamp(min=1e-3)).clamp(max=1).amin(dim=2)
    return torch.cat((kept, torch.where(named, scores * left, scores)), dim=1)
