"""Objects that stand on the floor: chairs, couches, plants, cabinets, crates."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.vessels import handle_look, steel
from rmpsam_ros.simulation.shapes import box, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def timber(rng: Rng, materials: Materials) -> Look:
    """Wood, paint or metal, for furniture."""
    pick = rng.random()
    if pick < 0.3 and materials.surfaces:
        return Look(materials.surfaces[int(rng.integers(len(materials.surfaces)))], specular=0.2)
    if pick < 0.65:
        return Look(t.wood(rng), specular=rng.uniform(0, 0.5))
    return steel(rng) if pick < 0.72 else Look(t.plain(rng, 64), specular=rng.uniform(0, 0.6))


@KINDS.add("chair", "room", weight=3.0, mass=5.0)
def chair(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, back = rng.uniform(0.38, 0.5), rng.uniform(0.38, 0.48), rng.uniform(0.42, 0.48), rng.uniform(0.35, 0.55)
    frame = timber(rng, materials)
    seat_look = frame if rng.random() < 0.5 else Look(t.fabric(rng), specular=0)
    leg = rng.uniform(0.012, 0.025)
    parts = [Part(rounded((w, d, 0.05), 0.2).moved((0, 0, h - 0.05)), seat_look)]
    for x in (-1, 1):
        for y in (-1, 1):
            top = h + back if y > 0 else h - 0.03
            parts.append(Part(tube([(x * w * 0.46, y * d * 0.48, 0), (x * w * 0.43, y * d * 0.44, top)], leg, 8), frame))
    if rng.random() < 0.5:
        parts.append(Part(rounded((w * 0.9, 0.03, back * 0.6), 0.3).moved((0, d * 0.44, h + back * 0.38)), seat_look))
    else:
        parts += [Part(box((w * 0.86, 0.02, 0.05)).moved((0, d * 0.44, h + back * s)), frame) for s in (0.35, 0.6, 0.85)]
    return parts


@KINDS.add("chair", "room", weight=1.0, mass=3.0)
def stool(rng: Rng, materials: Materials) -> list[Part]:
    r, h, frame = rng.uniform(0.15, 0.2), rng.uniform(0.4, 0.65), timber(rng, materials)
    legs = [
        Part(tube([(1.1 * r * np.cos(a), 1.1 * r * np.sin(a), 0), (0.7 * r * np.cos(a), 0.7 * r * np.sin(a), h)], 0.014, 8), frame)
        for a in np.arange(4) * np.pi / 2
    ]
    return [Part(turned([(0, h), (r, h), (r, h + 0.04), (0, h + 0.04)]), timber(rng, materials)), *legs]


@KINDS.add("couch", "room", weight=0.8, mass=30.0)
def couch(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, look = rng.uniform(1.2, 1.9), rng.uniform(0.75, 0.9), rng.uniform(0.36, 0.44), Look(t.fabric(rng), specular=0)
    seats = int(round(w / 0.65))
    parts = [Part(rounded((w, d, h * 0.8), 0.12), look), Part(rounded((w, 0.22, 0.8), 0.2).moved((0, d / 2 - 0.11, 0)), look)]
    parts += [Part(rounded((0.18, d, h + 0.2), 0.25).moved((x * (w / 2 - 0.09), 0, 0)), look) for x in (-1, 1)]
    parts += [
        Part(rounded(((w - 0.36) / seats, d - 0.2, 0.16), 0.3).moved(((k - (seats - 1) / 2) * (w - 0.36) / seats, -0.05, h * 0.75)), look)
        for k in range(seats)
    ]
    return parts


@KINDS.add("plant", "room", weight=1.0, mass=5.0)
def floor_plant(rng: Rng, materials: Materials) -> list[Part]:
    parts = KINDS.kinds["potted_plant"].make(rng, materials)
    factor = rng.uniform(2.5, 4.5)
    return [Part(p.mesh.moved(scale=factor), p.look, p.walls) for p in parts]


@KINDS.add("furniture", "room", weight=1.5, mass=20.0)
def cabinet(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.4, 0.35, 0.5), (1.1, 0.5, 1.4))
    body = timber(rng, materials)
    front, grip = body if rng.random() < 0.6 else timber(rng, materials), steel(rng)
    columns, rows = int(rng.integers(1, 3)), int(rng.integers(1, 5))
    parts = [Part(box((w, d, h), 4), body)]
    for c in range(columns):
        for r in range(rows):
            fw, fh = w / columns, h / rows
            x, z = (c - (columns - 1) / 2) * fw, r * fh
            parts.append(Part(box((fw - 0.012, 0.015, fh - 0.012), 2).moved((x, -d / 2, z + 0.006)), front, ()))
            parts.append(Part(tube([(x - 0.05, -d / 2 - 0.025, z + fh * 0.75), (x + 0.05, -d / 2 - 0.025, z + fh * 0.75)], 0.006, 6), grip, ()))
    return parts


@KINDS.add("object", "floor", weight=0.8, mass=1.0)
def crate(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.3, 0.2, 0.12), (0.5, 0.35, 0.3))
    look = Look(t.plain(rng, 64, t.color(rng, (0.3, 1), (0.2, 0.9))), specular=0.4) if rng.random() < 0.6 else timber(rng, materials)
    parts = [Part(box((w, d, 0.01)), look)]
    for z in np.arange(0.0, h - 0.03, 0.06):
        parts += [Part(box((w, 0.012, 0.045)).moved((0, s * d / 2, z)), look) for s in (-1, 1)]
        parts += [Part(box((0.012, d, 0.045)).moved((s * w / 2, 0, z)), look) for s in (-1, 1)]
    return parts + [Part(box((0.025, 0.025, h)).moved((x * w / 2, y * d / 2, 0)), look) for x in (-1, 1) for y in (-1, 1)]


@KINDS.add("object", "floor", weight=0.8, mass=0.5)
def bucket(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.1, 0.15), rng.uniform(0.2, 0.32)
    look, s = handle_look(rng), np.linspace(0, np.pi, 14)
    body = turned([(0, 0), (r * 0.75, 0), (r, h), (r * 0.97, h), (r * 0.72, 0.006), (0, 0.006)], 32)
    tilt = rotation("x", rng.uniform(0, 95))
    grip = tube(np.column_stack((r * np.cos(s), 0 * s, r * np.sin(s))), 0.004, 6).moved((0, 0, h * 0.95), tilt)
    return [Part(body, look), Part(grip, steel(rng), ())]


@KINDS.add("textile", "floor", False, 0.9, 1.0)
def rug(rng: Rng, materials: Materials) -> list[Part]:
    w, d = rng.uniform((0.6, 0.4), (1.6, 1.0))
    return [Part(box((w, d, 0.008), 8), Look(t.fabric(rng), specular=0))]


@KINDS.add("textile", "floor", False, 1.2, 0.4)
def shoe(rng: Rng, materials: Materials) -> list[Part]:
    n, look = rng.uniform(0.2, 0.3), Look(t.fabric(rng) if rng.random() < 0.3 else t.plain(rng, 64, None, 0.1), specular=0.2)
    sole = rounded((n, n * 0.36, 0.03), 0.3)
    front = rounded((n * 0.62, n * 0.33, n * 0.27), 0.7).moved((n * 0.17, 0, 0.015))
    heel = rounded((n * 0.5, n * 0.3, n * rng.uniform(0.35, 0.6)), 0.6).moved((-n * 0.22, 0, 0.015))
    return [Part(sole, handle_look(rng)), Part(front, look), Part(heel, look)]


@KINDS.add("object", "floor", weight=0.6, mass=0.6)
def broom_or_bin(rng: Rng, materials: Materials) -> list[Part]:
    if rng.random() < 0.5:
        r, h = rng.uniform(0.1, 0.17), rng.uniform(0.25, 0.5)
        return [
            Part(turned([(0, 0), (r * 0.8, 0), (r, h), (r * 0.96, h), (r * 0.76, 0.01), (0, 0.01)], 28, rng.choice([0, 0.6])), timber(rng, materials))
        ]
    n = rng.uniform(0.7, 1.2)
    stick = tube([(0, 0, 0.03), (n, 0, 0.03)], 0.011, 8)
    return [Part(stick, handle_look(rng)), Part(box((0.05, 0.3, 0.06)).moved((n, 0, 0)), Look(t.plain(rng, 64, None, 0.4)))]
