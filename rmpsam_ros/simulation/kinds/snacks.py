"""Fruit whole and cut, eggs, cheese, sushi, sweets."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.bakery import blob, flesh
from rmpsam_ros.simulation.kinds.garden import foliage, leaf
from rmpsam_ros.simulation.kinds.kitchen import crumbs, paint, printed, waved, wedge
from rmpsam_ros.simulation.kinds.vessels import TABLE, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


@KINDS.add("food", "table", True, 0.9, 0.1)
def sushi(rng: Rng, materials: Materials) -> list[Part]:
    """Rolls or rice balls with fish, side by side."""
    rice = Look(t.plain(rng, 128, t.color(rng, (0, 0.08), (0.9, 1.0), 0.12), 0.25), specular=0.2)
    weed, parts = Look(t.plain(rng, 64, t.color(rng, (0.3, 0.7), (0.06, 0.18), 0.35), 0.25), specular=0.2), []
    columns, rows, cut, r = int(rng.integers(1, 5)), int(rng.integers(1, 3)), rng.random() < 0.55, rng.uniform(0.014, 0.021)
    fills = [Look(t.skin_of(hue, rng, 32)) for hue in rng.choice([0.04, 0.02, 0.28, 0.14, 0.99], 2)]
    for k in range(columns * rows):
        at = ((k // rows - (columns - 1) / 2) * r * 2.3, (k % rows - (rows - 1) / 2) * r * (2.3 if cut else 4.6), 0)
        turn = rotation("z", rng.normal(0, 6))
        if cut:
            h = r * 1.25
            bits = [cylinder(r * 0.24, h + 0.001, 12).moved((r * 0.24 * x, r * 0.24 * y, 0)) for x, y in ((-1, -0.6), (1, -0.6), (0, 1))]
            group = [Part(cylinder(r, h, 24), weed), Part(cylinder(r * 0.9, h + 0.0006, 24), rice, ()),
                     *(Part(b, fills[j % 2], ()) for j, b in enumerate(bits))]  # fmt: skip
        else:
            stripes = t.skin_of(rng.choice([0.03, 0.03, 0.99, 0.1]), rng, 64).astype(np.float32)
            stripes = np.minimum(stripes + 70 * (np.sin((np.arange(64)[:, None] + np.arange(64)) * 0.55) > 0.6)[..., None], 255).astype(np.uint8)
            top = rounded((1.9 * r, 3.9 * r, r * 0.5), 0.5, 20)
            v = top.vertices.copy()
            v[:, 2] -= 0.35 * r * (v[:, 1] / (1.95 * r)) ** 2
            group = [Part(rounded((1.6 * r, 3.2 * r, 1.4 * r), 0.6, 20, 0.02, rng), rice),
                     Part(Mesh(v, top.faces, top.uv).moved((0, 0, 1.25 * r)), Look(stripes, specular=0.6))]  # fmt: skip
            if columns < 3:
                group.append(Part(box((2.0 * r, 0.5 * r, 1.6 * r)).moved((0, 0, r * 0.14)), weed, ()))
        parts += [p.moved(at, turn) for p in group]
    return parts


@KINDS.add("food", "table", True, 0.8, 0.06)
def fried_egg(rng: Rng, materials: Materials) -> list[Part]:
    white = Look(t.plain(rng, 64, t.color(rng, (0, 0.08), (0.92, 1.0), 0.12), 0.03), specular=0.6)
    yolk, r, parts = paint(rng, rng.uniform(0.1, 0.14), (0.8, 1.0), (0.85, 1.0), 0.02), rng.uniform(0.034, 0.048), []
    brown = Look(t.skin_of(0.08, rng, 64, 0.1), specular=0.3)
    for k in range(int(rng.integers(1, 3))):
        at, size = (k * r * 1.5, k * rng.normal(0, 0.01), k * 0.0006), rng.uniform(0.9, 1.1)
        disc, seed = rng.uniform(0.05, 0.22), int(rng.integers(1 << 30))
        parts += [Part(blob(np.random.default_rng(seed), r * size, h, disc).moved((*at[:2], z + at[2]), scale=(s, s, 1)), look, walls)
                  for h, s, z, look, walls in ((0.005, 1, 0.001, white, None), (0.003, 1.04, 0, brown, ()), (0.008, 0.7, 0, white, ()))]  # fmt: skip
        spot = np.array(at) + (*rng.normal(0, 0.006, 2), 0.003)
        parts.append(Part(rounded((r * 0.78, r * 0.78, r * 0.42), 0.9, 24).moved(spot), yolk))
    return parts


@KINDS.add("food", TABLE, True, 0.9, 0.25)
def cheese_wedge(rng: Rng, materials: Materials) -> list[Part]:
    n, half, h = rng.uniform(0.09, 0.15), np.radians(rng.uniform(13, 30)), rng.uniform(0.03, 0.065)
    base = t.color(rng, (0.35, 0.8), (0.8, 1.0), rng.uniform(0.11, 0.14))
    image, rind_look = t.plain(rng, 128, base, 0.04), paint(rng, rng.choice([0.1, 0.0, 0.12]), (0.1, 0.8), (0.3, 1.0))
    if veined := rng.random() < 0.25:
        image = t.plain(rng, 128, t.color(rng, (0.05, 0.2), (0.9, 1.0), 0.13), 0.03)
        mould = np.clip(3 * t.noise(rng, 128, 6, 3) - 0.9, 0, 1)[..., None]
        image = (image * (1 - mould) + np.array([80, 105, 110]) * mould).astype(np.uint8)
    a = np.linspace(-half, half, 9)
    back = plate([*zip(n * np.cos(a), n * np.sin(a)), *zip((n + 0.004) * np.cos(a[::-1]), (n + 0.004) * np.sin(a[::-1]))], h + 0.0006)
    parts = [Part(plate(wedge(n, half), h), Look(image, specular=0.25)), Part(back, rind_look, ())]
    if rng.random() < 0.4:
        parts += [Part(plate(wedge(n + 0.003, half), 0.002).moved((0, 0, z)), rind_look, ()) for z in (-0.0004, h - 0.001)]
    elif not veined and rng.random() < 0.8:
        holes, inside = [], Look(None, (*(base / 255 * 0.62).tolist(), 1), 0.1)
        for _ in range(int(rng.integers(6, 16))):
            size, out, side = rng.uniform(0.003, min(0.009, h * 0.18)), n * rng.uniform(0.3, 0.92), rng.choice([-1, 0, 1])
            pit = turned([(size, 0.0005), (size * 0.8, 0.0003), (0, 0.0002)], 16).moved(scale=(rng.uniform(0.7, 1.2), 1, 1))
            if side:
                turn = rotation("z", side * np.degrees(half)) @ rotation("x", -90 * side)
                spot = (out * np.cos(half), side * out * np.sin(half), rng.uniform(0.2, 0.8) * h)
            else:
                turn, spot = np.eye(3), (out, out * np.tan(half) * rng.uniform(-0.55, 0.55), h)
            holes.append(pit.moved(spot, turn))
        parts.append(Part(join(holes), inside, ()))
    turn = np.eye(3) if rng.random() < 0.75 else rotation("x", 90 + np.degrees(half))
    parts = [p.moved((-n * 0.6, 0, 0)).moved(turn=turn) for p in parts]
    low = parts[0].mesh.bounds()[0][2]
    return [p.moved((0, 0, -low)) for p in parts]


@KINDS.add("food", TABLE, False, 0.9, 0.1)
def chocolate_bar(rng: Rng, materials: Materials) -> list[Part]:
    nx, ny, cell = int(rng.integers(4, 9)), int(rng.integers(2, 5)), rng.uniform(0.016, 0.024)
    long, h = cell * rng.uniform(0.8, 1.5), rng.uniform(0.006, 0.01)
    brown = paint(rng, rng.uniform(0.04, 0.08), (0.5, 0.85), (0.12, 0.45), 0.05) if rng.random() < 0.8 else flesh(rng, 0.12)
    piece = turned([(0, 0), (0.7, 0), (0.7, 0.45), (0.56, 1), (0, 1)], 4).moved(turn=rotation("z", 45), scale=(1, 1, 1))
    shown = int(rng.integers(2, nx + 1))
    bites = rng.integers(0, 2, ny) if shown > 2 else np.zeros(ny, int)
    spots = [(i, j) for j in range(ny) for i in range(shown - bites[j])]
    cells = join([piece.moved((i * long, (j - (ny - 1) / 2) * cell, 0), scale=(long, cell, h)) for i, j in spots])
    parts = [Part(cells, brown)]
    if shown < nx:  # the rest is in its wrapper
        rest = (nx - shown) * long + long * 0.8
        foil = box((rest + long * 0.5, ny * cell + 0.003, h + 0.002), 6)
        crease = 0.0012 * np.sin(foil.vertices[:, :1] * 900 + 5) * np.sin(foil.vertices[:, 1:2] * 700)
        foil = Mesh(foil.vertices + np.hstack((0 * crease, 0 * crease, crease)), foil.faces, foil.uv)
        x = -rest / 2 + long * 0.3
        parts += [Part(foil.moved((x + long * 0.25, 0, 0)), steel(rng)),
                  Part(box((rest, ny * cell + 0.005, h + 0.005)).moved((x - long * 0.2, 0, 0)), printed(rng, materials))]  # fmt: skip
    return [p.moved((-shown * long / 4, 0, 0.001)) for p in parts]


@KINDS.add("food", "table", False, 0.9, 0.15)
def ice_cream_cone(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.022, 0.03), rng.uniform(0.09, 0.13)
    y, x = np.mgrid[:128, :128] / 128
    grid = (np.abs(((x * 8 + y * 4) % 1) - 0.5) > 0.4) | (np.abs(((x * 8 - y * 4) % 1) - 0.5) > 0.4)
    tan = t.color(rng, (0.4, 0.7), (0.7, 0.95), 0.09)
    wafer = Look((np.where(grid[..., None], 0.7, 1.0) * t.plain(rng, 128, tan, 0.06)).astype(np.uint8), specular=0.1)
    parts = [Part(turned([(0, 0), (0.005, 0), (r, h), (r * 1.08, h + 0.004), (r * 1.0, h + 0.006), (0, h)], 28), wafer)]
    z = h + 0.001
    if rng.random() < 0.3:  # a swirl
        cream, layers = flesh(rng, rng.choice([0.12, 0.07, 0.95]), (0.02, 0.6), (0.6, 1.0), 0.02), int(rng.integers(3, 5))
        for k in range(layers):
            size = r * (1.1 - 0.8 * k / layers)
            roll = waved(turned([(0, 0), (size * 0.85, 0), (size, size * 0.25), (size * 0.75, size * 0.55), (0, size * 0.75)], 48), 6, 0.06)
            parts.append(Part(roll.moved((0, 0, z), rotation("x", 6) @ rotation("z", 25 * k)), cream))
            z += size * 0.5
        parts.append(Part(turned([(r * 0.3, 0), (r * 0.15, r * 0.3), (0, r * 0.6)], 16).moved((0, 0, z)), cream, ()))
    else:
        for k in range(int(rng.integers(1, 4))):
            cream = Look(t.plain(rng, 64, t.color(rng, (0.05, 0.8), (0.35, 1.0)), rng.uniform(0.03, 0.3)), specular=0.25)
            size = r * rng.uniform(1.05, 1.25) * (1 - 0.06 * k)
            skirt = blob(rng, size * 1.12, size * 0.3, 0.08).moved((0, 0, z - 0.001))
            ball = rounded((2 * size,) * 3, 1.0, 24, 0.025, rng).moved((rng.normal(0, 0.002), 0, z - size * 0.35))
            parts += [Part(ball, cream), Part(skirt, cream, ())]
            z += size * 1.35
    if rng.random() < 0.4:
        sleeve = turned([(0.006, h * 0.05), (r * 0.86, h * 0.8)], 28)
        parts.append(Part(sleeve.moved(scale=(1.1, 1.1, 1)), printed(rng, materials), ()))
    return [p.moved((-h * 0.7, 0, r * 1.2), ALONG_X) for p in parts]


@KINDS.add("food", TABLE, True, 0.8, 1.0)
def pineapple(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.045, 0.06), rng.uniform(0.11, 0.16)
    v_, u_ = np.mgrid[0:1:256j, 0:1:256j]
    p, q = u_ * 9 + v_ * 5, u_ * 9 - v_ * 5
    eye = np.clip(1.3 * np.sqrt(np.abs(np.sin(np.pi * p) * np.sin(np.pi * q))), 0, 1)[..., None]
    base, gap = t.skin_of(rng.choice([0.09, 0.11, 0.13, 0.17]), rng, 256), t.color(rng, (0.5, 0.8), (0.15, 0.35), 0.09)
    body = rounded((2 * r, 2 * r, h), 0.8, 54)
    u, v = body.uv[:, 0], body.uv[:, 1]
    lump = 1 + 0.05 * np.sqrt(np.abs(np.sin(np.pi * (u * 9 + v * 5)) * np.sin(np.pi * (u * 9 - v * 5))))[:, None]
    body = Mesh((body.vertices - (0, 0, h / 2)) * lump * (1 - 0.08 * body.uv[:, 1:]) + (0, 0, h / 2), body.faces, body.uv)
    crown, tall = [], rng.uniform(0.08, 0.14)
    for level, (count, rise) in enumerate(((9, 0.75), (8, 1.4), (6, 2.4), (5, 5.0))):
        for k in range(count):
            n = tall * rng.uniform(0.75, 1.0) * (0.75 + 0.12 * level) / np.hypot(1, rise)
            blade = leaf(n, 0.011, rise * 0.35 if level < 3 else 0.1, rise)
            crown.append(blade.moved((0.008, 0, h * 0.96 + 0.007 * level)).moved(turn=rotation("z", 360 / count * k + 25 * level)))
    peel, green = Look((base * eye + gap * (1 - eye)).astype(np.uint8)[::-1], specular=0.15), foliage(rng, rng.uniform(0.27, 0.38))
    return [Part(body, peel), Part(join(crown), green, ()), Part(cylinder(0.012, 0.04).moved((0, 0, h * 0.95)), green)]


@KINDS.add("food", TABLE, False, 1.0, 0.4)
def watermelon_slice(rng: Rng, materials: Materials) -> list[Part]:
    r, thick, half = rng.uniform(0.07, 0.15), rng.uniform(0.016, 0.035), np.pi / 2 if rng.random() < 0.5 else rng.uniform(0.4, 0.8)
    a = np.linspace(np.pi / 2 - half, np.pi / 2 + half, 25)
    red = Look(t.skin_of(0.99 if rng.random() < 0.85 else 0.13, rng, 128, 0.98), specular=0.4)

    def band(inner: float, outer: float, high: float) -> Mesh:
        return plate([*(r * outer * np.column_stack((np.cos(a), np.sin(a)))), *(r * inner * np.column_stack((np.cos(a), np.sin(a)))[::-1])], high)

    core = [*(r * 0.9 * np.column_stack((np.cos(a), np.sin(a)))), *([(0, 0)] if half < 1.5 else [])]
    rind = [(0.9, 0.95, flesh(rng, 0.22, (0.1, 0.4), (0.85, 1.0)), 0.0), (0.95, 1.0, foliage(rng, 0.33), 0.0002)]
    parts = [Part(plate(core, thick), red), *(Part(band(b, c, thick), look, ()) for b, c, look, _ in rind)]
    a = a[[0, 6, 12, 18, 24]]
    parts.append(Part(band(0.9, 1.0, thick * 0.98).moved((0, 0, thick * 0.01)), rind[1][2]))
    seeds = []
    for _ in range(int(rng.integers(4, 22)) if rng.random() < 0.85 else 0):
        b, out = np.pi / 2 + rng.uniform(-0.85, 0.85) * half, r * rng.uniform(0.35, 0.8)
        turn = rotation("z", np.degrees(b))
        seeds += [rounded((0.008, 0.004, 0.002), 1.0, 8).moved((out * np.cos(b), out * np.sin(b), z), turn) for z in (thick - 0.001, -0.001)]
    return [*parts, *([Part(join(seeds), Look(None, (0.06, 0.03, 0.03, 1), 0.6), ())] if seeds else [])]


@KINDS.add("food", TABLE, False, 1.0, 0.4)
def grapes(rng: Rng, materials: Materials) -> list[Part]:
    r, n, wide = rng.uniform(0.008, 0.012), rng.uniform(0.08, 0.14), rng.uniform(0.03, 0.045)
    hue = rng.choice([0.2, 0.23, 0.8, 0.95, 0.72])
    skin = Look(t.plain(rng, 64, t.color(rng, (0.4, 0.8), (0.2, 0.5) if hue > 0.5 else (0.6, 0.9), hue), 0.25), specular=0.7, shininess=0.6)
    berry, berries = rounded((2.2 * r, 2 * r, 2 * r), 1.0, 14), []
    for x in np.arange(0, n, 1.55 * r):
        span = wide * np.clip(1.15 - x / n, 0.2, 1) * (0.75 if x < r else 1)
        count = max(int(2 * np.pi * span * 0.6 / (2 * r)), 2)
        for k in range(count):
            b = 2 * np.pi * k / count + rng.uniform(0, 0.6)
            out = span * rng.uniform(0.5, 0.95)
            at = (n / 2 - x + rng.normal(0, r * 0.3), out * np.cos(b), max(out * np.sin(b) * 0.6 + wide * 0.45, r) - r)
            berries.append(berry.moved(at, rotation("z", rng.uniform(0, 360))))
    stem = curve([(-n * 0.3, 0, wide * 0.5), (n / 2, 0, wide * 0.5), (n / 2 + 0.02, 0.004, wide * 0.6), (n / 2 + 0.04, 0.012, wide * 0.4)], 14)
    twig = join([tube(stem, 0.0022, 6), tube([stem[-3] + (0, -0.015, 0), stem[-3] + (0, 0.015, 0.004)], 0.0018, 6)])
    return [Part(join(berries), skin), Part(twig, paint(rng, rng.choice([0.09, 0.22]), (0.3, 0.6), (0.3, 0.6)), ())]


def _halved(mesh: Mesh, height: float) -> Mesh:
    """What is above a height pressed flat, as if cut off there."""
    v = mesh.vertices.copy()
    v[:, 2] = np.minimum(v[:, 2], height)
    return Mesh(v, mesh.faces, mesh.uv)


@KINDS.add("food", TABLE, True, 1.0, 0.15)
def fruit_half(rng: Rng, materials: Materials) -> list[Part]:
    """Avocado, orange, kiwi or melon, cut through; one half or both."""
    parts, kind = [], rng.choice([0, 0, 1, 1, 2, 3])
    count = int(rng.integers(1, 3))
    hue = rng.choice([0.08, 0.14, 0.24, 0.02])
    r = (0.034, rng.uniform(0.024, 0.045), 0.024, 0.062)[kind] * rng.uniform(0.9, 1.1)
    if kind == 0:
        skin, inner = paint(rng, 0.28, (0.3, 0.7), (0.1, 0.35), 0.3), flesh(rng, 0.19, (0.4, 0.6), (0.8, 0.95), 0.03)
    elif kind == 1:
        skin, inner = Look(t.skin_of(hue, rng, 64), specular=0.4), None
    elif kind == 2:
        skin, inner = paint(rng, 0.09, (0.4, 0.6), (0.25, 0.45), 0.3), None
    else:
        skin = Look(t.skin_of(rng.choice([0.13, 0.25]), rng, 64), specular=0.2)
        inner = flesh(rng, rng.choice([0.07, 0.22]), (0.3, 0.7), (0.85, 1.0), 0.05)
    v, u = np.mgrid[0:1:128j, 0:1:128j]
    v = v[::-1]  # how far from the rim to the middle, upwards in the picture
    if kind == 1:
        pulp, pith = t.color(rng, (0.7, 0.95), (0.85, 1.0), hue), t.color(rng, (0.05, 0.25), (0.9, 1.0), 0.14)
        gap = (np.abs((u * 10) % 1 - 0.5) > 0.44) | (v < 0.1) | (v > 0.9)
        face = np.where(gap[..., None], pith, pulp * (0.9 + 0.1 * np.sin(300 * u)[..., None])).astype(np.uint8)
    elif kind == 2:
        green, pale = t.color(rng, (0.6, 0.9), (0.6, 0.85), rng.choice([0.24, 0.15])), t.color(rng, (0.1, 0.3), (0.85, 1.0), 0.2)
        rays = 0.85 + 0.15 * np.sin(2 * np.pi * 26 * u)
        face = np.where((v > 0.7)[..., None], pale, green * rays[..., None])
        face = np.where(((np.abs((u * 26) % 1 - 0.5) < 0.22) & (np.abs(v - 0.6) < 0.07))[..., None], 20, face).astype(np.uint8)
    for k in range(count):
        x = np.linspace(-1, 1, 15)
        wide = np.sqrt(np.clip(1 - x**2, 0.0004, 1)) * (1 + (0.28 * x if kind == 0 else 0)) * 0.9
        long = r * (1.4 if kind == 0 else 1.15 if kind in (2, 3) else 1.0)
        lump = tube(np.column_stack((long * x, 0 * x, np.full(15, r * 0.9))), r * wide, 22)
        group = [Part(_halved(lump, r * 0.9), skin)]
        z, edge = r * 0.9, np.column_stack((long * x, r * wide))
        outline = np.concatenate((edge, edge[::-1] * (1, -1)))
        if inner is None:
            disc = turned([(1.0, 0), (0, 0)], 40).moved((0, 0, z + 0.0006), scale=(long * 0.96, r * 0.87, 1))
            group.append(Part(disc, Look(face, specular=0.5), ()))
        else:
            group.append(Part(plate(outline * 0.94, 0.0006).moved((0, 0, z)), inner, ()))
            hole = r * (0.42 if kind == 0 else 0.45)
            spot = (r * 0.3 if kind == 0 else 0, 0, z + 0.0008)
            if k == 0 and kind == 0:
                group.append(Part(rounded((2 * hole,) * 3, 1.0, 18).moved((spot[0], 0, z - hole)), paint(rng, 0.06, (0.5, 0.8), (0.25, 0.5)), ()))
            else:
                pit = turned([(hole, 0.0002), (0, 0.0002)], 24).moved(spot, scale=(long / r if kind else 1, 1, 1))
                group.append(Part(pit, flesh(rng, 0.15 if kind == 0 else 0.08, (0.5, 0.7), (0.5, 0.75), 0.1), ()))
            if kind == 3:
                seeds = crumbs(rng, 40, (0.005, 0.009), hole, z + 0.003)
                group.append(Part(seeds, flesh(rng, 0.12, (0.1, 0.4), (0.8, 1.0)), ()))
        turn = rotation("z", rng.uniform(0, 360))
        parts += [p.moved((0, 2.3 * r * k * (1.2 if kind == 0 else 1.1), 0), turn) for p in group]
    return parts


@KINDS.add("food", TABLE, True, 1.0, 0.18)
def pear(rng: Rng, materials: Materials) -> list[Part]:
    parts, r, s = [], rng.uniform(0.03, 0.038), np.linspace(0, 1, 15)
    h, neck = r * rng.uniform(2.5, 3.1), rng.uniform(0.36, 0.55)
    shape = r * np.interp(s, [0, 0.06, 0.15, 0.32, 0.5, 0.72, 0.9, 0.97, 1], [0.3, 0.62, 0.85, 1, 0.88, neck + 0.08, neck * 0.8, neck * 0.5, 0.0])
    shape[1:-1] = np.convolve(shape, [0.25, 0.5, 0.25], "valid")
    skin = Look(t.skin_of(rng.choice([0.16, 0.2, 0.24, 0.1]), rng, 128, rng.choice([0.05, 0.2, 0.1])), specular=0.3)
    twig = paint(rng, 0.08, (0.3, 0.6), (0.15, 0.4))
    for k in range(int(rng.integers(1, 4))):
        body = turned([(0, r * 0.08), *zip(shape, h * s)], 26)
        stalk = tube(curve([(0, 0, h * 0.97), (0.003, 0, h + 0.008), (0.009, 0, h + rng.uniform(0.016, 0.024))], 8), 0.0017, 6)
        lying = rng.random() < 0.35
        turn = rotation("z", rng.uniform(0, 360)) @ (rotation("y", 80) if lying else rotation("y", rng.uniform(-3, 3)))
        group = [Part(body, skin), Part(stalk, twig, ())]
        if rng.random() < 0.35:
            blade = leaf(0.035, 0.009, 0.5, 0.4).moved((0.003, 0, h + 0.008), rotation("z", rng.uniform(0, 360)))
            group.append(Part(blade, foliage(rng), ()))
        at = np.array((2.6 * r * k, rng.normal(0, r * 0.3) + 1.2 * r * (k % 2), 0))
        low = body.moved(turn=turn).bounds()[0][2]
        parts += [p.moved(at - (0, 0, low), turn) for p in group]
    return parts
