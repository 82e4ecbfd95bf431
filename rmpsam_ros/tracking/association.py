"""Evidence for association: log odds of every track and every detection of a frame, as input to the assignment."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.tracking import appearance, evidence, motion
from rmpsam_ros.tracking.detections import Detections
from rmpsam_ros.tracking.masks import PackedMasks, box_area, box_overlap, common_bits, pack, padded_width
from rmpsam_ros.tracking.table import TrackTable

FloatArray = npt.NDArray[np.float32]

CERTAIN = 0.2
"""Minimum certainty of a track's position for its mask to be compared with those of the frame."""
CUT = 1.3
"""Ratio of expected to detected size (in length) from which a detection counts as partly occluded."""
COPY = 0.7
"""IoU of two masks of one frame from which they count as one object detected twice."""
MOST_DETECTIONS = 256
"""Maximum number of detections used per frame, those with the highest scores first."""


@dataclass(frozen=True)
class Observation:
    """The usable detections of one frame (n), prepared for association."""

    detections: Detections
    packed: PackedMasks
    queries: FloatArray
    """(n, D) of length 1."""
    centres: FloatArray
    """(n, 2) box centres in cells."""
    sizes: FloatArray
    """(n,) square root of the area in cells."""
    reaches: FloatArray
    """(n,) square root of the box's area in cells."""
    clean: npt.NDArray[np.bool_]
    """(n,) bool: a confident detection whose box no other box overlaps much, so that its query describes one object only."""

    @classmethod
    def of_usable(cls, detections: Detections, is_thing: npt.NDArray[np.bool_]) -> tuple[Observation, npt.NDArray[np.int64]]:
        """The detections that can be tracked, and their indices (n,) among all of them.

        Skipped are NaN, stuff, unknown classes, empty masks, duplicates of one object, and, of more than
        MOST_DETECTIONS, those with the lowest scores.
        """
        usable = np.flatnonzero(detections.usable(is_thing))
        if len(usable) > MOST_DETECTIONS:
            surest = np.argsort(-detections.scores[usable], kind="stable")[:MOST_DETECTIONS]
            usable = usable[np.sort(surest)]
        chosen = detections if len(usable) == len(detections) else detections.take(usable)
        packed = PackedMasks.of(chosen.masks)
        entered = box_overlap(packed.boxes, packed.boxes)
        good = (packed.areas > 0) & ~_copies(chosen.scores, packed, entered)
        if not good.all():
            chosen, packed, usable = chosen.take(good), packed.take(good), usable[good]
            entered = entered[np.ix_(good, good)]
        return cls.of(chosen, packed, entered), usable

    @classmethod
    def of(
        cls, detections: Detections, packed: PackedMasks | None = None, entered: FloatArray | None = None,
    ) -> Observation:
        """Uses all detections as they are; their masks must not be empty. entered: (n, n) overlaps of their boxes."""
        packed = PackedMasks.of(detections.masks) if packed is None else packed
        boxes = packed.boxes
        entered = box_overlap(boxes, boxes) if entered is None else entered
        own = box_area(boxes)
        deep = entered >= 0.3 * own[:, None]
        clean = (detections.scores >= 0.5) & (deep.sum(axis=1) == 1)  # no box but its own
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        return cls(detections, packed, appearance.unit(detections.queries), centres, np.sqrt(packed.areas), np.sqrt(own), clean)

    def __len__(self) -> int:
        return len(self.centres)


@dataclass(frozen=True)
class Evidence:
    """Log odds that track i and detection j are one object, (m, n) each: `total` and its parts `place` (including
    size and overlap) and `looks` (appearance); cosines of their queries, `recent` including the last query, `lasting`
    with the long-term views alone, and `nearest`, the slot of the view that gave it."""

    total: FloatArray
    place: FloatArray
    looks: FloatArray
    recent: FloatArray
    lasting: FloatArray
    nearest: npt.NDArray


def weigh(
    table: TrackTable, seen: Observation, odds: appearance.Likeness, now: float, grid: tuple[int, int],
) -> Evidence:
    """Compares all tracks (predicted to `now`, seconds) with all detections. Shifts the tracks if the camera moved abruptly."""
    gaps = np.maximum(now - table.seen_at, 0).astype(np.float32)
    recent, lasting, nearest = appearance.similarities(table.prototypes, table.counts, seen.queries)
    covered = ~seen.clean[None] | (seen.sizes[None] < table.size[:, None] / CUT)
    mixed = np.where(covered, np.float32(appearance.SPOILED_WHEN_COVERED), np.float32(appearance.SPOILED))
    looks = odds.log_odds(recent, lasting, gaps, mixed)
    looks[~appearance.known(table.counts)] = 0
    classes = evidence.class_odds(table.votes, seen.detections.class_ids)

    distance2 = _squared_distances(table, seen)
    shift = _camera_shift(table, seen, distance2, looks + classes)
    if shift is not None:
        table.position += shift
        distance2 = _squared_distances(table, seen)
    variance = table.covariance[:, None, 0] + motion.measurement_variance(seen.reaches, 1.5)[None]
    place = evidence.place_odds(distance2, variance, gaps, float(grid[0] * grid[1]))
    place += evidence.size_odds(2 * np.log(seen.sizes)[None] - 2 * np.log(table.size)[:, None], gaps)
    certainty = 1 / (1 + table.covariance[:, 0] / (0.3 * table.reach) ** 2)
    place += evidence.overlap_odds(_overlaps(table, seen, certainty, grid), certainty[:, None])
    if seen.detections.depths is not None:
        place += evidence.depth_odds(table.depth, seen.detections.depths, gaps)
    return Evidence(looks + classes + place, place, looks, recent, lasting, nearest)


def _squared_distances(table: TrackTable, seen: Observation) -> FloatArray:
    """(m, n) from each track's predicted centre to each detection's, in squared cells."""
    x = seen.centres[None, :, 0] - table.position[:, None, 0]
    y = seen.centres[None, :, 1] - table.position[:, None, 1]
    return x * x + y * y


def _camera_shift(table: TrackTable, seen: Observation, distance2: FloatArray, likeness: FloatArray) -> FloatArray | None:
    """The abrupt camera motion since the last frame, from the tracks that were seen in it (see `motion.camera_shift`)."""
    rows = (table.unseen == 0).nonzero()[0]
    if len(rows) < 3:
        return None
    tolerance = 1 + 0.15 * table.reach[rows] + np.sqrt(table.covariance[rows, 0])
    possible = likeness[rows] > -1
    still = int(((distance2[rows] <= (tolerance**2)[:, None]) & possible).any(axis=1).sum())
    if still >= 0.7 * len(rows):
        return None  # the case for nearly every frame
    displacement = seen.centres[None] - table.position[rows, None]  # (m, n, 2)
    return motion.camera_shift(displacement, possible, tolerance, still)


def _overlaps(table: TrackTable, seen: Observation, certainty: FloatArray, grid: tuple[int, int]) -> FloatArray:
    """(m, n) IoU of each track's last mask, moved to its predicted position, with each detection's mask.

    Where a track's box overlaps only one detection's box and vice versa, the IoU of the boxes is used instead.
    """
    iou = np.zeros((len(table), len(seen)), np.float32)
    rows = (certainty > CERTAIN).nonzero()[0]
    if len(rows) == 0 or len(seen) == 0:
        return iou
    height, width = grid
    extent = table.extent[rows]
    start = np.rint(table.position[rows] - extent / 2).astype(np.int64)
    boxes = np.concatenate((start, start + extent), axis=1)
    np.maximum(boxes, 0, out=boxes)
    np.minimum(boxes, (width, height, width, height), out=boxes)
    common = box_overlap(boxes, seen.packed.boxes)
    own, theirs = box_area(boxes)[:, None], box_area(seen.packed.boxes)[None]
    meet = common > 0.1 * np.maximum(own, theirs)  # less would give an IoU near 0 with masks as well
    crowded = (meet.sum(axis=1) > 1) | (meet & (meet.sum(axis=0) > 1)).any(axis=1)
    iou[rows] = np.where(meet, common / np.maximum(own + theirs - common, 1), 0)
    if crowded.any():
        _mask_overlaps(table, seen, rows[crowded], start[crowded], boxes[crowded], meet[crowded], grid, iou)
    return iou


def _mask_overlaps(
    table: TrackTable, seen: Observation, rows: npt.NDArray, start: npt.NDArray, boxes: npt.NDArray, meet: npt.NDArray,
    grid: tuple[int, int], iou: FloatArray,
) -> None:
    """Writes the IoU of masks into `iou` for the tracks in `rows` (k,) and the detections that they overlap (k, n).

    start: (k, 2) first cell of each track's last mask at its predicted position; boxes: (k, 4) its box there, within the grid.
    """
    canvas = np.zeros((len(rows), grid[0], padded_width(grid[1])), bool)
    areas = table.shown[rows]
    looks = table.look[rows]
    for i, ((x, y), (x1, y1, x2, y2)) in enumerate(zip(start.tolist(), boxes.tolist())):
        patch = looks[i].patch[y1 - y : y2 - y, x1 - x : x2 - x]
        canvas[i, y1:y2, x1:x2] = patch
        if patch.shape != looks[i].patch.shape:
            areas[i] = np.count_nonzero(patch)
    first, second = meet.nonzero()
    common = common_bits(pack(canvas)[first], seen.packed.words[second])
    union = areas[first] + seen.packed.areas[second] - common
    iou[rows[first], second] = common / np.maximum(union, 1)


def _copies(scores: FloatArray, packed: PackedMasks, common: FloatArray) -> npt.NDArray[np.bool_]:
    """(n,) bool: duplicates of an object (IoU above COPY, whatever the class), all but the one with the highest score.

    common: (n, n) overlaps of the boxes.
    """
    areas = packed.areas
    own = box_area(packed.boxes)
    first, second = (common > 0.5 * np.maximum(own[:, None], own[None])).nonzero()
    first, second = first[first < second], second[first < second]
    copies = np.zeros(len(areas), bool)
    if len(first):
        both = common_bits(packed.words[first], packed.words[second])
        twice = both > COPY * (areas[first] + areas[second] - both)
        worse = np.where(scores[first] < scores[second], first, second)
        copies[worse[twice]] = True
    return copies
