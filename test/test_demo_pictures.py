"""Tests the output of the demo: video, contact sheet, album and 3D views."""
from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from rmpsam_ros.demo.album import FRAMES, Album
from rmpsam_ros.demo.film import FPS, Film, compose, shrink_click
from rmpsam_ros.demo.sheet import WIDTH, Picture, contact_sheet
from rmpsam_ros.demo.space import Box, draw_space
from rmpsam_ros.media import Video
from rmpsam_ros.types import PointPrompt, PromptResult, Roi


def _gradient(height: int = 60, width: int = 80) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack((rows * 255 // height, columns * 255 // width, rows * 0 + 90), axis=2).astype(np.uint8)


def test_film__keeps_real_time(tmp_path: Path) -> None:
    film = Film(tmp_path / "film.mp4")
    film.add(np.full((48, 64, 3), 20, np.uint8), 0.1, "first")
    film.add(np.full((48, 64, 3), 220, np.uint8), 1.1, "second")
    assert film.close(2.1)
    with Video(tmp_path / "film.mp4") as video:
        means = [frame.image[:40].mean() for frame in video]
    assert len(means) == pytest.approx(2 * FPS, abs=1)
    assert sum(mean < 100 for mean in means) == pytest.approx(FPS, abs=1)


def test_film__without_pictures_writes_nothing(tmp_path: Path) -> None:
    assert not Film(tmp_path / "film.mp4").close(3.0)
    assert not (tmp_path / "film.mp4").exists()


def test_compose__facts_below_and_inset_in_the_corner() -> None:
    image = np.full((240, 321, 3), 100, np.uint8)
    plain = compose(image, "facts")
    assert plain.shape[0] > 250 and plain.shape[0] % 2 == 0 and np.array_equal(plain[:240], image)
    assert plain[240:].max() > 200
    inset = compose(image, "facts", (np.full((90, 120, 3), 200, np.uint8), "click"))
    changed = np.nonzero((inset != plain).any(axis=2))
    assert changed[0].min() > 120 and changed[1].min() > 160 and changed[0].max() < 240
    assert np.array_equal(compose(image[:20, :30], "facts", (image, "click"))[:20], image[:20, :30])  # no room


def test_shrink_click__points_and_boxes_go_along() -> None:
    mask = np.zeros((100, 200), bool)
    mask[20:60, 40:80] = True
    click = PromptResult(mask, 0.5, Roi.of_mask(mask), 0, "cup", (PointPrompt(60, 40),), ((40, 20, 80, 60),))
    image, small = shrink_click(np.zeros((100, 200, 3), np.uint8), click, 0.5)
    assert image.shape == (50, 100, 3) and small.roi == Roi(20, 10, 20, 20)
    assert small.points == (PointPrompt(30, 20),) and small.boxes == ((20, 10, 40, 30),)


def test_contact_sheet__rows_of_four_and_clicks() -> None:
    pictures = [Picture(_gradient(), f"{i} s") for i in range(5)]
    without = contact_sheet("title", ["facts"], pictures[:4], [])
    frames = contact_sheet("title", ["facts"], pictures, [])
    everything = contact_sheet("title", ["facts"] * 2, pictures, pictures[:3], warning="UNTRAINED")
    assert without.shape[1] == WIDTH and without.shape[0] < frames.shape[0] < everything.shape[0]
    assert contact_sheet("title " * 99, [], [], []).shape[1] == WIDTH


def test_album__keeps_frames_clicks_and_video(tmp_path: Path) -> None:
    for name in ("frame_07.png", "demo.mp4", "frame_0001.png", "click_by_click.png"):
        (tmp_path / name).write_text("of an earlier run, or of somebody else")
    album = Album(tmp_path, duration=2.4)
    assert (tmp_path / "frame_07.png").exists()  # until there is a new one
    for k in range(12):
        album.add_frame(_gradient(120, 160), k * 0.2, "facts")
        time.sleep(0.01)
    mask = np.ones((120, 160), bool)
    album.add_click(_gradient(120, 160), PromptResult(mask, 0.5, Roi.of_mask(mask)), 1.0, "one click", "UNTRAINED")
    album.close(2.4)
    album.write_sheet("title", ["facts"], "")
    for name in ("frame_0001.png", "click_by_click.png"):
        (tmp_path / name).unlink()  # not the demo's, and still there
    names = sorted(p.name for p in tmp_path.iterdir())
    frames = [name for name in names if name.startswith("frame")]
    assert 6 <= len(frames) <= FRAMES and names[-1] == frames[-1]
    assert [name for name in names if not name.startswith("frame")] == ["click_1.png", "contact_sheet.png", "demo.mp4"]
    with Video(tmp_path / "demo.mp4") as video:
        assert len(list(video)) == pytest.approx(2.4 * FPS, abs=3)


def test_album__keeps_views_in_3d(tmp_path: Path) -> None:
    (tmp_path / "space_9.png").write_text("of an earlier run")
    album = Album(tmp_path, duration=1.0)
    album.add_space(_gradient(), "0.5 s")
    album.close(1.0)
    tall = cv2.imread(str(album.write_sheet("title", ["facts"], ""))).shape[0]
    assert [p.name for p in sorted(tmp_path.glob("space_*"))] == ["space_1.png"]
    assert tall > contact_sheet("title", ["facts"], [], []).shape[0] + 100


def test_space__points_in_their_colours_under_boxes_with_names() -> None:
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 80), np.linspace(-0.4, 0.4, 60))
    wall = np.stack((x, y, np.full_like(x, 2.0)), -1).reshape(-1, 3).astype(np.float32)
    colors = np.full((len(wall), 3), (200, 40, 10), np.uint8)
    plain = draw_space(wall, colors, [])
    assert plain.shape == (480, 640, 3) and plain.dtype == np.uint8
    of_wall = (plain == (200, 40, 10)).all(axis=2)
    assert 0.02 < of_wall.mean() < 0.9 and of_wall[200:280, 280:360].mean() > 0.5
    boxed = draw_space(wall, colors, [Box((0.0, 0.0, 2.0), (0.3, 0.2, 0.1), (0, 255, 0), "cup 3  2.00 m")])
    green = (boxed[..., 1] > 200) & (boxed[..., 0] < 60)
    assert green.sum() > 100 and (np.abs(boxed.astype(int) - plain).max(axis=2) > 100).sum() > green.sum()


def test_space__of_nothing_known_and_of_a_box_behind_the_eye() -> None:
    nothing = draw_space(np.full((5, 3), np.nan, np.float32), np.zeros((5, 3), np.uint8), [])
    assert (nothing == nothing[0, 0]).all()
    near = draw_space(np.array([[0, 0, 0.5]], np.float32), np.full((1, 3), 255, np.uint8),
                      [Box((0, 0, 0.5), (0.1, 0.1, 0.1), (0, 255, 0), "a"), Box((0, 0, -9.0), (0.1, 0.1, 0.1), (0, 255, 0), "b")])  # fmt: skip
    assert near.shape == (480, 640, 3)


def test_album__tells_at_the_end_what_went_wrong(tmp_path: Path) -> None:
    album = Album(tmp_path, duration=2.0)
    album.add_frame(np.zeros((4, 4), np.uint8), 0.0, "facts")
    with pytest.raises(Exception, match=".+"):
        album.close(1.0)
    assert not (tmp_path / "demo.mp4").exists()
