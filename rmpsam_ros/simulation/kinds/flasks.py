"""Bottles by their contents: wine, beer, milk, oil, soda, perfume, pills, drops, water."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.kitchen import loop, paint, printed, waved
from rmpsam_ros.simulation.kinds.vessels import TABLE, ceramic, steel
from rmpsam_ros.simulation.kinds.workshop import cylinder, dark, plastic
from rmpsam_ros.simulation.shapes import Mesh, box, join, rotation, rounded, sheet, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def eased(line: Sequence[Sequence[float]], rounds: int = 2) -> npt.NDArray[np.float64]:
    """A polyline with its corners cut `rounds` times; its ends stay fixed."""
    points = np.asarray(line, float)
    for _ in range(rounds):
        a, b = points[:-1], points[1:]
        cut = np.stack((0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b), 1).reshape(-1, points.shape[1])
        points = np.concatenate((points[:1], cut, points[-1:]))
    return points


def solid(outside: Sequence[Sequence[float]], segments: int = 32, squareness: float = 0.0) -> Mesh:
    """A turned profile (radius, height), closed at its base and its top."""
    line = np.asarray(outside, float)
    return turned([(0, line[0, 1]), *line, (0, line[-1, 1])], segments, squareness)


def contents(outside: Sequence[Sequence[float]], level: float, share: float = 0.92, wall: float = 0.003, squareness: float = 0.0) -> Mesh:
    """What fills a vessel up to `level`, from the outside of its profile."""
    line = np.asarray(outside, float)
    below = line[line[:, 1] < level]
    radius = float(np.interp(level, line[:, 1], line[:, 0]))
    return solid([*zip(share * below[:, 0], np.maximum(below[:, 1], wall)), (share * radius, level)], 28, squareness)


def bent_round(mesh: Mesh, radius: float) -> Mesh:
    """A mesh that lies on z = 0, bent round the z axis: its top outwards, its y upwards, its middle at -y."""
    x, y, z = mesh.vertices.T
    return Mesh(np.column_stack(((radius + z) * np.sin(x / radius), -(radius + z) * np.cos(x / radius), y)), mesh.faces, mesh.uv)


def front_label(radius: float, low: float, high: float, share: float = 0.4) -> Mesh:
    """A label on a round body that covers a share of it."""
    size = (2 * np.pi * radius * share, high - low)
    return bent_round(sheet(np.zeros((2, 20)), size, 0.0003), radius * 1.004).moved((0, 0, (low + high) / 2))


def pillar(outside: Sequence[Sequence[float]], top: float, squareness: float = 0.0) -> Mesh:
    """A simple hull of a bottle from its base to the `top` of its cap."""
    line = np.asarray(outside, float)
    wide = int(np.flatnonzero(line[:, 0] > 0.97 * line[:, 0].max())[-1])
    return solid([line[0], line[wide], (line[-1, 0], top)], 16, squareness)


def stood(parts: Sequence[Part], *walls: Mesh) -> list[Part]:
    """Parts with these simple pieces as their common collision shape. Of a smooth mesh the physics keeps too few vertices for a
    flat foot, and a small cap with its own collision shape would weigh as much as the body."""
    return [Part(part.mesh, part.look, walls if k == 0 else ()) for k, part in enumerate(parts)]


def tinted(rng: Rng, hue: float, value: tuple[float, float] = (0.15, 0.5), alpha: tuple[float, float] = (0.6, 1.0)) -> Look:
    """Coloured glass or plastic, partly transparent."""
    tint = t.color(rng, (0.4, 0.95), value, hue) / 255
    return Look(None, (*tint.tolist(), float(rng.uniform(*alpha))), specular=1.0, shininess=0.9)


def clear(rng: Rng) -> Look:
    """Glass or plastic that shows what is in it."""
    tint = t.color(rng, (0, 0.15), (0.8, 1.0)) / 255
    return Look(None, (*tint.tolist(), float(rng.uniform(0.25, 0.4))), specular=1.0, shininess=0.9)


def ribbed_cap(radius: float, height: float) -> Mesh:
    """A screw cap with ribs, standing on z = 0."""
    return waved(turned([(0, 0), (radius, 0), (radius, height * 0.9), (radius * 0.93, height), (0, height)], 72), 24, 0.025)


@KINDS.add("bottle", TABLE, weight=1.1, mass=1.2)
def wine_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.036, 0.043), rng.uniform(0.28, 0.34)
    neck, high = r * rng.uniform(0.34, 0.4), rng.uniform(0.46, 0.62)
    ends = [(r * 0.93, 0), (r, 0.006), (r, h * 0.1)]
    if rng.random() < 0.6:  # with shoulders
        line = [*ends, (r, h * high), (r, h * (high + 0.07)), (neck * 1.1, h * (high + 0.13)), (neck, h * 0.8)]
    else:  # sloping up into its neck
        line = [*ends, (r, h * 0.4), (r * 0.98, h * 0.5), (neck * 1.35, h * 0.68), (neck, h * 0.84)]
    outside = np.concatenate((eased(line), [(neck, h * 0.955), (neck * 1.13, h * 0.96), (neck * 1.13, h * 0.985), (neck, h * 0.99), (neck, h)]))
    parts = [Part(solid(outside), tinted(rng, rng.choice([0.3, 0.22, 0.1, 0.38]), (0.07, 0.4)))]
    if rng.random() < 0.3:  # white or rosy wine in clear glass
        wine = paint(rng, rng.choice([0.14, 0.16, 0.0, 0.03]), (0.3, 0.7), (0.7, 0.95), 0.01)
        parts = [Part(contents(outside, h * rng.uniform(0.4, 0.8)), wine, ()), Part(parts[0].mesh, clear(rng))]
    foil = paint(rng, rng.choice([0.0, 0.12, 0.3, 0.6]), (0.1, 0.9), (0.1, 0.8), 0.03)
    if rng.random() < 0.75:
        low = h * rng.uniform(0.76, 0.86)
        sheath = turned([(neck * 1.06, max(low, h * 0.84)), (neck * 1.06, h * 0.95), (neck * 1.2, h * 0.955), (neck * 1.18, h * 1.002),
                         (0, h * 1.004)], 24)  # fmt: skip
        parts.append(Part(sheath, foil, ()))
    else:
        cork = Look(t.skin_of(0.09, rng, 32, 0.08), specular=0.0)
        parts.append(Part(cylinder(neck * 0.85, h * 0.04, 16).moved((0, 0, h * 0.98)), cork))
    low, paper = h * rng.uniform(0.1, 0.2), printed(rng, materials)
    if rng.random() < 0.5:
        paper = Look(t.print_on(rng, 256, t.plain(rng, 64, t.color(rng, (0, 0.2), (0.85, 1.0), 0.12), 0.02)), specular=0.1)
    parts.append(Part(front_label(r, low, h * rng.uniform(0.36, min(high - 0.04, 0.46)), rng.uniform(0.3, 0.7)), paper, ()))
    if rng.random() < 0.3:
        parts.append(Part(front_label(r, low - 0.02, low - 0.006, 0.35), foil))
    return stood(parts, pillar(outside, h))


@KINDS.add("bottle", TABLE, weight=1.1, mass=0.6)
def beer_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.029, 0.035), rng.uniform(0.19, 0.27)
    neck, high = r * 0.42, rng.uniform(0.42, 0.56)
    line = [(r * 0.9, 0), (r, 0.006), (r, h * high), (r * rng.uniform(0.8, 0.98), h * (high + 0.12)), (neck * 1.15, h * 0.76), (neck, h * 0.93)]
    outside = [*eased(line, 3), (neck * 1.15, h * 0.94), (neck * 1.15, h * 0.97), (neck, h * 0.975), (neck * 0.95, h)]
    parts = [Part(solid(outside), tinted(rng, rng.choice([0.07, 0.07, 0.3, 0.35]), (0.15, 0.5), (0.7, 1.0)))]
    metal = steel(rng) if rng.random() < 0.4 else paint(rng, None, (0, 1), (0.2, 1.0), 0.02)
    if rng.random() < 0.7:
        crown = turned([(0, h * 0.985), (neck * 1.32, h * 0.985), (neck * 1.05, h * 1.012), (0, h * 1.016)], 63)
        parts.append(Part(waved(crown, 21, 0.05), metal))
    else:  # a stopper held by a wire
        bow = loop((neck, h * 0.9), (neck * 0.6, h * 1.03), 0.012, 0.0016)
        stopper = solid(eased([(neck * 0.7, 0), (neck * 1.2, 0.004), (neck * 0.9, 0.012), (0.003, 0.016)]), 20).moved((0, 0, h * 0.99))
        parts += [Part(stopper, ceramic(rng, materials)), Part(join([bow, bow.moved(turn=rotation("z", 180))]), steel(rng), ())]
    low, paper = h * rng.uniform(0.08, 0.15), printed(rng, materials)
    parts.append(Part(front_label(r, low, h * (high - 0.04), rng.choice([0.4, 0.6, 0.99])), paper, ()))
    if rng.random() < 0.6:  # round the neck
        z = np.array([0.77, 0.86])
        radius = np.interp(z * h, *np.array(outside).T[::-1]) * 1.04
        parts.append(Part(turned(list(zip(radius, z * h)), 24), paper if rng.random() < 0.5 else printed(rng, materials), ()))
    return stood(parts, pillar(outside, h * 1.01))


@KINDS.add("bottle", TABLE, weight=0.9, mass=0.9)
def milk_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h, square = rng.uniform(0.034, 0.046), rng.uniform(0.14, 0.24), rng.choice([0, 0, 0.5])
    neck = r * rng.uniform(0.5, 0.65)
    line = [(r * 0.9, 0), (r, 0.008), (r, h * 0.56), (r * 0.97, h * 0.66), (neck, h * 0.8), (neck, h * 0.9)]
    outside = [*eased(line, 3), (neck * 1.15, h * 0.925), (neck * 1.15, h * 0.985), (neck, h)]
    milk = paint(rng, rng.choice([0.12, 0.12, 0.06, 0.96]), (0.02, 0.35), (0.85, 1.0), 0.01)
    parts = [Part(contents(outside, h * rng.uniform(0.35, 0.8), squareness=square), milk, ()), Part(solid(outside, 32, square), clear(rng))]
    cap = steel(rng) if rng.random() < 0.4 else plastic(rng)
    if rng.random() < 0.8:
        lid = turned([(0, h * 0.94), (neck * 1.24, h * 0.94), (neck * 1.2, h * 1.01), (neck * 0.9, h * 1.02), (0, h * 1.005)], 28)
        parts.append(Part(lid, cap))
    pick = rng.random()
    if pick < 0.4:
        parts.append(Part(front_label(r, h * 0.18, h * 0.48, 0.35), printed(rng, materials), ()))
    elif pick < 0.6:
        parts.append(Part(turned([(neck * 1.03, h * 0.82), (neck * 1.03, h * 0.9)], 28), printed(rng, materials), ()))
    return stood(parts, pillar(outside, h * 1.01, square))


@KINDS.add("bottle", TABLE, weight=0.9, mass=0.7)
def oil_bottle(rng: Rng, materials: Materials) -> list[Part]:
    square, h, r = rng.choice([0.0, 0.8, 1.0]), rng.uniform(0.2, 0.31), rng.uniform(0.027, 0.036)
    neck, high = r * rng.uniform(0.36, 0.45), rng.uniform(0.55, 0.72)
    line = [(r * 0.95, 0), (r, 0.004), (r, h * high), (r * 0.95, h * (high + 0.05)), (neck, h * (high + 0.12)), (neck, h * 0.9), (neck, h * 0.92)]
    outside = [*eased(line), (neck * 1.15, h * 0.925), (neck * 1.1, h * 0.95)]
    oil = paint(rng, rng.uniform(0.11, 0.2), (0.7, 1.0), (0.4, 0.9), 0.01)
    if rng.random() < 0.25:
        oil = paint(rng, 0.02, (0.5, 0.9), (0.08, 0.4), 0.01)
    body = solid(outside, 36, square)
    if rng.random() < 0.65:
        parts = [Part(contents(outside, h * rng.uniform(0.3, high), squareness=square), oil, ()), Part(body, clear(rng))]
    else:
        parts = [Part(body, tinted(rng, rng.choice([0.25, 0.3, 0.12]), (0.1, 0.35)))]
    if rng.random() < 0.6:  # a pourer in a cork
        lean = rng.uniform(0.015, 0.03)
        metal = steel(rng)
        spout = tube([(0, 0, h * 0.95), (0, 0, h + 0.005), (lean, 0, h + 0.04)], [0.006, 0.0045, 0.003], 10)
        parts += [Part(turned([(0, h * 0.93), (neck * 0.95, h * 0.94), (neck * 1.25, h * 0.97), (0, h * 0.98)], 20), dark(rng)), Part(spout, metal)]
    else:
        parts.append(Part(turned([(0, h * 0.93), (neck * 1.25, h * 0.93), (neck * 1.25, h), (0, h)], 24), plastic(rng)))
    if square:
        tag = box((r * 1.5, 0.0006, h * rng.uniform(0.2, 0.35))).moved((0, -r * (1.0 if square == 1 else 1.003), h * 0.14))
    else:
        tag = front_label(r, h * 0.12, h * rng.uniform(0.35, 0.5), rng.uniform(0.3, 0.6))
    return stood([*parts, Part(tag, printed(rng, materials))], pillar(outside, h, square))


@KINDS.add("bottle", TABLE, weight=1.2, mass=0.6)
def soda_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.03, 0.052), rng.uniform(0.2, 0.34)
    neck, waist = 0.0125, rng.uniform(0.8, 1.0)
    line = [(r * 0.62, 0), (r * 0.9, 0.006), (r, h * 0.1), (r, h * 0.2), (r * waist, h * 0.32), (r * (0.5 + waist / 2), h * 0.42), (r, h * 0.56),
            (r * 0.93, h * 0.68), (neck * 1.5, h * 0.86), (neck, h * 0.91)]  # fmt: skip
    outside = [*eased(line), (neck * 1.35, h * 0.915), (neck * 1.35, h * 0.925), (neck, h * 0.93), (neck, h * 0.97)]
    body = solid(outside, 40)
    drink = paint(rng, rng.choice([0.05, 0.08, 0.15, 0.3, 0.97, 0.6]), (0.6, 1.0), rng.choice([(0.05, 0.2), (0.5, 0.95)]), 0)
    if rng.random() < 0.5:  # five feet and ribs
        low = np.clip(1 - body.vertices[:, 2:] / (h * 0.12), 0, 1)
        body = Mesh(body.vertices + low * (waved(body, 5, 0.14).vertices - body.vertices), body.faces, body.uv)
    if rng.random() < 0.75:
        parts = [Part(contents(outside, h * rng.uniform(0.3, 0.86), 0.9), drink, ()), Part(body, clear(rng))]
    else:
        parts = [Part(body, tinted(rng, rng.random(), (0.3, 0.9), (0.4, 0.8)))]
    low = h * rng.uniform(0.34, 0.4)
    wide = np.interp(z := np.linspace(low, h * rng.uniform(0.52, 0.62), 6), *np.array(outside).T[::-1]) * 1.012
    cap = ribbed_cap(neck * 1.25, h * 0.055).moved((0, 0, h * 0.94))
    return stood([*parts, Part(cap, plastic(rng)), Part(turned(list(zip(wide, z)), 32), printed(rng, materials))], pillar(outside, h))


@KINDS.add("bottle", TABLE, weight=0.9, mass=0.2)
def baby_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h, waist = rng.uniform(0.026, 0.034), rng.uniform(0.1, 0.16), rng.uniform(0.78, 1.0)
    outside = eased([(r * 0.95, 0), (r, 0.004), (r, h * 0.25), (r * waist, h * 0.5), (r, h * 0.75), (r, h * 0.94), (r * 0.85, h)])
    milk, trim = paint(rng, 0.12, (0.02, 0.2), (0.9, 1.0), 0.01), plastic(rng)
    parts = [Part(contents(outside, h * rng.uniform(0.3, 0.85)), milk, ()), Part(solid(outside), clear(rng))]
    rows = np.linspace(0.2, 0.85, int(rng.integers(6, 12))) * h
    marks = [bent_round(sheet(np.zeros((2, 4)), (r * (0.7 if k % 2 else 0.4), 0.0012), 0.0003), float(np.interp(z, *outside.T[::-1])) * 1.006).moved(
        (0, 0, z)) for k, z in enumerate(rows)]  # fmt: skip
    parts += [Part(join(marks), trim, ()), Part(ribbed_cap(r * 1.12, 0.02).moved((0, 0, h - 0.004)), trim)]
    top = h + 0.015
    if rng.random() < 0.3:  # covered
        hood = solid(eased([(r * 0.95, 0), (r * 0.9, 0.04), (r * 0.6, 0.05)]), 28).moved((0, 0, top))
        parts.append(Part(hood, tinted(rng, rng.random(), (0.7, 1.0), (0.4, 0.8))))
    else:
        teat = eased([(r * 0.85, 0), (r * 0.8, 0.008), (r * 0.32, 0.016), (r * 0.22, 0.024), (r * 0.27, 0.034), (r * 0.15, 0.041)])
        parts.append(Part(solid(teat, 24).moved((0, 0, top)), paint(rng, rng.choice([0.09, 0.1]), (0.15, 0.6), (0.7, 0.95), 0.01)))
    if rng.random() < 0.4:
        grip = loop((r * 0.95, h * 0.88), (r * 0.95, h * 0.3), 0.024, 0.0055, 1.4)
        parts += [Part(grip.moved(turn=rotation("z", a)), trim) for a in (0, 180)]
    elif rng.random() < 0.4:
        parts.append(Part(front_label(r * 1.01, h * 0.1, h * 0.7, 0.3).moved(turn=rotation("z", 180)), printed(rng, materials), ()))
    return stood(parts, pillar(outside, top + 0.03))


@KINDS.add("bottle", TABLE, weight=1.0, mass=0.25)
def perfume_flacon(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.04, 0.022, 0.045), (0.075, 0.04, 0.09))
    pick, scent = rng.random(), paint(rng, None, (0.2, 0.8), (0.6, 1.0), 0)
    look = clear(rng) if rng.random() < 0.6 else tinted(rng, rng.random(), (0.2, 0.9), (0.5, 1.0))
    if pick < 0.4:
        body, inside = box((w, d, h)), box((w * 0.82, d * 0.7, h * rng.uniform(0.3, 0.8))).moved((0, 0, h * 0.08))
    elif pick < 0.65:  # a disc on its edge
        h = w
        body, inside = (rounded((w * k, d * k, w * k), 0.75, 32).moved((0, 0, w * (1 - k) / 2)) for k in (1, 0.84))
        foot = box((w * 0.4, d * 0.7, 0.004))
        body = join([body, foot])
    else:
        line = eased([(w * 0.4, 0), (w * 0.5, h * 0.15), (w * 0.46, h * 0.5), (w * 0.3, h * 0.9), (w * 0.14, h)])
        sides, flat = int(rng.choice([6, 8, 32])), rng.uniform(0.5, 1.0)
        body = turned([(0, 0), *line, (0, h)], sides).moved(scale=(1, flat, 1))
        inside = contents(line, h * 0.7, 0.85, 0.005).moved(scale=(1, flat, 1))
    parts = [*([Part(inside, scent, ())] if look.color[3] < 0.9 else []), Part(body, look)]
    gold = Look(None, (*(t.color(rng, (0.1, 0.6), (0.7, 0.95), 0.12) / 255).tolist(), 1), 1.0, 0.9) if rng.random() < 0.5 else steel(rng)
    parts.append(Part(cylinder(d * 0.24, 0.012).moved((0, 0, h - 0.003)), gold))
    r, up = d * rng.uniform(0.32, 0.5), rng.uniform(0.018, 0.038)
    cap = [cylinder(r, up, 24), rounded((2.2 * r,) * 3, 1.0, 20), box((1.8 * r, 1.8 * r, up)), solid([(r * 0.6, 0), (r, up * 0.7), (r * 0.2, up)], 8)]
    parts.append(Part(cap[int(rng.integers(4))].moved((0, 0, h + 0.008)), rng.choice([gold, dark(rng), plastic(rng)])))
    if pick < 0.4 and rng.random() < 0.8:
        parts.append(Part(box((w * 0.6, 0.0006, h * 0.35)).moved((0, -d / 2, h * 0.3)), printed(rng, materials), ()))
    return stood(parts, box((w * 0.9, d * 0.9, h)), box((d * 0.6, d * 0.6, 0.02)).moved((0, 0, h)))


@KINDS.add("bottle", "floor", weight=0.8, mass=8.0)
def water_gallon(rng: Rng, materials: Materials) -> list[Part]:
    """The large one of a water cooler."""
    r, h = rng.uniform(0.115, 0.14), rng.uniform(0.34, 0.5)
    ribs, line = int(rng.integers(2, 5)), [(r * 0.9, 0), (r, h * 0.03)]
    for z in np.linspace(0.18, 0.62, ribs) * h:
        line += [(r, z - 0.024), (r * 0.955, z - 0.01), (r * 0.955, z + 0.01), (r, z + 0.024)]
    line += [(r, h * 0.76), (r * 0.85, h * 0.82), (0.034, h * 0.89), (0.028, h * 0.93), (0.028, h * 0.97)]
    outside = eased(line)
    look = tinted(rng, rng.choice([0.57, 0.6, 0.55]), (0.65, 1.0), (0.4, 0.75))
    water = Look(None, (*(t.color(rng, (0.3, 0.6), (0.6, 0.9), 0.56) / 255).tolist(), 1), 0.8)
    parts = [Part(solid(outside, 40), look)]
    if rng.random() < 0.6:
        parts.insert(0, Part(contents(outside, h * rng.uniform(0.2, 0.75), 0.95), water, ()))
    cap = turned([(0, h * 0.93), (0.033, h * 0.93), (0.031, h), (0.02, h * 1.01), (0, h * 1.005)], 28)
    parts.append(Part(cap, paint(rng, rng.choice([0.6, 0.0, 0.55]), (0.1, 0.9), (0.6, 1.0), 0.01)))
    if rng.random() < 0.5:
        parts.append(Part(front_label(r, h * 0.26, h * 0.52, 0.4), printed(rng, materials), ()))
    if rng.random() < 0.4:
        parts.append(Part(loop((r * 0.88, h * 0.78), (r * 0.95, h * 0.5), 0.05, 0.011, 1.3), look))
    return stood(parts, pillar(outside, h))


@KINDS.add("bottle", TABLE, weight=1.1, mass=0.08)
def medicine_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.015, 0.032), rng.uniform(0.05, 0.11)
    neck, high = r * rng.uniform(0.7, 0.95), h * rng.uniform(0.72, 0.8)
    outside = eased([(r * 0.95, 0), (r, 0.004), (r, high), (r, high + 0.003), (neck, high + (h - high) * 0.3), (neck, h)])
    white = Look(t.plain(rng, 16, t.color(rng, (0, 0.06), (0.85, 1.0)), 0.01), specular=0.6)
    if rng.random() < 0.55:  # with pills to be seen
        fill, pills = h * rng.uniform(0.25, 0.65), paint(rng, None, (0, 0.9), (0.6, 1.0), 0.02)
        beads = []
        for _ in range(26):
            a, z, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.006, fill), r * rng.uniform(0.5, 0.76)
            beads.append(rounded((0.011, 0.0065, 0.005), 0.9, 8).moved((out * np.cos(a), out * np.sin(a), z), rotation("z", rng.uniform(0, 360))))
        parts = [Part(join(beads), pills, ()), Part(solid(outside, 28), tinted(rng, rng.choice([0.07, 0.07, 0.3, 0.58]), (0.6, 1.0), (0.45, 0.65)))]
    else:
        parts = [Part(solid(outside, 28), white if rng.random() < 0.5 else plastic(rng))]
    parts.append(Part(ribbed_cap(max(neck * 1.15, r * rng.uniform(0.85, 1.1)), h * rng.uniform(0.2, 0.3)).moved((0, 0, h * 0.88)),
                      white if rng.random() < 0.6 else plastic(rng)))  # fmt: skip
    label = t.print_on(rng, 128, t.plain(rng, 32, np.array([250, 250, 245], np.uint8), 0.0))
    tag = front_label(r, h * 0.12, high * rng.uniform(0.75, 0.95), rng.choice([0.45, 0.7, 0.99]))
    return stood([*parts, Part(tag, Look(label, specular=0.2) if rng.random() < 0.5 else printed(rng, materials))], pillar(outside, h * 1.1))


@KINDS.add("bottle", TABLE, weight=0.8, mass=0.06)
def dropper_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.014, 0.022), rng.uniform(0.05, 0.09)
    neck = r * 0.55
    outside = eased([(r * 0.95, 0), (r, 0.003), (r, h * 0.68), (r * 0.95, h * 0.78), (neck, h * 0.86), (neck, h)])
    look = tinted(rng, rng.choice([0.07, 0.6, 0.3]), (0.2, 0.6), (0.6, 0.95)) if rng.random() < 0.7 else ceramic(rng, materials)
    rubber = dark(rng) if rng.random() < 0.6 else plastic(rng)
    bulb = eased([(neck * 0.62, 0), (neck * 0.7, 0.008), (neck * 0.75, 0.02), (neck * 0.55, 0.028), (neck * 0.15, 0.031)])
    collar = steel(rng) if rng.random() < 0.5 else rubber
    tag = front_label(r, h * 0.12, h * 0.6, rng.choice([0.5, 0.8]))
    parts = [Part(solid(outside, 26), look), Part(ribbed_cap(neck * 1.25, 0.012).moved((0, 0, h - 0.008)), collar),
             Part(solid(bulb, 20).moved((0, 0, h + 0.003)), rubber), Part(tag, printed(rng, materials))]  # fmt: skip
    return stood(parts, pillar(outside, h + 0.03))
