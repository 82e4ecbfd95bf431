"""Toys to spin, throw, count and play by rules."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.kitchen import paint, printed
from rmpsam_ros.simulation.kinds.playroom import bright, rainbow
from rmpsam_ros.simulation.kinds.vessels import handle_look, steel
from rmpsam_ros.simulation.kinds.wardrobe import ANYWHERE
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, profiled
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, plate, rotation, rounded, sheet, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


@KINDS.add("toy", ANYWHERE, False, 0.9, 0.06)
def spinning_top(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.02, 0.045), rng.uniform(0.8, 1.4)
    bands = np.zeros((64, 64, 3), np.uint8)
    edges = np.sort(rng.integers(0, 64, int(rng.integers(2, 7))))
    for a, b in zip([0, *edges], [*edges, 64]):
        bands[a:b] = t.color(rng, (0.3, 1.0), (0.3, 1.0))
    if rng.random() < 0.3:
        bands = t.wood(rng, 64)
    shapes = [[(0.12, 0), (0.5, 0.3), (1, 0.55), (1, 0.7), (0.5, 0.85), (0.14, 0.9)], [(0.08, 0), (0.1, 0.25), (0.95, 0.35), (1, 0.5), (0.12, 0.56)],
              [(0.1, 0), (0.6, 0.25), (0.9, 0.6), (1, 0.95), (0.85, 1.15), (0.3, 1.2)]]  # fmt: skip
    line = [(r * x, r * h * z) for x, z in shapes[int(rng.integers(3))]]
    top, stem = line[-1][1], r * rng.uniform(0.5, 1.1)
    stalk = turned([(r * 0.12, top - 0.002), (r * 0.1, top + stem * 0.8), (r * 0.2, top + stem * 0.85), (r * 0.15, top + stem), (0, top + stem)], 16)
    tip = turned([(0, -r * 0.3), (r * 0.12, 0.001), (0, 0.002)], 14)
    parts = [Part(turned([(0, 0), *line, (0, top)], 36), Look(bands, specular=0.6)), Part(join([stalk, tip]), bright(rng))]
    lean = rotation("y", 90 + np.degrees(np.arctan2(line[2][1], line[2][0])) * 0.5)
    return [p.moved((0, 0, r * 1.3), lean) for p in parts]


@KINDS.add("toy", ANYWHERE, False, 0.7, 0.06)
def yo_yo(rng: Rng, materials: Materials) -> list[Part]:
    r, w, look = rng.uniform(0.025, 0.032), rng.uniform(0.013, 0.019), bright(rng)
    half = turned([(0.005, 0), (r * 0.8, 0.001), (r, w * 0.35), (r * 0.95, w * 0.8), (r * 0.75, w), (0, w * rng.uniform(0.85, 1.1))], 32)
    disc = turned([(r * 0.6, w * 1.02), (0, w * 1.12)], 28)
    face, s = printed(rng, materials), np.linspace(0, 1, 40)
    gap, stands = rng.uniform(0.002, 0.004), rng.random() < 0.5
    n = rng.uniform(0.08, 0.25)
    parts = [Part(half.moved((0, 0, gap)), look), Part(half.moved((0, 0, -gap), rotation("x", 180)), look if rng.random() < 0.8 else bright(rng)),
             Part(disc.moved((0, 0, gap)), face, ()), Part(disc.moved((0, 0, -gap), rotation("x", 180)), face, ()),
             Part(cylinder(r * 0.55, gap * 2.4).moved((0, 0, -gap * 1.2)), paint(rng, 0.12, (0, 0.2), (0.8, 1.0)), ())]  # fmt: skip
    turn, z = (rotation("x", 90), r) if stands else (np.eye(3), w + gap)
    a = np.linspace(0, 2 * np.pi, 24)
    end = np.array((r * 0.5 + n, rng.uniform(-0.05, 0.05), 0.0015))
    string = np.column_stack((r * 0.5 + n * s, end[1] * s + 0.02 * np.sin(s * rng.uniform(4, 14)) * s * (1 - s),
                              0.0015 + (z - r * 0.4 * stands) * np.clip(1 - 5 * s, 0, 1)))  # fmt: skip
    knot = tube(end + np.column_stack((0.012 - 0.012 * np.cos(a), 0.012 * np.sin(a), 0 * a)), 0.0013, 6)
    cord = Part(join([tube(string, 0.0012, 6), knot]), paint(rng, None, (0, 0.8), (0.7, 1.0)), ())
    return [*(p.moved((0, 0, z), turn) for p in parts), cord]


@KINDS.add("toy", "table floor", False, 0.9, 0.02)
def dice(rng: Rng, materials: Materials) -> list[Part]:
    """One large or a few small dice with pips."""
    count = int(rng.integers(1, 5))
    s = rng.uniform(0.014, 0.022) if count > 1 else rng.uniform(0.016, 0.07)
    ivory, parts = rng.random() < 0.4, []
    look = paint(rng, 0.12, (0, 0.15), (0.85, 1.0), 0) if ivory else bright(rng)
    ink = Look(None, (*[0.05 if ivory else float(rng.choice([0.05, 0.95]))] * 3, 1), 0.5)
    spots = {1: [(0, 0)], 2: [(-1, -1), (1, 1)], 3: [(-1, -1), (0, 0), (1, 1)], 4: [(x, y) for x in (-1, 1) for y in (-1, 1)]}
    spots[5], spots[6] = [*spots[4], (0, 0)], [(x, y) for x in (-1, 1) for y in (-1, 0, 1)]
    turns = [np.eye(3), rotation("x", 180), *(rotation("y", a) for a in (90, -90)), *(rotation("x", a) for a in (90, -90))]
    pip = turned([(s * 0.1, 0.0006), (0, 0.0003)], 14)
    faces = zip((1, 6, 2, 5, 3, 4), turns)
    dots = [pip.moved((x * s * 0.26, y * s * 0.26, s / 2)).moved(turn=turn) for value, turn in faces for x, y in spots[value]]
    for k in range(count):
        turn = rotation("z", rng.uniform(0, 90)) @ turns[int(rng.integers(6))]
        at = (1.7 * s * (k % 2) + rng.normal(0, s * 0.08), 1.7 * s * (k // 2), s / 2)
        cube = rounded((s, s, s), rng.uniform(0.12, 0.22), 24).moved((0, 0, -s / 2))
        parts += [Part(cube.moved(at, turn), look), Part(join(dots).moved(at, turn), ink, ())]
    return parts


@KINDS.add("toy", "table shelf", True, 1.0, 0.06)
def chess_piece(rng: Rng, materials: Materials) -> list[Part]:
    r, count, parts = rng.uniform(0.012, 0.022), int(rng.integers(1, 4)), []
    woods = [Look(t.wood(rng, 64), specular=0.5), paint(rng, 0.07, (0.2, 0.7), (0.05, 0.3)), paint(rng, 0.12, (0, 0.2), (0.85, 1.0)), dark(rng)]
    for k in range(count):
        look, kind = woods[int(rng.integers(4))], rng.integers(5)
        h = r * (2.6, 3.2, 4.0, 4.6, 3.4)[kind]
        foot = [(0, 0), (r, 0), (r, r * 0.3), (r * 0.8, r * 0.55), (r * 0.62, r * 0.6), (r * 0.4, h * 0.5), (r * 0.36, h * 0.72)]
        if kind == 0:  # pawn
            pieces = [turned([*foot, (r * 0.6, h * 0.74), (0, h * 0.78)], 28), rounded((r * 1.05,) * 3, 1.0, 18).moved((0, 0, h * 0.74))]
        elif kind == 1:  # rook
            teeth = [box((r * 0.3, r * 0.36, r * 0.3)).moved((r * 0.55, 0, h)).moved(turn=rotation("z", a)) for a in np.arange(0, 360, 60)]
            pieces = [turned([*foot, (r * 0.72, h * 0.82), (r * 0.72, h), (0, h)], 28), *teeth]
        elif kind == 2:  # bishop
            top = rounded((r * 1.0, r * 1.0, h * 0.26), 0.95, 18).moved((0, 0, h * 0.76))
            pieces = [turned([*foot, (r * 0.7, h * 0.75), (0, h * 0.79)], 28), top, rounded((r * 0.3,) * 3, 1.0, 10).moved((0, 0, h * 0.99))]
        elif kind == 3:  # king
            top = [*foot, (r * 0.72, h * 0.74), (r * 0.4, h * 0.78), (r * 0.62, h * 0.92), (r * 0.3, h * 0.95), (0, h * 0.97)]
            cross = [box((r * 0.16, r * 0.16, r * 0.7)), box((r * 0.5, r * 0.16, r * 0.16)).moved((0, 0, r * 0.32))]
            pieces = [turned(top, 28), join(cross).moved((0, 0, h * 0.95))]
        else:  # knight
            horse = [(-0.45, 0), (0.45, 0), (0.4, 0.5), (0.2, 0.95), (0.72, 0.85), (0.82, 1.15), (0.3, 1.75), (0.18, 2.0), (0.0, 1.75),
                     (-0.5, 1.35), (-0.62, 0.7)]  # fmt: skip
            pieces = [turned([*foot[:5], (r * 0.5, r * 0.75), (0, r * 0.8)], 28), profiled([(r * x, r * (0.7 + z)) for x, z in horse], r * 0.62)]
        at = (k * r * 2.7, rng.normal(0, r * 0.4), 0)
        turn = rotation("z", rng.uniform(0, 360))
        parts += [Part(m.moved(at, turn), look, None if j < 2 else ()) for j, m in enumerate(pieces)]
    return parts


@KINDS.add("toy", ANYWHERE, True, 0.9, 0.4)
def xylophone(rng: Rng, materials: Materials) -> list[Part]:
    count = int(rng.integers(5, 9))
    n, w = count * rng.uniform(0.028, 0.034), rng.uniform(0.1, 0.16)
    looks = rainbow(rng, count) if rng.random() < 0.8 else [steel(rng)] * count
    frame, step = handle_look(rng), n / count
    rails = [box((n * 1.05, 0.014, 0.02)).moved((0, y * w * 0.26, 0), rotation("z", -y * 4)) for y in (-1, 1)]
    bars = [(x, w * (1 - 0.45 * k / count)) for k, x in enumerate(np.linspace(-n / 2 + step / 2, n / 2 - step / 2, count))]
    parts = [*(Part(r, frame) for r in rails)]
    for (x, long), look in zip(bars, looks):
        screws = join([rounded((0.007, 0.007, 0.005), 0.9, 8).moved((x, y * w * 0.26 * (1.0 - 0.35 * (x / n + 0.2)), 0.026)) for y in (-1, 1)])
        parts += [Part(rounded((step * 0.82, long, 0.008), 0.12, 16).moved((x, 0, 0.02)), look), Part(screws, steel(rng), ())]
    ends = [box((0.014, w * k, 0.02)).moved((x * n * 0.5, 0, 0.0005)) for x, k in ((-1, 0.6), (1, 0.4))]
    parts.append(Part(join(ends), frame, ()))
    for k in range(int(rng.integers(0, 3))):
        stick = [tube([(-0.08, 0, 0.034), (0.06, 0, 0.036)], 0.003, 8), rounded((0.02,) * 3, 1.0, 14).moved((0.065, 0, 0.027))]
        parts.append(Part(join(stick).moved((0, 0.02 * k, 0), rotation("z", rng.uniform(-40, 40) + 30 * k)), bright(rng), ()))
    return parts


@KINDS.add("toy", ANYWHERE, True, 0.8, 0.4)
def abacus(rng: Rng, materials: Materials) -> list[Part]:
    w, h, d, rows = rng.uniform(0.16, 0.28), rng.uniform(0.14, 0.26), 0.07, int(rng.integers(5, 11))
    frame, looks, wire = handle_look(rng), rainbow(rng, rows), steel(rng)
    parts = [Part(box((0.014, 0.016, h)).moved((x * w / 2, 0, 0)), frame) for x in (-1, 1)]
    parts += [Part(box((w, 0.016, 0.014)).moved((0, 0, z)), frame) for z in (0.004, h - 0.014)]
    parts += [Part(box((0.016, d, 0.012)).moved((x * w / 2, 0, 0)), frame) for x in (-1, 1)]
    step = (h - 0.03) / rows
    r = min(step * 0.46, 0.011)
    bead = turned([(r * 0.5, -r * 0.7), (r, -r * 0.2), (r, r * 0.2), (r * 0.5, r * 0.7)], 12).moved(turn=ALONG_X)
    for k in range(rows):
        z, split = 0.018 + step * (k + 0.5), int(rng.integers(0, 11))
        parts.append(Part(tube([(-w / 2, 0, z), (w / 2, 0, z)], 0.0014, 6), wire, ()))
        room = w / 2 - 0.008
        xs = [(-room + r * 1.45 * (j + 0.6)) if j < split else (room - r * 1.45 * (10 - j - 0.4)) for j in range(10)]
        parts.append(Part(join([bead.moved((x, 0, z)) for x in xs]), looks[k], ()))
    return parts


@KINDS.add("toy", "floor table", False, 0.8, 0.1)
def kite(rng: Rng, materials: Materials) -> list[Part]:
    w, h, n = rng.uniform(0.22, 0.4), rng.uniform(0.3, 0.5), 13
    look, sticks = Look(t.fabric(rng), specular=0.1) if rng.random() < 0.5 else printed(rng, materials), handle_look(rng)
    low = h * rng.uniform(0.58, 0.68)
    cloth = sheet(np.full((n, n), 0.012), (1, 1), 0.0015)
    v = cloth.vertices.copy()
    y = v[:, 1] + 0.5
    half = np.interp(y, [0, low / h, 1], [0.004, w / 2, 0.004])
    v[:, 0], v[:, 1] = v[:, 0] * 2 * half, y * h - h / 2
    along = np.interp(v[:, 1], [-h / 2, low - h / 2, h / 2], [1, 0, 1])
    v[:, 2] -= 0.008 * np.clip(np.abs(v[:, 0]) / (w / 2) + along, 0, 1)  # its rim lies on the ground all round
    cross = curve([(-w / 2, low - h / 2, 0.004), (0, low - h / 2, 0.013), (w / 2, low - h / 2, 0.004)], 9)
    spine = curve([(0, -h / 2, 0.004), (0, low - h / 2, 0.013), (0, h / 2, 0.004)], 9)
    bars = join([tube(line, 0.003, 6) for line in (spine, cross)])
    parts = [Part(Mesh(v, cloth.faces, cloth.uv), look), Part(bars, sticks, ())]
    s = np.linspace(0, 1, 30)
    reach, sway = rng.uniform(0.2, 0.5), rng.uniform(0.02, 0.06)
    tail = np.column_stack((sway * np.sin(s * rng.uniform(6, 12)) * s, -h / 2 - reach * s, np.full(30, 0.006)))
    bow = plate([(0, 0), (0.03, 0.018), (0.03, -0.018)], 0.003)
    bows, looks = [], rainbow(rng, 4)
    for k in range(4, 30, 5):
        ends = join([bow, bow.moved(turn=rotation("z", 180))]).moved(tail[k], rotation("z", rng.uniform(-40, 40)))
        bows.append(Part(ends, looks[k % 4], ()))
    return [*parts, Part(tube(tail, 0.0015, 6), paint(rng), ()), *bows]
