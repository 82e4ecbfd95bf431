"""Objects of workshops and offices: hand tools, fittings, containers, stationery."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.vessels import TABLE, handle_look, steel
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

PLACES = "table floor shelf"
ALONG_X = rotation("y", 90)
"""Rotation that lays an upright object down with its top along +x."""


def cylinder(radius: float, height: float, segments: int = 20) -> Mesh:
    """Standing on z = 0."""
    return turned([(0, 0), (radius, 0), (radius, height), (0, height)], segments)


def profiled(outline: Sequence[Sequence[float]], width: float) -> Mesh:
    """A piece whose side view is an outline of (x, z), `width` along y."""
    return plate(outline, width).moved((0, width / 2, 0), rotation("x", 90))


def tapered(mesh: Mesh, thin: float, narrow: float = 1.0) -> Mesh:
    """A mesh whose height and width (y) shrink towards its +x end to a share of what they were."""
    low, high = mesh.bounds()
    s, vertices, middle = (mesh.vertices[:, 0] - low[0]) / (high[0] - low[0]), mesh.vertices.copy(), (low[2] + high[2]) / 2
    vertices[:, 1] *= 1 + (narrow - 1) * s**1.5
    vertices[:, 2] = middle + (vertices[:, 2] - middle) * (1 + (thin - 1) * s)
    return Mesh(vertices, mesh.faces, mesh.uv)


def plastic(rng: Rng) -> Look:
    """One colour, dull or shining."""
    return Look(t.plain(rng, 32, t.color(rng, (0, 1), (0.1, 0.98)), 0.03), specular=rng.uniform(0.1, 0.9), shininess=rng.uniform(0.2, 0.9))


def dark(rng: Rng) -> Look:
    return Look(t.plain(rng, 16, t.color(rng, (0, 0.2), (0.03, 0.22)), 0.05), specular=rng.uniform(0.1, 0.6))


def handle(rng: Rng, start: float, end: float, radius: float, height: float) -> Part:
    """A handle along x that is thin in front and thicker behind (at `start`), like that of a file."""
    s = np.linspace(0, 1, 10)
    shape = np.array([[0.75, 1.05, 1.1, 1.05, 0.95, 0.9, 0.88, 0.9, 0.85, 0.7], [0.9, 1, 1, 1, 1, 1, 1, 1, 0.9, 0.6]][int(rng.integers(2))])
    return Part(tube(np.column_stack((start + (end - start) * s, 0 * s, np.full(10, height))), radius * shape, 12), handle_look(rng))


@KINDS.add("tool", PLACES, False, 1.0, 0.2)
def chisel(rng: Rng, materials: Materials) -> list[Part]:
    grip, n, w, r = rng.uniform(0.09, 0.14), rng.uniform(0.07, 0.16), rng.uniform(0.006, 0.035), rng.uniform(0.011, 0.017)
    metal, z = steel(rng), r - 0.002
    blade = profiled([(0.02, 0), (n, 0), (n - 0.014, 0.005), (0.02, 0.005)], w).moved((0, 0, z))
    neck = tube([(-0.005, 0, z + 0.0025), (0.012, 0, z + 0.0025), (0.024, 0, z + 0.0025)], [0.005, 0.005, max(w * 0.45, 0.004)], 8, 0.6)
    ends = [cylinder(r * 0.94, 0.016).moved((x, 0, r), ALONG_X) for x in (-0.015, -grip - 0.004)[: int(rng.integers(1, 3))]]
    return [handle(rng, -grip, 0, r, r), Part(blade, metal), Part(neck, metal, ()), Part(join(ends), metal, ())]


@KINDS.add("tool", PLACES, True, 0.8, 1.0)
def hand_plane(rng: Rng, materials: Materials) -> list[Part]:
    n, w, metal, wood = rng.uniform(0.15, 0.36), rng.uniform(0.045, 0.07), steel(rng), handle_look(rng)
    lean, iron = rotation("y", -45), box((0.004, w * 0.75, 0.11))
    knob = turned([(0, 0), (0.009, 0), (0.007, 0.012), (0.018, 0.03), (0.014, 0.042), (0, 0.045)], 18)
    if rng.random() < 0.5:  # of wood
        h = rng.uniform(0.05, 0.065)
        horn = profiled([(0, 0), (0.03, 0), (0.035, 0.03), (0.025, 0.06), (0.012, 0.055), (0.018, 0.03)], 0.022)
        wedge = box((0.014, w * 0.65, 0.09)).moved((0.0, 0, h * 0.4), lean)
        return [Part(box((n, w, h)), Look(t.wood(rng, 128), specular=0.2)), Part(horn.moved((n * 0.3, 0, h)), wood),
                Part(iron.moved((0.012, 0, h * 0.35), lean), metal, ()), Part(wedge, wood, ())]  # fmt: skip
    sole = profiled([(-n / 2, 0), (n / 2, 0), (n / 2, 0.012), (n * 0.2, 0.032), (-n * 0.1, 0.032), (-n / 2, 0.012)], w)
    tote = profiled([(0, 0), (0.035, 0), (0.022, 0.035), (0.028, 0.075), (0.005, 0.085), (-0.012, 0.075), (-0.002, 0.04)], 0.022)
    return [Part(sole, Look(t.plain(rng, 32), specular=0.6)), Part(tote.moved((-n * 0.36, 0, 0.016)), wood),
            Part(knob.moved((n * 0.34, 0, 0.015)), wood), Part(iron.moved((0.01, 0, 0.01), lean), metal, ())]  # fmt: skip


@KINDS.add("tool", PLACES, False, 1.0, 0.6)
def clamp(rng: Rng, materials: Materials) -> list[Part]:
    paint, metal, thick = Look(t.plain(rng, 32), specular=0.5), steel(rng), rng.uniform(0.012, 0.02)
    if rng.random() < 0.5:  # shaped like a C
        a, b, d = rng.uniform(0.05, 0.09), rng.uniform(0.07, 0.15), rng.uniform(0.013, 0.02)
        frame = plate([(0, 0.3 * d), (0.3 * d, 0), (a, 0), (a, d), (d, d), (d, b - d), (a, b - d), (a, b), (0.3 * d, b), (0, b - 0.3 * d)], thick)
        walls = (*(box((a, d, thick)).moved((a / 2, y, 0)) for y in (d / 2, b - d / 2)), box((d, b, thick)).moved((d / 2, b / 2, 0)))
        x, end, tip = a - d / 2, -rng.uniform(0.03, 0.07), rng.uniform(0.3, 0.75) * (b - 2 * d) + d
        screw = [tube([(x, end, thick / 2), (x, tip, thick / 2)], 0.0055, 10), tube([(x, tip - 0.007, thick / 2), (x, tip, thick / 2)], 0.011, 14),
                 tube([(x - 0.03, end + 0.005, thick / 2), (x + 0.03, end + 0.005, thick / 2)], 0.0035, 8)]  # fmt: skip
        return [Part(frame, paint, walls), *(Part(m, metal) for m in screw)]
    n, arm = rng.uniform(0.2, 0.42), rng.uniform(0.06, 0.1)
    bar = box((n, 0.018, 0.007)).moved((n / 2, 0, thick / 2 - 0.003))
    fixed, slide = tapered(box((arm, 0.022, thick), 3), 0.9, 0.6), rng.uniform(0.3, 0.7) * n
    arms = [fixed.moved((x, arm / 2 - 0.01, 0), rotation("z", 90)) for x in (n - 0.011, slide)]
    grip = tube([(slide - 0.16, arm - 0.02, thick / 2), (slide - 0.06, arm - 0.02, thick / 2)], [0.015, 0.013], 10)
    screw = tube([(slide - 0.07, arm - 0.02, thick / 2), (slide + 0.03, arm - 0.02, thick / 2)], 0.005, 8)
    pads = [tube([(x, arm - 0.02, thick / 2), (x + 0.007, arm - 0.02, thick / 2)], 0.011, 12) for x in (slide + 0.028, n - 0.028)]
    return [Part(bar, metal), *(Part(m, paint) for m in arms), Part(grip, handle_look(rng)), Part(screw, metal, ()), Part(join(pads), paint, ())]


@KINDS.add("tool", PLACES, False, 0.8, 0.9)
def axe(rng: Rng, materials: Materials) -> list[Part]:
    n, s, z = rng.uniform(0.28, 0.6), np.linspace(0, 1, 12), 0.014
    bend, a, b = rng.uniform(0, 0.015), rng.uniform(0.045, 0.07), rng.uniform(0.09, 0.15)
    path = np.column_stack((-n * s + 0.02, bend * np.sin(s * 6), np.full(12, z)))
    shaft = tube(path, np.array([0.013, 0.014, *[0.0125] * 7, 0.013, 0.016, 0.018]), 10, 0.7)
    head = tapered(box((b, a, 0.026), 5), 0.08, rng.uniform(1.3, 2.4)).moved((0, b / 2 - 0.03, 0.001), rotation("z", 90))
    metal = steel(rng) if rng.random() < 0.6 else Look(t.plain(rng, 32, t.color(rng)), specular=0.6)
    return [Part(shaft, handle_look(rng)), Part(head, metal)]


@KINDS.add("tool", PLACES, False, 1.0, 0.25)
def trowel(rng: Rng, materials: Materials) -> list[Part]:
    n, w, metal = rng.uniform(0.09, 0.2), rng.uniform(0.04, 0.11), steel(rng)
    if rng.random() < 0.45:  # a putty knife: all in one plane
        blade = plate([(0, -0.011), (n * 0.6, -w / 2), (n * 0.62, w / 2), (0, 0.011)], 0.0016).moved((0, 0, 0.008))
        grip = tapered(rounded((0.12, 0.034, 0.018), 0.4), 0.8, 0.75).moved((-0.055, 0, 0))
        return [Part(blade, metal), Part(grip, handle_look(rng)), Part(cylinder(0.004, 0.0185, 10).moved((-0.08, 0, 0)), metal, ())]
    leaf = [(0, -w * 0.3), (n * 0.2, -w / 2), (n * 0.7, -w * 0.45), (n, 0), (n * 0.7, w * 0.45), (n * 0.2, w / 2), (0, w * 0.3)]
    square, kite = [(0, -w / 2), (n, -w / 2), (n, w / 2), (0, w / 2)], [(0, -w / 2), (n, 0), (0, w / 2), (-0.02, 0)]
    neck = tube([(n * 0.3, 0, 0.003), (0.01, 0, 0.007), (-0.025, 0, 0.022), (-0.035, 0, 0.036), (-0.06, 0, 0.04)], 0.005, 8)
    blade, end = plate([leaf, square, kite][int(rng.integers(3))], 0.002), -0.05 - rng.uniform(0.09, 0.13)
    return [Part(blade, metal), Part(neck, metal), handle(rng, end, -0.05, 0.015, 0.04)]


@KINDS.add("tool", PLACES, False, 0.8, 0.2)
def paint_roller(rng: Rng, materials: Materials) -> list[Part]:
    n, r, reach = rng.uniform(0.08, 0.25), rng.uniform(0.014, 0.032), rng.uniform(0.05, 0.12)
    roll = cylinder(r, n, 24).moved((0, -n / 2, r), rotation("x", -90))
    out = n / 2 + 0.02
    wire = tube([(0, n * 0.4, r), (0, out, r), (-0.01, out + 0.006, r), (-reach * 0.5, out, r), (-reach * 0.6, out - 0.012, r),
                 (-reach * 0.7, 0.02, r), (-reach * 0.8, 0.002, r), (-reach - 0.06, 0, r)], 0.0035, 8)  # fmt: skip
    caps = [cylinder(r * 0.8, 0.004).moved((0, y, r), rotation("x", -90)) for y in (-n / 2 - 0.002, n / 2 - 0.002)]
    fur = Look(t.plain(rng, 64, t.color(rng, (0, 1), (0.5, 1.0)), 0.4), specular=0)
    return [Part(roll, fur), Part(join(caps), plastic(rng), ()), Part(wire, steel(rng), ()),
            handle(rng, -reach - 0.05 - rng.uniform(0.09, 0.14), -reach - 0.04, 0.014, r)]  # fmt: skip


@KINDS.add("tool", TABLE, False, 0.8, 0.1)
def hex_key(rng: Rng, materials: Materials) -> list[Part]:
    count, metal, a = int(rng.integers(1, 7)), steel(rng) if rng.random() < 0.6 else dark(rng), np.linspace(0, np.pi / 2, 5)
    n, size, y, parts = rng.uniform(0.07, 0.16), rng.uniform(0.0025, 0.005), 0.0, []
    for k in range(count):
        scale = 1 - 0.11 * k
        r, long, short, c = size * scale, n * scale, n * scale * 0.32, 0.007 * scale
        curve = np.column_stack((long - c + c * np.sin(a), c - c * np.cos(a)))
        path = [(0, 0), *curve, (long, short)]
        parts.append(Part(tube([(px, py + y, size) for px, py in path], r, 6), metal))
        y += 3.2 * size
    if count > 2:
        case = rounded((n * 0.22, y + size, size * 3), 0.3).moved((n * 0.25, (y - 3.2 * size) / 2, -size * 0.5))
        return [Part(p.mesh.moved((0, 0, size * 0.5)), p.look) for p in parts] + [Part(case.moved((0, 0, size * 0.5)), plastic(rng))]
    return parts


@KINDS.add("tool", TABLE, False, 0.9, 0.2)
def caliper(rng: Rng, materials: Materials) -> list[Part]:
    n, w, jaw, at = rng.uniform(0.17, 0.3), rng.uniform(0.013, 0.019), rng.uniform(0.035, 0.06), rng.uniform(0.0, 0.08)
    metal = steel(rng)
    scale = Look(t.keys(rng, 128, 1, 40), (0.85, 0.87, 0.88, 1), 0.7)
    claw = [(-0.02, w / 2), (-0.02, -w / 2), (-0.012, -w / 2 - jaw * 0.7), (0, -w / 2 - jaw), (0, w / 2 + jaw * 0.45), (-0.007, w / 2 + jaw * 0.2)]
    other = [(-x + at, y) for x, y in claw]
    parts = [Part(box((n, w, 0.0035)).moved((n / 2 - 0.01, 0, 0.003)), metal),
             Part(box((n * 0.9, w * 0.4, 0.001)).moved((n * 0.5, 0, 0.006)), scale, ()), Part(plate(claw, 0.006), metal),
             Part(plate(other, 0.006).moved((0, 0, 0.001)), metal), Part(box((0.055, w * 1.35, 0.006)).moved((at + 0.035, 0, 0)), metal)]  # fmt: skip
    if rng.random() < 0.6:
        parts += [Part(rounded((0.065, w * 2.0, 0.014), 0.25).moved((at + 0.045, 0, 0)), dark(rng)),
                  Part(box((0.034, w * 0.9, 0.001)).moved((at + 0.042, w * 0.2, 0.0136)), Look(None, (0.68, 0.74, 0.66, 1), 0.6), ())]  # fmt: skip
    return parts


@KINDS.add("object", PLACES, False, 0.9, 0.08)
def glue_tube(rng: Rng, materials: Materials) -> list[Part]:
    n, r = rng.uniform(0.07, 0.19), rng.uniform(0.011, 0.024)
    printed, cap = Look(t.print_on(rng, 128, materials.crop(rng)), specular=0.5), plastic(rng)
    if rng.random() < 0.3:  # a stick
        return [Part(cylinder(r, n * 0.5).moved((0, 0, r), ALONG_X), printed), Part(cylinder(r * 1.04, n * 0.2).moved((n * 0.5, 0, r), ALONG_X), cap),
                Part(cylinder(r * 0.9, 0.012, 14).moved((-0.012, 0, r), ALONG_X), cap)]  # fmt: skip
    x = np.linspace(0, n, 12)
    body = tube(np.column_stack((x, 0 * x, np.full(12, r))), r, 20)
    v = body.vertices.copy()
    flat = np.clip(1 - v[:, 0] / (n * 0.85), 0, 1)
    v[:, 2], v[:, 1] = r + (v[:, 2] - r) * (1 - 0.92 * flat), v[:, 1] * (1 + 0.4 * flat)
    shoulder = turned([(r, 0), (r * 0.35, r * 0.4), (0, r * 0.4)], 20).moved((n, 0, r), ALONG_X)
    top = turned([(0, 0), (r * 0.6, 0), (r * rng.uniform(0.2, 0.55), rng.uniform(0.012, 0.035)), (0, 0.012)], 14).moved((n + r * 0.3, 0, r), ALONG_X)
    return [Part(Mesh(v, body.faces, body.uv), printed), Part(shoulder, printed, ()), Part(top, cap)]


@KINDS.add("object", "floor table", True, 0.9, 2.0)
def toolbox(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.26, 0.13, 0.11), (0.48, 0.24, 0.22))
    if rng.random() < 0.3:  # open, of wood
        look = timber(rng, materials)
        gable = profiled([(-d / 2, 0), (d / 2, 0), (d / 2, h * 0.6), (0.025, h * 1.5), (-0.025, h * 1.5), (-d / 2, h * 0.6)], 0.012)
        ends = [gable.moved((x * w / 2, 0, 0), rotation("z", 90)) for x in (-1, 1)]
        sides = [box((w, 0.01, h * 0.6)).moved((0, y * d / 2, 0)) for y in (-1, 1)]
        return [*(Part(m, look) for m in (box((w, d, 0.01)), *ends, *sides)),
                Part(tube([(-w / 2, 0, h * 1.38), (w / 2, 0, h * 1.38)], 0.012, 10), handle_look(rng))]  # fmt: skip
    case, lid, trim = plastic(rng), plastic(rng) if rng.random() < 0.6 else None, plastic(rng)
    split = h * rng.uniform(0.55, 0.75)
    top = profiled([(-d / 2 - 0.004, 0), (d / 2 + 0.004, 0), (d / 2 + 0.004, (h - split) * 0.4), (d * 0.3, h - split), (-d * 0.3, h - split),
                    (-d / 2 - 0.004, (h - split) * 0.4)], w + 0.006).moved((0, 0, split), rotation("z", 90))  # fmt: skip
    g = w * rng.uniform(0.2, 0.32)
    grip = tube([(x, 0, h + z) for x, z in ((-g, -0.01), (-g, 0.02), (0.015 - g, 0.035), (g - 0.015, 0.035), (g, 0.02), (g, -0.01))], 0.01, 8)
    latches = [box((0.035, 0.012, h * 0.3)).moved((x * w * 0.3, -d / 2 - 0.004, split - h * 0.16)) for x in (-1, 1)]
    return [Part(box((w, d, split)), case), Part(top, lid or case), Part(grip, trim), Part(join(latches), trim, ())]


@KINDS.add("object", PLACES, False, 1.0, 0.15)
def tape_roll(rng: Rng, materials: Materials) -> list[Part]:
    inner, parts, z = rng.uniform(0.013, 0.04), [], 0.0
    for _ in range(int(rng.integers(1, 3))):
        outer, w = inner + rng.uniform(0.006, 0.025), rng.uniform(0.012, 0.055)
        tape = turned([(inner + 0.002, 0), (outer, 0), (outer, w), (inner + 0.002, w)], 32).moved((0, 0, z))
        core = turned([(inner, 0), (inner + 0.003, 0), (inner + 0.003, w + 0.001), (inner, w + 0.001), (inner, 0)], 32).moved((0, 0, z))
        tan = Look(t.plain(rng, 32, t.color(rng, (0.2, 0.5), (0.5, 0.85), 0.09), 0.1), specular=0.1)
        parts += [Part(tape, plastic(rng) if rng.random() < 0.7 else tan), Part(core, tan if rng.random() < 0.7 else plastic(rng), ())]
        z += w + 0.001
    return parts


@KINDS.add("object", TABLE, False, 0.8, 0.2)
def padlock(rng: Rng, materials: Materials) -> list[Part]:
    w, d, a = rng.uniform(0.025, 0.06), rng.uniform(0.012, 0.022), np.linspace(0, np.pi, 12)
    h, up, open_by = w * rng.uniform(0.7, 1.1), w * rng.uniform(0.3, 1.0), rng.choice([0, 0, 0.012])
    bow = [(w * 0.32, h * 0.45 + open_by), *zip(w * 0.32 * np.cos(a), h * 0.48 + up + open_by + w * 0.32 * np.sin(a)), (-w * 0.32, h * 0.4)]
    look = steel(rng) if rng.random() < 0.3 else Look(t.plain(rng, 32, t.color(rng, (0.4, 0.9), (0.4, 0.8), rng.choice([0.11, 0.6]))), specular=0.8)
    body = box((w, h, d)) if rng.random() < 0.4 else rounded((w, h, d), 0.3)
    parts = [Part(body, look), Part(tube([(x, y, d / 2) for x, y in bow], w * rng.uniform(0.07, 0.11), 10), steel(rng))]
    if rng.random() < 0.5:
        key = [box((0.008, 0.026, 0.002)).moved((0, -h / 2 - 0.012, d / 2)), turned([(0, 0), (0.011, 0), (0.011, 0.002), (0, 0.002)], 16)]
        return [*parts, Part(join([key[0], key[1].moved((0, -h / 2 - 0.032, d / 2))]), steel(rng), ())]
    return [*parts, Part(cylinder(w * 0.1, 0.001).moved((0, -h * 0.15, d - 0.0004)), dark(rng), ())]


@KINDS.add("object", PLACES, False, 0.8, 0.05)
def dry_cell(rng: Rng, materials: Materials) -> list[Part]:
    """One to four batteries side by side."""
    metal, ends = Look(None, (0.8, 0.8, 0.78, 1), 0.9, 0.8), Look(t.plain(rng, 16, t.color(rng, (0.3, 1), (0.2, 0.95)), 0), specular=0.8)
    if rng.random() < 0.25:
        cell = [Part(box((0.036, 0.026, 0.018)), dark(rng)), Part(box((0.01, 0.0262, 0.0182)).moved((0.0132, 0, 0)), ends, ())]
        return [*cell, *(Part(cylinder(0.0035, 0.003, 12).moved((0.018, y, 0.009), ALONG_X), metal, ()) for y in (-0.006, 0.006))]
    r, n = [(0.0053, 0.0445), (0.0073, 0.0505), (0.0131, 0.05), (0.017, 0.0615)][int(rng.integers(4))]
    sleeve, parts = dark(rng) if rng.random() < 0.5 else Look(t.print_on(rng, 128), specular=0.6), []
    for k in range(int(rng.integers(1, 5))):
        way, tip = rng.choice([-1, 1]), 0.85 * r
        pieces = ((0, 0.68, r, sleeve), (0.68, 0.29, r, ends), (-0.01, 0.02, tip, metal), (0.96, 0.02, tip, metal), (0.97, 0.04, 0.35 * r, metal))
        for start, part, radius, look in pieces:
            mesh = cylinder(radius, part * n).moved(((start - 0.5) * n, 0, 0), ALONG_X).moved((0, 2.05 * r * k, r), rotation("z", 90 - 90 * way))
            parts.append(Part(mesh, look, None if part > 0.1 else ()))
    return parts


@KINDS.add("object", TABLE, False, 0.7, 0.06)
def light_bulb(rng: Rng, materials: Materials) -> list[Part]:
    r = rng.uniform(0.017, 0.04)
    n, cap = r * rng.uniform(1.9, 2.9), 0.0068 if r < 0.024 else 0.013
    s, a = np.linspace(0, 1, 10), np.linspace(0.15, np.pi / 2, 8)
    shape = [*zip(cap * 1.05 + (r - cap * 1.05) * s * s * (3 - 2 * s), (n - r) * s), *zip(r * np.cos(a), n - r + r * np.sin(a))]
    thread = [(cap * (1.0 - 0.1 * (k % 2)), -0.022 + 0.0028 * k) for k in range(9)]
    pane = Look(None, (1, 0.98, 0.9, rng.uniform(0.35, 0.6)), 1.0, 0.9) if rng.random() < 0.4 else Look(None, (0.97, 0.96, 0.92, 1), 0.8, 0.8)
    parts = [Part(turned([(cap * 0.5, 0), *shape], 24), pane), Part(turned([(0, -0.027), (cap * 0.6, -0.024), *thread, (0, 0.002)], 20), steel(rng)),
             Part(turned([(0, -0.028), (cap * 0.5, -0.026), (0, -0.024)], 12), dark(rng), ())]  # fmt: skip
    if pane.color[3] == 1 and rng.random() < 0.6:  # with its electronics in a collar
        collar = turned([(cap, 0.001), (cap * 1.3, 0.003), (r * 0.95, (n - r) * 0.6), (r, (n - r) * 0.85), (0, n - r)], 24)
        parts.append(Part(collar, plastic(rng), ()))
    return [Part(p.mesh.moved((0, 0, r), ALONG_X), p.look, p.walls) for p in parts]


@KINDS.add("object", TABLE, True, 0.8, 0.2)
def stapler(rng: Rng, materials: Materials) -> list[Part]:
    n, w, case, lift = rng.uniform(0.09, 0.17), rng.uniform(0.026, 0.038), plastic(rng), rotation("y", -rng.uniform(4, 22))
    hinge = (-n * 0.42, 0, 0.022)
    arm = tapered(rounded((n * 0.98, w, n * 0.2), 0.35), 0.5, 0.8).moved((n * 0.45, 0, 0.006))
    rail = box((n * 0.9, w * 0.6, 0.014)).moved((n * 0.45, 0, 0))
    foot = rounded((n, w * 1.1, 0.011), 0.25)
    anvil = box((n * 0.12, w * 0.5, 0.002)).moved((n * 0.38, 0, 0.0105))
    back = profiled([(-n * 0.48, 0.005), (-n * 0.3, 0.005), (-n * 0.33, 0.035), (-n * 0.46, 0.035)], w * 0.9)
    return [Part(foot, case if rng.random() < 0.5 else dark(rng)), Part(arm.moved(hinge, lift), case), Part(rail.moved(hinge, lift), steel(rng)),
            Part(back, dark(rng)), Part(anvil, steel(rng), ())]  # fmt: skip


@KINDS.add("object", TABLE, False, 0.8, 0.3)
def clipboard(rng: Rng, materials: Materials) -> list[Part]:
    w, d = (0.23, 0.32) if rng.random() < 0.7 else (0.16, 0.23)
    text = t.plain(rng, 128, np.array([245, 244, 240], np.uint8), 0.01)
    for row in range(int(rng.integers(8, 14)), 118, int(rng.integers(5, 12))):
        text[row : row + 2, 10 : int(rng.integers(40, 118))] = rng.integers(20, 140)
    metal, a = steel(rng), np.linspace(0, np.pi, 10)
    board = Look(t.wood(rng, 128), specular=0.2) if rng.random() < 0.4 else plastic(rng)
    clip = profiled([(-0.02, 0.003), (0.022, 0.003), (0.018, 0.008), (0.0, 0.014), (-0.02, 0.012)], w * rng.uniform(0.35, 0.6)).moved(
        (0, d / 2 - 0.022, 0), rotation("z", 90)
    )
    bow = tube(np.column_stack((0.02 * np.cos(a), d / 2 - 0.004 + 0.018 * np.sin(a), np.full(10, 0.009))), 0.0025, 6)
    paper = box((w * 0.92, d * 0.9, rng.uniform(0.001, 0.008))).moved((rng.normal(0, 0.003), -0.008, 0.003), rotation("z", rng.normal(0, 1)))
    return [Part(box((w, d, 0.0035)), board), Part(paper, Look(text, specular=0), ()), Part(clip, metal), Part(bow, metal, ())]


@KINDS.add("object", "floor", True, 0.7, 1.5)
def jerrycan(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.18, 0.1, 0.2), (0.34, 0.18, 0.38))
    look, trim, x = plastic(rng), plastic(rng), rng.choice([-1, 1]) * w * 0.32
    body = profiled([(-w / 2, 0), (w / 2, 0), (w / 2, h * 0.85), (w * 0.42, h * 0.93), (-w * 0.42, h * 0.93), (-w / 2, h * 0.85)], d)
    grips = [tube([(-w * 0.2, y, h * 0.92), (-w * 0.17, y, h), (w * 0.17, y, h), (w * 0.2, y, h * 0.92)], 0.011, 8) for y in
             ((0,) if rng.random() < 0.6 else (-d * 0.3, 0, d * 0.3))]  # fmt: skip
    neck = turned([(0.024, 0), (0.024, 0.02), (0.03, 0.02), (0.03, 0.045), (0, 0.045)], 20).moved((x, 0, h * 0.9), rotation("y", 25 * np.sign(x)))
    ribs = [box((0.012, 0.006, 0.85 * np.hypot(w, h * 0.75))).moved((0, 0, -0.42 * np.hypot(w, h * 0.75))).moved(
        (0, y * d / 2, h * 0.45), rotation("y", s * np.degrees(np.arctan2(w, h * 0.8)))) for s in (-1, 1) for y in (-1, 1)]  # fmt: skip
    return [Part(body, look), *(Part(g, look) for g in grips), Part(neck, trim), *([Part(join(ribs), look, ())] if rng.random() < 0.6 else [])]


@KINDS.add("object", PLACES, False, 0.9, 0.05)
def nut_and_bolt(rng: Rng, materials: Materials) -> list[Part]:
    r, metal = rng.uniform(0.003, 0.009), steel(rng)
    n = r * rng.uniform(5, 14)
    thread = [(r * (1.0 - 0.13 * (k % 2)), z) for k, z in enumerate(np.linspace(n * rng.uniform(0, 0.5), n, 26))]
    shaft = turned([(0, 0), (r, 0), *thread, (0, n)], 14).moved((0, 0, r * 1.8), ALONG_X)
    corners = 1.9 * r * np.array([(np.cos(a), np.sin(a)) for a in np.radians(np.arange(0, 360, 60))])
    dome = [(0, -1.2 * r), (r, -1.0 * r), (1.7 * r, -0.3 * r), (1.75 * r, 0), (0, 0)]
    head = plate(corners, r * 1.3).moved((-r * 1.3, 0, r * 1.8), ALONG_X) if rng.random() < 0.7 else turned(dome, 20).moved((0, 0, r * 1.8), ALONG_X)
    parts, nut = [Part(shaft, metal), Part(head, metal)], steel(rng) if rng.random() < 0.3 else metal
    if rng.random() < 0.6:
        parts.append(Part(plate(corners, r * 1.6).moved((n * rng.uniform(0.2, 0.8), 0, r * 1.8), ALONG_X), nut))
    if rng.random() < 0.4:
        parts.append(Part(turned([(r, 0), (2.3 * r, 0), (2.3 * r, 0.3 * r), (r, 0.3 * r)], 22).moved((0.001, 0, r * 1.8), ALONG_X), steel(rng), ()))
    return parts
