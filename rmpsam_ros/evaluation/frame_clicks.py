"""Clicks on many objects of one picture, answered with few runs of the network.

`Frame.prompt` asks the network about one object's points. The network answers each point for itself, so the points of many
objects may go through it together, and a point that was asked about before need not be asked again; how an object's
points make one mask is `rmpsam_ros.prompting`'s business here as there. The masks are those of `Frame.prompt`.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.prompting import Prompt
from rmpsam_ros.types import PointPrompt

if TYPE_CHECKING:
    from rmpsam_ros.frame import Frame

AT_ONCE = 16
"""Points in one run of the network: of more, each costs as much again."""

KEPT = 96
"""Windows of closer looks that are kept: those of one picture's objects, from each one's first click to its last."""


class FrameClicks:
    """Answers clicks on one frame.

    Args:
        frame: of `Segmenter.set_image`.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._zoom = frame.zoom(capacity=KEPT)
        self._known: dict[PointPrompt, tuple[npt.NDArray[np.float32], ...]] = {}

    def __call__(self, requests: Sequence[Sequence[PointPrompt]]) -> Iterator[npt.NDArray[np.bool_]]:
        """Each object's clicks, one of them foreground at least, to its (H, W) mask."""
        new = [click for click in dict.fromkeys(click for clicks in requests for click in clicks) if click not in self._known]
        for start in range(0, len(new), AT_ONCE):
            chunk = tuple(new[start : start + AT_ONCE])
            outputs = self._frame.prompt_outputs(Prompt(chunk, ()))
            self._known.update(zip(chunk, zip(outputs.mask_logits, outputs.iou, outputs.queries)))
        for clicks in requests:
            outputs = PromptOutputs(*(np.stack(parts) for parts in zip(*(self._known[click] for click in clicks))))
            prompt = Prompt(tuple(clicks), ())
            first = self._frame.answer(outputs, prompt)[:3]
            closer = self._zoom.answer(prompt, first) if self._zoom else None
            yield (closer or first)[0]
