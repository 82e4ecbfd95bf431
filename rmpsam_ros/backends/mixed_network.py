"""Mixed precision for the torch backend: the encoder in a 16-bit type, everything sensitive to rounding in float32.

The split is the same as in the TensorRT graphs (`typed_graphs` gives the reasons): backbone and neck are nearly all of the
arithmetic, with values of moderate size; sums over masks, softmax, coordinates and mask products stay float32.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn

from rmpsam_ros.network import RMPSAM
from rmpsam_ros.network.config import NetworkConfig
from rmpsam_ros.network.mask_features import MaskFeatures
from rmpsam_ros.network.stage import DecoderOutput


class MixedNetwork(nn.Module):
    """A wrapper with the interface of `RMPSAM` that `graphs.ImageGraph` and `PromptGraph` use.

    Args:
        net: the network in float32; it is moved and modified in place.
        device: where it runs.
        dtype: type of backbone and neck, and thus of the features that a frame keeps.
    """

    def __init__(self, net: RMPSAM, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self.net = net.requires_grad_(False).to(device, memory_format=torch.channels_last)
        self.dtype = dtype
        net.backbone.to(dtype)
        net.neck.deconv.to(dtype)
        # Created here, because copies from the host cannot be captured in a CUDA graph. Not buffers, so that they stay float32.
        mean, std = (torch.tensor(v, dtype=torch.float32, device=device)[:, None, None] for v in (net.config.mean, net.config.std))
        self._mean, self._std = mean, std

    @property
    def config(self) -> NetworkConfig:
        return self.net.config

    @property
    def neck(self) -> nn.Module:
        return self.net.neck

    def normalize(self, images: Tensor) -> Tensor:
        return (images.float() - self._mean) / self._std

    def encode(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self.net.encode(images.to(self.dtype, memory_format=torch.channels_last))

    def mask_features(self, compact: Tensor, deep: tuple[Tensor, ...] = ()) -> MaskFeatures:
        return self.net.mask_features(compact.float(), tuple(level.float() for level in deep))

    def decode_objects(self, features: MaskFeatures) -> DecoderOutput:
        return self.net.decode_objects(features)

    def decode_prompts(self, features: MaskFeatures, boxes: Tensor, labels: Tensor, image_size, **options) -> DecoderOutput:
        return self.net.decode_prompts(features, boxes, labels, image_size, **options)
