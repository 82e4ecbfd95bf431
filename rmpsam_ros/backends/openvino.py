"""The OpenVINO backend, for robots without a GPU."""
from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends.base import ImageOutputs, Progress, PromptOutputs, Sizes, filled, graph_path, prompt_rows
from rmpsam_ros.backends.limits import MAX_PROMPTS
from rmpsam_ros.backends.openvino_cache import CompiledGraphs
from rmpsam_ros.backends.openvino_core import import_openvino, shared_core
from rmpsam_ros.errors import BackendError, ModelError
from rmpsam_ros.model_folder import WEIGHTS_FILE, ModelFolder

_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, MAX_PROMPTS)
"""Prompts are padded to one of these numbers, because OpenVINO compiles for each new number and keeps the result in memory."""
_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}


class OpenVinoBackend:
    """Runs both graphs, compiled for one input size and batch; implements `Backend`."""

    name, encodes_alone = "openvino", True

    def __init__(self, model: ModelFolder, device: str = "auto", precision: str = "auto",
                 input_size: tuple[int, int] | None = None, threads: int | None = None, batch: int = 1, progress: Progress | None = None) -> None:  # fmt: skip
        try:
            ov = import_openvino()
        except ImportError as error:
            raise BackendError(f"OpenVINO cannot be loaded ({error}): pip install openvino.") from error
        self._ov = ov
        core = shared_core()
        self.input_size, self.batch = input_size or model.input_size, batch
        plugin = _plugin(core, device)
        self.device = str(core.get_property(plugin, "FULL_DEVICE_NAME")).strip()
        self.precision = _precision(core, plugin, precision)
        # Unquantised parts of an int8 graph, and the prompt graph, run in the precision of `auto`.
        computed = _precision(core, plugin, "auto") if self.precision == "int8" else self.precision
        options: dict[str, object] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": _HINTS[computed]}
        if plugin == "CPU" and threads:
            options["INFERENCE_NUM_THREADS"] = threads
        cache = CompiledGraphs(model, plugin, self.device, self.precision, self.input_size, batch, ov.__version__)

        # Features are passed between the graphs in the type they are computed in: bf16 halves the memory of a frame.
        stored = {"bf16": ov.Type.bf16, "fp16": ov.Type.f16}.get(computed, ov.Type.f32)
        image, decoder, beside, prompt, features = _graphs(ov, core, model, self.precision, self.input_size, batch, stored)

        def compiled(graph):
            return core.compile_model(graph, plugin, options | cache.options).create_infer_request()

        try:
            with cache.compiling():
                self._image = compiled(image)
                self._decoder = compiled(decoder) if decoder else None
                self._prompt = compiled(prompt)
        except RuntimeError as error:
            raise BackendError(f"OpenVINO cannot compile {model.path} for {plugin} ({_short(error)}).") from error
        for name in beside:
            self._decoder.set_tensor(name, self._image.get_tensor(name))  # both share the memory
        # Types and shapes of what a frame keeps: each run writes into new tensors, so that nothing needs to be copied.
        masks = list((decoder or image).output("mask_logits").shape)
        self._kept = {"features": (stored, features), "mask_logits": (ov.Type.f32, masks)}
        self._encoder = self._image if decoder else None  # the image graph without its decoder is the encoder

        def compile_encoder():
            with cache.compiling():
                return compiled(_encoder_of(ov, image))

        self._compile_encoder = None if decoder else compile_encoder  # keeps a reference to the graph

    def make_canvas(self) -> npt.NDArray[np.uint8]:
        return np.zeros((self.batch, *self.input_size, 3), np.uint8)

    def run_images(self, images: npt.NDArray[np.uint8], image_sizes: Sizes) -> list[ImageOutputs]:
        count, request = len(image_sizes), self._decoder or self._image
        images, sizes = filled(images, image_sizes, self.batch)
        kept = {name: self._ov.Tensor(*kind) for name, kind in self._kept.items()}
        request.set_tensor("mask_logits", kept["mask_logits"])
        self._image.set_tensor("features", kept["features"])
        self._image.infer({"image": images, "image_size": sizes}, share_inputs=True)
        if self._decoder:
            self._decoder.set_tensor("features", kept["features"])
            self._decoder.infer()
        small = {name: np.array(request.get_tensor(name).data) for name in ("class_ids", "scores", "iou", "queries")}
        small["class_ids"] = small["class_ids"].astype(np.int64, copy=False)
        masks = kept["mask_logits"].data
        return [ImageOutputs(**{n: v[i] for n, v in small.items()}, mask_logits=masks[i], features=self._part(kept["features"], i))
                for i in range(count)]  # fmt: skip

    def _part(self, tensor, index: int):
        """A (1, …) view of one image in a batch's tensor; no copy."""
        if self.batch == 1:
            return tensor
        return self._ov.Tensor(tensor, [index] + [0] * (len(tensor.shape) - 1), [index + 1, *list(tensor.shape)[1:]])

    def run_prompts(self, features: object, boxes: npt.NDArray[np.float32], labels: npt.NDArray[np.int64],
                    image_size: tuple[int, int]) -> PromptOutputs:  # fmt: skip
        request, count, rows = self._prompt, len(boxes), prompt_rows(len(boxes), _BUCKETS)
        request.set_tensor("features", features)
        request.infer({"boxes": boxes[None, rows], "labels": labels[None, rows], "image_size": np.array([image_size], np.int64)})
        return PromptOutputs(*(np.array(request.get_tensor(name).data[0, :count]) for name in ("mask_logits", "iou", "queries")))

    def read_features(self, features: object) -> npt.NDArray[np.float32]:
        if features.element_type == self._ov.Type.bf16:  # numpy has no bfloat16; it is the upper half of a float32
            values = features.data[0].view(np.uint16).astype(np.uint32)
            values <<= 16
            return values.view(np.float32)
        return features.data[0].astype(np.float32)

    def run_features(self, images: npt.NDArray[np.uint8], image_sizes: Sizes) -> object:
        self._encoder = self._encoder or self._compile_encoder()
        images, sizes = filled(images, image_sizes, self.batch)
        features = self._ov.Tensor(*self._kept["features"])  # a new tensor, because the caller keeps the previous one
        self._encoder.set_tensor("features", features)
        self._encoder.infer({"image": images, "image_size": sizes}, share_inputs=True)
        return self._part(features, 0)

    def close(self) -> None:
        self._image = self._decoder = self._prompt = self._encoder = None


def _plugin(core, device: str) -> str:
    name = {"auto": "CPU", "cpu": "CPU"}.get(device.lower(), device.upper()).removesuffix(".0")
    known = list(core.available_devices)
    if name not in known and name not in {k.split(".")[0] for k in known}:
        raise BackendError(f"OpenVINO has no device {device!r} here; it has {', '.join(known)} (or use `auto`).")
    return name


def _precision(core, plugin: str, precision: str) -> str:
    capabilities = core.get_property(plugin, "OPTIMIZATION_CAPABILITIES")
    if precision == "auto":
        if plugin == "CPU":
            return "bf16" if "BF16" in capabilities else "fp32"
        return "fp16" if "FP16" in capabilities else "fp32"
    if precision not in ("fp32", "int8") and precision.upper() not in capabilities:
        raise BackendError(f"The device {plugin} does not compute {precision} natively; use auto or fp32.")
    return precision


class _Graphs(NamedTuple):
    """The graphs to compile. If there is a decoder, the image graph is the encoder alone, and the decoder also reads its outputs `beside`."""

    image: Any
    decoder: Any
    beside: list[str]
    prompt: Any
    features: list[int]  # their shape


def _graphs(ov, core, model: ModelFolder, precision: str, input_size: tuple[int, int], batch: int, stored) -> _Graphs:
    """Reads the graphs for one input size; `stored` is the type in which features are passed between them."""
    height, width = input_size
    image_file, prompt_file = (graph_path(model, graph, precision, input_size, batch) for graph in ("image", "prompt"))
    image, prompt = _read(core, image_file), _read(core, prompt_file)
    with _as_exported(image_file):
        image.reshape({"image": [batch, height, width, 3], "image_size": [batch, 2]})
        features = [batch, image.output("features").partial_shape[1].get_length(), height // 4, width // 4]
    # Zoom-in crops need the encoder alone. With the decoder split off into its own graph, the encoder is compiled only once.
    decoder, beside = _cut_decoder(ov, image) if model.zoom_prompts else (None, [])
    handed_on = {name: stored for name in ("features", *beside)}
    image = _with_types(ov, image, inputs={"image_size": ov.Type.i64}, outputs=handed_on)
    decoder = _with_types(ov, decoder, inputs=handed_on) if decoder else None
    with _as_exported(prompt_file):
        prompt.reshape({"features": [1, *features[1:]], "boxes": [1, -1, 4], "labels": [1, -1], "image_size": [1, 2]})
    return _Graphs(image, decoder, beside, _with_types(ov, prompt, inputs={"features": stored}), features)


def _read(core, path: Path):
    try:
        with _in_one_folder(path) as real:
            return core.read_model(real)
    except RuntimeError as error:
        raise ModelError(f"OpenVINO cannot read {path} ({_short(error)}); `rmpsam export` creates it again.") from error


@contextmanager
def _as_exported(path: Path) -> Iterator[None]:
    """Reports a graph without the expected inputs and outputs as `ModelError`: the file may be any model that OpenVINO can read."""
    try:
        yield
    except RuntimeError as error:
        raise ModelError(f"{path} is not the expected rmpsam_ros graph ({_short(error)}); `rmpsam export {path.parent}` creates it again.") from error


@contextmanager
def _in_one_folder(graph: Path) -> Iterator[Path]:
    """Yields a path to the graph, links resolved, with its weights in the same folder: OpenVINO requires that, but `colcon build
    --symlink-install` and some download caches link each file separately. If the files are in different folders, yields a temporary copy."""
    weights = graph.with_name(WEIGHTS_FILE)
    real = graph.resolve()
    if not weights.is_file() or weights.resolve() == real.with_name(WEIGHTS_FILE):
        yield real
        return
    with tempfile.TemporaryDirectory(prefix="rmpsam-") as folder:
        for file in (graph, weights):
            shutil.copyfile(file, Path(folder, file.name))
        yield Path(folder, graph.name)


def _with_types(ov, graph, inputs: dict | None = None, outputs: dict | None = None):
    steps = ov.preprocess.PrePostProcessor(graph)
    for name, element_type in (inputs or {}).items():
        steps.input(name).tensor().set_element_type(element_type)
    for name, element_type in (outputs or {}).items():
        steps.output(name).tensor().set_element_type(element_type)
    return steps.build()


def _cut_decoder(ov, graph):
    """Splits everything after the features off the image graph, in place.

    Returns:
        The decoder as a graph with the input `features` (float32), and the names of its other inputs from the encoder, which become
        outputs of the image graph.
    """
    from openvino.passes import ConstantFolding, Manager

    folding = Manager()
    folding.register_pass(ConstantFolding())  # makes shapes that the decoder reads from the encoder constant
    folding.run_passes(graph)
    (kept,) = (r for r in graph.get_results() if "features" in r.get_output_tensor(0).get_names())
    source = kept.input_value(0)
    encoder = _before(source.get_node())
    inputs, beside = [], []
    for node in graph.get_ordered_ops():
        if node.get_name() not in encoder or node.get_type_name() == "Constant":
            continue
        for output in node.outputs():
            readers = [r for r in output.get_target_inputs() if r.get_node().get_name() not in encoder and r.get_node().get_type_name() != "Result"]
            if not readers:
                continue
            name = "features" if output == source else f"beside{len(beside)}"
            given = ov.opset13.parameter(output.get_partial_shape(), output.get_element_type(), name=name)
            given.output(0).get_tensor().set_names({name})
            for reader in readers:
                reader.replace_source_output(given.output(0))
            inputs.append(given)
            if name != "features":
                output.get_tensor().add_names({name})
                beside.append(name)
    others = [r for r in graph.get_results() if r.get_friendly_name() != kept.get_friendly_name()]
    for result in others:
        graph.remove_result(result)
    for name in beside:
        graph.add_outputs(name)
    return ov.Model(others, inputs, "decoder"), beside


def _before(node) -> set[str]:
    """Names of a node and of all nodes that it depends on."""
    found, waiting = set(), [node]
    while waiting:
        node = waiting.pop()
        if node.get_name() not in found:
            found.add(node.get_name())
            waiting += [value.get_node() for value in node.input_values()]
    return found


def _encoder_of(ov, graph):
    """The image graph without the decoder after the features."""
    results = [r for r in graph.get_results() if "features" in r.get_output_tensor(0).get_names()]
    return ov.Model(results, graph.get_parameters(), "encoder")


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[-200:]
