"""Tests `rmpsam track` with a fake network: what it writes, and what each kind of bad input prints."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from test_cli_click import NOT_UTF_8, run_apart
from scene_frames import SceneFrame, Thing
from tracking_scenes import IMAGE, LABELS

from rmpsam_ros import Segmenter, cli, rle
from rmpsam_ros.cli import model_options
from rmpsam_ros.errors import ImageError
from rmpsam_ros.frame_source import FOLDER_FPS, open_frames
from rmpsam_ros.results import OverlayVideo, write_image
from rmpsam_ros.track_results import TrackWriter, tracked_map
from rmpsam_ros.types import Roi, TrackedInstance, TrackState

FRAMES = 6


class SceneSegmenter:
    """A cup that moves to the right, and an object at the bottom right that only a click finds."""

    labels, model_name, trained = LABELS, "fake", False
    backend_name, device_name, precision, input_size = "fake", "CPU", "fp32", (192, 256)
    score_threshold, overlap_threshold = 0.5, 0.8
    __enter__, __exit__ = Segmenter.__enter__, Segmenter.__exit__

    def __init__(self) -> None:
        self.count, self.closed, self.broken_at = 0, False, -1

    def set_image(self, image, stamp=None, rotation=0) -> SceneFrame:
        self.rotation = rotation
        if self.count == self.broken_at:
            raise KeyboardInterrupt
        self.count += 1
        return SceneFrame([Thing(10 + 2 * self.count, 15), Thing(50, 35, 1, 1, found=0)], stamp)

    def describe(self) -> dict:
        return {"model": self.model_name, "trained": self.trained}

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def segmenter(monkeypatch) -> SceneSegmenter:
    fake = SceneSegmenter()
    monkeypatch.setattr(model_options, "open_segmenter", lambda args: fake)
    return fake


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    film = OverlayVideo(tmp_path / "clip.mp4", 10.0)
    for _ in range(FRAMES):
        film.add(np.full((*IMAGE, 3), 90, np.uint8))
    film.close()
    return tmp_path / "clip.mp4"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for k in range(FRAMES):
        write_image(tmp_path / "walk" / f"{2 * k:05d}.png", np.full((*IMAGE, 3), 90, np.uint8))
    return tmp_path / "walk"


def track(*words: object) -> int:
    return cli.main(["track", *map(str, words)])


def test_track__a_video__gives_an_overlay_video_and_json(segmenter, clip: Path, tmp_path: Path, capsys) -> None:
    assert track(clip, "--out", tmp_path / "out") == 0
    content = json.loads((tmp_path / "out" / "clip.json").read_text())
    video, = content["videos"]
    assert (video["length"], video["width"], video["height"]) == (FRAMES, 256, 192)
    cup, = content["annotations"]
    assert (cup["id"], cup["category_id"], cup["prompted"]) == (1, 1, False) and cup["score"] == pytest.approx(0.9, abs=1e-3)
    assert len(cup["segmentations"]) == FRAMES and cup["bboxes"][0] == [28, 40, 40, 40] and cup["areas"] == [1600] * FRAMES
    mask = rle.decode(cup["segmentations"][0])
    assert mask.shape == IMAGE and mask.sum() == 1600 and mask[40:80, 28:68].all()
    film = cv2.VideoCapture(str(tmp_path / "out" / "clip.mp4"))
    assert int(film.get(cv2.CAP_PROP_FRAME_COUNT)) == FRAMES
    assert "1 track in 6 frames" in capsys.readouterr().err and segmenter.closed
    assert content["info"]["trained"] is False


def test_track__a_folder_of_frames_and_a_click__follows_the_clicked_object(segmenter, folder: Path, tmp_path: Path, capsys) -> None:
    assert track(folder, "--out", tmp_path / "out", "--click", 200, 140, "--fps", 5) == 0
    content = json.loads((tmp_path / "out" / "walk.json").read_text())
    assert content["videos"][0]["file_names"][1] == "walk/00002.png"
    clicked, = (a for a in content["annotations"] if a["prompted"])
    assert clicked["category_id"] is None or clicked["category_id"] == 2
    assert all(clicked["segmentations"]) and len(content["annotations"]) == 2
    assert f"the click at 200, 140 is track {clicked['id']}" in capsys.readouterr().err


def test_track__only_clicked__leaves_the_rest_out(segmenter, folder: Path, tmp_path: Path) -> None:
    assert track(folder, "--out", tmp_path / "out", "--click", 200, 140, "--only-clicked", "--no-overlay", "--rotation", 90) == 0
    assert segmenter.rotation == 90
    content = json.loads((tmp_path / "out" / "walk.json").read_text())
    assert [a["prompted"] for a in content["annotations"]] == [True]
    assert not (tmp_path / "out" / "walk.mp4").exists()


@pytest.mark.parametrize("words, sentence", [
    (["nowhere.mp4", "--out", "out"], "nowhere.mp4 does not exist"),
    (["{clip}", "--out", "{clip}"], "is a file; give a folder"),
    (["{clip}", "--out", "out", "--fps", "0"], "--fps is 0"),
    (["{clip}", "--out", "out", "--mode", "clip", "--backend", "openvino"], "--backend works in online mode only"),
    (["{clip}", "--out", "out", "--mode", "clip", "--threads", "2"], "--threads works in online mode only"),
    (["{clip}", "--out", "out", "--min-hits", "0"], "'0' is not a whole number from 1 up"),
    (["{clip}", "--out", "out", "--max-age", "-1"], "'-1' is not a number of seconds"),
    (["{clip}", "--out", "out", "--alpha", "7"], "'7' is not a number from 0 to 1"),
    (["{clip}", "--out", "out", "--threads", "-1"], "'-1' is not a whole number from 1 up"),
    (["{clip}", "--out", "{beside}"], "would overwrite"),
    (["{clip}", "--out", "out", "--mode", "clip", "--click", "3", "3"], "--click works in online mode only"),
    (["{clip}", "--out", "out", "--mode", "clip", "--label-groups", "x.yaml"], "--label-groups works in online mode only"),
    (["{clip}", "--out", "out", "--mode", "clip", "--rotation", "90"], "--rotation works in online mode only"),
    (["{clip}", "--out", "out", "--rotation", "45"], "invalid choice: 45"),
    (["{clip}", "--out", "out", "--only-clicked"], "--only-clicked needs --click"),
    (["{empty}", "--out", "out"], "holds no photo"),
    (["{clip}", "--out", "out", "--click", "250", "5"], "no object"),
])
def test_track__bad_input__is_one_line_and_exit_code_2(segmenter, clip: Path, tmp_path: Path, monkeypatch, capsys, words, sentence) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert track(*(word.format(clip=clip, empty=tmp_path / "empty", beside=clip.parent) for word in words)) == 2
    line, = capsys.readouterr().err.splitlines()
    assert line.startswith("rmpsam track: ") and sentence in line
    assert not list(tmp_path.glob("out/*"))


def test_track__interrupted__leaves_nothing_behind(segmenter, clip: Path, tmp_path: Path) -> None:
    segmenter.broken_at = 3
    assert track(clip, "--out", tmp_path / "out") == 130
    assert not list((tmp_path / "out").glob("*")) and segmenter.closed


def test_track__clip_mode__runs_the_network_on_clips(clip: Path, tmp_path: Path, capsys) -> None:
    from models import tiny_model

    model = tiny_model()
    assert track(clip, "--out", tmp_path / "out", "--mode", "clip", "--model", model, "--score-threshold", 0) == 0
    content = json.loads((tmp_path / "out" / "clip.json").read_text())
    assert content["info"]["mode"] == "clip" and len(content["annotations"]) > 0
    assert all(len(a["segmentations"]) == FRAMES and 0 <= a["score"] <= 1 for a in content["annotations"])
    assert "clip mode" in capsys.readouterr().err


def test_track__of_what_the_map_has_never_named__has_a_category_that_is_listed(tmp_path: Path) -> None:
    writer = TrackWriter(LABELS, {})
    shown = np.ones((4, 5), bool)
    for number, class_id in ((1, -1), (2, 0)):
        writer.add("0", (20, 30), [TrackedInstance(number, class_id, "", 0.9, TrackState.CONFIRMED, 1, 0, True, Roi(1, 2, 5, 4), shown)])
    content = writer.content("clip")
    writer.save(tmp_path / "clip.json", "clip")
    assert json.loads((tmp_path / "clip.json").read_text()) == json.loads(json.dumps(content))
    named = {category["id"]: category["name"] for category in content["categories"]}
    assert [named[annotation["category_id"]] for annotation in content["annotations"]] == ["unknown", LABELS[0].name]


def _tracked(number: int, roi: Roi, **changes) -> TrackedInstance:
    track = TrackedInstance(number, 0, "cup", 0.8, TrackState.CONFIRMED, 3, 0, False, roi, np.ones((roi.height, roi.width), bool))
    return replace(track, mask=track.mask, **changes)


def test_track_writer__a_track_is_what_was_seen_of_it() -> None:
    writer, roi = TrackWriter(LABELS), Roi(2, 3, 4, 5)
    writer.add("0", (20, 30), [_tracked(1, roi), _tracked(2, roi, state=TrackState.TENTATIVE)])
    writer.add("1", (20, 30), [_tracked(1, roi, score=0.4, state=TrackState.TENTATIVE), _tracked(2, roi, state=TrackState.TENTATIVE)])
    writer.add("2", (20, 30), [_tracked(1, roi, score=0.1, state=TrackState.LOST, frames_since_seen=1)])
    (annotation,) = writer.content("clip")["annotations"]  # the second one was never confirmed
    assert annotation["id"] == 1 and annotation["score"] == pytest.approx(0.6) and writer.confirmed == 1
    assert annotation["bboxes"] == [[2, 3, 4, 5], [2, 3, 4, 5], None] and annotation["segmentations"][2] is None


def test_track_writer__a_box_is_that_of_the_mask() -> None:
    mask = np.zeros((5, 4), bool)
    mask[1:4, 2] = True  # upsampled cells leave a margin
    writer = TrackWriter(LABELS)
    writer.add("0", (20, 30), [replace(_tracked(1, Roi(2, 3, 4, 5)), mask=mask)])
    (annotation,) = writer.content("clip")["annotations"]
    assert annotation["bboxes"] == [[4, 4, 1, 3]] and annotation["areas"] == [3]
    assert Roi.of_mask(rle.decode(annotation["segmentations"][0])) == Roi(4, 4, 1, 3)


def test_tracked_map__small_ones_lie_on_top_and_what_is_lost_is_left_out() -> None:
    small, large, lost = _tracked(7, Roi(5, 5, 3, 3)), _tracked(8, Roi(0, 0, 20, 15)), _tracked(9, Roi(0, 0, 30, 20), frames_since_seen=2)
    for tracks in ((small, large, lost), (large, lost, small)):
        shown = tracked_map((20, 30), tracks, LABELS)
        of_track = {segment.track_id: segment.id for segment in shown.segments}
        assert of_track.keys() == {7, 8} and shown.segment_ids[6, 6] == of_track[7] and shown.segment_ids[1, 1] == of_track[8]
        assert shown.segment_ids[19, 29] == 0


def test_open_frames__a_folder_and_a_video_by_name_rate_and_number(clip: Path, folder: Path, monkeypatch) -> None:
    (folder / "beside.mp4").write_bytes(clip.read_bytes())  # no picture of it
    monkeypatch.chdir(folder)
    frames = open_frames(".", 4.0)
    assert (frames.name, frames.fps, frames.count, open_frames(".").fps) == ("walk", 4.0, FRAMES, FOLDER_FPS)
    assert [frame.seconds for frame in frames.images()] == [k / 4 for k in range(FRAMES)]
    assert frames.frame_name(3) == "walk/00006.png" and open_frames(clip).frame_name(3) == "clip/000003"


def test_track__clip_mode_and_pictures_of_two_sizes__is_one_line_and_makes_nothing(tmp_path: Path, capsys) -> None:
    pytest.importorskip("torch", reason="clip mode needs torch")
    pytest.importorskip("onnx", reason="making a model needs onnx")
    from models import tiny_model

    for name, size in (("a", (48, 64)), ("b", (48, 64)), ("c", (64, 48))):
        write_image(tmp_path / "frames" / f"{name}.png", np.zeros((*size, 3), np.uint8))
    assert track(tmp_path / "frames", "--out", tmp_path / "out", "--mode", "clip", "--model", tiny_model()) == 2
    assert "The frames are of 64x48 and of 48x64 pixels; the frames of a video have one size." in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words, said", [
    (["--fps", "5"], "--fps applies to a folder of images; {clip} has its own frame rate"),
])
def test_track__what_a_video_says_itself__is_not_asked(segmenter, clip: Path, tmp_path: Path, capsys, words, said) -> None:
    assert track(clip, "--out", tmp_path / "out", *words) == 2
    assert said.format(clip=clip) in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_track__an_address__is_no_video(segmenter, tmp_path: Path, capsys) -> None:
    assert track("rtsp://robot:8554/front", "--out", tmp_path / "out") == 2
    assert "rtsp://robot:8554/front is a URL; give a file or a folder" in capsys.readouterr().err


def test_track__fewer_frames_than_a_track_needs__is_said(segmenter, clip: Path, tmp_path: Path, capsys) -> None:
    assert track(clip, "--out", tmp_path / "out", "--min-hits", FRAMES + 1) == 0
    assert f"0 tracks in {FRAMES} frames (--min-hits {FRAMES + 1}: the frames that confirm a track)" in capsys.readouterr().err


@pytest.mark.parametrize("name, words", [("clip.json", []), ("clip.json", ["--no-overlay"]), ("clip.mp4", [])])
def test_track__files_of_others_are_not_written_over(segmenter, clip: Path, tmp_path: Path, capsys, name, words) -> None:
    there = tmp_path / "out" / name
    there.parent.mkdir()
    there.write_text('{"info":{"description":"labels by hand"},"videos":[]}')
    before = there.read_bytes()
    assert track(clip, "--out", tmp_path / "out", *words) == 2
    line, = capsys.readouterr().err.splitlines()
    assert f"{there} was not written by this command and would be overwritten; give another folder." in line
    assert there.read_bytes() == before and list(there.parent.iterdir()) == [there] and segmenter.count == 0


def test_track__writes_over_its_own_results_and_without_an_overlay_no_film(segmenter, clip: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert track(clip, "--out", tmp_path / "out") == 0
    film = tmp_path / "other" / "clip.mp4"
    film.parent.mkdir()
    film.write_bytes(b"a film of somebody")
    for _ in range(2):
        assert track(clip, "--out", tmp_path / "other", "--no-overlay") == 0
    assert film.read_bytes() == b"a film of somebody" and (tmp_path / "other" / "clip.json").is_file()


def test_track__an_output_that_cannot_be_written_is_said_before_the_first_frame(segmenter, clip: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "a.txt").write_text("x")
    assert track(clip, "--out", tmp_path / "a.txt" / "out") == 2
    line, = capsys.readouterr().err.splitlines()
    assert "clip.json cannot be written: Not a directory." in line and segmenter.count == 0


def test_track__a_click_is_followed_from_the_first_frame_that_is_not_broken(segmenter, tmp_path: Path, capsys) -> None:
    path, starts = tmp_path / "scratched.avi", []
    film = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (256, 192))
    for _ in range(8):
        film.write(np.full((*IMAGE, 3), 90, np.uint8))
    film.release()
    data = bytearray(path.read_bytes())
    while (at := data.find(b"\xff\xd8\xff", starts[-1] + 3 if starts else 0)) >= 0:
        starts.append(at)
    for number in (0, 1):  # the images alone: the next one is preceded by eight bytes of the video
        data[starts[number] : starts[number + 1] - 8] = bytes(starts[number + 1] - 8 - starts[number])
    path.write_bytes(data)
    assert track(path, "--out", tmp_path / "out", "--click", 200, 140) == 0
    content = json.loads((tmp_path / "out" / "scratched.json").read_text())
    assert content["videos"][0]["file_names"] == [f"scratched/{k:06d}" for k in range(2, 8)]
    clicked, = (a for a in content["annotations"] if a["prompted"])
    assert all(clicked["segmentations"]) and f"the click at 200, 140 is track {clicked['id']}" in capsys.readouterr().err


def test_track__a_name_that_is_not_utf_8_is_one_line_and_exit_code_2(clip: Path, tmp_path: Path) -> None:
    named = clip.rename(clip.with_name(f"{NOT_UTF_8}.mp4"))
    done = run_apart("track", named, "--out", tmp_path / "out")
    line, = done.stderr.splitlines()
    assert done.returncode == 2 and "caf\\udce9.mp4' has a name that is not UTF-8; rename it." in line and not (tmp_path / "out").exists()


def test_track__square_brackets_in_a_path_are_printed(segmenter, clip: Path, tmp_path: Path, capsys) -> None:
    assert track(clip, "--out", tmp_path / "run[red]1") == 0
    assert "run[red]1/clip.json" in capsys.readouterr().err


def test_track_writer__frames_of_two_sizes_are_refused() -> None:
    writer, roi = TrackWriter(LABELS), Roi(2, 3, 4, 5)
    writer.add("walk/0.png", (20, 30), [_tracked(1, roi)])
    with pytest.raises(ImageError, match=r"^walk/1\.png is 20x30, the frames before it 30x20; the frames of a video have one size\.$"):
        writer.add("walk/1.png", (30, 20), [_tracked(1, roi)])
    writer.add("walk/2.png", (20, 30), [_tracked(1, roi)])
    assert writer.frames == 2
