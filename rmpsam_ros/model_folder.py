"""Model folders: found by name or path, and checked before use.

    model.yaml            description: network, input size, label set, thresholds, provenance, licence, accuracy
    image.onnx            image graph: uint8 image to classes, masks, embeddings and mask features
    prompt.onnx           prompt graph: mask features and boxes to masks and predicted IoU
    weights.safetensors   the network's weights, which both graphs use as external data
    image.int8.onnx       optional: the image graph in int8, for the folder's own input size
"""
from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from rmpsam_ros.atomic import atomic_file, crc32
from rmpsam_ros.errors import ModelError
from rmpsam_ros.labels import label_set_from_dict, read_yaml
from rmpsam_ros.types import LabelSet
from rmpsam_ros.user_folders import data_folder, user_path

FORMAT = 1
"""Version of the folder layout and of the graphs' inputs and outputs; folders of other versions are refused."""

MAX_SIDE = 4096
"""Maximum height and width of the network input."""

DEFAULT_MODELS = ("rmpsam-lite0", "untrained-lite0")
"""The name `default` means the first of these that exists."""

MODEL_FILE, WEIGHTS_FILE, IMAGE_GRAPH, PROMPT_GRAPH = "model.yaml", "weights.safetensors", "image.onnx", "prompt.onnx"
INT8_GRAPH = "image.int8.onnx"
_HOW_TO_MAKE = "`rmpsam convert --untrained lite0 --out DIR` makes an untrained one, `rmpsam convert CKPT …` one of a checkpoint"


@dataclass(frozen=True)
class ModelFolder:
    """The content of `model.yaml`. `input_size` is (height, width) of the padded network input, multiples of 32.

    `connected_prompts`: a click's mask is reduced to the connected component under the click. `background_prompts`: the model was
    trained with a separate prompt type for background clicks. `zoom_prompts`: small clicked objects are segmented again in a
    zoom-in crop (`rmpsam_ros.zoom`). The official models have none of these. `files` and `checksums`: size in bytes and CRC-32 of
    the other files, by name.
    """

    path: Path
    name: str
    variant: str
    config: Mapping[str, object]
    input_size: tuple[int, int]
    labels: LabelSet = field(repr=False)
    trained: bool
    score_threshold: float = 0.8
    overlap_threshold: float = 0.8
    connected_prompts: bool = False
    background_prompts: bool = False
    zoom_prompts: bool = False
    licence: str = ""
    provenance: str = ""
    accuracy: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)
    checksums: Mapping[str, int] = field(default_factory=dict)

    @property
    def image_graph(self) -> Path:
        return self.path / IMAGE_GRAPH

    @property
    def int8_graph(self) -> Path:
        """The image graph in int8; only for `input_size`, and only if `rmpsam export --int8` has created it."""
        return self.path / INT8_GRAPH

    @property
    def prompt_graph(self) -> Path:
        return self.path / PROMPT_GRAPH


def model_roots() -> list[Path]:
    """Folders that are searched for a model by name, in order."""
    roots = [Path(__file__).parent / "models", data_folder() / "models"]
    own = os.environ.get("RMPSAM_MODELS")
    return ([user_path(own)] if own else []) + roots


def available_models() -> list[Path]:
    """All model folders under the roots, sorted by name; for equal names the first root wins."""
    found: dict[str, Path] = {}
    for root in model_roots():
        try:
            names = os.listdir(root)
        except OSError:  # missing, or not readable for this user
            continue
        for name in names:
            if not name.startswith(".") and os.path.isfile(root / name / MODEL_FILE):  # a leading dot: unfinished folders and their remains
                found.setdefault(name, root / name)
    return [found[name] for name in sorted(found)]


def find_model(name_or_path: str | Path = "default") -> Path:
    """Finds a model folder by the name of a bundled model, by `default`, or by path.

    Raises:
        ModelError: there is none.
    """
    text = str(name_or_path).strip()
    if not text:
        raise ModelError("The model's name is empty; give `default`, a bundled model's name or a model folder.")
    path = user_path(text)
    # os.path returns False for paths this user may not access; pathlib raises.
    if os.path.isdir(path) and (os.sep in text or (text != "default" and not _named(text))):
        return path
    for name in DEFAULT_MODELS if text == "default" else (text,):
        found = _named(name)
        if found:
            return found
    if os.path.isfile(path):
        raise ModelError(f"The model {text} is a file; give the folder that holds {MODEL_FILE} ({_HOW_TO_MAKE}).")
    try:
        path.stat()
    except PermissionError:
        raise ModelError(f"The model {text} cannot be accessed; this user needs permission to read its parent folders.") from None
    except (OSError, ValueError):
        pass
    known = ", ".join(p.name for p in available_models()) or "none"
    raise ModelError(f"There is no model {text!r} (found: {known}); {_HOW_TO_MAKE}.")


def is_model_folder(folder: Path) -> bool:
    """Whether a folder contains a model of any version and state. Looks into model.yaml, because other programs use that name too."""
    try:
        content = read_yaml((folder / MODEL_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and {"format", "variant", "labels"} <= content.keys()


def read_model_folder(folder: str | Path, graphs: bool = True) -> ModelFolder:
    """Reads and checks a model folder: layout version, required fields, and size and checksum of every listed file.

    Args:
        folder: the folder.
        graphs: whether to check the graphs too; False for code that only reads the weights or creates the graphs.

    Raises:
        ModelError: says in one sentence what is missing, broken or of another version.
    """
    try:
        return _read(Path(folder), graphs)
    except OSError as error:
        raise ModelError(f"{error.filename or folder} cannot be read ({error.strerror}); this user needs permission to read the whole folder.") from error


def _read(folder: Path, graphs: bool) -> ModelFolder:
    path = folder / MODEL_FILE
    if not folder.is_dir():
        raise ModelError(f"There is no model folder {folder}; {_HOW_TO_MAKE}.")
    if not path.is_file():
        raise ModelError(f"{folder} is not a model folder, or is incomplete: it has no {MODEL_FILE}.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{path} is not readable YAML ({error}).") from error
    model = parse_model_yaml(text, path)
    for name, size in model.files.items():
        file = folder / name
        if not graphs and name != WEIGHTS_FILE:
            continue
        state = ""
        if not file.is_file():
            state = "is missing"
        elif file.stat().st_size != size:
            state = f"has {file.stat().st_size} bytes instead of {size}"
        elif name in model.checksums and crc32(file) != model.checksums[name]:
            state = "has the right size, but its content has changed"
        if state:
            raise ModelError(f"The model folder {folder} is incomplete or damaged: {name} {state}; create it again.")
    return model


def parse_model_yaml(text: str, path: Path) -> ModelFolder:
    """Parses a `model.yaml`. `path`: its location, for messages and `ModelFolder.path`.

    Raises:
        ModelError: it is not a model description, or of another version.
    """
    try:
        content = read_yaml(text)
    except ValueError as error:
        raise ModelError(f"{path} is not readable YAML ({error}).") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is empty or not a mapping; it must say format, name, variant, input_size and labels.")
    if content.get("format") != FORMAT or isinstance(content["format"], bool):
        raise ModelError(f"{path.parent} has the model format {content.get('format')!r}, this version reads {FORMAT}: "
                         "convert it again with this version's `rmpsam convert`.")
    try:
        return _parse(path.parent, content)
    except (KeyError, TypeError, ValueError, OverflowError) as error:  # OverflowError: `.inf` for a whole number
        raise ModelError(f"{path} is not a valid model description: {_reason(error)}.") from error


def write_model_yaml(folder: Path, model: ModelFolder) -> None:
    """Writes `model.yaml` with the size and checksum of every other file; the last step in creating a folder."""
    names = [name for name in (IMAGE_GRAPH, PROMPT_GRAPH, WEIGHTS_FILE, INT8_GRAPH) if (folder / name).is_file()]
    text = model_yaml(replace(model, files={name: (folder / name).stat().st_size for name in names},
                              checksums={name: crc32(folder / name) for name in names}))
    with atomic_file(folder / MODEL_FILE) as partial:
        partial.write_text(text, encoding="utf-8")


def model_yaml(model: ModelFolder) -> str:
    """The text of a `model.yaml`."""
    content = {
        "format": FORMAT,
        "name": model.name,
        "variant": model.variant,
        "config": dict(model.config),
        "input_size": list(model.input_size),
        "trained": model.trained,
        "score_threshold": model.score_threshold,
        "overlap_threshold": model.overlap_threshold,
        "connected_prompts": model.connected_prompts,
        "background_prompts": model.background_prompts,
        "zoom_prompts": model.zoom_prompts,
        "licence": model.licence,
        "provenance": model.provenance,
        "accuracy": dict(model.accuracy),
        "files": dict(model.files),
        "checksums": dict(model.checksums),
        "labels": {
            "name": model.labels.name,
            "classes": [{"name": c.name, "thing": c.is_thing, "color": list(c.color)} for c in model.labels.classes],
        },
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)


def check_input_size(size: object) -> tuple[int, int]:
    """Validates an input size and returns (height, width) as ints.

    Raises:
        ValueError: not two multiples of 32 from 32 to `MAX_SIDE`.
    """
    try:
        height, width = (int(side) for side in size)  # type: ignore[union-attr]
        if any(isinstance(side, float) and not side.is_integer() for side in size):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"input_size is {size!r}; it must be height and width") from None
    if any(side % 32 or not 32 <= side <= MAX_SIDE for side in (height, width)):
        raise ValueError(f"input_size is {height}x{width}; height and width must be multiples of 32 from 32 to {MAX_SIDE}")
    return height, width


def _named(name: str) -> Path | None:
    if os.sep in name or name in (".", ".."):
        return None
    return next((root / name for root in model_roots() if os.path.isfile(root / name / MODEL_FILE)), None)


_KINDS = {"config": dict, "labels": dict, "files": dict, "checksums": dict, "accuracy": dict, "trained": bool, "connected_prompts": bool,
          "background_prompts": bool, "zoom_prompts": bool}  # fmt: skip
_REQUIRED = ("config", "labels", "trained")


def _parse(folder: Path, content: dict) -> ModelFolder:
    for key, kind in _KINDS.items():
        value = content[key] if key in _REQUIRED else content.get(key)
        if not isinstance(value, kind) and (key in _REQUIRED or value is not None):
            raise ValueError(f"{key} is {value!r}; it must be {'a mapping' if kind is dict else 'true or false'}")
    config = content["config"]
    unnamed = next((key for key in config if not isinstance(key, str)), None)
    if unnamed is not None:
        raise ValueError(f"config has the key {unnamed!r}; each must be the name of an option of the network")
    labels = label_set_from_dict(content["labels"])
    if config.get("num_classes") != len(labels):
        raise ValueError(f"the network has {config.get('num_classes')} classes, the label set {len(labels)}")
    thresholds = {}
    for key in ("score_threshold", "overlap_threshold"):
        value = content.get(key, 0.8)
        if isinstance(value, bool) or not 0 <= float(value) <= 1:
            raise ValueError(f"{key} is {value}; it must be from 0 to 1")
        thresholds[key] = float(value)
    return ModelFolder(
        path=folder,
        name=str(content["name"]),
        variant=str(content["variant"]),
        config=config,
        input_size=check_input_size(content["input_size"]),
        labels=labels,
        trained=bool(content["trained"]),
        connected_prompts=bool(content.get("connected_prompts", False)),
        background_prompts=bool(content.get("background_prompts", False)),
        zoom_prompts=bool(content.get("zoom_prompts", False)),
        licence=str(content.get("licence", "")),
        provenance=str(content.get("provenance", "")),
        accuracy=content.get("accuracy") or {},
        files={str(k): int(v) for k, v in (content.get("files") or {}).items()},
        checksums={str(k): int(v) for k, v in (content.get("checksums") or {}).items()},
        **thresholds,
    )


def _reason(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)
