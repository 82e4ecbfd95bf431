"""Assigns a type to every tensor of a graph, for strongly typed TensorRT builds.

The newest TensorRT releases have no flags that let the builder choose precisions, and earlier ones chose badly for mask
decoders. So the precision is written into the graph, starting from a model folder's float32 graphs:

    encoder (backbone, neck)          float16    nearly all of the arithmetic, and values of moderate size
    normalisation of the image        float32    runs once, and 0 … 255 divided by a deviation should not be rounded twice
    sampling positions, GridSample    float32    float16 cannot distinguish pixel 1025 from 1025.5, and offsets are fractions;
                                                 sampled values are float32 too, because TensorRT requires one type for both
    decoder                           float32    see below
    `features`                        float16    halves the memory that a frame keeps for clicks, and that a click reads

Inputs and outputs are the same for every precision, except for the type of `features`. Integer inputs and outputs are int32,
because TensorRT before version 10 has no int64 tensors.

Why the decoder stays in float32:

    pooling under a mask   a sum over up to 19200 (480x640) or 67200 (800x1344) pixels: exceeds 65504, float16's largest number
    linear layers on sums  their inputs are those sums
    LayerNorm              squares its inputs; and TensorRT is known to break it in float16
    softmax                sums many small exponentials over thousands of pixels
    mask products          a mask is where the product is positive: rounding moves its border, and the next stage pools under the mask
    class normalisation    sums squares over 768 channels, then multiplies by 100
    coordinates, clicks    a click on a 1344 pixel wide image needs more than 11 bits

The decoder is only a few percent of the arithmetic, and TF32 on tensor cores gives it float32's range with float16's resolution.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from rmpsam_ros.graph_folding import fold, set_shapes
from rmpsam_ros.model_folder import WEIGHTS_FILE

PRECISIONS = ("fp32", "fp16")

_ENCODER_OPS = frozenset({"Conv", "ConvTranspose", "Relu", "Clip", "Add", "Mul", "Sigmoid", "MaxPool", "Resize", "Slice",
                          "Reshape", "Transpose", "Pad"})  # fmt: skip
_FLOAT32_INPUTS = {"Resize": (1, 2)}
"""Inputs that an operator requires as float32, whatever type it computes in: roi and scales."""

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)


def typed_graph(path: Path, precision: str, input_size: tuple[int, int], layer_norm: bool = True,
                outputs: tuple[str, ...] = (), batch: int = 1) -> onnx.ModelProto:  # fmt: skip
    """Converts one of a model folder's graphs for one input size and one precision.

    Args:
        path: `image.onnx` or `prompt.onnx` in its folder.
        precision: `fp32` or `fp16`.
        input_size: (height, width) of the padded input. The number of prompts stays dynamic.
        layer_norm: whether `LayerNormalization` may be used; TensorRT 8.5 does not have it.
        outputs: keep only these outputs and what they depend on; all if empty.
        batch: images per run of the image graph; the prompt graph always takes one image's features.

    Returns:
        A model that contains its weights, checked by ONNX with strict types.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r}")
    model = _load(path)
    if outputs:
        kept = [value for value in model.graph.output if value.name in outputs]
        del model.graph.output[:]
        model.graph.output.extend(kept)
    _narrow_outside(model)
    height, width = input_size
    if any(value.name == "features" for value in model.graph.input):
        batch = 1
    features = next((tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in model.graph.input if v.name == "features"), None)
    set_shapes(model, {
        "image": (batch, height, width, 3), "image_size": (batch, 2), "boxes": (1, "prompts", 4), "labels": (1, "prompts"),
        "features": (1, features[1] if features else 0, height // 4, width // 4),
    })  # fmt: skip
    model = fold(model)
    if not layer_norm:
        model = _without_layer_norm(model)
    model = _Typed(model, encoder_nodes(model) if precision == "fp16" else frozenset(), precision).result
    model.producer_name, model.doc_string = "rmpsam_ros", f"{path.stem} graph, {precision}, {height}x{width}"
    onnx.checker.check_model(model, full_check=True)
    return model


def _load(path: Path) -> onnx.ModelProto:
    """A graph with its weights in memory. onnx itself refuses weights that are a symbolic or hard link, as `colcon build
    --symlink-install`, download caches and some installers make them."""
    model = onnx.load(str(path), load_external_data=False)
    external = [tensor for tensor in model.graph.initializer if tensor.data_location == TensorProto.EXTERNAL]
    content = memoryview(path.with_name(WEIGHTS_FILE).read_bytes() if external else b"")
    for tensor in external:
        place = {entry.key: entry.value for entry in tensor.external_data}
        start = int(place["offset"])
        tensor.raw_data = bytes(content[start : start + int(place["length"])])
        tensor.data_location = TensorProto.DEFAULT
        tensor.ClearField("external_data")
    return model


def _narrow_outside(model: onnx.ModelProto) -> None:
    """Casts uint8 inputs first (TensorRT supports uint8 no further), and makes int64 inputs and outputs int32."""
    graph = model.graph
    first, last = [], []
    for value in graph.input:
        outer = value.type.tensor_type.elem_type
        inner = {TensorProto.UINT8: TensorProto.FLOAT, TensorProto.INT64: TensorProto.INT64}.get(outer)
        if inner is None:
            continue
        for node in graph.node:
            for index, name in enumerate(node.input):
                if name == value.name:
                    node.input[index] = f"{value.name}.inner"
        first.append(helper.make_node("Cast", [value.name], [f"{value.name}.inner"], name=f"{value.name}.cast", to=inner))
        value.type.tensor_type.elem_type = TensorProto.UINT8 if outer == TensorProto.UINT8 else TensorProto.INT32
    for value in graph.output:
        if value.type.tensor_type.elem_type != TensorProto.INT64:
            continue
        for node in graph.node:
            for names in (node.input, node.output):
                for index, name in enumerate(names):
                    if name == value.name:
                        names[index] = f"{value.name}.inner"
        last.append(helper.make_node("Cast", [f"{value.name}.inner"], [value.name], name=f"{value.name}.cast", to=TensorProto.INT32))
        value.type.tensor_type.elem_type = TensorProto.INT32
    nodes = [*first, *graph.node, *last]
    del graph.node[:]
    graph.node.extend(nodes)


def encoder_nodes(model: onnx.ModelProto) -> frozenset[str]:
    """First outputs of the backbone and neck nodes that may be computed in lower precision than float32."""
    producer = {name: node for node in model.graph.node for name in node.output}
    encoder = _before(producer, ["features"]) if "features" in producer else set()
    positions: set[str] = set()
    for node in model.graph.node:
        if node.op_type == "GridSample":
            # The convolution that predicts offsets is part of the encoder; the conversion of offsets to positions is not.
            positions |= {node.output[0]} | _before(producer, [node.input[1]], stop=("Conv",))
    chosen: set[str] = set()
    for node in model.graph.node:
        name = node.output[0]
        behind_conv = node.op_type == "Conv" or any(i in chosen or i in positions for i in node.input)
        if name in encoder and name not in positions and node.op_type in _ENCODER_OPS and behind_conv:
            chosen.add(name)
    return frozenset(chosen)


def _before(producer: dict[str, onnx.NodeProto], names: list[str], stop: tuple[str, ...] = ()) -> set[str]:
    """First outputs of all nodes that `names` depend on, up to but not including operators in `stop`."""
    found, waiting = set(), list(names)
    while waiting:
        node = producer.get(waiting.pop())
        if node is None or node.output[0] in found or node.op_type in stop:
            continue
        found.add(node.output[0])
        waiting.extend(node.input)
    return found


class _Typed:
    """Rewrites a graph with a type for every node; inserts casts where types differ, and stores constants in the type needed."""

    def __init__(self, model: onnx.ModelProto, half: frozenset[str], precision: str) -> None:
        self._graph = model.graph
        self._constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self._types = {v.name: v.type.tensor_type.elem_type for v in (*model.graph.input, *model.graph.value_info, *model.graph.output)}
        self._nodes: list[onnx.NodeProto] = []
        self._stored: dict[str, onnx.TensorProto] = {}
        self._cast: dict[tuple[str, int], str] = {}
        self._alias: dict[str, str] = {}
        self._outputs = {v.name for v in model.graph.output}
        if precision == "fp16":
            for value in (*model.graph.input, *model.graph.output):
                if value.name == "features":
                    value.type.tensor_type.elem_type = TensorProto.FLOAT16
        for value in model.graph.input:
            self._types[value.name] = value.type.tensor_type.elem_type
        for node in model.graph.node:
            self._add(node, TensorProto.FLOAT16 if node.output[0] in half else TensorProto.FLOAT)
        self._end(model)
        self.result = model

    def _add(self, node: onnx.NodeProto, wanted: int) -> None:
        to = next((a for a in node.attribute if a.name == "to"), None) if node.op_type == "Cast" else None
        if to is not None and to.i in _FLOATS and self._type(node.input[0]) in _FLOATS and node.output[0] not in self._outputs:
            self._alias[node.output[0]] = self._alias.get(node.input[0], node.input[0])  # drop casts between float types: the types are chosen here
            return
        for index, name in enumerate(node.input):
            if not name or (to is not None):
                node.input[index] = self._alias.get(name, name)
                self._keep(node.input[index])
                continue
            target = TensorProto.FLOAT if index in _FLOAT32_INPUTS.get(node.op_type, ()) else wanted
            node.input[index] = self._as(self._alias.get(name, name), target)
        for name in node.output:
            if self._types.get(name, TensorProto.FLOAT) in _FLOATS:
                self._types[name] = wanted
        if to is not None and to.i in _FLOATS:
            to.i = wanted
        self._nodes.append(node)

    def _as(self, name: str, target: int) -> str:
        """Name of the tensor in the wanted type: itself, a constant stored in that type, or a cast, which is added once."""
        current = self._type(name)
        if current not in _FLOATS or current == target:
            self._keep(name)
            return name
        key = (name, target)
        if key not in self._cast:
            suffix = "half" if target == TensorProto.FLOAT16 else "float"
            self._cast[key] = f"{name}.{suffix}"
            if name in self._constants:
                dtype = np.float16 if target == TensorProto.FLOAT16 else np.float32
                value = np.clip(self._constants[name], np.finfo(dtype).min, np.finfo(dtype).max).astype(dtype)
                self._stored[self._cast[key]] = numpy_helper.from_array(value, self._cast[key])
            else:
                self._nodes.append(helper.make_node("Cast", [name], [self._cast[key]], name=f"{name}.to_{suffix}", to=target))
        return self._cast[key]

    def _type(self, name: str) -> int:
        name = self._alias.get(name, name)
        if name in self._constants:
            return helper.np_dtype_to_tensor_dtype(self._constants[name].dtype)
        return self._types.get(name, TensorProto.FLOAT)

    def _keep(self, name: str) -> None:
        if name in self._constants and name not in self._stored:
            self._stored[name] = numpy_helper.from_array(self._constants[name], name)

    def _end(self, model: onnx.ModelProto) -> None:
        for value in self._graph.output:
            made, outer = self._types[value.name], value.type.tensor_type.elem_type
            if made != outer and made in _FLOATS:
                for node in self._nodes:
                    for names in (node.input, node.output):
                        for index, name in enumerate(names):
                            if name == value.name:
                                names[index] = f"{value.name}.inner"
                self._nodes.append(helper.make_node("Cast", [f"{value.name}.inner"], [value.name], name=f"{value.name}.cast", to=outer))
        del self._graph.node[:], self._graph.initializer[:], self._graph.value_info[:]
        self._graph.node.extend(self._nodes)
        self._graph.initializer.extend(self._stored.values())


def _without_layer_norm(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replaces LayerNormalization over the last axis by operators that TensorRT 8.5 supports."""
    nodes, constants = [], []
    for node in model.graph.node:
        if node.op_type != "LayerNormalization":
            nodes.append(node)
            continue
        x, scale, shift = node.input
        epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-5)
        stem = node.output[0]
        constants.append(numpy_helper.from_array(np.float32(epsilon), f"{stem}.epsilon"))
        steps = (("ReduceMean", [x], "mean"), ("Sub", [x, f"{stem}.mean"], "centred"),
                 ("Mul", [f"{stem}.centred"] * 2, "squares"), ("ReduceMean", [f"{stem}.squares"], "variance"),
                 ("Add", [f"{stem}.variance", f"{stem}.epsilon"], "shifted"), ("Sqrt", [f"{stem}.shifted"], "deviation"),
                 ("Div", [f"{stem}.centred", f"{stem}.deviation"], "normal"), ("Mul", [f"{stem}.normal", scale], "scaled"))  # fmt: skip
        for op, inputs, name in steps:
            attributes = {"axes": [-1], "keepdims": 1} if op == "ReduceMean" else {}
            nodes.append(helper.make_node(op, inputs, [f"{stem}.{name}"], name=f"{node.name}.{name}", **attributes))
        nodes.append(helper.make_node("Add", [f"{stem}.scaled", shift], [stem], name=f"{node.name}.shift"))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(constants)
    return fold(model)
