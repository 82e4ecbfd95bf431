"""Baked goods and dishes made of bread."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.kitchen import crumbs, crust, paint, printed, waved
from rmpsam_ros.simulation.kinds.vessels import TABLE
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, profiled
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def flesh(rng: Rng, hue: float, saturation=(0.1, 0.5), value=(0.75, 1.0), grain: float = 0.12) -> Look:
    """A cut face: pale and dull."""
    return Look(t.plain(rng, 64, t.color(rng, saturation, value, hue), grain), specular=0.05)


def blob(rng: Rng, radius: float, height: float, rough: float = 0.14) -> Mesh:
    """A poured shape: flat, with an irregular outline."""
    a = np.linspace(0, np.pi / 2, 5)
    mesh = turned([(0, 0), *zip(radius - height + height * np.cos(a), height * np.sin(a)), (0, height * 1.05)], 48)
    angle = np.arctan2(mesh.vertices[:, 1], mesh.vertices[:, 0])
    out = 1 + rough * sum(np.sin(k * angle + rng.uniform(0, 6)) * rng.uniform(0.3, 1.0) for k in (2, 3, 5)) / 2
    return Mesh(mesh.vertices * np.column_stack((out, out, np.ones_like(out))), mesh.faces, mesh.uv)


def puck(rng: Rng, radius: float, height: float, rough: float = 0.03) -> Mesh:
    """A flat round cake with a soft rim, not quite a circle."""
    a = np.linspace(-np.pi / 2, np.pi / 2, 9)
    mesh = turned([(0, 0), *zip(radius - height / 2 + height / 2 * np.cos(a), height / 2 * (1 + np.sin(a))), (0, height * 1.08)], 40)
    angle = np.arctan2(mesh.vertices[:, 1], mesh.vertices[:, 0])
    out = 1 + rough * (np.sin(2 * angle + rng.uniform(0, 6)) + np.sin(5 * angle + rng.uniform(0, 6)) * 0.5)
    return Mesh(mesh.vertices * np.column_stack((out, out, np.ones_like(out))), mesh.faces, mesh.uv)


@KINDS.add("food", TABLE, False, 1.0, 0.06)
def croissant(rng: Rng, materials: Materials) -> list[Part]:
    r, half, turns = rng.uniform(0.045, 0.065), rng.uniform(0.9, 1.6), int(rng.integers(2, 4))
    s = np.linspace(-1, 1, 91)
    steps = 1 - (np.abs(s) * (turns + 0.5) + 0.5) % 1  # each layer of dough ends in a step towards the tips
    radii = 0.4 * r * rng.uniform(0.9, 1.15) * np.clip(1 - np.abs(s) ** 1.7, 0.04, 1) ** 0.75 * (0.82 + 0.22 * steps)
    a = half * s
    body = tube(np.column_stack((r * 1.15 * np.sin(a), -r * np.cos(a), radii * 0.85)), radii, 18, 0.85)
    image = t.skin_of(rng.uniform(0.07, 0.09), rng, 182, rng.uniform(0.06, 0.09)).astype(np.float32)
    image *= np.interp(np.arange(182), np.arange(91) * 2, 0.75 + 0.4 * (1 - steps))[:, None, None]
    parts = [Part(body, Look(np.clip(image, 0, 255).astype(np.uint8), specular=0.25))]
    if rng.random() < 0.3:
        flakes = crumbs(rng, 30, (0.003, 0.008), r * 0.3, r * 0.66).moved((0, -r, 0))
        parts.append(Part(flakes, flesh(rng, 0.11), ()))
    return parts


@KINDS.add("food", TABLE, False, 0.9, 0.25)
def baguette(rng: Rng, materials: Materials) -> list[Part]:
    n, r, flat, parts = rng.uniform(0.22, 0.5), rng.uniform(0.026, 0.036), rng.uniform(0.75, 0.95), []
    for k in range(int(rng.integers(1, 3))):
        s, cut = np.linspace(-1, 1, 24), rng.random() < 0.35
        radii = r * np.clip(1 - np.abs(s) ** 8, 0.1, 1) ** 0.5
        radii[-6:] = r if cut else radii[-6:]
        bend = rng.normal(0, 0.012)
        path = np.column_stack((n / 2 * s, bend * s**2, np.full(24, r * flat)))
        spots = [tube(curve([(x - 0.03, bend * (2 * x / n) ** 2 - 0.011, 1.84 * r * flat), (x, bend * (2 * x / n) ** 2, 1.98 * r * flat),
                             (x + 0.03, bend * (2 * x / n) ** 2 + 0.011, 1.84 * r * flat)], 9), 0.008 * np.sin(np.linspace(0.2, 2.94, 9)), 8, 0.5)
                 for x in np.arange(-n / 2 + 0.05, n / 2 - 0.04, rng.uniform(0.05, 0.065))]  # fmt: skip
        group = [Part(tube(path, radii, 18, flat), crust(rng)), Part(join(spots), flesh(rng, 0.1, (0.25, 0.5), (0.8, 0.98)), ())]
        if cut:
            crumb = cylinder(r * 0.9, 0.003).moved((n / 2 - 0.001, bend, r * flat), ALONG_X, (flat, 1, 1))
            group.append(Part(crumb, flesh(rng, 0.12, (0.1, 0.3), (0.85, 1.0), 0.3), ()))
        place = ((0, 2.1 * r * k, 0), rotation("z", k * rng.uniform(-6, 6)))
        parts += [p.moved(*place) for p in group]
    if rng.random() < 0.35:  # in a paper sleeve
        wide = rounded((n * 0.55, len(parts) // 2 * 2.1 * r + 0.01, 2 * r * flat + 0.006), 0.3, 24)
        sleeve = Part(wide.moved((-n * 0.3, parts[-1].mesh.bounds()[1][1] / 2 - r / 2 if len(parts) > 3 else 0, -0.002)), printed(rng, materials))
        parts.append(sleeve)
    return parts


@KINDS.add("food", TABLE, True, 1.0, 0.15)
def sandwich(rng: Rng, materials: Materials) -> list[Part]:
    w, thick, parts, z = rng.uniform(0.085, 0.12), rng.uniform(0.01, 0.016), [], 0.0
    outline = [[(-w / 2, -w / 3), (w / 2, -w / 3), (0, w / 1.8)], [(-w / 2, -w / 4), (w / 2, -w / 4), (w / 2, w / 4), (-w / 2, w / 4)],
               [(-w / 2, -w / 2), (w / 2, -w / 2), (w / 2, w / 2), (-w / 2, w / 2)]][int(rng.choice([0, 0, 1, 2]))]  # fmt: skip
    corners = np.array(outline)
    face = flesh(rng, 0.1, (0.1, 0.45), (0.7, 1.0), 0.2) if rng.random() < 0.8 else crust(rng)
    brown, edges = crust(rng), [*range(1, len(corners)), 0] if len(corners) == 3 else [2, 3, 0, 1]

    def slice_of_bread(low: float) -> list[Part]:
        rim = [tube([(*corners[k], low + thick / 2), (*corners[(k + 1) % len(corners)], low + thick / 2)], thick * 0.5, 10) for k in edges[:-1]]
        return [Part(plate(corners, thick).moved((0, 0, low)), face), Part(join(rim), brown, ())]

    for _ in range(int(rng.integers(1, 3))):
        parts += slice_of_bread(z)
        z += thick
        for k in rng.permutation(4)[: int(rng.integers(2, 5))]:
            high, out = rng.uniform(0.003, 0.006), rng.uniform(0.96, 1.06)
            look = [Look(t.skin_of(0.28, rng, 64)), paint(rng, 0.13, (0.6, 0.9), (0.85, 1.0), 0.02), Look(t.skin_of(0.98, rng, 64, 0.02)),
                    paint(rng, 0.0, (0.75, 0.95), (0.6, 0.9))][int(k)]  # fmt: skip
            mesh = plate(corners * out, high)
            if k == 0:
                fold = blob(rng, 1.0, 0.1, 0.2).moved(scale=(w * 0.5, w * 0.5, 0.05))
                mesh = join([mesh, *(fold.moved((*(c * 0.55), 0), None, (0.5, 0.5, 1)) for c in corners)])
            parts.append(Part(mesh.moved((0, 0, z)), look))
            z += high
    parts += slice_of_bread(z)
    if rng.random() < 0.25:  # a skewer through it
        parts.append(Part(tube([(0, 0, z), (0, 0, z + thick + rng.uniform(0.03, 0.05))], 0.0015, 6), paint(rng, 0.1), ()))
        parts.append(Part(rounded((0.014,) * 3, 1.0, 12).moved((0, 0, z + thick)), paint(rng, rng.choice([0.0, 0.25]), (0.6, 1), (0.4, 0.9)), ()))
    return parts


@KINDS.add("food", TABLE, False, 1.0, 0.05)
def cookie(rng: Rng, materials: Materials) -> list[Part]:
    """One or a small pile: with pieces of chocolate, filled with cream, or square."""
    r, h, kind, parts, z = rng.uniform(0.025, 0.045), rng.uniform(0.006, 0.011), rng.integers(3), [], 0.0
    dough = crust(rng) if rng.random() < 0.7 or kind == 0 else paint(rng, 0.06, (0.4, 0.7), (0.1, 0.3), 0.2)
    cream, dark = flesh(rng, rng.choice([0.12, 0.95, 0.07]), (0, 0.5)), paint(rng, 0.06, (0.5, 0.8), (0.1, 0.25))
    for _ in range(int(rng.choice([1, 1, 2, 3, 5]))):
        turn, at = rotation("z", rng.uniform(0, 360)), (*rng.normal(0, r * 0.15, 2), z)
        if kind == 0:
            group = [Part(puck(rng, r, h * 1.2), dough),
                     Part(crumbs(rng, int(rng.integers(8, 18)), (0.006, 0.011), r * 0.8, h * 0.95, h * 0.3), dark, ())]  # fmt: skip
        elif kind == 1:
            half = waved(turned([(0, 0), (r * 0.8, 0), (r * 0.8, h * 0.5), (r * 0.7, h * 0.6), (r * 0.5, h * 0.52), (0, h * 0.55)], 72), 24, 0.02)
            group = [Part(half, dough), Part(cylinder(r * 0.74, h * 0.5, 28).moved((0, 0, h * 0.5)), cream, ()),
                     Part(half.moved((0, 0, h * 0.9)), dough)]  # fmt: skip
            z += h * 0.4
        else:
            s = np.linspace(0, 2 * np.pi, 73)[:-1]
            round_out = (np.abs(np.cos(s)) ** 6 + np.abs(np.sin(s)) ** 6) ** (-1 / 6) * (1 + 0.035 * np.cos(18 * s))
            outline = r * 0.7 * round_out[:, None] * np.column_stack((1.35 * np.cos(s), np.sin(s)))
            places = [(x * r, y * r, h * 0.6) for x in np.linspace(-0.75, 0.75, 5) for y in np.linspace(-0.5, 0.5, 3)]
            dots = [cylinder(0.0016, 0.0004, 8).moved(place) for place in places]
            group = [Part(plate(outline, h * 0.6), dough), Part(join(dots), dark, ())]
            z -= h * 0.4
        parts += [p.moved(at, turn) for p in group]
        z += h * 1.05
    return parts


@KINDS.add("food", "table shelf", False, 0.9, 0.08)
def pretzel(rng: Rng, materials: Materials) -> list[Part]:
    size, thick = rng.uniform(0.045, 0.075), rng.uniform(0.14, 0.2)
    half = [(-0.45, -0.72, 1.9), (-0.12, -0.25, 1.6), (0.08, 0.0, 1.0), (-0.02, 0.22, 1.3), (-0.4, 0.62, 1.0), (-0.85, 0.6, 1.0), (-1.05, 0.1, 1.0),
            (-0.85, -0.45, 1.0), (-0.42, -0.82, 1.0), (0, -0.95, 1.0)]  # fmt: skip
    points = np.array(half + [(-x, y, z) for x, y, z in half[-2::-1]])
    points[-4:, 2] += (0.0, 0.5, 0.0, 0.0)  # one end crosses over the other
    line = curve(points * (size, size, size * thick), 110)
    s = np.abs(np.linspace(-1, 1, 110))
    radii = size * thick * (1.2 - 0.65 * np.clip(s - 0.3, 0, 1) - 0.25 * (s > 0.985))
    dough = Look((t.skin_of(0.075, rng, 128, 0.06) * 0.75).astype(np.uint8), specular=0.5) if rng.random() < 0.7 else crust(rng)
    parts = [Part(tube(line, radii, 14, 0.9), dough)]
    grains = []
    for _ in range(int(rng.integers(20, 60)) if rng.random() < 0.8 else 0):
        k = int(rng.integers(30, 80))
        spot = line[k] + radii[k] * np.array([*rng.normal(0, 0.3, 2), 0.86])
        grains.append(box(rng.uniform(0.0015, 0.003, 3)).moved(spot, rotation("z", rng.uniform(0, 90)) @ rotation("x", rng.uniform(0, 60))))
    return [*parts, *([Part(join(grains), flesh(rng, 0.12, (0, 0.05), (0.9, 1.0), 0), ())] if grains else [])]


@KINDS.add("food", "table", True, 0.9, 0.2)
def hot_dog(rng: Rng, materials: Materials) -> list[Part]:
    n, r, s = rng.uniform(0.13, 0.18), rng.uniform(0.018, 0.023), np.linspace(-1, 1, 17)
    bun, radii = crust(rng), r * np.clip(1 - np.abs(s) ** 5, 0.2, 1) ** 0.5
    lean, low, high = r * 0.95, r * rng.uniform(0.95, 1.1), rng.uniform(1.05, 1.2)
    halves = [tube(np.column_stack((n / 2 * s, np.full(17, y * lean), np.full(17, r * 1.15))), radii, 16, 1.15) for y in (-1, 1)]
    sausage = tube(curve([(-n * high / 2, 0, low + r), (0, rng.normal(0, 0.003), low + r * 0.85), (n * high / 2, 0, low + r)], 17),
                   r * 0.72 * np.clip(1 - np.abs(s) ** 8, 0.1, 1) ** 0.5, 14)  # fmt: skip
    inside = rounded((n * 0.94, r * 2.4, r * 0.9), 0.4).moved((0, 0, r * 0.1))
    parts = [*(Part(m, bun) for m in halves), Part(inside, flesh(rng, 0.11), ()), Part(sausage, Look(t.skin_of(0.02, rng, 64, 0.04), specular=0.6))]
    for hue in rng.permutation([0.13, 0.0])[: int(rng.integers(0, 3))]:
        x = np.linspace(-n * 0.45, n * 0.45, 70)
        line = np.column_stack((x, r * 0.38 * np.sin(x * rng.uniform(180, 300) + rng.uniform(0, 6)), np.full(70, low + r * 1.56)))
        line[:, 2] -= np.abs(line[:, 1]) * 0.35
        parts.append(Part(tube(line, 0.0028, 8), paint(rng, hue, (0.8, 1.0), (0.7, 1.0), 0), ()))
    if rng.random() < 0.4:
        leaf = waved(turned([(0, 0), (1, -0.02), (1, 0.02), (0, 0.05)], 60), 15, 0.07).moved((0, 0, r * 1.7), scale=(n * 0.45, r * 1.75, r))
        parts.append(Part(leaf, Look(t.skin_of(0.28, rng, 64)), ()))
    if rng.random() < 0.3:
        side = [(2.2, 0), (2.5, r * 1.2), (2.4, r * 1.2), (2.1, 0.001)]
        tray = profiled([*((r * x, z) for x, z in side), *((-r * x, z) for x, z in side[::-1])], n * 0.96)
        parts.append(Part(tray.moved(turn=rotation("z", 90)), printed(rng, materials), (box((n * 0.96, r * 4.4, 0.002)),)))
    return parts


@KINDS.add("food", "table", True, 0.9, 0.3)
def pancake_stack(rng: Rng, materials: Materials) -> list[Part]:
    r, z, parts, side = rng.uniform(0.05, 0.08), 0.0, [], flesh(rng, 0.1, (0.3, 0.55), (0.75, 0.95))
    for _ in range(int(rng.integers(2, 8))):
        h, at = rng.uniform(0.008, 0.014), (*rng.normal(0, 0.004, 2), z)
        size = r * rng.uniform(0.94, 1.04)
        parts.append(Part(puck(rng, size, h, 0.012).moved(at), side))
        brown = Look(t.skin_of(rng.uniform(0.05, 0.08), rng, 64, 0.07), specular=0.2)
        lid = blob(rng, size * 0.93, h * 0.15, 0.03)
        parts += [Part(lid.moved((at[0], at[1], z + h * 0.92)), brown, ()), Part(lid.moved((at[0], at[1], z - h * 0.04)), brown, ())]
        z += h * 0.97
    if rng.random() < 0.6:
        syrup = Look(None, (*(t.color(rng, (0.7, 1.0), (0.25, 0.6), rng.choice([0.05, 0.0])) / 255).tolist(), 1), 1.0, 0.9)
        parts.append(Part(blob(rng, r * 0.75, 0.003, 0.3).moved((0, 0, z)), syrup, ()))
        drips = [tube(curve([(r * 0.6, 0, z + 0.001), (r * 0.97, 0, z - 0.001), (r * 1.05, 0, z - z * n)], 9), [*[0.005] * 6, 0.005, 0.006, 0.003], 8)
                 for n in rng.uniform(0.2, 0.7, 4)]  # fmt: skip
        parts.append(Part(join([d.moved(turn=rotation("z", rng.uniform(0, 360))) for d in drips]), syrup, ()))
    if rng.random() < 0.6:
        butter = rounded((0.022, 0.022, 0.009), 0.25).moved((0, 0, z + 0.002), rotation("z", 30))
        parts.append(Part(butter, paint(rng, 0.13, (0.3, 0.6), (0.9, 1.0), 0), ()))
    else:
        sizes = rng.uniform(0.01, 0.02, int(rng.integers(3, 9)))
        berries = [rounded((s,) * 3, 1.0, 14).moved((*rng.normal(0, r * 0.3, 2), z + 0.001)) for s in sizes]
        parts.append(Part(join(berries), paint(rng, rng.choice([0.98, 0.66, 0.92]), (0.5, 0.9), (0.25, 0.8)), ()))
    return parts


@KINDS.add("food", TABLE, True, 1.0, 0.08)
def cupcake(rng: Rng, materials: Materials) -> list[Part]:
    r, h, parts = rng.uniform(0.026, 0.036), rng.uniform(0.032, 0.045), []
    paper = Look(t.fabric(rng) if rng.random() < 0.4 else t.plain(rng, 32, None, 0.03), specular=0.2)
    cup = waved(turned([(0, 0), (r * 0.72, 0), (r, h), (0, h * 0.98)], 120), 26, 0.035)
    parts.append(Part(cup, paper))
    dough = crust(rng) if rng.random() < 0.6 else paint(rng, 0.06, (0.5, 0.8), (0.15, 0.3), 0.25)
    z = h * 0.97
    if rng.random() < 0.3:  # without cream
        dome = rounded((2.3 * r, 2.3 * r, r * 1.3), 0.75, 28, 0.04, rng).moved((0, 0, h - r * 0.42))
        return [*parts, Part(dome, dough), Part(crumbs(rng, int(rng.integers(0, 16)) + 1, (0.005, 0.01), r * 0.9, h + r * 0.38, r * 0.48),
                                                paint(rng, rng.choice([0.06, 0.65]), (0.5, 0.8), (0.1, 0.35)), ())]  # fmt: skip
    parts.append(Part(turned([(0, 0), (r * 1.06, 0), (r * 1.1, 0.004), (r * 0.9, 0.01), (0, 0.01)], 28).moved((0, 0, z - 0.002)), dough, ()))
    cream, lumps = flesh(rng, rng.random(), (0.05, 0.8), (0.6, 1.0), 0.02), int(rng.integers(6, 10))
    for k in range(layers := int(rng.integers(2, 5))):
        size = r * (1.08 - 0.85 * k / layers)
        roll = waved(turned([(0, 0), (size * 0.85, 0), (size, size * 0.3), (size * 0.75, size * 0.62), (0, size * 0.7)], 60), lumps, 0.07)
        parts.append(Part(roll.moved((0, 0, z + 0.003), rotation("x", 5) @ rotation("z", 20 * k)), cream))
        z += size * 0.5
    if rng.random() < 0.5:
        parts.append(Part(rounded((0.018,) * 3, 1.0, 14).moved((0, 0, z)), paint(rng, 0.98, (0.8, 1.0), (0.4, 0.9), 0), ()))
    else:
        parts.append(Part(turned([(r * 0.25, 0), (r * 0.12, r * 0.25), (0, r * 0.5)], 14).moved((0, 0, z)), cream, ()))
    dots = [Part(crumbs(rng, 14, (0.003, 0.005), r * 0.9, h + 0.012, r * 0.7), paint(rng, None, (0.5, 1), (0.5, 1), 0), ()) for _ in range(3)]
    return [*parts, *(dots if rng.random() < 0.5 else [])]
