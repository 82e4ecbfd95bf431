"""The engine of a model's graph: from the cache, or built and cached."""
from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rmpsam_ros.backends.trt_build import Progress, Shapes, build_engine
from rmpsam_ros.backends.trt_flavour import Flavour
from rmpsam_ros.engine_cache import EngineCache, EngineKey, Found, file_hash
from rmpsam_ros.errors import BackendError, ModelError
from rmpsam_ros.model_folder import WEIGHTS_FILE, ModelFolder

GRAPHS = ("image", "prompt")
"""What a backend needs. There is `features` too, the image graph's encoder alone, to time it."""

MAX_PROMPTS = 64
"""Prompts that one run of the prompt graph takes; `prompting.MAX_PROMPTS` is the same number."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """What engines are built for.

    Attributes:
        flavour: the TensorRT.
        gpu: the name of the GPU that is here; empty for building ahead of time.
        computes: its compute capability, such as `sm_89`; ahead of time all that are wanted.
        workspace_mb: limit of the memory that a layer may work in; None for TensorRT's choice.
        use_device: makes the GPU current on the thread that builds.
    """

    flavour: Flavour
    gpu: str
    computes: tuple[str, ...]
    workspace_mb: int | None = None
    use_device: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Provided:
    """An engine's bytes; where it is cached (None where that failed); what its sidecar says; seconds it took to build, if it was."""

    engine: bytes = field(repr=False)
    path: Path | None
    notes: dict[str, object]
    seconds: float | None


def engine_key(model: ModelFolder, graph: str, target: Target, precision: str, input_size: tuple[int, int]) -> EngineKey:
    """The cache's key; reads the graph and the weights to hash them, and imports nothing."""
    path = graph_path(model, graph, precision, input_size)
    weights = model.path / WEIGHTS_FILE
    code = [Path(__file__).parent.parent / name for name in ("typed_graphs.py", "graph_folding.py")]  # how graphs are typed
    code.append(Path(__file__).with_name("trt_build.py"))
    height, width = input_size
    prompts = f"1 to {MAX_PROMPTS} prompts, " if graph == "prompt" else ""
    return EngineKey(
        model=model.name, graph=graph, source=file_hash(path, *([weights] if weights.is_file() else []), *code),
        flavour=target.flavour.name, version=target.flavour.version, gpu=target.gpu, compute=",".join(target.computes),
        precision=precision, shapes=f"{prompts}batch 1, {height}x{width}",
    )  # fmt: skip


def graph_path(model: ModelFolder, graph: str, precision: str, input_size: tuple[int, int]) -> Path:
    """The ONNX file that an engine is made of.

    Raises:
        ModelError: it is not there.
        BackendError: there is no int8 graph, or none of this size.
    """
    path = model.prompt_graph if graph == "prompt" else model.image_graph
    if precision == "int8" and graph != "prompt":  # a click's few kernels are not quantised
        path = model.int8_graph
        if not path.is_file():
            raise BackendError(f"The model folder {model.path} has no int8 graph; `rmpsam export {model.path} --int8` makes it, or use auto.")
        if input_size != model.input_size:
            raise BackendError(f"The int8 graph of {model.path} is for {model.input_size[0]}x{model.input_size[1]} only; use another precision.")
    if not path.is_file():
        raise ModelError(f"The model folder {model.path} has no {path.name}; `rmpsam export {model.path}` makes it.")
    return path


def provide(model: ModelFolder, graph: str, target: Target, precision: str, input_size: tuple[int, int], cache: EngineCache,
            progress: Progress = lambda text, part: None, rebuild: bool = False) -> Provided:  # fmt: skip
    """The engine of one graph.

    Args:
        model: the model folder.
        graph: `image`, `prompt` or `features`.
        target: what it shall run on.
        precision: `fp32`, `fp16` or `int8`.
        input_size: (height, width) of the padded input.
        cache: where engines are kept.
        progress: told what is being done, also the reason why an engine is built.
        rebuild: build in any case.

    Raises:
        BackendError: it cannot be built.
        ModelError: the graph is not there.
    """
    key = engine_key(model, graph, target, precision, input_size)
    found = cache.find(key)
    if isinstance(found, Found) and not rebuild:
        return Provided(found.engine, found.path, dict(found.notes), None)
    with cache.building(key, waiting=lambda: progress("another process is building this engine: waiting for it", None)):
        if not rebuild:
            found = cache.find(key)  # the other process may have built it
            if isinstance(found, Found):
                return Provided(found.engine, found.path, dict(found.notes), None)
            progress(f"building the {graph} engine: {found.reason}", None)
            _LOG.info("building the %s engine of %s: %s", graph, model.name, found.reason)
        started = time.monotonic()
        progress(f"{graph}: writing the graph in {precision}", None)
        engine = build_engine(target.flavour, _typed(model, graph, target, precision, input_size), _shapes(model, graph, input_size),
                              precision, () if target.gpu else target.computes, target.workspace_mb,
                              lambda text, part: progress(f"{graph}: {text}", part), target.use_device)  # fmt: skip
        seconds = time.monotonic() - started
        path = cache.store(key, engine, seconds=round(seconds, 1))
    return Provided(engine, path, {}, seconds)


def parse_targets(text: str, flavour: Flavour) -> tuple[str, ...]:
    """`sm_86,sm_120` to the compute capabilities that engines shall be built for.

    Raises:
        BackendError: one that this TensorRT does not know, or a TensorRT that cannot build for absent GPUs.
    """
    names: Sequence[str] = [part.strip().lower() for part in text.split(",") if part.strip()]
    if not flavour.is_rtx:
        raise BackendError(f"{flavour.title} builds only for the GPU that is here; building for others needs tensorrt-rtx-cu13.")
    known = flavour.targets()
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise BackendError(f"{unknown[0] if unknown else text!r} is not a compute capability that {flavour.title} builds for; "
                           f"it builds for {', '.join(known)}.")
    return tuple(sorted(dict.fromkeys(names), key=lambda name: int(name[3:])))


def _typed(model: ModelFolder, graph: str, target: Target, precision: str, input_size: tuple[int, int]) -> bytes:
    try:
        from rmpsam_ros.typed_graphs import typed_graph
    except ImportError as error:
        raise BackendError(f"Building an engine needs onnx ({error}): pip install onnx; engines in the cache run without.") from error
    path = graph_path(model, graph, precision, input_size)
    outputs = ("features",) if graph == "features" else ()
    if precision == "int8":
        if graph == "image":
            return path.read_bytes()  # written by `quantize` with every type and shape in it
        precision = "fp32"  # of what is not quantised
    return typed_graph(path, precision, input_size, target.flavour.has_layer_norm, outputs).SerializeToString()


def _shapes(model: ModelFolder, graph: str, input_size: tuple[int, int]) -> Shapes:
    height, width = input_size
    size = (1, 2)
    if graph != "prompt":
        return {"image": ((1, height, width, 3),) * 3, "image_size": (size,) * 3}
    features = (1, int(model.config.get("mid", 128)), height // 4, width // 4)
    # One prompt is the usual click; the engine is tuned for it, and takes up to MAX_PROMPTS.
    return {"features": (features,) * 3, "boxes": ((1, 1, 4), (1, 1, 4), (1, MAX_PROMPTS, 4)),
            "labels": ((1, 1), (1, 1), (1, MAX_PROMPTS)), "image_size": (size,) * 3}  # fmt: skip
