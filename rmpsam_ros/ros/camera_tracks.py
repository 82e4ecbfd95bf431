"""The tracks of one camera: which ids are free, what depth says of them, and which of them are shown. No ROS."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rmpsam_ros.depth_view import DepthView, Extent, located
from rmpsam_ros.errors import PromptError, TrackError
from rmpsam_ros.ros.feeds import Processed
from rmpsam_ros.ros.requests import Answer
from rmpsam_ros.tracking.frames import of_classes
from rmpsam_ros.types import PromptResult, TrackedInstance


class CameraTracks:
    """A tracker that goes on with the ids of the one before.

    Args:
        tracker: new, for this camera alone.
        camera: its name.
        next_ids: the next id of each camera's tracks, which outlives trackers and models: no id is used twice.
    """

    def __init__(self, tracker: Any, camera: str, next_ids: dict[str, int]) -> None:
        self.tracker, self._camera, self._next_ids = tracker, camera, next_ids
        if camera in next_ids:
            tracker.next_id = next_ids[camera]

    def update(self, frame: Any, time: float, view: DepthView | None,
               class_filter: Sequence[str]) -> tuple[tuple[TrackedInstance, ...] | None, dict[int, Extent]]:  # fmt: skip
        """Takes a frame in; the tracks of these classes with their places, and the extent of each by id. `time`: seconds.

        The tracks are None where the frame was no newer than one before: all there are is of another picture.
        """
        tracks = self.tracker.update(frame, stamp=time, depth=None if view is None else view.depth)
        self._note_ids()
        return located(of_classes(tracks, class_filter), view) if self.tracker.used else (None, {})

    def follow(self, processed: Processed, result: PromptResult, past: tuple | None) -> Answer:
        """Makes the clicked object a track; where that is impossible, the mask is answered all the same. `past`: see `Tracker.follow`."""
        try:
            track_id = self.tracker.follow(result, stamp=processed.time, frame=processed.frame, past=past)
        except TrackError as error:
            return Answer(processed, result, problem=str(error))
        self._note_ids()
        return Answer(processed, result, track_id)

    def remove(self, track_id: int) -> tuple[bool, list[int]]:
        """Forgets one track; whether there was one, and the ids that there are."""
        return self.tracker.remove(track_id), [track.track_id for track in self.tracker.tracks]

    def reset(self) -> int:
        """Forgets all tracks; how many there were."""
        count = len(self.tracker.tracks)
        self.tracker.reset()
        return count

    def _note_ids(self) -> None:
        """At once, and never less: another tracker may have come after this one while an inference did not end."""
        self._next_ids[self._camera] = max(self.tracker.next_id, self._next_ids.get(self._camera, 1))


class NoTracks:
    """Stands where the tracks of a camera would be, in a node that does not track."""

    tracker, _WHY = None, "this node does not track"

    def update(self, *_: object) -> tuple[tuple[TrackedInstance, ...], dict[int, Extent]]:
        return (), {}

    def follow(self, processed: Processed, result: PromptResult, past: tuple | None) -> Answer:
        return Answer(processed, result, problem=self._WHY)

    def remove(self, track_id: int) -> tuple[bool, list[int]]:
        raise PromptError(self._WHY)

    def reset(self) -> int:
        raise PromptError(self._WHY)
