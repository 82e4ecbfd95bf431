"""Label maps: from a dataset's category names to the classes of a label set.

A label map is a YAML file with `label_set` (the name of a bundled map or an official set, or `name` and `classes` as in a
label-set file) and `mapping`, a table from category names to class names, which extends that of a bundled map. A category with
the name of a class needs no entry; masks of one mapped to `null` are used for clicks, but not for classification.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rmpsam_ros.data.sample import NO_CLASS
from rmpsam_ros.errors import DataError, ModelError
from rmpsam_ros.labels import OFFICIAL, label_set_from_dict, load_label_set, read_yaml_file
from rmpsam_ros.types import LabelSet

BUNDLED = Path(__file__).parent / "labels"
"""Folder of the bundled label maps, which can be given by name, such as `robot`."""


@dataclass(frozen=True)
class LabelMap:
    """A label set, and a mapping of other names to its classes."""

    labels: LabelSet
    mapping: Mapping[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {label.name for label in self.labels.classes}
        for source, target in self.mapping.items():
            if not isinstance(target, str | None):
                raise DataError(f"The label map sends {source!r} to {target!r}; it must be the name of a class, or null.")
            if target is not None and target not in known:
                raise DataError(f"The label map sends {source!r} to {target!r}, which is not a class of {self.labels.name}.")

    def class_of(self, category: str) -> int | None:
        """The class ID of a category name; `NO_CLASS` if it is mapped to null, None if it is unknown."""
        if category in self.mapping:
            target = self.mapping[category]
            return NO_CLASS if target is None else self._ids()[target]
        return self._ids().get(category)

    def with_overrides(self, overrides: Mapping[str, str | None]) -> LabelMap:
        """A copy with added or replaced entries, for a dataset that uses names differently."""
        return LabelMap(self.labels, {**self.mapping, **{str(name): target for name, target in overrides.items()}})

    def _ids(self) -> dict[str, int]:
        return {label.name: label.id for label in self.labels.classes}


def load_label_map(name_or_file: str | Path) -> LabelMap:
    """Loads a bundled map (`robot`), an official label set, a label-map file, or a plain label-set file.

    Raises:
        DataError, ModelError: none of these.
    """
    text = str(name_or_file)
    path = BUNDLED / f"{text}.yaml" if _is_bundled(text) else Path(text)
    if text in OFFICIAL:
        return LabelMap(OFFICIAL[text])
    if not path.is_file():
        known = ", ".join([*(p.stem for p in sorted(BUNDLED.glob("*.yaml"))), *OFFICIAL])
        raise DataError(f"There is no label map {text!r}; give {known}, or a YAML file.")
    content = read_yaml_file(path, DataError)
    if isinstance(content, dict) and "mapping" in content and "label_set" not in content:
        raise DataError(f"{path} has a `mapping` without a `label_set`; put `name` and `classes` under `label_set`, or the name of a bundled "
                        "set such as robot.")
    if not isinstance(content, dict) or "label_set" not in content:
        return LabelMap(load_label_set(path))
    return parse_label_map(content, str(path))


def parse_label_map(content: Mapping, where: str) -> LabelMap:
    """Builds a label map from parsed YAML; `where` names it in messages.

    Raises:
        DataError: a field is missing or wrong.
    """
    description = content.get("label_set")
    try:
        if isinstance(description, str):
            base = load_label_map(description) if _is_bundled(description) else LabelMap(load_label_set(description))
        else:
            base = LabelMap(label_set_from_dict(description))
    except (KeyError, TypeError, ValueError, ModelError) as error:
        raise DataError(f"{where}: label_set is not a label set ({error}); it must have `name` and `classes`, or be the name of a bundled one.") from error
    mapping = content.get("mapping") or {}
    if not isinstance(mapping, dict) or not all(isinstance(v, str | None) for v in mapping.values()):
        raise DataError(f"{where}: mapping must be a table from category names to class names or null.")
    return base.with_overrides(mapping)


def _is_bundled(name: str) -> bool:
    return name in {path.stem for path in BUNDLED.glob("*.yaml")}
