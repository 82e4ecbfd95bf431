"""Simulated camera faults: blur, noise, compression, under- and overexposure, missing colour.

Photographs in datasets are sharper and better lit than those of a robot; a network trained only on them does not generalise well
to its camera.
"""
from __future__ import annotations

import cv2
import numpy as np

from rmpsam_ros.types import RgbImage


def degrade(image: RgbImage, share: float, rng: np.random.Generator) -> RgbImage:
    """Applies a random fault to an (H, W, 3) uint8 RGB image with probability `share`; otherwise returns it unchanged."""
    if rng.random() >= share:
        return image
    return _FAULTS[int(rng.integers(len(_FAULTS)))](image, rng)


def out_of_focus(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Gaussian blur with a standard deviation of 0.5 to 2 pixels."""
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 2.0))


def motion_blur(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Motion blur along a line of 3 to 9 pixels in any direction, as from a rotating camera."""
    length, angle = int(rng.integers(3, 10)), rng.uniform(0, np.pi)
    kernel = np.zeros((length, length), np.float32)
    middle, reach = (length - 1) / 2, (length - 1) / 2 * np.array([np.cos(angle), np.sin(angle)])
    start, end = (tuple(int(v) for v in np.round(middle + sign * reach)) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101)


def noise(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Sensor noise in low light: independent, with a standard deviation of 3 to 20 grey levels."""
    grains = rng.normal(0, rng.uniform(3, 20), image.shape).astype(np.float32)
    return np.clip(image + grains, 0, 255).astype(np.uint8)


def compression(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """JPEG compression of quality 15 to 60, as on a compressed image topic with little bandwidth."""
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 61))])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)  # the channel order is preserved


def exposure(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """A gamma of 0.4 to 2.5: shadows without detail, or a washed-out image."""
    table = 255 * (np.arange(256) / 255) ** np.exp(rng.uniform(np.log(0.4), np.log(2.5)))
    return cv2.LUT(image, table.astype(np.uint8))


def grey(image: RgbImage, rng: np.random.Generator) -> RgbImage:
    """Grey values, as from a monochrome camera."""
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


_FAULTS = (out_of_focus, motion_blur, noise, compression, exposure, grey)
