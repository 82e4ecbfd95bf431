"""Tests the demo without ROS: the moving camera, its sources, the choice of clicks, the simulated camera and child processes."""
from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from models import tiny_model

from rmpsam_ros import Segmenter
from rmpsam_ros.demo import overview, simulated
from rmpsam_ros.demo.clicks import (
    KINDS,
    deepest_point,
    find_subject,
    prompt_on,
    roi_of_box,
)
from rmpsam_ros.demo.motion import SECONDS_PER_PHOTO, TURN, Tour
from rmpsam_ros.demo.photos import Photo, Subject, bundled_photos
from rmpsam_ros.demo.processes import Child, stop_all
from rmpsam_ros.demo.sources import LONGEST_SIDE, Source
from rmpsam_ros.errors import BackendError, ImageError
from rmpsam_ros.labels import make_label_set
from rmpsam_ros.media import read_image
from rmpsam_ros.results import OverlayVideo, write_image
from rmpsam_ros.types import PanopticResult, PointPrompt, Roi, Segment

LABELS = make_label_set("test", ["cup"], ["table"])


def _marked_photo(height: int, width: int, subject: Subject) -> Photo:
    """Grey, with the subject's point white and the one next to it black."""
    image = np.full((height, width, 3), 128, np.uint8)
    for (x, y), value in ((subject.on, 255), (subject.beside, 0)):
        image[int(y) - 8 : int(y) + 9, int(x) - 8 : int(x) + 9] = value
    return Photo("marked", image, subject)


def _gradient(height: int = 60, width: int = 80) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack((rows * 255 // height, columns * 255 // width, rows * 0 + 90), axis=2).astype(np.uint8)


@pytest.mark.parametrize("size", [(300, 451), (512, 512), (700, 500), (2400, 3600)])
def test_tour__subject_stays_on_its_pixel(size: tuple[int, int]) -> None:
    height, width = size
    subject = Subject((width * 0.5, height * 0.5), (width * 0.6, height * 0.6), (0, 0, width - 1, height - 1))
    tour = Tour([_marked_photo(height, width, subject)])
    seen = 0
    for seconds in np.arange(0, 30, 0.7):
        view = tour.view(float(seconds))
        assert view.image.shape == (480, 640, 3) and view.image.dtype == np.uint8
        if view.subject is not None:
            seen += 1
            for (x, y), least, most in ((view.subject.on, 240, 255), (view.subject.beside, 0, 15)):
                assert least <= view.image[round(y), round(x), 0] <= most
            x1, y1, x2, y2 = view.subject.box
            assert 0 <= x1 < x2 <= 639 and 0 <= y1 < y2 <= 479
            assert not view.subject.whole  # as large as the photograph, of which the view is a part
    assert seen >= 20


def test_tour__moves_smoothly_and_changes_photos() -> None:
    subject = Subject((250, 200), (300, 250), (100, 100, 400, 300))
    tour = Tour([_marked_photo(400, 600, subject), Photo("plain", np.full((300, 300, 3), 7, np.uint8))])
    places = [tour.view(k / 20).subject for k in range(int(SECONDS_PER_PHOTO * 20))]
    steps = [np.hypot(a.on[0] - b.on[0], a.on[1] - b.on[1]) for a, b in itertools.pairwise(places) if a and b]
    assert any(place and place.whole for place in places)
    assert len(steps) > 40 and 0.05 < np.median(steps) < 8 and max(steps) < 10
    plain = tour.view(SECONDS_PER_PHOTO + 0.1)
    assert plain.subject is None and (plain.image == 7).all()
    assert np.array_equal(tour.view(3.3).image, tour.view(3.3).image)


def test_tour__turns_from_one_photo_to_the_next() -> None:
    tour = Tour([Photo(str(value), np.full((300, 400, 3), value, np.uint8)) for value in (10, 200)])
    shares = [(tour.view(SECONDS_PER_PHOTO - TURN + k / 50).image == 200).mean() for k in range(int(TURN * 50))]
    assert shares[0] == 0 and shares[-1] > 0.98 and max(np.diff(shares)) < 0.05 and min(np.diff(shares)) >= 0
    turning = tour.view(SECONDS_PER_PHOTO - TURN / 2)
    assert (turning.image[:, :300] == 10).all() and (turning.image[:, 340:] == 200).all() and turning.subject is None
    alone = Tour(tour.photos[:1])
    assert (alone.view(SECONDS_PER_PHOTO - TURN / 2).image == 10).all()


def test_bundled_photos__have_subjects_inside() -> None:
    if find_spec("skimage") is None:
        pytest.skip("scikit-image is not installed ([demo] brings it)")
    photos = bundled_photos()
    assert len(photos) == 5
    for photo in photos:
        height, width = photo.image.shape[:2]
        for x, y in (photo.subject.on, photo.subject.beside):
            assert 0 <= x < width and 0 <= y < height
        x1, y1, x2, y2 = photo.subject.box
        assert 0 <= x1 < photo.subject.on[0] < x2 < width and 0 <= y1 < photo.subject.on[1] < y2 < height
    views = [Tour(photos).view(second / 2) for second in range(40)]
    assert sum(view.subject is not None for view in views) > 20  # most of the time there is something to click on


def test_bundled_photos__says_how_to_get_scikit_image(monkeypatch) -> None:
    monkeypatch.setattr("rmpsam_ros.demo.photos.find_spec", lambda name: None)
    with pytest.raises(ImageError, match=r"pip install '\.\[demo\]'"):
        Source(None, 20.0)


def test_overview__three_maps_over_three_answers_written_as_a_picture(tmp_path: Path, monkeypatch, capsys) -> None:
    pytest.importorskip("openvino", reason="the pipeline needs a backend")
    if find_spec("skimage") is None:
        pytest.skip("scikit-image is not installed ([demo] brings it)")
    monkeypatch.setattr(overview, "Segmenter", lambda model: Segmenter(tiny_model(), threads=1))
    assert overview.main([]) == 2 and "usage" in capsys.readouterr().err
    assert overview.main([str(tmp_path / "picture.jpg")]) == 0
    assert overview.main([str(tmp_path / "picture.xyz")]) == 2 and capsys.readouterr().err.startswith("overview: ")
    page = read_image(tmp_path / "picture.jpg").astype(int)
    assert page.shape[1] == overview.WIDTH and 0.4 < len(page) / page.shape[1] < 0.7
    tiles = [page[y : y + 200, x : x + 300] for y in (50, len(page) // 2 + 50) for x in (60, 480, 900)]
    assert all(tile.std() > 10 for tile in tiles)


def test_source__image_and_folder(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", _gradient())
    write_image(tmp_path / "b.jpg", _gradient(500, 300))
    for source in (tmp_path / "a.png", tmp_path):
        views = list(itertools.islice(Source(str(source), 20.0), 5))
        assert all(view.image.shape == (480, 640, 3) and view.subject is None for view in views)
        assert not np.array_equal(views[0].image, views[4].image)


def test_source__video_goes_round_and_is_not_larger_than_needed(tmp_path: Path) -> None:
    film = OverlayVideo(tmp_path / "clip.mp4", 12.0)
    for value in (0, 60, 120):
        film.add(np.full((96, 2560, 3), value, np.uint8))
    film.close()
    source = Source(str(tmp_path / "clip.mp4"), 20.0)
    assert source.rate == pytest.approx(12.0) and not source.paced
    views = list(itertools.islice(source, 7))
    assert [round(float(v.image.mean()) / 60) for v in views] == [0, 1, 2, 0, 1, 2, 0]
    assert views[0].image.shape == (48, LONGEST_SIDE, 3)


@pytest.mark.parametrize("source, said", [("none.mp4", "does not exist"), ("/dev/video77", "does not exist")])
def test_source__says_what_is_wrong(source: str, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        Source(source, 20.0)


def _two_segments() -> PanopticResult:
    ids = np.zeros((100, 200), np.uint16)
    ids[60:] = 1
    ids[10:50, 20:80] = 2
    return PanopticResult(
        ids,
        (
            Segment(1, 1, "table", False, 0.9, 8000, Roi(0, 60, 200, 40)),
            Segment(2, 0, "cup", True, 0.6, 2400, Roi(20, 10, 60, 40)),
        ),
        LABELS,
    )


def test_find_subject__prefers_the_thing() -> None:
    result = _two_segments()
    subject = find_subject(result)
    inside, beside = (tuple(map(round, point)) for point in (subject.on, subject.beside))
    assert subject.box == (20, 10, 79, 49)
    assert result.segment_ids[inside[1], inside[0]] == 2
    assert result.segment_ids[beside[1], beside[0]] == 1


def test_find_subject__of_nothing_is_the_middle() -> None:
    subject = find_subject(PanopticResult(np.zeros((100, 200), np.uint16), (), LABELS))
    assert subject.on == (100, 50) and subject.box == (50, 25, 150, 75)


def test_prompt_on__three_kinds() -> None:
    subject = Subject((5, 6), (7, 8), (1, 2, 30, 40))
    one, two, box = (prompt_on(subject, kind) for kind in KINDS)
    assert one.points == (PointPrompt(5, 6, 1),) and one.boxes == ()
    assert two.points == (PointPrompt(5, 6, 1), PointPrompt(7, 8, 0))
    assert box.points == () and box.boxes == ((1, 2, 30, 40),)
    assert roi_of_box(box.boxes[0]) == Roi(1, 2, 29, 38)


def test_deepest_point__of_an_edge_region_keeps_off_the_edge() -> None:
    mask = np.zeros((40, 60), bool)
    mask[:, :20] = True
    x, y = deepest_point(mask)
    assert 8 <= x <= 11 and 8 <= y <= 31


def test_simulated_views__have_depth_and_go_on_for_ever(monkeypatch) -> None:
    if find_spec("mujoco") is None:  # found, not imported: the package must first choose MuJoCo's OpenGL
        pytest.skip("mujoco is not installed")
    monkeypatch.setattr(simulated, "FRAMES", 3)
    views = simulated.simulated_views((96, 128))
    try:
        seen = [next(views) for _ in range(8)]
    except BackendError as error:
        pytest.skip(f"no off-screen OpenGL here: {error}")
    assert all(view.image.shape == (96, 128, 3) and view.depth.shape == (96, 128) and view.depth.dtype == np.uint16 for view in seen)
    assert seen[3] is seen[2] and seen[5] is seen[0] and seen[6] is seen[0]  # there and back
    first = seen[0]
    assert 100 < np.median(first.depth) < 5000 and first.matrix[0, 0] > 50 and first.matrix[2].tolist() == [0, 0, 1]
    (x, y), box = first.subject.on, first.subject.box
    assert box[0] <= x <= box[2] and box[1] <= y <= box[3]
    far = first.depth.astype(float)
    assert np.ptp(far[far > 0]) > 100  # not a flat image


def test_simulated_views__without_mujoco_it_says_what_to_do(monkeypatch) -> None:
    for name in [name for name in sys.modules if name.startswith("rmpsam_ros.simulation")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(BackendError, match=r"needs mujoco; `pip install '.\[simulation\]'`"):
        next(simulated.simulated_views((96, 128)))


def test_child__log_exit_code_and_end(tmp_path: Path) -> None:
    quick = Child("quick", [sys.executable, "-c", "print('hello'); exit(3)"], tmp_path / "quick.log", os.environ)
    assert quick.wait(10) and quick.exit_code == 3 and quick.last_line() == "hello"
    deaf = "import signal, time; signal.signal(2, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    stubborn = Child("stubborn", [sys.executable, "-c", deaf], tmp_path / "deaf.log", os.environ)
    while stubborn.last_line() != "ready":
        time.sleep(0.02)
    stop_all([quick, stubborn], patience=0.3)
    assert stubborn.exit_code == -signal.SIGTERM


def test_child__ends_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time, os; from pathlib import Path; from rmpsam_ros.demo.processes import Child\n"
        "child = Child('c', [sys.executable, '-c', 'import time; time.sleep(60)'], Path(sys.argv[1]), os.environ)\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    root = str(Path(__file__).resolve().parents[1])
    parent = Child("parent", [sys.executable, "-c", script, str(tmp_path / "c.log")], tmp_path / "p.log",
                   {**os.environ, "PYTHONPATH": root})  # fmt: skip
    end = time.monotonic() + 20
    while not parent.last_line().isdigit() and time.monotonic() < end:
        time.sleep(0.02)
    pid = int(parent.last_line())
    parent.send(signal.SIGKILL)
    while _runs(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
