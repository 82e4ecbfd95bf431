"""Simulated detection sequences with known ids: input for trackers, without a network.

The world: blobs of 8 to 26 cells (32 to 104 pixels of a 640 x 480 image) move in front of and behind each other and
behind pillars, which are not things. The depth order determines which cells of each object are visible.

The complete noise model (seeded, so a sequence is the same everywhere):
- An object is detected with probability 0.97 while half of it is visible, half as often at 25 % visibility, hardly ever
  below 15 %. Its score is 0.45 + 0.45 x visible share, with standard deviation 0.06.
- 25 % of each mask's border cells are wrong. Every twentieth mask of a partly covered object includes a piece of its occluder.
- 2 % of the class labels are wrong, 1 % of the objects are detected twice, and every twentieth frame has a false
  positive (score 0.3 to 0.75, random query).
- Queries: 64 latent numbers with a common part of norm 1.0, a class part of 0.8, an individual part of 0.8 (0.15 for
  look-alikes), a view that drifts with norm 0.3 and a time constant of 2 s, and new noise of norm 0.3 in each frame; the
  query of a covered object mixes in its occluder's, weighted by 60 % of the covered share. A fixed random layer and a
  ReLU map 64 to 256 numbers, as the network's queries end in a ReLU. `cosines` measures the result.
- `Scenario.hardness` h multiplies the norms of drift and noise by h and the 3 % of missed objects by h squared.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rmpsam_ros.tracking.detections import Detections
from rmpsam_ros.types import ClassLabel, LabelSet

GRID = (120, 160)
"""Cells (h, w): a quarter of a 640 x 480 network input."""
LATENT, DIMS = 64, 256
CLASSES = 6

LABELS = LabelSet("simulated", tuple(ClassLabel(i, f"kind {i}", True, (40 * i, 200 - 30 * i, 90)) for i in range(CLASSES)))

Path = Callable[[float], tuple[float, float]]
"""Seconds to the centre (x, y) in cells, before the camera moves."""


@dataclass
class Body:
    """A moving object. `kind` < 0: a pillar, which occludes but is never detected. Greater `z` is nearer."""

    path: Path
    radius: float
    kind: int
    z: float
    identity: npt.NDArray[np.float32]
    waves: npt.NDArray[np.float32] = field(repr=False)
    spin: float = 0.0
    box: tuple[float, float] | None = None
    """Half width and half height of a pillar."""


@dataclass(frozen=True)
class SimulatedFrame:
    """`ids` (k,) and `masks` (k, h, w) bool are the ground truth: visible parts of the visible objects. `owners` (n,) is the
    true id of each detection, 0 for a false positive."""

    stamp: float
    detections: Detections
    ids: npt.NDArray[np.int64]
    masks: npt.NDArray[np.bool_]
    owners: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scenario:
    """A named world: `build(rng)` returns its bodies. `drop` is the share of dropped frames."""

    name: str
    build: Callable[[np.random.Generator], list[Body]]
    seconds: float = 20.0
    rate: float = 30.0
    shake: float = 0.0
    """Standard deviation of the camera's jitter in cells; once per second on average it also jerks by ten times as much."""
    drop: float = 0.0
    hardness: float = 1.0


_LAYER = np.random.default_rng(7)
_WEIGHTS = (_LAYER.normal(size=(LATENT, DIMS)) / np.sqrt(LATENT)).astype(np.float32)
_COMMON = _LAYER.normal(size=LATENT)
_COMMON = (_COMMON / np.linalg.norm(_COMMON)).astype(np.float32)
_KINDS = _LAYER.normal(size=(CLASSES, LATENT))
_KINDS = (0.8 * _KINDS / np.linalg.norm(_KINDS, axis=1, keepdims=True)).astype(np.float32)


def identity(rng: np.random.Generator, kind: int, distinct: float = 0.8) -> npt.NDArray[np.float32]:
    """The latent (64,) of one object of a kind; `distinct` is the norm of its individual part."""
    own = rng.normal(size=LATENT)
    return (_COMMON + _KINDS[kind] + distinct * own / np.linalg.norm(own)).astype(np.float32)


def _query(latent: npt.NDArray) -> npt.NDArray[np.float32]:
    return np.maximum(latent @ _WEIGHTS, 0).astype(np.float32) + 1e-4


def body(
    rng: np.random.Generator, path: Path, radius: float, kind: int, z: float, distinct: float = 0.8,
) -> Body:
    """A blob with a random outline."""
    waves = np.stack((rng.uniform(0.02, 0.12, 3), rng.uniform(0, 2 * np.pi, 3)), axis=1).astype(np.float32)
    return Body(path, radius, kind, z, identity(rng, kind, distinct), waves, rng.uniform(-0.6, 0.6))


def pillar(x: float, half_width: float) -> Body:
    """A rectangle, as high as the image, that occludes whatever passes behind it."""
    nothing = np.zeros(0, np.float32)
    return Body(lambda t: (x, 60.0), 0, -1, 100.0, nothing, nothing, box=(half_width, 60.0))


def _draw(thing: Body, t: float, shift: npt.NDArray, canvas: npt.NDArray[np.bool_]) -> float:
    """Draws the body on a cleared (h, w) canvas; returns its area without occlusion or clipping at the border."""
    x, y = np.asarray(thing.path(t)) + shift
    half_w, half_h = thing.box if thing.box else (thing.radius * 1.4,) * 2
    x1, x2 = int(max(np.floor(x - half_w), 0)), int(min(np.ceil(x + half_w) + 1, GRID[1]))
    y1, y2 = int(max(np.floor(y - half_h), 0)), int(min(np.ceil(y + half_h) + 1, GRID[0]))
    if thing.box:
        canvas[y1:y2, x1:x2] = True
        return 4 * half_w * half_h
    if x2 > x1 and y2 > y1:
        dy, dx = np.mgrid[y1:y2, x1:x2].astype(np.float32)
        dx, dy = dx - x, dy - y
        angle = np.arctan2(dy, dx) + thing.spin * t
        outline = sum(a * np.cos((k + 2) * angle + p) for k, (a, p) in enumerate(thing.waves))
        canvas[y1:y2, x1:x2] = np.hypot(dx, dy) < thing.radius * (1 + outline)
    return float(np.pi * thing.radius**2 * (1 + 0.5 * (thing.waves[:, 0] ** 2).sum()))


def border(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(h, w) bool: cells with a neighbour of the other value."""
    edge = np.zeros_like(mask)
    change = mask[1:] ^ mask[:-1]
    edge[1:] |= change
    edge[:-1] |= change
    change = mask[:, 1:] ^ mask[:, :-1]
    edge[:, 1:] |= change
    edge[:, :-1] |= change
    return edge


def chance_of_finding(share: float, hardness: float = 1.0) -> float:
    """Detection probability by the visible share of an object."""
    return (1 - 0.03 * hardness**2) / (1 + np.exp(-(share - 0.25) / 0.04))


def ghost_mask(rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """The mask of a false positive: a random blob."""
    mask = np.zeros(GRID, bool)
    x, y = rng.uniform(10, (GRID[1] - 10, GRID[0] - 10))
    _draw(body(rng, lambda _: (x, y), rng.uniform(4, 10), 0, 0), 0, np.zeros(2), mask)
    return mask


def simulate(scenario: Scenario, seed: int = 0) -> Iterator[SimulatedFrame]:
    """The frames of a scenario, without dropped ones, with stamps in seconds from 0."""
    rng = np.random.default_rng([seed, sum(map(ord, scenario.name))])
    bodies = sorted(scenario.build(rng), key=lambda thing: -thing.z)  # nearest first
    dt = 1 / scenario.rate
    views = np.zeros((len(bodies), LATENT))
    keep = np.exp(-dt / 2.0)
    shift, jerk = np.zeros(2), np.zeros(2)
    lost_until = -1.0
    for step in range(int(scenario.seconds * scenario.rate)):
        t = step * dt
        views = keep * views + np.sqrt(1 - keep**2) * rng.normal(size=views.shape) * 0.3 * scenario.hardness / np.sqrt(LATENT)
        if scenario.shake:
            if rng.random() < dt:
                jerk = np.clip(jerk + rng.normal(size=2) * 10 * scenario.shake, -25, 25)
            shift = jerk + rng.normal(size=2) * scenario.shake
        if scenario.drop and t >= lost_until and rng.random() < scenario.drop * dt / 0.25:
            lost_until = t + rng.uniform(0.05, 0.45)  # frames are lost in bursts of a quarter of a second on average
        if t >= lost_until:
            yield _frame(rng, bodies, views, t, shift, scenario.hardness)


def _frame(
    rng: np.random.Generator, bodies: list[Body], views: npt.NDArray, t: float, shift: npt.NDArray, hardness: float,
) -> SimulatedFrame:
    """The ground truth and the detections at one moment."""
    masks, share, covered_by = _drawn(bodies, t, shift)
    things = np.array([thing.kind >= 0 for thing in bodies])
    area = masks.reshape(len(bodies), -1).sum(axis=1)
    visible = things & (share >= 0.1) & (area >= 12)
    rows: list[tuple[int, float, npt.NDArray, npt.NDArray, int]] = []
    latents = [thing.identity + view if thing.kind >= 0 else None for thing, view in zip(bodies, views)]
    for i in np.flatnonzero(visible):
        found = chance_of_finding(share[i], hardness)
        for copy in range(2 if rng.random() < 0.01 else 1):
            draw, noise = rng.random(), rng.normal(size=LATENT)
            score = float(np.clip(0.45 + 0.45 * share[i] + 0.06 * rng.normal() - 0.2 * copy, 0.05, 0.99))
            edge = border(masks[i]) & (rng.random(GRID) < 0.25)
            mask = masks[i] ^ edge
            bite = covered_by[i] >= 0 and rng.random() < 0.1
            if bite:
                mask |= masks[covered_by[i]] & (rng.random() < 0.5) & (np.indices(GRID).sum(axis=0) % 160 < 80)
            kind = bodies[i].kind if rng.random() > 0.02 else int(rng.integers(CLASSES))
            latent = latents[i] + 0.3 * hardness * noise / np.sqrt(LATENT)
            if covered_by[i] >= 0:
                mixed = 0.6 * (1 - share[i])
                latent = (1 - mixed) * latent + mixed * latents[covered_by[i]]
            if draw < found and mask.any():
                rows.append((kind, score, _query(latent), mask, int(i) + 1))
    if rng.random() < 0.05:
        ghost = ghost_mask(rng)
        kind = int(rng.integers(CLASSES))
        rows.append((kind, float(rng.uniform(0.3, 0.75)), _query(identity(rng, kind)), ghost, 0))

    order = rng.permutation(len(rows))
    rows = [rows[k] for k in order]
    shown = np.flatnonzero(visible)
    detections = Detections(
        np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.float32).reshape(-1, DIMS),
        np.array([row[3] for row in rows], bool).reshape(-1, *GRID),
    )
    return SimulatedFrame(t, detections, shown + 1, masks[shown], np.array([row[4] for row in rows], np.int64))


def _drawn(bodies: list[Body], t: float, shift: npt.NDArray) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The bodies, the nearest first: masks (n, h, w) of what is seen of each, the share of it that is seen, and the index of the object that
    covers most of it, -1 = none."""
    n = len(bodies)
    masks, whole, free = np.zeros((n, *GRID), bool), np.zeros((n, *GRID), bool), np.ones(GRID, bool)
    share, covered_by = np.zeros(n), np.full(n, -1)
    for i, thing in enumerate(bodies):
        area = _draw(thing, t, shift, whole[i])
        masks[i] = whole[i] & free
        free &= ~whole[i]
        share[i] = min(1.0, np.count_nonzero(masks[i]) / area)
        overlaps = [np.count_nonzero(whole[i] & whole[j]) if bodies[j].kind >= 0 else 0 for j in range(i)]
        if overlaps and max(overlaps) > 0:
            covered_by[i] = int(np.argmax(overlaps))
    return masks, share, covered_by


def cosines(scenario: Scenario) -> dict[str, float]:
    """Mean cosines between queries of a scenario: of one object in frames 1 s apart, and of two objects in one
    frame, of the same kind and of two kinds. NaN without such a pair."""
    gap = max(1, round(scenario.rate))
    queries: list[dict[int, tuple[int, npt.NDArray]]] = []
    same, alike, other = [], [], []
    for frame in simulate(scenario, 0):
        found = frame.detections
        units = found.queries / np.linalg.norm(found.queries, axis=1, keepdims=True)
        now = {int(o): (int(k), u) for o, k, u in zip(frame.owners, found.class_ids, units) if o}
        if len(queries) >= gap:
            same += [float(now[o][1] @ queries[-gap][o][1]) for o in now.keys() & queries[-gap].keys()]
        pairs = [(a, b) for a in now for b in now if a < b]
        for a, b in pairs:
            (alike if now[a][0] == now[b][0] else other).append(float(now[a][1] @ now[b][1]))
        queries.append(now)
    return {name: float(np.mean(values)) if values else float("nan")
            for name, values in (("same object", same), ("same kind", alike), ("other kind", other))}
