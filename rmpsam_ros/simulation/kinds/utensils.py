"""Cooking and serving utensils: chopsticks, tongs, turners, scoops, skimmers, mashers, kitchen knives, measuring spoons."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.crockery import wire_ring
from rmpsam_ros.simulation.kinds.flasks import eased, solid
from rmpsam_ros.simulation.kinds.kitchen import holed, paint, waved
from rmpsam_ros.simulation.kinds.vessels import TABLE, ceramic, handle_look, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


def grip(rng: Rng, end: float, start: float, radius: float, height: float, look: Look) -> list[Part]:
    """A handle along x, its end at `end`, some with a hole or a ring to hang it up by."""
    s, flat = np.linspace(0, 1, 9), rng.uniform(0.55, 1.0)
    shape = np.array([[0.7, 0.95, 1, 1, 0.95, 0.9, 0.85, 0.8, 0.65], [0.6, 1, 1.1, 1.05, 0.95, 0.85, 0.8, 0.8, 0.7]][int(rng.integers(2))])
    parts = [Part(tube(np.column_stack((end + (start - end) * s, 0 * s, np.full(9, height))), radius * shape, 12, flat), look)]
    pick = rng.random()
    if pick < 0.35:
        hole = turned([(radius * 0.4, 0), (0, 0)], 14).moved((end + radius * 1.2, 0, height + radius * flat * 1.0))
        parts.append(Part(hole, Look(None, (0.06, 0.06, 0.06, 1), 0.1), ()))
    elif pick < 0.6:
        parts.append(Part(wire_ring(0.009, 0.0016, 0, 20).moved((end - 0.006, 0, height)), steel(rng), ()))
    return parts


@KINDS.add("cutlery", "table", False, 1.0, 0.03)
def chopsticks(rng: Rng, materials: Materials) -> list[Part]:
    n, thick, sides = rng.uniform(0.2, 0.26), rng.uniform(0.003, 0.0042), int(rng.choice([4, 12]))
    look = steel(rng) if rng.random() < 0.12 else paint(rng, None, (0, 0.9), (0.05, 0.8))
    if rng.random() < 0.5:
        look = Look(t.wood(rng, 64), specular=0.3)
    band, share = (plastic(rng) if rng.random() < 0.6 else steel(rng)), rng.uniform(0.1, 0.3)
    lift = rng.uniform(0.01, 0.016) if rng.random() < 0.4 else 0.0
    parts, x, decorated = [], np.linspace(-n / 2, n / 2, 8), rng.random() < 0.6
    for side in (-1, 1):
        turn = rotation("z", side * rng.uniform(0, 4) + rng.normal(0, 1)) @ rotation("y", -np.degrees(np.arctan(lift / (n * 0.75))))
        at = (0, side * rng.uniform(0.005, 0.012), thick + lift * 0.65)
        stick = tube(np.column_stack((x, 0 * x, 0 * x)), thick * np.linspace(1, 0.5, 8), sides)
        parts.append(Part(stick.moved(at, turn), look))
        if decorated:
            s = np.linspace(-n * 0.499, -n * (0.5 - share), 4)
            sheath = tube(np.column_stack((s, 0 * s, 0 * s)), thick * 1.06 * np.linspace(1, 1 - 0.5 * share, 4), sides)
            parts.append(Part(sheath.moved(at, turn), band, ()))
    if lift:
        rest = rounded((0.013, rng.uniform(0.04, 0.06), lift), rng.uniform(0.2, 0.8), 16).moved((n * 0.28, 0, 0))
        parts.append(Part(rest, ceramic(rng, materials)))
    return parts


@KINDS.add("cutlery", "table", False, 1.0, 0.12)
def kitchen_tongs(rng: Rng, materials: Materials) -> list[Part]:
    """Two long strips on a hinge at the end, lying on their side."""
    n, gap, w = rng.uniform(0.2, 0.32), rng.uniform(0.03, 0.075), rng.uniform(0.008, 0.012)
    metal, tip, coated = steel(rng), plastic(rng), rng.random()
    parts = []
    for side in (-1, 1):
        path = eased([(-n / 2, 0, w), (-n * 0.42, side * gap * 0.25, w), (0, side * gap * 0.62, w), (n * 0.35, side * gap * 0.5, w),
                      (n * 0.44, side * gap * 0.3, w)])  # fmt: skip
        parts.append(Part(tube(path, 0.002, 8, w / 0.002), metal))
        end = rounded((0.05, 0.007, 2.3 * w), 0.6, 18).moved((n * 0.46, side * gap * 0.29, 0), rotation("z", -side * 12))
        if coated < 0.6:
            teeth = waved(solid([(0.001, 0), (1.15 * w, 0.002), (1.15 * w, 0.006), (0.001, 0.008)], 48), 12, 0.08)
            end = teeth.moved((0, 0, -0.004)).moved((n * 0.47, side * gap * 0.25, w * 1.15), rotation("x", 90), (1.6, 1, 1))
        parts.append(Part(end, metal if coated < 0.35 else tip))
        if coated > 0.5:
            parts.append(Part(tube(path[3:9], 0.0038, 8, w * 1.2 / 0.0038), tip, ()))
    hinge = cylinder(0.006, 2 * w * 1.1, 14).moved((-n / 2 + 0.004, 0, 0))
    return [*parts, Part(hinge, metal), Part(wire_ring(0.011, 0.0018, 0, 20).moved((-n / 2 - 0.012, 0, w)), metal, ())]


@KINDS.add("cutlery", TABLE, False, 1.1, 0.1)
def spatula_turner(rng: Rng, materials: Materials) -> list[Part]:
    n, w, d, up = rng.uniform(0.08, 0.12), rng.uniform(0.06, 0.1), 0.003, rng.uniform(0.02, 0.045)
    pick = rng.random()
    look = steel(rng) if pick < 0.45 else Look(t.wood(rng, 128), specular=0.2) if pick < 0.6 else dark(rng) if pick < 0.8 else plastic(rng)
    slots = int(rng.integers(2, 5)) if rng.random() < 0.65 else 0
    shoulder = [(n * 0.25, w / 2), (n * 0.15, w * 0.47), (-n * 0.15, 0.012)]
    back = plate(eased([*((x, -y) for x, y in shoulder[::-1]), *shoulder]), d)
    front = plate([(n * 0.8, -w / 2), (n, -w * 0.5), (n * rng.uniform(0.97, 1.05), w * 0.5), (n * 0.8, w / 2)], d)
    if slots:  # ribs between openings
        y = np.linspace(-w / 2, w / 2, slots + 2)
        wide = w / (slots + 1) * rng.uniform(0.4, 0.6)
        ribs = [box((n * 0.6, wide, d)).moved((n * 0.53, np.clip(v, -w / 2 + wide / 2, w / 2 - wide / 2), 0)) for v in y]
        blade = join([back, front, *ribs])
    else:
        end = n * rng.uniform(0.95, 1.05)
        blade = plate([(-n * 0.15, -0.012), (n * 0.2, -w / 2), (n, -w / 2), (end, w / 2), (n * 0.2, w / 2), (-n * 0.15, 0.012)], d)
    reach = -rng.uniform(0.06, 0.1)
    neck = eased([(-n * 0.05, 0, d), (-n * 0.25, 0, d), (reach * 0.7, 0, up * 0.9), (reach - 0.06, 0, up)])
    holder = handle_look(rng) if rng.random() < 0.7 else look
    bar = tube(neck, np.linspace(0.008, 0.005, len(neck)), 8, 0.45)
    return [Part(blade, look), Part(bar, look, ()), *grip(rng, reach - rng.uniform(0.16, 0.22), reach - 0.04, rng.uniform(0.009, 0.013), up, holder)]


@KINDS.add("cutlery", TABLE, False, 0.9, 0.06)
def peeler(rng: Rng, materials: Materials) -> list[Part]:
    metal, look = steel(rng), handle_look(rng) if rng.random() < 0.75 else steel(rng)
    if rng.random() < 0.55:  # shaped like a Y
        w, n, z = rng.uniform(0.026, 0.034), rng.uniform(0.1, 0.13), 0.007
        arms = [tube(eased([(-0.01, 0, z), (0.012, s * w * 0.6, z), (0.024, s * w, z), (0.052, s * w * 1.05, z)]), 0.0048, 8, 0.9) for s in (-1, 1)]
        blade = box((0.011, 2 * w, 0.0016)).moved((0.046, 0, z), rotation("y", rng.uniform(-30, 30)))
        slot = box((0.003, 1.5 * w, 0.0019)).moved((0.0465, 0, z), rotation("y", 0))
        eye = wire_ring(0.006, 0.0015, 0, 16).moved((0.03, -w - 0.006, z))
        return [*grip(rng, -n, 0, 0.0085, z, look), Part(join(arms), look), Part(blade, metal), Part(slot, dark(rng), ()), Part(eye, metal, ())]
    n, z, r = rng.uniform(0.08, 0.11), 0.009, 0.0085
    side = [(-0.004, 0), (0.004, 0.007), (0.05, 0.0075), (0.066, 0.003), (0.07, 0)]
    frame = [tube(eased([(x, s * y, z) for x, y in side]), 0.0022, 8, 1.7) for s in (-1, 1)]
    edge = join([box((0.052, 0.0035, 0.0016)).moved((0.03, s * 0.0035, z)) for s in (-1, 1)])
    return [*grip(rng, -n, 0.004, r, z, look), Part(join(frame), metal), Part(edge, metal, ())]


@KINDS.add("cutlery", TABLE, False, 0.9, 0.2)
def ice_cream_scoop(rng: Rng, materials: Materials) -> list[Part]:
    r, n, metal = rng.uniform(0.023, 0.031), rng.uniform(0.1, 0.13), steel(rng)
    a = np.linspace(0, np.pi / 2, 8)
    cup = turned([*zip(r * np.sin(a), r - r * np.cos(a)), *zip(0.92 * r * np.sin(a[::-1]), r - 0.92 * r * np.cos(a[::-1]))], 26)
    look = metal if rng.random() < 0.3 else handle_look(rng)
    parts = [Part(cup, metal), *grip(rng, -n - r - 0.03, -r - 0.028, rng.uniform(0.012, 0.015), r * 0.95, look)]
    neck = tube([(-r - 0.035, 0, r * 0.95), (-r - 0.01, 0, r * 0.92), (-r * 0.9, 0, r * 0.8)], [0.009, 0.007, 0.009], 10)
    parts.append(Part(neck, metal, ()))
    if rng.random() < 0.55:  # a lever that moves a blade in the cup
        lever = tube(eased([(-r * 0.6, 0, r * 1.15), (-r - 0.02, 0, r + 0.016), (-r - 0.055, 0, r + 0.026)]), 0.0045, 8, 0.5)
        blade = tube(np.column_stack((0 * a, 0.9 * r * np.sin(s := np.linspace(-1.5, 1.5, 12))[:8], r - 0.9 * r * np.cos(s)[:8])), 0.0015, 6, 2)
        parts.append(Part(join([lever, blade]), metal, ()))
    if rng.random() < 0.4:
        ball = rounded((2.0 * r, 2.0 * r, 1.7 * r), 0.95, 22, 0.05, rng).moved((0, 0, r * 0.25))
        parts.append(Part(ball, paint(rng, rng.choice([0.1, 0.97, 0.06, 0.3, 0.12]), (0.1, 0.7), (0.6, 1.0), 0.15)))
    return parts


@KINDS.add("cutlery", "table", False, 0.9, 0.06)
def butter_knife(rng: Rng, materials: Materials) -> list[Part]:
    """Short, with a round blade."""
    n, w, metal = rng.uniform(0.06, 0.085), rng.uniform(0.011, 0.016), steel(rng)
    outline = [(0, -0.004), (n * 0.15, -w * 0.9), (n * 0.7, -w * 1.15), (n, -w * 0.6), (n * 1.04, w * 0.4), (n * 0.85, w * 0.75), (0, 0.005)]
    if rng.random() < 0.35:  # a spreader of wood
        metal = Look(t.wood(rng, 64), specular=0.2)
    blade = plate(eased([*outline, outline[0]])[:-1], 0.0018 if metal.image is None else 0.003).moved((0, 0, 0.003))
    look = metal if rng.random() < 0.4 else handle_look(rng)
    parts = [Part(blade, metal), *grip(rng, -rng.uniform(0.07, 0.1), 0.004, rng.uniform(0.0065, 0.009), 0.0055, look)[:1]]
    if rng.random() < 0.4:
        butter = rounded((n * 0.5, w * 1.5, 0.007), 0.7, 14, 0.1, rng).moved((n * 0.65, -w * 0.15, 0.004))
        parts.append(Part(butter, paint(rng, rng.choice([0.14, 0.97, 0.06]), (0.4, 0.8), (0.5, 1.0)), ()))
    return parts


@KINDS.add("cutlery", "table", False, 1.1, 0.2)
def chef_knife(rng: Rng, materials: Materials) -> list[Part]:
    """A kitchen knife: for meat, bread, vegetables, or a cleaver."""
    pick, metal, z = int(rng.integers(4)), steel(rng), 0.008
    n = rng.uniform(*((0.16, 0.24), (0.18, 0.24), (0.13, 0.18), (0.15, 0.2))[pick])
    w = rng.uniform(*((0.038, 0.05), (0.026, 0.034), (0.04, 0.048), (0.07, 0.095))[pick])
    x = np.linspace(0, n, 40)
    if pick == 0:
        edge = [(0.002, -w * 0.62), (n * 0.45, -w * 0.6), (n * 0.8, -w * 0.28), (n, w * 0.3), (n * 0.85, w * 0.36), (0, w * 0.38)]
    elif pick == 1:  # serrated
        edge = [*zip(x[:-2], -w * 0.6 - 0.0016 * (np.arange(38) % 2)), (n, w * 0.2), (n * 0.92, w * 0.36), (0, w * 0.4)]
    elif pick == 2:  # a blunt tip
        edge = [(0.002, -w * 0.6), (n * 0.75, -w * 0.58), (n * 0.97, -w * 0.4), (n, -w * 0.2), (n * 0.9, w * 0.25), (n * 0.75, w * 0.4), (0, w * 0.4)]
    else:
        edge = [(0.003, -w * 0.75), (n, -w * 0.78), (n * 1.01, w * 0.24), (0, w * 0.24)]
    blade = plate(edge, 0.0022).moved((0, 0, z - 0.0011))
    grip_n, look = rng.uniform(0.1, 0.13), dark(rng) if rng.random() < 0.5 else handle_look(rng)
    outline = eased([(0.006, -0.011), (-grip_n * 0.4, -0.0085), (-grip_n * 0.8, -0.012), (-grip_n, -0.014), (-grip_n, 0.01), (-grip_n * 0.5, 0.012),
                     (0.006, 0.012), (0.006, -0.011)])[:-1]  # fmt: skip
    handle = plate(outline, 0.016).moved((0, 0, z - 0.008))
    parts = [Part(blade, metal), Part(handle, look)]
    if rng.random() < 0.6:
        rivets = [cylinder(0.003, 0.0168, 12).moved((-grip_n * s, -0.0005, z - 0.0084)) for s in (0.15, 0.48, 0.82)]
        parts.append(Part(join(rivets), metal, ()))
    if rng.random() < 0.5:
        parts.append(Part(box((0.012, 0.026, 0.017)).moved((0.002, 0, z - 0.0085)), metal, ()))
    if pick == 3:
        parts.append(Part(cylinder(0.0045, 0.0026, 14).moved((n * 0.93, w * 0.1, z - 0.0013)), Look(None, (0.05, 0.05, 0.05, 1), 0.1), ()))
    return parts


@KINDS.add("cutlery", TABLE, False, 0.9, 0.15)
def skimmer(rng: Rng, materials: Materials) -> list[Part]:
    r, n, metal = rng.uniform(0.05, 0.075), rng.uniform(0.2, 0.28), steel(rng)
    dish = [(0, 0), (r * 0.6, 0.003), (r, 0.016), (r * 1.01, 0.018), (r * 0.6, 0.0055), (0, 0.002)]
    if rng.random() < 0.5:  # of sheet metal with holes
        rows = int(rng.integers(9, 14))
        flat = turned(dish, 32)
        uv = flat.vertices[:, :2] / (2.1 * r) + 0.5
        parts = [Part(Mesh(flat.vertices, flat.faces, uv), Look(holed(t.metal(rng, 256), rows, rows, rng.uniform(0.06, 0.12)), specular=0.8))]
    else:  # of wire
        loops = [wire_ring(k * r, 0.001, 0.001 + 0.017 * k**2, 28) for k in np.linspace(0.12, 0.9, 6)]
        s = np.linspace(-1, 1, 11)
        spokes = [tube(np.column_stack((r * s, 0 * s, 0.002 + 0.017 * s**2)), 0.001, 6).moved(turn=rotation("z", a)) for a in np.arange(0, 180, 22.5)]
        hull = solid([(r * 0.5, 0), (r, 0.02)], 20)
        parts = [Part(join([*loops, *spokes]), metal, (hull,)), Part(wire_ring(r, 0.0022, 0.018, 32), metal, ())]
    rise = rng.uniform(0.02, 0.06)
    neck = eased([(-r * 0.97, 0, 0.017), (-r - 0.03, 0, 0.022), (-r - 0.08, 0, 0.02 + rise * 0.5), (-r - n * 0.6, 0, 0.02 + rise)])
    look = metal if rng.random() < 0.4 else handle_look(rng)
    return [*parts, Part(tube(neck, 0.0042, 8, 0.6), metal, ()), *grip(rng, -r - n, -r - n * 0.5, 0.0095, 0.02 + rise, look)]


@KINDS.add("cutlery", TABLE, False, 0.8, 0.2)
def potato_masher(rng: Rng, materials: Materials) -> list[Part]:
    r, n, metal = rng.uniform(0.036, 0.048), rng.uniform(0.1, 0.15), steel(rng)
    look, z = handle_look(rng), r
    if rng.random() < 0.5:
        disc = plate([(r * np.cos(a), r * 0.85 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 29)[:-1]], 0.003)
        head = Part(disc.moved((n, 0, z), ALONG_X), Look(holed(t.metal(rng, 256), 7, 7, 0.12), specular=0.8))
    else:
        s = np.linspace(-1, 1, 40)
        wave = np.column_stack((np.full(40, n), r * 0.75 * np.sign(np.sin(s * 9)) * np.abs(np.sin(s * 9)) ** 0.5, z + 0.98 * r * s))
        head = Part(tube(wave, 0.003, 8), metal, (box((0.007, r * 1.5, 2 * r)).moved((n, 0, 0)),))
    legs = [tube(eased([(0.0, 0, z), (n * 0.2, 0, z), (n * 0.55, 0, z + s * r * 0.7), (n, 0, z + s * r * 0.75)]), 0.0035, 8) for s in (-1, 1)]
    return [head, Part(join(legs), metal), *grip(rng, -rng.uniform(0.09, 0.12), 0.004, 0.0125, z, look)]


@KINDS.add("cutlery", TABLE, False, 0.8, 0.12)
def pizza_cutter(rng: Rng, materials: Materials) -> list[Part]:
    r, metal, z = rng.uniform(0.03, 0.045), steel(rng), 0.012
    wheel = solid([(r * 0.97, 0), (r, 0.0008), (r * 0.97, 0.0016)], 40).moved((0, 0, z - 0.0008))
    hub, look = cylinder(r * 0.2, 0.014, 18).moved((0, 0, z - 0.007)), handle_look(rng)
    arms = [eased([(0, 0, z + s * 0.005), (-r * 0.8, 0, z + s * 0.006), (-r - 0.02, 0, z)]) for s in (-1, 1)]
    forks = [tube(arm, np.linspace(0.006, 0.008, len(arm)), 8, 0.3) for arm in arms]
    guard = rounded((0.012, r * rng.uniform(0.7, 1.1), 0.02), 0.6, 14).moved((-r - 0.022, 0, z - 0.01))
    return [Part(wheel, metal), Part(hub, metal if rng.random() < 0.5 else look, ()), Part(join(forks), metal if rng.random() < 0.6 else look, ()),
            Part(guard, look), *grip(rng, -r - rng.uniform(0.11, 0.15), -r - 0.022, 0.0125, z, look)]  # fmt: skip


@KINDS.add("cutlery", TABLE, False, 0.8, 0.08)
def measuring_spoons(rng: Rng, materials: Materials) -> list[Part]:
    """Three to five on a ring."""
    count, alike, deep = int(rng.integers(3, 6)), steel(rng) if rng.random() < 0.5 else plastic(rng), rng.uniform(0.7, 1.0)
    colourful, parts, a = rng.random() < 0.5 and alike.specular < 0.6, [], np.linspace(0, np.pi / 2, 6)
    for k in range(count):
        r, n = 0.024 - 0.004 * k, 0.075 - 0.004 * k
        look = plastic(rng) if colourful else alike
        cup = turned([*zip(r * np.sin(a), r - r * np.cos(a)), *zip(0.92 * r * np.sin(a[::-1]), r - 0.9 * r * np.cos(a[::-1]))], 22)
        stem = box((n, 0.0085, 0.0016)).moved((n / 2, 0, r * deep - 0.0016))
        spoon = [cup.moved((n + r * 0.94, 0, 0), scale=(1, 1, deep)), stem]
        turn = rotation("z", (k - (count - 1) / 2) * rng.uniform(33, 40))
        spoon = [mesh.moved(turn=turn) for mesh in spoon]
        parts.append(Part(join(spoon), look, spoon))
    return [*parts, Part(wire_ring(0.011, 0.0012, 0.018, 22).moved((-0.004, 0, 0)), steel(rng), ())]


@KINDS.add("cutlery", TABLE, False, 0.7, 0.04)
def honey_dipper(rng: Rng, materials: Materials) -> list[Part]:
    r, n, rows = rng.uniform(0.014, 0.019), rng.uniform(0.1, 0.14), int(rng.integers(5, 8))
    look = Look(t.wood(rng, 64), specular=0.3) if rng.random() < 0.8 else plastic(rng)
    z = np.linspace(0, 2.4 * r, 4 * rows)
    swell = r * np.sqrt(np.clip(1 - ((z / (2.4 * r) - 0.5) * 1.7) ** 2, 0.1, 1))
    swell = np.where(np.arange(4 * rows) % 4 < 2, swell, swell * 0.55)
    head = solid([*zip(swell, z)], 22).moved((0, 0, r), ALONG_X)
    stick = tube([(-n, 0, r), (-n * 0.9, 0, r), (-n * 0.5, 0, r), (0.003, 0, r)], [0.004, 0.006, 0.004, 0.0045], 10)
    parts = [Part(head, look), Part(stick, look)]
    if rng.random() < 0.4:
        honey = rounded((1.9 * r, 2.1 * r, 2.05 * r), 0.9, 18).moved((1.6 * r, 0, -0.02 * r))
        parts.append(Part(honey, Look(None, (0.85, 0.5, 0.08, 0.7), 1.0, 0.9), ()))
    return parts
