"""Tests the optimiser: learning rates, decay, frozen parts, the average, and the origin of a run's initial network."""
from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from training_runs import example, one_thread, short, start_folder  # noqa: F401, E402

from rmpsam_ros.data.label_map import load_label_map  # noqa: E402
from rmpsam_ros.errors import DataError, ModelError  # noqa: E402
from rmpsam_ros.model_folder import read_model_folder  # noqa: E402
from rmpsam_ros.network import build  # noqa: E402
from rmpsam_ros.training import run as run_module  # noqa: E402
from rmpsam_ros.training.finish import export_model  # noqa: E402
from rmpsam_ros.training.optimizer import AveragedNetwork, backbone_stages, freeze, make_optimizer, set_rate  # noqa: E402
from rmpsam_ros.training.run import TrainingRun  # noqa: E402
from rmpsam_ros.training.start import _OF_CLASSES, _OF_QUERIES, first_network  # noqa: E402
from rmpsam_ros.types import ClassLabel, LabelSet  # noqa: E402


def test_freeze__keeps_the_first_stages_and_the_norms(example):
    run = TrainingRun(short(example, freeze_stages=2, freeze_batchnorm="backbone", out="frozen", steps=1))
    before = {key: value.clone() for key, value in run.net.state_dict().items()}
    run.train()
    after = run.net.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before if k.startswith(("backbone.conv1", "backbone.layer2")) or (
        k.startswith("backbone.") and "running" in k))  # fmt: skip
    assert not torch.equal(before["panoptic_head.kernels.weight"], after["panoptic_head.kernels.weight"])


def test_device__that_is_none_is_refused():
    with pytest.raises(DataError, match="device is 'gpu'; it must be auto, cpu"):
        run_module.device_of("gpu")
    assert run_module.device_of("cpu") == "cpu"


def test_start__from_a_model_keeps_its_weights_and_of_the_same_classes_their_embeddings(example):
    pytest.importorskip("openvino", reason="exports are checked with OpenVINO")
    first = TrainingRun(short(example, steps=1, out="begin", model_size=(96, 160)))
    key, labels = "panoptic_head.text_classifier.embedding", first.label_map.labels
    with torch.no_grad():
        first.averaged.net.get_parameter(key).copy_(first.averaged.net.get_parameter(key).roll(1, dims=0))
    folder, kept = export_model(first), first.averaged.net.state_dict()
    assert read_model_folder(folder).input_size == (96, 160)
    config = short(example, start=str(folder), network={})
    again = first_network(config, labels).state_dict()
    assert all(torch.allclose(again[name], kept[name], atol=2e-3) for name in kept if kept[name].is_floating_point())
    renamed = replace(labels, classes=tuple(replace(label, name=f"other {label.name}") for label in labels.classes))
    other = first_network(config, renamed).state_dict()
    assert not torch.allclose(other[key], kept[key], atol=2e-3) and torch.equal(other["panoptic_head.kernels.weight"], again["panoptic_head.kernels.weight"])


def test_start__brings_its_options_of_the_network_unless_the_run_names_others(example):
    pytest.importorskip("openvino", reason="exports are checked with OpenVINO")
    options = {"anchors": True, "stuff_queries": 2, "mean_pooling": True, "pooled_classes": True, "second_opinion": True,
               "class_scale": 20.0}  # fmt: skip
    folder = export_model(TrainingRun(short(example, steps=1, out="with options", network=options)))
    labels = load_label_map(example.parent / "labels.yaml").labels
    config = short(example, start=str(folder), network={})
    net = first_network(config, labels)
    assert {name: getattr(net.config, name) for name in options} == options
    further = export_model(TrainingRun(short(example, steps=1, out="goes on", start=str(folder), network={})))
    assert options.items() <= read_model_folder(further).config.items()
    fewer = replace(labels, classes=tuple(label for label in labels.classes if label.name != "sand"))
    other = first_network(replace(config, network={"class_scale": 50.0, "pooled_classes": False}), fewer).config
    assert other.anchors and (other.stuff_queries, other.num_classes, other.class_scale, other.pooled_classes) == (1, 4, 50.0, False)
    assert not first_network(short(example, network={}), labels).config.anchors
    with pytest.raises(DataError, match="stuff_queries is 3, but the labels have 2 stuff classes"):
        first_network(short(example, network={"stuff_queries": 3}), labels)


@pytest.mark.parametrize("change", ["one more", "one less", "other order"])
def test_start__with_other_classes__takes_over_what_it_knows_of_each_by_its_name(example, change):
    run = TrainingRun(short(example, out="knows", network={"anchors": True, "stuff_queries": 2, "second_opinion": True}))
    before = run.averaged.net
    with torch.no_grad():
        for tensor in before.state_dict().values():
            if tensor.is_floating_point():
                tensor.add_(torch.rand_like(tensor))
    start, labels = start_folder(run, example.parent / "knows"), run.label_map.labels  # disc, square, triangle; grass, sand
    classes = {"one more": (ClassLabel(0, "bear", True, (0, 0, 0)), *labels.classes), "one less": tuple(c for c in labels.classes if c.name != "grass"),
               "other order": labels.classes[::-1]}[change]  # fmt: skip
    changed = LabelSet("changed", tuple(replace(label, id=number) for number, label in enumerate(classes)))
    net = first_network(short(example, start=str(start)), changed)
    names, others = ([c.name for c in some.classes] for some in (changed, labels))
    for key in _OF_CLASSES:
        own, known = net.state_dict()[key], before.state_dict()[key]
        for row, name in enumerate(names):
            assert name == "bear" or torch.equal(own[row], known[others.index(name)]), (key, name)
    stuff = [c.name for c in changed.classes if not c.is_thing]
    for key in _OF_QUERIES:
        own, known = net.state_dict()[key], before.state_dict()[key]
        assert torch.equal(own[: len(stuff)], known[[("grass", "sand").index(name) for name in stuff]])
        shared = min(len(own) - len(stuff), len(known) - 2)
        assert torch.equal(own[len(stuff) :][:shared], known[2:][:shared])


def test_start__by_the_name_of_a_model(example, monkeypatch, capsys):
    run = TrainingRun(short(example, out="named"))
    start_folder(run, example.parent / "models" / "mine")
    monkeypatch.setenv("RMPSAM_MODELS", str(example.parent / "models"))
    config = short(example, start="mine")
    assert config.start_path == example.parent / "models" / "mine"
    assert torch.equal(first_network(config, run.label_map.labels).state_dict()["neck.loc_conv.weight"], run.averaged.net.state_dict()["neck.loc_conv.weight"])
    with pytest.raises(ModelError, match="There is no model 'yours'"):
        first_network(short(example, start="yours"), run.label_map.labels)


def test_optimizer__backbone_learns_slower_and_norms_and_embeddings_do_not_decay():
    net = build("tiny", num_classes=3, learned_classes=True)
    freeze(net, 1)
    optimizer = make_optimizer(net, rate=0.01, decay=0.05, backbone_factor=0.1)
    named = {id(parameter): name for name, parameter in net.named_parameters()}
    of_name = {named[id(parameter)]: group for group in optimizer.param_groups for parameter in group["params"]}
    assert not any(name.startswith(("backbone.conv1", "backbone.bn1", "backbone.layer1")) for name in of_name)
    assert any(name.startswith("backbone.layer2") for name in of_name)
    for name, group in of_name.items():
        assert group["base"] == pytest.approx(0.001 if name.startswith("backbone.") else 0.01), name
    assert of_name["panoptic_head.kernels.weight"]["weight_decay"] == 0 and of_name["neck.loc_conv.weight"]["weight_decay"] == 0.05
    assert of_name["panoptic_head.prompt_iou.bias"]["weight_decay"] == 0 and of_name["backbone.layer2.0.bn1.weight"]["weight_decay"] == 0


def test_set_rate__warms_up_from_the_first_step_and_ends_at_a_hundredth():
    optimizer = make_optimizer(build("tiny", num_classes=3, learned_classes=True), 0.01, 0.0, 0.1)
    assert [set_rate(optimizer, step, 10, max(0, step - 10) / 90) for step in (0, 4, 10, 55, 100)] == pytest.approx([0.1, 0.5, 1.0, 0.505, 0.01])
    assert {round(group["lr"] / group["base"], 9) for group in optimizer.param_groups} == {0.01}


def test_averaged_network__soon_forgets_the_first_steps_and_copies_what_is_counted():
    net = torch.nn.BatchNorm2d(1)
    averaged = AveragedNetwork(net, 0.9)
    with torch.no_grad():
        net.weight += 10.0
    net.num_batches_tracked += 5
    averaged.update(net, 0)
    assert float(averaged.net.weight) == pytest.approx(1 + 9.0) and int(averaged.net.num_batches_tracked) == 5
    averaged.update(net, 1000)
    assert float(averaged.net.weight) == pytest.approx(10.1)


def test_train__a_step_with_infinite_gradients_leaves_the_weights_alone(example, monkeypatch):
    run = TrainingRun(short(example, steps=1, out="infinite"))
    weight = run.net.panoptic_head.kernels.weight
    before = weight.detach().clone()
    monkeypatch.setattr(run, "losses", lambda batch: {"object/class": (weight * float("nan")).sum()})
    run.train()
    assert torch.equal(weight, before) and run.step == 1


def test_freeze__frozen_stages_keep_their_statistics_even_where_all_others_learn_theirs(example):
    run = TrainingRun(short(example, freeze_stages=2, freeze_batchnorm="none", out="statistics", steps=2))
    before = {name: value.clone() for name, value in run.net.state_dict().items() if "running" in name}
    run.train()
    after, stages = run.net.state_dict(), backbone_stages(run.net)
    frozen = {id(module) for group in stages[:2] for part in group for module in part.modules()}
    names = {f"{name}.running_mean": id(module) in frozen for name, module in run.net.named_modules() if f"{name}.running_mean" in before}
    assert {torch.equal(after[name], before[name]) for name, is_frozen in names.items() if is_frozen} == {True}
    assert not all(torch.equal(after[name], before[name]) for name, is_frozen in names.items() if not is_frozen)
