"""Motion model: one constant-velocity Kalman filter for all tracks at once, and compensation of abrupt camera motion.

Positions are box centres in cells of the low-resolution grid, x right, y down; times are seconds. x and y share one
covariance (position variance, position-velocity covariance, velocity variance), so a step is a dozen array operations
whatever the number of tracks. All noise is in units of object size, because a close object moves more cells than a far one.
"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

ACCELERATION = 1.5
"""Velocity noise: object sizes per second, accumulated over one second."""
MEASUREMENT = 0.12
"""Standard deviation of a measured centre, in object sizes (plus half a cell): parts of the object come and go in its mask."""
FIRST_SPEED = 1.0
"""Standard deviation of an unknown velocity, in object sizes per second, plus a tenth of the grid's width per second."""
REMEMBERED = 2.0
"""Time constant (seconds) with which an unseen object's velocity decays; after that time about a third is left."""


def measurement_variance(size: FloatArray, doubt: FloatArray | float = 1.0) -> FloatArray:
    """(n,) variance of a measured centre; `doubt` > 1 where the box is known to be truncated by an occluder."""
    return ((MEASUREMENT * size + 0.5) * doubt) ** 2


def start_covariance(size: FloatArray, grid_width: int) -> FloatArray:
    """(n, 3) covariance (pp, pv, vv) of newly seen objects."""
    covariance = np.zeros((len(size), 3), np.float32)
    covariance[:, 0] = measurement_variance(size)
    covariance[:, 2] = (FIRST_SPEED * size + 0.1 * grid_width) ** 2
    return covariance


def predict(
    position: FloatArray, velocity: FloatArray, covariance: FloatArray, size: FloatArray, dt: float, grid: tuple[int, int],
) -> None:
    """Moves all tracks on by `dt` seconds, in place. position, velocity (n, 2); covariance (n, 3); size (n,); grid (h, w).

    Velocities decay, and predictions stay within the image: an object that has left is expected back at the border.
    """
    fade = np.float32(np.exp(-dt / REMEMBERED))
    position += velocity * np.float32(REMEMBERED * (1 - fade))
    np.maximum(position, 0, out=position)
    np.minimum(position, np.array([grid[1], grid[0]], np.float32), out=position)
    velocity *= fade
    pp, pv, vv = covariance.T
    noise = (ACCELERATION**2 * dt) * size**2
    pp += dt * (2 * pv + dt * vv) + (dt * dt / 3) * noise
    pv += dt * vv + (dt / 2) * noise
    vv += noise
    np.minimum(covariance, np.float32(max(grid)) ** 2, out=covariance)  # a variance larger than the image carries no more information
    limit = np.sqrt(pp * vv)  # capped separately, they would no longer form a valid covariance
    np.clip(pv, -limit, limit, out=pv)


def correct(
    position: FloatArray, velocity: FloatArray, covariance: FloatArray, measured: FloatArray, variance: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Kalman update: predicted states, measured centres (n, 2) and their variance (n,) to the new three arrays."""
    pp, pv, vv = covariance.T
    total = pp + variance
    gain_p, gain_v = pp / total, pv / total
    residual = measured - position
    corrected = np.stack(((1 - gain_p) * pp, (1 - gain_p) * pv, np.maximum(vv - gain_v * pv, 1e-6)), axis=1)
    return position + gain_p[:, None] * residual, velocity + gain_v[:, None] * residual, corrected.astype(np.float32)


def camera_shift(
    displacement: FloatArray, possible: npt.NDArray[np.bool_], tolerance: FloatArray, still: int,
) -> FloatArray | None:
    """The camera shift (2,) that explains the most tracks at once, or None if no shift explains them as well.

    displacement: (m, n, 2) detection centre minus predicted centre; possible: (m, n) bool, pairs that may be one
    object; tolerance: (m,) maximum error of a track in cells; still: number of tracks that fit without a shift. A shift
    needs the votes of at least three tracks and of half of them, and clearly more votes than no shift: a few objects that
    move together are not the camera.
    """
    votes_needed = max(3, (len(displacement) + 1) // 2, 1.5 * still)
    if possible.any(axis=1).sum() < votes_needed:
        return None
    rows, columns = np.nonzero(possible)
    candidates = displacement[rows, columns]  # (p, 2): every possible pair proposes its own displacement
    step = max(1, len(candidates) // 256)  # a subset suffices: each track that votes for a true shift also proposes it
    proposals = candidates[::step]
    near = np.abs(candidates[None] - proposals[:, None]).max(axis=2) <= tolerance[rows][None]  # (q, p)
    starts = np.flatnonzero(np.r_[True, np.diff(rows) > 0])  # each track votes once per proposal
    votes = np.logical_or.reduceat(near, starts, axis=1).sum(axis=1)
    best = int(votes.argmax())
    if votes[best] < votes_needed:
        return None
    return np.median(candidates[near[best]], axis=0).astype(np.float32)
