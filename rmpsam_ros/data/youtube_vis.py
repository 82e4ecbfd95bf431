"""Reader for YouTube-VIS JSON: videos with one mask per object and frame."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rmpsam_ros import rle
from rmpsam_ros.data import masks
from rmpsam_ros.data.annotations import category_key, class_table, field, is_crowd, labels_of_nothing, read_json, twice
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.reader import Reader, picture
from rmpsam_ros.data.sample import Coverage, Sample, rows_of_objects
from rmpsam_ros.errors import DataError


class VideoFile:
    """The raw file: its videos by index, their objects and masks. Categories are not mapped to classes here."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._content = content = read_json(self.path, ("videos", "annotations", "categories"))  # kept alive: other readers share it
        self.videos: list[Mapping[str, Any]] = content["videos"]
        self.categories: list[Mapping[str, Any]] = content["categories"]
        self.annotations: list[Mapping[str, Any]] = content["annotations"]
        self._ids = {category_key(field(self.path, "category", category, "id")) for category in self.categories} - {None}
        self._entries_of: dict[object, list[Mapping[str, Any]]] = defaultdict(list)
        for entry in self.annotations:
            self._entries_of[field(self.path, "annotation", entry, "video_id")].append(entry)

    def problems(self) -> list[str]:
        """Problems of the file as a whole, one sentence each."""
        ids = [video.get("id") for video in self.videos]
        known = set(ids)
        strays = [entry for key, entries in self._entries_of.items() if key not in known for entry in entries]
        empty = [f"{self.name(index)} has no frames." for index in range(len(self.videos)) if not self.length(index)]
        doubled = [s for key, entries in self._entries_of.items()
                   for s in twice(self.path, f"video {key}'s annotation", [entry["id"] for entry in entries if "id" in entry])]  # fmt: skip
        blank = [f"{self.name(index)}: annotation {entry.get('id', '?')} has no pixel in any frame." for index, video in enumerate(self.videos)
                 for entry in self._entries_of.get(video.get("id"), ()) if _is_blank(entry)]  # fmt: skip
        return [*twice(self.path, "video", ids), *doubled, *labels_of_nothing(self.path, strays, "video_id"), *empty, *blank]

    def name(self, index: int, frame: int | None = None) -> str:
        """`annotations.json video 3 frame 7 (bear/00007.jpg)`."""
        video = self.videos[index]
        which = "" if frame is None else f" frame {frame} ({video['file_names'][frame]})"
        return f"{self.path} video {video.get('id', '?')}{which}"

    def length(self, index: int) -> int:
        """Number of frames of a video; 0 if it lists none."""
        names = self.videos[index].get("file_names")
        return len(names) if isinstance(names, list) else 0

    def files(self, index: int) -> list[str]:
        """File names of a video's frames, relative to the folder of images.

        Raises:
            DataError: it has none.
        """
        names = field(self.path, "video", self.videos[index], "file_names")
        if not names:
            raise DataError(f"{self.name(index)} has no frames.")
        return names

    def size(self, index: int) -> tuple[int, int] | None:
        """(height, width) according to the file, if given."""
        video = self.videos[index]
        stated = video.get("height"), video.get("width")
        return None if None in stated else stated

    def objects(self, index: int) -> list[Mapping[str, Any]]:
        """Annotations of a video in order, without crowds.

        Raises:
            DataError: a category is not in the file's list, or there is not one mask (or null) per frame.
        """
        return [entry for entry in self.entries(index) if not is_crowd(entry)]

    def entries(self, index: int) -> list[Mapping[str, Any]]:
        """Annotations of a video in order, including crowds; raises like `objects`."""
        frames = len(self.files(index))
        found = self._entries_of.get(field(self.path, "video", self.videos[index], "id"), [])
        for entry in found:
            what = f"{self.name(index)}: annotation {entry.get('id', '?')}"
            if category_key(entry.get("category_id")) not in self._ids:
                raise DataError(f"{what} has the category {entry.get('category_id')!r}, which is not in the file's list.")
            masks_of = field(self.path, "annotation", entry, "segmentations")
            if len(masks_of) != frames:
                raise DataError(f"{what} has {len(masks_of)} masks for {frames} frames.")
        return found

    def mask(self, index: int, frame: int, entry: Mapping[str, Any], size: tuple[int, int]) -> npt.NDArray[np.bool_] | None:
        """(height, width) bool mask of one of the `objects` in a frame; None if it is not visible.

        Raises:
            DataError: the mask cannot be read.
        """
        segmentation = entry["segmentations"][frame]
        if segmentation is None:
            return None
        try:
            return masks.decode(segmentation, *size)
        except ValueError as error:
            raise DataError(f"{self.name(index, frame)}: annotation {entry.get('id', '?')} cannot be read: {error}.") from error


class YoutubeVis(Reader):
    """Videos as lists of frames for training; masks may be missing where an object is not visible."""

    is_video = True

    def __init__(self, annotations: Path, images: Path, label_map: LabelMap, coverage: Coverage = Coverage.SOME,
                 crowds_are_objects: bool = False) -> None:  # fmt: skip
        self.crowds_are_objects = crowds_are_objects
        self.file, self.folder, self.label_map, self.coverage = VideoFile(annotations), Path(images), label_map, coverage
        self.class_of = class_table(self.file.path, self.file.categories, self.file.annotations, label_map)
        self.path = self.file.path

    def name(self, index: int, frame: int | None = None) -> str:
        return self.file.name(index, frame)

    def problems(self) -> list[str]:
        return self.file.problems()

    def labels(self, index: int) -> list[Mapping[str, Any]]:
        return self.file.entries(index)

    def files(self, index: int) -> list[str]:
        return [str(name) for name in self.file.videos[index].get("file_names") or ()]

    def __len__(self) -> int:
        return len(self.file.videos)

    def length(self, index: int) -> int:
        """Number of frames of a video."""
        return self.file.length(index)

    def frame(self, index: int, frame: int = 0) -> Sample:
        """One frame. Its rows are the video's annotations in order, with one row per stuff class, so that row i is the same object in
        each frame; rows of objects that are not visible are empty.

        Raises:
            DataError: the image is missing, or a mask cannot be read.
        """
        name = self.name(index, frame)
        image = picture(name, self.folder, self.file.files(index)[frame], self.file.size(index))
        height, width = image.shape[:2]
        entries = self.file.entries(index)
        objects = [entry for entry in entries if not self.is_crowd(entry)]
        rows, class_ids = rows_of_objects([self.class_of[category_key(entry["category_id"])] for entry in objects], self.label_map.labels.is_thing())
        stacked, void = np.zeros((len(class_ids), height, width), bool), np.zeros((height, width), bool)
        where = [*((stacked[row], entry) for row, entry in zip(rows, objects)), *((void, entry) for entry in entries if self.is_crowd(entry))]
        for into, entry in where:
            mask = self.file.mask(index, frame, entry, (height, width))
            if mask is not None:
                into |= mask
        return Sample(name, image, stacked, np.array(class_ids, np.int64), void & ~stacked.any(axis=0), self.coverage)


def _is_blank(entry: Mapping[str, Any]) -> bool:
    """Whether an annotation has no pixel in any frame; False if its masks are malformed, which is reported where they are read."""
    masks_of = entry.get("segmentations")
    try:
        return isinstance(masks_of, list) and len(masks_of) > 0 and not any(isinstance(m, list) or rle.decode(m).any() for m in masks_of if m)
    except (ValueError, TypeError, OverflowError):
        return False
