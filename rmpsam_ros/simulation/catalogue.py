"""Catalogue of what scenes are made of: kinds of objects, photographs, surfaces; a part of each can be held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from rmpsam_ros.errors import DataError
from rmpsam_ros.media import IMAGE_SUFFIXES, read_image, reduced
from rmpsam_ros.simulation.assets import package_kinds, package_surfaces
from rmpsam_ros.simulation.kinds import MEASURED
from rmpsam_ros.simulation.things import KINDS, Kind, Materials, Rng, Thing, make_thing

HELD_OUT = frozenset(
    {"wine_glass", "jug", "spray_bottle", "pliers", "brush", "remote", "toy_car", "vegetable", "basket", "shoe", "robosuite_milk", "stool"}
    | {"tea_cup", "squeeze_bottle", "trowel", "padlock", "photo_camera", "toy_plane", "donut", "tissue_box", "sock", "suitcase", "hair_dryer", "umbrella"}
)
"""Kinds that `objects="seen"` excludes, so that scenes with them are new to a network trained without them."""

CHOICES = ("all", "seen", "unseen")

_LARGEST, _LEAST = 640, 32
"""Longer side to which photographs are scaled down, and the minimum of the shorter side after that."""
_MOST_PHOTOS = 300


@dataclass(frozen=True)
class Catalogue:
    """The available kinds and materials; `favoured` kinds are drawn three times as often."""

    kinds: tuple[Kind, ...]
    materials: Materials
    favoured: frozenset[str] = frozenset()

    def draw(self, rng: Rng, place: str) -> Thing:
        """An object for a place: table, shelf, floor or room."""
        fitting = [kind for kind in self.kinds if place in kind.places]
        weights = np.array([kind.weight * (3.0 if kind.name in self.favoured else 1.0) for kind in fitting])
        return make_thing(fitting[int(rng.choice(len(fitting), p=weights / weights.sum()))], rng, self.materials)

    @property
    def licences(self) -> tuple[str, ...]:
        """The sources of what the scenes show, each with its licence."""
        names = {kind.name for kind in self.kinds}
        robosuite = bool(self.materials.surfaces) or any(name.startswith("robosuite_") for name in names)
        entries = {"made in code: Apache-2.0": True, "robosuite: MIT": robosuite, "pybullet_data/random_urdfs: zlib": "random_shape" in names,
                   f"{len(self.materials.photos)} photographs of --photos: their own": bool(self.materials.photos)}  # fmt: skip
        return tuple(entry for entry, used in entries.items() if used)


def open_catalogue(objects: str = "all", photos: Path | None = None) -> Catalogue:
    """Opens the catalogue of the kinds made in code and those of installed packages.

    Args:
        objects: `all`; `seen`, without the kinds in HELD_OUT and every fifth photograph and surface; or `unseen`, with the kinds
            in MEASURED, held-out ones three times as often, and only the photographs and surfaces that `seen` excludes.
        photos: a folder of photographs for prints, pictures and walls.

    Raises:
        DataError: an unknown value of `objects`, or a folder without photographs, without large enough ones, or with too few to hold
            some out.
    """
    if objects not in CHOICES:
        raise DataError(f"The objects are {objects!r}; they must be {', '.join(CHOICES)}.")
    kinds = [*KINDS.kinds.values(), *package_kinds()]
    if objects == "seen":
        kinds = [kind for kind in kinds if kind.name not in HELD_OUT]
    elif objects == "unseen":
        kinds = [kind for kind in kinds if kind.name in MEASURED or kind.name not in KINDS.kinds]
    pictures = _photographs(photos, objects) if photos else []
    surfaces = [_square(path) for path in _part(package_surfaces(), objects)]
    return Catalogue(tuple(kinds), Materials(tuple(pictures), tuple(surfaces)), HELD_OUT if objects == "unseen" else frozenset())


def _part(entries: Sequence, objects: str) -> list:
    if objects == "all":
        return list(entries)
    return [entry for k, entry in enumerate(entries) if (k % 5 == 4) == (objects == "unseen")]


def _photographs(folder: Path, objects: str) -> list[np.ndarray]:
    files = _part(_photo_files(folder), objects)
    if not files:
        raise DataError(f"{folder} has fewer than 5 photographs; unseen objects take every fifth.")
    pictures = [picture for picture in map(_small, files) if min(picture.shape[:2]) >= _LEAST]
    if not pictures:
        raise DataError(f"No photograph of {folder} is large enough; its shorter side must have {_LEAST} pixels where the longer one has {_LARGEST}.")
    return pictures


def _photo_files(folder: Path) -> list[Path]:
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"There is no folder of photographs {folder}.")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file() and not p.name.startswith("."))
    if not files:
        raise DataError(f"{folder} has no photograph.")
    return files[:: -(-len(files) // _MOST_PHOTOS)]


def _small(path: Path) -> np.ndarray:
    return reduced(read_image(path), _LARGEST)


def _square(path: Path) -> np.ndarray:
    return cv2.resize(read_image(path), (512, 512), interpolation=cv2.INTER_AREA)
