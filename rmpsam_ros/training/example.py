"""A worked example for training: images of coloured shapes, their annotations, and the YAML of a run.

    python -m rmpsam_ros.training.example shapes
    rmpsam train --config shapes/train.yaml

Everything is generated from a seed. The network is the tiny variant, for which two CPU cores are enough.
"""
from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.cli import guarded

THINGS, STUFF = ("disc", "square", "triangle"), ("grass", "sand")
_COLOURS = {"disc": (215, 60, 50), "square": (50, 80, 215), "triangle": (235, 200, 40), "grass": (60, 120, 60), "sand": (190, 170, 130)}

CONFIG = """\
# A run of a minute or two on two CPU cores. For your own images: variant: lite0, start: rmpsam-lite0 instead of `network`,
# input_size: [480, 640], and omit the options below `steps`, whose defaults are for real photographs.
out: run                 # checkpoint.pt, log.csv, curve.csv and .png, model/ and validation.json
labels: labels.yaml      # your classes; the categories of the annotations must be among them, or be mapped
variant: tiny
network: {anchors: true, mean_pooling: true}   # as in the bundled model: without them, clicks take much longer to learn
input_size: [96, 128]
train:
  - {kind: panoptic, annotations: panoptic.json, images: images, skip: 6}
validation:
  - {kind: panoptic, annotations: panoptic.json, images: images, every: 6}
curve_minutes: 0.25      # prints IoU of a click and PQ on the validation pictures
batch_size: 4
steps: 300
learning_rate: 0.001
warm_up: 20
ema: 0.99
backbone_rate: 1.0       # the tiny backbone has no ImageNet weights to keep
freeze_stages: 0
freeze_batchnorm: none
workers: 0
half: false
losses: {points: 512}
augmentation: {scale: [0.8, 1.4], colour: 0.2}
"""


def write_example(folder: Path, count: int = 60) -> Path:
    """Writes `count` images, COCO panoptic annotations, labels and a training YAML to a folder; returns the path of the YAML."""
    rng = np.random.default_rng(0)
    for name in ("images", "panoptic"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    names = THINGS + STUFF
    categories = [{"id": i, "name": name, "isthing": int(name in THINGS)} for i, name in enumerate(names, 1)]
    content: dict[str, list] = {"images": [], "annotations": [], "categories": categories}
    for index in range(count):
        image, ids, classes = draw(rng)
        cv2.imwrite(str(folder / "images" / f"{index:03}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        bgr = np.zeros_like(image)
        bgr[..., 2] = ids
        cv2.imwrite(str(folder / "panoptic" / f"{index:03}.png"), bgr)
        content["images"].append({"id": index + 1, "file_name": f"{index:03}.png", "height": ids.shape[0], "width": ids.shape[1]})
        segments = [{"id": n, "category_id": names.index(name) + 1, "iscrowd": 0} for n, name in enumerate(classes, 1) if (ids == n).any()]
        content["annotations"].append({"image_id": index + 1, "file_name": f"{index:03}.png", "segments_info": segments})
    (folder / "panoptic.json").write_text(json.dumps(content))
    lines = [f"  - {{name: {name}, thing: {str(name in THINGS).lower()}}}" for name in names]
    (folder / "labels.yaml").write_text("\n".join(["name: shapes", "classes:", *lines, ""]))
    (folder / "train.yaml").write_text(CONFIG)
    return folder / "train.yaml"


def draw(rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], list[str]]:
    """An image (H, W, 3) RGB, its segment IDs (H, W) from 1, and the class of each ID."""
    height, width = 96, 128
    horizon = int(rng.integers(height // 4, 3 * height // 4))
    image, ids, classes = np.zeros((height, width, 3), np.uint8), np.ones((height, width), np.uint8), list(STUFF)
    ids[horizon:] = 2
    image[:horizon], image[horizon:] = _COLOURS["grass"], _COLOURS["sand"]
    for _ in range(int(rng.integers(2, 5))):
        name = THINGS[int(rng.integers(len(THINGS)))]
        x, y, r = int(rng.integers(12, width - 12)), int(rng.integers(12, height - 12)), int(rng.integers(9, 18))
        shape = np.zeros((height, width), np.uint8)
        if name == "disc":
            cv2.circle(shape, (x, y), r, 1, -1)
        elif name == "square":
            cv2.rectangle(shape, (x - r, y - r), (x + r, y + r), 1, -1)
        else:
            cv2.fillPoly(shape, [np.array([(x, y - r), (x - r, y + r), (x + r, y + r)])], 1)
        classes.append(name)
        ids[shape > 0] = len(classes)
        image[shape > 0] = np.clip(np.array(_COLOURS[name]) + rng.integers(-25, 26, 3), 0, 255)
    noise = rng.normal(0, 8, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8), ids, classes


def main(words: Sequence[str] | None = None) -> int:
    """Writes the images and the YAML; returns the exit code."""
    return guarded("python -m rmpsam_ros.training.example", lambda: _run(words))


def _run(words: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.training.example", description="Writes images and a YAML to try training with.")
    parser.add_argument("folder", type=Path, help="output folder")
    config = write_example(parser.parse_args(words).folder)
    print(f"{config}: now `rmpsam train --config {config}`")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
