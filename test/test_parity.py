"""Tests the comparison of an engine with its graph, and its command (on a stand-in for the GPU)."""
from __future__ import annotations

import json
import sys

import cv2
import numpy as np
import pytest
from models import tiny_model

from rmpsam_ros.cli import main, model_options
from rmpsam_ros.errors import RmpsamError
from rmpsam_ros.labels import make_label_set
from rmpsam_ros.parity import Parity, mask_iou, panoptic_agreement, refusal
from rmpsam_ros.results import write_image
from rmpsam_ros.types import PanopticResult, Roi, Segment

LABELS = make_label_set("two", ["cup"], ["floor"])


def result(ids, classes) -> PanopticResult:
    segments = tuple(Segment(i, c, LABELS[c].name, LABELS[c].is_thing, 0.9, 1, Roi(0, 0, 1, 1), 0) for i, c in enumerate(classes, 1))
    return PanopticResult(np.array(ids, np.uint16), segments, LABELS)


@pytest.mark.parametrize("ours, reference, expected", [
    (([[1, 1, 2, 0]], [0, 1]), ([[1, 1, 2, 0]], [0, 1]), 1.0),
    (([[2, 2, 1, 0]], [1, 0]), ([[1, 1, 2, 0]], [0, 1]), 1.0),  # IDs in another order
    (([[1, 1, 2, 0]], [1, 1]), ([[1, 1, 2, 0]], [0, 1]), 0.5),  # another class
    (([[1, 1, 1, 1]], [0]), ([[1, 1, 1, 2]], [0, 0]), 0.75),  # one object for two
    (([[1, 2, 1, 2]], [0, 0]), ([[1, 1, 1, 1]], [0]), 0.5),  # two objects for one
    (([[0, 0, 0, 0]], []), ([[0, 0, 1, 1]], [0]), 0.5),
    (([[0, 0]], []), ([[0, 0]], []), 1.0),
])  # fmt: skip
def test_panoptic_agreement__counts_pixels_of_matching_segments(ours, reference, expected):
    assert panoptic_agreement(result(*ours), result(*reference)) == expected


def test_mask_iou__both_empty__is_one():
    empty, full = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    assert (mask_iou(empty, empty), mask_iou(full, empty), mask_iou(full, full)) == (1.0, 0.0, 1.0)


def test_refusal__names_what_fell_short():
    assert refusal([Parity("a", 0.999, (1.0, 0.99))]) == ""
    assert "95.0 % of the pixels" in refusal([Parity("a", 0.95, (1.0,))])
    assert "IoU of 0.500" in refusal([Parity("a", 1.0, (0.0, 1.0))])
    assert refusal([Parity("a", float("nan"), (1.0,))])


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    pytest.importorskip("torch", reason="the TensorRT backend needs torch")
    pytest.importorskip("onnx", reason="typed graphs need onnx")
    import trt_stand_in

    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path / "unused"))  # the command sets it; this restores it
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: True)
    return trt_stand_in.install(monkeypatch)


@pytest.fixture
def photo(tmp_path) -> str:
    rows, columns = np.mgrid[0:90, 0:120]
    cv2.imwrite(str(tmp_path / "photo.png"), np.stack((rows * 2, columns * 2, rows + columns), axis=-1).astype(np.uint8))
    return str(tmp_path / "photo.png")


def test_engine_command__on_stand_in__builds_compares_and_notes(stand_in, tmp_path, photo, capsys):
    cache = tmp_path / "engines"
    assert main(["engine", str(tiny_model()), "--cache", str(cache), "--images", photo]) == 0
    said = capsys.readouterr().out
    assert "has no engine of tiny's image graph yet" in said and "photo: panoptic agreement" in said and "fp16 passes the check" in said
    sidecars = [json.loads(path.read_text()) for path in cache.glob("*.json")]
    assert len(sidecars) == 2 and all(s["parity"]["prompt_iou"] > 0.97 and s["refused"] == "" for s in sidecars)
    assert main(["engine", str(tiny_model()), "--cache", str(cache), "--images", photo]) == 0
    assert "image: from the cache" in capsys.readouterr().out


def test_engine_command__no_check__is_built_and_not_compared(stand_in, tmp_path, capsys):
    assert main(["engine", str(tiny_model()), "--cache", str(tmp_path / "engines"), "--no-check"]) == 0
    said = capsys.readouterr().out
    assert "image: built in" in said and "agreement" not in said
    assert all("parity" not in json.loads(path.read_text()) for path in (tmp_path / "engines").glob("*.json"))


def test_engine_command__engine_says_something_else__is_refused_and_noted(stand_in, tmp_path, photo, capsys, monkeypatch):
    from rmpsam_ros import parity

    monkeypatch.setattr(parity, "LEAST_AGREEMENT", 1.1)  # unreachable
    code = main(["engine", str(tiny_model()), "--cache", str(tmp_path / "engines"), "--images", photo, "--precision", "fp16"])
    said = capsys.readouterr()
    assert code == 2 and "fails the check in fp16" in said.err and "use --precision fp32" in said.err
    assert all(json.loads(path.read_text())["refused"] for path in (tmp_path / "engines").glob("*.json"))


def test_engine_command__auto_and_fp16_is_refused__fp32_is_built_and_taken(stand_in, tmp_path, photo, capsys, monkeypatch):
    from rmpsam_ros import parity
    from rmpsam_ros.segmenter import Segmenter

    verdicts = iter(["it is no good", ""])
    monkeypatch.setattr(parity, "refusal", lambda results: next(verdicts))
    assert main(["engine", str(tiny_model()), "--cache", str(tmp_path / "engines"), "--images", photo]) == 0
    said = capsys.readouterr().out
    assert "fp16 fails the check: it is no good" in said and "fp32 passes the check" in said
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path / "engines"))
    assert Segmenter(tiny_model(), backend="tensorrt").precision == "fp32"


@pytest.mark.parametrize("words, said", [
    (["--workspace", "0"], "--workspace is 0"),
    (["--input-size", "100x100"], "multiples of 32"),
    (["--images", "/nowhere"], "/nowhere"),
])  # fmt: skip
def test_engine_command__wrong_option__one_line(stand_in, words, said, capsys):
    assert main(["engine", str(tiny_model()), *words]) == 2
    assert said in capsys.readouterr().err


def test_engine_command__no_gpu__says_how_to_build_for_one_elsewhere(monkeypatch, photo, capsys):
    pytest.importorskip("torch", reason="the TensorRT backend needs torch")
    from rmpsam_ros.backends import tensorrt
    from rmpsam_ros.errors import BackendError

    def none(device):
        raise BackendError("There is no GPU.")

    monkeypatch.setattr(tensorrt, "open_device", none)
    assert main(["engine", str(tiny_model()), "--images", photo]) == 2
    assert capsys.readouterr().err == "rmpsam engine: There is no GPU; with TensorRT-RTX, --for sm_86 builds for a GPU of another machine.\n"


def test_engine_command__for_absent_gpus__builds_with_nvidias_builder(tmp_path, capsys):
    pytest.importorskip("tensorrt_rtx", reason="tensorrt-rtx-cu13 is not installed")
    cache = str(tmp_path / "engines")
    assert main(["engine", str(tiny_model()), "--for", "sm_86,sm_120", "--cache", cache]) == 0
    said = capsys.readouterr().out
    assert "image: built in" in said and "prompt: built in" in said and "Not compared" in said and ", fp16, " in said
    assert main(["engine", str(tiny_model()), "--for", "sm_86,sm_200", "--cache", cache]) == 2
    assert "sm_200" in capsys.readouterr().err
    assert main(["engine", str(tiny_model()), "--for", "sm_86", "--cache", "/proc/nowhere"]) == 2
    output = capsys.readouterr()
    assert "give a writable folder with --cache" in " ".join(output.err.split())
    assert "built in" not in output.out, "known before anything is built"


def test_photos_to_compare_on__without_the_demo__says_what_to_give(monkeypatch):
    monkeypatch.setitem(sys.modules, "rmpsam_ros.demo.photos", None)
    with pytest.raises(RmpsamError, match="give some with --images"):
        model_options.photos_to_compare_on([])


def test_photos_to_compare_on__of_many_are_spread_over_all_and_reduced(tmp_path, monkeypatch, capsys):
    for index in range(9):
        write_image(tmp_path / f"{index}.png", np.full((30, 40, 3), index, np.uint8))
    monkeypatch.setattr(model_options, "MOST_PHOTOS", 3)
    monkeypatch.setattr(model_options, "LONGEST_SIDE", 20)
    photos = model_options.photos_to_compare_on([str(tmp_path)])
    assert [(name, image.shape, image[0, 0, 0]) for name, image in photos] == [(str(i), (15, 20, 3), i) for i in (0, 3, 6)]
    assert capsys.readouterr().out == "3 of the 9 photos are used, spread evenly over them\n"
