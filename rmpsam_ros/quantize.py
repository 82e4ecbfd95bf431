"""int8 quantisation: a model folder's image graph with explicit Q/DQ nodes, calibrated on photos, for OpenVINO and TensorRT.

Only the encoder's convolutions are quantised. Sampling positions and the decoder are not, for the same reasons that keep them out
of float16 (`typed_graphs`), which weigh even more with 8 bits. Scales are symmetric, because TensorRT has no zero points.
"""
from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpsam_ros.atomic import atomic_file, unwritable
from rmpsam_ros.backends.openvino_core import unreported
from rmpsam_ros.errors import BackendError, ModelError
from rmpsam_ros.model_folder import INT8_GRAPH, ModelFolder, read_model_folder, write_model_yaml
from rmpsam_ros.placement import fitted

if TYPE_CHECKING:
    from rmpsam_ros.segmenter import Segmenter

_ROUNDS = 10

Photos = Sequence["tuple[str, npt.NDArray[np.uint8]]"]
"""Names and (H, W, 3) uint8 RGB images."""


def quantize(folder: Path, photos: Photos, report: Callable[[str], None] = lambda _: None) -> Path:
    """Writes `image.int8.onnx` into a model folder, for the folder's own input size, and adds it to `model.yaml`.

    Args:
        folder: the model folder.
        photos: calibration images; a few dozen that are typical of the cameras.
        report: called with one line for each step.

    Raises:
        BackendError: NNCF is not installed.
        ModelError: the folder is not writable.
    """
    try:
        with unreported():
            import nncf
    except ImportError as error:
        raise BackendError(f"Quantising needs NNCF and ONNX Runtime ({error}): pip install nncf onnxruntime.") from error
    import onnx

    from rmpsam_ros.typed_graphs import encoder_nodes, typed_graph

    logging.getLogger("nncf").setLevel(logging.ERROR)
    model = read_model_folder(folder)
    if reason := unwritable(model.int8_graph):  # check before minutes of calibration
        raise ModelError(f"The model folder {model.path} cannot be written ({reason}); copy it, and give the copy's path.")
    graph = typed_graph(model.image_graph, "fp32", model.input_size)
    quantised = encoder_nodes(graph)
    ignored = [node.name for node in graph.graph.node if node.output[0] not in quantised]
    report(f"calibrating {len(quantised)} of {len(graph.graph.node)} nodes on {len(photos)} photos at {model.input_size[0]}x{model.input_size[1]}")
    result = nncf.quantize(
        graph, nncf.Dataset(list(_inputs(model, photos))), preset=nncf.QuantizationPreset.PERFORMANCE, subset_size=len(photos),
        ignored_scope=nncf.IgnoredScope(names=ignored),
    )  # fmt: skip
    result.producer_name, result.doc_string = "rmpsam_ros", f"image graph, int8, {model.input_size[0]}x{model.input_size[1]}"
    with atomic_file(model.path / INT8_GRAPH) as part:
        onnx.save(result, str(part))
    write_model_yaml(model.path, replace(model, files={}))
    return model.path / INT8_GRAPH


def measure(folder: Path, photos: Photos, report: Callable[[str], None]) -> None:
    """Reports the accuracy and speed of int8 with OpenVINO on this machine: agreement with float32, and the network's time in
    interleaved runs; also for the precision that `auto` selects, unless that is float32."""
    from rmpsam_ros.segmenter import Segmenter

    model = read_model_folder(folder)
    options = {} if model.trained else {"score_threshold": 0.0, "overlap_threshold": 0.0}  # otherwise there is nothing to compare
    with ExitStack() as stack:
        made = {p: stack.enter_context(Segmenter(folder, backend="openvino", precision=p, **options)) for p in ("fp32", "auto", "int8")}
        if made["auto"].precision == "fp32":
            report(f"auto takes fp32 on {made.pop('auto').device_name}, so that int8 alone is compared with it")
        _compare(made, photos, report, "" if model.trained else " (UNTRAINED)")


def _compare(made: Mapping[str, Segmenter], photos: Photos, report: Callable[[str], None], remark: str) -> None:
    from rmpsam_ros.parity import compare

    for name in [name for name in made if name != "fp32"]:
        results = compare(made[name], made["fp32"], photos)
        report(f"{made[name].precision} against fp32 on {len(photos)} photos{remark}: panoptic agreement "
               f"{100 * np.mean([r.panoptic for r in results]):.2f} % of pixels, click masks' IoU "
               f"{np.mean([i for r in results for i in r.prompt_ious]):.4f}")  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(_ROUNDS):
        for name, segmenter in made.items():
            times[name].append(segmenter.set_image(photos[0][1]).timings["network"])
    report("image graph, median of " + f"{_ROUNDS}: " + ", ".join(f"{made[n].precision} {median(t):.1f} ms" for n, t in times.items())
           + f" ({made['int8'].device_name})")  # fmt: skip


def _inputs(model: ModelFolder, photos: Photos) -> Iterator[dict[str, npt.NDArray]]:
    for _, photo in photos:
        canvas, placement = fitted(photo, model.input_size)
        yield {"image": canvas[None], "image_size": np.array([placement.resized], np.int32)}
