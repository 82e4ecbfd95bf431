"""Conversion of a segmenter's frame to detections for a tracker, and of tracks back to the panoptic map."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpsam_ros.depth_view import is_known
from rmpsam_ros.errors import TrackError
from rmpsam_ros.tracking.detections import Detections
from rmpsam_ros.tracking.grid import Grid
from rmpsam_ros.tracking.lifecycle import BIRTH_SCORE
from rmpsam_ros.types import PanopticResult, Segment, TrackedInstance

if TYPE_CHECKING:
    from rmpsam_ros.frame import Frame

UNSURE = 0.15
"""Minimum score of an object outside the panoptic map to continue a track."""
MOST_UNSURE = 20
"""Maximum number of such objects, those with the highest scores."""


def detections_of(frame: Frame, is_thing: npt.NDArray[np.bool_], depth: npt.NDArray[np.float32] | None = None) -> Detections:
    """The things of a frame: those of its panoptic map, then those with a score too low for it.

    is_thing: (K,) bool. depth: (H, W) float32 metres or None. A low-score object keeps only the cells that no thing of the
    map covers, and its score is capped below what begins a track.
    """
    panoptic, objects = frame.panoptic(), frame.objects
    if objects.mask_logits.shape[1] == 0 and len(objects.class_ids):
        raise TrackError("The frame was kept for prompts only (keep_for_prompts); track it before that.")
    rows, columns = objects.valid
    grid = Grid.of(frame.placement)
    things = [segment for segment in panoptic.segments if segment.is_thing and segment.query is not None]
    masks = grid.sample(panoptic.segment_ids)[None] == np.array([segment.id for segment in things], np.uint16)[:, None, None]
    unsure = _unsure(objects.class_ids, objects.scores, [s.query_index for s in panoptic.segments],
                     is_thing if frame.allowed is None else is_thing & frame.allowed)  # fmt: skip
    logits = objects.mask_logits[unsure, :rows, :columns]
    rest = (logits > 0) & ~masks.any(axis=0)
    whole = rest.sum(axis=(1, 2)) > 0.5 * np.maximum((logits > 0).sum(axis=(1, 2)), 1)
    unsure, rest = unsure[whole], rest[whole]
    return Detections(
        class_ids=np.concatenate((np.array([s.class_id for s in things], np.int64), objects.class_ids[unsure])),
        scores=np.concatenate((
            # Every thing in the map may begin a track: it passed the map's own threshold.
            np.maximum(np.array([s.score for s in things], np.float32), BIRTH_SCORE),
            np.minimum(objects.scores[unsure], BIRTH_SCORE - 0.01),
        )).astype(np.float32),
        queries=np.concatenate((_queries(things, objects.queries.shape[1]), objects.queries[unsure])),
        masks=np.concatenate((masks, rest)),
        depths=_depths(panoptic, things, len(unsure), depth),
        image_size=grid.source, cell_size=grid.cell_size, segment_map=panoptic.segment_ids, segments=(*things, *(None for _ in unsure)),
    )


def of_classes(tracks: tuple[TrackedInstance, ...], names: Sequence[str]) -> tuple[TrackedInstance, ...]:
    """The tracks of these classes, or all if `names` is empty; clicked objects are always included."""
    return tuple(track for track in tracks if track.prompted or track.class_name in names) if names else tracks


def with_track_ids(panoptic: PanopticResult, tracks: Iterable[TrackedInstance]) -> PanopticResult:
    """The same map, with each segment's track id: that of the track, confirmed or not, which was updated with it."""
    track_of = {track.segment_id: track.track_id for track in tracks if track.segment_id}
    segments = tuple(replace(segment, track_id=track_of.get(segment.id, 0)) for segment in panoptic.segments)
    return PanopticResult(panoptic.segment_ids, segments, panoptic.labels)


def _unsure(
    classes: npt.NDArray, scores: npt.NDArray, taken: list[int], is_thing: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Indices of thing queries that are not in the map."""
    free = (classes >= 0) & (classes < len(is_thing)) & (scores >= UNSURE)  # NaN is not
    free[free] &= is_thing[classes[free]]
    free[[index for index in taken if index >= 0]] = False
    rows = np.flatnonzero(free)
    return rows[np.argsort(-scores[rows], kind="stable")[:MOST_UNSURE]]


def _queries(things: list[Segment], dims: int) -> npt.NDArray[np.float32]:
    return np.array([segment.query for segment in things], np.float32).reshape(-1, dims)


def _depths(
    panoptic: PanopticResult, things: list[Segment], others: int, depth: npt.NDArray[np.float32] | None,
) -> npt.NDArray[np.float32] | None:
    """(n,) median depth under each mask in metres, of every third pixel of every third row."""
    if depth is None:
        return None
    depth = np.asarray(depth)
    if depth.shape != panoptic.segment_ids.shape or depth.dtype.kind != "f":
        raise TrackError(f"The depth is {depth.dtype} of {depth.shape}; metres as floats, of the image's {panoptic.segment_ids.shape}, were expected.")
    values = np.full(len(things) + others, np.nan, np.float32)
    for k, segment in enumerate(things):
        part = tuple(slice(s.start, s.stop, 3) for s in segment.roi.slices)
        inside = depth[part][panoptic.segment_ids[part] == segment.id]
        inside = inside[is_known(inside)]
        if len(inside):
            values[k] = np.median(inside)
    return values
