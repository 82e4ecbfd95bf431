"""Fakes without a network: a segmenter whose masks depend only on the pixels, and its frames."""
from __future__ import annotations

import threading
import time

import numpy as np

from rmpsam_ros.prompting import parse_prompt
from rmpsam_ros.segmenter import Segmenter
from rmpsam_ros.types import ClassLabel, LabelSet, PanopticResult, PromptResult, Roi, Segment

LABELS = LabelSet("fake", (ClassLabel(0, "dark", True, (9, 9, 9)), ClassLabel(1, "light", False, (240, 240, 240))))


class FakeFrame:
    """A frame: segment 1 is where red is below 128, segment 2 the rest."""

    def __init__(self, segmenter: FakeSegmenter, image: np.ndarray, stamp):
        self.segmenter, self.stamp = segmenter, stamp
        self.image_size = image.shape[:2]
        self.timings: dict[str, float] = {}
        self._red = image[..., 0].copy()

    def panoptic(self) -> PanopticResult:
        ids = np.where(self._red < 128, 1, 2).astype(np.uint16)
        segments = []
        for label, mask in ((label, ids == label.id + 1) for label in LABELS.classes):
            if mask.any():
                segments.append(Segment(
                    label.id + 1, label.id, label.name, label.is_thing, 0.5, int(mask.sum()), Roi.of_mask(mask)
                ))
        return PanopticResult(ids, tuple(segments), LABELS)

    def keep_for_prompts(self) -> None:
        self.segmenter.shrunk += 1

    def prompt(self, points=(), labels=None, boxes=()) -> PromptResult:
        prompt = parse_prompt(points, labels, boxes, self.image_size)
        x, y = (prompt.points[0].x, prompt.points[0].y) if prompt.points else prompt.boxes[0][:2]
        ids = self.panoptic().segment_ids
        mask = ids == ids[int(y), int(x)]
        return PromptResult(mask, 0.75, Roi.of_mask(mask), int(ids[int(y), int(x)]) - 1, "dark", prompt.points, prompt.boxes)


class FakeSegmenter:
    """Counts its calls, takes `seconds` per image, and raises `error` once if set."""

    labels, model_name, trained = LABELS, "fake", False
    backend_name, device_name, precision, input_size = "fake", "CPU", "fp32", (32, 32)
    describe = Segmenter.describe  # reads the names above only

    __enter__, __exit__ = Segmenter.__enter__, Segmenter.__exit__

    def __init__(self, seconds: float = 0.0):
        self.seconds, self.error = seconds, None
        self.score_threshold, self.overlap_threshold = 0.3, 0.8
        self.max_segments, self.class_filter, self.zoom = 100, (), True
        self.images: list[int] = []
        self.rotations: list[int] = []
        self.threads: set[int] = set()
        self.closed, self.shrunk = False, 0
        self.gate = threading.Event()
        self.gate.set()

    def set_image(self, image: np.ndarray, stamp=None, rotation=0) -> FakeFrame:
        self.rotations.append(rotation)
        self.threads.add(threading.get_ident())
        self.gate.wait(10)
        time.sleep(self.seconds)
        self.images.append(round(stamp * 1e9))
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return FakeFrame(self, image, stamp)

    def warm_up(self) -> None:
        self.threads.add(threading.get_ident())

    def close(self) -> None:
        self.closed = True
