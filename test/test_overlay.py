"""Tests drawing: only the right pixels change; labels stay inside the image and do not overlap; colours are stable."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rmpsam_ros.errors import ImageError
from rmpsam_ros.overlay import MAX_TAGS, UNTRAINED_BANNER, draw_click, draw_followed, draw_panoptic, tag_text
from rmpsam_ros.overlay_colors import segment_colors, track_color
from rmpsam_ros.overlay_tags import TagLayer, paint_text, text_size
from rmpsam_ros.types import ClassLabel, LabelSet, PanopticResult, PointPrompt, PromptResult, Roi, Segment, TrackedInstance, TrackState

LABELS = LabelSet(
    "test",
    (
        ClassLabel(0, "person", True, (220, 20, 60)),
        ClassLabel(1, "post", True, (128, 128, 128)),
        ClassLabel(2, "sky", False, (70, 130, 180)),
        ClassLabel(3, "nothing chosen", False, (0, 0, 0)),
    ),
)


def _photo(height: int = 120, width: int = 160) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _result(segment_ids: np.ndarray, classes: dict[int, int], tracks: dict[int, int] | None = None) -> PanopticResult:
    segments = []
    for segment_id, class_id in classes.items():
        mask = segment_ids == segment_id
        label = LABELS[class_id]
        track = (tracks or {}).get(segment_id, 0)
        segments.append(
            Segment(segment_id, class_id, label.name, label.is_thing, 0.9, int(mask.sum()), Roi.of_mask(mask), track)
        )
    return PanopticResult(segment_ids, tuple(segments), LABELS)


def _click(mask: np.ndarray, **more) -> PromptResult:
    return PromptResult(mask, 0.8, Roi.of_mask(mask), 0, "person", **more)


def test_draw_panoptic__blends_inside_and_leaves_unlabelled_pixels() -> None:
    image = _photo()
    ids = np.zeros(image.shape[:2], np.uint16)
    ids[20:60, 30:90] = 7
    before = image.copy()
    drawn = draw_panoptic(image, _result(ids, {7: 0}), alpha=0.25, tags=False)
    assert np.array_equal(image, before)
    assert np.array_equal(drawn[ids == 0], image[ids == 0])
    expected = image[25:55, 35:85] * 0.75 + np.array([220, 20, 60]) * 0.25
    assert np.abs(drawn[25:55, 35:85] - expected).max() <= 1
    assert (drawn[20, 30:90] == (220, 20, 60)).all()  # the contour is opaque


@pytest.mark.parametrize("alpha", [0.0, 1.0, -3.0, 9.0])
def test_draw_panoptic__alpha_at_and_beyond_its_ends(alpha: float) -> None:
    image = _photo()
    ids = np.full(image.shape[:2], 3, np.uint16)
    drawn = draw_panoptic(image, _result(ids, {3: 2}), alpha=alpha, tags=False)
    inner = drawn[2:-2, 2:-2]
    assert np.array_equal(inner, image[2:-2, 2:-2]) if alpha <= 0 else (inner == (70, 130, 180)).all()


def test_draw_panoptic__line_between_segments_of_one_colour() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    ids = np.ones((40, 40), np.uint16)
    ids[:, 20:] = 2
    drawn = draw_panoptic(image, _result(ids, {1: 2, 2: 2}), alpha=0.5, tags=False)
    assert (drawn[5:35, 19:21] == (70, 130, 180)).all()
    assert (np.abs(drawn[5:35, 5:15].astype(int) - (35, 65, 90)) <= 1).all()


def test_draw_panoptic__strips_leave_no_seam(monkeypatch) -> None:
    image = _photo(300, 1000)
    ids = (np.add.outer(np.arange(300) // 13, np.arange(1000) // 17) % 3).astype(np.uint16)
    result = _result(ids, {1: 0, 2: 2})
    in_strips = draw_panoptic(image, result, tags=False)
    monkeypatch.setattr("rmpsam_ros.overlay._STRIP_PIXELS", 10**9)
    assert np.array_equal(in_strips, draw_panoptic(image, result, tags=False))


def test_draw_panoptic__ids_up_to_65535_and_more_than_255_segments() -> None:
    ids = np.arange(1, 1 + 30 * 20, dtype=np.uint16).reshape(20, 30).repeat(8, 0).repeat(8, 1)
    ids[ids == 600] = 65535
    classes = {int(i): 2 for i in np.unique(ids)}
    image = np.zeros((*ids.shape, 3), np.uint8)
    drawn = draw_panoptic(image, _result(ids, classes), alpha=1.0, tags=False)
    assert (drawn == (70, 130, 180)).all()


def test_draw_panoptic__id_without_a_segment_is_drawn_as_unlabelled() -> None:
    image = _photo()
    ids = np.full(image.shape[:2], 9, np.uint16)
    assert np.array_equal(draw_panoptic(image, PanopticResult(ids, (), LABELS)), image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 2), (17, 31), (600, 9), (1, 640), (2000, 2)])
def test_draw_panoptic__tiny_and_odd_sizes(shape: tuple[int, int]) -> None:
    ids = np.ones(shape, np.uint16)
    image = _photo(*shape)
    drawn = draw_panoptic(image, _result(ids, {1: 0}), alpha=1.0, banner=UNTRAINED_BANNER)
    assert drawn.shape == image.shape and drawn.dtype == np.uint8
    drawn = draw_click(image, _click(ids > 0, points=(PointPrompt(0, 0),)), banner=UNTRAINED_BANNER)
    assert drawn.shape == image.shape


@pytest.mark.parametrize("view", ["bgr view", "padded rows", "read only"])
def test_draw_panoptic__any_memory_layout(view: str) -> None:
    plain = _photo()
    padded = np.pad(plain, ((0, 0), (0, 7), (0, 0)))[:, :160]
    image = {"bgr view": plain[..., ::-1], "padded rows": padded}.get(view, plain)
    if view == "read only":
        image.setflags(write=False)
    ids = np.zeros((120, 320), np.uint16)[:, ::2]
    ids[10:50, 10:50] = 1
    drawn = draw_panoptic(image, _result(ids, {1: 0}), banner="x")
    assert np.array_equal(drawn, draw_panoptic(image.copy(), _result(ids.copy(), {1: 0}), banner="x"))


def test_draw_panoptic__tags_name_what_is_large_enough() -> None:
    image = np.full((480, 640, 3), 200, np.uint8)
    ids = np.zeros((480, 640), np.uint16)
    ids[100:300, 100:400] = 1
    ids[400:404, 600:604] = 2
    result = _result(ids, {1: 0, 2: 1})
    plain, named = draw_panoptic(image, result, tags=False), draw_panoptic(image, result)
    rows, columns = np.nonzero((plain != named).any(axis=2))
    assert 190 <= rows.mean() <= 210 and 240 <= columns.mean() <= 260  # one tag, in the middle of the large one
    assert named[rows.min() : rows.max(), columns.min() + 10 : columns.max()].max() > 200


def test_draw_panoptic__tag_of_a_small_thing_does_not_hide_it() -> None:
    image = np.full((480, 640, 3), 200, np.uint8)
    ids = np.zeros((480, 640), np.uint16)
    ids[200:225, 300:320] = 1
    result = _result(ids, {1: 0})
    plain, named = draw_panoptic(image, result, tags=False), draw_panoptic(image, result)
    rows, columns = np.nonzero((plain != named).any(axis=2))
    assert rows.max() < 200 and rows.min() > 150 and columns.min() < 300 < 320 < columns.max()


def test_tag_layer__never_overlaps_nor_leaves_the_image() -> None:
    canvas = np.zeros((240, 320, 3), np.uint8)
    layer = TagLayer(canvas, [(0, 0, 320, 20)])
    rng = np.random.default_rng(1)
    put = [layer.put(f"person {i} 0.5", (255, 0, 0), tuple(rng.integers(-50, 350, 2).tolist())) for i in range(60)]
    assert 10 < sum(put) < 60 and len(layer.taken) == 1 + sum(put)
    covered = np.zeros((240, 320), int)
    for x1, y1, x2, y2 in layer.taken:
        assert 0 <= x1 < x2 <= 320 and 0 <= y1 < y2 <= 240
        covered[y1:y2, x1:x2] += 1
    assert covered.max() == 1


def test_segment_colors__instances_of_a_class_differ_and_the_first_is_the_class() -> None:
    segments = [Segment(i + 1, i % 2, "", True, 0.5, 9, Roi(i * 10, 0, 5, 5)) for i in range(20)]
    colors = segment_colors(segments, LABELS)
    assert colors[:2] == [(220, 20, 60), (128, 128, 128)]
    assert len(set(colors)) == 20
    distances = [np.abs(np.subtract(a, b)).sum() for i, a in enumerate(colors) for b in colors[:i]]
    assert min(distances) > 20


def test_segment_colors__do_not_depend_on_the_order_of_the_result() -> None:
    segments = [Segment(i + 1, 0, "", True, 0.5, 9, Roi(i * 10, 0, 5, 5)) for i in range(5)]
    shuffled = [segments[i] for i in (3, 0, 4, 1, 2)]
    by_id = dict(zip((s.id for s in shuffled), segment_colors(shuffled, LABELS)))
    assert [by_id[s.id] for s in segments] == segment_colors(segments, LABELS)


def test_segment_colors__track_colour_is_the_same_for_any_neighbours() -> None:
    tracked = Segment(4, 0, "", True, 0.5, 9, Roi(90, 0, 5, 5), track_id=17)
    other = Segment(5, 0, "", True, 0.5, 9, Roi(0, 0, 5, 5))
    assert segment_colors([tracked], LABELS) == [track_color(17)]
    assert segment_colors([other, tracked], LABELS) == [(220, 20, 60), track_color(17)]
    assert len({track_color(i) for i in range(1, 200)}) > 190


def test_segment_colors__black_class_and_unknown_class_can_be_seen() -> None:
    segments = [Segment(1, 3, "", False, 1, 9, Roi(0, 0, 1, 1)), Segment(2, 99, "", False, 1, 9, Roi(0, 0, 1, 1))]
    colors = segment_colors(segments, LABELS)
    assert all(max(color) > 150 for color in colors)


def test_draw_followed__what_the_map_lacks_is_filled_and_all_have_a_line() -> None:
    ids = np.zeros((120, 160), np.uint16)
    ids[10:40, 10:40] = 1
    result, image = _result(ids, {1: 0}, {1: 4}), np.full((120, 160, 3), 100, np.uint8)
    canvas = draw_panoptic(image, result, tags=False)

    def track(track_id: int, roi: Roi, state: TrackState = TrackState.CONFIRMED, prompted: bool = True) -> TrackedInstance:
        return TrackedInstance(track_id, 0, "person", 0.9, state, 1, 0, prompted, roi, np.ones((roi.height, roi.width), bool))

    seen, missing = track(4, Roi(10, 10, 30, 30)), track(9, Roi(60, 50, 60, 60))
    others = [track(5, Roi(0, 90, 20, 20), TrackState.LOST), track(6, Roi(0, 60, 20, 20), prompted=False)]
    drawn = draw_followed(canvas, result, [seen, missing, *others], alpha=0.5)
    assert (drawn[25, 25] == canvas[25, 25]).all()  # the map already has it
    assert (drawn[10, 25] == track_color(4)).all() and (drawn[50, 90] == track_color(9)).all()
    assert np.abs(drawn[104, 66].astype(int) - (100 + np.array(track_color(9), int)) // 2).max() <= 1
    assert (drawn[60:, :20] == canvas[60:, :20]).all()
    assert draw_followed(canvas, result, others) is canvas


def test_draw_click__mask_points_and_box() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    mask = np.zeros((480, 640), bool)
    mask[100:200, 100:300] = True
    points = (PointPrompt(250, 150, 1), PointPrompt(400, 300, 0))
    click = _click(mask, points=points, boxes=((50.0, 60.0, 350.0, 250.0),))
    drawn = draw_click(image, click, alpha=0.5, caption="")
    assert tuple(drawn[120, 120]) == (20, 75, 128)
    assert (drawn[100, 110:200] == 255).all()
    assert drawn[150, 250].argmax() == 1 and drawn[300, 400].argmax() == 0
    assert tuple(drawn[60, 200]) == (255, 220, 40)
    assert not drawn[350:].any()
    assert (draw_click(image, click) != drawn).any()


def test_draw_click__empty_mask_still_shows_the_point() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    drawn = draw_click(image, _click(np.zeros((100, 100), bool), points=(PointPrompt(99, 0),)))
    assert drawn[0, 99].argmax() == 1


def _with_banner(image: np.ndarray) -> np.ndarray:
    return draw_panoptic(image, _result(np.zeros(image.shape[:2], np.uint16), {}), banner=UNTRAINED_BANNER)


def test_banner__covers_only_the_top_and_fits_the_width() -> None:
    image = np.full((480, 640, 3), 255, np.uint8)
    drawn = _with_banner(image)
    changed = np.flatnonzero((drawn != image).any(axis=(1, 2)))
    assert changed[0] == 0 and changed[-1] < 40
    lit = np.flatnonzero((drawn[: changed[-1] + 1, :, 0] > 200).any(axis=0))
    assert lit.min() > 10 and lit.max() < 629
    assert text_size(UNTRAINED_BANNER, 0.4)[0] > 100


@pytest.mark.parametrize(
    "image, words",
    [
        (np.zeros((10, 10), np.uint8), r"\(10, 10\) uint8"),
        (np.zeros((10, 10, 4), np.uint8), r"\(10, 10, 4\)"),
        (np.zeros((10, 10, 3), np.float32), "float32"),
        (np.zeros((0, 10, 3), np.uint8), "at least one pixel"),
        ([[1]], "list"),
        (np.zeros((9, 10, 3), np.uint8), "same"),
    ],
)
def test_draw__refuses_what_it_cannot_draw_on(image, words: str) -> None:
    ids = np.zeros((10, 10), np.uint16)
    with pytest.raises(ImageError, match=words):
        draw_panoptic(image, PanopticResult(ids, (), LABELS))
    with pytest.raises(ImageError, match=words):
        draw_click(image, _click(ids > 0))


def test_glyphs__same_tag_twice_gives_the_same_pixels() -> None:
    first, second = np.full((2, 60, 200, 3), 90, np.uint8)
    for canvas in (first, second):
        assert TagLayer(canvas).put("cup 0.9", (1, 2, 3), (100, 30))
    assert np.array_equal(first, second) and first.max() > 200


def test_draw_click__outline_of_a_mask_lies_on_it() -> None:
    mask = np.zeros((480, 640), bool)
    mask[40:140, 300:500] = True
    drawn = draw_click(np.zeros((480, 640, 3), np.uint8), _click(mask), caption="")
    assert (drawn[40, 310:490] == 255).all() and (drawn[50:130, 300] == 255).all()
    mask[38:142, 298:502] = True
    assert not drawn[~mask].any()


def test_draw_panoptic__things_are_named_before_stuff_and_not_more_than_can_be_read(monkeypatch) -> None:
    named: list[str] = []
    monkeypatch.setattr(TagLayer, "put", lambda self, text, color, anchor: named.append(text))
    ids = np.repeat(np.arange(1, 31, dtype=np.uint16), 20)[None].repeat(100, 0)
    ids[:20, :20] = 99
    draw_panoptic(np.zeros((100, 600, 3), np.uint8), _result(ids, {**dict.fromkeys(range(1, 31), 2), 99: 0}))
    assert named[0] == "person 0.90" and len(named) == MAX_TAGS


def test_draw_panoptic__tags_keep_off_the_banner() -> None:
    ids = np.zeros((480, 640), np.uint16)
    ids[:30] = 1
    image, result = np.full((480, 640, 3), 200, np.uint8), _result(ids, {1: 2})
    plain, named = (draw_panoptic(image, result, banner=UNTRAINED_BANNER, tags=tags) for tags in (False, True))
    changed = np.flatnonzero((plain != named).any(axis=(1, 2)))
    strip = np.flatnonzero((_with_banner(image) != image).any(axis=(1, 2)))
    assert changed.size and changed.min() > strip.max()


def test_banner__of_a_narrow_picture_is_written_smaller() -> None:
    for width in range(180, 260, 16):
        lit = np.flatnonzero((_with_banner(np.full((240, width, 3), 255, np.uint8))[:12, :, 0] > 150).any(axis=0))
        assert 0 < lit.min() <= width - 1 - lit.max() + 4 and lit.max() < width - 2


def test_tag_text__track_ids_only_where_there_is_a_track() -> None:
    cup = Segment(1, 0, "cup", True, 0.9, 9, Roi(0, 0, 3, 3))
    assert tag_text(cup) == "cup 0.90" and tag_text(replace(cup, track_id=7, class_name="")) == "object #7 0.90"


def test_segment_colors__a_tracked_neighbour_leaves_the_first_of_a_class_its_colour() -> None:
    tracked = Segment(4, 0, "", True, 0.5, 9, Roi(0, 0, 5, 5), track_id=17)
    other = Segment(5, 0, "", True, 0.5, 9, Roi(90, 0, 5, 5))
    assert segment_colors([tracked, other], LABELS) == [track_color(17), (220, 20, 60)]


def test_paint_text__what_lies_outside_is_cut_off_and_the_rest_stays_where_it_is() -> None:
    canvas, whole = np.full((20, 60, 3), 90, np.uint8), np.full((60, 160, 3), 90, np.uint8)
    paint_text(canvas, -15, -4, "cup 0.9", 0.5)
    paint_text(whole, 50 - 15, 20 - 4, "cup 0.9", 0.5)
    assert np.array_equal(canvas, whole[20:40, 50:110]) and canvas.max() > 200
