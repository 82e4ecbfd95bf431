"""What is pasted from one picture into another."""
from __future__ import annotations

import numpy as np
import pytest
from datasets import panoptic_set
from test_data_training import block, source

from rmpsam_ros.data import sources
from rmpsam_ros.data.augment import Augmentation
from rmpsam_ros.data.sources import Mixture


def mixed(tmp_path, monkeypatch, other, seeds: int = 12) -> list:
    """Pictures of 40x60 on a canvas of 64x96, each with `other`, which fills the canvas, pasted in or not."""
    calls = []

    def jitter(sample, size, how, rng):
        calls.append(how.framed)
        return (block(np.s_[2:8], np.s_[2:8], size=(64, 96)), (40, 60)) if len(calls) % 2 else (other, (64, 96))

    monkeypatch.setattr(sources, "jitter", jitter)
    mixture = Mixture([source("panoptic", panoptic_set(tmp_path, count=1))], (64, 96), Augmentation(copy_paste=1.0, framed=1.0, colour=0.0))
    samples = [mixture.image(np.random.default_rng(seed))[0] for seed in range(seeds)]
    assert calls == [1.0, 0.0] * seeds  # what is pasted is not framed: it would hide all else
    return samples


def areas(samples: list) -> set[int]:
    return {int(mask.sum()) for sample in samples for mask in sample.masks}


@pytest.mark.parametrize("rows, columns, pasted", [
    (np.s_[10:30], np.s_[20:50], True), (np.s_[20:40], np.s_[40:60], True),  # within, and up to the very edge
    (np.s_[20:41], np.s_[20:50], False), (np.s_[10:30], np.s_[40:61], False), (np.s_[50:60], np.s_[70:90], False),
])
def test_image__an_object__is_pasted_whole_or_not_at_all(tmp_path, monkeypatch, rows, columns, pasted):
    other = block(rows, columns, size=(64, 96))
    found = areas(mixed(tmp_path, monkeypatch, other))
    assert found == ({36, int(other.masks.sum())} if pasted else {36})


def test_image__without_copy_paste__is_one_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "paste", lambda *_: pytest.fail("nothing is to be pasted"))
    mixture = Mixture([source("panoptic", panoptic_set(tmp_path, count=1))], (64, 96), Augmentation(copy_paste=0.0))
    assert mixture.image(np.random.default_rng(0))[1] <= (64, 96)
