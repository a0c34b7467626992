"""An ONNX file at half its size: weights that float16 can hold are kept so, and are float32 again as the file is loaded."""

from typing import Any

import numpy as np

LEAST = 256  # values of a tensor for which it is worth two more nodes
NOTHING = 1e-7  # what counts as no difference: of numbers below float16's normal ones


def stored_in_half(model: Any) -> Any:
    """A copy of a float32 `onnx.ModelProto` that computes the same; onnxruntime folds the casts away as it loads it.

    Weights that were rounded to 10 bits of significand, as shipped ones are, fit; folded kernels do not, and stay.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.ModelProto.FromString(model.SerializeToString())
    nodes = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < LEAST:
            continue
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if not np.abs(half.astype(np.float32) - values).max() <= NOTHING:
            continue
        name, tensor.name = tensor.name, f"{tensor.name}_half"
        tensor.CopyFrom(numpy_helper.from_array(half, tensor.name))
        nodes.append(helper.make_node("Cast", [tensor.name], [name], name=f"{name}_whole", to=TensorProto.FLOAT))
    for node in reversed(nodes):
        model.graph.node.insert(0, node)
    onnx.checker.check_model(model, full_check=True)
    return model
