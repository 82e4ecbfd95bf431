"""Tracks as files: YouTube-VIS JSON.

The file holds `videos`, `categories` and `annotations`, one annotation for each track: `id` (the track's), `video_id`,
`category_id`, `score` (mean over the frames in which it was seen), `prompted`, and for each frame a mask (compressed run
lengths) in `segmentations`, a box in `bboxes` and the mask's pixels in `areas`, null where the track was not seen. The list `annotations` by itself is
what the YouTube-VIS server takes as results.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rmpsam_ros import rle
from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.results import categories, category_ids
from rmpsam_ros.types import LabelSet, PanopticResult, Roi, Segment, TrackedInstance, TrackState


@dataclass
class _Track:
    class_votes: dict[int, float] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)
    masks: dict[int, tuple[dict[str, Any], list[int], int]] = field(default_factory=dict)
    """By frame: run lengths, box (x, y, width, height), pixels."""
    confirmed: bool = False
    prompted: bool = False


@dataclass
class TrackWriter:
    """Takes one video's frames in order; `content` at the end. Tracks that were never confirmed are left out."""

    labels: LabelSet
    info: dict[str, Any] = field(default_factory=dict)
    _tracks: dict[int, _Track] = field(default_factory=dict)
    _frames: list[str] = field(default_factory=list)
    _size: tuple[int, int] = (0, 0)

    def add(self, name: str, image_size: tuple[int, int], tracks: Iterable[TrackedInstance]) -> None:
        """One frame: its name, its (height, width), and what `Tracker.update` returned for it."""
        index = len(self._frames)
        self._frames.append(name)
        self._size = image_size
        for track in tracks:
            if track.frames_since_seen or not track.roi.width:
                continue
            entry = self._tracks.setdefault(track.track_id, _Track())
            entry.confirmed |= track.state == TrackState.CONFIRMED
            entry.prompted |= track.prompted
            entry.class_votes[track.class_id] = entry.class_votes.get(track.class_id, 0) + track.score
            entry.scores.append(track.score)
            roi = track.roi
            entry.masks[index] = rle.encode(track.mask, roi, image_size), [roi.x, roi.y, roi.width, roi.height], int(np.count_nonzero(track.mask))

    @property
    def frames(self) -> int:
        return len(self._frames)

    @property
    def confirmed(self) -> int:
        """Tracks that will be written."""
        return sum(track.confirmed for track in self._tracks.values())

    def content(self, video_name: str) -> dict[str, Any]:
        """The JSON of the video."""
        numbers, listed = category_ids(self.labels), categories(self.labels)
        unknown = max(numbers) + 1
        n, (height, width) = len(self._frames), self._size
        annotations = []
        for track_id, track in sorted(self._tracks.items()):
            if not track.confirmed:
                continue
            votes = {k: v for k, v in track.class_votes.items() if k >= 0}
            annotations.append({
                "id": track_id, "video_id": 1, "category_id": numbers[max(votes, key=votes.get)] if votes else unknown,
                "score": round(float(np.mean(track.scores)), 4), "prompted": track.prompted, "iscrowd": 0,
                "height": height, "width": width, "length": n,
                **{key: [track.masks[k][part] if k in track.masks else None for k in range(n)]
                   for part, key in enumerate(("segmentations", "bboxes", "areas"))},
            })
        video = {"id": 1, "name": video_name, "width": width, "height": height, "length": n, "file_names": self._frames}
        if any(annotation["category_id"] == unknown for annotation in annotations):  # something clicked that the map has never named
            listed.append({"id": unknown, "name": "unknown", "supercategory": "", "isthing": 1, "color": [128, 128, 128]})
        return {"info": self.info, "videos": [video], "annotations": annotations, "categories": listed}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Writes JSON, whole or not at all."""
    with atomic_file(path) as partial:
        partial.write_text(json.dumps(content, separators=(",", ":")))


def tracked_map(
    image_size: tuple[int, int], tracks: Sequence[TrackedInstance], labels: LabelSet, only: Iterable[int] | None = None,
) -> PanopticResult:
    """The tracks that were seen in this frame, as a map that the overlay can draw: segments in the order of `tracks`,
    smaller ones on top. only: ids to show, all when None."""
    wanted = None if only is None else set(only)
    shown = [t for t in tracks if not t.frames_since_seen and t.roi.width and (wanted is None or t.track_id in wanted)]
    ids = np.zeros(image_size, np.uint16)
    areas: list[npt.NDArray] = [np.count_nonzero(t.mask) for t in shown]
    for k in sorted(range(len(shown)), key=lambda k: -areas[k]):
        ids[shown[k].roi.slices][shown[k].mask] = k + 1
    segments = tuple(
        Segment(k + 1, max(t.class_id, 0), t.class_name or "object", True, t.score, int(areas[k]), _inside(t.roi, image_size), t.track_id)
        for k, t in enumerate(shown)
    )
    return PanopticResult(ids, segments, labels)


def _inside(roi: Roi, size: tuple[int, int]) -> Roi:
    x, y = min(roi.x, size[1] - 1), min(roi.y, size[0] - 1)
    return Roi(x, y, min(roi.width, size[1] - x), min(roi.height, size[0] - y))
