"""Furniture to lie on: sofas, couches without a frame, single, double, children's and camp beds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.seating import cover, draped, framed, shifted, wooden
from rmpsam_ros.simulation.kinds.vessels import handle_look, steel
from rmpsam_ros.simulation.kinds.wardrobe import cloth_look
from rmpsam_ros.simulation.kinds.workshop import cylinder, dark
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, rotation, rounded, sheet, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def _pillows(rng: Rng, places: Sequence[tuple[float, float, float]], lean: float) -> list[Part]:
    """Scatter cushions that lean against a back."""
    parts = []
    for x, y, z in places:
        w = rng.uniform(0.34, 0.48)
        tilt = rotation("z", rng.normal(0, 8)) @ rotation("x", -lean)
        parts.append(Part(rounded((w, 0.14, w), 0.55, 24, 0.03, rng).moved((x, y, z), tilt), cloth_look(rng)))
    return parts


@KINDS.add("couch", "room", weight=0.7, mass=50.0)
def corner_sofa(rng: Rng, materials: Materials) -> list[Part]:
    n, m, d, h = rng.uniform(1.6, 1.95), rng.uniform(1.3, 1.7), rng.uniform(0.7, 0.8), rng.uniform(0.38, 0.44)
    look, side, back = cover(rng), rng.choice([-1, 1]), rng.uniform(0.34, 0.46)
    soft = look if rng.random() < 0.7 else cover(rng)
    blocks = [((n, d, h - 0.17), (0, 0, 0.06), 0.12), ((d, m - d, h - 0.17), (side * (n - d) / 2, -m / 2, 0.06), 0.12),
              ((n, 0.18, h + back - 0.06), (0, d / 2 - 0.09, 0.06), 0.2),
              ((0.18, m, h + back - 0.06), (side * (n / 2 - 0.09), -(m - d) / 2, 0.06), 0.2),
              ((0.15, d, h + 0.12), (-side * (n / 2 - 0.075), 0, 0.06), 0.2)]  # fmt: skip
    parts = [Part(rounded(size, edge, 28).moved(at), look) for size, at, edge in blocks]
    count = int(rng.integers(2, 4))
    wide = (n - 0.15 - 0.18) / count
    start = -side * (n / 2 - 0.15) + side * wide / 2
    for k in range(count):
        x = start + side * wide * k
        parts.append(Part(rounded((wide - 0.005, d - 0.2, 0.16), 0.3).moved((x, -0.09, h - 0.13)), soft))
        parts.append(Part(rounded((wide - 0.02, 0.16, back * 0.95), 0.4).moved((x, d / 2 - 0.24, h), rotation("x", -10)), soft))
    parts.append(Part(rounded((d - 0.19, m - d, 0.16), 0.25).moved((side * (n / 2 - 0.18 - (d - 0.19) / 2), -m / 2, h - 0.13)), soft))
    feet = [cylinder(0.025, 0.07).moved((x * n * 0.46, y, 0)) for x in (-1, 1) for y in (-d * 0.42, d * 0.42)]
    feet += [cylinder(0.025, 0.07).moved((side * (n / 2 - 0.06 - x * (d - 0.15)), -m + d / 2 + 0.07, 0)) for x in (0, 1)]
    cushions = [(start + side * wide * k, d / 2 - 0.42, h + 0.03) for k in range(count) if rng.random() < 0.4]
    return shifted([*parts, framed(feet, dark(rng)), *_pillows(rng, cushions, 22)], (0, (m - d) / 2, 0))


@KINDS.add("couch", "room", weight=0.8, mass=30.0)
def loveseat(rng: Rng, materials: Materials) -> list[Part]:
    n, d, h, z = rng.uniform(1.2, 1.55), rng.uniform(0.72, 0.82), rng.uniform(0.4, 0.45), rng.uniform(0.08, 0.16)
    look, back, roll = cover(rng), rng.uniform(0.36, 0.5), rng.uniform(0.09, 0.13)
    parts = [Part(rounded((n - roll, d, h - z - 0.1), 0.1, 28).moved((0, 0, z)), look)]
    s = np.linspace(0, np.pi, 13)  # a back that is highest in the middle
    rise = rng.uniform(0, 0.15)
    crown = [(x, h + back * (0.85 + rise * np.sin(a))) for x, a in zip(np.linspace(-n / 2 + roll, n / 2 - roll, 13), s)]
    pieces = [tube([(a[0], d * 0.42, a[1]), (b[0], d * 0.42, b[1])], 0.07, 12) for a, b in zip(crown[:-1:2], crown[2::2])]
    pieces.append(rounded((n - roll, 0.14, h + back * 0.85 - z), 0.12, 24).moved((0, d * 0.42, z)))
    parts += [framed(pieces, look)]
    for x in (-1, 1):  # rolled arms
        arm = [box((roll * 1.3, d * 0.96, h + 0.1 - z), 3).moved((x * (n / 2 - roll * 0.5), 0, z)),
               turned([(0, 0), (roll * 0.9, 0), (roll, 0.02), (roll, d * 0.98), (0, d * 0.98)], 24).moved(
                   (x * (n / 2 - roll * 0.4), d * 0.49, h + 0.1), rotation("x", 90))]  # fmt: skip
        parts.append(framed(arm, look))
    soft = look if rng.random() < 0.7 else cover(rng)
    wide = (n - 2 * roll - 0.02) / 2
    parts += [Part(rounded((wide, d - 0.22, 0.16), 0.32).moved((x * wide / 2, -0.1, h - 0.13)), soft) for x in (-1, 1)]
    legs = [tube([(x * n * 0.44, y * d * 0.42, 0), (x * n * 0.42, y * d * 0.4, z + 0.02)], [0.016, 0.03], 8) for x in (-1, 1) for y in (-1, 1)]
    cushions = [(x * n * 0.22, d * 0.2, h + 0.03) for x in (-1, 1) if rng.random() < 0.5]
    return [*parts, framed(legs, wooden(rng)), *_pillows(rng, cushions, 20)]


@KINDS.add("couch", "room", weight=0.7, mass=25.0)
def futon(rng: Rng, materials: Materials) -> list[Part]:
    n, h, frame, look = rng.uniform(1.3, 1.85), rng.uniform(0.3, 0.38), wooden(rng) if rng.random() < 0.7 else steel(rng), cover(rng)
    bars = []
    for x in (-1, 1):
        bars += [box((0.05, 0.05, h + 0.24)).moved((x * n / 2, y, 0)) for y in (-0.34, 0.36)]
        bars += [box((0.09, 0.85, 0.03)).moved((x * n / 2, 0.01, h + 0.23)), box((0.035, 0.75, 0.07)).moved((x * n / 2, 0, h - 0.08))]
        bars += [box((0.02, 0.03, 0.27)).moved((x * n / 2, y, h - 0.02)) for y in (-0.15, 0, 0.15)]
    bars += [box((n, 0.04, 0.08)).moved((0, y, h - 0.09)) for y in (-0.34, 0.28)]
    lean, thick = rotation("x", -rng.uniform(12, 22)), rng.uniform(0.11, 0.16)
    bars += [box((0.05, 0.025, 0.55)).moved((x, 0.33, h - 0.05), lean).moved((0, -0.02, 0.04)) for x in np.linspace(-0.45, 0.45, 7) * n]
    seat = rounded((n * 0.96, 0.7, thick), 0.22, 28, 0.008, rng).moved((0, -0.06, h - 0.02))
    back = rounded((n * 0.96, thick, 0.6), 0.22, 28, 0.008, rng).moved((0, 0.17, h + 0.02), lean)
    return [framed(bars, frame), Part(seat, look), Part(back, look), *_pillows(rng, [(rng.uniform(-0.3, 0.3) * n, 0.1, h + 0.16)], 22)]


@KINDS.add("couch", "room", weight=0.6, mass=25.0)
def chaise_longue(rng: Rng, materials: Materials) -> list[Part]:
    n, d, h, look, side = rng.uniform(1.35, 1.7), rng.uniform(0.6, 0.7), rng.uniform(0.36, 0.42), cover(rng), rng.choice([-1, 1])
    line = curve([(-n / 2, h), (-n * 0.1, h), (n * 0.22, h + 0.03), (n * 0.38, h + 0.2), (n * 0.47, h + 0.42), (n * 0.52, h + 0.47)], 26)
    thick, quarter = rng.uniform(0.13, 0.18), rotation("z", -90 * side)
    pad = draped(line, d, thick, look, 8)
    turn = Part(pad.mesh.moved((0, 0, -thick), quarter), look, tuple(w.moved((0, 0, -thick), quarter) for w in pad.walls))
    edges = []  # closes the sides of the pad
    for y in (-1, 1):
        path = np.column_stack((side * line[:, 0], np.full(26, y * d / 2), line[:, 1] - thick / 2))
        edges.append(tube(path, thick * 0.52, 12))
    ends = [
        tube([(side * a, -d / 2, z - thick / 2), (side * a, d / 2, z - thick / 2)], thick * r, 14)
        for a, z, r in ((-n / 2, h, 0.52), (n * 0.52, h + 0.47, 0.7))
    ]
    legs = [tube([(x * n * 0.42, y * d * 0.42, 0), (x * n * 0.38, y * d * 0.36, h - thick)], [0.014, 0.028], 8) for x in (-1, 1) for y in (-1, 1)]
    base = rounded((n * 0.9, d * 0.95, h * 0.35), 0.15).moved((0, 0, h - thick - h * 0.3))
    bolster = turned([(0, 0), (0.08, 0.0), (0.09, 0.02), (0.09, d * 0.8), (0.08, d * 0.82), (0, d * 0.82)], 20)
    bolster = bolster.moved((side * n * 0.24, d * 0.41, h + 0.11), rotation("x", 90))
    return [turn, Part(join(edges), look, ()), framed(ends, look), Part(base, wooden(rng) if rng.random() < 0.5 else look),
            framed(legs, wooden(rng)), Part(bolster, cloth_look(rng))]  # fmt: skip


@KINDS.add("couch", "room floor", weight=0.6, mass=8.0)
def ottoman(rng: Rng, materials: Materials) -> list[Part]:
    look, h = cover(rng), rng.uniform(0.34, 0.42)
    if rng.random() < 0.35:  # knitted or of leather, in gores
        r = rng.uniform(0.28, 0.36)
        a = np.linspace(-1.25, 1.25, 12)
        body = turned([(0, 0), *zip(r * np.cos(a) ** 0.45, h / 2 + h / 2 * np.sin(a) / np.sin(1.25)), (0, h)], 64)
        angle = np.arctan2(body.vertices[:, 1], body.vertices[:, 0])
        dent = 1 - 0.05 * np.abs(np.cos(int(rng.integers(4, 9)) * angle)) ** 8
        return [Part(Mesh(body.vertices * np.column_stack((dent, dent, np.ones_like(dent))), body.faces, body.uv), look)]
    w, d = rng.uniform((0.55, 0.45), (1.0, 0.65))
    top = rounded((w, d, 0.16), 0.25, 32).moved((0, 0, h - 0.12))
    nx, ny = int(rng.integers(2, 6)), int(rng.integers(2, 4))
    buttons = [rounded((0.03, 0.03, 0.014), 0.9, 10).moved((x * w, y * d, h + 0.031)) for x in np.linspace(-0.38, 0.38, nx)
               for y in np.linspace(-0.36, 0.36, ny)]  # fmt: skip
    feet = [cylinder(0.022, 0.05).moved((x * w * 0.44, y * d * 0.42, 0)) for x in (-1, 1) for y in (-1, 1)]
    return [Part(rounded((w * 0.97, d * 0.97, h - 0.1), 0.12, 28).moved((0, 0, 0.04)), look), Part(top, look), Part(join(buttons), look, ()),
            framed(feet, handle_look(rng))]  # fmt: skip


@KINDS.add("couch", "room floor", weight=0.8, mass=4.0)
def bean_bag(rng: Rng, materials: Materials) -> list[Part]:
    r, h, look = rng.uniform(0.34, 0.45), rng.uniform(0.5, 0.75), cover(rng)
    line = curve([(0, 0), (r * 0.8, 0.005), (r, h * 0.18), (r * 0.9, h * 0.42), (r * 0.6, h * 0.72), (r * 0.25, h * 0.95), (0.0, h)], 30)
    line[:, 0] = np.maximum(line[:, 0], 0)
    body = turned(line, 48)
    x, y, z = body.vertices.T
    up, angle = np.clip(z / h, 0, 1), np.arctan2(y, x)
    dent = 1 - 0.04 * np.abs(np.cos(3 * angle)) ** 12 + 0.05 * np.sin(2 * angle + rng.uniform(0, 6) + 3 * up)
    hollow_at = 0.22 * np.exp(-(((x / r) ** 2 + ((y + 0.45 * r) / r) ** 2) / 0.25)) * up  # where one sits
    moved = np.column_stack((x * dent, y * dent + 0.22 * r * up**1.5, z * (1 - hollow_at)))
    grip = tube([(-0.05, 0.22 * r, h * 0.92), (0, 0.22 * r, h), (0.05, 0.22 * r, h * 0.92)], 0.01, 6, 0.6)
    return [Part(Mesh(moved, body.faces, body.uv), look), Part(grip, look, ())]


def linen(rng: Rng) -> Look:
    return cloth_look(rng) if rng.random() < 0.7 else Look(t.plain(rng, 64, t.color(rng, (0, 0.15), (0.8, 1.0)), 0.06), specular=0)


def _blanket(rng: Rng, w: float, d: float, z: float, thick: float, hang: float) -> Mesh:
    """Spread over a mattress whose top is at `z`; its sides hang down."""
    n = 30
    y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j]
    folds = thick * (0.75 + 0.6 * np.clip(t.noise(rng, n, 3, 3), -0.8, 0.8))
    over = np.clip((np.abs(x) - 0.86) / 0.14, 0, 1) ** 2
    heights = z + folds * (1 - over) - hang * over
    heights[0] = z - hang * 0.5
    mesh = sheet(heights, (w * 1.04, d), 0.012)
    return mesh


def _bedding(rng: Rng, w: float, d: float, z: float, pillows: int) -> list[Part]:
    """Pillows at the +y end, and a blanket now and then."""
    look, parts = linen(rng), []
    for k in range(pillows):
        wide = min(w / pillows * 0.85, 0.75)
        turn = rotation("z", rng.normal(0, 6)) @ rotation("x", rng.uniform(0, 12))
        parts.append(Part(rounded((wide, rng.uniform(0.35, 0.45), rng.uniform(0.1, 0.15)), 0.5, 24, 0.03, rng).moved(
            ((k - (pillows - 1) / 2) * w / pillows, d / 2 - 0.28, z - 0.015), turn), look if rng.random() < 0.8 else linen(rng)))  # fmt: skip
    if rng.random() < 0.85:
        share = rng.uniform(0.45, 0.78)
        spread = _blanket(rng, w, d * share, z, rng.uniform(0.03, 0.07), rng.uniform(0.06, 0.14))
        parts.append(
            Part(spread.moved((0, -d * (1 - share) / 2 - 0.015, 0)), linen(rng), (box((w, d * share, 0.03)).moved((0, -d * (1 - share) / 2, z)),))
        )
        if rng.random() < 0.5:  # turned down
            fold = rounded((w * 1.03, 0.22, 0.05), 0.35, 28, 0.01, rng)
            parts.append(Part(fold.moved((0, -d * (1 - share) / 2 + d * share / 2 - 0.12, z + 0.02)), linen(rng), ()))
    return parts


@KINDS.add("bed", "room", weight=1.2, mass=50.0)
def bed(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.choice([0.9, 1.2, 1.4, 1.6]) * rng.uniform(0.97, 1.03), rng.uniform(1.8, 1.95), rng.uniform(0.24, 0.38)
    look, thick = (timber(rng, materials) if rng.random() < 0.75 else cover(rng)), rng.uniform(0.15, 0.24)
    high = rng.uniform(0.75, 1.1)
    rails = [box((0.03, d, 0.16)).moved((x * (w / 2 + 0.015), 0, h - 0.12)) for x in (-1, 1)]
    legs = [box((0.06, 0.06, h)).moved((x * w * 0.49, y * d * 0.47, 0)) for x in (-1, 1) for y in (-1, 1)]
    pick = rng.integers(3)
    if pick == 0:
        head = [rounded((w + 0.06, 0.07, high), 0.12, 28).moved((0, d / 2 + 0.035, 0))]
    elif pick == 1:  # bars
        head = [tube([(x * w / 2, d / 2 + 0.02, 0), (x * w / 2, d / 2 + 0.02, high)], 0.025, 10) for x in (-1, 1)]
        head += [tube([(-w / 2, d / 2 + 0.02, z), (w / 2, d / 2 + 0.02, z)], 0.018, 8) for z in (high * 0.95, h + 0.1)]
        head += [tube([(x * w / 2, d / 2 + 0.02, h + 0.1), (x * w / 2, d / 2 + 0.02, high * 0.95)], 0.009, 6) for x in np.linspace(-0.85, 0.85, 9)]
    else:  # planks
        head = [box((w + 0.05, 0.03, 0.13)).moved((0, d / 2 + 0.015, z)) for z in np.arange(h, high, 0.17)]
        head += [box((0.06, 0.04, high)).moved((x * w * 0.48, d / 2 + 0.03, 0)) for x in (-1, 1)]
    foot = [box((w + 0.06, 0.035, h + rng.choice([0.04, rng.uniform(0.15, 0.35)]))).moved((0, -d / 2 - 0.017, 0))]
    mattress = rounded((w * 0.99, d * 0.99, thick + 0.06), 0.1, 32).moved((0, 0, h - 0.06))
    return [framed([*rails, *legs, *foot], look), framed(head, look), Part(mattress, linen(rng)),
            *_bedding(rng, w, d, h + thick, 1 if w < 1.25 else 2)]  # fmt: skip


@KINDS.add("bed", "room", weight=0.6, mass=60.0)
def bunk_bed(rng: Rng, materials: Materials) -> list[Part]:
    w, d, top, r = rng.uniform(0.75, 0.92), rng.uniform(1.7, 1.9), rng.uniform(1.5, 1.75), rng.uniform(0.022, 0.035)
    look, square = timber(rng, materials), rng.random() < 0.6
    levels, bars, parts = (rng.uniform(0.25, 0.35), top - rng.uniform(0.4, 0.5)), [], []
    for x in (-1, 1):
        for y in (-1, 1):
            at = (x * w / 2, y * d / 2, 0)
            bars.append(box((2 * r, 2 * r, top)).moved(at) if square else tube([at, (at[0], at[1], top)], r, 10))
    for z in levels:
        bars += [box((0.03, d, 0.12)).moved((x * w / 2, 0, z - 0.06)) for x in (-1, 1)] + [
            box((w, 0.03, 0.12)).moved((0, y * d / 2, z - 0.06)) for y in (-1, 1)
        ]
        bars += [box((w, 0.025, 0.08)).moved((0, y * d / 2, z + 0.22)) for y in (-1, 1)]
        parts.append(Part(rounded((w * 0.96, d * 0.97, 0.15), 0.12, 28).moved((0, 0, z)), linen(rng)))
        parts += _bedding(rng, w * 0.93, d * 0.95, z + 0.145, 1)
    bars += [
        box((0.025, d if x > 0 else d * 0.66, 0.07)).moved((x * w / 2, 0 if x > 0 else d * 0.16, levels[1] + up))
        for x in (-1, 1)
        for up in (0.17, 0.3)
    ]
    rungs = [tube([(-w / 2 - 0.03, y, z), (-w / 2 - 0.03, y - 0.33, z)], 0.014, 8) for y in (-d / 2 + 0.4,) for z in np.arange(0.28, top - 0.1, 0.24)]
    rungs += [box((0.03, 0.04, top - 0.02)).moved((-w / 2 - 0.03, -d / 2 + y, 0)) for y in (0.06, 0.41)]
    return [framed(bars, look), framed(rungs, look if rng.random() < 0.6 else timber(rng, materials)), *parts]


@KINDS.add("bed", "room floor", weight=0.6, mass=7.0)
def camp_bed(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform(0.6, 0.72), rng.uniform(1.6, 1.8), rng.uniform(0.3, 0.42)
    frame, canvas = (
        (steel(rng) if rng.random() < 0.6 else wooden(rng)),
        Look(t.plain(rng, 64, t.color(rng, (0.1, 0.8), (0.15, 0.7)), 0.1), specular=0),
    )
    bars = [tube([(x * w / 2, -d / 2, h), (x * w / 2, d / 2, h)], 0.014, 8) for x in (-1, 1)]
    for y in np.linspace(-0.42, 0.42, int(rng.integers(3, 5))) * d:
        bars += [tube([(x * w * 0.48, y + 0.012 * x, 0), (-x * w / 2, y + 0.012 * x, h - 0.01)], 0.011, 8) for x in (-1, 1)]
        bars.append(tube([(-w * 0.5, y, 0.012), (w * 0.5, y, 0.012)], 0.01, 6))
    x = np.linspace(-1, 1, 11)
    bed_of = sheet(np.tile(-0.02 * (1 - x**2), (9, 1)), (w, d * 0.98), 0.01).moved((0, 0, h + 0.008))
    parts = [framed(bars, frame), Part(bed_of, canvas, (box((w, d, 0.02)).moved((0, 0, h - 0.005)),))]
    if rng.random() < 0.6:
        parts.append(Part(rounded((w * 0.75, 0.3, 0.1), 0.5, 24, 0.03, rng).moved((0, d * 0.38, h)), linen(rng)))
    if rng.random() < 0.5:  # a sleeping bag
        parts.append(Part(rounded((w * 0.85, d * 0.72, 0.1), 0.4, 28, 0.03, rng).moved((0, -d * 0.1, h)), cloth_look(rng)))
    return parts


@KINDS.add("bed", "room", weight=0.7, mass=20.0)
def crib(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, low = rng.uniform(0.55, 0.68), rng.uniform(1.0, 1.25), rng.uniform(0.8, 0.95), rng.uniform(0.28, 0.5)
    look, gap = timber(rng, materials), rng.uniform(0.07, 0.1)
    bars = [box((0.045, 0.045, h)).moved((x * w / 2, y * d / 2, 0)) for x in (-1, 1) for y in (-1, 1)]
    for z in (0.2, h - 0.06):
        bars += [box((0.028, d, 0.045)).moved((x * w / 2, 0, z)) for x in (-1, 1)] + [
            box((w, 0.028, 0.045)).moved((0, y * d / 2, z)) for y in (-1, 1)
        ]
    sticks = [tube([(x * w / 2, y, 0.22), (x * w / 2, y, h - 0.04)], 0.008, 6) for x in (-1, 1) for y in np.arange(-d / 2 + gap, d / 2 - 0.03, gap)]
    ends = [box((w, 0.02, h + rng.uniform(-0.25, 0.1) - 0.2)).moved((0, y * d / 2, 0.2)) for y in (-1, 1)] if rng.random() < 0.5 else []
    if not ends:
        sticks += [
            tube([(x, y * d / 2, 0.22), (x, y * d / 2, h - 0.04)], 0.008, 6) for y in (-1, 1) for x in np.arange(-w / 2 + gap, w / 2 - 0.03, gap)
        ]
    walls = [box((0.02, d, h - 0.22)).moved((x * w / 2, 0, 0.2)) for x in (-1, 1)] + [
        box((w, 0.02, h - 0.22)).moved((0, y * d / 2, 0.2)) for y in (-1, 1)
    ]
    parts = [
        framed([*bars, *ends], look),
        Part(join(sticks), look, walls),
        Part(rounded((w * 0.95, d * 0.96, 0.1), 0.15).moved((0, 0, low)), linen(rng)),
    ]
    return [*parts, *_bedding(rng, w * 0.9, d * 0.93, low + 0.09, 1)]
