"""Tests what the writer of simulated scenes writes and lists, frame by frame, on hand-made frames."""
from __future__ import annotations

import json
import weakref
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from rmpsam_ros.errors import BackendError
from rmpsam_ros.simulation.camera import CameraModel

if find_spec("mujoco") is None:  # found, not imported: the package must first choose MuJoCo's OpenGL
    pytest.skip("mujoco is not installed", allow_module_level=True)
try:
    from rmpsam_ros.simulation.listing import read_listing
    from rmpsam_ros.simulation.stream import SimulatedFrame
    from rmpsam_ros.simulation.world import Item
    from rmpsam_ros.simulation.writer import SceneWriter, clip_name
except BackendError as error:
    pytest.skip(f"no off-screen OpenGL here: {error}", allow_module_level=True)


def frame_by_hand(**changes) -> SimulatedFrame:
    ids = np.ones((6, 8), np.int64)
    ids[:2, :2], ids[4:, 2:] = 2, 3
    items = {k: Item(k, name, name, k > 1) for k, name in ((1, "floor"), (2, "cup"), (3, "box"))}
    values = dict(image=np.full((6, 8, 3), (200, 90, 10), np.uint8), ids=ids, depth=np.ones((6, 8), np.float32), camera=CameraModel((6, 8), 10.0),
                  pose=np.eye(4), segments=items, place="floor", stamp=0.0)  # fmt: skip
    return SimulatedFrame(**{**values, **changes})


def clip_by_hand(length):
    for _ in range(length):
        yield frame_by_hand()


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writer__a_picture_that_was_broken_off_is_in_no_list(tmp_path, monkeypatch):
    writer = SceneWriter(tmp_path, least=1)
    writer.add([frame_by_hand()], "a")
    monkeypatch.setattr(cv2, "boundingRect", lambda mask: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        writer.add([frame_by_hand()], "b")
    writer.save()
    content, cameras = (json.loads((tmp_path / name).read_text()) for name in ("panoptic.json", "cameras.json"))
    assert len(content["images"]) == len(content["annotations"]) == len(cameras["images"]) == 1


def test_frame__depth_that_16_bits_cannot_hold_is_none():
    depth = np.array([[0.5, 65.0, 65.6, 70.0, np.inf]], np.float32)
    assert frame_by_hand(depth=depth).millimetres().tolist() == [[500, 65000, 0, 0, 0]]


def test_writer__specks_are_left_unlabelled_and_colours_are_rgb(tmp_path):
    writer = SceneWriter(tmp_path, least=8)
    writer.add([frame_by_hand()], "a")
    content = json.loads(writer.save()[0].read_text())
    assert [(s["id"], s["area"]) for s in content["annotations"][0]["segments_info"]] == [(1, 32), (3, 12)]
    assert not (cv2.imread(str(tmp_path / "panoptic" / "a.png"))[:2, :2] != 0).any()
    assert np.abs(cv2.imread(str(tmp_path / "images" / "a.jpg"))[3, 4].astype(int) - (10, 90, 200)).max() < 12


def test_writer__of_a_clip__holds_one_frame_at_a_time(tmp_path):
    frames, most = [], 0

    def told(length):
        nonlocal most
        for _ in range(length):
            frame = frame_by_hand()
            frames.append(weakref.ref(frame))
            yield frame
            del frame
            most = max(most, sum(frame() is not None for frame in frames))

    SceneWriter(tmp_path).add(told(30), "00000", 30)
    assert len(names_in(tmp_path / "depth")) == 30 and most <= 1


def test_writer__writes_a_frame_before_it_asks_for_the_next(tmp_path):
    written = []

    def told(length):
        for _ in range(length):
            written.append(len(list(tmp_path.glob("images/*"))))
            yield frame_by_hand()

    SceneWriter(tmp_path).add(told(4), "00000", 4)
    assert written == [0, 1, 2, 3]


@pytest.mark.parametrize(("length", "first"), [(1, "a.jpg"), (2, "a_000.jpg"), (1000, "a_000.jpg"), (1001, "a_0000.jpg"), (12345, "a_00000.jpg")])
def test_writer__names_sort_as_the_frames_follow__three_digits_up_to_a_thousand(length, first, tmp_path):
    SceneWriter(tmp_path).add(clip_by_hand(1), "a", length)
    assert names_in(tmp_path / "images") == [first]


def test_clip_names():
    assert [clip_name(12, view, 30) for view in (0, 25, 26, 29)] == ["00012_a", "00012_z", "00012_a1", "00012_d1"] and clip_name(7, 0, 1) == "00007"


def test_writer__of_a_clip__a_segment_that_comes_and_goes_has_holes_in_its_track(tmp_path):
    there, gone = frame_by_hand(), frame_by_hand(ids=np.ones((6, 8), np.int64))
    writer = SceneWriter(tmp_path, least=1)
    writer.add(iter([gone, there, gone, there, gone]), "a", 5)
    writer.add([there, there], "b")
    writer.save()
    content = json.loads((tmp_path / "videos.json").read_text())
    assert [video["length"] for video in content["videos"]] == [5, 2] and content["videos"][0]["file_names"][4] == "a_004.jpg"
    assert [track["id"] for track in content["annotations"]] == [1, 2, 3, 4, 5, 6] and {t["video_id"] for t in content["annotations"][:3]} == {1}
    floor, cup = content["annotations"][:2]
    assert [area is None for area in cup["areas"]] == [box is None for box in cup["bboxes"]] == [True, False, True, False, True]
    assert cup["segmentations"][0] is None and cup["areas"][1] == 4 and cup["bboxes"][1] == [0, 0, 2, 2] and floor["areas"] == [48, 32, 48, 32, 48]


def test_writer__a_clip_that_breaks_off__is_listed_with_none_of_its_frames(tmp_path):
    def breaking():
        yield frame_by_hand()
        raise KeyboardInterrupt

    writer = SceneWriter(tmp_path)
    writer.add([frame_by_hand()] * 2, "00000")
    with pytest.raises(KeyboardInterrupt), writer.all_or_nothing():
        writer.add([frame_by_hand()] * 2, "00001_a")
        writer.add(breaking(), "00001_b", 2)
    writer.save()
    assert len(json.loads((tmp_path / "panoptic.json").read_text())["images"]) == 2
    assert len(json.loads((tmp_path / "videos.json").read_text())["videos"]) == 1
    assert len(names_in(tmp_path / "images")) == 5
    (tmp_path / "images/mine.jpg").write_text("")
    (tmp_path / "depth/.00001_b_001.partial-77.png").write_text("")
    writer.remove_unlisted()
    assert names_in(tmp_path / "images") == ["00000_000.jpg", "00000_001.jpg", "mine.jpg"] and len(names_in(tmp_path / "depth")) == 2


def test_listing__read_again__is_written_the_same(tmp_path):
    writer = SceneWriter(tmp_path, recipe={"seed": 3})
    for name in "ab":
        writer.add(clip_by_hand(2), name, 2)
    before = [path.read_bytes() for path in writer.save()]
    info, writer.listing = read_listing(tmp_path, clips=True)
    assert info["seed"] == 3 and [path.read_bytes() for path in writer.save()] == before


def test_listing__killed_between_two_files__is_as_long_as_the_shorter(tmp_path):
    writer = SceneWriter(tmp_path)
    writer.add(clip_by_hand(1), "a", 1)
    writer.save()
    before = (tmp_path / "cameras.json").read_bytes()
    writer.add(clip_by_hand(1), "b", 1)
    writer.save()
    (tmp_path / "cameras.json").write_bytes(before)
    assert [picture.stem for picture in read_listing(tmp_path, clips=False)[1].pictures] == ["a"]


def test_writer__makes_no_folder_before_there_is_a_picture__and_removes_only_its_own(tmp_path):
    (tmp_path / "out").mkdir()
    inside, outside = SceneWriter(tmp_path / "new/scenes"), SceneWriter(tmp_path / "out")
    assert names_in(tmp_path) == ["out"]
    for writer in (inside, outside):
        writer.add(clip_by_hand(1), "00000", 1)
        writer.save()
        writer.remove_all()
    assert names_in(tmp_path) == ["out"] and names_in(tmp_path / "out") == []
