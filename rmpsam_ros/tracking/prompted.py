"""Prompted tracks: objects that were clicked, tracked by their own prompts or continued by a detected object.

In each frame the network is prompted for such a track at several places at once: points inside the last mask, moved to
the object's new position according to its likeness (`target`), one point at the old position, and the last mask's box. The
answer that agrees best with what is known of the object (`memory`, `candidates`) is selected, and the mean logits of the
answers that agree with it give the mask. Lost objects are searched for in the whole frame, where it resembles them most.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.prompting import Prompt
from rmpsam_ros.tracking.association import Observation
from rmpsam_ros.tracking.candidates import Agreement, displacement, moved, overlaps, peaks, points_inside, regions
from rmpsam_ros.tracking.detections import Detections
from rmpsam_ros.tracking.grid import Grid
from rmpsam_ros.tracking.lifecycle import Lives
from rmpsam_ros.tracking.masks import PackedMasks
from rmpsam_ros.tracking.memory import SHARE, SURE, Memory, unit
from rmpsam_ros.tracking.table import Look, TrackTable
from rmpsam_ros.tracking.target import Surroundings, Target
from rmpsam_ros.types import FOREGROUND, PointPrompt, PromptResult, TrackedInstance, TrackState

if TYPE_CHECKING:
    from rmpsam_ros.frame import Frame

FloatArray = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SAME_MASK = 0.5
"""IoU from which two masks count as one object."""
MOST_ASKED = 40
"""Maximum number of prompts (points and boxes) per frame, for all tracks together: about 1 ms each on two CPU cores."""
POINTS, FEWEST = 5, 2
"""Point prompts inside the last mask of a track, besides one at the old position and two boxes; fewer if there are many
tracks. If the budget does not cover even the fewest for all, the old position and the tight box are omitted, so that up to
twenty tracks are prompted in every frame."""
PATIENCE = 3
"""Frames that a lost object waits longer for its turn than a visible one."""
PEAKS = 3
"""Places in the whole frame at which a lost object is searched for."""
WIDER = 1.3
"""The last mask's box is prompted as it is and enlarged by this factor: masks do not extend beyond their box, and objects grow."""
LIMIT = 8.0
"""Logits are clipped to this range before they are averaged, so that no answer outvotes two others."""


@dataclass
class _Asked:
    """The prompts for one track, and what is needed to judge their answers. `row`: its row in the table."""

    row: int
    memory: Memory
    lost: bool
    likeness: FloatArray
    expected: Mask
    points: list[tuple[float, float]]
    boxes: list[tuple[float, float, float, float]]


class PromptKeeper:
    """Prompts and memories of one camera's prompted tracks, beyond their rows in the table."""

    def __init__(self) -> None:
        self._memories: dict[int, Memory] = {}
        self._surroundings = Surroundings()
        self._frames = 0

    def remember(self, track_id: int, memory: Memory) -> None:
        """Stores the memory of a new prompted track."""
        self._memories[track_id] = memory

    def taught(self, click: PromptResult, mask: Mask, frame: Frame | None, past: bool) -> Memory:
        """The initial memory of a clicked object. mask: (h, w) its cells; frame: the one that was clicked, None if unknown;
        past: the track has since been seen elsewhere."""
        least = min(SURE, SHARE * float(np.nan_to_num(click.score)))
        memory = Memory(unit(click.query), least, float(mask.mean()), mask=None if past else mask)
        if frame is not None:
            features = _features(frame)
            # On the clicked frame's own grid: the newest one may have another size, and before the first frame there is none.
            cells = Grid.of(frame.placement, click.mask.shape).downsample(click.mask)
            self._surroundings.see(features)
            memory.target = Target(features, cells, self._surroundings)
            # With a margin of 0, an occluder in the next frame would be accepted and become the norm.
            likeness = memory.target.likeness(features, self._surroundings)
            memory.margin = max(0.0, float(Agreement.of(cells[None], cells, likeness, np.count_nonzero(cells)).margin[0]))
        return memory

    def forget(self, track_id: int) -> None:
        self._memories.pop(track_id, None)

    def keep_only(self, ids: npt.NDArray[np.int64]) -> None:
        """Removes the memories of tracks that no longer exist."""
        for track_id in self._memories.keys() - set(ids.tolist()):
            del self._memories[track_id]

    @staticmethod
    def match_past(click: PromptResult, tracks: Iterable[TrackedInstance], table: TrackTable) -> int | None:
        """The row of the track that had the click's mask in an earlier frame, given the `tracks` of that frame."""
        best, row = SAME_MASK, None
        area = np.count_nonzero(click.mask)
        for track in tracks:
            if track.frames_since_seen or (there := table.row_of(track.track_id)) is None:
                continue
            clicked = click.mask[track.roi.slices]
            if clicked.shape != track.mask.shape:  # from before a change of the camera's resolution
                continue
            common = np.count_nonzero(clicked & track.mask)
            iou = common / max(area + np.count_nonzero(track.mask) - common, 1)
            if iou > best:
                best, row = iou, there
        return row

    @staticmethod
    def match(seen: Observation, table: TrackTable) -> int | None:
        """The row, among those seen in the newest frame, whose mask matches the click's (the only detection in `seen`)."""
        mask = seen.detections.masks[0]
        rows = np.flatnonzero(table.unseen == 0)
        if len(rows) == 0:
            return None
        iou = overlaps(np.array([_last_mask(table, row, mask.shape) for row in rows]), mask)
        return int(rows[iou.argmax()]) if iou.max() > SAME_MASK else None

    def barred(self, seen: Observation, table: TrackTable) -> npt.NDArray[np.bool_] | None:
        """(m, n) bool: which detections of a new frame must not continue which tracks; None if all may.

        A prompted track that was just seen is continued only by a detection with the same mask: others may be parts or
        groups of what was clicked, which the user has not confirmed. A lost one is not continued by position alone.
        """
        rows = self._rows(table)
        if not rows or len(seen) == 0:
            return None
        barred = np.zeros((len(table), len(seen)), bool)
        for row in rows:
            if table.unseen[row]:
                barred[row] = not table.counts[row].any()
                continue
            barred[row] = overlaps(seen.detections.masks, _last_mask(table, row, seen.detections.masks.shape[1:])) < SAME_MASK
        return barred

    def find(self, frame: Frame, lives: Lives, grid: Grid, now: float) -> bool:
        """Prompts for the prompted tracks; True if one changed.

        This includes tracks that a detection of this frame continues: it identifies them, but the mask that the user saw
        is that of a prompt, not that of the detection.
        """
        table = lives.table
        rows = self._rows(table)
        if not rows:
            return False
        self._frames += 1
        # If there are too many for one frame, they take turns, lost ones less often.
        memories = {row: self._memories[int(table.id[row])] for row in rows}
        rows.sort(key=lambda row: memories[row].asked_at + (PATIENCE if memories[row].missed else 0))
        features = _features(frame)[:, : grid.size[0], : grid.size[1]]
        self._surroundings.see(features)
        share = MOST_ASKED // len(rows)
        lean = share < FEWEST + 3
        beside = 1 if lean else 3
        points = min(POINTS, max(1, share - beside))
        most = MOST_ASKED // (points + beside)
        asked = [self._ask(row, table, features, grid, points, lean) for row in rows[:most]]
        for row in rows[most:]:
            if not memories[row].missed:  # not prompted in this frame, which does not make it lost
                table.state[row] = TrackState.CONFIRMED
        taken = np.zeros((0, *grid.size), bool)
        for a, outputs in _answers(frame, asked):
            mask = a.memory.mask = self._choose(frame, a, outputs, lives, grid, now, taken, features)
            a.memory.asked_at, a.memory.missed = self._frames, 0 if mask is not None else a.memory.missed + 1
            if mask is not None:
                a.memory.answered = now
                taken = np.concatenate((taken, mask[None]))
        return len(taken) > 0 or len(rows) > most

    def absorb(self, table: TrackTable) -> dict[int, int]:
        """Merges tracks of this frame that have a clicked object's mask into that object's track: one object, one id.

        Such a track began while the two masks differed, for example while the object emerged from behind something. Another
        prompted track that has the mask only through a detection, without an answer of its own, becomes lost. Call it after `find`.

        Returns:
            The ids that are no longer in this frame, and the id that replaces each.
        """
        rows = [row for row in np.flatnonzero(table.prompted & (table.unseen == 0)) if self._mask_of(table, row) is not None]
        others = np.flatnonzero((~table.prompted | self._unanswered(table)) & (table.unseen == 0))
        if not rows or len(others) == 0:
            return {}
        masks = np.array([self._mask_of(table, row) for row in rows])
        became: dict[int, int] = {}
        for other in others:
            iou = overlaps(masks, _last_mask(table, other, masks.shape[1:]))
            row = rows[int(iou.argmax())]
            if iou.max() <= SAME_MASK:
                continue
            gone, memory = int(table.id[other]), self._memories.get(int(table.id[other]))
            became[gone] = int(table.id[row])
            look = table.look[row]
            if not look.segment_id:
                table.look[row] = Look(look.patch, look.roi, table.look[other].segment_id, look.mask)
            if memory is not None:
                table.state[other], table.unseen[other] = TrackState.LOST, memory.missed
                table.seen_at[other] = min(table.seen_at[other], np.inf if memory.answered is None else memory.answered)
            elif not table.counts[row].any():
                table.prototypes[row], table.counts[row] = table.prototypes[other], table.counts[other]
        table.keep(~np.isin(table.id, list(became)) | table.prompted)
        return became

    def _rows(self, table: TrackTable) -> list[int]:
        """The rows of the prompted tracks."""
        return [row for row in np.flatnonzero(table.prompted) if int(table.id[row]) in self._memories]

    def _unanswered(self, table: TrackTable) -> npt.NDArray[np.bool_]:
        """(m,) bool: which tracks were prompted for in this frame without an answer."""
        memories = [self._memories.get(track_id) if prompted else None for track_id, prompted in zip(table.id.tolist(), table.prompted)]
        return np.array([m is not None and m.missed > 0 and m.asked_at == self._frames for m in memories], bool)

    def _mask_of(self, table: TrackTable, row: int) -> Mask | None:
        """(h, w) the cells of a track's answer in this frame; None if there was none."""
        memory = self._memories.get(int(table.id[row]))
        return None if memory is None or memory.missed or memory.asked_at != self._frames else memory.mask

    def _ask(self, row: int, table: TrackTable, features: FloatArray, grid: Grid, count: int, lean: bool) -> _Asked:
        """Prompts for one track: `count` points and an enlarged box; unless `lean`, also the old position and the box as it is."""
        memory, last = self._memories[int(table.id[row])], _last_mask(table, row, grid.size)
        lost = bool(table.unseen[row] > 1) and memory.missed > 0
        if memory.mask is not None and memory.mask.shape == last.shape:
            last = memory.mask  # if a detection continued the track, the table has that detection's mask
        if memory.target is None:
            memory.target = Target(features, last, self._surroundings)
        (x1, y1, x2, y2), = PackedMasks.of(last[None]).boxes.astype(int).tolist()
        patch, origin = last[y1:y2, x1:x2], np.array([x1, y1])
        likeness = memory.target.likeness(features, self._surroundings)
        shift = displacement(likeness, patch, origin)
        inside = points_inside(patch, count) + origin
        cells = [*(inside + shift)]
        if lost:
            elsewhere = peaks(likeness, float(np.sqrt(memory.area * last.size)), min(PEAKS, max(1, count - 1)))
            cells = [*cells[: count - len(elsewhere)], *elsewhere]
        elif shift.any() and not lean:
            cells.append(inside[0])
        start = origin + shift
        half = np.array(patch.shape[::-1]) / 2
        scales = (WIDER,) if lean else (1, WIDER)
        boxes = [box for scale in scales for box in grid.boxes(np.stack((start + (1 - scale) * half, start + (1 + scale) * half)))]
        return _Asked(row, memory, lost, likeness, moved(patch, start, grid.size) if not lost else np.zeros(grid.size, bool),
                      [grid.pixel(cell) for cell in cells], boxes)  # fmt: skip

    def _choose(
        self, frame: Frame, asked: _Asked, outputs: PromptOutputs, lives: Lives, grid: Grid, now: float, taken: Mask, features: FloatArray,
    ) -> Mask | None:
        """Updates a track with its best answer; returns its cells, or None if no answer is the track's object.

        taken: (t, h, w) the answers of other tracks in this frame.
        """
        table, row, memory, lost = lives.table, asked.row, asked.memory, asked.lost
        logits = np.nan_to_num(outputs.mask_logits[:, : grid.size[0], : grid.size[1]], nan=-LIMIT)
        cells = [grid.cell(point) for point in asked.points] + [None] * len(asked.boxes)
        masks = regions(logits, cells)
        agreement = Agreement.of(masks, asked.expected, asked.likeness, memory.area * masks[0].size)
        fits = memory.fits(outputs, masks, agreement, lost)
        for other in taken:
            fits &= overlaps(masks, other) < SAME_MASK
        if not fits.any():
            return None
        total = np.where(fits, agreement.total, -np.inf)
        best = int(total.argmax())
        alike = overlaps(masks, masks[best]) >= SAME_MASK
        alike &= fits
        mean = np.clip(np.nan_to_num(outputs.mask_logits[alike], nan=-LIMIT), -LIMIT, LIMIT).mean(axis=0)
        one = PromptOutputs(mean[None], outputs.iou[best : best + 1], outputs.queries[best : best + 1])
        if best < len(asked.points):
            prompt = Prompt((PointPrompt(*asked.points[best], FOREGROUND),), ())
        else:
            prompt = Prompt((), (asked.boxes[best - len(asked.points)],))
        full, roi, score, _ = frame.answer(one, prompt)
        mask = grid.downsample(full)
        if not mask.any():
            return None
        memory.learn(outputs.queries[best], mask, float(agreement.margin[best]))
        memory.target.learn(features, mask, self._surroundings)
        kind = frame.class_of(full, roi)
        if kind >= 0 and not frame.labels[kind].is_thing:
            kind = -1  # the map misses the object here: an object on the floor is not floor
        seen = Observation.of(Detections(
            np.array([kind]), np.array([score], np.float32), np.ones((1, table.dims), np.float32),
            mask[None], image_size=grid.source, cell_size=grid.cell_size,
        ))
        # Its appearance as a detection is not updated: prompt queries are not comparable with object queries.
        seen.clean[:] = False
        rows, columns = np.array([row]), np.array([0])
        segment = 0
        if table.unseen[row]:
            lives.correct(seen, rows, columns, np.zeros(1, int), np.zeros(1, np.float32), grid, now)
        else:
            segment = table.look[row].segment_id if overlaps(mask[None], _last_mask(table, row, grid.size))[0] >= SAME_MASK else 0
            lives.show(seen, rows, columns, grid)
        table.look[row] = Look(table.look[row].patch, roi, segment, full[roi.slices].copy())
        table.state[row] = TrackState.CONFIRMED
        return mask


def _answers(frame: Frame, asked: list[_Asked]) -> Iterator[tuple[_Asked, PromptOutputs]]:
    """The network's outputs for the prompts of each track: all tracks' points and boxes go through it in one run, which answers each separately."""
    prompt = Prompt(tuple(PointPrompt(x, y, FOREGROUND) for a in asked for x, y in a.points), tuple(b for a in asked for b in a.boxes))
    outputs = frame.prompt_outputs(prompt)
    point, box = 0, len(prompt.points)
    for a in asked:
        index = [*range(point, point + len(a.points)), *range(box, box + len(a.boxes))]
        point, box = point + len(a.points), box + len(a.boxes)
        yield a, PromptOutputs(outputs.mask_logits[index], outputs.iou[index], outputs.queries[index])


def _features(frame: Frame) -> FloatArray:
    """(C, h, w) float32, finite."""
    features = frame.features
    with np.errstate(all="ignore"):
        total = np.add.reduce(features, axis=None)  # one pass instead of several; this runs in every frame
    return features if np.isfinite(total) else np.nan_to_num(features, copy=False, posinf=0, neginf=0)


def _last_mask(table: TrackTable, row: int, size: tuple[int, int]) -> Mask:
    """(h, w) the cells of a track's last mask."""
    return moved(table.look[row].patch, table.origin[row], size)
