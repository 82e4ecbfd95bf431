"""Tests the bundled model: the description in its folder, and its results on a photograph outside its training data."""
from __future__ import annotations

import cv2
import numpy as np
import pytest

from rmpsam_ros.model_folder import DEFAULT_MODELS, find_model, read_model_folder

FOLDER = find_model(DEFAULT_MODELS[0])


@pytest.fixture(scope="module")
def coffee():
    data = pytest.importorskip("skimage.data", reason="the photograph is scikit-image's")
    return data.coffee()


@pytest.fixture(scope="module")
def segmenter():
    pytest.importorskip("openvino", reason="needs a backend")
    from rmpsam_ros.segmenter import Segmenter

    segmenter = Segmenter(backend="openvino")
    yield segmenter
    segmenter.close()


def saucer() -> np.ndarray:
    """(400, 600) bool: cup and saucer of the photograph, drawn by hand as an ellipse."""
    return cv2.ellipse(np.zeros((400, 600), np.uint8), (280, 210), (205, 165), 0, 0, 360, 1, -1) > 0


def cup() -> np.ndarray:
    """(400, 600) bool: the cup without handle and saucer, drawn by hand."""
    drawn = cv2.ellipse(np.zeros((400, 600), np.uint8), (290, 105), (118, 88), 0, 0, 360, 1, -1)
    body = [(172, 110), (178, 160), (205, 215), (240, 250), (262, 282), (300, 284), (335, 265), (375, 235), (395, 200), (407, 120)]
    return cv2.fillPoly(drawn, [np.array(body)], 1) > 0


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_folder__says_what_it_is_and_stays_small():
    model = read_model_folder(FOLDER)
    assert model.trained and model.variant == "lite0" and model.licence == "Apache-2.0" and "rmpsam train" in model.provenance
    assert len(model.labels) == 40 and model.labels.is_thing().sum() == 26
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 40e6


def test_default__is_the_trained_model(segmenter):
    assert segmenter.trained and segmenter.model_name == DEFAULT_MODELS[0]


def test_click__finds_the_object_far_better_than_a_disc(segmenter, coffee):
    frame = segmenter.set_image(coffee)
    disc = cv2.circle(np.zeros((400, 600), np.uint8), (300, 230), 50, 1, -1) > 0
    found = frame.prompt([(300, 230)])
    assert iou(found.mask, saucer()) > 2 * iou(disc, saucer())
    assert found.mask[230, 300] and 0 < found.score <= 1


def test_box__finds_the_object(segmenter, coffee):
    assert iou(segmenter.set_image(coffee).prompt(boxes=[(170, 15, 410, 286)]).mask, cup()) > 0.8


def test_background_click__takes_away(segmenter, coffee):
    frame = segmenter.set_image(coffee)
    alone, less = (frame.prompt(points, labels).mask for points, labels in (([(300, 230)], [1]), ([(300, 230), (560, 380)], [1, 0])))
    assert not less[380, 560] and less[230, 300] and iou(alone, less) > 0.3
