"""Latency of every stage, several configurations side by side in one run, so that their ratios hold on a noisy machine.

Each round times every configuration once, one after the other; the figures are medians (and 99th percentiles) over
rounds. `reference` is not a backend: it is the method's published pipeline on the same weights (256-channel features,
full-size masks of every kept query), in torch float32, to compare with.
"""
from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt

from rmpsam_ros.segmenter import Segmenter

STAGES = ("encode", "decode", "post-process", "whole", "click")
EXPLANATION = (
    "encode: uint8 image of the network's size to mask features; decode: the rest of the image graph; post-process: its "
    "outputs to the panoptic map; whole: uint8 RGB image to panoptic map, resizing included; click: one point on a cached "
    "frame to its full-size mask, class included. Milliseconds, batch 1, after warm-up."
)


@dataclass
class Row:
    """One configuration and its times in milliseconds, one list for each stage."""

    model: str
    backend: str
    precision: str
    size: tuple[int, int]
    device: str
    times: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in STAGES})

    def median(self, stage: str) -> float:
        return float(np.median(self.times[stage])) if self.times[stage] else float("nan")

    def p99(self, stage: str) -> float:
        return float(np.percentile(self.times[stage], 99)) if self.times[stage] else float("nan")


def measure(models: Sequence[str], backends: Sequence[str], precisions: Sequence[str], sizes: Sequence[tuple[int, int]],
            rounds: int, image: npt.NDArray[np.uint8] | None = None, threads: int | None = None,
            progress: Callable[[], None] = lambda: None) -> list[Row]:  # fmt: skip
    """Times every combination.

    Args:
        models: names or folders.
        backends: `auto`, `openvino`, `torch`, `tensorrt` or `reference`.
        precisions: see `Segmenter`; `reference` is float32 whatever is asked.
        sizes: (height, width) of the network's input; the image is brought to it beforehand.
        rounds: counted rounds, after two that are not.
        image: (H, W, 3) uint8 RGB; None for a synthetic scene.
        threads: CPU threads.
        progress: called once a round.

    Raises:
        ModelError, BackendError: what cannot be had here.
    """
    subjects = []
    for model, backend, size in product(models, backends, sizes):
        scene = _scene(size) if image is None else _resized(image, size)
        if backend == "reference":
            subjects.append(_Reference(model, size, scene, threads))
            continue
        for precision in precisions:
            subjects.append(_Ours(Segmenter(model, backend, precision=precision, input_size=size, threads=threads), scene))
    for index in range(rounds + 2):
        for subject in subjects:
            for stage, seconds in subject.run():
                if index >= 2:
                    subject.row.times[stage].append(1e3 * seconds)
        progress()
    return [subject.row for subject in subjects]


class _Ours:
    """One Segmenter on one image."""

    def __init__(self, segmenter: Segmenter, image: npt.NDArray[np.uint8]) -> None:
        self.segmenter, self.image = segmenter, image
        self.row = Row(segmenter.model_name, segmenter.backend_name, segmenter.precision, segmenter.input_size, segmenter.device_name)

    def run(self) -> Iterator[tuple[str, float]]:
        started = perf_counter()
        frame = self.segmenter.set_image(self.image)
        frame.panoptic()
        yield "whole", perf_counter() - started
        yield "post-process", frame.timings["fusion"] / 1e3
        height, width = self.image.shape[:2]
        started = perf_counter()
        frame.prompt(points=[(width // 2, height // 2)])
        yield "click", perf_counter() - started
        started = perf_counter()
        self.segmenter._backend.run_features(self.image, (height, width))
        encode = perf_counter() - started
        yield "encode", encode
        yield "decode", max(frame.timings["network"] / 1e3 - encode, 0.0)


class _Reference:
    """The published pipeline: dense features, two resizes of every kept query's mask to full size, argmax, counting."""

    def __init__(self, model: str, size: tuple[int, int], image: npt.NDArray[np.uint8], threads: int | None) -> None:
        import torch

        from rmpsam_ros.model_folder import find_model, read_model_folder
        from rmpsam_ros.network import load_model

        if threads:
            torch.set_num_threads(threads)
        folder = read_model_folder(find_model(model))
        self.net, self.image, self.threshold = load_model(folder.path), image, folder.score_threshold
        self.row = Row(folder.name, "reference", "fp32", size, f"CPU, torch {torch.__version__}")

    def run(self) -> Iterator[tuple[str, float]]:
        import torch
        import torch.nn.functional as F

        with torch.inference_mode():
            started = perf_counter()
            pixels = self.net.normalize(torch.from_numpy(self.image).permute(2, 0, 1)[None])
            features = self.net.features(pixels)
            encoded = perf_counter()
            output = self.net.decode_objects(features)
            decoded = perf_counter()
            masks = F.interpolate(output.mask_logits, self.image.shape[:2], mode="bilinear", align_corners=False)[0]
            scores, classes = output.class_logits[0].softmax(-1).max(-1)
            keep = (classes < output.class_logits.shape[-1] - 1) & (scores > self.threshold)
            if keep.any():
                probability = masks[keep].sigmoid()
                owner = (scores[keep, None, None] * probability).argmax(0)
                for query in range(int(keep.sum())):
                    won, whole = (owner == query).sum().item(), (probability[query] >= 0.5).sum().item()
                    del won, whole
            fused = perf_counter()
            height, width = self.image.shape[:2]
            x, y = width // 2, height // 2
            box = torch.tensor([[[x - 3.0, y - 3.0, x + 3.0, y + 3.0]]])
            prompt = self.net.decode_prompts(features, box, torch.ones(1, 1, dtype=torch.int64), (height, width), classes=False)
            (F.interpolate(prompt.mask_logits, (height, width), mode="bilinear", align_corners=False) > 0).numpy()
            clicked = perf_counter()
        yield from (("encode", encoded - started), ("decode", decoded - encoded), ("post-process", fused - decoded),
                    ("whole", fused - started), ("click", clicked - fused))  # fmt: skip


def machine() -> str:
    """The processor, its threads and the versions that decide speed, in one line."""
    import os

    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        name = lines[0] if lines else name
    versions = []
    for module in ("openvino", "torch", "tensorrt"):
        try:
            from importlib.metadata import version

            versions.append(f"{module} {version(module).split('-')[0]}")
        except ImportError:
            continue
    return f"{name}, {len(os.sched_getaffinity(0))} threads; Python {platform.python_version()}, {', '.join(versions)}"


def peak_memory() -> float:
    """Largest resident memory of this process so far, MB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _resized(image: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    import cv2

    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)


def _scene(size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Overlapping coloured discs over a gradient: some borders, some texture, the same at every call."""
    import cv2

    height, width = size
    generator = np.random.default_rng(7)
    rows, columns = np.mgrid[:height, :width]
    image = np.stack((rows * 200 // height, columns * 200 // width, 90 + (rows + columns) % 64), axis=-1).astype(np.uint8)
    for _ in range(14):
        centre = (int(generator.integers(width)), int(generator.integers(height)))
        colour = tuple(int(c) for c in generator.integers(30, 255, 3))
        cv2.circle(image, centre, int(generator.integers(height // 16, height // 5)), colour, -1, cv2.LINE_AA)
    return image
