"""A second opinion that is taught anew: what it is shown, what it learns, and that the rest of the network stays."""
from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="the network needs torch")

from rmpsam_ros.data.sample import Coverage  # noqa: E402
from rmpsam_ros.errors import DataError  # noqa: E402
from rmpsam_ros.model_folder import read_model_folder  # noqa: E402
from rmpsam_ros.network import build, load_model  # noqa: E402
from rmpsam_ros.network.opinion import SecondOpinion  # noqa: E402
from rmpsam_ros.network.stage import StageOutput  # noqa: E402
from rmpsam_ros.training import opinion as module  # noqa: E402
from rmpsam_ros.training.batches import COVERAGES, Batch  # noqa: E402
from rmpsam_ros.training.opinion import Seen, look, teach  # noqa: E402


def batch_of(masks: torch.Tensor, class_ids: list[int]) -> Batch:
    height, width = masks.shape[1:]
    nothing, none = torch.zeros(1, 0, height, width, dtype=torch.bool), torch.zeros(1, height, width, dtype=torch.bool)
    return Batch(torch.zeros(1, 1, 3, height, width, dtype=torch.uint8), torch.tensor([[height, width]]), [masks],
                 [torch.tensor(class_ids)], none, none, torch.tensor([COVERAGES.index(Coverage.ALL)]), torch.zeros(1, 0, 4),
                 torch.zeros(1, 0, dtype=torch.int64), nothing, nothing)  # fmt: skip


def test_look__takes_queries_on_things_whose_class_is_known(monkeypatch):
    net = build("tiny", second_opinion=True, stuff_queries=1, num_queries=6)
    masks = torch.zeros(4, 64, 96, dtype=torch.bool)
    for row in range(4):
        masks[row, :, 24 * row : 24 * row + 24] = True
    logits = torch.full((1, 6, 16, 24), -5.0)
    for query, object_ in enumerate((0, 0, 1, 2, 3)):  # the last query finds nothing, the first looks for stuff
        logits[0, query, :, 6 * object_ : 6 * object_ + 6] = 5.0
    pooled = torch.randn(1, 6, net.panoptic_head.opinion.layers[0].normalized_shape[0])

    def decode(features):
        net.panoptic_head.opinion(pooled)
        return StageOutput(torch.zeros(1, 6, 7), logits, torch.zeros(1, 6, 8), torch.zeros(1, 6, 1))

    monkeypatch.setattr(net.panoptic_head, "decode_objects", decode)
    seen = look(net, batch_of(masks, [2, 5, -1, 0]), torch.tensor([True, True, True, True, False, False]))
    assert seen.class_ids.tolist() == [2, 0]  # 5 is stuff, -1 has no name
    assert torch.equal(seen.pooled, pooled[0, [1, 4]].half())
    assert not net.panoptic_head.opinion._forward_pre_hooks
    assert len(look(net, batch_of(masks[:0], []), torch.ones(6, dtype=torch.bool)).class_ids) == 0


def test_teach__learns_what_it_was_shown_and_names_what_is_like_it():
    generator = torch.Generator().manual_seed(1)
    centres = torch.randn(4, 24, generator=generator) * 2
    class_ids = torch.tensor([0] * 1500 + [1] * 1500 + [3] * 150)
    pooled = centres[class_ids] + torch.randn(3150, 24, generator=generator)
    opinion = SecondOpinion(24, 16, 4)
    share = teach(opinion, Seen(pooled.half(), class_ids), balance=0.5)
    others = torch.tensor([0, 1, 3]).repeat(50)
    said = opinion(centres[others] + torch.randn(150, 24, generator=generator)).argmax(dim=1)
    assert share > 0.97 and (said == others).float().mean() > 0.95 and not opinion.training
    again = SecondOpinion(24, 16, 4)
    teach(again, Seen(pooled.half(), class_ids), balance=0.5)
    assert all(torch.equal(one, other) for one, other in zip(opinion.parameters(), again.parameters()))


def test_teach__of_nothing_is_refused():
    with pytest.raises(DataError, match="found no thing"):
        teach(SecondOpinion(8, 4, 3), Seen(torch.zeros(0, 8, dtype=torch.float16), torch.zeros(0, dtype=torch.int64)), 0.5)


@pytest.fixture
def run(tmp_path):
    """A run's YAML of the worked example, and a model of one step with a second opinion."""
    pytest.importorskip("openvino", reason="exports are checked with OpenVINO")
    from rmpsam_ros.training.config import load_config
    from rmpsam_ros.training.example import write_example
    from rmpsam_ros.training.finish import export_model
    from rmpsam_ros.training.run import TrainingRun

    path = write_example(tmp_path / "example", count=12)
    config = replace(load_config(path), steps=1, variant="tiny", workers=0, out="made", network={"second_opinion": True})
    return path, export_model(TrainingRun(config))


def test_command__changes_the_opinion_and_nothing_else(run, tmp_path, monkeypatch, capsys):
    path, folder = run
    # A network of one step finds nothing: let each query lie on some object.
    monkeypatch.setattr(module, "objects_under", lambda logits, masks, _: (torch.ones(len(logits)), torch.arange(len(logits)) % len(masks)))
    words = ["--config", str(path), "--model", str(folder), "--batches", "2", "--out", str(tmp_path / "taught")]
    assert module.main(words) == 0
    assert "rightly now" in capsys.readouterr().out
    before, after = load_model(folder).state_dict(), load_model(tmp_path / "taught").state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all(name.startswith("panoptic_head.opinion.") for name in changed)
    assert "taught anew on 8 pictures" in read_model_folder(tmp_path / "taught", graphs=False).provenance


def test_command__a_model_without_a_second_opinion_is_refused(run, tmp_path, capsys):
    from rmpsam_ros.export import make_model_folder

    path, folder = run
    model, plain = read_model_folder(folder), tmp_path / "plain"
    net = build("tiny", num_classes=len(model.labels), learned_classes=True)
    make_model_folder(net, plain, replace(model, config=net.config_dict()), half=False)
    with pytest.raises(SystemExit):
        module.main(["--config", str(path), "--model", str(plain), "--out", str(tmp_path / "taught")])
    assert "has no second opinion" in capsys.readouterr().err and not (tmp_path / "taught").exists()
