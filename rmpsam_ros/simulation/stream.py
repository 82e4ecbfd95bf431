"""Simulated cameras with ground truth: a stream of frames from a seed. Needs `mujoco`, not torch and not ROS."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import DataError
from rmpsam_ros.simulation.camera import CameraModel, Viewpoint, check_size, draw_camera, draw_viewpoint, drift
from rmpsam_ros.simulation.catalogue import Catalogue, open_catalogue
from rmpsam_ros.simulation.effects import automatic_exposure, draw_lens, photograph
from rmpsam_ros.simulation.layout import PLACES, make_layout
from rmpsam_ros.simulation.renderer import WorldRenderer
from rmpsam_ros.simulation.world import Item, World

_TRIES = 12
_FARTHEST = 65.535


@dataclass(frozen=True)
class SimulatedFrame:
    """One image with its ground truth.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        ids: (H, W) int64, an id of `segments` at each pixel.
        depth: (H, W) float32, metres along the optical axis.
        camera: intrinsics.
        pose: (4, 4), transforms points from camera_optical (x right, y down, z forward) to world.
        segments: the segments of the scene by id; ids are constant over frames.
        place: table, shelf or floor.
        stamp: seconds since the clip's start.
    """

    image: npt.NDArray[np.uint8]
    ids: npt.NDArray[np.int64]
    depth: npt.NDArray[np.float32]
    camera: CameraModel
    pose: npt.NDArray[np.float64]
    segments: dict[int, Item]
    place: str
    stamp: float

    def millimetres(self) -> npt.NDArray[np.uint16]:
        """(H, W) uint16: depth in the format of depth cameras, 0 where it exceeds the range."""
        return np.where(self.depth < _FARTHEST, np.rint(self.depth * 1000), 0).astype(np.uint16)


class SceneStream:
    """An endless stream of scenes, deterministic in its arguments. Take all frames of a scene on one thread.

    Args:
        seed: of all random draws.
        size: height and width.
        frames: per view; more than one makes a clip with a moving camera, in some of which a thing is moved.
        views: cameras per scene.
        place: table, shelf, floor, or None to cycle through them.
        count: things to try to place; random if None.
        catalogue: from `open_catalogue`; if None, everything that is installed.
        interval: seconds between frames.

    Raises:
        DataError: an argument is out of range.
    """

    def __init__(self, seed: int, size: tuple[int, int] = (480, 640), frames: int = 1, views: int = 1, place: str | None = None,
                 count: int | None = None, catalogue: Catalogue | None = None, interval: float = 0.1) -> None:  # fmt: skip
        check_size(size)
        if place not in (None, *PLACES):
            raise DataError(f"The place is {place!r}; it must be {', '.join(PLACES)}, or None for each in turn.")
        for name, value, least in (("seed", seed, 0), ("frames", frames, 1), ("views", views, 1), ("interval", interval, 0)):
            if not value >= least:
                raise DataError(f"{name} is {value}; it must be {least} or more.")
        self.seed, self.size, self.frames, self.views, self.count, self.interval = seed, size, frames, views, count, interval
        self.places = (place,) if place else PLACES
        self.catalogue = catalogue or open_catalogue()

    def __iter__(self) -> Iterator[list[SimulatedFrame]]:
        number = 0
        while True:
            yield from self.scene(number)
            number += 1

    def scene(self, number: int) -> Iterator[list[SimulatedFrame]]:
        """The clips of one scene, a list of frames per view; scenes are independent of each other.

        Raises:
            BackendError: there is no OpenGL to render with, or it was begun on another thread.
        """
        for clip in self.clips(number):
            yield list(clip)

    def clips(self, number: int) -> Iterator[Iterator[SimulatedFrame]]:
        """The same clips frame by frame, as they are rendered: no frame is kept.

        Raises:
            BackendError: there is no OpenGL to render with, or it was begun on another thread.
        """
        world, rng = self._world(number)
        with WorldRenderer(world, self.size) as renderer:
            for _ in range(self.views):
                clip = self._clip(world, renderer, rng)
                yield clip
                for _ in clip:  # finish the clip: the next view continues with the same random numbers and object positions
                    pass

    def watch(self, number: int) -> Iterator[SimulatedFrame]:
        """The frames of one scene's first view as they are rendered, for a continuous camera: `frames` may be large.

        Raises:
            BackendError: there is no OpenGL to render with, or it was begun on another thread.
        """
        world, rng = self._world(number)
        with WorldRenderer(world, self.size) as renderer:
            yield from self._clip(world, renderer, rng)

    def _world(self, number: int) -> tuple[World, np.random.Generator]:
        rng = np.random.default_rng([self.seed, number])
        layout = make_layout(rng, self.catalogue, self.places[number % len(self.places)], self.count)
        return World(layout, rng), rng

    def _clip(self, world: World, renderer: WorldRenderer, rng: np.random.Generator) -> Iterator[SimulatedFrame]:
        camera, start = self._good_view(world, rng)
        lens, exposure = draw_lens(rng), None
        segments = {item.id: item for item in world.items}
        viewpoints = drift(rng, start, self.frames, world.layout)
        for index, _ in enumerate(self._moves(world, rng)):
            pose = viewpoints[index].pose
            renderer.look(camera, pose)
            plain, depth, ids = renderer.image(), renderer.depth(), renderer.ids()
            exposure = automatic_exposure(plain) if exposure is None else exposure
            yield SimulatedFrame(
                photograph(plain, depth, lens, exposure, rng), ids, depth, camera, pose, segments, world.layout.place, index * self.interval
            )

    def _good_view(self, world: World, rng: np.random.Generator) -> tuple[CameraModel, Viewpoint]:
        """A view that shows things and has nothing right in front of the lens; the best of several attempts if none is good."""
        resting = world.resting()
        spots = np.array([world.position(item) for item in resting]).reshape(-1, 3)
        best, best_score = None, -1.0
        wanted = min(len(resting), int(rng.integers(3, 9)))
        for _ in range(_TRIES):
            camera, viewpoint = draw_camera(rng, self.size), draw_viewpoint(rng, world.layout, spots)
            ids, distances = world.glance(camera, viewpoint.pose)
            values, counts = np.unique(ids, return_counts=True)
            share = dict(zip(values.tolist(), (counts / ids.size).tolist()))
            seen = [share[item] for item in resting if item in share]
            near = float((distances < 0.12).mean())
            score = min(len(seen) / max(wanted, 1), 1.0) + min(sum(seen) / 0.25, 1.0) - 4 * near - max(max(share.values()) - 0.85, 0) * 5
            if score > best_score or best is None:
                best, best_score = (camera, viewpoint), score
            if score >= 1.9:
                break
        return best

    def _moves(self, world: World, rng: np.random.Generator) -> Iterator[None]:
        """Advances the world before each frame: occasionally an invisible hand carries a thing and drops it."""
        if self.frames == 1:
            yield
            return
        left = self.frames
        while left:
            length, movable = min(left, int(rng.integers(10, 40))), world.resting()
            left -= length
            if not movable or rng.random() < 0.5:
                yield from world.wait(length, self.interval, at_once=left + length == self.frames)
                continue
            angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.2)
            share = np.linspace(0, 1, length)[:, None]
            lift = rng.uniform(0.03, 0.12) * np.sin(np.pi * np.minimum(share, 0.7))
            path = np.concatenate((reach * share * np.cos(angle), reach * share * np.sin(angle), lift), axis=1)
            yield from world.carry(movable[int(rng.integers(len(movable)))], path, self.interval)
