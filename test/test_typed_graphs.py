"""Tests typed graphs: the same function as the model folder's graphs, and float32 where float16 would break it."""
from __future__ import annotations

import shutil

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="typed graphs need onnx")
pytest.importorskip("torch", reason="making a model folder needs torch")

from models import tiny_model
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from rmpsam_ros.backends.openvino_core import shared_core
from rmpsam_ros.graph_folding import fold, infer, set_shapes, shapes_of
from rmpsam_ros.typed_graphs import typed_graph

SIZE = (96, 128)
FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


def typed(graph: str, precision: str, **options):
    return typed_graph(tiny_model() / f"{graph}.onnx", precision, SIZE, **options)


def types(model) -> dict[str, int]:
    model = infer(model)
    found = {v.name: v.type.tensor_type.elem_type for v in (*model.graph.input, *model.graph.value_info, *model.graph.output)}
    return {**found, **{t.name: t.data_type for t in model.graph.initializer}}


def image_feeds() -> dict[str, np.ndarray]:
    rows, columns = np.mgrid[0:96, 0:128]
    image = np.stack((rows * 2, columns, (rows * columns) % 256), axis=-1).astype(np.uint8)
    return {"image": image[None], "image_size": np.array([[90, 128]])}


def prompt_feeds(features: np.ndarray) -> dict[str, np.ndarray]:
    boxes = np.array([[[50, 40, 56, 46], [4, 4, 100, 80], [0, 0, 6, 6]]], np.float32)
    return {"features": features, "boxes": boxes, "labels": np.ones((1, 3), np.int64), "image_size": np.array([[90, 128]])}


def run_openvino(model, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    pytest.importorskip("openvino", reason="running graphs needs OpenVINO")
    graph = shared_core().read_model(model if isinstance(model, (str, bytes)) else model.SerializeToString())
    request = shared_core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    inputs = {p.get_any_name(): feeds[p.get_any_name()].astype(p.get_element_type().to_dtype()) for p in graph.inputs}
    return {port.get_any_name(): value for port, value in request.infer(inputs).items()}


def run_onnxruntime(model, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    ort = pytest.importorskip("onnxruntime", reason="float16's rounding is simulated by ONNX Runtime")
    options = ort.SessionOptions()
    options.graph_optimization_level, options.log_severity_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL, 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    dtypes = {"tensor(int32)": np.int32, "tensor(float16)": np.float16, "tensor(float)": np.float32, "tensor(uint8)": np.uint8}
    inputs = {i.name: feeds[i.name].astype(dtypes[i.type]) for i in session.get_inputs()}
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs)))


@pytest.fixture(scope="module")
def reference() -> tuple[dict, dict]:
    image = run_openvino(str(tiny_model() / "image.onnx"), image_feeds())
    return image, run_openvino(str(tiny_model() / "prompt.onnx"), prompt_feeds(image["features"]))


@pytest.mark.parametrize("options", [{}, {"layer_norm": False}])
@pytest.mark.parametrize("precision, atol", [("fp32", 2e-3), ("fp16", 2e-2)])
def test_typed_graph__computes_what_the_folder_does(reference, precision, atol, options):
    image, prompt = typed("image", precision, **options), typed("prompt", precision, **options)
    operators = {node.op_type for node in (*image.graph.node, *prompt.graph.node)}
    assert ("LayerNormalization" in operators) == (not options)
    for ours, theirs in ((run_openvino(image, image_feeds()), reference[0]),
                         (run_openvino(prompt, prompt_feeds(reference[0]["features"])), reference[1])):  # fmt: skip
        assert ours.keys() == theirs.keys()
        for name in theirs:
            np.testing.assert_allclose(ours[name].astype(np.float32), theirs[name], atol=atol, rtol=atol, err_msg=name)


def test_typed_graph__fp16_with_its_rounding__stays_close(reference):
    image = run_onnxruntime(typed("image", "fp16"), image_feeds())
    assert image["features"].dtype == np.float16
    prompt = run_onnxruntime(typed("prompt", "fp16"), prompt_feeds(image["features"]))
    for ours, theirs in ((image, reference[0]), (prompt, reference[1])):
        difference = np.abs(ours["mask_logits"] - theirs["mask_logits"])
        assert difference.mean() < 5e-3 * np.abs(theirs["mask_logits"]).max()
        assert np.mean((ours["mask_logits"] > 0) != (theirs["mask_logits"] > 0)) < 2e-3


def test_typed_graph__fp16__the_encoder_is_half_and_the_rest_is_not():
    model = typed("image", "fp16")
    kinds = types(model)
    encoder = {node.name for node in typed("image", "fp16", outputs=("features",)).graph.node}
    by_type: dict[str, set[int]] = {}
    for node in model.graph.node:
        if node.op_type == "Conv" and node.name not in encoder:
            assert {kinds[name] for name in node.input} == {FLOAT}, node.name  # mask products may be written as one
            continue
        by_type.setdefault(node.op_type, set()).update(kinds[name] for name in node.input if kinds.get(name) in (FLOAT, HALF))
    assert by_type["Conv"] == by_type["ConvTranspose"] == {HALF}
    for operator in ("GridSample", "LayerNormalization", "Softmax", "MatMul", "Greater", "ReduceMax", "Div"):
        assert by_type[operator] == {FLOAT}, operator
    assert kinds["features"] == HALF


def test_typed_graph__fp16__offsets_are_float32_from_the_convolution_on():
    model = typed("image", "fp16")
    kinds, producer = types(model), {name: node for node in model.graph.node for name in node.output}
    grids = [node.input[1] for node in model.graph.node if node.op_type == "GridSample"]
    assert len(grids) == 3
    for name in grids:
        waiting, arithmetic = [name], 0
        while waiting:
            node = producer.get(waiting.pop())
            if node is None or node.op_type in ("Conv", "Cast"):
                continue
            arithmetic += node.op_type in ("Add", "Mul", "Div", "Sub")
            assert all(kinds[output] == FLOAT for output in node.output), node.name
            waiting += node.input
        assert arithmetic >= 6  # two axes: plus the pixel, times two, over the side …


def test_typed_graph__fp16_prompts__only_the_features_are_half():
    model = typed("prompt", "fp16")
    halves = {name for name, kind in types(model).items() if kind == HALF}
    assert halves == {"features"}


@pytest.mark.parametrize("graph", ["image", "prompt"])
def test_typed_graph__outside__no_int64_and_one_open_axis_at_most(graph):
    model = typed(graph, "fp16")
    kinds = {v.name: v.type.tensor_type.elem_type for v in (*model.graph.input, *model.graph.output)}
    assert TensorProto.INT64 not in kinds.values()
    open_axes = {name for name, shape in shapes_of(infer(model)).items() if name in kinds and None in shape}
    assert open_axes == ({"boxes", "labels", "mask_logits", "iou", "queries"} if graph == "prompt" else set())
    assert not {n.op_type for n in model.graph.node} & {"BatchNormalization", "Identity", "Constant"}


def test_typed_graph__some_outputs__nothing_else_is_computed():
    whole, part = typed("image", "fp16"), typed("image", "fp16", outputs=("features",))
    assert [o.name for o in part.graph.output] == ["features"]
    assert len(part.graph.node) < 0.6 * len(whole.graph.node)
    assert not {n.op_type for n in part.graph.node} & {"LayerNormalization", "Softmax"}


def test_typed_graph__unknown_precision__is_refused():
    with pytest.raises(ValueError, match="fp8"):
        typed("image", "fp8")


def test_fold__convolution_with_batch_norm__is_one_convolution_with_the_same_numbers():
    generator = np.random.default_rng(0)

    def constant(name, shape, low=-1.0):
        return numpy_helper.from_array(generator.uniform(low, 1, shape).astype(np.float32), name)

    for operator, shape in (("Conv", (6, 4, 3, 3)), ("ConvTranspose", (4, 6, 3, 3))):
        tensors = [constant("w", shape), constant("b", (6,)), constant("scale", (6,)), constant("shift", (6,)), constant("mean", (6,)),
                   constant("variance", (6,), low=0.5)]  # fmt: skip
        nodes = [helper.make_node(operator, ["x", "w", "b"], ["y"], name="conv"),
                 helper.make_node("BatchNormalization", ["y", "scale", "shift", "mean", "variance"], ["z"], epsilon=1e-3)]  # fmt: skip
        ends = [[helper.make_tensor_value_info(name, FLOAT, [1, count, "h", "w"])] for name, count in (("x", 4), ("z", 6))]
        model = helper.make_model(helper.make_graph(nodes, "g", *ends, tensors), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        x = {"x": generator.normal(size=(1, 4, 8, 8)).astype(np.float32)}
        expected = run_openvino(model, x)["z"]
        set_shapes(model, {"x": (1, 4, 8, 8)})
        folded = fold(model)
        assert [node.op_type for node in folded.graph.node] == [operator]
        np.testing.assert_allclose(run_openvino(folded, x)["z"], expected, atol=1e-5)


def test_fold__shape_arithmetic_and_scalars__become_constants():
    nodes = [helper.make_node("Shape", ["x"], ["s"]), helper.make_node("Gather", ["s", "one"], ["n"]),
             helper.make_node("Cast", ["n"], ["f"], to=FLOAT), helper.make_node("Identity", ["x"], ["i"]),
             helper.make_node("Mul", ["i", "f"], ["y"])]  # fmt: skip
    ends = [[helper.make_tensor_value_info(name, FLOAT, ["a", "b"])] for name in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "g", *ends, [numpy_helper.from_array(np.array(1), "one")]),
                              opset_imports=[helper.make_opsetid("", 17)], ir_version=8)  # fmt: skip
    set_shapes(model, {"x": ("open", 5)})  # one axis is enough
    folded = fold(model)
    assert [node.op_type for node in folded.graph.node] == ["Mul"]
    assert [(t.name, numpy_helper.to_array(t).shape, float(numpy_helper.to_array(t))) for t in folded.graph.initializer] == [("f", (), 5.0)]


def test_fold__what_others_read_before_the_batch_norm__stays():
    generator = np.random.default_rng(0)
    tensors = [numpy_helper.from_array(generator.uniform(0.5, 1, shape).astype(np.float32), name)
               for name, shape in (("w", (6, 4, 3, 3)), ("scale", 6), ("shift", 6), ("mean", 6), ("variance", 6))]  # fmt: skip
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], name="conv"),
             helper.make_node("BatchNormalization", ["y", "scale", "shift", "mean", "variance"], ["z"]),
             helper.make_node("Neg", ["y"], ["n"])]  # fmt: skip
    x, *ends = [helper.make_tensor_value_info(name, FLOAT, [1, count, "h", "w"]) for name, count in (("x", 4), ("z", 6), ("n", 6))]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], ends, tensors), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    feeds = {"x": generator.normal(size=(1, 4, 8, 8)).astype(np.float32)}
    expected = run_openvino(model, feeds)
    set_shapes(model, {"x": (1, 4, 8, 8)})
    folded = run_openvino(fold(model), feeds)
    for name in ("z", "n"):
        np.testing.assert_allclose(folded[name], expected[name], atol=1e-5)


def test_typed_graph__fp16__a_constant_beyond_its_range_is_its_greatest_number(tmp_path):
    nodes = [helper.make_node("Cast", ["image"], ["floats"], to=FLOAT),
             helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
             helper.make_node("Conv", ["planes", "w"], ["seen"], name="conv"),
             helper.make_node("Mul", ["seen", "much"], ["features"])]  # fmt: skip
    tensors = [numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "w"), numpy_helper.from_array(np.float32([[[[1e6]]]]), "much")]
    ends = [[helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "h", "w", 3])],
            [helper.make_tensor_value_info("features", FLOAT, [1, 1, "h", "w"])]]  # fmt: skip
    model = helper.make_model(helper.make_graph(nodes, "g", *ends, tensors), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "image.onnx")
    half = typed_graph(tmp_path / "image.onnx", "fp16", (32, 32))
    (features,) = ReferenceEvaluator(half).run(None, {"image": np.zeros((1, 32, 32, 3), np.uint8)})
    assert features.dtype == np.float16 and not features.any()  # infinity times 0 would be NaN


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_typed_graph__of_a_folder_of_links__is_that_of_the_files(tmp_path, link):
    files = shutil.copytree(tiny_model(), tmp_path / "files")
    for name in ("image.onnx", "weights.safetensors"):
        getattr(tmp_path / name, link)(files / name)
    linked = typed_graph(tmp_path / "image.onnx", "fp16", SIZE)
    assert linked.SerializeToString() == typed("image", "fp16").SerializeToString()
