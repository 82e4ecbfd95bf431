"""Real objects on synthetic paths: the second half of the tracking benchmark, with queries from real features.

Eight objects are cut out of labelled videos (YouTube-VIS JSON, such as DAVIS), scaled to a similar size, and pasted onto an
image, where they move about and occlude each other; they keep moving, turning and blurring as in their own videos, which
are played back and forth. Two of them are copies of two others, at another moment of the video: look-alikes. The query of a
detection is the mean of the ImageNet backbone's features (strides 16 and 32) under its mask, as the queries of the method
pool their features. Detection rate, scores, mask borders and false positives are as in `simulated`; there is one class.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.evaluation.scenarios import wander
from rmpsam_ros.evaluation.simulated import GRID, SimulatedFrame, border, chance_of_finding, ghost_mask
from rmpsam_ros.evaluation.video import TrueVideo
from rmpsam_ros.media import read_image
from rmpsam_ros.tracking import Detections
from rmpsam_ros.types import ClassLabel, LabelSet

LABELS = LabelSet("pasted", (ClassLabel(0, "object", True, (200, 120, 0)),))
SIZE = (GRID[0] * 4, GRID[1] * 4)
LONG_SIDE = 110
"""Longer side of an object in pixels, at the median of its video."""
VIDEO_RATE = 12.0
"""Frames per second at which the objects' videos play."""
OBJECTS, TWINS = 6, 2

Cutout = tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]
"""Pixels (h, w, 3) uint8 RGB and mask (h, w) bool of an object in one frame."""


def cutouts(video: TrueVideo) -> list[Cutout]:
    """The first object of a video in all frames that show it, scaled to a common size."""
    found = []
    for index, path in enumerate(video.files):
        _, masks = video.at(index)
        if not len(masks) or masks[0].sum() < 50:
            continue
        ys, xs = np.nonzero(masks[0])
        box = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
        found.append((read_image(path)[box], masks[0][box]))
    scale = LONG_SIDE / np.median([max(mask.shape) for _, mask in found])
    size = [(max(1, round(m.shape[1] * scale)), max(1, round(m.shape[0] * scale))) for _, m in found]
    return [(cv2.resize(image, wh, interpolation=cv2.INTER_AREA),
             cv2.resize(mask.astype(np.uint8), wh, interpolation=cv2.INTER_NEAREST) > 0)
            for (image, mask), wh in zip(found, size)]  # fmt: skip


class Pooler:
    """Mean backbone features under masks. Needs torch."""

    def __init__(self) -> None:
        from rmpsam_ros.model_folder import find_model
        from rmpsam_ros.network import load_model

        self._net = load_model(find_model("default")).eval()

    def __call__(self, image: npt.NDArray[np.uint8], masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """(H, W, 3) uint8 RGB and (n, h, w) masks of a quarter of its size to (n, D)."""
        import torch

        with torch.inference_mode():
            levels = self._net.backbone(self._net.normalize(torch.from_numpy(image).permute(2, 0, 1)[None]))[2:]
            maps = [torch.nn.functional.interpolate(level, size=GRID, mode="bilinear")[0].numpy() for level in levels]
        features = np.concatenate(maps).reshape(-1, GRID[0] * GRID[1])
        weights = masks.reshape(len(masks), features.shape[1]).astype(np.float32)
        return (weights @ features.T / np.maximum(weights.sum(axis=1, keepdims=True), 1)).astype(np.float32)


def paste(videos: Sequence[TrueVideo], pool: Pooler, seed: int, rate: float, seconds: float) -> Iterator[SimulatedFrame]:
    """The frames of one sequence; `rate` is that of the camera in Hz."""
    rng = np.random.default_rng(seed)
    picked = [cutouts(videos[k]) for k in rng.choice(len(videos), OBJECTS, replace=False)]
    picked += picked[:TWINS]
    paths = [wander(rng, seconds + 5, speed=18) for _ in picked]
    start = rng.integers(0, 100, len(picked))
    background = cv2.resize(read_image(videos[0].files[0]), SIZE[::-1])
    for step in range(int(seconds * rate)):
        t = step / rate
        image, owner = background.copy(), np.zeros(SIZE, np.int64)
        whole = []
        for number, (cuts, path, first) in enumerate(zip(picked, paths, start), start=1):
            turn = (int(t * VIDEO_RATE) + first) % max(2 * len(cuts) - 2, 1)
            pixels, mask = cuts[min(turn, 2 * len(cuts) - 2 - turn)] if len(cuts) > 1 else cuts[0]
            whole.append(int(mask.sum()))
            _put(image, owner, pixels, mask, path(t), number)
        yield _frame(rng, pool, image, owner, np.array(whole), t)


def _put(image, owner, pixels, mask, centre: tuple[float, float], number: int) -> None:
    """Pastes a cut-out with its centre at `centre` (cells), clipped to the image."""
    (h, w), (x, y) = mask.shape, (int(4 * centre[0]), int(4 * centre[1]))
    left, top = x - w // 2, y - h // 2
    rows, columns = slice(max(top, 0), min(top + h, SIZE[0])), slice(max(left, 0), min(left + w, SIZE[1]))
    part = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
    image[rows, columns][mask[part]] = pixels[part][mask[part]]
    owner[rows, columns][mask[part]] = number


def _frame(rng: np.random.Generator, pool: Pooler, image, owner, whole: npt.NDArray, t: float) -> SimulatedFrame:
    """The ground truth and the detections of one frame."""
    numbers = np.arange(1, len(whole) + 1)
    share = np.minimum(1, np.bincount(owner.ravel(), minlength=len(whole) + 1)[1:] / whole)
    masks = owner[2::4, 2::4][None] == numbers[:, None, None]
    visible = (share >= 0.1) & (masks.sum(axis=(1, 2)) >= 12)
    found, owners, scores = [], [], []
    for k in np.flatnonzero(visible):
        mask = masks[k] ^ (border(masks[k]) & (rng.random(GRID) < 0.25))
        if rng.random() < chance_of_finding(share[k]) and mask.any():
            found.append(mask)
            owners.append(k + 1)
            scores.append(np.clip(0.45 + 0.45 * share[k] + 0.06 * rng.normal(), 0.05, 0.99))
    if rng.random() < 0.05:
        found.append(ghost_mask(rng))
        owners.append(0)
        scores.append(rng.uniform(0.3, 0.75))
    stack = np.array(found, bool).reshape(-1, *GRID)
    detections = Detections(np.zeros(len(stack), np.int64), np.array(scores, np.float32), pool(image, stack), stack)
    return SimulatedFrame(t, detections, numbers[visible], masks[visible], np.array(owners, np.int64))
