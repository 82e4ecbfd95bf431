"""The segments of one clip in YouTube-VIS format: a video, and a track of run-length encoded masks for each segment."""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rmpsam_ros import rle
from rmpsam_ros.simulation.classes import LABELS
from rmpsam_ros.simulation.listing import Video, json_list, json_object
from rmpsam_ros.simulation.world import Item

_NOWHERE = ("null", "null", "null")
"""Segmentation, area and box of a segment in frames that do not show it."""


class ClipTracks:
    """Collects a clip frame by frame, keeping only the run lengths of each frame."""

    def __init__(self) -> None:
        self._file_names: list[str] = []
        self._size = (0, 0)
        self._items: dict[int, Item] = {}
        self._rows: dict[int, list[tuple[str, str, str]]] = {}

    def add(self, file_name: str, ids: npt.NDArray[np.int64], infos: Sequence[Mapping[str, Any]], segments: Mapping[int, Item]) -> None:
        """Adds the next frame.

        Args:
            file_name: of its image.
            ids: (H, W), 0 where nothing is labelled.
            infos: COCO's `segments_info` of the ids in this frame.
            segments: the scene's by id.
        """
        before, self._size = len(self._file_names), ids.shape
        self._file_names.append(file_name)
        for info in infos:
            value = info["id"]
            self._items[value] = segments[value]
            row = self._rows.setdefault(value, [])
            row += [_NOWHERE] * (before - len(row))
            row.append((json.dumps(rle.encode(ids == value)), str(info["area"]), json.dumps(info["bbox"])))

    def video(self, number: int, first: int) -> Video:
        """The clip's entries.

        Args:
            number: the video's id.
            first: the id of its first track; the others follow.
        """
        (height, width), frames = self._size, len(self._file_names)
        tracks = []
        for track, (value, row) in enumerate(sorted(self._rows.items()), first):
            segmentations, areas, boxes = zip(*row, *[_NOWHERE] * (frames - len(row)))
            item = self._items[value]
            head = {"id": track, "video_id": number, "category_id": LABELS.index(item.label) + 1, "iscrowd": 0}
            texts = {name: json.dumps(content) for name, content in head.items()}
            texts |= {"segmentations": json_list(segmentations), "areas": json_list(areas), "bboxes": json_list(boxes)}
            texts |= {name: json.dumps(content) for name, content in {"height": height, "width": width, "kind": item.kind}.items()}
            tracks.append(json_object(texts))
        video = {"id": number, "height": height, "width": width, "length": frames, "file_names": self._file_names}
        return Video(json.dumps(video), tuple(tracks))
