"""Where things are: a registered depth image with the rays of its pixels, and the place and size of masks in it.

Everything is in the camera's optical frame: x right, y down, z forward, metres.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import DepthError
from rmpsam_ros.types import Roi, TrackedInstance, TrackState

_SAMPLES = 1500
"""About so many pixels of a mask are looked at: medians do not get better with more."""
_LEAST = 12
"""Fewer samples with a depth say nothing."""
_LEAST_SHARE = 0.1
"""Of the mask's pixels, so many must have a depth: glass and what is too near have it at their rim only."""
_BORDER = 2
"""Pixels at the rim of a mask that are left out: a mask is a little off there, and depth cameras mix near and far."""
_SPREAD = 3.0
"""Depths further from the median than so many standard deviations (estimated from the MAD) belong to something else …"""
_FLOOR = 0.02
"""… but not those within 2 cm and 2 % of it: of a flat thing seen from the front the deviation is nearly 0."""


def is_known(depth: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Where metres are a depth: 0, what is negative and what is not finite mean that the camera knows none."""
    with np.errstate(invalid="ignore"):
        return (depth > 0) & (depth < np.inf)


@dataclass(frozen=True, eq=False)
class DepthView:
    """What a depth camera sees.

    `depth` is (H, W) float32, metres along the optical axis, NaN where unknown (given with 0, as cameras do, or infinity there, it
    is a copy that has NaN); `rays` (H, W, 2) float32, x / z and y / z of the line of sight of each pixel, NaN where the calibration has none.

    Raises:
        DepthError: no arrays, integers, which are mostly millimetres, or rays of another size.
    """

    depth: npt.NDArray[np.float32]
    rays: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        for name, given in (("depth", self.depth), ("rays", self.rays)):
            if not isinstance(given, np.ndarray):
                raise DepthError(f"The {name} given is a {type(given).__name__}; a numpy array was expected.")
        if not np.issubdtype(self.depth.dtype, np.floating):
            raise DepthError(f"Depth is {self.depth.dtype}; floating-point metres were expected (millimetres: divide by 1000).")
        if self.rays.shape != (*self.depth.shape, 2):
            raise DepthError(f"The rays are {self.rays.shape} and the depth is {self.depth.shape}; (H, W, 2) and (H, W) of one image are needed.")
        known = is_known(self.depth)
        if not (known | np.isnan(self.depth)).all():
            object.__setattr__(self, "depth", np.where(known, self.depth, self.depth.dtype.type(np.nan)))

    def points(self, step: int = 1) -> npt.NDArray[np.float32]:
        """(h, w, 3) float32 x, y, z of every `step`-th pixel of every `step`-th row, NaN where unknown."""
        shape = self.depth[::step, ::step].shape
        points = np.empty((*shape, 3), np.float32)
        self.fill(points, step)
        return points

    def fill(self, points: npt.NDArray[np.float32], step: int = 1) -> None:
        """Writes what `points` returns into the first three of the last axis of an (h, w, 3 or more) float32 array."""
        depth, rays = self.depth[::step, ::step], self.rays[::step, ::step]
        np.multiply(rays, depth[..., None], out=points[..., :2])
        np.add(depth, 0 * rays[..., 0], out=points[..., 2])  # unknown where there is no ray, as x and y are


@dataclass(frozen=True)
class Extent:
    """The visible surface of one object.

    `position` (x, y, z) is the median of its points; `center` and `size` are of the box along the frame's axes that
    holds all but the outermost 2 % of them on each side.
    """

    position: tuple[float, float, float]
    center: tuple[float, float, float]
    size: tuple[float, float, float]


def pinhole_rays(size: tuple[int, int], matrix: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Rays of a camera without distortion: size (H, W) in pixels, matrix its intrinsics K, (3, 3) or the nine in a row that
    `CameraInfo.k` has; to (H, W, 2) float32.

    Raises:
        DepthError: other numbers than that, or no focal length.
    """
    try:
        (fx, _, cx), (_, fy, cy), _ = np.asarray(matrix, np.float64).reshape(3, 3)
    except (TypeError, ValueError):
        raise DepthError(f"The intrinsics are {matrix!r:.80}; the 3x3 matrix K, or its nine numbers row by row, was expected.") from None
    if not (fx and fy):
        raise DepthError(f"The intrinsics have the focal lengths {fx:g} and {fy:g}; they are in pixels and not 0: is the camera calibrated?")
    rays = np.empty((*size, 2), np.float32)
    rays[..., 0] = (np.arange(size[1]) - cx) / fx
    rays[..., 1] = ((np.arange(size[0]) - cy) / fy)[:, None]
    return rays


def measure(mask: npt.NDArray[np.bool_], roi: Roi, view: DepthView) -> Extent | None:
    """Place and size of what is under a mask.

    The rim of the mask is left out, and so is what lies clearly before or behind the median depth: the background
    beside a mask that is a little too large, and what is seen through a hole.

    Args:
        mask: (roi.height, roi.width) bool, the object inside `roi`.
        roi: where the mask lies in the view.
        view: depth and rays of the same image.

    Returns:
        None where too few pixels have a depth.
    """
    if not mask.any():
        return None
    inner = _without_rim(mask)
    stride = max(1, round((np.count_nonzero(inner) / _SAMPLES) ** 0.5))
    inner = inner[::stride, ::stride]
    part = tuple(slice(s.start, s.stop, stride) for s in roi.slices)
    depth = view.depth[part][inner]
    rays = view.rays[part][inner]
    known = np.isfinite(depth) & np.isfinite(rays[:, 0])
    if np.count_nonzero(known) < max(_LEAST_SHARE * len(depth), min(_LEAST, len(depth) / 2), 1):
        return None
    depth, rays = depth[known], rays[known]
    middle = np.median(depth)
    away = np.abs(depth - middle)
    own = away <= max(_SPREAD * 1.4826 * np.median(away), _FLOOR * (1 + middle))
    points = np.column_stack((rays[own] * depth[own, None], depth[own])).astype(np.float64)
    low, median, high = np.percentile(points, (2, 50, 98), axis=0)
    return Extent(tuple(median.tolist()), tuple(((low + high) / 2).tolist()), tuple((high - low).tolist()))


def located(tracks: Iterable[TrackedInstance], view: DepthView | None) -> tuple[tuple[TrackedInstance, ...], dict[int, Extent]]:
    """The tracks with their positions, and the extent of each by track id.

    Only those that were seen in this frame have a position: where a lost one was, the camera may look at another thing.
    Without a view nobody has.
    """
    tracks = tuple(tracks)
    if view is None:
        return tracks, {}
    extents = {}
    for track in tracks:
        if track.frames_since_seen == 0 and (extent := measure(track.mask, track.roi, view)) is not None:
            extents[track.track_id] = extent
    return tuple(
        replace(track, position=extents[track.track_id].position) if track.track_id in extents else track for track in tracks
    ), extents


def boxed(tracks: Iterable[TrackedInstance], extents: Mapping[int, Extent]) -> list[tuple[TrackedInstance, Extent]]:
    """The tracks that are shown and sent as boxes, each with its extent: those that are confirmed and have one."""
    return [(t, extents[t.track_id]) for t in tracks if t.state == TrackState.CONFIRMED and t.track_id in extents]


def _without_rim(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The mask without its outermost pixels; whole where it is so thin that little would stay."""
    padded = np.pad(mask.astype(np.uint8), 1)  # cv2.erode takes what lies outside of the picture for the object
    inner = cv2.erode(padded, np.ones((2 * _BORDER + 1,) * 2, np.uint8))[1:-1, 1:-1].view(np.bool_)
    return inner if np.count_nonzero(inner) > 0.25 * np.count_nonzero(mask) else mask
