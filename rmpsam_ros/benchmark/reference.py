"""The method's published pipeline on the same weights, as a baseline: dense features, full-size masks of every kept query."""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from rmpsam_ros.benchmark.row import Row
from rmpsam_ros.errors import ModelError
from rmpsam_ros.model_folder import find_model, read_model_folder
from rmpsam_ros.network import load_model


class Reference:
    """In torch float32 on the CPU: dense features, two resizes of every kept query's mask to full size, argmax, counting."""

    def __init__(self, model: str, size: tuple[int, int], image: npt.NDArray[np.uint8], threads: int | None) -> None:
        if threads:
            torch.set_num_threads(threads)
        folder = read_model_folder(find_model(model))
        self.net, self.image, self.threshold = load_model(folder.path), image, folder.score_threshold
        if self.net.config.anchors:
            raise ModelError(f"The queries of {folder.name} have ellipses, which the published pipeline does not support; benchmark it without reference.")
        self.row = Row(folder.name, "reference", "fp32", size, 1, f"CPU, torch {torch.__version__}")

    def run(self, clock: Callable[[], float]) -> Iterator[tuple[str, float]]:
        with torch.inference_mode():
            started = clock()
            pixels = self.net.normalize(torch.from_numpy(self.image).permute(2, 0, 1)[None])
            features = self.net.features(pixels)
            encoded = clock()
            output = self.net.decode_objects(features)
            decoded = clock()
            masks = F.interpolate(output.mask_logits, self.image.shape[:2], mode="bilinear", align_corners=False)[0]
            scores, classes = output.class_logits[0].softmax(-1).max(-1)
            keep = (classes < output.class_logits.shape[-1] - 1) & (scores > self.threshold)
            if keep.any():
                probability = masks[keep].sigmoid()
                owner = (scores[keep, None, None] * probability).argmax(0)
                for query in range(int(keep.sum())):
                    won, whole = (owner == query).sum().item(), (probability[query] >= 0.5).sum().item()
                    del won, whole
            fused = clock()
            height, width = self.image.shape[:2]
            x, y = width // 2, height // 2
            box = torch.tensor([[[x - 3.0, y - 3.0, x + 3.0, y + 3.0]]])
            prompt = self.net.decode_prompts(features, box, torch.ones(1, 1, dtype=torch.int64), (height, width), classes=False)
            (F.interpolate(prompt.mask_logits, (height, width), mode="bilinear", align_corners=False) > 0).numpy()
            clicked = clock()
        yield from (("encode", encoded - started), ("decode", decoded - encoded), ("post-process", fused - decoded),
                    ("whole", fused - started), ("click", clicked - fused))  # fmt: skip
