"""Tests batches of several images: loaded by workers in order, and each image contributes to the losses as if alone."""
from __future__ import annotations

import os
import re
from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from test_training_losses import WEIGHTS, batch_of, cells_of, logits_of, masks_of_columns, output_of  # noqa: E402

from rmpsam_ros.data.sample import Coverage  # noqa: E402
from rmpsam_ros.errors import DataError  # noqa: E402
from rmpsam_ros.training import batches as batches_module  # noqa: E402
from rmpsam_ros.training import matcher  # noqa: E402
from rmpsam_ros.training.batches import Batch, Batches, loader, quarters  # noqa: E402
from rmpsam_ros.training.config import load_config  # noqa: E402
from rmpsam_ros.training.criterion import Criterion, _alike  # noqa: E402
from rmpsam_ros.training.example import write_example  # noqa: E402
from rmpsam_ros.training.matcher import assign, costs  # noqa: E402
from rmpsam_ros.training.run import TrainingRun  # noqa: E402
from rmpsam_ros.training.truth import Truth  # noqa: E402

IS_THING = torch.tensor([True, True, False])
OWNER = torch.tensor([-1, -1, 0])


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return write_example(tmp_path_factory.mktemp("shapes"), count=12)


def short(example, **changes):
    return replace(load_config(example), workers=0, curve_minutes=0.0, **changes)


def test_batch__of_workers__is_that_of_this_process(example):
    run = TrainingRun(short(example, steps=3, out="workers"))
    batches = Batches(run.mixture, 3, 2, run.config.prompts, seed=1)
    for here, there in zip(batches, loader(batches, 1), strict=False):
        for item in fields(Batch):
            a, b = getattr(here, item.name), getattr(there, item.name)
            assert torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b, item.name


def test_loader__a_signal_to_all_processes_of_a_run_does_not_reach_its_workers(monkeypatch):
    monkeypatch.setattr(Batches, "_batch", lambda self, number: (os.getpid(), os.getpgid(0)))
    mixture = SimpleNamespace(size=(32, 32))
    ((worker, group),) = loader(Batches(mixture, 1, 1, SimpleNamespace(number=1)), 1)
    assert worker != os.getpid() and group == worker != os.getpgid(0)


def test_batch__holds_the_objects_of_all_pictures_in_order(example):
    run = TrainingRun(short(example, steps=3, out="order"))
    batch = Batches(run.mixture, 4, 1, run.config.prompts, seed=2)[0]
    height, width = run.config.input_size
    assert len(batch) == len(batch.counts) == 4 and sum(batch.counts) == len(batch.masks) == len(batch.class_ids) > 4
    assert batch.masks.shape[1:] == batch.voids.shape[2:] == batch.answers.shape[2:] == (height // 2, width // 2)
    assert batch.masks.dtype == batch.voids.dtype == batch.answers.dtype == torch.uint8 and int(batch.masks.max()) == 4
    rng = np.random.default_rng((2, 0, 0))
    first, _ = run.mixture.image(rng)
    assert batch.counts[0] == len(first)
    assert batch.masks[: len(first)].sum(dim=(1, 2)).tolist() == first.masks.sum(axis=(1, 2)).tolist()
    moved = batch.to(torch.device("cpu"))
    assert moved.counts == batch.counts and torch.equal(moved.masks, batch.masks)


def test_batch__answers_and_voids__are_those_of_its_samples(example, monkeypatch):
    run = TrainingRun(short(example, steps=3, out="voids"))
    made, samples, sample_prompts = [], [], batches_module.sample_prompts

    def seen(sample, *args):
        unknown = np.random.default_rng(len(samples)).random(sample.size) < 0.2
        samples.append(replace(sample, void=unknown & ~sample.masks.any(axis=0), no_thing=np.roll(unknown, 7)))
        made.append(sample_prompts(samples[-1], *args))
        return made[-1]

    image = run.mixture.image
    monkeypatch.setattr(batches_module, "sample_prompts", seen)
    batch = Batches(run.mixture, 2, 1, run.config.prompts, seed=3)[0]
    assert [torch.equal(batch.answers[b], torch.from_numpy(quarters(made[b].masks))) for b in (0, 1)] == [True, True]
    assert [torch.equal(batch.answer_voids[b], torch.from_numpy(quarters(made[b].voids))) for b in (0, 1)] == [True, True]
    first, valid = image(np.random.default_rng((3, 0, 0)))
    first = replace(first, void=samples[0].void, no_thing=samples[0].no_thing)
    voids = batches_module._collate([[first]], [valid], []).voids[0]
    assert torch.equal(voids, torch.from_numpy(quarters(np.stack((first.void, first.void | first.no_thing)))))
    assert int(voids[1].sum()) > int(voids[0].sum())


# --- in the losses --------------------------------------------------------------------------------------------------


def pictures() -> list[dict]:
    """One fully labelled with an object without a class, one from a things dataset without things, one only partly labelled."""
    unknown = masks_of_columns((40, 48), (4, 9), (30, 48))
    return [{"masks": masks_of_columns((0, 14), (14, 30), (30, 40)), "class_ids": [1, -1, 2], "coverage": Coverage.ALL, "void": unknown[0], "no_thing": unknown[1]},
            {"masks": masks_of_columns((0, 8))[:0], "class_ids": [], "coverage": Coverage.THINGS, "void": unknown[1], "no_thing": unknown[2]},
            {"masks": masks_of_columns((2, 26)), "class_ids": [0], "coverage": Coverage.SOME, "void": unknown[2], "no_thing": unknown[0]}]  # fmt: skip


def together(alone: list[Batch]) -> Batch:
    values = {item.name: [getattr(batch, item.name) for batch in alone] for item in fields(Batch)}
    return Batch(**{name: sum(value, ()) if isinstance(value[0], tuple) else torch.cat(value) for name, value in values.items()})


def truth_of(batch: Batch) -> Truth:
    return Truth.of(batch.masks, batch.voids, batch.class_ids, batch.counts, IS_THING)


@pytest.fixture
def outputs() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of five queries: the first is stuff, the others lie on and next to the objects."""
    found = [masks_of_columns((28, 40), (0, 14), (1, 15), (15, 31), (20, 24)), masks_of_columns((0, 9), (5, 9), (0, 48), (7, 8), (20, 30)),
             masks_of_columns((0, 2), (2, 30), (3, 24), (2, 12), (24, 44))]  # fmt: skip
    return torch.stack([logits_of(masks, 4.0) for masks in found]), torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(1))


def test_pictures__cost_resemble_and_teach_as_if_each_were_alone(outputs, monkeypatch):
    points = torch.rand(3, 400, 2, generator=torch.Generator().manual_seed(0))
    logits, classes = outputs
    alone = [batch_of(**picture) for picture in pictures()]
    whole, criterion = together(alone), Criterion(IS_THING, WEIGHTS, stuff_queries=True, one_to_many=True)
    monkeypatch.setattr(matcher, "random_points", lambda number, count, device: points)
    truth = truth_of(whole)
    table = costs(classes, logits, truth, WEIGHTS, OWNER)
    alike, pairs = _alike(logits, truth), assign(table[None], truth, WEIGHTS, OWNER)[0]
    allowed, weight = criterion._teach(classes, whole.coverage, truth, pairs, alike)
    assert table.shape == (3, 5, 3) and len(pairs[0]) == 4
    first = np.cumsum((0, *whole.counts))
    for b, batch in enumerate(alone):
        monkeypatch.setattr(matcher, "random_points", lambda number, count, device, b=b: points[b : b + 1])
        own, count = truth_of(batch), len(batch.class_ids)
        own_table = costs(classes[b : b + 1], logits[b : b + 1], own, WEIGHTS, OWNER)
        assert torch.allclose(table[b, :, :count], own_table[0], atol=1e-4)
        assert torch.allclose(alike[b, :, :count], _alike(logits[b : b + 1], own)[0])
        rows, columns = assign(own_table[None], own, WEIGHTS, OWNER)[0]
        mine = pairs[0] // 5 == b
        assert torch.equal(pairs[0][mine] - 5 * b, rows) and torch.equal(pairs[1][mine] - int(first[b]), columns)
        own_allowed, own_weight = criterion._teach(classes[b : b + 1], batch.coverage, own, (rows, columns), _alike(logits[b : b + 1], own))
        assert torch.equal(allowed[b], own_allowed[0]) and torch.allclose(weight[b], own_weight[0])


def test_truth__has_each_picture_s_own_objects_and_voids():
    alone = [batch_of(**picture) for picture in pictures()]
    truth = truth_of(together(alone))
    assert len(truth) == 4 and truth.pictures.tolist() == [0, 0, 0, 2] and truth.slots.tolist() == [0, 1, 2, 0]
    assert truth.padded_classes().tolist() == [[1, -1, 2], [-1, -1, -1], [0, -1, -1]]
    for b, batch in enumerate(alone):
        void, no_stuff = batch.voids[0].float() / 4
        assert torch.equal(truth.voids[b], void)
        for row in (truth.pictures == b).nonzero()[:, 0].tolist():
            assert torch.equal(truth.maps[row, 1], no_stuff if truth.class_ids[row] == 2 else void)
            assert torch.equal(truth.maps[row, 0], batch.masks[truth.slots[row]].float() / 4)


def test_alike__what_is_void__does_not_count():
    void = masks_of_columns((24, 48))[0]
    batch = batch_of(masks_of_columns((0, 24)), [0], void=void)
    assert _alike(logits_of(masks_of_columns((0, 48)))[None], truth_of(batch))[0, 0, 0] == 1.0
    batch = batch_of(masks_of_columns((0, 24)), [0], no_thing=void)  # it is known to be no thing
    assert _alike(logits_of(masks_of_columns((0, 48)))[None], truth_of(batch))[0, 0, 0] == pytest.approx(0.5)


def test_seen__counts_classes_and_nothing_without_one(outputs):
    criterion = Criterion(IS_THING, replace(WEIGHTS, balance=0.5))
    logits, classes = outputs
    whole = together([batch_of(**picture) for picture in pictures()])
    output = output_of(logits[0], classes[0])._replace(class_logits=classes, mask_logits=logits, queries=torch.zeros(3, 5, 8), iou=torch.zeros(3, 5, 1))
    criterion.objects([output], whole)
    assert criterion.seen.tolist() == [2.0, 2.0, 2.0]


def test_prompts__a_perfect_answer_costs_little_and_void_is_excused():
    masks, spilt = masks_of_columns((0, 24), (8, 20)), masks_of_columns((0, 48), (8, 20))
    batch = batch_of(masks, [0, 0])
    batch = replace(batch, answers=cells_of(masks)[None], answer_voids=torch.zeros_like(cells_of(masks))[None])
    criterion = Criterion(IS_THING, WEIGHTS)
    perfect = criterion.prompts([output_of(logits_of(masks), torch.zeros(2, 4))._replace(iou=torch.ones(1, 2, 1))], batch)
    assert 0 <= perfect["prompt/mask"] < 1 and 0 <= perfect["prompt/dice"] < 0.5 and perfect["prompt/iou"] == 0  # points lie on the edge
    wrong = criterion.prompts([output_of(logits_of(spilt), torch.zeros(2, 4))], batch)["prompt/mask"]
    excused = replace(batch, answer_voids=cells_of(masks_of_columns((24, 48), (24, 48)))[None])
    assert wrong > 5 > 1 > criterion.prompts([output_of(logits_of(spilt), torch.zeros(2, 4))], excused)["prompt/mask"]


@pytest.mark.parametrize("workers", [0, 1])
def test_loader__what_is_wrong_with_a_picture_is_one_sentence(example, workers):
    run = TrainingRun(short(example, steps=3, out="bad"))

    class Broken:
        size, is_thing = run.mixture.size, run.mixture.is_thing

        def image(self, rng):
            raise DataError("photos.json image 3 (b.png): annotation 7 has an empty mask.")

    with pytest.raises(DataError) as error:
        next(loader(Batches(Broken(), 3, 2, run.config.prompts), workers))
    assert str(error.value) == "photos.json image 3 (b.png): annotation 7 has an empty mask; `rmpsam train --check` lists all problems."


@pytest.mark.parametrize("room, workers, advice", [(0.5, 2, "give workers: 0 (the run itself then makes the batches)."), (2.5, 4, "give workers: 2.")])
def test_loader__too_little_shared_memory_for_the_workers__is_said_before_they_hang(example, monkeypatch, tmp_path, room, workers, advice):
    run = TrainingRun(short(example, steps=3, out="shared"))
    batches = Batches(run.mixture, 3, 100, run.config.prompts)
    monkeypatch.setattr(batches_module, "SHARED_MEMORY", tmp_path)
    free = int(room * batches_module.PREFETCH * batches.bytes)
    monkeypatch.setattr(batches_module.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    with pytest.raises(DataError, match=f"workers is {workers}: their batches need .* --shm-size=1g, or {re.escape(advice)}"):
        loader(batches, workers)
    assert next(loader(batches, 0)).images.shape[0] == 3
    assert list(loader(Batches(run.mixture, 3, 0, run.config.prompts), 1)) == [], "nothing to draw takes no memory"


def test_batches__their_size_is_about_what_is_expected(example):
    run = TrainingRun(short(example, steps=3, out="bytes"))
    batches = Batches(run.mixture, 4, 1, run.config.prompts, seed=2)
    real = sum(value.numel() * value.element_size() for value in vars(batches[0]).values() if isinstance(value, torch.Tensor))
    assert 0.5 * real < batches.bytes < 2 * real
