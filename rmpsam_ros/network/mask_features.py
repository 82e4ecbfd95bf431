"""The stride-4 mask features, dense or factored, with the pooling and mask products that the decoder needs."""
from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.network.anchors import ellipses

_COARSER = (4, 8)
"""Strides of C4 and C5 (16 and 32) relative to the stride of masks. Constants, because sizes are dynamic in an exported graph."""


@dataclass(frozen=True)
class MaskFeatures:
    """Mask features F = `projection` @ `channels`; only the products below are needed, never F itself.

    Attributes:
        channels: (B, C, H, W).
        projection: (D, C), or None if `channels` are the features themselves (D = C).
        mean: whether `pool` divides by the mask's area.
        columns, rows: (W,) and (H,) float32, x of each column and y of each row, for ellipses; None without ellipses.
        deep: the backbone's C4 and C5 for `pool_deep`, (B, C, H/4, W/4) and (B, C, H/8, W/8), or empty.
    """

    channels: Tensor
    projection: Tensor | None = None
    mean: bool = False
    columns: Tensor | None = None
    rows: Tensor | None = None
    deep: tuple[Tensor, ...] = ()

    def pool(self, weights: Tensor) -> Tensor:
        """Sum (or mean) of F under `weights` (B, N, H, W): (B, N, D). An empty mask gives 0 in both."""
        pooled = torch.matmul(weights.flatten(2), self.channels.flatten(2).transpose(1, 2))  # (B, N, C)
        if self.mean:  # independent of the input size, unlike a sum
            pooled = pooled / weights.flatten(2).sum(dim=2, keepdim=True).clamp(min=1e-3)
        return pooled if self.projection is None else torch.matmul(pooled, self.projection.t())

    def pool_deep(self, weights: Tensor) -> Tensor:
        """Means of the deep maps under `weights` (B, N, H, W), concatenated: (B, N, sum of their channels)."""
        return torch.cat([_mean_under(weights, level, coarser) for level, coarser in zip(self.deep, _COARSER)], dim=-1)

    def product(self, kernels: Tensor, anchors: Tensor | None = None) -> Tensor:
        """Inner product of each kernel (B, N, D) with F at each pixel, plus the log odds of ellipses (B, N, 5): (B, N, H, W)."""
        if self.projection is not None:
            kernels = torch.matmul(kernels, self.projection)
        batch, _, height, width = self.channels.shape
        logits = torch.matmul(kernels, self.channels.flatten(2)).reshape(batch, -1, height, width)
        return self._within(logits, anchors)

    def respond(self, kernels: Tensor, anchors: Tensor | None = None) -> Tensor:
        """`product` for constant kernels (N, D): (B, N, H, W).

        Implemented as a convolution, because OpenVINO computes convolutions with constant weights in bfloat16, but matrix products in float32.
        """
        if self.projection is not None:
            kernels = torch.matmul(kernels, self.projection)
        return self._within(F.conv2d(self.channels, kernels[:, :, None, None]), anchors)

    def ellipses(self, anchors: Tensor) -> Tensor:
        """Only the log odds of ellipses (B, N, 5), in float32 even under autocast: (B, N, H, W)."""
        with torch.autocast(self.channels.device.type, enabled=False):
            along_x, along_y = ellipses(anchors, self.columns, self.rows)
        return along_x + along_y

    def _within(self, logits: Tensor, anchors: Tensor | None) -> Tensor:
        if anchors is None:
            return logits
        odds = self.ellipses(anchors)
        return logits.to(odds.dtype) + odds


def _mean_under(weights: Tensor, level: Tensor, coarser: int) -> Tensor:
    share = F.avg_pool2d(weights, coarser).flatten(2)
    return torch.matmul(share, level.to(share.dtype).flatten(2).transpose(1, 2)) / share.sum(dim=2, keepdim=True).clamp(min=1e-3)
