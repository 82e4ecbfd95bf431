"""Tests the value of a second opinion, on an image with known ground truth."""
from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the network needs torch")

from rmpsam_ros.data.sample import Coverage, Sample  # noqa: E402
from rmpsam_ros.evaluation import naming as naming_module  # noqa: E402
from rmpsam_ros.evaluation.naming import Naming, add  # noqa: E402
from rmpsam_ros.network import build  # noqa: E402


def test_naming__counts_what_was_found_and_who_named_it_rightly():
    torch.manual_seed(0)
    net = build("tiny", anchors=True, second_opinion=True, stuff_queries=2, num_queries=12, class_scale=1.0)
    opinion = net.panoptic_head.opinion.layers[-1]
    torch.nn.init.constant_(opinion.bias, -9.0)
    opinion.bias.data[3] = 9.0  # classifies everything as class 3
    image = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    pixels = net.normalize(torch.from_numpy(image).permute(2, 0, 1)[None])
    with torch.no_grad():
        output = net.decode_objects(net.mask_features(*net.encode(pixels)))
    areas = (output.mask_logits[0, 2:] > 0).flatten(1).sum(dim=1)
    found = (output.mask_logits[0, 2 + int(areas.argmax())] > 0).numpy().repeat(4, axis=0).repeat(4, axis=1)  # a query's own mask
    assert found.any()
    missed = np.zeros_like(found)
    missed[:8, :8] = True
    sample = Sample("one", image, np.array([found, found, missed, found]), np.array([3, 1, 3, -1]), np.zeros((96, 128), bool), Coverage.ALL)
    naming = Naming()
    add(naming, net, sample, np.array([True] * 5 + [False]), (96, 128))
    assert (naming.things, naming.opinion, naming.both) == (3, 1, 1) and naming.found == 2
    assert naming.row("it").startswith("| it | 2 of 3 | ") and naming.row("it").endswith("| 50.0 % | 50.0 % |")


def test_naming__interrupted__says_so_in_one_line(capsys, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(naming_module, "_print_table", interrupted)
    assert naming_module.main(["--config", "run.yaml"]) == 130
    assert capsys.readouterr().err == "python -m rmpsam_ros.evaluation.naming: interrupted\n"
