"""A batch through the network, with the output of every stage."""
from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from rmpsam_ros.network import RMPSAM, DecoderOutput, MaskFeatures
from rmpsam_ros.training.batches import Batch


def features_of(net: RMPSAM, batch: Batch) -> MaskFeatures:
    """Mask features of all frames, those of a clip one under the other; padding is 0 as at run time."""
    size, frames = batch.images.shape[:2]
    pixels = net.normalize(batch.images.flatten(0, 1))
    height, width = pixels.shape[-2:]
    rows = torch.arange(height, device=pixels.device)[None, :, None] < batch.sizes[:, :1, None]
    columns = torch.arange(width, device=pixels.device)[None, None, :] < batch.sizes[:, 1:, None]
    inside = (rows & columns).repeat_interleave(frames, dim=0)[:, None]
    features = net.mask_features(net.compact_features(pixels * inside))
    if frames == 1:
        return features
    tall = features.channels.unflatten(0, (size, frames)).transpose(1, 2).flatten(2, 3)  # (B, C, T * h, w)
    return replace(features, channels=tall, rows=features.rows.repeat(frames))


def object_outputs(net: RMPSAM, features: MaskFeatures) -> list[DecoderOutput]:
    """The stages' outputs and, last, the object adapter's."""
    outputs: list[DecoderOutput] = []
    final = net.decode_objects(features, outputs)
    return [*outputs, final]


def prompt_outputs(net: RMPSAM, features: MaskFeatures, batch: Batch) -> list[DecoderOutput]:
    """The stages' outputs and, last, the prompt adapter's, for (B, P) prompts."""
    size: tuple[Tensor, Tensor] = (batch.sizes[:, :1].float(), batch.sizes[:, 1:].float())
    outputs: list[DecoderOutput] = []
    final = net.decode_prompts(features, batch.boxes, batch.labels, size, outputs, classes=False)
    return [*outputs, final]
