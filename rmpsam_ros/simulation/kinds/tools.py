"""Hand tools and other long, thin things."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.vessels import handle_look, steel
from rmpsam_ros.simulation.shapes import box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

PLACES = "table floor shelf"


def _grip(rng: Rng, start: float, end: float, radius: float, height: float) -> Part:
    """A handle along x that swells towards its end."""
    x = np.linspace(start, end, 9)
    swell = radius * (1 + rng.uniform(0, 0.35) * np.sin(np.linspace(0, rng.uniform(2, 8), 9)))
    return Part(tube(np.column_stack((x, 0 * x, np.full(9, height))), swell, 10, rng.uniform(0.7, 1.0)), handle_look(rng))


@KINDS.add("tool", PLACES, False, 1.3, 0.5)
def hammer(rng: Rng, materials: Materials) -> list[Part]:
    n, r = rng.uniform(0.2, 0.34), rng.uniform(0.01, 0.015)
    z, head = 0.016, rng.uniform(0.09, 0.13)
    face = turned([(0, 0), (0.015, 0), (0.015, 0.02), (0.011, 0.03), (0.011, head * 0.6), (0, head * 0.6)], 16).moved(
        (n / 2, -head / 2, z), rotation("x", -90)
    )
    claw = tube([(n / 2, head * 0.08, z), (n / 2 - 0.004, head * 0.35, z), (n / 2 - 0.02, head * 0.55, z)], [0.012, 0.009, 0.003], 8, 1.2)
    metal = steel(rng)
    return [_grip(rng, -n / 2, n / 2, r, z), Part(face, metal), Part(claw, metal)]


@KINDS.add("tool", PLACES, False, 1.5, 0.12)
def screwdriver(rng: Rng, materials: Materials) -> list[Part]:
    grip, shaft, r = rng.uniform(0.07, 0.12), rng.uniform(0.06, 0.18), rng.uniform(0.01, 0.017)
    tip = tube([(grip + shaft - 0.01, 0, r), (grip + shaft, 0, r)], [0.0032, 0.0045], 8, 0.4)
    return [
        _grip(rng, 0, grip, r, r),
        Part(tube([(grip * 0.95, 0, r), (grip + shaft - 0.008, 0, r)], 0.0032, 8), metal := steel(rng)),
        Part(tip, metal),
    ]


@KINDS.add("tool", PLACES, False, 1.5, 0.25)
def wrench(rng: Rng, materials: Materials) -> list[Part]:
    n, w, r = rng.uniform(0.12, 0.28), rng.uniform(0.007, 0.012), rng.uniform(0.016, 0.026)
    jaw, a = r * rng.uniform(0.45, 0.6), np.radians(np.linspace(-150, -28, 9))
    upper = np.radians(np.linspace(28, 150, 9))
    head = [*zip(n + r * np.cos(a) + r, r * np.sin(a)), (n + 1.2 * r, -jaw), (n + 0.7 * r, -jaw * 0.6), (n + 0.7 * r, jaw * 0.6), (n + 1.2 * r, jaw),
            *zip(n + r * np.cos(upper) + r, r * np.sin(upper))]  # fmt: skip
    outline = [(0, -w), *head, (0, w)]
    look = steel(rng) if rng.random() < 0.8 else handle_look(rng)
    ring = r * rng.uniform(0.7, 0.95)
    angle = np.linspace(0, 2 * np.pi, 22)
    other = tube(np.column_stack((ring * np.cos(angle) - ring * 0.8, ring * np.sin(angle), np.full(22, 0.005))), ring * 0.3, 8, 0.7)
    parts = [Part(plate(outline, rng.uniform(0.006, 0.01)), look), Part(other, look)]
    if rng.random() < 0.3:
        parts.append(
            Part(turned([(0, 0), (0.008, 0), (0.008, 0.022), (0, 0.022)], 12).moved((n + r * 0.5, 0, 0.006), rotation("x", 90)), steel(rng), ())
        )
    return parts


def _jaws(rng: Rng, length: float, curve: float, radius: float, side: float) -> np.ndarray:
    """The path of one handle of pliers or scissors, from the pivot backwards (towards -x)."""
    s = np.linspace(0, 1, 12)
    return np.column_stack((-length * s, side * (0.006 + curve * np.sin(s * np.pi * 0.75)), np.full(12, radius)))


@KINDS.add("tool", PLACES, False, 1.5, 0.25)
def pliers(rng: Rng, materials: Materials) -> list[Part]:
    n, r, curve = rng.uniform(0.09, 0.14), rng.uniform(0.006, 0.009), rng.uniform(0.018, 0.035)
    opening, point, metal, rubber = rng.uniform(0, 10), rng.uniform(0.035, 0.08), steel(rng), handle_look(rng)
    parts = [Part(turned([(0, 0), (0.013, 0), (0.013, 2.2 * r), (0, 2.2 * r)], 18), metal)]
    for side in (-1, 1):
        turn = rotation("z", side * opening)
        parts.append(Part(tube(_jaws(rng, n, curve, r * 1.1, side), r * np.linspace(0.9, 1.2, 12), 8).moved(turn=turn), rubber))
        jaw = plate([(0, 0), (point, 0), (point, side * 0.003), (point * 0.3, side * 0.013), (-0.01, side * 0.012)], 2 * r)
        parts.append(Part(jaw.moved(turn=turn), metal))
    return parts


@KINDS.add("tool", "table shelf", False, 1.3, 0.1)
def scissors(rng: Rng, materials: Materials) -> list[Part]:
    n, ring, metal, plastic = rng.uniform(0.07, 0.13), rng.uniform(0.014, 0.022), steel(rng), handle_look(rng)
    opening, angle = rng.uniform(2, 25), np.linspace(0, 2 * np.pi, 20)
    parts = []
    for side in (-1, 1):
        turn = rotation("z", side * opening)
        blade = plate([(-0.02, -0.007), (n * 0.7, -0.007), (n, 0), (n * 0.7, 0.004), (-0.02, 0.007)], 0.002)
        loop = tube(
            np.column_stack((ring * 1.5 * np.cos(angle) - 0.02 - ring * 2.2, ring * np.sin(angle) - side * ring * 0.9, np.full(20, 0.004))), 0.004, 8
        )
        stem = tube([(-0.015, 0, 0.004), (-0.03 - ring, -side * ring * 0.3, 0.004)], 0.005, 8, 0.7)
        parts += [Part(blade.moved((0, 0, 0.003 + 0.001 * side), turn), metal), Part(join([loop, stem]).moved(turn=turn), plastic)]
    return parts


@KINDS.add("tool", PLACES, False, 0.8, 0.4)
def saw(rng: Rng, materials: Materials) -> list[Part]:
    n, w = rng.uniform(0.22, 0.4), rng.uniform(0.05, 0.1)
    teeth = [(x, -w / 2 + (0.004 if k % 2 else 0)) for k, x in enumerate(np.linspace(0, n, 48))]
    blade = plate([*teeth, (n, -w / 2 + w * rng.uniform(0.3, 0.6)), (0, w / 2)], 0.002).moved((0, 0, 0.01))
    angle = np.linspace(0, 2 * np.pi, 20)
    grip = tube(np.column_stack((0.045 * np.cos(angle) - 0.04, 0.05 * np.sin(angle), np.full(20, 0.012))), 0.012, 8, 0.9)
    return [Part(blade, steel(rng)), Part(grip, handle_look(rng))]


@KINDS.add("tool", PLACES, False, 0.9, 0.3)
def tape_measure(rng: Rng, materials: Materials) -> list[Part]:
    body = rounded((0.07, 0.035, 0.065), 0.35)
    parts = [
        Part(body, handle_look(rng)),
        Part(turned([(0.022, 0), (0, 0)], 20).moved((0, -0.0178, 0.033), rotation("x", 90)), Look(t.print_on(rng, 64)), ()),
    ]
    if rng.random() < 0.6:
        n = rng.uniform(0.03, 0.25)
        parts.append(Part(box((n, 0.018, 0.0015)).moved((0.03 + n / 2, 0, 0.004)), Look(t.keys(rng, 128, 1, 30), (1, 0.9, 0.3, 1))))
    return parts


@KINDS.add("tool", PLACES, False, 1.0, 0.1)
def utility_knife(rng: Rng, materials: Materials) -> list[Part]:
    n = rng.uniform(0.11, 0.16)
    body = rounded((n, 0.026, 0.016), 0.3)
    slider = box((0.02, 0.012, 0.006)).moved((n * 0.1, 0, 0.014))
    blade = plate([(0, -0.008), (0.03, -0.008), (0.02, 0.008), (0, 0.008)], 0.001).moved((n * 0.47, 0, 0.007))
    return [Part(body, handle_look(rng)), Part(slider, handle_look(rng), ()), Part(blade, steel(rng))]


@KINDS.add("tool", PLACES, False, 0.9, 1.2)
def drill(rng: Rng, materials: Materials) -> list[Part]:
    case, dark = handle_look(rng), Look(t.plain(rng, 32, t.color(rng, (0, 0.2), (0.05, 0.25))), specular=0.2)
    motor = tube([(-0.09, 0, 0.03), (-0.08, 0, 0.03), (0.04, 0, 0.03), (0.06, 0, 0.03)], [0.02, 0.03, 0.03, 0.022], 16)
    grip = tube([(-0.04, -0.02, 0.03), (-0.05, -0.12, 0.03)], [0.018, 0.016], 12, 1.1)
    battery = rounded((0.09, 0.045, 0.055), 0.25).moved((-0.045, -0.135, 0.0025))
    bit = tube([(0.1, 0, 0.03), (0.1 + rng.uniform(0.04, 0.1), 0, 0.03)], [0.003, 0.002], 8)
    chuck = tube([(0.058, 0, 0.03), (0.09, 0, 0.03), (0.105, 0, 0.03)], [0.019, 0.017, 0.008], 12)
    return [Part(motor, case), Part(grip, dark if rng.random() < 0.5 else case), Part(battery, dark), Part(chuck, dark), Part(bit, steel(rng))]


@KINDS.add("tool", PLACES, False, 0.7, 0.3)
def level(rng: Rng, materials: Materials) -> list[Part]:
    n = rng.uniform(0.2, 0.5)
    vial = tube([(-0.02, 0, 0.0205), (0.02, 0, 0.0205)], 0.007, 10).moved((rng.uniform(-0.2, 0.2) * n, 0, 0))
    return [Part(box((n, 0.05, 0.022)), handle_look(rng)), Part(vial, Look(None, (0.6, 0.95, 0.2, 0.9), specular=1.0), ())]


@KINDS.add("tool", PLACES, False, 0.8, 0.1)
def brush(rng: Rng, materials: Materials) -> list[Part]:
    n, w = rng.uniform(0.1, 0.2), rng.uniform(0.015, 0.05)
    ferrule = box((0.03, w, 0.014)).moved((n / 2 + 0.01, 0, 0.002))
    hair = box((0.045, w, 0.012)).moved((n / 2 + 0.045, 0, 0.003))
    return [_grip(rng, -n / 2, n / 2, 0.009, 0.01), Part(ferrule, steel(rng)), Part(hair, Look(t.plain(rng, 64, None, 0.5)))]


@KINDS.add("object", "table shelf", False, 1.3, 0.02)
def pen(rng: Rng, materials: Materials) -> list[Part]:
    n, r = rng.uniform(0.12, 0.17), rng.uniform(0.0035, 0.007)
    body = tube([(0, 0, r), (n * 0.65, 0, r)], r, 8)
    cap = tube([(n * 0.65, 0, r), (n * 0.92, 0, r), (n, 0, r)], [r * 1.05, r, r * 0.2], 8)
    return [Part(body, handle_look(rng)), Part(cap, handle_look(rng))]


@KINDS.add("object", "table floor", False, 0.8, 0.1)
def cable(rng: Rng, materials: Materials) -> list[Part]:
    s = np.linspace(0, 1, 60)
    turns, radius = rng.uniform(1, 3.5), rng.uniform(0.03, 0.09)
    spread = radius * (1 + 0.3 * np.sin(5 * s + rng.uniform(0, 6))) * (0.6 + 0.4 * s)
    path = np.column_stack((spread * np.cos(2 * np.pi * turns * s), spread * np.sin(2 * np.pi * turns * s), 0.004 + 0.006 * s))
    plug = rounded((0.03, 0.018, 0.012), 0.3).moved(path[-1] - (0, 0, 0.006))
    return [Part(tube(path, rng.uniform(0.002, 0.004), 6), look := Look(t.plain(rng, 16, t.color(rng, (0, 0.9), (0.03, 0.95))))), Part(plug, look)]
