"""Mask losses on sampled points instead of whole maps.

Points are chosen as in PointRend (Kirillov et al., 2020, section 3.1) and Mask2Former (Cheng et al., 2022, section 3.3):
the most uncertain of an oversampled set of candidates, and random points for the rest.
"""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def sample_points(maps: Tensor, points: Tensor) -> Tensor:
    """Bilinear values of maps at points.

    Args:
        maps: (M, C, H, W).
        points: (M, P, 2) xy, 0 … 1 over the map's extent.

    Returns:
        (M, C, P).
    """
    return F.grid_sample(maps, 2 * points[:, :, None] - 1, padding_mode="border", align_corners=False)[..., 0]


def random_points(number: int, count: int, device: torch.device) -> Tensor:
    """(number, count, 2) uniform points."""
    return torch.rand(number, count, 2, device=device)


@torch.no_grad()
def uncertain_points(logits: Tensor, count: int, oversampling: float = 3.0, importance: float = 0.75) -> Tensor:
    """(M, count, 2) points for masks of (M, 1, h, w) logits, `importance` of them where |logit| is smallest."""
    number = logits.shape[0]
    candidates = random_points(number, int(count * oversampling), logits.device)
    doubt = -sample_points(logits, candidates)[:, 0].abs()
    kept = doubt.topk(int(importance * count), dim=1).indices
    chosen = torch.gather(candidates, 1, kept[..., None].expand(-1, -1, 2))
    return torch.cat((chosen, random_points(number, count - chosen.shape[1], logits.device)), dim=1)


def mask_losses(logits: Tensor, truth: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy and dice loss of each mask at its points.

    Args:
        logits, truth, weight: (M, P); weight is 0 at void points. The losses of a mask without any weight are 0.

    Returns:
        Two (M,) tensors. The dice loss (Milletari et al., 2016) adds one to numerator and denominator, as in MaskFormer.
    """
    total = weight.sum(dim=1)
    known = (total > 0).to(logits.dtype)
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    entropy = (entropy * weight).sum(dim=1) / total.clamp(min=1)
    share = logits.sigmoid() * weight
    truth = truth * weight
    dice = 1 - (2 * (share * truth).sum(dim=1) + 1) / (share.sum(dim=1) + truth.sum(dim=1) + 1)
    return entropy * known, dice * known


def pairwise_mask_losses(logits: Tensor, truth: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The same losses for every prediction and every object of its image: (B, N, P), (B, M, P) and (B, P) to two (B, N, M) tensors."""
    weight = weight[:, None]
    total = weight.sum(dim=2, keepdim=True).clamp(min=1)
    inside = F.softplus(-logits) * weight  # cross-entropy where the truth is 1
    outside = F.softplus(logits) * weight
    entropy = (inside @ truth.mT + outside @ (1 - truth).mT) / total
    share = logits.sigmoid() * weight
    truth = truth * weight
    dice = 1 - (2 * share @ truth.mT + 1) / (share.sum(dim=2)[:, :, None] + truth.sum(dim=2)[:, None] + 1)
    return entropy, dice
