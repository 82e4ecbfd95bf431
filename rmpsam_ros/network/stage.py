"""One decoder stage: pools features under the masks, updates the kernels, and predicts classes and refined masks."""
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from rmpsam_ros.network.anchors import Locator
from rmpsam_ros.network.attention import Attention
from rmpsam_ros.network.classifier import TextClassifier
from rmpsam_ros.network.mask_features import MaskFeatures


class DecoderOutput(NamedTuple):
    """The decoder's outputs for N queries (or prompts).

    Attributes:
        class_logits: (B, N, K + 1), the last class `no object`.
        mask_logits: (B, N, H/4, W/4), positive inside.
        queries: (B, N, D) embeddings, which tracking compares between frames.
        iou: (B, N, 1) predicted mask quality, raw (no sigmoid).
    """

    class_logits: Tensor
    mask_logits: Tensor
    queries: Tensor
    iou: Tensor


class StageOutput(NamedTuple):
    """`DecoderOutput` as passed between parts of the head, with fields that only the next stage and training use.

    Attributes:
        class_logits, mask_logits, queries, iou: as in `DecoderOutput`.
        anchors: (B, N, 5) ellipses (`anchors.py`), if the network has them.
        opinion: (B, N, K) logits of the second opinion on the object queries' classes, if the network has one.
    """

    class_logits: Tensor
    mask_logits: Tensor
    queries: Tensor
    iou: Tensor
    anchors: Tensor | None = None
    opinion: Tensor | None = None


def claimed(masks: Tensor) -> Tensor:
    """1 where a mask covers a pixel, else 0: the reference thresholds sigmoid(logit) > 0.5, which is logit > 0."""
    return (masks > 0).to(masks.dtype)


def pool_under(masks: Tensor, features: MaskFeatures) -> Tensor:
    """Sum (or mean) of the features over the pixels that each mask covers; (B, N, H, W) logits to (B, N, D)."""
    return features.pool(claimed(masks))


class KernelUpdator(nn.Module):
    """Gated update of kernels by pooled features (K-Net, Zhang et al., 2021); the spelling of the name is that of K-Net."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dynamic_layer = nn.Linear(dim, 2 * dim)
        self.input_layer = nn.Linear(dim, 2 * dim)
        self.input_gate = nn.Linear(dim, dim)
        self.update_gate = nn.Linear(dim, dim)
        self.norm_in = nn.LayerNorm(dim)
        self.norm_out = nn.LayerNorm(dim)
        self.input_norm_in = nn.LayerNorm(dim)
        self.input_norm_out = nn.LayerNorm(dim)
        self.fc_layer = nn.Linear(dim, dim)
        self.fc_norm = nn.LayerNorm(dim)

    def forward(self, update: Tensor, kernels: Tensor) -> Tensor:
        """New kernels (B, N, D) from pooled features and kernels, both (B, N, D); not negative, without a residual."""
        parameter_in, parameter_out = self.dynamic_layer(update).chunk(2, dim=-1)
        kernel_in, kernel_out = self.input_layer(kernels).chunk(2, dim=-1)
        gates = kernel_in * parameter_in
        input_gate = torch.sigmoid(self.input_norm_in(self.input_gate(gates)))
        update_gate = torch.sigmoid(self.norm_in(self.update_gate(gates)))
        mixed = update_gate * self.norm_out(parameter_out) + input_gate * self.input_norm_out(kernel_out)
        return torch.relu(self.fc_norm(self.fc_layer(mixed)))


class FeedForward(nn.Module):
    """Two linear layers; nested only to keep the checkpoint's keys `layers.0.0` and `layers.1`."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Sequential(nn.Linear(dim, width)), nn.Linear(width, dim)])

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[1](torch.relu(self.layers[0](x)))


class DecoderStage(nn.Module):
    """Kernel update, attention between kernels, feed-forward, and the three prediction branches."""

    def __init__(self, dim: int, heads: int, feedforward: int, text_dim: int, anchors: bool = False) -> None:
        super().__init__()
        self.locator = Locator(dim) if anchors else None
        self.kernel_update = KernelUpdator(dim)
        self.s_atten = Attention(dim, heads)
        self.s_atten_norm = nn.LayerNorm(dim)
        self.ffn = FeedForward(dim, feedforward)
        self.ffn_norm = nn.LayerNorm(dim)
        self.cls_fcs = nn.Sequential(nn.Linear(dim, dim, bias=False), nn.LayerNorm(dim), nn.ReLU())
        self.cls_proj = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, text_dim))
        self.mask_fcs = nn.Sequential(nn.Linear(dim, dim, bias=False), nn.LayerNorm(dim), nn.ReLU())
        self.fc_mask = nn.Linear(dim, dim)
        self.iou_embed = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 1))

    def update(self, features: MaskFeatures, kernels: Tensor, masks: Tensor, alone: bool) -> Tensor:
        """New queries (B, N, D) from the old kernels and their masks; `alone` disables attention between prompts."""
        kernels = self.kernel_update(pool_under(masks, features), kernels)
        attended = self.s_atten.alone(kernels) if alone else self.s_atten(kernels)
        kernels = self.s_atten_norm(kernels + attended)
        return self.ffn_norm(kernels + self.ffn(kernels))

    def masks(self, features: MaskFeatures, queries: Tensor, anchors: Tensor | None = None) -> Tensor:
        """(B, N, H, W) mask logits of the queries, plus their ellipses if they have any."""
        return features.product(self.fc_mask(self.mask_fcs(queries)), anchors)

    def locate(self, queries: Tensor, anchors: Tensor | None) -> Tensor | None:
        """The queries' ellipses (B, N, 5) after this stage; None if there are none."""
        return None if self.locator is None or anchors is None else self.locator(queries, anchors)

    def iou(self, queries: Tensor) -> Tensor:
        """(B, N, 1) predicted mask quality, raw."""
        return self.iou_embed(self.mask_fcs(queries))

    def classes(self, queries: Tensor, classifier: TextClassifier) -> Tensor:
        """(B, N, K + 1) class logits."""
        return classifier(self.cls_proj(self.cls_fcs(queries)))

    def forward(self, features: MaskFeatures, kernels: Tensor, masks: Tensor, classifier: TextClassifier, alone: bool,
                anchors: Tensor | None) -> StageOutput:  # fmt: skip
        """All outputs of the stage, as supervised in training."""
        queries = self.update(features, kernels, masks, alone)
        anchors = self.locate(queries, anchors)
        return StageOutput(self.classes(queries, classifier), self.masks(features, queries, anchors), queries, self.iou(queries), anchors)
