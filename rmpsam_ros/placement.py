"""Maps images into the network input, and stride-4 masks back to source pixels.

The reference resizes an image with its aspect ratio kept, pads it at the right and the bottom, and upsamples mask logits in
two bilinear steps: stride 4 to the padded input, then, cropped, to the source size. Here one small table of weights per axis
combines both steps, so that single pixels can be evaluated without making a full-size map.

A camera may be mounted sideways or upside down. The network was trained on upright images, so it is given the rotated image;
masks and features are rotated back, and everything outside the network works with the image as received.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import ImageError

STRIDE = 4
"""Side of a mask cell in network-input pixels."""

MAX_SIDE = 16384
"""Maximum height and width of an image."""

INFINITE_LOGIT = 1e4
"""Stands in for infinite mask logits, which would overflow in the resize, and with a minus for NaN: a broken engine must not win everywhere."""

ROTATIONS = (0, 90, 180, 270)
"""Supported rotations in degrees clockwise."""


@dataclass(frozen=True)
class Placement:
    """Sizes as (height, width): of the source image, of the resized image, and of the padded network input.

    `rotation` is the clockwise rotation in degrees that is applied for the network. All sizes are those before rotation; if it
    is not 0, the image is resized to whole cells.
    """

    source: tuple[int, int]
    resized: tuple[int, int]
    padded: tuple[int, int]
    rotation: int = 0

    @property
    def network_size(self) -> tuple[int, int]:
        """Height and width of the resized and rotated image at the top left of the network input."""
        return self.resized[::-1] if self.rotation % 180 else self.resized

    @property
    def scale(self) -> tuple[float, float]:
        """Scale factors (y, x) from source to network pixels; equal except for rounding to whole pixels."""
        return self.resized[0] / self.source[0], self.resized[1] / self.source[1]

    @property
    def valid_cells(self) -> tuple[int, int]:
        """Rows and columns of the stride-4 map that belong to the image; the last ones may be partly padding."""
        return -(-self.resized[0] // STRIDE), -(-self.resized[1] // STRIDE)

    @property
    def cell_size(self) -> tuple[float, float]:
        """Height and width of a cell of the stride-4 map in source pixels; the last cells may extend beyond the image."""
        scale_y, scale_x = self.scale
        return STRIDE / scale_y, STRIDE / scale_x

    def points_to_network(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Converts (n, 2) xy in source pixels (centres at integers) to xy in network pixels, before rotation."""
        scale_y, scale_x = self.scale
        return (points + 0.5) * (scale_x, scale_y) - 0.5

    def boxes_turned(self, boxes: npt.NDArray[np.float32], clicks: int = 0) -> npt.NDArray[np.float32]:
        """Rotates (n, 4) xyxy from the resized image to the image the network sees. Coordinates are pixel edges, except in the first
        `clicks` boxes: these are centred on pixel centres, half a pixel from the edges."""
        if self.rotation == 0:
            return boxes
        size = np.subtract.outer(self.resized, np.arange(len(boxes)) < clicks).astype(np.float32)
        height, width = size[..., None]
        x, y = boxes[:, [0, 2]], boxes[:, [1, 3]]
        x, y = {90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}[self.rotation]
        return np.stack((x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)), axis=1)

    def turned_back(self, maps: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Rotates (…, rows, columns) stride-4 maps of the network back to the image as received. The image is at the top left of the
        padded size; the padding repeats the last cells of the image."""
        if self.rotation == 0:
            return maps
        rows, columns = (side // STRIDE for side in self.network_size)
        seen = np.rot90(maps[..., :rows, :columns], self.rotation // 90, axes=(-2, -1))
        missing = [(0, padded // STRIDE - side) for padded, side in zip(self.padded, seen.shape[-2:])]
        return np.pad(seen, [(0, 0)] * (maps.ndim - 2) + missing, mode="edge")


def place(source: tuple[int, int], padded: tuple[int, int], rotation: int = 0) -> Placement:
    """Fits an image into the network input with its aspect ratio kept, as the reference's resize does.

    Args:
        source: height and width of the image.
        padded: height and width of the network input.
        rotation: clockwise rotation in degrees to apply for the network.

    Raises:
        ImageError: the rotation is not one of `ROTATIONS`.
    """
    if rotation not in ROTATIONS:
        raise ImageError(f"The rotation is {rotation!r}; it must be 0, 90, 180 or 270 degrees clockwise.")
    if rotation % 180:
        padded = padded[::-1]
    height, width = source
    factor = min(padded[0] / height, padded[1] / width)
    unit = STRIDE if rotation else 1  # masks can only be rotated by whole cells
    resized = tuple(min(max(int(side * factor / unit + 0.5), 1) * unit, limit) for side, limit in zip(source, padded))
    return Placement(source, resized, padded, rotation)


def check_image(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Returns the image unchanged if it is valid.

    Raises:
        ImageError: not (H, W, 3) uint8 with sides of 1 to 16384.
    """
    if not isinstance(image, np.ndarray):
        kind = f"{type(image).__module__.split('.')[0]}.{type(image).__name__}".removeprefix("builtins.")
        raise ImageError(f"The image is a {kind}; it must be a numpy array, (height, width, 3) uint8 RGB, as numpy.asarray "
                         "returns for a PIL image or a CPU tensor.")
    if image.ndim != 3 or image.shape[2] != 3:
        raise ImageError(f"The image has shape {image.shape}; it must be (height, width, 3), RGB.")
    if image.dtype != np.uint8:
        raise ImageError(f"The image has dtype {image.dtype}; it must be uint8.")
    if not (1 <= image.shape[0] <= MAX_SIDE and 1 <= image.shape[1] <= MAX_SIDE):
        raise ImageError(f"The image is {image.shape[1]}x{image.shape[0]} pixels; each side must be from 1 to {MAX_SIDE}.")
    return image


def fit(image: npt.NDArray[np.uint8], placement: Placement, out: npt.NDArray[np.uint8]) -> None:
    """Writes the resized and rotated image to the top left of `out`, the network input (H, W, 3); the rest is left unchanged."""
    height, width = placement.network_size
    if placement.resized != placement.source:
        image = cv2.resize(image, placement.resized[::-1], interpolation=cv2.INTER_LINEAR)
    out[:height, :width] = np.rot90(image, -placement.rotation // 90) if placement.rotation else image


def fitted(image: npt.NDArray[np.uint8], padded: tuple[int, int]) -> tuple[npt.NDArray[np.uint8], Placement]:
    """An (H, W, 3) image on a black canvas of the network's input size, and its placement there."""
    placement, canvas = place(image.shape[:2], padded), np.zeros((*padded, 3), np.uint8)
    fit(image, placement, canvas)
    return canvas, placement


def restore(logits: npt.NDArray[np.float32], placement: Placement) -> npt.NDArray[np.float32]:
    """Upsamples one (H/4, W/4) logit map to the source's (H, W), in the reference's two bilinear steps."""
    padded_h, padded_w = placement.padded
    height, width = placement.resized
    full = cv2.resize(logits, (padded_w, padded_h), interpolation=cv2.INTER_LINEAR)[:height, :width]
    if placement.resized == placement.source:
        return full
    return cv2.resize(full, placement.source[::-1], interpolation=cv2.INTER_LINEAR)


def restore_rows(logits: npt.NDArray[np.float32], placement: Placement) -> npt.NDArray[np.float32]:
    """Upsamples only along each row: (H/4, W). `Axis.weights` of the vertical axis times this matrix gives the full-size map."""
    cells, (_, width) = len(logits), placement.resized
    full = cv2.resize(logits, (placement.padded[1], cells), interpolation=cv2.INTER_LINEAR)[:, :width]
    return full if width == placement.source[1] else cv2.resize(full, (placement.source[1], cells), interpolation=cv2.INTER_LINEAR)


@dataclass(frozen=True)
class Axis:
    """Which cells of the stride-4 map contribute to the source pixels along one axis.

    The map is extended by repeating its first and last cell, so that pixels near the border read a full window like any
    other. Consecutive pixels that read the same window form a run.

    Attributes:
        taps: cells in a window, 2 if the second resize changes nothing, else 3.
        window: (runs,) first cell of the run's window, as an index into the extended map.
        start, length: (runs,) first pixel and number of pixels.
        weights: (source, cells) float32, the weight of each cell (of the map without extension) in each pixel.
    """

    taps: int
    window: npt.NDArray[np.intp]
    start: npt.NDArray[np.intp]
    length: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float32]

    def cells(self, first: int, last: int) -> slice:
        """The cells, in the map without extension, that contribute to the pixels of runs `first` to `last`, both included."""
        return slice(max(int(self.window[first]) - 1, 0), int(self.window[last]) - 1 + self.taps)

    def pixels(self, first: int, last: int) -> slice:
        """The pixels of runs `first` to `last`, both included."""
        return slice(int(self.start[first]), int(self.start[last] + self.length[last]))


@lru_cache(maxsize=64)
def axis_of(source: int, resized: int, padded: int) -> Axis:
    """The table of one axis: of `padded` network pixels, the first `resized` are mapped back to `source` pixels."""
    taps = 2 if source == resized else 3
    # Second resize: a source pixel reads two resized pixels, the first of which is `first`. First resize: that one reads two cells, unclamped.
    first = np.minimum(np.floor(np.clip((np.arange(source) + 0.5) * resized / source - 0.5, 0, None)).astype(np.intp), resized - 1)
    window = np.floor((first + 0.5) / STRIDE - 0.5).astype(np.intp) + 1  # in the extended map, whose cell 0 is the repeated one
    window = np.minimum(window, padded // STRIDE + 2 - taps)  # at the far border, move a window of three back into the extended map
    start = np.flatnonzero(np.diff(window, prepend=window[0] - 1))
    length = np.diff(start, append=source)
    cells = padded // STRIDE
    weights = cv2.resize(np.eye(cells, dtype=np.float32), (cells, padded), interpolation=cv2.INTER_LINEAR)[:resized]
    weights = np.ascontiguousarray(cv2.resize(weights, (cells, source), interpolation=cv2.INTER_LINEAR))
    for array in (start, length, weights):
        array.setflags(write=False)
    return Axis(taps, window[start], start, length, weights)
