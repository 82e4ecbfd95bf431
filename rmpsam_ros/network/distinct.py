"""Which of several queries on one object is the best: matrix NMS (Wang et al., "SOLOv2", 2020), a few matrix products.

Where every query is taught what its mask lies on, many say the same of one object. Each is scored by its class and its
predicted mask quality, and then lowered by how much its mask is that of a better one: a duplicate to nearly nothing, a
neighbour not at all. It is part of the graph, so that every runtime gets the same scores.
"""
from __future__ import annotations

import torch
from torch import Tensor

EVERY = 2
"""Masks are compared at every second cell of each axis."""


def distinct_scores(scores: Tensor, class_ids: Tensor, iou: Tensor, masks: Tensor, num_classes: int, stuff_queries: int) -> Tensor:
    """Scores (B, N) after the comparison; those of stuff queries, which own a class each, and of `no object` stay.

    Args:
        scores, class_ids: (B, N) probability and number of the best class, `num_classes` for no object.
        iou: (B, N) predicted mask quality, raw.
        masks: (B, N, H, W) logits.
        num_classes: K.
        stuff_queries: how many of the first queries take no part.
    """
    kept, scores = scores[:, :stuff_queries], scores[:, stuff_queries:]
    class_ids, iou = class_ids[:, stuff_queries:], iou[:, stuff_queries:]
    named = class_ids < num_classes
    strength = torch.where(named, scores * iou.clamp(0.05, 1.0), torch.zeros_like(scores))
    found = (masks[:, stuff_queries:, ::EVERY, ::EVERY] > 0).to(masks.dtype).flatten(2)
    area = found.sum(dim=2)
    common = torch.matmul(found, found.transpose(1, 2))  # (B, n, n)
    overlap = common / (area[:, :, None] + area[:, None] - common).clamp(min=1)
    order = torch.arange(strength.shape[1], device=strength.device)
    # [i, j]: j is better than i; of two that are equally good the first is.
    better = (strength[:, None] > strength[:, :, None]) | ((strength[:, None] == strength[:, :, None]) & (order[None] < order[:, None]))
    beaten = torch.where(better, overlap, torch.zeros_like(overlap))
    worst = beaten.amax(dim=2)  # of each query, the overlap with one that is better than it
    # A better one that is itself a duplicate must not count in full: it will not be there.
    left = ((1 - beaten) / (1 - worst[:, None]).clamp(min=1e-3)).clamp(max=1).amin(dim=2)
    return torch.cat((kept, torch.where(named, scores * left, scores)), dim=1)
