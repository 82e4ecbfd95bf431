"""What the model of a run says of itself: for the folder that a run ends with, and in each checkpoint, for `rmpsam convert`."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rmpsam_ros.errors import ModelError
from rmpsam_ros.model_folder import ModelFolder, parse_model_yaml
from rmpsam_ros.network import RMPSAM, build
from rmpsam_ros.training.checkpoint import Checkpoint, read_checkpoint

if TYPE_CHECKING:
    from rmpsam_ros.training.run import TrainingRun


def describe(run: TrainingRun, folder: Path) -> ModelFolder:
    """The description of a run's averaged network as it stands now; `folder`: where it lies or would lie."""
    config, net = run.config, run.averaged.net
    state = "finished" if run.finished else "unfinished"
    steps = f"{run.step:,}" if config.minutes else f"{run.step} of {config.steps}"  # which time ends, so that they say nothing
    return ModelFolder(
        path=folder, name=config.name or run.out.resolve().name, variant=config.variant, config=net.config_dict(),
        input_size=tuple(config.model_size) or config.input_size, labels=run.label_map.labels, trained=True, score_threshold=config.score_threshold,
        overlap_threshold=config.overlap_threshold, connected_prompts=True, background_prompts=True, zoom_prompts=True,
        licence=config.licence,
        provenance=f"{state} run of rmpsam train: {steps} steps of {config.batch_size} pictures in "
                   f"{run.seconds / 60:.0f} minutes on {run.device.type}" + (f", from {run.start}" if run.start else ""),
    )  # fmt: skip


def network_of(checkpoint: Checkpoint, path: Path) -> tuple[RMPSAM, ModelFolder]:
    """The network that a checkpoint describes, with fresh weights, and that description. `path`: where it lies, for messages.

    Raises:
        ModelError: the description is damaged, or of another version.
    """
    model = parse_model_yaml(checkpoint.model, path)
    return build(model.variant, **model.config), model


def model_of(checkpoint: Path) -> tuple[RMPSAM, ModelFolder]:
    """The averaged network of a checkpoint of `rmpsam train`, which says itself what it is.

    Raises:
        ModelError, DataError: damaged, or written by an older version, which did not note down its classes.
    """
    content = read_checkpoint(checkpoint)
    if not content.model:
        raise ModelError(f"{checkpoint} was written by an older version and does not say which network it is of; `rmpsam train --config FILE "
                         "--resume` makes the model of its run.")
    net, model = network_of(content, Path(checkpoint))
    try:
        net.load_state_dict(content.averaged)
    except RuntimeError as error:
        raise ModelError(f"The weights in {checkpoint} do not fit the network that it describes.") from error
    return net.eval(), replace(model, path=Path())
