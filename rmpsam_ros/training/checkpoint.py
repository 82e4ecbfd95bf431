"""Training checkpoints: one file, written atomically and loaded without executing code."""
from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.errors import DataError

FORMAT = "rmpsam-training-1"


@dataclass
class Checkpoint:
    """State of a run after `step` steps: state dicts of the network, its average and the optimizer; `setup`, the options that must not
    change, and `start`, the name of the start model; `seen` (K,), objects of each class so far; `model`, the text of the averaged
    network's `model.yaml`. Older checkpoints lack these three."""

    step: int
    net: dict[str, Tensor]
    averaged: dict[str, Tensor]
    optimizer: dict
    setup: dict[str, str]
    seconds: float = 0.0
    seen: Tensor | None = None
    model: str = ""


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes to a temporary file, then renames it."""
    with atomic_file(path) as part:
        try:
            torch.save({"format": FORMAT, **vars(checkpoint)}, part)
        except RuntimeError as error:  # raised by torch if the disk is full
            raise DataError(f"{path} cannot be written ({str(error).splitlines()[0][:120]}); is the disk full?") from error


def is_checkpoint(path: Path) -> bool:
    """Whether a file looks like a checkpoint of any version; False for anything that torch does not load safely."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)  # does not read the tensors
    except Exception:  # an unpickler may raise anything
        return False
    return isinstance(content, dict) and str(content.get("format", "")).startswith("rmpsam-training")


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads a checkpoint onto the CPU.

    Raises:
        DataError: missing, or not a checkpoint of a training run.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no checkpoint {path} to resume from; start without --resume.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise DataError(f"{path} is not a checkpoint that can be loaded safely; it must be written by `rmpsam train`.") from error
    if isinstance(content, dict):
        content = {"seen": None, "model": "", **content}
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT or content.keys() != Checkpoint.__dataclass_fields__.keys():
        raise DataError(f"{path} is not a checkpoint of a training run of this version ({FORMAT}).")
    return Checkpoint(**content)
