"""The room: floor, walls, ceiling, window, and the table or shelf that objects stand on. Metres; z is up, the
floor is at z = 0 and the centre of the room at x = y = 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.shapes import Mesh, box, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import Look, Materials, Part, Rng, Thing


@dataclass(frozen=True)
class Support:
    """A flat surface for objects: its centre (x, y, z) and full sides along x and y, with `height` of free space above it."""

    middle: tuple[float, float, float]
    size: tuple[float, float]
    height: float = 2.0


@dataclass(frozen=True)
class Room:
    """The static part of a scene. The meshes of `fixtures` are in room coordinates; `inside` are the room's x and y sides."""

    fixtures: tuple[Thing, ...]
    supports: tuple[Support, ...]
    inside: tuple[float, float]
    height: float


def _tiled(mesh: Mesh, times: Sequence[float]) -> Mesh:
    return replace(mesh, uv=mesh.uv * np.asarray(times, float))


def covering(rng: Rng, materials: Materials, names: Sequence[str]) -> Look:
    """A surface for floors, walls and tables: procedural, from a package, or a crop of a photograph."""
    pick = rng.random()
    if pick < 0.35 and materials.surfaces:
        image = materials.surfaces[int(rng.integers(len(materials.surfaces)))]
    elif pick < 0.5 and materials.photos:
        image = materials.crop(rng, (0.08, 0.3))
    else:
        image = t.SURFACES[str(rng.choice(list(names)))](rng)
    shade = rng.uniform(0.6, 1.0)
    tint = np.clip(shade * rng.uniform(0.9, 1.0, 3), 0, 1)
    return Look(image, (*tint.tolist(), 1.0), specular=rng.uniform(0, 0.4), shininess=rng.uniform(0.1, 0.7))


def make_room(rng: Rng, materials: Materials, place: str) -> Room:
    """A room with a table, a shelf or neither.

    Args:
        place: table, shelf or floor.
    """
    sides = rng.uniform(2.6, 6.0, 2)
    height = rng.uniform(2.3, 2.9)
    fixtures = _shell(rng, materials, sides, height)
    if place == "table":
        made, supports = _table(rng, materials, sides)
    elif place == "shelf":
        made, supports = _shelf(rng, materials, sides)
    else:
        made, supports = [], (Support((0.0, 0.0, 0.0), (sides[0] - 0.6, sides[1] - 0.6)),)
    return Room((*fixtures, *made), supports, (float(sides[0]), float(sides[1])), float(height))


def _shell(rng: Rng, materials: Materials, sides: np.ndarray, height: float) -> list[Thing]:
    w, d = sides
    floor = covering(rng, materials, ("wood", "tiles", "stone", "fabric", "plain"))
    repeat = rng.uniform(0.7, 2.5)
    result = [
        Thing("floor", "floor", (Part(_tiled(box((w, d, 0.1), 24), (w / repeat, d / repeat)).moved((0, 0, -0.1)), floor),)),
        Thing(
            "ceiling",
            "ceiling",
            (Part(box((w, d, 0.1), 6).moved((0, 0, height)), Look(t.plain(rng, 64, t.color(rng, (0, 0.1), (0.7, 1.0)), 0.03), specular=0), ()),),
        ),
    ]
    look = covering(rng, materials, ("plain", "plain", "plain", "stone", "tiles", "fabric", "wood"))
    repeat = rng.uniform(0.6, 2.5)
    skirting = Look(t.plain(rng, 16, None, 0.03))
    for turn, across, away in ((0, w, d), (90, d, w), (180, w, d), (270, d, w)):
        here = look if rng.random() < 0.75 else covering(rng, materials, ("plain", "stone", "tiles", "wood"))
        turned_by = rotation("z", turn)
        parts = [
            Part(
                _tiled(box((across, 0.1, height), 20), (across / repeat, height / repeat)).moved((0, away / 2 + 0.05, 0)).moved(turn=turned_by),
                here,
                (),
            )
        ]
        parts.append(Part(box((across, 0.015, 0.08), 4).moved((0, away / 2 - 0.008, 0)).moved(turn=turned_by), skirting, ()))
        result.append(Thing("wall", "wall", tuple(parts)))
        pick = rng.random()
        if pick < 0.3:
            result.append(_window(rng, materials, across, away, turned_by))
        elif pick < 0.7 and materials.photos:
            pw, ph = rng.uniform(0.25, 0.9, 2)
            x, z = rng.uniform(-0.4, 0.4) * (across - pw), rng.uniform(1.0, 1.5)
            frame = Part(box((pw + 0.05, 0.025, ph + 0.05)).moved((x, away / 2 - 0.01, z - 0.025)).moved(turn=turned_by), skirting, ())
            picture = Part(box((pw, 0.03, ph), 3).moved((x, away / 2 - 0.013, z)).moved(turn=turned_by), Look(materials.crop(rng), specular=0.2), ())
            result.append(Thing("picture", "wall", (frame, picture)))
    return result


def _window(rng: Rng, materials: Materials, across: float, away: float, turned_by: np.ndarray) -> Thing:
    ww, wh = rng.uniform(0.6, 1.4), rng.uniform(0.7, 1.3)
    x, z = rng.uniform(-0.4, 0.4) * (across - ww), rng.uniform(0.8, 1.1)
    view = materials.crop(rng, (0.6, 1.0))
    if view is not None:  # the view outside is out of focus, so that nothing in it can be recognised
        view = cv2.GaussianBlur(view, (0, 0), float(rng.uniform(6, 16)))
    outside = Look(t.plain(rng, 32, t.color(rng, (0, 0.3), (0.8, 1.0), 0.58)) if view is None else view, specular=0.3, emission=0.5)
    frame = Look(t.plain(rng, 16, t.color(rng, (0, 0.3), (0.5, 1.0)), 0.03))
    bars = [box((ww + 0.1, 0.04, 0.05)).moved((x, 0, z - 0.05)), box((ww + 0.1, 0.04, 0.05)).moved((x, 0, z + wh)),
            *(box((0.05, 0.04, wh)).moved((x + s * ww / 2, 0, z)) for s in (-1, 0, 1))]  # fmt: skip
    parts = [Part(box((ww, 0.02, wh), 4).moved((x, away / 2 - 0.01, z)).moved(turn=turned_by), outside, ())]
    parts += [Part(bar.moved((0, away / 2 - 0.02, 0)).moved(turn=turned_by), frame, ()) for bar in bars]
    return Thing("window", "window", tuple(parts))


def _table(rng: Rng, materials: Materials, sides: np.ndarray) -> tuple[list[Thing], tuple[Support, ...]]:
    w, d, h = rng.uniform(0.8, min(1.9, sides[0] - 0.7)), rng.uniform(0.6, 1.0), rng.uniform(0.42, 0.95)
    top = covering(rng, materials, ("wood", "wood", "stone", "fabric", "plain", "metal", "tiles"))
    legs, thick = timber(rng, materials), rng.uniform(0.02, 0.05)
    y = 0.0 if rng.random() < 0.5 else sides[1] / 2 - d / 2 - 0.03
    shape = rng.random()
    if shape < 0.65:
        board = _tiled(box((w, d, thick), 16), (w / max(w, d), d / max(w, d)))
    elif shape < 0.85:
        w = d = min(w, d) * 1.15
        board = _tiled(turned([(0, 0), (d / 2, 0), (d / 2, thick), *((d / 2 * s, thick) for s in (0.75, 0.5, 0.25, 0))], 40), (2, 2))
    else:
        board = rounded((w, d, thick), 0.1, 40)
    if shape >= 0.65:  # straight grain on round tables as well
        board = replace(board, uv=board.vertices[:, :2] / max(w, d) + 0.5)
    support = (box((w * (0.7 if shape >= 0.65 else 1), d * (0.7 if shape >= 0.65 else 1), thick)).moved((0, y, h - thick)),)
    parts = [Part(board.moved((0, y, h - thick)), top, (board.moved((0, y, h - thick)),) if shape >= 0.65 else support)]
    if rng.random() < 0.2:
        parts.append(Part(box((w * 0.9, d * 0.85, h - thick), 6).moved((0, y, 0)), legs))
    else:
        reach = 0.32 if 0.65 <= shape < 0.85 else 0.45
        for sx in (-1, 1):
            for sy in (-1, 1):
                at = np.array([sx * w * reach, y + sy * d * reach])
                parts.append(Part(tube([(*at, 0), (*at, h - thick)], rng.uniform(0.02, 0.035), 10), legs))
    usable = 0.66 if 0.65 <= shape < 0.85 else 0.9
    return [Thing("table", "table", tuple(parts))], (Support((0.0, float(y), float(h)), (w * usable, d * usable)),)


def _shelf(rng: Rng, materials: Materials, sides: np.ndarray) -> tuple[list[Thing], tuple[Support, ...]]:
    w, d, boards = rng.uniform(0.55, 1.2), rng.uniform(0.24, 0.4), int(rng.integers(2, 5))
    gap, low, thick = rng.uniform(0.27, 0.42), rng.uniform(0.05, 0.7), rng.uniform(0.015, 0.03)
    low = min(low, 2.0 - boards * gap)
    low = max(low, 0.05)
    y, look = sides[1] / 2 - d / 2 - 0.01, timber(rng, materials)
    parts, supports = [], []
    for k in range(boards + 1):
        z = low + k * gap
        if k == boards and rng.random() < 0.3:
            break
        parts.append(Part(box((w, d, thick), 6).moved((0, y, z - thick)), look))
        if k < boards or z < 1.5:
            supports.append(Support((0.0, float(y), float(z)), (w - 0.05, d - 0.03), gap - thick - 0.02 if k < boards else 0.5))
    top = low + (len(parts) - 1) * gap
    if rng.random() < 0.85:
        parts += [Part(box((thick, d, top), 6).moved((s * (w + thick) / 2, y, 0)), look) for s in (-1, 1)]
    if rng.random() < 0.6:
        parts.append(Part(box((w, 0.008, top), 6).moved((0, y + d / 2, 0)), look if rng.random() < 0.6 else timber(rng, materials)))
    return [Thing("shelf", "furniture", tuple(parts))], tuple(supports)
