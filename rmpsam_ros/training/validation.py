"""Validation during training: single clicks and panoptic maps of the averaged network on a fixed, small part of the validation
sets, in torch.

The numbers are those of `rmpsam eval --no-zoom` on the same images: it runs the modules that are exported, clicks and masks go
through the run-time code, and IoU is computed at the original image size. Zooming in on small objects, as the finished model does,
is left out: it is worth some points and would double the cost. No random numbers are drawn, so training is not affected.
"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.masks import areas
from rmpsam_ros.data.sample import Sample
from rmpsam_ros.data.sources import Source, set_names
from rmpsam_ros.evaluation.panoptic import PanopticQuality
from rmpsam_ros.evaluation.prompt import iou
from rmpsam_ros.evaluation.simulated_clicks import first_click
from rmpsam_ros.fusion import fuse
from rmpsam_ros.graphs import ImageGraph, PromptGraph
from rmpsam_ros.network import RMPSAM
from rmpsam_ros.placement import fitted
from rmpsam_ros.prompting import Prompt, answer
from rmpsam_ros.training.config import TrainingConfig

SMALLEST = 64
"""Minimum object size in pixels, as in `rmpsam eval prompt`."""


class Validation:
    """The validation sets of a run, opened once.

    Args:
        config: the run.
        label_map: maps to the run's classes.
        images: images per set, spread evenly over it. A few can be misleading: of 68 photographs of tools, 8 gave an IoU of 68 where
            all gave 33, because most show one tool and some show 35.
        objects: maximum number of clicked objects per image, spread evenly over its list.

    Raises:
        DataError: a set cannot be read.
    """

    def __init__(self, config: TrainingConfig, label_map: LabelMap, images: int = 32, objects: int = 32) -> None:
        self.config, self.labels, self.objects = config, label_map.labels, objects
        self.sets = {name: _Set(Source(entry, label_map, config.data_folder), images)
                     for name, entry in zip(set_names(config.validation), config.validation)}  # fmt: skip

    @torch.inference_mode()
    def run(self, net: RMPSAM) -> dict[str, float]:
        """Percentages by name: `SET click1`, the mean IoU of one click per object; `SET pq` on panoptic sets; `click1` and `pq`, the means
        over the sets. The network must be in evaluation mode."""
        image_graph, prompt_graph = ImageGraph(net), PromptGraph(net)
        device = next(net.parameters()).device
        result: dict[str, float] = {}
        for name, part in self.sets.items():
            ious: list[float] = []
            quality = PanopticQuality(self.labels)
            for item in part.items:
                sample = part.source.reader.read(*item)
                canvas, placement = fitted(sample.image, self.config.input_size)
                size = torch.tensor([placement.resized], device=device)
                *outputs, features = image_graph(torch.from_numpy(canvas)[None].to(device), size)
                rows = clickable(sample, self.objects)
                if len(rows):
                    clicks = tuple(first_click(sample.masks[row]) for row in rows)
                    boxes, kinds = Prompt(clicks, ()).encode(placement)
                    prompts = (torch.from_numpy(a)[None].to(device) for a in (boxes, kinds))
                    logits, quality_of, queries = (_numpy(t) for t in prompt_graph(features, *prompts, size))
                    for i, row in enumerate(rows):
                        said = PromptOutputs(logits[i : i + 1], quality_of[i : i + 1], queries[i : i + 1])
                        mask = answer(said, Prompt((clicks[i],), ()), placement, connected=True)[0]
                        ious.append(iou(sample.masks[row], mask, sample.void))
                if part.source.reader.has_maps:
                    class_ids, scores, _, _, masks = (_numpy(t) for t in outputs)
                    found = fuse(class_ids, scores, masks, placement, self.labels, self.config.score_threshold, self.config.overlap_threshold)
                    quality.add(part.source.reader.panoptic(item[0]), found)
            if ious:
                result[f"{name} click1"] = 100 * float(np.mean(ious))
            if quality.counts:
                result[f"{name} pq"] = quality.summary()["all"]["pq"]  # type: ignore[index]
        for kind in ("click1", "pq"):
            values = [value for name, value in result.items() if name.endswith(f" {kind}")]
            if values:
                result[kind] = float(np.mean(values))
        return result


def clickable(sample: Sample, most: int) -> npt.NDArray[np.int64]:
    """Rows of the clicked objects: at most `most` of those that are large enough, spread over the list."""
    large = np.flatnonzero(areas(sample.masks) >= SMALLEST)
    return large[spread(len(large), most)]


class _Set:
    """A source, and its selected images (or frames of videos)."""

    def __init__(self, source: Source, images: int) -> None:
        self.source, reader = source, source.reader
        everything = [(index, frame) for index in source.indices for frame in range(reader.length(index))]
        self.items = [everything[i] for i in spread(len(everything), images)]


def spread(number: int, most: int) -> npt.NDArray[np.int64]:
    """At most `most` indices below `number`, evenly spaced, starting at 0."""
    return np.arange(min(number, most)) * number // max(min(number, most), 1)


def _numpy(tensor: torch.Tensor) -> npt.NDArray:
    tensor = tensor[0].float() if tensor.is_floating_point() else tensor[0]
    return tensor.cpu().numpy()
