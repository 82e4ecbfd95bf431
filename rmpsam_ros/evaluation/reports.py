"""Helpers shared by all evaluations: progress bars, prefetching, label maps, remarks and JSON output."""
from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.data.label_map import BUNDLED, LabelMap, load_label_map
from rmpsam_ros.errors import DataError
from rmpsam_ros.progress import add_bar, progress_bars

if TYPE_CHECKING:
    from rich.console import Console

    from rmpsam_ros.segmenter import Segmenter

Loaded = TypeVar("Loaded")


def with_progress(items: Iterable, total: int, console: Console, label: str = "pictures") -> Iterator:
    """Yields the items with a progress bar that disappears at the end."""
    with progress_bars(console) as bar:
        task = add_bar(bar, label, total)
        for item in items:
            yield item
            bar.advance(task)


def ahead(load: Callable[[int], Loaded], indices: Iterable[int], number: int = 3) -> Iterator[Loaded]:
    """Yields `load(index)` for each index in order, prefetched by a thread while the caller works on previous ones."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[Loaded]] = deque()
        for index in indices:
            waiting.append(pool.submit(load, index))
            if len(waiting) > number:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def chosen(number: int, limit: int | None, every: int | None = None) -> range:
    """Selects from `number` images (or videos): every n-th, starting with the first, and of those the first `limit`.

    Raises:
        DataError: there are no images, or an argument is below 1.
    """
    for name, value in (("--limit", limit), ("--every", every)):
        if value is not None and value < 1:
            raise DataError(f"{name} is {value}; it must be 1 or more.")
    if number == 0:
        raise DataError("The annotations list no images.")
    return range(number)[:: every or 1][:limit]


def label_map_of(segmenter: Segmenter, name_or_file: str | None) -> LabelMap:
    """The label map to the model's classes: the requested one, the bundled one of its label set, or one that keeps names.

    Raises:
        DataError: the map leads to other classes than the model's.
    """
    labels = segmenter.labels
    if name_or_file is None:
        bundled = load_label_map(labels.name) if (BUNDLED / f"{labels.name}.yaml").is_file() else None
        same = bundled is not None and [c.name for c in bundled.labels.classes] == [c.name for c in labels.classes]
        return bundled if same else LabelMap(labels)
    asked = load_label_map(name_or_file)
    if [(c.name, c.is_thing) for c in asked.labels.classes] != [(c.name, c.is_thing) for c in labels.classes]:
        raise DataError(f"The label map {name_or_file} leads to {asked.labels.name} ({len(asked.labels)} classes), the model's "
                        f"label set is {labels.name} ({len(labels)}); give a map into the model's classes.")
    return asked


def shown(value: float | None, digits: int = 1) -> str:
    """A number for display; a dash if nothing was measured."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def in_short(value: float | None) -> float | None:
    """A number for a `model.yaml`, rounded to one decimal; None if nothing was measured."""
    return None if value is None or math.isnan(value) else round(value, 1)


def remarks(measured: int, problems: Sequence[str], crowds: int, small: int = 0, smallest: int = 0) -> list[str]:
    """Sentences to accompany the numbers: how many annotations are crowds, and, if no object was `measured`, why: problems of the
    file, and how many objects have fewer than `smallest` pixels."""
    reasons = [f"{crowds} annotations are crowds (`iscrowd: 1`) and are skipped; --crowds objects treats those of instances and videos as "
               "objects, since CVAT marks brush masks as crowds."] * bool(crowds)  # fmt: skip
    if measured:
        return reasons
    reasons += [f"{small} objects have fewer than {smallest} pixels and are skipped."] * bool(small)
    return ["No object was measured.", *problems, *reasons] if problems or reasons else ["No object was measured: the images have no labels."]


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Writes a JSON file atomically; floats rounded to four decimals, NaN and infinities as null."""
    with atomic_file(path) as part:
        part.write_text(json.dumps(_rounded(content), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value
