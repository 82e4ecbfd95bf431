"""Bags of cloth, paper, foil and net."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.boxes import card, wrapping
from rmpsam_ros.simulation.kinds.kitchen import paint, printed
from rmpsam_ros.simulation.kinds.vessels import TABLE, handle_look, steel
from rmpsam_ros.simulation.kinds.wardrobe import ANYWHERE, arc, cloth_look, leather
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic, profiled
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, plate, rotation, rounded, sheet, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def pillow_bag(rng: Rng, w: float, d: float, h: float, seam: float) -> Mesh:
    """A bag welded at both ends in y, lying, full in its middle."""
    n = 41
    y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j]
    inner = np.clip((1 - np.abs(y)) * d / 2 - seam, 0, None) / (d / 2 - seam)
    full = np.clip(1 - np.abs(x) ** 3, 0, 1) ** 0.6 * np.clip(1 - (1 - inner) ** 2.4, 0, 1) ** 0.7
    folds = 1 + 0.25 * (1 - inner) * np.sin(x * rng.uniform(14, 26) + rng.uniform(0, 6)) + 0.12 * t.noise(rng, n, 3, 3)
    crimp = 0.0008 * (inner == 0) * np.sin(np.arange(n) * 2.1)[:, None]
    top, low = (sheet(h / 2 * full * np.clip(f, 0.3, 1.5) + crimp, (w, d), 0.0012) for f in (folds, folds[:, ::-1]))
    narrow = np.tile((1 - 0.1 * full).reshape(-1, 1), (2, 1))
    top, low = (Mesh(m.vertices * np.hstack((narrow, np.ones_like(narrow), np.ones_like(narrow))), m.faces, m.uv) for m in (top, low))
    return join([top.moved((0, 0, h / 2)), low.moved((0, 0, h / 2), rotation("y", 180))])


@KINDS.add("bag", ANYWHERE, False, 1.0, 0.15)
def tote_bag(rng: Rng, materials: Materials) -> list[Part]:
    """Of cloth, lying, its two straps beside it."""
    w, h, n = rng.uniform(0.3, 0.4), rng.uniform(0.32, 0.44), 40
    look = cloth_look(rng) if rng.random() < 0.5 else paint(rng, 0.11, (0.05, 0.3), (0.7, 0.98), 0.12)
    y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j]
    edge = np.clip(1 - np.maximum(np.abs(x), np.abs(y)) ** 6, 0, 1)
    bulge = rng.uniform(0.008, 0.04)
    heights = (0.004 + bulge * edge * (0.6 + 0.4 * np.cos(2 * x) + 0.5 * t.noise(rng, n, 3, 3)).clip(0, 2)).astype(float)
    body = sheet(heights, (w, h), 0.003)
    v = body.vertices.copy()
    v[:, 0] *= 1 + 0.03 * np.sin(v[:, 1] * 15 + rng.uniform(0, 6))
    inner = slice(n // 5, n - n // 5)
    print_top = sheet(heights[inner, inner] + 0.0035, (w * 0.6, h * 0.6), 0.0005)
    parts = [Part(Mesh(v, body.faces, body.uv), look, (box((w * 0.9, h * 0.9, 0.006 + bulge * 0.7)),))]
    if rng.random() < 0.7:
        parts.append(Part(print_top, printed(rng, materials) if rng.random() < 0.7 else cloth_look(rng), ()))
    strap = look if rng.random() < 0.6 else cloth_look(rng)
    for k in range(2):
        long, lean = rng.uniform(0.16, 0.3), rng.uniform(-0.12, 0.12)
        knots = [(-w * 0.22, h * 0.42, 0.014), (-w * 0.2 + lean * 0.6, h * 0.5 + long * 0.5, 0.006), (lean, h * 0.5 + long, 0.005),
                 (w * 0.2 + lean * 0.6, h * 0.5 + long * 0.5, 0.006), (w * 0.22, h * 0.42, 0.014)]  # fmt: skip
        line = curve(np.add(knots, (0, 0, 0.003 * k)), 40)
        parts.append(Part(tube(line, rng.uniform(0.011, 0.016), 8, 0.15), strap, ()))
    return parts


@KINDS.add("bag", TABLE, False, 1.1, 0.08)
def crisps_bag(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.09, 0.13, 0.04), (0.22, 0.32, 0.08))
    look = printed(rng, materials)
    shiny = Look(look.image, specular=rng.uniform(0.5, 1.0), shininess=rng.uniform(0.4, 0.9))
    body = pillow_bag(rng, w, d, h, rng.uniform(0.008, 0.016))
    if rng.random() < 0.3:  # torn open: silver inside
        mouth = turned([(1, 0.002), (0.6, 0.001), (0, 0)], 24).moved((0, d / 2 - 0.012, h * 0.5), rotation("x", -65), (w * 0.4, h * 0.5, 0.3))
        return [Part(body, shiny), Part(mouth, steel(rng), ())]
    return [Part(body, shiny)]


@KINDS.add("bag", TABLE, False, 1.0, 0.15)
def pencil_case(rng: Rng, materials: Materials) -> list[Part]:
    n, look = rng.uniform(0.18, 0.24), [cloth_look, leather, plastic][int(rng.choice([0, 0, 1, 2]))](rng)
    zip_look, tag_look = steel(rng) if rng.random() < 0.5 else dark(rng), handle_look(rng)
    if rng.random() < 0.5:  # round
        r = rng.uniform(0.028, 0.04)
        roll = turned([(0, 0), (r * 0.85, 0), (r, 0.008), (r, n - 0.008), (r * 0.85, n), (0, n)], 28).moved((-n / 2, 0, r), ALONG_X)
        seams = [turned([(r * 0.98, -0.003), (r * 1.04, 0), (r * 0.98, 0.003)], 28).moved((x * (n / 2 - 0.009), 0, r), ALONG_X) for x in (-1, 1)]
        top, parts = 2 * r, [Part(roll, look), Part(join(seams), tag_look, ())]
    else:  # a wedge, thin at the zip
        d, h = rng.uniform(0.045, 0.07), rng.uniform(0.07, 0.11)
        lump = rounded((n, d, h), 0.3, 30, 0.015, rng)
        share = lump.vertices[:, 2:] / h
        lump = Mesh(lump.vertices * np.hstack((np.ones_like(share), 1 - 0.75 * share, np.ones_like(share))), lump.faces, lump.uv)
        top, parts = h, [Part(lump, look)]
    teeth = [box((n * 0.86, 0.007, 0.003)).moved((0, 0, top - 0.0015)), box((0.009, 0.009, 0.006)).moved((x := n * rng.uniform(-0.35, 0.4), 0, top))]
    tag = rounded((0.032, 0.01, 0.003), 0.3).moved((x + 0.018, 0, top + 0.003), rotation("y", 12))
    parts += [Part(join(teeth), zip_look, ()), Part(tag, tag_look, ())]
    return parts


@KINDS.add("bag", "floor table", True, 1.0, 1.0)
def messenger_bag(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.28, 0.08, 0.22), (0.42, 0.13, 0.32))
    look = leather(rng) if rng.random() < 0.5 else cloth_look(rng)
    second, metal = look if rng.random() < 0.6 else leather(rng), steel(rng)
    drop = h * rng.uniform(0.5, 0.85)
    # a firm bottom, as it would topple on its round edges
    parts = [Part(rounded((w, d, h), 0.2, 30, 0.01, rng), look, (box((w * 0.96, d * 1.1, h * 0.97)),))]
    s = np.linspace(0, 1, 7)
    side = [(d * 0.5 - d * s[k], h + 0.002) for k in range(7)] + [(-d * 0.54, h - 0.012), (-d * 0.56, h - drop)]
    flap = profiled([*side, *((y + 0.005 * (k > 5), z - 0.006 * (k < 7)) for k, (y, z) in reversed(list(enumerate(side))))], w * 0.96)
    parts.append(Part(flap.moved(turn=rotation("z", 90)), second, ()))
    if rng.random() < 0.7:
        belts = [box((0.024, 0.004, drop * 0.8)).moved((x * w * 0.28, -d * 0.57, h - drop - 0.03)) for x in (-1, 1)]
        buckles = [box((0.034, 0.006, 0.026)).moved((x * w * 0.28, -d * 0.575, h - drop + 0.02)) for x in (-1, 1)]
        parts += [Part(join(belts), leather(rng), ()), Part(join(buckles), metal, ())]
    elif rng.random() < 0.6:
        parts.append(Part(box((w * 0.4, 0.001, drop * 0.4)).moved((0, -d * 0.563, h - drop * 0.75)), printed(rng, materials), ()))
    pocket = rounded((d * 0.3, d * 0.8, h * 0.5), 0.3, 16)
    parts += [Part(pocket.moved((x * w * 0.5, 0, h * 0.08)), look, ()) for x in (-1, 1)[: int(rng.integers(0, 3))]]
    sway, up = rng.uniform(0.05, 0.2), rng.random() < 0.4
    over = [(-w / 2 - 0.004, 0, h * 0.7), (-w * 0.52, 0, h * 0.95), (-w * 0.3, 0, h * 1.35), (0, 0, h * 1.5), (w * 0.3, 0, h * 1.35)]
    down = [(-w / 2 - 0.004, 0, h * 0.7), (-w * 0.54, 0.0, h * 0.9), (-w * 0.5, d * 0.8, h * 0.55), (-w * 0.3, d * 0.8 + sway * 0.6, 0.012),
            (0, d * 0.8 + sway, 0.01), (w * 0.3, d * 0.8 + sway * 0.6, 0.012), (w * 0.5, d * 0.8, h * 0.55)]  # fmt: skip
    line = curve([*(over if up else down), (w * (0.52 if up else 0.54), 0, h * (0.95 if up else 0.9)), (w / 2 + 0.004, 0, h * 0.7)], 50)
    line[:, 2] = np.maximum(line[:, 2], 0.004)
    return [*parts, Part(tube(line, 0.017, 8, 0.15), second, ())]


@KINDS.add("bag", TABLE, False, 1.0, 1.0)
def fruit_net(rng: Rng, materials: Materials) -> list[Part]:
    """Oranges, lemons, limes or apples in a net."""
    hue, r, oval = *[(0.08, 0.036), (0.14, 0.027), (0.25, 0.025), (0.0, 0.036)][int(rng.integers(4))], rng.uniform(0.95, 1.15)
    peel, spots = Look(t.skin_of(hue, rng, 64), specular=0.4), []
    for layer in range(int(rng.integers(2, 5))):
        a = rng.uniform(0, 6)
        spots += [(1.75 * r * layer + rng.normal(0, 0.003), 1.12 * r * np.cos(a + 2.09 * k), 1.12 * r * np.sin(a + 2.09 * k)) for k in range(3)]
    end = max(s[0] for s in spots)
    fruit = rounded((2 * r * oval, 2 * r, 2 * r), 1.0, 18).moved((0, 0, -r))
    parts = [Part(fruit.moved(spot, rotation("z", rng.uniform(0, 360))), peel) for spot in spots]
    ends, s = (-1.3 * r, end + 1.3 * r), np.linspace(0, 1, 36)
    bulge = 2.2 * r * np.clip(1 - np.abs(2 * s - 1) ** 3.2, 0.015, 1) ** 0.6
    threads = []
    for way in (-1, 1):
        for a in np.arange(12) * np.pi / 6:
            line = np.column_stack((ends[0] + (ends[1] - ends[0]) * s, bulge * np.cos(a + way * 1.6 * s), bulge * np.sin(a + way * 1.6 * s)))
            threads.append(tube(line, 0.0007, 4))
    tails = [tube([(x, 0, 0), (x + way * 0.012, 0, 0), (x + way * 0.035, rng.normal(0, 0.01), -r * 0.6)], [0.005, 0.004, 0.01], 8, 0.6)
             for x, way in zip(ends, (-1, 1))]  # fmt: skip
    tag = Part(box((0.05, 0.001, 0.035)).moved((ends[1] - 0.005, -0.012, -0.012), rotation("z", 40)), printed(rng, materials), ())
    net = paint(rng, hue if rng.random() < 0.6 else rng.choice([0.0, 0.33, 0.14]), (0.7, 1.0), (0.5, 1.0), 0)
    clip = join([cylinder(0.006, 0.008, 10).moved((x - 0.004, 0, 0), ALONG_X) for x in ends])
    parts += [Part(join([*threads, *tails]), net, ()), Part(clip, steel(rng), ()), tag]
    return [p.moved((-end / 2, 0, 2.15 * r)) for p in parts]


@KINDS.add("bag", TABLE, True, 1.0, 0.8)
def flour_bag(rng: Rng, materials: Materials) -> list[Part]:
    """Flour, sugar or coffee: a full paper bag, its top folded flat or rolled down."""
    w, d, h = rng.uniform((0.08, 0.055, 0.12), (0.14, 0.1, 0.21))
    plain = rng.random() < 0.3
    look = card(rng) if plain else printed(rng, materials)
    body = rounded((w, d, h), 0.16, 36, 0.008, rng)
    parts = [Part(body, look)]
    if rng.random() < 0.5:  # folded flat
        folds = [box((w * 0.93, d * 0.5, 0.004)).moved((0, y * d * 0.2, h - 0.003 + z), rotation("x", y * 4)) for y, z in ((1, 0), (-1, 0.002))]
        ear = plate([(0, -d * 0.4), (w * 0.2, 0), (0, d * 0.4)], 0.003)
        ears = [ear.moved((x * w * 0.45, 0, h), rotation("z", 0 if x < 0 else 180)) for x in (-1, 1)]
        parts.append(Part(join([*folds, *ears]), look if rng.random() < 0.5 else card(rng), ()))
    else:  # narrowing to a rolled end
        roof = profiled([(-d * 0.46, 0), (d * 0.46, 0), (0.006, h * 0.22), (-0.006, h * 0.22)], w * 0.93).moved((0, 0, h * 0.93), rotation("z", 90))
        roll = tube([(-w * 0.49, 0, 0), (w * 0.49, 0, 0)], rng.uniform(0.007, 0.011), 12, 1.3).moved((0, -0.006, h * 1.14))
        band = box((w * 1.04, 0.004, 0.007)).moved((0, -0.017, h * 1.13))
        parts += [Part(roof, look), Part(roll, look, ()), Part(band, paint(rng), ())]
    if plain:
        parts.append(Part(box((w * 0.6, 0.001, h * 0.4)).moved((0, -d * 0.505, h * 0.3)), printed(rng, materials), ()))
    return parts


@KINDS.add("bag", ANYWHERE, True, 1.0, 0.3)
def gift_bag(rng: Rng, materials: Materials) -> list[Part]:
    """Of stiff paper, with cords to carry it and tissue paper looking out."""
    w, d, h = rng.uniform((0.12, 0.06, 0.14), (0.28, 0.13, 0.34))
    look, e = wrapping(rng, materials) if rng.random() < 0.6 else printed(rng, materials), 0.002
    faces = [box((w, e, h)).moved((0, y * d / 2, 0)) for y in (-1, 1)]
    inside = [box((w, d, e)), *faces, *(box((e, d, h)).moved((x * (w / 2 - e / 2), 0, 0)) for x in (-1, 1))]
    side = look if rng.random() < 0.5 else paint(rng)
    parts = [*(Part(m, look) for m in inside[:3]), *(Part(m, side) for m in inside[3:])]
    high, cord = rng.uniform(0.06, 0.12), paint(rng, None, (0, 1), (0.1, 1.0))
    grips = []
    for y in (-1, 1):
        grips.append(tube(arc(w * 0.42, high), 0.0026, 8).moved((0, y * (d / 2 + 0.003), h * 0.95), rotation("x", y * rng.uniform(-15, 60))))
    parts.append(Part(join(grips), cord, ()))
    if rng.random() < 0.7:  # crumpled paper
        paper, tips = paint(rng, None, (0, 0.9), (0.6, 1.0), 0.05), []
        for _ in range(int(rng.integers(5, 10))):
            tall, wide = rng.uniform(0.03, 0.08), rng.uniform(0.02, 0.05)
            a = np.linspace(-1, 1, 9)
            leaf = sheet(0.008 * np.sin(a * rng.uniform(3, 6))[None, :] + 0 * a[:, None], (wide * 2, tall), 0.001)
            v = leaf.vertices * np.column_stack((0.75 - leaf.vertices[:, 1] / tall, np.ones(len(leaf.vertices)), np.ones(len(leaf.vertices))))
            turn = rotation("z", rng.uniform(0, 360)) @ rotation("x", 90 - rng.uniform(-25, 25))
            at = (rng.uniform(-0.36, 0.36) * w, rng.uniform(-0.3, 0.3) * d, h + tall * 0.2)
            tips.append(Mesh(v, leaf.faces, leaf.uv).moved(at, turn))
        filling = box((w * 0.95, d * 0.9, 0.01)).moved((0, 0, h * 0.88))
        parts.append(Part(join([*tips, filling]), paper, (filling,)))
    if rng.random() < 0.4:
        tag = box((0.03, 0.001, 0.045)).moved((w * 0.1, -d / 2 - 0.003, h * 0.85), rotation("y", 15))
        parts.append(Part(tag, paint(rng, None, (0, 0.5), (0.8, 1.0)), ()))
    return parts


@KINDS.add("bag", TABLE, False, 0.9, 0.08)
def coin_purse(rng: Rng, materials: Materials) -> list[Part]:
    """A soft pouch with a metal clasp."""
    w, thick = rng.uniform(0.06, 0.13), rng.uniform(0.022, 0.04)
    h, look = w * rng.uniform(0.7, 0.95), leather(rng) if rng.random() < 0.5 else cloth_look(rng)
    pouch = rounded((w * 1.12, h * 1.1, thick), 0.8, 30, 0.02, rng)
    v = pouch.vertices.copy()
    up = np.clip(v[:, 1] / (h * 0.55), -1, 1)
    v[:, 0] *= 1 - 0.14 * np.clip(up, 0, 1)
    v[:, 2] = thick / 2 + (v[:, 2] - thick / 2) * (1 - 0.45 * np.clip(up, 0, 1) + 0.06 * np.sin(v[:, 0] * 260) * np.clip(up, 0, 1))
    gold = Look(None, (0.88, 0.7, 0.35, 1), 1.0, 0.7) if rng.random() < 0.6 else steel(rng)
    s = np.linspace(0, np.pi, 17)
    flat = rng.uniform(0.25, 0.6)
    bow = np.column_stack((w * 0.47 * np.cos(s), h * 0.12 + h * 0.46 * np.sin(s) ** flat, np.full(17, thick / 2)))
    frame = [tube(bow + (0, 0, z), 0.0028, 8) for z in (-0.003, 0.003)]
    beads = [rounded((0.011,) * 3, 1.0, 14).moved((x * 0.005, h * 0.58 + 0.005, thick / 2 - 0.0055 + x * 0.003)) for x in (-1, 1)]
    parts = [Part(Mesh(v, pouch.faces, pouch.uv), look), Part(join([*frame, *beads]), gold, ())]
    if rng.random() < 0.35:
        a = np.linspace(0, 2 * np.pi, 9)
        x, y = w * 0.47, h * 0.15
        links = [tube([(x + 0.005 + 0.009 * k + 0.006 * np.cos(b), y - 0.003 * k**1.3 + 0.004 * np.sin(b), 0.002) for b in a], 0.0011, 5)
                 for k in range(int(rng.integers(6, 14)))]  # fmt: skip
        parts.append(Part(join(links), gold, ()))
    return parts
