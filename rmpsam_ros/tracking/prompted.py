"""Tracks that were born of a click: matched to an object of the network, or kept alive by their own prompt."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpsam_ros.tracking.association import Observation
from rmpsam_ros.tracking.detections import Detections
from rmpsam_ros.tracking.grid import Grid
from rmpsam_ros.tracking.lifecycle import Lives
from rmpsam_ros.tracking.table import TrackTable
from rmpsam_ros.types import PromptResult, TrackState

if TYPE_CHECKING:
    from rmpsam_ros.segmenter import Frame

FloatArray = npt.NDArray[np.float32]

SAME_MASK = 0.5
"""IoU from which the mask of a click and that of a track are one object."""
MOST_ASKED = 8
"""Prompts decoded for one frame, for the tracks that were seen last first; each costs a few milliseconds."""
ALIKE = 0.8
"""Least cosine of a prompt's answer with the track's own queries for it to be taken for the same object."""
SURE = 0.5
"""Least predicted IoU of such an answer, where the click's own was at least twice that."""
SHARE = 0.5
"""Elsewhere the least share of the click's own predicted IoU: not every network knows how good its masks are, and the
person who clicked has accepted the first one."""
LEARNING_RATE = 0.2


@dataclass
class _Memory:
    """`query` (D,) unit: the running mean of the answers so far, None where the backend gives none. `least`: the
    predicted IoU that an answer must have."""

    query: npt.NDArray[np.float32] | None
    least: float


class PromptKeeper:
    """What is known of the prompted tracks of one camera beyond their rows in the table."""

    def __init__(self) -> None:
        self._memories: dict[int, _Memory] = {}

    def remember(self, track_id: int, click: PromptResult) -> None:
        """A click was made a track."""
        self._memories[track_id] = _Memory(_unit(click.query), min(SURE, SHARE * float(np.nan_to_num(click.score))))

    def forget(self, track_id: int) -> None:
        self._memories.pop(track_id, None)

    def keep_only(self, ids: npt.NDArray[np.int64]) -> None:
        """Forgets those that are not followed any more."""
        if self._memories:
            self._memories = {k: v for k, v in self._memories.items() if k in set(ids.tolist())}

    @staticmethod
    def match(seen: Observation, table: TrackTable) -> int | None:
        """The row, of those seen in the newest frame, whose mask is the click's (the one detection of `seen`)."""
        best, best_iou = None, SAME_MASK
        mask = seen.detections.masks[0]
        x1, y1, x2, y2 = seen.packed.boxes[0]
        for row in np.flatnonzero(table.unseen == 0):
            patch = table.look[row].patch
            h, w = patch.shape
            x, y = (table.origin[row]).tolist()
            if x >= x2 or y >= y2 or x + w <= x1 or y + h <= y1:
                continue
            common = np.count_nonzero(mask[y : y + h, x : x + w] & patch[: mask.shape[0] - y, : mask.shape[1] - x])
            iou = common / (seen.packed.areas[0] + table.shown[row] - common)
            if iou > best_iou:
                best, best_iou = int(row), iou
        return best

    def find(self, frame: Frame, lives: Lives, grid: Grid, now: float) -> bool:
        """Asks for the prompted tracks that no object of this frame continues; True where a track changed."""
        table = lives.table
        rows = [row for row in np.flatnonzero(table.prompted & (table.unseen > 0)) if int(table.id[row]) in self._memories]
        rows.sort(key=lambda row: int(table.unseen[row]))
        left, found = MOST_ASKED, False
        for row in rows:
            memory = self._memories[int(table.id[row])]
            for aim in _aims(table, row):
                if left == 0:
                    return found
                left -= 1
                answer = frame.prompt(points=[_pixel(aim, grid)])
                seen = _observed(answer, grid, table.dims)
                if seen is not None and _fits(seen, answer, table, row, memory):
                    break
            else:
                continue
            query = _unit(answer.query)
            if query is not None and memory.query is not None:
                memory.query = _unit((1 - LEARNING_RATE) * memory.query + LEARNING_RATE * query)
            taken = np.array([row]), np.array([0])
            # Nothing is learnt of its looks as an object: the query of a prompt is of another kind.
            seen.clean[:] = False
            lives.correct(seen, *taken, np.zeros(1, int), np.zeros(1, np.float32), grid, now)
            table.state[row] = TrackState.CONFIRMED
            found = True
        return found


def _unit(query: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32] | None:
    if query is None or not np.isfinite(query).all() or not np.any(query):
        return None
    return np.asarray(query, np.float32) / np.linalg.norm(query)


def _aims(table: TrackTable, row: int) -> list[FloatArray]:
    """Where to ask for a track, in cells (2,): the place of its last mask that is furthest inside, moved on as its motion
    predicts, then, where that is elsewhere, where it was last: some things stop."""
    from scipy.ndimage import distance_transform_edt

    patch = np.pad(table.look[row].patch, 1)
    y, x = np.unravel_index(distance_transform_edt(patch).argmax(), patch.shape)
    inside = np.array([x - 0.5, y - 0.5], np.float32)
    moved = table.position[row] - table.extent[row] / 2 + inside
    last = table.origin[row] + inside
    return [moved] if np.abs(moved - last).max() < 0.3 * table.size[row] else [moved, last]


def _pixel(cell: FloatArray, grid: Grid) -> tuple[float, float]:
    """A place in cells to the pixel of the source image, within it."""
    scale = np.array(grid.source[::-1]) / grid.size[::-1]
    x, y = np.clip(cell * scale - 0.5, 0, np.array(grid.source[::-1]) - 1).tolist()
    return x, y


def _observed(answer: PromptResult, grid: Grid, dims: int) -> Observation | None:
    """The answer as the one detection of a frame; None for an empty mask."""
    mask = grid.downsample(answer.mask)
    if not mask.any():
        return None
    return Observation.of(Detections(
        np.array([answer.class_id]), np.array([np.nan_to_num(answer.score)], np.float32), np.ones((1, dims), np.float32),
        mask[None], image_size=grid.source,
    ))


def _fits(seen: Observation, answer: PromptResult, table: TrackTable, row: int, memory: _Memory) -> bool:
    """Whether the answer is the track's object: sure enough, of a like size, not far, and alike."""
    ratio = float(seen.sizes[0] / table.size[row])
    places = np.stack((table.position[row], table.origin[row] + table.extent[row] / 2))
    distance = float(np.hypot(*(seen.centres[0] - places).T).min())
    reach = 0.75 * float(table.reach[row]) + 2 * float(np.sqrt(table.covariance[row, 0]))
    query = _unit(answer.query)
    alike = query is None or memory.query is None or float(query @ memory.query) >= ALIKE
    return answer.score >= memory.least and 0.5 <= ratio <= 2.0 and distance <= reach and alike
