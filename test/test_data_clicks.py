"""Tests the clicks and boxes that training samples."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
from datasets import PLAIN, block

from rmpsam_ros.data.clicks import PromptMix, sample_prompts


def test_prompts__foreground_clicks_lie_anywhere_in_their_object():
    sample = block(np.s_[8:28], np.s_[10:40])
    prompts = sample_prompts(sample, PromptMix(number=64, boxes=0, background=0, centred=0), np.random.default_rng(0))
    x, y = (prompts.boxes[:, 0] + 3).astype(int), (prompts.boxes[:, 1] + 3).astype(int)
    assert prompts.masks[np.arange(64), y, x].all() and x.std() > 5 and (prompts.labels == 1).all()


def test_prompts__boxes_surround_their_object():
    prompts = sample_prompts(block(np.s_[8:28], np.s_[10:40]), PromptMix(number=16, boxes=1, background=0, box_jitter=0.1), np.random.default_rng(0))
    assert np.allclose(prompts.boxes, [10, 8, 40, 28], atol=3.01) and (prompts.boxes[:, 2:] > prompts.boxes[:, :2]).all()


def test_prompts__a_background_click_answers_with_what_lies_under_it():
    sample = block(np.s_[8:28], np.s_[10:40])
    prompts = sample_prompts(sample, PromptMix(number=40, boxes=0, background=1), np.random.default_rng(0))
    x, y = (prompts.boxes[:, 0] + 3).astype(int), (prompts.boxes[:, 1] + 3).astype(int)
    on_object = sample.masks[0][y, x]
    assert (prompts.labels == 0).all() and on_object.any() and not on_object.all()
    assert (prompts.masks[on_object] == sample.masks[0]).all()
    assert not (prompts.masks[~on_object] & sample.masks[0]).any() and not (prompts.voids[~on_object] & sample.masks[0]).any()
    assert prompts.masks[np.arange(40), y, x].all()


def test_prompts__what_is_known_to_be_no_thing_ends_things_and_may_be_any_stuff():
    unlabelled = np.zeros((40, 60), bool)
    unlabelled[:, 50:] = True
    for class_id, void in ((0, False), (2, True)):  # a thing, and stuff
        sample = replace(block(np.s_[8:28], np.s_[10:40], class_id), no_thing=unlabelled)
        for mix in (PromptMix(number=8, background=0), PromptMix(number=64, boxes=0, background=1)):
            prompts = sample_prompts(sample, mix, np.random.default_rng(0), is_thing=PLAIN.labels.is_thing())
            on_object = (prompts.masks == sample.masks[0]).all(axis=(1, 2))
            assert on_object.any() and (prompts.voids[on_object][:, :, 50:] == void).all() and not prompts.voids[on_object][:, :, :50].any()


def test_prompts__of_a_picture_without_objects_teach_nothing():
    prompts = sample_prompts(block(np.s_[8:28], np.s_[10:40]).keep(np.array([False])), PromptMix(number=3), np.random.default_rng(0))
    assert prompts.voids.all() and not prompts.masks.any()


def test_prompts__a_background_click_on_nested_objects_means_the_inner_one():
    outer, inner = block(np.s_[5:35], np.s_[10:50]), block(np.s_[15:25], np.s_[20:40])
    sample = replace(outer, masks=np.concatenate((outer.masks, inner.masks)), class_ids=np.array([0, 1]))
    prompts = sample_prompts(sample, PromptMix(number=60, boxes=0, background=1), np.random.default_rng(0))
    x, y = (prompts.boxes[:, 0] + 3).astype(int), (prompts.boxes[:, 1] + 3).astype(int)
    on_inner = inner.masks[0][y, x]
    assert on_inner.any() and (prompts.masks[on_inner] == inner.masks[0]).all()


def test_prompts__on_unlabelled_ground_nothing_but_the_clicks_surroundings_is_known():
    sample = block(np.s_[8:28], np.s_[10:40])
    prompts = sample_prompts(sample, PromptMix(number=40, boxes=0, background=1), np.random.default_rng(0))
    beside = ~(prompts.masks == sample.masks[0]).all(axis=(1, 2))
    assert beside.any() and (prompts.voids[beside] == ~(prompts.masks[beside] | sample.masks[0])).all()


def test_prompts__centred_clicks_are_in_the_middle_and_all_lie_in_the_picture():
    sample = block(np.s_[8:28], np.s_[30:50])
    prompts = sample_prompts(sample, PromptMix(number=4, boxes=0, background=0, centred=1), np.random.default_rng(0))
    assert (np.abs(prompts.boxes[:, :2] + 3 - (39.5, 17.5)) <= 1).all()
    prompts = sample_prompts(sample, PromptMix(number=60, boxes=0, background=1), np.random.default_rng(0), valid=(30, 50))
    assert (prompts.boxes[:, 2:] - 3 < (50, 30)).all()


def test_prompts__the_object_itself_is_known_even_where_it_lies_on_void():
    sample = replace(block(np.s_[8:28], np.s_[10:40]), void=np.ones((40, 60), bool))
    prompts = sample_prompts(sample, PromptMix(number=6, background=0), np.random.default_rng(0))
    assert (prompts.voids == ~sample.masks[0]).all()
