"""Where a query's object lies: an ellipse that is added to its mask and refined from stage to stage.

An inner product of a kernel with mask features is the same wherever in the picture the features are alike, and two
coordinate channels only tilt it: it cannot say "here, and not there". An ellipse can, at the price of two additions: its
log odds strength * (1 - (x - cx)² / rx² - (y - cy)² / ry²) are a row of numbers plus a column of numbers. Object queries begin
with learned ellipses, prompts with one round their click or in their box; this is the anchor of DAB-DETR (Liu et al.,
2022) given to masks. The official variants have none.
"""
from __future__ import annotations

import math
from itertools import cycle, islice

import torch
from torch import Tensor, nn

CLICK_RADIUS = 0.5
"""Radius of a click's first ellipse, where half the picture's side is 1: an object may be small or fill the picture."""

CONTENT_RADIUS = 0.06
"""Radius round a click in which its first features are pooled."""

_FAR = 100.0
"""Radii from the centre beyond which it is just far: the square of more is too large for float16."""

_RADII, _STRENGTHS = (math.log(0.03), math.log(20.0)), (math.log(0.02), math.log(20.0))


class Locator(nn.Module):
    """Moves ellipses by what the queries have learned; at the start it leaves them as they are."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.move = nn.Linear(dim, 5)
        nn.init.zeros_(self.move.weight)
        nn.init.zeros_(self.move.bias)

    def forward(self, queries: Tensor, anchors: Tensor) -> Tensor:
        """(B, N, D) queries and (B, N, 5) anchors to new anchors."""
        anchors, move = anchors.detach(), self.move(queries).float()  # each stage answers for its own move
        radii = anchors[..., 2:4].exp()
        centre = (anchors[..., :2] + move[..., :2] * radii).clamp(-1.5, 1.5)
        size = (anchors[..., 2:4] + move[..., 2:4]).clamp(*_RADII)
        strength = (anchors[..., 4:] + move[..., 4:]).clamp(*_STRENGTHS)
        return torch.cat((centre, size, strength), dim=-1)


def ellipses(anchors: Tensor, columns: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Log odds of ellipses, in two parts whose sum is (B, N, H, W).

    Neither part is the difference of large numbers (as it would be with x² and x apart), so that bfloat16 moves an edge by
    less than a hundredth of a radius.

    Args:
        anchors: (B, N, 5) centre x and y (-1 … 1 over the padded map), log of the radii along x and y, log of the strength.
        columns, rows: (W,) and (H,), x of each column and y of each row.

    Returns:
        (B, N, 1, W) and (B, N, H, 1).
    """
    strength = anchors[..., 4:].exp()
    parts = []
    for axis, places in enumerate((columns, rows)):
        away = (places - anchors[..., axis, None]) * (-anchors[..., 2 + axis, None]).exp()  # in radii
        parts.append(strength * (0.5 - away.clamp(-_FAR, _FAR).square()))
    return parts[0][:, :, None], parts[1][..., None]


def object_anchors(number: int, everywhere: int) -> Tensor:
    """(number, 5) first ellipses: `everywhere` of them all over the picture, the rest on grids from coarse to fine."""
    rows = [(0.0, 0.0, math.log(4.0), math.log(4.0), math.log(0.3))] * min(everywhere, number)
    cells = [(-1 + (2 * x + 1) / width, -1 + (2 * y + 1) / height, math.log(1.4 / width), math.log(1.4 / height), 0.0)
             for height, width in ((1, 2), (3, 4), (4, 6), (6, 8), (8, 10), (12, 16)) for y in range(height) for x in range(width)]  # fmt: skip
    return torch.tensor(rows + list(islice(cycle(cells), number - len(rows))))


def prompt_anchors(boxes: Tensor, size: tuple[int | Tensor, int | Tensor], click_side: float) -> tuple[Tensor, Tensor]:
    """First ellipses of prompts, and those in which their first features are pooled.

    Args:
        boxes: (B, P, 4) xyxy pixels of the network's input; a click is a box of `click_side`.
        size: height and width of the padded map, a quarter of the input.
        click_side: pixels.

    Returns:
        Two (B, P, 5): a box fills its ellipse; a click's is `CLICK_RADIUS` wide.
    """
    boxes = boxes.float()
    centre, half = (boxes[..., :2] + boxes[..., 2:]) / 2, (boxes[..., 2:] - boxes[..., :2]) / 2
    # Of a map of n cells the first and last have the coordinates -1 and 1; cell i has its centre at pixel 4 i + 1.5.
    cells = torch.stack([_number(side, boxes.device) for side in (size[1], size[0])]) - 1
    position = 2 * ((centre - 1.5) / 4) / cells - 1
    spread = 2 * (half / 4) / cells
    is_click = (half <= click_side / 2 + 0.5).all(dim=-1, keepdim=True)
    radius = torch.where(is_click, torch.full_like(spread, CLICK_RADIUS), 1.15 * spread)
    content = torch.where(is_click, torch.full_like(spread, CONTENT_RADIUS), 0.7 * spread).clamp(min=CONTENT_RADIUS)
    zero = torch.zeros_like(position[..., :1])
    low, high = _RADII
    return (torch.cat((position, radius.log().clamp(low, high), zero), dim=-1),
            torch.cat((position, content.log().clamp(low, high), zero), dim=-1))  # fmt: skip


def _number(value: int | Tensor, device: torch.device) -> Tensor:
    """A number as a float32 tensor, made on the device: a copy from the host cannot be captured in a CUDA graph."""
    return value.to(device, torch.float32) if isinstance(value, Tensor) else torch.full((), float(value), device=device)
