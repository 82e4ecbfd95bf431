"""Parametric meshes: lathed, swept along a path, cut out of a plate, rounded. Metres; +z is up; the base is at z = 0
unless stated otherwise. Texture coordinates run from 0 to 1 along each surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

_SHARP = np.cos(np.radians(35))


@dataclass(frozen=True)
class Mesh:
    """`vertices` (V, 3) in metres, `faces` (F, 3) counter-clockwise from outside, `uv` (V, 2). Vertices on a hard edge
    are duplicated for each side, so that normals may be averaged over the faces of a vertex."""

    vertices: Points
    faces: npt.NDArray[np.int64]
    uv: Points

    def moved(self, offset: Sequence[float] = (0, 0, 0), turn: Points | None = None, scale: float | Sequence[float] = 1.0) -> Mesh:
        """The mesh scaled, then rotated by a (3, 3) matrix, then translated."""
        vertices = self.vertices * np.asarray(scale, float)
        return Mesh((vertices if turn is None else vertices @ np.asarray(turn).T) + np.asarray(offset, float), self.faces, self.uv)

    def bounds(self) -> tuple[Points, Points]:
        """The lowest and the highest corner."""
        return self.vertices.min(axis=0), self.vertices.max(axis=0)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """Joins several meshes into one."""
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes[:-1])])
    return Mesh(np.concatenate([m.vertices for m in meshes]), np.concatenate([m.faces + s for m, s in zip(meshes, starts)]),
                np.concatenate([m.uv for m in meshes]))  # fmt: skip


def rotation(axis: str, degrees: float) -> Points:
    """(3, 3) rotation about x, y or z."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    result = np.eye(3)
    result[i, i], result[i, j], result[j, i], result[j, j] = c, -s, s, c
    return result


def _grid_faces(rows: int, columns: int) -> npt.NDArray[np.int64]:
    """Two triangles for each cell of a grid of vertices, row after row."""
    a = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1)
    return np.concatenate([np.stack([a, a + 1, a + columns + 1], 1), np.stack([a, a + columns + 1, a + columns], 1)])


def _with_hard_edges(profile: Points) -> list[Points]:
    """Splits a polyline at its sharp bends."""
    steps = np.diff(profile, axis=0)
    steps = steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-12)
    cuts = np.flatnonzero((steps[1:] * steps[:-1]).sum(axis=1) < _SHARP) + 1
    bounds = [0, *cuts.tolist(), len(profile) - 1]
    return [profile[a : b + 1] for a, b in zip(bounds[:-1], bounds[1:])]


def turned(profile: Sequence[Sequence[float]], segments: int = 32, squareness: float = 0.0) -> Mesh:
    """A profile of (radius, height) revolved about z, from the centre of the base outwards and up, then down again on the inside.

    Args:
        profile: (n, 2), n >= 2.
        segments: number of corners around z.
        squareness: 0 for a circle, towards 1 for a square with rounded corners.
    """
    line = np.asarray(profile, float)
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    widen = (np.abs(np.cos(angle)) ** _power(squareness) + np.abs(np.sin(angle)) ** _power(squareness)) ** (-1 / _power(squareness))
    parts, along = [], 0.0
    for piece in _with_hard_edges(line):
        steps = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(piece, axis=0), axis=1))))
        radius, height = piece[:, :1], piece[:, 1:]
        vertices = np.stack([radius * widen * np.cos(angle), radius * widen * np.sin(angle), np.broadcast_to(height, (len(piece), segments + 1))], -1)
        uv = np.stack(np.broadcast_arrays(angle / (2 * np.pi), ((along + steps) / length)[:, None]), -1)
        along += steps[-1]
        parts.append(Mesh(vertices.reshape(-1, 3), _grid_faces(len(piece), segments + 1), uv.reshape(-1, 2)))
    return join(parts)


def _power(squareness: float) -> float:
    return 2.0 + 8.0 * squareness


def vessel_walls(profile: Sequence[Sequence[float]], wall: float, pieces: int = 10) -> list[Mesh]:
    """Convex collision pieces that together approximate a lathed vessel with a free inside.

    Args:
        profile: (n, 2) of the outside only: (radius, height) from the base to the rim.
        wall: thickness.
        pieces: number of segments around z.
    """
    line = np.asarray(profile, float)
    result = [turned([(0, 0), (line[0, 0], 0), (line[0, 0], wall), (0, wall)], pieces)]
    angles = np.linspace(0, 2 * np.pi, pieces + 1)
    for (r0, z0), (r1, z1) in zip(line[:-1], line[1:]):
        if z1 - z0 < 1e-4 and abs(r1 - r0) < 1e-4:
            continue
        for a, b in zip(angles[:-1], angles[1:]):
            corners = [(max(r + dr, 1e-4) * np.cos(t), max(r + dr, 1e-4) * np.sin(t), z + dz)
                       for t in (a, b) for r, z in ((r0, z0), (r1, z1)) for dr, dz in ((0, 0), (-wall, wall * 0.3))]  # fmt: skip
            result.append(Mesh(np.array(corners), np.array([[0, 1, 2], [1, 2, 3], [4, 5, 6], [5, 6, 7]]), np.zeros((8, 2))))
    return result


def tube(path: Sequence[Sequence[float]], radius: float | Sequence[float], sides: int = 10, flat: float = 1.0) -> Mesh:
    """A round bar swept along a path, closed at both ends.

    Args:
        path: (n, 3).
        radius: one value, or one per point.
        sides: number of corners of the cross section.
        flat: ratio of the cross section's height to its width.
    """
    line = np.asarray(path, float)
    radii = np.broadcast_to(np.asarray(radius, float), len(line))
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
    up = np.array([0.0, 0.0, 1.0]) if np.abs(tangent[:, 2]).max() < 0.95 else np.array([0.0, 1.0, 0.0])
    if np.abs(tangent @ up).max() > 0.99:
        up = np.array([1.0, 0.0, 0.0])
    side = np.cross(tangent, up)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    over = np.cross(side, tangent)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    ring = np.cos(angle)[None, :, None] * side[:, None] + flat * np.sin(angle)[None, :, None] * over[:, None]
    vertices = line[:, None] + radii[:, None, None] * ring
    steps = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))))
    uv = np.stack(np.broadcast_arrays(angle / (2 * np.pi), (steps / max(steps[-1], 1e-9))[:, None]), -1)
    # with side x tangent the grid's faces point inwards: flip them
    parts = [Mesh(vertices.reshape(-1, 3), _grid_faces(len(line), sides + 1)[:, ::-1], uv.reshape(-1, 2))]
    for end, order in ((0, 1), (-1, -1)):
        fan = np.array([[0, 1 + k, 2 + k] for k in range(sides)])[:, ::order]
        points = np.concatenate((line[end][None], vertices[end]))
        parts.append(Mesh(points, fan, np.full((len(points), 2), 0.5)))
    return join(parts)


def curve(points: Sequence[Sequence[float]], count: int = 40) -> Points:
    """A smooth path (count, n) through points (a Catmull-Rom spline)."""
    p = np.asarray(points, float)
    p = np.concatenate((2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]))
    s = np.linspace(0, len(p) - 3, count)
    k = np.minimum(s.astype(int), len(p) - 4)
    u = (s - k)[:, None]
    a, b, c, d = (p[k + j] for j in range(4))
    return b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))


def plate(outline: Sequence[Sequence[float]], thickness: float) -> Mesh:
    """A flat piece cut out along an outline, lying on z = 0.

    Args:
        outline: (n, 2) x, y counter-clockwise, not self-intersecting.
        thickness: its height.
    """
    line = np.asarray(outline, float)
    if _area(line) < 0:
        line = line[::-1]
    triangles = _ears(line)
    low, high = line.min(axis=0), line.max(axis=0)
    uv = (line - low) / np.maximum(high - low, 1e-9)
    count = len(line)
    top = Mesh(np.column_stack((line, np.full(count, thickness))), triangles, uv)
    bottom = Mesh(np.column_stack((line, np.zeros(count))), triangles[:, ::-1], uv)
    around = np.concatenate((line, line[:1]))
    pieces = [top, bottom]
    steps = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(around, axis=0), axis=1))))
    steps /= steps[-1]
    for a in range(count):
        ends = around[a : a + 2]
        corners = np.array([[*ends[0], 0], [*ends[1], 0], [*ends[1], thickness], [*ends[0], thickness]])
        pieces.append(Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]]), np.array([[steps[a], 0], [steps[a + 1], 0], [steps[a + 1], 1], [steps[a], 1]])))
    return join(pieces)


def _area(line: Points) -> float:
    following = np.roll(line, -1, axis=0)
    return float((line[:, 0] * following[:, 1] - line[:, 1] * following[:, 0]).sum() / 2)


def _ears(line: Points) -> npt.NDArray[np.int64]:
    """Triangulates a simple polygon by ear clipping."""
    left, triangles = list(range(len(line))), []
    while len(left) > 3:
        for k in range(len(left)):
            a, b, c = left[k - 1], left[k], left[(k + 1) % len(left)]
            p, q, r = line[a], line[b], line[c]
            if (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]) <= 0:
                continue
            others = line[[i for i in left if i not in (a, b, c)]]
            if not _inside(others, p, q, r).any():
                triangles.append((a, b, c))
                left.pop(k)
                break
        else:  # no ear left because of rounding: a fan of the rest is close enough
            triangles += [(left[0], left[k], left[k + 1]) for k in range(1, len(left) - 1)]
            return np.array(triangles)
    return np.array([*triangles, tuple(left)])


def _inside(points: Points, p: Points, q: Points, r: Points) -> npt.NDArray[np.bool_]:
    def side(a, b):
        return (b[0] - a[0]) * (points[:, 1] - a[1]) - (b[1] - a[1]) * (points[:, 0] - a[0])

    return (side(p, q) >= 0) & (side(q, r) >= 0) & (side(r, p) >= 0)


def box(size: Sequence[float], divisions: int = 1) -> Mesh:
    """A box of full side lengths standing on z = 0, centred in x and y.

    `divisions` splits each side into cells: lighting is computed at vertices, so large walls need some. The texture covers
    each side once.
    """
    half = np.asarray(size, float) / 2
    steps = np.linspace(-1, 1, divisions + 1)
    u, v = (a.reshape(-1) for a in np.meshgrid(steps, steps))
    uv = np.stack(((u + 1) / 2, (v + 1) / 2), -1)
    faces = _grid_faces(divisions + 1, divisions + 1)
    parts = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            i, j = [(1, 2), (0, 2), (0, 1)][axis]
            points = np.zeros((len(u), 3))
            points[:, i], points[:, j], points[:, axis] = u, v, sign
            outward = (axis != 1) == (sign > 0)
            parts.append(Mesh(points * half + (0, 0, half[2]), faces if outward else faces[:, ::-1], uv if outward else uv * (-1, 1) + (1, 0)))
    return join(parts)


def rounded(size: Sequence[float], edge: float = 0.25, segments: int = 24, bumps: float = 0.0, rng: np.random.Generator | None = None) -> Mesh:
    """A box with rounded edges, or an ellipsoid: a superellipsoid of full side lengths standing on z = 0.

    Args:
        size: x, y, z.
        edge: exponent: 1 for an ellipsoid, towards 0 for a box.
        segments: number around z; half as many from pole to pole.
        bumps: depth of irregular dents, as a fraction of the size.
        rng: for the dents.
    """
    half = np.asarray(size, float) / 2
    a = np.linspace(-np.pi, np.pi, segments + 1)
    b = np.linspace(-np.pi / 2, np.pi / 2, max(segments // 2, 6) + 1)

    def power(value):
        return np.sign(value) * np.abs(value) ** edge

    x, y = power(np.cos(b))[:, None] * power(np.cos(a)), power(np.cos(b))[:, None] * power(np.sin(a))
    z = np.broadcast_to(power(np.sin(b))[:, None], x.shape)
    vertices = np.stack((x, y, z), -1)
    if bumps and rng is not None:
        waves = rng.normal(size=(6, 3)) * 3.0
        vertices = vertices * (1 + bumps * np.sin(vertices @ waves.T + rng.uniform(0, 6, 6)).mean(axis=-1, keepdims=True) * 2)
    uv = np.stack(np.broadcast_arrays((a + np.pi) / (2 * np.pi), ((b + np.pi / 2) / np.pi)[:, None]), -1)
    return Mesh(vertices.reshape(-1, 3) * half + (0, 0, half[2]), _grid_faces(len(b), len(a)), uv.reshape(-1, 2))


def sheet(heights: Points, size: Sequence[float], thickness: float) -> Mesh:
    """Cloth or paper: a grid of heights (rows, columns) over `size` x, y, with an underside `thickness` below."""
    rows, columns = heights.shape
    y, x = np.meshgrid(np.linspace(-0.5, 0.5, rows) * size[1], np.linspace(-0.5, 0.5, columns) * size[0], indexing="ij")
    uv = np.stack((x / size[0] + 0.5, y / size[1] + 0.5), -1).reshape(-1, 2)
    top = np.stack((x, y, heights + thickness), -1).reshape(-1, 3)
    faces = _grid_faces(rows, columns)
    return join([Mesh(top, faces, uv), Mesh(top - (0, 0, thickness), faces[:, ::-1], uv)])
