"""ResNet-18 and ResNet-50 feature pyramids (He et al., 2016; "v1.5": the stride is in the 3x3 convolution).

Reimplemented here, because torchvision has no CPU build on PyPI. Parameter names are those of torchvision, so that its ImageNet
checkpoints and the official RMP-SAM ones load unchanged.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn


def _conv_bn(cin: int, cout: int, kernel: int, stride: int = 1) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    return nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(cout)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a residual connection."""

    expansion = 1

    def __init__(self, cin: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv_bn(cin, width, 3, stride)
        self.conv2, self.bn2 = _conv_bn(width, width, 3)
        self.downsample = nn.Sequential(*_conv_bn(cin, width, 1, stride)) if stride != 1 or cin != width else None

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions with a residual connection; four times as many output channels as inner ones."""

    expansion = 4

    def __init__(self, cin: int, width: int, stride: int) -> None:
        super().__init__()
        cout = width * self.expansion
        self.conv1, self.bn1 = _conv_bn(cin, width, 1)
        self.conv2, self.bn2 = _conv_bn(width, width, 3, stride)
        self.conv3, self.bn3 = _conv_bn(width, cout, 1)
        self.downsample = nn.Sequential(*_conv_bn(cin, cout, 1, stride)) if stride != 1 or cin != cout else None

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """Stem and four stages; `channels` holds the number of channels of each of the four outputs.

    Args:
        block: `BasicBlock` or `Bottleneck`.
        depths: blocks in each stage.
        width: channels of the first stage's inner convolutions (64 in the published networks).
    """

    def __init__(self, block: type[BasicBlock] | type[Bottleneck], depths: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv_bn(3, width, 7, 2)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        cin = width
        for index, depth in enumerate(depths):
            planes = width * 2**index
            blocks = []
            for position in range(depth):
                blocks.append(block(cin, planes, stride=2 if index and position == 0 else 1))
                cin = planes * block.expansion
            self.add_module(f"layer{index + 1}", nn.Sequential(*blocks))
        self.channels = tuple(width * 2**i * block.expansion for i in range(len(depths)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, 3, H, W) to C2 … C5 at strides 4, 8, 16, 32."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        c2 = self.layer1(x)
        c3 = self.layer2(c2)
        c4 = self.layer3(c3)
        return c2, c3, c4, self.layer4(c4)


def resnet18() -> ResNet:
    """Channels 64, 128, 256, 512."""
    return ResNet(BasicBlock, (2, 2, 2, 2))


def resnet50() -> ResNet:
    """Channels 256, 512, 1024, 2048."""
    return ResNet(Bottleneck, (3, 4, 6, 3))


def resnet_tiny() -> ResNet:
    """Channels 8, 16, 32, 64: for tests that must run in milliseconds."""
    return ResNet(BasicBlock, (1, 1, 1, 1), width=8)
