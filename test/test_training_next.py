"""Tests the script that makes the next training run of the bundled model: its commands, its configuration, and a small run from archives."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch")

from rmpsam_ros.training import pack
from rmpsam_ros.training.config import load_config
from rmpsam_ros.training.example import write_example

SCRIPT = Path(__file__).parents[1] / ".ci/train"
pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="the script is in the sources only")

PRETENDER = """#!/usr/bin/env bash
echo "$*" >>"$LOG"
case ${FAIL:+"$*"} in *${FAIL:-.}*) exit 1 ;; esac
while [ $# -gt 0 ]; do [ "$1" = --out ] && mkdir -p "$2" && touch "$2/panoptic.json"; shift; done
true
"""


def script(out: Path, python: str | Path, **settings: str | Path) -> subprocess.CompletedProcess:
    clean = {k: v for k, v in os.environ.items() if k not in ("PACK", "PACKED", "SEEDS", "SCENES", "MINUTES", "RMPSAM_DATA", "RMPSAM_SIMULATED")}
    return subprocess.run([SCRIPT, out, python], env={**clean, **{k: str(v) for k, v in settings.items()}}, capture_output=True, text=True, timeout=300)


@pytest.fixture
def pretended(tmp_path):
    """Runs the script with a Python that only notes its arguments; returns these, what failed, and the settings."""
    (tmp_path / "python").write_text(PRETENDER)
    (tmp_path / "python").chmod(0o755)
    (tmp_path / "data").mkdir()
    settings = {"RMPSAM_DATA": tmp_path / "data", "RMPSAM_SIMULATED": tmp_path / "scenes", "LOG": tmp_path / "log"}

    def run(**more):
        (tmp_path / "log").unlink(missing_ok=True)
        done = script(tmp_path / "out", tmp_path / "python", **settings, **more)
        return done, (tmp_path / "log").read_text().splitlines() if (tmp_path / "log").exists() else []

    return run


def test_next_run__renders_guesses_and_trains_with_those_sets(tmp_path, pretended, monkeypatch):
    done, lines = pretended(SEEDS="7 8", SCENES="5", MINUTES="3")
    assert done.returncode == 0, done.stderr
    assert [line.split()[2] for line in lines[:2]] == ["simulate"] * 2 and {line.split("--seed ")[1][0] for line in lines[:2]} == {"7", "8"}
    assert "--objects unseen" in lines[2] and (tmp_path / "scenes/val/panoptic.json").is_file() and "guessed_stuff" in lines[3]
    assert lines[4] == f"-m rmpsam_ros train --config {tmp_path}/out/config.yaml --out {tmp_path}/out --resume" and len(lines) == 5
    monkeypatch.setenv("RMPSAM_DATA", str(tmp_path / "data"))
    config = load_config(tmp_path / "out/config.yaml")
    last = load_config(SCRIPT.parents[1] / "config/train_lite0.yaml")
    new = {f"$RMPSAM_SIMULATED/train{seed}/panoptic.json" for seed in (7, 8)}
    old = {f"$RMPSAM_SIMULATED/train{number}/panoptic.json" for number in (7, 8, 9)}
    assert {s.annotations for s in config.train} - new == {s.annotations for s in last.train} - old
    assert [s.weight for s in config.train if s.annotations in new] == [7.0, 7.0] and config.validation == last.validation
    assert (config.minutes, config.seed, config.start_path.name) == (3.0, 17, "rmpsam-lite0") and config.losses == last.losses
    _, lines = pretended(SEEDS="7 8")  # continued
    assert [line.split()[2] for line in lines] == ["simulate", "simulate", "train"]


def test_next_run__that_is_ended_ends_its_renderers(tmp_path):
    (tmp_path / "python").write_text('#!/usr/bin/env bash\necho $$ >>"$LOG"\nexec sleep 100\n')
    (tmp_path / "python").chmod(0o755)
    settings = {"RMPSAM_DATA": tmp_path, "RMPSAM_SIMULATED": tmp_path, "LOG": tmp_path / "log", "SEEDS": "7 8"}
    process = subprocess.Popen([SCRIPT, tmp_path / "out", tmp_path / "python"], env={**os.environ, **{k: str(v) for k, v in settings.items()}})
    until(lambda: (tmp_path / "log").exists() and len((tmp_path / "log").read_text().splitlines()) == 2)
    process.terminate()
    process.wait(30)
    until(lambda: not any(Path(f"/proc/{number}").exists() for number in (tmp_path / "log").read_text().split()))


def until(true: Callable[[], bool]) -> None:
    """Waits up to 30 seconds."""
    for _ in range(300):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("it did not come true")


def test_next_run__ends_where_rendering_fails(pretended):
    done, lines = pretended(FAIL="seed 302")
    assert done.returncode != 0 and not any("train --config" in line for line in lines)


def test_next_run__packs_if_told_and_says_what_it_needs(tmp_path, pretended):
    done, lines = pretended(PACK=tmp_path / "packed")
    assert done.returncode == 0 and lines[-1].startswith("-m rmpsam_ros.training.pack --config") and f"--out {tmp_path}/packed" in lines[-1]
    done = script(tmp_path / "out", sys.executable)
    assert done.returncode != 0 and "RMPSAM_DATA: must be the folder of the labelled photographs" in done.stderr


def test_next_run__from_archives_unpacks_trains_evaluates_and_continues(tmp_path):
    pytest.importorskip("openvino", reason="evaluating needs a backend")
    config = write_example(tmp_path / "shapes", count=12)
    config.write_text(config.read_text().replace("steps: 300", "steps: 2"))
    assert pack.main(["--config", str(config), "--out", str(tmp_path / "packed"), "--megabytes", "0.1"]) == 0
    done = script(tmp_path / "out", sys.executable, PACKED=tmp_path / "packed")
    assert done.returncode == 0, done.stderr
    assert "panoptic" in next(iter(json.loads((tmp_path / "out/validation.json").read_text()).values())) and (tmp_path / "out/model/image.onnx").is_file()
    again = script(tmp_path / "out", sys.executable, PACKED=tmp_path / "packed")
    assert again.returncode == 0 and "after 2 of 2 steps" in again.stdout
