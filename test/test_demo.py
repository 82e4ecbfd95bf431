"""Runs the whole demo, shortened: camera and node as separate processes, images, clicks, and a clean shutdown."""
from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from rmpsam_ros.demo import runner
from rmpsam_ros.demo.simulated import simulated_views
from rmpsam_ros.errors import BackendError
from rmpsam_ros.media import Video
from rmpsam_ros.model_folder import available_models
from rmpsam_ros.results import write_image

ROOT = Path(__file__).resolve().parents[1]


def _need_ros() -> None:
    pytest.importorskip("rclpy", reason="ROS 2 is not installed (pip install . brings it)")
    pytest.importorskip("rmpsam_ros.msg", reason="the messages are not built (pip install . builds them)")


@pytest.fixture
def model() -> None:
    _need_ros()
    if not available_models():
        pytest.skip("no model folder is there; `make model` makes one")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    for name in ("a.png", "b.png"):
        blobs = cv2.resize(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC)
        write_image(tmp_path / "photos" / name, blobs)
    return tmp_path / "photos"


def _start(*words: str) -> subprocess.Popen:
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "COLUMNS": "160"}
    command = [sys.executable, "-m", "rmpsam_ros.demo", *words]
    # A background job of a script ignores Ctrl-C, as do all processes that it starts; a job of a terminal does not.
    listen = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_demo__end_to_end(model, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    process = _start("--duration", "5", "--source", str(photos), "--out", str(out))
    said, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors + said
    names = {p.name for p in out.iterdir()}
    assert {"contact_sheet.png", "demo.mp4", "click_1.png", "click_2.png", "click_3.png", "frame_01.png"} <= names
    assert not any(name.startswith(".") for name in names)
    for name in ("frame_01.png", "click_1.png", "click_2.png", "click_3.png"):
        assert cv2.imread(str(out / name)).shape == (480, 640, 3)
    with Video(out / "demo.mp4") as video:
        assert len(list(video)) == pytest.approx(5 * video.fps, abs=0.4 * 5 * video.fps)
    rows = {" ".join(line.split()[:2]): line for line in said.splitlines()}
    published = int(re.search(r"(\d+)\s*$", rows["frames published"])[1])
    processed = int(re.search(r"(\d+)\s*$", rows["frames processed"])[1])
    assert published >= processed >= 1 and published >= 60
    assert re.search(r"p50 / p99 +\d+ / \d+ ms", said) and said.count("predicted IoU") == 3
    untrained = re.search(r"^ *model .*UNTRAINED", said, re.MULTILINE)
    assert bool(untrained) == ("The model is UNTRAINED" in said)
    assert (out / "camera.log").read_text().strip().endswith(f"{published} frames published")


def test_demo__simulated_camera_with_depth(model, tmp_path: Path) -> None:
    if find_spec("mujoco") is None:  # found, not imported: the package must first choose MuJoCo's OpenGL
        pytest.skip("mujoco is not installed")
    try:
        next(simulated_views((32, 32)))
    except BackendError as error:
        pytest.skip(f"no off-screen OpenGL here: {error}")
    out = tmp_path / "demo"
    process = _start("--duration", "6", "--source", "simulated", "--out", str(out))
    said, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors + said
    assert {"space_1.png", "contact_sheet.png"} <= {p.name for p in out.iterdir()}
    clouds = re.search(r"clouds seen here +(\d+), of (\d+) frames with depth", said)
    assert clouds and int(clouds[1]) > 0 and re.search(r"tracks with a position, nearest +\w+", said)
    picture = cv2.imread(str(out / "space_1.png"))
    assert picture.shape == (480, 640, 3) and len(np.unique(picture.reshape(-1, 3), axis=0)) > 1000


@pytest.mark.parametrize("signals", [(signal.SIGINT, signal.SIGINT), (signal.SIGHUP,)])
def test_demo__ctrl_c_or_a_closed_terminal_ends_what_it_started(model, photos: Path, tmp_path: Path, signals) -> None:
    process = _start("--duration", "60", "--source", str(photos), "--out", str(tmp_path / "demo"))
    end = time.monotonic() + 60
    while "Running" not in (line := process.stdout.readline()) and time.monotonic() < end:
        assert process.poll() is None, line
    children = _children(process.pid)
    assert len(children) == 2
    time.sleep(1.0)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.3)  # the second arrives while the first is being handled
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors.count("interrupted"), errors.count("Traceback")) == (130, 1, 0), errors
    assert not any(map(_runs, children))
    assert (tmp_path / "demo/demo.mp4").is_file()


def test_demo__ctrl_c_inside_of_rclpys_conversion_of_a_message_is_ctrl_c(tmp_path: Path, capsys) -> None:
    def convert(*_: object) -> int:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
        raise RuntimeError("Unable to convert call argument '0' to Python object")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "_run", convert)
        assert runner.main(["--out", str(tmp_path / "demo")]) == 130
    assert capsys.readouterr().err == "demo: interrupted; all its processes have ended.\n"


@pytest.mark.parametrize(
    "words, code, said",
    [
        (["--source", "no_such_file.png"], 2, r"the camera ended: no_such_file.png does not exist"),
        (["--source", "{photos}/empty.mp4"], 2, r"the camera ended: \S*empty.mp4 \S+ "),
        (["--model", "no_such_model", "--source", "{photos}"], 1, r"the node did not start: .*no_such_model"),
    ],
)
def test_demo__one_sentence_when_it_cannot_run(photos: Path, tmp_path: Path, words, code: int, said: str) -> None:
    _need_ros()
    words = [word.format(photos=photos) for word in words]
    process = _start("--duration", "5", "--out", str(tmp_path / "demo"), *words)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code and re.search(said, errors)
    assert len([line for line in errors.splitlines() if line.strip()]) == 1


@pytest.mark.parametrize("source, out, said", [("frames", "frames", "is the folder of the source"), ("photos", "frames", "has a frame_01.png that is not")])
def test_demo__into_a_folder_of_other_pictures__is_refused_and_they_stay(photos: Path, tmp_path: Path, capsys, source, out, said) -> None:
    _need_ros()
    for name in ("frame_01.png", "frame_0002.png"):
        write_image(tmp_path / "frames" / name, np.zeros((8, 8, 3), np.uint8))
    assert runner.main(["--source", str(tmp_path / source), "--out", str(tmp_path / out)]) == 2
    assert said in capsys.readouterr().err and {p.name for p in (tmp_path / "frames").iterdir()} == {"frame_01.png", "frame_0002.png"}


@pytest.mark.parametrize("words", [["--duration", "0"], ["--rate", "fast"], ["--domain", "999"], ["--out", "{file}"]])
def test_demo__wrong_arguments_exit_2(tmp_path: Path, capsys, words) -> None:
    (tmp_path / "file").write_text("x")
    try:
        code = runner.main([word.format(file=tmp_path / "file") for word in words])
    except SystemExit as request:
        code = request.code
    assert code == 2 and capsys.readouterr().err.strip()
