"""Post-processing of rendered images: ambient occlusion, lens and sensor effects of a real camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.simulation.things import Rng


@dataclass(frozen=True)
class Lens:
    """Image properties of one camera, constant over a clip.

    Attributes:
        shade: strength of the darkening of surfaces that lie behind their neighbourhood.
        exposure: factor on linear light.
        contrast: exponent of the tone curve.
        white: (3,) factors of red, green, blue.
        vignette: fraction of light lost in the corners.
        blur: standard deviation in pixels.
        noise: standard deviation of the sensor noise at mid grey, of 255.
    """

    shade: float
    exposure: float
    contrast: float
    white: tuple[float, float, float]
    vignette: float
    blur: float
    noise: float


def draw_lens(rng: Rng) -> Lens:
    """A random camera: mostly good, occasionally dim, soft or noisy."""
    warmth = rng.normal(0, 0.05)
    return Lens(
        shade=rng.uniform(0.5, 1.6),
        exposure=float(np.exp(rng.normal(0.1, 0.22))),
        contrast=rng.uniform(0.8, 1.1),
        white=(1 + warmth, 1.0, 1 - warmth),
        vignette=rng.uniform(0, 0.35),
        blur=rng.uniform(0.0, 0.8) if rng.random() < 0.8 else rng.uniform(0.8, 1.6),
        noise=rng.uniform(0.5, 4.0) if rng.random() < 0.8 else rng.uniform(4.0, 12.0),
    )


def automatic_exposure(image: npt.NDArray[np.uint8]) -> float:
    """The factor on linear light that brings an image's bright parts near white, like a camera's auto-exposure."""
    bright = float(np.percentile((image.astype(np.float32) / 255) ** 2.2, 90))
    return float(np.clip(0.5 / max(bright, 1e-3), 0.5, 4.0))


def ambient_shade(depth: npt.NDArray[np.float32], strength: float) -> npt.NDArray[np.float32]:
    """(H, W) factors up to 1: darker where a surface lies behind its surroundings, computed from depth alone.

    Source: Luft, Colditz, Deussen, Image Enhancement by Unsharp Masking the Depth Buffer, SIGGRAPH 2006.
    """
    log = np.log(np.maximum(depth, 1e-3)).astype(np.float32)
    result = np.ones_like(log)
    for share, weight in ((0.012, 0.5), (0.035, 0.7)):
        behind = log - cv2.GaussianBlur(log, (0, 0), share * max(depth.shape))
        result *= np.exp(-weight * strength * 12 * np.clip(behind, 0, 0.06))
    return result


def photograph(image: npt.NDArray[np.uint8], depth: npt.NDArray[np.float32], lens: Lens, exposure: float, rng: Rng) -> npt.NDArray[np.uint8]:
    """The image as a camera would have taken it.

    Args:
        image: (H, W, 3) uint8 RGB as rendered.
        depth: (H, W) float32 metres.
        lens: the camera.
        exposure: from `automatic_exposure` of a clip's first frame.
        rng: for the sensor's noise.
    """
    light = (image.astype(np.float32) / 255) ** 2.2
    light *= ambient_shade(depth, lens.shade)[..., None] * np.array(lens.white, np.float32) * (lens.exposure * exposure)
    height, width = depth.shape
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light *= (1 - lens.vignette * (x**2 + y**2) / 2).astype(np.float32)[..., None]
    if lens.blur > 0.25:
        light = cv2.GaussianBlur(light, (0, 0), lens.blur)
    light = light * (1 + light / 4) / (1 + light)  # highlights are compressed, not clipped
    shown = 255 * (1.12 * light) ** (lens.contrast / 2.2)
    shown += rng.normal(0, 1, shown.shape).astype(np.float32) * lens.noise * np.sqrt(0.25 + shown / 170)
    return np.clip(shown, 0, 255).astype(np.uint8)
