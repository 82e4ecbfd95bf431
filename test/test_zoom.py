"""Tests zoom-in crops: which window, which pixels are mapped back, and when a crop is not worthwhile."""
from __future__ import annotations

import cv2
import numpy as np
import pytest
from models import tiny_model

from rmpsam_ros import Segmenter
from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.placement import place
from rmpsam_ros.prompting import Prompt
from rmpsam_ros.types import PointPrompt, Roi
from rmpsam_ros.zoom import GROWTH, NEAR, SMALLEST, SURE, Look, Zoom, _is_cut, window

SIZE = (480, 640)


@pytest.mark.parametrize("box", [(300, 200, 360, 280), (0, 0, 30, 20), (600, 440, 640, 480), (10, 300, 200, 310)])
def test_window__holds_the_box_within_the_picture_with_its_shape(box):
    roi = window(box, SIZE)
    assert 0 <= roi.x <= box[0] and 0 <= roi.y <= box[1] and roi.x + roi.width <= 640 and roi.y + roi.height <= 480
    assert roi.x + roi.width >= box[2] and roi.y + roi.height >= box[3]
    assert roi.width / roi.height == pytest.approx(640 / 480, rel=0.05) and roi.width >= SMALLEST
    assert roi.width <= max(GROWTH * max(box[2] - box[0], (box[3] - box[1]) * 4 / 3), SMALLEST) + 1


def test_window__of_most_of_the_picture_is_not_worth_it():
    assert window((100, 100, 500, 300), SIZE) is None and window((0, 0, 640, 480), SIZE) is None


class Network:
    """Answers each click with a square of cells around it, and counts its calls."""

    def __init__(self, reach: int = 2) -> None:
        self.reach = reach  # cells from the click to the square's edge
        self.encoded: list[tuple[int, int]] = []
        self.prompts: list[Prompt] = []

    def encode(self, image):
        self.encoded.append(image.shape[:2])
        return image[..., 0].copy(), place(image.shape[:2], (96, 128))

    def ask(self, features, prompt, placement):
        self.prompts.append(prompt)
        boxes, _ = prompt.encode(placement)
        logits = np.full((len(boxes), 24, 32), -5.0, np.float32)
        for row, box in enumerate(boxes):
            x, y = (box[:2] + box[2:]) / 8
            logits[row, max(0, int(y) - self.reach) : int(y) + self.reach + 1, max(0, int(x) - self.reach) : int(x) + self.reach + 1] = 5.0
        return PromptOutputs(logits, np.full(len(boxes), 0.8, np.float32), np.zeros((len(boxes), 4), np.float32))


def zoom_on(network: Network, capacity: int = 1) -> Zoom:
    return Zoom(np.zeros((*SIZE, 3), np.uint8), network.encode, network.ask, connected=False, capacity=capacity)


def first_answer(roi: Roi, score: float = SURE) -> tuple[np.ndarray, Roi, float]:
    """The result on the whole image; if confident, no fixed-size window is tried."""
    mask = np.zeros(SIZE, bool)
    mask[roi.slices] = True
    return mask, roi, score


def test_answer__comes_back_in_the_pictures_pixels():
    mask, roi, score = zoom_on(Network()).answer(Prompt((PointPrompt(400.0, 300.0),), ()), first_answer(Roi(390, 290, 20, 20)))
    rows, columns = np.nonzero(mask)
    assert mask.shape == SIZE and score == pytest.approx(0.8)
    assert (columns.mean(), rows.mean()) == pytest.approx((400, 300), abs=4)
    assert roi == Roi.of_mask(mask) and 5 < roi.width < 40


def test_answer__next_clicks_on_an_object_share_its_window_and_other_objects_do_not():
    network = Network()
    zoom = zoom_on(network)
    first = PointPrompt(400.0, 300.0)
    zoom.answer(Prompt((first,), ()), first_answer(Roi(390, 290, 20, 20)))
    zoom.answer(Prompt((first, PointPrompt(405.0, 295.0)), ()), first_answer(Roi(388, 288, 24, 24)))
    assert len(network.encoded) == 1
    zoom.answer(Prompt((PointPrompt(100.0, 100.0),), ()), first_answer(Roi(90, 90, 20, 20)))
    zoom.answer(Prompt((first,), ()), first_answer(Roi(390, 290, 20, 20)))
    assert len(network.encoded) == 3  # one window is kept
    zoom.answer(Prompt((first,), ()), first_answer(Roi(300, 200, 150, 150)))
    assert len(network.encoded) == 4  # much larger than before


def test_answer__background_points_outside_of_the_window_are_left_out():
    network = Network()
    points = (PointPrompt(400.0, 300.0), PointPrompt(410.0, 300.0, 0), PointPrompt(50.0, 300.0, 0), PointPrompt(400.0, 50.0, 0))
    zoom_on(network).answer(Prompt(points, ()), first_answer(Roi(390, 290, 20, 20)))
    assert [p.label for p in network.prompts[0].points] == [1, 0]


def test_answer__is_none_where_the_first_mask_fills_the_picture():
    network = Network()
    assert zoom_on(network).answer(Prompt((PointPrompt(300.0, 200.0),), ()), first_answer(Roi(0, 0, 600, 400))) is None
    assert not network.encoded


class Bright(Network):
    """Answers every click with the bright pixels, at low confidence."""

    def ask(self, features, prompt, placement):
        rows, columns = placement.valid_cells
        logits = np.full((1, 24, 32), -5.0, np.float32)
        logits[0, :rows, :columns] = cv2.resize(features, (columns, rows), interpolation=cv2.INTER_AREA) / 25.5 - 5
        return PromptOutputs(logits, np.full(1, 0.7, np.float32), np.zeros((1, 4), np.float32))


@pytest.mark.parametrize(("object_", "seen", "looks"), [
    (np.s_[200:300, 250:380], Roi(290, 220, 50, 40), 4),  # the first window cuts it off, a second one and two more show it whole
    (np.s_[230:270, 290:370], Roi(290, 230, 50, 40), 3),  # likewise, but on one side only, and the second serves as one of the last two
    (np.s_[220:300, 300:340], Roi(300, 220, 40, 40), 3),
    (np.s_[220:260, 290:340], Roi(290, 220, 50, 40), 1),  # already framed by the first mask
    (np.s_[40:440, 50:600], Roi(180, 140, 270, 200), 2),  # a window around all of it is not worthwhile: the whole image's result is used
])  # fmt: skip
def test_answer__what_its_window_cuts_off_is_looked_at_again(object_, seen, looks):
    image, network = np.zeros((*SIZE, 3), np.uint8), Bright()
    image[object_] = 255
    prompt = Prompt((PointPrompt(310, 240, 1),), ())
    zoom = Zoom(image, network.encode, network.ask, connected=False, capacity=6)
    found, again = (zoom.answer(prompt, first_answer(seen)) for _ in range(2))
    assert len(network.encoded) == looks  # the same click reuses the same windows and gets the same result
    assert found is again is None or np.array_equal(found[0], again[0])
    if object_[0].stop == 440:
        assert found is None
    else:
        truth = image[..., 0] > 0
        assert np.count_nonzero(found[0] & truth) / np.count_nonzero(found[0] | truth) > 0.9


class Unsteady(Bright):
    """Returns another rectangle in each window, on an image whose pixels hold a quarter of their own x and y."""

    picture = np.stack([*np.meshgrid(np.arange(SIZE[1]) // 4, np.arange(SIZE[0]) // 4), np.zeros(SIZE, int)], axis=-1).astype(np.uint8)

    def __init__(self, *rectangles: tuple[slice, slice]) -> None:
        super().__init__()
        self.rectangles = rectangles

    def encode(self, image):
        rows, columns = self.rectangles[len(self.encoded)]
        x, y = 4 * image[..., 0].astype(int), 4 * image[..., 1].astype(int)
        seen = (columns.start <= x) & (x < columns.stop) & (rows.start <= y) & (y < rows.stop)
        return (255 * seen).astype(np.uint8), super().encode(image)[1]


@pytest.mark.parametrize(("first", "second", "third"), [
    (np.s_[200:260, 300:420], np.s_[200:260, 300:380], np.s_[200:260, 300:380]),
    (np.s_[204:264, 308:388], np.s_[200:260, 300:380], np.s_[200:260, 300:380]),
    (np.s_[200:260, 300:420], np.s_[200:260, 300:380], np.s_[200:240, 300:380]),
    (np.s_[200:260, 300:380], np.s_[200:272, 300:380], np.s_[200:248, 300:360]),
])  # fmt: skip
def test_answer__that_is_not_sure_is_what_most_of_three_looks_say(first, second, third):
    right, large = np.s_[200:260, 300:380], Roi(270, 180, 160, 120)  # the first mask, so that the found object gets its own windows
    network = Unsteady(first, second, third)
    zoom = Zoom(network.picture, network.encode, network.ask, connected=False, capacity=6)
    prompt = Prompt((PointPrompt(315.0, 210.0),), ())
    mask, roi, score = zoom.answer(prompt, first_answer(large))
    assert len(network.encoded) == 3 and roi == Roi.of_mask(mask) and score == pytest.approx(0.7)
    truth = np.zeros(SIZE, bool)
    truth[right] = True
    assert np.count_nonzero(mask & truth) / np.count_nonzero(mask | truth) > 0.93


def test_answer__a_box_is_moved_into_the_window():
    network = Network()
    mask, roi, _ = zoom_on(network).answer(Prompt((), ((390.0, 290.0, 410.0, 310.0),)), first_answer(Roi(0, 0, 0, 0)))
    assert (roi.x + roi.width / 2, roi.y + roi.height / 2) == pytest.approx((400, 300), abs=4)


def test_near__a_small_object_that_the_first_mask_missed_is_seen_in_a_window_round_the_click():
    network = Network()
    click = Prompt((PointPrompt(400.0, 300.0),), ())
    mask, roi, _ = zoom_on(network, capacity=4).answer(click, first_answer(Roi(100, 100, 200, 150), score=0.2))
    assert network.encoded[0] == (NEAR * 480, NEAR * 640) and len(network.encoded) == 2  # the window, and one around what it showed
    assert mask[300, 400] and roi.width < 20 and 300 - roi.y < 12


def test_near__a_window_that_shows_the_click_at_its_edge_does_not_serve():
    network = Network()
    zoom = zoom_on(network, capacity=9)
    for x in (400.0, 470.0, 330.0):
        zoom.answer(Prompt((PointPrompt(x, 300.0),), ()), first_answer(Roi(100, 100, 200, 150), score=0.2))
    assert [size for size in network.encoded if size == (NEAR * 480, NEAR * 640)] == 3 * [(NEAR * 480, NEAR * 640)]
    for x in (0.0, 20.0):  # at the image's edge one window shows both
        zoom.answer(Prompt((PointPrompt(x, 300.0),), ()), first_answer(Roi(100, 100, 200, 150), score=0.2))
    assert [size for size in network.encoded if size == (NEAR * 480, NEAR * 640)] == 4 * [(NEAR * 480, NEAR * 640)]


@pytest.mark.parametrize(("reach", "last"), [(9, -1), (40, -2)])  # an object that also fills the first mask's window gets one more crop
def test_near__what_fills_the_window_or_goes_on_beyond_it_is_left_to_the_first_mask(reach, last):
    network, first = Network(reach), first_answer(Roi(380, 270, 120, 90), score=0.2)
    zoom_on(network, capacity=4).answer(Prompt((PointPrompt(400.0, 300.0),), ()), first)
    expected = window((380, 270, 500, 360), SIZE)
    assert network.encoded[0] == (NEAR * 480, NEAR * 640) and network.encoded[last] == (expected.height, expected.width)


@pytest.mark.parametrize("prompt, first", [
    (Prompt((PointPrompt(400.0, 300.0),), ()), first_answer(Roi(390, 290, 20, 20), score=SURE)),
    (Prompt((PointPrompt(400.0, 300.0),), ()), first_answer(Roi(200, 150, 250, 160), score=0.2)),
    (Prompt((), ((390.0, 290.0, 410.0, 310.0),)), first_answer(Roi(390, 290, 20, 20), score=0.2)),
    (Prompt((PointPrompt(400.0, 300.0), PointPrompt(100.0, 300.0)), ()), first_answer(Roi(390, 290, 20, 20), score=0.2)),
], ids=["sure", "large", "box", "far apart"])  # fmt: skip
def test_near__is_not_tried_where_the_first_mask_is_sure_or_large_or_the_prompt_says_the_size(prompt, first):
    network = Network()
    zoom_on(network, capacity=4).answer(prompt, first)
    assert (NEAR * 480, NEAR * 640) not in network.encoded


@pytest.mark.parametrize("size", [(8, 2048), (11, 3165), (2048, 8)])
def test_segmenter__line_scans_are_answered_without_a_window_that_misses_the_click(size):
    segmenter = Segmenter(tiny_model(), threads=1, zoom=True)
    rng = np.random.default_rng(0)
    frame = segmenter.set_image(rng.integers(0, 256, (*size, 3), np.uint8))
    for x, y in rng.random((40, 2)) * (np.array(size[::-1]) - 1):
        assert frame.prompt(points=[(x, y)]).mask.shape == size


@pytest.mark.parametrize("wide", [True, False])
def test_answer__a_window_that_is_too_flat_to_hold_the_click_is_none(wide):
    size = (8, 2048) if wide else (2048, 8)
    network = Network()
    zoom = Zoom(np.zeros((*size, 3), np.uint8), network.encode, network.ask, False, 1)
    mask = np.zeros(size, bool)
    mask[1:8, 1:8] = True
    assert zoom.answer(Prompt((PointPrompt(6.0, 6.0),), ()), (mask, Roi.of_mask(mask), 0.9)) is None


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_segmenter__frames_stay_as_they_are_when_something_is_zoomed_in_on(backend):
    pytest.importorskip(backend)
    coarse = np.random.default_rng(3).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    picture = np.ascontiguousarray(np.kron(coarse, np.ones((40, 40, 1), np.uint8)))
    plain = Segmenter(tiny_model(), backend=backend, precision="fp32").set_image(picture)
    segmenter = Segmenter(tiny_model(), backend=backend, precision="fp32", zoom=True)
    frame = segmenter.set_image(picture)
    assert plain.zoom() is None and frame.zoom() is not None
    looks = []
    frame._zoom._encode = lambda image: looks.append(image.shape) or segmenter.features_of(image)
    box = (150.0, 100.0, 180.0, 130.0)
    closer, first = frame.prompt(boxes=[box]), plain.prompt(boxes=[box])
    assert np.array_equal(closer.query, first.query)  # of the whole picture in both
    frame._zoom = None
    assert np.array_equal(frame.prompt(boxes=[box]).mask, first.mask)
    assert first.roi.width * GROWTH > 0.7 * 320 or (looks and closer.mask.shape == first.mask.shape)


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_segmenter__of_a_batch_looks_closer_as_one_of_a_single_image_does(backend):
    pytest.importorskip(backend)
    picture = np.random.default_rng(4).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    answers = []
    for batch in (1, 2):
        frame = Segmenter(tiny_model(), backend=backend, precision="fp32", zoom=True, batch=batch).set_image(picture)
        answers.append(frame.zoom().answer(Prompt((PointPrompt(160.0, 120.0),), ()), first_answer(Roi(150, 110, 20, 20))))
    one, two = answers
    assert (one is None) == (two is None)
    if one is not None:
        assert np.mean(one[0] != two[0]) < 0.001 and one[2] == pytest.approx(two[2], abs=1e-3)


def test_is_cut__by_an_edge_within_the_picture_and_not_by_the_pictures_own():
    mask = np.zeros((100, 200), bool)
    mask[:40, :40] = True
    assert not _is_cut(mask, Roi(0, 0, 60, 60)) and not _is_cut(mask[::-1, ::-1], Roi(140, 40, 60, 60))
    for roi in (Roi(0, 0, 60, 40), Roi(0, 0, 40, 60), Roi(0, 10, 60, 60), Roi(10, 0, 60, 60)):
        assert _is_cut(mask, roi)


def test_answer__clicks_to_and_fro_between_two_objects_share_two_windows():
    network = Network()
    zoom = zoom_on(network, capacity=2)
    for x in (100, 400, 100, 100, 400, 100):
        zoom.answer(Prompt((PointPrompt(float(x), 300.0),), ()), first_answer(Roi(x - 10, 290, 20, 20)))
    assert len(network.encoded) == 2


def test_segmenter__looks_closer_at_the_picture_as_it_was_and_turned_as_it_is(monkeypatch):
    segmenter = Segmenter(tiny_model(), backend="openvino", precision="fp32", zoom=True)
    looks = []

    def features_of(part, rotation=0):
        looks.append((part, rotation))
        raise LookupError

    monkeypatch.setattr(segmenter, "features_of", features_of)
    image = np.random.default_rng(5).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    wanted = image[window((150, 110, 170, 130), (240, 320)).slices].copy()
    zoom = segmenter.set_image(image, rotation=90).zoom()
    image[:] = 0  # a camera's next image in the same memory
    with pytest.raises(LookupError):
        zoom.answer(Prompt((PointPrompt(160.0, 120.0),), ()), first_answer(Roi(150, 110, 20, 20)))
    (part, rotation), = looks
    assert np.array_equal(part, wanted) and rotation == 90


def test_segmenter__features_of_a_part_leave_those_of_the_last_frame_alone():
    segmenter = Segmenter(tiny_model(), backend="openvino", precision="fp32")
    rng = np.random.default_rng(6)
    frame = segmenter.set_image(rng.integers(0, 255, (96, 128, 3), dtype=np.uint8))
    before = frame.features.copy()
    segmenter.features_of(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
    assert np.array_equal(frame.features, before)


def test_is_cut__is_a_matter_of_the_mask_and_not_of_the_pictures_size():
    for size in ((100, 200), (2000, 4000)):
        mask = np.zeros(size, bool)
        mask[20:40, 20:40] = True
        assert _is_cut(mask, Roi(10, 10, 30, 60)) and not _is_cut(mask, Roi(10, 10, 60, 60))


def test_near__a_kept_window_that_is_much_smaller_does_not_serve():
    network, click = Network(), Prompt((PointPrompt(400.0, 300.0),), ())
    zoom = zoom_on(network, capacity=4)
    zoom.answer(click, first_answer(Roi(395, 295, 10, 10)))
    assert [width for _, width in network.encoded] == [SMALLEST]  # it shows the middle half of the next one's window
    zoom.answer(click, first_answer(Roi(100, 100, 200, 150), score=0.2))
    assert (NEAR * 480, NEAR * 640) in network.encoded


def test_near__what_is_thin_and_goes_on_beyond_every_window_is_left_to_the_first_mask():
    image, network = np.zeros((*SIZE, 3), np.uint8), Bright()
    image[236:244] = 255
    zoom = Zoom(image, network.encode, network.ask, connected=False, capacity=1)
    assert zoom._near(Prompt((PointPrompt(310.0, 240.0),), ()), first_answer(Roi(300, 230, 20, 20), 0.3)) is None


def test_look__of_the_kept_windows_that_fit__is_the_one_nearest_in_size():
    zoom = zoom_on(Network(), capacity=3)
    kept = [Look(Roi(320 - width // 2, 240 - width * 3 // 8, width, width * 3 // 4), None, None) for width in (80, 112, 144)]
    for order in (kept, kept[::-1]):
        zoom._looks = list(order)
        assert zoom._look(Roi(270, 203, 100, 75), (315.0, 235.0, 325.0, 245.0)) is kept[1] and zoom._looks[0] is kept[1]
