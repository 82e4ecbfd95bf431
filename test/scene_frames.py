"""A stand-in for the segmenter's frames: a scene of square objects that knows where each of them is."""
from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
from tracking_scenes import GRID, IMAGE, LABELS, query, square

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.prompting import Prompt, class_of_mask
from rmpsam_ros.placement import place
from rmpsam_ros.types import PanopticResult, PointPrompt, PromptResult, Roi, Segment


@dataclass
class Thing:
    """An object of the scene; `found`: the decoder's score, 0 = only a prompt finds it."""

    x: float
    y: float
    name: int = 0
    kind: int = 0
    found: float = 0.9
    side: int = 10


@dataclass
class SceneFrame:
    """What `Segmenter.set_image` would return; objects with a score of at least 0.5 are in the panoptic map, the first on top."""

    things: list[Thing]
    stamp: float | None = None
    image_size: tuple[int, int] = IMAGE
    asked: list = field(default_factory=list)
    answers: bool = True
    score: float = 0.8
    allowed: np.ndarray | None = None

    @property
    def labels(self):
        return LABELS

    @property
    def placement(self):
        return place(self.image_size, IMAGE)

    def mask(self, thing: Thing) -> np.ndarray:
        return square(thing.x, thing.y, thing.side).repeat(4, 0).repeat(4, 1)

    def panoptic(self) -> PanopticResult:
        shown = [(i, thing) for i, thing in enumerate(self.things) if thing.found >= 0.5]
        floor = len(shown) + 1
        ids = np.full(IMAGE, floor, np.uint16)
        for k, (_, thing) in reversed([*enumerate(shown, 1)]):
            ids[self.mask(thing)] = k
        segments = [Segment(k, t.kind, LABELS[t.kind].name, LABELS[t.kind].is_thing, t.found, 0, Roi.of_mask(ids == k), 0, i, query(t.name))
                    for k, (i, t) in enumerate(shown, 1)]
        segments.append(Segment(floor, 2, "floor", False, 0.9, 0, Roi(0, 0, IMAGE[1], IMAGE[0])))
        return PanopticResult(ids, tuple(segments), LABELS)

    @property
    def objects(self):
        n = len(self.things)
        logits = np.full((n, 56, 72), -5, np.float32)  # the network's input is larger than the image: padding
        for i, thing in enumerate(self.things):
            logits[i, : GRID[0], : GRID[1]][square(thing.x, thing.y, thing.side)] = 5
        return SimpleNamespace(
            class_ids=np.array([t.kind for t in self.things], np.int64), scores=np.array([t.found for t in self.things], np.float32),
            queries=np.array([query(t.name) for t in self.things], np.float32).reshape(n, 16), mask_logits=logits, valid=GRID,
        )

    @property
    def features(self):
        """An object's cells resemble its name's features, all others the floor's, none exactly."""
        cells = np.random.default_rng(5).normal(0, 0.3, (16, *GRID)) + query(99)[:, None, None]
        for thing in reversed(self.things):
            mask = square(thing.x, thing.y, thing.side)
            cells[:, mask] += (query(thing.name) - query(99))[:, None]
        return cells.astype(np.float32)

    def prompt(self, points=(), labels=None, boxes=()) -> PromptResult:
        prompt = Prompt(tuple(PointPrompt(x, y, 1) for x, y in points), tuple(boxes))
        outputs = self.prompt_outputs(prompt)
        mask, roi, score, best = self.answer(outputs, prompt)
        thing = self.at(*points[0])
        kind = thing.kind if thing else -1
        return PromptResult(mask, score, roi, kind, LABELS[kind].name if thing else "", query=outputs.queries[best])

    def class_of(self, mask, roi) -> int:
        return class_of_mask(mask, roi, self.panoptic())

    def at(self, x, y) -> Thing | None:
        return next((thing for thing in self.things if self.answers and self.mask(thing)[int(y), int(x)]), None)

    def prompt_outputs(self, prompt: Prompt) -> PromptOutputs:
        self.asked.append(prompt)
        things = [self.at(p.x, p.y) for p in prompt.points] + [self.at((x1 + x2) / 2, (y1 + y2) / 2) for x1, y1, x2, y2 in prompt.boxes]
        logits = np.full((len(things), 56, 72), -5, np.float32)
        for map_, thing in zip(logits, things):
            if thing:
                map_[: GRID[0], : GRID[1]][square(thing.x, thing.y, thing.side)] = 5
        return PromptOutputs(logits, np.array([self.score if t else 0.1 for t in things], np.float32),
                             np.array([query(50 + t.name if t else 99) for t in things]))

    def answer(self, outputs: PromptOutputs, prompt: Prompt):
        mask = (outputs.mask_logits.max(axis=0) > 0)[: GRID[0], : GRID[1]].repeat(4, 0).repeat(4, 1)
        best = int(outputs.iou.argmax())
        return mask, Roi.of_mask(mask), float(outputs.iou[best]), best
