"""Tests the duration of a run: a schedule in minutes, images per second, and steps that must not count."""
from __future__ import annotations

import csv
import re
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from rmpsam_ros.errors import DataError  # noqa: E402
from rmpsam_ros.training import run as run_module  # noqa: E402
from rmpsam_ros.training import throughput as throughput_module  # noqa: E402
from rmpsam_ros.training.config import load_config  # noqa: E402
from rmpsam_ros.training.example import write_example  # noqa: E402
from rmpsam_ros.training.run import TrainingRun  # noqa: E402
from rmpsam_ros.training.throughput import throughput  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return write_example(tmp_path_factory.mktemp("shapes"), count=12)


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances ten seconds each time it is read."""
    now = [0.0]

    def monotonic() -> float:
        now[0] += 10.0
        return now[0]

    monkeypatch.setattr(run_module.time, "monotonic", monotonic)


def short(example, **changes):
    return replace(load_config(example), workers=0, curve_minutes=0.0, **changes)


def test_minutes__end_the_run_with_the_rate_fallen_to_a_hundredth(example, clock):
    run = TrainingRun(short(example, steps=10_000, warm_up=0, minutes=3.0, out="minutes"))
    lines = []
    run.train(report=lines.append, every=0.0)
    rates = [float(row["rate"]) for row in csv.DictReader((run.out / "log.csv").open())]
    assert run.finished and run.done == 1.0 and 3 <= run.step < 20 and run.seconds >= 180
    assert rates[0] == pytest.approx(run.config.learning_rate) and all(a > b for a, b in zip(rates, rates[1:]))
    assert rates[-1] < 0.2 * rates[0]
    assert lines[0].endswith("left") and "0:00:00 left" in lines[-1]


def test_minutes__steps_that_are_over_before_end_it_too(example):
    run = TrainingRun(short(example, steps=2, warm_up=0, minutes=60.0, out="steps"))
    run.train()
    assert run.finished and run.step == 2 and run.done == 1.0


def test_minutes__a_resumed_run_has_the_rest_of_them(example, clock):
    first = TrainingRun(short(example, steps=10_000, minutes=3.0, out="resumed"))
    first.train(minutes=0.5)
    assert not first.finished
    second = TrainingRun(short(example, steps=10_000, minutes=3.0, out="resumed"), resume=True)
    assert 0 < second.done < 1 and second.seconds == first.seconds
    second.train()
    assert second.finished and second.seconds < 240


def test_minutes__that_are_over__leave_nothing_to_do(example, clock):
    first = TrainingRun(short(example, steps=10_000, minutes=1.0, out="over"))
    first.train()
    again = TrainingRun(short(example, steps=10_000, minutes=1.0, out="over"), resume=True)
    again.train()
    assert again.finished and again.step == first.step and again.seconds == first.seconds


def test_minutes__shorter_than_warming_up__end_with_a_small_rate_too(example, clock):
    run = TrainingRun(short(example, steps=10_000, minutes=3.0, warm_up=8, out="warm"))
    run.train(every=0.0)
    rates = [float(row["rate"]) for row in csv.DictReader((run.out / "log.csv").open())]
    assert rates[-1] < 0.3 * max(rates) and rates.index(max(rates)) < len(rates) - 2
    assert re.fullmatch(r"\d+ steps in [34]\.\d of 3 minutes", run.progress)


def test_done__by_steps__begins_after_warming_up(example):
    run = TrainingRun(short(example, steps=110, warm_up=10, out="done"))
    for run.step, done in ((0, 0.0), (10, 0.0), (60, 0.5), (110, 1.0)):
        assert run.done == pytest.approx(done)
    assert run.progress == "110 of 110 steps"


@pytest.mark.parametrize("minutes", ["-1", ".nan"])
def test_minutes__that_are_none__are_refused(example, minutes):
    path = example.parent / "wrong.yaml"
    path.write_text(example.read_text() + f"minutes: {minutes}\n")
    with pytest.raises(DataError, match=r"minutes is (-1.0|nan); it must be at least 0"):
        load_config(path)


def test_infinite_gradients__leave_the_weights_as_they_are_and_are_said(example, monkeypatch):
    run = TrainingRun(short(example, steps=3, clips=0.0, out="infinite"))
    before = {name: value.clone() for name, value in run.net.state_dict().items() if "running" not in name and "tracked" not in name}
    prompts = run.criterion.prompts
    monkeypatch.setattr(run.criterion, "prompts", lambda *args: {k: v * float("inf") for k, v in prompts(*args).items()})
    lines = []
    run.train(report=lines.append)
    assert run.step == 3 and "SKIPPED 3 steps with infinite gradients" in lines[-1]
    assert all(torch.equal(run.net.state_dict()[name], value) for name, value in before.items())


def test_throughput__says_what_each_does_and_leaves_nothing(example, capsys):
    rates = throughput(short(example, batch_size=2), batches=1, repeats=1)
    assert list(rates) == ["loader", "network", "together"] and all(rate > 0 for rate in rates.values())
    before = sorted(example.parent.rglob("*"))
    assert throughput_module.main(["--config", str(example), "--batches", "1"]) == 0
    assert "images/s" in capsys.readouterr().out and sorted(example.parent.rglob("*")) == before


def test_throughput__of_slow_workers__does_not_count_what_they_made_before(example, monkeypatch):
    """The clock advances only for batches and steps: 2 s for a batch that is not ready; 1 s for a step, which prepares half a batch."""
    now, ready = [0.0], [0.0]

    class Ready:
        def to(self, device):
            return self

    def batches(*args, **kwargs):
        while True:
            if ready[0] >= 1:
                ready[0] -= 1
            else:
                now[0] += 2.0 * (1 - ready[0])
                ready[0] = 0.0
            yield Ready()

    def advance(self, batch):
        now[0] += 1.0
        ready[0] = min(ready[0] + 0.5, 8.0)

    monkeypatch.setattr(throughput_module, "loader", batches)
    monkeypatch.setattr(throughput_module.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(TrainingRun, "advance", advance)
    rates = throughput(replace(short(example, batch_size=4), workers=2), batches=4, repeats=3)
    assert rates == pytest.approx({"loader": 2.0, "network": 4.0, "together": 2.0}, rel=0.1)


def test_throughput__of_no_batch_or_no_configuration__is_refused(example, capsys):
    for arguments, words in ((["--config", str(example), "--batches", "0"], "--batches is 0"), (["--config", "none.yaml"], "none.yaml")):
        assert throughput_module.main(arguments) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1


def test_throughput__interrupted__says_so_in_one_line(example, capsys, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(throughput_module, "throughput", interrupted)
    assert throughput_module.main(["--config", str(example)]) == 130
    assert capsys.readouterr().err == "python -m rmpsam_ros.training.throughput: interrupted\n"
