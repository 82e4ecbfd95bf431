"""The simulated camera: intrinsics, poses in the optical convention, and motion.

Frames: `world` (x, y along the room, z up, metres) and `camera_optical` (x right, y down, z forward). A pose is the (4, 4)
matrix that transforms points from camera_optical to world. Pixel centres are at integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import DataError
from rmpsam_ros.simulation.layout import Layout
from rmpsam_ros.simulation.things import Rng

WALL = 0.12
"""Minimum distance of a camera from walls, floor and ceiling, in metres."""
TABLE = 0.05
"""Minimum height of a moving camera above a table, in metres."""
SMALLEST, LARGEST = (32, 32), (2160, 3840)
"""Minimum and maximum image size (height, width)."""


def check_size(size: tuple[int, int]) -> None:
    """Raises `DataError` if a height and width cannot be rendered."""
    if not all(low <= side <= high for low, side, high in zip(SMALLEST, size, LARGEST)):
        shown, least, most = ("x".join(map(str, pair)) for pair in (size, SMALLEST, LARGEST))
        raise DataError(f"The size {shown} is out of range; give {least} to {most}.")


@dataclass(frozen=True)
class CameraModel:
    """A pinhole camera without distortion: (height, width) `size` in pixels, `focal` length in pixels, principal point at the centre."""

    size: tuple[int, int]
    focal: float

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """(3, 3) intrinsics: K, as in sensor_msgs/CameraInfo."""
        height, width = self.size
        return np.array([[self.focal, 0, (width - 1) / 2], [0, self.focal, (height - 1) / 2], [0, 0, 1]])

    @property
    def vertical_view(self) -> float:
        """Vertical field of view in degrees."""
        return float(np.degrees(2 * np.arctan(self.size[0] / 2 / self.focal)))


def look_at(eye: npt.ArrayLike, target: npt.ArrayLike, roll: float = 0.0) -> npt.NDArray[np.float64]:
    """The pose (4, 4) at `eye` with `target` at the image centre, rolled by `roll` radians about the optical axis."""
    eye, target = np.asarray(eye, float), np.asarray(target, float)
    forward = target - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0, 0, 1))
    if np.linalg.norm(right) < 1e-6:
        right = np.array([1.0, 0, 0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    pose = np.eye(4)
    pose[:3, 0] = np.cos(roll) * right + np.sin(roll) * down
    pose[:3, 1] = np.cos(roll) * down - np.sin(roll) * right
    pose[:3, 2], pose[:3, 3] = forward, eye
    return pose


def draw_camera(rng: Rng, size: tuple[int, int]) -> CameraModel:
    """A camera with a random horizontal field of view, 45 to 75 degrees."""
    return CameraModel(size, float(size[1] / 2 / np.tan(np.radians(rng.uniform(45, 75)) / 2)))


@dataclass(frozen=True)
class Viewpoint:
    """Position and target of a camera in metres, and its roll in radians."""

    eye: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    roll: float

    @property
    def pose(self) -> npt.NDArray[np.float64]:
        return look_at(self.eye, self.target, self.roll)


def draw_viewpoint(rng: Rng, layout: Layout, objects: npt.NDArray[np.float64]) -> Viewpoint:
    """A random viewpoint inside the room, an overview or a close-up.

    Args:
        objects: (n, 3) positions of things; one of them may be the target.
    """
    target = layout.focus.copy()
    if len(objects) and rng.random() < 0.7:
        target = objects[int(rng.integers(len(objects)))] + rng.normal(0, 0.04, 3)
    scale = {"table": 1.0, "shelf": 1.15, "floor": 1.4}[layout.place]
    distance = scale * (rng.uniform(0.2, 0.42) if rng.random() < 0.45 else rng.uniform(0.4, 0.95))
    if layout.place == "shelf":
        azimuth, elevation = -np.pi / 2 + rng.normal(0, 0.4), rng.uniform(-0.15, 0.6)
    else:
        azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.choice([rng.uniform(12, 40), rng.uniform(30, 80)]))
    ray = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    low, high = limits(layout)
    return Viewpoint(np.clip(target + distance * ray, low, high), target, float(rng.normal(0, 0.06)))


def limits(layout: Layout) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The lowest and the highest position (3,) of a camera in the room."""
    half = np.array(layout.room.inside) / 2 - WALL
    return np.array([-half[0], -half[1], WALL]), np.array([half[0], half[1], layout.room.height - WALL])


def drift(rng: Rng, start: Viewpoint, frames: int, layout: Layout) -> list[Viewpoint]:
    """A slow hand-held motion: the eye moves by some per cent of its distance from frame to frame, the target by less, and
    both are pulled back towards their start. The camera stays in the room, and above a table."""
    low, high = limits(layout)
    if layout.place == "table":
        low[2] = min(layout.focus[2] + TABLE, start.eye[2])
    distance = float(np.linalg.norm(start.eye - start.target))
    velocity, result = rng.normal(0, 0.02, 3) * distance, [start]
    for _ in range(frames - 1):
        last = result[-1]
        velocity = 0.85 * velocity + rng.normal(0, 0.008, 3) * distance - 0.01 * (last.eye - start.eye)
        eye = np.clip(last.eye + velocity, low, high)
        velocity = eye - last.eye
        result.append(
            Viewpoint(
                eye,
                last.target + 0.3 * velocity + rng.normal(0, 0.003, 3) * distance - 0.02 * (last.target - start.target),
                0.99 * last.roll + float(rng.normal(0, 0.004)),
            )
        )
    return result
