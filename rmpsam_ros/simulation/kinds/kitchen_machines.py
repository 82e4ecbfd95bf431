"""Kitchen appliances."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.electronics import key_grid, readout
from rmpsam_ros.simulation.kinds.gadgets import BLACK, TO_FRONT, casing, cord
from rmpsam_ros.simulation.kinds.hardware import bars, laid
from rmpsam_ros.simulation.kinds.kitchen import holed, loop, paint, waved
from rmpsam_ros.simulation.kinds.vessels import TABLE, glass, hollow, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic, tapered
from rmpsam_ros.simulation.shapes import box, join, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

PANE = Look(None, (0.05, 0.05, 0.06, 1), 1.0, 0.9)


def case_look(rng: Rng) -> Look:
    """Enamel, plastic or steel."""
    pick = rng.random()
    return steel(rng) if pick < 0.25 else paint(rng, None, (0, 0.08), (0.85, 1.0), 0.01) if pick < 0.6 else casing(rng)


def dial(radius: float, out: float = 0.014):
    """A knob with its mark, pointing to the front from the origin."""
    body = turned([(0, 0), (radius, 0), (radius * 0.88, out), (0, out)], 22)
    return join([body, box((radius * 0.2, radius * 1.5, out * 0.4)).moved((0, 0, out * 0.8))]).moved(turn=TO_FRONT)


@KINDS.add("appliance", "table", True, 1.0, 8.0)
def microwave(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.42, 0.31, 0.24), (0.54, 0.4, 0.31))
    case, front, split = case_look(rng), dark(rng) if rng.random() < 0.5 else case_look(rng), rng.uniform(0.7, 0.78)
    y, x = -d / 2, w * (split - 1) / 2
    net = Look(holed(np.full((128, 128, 3), 40, np.uint8), 30, 22, 0.1), specular=0.9, shininess=0.9)
    parts = [Part(box((w, d, h), 2), case), Part(rounded((w * split - 0.004, 0.03, h * 0.97), 0.08).moved((x, y - 0.005, h * 0.015)), front),
             Part(box((w * split * 0.76, 0.003, h * 0.66)).moved((x - w * 0.02, y - 0.0205, h * 0.17)), net, ()),
             Part(box((w * (1 - split), 0.02, h * 0.97)).moved((w * split / 2, y - 0.004, h * 0.015)),
                  front if rng.random() < 0.6 else case)]  # fmt: skip
    side = w * split / 2
    parts.append(Part(box((w * 0.17, 0.003, h * 0.13)).moved((side, y - 0.0145, h * 0.78)), readout(rng, "12:30" if rng.random() < 0.5 else "", True),
                      ()))  # fmt: skip
    if rng.random() < 0.5:
        parts.append(Part(key_grid(w * 0.17, h * 0.5, 5, 3, 0.003, 0.75).moved((side, y - 0.013, h * 0.45), TO_FRONT), casing(rng), ()))
    else:
        parts += [Part(dial(w * 0.05).moved((side, y - 0.013, h * z)), steel(rng), ()) for z in (0.3, 0.58)]
    if rng.random() < 0.6:
        z, at = h * 0.2, w * (split - 0.5) - 0.03
        grip = bars([(at, y - 0.015, z), (at, y - 0.045, z + 0.01), (at, y - 0.045, h - z), (at, y - 0.015, h - z)], 0.007)
        parts.append(Part(join(grip), steel(rng), ()))
    feet = [cylinder(0.012, 0.01).moved((a * w * 0.42, b * d * 0.4, -0.009)) for a in (-1, 1) for b in (-1, 1)]
    vents = [box((w * 0.4, 0.004, 0.004)).moved((-w * 0.2, d / 2, h * 0.6 + 0.012 * k)) for k in range(6)]
    vents += [box((0.004, d * 0.4, 0.004)).moved((w / 2, d * 0.1, h * 0.6 + 0.012 * k)) for k in range(5)]
    return [*parts, Part(join(feet), BLACK), Part(join(vents), BLACK, ()),
            Part(rounded((w * 0.5, 0.03, h * 0.7), 0.2).moved((w * 0.1, d / 2, h * 0.1)), case)]  # fmt: skip


@KINDS.add("appliance", TABLE, True, 1.0, 1.5)
def blender(rng: Rng, materials: Materials) -> list[Part]:
    r, base, h = rng.uniform(0.048, 0.065), rng.uniform(0.1, 0.15), rng.uniform(0.15, 0.22)
    case, trim, square = case_look(rng), dark(rng), rng.choice([0, 0, 0.5])
    foot = turned([(0, 0), (r * 1.35, 0), (r * 1.38, 0.015), (r * 1.1, base * 0.8), (r * 0.85, base), (0, base)], 28, square)
    jar = hollow([(r * 0.75, 0), (r * 0.8, 0.02), (r * 1.15, h)], 0.003, glass(rng), square * 0.6, base)
    level = h * rng.uniform(0.3, 0.85)
    top = r * (0.78 + 0.36 * level / h)
    drink = turned([(0, base + 0.006), (r * 0.7, base + 0.006), (top * 0.97, base + level), (0, base + level)], 28, square * 0.6)
    lid = turned([(0, 0), (r * 1.18, 0), (r * 1.18, 0.014), (r * 0.6, 0.018), (r * 0.5, 0.034), (0, 0.034)], 28,
                 square * 0.6).moved((0, 0, base + h - 0.003))  # fmt: skip
    collar = turned([(0, 0), (r * 0.9, 0), (r * 0.86, 0.022), (0, 0.022)], 26).moved((0, 0, base - 0.004))
    grip = loop((r * 1.1, base + h * 0.92), (r * 0.85, base + h * 0.2), rng.uniform(0.035, 0.05), 0.008, 1.3)
    parts = [Part(foot, case), Part(collar, trim)]
    if rng.random() < 0.6:
        parts.append(Part(drink, Look(t.skin_of(rng.random(), rng), specular=0.3), ()))
    parts += [jar, Part(lid, trim), Part(grip, trim if rng.random() < 0.6 else jar.look)]
    y = -r * 1.2
    lean = rotation("x", -14)
    if rng.random() < 0.6:
        return [*parts, Part(dial(r * 0.4).moved((0, y, base * 0.45), lean), steel(rng), ())]
    return [*parts, Part(key_grid(r * 1.4, 0.02, 1, 4, 0.006).moved((0, y, base * 0.4), lean @ TO_FRONT), casing(rng), ())]


@KINDS.add("appliance", TABLE, True, 1.0, 2.5)
def rice_cooker(rng: Rng, materials: Materials) -> list[Part]:
    r, h, square = rng.uniform(0.1, 0.14), rng.uniform(0.14, 0.2), rng.choice([0, 0, 0.3])
    case, trim, y = case_look(rng), dark(rng), 0.0
    body = turned([(0, 0), (r * 0.85, 0), (r * 0.9, 0.012), (r, h * 0.35), (r, h * 0.7), (r * 0.96, h), (0, h)], 32, square)
    lid = turned([(r * 0.97, h), (r * 0.95, h + 0.012), (r * 0.7, h + 0.034), (r * 0.3, h + 0.044), (0, h + 0.045)], 32, square)
    seam = turned([(r * 0.985, h - 0.004), (r * 0.99, h), (r * 0.98, h + 0.006)], 32, square)
    parts = [Part(body, case), Part(lid, case if rng.random() < 0.5 else casing(rng)), Part(seam, steel(rng), ())]
    if rng.random() < 0.5:  # a lid of its own with a knob, as on a pot
        parts.append(Part(turned([(0.008, 0), (0.007, 0.01), (0.022, 0.018), (0.02, 0.026), (0, 0.028)], 18).moved((0, 0, h + 0.044)), trim))
        parts += [Part(rounded((0.045, r * 0.7, 0.022), 0.4, 16).moved((x * (r + 0.008), 0, h * 0.75)), trim) for x in (-1, 1)]
    else:
        arch = bars([(-r * 0.95, y, h * 0.75), (-r * 0.95, 0, h + 0.06), (-r * 0.7, 0, h + 0.08), (r * 0.7, 0, h + 0.08), (r * 0.95, 0, h + 0.06),
                     (r * 0.95, 0, h * 0.75)], 0.009)  # fmt: skip
        parts += [Part(join(arch), trim, arch), Part(cylinder(0.014, 0.012).moved((0, r * 0.35, h + 0.036)), trim, ())]
    wide = r * (1 + 0.2 * square)
    panel = rounded((r * 0.8, 0.05, h * 0.5), 0.25).moved((0, -wide + 0.012, h * 0.14))
    parts.append(Part(panel, trim if rng.random() < 0.6 else casing(rng)))
    front = -wide - 0.0135
    if rng.random() < 0.5:
        parts.append(Part(box((r * 0.5, 0.002, h * 0.2)).moved((0, front, h * 0.36)), readout(rng), ()))
        return [*parts, Part(key_grid(r * 0.55, h * 0.12, 1, 3, 0.003).moved((0, front, h * 0.25), TO_FRONT), casing(rng), ())]
    lever, light = box((r * 0.25, 0.02, 0.014)).moved((0, front - 0.006, h * 0.22)), cylinder(0.005, 0.003, 12).moved((0, front, h * 0.48), TO_FRONT)
    return [*parts, Part(lever, casing(rng), ()), Part(light, Look(None, (1, 0.4, 0.1, 1), emission=0.8), ())]


@KINDS.add("appliance", TABLE, True, 1.0, 3.5)
def air_fryer(rng: Rng, materials: Materials) -> list[Part]:
    w, h, case = rng.uniform(0.22, 0.3), rng.uniform(0.26, 0.34), casing(rng) if rng.random() < 0.7 else steel(rng)
    trim, r, out = dark(rng), w / 2, rng.choice([0.0, 0.0, rng.uniform(0.02, 0.1)])
    square = rng.uniform(0.1, 0.4)
    body = turned([(0, 0), (r * 0.86, 0), (r * 0.95, h * 0.1), (r, h * 0.4), (r * 0.95, h * 0.75), (r * 0.75, h * 0.94), (r * 0.4, h), (0, h)], 36,
                  square)  # fmt: skip
    wide = r * (1 + 0.18 * square)
    drawer = rounded((w * 0.72, 0.12, h * 0.42), 0.2, 24).moved((0, -wide + 0.045 - out, h * 0.1))
    tray = box((w * 0.62, 0.14, h * 0.34)).moved((0, -wide + 0.11 - out, h * 0.12))
    z = h * 0.32
    grip = bars([(0, -wide - 0.005 - out, z + 0.02), (0, -wide - 0.09 - out, z + 0.012), (0, -wide - 0.1 - out, z - 0.02)], 0.015, 10)
    panel = rounded((w * 0.62, 0.04, h * 0.2), 0.3, 20).moved((0, -wide * 0.93 + 0.008, h * 0.64), rotation("x", -12))
    parts = [Part(body, case), Part(drawer, case if rng.random() < 0.6 else trim), Part(tray, steel(rng), ()), Part(join(grip), trim, grip),
             Part(panel, PANE, ())]  # fmt: skip
    if rng.random() < 0.5:
        return [*parts, Part(box((w * 0.3, 0.002, h * 0.1)).moved((0, -wide * 0.93 - 0.016, h * 0.69), rotation("x", -12)), readout(rng, glows=True),
                             ())]  # fmt: skip
    return [*parts, Part(dial(h * 0.08).moved((0, -wide * 0.93 - 0.008, h * 0.75), rotation("x", -12)), steel(rng), ())]


@KINDS.add("appliance", "table", True, 1.0, 3.0)
def contact_grill(rng: Rng, materials: Materials) -> list[Part]:
    w, d, case, trim = rng.uniform(0.22, 0.34), rng.uniform(0.2, 0.28), case_look(rng), dark(rng)
    z, lift, count = rng.uniform(0.055, 0.08), rotation("x", -rng.choice([0, rng.uniform(25, 95)])), int(rng.integers(8, 15))
    ribs = join([box((w * 0.02, d * 0.8, 0.004)).moved((x * w, 0, 0)) for x in np.linspace(-0.41, 0.41, count)])
    low = [Part(rounded((w, d, z), 0.15), case), Part(box((w * 0.9, d * 0.86, 0.004)).moved((0, 0, z - 0.002)), trim),
           Part(ribs.moved((0, 0, z + 0.001)), BLACK, ())]  # fmt: skip
    hinge = (0, d / 2, z + 0.006)
    top = [Part(rounded((w, d, 0.055), 0.3).moved((0, -d / 2, 0.001)), case),
           Part(box((w * 0.9, d * 0.86, 0.004)).moved((0, -d / 2, -0.002)), trim, ()),
           Part(ribs.moved((0, -d / 2, -0.005)), BLACK, ())]  # fmt: skip
    grip = bars([(-w * 0.36, -d * 0.96, 0.03), (-w * 0.32, -d - 0.035, 0.035), (w * 0.32, -d - 0.035, 0.035), (w * 0.36, -d * 0.96, 0.03)], 0.011, 10)
    top += [Part(join(grip), trim, grip)]
    if rng.random() < 0.5:
        top.append(Part(cylinder(0.006, 0.003, 12).moved((w * 0.2, -d * 0.6, 0.054)), Look(None, (0.95, 0.15, 0.1, 1), emission=0.6), ()))
    turn = [p.moved(hinge, lift) for p in top]
    arms = [rounded((0.024, 0.05, z + 0.03), 0.3, 14).moved((x * w * 0.5, d * 0.44, 0)) for x in (-1, 1)]
    return [*low, *turn, *(Part(m, trim if rng.random() < 0.5 else case) for m in arms)]


@KINDS.add("appliance", TABLE, True, 1.0, 5.0)
def stand_mixer(rng: Rng, materials: Materials) -> list[Part]:
    n, case, metal = rng.uniform(0.3, 0.38), plastic(rng) if rng.random() < 0.7 else case_look(rng), steel(rng)
    r, h = n * 0.27, n * rng.uniform(0.36, 0.44)
    foot = join([rounded((n * 0.9, n * 0.52, 0.03), 0.4, 28)])
    column = tube([(n * 0.34, 0, 0.01), (n * 0.36, 0, h * 0.5), (n * 0.33, 0, h + 0.06)], [n * 0.17, n * 0.11, n * 0.13], 20)
    tilt, hinge = rotation("y", rng.choice([0, 0, rng.uniform(15, 40)])), np.array((n * 0.34, 0, h + 0.05))
    head = [Part(tapered(rounded((n * 0.95, n * 0.36, n * 0.34), 0.6, 28), 1.1, 1.0).moved((-n * 0.3, 0, -0.01)), case)]
    head.append(Part(turned([(0, 0), (n * 0.1, 0), (n * 0.1, 0.02), (0, 0.024)], 22).moved((-n * 0.75, 0, n * 0.16), ALONG_X.T), metal, ()))
    head.append(Part(cylinder(n * 0.07, 0.03).moved((-n * 0.52, 0, -0.025)), metal, ()))
    head.append(Part(box((n * 0.6, n * 0.365, 0.008)).moved((-n * 0.3, 0, n * 0.12)), metal if rng.random() < 0.5 else casing(rng), ()))
    wires = [tube([(-n * 0.52 + k * np.cos(a) * n * 0.12, k * np.sin(a) * n * 0.12, z) for k,
                   z in ((0.2, -0.03), (0.8, -0.06), (1, -0.1), (0.4, -0.13))],
                  0.002, 5) for a in np.radians(np.arange(0, 360, 45))]  # fmt: skip
    head.append(Part(join(wires), metal, ()))
    knob = rounded((0.03, 0.02, 0.018), 0.6, 12).moved((-n * 0.05, -n * 0.19, n * 0.1))
    head = [p.moved(hinge, tilt) for p in [*head, Part(knob, BLACK, ())]]
    outside = [(r * 0.5, 0), (r * 0.55, 0.012), (r * 0.85, h * 0.3), (r, h * 0.6), (r, h * 0.78)]
    bowl = hollow(outside, 0.003, metal if rng.random() < 0.7 else glass(rng), lift=0.028)
    bowl = Part(bowl.mesh.moved((-n * 0.18, 0, 0)), bowl.look, tuple(m.moved((-n * 0.18, 0, 0)) for m in bowl.walls))
    return [Part(foot, case), Part(column, case), bowl, *head]


@KINDS.add("appliance", TABLE, False, 0.9, 1.0)
def hand_mixer(rng: Rng, materials: Materials) -> list[Part]:
    n, case, trim, metal = rng.uniform(0.17, 0.22), case_look(rng), plastic(rng), steel(rng)
    body = tapered(rounded((n, 0.075, 0.08), 0.55, 24), 1.15).moved((0, 0, 0))
    grip = bars([(n * 0.4, 0, 0.06), (n * 0.36, 0, 0.125), (n * 0.2, 0, 0.138), (-n * 0.35, 0, 0.13), (-n * 0.48, 0, 0.09), (-n * 0.42, 0, 0.05)],
                0.015, 10)  # fmt: skip
    slide = rounded((0.03, 0.02, 0.014), 0.5, 12).moved((n * 0.24, 0, 0.147))
    beaters = []
    for y in (-0.02, 0.02):
        beaters.append(tube([(n * 0.28, y, 0.01), (n * 0.28, y, -0.13)], 0.0028, 8))
        for a in (0.4, 1.97, 3.54, 5.11):
            path = [(n * 0.28 + k * np.cos(a), y + k * np.sin(a), -0.06 - z) for k,
                    z in ((0.002, 0), (0.014, 0.012), (0.019, 0.035), (0.016, 0.06), (0.003, 0.072))]  # fmt: skip
            beaters.append(tube(path, 0.0018, 5, 2.0))
    stick = cylinder(0.02, 0.07, 10).moved((n * 0.28, -0.02, -0.133)), cylinder(0.02, 0.07, 10).moved((n * 0.28, 0.02, -0.133))
    parts = [Part(body, case), Part(join(grip), case if rng.random() < 0.6 else trim, grip), Part(slide, trim, ()), Part(join(beaters), metal, stick)]
    return laid(parts, rotation("x", rng.choice([-90, 90])))


@KINDS.add("appliance", TABLE, True, 0.9, 1.2)
def juicer(rng: Rng, materials: Materials) -> list[Part]:
    r, h, case, trim = rng.uniform(0.06, 0.08), rng.uniform(0.12, 0.17), case_look(rng), casing(rng)
    body = turned([(0, 0), (r * 1.05, 0), (r * 1.05, 0.012), (r * 0.8, h * 0.4), (r * 0.85, h * 0.75), (r, h), (0, h)], 30)
    dish = hollow([(r * 0.7, 0), (r * 1.05, 0.006), (r * 1.18, 0.045)], 0.004, trim if rng.random() < 0.6 else glass(rng), lift=h)
    s = np.linspace(0, 1, 9)
    cone = waved(turned([*zip(r * 0.62 * (1 - s**2.2) + 0.001, 0.012 + 0.06 * s), (0, 0.074)], 40), 9, 0.13).moved((0, 0, h))
    rim = turned([(r * 0.66, 0), (r * 0.95, 0.004), (r * 0.7, 0.014), (0, 0.014)], 30).moved((0, 0, h + 0.003))
    spout = tube([(0, -r * 0.8, h * 0.86), (0, -r * 1.3, h * 0.84), (0, -r * 1.5, h * 0.74)], [0.016, 0.013, 0.011], 12)
    parts = [Part(body, case), dish, Part(rim, steel(rng), ()), Part(cone, steel(rng) if rng.random() < 0.4 else casing(rng)),
             Part(spout, steel(rng))]  # fmt: skip
    if rng.random() < 0.4:
        lid = turned([(r * 1.17, 0.04), (r * 1.1, 0.08), (r * 0.6, 0.105), (0, 0.11)], 30).moved((0, 0, h))
        return [*parts, Part(lid, Look(None, (0.7, 0.7, 0.72, 0.45), 1.0, 0.9))]
    return [*parts, cord(rng, (r, 0, 0.01), rng.uniform(0.12, 0.3), 0.003)]
