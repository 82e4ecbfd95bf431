"""Tests ablation plans: what a run changes and leaves out, resuming, the table."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

torch = pytest.importorskip("torch", reason="training needs torch")

from rmpsam_ros import cli  # noqa: E402
from rmpsam_ros.errors import DataError, ModelError  # noqa: E402
from rmpsam_ros.training.ablation import AblationRun, markdown, merge  # noqa: E402
from rmpsam_ros.training.example import write_example  # noqa: E402

PLAN = {
    "out": "compared",
    "config": "train.yaml",
    "changes": {"steps": 2, "batch_size": 2, "losses": {"points": 64}},
    "images": 2,
    "objects": 2,
    "runs": [
        {"name": "everything"},
        {"name": "no copy-paste", "changes": {"augmentation": {"copy_paste": 0.0}}},
        {"name": "clicks alone", "changes": {"object_steps": 0.0, "clips": 0.0}},
    ],
}


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def plan(tmp_path):
    """Writes a plan next to the worked example; `change` replaces parts of `PLAN`."""
    write_example(tmp_path, count=8)

    def write(**change):
        (tmp_path / "ablation.yaml").write_text(yaml.safe_dump({**PLAN, **change}))
        return tmp_path / "ablation.yaml"

    return write


def test_merge__lays_tables_over_tables():
    assert merge({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"c": 3}, "d": [2]}) == {"a": {"b": 1, "c": 3}, "d": [2]}


def test_runs__whose_data_are_not_there_leave_nothing_behind(plan, monkeypatch):
    monkeypatch.delenv("NOT_SET", raising=False)
    with pytest.raises(DataError, match="data_root is .NOT_SET/data, but the environment has no NOT_SET"):
        AblationRun(plan(changes={"data_root": "$NOT_SET/data"}))
    assert not (plan().parent / "compared").exists()


def test_runs__differ_in_what_they_change_only(plan):
    runs = AblationRun(plan())
    everything, no_paste, clicks = (runs.configs[trial.name, 0] for trial in runs.plan.runs)
    assert everything.augmentation.scale == no_paste.augmentation.scale == (0.8, 1.4)  # of the base
    assert (everything.augmentation.copy_paste, no_paste.augmentation.copy_paste, clicks.object_steps) == (0.3, 0.0, 0.0)
    assert everything.steps == no_paste.steps == 2 and everything.losses.points == 64 and everything.out != no_paste.out


def test_ablate__stops_goes_on_and_writes_a_table(plan, capsys):
    path = plan(seeds=[0, 1])
    out = path.parent / "compared"
    command = ["train", "--config", str(path), "--ablate"]
    assert cli.main([*command, "--minutes", "0.0005"]) == 0
    assert "stopped after --minutes" in capsys.readouterr().out and not (out / "ablation.md").exists()
    assert cli.main(command) == 2
    assert "--resume" in capsys.readouterr().err
    assert cli.main([*command, "--resume"]) == 0
    content = json.loads((out / "ablation.json").read_text())
    assert [(run["name"], run["seed"], run["steps"]) for run in content["runs"]] == [(t["name"], s, 2) for t in PLAN["runs"] for s in (0, 1)]
    assert all(0 <= run["numbers"]["click1"] <= 100 and "pq" in run["numbers"] for run in content["runs"])
    table = (out / "ablation.md").read_text()
    assert table.startswith("| run | one click | PQ |") and "| no copy-paste | " in table and " ± " in table
    assert not list(out.glob("*/checkpoint.pt")) and "6 of 6 runs" in capsys.readouterr().out
    before = (out / "everything-0" / "log.csv").read_bytes()
    assert cli.main([*command, "--resume"]) == 0  # nothing left to do
    assert (out / "everything-0" / "log.csv").read_bytes() == before


def test_run__of_other_options_is_not_taken_for_this_one(plan):
    path = plan(runs=[{"name": "everything"}])
    assert AblationRun(path).train()
    with pytest.raises(DataError, match="other options"):
        AblationRun(plan(runs=[{"name": "everything", "changes": {"learning_rate": 0.1}}]))


def test_markdown__leaves_out_what_a_run_did_not_measure():
    table = markdown([{"name": "a", "numbers": {"click1": 10.0, "x click1": 10.0}}, {"name": "a", "numbers": {"click1": 12.0, "x click1": 12.0}},
                      {"name": "b", "numbers": {"click1": 4.0, "pq": 1.0}}])  # fmt: skip
    assert table.splitlines()[2:] == ["| a | 11.0 ± 1.0 | – | 11.0 ± 1.0 |", "| b | 4.0 | 1.0 | – |"]


@pytest.mark.parametrize("change, kind, part", [
    ({"runs": []}, DataError, "at least one run"),
    ({"runs": [{"name": "A b"}, {"name": "a-b"}]}, DataError, "a different name"),
    ({"runs": [{"name": "a", "chances": {}}]}, DataError, "unknown option 'chances'"),
    ({"runs": [{"name": "a", "changes": {"augmentation": {"copy": 0}}}]}, DataError, "unknown option 'copy'"),
    ({"runs": [{"name": "a", "changes": {"network": {"querys": 3}}}]}, ModelError, "no option 'querys'"),
    ({"runs": [{"name": "a", "without": ["simulation"]}]}, DataError, "leaves out 'simulation'"),
    ({"config": "none.yaml"}, DataError, "no file"),
    ({"images": 0}, DataError, "images is 0"),
    ({"seeds": []}, DataError, "no seed"),
    ({"changes": {"validation": []}}, DataError, "no validation set"),
])  # fmt: skip
def test_plan__says_what_is_wrong(plan, change, kind, part):
    with pytest.raises(kind, match=part):
        AblationRun(plan(**change))


def test_plan__of_the_default_model_passes_all_checks(tmp_path, monkeypatch):
    monkeypatch.setenv("RMPSAM_DATA", str(tmp_path))
    config = Path(__file__).parents[1] / "config"
    for name in ("ablation_lite0.yaml", "train_lite0.yaml"):
        (tmp_path / name).write_text((config / name).read_text().replace("out: ../build/", "out: "))
    runs = AblationRun(tmp_path / "ablation_lite0.yaml")
    assert len(runs.configs) == len(runs.plan.runs) > 5 and len({c.steps for c in runs.configs.values()}) == 1
    alone = runs.configs["no co-training: objects alone", 0]
    assert alone.prompts.number == 0 and alone.prompts.centred == 0.5
    sets = {name: {source.annotations for source in runs.configs[name, 0].train} for name in ("everything", "no simulation", "no COCO")}
    rendered = {name for name in sets["everything"] if "RMPSAM_SIMULATED" in name and "guessed" not in name}
    assert len(rendered) == 3 and sets["no simulation"] == sets["everything"] - rendered
    assert sets["everything"] - sets["no COCO"] == {"coco/panoptic_train.json", "$RMPSAM_SIMULATED/guessed/panoptic.json"}
