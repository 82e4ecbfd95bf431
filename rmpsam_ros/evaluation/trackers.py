"""The tracker and its baselines behind one interface, so that all see the same detections in the same run."""
from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from rmpsam_ros.tracking import Detections, Tracker
from rmpsam_ros.tracking.masks import PackedMasks
from rmpsam_ros.types import LabelSet, TrackState


class Contestant(Protocol):
    """Tracks one sequence."""

    def step(self, detections: Detections, stamp: float) -> npt.NDArray[np.int64]:
        """(n,) the id assigned to each detection, 0 = none."""


class Ours:
    """`rmpsam_ros.tracking.Tracker`; only confirmed tracks count."""

    def __init__(self, labels: LabelSet, max_age: float, rate: float, min_hits: int = 3) -> None:
        self.tracker = Tracker(labels, max_age=max_age, min_hits=min_hits)

    def step(self, detections: Detections, stamp: float) -> npt.NDArray[np.int64]:
        tracks = self.tracker.update_detections(detections, stamp)
        confirmed = [track.track_id for track in tracks if track.state == TrackState.CONFIRMED]
        ids = self.tracker.assignment
        return np.where(np.isin(ids, confirmed), ids, 0)


class QueryMatching:
    """Plain query matching as in the method: the queries of each frame are assigned to those of the previous frame by
    cosine alone, one to one and without a threshold; unmatched objects keep their last query. (Frame by frame, as clips
    of one frame; the method's 100 queries become the detections with a score of at least 0.5.)"""

    def __init__(self, labels: LabelSet, max_age: float, rate: float) -> None:
        self._slots = np.zeros((0, 1), np.float32)

    def step(self, detections: Detections, stamp: float) -> npt.NDArray[np.int64]:
        ids = np.zeros(len(detections), np.int64)
        sure = np.flatnonzero(detections.scores >= 0.5)
        queries = detections.queries[sure]
        queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        if len(self._slots) == 0:
            self._slots = np.zeros((0, queries.shape[1]), np.float32)
        rows, columns = linear_sum_assignment(1 - self._slots @ queries.T)
        self._slots[rows] = queries[columns]
        ids[sure[columns]] = rows + 1
        new = np.setdiff1d(np.arange(len(sure)), columns)
        ids[sure[new]] = len(self._slots) + 1 + np.arange(len(new))
        self._slots = np.concatenate((self._slots, queries[new]))
        return ids


class _FromTrackers:
    """A tracker of Roboflow's `trackers` package (boxes and scores, no queries), with its own defaults except for how
    long a lost object is remembered, the frame rate and the stamps."""

    def __init__(self, tracker: object) -> None:
        self._tracker = tracker

    def step(self, detections: Detections, stamp: float) -> npt.NDArray[np.int64]:
        import supervision

        ids = np.zeros(len(detections), np.int64)
        height, width = detections.grid.cell_size
        given = supervision.Detections(
            xyxy=PackedMasks.of(detections.masks).boxes * (width, height, width, height), confidence=detections.scores,
            class_id=detections.class_ids, data={"row": np.arange(len(detections))},
        ) if len(detections) else supervision.Detections.empty()
        found = self._tracker.update(given, timestamp=stamp)
        if len(found) and found.tracker_id is not None:
            ids[found.data["row"]] = found.tracker_id + 1  # the package uses -1 for none
        return ids


def byte_track(labels: LabelSet, max_age: float, rate: float) -> Contestant:
    from trackers import ByteTrackTracker

    # lost_track_buffer counts frames at 30 Hz, whatever the rate; the package scales it.
    return _FromTrackers(ByteTrackTracker(lost_track_buffer=round(30 * max_age), frame_rate=rate))


def oc_sort(labels: LabelSet, max_age: float, rate: float) -> Contestant:
    from trackers import OCSORTTracker

    return _FromTrackers(OCSORTTracker(lost_track_buffer=round(30 * max_age), frame_rate=rate))


CONTESTANTS = {"rmpsam": Ours, "query matching": QueryMatching, "ByteTrack": byte_track, "OC-SORT": oc_sort}


def available(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names that can run here, and those whose package is missing."""
    missing = [] if find_spec("trackers") else [name for name in names if name in ("ByteTrack", "OC-SORT")]
    return [name for name in names if name not in missing], missing
