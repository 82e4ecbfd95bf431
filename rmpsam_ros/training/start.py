"""The initial network of a run: fresh weights with an ImageNet backbone (lite0), or the weights and options of a model folder."""
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
"""Weights with one row per class."""

_OF_QUERIES = ("panoptic_head.kernels.weight", "panoptic_head.anchors.weight")
"""Weights with one row per object query, those of stuff classes first."""

_OF_THE_LABELS = ("num_classes", "learned_classes", "stuff_queries")


def first_network(config: TrainingConfig, labels: LabelSet) -> RMPSAM:
    """The network at step 0 of a run, on the CPU.

    Network options of a start model apply unless the run's YAML overrides them, because its weights belong to that network. Weights of
    classes and stuff queries are matched by class name; new classes and weights that do not fit are freshly initialised.

    Raises:
        DataError: an unknown variant, options that contradict the labels, or a start model without any fitting weight.
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
    stuff = int((~labels.is_thing()).sum())  # a Python int, because it is written to model.yaml
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
    weights[_OF_CLASSES[0]] = before.panoptic_head.text_classifier.text_embedding()[:, 0]  # learned or from text
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
    """Key of each object query: the name of its stuff class, or its index among the other queries."""
    stuff = [c.name for c in labels.classes if not c.is_thing][: net.config.stuff_queries]
    return [*stuff, *range(net.config.num_queries - len(stuff))]


def _common(own: Sequence[str | int], others: Sequence[str | int]) -> tuple[Tensor, Tensor]:
    """(n,) int64 rows of the common keys, in both sequences."""
    row_of = {what: row for row, what in enumerate(others)}
    pairs = [(row, row_of[what]) for row, what in enumerate(own) if what in row_of]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).unbind(dim=1)
