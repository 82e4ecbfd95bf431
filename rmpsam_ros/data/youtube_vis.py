"""YouTube-VIS JSON: videos of objects that keep their mask's number from frame to frame."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rmpsam_ros.data import masks
from rmpsam_ros.data.annotations import class_table, field, labels_of_nothing, read_json, twice
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.sample import Coverage, Sample, rows_of_objects
from rmpsam_ros.errors import DataError
from rmpsam_ros.media import read_image


class YoutubeVis:
    """Videos as lists of frames; masks may be missing where an object is out of sight."""

    def __init__(self, annotations: Path, images: Path, label_map: LabelMap, coverage: Coverage = Coverage.SOME) -> None:
        self.path, self.folder, self.label_map, self.coverage = Path(annotations), Path(images), label_map, coverage
        content = read_json(self.path, ("videos", "annotations", "categories"))
        self.videos: list[Mapping[str, Any]] = content["videos"]
        self.class_of = class_table(self.path, content["categories"], label_map)
        self.entries_of: dict[object, list[Mapping[str, Any]]] = defaultdict(list)
        for entry in content["annotations"]:
            self.entries_of[field(self.path, "annotation", entry, "video_id")].append(entry)

    def __len__(self) -> int:
        return len(self.videos)

    def problems(self) -> list[str]:
        """What is wrong with the file as a whole, in a sentence each."""
        ids = [video.get("id") for video in self.videos]
        strays = [entry for key, entries in self.entries_of.items() if key not in set(ids) for entry in entries]
        empty = [f"{self.name(index)} has no frames." for index, video in enumerate(self.videos) if not video.get("file_names")]
        return [*twice(self.path, "video", ids), *labels_of_nothing(self.path, strays, "video_id"), *empty]

    def length(self, index: int) -> int:
        """Frames of a video."""
        return len(field(self.path, "video", self.videos[index], "file_names"))

    def name(self, index: int, frame: int | None = None) -> str:
        """`annotations.json video 3 frame 7 (bear/00007.jpg)`."""
        video = self.videos[index]
        which = "" if frame is None else f" frame {frame} ({video['file_names'][frame]})"
        return f"{self.path} video {video.get('id', '?')}{which}"

    def frame(self, index: int, frame: int) -> Sample:
        """One frame. Its rows are the video's annotations in order, of stuff one for all of a class, so that row i is the same
        object in each frame; rows of objects out of sight are empty.

        Raises:
            DataError: a missing picture, or a mask that cannot be read.
        """
        video, name = self.videos[index], self.name(index, frame)
        path = self.folder / video["file_names"][frame]
        if not path.is_file():
            raise DataError(f"{name}: there is no picture {path}.")
        image = read_image(path)
        height, width = image.shape[:2]
        if (height, width) != (video.get("height", height), video.get("width", width)):
            raise DataError(f"{name}: the picture is {width}x{height}, the annotations say {video['width']}x{video['height']}.")
        entries = [entry for entry in self.entries_of.get(video.get("id"), []) if not entry.get("iscrowd", 0)]
        for entry in entries:
            if entry.get("category_id") not in self.class_of:
                raise DataError(f"{name}: annotation {entry.get('id', '?')} has the category {entry.get('category_id')}, which is not in the file's list.")
        rows, class_ids = rows_of_objects([self.class_of[entry["category_id"]] for entry in entries], self.label_map.labels.is_thing())
        stacked = np.zeros((len(class_ids), height, width), bool)
        for row, entry in zip(rows, entries):
            what = f"annotation {entry.get('id', '?')}"
            frames = field(self.path, "annotation", entry, "segmentations")
            if len(frames) != len(video["file_names"]):
                raise DataError(f"{name}: {what} has {len(frames)} masks for {len(video['file_names'])} frames.")
            if frames[frame] is not None:
                try:
                    stacked[row] |= masks.decode(frames[frame], height, width)
                except ValueError as error:
                    raise DataError(f"{name}: {what} cannot be read: {error}.") from error
        return Sample(name, image, stacked, np.array(class_ids, np.int64), np.zeros((height, width), bool), self.coverage)
