"""The tracks of one camera: continues track IDs across trackers, adds 3D positions, and filters by class. No ROS."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rmpsam_ros.depth_view import DepthView, Extent, located
from rmpsam_ros.errors import TrackError
from rmpsam_ros.ros.feeds import Processed
from rmpsam_ros.ros.requests import Answer
from rmpsam_ros.tracking.frames import of_classes
from rmpsam_ros.types import PromptResult, TrackedInstance


class CameraTracks:
    """A tracker that continues the track IDs of its predecessor.

    Args:
        tracker: a new tracker for this camera only.
        camera: name of the camera.
        next_ids: the next track ID of each camera; it outlives trackers and models, so no ID is used twice.
    """

    def __init__(self, tracker: Any, camera: str, next_ids: dict[str, int]) -> None:
        self.tracker, self._camera, self._next_ids = tracker, camera, next_ids
        if camera in next_ids:
            tracker.next_id = next_ids[camera]

    def update(self, frame: Any, time: float, view: DepthView | None,
               class_filter: Sequence[str]) -> tuple[tuple[TrackedInstance, ...] | None, dict[int, Extent]]:  # fmt: skip
        """Tracks one frame; returns the tracks of these classes with their positions, and extents by track ID. `time`: seconds.

        The tracks are None if the frame was no newer than an earlier one: the existing tracks belong to another image.
        """
        tracks = self.tracker.update(frame, stamp=time, depth=None if view is None else view.depth)
        self._note_ids()
        return located(of_classes(tracks, class_filter), view) if self.tracker.used else (None, {})

    def follow(self, processed: Processed, result: PromptResult, past: tuple | None) -> Answer:
        """Makes the clicked object a track; if that is impossible, still returns the mask. `past`: see `Tracker.follow`."""
        try:
            track_id = self.tracker.follow(result, stamp=processed.time, frame=processed.frame, past=past)
        except TrackError as error:
            return Answer(processed, result, problem=str(error))
        self._note_ids()
        return Answer(processed, result, track_id)

    def remove(self, track_id: int) -> tuple[bool, list[int]]:
        """Removes one track; returns whether it existed, and the IDs of the remaining ones."""
        return self.tracker.remove(track_id), [track.track_id for track in self.tracker.tracks]

    def reset(self) -> int:
        """Removes all tracks; returns how many there were."""
        count = len(self.tracker.tracks)
        self.tracker.reset()
        return count

    def _note_ids(self) -> None:
        """Saves the next ID immediately and never lowers it: if an inference hangs, a newer tracker may already run."""
        self._next_ids[self._camera] = max(self.tracker.next_id, self._next_ids.get(self._camera, 1))
