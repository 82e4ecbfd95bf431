"""Tests the ellipses of queries: their position, that masks stay within them, and that export and size do not change them."""
from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the network needs torch")

from rmpsam_ros.network import build  # noqa: E402
from rmpsam_ros.network.anchors import CLICK_RADIUS, Locator, object_anchors, prompt_anchors  # noqa: E402

from models import TINY_CLASSES  # noqa: E402  isort: skip


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def network(**options):
    return build("tiny", anchors=True, mean_pooling=True, learned_classes=True, stuff_queries=2, **options)


def ellipse_map(anchor: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """(height, width) log odds of one anchor, computed per cell from the formula."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    cx, cy, log_rx, log_ry, log_strength = anchor.tolist()
    return torch.tensor(log_strength).exp() * (1 - ((x - cx) / torch.tensor(log_rx).exp()) ** 2 - ((y - cy) / torch.tensor(log_ry).exp()) ** 2)


def test_shape__of_an_anchor_is_its_ellipse():
    net, anchor = network(), torch.tensor([[[0.3, -0.2, -1.0, -0.5, 0.4]]])
    features = net.mask_features(torch.randn(1, net.config.mid, 16, 24))
    assert torch.allclose(features.ellipses(anchor)[0, 0], ellipse_map(anchor[0, 0], 16, 24), atol=1e-4)
    kernels = torch.randn(1, 1, net.config.dim)
    assert torch.allclose(features.product(kernels, anchor), features.product(kernels) + features.ellipses(anchor), atol=1e-4)


def test_ellipses__of_small_objects_are_exact_under_autocast():
    net, anchor = network(), torch.tensor([[[0.71, 0.63, -3.2, -3.2, 0.0]]])
    compact = torch.randn(1, net.config.mid, 64, 80)
    exact = net.mask_features(compact).ellipses(anchor)
    with torch.autocast("cpu", torch.bfloat16):
        low = net.mask_features(compact.bfloat16()).ellipses(anchor)
    near = exact.abs() < 20
    assert (low - exact)[near].abs().max() < 0.05


def test_prompt_anchors__of_a_click_lie_on_its_cell():
    click = torch.tensor([[[41.5, 25.5, 47.5, 31.5]]])  # around (44.5, 28.5): the centre of column 10.75, row 6.75
    anchor, content = prompt_anchors(click, (16, 24), 6.0)
    assert anchor[0, 0, :2].tolist() == pytest.approx([2 * 10.75 / 23 - 1, 2 * 6.75 / 15 - 1], abs=1e-5)
    assert anchor[0, 0, 2:4].exp().tolist() == pytest.approx([CLICK_RADIUS] * 2) and content[0, 0, 2] < anchor[0, 0, 2]


def test_prompt_anchors__of_a_box_fill_it():
    anchor, _ = prompt_anchors(torch.tensor([[[8.0, 16.0, 72.0, 48.0]]]), (16, 24), 6.0)
    inside = ellipse_map(anchor[0, 0], 16, 24) > 0
    rows, columns = inside.any(dim=1).nonzero().flatten(), inside.any(dim=0).nonzero().flatten()
    assert (columns[0] * 4, columns[-1] * 4 + 4) == (pytest.approx(8, abs=8), pytest.approx(72, abs=8))
    assert (rows[0] * 4, rows[-1] * 4 + 4) == (pytest.approx(16, abs=6), pytest.approx(48, abs=6))


def test_object_anchors__begin_with_the_stuff_and_cover_the_picture():
    anchors = object_anchors(100, 14)
    assert anchors.shape == (100, 5) and (anchors[:14, 2] > 1).all() and (anchors[14:, 2] < 0).all()
    covered = torch.stack([ellipse_map(a, 30, 40) > 0 for a in anchors[14:]]).any(dim=0)
    assert covered.float().mean() > 0.98  # except for the extreme corners


def test_locator__moves_in_radii_and_keeps_its_limits():
    locator = Locator(4)
    anchors, queries = torch.tensor([[[0.0, 0.0, -1.0, -1.0, 0.0]]]), torch.randn(1, 1, 4)
    assert torch.equal(locator(queries, anchors), anchors)  # untrained, no ellipse moves
    torch.nn.init.constant_(locator.move.bias, 1.0)
    assert locator(queries, anchors)[0, 0].tolist() == pytest.approx([0.3679, 0.3679, 0.0, 0.0, 1.0], abs=1e-4)
    torch.nn.init.constant_(locator.move.bias, 1e4)
    assert locator(queries, anchors).abs().max() <= 3.0


def test_prompts__of_a_fresh_network_stay_round_their_click():
    net = network()
    with torch.no_grad():
        features = net.mask_features(net.encode(net.normalize(torch.rand(1, 3, 96, 128) * 255))[0])
        boxes = torch.tensor([[[17.0, 17.0, 23.0, 23.0], [97.0, 67.0, 103.0, 73.0]]])
        logits = net.decode_prompts(features, boxes, torch.ones(1, 2, dtype=torch.long), (96, 128)).mask_logits[0]
    assert (logits[0, 5, 5] > logits[0, 18, 28]).item() and (logits[1, 17, 25] > logits[1, 3, 3]).item()


def test_mean_pooling__is_the_same_at_every_size():
    net = network()
    compact = torch.randn(1, net.config.mid, 1, 1)
    pooled = [net.mask_features(compact.expand(-1, -1, h, w)).pool(torch.ones(1, 1, h, w)) for h, w in ((8, 8), (16, 24))]
    assert torch.allclose(*pooled, atol=1e-4)


def test_dense_features__are_decoded_as_the_factored_ones_are():
    net = network(pooled_classes=True)
    image = net.normalize(torch.rand(1, 3, 96, 128) * 255)
    boxes, labels = torch.tensor([[[40.0, 30.0, 46.0, 36.0]]]), torch.ones(1, 1, dtype=torch.int64)
    with torch.no_grad():
        dense, factored = net.features(image), net.mask_features(net.encode(image)[0])
        for one, other in ((net.decode_objects(dense), net.decode_objects(factored)),
                           (net.decode_prompts(dense, boxes, labels, (96, 128)), net.decode_prompts(factored, boxes, labels, (96, 128)))):  # fmt: skip
            classes, masks, queries, iou = one
            assert torch.allclose(masks, other.mask_logits, atol=1e-3) and torch.allclose(queries, other.queries, atol=1e-3)
            assert torch.allclose(classes, other.class_logits, atol=1e-2) and torch.allclose(iou, other.iou, atol=1e-3)


@pytest.mark.parametrize("options", [{}, {"pooled_classes": True, "matrix_nms": True, "class_scale": 20.0}, {"second_opinion": True},
                                     {"class_votes": True, "matrix_nms": True}],
                         ids=["plain", "nms", "opinion", "votes"])  # fmt: skip
def test_export__of_a_network_with_anchors_computes_the_same(tmp_path, options):
    pytest.importorskip("openvino", reason="exports are checked with OpenVINO")
    pytest.importorskip("onnx", reason="making a model folder needs onnx")
    from dataclasses import replace

    from rmpsam_ros.convert import untrained
    from rmpsam_ros.export import make_model_folder
    from rmpsam_ros.labels import make_label_set
    from rmpsam_ros.network import load_model

    net = network(**options)
    for locator in [m for m in net.modules() if isinstance(m, Locator)]:
        torch.nn.init.normal_(locator.move.weight, std=0.02)  # a trained network's ellipses move
    if net.panoptic_head.opinion is not None:
        torch.nn.init.normal_(net.panoptic_head.opinion.layers[-1].weight)  # and it has an opinion
    _, model = untrained("tiny", make_label_set("tiny", *TINY_CLASSES))
    folder = tmp_path / "anchored"
    differences = make_model_folder(net, folder, replace(model, config=net.config_dict(), input_size=(96, 128)), half=False)
    assert differences and all(d.passed for d in differences)
    again = load_model(folder)
    assert again.config == net.config and torch.equal(again.panoptic_head.anchors.weight, net.panoptic_head.anchors.weight)


def test_pooled_classes__depend_on_what_lies_under_the_mask():
    with_them, without = network(pooled_classes=True), network()
    features = with_them.mask_features(torch.randn(1, with_them.config.mid, 16, 24))
    missing, unexpected = with_them.load_state_dict(without.state_dict(), strict=False)
    assert not unexpected and {key.split(".")[1] for key in missing} == {"pooled_cls"}
    with torch.no_grad():
        before = without.decode_objects(features)
        after = with_them.decode_objects(features)
    assert torch.equal(before.mask_logits, after.mask_logits)
    assert not torch.allclose(before.class_logits, after.class_logits)


def test_class_scale__multiplies_the_cosines():
    sharp, soft = network(), network(class_scale=20.0)
    soft.load_state_dict(sharp.state_dict())
    features = sharp.mask_features(torch.randn(1, sharp.config.mid, 16, 24))
    with torch.no_grad():
        ratio = soft.decode_objects(features).class_logits[..., :-1] / sharp.decode_objects(features).class_logits[..., :-1]
    assert ratio.numpy() == pytest.approx(0.2, rel=1e-3)
