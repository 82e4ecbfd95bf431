"""Checks every image and mask of a dataset before training and reports problems with file and entry."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rmpsam_ros.data.sources import Source
from rmpsam_ros.errors import RmpsamError


@dataclass
class Findings:
    """`problems`, one sentence each; numbers of valid images and objects, of objects per class, and of crowd annotations, which are
    ignored in training."""

    problems: list[str] = field(default_factory=list)
    pictures: int = 0
    objects: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    crowds: int = 0


def check_source(source: Source, progress: Callable[[], None] = lambda: None) -> Findings:
    """Reads everything that training would read; an image that cannot be read is reported as one problem."""
    findings, reader = Findings(), source.reader
    names = [c.name for c in reader.label_map.labels.classes]
    findings.problems += reader.problems()
    if not reader.folder.is_dir():
        findings.problems.append(f"{reader.path}: there is no folder of pictures {reader.folder}.")
        return findings  # instead of one message per image
    for index in source.indices:
        for frame in range(reader.length(index)):
            try:
                sample = reader.read(index, frame)
            except RmpsamError as error:
                findings.problems.append(str(error))
                continue
            findings.problems += sample.passed_over
            findings.pictures += 1
            shown = sample.class_ids[sample.masks.any(axis=(1, 2))]  # without objects that are not visible in this video frame
            findings.objects += len(shown)
            for class_id in shown:
                name = names[class_id] if class_id >= 0 else "(no class)"
                findings.classes[name] = findings.classes.get(name, 0) + 1
        findings.crowds += _crowds(source, index)
        progress()
    findings.problems = list(dict.fromkeys(findings.problems))  # a problem of a whole video is met in each of its frames
    if not findings.objects and not findings.problems:
        findings.problems.append(f"{reader.path} labels no object in these pictures.")
    return findings


def _crowds(source: Source, index: int) -> int:
    try:
        return source.reader.crowds(index)
    except Exception:  # already reported above
        return 0
