"""Tests a frame of the Segmenter: its maps, features, and prompts answered from them."""
from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import get_type_hints

import numpy as np
import pytest
from segmenters import model, picture, segmenter  # noqa: F401
from test_fusion import assert_consistent

from rmpsam_ros import Segmenter, Tracker
from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.errors import BackendError, PromptError, TrackError
from rmpsam_ros.frame import Frame


@pytest.mark.parametrize("size", [(96, 128), (97, 131), (1, 1), (300, 40), (480, 640), (3000, 4000)])
def test_panoptic__any_image_size(segmenter, size):
    frame = segmenter.set_image(picture(*size), stamp=1.5)
    result = frame.panoptic()
    assert frame.image_size == size and frame.stamp == 1.5
    assert result.segment_ids.shape == size and result.segment_ids.dtype == np.uint16
    assert_consistent(result)
    assert frame.panoptic() is result
    assert {"preprocess", "network", "fusion"} <= frame.timings.keys()


def test_frame__is_freed_with_its_last_user(model):
    segmenter = Segmenter(model, backend="openvino", precision="fp32")
    gc.disable()
    try:
        frame = segmenter.set_image(picture(96, 128))
        frame.panoptic(), frame.prompt(points=[(64, 48)])
        left = weakref.ref(frame)
        del frame
        assert left() is None  # without relying on the garbage collector, before which a gigabyte may accumulate
    finally:
        gc.enable()


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("size", [(96, 128), (480, 640), (301, 400)])
def test_rotation__results_are_those_of_the_upright_picture_turned(segmenter, rotation, size):
    turns = rotation // 90
    upright = picture(*size)
    image = np.ascontiguousarray(np.rot90(upright, turns))
    expected, frame = segmenter.set_image(upright), segmenter.set_image(image, rotation=rotation)
    wanted, result = np.rot90(expected.panoptic().segment_ids, turns), frame.panoptic()
    assert frame.image_size == image.shape[:2] == result.segment_ids.shape
    assert_consistent(result)
    # Sizes in the network are rounded to a multiple of 4.
    assert np.mean(wanted == result.segment_ids) > (0.9 if size[0] % 4 else 0.995)
    rows, columns = frame.objects.valid
    assert frame.features.shape[1:] == (rows, columns) and rows == -(-frame.placement.resized[0] // 4)
    if size[0] % 4 == 0:
        np.testing.assert_allclose(frame.features, np.rot90(expected.features, turns, axes=(1, 2)), atol=1e-4)
    at = np.zeros(size, bool)
    at[size[0] // 3, size[1] // 4] = True
    (y,), (x,) = np.nonzero(np.rot90(at, turns))
    wanted = np.rot90(expected.prompt(points=[(size[1] // 4, size[0] // 3)]).mask, turns)
    assert wanted.any() and np.mean(wanted == frame.prompt(points=[(x, y)]).mask) > (0.9 if size[0] % 4 else 0.99)


def test_panoptic__the_model_makes_segments_to_test_with(segmenter):
    segments = segmenter.set_image(picture(480, 640)).panoptic().segments
    assert len(segments) >= 2 and sum(s.area for s in segments) > 480 * 640 / 4


def test_prompt__answers_from_the_features_of_its_own_frame(segmenter):
    first = segmenter.set_image(picture(240, 320, seed=1))
    before = first.prompt(points=[(50, 60)])
    segmenter.set_image(picture(240, 320, seed=2)).prompt(points=[(200, 100)])
    again = first.prompt(points=[(50, 60)])
    assert np.array_equal(before.mask, again.mask)
    assert before.mask.shape == (240, 320) and before.mask.dtype == bool
    assert 0 <= before.score <= 1
    rows, columns = np.nonzero(before.mask)
    assert rows.size and (before.roi.x, before.roi.y) == (columns.min(), rows.min())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_features__of_every_backend_and_type__are_one_picture_of_the_image(model, precision):
    image = picture(75, 100)
    try:
        frames = [Segmenter(model, backend, precision=precision).set_image(image) for backend in ("torch", "openvino")]
    except BackendError:
        pytest.skip("this CPU does not compute bf16")
    first, second = (frame.features for frame in frames)
    rows, columns = frames[0].placement.valid_cells
    assert first.shape[1:] == (rows, columns) == frames[0].objects.valid and first.dtype == second.dtype == np.float32
    assert first.std() > 0 and np.abs(first - second).mean() < (0.05 if precision == "bf16" else 1e-4) * first.std()


def test_prompt__class_is_that_of_the_panoptic_segment_under_it(segmenter):
    frame = segmenter.set_image(picture(240, 320))
    result = frame.prompt(points=[(160, 120)])
    semantic = frame.panoptic().semantic()
    counts = np.bincount(semantic[result.mask], minlength=256)[:255]
    assert result.class_id == (counts.argmax() if counts.any() else -1)
    assert result.class_name == (segmenter.labels[result.class_id].name if result.class_id >= 0 else "")


def test_prompt__one_sentence_for_a_point_outside(segmenter):
    with pytest.raises(PromptError, match="x must be from 0 to 319"):
        segmenter.set_image(picture(240, 320)).prompt(points=[(320, 5)])


def test_frame__prompted_from_several_threads__each_gets_its_own_answer(model):
    photo = picture(480, 640)
    points = [(x, y) for x in range(20, photo.shape[1], 90) for y in range(20, photo.shape[0], 90)]
    with Segmenter(model, threads=1) as segmenter:
        frame = segmenter.set_image(photo)
        alone = [frame.prompt(points=[point]).mask for point in points]
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(lambda point: frame.prompt(points=[point]).mask, points * 3))
    assert all(np.array_equal(mask, expected) for mask, expected in zip(together, alone * 3))
    assert len({mask.tobytes() for mask in alone}) > 3


def test_tracker__a_frame_that_was_kept_for_prompts_is_refused(segmenter):
    frame = segmenter.set_image(picture(96, 128))
    frame.keep_for_prompts()
    with pytest.raises(TrackError, match="kept for prompts only"):
        Tracker(segmenter.labels).update(frame)


def test_prompt__the_query_is_that_of_the_best_foreground_prompt(segmenter, monkeypatch):
    frame = segmenter.set_image(picture(96, 128))
    queries = np.arange(3, dtype=np.float32)[:, None]
    said = PromptOutputs(np.full((3, 24, 32), 5.0, np.float32), np.array([0.3, 0.6, 0.9], np.float32), queries)
    monkeypatch.setattr(frame, "prompt_outputs", lambda prompt: said)
    result = frame.prompt(points=[(5, 5), (9, 9), (90, 90)], labels=[1, 1, 0])
    assert result.query[0] == 1 and result.score == pytest.approx(0.6)


def test_features_and_objects__of_an_image_that_leaves_the_input_free_are_the_images_alone(segmenter):
    frame = segmenter.set_image(picture(40, 128))
    rows, columns = frame.objects.valid
    assert (rows, columns) == (10, 32) and frame.features.shape[1:] == (rows, columns)


def test_panoptic__what_is_kept_cannot_be_written_into(segmenter):
    frame = segmenter.set_image(picture(96, 128))
    with pytest.raises(ValueError, match="read-only"):
        frame.panoptic().segment_ids[:] = 0


def test_frame__its_calls_have_types_that_can_be_read():
    assert "PointPrompt" in str(get_type_hints(Frame.prompt)["points"])


def test_results__are_compared_as_the_objects_that_they_are(segmenter):
    frame = segmenter.set_image(picture(96, 128))
    one, other = frame.prompt(points=[(10, 10)]), frame.prompt(points=[(10, 10)])
    assert one == one and one != other and other in {one, other} and frame.panoptic() == frame.panoptic()


def test_max_segments__of_all_that_there_are_the_best_stay(model):
    image = picture(96, 128)
    every = Segmenter(model, backend="openvino", precision="fp32", overlap_threshold=0.0).set_image(image).panoptic().segments
    few = Segmenter(model, backend="openvino", precision="fp32", overlap_threshold=0.0, max_segments=2).set_image(image).panoptic().segments
    best = sorted(sorted(every, key=lambda s: -s.score)[:2], key=lambda s: s.id)
    assert len(every) > 2 and [(s.query_index, s.area) for s in few] == [(s.query_index, s.area) for s in best]


def test_max_segments__what_is_filtered_out_does_not_count(model):
    with Segmenter(model, backend="openvino", precision="fp32", overlap_threshold=0.0) as segmenter:
        frame = segmenter.set_image(picture(96, 128))
        worst = min(frame.panoptic().segments, key=lambda s: s.score)
        segmenter.max_segments, segmenter.class_filter = 1, [worst.class_name]
        assert [s.class_name for s in segmenter.set_image(picture(96, 128)).panoptic().segments] == [worst.class_name]


def test_prompt__an_answer_stays_what_it_was_when_others_are_asked_for(segmenter):
    frame = segmenter.set_image(picture(96, 128))
    first = frame.prompt(points=[(10, 10)])
    mask, query = first.mask.copy(), first.query.copy()
    second = frame.prompt(points=[(110, 80)])
    assert not np.array_equal(second.query, query)
    assert np.array_equal(first.query, query) and np.array_equal(first.mask, mask)
