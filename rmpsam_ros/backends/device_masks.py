"""Masks that stay on the device where they were computed: fusion's per-pixel part runs there, on the same numbers."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.ownership import Ownership
from rmpsam_ros.placement import Placement

_AT_ONCE = 1 << 26
"""Elements of full-size maps that are made at a time (256 MiB of float32)."""


class DeviceMasks:
    """(N, H/4, W/4) mask logits on a device. `np.asarray` brings them to the host, once; `assign` fuses them where they are.

    Args:
        logits: a tensor that nobody writes to any more; the current stream has it, or will have it before what follows.
    """

    def __init__(self, logits: Tensor, device=None, staging=None) -> None:
        self._logits = logits
        self._host: npt.NDArray[np.float32] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._logits.shape)

    def __array__(self, dtype=None, copy=None) -> npt.NDArray:
        if self._host is None:
            self._host = self._logits.float().cpu().numpy()
        return self._host if dtype is None else self._host.astype(dtype, copy=False)

    def assign(self, kept: npt.NDArray[np.intp], scores: npt.NDArray[np.float32], placement: Placement) -> Ownership:
        """`ownership.assign` of the queries `kept` (K,) with their `scores` (K,): the same owners, at full size on the device.

        Two last bits may differ from the host's, as the two resize in another order of operations; a pixel whose two best
        queries are that close may then go to the other.
        """
        device = self._logits.device
        height, width = placement.source
        with torch.inference_mode():
            rows = torch.from_numpy(np.ascontiguousarray(kept)).to(device)
            logits = torch.nan_to_num(self._logits.index_select(0, rows).float(), nan=-1e4)
            weights = torch.from_numpy(np.ascontiguousarray(scores, dtype=np.float32)).to(device)[:, None, None]
            best = torch.full((height, width), -1.0, device=device)
            owner = torch.zeros((height, width), dtype=torch.int64, device=device)
            positive = torch.zeros((height, width), dtype=torch.bool, device=device)
            inside = []
            step = max(1, _AT_ONCE // (placement.padded[0] * placement.padded[1] + height * width))
            for start in range(0, len(kept), step):
                full = _restore(logits[start : start + step], placement)  # (k, H, W)
                inside.append((full >= 0).sum((1, 2)))
                value, row = (weights[start : start + step] * torch.sigmoid(full)).max(dim=0)  # the first of equals
                wins = value > best
                best = torch.where(wins, value, best)
                positive = torch.where(wins, full.gather(0, row[None])[0] >= 0, positive)
                owner = torch.where(wins, row + (start + 1), owner)
            area = torch.bincount(owner.flatten(), minlength=len(kept) + 1)[1:]
            owner = (owner * positive).to(torch.int16)  # two bytes a pixel to the host; rows are far fewer than 32767
            return Ownership(owner.cpu().numpy().view(np.uint16), area.cpu().numpy(), torch.cat(inside).cpu().numpy())


def _restore(logits: Tensor, placement: Placement) -> Tensor:
    """`placement.restore` of (k, H/4, W/4): the reference's two bilinear steps."""
    height, width = placement.resized
    full = F.interpolate(logits[None], size=placement.padded, mode="bilinear", align_corners=False)[..., :height, :width]
    if placement.resized != placement.source:
        full = F.interpolate(full, size=placement.source, mode="bilinear", align_corners=False)
    return full[0]
