"""Tests results on disk: IDs survive both PNG formats, COCO's tools can read the JSON, and no half-written file remains."""
from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from rmpsam_ros.atomic import atomic_file, atomic_folder
from rmpsam_ros.errors import ImageError
from rmpsam_ros.labels import OFFICIAL, make_label_set
from rmpsam_ros.media import MediaFile, Video, VideoFrame
from rmpsam_ros.results import OverlayVideo, ResultWriter, categories, category_ids, coco_pixels, coco_png, id_map_png, write_image
from rmpsam_ros.types import PanopticResult, Roi, Segment

LABELS = make_label_set("test", ["cup", "plate"], ["table"])


def _result(height: int = 30, width: int = 41, first: int = 1) -> PanopticResult:
    ids = np.full((height, width), 0, np.uint16)
    ids[2:10, 3:20] = first
    ids[15:, :] = 65535
    segments = (
        Segment(first, 1, "plate", True, 0.91239, 8 * 17, Roi(3, 2, 17, 8)),
        Segment(65535, 2, "table", False, 0.5, 15 * width, Roi(0, 15, width, 15)),
    )
    return PanopticResult(ids, segments, LABELS)


def _read(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def _leftovers(folder: Path) -> list[str]:
    return [p.name for p in folder.rglob("*") if p.name.startswith(".")]


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (37, 41)])
def test_pngs__hold_every_id(shape: tuple[int, int]) -> None:
    ids = np.random.default_rng(0).integers(0, 65536, shape).astype(np.uint16)
    ids.flat[0] = 65535
    deep = cv2.imdecode(np.frombuffer(id_map_png(ids), np.uint8), cv2.IMREAD_UNCHANGED)
    assert deep.dtype == np.uint16 and np.array_equal(deep, ids)
    blue, green, red = np.moveaxis(
        cv2.imdecode(np.frombuffer(coco_png(ids), np.uint8), cv2.IMREAD_UNCHANGED).astype(np.uint32), 2, 0
    )
    assert np.array_equal(red + 256 * green + 65536 * blue, ids)


def test_result_writer__photo_and_json_agree(tmp_path: Path) -> None:
    writer = ResultWriter(tmp_path, LABELS, {"model": "m"})
    result = _result(first=300)
    writer.add_photo(MediaFile(Path("/x/Cat.JPG"), False, "Cat_2"), result, np.zeros((30, 41, 3), np.uint8))
    content = json.loads(writer.save_json().read_text())
    assert content["info"] == {"model": "m"}
    assert content["images"] == [{"id": 1, "file_name": "Cat.JPG", "width": 41, "height": 30}]
    (annotation,) = content["annotations"]
    assert annotation["image_id"] == 1 and annotation["file_name"] == "Cat_2.png"
    assert annotation["segments_info"][0] == {
        "id": 300, "category_id": 2, "iscrowd": 0, "bbox": [3, 2, 17, 8], "area": 136, "score": 0.9124,
    }  # fmt: skip
    assert content["categories"][2] == {
        "id": 3, "name": "table", "supercategory": "", "isthing": 0, "color": [*LABELS[2].color],
    }  # fmt: skip
    pixels = _read(tmp_path / "panoptic" / annotation["file_name"]).astype(int) @ (65536, 256, 1)
    for segment in annotation["segments_info"]:
        assert (pixels == segment["id"]).sum() == segment["area"]
    assert set(np.unique(pixels)) - {0} == {s["id"] for s in annotation["segments_info"]}
    assert np.array_equal(_read(tmp_path / "ids/Cat_2.png"), result.segment_ids)
    assert _read(tmp_path / "overlays/Cat_2.jpg").shape == (30, 41, 3)
    assert _leftovers(tmp_path) == []


def test_result_writer__video(tmp_path: Path) -> None:
    writer = ResultWriter(tmp_path, LABELS)
    with writer.video(MediaFile(Path("clip.mp4"), True, "clip"), fps=12.0) as video:
        for i in range(4):
            frame = VideoFrame(np.full((30, 41, 3), 60 * i, np.uint8), i, i / 12)
            video.add(frame, _result(), frame.image)
    content = json.loads(writer.save_json().read_text())
    assert [i["frame_index"] for i in content["images"]] == [0, 1, 2, 3]
    assert content["images"][3] == {
        "id": 4, "file_name": "clip.mp4/000003", "width": 41, "height": 30, "video": "clip.mp4", "frame_index": 3,
        "seconds": 0.25,
    }  # fmt: skip
    assert content["annotations"][2]["file_name"] == "clip/000002.png"
    assert sorted(p.name for p in (tmp_path / "ids/clip").iterdir()) == [f"{i:06d}.png" for i in range(4)]
    assert (tmp_path / "panoptic/clip/000003.png").is_file()
    with Video(tmp_path / "overlays/clip.mp4") as film:
        assert film.fps == pytest.approx(12.0)
        frames = list(film)
    assert len(frames) == 4 and frames[0].image.shape == (30, 42, 3)
    assert frames[3].image.mean() == pytest.approx(180, abs=4)


def test_result_writer__interrupted_video_leaves_nothing(tmp_path: Path) -> None:
    writer = ResultWriter(tmp_path, LABELS)
    with pytest.raises(KeyboardInterrupt), writer.video(MediaFile(Path("clip.mp4"), True, "clip"), fps=12.0) as video:
        video.add(VideoFrame(np.zeros((30, 41, 3), np.uint8), 0, 0.0), _result(), np.zeros((30, 41, 3), np.uint8))
        raise KeyboardInterrupt
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [] and _leftovers(tmp_path) == []
    assert json.loads(writer.save_json().read_text())["images"] == []


def test_category_ids__are_official_for_coco() -> None:
    numbers = category_ids(OFFICIAL["coco-panoptic"])
    assert len(numbers) == len(set(numbers)) == 133
    assert (numbers[0], numbers[79], numbers[80], numbers[-1]) == (1, 90, 92, 200)
    by_name = {c["name"]: c["id"] for c in categories(OFFICIAL["coco-panoptic"])}
    assert (by_name["cup"], by_name["toothbrush"], by_name["sky-other-merged"]) == (47, 90, 187)
    assert category_ids(LABELS) == (1, 2, 3)


def test_write_image__refuses_an_unknown_ending(tmp_path: Path) -> None:
    for name in ("a.xyz", "a"):
        with pytest.raises(ImageError, match=r"\.png"):
            write_image(tmp_path / name, np.zeros((4, 4), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_atomic_file__keeps_the_old_one_on_failure(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    with atomic_file(path) as partial:
        assert partial.suffix == ".txt" and not path.exists()
        partial.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_file(path) as partial:
        partial.write_text("ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_atomic_file__an_error_names_the_file_and_not_its_temporary_one(tmp_path: Path) -> None:
    def full_disk(partial: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")  # as write() reports it, without a file name

    def other_file(partial: Path) -> None:
        (tmp_path / "other").read_text()

    (tmp_path / "folder").mkdir()
    for name, write, named in (("a.json", full_disk, "a.json"), ("folder", lambda partial: partial.write_text("x"), "folder"),
                               ("a.json", other_file, "other")):  # fmt: skip
        with pytest.raises(OSError) as caught, atomic_file(tmp_path / name) as partial:
            write(partial)
        assert str(caught.value.filename) == str(tmp_path / named) and caught.value.filename2 is None
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("kind", [atomic_file, atomic_folder])
def test_atomic__after_an_error_no_empty_folder_is_left_but_those_that_were_there(tmp_path: Path, kind) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(RuntimeError), kind(tmp_path / "mine" / "new" / "deep" / "a"):
        raise RuntimeError
    assert list(tmp_path.rglob("*")) == [tmp_path / "mine"]
    with pytest.raises(RuntimeError), kind(tmp_path / "mine" / "new" / "a"):
        (tmp_path / "mine" / "new" / "note.txt").write_text("somebody else's")
        raise RuntimeError
    assert [p.name for p in (tmp_path / "mine" / "new").iterdir()] == ["note.txt"]


def test_atomic_folder__replaces_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "maps"
    for name in ("one", "two"):
        with atomic_folder(path) as partial:
            (partial / name).write_text(name)
    assert [p.name for p in path.iterdir()] == ["two"]
    with pytest.raises(RuntimeError), atomic_folder(path) as partial:
        (partial / "three").write_text("")
        raise RuntimeError
    assert [p.name for p in path.iterdir()] == ["two"] and [p.name for p in tmp_path.iterdir()] == ["maps"]


def test_coco_pixels__ids_beyond_16_bits_keep_all_three_bytes() -> None:
    assert coco_pixels(np.array([[0x010203]])).tolist() == [[[1, 2, 3]]]  # blue, green, red


def test_overlay_video__colours_stay_and_a_frame_of_another_size_is_scaled(tmp_path: Path) -> None:
    film = OverlayVideo(tmp_path / "film.mp4", 10.0)
    small = np.full((60, 80, 3), (250, 10, 10), np.uint8)
    large = np.full((120, 160, 3), (10, 10, 250), np.uint8)
    large[:60, :80] = (250, 10, 10)
    film.add(small)
    film.add(large)
    film.close()
    with Video(tmp_path / "film.mp4") as video:
        first, second = (frame.image.astype(int) for frame in video)
    assert first.shape == second.shape == (60, 80, 3)
    assert first[30, 40].argmax() == 0 and second[15, 20].argmax() == 0  # red stays red
    assert second[45, 60].argmax() == 2 and second[15, 60].argmax() == 2


def test_result_writer__of_two_photos_with_one_name_the_second_is_called_by_its_path(tmp_path: Path) -> None:
    writer = ResultWriter(tmp_path, LABELS)
    for folder, name in (("/a", "cat"), ("/b", "cat_2")):
        writer.add_photo(MediaFile(Path(folder) / "cat.jpg", False, name), _result(), None)
    assert [image["file_name"] for image in writer.images] == ["cat.jpg", "/b/cat.jpg"]


def test_atomic_file__what_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "a.txt")
    with atomic_file(tmp_path / "link.txt") as partial:
        partial.write_text("new")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "real" / "a.txt").read_text() == "new"


def test_atomic_folder__that_cannot_take_its_place_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "maps"
    with atomic_folder(path) as partial:
        (partial / "one").write_text("one")
    with pytest.raises(OSError), atomic_folder(path) as partial:
        partial.rmdir()  # so that the second rename fails
    assert [p.name for p in path.iterdir()] == ["one"] and [p.name for p in tmp_path.iterdir()] == ["maps"]


def test_overlay_video__that_found_no_room__is_not_put_in_place(tmp_path: Path, monkeypatch) -> None:
    real = cv2.VideoWriter

    class Full:
        """A writer whose disk is full after five frames, without reporting it."""

        def __init__(self, *arguments) -> None:
            self.film, self.left = real(*arguments), 5

        def write(self, image) -> None:
            self.left -= 1
            if self.left >= 0:
                self.film.write(image)

        def __getattr__(self, name):
            return getattr(self.film, name)

    def write(frames: int) -> None:
        with atomic_file(tmp_path / "film.mp4") as part:
            film = OverlayVideo(part, 10.0)
            for _ in range(frames):
                film.add(np.zeros((48, 64, 3), np.uint8))
            film.finish()

    write(8)
    before = (tmp_path / "film.mp4").read_bytes()
    monkeypatch.setattr(cv2, "VideoWriter", Full)
    with pytest.raises(ImageError, match="Of 8 frames 5 could be written as a video: is there room on the disk"):
        write(8)
    assert (tmp_path / "film.mp4").read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize("fps, shown", [(66.667, 66.7), (119.913, 119.9), (142.857, 142.9), (999.999, 1000.0), (0.0001, 0.01), (29.97, 29.97)])
def test_overlay_video__of_an_odd_rate_is_written(tmp_path: Path, fps: float, shown: float) -> None:
    film = OverlayVideo(tmp_path / "film.mp4", fps)
    for _ in range(3):
        film.add(np.zeros((48, 64, 3), np.uint8))
    film.finish()
    with Video(tmp_path / "film.mp4") as video:
        assert video.frame_count == 3 and (video.fps == pytest.approx(shown, rel=1e-3) or shown == 1000.0)  # OpenCV 4.5 reads 1500 of that


@pytest.mark.parametrize("name", ["n" * 248 + ".txt", "é" * 124 + ".txt", "n" * 252])
def test_atomic_file_and_folder__of_a_name_as_long_as_the_file_system_takes(tmp_path: Path, name: str) -> None:
    for text in ("old", "new"):
        with atomic_file(tmp_path / name) as partial:
            assert partial.name.endswith(Path(name).suffix)
            partial.write_text(text)
        with atomic_folder(tmp_path / "deep" / name) as folder:
            (folder / text).write_text(text)
    assert (tmp_path / name).read_text() == "new" and [p.name for p in (tmp_path / "deep" / name).iterdir()] == ["new"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["deep", name])


def test_atomic_file__the_temporary_name_is_utf_8_where_the_name_is_not(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "caf\udce9.mp4") as partial:
        partial.name.encode()
        partial.write_text("film")
    assert [p.name for p in tmp_path.iterdir()] == ["caf\udce9.mp4"]


def test_write_image__of_an_ending_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    code = """
import sys
import numpy as np
from rmpsam_ros.errors import ImageError
from rmpsam_ros.results import write_image
try:
    write_image(sys.argv[1], np.zeros((4, 4, 3), np.uint8))
except ImageError as error:
    print(ascii(str(error)))
"""  # in a separate process, which OpenCV would crash
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a.j\udce9g"], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "end the name in .png or .jpg" in done.stdout and not list(tmp_path.iterdir()), done.stderr
