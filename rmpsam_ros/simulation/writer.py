"""Simulated frames in standard forms: COCO panoptic, YouTube-VIS, depth in millimetres, cameras."""
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
"""Names of pictures, whole or half written: `clip_name`'s, of clips with the frame's number. The first group is the stem."""
_OWN_JSON = re.compile(r"\.(panoptic|cameras|videos)\.partial-\d+\.json")
_PAUSE = 20
"""`save_sometimes` lets so many times as long go by as the last time took."""


def holds_scenes(folder: Path) -> bool:
    """Whether anything lies where a writer would write: a whole set, what is left of a run that was killed, or somebody else's files."""
    return any((folder / name).exists() for name in FILES) or any((folder / name).is_dir() and any((folder / name).iterdir()) for name in FOLDERS)


def clip_name(scene: int, view: int, views: int) -> str:
    """The beginning of the names of a clip's files: 00012, or 00012_a to _z, _a1… where a scene has several views."""
    return f"{scene:05d}" if views == 1 else f"{scene:05d}_{'abcdefghijklmnopqrstuvwxyz'[view % 26]}{view // 26 or ''}"


class SceneWriter:
    """Writes frames of clips into a folder as they come, and lists them; `save` writes the lists.

    Args:
        folder: gets images/ (JPEG), panoptic/ (PNG of ids), depth/ (16-bit PNG, millimetres, 0 = farther than 65 m),
            panoptic.json, cameras.json and, where clips have more than one frame, videos.json.
        least: segments of fewer pixels in a frame are left unlabelled there.
        quality: of the JPEGs.
        licences: of what is seen, into `licenses` of the JSON files.
        recipe: from `make_recipe`, into their `info`.
    """

    def __init__(self, folder: Path, least: int = 8, quality: int = 92, licences: Sequence[str] = (),
                 recipe: Mapping[str, Any] | None = None) -> None:  # fmt: skip
        self.folder, self.least, self.quality, self.licences, self.recipe = Path(folder), least, quality, licences, dict(recipe or {})
        self.listing = Listing()
        self._missing = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
        self.saved = 0
        """How many pictures the JSON files list."""
        self._saved_at, self._took = 0.0, 0.0

    def add(self, frames: Iterable[SimulatedFrame], name: str, length: int | None = None) -> None:
        """Writes a clip's pictures; one that breaks off is listed with none of them.

        Args:
            frames: a list, or `length` of them one by one, of which none is held.
            name: the beginning of the files' names.
            length: how many there are; needed where `frames` is no list.
        """
        if length is None:
            frames = list(frames)
            length = len(frames)
        digits, tracks = max(3, len(str(length - 1))), ClipTracks()  # names sort as the frames follow each other
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
        """What is added within is listed if all of it is there, and else nothing of it is."""
        before = len(self.listing.pictures), len(self.listing.videos)
        try:
            yield
        except BaseException:
            self.listing.cut(*before)
            raise

    def save(self, remark: str = "") -> list[Path]:
        """Writes the JSON files, with a remark in their description, and returns their paths.

        Raises:
            OSError: they cannot be written; those that were there stay.
        """
        began = time.monotonic()
        description = "simulated scenes of rmpsam_ros; every pixel is labelled but for segments of a few pixels" + remark
        paths = self.listing.save(self.folder, {"description": description, **self.recipe}, self.licences)
        self.saved, self._saved_at = len(self.listing.pictures), time.monotonic()
        self._took = self._saved_at - began
        return paths

    def save_sometimes(self, remark: str = "") -> None:
        """`save`, if that costs no more than a twentieth of the time: at once in small sets, every some seconds in large ones."""
        if time.monotonic() - self._saved_at >= _PAUSE * self._took:
            self.save(remark)

    def remove_unlisted(self) -> None:
        """Removes pictures, whole or half written, that bear names as `clip_name` gives them and are not listed."""
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
        """Removes all that was written, and the folders that were made for it, where nothing else lies in them."""
        self.listing.cut(0, 0)
        self.remove_unlisted()
        for name in FILES:
            (self.folder / name).unlink(missing_ok=True)
        for path in (*(self.folder / name for name in FOLDERS), *self._missing):
            with suppress(OSError):  # not there, or not empty
                path.rmdir()

    def _add_frame(self, frame: SimulatedFrame, name: str, clip: str) -> tuple[npt.NDArray[np.int64], list[dict[str, Any]]]:
        """Writes and lists one picture; its ids without specks, and COCO's `segments_info` of them."""
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
