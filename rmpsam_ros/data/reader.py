"""What all annotation formats have in common for those who read them: samples by index, a picture being a video of one frame."""
from __future__ import annotations

import os
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import cv2

from rmpsam_ros.data.annotations import file_in, is_crowd
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.sample import Coverage, Sample
from rmpsam_ros.errors import DataError, RmpsamError
from rmpsam_ros.media import RgbImage, read_image


class Reader(ABC):
    """An opened annotation file: `path`, the `folder` of its pictures, what its categories mean (`label_map`), and what its labels leave
    out (`coverage`).

    Attributes:
        is_video: whether an index is a video, whose rows are the same objects in each frame.
        has_maps: whether each picture has a true panoptic map (`panoptic`).
        crowds_are_objects: `iscrowd: 1` is taken for an object, as CVAT marks every mask painted with a brush, instead of for void.
    """

    path: Path
    folder: Path
    label_map: LabelMap
    coverage: Coverage
    is_video, has_maps, crowds_are_objects = False, False, False

    @abstractmethod
    def __len__(self) -> int:
        """Pictures or videos."""

    @abstractmethod
    def name(self, index: int) -> str:
        """The file, and which of its entries."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What is wrong with the file as a whole, in a sentence each."""

    @abstractmethod
    def frame(self, index: int, frame: int = 0) -> Sample:
        """A picture, or one frame of a video.

        Raises:
            DataError: a missing picture, or a mask that cannot be read.
        """

    @abstractmethod
    def labels(self, index: int) -> Iterable[Mapping[str, Any]]:
        """The annotations (or segments) of a picture or video, as they stand in the file."""

    @abstractmethod
    def files(self, index: int) -> list[str]:
        """The files of a picture or video, relative to `folder`, as they stand in the file."""

    def length(self, index: int) -> int:
        """Frames of a video; 1 of a picture."""
        return 1

    def read(self, index: int, frame: int = 0) -> Sample:
        """What `frame` gives, and whatever a malformed entry ends in as one sentence.

        Raises:
            DataError: as of `frame`, or a field is of another kind than it should be.
        """
        with self.well_formed(index):
            return self.frame(index, frame)

    @contextmanager
    def well_formed(self, index: int) -> Iterator[None]:
        """Makes one sentence, a DataError, of whatever a malformed entry ends in."""
        try:
            yield
        except RmpsamError:
            raise
        except Exception as error:  # a field of another kind than it should be can end in anything
            raise DataError(f"{self.name(index)}: an entry of it is malformed ({type(error).__name__}: {error}).") from error

    def is_crowd(self, label: Mapping[str, Any]) -> bool:
        """Whether an annotation is taken for a crowd, which is void."""
        return is_crowd(label) and not self.crowds_are_objects

    def crowds(self, index: int) -> int:
        """How many annotations of a picture or video are crowds."""
        return sum(map(self.is_crowd, self.labels(index)))


def picture(entry: str, folder: Path, name: object, said: tuple[int, int] | None) -> RgbImage:
    """A picture of an annotation file: (H, W, 3) uint8 RGB.

    Args:
        entry: what messages begin with.
        folder, name: where it lies.
        said: height and width that the file states, if it does.

    Raises:
        DataError: its name is no text, or it is missing, or of another size.
    """
    path = file_in(folder, name, entry)
    if not path.is_file():
        raise DataError(f"{entry}: there is no picture {path}{_elsewhere(folder, str(name))}.")
    image = read_image(path)
    if said not in (None, image.shape[:2]):
        raise DataError(f"{entry}: the picture is {image.shape[1]}x{image.shape[0]}, the annotations say {said[1]}x{said[0]}{_turned(path, said)}.")
    return image


def _elsewhere(folder: Path, name: str) -> str:
    """Where a missing picture is, if its name in the file begins with a folder or a server too many."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    for first in range(1, len(parts)):
        if (path := folder.joinpath(*parts[first:])).is_file():
            return f", but {path} is there: the file names in the annotations must be relative to {folder}"
    path = folder / name
    alike = _names_alike(path.parent.resolve()).get(_plain(path.name))
    return "" if alike is None else f", but {path.parent / alike} is there: the names differ in capitals, or in how accents are coded"


@lru_cache(maxsize=4)
def _names_alike(folder: Path) -> dict[str, str]:
    """The files of a folder by their plain names; read once, as many may be missing."""
    try:
        return {_plain(name): name for name in os.listdir(folder)}
    except OSError:
        return {}


def _plain(name: str) -> str:
    """A name without what file systems and archives change in it: macOS takes accents apart, Windows knows no capitals."""
    return unicodedata.normalize("NFC", name).casefold()


def _turned(path: Path, said: tuple[int, int]) -> str:
    """That the annotations are of a photograph before its EXIF orientation turns it."""
    stored = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if stored is None or stored.shape[:2] != said:
        return ""
    return (", as it is stored: its EXIF orientation turns it; take that out (`exiftool -Orientation= FILE`) and the masks fit, or annotate "
            "the picture as it is shown")
