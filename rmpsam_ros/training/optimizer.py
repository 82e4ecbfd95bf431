"""Frozen parts, optimizer, learning-rate schedule, and the averaged copy of the network."""
from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

from rmpsam_ros.errors import DataError
from rmpsam_ros.network import RMPSAM
from rmpsam_ros.network.efficientnet_lite import LAST_BLOCKS, EfficientNetLite0


def backbone_stages(net: RMPSAM) -> list[list[nn.Module]]:
    """The backbone's modules in four groups, by the stride of their output: up to 4, 8, 16, 32."""
    backbone = net.backbone
    if isinstance(backbone, EfficientNetLite0):
        first = 0
        groups: list[list[nn.Module]] = []
        for last in LAST_BLOCKS:
            groups.append(list(backbone.blocks[first : last + 1]))
            first = last + 1
        groups[0] = [backbone.conv_stem, backbone.bn0, *groups[0]]
        return groups
    return [[backbone.conv1, backbone.bn1, backbone.layer1], [backbone.layer2], [backbone.layer3], [backbone.layer4]]


def freeze(net: RMPSAM, stages: int) -> None:
    """Freezes the first `stages` groups of the backbone.

    Raises:
        DataError: not 0 to 4.
    """
    if not 0 <= stages <= 4:
        raise DataError(f"freeze_stages is {stages}; it must be from 0 (nothing) to 4 (the whole backbone).")
    for group in backbone_stages(net)[:stages]:
        for module in group:
            module.requires_grad_(False)


def set_training_mode(net: RMPSAM, frozen_batchnorm: str, frozen_stages: int) -> None:
    """Sets training mode with fixed batch-norm statistics in the `backbone`, in `all`, or in `none`, and always in the frozen first
    stages of the backbone."""
    net.train()
    fixed: list[nn.Module] = [module for group in backbone_stages(net)[:frozen_stages] for module in group]
    fixed += {"none": [], "backbone": [net.backbone], "all": [net]}[frozen_batchnorm]
    for part in fixed:
        for module in part.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()


def make_optimizer(net: RMPSAM, rate: float, decay: float, backbone_factor: float) -> torch.optim.AdamW:
    """AdamW without weight decay for norms, biases and embeddings, and with a lower learning rate for the backbone. `base` is each
    group's full learning rate."""
    groups: dict[tuple[bool, bool], list[Tensor]] = {}
    for name, parameter in net.named_parameters():
        if parameter.requires_grad:
            plain = parameter.ndim <= 1 or name.endswith("bias") or any(part in name for part in ("kernels", "embedding", "mask_tokens", "anchors"))
            groups.setdefault((name.startswith("backbone."), plain), []).append(parameter)
    described = [{"params": parameters, "weight_decay": 0.0 if plain else decay, "base": rate * (backbone_factor if backbone else 1.0)}
                 for (backbone, plain), parameters in groups.items()]  # fmt: skip
    return torch.optim.AdamW(described, lr=rate, fused=next(net.parameters()).is_cuda)


def set_rate(optimizer: torch.optim.Optimizer, step: int, warm_up: int, done: float) -> float:
    """Sets the learning rate: linear warm-up over `warm_up` steps, times a cosine decay to one hundredth as `done` goes from 0 to 1;
    returns the factor on each group's full rate."""
    factor = min(1.0, (step + 1) / max(1, warm_up)) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))
    for group in optimizer.param_groups:
        group["lr"] = group["base"] * factor
    return factor


class AveragedNetwork:
    """Exponential moving average (EMA) of the network, including its running statistics; counters are copied.

    The decay grows from 0.1 with the steps, so that the first steps are forgotten quickly.
    """

    def __init__(self, net: RMPSAM, decay: float) -> None:
        self.net, self.decay = copy.deepcopy(net).eval().requires_grad_(False), decay

    @torch.no_grad()
    def update(self, net: RMPSAM, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        averaged, latest = [], []
        for mine, other in zip(self.net.state_dict().values(), net.state_dict().values()):
            if mine.is_floating_point():
                averaged.append(mine)
                latest.append(other)
            else:
                mine.copy_(other)
        torch._foreach_lerp_(averaged, latest, 1 - decay)  # one call instead of hundreds
