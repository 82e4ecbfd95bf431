"""Class accuracy with and without the second opinion: `python -m rmpsam_ros.evaluation.naming --model DIR --config F`.

Counts the things of a run's validation sets that a query has found, and how many of them get the right class from the
decoder alone, from the second opinion alone (`network.opinion`), and from both. With `class_votes` the graph then averages over all
queries on an object (`network.distinct`); here each query is evaluated separately.
"""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.cli import guarded
from rmpsam_ros.data.sample import Sample
from rmpsam_ros.errors import DataError, ModelError
from rmpsam_ros.network import RMPSAM
from rmpsam_ros.network.opinion import agree
from rmpsam_ros.placement import fitted

FOUND = 0.5
"""IoU from which a query counts as having found a thing."""
SMALLEST = 50
"""Things with fewer pixels are skipped."""


@dataclass
class Naming:
    """Counts of things: all, found, and of those the ones classified correctly by the decoder, by the opinion and by both."""

    things: int = 0
    found: int = 0
    decoder: int = 0
    opinion: int = 0
    both: int = 0

    def row(self, name: str) -> str:
        """A row of the table, in percent of the things found."""
        shares = (100 * count / max(self.found, 1) for count in (self.decoder, self.opinion, self.both))
        return f"| {name} | {self.found} of {self.things} | " + " | ".join(f"{share:.1f} %" for share in shares) + " |"


@torch.no_grad()
def add(naming: Naming, net: RMPSAM, sample: Sample, is_thing: npt.NDArray[np.bool_], input_size: tuple[int, int]) -> None:
    """Counts one image's things.

    Args:
        naming: receives the counts.
        net: a network with a second opinion.
        sample: (H, W, 3) RGB image, (M, H, W) masks and their classes, of the network's label set; -1 is skipped.
        is_thing: (K,) of that label set.
        input_size: height and width of the network's input.
    """
    rows = [k for k, c in enumerate(sample.class_ids) if c >= 0 and is_thing[c] and np.count_nonzero(sample.masks[k]) >= SMALLEST]
    if not rows:
        return
    canvas, placement = fitted(sample.image, input_size)
    height, width = placement.resized
    pixels = net.normalize(torch.from_numpy(canvas).permute(2, 0, 1)[None])
    pixels[..., height:, :] = 0
    pixels[..., width:] = 0
    truths = np.zeros((len(rows), *input_size), np.float32)
    for truth, k in zip(truths, rows):
        truth[:height, :width] = cv2.resize(sample.masks[k].astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    cells = F.avg_pool2d(torch.from_numpy(truths)[None], 4)[0] > 0.5
    output = net.panoptic_head.decode_objects(net.mask_features(*net.encode(pixels)), [])
    first = net.config.stuff_queries  # the queries before these are for stuff
    overlap = _iou(cells, output.mask_logits[0, first:] > 0)
    best = overlap.argmax(dim=1)
    allowed = torch.from_numpy(is_thing)
    said = [logits[0, first:][best].masked_fill(~allowed, float("-inf")).argmax(dim=1).tolist() for logits in (
        output.class_logits[..., :-1], output.opinion, agree(output.class_logits, output.opinion)[..., :-1])]  # fmt: skip
    for index, k in enumerate(rows):
        naming.things += 1
        if overlap[index, best[index]] > FOUND:
            naming.found += 1
            right = [names[index] == int(sample.class_ids[k]) for names in said]
            naming.decoder, naming.opinion, naming.both = naming.decoder + right[0], naming.opinion + right[1], naming.both + right[2]


def _iou(truths: Tensor, masks: Tensor) -> Tensor:
    """(M, N) of (M, h, w) and (N, h, w) bool."""
    truths, masks = truths.flatten(1).float(), masks.flatten(1).float()
    common = truths @ masks.t()
    return common / (truths.sum(dim=1)[:, None] + masks.sum(dim=1) - common).clamp(min=1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; returns the exit code."""
    return guarded("python -m rmpsam_ros.evaluation.naming", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.evaluation.naming", description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model of the label set of the run (default)")
    parser.add_argument("--config", type=Path, required=True, help="a run's YAML, whose validation sets are evaluated")
    return _print_table(parser.parse_args(arguments))


def _print_table(args: argparse.Namespace) -> int:
    from rmpsam_ros.data.label_map import load_label_map
    from rmpsam_ros.data.sources import Source
    from rmpsam_ros.model_folder import find_model, read_model_folder
    from rmpsam_ros.network import load_model
    from rmpsam_ros.training.config import load_config

    model, config = read_model_folder(find_model(args.model)), load_config(args.config)
    net, label_map = load_model(model.path).eval(), load_label_map(config.labels_path)
    if net.panoptic_head.opinion is None:
        raise ModelError(f"The model {model.name} has no second opinion.")
    if [c.name for c in label_map.labels.classes] != [c.name for c in model.labels.classes]:
        raise DataError(f"The model {model.name} has other classes than {config.labels}.")
    print("| | things found | the decoder alone | the opinion alone | both |\n|---|---:|---:|---:|---:|")
    for described in config.validation:
        source = Source(described, label_map, config.data_folder)
        if source.reader.is_video or described.coverage == "some":
            continue  # only a few of their classes are labelled
        naming = Naming()
        for index in source.indices:
            add(naming, net, source.reader.read(index), label_map.labels.is_thing(), model.input_size)
        print(naming.row(f"{described.annotations.removesuffix('.json')}, {len(source.indices)} images"), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
