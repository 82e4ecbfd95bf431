"""Panoptic fusion: the reference's result (Mask2Former's procedure with its score filter) at a fraction of its cost.

The reference makes a full-size probability map for every query and takes the argmax at each pixel. `ownership` finds the same
owners but evaluates each query only where it can matter. This module then decides which queries become segments, and describes them.
"""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends import MasksElsewhere, OwnershipElsewhere
from rmpsam_ros.ownership import Ownership, assign
from rmpsam_ros.placement import INFINITE_LOGIT, Placement
from rmpsam_ros.types import LabelSet, PanopticResult, Roi, Segment


def fuse(class_ids: npt.NDArray[np.int64], scores: npt.NDArray[np.float32], mask_logits: npt.NDArray[np.float32] | MasksElsewhere,
         placement: Placement, labels: LabelSet, score_threshold: float = 0.8, overlap_threshold: float = 0.8,
         queries: npt.NDArray[np.float32] | None = None) -> PanopticResult:  # fmt: skip
    """Fuses object queries into a panoptic map of the source image.

    Args:
        class_ids: (N,) best class, `len(labels)` for no object.
        scores: (N,) probability of that class.
        mask_logits: (N, H/4, W/4) on the padded network input; masks on a device are assigned there.
        placement: the image's placement in that input.
        labels: the label set; stuff queries of one class are merged into one segment.
        score_threshold: queries with this score or less are dropped.
        overlap_threshold: queries that win a smaller share than this of their own mask are dropped.
        queries: (N, D) embeddings to store in the segments.
    """
    kept = _select(class_ids, scores, len(labels), score_threshold)
    if kept.size == 0:
        return PanopticResult(np.zeros(placement.source, np.uint16), (), labels)
    weights = scores[kept].astype(np.float32)
    if isinstance(mask_logits, np.ndarray):
        logits = mask_logits[kept].astype(np.float32, copy=False)
        logits = np.nan_to_num(logits, nan=-INFINITE_LOGIT, posinf=INFINITE_LOGIT, neginf=-INFINITE_LOGIT)
        ownership = assign(weights, logits, placement)
    else:
        ownership = mask_logits.assign(kept, weights, placement)
    is_thing = labels.is_thing()
    id_of = np.zeros(kept.size + 1, np.uint16)
    stuff_ids: dict[int, int] = {}
    members: list[list[int]] = []
    for row in range(kept.size):
        area, inside = int(ownership.area[row]), int(ownership.inside[row])
        if area == 0 or inside == 0 or area / inside < overlap_threshold:
            continue
        class_id = int(class_ids[kept[row]])
        if is_thing[class_id] or class_id not in stuff_ids:
            members.append([row])
            stuff_ids.setdefault(class_id, len(members))
            id_of[row + 1] = len(members)
        else:
            id_of[row + 1] = stuff_ids[class_id]
            members[stuff_ids[class_id] - 1].append(row)
    return _describe(ownership, id_of, members, kept, class_ids, scores, labels, queries)


def best_segments(result: PanopticResult, limit: int) -> PanopticResult:
    """The map reduced to the `limit` segments with the highest scores, in their original order; pixels of the others become unlabelled."""
    if len(result.segments) <= limit:
        return result
    best = sorted(range(len(result.segments)), key=lambda index: -result.segments[index].score)[:limit]
    kept = [result.segments[index] for index in sorted(best)]
    renumber = np.zeros(max(segment.id for segment in result.segments) + 1, np.uint16)
    renumber[[segment.id for segment in kept]] = np.arange(1, limit + 1)
    return PanopticResult(renumber[result.segment_ids], tuple(replace(s, id=i) for i, s in enumerate(kept, start=1)), result.labels)


def _select(class_ids: npt.NDArray, scores: npt.NDArray, num_classes: int, threshold: float) -> npt.NDArray[np.intp]:
    """Rows of the queries above the threshold, in query order (ties go to the first, as in the reference)."""
    return np.flatnonzero((class_ids < num_classes) & (scores > threshold))  # false for a NaN score


def _describe(ownership: Ownership | OwnershipElsewhere, id_of: npt.NDArray[np.uint16], members: list[list[int]],
              kept: npt.NDArray[np.intp], class_ids: npt.NDArray, scores: npt.NDArray, labels: LabelSet,
              queries: npt.NDArray[np.float32] | None) -> PanopticResult:  # fmt: skip
    """The panoptic map with consecutive IDs 1 … n and one `Segment` each; queries without a pixel are dropped."""
    extents = ownership.extents()
    renumber = np.zeros(len(members) + 1, np.uint16)
    segments: list[Segment] = []
    for old, group in enumerate(members, start=1):
        area = int(extents.pixels[group].sum())
        if area == 0:
            continue
        renumber[old] = len(segments) + 1
        best = int(kept[max(group, key=lambda row: float(scores[kept[row]]))])
        label = labels[int(class_ids[best])]
        left, top = (int(side) for side in extents.boxes[group, :2].min(axis=0))
        right, bottom = (int(side) for side in extents.boxes[group, 2:].max(axis=0))
        segments.append(Segment(
            id=len(segments) + 1, class_id=label.id, class_name=label.name, is_thing=label.is_thing,
            score=float(np.clip(scores[best], 0, 1)), area=area, roi=Roi(left, top, right - left, bottom - top), query_index=best,
            query=None if queries is None else queries[best],
        ))  # fmt: skip
    return PanopticResult(ownership.relabel(renumber[id_of]), tuple(segments), labels)
