"""The recipe of a set of scenes, stored in `info` of its JSON files: the same recipe gives the same scenes."""
from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import cv2
import numpy as np

from rmpsam_ros import __version__
from rmpsam_ros.simulation.catalogue import Catalogue
from rmpsam_ros.simulation.engine import mujoco


def make_recipe(seed: int, sizes: Sequence[tuple[int, int]], scenes: int, views: int, frames: int, place: str | None, objects: str,
                catalogue: Catalogue) -> dict[str, Any]:  # fmt: skip
    """All that determines the scenes, except the machine; `sizes` are (height, width), the rest is as for `SceneStream` and the catalogue."""
    photos, surfaces = catalogue.materials.photos, catalogue.materials.surfaces
    checksum = 0
    for photo in photos:
        checksum = zlib.crc32(np.ascontiguousarray(photo), checksum)
    return {
        "rmpsam_ros": __version__,
        "seed": seed,
        "options": {"scenes": scenes, "views": views, "frames": frames, "size": ",".join(f"{height}x{width}" for height, width in sizes),
                    "place": place, "objects": objects},
        "kinds": len(catalogue.kinds),
        "photographs": {"count": len(photos), "crc32": f"{checksum:08x}"},
        "surfaces": len(surfaces),
        "packages": _packages(),
    }  # fmt: skip


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The difference between two recipes, as `--seed 7 (now --seed 8)`; empty if at most the number of scenes differs."""
    old, new = _words(before), _words(now)
    names = [name for name in new | old if old.get(name) != new.get(name)]
    return f"{_listed(names, old)} (now {_listed(names, new)})" if names else ""


def _packages() -> dict[str, str]:
    """Versions of the packages that render, compute or provide assets, by name; without those that are not installed."""
    versions = {"mujoco": mujoco.__version__, "numpy": np.__version__, "opencv": cv2.__version__}
    for name in ("robosuite", "pybullet"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _words(recipe: Mapping[str, Any]) -> dict[str, str]:
    """A recipe as named values, such as command-line options, without the number of scenes, which changes no other scene."""
    options = {f"--{name}": value for name, value in recipe["options"].items() if name != "scenes" and value is not None}
    photos = recipe["photographs"]
    counts = {"kinds of objects": recipe["kinds"], "surfaces": recipe["surfaces"], "photographs": f"{photos['count']} (crc32 {photos['crc32']})"}
    numbers = {"rmpsam_ros": recipe["rmpsam_ros"], "--seed": recipe["seed"]}
    return {name: str(value) for name, value in {**numbers, **options, **counts, **recipe["packages"]}.items()}


def _listed(names: Sequence[str], words: Mapping[str, str]) -> str:
    return " and ".join(f"{name} {words[name]}" if name in words else f"no {name}" for name in names)
