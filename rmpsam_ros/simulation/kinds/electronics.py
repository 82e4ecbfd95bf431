"""Portable devices for measuring, talking, filming and playing, and parts of robots."""

from __future__ import annotations

import cv2
import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import BLACK, TO_FRONT, casing, cord, ring, shown
from rmpsam_ros.simulation.kinds.hardware import bars, laid
from rmpsam_ros.simulation.kinds.kitchen import holed
from rmpsam_ros.simulation.kinds.vessels import TABLE, steel
from rmpsam_ros.simulation.kinds.wardrobe import cloth_look, leather
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, PLACES, cylinder, dark, plastic, tapered
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

LENS = Look(None, (0.08, 0.1, 0.2, 1), 1.0, 0.95)


def readout(rng: Rng, text: str = "", glows: bool | None = None) -> Look:
    """Digits, dark on grey or lit on black, for a display twice as wide as high."""
    glows = rng.random() < 0.4 if glows is None else glows
    text = text or f"{rng.uniform(0, 10) * 10 ** int(rng.integers(0, 3)):.{int(rng.integers(1, 4))}f}"
    ink = t.color(rng, (0.5, 1), (0.8, 1)) if glows else np.array([25, 30, 28])
    image = np.full((64, 128, 3), t.color(rng, (0, 0.4), (0.0, 0.06)) if glows else t.color(rng, (0.05, 0.4), (0.55, 0.75), 0.25), np.uint8)
    (wide, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 4)
    size = min(1.7, 112 / wide)
    cv2.putText(image, text, (int(118 - wide * size), 50), cv2.FONT_HERSHEY_SIMPLEX, size, tuple(int(v) for v in ink), 4, cv2.LINE_AA)
    return Look(cv2.resize(image, (128, 128)), specular=0.7, shininess=0.8, emission=0.6 if glows else 0.1)


def key_grid(width: float, depth: float, rows: int, columns: int, height: float = 0.003, share: float = 0.7, edge: float = 0.0) -> Mesh:
    """Keys in rows on z = 0, in the middle of x and y."""
    size = (width / columns * share, depth / rows * share, height)
    key = rounded(size, edge, 10) if edge else box(size)
    return join([key.moved(((c - (columns - 1) / 2) * width / columns, (r - (rows - 1) / 2) * depth / rows,
                            0)) for r in range(rows) for c in range(columns)])  # fmt: skip


@KINDS.add("device", PLACES, False, 1.0, 0.4)
def multimeter(rng: Rng, materials: Materials) -> list[Part]:
    w, n, h, case, trim = rng.uniform(0.065, 0.095), rng.uniform(0.13, 0.19), rng.uniform(0.03, 0.045), dark(rng), plastic(rng)
    r = w * rng.uniform(0.26, 0.34)
    dial_y, white = -n * 0.08, Look(None, (0.9, 0.9, 0.88, 1), 0.5)
    marks = [box((0.0015, 0.006, 0.001)).moved((0, r * 1.12, 0)).moved((0, dial_y, h), rotation("z", a)) for a in range(0, 360, 24)]
    knob = turned([(0, 0), (r, 0), (r * 0.9, 0.008), (0, 0.008)], 26).moved((0, dial_y, h))
    wing = join([box((r * 0.4, r * 1.7, 0.008)), box((0.003, r * 0.7, 0.0085)).moved((0, r * 0.5, 0))]).moved((0, dial_y, h + 0.006))
    turn = rotation("z", rng.uniform(-120, 120))
    wing = Mesh((wing.vertices - (0, dial_y, 0)) @ turn.T + (0, dial_y, 0), wing.faces, wing.uv)
    holes = [cylinder(0.006, 0.003, 14).moved((x * w, -n * 0.38, h - 0.001)) for x in (-0.3, 0, 0.3)]
    front = box((w * 0.86, n * 0.88, 0.004)).moved((0, 0, h - 0.003))
    parts = [Part(rounded((w, n, h), 0.2), trim), Part(front, case, ()), Part(box((w * 0.7, n * 0.22, 0.001)).moved((0, n * 0.29, h + 0.001)),
             readout(rng), ()), Part(knob, case if rng.random() < 0.6 else trim, ()), Part(wing, trim, ()), Part(join(marks), white, ()),
             Part(join(holes), Look(None, (0.75, 0.1, 0.08, 1), 0.5), ())]  # fmt: skip
    if rng.random() < 0.65:
        for x, look in ((-1, Look(None, (0.8, 0.08, 0.06, 1), 0.5)), (1, BLACK)):
            s = np.linspace(0, 1, 24)
            out = w * rng.uniform(0.6, 1.1)
            path = np.column_stack((x * (w * 0.2 + out * np.sin(np.pi * s * 0.62)), -n * 0.42 - 0.06 * np.sin(np.pi * s) + n * 0.75 * s**2,
                                    0.005 + h * (1 - s) ** 8))  # fmt: skip
            end = path[-1]
            probe = tube([end, end + (0, 0.02, 0.002), end + (0, 0.09, 0.002), end + (0, 0.1, 0.002)], [0.004, 0.0065, 0.005, 0.003], 10)
            pin = tube([end + (0, 0.1, 0.002), end + (0, 0.118, 0.002)], [0.0015, 0.0006], 6)
            parts += [Part(join([tube(path, 0.0022, 6), probe]), look, ()), Part(pin, steel(rng), ())]
    return parts


@KINDS.add("device", PLACES, False, 1.0, 0.2)
def flashlight(rng: Rng, materials: Materials) -> list[Part]:
    n, r, wide = rng.uniform(0.09, 0.24), rng.uniform(0.011, 0.018), rng.uniform(1.25, 2.1)
    case = dark(rng) if rng.random() < 0.5 else plastic(rng) if rng.random() < 0.7 else steel(rng)
    big, ribs = r * wide, [(r * (0.95 if k % 2 else 1.0), n * (0.2 + 0.035 * k)) for k in range(10)]
    body = turned([(0, 0), (r * 0.9, 0), (r, 0.003), (r, n * 0.18), *ribs, (r, n * 0.62), (big * 0.95, n * 0.75), (big, n * 0.78), (big, n)], 26)
    rim = turned([(big, n * 0.97), (big * 1.04, n * 0.975), (big * 1.04, n), (big * 0.88, n), (big * 0.86, n - 0.004)], 26)
    lit = rng.random() < 0.5
    pane = turned([(big * 0.88, n - 0.003), (big * 0.4, n - 0.004), (0, n - 0.004)], 26)
    eye = turned([(big * 0.25, n - 0.003), (0, n - 0.001)], 14)
    switch = rounded((0.012, 0.008, 0.005), 0.6, 12).moved((n * 0.66, 0, big + r * 1.05))
    shine = Look(None, (1, 0.97, 0.85, 1), 1.0, 0.9, 0.9 if lit else 0.0) if lit else Look(None, (0.75, 0.77, 0.8, 1), 1.0, 0.9)
    pieces = [(body, case, None), (rim, steel(rng) if rng.random() < 0.5 else case, ()), (pane, shine, ()),
              (eye, Look(None, (0.95, 0.9, 0.5, 1), 0.5), ())]  # fmt: skip
    parts = [Part(m.moved((0, 0, big), ALONG_X), look, walls) for m, look, walls in pieces]
    if rng.random() < 0.4:
        a = np.linspace(0, 2 * np.pi, 22)
        strap = tube(np.column_stack((-0.035 + 0.035 * np.cos(a), 0.012 * np.sin(a), big - 0.004 + 0.002 * np.cos(a))), 0.0015, 6)
        parts.append(Part(strap, dark(rng), ()))
    return [*parts, Part(switch, plastic(rng), ())]


@KINDS.add("device", TABLE, True, 1.0, 0.25)
def walkie_talkie(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, case = rng.uniform(0.05, 0.065), rng.uniform(0.03, 0.04), rng.uniform(0.09, 0.13), dark(rng) if rng.random() < 0.6 else plastic(rng)
    trim, y = plastic(rng) if rng.random() < 0.5 else dark(rng), -d / 2 - 0.0005
    rod = rng.uniform(0.05, 0.14)
    aerial = tube([(-w * 0.3, 0, h - 0.004), (-w * 0.3, 0, h + 0.02), (-w * 0.3, 0, h + rod)], [0.0075, 0.0065, 0.0045], 12)
    knob = turned([(0, 0), (0.009, 0), (0.008, 0.014), (0, 0.014)], 14).moved((w * 0.25, 0, h - 0.001))
    slits = [box((w * 0.55, 0.002, 0.003)).moved((0, y, h * 0.9 - 0.007 * k)) for k in range(int(rng.integers(3, 6)))]
    pad = key_grid(w * 0.7, h * 0.3, 4 if rng.random() < 0.6 else 2, 3, 0.002).moved((0, y, h * 0.22), TO_FRONT)
    side = box((0.004, d * 0.5, h * 0.25)).moved((-w / 2, 0, h * 0.5))
    band = rounded((w * 1.03, d * 1.03, h * 0.12), 0.15, 16).moved((0, 0, h * 0.6)) if rng.random() < 0.4 else side
    parts = [Part(rounded((w, d, h), 0.12), case), Part(aerial, BLACK), Part(knob, BLACK, ()), Part(join(slits), BLACK, ()), Part(side, trim, ()),
             Part(band, trim, ()), Part(pad, trim if rng.random() < 0.5 else casing(rng), ())]  # fmt: skip
    parts.append(Part(box((w * 0.62, 0.001, h * 0.17)).moved((0, y, h * 0.44)), readout(rng), ()))
    return laid(parts, rotation("x", -90)) if rng.random() < 0.4 else parts


@KINDS.add("device", TABLE, False, 1.0, 0.12)
def calculator(rng: Rng, materials: Materials) -> list[Part]:
    w, n, h = rng.uniform((0.06, 0.1, 0.008), (0.15, 0.19, 0.016))
    w, rows, columns = min(w, n * 0.85), int(rng.integers(4, 7)), int(rng.integers(4, 6))
    case, first, second = casing(rng), plastic(rng), plastic(rng)
    slope = rotation("x", rng.choice([0, rng.uniform(2, 9)]))
    tops = [Part(rounded((w, n, h), 0.12), case),
            Part(box((w * 0.84, n * 0.16, 0.002)).moved((0, n * 0.33, h - 0.0015)), readout(rng, glows=False), ()),
            Part(key_grid(w * 0.88, n * 0.55, rows, columns, 0.0035, 0.76).moved((0, -n * 0.15, h - 0.001)), first, ()),
            Part(key_grid(w * 0.88 / columns, n * 0.55, rows, 1, 0.0038, 0.77).moved((w * 0.44 * (1 - 1 / columns), -n * 0.15, h - 0.001)), second,
                 ())]  # fmt: skip
    if rng.random() < 0.5:
        tops.append(Part(box((w * 0.4, n * 0.05, 0.001)).moved((w * 0.15, n * 0.45, h - 0.0005)), Look(None, (0.15, 0.08, 0.1, 1), 0.9), ()))
    return laid(tops, slope)


@KINDS.add("device", TABLE, True, 0.9, 0.15)
def webcam(rng: Rng, materials: Materials) -> list[Part]:
    w, case, trim, z = rng.uniform(0.045, 0.1), casing(rng), dark(rng), rng.uniform(0.05, 0.12)
    h, d, edge = rng.uniform(0.028, 0.04), rng.uniform(0.022, 0.034), rng.choice([0.3, 0.6, 1.0])
    if edge == 1.0:
        w = h = d = rng.uniform(0.045, 0.06)
    turn, r = rotation("x", rng.uniform(-5, 20)), h * 0.3
    head = [Part(rounded((w, d, h), edge, 28).moved((0, 0, -h / 2)), case)]
    eye = [turned([(r, -0.004), (r, 0.002), (r * 0.75, 0.002), (r * 0.7, 0)], 22), turned([(r * 0.7, 0.0005), (0, 0.002)], 20)]
    head += [Part(m.moved((0, -d / 2, 0), TO_FRONT), look, ()) for m, look in ((eye[0], trim), (eye[1], LENS))]
    light = cylinder(0.0015, 0.001, 8).moved((r + 0.005, -d * 0.49, 0.0), TO_FRONT)
    head = [*head, Part(light, Look(None, (0.2, 0.9, 0.3, 1), emission=0.8), ())]
    parts = [p.moved((0, 0, z), turn) for p in head]
    if rng.random() < 0.5:  # three legs
        legs = [tube([(0, 0, z - h * 0.6), (0.004, 0, z * 0.55), (0.045, 0, 0.004)], [0.004, 0.005, 0.004],
                     8).moved(turn=rotation("z", a)) for a in (30, 150, 270)]  # fmt: skip
        parts += [Part(leg, trim) for leg in legs]
    else:
        foot = [tube([(0, 0, z - h * 0.45), (0, 0.004, 0.02)], 0.008, 10), rounded((0.05, 0.06, 0.01), 0.3).moved((0, 0.012, 0)),
                box((0.045, 0.006, 0.03)).moved((0, -0.017, 0))]  # fmt: skip
        parts += [Part(m, case) for m in foot]
    wire = cord(rng, (0.01, 0.0, 0.004), rng.uniform(0.12, 0.3), 0.0018)
    return [*parts, Part(wire.mesh.moved((0, 0.012, 0), rotation("z", 90)), wire.look, ())] if rng.random() < 0.6 else parts


@KINDS.add("device", TABLE, True, 1.0, 0.4)
def microphone(rng: Rng, materials: Materials) -> list[Part]:
    metal, case, r = steel(rng), dark(rng) if rng.random() < 0.6 else casing(rng), rng.uniform(0.02, 0.027)
    net = Look(holed(t.metal(rng), 26, 20, 0.12), specular=0.8) if rng.random() < 0.75 else Look(t.plain(rng, 64, None, 0.4), specular=0)
    pick = rng.random()
    if pick < 0.45:  # for the hand, lying
        n, a = rng.uniform(0.13, 0.17), np.linspace(-0.9, np.pi / 2, 12)
        ball = turned([*zip(r * np.cos(a), n + r * np.sin(a))], 24)
        body = turned([(0, 0), (r * 0.42, 0), (r * 0.48, 0.004), (r * 0.72, n - r * 0.6), (r * 0.66, n - r * 0.4), (0, n - r * 0.4)], 20)
        parts = [Part(m.moved(turn=ALONG_X), look, walls) for m, look,
                 walls in ((ball, net, None), (body, case, None), (ring(r, 0.003, 1.3).moved((0, 0, n - 0.005)), metal, ()))]  # fmt: skip
        parts.append(Part(rounded((0.02, 0.007, 0.005), 0.5, 12).moved((n * 0.6, 0, r * 0.54)), metal, ()))
        return laid(parts, rotation("y", 4))
    foot = turned([(0, 0), (0.06, 0), (0.058, 0.01), (0.015, 0.016), (0, 0.016)], 28)
    h = rng.uniform(0.12, 0.2)
    if pick < 0.75:  # a capsule in a fork
        body = turned([(0, 0), (r, 0), (r * 1.05, 0.004), (r * 1.05, 0.08), (0, 0.08)], 24).moved((0, 0, h - 0.05))
        dome = turned([(r * 1.04, 0), (r * 1.04, 0.05), (r * 0.9, 0.068), (r * 0.5, 0.078), (0, 0.08)], 24).moved((0, 0, h + 0.03))
        fork = bars([(-r * 1.5, 0, h), (-r * 1.5, 0, h - 0.07), (0, 0, h - 0.085), (r * 1.5, 0, h - 0.07), (r * 1.5, 0, h)], 0.004)
        pegs = [cylinder(0.009, r * 3.3, 14).moved((-r * 1.65, 0, h), ALONG_X), tube([(0, 0, 0.01), (0, 0, h - 0.08)], 0.006, 10)]
        return [Part(foot, case), Part(body, case), Part(dome, net), Part(join(fork), metal, ()), Part(join(pegs), metal, ()),
                Part(cylinder(0.009, 0.04), metal)]  # fmt: skip
    s = np.linspace(0, 1, 16)  # on a neck that bends
    path = np.column_stack((0 * s, 0.03 - 0.12 * s**2.2, 0.01 + h * 1.4 * np.sin(s * 1.5) / 1.0))
    tip, way = path[-1], path[-1] - path[-2]
    way = way / np.linalg.norm(way)
    head = tube([tip - 0.01 * way, tip, tip + 0.045 * way, tip + 0.055 * way], [0.006, 0.011, 0.011, 0.007], 14)
    block = tapered(rounded((0.1, 0.12, 0.035), 0.2), 0.8).moved((0, 0.02, 0))
    return [Part(block, case), Part(tube(path, 0.0045, 8), dark(rng), ()), Part(head, net, ()),
            Part(cylinder(0.01, 0.004).moved((0.02, -0.01, 0.031)), plastic(rng), ())]  # fmt: skip


@KINDS.add("device", TABLE, True, 1.0, 0.08)
def smartwatch(rng: Rng, materials: Materials) -> list[Part]:
    r, w, thick = rng.uniform(0.025, 0.032), rng.uniform(0.018, 0.025), rng.uniform(0.0018, 0.003)
    strap = leather(rng) if rng.random() < 0.3 else steel(rng) if rng.random() < 0.3 else plastic(rng)
    case, s, z = steel(rng) if rng.random() < 0.6 else dark(rng), rng.uniform(0.036, 0.046), 0.023
    a = np.radians(np.linspace(-232, 52, 28))
    outer, inner = (np.column_stack((1.12 * k * np.cos(a), 0.9 * k * np.sin(a))) for k in (r + thick, r))
    band = plate([*outer, *inner[::-1]], w).moved((0, 0, z - w / 2), rotation("z", 180))
    y = -0.9 * r * 0.78
    if rng.random() < 0.5:
        body, face = cylinder(s / 2, 0.009, 30), turned([(s * 0.44, 0.0095), (0, 0.0095)], 28)
        parts = [Part(body.moved((0, y, z), TO_FRONT), case), Part(face.moved((0, y - 0.0005, z), TO_FRONT), shown(rng, materials), ())]
    else:
        parts = [Part(rounded((s * 0.86, 0.011, s), 0.25).moved((0, y - 0.005, z - s / 2)), case),
                 Part(box((s * 0.7, 0.001, s * 0.83)).moved((0, y - 0.0106, z - s * 0.415)), shown(rng, materials), ())]  # fmt: skip
    crown = cylinder(0.0035, 0.004, 12).moved((s * 0.43, y - 0.004, z), ALONG_X)
    buckle = rounded((0.014, 0.005, w * 1.15), 0.25, 14).moved((0, 0.9 * r + thick, z - w * 0.575))
    hull = turned([(0, z - w / 2), (r, z - w / 2), (r, z + w / 2), (0, z + w / 2)], 20)
    parts = [Part(band, strap, (hull,)), *parts, Part(crown, case, ()), Part(buckle, case if rng.random() < 0.6 else strap, ())]
    return laid(parts, rotation("x", -90) if rng.random() < 0.35 else np.eye(3))


@KINDS.add("device", PLACES, True, 1.0, 0.5)
def drone(rng: Rng, materials: Materials) -> list[Part]:
    s, case, trim, z = rng.uniform(0.07, 0.16), casing(rng), dark(rng), rng.uniform(0.03, 0.06)
    body = tapered(rounded((s * 1.5, s * 0.7, s * 0.45), rng.uniform(0.3, 0.7)), 0.6, 0.7).moved((0, 0, z))
    parts, blades, vane = [Part(body, case)], [], rng.uniform(0.55, 0.7) * s
    look = trim if rng.random() < 0.5 else plastic(rng)
    caged, cages = rng.random() < 0.3, []
    for x, y in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        at = np.array((x * s, y * s, z + s * 0.3))
        parts.append(Part(tube([(x * s * 0.3, y * s * 0.2, z + s * 0.22), at], [s * 0.09, s * 0.06], 8), case if rng.random() < 0.5 else trim))
        parts.append(Part(turned([(0, -s * 0.1), (s * 0.1, -s * 0.1), (s * 0.1, s * 0.08), (0, s * 0.1)], 16).moved(at), trim))
        blade = plate([(0, -0.05), (0.35, -0.13), (1, -0.05), (1, 0.03), (0.3, 0.07), (0, 0.05)], 0.02)
        for turn in (0, 180):
            blades.append(blade.moved(at + (0, 0, s * 0.1),
                                      rotation("z", turn + rng.uniform(0, 5)) @ rotation("z", 90 * y + 30 * x) @ rotation("x", 8), vane))  # fmt: skip
        cages.append(ring(vane * 1.08, s * 0.03).moved(at + (0, 0, s * 0.06)))
        parts.append(Part(tube([at - (0, 0, s * 0.05), (x * s, y * s, 0)], s * 0.04, 8), trim))
    parts.append(Part(join(blades), look, ()))
    eye = [rounded((s * 0.26, s * 0.26, s * 0.26), 0.6, 16).moved((s * 0.78, 0, z - s * 0.02)),
           cylinder(s * 0.08, s * 0.05, 16).moved((s * 0.9, 0, z + s * 0.11), ALONG_X)]  # fmt: skip
    parts += [Part(eye[0], trim, ()), Part(eye[1], LENS, ())]
    lamp = [rounded((s * 0.08,) * 3, 0.8, 10).moved((x * s, y * s, z + s * 0.12)) for x, y in ((-1, 1), (-1, -1))]
    parts.append(Part(join(lamp), Look(None, (0.9, 0.15, 0.1, 1), emission=0.7), ()))
    return [*parts, Part(join(cages), casing(rng), ())] if caged else parts


@KINDS.add("device", TABLE, False, 0.9, 0.35)
def handheld_console(rng: Rng, materials: Materials) -> list[Part]:
    w, h = rng.uniform(0.15, 0.25), rng.uniform(0.075, 0.1)
    case, sides, ink, thick = casing(rng), plastic(rng), dark(rng), rng.uniform(0.013, 0.022)
    parts = [Part(box((w * 0.66, h, thick)), case), Part(box((w * 0.6, h * 0.86, 0.001)).moved((0, 0, thick)), shown(rng, materials), ())]
    for x in (-1, 1):
        side = sides if x < 0 or rng.random() < 0.6 else plastic(rng)
        parts.append(Part(rounded((w * 0.21, h * 1.01, thick * 1.1), 0.25).moved((x * w * 0.42, 0, -thick * 0.05)), side))
        stick = turned([(0.005, 0), (0.005, 0.005), (0.0085, 0.007), (0.0085, 0.01), (0, 0.0085)], 18)
        parts.append(Part(stick.moved((x * w * 0.42, -x * h * 0.2, thick)), ink, ()))
        knobs = [cylinder(0.0042, 0.003, 14).moved((x * w * 0.42 + 0.009 * a, x * h * 0.2 + 0.009 * b, thick)) for a,
                 b in ((1, 0), (-1, 0), (0, 1), (0, -1))]  # fmt: skip
        parts.append(Part(join(knobs), ink if rng.random() < 0.5 else plastic(rng), ()))
        parts.append(Part(box((w * 0.18, 0.006, thick * 0.5)).moved((x * w * 0.41, h * 0.51, thick * 0.3)), ink, ()))
    return parts


@KINDS.add("device", TABLE, True, 0.9, 0.5)
def vr_headset(rng: Rng, materials: Materials) -> list[Part]:
    w, h, d, case, soft = rng.uniform(0.16, 0.2), rng.uniform(0.085, 0.11), rng.uniform(0.06, 0.09), casing(rng), dark(rng)
    edge = rng.uniform(0.3, 0.5)
    front = [Part(rounded((w, d, h), edge, 28), case), Part(rounded((w * 0.94, 0.05, h * 0.9), 0.5, 28).moved((0, d * 0.4, h * 0.05)), soft)]
    if rng.random() < 0.6:
        eyes = [turned([(0.011, 0), (0.009, 0.003), (0, 0.004)], 18).moved((x * w * 0.36, -d * 0.44, h * z),
                                                                           TO_FRONT) for x in (-1, 1) for z in (0.28, 0.72)]  # fmt: skip
    else:
        eyes = [rounded((w * 0.8, 0.02, h * 0.62), 0.4, 24).moved((0, -d * 0.42, h * 0.19))]
    a, r = np.linspace(-0.25, np.pi + 0.25, 24), w * 0.49
    path = np.column_stack((r * np.cos(a), d * 0.35 + 0.05 + 0.85 * w * np.sin(a).clip(-0.2), h * 0.5 + 0.012 * np.sin(a)))
    strap_look = cloth_look(rng) if rng.random() < 0.5 else dark(rng)
    strap = tube(path, 0.006, 8, 2.2)
    top = np.linspace(0, np.pi, 14)
    over = tube(np.column_stack((0 * top, d * 0.3 + (0.5 - 0.5 * np.cos(top)) * 0.95 * w, h * 0.55 + h * 0.7 * np.sin(top))), 0.009, 8, 0.4)
    rear = rounded((w * 0.45, 0.03, h * 0.55), 0.5, 18).moved((0, d * 0.35 + 0.04 + 0.85 * w, h * 0.27))
    foot = box((0.02, 0.02, h * 0.4)).moved((0, d * 0.35 + 0.04 + 0.85 * w, 0.0))
    return [*front, Part(join(eyes), LENS if rng.random() < 0.6 else BLACK, ()), Part(strap, strap_look, ()), Part(over, strap_look, ()),
            Part(rear, soft, (foot, rear))]  # fmt: skip


@KINDS.add("device", TABLE, True, 0.9, 0.6)
def lidar(rng: Rng, materials: Materials) -> list[Part]:
    """A spinning laser scanner, as on robots."""
    r, h, case = rng.uniform(0.03, 0.055), rng.uniform(0.045, 0.085), steel(rng) if rng.random() < 0.4 else casing(rng)
    low, high, square = h * rng.uniform(0.25, 0.4), h * rng.uniform(0.75, 0.88), rng.choice([0, 0, 0.5])
    ribs = [(r * (1.0 if k % 2 else 0.93), low * (0.15 + 0.1 * k)) for k in range(8)]
    foot = turned([(0, 0), (r, 0), *ribs, (r, low * 0.95), (r, low), (0, low)], 30, square)
    window = turned([(r * 0.97, low), (r * 0.97, high)], 30)
    top = turned([(r, high), (r, h * 0.97), (r * 0.95, h), (0, h)], 30)
    under = turned([(0, high), (r, high)], 30)
    parts = [Part(foot, case), Part(join([top, under]), case if rng.random() < 0.6 else dark(rng), (top,)),
             Part(window, Look(None, (0.03, 0.02, 0.05, 1), 1.0, 0.95), ())]  # fmt: skip
    if rng.random() < 0.6:
        parts = [Part(p.mesh.moved((0, 0, 0.012)), p.look,
                      None if p.walls is None else tuple(w.moved((0, 0, 0.012)) for w in p.walls)) for p in parts]  # fmt: skip
        parts.append(Part(box((r * 2.5, r * 2.5, 0.012)), dark(rng) if rng.random() < 0.5 else steel(rng)))
    mark = box((r * 0.8, 0.002, low * 0.6)).moved((0, -r * 1.0, low * 0.3))
    plug = tube([(r * 0.9, 0, low * 0.6), (r + 0.014, 0, low * 0.6)], 0.007, 10)
    return [*parts, Part(mark, Look(t.print_on(rng, 64)), ()), Part(plug, BLACK, ()),
            cord(rng, (r + 0.012, 0, low * 0.6), rng.uniform(0.1, 0.3), 0.003)]  # fmt: skip


@KINDS.add("device", "table floor", True, 1.0, 2.0)
def robot_arm(rng: Rng, materials: Materials) -> list[Part]:
    s, case, trim, joint = rng.uniform(0.1, 0.2), casing(rng), plastic(rng), dark(rng)
    r, z = s * 0.22, s * 0.55
    bolts = [cylinder(s * 0.06, s * 0.14, 6).moved((x * s * 0.6, y * s * 0.6, 0)) for x in (-1, 1) for y in (-1, 1)]  # they collide for their weight
    parts = [Part(box((s * 1.45, s * 1.45, s * 0.1)), joint), *(Part(m, steel(rng)) for m in bolts),
             Part(turned([(0, 0), (s * 0.4, 0), (s * 0.38, s * 0.25), (r * 1.1, z * 0.8), (0, z * 0.8)], 26), case)]  # fmt: skip
    at, angle = np.array((0.0, 0.0, z)), rng.uniform(-20, 35)
    for k, n in enumerate((s * rng.uniform(1.0, 1.5), s * rng.uniform(0.8, 1.2))):
        thick = r * (1 - 0.25 * k)
        hinge = cylinder(thick, thick * 2.2, 20).moved((at[0], at[1] + thick * 1.1, at[2]), rotation("x", 90))
        link = tapered(rounded((n, thick * 1.3, thick * 1.2), 0.35), 0.75).moved((n / 2, 0, -thick * 0.6))
        turn = rotation("y", angle - 90)
        parts += [Part(hinge, joint if rng.random() < 0.6 else trim, ()), Part(link.moved(at, turn), case if k == 0 or rng.random() < 0.6 else trim)]
        at = at + turn @ (n, 0, 0)
        angle += rng.uniform(50, 100)
    thick = r * 0.55
    parts.append(Part(cylinder(thick, thick * 2.2, 18).moved((at[0], thick * 1.1, at[2]), rotation("x", 90)), joint, ()))
    turn, open_by = rotation("y", min(angle, 165) - 90), rng.uniform(0.06, 0.16) * s
    parts.append(Part(rounded((s * 0.35, s * 0.35, s * 0.2), 0.3).moved((s * 0.25, 0, -s * 0.1)).moved(at, turn), trim))
    for y in (-1, 1):
        claw = bars([(s * 0.35, y * open_by, 0), (s * 0.5, y * (open_by + s * 0.08), 0), (s * 0.75, y * open_by * 0.8, 0)], s * 0.035, 6)
        parts.append(Part(join(claw).moved(at, turn), joint, tuple(m.moved(at, turn) for m in claw)))
    return parts
