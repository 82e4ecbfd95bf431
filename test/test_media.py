"""Tests what photos, folders and videos are found, their names, and the frames of videos."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from rmpsam_ros.errors import ImageError
from rmpsam_ros.media import Video, check_name, is_device, list_media, reduced


def test_list_media__folders_in_natural_order_with_unique_names(tmp_path: Path) -> None:
    for name in ("a/f10.png", "a/f9.JPG", "a/.hidden.png", "a/notes.txt", "b/f9.png", "b/deeper/x.png", "clip.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    files = list_media([tmp_path / "a", tmp_path / "b", tmp_path / "clip.mp4", tmp_path / "a/f9.JPG"])
    assert [(f.name, f.path.name, f.is_video) for f in files] == [
        ("f9", "f9.JPG", False),
        ("f10", "f10.png", False),
        ("f9_2", "f9.png", False),
        ("clip", "clip.mp4", True),
    ]


@pytest.mark.parametrize(
    "name, words", [("none.png", "does not exist"), ("empty", "holds no photo"), ("a.txt", "neither")]
)
def test_list_media__says_what_is_wrong(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ImageError, match=words):
        list_media([tmp_path / name])


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, (64, 48))
    for i in range(12):
        frame = np.zeros((48, 64, 3), np.uint8)
        frame[..., 2] = 20 * i  # red, in OpenCV's order
        writer.write(frame)
    writer.release()
    return path


def test_list_media__folders_in_a_folder_are_left_out_and_said(tmp_path: Path, caplog) -> None:
    for name in ("a.png", "deep/b.png", "odd.png/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), np.zeros((4, 4, 3), np.uint8))
    assert [file.path.name for file in list_media([tmp_path])] == ["a.png"]
    assert "its subfolders are skipped (deep, odd.png)" in caplog.text
    caplog.clear()
    list_media([tmp_path / "deep"])
    assert caplog.text == ""


def test_video__frames_times_and_colours(clip: Path) -> None:
    with Video(clip) as video:
        assert video.fps == pytest.approx(10.0) and video.frame_count == 12 and not video.is_device
        frames = list(video)
    assert [f.index for f in frames] == list(range(12))
    assert [f.seconds for f in frames] == pytest.approx([i / 10 for i in range(12)], abs=0.01)
    red, green, blue = frames[10].image.mean(axis=(0, 1))
    assert frames[10].image.shape == (48, 64, 3) and red == pytest.approx(200, abs=8) and max(green, blue) < 12


def test_video__that_ends_too_early__gives_what_there_is_and_says_so(tmp_path: Path, caplog) -> None:
    path = tmp_path / "long.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (64, 48))
    rng = np.random.default_rng(0)
    for _ in range(40):
        writer.write(rng.integers(0, 256, (48, 64, 3), np.uint8))
    writer.release()
    with Video(path) as video:
        assert len(list(video)) == 40 and caplog.text == ""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with Video(path) as video:
        count = len(list(video))
    assert 10 < count < 30 and f"ends after {count} of 40 frames; it may be cut off" in caplog.text


def test_video__says_what_is_wrong(tmp_path: Path, capfd) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"not a video" * 50)
    with pytest.raises(ImageError, match="not a video that can be read"):
        Video(tmp_path / "broken.mp4")
    with pytest.raises(ImageError, match="does not exist"):
        Video(tmp_path / "none.mp4")
    with pytest.raises(ImageError, match="camera that gives pictures"):
        Video("/dev/null")
    assert is_device("/dev/video0") and not is_device("video0.mp4")
    assert capfd.readouterr().err == "" or cv2.__version__.startswith("4.5.")  # of Ubuntu 22.04, whose FFmpeg cannot be silenced


def test_list_media__names_that_differ_in_case_only_are_told_apart(tmp_path: Path) -> None:
    for name in ("a/cat.png", "b/Cat.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    assert [file.name for file in list_media([tmp_path / "a", tmp_path / "b"])] == ["cat", "Cat_2"]


def test_list_media__a_video_is_not_called_as_the_map_of_a_photo_is(tmp_path: Path) -> None:
    for name in ("cat.jpg", "cat.PNG.mp4"):
        (tmp_path / name).write_bytes(b"x")
    assert [file.name for file in list_media([tmp_path])] == ["cat", "cat.PNG_2"]  # ids/cat.png is a file, ids/cat.PNG would be a folder


class Stamps:
    """Replaces OpenCV's video: gives the time of each frame in milliseconds."""

    def __init__(self, times: list[float]) -> None:
        self.times, self.at = times, -1

    def read(self):
        self.at += 1
        return self.at < len(self.times), np.zeros((4, 4, 3), np.uint8)

    def get(self, _: int) -> float:
        return self.times[self.at]

    def release(self) -> None:
        pass


@pytest.mark.parametrize("times, seconds", [([5000, 5100, 5300], [0, 0.1, 0.3]), ([0, 0, 0], [0, 0.1, 0.2]), ([0, 100, 100, 300], [0, 0.1, 0.2, 0.3])])
def test_video__times_begin_at_nought_and_always_go_on(clip: Path, times, seconds) -> None:
    with Video(clip) as video:
        video._capture, video.frame_count = Stamps(times), 0
        assert [frame.seconds for frame in video] == pytest.approx(seconds)


@pytest.mark.parametrize("last, whole", [(2900, True), (500, False)])
def test_video__of_a_rate_that_varies__is_whole_where_its_duration_is_reached(clip: Path, caplog, last: int, whole: bool) -> None:
    with Video(clip) as video:
        video._capture, video.frame_count = Stamps([0, 100, 200, last]), 30  # as Matroska's count: duration times rate
        assert len(list(video)) == 4
    assert ("cut off" not in caplog.text) == whole


def test_video__broken_frames_in_the_middle__are_left_out_and_counted(tmp_path: Path, caplog) -> None:
    path = tmp_path / "scratched.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (64, 48))
    rng, starts = np.random.default_rng(0), []
    for _ in range(40):
        writer.write(rng.integers(0, 256, (48, 64, 3), np.uint8))
    writer.release()
    data = bytearray(path.read_bytes())
    at = data.find(b"\xff\xd8\xff")
    while at >= 0:
        starts.append(at)
        at = data.find(b"\xff\xd8\xff", at + 3)
    for number in (15, 16, 30):
        data[starts[number] : starts[number] + 1500] = bytes(1500)  # headers and all
    path.write_bytes(data)
    with Video(path) as video:
        frames = list(video)
    assert [frame.index for frame in frames] == [k for k in range(40) if k not in (15, 16, 30)]
    assert frames[-1].seconds == pytest.approx(3.9, abs=0.11) and "3 of its frames are broken and were left out" in caplog.text
    assert "cut off" not in caplog.text


def test_video__of_unknown_length__goes_on_after_broken_frames(tmp_path: Path) -> None:
    pictures = [cv2.imencode(".jpg", np.full((48, 64, 3), 5 * k, np.uint8))[1].tobytes() for k in range(30)]
    (tmp_path / "stream.mjpeg").write_bytes(b"".join(pictures))
    with Video(tmp_path / "stream.mjpeg") as video:
        video.frame_count, reads = 0, iter([True] * 5 + [False, False] + [True] * 100)
        read = video._capture.read
        video._capture = Flawed(read, reads)
        assert [frame.index for frame in video] == [k for k in range(30) if k not in (5, 6)]


class Flawed:
    """A capture of which some frames are broken."""

    def __init__(self, read, good) -> None:
        self._read, self._good = read, good

    def read(self):
        ok, pixels = self._read()
        return (ok, pixels) if next(self._good) else (False, None)

    def get(self, _) -> float:
        return 0.0

    def release(self) -> None:
        pass


def test_reduced__keeps_what_is_small_and_the_ratio_of_what_is_not() -> None:
    small, large = np.zeros((40, 30, 3), np.uint8), np.zeros((3000, 4000, 3), np.uint8)
    assert reduced(small, 40) is small and reduced(large, 1000).shape == (750, 1000, 3) and reduced(np.zeros((1, 9000, 3), np.uint8), 90).shape == (1, 90, 3)


def test_list_media__a_name_of_dots_is_called_file_and_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("file.png", "...mp4", "....mp4", "..png")]
    for path in paths:
        path.write_bytes(b"x")
    assert [file.name for file in list_media(paths)] == ["file", "file_2", "file_3", "file_4"]


def test_check_name__refuses_what_is_not_utf_8(clip: Path) -> None:
    named = clip.rename(clip.with_name("caf\udce9.mp4"))
    with pytest.raises(ImageError, match=r"caf\\udce9\.mp4' has a name that is not UTF-8; rename it\.$"):
        check_name(named)
    check_name(named.with_name("café.mp4"))
