"""The lite neck of YOSO (Hu et al., 2023) as used by RMP-SAM: one stride-4 map with coordinate channels."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rmpsam_ros.network.deform import DeformLayer
from rmpsam_ros.network.mask_features import MaskFeatures


def _up(x: Tensor, factor: int) -> Tensor:
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


class DeformPyramid(nn.Module):
    """Fuses C2 … C5 into one (B, mid, H/4, W/4) map; everything after the deformable layers is linear."""

    def __init__(self, channels: tuple[int, int, int, int], mid: int) -> None:
        super().__init__()
        c2, c3, c4, c5 = channels
        o1, o2, o3, o4 = c2 // 2, c3 // 2, c4 // 2, c5 // 2
        self.lateral_conv0 = nn.Conv2d(c5, o4, 1)
        self.deform_conv1 = DeformLayer(o4, o3)
        self.lateral_conv1 = nn.Conv2d(c4, o3, 1)
        self.deform_conv2 = DeformLayer(o3, o2)
        self.lateral_conv2 = nn.Conv2d(c3, o2, 1)
        self.deform_conv3 = DeformLayer(o2, o1)
        self.lateral_conv3 = nn.Conv2d(c2, o1, 1)
        self.conv_a5 = nn.Conv2d(o4, mid, 1, bias=False)
        self.conv_a4 = nn.Conv2d(o3, mid, 1, bias=False)
        self.conv_a3 = nn.Conv2d(o2, mid, 1, bias=False)
        self.conv_a2 = nn.Conv2d(o1, mid, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(1, mid, 1, 1))
        self.output_conv = nn.Conv2d(mid, mid, 3, padding=1)

    def forward(self, c2: Tensor, c3: Tensor, c4: Tensor, c5: Tensor) -> Tensor:
        x5 = self.lateral_conv0(c5)
        x4 = self.lateral_conv1(c4) + self.deform_conv1(x5)
        x3 = self.lateral_conv2(c3) + self.deform_conv2(x4)
        x2 = self.lateral_conv3(c2) + self.deform_conv3(x3)
        y = _up(self.conv_a5(x5), 8) + _up(self.conv_a4(x4), 4) + _up(self.conv_a3(x3), 2) + self.conv_a2(x2)
        return self.output_conv(y + self.bias)


class Neck(nn.Module):
    """`DeformPyramid`, two coordinate channels, and a 1x1 convolution to the head's number of channels."""

    def __init__(self, channels: tuple[int, int, int, int], mid: int, hidden: int) -> None:
        super().__init__()
        self.deconv = DeformPyramid(channels, mid)
        self.loc_conv = nn.Conv2d(mid + 2, hidden, 1)

    def forward(self, pyramid: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """Computes the mask features (B, hidden, H/4, W/4) from C2 … C5."""
        y = self.deconv(*pyramid)
        x, rows = _coordinates(y)
        return self.loc_conv(torch.cat((y, x, rows), dim=1))

    def compact(self, pyramid: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """Computes from C2 … C5 the (B, mid, H/4, W/4) map before the coordinates and the last 1x1 convolution."""
        return self.deconv(*pyramid)

    def expand(self, compact: Tensor) -> MaskFeatures:
        """The mask features of `forward` in factored form, as a compact map and a projection.

        `loc_conv` is linear, so pooling under masks and mask products can run on mid + 3 channels (map, x, y and a constant
        one for the bias), with its weight folded into the smaller operand: the same values with half the arithmetic.
        """
        x, y = _coordinates(compact)
        weight, bias = self.loc_conv.weight[:, :, 0, 0], self.loc_conv.bias[:, None]
        channels = torch.cat((compact, x, y, torch.ones_like(x)), dim=1)
        columns, rows = (_linspace(steps, compact.device, torch.float32) for steps in (compact.shape[-1], compact.shape[-2]))
        return MaskFeatures(channels, torch.cat((weight, bias), dim=1), columns=columns, rows=rows)

    @staticmethod
    def dense(features: Tensor, mean: bool) -> MaskFeatures:
        """Wraps the result of `forward` as mask features."""
        columns, rows = (_linspace(steps, features.device, torch.float32) for steps in (features.shape[-1], features.shape[-2]))
        return MaskFeatures(features, mean=mean, columns=columns, rows=rows)


def _coordinates(y: Tensor) -> tuple[Tensor, Tensor]:
    """x and y of each pixel of the padded map, each (B, 1, H, W), from -1 to 1 with both end points exact."""
    batch, _, height, width = y.shape
    rows = _linspace(height, y.device, y.dtype)[None, None, :, None].expand(batch, 1, height, width)
    columns = _linspace(width, y.device, y.dtype)[None, None, None, :].expand(batch, 1, height, width)
    return columns, rows


def _linspace(steps: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    # arange, because ONNX has no linspace with a dynamic length; the map has at least 8 pixels per side.
    index = torch.arange(steps, dtype=torch.float32, device=device)
    return (index * 2 / (steps - 1) - 1).to(dtype)
