"""Ellipse anchors: encode the location of a query's object, are added to its mask logits and refined in each stage.

The inner product of a kernel with the mask features is equal wherever the features are equal, and two coordinate channels
only add a linear tilt: it cannot restrict a mask to one location. An ellipse can, for the price of two additions: its log
odds strength * (1 - (x - cx)² / rx² - (y - cy)² / ry²) are the sum of a row vector and a column vector. Object queries start
from learned ellipses, prompts from one around their click or in their box. This applies the anchors of DAB-DETR (Liu et al.,
2022) to masks. The official variants have none.
"""
from __future__ import annotations

import math
from itertools import cycle, islice

import torch
from torch import Tensor, nn

CLICK_RADIUS = 0.5
"""Radius of a click's initial ellipse, in units of half the image side: the object may be small or fill the image."""

CONTENT_RADIUS = 0.06
"""Radius around a click within which its initial features are pooled."""

_FAR = 100.0
"""Distances from the centre are clamped to this number of radii: larger squares overflow float16."""

_RADII, _STRENGTHS = (math.log(0.03), math.log(20.0)), (math.log(0.02), math.log(20.0))


class Locator(nn.Module):
    """Predicts updates of the ellipses from the queries; initialised to no change."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.move = nn.Linear(dim, 5)
        nn.init.zeros_(self.move.weight)
        nn.init.zeros_(self.move.bias)

    def forward(self, queries: Tensor, anchors: Tensor) -> Tensor:
        """(B, N, D) queries and (B, N, 5) anchors to new anchors."""
        anchors, move = anchors.detach(), self.move(queries).float()  # no gradient to earlier stages: each is trained on its own update
        radii = anchors[..., 2:4].exp()
        centre = (anchors[..., :2] + move[..., :2] * radii).clamp(-1.5, 1.5)
        size = (anchors[..., 2:4] + move[..., 2:4]).clamp(*_RADII)
        strength = (anchors[..., 4:] + move[..., 4:]).clamp(*_STRENGTHS)
        return torch.cat((centre, size, strength), dim=-1)


def ellipses(anchors: Tensor, columns: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Log odds of ellipses, in two parts whose sum is (B, N, H, W).

    Neither part is a difference of large numbers (as with separate terms for x² and x), so that rounding to bfloat16 moves an
    edge by less than a hundredth of a radius.

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
    """(number, 5) initial ellipses: the first `everywhere` cover the whole image, the rest are on grids from coarse to fine."""
    rows = [(0.0, 0.0, math.log(4.0), math.log(4.0), math.log(0.3))] * min(everywhere, number)
    cells = [(-1 + (2 * x + 1) / width, -1 + (2 * y + 1) / height, math.log(1.4 / width), math.log(1.4 / height), 0.0)
             for height, width in ((1, 2), (3, 4), (4, 6), (6, 8), (8, 10), (12, 16)) for y in range(height) for x in range(width)]  # fmt: skip
    return torch.tensor(rows + list(islice(cycle(cells), number - len(rows))))


def prompt_anchors(boxes: Tensor, size: tuple[int | Tensor, int | Tensor], click_side: float) -> tuple[Tensor, Tensor]:
    """Initial ellipses of prompts, and the ellipses in which their initial features are pooled.

    Args:
        boxes: (B, P, 4) xyxy in network-input pixels; a click is a box of `click_side`.
        size: height and width of the padded map, a quarter of the input.
        click_side: side of a click's box in pixels.

    Returns:
        Two (B, P, 5): the ellipse of a box is scaled with the box, that of a click has the radius `CLICK_RADIUS`.
    """
    boxes = boxes.float()
    centre, half = (boxes[..., :2] + boxes[..., 2:]) / 2, (boxes[..., 2:] - boxes[..., :2]) / 2
    # The first and last of n cells have the coordinates -1 and 1; the centre of cell i is at pixel 4 i + 1.5.
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
    """A number as a float32 tensor, created on the device: a copy from the host cannot be captured in a CUDA graph."""
    return value.to(device, torch.float32) if isinstance(value, Tensor) else torch.full((), float(value), device=device)
