"""Tests AP and J of whole tracks against YouTube-VIS' own tool and hand-made values."""
from __future__ import annotations

import numpy as np
import pytest

from rmpsam_ros.evaluation.video_metrics import MOST_TRACKS, VideoTally, average_precision
from rmpsam_ros.tracking.masks import PackedMasks

SIZE = (24, 32)


def video(seed: int) -> tuple[dict[int, int], list[tuple[dict, dict]], dict[int, float]]:
    """Classes of the true objects; (true masks by id, found (mask, class) by id) of each of 6 frames; scores by id."""
    rng = np.random.default_rng(seed)
    classes = {t: int(rng.integers(3)) for t in range(1, 6)}
    frames, scores = [], {f: round(float(rng.random()), 2) for f in range(11, 19)}
    for _ in range(6):
        truth = {}
        for t in classes:
            if rng.random() > 0.2:
                mask = np.zeros(SIZE, bool)
                y, x = 4 * t - 3, int(rng.integers(2, 20))
                mask[y : y + 4, x : x + 9] = True
                truth[t] = mask
        found = {}
        for f in scores:
            t = f - 10
            mask = truth[t] ^ (rng.random(SIZE) < 0.006 * f / 11) if t in truth else rng.random(SIZE) < 0.05
            if rng.random() > 0.1 and mask.any():
                found[f] = mask, classes.get(t, 0) if f != 12 else 2
        frames.append((truth, found))
    return classes, frames, scores


def tally(seed: int) -> VideoTally:
    classes, frames, scores = video(seed)
    result = VideoTally(classes)
    for k, (truth, found) in enumerate(frames):
        pack = [PackedMasks.of(np.array(masks, bool).reshape(-1, *SIZE)) for masks in (list(truth.values()), [m for m, _ in found.values()])]
        result.add(np.array(list(truth), int), pack[0], np.array(list(found), int), pack[1],
                   np.array([c for _, c in found.values()], int), np.array([scores[f] for f in found]), k / 10)
    return result


@pytest.mark.parametrize("with_classes, expected", [(True, (0.17933500492906432, 0.4414060453664414)), (False, (0.16515151196135933, 0.4612718157408962))])
def test_average_precision__random_videos__equals_the_tool_of_youtube_vis(with_classes, expected):
    # From youtubevos/cocoapi at f3f9948, ytvoseval.py with pycocotools 2.0.11, on these videos written as YouTube-VIS JSON.
    assert average_precision([tally(seed) for seed in range(8)], with_classes) == pytest.approx(expected, abs=1e-9)


def test_average_precision__nothing_true__is_not_a_number():
    assert np.isnan(average_precision([VideoTally({})])).all()


def test_region_similarity__by_hand():
    result = VideoTally({1: 0, 2: 0})
    full, half = np.ones((1, 4, 4), bool), np.zeros((1, 4, 4), bool)
    half[:, :2] = True
    one, two = np.array([1]), np.array([2])
    for masks, found_id in ((full, 7), (half, 7), (half, 8)):  # the object 1 is whole, then half is found, then by another id
        result.add(one, PackedMasks.of(full), np.array([found_id]), PackedMasks.of(masks), np.array([0]), np.array([0.5]), 0)
    result.add(two, PackedMasks.of(full), np.zeros(0, int), PackedMasks.of(full[:0]), np.zeros(0, int), np.zeros(0), 0)
    assert result.region_similarity() == {1: pytest.approx(0.5), 2: 0.0}


def test_average_precision__by_hand__a_second_track_of_an_object_and_one_of_nothing_are_false():
    masks = np.zeros((3, 4, 16), bool)
    masks[0, :, :4], masks[1, :, 8:12], masks[2, :, 14:] = True, True, True  # two objects, and nothing
    truth, found = PackedMasks.of(masks[:2]), PackedMasks.of(masks[[2, 0, 0, 1]])
    result = VideoTally({1: 0, 2: 0})
    result.add(np.array([1, 2]), truth, np.array([1, 2, 3, 4]), found, np.zeros(4, int), np.array([0.9, 0.8, 0.7, 0.6], np.float32), 0.0)
    assert average_precision([result]) == pytest.approx((0.5, 0.5))  # best first: wrong, right, again, right


def test_average_precision__a_track_that_overlaps_two_objects_equally_gets_the_last__as_in_cocos_loop():
    masks = np.zeros((4, 4, 16), bool)
    masks[0, :, :6], masks[1, :, 4:10] = True, True  # two objects
    masks[2, :, :10], masks[3, :, :5] = True, True  # found: on both with 0.6, and on the first alone
    result = VideoTally({1: 0, 2: 0})
    result.add(np.array([1, 2]), PackedMasks.of(masks[:2]), np.array([1, 2]), PackedMasks.of(masks[2:]), np.zeros(2, int), np.array([0.9, 0.8], np.float32), 0.0)
    assert result.overlap(1, 1) == result.overlap(2, 1) == pytest.approx(0.6)
    assert average_precision([result])[1] == 1.0


def test_average_precision__of_one_class_the_hundred_best_tracks_count():
    masks = np.zeros((2, 4, 16), bool)
    masks[0, :, :4], masks[1, :, 8:12] = True, True
    result = VideoTally({1: 0})
    found = PackedMasks.of(masks[[1] * MOST_TRACKS + [0]])  # the right one comes last
    ids = np.arange(1, MOST_TRACKS + 2)
    result.add(np.array([1]), PackedMasks.of(masks[:1]), ids, found, np.zeros(len(ids), int), np.linspace(0.9, 0.1, len(ids), dtype=np.float32), 0.0)
    assert average_precision([result]) == (0.0, 0.0)
