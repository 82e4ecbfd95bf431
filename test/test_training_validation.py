"""Tests validation during training: the figures of `rmpsam eval`, the curve's file and its plot."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from datasets import video_set  # noqa: E402
from models import smooth  # noqa: E402

from rmpsam_ros.data.label_map import load_label_map  # noqa: E402
from rmpsam_ros.data.sources import SourceConfig  # noqa: E402
from rmpsam_ros.errors import DataError  # noqa: E402
from rmpsam_ros.media import read_image  # noqa: E402
from rmpsam_ros.training import plot  # noqa: E402
from rmpsam_ros.training.config import load_config  # noqa: E402
from rmpsam_ros.training.curve import Curve, append_row, read_table  # noqa: E402
from rmpsam_ros.training.example import write_example  # noqa: E402
from rmpsam_ros.training.plot import HEIGHT, WIDTH, draw_chart, plot_run, running_mean  # noqa: E402
from rmpsam_ros.training.start import first_network  # noqa: E402
from rmpsam_ros.training.validation import Validation, spread  # noqa: E402


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return load_config(write_example(tmp_path_factory.mktemp("shapes"), count=12))


@pytest.fixture(scope="module")
def label_map(config):
    return load_label_map(config.path(config.labels))


@pytest.fixture(scope="module")
def net(config, label_map):
    torch.manual_seed(0)
    net = first_network(config, label_map.labels).eval()
    smooth(net)
    return net


def test_validation__gives_the_numbers_of_the_exported_model(config, label_map, net, tmp_path):
    pytest.importorskip("openvino", reason="evaluating needs a backend")
    from rmpsam_ros.data.sources import Source
    from rmpsam_ros.evaluation.panoptic import PanopticQuality
    from rmpsam_ros.evaluation.prompt import PromptQuality
    from rmpsam_ros.export import make_model_folder
    from rmpsam_ros.model_folder import ModelFolder
    from rmpsam_ros.segmenter import Segmenter

    config = replace(config, score_threshold=0.2, overlap_threshold=0.3)
    numbers = Validation(config, label_map, images=100, objects=100).run(net)
    model = ModelFolder(path=tmp_path / "model", name="m", variant="tiny", config=net.config_dict(), input_size=config.input_size,
                        labels=label_map.labels, trained=True, score_threshold=0.2, overlap_threshold=0.3)  # fmt: skip
    make_model_folder(net, tmp_path / "model", model, half=False)
    segmenter = Segmenter(tmp_path / "model", precision="fp32")
    prompt, panoptic = PromptQuality(clicks=1), PanopticQuality(label_map.labels)
    source = Source(config.validation[0], label_map, config.data_folder)
    for index in source.indices:
        sample = source.reader.sample(index)
        frame = segmenter.set_image(sample.image)
        prompt.add(sample, lambda clicks, frame=frame: frame.prompt([(c.x, c.y) for c in clicks]).mask)
        panoptic.add(source.reader.panoptic(index), frame.panoptic())
    segmenter.close()
    assert prompt.summary()["miou"][0] > 3
    assert numbers["panoptic click1"] == pytest.approx(prompt.summary()["miou"][0], abs=0.1)
    assert numbers["panoptic pq"] == pytest.approx(panoptic.summary()["all"]["pq"], abs=0.1)
    assert numbers["click1"] == numbers["panoptic click1"]


def test_validation__leaves_network_and_chance_alone(config, label_map, net):
    before, state = {k: v.clone() for k, v in net.state_dict().items()}, torch.get_rng_state()
    first = Validation(config, label_map, images=1, objects=2).run(net)
    assert first == Validation(config, label_map, images=1, objects=2).run(net)
    assert torch.equal(state, torch.get_rng_state()) and all(torch.equal(before[k], v) for k, v in net.state_dict().items())


def test_validation__of_videos_takes_frames_where_the_object_is(config, label_map, net, tmp_path):
    annotations, images = video_set(tmp_path)
    videos = SourceConfig("videos", str(annotations), str(images))
    numbers = Validation(replace(config, validation=(videos,)), label_map, images=3).run(net)
    assert numbers.keys() == {f"{annotations.with_suffix('')} click1", "click1"} and 0 <= numbers["click1"] <= 100


class Counting:
    """A validation with known figures."""

    def __init__(self) -> None:
        self.count = 0.0

    def run(self, net) -> dict[str, float]:
        self.count += 1
        return {"click1": self.count}


def test_curve__has_a_point_every_so_often_and_goes_on(tmp_path):
    said = []
    curve = Curve(tmp_path, Counting(), minutes=1)
    assert not curve.due(59) and curve.due(60)
    curve.add(None, 10, 60.0, said.append)
    assert not curve.due(119) and "step 10: click1 1.0" in said[0]
    again = Curve(tmp_path, Counting(), minutes=1, seconds=90.0)
    assert not again.due(119) and again.due(120)
    again.add(None, 20, 120.0)
    assert [(row["step"], float(row["click1"])) for row in read_table(tmp_path / "curve.csv")] == [("10", 1.0), ("20", 1.0)]


def test_table__takes_new_columns_and_forgives_a_line_cut_short(tmp_path):
    path = tmp_path / "t.csv"
    append_row(path, {"step": "1", "a": "2"})
    append_row(path, {"step": "2", "a": "3", "b": "4"})
    assert read_table(path) == [{"step": "1", "a": "2", "b": ""}, {"step": "2", "a": "3", "b": "4"}]
    path.write_text(path.read_text() + "3")
    assert len(read_table(path)) == 2
    append_row(path, {"step": "4", "a": "5", "b": "6"})
    assert [row["step"] for row in read_table(path)] == ["1", "2", "4"]
    with path.open("ab") as file:
        file.write(bytes(40))  # as after a power failure
    append_row(path, {"step": "5", "a": "5", "b": "6"})
    assert [row["step"] for row in read_table(path)] == ["1", "2", "4", "5"]


def test_plot__draws_what_there_is(tmp_path):
    with pytest.raises(DataError, match="no run with numbers"):
        plot_run(tmp_path, tmp_path / "p.png")
    for step in range(10, 500, 10):
        append_row(tmp_path / "log.csv", {"step": str(step), "seconds": "1", "total": f"{400 / step}", "object/class": "" if step < 20 else "0.5"})
    plot_run(tmp_path, tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").shape == (HEIGHT, WIDTH, 3)
    for step, value in ((100, 10.0), (400, 60.0)):
        append_row(tmp_path / "curve.csv", {"step": str(step), "seconds": "1", "a click1": f"{value}", "click1": f"{value}"})
    plot_run(tmp_path, tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").shape == (2 * HEIGHT, WIDTH, 3)


def test_plot__of_steps_out_of_order__reaches_to_the_last_of_them(tmp_path, monkeypatch):
    for step in (30, 70, 40):
        append_row(tmp_path / "log.csv", {"step": str(step), "seconds": "1", "total": "4"})
    ends = []
    monkeypatch.setattr(plot, "draw_chart", lambda title, lines, end, **_: ends.append(end) or np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    plot_run(tmp_path, tmp_path / "p.png")
    assert ends == [70.0]


def test_chart__lines_lie_where_their_values_are():
    x = np.array([0.0, 100.0])
    chart = draw_chart("t", {"low": (x, np.array([0.0, 0.0])), "high": (x, np.array([80.0, 80.0]))}, 100.0)
    rows = {colour: np.flatnonzero((chart[:, 300] == colour).all(axis=1)).mean() for colour in ((0, 0, 0), (0, 114, 178))}
    assert rows[0, 0, 0] == pytest.approx(HEIGHT - 50, abs=2) and rows[0, 114, 178] == pytest.approx(50, abs=2)  # 80 is the highest tick


def test_running_mean__keeps_the_mean_and_passes_over_gaps():
    values = np.where(np.arange(400) % 2, 1.0, 3.0)
    values[100:104] = np.nan
    assert running_mean(values)[50:350] == pytest.approx(2.0, abs=0.15)


def test_spread__is_even_and_begins_with_the_first():
    assert spread(10, 4).tolist() == [0, 2, 5, 7] and spread(3, 8).tolist() == [0, 1, 2] and spread(0, 8).size == 0
