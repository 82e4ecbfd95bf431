"""Tests `rmpsam click` with a fake network: the mask, the overlay, and bad input."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import FakeFrame, FakeSegmenter

from rmpsam_ros import cli
from rmpsam_ros.cli import model_options
from rmpsam_ros.results import write_image

ROOT = Path(__file__).resolve().parents[1]
STAND_IN = '''
import sys
sys.path.append("test")
from fakes import FakeFrame, FakeSegmenter
from rmpsam_ros import cli
from rmpsam_ros.cli import model_options
FakeSegmenter.set_image = lambda self, image, stamp=None, rotation=0: FakeFrame(self, image, stamp)
model_options.open_segmenter = lambda args: FakeSegmenter()
sys.exit(cli.main())
'''
NOT_UTF_8 = os.fsdecode(b"caf\xe9")


def run_apart(*words: object) -> subprocess.CompletedProcess[str]:
    """Runs a command with the fake in a separate process, for file names on which OpenCV crashes the whole process."""
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}  # as with a locale other than C
    return subprocess.run([sys.executable, "-c", STAND_IN, *map(str, words)], cwd=ROOT, env=strict, capture_output=True, text=True, encoding="utf-8",
                          timeout=120, check=False)  # fmt: skip


@pytest.fixture
def asked(monkeypatch) -> list[dict]:
    """The prompts that reached the segmenter."""
    calls: list[dict] = []
    plain = FakeFrame.prompt

    def prompt(self, points, boxes):
        calls.append({"points": [(point.x, point.y) for point in points], "labels": [point.label for point in points], "boxes": boxes})
        return plain(self, points, boxes=boxes)

    def set_image(self, image, stamp=None, rotation=0):
        calls.extend([{"rotation": rotation}] if rotation else [])
        return FakeFrame(self, image, stamp)

    monkeypatch.setattr(FakeFrame, "prompt", prompt)
    monkeypatch.setattr(FakeSegmenter, "set_image", set_image)
    monkeypatch.setattr(model_options, "open_segmenter", lambda args: FakeSegmenter())
    return calls


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    image = np.full((48, 64, 3), 250, np.uint8)
    image[10:20, 5:25] = 0
    write_image(tmp_path / "a.png", image)
    return tmp_path / "a.png"


def test_click__mask_overlay_and_line(asked, photo: Path, tmp_path: Path, capsys) -> None:
    mask, overlay = tmp_path / "mask.png", tmp_path / "overlay.png"
    words = ["click", str(photo), "8", "12.5", "--positive", "20", "15", "--negative", "50", "40"]
    assert cli.main([*words, "--out", str(mask), "--overlay", str(overlay)]) == 0
    assert asked == [{"points": [(8, 12.5), (20, 15), (50, 40)], "labels": [1, 1, 0], "boxes": []}]
    pixels = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
    assert pixels.shape == (48, 64) and pixels.dtype == np.uint8 and set(np.unique(pixels)) == {0, 255}
    assert (pixels[10:20, 5:25] == 255).all() and (pixels > 0).sum() == 200
    said = capsys.readouterr()
    assert "dark: 200 pixels" in said.out and "x 5..24, y 10..19" in said.out and "UNTRAINED" in said.err
    drawn = cv2.imread(str(overlay))
    assert drawn[12, 8].argmax() == 1 and drawn[40, 50].argmax() == 2  # green and red, in OpenCV's order


def test_click__on_a_photo_that_hangs_upside_down(asked, photo: Path, tmp_path: Path) -> None:
    assert cli.main(["click", str(photo), "8", "12", "--rotation", "180", "--out", str(tmp_path / "m.png")]) == 0
    assert asked[0] == {"rotation": 180} and asked[1]["points"] == [(8, 12)]


def test_click__box_alone(asked, photo: Path, tmp_path: Path) -> None:
    assert cli.main(["click", str(photo), "--box", "5", "10", "24", "19", "--out", str(tmp_path / "m.png")]) == 0
    assert asked == [{"points": [], "labels": [], "boxes": [[5, 10, 24, 19]]}]


@pytest.mark.parametrize(
    "words, said",
    [
        (["{t}/a.png", "5", "--out", "{t}/m.png"], "without Y"),
        (["{t}/a.png", "--out", "{t}/m.png"], "no point or box on the object was given"),
        (["{t}/a.png", "--negative", "5", "5", "--out", "{t}/m.png"], "no point or box on the object was given"),
        (["{t}/a.png", "5", "5", "--out", "{t}/m.jpg"], ".png"),
        (["{t}/none.png", "5", "5", "--out", "{t}/m.png"], "does not exist"),
        (["{t}/a.png", "five", "5", "--out", "{t}/m.png"], "five"),
        (["{t}/a.png", "900", "5", "--out", "{t}/m.png"], "outside"),
        (["{t}/a.png", "-3", "5", "--out", "{t}/m.png"], "outside"),
        (["{t}/a.png", "5", "5"], "--out"),
    ],
)
def test_click__bad_input_is_one_line_and_exit_2(asked, photo: Path, tmp_path: Path, capsys, words, said: str) -> None:
    assert cli.main(["click", *(word.format(t=tmp_path) for word in words)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png"]


@pytest.mark.parametrize("words, part", [
    (["--out", "{photo}"], "would replace the photo"),
    (["--out", "m.png", "--overlay", "{photo}"], "would replace the photo"),
    (["--out", "m.png", "--overlay", "./m.png"], "--out and --overlay are both m.png"),
    (["--out", "m.png", "--overlay", "overlay.txt"], "is not a supported image format"),
])
def test_click__a_wrong_output_leaves_nothing_behind(asked, photo: Path, tmp_path: Path, monkeypatch, capsys, words, part) -> None:
    monkeypatch.chdir(tmp_path)
    before = photo.read_bytes()
    assert cli.main(["click", str(photo), "8", "12", *(word.format(photo=photo) for word in words)]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert part in line and photo.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_click__repeated_in_one_process_starts_from_nothing(asked, photo: Path, tmp_path: Path) -> None:
    for _ in range(2):
        words = ["click", str(photo), "8", "12", "--negative", "50", "40", "--out", str(tmp_path / "m.png")]
        assert cli.main(words) == 0
    assert [len(call["points"]) for call in asked] == [2, 2]


def test_click__names_that_are_not_utf_8(photo: Path, tmp_path: Path) -> None:
    mask = tmp_path / f"{NOT_UTF_8}.png"
    mask.with_name(f"{NOT_UTF_8}.jpg").write_bytes(photo.read_bytes())
    done = run_apart("click", mask.with_suffix(".jpg"), "8", "12", "--out", mask)
    assert done.returncode == 0 and mask.is_file() and "dark: 200 pixels" in done.stdout and done.stdout.endswith("caf\\udce9.png\n"), done.stderr
    done = run_apart("click", photo, "8", "12", "--out", tmp_path / "m.png", "--overlay", tmp_path / f"m.j{NOT_UTF_8}")
    line, = done.stderr.splitlines()
    assert done.returncode == 2 and "is not a supported image format" in line and not (tmp_path / "m.png").exists()
