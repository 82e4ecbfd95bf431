"""Tests panoptic fusion and pixel ownership against a direct transcription of the reference's recipe."""
from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
import reference
from scipy.ndimage import gaussian_filter

from rmpsam_ros import fusion, ownership
from rmpsam_ros.label_groups import only
from rmpsam_ros.labels import OFFICIAL, make_label_set
from rmpsam_ros.placement import Placement, axis_of, place
from rmpsam_ros.types import PanopticResult, Roi, Segment

COCO = OFFICIAL["coco-panoptic"]
NO_OBJECT = len(COCO)


def softmax_best(class_logits):
    exponent = np.exp(class_logits - class_logits.max(axis=1, keepdims=True))
    probability = exponent / exponent.sum(axis=1, keepdims=True)
    return probability.argmax(axis=1), probability.max(axis=1).astype(np.float32)


def plain_fusion(class_ids, scores, probabilities, threshold, overlap):
    """(H, W) map of class + 1000 x instance, 133 for none: the recipe with full-size maps, query by query."""
    kept = np.flatnonzero((class_ids != NO_OBJECT) & (scores > threshold))
    out, instance = np.full(probabilities.shape[1:], NO_OBJECT), 1
    if not kept.size:
        return out
    owner = kept[(scores[kept, None, None] * probabilities[kept]).argmax(axis=0)]
    for query in kept:
        mask, whole = owner == query, probabilities[query] >= 0.5
        area, original = mask.sum(), whole.sum()
        if area == 0 or original == 0 or area / original < overlap:
            continue
        out[mask & whole] = class_ids[query] + (1000 * instance if class_ids[query] < 80 else 0)
        instance += class_ids[query] < 80
    return out


def full_size(mask_logits, placement):
    padded = [cv2.resize(m, placement.padded[::-1], interpolation=cv2.INTER_LINEAR) for m in mask_logits]
    cropped = [p[: placement.resized[0], : placement.resized[1]] for p in padded]
    source = [cv2.resize(c, placement.source[::-1], interpolation=cv2.INTER_LINEAR) for c in cropped]
    return 1 / (1 + np.exp(-np.stack(source)))


def official_ids(result):
    """Our result with the reference's numbering: things get an instance number in query order."""
    out = np.full(result.segment_ids.shape, NO_OBJECT)
    for segment in result.segments:
        out[result.segment_ids == segment.id] = segment.class_id + (1000 * segment.id if segment.is_thing else 0)
    return out


def disagreement(ours, theirs):
    """Number of pixels that differ after matching instance numbers by their pixels."""
    wrong = int(((ours % 1000) != (theirs % 1000)).sum())
    for number in np.unique(theirs[theirs >= 1000]):
        mine = ours[theirs == number]
        wrong += int((mine != np.bincount(mine).argmax()).sum())
    return wrong


def regions(placement, count, seed):
    """(100, H/4, W/4) logits of `count` neighbouring smooth regions, the rest far below zero, and class logits."""
    generator = np.random.default_rng(seed)
    height, width = placement.padded[0] // 4, placement.padded[1] // 4
    rows, columns = np.mgrid[:height, :width]
    centres = generator.uniform(0, 1, (count, 2)) * (height, width)
    distance = np.hypot(rows - centres[:, 0, None, None], columns - centres[:, 1, None, None])
    distance += 15 * np.stack([gaussian_filter(generator.normal(size=(height, width)), 3) for _ in centres])
    nearest = np.sort(distance, axis=0)
    logits = np.full((100, height, width), -15.0)
    logits[:count] = np.where(distance == nearest[0], nearest[1] - distance, nearest[0] - distance)
    logits += generator.normal(size=logits.shape) * 0.3
    classes = generator.normal(size=(100, NO_OBJECT + 1))
    classes[count:, -1] += 20
    classes[np.arange(count), generator.integers(0, NO_OBJECT, count)] += generator.uniform(8, 14, count)
    return logits.astype(np.float32), classes.astype(np.float32)


SIZES = [((96, 128), (96, 128)), ((75, 100), (96, 128)), ((270, 480), (96, 160)), ((33, 47), (96, 128)), ((10, 400), (64, 256)), ((1, 1), (64, 64))]


@pytest.mark.parametrize("source, padded", SIZES)
def test_fuse__equals_the_plain_recipe_at_any_size(source, padded):
    placement = place(source, padded)
    logits, classes = regions(placement, 12, seed=sum(source))
    class_ids, scores = softmax_best(classes)
    for threshold, overlap in ((0.5, 0.5), (0.8, 0.8), (0.0, 0.0)):
        result = fusion.fuse(class_ids, scores, logits, placement, COCO, threshold, overlap)
        expected = plain_fusion(class_ids, scores, full_size(logits, placement), threshold, overlap)
        assert disagreement(official_ids(result), expected) <= 2e-5 * expected.size  # a tie within rounding


def test_fuse__noise_masks_agree_with_the_plain_recipe():
    generator = np.random.default_rng(3)
    placement = place((96, 128), (96, 128))
    logits = (8 * generator.normal(size=(100, 24, 32))).astype(np.float32)
    class_ids, scores = softmax_best(regions(placement, 60, 3)[1])
    result = fusion.fuse(class_ids, scores, logits, placement, COCO, 0.5, 0.0)
    expected = plain_fusion(class_ids, scores, full_size(logits, placement), 0.5, 0.0)
    assert disagreement(official_ids(result), expected) <= 2


def assert_consistent(result):
    """Every non-zero ID has exactly one segment, whose area and ROI match its pixels."""
    ids, counts = np.unique(result.segment_ids[result.segment_ids > 0], return_counts=True)
    assert [s.id for s in result.segments] == ids.tolist() == list(range(1, len(ids) + 1))
    for segment, count in zip(result.segments, counts):
        rows, columns = np.nonzero(result.segment_ids == segment.id)
        assert segment.area == count
        assert (segment.roi.x, segment.roi.y) == (columns.min(), rows.min())
        assert (segment.roi.width, segment.roi.height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_fuse__ids_areas_and_rectangles_are_those_of_the_map():
    placement = place((75, 100), (96, 128))
    logits, classes = regions(placement, 20, seed=5)
    class_ids, scores = softmax_best(classes)
    queries = np.arange(100, dtype=np.float32)[:, None]
    result = fusion.fuse(class_ids, scores, logits, placement, COCO, 0.5, 0.0, queries=queries)
    assert len(result.segments) > 5
    assert_consistent(result)
    for segment in result.segments:
        assert segment.class_name == COCO[segment.class_id].name
        assert segment.query[0] == segment.query_index
        assert class_ids[segment.query_index] == segment.class_id
    stuff = [s.class_id for s in result.segments if not s.is_thing]
    assert len(stuff) == len(set(stuff))  # stuff of one class is one segment


@pytest.mark.parametrize("source", [(48, 64), (29, 41), (100, 177)])
def test_fuse__infinite_logits_are_sure_ones(source):
    masks = np.full((3, 12, 16), -1e4, np.float32)
    masks[0, :6], masks[1, 6:, :8], masks[2, 6:, 8:] = 1e4, 1e4, 5
    arguments = (np.array([0, 1, 0]), np.full(3, 0.9, np.float32))
    labels, placement = make_label_set("two", ["a", "b"], []), place(source, (48, 64))
    expected = fusion.fuse(*arguments, masks, placement, labels)
    infinite = fusion.fuse(*arguments, np.where(abs(masks) == 1e4, masks * np.inf, masks), placement, labels)
    assert len(expected.segments) == 3
    np.testing.assert_array_equal(infinite.segment_ids, expected.segment_ids)


def test_only__leaves_segments_out_and_gives_their_pixels_to_nobody():
    labels = make_label_set("three", ["cup", "bowl"], ["table"])
    masks = np.full((3, 8, 8), -5, np.float32)
    masks[0, :4, :4] = masks[1, 4:, 4:] = 5
    masks[2] = 1
    whole = fusion.fuse(np.array([0, 1, 2]), np.array([0.9, 0.8, 0.7], np.float32), masks, Placement((32, 32), (32, 32), (32, 32)), labels, 0.5, 0.0)
    by_name = {s.class_name: s for s in whole.segments}
    assert set(by_name) == {"cup", "bowl", "table"}
    kept = only(whole, np.array([False, False, True]))
    assert [(s.id, s.class_name, s.area) for s in kept.segments] == [(1, "table", by_name["table"].area)]
    assert ((kept.segment_ids == 1) == (whole.segment_ids == by_name["table"].id)).all() and kept.segment_ids.max() == 1
    nothing = only(whole, np.zeros(3, bool))
    assert nothing.segments == () and not nothing.segment_ids.any()


def test_fuse__limits_and_broken_numbers():
    labels = make_label_set("two", ["thing"], ["stuff"])
    placement = Placement((32, 32), (32, 32), (32, 32))
    masks = np.full((3, 8, 8), 5, np.float32)
    class_ids, scores = np.array([0, 1, 2]), np.array([0.6, 0.9, 1.0], np.float32)

    def fuse(**changes):
        arguments = {"class_ids": class_ids, "scores": scores, "mask_logits": masks, "placement": placement, "labels": labels,
                     "score_threshold": 0.5, "overlap_threshold": 0.0}  # fmt: skip
        return fusion.fuse(**(arguments | changes))

    assert [s.class_name for s in fuse().segments] == ["stuff"]  # the higher score takes every pixel
    assert fuse(score_threshold=0.95).segments == ()  # the third is "no object"
    assert not fuse(score_threshold=0.95).segment_ids.any()
    assert fuse(scores=np.full(3, np.nan, np.float32)).segments == ()
    broken = masks.copy()
    broken[1] = np.nan
    assert [s.class_name for s in fuse(mask_logits=broken).segments] == ["thing"]


@pytest.mark.parametrize("name, threshold, overlap", [("panseg_official", 0.8, 0.8), ("panseg_thr05", 0.5, 0.8)])
def test_plain_recipe__equals_the_reference_fixtures(name, threshold, overlap):
    fixture = reference.arrays("fixtures_post.npz")
    class_ids, scores = softmax_best(fixture["mask_cls"])
    masks = fixture["mask_pred"]
    # The fixture's masks are at full size, ours start at a quarter of it: so the official numbers validate the plain
    # recipe here, and the plain recipe validates `fuse` in the tests above.
    probabilities = 1 / (1 + np.exp(-masks.astype(np.float64)))
    assert disagreement(plain_fusion(class_ids, scores, probabilities, threshold, overlap), fixture[name]) == 0


def test_semantic__class_ids_and_unlabelled():
    labels = make_label_set("two", ["thing"], ["stuff"])
    masks = np.full((1, 8, 8), -5, np.float32)
    masks[0, :, :4] = 5
    result = fusion.fuse(np.array([1]), np.array([0.9], np.float32), masks, Placement((32, 32), (32, 32), (32, 32)), labels, 0.5, 0.0)
    semantic = result.semantic()
    assert semantic.dtype == np.uint8
    assert semantic[0, 0] == 1 and semantic[0, -1] == 255
    confidence = result.confidence()
    assert confidence.dtype == np.uint8 and confidence[0, 0] == round(255 * result.segments[0].score) and confidence[0, -1] == 0


def halves(*pairs):
    """(K, 8, 8) logits: for each query, one value for the left and one for the right half."""
    masks = np.zeros((len(pairs), 8, 8), np.float32)
    for mask, (left, right) in zip(masks, pairs):
        mask[:, :4], mask[:, 4:] = left, right
    return masks


WHOLE = Placement((32, 32), (32, 32), (32, 32))


def test_fuse__stuff_of_two_queries_is_one_segment_with_the_better_ones_score_and_query():
    labels = make_label_set("two", ["cup"], ["floor"])
    masks = np.full((3, 8, 8), -9, np.float32)
    masks[0, :3, :3] = masks[1, 5:, 5:] = masks[2, :3, 5:] = 9
    queries = np.arange(3, dtype=np.float32)[:, None]
    result = fusion.fuse(np.array([1, 1, 0]), np.array([0.6, 0.9, 0.8], np.float32), masks, WHOLE, labels, 0.5, 0.0, queries=queries)
    assert_consistent(result)
    floor, cup = result.segments
    assert (floor.class_name, floor.query_index, floor.query[0]) == ("floor", 1, 1) and floor.score == pytest.approx(0.9)
    assert floor.roi.width == floor.roi.height == 32 and cup.query_index == 2


def test_fuse__thresholds__a_score_at_it_is_left_out_and_a_mask_that_is_won_whole_stays():
    labels = make_label_set("one", ["cup"], [])
    result = fusion.fuse(np.array([0, 0]), np.array([0.5, 0.75], np.float32), halves((9, -9), (9, 9)), WHOLE, labels, 0.5, 1.0)
    assert [s.query_index for s in result.segments] == [1]


def test_fuse__a_logit_of_0_is_one_half_and_inside_the_mask():
    labels = make_label_set("one", ["cup"], [])
    result = fusion.fuse(np.array([0]), np.array([0.75], np.float32), np.zeros((1, 8, 8), np.float32), WHOLE, labels, 0.5, 1.0)
    assert [s.area for s in result.segments] == [32 * 32] and result.segment_ids.all()


def test_best_segments__the_best_by_score_stay_in_their_order():
    labels = make_label_set("one", ["cup"], [])
    masks = np.full((3, 8, 8), -9, np.float32)
    masks[0, :3], masks[1, 3:5], masks[2, 5:] = 9, 9, 9
    result = fusion.fuse(np.array([0, 0, 0]), np.array([0.6, 0.8, 0.9], np.float32), masks, WHOLE, labels, 0.5, 0.0)
    best = fusion.best_segments(result, 2)
    assert_consistent(best)
    assert [s.query_index for s in best.segments] == [1, 2] and not best.segment_ids[result.segment_ids == 1].any()
    assert fusion.best_segments(result, 3) is result


def test_fuse__a_query_that_wins_only_where_it_is_below_one_half_is_no_segment():
    labels = make_label_set("two", ["cup", "bowl"], [])
    result = fusion.fuse(np.array([0, 1]), np.array([0.9, 0.9], np.float32), halves((1, -1), (9, -9)), WHOLE, labels, 0.5, 0.0)
    assert [s.class_name for s in result.segments] == ["bowl"] and set(np.unique(result.segment_ids)) == {0, 1}


@pytest.mark.parametrize("smooth", [0, 2, 6])
@pytest.mark.parametrize("source, padded", SIZES)
def test_assign__leaves_nothing_out_that_a_contest_of_all_with_all_would_find(source, padded, smooth, monkeypatch):
    generator, placement = np.random.default_rng(7 * smooth + sum(source)), place(source, padded)
    logits = generator.normal(0, 4, (9, padded[0] // 4, padded[1] // 4))
    logits = np.stack([(1 + smooth) * gaussian_filter(each, smooth) for each in logits]).astype(np.float32)
    scores = generator.uniform(0.1, 1, 9).astype(np.float32)
    limited = ownership.assign(scores, logits, placement)
    monkeypatch.setattr(ownership, "_matters", lambda scores, logits, rows, columns: np.ones((9, rows.start.size, columns.start.size), bool))
    every = ownership.assign(scores, logits, placement)
    for name in ("owner", "area", "inside"):
        assert np.array_equal(getattr(limited, name), getattr(every, name)), name


def test_matters__is_where_a_query_may_win_or_be_and_not_elsewhere():
    logits = np.full((4, 24, 32), -12.0, np.float32)  # 96x128 pixels
    logits[0] = 6  # across the whole image
    logits[1, 4:8, 4:8], logits[2, 10:20, 6:12] = 12, 12
    rows, columns = axis_of(96, 96, 96), axis_of(128, 128, 128)
    matters = ownership._matters(np.array([0.6, 0.9, 0.9, 0.9], np.float32), logits, rows, columns)
    assert matters[0].all() and not matters[3].any()
    for found, (top, bottom, left, right) in zip(matters[1:3], ((16, 32, 16, 32), (40, 80, 24, 48))):
        for axis, runs, first, last in ((rows, found.any(axis=1), top, bottom), (columns, found.any(axis=0), left, right)):
            span = axis.pixels(*np.flatnonzero(runs)[[0, -1]])
            assert first - 4 <= span.start <= first and last <= span.stop <= last + 4
    spans = dict(ownership._spans(matters[:, 5:6].any(axis=1), columns))
    assert spans.keys() == {0, 1} and spans[0] == slice(0, 128) and spans[1].start < 20 < 30 < spans[1].stop < 40


@pytest.mark.parametrize("width", [1, 7, 640])
def test_bands__are_all_rows_in_turn_and_fit_into_the_scratch(width):
    for rows in (axis_of(480, 480, 480), axis_of(1, 64, 64), axis_of(4000, 384, 384)):
        bands = list(ownership._bands(rows, width))
        assert bands[0][0] == 0 and bands[-1][1] == rows.start.size - 1
        assert all(a[1] + 1 == b[0] for a, b in itertools.pairwise(bands))
        most = max(rows.pixels(*band).stop - rows.pixels(*band).start for band in bands) * width
        assert most <= ownership._BAND_PIXELS + int(rows.length.max()) * width


@pytest.mark.parametrize("seed", range(12))
def test_extents__are_those_of_each_owners_pixels(seed):
    generator = np.random.default_rng(seed)
    height, width, count = (int(generator.integers(1, top)) for top in (60, 80, 20))
    coarse = generator.integers(0, count + 1, (height // 7 + 1, width // 9 + 1)).astype(np.uint16)
    owner = coarse[np.arange(height)[:, None] // 7, np.arange(width) // 9]
    extents = ownership.Ownership(owner, np.zeros(count, np.int64), np.zeros(count, np.int64)).extents()
    for row in range(count):
        y, x = np.nonzero(owner == row + 1)
        box = (x.min(), y.min(), x.max() + 1, y.max() + 1) if x.size else (width, height, 0, 0)
        assert extents.pixels[row] == x.size and tuple(extents.boxes[row]) == box


def test_assign__of_equals_the_first_wins():
    result = ownership.assign(np.full(2, 0.8, np.float32), halves((5, -5), (5, -5)), WHOLE)
    assert set(np.unique(result.owner)) == {0, 1}


def test_semantic_and_confidence__of_ids_beyond_a_byte():
    labels = make_label_set("two", ["cup"], ["floor"])
    segments = tuple(Segment(k, k % 2, "", k % 2 == 0, k / 600, 1, Roi(0, 0, 1, 1)) for k in range(1, 601))
    ids = np.arange(601, dtype=np.uint16)[None]
    result = PanopticResult(ids, segments, labels)
    assert result.semantic()[0].tolist() == [255, *(k % 2 for k in range(1, 601))]
    assert result.confidence()[0].tolist() == [0, *(round(255 * k / 600) for k in range(1, 601))]
