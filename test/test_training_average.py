"""Tests averaging the weights of models."""
from __future__ import annotations

from dataclasses import replace

import pytest
from models import tiny_model

torch = pytest.importorskip("torch", reason="the network needs torch")

from rmpsam_ros.errors import ModelError  # noqa: E402
from rmpsam_ros.export import make_model_folder  # noqa: E402
from rmpsam_ros.labels import make_label_set  # noqa: E402
from rmpsam_ros.model_folder import read_model_folder  # noqa: E402
from rmpsam_ros.network import load_model  # noqa: E402
from rmpsam_ros.training import average as module  # noqa: E402
from rmpsam_ros.training.average import average  # noqa: E402


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The tiny model, and the same with each weight moved by 0.01."""
    first = read_model_folder(tiny_model())
    net = load_model(first.path)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.01
    folder = tmp_path_factory.mktemp("models") / "moved"
    make_model_folder(net, folder, replace(first, name="moved"), half=False)
    return first, read_model_folder(folder)


def test_average__is_the_weighted_mean(two):
    mean, first = average(two, (3.0, 1.0)), load_model(two[0].path)
    for (name, value), (_, before) in zip(mean.named_parameters(), first.named_parameters()):
        assert torch.allclose(value, before + 0.0025, atol=1e-6), name
    for (name, value), (_, before) in zip(mean.named_buffers(), first.named_buffers()):
        assert torch.equal(value, before), name


def test_command__makes_a_model_folder_that_says_what_it_is(two, tmp_path, capsys):
    words = [str(model.path) for model in two]
    assert module.main([*words, "--shares", "1", "3", "--out", str(tmp_path / "mean")]) == 0
    made = read_model_folder(tmp_path / "mean")
    assert made.name == "moved" and made.labels == two[0].labels and "0.25 of tiny" in made.provenance and "0.75 of moved" in made.provenance
    assert "the average of 2 models" in capsys.readouterr().out


@pytest.mark.parametrize("shares", [(1.0,), (1.0, 0.0), (1.0, -1.0), (1.0, float("nan")), (1.0, 1.0, 1.0)])
def test_average__shares_that_do_not_fit(two, shares):
    with pytest.raises(ModelError, match="one share above 0 for each"):
        average(two, shares)


def test_average__of_other_classes__is_refused(two):
    other = replace(two[1], labels=make_label_set("other", ["a", "b", "c"], ["d", "e", "f"]))
    with pytest.raises(ModelError, match="differ in network or classes"):
        average((two[0], other), (1.0, 1.0))


def test_command__one_model__one_line(two, tmp_path, capsys):
    assert module.main([str(two[0].path), "--out", str(tmp_path / "mean")]) == 2
    error = capsys.readouterr().err
    assert "needs at least two models" in error and error.count("\n") == 1 and not (tmp_path / "mean").exists()
