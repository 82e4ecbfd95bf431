"""Tests OpenVINO's compiled graphs: their inputs, and what a frame or a zoom-in crop keeps of them."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from models import cpu_has_bf16, tiny_model

pytest.importorskip("openvino", reason="it is about OpenVINO")

from rmpsam_ros.backends.openvino import OpenVinoBackend  # noqa: E402
from rmpsam_ros.errors import BackendError  # noqa: E402
from rmpsam_ros.model_folder import read_model_folder  # noqa: E402

SIZE = (96, 128)


@pytest.fixture
def pictures() -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.integers(0, 256, (1, *SIZE, 3), dtype=np.uint8) for _ in range(2)]


@pytest.mark.parametrize("zoom", [False, True])
def test_run_features__a_later_look__leaves_the_earlier_one_as_it_was(pictures, zoom):
    backend = OpenVinoBackend(replace(read_model_folder(tiny_model()), zoom_prompts=zoom), precision="fp32")
    earlier = backend.run_features(pictures[0], [SIZE])
    before = backend.read_features(earlier).copy()
    later = backend.run_features(pictures[1], [SIZE])
    assert np.array_equal(backend.read_features(earlier), before)
    assert not np.array_equal(backend.read_features(later), before)


@pytest.mark.parametrize("zoom", [False, True])
def test_threads__are_as_many_as_asked_for_in_every_graph(pictures, zoom):
    backend = OpenVinoBackend(replace(read_model_folder(tiny_model()), zoom_prompts=zoom), threads=1)
    backend.run_features(pictures[0], [SIZE])
    requests = [value for value in vars(backend).values() if hasattr(value, "get_compiled_model")]
    assert len(requests) >= 3 and {r.get_compiled_model().get_property("INFERENCE_NUM_THREADS") for r in requests} == {1}


def test_features__computed_in_bf16__are_kept_in_it(pictures):
    if not cpu_has_bf16():
        pytest.skip("this CPU does not compute bf16")
    kept = {}
    for precision in ("bf16", "fp32"):
        backend = OpenVinoBackend(read_model_folder(tiny_model()), precision=precision)
        (outputs,) = backend.run_images(pictures[0], [SIZE])
        kept[precision] = [outputs.features.byte_size, backend.run_features(pictures[0], [SIZE]).byte_size]
    assert [2 * size for size in kept["bf16"]] == kept["fp32"]


class Listening:
    """An infer request that records the number of prompts of each run."""

    def __init__(self, request) -> None:
        self._request, self.counts = request, []

    def infer(self, inputs) -> None:
        self.counts.append(inputs["boxes"].shape[1])
        self._request.infer(inputs)

    def __getattr__(self, name: str):
        return getattr(self._request, name)


def test_run_prompts__of_any_number__are_run_in_few_sizes_and_each_is_answered_as_alone(pictures):
    backend = OpenVinoBackend(read_model_folder(tiny_model()), precision="fp32")
    features = backend.run_images(pictures[0], [SIZE])[0].features
    backend._prompt = requests = Listening(backend._prompt)
    centres = np.random.default_rng(1).uniform(8, 88, (64, 2))
    boxes, labels = np.concatenate((centres - 3, centres + 3), axis=1).astype(np.float32), np.ones(64, np.int64)
    alone = [backend.run_prompts(features, boxes[i : i + 1], labels[:1], SIZE) for i in range(64)]
    requests.counts.clear()
    for count in range(1, 65):
        together = backend.run_prompts(features, boxes[:count], labels[:count], SIZE)
        assert len(together.mask_logits) == len(together.iou) == len(together.queries) == count
        for i in (0, count // 2, count - 1):
            np.testing.assert_allclose(together.mask_logits[i], alone[i].mask_logits[0], rtol=1e-3, atol=1e-3)
    assert len(set(requests.counts)) == 16 and all(size >= count for count, size in enumerate(requests.counts, 1))
    assert max(size / count for count, size in enumerate(requests.counts, 1)) < 1.4
    with pytest.raises(BackendError, match="There are 65 prompts; one run takes up to 64"):
        backend.run_prompts(features, np.zeros((65, 4), np.float32), np.ones(65, np.int64), SIZE)
