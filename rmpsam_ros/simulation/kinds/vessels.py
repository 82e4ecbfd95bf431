"""Cups, bottles, bowls, pans, cutlery, food and plants."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.shapes import Mesh, join, plate, rotation, rounded, tube, turned, vessel_walls
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

TABLE = "table shelf"


def ceramic(rng: Rng, materials: Materials) -> Look:
    """Glaze, plastic or steel, sometimes printed."""
    pick = rng.random()
    if pick < 0.25:
        image = t.print_on(rng, 256, materials.crop(rng))
    elif pick < 0.4:
        image = t.fabric(rng)
    elif pick < 0.5:
        image = t.metal(rng)
    else:
        image = t.plain(rng, 64, t.color(rng, (0.0, 0.9), (0.1, 0.98)) if rng.random() < 0.6 else t.color(rng, (0, 0.08), (0.75, 1.0)), 0.03)
    return Look(image, specular=rng.uniform(0.2, 0.9), shininess=rng.uniform(0.3, 0.9))


def glass(rng: Rng) -> Look:
    """Tinted and partly transparent."""
    tint = t.color(rng, (0, 0.5), (0.6, 1.0)) / 255
    return Look(None, (*tint.tolist(), float(rng.uniform(0.25, 0.6))), specular=1.0, shininess=0.9)


def steel(rng: Rng) -> Look:
    return Look(t.metal(rng), specular=rng.uniform(0.6, 1.0), shininess=rng.uniform(0.5, 0.9))


def handle_look(rng: Rng) -> Look:
    """Wood, plastic or rubber."""
    image = t.wood(rng, 64) if rng.random() < 0.35 else t.plain(rng, 64, t.color(rng, (0, 1), (0.05, 0.95)))
    return Look(image, specular=rng.uniform(0.05, 0.5), shininess=0.3)


def hollow(outside: list[tuple[float, float]], wall: float, look: Look, squareness: float = 0.0, lift: float = 0.0) -> Part:
    """A vessel that other things fall into, from the outside of its profile, base to rim; its base is `lift` above z = 0."""
    inside = [(max(r - wall, 0.0005), z + (wall if k == 0 else 0)) for k, (r, z) in enumerate(outside)]
    profile = [(0, 0), *outside, *reversed(inside), (0, wall)]
    up = (0, 0, lift)
    return Part(turned(profile, 36, squareness).moved(up), look, tuple(w.moved(up) for w in vessel_walls(outside, max(wall, 0.004))))


def _arch(radius: float, low: float, high: float, out: float, thick: float) -> Mesh:
    """A cup's handle on the +x side."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 12)
    path = np.column_stack((radius - 0.002 + out * np.cos(angle), np.zeros(12), (low + high) / 2 + (high - low) / 2 * np.sin(angle)))
    return tube(path, thick, 8)


@KINDS.add("cup", TABLE, weight=2.0)
def mug(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.033, 0.048), rng.uniform(0.07, 0.115)
    bottom, look = r * rng.uniform(0.7, 1.0), ceramic(rng, materials)
    parts = [hollow([(bottom, 0), (bottom + (r - bottom) * 0.6, h * 0.4), (r, h)], 0.004, look)]
    if rng.random() < 0.8:
        grip = look if rng.random() < 0.7 else handle_look(rng)
        parts.append(Part(_arch(r * 0.95, h * 0.22, h * 0.82, rng.uniform(0.018, 0.035), rng.uniform(0.004, 0.007)), grip))
    if rng.random() < 0.4:
        parts.append(Part(turned([(r * 0.93, h * 0.7), (0, h * 0.7)]), Look(t.plain(rng, 32, t.color(rng, (0.4, 0.9), (0.1, 0.5), 0.07))), ()))
    return parts


@KINDS.add("cup", TABLE)
def drinking_glass(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.028, 0.042), rng.uniform(0.08, 0.15)
    look = glass(rng) if rng.random() < 0.7 else ceramic(rng, materials)
    return [hollow([(r * rng.uniform(0.65, 1.0), 0), (r, h)], 0.003, look, rng.choice([0, 0, 0.6]))]


@KINDS.add("cup", TABLE, weight=0.7)
def wine_glass(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.03, 0.042), rng.uniform(0.15, 0.21)
    outside = [(r * 0.9, 0), (r * 0.85, 0.003), (0.004, 0.008), (0.004, h * 0.45), (r * 0.8, h * 0.58), (r, h * 0.72), (r * 0.8, h)]
    inside = [(r * 0.78, h), (r * 0.97, h * 0.72), (r * 0.77, h * 0.59), (0, h * 0.48)]
    return [Part(turned([(0, 0), *outside, *inside]), glass(rng))]


@KINDS.add("cup", TABLE, weight=0.6)
def vase(rng: Rng, materials: Materials) -> list[Part]:
    h = rng.uniform(0.12, 0.26)
    knots = np.array(
        [rng.uniform(0.025, 0.045), rng.uniform(0.035, 0.07), rng.uniform(0.03, 0.07), rng.uniform(0.015, 0.03), rng.uniform(0.02, 0.045)]
    )
    z = np.linspace(0, 1, 14)
    radius = np.interp(z, np.linspace(0, 1, 5), knots)
    radius = np.convolve(np.pad(radius, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    return [Part(turned([(0, 0), *zip(radius, z * h), (radius[-1] * 0.8, h), (radius[-1] * 0.7, h * 0.9), (0, h * 0.88)]), ceramic(rng, materials))]


@KINDS.add("bottle", TABLE, weight=2.0)
def bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.026, 0.046), rng.uniform(0.15, 0.31)
    neck, shoulder = r * rng.uniform(0.28, 0.5), h * rng.uniform(0.55, 0.75)
    look = glass(rng) if rng.random() < 0.3 else Look(t.plain(rng, 64, t.color(rng)), specular=0.8, shininess=0.8)
    body = turned([(0, 0), (r * 0.9, 0), (r, 0.006), (r, shoulder), (r * 0.85, shoulder + 0.2 * (h * 0.85 - shoulder)),
                   (neck, h * 0.85), (neck, h * 0.93), (0, h * 0.93)], 28, rng.choice([0, 0, 0, 0.5]))  # fmt: skip
    cap = turned([(0, h * 0.91), (neck * 1.2, h * 0.91), (neck * 1.2, h), (0, h)], 18)
    parts = [Part(body, look), Part(cap, handle_look(rng))]
    if rng.random() < 0.8:
        low, high = shoulder * rng.uniform(0.1, 0.35), shoulder * rng.uniform(0.65, 0.95)
        label = turned([(r * 1.01, low), (r * 1.01, high)], 28)
        parts.append(Part(label, Look(t.print_on(rng, 256, materials.crop(rng)), specular=0.2), ()))
    return parts


@KINDS.add("bottle", TABLE, weight=0.8)
def spray_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.03, 0.042), rng.uniform(0.14, 0.19)
    body = turned([(0, 0), (r, 0), (r, h * 0.6), (r * 0.4, h * 0.9), (r * 0.4, h), (0, h)], 28, 0.3)
    head = rounded((0.075, 0.025, 0.032), 0.4).moved((0.015, 0, h - 0.003))
    trigger = tube([(0.02, 0, h), (0.034, 0, h - 0.02), (0.03, 0, h - 0.05)], 0.005, 6)
    plastic = handle_look(rng)
    return [Part(body, Look(t.print_on(rng, 256, materials.crop(rng)), specular=0.5)), Part(head, plastic), Part(trigger, plastic)]


@KINDS.add("bottle", TABLE, weight=0.8)
def jar(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.03, 0.05), rng.uniform(0.06, 0.14)
    look = glass(rng) if rng.random() < 0.4 else Look(t.print_on(rng, 256, materials.crop(rng)), specular=0.6, shininess=0.7)
    lid = turned([(0, h), (r * 0.95, h), (r * 0.95, h + 0.015), (0, h + 0.015)], 28)
    return [
        Part(turned([(0, 0), (r, 0), (r, h * 0.9), (r * 0.85, h), (0, h)], 28), look),
        Part(lid, steel(rng) if rng.random() < 0.5 else handle_look(rng)),
    ]


@KINDS.add("object", TABLE, weight=1.2)
def can(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.03, 0.052), rng.uniform(0.06, 0.16)
    ends = turned([(0, 0), (r * 0.9, 0), (r, 0.004), (r, h - 0.004), (r * 0.93, h), (r * 0.9, h - 0.004), (0, h - 0.004)], 30)
    return [
        Part(ends, steel(rng)),
        Part(turned([(r * 1.005, 0.006), (r * 1.005, h - 0.006)], 30), Look(t.print_on(rng, 256, materials.crop(rng)), specular=0.5), ()),
    ]


@KINDS.add("bowl", TABLE, weight=1.5)
def bowl(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.055, 0.12), rng.uniform(0.035, 0.09)
    z = np.linspace(0, 1, 7)
    base, bend = rng.uniform(0.3, 0.6), rng.uniform(0.4, 0.9)
    return [hollow(list(zip(r * (base + (1 - base) * z**bend), h * z)), 0.005, ceramic(rng, materials))]


@KINDS.add("object", TABLE, weight=1.2)
def dish(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.07, 0.14), rng.uniform(0.012, 0.028)
    return [hollow([(r * 0.6, 0), (r * 0.65, h * 0.3), (r, h)], 0.004, ceramic(rng, materials), rng.choice([0, 0, 0, 0.7]))]


@KINDS.add("object", TABLE, mass=0.8)
def pan(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.07, 0.13), rng.uniform(0.03, 0.11)
    look, length = (
        (Look(t.plain(rng, 64, t.color(rng, (0, 0.1), (0.05, 0.2))), specular=0.5) if rng.random() < 0.5 else steel(rng)),
        rng.uniform(0.12, 0.2),
    )
    path = [(r * 0.97, 0, h * 0.8), (r + 0.03, 0, h * 0.85), (r + length, 0, h + rng.uniform(0, 0.03))]
    parts = [hollow([(r * 0.85, 0), (r, h)], 0.004, look), Part(tube(path, [0.006, 0.008, 0.011], 8, 0.6), handle_look(rng))]
    if h > 0.08:
        lid = turned([(0, h + 0.004), (r * 1.02, h + 0.002), (r * 0.6, h + 0.02), (0, h + 0.025)])
        parts += [Part(lid, look), Part(rounded((0.03, 0.03, 0.02), 0.6, 14).moved((0, 0, h + 0.024)), handle_look(rng))]
    return parts


@KINDS.add("object", TABLE, weight=0.7)
def jug(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.045, 0.07), rng.uniform(0.13, 0.22)
    look = glass(rng) if rng.random() < 0.3 else ceramic(rng, materials)
    return [
        hollow([(r * 0.9, 0), (r, h * 0.3), (r * 0.75, h * 0.8), (r * 0.85, h)], 0.004, look),
        Part(_arch(r * 0.85, h * 0.25, h * 0.85, 0.045, 0.008), look),
    ]


def _flatware(rng: Rng, head: list[tuple[float, float]], length: float) -> list[Part]:
    """A handle along x with a flat head at its +x end."""
    width = rng.uniform(0.004, 0.009)
    look = steel(rng) if rng.random() < 0.75 else Look(t.plain(rng, 32, t.color(rng)), specular=0.4)
    grip = look if rng.random() < 0.6 else handle_look(rng)
    x = np.linspace(-length / 2, length * 0.15, 8)
    wave = 0.003 + 0.004 * np.sin(np.linspace(0, np.pi, 8))
    handle = tube(np.column_stack((x, 0 * x, wave)), np.linspace(width, width * 0.5, 8), 8, 0.45)
    return [Part(handle, grip), Part(plate([(length * 0.14 + px, py) for px, py in head], 0.0025).moved((0, 0, 0.002)), look)]


@KINDS.add("cutlery", "table", False, 1.3, 0.06)
def fork(rng: Rng, materials: Materials) -> list[Part]:
    w, tine = rng.uniform(0.009, 0.013), 0.0022
    outline = [(0, -0.003), (0.025, -w), (0.07, -w)]
    for k, y in enumerate(np.linspace(-w, w, 4)):
        outline += [(0.07, y - tine), (0.07, y + tine)] if k in (0, 3) else [(0.04, y - tine), (0.07, y - tine), (0.07, y + tine), (0.04, y + tine)]
        if k == 0:
            outline[-2:] = [(0.07, y + tine), (0.04, y + tine)]
        if k == 3:
            outline[-2:] = [(0.04, y - tine), (0.07, y - tine)]
    return _flatware(rng, [*outline, (0.07, w), (0.025, w), (0, 0.003)], rng.uniform(0.15, 0.2))


@KINDS.add("cutlery", "table", False, 1.3, 0.06)
def spoon(rng: Rng, materials: Materials) -> list[Part]:
    parts = _flatware(rng, [(0, -0.003), (0.012, -0.004), (0.012, 0.004), (0, 0.003)], length := rng.uniform(0.13, 0.22))
    r = rng.uniform(0.014, 0.026)
    cup = turned([(0, 0), (r * 0.7, 0.002), (r, 0.008), (r * 0.95, 0.008), (r * 0.6, 0.004), (0, 0.003)], 20).moved(
        (length * 0.15 + r * 1.5, 0, 0), scale=(1.45, 1, 1)
    )
    return [*parts, Part(cup, parts[1].look)]


@KINDS.add("cutlery", "table", False, 1.3, 0.08)
def knife(rng: Rng, materials: Materials) -> list[Part]:
    n, w = rng.uniform(0.08, 0.19), rng.uniform(0.016, 0.035)
    return _flatware(rng, [(0, -w * 0.4), (n * 0.8, -w * 0.5), (n * 0.95, -w * 0.1), (n, w * 0.45), (0, w * 0.45)], rng.uniform(0.18, 0.24))


@KINDS.add("food", TABLE, False, 2.0, 0.15)
def fruit(rng: Rng, materials: Materials) -> list[Part]:
    hue, second = [(0.0, 0.1), (0.08, 0.09), (0.14, 0.16), (0.28, 0.22), (0.33, 0.12), (0.8, 0.95), (0.02, 0.3)][int(rng.integers(7))]
    r = rng.uniform(0.045, 0.09)
    parts = [
        Part(
            rounded((r * rng.uniform(0.9, 1.3), r, r * rng.uniform(0.85, 1.05)), 0.95, 20, 0.03, rng),
            Look(t.skin_of(hue, rng, second=second), specular=0.3),
        )
    ]
    if rng.random() < 0.5:
        top = parts[0].mesh.bounds()[1][2]
        parts.append(Part(tube([(0, 0, top - 0.006), (0.002, 0, top + 0.012)], 0.002, 6), Look(None, (0.3, 0.2, 0.1, 1)), ()))
    return parts


@KINDS.add("food", TABLE, False, 1.0, 0.12)
def banana(rng: Rng, materials: Materials) -> list[Part]:
    look, parts = Look(t.skin_of(0.14, rng, second=rng.choice([0.14, 0.22, 0.1]))), []
    for k in range(int(rng.integers(1, 4))):
        a, radius = np.linspace(-0.9, 0.9, 14), rng.uniform(0.07, 0.1)
        path = np.column_stack((radius * np.sin(a), radius * (1 - np.cos(a)) + k * 0.028, np.full(14, 0.018)))
        parts.append(Part(tube(path, 0.017 * np.array([0.3, 0.4, 0.75, *[1.0] * 8, 0.8, 0.5, 0.25]), 8), look))
    return parts


@KINDS.add("food", TABLE, False, 1.0, 0.12)
def vegetable(rng: Rng, materials: Materials) -> list[Part]:
    n, r = rng.uniform(0.1, 0.2), rng.uniform(0.012, 0.028)
    hue = rng.choice([0.07, 0.3, 0.78, 0.12])
    x = np.linspace(-n / 2, n / 2, 12)
    path = np.column_stack((x, 0.01 * np.sin(x * 20), np.full(12, r)))
    leaf = tube([(n / 2, 0, r), (n / 2 + 0.02, 0.004, r + 0.006), (n / 2 + 0.04, 0.012, r)], [0.006, 0.005, 0.001], 6)
    return [
        Part(tube(path, r * np.linspace(rng.uniform(0.2, 0.9), 1, 12), 12), Look(t.skin_of(hue, rng))),
        Part(leaf, Look(t.skin_of(0.3, rng, 32)), ()),
    ]


@KINDS.add("food", TABLE, False, 0.8, 0.3)
def bread(rng: Rng, materials: Materials) -> list[Part]:
    size = (rng.uniform(0.1, 0.24), rng.uniform(0.08, 0.12), rng.uniform(0.025, 0.1))
    return [Part(rounded(size, rng.uniform(0.4, 0.8), 24, 0.04, rng), Look(t.skin_of(0.08, rng, 128, 0.1), specular=0.05))]


@KINDS.add("plant", "table shelf floor", weight=0.9, mass=0.6)
def potted_plant(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.04, 0.08), rng.uniform(0.06, 0.13)
    leaves = []
    for _ in range(int(rng.integers(10, 36))):
        length, turn = rng.uniform(0.06, 0.2), rng.uniform(0, 360)
        lean, width = rng.uniform(0.15, 1.2), rng.uniform(0.006, 0.025)
        s = np.linspace(0, 1, 7)
        path = np.column_stack((length * lean * s**1.5, 0 * s, h * 0.9 + length * (s - 0.45 * lean * s**2.5)))
        leaves.append(tube(path, width * np.array([0.15, 0.5, 0.9, 1, 0.8, 0.5, 0.05]), 6, 0.12).moved(turn=rotation("z", turn)))
    pot = Look(t.plain(rng, 64, t.color(rng, (0.4, 0.8), (0.4, 0.8), 0.05)), specular=0.1) if rng.random() < 0.4 else ceramic(rng, materials)
    earth = turned([(r * 0.95, h * 0.9), (0, h * 0.9)])
    return [Part(turned([(0, 0), (r * 0.75, 0), (r, h), (r * 0.92, h), (r * 0.9, h * 0.9), (0, h * 0.9)]), pot),
            Part(earth, Look(t.plain(rng, 64, t.color(rng, (0.3, 0.6), (0.1, 0.3), 0.07), 0.3)), ()),
            Part(join(leaves), Look(t.skin_of(rng.uniform(0.22, 0.4), rng)), ())]  # fmt: skip
