"""Tests a run from its YAML to a model folder: it learns, and reports errors in its input."""
from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import partial

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from datasets import instance_set  # noqa: E402
from training_runs import example, one_thread, short  # noqa: F401, E402

from rmpsam_ros import cli  # noqa: E402
from rmpsam_ros.data.sources import SourceConfig  # noqa: E402
from rmpsam_ros.errors import DataError  # noqa: E402
from rmpsam_ros.model_folder import read_model_folder  # noqa: E402
from rmpsam_ros.network import load_model  # noqa: E402
from rmpsam_ros.training import run as run_module  # noqa: E402
from rmpsam_ros.training.batches import Batches  # noqa: E402
from rmpsam_ros.training.config import load_config  # noqa: E402
from rmpsam_ros.training.example import CONFIG, write_example  # noqa: E402
from rmpsam_ros.training.run import TrainingRun  # noqa: E402


def test_train__of_the_example_learns_and_makes_a_model_folder(example, capsys):
    pytest.importorskip("openvino", reason="evaluating needs a backend")
    example.write_text(CONFIG.replace("steps: 300", "steps: 160").replace("points: 512", "points: 256"))
    assert cli.main(["train", "--config", str(example)]) == 0
    out = example.parent / "run"
    first, *_, last = csv.DictReader((out / "log.csv").open())
    assert float(last["total"]) < 0.7 * float(first["total"])
    summary = json.loads((out / "validation.json").read_text())["panoptic"]
    assert summary["panoptic"]["all"]["pq"] > 20 and summary["prompt"]["miou"][0] > 45  # of an untrained network 0, and of discs 24
    assert summary["prompt"]["objects"] > 10 and "IoU of clicks" in capsys.readouterr().out
    assert cli.main(["train", "--config", str(example)]) == 2
    assert "already holds a run" in capsys.readouterr().err
    # Its checkpoint gives the same model.
    again = example.parent / "again"
    assert cli.main(["convert", str(out / "checkpoint.pt"), "--weights", "fp32", "--out", str(again)]) == 0
    model, twin = read_model_folder(out / "model"), read_model_folder(again)
    expected, found = (load_model(folder).state_dict() for folder in (out / "model", again))
    assert expected.keys() == found.keys() and all(torch.equal(expected[key], found[key]) for key in expected)
    assert twin.name == "again" and replace(twin, path=model.path, name=model.name, accuracy=model.accuracy) == model
    assert cli.main(["convert", str(out / "checkpoint.pt"), "--labels", "robot", "--out", str(example.parent / "third")]) == 2
    assert "has its own classes; leave --labels out" in capsys.readouterr().err
    older = torch.load(out / "checkpoint.pt", weights_only=True)
    del older["model"]
    torch.save(older, example.parent / "older.pt")
    assert cli.main(["convert", str(example.parent / "older.pt"), "--out", str(example.parent / "third")]) == 2
    assert "was written by an older version" in " ".join(capsys.readouterr().err.split())


def test_train__two_runs_in_one_folder__the_second_is_refused(example):
    one, other = (TrainingRun(short(example, steps=2, out="shared")) for _ in range(2))
    with run_module._alone(_made(one.out)), pytest.raises(DataError, match="Another run is training in"):
        other.train()
    one.train()


def _made(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_train__so_short_that_nothing_was_logged_yet__makes_its_model(example, capsys):
    pytest.importorskip("openvino", reason="an export is checked by it")
    config, out = example.parent / "shortest.yaml", example.parent / "shortest"
    config.write_text(CONFIG.replace("validation:\n  - {kind: panoptic, annotations: panoptic.json, images: images, every: 6}\n", ""))
    assert cli.main(["train", "--config", str(config), "--minutes", "0.0001", "--out", str(out)]) == 0
    assert len((out / "log.csv").read_text().splitlines()) == 2 and (out / "model/model.yaml").is_file()


def test_train__a_validation_set_without_an_object_to_click__has_no_numbers(tmp_path, capsys):
    pytest.importorskip("openvino", reason="evaluating needs a backend")
    annotations, images = instance_set(tmp_path)
    content = json.loads(annotations.read_text())
    content["annotations"], content["categories"] = [], []
    annotations.write_text(json.dumps(content))
    config = write_example(tmp_path / "shapes", count=8)
    lines = config.read_text().splitlines()
    lines[lines.index("validation:") + 1] = f"  - {{kind: instances, annotations: {annotations}, images: {images}}}"
    config.write_text("\n".join([*lines, "curve_minutes: 0.0001", ""]))
    assert cli.main(["train", "--config", str(config), "--minutes", "0.0001"]) == 0
    out = capsys.readouterr().out
    assert "IoU of clicks –, –, – (one, two, three clicks); no objects to click, see `--check`" in out
    assert list(read_model_folder(tmp_path / "shapes/run/model").accuracy.values()) == [{"click_miou": [None] * 3}]


def test_train__a_validation_set_that_is_not_there__is_said_before_training(example):
    config = short(example, out="early")
    gone = replace(config.train[0], annotations="instancs.json")
    with pytest.raises(DataError, match="no annotation file .*instancs.json"):
        TrainingRun(replace(config, validation=(gone,)))


def test_check__a_data_folder_that_is_not_there__is_one_line_and_not_one_of_each_set(example, tmp_path, capsys):
    folder = write_example(tmp_path, count=8)
    folder.write_text(folder.read_text() + "data_root: $NOT_SET/data\n")
    assert cli.main(["train", "--config", str(folder), "--check"]) == 2
    said = capsys.readouterr()
    assert (said.out + said.err).count("the environment has no NOT_SET") == 1


def test_check__a_network_that_cannot_be_made_is_a_problem(example, tmp_path, capsys):
    folder = write_example(tmp_path, count=8)
    folder.write_text(folder.read_text().replace("variant: tiny", "variant: huge"))
    assert cli.main(["train", "--config", str(folder), "--check"]) == 2
    assert "The variant 'huge' is not one of" in capsys.readouterr().out
    for option, said in (("num_queries: 12.5", "num_queries is 12.5; it must be a whole number from 1 up"),
                         ("dim: 33", "dim is 33; it must be even and a multiple of its 4 heads"),
                         ("mean: [1, 2]", "mean is (1, 2); it must be 3 numbers, of red, green and blue")):  # fmt: skip
        folder = write_example(tmp_path / option[:3], count=8)
        folder.write_text(folder.read_text().replace("network: {anchors: true, mean_pooling: true}", f"network: {{{option}}}"))
        assert cli.main(["train", "--config", str(folder), "--check"]) == 2
        assert said in capsys.readouterr().out


def test_compiled__is_captured_whole_and_loses_as_much(example, monkeypatch):
    """Without the compiler's last step, which takes minutes."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager", fullgraph=True))
    losses = []
    for compiled in (False, True):
        run = TrainingRun(short(example, out=f"compiled_{compiled}", compile=compiled, bf16=False))
        torch.manual_seed(0)
        losses.append({key: value.item() for key, value in run.losses(Batches(run.mixture, 2, 1, run.config.prompts)[0]).items()})
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_compiled__where_that_cannot_be_done_says_so(example, monkeypatch):
    def broken(*_):
        raise RuntimeError("there is no c++")

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=broken))
    run = TrainingRun(short(example, out="no_compiler", compile=True, bf16=False))
    with pytest.raises(DataError, match=r"there is no c\+\+.*needs a C\+\+ compiler"):
        run.losses(Batches(run.mixture, 2, 1, run.config.prompts)[0])


def test_train__an_annotation_without_a_mask__is_passed_over_and_said_once(tmp_path):
    annotations, images = instance_set(tmp_path)
    content = json.loads(annotations.read_text())
    content["annotations"][0]["segmentation"] = []
    annotations.write_text(json.dumps(content))
    base = load_config(write_example(tmp_path / "shapes", count=8))
    (tmp_path / "shapes/labels.yaml").write_text("name: two\nclasses:\n  - {name: disc, thing: true}\n  - {name: box, thing: true}\n")
    run = TrainingRun(replace(base, steps=4, train=(SourceConfig("instances", str(annotations), str(images)),), validation=()))
    lines: list[str] = []
    run.train(report=lines.append, every=0.0)
    said = [line for line in lines if "were skipped" in line]
    assert run.finished and len(said) == 1
    assert said[0].startswith("1 annotations without a mask were skipped") and said[0].endswith("image 100 (0.png): annotation 2 is a bare box (`segmentation: []`), which is no mask.")


def test_check__says_which_validation_pictures_are_trained_on(tmp_path, capsys):
    config = write_example(tmp_path, count=12)
    assert cli.main(["train", "--config", str(config), "--check"]) == 0
    assert "also trained on" not in capsys.readouterr().out
    config.write_text(config.read_text().replace(", skip: 6}", "}"))
    assert cli.main(["train", "--config", str(config), "--check"]) == 0
    assert "2 of 2 validation pictures of panoptic.json are also trained on; hold them out with `skip: N` in training" in capsys.readouterr().out


def test_check__finds_a_missing_picture_before_training(example, tmp_path, capsys):
    broken = write_example(tmp_path, count=8)
    assert cli.main(["train", "--config", str(broken), "--check"]) == 0
    (tmp_path / "images" / "003.png").unlink()
    assert cli.main(["train", "--config", str(broken), "--check"]) == 2
    assert "image 4 (003.png)" in capsys.readouterr().out


@pytest.mark.parametrize("line, part", [
    ("clip_gradient: 0.0", "clip_gradient is 0.0; it must be a number above 0"), ("learning_rate: .nan", "learning_rate is nan"),
    ("backbone_rate: -1.0", "at least 0"), ("weight_decay: -1.0", "at least 0"), ("seed: -1", "at least 0"),
    ("prompts: {boxes: 7.0}", "prompts.boxes is 7.0; it must be from 0 to 1"), ("prompts: {number: -2}", "prompts.number is -2"),
    ("losses: {importance: 4.0}", "losses.importance is 4.0"), ("losses: {oversampling: 0.1}", "oversampling is 0.1; it must be at least 1"),
    ("stepz: 3", "unknown option 'stepz'"), ("steps: many", "steps is 'many'; it must be of type int"), ("steps: 0", "at least 1"),
    ("input_size: [90, 128]", "multiples of 32"), ("model_size: [96]", "must be height and width"), ("train: []", "no dataset"),
    ("freeze_batchnorm: some", "backbone, all or none"),
    ("losses: {point: 3}", "unknown option 'point'"), ("losses: {queries_per_thing: 0}", "queries_per_thing is 0; it must be at least 1"), ("augmentation: {tilt: 200}", "tilt is 200.0; it must be degrees"),
    ("augmentation: {faults: 1.5}", "augmentation.faults is 1.5; it must be from 0 to 1"), ("clips: 2.0", "from 0 to 1"), ("device: [", "not YAML"),
    ("licence: 2024-13-01", "not YAML (month must be in 1..12)"),
])  # fmt: skip
def test_config__says_what_is_wrong(tmp_path, capsys, line, part):
    kept = [text for text in CONFIG.splitlines() if not text.startswith(line.split(":")[0] + ":")]
    if line.startswith("train"):
        kept = [text for text in kept if "skip: 6" not in text]
    (tmp_path / "train.yaml").write_text("\n".join([*kept, line, ""]))
    assert cli.main(["train", "--config", str(tmp_path / "train.yaml")]) == 2
    error = capsys.readouterr().err
    assert part in error and error.count("\n") == 1
