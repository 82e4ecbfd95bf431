"""Every picture and mask of a dataset, looked at once before training: what is wrong, with file and entry."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rmpsam_ros.data.sources import Source
from rmpsam_ros.errors import RmpsamError


@dataclass
class Findings:
    """`problems`, one sentence each; pictures and objects that are well, the objects of each class, and how many annotations are
    crowds, which teach nothing."""

    problems: list[str] = field(default_factory=list)
    pictures: int = 0
    objects: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    crowds: int = 0


def check_source(source: Source, progress: Callable[[], None] = lambda: None) -> Findings:
    """Reads everything that training would; of a picture that cannot be read one problem is reported."""
    findings, reader = Findings(), source.reader
    names = [c.name for c in reader.label_map.labels.classes]
    findings.problems += reader.problems()
    if not reader.folder.is_dir():
        findings.problems.append(f"{reader.path}: there is no folder of pictures {reader.folder}.")
        return findings  # instead of a sentence for each of them
    for index in source.indices:
        for frame in range(reader.length(index)):
            try:
                sample = reader.read(index, frame)
            except RmpsamError as error:
                findings.problems.append(str(error))
                continue
            findings.problems += sample.passed_over
            findings.pictures += 1
            shown = sample.class_ids[sample.masks.any(axis=(1, 2))]  # not those that are out of sight in this frame of a video
            findings.objects += len(shown)
            for class_id in shown:
                name = names[class_id] if class_id >= 0 else "(no class)"
                findings.classes[name] = findings.classes.get(name, 0) + 1
        findings.crowds += _crowds(source, index)
        progress()
    if not findings.objects and not findings.problems:
        findings.problems.append(f"{reader.path} labels no object in these pictures.")
    return findings


def _crowds(source: Source, index: int) -> int:
    try:
        return source.reader.crowds(index)
    except Exception:  # has been found above
        return 0
