"""The network's configuration with its validation, and the variants."""
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_type_hints

from rmpsam_ros.errors import ModelError
from rmpsam_ros.network.classifier import LOGIT_SCALE

_IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))


@dataclass(frozen=True)
class NetworkConfig:
    """All options of the network; stored in a model folder's `model.yaml`.

    `mean` and `std` are RGB on the 0 … 255 scale. `learned_classes` makes the class embeddings parameters (custom label
    sets) instead of fixed text embeddings (official sets). `mean_pooling` divides pooled features by the mask's area.
    `anchors` gives each query an ellipse (`anchors.py`); those of the first `stuff_queries` initially cover the whole image.
    `pooled_classes` also gives the classifier the pooled features directly. With `matrix_nms`, several queries may detect the
    same object, and the scores of all but the best are reduced; with `class_votes`, they vote on its class (`distinct.py`).
    `second_opinion` also classifies objects from the backbone's deep maps. The official variants have none of these options.
    `class_scale` multiplies the cosine similarities of the classes. `shared_adapter` sends prompts through the object queries'
    adapter, to measure the benefit of a separate one.
    """

    backbone: str = "resnet50"
    mid: int = 128
    dim: int = 256
    heads: int = 8
    feedforward: int = 2048
    stages: int = 3
    num_queries: int = 100
    text_dim: int = 768
    num_classes: int = 133
    learned_classes: bool = False
    mean_pooling: bool = False
    anchors: bool = False
    stuff_queries: int = 0
    pooled_classes: bool = False
    matrix_nms: bool = False
    class_votes: bool = False
    second_opinion: bool = False
    class_scale: float = LOGIT_SCALE
    shared_adapter: bool = False
    mean: tuple[float, float, float] = _IMAGENET[0]
    std: tuple[float, float, float] = _IMAGENET[1]

    def __post_init__(self) -> None:
        """Raises ModelError if no network can be built from the options, with any backbone."""
        for name, kind in get_type_hints(NetworkConfig).items():
            value = getattr(self, name)
            least = 0 if name == "stuff_queries" else 1
            if kind is int and (type(value) is not int or value < least):
                raise ModelError(f"The network's {name} is {value!r}; it must be a whole number from {least} up.")
            if kind is bool and type(value) is not bool:
                raise ModelError(f"The network's {name} is {value!r}; it must be true or false.")
        _check_numbers("class_scale", (self.class_scale,), 1)
        _check_numbers("mean", self.mean, 3)
        _check_numbers("std", self.std, 3)
        if min(self.std) <= 0:
            raise ModelError(f"The network's std is {self.std!r}; it must be three numbers above 0.")
        if self.dim % self.heads or self.dim % 2:
            raise ModelError(f"The network's dim is {self.dim}; it must be even and a multiple of its {self.heads} heads.")
        if self.stuff_queries > self.num_queries:
            raise ModelError(f"The network's stuff_queries are {self.stuff_queries}; they must be among its {self.num_queries} queries.")


def _check_numbers(name: str, values: object, count: int) -> None:
    if not isinstance(values, (tuple, list)) or len(values) != count or not all(
            isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in values):  # fmt: skip
        raise ModelError(f"The network's {name} is {values!r}; it must be {'a number' if count == 1 else f'{count} numbers, of red, green and blue'}.")


VARIANTS: Mapping[str, NetworkConfig] = {
    "r50": NetworkConfig("resnet50"),
    "r18": NetworkConfig("resnet18"),
    "lite0": NetworkConfig("efficientnet_lite0", mean=(127.0,) * 3, std=(128.0,) * 3),
    # For tests: all operators of the other variants, in milliseconds.
    "tiny": NetworkConfig("resnet_tiny", mid=16, dim=32, heads=4, feedforward=64, num_queries=12, text_dim=24, num_classes=6),
}
