"""Equipment for music, sports, streets and building sites: guitars, drums, weights, cones, extinguishers, tyres, ladders."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import TO_FRONT, ring
from rmpsam_ros.simulation.kinds.kitchen import paint
from rmpsam_ros.simulation.kinds.seating import bent, framed, shifted, wooden
from rmpsam_ros.simulation.kinds.vessels import handle_look, steel
from rmpsam_ros.simulation.kinds.workshop import cylinder, dark, plastic, profiled
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

PLACES = "table shelf floor"


@KINDS.add("object", "floor", False, 0.9, 2.0)
def guitar(rng: Rng, materials: Materials) -> list[Part]:
    s, deep = rng.uniform(0.75, 1.0), rng.uniform(0.07, 0.1)
    top = Look(t.wood(rng, 256), (1, 0.9, 0.75, 1), 0.7, 0.7) if rng.random() < 0.65 else plastic(rng)
    side, neck, ink = (wooden(rng) if rng.random() < 0.7 else top), wooden(rng), dark(rng)
    solid = rng.random() < 0.35
    half = curve([(-0.26, 0.0), (-0.22, 0.15), (-0.1, 0.185), (0.02, 0.135), (0.07, 0.122), (0.16, 0.14), (0.22, 0.1), (0.235, 0.0)], 30)
    if solid:
        deep = 0.045
        half = curve([(-0.2, 0.0), (-0.17, 0.13), (-0.06, 0.15), (0.04, 0.105), (0.16, 0.15), (0.25, 0.13), (0.2, 0.08), (0.17, 0.0)], 30)
    outline = np.concatenate((half, half[-2:0:-1] * (1, -1))) * s
    body = plate(outline[::-1], deep * s)
    front = plate(outline[::-1] * 0.975, 0.002).moved((0, 0, deep * s))
    reach, z = (0.235 if not solid else 0.17) * s, deep * s
    fret = box((0.46 * s, 0.05 * s, 0.018 * s)).moved((reach + 0.15 * s, 0, z - 0.008 * s))
    head = plate(np.array([(0, -0.026), (0.16, -0.04), (0.17, 0.04), (0, 0.026)]) * s, 0.014 * s).moved(
        (reach + 0.375 * s, 0, z - 0.006 * s), rotation("y", 8)
    )
    wires = [tube([(-0.12 * s, y * s, z + 0.007), (reach + 0.38 * s, y * 0.75 * s, z + 0.013 * s)], 0.0008, 4) for y in np.linspace(-0.02, 0.02, 6)]
    pegs = [
        cylinder(0.006 * s, 0.022, 10).moved((reach + (0.41 + 0.036 * k) * s, y * 0.042 * s, z - 0.012 * s), rotation("x", 90 * y))
        for k in range(3)
        for y in (-1, 1)
    ]
    bars = [box((0.002, 0.05 * s, 0.0012)).moved((reach + (0.36 - 0.36 * (1 - 0.94**k) * 1.5) * s, 0, z + 0.01 * s)) for k in range(1, 15)]
    parts = [Part(body, side), Part(front, top, ()), Part(fret, ink if rng.random() < 0.5 else neck), Part(head, neck if rng.random() < 0.7 else ink),
             Part(join([*wires, *pegs, *bars]), steel(rng), ()),
             Part(box((0.025 * s, 0.13 * s, 0.008)).moved((-0.13 * s, 0, z + 0.001)), ink, ())]  # fmt: skip
    if solid:
        guard = plate(np.array([(-0.1, -0.05), (0.12, -0.08), (0.14, 0.03), (-0.06, 0.06)]) * s, 0.002).moved((0, 0, z + 0.0015))
        knobs = [cylinder(0.011 * s, 0.012, 14).moved((x * s, -0.09 * s, z)) for x in (-0.14, -0.09)]
        coils = [box((0.022 * s, 0.085 * s, 0.009)).moved((x * s, 0, z + 0.001)) for x in (-0.06, 0.03, 0.11)]
        return shifted([*parts, Part(guard, plastic(rng), ()), Part(join([*knobs, *coils]), dark(rng), ())], (-0.22 * s, 0, 0))
    hole = cylinder(0.05 * s, 0.0026, 28).moved((0.065 * s, 0, z))
    rose = ring(0.055 * s, 0.004 * s, 0.3).moved((0.065 * s, 0, z + 0.001))
    return shifted([*parts, Part(hole, Look(None, (0.03, 0.02, 0.02, 1), 0), ()), Part(rose, handle_look(rng), ())], (-0.22 * s, 0, 0))


@KINDS.add("object", "floor table", True, 0.8, 2.0)
def drum(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.1, 0.2), rng.uniform(0.1, 0.3)
    shell, skin, metal = (
        plastic(rng) if rng.random() < 0.6 else wooden(rng),
        Look(t.plain(rng, 64, t.color(rng, (0, 0.3), (0.75, 1.0), 0.11), 0.06), specular=0.2),
        steel(rng),
    )
    parts = [Part(cylinder(r, h, 36), shell), Part(turned([(r * 0.97, h + 0.002), (0, h + 0.002)], 36), skin, ())]
    hoops = [
        turned([(r * 0.99, 0), (r * 1.05, 0), (r * 1.05, 0.022), (r * 0.97, 0.024), (r * 0.96, 0.018)], 36).moved((0, 0, z)) for z in (0.0, h - 0.018)
    ]
    parts.append(Part(join(hoops), metal if rng.random() < 0.6 else plastic(rng), ()))
    count = int(rng.integers(5, 9))
    a = np.arange(count) * 2 * np.pi / count
    if rng.random() < 0.6:
        rods = [
            tube([(1.04 * r * np.cos(b), 1.04 * r * np.sin(b), 0.01), (1.04 * r * np.cos(b), 1.04 * r * np.sin(b), h - 0.005)], 0.004, 6) for b in a
        ]
    else:  # laced
        tips = np.concatenate([[(b, 0.015), (b + np.pi / count, h - 0.01)] for b in a])
        ends = np.roll(tips, -1, axis=0)
        rods = [
            tube([(1.03 * r * np.cos(p), 1.03 * r * np.sin(p), u), (1.03 * r * np.cos(q), 1.03 * r * np.sin(q), v)], 0.004, 6)
            for (p, u), (q, v) in zip(tips, ends)
        ]
    parts.append(Part(join(rods), metal if rng.random() < 0.5 else handle_look(rng), ()))
    if rng.random() < 0.5:
        sticks = [
            tube([(-r * 0.9, y * 0.03, h + 0.012), (r * 0.7, y * 0.05, h + 0.012), (r * 0.75, y * 0.052, h + 0.012)], [0.008, 0.005, 0.008], 8)
            for y in (-1, 1)
        ]
        parts.append(Part(join(sticks), wooden(rng), ()))
    return parts


@KINDS.add("object", PLACES, True, 0.8, 1.0)
def bowling_pin(rng: Rng, materials: Materials) -> list[Part]:
    h, wide = rng.choice([rng.uniform(0.15, 0.25), 0.38]), rng.uniform(0.9, 1.15)
    z = np.array([0, 0.02, 0.12, 0.3, 0.45, 0.6, 0.68, 0.74, 0.82, 0.92, 0.98, 1.0])
    radius = np.array([0.13, 0.145, 0.18, 0.2, 0.17, 0.1, 0.08, 0.08, 0.105, 0.11, 0.07, 0.0])
    line = curve(np.column_stack((radius * wide, z)) * 0.78 * h * (1, 1 / 0.78), 40)
    line[:, 0] = np.maximum(line[:, 0], 0)
    white = Look(t.plain(rng, 32, t.color(rng, (0, 0.08), (0.88, 1.0)), 0.02), specular=0.7) if rng.random() < 0.7 else handle_look(rng)
    band, parts = paint(rng, None, (0.6, 1.0), (0.4, 0.9), 0.02), [Part(turned([(0, 0), *line], 32), white)]
    for k in range(int(rng.integers(1, 4))):
        zone = line[(line[:, 1] > h * (0.62 + 0.06 * k)) & (line[:, 1] < h * (0.62 + 0.06 * k + 0.035))]
        if len(zone) > 1:
            parts.append(Part(turned(zone + (0.0008, 0), 32), band, ()))
    return parts


@KINDS.add("object", "floor", False, 0.9, 4.0)
def dumbbell(rng: Rng, materials: Materials) -> list[Part]:
    n, r, grip = rng.uniform(0.1, 0.13), rng.uniform(0.03, 0.08), steel(rng)
    look = plastic(rng) if rng.random() < 0.6 else dark(rng) if rng.random() < 0.6 else steel(rng)
    pick, heads, bar = rng.integers(3), [], 0.014
    for x in (-1, 1):
        turn = rotation("y", 90 * x)
        if pick == 0:  # six sides
            heads.append(turned([(0, 0), (r * 0.9, 0), (r, 0.01), (r, r * 1.1), (r * 0.85, r * 1.3), (0, r * 1.3)], 6).moved((x * n / 2, 0, r), turn))
        elif pick == 1:  # discs on a longer bar
            at, count = n / 2, int(rng.integers(1, 4))
            for k in range(count):
                size, thick = r * (1.25 - 0.2 * k), rng.uniform(0.018, 0.028)
                disc = turned(
                    [
                        (0, 0),
                        (size * 0.95, 0),
                        (size, 0.004),
                        (size, thick - 0.004),
                        (size * 0.9, thick),
                        (size * 0.3, thick * 0.8),
                        (0, thick * 0.8),
                    ],
                    32,
                )
                heads.append(disc.moved((x * at, 0, r * 1.25), turn))
                at += thick
        else:
            heads.append(rounded((r * 1.8, 2 * r, 2 * r), 0.9, 24).moved((x * (n / 2 + r * 0.7), 0, 0)))
    height = r if pick != 1 else r * 1.25
    reach = n / 2 + (r if pick != 1 else 0.11)
    rod = tube([(-reach, 0, height), (reach, 0, height)], bar, 12)
    hold = tube([(x * n / 2, 0, height) for x in np.linspace(-0.9, 0.9, 7)], bar * 1.12 * np.array([0.9, 1, 1.1, 1.15, 1.1, 1, 0.9]), 12)
    return [*(Part(m, look) for m in heads), Part(rod, grip), Part(hold, grip if rng.random() < 0.5 else dark(rng), ())]


@KINDS.add("object", "floor", True, 0.9, 1.5)
def traffic_cone(rng: Rng, materials: Materials) -> list[Part]:
    h, r = rng.uniform(0.22, 0.6), rng.uniform(0.28, 0.36)
    look = paint(rng, rng.choice([0.04, 0.04, 0.04, 0.15, 0.33, 0.6]), (0.8, 1.0), (0.7, 1.0), 0.04)
    low, tip = r * h, 0.08 * h
    cone = turned([(0, 0), (low * 0.9, 0), (low * 0.85, 0.03 * h), (tip, h), (tip * 0.8, h), (0, h * 0.98)], 32)
    base = (
        rounded((2.25 * low, 2.25 * low, 0.05 * h), 0.18, 24)
        if rng.random() < 0.7
        else turned([(0, 0), (low * 1.3, 0), (low * 1.3, 0.04 * h), (0, 0.04 * h)], 8)
    )
    parts, white = [Part(cone, look), Part(base, look if rng.random() < 0.6 else dark(rng))], paint(rng, None, (0, 0.05), (0.85, 1.0), 0.02)
    for k in range(int(rng.integers(0, 3))):
        a, b = 0.42 + 0.26 * k, 0.42 + 0.26 * k + rng.uniform(0.1, 0.18)
        line = [(low * 0.85 + (tip - low * 0.85) * (s - 0.03) / 0.97 + 0.0012, s * h) for s in (a, b)]
        parts.append(Part(turned(line, 32), white, ()))
    return parts


@KINDS.add("object", "floor", True, 0.9, 6.0)
def fire_extinguisher(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.05, 0.085), rng.uniform(0.28, 0.5)
    red = paint(rng, 0.0, (0.85, 1.0), (0.5, 0.85), 0.03) if rng.random() < 0.85 else paint(rng, None, (0, 0.8), (0.3, 0.9), 0.03)
    red, metal, black, top = Look(red.image, specular=0.8, shininess=0.8), steel(rng), dark(rng), h * 0.86
    body = turned(
        [(0, 0), (r * 0.9, 0), (r, 0.012), (r, top - r * 0.6), (r * 0.8, top - r * 0.22), (0.02, top), (0.018, h * 0.92), (0, h * 0.92)], 32
    )
    label = turned([(r * 1.006, h * 0.25), (r * 1.006, h * 0.6)], 32)
    valve = rounded((0.05, 0.036, 0.05), 0.4).moved((0, 0, h * 0.9))
    levers = [
        tube([(0.015, 0, h * 0.93 + 0.03 * k), (-0.05, 0, h * 0.95 + 0.028 * k), (-0.12, 0, h * 0.93 + 0.035 * k)], 0.009, 8, 0.6) for k in (0, 1)
    ]
    gauge = cylinder(0.016, 0.014).moved((0, -0.016, h * 0.92 + 0.012), TO_FRONT)
    face = cylinder(0.013, 0.0005).moved((0, -0.0302, h * 0.92 + 0.012), TO_FRONT)
    hose = bent([(0.02, 0, h * 0.92 + 0.01), (r + 0.05, 0, h * 0.93), (r + 0.02, 0, h * 0.55), (r + 0.012, 0, h * 0.22)], 0.09)
    horn = tube([(r + 0.013, 0, h * 0.3), (r + 0.012, 0, h * 0.12)], [0.01, rng.uniform(0.014, 0.026)], 12)
    return [Part(body, red), Part(label, Look(t.print_on(rng, 256, materials.crop(rng)), specular=0.3), ()), Part(valve, metal),
            framed(levers, black if rng.random() < 0.6 else metal), Part(gauge, metal, ()),
            Part(face, paint(rng, 0.33, (0.2, 0.8), (0.7, 1.0)), ()), Part(join([tube(hose, 0.0085, 8), horn]), black, ())]  # fmt: skip


@KINDS.add("object", "floor", False, 0.9, 8.0)
def tyre(rng: Rng, materials: Materials) -> list[Part]:
    r, ratio = rng.uniform(0.13, 0.31), rng.uniform(0.5, 0.68)
    w, inner = r * rng.uniform(0.5, 0.75), r * ratio
    rubber = Look(t.plain(rng, 64, t.color(rng, (0, 0.1), (0.05, 0.16)), 0.12), specular=0.15)
    line = [(inner, w * 0.15), (inner * 1.12, 0.0), (r * 0.93, w * 0.04), (r, w * 0.16), (r, w * 0.84), (r * 0.93, w * 0.96), (inner * 1.12, w),
            (inner, w * 0.85),
            (inner * 1.05, w * 0.7), (r * 0.9, w * 0.7), (r * 0.9, w * 0.3), (inner * 1.05, w * 0.3), (inner, w * 0.15)]  # fmt: skip
    a, parts = np.arange(int(rng.integers(22, 40))), []
    step = 2 * np.pi / len(a)
    blocks = [box((0.014, 0.42 * step * r * 1.6, w * 0.2)).moved((r - 0.004, 0, z * w), rotation("x", 18 * (1 if z < 0.4 else -1))).moved(
        turn=rotation("z", np.degrees(k * step + z))) for k in a for z in (0.2, 0.42, 0.62)]  # fmt: skip
    segments = np.linspace(0, 2 * np.pi, 13)
    walls = []
    for p, q in zip(segments[:-1], segments[1:]):
        corners = [(k * np.cos(b), k * np.sin(b), z) for b in (p, q) for k in (inner, r) for z in (0, w)]
        walls.append(Mesh(np.array(corners), np.array([[0, 1, 2], [1, 2, 3], [4, 5, 6], [5, 6, 7]]), np.zeros((8, 2))))
    parts = [Part(turned(line, 48), rubber, walls), Part(join(blocks), rubber, ())]
    if rng.random() < 0.5:  # on its rim
        metal, spokes = steel(rng), int(rng.integers(5, 10))
        rim = turned(
            [
                (inner * 0.9, w * 0.2),
                (inner * 1.02, w * 0.2),
                (inner * 1.02, w * 0.9),
                (inner * 0.95, w * 0.93),
                (inner * 0.88, w * 0.85),
                (inner * 0.9, w * 0.2),
            ],
            36,
        )
        arms = [profiled([(0, w * 0.6), (inner * 0.9, w * 0.66), (inner * 0.9, w * 0.76), (0, w * 0.76)], inner * rng.uniform(0.16, 0.3)).moved(
            turn=rotation("z", 360 * k / spokes)) for k in range(spokes)]  # fmt: skip
        hub = cylinder(inner * 0.25, w * 0.2).moved((0, 0, w * 0.6))
        parts += [Part(join([rim, *arms]), metal, ()), Part(hub, metal)]
    return parts


@KINDS.add("object", "room floor", True, 0.8, 5.0)
def step_ladder(rng: Rng, materials: Materials) -> list[Part]:
    h, w, steps = rng.uniform(0.95, 1.6), rng.uniform(0.38, 0.5), int(rng.integers(3, 6))
    frame = steel(rng) if rng.random() < 0.6 else wooden(rng) if rng.random() < 0.6 else paint(rng)
    spread, deep = h * rng.uniform(0.42, 0.55), 0.05
    bars = []
    for x in (-1, 1):
        bars.append(tube([(x * w * 0.55, -spread * 0.5, 0), (x * w * 0.4, 0, h)], 0.02, 8, 0.55))
        bars.append(tube([(x * w * 0.52, spread * 0.5, 0), (x * w * 0.38, 0.02, h)], 0.016, 8, 0.55))
        bars.append(tube([(x * w * 0.48, -spread * 0.26, h * 0.45), (x * w * 0.46, spread * 0.26, h * 0.45)], 0.006, 6))
    bars += [tube([(-w * 0.47, spread * 0.5 * (1 - s), h * s), (w * 0.47, spread * 0.5 * (1 - s), h * s)], 0.009, 6) for s in (0.15, 0.5)]
    boards = []
    for k in range(1, steps + 1):
        s = k / (steps + 1)
        boards.append(box((w * (1.08 - 0.28 * s), deep + 0.03, 0.022)).moved((0, -spread * 0.5 * (1 - s) + 0.01, h * s - 0.011)))
    top = rounded((w * 0.92, 0.2, 0.035), 0.25).moved((0, 0.02, h - 0.01))
    feet = [box((0.045, 0.05, 0.03)).moved((x * w * 0.54, y * spread * 0.5, 0)) for x in (-1, 1) for y in (-1, 1)]
    second = plastic(rng) if rng.random() < 0.5 else frame
    return [framed(bars, frame), framed(boards, frame if rng.random() < 0.6 else second), Part(top, second), framed(feet, dark(rng))]
