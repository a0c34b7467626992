"""LiteRT (TFLite) files: built-in operators only, checked in the file itself."""

import re
from typing import Any

from zoo.export.litert_graph import Operation, operations
from zoo.export.quiet import quiet
from zoo.export.unsupported import Unsupported

# What LiteRT's GPU delegate takes (tflite/delegates/gpu/common/model_builder.cc, NewOperationParser); it lists no SHAPE and
# no EXPAND_DIMS, whatever the converter's own compatibility check says.
# fmt: off
GPU_OPERATORS = frozenset((
    "ABS", "ADD", "ADD_N", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CAST", "CONCATENATION", "CONV_2D", "COS", "CUMSUM", "DENSIFY",
    "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE", "DEQUANTIZE", "DIV", "ELU", "EQUAL", "EXP", "FLOOR", "FLOOR_DIV", "FLOOR_MOD",
    "FULLY_CONNECTED", "GATHER", "GELU", "GREATER", "GREATER_EQUAL", "HARD_SWISH", "LEAKY_RELU", "LESS", "LESS_EQUAL", "LOG",
    "LOGICAL_AND", "LOGISTIC", "LSTM", "MAXIMUM", "MAX_POOL_2D", "MEAN", "MINIMUM", "MIRROR_PAD", "MUL", "NEG", "NOT_EQUAL",
    "ONE_HOT", "PACK", "PAD", "PADV2", "POW", "PRELU", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "RELU", "RELU6",
    "RELU_0_TO_1", "RELU_N1_TO_1", "RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "RSQRT", "SELECT", "SELECT_V2",
    "SIGN", "SIN", "SLICE", "SOFTMAX", "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQRT", "SQUARE", "SQUARED_DIFFERENCE",
    "STRIDED_SLICE", "SUB", "SUM", "TANH", "TILE", "TRANSPOSE", "TRANSPOSE_CONV", "UNPACK",
))
# fmt: on
GPU_RANK = 4


def convert(function: Any, variables: list[Any], precision: str, debug: bool = False, select: bool = False) -> bytes:
    """A traced `tf.function` as the bytes of a .tflite file whose signature has the function's names.

    `variables` are the Keras variables that it reads. Raises Unsupported where the model needs operators that LiteRT lacks; with
    `select` those of TensorFlow are let through, for somebody to look at: no phone runs such a file.
    """
    import tensorflow as tf

    holder = tf.Module()  # given the Keras model itself, the converter writes files without weights
    holder.weights = [variable.value for variable in variables]
    with quiet(debug):
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], holder)
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.TFLITE_BUILTINS,
            *([tf.lite.OpsSet.SELECT_TF_OPS] if select else []),
        ]
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        try:
            content = converter.convert()
        except Exception as error:  # the converter's own class is not public
            if type(error).__name__ != "ConverterError":
                raise
            raise Unsupported(_reason(str(error))) from error
    foreign = sorted(operators(content)[1])
    if foreign and not select:
        raise Unsupported(f"needs operators that LiteRT lacks: {', '.join(foreign)}")
    return content


def _reason(message: str) -> str:
    """One line out of the converter's page."""
    listed = re.findall(r"(?:Flex|Custom) ops: ([^\n]+)", message)
    if listed:
        return f"needs operators that LiteRT lacks: {', '.join(listed)}"
    lacking = sorted(set(re.findall(r"'(tf\.\w+)' op is neither", message)))
    if lacking:
        return f"needs operators that LiteRT lacks: {', '.join(lacking)}"
    return f"LiteRT's converter refused it: {message.strip().splitlines()[0]}"


def operators(content: bytes) -> tuple[set[str], set[str]]:
    """The built-in operators of a .tflite file, and its custom ones (Flex among them)."""
    steps = operations(content)
    return {step.kind for step in steps if not step.custom}, {step.kind for step in steps if step.custom}


def gpu_obstacles(content: bytes) -> list[str]:
    """What of a .tflite file LiteRT's GPU delegate does not take: operators, free sizes, tensors of more than 4 axes."""
    return sorted({obstacle for _, obstacle in refusals(operations(content))})


def refusals(steps: list[Operation]) -> list[tuple[Operation, str]]:
    """The operations that LiteRT's GPU delegate refuses, each with what it refuses of it."""
    return [(step, obstacle) for step in steps if (obstacle := _refused(step))]


def _refused(step: Operation) -> str:
    shapes = [tensor.shape for tensor in (*step.inputs, *step.outputs) if not tensor.constant]
    if step.custom or step.kind not in GPU_OPERATORS:
        return step.kind
    if any(None in shape for shape in shapes):
        return f"{step.kind} of a free size"
    if (rank := max((len(shape) for shape in shapes), default=0)) > GPU_RANK:
        return f"{step.kind} of rank {rank}"
    return ""
