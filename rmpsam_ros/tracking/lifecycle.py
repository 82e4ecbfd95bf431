"""Life cycle of tracks: creation, confirmation, loss, re-identification, removal. Works on one table, one frame at a time."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from rmpsam_ros.tracking import appearance, evidence, motion
from rmpsam_ros.tracking.association import CUT, Evidence, Observation, weigh
from rmpsam_ros.tracking.grid import Grid
from rmpsam_ros.tracking.table import Look, TrackTable
from rmpsam_ros.types import Roi, TrackState

MATCH_ODDS = 2.0
"""Log odds from which a detection and a track count as one object."""
CONTINUES, CONTINUES_FOR = 7.0, 0.5
"""Reduction of the threshold (log odds) for a track that was seen in the last frame, and its time constant (seconds)."""
SAME_PLACE = -1.0
"""Log odds of the position from which a detection counts as being at the track's predicted position."""
BIRTH_SCORE = 0.5
"""A detection with a lower score continues a track but does not begin one."""
TENTATIVE_AGE = 0.5
"""Seconds unseen after which a track that is not yet confirmed is removed."""
WATCHED = 100
"""Frames after which the similarity statistics are stable enough to update them in every fourth frame only."""
PAUSE = 5.0
"""Seconds between two frames up to which tracks continue even with a `max_age` of 0: some cameras are slow."""
MOST_TRACKS = 512
"""Maximum number of tracks; the longest unseen are removed first."""


class Lives:
    """All tracks of one camera since its clock started."""

    def __init__(self, classes: int, dims: int, next_id: int) -> None:
        self.table = TrackTable(classes, dims)
        self.odds = appearance.Likeness()
        self.next_id = next_id
        self._frames = 0

    def step(
        self, seen: Observation, grid: Grid, now: float, dt: float, min_hits: int, max_age: float,
        bar: Callable[[Observation, TrackTable], npt.NDArray[np.bool_] | None] = lambda seen, table: None,
    ) -> npt.NDArray[np.int64]:
        """One frame: predict, match, correct, create, confirm, remove; returns the id of each detection, 0 = none.

        now: the frame's stamp, dt: seconds since the frame before. bar: says which detections (n) must not
        continue which tracks (m), (m, n) bool, or None where all may.
        """
        table = self.table
        np.minimum(table.seen_at, now, out=table.seen_at)  # a click on a frame of another time may be later
        self.expire(now, max_age)
        motion.predict(table.position, table.velocity, table.covariance, table.reach, dt, grid.size)
        weighed = weigh(table, seen, self.odds, now, grid.size)
        gaps = now - table.seen_at
        # A track that was just seen is still there, far more likely than a new object in the same place or of the same appearance.
        bonus = CONTINUES * np.exp(-gaps / CONTINUES_FOR).astype(np.float32)
        threshold = MATCH_ODDS - bonus[:, None] * ((weighed.place > SAME_PLACE) | (weighed.looks > 0))
        barred = bar(seen, table)
        if barred is not None:
            threshold[barred] = np.inf
        rows, columns = _match(weighed.total, threshold, seen.detections.scores >= BIRTH_SCORE)
        self._watch(weighed, rows, columns, now)
        missed = np.ones(len(table), bool)
        missed[rows] = False
        table.age += 1
        table.unseen += missed
        table.state[missed & table.in_state(TrackState.CONFIRMED)] = TrackState.LOST
        for look in table.look[missed]:
            look.mask()  # computed now, so that the frame it is cropped from can be freed
        self.correct(seen, rows, columns, weighed.nearest[rows, columns], weighed.lasting[rows, columns], grid, now)

        ids = np.zeros(len(seen), np.int64)
        ids[columns] = table.id[rows]
        before = len(table)
        free = np.flatnonzero((ids == 0) & (seen.detections.scores >= BIRTH_SCORE))
        ids[free] = self.begin(seen, free, grid, now)
        if barred is not None:
            weighed.total[barred] = -np.inf  # neither now nor when newly confirmed tracks are compared with the lost ones
        self._confirm(seen, weighed, rows, columns, gaps, before, ids, min_hits)
        self.expire(now, max_age)
        return ids

    def _watch(self, weighed: Evidence, rows: npt.NDArray, columns: npt.NDArray, now: float) -> None:
        """Updates the similarity statistics from pairs that position and overlap alone make certain."""
        self._frames += 1
        if len(rows) == 0 or (self._frames > WATCHED and self._frames % 4):
            return
        table = self.table
        sure = (weighed.place[rows, columns] > 3) & (table.hits[rows] > 1) & (now - table.seen_at[rows] < 1)
        sure &= appearance.known(table.counts[rows])
        pairs = np.ix_(rows[sure], columns[sure])
        apart = ~np.eye(int(sure.sum()), dtype=bool)
        for odds, cosines in ((self.odds.recent, weighed.recent[pairs]), (self.odds.lasting, weighed.lasting[pairs])):
            odds.observe(np.diagonal(cosines), cosines[apart])

    def correct(
        self, seen: Observation, rows: npt.NDArray, columns: npt.NDArray, nearest: npt.NDArray, lasting: npt.NDArray,
        grid: Grid, now: float,
    ) -> None:
        """Updates tracks (rows) with their matched detections (columns); nearest and lasting (k,) as in `Evidence`."""
        table, found = self.table, seen.detections
        sizes, scores = seen.sizes[columns], found.scores[columns]
        cut = np.minimum(np.maximum(table.size[rows] / sizes, 1), 4)  # how much smaller than expected: partly occluded
        reaches = seen.reaches[columns]
        variance = motion.measurement_variance(reaches, cut**2)
        table.position[rows], table.velocity[rows], table.covariance[rows] = motion.correct(
            table.position[rows], table.velocity[rows], table.covariance[rows], seen.centres[columns], variance
        )
        clean = seen.clean[columns] & (cut < CUT)
        appearance.remember_last(table.prototypes, table.counts, rows[clean], seen.queries[columns[clean]])
        # Well-known appearances are refreshed every third frame, staggered over the tracks.
        hits = table.hits[rows]
        clean &= (hits < 30) | ((hits + rows) % 3 == 0) | (table.counts[rows, 1] == 0)
        appearance.learn(
            table.prototypes, table.counts, rows[clean], seen.queries[columns[clean]], nearest[clean], lasting[clean],
            self.odds.lasting.novel_below,
        )
        rate = np.where(sizes > table.size[rows], 0.3, 0.05)  # growing is seen at once, shrinking may be occlusion
        table.size[rows] += rate * (sizes - table.size[rows])
        table.reach[rows] += rate * (reaches - table.reach[rows])
        known = found.class_ids[columns] >= 0
        table.votes[rows[known]] *= np.float32(0.98)
        table.votes[rows[known], found.class_ids[columns[known]]] += np.maximum(scores[known], 0.01)
        table.score[rows] = np.minimum(np.maximum(scores, 0), 1)
        if found.depths is not None:
            depths = found.depths[columns]
            table.depth[rows] = np.where(np.isfinite(depths), depths, table.depth[rows])
        table.seen_at[rows] = now
        table.unseen[rows] = 0
        table.hits[rows] += 1
        table.state[rows[table.in_state(TrackState.LOST)[rows]]] = TrackState.CONFIRMED
        self.show(seen, rows, columns, grid)

    def begin(self, seen: Observation, free: npt.NDArray, grid: Grid, now: float, prompted: bool = False) -> npt.NDArray:
        """Creates a track for each of the detections `free` (k,); returns the new ids (k,)."""
        n, table, found = len(free), self.table, seen.detections
        new_ids = np.arange(self.next_id, self.next_id + n)
        if n == 0:
            return new_ids
        self.next_id += n
        votes = np.zeros((n, table.votes.shape[1]), np.float32)
        known = found.class_ids[free] >= 0
        votes[np.flatnonzero(known), found.class_ids[free[known]]] = np.maximum(found.scores[free[known]], 0.01)
        prototypes, counts = appearance.empty_bank(n, table.dims)
        if not prompted:  # prompt queries are not comparable with object queries
            prototypes[:, :2], counts[:, :2] = seen.queries[free][:, None], 1
        rows = table.append(
            n, id=new_ids, state=TrackState.CONFIRMED if prompted else TrackState.TENTATIVE, prompted=prompted, seen_at=now,
            age=1, hits=1, votes=votes, score=np.clip(found.scores[free], 0, 1), position=seen.centres[free],
            size=seen.sizes[free], reach=seen.reaches[free],
            covariance=motion.start_covariance(seen.reaches[free], grid.size[1]),
            prototypes=prototypes, counts=counts, depth=np.nan if found.depths is None else found.depths[free],
        )
        self.show(seen, np.arange(rows.start, rows.stop), free, grid)
        return new_ids

    def show(self, seen: Observation, rows: npt.NDArray, columns: npt.NDArray, grid: Grid) -> None:
        """Stores the masks and boxes of the tracks in `rows` from this frame."""
        found, table = seen.detections, self.table
        boxes = seen.packed.boxes.astype(int).tolist()
        for row, column in zip(rows.tolist(), columns.tolist()):
            x1, y1, x2, y2 = box = boxes[column]
            patch = found.masks[column, y1:y2, x1:x2].copy()
            segment = found.segments[column] if found.segments else None
            if segment is None:
                table.look[row] = Look(patch, grid.roi(box), 0, partial(grid.upsample, patch, box))
            else:
                cut = partial(_cut, found.segment_map, segment.roi, segment.id)
                table.look[row] = Look(patch, segment.roi, segment.id, cut)
        table.origin[rows] = seen.packed.boxes[columns, :2]
        table.extent[rows] = seen.packed.boxes[columns, 2:] - seen.packed.boxes[columns, :2]
        table.shown[rows] = seen.packed.areas[columns]

    def _confirm(
        self, seen: Observation, weighed: Evidence, rows: npt.NDArray, columns: npt.NDArray, gaps: npt.NDArray, before: int,
        ids: npt.NDArray, min_hits: int,
    ) -> None:
        """Confirms the tentative tracks that were seen often enough.

        When an object reappears, its first detection may be too small or too mixed with its occluder to be
        re-identified. So a newly confirmed track is compared with the lost ones once more, with all that is known of it
        by now, and is merged into a lost track that fits, under that track's id.
        """
        table = self.table
        ready = table.in_state(TrackState.TENTATIVE) & (table.hits >= min_hits) & (table.unseen == 0)
        if not ready.any():
            return
        table.state[ready] = TrackState.CONFIRMED
        young = np.flatnonzero(ready[:before])
        lost = np.flatnonzero(table.in_state(TrackState.LOST)[:before])
        if len(young) == 0 or len(lost) == 0:
            return
        column_of = np.full(len(table), -1)
        column_of[rows] = columns
        shown = column_of[young]
        unseen = gaps[lost].astype(np.float32)
        _, lasting, _ = appearance.similarities(table.prototypes[lost], table.counts[lost], table.prototypes[young, 1])
        looks = self.odds.lasting.log_odds(lasting, unseen) - weighed.looks[np.ix_(lost, shown)]
        looks[~appearance.known(table.counts[lost])] = 0
        found_rows, found_columns = evidence.assign(weighed.total[np.ix_(lost, shown)] + looks, MATCH_ODDS)
        keep = np.ones(len(table), bool)
        for old, new in zip(lost[found_rows], young[found_columns]):
            table.move(new, old)
            ids[ids == table.id[new]] = table.id[old]
            keep[new] = False
        table.keep(keep)

    def expire(self, now: float, max_age: float) -> None:
        """Removes tracks unseen for too long. Tracks seen in the last frame are kept for at least `PAUSE` seconds."""
        table = self.table
        gaps = now - table.seen_at
        if len(table) <= MOST_TRACKS and gaps.max(initial=0) <= min(TENTATIVE_AGE, max_age):
            return
        limit = np.where(table.in_state(TrackState.TENTATIVE), min(TENTATIVE_AGE, max_age), max_age)
        keep = gaps <= np.where(table.unseen == 0, max(max_age, PAUSE), limit)
        if keep.sum() > MOST_TRACKS:
            order = np.argsort(np.where(keep, gaps, np.inf), kind="stable")
            keep[order[MOST_TRACKS:]] = False
        table.keep(keep)


def _match(odds: npt.NDArray[np.float32], threshold: npt.NDArray[np.float32], sure: npt.NDArray[np.bool_]) -> tuple[npt.NDArray, npt.NDArray]:
    """The matched pairs of one frame, high-score detections (n) first, as in ByteTrack (Zhang et al., 2022).

    A low-score detection is often a part of a thing or two things together: it takes no track from a high-score one, and
    being in the right place is not enough for it.
    """
    rows, columns = evidence.assign(odds, np.where(sure, threshold, np.inf))
    if sure.all():
        return rows, columns
    left = np.where(sure, np.inf, np.maximum(threshold, MATCH_ODDS))
    left[rows] = np.inf
    more_rows, more_columns = evidence.assign(odds, left)
    return np.concatenate((rows, more_rows)), np.concatenate((columns, more_columns))


def _cut(segment_map: npt.NDArray[np.uint16], roi: Roi, segment_id: int) -> npt.NDArray[np.bool_]:
    """A segment's mask, cropped to its rectangle."""
    return segment_map[roi.slices] == segment_id
