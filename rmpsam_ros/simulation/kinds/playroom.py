"""Toy figures and vehicles: dolls, boats, trains, horses, ducks, cranes."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import BLACK, ring
from rmpsam_ros.simulation.kinds.kitchen import paint, waved
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.vessels import handle_look
from rmpsam_ros.simulation.kinds.wardrobe import ANYWHERE, cloth_look
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, profiled, tapered
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def bright(rng: Rng) -> Look:
    """Lacquer or plastic of toys; occasionally bare wood."""
    image = t.wood(rng, 64) if rng.random() < 0.15 else t.plain(rng, 16, t.color(rng, (0.6, 1.0), (0.5, 1.0)), 0.02)
    return Look(image, specular=rng.uniform(0.3, 0.8), shininess=0.6)


def rainbow(rng: Rng, count: int) -> list[Look]:
    """Bright colours, each of a different hue."""
    start, strong = rng.random(), rng.uniform(0.6, 0.95)
    return [Look(t.plain(rng, 16, t.color(rng, (strong, 1), (0.65, 1), start + k / count), 0.02), specular=0.5) for k in range(count)]


@KINDS.add("toy", ANYWHERE, False, 1.1, 0.25)
def doll(rng: Rng, materials: Materials) -> list[Part]:
    s, skin = rng.uniform(0.05, 0.1), Look(t.plain(rng, 32, t.color(rng, (0.2, 0.6), (0.35, 0.98), 0.06), 0.02), specular=rng.uniform(0, 0.4))
    dress, hair = cloth_look(rng), Look(t.plain(rng, 64, t.color(rng, (0.2, 0.9), (0.06, 0.9), rng.choice([0.06, 0.1, 0.03])), 0.4), specular=0.1)
    long, big = rng.uniform(0.8, 1.3), rng.uniform(0.85, 1.2)
    flare, h = rng.uniform(0.75, 1.05), 1.0 + 0.3 * long
    skirt = turned([(0, 0), (flare, 0), (0.72 * flare, 0.35), (0.3, h * 0.62), (0.34, h * 0.85), (0.2, h), (0, h)], 48)
    body = waved(skirt, int(rng.integers(7, 12)), 0.05) if rng.random() < 0.7 else skirt.moved(scale=(0.55, 0.5, 1))
    head = rounded((0.8 * big, 0.76 * big, 0.84 * big), 0.95, 22).moved((0, 0, h - 0.05))
    top = h - 0.05 + 0.84 * big
    cap = rounded((0.9 * big, 0.86 * big, 0.7 * big), 0.95, 22).moved((0, 0.1 * big, top - 0.62 * big))
    locks, style = [cap], rng.integers(3)
    if style == 0:
        locks += [tube(curve([(x * 0.38 * big, 0.05, top - 0.25), (x * 0.66 * big, 0, top - 0.5), (x * 0.6 * big, -0.08, top - 1.1)], 12),
                       0.15 * np.linspace(0.7, 1, 12), 10) for x in (-1, 1)]  # fmt: skip
    elif style == 1:
        locks.append(rounded((0.86 * big, 0.5 * big, 1.25 * big), 0.6, 18).moved((0, 0.22 * big, top - 1.3 * big)))
    else:
        locks.append(rounded((0.42,) * 3, 0.9, 16).moved((0, 0.1, top - 0.05)))
    legs = [join([tube([(x * 0.19, 0, h * 0.4), (x * 0.2, 0, -0.4 * long), (x * 0.2, 0, -0.75 * long)], 0.13, 10),
                  rounded((0.28, 0.42, 0.2), 0.6, 14).moved((x * 0.2, -0.07, -0.75 * long - 0.1))]) for x in (-1, 1)]  # fmt: skip
    arms, sleeves = [], []
    for x in (-1, 1):
        hand = np.array((x * rng.uniform(0.55, 0.95), rng.uniform(-0.3, 0.05), h * rng.uniform(0.4, 1.0)))
        shoulder = np.array((x * 0.24, 0, h * 0.9))
        arms.append(join([tube([shoulder, (shoulder + hand) / 2, hand], 0.1, 10), rounded((0.24,) * 3, 0.9, 12).moved(hand - (0, 0, 0.12))]))
        sleeves.append(tube([shoulder - (x * 0.08, 0, 0), shoulder + 0.45 * (hand - shoulder)], [0.17, 0.19], 12))
    eyes = [rounded((0.1, 0.06, 0.13), 1.0, 10).moved((x * 0.17 * big, -0.36 * big, h + 0.42 * big)) for x in (-1, 1)]
    cheeks = [rounded((0.14, 0.04, 0.1), 1.0, 10).moved((x * 0.25 * big, -0.31 * big, h + 0.2 * big)) for x in (-1, 1)]
    mouth = tube([(-0.09, -0.385 * big, h + 0.16 * big), (0, -0.39 * big, h + 0.12 * big), (0.09, -0.385 * big, h + 0.16 * big)], 0.022, 6)
    red = paint(rng, 0.98, (0.4, 0.8), (0.7, 1.0), 0)
    if seated := rng.random() < 0.4:
        legs = [leg.moved((0, 0, 0.12), rotation("x", -80)) for leg in legs]
    parts = [Part(body, dress), Part(head, skin), Part(join(locks), hair, ()), *(Part(m, skin) for m in (*legs, *arms)),
             Part(join(sleeves), dress, ()), Part(join(eyes), BLACK, ()), Part(join([*cheeks, mouth]), red, ())]  # fmt: skip
    turn = np.eye(3) if seated else rotation("x", -90)
    parts = [p.moved(turn=turn, scale=s) for p in parts]
    low = min(p.mesh.bounds()[0][2] for p in parts)
    return [p.moved((0, 0, -low)) for p in parts]


@KINDS.add("toy", ANYWHERE, False, 0.8, 0.05)
def rattle(rng: Rng, materials: Materials) -> list[Part]:
    n, r, looks = rng.uniform(0.06, 0.09), rng.uniform(0.022, 0.032), rainbow(rng, 5)
    grip = tube([(-n * u, 0, r) for u in np.linspace(0, 1, 9)], 0.006 * np.array([1, 1, 1.15, 1, 1.15, 1, 1.15, 1, 1]), 12)
    end = ring(r * 0.62, 0.005).moved((-n - r * 0.62, 0, r - 0.005))
    parts, kind = [Part(grip, looks[0]), Part(end, looks[1])], rng.integers(3)
    if kind == 0:  # a ball
        parts += [Part(rounded((2 * r,) * 3, 1.0, 24).moved((r * 0.9, 0, 0)), looks[2]),
                  Part(turned([(r * 1.01, -0.005), (r * 1.03, 0), (r * 1.01, 0.005)], 28).moved((r * 0.9, 0, r), ALONG_X), looks[3], ())]  # fmt: skip
    elif kind == 1:  # two ends alike
        parts[1] = Part(rounded((1.7 * r,) * 3, 0.9, 20).moved((-n - r * 0.7, 0, r * 0.15)), looks[2])
        parts.append(Part(rounded((1.7 * r,) * 3, 0.9, 20).moved((r * 0.7, 0, r * 0.15)), looks[3]))
    else:  # beads on a ring
        a, big = np.linspace(0, 2 * np.pi, 13)[:-1], r * 1.35
        parts.append(Part(ring(big, 0.004).moved((big, 0, r - 0.004)), looks[2]))
        parts += [Part(rounded((r * 0.62,) * 3, 1.0, 14).moved((big + big * np.cos(b), big * np.sin(b), r * 0.69)), looks[k % 5], ())
                  for k, b in enumerate(a) if k % 4]  # fmt: skip
    return parts


@KINDS.add("toy", ANYWHERE, True, 1.0, 0.2)
def toy_boat(rng: Rng, materials: Materials) -> list[Part]:
    n, hull_look, deck = rng.uniform(0.12, 0.26), bright(rng), bright(rng)
    w, h, s = n * rng.uniform(0.32, 0.42), n * rng.uniform(0.14, 0.2), np.linspace(0, 1, 9)
    side = w / 2 * np.clip(1 - s**2.2, 0, 1)
    outline = np.array([*zip(-n * 0.5 + n * s, side), *zip((-n * 0.5 + n * s)[-2::-1], -side[-2::-1])])
    hull = plate(outline, h)
    v = hull.vertices.copy()
    up = v[:, 2:] / h
    v[:, :2] *= np.hstack((0.82 + 0.18 * up, 0.6 + 0.4 * up))
    v[:, 2] += h * 0.35 * np.clip(v[:, 0] / n * 2, 0, 1) ** 2 * up[:, 0]
    parts = [Part(Mesh(v, hull.faces, hull.uv), hull_look), Part(plate(outline * 0.93, h * 0.04).moved((-n * 0.02, 0, h)), deck, ())]
    if rng.random() < 0.5:  # with sails
        mast, sail = n * rng.uniform(0.8, 1.1), Look(t.fabric(rng), specular=0) if rng.random() < 0.4 else paint(rng, None, (0, 0.9), (0.7, 1.0))
        parts.append(Part(tube([(0, 0, h * 0.9), (0, 0, h + mast)], n * 0.012, 8), handle_look(rng)))
        main = [(-n * 0.03, h + n * 0.1), (-n * 0.03, h + mast * 0.97), (-n * 0.48, h + n * 0.12)]
        jib = [(n * 0.03, h + mast * 0.9), (n * 0.03, h + n * 0.1), (n * 0.42, h + n * 0.1)]
        parts += [Part(profiled(sail_line, 0.003), sail) for sail_line in ((main, jib) if rng.random() < 0.8 else (main,))]
        parts.append(Part(tube([(0, 0, h + n * 0.08), (-n * 0.5, 0, h + n * 0.1)], n * 0.01, 8), parts[2].look, ()))
        return parts
    z, second, x = h, bright(rng), -n * 0.16
    for k in range(int(rng.integers(1, 4))):
        size = np.array((n * (0.42 - 0.1 * k), w * (0.62 - 0.1 * k), n * 0.11))
        parts.append(Part(rounded(size, 0.15, 20).moved((x, 0, z)), second if k % 2 == 0 else deck))
        panes = [cylinder(n * 0.022, 0.002, 14).moved((x + u * size[0] * 0.3, y * (size[1] / 2 - 0.001), z + size[2] * 0.55), rotation("x", -90 * y))
                 for u in (-1, 0, 1) for y in (-1, 1)]  # fmt: skip
        parts.append(Part(join(panes), BLACK, ()))
        z += size[2]
    count = int(rng.integers(1, 3))
    for k in range(count):
        at = (x + (k - (count - 1) / 2) * n * 0.13, 0, z - 0.001)
        parts += [Part(cylinder(n * 0.045, n * 0.15, 18).moved(at, rotation("y", -8)), hull_look),
                  Part(cylinder(n * 0.047, n * 0.04, 18).moved(np.add(at, (-0.014 * n, 0, n * 0.09)), rotation("y", -8)), second, ())]  # fmt: skip
    return parts


@KINDS.add("toy", "table floor shelf", True, 1.0, 0.4)
def toy_train(rng: Rng, materials: Materials) -> list[Part]:
    """A steam engine and up to three waggons."""
    s, wood, looks = rng.uniform(0.03, 0.055), Look(t.wood(rng), specular=0.3), rainbow(rng, 6)
    looks = [wood if rng.random() < 0.2 else look for look in looks]
    wheel_look, base = BLACK if rng.random() < 0.5 else bright(rng), dark(rng) if rng.random() < 0.5 else looks[5]
    parts = []

    def chassis(x: float, n: float, count: int) -> None:
        disc = cylinder(s * 0.3, s * 0.14, 18)
        spots = [(x + n * 0.36 * u, y) for u in np.linspace(-1, 1, count) for y in (-1, 1)]
        wheels = [disc.moved((u, y * s * 0.56 + s * 0.07, s * 0.3), rotation("x", 90)) for u, y in spots]
        hubs = [rounded((s * 0.16,) * 3, 1.0, 10).moved((u, y * s * 0.62, s * 0.22)) for u, y in spots]
        parts.extend([Part(box((n, s * 0.9, s * 0.22)).moved((x, 0, s * 0.3)), base), Part(join(wheels), wheel_look), Part(join(hubs), looks[4], ())])

    chassis(0, 2.4 * s, 3)
    parts.append(Part(cylinder(s * 0.42, s * 1.5, 24).moved((-s * 0.35, 0, s * 0.92), ALONG_X), looks[0]))
    parts.append(Part(cylinder(s * 0.44, s * 0.16, 24).moved((s * 1.05, 0, s * 0.92), ALONG_X), looks[1], ()))
    parts.append(Part(rounded((s * 0.8, s * 0.98, s * 1.25), 0.1, 20).moved((-s * 0.8, 0, s * 0.5)), looks[1]))
    parts.append(Part(rounded((s * 1.0, s * 1.15, s * 0.16), 0.2, 20).moved((-s * 0.8, 0, s * 1.72)), looks[2]))
    stack = turned([(0, 0), (s * 0.15, 0), (s * 0.14, s * 0.35), (s * rng.uniform(0.18, 0.32), s * 0.6), (s * 0.16, s * 0.62), (0, s * 0.5)], 18)
    parts.append(Part(stack.moved((s * 0.75, 0, s * 1.28)), looks[3]))
    parts.append(Part(rounded((s * 0.34, s * 0.34, s * 0.3), 0.9, 16).moved((s * 0.15, 0, s * 1.22)), looks[4], ()))
    panes = [box((s * 0.42, s * 0.02, s * 0.42)).moved((-s * 0.8, y * s * 0.49, s * 1.2)) for y in (-1, 1)]
    parts.append(Part(join(panes), BLACK, ()))
    x = -s * 1.3
    for k in range(int(rng.integers(0, 4))):
        n, look = s * rng.uniform(1.6, 2.2), looks[(k + 3) % 6]
        parts.append(Part(box((s * 0.5, s * 0.12, s * 0.08)).moved((x, 0, s * 0.36)), dark(rng), ()))
        x -= n / 2 + s * 0.15
        chassis(x, n, 2)
        load = rng.integers(3)
        if load == 0:
            parts.append(Part(rounded((n * 0.95, s * 0.95, s * 0.95), 0.1, 20).moved((x, 0, s * 0.5)), look))
            parts.append(Part(rounded((n, s * 1.1, s * 0.15), 0.2, 20).moved((x, 0, s * 1.42)), looks[2]))
        elif load == 1:
            logs = [cylinder(s * 0.2, n * 0.9, 14).moved((x - n * 0.45, y * s, s * (0.7 + u)), ALONG_X) for y, u in ((-0.2, 0), (0.2, 0), (0, 0.34))]
            parts.append(Part(join(logs), wood))
        else:
            parts.append(Part(box((n * 0.95, s * 0.95, s * 0.6)).moved((x, 0, s * 0.5)), look))
            lumps = [rounded((s * 0.4,) * 3, 0.7, 10).moved((x + u * n * 0.4, y * s * 0.28, s * 0.9)) for u, y in rng.uniform(-1, 1, (14, 2))]
            parts.append(Part(join(lumps), bright(rng), ()))
        x -= n / 2 + s * 0.15
    return [p.moved((-x / 2 - s * 0.6, 0, 0)) for p in parts]


@KINDS.add("toy", "floor", True, 0.8, 3.0)
def rocking_horse(rng: Rng, materials: Materials) -> list[Part]:
    n, look = rng.uniform(0.3, 0.6), timber(rng, materials) if rng.random() < 0.6 else paint(rng, rng.choice([0.07, 0.1, 0.6]), (0, 0.6), (0.4, 1.0))
    rail, cloth, mane = handle_look(rng), cloth_look(rng), paint(rng, rng.choice([0.06, 0.1]), (0, 0.7), (0.08, 0.95), 0.4)
    a = np.linspace(-0.85, 0.85, 17)
    arc = np.column_stack((n * 0.95 * np.sin(a), 0 * a, n * 0.95 * (1 - np.cos(a)) + n * 0.03))
    rails = [tube(arc + (0, y * n * 0.2, 0), n * 0.03, 8, 1.2) for y in (-1, 1)]
    bars = [tube([(x * n * 0.42, -n * 0.2, n * 0.12), (x * n * 0.42, n * 0.2, n * 0.12)], n * 0.02, 8) for x in (-1, 1)]
    flat = [box((n * 0.1, n * 0.06, n * 0.01)).moved((x, y * n * 0.2, 0)) for x in (-n * 0.15, n * 0.15) for y in (-1, 1)]
    z = n * 0.62
    body = tube(curve([(-0.36, 0, 0), (-0.3, 0, 0.01), (0, 0, -0.03), (0.3, 0, 0.02), (0.36, 0, 0.03)], 13) * n + (0, 0, z),
                n * np.array([0.05, 0.11, 0.13, *[0.135] * 7, 0.13, 0.11, 0.05]), 16, 1.1)  # fmt: skip
    neck = tube(n * np.array([(0.24, 0, 0.62), (0.36, 0, 0.8), (0.43, 0, 0.96)]), n * np.array([0.12, 0.09, 0.075]), 14)
    head = tapered(rounded((n * 0.3, n * 0.14, n * 0.15), 0.7, 18), 0.7, 0.75).moved((n * 0.5, 0, n * 0.88), rotation("y", 35))
    ears = [turned([(n * 0.025, 0), (0, n * 0.07)], 10).moved((n * 0.42, y * n * 0.045, n * 1.02)) for y in (-1, 1)]
    leg_thick = n * np.array([0.07, 0.045, 0.038])
    legs = [tube(n * np.array([(x * 0.25, y * 0.08, 0.6), (x * 0.34, y * 0.15, 0.35), (x * 0.42, y * 0.2, 0.13)]), leg_thick, 10)
            for x in (-1, 1) for y in (-1, 1)]  # fmt: skip
    hair = [rounded((n * 0.05, n * 0.06, n * 0.13), 0.7, 10).moved((n * (0.29 + 0.2 * u), 0, n * (0.7 + 0.32 * u)), rotation("y", 25))
            for u in np.linspace(0, 0.95, 6)]  # fmt: skip
    tail = tube(curve(n * np.array([(-0.34, 0, 0.68), (-0.45, 0, 0.7), (-0.5, 0, 0.5), (-0.47, 0, 0.36)]), 12),
                n * np.linspace(0.02, 0.05, 12) * np.array([1] * 10 + [0.8, 0.2]), 10)  # fmt: skip
    saddle = turned([(1.04, -0.12), (1.1, -0.1), (1.1, 0.1), (1.04, 0.12)], 24).moved((0, 0, z - n * 0.008), ALONG_X, (n * 0.14, n * 0.136, n))
    eyes = [rounded((n * 0.03,) * 3, 1.0, 10).moved((n * 0.5, y * n * 0.063, n * 0.92)) for y in (-1, 1)]
    grip = tube([(n * 0.42, -n * 0.16, n * 0.88), (n * 0.42, n * 0.16, n * 0.88)], n * 0.018, 8)
    return [Part(body, look), Part(neck, look), Part(head, look), *(Part(leg, look) for leg in legs), *(Part(r, rail) for r in rails),
            Part(join(flat), rail), Part(join([*bars, grip]), rail, ()), Part(join(ears), look, ()), Part(join([*hair, tail]), mane, ()),
            Part(saddle, cloth, ()), Part(join(eyes), BLACK, ())]  # fmt: skip


@KINDS.add("toy", ANYWHERE, True, 1.0, 0.06)
def rubber_duck(rng: Rng, materials: Materials) -> list[Part]:
    s = rng.uniform(0.035, 0.09)
    look = Look(t.plain(rng, 32, t.color(rng, (0.75, 1), (0.85, 1.0), 0.14 if rng.random() < 0.7 else None), 0.01), specular=0.7, shininess=0.6)
    beak = paint(rng, rng.choice([0.06, 0.02]), (0.8, 1.0), (0.8, 1.0), 0)
    body = rounded((1.3, 1.0, 0.85), 0.85, 26)
    v = body.vertices.copy()
    v[:, 2] += 0.45 * np.clip(-v[:, 0] / 0.65, 0, 1) ** 2.5 * v[:, 2]  # the tail points up
    v[:, 1] *= 1 - 0.6 * np.clip(-v[:, 0] / 0.65, 0, 1) ** 3
    v[:, 2] = np.maximum(v[:, 2], 0.06) - 0.06
    size = rng.uniform(0.62, 0.78)
    head = rounded((size,) * 3, 1.0, 24).moved((0.34, 0, 0.6))
    bill = [rounded((0.36, 0.34 * k, 0.1), 0.7, 14).moved((0.34 + size * 0.55, 0, 0.6 + size * 0.3 + z)) for z, k in ((0.0, 0.85), (0.06, 1.0))]
    wings = [rounded((0.62, 0.16, 0.4), 0.9, 16).moved((-0.12, y * 0.47, 0.28), rotation("y", 14)) for y in (-1, 1)]
    eyes = [rounded((0.11,) * 3, 1.0, 10).moved((0.34 + size * 0.4, y * size * 0.24, 0.6 + size * 0.62)) for y in (-1, 1)]
    parts = [Part(Mesh(v, body.faces, body.uv), look), Part(head, look), Part(join(bill), beak, ()), Part(join(wings), look, ()),
             Part(join(eyes), BLACK, ())]  # fmt: skip
    if rng.random() < 0.35:  # dressed up
        extra = rng.integers(2)
        top = 0.6 + size * 0.9
        hat = turned([(0, 0), (0.42, 0), (0.42, 0.05), (0.24, 0.06), (0.24, 0.34), (0, 0.34)], 24).moved((0.32, 0, top), rotation("y", -8))
        scarf = ring(0.3, 0.08).moved((0.3, 0, 0.56))
        parts.append(Part(scarf if extra else hat, cloth_look(rng) if extra else dark(rng), ()))
    return [p.moved(scale=s) for p in parts]


@KINDS.add("toy", ANYWHERE, False, 0.9, 0.02)
def balloon_dog(rng: Rng, materials: Materials) -> list[Part]:
    s, look = rng.uniform(0.028, 0.05), Look(t.plain(rng, 16, t.color(rng, (0.5, 1), (0.5, 1)), 0), specular=1.0, shininess=0.9)
    u = np.linspace(-1, 1, 15)
    swell = np.sqrt(np.clip(1 - u**4, 0.03, 1))

    def link(a, b, thick: float) -> Part:
        a, b = (s * np.array(p, float) for p in (a, b))
        return Part(tube(a + (b - a) * (u[:, None] + 1) / 2, s * thick * swell, 14), look)

    legs = [((x, y * 0.15, 1.9), (x + 0.12 * np.sign(x), y * 0.42, 0.0)) for x in (-1.2, 0.9) for y in (-1, 1)]
    long = rng.uniform(1.0, 1.6)
    pieces = [*((a, b, 0.36) for a, b in legs), ((-1.2, 0, 2.0), (0.9, 0, 2.0), 0.38), ((0.95, 0, 2.1), (1.15, 0, 3.3), 0.33),
              ((1.1, 0, 3.5), (1.1 + long, 0, 3.3), 0.33), *(((1.1, y * 0.1, 3.5), (0.95, y * 0.6, 4.3), 0.3) for y in (-1, 1)),
              ((-1.25, 0, 2.1), (-1.75, 0, 3.2), 0.24)]  # fmt: skip
    parts = [link(*piece) for piece in pieces]
    tip = rounded((s * 0.3,) * 3, 1.0, 12).moved((-s * 1.8, 0, s * 3.2))
    return [*parts, Part(tip, look, ())]


@KINDS.add("toy", "floor table", True, 0.7, 0.5)
def toy_crane(rng: Rng, materials: Materials) -> list[Part]:
    """A tower of struts with an arm, a cabin and a hook."""
    s, look, second = rng.uniform(0.03, 0.05), bright(rng), bright(rng)
    high, arm, back = rng.uniform(4.5, 8), rng.uniform(3.5, 6), rng.uniform(1.4, 2.2)
    base = box((s * 2.6, s * 2.6, s * 0.4))

    def lattice(n: float, wide: float) -> list:
        """Standing: four posts and diagonals."""
        posts = [tube([(x * wide, y * wide, 0), (x * wide, y * wide, n)], s * 0.06, 6) for x in (-1, 1) for y in (-1, 1)]
        levels = np.linspace(0, n, max(int(n / wide / 2), 2) + 1)
        for k, (a, b) in enumerate(zip(levels[:-1], levels[1:])):
            for turn in (0, 90, 180, 270):
                ends = [(-wide, wide, a), (wide, wide, b)] if (k + turn // 90) % 2 else [(wide, wide, a), (-wide, wide, b)]
                posts.append(tube(ends, s * 0.045, 5).moved(turn=rotation("z", turn)))
        return posts

    turn = rotation("z", rng.uniform(0, 360))
    tower, boom = join(lattice(high * s, s * 0.38)), join(lattice((arm + back) * s, s * 0.26)).moved((-back * s, 0, 0), ALONG_X)
    top, at = high * s, arm * s * rng.uniform(0.5, 0.9)
    drop = rng.uniform(0.4, 0.8) * top
    hull = box((s * 0.76, s * 0.76, top))
    beam = box(((arm + back) * s, s * 0.52, s * 0.52)).moved(((arm - back) * s / 2, 0, -s * 0.26))
    load = [tube([(at, 0, 0), (at, 0, -drop)], s * 0.03, 6), rounded((s * 0.3,) * 3, 0.8, 10).moved((at, 0, -drop - s * 0.15))]
    hook = tube([(at + s * 0.2 * np.sin(a), 0, -drop - s * 0.35 + s * 0.2 * np.cos(a)) for a in np.linspace(0, 4.2, 12)], s * 0.05, 8)
    block = box((s * 0.9, s * 0.7, s * 0.8)).moved((-back * s * 0.8, 0, -s * 0.9))
    mast = tube([(0, 0, 0), (0, 0, s * 1.3)], s * 0.1, 8)
    ropes = [tube([(0, 0, s * 1.25), (x, 0, s * 0.2)], s * 0.03, 5) for x in (arm * s * 0.85, -back * s * 0.85)]
    cab = rounded((s * 1.0, s * 0.9, s * 1.0), 0.15, 16).moved((s * 0.1, 0, -s * 1.0))
    pane = box((s * 0.02, s * 0.7, s * 0.5)).moved((s * 0.6, 0, -s * 0.6))
    up = (0, 0, top + s * 0.66)
    swung = [(boom, look, (beam,)), (join(load), dark(rng), ()), (hook, dark(rng), ()), (block, dark(rng), None), (mast, look, ()),
             (join(ropes), BLACK, ()), (cab, second, None), (pane, BLACK, ())]  # fmt: skip
    return [Part(base, second), Part(tower.moved((0, 0, s * 0.4)), look, (hull.moved((0, 0, s * 0.4)),)),
            *(Part(m.moved(up, turn), p, None if w is None else tuple(x.moved(up, turn) for x in w)) for m, p, w in swung)]  # fmt: skip
