"""State of one clicked object, and the criteria by which an answer to its prompts is accepted."""
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
"""Minimum cosine of an answer's query with the previous ones for it to count as the same object."""
SURE = 0.5
"""Minimum predicted IoU of an answer, if the click's own was at least twice that."""
SHARE = 0.5
"""Otherwise the minimum, as a share of the click's own predicted IoU: not every network predicts the quality of its masks
well, and the user has accepted the first one."""
LIKE, LIKE_AGAIN, LIKE_IN_PLACE = 0.2, 0.4, 0.1
"""Minimum margin (`Agreement.margin`) of an answer as a share of the usual margin: for a track that was just seen, for a lost
one, and for an answer that lies `IN_PLACE`. It is relative because how much an object stands out depends on the object, its
surroundings and the network. An object that approaches or turns looks different, but has the expected position and shape. One that
approaches so fast that it has neither is the reason why the first value is so low: at 0.3 such objects were lost."""
IN_PLACE = 0.6
"""IoU with the last mask, moved: an occluder hardly ever has the shape of the object that it hides."""
GROWS, GROWS_AGAIN = 4.0, 4.0
"""Maximum ratio of an answer's area to the usual one, or of the usual one to it: for a track just seen, for a lost one."""
ALL, NEARLY_ALL = 0.98, 0.9
"""Share of the frame from which an answer is rejected, if the usual area is below the second share: when a camera is covered or
blinded, every answer covers the whole frame."""
LEARNING_RATE = 0.5
"""Weight of the newest answer in the running means: an approaching object soon has twice its area."""
SLOW = 0.1
"""The same for the margin, lower because wrong answers must not become the norm."""


@dataclass
class Memory:
    """State of one clicked object.

    `query` (D,) unit: the running mean of the answers so far, None if the backend returns none. `least`: the minimum
    predicted IoU of an answer. `area`: the usual one, as a share of the frame. `target`: None until a frame was seen.
    `margin`: the usual one of the answers; at first the click's own, 0 if its frame is unknown. `mask` (h, w): the answer in
    the last frame, None if none was accepted. `asked_at`: the number of the frame in which it was last prompted for.
    `missed`: the number of consecutive frames without an answer. `answered`: the time of the last answer, seconds; None
    before the first."""

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
        """(P,) bool: which answers, with (P, h, w) masks, can be this object; `lost`: it was not seen in the previous frame."""
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
        """Updates the running means with the answer of a frame."""
        newest = unit(query)
        if newest is not None and self.query is not None:
            self.query = unit((1 - LEARNING_RATE) * self.query + LEARNING_RATE * newest)
        self.area += LEARNING_RATE * (float(mask.mean()) - self.area)
        self.margin += (SLOW if self.margin else 1.0) * (margin - self.margin)


def unit(query: FloatArray | None) -> FloatArray | None:
    """The query scaled to length 1; None if it is missing, not finite or zero."""
    if query is None or not np.isfinite(query).all() or not np.any(query):
        return None
    return np.asarray(query, np.float32) / np.linalg.norm(query)
