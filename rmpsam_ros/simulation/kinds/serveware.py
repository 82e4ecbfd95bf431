"""Kitchen items other than pots and plates: knife blocks, trivets, cake stands, sieves, corkscrews, jars of utensils."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.crockery import wire_ring
from rmpsam_ros.simulation.kinds.flasks import clear, eased, solid
from rmpsam_ros.simulation.kinds.kitchen import crust, holed, paint, waved
from rmpsam_ros.simulation.kinds.utensils import grip
from rmpsam_ros.simulation.kinds.vessels import TABLE, ceramic, glass, handle_look, hollow, steel
from rmpsam_ros.simulation.kinds.workshop import cylinder, dark, plastic, profiled
from rmpsam_ros.simulation.shapes import box, join, plate, rotation, rounded, tube
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


@KINDS.add("object", TABLE, weight=0.9, mass=1.5)
def knife_block(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, lean = rng.uniform(0.085, 0.13), rng.uniform(0.09, 0.12), rng.uniform(0.17, 0.22), rng.uniform(8, 30)
    pick = rng.random()
    look = Look(t.wood(rng), specular=0.3) if pick < 0.6 else dark(rng) if pick < 0.8 else plastic(rng)
    s = np.tan(np.radians(lean))
    # seen from the side: it leans backwards (+x here), its top at a right angle to the knives
    outline = [(-d * 0.5, 0), (d * 0.5 + h * s * 0.75, 0), (d * 0.5 + h * s * 0.85, h * 0.85), (-d * 0.5 + h * s, h)]
    block = profiled(outline, w)
    axis = rotation("y", lean)
    middle = np.array([(outline[2][0] + outline[3][0]) / 2, 0, (outline[2][1] + outline[3][1]) / 2])
    along = np.array([outline[2][0] - outline[3][0], 0, outline[2][1] - outline[3][1]])
    parts, grip_look, metal = [Part(block, look)], dark(rng) if rng.random() < 0.6 else handle_look(rng), steel(rng)
    rows, columns = int(rng.integers(2, 4)), int(rng.integers(2, 4))
    handles, collars = [], []
    for i in range(rows):
        for j in range(columns):
            if rng.random() < 0.12:
                continue
            size = 1.15 - 0.25 * i / rows
            at = middle + along * ((i + 0.5) / rows - 0.5) * 0.85 + (0, (j - (columns - 1) / 2) * w / columns, 0)
            handle = rounded((0.024 * size, 0.016 * size, rng.uniform(0.09, 0.115) * size), 0.3, 14).moved((0, 0, 0.006))
            handles.append(handle.moved(at, axis))
            collars.append(box((0.022 * size, 0.012 * size, 0.016)).moved((0, 0, -0.004)).moved(at, axis))
    if not handles:
        handles, collars = [rounded((0.024, 0.016, 0.1), 0.3, 14).moved(middle, axis)], [box((0.02, 0.01, 0.01)).moved(middle, axis)]
    turn = rotation("z", 90)
    parts += [Part(join(handles), grip_look, ()), Part(join(collars), metal, ())]
    return [p.moved(turn=turn) for p in parts]


@KINDS.add("object", "table", False, 0.8, 0.3)
def trivet(rng: Rng, materials: Materials) -> list[Part]:
    """A base for a hot pot."""
    r, thick, pick = rng.uniform(0.07, 0.1), rng.uniform(0.006, 0.011), rng.integers(4)
    look = Look(t.wood(rng), specular=0.2) if rng.random() < 0.5 else dark(rng) if rng.random() < 0.5 else plastic(rng)
    if pick == 0:  # rings and spokes
        rings = [wire_ring(k * r, 0.0045, 0.01, 36) for k in np.linspace(1, 0.3, int(rng.integers(2, 4)))]
        spokes = [tube([(-r, 0, 0.01), (r, 0, 0.01)], 0.004, 8).moved(turn=rotation("z", a)) for a in np.arange(0, 180, 180 / rng.integers(2, 5))]
        feet = [cylinder(0.006, 0.01, 10).moved((r * np.cos(a), r * np.sin(a), 0)) for a in (0, 2.1, 4.2)]
        return [Part(join([*rings, *spokes, *feet]), look, (solid([(r, 0), (r, 0.0145)], 20),))]
    if pick == 1:  # bars across bars
        count = int(rng.integers(4, 8))
        y = np.linspace(-r, r, count)
        bars = [box((2 * r, r / count * 1.0, thick)).moved((0, v, thick)) for v in y]
        below = [box((r / count, 2.05 * r, thick)).moved((x * r * 0.75, 0, 0)) for x in (-1, 1)]
        return [Part(join([*bars, *below]), look, (box((2 * r, 2 * r, 2 * thick)),))]
    if pick == 2:  # cork or felt, round or six-sided
        sides = int(rng.choice([6, 36]))
        mat = plate([(r * np.cos(a), r * np.sin(a)) for a in np.linspace(0, 2 * np.pi, sides + 1)[:-1]], thick)
        cork = Look(t.plain(rng, 128, t.color(rng, (0.4, 0.6), (0.55, 0.8), 0.08), 0.3), specular=0)
        return [Part(mat, cork if rng.random() < 0.6 else Look(t.fabric(rng), specular=0.0))]
    balls, z = [], rng.uniform(0.008, 0.013)  # beads on a string
    for k in np.arange(0, r, 2 * z)[1:]:
        count = int(np.pi * k / z)
        balls += [rounded((2 * z,) * 3, 1.0, 8).moved((k * np.cos(a), k * np.sin(a), 0)) for a in np.arange(count) * 2 * np.pi / count]
    balls.append(rounded((2 * z,) * 3, 1.0, 8))
    return [Part(join(balls), look, (solid([(r, 0), (r, 2 * z)], 20),))]


@KINDS.add("object", TABLE, weight=0.9, mass=1.0)
def cake_stand(rng: Rng, materials: Materials) -> list[Part]:
    r, h, foot = rng.uniform(0.11, 0.15), rng.uniform(0.07, 0.13), rng.uniform(0.05, 0.07)
    look, stem = ceramic(rng, materials) if rng.random() < 0.75 else glass(rng), rng.uniform(0.011, 0.02)
    column = eased([(foot, 0), (foot * 0.95, 0.006), (stem, h * 0.35), (stem * 0.8, h * 0.6), (stem * 1.6, h)])
    top = [(r * 0.98, h), (r, h + 0.004), (r, h + 0.012), (r * 0.97, h + 0.012), (r * 0.95, h + 0.006)]
    hulls = [solid([(foot, 0), (foot * 0.7, h)], 16), solid([top[0], (r, h + 0.006)], 16)]
    parts = [Part(solid(column, 30), look, hulls[:1]), Part(solid(top, 40), look, hulls[1:])]
    z, cake = h + 0.006, r * rng.uniform(0.6, 0.82)
    pick = rng.random()
    if pick < 0.5:  # a cake
        tall, cream = rng.uniform(0.05, 0.09), paint(rng, rng.choice([0.95, 0.07, 0.12, 0.1]), (0.0, 0.7), (0.3, 1.0), 0.03)
        body = solid(eased([(cake, z), (cake, z + tall * 0.93), (cake * 0.95, z + tall), (0.001, z + tall)]), 36)
        dots = [solid(eased([(0.013, 0), (0.014, 0.006), (0.002, 0.02)]), 14).moved((cake * 0.82 * np.cos(a), cake * 0.82 * np.sin(a), z + tall))
                for a in np.arange(12) * np.pi / 6]  # fmt: skip
        parts += [Part(body, cream), Part(join(dots), cream if rng.random() < 0.5 else paint(rng, None, (0.2, 0.9), (0.4, 1.0)), ())]
        if rng.random() < 0.5:
            skirt = wire_ring(cake, 0.006, z + 0.005, 40)
            parts.append(Part(waved(skirt, 24, 0.015), paint(rng, None, (0, 0.8), (0.5, 1.0)), ()))
    elif pick < 0.8:  # small ones
        bun, dough = rounded((0.05, 0.05, 0.035), 0.8, 16), crust(rng)
        spots = [(cake * k * np.cos(a), cake * k * np.sin(a)) for k, n in ((0.9, 8), (0.35, 3)) for a in np.arange(n) * 2 * np.pi / n]
        parts.append(Part(join([bun.moved((*s, z)) for s in spots if rng.random() < 0.85] or [bun.moved((0, 0, z))]), dough, ()))
    if rng.random() < 0.3:  # under a dome
        a = np.linspace(0, np.pi / 2, 9)
        dome = [(r * 0.9, z), (r * 0.9, z + 0.06), *zip(r * 0.9 * np.cos(a[1:-1]), z + 0.06 + 0.07 * np.sin(a[1:-1])), (0.001, z + 0.13)]
        knob = rounded((0.03,) * 3, 1.0, 14).moved((0, 0, z + 0.127))
        parts += [Part(solid(dome, 36), clear(rng), (solid(dome[:2], 16),)), Part(knob, look, ())]
    return parts


@KINDS.add("object", TABLE, False, 0.9, 0.2)
def sieve(rng: Rng, materials: Materials) -> list[Part]:
    """A half sphere of net on a handle."""
    r, metal = rng.uniform(0.035, 0.1), steel(rng)
    a, rows = np.linspace(0.0, np.pi / 2, 9), int(rng.integers(20, 34))
    outside = list(zip(np.maximum(r * np.sin(a), 0.004), 0.75 * r * (1 - np.cos(a))))
    net = Look(holed(t.metal(rng, 512), 2 * rows, rows, 0.09), specular=0.5)
    bowl = hollow(outside, 0.0015, net)
    rim = wire_ring(r, rng.uniform(0.003, 0.005), 0.75 * r, 36)
    look = metal if rng.random() < 0.4 else handle_look(rng)
    n, z = rng.uniform(0.1, 0.16), 0.75 * r
    parts = [bowl, Part(rim, metal if rng.random() < 0.6 else look, ())]
    bars = [tube([(-r * 0.98, y * 0.3, z), (-r - 0.035, y, z)], 0.0022, 6) for y in (-0.006, 0.006)]
    parts += [Part(join(bars), metal, ()), *grip(rng, -r - n, -r - 0.02, rng.uniform(0.008, 0.012), z, look)]
    hook = tube(eased([(r, 0.015, z), (r + 0.02, 0.012, z), (r + 0.02, -0.012, z), (r, -0.015, z)]), 0.002, 6)
    return [*parts, Part(hook, metal, ())]


@KINDS.add("object", TABLE, False, 0.9, 0.15)
def corkscrew(rng: Rng, materials: Materials) -> list[Part]:
    metal, look, s = steel(rng), handle_look(rng), np.linspace(0, 1, 60)
    n, r = rng.uniform(0.045, 0.06), rng.uniform(0.0035, 0.005)
    turns, z = rng.uniform(4, 6), 0.013
    helix = np.column_stack((n * s, r * np.cos(2 * np.pi * turns * s), z + r * np.sin(2 * np.pi * turns * s)))
    parts = [Part(tube(helix, 0.0014, 6), metal, (box((n, 2 * r, 2 * r)).moved((n / 2, 0, z - r)),))]
    rod = Part(tube([(-0.035, 0, z), (0.003, 0, z)], 0.0035, 8), metal)
    if rng.random() < 0.25:  # a ring to pull
        return [*parts, rod, Part(wire_ring(0.02, 0.0035, z, 26).moved((-0.054, 0, 0)), metal)]
    w, thick = rng.uniform(0.04, 0.055), rng.uniform(0.8, 1.3)
    bar = eased([(0.005, -w), (0.012 * thick, -w * 0.9), (0.0095, 0), (0.012 * thick, w * 0.9), (0.005, w)])
    parts += [rod, Part(solid(bar, 18).moved((-0.035, 0, z), rotation("x", 90)), look)]
    if rng.random() < 0.4:  # a bell round the screw
        bell = solid(eased([(0.013, 0), (0.015, 0.004), (0.012, 0.02), (0.008, 0.03)]), 22).moved((0.03, 0, z + 0.002), rotation("y", -90))
        parts.append(Part(bell, metal if rng.random() < 0.6 else look))
    return parts


@KINDS.add("object", TABLE, weight=1.0, mass=0.8)
def utensil_jar(rng: Rng, materials: Materials) -> list[Part]:
    """A crock with spoons, turners and whisks standing in it."""
    r, h = rng.uniform(0.045, 0.065), rng.uniform(0.12, 0.17)
    pick = rng.random()
    look = ceramic(rng, materials) if pick < 0.7 else steel(rng)
    if pick > 0.85:
        look = Look(holed(t.metal(rng, 256), 24, 14, 0.1), specular=0.7)
    belly = rng.uniform(1.0, 1.12)
    outside = [(r * 0.9, 0), (r * belly, h * 0.4), (r, h)] if rng.random() < 0.5 else [(r, 0), (r, h)]
    parts = [hollow(outside, 0.004, look)]
    for k in range(int(rng.integers(3, 8))):
        a = k * 2.4 + rng.uniform(0, 0.5)
        turn = rotation("z", np.degrees(a)) @ rotation("y", rng.uniform(4, 13))
        n, stuff = h * rng.uniform(1.35, 1.7), handle_look(rng) if rng.random() < 0.6 else steel(rng)
        if rng.random() < 0.4:
            stuff = Look(t.wood(rng, 64), specular=0.2)
        stick = tube([(0, 0, 0), (0, 0, n * 0.5), (0, 0, n)], [0.0055, 0.005, 0.0045], 8)
        kind, w = rng.integers(4), rng.uniform(0.017, 0.028)
        if kind == 0:
            head = rounded((0.012, 2 * w, 3 * w), 0.9, 16).moved((0, 0, n - 0.008))
        elif kind == 1:
            blade = [(-0.006, 0), (0.006, 0), (w * 1.1, 0.025), (w * 1.2, 0.085), (-w * 1.2, 0.085 + rng.uniform(0, 0.02)), (-w * 1.1, 0.025)]
            head = profiled(blade, 0.004).moved((0, 0, n - 0.008), rotation("z", 90))
        elif kind == 2:  # a whisk
            s = np.linspace(0, np.pi, 15)
            wire = np.column_stack((w * np.sign(np.cos(s)) * np.sin(2 * np.minimum(s, np.pi - s)) ** 0.8, 0 * s, 0.09 * np.sin(s) ** 0.8))
            head = join([tube(wire, 0.0012, 6).moved((0, 0, n - 0.002), rotation("z", q)) for q in (0, 45, 90, 135)])
        else:
            head = rounded((0.013, 0.016, 0.03), 0.8, 12).moved((0, 0, n - 0.008))
        at = (-0.35 * r * np.cos(a), -0.35 * r * np.sin(a), 0.006)
        parts.append(Part(join([stick, head]).moved(at, turn), stuff, ()))
    return parts


@KINDS.add("object", TABLE, weight=0.8, mass=0.3)
def napkin_holder(rng: Rng, materials: Materials) -> list[Part]:
    """Paper napkins upright between two plates."""
    w, h, d = rng.uniform(0.12, 0.17), rng.uniform(0.06, 0.11), rng.uniform(0.03, 0.055)
    look = Look(t.wood(rng), specular=0.2) if rng.random() < 0.35 else steel(rng) if rng.random() < 0.4 else plastic(rng)
    a = np.linspace(0, np.pi, 15)
    if rng.random() < 0.5:
        side = [(-w / 2, 0), (w / 2, 0), *zip(w / 2 * np.cos(a), h * 0.35 + h * 0.65 * np.sin(a))]
    else:
        side = [(-w / 2, 0), (w / 2, 0), (w / 2, h), (-w / 2, h)]
    ends = [profiled(side, 0.004).moved((0, y * d / 2, 0)) for y in (-1, 1)]
    parts = [Part(box((w, d + 0.01, 0.006)), look), *(Part(m, look) for m in ends)]
    paper = Look(t.fabric(rng) if rng.random() < 0.3 else t.plain(rng, 64, t.color(rng, (0, 0.6), (0.7, 1.0)), 0.03), specular=0)
    count, size, sheets = int(rng.integers(3, 9)), w * rng.uniform(0.85, 1.05), []
    for k in range(count):
        y = ((k + 0.5) / count - 0.5) * (d - 0.008)
        sheet = box((size, (d - 0.008) / count * 0.8, h * rng.uniform(1.1, 1.25)))
        sheets.append(sheet.moved((rng.normal(0, 0.003), y, 0.006), rotation("y", rng.normal(0, 1.5))))
    return [*parts, Part(join(sheets), paper, ())]
