"""Evaluation of trackers on a model's detections, on videos with known objects (`rmpsam eval video`).

Ground truth is YouTube-VIS JSON (masks as polygons or run lengths, compressed or not). Every tracker sees the same detections in
the same run: rmpsam's own, plain query matching as in the method, and, if the package `trackers` is installed, ByteTrack and
OC-SORT. Masks are compared at full resolution.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rmpsam_ros.data.annotations import category_key, file_in
from rmpsam_ros.data.annotations import field as field_of
from rmpsam_ros.data.youtube_vis import VideoFile
from rmpsam_ros.errors import DataError, ImageError
from rmpsam_ros.evaluation.clicked import ClickedObjects
from rmpsam_ros.evaluation.positions import DepthCameras, PositionErrors
from rmpsam_ros.evaluation.trackers import CONTESTANTS, Ours
from rmpsam_ros.evaluation.tracking_metrics import score
from rmpsam_ros.evaluation.video_metrics import VideoTally, average_precision
from rmpsam_ros.media import read_image
from rmpsam_ros.tracking import Detections
from rmpsam_ros.tracking.frames import detections_of
from rmpsam_ros.tracking.masks import PackedMasks

if TYPE_CHECKING:
    from rmpsam_ros.evaluation.clip_runner import ClipRunner


@dataclass(frozen=True)
class TrueVideo:
    """A video of the data set: paths of its frames, the name of each object's category, and its masks' annotations.

    Objects are identified by their number, 1 … n in the file's order: an annotation's own `id` may be a string, or 0.
    """

    name: str
    size: tuple[int, int]
    files: tuple[Path, ...]
    categories: dict[int, str]
    objects: tuple[Mapping[str, Any], ...] = field(repr=False)
    file: VideoFile = field(repr=False)
    index: int

    def at(self, frame: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """(g,) numbers and (g, H, W) masks of the objects of one frame.

        Raises:
            DataError: a mask cannot be read.
        """
        read = {number: self.file.mask(self.index, frame, entry, self.size) for number, entry in enumerate(self.objects, 1)}
        shown = {key: mask for key, mask in read.items() if mask is not None and mask.any()}
        return np.array(list(shown), np.int64), np.array(list(shown.values()), bool).reshape(-1, *self.size)


def read_videos(annotations: Path, images: Path, crowds_are_objects: bool = False) -> list[TrueVideo]:
    """Reads YouTube-VIS JSON; crowds are skipped unless they count as objects.

    Raises:
        DataError: the file does not exist, or a field is missing or wrong.
    """
    file = VideoFile(annotations)
    names = {category_key(category["id"]): field_of(annotations, "category", category, "name") for category in file.categories}
    videos = []
    for index, video in enumerate(file.videos):
        files = tuple(file_in(images, name, file.name(index, frame)) for frame, name in enumerate(file.files(index)))
        objects = tuple(file.entries(index) if crowds_are_objects else file.objects(index))
        if len({field_of(annotations, "annotation", entry, "id") for entry in objects}) < len(objects):
            raise DataError(f"{file.name(index)}: two of its annotations have the same id; each object needs its own.")
        categories = {number: names[category_key(entry["category_id"])] for number, entry in enumerate(objects, 1)}
        size = file.size(index) or read_image(files[0]).shape[:2]
        videos.append(TrueVideo(video.get("name") or files[0].parent.name, size, files, categories, objects, file, index))
    return videos


def summary(tallies: Sequence[VideoTally], with_classes: bool) -> dict[str, float]:
    """One tracker's metrics over all videos; ratios in percent. NaN if no object is ever visible."""
    ap, ap50 = average_precision(tallies, with_classes)
    similarity = [j for tally in tallies for j in tally.region_similarity().values()]
    s = score([tally.frames for tally in tallies])
    numbers = {
        "ap": 100 * ap, "ap50": 100 * ap50, "j": 100 * float(np.mean(similarity or [0])),
        "switches_per_100": s.switches_per_100, "fragments": s.fragments, "idf1": 100 * s.idf1, "hota": 100 * s.hota,
    }
    return numbers if similarity else dict.fromkeys(numbers, float("nan"))


WITH_DEPTH = "rmpsam, depth"
"""Name of the tracker that also gets depth, if the videos have it."""


class VideoJudge:
    """Evaluates all trackers on one video; with `cameras` also rmpsam's with depth, including its positions. min_hits: rmpsam's."""

    def __init__(self, video: TrueVideo, segmenter, names: Sequence[str], fps: float, max_age: float, classes: dict[str, int],
                 cameras: DepthCameras | None = None, min_hits: int = 3):  # fmt: skip
        self.video, self._segmenter, self._fps, self._cameras = video, segmenter, fps, cameras
        self.positions = PositionErrors()
        makers = {**CONTESTANTS, "rmpsam": partial(Ours, min_hits=min_hits)}
        self._contestants = {name: makers[name](segmenter.labels, max_age, fps) for name in names}
        self._truth = {key: classes.get(category, 0) for key, category in video.categories.items()}
        if cameras is not None:
            self._contestants[WITH_DEPTH] = makers["rmpsam"](segmenter.labels, max_age, fps)
        self.tallies = {name: VideoTally(self._truth) for name in self._contestants}
        self.clicked = ClickedObjects(segmenter.labels, max_age)

    def run_clips(self, name: str, runner: ClipRunner) -> None:
        """Evaluates the method's clip mode under this name."""
        from rmpsam_ros.evaluation.clip_runner import tracks_of_frame
        instances, placement = runner.run((read_image(path) for path in self.video.files), len(self.video.files))
        tally = self.tallies[name] = VideoTally(self._truth)
        labels = [label.name for label in runner.labels.classes]
        for index in range(len(self.video.files)):
            tracks = tracks_of_frame(instances, index, placement, labels)
            masks = np.zeros((len(tracks), *self.video.size), bool)
            for mask, track in zip(masks, tracks):
                mask[track.roi.slices] = track.mask
            truth_ids, truth = self.video.at(index)
            tally.add(truth_ids, PackedMasks.of(truth), np.array([t.track_id for t in tracks], int), PackedMasks.of(masks),
                      np.array([t.class_id for t in tracks], int), np.array([t.score for t in tracks]), index / self._fps)  # fmt: skip

    def run(self, clicks: bool) -> None:
        """Evaluates the trackers, and with `clicks` the clicked objects."""
        is_thing = self._segmenter.labels.is_thing()
        for index, path in enumerate(self.video.files):
            stamp = index / self._fps
            image = read_image(path)
            if image.shape[:2] != self.video.size:
                raise ImageError(f"{path} is {image.shape[1]}x{image.shape[0]}, its video {self.video.size[1]}x{self.video.size[0]}.")
            frame = self._segmenter.set_image(image, stamp)
            view = self._cameras.view(path, self.video.size) if self._cameras else None
            with_depth = detections_of(frame, is_thing, None if view is None else view.depth)
            detections = replace(with_depth, depths=None)
            truth_ids, truth_masks = self.video.at(index)
            masks = full_masks(detections)
            truth, found = PackedMasks.of(truth_masks), PackedMasks.of(masks)
            for name, contestant in self._contestants.items():
                ids = contestant.step(with_depth if name == WITH_DEPTH else detections, stamp)
                if name == WITH_DEPTH:
                    self.positions.add(view, truth_masks, masks[ids > 0])
                given = np.flatnonzero((ids > 0) & (found.areas > 0))
                self.tallies[name].add(truth_ids, truth, ids[given], found.take(given), detections.class_ids[given],
                                       detections.scores[given], stamp)  # fmt: skip
            if clicks:
                self.clicked.add(frame, dict(zip(truth_ids.tolist(), truth_masks)))


def full_masks(detections: Detections) -> npt.NDArray[np.bool_]:
    """(n, H, W) bool at the source's size: from the panoptic map if the object is in it, else from its cells."""
    grid = detections.grid
    masks = np.zeros((len(detections), *detections.source_size), bool)
    boxes = PackedMasks.of(detections.masks).boxes.astype(int).tolist()
    for k, box in enumerate(boxes):
        segment = detections.segments[k] if detections.segments else None
        if segment is not None:
            masks[k][segment.roi.slices] = detections.segment_map[segment.roi.slices] == segment.id
        else:
            x1, y1, x2, y2 = box
            masks[k][grid.roi(box).slices] = grid.upsample(detections.masks[k, y1:y2, x1:x2], box)
    return masks
