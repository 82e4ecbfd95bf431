"""Household appliances for washing, cleaning, sewing and ventilation."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.electronics import key_grid, readout
from rmpsam_ros.simulation.kinds.gadgets import BLACK, TO_FRONT, casing, ring
from rmpsam_ros.simulation.kinds.hardware import ALONG_Y, bars
from rmpsam_ros.simulation.kinds.kitchen import holed, paint
from rmpsam_ros.simulation.kinds.kitchen_machines import PANE, case_look, dial
from rmpsam_ros.simulation.kinds.vessels import glass, handle_look, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic, profiled, tapered
from rmpsam_ros.simulation.shapes import box, join, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


@KINDS.add("appliance", "table", True, 1.0, 6.0)
def sewing_machine(rng: Rng, materials: Materials) -> list[Part]:
    w, case, metal, second = rng.uniform(0.34, 0.42), case_look(rng), steel(rng), casing(rng)
    h, d, old = w * rng.uniform(0.66, 0.76), w * 0.3, rng.random() < 0.3
    if old:
        case = dark(rng)
    base = rounded((w, d * 1.15, h * 0.22), 0.12)
    column = rounded((w * 0.26, d * 0.8, h * 0.9), 0.25, 24).moved((w * 0.35, 0, h * 0.1))
    arm = rounded((w * 0.92, d * 0.7, h * 0.3), 0.35, 24).moved((0.02 * w, 0, h * 0.7))
    head = rounded((w * 0.2, d * 0.72, h * 0.5), 0.25, 20).moved((-w * 0.37, 0, h * 0.49))
    x = -w * 0.37
    needle = [tube([(x, 0, h * 0.5), (x, 0, h * 0.38)], 0.006, 8), tube([(x, 0, h * 0.4), (x, 0, h * 0.24)], 0.0018, 6),
              box((0.022, 0.03, 0.004)).moved((x, -0.004, h * 0.25)),
              tube([(x + 0.012, 0.008, h * 0.5), (x + 0.012, 0.008, h * 0.25)], 0.003, 6),
              box((0.06, 0.07, 0.002)).moved((x, 0, h * 0.22))]  # fmt: skip
    wheel = turned([(0, 0), (h * 0.13, 0.004), (h * 0.16, 0.012), (h * 0.16, 0.024), (h * 0.08, 0.026), (0, 0.032)],
                   26).moved((w * 0.48, 0, h * 0.84), ALONG_X)  # fmt: skip
    reel = turned([(0, 0), (0.015, 0), (0.011, 0.005), (0.011, 0.045), (0.014, 0.05), (0, 0.05)], 18).moved((w * rng.uniform(0, 0.3), 0, h * 0.99))
    dials = [dial(h * k, 0.01).moved((w * u, -d * v, h * z)) for k, u, v,
             z in ((0.085, 0.36, 0.39, 0.6), (0.07, 0.36, 0.39, 0.38), (0.05, 0.12, 0.33, 0.85), (0.05, -0.05, 0.33, 0.85))]  # fmt: skip
    parts = [Part(base, case), Part(column, case), Part(arm, case), Part(head, case if rng.random() < 0.6 else second), Part(join(needle), metal, ()),
             Part(wheel, metal if old else second), Part(reel, paint(rng, None, (0.5, 1.0), (0.4, 1.0))), Part(join(dials), second, ())]  # fmt: skip
    if rng.random() < 0.6:
        parts.append(Part(box((w * 0.5, 0.002, h * 0.1)).moved((0.03 * w, -d * 0.352, h * 0.77)), Look(t.print_on(rng, 128, materials.crop(rng))),
                          ()))  # fmt: skip
    return parts


@KINDS.add("appliance", "room", weight=0.9, mass=60.0)
def washing_machine(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.55, 0.5, 0.8), (0.62, 0.6, 0.9))
    case, trim, y, r = case_look(rng), steel(rng) if rng.random() < 0.5 else casing(rng), -d / 2, w * rng.uniform(0.27, 0.34)
    z = h * 0.46
    rim = turned([(r, 0), (r, 0.02), (r * 0.93, 0.034), (r * 0.74, 0.036), (r * 0.7, 0.01)], 36).moved((0, y, z), TO_FRONT)
    pane = turned([(r * 0.72, 0.012), (r * 0.6, 0.03), (r * 0.3, 0.042), (0, 0.045)], 30).moved((0, y, z), TO_FRONT)
    inside = Look(t.fabric(rng), specular=1.0, shininess=0.9) if rng.random() < 0.4 else PANE
    grip = rounded((0.03, 0.02, 0.09), 0.4, 12).moved((r * 0.85, y - 0.035, z - 0.045))
    parts = [Part(box((w, d, h), 4), case), Part(rim, trim, ()), Part(pane, inside, ()), Part(grip, trim, ()),
             Part(box((w * 0.98, 0.012, h * 0.13)).moved((0, y, h * 0.855)), case if rng.random() < 0.4 else casing(rng), ()),
             Part(box((w * 0.26, 0.012, h * 0.1)).moved((-w * 0.34, y - 0.006, h * 0.87)), casing(rng), ()),
             Part(dial(h * 0.04, 0.025).moved((rng.choice([-0.05, 0.1]) * w, y - 0.006, h * 0.92)), trim, ()),
             Part(box((w * 0.16, 0.004, h * 0.05)).moved((w * 0.3, y - 0.007, h * 0.9)), readout(rng, glows=True), ()),
             Part(box((w * 0.96, 0.004, 0.006)).moved((0, y, h * 0.1)), BLACK, ())]  # fmt: skip
    if rng.random() < 0.5:
        parts.append(Part(box((w * 0.16, 0.006, 0.1)).moved((w * 0.36, y, h * 0.01)), casing(rng), ()))
    return parts


@KINDS.add("appliance", "room", weight=0.8, mass=40.0)
def dishwasher(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.45, 0.52, 0.8), (0.62, 0.62, 0.9))
    case, front, y = case_look(rng), case_look(rng), -d / 2
    door = rounded((w * 0.985, 0.05, h * 0.72), 0.06).moved((0, y - 0.012, h * 0.12))
    panel = rounded((w * 0.985, 0.05, h * 0.13), 0.1).moved((0, y - 0.012, h * 0.85))
    bar = bars([(-w * 0.38, y - 0.03, h * 0.78), (-w * 0.38, y - 0.075, h * 0.79), (w * 0.38, y - 0.075, h * 0.79), (w * 0.38, y - 0.03, h * 0.78)],
               0.01)  # fmt: skip
    top = Look(t.wood(rng)) if rng.random() < 0.3 else case
    parts = [Part(box((w, d, h), 4), case), Part(door, front), Part(panel, front if rng.random() < 0.4 else casing(rng)),
             Part(join(bar), steel(rng), ()),
             Part(box((w, d + 0.03, 0.025)).moved((0, -0.015, h)), top), Part(box((w * 0.98, 0.01, h * 0.1)).moved((0, y, 0.005)), BLACK, ()),
             Part(key_grid(w * 0.36, 0.03, 1, int(rng.integers(3, 7)), 0.005, 0.6).moved((w * 0.22, y - 0.036, h * 0.915), TO_FRONT), steel(rng), ()),
             Part(box((w * 0.14, 0.003, h * 0.05)).moved((-w * 0.2, y - 0.037, h * 0.89)), readout(rng, glows=True), ())]  # fmt: skip
    return parts


@KINDS.add("appliance", "floor", True, 1.0, 4.0)
def vacuum_cleaner(rng: Rng, materials: Materials) -> list[Part]:
    case, trim, metal, lengthy = plastic(rng), dark(rng), steel(rng), rng.uniform(0.75, 0.95)
    nozzle = [rounded((0.1, rng.uniform(0.24, 0.3), 0.045), 0.3, 20), tube([(0.0, 0, 0.03), (-0.06, 0, 0.06)], 0.022, 12)]
    if rng.random() < 0.4:  # a stick with its motor at the hand, lying
        n, r = lengthy, 0.045
        tank = cylinder(r, 0.17, 26).moved((-n - 0.02, 0, 0.075), ALONG_X.T)
        grip = bars([(-n - 0.1, 0, 0.11), (-n - 0.13, 0, 0.19), (-n - 0.25, 0, 0.17), (-n - 0.24, 0, 0.07)], 0.017, 10)
        cup = turned([(0, 0), (0.042, 0), (0.05, 0.1), (0, 0.1)], 24).moved((-n - 0.05, 0, 0.0))
        pack = rounded((0.08, 0.06, 0.12), 0.25, 16).moved((-n - 0.24, 0, 0))
        return [*(Part(m, trim if k else case) for k, m in enumerate(nozzle)), Part(tube([(-0.05, 0, 0.055), (-n, 0, 0.075)], 0.017, 14), metal),
                Part(tank, case), Part(join(grip), trim, grip), Part(cup, glass(rng), ()), Part(pack, trim)]  # fmt: skip
    w = rng.uniform(0.24, 0.3)
    body = tapered(rounded((w * 1.45, w, w * 0.78), rng.uniform(0.35, 0.6), 28), 0.7, 0.9).moved((0, 0, 0.025))
    wheels = [turned([(0, 0), (0.085, 0), (0.09, 0.015), (0.07, 0.035), (0, 0.04)],
                     28).moved((-w * 0.35, y * w * 0.46, 0.09), ALONG_Y if y > 0 else ALONG_Y.T) for y in (-1, 1)]  # fmt: skip
    lid = rounded((w * 0.7, w * 0.72, 0.05), 0.4, 20).moved((-w * 0.05, 0, w * 0.76 - 0.02))
    grip = bars([(-w * 0.3, 0, w * 0.76), (-w * 0.25, 0, w * 0.92), (w * 0.15, 0, w * 0.9), (w * 0.22, 0, w * 0.7)], 0.013, 10)
    x, y = w * 0.4, w * 0.5 + 0.14
    s = np.linspace(0, 1, 40)
    knots = np.array([(w * 0.6, 0, w * 0.45), (w * 1.1, 0.05, w * 0.6), (w * 1.35, y * 0.6, w * 0.4), (w * 1.1, y, 0.09), (x + 0.1, y, 0.06)])
    path = np.column_stack([np.interp(s, np.linspace(0, 1, 5), knots[:, k]) for k in range(3)])
    for _ in range(12):
        path[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
    hose = tube(path, 0.019 * np.where(np.arange(40) % 2, 1.0, 0.86), 12)
    wand = tube([(x + 0.12, y, 0.06), (x - lengthy * 0.7, y, 0.04)], 0.016, 14)
    end = [m.moved((x - lengthy * 0.7 - 0.04, y, 0), rotation("z", 180)) for m in nozzle]
    return [Part(body, case), *(Part(m, trim) for m in wheels), Part(lid, casing(rng), ()), Part(join(grip), trim, grip), Part(hose, trim, ()),
            Part(wand, metal),
            *(Part(m, trim) for m in end), Part(cylinder(0.03, 0.02).moved((w * 0.66, 0, w * 0.45), ALONG_X), trim, ())]  # fmt: skip


@KINDS.add("appliance", "floor", True, 1.0, 3.0)
def robot_vacuum(rng: Rng, materials: Materials) -> list[Part]:
    r, h, case, trim = rng.uniform(0.145, 0.18), rng.uniform(0.07, 0.1), casing(rng), dark(rng)
    body = turned([(0, 0.008), (r * 0.93, 0.008), (r, 0.02), (r, h * 0.85), (r * 0.97, h), (0, h)], 40)
    belt = turned([(r * 1.015, 0.018), (r * 1.02, h * 0.4), (r * 1.005, h * 0.72)], 40)
    wheels = [cylinder(0.03, 0.02).moved((x * r * 0.6 - 0.01, 0, 0.03), ALONG_X) for x in (-1, 1)]
    plate_look = case if rng.random() < 0.3 else Look(t.metal(rng), specular=0.8) if rng.random() < 0.4 else casing(rng)
    disc = turned([(r * rng.uniform(0.55, 0.92), h + 0.001), (0, h + 0.002)], 36)
    parts = [Part(body, case), Part(belt, trim, ()), Part(disc, plate_look, ()), Part(join(wheels), BLACK)]
    if rng.random() < 0.65:
        eye = turned([(0, 0), (r * 0.28, 0), (r * 0.28, 0.02), (r * 0.25, 0.024), (0, 0.025)], 26).moved((0, r * 0.35, h))
        parts.append(Part(eye, trim if rng.random() < 0.6 else casing(rng)))
    keys = [cylinder(0.009, 0.003, 16).moved((x * 0.03, -r * 0.55, h + 0.001)) for x in (-1, 0, 1)]
    light = Look(None, (*(t.color(rng, (0.2, 1), (0.8, 1)) / 255).tolist(), 1), emission=0.8)
    hair = [tube([(0, 0, 0), (0.07, 0, -0.008)], [0.004, 0.003], 6, 0.4).moved((r * 0.72, -r * 0.66, 0.012), rotation("z", a)) for a in (0, 120, 240)]
    return [*parts, Part(join(keys[:2]), trim, ()), Part(keys[2], light, ()), Part(join(hair), handle_look(rng), ())]


@KINDS.add("appliance", "floor", True, 0.9, 5.0)
def air_purifier(rng: Rng, materials: Materials) -> list[Part]:
    w, h, case, trim = rng.uniform(0.2, 0.34), rng.uniform(0.35, 0.75), case_look(rng), dark(rng)
    net = Look(holed(t.plain(rng, 128, t.color(rng, (0, 0.1), rng.choice([(0.15, 0.3), (0.75, 0.98)])), 0.01), 28, 40, 0.1), specular=0.3)
    grate = [box((w * 0.62, 0.008, 0.004)).moved((0, 0, 0)) for _ in range(1)][0]
    if rng.random() < 0.5:  # round
        r = w / 2
        body = turned([(0, 0), (r * 0.96, 0), (r, 0.02), (r * 0.96, h * 0.97), (r * 0.9, h), (0, h)], 36, rng.choice([0, 0.3]))
        mesh = turned([(r * 1.01, h * 0.06), (r * 1.0, h * rng.uniform(0.45, 0.75))], 36)
        vents = [ring(r * k, 0.003).moved((0, 0, h - 0.002)) for k in (0.8, 0.68, 0.56)]
        knob = turned([(0, 0), (r * 0.4, 0), (r * 0.4, 0.006), (0, 0.007)], 26).moved((0, 0, h))
        return [Part(body, case), Part(mesh, net, ()), Part(join(vents), trim, ()), Part(knob, PANE, ()),
                Part(turned([(r * 0.2, h + 0.0075), (0, h + 0.0075)], 20), readout(rng, glows=True), ())]  # fmt: skip
    d = w * rng.uniform(0.45, 0.8)
    front = rounded((w * 0.92, 0.02, h * 0.72), 0.12).moved((0, -d / 2 - 0.002, h * 0.08))
    slats = [grate.moved((0, -d * 0.3 + 0.022 * k, h - 0.001)) for k in range(int(d * 0.6 / 0.022))]
    parts = [Part(rounded((w, d, h), 0.1, 28), case), Part(front, net if rng.random() < 0.6 else casing(rng)), Part(join(slats), trim, ()),
             Part(box((w * 0.4, 0.003, h * 0.07)).moved((0, -d / 2 - 0.001, h * 0.85)), readout(rng, glows=True), ())]  # fmt: skip
    return [*parts, *(Part(rounded((0.012, d * 0.4, 0.03), 0.4, 12).moved((x * w / 2, 0, h * 0.8)), trim, ()) for x in (-1, 1))]


@KINDS.add("appliance", "floor", True, 0.9, 6.0)
def radiator(rng: Rng, materials: Materials) -> list[Part]:
    """A heater with fins, on wheels."""
    count, h, d, step = int(rng.integers(5, 11)), rng.uniform(0.42, 0.56), rng.uniform(0.12, 0.16), rng.uniform(0.042, 0.055)
    case, trim, w = case_look(rng), dark(rng), 0.0
    w = (count - 1) * step
    fin = join([rounded((step * 0.62, d, h), 0.25, 20),
                rounded((step * 0.95, d * 0.4, h * 0.96), 0.3, 16).moved((0, 0, h * 0.02))]).moved((0, 0, 0.07))  # fmt: skip
    fins = join([fin.moved((k * step - w / 2, 0, 0)) for k in range(count)])
    unit = rounded((0.1, d * 1.05, h * 0.95), 0.15, 20).moved((w / 2 + 0.07, 0, 0.08))
    dials = [dial(0.026, 0.018).moved((w / 2 + 0.12, 0, z), rotation("z", 90)) for z in (h * 0.72, h * 0.9)]
    feet = [box((0.035, d * 1.7, 0.03)).moved((x * w * 0.38, 0, 0.045)) for x in (-1, 1)]
    wheels = [cylinder(0.026, 0.018, 18).moved((x * w * 0.38 - 0.009, y * d * 0.72, 0.026), ALONG_X) for x in (-1, 1) for y in (-1, 1)]
    grip = bars([(w / 2 + 0.05, 0, h), (w / 2 + 0.05, 0, h + 0.1), (w / 2 + 0.11, 0, h + 0.1), (w / 2 + 0.11, 0, h)], 0.01)
    hull = box((w + step, d, h)).moved((0, 0, 0.07))
    return [Part(fins, case, (hull,)), Part(unit, trim if rng.random() < 0.6 else case), Part(join(dials), casing(rng), ()),
            *(Part(m, trim) for m in feet),
            *(Part(m, BLACK) for m in wheels), Part(join(grip), trim, ())]  # fmt: skip


@KINDS.add("appliance", "room floor", weight=0.7, mass=15.0)
def water_dispenser(rng: Rng, materials: Materials) -> list[Part]:
    w, h, case, trim = rng.uniform(0.28, 0.34), rng.uniform(0.85, 1.0), case_look(rng), dark(rng)
    d = w * rng.uniform(0.95, 1.1)
    niche = box((w * 0.76, 0.012, h * 0.22)).moved((0, -d / 2, h * 0.66))
    tray = profiled([(-w * 0.35, 0), (w * 0.35, 0), (w * 0.35, 0.02), (-w * 0.35, 0.02)], 0.08).moved((0, -d / 2 - 0.03, h * 0.65))
    taps, tones = [], ((0.1, 0.3, 0.9, 1), (0.9, 0.12, 0.1, 1), (0.9, 0.9, 0.9, 1))
    for k, x in enumerate((-0.2, 0.2) if rng.random() < 0.6 else (-0.24, 0, 0.24)):
        tap = join([cylinder(0.012, 0.05).moved((x * w, -d / 2, h * 0.82), TO_FRONT), cylinder(0.01, 0.045).moved((x * w, -d / 2 - 0.04, h * 0.785)),
                    box((0.03, 0.035, 0.01)).moved((x * w, -d / 2 - 0.05, h * 0.835))])  # fmt: skip
        taps.append(Part(tap, Look(None, tones[k], 0.6), ()))
    door = box((w * 0.86, 0.012, h * 0.5)).moved((0, -d / 2, h * 0.06))
    parts = [Part(rounded((w, d, h), 0.08, 28), case), Part(niche, trim, ()), Part(tray, trim),
             Part(door, case if rng.random() < 0.5 else casing(rng), ()), *taps]  # fmt: skip
    if rng.random() < 0.8:
        r = w * rng.uniform(0.38, 0.44)
        ribs = [(r * (1.0 if k % 2 else 0.96), 0.12 + 0.03 * k) for k in range(6)]
        tank = turned([(0.03, 0), (0.03, 0.05), (r * 0.9, 0.09), *ribs, (r, 0.32), (r * 0.93, 0.345), (0, 0.345)], 32).moved((0, 0, h - 0.01))
        cuff = turned([(0, 0), (r * 0.75, 0), (r * 0.55, 0.05), (0, 0.05)], 28).moved((0, 0, h - 0.004))
        parts += [Part(cuff, casing(rng)), Part(tank, Look(None, (0.45, 0.65, 0.9, rng.uniform(0.45, 0.75)), 1.0, 0.9))]
    return parts
