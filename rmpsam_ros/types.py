"""Data types shared by all parts of the package: frozen dataclasses of plain numpy arrays, without ROS or torch.

Pixels are those of the source image unless a field says otherwise: x right, y down, pixel centres at integers.
Arrays are row-major, `(H, W)` or `(H, W, C)`; colours are RGB.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

import cv2
import numpy as np
import numpy.typing as npt

RgbImage = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, RGB."""

UNLABELLED = 255
"""Value of unlabelled pixels in a semantic map (uint8), as required by `vision_msgs/LabelInfo`."""

FOREGROUND, BACKGROUND = 1, 0
"""Labels of a prompt point, equal to the constants of the `PointPrompt` message."""

CLICK_HALF_SIDE = 3.0
"""A click is encoded as the box of +-3 network-input pixels around it, as in the reference."""


@dataclass(frozen=True)
class ClassLabel:
    """One class of a label set. `color` is RGB, 0 to 255."""

    id: int
    name: str
    is_thing: bool
    color: tuple[int, int, int]


@dataclass(frozen=True)
class LabelSet:
    """A named, ordered set of classes; `classes[i].id == i`."""

    name: str
    classes: tuple[ClassLabel, ...]

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, class_id: int) -> ClassLabel:
        return self.classes[class_id]

    def is_thing(self) -> npt.NDArray[np.bool_]:
        """(K,) bool: True where the class is a thing (countable), False where it is stuff."""
        return np.array([label.is_thing for label in self.classes], dtype=bool)

    def palette(self) -> npt.NDArray[np.uint8]:
        """(256, 3) uint8 RGB: the colour of each class ID; IDs without a class are black."""
        table = np.zeros((256, 3), np.uint8)
        for label in self.classes[:256]:
            table[label.id] = label.color
        return table


@dataclass(frozen=True)
class Roi:
    """An axis-aligned rectangle of whole pixels: columns `x … x + width - 1`, rows `y … y + height - 1`."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices, for `array[roi.slices]`."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    @classmethod
    def of_mask(cls, mask: npt.NDArray[np.bool_]) -> Roi:
        """The tight bounding box of an (H, W) bool mask; all zeros for an empty mask."""
        rows = np.flatnonzero(mask.any(axis=1))
        if rows.size == 0:
            return cls(0, 0, 0, 0)
        columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
        return cls(int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1))

    @classmethod
    def around(cls, rois: Iterable[Roi]) -> Roi:
        """The bounding box of rectangles, of which there is at least one."""
        lefts, tops, rights, bottoms = zip(*((roi.x, roi.y, roi.x + roi.width, roi.y + roi.height) for roi in rois))
        return cls(min(lefts), min(tops), max(rights) - min(lefts), max(bottoms) - min(tops))

    def scaled(self, x: float, y: float, size: tuple[int, int]) -> Roi:
        """The rectangle on an image scaled by `x` and `y` to `size` (height, width), clipped to it and at least one pixel in each direction."""
        left, top = min(round(self.x * x), size[1] - 1), min(round(self.y * y), size[0] - 1)
        right, bottom = round((self.x + self.width) * x), round((self.y + self.height) * y)
        return Roi(left, top, max(min(right, size[1]) - left, 1), max(min(bottom, size[0]) - top, 1))


@dataclass(frozen=True)
class PointPrompt:
    """A click: `x`, `y` in pixels of the source image, `label` FOREGROUND (1) or BACKGROUND (0)."""

    x: float
    y: float
    label: int = FOREGROUND


@dataclass(frozen=True)
class Segment:
    """One segment of a panoptic map.

    `id` is its value in `segment_ids` (1 … 65535), `score` is 0 … 1, `area` counts pixels of the source image.
    `query` is the (256,) float32 embedding of the object query behind it (of the best one, if several queries of a stuff
    class were merged) and `query_index` that query's row in the decoder's output. `track_id` is 0 if there is no track.
    """

    id: int
    class_id: int
    class_name: str
    is_thing: bool
    score: float
    area: int
    roi: Roi
    track_id: int = 0
    query_index: int = -1
    query: npt.NDArray[np.float32] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, eq=False)
class PanopticResult:
    """A panoptic map: `segment_ids` (H, W) uint16, to be treated as read-only; 0 = unlabelled, every other value has exactly one `Segment`."""

    segment_ids: npt.NDArray[np.uint16]
    segments: tuple[Segment, ...]
    labels: LabelSet = field(repr=False)

    def semantic(self) -> npt.NDArray[np.uint8]:
        """(H, W) uint8: the class ID of each pixel, `UNLABELLED` (255) where there is none."""
        return self._painted({segment.id: segment.class_id for segment in self.segments}, UNLABELLED)

    def confidence(self) -> npt.NDArray[np.uint8]:
        """(H, W) uint8: 255 times the score of each pixel's segment, 0 where there is none."""
        return self._painted({segment.id: round(255 * segment.score) for segment in self.segments}, 0)

    def _painted(self, values: Mapping[int, int], otherwise: int) -> npt.NDArray[np.uint8]:
        """(H, W) uint8: the value of each pixel's segment."""
        largest = max(values, default=0)
        table = np.full(max(largest + 1, 256), otherwise, np.uint8)
        for number, value in values.items():
            table[number] = value
        if largest > 255:
            return table[self.segment_ids]
        return cv2.LUT(self.segment_ids.astype(np.uint8), table)  # the common case, eight times as fast


@dataclass(frozen=True, eq=False)
class PromptResult:
    """The answer to a prompt: `mask` (H, W) bool at the size of the source image, `score` the predicted IoU (0 … 1).

    `class_id` is that of the panoptic segment that overlaps the mask most; -1 with an empty `class_name` if none does.
    `query` is the (256,) float32 embedding of the best foreground prompt.
    """

    mask: npt.NDArray[np.bool_]
    score: float
    roi: Roi
    class_id: int = -1
    class_name: str = ""
    points: tuple[PointPrompt, ...] = ()
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    query: npt.NDArray[np.float32] | None = field(default=None, repr=False, compare=False)


class TrackState(IntEnum):
    """State of a track; values equal to the constants of the `TrackedInstance` message."""

    TENTATIVE = 0
    """Detected, but not in enough frames yet."""
    CONFIRMED = 1
    """Detected in this frame, and in enough frames before or created by a click."""
    LOST = 2
    """Confirmed earlier, not detected in this frame."""


@dataclass(frozen=True)
class TrackedInstance:
    """The state of one tracked object after one frame.

    `mask` is (roi.height, roi.width) bool, the object inside `roi`, which may be larger by up to one cell of the network's masks
    (`tight`). A lost track keeps `mask` and `roi` from the frame in which it was last seen, and its `score` (0 … 1) falls to 0 as it
    approaches the age limit. `age` counts frames since the track was created, 1 in the first; `frames_since_seen` is 0 if it was seen
    in this frame. `prompted` is True if a click created the track. `segment_id` is its value in the same frame's
    `PanopticResult.segment_ids` (0 = not one of its segments). `depth` is the median depth under the mask in metres, `position`
    (x, y, z) in metres in the camera's optical frame; None where no depth was given.
    """

    track_id: int
    class_id: int
    class_name: str
    score: float
    state: TrackState
    age: int
    frames_since_seen: int
    prompted: bool
    roi: Roi
    mask: npt.NDArray[np.bool_] = field(repr=False, compare=False)
    segment_id: int = 0
    depth: float | None = None
    position: tuple[float, float, float] | None = None

    @property
    def is_followed(self) -> bool:
        """Whether the track comes from a click and is not lost; such a track is drawn with the mask of its prompts."""
        return self.prompted and self.state == TrackState.CONFIRMED

    def tight(self) -> tuple[Roi, npt.NDArray[np.bool_]]:
        """The tight bounding box of the mask, and the mask inside it; `roi` and `mask` as they are if no pixel is set."""
        box = Roi.of_mask(self.mask)
        if not box.width:
            return self.roi, self.mask
        return replace(box, x=self.roi.x + box.x, y=self.roi.y + box.y), self.mask[box.slices]
