"""Tests int8: the image graph with Q/DQ, for both backends that read it."""
from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="making a model folder needs torch")
onnx = pytest.importorskip("onnx", reason="graphs need onnx")

from models import tiny_model

from rmpsam_ros.errors import BackendError, ModelError
from rmpsam_ros.model_folder import read_model_folder
from rmpsam_ros.parity import Parity
from rmpsam_ros.quantize import measure, quantize
from rmpsam_ros.segmenter import Segmenter

needs_nncf = pytest.mark.skipif(find_spec("nncf") is None or find_spec("onnxruntime") is None, reason="nncf or onnxruntime is not installed")


@pytest.fixture(scope="module")
def quantised(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny8"
    shutil.copytree(tiny_model(), folder)
    quantize(folder, photos())
    return folder


def photos():
    rows, columns = np.mgrid[0:96, 0:128]
    return [(str(k), np.stack((rows * k, columns * 2, (rows * columns) // k), axis=-1).astype(np.uint8)) for k in (1, 2, 3)]


@needs_nncf
def test_quantize__only_the_encoder_and_without_zero_points(quantised):
    model = onnx.load(str(quantised / "image.int8.onnx"))
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    readers = {name: node for node in model.graph.node for name in node.input}
    pairs = [node for node in model.graph.node if node.op_type == "DequantizeLinear"]
    assert len(pairs) > 20
    assert all(not constants[node.input[2]].any() for node in pairs)
    assert not {readers[node.output[0]].op_type for node in pairs} & {"MatMul", "GridSample", "LayerNormalization", "Softmax", "Greater"}
    assert "image.int8.onnx" in read_model_folder(quantised).files


@needs_nncf
def test_openvino__int8__runs_and_stays_near_fp32(quantised):
    ours, theirs = Segmenter(quantised, backend="openvino", precision="int8"), Segmenter(quantised, backend="openvino", precision="fp32")
    assert ours.precision == "int8"
    image = photos()[1][1]
    a, b = ours.set_image(image).objects, theirs.set_image(image).objects
    assert np.mean((a.mask_logits > 0) != (b.mask_logits > 0)) < 0.1
    assert ours.set_image(image).prompt(points=[(60, 50)]).mask.shape == (96, 128)


@needs_nncf
def test_openvino__int8_at_another_size__says_which_it_has(quantised):
    with pytest.raises(BackendError, match="is for 96x128 only"):
        Segmenter(quantised, backend="openvino", precision="int8", input_size=(64, 96))


@needs_nncf
@pytest.mark.skipif(find_spec("tensorrt_rtx") is None, reason="tensorrt-rtx-cu13 is not installed")
def test_tensorrt__int8__nvidias_builder_takes_the_same_graph(quantised, tmp_path):
    from rmpsam_ros.backends.trt_flavour import load_flavour
    from rmpsam_ros.backends.trt_provision import GRAPHS, Target, provide
    from rmpsam_ros.engine_cache import EngineCache

    for graph in GRAPHS:
        target = Target(load_flavour(None), "", ("sm_86",))
        assert provide(read_model_folder(quantised), graph, target, "int8", (96, 128), EngineCache(tmp_path)).seconds is not None


def test_quantize__folder_that_cannot_be_written__is_said_before_calibrating(monkeypatch):
    nncf = ModuleType("nncf")  # an empty object: any access beyond the folder is an AttributeError
    monkeypatch.setitem(sys.modules, "nncf", nncf)
    monkeypatch.setattr("rmpsam_ros.quantize.unwritable", lambda path: "Read-only file system")
    with pytest.raises(ModelError, match=r"cannot be written \(Read-only file system\); copy it, and give the copy's path"):
        quantize(tiny_model(), photos())


def test_openvino__int8_without_its_graph__says_how_to_make_it():
    with pytest.raises(BackendError, match="no int8 graph; `rmpsam export .* --int8` makes it"):
        Segmenter(tiny_model(), backend="openvino", precision="int8")


@pytest.mark.skipif(find_spec("nncf") is not None, reason="nncf is installed")
def test_quantize__nncf_is_missing__says_how_to_get_it(tmp_path):
    with pytest.raises(BackendError, match="pip install nncf onnxruntime"):
        quantize(tiny_model(), photos())


@pytest.mark.parametrize("usual, said", [
    ("bf16", ["bf16 against fp32", "int8 against fp32", "fp32 2.0 ms, bf16 2.0 ms, int8 2.0 ms"]),
    ("fp32", ["auto takes fp32 on a CPU", "int8 against fp32", "fp32 2.0 ms, int8 2.0 ms"]),
])
def test_measure__never_compares_fp32_with_itself(monkeypatch, usual, said):
    class Fake:
        device_name = "a CPU"

        def __init__(self, model, backend, precision, **options):
            self.precision = usual if precision == "auto" else precision

        __enter__, __exit__ = lambda self: self, lambda self, *error: None
        set_image = staticmethod(lambda image: SimpleNamespace(timings={"network": 2.0}))

    monkeypatch.setattr("rmpsam_ros.segmenter.Segmenter", Fake)
    monkeypatch.setattr("rmpsam_ros.parity.compare", lambda ours, reference, photos: [Parity("a", 0.9, (0.8,))])
    lines: list[str] = []
    measure(tiny_model(), photos(), lines.append)
    assert len(lines) == len(said) and all(words in line for words, line in zip(said, lines)), lines
