"""Small labelled datasets for tests: images of coloured shapes in the three annotation formats."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from rmpsam_ros import rle
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.sample import Coverage, Sample
from rmpsam_ros.labels import make_label_set

CATEGORIES = [{"id": 11, "name": "disc", "isthing": 1}, {"id": 12, "name": "box", "isthing": 1}, {"id": 20, "name": "grass", "isthing": 0}]
LABELS = make_label_set("shapes", ["disc", "box"], ["grass"])
PLAIN = LabelMap(LABELS)
"""The classes have the names of the categories."""


def block(rows: slice, columns: slice, class_id: int = 0, size: tuple[int, int] = (40, 60)) -> Sample:
    """A white block on black; its mask is the white area."""
    mask = np.zeros(size, bool)
    mask[rows, columns] = True
    image = np.repeat((mask * 255).astype(np.uint8)[..., None], 3, axis=2)
    return Sample("made", image, mask[None], np.array([class_id]), np.zeros_like(mask), Coverage.ALL)


def plain_runs(mask: np.ndarray) -> dict[str, object]:
    """A mask as an uncompressed list of run lengths, as many annotation tools write it."""
    encoded = rle.encode(mask)
    return {**encoded, "counts": rle.uncompress(encoded["counts"])}


def picture(rng: np.random.Generator, height: int = 48, width: int = 64) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """RGB image, ID map (1 = grass, 2 … = shapes, 0 = an unlabelled strip) and the category of each ID from 1 on."""
    image = np.full((height, width, 3), (60, 120, 60), np.uint8)
    ids, categories = np.ones((height, width), np.int64), [20]
    for number in range(2, 2 + int(rng.integers(1, 4))):
        x, y, r = int(rng.integers(10, width - 10)), int(rng.integers(10, height - 10)), int(rng.integers(5, 9))
        canvas = np.zeros((height, width), np.uint8)
        kind = int(rng.integers(2))
        if kind == 0:
            cv2.circle(canvas, (x, y), r, 1, -1)
        else:
            cv2.rectangle(canvas, (x - r, y - r), (x + r, y + r), 1, -1)
        image[canvas > 0] = ((220, 60, 50), (60, 80, 220))[kind]
        ids[canvas > 0] = number
        categories.append((11, 12)[kind])
    ids[:, :2] = 0
    return image, ids, categories


def panoptic_set(folder: Path, count: int = 4, seed: int = 0) -> tuple[Path, Path]:
    """(annotations, images) of a COCO panoptic set."""
    rng = np.random.default_rng(seed)
    content = {"images": [], "annotations": [], "categories": CATEGORIES}
    for index in range(count):
        image, ids, categories = picture(rng)
        name = _save(folder / "images", index, image)
        bgr = np.zeros((*ids.shape, 3), np.uint8)
        bgr[..., 2] = ids
        (folder / "panoptic").mkdir(exist_ok=True)
        cv2.imwrite(str(folder / "panoptic" / f"{index}.png"), bgr)
        content["images"].append({"id": 100 + index, "file_name": name, "height": ids.shape[0], "width": ids.shape[1]})
        segments = [{"id": n, "category_id": c, "iscrowd": 0} for n, c in enumerate(categories, 1) if (ids == n).any()]
        content["annotations"].append({"image_id": 100 + index, "file_name": f"{index}.png", "segments_info": segments})
    return _write(folder / "panoptic.json", content), folder / "images"


def instance_set(folder: Path, count: int = 4, seed: int = 0) -> tuple[Path, Path]:
    """(annotations, images) of a COCO instances set with run-length masks."""
    rng = np.random.default_rng(seed)
    content = {"images": [], "annotations": [], "categories": CATEGORIES[:2]}
    for index in range(count):
        image, ids, categories = picture(rng)
        name = _save(folder / "images", index, image)
        content["images"].append({"id": 100 + index, "file_name": name, "height": ids.shape[0], "width": ids.shape[1]})
        for number, category in enumerate(categories[1:], 2):
            if (ids == number).any():
                content["annotations"].append({"id": 1000 * index + number, "image_id": 100 + index, "category_id": category,
                                               "iscrowd": 0, "segmentation": plain_runs(ids == number)})  # fmt: skip
    return _write(folder / "instances.json", content), folder / "images"


def video_set(folder: Path, frames: int = 5, seed: int = 0) -> tuple[Path, Path]:
    """(annotations, images) of a YouTube-VIS set: one video of a disc that moves right and is not visible at first."""
    names, runs = [], []
    for index in range(frames):
        canvas = np.zeros((48, 64), np.uint8)
        if index:
            cv2.circle(canvas, (10 + 8 * index, 24), 7, 1, -1)
        image = np.full((48, 64, 3), 90, np.uint8)
        image[canvas > 0] = (220, 60, 50)
        names.append("clip/" + _save(folder / "videos" / "clip", index, image))
        runs.append(plain_runs(canvas > 0) if index else None)
    content = {"videos": [{"id": 1, "width": 64, "height": 48, "length": frames, "file_names": names}],
               "annotations": [{"id": 5, "video_id": 1, "category_id": 11, "iscrowd": 0, "segmentations": runs}],
               "categories": CATEGORIES[:1]}  # fmt: skip
    return _write(folder / "videos.json", content), folder / "videos"


def _save(folder: Path, index: int, image: np.ndarray) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{index}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return f"{index}.png"


def _write(path: Path, content: dict) -> Path:
    path.write_text(json.dumps(content))
    return path
