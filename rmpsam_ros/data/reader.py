"""Common interface of the annotation formats: samples by index, where an image is a video with one frame."""
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
from rmpsam_ros.media import read_image
from rmpsam_ros.types import RgbImage


class Reader(ABC):
    """An opened annotation file: its `path`, the `folder` of its images, the classes of its categories (`label_map`), and which objects
    are labelled (`coverage`).

    Attributes:
        is_video: whether an index is a video, whose rows are the same objects in each frame.
        has_maps: whether each image has a ground-truth panoptic map (`panoptic`).
        crowds_are_objects: treat `iscrowd: 1` as an object instead of void, because CVAT marks every mask painted with a brush so.
    """

    path: Path
    folder: Path
    label_map: LabelMap
    coverage: Coverage
    is_video, has_maps, crowds_are_objects = False, False, False

    @abstractmethod
    def __len__(self) -> int:
        """Number of images or videos."""

    @abstractmethod
    def name(self, index: int) -> str:
        """Name of the file and the entry, for messages."""

    @abstractmethod
    def problems(self) -> list[str]:
        """Problems of the file as a whole, one sentence each."""

    @abstractmethod
    def frame(self, index: int, frame: int = 0) -> Sample:
        """An image, or one frame of a video.

        Raises:
            DataError: the image is missing, or a mask cannot be read.
        """

    @abstractmethod
    def labels(self, index: int) -> Iterable[Mapping[str, Any]]:
        """The raw annotations (or segments) of an image or video."""

    @abstractmethod
    def files(self, index: int) -> list[str]:
        """The file names of an image or video, relative to `folder`, as given in the annotation file."""

    def length(self, index: int) -> int:
        """Number of frames of a video; 1 for an image."""
        return 1

    def read(self, index: int, frame: int = 0) -> Sample:
        """Like `frame`, but turns any exception of a malformed entry into a DataError.

        Raises:
            DataError: as for `frame`, or a field has the wrong type.
        """
        with self.well_formed(index):
            return self.frame(index, frame)

    @contextmanager
    def well_formed(self, index: int) -> Iterator[None]:
        """Turns any exception of a malformed entry into a DataError."""
        try:
            yield
        except RmpsamError:
            raise
        except Exception as error:  # a field of the wrong type can raise anything
            raise DataError(f"{self.name(index)}: one of its entries is malformed ({type(error).__name__}: {error}).") from error

    def is_crowd(self, label: Mapping[str, Any]) -> bool:
        """Whether an annotation is treated as a crowd, which is void."""
        return is_crowd(label) and not self.crowds_are_objects

    def crowds(self, index: int) -> int:
        """Number of crowd annotations of an image or video."""
        return sum(map(self.is_crowd, self.labels(index)))


def picture(entry: str, folder: Path, name: object, said: tuple[int, int] | None) -> RgbImage:
    """Reads an image of an annotation file: (H, W, 3) uint8 RGB.

    Args:
        entry: start of messages.
        folder, name: location of the image.
        said: height and width according to the file, if given.

    Raises:
        DataError: the name is not text, or the image is missing or has another size.
    """
    path = file_in(folder, name, entry)
    if not path.is_file():
        raise DataError(f"{entry}: there is no picture {path}{_elsewhere(folder, str(name))}.")
    image = read_image(path)
    if said not in (None, image.shape[:2]):
        raise DataError(f"{entry}: the picture is {image.shape[1]}x{image.shape[0]}, the annotations say {said[1]}x{said[0]}{_turned(path, said)}.")
    return image


def _elsewhere(folder: Path, name: str) -> str:
    """A hint where a missing image is, if its name has an extra folder or server in front, or differs in case or accents."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    for first in range(1, len(parts)):
        if (path := folder.joinpath(*parts[first:])).is_file():
            return f", but {path} is there: the file names in the annotations must be relative to {folder}"
    path = folder / name
    alike = _names_alike(path.parent.resolve()).get(_plain(path.name))
    return "" if alike is None else f", but {path.parent / alike} is there: the names differ in capitals, or in how accents are coded"


@lru_cache(maxsize=4)
def _names_alike(folder: Path) -> dict[str, str]:
    """The files of a folder by their normalised names; cached, because many may be missing."""
    try:
        return {_plain(name): name for name in os.listdir(folder)}
    except OSError:
        return {}


def _plain(name: str) -> str:
    """A name normalised for changes by file systems and archives: macOS decomposes accents, Windows ignores case."""
    return unicodedata.normalize("NFC", name).casefold()


def _turned(path: Path, said: tuple[int, int]) -> str:
    """A hint if the annotations refer to a photograph without its EXIF orientation applied."""
    stored = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if stored is None or stored.shape[:2] != said:
        return ""
    return (", as it is stored: its EXIF orientation turns it; take that out (`exiftool -Orientation= FILE`) and the masks fit, or annotate "
            "the picture as it is shown")
