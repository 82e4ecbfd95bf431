"""Optional objects and surfaces from installed packages; each package is used only if it is installed.

- pybullet (zlib licence): `pybullet_data/random_urdfs`, 1,000 shapes generated for grasping, without texture.
- robosuite (MIT licence): a bottle, bread, cereal box, lemon and milk carton, and images of 23 materials.

Only these are read: other parts of the packages carry their own terms, and the can shows a brand. The cereal box, which is read, shows
one too (HyVee), and the bread's texture has a faint watermark. Bottle and milk carton have no texture and get one colour; the lemon and
the materials bear no mark. None of these images, and nothing rendered with them, is part of this repository.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from rmpsam_ros.simulation import textures as t
from rmpsam_ros.simulation.shapes import Mesh
from rmpsam_ros.simulation.things import Kind, Look, Materials, Part, Rng

_ROBOSUITE = {"bottle": "bottle", "bread": "food", "cereal": "box", "lemon": "food", "milk": "box"}
_LYING = frozenset({"bread", "lemon"})


def _folder(package: str, *inside: str) -> Path | None:
    """A folder of an installed package, located without importing it; None if it does not exist."""
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(places[0], *inside) if places else None
    return path if path is not None and path.is_dir() else None


def package_surfaces() -> list[Path]:
    """Image files of materials, in the same order on every machine."""
    folder = _folder("robosuite", "models", "assets", "textures")
    names = {f"{name}.png" for name in (*_ROBOSUITE, "can", "soda", "dirt", "glass")}
    return [p for p in sorted(folder.glob("*.png")) if p.name not in names] if folder else []


def package_kinds() -> list[Kind]:
    """Kinds of objects from files of installed packages."""
    kinds = []
    shapes = _folder("pybullet_data", "random_urdfs")
    if shapes:
        files = sorted(shapes.glob("*/*.obj"))
        kinds.append(Kind("random_shape", "object", lambda rng, materials: _random_shape(files, rng, materials),
                          frozenset({"table", "shelf", "floor"}), False, 5.0, 0.2))  # fmt: skip
    objects = _folder("robosuite", "models", "assets", "objects", "meshes")
    for name, label in _ROBOSUITE.items():
        if objects and (objects / f"{name}.obj").is_file():
            image = objects.parents[1] / "textures" / f"{name}.png"
            kinds.append(Kind(f"robosuite_{name}", label, lambda rng, materials, f=objects / f"{name}.obj", i=image: _textured(f, i, rng),
                              frozenset({"table", "shelf"}), name not in _LYING, 0.7))  # fmt: skip
    return kinds


@lru_cache(maxsize=256)
def read_obj(path: Path) -> Mesh:
    """Vertices, triangles and texture coordinates of a Wavefront file; missing texture coordinates are projected along the main axes."""
    points, coords, corners, table = [], [], [], {}
    faces: list[list[int]] = []
    for line in path.read_text(errors="replace").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            points.append([float(w) for w in words[1:4]])
        elif words[0] == "vt":
            coords.append([float(w) for w in words[1:3]])
        elif words[0] == "f":
            numbers = []
            for word in words[1:]:
                index = [int(n) if n else 0 for n in word.split("/")[:2]]
                key = (index[0] - 1 if index[0] > 0 else len(points) + index[0], index[1] - 1 if len(index) > 1 and index[1] else -1)
                if key not in table:
                    table[key] = len(corners)
                    corners.append(key)
                numbers.append(table[key])
            faces += [[numbers[0], a, b] for a, b in zip(numbers[1:-1], numbers[2:])]
    vertices = np.array([points[v] for v, _ in corners])
    if coords:
        uv = np.array([coords[c] if c >= 0 else (0.0, 0.0) for _, c in corners])
        return Mesh(vertices, np.array(faces), uv)
    flat = vertices[np.array(faces)]  # separate vertices per face: hard edges, and texture coordinates by the direction of the face
    normal = np.abs(np.cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]))
    extent = max(float(np.ptp(vertices, axis=0).max()), 1e-9)
    pairs = np.array([[1, 2], [0, 2], [0, 1]])[normal.argmax(axis=1)]
    uv = np.take_along_axis(flat, np.repeat(pairs[:, None], 3, axis=1), axis=2) / extent
    return Mesh(flat.reshape(-1, 3), np.arange(flat.shape[0] * 3).reshape(-1, 3), uv.reshape(-1, 2))


def _stood_up(mesh: Mesh, size: float) -> Mesh:
    """The mesh scaled to a largest side of `size` metres, standing on z = 0, centred in x and y."""
    low, high = mesh.bounds()
    factor = size / float((high - low).max())
    middle = (low + high) / 2
    return mesh.moved((-middle[0] * factor, -middle[1] * factor, -low[2] * factor), scale=factor)


def draw_shape(files: list[Path], rng: Rng) -> Mesh:
    """A random shape among those with finite vertices only: number 168 of pybullet_data has some that are not."""
    while True:
        mesh = read_obj(files[int(rng.integers(len(files)))])
        if np.isfinite(mesh.vertices).all():
            return mesh


def _random_shape(files: list[Path], rng: Rng, materials: Materials) -> list[Part]:
    names = list(t.SURFACES)
    image = materials.crop(rng, (0.1, 0.6)) if rng.random() < 0.3 else None
    image = t.SURFACES[names[int(rng.integers(len(names)))]](rng) if image is None else image
    mesh = _stood_up(draw_shape(files, rng), rng.uniform(0.05, 0.16))
    return [Part(mesh, Look(image, specular=rng.uniform(0, 0.8), shininess=rng.random()))]


def _textured(mesh_file: Path, image_file: Path, rng: Rng) -> list[Part]:
    sizes = {"lemon": 0.09, "bread": 0.13, "bottle": 0.21}
    mesh = _stood_up(read_obj(mesh_file), sizes.get(mesh_file.stem, 0.17))
    picture = cv2.imread(str(image_file)) if image_file.is_file() else None
    if picture is None:
        return [Part(mesh, Look(t.plain(rng), specular=0.6))]
    picture = cv2.resize(picture, (512, 512), interpolation=cv2.INTER_AREA)[..., ::-1]
    tint = rng.uniform(0.7, 1.0, 3)
    return [Part(mesh, Look((picture * tint).astype(np.uint8), specular=rng.uniform(0.1, 0.6)))]
