"""Initial placement of things: on tables, boards and the floor, without overlap, before physics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.simulation.catalogue import Catalogue
from rmpsam_ros.simulation.room import Room, Support, make_room
from rmpsam_ros.simulation.shapes import rotation
from rmpsam_ros.simulation.things import Rng, Thing

PLACES = ("table", "shelf", "floor")
_CLEARANCE = 0.003


@dataclass(frozen=True)
class Placed:
    """A thing's initial pose: (3, 3) rotation `turn` about its own origin, then translation `at` (3,) metres. `fixed` things do not move."""

    thing: Thing
    at: npt.NDArray[np.float64]
    turn: npt.NDArray[np.float64]
    fixed: bool = False


@dataclass(frozen=True)
class Layout:
    """A furnished room: its fixtures, the placed things, and the point that cameras look at."""

    place: str
    room: Room
    placed: tuple[Placed, ...]
    focus: npt.NDArray[np.float64]


def make_layout(rng: Rng, catalogue: Catalogue, place: str, count: int | None = None) -> Layout:
    """Draws the initial layout of a scene.

    Args:
        place: table, shelf or floor.
        count: objects to try to place; drawn if None.
    """
    room = make_room(rng, catalogue.materials, place)
    if count is None:
        count = int(np.clip(rng.lognormal(2.75, 0.5), 4, 36))
    if place == "shelf":
        placed, focus = _fill_shelf(rng, catalogue, room, count)
    else:
        placed, focus = _scatter(rng, catalogue, room.supports[0], place, count)
    return Layout(place, room, (*placed, *_furnish(rng, catalogue, room, place, placed)), focus)


def _poses(rng: Rng, thing: Thing) -> npt.NDArray[np.float64]:
    """A thing's random orientation: rotated about z; occasionally on its side, or arbitrary for things that need not stand."""
    turn = rotation("z", rng.uniform(0, 360))
    if thing.stands:
        return turn @ rotation("x", 90 * rng.choice([-1, 1])) if rng.random() < 0.1 else turn
    return turn @ rotation("x", rng.uniform(0, 360)) @ rotation("y", rng.uniform(0, 360)) if rng.random() < 0.15 else turn


def _extent(thing: Thing, turn: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Lowest and highest corner of the rotated thing."""
    points = np.concatenate([part.mesh.vertices for part in thing.parts]) @ turn.T
    return points.min(axis=0), points.max(axis=0)


def _scatter(rng: Rng, catalogue: Catalogue, support: Support, place: str, count: int) -> tuple[list[Placed], np.ndarray]:
    """Places things on one support, close to each other, some on top of others."""
    middle, half = np.array(support.middle), np.array(support.size) / 2
    spread = float(min(rng.uniform(0.16, 0.48) * (1 if place == "table" else 2.0), half.min()))
    focus = middle + (*(rng.uniform(-1, 1, 2) * np.maximum(half - spread, 0)), 0.0)
    taken: list[tuple[np.ndarray, np.ndarray, float]] = []
    placed: list[Placed] = []
    for _ in range(2 * count):
        if len(placed) == count:
            break
        thing = catalogue.draw(rng, place)
        turn = _poses(rng, thing)
        low, high = _extent(thing, turn)
        size = (high - low)[:2]
        if (size > 2 * half).any():
            continue
        stack = rng.random() < 0.12
        for _ in range(25):
            reach = np.minimum(spread * np.sqrt(rng.random()) * 1.15, 10)
            angle = rng.uniform(0, 2 * np.pi)
            centre = focus[:2] + reach * np.array([np.cos(angle), np.sin(angle)])
            centre = np.clip(centre, middle[:2] - half + size / 2, middle[:2] + half - size / 2)
            under = [top for a, b, top in taken if (np.abs(centre - a) < (size + b) / 2 + 0.004).all()]
            if all(top < support.middle[2] + 0.025 for top in under) or (stack and size.max() < 0.4):
                base = max([support.middle[2], *under]) + _CLEARANCE
                at = np.array([*(centre - (low + high)[:2] / 2), base - low[2]])
                placed.append(Placed(thing, at, turn))
                taken.append((centre, size, base + high[2] - low[2]))
                break
    return placed, focus


def _fill_shelf(rng: Rng, catalogue: Catalogue, room: Room, count: int) -> tuple[list[Placed], np.ndarray]:
    """Places rows of standing things on the boards."""
    placed: list[Placed] = []
    share = max(2, round(1.5 * count / len(room.supports)))
    for support in room.supports:
        x, end = support.middle[0] - support.size[0] / 2, support.middle[0] + support.size[0] / 2
        for _ in range(share * 2):
            if sum(p.at[2] >= support.middle[2] - 0.01 and p.at[2] < support.middle[2] + support.height for p in placed) >= share + 4:
                break
            thing = catalogue.draw(rng, "shelf")
            turn = rotation("z", rng.normal(0, 8) if thing.kind == "standing_book" else rng.normal(0, 40))
            low, high = _extent(thing, turn)
            size = high - low
            x += float(abs(rng.normal(0.004, 0.03)))
            if size[2] > support.height or size[1] > support.size[1] or x + size[0] > end:
                continue
            room_behind = support.size[1] - size[1]
            y = support.middle[1] - support.size[1] / 2 + size[1] / 2 + rng.uniform(0, 0.6) * room_behind
            placed.append(Placed(thing, np.array([x - low[0], y - (low + high)[1] / 2, support.middle[2] + _CLEARANCE - low[2]]), turn))
            x += float(size[0]) + 0.002
    tiers = np.array([s.middle for s in room.supports])
    focus = tiers[int(rng.integers(len(tiers)))] + (0, -room.supports[0].size[1] / 4, 0.12)
    return placed, focus


def _furnish(rng: Rng, catalogue: Catalogue, room: Room, place: str, placed: list[Placed]) -> list[Placed]:
    """Places furniture along the walls and chairs at the table; all of it is fixed."""
    result: list[Placed] = []
    inside = np.array(room.inside)
    taken = [np.array([s.middle[0], s.middle[1], s.size[0] / 2 + 0.15, s.size[1] / 2 + 0.15]) for s in room.supports if place != "floor"]
    taken += [np.array([p.at[0], p.at[1], *np.abs(np.array(_extent(p.thing, p.turn)))[:, :2].max(axis=0)]) for p in placed if place == "floor"]
    for _ in range(int(rng.integers(1, 8))):
        thing = catalogue.draw(rng, "room" if rng.random() < 0.8 else "floor")
        quarter = int(rng.integers(4))
        turn = rotation("z", 90 * quarter + (rng.normal(0, 25) if thing.label == "chair" else rng.normal(0, 2)))
        low, high = _extent(thing, turn)
        size = (high - low)[:2]
        free = inside / 2 - size / 2 - 0.06
        if (free <= 0).any():
            continue
        centre = rng.uniform(-free, free)
        if thing.label != "chair" or rng.random() < 0.4:  # backs are at +y: place them at the wall behind them
            side = [np.array([0, 1]), np.array([-1, 0]), np.array([0, -1]), np.array([1, 0])][quarter]
            centre = np.where(side != 0, side * free, centre)
        if all((np.abs(centre - t[:2]) > t[2:] + size / 2).any() for t in taken):
            taken.append(np.array([*centre, *(size / 2)]))
            result.append(Placed(thing, np.array([*(centre - (low + high)[:2] / 2), -low[2] + 0.001]), turn, fixed=True))
    return result
