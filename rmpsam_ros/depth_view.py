"""3D positions from depth: a registered depth image with one ray per pixel, and the position and size of masks in it.

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
"""Approximate number of mask pixels that are sampled: more do not improve the median."""
_LEAST = 12
"""Minimum number of samples with a depth; small masks need half of their samples instead, if that is fewer."""
_LEAST_SHARE = 0.1
"""Minimum share of the mask's samples with a depth: glass and objects too close to the camera have depth only at their edges."""
_BORDER = 2
"""Width in pixels of the rim that is cut off a mask: masks are inaccurate there, and depth cameras mix near and far."""
_SPREAD = 3.0
"""Depths more than this number of standard deviations (estimated from the MAD) from the median belong to something else …"""
_FLOOR = 0.02
"""… but not those within 2 cm plus 2 % of the median: for a flat object seen from the front the deviation is nearly 0."""


def is_known(depth: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """True where a depth in metres is valid; zero, negative and non-finite values mean that the depth is unknown."""
    with np.errstate(invalid="ignore"):
        return (depth > 0) & (depth < np.inf)


@dataclass(frozen=True, eq=False)
class DepthView:
    """A registered depth image with the viewing ray of each pixel.

    `depth` is (H, W) float32, metres along the optical axis, NaN where unknown; if unknown depths are given as 0 (as cameras do) or
    infinity, it is a copy with NaN instead. `rays` is (H, W, 2) float32, x / z and y / z of each pixel's line of sight, NaN where the
    calibration has none.

    Raises:
        DepthError: the arguments are not arrays, the depth is integer (usually millimetres), or the rays have another size.
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
        """Writes the result of `points` into the first three channels of an (h, w, 3 or more) float32 array."""
        depth, rays = self.depth[::step, ::step], self.rays[::step, ::step]
        np.multiply(rays, depth[..., None], out=points[..., :2])
        np.add(depth, 0 * rays[..., 0], out=points[..., 2])  # unknown where there is no ray, as x and y are


@dataclass(frozen=True)
class Extent:
    """Position and size of one object's visible surface.

    `position` (x, y, z) is the median of its points; `center` and `size` describe the axis-aligned box that contains all
    but the outermost 2 % of the points on each side.
    """

    position: tuple[float, float, float]
    center: tuple[float, float, float]
    size: tuple[float, float, float]


def pinhole_rays(size: tuple[int, int], matrix: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Rays (H, W, 2) float32 of a pinhole camera without distortion; `size` is (H, W) in pixels, `matrix` the intrinsics K, as (3, 3) or
    as the nine values of `CameraInfo.k`.

    Raises:
        DepthError: `matrix` has another form, or a focal length is 0.
    """
    try:
        (fx, _, cx), (_, fy, cy), _ = np.asarray(matrix, np.float64).reshape(3, 3)
    except (TypeError, ValueError):
        raise DepthError(f"The intrinsics are {matrix!r:.80}; the 3x3 matrix K, or its nine numbers row by row, was expected.") from None
    if not (fx and fy):
        raise DepthError(f"The intrinsics have the focal lengths {fx:g} and {fy:g}; they must be in pixels and not 0: is the camera calibrated?")
    rays = np.empty((*size, 2), np.float32)
    rays[..., 0] = (np.arange(size[1]) - cx) / fx
    rays[..., 1] = ((np.arange(size[0]) - cy) / fy)[:, None]
    return rays


def measure(mask: npt.NDArray[np.bool_], roi: Roi, view: DepthView) -> Extent | None:
    """Measures the position and size of the object under a mask.

    Ignores the rim of the mask and points clearly in front of or behind the median depth: background next to a slightly too
    large mask, or seen through a hole.

    Args:
        mask: (roi.height, roi.width) bool, the object inside `roi`.
        roi: the mask's rectangle in the view.
        view: depth and rays of the same image.

    Returns:
        None if too few pixels have a depth.
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
    """The tracks with their positions filled in, and their extents by track ID.

    Only tracks seen in this frame are measured: the camera may show something else where a lost track was. Without a view,
    no track is.
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
    """The tracks to display and publish as 3D boxes, each with its extent: confirmed tracks that have one."""
    return [(t, extents[t.track_id]) for t in tracks if t.state == TrackState.CONFIRMED and t.track_id in extents]


def _without_rim(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The mask without its outermost pixels; the whole mask if it is so thin that little would remain."""
    padded = np.pad(mask.astype(np.uint8), 1)  # cv2.erode treats pixels outside the image as foreground
    inner = cv2.erode(padded, np.ones((2 * _BORDER + 1,) * 2, np.uint8))[1:-1, 1:-1].view(np.bool_)
    return inner if np.count_nonzero(inner) > 0.25 * np.count_nonzero(mask) else mask
