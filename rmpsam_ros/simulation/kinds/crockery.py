"""Bowls for various uses, with their contents; egg cups and beer steins."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.flasks import clear, contents, eased, pillar, solid, stood
from rmpsam_ros.simulation.kinds.kitchen import crumbs, loop, paint, printed, waved
from rmpsam_ros.simulation.kinds.vessels import TABLE, ceramic, glass, handle_look, hollow, steel
from rmpsam_ros.simulation.kinds.workshop import dark, plastic
from rmpsam_ros.simulation.shapes import Mesh, box, join, rotation, rounded, tube, turned, vessel_walls
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def bowl_outline(r: float, h: float, base: float, bend: float, count: int = 8) -> list[tuple[float, float]]:
    """The outside of a bowl, from `base` (a share of its radius) to the rim; the smaller `bend`, the rounder."""
    z = np.linspace(0, 1, count)
    return list(zip(r * (base + (1 - base) * z**bend), h * z))


def surface(outside: list[tuple[float, float]], level: float, look: Look, wall: float = 0.005) -> Part:
    """The content of a bowl up to `level`, as seen from above."""
    radius = float(np.interp(level, *np.array(outside).T[::-1])) - wall
    return Part(turned([(radius, level), (0, level)], 32), look, ())


def spread(rng: Rng, mesh: Mesh, count: int, radius: float, level: float, tilt: float = 30.0) -> Mesh:
    """Copies of a small mesh strewn over a disc."""
    copies = []
    for _ in range(count):
        r, a = radius * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
        turn = rotation("z", rng.uniform(0, 360)) @ rotation("x", rng.uniform(-tilt, tilt))
        copies.append(mesh.moved((r * np.cos(a), r * np.sin(a), level), turn, rng.uniform(0.85, 1.15)))
    return join(copies)


def wire_ring(radius: float, thick: float, z: float, segments: int = 32) -> Mesh:
    """A round wire about z."""
    a = np.linspace(-np.pi / 2, 1.5 * np.pi, 9)
    return turned(np.column_stack((radius + thick * np.cos(a), z + thick * np.sin(a))), segments)


def spoon_in(rng: Rng, look: Look, radius: float, rim: float, level: float) -> Part:
    """The handle of a spoon that leans on a bowl's rim."""
    path = eased([(radius * 0.1, 0, level - 0.006), (radius * 0.7, 0, rim), (radius + 0.01, 0, rim + 0.012), (radius + 0.075, 0, rim + 0.035)])
    handle = tube(path, np.linspace(0.0045, 0.0065, len(path)), 8, 0.4)
    return Part(handle.moved(turn=rotation("z", rng.uniform(0, 360))), look, ())


@KINDS.add("cup", TABLE, weight=0.8, mass=0.12)
def egg_cup(rng: Rng, materials: Materials) -> list[Part]:
    r, look = rng.uniform(0.022, 0.026), ceramic(rng, materials) if rng.random() < 0.7 else steel(rng)
    if rng.random() < 0.2:
        look = Look(t.wood(rng, 128), specular=0.3)
    if rng.random() < 0.65:  # on a foot
        h, foot = rng.uniform(0.045, 0.065), r * rng.uniform(0.75, 1.05)
        outside = eased([(foot, 0), (foot, 0.003), (0.009, 0.012), (0.008, h * 0.4), (r * 0.8, h * 0.5), (r, h * 0.75), (r * 1.02, h)])
    else:
        h, foot = rng.uniform(0.035, 0.05), r * rng.uniform(0.75, 1.0)
        outside = eased([(foot, 0), (r * 0.95, h * 0.4), (r * 1.02, h)])
    body = turned([(0, 0), *outside, (r * 0.9, h), (r * 0.7, h * 0.65), (0, h * 0.55)], 30)
    parts = [Part(body, look)]
    if rng.random() < 0.75:
        shell = paint(rng, 0.07, (0.0, 0.55), (0.75, 1.0), 0.03)
        egg = rounded((r * 1.78, r * 1.78, 0.056), 1.0, 24)
        up = h - 0.022
        parts.append(Part(egg.moved((0, 0, up)), shell))
        if rng.random() < 0.3:  # opened
            top = turned([(r * 0.72, up + 0.0445), (0, up + 0.0455)], 20)
            cut = Mesh(np.minimum(egg.vertices, (1, 1, 0.044)), egg.faces, egg.uv)
            parts[-1] = Part(cut.moved((0, 0, up)), shell)
            yolk = Part(turned([(r * 0.45, up + 0.0462), (0, up + 0.047)], 16), paint(rng, 0.12, (0.8, 1.0), (0.85, 1.0), 0.02))
            parts += [Part(top, Look(None, (0.97, 0.96, 0.92, 1), 0.3)), yolk]
        h += 0.02
    return stood(parts, solid([(foot, 0), (r, h)], 16))


@KINDS.add("cup", TABLE, weight=0.9, mass=0.9)
def beer_stein(rng: Rng, materials: Materials) -> list[Part]:
    r, h, out = rng.uniform(0.038, 0.05), rng.uniform(0.12, 0.19), rng.uniform(0.035, 0.05)
    if rng.random() < 0.6:  # of thick glass, with beer
        belly = rng.uniform(0.95, 1.1)
        outside = eased([(r, 0), (r * 1.02, h * 0.06), (r * belly, h * 0.4), (r * belly, h * 0.6), (r * 0.98, h * 0.9), (r, h)])
        level = h * rng.uniform(0.5, 0.9)
        foam = Look(t.plain(rng, 64, t.color(rng, (0.0, 0.15), (0.93, 1.0), 0.11), 0.1), specular=0.1)
        beer = paint(rng, rng.choice([0.11, 0.1, 0.06]), (0.8, 1.0), rng.choice([(0.75, 1.0), (0.15, 0.5)]), 0.03)
        pane, ribs = clear(rng), int(rng.integers(8, 14))
        body, bow = waved(solid(outside, 72), ribs, 0.02), loop((r * 0.97, h * 0.85), (r * 0.97, h * 0.2), out, 0.009, 1.2)
        parts = [Part(contents(outside, level, 0.88, 0.008), beer), Part(body, pane), Part(bow, Look(None, (*pane.color[:3], 0.7), 1.0, 0.9))]
        if rng.random() < 0.7:
            top = min(level + rng.uniform(0.012, 0.035), h * 1.08)
            parts.insert(1, Part(solid(eased([(r * 0.89, level), (r * 0.9, top), (r * 0.7, top + 0.006), (0.001, top + 0.008)]), 28), foam))
        return stood(parts, pillar(outside, h))
    foot = r * rng.uniform(1.05, 1.25)
    outside = eased([(foot, 0), (foot, h * 0.06), (r * 1.05, h * 0.14), (r, h * 0.5), (r * 0.9, h * 0.94), (r * 0.93, h)])
    look, metal = ceramic(rng, materials) if rng.random() < 0.5 else printed(rng, materials), steel(rng)
    bands = join([wire_ring(float(np.interp(z, *outside.T[::-1])), 0.003, z) for z in (h * 0.12, h * 0.9)])
    parts = [Part(solid(outside), look), Part(bands, metal if rng.random() < 0.5 else plastic(rng)),
             Part(loop((r * 0.92, h * 0.85), (r * 0.98, h * 0.25), out, 0.008, 1.4), look)]  # fmt: skip
    dome = solid(eased([(r * 0.96, 0), (r * 0.95, 0.006), (r * 0.6, 0.018), (r * 0.15, 0.024), (r * 0.15, 0.034), (0.002, 0.04)]), 28)
    tilt, lever = (-rng.uniform(70, 110) if rng.random() < 0.3 else 0), rounded((0.016, 0.018, 0.035), 0.6, 12)
    hinge = (r * 0.95, 0, h)
    parts += [Part(dome.moved((-r * 0.95, 0, 0)).moved(hinge, rotation("y", -tilt)), metal),
              Part(lever.moved((0.004, 0, -0.012)).moved(hinge, rotation("y", -tilt * 0.2)), metal)]  # fmt: skip
    return stood(parts, pillar(outside, h))


@KINDS.add("bowl", TABLE, weight=1.0, mass=0.5)
def mixing_bowl(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.1, 0.15), rng.uniform(0.08, 0.13)
    look = steel(rng) if rng.random() < 0.45 else ceramic(rng, materials)
    outside = bowl_outline(r, h, rng.uniform(0.45, 0.65), rng.uniform(0.45, 0.65))
    body, rim = hollow(outside, 0.004, look), Part(wire_ring(r, 0.004, h - 0.002), look, ())
    if rng.random() < 0.6:  # with a lip to pour over
        reach = rng.uniform(0.015, 0.03)

        def poured(mesh: Mesh) -> Mesh:
            v = mesh.vertices
            away = np.exp(-((np.arctan2(v[:, 1], v[:, 0]) / 0.22) ** 2)) * np.clip((v[:, 2] / h - 0.6) / 0.4, 0, 1.2) ** 1.5
            return Mesh(v + np.column_stack((reach * away, 0 * away, 0 * away)), mesh.faces, mesh.uv)

        body, rim = Part(poured(body.mesh), look, body.walls), Part(poured(rim.mesh), look, ())
    parts, trim = [body, rim], plastic(rng)
    if rng.random() < 0.45:
        parts.append(Part(turned([(r * 0.4, 0.0), (float(outside[1][0]) + 0.003, 0), (float(outside[2][0]) + 0.002, outside[2][1])], 36), trim, ()))
    if rng.random() < 0.45:
        parts.append(Part(loop((r * 0.99, h * 0.95), (outside[4][0], outside[4][1]), 0.035, 0.006, 2.2).moved(turn=rotation("z", 180)), trim, ()))
    if rng.random() < 0.5:  # dough, batter, flour
        level = h * rng.uniform(0.35, 0.7)
        food = paint(rng, rng.choice([0.11, 0.07, 0.12]), (0.1, 0.6), (0.4, 1.0), 0.1)
        parts.append(surface(outside, level, food))
        inner = float(np.interp(level, *np.array(outside).T[::-1])) * 0.75
        if rng.random() < 0.5:
            parts.append(Part(rounded((2 * inner, 1.9 * inner, h * 0.4), 0.9, 24, 0.05, rng).moved((0, 0, level - h * 0.2)), food, ()))
    return parts


@KINDS.add("bowl", "floor table", weight=0.8, mass=0.4)
def pet_bowl(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.07, 0.11), rng.uniform(0.04, 0.065)
    food = paint(rng, rng.uniform(0.04, 0.09), (0.4, 0.8), (0.25, 0.6), 0.2)
    water, kibble = Look(None, (0.55, 0.66, 0.72, 1), 1.0, 0.9), rounded((0.015, 0.013, 0.008), 0.8, 8)
    if rng.random() < 0.3:  # two in a tray
        r *= 0.75
        tray, metal, parts = plastic(rng), steel(rng), [Part(box((4.7 * r, 2.5 * r, h * 0.8)), plastic(rng))]
        parts[0] = Part(rounded((4.7 * r, 2.5 * r, h), 0.2), tray, (box((4.6 * r, 2.4 * r, h * 0.8)),))
        for x in (-1.12 * r, 1.12 * r):
            pan = [(r * 0.95, h * 0.9), (r * 1.02, h + 0.004), (r * 0.9, h + 0.003), (r * 0.85, h * 0.98), (0, h * 0.985)]
            parts.append(Part(turned(pan, 32).moved((x, 0, 0)), metal, ()))
            if rng.random() < 0.7:
                parts.append(Part(spread(rng, kibble, 40, r * 0.7, h * 0.99).moved((x, 0, 0)), food, ()))
        return parts
    foot, look = r * rng.uniform(1.1, 1.3), ceramic(rng, materials) if rng.random() < 0.4 else plastic(rng)
    inner = [(r, h), (r * 0.93, h), (r * 0.8, h * 0.3), (0, h * 0.25)]
    body = turned([(0, 0), (foot, 0), (foot * 0.98, 0.006), *inner], 40)
    parts = [Part(body, look, tuple(vessel_walls([(foot, 0), (r, h)], 0.006)))]
    if rng.random() < 0.4:
        parts.append(Part(turned([(r * 0.935, h * 1.01), (r * 0.8, h * 0.31), (0, h * 0.26)], 36), steel(rng), ()))
    if rng.random() < 0.7:
        band = [(foot + (r - foot) * z + 0.0012, h * z) for z in (0.2, 0.85)]
        parts.append(Part(turned(band, 40), printed(rng, materials), ()))
    if rng.random() < 0.6:
        heap = join([spread(rng, kibble, count, r * wide, h * z) for count, wide, z in ((60, 0.76, 0.42), (40, 0.55, 0.6), (20, 0.3, 0.75))])
        base = turned([(r * 0.82, h * 0.4), (r * 0.6, h * 0.55), (0, h * 0.75)], 24)
        return [*parts, Part(heap, food, ()), Part(base, food, ())]
    return [*parts, *([Part(turned([(r * 0.9, h * 0.75), (0, h * 0.75)], 32), water, ())] if rng.random() < 0.6 else [])]


@KINDS.add("bowl", TABLE, weight=0.9, mass=1.0)
def pedestal_bowl(rng: Rng, materials: Materials) -> list[Part]:
    r, h, up = rng.uniform(0.1, 0.15), rng.uniform(0.04, 0.07), rng.uniform(0.03, 0.08)
    foot, stem, base = r * rng.uniform(0.45, 0.65), r * rng.uniform(0.1, 0.2), rng.uniform(0.25, 0.5)
    look = glass(rng) if rng.random() < 0.25 else ceramic(rng, materials)
    if rng.random() < 0.25:
        look = Look(t.wood(rng), specular=0.3)
    outside = bowl_outline(r, h, base, rng.uniform(0.5, 0.9))
    leg = eased([(foot, 0), (foot * 0.98, 0.006), (stem, up * 0.5), (stem, up * 0.7), (outside[1][0] * 0.9, up + 0.004)])
    bowl = hollow(outside, 0.005, look, lift=up)
    parts = [bowl, Part(solid(leg, 32), look, (solid([(foot, 0), (foot * 0.7, up)], 16),))]
    if rng.random() < 0.7:
        for k in range(int(rng.integers(3, 8))):
            s, skin = rng.uniform(0.055, 0.085), Look(t.skin_of(rng.choice([0.0, 0.08, 0.14, 0.28, 0.95]), rng), specular=0.3)
            a, out = k * 2.4, 0 if k == 0 else r * 0.45
            at = (out * np.cos(a), out * np.sin(a), up + h * 0.35 + (0.02 if k == 0 else 0))
            parts.append(Part(rounded((s, s * rng.uniform(0.85, 1.0), s * rng.uniform(0.85, 1.1)), 0.95, 18, 0.02, rng).moved(at), skin, ()))
    return parts


@KINDS.add("bowl", TABLE, weight=0.9, mass=0.5)
def soup_bowl(rng: Rng, materials: Materials) -> list[Part]:
    """With two handles."""
    r, h = rng.uniform(0.052, 0.075), rng.uniform(0.05, 0.075)
    look, base, bend = ceramic(rng, materials), rng.uniform(0.5, 0.75), rng.uniform(0.35, 0.6)
    outside = bowl_outline(r, h, base, bend)
    parts = [hollow(outside, 0.005, look)]
    if rng.random() < 0.5:  # flat ears
        ear = rounded((0.034, r * rng.uniform(0.7, 0.9), 0.011), 0.6, 18).moved((r + 0.008, 0, h * 0.86))
    else:
        ear = loop((r * 0.97, h * 0.88), (outside[3][0] * 0.98, h * 0.4), rng.uniform(0.018, 0.028), 0.005, 1.7)
    parts += [Part(ear.moved(turn=rotation("z", a)), look, ()) for a in (0, 180)]
    level = h * rng.uniform(0.6, 0.88)
    soup = Look(t.skin_of(rng.choice([0.02, 0.06, 0.1, 0.13, 0.22, 0.3]), rng), specular=0.7)
    if rng.random() < 0.25:
        knob = [(r * 1.03, h), (r, h + 0.005), (r * 0.5, h + 0.018), (0.01, h + 0.022), (0.014, h + 0.036), (0.002, h + 0.04)]
        return [*parts, Part(solid(eased(knob), 32), look)]
    parts.append(surface(outside, level, soup))
    if rng.random() < 0.6:
        bits = box((0.012, 0.012, 0.009)) if rng.random() < 0.5 else rounded((0.012, 0.005, 0.002), 0.6, 8)
        parts.append(Part(spread(rng, bits, 16, r * 0.7, level - 0.003), paint(rng, rng.choice([0.09, 0.3, 0.02])), ()))
    return [*parts, *([spoon_in(rng, steel(rng), r, h, level)] if rng.random() < 0.5 else [])]


@KINDS.add("bowl", TABLE, weight=0.9, mass=0.8)
def salad_bowl(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.1, 0.15), rng.uniform(0.07, 0.11)
    look = Look(t.wood(rng), specular=rng.uniform(0.1, 0.4)) if rng.random() < 0.7 else glass(rng)
    outside = bowl_outline(r, h, rng.uniform(0.4, 0.6), rng.uniform(0.5, 0.8))
    parts, level = [hollow(outside, 0.009 if look.image is not None else 0.005, look)], h * rng.uniform(0.5, 0.8)
    inner = float(np.interp(level, *np.array(outside).T[::-1])) - 0.012
    if rng.random() < 0.75:
        greens = [Part(crumbs(rng, 70, (0.03, 0.055), inner * 0.78, level + 0.012, h * 0.3), Look(t.skin_of(hue, rng, 64), specular=0.2), ())
                  for hue in (0.24, 0.32)]  # fmt: skip
        mound = Part(turned([(inner, level - 0.01), (inner * 0.7, level), (0, level + h * 0.25)], 24), greens[0].look, ())
        slices = spread(rng, solid([(0.017, 0), (0.017, 0.005)], 18), 10, inner * 0.8, level + h * 0.22)
        parts += [mound, *greens, Part(slices, paint(rng, rng.choice([0.0, 0.27]), (0.4, 0.9), (0.6, 1.0)), ())]
    if rng.random() < 0.65:  # a fork and a spoon to serve with
        wood = Look(t.wood(rng, 64), specular=0.2) if rng.random() < 0.7 else handle_look(rng)
        start = rng.uniform(0, 360)
        for a in (0, rng.uniform(25, 160)):
            n = r * rng.uniform(1.7, 2.1)
            lean = eased([(-r * 0.2, 0, level * 0.6), (r * 0.85, 0, h * 1.06), (r * 0.8 + n * 0.35, 0, h * 1.06 + n * 0.25)])
            parts.append(Part(tube(lean, np.linspace(0.007, 0.01, len(lean)), 8, 0.5).moved(turn=rotation("z", start + a)), wood, ()))
    return parts


@KINDS.add("bowl", TABLE, weight=1.0, mass=0.5)
def cereal_bowl(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.06, 0.085), rng.uniform(0.045, 0.065)
    outside = bowl_outline(r, h, rng.uniform(0.4, 0.6), rng.uniform(0.45, 0.8))
    level = h * rng.uniform(0.7, 0.88)
    parts = [hollow(outside, 0.004, ceramic(rng, materials)), surface(outside, level, Look(None, (0.97, 0.96, 0.93, 1), 0.5))]
    inner = float(np.interp(level, *np.array(outside).T[::-1])) * 0.84
    kind, grain = rng.integers(3), paint(rng, rng.uniform(0.07, 0.12), (0.5, 0.9), (0.45, 0.95), 0.2)
    a = np.linspace(-np.pi / 2, 1.5 * np.pi, 9)
    hoop = turned(np.column_stack((0.0055 + 0.0027 * np.cos(a), 0.0027 * np.sin(a))), 12)
    bit = [hoop, rounded((0.022, 0.015, 0.003), 0.7, 10), rounded((0.01,) * 3, 0.9, 10)][kind]
    parts.append(Part(spread(rng, bit, int(rng.integers(30, 80)), inner, level + 0.001, 25), grain, ()))
    if kind != 1 and rng.random() < 0.5:
        parts.append(Part(spread(rng, bit, 24, inner, level + 0.002, 25), paint(rng, None, (0.5, 0.9), (0.6, 1.0)), ()))
    if rng.random() < 0.5:
        berries = spread(rng, rounded((0.013,) * 3, 0.95, 10), 8, inner * 0.8, level)
        parts.append(Part(berries, paint(rng, rng.choice([0.98, 0.66]), (0.6, 1.0), (0.25, 0.8)), ()))
    return [*parts, *([spoon_in(rng, steel(rng) if rng.random() < 0.8 else plastic(rng), r, h, level)] if rng.random() < 0.7 else [])]


@KINDS.add("bowl", TABLE, weight=0.9, mass=0.7)
def noodle_bowl(rng: Rng, materials: Materials) -> list[Part]:
    """With chopsticks across."""
    r, h, foot = rng.uniform(0.075, 0.1), rng.uniform(0.06, 0.085), rng.uniform(0.008, 0.014)
    look = dark(rng) if rng.random() < 0.3 else ceramic(rng, materials)
    outside = [(r * 0.42, 0), (r * 0.42, foot), *((x, z + foot) for x, z in bowl_outline(r, h - foot, 0.5, rng.uniform(0.5, 0.75)))]
    level = h * rng.uniform(0.72, 0.85)
    inner = float(np.interp(level, *np.array(outside).T[::-1])) * 0.88
    parts = [hollow(outside, 0.004, look), surface(outside, level, Look(t.skin_of(rng.choice([0.06, 0.1, 0.02]), rng), specular=0.8))]
    s, strands = np.linspace(0, 1, 30), []
    for _ in range(14):
        a, phase = s * rng.uniform(3, 8) + rng.uniform(0, 6), rng.uniform(0, 6)
        out = inner * (0.25 + 0.5 * rng.random() + 0.2 * np.sin(6 * s + phase))
        strands.append(tube(np.column_stack((out * np.cos(a), out * np.sin(a), level + 0.002 + 0.004 * np.sin(9 * s + phase))), 0.002, 6))
    parts.append(Part(join(strands), paint(rng, 0.12, (0.2, 0.6), (0.8, 1.0), 0.05), ()))
    if rng.random() < 0.7:
        x, y = rng.uniform(-0.4, 0.4, 2) * inner
        white = rounded((0.05, 0.04, 0.02), 0.9, 18).moved((x, y, level - 0.006))
        yolk = rounded((0.024, 0.022, 0.01), 0.9, 14).moved((x, y, level + 0.006))
        parts += [Part(white, Look(None, (0.97, 0.95, 0.9, 1), 0.4), ()), Part(yolk, paint(rng, 0.11, (0.8, 1.0), (0.85, 1.0)), ())]
    onion = spread(rng, rounded((0.009, 0.009, 0.003), 0.6, 8), 20, inner * 0.8, level + 0.005)
    parts.append(Part(onion, paint(rng, 0.3, (0.5, 0.9), (0.4, 0.9)), ()))
    if rng.random() < 0.7:
        wood, turn, across = handle_look(rng), rotation("z", rng.uniform(0, 360)), r * rng.uniform(0.1, 0.6)
        sticks = [tube([(-r * 1.15, across + w, h + 0.0035), (r * 1.35, across + w * 2.5, h + 0.004)], [0.0022, 0.0038], 6) for w in (0, 0.01)]
        parts.append(Part(join(sticks).moved(turn=turn), wood, ()))
    return parts


@KINDS.add("bowl", TABLE, weight=0.9, mass=0.3)
def takeaway_bowl(rng: Rng, materials: Materials) -> list[Part]:
    """Of paper or plastic, mostly with a lid."""
    r, h = rng.uniform(0.06, 0.095), rng.uniform(0.045, 0.08)
    foot = r * rng.uniform(0.65, 0.85)
    pick = rng.random()
    look = printed(rng, materials) if pick < 0.35 else paint(rng, 0.09, (0.25, 0.5), (0.5, 0.85), 0.08) if pick < 0.7 else plastic(rng)
    outside, rim = [(foot, 0), (r, h)], Part(wire_ring(r, 0.003, h), look, ())
    parts, level = [hollow(outside, 0.002, look), rim], h * rng.uniform(0.7, 0.9)
    food = Look(t.skin_of(rng.choice([0.08, 0.12, 0.28, 0.02]), rng), specular=0.2)
    parts.append(surface(outside, level, food, 0.003))
    for hue in (0.3, 0.02, 0.12):
        parts.append(Part(crumbs(rng, 9, (0.012, 0.034), r * 0.75, level + 0.004, 0.004), Look(t.skin_of(hue, rng, 32)), ()))
    if rng.random() < 0.7:
        tall = rng.uniform(0.006, 0.025)
        lid = [(r * 1.03, h - 0.004), (r * 1.05, h + 0.004), (r * 0.94, h + 0.005), (r * 0.86, h + 0.005 + tall)]
        cover = clear(rng) if rng.random() < 0.6 else paint(rng, None, (0, 0.3), rng.choice([(0.05, 0.2), (0.85, 1.0)]), 0.02)
        parts.append(Part(solid(lid, 36), cover))
    if rng.random() < 0.4:
        edge = [(foot + (r - foot) * z + 0.0008, h * z) for z in (0.25, 0.75)]
        parts.append(Part(turned(edge, 40), printed(rng, materials), ()))
    return parts


@KINDS.add("bowl", TABLE, weight=0.8, mass=0.25)
def ramekin(rng: Rng, materials: Materials) -> list[Part]:
    """A small one with a ribbed wall, for the oven."""
    r, h = rng.uniform(0.038, 0.055), rng.uniform(0.035, 0.055)
    look = Look(t.plain(rng, 32, t.color(rng, (0, 0.08), (0.85, 1.0)), 0.02), specular=0.7) if rng.random() < 0.5 else ceramic(rng, materials)
    cup = hollow([(r * 0.95, 0), (r * 0.96, h * 0.8), (r * 0.99, h * 0.81), (r, h)], 0.005, look)
    wall = waved(turned([(r * 0.965, 0.002), (r * 0.975, h * 0.79)], 120), int(rng.integers(24, 40)), 0.012)
    parts, level = [cup, Part(wall, look, ())], h * rng.uniform(0.65, 0.9)
    inside = Look(t.skin_of(rng.choice([0.08, 0.11, 0.05, 0.0]), rng, second=rng.choice([0.06, 0.12])), specular=rng.uniform(0.2, 0.7))
    if rng.random() < 0.35:  # it has risen
        dome = eased([(r * 0.92, level), (r * 0.98, h * 1.15), (r * 0.8, h * 1.45), (0.002, h * 1.5)])
        return [*parts, Part(solid(dome, 28), inside)]
    parts.append(surface([(r, 0), (r, h)], level, inside))
    if rng.random() < 0.5:
        fruit = rounded((0.014,) * 3, 0.95, 12)
        parts.append(Part(spread(rng, fruit, 4, r * 0.5, level - 0.002), paint(rng, rng.choice([0.98, 0.66]), (0.6, 1.0), (0.25, 0.8)), ()))
    return parts
