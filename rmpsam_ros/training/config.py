"""The configuration of a training run, read from YAML and checked field by field before anything is loaded."""
from __future__ import annotations

import dataclasses
import os
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rmpsam_ros.data.augment import Augmentation
from rmpsam_ros.data.clicks import PromptMix
from rmpsam_ros.data.sources import SourceConfig
from rmpsam_ros.errors import DataError
from rmpsam_ros.labels import read_yaml_file
from rmpsam_ros.model_folder import check_input_size, find_model
from rmpsam_ros.training.matcher import LossWeights
from rmpsam_ros.user_folders import user_path


@dataclass(frozen=True)
class TrainingConfig:
    """Configuration of one run. Paths are relative to the YAML's folder; `~` and `$VARIABLES` in them are expanded.

    Attributes:
        out: folder of the run: checkpoint.pt, log.csv, and the finished model folder `model`.
        labels: a bundled label map (`robot`), an official label set, or a YAML file.
        train: the training sets; validation: those that the finished model is evaluated on; both relative to `data_root`.
        name: name of the model; that of the out folder if empty.
        variant: lite0, r18, r50 (tiny, for tests); start: model to fine-tune, a folder or a name; fresh weights if empty.
        network: options that override those of the variant, such as `num_queries`; those of a start model of the same variant are inherited.
        input_size: height and width, multiples of 32; model_size: those of the finished model, if different.
        steps, batch_size: number of steps, and images per step; minutes: maximum training time; the learning-rate schedule then follows
        the time instead of the steps, 0 = no limit; clips: share of steps on clips of `frames` frames.
        learning_rate, weight_decay, warm_up (steps), clip_gradient (norm): of AdamW; ema: decay of the weight average.
        backbone_rate: factor on the backbone's learning rate; freeze_stages: number of frozen backbone stages, 0 … 4;
        freeze_batchnorm: backbone, all or none: where batch-norm statistics stay fixed.
        object_steps: share of the image steps that also train the object queries; prompts are always trained.
        bf16: autocast, on CUDA and on CPUs with bfloat16 instructions. compile: `torch.compile`, faster after minutes of compilation
        (needs a C++ compiler; Triton on a GPU). device: auto, cpu, cuda. workers: data-loading processes.
        checkpoint_minutes: time between checkpoints. validation_images: images used of each validation set, 0 = all.
        curve_minutes: time between validations of the averaged network on a few of them, 0 = never.
        licence: licence of the finished model.
    """

    out: str
    labels: str
    train: tuple[SourceConfig, ...]
    validation: tuple[SourceConfig, ...] = ()
    data_root: str = "."
    name: str = ""
    variant: str = "lite0"
    start: str = ""
    network: Mapping[str, object] = field(default_factory=dict)
    input_size: tuple[int, int] = (480, 640)
    model_size: tuple[int, ...] = ()
    steps: int = 20000
    minutes: float = 0.0
    batch_size: int = 8
    object_steps: float = 1.0
    clips: float = 0.1
    frames: int = 3
    learning_rate: float = 1e-4
    weight_decay: float = 0.05
    warm_up: int = 500
    clip_gradient: float = 1.0
    ema: float = 0.9995
    backbone_rate: float = 0.1
    freeze_stages: int = 1
    freeze_batchnorm: str = "backbone"
    bf16: bool = True
    compile: bool = False
    device: str = "auto"
    workers: int = 4
    seed: int = 0
    checkpoint_minutes: float = 2.0
    curve_minutes: float = 0.0
    validation_images: int = 100
    score_threshold: float = 0.5
    overlap_threshold: float = 0.6
    half: bool = True
    licence: str = ""
    losses: LossWeights = LossWeights()
    augmentation: Augmentation = Augmentation()
    prompts: PromptMix = PromptMix()
    base: Path = Path()

    def path(self, name: str) -> Path:
        """A path of the YAML, resolved relative to its folder."""
        return self.base / user_path(os.path.expandvars(name))

    @property
    def labels_path(self) -> str | Path:
        """The label map: a file, or the name of a bundled one."""
        own = self.path(self.labels)
        return own if own.is_file() else self.labels

    @property
    def start_path(self) -> Path:
        """The model folder to start from: a path relative to the YAML's folder, or the name of a bundled model.

        Raises:
            ModelError: there is no model of that name.
        """
        own = self.path(self.start)
        return own if own.is_dir() or os.sep in self.start else find_model(self.start)

    @property
    def data_folder(self) -> Path:
        """The folder that the datasets' paths are relative to.

        Raises:
            DataError: a variable in `data_root` is not set, or the folder does not exist.
        """
        folder = self.path(self.data_root)
        unset = re.search(r"\$\{?(\w+)", str(folder))
        if unset:
            raise DataError(f"data_root is {self.data_root}, but the environment has no {unset[1]}; set it to the folder of the data.")
        if not folder.is_dir():
            raise DataError(f"data_root is {self.data_root}, but there is no folder {folder}.")
        return folder


_AT_LEAST = {"steps": 1, "batch_size": 1, "frames": 1, "warm_up": 0, "workers": 0, "seed": 0, "freeze_stages": 0, "validation_images": 0,
             "backbone_rate": 0.0, "weight_decay": 0.0, "checkpoint_minutes": 0.0, "minutes": 0.0, "curve_minutes": 0.0}  # fmt: skip
_POSITIVE = ("learning_rate", "clip_gradient")
_SHARES = ("object_steps", "clips", "ema", "score_threshold", "overlap_threshold")


def load_config(path: Path) -> TrainingConfig:
    """Reads and checks a run's YAML.

    Raises:
        DataError: an invalid field, which the message names.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no training configuration {path}.")
    return check_config(read_yaml_file(path, DataError), path, path.parent)


def check_config(content: object, path: Path, base: Path) -> TrainingConfig:
    """A run's configuration from the content of its YAML.

    Args:
        content: the parsed YAML.
        path: its file, for messages.
        base: folder that relative paths start from.

    Raises:
        DataError: an invalid field, which the message names.
    """
    config = dataclasses.replace(build_options(TrainingConfig, content, str(path)), base=base)
    for name, least in _AT_LEAST.items():
        if not getattr(config, name) >= least:
            raise DataError(f"{path}: {name} is {getattr(config, name)}; it must be at least {least}.")
    if config.seed >= 2**31:
        raise DataError(f"{path}: seed is {config.seed}; it must be below 2147483648.")
    for name in _SHARES:
        if not 0 <= getattr(config, name) <= 1:
            raise DataError(f"{path}: {name} is {getattr(config, name)}; it must be from 0 to 1.")
    for name in _POSITIVE:
        if not 0 < getattr(config, name) < float("inf"):
            raise DataError(f"{path}: {name} is {getattr(config, name)}; it must be a number above 0 (a very large clip_gradient clips nothing).")
    for where, part in (("prompts.", config.prompts), ("losses.", config.losses)):
        for name, value in vars(part).items():
            if name in ("boxes", "background", "centred", "importance") and not 0 <= value <= 1:
                raise DataError(f"{path}: {where}{name} is {value}; it must be from 0 to 1.")
            if not value >= 0:
                raise DataError(f"{path}: {where}{name} is {value}; it must be at least 0.")
    if config.losses.oversampling < 1:
        raise DataError(f"{path}: losses.oversampling is {config.losses.oversampling}; it must be at least 1.")
    for source in (*config.train, *config.validation):
        if not 0 <= source.weight < float("inf") or source.every < 0 or source.skip < 0:
            raise DataError(f"{path}: {source.annotations} has weight {source.weight}, every {source.every} and skip {source.skip}; "
                            "they must be at least 0.")  # fmt: skip
    if config.freeze_batchnorm not in ("backbone", "all", "none"):
        raise DataError(f"{path}: freeze_batchnorm is {config.freeze_batchnorm!r}; it must be backbone, all or none.")
    for name in ("queries_per_thing", "points"):
        if getattr(config.losses, name) < 1:
            raise DataError(f"{path}: losses.{name} is {getattr(config.losses, name)}; it must be at least 1.")
    low, high = config.augmentation.scale
    if not 0 < low <= high:
        raise DataError(f"{path}: augmentation.scale is [{low}, {high}]; it must be two increasing numbers above 0.")
    if not 0 <= config.augmentation.tilt <= 180:
        raise DataError(f"{path}: augmentation.tilt is {config.augmentation.tilt}; it must be degrees from 0 to 180.")
    for name in ("flip", "aimed", "framed", "copy_paste", "faults"):
        if not 0 <= getattr(config.augmentation, name) <= 1:
            raise DataError(f"{path}: augmentation.{name} is {getattr(config.augmentation, name)}; it must be from 0 to 1.")
    if not config.train:
        raise DataError(f"{path}: train lists no dataset.")
    try:
        check_input_size(config.input_size)
        if config.model_size:
            check_input_size(config.model_size)
    except ValueError as error:
        raise DataError(f"{path}: {error}.") from error
    return config


def build_options(kind: type, content: object, where: str):
    """Builds a dataclass from a table; checks that there are no unknown fields and that every value has the field's type.

    Raises:
        DataError: an invalid field; the message starts with `where`.
    """
    if not isinstance(content, Mapping):
        raise DataError(f"{where} must be a table of options.")
    hints = typing.get_type_hints(kind)
    known = [item for item in dataclasses.fields(kind) if item.name != "base"]
    unknown = sorted(set(map(str, content)) - {item.name for item in known})
    if unknown:
        raise DataError(f"{where} has an unknown option {unknown[0]!r}; the options are {', '.join(item.name for item in known)}.")
    missing = [item.name for item in known if item.name not in content
               and item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING]  # fmt: skip
    if missing:
        raise DataError(f"{where} lacks {missing[0]!r}.")
    return kind(**{name: _value(hints[name], value, f"{where}: {name}") for name, value in content.items()})


def _value(hint: object, value: object, where: str):
    if dataclasses.is_dataclass(hint):
        return build_options(hint, value, where)  # type: ignore[arg-type]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        if not isinstance(value, list) or (arguments[-1] is not Ellipsis and len(value) != len(arguments)):
            size = "" if arguments[-1] is Ellipsis else f" of {len(arguments)} values"
            raise DataError(f"{where} must be a list{size}.")
        return tuple(_value(arguments[0], entry, f"{where}[{index}]") for index, entry in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise DataError(f"{where} must be a table.")
        return dict(value)
    if hint is float and isinstance(value, str):
        try:
            return float(value)  # YAML reads 1e-4 as a string
        except ValueError:
            pass
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):  # type: ignore[arg-type]
        raise DataError(f"{where} is {value!r}; it must be of type {hint.__name__}.")  # type: ignore[attr-defined]
    return value
