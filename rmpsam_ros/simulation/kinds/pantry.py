"""More of the pantry: flasks, sauce bottles, colanders, boards, wallets, rolled towels."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.kitchen import holed, loop, paint, printed
from rmpsam_ros.simulation.kinds.vessels import TABLE, ceramic, handle_look, hollow, steel
from rmpsam_ros.simulation.kinds.wardrobe import ANYWHERE, cloth_look, leather
from rmpsam_ros.simulation.shapes import box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


@KINDS.add("bottle", TABLE, weight=0.9, mass=0.5)
def thermos(rng: Rng, materials: Materials) -> list[Part]:
    r, h, body_look = rng.uniform(0.034, 0.048), rng.uniform(0.2, 0.33), steel(rng) if rng.random() < 0.5 else ceramic(rng, materials)
    cap_look, rim = steel(rng) if rng.random() < 0.5 else handle_look(rng), r * rng.uniform(0.75, 0.98)
    body = turned([(0, 0), (r, 0), (r, h * 0.7), (rim, h * 0.77), (0, h * 0.77)], 28)
    cap = turned([(0, h * 0.77), (rim, h * 0.77), (rim * 0.92, h * 0.96), (rim * 0.8, h), (0, h)], 28)
    rings = [turned([(r * 0.99, z), (r * 1.03, z), (r * 1.03, z + 0.012), (r * 0.99, z + 0.012)], 28) for z in (0.0, h * 0.66)]
    parts = [Part(body, body_look), Part(cap, cap_look), Part(join(rings), cap_look, ())]
    if rng.random() < 0.4:
        parts.append(Part(loop((r * 0.98, h * 0.64), (r * 0.98, h * 0.25), 0.035, 0.007, 1.4), cap_look))
    return parts


@KINDS.add("bottle", TABLE, weight=0.9, mass=0.4)
def squeeze_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.028, 0.036), rng.uniform(0.14, 0.2)
    hue, flat = rng.choice([0.0, 0.14, 0.08, 0.3, 0.6]), rng.uniform(0.6, 1.0)
    look, cap_look = paint(rng, hue, (0.7, 1.0), (0.5, 0.95), 0.02), paint(rng, None, (0, 1.0), rng.choice([(0.1, 0.4), (0.8, 1.0)]), 0)
    if rng.random() < 0.5:  # on its lid
        z = np.linspace(0, 1, 7)
        swell = r * (0.72 + 0.28 * np.sin(np.pi * np.minimum(z * 0.8, 0.5)))
        body = turned([(0, 0.026), *zip(swell, 0.026 + z * h * 0.8), (r * 0.7, h), (0, h)], 28)
        cap = turned([(0, 0), (r * 0.85, 0), (r * 0.75, 0.027), (0, 0.027)], 28)
    else:
        body = turned([(0, 0), (r, 0), (r, h * 0.3), (r * 0.86, h * 0.42), (r, h * 0.55), (r * 0.95, h * 0.65), (r * 0.5, h * 0.74), (0, h * 0.74)], 28)
        cap = turned([(0, h * 0.72), (r * 0.6, h * 0.72), (r * 0.6, h * 0.8), (r * 0.25, h * 0.84), (0.003, h), (0, h)], 24)
    label = rounded((r * 1.3, 2 * r * 1.02, h * 0.3), 0.4, 20).moved((0, 0, h * 0.24))
    parts = [Part(body.moved(scale=(1, flat, 1)), look), Part(cap.moved(scale=(1, flat, 1)), cap_look)]
    return [*parts, Part(label.moved(scale=(1, flat, 1)), printed(rng, materials), ())] if rng.random() < 0.7 else parts


@KINDS.add("bowl", TABLE, weight=0.8, mass=0.3)
def colander(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.09, 0.13), rng.uniform(0.06, 0.1)
    image = t.metal(rng, 512) if rng.random() < 0.6 else t.plain(rng, 512, t.color(rng), 0.02)
    z, rows = np.linspace(0, 1, 8), int(rng.integers(12, 20))
    look, frame = Look(holed(image, 3 * rows, 2 * rows), specular=0.6), steel(rng)
    grip = frame if rng.random() < 0.6 else handle_look(rng)
    side = loop((0, 0.0), (0, r * 0.7), 0.03, 0.004).moved((0, -r * 0.35, 0), rotation("x", -90)).moved((r * 0.94, 0, h))
    s = np.linspace(0, 2 * np.pi, 40)
    rim = tube(np.column_stack((r * np.cos(s), r * np.sin(s), np.full(40, h + 0.01))), 0.004, 6)
    foot = turned([(r * 0.5, 0), (r * 0.52, 0), (r * 0.48, 0.016), (r * 0.46, 0.016), (r * 0.5, 0)], 28)
    grips = join([side.moved((0, 0, 0.01), rotation("z", a)) for a in (0, 180)])
    bowl = hollow(list(zip(r * (0.45 + 0.55 * z**0.6), h * z)), 0.003, look, lift=0.01)
    return [bowl, Part(foot, frame, ()), Part(rim, frame, ()), Part(grips, grip, ())]


@KINDS.add("object", TABLE, False, 0.9, 0.6)
def cutting_board(rng: Rng, materials: Materials) -> list[Part]:
    w, n, thick = rng.uniform(0.06, 0.12), rng.uniform(0.1, 0.18), rng.uniform(0.008, 0.022)
    a, corner = np.linspace(0, np.pi / 2, 5), rng.uniform(0.01, 0.05)
    outline = [(x * (n - corner) + corner * np.cos(b), y * (w - corner) + corner * np.sin(b))
               for q, (x, y) in enumerate([(1, 1), (-1, 1), (-1, -1), (1, -1)]) for b in a + q * np.pi / 2]  # fmt: skip
    look = Look(t.wood(rng), specular=0.2) if rng.random() < 0.7 else paint(rng, None, (0, 0.9), (0.5, 1.0), 0.02)
    parts = [Part(plate(outline, thick), look)]
    if rng.random() < 0.6:
        tongue = np.linspace(-np.pi / 2, np.pi / 2, 9)
        reach, half = n + rng.uniform(0.04, 0.09), rng.uniform(0.016, 0.024)
        end = plate([(n - 0.005, -half), *zip(reach + half * np.cos(tongue), half * np.sin(tongue)), (n - 0.005, half)], thick)
        hole = turned([(half * 0.4, thick + 0.0004), (0, thick + 0.0004)], 16).moved((reach, 0, 0))
        parts += [Part(end, look), Part(hole, Look(None, (0.06, 0.05, 0.04, 1), 0.0), ())]
    return parts


@KINDS.add("textile", ANYWHERE, False, 1.0, 0.4)
def rolled_towel(rng: Rng, materials: Materials) -> list[Part]:
    parts, w, n, r = [], rng.uniform(0.22, 0.4), int(rng.integers(1, 4)), rng.uniform(0.035, 0.06)
    for k in range(n):
        look, a = cloth_look(rng), np.linspace(0, 2 * np.pi * rng.uniform(2.5, 4), 50)
        body = turned([(0, 0), (r * 0.9, 0), (r, 0.008), (r, w - 0.008), (r * 0.9, w), (0, w)], 28).moved((-w / 2, 0, 0), rotation("y", 90))
        spread = r * (0.12 + 0.8 * a / a[-1])
        spiral = np.column_stack((0 * a, spread * np.cos(a), spread * np.sin(a)))
        coils = join([tube(spiral + (x * w / 2, 0, 0), r * 0.08, 6) for x in (-1, 1)])
        flap = box((w * 0.98, r * 0.9, 0.008)).moved((0, r * 0.75, -r * 0.99), rotation("x", rng.uniform(0, 12)))
        at = (0, (k - (n - 1) / 2) * 2.1 * r, r) if n < 3 else (0, 0, r * 2.72)
        if n == 3 and k < 2:  # the third lies on these two
            at = (0, (2 * k - 1) * r * 1.03, r)
        dark = Look(look.image // 2 if look.image is not None else None, specular=0)
        parts += [Part(body.moved(at), look), Part(coils.moved(at), dark, ())]
        parts += [Part(flap.moved(at), look, ())] if n == 1 else []
    return parts


@KINDS.add("bag", "table shelf", False, 0.9, 0.12)
def wallet(rng: Rng, materials: Materials) -> list[Part]:
    w, d, look, lean = rng.uniform(0.09, 0.2), rng.uniform(0.075, 0.105), leather(rng), rng.uniform(1, 60)
    half = rounded((w, d, 0.009), 0.12).moved((0, d / 2, 0))
    halves = [half, half.moved((0, 0, 0.002)).moved((0, 0, 0.009), rotation("x", lean))]
    seam = tube([(-w * 0.48, 0.002, 0.009), (w * 0.48, 0.002, 0.009)], 0.009, 10)
    cards = [box((w * 0.82, 0.02, 0.001)).moved((0, d - 0.005 + k * 0.004, 0.0035 + 0.002 * k)) for k in range(3)]
    parts = [Part(halves[0], look), Part(halves[1], look), Part(seam, look, ())]
    stud = turned([(0, 0), (0.007, 0), (0.006, 0.003), (0, 0.003)], 14).moved((0, d * 0.85, 0.011)).moved((0, 0, 0.009), rotation("x", lean))
    return [*parts, *(Part(c, paint(rng, None, (0, 0.9), (0.3, 1.0)), ()) for c in cards[: int(rng.integers(0, 4))]), Part(stud, steel(rng), ())]
