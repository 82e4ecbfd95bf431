"""Training batches as tensors. Batch i does not depend on the worker that makes it, so a run can resume exactly where it stopped."""
from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from rmpsam_ros.data.clicks import PromptMix, sample_prompts
from rmpsam_ros.data.sample import Coverage, Sample
from rmpsam_ros.data.sources import Mixture
from rmpsam_ros.errors import DataError, RmpsamError

COVERAGES = tuple(Coverage)

PREFETCH = 4
"""Batches that each worker prefetches."""
OBJECTS = 10
"""Assumed number of objects per image for estimates of memory."""
SHARED_MEMORY = Path("/dev/shm")
SILENCE = 900
"""Seconds without a batch from the workers after which a run fails."""


@dataclass
class Batch:
    """B images or clips of T frames with N objects in total; the masks of a clip are stacked vertically, as the decoder sees them.

    Masks and voids have h x w = T * H/2 x W/2 cells, each with the number (0 … 4) of its 2x2 pixels that belong to it: a quarter
    of the bytes to transfer from the workers to the device.

    Attributes:
        images: (B, T, 3, H, W) uint8 RGB.
        sizes: (B, 2) height and width of the part of the canvas that the image covers.
        masks: (N, h, w) uint8, the objects of all images, concatenated.
        class_ids: (N,) int64, -1: no class.
        counts: number of objects per image.
        voids: (B, 2, h, w) uint8, pixels ignored for things, and pixels ignored for stuff.
        coverage: (B,) index into `COVERAGES`.
        boxes, labels: (B, P, 4) float32 and (B, P) int64 prompts; P = 0 for clips.
        answers, answer_voids: (B, P, h, w) uint8.
        passed_over: one sentence per annotation of these images that has no mask.
    """

    images: Tensor
    sizes: Tensor
    masks: Tensor
    class_ids: Tensor
    counts: tuple[int, ...]
    voids: Tensor
    coverage: Tensor
    boxes: Tensor
    labels: Tensor
    answers: Tensor
    answer_voids: Tensor
    passed_over: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.images.shape[0]

    def to(self, device: torch.device) -> Batch:
        """A copy on a device."""
        return self._changed(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """A copy in pinned memory; called by `DataLoader`."""
        return self._changed(Tensor.pin_memory)

    def _changed(self, change: Callable[[Tensor], Tensor]) -> Batch:
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return Batch(**{name: change(value) if isinstance(value, Tensor) else value for name, value in values.items()})


class _Asked(NamedTuple):
    """Prompts of one image with their masks at half size; at full size they would take most of a batch's memory."""

    boxes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    answers: npt.NDArray[np.uint8]
    voids: npt.NDArray[np.uint8]


class Batches(Dataset):
    """Dataset of batches, drawn from a mixture by batch number.

    Args:
        mixture: the data sources.
        size: images per batch.
        number: number of batches.
        prompts: number and kinds of prompts.
        clips: share of batches that are clips.
        frames: frames per clip; such a batch has `size / frames` clips, but at least one.
        seed: seed of all random numbers.
        first: number of the first batch to make.
    """

    def __init__(self, mixture: Mixture, size: int, number: int, prompts: PromptMix, clips: float = 0.0, frames: int = 3,
                 seed: int = 0, first: int = 0) -> None:  # fmt: skip
        self.mixture, self.size, self.number, self.prompts = mixture, size, number, prompts
        self.clips, self.frames, self.seed, self.first = clips, frames, seed, first

    def __len__(self) -> int:
        return max(0, self.number - self.first)

    @property
    def bytes(self) -> int:
        """Approximate size of a batch of images with `OBJECTS` objects each."""
        height, width = self.mixture.size
        cells = height * width // 4
        return self.size * (3 * height * width + (OBJECTS + 2 + 2 * self.prompts.number) * cells)

    def __getitem__(self, index: int) -> Batch | str:
        """A batch, or an error message about an image or its labels: an exception would lose its message on the way out of a worker."""
        try:
            return self._batch(self.first + index)
        except RmpsamError as error:
            return str(error)

    def _batch(self, number: int) -> Batch:
        if np.random.default_rng((self.seed, number)).random() < self.clips:
            return self._clips(number)
        samples, sizes, prompts = [], [], []
        for slot in range(self.size):
            rng = np.random.default_rng((self.seed, number, slot))
            sample, valid = self.mixture.image(rng)
            samples.append([sample])
            sizes.append(valid)
            asked = sample_prompts(sample, self.prompts, rng, valid, self.mixture.is_thing)
            prompts.append(_Asked(asked.boxes, asked.labels, quarters(asked.masks), quarters(asked.voids)))
        return _collate(samples, sizes, prompts)

    def _clips(self, number: int) -> Batch:
        clips = [self.mixture.clip(self.frames, np.random.default_rng((self.seed, number, slot)))
                 for slot in range(max(1, self.size // self.frames))]  # fmt: skip
        return _collate(clips, [self.mixture.size] * len(clips), [])


def loader(batches: Batches, workers: int, pinned: bool = False) -> Iterator[Batch]:
    """Batches in order, prefetched by `workers` processes (0: made in this one); `pinned` for a GPU.

    Raises:
        DataError: an image or its labels cannot be used, or there is too little shared memory for the workers.
    """
    if workers:
        _check_shared_memory(batches, workers)
    # Each worker uses one thread; OpenCV's own threads would compete with the other workers.
    made = DataLoader(batches, batch_size=None, shuffle=False, num_workers=workers, worker_init_fn=_start_worker,
                      prefetch_factor=PREFETCH if workers else None, persistent_workers=False, pin_memory=pinned,
                      timeout=SILENCE if workers else 0)  # fmt: skip
    return map(_batch_or_error, made)


@contextmanager
def worker_failures() -> Iterator[None]:
    """Wraps code that reads from a `loader`: torch reports a killed worker wherever the main thread happens to be.

    Raises:
        DataError: in place of torch's error about its workers.
    """
    try:
        yield
    except RuntimeError as error:
        said = str(error)
        if "DataLoader" not in said or said.startswith("Caught "):  # raised by the worker itself
            raise
        if "timed out" in said:
            what = f"The workers have made no batch for {SILENCE} s; look whether the disk of the data still answers"
        else:
            what = "A worker that makes batches was killed (out of memory?); give fewer `workers`"
        raise DataError(f"{what}; continue the training run with --resume.") from error


def _batch_or_error(made: Batch | str) -> Batch:
    if isinstance(made, str):
        raise DataError(f"{made.rstrip('.')}; `rmpsam train --check` lists all problems.")
    return made


def _check_shared_memory(batches: Batches, workers: int) -> None:
    """Raises instead of hanging: a worker without shared memory for a batch loses it, and the run would wait for it forever."""
    if not SHARED_MEMORY.is_dir():
        return
    needed, free = min(workers * PREFETCH, len(batches)) * batches.bytes, shutil.disk_usage(SHARED_MEMORY).free
    if needed > free:
        fit = free // (PREFETCH * batches.bytes)
        raise DataError(f"workers is {workers}: their batches need {needed / 1e6:.0f} MB of shared memory, and {SHARED_MEMORY} has {free / 1e6:.0f} MB free; "
                        f"start the container with --shm-size={-(-needed // 2**30)}g, or give workers: {fit}" + (" (the run itself then makes the batches)." if not fit else "."))


def _start_worker(_: int) -> None:
    os.setpgid(0, 0)  # Ctrl-C, or a signal to the process group, must only reach the run, which ends its workers after saving
    cv2.setNumThreads(0)
    torch.set_num_threads(1)


def _collate(clips: list[list[Sample]], sizes: list[tuple[int, int]], prompts: list[_Asked]) -> Batch:
    height, width = clips[0][0].size
    # Contiguous, because numpy's stack keeps the channels-last memory layout, with which the gradients of torch 2.13 on a
    # CPU write past the end of their buffer (seen as "double free or corruption" after some steps).
    images = np.ascontiguousarray(np.stack([np.stack([f.image.transpose(2, 0, 1) for f in clip]) for clip in clips]))
    height, width = height * len(clips[0]) // 2, width // 2
    return Batch(
        images=torch.from_numpy(images),
        sizes=torch.tensor(sizes),
        masks=torch.from_numpy(np.concatenate([quarters(np.concatenate([f.masks for f in clip], axis=1)) for clip in clips])),
        class_ids=torch.from_numpy(np.concatenate([clip[0].class_ids for clip in clips])),
        counts=tuple(len(clip[0]) for clip in clips),
        voids=torch.from_numpy(np.stack([quarters(np.stack([np.concatenate([f.void_of(thing) for f in clip]) for thing in (True, False)]))
                                         for clip in clips])),
        coverage=torch.tensor([COVERAGES.index(clip[0].coverage) for clip in clips]),
        boxes=_stack([p.boxes for p in prompts], (len(clips), 0, 4), torch.float32),
        labels=_stack([p.labels for p in prompts], (len(clips), 0), torch.int64),
        answers=_stack([p.answers for p in prompts], (len(clips), 0, height, width), torch.uint8),
        answer_voids=_stack([p.voids for p in prompts], (len(clips), 0, height, width), torch.uint8),
        passed_over=tuple(said for clip in clips for said in clip[0].passed_over),
    )  # fmt: skip


def quarters(masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """(M, H, W) bool with even sides to (M, H/2, W/2), the number of true pixels in each 2x2 block."""
    pixels = np.ascontiguousarray(masks).view(np.uint8)
    pairs = (pixels[:, 0::2] + pixels[:, 1::2]).view(np.uint16)  # two bytes at once
    return ((pairs & 255) + (pairs >> 8)).astype(np.uint8)


def _stack(arrays: list[np.ndarray], empty: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    return torch.from_numpy(np.stack(arrays)) if arrays else torch.zeros(empty, dtype=dtype)
