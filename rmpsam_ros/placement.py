"""Where an image lies in the network's input, and how the stride-4 masks come back to the image's own pixels.

The reference resizes an image with its ratio kept, pads it at the right and the bottom, and brings mask logits back in
two bilinear steps: stride 4 to the padded input, then, cropped, to the source's size. Here both steps are one small
table of weights an axis, so that single pixels can be evaluated without making a full-size map.

A camera may be mounted on its side or upside down. The network, which has learned from upright pictures, sees its images
turned; masks and features are turned back, so that all but the network deals with the image as it came.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import ImageError

STRIDE = 4
"""Side of a mask cell in pixels of the network's input."""

MAX_SIDE = 16384


ROTATIONS = (0, 90, 180, 270)
"""Degrees by which an image may be turned."""


@dataclass(frozen=True)
class Placement:
    """Sizes as (height, width): of the source image, of it after resizing, of the network's padded input.

    `rotation` is by how many degrees clockwise the network sees the image turned; all sizes are as before that, and if it is
    not 0, the image is resized to whole cells.
    """

    source: tuple[int, int]
    resized: tuple[int, int]
    padded: tuple[int, int]
    rotation: int = 0

    @property
    def network_size(self) -> tuple[int, int]:
        """Height and width of the image as the network sees it, at the top left of its input."""
        return self.resized[::-1] if self.rotation % 180 else self.resized

    @property
    def scale(self) -> tuple[float, float]:
        """Factors of y and x from source to network pixels; equal but for rounding to whole pixels."""
        return self.resized[0] / self.source[0], self.resized[1] / self.source[1]

    @property
    def valid_cells(self) -> tuple[int, int]:
        """Rows and columns of the stride-4 map that belong to the image, the last ones perhaps in part."""
        return -(-self.resized[0] // STRIDE), -(-self.resized[1] // STRIDE)

    @property
    def cell_size(self) -> tuple[float, float]:
        """Height and width of a cell of the stride-4 map in source pixels; the last ones may reach beyond the image."""
        scale_y, scale_x = self.scale
        return STRIDE / scale_y, STRIDE / scale_x

    def points_to_network(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(n, 2) xy in source pixels (centres at integers) to xy in network pixels."""
        scale_y, scale_x = self.scale
        return (points + 0.5) * (scale_x, scale_y) - 0.5

    def boxes_turned(self, boxes: npt.NDArray[np.float32], clicks: int = 0) -> npt.NDArray[np.float32]:
        """(n, 4) xyxy in pixels of the resized image to where the network sees them: edges, but the first `clicks` of them lie round
        the centre of a pixel, which is half a pixel from its edges."""
        if self.rotation == 0:
            return boxes
        size = np.subtract.outer(self.resized, np.arange(len(boxes)) < clicks).astype(np.float32)
        height, width = size[..., None]
        x, y = boxes[:, [0, 2]], boxes[:, [1, 3]]
        x, y = {90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}[self.rotation]
        return np.stack((x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)), axis=1)

    def turned_back(self, maps: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(…, rows, columns) stride-4 maps as the network gives them, as maps of the image as it came, at the top left of its
        padded size; what is not of the image repeats its last cells there."""
        if self.rotation == 0:
            return maps
        rows, columns = (side // STRIDE for side in self.network_size)
        seen = np.rot90(maps[..., :rows, :columns], self.rotation // 90, axes=(-2, -1))
        missing = [(0, padded // STRIDE - side) for padded, side in zip(self.padded, seen.shape[-2:])]
        return np.pad(seen, [(0, 0)] * (maps.ndim - 2) + missing, mode="edge")


def place(source: tuple[int, int], padded: tuple[int, int], rotation: int = 0) -> Placement:
    """Fits an image into the network's input with its ratio kept, as the reference's resize does.

    Args:
        source: height and width of the image.
        padded: those of the network's input.
        rotation: degrees clockwise by which the image is turned for the network.

    Raises:
        ImageError: a rotation that is none of `ROTATIONS`.
    """
    if rotation not in ROTATIONS:
        raise ImageError(f"The rotation is {rotation!r}; it must be 0, 90, 180 or 270 degrees clockwise.")
    if rotation % 180:
        padded = padded[::-1]
    height, width = source
    factor = min(padded[0] / height, padded[1] / width)
    unit = STRIDE if rotation else 1  # a mask's cells must be whole to be turned
    resized = tuple(min(max(int(side * factor / unit + 0.5), 1) * unit, limit) for side, limit in zip(source, padded))
    return Placement(source, resized, padded, rotation)


def check_image(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The image itself, once it is known to be usable.

    Raises:
        ImageError: not (H, W, 3) uint8 with sides of 1 to 16384.
    """
    if not isinstance(image, np.ndarray):
        kind = f"{type(image).__module__.split('.')[0]}.{type(image).__name__}".removeprefix("builtins.")
        raise ImageError(f"The image is a {kind}; it must be a numpy array, (height, width, 3) uint8 RGB, such as numpy.asarray gives of a "
                         "picture of PIL or a tensor on the CPU.")
    if image.ndim != 3 or image.shape[2] != 3:
        raise ImageError(f"The image has shape {image.shape}; it must be (height, width, 3), RGB.")
    if image.dtype != np.uint8:
        raise ImageError(f"The image has dtype {image.dtype}; it must be uint8.")
    if not (1 <= image.shape[0] <= MAX_SIDE and 1 <= image.shape[1] <= MAX_SIDE):
        raise ImageError(f"The image is {image.shape[1]}x{image.shape[0]} pixels; each side must be from 1 to {MAX_SIDE}.")
    return image


def fit(image: npt.NDArray[np.uint8], placement: Placement, out: npt.NDArray[np.uint8]) -> None:
    """Writes the image, resized and turned, to the top left of `out`, the network's input (H, W, 3); the rest is left alone."""
    height, width = placement.network_size
    if placement.resized != placement.source:
        image = cv2.resize(image, placement.resized[::-1], interpolation=cv2.INTER_LINEAR)
    out[:height, :width] = np.rot90(image, -placement.rotation // 90) if placement.rotation else image


def fitted(image: npt.NDArray[np.uint8], padded: tuple[int, int]) -> tuple[npt.NDArray[np.uint8], Placement]:
    """An (H, W, 3) image on black of the network's input size, and where it lies there."""
    placement, canvas = place(image.shape[:2], padded), np.zeros((*padded, 3), np.uint8)
    fit(image, placement, canvas)
    return canvas, placement


def restore(logits: npt.NDArray[np.float32], placement: Placement) -> npt.NDArray[np.float32]:
    """One (H/4, W/4) logit map to the source's (H, W), in the reference's two bilinear steps."""
    padded_h, padded_w = placement.padded
    height, width = placement.resized
    full = cv2.resize(logits, (padded_w, padded_h), interpolation=cv2.INTER_LINEAR)[:height, :width]
    if placement.resized == placement.source:
        return full
    return cv2.resize(full, placement.source[::-1], interpolation=cv2.INTER_LINEAR)


def restore_rows(logits: npt.NDArray[np.float32], placement: Placement) -> npt.NDArray[np.float32]:
    """The same along the rows alone: (H/4, W). `Axis.weights` of the columns, times this, is the whole."""
    cells, (_, width) = len(logits), placement.resized
    full = cv2.resize(logits, (placement.padded[1], cells), interpolation=cv2.INTER_LINEAR)[:, :width]
    return full if width == placement.source[1] else cv2.resize(full, (placement.source[1], cells), interpolation=cv2.INTER_LINEAR)


@dataclass(frozen=True)
class Axis:
    """Which cells of the stride-4 map the pixels of one axis of the source are made of.

    The map is thought of with its first and last cell repeated once outside, so that a pixel near the border reads a
    window like any other. Pixels that read the same window form a run; runs are consecutive.

    Attributes:
        taps: cells in a window, 2 where the second resize changes nothing, else 3.
        window: (runs,) first cell of the run's window, counted in the extended map.
        start, length: (runs,) first pixel and number of pixels.
        weights: (source, cells) float32, what each cell (of the map as it is) contributes to each pixel.
    """

    taps: int
    window: npt.NDArray[np.intp]
    start: npt.NDArray[np.intp]
    length: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float32]

    def cells(self, first: int, last: int) -> slice:
        """The cells, of the map as it is, that the pixels from one run to another are made of."""
        return slice(max(int(self.window[first]) - 1, 0), int(self.window[last]) - 1 + self.taps)

    def pixels(self, first: int, last: int) -> slice:
        """The pixels from one run to another, both included."""
        return slice(int(self.start[first]), int(self.start[last] + self.length[last]))


@lru_cache(maxsize=64)
def axis_of(source: int, resized: int, padded: int) -> Axis:
    """The table of one axis: `padded` network pixels, of which the first `resized` come back as `source` pixels."""
    taps = 2 if source == resized else 3
    # Second step: source pixel to two resized pixels, of which the first is this; first step: that one to two cells, unclamped.
    first = np.minimum(np.floor(np.clip((np.arange(source) + 0.5) * resized / source - 0.5, 0, None)).astype(np.intp), resized - 1)
    window = np.floor((first + 0.5) / STRIDE - 0.5).astype(np.intp) + 1  # in the extended map, whose cell 0 is the repeated one
    window = np.minimum(window, padded // STRIDE + 2 - taps)  # a three-wide window at the far border: slid back over the repeated cell
    start = np.flatnonzero(np.diff(window, prepend=window[0] - 1))
    length = np.diff(start, append=source)
    cells = padded // STRIDE
    weights = cv2.resize(np.eye(cells, dtype=np.float32), (cells, padded), interpolation=cv2.INTER_LINEAR)[:resized]
    weights = np.ascontiguousarray(cv2.resize(weights, (cells, source), interpolation=cv2.INTER_LINEAR))
    for array in (start, length, weights):
        array.setflags(write=False)
    return Axis(taps, window[start], start, length, weights)
