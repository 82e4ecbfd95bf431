"""Input images of the benchmark."""
from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt


def resized(image: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)


def scene(size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Overlapping coloured discs on a gradient: some edges, some texture, the same on every call."""
    height, width = size
    generator = np.random.default_rng(7)
    rows, columns = np.mgrid[:height, :width]
    image = np.stack((rows * 200 // height, columns * 200 // width, 90 + (rows + columns) % 64), axis=-1).astype(np.uint8)
    for _ in range(14):
        centre = (int(generator.integers(width)), int(generator.integers(height)))
        colour = tuple(int(c) for c in generator.integers(30, 255, 3))
        cv2.circle(image, centre, int(generator.integers(height // 16, height // 5)), colour, -1, cv2.LINE_AA)
    return image
