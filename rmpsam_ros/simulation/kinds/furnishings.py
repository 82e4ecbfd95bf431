"""Furnishings of bathrooms, bedrooms and halls: toilets, sinks, chests, lockers, trolleys."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import ring
from rmpsam_ros.simulation.kinds.kitchen import paint
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.seating import bent, framed, wooden
from rmpsam_ros.simulation.kinds.vessels import hollow, steel
from rmpsam_ros.simulation.kinds.workshop import cylinder, dark, plastic
from rmpsam_ros.simulation.shapes import Mesh, box, join, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def white(rng: Rng) -> Look:
    """Sanitary ware: mostly white, occasionally in a pale colour."""
    tone = t.color(rng, (0, 0.06), (0.88, 1.0)) if rng.random() < 0.8 else t.color(rng, (0.05, 0.4), (0.6, 0.95))
    return Look(t.plain(rng, 16, tone, 0.01), specular=0.8, shininess=0.8)


@KINDS.add("toilet", "room", weight=1.2, mass=25.0)
def toilet(rng: Rng, materials: Materials) -> list[Part]:
    r, h, long, look = rng.uniform(0.17, 0.2), rng.uniform(0.36, 0.42), rng.uniform(1.2, 1.4), white(rng)
    seat = look if rng.random() < 0.7 else timber(rng, materials) if rng.random() < 0.5 else plastic(rng)
    foot, square = r * rng.uniform(0.55, 0.8), rng.choice([0, 0.08, 0.25])
    outside = [(foot, 0), (foot * 0.95, h * 0.3), (r * 0.8, h * 0.65), (r * 0.98, h * 0.9), (r, h)]
    inside = [(r * 0.74, h), (r * 0.7, h * 0.75), (r * 0.35, h * 0.5), (0, h * 0.46)]
    bowl = turned([(0, 0), *outside, *inside], 40, square).moved(scale=(1, long, 1))
    rim = [m.moved(scale=(1, long, 1)) for m in (turned([(0, 0), (foot, 0), (r * 0.85, h * 0.5), (0, h * 0.5)], 14),)]
    a = np.linspace(0, 2 * np.pi, 9)
    around = np.column_stack((0.87 * r * np.cos(a), 0.87 * r * long * np.sin(a), np.full(9, h * 0.75)))
    rim += [tube(around[k : k + 2], h * 0.25, 8) for k in range(8)]
    water = turned([(r * 0.5, h * 0.56), (0, h * 0.56)], 24).moved(scale=(1, long, 1))
    lip = turned([(r * 0.68, 0), (r * 1.03, 0), (r * 1.04, 0.012), (r * 0.98, 0.02), (r * 0.72, 0.02), (r * 0.68, 0)], 40, square)
    lid = turned([(0, 0), (r * 1.04, 0), (r * 1.05, 0.014), (r, 0.022), (0, 0.026)], 40, square)
    y, back = r * long, rng.uniform(0.16, 0.2)
    parts = [
        Part(bowl, look, rim),
        Part(water, Look(None, (0.55, 0.65, 0.7, 1), 1.0, 0.9), ()),
        Part(rounded((r * 1.5, back + 0.1, h), 0.2).moved((0, y + 0.02, 0)), look),
    ]
    up = rng.random() < 0.5
    if up:
        parts.append(
            Part(
                lid.moved((0, 0.0, 0), scale=(1, long, 1)).moved((0, y, 0)).moved((0, y - 0.01, h + 0.01), rotation("x", -96) @ rotation("z", 180)),
                seat,
            )
        )
        if rng.random() < 0.8:
            parts.append(Part(lip.moved((0, 0, h), scale=(1, long, 1)), seat, ()))
    else:
        parts += [Part(lip.moved((0, 0, h), scale=(1, long, 1)), seat, ()), Part(lid.moved((0, 0, h + 0.02), scale=(1, long, 1)), seat)]
    if rng.random() < 0.92:
        tw, th = rng.uniform(0.34, 0.42), rng.uniform(0.3, 0.38)
        parts += [Part(rounded((tw, back, th), 0.15).moved((0, y + back / 2 + 0.06, h - 0.02)), look),
                  Part(rounded((tw * 1.04, back * 1.08, 0.035), 0.25).moved((0, y + back / 2 + 0.06, h + th - 0.03)), look)]  # fmt: skip
        knob = (
            cylinder(0.022, 0.01).moved((0, y + back / 2 + 0.06, h + th))
            if rng.random() < 0.5
            else tube(
                [(-tw * 0.35, y + 0.05, h + th * 0.75), (-tw * 0.35, y + 0.035, h + th * 0.75), (-tw * 0.15, y + 0.035, h + th * 0.72)], 0.008, 8
            )
        )
        parts.append(Part(knob, steel(rng), ()))
    return parts


def _tap(rng: Rng, high: float, reach: float) -> list[Mesh]:
    """A tap on z = 0 whose spout reaches towards -y."""
    if rng.random() < 0.5:
        neck = bent([(0, 0, 0), (0, 0, high), (0, -reach, high), (0, -reach, high * 0.7)], reach * 0.5)
    else:
        neck = bent([(0, 0, 0), (0, 0, high * 0.55), (0, -reach, high * 0.6)], 0.03)
    meshes = [tube(neck, rng.uniform(0.01, 0.014), 10), cylinder(0.025, 0.03)]
    if rng.random() < 0.5:
        return [*meshes, *(join([cylinder(0.015, 0.05), ring(0.016, 0.008).moved((0, 0, 0.045))]).moved((x * 0.1, 0, 0)) for x in (-1, 1))]
    return [*meshes, tube([(0.01, 0, high * 0.4), (0.035, 0, high * 0.45), (0.1, -0.02, high * 0.6)], [0.014, 0.011, 0.007], 8)]


@KINDS.add("sink", "room", weight=0.9, mass=20.0)
def pedestal_sink(rng: Rng, materials: Materials) -> list[Part]:
    r, h, deep, look = rng.uniform(0.2, 0.24), rng.uniform(0.76, 0.86), rng.uniform(0.13, 0.18), white(rng)
    wide, square = rng.uniform(1.15, 1.45), rng.choice([0, 0.1, 0.4])
    basin = hollow([(r * 0.45, 0), (r * 0.75, deep * 0.4), (r * 0.95, deep * 0.8), (r * 1.02, deep)], 0.03, look, square, lift=h - deep)
    widened = Part(basin.mesh.moved(scale=(wide, 1, 1)), look, tuple(m.moved(scale=(wide, 1, 1)) for m in basin.walls or ()))
    column = turned(
        [(0, 0), (0.13, 0), (0.12, 0.03), (0.085, 0.15), (0.075, h * 0.5), (0.1, h - deep), (0.12, h - deep + 0.02), (0, h - deep + 0.02)], 28, square
    )
    ledge = rounded((2 * r * wide * 0.9, 0.13, 0.05), 0.25).moved((0, r * 0.98, h - 0.045))
    drain = cylinder(0.025, 0.004).moved((0, 0, h - deep + 0.031))
    metal = steel(rng)
    parts = [widened, Part(column, look), Part(ledge, look), Part(drain, metal, ())]
    return [*parts, *(Part(m.moved((0, r * 1.0, h)), metal, ()) for m in _tap(rng, rng.uniform(0.12, 0.24), rng.uniform(0.1, 0.14)))]


@KINDS.add("sink", "room", weight=0.9, mass=40.0)
def kitchen_sink_cabinet(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, thick = rng.uniform(0.75, 1.3), rng.uniform(0.5, 0.6), rng.uniform(0.8, 0.9), 0.035
    body, metal, deep = timber(rng, materials), steel(rng), rng.uniform(0.14, 0.2)
    top = metal if rng.random() < 0.5 else Look(t.stone(rng), specular=0.5) if rng.random() < 0.6 else timber(rng, materials)
    bowl = metal if rng.random() < 0.7 else white(rng)
    bw, bd = rng.uniform(0.34, 0.46), d * 0.62
    x = rng.choice([-1, 0, 1]) * (w - bw - 0.14) / 2
    y, left, right = -0.03, w / 2 + x - bw / 2, w / 2 - x - bw / 2
    boards = [box((left, d, thick), 3).moved((-w / 2 + left / 2, 0, h - thick)), box((right, d, thick), 3).moved((w / 2 - right / 2, 0, h - thick)),
              box((bw, d / 2 - bd / 2 - y, thick)).moved((x, (d / 2 + y + bd / 2) / 2, h - thick)),
              box((bw, d / 2 - bd / 2 + y, thick)).moved((x, -(d / 2 - y + bd / 2) / 2, h - thick))]  # fmt: skip
    tub = [box((bw + 0.01, bd + 0.01, 0.01)).moved((x, y, h - deep)),
           *(box((0.008, bd, deep + 0.002)).moved((x + s * bw / 2, y, h - deep)) for s in (-1, 1)),
           *(box((bw, 0.008, deep + 0.002)).moved((x, y + s * bd / 2, h - deep)) for s in (-1, 1))]  # fmt: skip
    count = 2 if w > 0.8 else 1
    doors = [box((w / count - 0.01, 0.018, h - 0.2 - thick)).moved(((k - (count - 1) / 2) * w / count, -d / 2 - 0.002, 0.13)) for k in range(count)]
    grips = [tube([(dx, -d / 2 - 0.035, h - 0.2), (dx, -d / 2 - 0.035, h - 0.34)], 0.007, 6) for dx in np.array([-0.06, 0.06][:count])]
    sides = [box((0.02, d - 0.03, h - thick)).moved((s * (w / 2 - 0.01), 0.015, 0)) for s in (-1, 1)] + [
        box((w, 0.012, h - thick)).moved((0, d / 2 - 0.01, 0))
    ]
    sides += [box((w - 0.02, 0.02, 0.12)).moved((0, -d / 2 + 0.05, 0)), box((w, 0.02, h - thick - 0.12)).moved((0, -d / 2 + 0.02, 0.12))]
    parts = [framed(boards, top), framed(tub, bowl), framed(sides, body),
             Part(join(doors), body if rng.random() < 0.6 else timber(rng, materials), ()),
             Part(join([*grips, cylinder(0.03, 0.003).moved((x, y, h - deep + 0.0101))]), steel(rng), ())]  # fmt: skip
    if abs(x) > 0.05 and top is metal:  # grooves to drain dishes
        side = -np.sign(x)
        grooves = [
            box((max(left, right) * 0.8, 0.012, 0.006)).moved((side * (w / 2 - max(left, right) / 2), y + k * bd, h - 0.002))
            for k in np.linspace(-0.4, 0.4, 7)
        ]
        parts.append(Part(join(grooves), metal, ()))
    return [*parts, *(Part(m.moved((x, y + bd / 2 + 0.04, h)), steel(rng), ()) for m in _tap(rng, rng.uniform(0.18, 0.34), bd * 0.5))]


@KINDS.add("sink", "room", weight=0.6, mass=25.0)
def vanity_sink(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, look = rng.uniform(0.5, 0.9), rng.uniform(0.4, 0.5), rng.uniform(0.68, 0.78), white(rng)
    body, top = timber(rng, materials), timber(rng, materials) if rng.random() < 0.5 else Look(t.stone(rng), specular=0.5)
    r, deep = d * rng.uniform(0.33, 0.4), rng.uniform(0.1, 0.15)
    basin = hollow([(r * 0.5, 0), (r * 0.85, deep * 0.5), (r, deep)], 0.012, look, rng.choice([0, 0, 0.6]), lift=h)
    fronts, rows = [], int(rng.integers(1, 4))
    for k in range(rows):
        fronts.append(box((w - 0.02, 0.018, (h - 0.12) / rows - 0.01)).moved((0, -d / 2 - 0.002, 0.1 + k * (h - 0.13) / rows)))
        fronts.append(box((w * 0.3, 0.02, 0.012)).moved((0, -d / 2 - 0.02, 0.1 + (k + 0.8) * (h - 0.13) / rows)))
    low = rng.choice([0.0, 0.1])
    legs = [box((0.04, 0.04, 0.11)).moved((x * (w / 2 - 0.03), y * (d / 2 - 0.03), 0)) for x in (-1, 1) for y in (-1, 1)]
    tap = _tap(rng, deep + rng.uniform(0.1, 0.16), r * 0.8)
    return [Part(box((w, d, h - 0.03 - low), 3).moved((0, 0, low)), body), framed(legs, body),
            Part(box((w + 0.02, d + 0.02, 0.03), 3).moved((0, 0, h - 0.03)), top),
            Part(basin.mesh.moved((0, -0.03, 0)), look, tuple(m.moved((0, -0.03, 0)) for m in basin.walls or ())), Part(join(fronts), body, ()),
            *(Part(m.moved((0, r + 0.01, h)), steel(rng), ()) for m in tap)]  # fmt: skip


@KINDS.add("furniture", "room", weight=0.8, mass=30.0)
def chest_of_drawers(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, leg = *rng.uniform((0.6, 0.38, 0.65), (1.2, 0.5, 1.1)), rng.choice([0.02, rng.uniform(0.06, 0.16)])
    body, grip = timber(rng, materials), steel(rng) if rng.random() < 0.6 else wooden(rng)
    front, rows = body if rng.random() < 0.6 else timber(rng, materials), int(rng.integers(3, 6))
    fronts, grips, knobs = [], [], rng.random() < 0.5
    for k in range(rows):
        count = 2 if k == rows - 1 and rng.random() < 0.6 else 1
        z, high = leg + 0.02 + k * (h - leg - 0.05) / rows, (h - leg - 0.05) / rows - 0.012
        for c in range(count):
            x, out = (c - (count - 1) / 2) * (w - 0.03) / count, rng.uniform(0.05, 0.2) if rng.random() < 0.12 else 0.004
            fronts.append(box(((w - 0.04) / count - 0.01, 0.02 + out, high)).moved((x, -d / 2 - out / 2, z)))
            for px in (x,) if count == 2 else (x - w * 0.25, x + w * 0.25):
                y = -d / 2 - out - 0.01
                grips.append(rounded((0.035, 0.035, 0.035), 0.9, 12).moved((px, y - 0.014, z + high / 2 - 0.018)) if knobs else tube(
                    [(px + s * 0.05, y - 0.025 * (abs(s) < 1), z + high / 2) for s in (-1, -0.9, 0.9, 1)],
                    0.006, 6))  # fmt: skip
    feet = [tube([(x * (w / 2 - 0.05), y * (d / 2 - 0.05), 0), (x * (w / 2 - 0.06), y * (d / 2 - 0.06), leg + 0.01)], [0.014, 0.022], 8)
            for x in (-1, 1) for y in (-1, 1)]  # fmt: skip
    return [Part(box((w, d, h - leg - 0.025), 4).moved((0, 0, leg)), body),
            Part(box((w + 0.03, d + 0.03, 0.025), 3).moved((0, -0.005, h - 0.025)), body),
            Part(join(fronts), front, ()), Part(join(grips), grip, ()), framed(feet, body)]  # fmt: skip


@KINDS.add("furniture", "room", weight=0.7, mass=10.0)
def night_stand(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, look = *rng.uniform((0.34, 0.3, 0.42), (0.52, 0.42, 0.65)), timber(rng, materials)
    z, leg = h * rng.uniform(0.5, 0.72), rng.uniform(0.014, 0.022)
    legs = [tube([(x * w * 0.47, y * d * 0.46, 0), (x * w * 0.44, y * d * 0.43, h - 0.02)], leg, 8) for x in (-1, 1) for y in (-1, 1)]
    parts = [
        Part(box((w, d, 0.025), 2).moved((0, 0, h - 0.025)), look),
        framed(legs, look),
        Part(box((w * 0.94, d * 0.94, h - z), 2).moved((0, 0, z - 0.02)), look),
    ]
    front = box((w * 0.88, 0.015, h - z - 0.04)).moved((0, -d * 0.475, z))
    knob = rounded((0.03, 0.03, 0.03), 0.9, 12).moved((0, -d * 0.475 - 0.02, (z + h) / 2 - 0.035))
    parts += [Part(front, look if rng.random() < 0.5 else timber(rng, materials), ()), Part(knob, steel(rng), ())]
    return [*parts, Part(box((w * 0.9, d * 0.88, 0.018), 2).moved((0, 0, h * 0.2)), look)] if rng.random() < 0.7 else parts


@KINDS.add("furniture", "room", weight=0.6, mass=60.0)
def wardrobe_cabinet(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, doors = *rng.uniform((0.7, 0.45, 1.55), (1.5, 0.6, 1.95)), int(rng.integers(2, 5))
    body, grip = timber(rng, materials), steel(rng)
    front, mirror = body if rng.random() < 0.5 else timber(rng, materials), Look(None, (0.62, 0.7, 0.75, 1), 1.0, 0.95)
    parts, low = [Part(box((w, d, h), 4), body), Part(box((w + 0.05, d + 0.05, 0.04), 2).moved((0, -0.01, h)), body)], 0.08
    drawers = rng.random() < 0.4
    for k in range(doors):
        x, fw = (k - (doors - 1) / 2) * w / doors, w / doors - 0.012
        base = low + (0.35 if drawers else 0)
        panel = box((fw, 0.02, h - base - 0.03), 2).moved((x, -d / 2 - 0.004, base))
        parts.append(Part(panel, mirror if rng.random() < 0.15 else front, ()))
        side = 1 if k % 2 == 0 else -1
        parts.append(
            Part(tube([(x + side * fw * 0.42, -d / 2 - 0.035, h * 0.42), (x + side * fw * 0.42, -d / 2 - 0.035, h * 0.58)], 0.008, 6), grip, ())
        )
        if rng.random() < 0.5:
            parts.append(Part(box((fw * 0.7, 0.012, (h - base) * 0.38)).moved((x, -d / 2 - 0.012, base + (h - base) * 0.55)), body, ()))
    if drawers:
        parts += [Part(box((w / 2 - 0.012, 0.02, 0.32)).moved((x * w / 4, -d / 2 - 0.004, low + 0.015)), front, ()) for x in (-1, 1)]
        parts += [Part(rounded((0.035,) * 3, 0.9, 12).moved((x * w / 4, -d / 2 - 0.03, low + 0.16)), grip, ()) for x in (-1, 1)]
    return parts


@KINDS.add("furniture", "room", weight=0.6, mass=35.0)
def locker(rng: Rng, materials: Materials) -> list[Part]:
    columns, rows = int(rng.integers(1, 4)), int(rng.choice([1, 2, 2, 4]))
    fw, d, h = rng.uniform(0.28, 0.38), rng.uniform(0.38, 0.5), rng.uniform(1.4, 1.85)
    w, body = fw * columns, paint(rng, None, (0, 0.6), (0.3, 0.9), 0.03)
    front, slots, marks = body if rng.random() < 0.5 else paint(rng, None, (0.2, 0.9), (0.2, 0.9), 0.03), [], []
    parts = [Part(box((w, d, h - 0.08), 3).moved((0, 0, 0.08)), body),
             framed([box((0.04, 0.04, 0.09)).moved((x * (w / 2 - 0.03), y * (d / 2 - 0.03), 0)) for x in (-1, 1) for y in (-1, 1)],
                    body)]  # fmt: skip
    for c in range(columns):
        for r in range(rows):
            x, fh = (c - (columns - 1) / 2) * fw, (h - 0.12) / rows
            z = 0.1 + r * fh
            parts.append(Part(box((fw - 0.012, 0.02, fh - 0.012), 2).moved((x, -d / 2 - 0.006, z)), front, ()))
            slots += [box((fw * 0.4, 0.004, 0.008)).moved((x, -d / 2 - 0.016, z + fh - 0.06 - 0.022 * k)) for k in range(min(5, int(fh / 0.06)))]
            marks += [box((0.03, 0.02, 0.09 if rows < 4 else 0.05)).moved((x + fw * 0.36, -d / 2 - 0.02, z + fh * 0.45)),
                      box((0.07, 0.004, 0.03)).moved((x, -d / 2 - 0.017, z + fh * 0.62))]  # fmt: skip
    return [*parts, Part(join(slots), dark(rng), ()), Part(join(marks), steel(rng), ())]


@KINDS.add("furniture", "room", weight=0.6, mass=12.0)
def kitchen_trolley(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, tiers = *rng.uniform((0.38, 0.28, 0.68), (0.65, 0.42, 0.9)), int(rng.integers(2, 4))
    frame, look = (steel(rng) if rng.random() < 0.5 else timber(rng, materials)), timber(rng, materials)
    posts = [tube([(x * w / 2, y * d / 2, 0.06), (x * w / 2, y * d / 2, h)], 0.012, 8) for x in (-1, 1) for y in (-1, 1)]
    posts.append(
        tube(bent([(w / 2, -d / 2, h - 0.04), (w / 2 + 0.08, -d / 2, h), (w / 2 + 0.08, d / 2, h), (w / 2, d / 2, h - 0.04)], 0.05), 0.011, 8)
    )
    boards, rims = [], []
    for z in np.linspace(0.13, h - 0.03, tiers):
        boards.append(box((w, d, 0.018)).moved((0, 0, z)))
        rims += [box((w, 0.008, 0.035)).moved((0, y * d / 2, z + 0.02)) for y in (-1, 1)] + [
            box((0.008, d, 0.035)).moved((x * w / 2, 0, z + 0.02)) for x in (-1, 1)
        ]
    wheels = [cylinder(0.032, 0.022, 16).moved((x * w / 2 - 0.011, y * d / 2, 0.032), rotation("y", 90)) for x in (-1, 1) for y in (-1, 1)]
    parts = [framed(posts, frame), framed(boards, look), framed(wheels, dark(rng))]
    return [*parts, framed(rims, frame if rng.random() < 0.5 else look)] if rng.random() < 0.7 else parts


@KINDS.add("furniture", "room", weight=0.5, mass=8.0)
def shoe_rack(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, tiers = *rng.uniform((0.55, 0.25, 0.35), (0.95, 0.34, 0.9)), int(rng.integers(2, 5))
    look, bars = (steel(rng) if rng.random() < 0.5 else timber(rng, materials)), []
    sides = [tube([(x * w / 2, y * d / 2, 0), (x * w / 2, y * d / 2, h)], 0.011, 8) for x in (-1, 1) for y in (-1, 1)]
    sides += [tube([(x * w / 2, -d / 2, h), (x * w / 2, d / 2, h)], 0.011, 8) for x in (-1, 1)]
    for z in np.linspace(0.1, h - 0.03, tiers):
        for y in np.linspace(-0.42, 0.42, int(rng.integers(4, 7))) * d:
            bars.append(tube([(-w / 2, y, z - 0.12 * y), (w / 2, y, z - 0.12 * y)], 0.006, 6))
        bars += [tube([(x * w / 2, -d / 2, z + 0.06 * d), (x * w / 2, d / 2, z - 0.06 * d)], 0.008, 6) for x in (-1, 1)]
    return [framed(sides, look), framed(bars, look if rng.random() < 0.6 else steel(rng))]
