"""ONNX files (opset 18): the contract's names, float16 and 8-bit weights, passed by ONNX's own checker."""

from typing import Any

import numpy as np

from zoo.export import tf2onnx_graph
from zoo.export.quiet import quiet
from zoo.export.signature import Signature
from zoo.export.unsupported import Unsupported

NOTES = {
    "float16": "float16 arithmetic, for GPUs: on a CPU 1.1 times the time of float32",
    "dynamic_int8": "weights int8 by channel, made float32 again as the file is loaded, so that it runs like float32; "
    "with onnxruntime's ConvInteger it took 1.1 times as long and was 6 dB less exact",
}


def convert(function: Any, signature: Signature, specs: dict[str, Any], debug: bool = False) -> Any:
    """A traced `tf.function` as a float32 `onnx.ModelProto`; `specs` are the tensor specs that it was traced with.

    Raises Unsupported where the model needs operators that ONNX lacks.
    """
    import onnx

    model = tf2onnx_graph.translated(function, specs, debug)
    if lacking := sorted({node.op_type for node in foreign(model)}):
        raise Unsupported(f"needs operators that ONNX lacks: {', '.join(lacking)}")
    tf2onnx_graph.repair(model, signature, specs)
    onnx.checker.check_model(model, full_check=True)
    return model


def foreign(model: Any) -> list[Any]:
    """The nodes that are no ONNX operators."""
    domains = {opset.domain for opset in model.opset_import}
    return [node for node in model.graph.node if not _is_onnx(node, domains)]


def _is_onnx(node: Any, domains: set[str]) -> bool:
    import onnx

    return node.domain in ("", "ai.onnx") and node.domain in domains and onnx.defs.has(node.op_type, tf2onnx_graph.OPSET)


def to_precision(model: Any, precision: str, debug: bool = False) -> Any:
    """The float32 model in another precision; inputs and outputs stay float32."""
    import onnx

    copy = onnx.ModelProto.FromString(model.SerializeToString())
    if precision == "float32":
        return copy
    copy = _float16(copy, debug) if precision == "float16" else _int8_weights(copy)
    onnx.checker.check_model(copy, full_check=True)
    return copy


def _float16(model: Any, debug: bool) -> Any:
    import onnx
    from onnxconverter_common.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

    # Sizes and indices pass through float32 here and there, and float16 counts exactly only to 2048.
    flowing = {value.name for value in model.graph.input}
    index_nodes: list[str] = []
    for node in model.graph.node:
        if node.op_type != "Shape" and flowing.intersection(node.input):
            flowing.update(node.output)
        else:
            index_nodes.append(node.name)
    # The converter leaves a constant in float32 for all once it is that of one node that stays in float32.
    _part_constants(
        model.graph, {*index_nodes, *(node.name for node in model.graph.node if node.op_type in DEFAULT_OP_BLOCK_LIST)}
    )
    with quiet(debug):
        half = convert_float_to_float16(model, keep_io_types=True, node_block_list=index_nodes)
    # The converter passes over casts, whose results it expects in float16 all the same.
    pictures = {node.name for node in model.graph.node if node.op_type == "Cast"} - set(index_nodes)
    for node in half.graph.node:
        for attribute in node.attribute if node.name in pictures else ():
            if attribute.name == "to" and attribute.i == onnx.TensorProto.FLOAT:
                attribute.i = onnx.TensorProto.FLOAT16
    # A node that stays in float32 and gives an output has its result cast to float16, whatever keep_io_types says.
    for before, after in zip(model.graph.output, half.graph.output, strict=True):
        if after.type.tensor_type.elem_type != before.type.tensor_type.elem_type:
            after.type.CopyFrom(before.type)
            (cast,) = (node for node in half.graph.node if after.name in node.output)
            cast.attribute[0].i = before.type.tensor_type.elem_type
    return half


def _part_constants(graph: Any, apart: set[str]) -> None:
    """Gives the nodes named in `apart` copies of the constants that they share with others."""
    shared = {name for node in graph.node if node.name not in apart for name in node.input}
    constants = {tensor.name: tensor for tensor in graph.initializer if tensor.name in shared}
    copied = set()
    for node in graph.node:
        for place, name in enumerate(node.input):
            if node.name in apart and name in constants:
                node.input[place] = f"{name}_apart"
                copied.add(name)
    for name in sorted(copied):
        copy = graph.initializer.add()
        copy.CopyFrom(constants[name])
        copy.name = f"{name}_apart"


def _int8_weights(model: Any) -> Any:
    """Convolution and matrix weights as int8 with a scale for each output channel.

    Cast and Mul bring them back, which onnxruntime folds as it loads; DequantizeLinear it keeps, and takes 1.2 times as long.
    """
    import onnx
    from onnx import helper, numpy_helper

    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    output_axis = {"Conv": 0, "ConvTranspose": 1, "MatMul": 1, "Gemm": 1}
    nodes = []
    for node in graph.node:
        name = node.input[1] if node.op_type in output_axis else ""
        if name not in weights or weights[name].data_type != onnx.TensorProto.FLOAT or np.prod(weights[name].dims) < 1024:
            continue
        axis = output_axis[node.op_type]
        if node.op_type == "Gemm" and any(a.name == "transB" and a.i for a in node.attribute):
            axis = 0
        weight = weights.pop(name)
        values = numpy_helper.to_array(weight)
        others = tuple(other for other in range(values.ndim) if other != axis)
        scale = np.abs(values).max(axis=others, keepdims=True) / 127.0
        scale[scale == 0] = 1.0
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(np.round(values / scale).astype("int8"), f"{name}_int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
        nodes.append(
            helper.make_node("Cast", [f"{name}_int8"], [f"{name}_steps"], name=f"{name}_cast", to=onnx.TensorProto.FLOAT)
        )
        nodes.append(helper.make_node("Mul", [f"{name}_steps", f"{name}_scale"], [name], name=f"{name}_unfold"))
    for node in reversed(nodes):
        graph.node.insert(0, node)
    return model
