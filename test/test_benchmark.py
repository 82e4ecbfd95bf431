"""The benchmark measures what it says, on a tiny model."""
from __future__ import annotations

import json

import numpy as np
import pytest
from models import tiny_model

from rmpsam_ros import benchmark
from rmpsam_ros.benchmark.memory import memory_of
from rmpsam_ros.cli import main
from rmpsam_ros.cli.bench import _ratio


def test_measure__every_configuration_and_stage_once_a_round():
    pytest.importorskip("torch", reason="the reference pipeline needs torch")
    calls = []
    rows = benchmark.measure([str(tiny_model())], ["openvino", "reference"], ["fp32"], [(64, 96), (96, 64)], 3, progress=calls.append)
    assert [(r.backend, r.size) for r in rows] == [("openvino", (64, 96)), ("reference", (64, 96)), ("openvino", (96, 64)), ("reference", (96, 64))]
    assert sum(text.startswith("round") for text in calls) == 5
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
    assert np.median(row["times"]["whole"]) > 0 and row["memory"] > 50


def test_measure__batch_of_three__one_run_for_all_of_them():
    (row,) = benchmark.measure([str(tiny_model())], ["openvino"], ["fp32"], [(64, 96)], 2, batches=[3])
    assert row.batch == 3 and row.median("whole") > 0
    assert row.frames_per_second == pytest.approx(3e3 / row.median("whole"))


def test_memory_of__configuration_that_cannot_run__is_not_a_number():
    host, gpu = memory_of({"model": "nowhere", "backend": "openvino", "precision": "fp32", "size": (64, 64), "batch": 1})
    assert np.isnan(host) and np.isnan(gpu)


def test_ratio__is_to_the_last_row_of_the_same_model_size_and_batch():
    rows = [benchmark.Row("m", backend, "fp32", size, 1, "CPU") for size in ((32, 32), (64, 64)) for backend in ("a", "b")]
    for row, milliseconds in zip(rows, (1.0, 2.0, 30.0, 40.0)):
        row.times["whole"].append(milliseconds)
    assert [_ratio(row, rows) for row in rows] == ["0.50", "1.00", "0.75", "1.00"]


@pytest.mark.parametrize("arguments, message", [
    (["--rounds", "0"], "must be at least 1"),
    (["--batch", "0"], "from 1 to 64 images"),
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
