"""The network that a run begins with: fresh, with an ImageNet backbone (lite0), or a model folder's weights and options."""
from __future__ import annotations

from rmpsam_ros.errors import DataError
from rmpsam_ros.model_folder import ModelFolder, read_model_folder
from rmpsam_ros.network import RMPSAM, VARIANTS, build, load_model
from rmpsam_ros.training.config import TrainingConfig
from rmpsam_ros.types import LabelSet

_CLASSES = ("panoptic_head.text_classifier.", "panoptic_head.opinion.layers.5.")
"""Weights with a row for each class."""

_OF_THE_LABELS = ("num_classes", "learned_classes", "stuff_queries")


def first_network(config: TrainingConfig, labels: LabelSet) -> RMPSAM:
    """The network of a run's step 0, on the CPU.

    A start model's options of the network hold where the run's YAML names no others: without them its weights would be
    another network's. Weights that do not fit stay fresh, and so do its classes' embeddings if its classes are others.

    Raises:
        DataError: an unknown variant, options that the labels do not allow, a start model of which no weight fits.
        ModelError: the start model cannot be read; an unknown option.
    """
    if config.variant not in VARIANTS:
        raise DataError(f"The variant {config.variant!r} is not one of {', '.join(VARIANTS)}.")
    start = read_model_folder(config.path(config.start), graphs=False) if config.start else None
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
    own, weights = net.state_dict(), load_model(start.path).state_dict()
    same = [c.name for c in start.labels.classes] == [c.name for c in labels.classes]
    fitting = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape and (same or not k.startswith(_CLASSES))}
    if not fitting:
        raise DataError(f"The start model {config.start} has no weight that fits variant {config.variant}.")
    net.load_state_dict({**own, **fitting})
