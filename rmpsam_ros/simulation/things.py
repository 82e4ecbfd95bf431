"""Objects before they are placed in a scene: parts with their surfaces, and the registry of kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rmpsam_ros.simulation.shapes import Mesh, Points

Rng = np.random.Generator
Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Look:
    """A surface: `image` (side, side, 3) uint8 RGB or None, times `color` (red, green, blue, alpha; 0 to 1)."""

    image: Image | None = None
    color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    specular: float = 0.3
    shininess: float = 0.3
    emission: float = 0.0


@dataclass(frozen=True)
class Part:
    """One mesh of an object. Its collision shape is its convex hull, or `walls` if given; with () it does not collide."""

    mesh: Mesh
    look: Look
    walls: Sequence[Mesh] | None = None

    def moved(self, offset: Sequence[float] = (0, 0, 0), turn: Points | None = None, scale: float | Sequence[float] = 1.0) -> Part:
        """As `Mesh.moved`, including the collision shape."""
        walls = None if self.walls is None else tuple(wall.moved(offset, turn, scale) for wall in self.walls)
        return Part(self.mesh.moved(offset, turn, scale), self.look, walls)


@dataclass(frozen=True)
class Thing:
    """An object: +z up, standing on about z = 0.

    Attributes:
        kind: its name in the registry.
        label: its class of the label set `robot`.
        parts: at least one.
        stands: placed upright; else in any orientation.
        mass: kilograms.
    """

    kind: str
    label: str
    parts: tuple[Part, ...]
    stands: bool = True
    mass: float = 0.3

    def bounds(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The lowest and the highest corner over all parts."""
        corners = [part.mesh.bounds() for part in self.parts]
        return np.min([low for low, _ in corners], axis=0), np.max([high for _, high in corners], axis=0)


@dataclass(frozen=True)
class Materials:
    """Image sources for surfaces besides procedural textures: photographs, and material images from installed packages."""

    photos: Sequence[Image] = ()
    surfaces: Sequence[Image] = ()

    def crop(self, rng: Rng, share: tuple[float, float] = (0.2, 1.0), side: int = 256) -> Image | None:
        """A square crop of a random photograph; None if there are none."""
        import cv2

        if not self.photos:
            return None
        photo = self.photos[int(rng.integers(len(self.photos)))]
        length = max(int(min(photo.shape[:2]) * rng.uniform(*share)), 2)  # OpenCV 4.5 cannot enlarge a single pixel
        y, x = (int(rng.integers(0, extent - length + 1)) for extent in photo.shape[:2])
        return cv2.resize(photo[y : y + length, x : x + length], (side, side), interpolation=cv2.INTER_AREA)


@dataclass(frozen=True)
class Kind:
    """A kind of object: `make(rng, materials)` creates one, `places` are where it occurs, `weight` is how often."""

    name: str
    label: str
    make: Callable[[Rng, Materials], Sequence[Part]]
    places: frozenset[str]
    stands: bool = True
    weight: float = 1.0
    mass: float = 0.3


@dataclass
class Registry:
    """Kinds by name."""

    kinds: dict[str, Kind] = field(default_factory=dict)

    def add(self, label: str, places: str = "table shelf", stands: bool = True, weight: float = 1.0, mass: float = 0.3, name: str = ""):
        """A decorator: registers a function `(rng, materials) -> parts` under its name."""

        def register(make):
            key = name or make.__name__
            self.kinds[key] = Kind(key, label, make, frozenset(places.split()), stands, weight, mass)
            return make

        return register


KINDS = Registry()
"""All kinds that are made in code; the modules of `kinds` register them on import."""


def make_thing(kind: Kind, rng: Rng, materials: Materials) -> Thing:
    """One object of a kind, about 8 % larger or smaller than usual in each direction."""
    stretch = np.exp(rng.normal(0, 0.08) + rng.normal(0, 0.04, 3))
    parts = tuple(part.moved(scale=stretch) for part in kind.make(rng, materials))
    return Thing(kind.name, kind.label, parts, kind.stands, kind.mass * float(np.prod(stretch)))
