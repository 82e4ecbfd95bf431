"""The network that a run begins with: fresh, with an ImageNet backbone (lite0), or a model folder's weights and options."""
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rmpsam_ros.errors import DataError
from rmpsam_ros.model_folder import ModelFolder, read_model_folder
from rmpsam_ros.network import RMPSAM, VARIANTS, build, load_model
from rmpsam_ros.training.config import TrainingConfig
from rmpsam_ros.types import LabelSet

_OF_CLASSES = ("panoptic_head.text_classifier.embedding", "panoptic_head.opinion.layers.5.weight", "panoptic_head.opinion.layers.5.bias")
"""Weights with a row for each class."""

_OF_QUERIES = ("panoptic_head.kernels.weight", "panoptic_head.anchors.weight")
"""Weights with a row for each object query, those of stuff classes first."""

_OF_THE_LABELS = ("num_classes", "learned_classes", "stuff_queries")


def first_network(config: TrainingConfig, labels: LabelSet) -> RMPSAM:
    """The network of a run's step 0, on the CPU.

    A start model's options of the network hold where the run's YAML names no others: without them its weights would be
    another network's. What it knows of classes is taken over by their names, and the queries of stuff with them; what is new stays
    fresh, and so do weights that do not fit.

    Raises:
        DataError: an unknown variant, options that the labels do not allow, a start model of which no weight fits.
        ModelError: the start model cannot be read; an unknown option.
    """
    if config.variant not in VARIANTS:
        raise DataError(f"The variant {config.variant!r} is not one of {', '.join(VARIANTS)}.")
    start = read_model_folder(config.start_path, graphs=False) if config.start else None
    net = build(config.variant, **_options(config, labels, start), num_classes=len(labels), learned_classes=True)
    if start is not None:
        _take_over(net, start, labels, config)
    elif config.variant == "lite0":
        net.backbone.load_imagenet()
    return net


def _options(config: TrainingConfig, labels: LabelSet, start: ModelFolder | None) -> dict[str, object]:
    same_kind = start is not None and start.variant == config.variant
    inherited = {k: v for k, v in start.config.items() if k not in _OF_THE_LABELS} if same_kind else {}
    stuff = int((~labels.is_thing()).sum())  # no numpy number: it goes into model.yaml
    if same_kind and start.config.get("stuff_queries"):
        inherited["stuff_queries"] = stuff
    options = {**inherited, **config.network}
    if options.get("stuff_queries", 0) not in (0, stuff):
        raise DataError(f"network.stuff_queries is {options['stuff_queries']}, but the labels have {stuff} stuff classes, and each has one "
                        "query; it must be that number or 0.")  # fmt: skip
    return options


def _take_over(net: RMPSAM, start: ModelFolder, labels: LabelSet, config: TrainingConfig) -> None:
    before = load_model(start.path)
    own, weights = net.state_dict(), before.state_dict()
    weights[_OF_CLASSES[0]] = before.panoptic_head.text_classifier.text_embedding()[:, 0]  # whether learned or of text
    rows = {**dict.fromkeys(_OF_CLASSES, _common([c.name for c in labels.classes], [c.name for c in start.labels.classes])),
            **dict.fromkeys(_OF_QUERIES, _common(_queries(net, labels), _queries(before, start.labels)))}  # fmt: skip
    fitting = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape and k not in rows}
    if not fitting:
        raise DataError(f"The start model {config.start} has no weight that fits variant {config.variant}.")
    for key, (to, of) in rows.items():
        if key in own and key in weights and own[key].shape[1:] == weights[key].shape[1:]:
            fitting[key] = own[key].index_copy(0, to, weights[key][of].to(own[key].dtype))
    net.load_state_dict({**own, **fitting})


def _queries(net: RMPSAM, labels: LabelSet) -> list[str | int]:
    """What each object query is, by the name of its stuff class or by its number among the others."""
    stuff = [c.name for c in labels.classes if not c.is_thing][: net.config.stuff_queries]
    return [*stuff, *range(net.config.num_queries - len(stuff))]


def _common(own: Sequence[str | int], others: Sequence[str | int]) -> tuple[Tensor, Tensor]:
    """(n,) int64 rows of what both have, in the one and in the other."""
    row_of = {what: row for row, what in enumerate(others)}
    pairs = [(row, row_of[what]) for row, what in enumerate(own) if what in row_of]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).unbind(dim=1)
