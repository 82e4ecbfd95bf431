"""Devices, computers, kitchen machines and toys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.vessels import TABLE, glass, handle_look, steel
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic, profiled, tapered
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

TO_FRONT = rotation("x", 90)
"""Rotation that lays an upright object down with its top along -y, the front."""
BLACK = Look(None, (0.04, 0.04, 0.045, 1), 0.4)


def casing(rng: Rng) -> Look:
    """Casing of most devices: black, grey or white, occasionally coloured."""
    return plastic(rng) if rng.random() < 0.4 else Look(t.plain(rng, 32, t.color(rng, (0, 0.12), (0.06, 0.97)), 0.02), specular=rng.uniform(0.1, 0.8))


def shown(rng: Rng, materials: Materials) -> Look:
    """A display that is off or shows something."""
    if rng.random() < 0.3:
        return Look(t.plain(rng, 16, np.array([14, 15, 18], np.uint8), 0), specular=0.9, shininess=0.9)
    return Look(t.print_on(rng, 256, materials.crop(rng)), specular=0.6, shininess=0.9, emission=0.5)


def cord(rng: Rng, start: Sequence[float], length: float, radius: float = 0.0025) -> Part:
    """A cable that winds away over the table along +x."""
    s = np.linspace(0, 1, 24)
    y, z = rng.uniform(-0.5, 0.5) * length * s**2 + 0.04 * np.sin(s * rng.uniform(2, 9)) * s, radius + (start[2] - radius) * np.clip(1 - 6 * s, 0, 1)
    return Part(tube(np.column_stack((start[0] + length * s, start[1] + y, z)), radius, 6), dark(rng), ())


def ring(radius: float, thick: float, flat: float = 1.0) -> Mesh:
    """Lying on z = 0."""
    a = np.linspace(-np.pi / 2, 1.5 * np.pi, 15)
    return turned(np.column_stack((radius + thick * np.cos(a), thick * flat * (1 + np.sin(a)))), 28)


@KINDS.add("device", TABLE, True, 1.1, 0.4)
def photo_camera(rng: Rng, materials: Materials) -> list[Part]:
    w, case = rng.uniform(0.095, 0.145), dark(rng) if rng.random() < 0.6 else casing(rng)
    h, d, r, out = w * rng.uniform(0.58, 0.72), w * rng.uniform(0.28, 0.4), w * rng.uniform(0.19, 0.28), rng.uniform(0.015, 0.09)
    x, z = w * rng.uniform(-0.02, 0.1), h * 0.5
    lens = turned([(0, 0), (r, 0), (r, out * 0.4), (r * 0.92, out * 0.42), (r * 0.92, out), (r * 0.78, out), (r * 0.7, out - 0.006)], 28)
    pane = turned([(r * 0.7, out - 0.0055), (0, out - 0.003)], 24)
    parts = [Part(rounded((w, d, h), 0.18), case), Part(lens.moved((x, -d / 2 + 0.002, z), TO_FRONT), dark(rng)),
             Part(pane.moved((x, -d / 2 + 0.002, z), TO_FRONT), Look(None, (0.1, 0.12, 0.25, 1), 1.0, 0.95), ()),
             Part(cylinder(0.006, 0.006).moved((-w * 0.36, 0, h - 0.001)), steel(rng), ()),
             Part(cylinder(0.009, 0.005).moved((w * 0.34, 0, h - 0.001)), dark(rng), ())]  # fmt: skip
    if rng.random() < 0.6:
        hump = profiled([(-w * 0.15, 0), (w * 0.15, 0), (w * 0.09, h * 0.24), (-w * 0.09, h * 0.24)], d * 0.9).moved((x, 0, h * 0.97))
        parts += [Part(hump, case), Part(rounded((w * 0.2, d * 0.5, h * 0.94), 0.4).moved((-w * 0.38, -d * 0.35, 0)), case)]
    return [*parts, Part(box((w * 0.6, 0.001, h * 0.62)).moved((-w * 0.06, d / 2, h * 0.16)), shown(rng, materials), ())]


@KINDS.add("device", TABLE, False, 1.0, 0.25)
def headphones(rng: Rng, materials: Materials) -> list[Part]:
    span, r, thick, a = rng.uniform(0.07, 0.085), rng.uniform(0.028, 0.045), rng.uniform(0.02, 0.03), np.linspace(0, np.pi, 24)
    case, pad = casing(rng), dark(rng) if rng.random() < 0.7 else plastic(rng)
    band = tube(np.column_stack((span * np.cos(a), 1.25 * span * np.sin(a) + r * 0.3, np.full(24, r))), rng.uniform(0.003, 0.006), 8, 3.0)
    top = tube(np.column_stack((span * np.cos(a[7:17]), 1.25 * span * np.sin(a[7:17]) + r * 0.3, np.full(10, r))), 0.009, 8, 1.7)
    parts, oval = [Part(band, case, ()), Part(top, pad)], rng.uniform(0.95, 1.25)
    for side in (-1, 1):
        turn = rotation("y", -90 * side) @ rotation("z", 90)
        shell = turned([(0, -thick), (r * 0.6, -thick), (r * 0.92, -thick * 0.5), (r * 0.95, 0), (0, 0)], 24)
        cushion = turned([(r * 0.95, -0.001), (r, thick * 0.35), (r * 0.9, thick * 0.7), (r * 0.55, thick * 0.7), (r * 0.5, 0.007), (0, 0.007)], 24)
        parts += [Part(m.moved((side * span, 0, r), turn, (oval, 1, 1)), look) for m, look in ((shell, case), (cushion, pad))]
    return [*parts, *([cord(rng, (span, -r * oval, 0.01), rng.uniform(0.1, 0.3), 0.0018)] if rng.random() < 0.4 else [])]


@KINDS.add("device", TABLE, False, 1.0, 0.25)
def game_controller(rng: Rng, materials: Materials) -> list[Part]:
    w, case, ink = rng.uniform(0.09, 0.115), casing(rng), dark(rng)
    parts = [Part(rounded((w * 1.05, w * 0.58, 0.034), 0.5).moved((0, 0, 0.008)), case)]
    for side in (-1, 1):
        parts.append(Part(tube([(side * w * 0.42, w * 0.12, 0.024), (side * w * 0.52, -w * 0.15, 0.021), (side * w * 0.6, -w * 0.5, 0.014)],
                               [0.018, 0.02, 0.013], 14), case))  # fmt: skip
        stick = turned([(0.005, 0), (0.005, 0.007), (0.0085, 0.009), (0.0085, 0.012), (0, 0.0105)], 18)
        parts.append(Part(stick.moved((side * w * 0.2, -w * (0.13 if side > 0 or rng.random() < 0.5 else -0.08), 0.038)), ink, ()))
        parts.append(Part(rounded((w * 0.26, 0.014, 0.012), 0.5, 14).moved((side * w * 0.32, w * 0.28, 0.022)), ink, ()))
    for k, (x, y) in enumerate(((1, 0), (-1, 0), (0, 1), (0, -1))):
        color = Look(None, (*(t.color(rng, (0.6, 1), (0.5, 1), k / 4) / 255).tolist(), 1), 0.7)
        parts.append(Part(cylinder(0.0045, 0.004, 14).moved((w * 0.36 + 0.009 * x, w * 0.1 + 0.009 * y, 0.039)), color, ()))
    cross = join([box((0.023, 0.008, 0.004)), box((0.008, 0.023, 0.004))]).moved((-w * 0.36, w * 0.1, 0.039))
    return [*parts, Part(cross, ink, ())]


@KINDS.add("device", TABLE, True, 0.9, 0.4)
def router(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.14, 0.09, 0.022), (0.26, 0.16, 0.04))
    case, rods, count = casing(rng), [], int(rng.integers(2, 5))
    for x in np.linspace(-0.38, 0.38, count):
        n = rng.uniform(0.1, 0.19)
        rod = [cylinder(0.007, 0.022, 12), tapered(box((n, 0.014, 0.009), 2), 0.7, 0.7).moved((0.0045, 0, 0.015 + n / 2), rotation("y", -90))]
        tilt = rotation("y", rng.normal(0, 20)) @ rotation("x", rng.choice([0, 0, 20]))
        rods.append(join(rod).moved((x * w, d / 2 - 0.006, h * 0.5), tilt))
    lights = [box((0.004, 0.002, 0.002)).moved((-w * 0.3 + 0.011 * k, -d / 2, h * 0.5)) for k in range(int(rng.integers(3, 8)))]
    lid = rounded((w * 0.8, d * 0.7, 0.006), 0.3).moved((0, 0, h - 0.003))
    return [Part(rounded((w, d, h), rng.uniform(0.1, 0.3)), case), Part(join(rods), case if rng.random() < 0.4 else BLACK, rods),
            Part(lid, casing(rng)), Part(join(lights), Look(None, (0.2, 0.95, 0.3, 1), emission=0.8), ())]  # fmt: skip


@KINDS.add("device", "table shelf floor", True, 0.9, 1.5)
def loudspeaker(rng: Rng, materials: Materials) -> list[Part]:
    if rng.random() < 0.35:  # small and round, covered with cloth
        r, h = rng.uniform(0.035, 0.06), rng.uniform(0.06, 0.2)
        net = Look(t.fabric(rng) if rng.random() < 0.3 else t.plain(rng, 64, None, 0.4), specular=0)
        lid = turned([(r, h), (r * 0.96, h + 0.006), (0, h + 0.006)], 28)
        return [Part(cylinder(r, h, 28), net), Part(lid, casing(rng)), Part(cylinder(r * 1.01, 0.008, 28), BLACK, ())]
    w = rng.uniform(0.09, 0.2)
    d, h = w * rng.uniform(0.9, 1.4), w * rng.uniform(1.3, 2.0)
    parts = [Part(box((w, d, h)), Look(t.wood(rng), specular=0.3) if rng.random() < 0.4 else casing(rng))]
    cone, trim = dark(rng) if rng.random() < 0.7 else plastic(rng), steel(rng) if rng.random() < 0.4 else dark(rng)
    for r, z in ((w * 0.38, h * 0.34), (w * rng.uniform(0.13, 0.22), h * 0.8)):
        rim = turned([(r, 0), (r, 0.006), (r * 0.88, 0.006), (r * 0.86, 0.001)], 24).moved((0, -d / 2, z), TO_FRONT)
        inside = turned([(r * 0.88, 0.005), (r * 0.35, 0.001), (r * 0.3, 0.006), (r * 0.15, 0.01), (0, 0.011)], 24).moved((0, -d / 2, z), TO_FRONT)
        parts += [Part(rim, trim, ()), Part(inside, cone, ())]
    return parts


@KINDS.add("device", "table floor", False, 0.9, 0.4)
def power_strip(rng: Rng, materials: Materials) -> list[Part]:
    count, w, case = int(rng.integers(3, 8)), rng.uniform(0.045, 0.06), casing(rng)
    n = 0.045 * count + 0.05
    parts, round_ones = [Part(rounded((n, w, 0.036), 0.15), case)], rng.random() < 0.6
    well, look = (turned([(0.019, 0.0005), (0, 0.0002)], 20), dark(rng)) if round_ones else (box((0.03, 0.03, 0.001)), casing(rng))
    hole, inside = (cylinder(0.0026, 0.001, 10), steel(rng)) if round_ones else (box((0.002, 0.008, 0.002)), BLACK)
    for x in (0.05 - n / 2 + 0.045 * k for k in range(count)):
        holes = [hole.moved((x, y, 0.036)) for y in (-0.009, 0.009)]
        parts += [Part(well.moved((x, 0, 0.036)), look, ()), Part(join(holes), inside, ())]
    if rng.random() < 0.6:
        parts.append(Part(box((0.013, 0.022, 0.005)).moved((n / 2 - 0.02, 0, 0.034)), Look(None, (0.9, 0.1, 0.08, 1), 0.5, emission=0.4), ()))
    return [*parts, cord(rng, (n / 2 - 0.004, 0, 0.018), rng.uniform(0.15, 0.5), 0.004)]


@KINDS.add("screen", TABLE, True, 0.9, 0.6)
def tablet_on_stand(rng: Rng, materials: Materials) -> list[Part]:
    w, ratio, lean = rng.uniform(0.16, 0.29), rng.uniform(0.6, 0.78), rng.uniform(12, 35)
    h = w * (ratio if rng.random() < 0.75 else 1 / ratio * 0.9)
    turn, case, stand, up = rotation("x", -lean), casing(rng), casing(rng), rng.uniform(0.008, 0.05)
    front = [rounded((w, 0.008, h), 0.08), box((w * 0.93, 0.001, h * 0.92)).moved((0, -0.0042, h * 0.04))]
    foot, back = rounded((w * 0.5, h * 0.75, 0.008), 0.25).moved((0, h * 0.25, 0)), np.radians(lean)
    strut = tube([(0, h * 0.5 * np.sin(back) + 0.006, up + h * 0.5 * np.cos(back)), (0, h * 0.5, 0.006)], 0.014, 8, 0.5)
    lip = [box((0.025, 0.03, up + 0.004)).moved((x * w * 0.2, -0.004, 0)) for x in (-1, 1)]
    return [Part(front[0].moved((0, 0, up), turn), case), Part(front[1].moved((0, 0, up), turn), shown(rng, materials), ()),
            *(Part(m, stand) for m in (foot, strut, *lip))]  # fmt: skip


@KINDS.add("computer", "table floor", True, 0.8, 6.0)
def desktop_tower(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.09, 0.3, 0.3), (0.22, 0.46, 0.48))
    case, front, trim = casing(rng), casing(rng) if rng.random() < 0.5 else dark(rng), steel(rng)
    parts = [Part(box((w, d, h), 2), case), Part(rounded((w * 0.98, 0.03, h), 0.12).moved((0, -d / 2 - 0.008, 0)), front)]
    y, bays = -d / 2 - 0.024, int(rng.integers(0, 4))
    parts += [Part(box((w * 0.82, 0.004, 0.035)).moved((0, y, h * 0.95 - 0.045 * (k + 1))), trim if k == 0 else case, ()) for k in range(bays)]
    parts += [Part(cylinder(0.011, 0.004).moved((0, y + 0.002, h * 0.55), TO_FRONT), trim, ()),
              Part(box((0.006, 0.003, 0.006)).moved((w * 0.2, y, h * 0.54)), Look(None, (0.2, 0.5, 1, 1), emission=0.9), ())]  # fmt: skip
    parts += [Part(box((w * 0.6, 0.003, 0.005)).moved((0, y, h * 0.1 + 0.013 * k)), BLACK, ()) for k in range(int(rng.integers(3, 12)))]
    if rng.random() < 0.5:  # a window into it, or holes
        pane = Look(t.board(rng), specular=0.9, shininess=0.9) if rng.random() < 0.6 else BLACK
        parts.append(Part(box((0.003, d * 0.75, h * 0.75)).moved((w / 2, 0, h * 0.12)), pane, ()))
    return parts


@KINDS.add("appliance", "table", True, 0.9, 2.0)
def coffee_machine(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h = rng.uniform((0.15, 0.2, 0.26), (0.24, 0.28, 0.36))
    case, trim = casing(rng) if rng.random() < 0.7 else steel(rng), dark(rng) if rng.random() < 0.7 else steel(rng)
    parts = [Part(rounded((w, d, h * 0.1), 0.15), trim), Part(rounded((w, d * 0.42, h), 0.15).moved((0, d * 0.29, 0)), case),
             Part(rounded((w, d, h * 0.3), 0.2).moved((0, 0, h * 0.7)), case)]  # fmt: skip
    if rng.random() < 0.5:  # with a jar of glass below a filter
        r, y = min(w * 0.42, d * 0.29), -d * 0.19
        jar = turned([(0, 0), (r * 0.85, 0), (r, h * 0.12), (r * 0.9, h * 0.33), (r * 0.65, h * 0.42), (0, h * 0.42)], 24).moved((0, y, h * 0.1))
        bow = [(0, y - r * 0.7, h * 0.47), (0, y - r - 0.035, h * 0.45), (0, y - r - 0.035, h * 0.2), (0, y - r * 0.95, h * 0.16)]
        return [*parts, Part(turned([(0, h * 0.6), (r * 0.6, h * 0.6), (r * 0.8, h * 0.72), (0, h * 0.72)], 20).moved((0, y, 0)), trim, ()),
                Part(jar, glass(rng) if rng.random() < 0.5 else Look(None, (0.12, 0.06, 0.04, 1), 1.0, 0.9)),
                Part(cylinder(r * 0.68, h * 0.05).moved((0, y, h * 0.52)), trim), Part(tube(bow, 0.008, 8, 1.3), trim)]  # fmt: skip
    pieces = ((0, w * 0.2, 0.1), (-0.014, 0.006, 0.17), (0.014, 0.006, 0.17))
    spout = [cylinder(r, h * z).moved((x, -d * 0.22, h * (0.72 - z))) for x, r, z in pieces]
    arm = tube([(0, -d * 0.22, h * 0.66), (0, -d * 0.5, h * 0.655), (0, -d * 0.75, h * 0.63)], [0.009, 0.011, 0.013], 10)
    knobs = [cylinder(0.014, 0.012).moved((x * w, -d / 2 + 0.003, h * 0.87), TO_FRONT) for x in np.linspace(-0.3, 0.3, int(rng.integers(2, 5)))]
    grate = box((w * 0.85, d * 0.5, 0.003)).moved((0, -d * 0.22, h * 0.1))
    return [*parts, Part(join(spout + knobs), steel(rng), ()), Part(arm, trim), Part(grate, Look(t.keys(rng, 128, 12, 3)), ())]


@KINDS.add("appliance", "table floor", False, 0.9, 0.5)
def hair_dryer(rng: Rng, materials: Materials) -> list[Part]:
    n, r, case, trim = rng.uniform(0.15, 0.22), rng.uniform(0.03, 0.042), plastic(rng), dark(rng) if rng.random() < 0.6 else steel(rng)
    barrel = turned([(0, 0), (r * 0.8, 0), (r, r * 0.3), (r, n * 0.4), (r * 0.72, n * 0.75), (r * 0.7, n), (0, n)], 26)
    net = cylinder(r * 0.7, 0.003, 22).moved((-n * 0.4 - 0.002, 0, r), ALONG_X)
    slit = tapered(box((0.05, r * 1.35, r * 1.35), 3), 0.25, 1.25).moved((n * 0.6 + 0.022, 0, r - r * 0.675))
    mouth = turned([(r * 0.66, 0.001), (0, 0.001)], 20).moved((n * 0.6, 0, r), ALONG_X)
    x, lean = -n * 0.15, rng.uniform(-0.03, 0.03)
    grip = tube([(x, -r * 0.6, r), (x + lean, -0.09, r), (x + lean - 0.004, -rng.uniform(0.12, 0.16), r)], [0.021, 0.018, 0.015], 12, 0.85)
    switch = box((0.012, 0.03, 0.008)).moved((x + lean * 0.7, -0.07, r + 0.012))
    front = Part(slit, trim) if rng.random() < 0.5 else Part(mouth, BLACK, ())
    return [Part(barrel.moved((-n * 0.4, 0, r), ALONG_X), case), Part(grip, case if rng.random() < 0.6 else trim), front,
            Part(join([net, switch]), trim, ())]  # fmt: skip


@KINDS.add("appliance", "table", True, 0.8, 1.2)
def flat_iron(rng: Rng, materials: Materials) -> list[Part]:
    n, w, case, trim = rng.uniform(0.2, 0.27), rng.uniform(0.1, 0.125), plastic(rng), casing(rng)
    h = n * rng.uniform(0.2, 0.28)
    sole, body = (tapered(rounded((k * n, k * w, z), edge, 32), thin, 0.3) for k, z, edge, thin in ((1, 0.012, 0.35, 1.0), (0.95, h, 0.55, 0.55)))
    s = np.linspace(0, 1, 9)
    grip = tube(np.column_stack((n * (0.3 - 0.68 * s), 0 * s, h * 0.65 + n * 0.28 * np.sin(np.pi * s**0.7) ** 0.6)), 0.014, 12, 0.85)
    tail = tapered(rounded((n * 0.22, w * 0.55, n * 0.3), 0.4), 0.7).moved((-n * 0.36, 0, h * 0.5))
    dial = cylinder(0.018, 0.01).moved((-n * 0.05, 0, h + 0.004))
    return [Part(sole, steel(rng)), Part(body.moved((-n * 0.015, 0, 0.004)), case), Part(grip, trim), Part(tail, trim), Part(dial, dark(rng), ())]


@KINDS.add("appliance", "table floor", True, 0.8, 1.5)
def table_fan(rng: Rng, materials: Materials) -> list[Part]:
    r, case, trim, wire = rng.uniform(0.08, 0.17), plastic(rng), casing(rng), steel(rng) if rng.random() < 0.6 else dark(rng)
    z, thick, tilt = r + rng.uniform(0.05, 0.16), rng.uniform(0.025, 0.04), rotation("x", 90 - rng.uniform(-5, 20))
    spoke, count = ((0.02, thick), (0.85 * r, thick), (r, 0), (0.85 * r, -thick), (0.03, -thick)), int(rng.integers(14, 24))
    bars = [tube([(k * np.cos(a), k * np.sin(a), y) for k, y in spoke], 0.0014, 5) for a in np.arange(count) * 2 * np.pi / count]
    rings = [ring(k * r, 0.0022).moved((0, 0, y)) for k, y in ((1, -0.002), (0.85, thick), (0.5, thick), (0.85, -thick))]
    blade = plate([(0, -0.1), (0.5, -0.34), (0.85, -0.3), (0.9, 0.1), (0.5, 0.22), (0, 0.1)], 0.02).moved(scale=r)
    count = int(rng.integers(3, 6))
    blades = [blade.moved(turn=rotation("z", 360 / count * k) @ rotation("x", 25)) for k in range(count)]
    cage, hub, motor = join([*bars, *rings]), cylinder(0.025, thick + 0.004), cylinder(0.042, 0.075).moved((0, 0, -thick - 0.07))
    at, hull = (0, 0, z), cylinder(r, 2 * thick, 16).moved((0, 0, -thick))
    stem = tube([(0, 0.05, 0.02), (0, 0.06, z * 0.6), (0, thick + 0.035, z)], [0.018, 0.014, 0.018], 10)
    foot = turned([(0, 0), (r * 0.75, 0), (r * 0.72, 0.014), (0.022, 0.035), (0, 0.035)], 28).moved((0, 0.04, 0))
    return [Part(cage.moved(at, tilt), wire, (hull.moved(at, tilt),)), Part(join(blades).moved(at, tilt), trim, ()), Part(stem, case),
            Part(hub.moved(at, tilt), case, ()), Part(motor.moved(at, tilt), case), Part(foot, case)]  # fmt: skip


@KINDS.add("toy", "table shelf floor", False, 0.9, 0.1)
def puzzle_cube(rng: Rng, materials: Materials) -> list[Part]:
    count, cube, mixed = int(rng.choice([2, 3, 3, 3, 4])), box((rng.uniform(0.045, 0.07),) * 3), rng.random() < 0.7
    cell, tones = 96 // count, ((230, 230, 230), (230, 200, 20), (200, 30, 30), (240, 110, 20), (20, 60, 190), (20, 150, 60))
    face = np.arange(len(cube.uv))[:, None] // 4
    uv = (cube.uv + np.hstack((face % 3, face // 3))) / (3, 2)  # each side shows a sixth of the image
    picture = np.full((192, 288, 3), rng.choice([15, 235]), np.uint8)
    for k in range(6 * count * count):
        face, row, column = k // count**2, k // count % count, k % count
        y, x = face // 3 * 96 + row * cell, face % 3 * 96 + column * cell
        picture[y + 2 : y + cell - 2, x + 2 : x + cell - 2] = tones[int(rng.integers(6)) if mixed else face]
    return [Part(Mesh(cube.vertices, cube.faces, uv), Look(picture, specular=0.6))]


@KINDS.add("toy", "table floor", True, 1.0, 0.3)
def stacking_rings(rng: Rng, materials: Materials) -> list[Part]:
    count, r, thick = int(rng.integers(3, 7)), rng.uniform(0.035, 0.055), rng.uniform(0.009, 0.013)
    z, start, parts = 0.015, rng.random(), [Part(cylinder(r * 1.3, 0.015, 28), handle_look(rng))]
    for k in range(count):
        look = Look(t.plain(rng, 16, t.color(rng, (0.75, 1), (0.6, 1), start + k / count), 0.02), specular=0.6)
        parts.append(Part(ring(r * (1 - 0.55 * k / count), thick).moved((0, 0, z)), look))
        z += 2 * thick * 0.96
    return [*parts, Part(cylinder(0.008, z, 14), parts[0].look), Part(rounded((0.03,) * 3, 1.0, 18).moved((0, 0, z - 0.004)), plastic(rng))]


@KINDS.add("toy", "table shelf floor", True, 1.2, 0.2)
def robot_figure(rng: Rng, materials: Materials) -> list[Part]:
    s, main, second, joint = rng.uniform(0.06, 0.12), plastic(rng), plastic(rng), steel(rng) if rng.random() < 0.5 else dark(rng)
    leg, arm, edge = rng.uniform(0.5, 0.9), rng.uniform(0.6, 0.9), rng.uniform(0.08, 0.4)
    eye, head = Look(None, (*(t.color(rng, (0, 1), (0.8, 1)) / 255).tolist(), 1), emission=0.6), rng.uniform(0.5, 0.75)
    block = [
        ((0, 0, leg), (0.9, 0.5, 1.0), main),
        ((0, 0, leg + 1.08), (head, head * 0.8, 0.55), second),
        ((0, 0, leg + 0.95), (0.25, 0.25, 0.2), joint),
    ]
    for x in (-1, 1):
        block += [((x * 0.24, -0.08, 0), (0.38, 0.6, 0.2), second), ((x * 0.24, 0, 0.12), (0.26, 0.28, leg), joint),
                  ((x * 0.6, 0, leg + 0.62), (0.34, 0.4, 0.34), second)]  # fmt: skip
    parts = [Part(rounded(s * np.array(size), edge, 16).moved(s * np.array(at)), look) for at, size, look in block]
    for x in (-1, 1):
        hang = rotation("x", rng.uniform(-110, 10))
        fist = rounded((s * 0.28,) * 3, 0.6, 14).moved((0, 0, -s * (arm + 0.15)))
        limb = join([rounded((s * 0.22, s * 0.24, s * arm), edge, 14).moved((0, 0, -s * arm)), fist])
        parts.append(Part(limb.moved((x * s * 0.62, 0, s * (leg + 0.8)), hang), main))
        parts.append(Part(cylinder(s * 0.08, s * 0.06, 14).moved((x * s * head * 0.24, -s * head * 0.38, s * (leg + 1.4)), TO_FRONT), eye, ()))
    if rng.random() < 0.6:
        parts.append(Part(tube([(0, 0, s * (leg + 1.6)), (0, 0, s * (leg + 1.9))], [s * 0.03, s * 0.06], 8), joint))
    badge = Look(t.keys(rng, 64, 3, 4) if rng.random() < 0.5 else t.print_on(rng, 64))
    return [*parts, Part(box((s * 0.5, s * 0.04, s * 0.4)).moved((0, -s * 0.25, s * (leg + 0.4))), badge, ())]


@KINDS.add("toy", "table shelf floor", True, 1.1, 0.15)
def toy_dinosaur(rng: Rng, materials: Materials) -> list[Part]:
    s, look = rng.uniform(0.05, 0.12), Look(t.skin_of(rng.random(), rng, second=rng.random()), specular=rng.uniform(0.1, 0.6))
    neck, tail, bulk, leg, bend = rng.uniform(0.5, 1.7), rng.uniform(1.2, 2.2), rng.uniform(0.55, 0.8), rng.uniform(0.5, 0.8), np.linspace(0, 1, 12)
    z = leg + bulk * 0.4
    spine = [(-0.5 - tail * (1 - u), 0, z - 0.35 * (1 - u) ** 2) for u in bend]
    spine += [(-0.5 + 1.1 * u, 0, z + 0.12 * np.sin(np.pi * u)) for u in bend[1:]]
    spine += [(0.6 + 0.5 * neck * u, 0, z + neck * u**1.4) for u in bend[1:]]
    thick = [*(0.03 + 0.75 * bulk * 0.5 * bend**1.5), *(bulk * (0.38 + 0.14 * np.sin(np.pi * bend[1:]))), *(bulk * 0.38 * (1 - 0.55 * bend[1:]))]
    end = np.array(spine[-1])
    parts = [Part(tube(s * np.array(spine), s * np.array(thick), 14), look),
             Part(tapered(rounded(s * np.array((0.75, 0.4, 0.36)), 0.75, 18), 0.6, 0.6).moved(s * (end + (0.2, 0, -0.2))), look)]  # fmt: skip
    for x, y in ((-0.4, -1), (-0.4, 1), (0.45, -1), (0.45, 1)):
        limb = s * np.array([(x + rng.uniform(-0.1, 0.1), y * bulk * 0.4, z), (x, y * bulk * 0.5, leg * 0.5), (x, y * bulk * 0.5, 0)])
        parts.append(Part(tube(limb, s * np.array((0.24, 0.16, 0.17)), 10), look))
    eyes = [rounded((s * 0.09,) * 3, 1.0, 10).moved(s * (end + (0.25, y * 0.16, 0.02))) for y in (-1, 1)]
    if rng.random() < 0.6:
        spike = profiled([(-0.12, -0.05), (0.12, -0.05), (0, 0.24)], 0.06)
        plates = [spike.moved(s * (np.array(spine[k]) + (0, 0, thick[k])), scale=s * (0.6 + 1.6 * thick[k])) for k in range(4, 30, 3)]
        parts.append(Part(join(plates), plastic(rng), ()))
    return [*parts, Part(join(eyes), BLACK, ())]


@KINDS.add("toy", "table shelf floor", True, 1.0, 0.2)
def toy_plane(rng: Rng, materials: Materials) -> list[Part]:
    n, look, second = rng.uniform(0.12, 0.28), plastic(rng) if rng.random() < 0.7 else handle_look(rng), plastic(rng)
    z, span, back = n * 0.17, n * rng.uniform(0.4, 0.65), n * rng.uniform(0.0, 0.25)
    line = [(-n / 2, 0, z + n * 0.04), (-n * 0.2, 0, z), (n * 0.25, 0, z), (n * 0.42, 0, z), (n / 2, 0, z)]
    hull = tube(line, n * np.array((0.02, 0.075, 0.09, 0.08, 0.035)), 16)
    half = [(n * 0.12 - back, span), (-n * 0.02 - back, span)]
    wing = plate([(n * 0.16, 0), *half, (-n * 0.08, 0), *((x, -y) for x, y in half[::-1])], n * 0.022)
    tail = plate([(-n * 0.36, 0), (-n * 0.42, n * 0.2), (-n * 0.5, n * 0.2), (-n * 0.5, -n * 0.2), (-n * 0.42, -n * 0.2)], n * 0.018)
    fin = profiled([(-n * 0.34, z), (-n * 0.5, z), (-n * 0.52, z + n * 0.2), (-n * 0.45, z + n * 0.2)], n * 0.018)
    levels, at = [z - n * 0.06, z + n * 0.13][: int(rng.integers(1, 3))], ((0.2, -0.1), (0.2, 0.1), (-0.4, 0))
    wheels = [cylinder(n * 0.05, n * 0.025, 16).moved((x * n, y * n + n * 0.012, n * 0.05), rotation("x", 90)) for x, y in at]
    legs = [tube([(n * x, n * y, n * 0.05), (n * (x - 0.01), n * y * 0.4, z)], n * 0.012, 6) for x, y in at]
    cabin = rounded((n * 0.2, n * 0.11, n * 0.11), 0.8, 16).moved((n * 0.1, 0, z + n * 0.04))
    parts = [Part(hull, look), *(Part(wing.moved((0, 0, y)), second) for y in levels), Part(tail.moved((0, 0, z + n * 0.02)), second),
             Part(fin, second), *(Part(m, BLACK) for m in wheels), Part(join([*legs, cabin]), BLACK, ())]  # fmt: skip
    if rng.random() < 0.6:
        fan = join([box((n * 0.012, n * 0.3, n * 0.03)).moved((0, 0, -n * 0.015)), rounded((n * 0.05,) * 3, 1.0, 10).moved((0, 0, -n * 0.025))])
        return [*parts, Part(fan.moved((n * 0.51, 0, z), rotation("x", rng.uniform(0, 180))), handle_look(rng), ())]
    return parts
