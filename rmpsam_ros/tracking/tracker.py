"""The multi-object tracker of one camera, based on the queries and masks that the network computes anyway."""
from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import TrackError
from rmpsam_ros.stamps import seconds
from rmpsam_ros.tracking.association import Observation
from rmpsam_ros.tracking.clock import Clock, Order
from rmpsam_ros.tracking.detections import CELL, Detections
from rmpsam_ros.tracking.frames import detections_of
from rmpsam_ros.tracking.grid import Grid
from rmpsam_ros.tracking.lifecycle import Lives
from rmpsam_ros.tracking.prompted import PromptKeeper
from rmpsam_ros.tracking.table import Look, Seen
from rmpsam_ros.types import LabelSet, PromptResult, Roi, TrackedInstance, TrackState

if TYPE_CHECKING:
    from rmpsam_ros.frame import Frame

_STATES = {int(state): state for state in TrackState}
_DIMS = 256
"""Dimensions of a query if the first object to follow is a click without one."""


class Tracker:
    """Tracks the things of one camera; create one per camera. Not thread-safe.

    Ids start at 1 and are never reused, not even after `reset`. All times are seconds and come from the stamps.
    """

    def __init__(self, labels: LabelSet, max_age: float = 10.0, min_hits: int = 3) -> None:
        """labels: the classes of the detections; only things are tracked. max_age: seconds for which a lost object is
        remembered. min_hits: frames in which an object must be seen to be CONFIRMED. Both may be changed at any time.
        """
        if not isinstance(labels, LabelSet):
            raise TrackError(f"The labels are {labels!r}; a LabelSet was expected, such as the segmenter's `labels`.")
        self.labels = labels
        self.max_age = max_age
        self.min_hits = min_hits
        self._is_thing = labels.is_thing()
        self._names = [label.name for label in labels.classes]
        self._next_id = 1
        self._lives: Lives | None = None
        self.reset()

    @property
    def max_age(self) -> float:
        """Seconds for which a lost object is remembered."""
        return self._max_age

    @max_age.setter
    def max_age(self, seconds: float) -> None:
        if not (isinstance(seconds, Real) and 0 <= seconds < float("inf")):
            raise TrackError(f"max_age is {seconds!r}; seconds from 0 up were expected.")
        self._max_age = float(seconds)

    @property
    def min_hits(self) -> int:
        """Frames in which an object must be seen to be CONFIRMED."""
        return self._min_hits

    @min_hits.setter
    def min_hits(self, frames: int) -> None:
        if not (isinstance(frames, Real) and 1 <= frames < float("inf") and int(frames) == frames):
            raise TrackError(f"min_hits is {frames!r}; a whole number from 1 up was expected.")
        self._min_hits = int(frames)

    @property
    def tracks(self) -> tuple[TrackedInstance, ...]:
        """All tracks as they stand now, by id."""
        return self._tracks

    @property
    def used(self) -> bool:
        """Whether the last frame was used: False if it was no newer than a previous one."""
        return self._used

    @property
    def next_id(self) -> int:
        """The id of the next object. Set it before the first frame to continue the ids of another tracker."""
        return self._lives.next_id if self._lives else self._next_id

    @next_id.setter
    def next_id(self, number: int) -> None:
        if self._lives is not None or number < 1:
            raise TrackError(f"next_id cannot be set to {number}: ids start at 1, and can be chosen only before the first frame.")
        self._next_id = int(number)

    @property
    def assignment(self) -> npt.NDArray[np.int64]:
        """(n,) the track id of each detection in the last used frame, in the caller's order; 0 = none."""
        return self._assignment

    def reset(self) -> None:
        """Removes all tracks. Ids continue from where they were."""
        self._next_id = self.next_id
        self._used = True
        self._clock = Clock()
        self._timeless = False  # a click was followed without a stamp
        self._lives = None
        self._grid: Grid | None = None
        self._keeper = PromptKeeper()
        self._frame: Frame | None = None
        self._tracks: tuple[TrackedInstance, ...] = ()
        self._assignment = np.zeros(0, np.int64)

    def remove(self, track_id: int) -> bool:
        """Removes one track; False if there is none with this id. If its object is seen again, it gets a new id."""
        table = self._lives.table if self._lives else None
        if table is None or (row := table.row_of(track_id)) is None:
            return False
        table.keep(np.arange(len(table)) != row)
        self._keeper.forget(track_id)
        self._assignment[self._assignment == track_id] = 0
        self._tracks = tuple(track for track in self._tracks if track.track_id != track_id)
        return True

    def update(self, frame: Frame, stamp: float | None = None, depth: npt.NDArray[np.float32] | None = None) -> tuple[TrackedInstance, ...]:
        """Processes one frame of a `Segmenter`; returns all current tracks by id, including tentative and lost ones.

        stamp: seconds, the frame's own if None (see `update_detections`). depth: (H, W) float32 metres registered to
        the image, 0 or NaN where unknown. Things of the frame's panoptic map begin and continue tracks; objects with a
        score too low for the map continue them. Clicked objects are tracked by their own prompts.
        """
        if not hasattr(frame, "objects"):
            raise TrackError(f"A frame of a Segmenter was expected (`segmenter.set_image(image)`), not a {type(frame).__name__}.")
        stamp = frame.stamp if stamp is None else stamp
        self.update_detections(detections_of(frame, self._is_thing, depth), stamp)
        if not self._used:
            return self._tracks
        self._frame = frame
        if self._keeper.find(frame, self._lives, self._grid, self._clock.now):
            for gone, track_id in self._keeper.absorb(self._lives.table).items():
                self._assignment[self._assignment == gone] = track_id
            self._tracks = self._report()
        return self._tracks

    def update_detections(self, detections: Detections, stamp: float | None = None) -> tuple[TrackedInstance, ...]:
        """Processes one frame's objects; returns all current tracks by id, including tentative and lost ones.

        stamp: seconds, on any clock that does not stop; None = a thirtieth of a second after the previous frame. A frame
        that is as old as the newest one, or up to a second older, changes nothing: the same tracks are returned again.
        An even older one means that time has restarted: all tracks are removed. Objects that cannot be tracked
        (NaN in score or query, an empty mask, stuff or an unknown class) are skipped. Raises TrackError if the
        shapes of the arrays disagree.
        """
        detections = detections.checked()
        self._check_dims(detections.queries.shape[1])
        if self._timeless:
            self._clock, self._timeless = Clock(), False
        order, dt = self._clock.advance(seconds(stamp, TrackError))
        if order is Order.FIRST and self._lives is not None:
            self._lives.table.seen_at[:] = self._clock.now
        self._used = order is not Order.STALE
        if not self._used:
            return self._tracks
        if order is Order.RESTARTED:
            now = self._clock.now
            self.reset()
            self._clock.advance(now)
        self._prepare(detections)
        seen, usable = Observation.of_usable(detections, self._is_thing)
        self._frame = None
        ids = self._lives.step(seen, self._grid, self._clock.now, dt, self.min_hits, self.max_age, self._keeper.barred)
        self._keeper.keep_only(self._lives.table.id)
        self._assignment = np.zeros(len(detections), np.int64)
        self._assignment[usable] = ids
        self._tracks = self._report()
        return self._tracks

    def follow(
        self, click: PromptResult, stamp: float | None = None, frame: Frame | None = None, past: Iterable[TrackedInstance] | None = None,
    ) -> int:
        """Makes a clicked object a track at once, CONFIRMED and `prompted`; returns its id. (A track of `past` that is lost
        by now stays lost until it is found.)

        It is the track of the newest frame whose mask matches the click's best, if there is one (IoU above one half);
        else a new track. From then on it is tracked by its own prompts. Call it with an answer on the newest frame, before
        the next update, or pass the frame of the answer: its features define the object's appearance and are not
        kept. past: for a frame before the newest, the tracks that were returned for it; the clicked one is then matched
        among these, as all may have moved since; () if they are unknown. stamp (seconds): when the frame was taken, if no
        update has seen it or one as new; without it, the time is that of the newest update, or just before the first.
        Raises TrackError for a click without an object.
        """
        if not isinstance(click, PromptResult):
            raise TrackError(f"The answer to a click was expected (`frame.prompt(…)`), not a {type(click).__name__}.")
        if not click.mask.any():
            raise TrackError("The click found no object, so there is nothing to follow; click on another point of it.")
        query = np.ones(self._lives.table.dims if self._lives else _DIMS) if click.query is None else click.query
        query = np.asarray(query, np.float32)
        self._check_dims(len(query))
        stamp, frame = seconds(stamp, TrackError), frame or self._frame
        if self._clock.now is None:
            self._clock.advance(stamp if stamp is None else math.nextafter(stamp, -math.inf))  # the frame itself may still be updated
            self._timeless = stamp is None
        grid = self._grid_of(click, frame)
        mask = grid.downsample(click.mask)
        class_id = click.class_id if 0 <= click.class_id < len(self.labels) else -1
        asked = Detections(np.array([class_id]), np.array([np.nan_to_num(click.score)], np.float32), query[None], mask[None],
                           image_size=grid.source, cell_size=grid.cell_size)  # fmt: skip
        self._prepare(asked)
        seen = Observation.of(asked)
        table = self._lives.table
        newest = self._clock.now if stamp is None else max(stamp, self._clock.now)
        self._lives.expire(newest, self.max_age)  # without subscribers there are no updates that would
        self._keeper.keep_only(table.id)
        self._assignment[~np.isin(self._assignment, table.id)] = 0
        row = self._keeper.match(seen, table) if past is None else self._keeper.match_past(click, past, table)
        moved_on = row is not None and past is not None
        memory = self._keeper.taught(click, mask, frame, moved_on)  # before anything is changed, because it reads the frame
        if row is None:
            self._lives.begin(seen, np.array([0]), self._grid, newest, prompted=True)
            row = len(self._lives.table) - 1
        table.prompted[row] = True
        if not moved_on:
            table.state[row], table.seen_at[row] = TrackState.CONFIRMED, newest
            look, roi = table.look[row], Roi.of_mask(click.mask)
            table.look[row] = Look(look.patch, roi, look.segment_id, click.mask[roi.slices].copy())
        elif table.state[row] == TrackState.TENTATIVE:
            table.state[row] = TrackState.LOST if table.unseen[row] else TrackState.CONFIRMED
        track_id = int(table.id[row])
        self._keeper.remember(track_id, memory)
        self._tracks = self._report()
        return track_id

    def _grid_of(self, click: PromptResult, frame: Frame | None) -> Grid:
        """The cells over the image of a click: those of the newest frame, or of the one that was clicked."""
        source = click.mask.shape
        if self._grid is not None and self._grid.source == source:
            return self._grid
        if self._grid is None and frame is not None:
            return Grid.of(frame.placement, source)
        return Grid(self._grid.size if self._grid else (-(-source[0] // CELL), -(-source[1] // CELL)), source)

    def _check_dims(self, dims: int) -> None:
        if self._lives is not None and dims != self._lives.table.dims:
            raise TrackError(
                f"Queries have {dims} dimensions, those so far had {self._lives.table.dims}; reset the tracker when the model changes."
            )

    def _prepare(self, detections: Detections) -> None:
        """Creates the table, and rescales it when the camera's resolution or the network's input size changes."""
        if self._lives is None:
            self._lives = Lives(len(self.labels), detections.queries.shape[1], self._next_id)
        old, new = self._grid, detections.grid
        if old == new:
            return
        self._grid = new
        if old is None:
            return
        pixels = np.divide(new.source, old.source)
        cells = np.divide(old.cell_size, new.cell_size) * pixels  # the same part of the image, in other cells
        if old.size != new.size or (cells != 1).any():
            self._lives.table.rescale(cells[1], cells[0], new.size)
        if old.source != new.source:
            self._lives.table.resize(pixels[1], pixels[0], new.source)

    def _report(self) -> tuple[TrackedInstance, ...]:
        """All tracks as `TrackedInstance`s."""
        table = self._lives.table
        gaps = np.where(table.unseen > 0, self._clock.now - table.seen_at, 0)
        scores = table.score * np.maximum(1 - gaps / max(self.max_age, 1e-9), 0)  # decays with the time since lost
        classes = np.where(table.votes.any(axis=1), table.votes.argmax(axis=1), -1)
        columns = (table.id, classes, scores, table.state, table.age, table.unseen, table.prompted, table.depth)
        names = self._names
        return tuple(
            Seen.of(
                look, track_id=track_id, class_id=class_id, class_name=names[class_id] if class_id >= 0 else "", score=score,
                state=_STATES[state], age=age, frames_since_seen=frames, prompted=prompted,
                segment_id=0 if frames else look.segment_id, depth=None if depth != depth else depth, position=None,
            )
            for look, track_id, class_id, score, state, age, frames, prompted, depth
            in zip(table.look, *(column.tolist() for column in columns))
        )
