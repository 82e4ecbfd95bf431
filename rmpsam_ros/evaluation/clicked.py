"""Evaluation of objects that are clicked once, in their first frame of a video, and tracked from there on.

The click is `simulated_clicks.first_click`; tracking is that of `rmpsam track --click`. An object's overlap in a frame is
that of its track's mask, 0 if the track is not seen there. Where the object itself is not visible, no mask counts as right
(1) and any mask as wrong (0), as in DAVIS.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import PromptError, TrackError
from rmpsam_ros.evaluation.simulated_clicks import first_click
from rmpsam_ros.tracking import Tracker
from rmpsam_ros.types import LabelSet, TrackedInstance

if TYPE_CHECKING:
    from rmpsam_ros.frame import Frame


@dataclass
class ClickedObject:
    """`click` x, y in the frame number `frame`; `track_id` 0 if nothing was found; `overlaps` from that frame on."""

    key: int
    frame: int
    click: tuple[float, float]
    track_id: int = 0
    overlaps: list[float] = field(default_factory=list)

    @property
    def j(self) -> float:
        """Mean overlap over all frames from the click on, including its own frame."""
        return float(np.mean(self.overlaps))

    @property
    def davis(self) -> list[float]:
        """The overlaps that DAVIS counts: without the frame in which the object is given, and without the last frame."""
        return self.overlaps[1:-1]


class ClickedObjects:
    """All objects of one video."""

    def __init__(self, labels: LabelSet, max_age: float) -> None:
        self._tracker = Tracker(labels, max_age)
        self._frame = 0
        self._of_key: dict[int, ClickedObject] = {}

    @property
    def objects(self) -> list[ClickedObject]:
        return list(self._of_key.values())

    def add(self, frame: Frame, truth: Mapping[int, npt.NDArray[np.bool_]]) -> None:
        """Adds one frame and the (H, W) masks of the objects visible in it, by key."""
        self._tracker.update(frame)
        for key, mask in truth.items():
            if key not in self._of_key:
                click = first_click(mask)
                new = self._of_key[key] = ClickedObject(key, self._frame, (click.x, click.y))
                try:
                    new.track_id = self._tracker.follow(frame.prompt(points=[new.click]), frame=frame)
                except (PromptError, TrackError):  # nothing found: counts as lost
                    pass
        seen = {track.track_id: track for track in self._tracker.tracks if not track.frames_since_seen}
        for key, clicked in self._of_key.items():
            clicked.overlaps.append(_overlap(truth.get(key), seen.get(clicked.track_id)))
        self._frame += 1


def clicked_summary(objects: Sequence[ClickedObject]) -> dict[str, float]:
    """Percentages, means over objects: `j` over all frames from the click on, `j_davis` over those that DAVIS counts,
    and `recall`, the share of the latter with an overlap above one half. NaN without objects."""
    counted = [o.davis for o in objects if o.davis]
    return {
        "objects": len(objects),
        "j": 100 * float(np.mean([o.j for o in objects])) if objects else float("nan"),
        "j_davis": 100 * float(np.mean([np.mean(values) for values in counted])) if counted else float("nan"),
        "recall": 100 * float(np.mean([np.mean(np.array(values) > 0.5) for values in counted])) if counted else float("nan"),
    }


def _overlap(mask: npt.NDArray[np.bool_] | None, track: TrackedInstance | None) -> float:
    found = 0 if track is None else np.count_nonzero(track.mask)
    if mask is None:
        return float(found == 0)
    common = 0 if track is None else np.count_nonzero(mask[track.roi.slices] & track.mask)
    return common / (np.count_nonzero(mask) + found - common)
