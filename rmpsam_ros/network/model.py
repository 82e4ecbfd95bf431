"""The whole network, its variants and the calls that the contract names."""
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
"""Sides of the padded input are multiples of this: the neck adds maps that are doubled from one stride to the next."""

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
        """(B, 3, H, W) RGB on the 0 … 255 scale, any dtype, to float32 in the network's units. Pad with 0 after this."""
        mean = torch.tensor(self.config.mean, device=images.device)[:, None, None]
        std = torch.tensor(self.config.std, device=images.device)[:, None, None]
        return (images.float() - mean) / std

    def features(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised and padded images (sides multiples of 32) to (B, D, H/4, W/4) mask features.

        `mask_features(*encode(images))` are the same, factored: half the arithmetic, and of a network with a second opinion what
        that one needs; decoded from here its classes are those of the decoder alone.
        """
        _check_sides(images)
        return self.neck(self.backbone(images))

    def encode(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The compact map, and what `mask_features` takes beside it for objects, but not for prompts: C4 and C5, detached,
        of a network with a second opinion, else nothing."""
        _check_sides(images)
        pyramid = self.backbone(images)
        deep = tuple(level.detach() for level in pyramid[2:]) if self.config.second_opinion else ()
        return self.neck.compact(pyramid), deep

    def mask_features(self, compact: Tensor, deep: tuple[Tensor, ...] = ()) -> MaskFeatures:
        """The mask features of a compact map, factored: the same numbers as `features` at half the arithmetic."""
        return replace(self.neck.expand(compact), mean=self.config.mean_pooling, deep=deep)

    def decode_objects(self, features: Tensor | MaskFeatures, auxiliary: list[StageOutput] | None = None) -> DecoderOutput:
        """The object queries' classes, masks, embeddings and predicted IoU.

        Args:
            features: (B, D, H/4, W/4), or factored.
            auxiliary: a list that receives each stage's output too.
        """
        return DecoderOutput(*self.panoptic_head.decode_objects(self._as_mask_features(features), auxiliary)[:4])

    def decode_clip(self, features: Tensor, auxiliary: list[StageOutput] | None = None) -> DecoderOutput:
        """The same for a clip: one set of queries for T frames, seen as one tall map (the method has no other time).

        Args:
            features: (B, T, D, H/4, W/4).

        Returns:
            `mask_logits` (B, N, T, H/4, W/4), the rest as for one image.
        """
        batch, frames, dim, height, width = features.shape
        tall = features.permute(0, 2, 1, 3, 4).reshape(batch, dim, frames * height, width)
        one = self.neck.dense(features[:, 0], self.config.mean_pooling)
        output = self.decode_objects(replace(one, channels=tall, rows=one.rows.repeat(frames)), auxiliary)
        if auxiliary is not None:
            auxiliary[:] = [a._replace(mask_logits=a.mask_logits.unflatten(2, (frames, height))) for a in auxiliary]
        return output._replace(mask_logits=output.mask_logits.unflatten(2, (frames, height)))

    def decode_prompts(self, features: Tensor | MaskFeatures, boxes: Tensor, labels: Tensor, image_size: tuple[int, int] | Tensor,
                       auxiliary: list[StageOutput] | None = None, classes: bool = True) -> DecoderOutput:  # fmt: skip
        """The prompts' masks and predicted IoU; see `Head.decode_prompts` for the arguments."""
        return DecoderOutput(*self.panoptic_head.decode_prompts(self._as_mask_features(features), boxes, labels, image_size, auxiliary, classes)[:4])

    def load_official(self, state_dict: Mapping[str, Tensor], text_embedding: Tensor) -> None:
        """Loads the official checkpoint, its keys as they are, and the class embeddings that it lacks.

        Args:
            state_dict: the checkpoint's `state_dict`.
            text_embedding: (K, P, 768) unit rows, P synonyms a class padded by repeating the first.

        Raises:
            ModelError: keys or shapes are another network's; nothing is loaded then.
        """
        own = self.state_dict()
        own.pop("panoptic_head.text_classifier.embedding", None)  # a learned embedding is what text_embedding replaces
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
    """A network with fresh weights, in evaluation mode.

    Args:
        variant: `r50`, `r18`, `lite0` (or `tiny`, for tests).
        config: fields of `NetworkConfig` that differ from the variant's.

    Raises:
        ModelError: an unknown variant or field.
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
