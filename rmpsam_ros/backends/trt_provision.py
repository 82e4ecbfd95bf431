"""Provides the engine for a model's graph: from the cache, or built and then cached."""
from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rmpsam_ros.backends.base import Progress, graph_path
from rmpsam_ros.backends.limits import MAX_PROMPTS
from rmpsam_ros.backends.trt_build import Shapes, build_engine
from rmpsam_ros.backends.trt_flavour import Flavour
from rmpsam_ros.engine_cache import EngineCache, EngineKey, Found, file_hash
from rmpsam_ros.errors import BackendError
from rmpsam_ros.model_folder import WEIGHTS_FILE, ModelFolder

GRAPHS = ("image", "prompt")
"""The graphs that a backend needs. A third one, `features`, is the image graph's encoder alone, for timing."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Target:
    """What engines are built for.

    Attributes:
        flavour: the TensorRT.
        gpu: the name of this machine's GPU; empty for building ahead of time.
        computes: its compute capability, such as `sm_89`; ahead of time, all wanted ones.
        workspace_mb: limit of the workspace memory of a layer; None for TensorRT's default.
        use_device: makes the GPU current on the thread that builds.
    """

    flavour: Flavour
    gpu: str
    computes: tuple[str, ...]
    workspace_mb: int | None = None
    use_device: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Provided:
    """An engine's bytes, its path in the cache (None if caching failed), the notes of its sidecar, and the build time in seconds if built."""

    engine: bytes = field(repr=False)
    path: Path | None
    notes: dict[str, object]
    seconds: float | None


def engine_key(model: ModelFolder, graph: str, target: Target, precision: str, input_size: tuple[int, int], batch: int = 1) -> EngineKey:
    """The cache key of an engine; reads the graph and the weights to hash them, without importing other libraries."""
    path = graph_path(model, graph, precision, input_size, batch)
    weights = model.path / WEIGHTS_FILE
    code = [Path(__file__).parent.parent / name for name in ("typed_graphs.py", "graph_folding.py")]  # the code that assigns types
    code.append(Path(__file__).with_name("trt_build.py"))
    height, width = input_size
    count = f"1 to {MAX_PROMPTS} prompts" if graph == "prompt" else f"batch {batch}"
    return EngineKey(
        model=model.name, graph=graph, source=file_hash(path, *([weights] if weights.is_file() else []), *code),
        flavour=target.flavour.name, version=target.flavour.version, gpu=target.gpu, compute=",".join(target.computes),
        precision=precision, shapes=f"{count}, {height}x{width}",
    )  # fmt: skip


def provide(model: ModelFolder, graph: str, target: Target, precision: str, input_size: tuple[int, int], cache: EngineCache,
            progress: Progress = lambda text, part: None, rebuild: bool = False, batch: int = 1) -> Provided:  # fmt: skip
    """Returns the engine for one graph, from the cache or newly built.

    Args:
        model: the model folder.
        graph: `image`, `prompt` or `features`.
        target: what to build for.
        precision: `fp32`, `fp16` or `int8`.
        input_size: (height, width) of the padded input.
        cache: the engine cache.
        progress: called with the current step, including the reason why an engine is built.
        rebuild: build even if the cache has the engine.
        batch: images per run of the image graph.

    Raises:
        BackendError: the engine cannot be built.
        ModelError: the graph does not exist.
    """
    key = engine_key(model, graph, target, precision, input_size, batch)
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
        engine = build_engine(target.flavour, *_typed(model, graph, target, precision, input_size, batch), precision,
                              precision != "fp32", () if target.gpu else target.computes,
                              target.workspace_mb, lambda text, part: progress(f"{graph}: {text}", part), target.use_device)  # fmt: skip
        seconds = time.monotonic() - started
        path = cache.store(key, engine, seconds=round(seconds, 1))
    return Provided(engine, path, {}, seconds)


def parse_targets(text: str, flavour: Flavour) -> tuple[str, ...]:
    """Parses a list of compute capabilities to build for, such as `sm_86,sm_120`.

    Raises:
        BackendError: this TensorRT does not support one of them, or cannot build for absent GPUs.
    """
    names: Sequence[str] = [part.strip().lower() for part in text.split(",") if part.strip()]
    if not flavour.is_rtx:
        raise BackendError(f"{flavour.title} builds only for the GPU of this machine; building for others needs tensorrt-rtx-cu13.")
    known = flavour.targets()
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise BackendError(f"{unknown[0] if unknown else text!r} is not a compute capability that {flavour.title} builds for; "
                           f"it builds for {', '.join(known)}.")
    return tuple(sorted(dict.fromkeys(names), key=lambda name: int(name[3:])))


def _typed(model: ModelFolder, graph: str, target: Target, precision: str, input_size: tuple[int, int], batch: int) -> tuple[bytes, Shapes]:
    """The typed graph, and the shapes of its inputs."""
    try:
        import onnx

        from rmpsam_ros.typed_graphs import typed_graph
    except ImportError as error:
        raise BackendError(f"Building an engine needs onnx ({error}): pip install onnx; engines in the cache run without.") from error
    path = graph_path(model, graph, precision, input_size, batch)
    if precision == "int8" and graph == "image":
        typed = onnx.load(str(path))  # `quantize` has already written every type and shape
    else:
        outputs = ("features",) if graph == "features" else ()
        beside = "fp32" if precision == "int8" else precision  # for the parts that are not quantised
        typed = typed_graph(path, beside, input_size, target.flavour.has_layer_norm, outputs, batch)
    shapes = {value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim) for value in typed.graph.input}
    return typed.SerializeToString(), {name: _range(shape) for name, shape in shapes.items()}


def _range(shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Minimum, optimum and maximum shape. A dynamic axis (0) is the number of prompts; engines are tuned for 1, the common click."""
    return tuple(tuple(side or prompts for side in shape) for prompts in (1, 1, MAX_PROMPTS))
