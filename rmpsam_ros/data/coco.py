"""Readers for COCO panoptic and COCO instances: annotation files to samples and ground-truth panoptic maps."""
from __future__ import annotations

import math
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.data import masks
from rmpsam_ros.data.annotations import category_key, class_table, field, file_in, labels_of_nothing, read_json, twice
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.reader import Reader, picture
from rmpsam_ros.data.sample import NO_CLASS, Coverage, PanopticTruth, Sample, SegmentTruth, rows_of_objects
from rmpsam_ros.errors import DataError


class CocoImages(Reader):
    """Common base of both formats: a list of images, and the classes of their categories.

    Args:
        annotations: the JSON file.
        images: the folder of the images.
        label_map: maps category names to classes.
        coverage: which objects are labelled.
    """

    def __init__(self, annotations: Path, images: Path, label_map: LabelMap, coverage: Coverage) -> None:
        self.path, self.folder, self.label_map, self.coverage = Path(annotations), Path(images), label_map, coverage
        self.content = read_json(self.path, ("images", "annotations", "categories"))
        self.images: list[Mapping[str, Any]] = self.content["images"]
        self.class_of = class_table(self.path, self.content["categories"], self.content["annotations"], label_map)

    def __len__(self) -> int:
        return len(self.images)

    def problems(self) -> list[str]:
        """Problems of the file as a whole, one sentence each: duplicate IDs, annotations without an image."""
        ids = [entry.get("id") for entry in self.images]
        known = set(ids)
        strays = [entry for entry in self.content["annotations"] if entry.get("image_id") not in known]
        return [*twice(self.path, "image", ids), *twice(self.path, "category", [c.get("id") for c in self.content["categories"]]),
                *labels_of_nothing(self.path, strays, "image_id")]  # fmt: skip

    def name(self, index: int) -> str:
        """`annotations.json image 42 (kitchen.jpg)`."""
        entry = self.images[index]
        return f"{self.path} image {entry.get('id', '?')} ({entry.get('file_name', '?')})"

    def files(self, index: int) -> list[str]:
        return [str(self.images[index].get("file_name", ""))]

    def image(self, index: int) -> npt.NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB.

        Raises:
            DataError: the image is missing, or its size differs from the annotations.
        """
        return picture(self.name(index), self.folder, field(self.path, "image", self.images[index], "file_name"), self.size(index))

    def size(self, index: int) -> tuple[int, int]:
        """Height and width according to the annotations."""
        entry = {key: value for key, value in self.images[index].items() if value is not None}  # null counts as missing
        return int(field(self.path, "image", entry, "height")), int(field(self.path, "image", entry, "width"))

    @abstractmethod
    def sample(self, index: int) -> Sample:
        """The image with its masks.

        Raises:
            DataError: the image is missing, or a mask cannot be read.
        """

    def frame(self, index: int, frame: int = 0) -> Sample:
        return self.sample(index)

    def class_id(self, index: int, what: str, category: object) -> int:
        """Class of a category ID, which must be in the file's list."""
        key = category_key(category)
        if key not in self.class_of:
            raise DataError(f"{self.name(index)}: {what} has the category {category!r}, which is not in the file's list.")
        return self.class_of[key]


class CocoPanoptic(CocoImages):
    """COCO panoptic: one PNG of segment IDs per image, in a folder next to the JSON with the same name."""

    has_maps = True

    def __init__(self, annotations: Path, images: Path, label_map: LabelMap, coverage: Coverage = Coverage.ALL,
                 maps: Path | None = None) -> None:  # fmt: skip
        super().__init__(annotations, images, label_map, coverage)
        self.maps = Path(maps) if maps else self.path.with_suffix("")
        entries = self.content["annotations"]
        if entries and "segments_info" not in entries[0] and "segmentation" in entries[0]:
            raise DataError(f"{self.path} is a file of instances, but a panoptic file is needed, whose annotations have `segments_info`.")
        self.entry_of = {entry.get("image_id"): entry for entry in entries}

    def problems(self) -> list[str]:
        """Problems of the file as a whole, one sentence each."""
        return [*super().problems(), *twice(self.path, "annotation's image", [e.get("image_id") for e in self.content["annotations"]])]

    def panoptic(self, index: int) -> PanopticTruth:
        """The ground-truth map; stuff of one class, possibly from several categories, is one segment.

        Raises:
            DataError: the map is missing or damaged, or does not match its segments.
        """
        raw, infos = self._raw(index)
        is_thing = self.label_map.labels.is_thing()
        renumber: dict[int, int] = {}
        segments: dict[int, SegmentTruth] = {}
        stuff: dict[int, int] = {}
        for info in infos:
            number, class_id = int(info["id"]), self.class_id(index, f"segment {info['id']}", info.get("category_id"))
            crowd = self.is_crowd(info)
            if class_id == NO_CLASS:
                renumber[number] = 0
                continue
            if not is_thing[class_id] and not crowd and class_id in stuff:
                renumber[number] = stuff[class_id]
                continue
            renumber[number] = number
            segments[number] = SegmentTruth(class_id, crowd)
            if not is_thing[class_id] and not crowd:
                stuff[class_id] = number
        ids = raw.copy()
        for number, other in renumber.items():
            if other != number:
                ids[raw == number] = other
        return PanopticTruth(ids, segments)

    def sample(self, index: int) -> Sample:
        """The image with one mask per segment; crowds are void. Unlabelled pixels are void as well, unless all things but no stuff are
        labelled: then they are known to belong to no thing."""
        raw, infos = self._raw(index)
        unlabelled, void = raw == 0, np.zeros(raw.shape, bool)
        of_segments = [self.class_id(index, f"segment {info['id']}", info.get("category_id")) for info in infos]
        objects = [(info, class_id) for info, class_id in zip(infos, of_segments) if not self.is_crowd(info)]
        rows, class_ids = rows_of_objects([class_id for _, class_id in objects], self.label_map.labels.is_thing())
        stacked = np.zeros((len(class_ids), *void.shape), bool)
        for row, (info, _) in zip(rows, objects):
            stacked[row] |= raw == int(info["id"])
        for info in infos:
            if self.is_crowd(info):
                void |= raw == int(info["id"])
        if self.coverage is not Coverage.THINGS:
            return _sample(self, index, stacked, class_ids, void | unlabelled)
        return replace(_sample(self, index, stacked, class_ids, void), no_thing=unlabelled)

    def labels(self, index: int) -> Iterable[Mapping[str, Any]]:
        return self.entry_of.get(self.images[index].get("id"), {}).get("segments_info", ())

    def _raw(self, index: int) -> tuple[npt.NDArray[np.int64], list[Mapping[str, Any]]]:
        """The raw IDs of the map, and its segments, checked against each other."""
        entry = self.entry_of.get(self.images[index].get("id"))
        if entry is None:
            raise DataError(f"{self.name(index)}: the image has no annotation.")
        path = file_in(self.maps, field(self.path, "annotation of image", entry, "file_name"), f"{self.name(index)}: the map")
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
        if pixels is None:
            raise DataError(f"{self.name(index)}: there is no map {path}, or it is not a picture.")
        if pixels.shape[:2] != self.size(index):
            said = self.size(index)
            raise DataError(f"{self.name(index)}: the map is {pixels.shape[1]}x{pixels.shape[0]}, the annotations say {said[1]}x{said[0]}.")
        ids = pixels[..., 2].astype(np.int64) + 256 * pixels[..., 1].astype(np.int64) + 65536 * pixels[..., 0].astype(np.int64)
        infos = field(self.path, "annotation of image", entry, "segments_info")
        present = set(_values(ids)) - {0}
        listed = [int(field(self.path, "segment", info, "id")) for info in infos]
        said_ids = set(listed)
        if len(said_ids) < len(listed):
            raise DataError(f"{self.name(index)}: two segments have the id {max(listed, key=listed.count)}; each needs one of its own.")
        if said_ids - present:
            raise DataError(f"{self.name(index)}: segment {min(said_ids - present)} has no pixel in {path}{_form(path)}.")
        if present - said_ids:
            raise DataError(f"{self.name(index)}: {path} has pixels of segment {min(present - said_ids)}, which the annotations lack{_form(path)}.")
        return ids, infos


class CocoInstances(CocoImages):
    """COCO instances: polygons or run lengths. Unlabelled pixels are not background."""

    def __init__(self, annotations: Path, images: Path, label_map: LabelMap, coverage: Coverage = Coverage.THINGS,
                 crowds_are_objects: bool = False) -> None:  # fmt: skip
        super().__init__(annotations, images, label_map, coverage)
        entries = self.content["annotations"]
        if entries and "segments_info" in entries[0]:
            raise DataError(f"{self.path} is a panoptic file (`kind: panoptic`), but a file of instances is needed.")
        if entries and not any(entry.get("segmentation") for entry in entries):
            raise DataError(f"{self.path} has only boxes (`segmentation` is empty or missing), which cannot train masks; export polygons or masks.")
        self.crowds_are_objects = crowds_are_objects
        self.entries_of: dict[object, list[Mapping[str, Any]]] = defaultdict(list)
        for entry in entries:
            self.entries_of[field(self.path, "annotation", entry, "image_id")].append(entry)

    def objects(self, index: int) -> Iterator[tuple[Mapping[str, Any], int, npt.NDArray[np.bool_]]]:
        """The annotations of an image, each with its class and its (H, W) mask, which is empty if the annotation has no usable mask.

        Raises:
            DataError: a mask cannot be read.
        """
        size = self.size(index)
        for entry in self.labels(index):
            class_id = self._class_of(index, entry)
            try:
                mask = masks.decode(_segmentation(entry), *size)
            except ValueError as error:
                raise DataError(f"{self.name(index)}: annotation {entry.get('id', '?')} cannot be read: {error}.") from error
            yield entry, class_id, mask

    def sample(self, index: int) -> Sample:
        """The image with one mask per annotation, or per class for stuff; crowds are void.

        An annotation with an empty mask is skipped: its box is void, and the coverage of the image becomes `SOME`, because an object
        without a mask is there.

        Raises:
            DataError: a mask cannot be read.
        """
        void = np.zeros(self.size(index), bool)
        of_objects = [self._class_of(index, entry) for entry in self.labels(index) if not self.is_crowd(entry)]
        rows, class_ids = rows_of_objects(of_objects, self.label_map.labels.is_thing())
        stacked, row_of_next, passed_over = np.zeros((len(class_ids), *void.shape), bool), iter(rows), []
        for entry, _, mask in self.objects(index):  # one at a time, because photographs are large
            where = void if self.is_crowd(entry) else stacked[next(row_of_next)]
            where |= mask
            if not mask.any():
                passed_over.append(f"{self.name(index)}: annotation {entry.get('id', '?')} {_flaw(entry)}.")
                void[_box(entry)] = True
        sample = _sample(self, index, stacked, class_ids, void)
        if passed_over:
            sample = replace(sample.keep(stacked.any(axis=(1, 2))), coverage=Coverage.SOME, passed_over=tuple(passed_over))
        if self.coverage is not Coverage.THINGS:
            return sample
        return replace(sample, no_thing=~(stacked.any(axis=0) | sample.void))  # may be stuff of any class, labelled here or not

    def labels(self, index: int) -> list[Mapping[str, Any]]:
        return self.entries_of.get(self.images[index].get("id"), [])

    def _class_of(self, index: int, entry: Mapping[str, Any]) -> int:
        return self.class_id(index, f"annotation {entry.get('id', '?')}", entry.get("category_id"))


def _form(path: Path) -> str:
    """Describes a wrong PNG format of a map."""
    with path.open("rb") as file:
        header = file.read(26)
    kinds = {0: "a PNG of grey values", 3: "a PNG with a palette", 4: "a PNG of grey values"}
    kind = kinds.get(header[25]) if header[:4] == b"\x89PNG" else "no PNG"
    return "" if kind is None else f"; it is {kind} and must be an RGB PNG, in which an id is R + 256 G + 65536 B"


def _segmentation(entry: Mapping[str, Any]) -> object:
    """An annotation's `segmentation`; for a bare box, some tools omit it or write null instead of []."""
    said = entry.get("segmentation")
    return [] if said is None else said


def _flaw(entry: Mapping[str, Any]) -> str:
    """Why the mask of an annotation is empty."""
    said = _segmentation(entry)
    if said == []:
        return "is a bare box (`segmentation: []`), which is no mask" if "segmentation" in entry else "is a bare box (no `segmentation`), which is no mask"
    short = isinstance(said, list) and any(len(polygon) < 6 for polygon in said)
    return "has a polygon of fewer than three points" if short else "has an empty mask, or one outside of the picture"


def _box(entry: Mapping[str, Any]) -> tuple[slice, slice]:
    """Rows and columns of the pixels that an annotation's `bbox` touches; empty without that field."""
    try:
        x, y, width, height = (float(value) for value in entry["bbox"])
        left, top = max(math.floor(x), 0), max(math.floor(y), 0)
        return slice(top, max(math.ceil(y + height), top)), slice(left, max(math.ceil(x + width), left))
    except (LookupError, TypeError, ValueError, OverflowError):  # missing, or not four finite numbers
        return slice(0), slice(0)


def _values(ids: npt.NDArray[np.int64]) -> list[int]:
    """The distinct values of a map, taken where neighbouring pixels differ, so that few need to be sorted."""
    flat = ids.ravel()
    return np.unique(np.concatenate((flat[:1], flat[1:][flat[1:] != flat[:-1]]))).tolist()


def _sample(reader: CocoImages, index: int, stacked: npt.NDArray[np.bool_], class_ids: list[int], void: npt.NDArray[np.bool_]) -> Sample:
    """An image with these masks and their classes; labelled pixels are not void."""
    void = void & ~stacked.any(axis=0)
    return Sample(reader.name(index), reader.image(index), stacked, np.array(class_ids, np.int64), void, reader.coverage)
