"""Latency benchmark of every stage, with all configurations interleaved in one run, so that their ratios hold on a noisy machine.

Each round times every configuration once, one after the other; the figures are medians (and 99th percentiles) over
rounds. `reference` is not a backend but a baseline: the method's published pipeline on the same weights (256-channel
features, full-size masks of every kept query), in torch float32.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt

from rmpsam_ros.benchmark.machine import gpu_clocks
from rmpsam_ros.benchmark.memory import memory_of
from rmpsam_ros.benchmark.row import STAGES, Row
from rmpsam_ros.benchmark.scenes import resized, scene
from rmpsam_ros.segmenter import Segmenter

__all__ = ["EXPLANATION", "STAGES", "Ours", "Row", "measure"]

EXPLANATION = (
    "encode: uint8 images at the network's input size, in host memory, to mask features; decode: the rest of the image graph, its small "
    "outputs copied to the host; post-process: its outputs to the panoptic map in host memory; whole: uint8 RGB images to panoptic "
    "maps, including resizing and all copies; click: one point on a cached frame to its full-size mask and class. Milliseconds "
    "for all images of a batch, after warm-up; runs do not overlap. Memory: peak of a process that runs only this configuration, "
    "on a GPU without the CUDA context itself."
)


def measure(models: Sequence[str], backends: Sequence[str], precisions: Sequence[str], sizes: Sequence[tuple[int, int]],
            rounds: int, image: npt.NDArray[np.uint8] | None = None, threads: int | None = None,
            progress: Callable[[str], None] = lambda text: None, batches: Sequence[int] = (1,), memory: bool = False,
            profile: Callable[[Ours], None] | None = None, clock: Callable[[], float] = perf_counter) -> list[Row]:  # fmt: skip
    """Times every combination. Those of one model and size are loaded together and interleaved.

    Args:
        models: names or folders.
        backends: names of backends, `auto` or `reference`.
        precisions: see `Segmenter`; `reference` always runs in float32.
        sizes: (height, width) of the network's input; the image is resized to it beforehand.
        rounds: measured rounds, after two warm-up rounds.
        image: (H, W, 3) uint8 RGB; None for a synthetic scene.
        threads: CPU threads.
        progress: called with a description of the current step.
        batches: images per run of the network; `reference` runs with one only.
        memory: whether to run each configuration once more, in a separate process, to measure its memory.
        profile: called with each configuration once it has been timed.
        clock: seconds; `time.process_time` on a shared CPU.

    Raises:
        ModelError, BackendError: a model or backend is not available here.
    """
    rows = []
    for model, size in product(models, sizes):
        title = f"{Path(model).name}, {size[0]}x{size[1]}"
        progress(f"{title}: loading")
        subjects = _load(model, backends, precisions, size, batches, scene(size) if image is None else resized(image, size), threads)
        for index in range(rounds + 2):
            progress(f"{title}: round {index + 1} of {rounds + 2}")
            for subject in subjects:
                for stage, seconds in subject.run(clock):
                    if index >= 2:
                        subject.row.times[stage].append(1e3 * seconds)
        clocks = gpu_clocks()  # now, while the GPU is still under load
        for subject in subjects:
            subject.row.clocks = clocks
        rows += [subject.row for subject in subjects]
        ours = [subject for subject in subjects if isinstance(subject, Ours)]
        for subject in ours:
            if profile is not None:
                profile(subject)
            subject.segmenter.close()
        for subject in ours if memory else ():
            progress(f"{title}: memory of {subject.row.backend}")
            subject.row.memory, subject.row.gpu_memory = memory_of(subject.asked, threads)
    return rows


def _load(model, backends, precisions, size, batches, photo, threads) -> list:
    subjects = []
    for batch, backend in product(batches, backends):
        if backend == "reference":
            from rmpsam_ros.benchmark.reference import Reference

            subjects += [Reference(model, size, photo, threads)] if batch == 1 else []
            continue
        for precision in precisions:
            segmenter = Segmenter(model, backend, precision=precision, input_size=size, threads=threads, batch=batch, zoom=False)
            subjects.append(Ours(segmenter, photo, batch))
    return subjects


class Ours:
    """One Segmenter on a batch of copies of one image."""

    def __init__(self, segmenter: Segmenter, image: npt.NDArray[np.uint8], batch: int) -> None:
        self.segmenter, self.images = segmenter, [image] * batch
        s = segmenter
        self.asked = {"model": str(s.model_path), "backend": s.backend_name, "precision": s.precision, "size": s.input_size, "batch": batch}
        self.row = Row(s.model_name, s.backend_name, s.precision, s.input_size, batch, s.device_name)

    def whole(self) -> list:
        """Runs images to panoptic maps; returns the frames."""
        frames = self.segmenter.set_images(self.images)
        for frame in frames:
            frame.panoptic()
        return frames

    def run(self, clock: Callable[[], float]) -> Iterator[tuple[str, float]]:
        """Yields each stage and its seconds."""
        started = clock()
        frames = self.segmenter.set_images(self.images)
        segmented = clock()
        for frame in frames:
            frame.panoptic()
        fused = clock()
        height, width = self.images[0].shape[:2]
        frames[0].prompt(points=[(width // 2, height // 2)])
        clicked = clock()
        canvas = self.segmenter._canvas  # holds the images
        self.segmenter._backend.run_features(canvas, [(height, width)] * len(canvas))
        encode = clock() - clicked
        decode = max(segmented - started - frames[0].timings["preprocess"] / 1e3 - encode, 0.0)
        yield from (("encode", encode), ("decode", decode), ("post-process", fused - segmented), ("whole", fused - started),
                    ("click", clicked - fused))  # fmt: skip
