"""Tests what is requested from TensorRT's builder in each precision."""
from __future__ import annotations

import inspect

import pytest

pytest.importorskip("torch", reason="the TensorRT backend needs torch")
onnx = pytest.importorskip("onnx", reason="typed graphs need onnx")

import trt_stand_in
from models import tiny_model
from onnx import TensorProto

from rmpsam_ros.backends import trt_provision
from rmpsam_ros.backends.trt_build import build_engine
from rmpsam_ros.backends.trt_provision import Target, provide
from rmpsam_ros.engine_cache import EngineCache
from rmpsam_ros.model_folder import read_model_folder


@pytest.fixture
def asked(monkeypatch) -> list[dict]:
    """The arguments of each build."""
    builds = []

    def record(*args, **kwargs):
        builds.append(inspect.signature(build_engine).bind(*args, **kwargs).arguments)
        return builds[-1]["graph"]

    monkeypatch.setattr(trt_provision, "build_engine", record)
    return builds


@pytest.mark.parametrize("precision, tf32, features", [
    ("fp32", False, TensorProto.FLOAT),
    ("fp16", True, TensorProto.FLOAT16),
    ("int8", True, TensorProto.FLOAT),  # unquantised layers are only rounded by the tensor cores
], ids=["fp32", "fp16", "int8"])  # fmt: skip
def test_provide__only_fp16_halves_and_fp32_alone_is_without_tf32(tmp_path, asked, precision, tf32, features):
    provide(read_model_folder(tiny_model()), "prompt", Target(trt_stand_in.flavour(), "GPU", ("sm_89",)), precision, (96, 128), EngineCache(tmp_path))
    (build,) = asked
    graph = onnx.load_from_string(build["graph"]).graph
    halves = {t.name for t in graph.initializer if t.data_type == TensorProto.FLOAT16}
    assert (build["precision"], build["tf32"]) == (precision, tf32)
    assert {v.name: v.type.tensor_type.elem_type for v in graph.input}["features"] == features and not halves
