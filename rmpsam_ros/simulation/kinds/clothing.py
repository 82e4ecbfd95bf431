"""Clothes laid flat or hung up, and household textiles: shirts, trousers, scarves, mitts, mats, pillows, quilts."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.kitchen import paint
from rmpsam_ros.simulation.kinds.resting import linen
from rmpsam_ros.simulation.kinds.seating import framed, wooden
from rmpsam_ros.simulation.kinds.vessels import handle_look, steel
from rmpsam_ros.simulation.kinds.wardrobe import ANYWHERE, cloth_look
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, plastic
from rmpsam_ros.simulation.shapes import Mesh, box, curve, join, plate, rotation, sheet, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def denim(rng: Rng) -> Look:
    """Jeans are mostly blue, grey or black."""
    tone = t.color(rng, (0.3, 0.8), (0.15, 0.7), 0.61) if rng.random() < 0.7 else t.color(rng, (0, 0.3), (0.05, 0.8))
    image = t.plain(rng, 256, tone, 0.18)
    return Look(np.clip(image * (1 + 0.12 * t.noise(rng, 256, 40, 3))[..., None], 0, 255).astype(np.uint8), specular=0)


def panel(left: Sequence[Sequence[float]], right: Sequence[Sequence[float]], thick: float, rng: Rng, folds: float = 0.5, steps: int = 18) -> Mesh:
    """A piece of a garment lying on z = 0 between two edges of (x, y), both from its near to its far end; creased by `folds`."""
    a, b = (np.column_stack([np.interp(np.linspace(0, 1, steps), np.linspace(0, 1, len(e)), np.asarray(e, float)[:, k]) for k in (0, 1)])
            for e in (left, right))  # fmt: skip
    across, along = b.mean(axis=0) - a.mean(axis=0), (a + b)[-1] - (a + b)[0]
    if across[0] * along[1] < across[1] * along[0]:  # otherwise its upper side would face down
        a, b = b, a
    s, v = np.linspace(0, 1, steps)[None, :, None], np.linspace(-1, 1, steps)
    flat = a[:, None] * (1 - s) + b[:, None] * s
    soft = np.clip((1 - v**2) * 5, 0, 1)[None] ** 0.5 * np.clip((1 - v**2) * 5, 0, 1)[:, None] ** 0.5
    heights = np.maximum(thick * (0.25 + 0.75 * soft) * (1 + folds * np.clip(1.5 * t.noise(rng, steps, 3, 3), -0.9, 1.2)), 0.0015)
    mesh = sheet(heights, (1, 1), 0.0)
    xy = np.tile(flat.reshape(-1, 2), (2, 1))
    z = np.concatenate((heights.reshape(-1), np.zeros(steps * steps)))
    grid = np.arange(steps * steps).reshape(steps, steps)
    rim = np.concatenate((grid[0], grid[1:, -1], grid[-1, -2::-1], grid[-2::-1, 0]))
    side = np.concatenate([[(p + steps**2, q + steps**2, q), (p + steps**2, q, p)] for p, q in zip(rim[:-1], rim[1:])])
    return Mesh(np.column_stack((xy, z)), np.concatenate((mesh.faces, side)), mesh.uv)


def both(points: Sequence[Sequence[float]]) -> tuple[list, list]:
    """A left edge and its mirror image."""
    return [(-x, y) for x, y in points], [(x, y) for x, y in points]


def motif(rng: Rng, materials: Materials, width: float, height: float, at: Sequence[float]) -> Part:
    """A print on the chest."""
    image = materials.crop(rng) if rng.random() < 0.4 else None
    return Part(box((width, height, 0.0012)).moved(at), Look(t.print_on(rng, 128) if image is None else image, specular=0), ())


@KINDS.add("textile", ANYWHERE, False, 1.1, 0.2)
def tshirt(rng: Rng, materials: Materials) -> list[Part]:
    w, n, look, thick = rng.uniform(0.2, 0.29), rng.uniform(0.55, 0.72), cloth_look(rng), rng.uniform(0.006, 0.016)
    sleeve, wide = rng.choice([rng.uniform(0.14, 0.2), rng.uniform(0.42, 0.52)]), rng.uniform(0.075, 0.1)
    n, w = n * 0.9, w * 0.9
    body = panel(*both([(w * 1.02, -n / 2), (w * 0.97, 0), (w, n * 0.22), (w * 0.92, n * 0.46), (w * 0.4, n / 2)]), thick, rng)
    parts, second = [Part(body, look)], look if rng.random() < 0.7 else cloth_look(rng)
    for x in (-1, 1):
        down = rng.uniform(10, 55)
        arm = panel(
            [(0, -wide), (sleeve * 0.5, -wide * 0.9), (sleeve, -wide * 0.75)],
            [(0, wide), (sleeve * 0.5, wide * 0.9), (sleeve, wide * 0.75)],
            thick,
            rng,
        )
        turn = rotation("z", -down) if x > 0 else rotation("z", 180 + down)
        parts.append(Part(arm.moved((x * w * 0.82, n * 0.37, 0), turn), second))
    s = np.linspace(0, 2 * np.pi, 22)
    neck = rng.uniform(0.055, 0.075)
    collar = tube(np.column_stack((neck * np.cos(s), n / 2 - neck * 0.5 + neck * 0.45 * np.sin(s), np.full(22, thick * 1.1))), 0.008, 8, 0.6)
    inside = turned([(neck * 0.95, 0), (0, 0)], 22).moved((0, n / 2 - neck * 0.5, thick * 1.4), scale=(1, 0.45, 1))
    parts += [Part(collar, second, ()), Part(inside, Look(None, (0.12, 0.12, 0.13, 1), 0), ())]
    if rng.random() < 0.5:
        parts.append(motif(rng, materials, w * rng.uniform(0.6, 1.1), n * rng.uniform(0.15, 0.35), (0, n * 0.12, thick * 1.3)))
    elif rng.random() < 0.5:  # a row of buttons and a fold in front
        dots = [cylinder(0.006, 0.003, 12).moved((0, n * (0.38 - 0.13 * k), thick * 1.35)) for k in range(6)]
        parts += [Part(box((0.03, n * 0.85, 0.002)).moved((0, -n * 0.04, thick * 1.2)), look, ()), Part(join(dots), paint(rng), ())]
    return parts


@KINDS.add("textile", ANYWHERE, False, 1.0, 0.5)
def jeans(rng: Rng, materials: Materials) -> list[Part]:
    w, n, look, thick = (
        rng.uniform(0.17, 0.22),
        rng.uniform(0.62, 0.85),
        denim(rng) if rng.random() < 0.7 else cloth_look(rng),
        rng.uniform(0.01, 0.02),
    )
    if short := rng.random() < 0.35:
        n *= 0.45
    rise, parts = 0.24, []
    top = panel(*both([(w * 1.1, 0), (w, rise)]), thick, rng, 0.3).moved((0, n / 2 - rise, 0))
    hem = w * (rng.uniform(0.75, 1.0) if short else rng.uniform(0.45, 0.7))
    for x in (-1, 1):
        leg = panel([(-w * 0.53, 0.03), (-hem * 0.5, -n + rise)][::-1], [(w * 0.53, 0.03), (hem * 0.5, -n + rise)][::-1], thick, rng)
        bend = rng.normal(0, 7)
        parts.append(Part(leg.moved((x * w * 0.55, n / 2 - rise, 0), rotation("z", x * rng.uniform(2, 9) + bend * (x > 0))), look))
    seams = [box((0.004, rise * 0.55, 0.001)).moved((0.012, n / 2 - rise * 0.45, thick * 1.2))]
    for x in (-1, 1):
        path = [(x * w * 0.55, n / 2 - 0.03, thick * 1.15), (x * w * 0.62, n / 2 - 0.07, thick * 1.2), (x * w * 0.98, n / 2 - 0.1, thick * 0.8)]
        seams.append(tube(path, 0.002, 5))
    band = panel(*both([(w * 1.01, 0), (w * 1.0, 0.035)]), thick * 1.15, rng, 0.1).moved((0, n / 2 - 0.033, 0))
    loops = [box((0.01, 0.045, 0.003)).moved((x * w, n / 2 - 0.016, thick * 1.25)) for x in (-0.7, -0.3, 0.3, 0.7)]
    knob = cylinder(0.009, 0.004, 14).moved((0, n / 2 - 0.016, thick * 1.35))
    return [Part(top, look), *parts, Part(band, look, ()),
            Part(join(seams), paint(rng, 0.09, (0.4, 0.8), (0.5, 0.8)), ()), Part(join(loops), look, ()),
            Part(knob, steel(rng), ())]  # fmt: skip


@KINDS.add("textile", ANYWHERE, False, 0.8, 0.3)
def dress(rng: Rng, materials: Materials) -> list[Part]:
    w, n, look, thick = rng.uniform(0.16, 0.2), rng.uniform(0.6, 0.85), cloth_look(rng), rng.uniform(0.006, 0.015)
    waist, flare, split = w * rng.uniform(0.75, 0.9), w * rng.uniform(1.2, 2.2), rng.uniform(0.3, 0.38)
    skirt_n, top_n = n * (1 - split), n * split
    s = np.linspace(0, 1, 6)
    skirt = panel(*both([(flare + (waist - flare) * u ** rng.uniform(0.7, 0.75), -skirt_n * (1 - u)) for u in s]), thick, rng, 0.8)
    bodice = panel(*both([(waist, 0), (w, top_n * 0.5), (w * 0.8, top_n * 0.8), (w * 0.7, top_n)]), thick, rng, 0.3)
    parts = [Part(skirt, look), Part(bodice, look if rng.random() < 0.6 else cloth_look(rng))]
    second = look if rng.random() < 0.5 else cloth_look(rng)
    if rng.random() < 0.5:
        straps = [box((0.02, 0.1, 0.004)).moved((x * w * 0.55, top_n + 0.04, 0.001), rotation("z", 8 * x)) for x in (-1, 1)]
        parts.append(Part(join(straps), second, ()))
    else:
        for x in (-1, 1):
            arm = panel([(0, -0.06), (0.1, -0.055)], [(0, 0.06), (0.1, 0.055)], thick, rng)
            turn = rotation("z", -35) if x > 0 else rotation("z", 215)
            parts.append(Part(arm.moved((x * w * 0.75, top_n * 0.82, 0), turn), second))
    belt = panel(*both([(waist * 1.03, -0.02), (waist * 1.03, 0.02)]), thick * 1.25, rng, 0.1)
    return [p.moved((0, (skirt_n - top_n) / 2, 0)) for p in (*parts, Part(belt, second, ()))]


@KINDS.add("textile", ANYWHERE, False, 1.0, 0.15)
def scarf(rng: Rng, materials: Materials) -> list[Part]:
    look, w, thick = cloth_look(rng), rng.uniform(0.1, 0.2), rng.uniform(0.008, 0.016)
    reach = rng.uniform(0.35, 0.6)
    points = [(0, 0)]
    heading = rng.uniform(0, 6)
    for _ in range(int(rng.integers(3, 6))):
        heading += rng.uniform(-1.1, 1.1)
        points.append(tuple(np.array(points[-1]) + reach / 3 * np.array([np.cos(heading), np.sin(heading)])))
    line = curve(np.array(points) - np.mean(points, axis=0), 30)
    along = np.gradient(line, axis=0)
    normal = np.column_stack((-along[:, 1], along[:, 0])) / np.linalg.norm(along, axis=1, keepdims=True)
    narrow = (w / 2 * (1 - 0.35 * np.abs(np.sin(np.linspace(0, rng.uniform(3, 8), 30)))))[:, None]
    ribbon = panel(line + normal * narrow, line - normal * narrow, thick, rng, 0.9, 30)
    walls = [panel((line + normal * narrow)[k : k + 6], (line - normal * narrow)[k : k + 6], thick, rng, 0, 4) for k in range(0, 25, 5)]
    fringe = []
    for end, way in ((0, -1), (-1, 1)):
        ahead = way * along[end] / np.linalg.norm(along[end])
        for s in np.linspace(-0.95, 0.95, int(rng.integers(6, 14))):
            start = line[end] + normal[end] * narrow[end] * s - ahead * 0.004
            finish = start + ahead * rng.uniform(0.03, 0.06) + normal[end] * rng.normal(0, 0.006)
            fringe.append(tube([(*start, 0.004), (*finish, 0.003)], 0.0028, 5))
    return [Part(ribbon, look, walls), Part(join(fringe), look if rng.random() < 0.6 else cloth_look(rng), ())]


@KINDS.add("textile", ANYWHERE, False, 0.9, 0.15)
def apron(rng: Rng, materials: Materials) -> list[Part]:
    w, n, look, thick = rng.uniform(0.26, 0.36), rng.uniform(0.6, 0.8), cloth_look(rng), 0.007
    chest, split, trim = w * rng.uniform(0.35, 0.5), rng.uniform(0.25, 0.35) * n, paint(rng)
    body = panel(*both([(w, -n / 2), (w, -n * 0.1), (w * 0.95, n / 2 - split), (chest * 1.2, n / 2 - split * 0.5), (chest, n / 2)]), thick, rng, 0.8)
    pocket = panel(*both([(w * 0.5, -n * 0.22), (w * 0.52, 0)]), 0.004, rng, 0.2).moved((0, 0, thick * 1.25))
    s = np.linspace(0.05, np.pi - 0.05, 16)
    bow = np.column_stack((chest * 0.9 * np.cos(s), n / 2 - 0.01 + rng.uniform(0.12, 0.2) * np.sin(s), np.full(16, 0.004)))
    ties = [tube(bow, 0.008, 6, 0.35)]
    for x in (-1, 1):
        wave = curve(
            [
                (x * w * 0.94, n / 2 - split),
                (x * w * 1.2, n / 2 - split + rng.normal(0, 0.06)),
                (x * w * rng.uniform(1.3, 1.7), n / 2 - split - rng.uniform(0, 0.2)),
            ],
            14,
        )
        ties.append(tube(np.column_stack((wave, np.full(14, 0.004))), 0.008, 6, 0.35))
    parts = [
        Part(body, look),
        Part(join(ties), trim if rng.random() < 0.5 else look, ()),
        Part(pocket, look if rng.random() < 0.5 else cloth_look(rng), ()),
    ]
    return [*parts, motif(rng, materials, chest * 1.2, 0.1, (0, n / 2 - 0.12, thick * 1.3))] if rng.random() < 0.4 else parts


@KINDS.add("textile", ANYWHERE, False, 1.0, 0.12)
def oven_mitt(rng: Rng, materials: Materials) -> list[Part]:
    s, look, cuff = rng.uniform(0.9, 1.1), cloth_look(rng), paint(rng) if rng.random() < 0.5 else cloth_look(rng)
    hand = [(-0.08, -0.14), (-0.085, -0.02), (-0.088, 0.06), (-0.075, 0.12), (-0.04, 0.155), (0.0, 0.165)]
    other = [(0.08, -0.14), (0.08, -0.02), (0.075, 0.06), (0.065, 0.12), (0.035, 0.155), (0.0, 0.165)]
    thick, thumb_at = rng.uniform(0.02, 0.035), rotation("z", -rng.uniform(25, 42))
    palm = panel(hand, other, thick, rng, 0.25)
    thumb = panel(*both([(0.034, -0.05), (0.036, 0.03), (0.03, 0.07), (0.012, 0.09), (0.0, 0.092)]), thick * 0.85, rng, 0.2).moved(
        (0.078, -0.005, 0), thumb_at
    )
    band = panel(*both([(0.086, -0.02), (0.086, 0.02)]), thick * 1.12, rng, 0.1).moved((0, -0.13, 0))
    eye = np.linspace(0, 2 * np.pi, 14)
    hang = tube(np.column_stack((0.07 + 0.014 * np.cos(eye), -0.155 + 0.02 * np.sin(eye), np.full(14, 0.008))), 0.0035, 6)
    turn = 1 if rng.random() < 0.5 else -1
    parts = [Part(palm, look), Part(thumb, look), Part(band, cuff, ()), Part(hang, cuff, ())]
    seams = [box((0.16, 0.0025, 0.001)).moved((0, y, thick * 1.02), rotation("z", a)) for y in np.linspace(-0.08, 0.11, 5) for a in (-25, 25)]
    parts = [*parts, Part(join(seams), look, ())] if rng.random() < 0.4 else parts
    if turn < 0:  # for the other hand: as seen from below
        parts = [Part(Mesh(p.mesh.vertices * (-1, 1, 1), p.mesh.faces[:, ::-1], p.mesh.uv), p.look, p.walls) for p in parts]
    return [p.moved(scale=(s, s, 1)) for p in parts]


@KINDS.add("textile", "floor", False, 1.0, 1.2)
def doormat(rng: Rng, materials: Materials) -> list[Part]:
    w, d, thick = rng.uniform(0.55, 0.8), rng.uniform(0.36, 0.5), rng.uniform(0.01, 0.02)
    base = t.color(rng, (0.2, 0.6), (0.2, 0.7), 0.09) if rng.random() < 0.6 else t.color(rng, (0, 0.7), (0.1, 0.6))
    image = np.clip(base * (1 + 0.45 * t.noise(rng, 256, 64, 3))[..., None], 0, 255).astype(np.uint8)
    ink = tuple(int(v) for v in (t.color(rng, (0, 0.6), (0.02, 0.2)) if base.mean() > 90 else t.color(rng, (0, 0.6), (0.7, 1))))
    if rng.random() < 0.6:
        words = str(rng.choice(["WELCOME", "HELLO", "HOME", "hello", "Hi!", "come in"]))
        cv2.putText(image, words, (int(128 - 16 * len(words)), 150), cv2.FONT_HERSHEY_TRIPLEX, 1.6, ink, 4, cv2.LINE_AA)
    if rng.random() < 0.6:
        edge = int(rng.uniform(4, 24))
        cv2.rectangle(image, (edge, edge), (255 - edge, 255 - edge), ink, int(rng.integers(2, 14)))
    look = Look(image, specular=0)
    if rng.random() < 0.3:  # half round
        a = np.linspace(0, np.pi, 24)
        return [Part(plate([*zip(w / 2 * np.cos(a), d * np.sin(a) - d / 2)], thick), look)]
    rim = Look(t.plain(rng, 32, t.color(rng, (0, 0.2), (0.04, 0.2)), 0.1), specular=0.2)
    return [Part(box((w, d, thick * 0.7), 4), rim), Part(box((w * 0.94, d * 0.91, thick), 6), look, ())]


@KINDS.add("textile", ANYWHERE, False, 1.0, 0.8)
def pillow(rng: Rng, materials: Materials) -> list[Part]:
    w, d, high = rng.uniform(0.4, 0.7), rng.uniform(0.35, 0.48), rng.uniform(0.1, 0.17)
    look, n = linen(rng), 26
    v = np.linspace(-1, 1, n)
    y, x = np.meshgrid(v, v, indexing="ij")
    swell = (np.clip(1 - np.abs(x) ** 2.2, 0, 1) * np.clip(1 - np.abs(y) ** 2.2, 0, 1)) ** 0.5
    swell = swell * (1 + 0.22 * np.clip(t.noise(rng, n, 3, 3), -1, 1)) * (1 - rng.uniform(0, 0.35) * np.exp(-(x**2 + y**2) * 4))
    pull = (1 - 0.1 * (1 - np.abs(y) ** 2), 1 - 0.1 * (1 - np.abs(x) ** 2))  # the corners stand out
    faces = sheet(swell, (1, 1), 0).faces
    xy = np.column_stack(((x * w / 2 * pull[0]).reshape(-1), (y * d / 2 * pull[1]).reshape(-1)))
    top, below = high * 0.62 * swell.reshape(-1), -high * 0.38 * swell.reshape(-1)
    mesh = Mesh(np.concatenate((np.column_stack((xy, top)), np.column_stack((xy, below)))).astype(float), faces, np.tile((xy / (w, d)) + 0.5, (2, 1)))
    mesh = mesh.moved((0, 0, -mesh.bounds()[0][2]))
    parts = [Part(mesh, look)]
    if rng.random() < 0.35:  # a frill
        grid = np.arange(n * n).reshape(n, n)
        rim = xy[np.concatenate((grid[0], grid[1:, -1], grid[-1, -2::-1], grid[-2::-1, 0]))]
        fine = np.column_stack([np.interp(np.linspace(0, len(rim) - 1, 120), np.arange(len(rim)), rim[:, k]) for k in (0, 1)])
        line = np.column_stack((fine * 0.98, high * 0.38 + 0.006 * np.sin(np.arange(120) * 1.6)))
        outer = line * (1 + 0.1, 1 + 0.14, 1)
        flat = np.arange(119)
        strip = np.concatenate((np.stack([flat, flat + 120, flat + 121], 1), np.stack([flat, flat + 121, flat + 1], 1)))
        uv = np.column_stack((np.tile(np.linspace(0, 1, 120), 2), np.repeat([0.0, 1.0], 120)))
        points = np.concatenate((line, outer))
        parts.append(
            Part(join([Mesh(points, strip, uv), Mesh(points - (0, 0, 0.002), strip[:, ::-1], uv)]), look if rng.random() < 0.6 else linen(rng), ())
        )
    return parts


@KINDS.add("textile", ANYWHERE, False, 0.7, 0.3)
def neck_pillow(rng: Rng, materials: Materials) -> list[Part]:
    r, thick, look = rng.uniform(0.08, 0.1), rng.uniform(0.045, 0.06), cloth_look(rng)
    a = np.linspace(-np.pi / 2 + 0.45, 1.5 * np.pi - 0.45, 26)
    swell = 1 - 0.25 * np.exp(-((np.arange(26) - 12.5) ** 2) / 12)
    swell[[0, -1]], swell[[1, -2]], swell[[2, -3]] = 0.3, 0.72, 0.92
    path = np.column_stack((r * np.cos(a), r * 1.1 * np.sin(a), np.full(26, thick * 0.9)))
    whole = tube(path, thick * swell, 16, 0.9)
    walls = [tube(path[k : k + 5], (thick * swell)[k : k + 5], 8, 0.9) for k in range(0, 22, 4)]
    tag = box((0.002, 0.03, 0.02)).moved((r + thick, 0, thick))
    return [Part(whole, look, walls), Part(tag, plastic(rng), ())]


@KINDS.add("textile", ANYWHERE, False, 0.8, 1.2)
def rolled_quilt(rng: Rng, materials: Materials) -> list[Part]:
    n, r, look, strap = rng.uniform(0.35, 0.6), rng.uniform(0.08, 0.14), cloth_look(rng), plastic(rng)
    lining, turns = cloth_look(rng), rng.uniform(3.0, 4.5)
    a = np.linspace(0, turns * 2 * np.pi, 90)
    spiral = r * (0.12 + 0.88 * a / a[-1])
    path = np.column_stack((spiral * np.cos(a), spiral * np.sin(a)))
    body = turned([(0, 0), (r * 0.92, 0), (r, 0.02), (r, n - 0.02), (r * 0.92, n), (0, n)], 36)
    x, y, z = body.vertices.T
    dent = 1 - 0.04 * np.sin(9 * np.arctan2(y, x) + 11 * z) * rng.uniform(0.3, 1)
    body = Mesh(np.column_stack((x * dent, y * dent, z)), body.faces, body.uv).moved((-n / 2, 0, r), ALONG_X)
    edges = [tube(np.column_stack((np.full(90, x * n / 2), path[:, 0], path[:, 1] + r)), r * 0.045, 5) for x in (-1, 1)]
    bands = [cylinder(r * 1.03, 0.025, 30).moved((x * n * 0.25 - 0.0125, 0, r), ALONG_X) for x in (-1, 1)]
    return [Part(body, look), Part(join(edges), lining, ()), Part(join(bands), strap if rng.random() < 0.6 else handle_look(rng), ())]


@KINDS.add("object", ANYWHERE, False, 1.0, 0.08)
def clothes_hanger(rng: Rng, materials: Materials) -> list[Part]:
    w, drop, wire = rng.uniform(0.19, 0.22), rng.uniform(0.07, 0.11), rng.random() < 0.35
    look = steel(rng) if wire else wooden(rng) if rng.random() < 0.5 else plastic(rng)
    thick = 0.0018 if wire else rng.uniform(0.006, 0.011)
    shoulders = curve([(-w, -drop), (-w * 0.5, -drop * 0.42), (0, 0), (w * 0.5, -drop * 0.42), (w, -drop)], 21)
    bars = [tube(np.column_stack((shoulders[a:b], np.full(b - a, thick))), thick, 8, 1.0) for a, b in ((0, 7), (6, 15), (14, 21))]
    if wire or rng.random() < 0.7:
        low = thick if wire else 0.005
        bars.append(tube([(-w, -drop, thick), (w, -drop, thick)], low, 8))
    s = np.linspace(-0.5 * np.pi, 0.95 * np.pi, 16)
    hook = np.concatenate(([(0, -0.004), (0, 0.035)], np.column_stack((0.02 * np.cos(s), 0.062 + 0.02 * np.sin(s)))))
    parts = [framed(bars, look), Part(tube(np.column_stack((hook, np.full(18, max(thick, 0.002)))), 0.0018, 8), steel(rng))]
    if rng.random() < 0.2:  # with clips for skirts
        parts.append(Part(join([box((0.025, 0.04, 0.012)).moved((x * w * 0.6, -drop - 0.01, 0)) for x in (-1, 1)]), plastic(rng), ()))
    return parts
