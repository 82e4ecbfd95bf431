"""Computers, screens, and the devices that stand on desks and shelves."""

from __future__ import annotations

import cv2
import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.electronics import LENS, key_grid, readout
from rmpsam_ros.simulation.kinds.gadgets import BLACK, TO_FRONT, casing, cord, shown
from rmpsam_ros.simulation.kinds.hardware import bars, bow
from rmpsam_ros.simulation.kinds.kitchen import holed
from rmpsam_ros.simulation.kinds.kitchen_machines import dial
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.vessels import TABLE, ceramic, hollow, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic, profiled
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

GREEN = Look(None, (0.2, 0.95, 0.35, 1), emission=0.8)


def _waves(rng: Rng) -> Look:
    """Curves on a grid, as an oscilloscope shows them."""
    image, x = np.full((128, 128, 3), t.color(rng, (0, 0.8), (0.0, 0.12)), np.uint8), np.arange(128)
    for k in range(0, 128, 16):
        image[k], image[:, k] = 60, 60
    for _ in range(int(rng.integers(1, 4))):
        y = rng.uniform(35, 95) + rng.uniform(8, 28) * np.sin(x * rng.uniform(0.08, 0.4) + rng.uniform(0, 6))
        if rng.random() < 0.3:
            y = rng.uniform(40, 90) + 18 * np.sign(np.sin(x * rng.uniform(0.08, 0.3)))
        cv2.polylines(image, [np.column_stack((x, y)).astype(np.int32)], False, tuple(int(v) for v in t.color(rng, (0.4, 1), (0.8, 1))), 2)
    return Look(image, specular=0.7, shininess=0.9, emission=0.5)


@KINDS.add("computer", TABLE, True, 1.0, 1.0)
def mini_pc(rng: Rng, materials: Materials) -> list[Part]:
    w, h, case = rng.uniform(0.1, 0.2), rng.uniform(0.03, 0.06), casing(rng) if rng.random() < 0.6 else steel(rng)
    y = -w / 2 - 0.0005
    body = rounded((w, w, h), rng.uniform(0.08, 0.3), 28) if rng.random() < 0.8 else box((w, w, h))
    slots = [box((0.013, 0.003, 0.006)).moved((x * w, y, h * 0.45)) for x in np.linspace(-0.3, 0.1, int(rng.integers(2, 5)))]
    button = cylinder(0.006, 0.003, 16).moved((w * 0.34, y + 0.001, h * 0.5), TO_FRONT)
    lid = rounded((w * 0.86, w * 0.86, 0.004), 0.15).moved((0, 0, h - 0.0025))
    vents = [box((0.003, w * 0.5, 0.002)).moved((x * w, 0, h + 0.0008)) for x in np.linspace(-0.25, 0.25, int(rng.integers(6, 14)))]
    feet = [cylinder(0.008, 0.004, 12).moved((a * w * 0.36, b * w * 0.36, -0.0035)) for a in (-1, 1) for b in (-1, 1)]
    mark = Part(box((w * 0.25, w * 0.25, 0.001)).moved((w * 0.2, w * 0.2, h + 0.001)), Look(t.print_on(rng, 64, materials.crop(rng))), ())
    parts = [Part(body, case), Part(join(slots), BLACK, ()), Part(button, GREEN if rng.random() < 0.6 else steel(rng), ()), Part(join(feet), BLACK),
             Part(lid, dark(rng) if rng.random() < 0.5 else casing(rng), ()),
             Part(join(vents), BLACK, ()) if rng.random() < 0.6 else mark]  # fmt: skip
    for x in (-0.25, 0.05, 0.3)[: int(rng.integers(0, 4))]:
        wire = cord(rng, (w / 2, 0, h * 0.4), rng.uniform(0.1, 0.25), 0.0025)
        plug = box((0.014, 0.02, 0.01)).moved((x * w, w / 2 + 0.008, h * 0.3))
        parts += [Part(wire.mesh.moved((x * w, 0, 0), rotation("z", 90)), wire.look, ()), Part(plug, BLACK, ())]
    return parts


@KINDS.add("computer", "table floor shelf", True, 0.9, 8.0)
def rack_server(rng: Rng, materials: Materials) -> list[Part]:
    w, units = 0.43, int(rng.choice([1, 2, 2, 4]))
    d, h, case, front = rng.uniform(0.3, 0.5), 0.0445 * units - 0.002, steel(rng), dark(rng) if rng.random() < 0.7 else casing(rng)
    y, rows, columns = -d / 2 - 0.006, max(1, units // int(rng.choice([1, 2]))), int(rng.choice([4, 8, 10]))
    parts = [Part(box((w, d, h), 2), case), Part(box((w * 1.1, 0.012, h)).moved((0, -d / 2, 0)), front)]
    tray, look = box((w * 0.76 / columns * 0.9, 0.008, h / rows * 0.84)), casing(rng)
    at = [((c - (columns - 1) / 2) * w * 0.76 / columns - w * 0.08, y - 0.002, (r + 0.08) * h / rows) for r in range(rows) for c in range(columns)]
    holes = [box((w * 0.76 / columns * 0.5, 0.002, h / rows * 0.4)).moved((a, b - 0.005, c + h / rows * 0.2)) for a, b, c in at]
    lights = [box((0.003, 0.002, 0.003)).moved((a - w * 0.3 / columns, b - 0.0045, c + h / rows * 0.1)) for a, b, c in at if rng.random() < 0.7]
    parts += [Part(join([tray.moved(p) for p in at]), look, ()), Part(join(holes), BLACK, ()),
              Part(cylinder(0.007, 0.006).moved((w * 0.4, y, h * 0.6), TO_FRONT), GREEN, ())]  # fmt: skip
    if lights:
        parts.append(Part(join(lights), GREEN if rng.random() < 0.7 else Look(None, (0.2, 0.5, 1, 1), emission=0.8), ()))
    grips = [m for x in (-1, 1) for m in bars([(x * w * 0.525, y, h * 0.15), (x * w * 0.525, y - 0.03, h * 0.2), (x * w * 0.525, y - 0.03, h * 0.8),
                                               (x * w * 0.525, y, h * 0.85)], 0.005)]  # fmt: skip
    vents = [box((w * 0.03, d * 0.1, 0.002)).moved((x * w, d * 0.3, h - 0.001)) for x in np.linspace(-0.4, 0.4, 12)]
    return [*parts, Part(join(grips), steel(rng), ()), Part(join(vents), BLACK, ())]


@KINDS.add("computer", TABLE, False, 1.0, 1.5)
def closed_laptop(rng: Rng, materials: Materials) -> list[Part]:
    w = rng.uniform(0.28, 0.39)
    d, h, case = w * rng.uniform(0.62, 0.74), rng.uniform(0.012, 0.026), steel(rng) if rng.random() < 0.5 else casing(rng)
    lower, edge = case if rng.random() < 0.6 else dark(rng), rng.uniform(0.06, 0.14)
    gap = box((w * 0.985, d * 0.985, 0.002)).moved((0, 0, h * 0.6))
    parts = [Part(rounded((w, d, h * 0.62), edge, 32), lower), Part(gap, BLACK, ()),
             Part(rounded((w, d, h * 0.4), edge, 32).moved((0, 0, h * 0.66)), case),
             Part(cylinder(h * 0.35, w * 0.7, 14).moved((-w * 0.35, d / 2 - h * 0.1, h * 0.58), ALONG_X), dark(rng))]  # fmt: skip
    top = h * 1.06
    if rng.random() < 0.6:
        parts.append(Part(cylinder(rng.uniform(0.014, 0.024), 0.0008, 24).moved((0, 0, top - 0.0003)), steel(rng), ()))
    for _ in range(int(rng.integers(0, 4))):  # stickers
        size = rng.uniform((0.03, 0.03, 0.0006), (0.09, 0.08, 0.0008))
        at = (rng.uniform(-0.32, 0.32) * w, rng.uniform(-0.3, 0.3) * d, top - 0.0003)
        parts.append(Part(box(size).moved(at, rotation("z", rng.uniform(-20, 20))), Look(t.print_on(rng, 128, materials.crop(rng)), specular=0.3),
                          ()))  # fmt: skip
    ports = [box((0.003, 0.011, h * 0.25)).moved((x * w * 0.4975, y * d, h * 0.22)) for x in (-1, 1) for y in (0.1, 0.2, 0.32)]
    return [*parts, Part(join(ports), BLACK, ())]


@KINDS.add("screen", "table floor shelf", True, 1.0, 8.0)
def television(rng: Rng, materials: Materials) -> list[Part]:
    w, z, case, rim = rng.uniform(0.5, 1.1), rng.uniform(0.04, 0.09), dark(rng), rng.uniform(0.006, 0.02)
    h, deep = w * 0.57, w * rng.uniform(0.15, 0.26)
    if rng.random() < 0.75:
        back = rounded((w * 0.7, 0.05, h * 0.5), 0.2).moved((0, 0.03, z + h * 0.05))
        parts = [Part(box((w, 0.022, h), 2).moved((0, 0, z)), case), Part(back, case)]
    else:  # an old one with a tube behind it
        w, h, z, deep, rim = w * 0.6, w * 0.46, 0.02, w * 0.45, w * 0.03
        case = casing(rng)
        hull = profiled([(-w * 0.5, 0), (w * 0.5, 0), (w * 0.5, h), (-w * 0.5, h)], 0.1).moved((0, 0.04, z))
        tail = rounded((w * 0.75, w * 0.5, h * 0.8), 0.35).moved((0, 0.04 + w * 0.22, z + h * 0.06))
        parts = [Part(hull, case), Part(tail, case)]
    front = min(p.mesh.bounds()[0][1] for p in parts)
    parts.append(Part(box((w - 2 * rim, 0.002, h - 2.6 * rim)).moved((0, front - 0.0005, z + rim * 1.6)), shown(rng, materials), ()))
    metal = steel(rng) if rng.random() < 0.5 else case
    if rng.random() < 0.5 or z < 0.03:
        for x in (-1, 1):
            at = x * w * 0.36
            leg = bars([(at, -deep * 0.6, 0.008), (at, 0, z + 0.012), (at, deep * 0.6, 0.008)], 0.008)
            parts.append(Part(join(leg), metal, leg))
    else:
        foot = box((w * rng.uniform(0.35, 0.6), deep * 1.1, 0.012))
        parts += [Part(foot, metal), Part(box((w * 0.1, 0.03, z + 0.05)).moved((0, 0.015, 0)), metal)]
    return [*parts, Part(box((0.006, 0.002, 0.003)).moved((w * 0.42, front - 0.001, z + rim * 0.6)), Look(None, (0.9, 0.1, 0.1, 1), emission=0.8),
                         ())]  # fmt: skip


@KINDS.add("screen", "table", True, 0.9, 5.0)
def curved_monitor(rng: Rng, materials: Materials) -> list[Part]:
    w, case, z, n = rng.uniform(0.55, 0.9), dark(rng) if rng.random() < 0.6 else casing(rng), rng.uniform(0.08, 0.15), 24
    h, r = w * rng.uniform(0.38, 0.52), w * rng.uniform(0.9, 1.7)
    half = np.degrees(w / 2 / r)
    panel = plate([(x, y - r) for x, y in bow(r + 0.018, 90 - half, 90 + half, 0.018)], h).moved((0, 0, z))
    a, v = np.meshgrid(np.linspace(-1, 1, n), (0.0, 1.0))
    turn, reach = np.radians(half) * a * 0.985, r - 0.001
    points = np.stack((reach * np.sin(turn), reach * np.cos(turn) - r, z + h * (0.035 + 0.93 * v)), -1).reshape(-1, 3)
    k = np.arange(n - 1)
    faces = np.concatenate((np.stack((k, k + 1, n + k + 1), 1), np.stack((k, n + k + 1, n + k), 1)))
    picture = Mesh(points, faces, np.stack(((a + 1) / 2, v), -1).reshape(-1, 2))
    column = tube([(0, 0.09, 0.005), (0, 0.08, z + h * 0.5)], [0.026, 0.02], 14)
    arm = tube([(0, 0.08, z + h * 0.5), (0, 0.015, z + h * 0.5)], 0.03, 12)
    metal = steel(rng) if rng.random() < 0.4 else case
    if rng.random() < 0.6:
        legs = [tube([(0, 0.09, 0.012), (x * w * 0.25, -0.08, 0.008)], 0.011, 8) for x in (-1, 1)] + [tube([(0, 0.08, 0.012), (0, 0.16, 0.009)],
                                                                                                           0.012, 8)]  # fmt: skip
    else:
        legs = [rounded((w * 0.34, 0.24, 0.014), 0.3).moved((0, 0.03, 0))]
    return [Part(panel, case), Part(picture, shown(rng, materials), ()), Part(column, metal), Part(arm, case, ()), *(Part(m, metal) for m in legs)]


@KINDS.add("screen", "room floor", weight=0.6, mass=25.0)
def information_kiosk(rng: Rng, materials: Materials) -> list[Part]:
    w, case, trim = rng.uniform(0.38, 0.6), casing(rng), dark(rng) if rng.random() < 0.6 else steel(rng)
    if rng.random() < 0.5:  # one tall slab
        h = w * rng.uniform(2.4, 3.0)
        return [Part(box((w, 0.09, h), 3).moved((0, 0, 0.02)), case), Part(box((w * 1.15, 0.4, 0.025)), trim),
                Part(box((w * 0.9, 0.002, h * rng.uniform(0.55, 0.85))).moved((0, -0.0455, h * 0.13)), shown(rng, materials), ())]  # fmt: skip
    h, lean = rng.uniform(0.85, 1.1), rotation("x", -rng.uniform(15, 55))
    ratio = rng.choice([0.62, 1.4])
    panel = [box((w, 0.045, w * ratio)), box((w * 0.92, 0.002, w * ratio * 0.9)).moved((0, -0.023, w * ratio * 0.05))]
    panel = [m.moved((0, 0, -w * ratio / 2)).moved((0, -0.04, h), lean) for m in panel]
    post = box((w * rng.uniform(0.2, 0.45), 0.1, h)) if rng.random() < 0.6 else cylinder(0.05, h)
    return [Part(panel[0], case), Part(panel[1], shown(rng, materials), ()), Part(post, case if rng.random() < 0.5 else trim),
            Part(rounded((w * 0.95, 0.42, 0.03), 0.15), trim)]  # fmt: skip


@KINDS.add("device", TABLE, True, 1.0, 0.9)
def desk_phone(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, case = rng.uniform(0.17, 0.23), rng.uniform(0.19, 0.24), rng.uniform(0.055, 0.1), casing(rng)
    low, trim = 0.025, case if rng.random() < 0.6 else plastic(rng)
    lean = rotation("x", np.degrees(np.arctan2(h - low, d)))
    body = profiled([(-d / 2, 0), (d / 2, 0), (d / 2, h), (-d / 2, low)], w).moved(turn=rotation("z", 90))
    at = np.array((0, 0, (h + low) / 2))
    x, r, s = -w * 0.34, w * 0.1, np.linspace(-1, 1, 13)
    grip = tube(np.column_stack((np.full(13, x), s * d * 0.48, 0.045 - 0.014 * np.abs(s) ** 3)), r * 0.75 * (1 + 0.15 * s**2), 12, 0.75)
    ends = [rounded((r * 2.4, d * 0.22, 0.04), 0.5, 18).moved((x, y * d * 0.4, 0.003)) for y in (-1, 1)]
    on_top = [(grip, trim, None), *((m, trim, None) for m in ends),
              (box((w * 0.5, d * 0.22, 0.003)).moved((w * 0.18, d * 0.33, 0.0)), readout(rng), ()),
              (key_grid(w * 0.42, d * 0.38, 4, 3, 0.006, 0.66).moved((w * 0.15, -d * 0.14, 0)), casing(rng), ()),
              (key_grid(w * 0.08, d * 0.38, 5, 1, 0.005, 0.6).moved((w * 0.42, -d * 0.14, 0)), plastic(rng), ())]  # fmt: skip
    parts = [Part(body, case), *(Part(m.moved(at, lean), look, walls) for m, look, walls in on_top)]
    if rng.random() < 0.7:
        u = np.linspace(0, 1, 150)
        bend = 0.06 * np.sin(np.pi * u)
        coil = np.column_stack((-w * 0.5 - 0.015 - bend + 0.006 * np.cos(110 * u), -d * 0.45 + d * 0.8 * u, 0.009 + 0.006 * np.sin(110 * u)))
        parts.append(Part(tube(coil, 0.002, 5), trim, ()))
    return parts


@KINDS.add("device", TABLE, True, 0.9, 2.0)
def projector(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.18, 0.14, 0.07), (0.34, 0.26, 0.12))
    case, trim, r, x = casing(rng), dark(rng), h * rng.uniform(0.3, 0.42), rng.choice([-0.28, 0.0, 0.28]) * w
    y, z, out = -d / 2, h * 0.52 + 0.012, rng.uniform(0.008, 0.035)
    barrel = turned([(r, -0.01), (r, out), (r * 0.85, out), (r * 0.72, out - 0.008)], 28).moved((x, y, z), TO_FRONT)
    pane = turned([(r * 0.74, out - 0.008), (r * 0.4, out - 0.003), (0, out)], 26).moved((x, y, z), TO_FRONT)
    slits = [box((w * 0.3, 0.003, 0.004)).moved((-np.sign(x or 1) * w * 0.25, y, 0.012 + h * 0.25 + 0.009 * k)) for k in range(int(h * 0.5 / 0.009))]
    side = [box((0.003, d * 0.5, 0.004)).moved((w / 2, 0, 0.012 + h * 0.3 + 0.009 * k)) for k in range(int(h * 0.4 / 0.009))]
    feet = [cylinder(0.01, 0.016).moved((a * w * 0.38, b * d * 0.38, 0)) for a in (-1, 1) for b in (-1, 1)]
    pad = key_grid(w * 0.28, d * 0.22, 2, 4, 0.003, 0.6).moved((-x * 0.6, d * 0.2, h + 0.011))
    lit = Look(None, (0.75, 0.85, 1, 1), 1.0, emission=0.9)
    return [Part(rounded((w, d, h), rng.uniform(0.1, 0.3), 28).moved((0, 0, 0.012)), case), Part(barrel, trim if rng.random() < 0.6 else steel(rng)),
            Part(pane, lit if rng.random() < 0.3 else LENS, ()), Part(join(slits + side), BLACK, ()), Part(join(feet), BLACK), Part(pad, trim, ()),
            Part(turned([(0.02, 0), (0.02, 0.004), (0.014, 0.005), (0, 0.005)], 18).moved((x, -d * 0.25, h + 0.011)), trim, ())]  # fmt: skip


@KINDS.add("device", TABLE, True, 1.0, 0.5)
def clock_radio(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.12, 0.06, 0.055), (0.22, 0.11, 0.1))
    case, net = casing(rng) if rng.random() < 0.7 else Look(t.wood(rng), specular=0.3), Look(holed(t.plain(rng, 128, None, 0.02), 24, 18, 0.1))
    front, time = -d / 2, f"{int(rng.integers(1, 24))}:{int(rng.integers(0, 60)):02d}"
    slope = rng.uniform(0, 0.3) * d
    body = profiled([(front, 0), (d / 2, 0), (d / 2, h), (front + slope, h)], w).moved(turn=rotation("z", 90))
    lean = rotation("x", -np.degrees(np.arctan2(slope, h)))
    wide, shift = (0.92, 0.0) if rng.random() < 0.4 else (0.55, 0.17 * w)
    parts = [Part(body, case), Part(box((w * wide, 0.003, h * 0.66)).moved((shift, 0, h * 0.16)).moved((0, front, 0), lean), readout(rng, time, True),
                                    ())]  # fmt: skip
    if wide < 0.6:
        parts.append(Part(box((w * 0.3, 0.003, h * 0.7)).moved((-w * 0.3, 0, h * 0.15)).moved((0, front, 0), lean), net, ()))
    else:
        parts.append(Part(box((w * 0.6, d * 0.3, 0.002)).moved((0, d * 0.25, h)), net, ()))
    parts.append(Part(key_grid(w * 0.7, d * 0.2, 1, int(rng.integers(2, 6)), 0.006).moved((0, d * 0.02 + slope / 2, h - 0.001)), casing(rng), ()))
    if rng.random() < 0.5:
        parts.append(Part(tube([(w * 0.4, d * 0.42, h * 0.9), (w * rng.uniform(0, 0.9), d * 0.42, h + rng.uniform(0.08, 0.18))], 0.002, 6),
                          steel(rng), ()))  # fmt: skip
    if rng.random() < 0.4:
        parts.append(Part(cylinder(h * 0.2, 0.012).moved((w / 2 - 0.001, 0, h * 0.5), ALONG_X), dark(rng), ()))
    return parts


@KINDS.add("device", TABLE, True, 1.0, 0.6)
def kitchen_scale(rng: Rng, materials: Materials) -> list[Part]:
    w, d, case = rng.uniform(0.15, 0.21), rng.uniform(0.18, 0.24), casing(rng)
    if rng.random() < 0.55:  # flat
        h = rng.uniform(0.014, 0.024)
        top = steel(rng) if rng.random() < 0.4 else Look(t.print_on(rng, 128, materials.crop(rng)), specular=0.9, shininess=0.9)
        pan = cylinder(min(w, d) * 0.42, 0.006, 36).moved((0, d * 0.1, h)) if rng.random() < 0.5 else rounded((w * 0.94, d * 0.7, 0.006),
                                                                                                              0.12).moved((0, d * 0.12,
                                                                                                                           h))  # fmt: skip
        keys = [cylinder(0.008, 0.003, 16).moved((x * w, -d * 0.38, h - 0.001)) for x in (-0.36, 0.36)]
        return [Part(rounded((w, d, h), 0.15, 28), case), Part(pan, top),
                Part(box((w * 0.42, d * 0.13, 0.002)).moved((0, -d * 0.38, h - 0.001)), readout(rng), ()),
                Part(join(keys), dark(rng), ())]  # fmt: skip
    h, r = rng.uniform(0.08, 0.15), w * rng.uniform(0.5, 0.62)
    body = turned([(0, 0), (w * 0.5, 0), (w * 0.5, 0.02), (w * 0.36, h * 0.9), (w * 0.3, h), (0, h)], 28, 0.3)
    face = np.full((128, 128, 3), 245, np.uint8)
    for a in np.linspace(0, 2 * np.pi, 40, endpoint=False):
        ends = [(int(64 + k * np.cos(a)), int(64 + k * np.sin(a))) for k in (48, 58)]
        cv2.line(face, *ends, (20, 20, 20), 2)
    way = rng.uniform(0, 2 * np.pi)
    cv2.line(face, (64, 64), (int(64 + 46 * np.cos(way)), int(64 + 46 * np.sin(way))), (200, 20, 20), 4)
    disc = box((w * 0.42, 0.003, w * 0.42)).moved((0, -w * 0.455, h * 0.22), rotation("x", -9))
    bowl = hollow([(r * 0.5, 0), (r * 0.8, 0.03), (r, rng.uniform(0.04, 0.07))], 0.003, steel(rng) if rng.random() < 0.5 else ceramic(rng, materials),
                  lift=h + 0.012)  # fmt: skip
    return [Part(body, case), Part(disc, Look(face, specular=0.8), ()), Part(cylinder(0.02, 0.016).moved((0, 0, h - 0.003)), steel(rng), ()), bowl]


@KINDS.add("device", TABLE, True, 0.9, 4.0)
def record_player(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform(0.38, 0.45), rng.uniform(0.32, 0.37), rng.uniform(0.05, 0.09)
    case, metal, x = timber(rng, materials), steel(rng), -w * 0.09
    groove = Look(None, (*rng.choice([(0.03, 0.03, 0.035), (0.03, 0.03, 0.035), (0.6, 0.05, 0.1)]), 1), 0.9, 0.8)
    record = turned([(0, 0), (0.15, 0), (0.15, 0.002), (0.052, 0.0025), (0, 0.0025)], 40).moved((x, 0, h + 0.015))
    label = turned([(0.05, h + 0.0182), (0, h + 0.0182)], 28).moved((x, 0, 0))
    platter = turned([(0, 0), (0.145, 0), (0.15, 0.004), (0.15, 0.015), (0, 0.015)], 40).moved((x, 0, h))
    at, reach = np.array((w * 0.38, d * 0.33, h)), rng.uniform(0, 0.12)
    arm = [tube([at + (0, 0.03, 0.04), at + (0, 0, 0.04), at + (-reach * 0.3, -0.16, 0.035), at + (-reach - 0.02, -0.21, 0.024)], 0.004, 8),
           cylinder(0.022, 0.03, 20).moved(at), cylinder(0.012, 0.025, 14).moved(at + (0, 0.06, 0.04), rotation("x", 90)),
           box((0.014, 0.03, 0.01)).moved(at + (-reach - 0.022, -0.22, 0.02))]  # fmt: skip
    knobs = [cylinder(0.014, 0.012, 18).moved((w * 0.4, -d * (0.2 + 0.14 * k), h)) for k in range(int(rng.integers(1, 3)))]
    parts = [Part(box((w, d, h)), case), Part(platter, metal), Part(join(arm + knobs), metal, ())]
    if rng.random() < 0.8:
        parts += [Part(record, groove), Part(label, Look(t.print_on(rng, 128, materials.crop(rng))), ())]
    feet = [cylinder(0.02, 0.014).moved((a * w * 0.4, b * d * 0.4, -0.013)) for a in (-1, 1) for b in (-1, 1)]
    if rng.random() < 0.5:
        lid = box((w, 0.006, d * 0.95)).moved((0, d / 2 + 0.004, h + 0.005), rotation("x", -rng.uniform(5, 25)))
        parts.append(Part(lid, Look(None, (0.6, 0.6, 0.65, 0.4), 1.0, 0.9), ()))
    return [*parts, Part(join(feet), BLACK)]


@KINDS.add("device", TABLE, True, 0.9, 3.0)
def oscilloscope(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.28, 0.12, 0.14), (0.36, 0.24, 0.18))
    case, trim, y = casing(rng), dark(rng), -d / 2
    front = rounded((w * 0.99, 0.02, h * 0.98), 0.1, 28).moved((0, y - 0.004, h * 0.01))
    face = y - 0.0145
    parts = [Part(rounded((w, d, h), 0.08, 28), case), Part(front, casing(rng)),
             Part(box((w * 0.56, 0.003, h * 0.66)).moved((-w * 0.17, face, h * 0.24)), _waves(rng), ())]  # fmt: skip
    knobs = [dial(h * rng.choice([0.05, 0.065])).moved((w * (0.2 + 0.12 * c), face, h * (0.4 + 0.2 * r))) for c in range(3) for r in range(3)]
    keys = key_grid(w * 0.36, h * 0.1, 2, 6, 0.003).moved((w * 0.3, face, h * 0.26), TO_FRONT)
    inputs = join([turned([(0, 0), (0.008, 0), (0.008, 0.018), (0.005, 0.018), (0.005, 0.008), (0, 0.008)], 16).moved((x * w, face, h * 0.12),
                                                                                                                      TO_FRONT)
                   for x in np.linspace(0.0, 0.42, int(rng.integers(2, 5)))])  # fmt: skip
    soft = key_grid(w * 0.5, h * 0.05, 1, 6, 0.003).moved((-w * 0.17, face, h * 0.16), TO_FRONT)
    grip = bars([(-w * 0.35, 0, h - 0.005), (-w * 0.33, 0, h + 0.03), (w * 0.33, 0, h + 0.03), (w * 0.35, 0, h - 0.005)], 0.009, 10)
    return [*parts, Part(join(knobs), trim, ()), Part(join([keys, soft]), plastic(rng), ()), Part(inputs, steel(rng), ()),
            Part(join(grip), trim, grip)]  # fmt: skip


@KINDS.add("device", "table floor shelf", True, 1.0, 5.0)
def printer(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.34, 0.26, 0.13), (0.46, 0.38, 0.26))
    case, trim, y = casing(rng), dark(rng) if rng.random() < 0.6 else casing(rng), -d / 2
    page = t.print_on(rng, 128, materials.crop(rng)) if rng.random() < 0.5 else t.plain(rng, 64, np.array([245, 245, 242], np.uint8), 0.01)
    paper, slot = Look(page, specular=0), h * rng.uniform(0.35, 0.5)
    parts = [Part(rounded((w, d, h), 0.1, 28), case), Part(box((w * 0.7, 0.012, h * 0.2)).moved((0, y - 0.002, slot)), BLACK, ()),
             Part(rounded((w * 0.96, d * 0.9, 0.02), 0.15, 24).moved((0, d * 0.03, h - 0.006)), trim)]  # fmt: skip
    out = rng.uniform(0.06, 0.16)
    if rng.random() < 0.75:
        parts += [Part(box((w * 0.62, out + 0.06, 0.008)).moved((0, y - out / 2 + 0.02, slot - 0.004)), trim),
                  Part(box((0.21, out + 0.03, 0.002)).moved((rng.normal(0, 0.004), y - out / 2 + 0.012, slot + 0.006)), paper, ())]  # fmt: skip
    if rng.random() < 0.55:  # fed from behind
        back = [box((0.24, 0.006, 0.15)).moved((0, 0.005, 0)), box((0.21, 0.004, 0.22))]
        lean = rotation("x", -rng.uniform(10, 28))
        parts += [Part(m.moved((0, d * 0.36, h - 0.03), lean), look, () if k else None) for k, (m, look) in enumerate(zip(back, (trim, paper)))]
    panel = box((w * 0.3, 0.012, h * 0.24)).moved((-w * 0.28, y - 0.004, h * 0.68), rotation("x", -12))
    shows = box((w * 0.2, 0.003, h * 0.16)).moved((-w * 0.28, y - 0.0095, h * 0.71), rotation("x", -12))
    tray = box((w * 0.8, 0.01, h * 0.22)).moved((0, y - 0.002, h * 0.06))
    return [*parts, Part(panel, BLACK, ()), Part(shows, shown(rng, materials) if rng.random() < 0.6 else readout(rng), ()), Part(tray, trim, ()),
            Part(key_grid(w * 0.2, h * 0.1, 1, 3, 0.005).moved((w * 0.3, y - 0.002, h * 0.8), TO_FRONT), plastic(rng), ())]  # fmt: skip
