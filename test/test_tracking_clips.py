"""Tests clip mode against the reference's own values."""
from __future__ import annotations

import numpy as np
import pytest
import reference

from rmpsam_ros.tracking.clips import ClipInstance, ClipMerger, best_pairs, clip_size, distinct, mask_score, match_queries, video_split


@pytest.mark.parametrize("frames, size, ends", [(1, 3, [1]), (4, 3, [3, 4]), (5, 3, [3, 5]), (7, 3, [3, 5, 7]),
                                                (16, 5, [5, 10, 15, 16]), (17, 5, [5, 9, 13, 17]), (0, 3, [])])
def test_video_split__known_lengths__cuts_as_the_reference(frames, size, ends):
    assert [end for _, end in video_split(frames, size)] == ends


def test_video_split__all_fixtures__cuts_as_the_reference():
    for key, ends in reference.stats("fixtures_post_stats.json")["video_split"].items():
        frames, size, overlap = map(int, key.split(","))
        assert overlap == 0 and [end for _, end in video_split(frames, size)] == ends


@pytest.mark.parametrize("size", [3, 5])
def test_video_split__any_length__covers_every_frame_once(size):
    for frames in range(1, 400):
        clips = video_split(frames, size)
        assert clips[0][0] == 0 and clips[-1][1] == frames
        assert all(a[1] == b[0] for a, b in zip(clips, clips[1:])) and all(1 <= end - start <= size for start, end in clips)


@pytest.mark.parametrize("frames, size", [(1, 3), (15, 3), (16, 5), (500, 5)])
def test_clip_size__by_length(frames, size):
    assert clip_size(frames) == size


def test_match_queries__fixture__is_the_reference_s():
    post = reference.arrays("fixtures_post.npz")
    assert match_queries(post["match_tgt"][0], post["match_cur"][0]).tolist() == post["match_indices"].tolist()


def test_best_pairs_and_mask_score__fixture__are_the_reference_s():
    post = reference.arrays("fixtures_post.npz")
    is_thing = np.arange(133) < 80
    queries, classes, scores = best_pairs(post["mask_cls"], is_thing)
    masks = post["mask_pred"][queries]
    ours = sorted(((int(c), round(float(s) * mask_score(m), 5), int((m > 0).sum())) for c, s, m in zip(classes, scores, masks)))
    theirs = sorted((int(c), round(float(s), 5), int(m.sum()))
                    for c, s, m in zip(post["ins_labels"], post["ins_scores"], post["ins_masks"]))
    assert [(c, area) for c, _, area in ours] == [(c, area) for c, _, area in theirs]
    assert [s for _, s, _ in ours] == pytest.approx([s for _, s, _ in theirs], abs=2e-5)


def clip(order: list[int], frames: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three queries in the given order: query q has class q, and its mask is column q."""
    rng = np.random.default_rng(seed)
    classes = np.full((3, 5), -4.0, np.float32)
    masks = np.full((3, frames, 4, 3), -3.0, np.float32)
    queries = np.zeros((3, 8), np.float32)
    for row, q in enumerate(order):
        classes[row, q], masks[row, :, :, q], queries[row, q] = 4, 3, 1
    return classes, masks, queries + 0.05 * rng.random((3, 8)).astype(np.float32)


def test_clip_merger__queries_that_change_places__stay_with_their_object():
    merger = ClipMerger()
    for k, (order, frames) in enumerate([([0, 1, 2], 3), ([2, 0, 1], 3), ([1, 2, 0], 2)]):
        merger.add(*clip(order, frames, k))
    found = merger.instances(np.array([True, True, True, False]))[:3]
    assert sorted(instance.class_id for instance in found) == [0, 1, 2]
    for instance in found:
        assert len(instance.masks) == 8
        assert all((mask[:, instance.class_id] > 0).all() and (mask > 0).sum() == 4 for mask in instance.masks)


def test_clip_merger__two_hundred_frames__do_not_crash():
    merger = ClipMerger()
    for start, end in video_split(200, 5):
        merger.add(*clip([0, 1, 2], end - start, start))
    assert len(merger.instances(np.ones(4, bool))[0].masks) == 200


def test_clip_merger__masks_of_8_bits__keep_their_border():
    classes, masks, queries = clip([0, 1, 2], 1, 0)
    masks[0, 0, 0] = [1e-4, -1e-4, 900]
    merger = ClipMerger()
    merger.add(classes, masks, queries)
    kept, = (i for i in merger.instances(np.ones(4, bool)) if i.query == 0 and i.class_id == 0)
    assert (kept.masks[0] > 0).tolist() == (masks[0, 0] > 0).tolist()


def test_distinct__one_thing_found_twice__is_left_once_and_neighbours_stay():
    def moved(x: int) -> list[np.ndarray | None]:
        masks = np.full((3, 12, 40), -3, np.float32)
        for t in range(3):
            masks[t, 2:8, x + t : x + t + 8] = 3
        return [masks[0], masks[1], None if x == 30 else masks[2]]

    found = [ClipInstance(k, kind, 0.9 - 0.1 * k, moved(x)) for k, (kind, x) in enumerate([(0, 2), (1, 3), (0, 9), (0, 30), (0, 4)])]
    assert [i.query for i in distinct(found)] == [0, 2, 3]
    assert distinct([]) == []
