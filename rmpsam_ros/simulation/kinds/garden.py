"""Plants in pots and trays, flowers in a vase."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.kitchen import crumbs, paint, waved
from rmpsam_ros.simulation.kinds.vessels import ceramic, glass
from rmpsam_ros.simulation.kinds.wardrobe import ANYWHERE
from rmpsam_ros.simulation.kinds.workshop import plastic
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def foliage(rng: Rng, hue: float | None = None) -> Look:
    """Leaves, mostly green."""
    image = t.skin_of(rng.uniform(0.22, 0.4) if hue is None else hue, rng)
    return Look((image * rng.uniform(0.45, 1.0)).astype(np.uint8), specular=rng.uniform(0.05, 0.5))


def soil(rng: Rng) -> Look:
    return Look(t.plain(rng, 64, t.color(rng, (0.3, 0.6), (0.1, 0.3), 0.07), 0.35), specular=0)


def pot(rng: Rng, materials: Materials, r: float, h: float, squareness: float = 0.0) -> list[Part]:
    """Of clay or glazed, with earth up to 0.88 of its height."""
    clay = Look(t.plain(rng, 64, t.color(rng, (0.4, 0.8), (0.4, 0.8), 0.05), 0.06), specular=0.1)
    look, base = clay if rng.random() < 0.35 else ceramic(rng, materials), r * rng.uniform(0.65, 0.95)
    line = [(0, 0), (base, 0), (r * 0.98, h * 0.8), (r * 0.98, h)]
    if rng.random() < 0.4:
        line[2:] = [(r * 0.93, h * 0.74), (r * 1.03, h * 0.75), (r * 1.03, h)]
    rim = [(r * 0.9, h), (r * 0.88, h * 0.88), (0, h * 0.88)]
    return [Part(turned([*line, *rim], 36, squareness), look), Part(turned([(r * 0.89, h * 0.885), (0, h * 0.89)], 28, squareness), soil(rng), ())]


def leaf(length: float, width: float, droop: float = 0.4, rise: float = 0.5, sides: int = 6) -> Mesh:
    """From the origin along +x, rising, then bending down; pointed at its end."""
    s = np.linspace(0, 1, 8)
    path = length * np.column_stack((s, 0 * s, rise * s - droop * s**2))
    return tube(path, width * np.array([0.15, 0.55, 0.9, 1, 0.95, 0.75, 0.4, 0.04]), sides, 0.1)


def bloom(rng: Rng, r: float) -> tuple[Mesh, Mesh]:
    """Petals around a middle, opening upwards; each as a mesh."""
    count, rise, kind = int(rng.integers(5, 14)), rng.uniform(0.05, 0.9), rng.integers(3)
    if kind == 0:  # rose or peony: shells in one another
        shells = [turned([(0, 0), (r * k * 0.75, r * 0.15), (r * k, r * 0.55), (r * k * 0.9, r * (1.1 - 0.35 * k))], 20) for k in (1.0, 0.7, 0.42)]
        petals = [m.moved(turn=rotation("z", 40 * k)) for k, m in enumerate(waved(m, 5, 0.08) for m in shells)]
        petals += [Mesh(m.vertices * (0.98, 0.98, 1), m.faces[:, ::-1], m.uv) for m in petals]
        return join(petals), rounded((r * 0.3,) * 3, 1.0, 8).moved((0, 0, r * 0.3))
    if kind == 1:  # tulip
        cups = [turned([(0, 0), (r * 0.6, r * 0.2), (r * 0.66, r * 0.8), (r * 0.42, r * 1.4), (0, r * 1.2)], 24)]
        return waved(cups[0], 3, 0.12), rounded((r * 0.2,) * 3, 1.0, 8)
    petal = leaf(r, r * rng.uniform(1.6, 2.4) / count + 0.001, 0.25, rise)
    return join([petal.moved(turn=rotation("z", 360 / count * k)) for k in range(count)]), rounded((r * 0.5, r * 0.5, r * 0.3), 1.0, 12)


@KINDS.add("plant", "table shelf", True, 0.9, 0.8)
def bonsai(rng: Rng, materials: Materials) -> list[Part]:
    w, h = rng.uniform(0.14, 0.24), rng.uniform(0.035, 0.055)
    d, tall = w * rng.uniform(0.55, 0.8), rng.uniform(0.14, 0.28)
    look = ceramic(rng, materials) if rng.random() < 0.4 else paint(rng, rng.choice([0.05, 0.6]), (0.2, 0.7), (0.15, 0.5))
    feet = join([box((0.02, 0.015, 0.01)).moved((x * w * 0.38, y * d * 0.36, 0)) for x in (-1, 1) for y in (-1, 1)])
    dish = turned([(0, 0), (0.42, 0), (0.5, 1), (0.46, 1), (0.45, 0.85), (0, 0.85)], 36, rng.choice([0.0, 0.7])).moved((0, 0, 0.008), scale=(w, d, h))
    moss = turned([(0.455, 0.86), (0.25, 1.05), (0, 1.15)], 28, 0.5).moved((0, 0, 0.008), scale=(w, d, h))
    bark = Look(t.plain(rng, 64, t.color(rng, (0.2, 0.5), (0.15, 0.45), 0.07), 0.4), specular=0)
    z, lean = h, rng.uniform(-0.35, 0.35) * w
    path = curve([(0, 0, z), (lean * 0.6 + 0.02, 0.01, z + tall * 0.25), (lean * 0.2 - 0.02, -0.01, z + tall * 0.55), (lean, 0, z + tall * 0.8)], 20)
    thick = np.linspace(rng.uniform(0.012, 0.02), 0.005, 20)
    thick[0] *= 1.5
    trunk, pads = [tube(path, thick, 10)], []
    green, fine = foliage(rng, rng.choice([None, 0.3, 0.33, 0.02, 0.94])), rng.random() < 0.5
    for k, a in ((8, rng.uniform(-40, 40)), (13, 180 + rng.uniform(-40, 40)), (16, rng.uniform(-90, 90)), (19, 0)):
        way = np.array((np.cos(np.radians(a)), np.sin(np.radians(a)), 0.25)) * w * rng.uniform(0.25, 0.4) * (k < 19)
        end = path[k] + way
        trunk.append(tube([path[k], path[k] + way * (0.5, 0.5, 0.8), end], [0.006, 0.005, 0.003], 8))
        size = w * rng.uniform(0.3, 0.45) * np.array((1.25, 1.0, 0.45))
        if fine:
            pads.append(crumbs(rng, 40, (0.014, 0.024), size[0] * 0.5, 0, size[2] * 0.5).moved(end))
        pads.append(rounded(size, 0.95, 20, 0.07, rng).moved(end - (0, 0, size[2] * 0.35)))
    ground = foliage(rng, 0.27) if rng.random() < 0.5 else soil(rng)
    return [Part(dish, look), Part(feet, look), Part(moss, ground, ()), Part(join(trunk[1:]), bark, ()), Part(trunk[0], bark),
            Part(join(pads), green, ())]  # fmt: skip


@KINDS.add("plant", ANYWHERE, True, 1.0, 0.6)
def fern_pot(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.045, 0.075), rng.uniform(0.06, 0.11)
    fronds, count, small = [], int(rng.integers(9, 17)), rng.uniform(0.14, 0.22)
    for k in range(count):
        n, rise, droop = rng.uniform(0.12, 0.26), rng.uniform(0.6, 1.7), rng.uniform(0.6, 1.5)
        s = np.linspace(0, 1, 15)
        path = n * np.column_stack((s, 0 * s, rise * s - droop * s**2))
        pieces = [tube(path, 0.0012, 4)]
        for j in range(2, 14):
            size = n * small * np.sin(np.pi * (0.12 + 0.86 * s[j])) ** 0.8
            for y in (-1, 1):
                tip = path[j] + size * np.array((0.35, y, -0.15))
                pieces.append(tube([path[j], (path[j] + tip) / 2, tip], [0.0006, size * 0.2, 0.0004], 4, 0.12))
        fronds.append(join(pieces).moved((0, 0, h * 0.88), rotation("z", 360 / count * k + rng.normal(0, 10))))
    green, mesh = foliage(rng, rng.uniform(0.24, 0.36)), join(fronds)
    mesh = Mesh(np.maximum(mesh.vertices, (-9, -9, 0.003)), mesh.faces, mesh.uv)  # what hangs down far lies on the table
    return [*pot(rng, materials, r, h), Part(mesh, green, ())]


@KINDS.add("plant", "table shelf", True, 1.0, 0.9)
def flower_bouquet(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.03, 0.05), rng.uniform(0.11, 0.2)
    s = np.linspace(0, 1, 8)
    line = np.column_stack((r * (1 + rng.uniform(-0.4, 0.5) * np.sin(np.pi * s) + rng.uniform(-0.2, 0.4) * s), h * s))
    look = glass(rng) if rng.random() < 0.35 else ceramic(rng, materials)
    mouth = line[-1, 0]
    vase = turned([(0, 0), *line, (mouth * 0.9, h), (mouth * 0.85, h * 0.9), (0, h * 0.88)], 32)
    stems, leaves, petals, eyes = [], [], [[], []], []
    looks = [Look(t.skin_of(hue, rng, 32), specular=0.1) if rng.random() < 0.7 else paint(rng, 0.12, (0, 0.2), (0.85, 1.0)) for hue in rng.random(2)]
    size, sorts = rng.uniform(0.018, 0.04), [int(seed) for seed in rng.integers(1 << 30, size=2)]
    for _ in range(int(rng.integers(5, 15))):
        a, out, up = rng.uniform(0, 360), rng.uniform(0.1, 1.0) * 0.09, h + rng.uniform(0.05, 0.16)
        path = curve([(0, 0, h * 0.5), (mouth * 0.5 * out / 0.09, 0, h), (out, 0, up)], 10)
        way = path[-1] - path[-2]
        tilt = rotation("z", a) @ rotation("y", np.degrees(np.arctan2(way[0], way[2])))
        spot = rotation("z", a) @ path[-1]
        stems.append(tube(path, 0.0018, 6).moved(turn=rotation("z", a)))
        sort = int(rng.random() < 0.3)
        leafy, eye = (m.moved(spot, tilt) for m in bloom(np.random.default_rng(sorts[sort]), size * rng.uniform(0.85, 1.15)))
        petals[sort].append(leafy)
        eyes.append(eye.moved((0, 0, size * 0.05)))
        if rng.random() < 0.8:
            blade = leaf(rng.uniform(0.05, 0.1), rng.uniform(0.006, 0.014), 0.5, 0.8)
            leaves.append(blade.moved((mouth * 0.5, 0, h * 0.98)).moved(turn=rotation("z", rng.uniform(0, 360))))
    parts = [Part(vase, look), Part(join([*stems, *leaves]), foliage(rng), ()), Part(join(eyes), paint(rng, rng.choice([0.13, 0.06, 0.25])), ())]
    return [*parts, *(Part(join(group), color, ()) for group, color in zip(petals, looks) if group)]


@KINDS.add("plant", "floor", True, 0.9, 4.0)
def palm_pot(rng: Rng, materials: Materials) -> list[Part]:
    r, h, tall = rng.uniform(0.11, 0.18), rng.uniform(0.18, 0.3), rng.uniform(0.15, 0.7)
    bark, s = Look(t.plain(rng, 64, t.color(rng, (0.2, 0.5), (0.25, 0.5), 0.08), 0.4), specular=0), np.linspace(0, 1, 40)
    lean = rng.normal(0, 0.06)
    path = np.column_stack((lean * s**2, 0 * s, h * 0.85 + tall * s))
    trunk = tube(path, rng.uniform(0.018, 0.035) * (1.15 - 0.3 * s) * (1 + 0.12 * (np.arange(40) % 3 == 0)), 12)
    fronds, count, fan = [], int(rng.integers(7, 13)), rng.random() < 0.4
    for k in range(count):
        n, rise, droop = rng.uniform(0.3, 0.5), rng.uniform(0.5, 1.6), rng.uniform(0.5, 1.3)
        u = np.linspace(0, 1, 14)
        line = n * np.column_stack((u, 0 * u, rise * u - droop * u**2))
        pieces = [tube(line if not fan else line[:9], 0.004, 5)]
        if fan:
            pieces += [leaf(n * 0.45, 0.014, 0.5, 0.1, 4).moved(line[8], rotation("z", a) @ rotation("y", 10)) for a in np.linspace(-100, 100, 11)]
        else:
            for j in range(3, 14):
                size = n * 0.42 * np.sin(np.pi * (0.1 + 0.8 * u[j])) ** 0.6
                pieces += [tube([line[j], line[j] + size * np.array((0.3, y * 0.5, 0.05)), line[j] + size * np.array((0.6, y, -0.35))],
                                [0.002, 0.011, 0.001], 4, 0.12) for y in (-1, 1)]  # fmt: skip
        fronds.append(join(pieces).moved(path[-1], rotation("z", 360 / count * k + rng.normal(0, 8))))
    return [*pot(rng, materials, r, h), Part(trunk, bark), Part(join(fronds), foliage(rng, rng.uniform(0.22, 0.36)), ())]


@KINDS.add("plant", "table shelf", True, 0.9, 0.5)
def orchid_pot(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.04, 0.06), rng.uniform(0.07, 0.12)
    look, second = Look(t.skin_of(rng.choice([0.85, 0.92, 0.14, 0.78]), rng, 64, rng.choice([0.9, 0.95])), specular=0.1), paint(rng, 0.88, (0.5, 0.9))
    if rng.random() < 0.35:
        look = paint(rng, 0.12, (0, 0.1), (0.92, 1.0), 0.02)
    blades = [leaf(rng.uniform(0.1, 0.17), rng.uniform(0.02, 0.03), 0.55, 0.4).moved((0, 0, h * 0.88), rotation("z", a + rng.normal(0, 12)))
              for a in np.arange(0, 360, 360 / int(rng.integers(3, 7)))]  # fmt: skip
    size = rng.uniform(0.022, 0.034)
    s = np.linspace(0, 1, 7)
    petal = tube(size * np.column_stack((s, 0 * s, 0.12 * s)), size * np.array([0.1, 0.4, 0.52, 0.55, 0.5, 0.36, 0.05]), 8, 0.1)
    narrow = petal.moved(scale=(1, 0.65, 1))
    flower = join([*(petal.moved(turn=rotation("z", a)) for a in (0, 180)), *(narrow.moved(turn=rotation("z", a)) for a in (90, 215, 325))])
    lip = rounded((size * 0.4, size * 0.5, size * 0.4), 0.9, 12).moved((0, -size * 0.2, 0))
    stems, flowers, lips = [], [], []
    for k in range(int(rng.integers(1, 3))):
        tall, reach, a = rng.uniform(0.2, 0.34), rng.uniform(0.08, 0.18), rotation("z", 200 * k + rng.uniform(0, 160))
        line = curve([(0, 0, h * 0.88), (0.01, 0, h + tall * 0.6), (reach * 0.4, 0, h + tall), (reach, 0, h + tall * 0.85)], 30)
        stems.append(tube(line, 0.0026, 6).moved(turn=a))
        for j in np.linspace(15, 29, int(rng.integers(3, 8))).astype(int):
            face = rotation("y", rng.normal(0, 10)) @ rotation("x", 80 + rng.normal(0, 12)) if rng.random() < 0.6 else rotation("y", 60)
            spot = line[j] + (0, rng.uniform(-0.014, 0.014), -size * 0.5)
            for m, group in ((flower, flowers), (lip, lips)):
                group.append(m.moved(spot, face).moved(turn=a))
    return [*pot(rng, materials, r, h), Part(join([*blades, *stems]), foliage(rng, rng.uniform(0.26, 0.34)), ()), Part(join(flowers), look, ()),
            Part(join(lips), second, ())]  # fmt: skip


@KINDS.add("plant", "table shelf", True, 0.9, 0.7)
def succulent_tray(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.1, 0.08, 0.03), (0.26, 0.14, 0.06))
    parts = [p.moved(scale=(w, d, 1)) for p in pot(rng, materials, 0.5, h, rng.choice([0.0, 0.6, 0.9]))]
    xs = np.linspace(-0.34, 0.34, max(int(w / 0.055), 2)) * w
    for x in xs:
        size, kind, at = min(d * 0.36, 0.04) * rng.uniform(0.8, 1.15), rng.integers(4), (x, rng.normal(0, d * 0.06), h * 0.86)
        hue = rng.choice([0.3, 0.36, 0.42, 0.25, 0.95])
        if kind < 2:  # a rosette
            fat = [rounded((size * (1 - 0.18 * level), size * 0.5, size * 0.18), 0.9, 10).moved((size * 0.42, 0, 0)).moved(
                (0, 0, 0.006 + size * 0.16 * level), rotation("z", 45 * k + 22 * level) @ rotation("y", -18 - 20 * level))
                for level in range(4) for k in range(8)]  # fmt: skip
        elif kind == 2:  # beads on stalks
            fat = [tube([(0, 0, 0), (q[0] * 0.5, q[1] * 0.5, z * 0.6), (*q, z)], [0.003, 0.006, 0.007], 8)
                   for q, z in zip(rng.uniform(-0.6, 0.6, (9, 2)) * size, rng.uniform(0.7, 1.6, 9) * size)]  # fmt: skip
        else:  # pointed blades
            fat = [leaf(size * 1.5, size * 0.16, 0.2, 1.1).moved(scale=(1, 1, 1.2)).moved(turn=rotation("z", 33 * k)) for k in range(11)]
        look = Look(t.plain(rng, 32, t.color(rng, (0.2, 0.6), (0.4, 0.8), hue), 0.15), specular=0.2)
        parts.append(Part(join(fat).moved(at), look, ()))
    if rng.random() < 0.7:
        stones = [rounded(rng.uniform(0.005, 0.011, 3), 0.9, 8).moved((x * w, y * d, h * 0.87)) for x, y in rng.uniform(-0.4, 0.4, (40, 2))]
        parts.append(Part(join(stones), paint(rng, 0.1, (0, 0.2), (0.5, 1.0)), ()))
    return parts


@KINDS.add("plant", ANYWHERE, True, 0.9, 0.9)
def snake_plant(rng: Rng, materials: Materials) -> list[Part]:
    r, h, tall = rng.uniform(0.045, 0.09), rng.uniform(0.07, 0.14), rng.uniform(0.18, 0.4)
    green, pale = t.color(rng, (0.4, 0.8), (0.2, 0.45), 0.36), t.color(rng, (0.1, 0.5), (0.5, 0.75), 0.3)
    bands = np.clip(0.5 + 2 * t.noise(rng, 128, 5, 3, 0.25).T, 0, 1)[..., None]
    image = (green * bands + pale * (1 - bands)).astype(np.uint8)
    if rng.random() < 0.6:
        image[:, :14] = image[:, 52:76] = image[:, 116:] = t.color(rng, (0.4, 0.7), (0.75, 0.95), 0.16)  # yellow edges, on both sides of the round
    blades, s = [], np.linspace(0, 1, 9)
    for _ in range(int(rng.integers(5, 14))):
        n, lean, a = tall * rng.uniform(0.5, 1.0), rng.uniform(0.0, 0.22), rng.uniform(0, 360)
        path = np.column_stack((r * 0.45 * rng.random() + n * lean * s**1.5, 0 * s, h * 0.85 + n * s))
        width = rng.uniform(0.014, 0.026) * (0.5 + n / tall * 0.5) * np.array([0.6, 0.8, 0.95, 1, 1, 0.95, 0.8, 0.5, 0.03])
        twist = rotation("z", rng.uniform(-70, 70))
        blade = tube(path, width, 12, 0.13)
        blades.append(blade.moved(-path[0] * (1, 1, 0), None).moved(path[0] * (1, 1, 0), twist).moved(turn=rotation("z", a)))
    return [*pot(rng, materials, r, h, rng.choice([0, 0, 0.7])), Part(join(blades), Look(image, specular=0.3), ())]


@KINDS.add("plant", "table shelf floor", True, 0.8, 0.5)
def seedling_tray(rng: Rng, materials: Materials) -> list[Part]:
    nx, ny, cell, h = int(rng.integers(3, 7)), int(rng.integers(2, 4)), rng.uniform(0.036, 0.05), rng.uniform(0.035, 0.05)
    look = plastic(rng) if rng.random() < 0.4 else paint(rng, None, (0, 0.2), (0.06, 0.3))
    w, d = nx * cell, ny * cell
    spots = [((i - (nx - 1) / 2) * cell, (j - (ny - 1) / 2) * cell) for i in range(nx) for j in range(ny)]
    cup = turned([(0, 0), (cell * 0.36, 0), (cell * 0.49, h * 0.96), (cell * 0.42, h), (cell * 0.41, h * 0.9)], 16, 0.7)
    earth = turned([(cell * 0.42, h * 0.9), (0, h * 0.93)], 12, 0.7)
    bars = [box((w + 0.006, 0.004, 0.003)).moved((0, y, h * 0.96)) for y in (np.arange(ny + 1) - ny / 2) * cell]
    bars += [box((0.004, d + 0.006, 0.003)).moved((x, 0, h * 0.96)) for x in (np.arange(nx + 1) - nx / 2) * cell]
    sprouts, tall, wide, pairs = [], rng.uniform(0.02, 0.08), rng.uniform(0.005, 0.012), int(rng.integers(1, 4))
    for spot in spots:
        if rng.random() < 0.12:
            continue
        n, lean = tall * rng.uniform(0.6, 1.1), rng.normal(0, 0.006, 2)
        top = np.array((*(spot + lean), h * 0.9 + n))
        sprouts.append(tube([(*spot, h * 0.9), top], 0.0012, 5))
        for k in range(pairs):
            at = top - (0, 0, n * 0.28 * k)
            blade = leaf(wide * (2.6 + k), wide * (0.8 + 0.3 * k), 0.5, 0.5)
            sprouts += [blade.moved(at, rotation("z", 90 * k + a + rng.normal(0, 12))) for a in (0, 180)]
    parts = [Part(join([cup.moved((*s, 0)) for s in spots]), look, (box((w, d, h)),)), Part(join(bars), look, ()),
             Part(join([earth.moved((*s, 0)) for s in spots]), soil(rng), ())]  # fmt: skip
    if rng.random() < 0.3:
        sign = [box((0.014, 0.0015, 0.07)).moved((x, d * 0.3, h * 0.7), rotation("x", 8)) for x in rng.uniform(-0.4, 0.4, 2) * w]
        parts.append(Part(join(sign), paint(rng, None, (0, 0.5), (0.8, 1.0)), ()))
    return [*parts, *([Part(join(sprouts), foliage(rng, rng.uniform(0.22, 0.35)), ())] if sprouts else [])]
