"""Tests the network's parts on tiny shapes: properties that hold for any weights."""
from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the network needs torch")
from rmpsam_ros.errors import BackendError, ModelError  # noqa: E402
from rmpsam_ros.network import build, load_checkpoint  # noqa: E402
from rmpsam_ros.network.attention import Attention  # noqa: E402
from rmpsam_ros.network.checkpoint import load_tensor  # noqa: E402
from rmpsam_ros.network.classifier import TextClassifier, orthogonal_embedding  # noqa: E402
from rmpsam_ros.network.deform import modulated_deform_conv  # noqa: E402
from rmpsam_ros.network.mask_features import MaskFeatures  # noqa: E402


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    net = build("tiny")
    for parameter in net.parameters():  # offsets start at zero: make every part have an effect
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    return net


def explicit_deform_conv(x, offset, mask, weight):
    """DCNv2 sample by sample, as in its definition."""
    _, channels, height, width = x.shape
    out = np.zeros((weight.shape[0], height, width))
    for row in range(height):
        for column in range(width):
            for k in range(9):
                y = row - 1 + k // 3 + offset[0, 2 * k, row, column]
                z = column - 1 + k % 3 + offset[0, 2 * k + 1, row, column]
                for cy in (int(np.floor(y)), int(np.floor(y)) + 1):
                    for cx in (int(np.floor(z)), int(np.floor(z)) + 1):
                        if 0 <= cy < height and 0 <= cx < width:
                            share = (1 - abs(y - cy)) * (1 - abs(z - cx)) * mask[0, k, row, column]
                            out[:, row, column] += share * weight[:, :, k // 3, k % 3] @ x[0, :, cy, cx]
    return out


@pytest.mark.parametrize("height, width", [(4, 5), (1, 6), (3, 1), (1, 1)])
def test_modulated_deform_conv__equals_the_definition_also_at_one_pixel(height, width):
    generator = torch.Generator().manual_seed(height * 10 + width)
    x = torch.randn(1, 3, height, width, generator=generator)
    offset = 2 * torch.randn(1, 18, height, width, generator=generator)
    mask = torch.rand(1, 9, height, width, generator=generator)
    weight = torch.randn(2, 3, 3, 3, generator=generator)
    expected = explicit_deform_conv(*(t.double().numpy() for t in (x, offset, mask, weight)))
    np.testing.assert_allclose(modulated_deform_conv(x, offset, mask, weight)[0], expected, atol=2e-5)


def test_factored_features__pool_and_product_equal_the_dense_map(tiny):
    image = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        dense = MaskFeatures(tiny.features(image))
        factored = tiny.mask_features(tiny.encode(image)[0])
        weights, kernels = torch.rand(2, 5, 16, 24), torch.randn(2, 5, 32)
        torch.testing.assert_close(factored.pool(weights), dense.pool(weights), atol=1e-3, rtol=1e-4)
        torch.testing.assert_close(factored.product(kernels), dense.product(kernels), atol=1e-4, rtol=1e-4)


def test_pixel_attention__equals_torch_multi_head_attention():
    torch.manual_seed(1)
    own, official = Attention(16, 4), torch.nn.MultiheadAttention(16, 4, batch_first=True)
    torch.nn.init.normal_(own.in_proj_bias)
    official.load_state_dict(own.state_dict())
    query, features = torch.randn(2, 3, 16), torch.randn(2, 16, 5, 7)
    keys = features.flatten(2).transpose(1, 2)
    with torch.inference_mode():
        torch.testing.assert_close(own.pixels(query, MaskFeatures(features)), official(query, keys, keys)[0], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(own(query), official(query, query, query)[0], atol=1e-5, rtol=1e-5)
        blocked = ~torch.eye(3, dtype=torch.bool)
        torch.testing.assert_close(own.alone(query), official(query, query, query, attn_mask=blocked)[0], atol=1e-5, rtol=1e-5)


def test_decode_prompts__a_prompt_alone_and_among_others_is_the_same(tiny):
    with torch.inference_mode():
        features = tiny.features(torch.randn(1, 3, 64, 64))
        boxes = torch.tensor([[[1.0, 1, 7, 7], [20, 20, 60, 50], [-3, -3, 3, 3]]])
        together = tiny.decode_prompts(features, boxes, torch.ones(1, 3, dtype=torch.int64), (64, 60))
        alone = tiny.decode_prompts(features, boxes[:, 1:2], torch.ones(1, 1, dtype=torch.int64), (64, 60))
    torch.testing.assert_close(together.mask_logits[:, 1:2], alone.mask_logits, atol=1e-4, rtol=1e-4)


def test_decode__a_batch_equals_its_images_one_by_one(tiny):
    images = torch.randn(3, 3, 64, 96)
    with torch.inference_mode():
        batch = tiny.decode_objects(tiny.features(images))
        for index in range(3):
            single = tiny.decode_objects(tiny.features(images[index : index + 1]))
            torch.testing.assert_close(batch.class_logits[index : index + 1], single.class_logits, atol=1e-3, rtol=1e-3)


def test_text_classifier__the_best_synonym_counts_and_no_object_scores_zero():
    classifier = TextClassifier(2, 4, learned=False)
    table = torch.zeros(2, 2, 4)
    table[0, 0, 0] = table[0, 1, 1] = table[1, :, 2] = 1  # the second class repeats its only name
    classifier.set_embedding(table)
    assert classifier.embedding.shape == (3, 4)
    logits = classifier(torch.tensor([[[0.0, 3, 0, 4]]]))
    torch.testing.assert_close(logits, torch.tensor([[[60.0011, 0, 0]]]), atol=1e-3, rtol=0)
    torch.testing.assert_close(classifier.text_embedding(), table)


def test_text_classifier__refuses_rows_that_are_not_of_unit_norm():
    with pytest.raises(ValueError, match="unit norm"):
        TextClassifier(2, 4, learned=False).set_embedding(torch.ones(2, 1, 4))


def test_orthogonal_embedding__rows_are_orthonormal():
    rows = orthogonal_embedding(6, 24)[:, 0]
    torch.testing.assert_close(rows @ rows.t(), torch.eye(6), atol=1e-5, rtol=0)


@pytest.mark.parametrize("call, message", [
    (lambda: build("r19"), "not one of r50"),
    (lambda: build("tiny", depth=3), "no option 'depth'"),
    (lambda: build("tiny").features(torch.zeros(1, 3, 60, 64)), "multiples of 32"),
    (lambda: build("tiny").load_official({"a": torch.zeros(1)}, torch.eye(24)[:6]), "keys differ"),
])  # fmt: skip
def test_network__bad_input_gets_one_sentence(call, message):
    with pytest.raises(ModelError, match=message):
        call()


def test_load_official__shapes_of_another_network_load_nothing(tiny):
    state = dict(tiny.state_dict())
    state["neck.loc_conv.weight"] = torch.zeros(1, 2, 3, 4)
    net = build("tiny")
    before = net.neck.loc_conv.weight.clone()
    with pytest.raises(ModelError, match="loc_conv"):
        net.load_official(state, torch.eye(24)[:6])
    assert torch.equal(before, net.neck.loc_conv.weight)


def test_load_checkpoint__refuses_what_would_execute(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("executed",)

    torch.save({"state_dict": {"a": torch.zeros(1)}, "x": Evil()}, tmp_path / "evil.pth")
    (tmp_path / "text.pth").write_text("not a checkpoint")
    for name in ("evil.pth", "text.pth"):
        with pytest.raises(ModelError, match="cannot be loaded|not a checkpoint"):
            load_checkpoint(tmp_path / name)
    with pytest.raises(ModelError, match="no checkpoint"):
        load_checkpoint(tmp_path / "none.pth")


@pytest.mark.parametrize("content", [b"hello", b"", b"not a tensor", b"PK\x03\x04 cut off"])
def test_load_tensor__refuses_a_file_that_is_none(tmp_path, content):
    (tmp_path / "text.pth").write_bytes(content)
    with pytest.raises(ModelError, match="cannot be loaded safely"):
        load_tensor(tmp_path / "text.pth")


def test_load_checkpoint__old_torch__says_what_is_needed(tmp_path, monkeypatch):
    torch.save({"state_dict": {"w": torch.ones(2)}}, tmp_path / "a.pth")
    monkeypatch.delattr(torch.serialization, "get_unsafe_globals_in_checkpoint")
    with pytest.raises(BackendError, match="needs torch 2.6 or newer"):
        load_checkpoint(tmp_path / "a.pth")


def test_load_checkpoint__skips_the_training_log_of_mmengine(tmp_path, monkeypatch):
    import sys
    import types

    module = types.ModuleType("mmengine.logging.history_buffer")
    history = type("HistoryBuffer", (), {"__module__": module.__name__, "__init__": lambda self: setattr(self, "values", [1.5])})
    module.HistoryBuffer = history
    names = ("mmengine", "mmengine.logging", module.__name__)
    for name in names:  # pickling looks up the class through its parents
        monkeypatch.setitem(sys.modules, name, module)
    torch.save({"state_dict": {"w": torch.ones(2)}, "message_hub": {"loss": history()}}, tmp_path / "official.pth")
    for name in names:
        monkeypatch.delitem(sys.modules, name)
    assert torch.equal(load_checkpoint(tmp_path / "official.pth")["w"], torch.ones(2))


def test_shared_adapter__prompts_depend_on_the_object_adapter_alone():
    torch.manual_seed(0)
    shared, split = (build("tiny", shared_adapter=flag) for flag in (True, False))
    split.load_state_dict(shared.state_dict())
    features, boxes, labels = torch.randn(1, 32, 16, 16), torch.tensor([[[10.0, 10, 16, 16]]]), torch.ones(1, 1, dtype=torch.int64)
    for net, used, unused in ((shared, "panoptic_attn", "prompt_attn"), (split, "prompt_attn", "panoptic_attn")):
        net.requires_grad_(True).zero_grad()
        net.decode_prompts(features, boxes, labels, (64, 64)).mask_logits.square().sum().backward()
        grads = {name: p.grad is not None and bool(p.grad.any()) for name, p in net.named_parameters()}
        assert any(g for n, g in grads.items() if used in n) and not any(g for n, g in grads.items() if unused in n)
