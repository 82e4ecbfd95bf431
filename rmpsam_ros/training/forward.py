"""The forward pass of a batch, with the outputs of every stage."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from rmpsam_ros.errors import DataError
from rmpsam_ros.network import RMPSAM, MaskFeatures
from rmpsam_ros.network.stage import StageOutput
from rmpsam_ros.training.batches import Batch


class Forward:
    """Encoder and decoders as run in training.

    Args:
        net: the network.
        compiled: compile them to fewer, larger kernels with `torch.compile`, which takes some minutes at the first step. Clips,
            which have other shapes, are not compiled. If compilation fails, the first call raises `DataError`.
    """

    def __init__(self, net: RMPSAM, compiled: bool = False) -> None:
        wrap = _compiled if compiled else lambda function: function
        self._net = net
        self._encode, self._objects, self._prompts = wrap(net.encode), wrap(_decode_objects), wrap(_decode_prompts)

    def features(self, batch: Batch) -> MaskFeatures:
        """Mask features of all frames, stacked vertically for a clip; padding is 0 as at run time."""
        size, frames = batch.images.shape[:2]
        pixels = self._net.normalize(batch.images.flatten(0, 1))
        height, width = pixels.shape[-2:]
        rows = torch.arange(height, device=pixels.device)[None, :, None] < batch.sizes[:, :1, None]
        columns = torch.arange(width, device=pixels.device)[None, None, :] < batch.sizes[:, 1:, None]
        inside = (rows & columns).repeat_interleave(frames, dim=0)[:, None]
        encode = self._encode if frames == 1 else self._net.encode
        features = self._net.mask_features(*encode(pixels * inside))
        if frames == 1:
            return features
        return replace(features, channels=_tall(features.channels, frames), rows=features.rows.repeat(frames),
                       deep=tuple(_tall(level, frames) for level in features.deep))  # fmt: skip

    def objects(self, features: MaskFeatures, batch: Batch) -> list[StageOutput]:
        """Outputs of the stages and, last, of the object adapter."""
        decode = self._objects if batch.images.shape[1] == 1 else _decode_objects
        return decode(self._net, features)

    def prompts(self, features: MaskFeatures, batch: Batch) -> list[StageOutput]:
        """Outputs of the stages and, last, of the prompt adapter, for (B, P) prompts."""
        return self._prompts(self._net, features, batch.boxes, batch.labels, batch.sizes[:, :1].float(), batch.sizes[:, 1:].float())


def _tall(maps: Tensor, frames: int) -> Tensor:
    """(B * T, C, h, w) to (B, C, T * h, w)."""
    return maps.unflatten(0, (-1, frames)).transpose(1, 2).flatten(2, 3)


def _decode_objects(net: RMPSAM, features: MaskFeatures) -> list[StageOutput]:
    outputs: list[StageOutput] = []
    final = net.panoptic_head.decode_objects(features, outputs)
    return [*outputs, final]


def _decode_prompts(net: RMPSAM, features: MaskFeatures, boxes: Tensor, labels: Tensor, height: Tensor, width: Tensor) -> list[StageOutput]:
    outputs: list[StageOutput] = []
    final = net.panoptic_head.decode_prompts(features, boxes, labels, (height, width), outputs, classes=False)
    return [*outputs, final]


def _compiled(function: Callable) -> Callable:
    made = torch.compile(function, dynamic=False)

    def call(*arguments):
        try:
            return made(*arguments)
        except torch._dynamo.exc.TorchDynamoException as error:
            reason = " ".join(str(error).split())[:200].rstrip(".")
            raise DataError(f"torch.compile does not work here ({reason}); it needs a C++ compiler and Python's headers, "
                            "and Triton for a GPU; or leave `compile` out.") from error

    return call
