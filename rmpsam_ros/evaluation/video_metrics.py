"""Video segmentation metrics: YouTube-VIS average precision and DAVIS' J, from overlaps accumulated frame by frame.

The overlap of two tracks is the intersection of their masks over their union, both summed over all frames of the video,
including frames in which one of them is absent.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from rmpsam_ros.evaluation.tracking_metrics import MatchedFrame
from rmpsam_ros.tracking.masks import PackedMasks, common_bits

THRESHOLDS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0, 1, 101)
MOST_TRACKS = 100
"""Maximum number of tracks per video and class, the best by score."""


@dataclass
class VideoTally:
    """The result of one tracker on one video. Call `add` frame by frame, then read the metrics.

    truth_classes: the class of each true object by its id; any value if classes do not count.
    """

    truth_classes: dict[int, int]
    frames: list[MatchedFrame] = field(default_factory=list)
    _common: dict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))
    _area: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    _scores: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    _votes: dict[int, dict[int, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    _frame_iou: dict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))
    _present: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(
        self, truth_ids: npt.NDArray[np.int64], truth: PackedMasks, ids: npt.NDArray[np.int64], found: PackedMasks,
        classes: npt.NDArray[np.int64], scores: npt.NDArray[np.float32], stamp: float,
    ) -> None:
        """Adds one frame: true ids (g,) and masks, the tracker's ids (p,), masks, classes and scores. Ids are above 0."""
        rows, columns = np.indices((len(truth), len(found))).reshape(2, -1)
        common = common_bits(truth.words[rows], found.words[columns]).reshape(len(truth), len(found))
        iou = common / np.maximum(truth.areas[:, None] + found.areas[None] - common, 1)
        self.frames.append(MatchedFrame(truth_ids, ids, iou, stamp))
        for t, area in zip(truth_ids.tolist(), truth.areas.tolist()):
            self._area["truth", t] += area
            self._present[t] += 1
        for f, area, class_id, score in zip(ids.tolist(), found.areas.tolist(), classes.tolist(), scores.tolist()):
            self._area["found", f] += area
            self._scores[f].append(score)
            self._votes[f][class_id] += score
        for i, j in zip(*np.nonzero(common)):
            pair = int(truth_ids[i]), int(ids[j])
            self._common[pair] += float(common[i, j])
            self._frame_iou[pair] += float(iou[i, j])

    @property
    def tracks(self) -> list[tuple[int, int, float]]:
        """(id, class, score) of each track: the class with the largest sum of scores, and the mean score."""
        return [(f, max(self._votes[f], key=self._votes[f].get), float(np.mean(scores))) for f, scores in self._scores.items()]

    def overlap(self, truth_id: int, found_id: int) -> float:
        """IoU of two whole tracks."""
        common = self._common.get((truth_id, found_id), 0.0)
        union = self._area["truth", truth_id] + self._area["found", found_id] - common
        return common / union if union else 0.0

    def region_similarity(self) -> dict[int, float]:
        """DAVIS' J of each true object: the mean IoU with its assigned track over the frames that show the object; tracks
        are assigned one to one, for the best sum."""
        truths, tracks = sorted(self._present), sorted(self._scores)
        mean = np.zeros((len(truths), len(tracks)))
        for (t, f), total in self._frame_iou.items():
            mean[truths.index(t), tracks.index(f)] = total / self._present[t]
        rows, columns = linear_sum_assignment(mean, maximize=True)
        result = dict.fromkeys(truths, 0.0)
        result.update({truths[r]: float(mean[r, c]) for r, c in zip(rows, columns)})
        return result


def average_precision(tallies: Sequence[VideoTally], with_classes: bool = True) -> tuple[float, float]:
    """(AP, AP50) of a tracker over videos, as YouTube-VIS and COCO define it: mean over classes and over ten overlaps
    from 0.5 to 0.95 of the precision at 101 recalls. NaN without true objects. Crowds are not among the true objects: the official tool
    ignores a track on one, while it counts as a false positive here."""
    classes = sorted({c for tally in tallies for c in tally.truth_classes.values()}) if with_classes else [None]
    values = [_of_class(tallies, class_id) for class_id in classes]
    values = [value for value in values if value is not None]
    if not values:
        return float("nan"), float("nan")
    table = np.mean(values, axis=0)  # (10,)
    return float(table.mean()), float(table[0])


def _of_class(tallies: Sequence[VideoTally], class_id: int | None) -> npt.NDArray[np.float64] | None:
    """(10,) average precisions of one class (None: all classes as one); None if it has no true object."""
    scores, hits, objects = [], [], 0
    for tally in tallies:
        truths = [t for t, c in tally.truth_classes.items() if class_id is None or c == class_id]
        tracks = [(f, s) for f, c, s in tally.tracks if class_id is None or c == class_id]
        tracks = sorted(tracks, key=lambda track: -track[1])[:MOST_TRACKS]
        objects += len(truths)
        scores += [s for _, s in tracks]
        overlaps = np.array([[tally.overlap(t, f) for t in truths] for f, _ in tracks]).reshape(len(tracks), len(truths))
        hits.append(np.array([_greedy(overlaps, threshold) for threshold in THRESHOLDS]).reshape(len(THRESHOLDS), len(tracks)))
    if objects == 0:
        return None
    order = np.argsort(-np.array(scores), kind="mergesort")
    hit = np.concatenate(hits, axis=1)[:, order]
    return np.array([_precision_at_recalls(row, objects) for row in hit])


def _greedy(overlaps: npt.NDArray[np.float64], threshold: float) -> list[bool]:
    """Whether each track (rows, best score first) is matched with a separate true object of at least this overlap."""
    free = np.ones(overlaps.shape[1], bool)
    hits = []
    for row in overlaps:
        candidates = np.where(free, row, -1)
        best = len(row) - 1 - int(candidates[::-1].argmax()) if len(row) else -1  # the last one in a tie, as in COCO's loop
        hits.append(best >= 0 and candidates[best] >= min(threshold, 1 - 1e-10))
        if hits[-1]:
            free[best] = False
    return hits


def _precision_at_recalls(hits: npt.NDArray[np.bool_], objects: int) -> float:
    """Mean over 101 recalls of the best precision at that recall or above."""
    if len(hits) == 0:
        return 0.0
    tp = np.cumsum(hits)
    recall, precision = tp / objects, tp / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, _RECALLS, side="left")
    return float(np.where(at < len(precision), precision[np.minimum(at, len(precision) - 1)], 0).mean())
