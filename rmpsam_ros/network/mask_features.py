"""The stride-4 map that masks are pooled from and multiplied with, either as it is or factored."""
from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class MaskFeatures:
    """Mask features F = `projection` @ `channels`, of which only the two products below are ever needed.

    Attributes:
        channels: (B, C, H, W).
        projection: (D, C), or None where `channels` are the features themselves (D = C).
    """

    channels: Tensor
    projection: Tensor | None = None

    def pool(self, weights: Tensor) -> Tensor:
        """Sum of F under `weights` (B, N, H, W): (B, N, D). A sum, not a mean: an empty mask gives 0."""
        pooled = torch.matmul(weights.flatten(2), self.channels.flatten(2).transpose(1, 2))  # (B, N, C)
        return pooled if self.projection is None else torch.matmul(pooled, self.projection.t())

    def product(self, kernels: Tensor) -> Tensor:
        """Inner product of each kernel (B, N, D) with F at each pixel: (B, N, H, W)."""
        if self.projection is not None:
            kernels = torch.matmul(kernels, self.projection)  # (B, N, C)
        batch, _, height, width = self.channels.shape
        return torch.matmul(kernels, self.channels.flatten(2)).reshape(batch, -1, height, width)

    def respond(self, kernels: Tensor) -> Tensor:
        """The same for kernels (N, D) that are constants: (B, N, H, W).

        A convolution, because OpenVINO computes one with constant weights in bfloat16, a matrix product in float32.
        """
        if self.projection is not None:
            kernels = torch.matmul(kernels, self.projection)
        return F.conv2d(self.channels, kernels[:, :, None, None])
