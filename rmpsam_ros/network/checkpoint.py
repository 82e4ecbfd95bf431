"""Reads checkpoints, and reads and writes a model folder's weights. Code in a file is never executed."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.errors import BackendError, ModelError
from rmpsam_ros.model_folder import WEIGHTS_FILE, find_model, read_model_folder
from rmpsam_ros.network.model import RMPSAM, build

_EMBEDDING_KEY = "text_embedding"
"""Name of the (K, P, D) class embeddings in `weights.safetensors`; they are not part of the state dict."""


class _Inert:
    """Placeholder for the objects of the training log in an mmengine checkpoint: accepts any content and does nothing."""

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass

    def __setitem__(self, *_: object) -> None:
        pass


def load_checkpoint(path: str | Path) -> dict[str, Tensor]:
    """Loads the state dict from a `.pth`, `.pt` or `.safetensors` file to the CPU.

    mmengine checkpoints may contain objects of their training log; these are ignored.

    Raises:
        ModelError: the file does not exist or is not a checkpoint.
        BackendError: safetensors is missing, or torch is too old to inspect a checkpoint without executing it.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"There is no checkpoint {path}.")
    try:
        content = _load_safetensors(path) if path.suffix == ".safetensors" else _load_pickled(path)
    except BackendError:
        raise
    except Exception as error:  # the unpickler's exception type depends on the content
        raise ModelError(f"{path} is not a checkpoint that can be loaded safely ({_first_sentence(error)}); "
                         "it must be a state dict saved by torch or safetensors.") from error
    for key in ("state_dict", "model"):  # the wrappers of mmengine and detectron2
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds a {type(content).__name__}; it must hold a state dict.")
    # torch's DistributedDataParallel adds "module."; the data preprocessor is not part of the network.
    state = {k.removeprefix("module."): v for k, v in content.items() if isinstance(v, Tensor) and not k.startswith("data_preprocessor.")}
    if not state:
        raise ModelError(f"{path} holds no tensors; it must hold a state dict.")
    return state


def load_tensor(path: str | Path) -> Tensor:
    """Loads the single tensor in a file, such as the official text embeddings (K, P, 768).

    Raises:
        ModelError: the file does not exist or has other content.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"There is no file {path}.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded safely ({_first_sentence(error)}); it must hold one tensor.") from error
    if isinstance(content, dict):
        tensors = [v for v in content.values() if isinstance(v, Tensor)]
        content = tensors[0] if len(tensors) == 1 else content
    if not isinstance(content, Tensor):
        raise ModelError(f"{path} holds a {type(content).__name__}; it must hold one tensor of shape (classes, synonyms, 768).")
    return content


def load_model(folder: str | Path) -> RMPSAM:
    """Loads the network of a model folder (or of a bundled model, by name) with its weights, in evaluation mode on the CPU.

    Raises:
        ModelError: the folder or its weights are missing, broken or of another version.
    """
    model = read_model_folder(folder if Path(folder).is_dir() else find_model(folder), graphs=False)
    path = model.path / WEIGHTS_FILE
    if not path.is_file():
        raise ModelError(f"The model folder {model.path} has no {WEIGHTS_FILE}, which the torch backend and export need.")
    net = build(model.variant, **model.config)
    state = {k: v.float() if v.is_floating_point() else v for k, v in load_checkpoint(path).items()}
    embedding = state.pop(_EMBEDDING_KEY, None)
    try:
        if embedding is not None:
            net.panoptic_head.text_classifier.set_embedding(F.normalize(embedding, dim=-1))
        net.load_state_dict(state)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"The weights in {path} do not fit the network in model.yaml ({_first_sentence(error)}).") from error
    net.config = replace(net.config, num_classes=net.panoptic_head.text_classifier.num_classes)
    return net


def load_official(state_dict: Mapping[str, Tensor], text_embedding: Tensor) -> RMPSAM:
    """Builds the network of an official checkpoint with unchanged keys, which determine the variant. See `RMPSAM.load_official`.

    Raises:
        ModelError: the keys or shapes match no variant.
    """
    net = build(detect_variant(state_dict), num_classes=len(text_embedding))
    net.load_official(state_dict, text_embedding)
    return net


def save_weights(net: RMPSAM, folder: str | Path, half: bool) -> None:
    """Writes `weights.safetensors`: the state dict and the class embeddings, float16 if `half` else float32.

    Raises:
        ModelError: a weight is too large for float16.
        OSError: the disk is full, or read-only.
    """
    content = _safetensors().save(weight_tensors(net, half))
    (Path(folder) / WEIGHTS_FILE).write_bytes(content)  # not with the library, which raises its own exception type for a full disk


def weight_tensors(net: RMPSAM, half: bool) -> dict[str, Tensor]:
    """The tensors that `save_weights` writes, by name; batch-normalisation counters stay integers.

    Raises:
        ModelError: a weight is too large for float16; it would become infinite.
    """
    dtype = torch.float16 if half else torch.float32
    tensors: dict[str, Tensor] = dict(net.state_dict())
    classifier = net.panoptic_head.text_classifier
    if not net.config.learned_classes:
        tensors[_EMBEDDING_KEY] = classifier.text_embedding()
    stored = {k: (v.to(dtype) if v.is_floating_point() else v).contiguous().clone() for k, v in tensors.items()}
    for name, values in stored.items():
        lost = values.isinf() & tensors[name].isfinite()
        if lost.any():
            raise ModelError(f"The weight {name} has the value {tensors[name][lost][0]:g}, which does not fit float16; use --weights fp32.")
    return stored


def detect_variant(state: Mapping[str, Tensor]) -> str:
    """Detects `r50`, `r18` or `lite0` from the keys of a checkpoint.

    Raises:
        ModelError: it is none of them.
    """
    if "backbone.conv_stem.weight" in state:
        return "lite0"
    if "backbone.layer1.0.conv3.weight" in state and "backbone.layer3.5.conv1.weight" in state:
        return "r50"
    if "backbone.layer1.0.conv2.weight" in state and "backbone.layer1.0.conv3.weight" not in state:
        return "r18"
    raise ModelError("The checkpoint's backbone is none of ResNet-18, ResNet-50 and EfficientNet-Lite0: "
                     f"its first key is {next(iter(state))!r}.")


def _load_pickled(path: Path) -> object:
    if not hasattr(torch.serialization, "get_unsafe_globals_in_checkpoint"):
        raise BackendError(f"Reading a checkpoint safely needs torch 2.6 or newer, and this is {torch.__version__}; convert it on another "
                           "machine, and copy the model's folder.")
    try:
        unsafe = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except (ValueError, RuntimeError):  # the old format, before zip files; there, weights_only alone protects
        unsafe = []
    stubs = [(_Inert, name) for name in unsafe if name.startswith(("mmengine.", "numpy."))]
    with torch.serialization.safe_globals(stubs):
        return torch.load(path, map_location="cpu", weights_only=True)


def _load_safetensors(path: Path) -> dict[str, Tensor]:
    library = _safetensors()
    try:
        return library.load_file(str(path))
    except Exception as error:  # the library's own exception type is not public
        raise ValueError(str(error)) from error


def _safetensors():
    try:
        import safetensors.torch
    except ImportError as error:
        raise BackendError("safetensors is not installed: pip install safetensors.") from error
    return safetensors.torch


def _first_sentence(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, KeyError):  # raised by pickle for an unknown opcode
        text = "its content is not a pickle"
    return re.split(r"(?<=[.:!])\s", text)[0].rstrip(".:! ")[:160]
