"""Label groups: merge a model's classes under the names and IDs that a map, planner or costmap needs.

The file is a label set in which each class lists the model's classes that it takes:

    name: drivable
    classes:
      - {name: free, thing: false, from: [floor, road, pavement]}
      - {name: person, thing: true}                  # without `from`: the class of the same name
      - {name: movable, thing: true, from: [chair, box, bag], color: [255, 160, 0]}
      - {name: obstacle, thing: false, from: rest}   # all classes that no other group takes

Without a group with `from: rest`, the remaining classes become unlabelled, like pixels in which the model finds nothing. Things that
become stuff are merged into one segment. Stuff cannot become things, because it has no instance boundaries.
"""
from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import ModelError
from rmpsam_ros.labels import label_set_from_dict, read_yaml
from rmpsam_ros.types import LabelSet, PanopticResult, Roi, Segment
from rmpsam_ros.user_folders import user_path

REST = "rest"
NONE = -1
_FORM = "it must say `name:` and `classes:`, a list of {name, thing, from}."


@dataclass(frozen=True)
class LabelGroups:
    """A mapping from a model's classes to groups.

    Attributes:
        labels: the groups, as a label set.
        group_of: (K + 1,) int64, the group of each model class, `NONE` for classes in no group; the last entry is for `no object`.
    """

    labels: LabelSet
    group_of: npt.NDArray[np.int64]

    def classes(self, class_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Maps (N,) model classes (K for no object) to groups (`len(labels)` for none)."""
        groups = self.group_of[class_ids]
        return np.where(groups == NONE, len(self.labels), groups)

    def panoptic(self, result: PanopticResult) -> PanopticResult:
        """Converts a panoptic map of the model's classes to one of groups."""
        return regrouped(result, self.labels, self.group_of)


def regrouped(result: PanopticResult, labels: LabelSet, group_of: npt.NDArray[np.int64]) -> PanopticResult:
    """Converts a panoptic map to other classes, with new IDs 1 … n; stuff of one class is merged into one segment.

    Args:
        result: the map with all classes. Segments of dropped classes have already won their pixels in fusion; these become unlabelled,
            so that a table does not become a cup.
        labels: the new classes.
        group_of: (K,) or longer, the new class of each old class, `NONE` to drop it.
    """
    renumber = np.zeros(max((segment.id for segment in result.segments), default=0) + 1, np.uint16)
    stuff: dict[int, int] = {}  # class -> index of its segment
    segments: list[Segment] = []
    for segment in result.segments:
        group = int(group_of[segment.class_id])
        if group == NONE:
            continue
        label = labels[group]
        own = replace(segment, class_id=group, class_name=label.name, is_thing=label.is_thing)
        index = stuff.get(group, len(segments))
        if index < len(segments):
            segments[index] = _together(segments[index], own)
        else:
            segments.append(replace(own, id=index + 1))
            if not label.is_thing:
                stuff[group] = index
        renumber[segment.id] = index + 1
    return PanopticResult(renumber[result.segment_ids], tuple(segments), labels)


def only(result: PanopticResult, allowed: npt.NDArray[np.bool_]) -> PanopticResult:
    """A panoptic map with only the segments of the `allowed` classes, (K,) bool."""
    return regrouped(result, result.labels, np.where(allowed, np.arange(len(allowed)), NONE))


def load_label_groups(file: str | Path, labels: LabelSet) -> LabelGroups:
    """Reads label groups for a model from a file.

    Args:
        file: YAML in the format above.
        labels: the model's label set.

    Raises:
        ModelError: there is no such file, its format is wrong, or a group takes a class that the model lacks or another group takes.
    """
    path = user_path(str(file))
    if not os.path.isfile(path):  # pathlib raises for invalid paths
        raise ModelError(f"There is no label groups file {path}.")
    try:
        return label_groups(read_yaml(path.read_text(encoding="utf-8")), labels)
    except KeyError as error:
        raise ModelError(f"{path} is not a label groups file (`{error.args[0]}` is missing); {_FORM}") from error
    except (OSError, TypeError, ValueError) as error:
        raise ModelError(f"{path} is not a label groups file ({' '.join(str(error).split())}); {_FORM}") from error


def label_groups(content: Mapping, labels: LabelSet) -> LabelGroups:
    """Builds label groups from the parsed YAML.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or wrong.
    """
    groups = label_set_from_dict(content)
    known = {label.name: label.id for label in labels.classes}
    group_of = np.full(len(labels) + 1, NONE, np.int64)
    rest = NONE
    for group, entry in zip(groups.classes, content["classes"]):
        unknown = sorted(set(entry) - {"name", "thing", "from", "color"})
        if unknown:
            raise ValueError(f"{group.name!r} has the unknown key `{unknown[0]}`")
        names = entry.get("from", [group.name])
        if names == REST:
            if rest != NONE:
                raise ValueError("two classes have `from: rest`")
            rest = group.id
            continue
        if not isinstance(names, list):
            raise ValueError(f"`from` of {group.name!r} must be a list of classes, or `{REST}`")
        for name in map(str, names):
            if name not in known:
                raise ValueError(f"{group.name!r} takes {name!r}, which is not a class of {labels.name}: {', '.join(known)}")
            if group_of[known[name]] == group.id:
                raise ValueError(f"{group.name!r} takes {name!r} twice")
            if group_of[known[name]] != NONE:
                raise ValueError(f"both {groups[int(group_of[known[name]])].name!r} and {group.name!r} take {name!r}")
            group_of[known[name]] = group.id
    group_of[:-1][group_of[:-1] == NONE] = rest
    for label in labels.classes:
        group = int(group_of[label.id])
        if group != NONE and groups[group].is_thing and not label.is_thing:
            raise ValueError(f"{groups[group].name!r} is a thing, but {label.name!r} is stuff, which has no instance boundaries")
    return LabelGroups(groups, group_of)


def _together(first: Segment, second: Segment) -> Segment:
    """Merges two segments of one stuff class under the first one's ID: the mean score over their pixels, the query of the better one."""
    better = max((first, second), key=lambda segment: segment.score)
    area = first.area + second.area
    score = (first.score * first.area + second.score * second.area) / max(area, 1)
    return replace(better, id=first.id, score=score, area=area, roi=Roi.around((first.roi, second.roi)))
