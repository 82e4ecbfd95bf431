"""Adds a trained model's stuff predictions to a set of instances as pseudo-labels (self-training, for data with few stuff labels).

    python -m rmpsam_ros.training.guessed_stuff --images DIR --annotations instances.json --out DIR

writes a COCO panoptic set. Its things are those of the annotations. Of the other pixels, those where the model is confident of a
stuff class get that class; the rest stays unlabelled. Use it in place of the instances with `kind: panoptic, coverage: things`:
a class that the model missed is then not trained as absent, and unlabelled pixels are known to be no thing.
"""
from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.cli import guarded
from rmpsam_ros.data.annotations import category_key, is_crowd
from rmpsam_ros.data.coco import CocoInstances
from rmpsam_ros.data.label_map import load_label_map
from rmpsam_ros.errors import DataError
from rmpsam_ros.graphs import ImageGraph
from rmpsam_ros.model_folder import ModelFolder, find_model, read_model_folder
from rmpsam_ros.network import load_model
from rmpsam_ros.placement import Placement, fitted, restore
from rmpsam_ros.results import coco_png
from rmpsam_ros.types import LabelSet

LEAST_SHARE = 0.01
"""Smallest share of an image that a stuff class must cover to be kept."""


def guess(class_ids: npt.NDArray[np.int64], scores: npt.NDArray[np.float32], mask_logits: npt.NDArray[np.float32], placement: Placement,
          labels: LabelSet, confidence: float) -> npt.NDArray[np.int64]:  # fmt: skip
    """(H, W) stuff classes, -1 where the model is not confident of any.

    Args:
        class_ids: (N,) best class of each query; scores: (N,) its probability.
        mask_logits: (N, H/4, W/4) of the padded network input.
        placement: of the image in that input.
        labels: of the model.
        confidence: minimum product of a class score and its mask probability at a pixel.
    """
    best = np.full(placement.source, confidence, np.float32)
    result = np.full(placement.source, -1, np.int64)
    for query, class_id in enumerate(class_ids.tolist()):
        if class_id >= len(labels) or labels[class_id].is_thing or scores[query] < confidence:
            continue
        sure = scores[query] / (1 + np.exp(-restore(mask_logits[query], placement)))
        result[sure > best] = class_id
        best = np.maximum(best, sure)
    for class_id, pixels in zip(*np.unique(result, return_counts=True)):
        if pixels < LEAST_SHARE * result.size:
            result[result == class_id] = -1
    return result


def segments(things: Sequence[tuple[Mapping[str, Any], npt.NDArray[np.bool_]]], stuff: npt.NDArray[np.int64],
             category_of: Mapping[int, int]) -> tuple[npt.NDArray[np.int64], list[dict[str, Any]]]:  # fmt: skip
    """Segment map of an image, 0 = unlabelled, and its `segments_info`.

    Args:
        things: annotations and their (H, W) masks; where they overlap, the smaller one is on top.
        stuff: (H, W) stuff classes, -1 = none.
        category_of: category ID of each stuff class.
    """
    ids = np.zeros(stuff.shape, np.int64)
    infos: list[dict[str, Any]] = []
    for class_id in np.unique(stuff[stuff >= 0]).tolist():
        infos.append({"category_id": category_of[class_id], "iscrowd": 0})
        ids[stuff == class_id] = len(infos)
    for entry, mask in sorted(things, key=lambda thing: -np.count_nonzero(thing[1])):
        infos.append({"category_id": category_key(entry["category_id"]), "iscrowd": int(is_crowd(entry))})
        ids[mask] = len(infos)
    areas = np.bincount(ids.reshape(-1), minlength=len(infos) + 1)
    kept = []
    for number, info in enumerate(infos, start=1):
        if areas[number]:
            x, y, w, h = cv2.boundingRect((ids == number).astype(np.uint8))
            kept.append({"id": number, **info, "area": int(areas[number]), "bbox": [x, y, w, h]})
    return ids, kept


@dataclass
class GuessedSet:
    """The written panoptic set: annotations of each image, number of pixels without a thing (`free`), and of those with a guessed class."""

    annotations: list[dict[str, Any]] = field(default_factory=list)
    free: int = 0
    guessed: int = 0


def write_set(reader: CocoInstances, graph: ImageGraph, model: ModelFolder, out: Path, confidence: float) -> GuessedSet:
    """Writes `out`/panoptic.json and one PNG per image of a set of instances.

    Args:
        reader: the set, read with the model's label set.
        graph: the model's network.
        model: its folder, for labels and input size.
        out: output folder, created if missing.
        confidence: as for `guess`.

    Raises:
        DataError: an image or mask of the set cannot be read, or an annotation has no mask.
    """
    categories = [{"id": category_key(c["id"]), "name": c["name"], "isthing": 1} for c in reader.content["categories"]]
    first = max((c["id"] for c in categories if isinstance(c["id"], int)), default=0) + 1
    category_of = {c.id: first + c.id for c in model.labels.classes if not c.is_thing}
    categories += [{"id": category_of[c.id], "name": c.name, "isthing": 0} for c in model.labels.classes if not c.is_thing]
    (out / "panoptic").mkdir(parents=True, exist_ok=True)
    result, guessed = GuessedSet(), set(category_of.values())
    for index, image in enumerate(reader.images):
        canvas, placement = fitted(reader.image(index), model.input_size)
        with torch.inference_mode():
            outputs = graph(torch.from_numpy(canvas)[None], torch.tensor([placement.resized]))
        class_ids, scores, _, _, logits = (output[0].numpy() for output in outputs[:5])
        stuff = guess(class_ids, scores, logits, placement, model.labels, confidence)
        objects = [(entry, mask) for entry, _, mask in reader.objects(index)]
        empty = [entry.get("id", "?") for entry, mask in objects if not mask.any()]
        if empty:
            raise DataError(f"{reader.name(index)}: annotation {empty[0]} has no mask; its pixels would be labelled as stuff.")
        ids, infos = segments(objects, stuff, category_of)
        name = f"{index:06d}.png"  # two images may differ in folder or suffix only
        with atomic_file(out / "panoptic" / name) as path:
            path.write_bytes(coco_png(ids))
        result.annotations.append({"image_id": image["id"], "file_name": name, "segments_info": infos})
        result.guessed += sum(info["area"] for info in infos if info["category_id"] in guessed)
        result.free += ids.size - sum(info["area"] for info in infos if info["category_id"] not in guessed)
    described = f"{reader.content.get('info', {}).get('description', reader.path.name)}; stuff guessed by {model.name}"
    content = {"info": {"description": described}, "licenses": reader.content.get("licenses", []), "images": reader.images,
               "annotations": result.annotations, "categories": categories}  # fmt: skip
    with atomic_file(out / "panoptic.json") as path:
        path.write_text(json.dumps(content))
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the set; returns the exit code."""
    return guarded("python -m rmpsam_ros.training.guessed_stuff", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.training.guessed_stuff", description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of the images")
    parser.add_argument("--annotations", type=Path, required=True, help="COCO instances in which all things are labelled")
    parser.add_argument("--out", type=Path, required=True, help="output folder, for panoptic.json and panoptic/")
    parser.add_argument("--model", default="default", help="name or folder of a model with stuff classes (default: %(default)s)")
    parser.add_argument("--labels", default="robot", help="label map of the categories: robot, or a YAML file (default: %(default)s)")
    parser.add_argument("--confidence", type=float, default=0.7,
                        help="minimum confidence of a class at a pixel, between 0 and 1 (default: %(default)s)")
    args = parser.parse_args(arguments)
    if not 0 < args.confidence < 1:
        parser.error(f"--confidence is {args.confidence:g}; it must be between 0 and 1.")
    model = read_model_folder(find_model(args.model), graphs=False)
    label_map = load_label_map(args.labels)
    if label_map.labels.classes != model.labels.classes:
        raise DataError(f"The classes of the model {model.name} differ from those of {args.labels}.")
    reader = CocoInstances(args.annotations, args.images, label_map)
    written = write_set(reader, ImageGraph(load_model(model.path).eval()), model, args.out, args.confidence)
    share_of = 100 * written.guessed / max(written.free, 1)
    print(f"{len(written.annotations)} images: {share_of:.0f} % of the pixels without a thing got a stuff class: {args.out / 'panoptic.json'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
