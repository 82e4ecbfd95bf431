"""Tools with a motor or a heater: for grinding, sawing, sanding, soldering and the garden."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import BLACK, cord
from rmpsam_ros.simulation.kinds.hardware import ALONG_Y, bars, bow, laid
from rmpsam_ros.simulation.kinds.vessels import TABLE, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, PLACES, cylinder, dark, plastic, profiled, tapered
from rmpsam_ros.simulation.shapes import box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


@KINDS.add("tool", TABLE, False, 1.0, 0.2)
def soldering_iron(rng: Rng, materials: Materials) -> list[Part]:
    g, n, r = rng.uniform(0.1, 0.14), rng.uniform(0.06, 0.11), rng.uniform(0.009, 0.014)
    case, metal, x = plastic(rng), steel(rng), np.linspace(0, g, 8)
    grip = tube(np.column_stack((x, 0 * x, 0 * x)), r * np.array([0.7, 1, 1, 0.85, 0.85, 0.95, 0.9, 0.55]), 14)
    collar, sleeve = cylinder(r * 1.25, 0.006).moved((-0.004, 0, 0), ALONG_X), tube([(-n, 0, 0), (-n * 0.5, 0, 0), (0, 0, 0)], [0.0042, 0.005, 0.005],
                                                                                    12)  # fmt: skip
    tip = tube([(-n - 0.03, 0, 0), (-n - 0.012, 0, 0), (-n + 0.002, 0, 0)], [0.0006, 0.003, 0.0034], 10)
    iron = [Part(grip, case), Part(collar, dark(rng)), Part(sleeve, metal), Part(tip, Look(None, (0.7, 0.5, 0.35, 1), 0.8))]
    if rng.random() < 0.5:
        return [*laid(iron, np.eye(3)), cord(rng, (g, 0, r), rng.uniform(0.15, 0.4), 0.003)]
    # in the coil of its stand
    s, at, lean = np.linspace(0, 1, 90), np.array((0.005, 0, 0.075)), rotation("y", rng.uniform(-50, -30))
    wide = 0.017 - 0.006 * s
    coil = tube(np.column_stack((-n * 0.9 * s, wide * np.cos(50 * s), wide * np.sin(50 * s))), 0.0016, 5)
    foot = [box((0.14, 0.08, 0.018)), tube([(0.02, 0, 0.015), (0.005, 0, 0.07)], 0.006, 8)]
    pad = box((0.05, 0.055, 0.012)).moved((-0.04, 0, 0.017))
    iron = [p.moved(at, lean) for p in iron]
    return [*iron, Part(coil.moved(at, lean), metal, ()), *(Part(m, dark(rng)) for m in foot), Part(pad, Look(None, (0.9, 0.75, 0.3, 1), 0), ())]


@KINDS.add("tool", PLACES, False, 1.1, 1.8)
def angle_grinder(rng: Rng, materials: Materials) -> list[Part]:
    r, n, case, trim, metal = rng.uniform(0.055, 0.085), rng.uniform(0.19, 0.26), plastic(rng), dark(rng), steel(rng)
    body = tube([(-n, 0, 0.05), (-n * 0.95, 0, 0.05), (-n * 0.5, 0, 0.05), (-n * 0.3, 0, 0.05), (0, 0, 0.05)], [0.026, 0.031, 0.027, 0.034, 0.034],
                16)  # fmt: skip
    head = tapered(rounded((0.085, 0.066, 0.062), 0.45), 0.85, 0.8).moved((0.035, 0, 0.022))
    stone = t.plain(rng, 64, t.color(rng, (0, 0.4), (0.1, 0.5)), 0.5)
    disc = turned([(0, 0), (0.02, 0), (0.03, 0.004), (r, 0.004), (r, 0.008), (0.02, 0.008), (0.02, 0.022), (0, 0.022)], 36).moved((0.045, 0, 0.003))
    guard = join([plate([(0, 0), *bow(r + 0.006, 95, 265, 0.0)[:20]], 0.003).moved((0, 0, 0.019)), plate(bow(r + 0.006, 95, 265, 0.003), 0.02)])
    side = rng.choice([-1, 1])
    knob = tube([(0.035, side * y, 0.055) for y in (0.028, 0.04, 0.05, 0.1, 0.14)], [0.008, 0.008, 0.016, 0.014, 0.017], 12)
    switch = rounded((0.06, 0.02, 0.012), 0.4, 14).moved((-n * 0.5, 0, 0.073))
    parts = [Part(body, case), Part(head, metal), Part(disc, Look(stone, specular=0.1)), Part(guard.moved((0.045, 0, 0.002)), metal, ()),
             Part(knob, trim), Part(switch, trim, ())]  # fmt: skip
    if rng.random() < 0.5:
        return [*parts, Part(rounded((0.075, 0.065, 0.09), 0.2).moved((-n - 0.02, 0, 0.01)), trim)]
    tail = cord(rng, (0, 0, 0.05), rng.uniform(0.15, 0.35), 0.004)
    return [*parts, Part(tail.mesh.moved((-n, 0, 0), rotation("z", 180)), tail.look, ())]


@KINDS.add("tool", PLACES, False, 1.0, 1.6)
def jigsaw(rng: Rng, materials: Materials) -> list[Part]:
    n, case, trim, metal = rng.uniform(0.17, 0.23), plastic(rng), dark(rng), steel(rng)
    sole = plate([(-n * 0.4, -0.034), (n * 0.45, -0.034), (n * 0.5, -0.02), (n * 0.5, 0.02), (n * 0.45, 0.034), (-n * 0.4, 0.034)], 0.005)
    motor = tapered(rounded((n * 1.05, 0.062, 0.075), 0.35), 0.8).moved((-n * 0.02, 0, 0.03), rotation("y", 4))
    front = rounded((0.05, 0.052, 0.11), 0.3).moved((n * 0.36, 0, 0.008))
    arch = bars([(n * 0.38, 0, 0.1), (n * 0.28, 0, 0.165), (n * 0.1, 0, 0.185), (-n * 0.3, 0, 0.175), (-n * 0.47, 0, 0.14), (-n * 0.46, 0, 0.08)],
                0.017, 12)  # fmt: skip
    saw_edge = [(0.006 + 0.003 * (k % 2), z) for k, z in enumerate(np.linspace(-0.08, 0.0, 16))]
    blade = profiled([(-0.002, 0.01), (-0.001, -0.08), *saw_edge, (0.007, 0.01)], 0.0015).moved((n * 0.37, 0, 0))
    foot = box((0.06, 0.05, 0.03)).moved((-n * 0.1, 0, 0.003))
    parts = [Part(sole, metal), Part(motor, case), Part(front, case if rng.random() < 0.5 else trim), Part(join(arch), trim, arch),
             Part(blade, metal), Part(foot, metal, ())]  # fmt: skip
    return laid(parts, rotation("x", rng.choice([-90, 90])))


@KINDS.add("tool", "floor table", True, 1.0, 3.0)
def circular_saw(rng: Rng, materials: Materials) -> list[Part]:
    r, case, trim, metal = rng.uniform(0.07, 0.095), plastic(rng), dark(rng), steel(rng)
    z, teeth = r + 0.003, [(r * (1.0 if k % 2 else 0.95) * np.cos(a), r * (1.0 if k % 2 else 0.95) * np.sin(a))
                           for k, a in enumerate(np.linspace(0, 2 * np.pi, 64, endpoint=False))]  # fmt: skip
    blade = plate(teeth, 0.002).moved((0, 0.001, z), rotation("x", 90))
    guard = plate([*bow(r + 0.012, 8, 172, 0.0)[:20], (-r * 0.6, -0.01), (r * 0.6, -0.01)], 0.034).moved((0, 0.017, z), rotation("x", 90))
    motor = [cylinder(r * 0.62, 0.05, 24).moved((0.0, 0.015, z + 0.015), ALONG_Y), cylinder(r * 0.5, 0.12, 24).moved((0.0, 0.03, z + 0.015), ALONG_Y)]
    sole = [box((r * 3.4, 0.1, 0.004)).moved((0, 0.062, 0)), box((r * 3.4, 0.025, 0.004)).moved((0, -0.022, 0))]
    back = [(-r * 0.55, 0.03, z + r * 0.6), (-r * 1.0, 0.03, z + r * 1.15), (-r * 1.7, 0.03, z + r * 0.95), (-r * 2.1, 0.03, z + r * 0.1),
            (-r * 1.2, 0.03, z - r * 0.3), (-r * 0.4, 0.03, z)]  # fmt: skip
    grip = bars(back, 0.018, 12)
    knob = tube([(r * 0.7, 0.03, z + r * 0.5), (r * 1.0, 0.03, z + r * 0.95), (r * 1.1, 0.03, z + r * 1.15)], [0.014, 0.016, 0.02], 12)
    hub = cylinder(0.016, 0.006).moved((0, 0, z), rotation("x", 90))
    return [Part(blade, metal), Part(hub, metal, ()), Part(guard, case if rng.random() < 0.5 else metal), *(Part(m, case) for m in motor),
            *(Part(m, metal) for m in sole), Part(join(grip), trim, grip), Part(knob, trim)]  # fmt: skip


@KINDS.add("tool", PLACES, True, 1.0, 1.3)
def orbital_sander(rng: Rng, materials: Materials) -> list[Part]:
    case, trim, r = plastic(rng), dark(rng), rng.uniform(0.055, 0.068)
    grit = Look(t.plain(rng, 64, t.color(rng, (0.2, 0.7), (0.3, 0.7), 0.05), 0.5), specular=0)
    square = rng.choice([0.0, 0.0, 0.9])
    pad = [turned([(0, a), (r, a), (r, b), (0, b)], 32, square) for a, b in ((0.0, 0.003), (0.003, 0.018))]
    body = turned([(0, 0.018), (r * 0.75, 0.02), (r * 0.8, 0.035), (r * 0.62, 0.06), (r * 0.6, 0.09), (r * 0.72, 0.11), (r * 0.66, 0.13),
                   (r * 0.35, 0.142), (0, 0.145)], 28, square * 0.4)  # fmt: skip
    back = tube([(r * 0.3, 0, 0.105), (r * 1.1, 0, 0.11), (r * 1.9, 0, 0.105)], [0.03, 0.024, 0.026], 14)
    cap = turned([(r * 0.67, 0.13), (r * 0.36, 0.144), (0, 0.148)], 28, square * 0.4)
    sack = rounded((0.13, 0.06, 0.06), 0.6, 20, 0.04, rng).moved((-r * 0.7 - 0.07, 0, 0.035))
    neck = tube([(-r * 0.4, 0, 0.05), (-r * 0.9, 0, 0.06)], 0.014, 10)
    parts = [Part(pad[0], grit), Part(pad[1], trim), Part(body, case), Part(cap, trim, ())]
    if rng.random() < 0.6:
        parts += [Part(sack, Look(t.plain(rng, 32, None, 0.2), specular=0)), Part(neck, trim, ())]
    if rng.random() < 0.6:
        parts += [Part(back, case), cord(rng, (r * 1.9, 0, 0.105), rng.uniform(0.15, 0.4), 0.004)]
    return parts


@KINDS.add("tool", "floor", True, 0.8, 5.0)
def chainsaw(rng: Rng, materials: Materials) -> list[Part]:
    n, case, trim, metal = rng.uniform(0.28, 0.45), plastic(rng), dark(rng), steel(rng)
    body = rounded((0.24, 0.17, 0.2), 0.3, 24).moved((0, 0, 0.0))
    cover = rounded((0.17, 0.05, 0.15), 0.3, 20).moved((0.05, -0.095, 0.02))
    a = np.linspace(-np.pi / 2, np.pi / 2, 9)
    outline = [(0, -0.034), *zip(n + 0.03 * np.cos(a), 0.034 * np.sin(a) * 0.9), (0, 0.034)]
    bar = profiled(outline, 0.006).moved((0.11, -0.06, 0.085))
    rim = [(0, -0.034 - 0.004), *zip(n + 0.036 * np.cos(a), 0.04 * np.sin(a) * 0.9), (0, 0.038)]
    links = [box((0.011, 0.009, 0.009)).moved((0.11 + x, -0.06, 0.085 + z - 0.004)) for z in (-0.036, 0.036) for x in np.arange(0.03, n, 0.019)]
    front = bars([(0.03, 0.09, 0.05), (0.04, 0.1, 0.2), (0.04, 0.07, 0.26), (0.04, -0.06, 0.26), (0.05, -0.1, 0.18)], 0.013, 10)
    back = bars([(-0.07, 0, 0.19), (-0.17, 0, 0.2), (-0.25, 0, 0.13), (-0.25, 0, 0.045), (-0.1, 0, 0.03)], 0.018, 10)
    shield = box((0.012, 0.16, 0.08)).moved((0.09, 0, 0.19), rotation("y", 15))
    cap = cylinder(0.025, 0.012).moved((-0.02, -0.083, 0.06), rotation("x", 90))
    return [Part(body, case), Part(cover, case if rng.random() < 0.5 else trim), Part(bar, metal),
            Part(profiled(rim, 0.004).moved((0.11, -0.06, 0.085)), BLACK, ()),
            Part(join(links), BLACK, ()), Part(join(front), trim, front), Part(join(back), trim, back), Part(shield, trim, ()),
            Part(cap, BLACK, ())]  # fmt: skip


@KINDS.add("tool", "floor", False, 0.8, 3.0)
def string_trimmer(rng: Rng, materials: Materials) -> list[Part]:
    n, case, trim, r = rng.uniform(0.9, 1.3), plastic(rng), dark(rng), rng.uniform(0.04, 0.055)
    shaft = tube([(-n * 0.5, 0, 0.1), (n * 0.42, 0, 0.06), (n * 0.47, 0, 0.055), (n * 0.5, 0, 0.04)], 0.013, 12)
    spool = turned([(0, 0), (r * 0.7, 0), (r, 0.012), (r, 0.035), (r * 0.6, 0.05), (0, 0.05)], 26).moved((n * 0.5, 0, 0.004))
    fan = plate([(0.02, 0), *bow(0.15, 100, 260, 0.0)[:20]], 0.004).moved((n * 0.5, 0, 0.055))
    lip = plate(bow(0.15, 100, 260, 0.004), 0.03).moved((n * 0.5, 0, 0.028))
    motor = rounded((0.2, 0.1, 0.12), 0.35, 20).moved((-n * 0.5 - 0.06, 0, 0.04))
    arch = bars([(-n * 0.22, -0.01, 0.09), (-n * 0.2, -0.07, 0.13), (-n * 0.2, -0.04, 0.21), (-n * 0.2, 0.04, 0.21), (-n * 0.2, 0.07, 0.13),
                 (-n * 0.22, 0.01, 0.09)], 0.011)  # fmt: skip
    grip = tube([(-n * 0.45, 0, 0.098), (-n * 0.33, 0, 0.094)], 0.021, 12)
    lines = [tube([(n * 0.5, y * r, 0.02), (n * 0.5 + 0.03, y * 0.1, 0.014), (n * 0.5 + 0.05, y * 0.13, 0.004)], 0.0014, 5) for y in (-1, 1)]
    return [Part(shaft, steel(rng) if rng.random() < 0.6 else trim), Part(spool, trim),
            Part(join([fan, lip]), case if rng.random() < 0.5 else trim, ()), Part(motor, case),
            Part(join(arch), trim, arch), Part(grip, trim), Part(join(lines), plastic(rng), ())]  # fmt: skip


@KINDS.add("tool", PLACES, True, 0.9, 2.5)
def plunge_router(rng: Rng, materials: Materials) -> list[Part]:
    r, h, case, trim, metal = rng.uniform(0.042, 0.052), rng.uniform(0.2, 0.27), plastic(rng), dark(rng), steel(rng)
    sole = turned([(r * 0.6, 0), (r * 1.75, 0), (r * 1.75, 0.008), (r * 0.6, 0.008), (r * 0.6, 0)], 32)
    posts = [cylinder(0.009, h * 0.5, 14).moved((x * r * 1.15, 0, 0.006)) for x in (-1, 1)]
    block = rounded((r * 3.1, r * 1.3, 0.05), 0.35, 20).moved((0, 0, h * 0.4))
    motor = turned([(0, h * 0.35), (r * 0.8, h * 0.35), (r, h * 0.45), (r, h * 0.85), (r * 0.85, h), (0, h)], 28)
    slits = [box((0.004, r * 2.04, 0.02)).moved((x, 0, h * 0.8)) for x in np.linspace(-0.4, 0.4, 5) * r]
    balls = [tube([(x * r * 1.4, 0, h * 0.47), (x * r * 1.8, 0, h * 0.49), (x * r * 2.3, 0, h * 0.52), (x * r * 2.6, 0, h * 0.53)],
                  [0.012, 0.019, 0.022, 0.014], 14) for x in (-1, 1)]  # fmt: skip
    bit = join([cylinder(0.012, h * 0.16, 12).moved((0, 0, h * 0.22)), cylinder(0.005, h * 0.2, 10).moved((0, 0, 0.01))])
    tail = cord(rng, (r, 0, h * 0.92), rng.uniform(0.15, 0.35), 0.004)
    return [Part(sole, metal), *(Part(m, metal) for m in posts), Part(block, case), Part(motor, trim if rng.random() < 0.3 else case),
            Part(join(slits), BLACK, ()),
            *(Part(m, trim) for m in balls), Part(bit, metal, ()), tail]  # fmt: skip
