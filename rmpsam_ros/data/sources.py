"""The datasets of a training run: opened from their configuration and sampled by weight, reproducibly."""
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path

import numpy as np

from rmpsam_ros.data.annotations import file_in
from rmpsam_ros.data.augment import Augmentation, change_colours, jitter, paste, warp
from rmpsam_ros.data.coco import CocoInstances, CocoPanoptic
from rmpsam_ros.data.degrade import degrade
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.masks import areas
from rmpsam_ros.data.reader import Reader
from rmpsam_ros.data.sample import Coverage, Sample
from rmpsam_ros.data.youtube_vis import YoutubeVis
from rmpsam_ros.errors import DataError
from rmpsam_ros.user_folders import user_path

_KINDS = {"panoptic": (CocoPanoptic, Coverage.ALL), "instances": (CocoInstances, Coverage.THINGS), "videos": (YoutubeVis, Coverage.SOME)}


@dataclass(frozen=True)
class SourceConfig:
    """One dataset: `kind` panoptic, instances or videos; `coverage` all, things or some (default of the kind if empty).

    Paths are relative to `data_root` and may contain `~` and `$VARIABLES`. `weight` is the relative sampling frequency; `mapping`
    extends the label map for this set; `every` uses only every n-th image and `skip` leaves every n-th out, so that one file
    serves as training and validation set. `crowds`: treat annotations with `iscrowd: 1` as void or as objects; CVAT marks every mask
    painted with a brush so.
    """

    kind: str
    annotations: str
    images: str
    coverage: str = ""
    weight: float = 1.0
    mapping: Mapping[str, str | None] = field(default_factory=dict)
    every: int = 0
    skip: int = 0
    crowds: str = "void"


class Source:
    """An opened dataset and its selected images."""

    def __init__(self, config: SourceConfig, label_map: LabelMap, base: Path = Path()) -> None:
        if config.kind not in _KINDS:
            raise DataError(f"The kind of {config.annotations} is {config.kind!r}; it must be one of {', '.join(_KINDS)}.")
        if config.coverage not in ("", *(c.value for c in Coverage)):
            raise DataError(f"The coverage of {config.annotations} is {config.coverage!r}; it must be all, things or some.")
        if config.crowds not in ("void", "objects") or (config.crowds == "objects" and config.kind == "panoptic"):
            raise DataError(f"The crowds of {config.annotations} are {config.crowds!r}; they must be void, or objects if the kind is instances or videos.")
        kind, usual = _KINDS[config.kind]
        coverage = Coverage(config.coverage) if config.coverage else usual
        self.config, self.weight = config, float(config.weight)
        annotations, images = (base / user_path(os.path.expandvars(name)) for name in (config.annotations, config.images))
        more = {"crowds_are_objects": True} if config.crowds == "objects" else {}
        self.reader: Reader = kind(annotations, images, label_map.with_overrides(config.mapping), coverage, **more)
        taken = [i for i in range(0, len(self.reader), max(config.every, 1)) if not config.skip or i % config.skip]
        self.indices = [i for i in taken if self.reader.length(i)]  # `problems` reports videos without frames
        if not self.indices:
            raise DataError(f"{config.annotations} has no image to use.")

    @property
    def files(self) -> list[list[str]]:
        """The files of each selected image or video, as absolute paths."""
        folder = self.reader.folder.resolve()
        return [[os.path.normpath(file_in(folder, name, self.reader.name(index))) for name in self.reader.files(index)] for index in self.indices]

    def draw(self, rng: np.random.Generator) -> Sample:
        """A random image, or a random frame of a video."""
        index = self.indices[int(rng.integers(len(self.indices)))]
        if not self.reader.is_video:
            return self.reader.read(index)
        frame = self.reader.read(index, int(rng.integers(self.reader.length(index))))
        return frame.keep(frame.masks.any(axis=(1, 2)))

    def draw_clip(self, frames: int, rng: np.random.Generator) -> list[Sample]:
        """Frames of a random video, whose rows are the same objects; an image is repeated."""
        index = self.indices[int(rng.integers(len(self.indices)))]
        if not self.reader.is_video:
            return [self.reader.read(index)] * frames
        length = self.reader.length(index)
        step = int(rng.integers(1, 4))
        start = int(rng.integers(max(length - step * (frames - 1), 1)))
        return [self.reader.read(index, min(start + step * t, length - 1)) for t in range(frames)]


def shared(validation: Source, training: Iterable[Source]) -> int:
    """Number of images (or videos) of a validation set that are also in a training set."""
    seen = {name for source in training if source.weight > 0 for names in source.files for name in names}
    return sum(not seen.isdisjoint(names) for names in validation.files)


def set_names(entries: Sequence[SourceConfig]) -> list[str]:
    """A unique name for each set: `coco/panoptic_train` for `coco/panoptic_train.json`, extended with `every` and `skip`, and finally
    with a number, if names would be equal."""
    plain = [Path(entry.annotations).with_suffix("").as_posix() for entry in entries]
    names: list[str] = []
    for entry, name in zip(entries, plain):
        if plain.count(name) > 1:
            name += "".join(f"-{option}{value}" for option, value in (("every", entry.every), ("skip", entry.skip)) if value)
        names.append(next(free for free in chain((name,), (f"{name}-{number}" for number in count(2))) if free not in names))
    return names


class Mixture:
    """Samples from several sources by weight.

    Args:
        sources: at least one.
        size: height and width of the canvas that samples are placed on.
        augmentation: its configuration.
    """

    def __init__(self, sources: list[Source], size: tuple[int, int], augmentation: Augmentation) -> None:
        if not sources or sum(s.weight for s in sources) <= 0:
            raise DataError("The training data has no source with a weight above 0.")
        self.sources, self.size, self.augmentation = sources, size, augmentation
        weights = np.array([s.weight for s in sources], np.float64)
        self.shares = weights / weights.sum()
        self.is_thing = sources[0].reader.label_map.labels.is_thing()

    def image(self, rng: np.random.Generator) -> tuple[Sample, tuple[int, int]]:
        """One augmented image, and height and width of the part of the canvas that it covers."""
        how = self.augmentation
        sample, valid = jitter(self._source(rng).draw(rng), self.size, how, rng)
        if rng.random() < how.copy_paste:
            other, _ = jitter(self._source(rng).draw(rng), self.size, replace(how, framed=0.0), rng)
            inside = areas(other.masks[:, : valid[0], : valid[1]]) == areas(other.masks)
            sample = paste(sample, other.keep(inside), self.is_thing, rng)
        image = degrade(change_colours(sample.image, how.colour, rng), how.faults, rng)
        image[valid[0] :], image[:, valid[1] :] = 0, 0
        return replace(sample, image=image), valid

    def clip(self, frames: int, rng: np.random.Generator) -> list[Sample]:
        """Frames of a video, or an image moved as by a hand-held camera; rows are the same objects in all frames."""
        originals = self._source(rng).draw_clip(frames, rng)
        height, width = originals[0].size
        fit = min(self.size[0] / height, self.size[1] / width) * rng.uniform(1.0, 1.4)
        centre, target = np.array([width, height]) / 2, np.array([self.size[1], self.size[0]]) / 2
        drift, turn, zoom = rng.normal(0, 0.03, 2) * target, rng.normal(0, 0.03), rng.normal(0, 0.03)
        mirror = -1.0 if rng.random() < self.augmentation.flip else 1.0
        seed = int(rng.integers(2**31))
        result = []
        for t, sample in enumerate(originals):
            angle, factor = turn * t, fit * np.exp(zoom * t)
            rotation = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * (mirror, 1.0)
            matrix = np.column_stack((rotation, target + drift * t - rotation @ centre))
            moved = warp(sample, matrix, self.size, reflect=True, keep_empty=True)
            image = change_colours(moved.image, self.augmentation.colour, np.random.default_rng(seed))  # the same colour change in all frames of a clip
            result.append(replace(moved, image=image))
        seen = np.any([s.masks.any(axis=(1, 2)) for s in result], axis=0)
        return [s.keep(seen) for s in result]

    def _source(self, rng: np.random.Generator) -> Source:
        return self.sources[int(rng.choice(len(self.sources), p=self.shares))]
