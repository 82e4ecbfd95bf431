"""Runs the network over a video in clip mode. Needs torch: the exported graphs take one image at a time."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import ImageError
from rmpsam_ros.model_folder import find_model, read_model_folder
from rmpsam_ros.placement import Placement, fit, place, restore
from rmpsam_ros.tracking.clips import ClipInstance, ClipMerger, clip_size, distinct, mask_score, video_split
from rmpsam_ros.types import RgbImage, Roi, TrackedInstance, TrackState


class ClipRunner:
    """One model, for any number of videos.

    Args:
        model: a name or folder as for `Segmenter`.
        input_size: (height, width) of the network's input; None for the model's own.
        score_threshold: things of a video with a lower score are dropped; None for the model's own.

    Raises:
        ModelError: no such model. ModuleNotFoundError: torch is not installed.
    """

    def __init__(self, model: str | Path = "default", input_size: tuple[int, int] | None = None,
                 score_threshold: float | None = None) -> None:  # fmt: skip
        from rmpsam_ros.network import load_model

        folder = read_model_folder(find_model(model))
        self.model_name, self.trained, self.labels = folder.name, folder.trained, folder.labels
        self.input_size = input_size or folder.input_size
        self.score_threshold = folder.score_threshold if score_threshold is None else score_threshold
        self._net = load_model(folder.path).eval()
        self._canvas = np.zeros((*self.input_size, 3), np.uint8)

    def run(self, frames: Iterator[RgbImage], count: int) -> tuple[list[ClipInstance], Placement | None]:
        """Decodes a video of `count` frames ((H, W, 3) uint8 RGB, of one size) clip by clip; returns its things, and
        the placement of its images in the network's input. The frames are read once and not kept.

        Raises:
            ImageError: the frames differ in size.
        """
        import torch

        merger, placement = ClipMerger(), None
        size: tuple[int, ...] | None = None
        for start, end in video_split(count, clip_size(count)):
            features = []
            for _ in range(start, end):
                image = next(frames)
                if size not in (None, image.shape):
                    raise ImageError(f"The frames are of {size[1]}x{size[0]} and of {image.shape[1]}x{image.shape[0]} pixels; the frames "
                                     "of a video have one size.")  # fmt: skip
                size = image.shape
                placement = place(image.shape[:2], self.input_size)
                features.append(self._features(image, placement))
            rows, columns = placement.valid_cells
            with torch.inference_mode():
                decoded = self._net.decode_clip(torch.stack(features, dim=1))
            merger.add(decoded.class_logits[0].numpy(), decoded.mask_logits[0, :, :, :rows, :columns].numpy(),
                       decoded.queries[0].numpy())  # fmt: skip
        if placement is None:
            return [], None
        found = [i for i in merger.instances(self.labels.is_thing()) if i.score > self.score_threshold]
        return distinct(found) if self._net.config.matrix_nms else found, placement

    def _features(self, image: RgbImage, placement: Placement):
        """(1, D, H/4, W/4) features of one image, placed and padded as in `Segmenter`."""
        import torch

        fit(image, placement, self._canvas)
        height, width = placement.resized
        with torch.inference_mode():
            pixels = self._net.normalize(torch.from_numpy(self._canvas).permute(2, 0, 1)[None])
            pixels[:, :, height:] = 0
            pixels[:, :, :, width:] = 0
            return self._net.features(pixels)


def tracks_of_frame(instances: Sequence[ClipInstance], frame: int, placement: Placement, names: Sequence[str]) -> tuple[TrackedInstance, ...]:
    """The result of clip mode for one frame, in the form of the online tracker's; track ids are 1 … n by score."""
    result = []
    for number, instance in enumerate(instances, start=1):
        logits = instance.masks[frame]
        if logits is None or not (logits > 0).any():
            continue
        full = restore(_padded(logits, placement), placement)
        mask = full > 0
        roi = Roi.of_mask(mask)
        if roi.width:
            result.append(TrackedInstance(
                number, instance.class_id, names[instance.class_id], instance.score * mask_score(full), TrackState.CONFIRMED,
                frame + 1, 0, False, roi, mask[roi.slices],
            ))  # fmt: skip
    return tuple(result)


def _padded(logits: npt.NDArray[np.float32], placement: Placement) -> npt.NDArray[np.float32]:
    """Pads a map to the size of the padded input by repeating its last row and column."""
    height, width = placement.padded[0] // 4, placement.padded[1] // 4
    below, right = height - logits.shape[0], width - logits.shape[1]
    return cv2.copyMakeBorder(logits.astype(np.float32), 0, below, 0, right, cv2.BORDER_REPLICATE)
