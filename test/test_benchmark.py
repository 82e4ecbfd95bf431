"""Tests that the benchmark measures what it reports, on a tiny model."""
from __future__ import annotations

import json
import re

import numpy as np
import pytest
from models import tiny_model

from rmpsam_ros import benchmark
from rmpsam_ros.benchmark import goals, machine
from rmpsam_ros.benchmark.memory import memory_of
from rmpsam_ros.benchmark.page import main as make_page
from rmpsam_ros.benchmark.profile import largest_costs, short_name
from rmpsam_ros.benchmark.table import cells_of
from rmpsam_ros.cli import main
from rmpsam_ros.segmenter import Segmenter


def test_measure__every_configuration_and_stage_once_a_round():
    pytest.importorskip("torch", reason="the reference pipeline needs torch")
    calls = []
    rows = benchmark.measure([str(tiny_model())], ["openvino", "reference"], ["fp32"], [(64, 96), (96, 64)], 3, progress=calls.append)
    assert [(r.backend, r.size) for r in rows] == [("openvino", (64, 96)), ("reference", (64, 96)), ("openvino", (96, 64)), ("reference", (96, 64))]
    assert sum(": round" in text for text in calls) == 10
    for row in rows:
        assert {stage: len(times) for stage, times in row.times.items()} == dict.fromkeys(benchmark.STAGES, 3)
        assert all(t >= 0 for times in row.times.values() for t in times)
        # The parts are measured within the whole (encode in a separate run, so it is left out here).
        assert row.median("whole") >= row.median("post-process")


def test_bench__table_markdown_and_json(tmp_path, capsys):
    arguments = ["bench", "--model", str(tiny_model()), "--backend", "openvino", "torch", "--precision", "fp32", "--size", "64x64", "--rounds", "2", "--profile", "--processor-time"]
    assert main([*arguments, "--markdown", str(tmp_path / "t.md"), "--json", str(tmp_path / "t.json")]) == 0
    said = capsys.readouterr().out
    assert "median milliseconds of processor time" in said and "torch's profiler does not see into OpenVINO" in said and " % (" in said
    assert re.search(r"p99 of tiny, openvino, fp32, 64x64, batch 1: encode [\d.]+ ms, decode [\d.]+ ms, post-process [\d.]+ ms, "
                     r"whole [\d.]+ ms, click [\d.]+ ms", " ".join(said.split()))  # fmt: skip
    lines = (tmp_path / "t.md").read_text().splitlines()
    assert lines[0].startswith("| model | backend") and "| tiny | openvino | fp32 | 64x64 |" in lines[2]
    def not_json(word):
        raise AssertionError(f"{word} is no JSON")

    row, _ = json.loads((tmp_path / "t.json").read_text(), parse_constant=not_json)["rows"]
    assert np.median(row["times"]["whole"]) > 0 and row["memory"] > 50


def test_run__stages_are_the_times_between_the_clocks_readings():
    segmenter = Segmenter(tiny_model(), backend="openvino", precision="fp32", input_size=(64, 96))
    readings = iter([0.0, 10.0, 13.0, 14.0, 18.0])
    seconds = dict(benchmark.Ours(segmenter, np.zeros((64, 96, 3), np.uint8), 1).run(lambda: next(readings)))
    assert seconds["whole"] == 13 and seconds["post-process"] == 3 and seconds["click"] == 1 and seconds["encode"] == 4
    assert 5.5 < seconds["decode"] < 6  # the remainder of 10 without encoding and preparing the input


def test_row__what_was_not_measured_is_null_and_comes_back():
    row = benchmark.Row("m", "torch", "fp32", (64, 96), 1, "CPU", memory=12.0)
    plain = json.loads(json.dumps(row.plain(), allow_nan=False))
    assert plain["gpu_memory"] is None
    back = benchmark.Row.of_plain(plain)
    assert back.memory == 12.0 and np.isnan(back.gpu_memory) and back.size == (64, 96) and back.times == row.times


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
    assert [cells[-1] for cells in cells_of(rows)] == ["0.50", "1.00", "0.75", "1.00"]


def test_page__results_of_several_runs__are_one_table_in_the_file(tmp_path):
    for name in ("a", "b"):
        row = vars(benchmark.Row(name, "torch", "bf16", (64, 96), 4, "GPU"))
        row["times"] = {stage: [2.0, 4.0] for stage in benchmark.STAGES}
        (tmp_path / f"{name}.json").write_text(json.dumps({"machine": f"machine {name}", "rounds": 2, "rows": [row], "notes": ["Costs."]}))
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- measured -->\nold\n<!-- end -->\nafter\n")
    for _ in range(2):  # twice, with the same result
        make_page([str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--into", str(readme)])
        lines = readme.read_text().splitlines()
        assert (lines[0], lines[-1]) == ("before", "after") and "old" not in lines
        assert [line.split(" | ")[:5] for line in lines if "torch" in line] == [[f"| {n}", "torch", "bf16", "64x96", "4"] for n in "ab"]
        assert "| 1333.3 |" in lines[4] and "- a: medians of 2 rounds; machine a" in lines and lines.count("- Costs.") == 2


def test_machine__gpu__is_named_with_its_clocks(monkeypatch, tmp_path):
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\ncase $1 in *name*) echo 'NVIDIA H200, 570.1, 1980 MHz, 700 W, 143771 MiB';; *) echo '1950 MHz, 3201 MHz';; esac")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert "NVIDIA H200, driver 570.1, SM clock up to 1980 MHz" in machine.machine() and " threads, load " in machine.machine()
    assert machine.gpu_clocks() == "SM 1950 MHz, memory 3201 MHz"


def test_machine__a_warning_of_nvidia_smi__is_no_gpu(monkeypatch, tmp_path):
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho '1950 MHz, 3201 MHz'; echo 'WARNING: infoROM is corrupted at gpu 0000:01:00.0'")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert machine.gpu_clocks() == "SM 1950 MHz, memory 3201 MHz" and "infoROM" not in machine.machine()


def test_goals__met_missed_or_not_measured(tmp_path, capsys):
    def result(backend, device, whole, click, model="r50", precision="bf16"):
        row = vars(benchmark.Row(model, backend, precision, (800, 1344), 1, device))
        row["times"] = {**{stage: [1.0] for stage in benchmark.STAGES}, "whole": [whole], "click": [click]}
        return row

    rows = [result("torch", "H200", 4.0, 0.5), result("torch-compile", "H200", 2.5, 0.6), result("openvino", "CPU", 1.0, 0.1),
            result("torch-compile", "H200", 1.0, 2.0, model="r18"), result("torch", "H200", 1.0, 0.1, precision="fp32")]  # fmt: skip
    (tmp_path / "r.json").write_text(json.dumps({"rows": rows, "rounds": 1, "machine": "", "notes": []}))
    assert goals.main([str(tmp_path / "r.json")]) == 1
    r50, r18 = capsys.readouterr().out.splitlines()
    assert r50.startswith("r50 800x1344: met: 400 frames/s of 350, click 0.60 ms of 1.00 (torch-compile, bf16, H200)")
    assert r18.startswith("r18 800x1344: MISSED: 1000 frames/s of 600, click 2.00 ms")
    (tmp_path / "r.json").write_text(json.dumps({"rows": rows[:3], "rounds": 1, "machine": "", "notes": []}))
    goals.main([str(tmp_path / "r.json")])
    assert "r18 800x1344: NOT MEASURED on a GPU" in capsys.readouterr().out


@pytest.mark.parametrize("tool", [goals.main, make_page])
def test_tools__what_is_no_result__is_one_line_and_exit_code_2(tool, tmp_path, capsys):
    (tmp_path / "r.json").write_text("[]")
    for name, said in (("r.json", "is not a result of `rmpsam bench --json`"), ("none.json", "cannot be read: No such file")):
        assert tool([str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1
    assert tool(["--help"]) == 0


def test_largest_costs__names_what_takes_longest():
    torch = pytest.importorskip("torch", reason="torch's profiler traces")
    a, b = torch.ones(700, 700), torch.ones(8)
    costs = largest_costs(lambda: (a @ a, b.sin()), on_gpu=False)
    assert costs[0].name == "aten::mm" and costs[0].share > 0.5 and costs[0].calls == 1
    assert 0.99 < sum(c.share for c in largest_costs(lambda: b.sin(), on_gpu=False, count=99)) < 1.01


@pytest.mark.parametrize("name, short", [
    ("void at::native::(anonymous namespace)::vectorized_kernel<4, float (*)(int), at::X<2> >(int, float)", "vectorized_kernel"),
    ("sm90_xmma_fprop_implicit_gemm_bf16", "sm90_xmma_fprop_implicit_gemm_bf16"), ("aten::conv2d", "aten::conv2d"),
    ("Memcpy HtoD (Pinned -> Device)", "Memcpy HtoD"),
])  # fmt: skip
def test_short_name__keeps_what_a_person_reads(name, short):
    assert short_name(name) == short


@pytest.mark.parametrize("arguments, message", [
    (["--rounds", "0"], "--rounds: '0' is not a whole number from 1 up"),
    (["--threads", "-3"], "--threads: '-3' is not a whole number from 1 up"),
    (["--batch", "65"], "from 1 to 64 images"),
    (["--backend", "reference", "--batch", "2"], "one image at a time"),
    (["--json", "."], ". cannot be written: it is a folder; give the name of a file"),
    (["--markdown", "/"], "/ cannot be written: it is a folder; give the name of a file"),
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
