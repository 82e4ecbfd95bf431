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
        mean: whether `pool` divides by the mask's area.
    """

    channels: Tensor
    projection: Tensor | None = None
    mean: bool = False

    def pool(self, weights: Tensor) -> Tensor:
        """Sum (or mean) of F under `weights` (B, N, H, W): (B, N, D). An empty mask gives 0 in both."""
        pooled = torch.matmul(weights.flatten(2), self.channels.flatten(2).transpose(1, 2))  # (B, N, C)
        if self.mean:  # the same at every size of the input, unlike a sum
            pooled = pooled / weights.flatten(2).sum(dim=2, keepdim=True).clamp(min=1e-3)
        return pooled if self.projection is None else torch.matmul(pooled, self.projection.t())

    def product(self, kernels: Tensor, shape: Tensor | None = None) -> Tensor:
        """Inner product of each kernel (B, N, D) with F at each pixel: (B, N, H, W).

        Args:
            kernels: (B, N, D).
            shape: (B, N, 5) factors of the last five channels x², y², x, y, 1 to be added, see `anchors.Anchors`.
        """
        if shape is not None and torch.is_autocast_enabled(self.channels.device.type):
            return self.product(kernels).float() + self.ellipses(shape)
        kernels = self._fold(kernels, shape)
        batch, _, height, width = self.channels.shape
        return torch.matmul(kernels, self.channels.flatten(2)).reshape(batch, -1, height, width)

    def ellipses(self, shape: Tensor) -> Tensor:
        """The last five channels alone under factors (B, N, 5): (B, N, H, W).

        In float32 even under autocast: a small ellipse is the difference of large numbers.
        """
        batch, _, height, width = self.channels.shape
        with torch.autocast(self.channels.device.type, enabled=False):
            return torch.matmul(shape, self.channels[:, -5:].flatten(2).to(shape.dtype)).reshape(batch, -1, height, width)

    def respond(self, kernels: Tensor, shape: Tensor | None = None) -> Tensor:
        """The same for kernels (N, D) and shapes (N, 5) that are constants: (B, N, H, W).

        A convolution, because OpenVINO computes one with constant weights in bfloat16, a matrix product in float32.
        """
        if shape is not None and torch.is_autocast_enabled(self.channels.device.type):
            return self.respond(kernels).float() + self.ellipses(shape[None].expand(self.channels.shape[0], -1, -1))
        return F.conv2d(self.channels, self._fold(kernels, shape)[:, :, None, None])

    def _fold(self, kernels: Tensor, shape: Tensor | None) -> Tensor:
        """Kernels (…, D) and shapes (…, 5) as factors of the channels (…, C)."""
        if self.projection is not None:
            kernels = torch.matmul(kernels, self.projection)
        return kernels if shape is None else kernels + F.pad(shape, (kernels.shape[-1] - shape.shape[-1], 0))
