"""Ground truth of a batch in the form that the losses use: objects of all images concatenated, to avoid loops over images.

On a GPU, the number of kernel launches matters more than their size: computed per image and stage, the losses would need
thousands.
"""
from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.data.sample import NO_CLASS

PIXELS = 4
"""Pixels per cell of the ground truth: 2x2, twice as fine as the logits, a quarter of the work."""


@dataclass(frozen=True)
class Truth:
    """N objects of B images, at most M per image.

    Attributes:
        maps: (N, 2, h, w) float32 0 … 1, share of each cell that the object covers, and share that is void for it.
        voids: (B, h, w) float32, share of each cell that is void for every object.
        class_ids: (N,) int64, or `NO_CLASS`.
        pictures: (N,) int64, index of each object's image.
        slots: (N,) int64, index of each object in its image.
        counts: number of objects per image.
    """

    maps: Tensor
    voids: Tensor
    class_ids: Tensor
    pictures: Tensor
    slots: Tensor
    counts: tuple[int, ...]

    @classmethod
    def of(cls, masks: Tensor, voids: Tensor, class_ids: Tensor, counts: tuple[int, ...], is_thing: Tensor) -> Truth:
        """From a batch's fields (`rmpsam_ros.training.batches.Batch`); is_thing: (K,) bool on the same device."""
        device = class_ids.device
        pictures = torch.tensor([b for b, count in enumerate(counts) for _ in range(count)], dtype=torch.int64).to(device, non_blocking=True)
        slots = torch.tensor([slot for count in counts for slot in range(count)], dtype=torch.int64).to(device, non_blocking=True)
        is_stuff = (class_ids >= 0) & ~is_thing[class_ids.clamp(min=0)]
        void = voids[pictures, is_stuff.long()]
        return cls(torch.stack((masks, void), dim=1).float() / PIXELS, voids[:, 0].float() / PIXELS, class_ids, pictures, slots, counts)

    def __len__(self) -> int:
        return len(self.class_ids)

    def padded(self, values: Tensor, fill: float = 0) -> Tensor:
        """(N, …) values of objects to (B, M, …) per image, padded with `fill`."""
        result = values.new_full((len(self.counts), max(self.counts, default=0), *values.shape[1:]), fill)
        result[self.pictures, self.slots] = values
        return result

    def padded_classes(self) -> Tensor:
        """(B, M) classes of each image's objects; padding has no class."""
        return self.padded(self.class_ids, NO_CLASS)

    def at(self, size: tuple[int, int]) -> Tensor:
        """`maps` resized to (h, w) cells."""
        return F.interpolate(self.maps, size=size, mode="area") if len(self) else self.maps.new_zeros(0, 2, *size)
