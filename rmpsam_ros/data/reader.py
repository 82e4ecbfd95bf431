"""What all annotation formats have in common for those who read them: samples by index, a picture being a video of one frame."""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rmpsam_ros.data.annotations import is_crowd
from rmpsam_ros.data.label_map import LabelMap
from rmpsam_ros.data.sample import Coverage, Sample
from rmpsam_ros.errors import DataError, RmpsamError


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
        try:
            return self.frame(index, frame)
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
