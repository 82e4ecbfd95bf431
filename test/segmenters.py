"""Fixtures of the tests of segmenters and frames: the tiny model, a segmenter with it, and images of a few colours."""
from __future__ import annotations

import numpy as np
import pytest
from models import tiny_model

from rmpsam_ros import Segmenter


@pytest.fixture(scope="module")
def model():
    return tiny_model()


@pytest.fixture(scope="module")
def segmenter(model):
    return Segmenter(model, backend="openvino", precision="fp32")


def picture(height, width, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 5, 3), dtype=np.uint8)
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 5 // width
    return np.ascontiguousarray(coarse[rows][:, columns])
