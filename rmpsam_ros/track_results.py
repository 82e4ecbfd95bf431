"""Writes tracks to YouTube-VIS JSON files.

A file has `videos`, `categories` and `annotations`, with one annotation per track: `id` (the track ID), `video_id`,
`category_id`, `score` (mean over the frames in which the track was seen), `prompted`, and for each frame a mask (compressed
run lengths) in `segmentations`, a box in `bboxes` and the mask's pixel count in `areas`, null where the track was not seen. The
`annotations` list by itself is the result format of the YouTube-VIS server.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmpsam_ros import rle
from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.errors import ImageError
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

    @property
    def class_id(self) -> int | None:
        """The class with the largest sum of scores over all frames; None if the track never had one."""
        votes = {k: v for k, v in self.class_votes.items() if k >= 0}
        return max(votes, key=votes.get) if votes else None


@dataclass
class TrackWriter:
    """Collects the tracks of one video, frame by frame; call `save` or `content` at the end. Tracks that were never confirmed are omitted."""

    labels: LabelSet
    info: dict[str, Any] = field(default_factory=dict)
    _tracks: dict[int, _Track] = field(default_factory=dict)
    _frames: list[str] = field(default_factory=list)
    _size: tuple[int, int] = (0, 0)

    def add(self, name: str, image_size: tuple[int, int], tracks: Iterable[TrackedInstance]) -> None:
        """Adds one frame: its name, its (height, width), and the tracks that `Tracker.update` returned for it.

        Raises:
            ImageError: earlier frames have another size.
        """
        if self._frames and image_size != self._size:
            (height, width), (h, w) = self._size, image_size
            raise ImageError(f"{name} is {w}x{h}, the frames before it {width}x{height}; the frames of a video have one size.")
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
            roi, mask = track.tight()
            entry.masks[index] = rle.encode(mask, roi, image_size), [roi.x, roi.y, roi.width, roi.height], int(np.count_nonzero(mask))

    @property
    def frames(self) -> int:
        return len(self._frames)

    @property
    def confirmed(self) -> int:
        """Number of tracks that will be written."""
        return sum(track.confirmed for track in self._tracks.values())

    def content(self, video_name: str) -> dict[str, Any]:
        """The JSON of the video."""
        return {**self._head(video_name), "annotations": list(self._annotations())}

    def save(self, path: Path, video_name: str) -> None:
        """Writes the JSON of the video atomically; track by track to save memory, because each track has an entry for every frame."""
        with atomic_file(path) as partial, partial.open("w") as file:
            file.write(_json(self._head(video_name))[:-1] + ',"annotations":[')
            for number, annotation in enumerate(self._annotations()):
                file.write("," * bool(number) + _json(annotation))
            file.write("]}")

    def _head(self, video_name: str) -> dict[str, Any]:
        listed, (height, width) = categories(self.labels), self._size
        video = {"id": 1, "name": video_name, "width": width, "height": height, "length": self.frames, "file_names": self._frames}
        if any(track.confirmed and track.class_id is None for track in self._tracks.values()):  # a clicked object that never matched a segment
            listed.append({"id": self._unknown, "name": "unknown", "supercategory": "", "isthing": 1, "color": [128, 128, 128]})
        return {"info": self.info, "videos": [video], "categories": listed}

    @property
    def _unknown(self) -> int:
        """Category ID for tracks without a class."""
        return max(category_ids(self.labels)) + 1

    def _annotations(self) -> Iterator[dict[str, Any]]:
        numbers, (height, width) = category_ids(self.labels), self._size
        for track_id, track in sorted(self._tracks.items()):
            if track.confirmed:
                yield {
                    "id": track_id, "video_id": 1, "category_id": self._unknown if track.class_id is None else numbers[track.class_id],
                    "score": round(float(np.mean(track.scores)), 4), "prompted": track.prompted, "iscrowd": 0,
                    "height": height, "width": width, "length": self.frames,
                    **{key: [track.masks[k][part] if k in track.masks else None for k in range(self.frames)]
                       for part, key in enumerate(("segmentations", "bboxes", "areas"))},
                }


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"))


def tracked_map(image_size: tuple[int, int], tracks: Iterable[TrackedInstance], labels: LabelSet) -> PanopticResult:
    """The tracks seen in this frame as a panoptic map for the overlay: segments in the order of `tracks`, smaller ones on top."""
    shown = [t for t in tracks if not t.frames_since_seen and t.roi.width]
    ids = np.zeros(image_size, np.uint16)
    areas = [np.count_nonzero(t.mask) for t in shown]
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
