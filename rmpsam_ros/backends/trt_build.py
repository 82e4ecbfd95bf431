"""Builds TensorRT engines from ONNX graphs, with progress: for the GPU of this machine, or without one for named compute capabilities."""
from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from rmpsam_ros.backends.base import Progress
from rmpsam_ros.backends.trt_flavour import Flavour
from rmpsam_ros.errors import BackendError

_REPEAT_SECONDS = 1.0

Shapes = Mapping[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]
"""Minimum, optimum and maximum shape of each input."""


def build_engine(flavour: Flavour, graph: bytes, shapes: Shapes, precision: str, tf32: bool, targets: Sequence[str] = (),
                 workspace_mb: int | None = None, progress: Progress = lambda text, part: None,
                 use_device: Callable[[], None] = lambda: None) -> bytes:  # fmt: skip
    """Builds an engine.

    Args:
        flavour: the TensorRT to use.
        graph: a serialised, typed ONNX model with its weights.
        shapes: the range of shapes of each input.
        precision: the types in the graph, for TensorRT 8, which does not take them from the graph alone.
        tf32: whether float32 products may be computed in TF32.
        targets: compute capabilities such as `sm_89`, TensorRT-RTX only; empty for the GPU of this machine.
        workspace_mb: limit of the workspace memory of a layer; None for TensorRT's default.
        use_device: makes the GPU current on the calling thread; called on the thread that builds.
        progress: called with the current step. An exception from it, or KeyboardInterrupt in the calling thread, aborts the build.

    Raises:
        BackendError: TensorRT cannot start, or cannot read or build the graph; quotes TensorRT's message.
    """
    trt, logger = flavour.module, flavour.logger()
    known = flavour.targets()
    unknown = [name for name in targets if name not in known]
    if unknown and flavour.is_rtx:
        raise BackendError(f"{flavour.title} does not build for {unknown[0]}; it builds for {', '.join(known)}.")
    if targets and not flavour.is_rtx:
        raise BackendError(f"{flavour.title} builds only for the GPU of this machine; building for others needs tensorrt-rtx-cu13.")
    try:
        builder = trt.Builder(logger)
        network = builder.create_network(_network_flags(trt, flavour))
    except Exception as error:  # without a GPU, the full TensorRT raises TypeError here
        raise BackendError(f"{flavour.title} cannot start a build here, most likely because there is no GPU or driver "
                           f"({_last(logger, error)}).") from error
    progress("reading the graph", None)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(graph):
        reasons = [parser.get_error(i).desc() for i in range(parser.num_errors)]
        raise BackendError(f"{flavour.title} cannot read the graph: {' '.join(' '.join(reasons[:1]).split())[:300] or _last(logger)}.")
    config = _config(flavour, builder, network, shapes, precision, tf32, [known[name] for name in targets], workspace_mb)
    say = _Repeated(progress)
    monitor = _monitor(trt, say)
    if monitor is not None:
        config.progress_monitor = monitor
    say("building", None)
    engine = _build_in_thread(builder, network, config, use_device, monitor, say)
    if monitor is not None and monitor.stopped is not None:
        raise monitor.stopped
    if engine is None:
        raise BackendError(f"{flavour.title} cannot build the graph{f' for {chr(44).join(targets)}' if targets else ''}: {_last(logger)}.")
    return bytes(engine)


def _network_flags(trt, flavour: Flavour) -> int:
    flags = trt.NetworkDefinitionCreationFlag
    bits = 0
    if hasattr(flags, "EXPLICIT_BATCH") and flavour.number[0] < 10 and not flavour.is_rtx:  # always on from version 10
        bits |= 1 << int(flags.EXPLICIT_BATCH)
    if hasattr(flags, "STRONGLY_TYPED") and flavour.strongly_typed:
        bits |= 1 << int(flags.STRONGLY_TYPED)
    return bits


def _config(flavour: Flavour, builder, network, shapes: Shapes, precision: str, tf32: bool, targets: list, workspace_mb: int | None):
    trt = flavour.module
    config = builder.create_builder_config()
    profile = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        name = network.get_input(index).name
        profile.set_shape(name, *shapes[name])
    config.add_optimization_profile(profile)
    if workspace_mb:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, workspace_mb << 20)
    if hasattr(trt.BuilderFlag, "TF32"):
        # TF32 rounds factors to float16's 11 bits: acceptable next to float16, but not for `fp32`.
        (config.set_flag if tf32 else config.clear_flag)(trt.BuilderFlag.TF32)
    if hasattr(trt.BuilderFlag, "REQUIRE_USER_ALLOCATION"):
        # TensorRT-RTX, since 1.2: without it an engine may allocate while it runs, which cannot be captured in a CUDA graph.
        config.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)
    if targets:
        config.num_compute_capabilities = len(targets)
        for index, target in enumerate(targets):
            config.set_compute_capability(target, index)
    if not flavour.strongly_typed and precision == "fp16":
        _hold_types(trt, config, network)
    if not flavour.strongly_typed and precision == "int8":
        config.set_flag(trt.BuilderFlag.INT8)  # the graph says what is quantised; this only permits it
    return config


def _hold_types(trt, config, network) -> None:
    """For TensorRT 8: sets the types of each layer, which a strongly typed network takes from its tensors, and makes them binding."""
    config.set_flag(trt.BuilderFlag.FP16)
    config.set_flag(trt.BuilderFlag.OBEY_PRECISION_CONSTRAINTS)
    floats = (trt.float32, trt.float16)
    for index in range(network.num_layers):
        layer = network.get_layer(index)
        if not layer.num_outputs or layer.type in (trt.LayerType.SHAPE, trt.LayerType.CONSTANT):
            continue
        inputs = [layer.get_input(i) for i in range(layer.num_inputs)]
        types = {t.dtype for t in inputs if t is not None} & set(floats)
        if len(types) == 1 and layer.get_output(0).dtype in floats:
            layer.precision = types.pop()
            for i in range(layer.num_outputs):
                layer.set_output_type(i, layer.get_output(i).dtype)


class _Repeated:
    """Progress that can repeat its last report: TensorRT may be silent for minutes, which looks like a hang."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._last = progress, ("", None)

    def __call__(self, text: str, part: float | None) -> None:
        self._last = (text, part)
        self._progress(text, part)

    def again(self) -> None:
        self._progress(*self._last)


def _build_in_thread(builder, network, config, use_device: Callable[[], None], monitor, say: _Repeated):
    """Builds on another thread, so that this one can report progress and handle Ctrl-C, which TensorRT's call would block."""
    result: list = []
    failure: list[BaseException] = []

    def build() -> None:
        try:
            use_device()
            result.append(builder.build_serialized_network(network, config))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=build, name="rmpsam-engine-build", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_REPEAT_SECONDS)
            if thread.is_alive():
                say.again()
    except BaseException as error:
        if monitor is not None:
            monitor.stopped = error
            thread.join()
        raise
    if failure:
        raise failure[0]
    return result[0]


def _monitor(trt, progress: _Repeated):
    """A monitor that forwards TensorRT's progress (`IProgressMonitor`, version 10 and later); None if that is not supported."""
    if not hasattr(trt, "IProgressMonitor"):
        return None

    class Monitor(trt.IProgressMonitor):
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self.stopped: BaseException | None = None
            self._steps: dict[str, int] = {}
            self._lock = threading.Lock()

        def phase_start(self, phase_name, parent_phase, num_steps) -> None:
            with self._lock:
                self._steps[phase_name] = max(num_steps, 1)
            self._say(phase_name, 0)

        def phase_finish(self, phase_name) -> None:
            with self._lock:
                self._steps.pop(phase_name, None)

        def step_complete(self, phase_name, step) -> bool:
            self._say(phase_name, step + 1)
            return self.stopped is None  # False ends the build

        def _say(self, phase: str, done: int) -> None:
            try:
                progress(phase, min(done / self._steps.get(phase, 1), 1.0))
            except BaseException as error:
                self.stopped = error

    return Monitor()


def _last(logger, error: BaseException | None = None) -> str:
    """TensorRT's last error message, shortened."""
    text = logger.errors[-1] if logger.errors else str(error or "it does not say why")
    return " ".join(text.split())[:300].rstrip(".")
