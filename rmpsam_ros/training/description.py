"""The network and model description stored in a checkpoint, for `--resume` and `rmpsam convert`."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rmpsam_ros.errors import ModelError
from rmpsam_ros.model_folder import ModelFolder, parse_model_yaml
from rmpsam_ros.network import RMPSAM, build
from rmpsam_ros.training.checkpoint import Checkpoint, read_checkpoint


def network_of(checkpoint: Checkpoint, path: Path) -> tuple[RMPSAM, ModelFolder]:
    """The network that a checkpoint describes, with fresh weights, and the description. `path`: of the checkpoint, for messages.

    Raises:
        ModelError: the description is damaged or of another version.
    """
    model = parse_model_yaml(checkpoint.model, path)
    return build(model.variant, **model.config), model


def model_of(checkpoint: Path) -> tuple[RMPSAM, ModelFolder]:
    """The averaged network of a checkpoint of `rmpsam train`, and its description.

    Raises:
        ModelError, DataError: the checkpoint is damaged, or from an older version that did not store its classes.
    """
    content = read_checkpoint(checkpoint)
    if not content.model:
        raise ModelError(f"{checkpoint} was written by an older version and does not describe its network; `rmpsam train --config FILE "
                         "--resume` exports the model of its run.")
    net, model = network_of(content, Path(checkpoint))
    try:
        net.load_state_dict(content.averaged)
    except RuntimeError as error:
        raise ModelError(f"The weights in {checkpoint} do not fit the network that it describes.") from error
    return net.eval(), replace(model, path=Path())
