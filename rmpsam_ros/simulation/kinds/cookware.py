"""Cookware, bakeware and trays: pots, woks, casseroles, trays, tins, sieves, funnels, racks, mortars; candles."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.crockery import bowl_outline, surface, wire_ring
from rmpsam_ros.simulation.kinds.flasks import eased, front_label, solid, stood
from rmpsam_ros.simulation.kinds.kitchen import crumbs, crust, loop, paint, printed, waved
from rmpsam_ros.simulation.kinds.vessels import TABLE, ceramic, glass, handle_look, hollow, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic
from rmpsam_ros.simulation.shapes import box, join, plate, rotation, rounded, tube, turned, vessel_walls
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def enamel(rng: Rng) -> Look:
    """Black iron, steel, or a coat of one colour."""
    pick = rng.random()
    return steel(rng) if pick < 0.3 else dark(rng) if pick < 0.5 else Look(t.plain(rng, 64, t.color(rng, (0, 1), (0.2, 1.0)), 0.03), specular=0.8)


@KINDS.add("object", TABLE, weight=1.2, mass=1.5)
def cooking_pot(rng: Rng, materials: Materials) -> list[Part]:
    """With two handles, mostly with a lid."""
    r, h = rng.uniform(0.09, 0.14), rng.uniform(0.08, 0.2)
    look, trim = enamel(rng), steel(rng) if rng.random() < 0.5 else dark(rng)
    outside = [*eased([(r * 0.9, 0), (r, 0.0), (r, h * 0.15)]).tolist(), (r, h - 0.004), (r * 1.02, h)]
    parts = [hollow(outside, 0.004, look)]
    side = loop((0, -0.045), (0, 0.045), rng.uniform(0.03, 0.045), 0.006, rng.uniform(0.6, 1.4))  # it stands upright
    lying = side.moved(turn=rotation("x", 90)).moved((r * 0.98, 0, h * rng.uniform(0.72, 0.88)))
    parts += [Part(lying.moved(turn=rotation("z", a)), trim, ()) for a in (0, 180)]
    pick = rng.random()
    if pick < 0.6:
        dome = [(r * 1.03, h), (r * 1.03, h + 0.005), (r * 0.85, h + rng.uniform(0.012, 0.03)), (0.02, h + 0.035), (0.001, h + 0.036)]
        parts.append(Part(solid(eased(dome), 36), glass(rng) if rng.random() < 0.3 else look))
        parts.append(Part(wire_ring(r * 1.02, 0.0035, h + 0.003), steel(rng), ()))
        knob = eased([(0.008, 0), (0.008, 0.012), (0.02, 0.016), (0.02, 0.026), (0.001, 0.03)])
        parts.append(Part(solid(knob, 20).moved((0, 0, h + 0.03)), trim))
    elif pick < 0.85:  # stew
        level = h * rng.uniform(0.4, 0.85)
        parts.append(surface(outside, level, Look(t.skin_of(rng.choice([0.02, 0.06, 0.1, 0.3]), rng), specular=0.6)))
        bits = crumbs(rng, 22, (0.015, 0.035), r * 0.85, level + 0.004)
        parts.append(Part(bits, Look(t.skin_of(rng.choice([0.05, 0.1, 0.3]), rng, 32)), ()))
    if rng.random() < 0.3:
        parts.append(Part(front_label(r * 1.002, h * 0.2, h * 0.65, 0.25), printed(rng, materials), ()))
    return parts


@KINDS.add("object", TABLE, weight=0.9, mass=1.2)
def wok(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.14, 0.19), rng.uniform(0.07, 0.1)
    look, outside = dark(rng) if rng.random() < 0.6 else enamel(rng), bowl_outline(r, h, 0.38, 0.6)
    rim = outside[-2][0]
    parts, trim = [hollow(outside, 0.003, look)], handle_look(rng)
    ear = loop((0, -0.04), (0, 0.04), 0.04, 0.0055).moved(turn=rotation("x", 80)).moved((rim, 0, h * 0.93))
    parts.append(Part(ear.moved(turn=rotation("z", 180)), trim if rng.random() < 0.5 else look, ()))
    if rng.random() < 0.6:
        n = rng.uniform(0.15, 0.22)
        path = eased([(rim, 0, h * 0.85), (r + 0.04, 0, h + 0.005), (r + n, 0, h + rng.uniform(0.02, 0.05))])
        parts.append(Part(tube(path, np.linspace(0.009, 0.014, len(path)), 10, 0.85), trim, ()))
    else:
        parts.append(Part(ear, trim, ()))
    pick = rng.random()
    if pick < 0.35:
        level = h * 0.45
        inner = float(np.interp(level, *np.array(outside).T[::-1])) * 0.8
        for hue in rng.permutation([0.02, 0.08, 0.12, 0.3, 0.34])[:3]:
            parts.append(Part(crumbs(rng, 26, (0.015, 0.045), inner, level, h * 0.3), Look(t.skin_of(hue, rng, 32), specular=0.4), ()))
        parts.append(Part(turned([(inner * 1.1, level - 0.012), (inner * 0.5, level + h * 0.15), (0, level + h * 0.22)], 24), parts[-1].look, ()))
    elif pick < 0.55:  # a domed lid
        a = np.linspace(0, np.pi / 2, 9)
        parts.append(Part(solid([*zip(r * 0.97 * np.cos(a[:-1]), h + r * 0.4 * np.sin(a[:-1])), (0.001, h + r * 0.4)], 36), steel(rng)))
        parts.append(Part(cylinder(0.017, 0.03).moved((0, 0, h + r * 0.39)), trim, ()))
    return parts


@KINDS.add("object", TABLE, weight=1.0, mass=2.0)
def casserole(rng: Rng, materials: Materials) -> list[Part]:
    """Of iron or glazed clay, oval or round, or a dish for the oven."""
    long, wide, h = rng.uniform(0.12, 0.17), rng.uniform(0.65, 1.0), rng.uniform(0.07, 0.12)
    look, square = ceramic(rng, materials) if rng.random() < 0.5 else enamel(rng), 0.0
    lidded = rng.random() < 0.6
    if not lidded:
        h, square, wide = rng.uniform(0.045, 0.065), rng.choice([0.0, 0.5, 0.9]), rng.uniform(0.6, 0.8)
    if not lidded and rng.random() < 0.3:
        look = glass(rng)
    scale, outside = (1, wide, 1), [(long * 0.88, 0), (long * 0.97, h * 0.25), (long, h)]
    parts = [hollow(outside, 0.006, look, square).moved(scale=scale)]
    ear = rounded((0.05, 0.085, 0.012), 0.5, 18) if rng.random() < 0.5 else loop((0, -0.04), (0, 0.04), 0.035, 0.007).moved(turn=rotation("x", 90))
    for a in (0, 180):
        parts.append(Part(ear.moved((long * (1.0 if square == 0 else 0.98), 0, h * 0.85)).moved(turn=rotation("z", a)), look, ()))
    if lidded:
        dome = eased([(long * 1.02, h), (long * 1.02, h + 0.008), (long * 0.9, h + 0.02), (long * 0.3, h + 0.032), (0.001, h + 0.033)])
        parts.append(Part(solid(dome, 40).moved(scale=scale), look if rng.random() < 0.8 else ceramic(rng, materials)))
        knob = solid(eased([(0.009, 0), (0.009, 0.01), (0.022, 0.016), (0.02, 0.026), (0.001, 0.028)]), 20).moved((0, 0, h + 0.03))
        return [*parts, Part(knob, steel(rng) if rng.random() < 0.6 else look, ())]
    level = h * rng.uniform(0.6, 0.88)
    if rng.random() < 0.8:
        top = turned([(long * 0.93, level), (long * 0.6, level + 0.006), (0, level + 0.008)], 36, square).moved(scale=scale)
        food = Look(t.skin_of(rng.choice([0.1, 0.07, 0.12]), rng, 128, rng.choice([0.03, 0.06])), specular=0.3)
        parts.append(Part(top, food, ()))
        if rng.random() < 0.5:
            bits = crumbs(rng, 26, (0.015, 0.03), long * 0.8, level + 0.008).moved(scale=scale)
            parts.append(Part(bits, Look(t.skin_of(rng.choice([0.3, 0.02]), rng, 32)), ()))
    return parts


def _tray(w: float, d: float, h: float, lean: float, look: Look, wall: float = 0.0025) -> Part:
    """Open, its sides leaning outwards."""
    floor = box((w, d, wall))
    sides = []
    for k in range(4):
        span, reach = (w, d) if k % 2 == 0 else (d, w)
        rise = h * np.tan(np.radians(lean))
        side = [(-span / 2, 0), (span / 2, 0), (span / 2 + rise, h / np.cos(np.radians(lean))), (-span / 2 - rise, h / np.cos(np.radians(lean)))]
        wall_mesh = plate(side, wall).moved((0, 0, -wall / 2)).moved(turn=rotation("x", 90 - lean)).moved((0, reach / 2, wall / 2))
        sides.append(wall_mesh.moved(turn=rotation("z", 90 * k)))
    return Part(join([floor, *sides]), look, (floor, *sides))


@KINDS.add("object", "table", weight=1.0, mass=0.6)
def baking_tray(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform(0.24, 0.42), rng.uniform(0.18, 0.3), rng.uniform(0.012, 0.03)
    look = dark(rng) if rng.random() < 0.5 else steel(rng)
    parts = [_tray(w, d, h, rng.uniform(15, 45), look)]
    if rng.random() < 0.35:  # lined with paper
        sheet = box((w * 0.96, d * 0.96, 0.0006)).moved((0, 0, 0.0028))
        parts.append(Part(sheet, paint(rng, 0.1, (0.05, 0.35), (0.75, 1.0), 0.06), ()))
    pick = rng.random()
    if pick < 0.6:
        nx, ny, dough = int(rng.integers(3, 6)), int(rng.integers(2, 5)), crust(rng)
        step = min(w / nx, d / ny)
        size = step * rng.uniform(0.6, 0.85)
        rise = size * rng.uniform(0.15, 0.55)
        buns = [rounded((size * rng.uniform(0.9, 1.1), size * rng.uniform(0.9, 1.1), rise), 0.8, 14, 0.03, rng).moved(
            ((i - (nx - 1) / 2) * w / nx + rng.normal(0, 0.003), (j - (ny - 1) / 2) * d / ny, 0.003)) for i in range(nx) for j in range(ny)
            if rng.random() < 0.93]  # fmt: skip
        if buns:
            parts.append(Part(join(buns), dough, ()))
    elif pick < 0.75:
        parts.append(Part(rounded((w * 0.93, d * 0.93, h * 1.1), 0.2, 24, 0.02, rng).moved((0, 0, 0.003)), crust(rng), ()))
    return parts


@KINDS.add("object", TABLE, weight=0.9, mass=0.4)
def muffin_tin(rng: Rng, materials: Materials) -> list[Part]:
    nx, ny = [(3, 2), (4, 3), (4, 2)][int(rng.integers(3))]
    cell, h = rng.uniform(0.068, 0.08), rng.uniform(0.028, 0.04)
    r, w, d = cell * 0.42, nx * cell + 0.015, ny * cell + 0.015
    look = dark(rng) if rng.random() < 0.45 else steel(rng) if rng.random() < 0.6 else plastic(rng)
    spots = [((i - (nx - 1) / 2) * cell, (j - (ny - 1) / 2) * cell) for i in range(nx) for j in range(ny)]
    cup = turned([(0, 0), (r * 0.75, 0), (r, h), (r * 0.96, h), (r * 0.72, 0.002), (0, 0.002)], 22)
    # the sheet between the cups: a square with a round hole for each
    a = np.linspace(0, np.pi / 2, 6)
    quarter = plate([*zip(r * np.cos(a), r * np.sin(a)), (0, cell / 2), (cell / 2, cell / 2), (cell / 2, 0)], 0.002)
    flat = join([quarter.moved((*s, h - 0.002), rotation("z", q)) for s in spots for q in (0, 90, 180, 270)])
    edge = [box((w, 0.009, 0.003)).moved((0, y * (d - 0.009) / 2, h - 0.0025)) for y in (-1, 1)]
    edge += [box((0.009, d, 0.003)).moved((x * (w - 0.009) / 2, 0, h - 0.0025)) for x in (-1, 1)]
    feet = tuple(solid([(r * 0.75, 0), (r, h)], 12).moved((*s, 0)) for s in spots)
    parts = [Part(join([*(cup.moved((*s, 0)) for s in spots), flat, *edge]), look, feet)]
    if rng.random() < 0.6:
        dough, paper, full = crust(rng) if rng.random() < 0.6 else paint(rng, rng.choice([0.06, 0.97, 0.12])), plastic(rng), rng.uniform(0.6, 1.0)
        rise = eased([(r * 0.93, h * 0.85), (r * 1.05, h * 1.15), (r * 0.7, h * 1.55), (0.001, h * 1.6)])
        filled = [s for s in spots if rng.random() < full]
        if filled:
            parts.append(Part(join([solid(rise, 18).moved((*s, 0)) for s in filled]), dough, ()))
            if rng.random() < 0.5:
                frill = waved(turned([(r * 0.93, h * 0.8), (r * 1.0, h * 1.12)], 40), 16, 0.03)
                parts.append(Part(join([frill.moved((*s, 0)) for s in filled]), paper, ()))
    return parts


@KINDS.add("object", TABLE, weight=0.9, mass=0.8)
def dish_rack(rng: Rng, materials: Materials) -> list[Part]:
    """Of wire, with plates in it."""
    w, d, h, slots = rng.uniform(0.3, 0.42), rng.uniform(0.22, 0.3), rng.uniform(0.08, 0.12), int(rng.integers(6, 12))
    thick, look = rng.uniform(0.0022, 0.0032), steel(rng) if rng.random() < 0.5 else plastic(rng)
    corners = [(-w / 2, -d / 2), (w / 2, -d / 2), (w / 2, d / 2), (-w / 2, d / 2), (-w / 2, -d / 2)]
    wires = [tube([(x, y, z) for x, y in pair], 1.3 * thick, 6) for z in (0.015, h) for pair in zip(corners[:-1], corners[1:])]
    wires += [tube([(x, y, 0), (x, y, h)], 1.5 * thick, 6) for x, y in corners[:4]]
    xs = np.linspace(-w / 2, w / 2, slots + 2)[1:-1]
    for x in xs:
        wires.append(tube(eased([(x, -d / 2, h), (x, -d / 2, 0.015), (x, d / 2, 0.015), (x, d / 2, h)], 1), thick, 6))
        wires += [tube([(x, y * d * 0.22, 0.015), (x, y * d * 0.22, h * 0.75)], thick, 6) for y in (-1, 1)]
    walls = [box((w, d, 0.015)), *(box((w, 0.006, h)).moved((0, y * d / 2, 0)) for y in (-1, 1))]
    walls += [box((0.006, d, h)).moved((x * w / 2, 0, 0)) for x in (-1, 1)]
    parts = [Part(join(wires), look, walls)]
    r, glaze = rng.uniform(0.09, 0.12), ceramic(rng, materials)
    shape = solid([(r * 0.55, 0), (r * 0.6, 0.004), (r, 0.014), (r, 0.017), (r * 0.6, 0.008)], 28)
    for x in xs[:-1]:
        if rng.random() < 0.55:
            lean = rng.uniform(4, 12)
            disc = shape.moved((0, 0, 0)).moved(turn=rotation("y", 90 - lean)).moved((x + 0.006, 0, r * np.cos(np.radians(lean)) + 0.014))
            parts.append(Part(disc, glaze if rng.random() < 0.8 else ceramic(rng, materials), ()))
    if rng.random() < 0.5:  # a tray below
        parts.append(Part(rounded((w * 1.1, d * 1.1, 0.012), 0.15), plastic(rng)))
    if rng.random() < 0.5:
        bin_ = rounded((0.08, d * 0.5, h * 1.1), 0.2, 16).moved((w / 2 + 0.04, 0, 0.005))
        parts.append(Part(bin_, plastic(rng), ()))
    return parts


@KINDS.add("object", TABLE, weight=0.9, mass=0.08)
def funnel(rng: Rng, materials: Materials) -> list[Part]:
    """On its wide end or lying."""
    r, h = rng.uniform(0.04, 0.085), rng.uniform(0.05, 0.09)
    tip, n, rim = r * rng.uniform(0.12, 0.2), rng.uniform(0.04, 0.08), rng.uniform(0.005, 0.02)
    outside = [(r, 0), (r, rim), (tip, rim + h), (tip * 0.75, rim + h + n)]
    inside = [(tip * 0.55, rim + h + n), (tip * 0.8, rim + h), (r - 0.002, rim), (r - 0.002, 0), (r, 0)]
    look = steel(rng) if rng.random() < 0.3 else tinted_or_plain(rng)
    hull = (solid([(r, 0), (r, rim), (tip, rim + h)], 16), solid([(tip, rim + h), (tip * 0.75, rim + h + n)], 12))
    ear = plate(eased([(0, -0.012), (0.025, -0.012), (0.032, 0), (0.025, 0.012), (0, 0.012)]), 0.003).moved((r - 0.002, 0, 0.001))
    parts = [Part(turned([*outside, *inside], 36), look, hull), Part(ear, look, ())]
    if rng.random() < 0.35:  # on its side
        tilt = np.degrees(np.arctan2(h, r - tip))
        turn = rotation("y", 90 + (90 - tilt))
        parts = [p.moved(turn=turn) for p in parts]
        low = min(p.mesh.bounds()[0][2] for p in parts[:1])
        parts = [Part(p.mesh.moved((0, 0, -low)), p.look, tuple(m.moved((0, 0, -low)) for m in p.walls or ())) for p in parts[:1]]
    return parts


def tinted_or_plain(rng: Rng) -> Look:
    """Plastic, transparent or opaque."""
    look = plastic(rng)
    return look if rng.random() < 0.7 else Look(look.image, (1, 1, 1, float(rng.uniform(0.5, 0.8))), 0.8, 0.8)


@KINDS.add("object", "table", False, 1.0, 0.5)
def rolling_pin(rng: Rng, materials: Materials) -> list[Part]:
    n, r = rng.uniform(0.2, 0.28), rng.uniform(0.021, 0.032)
    look = Look(t.wood(rng), specular=0.2) if rng.random() < 0.7 else ceramic(rng, materials) if rng.random() < 0.5 else steel(rng)
    if rng.random() < 0.25:  # without handles
        s = np.linspace(0, 1, 13)
        shape = r * np.interp(s, [0, 0.03, 0.25, 0.75, 0.97, 1], [0.4, 0.55, 1, 1, 0.55, 0.4])
        return [Part(tube(np.column_stack((1.7 * n * (s - 0.5), 0 * s, np.full(13, r))), shape, 20), look)]
    ends, knob = look if rng.random() < 0.5 else handle_look(rng), r * rng.uniform(0.4, 0.55)
    parts = [Part(solid([(r * 0.96, 0), (r, 0.004), (r, n - 0.004), (r * 0.96, n)], 26).moved((-n / 2, 0, r), ALONG_X), look)]
    shape = eased([(0.006, 0), (0.006, 0.008), (knob, 0.018), (knob * 1.05, 0.06), (knob * 0.75, 0.085), (knob, 0.1), (0.002, 0.108)])
    for side in (-1, 1):
        parts.append(Part(solid(shape, 18).moved((side * n / 2, 0, r), rotation("y", 90 * side)), ends, ()))
    return parts


@KINDS.add("object", TABLE, weight=0.9, mass=1.2)
def mortar_and_pestle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.048, 0.075), rng.uniform(0.06, 0.095)
    pick = rng.random()
    look = Look(t.stone(rng), specular=0.1) if pick < 0.55 else Look(t.wood(rng), specular=0.2) if pick < 0.8 else ceramic(rng, materials)
    foot = r * rng.uniform(0.6, 0.95)
    outside = eased([(foot, 0), (foot, h * 0.08), (foot * 0.85, h * 0.2), (r * 0.97, h * 0.6), (r, h)], 1)
    inner = [(r * 0.84, h), (r * 0.75, h * 0.6), (r * 0.45, h * 0.32), (0, h * 0.26)]
    parts = [Part(turned([(0, 0), *outside, *inner], 36), look, tuple(vessel_walls(outside.tolist(), 0.012)))]
    n, k = r * rng.uniform(2.1, 2.8), rng.uniform(0.011, 0.016)
    shape = eased([(k * 0.5, 0), (k * 1.3, 0.008), (k * 1.3, 0.022), (k * 0.75, n * 0.35), (k * 0.7, n * 0.7), (k * 0.95, n * 0.92), (0.003, n)])
    lean = np.degrees(np.arctan2(r * 0.95, h * 0.8))
    pestle = solid(shape, 20).moved((-r * 0.25, 0, h * 0.34 + k), rotation("y", lean * rng.uniform(0.75, 0.95)))
    parts.append(Part(pestle.moved(turn=rotation("z", rng.uniform(0, 360))), look if rng.random() < 0.75 else Look(t.wood(rng), specular=0.2), ()))
    if rng.random() < 0.5:
        herb = paint(rng, rng.choice([0.3, 0.02, 0.1]), (0.4, 0.9), (0.2, 0.7), 0.3)
        parts.append(Part(crumbs(rng, 30, (0.006, 0.014), r * 0.6, h * 0.36), herb, ()))
    return parts


@KINDS.add("object", TABLE, weight=1.0, mass=0.3)
def candle(rng: Rng, materials: Materials) -> list[Part]:
    """A pillar, or in a glass, a tin or a jar; some burn."""
    r, h = rng.uniform(0.025, 0.045), rng.uniform(0.05, 0.16)
    wax, pick = paint(rng, None, (0, 0.7), (0.5, 1.0), 0.03), rng.random()
    if pick < 0.5:
        square, edge = rng.choice([0, 0, 0.9]), h - rng.uniform(0, 0.006)
        pillar_ = turned([(0, 0), (r, 0), (r, edge), (r * 0.9, h), (r * 0.7, h - 0.004), (0, h - 0.007)], 30, square)
        parts, top, hull = [Part(pillar_, wax)], h - 0.007, solid([(r, 0), (r, h)], 16, square)
        if rng.random() < 0.4 and not square:  # wax ran down
            drips = [tube([(r * np.cos(a), r * np.sin(a), h - 0.003), (1.02 * r * np.cos(a), 1.02 * r * np.sin(a), h * rng.uniform(0.3, 0.85))],
                          [0.003, 0.0045], 8) for a in rng.uniform(0, 2 * np.pi, 6)]  # fmt: skip
            parts.append(Part(join(drips), wax))
    else:
        h, level = min(h, 0.1), 0.0
        level = h * rng.uniform(0.55, 0.85)
        cup = [(r * 0.95, 0), (r, h * 0.1), (r, h)]
        shell = glass(rng) if pick < 0.75 else steel(rng) if pick < 0.85 else ceramic(rng, materials)
        body = turned([(0, 0), *cup, (r * 0.92, h), (r * 0.92, level), (0, level)], 32)
        parts, top, hull = [Part(body, shell), Part(turned([(r * 0.94, level + 0.0005), (0, level + 0.0005)], 28), wax)], level, solid(cup[::2], 16)
        if shell.color[3] < 1:
            parts[1] = Part(solid([(r * 0.88, 0.004), (r * 0.93, level)], 28), wax)
        if rng.random() < 0.6:
            parts.append(Part(front_label(r, h * 0.2, h * 0.7, 0.35), printed(rng, materials)))
    wicks = [(0, 0)] if r < 0.04 or rng.random() < 0.6 else [(0.014 * np.cos(a), 0.014 * np.sin(a)) for a in (0, 2.1, 4.2)]
    parts.append(Part(join([tube([(x, y, top - 0.002), (x, y, top + 0.006), (x + 0.003, y, top + 0.012)], 0.0012, 6) for x, y in wicks]), dark(rng)))
    if rng.random() < 0.45:
        flame = solid(eased([(0.001, 0), (0.0055, 0.008), (0.003, 0.018), (0.0004, 0.027)]), 14)
        parts.append(Part(join([flame.moved((x + 0.002, y, top + 0.008)) for x, y in wicks]), Look(None, (1.0, 0.78, 0.3, 1), 0.0, 0.0, 1.0)))
    return stood(parts, hull)


@KINDS.add("object", TABLE, weight=0.9, mass=0.6)
def candlestick(rng: Rng, materials: Materials) -> list[Part]:
    h, foot, k = rng.uniform(0.05, 0.24), rng.uniform(0.04, 0.06), rng.uniform(0.008, 0.013)
    gold = Look(t.plain(rng, 32, t.color(rng, (0.3, 0.7), (0.6, 0.9), 0.12), 0.05), specular=0.9, shininess=0.8)
    pick = rng.random()
    look = gold if pick < 0.35 else steel(rng) if pick < 0.6 else Look(t.wood(rng), specular=0.3) if pick < 0.8 else ceramic(rng, materials)
    line = [(foot, 0), (foot, 0.005), (foot * 0.55, 0.012)]
    for z in np.sort(rng.uniform(0.15, 0.85, int(rng.integers(1, 4)))):  # knobs along the stem
        line += [(k * wide, 0.012 + at * (h - 0.02)) for wide, at in ((0.7, z - 0.06), (rng.uniform(1.2, 2.0), z), (0.7, z + 0.05))]
    line += [(k * 0.8, h * 0.97), (k * rng.uniform(1.4, 2.6), h + 0.003), (k * 1.5, h + 0.006), (k * 1.3, h + 0.022)]
    line = np.array(line)
    line[:, 1] = np.maximum.accumulate(line[:, 1])
    parts, top = [Part(solid(eased(line), 30), look)], h + 0.02
    wax, n = paint(rng, None, (0, 0.8), (0.4, 1.0), 0.02), rng.uniform(0.04, 0.24)
    if rng.random() < 0.85:
        parts += [Part(solid([(0.0105, 0), (0.0095, n * 0.95), (0.005, n)], 18).moved((0, 0, top)), wax),
                  Part(tube([(0, 0, top + n - 0.001), (0.001, 0, top + n + 0.01)], 0.0012, 6), dark(rng))]  # fmt: skip
        if rng.random() < 0.4:
            flame = solid(eased([(0.001, 0), (0.0055, 0.008), (0.003, 0.018), (0.0004, 0.027)]), 14).moved((0.001, 0, top + n + 0.006))
            parts.append(Part(flame, Look(None, (1.0, 0.78, 0.3, 1), 0.0, 0.0, 1.0)))
        top += n
    if rng.random() < 0.3:
        parts.append(Part(loop((foot * 0.9, 0.006), (foot * 0.9, 0.012), 0.035, 0.004, 2.0), look))
    return stood(parts, solid([(foot, 0), (foot * 0.9, 0.012)], 16), solid([(foot * 0.5, 0.012), (k * 1.3, top)], 12))
