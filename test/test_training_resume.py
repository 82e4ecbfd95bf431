"""Tests runs that end early, for any reason, and resume from their checkpoint."""
from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from training_runs import example, one_thread, short, start_folder  # noqa: F401, E402

from rmpsam_ros.errors import DataError  # noqa: E402
from rmpsam_ros.training import batches as batches_module  # noqa: E402
from rmpsam_ros.training.batches import Batches  # noqa: E402
from rmpsam_ros.training.checkpoint import read_checkpoint  # noqa: E402
from rmpsam_ros.training.config import load_config  # noqa: E402
from rmpsam_ros.training.curve import append_row, read_table  # noqa: E402
from rmpsam_ros.training.example import write_example  # noqa: E402
from rmpsam_ros.training.run import TrainingRun  # noqa: E402


def test_train__stopped_and_resumed_is_as_if_it_had_never_stopped(example):
    whole, parts = short(example, steps=4, out="whole"), short(example, steps=4, out="parts")
    TrainingRun(whole).train()
    first = TrainingRun(parts)
    first.train(minutes=1e-9)
    assert first.step == 1 and not first.finished
    second = TrainingRun(parts, resume=True)
    second.train()
    a, b = (read_checkpoint(example.parent / name / "checkpoint.pt") for name in ("whole", "parts"))
    assert a.step == b.step == 4
    for one, other in ((a.net, b.net), (a.averaged, b.averaged)):
        assert all(torch.allclose(one[key], other[key], atol=1e-5) for key in one)
    assert not all(torch.equal(a.net[key], a.averaged[key]) for key in a.net)


def test_train__interrupted_in_the_middle_of_a_step__ends_it_first(example, monkeypatch):
    how = dict(steps=3, losses=replace(short(example).losses, balance=0.5))
    TrainingRun(short(example, out="unbroken", **how)).train()
    broken = short(example, out="broken", **how)
    run, losses = TrainingRun(broken), TrainingRun.losses
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupted(self: TrainingRun, batch: object) -> object:
        found = losses(self, batch)
        if self.step == 1:
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(TrainingRun, "losses", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            run.train()
    finally:
        signal.signal(signal.SIGINT, handler)
    assert run.step == 2
    monkeypatch.setattr(TrainingRun, "losses", losses)
    TrainingRun(broken, resume=True).train()
    a, b = (read_checkpoint(example.parent / name / "checkpoint.pt") for name in ("unbroken", "broken"))
    assert a.step == b.step == 3 and torch.equal(a.seen, b.seen)
    for one, other in ((a.net, b.net), (a.averaged, b.averaged)):
        assert all(torch.allclose(one[key], other[key], atol=1e-5) for key in one)


def test_train__resumed_with_balanced_classes__goes_on_counting(example):
    losses = replace(short(example).losses, balance=0.5)
    first = TrainingRun(short(example, steps=3, out="balanced", losses=losses))
    first.train(minutes=1e-9)
    second = TrainingRun(short(example, steps=3, out="balanced", losses=losses), resume=True)
    assert torch.equal(second.criterion.seen, first.criterion.seen) and second.criterion.seen.sum() > len(second.criterion.seen)


def test_train__whose_worker_is_killed__ends_the_step_and_says_so_in_one_sentence(example, monkeypatch):
    run, losses = TrainingRun(short(example, steps=9, out="killed", workers=1)), TrainingRun.losses

    def killing(self: TrainingRun, batch: object) -> object:
        if self.step == 1:
            for child in multiprocessing.active_children():
                os.kill(child.pid, signal.SIGKILL)
            time.sleep(0.3)
        return losses(self, batch)

    monkeypatch.setattr(TrainingRun, "losses", killing)
    with pytest.raises(DataError, match=r"^A worker that makes batches was killed \(out of memory\?\); give fewer `workers`; continue the training run with --resume\.$"):
        run.train()
    saved = read_checkpoint(run.out / "checkpoint.pt")
    assert saved.step == run.step == 2 and {int(state["step"]) for state in saved.optimizer["state"].values()} == {2}


def test_train__whose_workers_are_silent__says_so_in_one_sentence(example, monkeypatch):
    monkeypatch.setattr(batches_module, "SILENCE", 1)
    monkeypatch.setattr(Batches, "_batch", lambda self, number: time.sleep(3))
    with pytest.raises(DataError, match="^The workers have made no batch for 1 s; .*; continue the training run with --resume.$"):
        TrainingRun(short(example, steps=2, out="silent", workers=1)).train()


def test_train__whose_worker_raises_an_error_of_its_own__is_not_said_to_be_killed(example, monkeypatch):
    def broken(self, number):
        raise RuntimeError("index 7 is out of bounds")

    monkeypatch.setattr(Batches, "_batch", broken)
    with pytest.raises(RuntimeError, match="index 7 is out of bounds"):
        TrainingRun(short(example, steps=2, out="raises", workers=1)).train()


@pytest.mark.parametrize("resumed", [False, True])
def test_train__what_no_checkpoint_has_kept__is_taken_out_of_the_log(example, resumed):
    config = short(example, steps=3, out=f"killed_{resumed}", curve_minutes=1e-9)
    first = TrainingRun(config)
    first.train(minutes=1e-9, every=0.0)
    for name in ("log.csv", "curve.csv"):  # as after steps that a `kill -9` has lost, in the middle of a line
        path = first.out / name
        for step in ("7", "8"):
            append_row(path, {**read_table(path)[0], "step": step, "seconds": "100.0"})
        path.write_text(path.read_text() + "9,10")
    if not resumed:
        (first.out / "checkpoint.pt").unlink()
    TrainingRun(config, resume=resumed).train(every=0.0)
    for name in ("log.csv", "curve.csv"):
        assert [row["step"] for row in read_table(first.out / name)] == ["1", "2", "3"], name


INTERRUPTED = """
import os, signal, sys, time
from dataclasses import replace
from pathlib import Path
import torch
from rmpsam_ros.training.config import load_config
from rmpsam_ros.training.run import TrainingRun

torch.set_num_threads(1)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
run = TrainingRun(replace(load_config(Path(sys.argv[1])), steps=4, out="interrupted"))
step = run.optimizer.step

def interrupted():
    step()
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.05)

run.optimizer.step = interrupted
try:
    run.train()
except KeyboardInterrupt:
    print("interrupted", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def test_train__an_interrupt_waits_for_the_step_to_be_whole(example):
    # In a separate process: a signal here would reach all tests.
    result = subprocess.run([sys.executable, "-c", INTERRUPTED, str(example)], capture_output=True, text=True)
    assert result.stdout == "interrupted True\n", result.stderr
    saved = read_checkpoint(example.parent / "interrupted/checkpoint.pt")
    assert saved.step == 1 and {int(state["step"]) for state in saved.optimizer["state"].values()} == {1}


def test_resume__of_another_network_is_refused(example):
    TrainingRun(short(example, steps=1, out="other")).save()
    with pytest.raises(DataError, match="another freeze_stages"):
        TrainingRun(short(example, steps=1, out="other", freeze_stages=1), resume=True)


OPTIONS = {"anchors": True, "mean_pooling": True, "pooled_classes": True}


@pytest.mark.parametrize("then", ["not named", "gone", "another"])
def test_resume__goes_on_with_the_network_of_the_checkpoint_whatever_became_of_its_start(example, then):
    kind = then.replace(" ", "_")
    start = start_folder(TrainingRun(short(example, out=f"from_{kind}", network=OPTIONS)), example.parent / f"start_{kind}")
    config = short(example, steps=2, out=f"went_on_{kind}", start=str(start))
    first = TrainingRun(config)
    first.train(minutes=1e-9)
    shutil.rmtree(start)
    if then == "another":
        start_folder(TrainingRun(short(example, out="plain")), start)
    again = TrainingRun(replace(config, start="" if then == "not named" else config.start), resume=True)
    assert again.net.config == first.net.config and again.net.config.anchors and again.step == 1
    again.train()
    assert again.finished and again.description(again.out).provenance.endswith(f"from {start.name}")


def test_resume__of_an_older_checkpoint_without_its_network__builds_what_the_yaml_says(example):
    start = start_folder(TrainingRun(short(example, out="from_old", network=OPTIONS)), example.parent / "start_old")
    config = short(example, steps=2, out="old", start=str(start))
    TrainingRun(config).train(minutes=1e-9)
    path = example.parent / "old/checkpoint.pt"
    content = torch.load(path, weights_only=True)
    del content["model"], content["setup"]["start"]
    torch.save(content, path)
    assert TrainingRun(config, resume=True).net.config.anchors
    with pytest.raises(DataError, match="are of another network; start from the same model as before"):
        TrainingRun(replace(config, start=""), resume=True)


def test_resume__where_a_thing_has_become_stuff__is_refused(example, tmp_path):
    config = load_config(write_example(tmp_path, count=8))
    TrainingRun(config).save()
    labels = tmp_path / "labels.yaml"
    labels.write_text(labels.read_text().replace("name: disc, thing: true", "name: disc, thing: false"))
    with pytest.raises(DataError, match="a run in which disc was a thing; continue with the same"):
        TrainingRun(config, resume=True)


def test_checkpoint__that_is_none_is_refused(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(DataError, match="loaded safely"):
        read_checkpoint(tmp_path / "checkpoint.pt")
    torch.save({"weights": torch.zeros(2)}, tmp_path / "checkpoint.pt")
    with pytest.raises(DataError, match="not a checkpoint of a training run"):
        read_checkpoint(tmp_path / "checkpoint.pt")


def test_resume__with_another_learning_rate__goes_on_with_it(example):
    TrainingRun(short(example, steps=1, out="rate", learning_rate=0.01)).save()
    resumed = TrainingRun(short(example, steps=1, out="rate", learning_rate=0.002), resume=True)
    assert {group["base"] for group in resumed.optimizer.param_groups} == {0.002}


def test_checkpoint__that_holds_more_than_numbers_is_not_loaded(tmp_path):
    torch.save({"format": "rmpsam-training-1", "step": tmp_path}, tmp_path / "checkpoint.pt")
    with pytest.raises(DataError, match="loaded safely"):
        read_checkpoint(tmp_path / "checkpoint.pt")


def test_train__resumed_with_another_weight_decay__takes_it(example):
    TrainingRun(short(example, steps=2, out="decay", weight_decay=0.05)).train(minutes=1e-9)
    again = TrainingRun(short(example, steps=2, out="decay", weight_decay=0.01), resume=True)
    assert {group["weight_decay"] for group in again.optimizer.param_groups} == {0.0, 0.01}


def test_train__a_run_that_could_not_begin__may_be_corrected_and_started_anew(example, monkeypatch):
    monkeypatch.setattr(batches_module, "SHARED_MEMORY", example.parent)
    monkeypatch.setattr(batches_module.shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(DataError, match="give workers: 0"):
        TrainingRun(short(example, steps=2, out="begun", workers=2)).train()
    corrected = TrainingRun(short(example, steps=2, out="begun", workers=0))
    corrected.train(minutes=1e-9)
    assert corrected.step == 1
