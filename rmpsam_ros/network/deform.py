"""Modulated deformable convolution (DCNv2, Zhu et al., 2019) and the neck's upsampling layer built on it.

Implemented as a grid sample over a 3H x 3W grid, times the mask, then a 3x3 convolution with stride 3. This is exact, and
uses operators that OpenVINO's and TensorRT's ONNX importers support, unlike `DeformConv`.
"""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def modulated_deform_conv(x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """DCNv2 with a 3x3 kernel, stride 1, padding 1, one offset group, no bias.

    Args:
        x: (B, C, H, W) features.
        offset: (B, 18, H, W) pixels; channels 2k, 2k+1 are dy, dx of kernel point k = 3 * row + column.
        mask: (B, 9, H, W) weight of each sample.
        weight: (O, C, 3, 3).

    Returns:
        (B, O, H, W). Samples outside the map are 0; within one pixel of its edge they fade to 0.
    """
    batch, _, height, width = x.shape
    dtype, device = torch.float32, x.device
    # Coordinates are float32 for any feature type: bfloat16 cannot distinguish pixel 129.5 from 130.
    tap = torch.arange(9, device=device)
    rows = torch.arange(height, dtype=dtype, device=device)[:, None]
    columns = torch.arange(width, dtype=dtype, device=device)[None, :]
    kernel_y = (torch.div(tap, 3, rounding_mode="floor") - 1).to(dtype)[:, None, None]
    kernel_x = (tap % 3 - 1).to(dtype)[:, None, None]
    offset = offset.to(dtype).reshape(batch, 9, 2, height, width)
    py = rows + kernel_y + offset[:, :, 0]  # (B, 9, H, W) rows in x's own pixel grid
    px = columns + kernel_x + offset[:, :, 1]
    # Grid units for align_corners=False, which also work for a side of one pixel; the other convention divides by 0.
    grid = torch.stack(((2 * px + 1) / width - 1, (2 * py + 1) / height - 1), dim=-1)  # (B, 9, H, W, 2)
    grid = grid.reshape(batch, 3, 3, height, width, 2).permute(0, 3, 1, 4, 2, 5)
    grid = grid.reshape(batch, 3 * height, 3 * width, 2)
    mask = mask.reshape(batch, 3, 3, height, width).permute(0, 3, 1, 4, 2).reshape(batch, 1, 3 * height, 3 * width)
    samples = F.grid_sample(x.to(dtype), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return F.conv2d(samples.to(x.dtype) * mask, weight, stride=3)


class DeformConv(nn.Module):
    """Holds the deformable kernel, so that its key is `dcn.weight` as in the official checkpoint."""

    def __init__(self, cin: int, cout: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(cout, cin, 3, 3))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, x: Tensor, offset: Tensor, mask: Tensor) -> Tensor:
        return modulated_deform_conv(x, offset, mask, self.weight)


class DeformLayer(nn.Module):
    """Deformable 3x3 convolution, then a transposed convolution that doubles the size; (B, p, h, w) to (B, q, 2h, 2w)."""

    def __init__(self, cin: int, cout: int) -> None:
        super().__init__()
        self.dcn_offset = nn.Conv2d(cin, 27, 3, padding=1)
        self.dcn = DeformConv(cin, cout)
        self.dcn_bn = nn.BatchNorm2d(cout)
        self.up_sample = nn.ConvTranspose2d(cout, cout, 4, stride=2, padding=1, bias=False)
        self.up_bn = nn.BatchNorm2d(cout)
        # Start as a plain convolution: no offsets, every sample at half weight (the usual DCNv2 start).
        nn.init.zeros_(self.dcn_offset.weight)
        nn.init.zeros_(self.dcn_offset.bias)

    def forward(self, x: Tensor) -> Tensor:
        prediction = self.dcn_offset(x)
        # The reference names its chunks x and y offsets, but the operator reads the 18 channels as (dy, dx) pairs.
        offset, mask = prediction[:, :18], torch.sigmoid(prediction[:, 18:])
        x = torch.relu(self.dcn_bn(self.dcn(x, offset, mask)))
        return torch.relu(self.up_bn(self.up_sample(x)))
