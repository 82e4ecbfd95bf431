"""Tests masks that stay on the backend's device: pixel owners and the fused map equal those on the host."""
from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the TensorRT backend needs torch")
pytest.importorskip("onnx", reason="typed graphs need onnx")

import torch
import trt_stand_in
from models import tiny_model
from torch.utils._python_dispatch import TorchDispatchMode

from rmpsam_ros.backends.cuda import Staging
from rmpsam_ros.backends.device_masks import DeviceMasks
from rmpsam_ros.fusion import fuse
from rmpsam_ros.model_folder import read_model_folder
from rmpsam_ros.ownership import Ownership, assign
from rmpsam_ros.placement import place


def masks_on(logits: torch.Tensor) -> DeviceMasks:
    device = trt_stand_in.HostDevice()
    return DeviceMasks(logits, device, Staging(device))


@pytest.mark.parametrize("source", [(96, 128), (75, 100), (200, 210), (33, 128), (300, 40)])
def test_device_masks__any_source_size__same_owners_as_on_the_host(source):
    placement = place(source, (96, 128))
    generator = np.random.default_rng(1)
    coarse = torch.from_numpy(generator.normal(0, 4, (9, 4, 5)).astype(np.float32))
    logits = torch.nn.functional.interpolate(coarse[None], size=(24, 32), mode="bicubic")[0].numpy()
    scores = generator.uniform(0.3, 1, 6).astype(np.float32)
    kept = np.array([0, 2, 3, 5, 7, 8])
    ours = masks_on(torch.from_numpy(logits)).assign(kept, scores, placement)
    theirs = assign(scores, logits[kept], placement)
    assert ours.owner.dtype == np.uint16 and ours.owner.shape == source
    assert np.mean(ours.owner != theirs.owner) < 2e-4
    assert np.abs(ours.inside - theirs.inside).max() <= 2 and np.abs(ours.area - theirs.area).max() <= 2
    extents, expected = ours.extents(), Ownership(ours.owner, ours.area, ours.inside).extents()
    np.testing.assert_array_equal(extents.pixels, expected.pixels)
    np.testing.assert_array_equal(extents.boxes, expected.boxes)


def test_fuse__masks_on_a_device__same_map():
    placement, labels = place((96, 128), (96, 128)), read_model_folder(tiny_model()).labels
    generator = np.random.default_rng(2)
    logits = generator.normal(0, 3, (6, 3, 4)).astype(np.float32).repeat(8, axis=1).repeat(8, axis=2)
    logits[2, 5] = np.nan
    logits[1, :, 4], logits[0, 3] = np.inf, -np.inf
    arguments = (np.array([0, 3, 1, 6, 3, 2]), np.array([0.9, 0.7, 0.8, 0.9, 0.6, 0.1], np.float32))
    ours = fuse(*arguments, masks_on(torch.from_numpy(logits)), placement, labels, 0.3, 0.1)
    theirs = fuse(*arguments, logits, placement, labels, 0.3, 0.1)
    np.testing.assert_array_equal(ours.segment_ids, theirs.segment_ids)
    assert [(s.id, s.class_id, s.area, s.roi) for s in ours.segments] == [(s.id, s.class_id, s.area, s.roi) for s in theirs.segments]


def test_device_masks__equal_values__first_query_wins_also_across_chunks(monkeypatch):
    monkeypatch.setattr("rmpsam_ros.backends.device_masks._AT_ONCE", 1)  # one query at a time
    logits = torch.ones(3, 8, 8)
    ownership = masks_on(logits).assign(np.arange(3), np.ones(3, np.float32), place((32, 32), (32, 32)))
    assert (ownership.owner == 1).all() and ownership.area.tolist() == [1024, 0, 0]


def test_assign__many_queries__full_size_maps_are_made_within_the_bound(monkeypatch):
    class Largest(TorchDispatchMode):
        elements = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                self.elements = max(self.elements, result.numel())
            return result

    bound = 8 * 2 * 64 * 64  # eight queries, each on the padded canvas and at the source's size
    monkeypatch.setattr("rmpsam_ros.backends.device_masks._AT_ONCE", bound)
    masks = masks_on(torch.randn(40, 16, 16, generator=torch.Generator().manual_seed(0)))
    with Largest() as largest:
        masks.assign(np.arange(40), np.ones(40, np.float32), place((64, 64), (64, 64)))
    assert 64 * 64 <= largest.elements <= bound
