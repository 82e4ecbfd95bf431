"""Travel drinkware: flasks, canteens, sports bottles, mugs and tumblers with lids."""

from __future__ import annotations

import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.flasks import clear, contents, eased, front_label, pillar, ribbed_cap, solid, stood, tinted
from rmpsam_ros.simulation.kinds.kitchen import crumbs, loop, paint, printed
from rmpsam_ros.simulation.kinds.vessels import TABLE, ceramic, hollow, steel
from rmpsam_ros.simulation.kinds.wardrobe import cloth_look, leather
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, tube, turned
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng


@KINDS.add("bottle", TABLE, weight=0.8, mass=0.3)
def hip_flask(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, metal = rng.uniform(0.075, 0.1), rng.uniform(0.022, 0.03), rng.uniform(0.085, 0.13), steel(rng)

    def curved(mesh: Mesh) -> Mesh:
        v = mesh.vertices
        return Mesh(np.column_stack((v[:, 0], v[:, 1] + 3.2 * v[:, 0] ** 2, v[:, 2])), mesh.faces, mesh.uv)

    parts = [Part(curved(rounded((w, d, h), 0.3, 40)), metal)]
    if rng.random() < 0.65:
        low, high = h * rng.uniform(0.05, 0.15), h * rng.uniform(0.6, 0.85)
        wrap = leather(rng) if rng.random() < 0.7 else cloth_look(rng)
        parts.append(Part(curved(rounded((w * 1.03, d * 1.07, high), 0.24, 40).moved((0, 0, low))), wrap, ()))
    else:
        plate_ = [(w * 0.28 * np.cos(a), w * 0.34 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 21)[:-1]]
        parts.append(Part(plate(plate_, 0.001).moved((0, -d / 2 + 0.0006, h * 0.5), rotation("x", 90)), printed(rng, materials), ()))
    x = rng.choice([0, -w * 0.22])
    neck, cap = cylinder(0.008, 0.012).moved((x, 0.002, h - 0.005)), ribbed_cap(0.0105, 0.014).moved((x, 0.002, h + 0.004))
    hinge = tube([(x + 0.01, 0.002, h + 0.012), (x + 0.02, 0.002, h + 0.008), (x + 0.02, 0.003, h - 0.004)], 0.0022, 8)
    parts += [Part(neck, metal), Part(cap, metal if rng.random() < 0.7 else dark(rng)), Part(hinge, metal)]
    return stood(parts, box((w * 0.9, d * 1.1, h)).moved((0, 1.0 * w**2 * 0.25, 0)))


@KINDS.add("bottle", "table shelf floor", weight=1.1, mass=0.5)
def sports_bottle(rng: Rng, materials: Materials) -> list[Part]:
    r, h, lid, trim = rng.uniform(0.033, 0.045), rng.uniform(0.16, 0.25), plastic(rng), dark(rng) if rng.random() < 0.5 else plastic(rng)
    waist = rng.choice([1.0, 0.85])
    line = eased([(r * 0.92, 0), (r, 0.006), (r, h * 0.45), (r * waist, h * 0.55), (r * waist, h * 0.65), (r, h * 0.76), (r * 0.85, h * 0.9),
                  (r * 0.85, h * 0.94)])  # fmt: skip
    if rng.random() < 0.55:
        water = Look(None, (*(t.color(rng, (0.1, 0.6), (0.7, 1.0)) / 255).tolist(), 1), 0.8)
        parts = [Part(contents(line, h * rng.uniform(0.2, 0.7)), water, ()), Part(solid(line), tinted(rng, rng.random(), (0.6, 1.0), (0.4, 0.7)))]
    else:
        parts = [Part(solid(line), ceramic(rng, materials))]
    parts.append(Part(ribbed_cap(r * 0.95, h * 0.1).moved((0, 0, h * 0.92)), lid))
    top = h * 1.02
    if rng.random() < 0.5:  # a strap to carry it by
        s = np.linspace(0, np.pi, 13)
        bow = tube(np.column_stack((r * 0.8 * np.cos(s), 0 * s, top - 0.008 + 0.035 * np.sin(s) ** 0.7)), 0.0045, 8, 2.2)
        parts.append(Part(bow, trim))
    else:  # a straw that folds down
        mouth = tube(eased([(-r * 0.2, 0, top - 0.006), (0, 0, top + 0.022), (r * 0.9, 0, top + rng.uniform(0.01, 0.03))]), 0.0065, 10, 0.8)
        ears = join([box((r * 0.8, 0.006, 0.018)).moved((0, y, top - 0.003)) for y in (-0.013, 0.013)])
        parts += [Part(mouth, trim), Part(ears, lid, ())]
        parts.append(Part(loop((r * 0.9, 0), (r * 0.9, 0.002), 0.035, 0.004, 2).moved((0, 0, h * 0.96), rotation("z", 180)), lid, ()))
    if rng.random() < 0.6:
        parts.append(Part(front_label(r, h * 0.08, h * 0.42, rng.choice([0.3, 0.5, 0.99])), printed(rng, materials), ()))
    return stood(parts, pillar(line, h))


@KINDS.add("bottle", "table shelf floor", False, 0.8, 0.8)
def canteen(rng: Rng, materials: Materials) -> list[Part]:
    """Flat and round, covered with cloth, on a strap."""
    r, d = rng.uniform(0.075, 0.1), rng.uniform(0.045, 0.06)
    cover = cloth_look(rng) if rng.random() < 0.65 else paint(rng, rng.choice([0.25, 0.1, 0.55]), (0.2, 0.6), (0.25, 0.7), 0.1)
    body = solid(eased([(r * 0.55, 0), (r * 0.9, d * 0.1), (r * 1.05, d * 0.5), (r * 0.9, d * 0.9), (r * 0.55, d)]), 36)
    seam = turned(np.column_stack((r * 0.985 + 0.004 * np.cos(a := np.linspace(-np.pi / 2, 1.5 * np.pi, 11)), d / 2 + 0.004 * np.sin(a))), 36)
    metal, strap, x = steel(rng), leather(rng), r * 0.94
    neck, cap = cylinder(0.014, 0.022).moved((x, 0, d / 2), ALONG_X), ribbed_cap(0.019, 0.022).moved((x + 0.018, 0, d / 2), ALONG_X)
    parts = [Part(body, cover), Part(seam, strap, ()), Part(neck, metal), Part(cap, dark(rng) if rng.random() < 0.5 else metal)]
    if rng.random() < 0.75:  # a strap on the table beside it
        turn = rng.uniform(-0.3, 0.3)
        s = np.linspace(0, np.pi, 22)
        out, side = r * (0.5 + rng.uniform(1.0, 1.8) * np.sin(s)), r * (0.9 * np.cos(s) + turn * np.sin(2 * s))
        path = np.column_stack((out, side, d * 0.5 * np.cos(s) ** 2 + 0.004))
        parts.append(Part(tube(path, 0.009, 8, 0.22), strap, ()))
    chain = tube(eased([(x + 0.004, 0.012, d / 2), (x + 0.015, 0.035, d / 2), (x + 0.03, 0.018, d / 2)], 3), 0.0018, 6)
    parts.append(Part(chain, metal, ()))
    badge = Part(turned([(r * 0.4, d + 0.0006), (0, d + 0.0006)], 28), printed(rng, materials), ())
    return [*parts, *([badge] if rng.random() < 0.4 else [])]


@KINDS.add("cup", TABLE, weight=1.1, mass=0.4)
def travel_mug(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.036, 0.045), rng.uniform(0.13, 0.2)
    foot = r * rng.uniform(0.68, 0.85)
    outside = [(foot, 0), (foot + (r - foot) * 0.5, h * 0.5), (r, h * 0.9), (r, h * 0.92)]
    lid, trim = dark(rng) if rng.random() < 0.6 else plastic(rng), dark(rng) if rng.random() < 0.5 else plastic(rng)
    parts = [Part(solid(outside, 36), steel(rng) if rng.random() < 0.45 else ceramic(rng, materials))]
    top = [(r * 1.04, h * 0.91), (r * 1.06, h * 0.95), (r * 0.98, h), (r * 0.9, h), (r * 0.86, h * 0.965), (0, h * 0.965)]
    parts += [Part(turned([(0, h * 0.91), *top], 36), lid),
              Part(rounded((r * 0.5, r * 0.35, 0.012), 0.4, 14).moved((0, -r * rng.uniform(0.2, 0.5), h * 0.96)), trim)]  # fmt: skip
    pick = rng.random()
    if pick < 0.4:  # a sleeve of rubber
        z = np.array(rng.uniform((0.2, 0.5), (0.35, 0.75))) * h
        edge = np.interp(z, *np.array(outside).T[::-1])
        sleeve = turned([(edge[0], z[0]), *zip(edge * 1.03 + 0.001, z), (edge[1], z[1])], 36)
        parts.append(Part(sleeve, trim))
    elif pick < 0.75:
        grip = loop((r * 0.97, h * 0.82), (foot + (r - foot) * 0.3, h * rng.uniform(0.2, 0.4)), rng.uniform(0.028, 0.04), 0.0065, 1.6)
        parts.append(Part(grip, lid))
    parts.append(Part(turned([(foot, 0), (foot * 1.03, 0.0005), (foot * 1.06, 0.014), (foot, 0.014)], 36), trim if rng.random() < 0.5 else lid))
    return stood(parts, pillar(outside, h))


@KINDS.add("cup", TABLE, weight=1.1, mass=0.4)
def straw_tumbler(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.038, 0.05), rng.uniform(0.11, 0.18)
    foot, bright = r * rng.uniform(0.65, 0.85), plastic(rng)
    outside = [(foot, 0), (foot + (r - foot) * 0.5, h * 0.5), (r, h)]
    full, see = h * rng.uniform(0.5, 0.88), rng.random() < 0.75
    drink = paint(rng, rng.choice([0.07, 0.09, 0.95, 0.12, 0.3, 0.03]), (0.3, 0.9), (0.35, 0.95), 0.02)
    parts = [Part(solid(outside, 36), clear(rng) if see else ceramic(rng, materials))]
    if see:
        parts.insert(0, Part(contents(outside, full, 0.94), drink))
        if rng.random() < 0.4:  # pearls or ice at the bottom
            beads = []
            for _ in range(30):
                a, z = rng.uniform(0, 2 * np.pi), rng.uniform(0.004, h * 0.2)
                beads.append(rounded((0.009,) * 3, 1.0, 8).moved((foot * 0.93 * np.cos(a), foot * 0.93 * np.sin(a), z)))
            parts.append(Part(join(beads), dark(rng)))
    domed, top = rng.random() < 0.5, h + 0.004
    if domed:
        a = np.linspace(0, np.pi / 2.6, 8)
        dome = [(r * 1.04, h - 0.006), (r * 1.06, h), *zip(r * np.cos(a), h + r * 0.75 * np.sin(a))]
        parts.append(Part(solid(dome, 32), clear(rng)))
        top = h + r * 0.7
        if see and rng.random() < 0.6:
            parts.insert(0, Part(crumbs(rng, 8, (r * 0.7, r), r * 0.5, h + r * 0.12, r * 0.3), paint(rng, 0.1, (0.0, 0.3), (0.85, 1.0), 0.02)))
    else:
        parts.append(Part(turned([(0, h - 0.006), (r * 1.05, h - 0.006), (r * 1.05, h + 0.004), (r * 0.9, top), (0, top)], 36), bright))
    lean, up = rng.uniform(-0.35, 0.35), rng.uniform(0.05, 0.1)
    low = -0.8 * h if see else 0.0
    straw = tube([(lean * low, 0, top + low), (0, 0, top), (lean * up, 0, top + up)], rng.uniform(0.0032, 0.0055), 10)
    parts.insert(0, Part(straw, plastic(rng)))
    if rng.random() < 0.5:
        parts.append(Part(front_label(foot + (r - foot) * 0.62, h * 0.25, h * 0.6, 0.35), printed(rng, materials)))
    if not see and rng.random() < 0.6:
        parts.append(Part(loop((r * 0.97, h * 0.85), (foot + (r - foot) * 0.35, h * 0.3), 0.035, 0.008, 1.5), bright))
    return stood(parts, pillar(outside, top))


@KINDS.add("cup", "table shelf floor", weight=0.9, mass=0.15)
def sippy_cup(rng: Rng, materials: Materials) -> list[Part]:
    """For a toddler: a lid with a mouthpiece, mostly a handle on each side."""
    r, h, lid = rng.uniform(0.033, 0.042), rng.uniform(0.07, 0.1), plastic(rng)
    foot = r * rng.uniform(0.75, 1.0)
    outside = eased([(foot, 0), (foot, 0.004), (foot + (r - foot) * 0.6, h * 0.5), (r, h)])
    look = printed(rng, materials) if rng.random() < 0.5 else plastic(rng)
    if rng.random() < 0.3:
        look = tinted(rng, rng.random(), (0.7, 1.0), (0.5, 0.8))
    parts = [Part(solid(outside), look)]
    cap = eased([(r * 1.04, h - 0.006), (r * 1.05, h + 0.008), (r * 0.85, h + 0.016), (r * 0.3, h + 0.02), (0.001, h + 0.021)])
    parts.append(Part(solid(cap), lid))
    tip = eased([(0.02, 0), (0.014, 0.012), (0.011, 0.024), (0.009, 0.03)])
    out = rng.uniform(0.2, 0.6) * r
    spout = solid(tip, 18).moved(scale=(1.2, 0.55, 1)).moved((0, -out, h + 0.008), rotation("x", rng.uniform(0, 20)))
    parts.append(Part(spout, lid if rng.random() < 0.6 else plastic(rng)))
    if rng.random() < 0.8:
        high = h * rng.uniform(0.8, 1.0)
        grip = loop((r * 0.98, high), (foot + (r - foot) * 0.4, h * rng.uniform(0.15, 0.3)), rng.uniform(0.022, 0.032), 0.006, 1.5)
        second = plastic(rng)
        parts += [Part(grip.moved(turn=rotation("z", a)), lid if look.color[3] < 1 else second) for a in (0, 180)]
    return stood(parts, pillar(outside, h + 0.02))


@KINDS.add("cup", "table shelf floor", weight=1.0, mass=0.2)
def camping_mug(rng: Rng, materials: Materials) -> list[Part]:
    """Of enamel with a dark rim, or of metal with a folding handle of wire; also of carved wood."""
    r, h, pick = rng.uniform(0.038, 0.048), rng.uniform(0.065, 0.09), rng.random()
    if pick < 0.55:
        base, ink = t.color(rng, (0, 0.8), (0.3, 1.0)), t.color(rng, (0, 0.5), rng.choice([(0.05, 0.25), (0.85, 1.0)]))
        image = t.plain(rng, 128, base, 0.02)
        if rng.random() < 0.6:  # speckled
            image = np.where((t.noise(rng, 128, 32, 2) > rng.uniform(0.35, 0.6))[..., None], ink, image).astype(np.uint8)
        look, rim = Look(image, specular=0.8, shininess=0.8), Look(t.plain(rng, 16, ink, 0), specular=0.7)
        strip = tube(eased([(r * 0.98, 0, h * 0.88), (r + 0.032, 0, h * 0.9), (r + 0.03, 0, h * 0.4), (r * 0.96, 0, h * 0.25)], 3), 0.0075, 8, 0.35)
        edge = turned(np.column_stack((r + 0.0022 * np.cos(a := np.linspace(-np.pi / 2, 1.5 * np.pi, 9)), h + 0.0022 * np.sin(a))), 36)
        parts = [hollow([(r * 0.92, 0), (r * 0.98, h * 0.06), (r, h)], 0.0025, look), Part(strip, look, ()), Part(edge, rim, ())]
    elif pick < 0.85:
        look = steel(rng)
        parts = [hollow([(r * 0.95, 0), (r, h * 0.05), (r, h * 0.95), (r * 1.03, h)], 0.0025, look)]
        wire = [(r * 0.99, 0.013, h * 0.85), (r + 0.035, 0.02, h * 0.84), (r + 0.038, 0.02, h * 0.4), (r * 0.99, 0.012, h * 0.3)]
        half = tube(eased(wire, 3), 0.002, 6)
        parts += [Part(join([half, Mesh(half.vertices * (1, -1, 1), half.faces[:, ::-1], half.uv)]), look, ())]
    else:
        look = Look(t.wood(rng, 128), specular=0.2)
        parts = [hollow(eased([(r * 0.6, 0), (r, h * 0.2), (r, h * 0.6), (r * 0.95, h * 0.8)]).tolist(), 0.006, look)]
        ear = plate([(0, -0.018), (0.05, -0.014), (0.055, 0), (0.05, 0.014), (0, 0.018)], 0.012)
        cord = loop((0.045, 0), (0.045, -0.05), 0.012, 0.0015)
        parts += [Part(ear.moved((r * 0.9, 0, h * 0.66)), look, ()), Part(cord.moved((r * 0.9, 0, h * 0.66 + 0.006)), leather(rng), ())]
    if rng.random() < 0.5:
        parts.append(Part(turned([(r * 0.92, h * 0.7), (0, h * 0.7)], 28), paint(rng, 0.07, (0.4, 0.9), (0.1, 0.5), 0.02), ()))
    return parts
