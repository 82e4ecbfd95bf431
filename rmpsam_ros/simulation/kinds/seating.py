"""More chairs: folding, rocking, rolling, garden and classroom chairs; benches; and helpers for frames and slings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import ring
from rmpsam_ros.simulation.kinds.kitchen import paint
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.vessels import steel
from rmpsam_ros.simulation.kinds.wardrobe import cloth_look, leather
from rmpsam_ros.simulation.kinds.workshop import cylinder, dark, plastic
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, rotation, rounded, sheet, tube
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def cover(rng: Rng) -> Look:
    """Upholstery."""
    return leather(rng) if rng.random() < 0.35 else cloth_look(rng)


def wooden(rng: Rng) -> Look:
    return Look(t.wood(rng, 128), specular=rng.uniform(0, 0.4))


def framed(meshes: Sequence[Mesh], look: Look) -> Part:
    """Several convex meshes as one part, each with its own collision shape."""
    return Part(join(meshes), look, tuple(meshes))


def bent(points: Sequence[Sequence[float]], radius: float = 0.04) -> np.ndarray:
    """A path with its corners rounded, as tubes are bent."""
    line = np.asarray(points, float)
    path, s = [line[0]], np.linspace(0, 1, 6)[:, None]
    for before, corner, after in zip(line[:-2], line[1:-1], line[2:]):
        a, b = (corner + (p - corner) * min(radius / max(np.linalg.norm(p - corner), 1e-9), 0.45) for p in (before, after))
        path += list((1 - s) ** 2 * a + 2 * s * (1 - s) * corner + s**2 * b)
    return np.array([*path, line[-1]])


def draped(path: Sequence[Sequence[float]], width: float | Sequence[float], thick: float, look: Look, columns: int = 6, sag: float = 0.0) -> Part:
    """Cloth or bent board that follows a path of (y, z), `width` along x; its upper side is to the left of the path's direction."""
    line = np.asarray(path, float)
    along = np.gradient(line, axis=0)
    normal = np.column_stack((-along[:, 1], along[:, 0])) / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    mesh = sheet(np.zeros((len(line), columns)), (1, 1), thick)
    row, x = np.tile(np.repeat(np.arange(len(line)), columns), 2), mesh.vertices[:, 0]
    lift = mesh.vertices[:, 2] - sag * (1 - 4 * x**2)
    middle = line[row] + normal[row] * lift[:, None]
    mesh = Mesh(np.column_stack((x * np.broadcast_to(width, len(line))[row], middle)), mesh.faces, mesh.uv)
    chosen = np.unique(np.linspace(0, len(line) - 1, min(len(line), 7)).round().astype(int))
    walls = []
    for a, b in zip(chosen[:-1], chosen[1:]):
        points = mesh.vertices[(row == a) | (row == b)]
        walls.append(Mesh(points, np.array([[0, 1, columns], [1, columns + 1, columns]]), np.zeros((len(points), 2))))
    count = columns * len(line)  # the rim closes the gap between the two sides
    edges = np.arange(count).reshape(len(line), columns)
    loop = np.concatenate((edges[0], edges[1:, -1], edges[-1, -2::-1], edges[-2::-1, 0]))
    rim = np.concatenate([[(a + count, b + count, b), (a + count, b, a)] for a, b in zip(loop[:-1], loop[1:])])
    used, faces = np.unique(rim, return_inverse=True)
    return Part(join([mesh, Mesh(mesh.vertices[used], faces.reshape(-1, 3), mesh.uv[used])]), look, tuple(walls))


def shifted(parts: Sequence[Part], offset: Sequence[float], turn: np.ndarray | None = None) -> list[Part]:
    """Parts with their collision shapes, rotated and moved."""
    return [p.moved(offset, turn) for p in parts]


@KINDS.add("chair", "room floor", weight=1.0, mass=4.0)
def folding_chair(rng: Rng, materials: Materials) -> list[Part]:
    w, h, top, r = rng.uniform(0.4, 0.47), rng.uniform(0.42, 0.47), rng.uniform(0.75, 0.88), rng.uniform(0.01, 0.014)
    slats, deep = rng.random() < 0.5, rng.uniform(0.17, 0.21)
    frame = wooden(rng) if slats and rng.random() < 0.6 else steel(rng) if rng.random() < 0.4 else paint(rng, None, (0, 0.9), (0.1, 0.95), 0.02)
    seat = cover(rng) if not slats and rng.random() < 0.5 else frame if rng.random() < 0.5 else plastic(rng)
    bars, flat = [], 1.6 if slats else 1.0
    for x in (-1, 1):
        bars.append(tube([(x * w / 2, -deep - 0.05, 0), (x * w / 2, 0.0, h * 0.6), (x * w / 2, deep + 0.02, top)], r, 8, flat))
        bars.append(tube([(x * (w / 2 - 2.2 * r), deep + 0.08, 0), (x * (w / 2 - 2.2 * r), -deep, h - 0.01)], r, 8, flat))
    bars += [tube([(-w / 2, y, z), (w / 2, y, z)], r * 0.9, 8) for y, z in ((deep + 0.05, 0.1), (-deep - 0.03, 0.12), (deep + 0.02, top))]
    if slats:
        count = int(rng.integers(4, 8))
        boards = [box((w - 5 * r, 1.6 * deep / count, 0.014)).moved((0, y, h)) for y in np.linspace(-deep * 0.95, deep * 0.8, count)]
        boards += [box((w, 0.012, 0.05)).moved((0, deep + 0.012 - (top - z) * 0.25, z - 0.05)) for z in np.linspace(h + 0.18, top, 3)]
        return [framed(bars, frame), framed(boards, seat if seat is not frame else wooden(rng))]
    s = np.linspace(-1, 1, 9)
    rest = draped(np.column_stack((deep - 0.015 - 0.04 * (1 - s) / 2, top - 0.08 + 0.08 * s)), w, 0.012, seat)
    return [framed(bars, frame), Part(rounded((w - 5 * r, 2 * deep, 0.03), 0.25).moved((0, 0, h - 0.01)), seat), rest]


@KINDS.add("chair", "room", weight=0.9, mass=9.0)
def rocking_chair(rng: Rng, materials: Materials) -> list[Part]:
    w, h, d, top, look = rng.uniform(0.46, 0.54), 0.42, rng.uniform(0.42, 0.48), rng.uniform(0.95, 1.1), timber(rng, materials)
    s, bars = np.linspace(-1, 1, 13), []
    for x in (-1, 1):
        runner = np.column_stack((np.full(13, x * w * 0.46), 0.46 * s + 0.06, 0.022 + 0.09 * s**2))
        bars += [tube(part, 0.018, 8, 1.3) for part in (runner[:5], runner[4:9], runner[8:])]
        bars += [tube([(x * w * 0.46, -d * 0.45, 0.05), (x * w * 0.46, -d * 0.45, h + 0.2)], 0.016, 8),
                 tube([(x * w * 0.46, d * 0.42, 0.05), (x * w * 0.44, d * 0.45, h), (x * w * 0.42, d * 0.45 + 0.16, top)], 0.017, 8),
                 box((0.06, d * 1.15, 0.022)).moved((x * w * 0.47, 0.02, h + 0.2)),
                 tube([(x * w * 0.46, -d * 0.45, 0.2), (x * w * 0.46, d * 0.42, 0.2)], 0.01, 6)]  # fmt: skip
    count, ladder = int(rng.integers(4, 8)), rng.random() < 0.4

    def behind(z):
        return d * 0.45 + 0.16 * (z - h) / (top - h)

    if ladder:
        bars += [box((w * 0.84, 0.016, 0.06)).moved((0, behind(z), z - 0.03)) for z in np.linspace(h + 0.16, top - 0.04, count - 1)]
    else:
        spread = np.linspace(-0.36, 0.36, count) * w
        bars += [tube([(x, d * 0.43, h), (x * 1.05, behind(top - 0.05), top - 0.05)], 0.008, 6) for x in spread]
        bars.append(rounded((w * 0.95, 0.025, 0.1), 0.3).moved((0, behind(top) - 0.005, top - 0.08), rotation("x", -14)))
    bars.append(tube([(-w * 0.46, -d * 0.45, 0.25), (w * 0.46, -d * 0.45, 0.25)], 0.01, 6))
    parts = [framed(bars, look), Part(rounded((w, d, 0.035), 0.2).moved((0, 0, h - 0.035)), look)]
    if rng.random() < 0.5:
        pad = cloth_look(rng)
        parts += [Part(rounded((w * 0.84, d * 0.9, 0.06), 0.45).moved((0, -0.01, h - 0.005)), pad)]
        parts += [Part(rounded((w * 0.74, 0.05, 0.4), 0.4).moved((0, d * 0.42, h + 0.06), rotation("x", -15)), pad)] if rng.random() < 0.6 else []
    return parts


@KINDS.add("chair", "room floor", weight=0.8, mass=6.0)
def high_chair(rng: Rng, materials: Materials) -> list[Part]:
    w, h, look = rng.uniform(0.32, 0.38), rng.uniform(0.5, 0.6), timber(rng, materials) if rng.random() < 0.6 else plastic(rng)
    shell = look if rng.random() < 0.4 else plastic(rng)
    feet, legs = rng.uniform(1.2, 1.5), []
    for x in (-1, 1):
        legs += [tube([(x * w * feet / 2, y * w * feet / 2, 0), (x * w * 0.4, y * w * 0.4, h)], 0.014, 8, 1.2) for y in (-1, 1)]
        legs.append(tube([(x * w * 0.56, -w * 0.55, 0.16), (x * w * 0.56, w * 0.55, 0.16)], 0.01, 6))
    legs.append(box((w, 0.1, 0.018)).moved((0, -w * 0.52, h * 0.45)))
    back = rounded((w * 0.96, 0.04, 0.4), 0.35).moved((0, w * 0.46, h), rotation("x", -8))
    sides = [rounded((0.03, w * 0.9, 0.16), 0.3).moved((x * w * 0.48, 0.01, h)) for x in (-1, 1)]
    legs += [tube([(x * w * 0.5, w * 0.3, h + 0.14), (x * w * 0.5, -w * 0.9, h + 0.15)], 0.014, 8) for x in (-1, 1)]
    tray, rim = rounded((w * 1.35, w * 0.85, 0.022), 0.22), rounded((w * 1.38, w * 0.88, 0.014), 0.22)
    parts = [
        framed(legs, look),
        Part(rounded((w, w, 0.04), 0.25).moved((0, 0, h - 0.02)), shell),
        Part(back, shell),
        *(Part(m, shell) for m in sides),
    ]
    parts += [Part(tray.moved((0, -w * 0.66, h + 0.16)), paint(rng, None, (0, 0.6), (0.7, 1.0), 0.02)),
              Part(rim.moved((0, -w * 0.66, h + 0.157)), shell, ())]  # fmt: skip
    if rng.random() < 0.7:
        pad = cloth_look(rng)
        parts.append(Part(rounded((w * 0.8, 0.035, 0.34), 0.4).moved((0, w * 0.41, h + 0.03), rotation("x", -8)), pad, ()))
        parts.append(Part(rounded((w * 0.85, w * 0.85, 0.04), 0.4).moved((0, 0, h + 0.005)), pad, ()))
    return parts


@KINDS.add("chair", "room floor", weight=0.8, mass=14.0)
def wheelchair(rng: Rng, materials: Materials) -> list[Part]:
    w, h, big = rng.uniform(0.42, 0.5), rng.uniform(0.46, 0.52), rng.uniform(0.28, 0.31)
    frame = steel(rng) if rng.random() < 0.4 else paint(rng, None, (0, 1.0), (0.1, 0.9), 0.02)
    sling, rubber, wire = (dark(rng) if rng.random() < 0.7 else cover(rng)), dark(rng), steel(rng)
    a, tyres, spokes = np.arange(14) * 2 * np.pi / 14, [], []
    for x in (-1, 1):
        lean = rotation("y", x * 90)
        at = (x * (w / 2 + 0.05), 0.12, big)
        tyres += [ring(big - 0.016, 0.016).moved(at, lean)]
        fan = [tube([(0, 0, 0.02), ((big - 0.02) * np.cos(b), (big - 0.02) * np.sin(b), 0.016)], 0.0022, 5) for b in a]
        rims = [ring(big - 0.045, 0.008).moved((0, 0, 0.045)), ring(big - 0.03, 0.008).moved((0, 0, 0.008)), cylinder(0.03, 0.05)]
        spokes += [m.moved(at, lean) for m in (*fan, *rims)]
    casters = [cylinder(0.075, 0.03).moved((x * w * 0.46 - 0.015, -0.26, 0.075), rotation("y", 90)) for x in (-1, 1)]
    bars = []
    for x in (-w / 2, w / 2):
        post = bent([(x, 0.3, h + 0.42), (x, 0.2, h + 0.43), (x, 0.2, 0.2), (x, -0.2, 0.2), (x, -0.2, h + 0.2), (x, 0.2, h + 0.21)])
        bars += [tube(post[k : k + 9], 0.012, 8) for k in range(0, len(post) - 1, 8)]
        bars += [tube(bent([(x, -0.2, h), (x, -0.3, h - 0.04), (x, -0.42, 0.1)]), 0.011, 8),
                 tube([(x * 0.9, -0.25, 0.14), (x, -0.22, 0.22)], 0.012, 6),
                 tube([(x, 0.2, h), (x, -0.24, h)], 0.012, 8), tube([(x, 0.1, 0.28), (-x, -0.1, h - 0.02)], 0.01, 6)]  # fmt: skip
    plates = [box((w * 0.4, 0.15, 0.014)).moved((x * w * 0.24, -0.46, 0.09), rotation("x", -8)) for x in (-1, 1)]
    arms = [rounded((0.05, 0.3, 0.03), 0.35).moved((x * w / 2, -0.02, h + 0.205)) for x in (-1, 1)]
    grips = [tube([(x, 0.24, h + 0.425), (x, 0.34, h + 0.42)], 0.017, 10) for x in (-w / 2, w / 2)]
    hulls = [cylinder(big, 0.06, 16).moved((x * (w / 2 + 0.05) - 0.03, 0.12, big), rotation("y", 90)) for x in (-1, 1)]
    back = draped([(0.19, h + 0.4), (0.215, h + 0.2), (0.2, h + 0.02)], w, 0.012, sling, sag=0.02)
    return [Part(join(tyres), rubber, hulls), Part(join(spokes), wire, ()), framed(casters, rubber), framed(bars, frame),
            framed(plates + arms, rubber),
            Part(join(grips), rubber, ()), Part(rounded((w, 0.42, 0.045), 0.3).moved((0, 0, h - 0.02)), sling), back]  # fmt: skip


@KINDS.add("chair", "room floor", weight=0.8, mass=5.0)
def deck_chair(rng: Rng, materials: Materials) -> list[Part]:
    w, rise, r = rng.uniform(0.52, 0.6), rng.uniform(0.78, 0.9), 0.016
    frame = wooden(rng) if rng.random() < 0.8 else paint(rng, None, (0, 0.8), (0.2, 1.0), 0.02)
    bars = []
    for x in (-1, 1):
        bars += [tube([(x * w / 2, -0.5, 0.0), (x * w / 2, 0.42, rise)], r, 8, 1.6),
                 tube([(x * (w / 2 - 0.04), 0.55, 0.0), (x * (w / 2 - 0.04), -0.46, 0.36)], r, 8, 1.6),
                 tube([(x * (w / 2 + 0.035), 0.3, 0.0 + rise * 0.87), (x * (w / 2 + 0.035), 0.47, 0.06)], r * 0.8, 8, 1.6)]  # fmt: skip
    bars += [tube([(-w / 2, y, z), (w / 2, y, z)], r, 8) for y, z in ((0.42, rise), (-0.46, 0.36), (0.5, 0.02), (-0.47, 0.03))]
    low = rng.uniform(0.2, 0.26)
    stripes = t.fabric(rng)
    if rng.random() < 0.6:  # the usual stripes run along the length
        tones = [t.color(rng, (0.3, 1.0)) for _ in range(2)] + [t.color(rng, (0, 0.1), (0.8, 1.0))]
        stripes = np.tile(np.repeat(np.array([tones[int(rng.integers(3))] for _ in range(16)]), 16, axis=0)[None], (256, 1, 1)).astype(np.uint8)
    sling = draped(
        curve([(-0.46, 0.37), (-0.2, low + 0.04), (0.02, low), (0.2, low + 0.18), (0.42, rise)]), w - 0.09, 0.006, Look(stripes, specular=0)
    )
    return shifted([framed(bars, frame), sling], (0, 0, 0.023))


@KINDS.add("chair", "room floor", weight=1.0, mass=3.0)
def garden_chair(rng: Rng, materials: Materials) -> list[Part]:
    w, h, d, high = rng.uniform(0.46, 0.54), rng.uniform(0.38, 0.43), rng.uniform(0.42, 0.48), rng.uniform(0.38, 0.46)
    look = Look(
        t.plain(rng, 32, t.color(rng, (0, 0.9), (0.25, 1.0)) if rng.random() < 0.6 else t.color(rng, (0, 0.08), (0.85, 1)), 0.02), specular=0.4
    )
    legs = [tube([(x * w * 0.54, y * d * 0.54, 0), (x * w * 0.47, y * d * 0.44, h)], [0.02, 0.032], 8, 0.7) for x in (-1, 1) for y in (-1, 1)]
    arms = []
    for x in (-1, 1):
        path = bent([(x * w * 0.5, -d * 0.45, h), (x * w * 0.53, -d * 0.38, h + 0.21), (x * w * 0.53, d * 0.4, h + 0.24)], 0.08)
        arms += [tube(path[:4], 0.024, 8, 0.6), tube(path[3:], 0.03, 8, 0.4)]
    count, fan = int(rng.integers(4, 9)), rng.uniform(0.0, 0.25)
    slats = []
    for x in np.linspace(-0.42, 0.42, count):
        slat = rounded((0.72 * w / count, 0.012, high - 0.35 * high * x**2 * 4 * fan), 0.25, 12)
        slats.append(slat.moved((x * w, d * 0.44 - 0.05 * x**2, h), rotation("x", -14) @ rotation("y", 20 * fan * x)))
    rim = [tube([(a * w * 0.46, d * 0.45 + 0.1 - 0.02 * a * a, h + high * 0.97 - 0.12 * fan * a * a), (b * w * 0.46, d * 0.45 + 0.1 - 0.02 * b * b,
                 h + high * 0.97 - 0.12 * fan * b * b)], 0.02, 8) for a, b in zip(np.linspace(-1, 1, 6)[:-1], np.linspace(-1, 1, 6)[1:])]  # fmt: skip
    posts = [tube([(x * w * 0.46, d * 0.44, h), (x * w * 0.47, d * 0.45 + 0.08, h + high * 0.97 - 0.12 * fan)], 0.022, 8, 0.7) for x in (-1, 1)]
    seat = rounded((w, d, 0.035), 0.2).moved((0, 0, h - 0.025))
    parts = [framed([*legs, *arms, *slats, *rim, *posts], look), Part(seat, look)]
    return [*parts, Part(rounded((w * 0.88, d * 0.9, 0.06), 0.45).moved((0, 0, h)), cloth_look(rng))] if rng.random() < 0.3 else parts


@KINDS.add("chair", "room floor", weight=1.2, mass=4.0)
def school_chair(rng: Rng, materials: Materials) -> list[Part]:
    w, h, r = rng.uniform(0.37, 0.46), rng.uniform(0.38, 0.46), rng.uniform(0.01, 0.013)
    shell = wooden(rng) if rng.random() < 0.4 else plastic(rng)
    frame = steel(rng) if rng.random() < 0.6 else paint(rng, None, (0, 0.9), (0.05, 0.9), 0.02)
    high, bars, x = rng.uniform(0.34, 0.42), [], w * 0.42
    for side in (-x, x):
        # front leg, seat rail and back post are one bent tube
        path = bent([(side, -0.2, 0), (side, -0.18, h - 0.03), (side, 0.17, h - 0.03), (side, 0.23, h + high * 0.95)], 0.06)
        bars += [tube(path[a:b], r, 8) for a, b in ((0, 4), (3, 10), (9, len(path)))]
        bars.append(tube([(side, 0.24, 0), (side, 0.08, h - 0.03)], r, 8))
    bars += [tube([(-x, y, z), (x, y, z)], r * 0.9, 8) for y, z in ((-0.18, h - 0.04), (0.1, h - 0.045), (0.2, 0.16))]
    if rng.random() < 0.35:  # the shell is one piece
        path = curve([(-0.21, h - 0.02), (-0.17, h), (0.05, h - 0.012), (0.17, h + 0.03), (0.2, h + 0.14), (0.24, h + high)])
        return [framed(bars, frame), draped(path, w, 0.012, shell, sag=0.008)]
    seat = draped(curve([(-0.22, h - 0.035), (-0.18, h - 0.018), (0.0, h - 0.022), (0.17, h - 0.012)]), w, 0.012, shell, sag=0.006)
    lean = curve([(0.19, h + high * 0.5), (0.212, h + high * 0.78), (0.235, h + high)])
    return [framed(bars, frame), seat, draped(lean, w, 0.012, shell, sag=0.015)]


@KINDS.add("chair", "room", weight=0.7, mass=14.0)
def dining_bench(rng: Rng, materials: Materials) -> list[Part]:
    n, d, h, look = rng.uniform(0.9, 1.6), rng.uniform(0.3, 0.42), rng.uniform(0.42, 0.48), timber(rng, materials)
    planks = int(rng.integers(1, 5))
    meshes = [box((n, d / planks - 0.008 * (planks > 1), 0.035), 2).moved((0, (k - (planks - 1) / 2) * d / planks, h - 0.035)) for k in range(planks)]
    pick, frame = rng.integers(3), look if rng.random() < 0.5 else steel(rng)
    if pick == 0:
        stand = [box((0.035, d * 0.95, h - 0.035)).moved((x * n * 0.4, 0, 0)) for x in (-1, 1)]
    elif pick == 1:
        stand = [tube([(x * n * 0.4, y * d * 0.55, 0), (x * n * 0.4, -y * d * 0.3, h - 0.03)], 0.025, 8) for x in (-1, 1) for y in (-1, 1)]
    else:
        stand = [tube([(x * n * 0.45, y * d * 0.45, 0), (x * n * 0.43, y * d * 0.4, h - 0.03)], [0.02, 0.026], 8) for x in (-1, 1) for y in (-1, 1)]
    stand.append(box((n * 0.8, 0.03, 0.06)).moved((0, 0, h * rng.uniform(0.3, 0.75))))
    parts = [framed(meshes, look), framed(stand, frame)]
    if rng.random() < 0.6:  # a park bench
        tilt, rails = rotation("x", -rng.uniform(5, 14)), int(rng.integers(2, 4))
        lean = [box((n, 0.022, 0.32 / rails)).moved((0, d * 0.46, 0.12 + 0.4 * k / rails), tilt).moved((0, 0, h)) for k in range(rails)]
        posts = [box((0.05, 0.03, 0.55)).moved((x * n * 0.4, d * 0.48 + 0.02, 0), tilt).moved((0, 0, h - 0.02)) for x in (-1, 1)]
        parts += [framed(lean, look), framed(posts, frame)]
    elif rng.random() < 0.5:
        parts.append(Part(rounded((n * 0.96, d * 0.95, 0.05), 0.2).moved((0, 0, h)), cover(rng)))
    return parts
