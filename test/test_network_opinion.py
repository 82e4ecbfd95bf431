"""Tests the second opinion on an object's class: its input, its weight, and that it is trained separately."""
from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the network needs torch")

from rmpsam_ros.network import build  # noqa: E402
from rmpsam_ros.network.mask_features import MaskFeatures  # noqa: E402
from rmpsam_ros.network.opinion import agree  # noqa: E402


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def net():
    return build("tiny", second_opinion=True)


@pytest.fixture
def image(net):
    return net.normalize(torch.rand(1, 3, 64, 96) * 255)


def test_agree__multiplies_what_both_say_of_the_class_and_keeps_whether_there_is_an_object():
    said, opinion = torch.randn(2, 5, 4), torch.randn(2, 5, 3)
    before, after = said.softmax(-1), agree(said, opinion).softmax(-1)
    assert torch.allclose(after[..., -1], before[..., -1], atol=1e-6)
    product = before[..., :-1] * opinion.softmax(-1)
    assert torch.allclose(after[..., :-1] / after[..., :-1].sum(-1, keepdim=True), product / product.sum(-1, keepdim=True), atol=1e-6)


def test_agree__no_opinion_changes_nothing():
    said = torch.randn(1, 5, 4)
    assert torch.allclose(agree(said, torch.full((1, 5, 3), 7.0)).softmax(-1), said.softmax(-1), atol=1e-6)


def test_agree__an_opinion_however_strong_leaves_finite_numbers():
    said = torch.tensor([[[1.0, 2.0, 0.5, 1.5]]])
    after = agree(said, torch.tensor([[[1000.0, 0.0, -1000.0]]])).softmax(-1)
    nothing = said.softmax(-1)[0, 0, -1].item()
    assert after[0, 0].tolist() == pytest.approx([1 - nothing, 0, 0, nothing], abs=1e-6)


def test_pool_deep__is_the_mean_of_each_map_under_the_mask():
    deep = torch.randn(1, 3, 4, 6), torch.randn(1, 2, 2, 3)
    claimed = torch.zeros(1, 2, 16, 24)
    claimed[0, 0, 4:12, 8:10] = 1  # two cells of the finer map, half of each; of the coarser map parts of two cells
    pooled = MaskFeatures(torch.zeros(1, 8, 16, 24), deep=deep).pool_deep(claimed)
    assert torch.allclose(pooled[0, 0], torch.cat((deep[0][0, :, 1:3, 2].mean(dim=1), deep[1][0, :, 0:2, 1].mean(dim=1))))
    assert not pooled[0, 1].any()  # an empty mask covers nothing


def test_fresh__it_has_none_and_the_other_outputs_never_depend_on_it(net, image):
    plain = build("tiny")
    plain.load_state_dict({k: v for k, v in net.state_dict().items() if "opinion" not in k})
    with torch.no_grad():
        expected = plain.decode_objects(plain.mask_features(plain.encode(image)[0]))
        fresh = net.decode_objects(net.mask_features(*net.encode(image)))
        torch.nn.init.normal_(net.panoptic_head.opinion.layers[-1].weight)
        taught = net.decode_objects(net.mask_features(*net.encode(image)))
    assert torch.allclose(fresh.class_logits.softmax(-1), expected.class_logits.softmax(-1), atol=1e-5)
    assert not torch.allclose(taught.class_logits.softmax(-1), expected.class_logits.softmax(-1), atol=1e-3)
    assert torch.equal(taught.mask_logits, expected.mask_logits) and torch.equal(taught.queries, expected.queries)


def test_training__neither_learns_from_the_other(net, image):
    torch.nn.init.normal_(net.panoptic_head.opinion.layers[-1].weight)
    stages = []
    output = net.panoptic_head.decode_objects(net.mask_features(*net.encode(image)), stages)
    output.opinion.square().mean().backward(retain_graph=True)
    learned = {name for name, parameter in net.named_parameters() if parameter.grad is not None and parameter.grad.any()}
    assert learned and all(name.startswith("panoptic_head.opinion.") for name in learned)
    net.zero_grad()
    (output.class_logits.square().mean() + sum(stage.class_logits.square().mean() for stage in stages)).backward()
    assert not any(p.grad is not None and p.grad.any() for p in net.panoptic_head.opinion.parameters())
    assert any(p.grad is not None and p.grad.any() for p in net.backbone.parameters())


def test_dense_features__are_decoded_without_it(net, image):
    torch.nn.init.normal_(net.panoptic_head.opinion.layers[-1].weight)
    plain = build("tiny")
    plain.load_state_dict({k: v for k, v in net.state_dict().items() if "opinion" not in k})
    with torch.no_grad():
        assert torch.equal(net.decode_objects(net.features(image)).class_logits, plain.decode_objects(plain.features(image)).class_logits)


def test_stuff_queries__keep_the_class_that_they_own():
    net = build("tiny", second_opinion=True, anchors=True, stuff_queries=3)
    torch.nn.init.normal_(net.panoptic_head.opinion.layers[-1].weight)
    features = net.mask_features(*net.encode(net.normalize(torch.rand(1, 3, 64, 96) * 255)))
    with torch.no_grad():
        alone = net.panoptic_head.decode_objects(features, []).class_logits.softmax(-1)
        both = net.decode_objects(features).class_logits.softmax(-1)
    assert torch.equal(both[:, :3], alone[:, :3]) and not torch.allclose(both[:, 3:], alone[:, 3:], atol=1e-3)
