"""The benchmark measures what it says, on a tiny model."""
from __future__ import annotations

import json

import numpy as np
import pytest
from models import tiny_model

from rmpsam_ros import benchmark
from rmpsam_ros.cli import main


def test_measure__every_configuration_and_stage_once_a_round():
    pytest.importorskip("torch", reason="the reference pipeline needs torch")
    calls = []
    rows = benchmark.measure([str(tiny_model())], ["openvino", "reference"], ["fp32"], [(64, 96), (96, 64)], 3, progress=lambda: calls.append(1))
    assert [(r.backend, r.size) for r in rows] == [("openvino", (64, 96)), ("openvino", (96, 64)), ("reference", (64, 96)), ("reference", (96, 64))]
    assert len(calls) == 5
    for row in rows:
        assert {stage: len(times) for stage, times in row.times.items()} == dict.fromkeys(benchmark.STAGES, 3)
        assert all(t >= 0 for times in row.times.values() for t in times)
        # The parts are measured inside the whole (encode in a run of its own, so it is left out here).
        assert row.median("whole") >= row.median("post-process")


def test_bench__table_markdown_and_json(tmp_path, capsys):
    arguments = ["bench", "--model", str(tiny_model()), "--backend", "openvino", "--precision", "fp32", "--size", "64x64", "--rounds", "2"]
    assert main([*arguments, "--markdown", str(tmp_path / "t.md"), "--json", str(tmp_path / "t.json")]) == 0
    assert "median milliseconds" in capsys.readouterr().out
    lines = (tmp_path / "t.md").read_text().splitlines()
    assert lines[0].startswith("| model | backend") and "| tiny | openvino | fp32 | 64x64 |" in lines[2]
    (row,) = json.loads((tmp_path / "t.json").read_text())
    assert np.median(row["times"]["whole"]) > 0


@pytest.mark.parametrize("arguments, message", [
    (["--rounds", "0"], "must be at least 1"),
    (["--size", "65x64"], "multiples of 32"),
    (["--size", "big"], "not a size"),
    (["--image", "nowhere.jpg"], "nowhere.jpg"),
    (["--model", "nowhere"], "no model 'nowhere'"),
])  # fmt: skip
def test_bench__bad_input_gets_one_line(arguments, message, capsys):
    base = [] if "--model" in arguments else ["--model", str(tiny_model())]
    assert main(["bench", *base, *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error and "\n" not in error
