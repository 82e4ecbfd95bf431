"""Batches as tensors. Batch number i is the same whatever worker makes it, so a run resumes where it stopped."""
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
"""Batches that each worker makes ahead."""
OBJECTS = 10
"""In a picture, where memory is guessed at."""
SHARED_MEMORY = Path("/dev/shm")
SILENCE = 900
"""Seconds without a batch after which a run with workers ends instead of waiting."""


@dataclass
class Batch:
    """B pictures or clips of T frames with N objects in all; masks of clips lie one under the other, as the decoder sees them.

    Of masks and voids h x w = T * H/2 x W/2 cells are kept, each with how many (0 … 4) of its 2x2 pixels belong to it: a
    quarter of the bytes that travel from the workers to the device.

    Attributes:
        images: (B, T, 3, H, W) uint8 RGB.
        sizes: (B, 2) height and width of the canvas that belong to the picture.
        masks: (N, h, w) uint8, the objects of all pictures one after the other.
        class_ids: (N,) int64, -1 without a class.
        counts: how many objects each picture has.
        voids: (B, 2, h, w) uint8, what counts neither for nor against a thing, and what neither for nor against stuff.
        coverage: (B,) index into `COVERAGES`.
        boxes, labels: (B, P, 4) float32 and (B, P) int64 prompts; P = 0 for clips.
        answers, answer_voids: (B, P, h, w) uint8.
        passed_over: a sentence for each annotation of its pictures that has no mask.
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
        """The same on a device."""
        return self._changed(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """The same in memory that a GPU can read by itself; what a `DataLoader` calls."""
        return self._changed(Tensor.pin_memory)

    def _changed(self, change: Callable[[Tensor], Tensor]) -> Batch:
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return Batch(**{name: change(value) if isinstance(value, Tensor) else value for name, value in values.items()})


class _Asked(NamedTuple):
    """One picture's prompts with their answers at half size: those of all pictures at full size would be most of a batch's memory."""

    boxes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    answers: npt.NDArray[np.uint8]
    voids: npt.NDArray[np.uint8]


class Batches(Dataset):
    """Batches of a mixture by their number.

    Args:
        mixture: what is drawn from.
        size: pictures in a batch.
        number: how many batches there are.
        prompts: which clicks and boxes.
        clips: share of batches that are clips.
        frames: frames of a clip; such a batch has `size / frames` clips, but at least one.
        seed: of everything random.
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
        """About how large a batch of pictures is, with `OBJECTS` in each."""
        height, width = self.mixture.size
        cells = height * width // 4
        return self.size * (3 * height * width + (OBJECTS + 2 + 2 * self.prompts.number) * cells)

    def __getitem__(self, index: int) -> Batch | str:
        """A batch; what is wrong with a picture or its labels as a sentence, as an error would lose its words on the way out of a worker."""
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
    """Batches in order, made ahead by `workers` processes (0: in this one); `pinned` for a GPU.

    Raises:
        DataError: a picture or its labels cannot be used, or there is too little shared memory for the workers.
    """
    if workers:
        _check_shared_memory(batches, workers)
    # Workers are threads' worth each; OpenCV's own threads inside them would only fight.
    made = DataLoader(batches, batch_size=None, shuffle=False, num_workers=workers, worker_init_fn=_start_worker,
                      prefetch_factor=PREFETCH if workers else None, persistent_workers=False, pin_memory=pinned,
                      timeout=SILENCE if workers else 0)  # fmt: skip
    return map(_batch_or_error, made)


@contextmanager
def worker_failures() -> Iterator[None]:
    """Round all that a `loader` is read in: torch raises that a worker was killed wherever the main thread is at that moment.

    Raises:
        DataError: instead of what torch says of its workers.
    """
    try:
        yield
    except RuntimeError as error:
        said = str(error)
        if "DataLoader" not in said or said.startswith("Caught "):  # what a worker raised itself
            raise
        if "timed out" in said:
            what = f"The workers have made no batch for {SILENCE} s; look whether the disk of the data still answers"
        else:
            what = "A worker that makes batches was killed (out of memory?); give fewer `workers`"
        raise DataError(f"{what}; a run of training goes on with --resume.") from error


def _batch_or_error(made: Batch | str) -> Batch:
    if isinstance(made, str):
        raise DataError(f"{made.rstrip('.')}; `rmpsam train --check` lists all that is wrong.")
    return made


def _check_shared_memory(batches: Batches, workers: int) -> None:
    """Refuses what would hang: a worker that finds no room for a batch loses it, and it is waited for without end."""
    if not SHARED_MEMORY.is_dir():
        return
    needed, free = min(workers * PREFETCH, len(batches)) * batches.bytes, shutil.disk_usage(SHARED_MEMORY).free
    if needed > free:
        fit = free // (PREFETCH * batches.bytes)
        raise DataError(f"workers is {workers}: their batches want {needed / 1e6:.0f} MB of shared memory, and {SHARED_MEMORY} has {free / 1e6:.0f} MB free; "
                        f"start the container with --shm-size={-(-needed // 2**30)}g, or give workers: {fit}" + (" (the run itself makes them then)." if not fit else "."))


def _start_worker(_: int) -> None:
    os.setpgid(0, 0)  # Ctrl-C, or a signal to all processes of the run, is for the run: it ends its workers when it has saved
    cv2.setNumThreads(0)
    torch.set_num_threads(1)


def _collate(clips: list[list[Sample]], sizes: list[tuple[int, int]], prompts: list[_Asked]) -> Batch:
    height, width = clips[0][0].size
    # Contiguous, because numpy's stack keeps the order of pixels then colours in memory, and with that layout the
    # gradients of torch 2.13 on a CPU write past their end (seen as "double free or corruption" after some steps).
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
    """(M, H, W) bool with even sides to (M, H/2, W/2), how many of each 2x2 pixels are true."""
    pixels = np.ascontiguousarray(masks).view(np.uint8)
    pairs = (pixels[:, 0::2] + pixels[:, 1::2]).view(np.uint16)  # two bytes at once
    return ((pairs & 255) + (pairs >> 8)).astype(np.uint8)


def _stack(arrays: list[np.ndarray], empty: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    return torch.from_numpy(np.stack(arrays)) if arrays else torch.zeros(empty, dtype=dtype)
