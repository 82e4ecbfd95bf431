"""Writes panoptic results to files: 16-bit ID maps, COCO panoptic JSON with its PNGs, overlays.

    OUT/ids/NAME.png          16-bit grey: each pixel holds its segment's ID, 0 = unlabelled, as in the topic's `segment_ids`
    OUT/panoptic/NAME.png     the same IDs in COCO's format: id = R + 256 G + 65536 B
    OUT/panoptic.json         COCO panoptic: images, annotations (segments_info), categories
    OUT/overlays/NAME.jpg     the image with its segments; NAME.mp4 for a video

A video's maps are in folders, `ids/NAME/000000.png`. Files are written atomically (`rmpsam_ros.atomic`).
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.atomic import atomic_file, atomic_folder
from rmpsam_ros.errors import ImageError
from rmpsam_ros.media import MediaFile, VideoFrame, check_name
from rmpsam_ros.types import LabelSet, PanopticResult

_NOT_IN_COCO = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
_COCO_STUFF_IDS = """92 93 95 100 107 109 112 118 119 122 125 128 130 133 138 141 144 145 147 148 149 151 154 155 156
159 161 166 168 171 175 176 177 178 180 181 184 185 186 187 188 189 190 191 192 193 194 195 196 197 198 199 200"""
COCO_CATEGORY_IDS = tuple(i for i in range(1, 91) if i not in _NOT_IN_COCO) + tuple(map(int, _COCO_STUFF_IDS.split()))
"""The official category ID of each class of the label set `coco-panoptic`; the IDs have gaps."""


def category_ids(labels: LabelSet) -> tuple[int, ...]:
    """The category ID of each class in JSON: COCO's own for `coco-panoptic`, so that COCO's annotations and tools can be
    used; class ID + 1 for any other set (some tools treat category 0 as no class)."""
    if labels.name == "coco-panoptic" and len(labels) == len(COCO_CATEGORY_IDS):
        return COCO_CATEGORY_IDS
    return tuple(range(1, len(labels) + 1))


def categories(labels: LabelSet) -> list[dict[str, Any]]:
    """The `categories` of COCO panoptic JSON."""
    return [
        {"id": number, "name": label.name, "supercategory": "", "isthing": int(label.is_thing), "color": [*label.color]}
        for number, label in zip(category_ids(labels), labels.classes)
    ]


def segments_info(result: PanopticResult) -> list[dict[str, Any]]:
    """The `segments_info` of COCO panoptic JSON for one image, with the score as an extra."""
    numbers = category_ids(result.labels)
    return [
        {
            "id": s.id,
            "category_id": numbers[s.class_id],
            "iscrowd": 0,
            "bbox": [s.roi.x, s.roi.y, s.roi.width, s.roi.height],
            "area": s.area,
            "score": round(s.score, 4),
        }
        for s in result.segments
    ]


def id_map_png(segment_ids: npt.NDArray[np.uint16]) -> bytes:
    """Encodes an (H, W) uint16 ID map as a 16-bit grey PNG."""
    return _encode(".png", np.ascontiguousarray(segment_ids))


def coco_pixels(segment_ids: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    """Converts an (H, W) map of IDs below 2^24 to the (H, W, 3) BGR pixels of COCO's PNG: id = R + 256 G + 65536 B."""
    ids = segment_ids.astype(np.uint32)
    return np.stack((ids >> 16 & 255, ids >> 8 & 255, ids & 255), axis=-1).astype(np.uint8)


def coco_png(segment_ids: npt.NDArray[np.integer]) -> bytes:
    """Encodes the pixels of `coco_pixels` as a PNG."""
    return _encode(".png", coco_pixels(segment_ids))


def write_image(path: Path, image: npt.NDArray[np.uint8]) -> None:
    """Atomically writes an (H, W, 3) uint8 RGB or (H, W) uint8 image, in the format given by the path's suffix.

    Raises:
        ImageError: OpenCV cannot write this format.
    """
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else np.ascontiguousarray(image)
    _write(Path(path), _encode(Path(path).suffix, pixels))


def written_here(path: Path) -> bool:
    """Whether a JSON file was written by `rmpsam segment` or `rmpsam track`, judged by its beginning."""
    with path.open("rb") as file:
        head = file.read(1000)
    return b'"software":"rmpsam_ros ' in head or head.startswith(b'{"info":{"mode":"')


def output_paths(out: Path, file: MediaFile) -> tuple[Path, Path, Path]:
    """Paths of a photo's or video's overlay, ID map and COCO map; the last two are folders for a video."""
    overlay, maps = ("mp4", "") if file.is_video else ("jpg", ".png")
    return out / "overlays" / f"{file.name}.{overlay}", out / "ids" / f"{file.name}{maps}", out / "panoptic" / f"{file.name}{maps}"


@dataclass
class ResultWriter:
    """Writes the results of photos and videos to one folder; call `save_json` at the end, or when stopped early."""

    out: Path
    labels: LabelSet
    info: dict[str, Any] = field(default_factory=dict)
    images: list[dict[str, Any]] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def add_photo(self, file: MediaFile, result: PanopticResult, overlay: npt.NDArray[np.uint8] | None) -> None:
        """Writes one photo's maps and overlay, then adds it to the JSON."""
        drawn, ids, coco = output_paths(self.out, file)
        if overlay is not None:
            write_image(drawn, overlay)
        _write(ids, id_map_png(result.segment_ids))
        _write(coco, coco_png(result.segment_ids))
        self._append(self._source(file), coco.name, segments_info(result), _size(result))

    @contextmanager
    def video(self, file: MediaFile, fps: float, overlay: bool = True) -> Iterator[VideoResultWriter]:
        """Writes a video frame by frame; its files appear and it is added to the JSON when the `with` block ends without an error."""
        drawn, ids, coco = output_paths(self.out, file)
        with ExitStack() as stack:
            film = None
            if overlay:
                film = OverlayVideo(stack.enter_context(atomic_file(drawn)), fps)
                stack.callback(film.close)  # runs before the rename, which was put on the stack first
            ids, coco = (stack.enter_context(atomic_folder(folder)) for folder in (ids, coco))
            writer = VideoResultWriter(file, ids, coco, film)
            yield writer
            if film is not None:
                film.finish()
        source = self._source(file)
        for name, frame, result_info in writer.done:
            self._append(f"{source}/{frame['frame_index']:06d}", f"{file.name}/{name}", result_info, frame)

    def save_json(self) -> Path:
        """Writes OUT/panoptic.json with everything added so far."""
        content = {
            "info": self.info,
            "images": self.images,
            "annotations": self.annotations,
            "categories": categories(self.labels),
        }
        path = self.out / "panoptic.json"
        _write(path, json.dumps(content, separators=(",", ":")).encode())
        return path

    def _source(self, file: MediaFile) -> str:
        """The file's name in the JSON: its file name, or its path if that name is already used."""
        source = str(file.path) if file.path.name in self._names else file.path.name
        self._names.add(file.path.name)
        return source

    def _append(self, source: str, png: str, segments: list[dict[str, Any]], image: dict[str, Any]) -> None:
        number = len(self.images) + 1
        self.images.append({"id": number, "file_name": source, **image})
        self.annotations.append({"image_id": number, "file_name": png, "segments_info": segments})


@dataclass
class VideoResultWriter:
    """Writes the frames of one video to disk."""

    file: MediaFile
    ids: Path
    coco: Path
    film: OverlayVideo | None
    done: list[tuple[str, dict[str, Any], list[dict[str, Any]]]] = field(default_factory=list)

    def add(self, frame: VideoFrame, result: PanopticResult, overlay: npt.NDArray[np.uint8] | None) -> None:
        name = f"{frame.index:06d}.png"
        (self.ids / name).write_bytes(id_map_png(result.segment_ids))
        (self.coco / name).write_bytes(coco_png(result.segment_ids))
        if self.film is not None and overlay is not None:
            self.film.add(overlay)
        image = {**_size(result), "video": self.file.path.name, "frame_index": frame.index, "seconds": round(frame.seconds, 4)}
        self.done.append((name, image, segments_info(result)))


class OverlayVideo:
    """Writes RGB frames of one size to an MP4 (MPEG-4 part 2, which every OpenCV can write)."""

    def __init__(self, path: Path, fps: float) -> None:
        self.path = Path(path)
        # MPEG-4 allows at most 65,535 time units per second, and OpenCV passes the rate with three decimals.
        self.fps = max(fps, 0.01) if fps < 65 else round(fps, 1)
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._added = 0

    def add(self, image: npt.NDArray[np.uint8]) -> None:
        """Adds an (H, W, 3) uint8 RGB frame; frames that differ in size from the first are resized to it.

        Raises:
            ImageError: the video cannot be written.
        """
        if self._writer is None:
            # Codecs halve the chroma resolution: an odd size would lose a row or column, or be refused.
            height, width = image.shape[:2]
            self._size = (width + width % 2, height + height % 2)
            check_name(self.path)
            self._writer = cv2.VideoWriter(str(self.path), cv2.VideoWriter_fourcc(*"mp4v"), self.fps, self._size)
            if not self._writer.isOpened():
                raise ImageError(f"{self.path} cannot be written as MP4 video of {width}x{height} pixels.")
        if (image.shape[1], image.shape[0]) != self._size:
            image = _fit(image, *self._size)
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        self._added += 1

    def finish(self) -> None:
        """Closes the video and checks that it is complete: OpenCV does not report frames that did not fit on the disk.

        Raises:
            ImageError: frames are missing.
        """
        self.close()
        if not self._added:
            return
        film = cv2.VideoCapture(str(self.path))
        written = int(film.get(cv2.CAP_PROP_FRAME_COUNT)) if film.isOpened() else 0
        film.release()
        if written < self._added:
            raise ImageError(f"Of {self._added} frames {written} could be written as a video: is there room on the disk?")

    def close(self) -> None:
        """Closes the video without a check."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None


def _size(result: PanopticResult) -> dict[str, Any]:
    height, width = result.segment_ids.shape
    return {"width": width, "height": height}


def _fit(image: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.uint8]:
    if width - image.shape[1] in (0, 1) and height - image.shape[0] in (0, 1):
        right, below = width - image.shape[1], height - image.shape[0]
        return cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def _write(path: Path, data: bytes) -> None:
    with atomic_file(path) as partial:
        partial.write_bytes(data)


def _encode(suffix: str, pixels: npt.NDArray) -> bytes:
    try:
        ok, data = cv2.imencode(suffix if suffix.isascii() and suffix else ".none", pixels)
    except cv2.error:
        ok, data = False, None
    if not ok:
        raise ImageError(f"Pictures cannot be written as {suffix!r}; end the name in .png or .jpg.")
    return data.tobytes()
