"""Mask logits that stay on the GPU: the per-pixel part of fusion runs there.

The host waits for the device only twice per frame, to copy results: the few numbers that decide which queries become
segments, and the finished map. All shapes are known on the host without a synchronisation, which rules out `bincount` and `nonzero`.
"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.backends.cuda import CudaDevice, Staging
from rmpsam_ros.ownership import Extents
from rmpsam_ros.placement import INFINITE_LOGIT, Placement

_AT_ONCE = 1 << 26
"""Maximum number of elements of full-size maps that are computed at a time (256 MiB of float32)."""


class DeviceMasks:
    """(N, H/4, W/4) mask logits on a device. `np.asarray` copies them to the host and caches the copy; `assign` fuses them on the device.

    Args:
        logits: a tensor computed on the device's stream, which is not written to any more.
        device: the GPU.
        staging: its pinned memory.
    """

    def __init__(self, logits: Tensor, device: CudaDevice, staging: Staging) -> None:
        self._logits, self._device, self._staging = logits, device, staging
        self._host: npt.NDArray[np.float32] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._logits.shape)

    def __array__(self, dtype=None, copy=None) -> npt.NDArray:
        if self._host is None:
            with self._device.active():
                (self._host,) = self._staging.to_host([self._logits.float()])
        return self._host if dtype is None else self._host.astype(dtype, copy=False)

    def assign(self, kept: npt.NDArray[np.intp], scores: npt.NDArray[np.float32], placement: Placement) -> DeviceOwnership:
        """`ownership.assign` for the queries `kept` (K,) with their `scores` (K,): the same owners, computed at full size on the device.

        The last two bits may differ from the host, because the order of operations in the resize differs. A pixel whose two best
        queries are that close may then go to the other one.
        """
        count, (height, width), send = len(kept), placement.source, self._staging.to_device
        with self._device.active():
            device = self._logits.device
            rows = send(f"kept{count}", np.asarray(kept, np.int64)).to(device, non_blocking=True)
            weights = send(f"scores{count}", np.asarray(scores, np.float32)).to(device, non_blocking=True)[:, None, None]
            logits = self._logits.index_select(0, rows).float()
            logits = torch.nan_to_num(logits, nan=-INFINITE_LOGIT, posinf=INFINITE_LOGIT, neginf=-INFINITE_LOGIT)
            best = torch.full((height, width), -1.0, device=device)
            owner = torch.zeros((height, width), dtype=torch.int64, device=device)
            positive = torch.zeros((height, width), dtype=torch.bool, device=device)
            inside = []
            step = max(1, _AT_ONCE // (placement.padded[0] * placement.padded[1] + height * width))
            for start in range(0, count, step):
                full = _restore(logits[start : start + step], placement)  # (k, H, W)
                inside.append((full >= 0).sum((1, 2)))
                value, row = (weights[start : start + step] * torch.sigmoid(full)).max(dim=0)  # the first of equals
                wins = value > best
                best = torch.where(wins, value, best)
                positive = torch.where(wins, full.gather(0, row[None])[0] >= 0, positive)
                owner = torch.where(wins, row + (start + 1), owner)
            area = _by_column(owner, count).sum(1)
            owner = owner * positive
            numbers = torch.cat((area[:, None], torch.cat(inside)[:, None], _extents(owner, count)), dim=1)  # (K, 7)
            (numbers,) = self._staging.to_host([numbers])
        return DeviceOwnership(owner, numbers, self._device, self._staging)


class DeviceOwnership:
    """Implements `ownership.Ownership` with the map of owners on the device.

    Args:
        owner: (H, W) int64, row of the owning query plus 1; 0 where its mask probability is below one half.
        numbers: (K, 7) int64 on the host: area, inside, pixels, left, top, right, bottom.
    """

    def __init__(self, owner: Tensor, numbers: npt.NDArray[np.int64], device: CudaDevice, staging: Staging) -> None:
        self._owner, self._numbers, self._device, self._staging = owner, numbers, device, staging
        self.area, self.inside = numbers[:, 0], numbers[:, 1]

    @property
    def owner(self) -> npt.NDArray[np.uint16]:
        """The map of owners, copied to the host."""
        return self.relabel(np.arange(len(self._numbers) + 1, dtype=np.uint16))

    def extents(self) -> Extents:
        return Extents(self._numbers[:, 2], self._numbers[:, 3:])

    def relabel(self, ids: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        with self._device.active():
            table = self._staging.to_device(f"ids{len(ids)}", ids.view(np.int16)).to(self._owner.device, non_blocking=True)
            (segment_ids,) = self._staging.to_host([table[self._owner]])  # two bytes per pixel; torch barely supports uint16
        return segment_ids.view(np.uint16)


def _by_column(owner: Tensor, count: int) -> Tensor:
    """(K, W) number of pixels of each query in each column of the map of owners. Counting by column reduces contention of atomic sums."""
    height, width = owner.shape
    cells = owner * width + torch.arange(width, device=owner.device)
    ones = torch.ones((), dtype=torch.int64, device=owner.device).expand(owner.numel())
    counts = torch.zeros((count + 1) * width, dtype=torch.int64, device=owner.device).scatter_add_(0, cells.flatten(), ones)
    return counts.view(count + 1, width)[1:]


def _extents(owner: Tensor, count: int) -> Tensor:
    """(K, 5) pixel count, left, top, right and bottom of each query; for queries without pixels as in `Extents`."""
    height, width = owner.shape
    by_column = _by_column(owner, count)
    lines = torch.arange(height, device=owner.device)
    by_row = torch.zeros((count + 1) * height, dtype=torch.int64, device=owner.device)
    by_row.scatter_(0, (owner * height + lines[:, None]).flatten(), 1)  # duplicate indices all write the same value
    left, right = _ends(by_column > 0)
    top, bottom = _ends(by_row.view(count + 1, height)[1:] > 0)
    return torch.stack((by_column.sum(1), left, top, right, bottom), dim=1)


def _ends(present: Tensor) -> tuple[Tensor, Tensor]:
    """First true index, and last true index plus one, of each row of (K, L); L and 0 if there is none."""
    place = torch.arange(present.shape[1], device=present.device)
    return torch.where(present, place, present.shape[1]).amin(1), torch.where(present, place + 1, 0).amax(1)


def _restore(logits: Tensor, placement: Placement) -> Tensor:
    """`placement.restore` for (k, H/4, W/4): the reference's two bilinear steps."""
    height, width = placement.resized
    full = F.interpolate(logits[None], size=placement.padded, mode="bilinear", align_corners=False)[..., :height, :width]
    if placement.resized != placement.source:
        full = F.interpolate(full, size=placement.source, mode="bilinear", align_corners=False)
    return full[0]
