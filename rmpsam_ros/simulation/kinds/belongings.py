"""Personal belongings: framed pictures, cards, globes, trophies, helmets, sunglasses, keys."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import ring
from rmpsam_ros.simulation.kinds.kitchen import paint, printed
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.seating import framed, shifted, wooden
from rmpsam_ros.simulation.kinds.vessels import ceramic, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

DESK = "table shelf"
PLACES = "table shelf floor"


def _dome(radius: float, height: float, segments: int = 32) -> Mesh:
    """The upper half of an ellipsoid on z = 0."""
    a = np.linspace(0, np.pi / 2, 12)
    return turned([(0, 0), *zip(radius * np.cos(a), height * np.sin(a))], segments)


@KINDS.add("object", DESK, True, 1.1, 0.3)
def picture_frame(rng: Rng, materials: Materials) -> list[Part]:
    w, h, rim, thick = rng.uniform(0.11, 0.26), rng.uniform(0.13, 0.3), rng.uniform(0.01, 0.032), rng.uniform(0.01, 0.02)
    look, lean = timber(rng, materials), rng.uniform(10, 18)
    bars = [box((w, thick, rim)).moved((0, 0, z)) for z in (0, h - rim)] + [box((rim, thick, h)).moved((x * (w - rim) / 2, 0, 0)) for x in (-1, 1)]
    photo = materials.crop(rng, (0.4, 1.0))
    shown = Look(t.print_on(rng, 128) if photo is None else photo, specular=0.7, shininess=0.9)
    mat, edge = box((w - rim, thick * 0.5, h - rim)).moved((0, 0, rim / 2)), rng.choice([0.0, rng.uniform(0.01, 0.03)])
    pane = box((w - 2 * rim - 2 * edge, thick * 0.56, h - 2 * rim - 2 * edge)).moved((0, 0, rim + edge))
    parts = [framed(bars, look), Part(mat, paint(rng, None, (0, 0.3), (0.7, 1.0), 0.02)), Part(pane, shown, ())]
    foot, back = (0, h * 0.34, 0.006), (0, h * 0.7 * np.sin(np.radians(lean)) + thick * 0.5, h * 0.7)
    strut = Part(tube([foot, back], w * 0.1, 8, 0.12), dark(rng))
    return [*shifted(parts, (0, 0, thick * 0.12), rotation("x", -lean)), strut]


@KINDS.add("object", PLACES, True, 1.0, 0.8)
def globe(rng: Rng, materials: Materials) -> list[Part]:
    r, land = rng.uniform(0.07, 0.15), t.noise(rng, 256, 3, 5)
    sea = t.color(rng, (0.3, 0.8), (0.4, 0.9), 0.57) if rng.random() < 0.8 else t.color(rng, (0.2, 0.5), (0.6, 0.9), 0.11)
    soil = np.where((t.noise(rng, 256, 4, 2) > 0)[..., None], t.color(rng, (0.3, 0.7), (0.3, 0.7), 0.28), t.color(rng, (0.3, 0.6), (0.5, 0.85), 0.1))
    image = np.where((land > 0.08)[..., None], soil, sea).astype(np.uint8)
    image[::32], image[:, ::21] = image[::32] // 2 + 80, image[:, ::21] // 2 + 80
    stand, tilt = wooden(rng) if rng.random() < 0.5 else steel(rng), rotation("y", 23)
    up, a = rng.uniform(0.05, 0.1) + r, np.linspace(-np.pi / 2, np.pi / 2, 20)
    arc = np.column_stack((1.1 * r * np.cos(a), 0 * a, 1.1 * r * np.sin(a)))
    bow = tube(arc, r * 0.035, 8, 1.0).moved((0, 0, up), tilt)
    axis = [cylinder(r * 0.03, r * 0.14, 10).moved((0, 0, z * r), tilt).moved((0, 0, up)) for z in (-1.12, 0.98)]
    foot = turned([(0, 0), (r * 0.75, 0), (r * 0.72, 0.012), (r * 0.2, 0.025), (0.009, 0.04), (0.009, up - r * 1.06), (0, up - r * 1.06)], 28)
    ball = rounded((2 * r,) * 3, 1.0, 36).moved((0, 0, -r)).moved((0, 0, up), tilt)
    return [Part(ball, Look(image, specular=0.5)), Part(join([bow, *axis]), steel(rng) if rng.random() < 0.5 else stand, ()), Part(foot, stand)]


@KINDS.add("object", DESK, True, 0.8, 0.3)
def hourglass(rng: Rng, materials: Materials) -> list[Part]:
    r, h, look = rng.uniform(0.025, 0.045), rng.uniform(0.1, 0.2), wooden(rng) if rng.random() < 0.6 else steel(rng)
    thick, z = h * 0.06, np.linspace(0.06, 0.94, 25)
    width = r * 0.78 * np.clip(np.abs(np.sin(np.pi * (z - 0.5) / 0.88)) ** 0.55, 0.08, 1)
    bulb = turned([(0, z[0] * h), *zip(width, z * h), (0, z[-1] * h)], 24)
    sand, share = paint(rng, rng.choice([0.1, 0.1, 0.02, 0.55]), (0.3, 0.9), (0.5, 0.95)), rng.uniform(0.15, 0.6)
    pile = turned([(0, h * 0.065), (r * 0.7, h * 0.065), (r * 0.7, h * (0.07 + 0.12 * share)), (0, h * (0.09 + 0.35 * share))], 20)
    rest = turned([(0, h * 0.53), (r * 0.12, h * 0.55), (r * 0.6, h * (0.6 + 0.2 * (1 - share))), (0, h * (0.6 + 0.2 * (1 - share)))], 20)
    disc = turned([(0, 0), (r * 1.05, 0), (r * 1.1, thick * 0.5), (r, thick), (0, thick)], 28)
    posts = [tube([(r * 0.92 * np.cos(b), r * 0.92 * np.sin(b), z) for z in (thick * 0.5, h - thick * 0.5)], r * 0.09, 8)
             for b in np.arange(int(rng.integers(3, 5))) * 2.1]  # fmt: skip
    clear = Look(None, (*(t.color(rng, (0, 0.15), (0.85, 1)) / 255).tolist(), 0.3), 1.0, 0.9)
    return [
        Part(pile, sand, ()),
        Part(rest, sand, ()),
        Part(bulb, clear, ()),
        framed(posts, look),
        Part(disc, look),
        Part(disc.moved((0, 0, h - thick)), look),
    ]


@KINDS.add("object", PLACES, True, 0.9, 0.4)
def piggy_bank(rng: Rng, materials: Materials) -> list[Part]:
    s, look = (
        rng.uniform(0.1, 0.17),
        ceramic(rng, materials) if rng.random() < 0.4 else paint(rng, 0.95 if rng.random() < 0.6 else None, (0.2, 0.8), (0.6, 1.0), 0.02),
    )
    body = rounded((s, s * 0.72, s * 0.68), 0.95, 32).moved((0, 0, s * 0.12))
    snout = turned([(0, 0), (s * 0.13, 0), (s * 0.14, s * 0.02), (s * 0.15, s * 0.16), (0, s * 0.16)], 20).moved((-s * 0.6, 0, s * 0.45), ALONG_X)
    legs = [
        tube([(x * s * 0.26, y * s * 0.2, 0), (x * s * 0.24, y * s * 0.18, s * 0.25)], [s * 0.075, s * 0.09], 12) for x in (-1, 1) for y in (-1, 1)
    ]
    ear = plate([(-0.11, 0), (0.11, 0), (0.04, 0.19), (-0.04, 0.19)], 0.03).moved(scale=s)
    ears = [ear.moved((-s * 0.3, y * s * 0.2, s * 0.7), rotation("z", 90) @ rotation("x", 70) @ rotation("z", 14 * y)) for y in (-1, 1)]
    eyes = [rounded((s * 0.06,) * 3, 1.0, 10).moved((-s * 0.43, y * s * 0.14, s * 0.53)) for y in (-1, 1)]
    holes = [cylinder(s * 0.028, s * 0.004, 10).moved((-s * 0.604, y * s * 0.05, s * 0.45), ALONG_X) for y in (-1, 1)]
    a = np.linspace(0, 9, 30)
    tail = tube(np.column_stack((s * (0.49 + 0.008 * a), s * 0.045 * np.sin(a), s * (0.5 + 0.045 * np.cos(a)))), s * 0.018, 6)
    slot = box((s * 0.26, s * 0.03, s * 0.01)).moved((0.0, 0, s * 0.796))
    return [Part(body, look), Part(snout, look), *(Part(m, look) for m in legs), Part(join([*ears, tail]), look, ()),
            Part(join([*eyes, *holes, slot]), Look(None, (0.05, 0.05, 0.05, 1), 0.6), ())]  # fmt: skip


@KINDS.add("object", DESK, True, 0.9, 0.9)
def trophy(rng: Rng, materials: Materials) -> list[Part]:
    h, hue, value = rng.uniform(0.16, 0.36), *[(0.13, (0.7, 0.95)), (0.6, (0.6, 0.85)), (0.07, (0.4, 0.65))][int(rng.integers(3))]
    gold = Look(t.plain(rng, 32, t.color(rng, {0.6: (0.0, 0.12), 0.07: (0.45, 0.6), 0.13: (0.55, 0.85)}[hue], value, hue), 0.05), specular=1.0, shininess=0.8)
    r, low = h * rng.uniform(0.2, 0.28), h * rng.uniform(0.12, 0.25)
    base = dark(rng) if rng.random() < 0.5 else wooden(rng)
    block = (
        box((r * 1.3, r * 1.3, low)) if rng.random() < 0.5 else turned([(0, 0), (r * 0.8, 0), (r * 0.75, low * 0.4), (r * 0.6, low), (0, low)], 28)
    )
    stem = [(0, low), (r * 0.5, low), (r * 0.45, low + 0.01), (r * 0.12, low + h * 0.08), (r * 0.2, low + h * 0.14), (r * 0.1, h * 0.5)]
    bowl = turned(
        [*stem, (r * 0.5, h * 0.56), (r * 0.85, h * 0.7), (r, h * 0.95), (r * 1.04, h), (r * 0.98, h), (r * 0.8, h * 0.72), (0, h * 0.58)], 32
    )
    tag = box((r * 0.8, 0.002, low * 0.55)).moved((0, -r * 0.66 if len(block.faces) < 20 else -r * 0.72, low * 0.22))
    parts = [Part(block, base), Part(bowl, gold), Part(tag, Look(t.print_on(rng, 64), specular=0.8) if rng.random() < 0.3 else steel(rng), ())]
    for x in (-1, 1):
        path = curve(
            [(x * r * 0.95, h * 0.92), (x * r * 1.45, h * 0.95), (x * r * 1.5, h * 0.75), (x * r * 1.0, h * 0.62), (x * r * 0.6, h * 0.6)], 18
        )
        parts.append(Part(tube(np.column_stack((path[:, 0], 0 * path[:, 0], path[:, 1])), r * 0.07, 8), gold, ()))
    if rng.random() < 0.4:
        lid = turned([(0, h), (r * 1.02, h), (r * 0.7, h * 1.06), (r * 0.15, h * 1.1), (r * 0.2, h * 1.16), (0, h * 1.2)], 28)
        parts.append(Part(lid, gold))
    return parts


@KINDS.add("object", PLACES, True, 1.0, 0.3)
def bike_helmet(rng: Rng, materials: Materials) -> list[Part]:
    r, look, foam, straps = rng.uniform(0.085, 0.1), plastic(rng), dark(rng), dark(rng)
    dome = _dome(r, r * rng.uniform(1.25, 1.45), 48)
    x, y, z = dome.vertices.T
    back = np.clip(-x / r, 0, 1)
    shell = Mesh(np.column_stack((x * 1.32 - 0.012 * back, y, z * (1 - 0.18 * back**2))), dome.faces, dome.uv)
    parts, count = [Part(shell.moved((0, 0, 0.018)), look)], int(rng.integers(3, 6))
    rim = turned([(r * 0.7, 0), (r * 0.97, 0), (r * 1.0, 0.02), (r * 0.7, 0.02)], 40).moved(scale=(1.31, 1, 1))
    top = 0.018 + dome.bounds()[1][2]
    vents = []
    for k in range(count):  # dark slits along the head
        lane = (k - (count - 1) / 2) / count * 1.5
        for low, high in ((0.12, 0.36), (0.45, 0.62), (0.72, 0.9)):
            a = np.pi * np.linspace(low, high, 8)
            reach = np.cos(lane)
            path = np.column_stack(
                (1.32 * r * 1.003 * np.cos(a) * reach, np.full(8, r * 1.003 * np.sin(lane)) * np.sin(a), 0.018 + (top - 0.018) * np.sin(a) * reach)
            )
            path[:, 2] = 0.018 + (path[:, 2] - 0.018) * (1 - 0.18 * np.clip(-path[:, 0] / r, 0, 1) ** 2 / 1.7)
            vents.append(tube(path, [0.001, 0.005, 0.007, 0.0075, 0.0075, 0.007, 0.005, 0.001], 8, 0.6))
    parts += [Part(join(vents), foam, ()), Part(rim, foam)]
    if rng.random() < 0.5:
        visor = rounded((0.07, r * 1.5, 0.012), 0.45, 24).moved((r * 1.32, 0, 0.03), rotation("y", 12))
        parts.append(Part(visor, foam if rng.random() < 0.5 else plastic(rng)))
    bands = [tube(curve([(0.04, y * r * 0.9, 0.01), (0.02, y * (r + 0.03), 0.006), (-0.03, y * (r + rng.uniform(0.01, 0.05)), 0.004),
                         (-0.06, y * r * 0.9, 0.01)], 14)[:, [0, 1, 2]], 0.005, 6, 0.4) for y in (-1, 1)]  # fmt: skip
    return [*parts, Part(join(bands), straps, ())]


@KINDS.add("object", PLACES, False, 0.8, 0.04)
def sunglasses(rng: Rng, materials: Materials) -> list[Part]:
    w, h, look = rng.uniform(0.052, 0.06), rng.uniform(0.036, 0.048), plastic(rng) if rng.random() < 0.7 else steel(rng)
    shade = Look(None, (*(t.color(rng, (0, 0.7), (0.05, 0.35)) / 255).tolist(), float(rng.uniform(0.75, 1.0))), 1.0, 0.9)
    a, square = np.linspace(0, 2 * np.pi, 33), rng.uniform(0.5, 1.0)
    around = np.column_stack((w / 2 * np.sign(np.cos(a)) * np.abs(np.cos(a)) ** square, h / 2 * np.sign(np.sin(a)) * np.abs(np.sin(a)) ** square))
    around[:, 0] *= 1 + rng.uniform(0, 0.12) * around[:, 1] / (h / 2)
    thick, parts = rng.uniform(0.0016, 0.0032), []
    for x in (-1, 1):
        at = (x * (w / 2 + 0.008), 0, h / 2 + 0.002)
        rim = tube(np.column_stack((around[:, 0], 0 * a, around[:, 1])), thick, 8).moved(at)
        lens = plate(around[:-1] * 0.98, 0.002).moved(at, rotation("x", 90))
        parts += [Part(rim, look, ()), Part(lens, shade)]
        start = (x * (w + 0.008), 0.0, h * 0.8)
        arm = [start, (start[0] * 1.01, 0.07, h * 0.8), (start[0] * 0.99, 0.105, h * 0.74), (start[0] * 0.96, 0.135, h * 0.3)]
        parts.append(Part(tube(arm, [thick * 1.2, thick * 1.1, thick, thick * 1.3], 8, 1.2), look))
    bridge = tube([(-0.009, -0.001, h * 0.68), (0, -0.003, h * 0.76), (0.009, -0.001, h * 0.68)], thick * 1.1, 8)
    parts = [*parts, Part(bridge, look, ())]
    if rng.random() < 0.6:  # as usually put down: on the upper rim, arms up; or flat on their back
        return parts
    return [p.moved((0, 0, h + 0.005), rotation("x", 180)) for p in parts]


@KINDS.add("object", PLACES, False, 0.9, 0.05)
def key_ring(rng: Rng, materials: Materials) -> list[Part]:
    r, parts = rng.uniform(0.01, 0.016), []
    loop = ring(r, 0.0011)
    for k in range(int(rng.integers(2, 6))):
        bow, n, z = rng.uniform(0.008, 0.013), rng.uniform(0.022, 0.036), 0.0006 + 0.0023 * k
        a = np.linspace(0.35, 2 * np.pi - 0.35, 14)
        teeth = [(bow + 0.006 + n * s, -0.0036 + (0.0016 if j % 2 else 0.0)) for j, s in enumerate(np.linspace(0.2, 0.95, 9))]
        side = [
            *zip(bow * np.cos(a), bow * np.sin(a)),
            *teeth[:0],
            (bow + 0.002, -0.0036),
            *teeth,
            (bow + 0.006 + n, 0.001),
            (bow + 0.003 + n, 0.0036),
            (bow, 0.0036),
        ]
        turn = rotation("z", -100 + 200 * (k + 0.5) / 5 + rng.normal(0, 9))
        metal = steel(rng) if rng.random() < 0.7 else paint(rng, 0.12, (0.4, 0.7), (0.5, 0.85))
        key = plate(side, 0.002).moved((r + bow * 0.6, 0, z))
        parts.append(Part(key.moved(turn=turn), metal))
        if rng.random() < 0.4:
            parts.append(Part(cylinder(bow * 1.08, 0.003, 16).moved((r + bow * 0.6, 0, z - 0.0004)).moved(turn=turn), plastic(rng), ()))
    tag = rounded((rng.uniform(0.03, 0.06), rng.uniform(0.02, 0.035), 0.008), rng.uniform(0.15, 0.9)).moved((-r - 0.034, 0, 0))
    chain = tube([(-r, 0, 0.003), (-r - 0.02, 0, 0.004)], 0.0016, 6)
    return [Part(loop, steel(rng)), *parts, Part(tag, printed(rng, materials) if rng.random() < 0.5 else plastic(rng)), Part(chain, steel(rng), ())]


@KINDS.add("object", DESK, True, 0.8, 0.02)
def greeting_card(rng: Rng, materials: Materials) -> list[Part]:
    w, h, half = rng.uniform(0.1, 0.16), rng.uniform(0.12, 0.19), rng.uniform(18, 50)
    front = printed(rng, materials) if rng.random() < 0.7 else Look(materials.crop(rng) if materials.photos else t.fabric(rng), specular=0.3)
    inner, parts = Look(t.plain(rng, 32, t.color(rng, (0, 0.2), (0.85, 1.0)), 0.02), specular=0), []
    for side in (-1, 1):
        leaf, lining = box((w, 0.0022, h)).moved((w / 2, 0, 0)), box((w * 0.995, 0.0005, h * 0.99)).moved((w / 2, side * 0.0012, 0.0005))
        turn = rotation("z", 90 - side * half)
        parts += [Part(leaf.moved((0, -w / 2, 0), turn), front), Part(lining.moved((0, -w / 2, 0), turn), inner, ())]
    return parts
