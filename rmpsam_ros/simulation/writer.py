"""Writes simulated frames in standard formats: COCO panoptic, YouTube-VIS, depth in millimetres, cameras."""
from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.results import coco_pixels
from rmpsam_ros.simulation.classes import LABELS
from rmpsam_ros.simulation.listing import FILES, Listing, Picture
from rmpsam_ros.simulation.stream import SimulatedFrame
from rmpsam_ros.simulation.tracks import ClipTracks

FOLDERS = ("images", "panoptic", "depth")

_OWN = re.compile(r"\.?(\d{5,}(_[a-z]\d*)?(_\d{3,})?)(\.partial-\d+)?\.(jpg|png)")
"""File names of images, complete or partial: those of `clip_name`, for clips with the frame's number. The first group is the stem."""
_OWN_JSON = re.compile(r"\.(panoptic|cameras|videos)\.partial-\d+\.json")
_PAUSE = 20
"""`save_sometimes` waits for this many times the duration of the last save."""


def holds_scenes(folder: Path) -> bool:
    """Whether the output locations hold anything: a complete set, the remains of a killed run, or unrelated files."""
    return any((folder / name).exists() for name in FILES) or any((folder / name).is_dir() and any((folder / name).iterdir()) for name in FOLDERS)


def clip_name(scene: int, view: int, views: int) -> str:
    """The prefix of a clip's file names: 00012, or 00012_a to _z, _a1… if a scene has several views."""
    return f"{scene:05d}" if views == 1 else f"{scene:05d}_{'abcdefghijklmnopqrstuvwxyz'[view % 26]}{view // 26 or ''}"


class SceneWriter:
    """Writes frames of clips to a folder as they arrive, and lists them; `save` writes the lists.

    Args:
        folder: gets images/ (JPEG), panoptic/ (PNG of ids), depth/ (16-bit PNG, millimetres, 0 = farther than 65 m),
            panoptic.json, cameras.json and, if clips have more than one frame, videos.json.
        least: segments with fewer pixels in a frame are left unlabelled there.
        quality: of the JPEGs.
        licences: of the assets, for `licenses` in the JSON files.
        recipe: from `make_recipe`, for `info` in the JSON files.
    """

    def __init__(self, folder: Path, least: int = 8, quality: int = 92, licences: Sequence[str] = (),
                 recipe: Mapping[str, Any] | None = None) -> None:  # fmt: skip
        self.folder, self.least, self.quality, self.licences, self.recipe = Path(folder), least, quality, licences, dict(recipe or {})
        self.listing = Listing()
        self._missing = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
        self.saved = 0
        """The number of images that the JSON files list."""
        self._saved_at, self._took = 0.0, 0.0

    def add(self, frames: Iterable[SimulatedFrame], name: str, length: int | None = None) -> None:
        """Writes a clip's images; an interrupted clip is not listed at all.

        Args:
            frames: a list, or an iterable of `length` frames, none of which is kept.
            name: the prefix of the file names.
            length: the number of frames; needed if `frames` is not a list.
        """
        if length is None:
            frames = list(frames)
            length = len(frames)
        digits, tracks = max(3, len(str(length - 1))), ClipTracks()  # so that names sort in frame order
        with self.all_or_nothing():
            for index, frame in enumerate(frames):
                file_name = name if length == 1 else f"{name}_{index:0{digits}d}"
                ids, infos = self._add_frame(frame, file_name, name)
                if length > 1:
                    tracks.add(f"{file_name}.jpg", ids, infos, frame.segments)
            if length > 1:
                self.listing.videos.append(tracks.video(len(self.listing.videos) + 1, self.listing.tracks + 1))

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """A context whose additions are listed only if it completes, and dropped otherwise."""
        before = len(self.listing.pictures), len(self.listing.videos)
        try:
            yield
        except BaseException:
            self.listing.cut(*before)
            raise

    def save(self, remark: str = "") -> list[Path]:
        """Writes the JSON files, with a remark in their description, and returns their paths.

        Raises:
            OSError: they cannot be written; existing ones are kept.
        """
        began = time.monotonic()
        description = "simulated scenes of rmpsam_ros; every pixel is labelled but for segments of a few pixels" + remark
        paths = self.listing.save(self.folder, {"description": description, **self.recipe}, self.licences)
        self.saved, self._saved_at = len(self.listing.pictures), time.monotonic()
        self._took = self._saved_at - began
        return paths

    def save_sometimes(self, remark: str = "") -> None:
        """Calls `save` if that takes no more than a twentieth of the time: at once for small sets, every few seconds for large ones."""
        if time.monotonic() - self._saved_at >= _PAUSE * self._took:
            self.save(remark)

    def remove_unlisted(self) -> None:
        """Removes images, complete or partial, that are named as by `clip_name` and are not listed."""
        listed = {picture.stem for picture in self.listing.pictures}
        for folder in (self.folder / name for name in FOLDERS):
            for path in list(folder.iterdir()) if folder.is_dir() else ():
                own = _OWN.fullmatch(path.name)
                if own and (own[1] not in listed or own[4]):
                    path.unlink(missing_ok=True)
        for path in list(self.folder.iterdir()) if self.folder.is_dir() else ():
            if _OWN_JSON.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def remove_all(self) -> None:
        """Removes everything that was written, and the folders created for it if they are empty."""
        self.listing.cut(0, 0)
        self.remove_unlisted()
        for name in FILES:
            (self.folder / name).unlink(missing_ok=True)
        for path in (*(self.folder / name for name in FOLDERS), *self._missing):
            with suppress(OSError):  # missing, or not empty
                path.rmdir()

    def _add_frame(self, frame: SimulatedFrame, name: str, clip: str) -> tuple[npt.NDArray[np.int64], list[dict[str, Any]]]:
        """Writes and lists one image; returns its ids without tiny segments, and their COCO `segments_info`."""
        values, inverse, counts = np.unique(frame.ids, return_inverse=True, return_counts=True)
        ids = np.where(counts >= self.least, values, 0)[inverse.reshape(frame.ids.shape)]
        number, (height, width) = len(self.listing.pictures) + 1, frame.ids.shape
        self._write(f"images/{name}.jpg", frame.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        self._write(f"panoptic/{name}.png", coco_pixels(ids))
        self._write(f"depth/{name}.png", frame.millimetres())
        image = {"id": number, "file_name": f"{name}.jpg", "height": height, "width": width, "place": frame.place}
        camera = {"image_id": number, "file_name": f"{name}.jpg", "depth": f"{name}.png", "clip": clip, "stamp": round(frame.stamp, 6),
                  "K": np.round(frame.camera.matrix, 6).tolist(), "pose": np.round(frame.pose, 9).tolist()}  # fmt: skip
        infos = []
        for value in np.unique(ids[ids > 0]).tolist():
            item, mask = frame.segments[value], ids == value
            infos.append({"id": value, "category_id": LABELS.index(item.label) + 1, "iscrowd": 0, "area": int(mask.sum()),
                          "bbox": list(cv2.boundingRect(mask.astype(np.uint8))), "kind": item.kind})  # fmt: skip
        annotation = {"image_id": number, "file_name": f"{name}.png", "segments_info": infos}
        self.listing.pictures.append(Picture(name, *map(json.dumps, (image, annotation, camera))))
        return ids, infos

    def _write(self, name: str, pixels: npt.NDArray, options: list[int] | None = None) -> None:
        path = self.folder / name
        done, data = cv2.imencode(path.suffix, pixels, options or [])
        if not done:
            raise OSError(f"{path} cannot be encoded")
        with atomic_file(path) as partial:
            partial.write_bytes(data.tobytes())
