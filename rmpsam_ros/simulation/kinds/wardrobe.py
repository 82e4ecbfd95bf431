"""More of the home: clothes, bags, seats, furniture and household things."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.kitchen import paint, printed, waved
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.vessels import handle_look, steel
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, sheet, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

ANYWHERE = "table shelf floor"


def cloth_look(rng: Rng) -> Look:
    """Patterned or plain, never shining."""
    return Look(t.fabric(rng) if rng.random() < 0.5 else t.plain(rng, 128, None, rng.uniform(0.08, 0.2)), specular=0.0)


def leather(rng: Rng) -> Look:
    """Brown, black or of any colour."""
    base = t.color(rng, (0.3, 0.8), (0.15, 0.7), 0.06) if rng.random() < 0.4 else t.color(rng, (0, 0.9), (0.05, 0.85))
    return Look(t.plain(rng, 128, base, 0.12), specular=rng.uniform(0.1, 0.5))


def arc(width: float, height: float, y: float = 0.0, z: float = 0.0, count: int = 14) -> np.ndarray:
    """The path of a handle: an arch over x."""
    s = np.linspace(0, np.pi, count)
    return np.column_stack((width / 2 * np.cos(s), np.full(count, y), z + height * np.sin(s) ** 0.7))


@KINDS.add("textile", ANYWHERE, weight=1.0, mass=0.1)
def hat(rng: Rng, materials: Materials) -> list[Part]:
    r, h, look = rng.uniform(0.08, 0.1), rng.uniform(0.08, 0.13), cloth_look(rng)
    band, a = cloth_look(rng), np.linspace(0, np.pi / 2, 8)
    long = (1.18, 1, 1)
    if rng.random() < 0.5:  # a brim all round
        wide, bend, top = r * rng.uniform(1.35, 1.7), rng.uniform(0.0, 0.3), r * rng.uniform(0.75, 1.0)
        crown = turned([(0, 0), (wide, 0.002), (wide, 0.006), (r * 1.03, 0.006), (top, h * 0.9), (r * 0.7, h), (0, h * 0.93)], 36)
        lift = bend * np.maximum(np.abs(crown.vertices[:, 1]) - r, 0) * (crown.vertices[:, 2] < 0.008)
        crown = Mesh(crown.vertices + np.column_stack((0 * lift, 0 * lift, lift)), crown.faces, crown.uv)
        ring = turned([(r * 1.05, 0.008), (r * 1.03, 0.03)], 36)
        return [Part(crown.moved(scale=long), look), Part(ring.moved(scale=long), band, ())]
    dome = turned([(0, 0), (r, 0), *zip(r * np.cos(a) ** 0.8, 0.02 + (h - 0.02) * np.sin(a))], 28)
    if rng.random() < 0.6:  # a cap
        s = np.linspace(-1.1, 1.1, 14)
        visor = plate([*zip(r * (0.55 + 1.15 * np.cos(s)), r * np.sin(s) * 0.95), *zip(r * 0.7 * np.cos(s[::-1]), r * 0.8 * np.sin(s[::-1]))], 0.004)
        front = box((0.002, 0.06, 0.04)).moved((r * 1.13, 0, h * 0.28), rotation("y", -14))
        return [Part(dome.moved(scale=long), look), Part(visor.moved((r * 0.15, 0, 0.004)), band), Part(front, printed(rng, materials), ())]
    cuff = turned([(r * 0.99, 0), (r * 1.07, 0.004), (r * 1.07, 0.035), (r * 0.99, 0.04)], 28)  # a knitted one
    bobble = rounded((0.055,) * 3, 1.0, 14, 0.06, rng).moved((0, 0, h * 1.15))
    return [Part(dome.moved(scale=(1.1, 1, 1.25)), look), Part(cuff.moved(scale=(1.1, 1, 1)), band, ()), Part(bobble, band, ())]


@KINDS.add("textile", ANYWHERE, False, 0.9, 0.06)
def glove(rng: Rng, materials: Materials) -> list[Part]:
    look, s, flat = cloth_look(rng) if rng.random() < 0.5 else leather(rng), rng.uniform(0.9, 1.2), rng.uniform(0.55, 0.9)
    palm = rounded((0.1 * s, 0.085 * s, 0.032), 0.5)
    cuff = rounded((0.06 * s, 0.08 * s, 0.03), 0.35).moved((-0.065 * s, 0, 0.001))
    fingers = []
    for y, n, splay in ((-0.032, 0.058, -9), (-0.011, 0.075, -3), (0.011, 0.08, 3), (0.032, 0.068, 9)):
        curl = rng.uniform(-0.004, 0.012)
        path = np.column_stack((n * s * np.linspace(0, 1, 7), np.zeros(7), 0.016 + curl * np.linspace(0, 1, 7) ** 2))
        finger = tube(path, 0.0125 * s * np.array([1, 1, 1, 1, 0.95, 0.75, 0.3]), 10, flat)
        fingers.append(finger.moved((0.035 * s, y * s, 0), rotation("z", splay + rng.normal(0, 3))))
    thumb = tube([(-0.02, 0.03, 0.016), (0.012, 0.062, 0.016), (0.035, 0.075, 0.016), (0.045, 0.078, 0.016)], [0.017, 0.014, 0.012, 0.004], 10, flat)
    second = look if rng.random() < 0.5 else cloth_look(rng)
    return [Part(palm, look), Part(join(fingers), look), Part(thumb.moved(scale=(s, s, 1)), look), Part(cuff, second)]


@KINDS.add("textile", ANYWHERE, False, 1.0, 0.04)
def sock(rng: Rng, materials: Materials) -> list[Part]:
    look, second, parts = cloth_look(rng), cloth_look(rng), []
    leg, foot, w = rng.uniform(0.06, 0.26), rng.uniform(0.12, 0.16), rng.uniform(0.034, 0.044)
    for k in range(int(rng.integers(1, 3))):
        a = np.linspace(0, np.radians(rng.uniform(55, 100)), 8)
        bend = np.column_stack((0.05 * np.sin(a), 0.05 * (1 - np.cos(a)), 0 * a))
        ahead = np.array([np.cos(a[-1]), np.sin(a[-1]), 0])
        path = np.concatenate(([(-leg, 0, 0), (-leg * 0.5, 0, 0)], bend, bend[-1] + foot * np.array([0.4, 0.75, 0.92, 1.0])[:, None] * ahead))
        radii = w * np.array([1.0, 0.97, 1.0, 1.02, 1.06, 1.1, 1.1, 1.06, 1.0, 0.97, 0.95, 0.93, 0.75, 0.25])
        place = ((k * rng.uniform(0.05, 0.12), k * rng.uniform(-0.08, 0.08), 0.012 + 0.018 * k), rotation("z", k * rng.uniform(-40, 40)))
        cuff = tube([path[0] - (0.004, 0, 0), path[0] + (0.025, 0, 0)], w * 1.06, 12, 0.32)
        toe = tube([path[-4] + 0.02 * ahead, path[-3], path[-2], path[-1] + 0.002 * ahead], w * np.array([0.96, 0.95, 0.78, 0.28]), 12, 0.33)
        parts += [Part(tube(path, radii, 12, 0.3).moved(*place), look), Part(join([cuff, toe]).moved(*place), second, ())]
    return parts


@KINDS.add("textile", ANYWHERE, weight=1.0, mass=0.5)
def folded_clothes(rng: Rng, materials: Materials) -> list[Part]:
    w, d, z, parts = rng.uniform(0.22, 0.32), rng.uniform(0.2, 0.28), 0.0, []
    for _ in range(int(rng.integers(1, 6))):
        look, high = cloth_look(rng), rng.uniform(0.018, 0.04)
        size, spot = (w * rng.uniform(0.9, 1), d * rng.uniform(0.9, 1)), rng.normal(0, 0.006, 2)
        leaves = int(rng.integers(2, 4))
        stack = [rounded((size[0] * rng.uniform(0.98, 1), size[1] - 0.006 * j, high / leaves * 1.15), 0.25).moved((*spot, z + j * high / leaves))
                 for j in range(leaves)]  # fmt: skip
        fold = tube([(-size[0] * 0.47, 0, 0), (size[0] * 0.47, 0, 0)], high / 2, 10).moved((spot[0], spot[1] - size[1] * 0.485, z + high / 2))
        parts += [Part(join(stack), look), Part(fold, look, ())]
        z += high * 1.02
    if rng.random() < 0.6:  # a shirt on top
        s, y = np.linspace(0.35, 2 * np.pi - 0.35, 16), d * 0.3
        collar = tube(np.column_stack((0.055 * np.sin(s), y - 0.045 * np.cos(s), np.full(16, z + 0.006))), 0.016, 8, 0.55)
        flaps = [plate([(0, 0), (side * 0.055, 0.03), (side * 0.06, -0.04)], 0.006).moved((0, y - 0.045, z + 0.006)) for side in (-1, 1)]
        buttons = [turned([(0, 0), (0.006, 0), (0.006, 0.003), (0, 0.003)], 12).moved((0, y - 0.08 - k * 0.055, z - 0.001)) for k in range(3)]
        strip = box((0.028, d * 0.66, 0.002)).moved((0, -d * 0.14, z - 0.001))
        parts += [Part(join([collar, *flaps, strip]), look, ()), Part(join(buttons), paint(rng), ())]
    return parts


@KINDS.add("textile", "floor table", False, 0.8, 0.8)
def blanket_heap(rng: Rng, materials: Materials) -> list[Part]:
    n, w, d = 44, rng.uniform(0.3, 0.65), rng.uniform(0.25, 0.5)
    y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j]
    far = np.sqrt(x**2 + y**2) * (1 + 0.2 * np.sin(np.arctan2(y, x) * int(rng.integers(2, 5)) + rng.uniform(0, 6)))
    folds = np.abs(np.sin(rng.uniform(3, 6) * t.noise(rng, n, 2, 2) + rng.uniform(-4, 4) * x + rng.uniform(-4, 4) * y)) ** 0.6
    high = rng.uniform(0.08, 0.22) * np.clip(1 - far**2, 0, 1) ** 0.7 * (0.45 + 0.55 * folds)
    mesh = sheet(np.maximum(high, 0.001), (w, d), 0.006)
    squeeze = np.tile((1 + 0.12 * t.noise(rng, n, 3, 2)).reshape(-1, 1), (2, 1)) * (1 - 0.22 * np.tile((np.abs(x * y) ** 2).reshape(-1, 1), (2, 1)))
    mesh = Mesh(mesh.vertices * np.hstack((squeeze, squeeze, np.ones_like(squeeze))), mesh.faces, mesh.uv)
    return [Part(mesh, cloth_look(rng), (box((w * 0.7, d * 0.7, high.max() * 0.7)),))]


@KINDS.add("bag", ANYWHERE, weight=1.0, mass=0.6)
def handbag(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.2, 0.07, 0.14), (0.36, 0.14, 0.26))
    look, metal = (leather(rng) if rng.random() < 0.7 else cloth_look(rng)), steel(rng)
    second, top = (look if rng.random() < 0.6 else leather(rng)), rng.uniform(0.45, 0.95)
    body = rounded((w, d, h), rng.uniform(0.15, 0.35), 28, 0.01, rng)
    share = body.vertices[:, 2:] / h
    body = Mesh(body.vertices * np.hstack((1 - 0.15 * share, 1 - (1 - top) * share, np.ones_like(share))), body.faces, body.uv)
    parts, s = [Part(body, look)], np.linspace(-np.pi / 2, np.pi / 2, 9)
    if rng.random() < 0.55:
        half, low = w * 0.4, h * rng.uniform(0.35, 0.55)
        flap = plate([(half, h * 0.98), (-half, h * 0.98), *zip(half * np.sin(s), low + (h * 0.25) * (1 - np.cos(s)) ** 1.5)], 0.006)
        parts.append(Part(flap.moved((0, -d * 0.5, 0), rotation("x", 90 - np.degrees(np.arctan2((1 - top) * d / 2, h)))), second, ()))
        parts.append(Part(box((0.03, 0.006, 0.022)).moved((0, -d * 0.5 - 0.004, low)), metal, ()))
    else:
        parts.append(Part(box((w * 0.75, 0.006, 0.005)).moved((0, 0, h - 0.003)), metal, ()))
        parts.append(Part(rounded((w * 0.6, d * 0.3, h * 0.45), 0.35).moved((0, -d * 0.42, h * 0.08)), second, ()))
    high, places = rng.uniform(0.08, 0.2), (0.0,) if rng.random() < 0.5 else (-d * top * 0.3, d * top * 0.3)
    grips = [tube(arc(w * rng.uniform(0.4, 0.7), high, y, h * 0.93), 0.006, 8) for y in places]
    return [*parts, Part(join(grips), second, ())]


@KINDS.add("bag", "floor", weight=1.2, mass=3.0)
def suitcase(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, z = *rng.uniform((0.32, 0.19, 0.45), (0.46, 0.28, 0.66)), 0.05
    hard = rng.random() < 0.6
    look = Look(t.plain(rng, 64, None, 0.02), specular=0.6, shininess=0.6) if hard else cloth_look(rng)
    dark = paint(rng, None, (0, 0.2), (0.03, 0.25))
    parts = [Part(rounded((w, d, h), rng.uniform(0.12, 0.25), 32).moved((0, 0, z)), look)]
    if hard:
        count = int(rng.integers(4, 8))
        ribs = [rounded((w * 0.05, d * 1.05, h * 0.9), 0.25, 12).moved((x * w * 0.4, 0, z + h * 0.06)) for x in np.linspace(-1, 1, count)]
        parts.append(Part(join(ribs), look, ()))
    else:
        parts += [Part(rounded((w * 0.8, d * 0.2, h * n), 0.2).moved((0, -d * 0.48, z + h * m)), look, ()) for n, m in ((0.38, 0.08), (0.38, 0.52))]
    zip_line = rounded((w * 1.006, 0.012, h * 1.004), 0.2, 32).moved((0, d * 0.05, z - 0.001))
    wheel, block = rounded((0.03, 0.045, 0.05), 0.8, 14), box((0.05, 0.05, 0.03)).moved((0, 0, 0.03))
    wheels = join([m.moved((x * w * 0.4, y * d * 0.33, 0)) for x in (-1, 1) for y in (-1, 1) for m in (wheel, block)])
    top = z + h + rng.choice([0.012, rng.uniform(0.15, 0.4)])
    poles = join([tube([(x * w * 0.2, d * 0.4, z + h * 0.9), (x * w * 0.2, d * 0.4, top)], 0.007, 8) for x in (-1, 1)])
    bar = rounded((w * 0.48, 0.03, 0.03), 0.4, 16).moved((0, d * 0.4, top - 0.005))
    carry = tube(arc(w * 0.35, 0.03, 0, z + h - 0.005), 0.01, 8, 0.7)
    return [*parts, Part(wheels, dark), Part(join([zip_line, bar, carry]), dark, ()), Part(poles, steel(rng), ())]


@KINDS.add("bag", ANYWHERE, weight=0.9, mass=0.3)
def paper_bag(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.1, 0.06, 0.14), (0.26, 0.14, 0.32))
    brown = t.plain(rng, 128, t.color(rng, (0.25, 0.55), (0.5, 0.85), 0.09), 0.15)
    look = Look(brown if rng.random() < 0.6 else t.print_on(rng, 256, brown), specular=0)
    n = 12
    line = np.array([(0, 0), (1, 0), (1, 0.1), (0.98, 0.35), (0.95, 0.6), (0.93, 0.8), (0.9, 1.0), (0, 1.0)])
    body = turned(np.column_stack((line[:, 0] * 0.5, line[:, 1])), 4 * n, 0.9)
    share = np.clip((body.vertices[:, 2:] - 0.4) / 0.6, 0, 1)
    crease = 1 + 0.03 * np.sin(9 * body.vertices[:, 2:] + rng.uniform(0, 6) + 5 * body.vertices[:, :1])
    narrow = np.hstack((crease, crease * (1 - 0.93 * share), np.ones_like(share)))
    parts = [Part(Mesh(body.vertices * narrow * (w, d, h), body.faces, body.uv), look)]
    fold = [box((w * 0.9, d * 0.1 + 0.004, h * 0.12)).moved((0, -0.006, h * 0.92), rotation("x", rng.uniform(0, 18))),
            box((w * 0.91, d * 0.05 + 0.003, h * 0.1)).moved((0, -d * 0.05 - 0.008, h * 0.93), rotation("x", rng.uniform(0, 18)))]  # fmt: skip
    parts.append(Part(join(fold), look, ()))
    if rng.random() < 0.5:
        parts.append(Part(box((w * 0.5, 0.002, h * 0.25)).moved((0, -d * 0.505, h * 0.08)), printed(rng, materials), ()))
    return parts


@KINDS.add("bag", "floor", weight=0.8, mass=2.0)
def sack(rng: Rng, materials: Materials) -> list[Part]:
    r, h, look = rng.uniform(0.12, 0.2), rng.uniform(0.26, 0.45), cloth_look(rng)
    if rng.random() < 0.4:
        look = Look(t.plain(rng, 64, t.color(rng, (0, 0.6), (0.05, 0.6)), 0.1), specular=0.7, shininess=0.6)
    body = turned([(0, 0), (r * 0.7, 0), (r * 0.95, h * 0.12), (r, h * 0.35), (r * 0.85, h * 0.65), (r * 0.45, h * 0.88), (r * 0.16, h),
                   (r * 0.3, h * 1.08), (r * 0.45, h * 1.18), (0, h * 1.1)], 48)  # fmt: skip
    angle, up = np.arctan2(body.vertices[:, 1], body.vertices[:, 0]), np.clip(body.vertices[:, 2] / h, 0, 1)
    dents = 1 + 0.12 * up * np.sin(int(rng.integers(7, 14)) * angle) + 0.09 * np.sin(2 * angle + rng.uniform(0, 6) + 4 * up) * (1 - up)
    body = Mesh(body.vertices * np.column_stack((dents, dents, np.ones_like(up))), body.faces, body.uv)
    s = np.linspace(0, 2 * np.pi, 20)
    cord = tube(np.column_stack((r * 0.2 * np.cos(s), r * 0.2 * np.sin(s), np.full(20, h))), 0.008, 8)
    return [Part(body, look), Part(cord, handle_look(rng), ())]


@KINDS.add("bag", "floor", weight=1.0, mass=2.0)
def duffel(rng: Rng, materials: Materials) -> list[Part]:
    w, r, look = rng.uniform(0.4, 0.65), rng.uniform(0.11, 0.17), cloth_look(rng)
    second = cloth_look(rng) if rng.random() < 0.5 else leather(rng)
    line = [(0, 0), (r * 0.85, 0), (r * 0.97, 0.012), (r, 0.03), (r * 1.02, w / 2)]
    body = turned([*line, *((x, w - z) for x, z in line[-2::-1])], 32, 0.12).moved((-w / 2, 0, r), rotation("y", 90))
    ends = [turned([(0, -0.004), (r * 0.86, -0.004), (r * 0.86, 0.004), (0, 0.004)], 28).moved((x * w / 2, 0, r), rotation("y", 90)) for x in (-1, 1)]
    band = turned([(r * 1.01, 0), (r * 1.03, 0), (r * 1.03, 0.035), (r * 1.01, 0.035)], 32, 0.12)
    bands = [band.moved((x * w * 0.2 - 0.017, 0, r), rotation("y", 90)) for x in (-1, 1)]
    grip = tube(arc(w * 0.4, rng.uniform(0.06, 0.14)), 0.01, 8)
    grips = [grip.moved((0, s * r * 0.6, r * 1.75), rotation("x", -s * rng.uniform(5, 50))) for s in (-1, 1)]
    zip_line = box((w * 0.7, 0.012, 0.008)).moved((0, 0, 2.0 * r - 0.002))
    return [Part(body, look), Part(join([*ends, *bands, *grips]), second, ()), Part(zip_line, steel(rng), ())]


@KINDS.add("box", "table shelf", weight=0.8, mass=0.2)
def tissue_box(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.11, 0.11, 0.05), (0.25, 0.13, 0.13))
    y, n = np.linspace(0, 1, 10)[:, None], rng.uniform(0.05, 0.09)
    wave = np.sin(np.linspace(0, rng.uniform(5, 10), 14) + rng.uniform(0, 6) + 2 * y) * 0.012 * (0.3 + y) + 0.02 * y**2 * rng.choice([-1, 1])
    paper = sheet(wave, (w * 0.5, n), 0.0015).moved((0, 0, n / 2), rotation("x", 90))
    narrow = 0.35 + 0.65 * np.clip(paper.vertices[:, 2:] / n, 0, 1)
    paper = Mesh(paper.vertices * np.hstack((narrow, np.ones_like(narrow), np.ones_like(narrow))) + (0, 0, h), paper.faces, paper.uv)
    slot = turned([(0.035, h + 0.0005), (0, h + 0.0005)], 24).moved(scale=(w / 0.12, 0.8, 1))
    case = printed(rng, materials) if rng.random() < 0.6 else Look(t.fabric(rng), specular=0.3)
    white, gap = paint(rng, None, (0, 0.1), (0.9, 1.0), 0), paint(rng, None, (0, 0.1), (0.05, 0.5), 0)
    return [Part(box((w, d, h)), case), Part(slot, gap, ()), Part(paper, white, ())]


@KINDS.add("object", "table shelf floor", False, 1.0, 0.15)
def paper_roll(rng: Rng, materials: Materials) -> list[Part]:
    r, h, core = rng.uniform(0.04, 0.065), rng.choice([0.1, 0.23]) * rng.uniform(0.9, 1.1), rng.uniform(0.018, 0.024)
    white = Look(t.plain(rng, 128, t.color(rng, (0, 0.15), (0.8, 1.0)), 0.05), specular=0)
    body = turned([(core, 0), (r, 0), (r, h), (core, h)], 32)
    card = paint(rng, 0.09, (0.2, 0.5), (0.5, 0.8))
    inner = turned([(core, h * 0.999), (core, 0.001 * h)], 24)
    loose = box((rng.uniform(0.02, 0.1), 0.001, h * 0.99)).moved((0, -r, 0))
    loose = loose.moved((loose.bounds()[1][0] * 0.9, 0, 0))
    parts = [Part(body, white), Part(inner, card, ()), Part(loose, white, ())]
    if rng.random() < 0.35:
        foot = turned([(0, 0), (r * 1.1, 0), (r * 1.1, 0.01), (0.008, 0.012), (0.008, h + 0.04), (0.014, h + 0.05), (0, h + 0.06)], 24)
        return [*(Part(p.mesh.moved((0, 0, 0.013)), p.look, p.walls) for p in parts), Part(foot, handle_look(rng))]
    return parts


@KINDS.add("object", "floor table shelf", False, 0.9, 0.4)
def umbrella(rng: Rng, materials: Materials) -> list[Part]:
    look, grip, n = cloth_look(rng) if rng.random() < 0.5 else paint(rng, None, (0, 1.0), (0.1, 0.9), 0.05), handle_look(rng), rng.uniform(0.5, 0.8)
    s = np.linspace(0, np.pi, 10)
    hook = np.column_stack((0 * s, 0.035 - 0.035 * np.cos(s), -n * 0.2 - 0.035 * np.sin(s)))
    handle = tube([(0, 0, -n * 0.02), *hook], 0.011, 8) if rng.random() < 0.6 else tube([(0, 0, 0), (0, 0, -n * 0.18)], [0.013, 0.017], 10)
    if rng.random() < 0.55:  # closed and lying
        radii = 0.032 * np.array([0.5, 0.9, 1, 0.9, 0.85, 0.7, 0.55, 0.4, 0.2])
        roll = waved(turned([(0, 0), *zip(radii, np.linspace(0, n * 0.8, 9)), (0, n * 0.8)], 48), 8, 0.16)
        shaft, turn, walls = tube([(0, 0, -0.01), (0, 0, n * 0.88)], 0.004, 8), rotation("y", 90), None
    else:
        r, a = n * 0.62, np.linspace(0, np.pi / 2, 8)
        outside = np.column_stack((r * np.cos(a), r * 0.45 * np.sin(a)))
        roll = turned([*outside, *(outside[::-1] * (0.995, 1) - (0, 0.003))], 8)
        handle, shaft = handle.moved((0, 0, -n * 0.08)), tube([(0, 0, r * 0.5), (0, 0, -n * 0.1)], 0.005, 8)
        turn, walls = rotation("y", 118), ()
    parts = [Part(roll.moved(turn=turn), look), Part(shaft.moved(turn=turn), steel(rng), walls), Part(handle.moved(turn=turn), grip)]
    low = min(part.mesh.bounds()[0][2] for part in parts)
    return [Part(part.mesh.moved((0, 0, -low)), part.look, part.walls) for part in parts]


@KINDS.add("chair", "room", weight=1.2, mass=12.0)
def office_chair(rng: Rng, materials: Materials) -> list[Part]:
    w, h, back = rng.uniform(0.42, 0.52), rng.uniform(0.42, 0.54), rng.uniform(0.35, 0.75)
    look, frame = (leather(rng) if rng.random() < 0.4 else cloth_look(rng)), paint(rng, None, (0, 0.2), rng.choice([(0.05, 0.25), (0.6, 0.95)]))
    legs, wheels = [], []
    for a in np.arange(5) * 72.0:
        legs.append(tube([(0, 0, 0.1), (0.29, 0, 0.075)], [0.026, 0.016], 8).moved(turn=rotation("z", a)))
        wheels.append(rounded((0.05, 0.045, 0.055), 0.8, 12).moved((0.28, 0, 0)).moved(turn=rotation("z", a)))
    column = turned([(0, 0.06), (0.035, 0.06), (0.035, 0.2), (0.022, 0.2), (0.022, h - 0.06), (0.09, h - 0.05), (0, h - 0.05)], 16)
    rest = rounded((w * rng.uniform(0.8, 1.0), 0.07, back), 0.4).moved((0, 0, h + rng.uniform(0.08, 0.16)))
    stem = tube([(0, w * 0.2, h - 0.05), (0, w * 0.52, h - 0.04), (0, w * 0.56, h + 0.04), (0, w * 0.57, h + 0.3)], 0.022, 8, 0.6)
    parts = [Part(rounded((w, w, 0.09), 0.35).moved((0, 0, h - 0.06)), look), Part(rest.moved((0, w * 0.5, 0), rotation("x", -rng.uniform(0, 8))), look),
             Part(join([*legs, *wheels]), frame), Part(join([column, stem]), frame)]  # fmt: skip
    if rng.random() < 0.65:
        arms = [tube([(x * w * 0.3, 0, h - 0.04), (x * w * 0.58, 0, h - 0.02), (x * w * 0.58, 0, h + 0.18)], 0.014, 8) for x in (-1, 1)]
        arms += [rounded((0.08, 0.26, 0.035), 0.4, 14).moved((x * w * 0.58, -0.02, h + 0.17)) for x in (-1, 1)]
        parts.append(Part(join(arms), frame, ()))
    return parts


@KINDS.add("couch", "room", weight=0.8, mass=15.0)
def armchair(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, z = rng.uniform(0.65, 0.85), rng.uniform(0.65, 0.8), rng.uniform(0.38, 0.44), rng.uniform(0.05, 0.2)
    look, arm, edge = (leather(rng) if rng.random() < 0.4 else cloth_look(rng)), rng.uniform(0.1, 0.18), rng.uniform(0.15, 0.4)
    back = rounded((w * 0.94, 0.2, rng.uniform(0.45, 0.7)), edge).moved((0, d * 0.4, h - 0.05), rotation("x", -rng.uniform(3, 14)))
    parts = [Part(rounded((w, d, h - 0.1 - z), 0.15).moved((0, 0, z)), look), Part(back, look),
             Part(rounded((w - 2 * arm, d * 0.8, 0.15), 0.35).moved((0, -d * 0.08, h - 0.13)), cloth_look(rng) if rng.random() < 0.3 else look)]  # fmt: skip
    parts += [Part(rounded((arm, d, h + 0.18 - z), edge).moved((x * (w - arm) / 2, 0, z)), look) for x in (-1, 1)]
    legs = [tube([(x * w * 0.44, y * d * 0.44, 0), (x * w * 0.4, y * d * 0.4, z + 0.02)], [0.014, 0.026], 8) for x in (-1, 1) for y in (-1, 1)]
    return [*parts, Part(join(legs), timber(rng, materials))]


@KINDS.add("furniture", "room", weight=1.0, mass=15.0)
def bookshelf(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.4, 0.24, 0.6), (1.0, 0.36, 1.7))
    look, rows, columns = timber(rng, materials), int(rng.integers(2, 6)), int(rng.integers(1, 2 + int(w / 0.33)))
    parts = [Part(box((w, d, 0.022), 2).moved((0, 0, z)), look) for z in np.linspace(0.04, h - 0.022, rows + 1)]
    parts += [Part(box((0.022, d, h), 2).moved((x * (w - 0.02) / 2, 0, 0)), look) for x in np.linspace(-1, 1, columns + 1)]
    if rng.random() < 0.7:
        back = box((w * 0.99, 0.008, h * 0.97), 3).moved((0, d / 2 - 0.005, 0.03))
        parts.append(Part(back, look if rng.random() < 0.6 else timber(rng, materials)))
    return parts


@KINDS.add("appliance", "room", weight=0.8, mass=40.0)
def fridge(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.5, 0.5, 0.85), (0.8, 0.7, 1.9))
    case = steel(rng) if rng.random() < 0.4 else paint(rng, None, (0, 0.7), rng.choice([(0.1, 0.4), (0.8, 1.0)]), 0.02)
    grip, split = steel(rng), rng.uniform(0.3, 0.75) if h > 1.2 else 1.0
    parts = [Part(box((w, d, h), 4), case)]
    for low, high in ((0.05, h * split), (h * split, h)) if split < 1 else ((0.05, h),):
        door = rounded((w, 0.06, high - low - 0.012), 0.1).moved((0, -d / 2 - 0.03, low + 0.006))
        bar = [(w * 0.4, -d / 2 - 0.055, 0), (w * 0.4, -d / 2 - 0.1, 0.02), (w * 0.4, -d / 2 - 0.1, 0.28), (w * 0.4, -d / 2 - 0.055, 0.3)]
        at = high - 0.38 if low < 0.1 else low + 0.06
        parts += [Part(door, case), Part(tube(bar, 0.011, 8).moved((0, 0, max(at, low))), grip, ())]
    sizes = rng.uniform((0.03, 0.001, 0.03), (0.12, 0.003, 0.12), (int(rng.integers(0, 4)), 3))
    notes = [box(size).moved((rng.uniform(-0.4, 0.2) * w, -d / 2 - 0.0615, rng.uniform(0.3, 0.85) * h)) for size in sizes]
    return [*parts, *(Part(note, printed(rng, materials), ()) for note in notes)]
