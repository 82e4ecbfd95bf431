"""What is known of one clicked object, and which answers to prompts can be it."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.tracking.candidates import Agreement
from rmpsam_ros.tracking.target import Target

FloatArray = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

ALIKE = 0.8
"""Least cosine of an answer's query with those before for it to be taken for the same object."""
SURE = 0.5
"""Least predicted IoU of an answer, where the click's own was at least twice that."""
SHARE = 0.5
"""Elsewhere the least share of the click's own predicted IoU: not every network knows how good its masks are, and the
person who clicked has accepted the first one."""
LIKE, LIKE_AGAIN, LIKE_IN_PLACE = 0.2, 0.4, 0.1
"""Share of the usual margin (`Agreement.margin`) that an answer must have, for a track that was just seen, for one that was
lost, and for an answer that lies `IN_PLACE`: how much an object stands out from its surroundings depends on both, and on the
network. What comes near or turns looks different, but where it is expected, and in the shape; what comes near so fast that it has
neither is why the first is so low: at 0.3 it was lost."""
IN_PLACE = 0.6
"""IoU with the last mask, moved: of what comes in between, hardly anything has the shape of what it hides."""
GROWS, GROWS_AGAIN = 4.0, 4.0
"""By how much an answer's area may differ from the usual one."""
ALL, NEARLY_ALL = 0.98, 0.9
"""Share of the frame that is no answer for what has usually had less: of a covered or blinded camera, every answer is all of it."""
LEARNING_RATE = 0.5
"""Weight of the newest answer in what is usual: an object that comes nearer soon has twice its area."""
SLOW = 0.1
"""The same of the margin: what is not the object must not become usual."""


@dataclass
class Memory:
    """What is known of one clicked object.

    `query` (D,) unit: the running mean of the answers so far, None where the backend gives none. `least`: the
    predicted IoU that an answer must have. `area`: the usual one, as a share of the frame. `target`: None until a frame was seen.
    `margin`: the usual one, of answers; the click's own at first, 0 where its frame is not known. `mask` (h, w): the answer in the last frame, None where none
    was taken. `asked_at`: the number of the frame in which it was last asked for. `missed`: how
    often in a row there was no answer. `answered`: when there was one, seconds; None before the first."""

    query: FloatArray | None
    least: float
    area: float
    target: Target | None = None
    margin: float = 0.0
    mask: Mask | None = None
    asked_at: int = 0
    missed: int = 0
    answered: float | None = None

    def fits(self, outputs: PromptOutputs, masks: Mask, agreement: Agreement, lost: bool) -> npt.NDArray[np.bool_]:
        """(P,) which answers, with (P, h, w) masks, can be this object; `lost`: it was not seen in the frame before."""
        like = np.where(agreement.place >= IN_PLACE, LIKE_IN_PLACE, LIKE_AGAIN if lost else LIKE)
        fits = (agreement.margin > 0) & (agreement.margin >= like * self.margin)
        fits &= np.abs(agreement.growth) <= np.log(GROWS_AGAIN if lost else GROWS)
        fits &= np.nan_to_num(outputs.iou) >= self.least
        if self.area < NEARLY_ALL:
            fits &= np.count_nonzero(masks, axis=(1, 2)) < ALL * masks[0].size
        if self.query is not None:
            queries = [unit(query) for query in outputs.queries]
            fits &= np.array([query is None or float(query @ self.query) >= ALIKE for query in queries])
        return fits

    def learn(self, query: FloatArray, mask: Mask, margin: float) -> None:
        """Takes in the answer of a frame."""
        newest = unit(query)
        if newest is not None and self.query is not None:
            self.query = unit((1 - LEARNING_RATE) * self.query + LEARNING_RATE * newest)
        self.area += LEARNING_RATE * (float(mask.mean()) - self.area)
        self.margin += (SLOW if self.margin else 1.0) * (margin - self.margin)


def unit(query: FloatArray | None) -> FloatArray | None:
    """A query at length 1; None where it is none."""
    if query is None or not np.isfinite(query).all() or not np.any(query):
        return None
    return np.asarray(query, np.float32) / np.linalg.norm(query)
