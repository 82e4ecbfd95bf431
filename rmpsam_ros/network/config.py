"""What shapes the network, the variants that there are, and what is refused before one is made."""
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
    """Everything that shapes the network; a model folder's `model.yaml` keeps it.

    `mean` and `std` are RGB on the 0 … 255 scale. `learned_classes` makes the class embeddings parameters (own label
    sets) rather than fixed text embeddings (the official ones). `mean_pooling` divides pooled features by the mask's area,
    and `anchors` gives each query an ellipse (`anchors.py`), of which the first `stuff_queries` begin all over the
    picture; the official variants have neither. `pooled_classes` lets the classifier see the pooled features as they are, and
    `matrix_nms` lets several queries name one object and lowers the scores of all but the best, `class_votes` lets them settle
    its class together (`distinct.py`); none is official. `second_opinion` names objects by the backbone's deep maps as well.
    `class_scale` multiplies the classes' cosines. `shared_adapter` sends prompts through the object queries' adapter, to see
    what one of their own is worth.
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
        """Raises ModelError where no network can be made of it, whatever its backbone."""
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
            raise ModelError(f"The network's dim is {self.dim}; it must be an even multiple of its {self.heads} heads.")
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
    # For tests: every operator of the others, in milliseconds.
    "tiny": NetworkConfig("resnet_tiny", mid=16, dim=32, heads=4, feedforward=64, num_queries=12, text_dim=24, num_classes=6),
}
