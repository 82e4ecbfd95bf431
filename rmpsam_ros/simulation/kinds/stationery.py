"""Reading and writing materials and their storage: open books, papers, binders, trays, pens in a cup."""

from __future__ import annotations

import cv2
import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.kinds.gadgets import ring
from rmpsam_ros.simulation.kinds.kitchen import paint, printed
from rmpsam_ros.simulation.kinds.large import timber
from rmpsam_ros.simulation.kinds.seating import draped, framed, shifted, wooden
from rmpsam_ros.simulation.kinds.vessels import ceramic, hollow, steel
from rmpsam_ros.simulation.kinds.wardrobe import leather
from rmpsam_ros.simulation.kinds.workshop import ALONG_X, cylinder, dark, plastic, profiled
from rmpsam_ros.simulation.shapes import Mesh, box, join, plate, rotation, rounded, tube
from rmpsam_ros.simulation.things import KINDS, Look, Materials, Part, Rng

PLACES = "table shelf floor"
DESK = "table shelf"


def paper(rng: Rng) -> Look:
    return Look(t.plain(rng, 64, t.color(rng, (0, 0.15), (0.8, 1.0), 0.12), 0.06), specular=0)


def page(rng: Rng, materials: Materials, columns: int = 1, side: int = 256) -> np.ndarray:
    """Printed text in columns, with headings and pictures."""
    result = t.plain(rng, side, t.color(rng, (0, 0.12), (0.82, 1.0), 0.12), 0.04)
    gap, ink = side // 16, int(rng.integers(20, 110))
    wide, step = (side - gap * (columns + 1)) // columns, int(rng.integers(6, 11))
    for c in range(columns):
        x, y = gap + c * (wide + gap), gap
        while y < side - gap - step:
            pick = rng.random()
            if pick < 0.06:
                cv2.rectangle(result, (x, y), (x + int(wide * rng.uniform(0.4, 0.9)), y + step), (ink // 2,) * 3, -1)
                y += 3 * step
            elif pick < 0.1 and y < side * 0.7:
                high = min(int(rng.uniform(0.15, 0.35) * side), side - gap - y)
                photo = materials.crop(rng, side=64)
                photo = t.plain(rng, 32) if photo is None else photo
                result[y : y + high, x : x + wide] = cv2.resize(photo, (wide, high), interpolation=cv2.INTER_AREA)
                y += high + step
            else:
                end = wide if rng.random() < 0.85 else int(wide * rng.uniform(0.2, 0.8))
                for a in np.sort(rng.integers(0, max(end - 4, 1), max(end // 14, 2))):
                    cv2.line(result, (x + int(a), y), (x + int(min(a + 10, end)), y), (ink,) * 3, 2)
                y += step
    return result


def coil(length: float, radius: float, count: int, look: Look) -> Part:
    """The rings of a spiral binding along x, around z = 0."""
    rings = [ring(radius, 0.0009).moved((x, 0, 0), ALONG_X) for x in np.linspace(-length / 2, length / 2, count)]
    return Part(join(rings), look, ())


@KINDS.add("book", PLACES, False, 1.2, 0.5)
def open_book(rng: Rng, materials: Materials) -> list[Part]:
    w, d, thick = rng.uniform(0.11, 0.2), rng.uniform(0.16, 0.28), rng.uniform(0.012, 0.04)
    share, cover, blank = rng.uniform(0.2, 0.8), printed(rng, materials), paper(rng)
    columns, parts = int(rng.integers(1, 3)), []
    for side, high in ((-1, thick * share), (1, thick * (1 - share))):
        high = max(high, 0.003)
        hump, s = high + rng.uniform(0.004, 0.012), np.linspace(0, 1, 12)
        top = np.column_stack((w * s, 0.004 + high * 0.55 + (hump - high * 0.55) * np.sin(np.pi * np.minimum(s * 1.6, 1) ** 0.8 / 2)
                               - (hump - high) * np.clip((s - 0.4) / 0.6, 0, 1) ** 1.5))  # fmt: skip
        block = profiled([(0.001, 0.003), (w, 0.003), *top[::-1]], d)
        hull = (block,)
        text = Look(page(rng, materials, columns) if rng.random() < 0.85 else printed(rng, materials).image, specular=rng.uniform(0, 0.2))
        shown = draped(top + (0, 0.0002), d, 0.0006, text, 4)
        turn = rotation("z", -90)  # the path ran along y
        leaf = shown.mesh.moved(turn=turn)
        if side < 0:
            half = rotation("z", 180)
            block, hull, leaf = block.moved(turn=half), (block.moved(turn=half),), leaf.moved(turn=half)
        # as text runs: across x, from the far edge to the near one
        low, high_at = leaf.bounds()
        uv = (leaf.vertices[:, :2] - low[:2]) / (high_at - low)[:2]
        parts += [Part(block, blank, hull), Part(Mesh(leaf.vertices, leaf.faces, uv), text, ())]
        parts.append(Part(box((w + 0.005, d + 0.008, 0.003)).moved((side * (w + 0.005) / 2, 0, 0)), cover))
    return parts


@KINDS.add("book", PLACES, False, 1.1, 0.15)
def magazine(rng: Rng, materials: Materials) -> list[Part]:
    w, d, thick = rng.uniform(0.16, 0.24), rng.uniform(0.21, 0.3), rng.uniform(0.003, 0.008)
    front = Look(t.print_on(rng, 256, materials.crop(rng)), specular=rng.uniform(0.3, 0.8), shininess=0.6)
    curl, s = rng.uniform(0, 0.035), np.linspace(0, 1, 10)
    if rng.random() < 0.35:  # rolled up a little or a lot
        a = np.linspace(0, rng.uniform(3.5, 9), 40)
        r = 0.018 + 0.002 * a
        path = np.column_stack((r * np.sin(a), 0.045 - r * np.cos(a)))[::-1]
        low = path[:, 1].min() - thick
        return [Part(draped(path - (0, low), d, 0.002, front, 4).mesh, front)]
    lifted = np.column_stack((w * (s - 0.5), 0.0005 + curl * s**2.5))
    body = draped(lifted, d, thick * 0.8, paper(rng), 4)
    top = draped(lifted + (0, thick * 0.8), d, 0.0012, front, 4)
    parts = shifted([body, Part(top.mesh, front, ())], (0, 0, 0), rotation("z", -90))
    if rng.random() < 0.5:
        parts.append(Part(box((w, d, 0.001)).moved((0, 0, 0)), front, ()))
    return parts


@KINDS.add("book", PLACES, False, 1.1, 0.2)
def spiral_notebook(rng: Rng, materials: Materials) -> list[Part]:
    w, d, thick, r = rng.uniform(0.09, 0.22), rng.uniform(0.13, 0.3), rng.uniform(0.006, 0.018), rng.uniform(0.004, 0.007)
    if rng.random() < 0.4:  # bound at the short edge
        w, d = min(w, d), max(w, d) * 0.8
    front, wire = printed(rng, materials) if rng.random() < 0.6 else plastic(rng), steel(rng) if rng.random() < 0.5 else plastic(rng)
    r = max(r, thick * 0.65)
    parts = [Part(box((w, d, thick)).moved((0, 0, 0.001)), paper(rng)), coil(w * 0.9, r, int(w / 0.009), wire)]
    parts[1] = Part(parts[1].mesh.moved((0, d / 2, thick / 2 + 0.001)), wire, ())
    if rng.random() < 0.35:  # open, with the writing visible
        lines = t.plain(rng, 256, t.color(rng, (0, 0.1), (0.9, 1.0)), 0.02)
        lines[::14, :] = t.color(rng, (0.2, 0.6), (0.6, 0.9), 0.6)
        if rng.random() < 0.5:
            lines[:, ::14] = lines[0, 0]
        for k in range(int(rng.integers(0, 12))):
            x = np.arange(20, int(rng.integers(60, 236)), 3)
            points = np.column_stack((x, 14 * (k + 2) - rng.integers(0, 9, len(x)))).astype(np.int32)
            cv2.polylines(lines, [points], False, (40, 40, 120), 1, cv2.LINE_AA)
        parts.append(Part(box((w * 0.995, d * 0.995, 0.0008)).moved((0, 0, thick + 0.001)), Look(lines, specular=0), ()))
    else:
        parts.append(Part(box((w + 0.004, d + 0.003, 0.0015)).moved((0, 0, thick + 0.001)), front, ()))
    parts.append(Part(box((w + 0.004, d + 0.003, 0.0015)), front if rng.random() < 0.5 else paint(rng, 0.09, (0.2, 0.5), (0.4, 0.8)), ()))
    if rng.random() < 0.4:
        pen = [(w * rng.uniform(-0.3, 0.3), -d * 0.35, thick + 0.0075), (w * rng.uniform(-0.3, 0.3), d * 0.3, thick + 0.0075)]
        parts.append(Part(tube(pen, 0.0045, 8), plastic(rng), ()))
    return parts


@KINDS.add("book", PLACES, False, 1.0, 0.2)
def newspaper(rng: Rng, materials: Materials) -> list[Part]:
    w, d, thick = rng.uniform(0.22, 0.36), rng.uniform(0.2, 0.3), rng.uniform(0.008, 0.02)
    sheet_of = page(rng, materials, int(rng.integers(3, 6)), 320)
    cv2.putText(
        sheet_of, str(rng.choice(["The Daily", "Morning", "HERALD", "Gazette", "Kurier"])), (30, 44), cv2.FONT_HERSHEY_TRIPLEX, 1.5, (25, 25, 25), 3
    )
    look, s = Look(sheet_of, specular=0), np.linspace(0, 1, 9)
    if rng.random() < 0.3:  # rolled, with a band
        r = rng.uniform(0.022, 0.035)
        band = cylinder(r * 1.03, 0.02).moved((-0.01, 0, r), ALONG_X)
        roll = cylinder(r, w, 24).moved((-w / 2, 0, r), ALONG_X)
        return [
            Part(roll, look),
            Part(band, paint(rng), ()),
            Part(tube([(-w / 2, r * 0.6, r * 1.75), (w / 2, r * 0.6, r * 1.75)], 0.003, 6), look, ()),
        ]
    leaves, levels = [], int(rng.integers(2, 5))
    for k in range(levels):
        sag, size = rng.uniform(0, 0.004), d * rng.uniform(0.975, 1.0)
        path = np.column_stack((size * (s - 0.5), 0.0008 + k * thick / levels + sag * s**3))
        leaf = draped(
            path, w * rng.uniform(0.985, 1.0), thick / levels * 0.8, look if k == levels - 1 else Look(page(rng, materials, 4), specular=0), 5
        )
        leaves.append(
            Part(leaf.mesh.moved((*rng.normal(0, 0.002, 2), 0), rotation("z", rng.normal(0, 0.7))), leaf.look, leaf.walls if k == 0 else ())
        )
    fold = tube([(-w / 2, 0, thick / 2), (w / 2, 0, thick / 2)], thick / 2, 10).moved((0, -d / 2, 0))
    return [*leaves, Part(fold, look, ())]


@KINDS.add("book", PLACES, True, 1.0, 1.2)
def ring_binder(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, thick = rng.uniform(0.035, 0.085), rng.uniform(0.24, 0.29), rng.uniform(0.28, 0.33), 0.003
    shell = plastic(rng) if rng.random() < 0.6 else Look(t.stone(rng), specular=0.2)
    fill, close = rng.uniform(0.3, 0.9), rng.uniform(0.55, 1.0)
    lean = np.degrees(np.arctan2(w * (1 - close) / 2, d))
    sides = [box((thick, d, h)).moved((0, d / 2, 0)).moved((x * w / 2, -d / 2, 0), rotation("z", x * lean)) for x in (-1, 1)]
    sides.append(box((w + thick, thick, h)).moved((0, -d / 2, 0)))
    label = box((w * 0.7, 0.001, h * rng.uniform(0.3, 0.5))).moved((0, -d / 2 - 0.002, h * 0.4))
    hole, metal = ring(0.012, 0.0018).moved((0, -d / 2 - 0.001, h * 0.16), rotation("x", 90)), steel(rng)
    leaves = box((w * fill * close * 0.9, d * 0.88, h * 0.93)).moved((-w * (1 - fill) * 0.3 * close, 0, 0.004))
    tag = page(rng, materials, 1, 128) if rng.random() < 0.6 else t.print_on(rng, 128)
    parts = [framed(sides, shell), Part(leaves, paper(rng)), Part(label, Look(tag, specular=0.2), ()), Part(hole, metal, ()),
             Part(cylinder(0.011, 0.001).moved((0, -d / 2 - 0.001, h * 0.16), rotation("x", 90)), dark(rng), ())]  # fmt: skip
    if rng.random() < 0.35:  # put down flat
        return shifted(parts, (-h / 2, 0, w / 2 + 0.002), rotation("y", 90))
    return parts


@KINDS.add("object", DESK, True, 0.9, 0.2)
def desk_calendar(rng: Rng, materials: Materials) -> list[Part]:
    w, h, deep = rng.uniform(0.14, 0.24), rng.uniform(0.11, 0.2), rng.uniform(0.05, 0.09)
    lean = np.degrees(np.arctan2(deep / 2, h))
    grid = t.plain(rng, 256, t.color(rng, (0, 0.1), (0.9, 1.0)), 0.02)
    photo, ink = materials.crop(rng), tuple(int(v) for v in t.color(rng, (0.5, 1), (0.3, 0.8)))
    top = int(rng.uniform(0.2, 0.5) * 256)
    grid[:top] = cv2.resize(t.print_on(rng, 64) if photo is None else photo, (256, top), interpolation=cv2.INTER_AREA)
    for k in range(35):
        x, y = 14 + k % 7 * 34, top + 24 + k // 7 * (240 - top) // 5
        cv2.putText(grid, str(k % 31 + 1), (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink if k % 7 == 6 else (50, 50, 50), 1, cv2.LINE_AA)
    panel = box((w, 0.003, h))
    front, back = ((0, -deep / 2, 0), rotation("x", -lean)), ((0, deep / 2, 0), rotation("x", lean))
    leaf = box((w * 0.96, 0.004, h * 0.95)).moved((0, -0.003, h * 0.02))
    look = paint(rng, None, (0, 0.8), (0.1, 0.9), 0.02)
    return [Part(panel.moved(*front), look), Part(panel.moved(*back), look), Part(box((w, deep, 0.0025)), look),
            Part(leaf.moved(*front), Look(grid, specular=0.2), ()),
            Part(coil(w * 0.88, 0.008, int(w / 0.008), steel(rng)).mesh.moved((0, 0, h)), steel(rng), ())]  # fmt: skip


@KINDS.add("object", PLACES, True, 0.9, 0.4)
def hole_punch(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, case = rng.uniform(0.09, 0.13), rng.uniform(0.08, 0.12), rng.uniform(0.035, 0.05), plastic(rng)
    base = rounded((w, d, 0.016), 0.2)
    block = rounded((w * 0.92, d * 0.4, h), 0.2).moved((0, d * 0.15, 0.01))
    lean, press = rotation("x", rng.uniform(8, 18)), rounded((w * 0.95, d * 1.05, 0.018), 0.3)
    lever = press.moved((0, -d * 0.42, -0.008)).moved((0, d * 0.4, h + 0.016), lean)
    pins = [cylinder(0.005, 0.03).moved((x * 0.04 * w / 0.11, -d * 0.12, 0.012)) for x in (-1, 1)]
    scale = box((w * 1.35, 0.012, 0.004)).moved((w * 0.25, -d * 0.25, 0.006))
    second = case if rng.random() < 0.4 else dark(rng)
    parts = [Part(base, second), Part(block, second), Part(lever, case if rng.random() < 0.7 else steel(rng)), Part(join(pins), steel(rng), ())]
    return [*parts, Part(scale, steel(rng), ())] if rng.random() < 0.5 else parts


@KINDS.add("object", DESK, True, 1.1, 0.3)
def pencil_cup(rng: Rng, materials: Materials) -> list[Part]:
    r, h = rng.uniform(0.032, 0.045), rng.uniform(0.085, 0.12)
    look = [ceramic(rng, materials), plastic(rng), Look(t.wood(rng, 128)), leather(rng), steel(rng)][int(rng.integers(5))]
    holder, parts = hollow([(r * rng.uniform(0.9, 1.0), 0), (r, h)], 0.004, look, rng.choice([0, 0, 0.7, 1.0])), []
    for _ in range(int(rng.integers(4, 12))):
        foot, a = r * 0.6 * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
        b = a + rng.normal(np.pi, 0.8)
        n, edge = rng.uniform(0.14, 0.19), r * rng.uniform(0.5, 0.85)
        low = np.array([foot * np.cos(a), foot * np.sin(a), 0.006])
        way = np.array([edge * np.cos(b), edge * np.sin(b), h]) - low
        way = way / np.linalg.norm(way)
        body, thick = plastic(rng), rng.uniform(0.0033, 0.006)
        tip, end = low + way * (n - 0.02), low + way * n
        parts.append(Part(tube([low, tip], thick, 7 if rng.random() < 0.5 else 10), body, ()))
        kind = rng.integers(3)
        if kind == 0:  # a pencil with its point up
            parts += [Part(tube([tip, tip + way * 0.001, end], [thick * 0.95, thick * 0.95, thick * 0.3], 8),
                           paint(rng, 0.09, (0.3, 0.5), (0.7, 0.95)), ()),
                      Part(tube([end - way * 0.002, end + way * 0.004], [thick * 0.35, 0.0004], 6), dark(rng), ())]  # fmt: skip
        elif kind == 1:  # a cap
            parts.append(Part(tube([tip - way * 0.025, end], [thick * 1.2, thick * 1.1], 10), plastic(rng), ()))
        else:  # a rubber
            parts.append(Part(tube([tip, end], thick * 1.02, 10), paint(rng, 0.98, (0.3, 0.6), (0.7, 0.95)), ()))
    if rng.random() < 0.4:
        strip = box((0.028, 0.002, h * 1.9)).moved((0, 0, 0.006), rotation("x", rng.uniform(-8, 8)) @ rotation("y", rng.uniform(-8, 8)))
        parts.append(Part(strip, wooden(rng) if rng.random() < 0.5 else plastic(rng), ()))
    return [holder, *parts]


@KINDS.add("object", PLACES, False, 0.9, 0.02)
def envelope(rng: Rng, materials: Materials) -> list[Part]:
    w, d, thick = rng.uniform(0.16, 0.32), rng.uniform(0.1, 0.23), rng.uniform(0.002, 0.005)
    look = Look(
        t.plain(rng, 64, t.color(rng, (0, 0.15), (0.85, 1.0)) if rng.random() < 0.6 else t.color(rng, (0.2, 0.5), (0.6, 0.85), 0.09), 0.04),
        specular=0,
    )
    parts = [Part(box((w, d, thick)), look)]
    if rng.random() < 0.5:  # its back
        tip = d * rng.uniform(0.3, 0.6)
        flap = plate([(-w / 2, d / 2), (-w * 0.05, d / 2 - tip), (w * 0.05, d / 2 - tip), (w / 2, d / 2)], 0.0012).moved((0, 0, thick))
        shade = Look(look.image, (0.9, 0.9, 0.9, 1), specular=0)
        folds = [plate([(x * w / 2, -d / 2), (x * w / 2, d / 2), (0, -d * 0.05)], 0.0006).moved((0, 0, thick)) for x in (-1, 1)]
        parts += [Part(join(folds), shade, ()), Part(flap, look, ())]
        if rng.random() < 0.3:
            parts.append(Part(cylinder(0.012, 0.003, 14).moved((0, d / 2 - tip, thick)), paint(rng, 0.0, (0.7, 1), (0.4, 0.8)), ()))
        return parts
    sw, sh, ink = 0.024, 0.029, dark(rng)
    lines = [box((w * rng.uniform(0.18, 0.35), 0.0025, 0.0004)).moved((w * 0.15, -d * 0.05 - 0.011 * k, thick)) for k in range(4)]
    lines += [box((w * 0.16, 0.002, 0.0004)).moved((-w * 0.36, d * 0.38 - 0.008 * k, thick)) for k in range(3)]
    parts += [Part(box((sw, sh, 0.0005)).moved((w / 2 - 0.025, d / 2 - 0.028, thick)), printed(rng, materials), ()), Part(join(lines), ink, ())]
    if rng.random() < 0.35:
        parts.append(
            Part(box((w * 0.4, d * 0.3, 0.0006)).moved((w * 0.16, -d * 0.15, thick - 0.0002)), Look(None, (0.8, 0.85, 0.9, 0.5), 1.0, 0.9), ())
        )
    return parts


@KINDS.add("object", DESK, True, 0.8, 0.9)
def letter_tray(rng: Rng, materials: Materials) -> list[Part]:
    w, d, gap, tiers = rng.uniform(0.23, 0.27), rng.uniform(0.3, 0.36), rng.uniform(0.055, 0.08), int(rng.integers(1, 4))
    look, mesh = (plastic(rng) if rng.random() < 0.6 else timber(rng, materials)), rng.random() < 0.3
    look, parts, pieces = (steel(rng) if mesh else look), [], []
    for k in range(tiers):
        z = k * gap + 0.004
        pieces += [box((w, d, 0.003)).moved((0, 0, z)), *(box((0.003, d, 0.04)).moved((x * w / 2, 0, z)) for x in (-1, 1)),
                   box((w, 0.003, 0.04)).moved((0, d / 2, z)),
                   *(box((w * 0.3, 0.003, 0.012)).moved((x * w * 0.35, -d / 2, z)) for x in (-1, 1))]  # fmt: skip
        for _ in range(int(rng.integers(0, 4))):
            high = rng.uniform(0.002, 0.012)
            leaf = box((0.21, 0.29, high)).moved((rng.normal(0, 0.004), -0.004 + rng.normal(0, 0.004), z + 0.0031), rotation("z", rng.normal(0, 1)))
            parts.append(Part(leaf, Look(page(rng, materials), specular=0) if rng.random() < 0.6 else paper(rng), ()))
            z += high
    posts = [cylinder(0.005, (tiers - 1) * gap + 0.03, 10).moved((x * w / 2, y * d * 0.45, 0)) for x in (-1, 1) for y in (-1, 1)]
    return [framed(pieces, look), framed(posts, steel(rng) if rng.random() < 0.6 else look), *parts]


@KINDS.add("object", DESK, True, 0.8, 0.5)
def magazine_file(rng: Rng, materials: Materials) -> list[Part]:
    w, d, h, thick = rng.uniform(0.07, 0.11), rng.uniform(0.22, 0.27), rng.uniform(0.27, 0.32), 0.003
    look = [plastic(rng), printed(rng, materials), Look(t.wood(rng, 128)), paint(rng)][int(rng.integers(4))]
    low, cut = h * rng.uniform(0.3, 0.5), d * rng.uniform(0.3, 0.6)
    outline = [(-d / 2, 0), (d / 2, 0), (d / 2, h), (d / 2 - cut * 0.5, h), (-d / 2, low)]
    side = profiled(outline, thick).moved(turn=rotation("z", 90))
    sides = [side.moved((x * w / 2, 0, 0)) for x in (-1, 1)]
    sides += [box((w, thick, h)).moved((0, d / 2, 0)), box((w, thick, low)).moved((0, -d / 2, 0)), box((w, d, thick))]
    inside, x = [], -w / 2 + 0.006
    while x < w / 2 - 0.012 and rng.random() < 0.92:
        thin = rng.uniform(0.002, 0.014)
        leaf = box((thin, d * rng.uniform(0.8, 0.95), h * rng.uniform(0.78, 0.98))).moved((x + thin / 2, 0, thick))
        inside.append(Part(leaf, printed(rng, materials) if rng.random() < 0.7 else paper(rng), ()))
        x += thin + 0.001
    tag = box((w * 0.6, 0.001, low * 0.35)).moved((0, -d / 2 - 0.0018, low * 0.5))
    return [framed(sides, look), *inside, Part(tag, Look(page(rng, materials, 1, 64), specular=0.1), ())]


@KINDS.add("tool", PLACES, False, 0.8, 0.05)
def ruler(rng: Rng, materials: Materials) -> list[Part]:
    n, w, thick = rng.choice([0.16, 0.21, 0.31, 0.5]), rng.uniform(0.025, 0.042), rng.uniform(0.0018, 0.004)
    look = [wooden(rng), steel(rng), plastic(rng), Look(None, (*(t.color(rng, (0, 0.6), (0.7, 1)) / 255).tolist(), 0.55), 0.9, 0.9)][
        int(rng.integers(4))
    ]
    ticks, ink = [], dark(rng)
    for k in range(int((n - 0.01) / 0.005)):
        long = 0.3 if k % 2 == 0 else 0.18
        ticks.append(box((0.0006, w * long, 0.0003)).moved((-n / 2 + 0.006 + 0.005 * k, w / 2 * (1 - long), thick)))
    ticks += [box((0.0022, 0.0035, 0.0003)).moved((-n / 2 + 0.006 + 0.01 * k, 0, thick)) for k in range(int((n - 0.01) / 0.01))]
    return [
        Part(box((n, w, thick)), look),
        Part(join(ticks), ink, ()),
        Part(cylinder(0.003, 0.0004, 12).moved((n / 2 - 0.008, -w * 0.25, thick)), ink, ()),
    ]
