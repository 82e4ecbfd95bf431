"""Boxes with lids, drawers and their contents."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import ring
from rmpsam_ros.simulation.kinds.kitchen import paint, printed
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.vessels import TABLE, handle_look, steel
from rmpsam_ros.simulation.kinds.wardrobe import ANYWHERE, arc, cloth_look, leather
from rmpsam_ros.simulation.kinds.workshop import cylinder, dark, plastic, profiled
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, sheet, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def open_box(size: tuple[float, float, float], wall: float) -> list[Mesh]:
    """A box without its top: the floor and four walls, standing on z = 0. Turned over it is a lid."""
    w, d, h = size
    return [box((w, d, wall)), *(box((w, wall, h)).moved((0, y * (d - wall) / 2, 0)) for y in (-1, 1)),
            *(box((wall, d, h)).moved((x * (w - wall) / 2, 0, 0)) for x in (-1, 1))]  # fmt: skip


def card(rng: Rng) -> Look:
    """Brown, white or dyed cardboard."""
    tone = t.color(rng, (0.25, 0.5), (0.5, 0.85), 0.09) if rng.random() < 0.5 else t.color(rng, (0, 0.9), (0.1, 1.0))
    return Look(t.plain(rng, 128, tone, 0.08), specular=rng.uniform(0, 0.2))


def wrapping(rng: Rng, materials: Materials) -> Look:
    """Patterned paper."""
    return Look(t.fabric(rng), specular=rng.uniform(0, 0.5)) if rng.random() < 0.5 else [card, plastic][int(rng.integers(2))](rng)


@KINDS.add("box", ANYWHERE, True, 1.0, 0.4)
def shoe_box(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.24, 0.15, 0.085), (0.36, 0.24, 0.14))
    look, lid_look = card(rng), card(rng)
    if rng.random() < 0.5:
        lid_look = look
    rim, wall = rng.uniform(0.025, 0.05), 0.003
    lid = [m.moved((0, 0, h + 0.002), rotation("x", 180)) for m in open_box((w + 0.009, d + 0.009, rim), wall)]
    name = [box((0.001, d * rng.uniform(0.3, 0.7), (h - rim) * 0.7)).moved((w / 2, 0, h * 0.06)),
            box((w * rng.uniform(0.3, 0.9), d * rng.uniform(0.3, 0.9), 0.0008)).moved((0, 0, h + 0.0018))]  # fmt: skip
    way = rng.random()
    if way < 0.5:  # closed
        place = ((0, 0, 0), np.eye(3))
    elif way < 0.75:  # ajar
        tilt = np.degrees(np.arctan2(h * 0.3, d))
        place = ((0, d * rng.uniform(0.05, 0.3), h * 0.25), rotation("z", rng.uniform(-15, 15)) @ rotation("x", rng.uniform(-tilt, tilt)))
    else:  # below it
        place = ((0, 0, -h + rim + 0.0005), rotation("z", rng.uniform(-4, 4)))
    shown = printed(rng, materials)
    parts = [*(Part(m, look) for m in open_box((w, d, h), wall)), *(Part(m.moved(*place), lid_look) for m in lid), Part(name[0], shown, ())]
    if rng.random() < 0.6:
        parts.append(Part(name[1].moved(*place), shown, ()))
    if way >= 0.75:  # its walls are inside the upturned lid: the paper shows
        lid = [Part(m.moved((0, 0, 0.0005)), lid_look) for m in open_box((w + 0.009, d + 0.009, rim), wall)]
        n = 20
        paper = sheet(np.maximum(h * 0.45 + 0.02 * t.noise(rng, n, 3, 3), 0.005), (w * 0.97, d * 0.97), 0.001)
        tissue = Part(paper, paint(rng, None, (0, 0.5), (0.8, 1.0), 0.1), ())
        parts = [*lid, *(Part(m.moved((0, 0, wall)), look) for m in open_box((w, d, h), wall)), Part(name[0], shown, ()), tissue]
    return parts


@KINDS.add("box", ANYWHERE, True, 1.1, 0.4)
def gift_box(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.06, 0.06, 0.03), (0.28, 0.24, 0.22))
    look, ribbon, b = wrapping(rng, materials), paint(rng, None, (0.3, 1.0), (0.3, 1.0), 0.03), rng.uniform(0.012, 0.03) * (0.5 + 2 * w)
    parts, e = [Part(box((w, d, h)), look)], 0.0015
    if rng.random() < 0.5:
        lid_look = look if rng.random() < 0.4 else wrapping(rng, materials)
        parts.append(Part(box((w + 0.008, d + 0.008, h * 0.28)).moved((0, 0, h * 0.74)), lid_look))
        e, h = 0.006, h * 1.02
    x, y = (0.0, 0.0) if rng.random() < 0.7 else (rng.uniform(-0.25, 0.25) * w, rng.uniform(-0.25, 0.25) * d)
    bands = [box((b, d + 2 * e, h + e)).moved((x, 0, 0))]
    if rng.random() < 0.8:
        bands.append(box((w + 2 * e, b, h + e)).moved((0, y, 0)))
    parts.append(Part(join(bands), ribbon, ()))
    size, count = b * rng.uniform(1.3, 2.0) + 0.01, int(rng.choice([2, 2, 4, 8]))
    a = np.linspace(0, np.pi, 15)
    petal = np.column_stack((size * 2 * np.sin(a) ** 0.8 * (0.4 + 0.6 * np.sin(a / 2)), 0 * a, size * 0.8 * np.sin(a) * np.sin(2 * a - 0.6)))
    petal[:, 2] += size * 0.4 * np.sin(a)
    turns = [rotation("z", 360 / count * (k + 0.5)) @ rotation("y", -rng.uniform(0, 25)) for k in range(count)]
    loops = [tube(petal, b * 0.45, 8, 0.1).moved(turn=turn) for turn in turns]
    loops = [m.moved((0, 0, -m.bounds()[0][2] * 0.6)) for m in loops]
    tails = [plate([(0, -b * 0.35), (size * n, -b * 0.4), (size * n - b * 0.4, 0), (size * n, b * 0.4), (0, b * 0.35)], 0.001).moved(
        (0, 0, 0.002), rotation("z", angle)) for n, angle in zip(rng.uniform(1.5, 3, 2), rng.uniform(-80, 80, 2) + (0, 180))]  # fmt: skip
    knot = rounded((b * 0.8, b * 0.8, b * 0.6), 0.8, 14)
    bow = join([*loops, *(tails if size * 3 < min(w, d) / 2 + 0.02 else []), knot]).moved((x, y, h + e))
    hull = rounded((size * 2, size * 2, size * 0.8), 0.9, 12).moved((x, y, h))
    return [*parts, Part(bow, ribbon, (hull,))]


@KINDS.add("box", "table floor shelf", True, 1.0, 0.3)
def pizza_box(rng: Rng, materials: Materials) -> list[Part]:
    w, h, e = rng.uniform(0.24, 0.38), rng.uniform(0.035, 0.05), 0.003
    brown, inside = card(rng), card(rng)
    if rng.random() < 0.7:
        inside = Look(t.plain(rng, 64, t.color(rng, (0.25, 0.45), (0.55, 0.85), 0.09), 0.08), specular=0)
    top = printed(rng, materials) if rng.random() < 0.75 else brown
    parts = [*(Part(m, brown) for m in open_box((w, w, h), e)), Part(box((w * 0.98, w * 0.98, 0.001)).moved((0, 0, e)), inside, ())]
    lean = rotation("x", 0 if rng.random() < 0.5 else -rng.uniform(5, 115))
    hinge = (0, w / 2, h)
    lid = box((w, w, e)).moved((0, -w / 2, 0))
    flaps = [box((w * 0.98, e, h * 0.85)).moved((0, -w + e, -h * 0.85))]
    flaps += [box((e, w * 0.3, h * 0.7)).moved((x * w * 0.47, -w * 0.8, -h * 0.7)) for x in (-1, 1)]
    face = box((w * 0.97, w * 0.97, 0.0006)).moved((0, -w / 2, e))
    under = box((w * 0.97, w * 0.97, 0.0006)).moved((0, -w / 2, -0.0006))
    if lean[1, 1] > 0.9999:
        flaps = flaps[:1]
    parts += [Part(m.moved(hinge, lean), look, walls) for m, look, walls in
              ((lid, brown, None), (join(flaps), brown, ()), (face, top, ()), (under, inside, ()))]  # fmt: skip
    if lean[1, 1] < 0.8 and rng.random() < 0.6:  # crumbs and grease
        stain = turned([(w * rng.uniform(0.2, 0.42), 0.0045), (0, 0.0045)], 32)
        parts.append(Part(stain, Look(t.skin_of(0.08, rng, 64), specular=0.3), ()))
    return parts


@KINDS.add("box", ANYWHERE, True, 1.0, 1.0)
def wooden_box(rng: Rng, materials: Materials) -> list[Part]:
    """A chest with a flat or a round lid, closed or open."""
    w, d, h = rng.uniform((0.1, 0.07, 0.05), (0.34, 0.22, 0.16))
    look = Look(t.wood(rng), specular=0.3) if rng.random() < 0.7 else timber(rng, materials)
    metal, e = steel(rng) if rng.random() < 0.5 else paint(rng, 0.11, (0.3, 0.8), (0.3, 0.7)), 0.008
    parts, bands = [Part(m, look) for m in open_box((w, d, h), e)], []
    a = np.linspace(0, np.pi, 11)
    rise = rng.uniform(0.25, 0.5) * d if rng.random() < 0.5 else 0.018
    side = [*zip(d / 2 * np.cos(a), 0.002 + rise * np.sin(a) ** (0.25 if rise < 0.02 else 1.0))]
    lid = profiled(side, w * 1.01).moved((0, -d / 2, 0), rotation("z", 90))
    lean = rotation("x", 0 if rng.random() < 0.6 else -rng.uniform(15, 105))
    strip = profiled([(y * 1.02, z * 1.02) for y, z in side], w * 0.06).moved((0, -d / 2, 0), rotation("z", 90))
    hinge, xs = (0, d / 2, h), (-0.34, 0.34) if rng.random() < 0.5 else ()
    bands = [strip.moved((x * w, 0, 0)).moved(hinge, lean) for x in xs]
    bands += [box((w * 0.06, d * 1.015, h * 0.99)).moved((x * w, 0, 0.001)) for x in xs if lean[1, 1] > 0.9999]
    bands += [box((w * 0.06, 0.004, h * 0.99)).moved((x * w, -d / 2, 0.001)) for x in xs]
    lock = [box((0.022, 0.005, 0.026)).moved((0, -d / 2 - 0.001, h - 0.034))]
    lock.append(box((0.014, 0.005, 0.02)).moved((0, -d - 0.001, -0.014)).moved(hinge, lean))
    parts += [Part(lid.moved(hinge, lean), look), Part(join([*bands, *lock]), metal, ())]
    if lean[1, 1] < 0.95:
        parts.append(Part(box((w - 2 * e, d - 2 * e, 0.002)).moved((0, 0, e)), cloth_look(rng), ()))
        parts.append(Part(box((w * 0.93, d * 0.88, 0.001)).moved((0, -d / 2, 0.001)).moved(hinge, lean), cloth_look(rng), ()))
    elif rng.random() < 0.4:
        grips = [tube(arc(d * 0.4, 0.03), 0.004, 8).moved((x * w * 0.5, 0, h * 0.6), rotation("y", 100 * x) @ rotation("z", 90)) for x in (-1, 1)]
        parts.append(Part(join(grips), handle_look(rng), ()))
    return parts


@KINDS.add("box", TABLE, False, 0.9, 0.02)
def matchbox(rng: Rng, materials: Materials) -> list[Part]:
    s = rng.uniform(0.9, 1.6)
    w, d, h, e = 0.053 * s, 0.036 * s, rng.uniform(0.01, 0.018) * s, 0.0012
    out, cover = rng.choice([0, rng.uniform(0.2, 0.8)]) * w, printed(rng, materials)
    walls = (box((w, d, h)),)
    sleeve = [box((w, d, e)), box((w, d, e)).moved((0, 0, h - e))]
    rough = Look(t.plain(rng, 32, t.color(rng, (0.2, 0.6), (0.15, 0.35), 0.04), 0.4), specular=0)
    sides = [box((w, e, h)).moved((0, y * d / 2, 0)) for y in (-1, 1)]
    white = paint(rng, 0.1, (0, 0.3), (0.8, 1.0))
    drawer = join([m.moved((out, 0, e)) for m in open_box((w * 0.99, d * 0.95, h - 2.2 * e), e)])
    parts = [Part(join(sleeve), cover, walls), Part(join(sides), rough, ()), Part(drawer, white, (box((w, d * 0.95, h * 0.8)).moved((out, 0, e)),))]
    sticks, heads, r = [], [], 0.0011 * s

    def match(at: tuple[float, float, float], turn: float, way: int) -> None:
        sticks.append(box((w * 0.86, 2 * r, 2 * r)).moved(at, rotation("z", turn)))
        spot = np.array(at) + way * w * 0.43 * np.array((np.cos(np.radians(turn)), np.sin(np.radians(turn)), 0))
        heads.append(rounded((5 * r, 3.4 * r, 3.4 * r), 0.9, 10).moved(spot - (0, 0, 0.7 * r)))

    if out:
        for k, y in enumerate(np.linspace(-0.42, 0.42, 11)):
            match((out, y * d, h - 4 * e - (k % 3) * r), rng.normal(0, 2), 1)
    for _ in range(int(rng.integers(0, 4)) if out else 0):
        match((w * rng.uniform(-0.3, 0.6), d * rng.uniform(0.7, 1.2) * rng.choice([-1, 1]), 0.0005), rng.uniform(0, 180), 1)
    if sticks:
        parts.append(Part(join(sticks), paint(rng, 0.1, (0.3, 0.5), (0.8, 0.95)), ()))
        parts.append(Part(join(heads), paint(rng, 0.99, (0.5, 0.9), (0.3, 0.8), 0), ()))
    return parts


@KINDS.add("box", TABLE, False, 1.0, 0.04)
def medicine_pack(rng: Rng, materials: Materials) -> list[Part]:
    """A carton with a foil strip of pills that slides out of it."""
    w, d, h = rng.uniform((0.08, 0.04, 0.015), (0.14, 0.065, 0.035))
    white = t.plain(rng, 256, t.color(rng, (0, 0.15), (0.88, 1.0)), 0.01)
    ink = tuple(int(c) for c in t.color(rng, (0.5, 1), (0.3, 0.9)))
    start, side = int(rng.integers(20, 200)), int(rng.integers(20, 60))
    white[:, start : start + side], white[30 : 30 + side // 2, 20:230] = ink, ink
    for row in range(90, 230, int(rng.integers(12, 30))):
        white[row : row + 4, 30 : int(rng.integers(60, 230))] = rng.integers(20, 120)
    look = Look(white, specular=0.3) if rng.random() < 0.6 else printed(rng, materials)
    nx, ny = int(rng.integers(4, 7)), int(rng.integers(2, 4))
    step = np.array((w * 0.92 / nx, d * 0.9 / ny))
    foil = steel(rng) if rng.random() < 0.7 else plastic(rng)
    long, r = rng.random() < 0.4, step.min() * 0.32
    pill = rounded((r * (3.0 if long and step[0] > 1.4 * step[1] else 2), r * 2, r * 1.2), 0.8, 14)
    spots = [((i - (nx - 1) / 2) * step[0], (j - (ny - 1) / 2) * step[1], 0.0005) for i in range(nx) for j in range(ny)]
    strip = [Part(box((w * 0.93, d * 0.92, 0.001)), foil, ())]
    strip.append(Part(join([pill.moved(s) for s in spots]), paint(rng, None, (0, 0.9), (0.7, 1.0), 0), ()))
    parts = [Part(box((w, d, h)), look)]
    pose = rng.integers(3)
    hull = (box((w * 0.93, d * 0.92, 0.005)),)
    if pose == 0:  # half out, the flap open
        at = (w * rng.uniform(0.3, 0.7), 0, h * 0.4)
        flap = box((0.02, d, 0.0008)).moved((w / 2 + 0.01, 0, h - 0.001), rotation("y", -20))
        parts += [Part(box((0.001, d, h)).moved((w / 2, 0, 0)), dark(rng), ()), Part(flap, look, ())]
    elif pose == 1:  # beside it
        at = (w * rng.uniform(-0.2, 0.5), -d * 1.15, 0)
    else:
        return parts
    strip = [Part(p.mesh.moved(at), p.look, () if k else tuple(m.moved(at) for m in hull)) for k, p in enumerate(strip)]
    return [*parts, *strip]


@KINDS.add("box", TABLE, True, 0.8, 0.1)
def jewellery_box(rng: Rng, materials: Materials) -> list[Part]:
    """Small, padded, with a hinged lid; mostly open, a ring in its slit."""
    w, h = rng.uniform(0.045, 0.085), rng.uniform(0.022, 0.035)
    d, edge = w * rng.uniform(0.85, 1.1), rng.uniform(0.12, 0.25)
    look = leather(rng) if rng.random() < 0.5 else Look(t.plain(rng, 64, None, 0.25), specular=0.05)
    satin, gold = paint(rng, None, (0, 0.4), rng.choice([(0.05, 0.2), (0.8, 1.0)])), Look(None, (0.9, 0.72, 0.3, 1), 1.0, 0.8)
    if rng.random() < 0.3:
        gold = Look(None, (0.85, 0.86, 0.88, 1), 1.0, 0.8)
    lean = rotation("x", 0 if rng.random() < 0.25 else -rng.uniform(60, 92))
    half = rounded((w, d, h * 2), edge, 28)
    v = half.vertices.copy()
    v[:, 2] = np.minimum(v[:, 2], h)
    lower = Mesh(v, half.faces, half.uv)
    upper = lower.moved((0, -d / 2, h), rotation("x", 180))
    hinge = (0, d / 2, h)
    rim = rounded((w * 1.02, d * 1.02, 0.004), edge, 28).moved((0, 0, h - 0.003))
    parts = [Part(lower, look), Part(upper.moved(hinge, lean), look), Part(rim, gold)]
    if lean[1, 1] < 0.5:
        cushion = rounded((w * 0.82, d * 0.82, 0.012), 0.3).moved((0, 0, h - 0.005))
        pad = rounded((w * 0.82, d * 0.82, 0.006), 0.3).moved((0, -d / 2, -0.003)).moved(hinge, lean)
        slit = box((w * 0.55, 0.003, 0.001)).moved((0, 0, h + 0.0065))
        band = ring(0.009, 0.0012).moved((0, 0, h + 0.011), rotation("x", 90))
        gem = turned([(0, 0), (0.0032, 0.0025), (0.0022, 0.004), (0, 0.004)], 8).moved((0, -0.001, h + 0.02))
        parts += [Part(cushion, satin), Part(pad, satin, ()), Part(slit, dark(rng), ())]  # most weight in the lower half, so that it does not topple
        if rng.random() < 0.8:
            parts += [Part(band, gold, ()), Part(gem, Look(None, (*(t.color(rng, (0, 0.9), (0.8, 1)) / 255).tolist(), 1), 1.0, 0.95, 0.2), ())]
    return parts


@KINDS.add("box", TABLE, True, 1.1, 0.3)
def juice_pack(rng: Rng, materials: Materials) -> list[Part]:
    """A brick with a flat top: small with a straw, or large with a cap."""
    small = rng.random() < 0.6
    w, d, h = rng.uniform((0.045, 0.035, 0.1), (0.055, 0.042, 0.13)) if small else rng.uniform((0.07, 0.06, 0.17), (0.095, 0.075, 0.21))
    look = printed(rng, materials)
    # the corners of the top, folded down and glued to the sides
    ear = profiled([(-d * 0.46, 0), (0, -d * 0.46), (d * 0.46, 0)], 0.002)
    ears = [ear.moved((x * (w / 2 + 0.001), 0, h * 0.995), rotation("z", 90)) for x in (-1, 1)]
    fold = box((w * 0.98, 0.012, 0.0015)).moved((0, d * 0.1, h), rotation("x", -8))
    parts = [Part(box((w, d, h)), look), Part(join([fold, *ears]), look, ())]
    if small:
        x, top = w * rng.uniform(-0.3, 0.3), h + rng.uniform(0.03, 0.05)
        tip = (x + rng.uniform(0.018, 0.03), -d * 0.22, top + 0.008)
        straw = tube([(x, -d * 0.2, h - 0.01), (x, -d * 0.22, top - 0.004), (x + 0.004, -d * 0.22, top), tip], 0.0024, 8)
        seal = cylinder(0.005, 0.0006, 14).moved((x, -d * 0.2, h))
        if rng.random() < 0.3:  # still glued to its back
            straw = tube([(-w * 0.3, d / 2 + 0.003, h * 0.15), (w * 0.3, d / 2 + 0.003, h * 0.85)], 0.0024, 8)
        return [*parts, Part(straw, paint(rng, None, (0, 1.0), (0.7, 1.0), 0), ()), Part(seal, steel(rng), ())]
    cap = turned([(0, 0), (0.015, 0), (0.015, 0.003), (0.0125, 0.004), (0.0125, 0.014), (0, 0.014)], 22)
    return [*parts, Part(cap.moved((0, -d * 0.18, h)), plastic(rng))]
