"""RMP-SAM's shared decoder: three stages for both object queries and prompts, then a separate adapter for each."""
from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from rmpsam_ros.network.anchors import Locator, object_anchors, prompt_anchors
from rmpsam_ros.network.attention import Attention
from rmpsam_ros.network.classifier import TextClassifier
from rmpsam_ros.network.config import NetworkConfig
from rmpsam_ros.network.mask_features import MaskFeatures
from rmpsam_ros.network.opinion import SecondOpinion, agree
from rmpsam_ros.network.stage import DecoderStage, KernelUpdator, StageOutput, claimed, pool_under
from rmpsam_ros.types import CLICK_HALF_SIDE

STAGE_TEMPERATURE = 0.1
"""Class logits of the stages (not of the object adapter) are divided by this."""


class PixelAttention(nn.Module):
    """The prompt adapter's attention with its residual connection, as in the reference's wrapper."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.attn = Attention(dim, heads)

    def forward(self, query: Tensor, features: MaskFeatures) -> Tensor:
        return query + self.attn.pixels(query, features)


class PooledClasses(nn.Module):
    """Classifies an object from the features pooled under its mask.

    Without it, class information passes only through the gates of the object adapter, which are optimised for masks; a linear
    probe on the same pooled features recognises several times as many objects.
    """

    def __init__(self, dim: int, text_dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, text_dim))

    def forward(self, pooled: Tensor) -> Tensor:
        """(B, N, D) pooled features to (B, N, text_dim), a part of the classifier's embedding."""
        return self.layers(pooled)


class Head(nn.Module):
    """Queries, prompt encoder, stages, object adapter, prompt adapter, classifier."""

    def __init__(self, config: NetworkConfig, opinion_channels: int = 0) -> None:
        """opinion_channels: number of backbone channels for the second opinion on classes; 0 for none."""
        super().__init__()
        dim, text_dim, classes = config.dim, config.text_dim, config.num_classes
        self.dim, self.shared_adapter, self.stuff_queries = dim, config.shared_adapter, config.stuff_queries
        self.kernels = nn.Embedding(config.num_queries, dim)
        self.mask_heads = nn.ModuleList(
            DecoderStage(dim, config.heads, config.feedforward, text_dim, config.anchors) for _ in range(config.stages))
        self.panoptic_attn = KernelUpdator(dim)
        self.panoptic_cls = nn.Sequential(nn.Linear(dim, text_dim))
        self.pooled_cls = PooledClasses(dim, text_dim) if config.pooled_classes else None
        self.opinion = SecondOpinion(opinion_channels, dim, classes) if opinion_channels else None
        self.mask_tokens = nn.Embedding(1, dim)
        self.pb_embedding = nn.Embedding(2, dim)
        self.pos_linear = nn.Linear(2 * dim, dim)
        self.prompt_attn = PixelAttention(dim, config.heads)
        self.prompt_norm = nn.LayerNorm(dim)
        self.prompt_iou = nn.Linear(dim, 1)
        self.text_classifier = TextClassifier(classes, text_dim, config.learned_classes, config.class_scale)
        self.anchors = None
        if config.anchors:
            self.anchors = nn.Embedding.from_pretrained(object_anchors(config.num_queries, config.stuff_queries), freeze=False)
        self.panoptic_locator = Locator(dim) if config.anchors else None
        self.prompt_locator = Locator(dim) if config.anchors else None

    # --- object queries -------------------------------------------------------------------------------------------

    def decode_objects(self, features: MaskFeatures, auxiliary: list[StageOutput] | None = None) -> StageOutput:
        """Class, mask, embedding and quality of each object query. If `auxiliary` is given, it receives the outputs of each stage, and
        the final classes exclude the second opinion, because training supervises them separately."""
        batch = features.channels.shape[0]
        kernels = self.kernels.weight[None].expand(batch, -1, -1)
        anchors = None if self.anchors is None else self.anchors.weight[None].expand(batch, -1, -1)
        masks = features.respond(self.kernels.weight, anchors)
        kernels, masks, anchors = self._refine(features, kernels, masks, anchors, alone=False, auxiliary=auxiliary)
        pooled = pool_under(masks, features)
        adapted = self.panoptic_attn(pooled, kernels)
        embedding = self.panoptic_cls(adapted)
        if self.pooled_cls is not None:
            embedding = embedding + self.pooled_cls(pooled)
        if anchors is not None:
            anchors = self.panoptic_locator(adapted, anchors)
        class_logits = self.text_classifier(embedding)
        opinion = self.opinion(features.pool_deep(claimed(masks))) if self.opinion is not None and features.deep else None
        if opinion is not None and auxiliary is None:
            own = self.stuff_queries  # these have one fixed class each and need no second opinion
            class_logits = torch.cat((class_logits[:, :own], agree(class_logits[:, own:], opinion[:, own:])), dim=1)
        return StageOutput(
            class_logits=class_logits,
            mask_logits=features.product(adapted, anchors),
            queries=adapted,
            iou=self.mask_heads[-1].iou(kernels),
            anchors=anchors,
            opinion=opinion,
        )

    # --- prompts --------------------------------------------------------------------------------------------------

    def decode_prompts(self, features: MaskFeatures, boxes: Tensor, labels: Tensor, image_size: tuple[int, int] | Tensor,
                       auxiliary: list[StageOutput] | None = None, classes: bool = True) -> StageOutput:  # fmt: skip
        """Mask and quality of each prompt; prompts do not influence each other.

        Args:
            features: mask features of B images.
            boxes: (B, P, 4) x1, y1, x2, y2 in pixels of the unpadded network input.
            labels: (B, P) int64 or int32, rows of the prompt-type embedding; the reference trained label 1 only.
            image_size: unpadded height and width of the network input.
            classes: whether to compute class logits (no task of the method uses them); (B, P, 0) if not.
        """
        kernels = self.encode_prompts(boxes, labels, image_size)
        anchors = None
        if self.anchors is None:
            masks = features.product(kernels)
        else:
            anchors, content = prompt_anchors(boxes, features.channels.shape[-2:], 2 * CLICK_HALF_SIDE)
            masks = features.ellipses(content)
        queries, masks, anchors = self._refine(features, kernels, masks, anchors, alone=True, auxiliary=auxiliary)
        if self.shared_adapter:
            adapted, locator = self.panoptic_attn(pool_under(masks, features), queries), self.panoptic_locator
        else:
            adapted, locator = self.prompt_norm(self.prompt_attn(queries, features)), self.prompt_locator
        if anchors is not None:
            anchors = locator(adapted, anchors)
        if classes:
            logits = self.mask_heads[-1].classes(queries, self.text_classifier) / STAGE_TEMPERATURE
        else:
            logits = queries[..., :0]
        return StageOutput(logits, features.product(adapted, anchors), adapted, self.prompt_iou(adapted), anchors)

    def encode_prompts(self, boxes: Tensor, labels: Tensor, image_size: tuple[int, int] | Tensor) -> Tensor:
        """Encodes (B, P, 4) boxes and (B, P) labels as (B, P, D) queries."""
        height, width = image_size[0], image_size[1]
        x1, y1, x2, y2 = boxes.float().unbind(-1)
        # The reference applies sigmoid(inverse_sigmoid(.)), which only clamps.
        centre_x, centre_y = (x1 + x2) / (2 * width), (y1 + y2) / (2 * height)
        box = torch.stack((centre_y, centre_x, (x2 - x1) / width, (y2 - y1) / height), dim=-1)  # y before x
        box = box.clamp(1e-5, 1 - 1e-5)
        code = sine_encoding(box, self.dim // 2).to(self.pos_linear.weight.dtype)
        return self.pb_embedding(labels) + self.mask_tokens.weight[0] + self.pos_linear(code)

    # --- shared ---------------------------------------------------------------------------------------------------

    def _refine(self, features: MaskFeatures, kernels: Tensor, masks: Tensor, anchors: Tensor | None, alone: bool,
                auxiliary: list[StageOutput] | None) -> tuple[Tensor, Tensor, Tensor | None]:  # fmt: skip
        """Runs the stages: kernels (B, N, D), initial masks and ellipses to queries (B, N, D), mask logits (B, N, H, W) and ellipses."""
        for stage in self.mask_heads:
            if auxiliary is None:  # the classes and quality of a stage are used only in training
                kernels = stage.update(features, kernels, masks, alone)
                anchors = stage.locate(kernels, anchors)
                masks = stage.masks(features, kernels, anchors)
            else:
                output = stage(features, kernels, masks, self.text_classifier, alone, anchors)
                auxiliary.append(output._replace(class_logits=output.class_logits / STAGE_TEMPERATURE))
                kernels, masks, anchors = output.queries, output.mask_logits, output.anchors
        return kernels, masks, anchors


def sine_encoding(values: Tensor, dim: int) -> Tensor:
    """DETR's sine embedding: encodes each of the n values (0 … 1) on the last axis as `dim` numbers, concatenated to (…, n * dim)."""
    index = torch.arange(dim, dtype=torch.float32, device=values.device)
    frequency = 2 * math.pi / 10000 ** (2 * torch.div(index, 2, rounding_mode="floor") / dim)
    angle = values[..., None] * frequency  # (..., n, dim)
    even = (torch.arange(dim, device=values.device) % 2) == 0
    return torch.where(even, angle.sin(), angle.cos()).flatten(-2)
