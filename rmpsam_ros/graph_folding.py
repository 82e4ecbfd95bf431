"""Specialises ONNX graphs for one input size: infers shapes, folds constants, and folds batch normalisation into convolutions.

The graphs of a model folder are dynamic in batch and size, and their weights are not folded (`export.py` says why). OpenVINO
folds them itself. For TensorRT it is done here, in float32 and before any rounding, so that every TensorRT version gets the
same plain graph.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

_MOST_PASSES = 12
_KEEP = frozenset({"Conv", "ConvTranspose", "GridSample", "Resize", "MaxPool", "RandomNormal", "RandomUniform"})
"""Operators that are never evaluated here: they are never constant, or numpy would be too slow."""


def set_shapes(model: onnx.ModelProto, shapes: Mapping[str, tuple[int | str, ...]]) -> None:
    """Fixes the input shapes and discards all shapes inferred so far; a name instead of a number keeps that axis dynamic."""
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        for dim, size in zip(dims, shapes[value.name], strict=True):
            dim.Clear()
            if isinstance(size, str):
                dim.dim_param = size
            else:
                dim.dim_value = size
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]


def fold(model: onnx.ModelProto) -> onnx.ModelProto:
    """Folds everything that is constant for the model's input shapes, and removes dead nodes.

    Args:
        model: with its weights in memory, not as external data; may be modified, use the returned model instead.

    Returns:
        The folded model, with the type and shape of every tensor in `value_info`.
    """
    for _ in range(_MOST_PASSES):
        before = len(model.graph.node)
        model = infer(model)
        _fold_constants(model)
        if len(model.graph.node) == before:
            break
    _fold_batch_norms(model)
    _drop_dead(model)
    return infer(model)


def infer(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the type and, where the inputs determine it, the shape of every tensor filled in."""
    del model.graph.value_info[:]
    return onnx.shape_inference.infer_shapes(model, data_prop=True, strict_mode=False)


def shapes_of(model: onnx.ModelProto) -> dict[str, tuple[int | None, ...]]:
    """Known shapes by tensor name; None for a dynamic axis."""
    return {
        value.name: tuple(d.dim_value if d.HasField("dim_value") else None for d in value.type.tensor_type.shape.dim)
        for value in (*model.graph.input, *model.graph.value_info, *model.graph.output)
        if value.type.tensor_type.HasField("shape")
    }


def _fold_constants(model: onnx.ModelProto) -> None:
    graph = model.graph
    shapes = shapes_of(model)
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    shape_of: dict[str, tuple[int | None, ...]] = {}
    made: dict[str, np.ndarray] = {}
    alias: dict[str, str] = {}
    outputs = {o.name for o in graph.output}
    kept = []
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = alias.get(name, name)
        values = _evaluate(model, node, constants, shapes, shape_of)
        if values is not None and not outputs.intersection(node.output):
            for name, value in zip(node.output, values):
                constants[name] = made[name] = value
        elif node.op_type == "Identity" and node.output[0] not in outputs:
            alias[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
    used = {name for node in kept for name in node.input}
    graph.initializer.extend(numpy_helper.from_array(np.asarray(v, order="C"), k) for k, v in made.items() if k in used)
    _drop_dead(model)


def _evaluate(model: onnx.ModelProto, node: onnx.NodeProto, constants: Mapping[str, np.ndarray],
              shapes: Mapping[str, tuple], shape_of: dict[str, tuple]) -> list[np.ndarray] | None:  # fmt: skip
    """The node's outputs if they are constant, else None."""
    if node.op_type == "Shape":
        shape = shapes.get(node.input[0])
        if shape is None and node.input[0] in constants:
            shape = constants[node.input[0]].shape
        if shape is not None:
            shape_of[node.output[0]] = shape
        return [np.array(shape, np.int64)] if shape is not None and None not in shape else None
    if node.op_type == "Gather" and node.input[0] in shape_of and node.input[1] in constants:
        # One axis of a shape may be known even if the whole shape is not.
        index = constants[node.input[1]]
        picked = [shape_of[node.input[0]][i] for i in index.ravel()]
        return None if None in picked else [np.array(picked, np.int64).reshape(index.shape)]
    if node.op_type in _KEEP or any(name and name not in constants for name in node.input):
        return None
    names = [name for name in dict.fromkeys(node.input) if name]
    arrays = [constants[name] for name in names]
    inputs = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in zip(names, arrays)]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output]
    single = helper.make_model(helper.make_graph([node], "one", inputs, outputs), opset_imports=model.opset_import)
    return [np.asarray(v) for v in ReferenceEvaluator(single).run(None, dict(zip(names, arrays)))]


def _fold_batch_norms(model: onnx.ModelProto) -> None:
    """Merges each convolution and the batch normalisation after it into one convolution with float32 weights."""
    graph = model.graph
    constants = {t.name: t for t in graph.initializer}
    producer = {name: node for node in graph.node for name in node.output}
    readers = Counter(name for node in graph.node for name in node.input) + Counter(output.name for output in graph.output)
    kept = []
    for node in graph.node:
        conv = producer.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if conv is None or conv.op_type not in ("Conv", "ConvTranspose") or readers[node.input[0]] != 1:
            kept.append(node)
            continue
        scale, shift, mean, variance = (numpy_helper.to_array(constants[n]).astype(np.float64) for n in node.input[1:5])
        epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-5)
        factor = scale / np.sqrt(variance + epsilon)
        weight = numpy_helper.to_array(constants[conv.input[1]]).astype(np.float64)
        old = numpy_helper.to_array(constants[conv.input[2]]).astype(np.float64) if len(conv.input) > 2 else 0.0
        per_output = factor[:, None, None, None] if conv.op_type == "Conv" else factor[None, :, None, None]
        for suffix, value in (("weight", weight * per_output), ("bias", (old - mean) * factor + shift)):
            tensor = numpy_helper.from_array(value.astype(np.float32), f"{node.output[0]}.folded_{suffix}")
            constants[tensor.name] = tensor
            graph.initializer.append(tensor)
        inputs = [conv.input[0], f"{node.output[0]}.folded_weight", f"{node.output[0]}.folded_bias"]  # output names are unique
        del conv.input[:]
        conv.input.extend(inputs)
        conv.output[0] = node.output[0]
        producer[node.output[0]] = conv
    del graph.node[:]
    graph.node.extend(kept)


def _drop_dead(model: onnx.ModelProto) -> None:
    graph = model.graph
    wanted = {o.name for o in graph.output}
    alive = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            alive.append(node)
            wanted.update(node.input)
    del graph.node[:]
    graph.node.extend(reversed(alive))
    tensors = [t for t in graph.initializer if t.name in wanted]
    del graph.initializer[:]
    graph.initializer.extend(tensors)
