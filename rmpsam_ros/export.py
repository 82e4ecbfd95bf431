"""Exports a network to a model folder: weights, two ONNX graphs, and a check that the graphs compute the same as the network.

Opset 17 is the lowest with both LayerNormalization and GridSample (16); ONNX Runtime >= 1.12, OpenVINO >= 2022.3 and TensorRT >= 8.6
read it. The deformable convolution is exported as GridSample, because OpenVINO's and TensorRT's importers have no DeformConv. Batch,
height and width are dynamic; a backend fixes them when it loads the graph.

Both graphs reference `weights.safetensors` as external data, so that a model's weights are on disk only once.
"""
from __future__ import annotations

import hashlib
import json
import logging
import shutil
import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from rmpsam_ros.atomic import atomic_folder
from rmpsam_ros.backends.openvino_core import shared_core
from rmpsam_ros.errors import BackendError, ModelError
from rmpsam_ros.graphs import IMAGE_INPUTS, IMAGE_OUTPUTS, PROMPT_INPUTS, PROMPT_OUTPUTS, ImageGraph, PromptGraph
from rmpsam_ros.model_folder import (
    IMAGE_GRAPH,
    INT8_GRAPH,
    PROMPT_GRAPH,
    WEIGHTS_FILE,
    ModelFolder,
    is_model_folder,
    read_model_folder,
    write_model_yaml,
)
from rmpsam_ros.network import RMPSAM, load_model, save_weights
from rmpsam_ros.types import CLICK_HALF_SIDE

OPSET = 17
_EXTERNAL_FROM = 256
"""Minimum size in bytes of tensors stored as external data; smaller ones stay in the graph."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Difference:
    """One compared output: maximum and mean of |graph - network|, with the tolerance for each."""

    graph: str
    output: str
    size: str
    maximum: float
    mean: float
    maximum_allowed: float
    mean_allowed: float

    @property
    def passed(self) -> bool:
        return self.maximum <= self.maximum_allowed and self.mean <= self.mean_allowed

    def __str__(self) -> str:
        return (f"{'ok  ' if self.passed else 'FAIL'} {self.graph:6} {self.output:12} {self.size:9} max {self.maximum:.2e} "
                f"(<= {self.maximum_allowed:.1e})  mean {self.mean:.2e} (<= {self.mean_allowed:.1e})")


def make_model_folder(net: RMPSAM, out: Path, model: ModelFolder, half: bool, report: Report = lambda _: None,
                      keep: bool = False) -> list[Difference]:  # fmt: skip
    """Writes a complete model folder atomically: it is built next to `out` and renamed at the end.

    Args:
        net: the network.
        out: the folder to write; an existing model folder is replaced.
        model: the content of `model.yaml`; its path and file list are filled in here.
        half: store weights as float16 (half the size; the graphs are compared with the network after the same rounding).
        report: called with one line for each step.
        keep: keep an existing int8 graph, which is valid only for the same weights. The user's own files are always kept.

    Raises:
        ModelError: `out` exists and is not a model folder, or the graphs differ from the network.
    """
    out = Path(out)
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]) and not is_model_folder(out):
        raise ModelError(f"{out} exists and is not a model folder; give a new folder.")
    before = list(out.iterdir()) if out.is_dir() else []  # now: on a mount point, the temporary folders are inside
    with atomic_folder(out) as part:
        save_weights(net, part, half)
        write_model_yaml(part, replace(model, path=part, files={}))
        differences = _export(part, report)
        for other in before:
            if not (part / other.name).exists() and (keep or other.name != INT8_GRAPH):
                if other.is_dir() and not other.is_symlink():
                    shutil.copytree(other, part / other.name, symlinks=True)
                else:  # links stay links, also broken ones
                    shutil.copy2(other, part / other.name, follow_symlinks=False)
        write_model_yaml(part, replace(model, path=part))
    return differences


def export_graphs(folder: Path, report: Report = lambda _: None) -> list[Difference]:
    """Exports and checks the graphs of an existing model folder again, from its weights; atomic like `make_model_folder`."""
    model = read_model_folder(folder, graphs=False)
    net = load_model(folder)
    half = _is_half(folder / WEIGHTS_FILE)
    return make_model_folder(net, folder, model, half, report, keep=True)


def _export(folder: Path, report: Report) -> list[Difference]:
    net = load_model(folder)  # from the saved file, so with rounded weights if they are float16
    weights = _WeightsIndex(folder / WEIGHTS_FILE)
    height, width = 96, 128
    image = torch.zeros(2, height, width, 3, dtype=torch.uint8)
    size = torch.tensor([[height, width], [height - 5, width - 9]])
    report("exporting the image graph")
    _to_onnx(ImageGraph(net), (image, size), folder / IMAGE_GRAPH, IMAGE_INPUTS, IMAGE_OUTPUTS, weights,
             {"image": {0: "batch", 1: "height", 2: "width"}, "image_size": {0: "batch"}})  # fmt: skip
    features = torch.zeros(2, net.config.mid, height // 4, width // 4)
    boxes, labels = torch.tensor([[10.0, 10.0, 16.0, 16.0]] * 3).repeat(2, 1, 1), torch.ones(2, 3, dtype=torch.int64)
    report("exporting the prompt graph")
    _to_onnx(PromptGraph(net), (features, boxes, labels, size), folder / PROMPT_GRAPH, PROMPT_INPUTS, PROMPT_OUTPUTS, weights,
             {"features": {0: "batch", 2: "rows", 3: "columns"}, "boxes": {0: "batch", 1: "prompts"},
              "labels": {0: "batch", 1: "prompts"}, "image_size": {0: "batch"}})  # fmt: skip
    differences = verify(folder, net, report)
    failed = [d for d in differences if not d.passed]
    if failed:
        raise ModelError(f"The exported graphs differ from the network beyond the tolerances: {failed[0]}.")
    return differences


def verify(folder: Path, net: RMPSAM, report: Report = lambda _: None) -> list[Difference]:
    """Compares both graphs, run by OpenVINO in float32, with the network at two sizes, one of them with padding.

    The network thresholds mask logits between stages: a logit close to 0 may flip with rounding and change its query. The
    tolerance is therefore tight for means and loose for single values.
    """
    try:
        core = shared_core()
    except ImportError as error:
        raise BackendError("Checking the exported graphs needs OpenVINO: pip install openvino.") from error
    compiled = {name: core.compile_model(core.read_model(folder / name), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
                for name in (IMAGE_GRAPH, PROMPT_GRAPH)}  # fmt: skip
    differences = []
    generator = np.random.default_rng(0)
    for height, width, used in ((224, 288, (224, 288)), (256, 192, (245, 171))):
        coarse = generator.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
        image = coarse.repeat(16, axis=0).repeat(16, axis=1)[None]
        size = np.array([used])
        with torch.inference_mode():
            expected = [t.numpy() for t in ImageGraph(net).eval()(torch.from_numpy(image), torch.from_numpy(size))]
        outputs = compiled[IMAGE_GRAPH]([image, size])
        differences += _compare("image", f"{height}x{width}", IMAGE_OUTPUTS, outputs, expected, skip=("class_ids",))
        x, y = used[1] / 3, used[0] / 2
        boxes = np.array([[[x - CLICK_HALF_SIDE, y - CLICK_HALF_SIDE, x + CLICK_HALF_SIDE, y + CLICK_HALF_SIDE], [4, 5, used[1] - 4, used[0] - 9]]], np.float32)
        prompt = [expected[-1], boxes, np.ones((1, 2), np.int64), size]
        with torch.inference_mode():
            expected = [t.numpy() for t in PromptGraph(net).eval()(*(torch.from_numpy(a) for a in prompt))]
        outputs = compiled[PROMPT_GRAPH](prompt)
        differences += _compare("prompt", f"{height}x{width}", PROMPT_OUTPUTS, outputs, expected)
    for difference in differences:
        report(str(difference))
    return differences


def _compare(graph: str, size: str, names: tuple[str, ...], outputs, expected: list[np.ndarray],
             skip: tuple[str, ...] = ()) -> Iterator[Difference]:  # fmt: skip
    for name, reference in zip(names, expected):
        if name in skip:
            continue
        error = np.abs(outputs[name] - reference)
        scale = max(1.0, float(np.abs(reference).max()))
        loose, tight = (1e-4, 1e-5) if name == "features" else (2e-2, 5e-4)
        yield Difference(graph, name, size, float(error.max()), float(error.mean()), loose * scale, tight * scale)


def _to_onnx(module: torch.nn.Module, arguments: tuple, path: Path, inputs: tuple[str, ...], outputs: tuple[str, ...],
             weights: _WeightsIndex, axes: dict) -> None:  # fmt: skip
    import onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # known warnings: traced constants, and the exporter's own deprecation
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        # The tracing exporter, because the new one starts at opset 18. Without constant folding, so that the weights stay
        # byte for byte those of the weights file; the runtimes fold them at load time.
        torch.onnx.export(
            module.eval(), arguments, str(path), dynamo=False, opset_version=OPSET, input_names=list(inputs), output_names=list(outputs),
            dynamic_axes=axes, do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE,
        )  # fmt: skip
    graph = onnx.load(str(path))
    _share_weights(graph, weights)
    graph.producer_name, graph.doc_string = "rmpsam_ros", f"{path.stem} graph of RMP-SAM"
    onnx.save(graph, str(path))
    onnx.checker.check_model(str(path))


def _share_weights(graph, weights: _WeightsIndex) -> None:
    """Makes every large initialiser external data that refers to its bytes in the weights file, with a Cast node if those are float16."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in graph.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.nbytes < _EXTERNAL_FROM:
            continue
        found = weights.find(array)
        if found is None:
            continue
        offset, length, half = found
        name = tensor.name
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", WEIGHTS_FILE), ("offset", str(offset)), ("length", str(length))):
            tensor.external_data.add(key=key, value=value)
        if half:
            tensor.data_type = TensorProto.FLOAT16
            tensor.name = f"{name}.half"
            casts.append(helper.make_node("Cast", [tensor.name], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    nodes = list(graph.graph.node)
    del graph.graph.node[:]
    graph.graph.node.extend(casts + nodes)


class _WeightsIndex:
    """Finds the position of a tensor's bytes in a safetensors file by their content."""

    def __init__(self, path: Path) -> None:
        content, (header, start) = path.read_bytes(), _safetensors_header(path)
        self._found: dict[bytes, tuple[int, int, bool]] = {}
        for name, entry in header.items():
            if name == "__metadata__" or entry["dtype"] not in ("F32", "F16"):
                continue
            begin, end = (start + o for o in entry["data_offsets"])
            self._found.setdefault(_digest(content[begin:end]), (begin, end - begin, entry["dtype"] == "F16"))

    def find(self, array: np.ndarray) -> tuple[int, int, bool] | None:
        """(offset, length, is float16) of a float32 array that the file contains unchanged or, without loss, as float16."""
        array = np.ascontiguousarray(array)
        exact = self._found.get(_digest(array.tobytes()))
        if exact is not None and not exact[2]:
            return exact
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        found = self._found.get(_digest(half.tobytes()))
        return found if found is not None and found[2] and np.array_equal(half.astype(np.float32), array) else None


def _safetensors_header(path: Path) -> tuple[dict, int]:
    """The header of a safetensors file, and the offset at which the tensor data begins."""
    with path.open("rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        return json.loads(file.read(length)), 8 + length


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _is_half(path: Path) -> bool:
    header, _ = _safetensors_header(path)
    return any(entry.get("dtype") == "F16" for name, entry in header.items() if name != "__metadata__")
