"""Simulated frames in standard forms: COCO panoptic, YouTube-VIS, depth in millimetres, cameras."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros import rle
from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.results import coco_pixels
from rmpsam_ros.simulation.classes import LABELS, STUFF
from rmpsam_ros.simulation.stream import SimulatedFrame

FOLDERS, FILES = ("images", "panoptic", "depth"), ("panoptic.json", "cameras.json", "videos.json")


def holds_scenes(folder: Path) -> bool:
    """Whether anything lies where a writer would write: a whole set, what is left of a run that was killed, or somebody else's files."""
    return any((folder / name).exists() for name in FILES) or any((folder / name).is_dir() and any((folder / name).iterdir()) for name in FOLDERS)


class SceneWriter:
    """Collects frames of clips in a folder; `save` writes the JSON files.

    Args:
        folder: gets images/ (JPEG), panoptic/ (PNG of ids), depth/ (16-bit PNG, millimetres, 0 = farther than 65 m),
            panoptic.json, cameras.json and, where clips have more than one frame, videos.json.
        least: segments of fewer pixels in a frame are left unlabelled there.
        quality: of the JPEGs.
        licences: of what is seen, into `licenses` of the JSON files.
    """

    def __init__(self, folder: Path, least: int = 8, quality: int = 92, licences: Sequence[str] = ()) -> None:
        self._licences = [{"id": number, "name": name} for number, name in enumerate(licences, 1)]
        self.folder, self.least, self.quality = Path(folder), least, quality
        self._pictures: list[tuple[dict[str, Any], ...]] = []  # image, annotation, camera: a picture has all three, or is not there
        self.videos: list[dict[str, Any]] = []
        self.tracks: list[dict[str, Any]] = []
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def images(self) -> list[dict[str, Any]]:
        """The `images` of panoptic.json so far."""
        return [image for image, _, _ in self._pictures]

    def add(self, frames: list[SimulatedFrame], name: str) -> None:
        """Writes a clip's pictures; `name` is the beginning of its files' names."""
        ids = [self._add_frame(frame, name if len(frames) == 1 else f"{name}_{index:03d}", name) for index, frame in enumerate(frames)]
        if len(frames) > 1:
            self._add_video(frames, ids, name)

    def save(self, remark: str = "") -> list[Path]:
        """Writes the JSON files, with a remark in their description, and returns their paths."""
        images, annotations, cameras = ([picture[k] for picture in self._pictures] for k in range(3))
        categories = [{"id": k + 1, "name": label, "supercategory": label, "isthing": int(label not in STUFF)} for k, label in enumerate(LABELS)]
        info = {"description": "simulated scenes of rmpsam_ros; every pixel is labelled but for segments of a few pixels" + remark}
        files: dict[str, Any] = {
            "panoptic.json": {"info": info, "licenses": self._licences, "images": images, "annotations": annotations,
                              "categories": categories},
            "cameras.json": {"info": {"frames": {"world": "z up, metres", "camera_optical": "x right, y down, z forward"},
                                      "pose": "world from camera_optical, 4x4, row by row", "depth": "millimetres along camera_optical z",
                                      "pixels": "centres at integers"}, "images": cameras}}  # fmt: skip
        if self.videos:
            files["videos.json"] = {"info": info, "licenses": self._licences, "videos": self.videos, "annotations": self.tracks,
                                    "categories": categories}  # fmt: skip
        for file_name, content in files.items():
            with atomic_file(self.folder / file_name) as path:
                path.write_text(json.dumps(content))
        return [self.folder / file_name for file_name in files]

    def _add_frame(self, frame: SimulatedFrame, name: str, clip: str) -> npt.NDArray[np.int64]:
        values, inverse, counts = np.unique(frame.ids, return_inverse=True, return_counts=True)
        ids = np.where(counts >= self.least, values, 0)[inverse.reshape(frame.ids.shape)]
        number, (height, width) = len(self._pictures) + 1, frame.ids.shape
        self._write(f"images/{name}.jpg", frame.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        self._write(f"panoptic/{name}.png", coco_pixels(ids))
        self._write(f"depth/{name}.png", frame.millimetres())
        image = {"id": number, "file_name": f"{name}.jpg", "height": height, "width": width, "place": frame.place}
        camera = {"image_id": number, "file_name": f"{name}.jpg", "depth": f"{name}.png", "clip": clip, "stamp": round(frame.stamp, 6),
                  "K": np.round(frame.camera.matrix, 6).tolist(), "pose": np.round(frame.pose, 9).tolist()}  # fmt: skip
        infos = []
        for value in np.unique(ids[ids > 0]).tolist():
            item, (x, y, w, h) = frame.segments[value], cv2.boundingRect((ids == value).astype(np.uint8))
            infos.append({"id": value, "category_id": LABELS.index(item.label) + 1, "iscrowd": 0, "area": int((ids == value).sum()),
                          "bbox": [x, y, w, h], "kind": item.kind})  # fmt: skip
        self._pictures.append((image, {"image_id": number, "file_name": f"{name}.png", "segments_info": infos}, camera))
        return ids

    def _add_video(self, frames: list[SimulatedFrame], ids: list[npt.NDArray[np.int64]], name: str) -> None:
        height, width = ids[0].shape
        number = len(self.videos) + 1
        self.videos.append(
            {"id": number, "height": height, "width": width, "length": len(frames), "file_names": [f"{name}_{k:03d}.jpg" for k in range(len(frames))]}
        )
        for value in np.unique(np.concatenate([np.unique(i[i > 0]) for i in ids])).tolist():
            masks = [i == value for i in ids]
            item = frames[0].segments[value]
            boxes = [list(cv2.boundingRect(m.astype(np.uint8))) if m.any() else None for m in masks]
            self.tracks.append({"id": len(self.tracks) + 1, "video_id": number, "category_id": LABELS.index(item.label) + 1, "iscrowd": 0,
                                "segmentations": [rle.encode(m) if m.any() else None for m in masks], "areas": [int(m.sum()) or None for m in masks],
                                "bboxes": boxes, "height": height, "width": width, "kind": item.kind})  # fmt: skip

    def _write(self, name: str, pixels: npt.NDArray, options: list[int] | None = None) -> None:
        path = self.folder / name
        done, data = cv2.imencode(path.suffix, pixels, options or [])
        if not done:
            raise OSError(f"{path} cannot be encoded")
        with atomic_file(path) as partial:
            partial.write_bytes(data.tobytes())
