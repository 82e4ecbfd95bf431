"""Exports the averaged network of a run as a model folder and evaluates it as users will run it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.sources import Source, SourceConfig, set_names
from rmpsam_ros.evaluation.panoptic import PanopticQuality
from rmpsam_ros.evaluation.prompt import PromptQuality
from rmpsam_ros.evaluation.reports import in_short, write_json
from rmpsam_ros.export import make_model_folder
from rmpsam_ros.model_folder import read_model_folder, write_model_yaml
from rmpsam_ros.segmenter import Segmenter
from rmpsam_ros.training.run import TrainingRun
from rmpsam_ros.training.validation import spread

MODEL, REPORT = "model", "validation.json"


def export_model(run: TrainingRun) -> Path:
    """Writes OUT/model from the averaged weights; an existing one is replaced at the end."""
    net, folder = run.averaged.net, run.out / MODEL
    model = run.description(folder)
    device = run.device
    try:
        make_model_folder(net.cpu(), folder, model, half=run.config.half)
    finally:
        net.to(device)
    return folder


def evaluate(folder: Path, sources: list[SourceConfig], label_map: LabelMap, base: Path, limit: int = 100,
             progress: Callable[[], None] = lambda: None) -> dict[str, object]:  # fmt: skip
    """Evaluates a model folder on validation sets: clicks on all sets (on the first frames of videos), panoptic quality on panoptic
    sets, with at most `limit` images (0 = all) spread evenly over each set.

    The numbers are also written to the folder's `model.yaml`, None for a set without objects.
    """
    result: dict[str, object] = {}
    with Segmenter(folder) as segmenter:
        for name, config in zip(set_names(sources), sources):
            source = Source(config, label_map, base)
            prompt, panoptic = PromptQuality(), PanopticQuality(label_map.labels)
            reader = source.reader
            for index in (source.indices[i] for i in spread(len(source.indices), limit or len(source.indices))):
                sample = reader.read(index)
                frame = segmenter.set_image(sample.image)
                prompt.add_frame(sample, frame)
                if reader.has_maps:
                    panoptic.add(reader.panoptic(index), frame.panoptic())
                progress()
            result[name] = {
                "prompt": prompt.summary(), **({"panoptic": panoptic.summary()} if panoptic.images else {})}
    short = {name: {"click_miou": [in_short(v) for v in r["prompt"]["miou"]], **({"pq": in_short(r["panoptic"]["all"]["pq"])} if "panoptic" in r else {})}
             for name, r in result.items()}  # fmt: skip
    write_model_yaml(folder, replace(read_model_folder(folder), accuracy=short))
    write_json(folder.parent / REPORT, result)
    return short
