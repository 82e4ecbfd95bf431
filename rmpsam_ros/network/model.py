"""The whole network: features and decoders, with functions to build a variant and load official weights."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import torch
from torch import Tensor, nn

from rmpsam_ros.errors import ModelError
from rmpsam_ros.network.config import VARIANTS, NetworkConfig
from rmpsam_ros.network.efficientnet_lite import EfficientNetLite0
from rmpsam_ros.network.head import Head
from rmpsam_ros.network.mask_features import MaskFeatures
from rmpsam_ros.network.neck import Neck
from rmpsam_ros.network.resnet import resnet18, resnet50, resnet_tiny
from rmpsam_ros.network.stage import DecoderOutput, StageOutput

STRIDE = 32
"""Sides of the padded input must be multiples of this: the neck upsamples maps by 2 from stride to stride and adds them."""

_BACKBONES = {"resnet18": resnet18, "resnet50": resnet50, "resnet_tiny": resnet_tiny, "efficientnet_lite0": EfficientNetLite0}


class RMPSAM(nn.Module):
    """RMP-SAM (arXiv 2401.10228). Parameter names are the official checkpoint's."""

    def __init__(self, variant: str, config: NetworkConfig) -> None:
        super().__init__()
        if config.backbone not in _BACKBONES:
            raise ModelError(f"The backbone {config.backbone!r} is not one of {', '.join(_BACKBONES)}.")
        self.variant, self.config = variant, config
        self.backbone = _BACKBONES[config.backbone]()
        self.neck = Neck(self.backbone.channels, config.mid, config.dim)
        self.panoptic_head = Head(config, sum(self.backbone.channels[2:]) if config.second_opinion else 0)

    def normalize(self, images: Tensor) -> Tensor:
        """Normalises (B, 3, H, W) RGB on the 0 … 255 scale, any dtype, to float32. Pad with 0 after this."""
        mean = torch.tensor(self.config.mean, device=images.device)[:, None, None]
        std = torch.tensor(self.config.std, device=images.device)[:, None, None]
        return (images.float() - mean) / std

    def features(self, images: Tensor) -> Tensor:
        """Computes (B, D, H/4, W/4) mask features of (B, 3, H, W) normalised and padded images (sides multiples of 32).

        `mask_features(*encode(images))` computes the same in factored form with half the arithmetic. It also includes the maps for a
        second opinion; decoded from the features of this method, classes come from the decoder alone.
        """
        _check_sides(images)
        return self.neck(self.backbone(images))

    def encode(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The compact map, and the second argument of `mask_features`, which objects need but prompts do not: C4 and C5, detached,
        if the network has a second opinion, else empty."""
        _check_sides(images)
        pyramid = self.backbone(images)
        deep = tuple(level.detach() for level in pyramid[2:]) if self.config.second_opinion else ()
        return self.neck.compact(pyramid), deep

    def mask_features(self, compact: Tensor, deep: tuple[Tensor, ...] = ()) -> MaskFeatures:
        """The mask features of a compact map in factored form: the same values as `features` with half the arithmetic."""
        return replace(self.neck.expand(compact), mean=self.config.mean_pooling, deep=deep)

    def decode_objects(self, features: Tensor | MaskFeatures, auxiliary: list[StageOutput] | None = None) -> DecoderOutput:
        """Decodes the object queries: classes, masks, embeddings and predicted IoU.

        Args:
            features: (B, D, H/4, W/4), or factored.
            auxiliary: a list that also receives the output of each stage.
        """
        return DecoderOutput(*self.panoptic_head.decode_objects(self._as_mask_features(features), auxiliary)[:4])

    def decode_clip(self, features: Tensor) -> DecoderOutput:
        """`decode_objects` for a clip: one set of queries for T frames, which are stacked to one tall map (the method's only use of time).

        Args:
            features: (B, T, D, H/4, W/4).

        Returns:
            `mask_logits` (B, N, T, H/4, W/4), the rest as for one image.
        """
        batch, frames, dim, height, width = features.shape
        tall = features.permute(0, 2, 1, 3, 4).reshape(batch, dim, frames * height, width)
        one = self.neck.dense(features[:, 0], self.config.mean_pooling)
        output = self.decode_objects(replace(one, channels=tall, rows=one.rows.repeat(frames)))
        return output._replace(mask_logits=output.mask_logits.unflatten(2, (frames, height)))

    def decode_prompts(self, features: Tensor | MaskFeatures, boxes: Tensor, labels: Tensor, image_size: tuple[int, int] | Tensor,
                       auxiliary: list[StageOutput] | None = None, classes: bool = True) -> DecoderOutput:  # fmt: skip
        """Decodes the prompts: masks and predicted IoU; see `Head.decode_prompts` for the arguments."""
        return DecoderOutput(*self.panoptic_head.decode_prompts(self._as_mask_features(features), boxes, labels, image_size, auxiliary, classes)[:4])

    def load_official(self, state_dict: Mapping[str, Tensor], text_embedding: Tensor) -> None:
        """Loads the official checkpoint with unchanged keys, and the class embeddings that it lacks.

        Args:
            state_dict: the checkpoint's `state_dict`.
            text_embedding: (K, P, 768) rows of unit norm; P synonyms per class, padded by repeating the first.

        Raises:
            ModelError: the keys or shapes belong to another network; nothing is loaded then.
        """
        own = self.state_dict()
        own.pop("panoptic_head.text_classifier.embedding", None)  # text_embedding replaces a learned embedding
        differing = sorted(own.keys() ^ state_dict.keys())
        if differing:
            raise ModelError(f"The checkpoint is not one of variant {self.variant}: {len(differing)} keys differ, the "
                             f"first is {differing[0]!r} ({'missing' if differing[0] in own else 'unknown'}).")
        for key, value in own.items():
            if value.shape != state_dict[key].shape:
                raise ModelError(f"The checkpoint is not one of variant {self.variant}: {key} has shape "
                                 f"{tuple(state_dict[key].shape)}, not {tuple(value.shape)}.")
        try:
            self.panoptic_head.text_classifier.set_embedding(text_embedding)
        except ValueError as error:
            raise ModelError(str(error)) from error
        self.load_state_dict(state_dict, strict=False)
        self.config = replace(self.config, num_classes=self.panoptic_head.text_classifier.num_classes)

    def _as_mask_features(self, features: Tensor | MaskFeatures) -> MaskFeatures:
        if isinstance(features, MaskFeatures):
            return features
        return self.neck.dense(features, self.config.mean_pooling)

    def config_dict(self) -> dict:
        """The configuration as plain values for a YAML file."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self.config).items()}


def build(variant: str, **config) -> RMPSAM:
    """Builds a network with newly initialised weights, in evaluation mode.

    Args:
        variant: `r50`, `r18`, `lite0` (or `tiny`, for tests).
        config: fields of `NetworkConfig` that differ from the variant's.

    Raises:
        ModelError: the variant or a field is unknown.
    """
    if variant not in VARIANTS:
        raise ModelError(f"The variant {variant!r} is not one of {', '.join(VARIANTS)}.")
    config = {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}
    unknown = config.keys() - NetworkConfig.__dataclass_fields__.keys()
    if unknown:
        raise ModelError(f"A network has no option {sorted(unknown)[0]!r}; it has {', '.join(NetworkConfig.__dataclass_fields__)}.")
    return RMPSAM(variant, replace(VARIANTS[variant], **config)).eval()


def _check_sides(images: Tensor) -> None:
    if not torch.compiler.is_compiling() and (images.shape[-2] % STRIDE or images.shape[-1] % STRIDE):
        raise ModelError(f"The network's input is {images.shape[-2]}x{images.shape[-1]}; both sides must be multiples of {STRIDE}.")
