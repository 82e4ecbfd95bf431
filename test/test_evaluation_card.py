"""Tests a model's card: what is evaluated, what it contains, where it is written."""
from __future__ import annotations

import json
import shutil
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training YAMLs need torch")

from datasets import video_set  # noqa: E402
from models import tiny_model  # noqa: E402

from rmpsam_ros import cli  # noqa: E402
from rmpsam_ros.data.sources import SourceConfig  # noqa: E402
from rmpsam_ros.errors import DataError  # noqa: E402
from rmpsam_ros.evaluation.card import BEGIN, END, Measurement, _clicks, _videos, accuracy, insert, measurements  # noqa: E402
from rmpsam_ros.model_folder import read_model_folder, write_model_yaml  # noqa: E402
from rmpsam_ros.training.example import write_example  # noqa: E402


@pytest.fixture
def config(tmp_path):
    """The worked example's YAML with the tiny model's things and a video dataset."""
    path = write_example(tmp_path, count=12)
    video_set(tmp_path)
    names = {"disc": "cup", "square": "box", "triangle": "robot", "grass": "floor", "sand": "wall"}
    data = json.loads((tmp_path / "panoptic.json").read_text())
    for category in data["categories"]:
        category["name"] = names[category["name"]]
    data["licenses"] = [{"id": 1, "name": "CC0"}, {"id": 2, "name": "CC BY"}, {"id": 3, "name": "unused"}]
    data["info"] = {"description": "drawn shapes", "url": "https://example.org/shapes"}
    for number, image in enumerate(data["images"]):
        image["license"] = 1 + number % 2
    (tmp_path / "panoptic.json").write_text(json.dumps(data))
    (tmp_path / "labels.yaml").write_text("name: tiny\nclasses:\n" + "".join(
        f"  - {{name: {n}, thing: {str(n in ('cup', 'robot', 'box')).lower()}}}\n" for n in ("cup", "robot", "box", "floor", "wall", "sky")))
    text = path.read_text().replace("every: 6}", "every: 6}\n  - {kind: videos, annotations: videos.json, images: videos, mapping: {disc: cup}}")
    path.write_text(text)
    return path


def test_card__measures_everything_and_says_how(config, capsys):
    out, page = config.parent / "card", config.parent / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    command = ["eval", "card", "--config", str(config), "--model", str(tiny_model()), "--out", str(out), "--into", str(page), "--threads", "1"]
    assert cli.main(command) == 0
    text = (out / "card.md").read_text()
    assert page.read_text() == f"before\n{BEGIN}\n{text}{END}\nafter\n"
    assert "**tiny**: tiny at 96x128, 6 classes (3 things, 3 stuff)" in text
    assert "| [drawn shapes](https://example.org/shapes) | 10 | 100% | CC0 (4), CC BY (6) |" in text
    clicks = json.loads((out / "prompt-panoptic.json").read_text())["prompt"]
    assert clicks["images"] == 2 and f"| panoptic [1] | {clicks['objects']} | {clicks['miou'][0]:.1f} |" in text
    quality = json.loads((out / "panoptic-panoptic.json").read_text())["panoptic"]
    assert f"| panoptic [2] | 2 | {quality['all']['classes']} | {quality['all']['pq']:.1f} |" in text
    assert "| videos [3] | 1 | " in text and "rmpsam eval video --images ./videos --annotations ./videos.json --clicks" in text
    assert "--every 6" in text and str(config.parent) not in text.replace(str(tiny_model()), "")
    capsys.readouterr()
    assert cli.main([*command, "--resume"]) == 0
    assert "of 3:" not in capsys.readouterr().err and (out / "card.md").read_text() == text
    assert "--label-map labels.yaml" in text and "on held-out images and videos:" in text
    # For another model, a changed one or another precision, everything is measured again.
    same, other = (Path(shutil.copytree(tiny_model(), config.parent / name)) for name in ("same", "other"))
    assert cli.main([*command, "--resume", "--model", str(same)]) == 0 and "1 of 3" not in capsys.readouterr().err
    weights = bytearray((other / "weights.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "weights.safetensors").write_bytes(weights)
    write_model_yaml(other, replace(read_model_folder(tiny_model()), path=other))
    # The recorded results are not another model's.
    assert cli.main([*command, "--resume", "--model", str(same), "--note"]) == 0
    noted = read_model_folder(same).accuracy
    assert noted["panoptic"] == {"click_miou": [round(v, 1) for v in clicks["miou"]], "pq": round(quality["all"]["pq"], 1)} and "j" in noted["videos"]
    capsys.readouterr()
    assert cli.main([*command, "--resume", "--model", str(same)]) == 0 and "1 of 3" not in capsys.readouterr().err
    clicked = out / "prompt-panoptic.json"
    content = json.loads(clicked.read_text())
    clicked.write_text(json.dumps({**content, "info": {**content["info"], "precision": "fp16"}}))  # as from another machine
    for words in (["--model", str(same), "--precision", content["info"]["precision"]], ["--model", str(other)]):
        assert cli.main([*command, "--resume", *words]) == 0
        assert "1 of 3: prompt" in capsys.readouterr().err


def test_card__of_sets_that_training_saw__says_how_much_of_them(config, capsys):
    config.write_text(config.read_text().replace(", skip: 6}", "}"))
    out = config.parent / "card"
    assert cli.main(["eval", "card", "--config", str(config), "--model", str(tiny_model()), "--out", str(out), "--threads", "1"]) == 0
    assert "on images and videos that overlap with the training data (2 of 2 of panoptic), so these figures are optimistic:" in (out / "card.md").read_text()


def test_measurements__of_one_file_twice__have_names_of_their_own():
    entry = SourceConfig("instances", "a/b.json", "a/images", every=10)
    assert [m.name for m in measurements([entry, replace(entry, every=3)], "m")] == ["a/b-every10", "a/b-every3"]


@pytest.mark.parametrize("content", ["{", "[]", '{"info": null}', "{}"])
def test_card__a_result_that_is_not_whole_is_measured_again(tmp_path, content):
    (tmp_path / "r.json").write_text(content)
    assert Measurement("prompt", "r", ()).result(tmp_path / "r.json", "abc", None) is None
    assert Measurement("prompt", "r", ()).result(tmp_path / "none.json", "abc", None) is None


def test_card__a_result_with_other_crowds_is_measured_again(tmp_path):
    words = ("--every", "4", "--crowds", "objects")
    for info, same in (({"every": 4, "crowds": "objects"}, True), ({"every": 4}, False), ({"every": 5, "crowds": "objects"}, False)):
        (tmp_path / "r.json").write_text(json.dumps({"info": {"fingerprint": "abc", **info}}))
        assert (Measurement("prompt", "r", words).result(tmp_path / "r.json", "abc", None) is not None) == same


def test_card__where_nothing_was_measured__has_dashes_and_notes_nothing():
    nothing = {"prompt": {"objects": 0, "miou": [None] * 3, "disc": None, "sizes": {}}}
    no_video = {"clicked": {"objects": 0, "j": None, "j_davis": None, "recall": None}, "trackers": {"rmpsam": {"ap50": None, "switches_per_100": None, "idf1": None}}}
    done = [(Measurement("prompt", "a", ()), nothing), (Measurement("video", "b", ()), no_video)]
    assert "| a [1] | 0 | – | – | – | – | – | – | – |" in _clicks(done) and "| b [2] | 0 | – | – | – | – | – | – |" in _videos(done)
    assert accuracy(done) == {"a": {"click_miou": [None] * 3}, "b": {"j": None}}


def test_card__into_a_page_without_marks_says_so_before_measuring(config, capsys):
    page = config.parent / "page.md"
    page.write_text("nothing\n")
    command = ["eval", "card", "--config", str(config), "--model", str(tiny_model()), "--out", str(config.parent / "c"), "--into", str(page)]
    assert cli.main(command) == 2
    assert "no place for a card" in capsys.readouterr().err and not (config.parent / "c").exists()


def test_insert__replaces_what_is_between_the_marks():
    assert insert(f"a\n{BEGIN}{END}", "b\n", "x") == f"a\n{BEGIN}\nb\n{END}"
    with pytest.raises(DataError, match="no place"):
        insert(f"{END}{BEGIN}", "b", "x")


def test_measurements__refuse_what_the_command_line_cannot_say():
    entry = SourceConfig("instances", "a/b.json", "a/images", every=10)
    run, = measurements([entry], "m", ["--precision", "fp32"])
    assert run.command("$DATA", "") == ["eval", "prompt", "--images", "$DATA/a/images", "--annotations", "$DATA/a/b.json", "--every", "10",
                                    "--model", "m", "--precision", "fp32"]  # fmt: skip
    with pytest.raises(DataError, match="skip"):
        measurements([replace(entry, every=0, skip=5)], "m")
    brushed, = measurements([replace(entry, crowds="objects")], "m")
    assert brushed.command("$DATA", "")[6:10] == ["--every", "10", "--crowds", "objects"]
    with pytest.raises(DataError, match="has `mapping`, which `rmpsam eval panoptic` takes as a file"):
        measurements([replace(entry, kind="panoptic", mapping={"ball": "disc"})], "m")


def test_card__names_the_classes_that_no_set_found():
    from rmpsam_ros.evaluation.card import _panoptic

    def measured(name, **found):
        classes = {label: {"tp": tp, "fp": 0, "fn": 2 - tp} for label, tp in found.items()}
        row = {"images": 1, "classes": classes, "all": {"pq": 1.0, "sq": 1.0, "rq": 1.0, "classes": 2}, "things": {"pq": 1.0}, "stuff": {"pq": 1.0}}
        return Measurement("panoptic", name, ()), {"panoptic": row}

    text = _panoptic([measured("a", cup=0, floor=0, wall=1), measured("b", cup=0, floor=1)])
    assert text.endswith("Present in the images, but never found: cup.")


def test_card__set_with_names_of_its_own__is_measured_through_the_runs_label_map(config, capsys):
    """As recommended by the message about `mapping`."""
    path = config.parent / "panoptic.json"
    path.write_text(path.read_text().replace('"cup"', '"mug"'))
    labels = config.parent / "labels.yaml"
    plain = labels.read_text()
    labels.write_text(plain + "mapping: {mug: cup}\n")
    command = ["eval", "card", "--config", str(config), "--model", str(tiny_model()), "--out", str(config.parent / "card"), "--threads", "1"]
    assert cli.main(command) == 2 and "put `name` and `classes` under `label_set`" in " ".join(capsys.readouterr().err.split())
    labels.write_text("mapping: {mug: cup}\nlabel_set:\n" + textwrap.indent(plain, "  "))
    assert cli.main(command) == 0
    assert json.loads((config.parent / "card" / "panoptic-panoptic.json").read_text())["panoptic"]["images"] == 2
