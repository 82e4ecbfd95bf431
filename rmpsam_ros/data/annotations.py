"""Reading of annotation files, with checks of their fields; every error names file and entry."""
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.errors import DataError

_IDS = {"id", "image_id", "video_id", "category_id"}


def read_json(path: Path, lists: Iterable[str]) -> dict[str, Any]:
    """Reads a JSON file in which the given keys must hold lists.

    Raises:
        DataError: the file is missing or not JSON, a list is missing, or one of its entries is not a table or has an invalid ID.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no annotation file {path}.")
    content = _parsed(path)
    for key in lists:
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise DataError(f"{path} has no list `{key}`; it must have {', '.join(lists)}.")
        for index, entry in enumerate(content[key]):
            if not isinstance(entry, dict):
                raise DataError(f"{path}: entry {index} of `{key}` is {entry!r:.60}; it must be a table.")
            for name in (_IDS & entry.keys()) if key != "categories" else ():  # checked with their own message
                if isinstance(entry[name], list | dict):
                    raise DataError(f"{path}: entry {index} of `{key}` has the `{name}` {entry[name]!r:.60}; it must be a number.")
    return content


class _Content(dict):
    """Content of a file; unlike a plain dict it can be weakly referenced."""


_contents: WeakValueDictionary[tuple[Path, int, int], _Content] = WeakValueDictionary()
"""Contents in use by readers, by path, time and size: training and validation share a file of some hundred megabytes."""


def _parsed(path: Path) -> object:
    described = path.stat()
    key = path.resolve(), described.st_mtime_ns, described.st_size
    content: object = _contents.get(key)
    if content is not None:
        return content
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not JSON ({error}).") from error
    if not isinstance(content, dict):
        return content
    _contents[key] = shared = _Content(content)
    return shared


def is_crowd(label: Mapping[str, Any]) -> bool:
    """Whether an annotation is marked `iscrowd`, in any form that tools write (1, true, "1")."""
    said = label.get("iscrowd", 0)
    return said.strip().lower() not in ("", "0", "false") if isinstance(said, str) else bool(said)


def is_panoptic(path: Path) -> bool:
    """Whether an annotation file is COCO panoptic, judging by its annotations."""
    return any("segments_info" in entry for entry in read_json(path, ("annotations",))["annotations"][:1])


def class_table(path: Path, categories: list[Mapping[str, Any]], annotations: list[Mapping[str, Any]],
                label_map: LabelMap) -> dict[int | str, int]:  # fmt: skip
    """Category ID to class ID (or `NO_CLASS`). Unused categories may be unknown: some tools also list groups of categories.

    Raises:
        DataError: categories that the label map does not know, or an invalid ID.
    """
    table: dict[int | str, int] = {}
    unknown, used = [], {category_key(number) for number in _category_ids(annotations)}
    for category in categories:
        name, number = field(path, "category", category, "name"), field(path, "category", category, "id")
        key = category_key(number)
        if key is None:
            raise DataError(f"{path}: the category {name!r} has the id {number!r}; it must be a whole number.")
        class_id = label_map.class_of(str(name))
        if class_id is not None:
            table[key] = class_id
        elif key in used:
            unknown.append(repr(name))
    if unknown:
        which, them = (f"the category {unknown[0]} is", "it") if len(unknown) == 1 else (f"the categories {', '.join(unknown)} are", "each")
        raise DataError(f"{path}: {which} not in the label set {label_map.labels.name}; map {them} to a class, or to null to use its masks for clicks only.")
    return table


def _category_ids(annotations: list[Mapping[str, Any]]) -> Iterator[object]:
    """The raw `category_id` of each annotation, or of each of its segments."""
    for entry in annotations:
        parts = entry.get("segments_info", [entry])
        yield from (part.get("category_id") for part in (parts if isinstance(parts, list) else ()) if isinstance(part, dict))


def category_key(number: object) -> int | str | None:
    """A normalised category ID, from any form that tools write (7, 7.0, "7"); None if it is invalid."""
    if isinstance(number, str):
        return int(number) if number.isdecimal() else number
    return int(number) if isinstance(number, int | float) and number == number // 1 else None


def twice(path: Path, kind: str, ids: Iterable[object]) -> list[str]:
    """An error message if an ID occurs more than once."""
    repeated = [value for value, count in Counter(map(repr, ids)).items() if count > 1]
    return [f"{path}: the {kind} id {repeated[0]} occurs more than once; its annotations are used for both."] if repeated else []


def labels_of_nothing(path: Path, strays: list[Mapping[str, Any]], key: str) -> list[str]:
    """An error message if annotations refer to images or videos that the file does not list."""
    if not strays:
        return []
    return [f"{path}: {len(strays)} annotations refer to nothing that the file lists, the first with {key} {strays[0].get(key)!r}; they are not used."]


def field(path: Path, kind: str, entry: Mapping[str, Any], key: str) -> Any:
    """One field of an entry.

    Raises:
        DataError: the field is missing.
    """
    if key not in entry:
        which = entry.get("id", entry.get("image_id", "?"))
        raise DataError(f"{path}: {kind} {which} has no `{key}`.")
    return entry[key]


def file_in(folder: Path, name: object, whose: str) -> Path:
    """Path of the file that an entry names; backslashes, as written on Windows, become slashes if only that file exists.

    Raises:
        DataError: the name is not text.
    """
    if not isinstance(name, str):
        raise DataError(f"{whose}: its file name is {json.dumps(name):.60}; it must be text, such as \"0001.jpg\".")
    path, other = folder / name, folder / name.replace("\\", "/")
    return other if other != path and not path.exists() and other.exists() else path
