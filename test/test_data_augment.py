"""Tests the augmentations: crops, tilts, faults, pastes, colours, with masks that stay aligned with their pixels."""
from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from datasets import PLAIN, block

from rmpsam_ros.data.augment import Augmentation, change_colours, jitter, paste, warp
from rmpsam_ros.data.degrade import compression, degrade, exposure, grey, motion_blur, noise, out_of_focus
from rmpsam_ros.data.sample import Coverage, Sample


@pytest.mark.parametrize("seed", range(6))
def test_jitter__moves_masks_with_their_pixels(seed):
    sample, valid = jitter(block(np.s_[8:28], np.s_[10:40]), (64, 96), Augmentation(scale=(0.5, 2.0)), np.random.default_rng(seed))
    white = sample.image[..., 0] > 127
    assert len(sample) == 1 and np.count_nonzero(white != sample.masks[0]) < 0.08 * sample.masks[0].sum() + 8
    assert not sample.masks[0][valid[0] :].any() and not sample.masks[0][:, valid[1] :].any()


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_jitter__crops_round_an_object(flip):
    small = block(np.s_[30:33], np.s_[4:8])
    seen = {aimed: sum(len(jitter(small, (20, 30), Augmentation(scale=(4.0, 4.0), flip=flip, aimed=aimed), np.random.default_rng(seed))[0])
                       for seed in range(30)) for aimed in (0.0, 1.0)}  # fmt: skip
    assert seen[1.0] == 30 and seen[0.0] < 15


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_jitter__frames_an_object_as_a_closer_look_shows_it(flip):
    how = Augmentation(scale=(1.0, 1.0), flip=flip, framed=1.0)
    for seed in range(20):
        sample, _ = jitter(block(np.s_[80:120], np.s_[120:180], size=(200, 300)), (400, 600), how, np.random.default_rng(seed))
        columns = np.flatnonzero(sample.masks[0].any(axis=0))
        assert 0.29 <= len(columns) / 600 <= 0.86 and 0.35 * 600 <= columns.mean() <= 0.65 * 600


@pytest.mark.parametrize(("mask", "wide"), [((np.s_[150:153], np.s_[104:108]), 4 * 600 / 64), ((np.s_[2:198], np.s_[4:296]), 292 * 2)])
def test_jitter__framing_does_not_enlarge_without_end_and_leaves_large_objects(mask, wide):
    sample, valid = jitter(block(*mask, size=(200, 300)), (400, 600), Augmentation(scale=(1.0, 1.0), framed=1.0), np.random.default_rng(3))
    assert abs(np.count_nonzero(sample.masks[0].any(axis=0)) - wide) <= 2 and valid == (400, 600)


def test_jitter__at_scale_one_is_the_placement_of_the_run_time():
    from rmpsam_ros.placement import place

    _, valid = jitter(block(np.s_[8:28], np.s_[10:40]), (64, 96), Augmentation(scale=(1.0, 1.0), flip=0), np.random.default_rng(0))
    assert valid == place((40, 60), (64, 96)).resized


@pytest.mark.parametrize("seed", range(6))
def test_jitter__tilts_masks_with_their_pixels_and_what_it_brings_in_is_void(seed):
    how = Augmentation(scale=(1.6, 1.6), aimed=0.0, tilt=25.0)
    sample, valid = jitter(block(np.s_[8:28], np.s_[10:40]), (40, 60), how, np.random.default_rng(seed))
    straight, _ = jitter(block(np.s_[8:28], np.s_[10:40]), (40, 60), Augmentation(scale=(1.6, 1.6), aimed=0.0), np.random.default_rng(seed))
    white = (sample.image[..., 0] > 127) & ~sample.void
    assert valid == (40, 60) and np.count_nonzero(white != sample.masks[0]) < 0.08 * sample.masks[0].sum() + 8
    assert (sample.masks[0] != straight.masks[0]).any() and not (sample.void & sample.masks[0]).any()


def test_jitter__a_picture_that_leaves_canvas_free_is_not_tilted():
    sample, valid = jitter(block(np.s_[8:28], np.s_[10:40]), (64, 128), Augmentation(scale=(1.0, 1.0), flip=0, tilt=25.0), np.random.default_rng(0))
    assert valid == (64, 96) and not sample.void.any() and not sample.image[:, 96:].any()


@pytest.mark.parametrize("fault", [out_of_focus, motion_blur, noise, compression, exposure, grey])
def test_degrade__each_fault_keeps_the_scene_in_place(fault):
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, 30:] = (220, 140, 90)
    changed = fault(image, np.random.default_rng(3))
    assert changed.shape == image.shape and changed.dtype == np.uint8 and (changed != image).any()
    assert changed[:, :24].mean() < 40 and changed[:, 36:].mean() > changed[:, :24].mean() + 50
    if fault is compression:
        assert changed[20, 45, 0] > changed[20, 45, 2] + 60  # still RGB


def test_degrade__share_is_how_often():
    image, rng = np.random.default_rng(0).integers(0, 255, (8, 8, 3)).astype(np.uint8), np.random.default_rng(1)
    changed = sum(degrade(image, 0.3, rng) is not image for _ in range(400))
    assert 90 < changed < 150 and degrade(image, 0.0, rng) is image


def test_warp__drops_what_is_no_longer_seen_or_keeps_its_row():
    away = np.array([[1.0, 0, 500], [0, 1, 0]])
    assert len(warp(block(np.s_[8:28], np.s_[10:40]), away, (40, 60))) == 0
    kept = warp(block(np.s_[8:28], np.s_[10:40]), away, (40, 60), reflect=True, keep_empty=True)
    assert len(kept) == 1 and kept.void.all()


@pytest.mark.parametrize("things", [0, 7, 8, 17])
@pytest.mark.parametrize("reflect", [False, True])
def test_warp__moves_any_number_of_overlapping_masks_as_one_is_moved(things, reflect):
    rng = np.random.default_rng(things)
    masks = rng.random((things, 50, 70)) < 0.6
    void, no_thing = rng.random((2, 50, 70)) < 0.2
    sample = Sample("noise", np.zeros((50, 70, 3), np.uint8), masks, np.zeros(things, np.int64), void, Coverage.ALL, no_thing)
    matrix = np.array([[0.9, -0.3, 12.3], [0.3, 0.9, -4.1]])

    def alone(mask: np.ndarray, outside: int = 0) -> np.ndarray:
        return cv2.warpAffine(mask.astype(np.uint8), matrix, (80, 60), flags=cv2.INTER_NEAREST, borderValue=outside) > 0

    moved = warp(sample, matrix, (60, 80), reflect=reflect)
    assert moved.masks.shape == (things, 60, 80) and all(np.array_equal(a, alone(b)) for a, b in zip(moved.masks, masks))
    assert np.array_equal(moved.void, alone(void, int(reflect))) and np.array_equal(moved.no_thing, alone(no_thing))


def test_change_colours__keeps_shape_and_type_and_changes_something():
    image = np.full((5, 6, 3), (200, 100, 50), np.uint8)
    changed = change_colours(image, 0.4, np.random.default_rng(1))
    assert changed.shape == image.shape and changed.dtype == np.uint8 and (changed != image).any()
    assert change_colours(image, 0.0, np.random.default_rng(1)) is image


def test_paste__puts_things_in_front_and_never_stuff():
    base, is_thing = block(np.s_[0:40], np.s_[0:60], class_id=2), PLAIN.labels.is_thing()
    pasted = [paste(base, block(np.s_[5:15], np.s_[5:15]), is_thing, np.random.default_rng(seed)) for seed in range(40)]
    both = [sample for sample in pasted if len(sample) == 2]
    assert 10 <= len(both) <= 30, "each thing is pasted with a probability of a half"
    both = both[0]
    assert both.class_ids.tolist() == [2, 0] and not (both.masks[0] & both.masks[1]).any() and both.masks[0].sum() == 2300
    assert paste(base, block(np.s_[5:15], np.s_[5:15], class_id=2), is_thing, np.random.default_rng(1)) is base


def test_jitter_and_paste__keep_what_is_no_thing_beside_its_pixels():
    unlabelled = np.zeros((40, 60), bool)
    unlabelled[:, 50:] = True
    sample = replace(block(np.s_[8:28], np.s_[10:40]), no_thing=unlabelled)
    moved, _ = jitter(sample, (40, 60), Augmentation(scale=(1.0, 1.0), flip=1.0), np.random.default_rng(0))
    assert moved.no_thing[:, :10].all() and not moved.no_thing[:, 10:].any()
    front = block(np.s_[5:35], np.s_[5:55])
    pasted = next(p for p in (paste(moved, front, np.array([True]), np.random.default_rng(seed)) for seed in range(9)) if p is not moved)
    assert (pasted.no_thing == moved.no_thing & ~front.masks[0]).all()


def bare(image: np.ndarray) -> Sample:
    return Sample("made", image, np.zeros((0, *image.shape[:2]), bool), np.zeros(0, np.int64), np.zeros(image.shape[:2], bool), Coverage.ALL)


def ramp(height: int, width: int, step: int) -> np.ndarray:
    """An image that gets brighter by `step` from column to column."""
    return np.repeat((step * np.arange(width)).astype(np.uint8)[None, :, None].repeat(height, 0), 3, axis=2)


def test_warp__a_picture_that_is_shrunk_is_averaged_and_stays_where_it_was():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::4] = 200
    quarter = np.array([[0.25, 0, -0.375], [0, 0.25, -0.375]])  # pixel centres to pixel centres
    assert np.abs(warp(bare(stripes), quarter, (16, 16)).image[1:-1, 1:-1].astype(int) - 50).max() <= 2
    small = warp(bare(ramp(64, 64, 4)), quarter, (16, 16)).image[8, 1:-1, 0].astype(int)
    assert np.abs(small - (16 * np.arange(1, 15) + 6)).max() <= 1


def test_jitter__at_scale_one_pixels_are_where_the_run_time_has_them():
    image = ramp(10, 15, 16)
    sample, _ = jitter(bare(image), (80, 120), Augmentation(scale=(1.0, 1.0), flip=0), np.random.default_rng(0))
    expected = cv2.resize(image, (120, 80), interpolation=cv2.INTER_LINEAR)
    assert np.abs(sample.image[8:-8, 8:-8].astype(int) - expected[8:-8, 8:-8]).max() <= 1


def test_change_colours__bright_pixels_stay_bright():
    white = np.full((8, 8, 3), 250, np.uint8)
    white[:, :4] = 5
    for seed in range(20):
        changed = change_colours(white, 0.4, np.random.default_rng(seed)).astype(int)
        assert (changed[:, 4:] > changed[:, :4]).all()


def test_paste__what_is_pasted_is_known_and_stuff_is_left_behind():
    base = replace(block(np.s_[0:5], np.s_[0:5]), void=np.ones((40, 60), bool))
    front = block(np.s_[5:15], np.s_[5:15])
    other = replace(front, masks=np.concatenate((front.masks, ~front.masks)), class_ids=np.array([0, 2]))
    pasted = [paste(base, other, PLAIN.labels.is_thing(), np.random.default_rng(seed)) for seed in range(12)]
    assert any(p is not base for p in pasted) and all(2 not in p.class_ids for p in pasted)
    for p in pasted:
        assert (p.void == (base.void if p is base else ~front.masks[0])).all()


def test_motion_blur__is_as_bright_as_before():
    image = np.full((20, 30, 3), 120, np.uint8)
    assert all(np.abs(motion_blur(image, np.random.default_rng(seed)).astype(int) - 120).max() <= 1 for seed in range(9))
