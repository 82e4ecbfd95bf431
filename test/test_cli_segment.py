"""Tests `rmpsam segment` with a fake network: what it writes, and what each kind of bad input prints."""
from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import LABELS, FakeFrame, FakeSegmenter
from test_cli_click import NOT_UTF_8, run_apart

from rmpsam_ros import cli
from rmpsam_ros.cli import model_options
from rmpsam_ros.media import Video
from rmpsam_ros.overlay import UNTRAINED_BANNER, draw_panoptic
from rmpsam_ros.results import OverlayVideo, write_image
from rmpsam_ros.simulation.listing import Listing
from rmpsam_ros.types import PanopticResult


class PhotoSegmenter(FakeSegmenter):
    """Accepts images without a timestamp."""

    def set_image(self, image, stamp=None, rotation=0) -> FakeFrame:
        self.rotations.append(rotation)
        return FakeFrame(self, image, stamp)


@pytest.fixture
def segmenter(monkeypatch) -> FakeSegmenter:
    fake = PhotoSegmenter()
    monkeypatch.setattr(model_options, "open_segmenter", lambda args: fake)
    return fake


def _halves(height: int = 48, width: int = 64) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 2 :] = 250
    return image


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("one.png", "two.jpg"):
        write_image(tmp_path / "photos" / name, _halves())
    return tmp_path / "photos"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    film = OverlayVideo(tmp_path / "clip.mp4", 10.0)
    for _ in range(7):
        film.add(_halves())
    film.close()
    return tmp_path / "clip.mp4"


def test_segment__photos_and_video(segmenter, photos: Path, clip: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert cli.main(["segment", str(photos), str(clip), "--out", str(out), "--every", "3"]) == 0
    content = json.loads((out / "panoptic.json").read_text())
    assert [i["file_name"] for i in content["images"]] == [
        "one.png", "two.jpg", "clip.mp4/000000", "clip.mp4/000003", "clip.mp4/000006",
    ]  # fmt: skip
    ids = cv2.imread(str(out / "ids/one.png"), cv2.IMREAD_UNCHANGED)
    assert ids.dtype == np.uint16 and (ids[:, :32] == 1).all() and (ids[:, 32:] == 2).all()
    assert (out / "overlays/two.jpg").is_file() and (out / "overlays/clip.mp4").is_file()
    assert (out / "panoptic/clip/000003.png").is_file()
    assert content["info"]["trained"] is False and "UNTRAINED" in content["info"]["description"]
    said = capsys.readouterr().err
    assert segmenter.closed and "UNTRAINED" in said and "earlier run" not in said
    assert cli.main(["segment", str(photos / "one.png"), "--out", str(out)]) == 0
    assert "ids holds 2 more of an earlier run, such as" in capsys.readouterr().err


def test_segment__photos_of_one_name_are_told_apart(segmenter, tmp_path: Path) -> None:
    for folder in ("front", "rear"):
        write_image(tmp_path / folder / "a.png", _halves())
    assert cli.main(["segment", str(tmp_path / "front"), str(tmp_path / "rear"), "--out", str(tmp_path / "out")]) == 0
    images = json.loads((tmp_path / "out/panoptic.json").read_text())["images"]
    assert [image["file_name"] for image in images] == ["a.png", str(tmp_path / "rear/a.png")]


def test_segment__videos_of_one_name_are_told_apart(segmenter, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "rear").mkdir()
    copy = tmp_path / "rear/clip.mp4"
    copy.write_bytes(clip.read_bytes())
    assert cli.main(["segment", str(clip), str(copy), "--out", str(tmp_path / "out"), "--every", "5"]) == 0
    images = json.loads((tmp_path / "out/panoptic.json").read_text())["images"]
    assert [image["file_name"] for image in images] == ["clip.mp4/000000", "clip.mp4/000005", f"{copy}/000000", f"{copy}/000005"]


def test_segment__never_replaces_what_it_reads(segmenter, tmp_path: Path, capsys) -> None:
    photo = tmp_path / "overlays/cat.jpg"
    write_image(photo, _halves())
    before = photo.read_bytes()
    assert cli.main(["segment", str(photo.parent), "--out", str(tmp_path)]) == 2
    assert f"would replace {photo}" in capsys.readouterr().err and photo.read_bytes() == before


def test_segment__overlay_of_an_untrained_model_says_so(segmenter, tmp_path: Path, monkeypatch) -> None:
    write_image(tmp_path / "a.png", np.zeros((240, 320, 3), np.uint8))
    arguments = ["segment", str(tmp_path / "a.png"), "--alpha", "0", "--out"]
    assert cli.main([*arguments, str(tmp_path / "untrained")]) == 0
    monkeypatch.setattr(FakeSegmenter, "trained", True)
    assert cli.main([*arguments, str(tmp_path / "trained")]) == 0
    said, silent = (cv2.imread(str(tmp_path / k / "overlays/a.jpg")).astype(int) for k in ("untrained", "trained"))
    nothing = PanopticResult(np.zeros((240, 320), np.uint16), (), LABELS)
    banner = draw_panoptic(np.zeros((240, 320, 3), np.uint8), nothing, banner=UNTRAINED_BANNER)[..., ::-1].astype(int)
    assert np.abs(said - banner)[:20].mean() < np.abs(silent - banner)[:20].mean() / 2


def test_segment__no_overlays(segmenter, photos: Path, tmp_path: Path) -> None:
    assert cli.main(["segment", str(photos), "--out", str(tmp_path / "out"), "--no-overlays"]) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["ids", "panoptic", "panoptic.json"]


def test_segment__one_broken_photo_does_not_stop_the_others(segmenter, photos: Path, tmp_path: Path, capsys) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8 not much of a photo")
    assert cli.main(["segment", str(photos), "--out", str(tmp_path / "out")]) == 2
    assert len(json.loads((tmp_path / "out/panoptic.json").read_text())["images"]) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if "broken.jpg" in line]
    assert len(said) == 1 and "cut off" in said[0]


def test_segment__a_broken_photo_alone_gets_one_line(segmenter, tmp_path: Path, capsys) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    assert cli.main(["segment", str(tmp_path / "broken.jpg"), "--out", str(tmp_path / "out")]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert line.startswith("rmpsam segment: ") and "broken.jpg" in line


def test_segment__rotation_holds_for_photos_and_frames(segmenter, photos: Path, clip: Path, tmp_path: Path) -> None:
    assert cli.main(["segment", str(photos), str(clip), "--out", str(tmp_path / "out"), "--rotation", "270"]) == 0
    assert len(segmenter.rotations) > 2 and set(segmenter.rotations) == {270}


def test_segment__ctrl_c_keeps_what_is_whole(segmenter, photos: Path, clip: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    plain, calls = segmenter.set_image, []

    def interrupted(image, stamp=None, rotation=0):
        calls.append(image)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return plain(image, stamp)

    segmenter.set_image = interrupted
    assert cli.main(["segment", str(photos), str(clip), "--out", str(out)]) == 130
    files = sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())
    assert files == [
        "ids/one.png", "ids/two.png", "overlays/one.jpg", "overlays/two.jpg", "panoptic.json", "panoptic/one.png",
        "panoptic/two.png",
    ]  # fmt: skip
    assert [i["file_name"] for i in json.loads((out / "panoptic.json").read_text())["images"]] == ["one.png", "two.jpg"]
    assert capsys.readouterr().err.splitlines()[-1] == "rmpsam segment: interrupted"


@pytest.mark.parametrize(
    "words, said",
    [
        (["{t}/none.jpg", "--out", "{t}/out"], "none.jpg does not exist"),
        (["{t}", "--out", "{t}/out"], "holds no photo or video"),
        (["{t}/a.txt", "--out", "{t}/out"], "neither a photo nor a video"),
        (["{t}/a.txt", "--out", "{t}/a.txt"], "is a file; give a folder"),
        (["{t}/a.txt"], "--out"),
        (["{t}/a.txt", "--out", "{t}/out", "--every", "0"], "1 or more"),
        (["{t}/a.txt", "--out", "{t}/out", "--input-size", "640"], "HEIGHTxWIDTH"),
        (["{t}/a.txt", "--out", "{t}/out", "--score-threshold", "1.5"], "from 0 to 1"),
    ],
)
def test_segment__bad_input_is_one_line_and_exit_2(segmenter, tmp_path: Path, capsys, words, said: str) -> None:
    (tmp_path / "a.txt").write_text("x")
    assert cli.main(["segment", *(word.format(t=tmp_path) for word in words)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0] and lines[0].startswith("rmpsam segment: ")
    assert not (tmp_path / "out").exists()


def test_segment__every_nth_frame_of_a_video_is_shown_at_its_own_time(segmenter, clip: Path, tmp_path: Path) -> None:
    assert cli.main(["segment", str(clip), "--out", str(tmp_path / "out"), "--every", "3"]) == 0
    with Video(clip) as before, Video(tmp_path / "out/overlays/clip.mp4") as after:
        assert after.fps == pytest.approx(before.fps / 3, rel=0.01)


def test_model_options__mean_what_they_say(monkeypatch) -> None:
    monkeypatch.setattr("rmpsam_ros.segmenter.Segmenter", lambda *model, **options: options)
    parser = argparse.ArgumentParser()
    model_options.add_model_options(parser)
    plain = model_options.open_segmenter(parser.parse_args([]))
    assert plain["zoom"] is plain["input_size"] is plain["score_threshold"] is plain["threads"] is None
    chosen = model_options.open_segmenter(parser.parse_args(["--no-zoom", "--input-size", "96x128", "--score-threshold", "0", "--threads", "2"]))
    assert (chosen["zoom"], chosen["input_size"], chosen["score_threshold"], chosen["threads"]) == (False, (96, 128), 0.0, 2)


@pytest.mark.parametrize("whose", ["simulate", "a user", "a folder"])
def test_segment__labels_of_others_are_not_written_over(segmenter, photos: Path, tmp_path: Path, capsys, whose: str) -> None:
    listing = tmp_path / "out/panoptic.json"
    listing.parent.mkdir()
    if whose == "simulate":
        Listing().save(listing.parent, {"description": "simulated scenes", "generator": "rmpsam_ros"}, [])
    elif whose == "a user":
        listing.write_text('{"images":[],"annotations":[],"categories":[]}')
    else:
        listing.mkdir()
    before = listing.is_file() and listing.read_bytes()
    assert cli.main(["segment", str(photos), "--out", str(listing.parent)]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert f"{listing} was not written by this command and would be overwritten; give another folder." in line
    assert before == (listing.is_file() and listing.read_bytes()) and not (tmp_path / "out/ids").exists()


@pytest.mark.parametrize("name", ["ids/one.png", "panoptic/two.png", "overlays/one.jpg", "ids/clip/000000.png"])
def test_segment__maps_without_a_listing_are_not_written_over(segmenter, photos: Path, clip: Path, tmp_path: Path, capsys, name: str) -> None:
    there = tmp_path / "out" / name
    there.parent.mkdir(parents=True)
    there.write_bytes(b"labels by hand")
    assert cli.main(["segment", str(photos), str(clip), "--out", str(tmp_path / "out")]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert "exists without a panoptic.json of this command" in line
    assert [p for p in (tmp_path / "out").rglob("*") if p.is_file()] == [there] and there.read_bytes() == b"labels by hand"


def test_segment__writes_over_its_own_results(segmenter, photos: Path, clip: Path, tmp_path: Path) -> None:
    words = ["segment", str(photos), str(clip), "--out", str(tmp_path / "out")]
    assert cli.main(words) == 0
    (tmp_path / "out/ids/one.png").write_bytes(b"old")
    assert cli.main(words) == 0
    assert cv2.imread(str(tmp_path / "out/ids/one.png"), cv2.IMREAD_UNCHANGED).dtype == np.uint16


def test_segment__a_link_that_leads_nowhere_costs_one_line(segmenter, photos: Path, tmp_path: Path, capsys) -> None:
    (photos / "gone.png").symlink_to(tmp_path / "nowhere.png")
    assert cli.main(["segment", str(photos), "--out", str(tmp_path / "out")]) == 2
    assert len(json.loads((tmp_path / "out/panoptic.json").read_text())["images"]) == 2
    line, = (line for line in capsys.readouterr().err.splitlines() if "gone.png" in line)
    assert line.startswith("rmpsam segment: ") and "does not exist" in line


def test_segment__a_video_whose_name_is_dots_does_not_replace_the_folder(segmenter, photos: Path, clip: Path, tmp_path: Path) -> None:
    out, dots = tmp_path / "out", tmp_path / "...mp4"
    assert cli.main(["segment", str(photos), "--out", str(out)]) == 0
    (out / "notes.txt").write_text("mine")
    dots.write_bytes(clip.read_bytes())
    assert cli.main(["segment", str(dots), "--out", str(out), "--every", "4"]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["ids", "notes.txt", "overlays", "panoptic", "panoptic.json"]
    assert sorted(p.name for p in (out / "ids").iterdir()) == ["file", "one.png", "two.png"] and (out / "overlays/file.mp4").is_file()
    assert [i["file_name"] for i in json.loads((out / "panoptic.json").read_text())["images"]] == ["...mp4/000000", "...mp4/000004"]


def test_segment__names_as_long_as_the_file_system_takes(segmenter, photos: Path, clip: Path, tmp_path: Path) -> None:
    (photos / "one.png").rename(photos / f"{'o' * 240}.png")
    clip.rename(photos / f"{'é' * 120}.mp4")
    for _ in range(2):  # the second replaces the output of the first
        assert cli.main(["segment", str(photos), "--out", str(tmp_path / "out"), "--every", "5"]) == 0
        assert (tmp_path / f"out/ids/{'o' * 240}.png").is_file() and (tmp_path / f"out/overlays/{'é' * 120}.mp4").is_file()
        assert len(list((tmp_path / "out/panoptic" / ("é" * 120)).iterdir())) == 2 and not list((tmp_path / "out").rglob(".*"))


def test_segment__a_name_that_is_not_utf_8_does_not_stop_the_others(photos: Path, clip: Path, tmp_path: Path) -> None:
    (photos / f"{NOT_UTF_8}.mp4").write_bytes(clip.read_bytes())
    (photos / f"{NOT_UTF_8}_photo.png").write_bytes((photos / "one.png").read_bytes())
    done = run_apart("segment", photos, "--out", tmp_path / "out")
    assert done.returncode == 2, done.stderr
    line, = (line for line in done.stderr.splitlines() if line.startswith("rmpsam segment: "))
    assert "caf\\udce9.mp4' has a name that is not UTF-8; rename it." in line
    names = [i["file_name"] for i in json.loads((tmp_path / "out/panoptic.json").read_text())["images"]]
    assert sorted(names) == sorted(["one.png", "two.jpg", f"{NOT_UTF_8}_photo.png"])


def test_segment__into_a_folder_that_is_not_utf_8_writes_what_opencv_does_not(photos: Path, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / NOT_UTF_8
    done = run_apart("segment", photos, clip, "--out", out)
    assert done.returncode == 2, done.stderr
    line, = (line for line in done.stderr.splitlines() if line.startswith("rmpsam segment: "))
    assert "mp4' has a name that is not UTF-8; rename it." in line
    assert sorted(p.name for p in (out / "overlays").iterdir()) == ["one.jpg", "two.jpg"] and (out / "panoptic.json").is_file()


def test_segment__square_brackets_in_a_path_are_printed(segmenter, photos: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "run[red]1"
    assert cli.main(["segment", str(photos), "--out", str(out)]) == 0
    assert "run[red]1/panoptic.json" in "".join(capsys.readouterr().err.splitlines())
