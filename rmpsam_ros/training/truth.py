"""A batch's objects as losses read them: those of all pictures one after the other, so that no loop over pictures is left.

A GPU does not wait for the size of what it computes, but for each small piece that Python hands it: per picture and stage the
losses would be thousands.
"""
from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.data.sample import NO_CLASS

PIXELS = 4
"""Of which one cell of a truth is made: 2x2, twice as fine as the logits, a quarter of the work."""


@dataclass(frozen=True)
class Truth:
    """N objects of B pictures, M at most in one.

    Attributes:
        maps: (N, 2, h, w) float32 0 … 1, how much of each cell an object has, and how much of it counts for nothing.
        voids: (B, h, w) float32, how much of each cell counts for nothing whatever the object.
        class_ids: (N,) int64, or `NO_CLASS`.
        pictures: (N,) int64, row of each one's picture.
        slots: (N,) int64, its number in its picture.
        counts: how many each picture has.
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
        """(N, …) values of objects to (B, M, …) of pictures; `fill` where a picture has no more of them."""
        result = values.new_full((len(self.counts), max(self.counts, default=0), *values.shape[1:]), fill)
        result[self.pictures, self.slots] = values
        return result

    def padded_classes(self) -> Tensor:
        """(B, M) class of each picture's objects; those that are none have no class either."""
        return self.padded(self.class_ids, NO_CLASS)

    def at(self, size: tuple[int, int]) -> Tensor:
        """`maps` with (h, w) cells of another size."""
        return F.interpolate(self.maps, size=size, mode="area") if len(self) else self.maps.new_zeros(0, 2, *size)
