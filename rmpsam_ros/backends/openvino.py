"""OpenVINO: the backend of a robot without a GPU."""
from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends.base import ImageOutputs, PromptOutputs
from rmpsam_ros.errors import BackendError, ModelError
from rmpsam_ros.model_folder import ModelFolder

_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
_LOG = logging.getLogger(__name__)


class OpenVinoBackend:
    """Compiles both graphs for one input size; see `Backend` for the calls."""

    name = "openvino"

    def __init__(self, model: ModelFolder, device: str = "auto", precision: str = "auto",
                 input_size: tuple[int, int] | None = None, threads: int | None = None) -> None:  # fmt: skip
        try:
            import openvino as ov
        except ImportError as error:
            raise BackendError(f"OpenVINO cannot be loaded ({error}): pip install openvino.") from error
        self._ov = ov
        core = ov.Core()
        self.input_size = input_size or model.input_size
        plugin = _plugin(core, device)
        self.device = str(core.get_property(plugin, "FULL_DEVICE_NAME")).strip()
        self.precision = _precision(core, plugin, precision)
        # What is not quantised in an int8 graph, and the prompt graph, run as they would without it.
        beside = _precision(core, plugin, "auto") if self.precision == "int8" else self.precision
        options: dict[str, object] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": _HINTS[beside]}
        if plugin == "CPU" and threads:
            options["INFERENCE_NUM_THREADS"] = threads
        cache = _cache_folder()
        if cache is not None:
            options["CACHE_DIR"] = str(cache)

        height, width = self.input_size
        cells = (height // 4, width // 4)
        image = _read_int8(core, model, self.input_size) if self.precision == "int8" else _read(core, model.image_graph)
        image.reshape({"image": [1, height, width, 3], "image_size": [1, 2]})
        mid = image.output("features").partial_shape[1].get_length()
        # Features go from one graph to the other in the type they are computed in: bf16 halves what a frame keeps.
        stored = {"bf16": ov.Type.bf16, "fp16": ov.Type.f16}.get(beside, ov.Type.f32)
        image = _with_types(ov, image, inputs={"image_size": ov.Type.i64}, outputs={"features": stored})
        prompt = _read(core, model.prompt_graph)
        prompt.reshape({"features": [1, mid, *cells], "boxes": [1, -1, 4], "labels": [1, -1], "image_size": [1, 2]})
        prompt = _with_types(ov, prompt, inputs={"features": stored})
        try:
            self._image = core.compile_model(image, plugin, options).create_infer_request()
            self._prompt = core.compile_model(prompt, plugin, options).create_infer_request()
        except RuntimeError as error:
            raise BackendError(f"OpenVINO cannot compile {model.path} for {plugin} ({_short(error)}).") from error
        self._feature_shape, self._feature_type = [1, mid, *cells], stored
        self._encoder = None
        self._compile_encoder = lambda: core.compile_model(_encoder_of(ov, image), plugin, options).create_infer_request()

    def run_image(self, image: npt.NDArray[np.uint8], image_size: tuple[int, int]) -> ImageOutputs:
        request = self._image
        # A frame keeps its features: give each run a tensor of its own rather than copy out of a shared one.
        features = self._ov.Tensor(self._feature_type, self._feature_shape)
        request.set_tensor("features", features)
        request.infer({"image": image[None], "image_size": np.array([image_size], np.int64)}, share_inputs=True)
        return ImageOutputs(
            class_ids=_copy(request, "class_ids").astype(np.int64),
            scores=_copy(request, "scores"),
            iou=_copy(request, "iou"),
            queries=_copy(request, "queries"),
            mask_logits=_copy(request, "mask_logits"),
            features=features,
        )

    def run_prompts(self, features: object, boxes: npt.NDArray[np.float32], labels: npt.NDArray[np.int64],
                    image_size: tuple[int, int]) -> PromptOutputs:  # fmt: skip
        request = self._prompt
        request.set_tensor("features", features)
        request.infer({"boxes": boxes[None], "labels": labels[None], "image_size": np.array([image_size], np.int64)})
        return PromptOutputs(_copy(request, "mask_logits"), _copy(request, "iou"), _copy(request, "queries"))

    def run_features(self, image: npt.NDArray[np.uint8], image_size: tuple[int, int]) -> object:
        self._encoder = self._encoder or self._compile_encoder()
        self._encoder.infer({"image": image[None], "image_size": np.array([image_size], np.int64)}, share_inputs=True)
        return self._encoder.get_tensor("features")

    def close(self) -> None:
        self._image = self._prompt = self._encoder = None


def cpu_has_bf16() -> bool:
    """Whether the CPU computes bfloat16 natively (AVX-512 BF16 or AMX), as OpenVINO sees it."""
    import openvino as ov

    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _plugin(core, device: str) -> str:
    name = {"auto": "CPU", "cpu": "CPU"}.get(device.lower(), device.upper())
    known = list(core.available_devices)
    if name not in known and name.split(".")[0] not in {k.split(".")[0] for k in known}:
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


def _read(core, path: Path):
    if not path.is_file():
        raise ModelError(f"The model folder {path.parent} has no {path.name}; `rmpsam export {path.parent}` makes it.")
    try:
        return core.read_model(path)
    except RuntimeError as error:
        raise ModelError(f"OpenVINO cannot read {path} ({_short(error)}); `rmpsam export` makes it anew.") from error


def _read_int8(core, model: ModelFolder, input_size: tuple[int, int]):
    if not model.int8_graph.is_file():
        raise BackendError(f"The model folder {model.path} has no int8 graph; `rmpsam export {model.path} --int8` makes it, or use auto.")
    if input_size != model.input_size:
        raise BackendError(f"The int8 graph of {model.path} is for {model.input_size[0]}x{model.input_size[1]} only; use another precision.")
    return _read(core, model.int8_graph)


def _with_types(ov, graph, inputs: dict | None = None, outputs: dict | None = None):
    steps = ov.preprocess.PrePostProcessor(graph)
    for name, element_type in (inputs or {}).items():
        steps.input(name).tensor().set_element_type(element_type)
    for name, element_type in (outputs or {}).items():
        steps.output(name).tensor().set_element_type(element_type)
    return steps.build()


def _encoder_of(ov, graph):
    """The image graph without what comes after the features."""
    results = [r for r in graph.get_results() if "features" in r.get_output_tensor(0).get_names()]
    return ov.Model(results, graph.get_parameters(), "encoder")


def _copy(request, name: str) -> npt.NDArray:
    return np.array(request.get_tensor(name).data[0])


def _cache_folder() -> Path | None:
    """Where compiled graphs are kept, so that a second start takes a fraction of a second; None where it is not writable."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rmpsam" / "openvino"
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _LOG.warning("Compiled graphs are not cached, each start compiles them again: %s cannot be made (%s).", root, error.strerror)
        return None
    if not os.access(root, os.W_OK):
        _LOG.warning("Compiled graphs are not cached, each start compiles them again: %s is not writable.", root)
        return None
    return root


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[-200:]
