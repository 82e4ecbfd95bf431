"""Books, boxes, electronics, toys, bags and cloth."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.vessels import ceramic, handle_look, steel
from rmpsam_ros.simulation.shapes import box, join, rotation, rounded, sheet, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

TABLE = "table shelf"


def _screen(rng: Rng, materials: Materials) -> Look:
    """Dark and shining, or switched on."""
    if rng.random() < 0.4:
        return Look(t.plain(rng, 16, np.array([12, 13, 16], np.uint8), 0), specular=0.9, shininess=0.9)
    picture = materials.crop(rng) if rng.random() < 0.6 else None
    return Look(t.print_on(rng, 256) if picture is None else picture, specular=0.6, shininess=0.9, emission=0.5)


@KINDS.add("book", "table shelf floor", weight=2.0, mass=0.4)
def book(rng: Rng, materials: Materials) -> list[Part]:
    size = np.array([rng.uniform(0.1, 0.19), rng.uniform(0.15, 0.27), rng.uniform(0.008, 0.045)])
    cover = Look(t.print_on(rng, 256, materials.crop(rng)), specular=rng.uniform(0, 0.5))
    pages = Look(t.plain(rng, 64, t.color(rng, (0, 0.2), (0.8, 1.0), 0.12), 0.1), specular=0)
    parts = [Part(box((size[0], size[1], 0.002)), cover), Part(box((size[0], size[1], 0.002)).moved((0, 0, size[2])), cover),
             Part(box((0.003, size[1], size[2])).moved((-size[0] / 2, 0, 0.001)), cover),
             Part(box((size[0] - 0.006, size[1] - 0.006, size[2])).moved((0, 0, 0.001)), pages)]  # fmt: skip
    if rng.random() < 0.3:  # standing
        parts = [Part(p.mesh.moved((0, 0, size[1] / 2), rotation("z", rng.uniform(-90, 90)) @ rotation("x", 90)), p.look) for p in parts]
    return parts


@KINDS.add("book", "shelf", weight=2.5, mass=2.0)
def standing_book(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform(0.015, 0.05), rng.uniform(0.12, 0.19), rng.uniform(0.17, 0.28)
    cover = Look(t.print_on(rng, 128, materials.crop(rng)), specular=rng.uniform(0, 0.4))
    pages = Look(t.plain(rng, 32, t.color(rng, (0, 0.2), (0.8, 1.0), 0.12), 0.1), specular=0)
    return [Part(box((w, d, h)), cover), Part(box((w * 0.8, d, 0.002)).moved((0, 0.002, h - 0.001)), pages, ())]


@KINDS.add("box", "table shelf floor", weight=2.2)
def package(rng: Rng, materials: Materials) -> list[Part]:
    size = rng.uniform((0.04, 0.02, 0.05), (0.2, 0.1, 0.3))
    return [
        Part(box(size) if rng.random() < 0.8 else rounded(size, 0.15), Look(t.print_on(rng, 256, materials.crop(rng)), specular=rng.uniform(0, 0.5)))
    ]


@KINDS.add("box", "table shelf floor", weight=1.3)
def cardboard(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.1, 0.1, 0.06), (0.4, 0.3, 0.28))
    brown = t.plain(rng, 128, t.color(rng, (0.25, 0.5), (0.5, 0.8), 0.09), 0.1)
    look, wall = Look(brown if rng.random() < 0.7 else t.print_on(rng, 256, brown), specular=0), 0.005
    if rng.random() < 0.5:
        parts = [Part(box((w, d, h)), look)]
        tape = Look(t.plain(rng, 16, t.color(rng, (0.1, 0.5), (0.6, 0.9), 0.1), 0.02), specular=0.6)
        return [*parts, Part(box((w * 1.002, 0.05, h * 1.002)).moved((0, 0, 0)), tape, ())]
    sides = [box((w, d, wall)), box((w, wall, h)).moved((0, d / 2, 0)), box((w, wall, h)).moved((0, -d / 2, 0)),
             box((wall, d, h)).moved((w / 2, 0, 0)), box((wall, d, h)).moved((-w / 2, 0, 0))]  # fmt: skip
    for side in (-1, 1):
        flap = box((w, 0.45 * d, wall)).moved((0, 0.22 * d, 0)).moved(turn=rotation("x", rng.uniform(-60, 60)))
        sides.append(flap.moved((0, side * d / 2, h), rotation("z", 0 if side > 0 else 180)))
    return [Part(s, look, None if k < 5 else ()) for k, s in enumerate(sides)]


@KINDS.add("object", "table shelf floor", weight=0.7)
def basket(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.12, 0.1, 0.04), (0.34, 0.26, 0.16))
    look, wall = (ceramic(rng, materials) if rng.random() < 0.5 else Look(t.fabric(rng), specular=0.1)), 0.004
    lean = rotation("x", rng.uniform(0, 12))
    sides = [box((w, d, wall))]
    for k in range(4):
        span, reach = (w, d) if k % 2 == 0 else (d, w)
        sides.append(box((span * 1.03, wall, h)).moved(turn=lean.T).moved((0, reach / 2, 0), None).moved(turn=rotation("z", 90 * k)))
    return [Part(s, look) for s in sides]


@KINDS.add("device", TABLE, False, 1.3, 0.2)
def phone(rng: Rng, materials: Materials) -> list[Part]:
    w, n = rng.uniform(0.065, 0.08), rng.uniform(0.13, 0.165)
    glass = box((w * 0.94, n * 0.95, 0.0008)).moved((0, 0, 0.0082))
    return [Part(rounded((w, n, 0.0085), 0.15), handle_look(rng)), Part(glass, _screen(rng, materials), ())]


@KINDS.add("device", TABLE, False, 1.0, 0.15)
def remote(rng: Rng, materials: Materials) -> list[Part]:
    w, n = rng.uniform(0.035, 0.055), rng.uniform(0.12, 0.22)
    pad = box((w * 0.8, n * 0.85, 0.001)).moved((0, 0, 0.0178))
    return [Part(rounded((w, n, 0.018), 0.3), handle_look(rng)), Part(pad, Look(t.keys(rng, 128, int(rng.integers(5, 10)), 3)), ())]


@KINDS.add("device", "table", False, 0.9, 0.1)
def mouse(rng: Rng, materials: Materials) -> list[Part]:
    body, s = rounded((0.06, rng.uniform(0.09, 0.12), 0.036), 0.7), np.linspace(0, 1, 20)
    wire = tube(np.column_stack((0.03 * np.sin(4 * s), 0.05 + 0.25 * s, np.full(20, 0.003))), 0.002, 6)
    return [Part(body, look := handle_look(rng)), *([Part(wire, look, ())] if rng.random() < 0.5 else [])]


@KINDS.add("device", TABLE, False, 0.9, 0.05)
def circuit_board(rng: Rng, materials: Materials) -> list[Part]:
    w, d = rng.uniform((0.03, 0.05), (0.07, 0.11))
    parts = [Part(box((w, d, 0.0016)), Look(t.board(rng), specular=0.3))]
    for _ in range(int(rng.integers(3, 9))):
        size = rng.uniform((0.005, 0.005, 0.002), (0.018, 0.018, 0.014))
        at = (*(rng.uniform(-0.4, 0.4, 2) * (w, d)), 0.0015)
        parts.append(Part(box(size).moved(at), steel(rng) if rng.random() < 0.4 else Look(None, (0.06, 0.06, 0.07, 1)), ()))
    return parts


@KINDS.add("computer", "table", False, 0.8, 0.6)
def keyboard(rng: Rng, materials: Materials) -> list[Part]:
    w, d = rng.uniform((0.28, 0.1), (0.45, 0.16))
    return [Part(box((w, d, 0.016)), handle_look(rng)), Part(box((w * 0.97, d * 0.92, 0.004)).moved((0, 0, 0.015)), Look(t.keys(rng)), ())]


@KINDS.add("computer", "table", weight=0.9, mass=1.5)
def laptop(rng: Rng, materials: Materials) -> list[Part]:
    w = rng.uniform(0.28, 0.38)
    d, case = w * rng.uniform(0.62, 0.72), (steel(rng) if rng.random() < 0.5 else handle_look(rng))
    lean = rotation("x", rng.uniform(-35, 5))
    lid = [box((w, 0.007, d)), box((w * 0.94, 0.001, d * 0.88)).moved((0, -0.0037, d * 0.05))]
    lid = [m.moved(turn=lean).moved((0, d / 2, 0.014)) for m in lid]
    return [Part(box((w, d, 0.016)), case), Part(box((w * 0.9, d * 0.45, 0.001)).moved((0, d * 0.15, 0.0157)), Look(t.keys(rng)), ()),
            Part(box((w * 0.3, d * 0.28, 0.001)).moved((0, -d * 0.28, 0.0155)), case, ()),
            Part(lid[0], case), Part(lid[1], _screen(rng, materials), ())]  # fmt: skip


@KINDS.add("screen", "table shelf", weight=0.7, mass=3.0)
def monitor(rng: Rng, materials: Materials) -> list[Part]:
    w = rng.uniform(0.35, 0.65)
    h, z, case = w * rng.uniform(0.55, 0.7), rng.uniform(0.06, 0.14), handle_look(rng)
    picture = box((w * 0.96, 0.001, h * 0.93)).moved((0, -0.013, z + h * 0.035))
    foot = turned([(0, 0), (w * 0.25, 0), (w * 0.25, 0.01), (0, 0.01)])
    stem = box((0.04, 0.02, z + h * 0.3)).moved((0, 0.02, 0))
    return [Part(box((w, 0.025, h)).moved((0, 0, z)), case), Part(picture, _screen(rng, materials), ()), Part(stem, case), Part(foot, case)]


@KINDS.add("appliance", "table", weight=0.6, mass=2.0)
def oven_or_toaster(rng: Rng, materials: Materials) -> list[Part]:
    if rng.random() < 0.5:
        w, d, h = rng.uniform((0.4, 0.28, 0.23), (0.5, 0.38, 0.3))
        door = Look(t.plain(rng, 32, np.array([18, 18, 20], np.uint8), 0.05), specular=0.9, shininess=0.9)
        case = steel(rng) if rng.random() < 0.5 else handle_look(rng)
        return [Part(box((w, d, h)), case), Part(box((w * 0.68, 0.012, h * 0.85)).moved((-w * 0.13, -d / 2, h * 0.07)), door, ()),
                Part(box((w * 0.18, 0.006, h * 0.8)).moved((w * 0.36, -d / 2, h * 0.1)), Look(t.keys(rng, 128, 6, 3)), ()),
                Part(tube([(w * 0.24, -d / 2 - 0.03, h * 0.15), (w * 0.24, -d / 2 - 0.03, h * 0.85)], 0.008, 8), steel(rng), ())]  # fmt: skip
    case = steel(rng) if rng.random() < 0.5 else handle_look(rng)
    slots = [Part(box((0.2, 0.025, 0.002)).moved((0, y, 0.189)), Look(None, (0.03, 0.03, 0.03, 1)), ()) for y in (-0.03, 0.03)]
    lever = Part(box((0.02, 0.03, 0.012)).moved((0.15, 0, 0.12)), Look(None, (0.05, 0.05, 0.05, 1)), ())
    return [Part(rounded((0.28, 0.17, 0.19), 0.25), case), *slots, lever]


@KINDS.add("appliance", "table", weight=0.6, mass=1.0)
def kettle(rng: Rng, materials: Materials) -> list[Part]:
    r, h, dark = rng.uniform(0.06, 0.085), rng.uniform(0.16, 0.23), handle_look(rng)
    body = turned([(0, 0), (r, 0), (r, h * 0.1), (r * 0.95, h * 0.4), (r * 0.7, h), (0, h * 1.03)], 32)
    grip = tube([(r * 0.6, 0, h * 0.97), (r + 0.05, 0, h * 0.93), (r + 0.06, 0, h * 0.5), (r * 0.95, 0, h * 0.2)], 0.011, 8)
    spout = tube([(-r * 0.7, 0, h * 0.75), (-r * 1.15, 0, h * 0.97)], [0.025, 0.012], 10)
    return [Part(body, ceramic(rng, materials)), Part(grip, dark), Part(spout, dark)]


@KINDS.add("object", "table shelf", weight=0.8, mass=1.0)
def lamp(rng: Rng, materials: Materials) -> list[Part]:
    h, r = rng.uniform(0.25, 0.45), rng.uniform(0.07, 0.12)
    shade = turned([(r, h * 0.65), (r * 0.6, h)], 28)
    inner = turned([(r * 0.59, h), (r * 0.99, h * 0.65)], 28)
    cloth = Look(t.fabric(rng) if rng.random() < 0.5 else t.plain(rng, 32), specular=0, emission=float(rng.choice([0, 0.5])))
    foot = turned([(0, 0), (r * 0.7, 0), (r * 0.65, 0.015), (0.008, 0.025), (0.008, h * 0.9), (0, h * 0.9)], 20)
    return [Part(foot, handle_look(rng)), Part(shade, cloth), Part(inner, cloth, ())]


@KINDS.add("object", "table shelf", weight=0.8)
def clock(rng: Rng, materials: Materials) -> list[Part]:
    r, face = rng.uniform(0.04, 0.09), rotation("x", 90)
    case = turned([(0, 0), (r, 0), (r, 0.03), (r * 0.92, 0.035), (r * 0.9, 0.03), (0, 0.03)], 28).moved((0, 0.015, r), face)
    dial = turned([(r * 0.88, 0.0305), (0, 0.0305)], 28).moved((0, 0.015, r), face)
    hands = join(
        [
            box((0.004, 0.001, r * n)).moved((0, 0, 0)).moved((0, -0.017, r), rotation("y", a))
            for n, a in ((0.7, rng.uniform(0, 360)), (0.45, rng.uniform(0, 360)))
        ]
    )
    feet = [Part(box((0.012, 0.03, 0.012)).moved((s * r * 0.6, 0, 0)), handle_look(rng)) for s in (-1, 1)]
    return [
        Part(case, handle_look(rng)),
        Part(dial, Look(t.plain(rng, 32, t.color(rng, (0, 0.2), (0.7, 1.0)))), ()),
        Part(hands, Look(None, (0.05, 0.05, 0.05, 1)), ()),
        *feet,
    ]


@KINDS.add("object", "table shelf floor", False, 1.8)
def composition(rng: Rng, materials: Materials) -> list[Part]:
    """A few joined shapes: an object of no particular kind."""
    size, parts = rng.uniform(0.025, 0.07), []
    for k in range(int(rng.integers(1, 5))):
        kind, extent = rng.integers(4), size * rng.uniform(0.5, 1.8, 3)
        if kind == 0:
            mesh = box(extent)
        elif kind == 1:
            mesh = rounded(extent, rng.uniform(0.2, 1.0))
        elif kind == 2:
            profile = [(0, 0), *zip(rng.uniform(0.2, 1, 4) * extent[0], np.linspace(0, 1, 4) * extent[2] * 1.5), (0, extent[2] * 1.5)]
            mesh = turned(profile, int(rng.choice([6, 8, 28])))
        else:
            mesh = tube([(0, 0, 0.01), (extent[0], 0, 0.02), (extent[0] * 1.5, extent[1], 0.02 + extent[2])], size * 0.2, 10)
        spot = () if k == 0 else rng.uniform(-0.6, 0.6, 3) * size + (0, 0, size * 0.5)
        mesh = mesh if k == 0 else mesh.moved(spot, rotation("xyz"[int(rng.integers(3))], rng.uniform(0, 90)))
        surface = list(t.SURFACES.values())[int(rng.integers(len(t.SURFACES)))]
        image = materials.crop(rng, (0.1, 0.6)) if rng.random() < 0.3 else None
        parts.append(Part(mesh, Look(surface(rng) if image is None else image, specular=rng.uniform(0, 0.9), shininess=rng.random())))
    return parts


@KINDS.add("toy", "table shelf floor", False, 1.2, 0.2)
def ball(rng: Rng, materials: Materials) -> list[Part]:
    r = rng.uniform(0.03, 0.12)
    return [Part(rounded((2 * r,) * 3, 1.0, 28), Look(t.fabric(rng) if rng.random() < 0.6 else t.print_on(rng), specular=rng.uniform(0, 0.7)))]


@KINDS.add("toy", "table floor", False, 1.0, 0.05)
def toy_block(rng: Rng, materials: Materials) -> list[Part]:
    look, (nx, ny) = Look(t.plain(rng, 16, t.color(rng, (0.6, 1.0), (0.4, 1.0)), 0.02), specular=0.5), rng.integers(1, 5, 2)
    unit = rng.choice([0.016, 0.032])
    stud = turned([(0.3 * unit, 0), (0.3 * unit, 0.22 * unit), (0, 0.22 * unit)], 12)
    spots = [(i - (nx - 1) / 2, j - (ny - 1) / 2) for i in range(nx) for j in range(ny)]
    studs = [stud.moved((i * unit, j * unit, 1.2 * unit)) for i, j in spots]
    return [Part(box((nx * unit, ny * unit, 1.2 * unit)), look), Part(join(studs), look, ())]


@KINDS.add("toy", "table shelf floor", weight=1.0, mass=0.2)
def stuffed_animal(rng: Rng, materials: Materials) -> list[Part]:
    s, dark, paw = rng.uniform(0.07, 0.18), Look(None, (0.03, 0.03, 0.03, 1), 0.9), Look(t.plain(rng, 32), specular=0)
    fur = Look(t.plain(rng, 128, t.color(rng, (0.1, 0.7), (0.3, 0.95)), 0.35), specular=0)
    limbs = [((0, 0, 0), (1, 0.9, 1.2)), ((0, -0.05, 1.05), (0.85, 0.8, 0.8))]  # where and how large, in units of the body
    for side in (-1, 1):
        limbs += [
            ((side * 0.28, 0, 1.7), (0.25, 0.15, 0.3)),
            ((side * 0.5, -0.25, 0.55), (0.3, 0.55, 0.3)),
            ((side * 0.33, -0.55, 0), (0.36, 0.7, 0.36)),
        ]
    parts = [Part(rounded(s * np.array(size), 0.95, 18).moved(s * np.array(place)), fur) for place, size in limbs]
    small = [((0, -0.42, 1.22), (0.36, 0.25, 0.28), paw), ((0, -0.55, 1.36), (0.1,) * 3, dark)]
    small += [((side * 0.16, -0.43, 1.5), (0.09,) * 3, dark) for side in (-1, 1)]
    face = [Part(rounded(s * np.array(size), 1.0, 12).moved(s * np.array(place)), look, ()) for place, size, look in small]
    return [*parts, *face]


@KINDS.add("toy", "table floor", weight=1.0, mass=0.2)
def toy_car(rng: Rng, materials: Materials) -> list[Part]:
    n, paint = rng.uniform(0.07, 0.25), Look(t.plain(rng, 32, t.color(rng, (0.4, 1), (0.3, 1))), specular=0.9, shininess=0.8)
    body, cabin = (
        rounded((n, n * 0.45, n * 0.2), 0.3).moved((0, 0, n * 0.07)),
        rounded((n * 0.5, n * 0.4, n * 0.2), 0.4).moved((-n * 0.05, 0, n * 0.22)),
    )
    wheel = turned([(0, 0), (n * 0.1, 0), (n * 0.1, n * 0.06), (0, n * 0.06)], 16)
    wheels = [wheel.moved((x * n * 0.3, y * n * 0.2 + n * 0.03, n * 0.1), rotation("x", 90)) for x in (-1, 1) for y in (-1, 1)]
    return [Part(body, paint), Part(cabin, Look(None, (0.1, 0.12, 0.15, 1), 0.9)), *(Part(w, Look(None, (0.05, 0.05, 0.05, 1))) for w in wheels)]


@KINDS.add("bag", "table floor shelf", weight=1.0)
def carrier_bag(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.18, 0.08, 0.2), (0.36, 0.16, 0.4))
    look = Look([t.fabric(rng), t.plain(rng, 64), t.print_on(rng, 256, materials.crop(rng))][int(rng.integers(3))], specular=0.1)
    s = np.linspace(0, np.pi, 12)
    grips = [tube(np.column_stack((0.3 * w * np.cos(s), np.full(12, y), h * 0.97 + 0.12 * np.sin(s))), 0.006, 6) for y in (-d * 0.3, d * 0.3)]
    return [Part(rounded((w, d, h), rng.uniform(0.15, 0.4), 28, 0.03, rng), look), *(Part(g, look, ()) for g in grips)]


@KINDS.add("bag", "floor", weight=1.0, mass=1.0)
def backpack(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.26, 0.14, 0.36), (0.36, 0.22, 0.5))
    cloth, second = (
        Look(t.fabric(rng) if rng.random() < 0.4 else t.plain(rng, 128, None, 0.15), specular=0.1),
        Look(t.plain(rng, 64, None, 0.15), specular=0.1),
    )
    pocket = rounded((w * 0.8, d * 0.5, h * 0.45), 0.35).moved((0, -d * 0.5, h * 0.06))
    s = np.linspace(-np.pi / 2, np.pi / 2, 12)
    straps = [
        tube(np.column_stack((np.full(12, x), d * 0.4 + 0.1 * np.cos(s), h * 0.5 + h * 0.42 * np.sin(s))), 0.02, 6, 0.3)
        for x in (-w * 0.25, w * 0.25)
    ]
    loop = tube(np.column_stack((0.05 * np.sin(s), np.full(12, d * 0.3), h * 0.98 + 0.05 * np.cos(s))), 0.008, 6)
    return [Part(rounded((w, d, h), 0.4, 28, 0.03, rng), cloth), Part(pocket, second), *(Part(m, second, ()) for m in (*straps, loop))]


@KINDS.add("textile", "table shelf floor", False, 1.4, 0.1)
def cloth(rng: Rng, materials: Materials) -> list[Part]:
    w, d = rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.4)
    n = 36
    height = 0.012 + rng.uniform(0.004, 0.03) * np.clip(t.noise(rng, n, int(rng.integers(2, 4)), 3), -0.6, 1.0)
    edge = np.minimum.outer(np.minimum(np.arange(n), np.arange(n)[::-1]), np.minimum(np.arange(n), np.arange(n)[::-1]))
    height = np.maximum(height * np.clip(edge / 6, 0, 1), 0.001)
    return [Part(sheet(height, (w, d), 0.004), Look(t.fabric(rng), specular=0.0), (box((w, d, 0.004)),))]


@KINDS.add("textile", "table shelf floor", False, 1.0, 0.3)
def towel_or_cushion(rng: Rng, materials: Materials) -> list[Part]:
    look = Look(t.fabric(rng), specular=0.0)
    if rng.random() < 0.5:
        return [Part(rounded(rng.uniform((0.25, 0.25, 0.08), (0.45, 0.45, 0.16)), 0.5, 28, 0.04, rng), look)]
    w, d, layers = rng.uniform(0.15, 0.3), rng.uniform(0.12, 0.22), int(rng.integers(2, 6))
    return [Part(rounded((w * rng.uniform(0.97, 1), d * rng.uniform(0.97, 1), 0.02), 0.3).moved((0, 0, 0.018 * k)), look) for k in range(layers)]
