"""Procedural textures: small images made of noise and drawing, some with a crop of a photograph. (side, side, 3) uint8 RGB."""

from __future__ import annotations

import colorsys
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Rng = np.random.Generator

_WORDS = ("fresh", "pure", "Nova", "Alba", "MAX", "Bio", "soft", "Café", "Tea", "200 g", "1 L", "Kora", "Zest", "Original", "No 7", "clean")
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)


def color(rng: Rng, saturation: tuple[float, float] = (0.0, 1.0), value: tuple[float, float] = (0.15, 0.95), hue: float | None = None) -> Image:
    """(3,) uint8; any hue, or one near `hue` (0 to 1)."""
    h = rng.random() if hue is None else (hue + rng.normal(0, 0.025)) % 1.0
    strong = saturation[0] + (saturation[1] - saturation[0]) * rng.random() ** 1.6  # most things have muted colours
    return np.array([255 * c for c in colorsys.hsv_to_rgb(h, strong, rng.uniform(*value))], np.uint8)


def noise(rng: Rng, side: int, cells: int = 4, octaves: int = 5, stretch: float = 1.0) -> npt.NDArray[np.float32]:
    """(side, side) float32 of about -1 to 1: a sum of smooth, tileable random grids, each twice as fine as the last."""
    result = np.zeros((side, side), np.float32)
    for octave in range(octaves):
        across, down = max(int(cells * 2**octave), 1), max(int(cells * 2**octave / stretch), 1)
        if across >= side:
            break
        grid = rng.uniform(-1, 1, (down, across)).astype(np.float32)
        grid = np.pad(grid, 2, mode="wrap")
        wide = cv2.resize(grid, None, fx=side / across, fy=side / down, interpolation=cv2.INTER_CUBIC)
        y, x = int(2 * side / down), int(2 * side / across)
        result += cv2.resize(wide[y : y + side, x : x + side], (side, side)) / 2**octave
    return result / 1.4


def _shade(base: Image, other: Image, amount: npt.NDArray) -> Image:
    """Blends from `base` where amount is 0 to `other` where it is 1."""
    amount = np.clip(amount, 0, 1)[..., None]
    return (base * (1 - amount) + other * amount).astype(np.uint8)


def plain(rng: Rng, side: int = 128, base: Image | None = None, grain: float | None = None) -> Image:
    """One colour with a little wear."""
    base = color(rng) if base is None else base
    grain = rng.uniform(0.0, 0.12) if grain is None else grain
    return np.clip(base * (1 + grain * noise(rng, side, 4, 6))[..., None], 0, 255).astype(np.uint8)


def wood(rng: Rng, side: int = 256) -> Image:
    """Grain along y, sometimes planks."""
    light = color(rng, (0.2, 0.7), (0.35, 0.95), 0.08)
    dark = (light * rng.uniform(0.45, 0.8)).astype(np.uint8)
    x = np.linspace(0, rng.uniform(4, 14), side, dtype=np.float32)[None]
    rings = np.sin(2 * np.pi * (x + rng.uniform(0.3, 1.2) * noise(rng, side, 3, 3, 6)))
    result = _shade(light, dark, 0.35 + 0.3 * rings * 0.6 + 0.35 * noise(rng, side, 24, 4, 12))
    if rng.random() < 0.5:
        for k in range(planks := int(rng.integers(3, 8))):
            a, b = k * side // planks, (k + 1) * side // planks
            result[:, a:b] = np.roll(result[:, a:b], int(rng.integers(side)), axis=0) * rng.uniform(0.75, 1.0)
            result[:, a : a + 1] = result[:, a : a + 1] // 3
    return result


def tiles(rng: Rng, side: int = 256) -> Image:
    """Tiles or bricks with joints."""
    rows, bricks = int(rng.integers(2, 7)), rng.random() < 0.4
    base, joint = color(rng, (0.0, 0.5), (0.3, 0.95)), color(rng, (0, 0.1), (0.3, 0.9))
    result = plain(rng, side, base, rng.uniform(0.05, 0.25)).astype(np.float32)
    height, width = side / rows, side / rows * (2 if bricks else 1)
    gap = max(int(rng.uniform(1, 5)), 1)
    for r in range(rows):
        offset = width / 2 * (r % 2) if bricks else 0
        for c in range(-1, int(side / width) + 1):
            x0, x1, y0, y1 = (int(v) for v in (c * width + offset, (c + 1) * width + offset, r * height, (r + 1) * height))
            result[y0:y1, max(x0, 0) : max(x1, 0)] *= rng.uniform(0.8, 1.15)
            result[y0:y1, max(x0, 0) : max(x0 + gap, 0)] = joint
        result[int(r * height) : int(r * height) + gap] = joint
    return np.clip(result, 0, 255).astype(np.uint8)


def stone(rng: Rng, side: int = 256) -> Image:
    """Marble, granite, concrete or plaster."""
    a, b = color(rng, (0, 0.25), (0.5, 0.98)), color(rng, (0, 0.3), (0.1, 0.7))
    if rng.random() < 0.4:
        veins = np.abs(np.sin(6 * noise(rng, side, 2, 5) + rng.uniform(0, 6)))
        return _shade(a, b, (1 - veins) ** 4 * 0.8)
    if rng.random() < 0.5:
        return _shade(a, b, 0.3 + 0.5 * noise(rng, side, side // 8, 3))
    return _shade(a, b, 0.15 + 0.25 * noise(rng, side, 3, 6))


def fabric(rng: Rng, side: int = 256) -> Image:
    """Weave, stripes, checks, dots or flowers."""
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    count = int(rng.integers(2, 14))
    kind = rng.integers(5)
    a, b = color(rng, (0, 0.9), (0.2, 0.95)), color(rng, (0, 0.9), (0.1, 0.95))
    if kind == 0:
        pattern = (np.sin(2 * np.pi * count * x) > rng.uniform(-0.7, 0.7)).astype(np.float32)
    elif kind == 1:
        pattern = 0.5 * ((x * count % 1) < 0.5) + 0.5 * ((y * count % 1) < 0.5)
    elif kind == 2:
        pattern = (((x * count % 1) - 0.5) ** 2 + ((y * count % 1) - 0.5) ** 2 < rng.uniform(0.02, 0.15)).astype(np.float32)
    elif kind == 3:
        pattern = 0.5 + 0.5 * np.clip(3 * noise(rng, side, 5, 2), -1, 1)
    else:
        pattern = np.full((side, side), 0.5, np.float32)
    weave = 1 + rng.uniform(0.05, 0.2) * np.sin(2 * np.pi * 60 * x) * np.sin(2 * np.pi * 60 * y) + 0.1 * noise(rng, side, 8, 4)
    return np.clip(_shade(a, b, pattern) * weave[..., None], 0, 255).astype(np.uint8)


def metal(rng: Rng, side: int = 128) -> Image:
    """Brushed, cast or a little rusty."""
    base = color(rng, (0.0, 0.12), (0.35, 0.9))
    result = np.clip(base * (1 + rng.uniform(0.05, 0.25) * noise(rng, side, 2, 6, rng.choice([0.1, 1, 10])))[..., None], 0, 255).astype(np.uint8)
    if rng.random() < 0.25:
        result = _shade_map(result, color(rng, (0.5, 0.8), (0.25, 0.5), 0.06), noise(rng, side, 4, 5) - rng.uniform(-0.1, 0.5))
    return result


def _shade_map(base: Image, other: Image, amount: npt.NDArray) -> Image:
    amount = np.clip(2 * amount, 0, 1)[..., None]
    return (base * (1 - amount) + other * amount).astype(np.uint8)


def skin_of(hue: float, rng: Rng, side: int = 128, second: float | None = None) -> Image:
    """Fruit, vegetables and bread: a hue with blotches of a second hue and speckles."""
    a = color(rng, (0.6, 0.95), (0.55, 0.95), hue)
    b = color(rng, (0.5, 0.9), (0.4, 0.85), hue if second is None else second)
    return np.clip(_shade(a, b, 0.3 + 0.7 * noise(rng, side, 3, 4)) * (1 + 0.08 * noise(rng, side, 32, 2))[..., None], 0, 255).astype(np.uint8)


def print_on(rng: Rng, side: int = 256, picture: Image | None = None) -> Image:
    """A package, a label or a cover: colour fields, a picture, words, small print, a bar code."""
    result = plain(rng, side, color(rng, (0.0, 1.0), (0.2, 1.0)), 0.02)
    if rng.random() < 0.5:
        other = color(rng)
        result = _shade_map(result, other, np.linspace(-0.5, 0.5, side)[:, None] * np.ones((1, side)))
    for _ in range(int(rng.integers(1, 5))):
        (x0, y0), (w, h) = rng.integers(0, side, 2), rng.integers(side // 10, side, 2)
        ink = tuple(int(c) for c in color(rng))
        if rng.random() < 0.6:
            cv2.rectangle(result, (int(x0), int(y0)), (int(x0 + w), int(y0 + h // 2)), ink, -1)
        else:
            cv2.ellipse(result, (int(x0), int(y0)), (int(w // 2), int(h // 2)), float(rng.uniform(0, 180)), 0, 360, ink, -1, cv2.LINE_AA)
    if picture is not None and rng.random() < 0.7:
        w, h = (int(v) for v in rng.integers(side // 3, side, 2))
        x, y = int(rng.integers(0, side - w + 1)), int(rng.integers(0, side - h + 1))
        result[y : y + h, x : x + w] = cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA)
    for _ in range(int(rng.integers(1, 4))):
        ink, size = tuple(int(c) for c in color(rng, (0, 0.6), rng.choice([(0.0, 0.2), (0.85, 1.0)]))), rng.uniform(0.5, 2.2) * side / 256
        cv2.putText(result, str(rng.choice(_WORDS)), (int(rng.integers(0, side // 2)), int(rng.integers(side // 6, side))),
                    int(rng.choice(_FONTS)), float(size), ink, int(rng.integers(1, 5)), cv2.LINE_AA)  # fmt: skip
    if rng.random() < 0.5:
        x, y, ink = int(rng.integers(0, side // 2)), int(rng.integers(side // 2, side)), int(rng.choice([20, 230]))
        for line in range(int(rng.integers(3, 9))):
            cv2.line(result, (x, y + 7 * line), (x + int(rng.integers(side // 6, side // 3)), y + 7 * line), (ink,) * 3, 1)
    return result


def keys(rng: Rng, side: int = 256, rows: int = 5, columns: int = 14) -> Image:
    """Keys or buttons."""
    body = color(rng, (0, 0.2), rng.choice([(0.05, 0.25), (0.6, 0.95)]))
    key = np.clip(body.astype(int) + rng.choice([-40, 45]), 0, 255)
    result = plain(rng, side, body, 0.02)
    h, w = side / rows, side / columns
    for r in range(rows):
        for c in range(columns):
            corner, end = (int(c * w + 2), int(r * h + 3)), (int((c + 1) * w - 2), int((r + 1) * h - 3))
            cv2.rectangle(result, corner, end, tuple(int(v) for v in key), -1)
            cv2.circle(result, ((corner[0] + end[0]) // 2, (corner[1] + end[1]) // 2), 2, tuple(int(255 - v) for v in key), -1)
    return result


def board(rng: Rng, side: int = 256) -> Image:
    """A circuit board."""
    result = plain(rng, side, color(rng, (0.5, 0.9), (0.2, 0.5), rng.choice([0.35, 0.6, 0.0])), 0.04)
    for _ in range(50):
        x, y = rng.integers(0, side, 2)
        w, h = rng.integers(3, side // 6, 2)
        ink = tuple(int(c) for c in rng.choice([[25, 25, 25], [190, 190, 190], [200, 170, 80], [240, 240, 240]]))
        cv2.rectangle(result, (int(x), int(y)), (int(x + w), int(y + h)), ink, -1 if rng.random() < 0.6 else 1)
    return result


SURFACES: dict[str, Callable[[Rng], Image]] = {"wood": wood, "tiles": tiles, "stone": stone, "fabric": fabric, "plain": plain, "metal": metal}
"""Textures for floors, walls and furniture."""
