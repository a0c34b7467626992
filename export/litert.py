"""LiteRT (TFLite) files: built-in operators only, checked in the file itself."""

import re
from typing import Any

from export.quiet import quiet
from export.unsupported import Unsupported

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


def convert(function: Any, variables: list[Any], precision: str, debug: bool = False) -> bytes:
    """A traced `tf.function` as the bytes of a .tflite file whose signature has the function's names.

    `variables` are the Keras variables that it reads. Raises Unsupported where the model needs operators that LiteRT lacks.
    """
    import tensorflow as tf

    holder = tf.Module()  # given the Keras model itself, the converter writes files without weights
    holder.weights = [variable.value for variable in variables]
    with quiet(debug):
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], holder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
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
    if foreign:
        raise Unsupported(f"needs operators that LiteRT lacks: {', '.join(foreign)}")
    return content


def _reason(message: str) -> str:
    """One line out of the converter's page."""
    found = re.findall(r"(?:Flex|Custom) ops: ([^\n]+)", message)
    if found:
        return f"needs operators that LiteRT lacks: {', '.join(found)}"
    return f"LiteRT's converter refused it: {message.strip().splitlines()[0]}"


def operators(content: bytes) -> tuple[set[str], set[str]]:
    """The built-in operators of a .tflite file, and its custom ones (Flex among them)."""
    from ai_edge_litert import schema_py_generated as schema

    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    model = schema.Model.GetRootAsModel(content, 0)
    builtin, custom = set(), set()
    for index in range(model.OperatorCodesLength()):
        code = model.OperatorCodes(index)
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # old files have only the one of 8 bits
        if number == schema.BuiltinOperator.CUSTOM:
            custom.add(code.CustomCode().decode())
        else:
            builtin.add(names[number])
    return builtin, custom


def gpu_obstacles(content: bytes) -> list[str]:
    """The operators of a .tflite file that LiteRT's GPU delegate does not list; it also wants fixed shapes and batch 1."""
    builtin, custom = operators(content)
    return sorted((builtin - GPU_OPERATORS) | custom)
