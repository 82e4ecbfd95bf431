"""More of the kitchen: cups, bottles, bowls, food, utensils, egg cartons, cacti."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.vessels import TABLE, ceramic, glass, handle_look, hollow, steel
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def paint(rng: Rng, hue: float | None = None, saturation=(0.3, 0.9), value=(0.3, 0.9), grain: float = 0.08) -> Look:
    """One colour, of any hue or near one."""
    return Look(t.plain(rng, 64, t.color(rng, saturation, value, hue), grain), specular=rng.uniform(0.05, 0.4))


def printed(rng: Rng, materials: Materials) -> Look:
    """A label or a printed package."""
    return Look(t.print_on(rng, 256, materials.crop(rng)), specular=rng.uniform(0.1, 0.5))


def crust(rng: Rng) -> Look:
    """Baked dough, pale to dark."""
    return Look(t.skin_of(rng.uniform(0.065, 0.1), rng, 128, rng.uniform(0.05, 0.09)), specular=0.1)


def holed(image: np.ndarray, across: int, down: int, share: float = 0.07) -> np.ndarray:
    """An image with rows of dark dots, like the holes of a sieve."""
    y, x = np.mgrid[: len(image), : len(image)] / len(image)
    dots = ((x * across % 1) - 0.5) ** 2 + ((y * down % 1) - 0.5) ** 2 < share
    return np.where(dots[..., None], image // 6, image)


def loop(start: tuple[float, float], end: tuple[float, float], out: float, thick: float, flat: float = 1.0) -> Mesh:
    """A handle on the +x side between two points (x, z) of a wall."""
    s = np.linspace(0, np.pi, 13)
    share = (1 - np.cos(s)) / 2
    x = start[0] + (end[0] - start[0]) * share + out * np.sin(s) ** 0.7
    return tube(np.column_stack((x, 0 * s, start[1] + (end[1] - start[1]) * share)), thick, 8, flat)


def waved(mesh: Mesh, count: int, depth: float) -> Mesh:
    """A turned mesh with ribs from bottom to top."""
    angle = np.arctan2(mesh.vertices[:, 1], mesh.vertices[:, 0])
    return Mesh(mesh.vertices * np.column_stack((*[1 + depth * np.cos(count * angle)] * 2, np.ones(len(angle)))), mesh.faces, mesh.uv)


def crumbs(rng: Rng, count: int, size: tuple[float, float], spread: float, low: float, dome: float = 0.0) -> Mesh:
    """Small lumps strewn over a disc, higher in its middle by `dome`."""
    lumps = []
    for _ in range(count):
        r, a = spread * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
        extent = rng.uniform(*size) * rng.uniform((0.7, 0.5, 0.2), (1.0, 1.0, 0.8))
        at = (r * np.cos(a), r * np.sin(a), low + dome * (1 - (r / spread) ** 2) - extent[2] / 2)
        lumps.append(rounded(extent, 0.8, 8).moved(at, rotation("z", rng.uniform(0, 360)) @ rotation("x", rng.uniform(-35, 35))))
    return join(lumps)


def wedge(length: float, half: float, inset: float = 0.0) -> list[tuple[float, float]]:
    """The outline of a slice of `half` radians to each side of +x, its tip near the origin."""
    a = np.linspace(-half, half, 9)
    return [(inset / np.sin(half), 0.0), *zip((length - inset) * np.cos(a), (length - inset) * np.sin(a) * (1 - inset / (length * half)))]


@KINDS.add("cup", TABLE, weight=1.2, mass=0.1)
def paper_cup(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.036, 0.047), rng.uniform(0.08, 0.16)
    base = r * rng.uniform(0.65, 0.8)
    look = printed(rng, materials) if rng.random() < 0.5 else paint(rng, None, (0, 0.9), (0.6, 1.0), 0.02)
    parts = [hollow([(base, 0), (r, h)], 0.002, look)]
    if rng.random() < 0.5:
        low, high = h * rng.uniform(0.2, 0.35), h * rng.uniform(0.65, 0.8)
        sleeve = turned([(base + (r - base) * z / h + 0.001, z) for z in (low, high)], 32)
        parts.append(Part(sleeve, paint(rng, 0.08, (0.3, 0.6), (0.4, 0.75)), ()))
    if rng.random() < 0.7:
        lid = turned([(0, h - 0.006), (r * 1.05, h - 0.006), (r * 1.05, h), (r * 0.95, h + 0.003), (r * 0.88, h + 0.014), (r * 0.8, h + 0.014),
                      (r * 0.78, h + 0.009), (0, h + 0.009)], 32)  # fmt: skip
        parts.append(Part(lid, paint(rng, None, (0, 0.2), rng.choice([(0.05, 0.2), (0.8, 1.0)]), 0)))
        if rng.random() < 0.4:
            x, top = rng.uniform(-0.3, 0.3) * r, h + rng.uniform(0.05, 0.09)
            straw = tube([(0, 0, h), (x, 0, top), (x + 0.004, 0, top + 0.008), (x + rng.uniform(0.01, 0.04), 0, top + 0.02)], 0.0032, 8)
            parts.append(Part(straw, paint(rng, None, (0.2, 1.0), (0.5, 1.0)), ()))
    else:
        parts.append(Part(turned([(base + (r - base) * 0.78, h * 0.8), (0, h * 0.8)]), paint(rng, 0.07, (0.4, 0.9), (0.1, 0.6)), ()))
    return parts


@KINDS.add("cup", TABLE, weight=1.0, mass=0.3)
def tea_cup(rng: Rng, materials: Materials) -> list[Part]:
    r, h, look = rng.uniform(0.034, 0.052), rng.uniform(0.045, 0.07), ceramic(rng, materials)
    second, plate_r = (look if rng.random() < 0.8 else ceramic(rng, materials)), r * rng.uniform(1.6, 2.0)
    foot, bend = r * rng.uniform(0.4, 0.6), rng.uniform(0.3, 0.7)
    z = np.linspace(0, 1, 8)
    cup = hollow([(foot, 0), (foot, 0.004), *zip(foot + (r - foot) * z[1:] ** bend, 0.004 + (h - 0.004) * z[1:])], 0.003, look, lift=0.006)
    saucer = hollow([(plate_r * 0.55, 0), (plate_r * 0.6, 0.003), (plate_r, rng.uniform(0.012, 0.022))], 0.003, second)
    top = foot + (r - foot) * 0.85**bend
    tea = Part(turned([(top * 0.97, h * 0.86), (0, h * 0.86)]), paint(rng, 0.06, (0.5, 0.9), (0.1, 0.6)), ())
    return [saucer, cup, Part(loop((top * 0.97, h * 0.9), (top * 0.8, h * 0.4), rng.uniform(0.016, 0.026), 0.003), look), tea]


@KINDS.add("bottle", "table shelf floor", weight=1.0, mass=1.5)
def canister(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.13, 0.065, 0.2), (0.19, 0.1, 0.3))
    look, x = Look(t.plain(rng, 64, t.color(rng), 0.02), specular=0.6, shininess=0.6), -w * 0.24
    lower = rounded((w, d, h * 0.72), 0.3)
    upper = rounded((w * 0.52, d * 0.9, h * 0.6), 0.4).moved((x, 0, h * 0.32))
    grip = tube([(x, 0, h * 0.86), (w * 0.2, 0, h * 0.88), (w * 0.37, 0, h * 0.82), (w * 0.42, 0, h * 0.68), (w * 0.4, 0, h * 0.5)], d * 0.17, 10)
    cap = turned([(0, h * 0.88), (w * 0.15, h * 0.88), (w * 0.14, h), (0, h)], 20).moved((x, 0, 0))
    label = join([box((w * 0.72, 0.001, h * 0.46)).moved((0, s * d * 0.502, h * 0.12)) for s in (-1, 1)])
    return [Part(lower, look), Part(upper, look), Part(grip, look), Part(cap, handle_look(rng)), Part(label, printed(rng, materials), ())]


@KINDS.add("bottle", TABLE, weight=1.0, mass=0.4)
def pump_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.028, 0.04), rng.uniform(0.1, 0.17)
    look = glass(rng) if rng.random() < 0.3 else ceramic(rng, materials)
    square = rng.choice([0, 0, 0.5, 0.8])
    body = turned([(0, 0), (r, 0), (r, h * 0.85), (r * 0.85, h * 0.95), (0.013, h), (0, h)], 32, square)
    top, reach = h + rng.uniform(0.03, 0.05), rng.uniform(0.03, 0.05)
    collar = turned([(0, h - 0.004), (0.015, h - 0.004), (0.015, h + 0.014), (0.005, h + 0.018), (0.005, top), (0, top)], 18)
    head = turned([(0, top - 0.004), (0.012, top - 0.004), (0.011, top + 0.006), (0, top + 0.008)], 16)
    nozzle = tube([(0, 0, top + 0.001), (reach * 0.8, 0, top + 0.003), (reach, 0, top - 0.008)], [0.006, 0.0045, 0.0035], 8)
    parts, pump = [Part(body, look)], steel(rng) if rng.random() < 0.3 else paint(rng, None, (0, 0.5), rng.choice([(0.05, 0.3), (0.8, 1.0)]), 0)
    if rng.random() < 0.7:
        label = turned([(r * 1.01, h * rng.uniform(0.1, 0.25)), (r * 1.01, h * rng.uniform(0.6, 0.8))], 32, square)
        parts.append(Part(label, printed(rng, materials), ()))
    return [*parts, Part(collar, pump), Part(head, pump, ()), Part(nozzle, pump)]


@KINDS.add("bowl", TABLE, weight=1.2, mass=0.6)
def filled_bowl(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.06, 0.12), rng.uniform(0.04, 0.08)
    z, base = np.linspace(0, 1, 7), rng.uniform(0.4, 0.65)
    full = h * rng.uniform(0.7, 0.95)
    inner, pick = r * (base + (1 - base) * (full / h) ** 0.6) - 0.004, rng.integers(3)
    parts = [hollow(list(zip(r * (base + (1 - base) * z**0.6), h * z)), 0.005, ceramic(rng, materials))]
    if pick == 0:  # soup
        parts.append(Part(turned([(inner, full), (0, full)]), Look(t.skin_of(rng.choice([0.02, 0.08, 0.13, 0.25]), rng), specular=0.7), ()))
        return [*parts, Part(crumbs(rng, 14, (0.01, 0.024), inner * 0.8, full + 0.003), paint(rng, 0.3), ())]
    if pick == 1:  # rice, cereals, noodles
        heap = turned([(inner, full), (inner * 0.7, full + h * 0.22), (0, full + h * 0.35)], 24)
        grain = Look(t.skin_of(rng.choice([0.08, 0.11, 0.13]), rng), specular=0.1)
        return [*parts, Part(heap, grain), Part(crumbs(rng, 40, (0.008, 0.02), inner, full + 0.004, h * 0.36), grain, ())]
    bottom = Part(turned([(inner, full), (inner * 0.6, full + h * 0.12), (0, full + h * 0.2)]), Look(t.skin_of(0.3, rng)))
    bits = [Part(crumbs(rng, n, size, inner * 0.9, full + 0.008, h * 0.25), Look(t.skin_of(hue, rng, 32), specular=0.3), ())
            for hue, n, size in ((0.28, 30, (0.2 * r, 0.42 * r)), (0.0, 7, (0.02, 0.03)), (rng.choice([0.14, 0.8, 0.1]), 8, (0.012, 0.026)))]  # fmt: skip
    return [*parts, bottom, *bits]


@KINDS.add("food", TABLE, weight=1.0, mass=0.15)
def cake_slice(rng: Rng, materials: Materials) -> list[Part]:
    n, half = rng.uniform(0.09, 0.14), np.radians(rng.uniform(13, 25))
    dough = Look(t.plain(rng, 64, t.color(rng, (0.4, 0.8), (0.25, 0.95), rng.choice([0.07, 0.1, 0.02, 0.13])), 0.25), specular=0)
    cream = paint(rng, rng.choice([0.95, 0.12, 0.07]), (0, 0.7), (0.3, 1.0), 0.03)
    parts, z = [], 0.0
    for k in range(2 * int(rng.integers(2, 4))):
        thick = rng.uniform(0.012, 0.022) if k % 2 == 0 else rng.uniform(0.004, 0.008)
        parts.append(Part(plate(wedge(n, half), thick).moved((0, 0, z)), dough if k % 2 == 0 else cream))
        z += thick
    a = np.linspace(-half, half, 9)
    back = plate([*zip(n * np.cos(a), n * np.sin(a)), *zip((n + 0.006) * np.cos(a[::-1]), (n + 0.006) * np.sin(a[::-1]))], z)
    parts.append(Part(back, cream, ()))
    puff = turned([(0, 0), (0.012, 0), (0.013, 0.006), (0.007, 0.014), (0, 0.02)], 20)
    parts.append(Part(waved(puff, 6, 0.12).moved((n * 0.8, 0, z)), cream if rng.random() < 0.5 else paint(rng), ()))
    if rng.random() < 0.6:
        parts.append(Part(rounded((0.018, 0.018, 0.018), 1.0, 12).moved((n * 0.8, 0, z + 0.014)), paint(rng, 0.98, (0.8, 1.0), (0.4, 0.9)), ()))
    return parts


@KINDS.add("food", TABLE, False, 1.0, 0.12)
def pizza_slice(rng: Rng, materials: Materials) -> list[Part]:
    n, half = rng.uniform(0.12, 0.19), np.radians(rng.uniform(18, 28))
    cheese, a = Look(t.skin_of(0.13, rng, 128, 0.03), specular=0.3), np.linspace(-half, half, 10)
    edge = tube(np.column_stack((n * np.cos(a), n * np.sin(a), np.full(10, 0.011))), 0.011 * rng.uniform(0.8, 1.2, 10), 10)
    top = plate(wedge(n, half, 0.004), 0.003).moved((0, 0, 0.0065))
    parts = [Part(plate(wedge(n, half), 0.007), crust(rng)), Part(top, cheese, ()), Part(edge, crust(rng))]
    salami = turned([(0, 0.008), (0.014, 0.008), (0.013, 0.0115), (0, 0.011)], 16)
    spots = [(n * x, n * x * np.tan(half) * rng.uniform(-0.5, 0.5)) for x in (0.45, 0.65, 0.8)]
    parts.append(Part(join([salami.moved((*s, 0)) for s in spots]), Look(t.skin_of(0.99, rng, 32, 0.02), specular=0.3), ()))
    green = crumbs(rng, 12, (0.008, 0.02), n * 0.22, 0.011).moved((n * 0.68, 0, 0))
    return [*parts, Part(green, paint(rng, rng.choice([0.3, 0.2, 0.02])), ())]


@KINDS.add("food", TABLE, False, 1.0, 0.06)
def donut(rng: Rng, materials: Materials) -> list[Part]:
    ring, r = rng.uniform(0.026, 0.034), rng.uniform(0.014, 0.019)
    a = np.linspace(-np.pi / 2, 1.5 * np.pi, 20)
    parts = [Part(turned(np.column_stack((ring + r * np.cos(a), r + r * np.sin(a))), 28), crust(rng))]
    if rng.random() < 0.85:
        a = np.linspace(-0.05, np.pi + 0.05, 12)
        icing = turned(np.column_stack((ring + 1.06 * r * np.cos(a), r + 1.08 * r * np.sin(a))), 40)
        angle = np.arctan2(icing.vertices[:, 1], icing.vertices[:, 0])
        drip = np.clip(1 - (icing.vertices[:, 2] - r) / r, 0, 1) * 0.3 * r * np.sin(7 * angle + rng.uniform(0, 6))
        icing = Mesh(icing.vertices + np.column_stack((0 * drip, 0 * drip, drip)), icing.faces, icing.uv)
        parts.append(Part(icing, paint(rng, rng.choice([0.95, 0.07, 0.12, 0.5, 0.75]), (0.1, 0.9), (0.25, 1.0), 0.02), ()))
        for _ in range(int(rng.choice([0, 3]))):
            sprinkles = []
            for _ in range(12):
                turn, out = rotation("z", rng.uniform(0, 360)), rng.uniform(0.4, 1.1) * np.pi / 2
                at = (ring + 1.06 * r * np.cos(out), 0, r + 1.08 * r * np.sin(out))
                sprinkles.append(rounded((0.006, 0.002, 0.002), 0.6, 6).moved(at, rotation("z", rng.uniform(0, 180))).moved(turn=turn))
            parts.append(Part(join(sprinkles), paint(rng, None, (0.5, 1.0), (0.6, 1.0)), ()))
    return parts


@KINDS.add("food", TABLE, weight=1.0, mass=0.25)
def burger(rng: Rng, materials: Materials) -> list[Part]:
    r, z, bun = rng.uniform(0.042, 0.06), rng.uniform(0.014, 0.022), crust(rng)
    parts = [Part(turned([(0, 0), (r * 0.9, 0), (r, z * 0.4), (r, z * 0.9), (0, z)], 28), bun)]
    for k in rng.permutation(4)[: int(rng.integers(2, 5))]:
        if k == 0:
            leaf = waved(turned([(0, 0), (r * 1.06, -0.004), (r * 1.06, 0), (0, 0.006)], 40), int(rng.integers(7, 13)), 0.05)
            layer, thick = Part(leaf.moved((0, 0, z)), Look(t.skin_of(0.28, rng, 64)), ()), 0.005
        elif k == 1:
            thick, slab = 0.003, box((r * 1.75, r * 1.75, 0.003)).moved((0, 0, z), rotation("z", 30))
            layer = Part(slab, paint(rng, 0.13, (0.7, 1.0), (0.8, 1.0), 0))
        elif k == 2:
            thick = rng.uniform(0.006, 0.009)
            layer = Part(turned([(0, 0), (r * 0.9, 0), (r * 0.9, thick), (0, thick)], 24).moved((0, 0, z)), paint(rng, 0.0, (0.8, 1.0), (0.5, 0.9)))
        else:
            thick = rng.uniform(0.012, 0.02)
            meat = rounded((2.04 * r, 2.04 * r, thick), 0.5, 28, 0.03, rng).moved((0, 0, z))
            layer = Part(meat, Look(t.plain(rng, 64, t.color(rng, (0.5, 0.8), (0.15, 0.4), 0.05), 0.4), specular=0.2))
        parts.append(layer)
        z += thick * 0.95
    h, a = rng.uniform(0.024, 0.036), np.linspace(0, np.pi / 2, 8)
    parts.append(Part(turned([(0, z), (r * 0.94, z), *zip(r * np.cos(a) ** 0.7, z + 0.005 + h * np.sin(a))], 28), bun))
    if rng.random() < 0.6:
        seeds = crumbs(rng, 40, (0.003, 0.005), r * 0.75, z + 0.0065 + h * 0.66, h * 0.36)
        parts.append(Part(seeds, paint(rng, 0.12, (0.1, 0.4), (0.85, 1.0)), ()))
    return parts


@KINDS.add("cutlery", TABLE, False, 0.8, 0.12)
def ladle(rng: Rng, materials: Materials) -> list[Part]:
    n, r = rng.uniform(0.2, 0.3), rng.uniform(0.03, 0.048)
    look, s = steel(rng) if rng.random() < 0.6 else handle_look(rng), np.linspace(0, 1, 9)
    a = np.linspace(0, np.pi / 2, 7)
    cup = turned([*zip(r * np.sin(a), r - r * np.cos(a)), *zip(0.94 * r * np.sin(a[::-1]), r - 0.93 * r * np.cos(a[::-1]))], 24)
    path = np.column_stack((-r * 0.97 - n * s, 0 * s, r * 0.98 + 0.03 * np.sin(np.pi * s)))
    stem, grip = tube(path, 0.006 * np.linspace(0.8, 1.1, 9), 8, 0.6), tube(path[5:], 0.009, 8)
    return [Part(cup, look), Part(stem, look), Part(grip, look if rng.random() < 0.3 else handle_look(rng), ())]


@KINDS.add("cutlery", TABLE, False, 0.8, 0.1)
def whisk(rng: Rng, materials: Materials) -> list[Part]:
    n, r, grip = rng.uniform(0.1, 0.17), rng.uniform(0.022, 0.038), rng.uniform(0.09, 0.13)
    s = np.linspace(0, np.pi, 17)
    wire = np.column_stack((n * np.sin(s) ** 0.8, r * np.sign(np.cos(s)) * np.sin(2 * np.minimum(s, np.pi - s)) ** 0.8, 0 * s))
    wires = join([tube(wire, 0.0012, 6).moved((0, 0, r), rotation("x", a)) for a in np.arange(0, 180, 180 / int(rng.integers(3, 6)))])
    handle = tube([(-grip, 0, r), (-grip * 0.6, 0, r), (0, 0, r), (0.008, 0, r)], [0.009, 0.011, 0.007, 0.005], 10)
    return [Part(handle, handle_look(rng)), Part(wires, steel(rng))]


@KINDS.add("box", TABLE, weight=0.8, mass=0.5)
def egg_carton(rng: Rng, materials: Materials) -> list[Part]:
    nx, cell = int(rng.integers(3, 6)), rng.uniform(0.047, 0.052)
    look, w, d, h = paint(rng, rng.choice([0.1, 0.6, 0.3, 0.95]), (0.05, 0.4), (0.45, 0.9), 0.2), nx * cell, 2 * cell, 0.035
    spots = [((i - (nx - 1) / 2) * cell, (j - 0.5) * cell) for i in range(nx) for j in range(2)]
    pit = turned([(0, 0), (cell * 0.34, 0), (cell * 0.49, h), (0, h)], 12, 0.3)
    tray = [Part(join([pit.moved((*s, 0)) for s in spots]), look), Part(box((w + 0.008, d + 0.008, 0.005)).moved((0, 0, h - 0.003)), look)]
    lid = rounded((w + 0.006, d + 0.006, 0.07), 0.25)
    if rng.random() < 0.5:
        top = Part(box((w * 0.8, d * 0.6, 0.001)).moved((0, 0, h + 0.0352)), printed(rng, materials), ())
        if rng.random() < 0.6:
            top = Part(join([rounded((cell, cell, 0.05), 0.8, 14).moved((*s, h - 0.005)) for s in spots]), look, ())
        return [*tray, Part(lid.moved((0, 0, h - 0.035)), look), top]
    walls = [box((w, 0.004, d * 0.9)), *(box((0.004, 0.03, d * 0.9)).moved((x * w / 2, -0.013, 0)) for x in (-1, 1)),
             box((w, 0.03, 0.004)).moved((0, -0.013, d * 0.9))]  # fmt: skip
    lean = rotation("x", rng.uniform(-50, -5))
    eggs = [rounded((0.042, 0.042, 0.056), 1.0, 14).moved((*s, 0.015)) for s in spots if rng.random() < 0.8]
    shell = paint(rng, 0.07, (0.0, 0.6), (0.7, 1.0), 0.03)
    return [*tray, Part(join([m.moved((0, d / 2, h), lean) for m in walls]), look), *([Part(join(eggs), shell, ())] if eggs else [])]


@KINDS.add("object", TABLE, weight=0.8, mass=0.25)
def grater(rng: Rng, materials: Materials) -> list[Part]:
    r, h, metal = rng.uniform(0.05, 0.07), rng.uniform(0.17, 0.22), t.metal(rng, 256)
    body = turned([(r, 0), (r * 0.72, h), (0, h)], 4).moved(turn=rotation("z", 45), scale=(1, rng.uniform(0.65, 1.0), 1))
    top, s = handle_look(rng), np.linspace(0, np.pi, 12)
    grip = tube(np.column_stack((r * 0.45 * np.cos(s), 0 * s, h + 0.04 * np.sin(s) ** 0.6)), 0.006, 8)
    rim = turned([(0, h - 0.01), (r * 0.78, h - 0.01), (r * 0.74, h + 0.004), (0, h + 0.004)], 4).moved(turn=rotation("z", 45))
    return [Part(body, Look(holed(metal, int(rng.integers(14, 26)), int(rng.integers(7, 12))), specular=0.8)), Part(grip, top), Part(rim, top)]


@KINDS.add("object", TABLE, weight=0.9, mass=0.2)
def shaker_or_mill(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.02, 0.03), rng.uniform(0.07, 0.1)
    if rng.random() < 0.5:
        body = turned([(0, 0), (r, 0), (r * 0.95, h * 0.1), (r * 0.7, h * 0.7), (r * 0.65, h * 0.75), (0, h * 0.75)], int(rng.choice([8, 28])))
        a = np.linspace(0, np.pi / 2, 6)
        cap = turned([(0, h * 0.74), (r * 0.74, h * 0.74), *zip(r * 0.74 * np.cos(a), h * (0.84 + 0.16 * np.sin(a)))], 24)
        salt = paint(rng, None, (0, 0.5), rng.choice([(0.1, 0.3), (0.85, 1.0)]), 0.2)
        return [Part(body, salt if rng.random() < 0.5 else ceramic(rng, materials)), Part(cap, Look(holed(t.metal(rng), 8, 14, 0.04), specular=0.9))]
    h *= rng.uniform(1.8, 2.8)
    body = turned([(0, 0), (r, 0), (r, h * 0.12), (r * 0.65, h * 0.35), (r * 0.9, h * 0.66), (r * 0.5, h * 0.7), (0, h * 0.7)], 28)
    head = turned([(0, h * 0.7), (r * 0.8, h * 0.71), (r * 0.95, h * 0.78), (r * 0.7, h * 0.88), (r * 0.25, h * 0.93), (0, h * 0.93)], 28)
    wood = Look(t.wood(rng), specular=0.5) if rng.random() < 0.6 else ceramic(rng, materials)
    return [Part(body, wood), Part(head, wood), Part(rounded((r * 0.5, r * 0.5, r * 0.6), 1.0, 14).moved((0, 0, h * 0.92)), steel(rng), ())]


@KINDS.add("plant", "table shelf floor", weight=0.9, mass=0.5)
def cactus(rng: Rng, materials: Materials) -> list[Part]:
    r, h, ribs = rng.uniform(0.018, 0.04), rng.uniform(0.06, 0.22), int(rng.integers(7, 14))
    pot_r, pot_h = r * rng.uniform(1.2, 1.7) + 0.01, rng.uniform(0.045, 0.08)
    green, a = paint(rng, rng.uniform(0.25, 0.42), (0.3, 0.8), (0.25, 0.65), 0.25), np.linspace(0, np.pi / 2, 7)
    trunk = turned([(r * 0.75, 0), (r, h * 0.4), *zip(r * np.cos(a), h * 0.75 + h * 0.25 * np.sin(a))], 4 * ribs)
    parts = [Part(waved(trunk, ribs, 0.1).moved((0, 0, pot_h * 0.88)), green)]
    for k in range(int(rng.integers(0, 4)) if h > 0.1 else 0):
        z, up = pot_h + h * rng.uniform(0.2, 0.5), h * rng.uniform(0.2, 0.45)
        path = [(0, 0, z), (r * 1.4, 0, z + 0.004), (r * 1.9, 0, z + r * 0.6), (r * 1.95, 0, z + up * 0.8), (r * 1.95, 0, z + up)]
        parts.append(Part(tube(path, r * np.array([0.4, 0.45, 0.5, 0.45, 0.15]), 10).moved(turn=rotation("z", 120 * k)), green))
    if rng.random() < 0.4:
        leaf = rounded((r * 0.9, r * 0.4, r * 0.2), 1.0, 8).moved((r * 0.35, 0, pot_h * 0.88 + h), rotation("y", -25))
        bloom = join([leaf.moved(turn=rotation("z", 60 * k)) for k in range(6)])
        parts.append(Part(bloom, paint(rng, rng.choice([0.93, 0.13, 0.02]), (0.5, 1.0), (0.7, 1.0)), ()))
    pot = turned([(0, 0), (pot_r * 0.75, 0), (pot_r, pot_h), (pot_r * 0.92, pot_h), (pot_r * 0.9, pot_h * 0.88), (0, pot_h * 0.88)], 28)
    return [*parts, Part(pot, ceramic(rng, materials))]
