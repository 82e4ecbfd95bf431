"""Clicks on many objects of one image, answered with few runs of the network.

`Frame.prompt` runs the network on the points of one object. The network answers each point independently, so the points of
many objects can go through it together, and the answer to a point can be reused; as in `Frame.prompt`,
`rmpsam_ros.prompting` combines an object's points into one mask. The masks are those of `Frame.prompt`.
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
"""Points per run of the network: beyond that, the time grows with the number of points."""

KEPT = 96
"""Zoom-in crops that are cached: those of one image's objects, from the first click on each to the last."""


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
        """Each object's clicks, at least one of them foreground, to its (H, W) mask."""
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
