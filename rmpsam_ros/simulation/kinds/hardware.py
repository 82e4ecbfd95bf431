"""More hand tools: for wood, metal, building and the garden."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import BLACK
from rmpsam_ros.simulation.kinds.kitchen import printed
from rmpsam_ros.simulation.kinds.vessels import handle_look, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, PLACES, cylinder, dark, handle, plastic, profiled, tapered
from rmpsam_ros.simulation.shapes import Mesh, Points, box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

ALONG_Y = rotation("x", -90)
"""Rotation that lays an upright object down with its top along +y."""


def bars(path: Sequence[Sequence[float]], radius: float, sides: int = 8) -> list[Mesh]:
    """A bent bar in straight pieces, each of which can collide as its hull."""
    return [tube([a, b], radius, sides) for a, b in zip(path[:-1], path[1:])]


def laid(parts: Sequence[Part], turn: Points) -> list[Part]:
    """Parts turned, and moved so that they rest on z = 0 again."""
    parts = [p.moved(turn=turn) for p in parts]
    up = (0, 0, -min(p.mesh.bounds()[0][2] for p in parts))
    return [p.moved(up) for p in parts]


def bow(radius: float, start: float, end: float, width: float, count: int = 20) -> list[tuple[float, float]]:
    """The outline of a piece of a ring, from one angle to another in degrees."""
    a = np.radians(np.linspace(start, end, count))
    return [*zip(radius * np.cos(a), radius * np.sin(a)), *zip((radius - width) * np.cos(a[::-1]), (radius - width) * np.sin(a[::-1]))]


def _hatched(rng: Rng) -> Look:
    """Steel with the crosswise cut of a file."""
    y, x = np.mgrid[:128, :128] / 128
    cut = 1 - 0.35 * (np.sin(2 * np.pi * (40 * y + 6 * x)) > 0.2) - 0.25 * (np.sin(2 * np.pi * (40 * x - 8 * y)) > 0.4)
    return Look((np.array(t.color(rng, (0, 0.1), (0.3, 0.7))) * cut[..., None]).astype(np.uint8), specular=0.7, shininess=0.6)


def _scale(rng: Rng) -> Look:
    """A rule with its marks."""
    base = t.color(rng, (0, 0.1), (0.6, 0.95)) if rng.random() < 0.6 else t.color(rng, (0.5, 0.9), (0.7, 1.0), 0.14)
    image = t.plain(rng, 256, base, 0.04)
    for k, x in enumerate(np.linspace(4, 250, 51).astype(int)):
        for low, high in ((0, 90 if k % 5 == 0 else 50), (256 - (80 if k % 5 == 0 else 40), 256)):
            cv2.line(image, (int(x), low), (int(x), high), (25, 25, 25), 1)
    return Look(image, specular=0.6, shininess=0.6)


@KINDS.add("tool", PLACES, False, 1.0, 1.0)
def crowbar(rng: Rng, materials: Materials) -> list[Part]:
    n, r, bend = rng.uniform(0.28, 0.7), rng.uniform(0.007, 0.011), rng.uniform(0.028, 0.05)
    look = steel(rng) if rng.random() < 0.35 else plastic(rng)
    end = np.radians(rng.uniform(95, 190))
    a, s = np.linspace(0, end, 9), np.linspace(0, 1, 4)
    shaft = tube([(-n / 2 - 0.05, 0.014, r), (-n / 2 - 0.02, 0.005, r), (-n / 2, 0, r), (n / 2, 0, r)], [r * 0.45, r * 0.8, r, r], 6)
    hook = tube(np.column_stack((n / 2 + bend * np.sin(a), bend - bend * np.cos(a), np.full(9, r))), r, 6)
    tip, way = np.array((n / 2 + bend * np.sin(end), bend - bend * np.cos(end), r)), np.array((np.cos(end), np.sin(end), 0))
    claws = [tube(tip + np.outer(0.045 * s - 0.005, way) + (0, 0, z), r * (0.6 - 0.35 * s), 8) for z in (-0.4 * r, 0.4 * r)]
    return [Part(shaft, look), Part(hook, look), Part(join(claws), look)]


@KINDS.add("tool", PLACES, False, 1.0, 0.7)
def mallet(rng: Rng, materials: Materials) -> list[Part]:
    n, b, r = rng.uniform(0.22, 0.36), rng.uniform(0.09, 0.15), rng.uniform(0.026, 0.042)
    grip = tube([(-n, 0, r), (-n * 0.7, 0, r), (0, 0, r), (r * 1.1, 0, r)], [0.014, 0.015, 0.012, 0.012], 10)
    parts = [Part(grip, handle_look(rng))]
    if rng.random() < 0.4:  # of wood
        head = tapered(box((2 * r, b * 1.1, 1.5 * r), 3), 1.0, 1.25).moved((0, 0, r * 0.25))
        return [*parts, Part(head, Look(t.wood(rng, 128), specular=0.2))]
    head, cap = cylinder(r, b, 28).moved((0, -b / 2, r), ALONG_Y), turned([(0, 0), (r * 1.08, 0), (r * 1.08, 0.2 * b), (0.9 * r, 0.26 * b)], 28)
    parts.append(Part(head, dark(rng) if rng.random() < 0.5 else plastic(rng)))
    if rng.random() < 0.55:  # striking faces of another material
        parts += [Part(cap.moved((0, y * b * 0.62, r), ALONG_Y if y < 0 else ALONG_Y.T), plastic(rng)) for y in (-1, 1)]
    return parts


@KINDS.add("tool", PLACES, False, 1.0, 0.2)
def metal_file(rng: Rng, materials: Materials) -> list[Part]:
    n, w, r, look, s = rng.uniform(0.12, 0.28), rng.uniform(0.014, 0.03), rng.uniform(0.011, 0.016), _hatched(rng), np.linspace(0, 1, 6)
    pick, line = rng.random(), np.column_stack((0.02 + n * s, 0 * s, np.full(6, r)))
    if pick < 0.6:
        blade = tapered(box((n, w, w * 0.22), 6), 0.6, rng.uniform(0.5, 0.95)).moved((0.02 + n / 2, 0, r - w * 0.11))
    else:
        blade = tube(line, w * 0.33 * (1 - 0.6 * s**3), 3 if pick < 0.75 else 14)
    tang = tube([(-0.01, 0, r), (0.024, 0, r)], [0.004, w * 0.3], 8, 0.5)
    return [handle(rng, -rng.uniform(0.08, 0.12), 0, r, r), Part(blade, look), Part(tang, steel(rng), ())]


@KINDS.add("tool", PLACES, False, 1.0, 0.5)
def hacksaw(rng: Rng, materials: Materials) -> list[Part]:
    n, h, z, r = rng.uniform(0.2, 0.32), rng.uniform(0.07, 0.12), 0.014, rng.uniform(0.005, 0.008)
    frame, grip_look = steel(rng) if rng.random() < 0.5 else plastic(rng), plastic(rng) if rng.random() < 0.6 else dark(rng)
    teeth = [(x, 0.002 * (k % 2)) for k, x in enumerate(np.linspace(0, n, 70))]
    blade = plate([*teeth, (n, 0.013), (0, 0.013)], 0.0014).moved((0, 0, z))
    front = bars([(n + 0.006, -0.004, z), (n + 0.006, h * 0.8, z), (n - h * 0.2, h, z), (-0.03, h, z), (-0.05, h * 0.4, z)], r)
    pins = [tube([(x, 0.006, z), (x, 0.006, z + 0.008)], 0.005, 8) for x in (0.004, n - 0.004)]
    parts = [Part(blade, steel(rng)), Part(join(front), frame, front), Part(join(pins), frame, ())]
    grip = bars([(-0.015, 0.006, z), (-0.05, h * 0.45, z), (-0.095, h * 0.3, z), (-0.085, -0.045, z), (-0.055, -0.055, z), (-0.02, 0.004, z)], 0.013,
                10)  # fmt: skip
    if rng.random() < 0.5:
        grip = [tube([(-0.01, 0.004, z), (-0.045, h * 0.35, z), (-0.075, -0.02, z), (-0.09, -0.075, z)], [0.012, 0.018, 0.016, 0.014], 12)]
    return [*parts, Part(join(grip), grip_look, grip)]


@KINDS.add("tool", PLACES, False, 1.0, 1.2)
def pipe_wrench(rng: Rng, materials: Materials) -> list[Part]:
    n, gap = rng.uniform(0.26, 0.5), rng.uniform(0.03, 0.1)
    case, metal, thick = plastic(rng) if rng.random() < 0.8 else steel(rng), steel(rng), n * 0.05
    shaft = plate([(-0.66, -0.03), (-0.63, -0.045), (-0.12, -0.03), (-0.1, -0.065), (0.05, -0.065), (0.05, 0.04), (-0.1, 0.04), (-0.14, 0.03),
                   (-0.63, 0.045), (-0.66, 0.03)], 0.05)  # fmt: skip
    web = box((0.42, 0.03, 0.056)).moved((-0.38, 0, -0.003))
    heel = plate([(0.04, -0.01), (0.1, -0.01), (0.1, 0.13), (0.06, 0.13), (0.04, 0.06)], 0.05)
    top = plate([(0, -0.06), (0.05, -0.06), (0.1, -0.02), (0.085, 0.16), (0.0, 0.14)], 0.052).moved((0.1 + gap, 0, -0.001))
    shank = box((0.26 + gap, 0.045, 0.03)).moved((gap / 2 - 0.02, -0.037, 0.01))
    nut = turned([(0, 0), *((0.035 + 0.006 * (k % 2), 0.008 * k) for k in range(8)), (0, 0.056)], 18).moved((-0.09, -0.037, 0.025), ALONG_X)
    teeth = [plate([(0.1, y), (0.112, y + 0.008), (0.1, y + 0.016)], 0.046).moved((0, 0, 0.002)) for y in np.arange(0.0, 0.12, 0.017)]
    lift = (0, 0, thick * 0.3)
    return [Part(shaft.moved(lift, None, n), case), Part(web.moved(lift, None, n), dark(rng) if rng.random() < 0.3 else case, ()),
            *(Part(m.moved(lift, None, n), metal) for m in (heel, top, shank)),
            Part(join([nut, *teeth]).moved(lift, None, n), metal, ())]  # fmt: skip


@KINDS.add("tool", PLACES, False, 1.0, 0.4)
def ratchet(rng: Rng, materials: Materials) -> list[Part]:
    n, r, metal = rng.uniform(0.13, 0.28), rng.uniform(0.015, 0.022), steel(rng)
    neck = tube([(-n * 0.5, 0, 0.01), (-0.02, 0, 0.01), (0, 0, 0.01)], [0.007, 0.006, 0.009], 10)
    s = np.linspace(0, 1, 8)
    grip = tube(np.column_stack((-n + n * 0.55 * s, 0 * s, np.full(8, 0.011))), 0.011 * np.array([0.7, 1, 1, 0.95, 1, 1, 0.9, 0.7]), 12)
    drive, lever = box((0.0095, 0.0095, 0.012)).moved((r * 0.4, 0, 0.019)), rounded((0.02, 0.007, 0.005), 0.5, 12).moved((-0.004, 0, 0.018))
    head = turned([(0, 0), (r * 0.85, 0), (r, 0.004), (r, 0.016), (r * 0.85, 0.02), (0, 0.02)], 24).moved((r * 0.4, 0, 0))
    parts = [Part(neck, metal), Part(grip, metal if rng.random() < 0.3 else handle_look(rng)), Part(head, metal),
             Part(join([drive, lever]), dark(rng), ())]  # fmt: skip
    if rng.random() < 0.7:
        parts.append(Part(_socket(rng.uniform(0.008, 0.015), rng.uniform(0.022, 0.06)).moved((r * 0.4, 0, 0.021)), metal))
    return parts


def _socket(radius: float, height: float) -> Mesh:
    """A socket for nuts, its hole upwards."""
    inner = radius * 0.72
    outside = [(0, 0), (radius * 0.85, 0), (radius * 0.85, height * 0.35), (radius, height * 0.45), (radius, height)]
    return turned([*outside, (inner, height), (inner, height * 0.5), (0, height * 0.5)], 18)


@KINDS.add("tool", PLACES, False, 1.0, 0.9)
def caulking_gun(rng: Rng, materials: Materials) -> list[Part]:
    n, r, look, metal = rng.uniform(0.19, 0.24), rng.uniform(0.022, 0.027), plastic(rng), steel(rng)
    z, nib = r + 0.005, rng.uniform(0.05, 0.1)
    tip = turned([(0, 0), (r * 0.5, 0), (r * 0.35, 0.008), (0.003, nib), (0, nib)], 16).moved((n, 0, z), ALONG_X)
    ends = [cylinder(r + 0.005, w, 24).moved((x, 0, z), ALONG_X) for x, w in ((n - 0.004, 0.005), (-0.006, 0.02))]
    rods = [tube([(0, y, z + u), (n, y, z + u)], 0.004, 6) for y, u in ((-r - 0.001, 0), (r + 0.001, 0), (0, -r - 0.001))]
    push = bars([(0, 0, z), (-rng.uniform(0.06, 0.2), 0, z), ], 0.004)
    end = push[0].bounds()[0][0]
    hook = bars([(end, 0, z), (end - 0.012, -0.015, z), (end - 0.008, -0.035, z)], 0.004)
    grip = tube([(-0.012, 0.01, z), (-0.03, -0.03, z), (-0.06, -0.12, z)], [0.014, 0.012, 0.011], 10, 1.1)
    trigger = tube([(0.012, -0.01, z), (-0.002, -0.06, z), (-0.012, -0.12, z)], [0.012, 0.008, 0.008], 8, 1.2)
    return [Part(cylinder(r, n - 0.002, 26).moved((0, 0, z), ALONG_X), printed(rng, materials)), Part(tip, plastic(rng)), Part(join(ends), look),
            Part(join(rods), look, ()), Part(push[0], metal), Part(join(hook), metal, ()), Part(grip, look), Part(trigger, look)]  # fmt: skip


@KINDS.add("tool", PLACES, False, 1.0, 0.2)
def set_square(rng: Rng, materials: Materials) -> list[Part]:
    n, w, pick = rng.uniform(0.15, 0.32), rng.uniform(0.022, 0.042), rng.random()
    short = n * rng.uniform(0.5, 0.75)
    if pick < 0.4:  # a blade in a stock
        stock = box((w, short, 0.016)).moved((0, short / 2 - w / 2, 0))
        return [Part(box((n, w, 0.002)).moved((n / 2, 0, 0.007)), _scale(rng)), Part(stock, handle_look(rng) if rng.random() < 0.8 else dark(rng))]
    if pick < 0.6:  # of one sheet
        look = _scale(rng)
        arm = box((short, w, 0.002)).moved((w / 2, short / 2 - w / 2, 0), rotation("z", 90))
        return [Part(box((n, w, 0.0021)).moved((n / 2, 0, 0)), look), Part(arm, look)]
    tone = t.color(rng, (0, 0.7), (0.5, 1.0)) / 255
    look = Look(None, (*tone.tolist(), rng.uniform(0.4, 0.7)), 1.0, 0.9) if rng.random() < 0.5 else plastic(rng)
    high, w = n * rng.choice([0.577, 1.0]), w * 0.8
    angle, thick = np.degrees(np.arctan2(high, n)), 0.0035
    long = np.hypot(n, high)
    cut = w * (n + high + long) / 1.0
    outer, scale = [(0, 0), (n, 0), (0, high)], 1 - cut / (n * high) * 1.0
    inner = [(w + x * scale, w + y * scale) for x, y in outer]
    sides = [plate([outer[k], outer[(k + 1) % 3], inner[(k + 1) % 3], inner[k]], thick) for k in range(3)]
    marks = [box((n * 0.9, w * 0.4, 0.0005)).moved((n * 0.46, w * 0.25, thick)),
             box((long * 0.8, w * 0.4, 0.0005)).moved((0, -w * 0.3, 0)).moved((n / 2, high / 2, thick), rotation("z", 180 - angle))]  # fmt: skip
    return [Part(join(sides), look, sides), Part(marks[0], _scale(rng), ())]


@KINDS.add("tool", PLACES, False, 1.0, 0.3)
def hand_rake(rng: Rng, materials: Materials) -> list[Part]:
    count, w, n, metal, z = int(rng.integers(3, 6)), rng.uniform(0.03, 0.055), rng.uniform(0.08, 0.13), steel(rng), 0.03
    if rng.random() < 0.4:
        metal = plastic(rng)
    tines = []
    for y in np.linspace(-1, 1, count):
        path = [(0, 0, z), (n * 0.35, y * w * 0.55, z + 0.012), (n * 0.7, y * w, z + 0.012), (n * 0.95, y * w * 1.05, z), (n, y * w * 1.05, 0.002)]
        tines.append(tube(path, [0.0045, 0.004, 0.004, 0.0038, 0.0015], 8))
    ferrule = tube([(-0.05, 0, z - 0.006), (0, 0, z), (0.012, 0, z + 0.003)], [0.009, 0.007, 0.006], 10)
    grip = handle(rng, -0.05 - rng.uniform(0.1, 0.16), -0.04, rng.uniform(0.013, 0.017), z - 0.008)
    return [*(Part(m, metal) for m in tines), Part(ferrule, metal, ()), grip]


@KINDS.add("tool", PLACES, True, 1.0, 1.5)
def socket_set(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, case, metal = rng.uniform(0.22, 0.34), rng.uniform(0.13, 0.2), 0.03, plastic(rng) if rng.random() < 0.6 else dark(rng), steel(rng)
    rows, sockets, lids = int(rng.integers(2, 4)), [], rng.uniform(95, 130)
    for row in range(rows):
        count = int(rng.integers(5, 9))
        for k, x in enumerate(np.linspace(-0.43, 0.43, count)):
            r = min(w / count * 0.4, d / rows * 0.28) * (0.55 + 0.45 * k / count)
            sockets.append(_socket(r, 0.022 + r * 0.4).moved((x * w, d * (0.36 - 0.27 * row), h - 0.006)))
    s = np.linspace(0, 1, 6)
    tool = [tube(np.column_stack((w * (-0.4 + 0.75 * s), np.full(6, -d * 0.36), np.full(6, h + 0.002))),
                 0.008 * np.array([0.8, 1.2, 1.2, 0.8, 0.7, 0.7]), 10),
            turned([(0, 0), (0.016, 0), (0.016, 0.016), (0, 0.016)], 20).moved((w * 0.38, -d * 0.36, h - 0.006))]  # fmt: skip
    bed = Look(t.plain(rng, 32, t.color(rng, (0, 0.9), (0.05, 0.6))), specular=0)
    lid = [Part(rounded((w, d, 0.022), 0.1), case), Part(box((w * 0.9, d * 0.86, 0.002)).moved((0, 0, -0.001)), bed, ())]
    turn = rotation("x", -lids)
    lid = [p.moved((0, -d / 2, 0)).moved((0, d / 2 + 0.004, h), turn) for p in lid]
    clips = [box((0.03, 0.006, 0.018)).moved((x * w * 0.3, -d / 2 - 0.003, 0.01)) for x in (-1, 1)]
    return [Part(box((w, d, h - 0.003)), case), Part(box((w * 0.93, d * 0.9, 0.004)).moved((0, 0, h - 0.006)), bed, ()),
            Part(join(sockets), metal, ()),
            Part(join(tool), metal, ()), *lid, Part(join(clips), BLACK, ())]  # fmt: skip


@KINDS.add("tool", "table floor", True, 0.8, 5.0)
def bench_vise(rng: Rng, materials: Materials) -> list[Part]:
    s, case, metal, gap = rng.uniform(0.7, 1.25), plastic(rng) if rng.random() < 0.7 else dark(rng), steel(rng), rng.uniform(0.005, 0.05)
    foot = turned([(0, 0), (0.075, 0), (0.075, 0.014), (0.05, 0.022), (0.046, 0.05), (0, 0.05)], 26)
    body = profiled([(-0.075, 0.045), (0.055, 0.045), (0.055, 0.08), (0.05, 0.13), (0.02, 0.13), (0.01, 0.1), (-0.075, 0.1)], 0.06)
    slide = box((0.16, 0.042, 0.04)).moved((0.1 + gap, 0, 0.05))
    jaw = profiled([(0, 0.04), (0.045, 0.04), (0.055, 0.08), (0.035, 0.13), (0, 0.13)], 0.07).moved((0.055 + gap, 0, 0))
    cheeks = [box((0.009, 0.11, 0.03)).moved((x, 0, 0.102)) for x in (0.0545, 0.0515 + gap + 0.006)]
    screw = cylinder(0.013, 0.07).moved((0.1 + gap, 0, 0.062), ALONG_X)
    tilt, at = rotation("x", rng.uniform(0, 180)), (0.158 + gap, 0, 0.062)
    rod = join([tube([(0, 0, -0.07), (0, 0, 0.07)], 0.006, 8), *(rounded((0.018,) * 3, 1.0, 12).moved((0, 0, z)) for z in (-0.079, 0.061))])
    anvil = box((0.05, 0.05, 0.014)).moved((-0.048, 0, 0.098))
    return [*(Part(m.moved(scale=s), case) for m in (foot, body, jaw)), Part(slide.moved(scale=s), metal if rng.random() < 0.4 else case),
            *(Part(m.moved(scale=s), metal, ()) for m in (*cheeks, screw, anvil)), Part(rod.moved(at, tilt).moved(scale=s), metal)]  # fmt: skip


@KINDS.add("tool", "floor", False, 0.7, 2.5)
def pickaxe(rng: Rng, materials: Materials) -> list[Part]:
    n, b, s, z, drop = rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.3), np.linspace(-1, 1, 15), 0.022, rng.uniform(0.2, 0.35)
    path = np.column_stack((-b * drop * np.abs(s) ** 1.8, b * s, np.full(15, z)))
    head = tube(path, 0.017 * (1 - 0.8 * np.abs(s) ** 1.5), 4 if rng.random() < 0.5 else 10)
    flat = tapered(box((0.1, 0.03, 0.03), 4), 0.25, 2.0).moved((-b * drop * 0.8, b * 0.8, z - 0.015), rotation("z", 120))
    eye = tube([(-0.03, 0, z), (0.028, 0, z)], 0.024, 12)
    shaft = tube([(-n, 0, z), (-n * 0.9, 0, z), (-n * 0.3, 0, z), (0.04, 0, z)], [0.018, 0.015, 0.017, 0.02], 12)
    metal = steel(rng) if rng.random() < 0.6 else plastic(rng)
    parts = [Part(head, metal), Part(eye, metal, ()), Part(shaft, handle_look(rng))]
    return [*parts, Part(flat, metal)] if rng.random() < 0.5 else parts


@KINDS.add("tool", "floor", False, 0.7, 4.0)
def sledgehammer(rng: Rng, materials: Materials) -> list[Part]:
    n, r, b = rng.uniform(0.45, 0.9), rng.uniform(0.028, 0.038), rng.uniform(0.12, 0.18)
    c = r * 0.25
    head = turned([(0, 0), (r - c, 0), (r, c), (r, b * 0.35), (r * 0.92, b * 0.4), (r * 0.92, b * 0.6), (r, b * 0.65), (r, b - c), (r - c, b),
                   (0, b)], 8)  # fmt: skip
    shaft = tube([(-n, 0, r), (-n * 0.9, 0, r), (-n * 0.55, 0, r), (0.03, 0, r)], [0.019, 0.016, 0.015, 0.016], 12)
    metal = steel(rng) if rng.random() < 0.6 else plastic(rng)
    parts = [Part(head.moved((0, -b / 2, r), ALONG_Y), metal), Part(shaft, handle_look(rng))]
    if rng.random() < 0.5:
        parts.append(Part(tube([(-n * 1.005, 0, r), (-n * 0.62, 0, r)], [0.02, 0.0175], 12), dark(rng), ()))
    return parts
