"""What stands in a .tflite file: its operations, and the tensors between them."""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

# Bytes of an element, by the type's name in LiteRT's schema.
ELEMENTS = {"FLOAT32": 4, "FLOAT16": 2, "INT64": 8, "INT32": 4, "INT16": 2, "INT8": 1, "UINT8": 1, "BOOL": 1}


@dataclasses.dataclass(frozen=True)
class Tensor:
    """A value between operations. `shape` has None where the size is known only when it runs; `constant` is a weight."""

    number: int
    name: str
    shape: tuple[int | None, ...]
    type: str
    constant: bool

    @property
    def bytes(self) -> int:
        """What it takes in memory; free sizes count as 1."""
        return math.prod(side or 1 for side in self.shape) * ELEMENTS.get(self.type, 4)


@dataclasses.dataclass(frozen=True)
class Operation:
    """`kind` is LiteRT's name; that of a custom operator (Flex among them) the name which it was given."""

    kind: str
    custom: bool
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def name(self) -> str:
        """The first output's, which holds the path of the Keras layer that it comes from."""
        return self.outputs[0].name if self.outputs else self.kind


def operations(content: bytes) -> list[Operation]:
    """All operations of a .tflite file, in the order in which they run; those of branches and loops come last."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAsModel(content, 0)
    kinds = []
    for code in (model.OperatorCodes(index) for index in range(model.OperatorCodesLength())):
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # old files have only the one of 8 bits
        custom = number == schema.BuiltinOperator.CUSTOM
        kinds.append((code.CustomCode().decode() if custom else _names("BuiltinOperator")[number], custom))
    steps, counted = [], 0
    for graph in (model.Subgraphs(index) for index in range(model.SubgraphsLength())):
        tensors = [_tensor(model, graph.Tensors(index), counted + index) for index in range(graph.TensorsLength())]
        counted += len(tensors)
        for operator in (graph.Operators(index) for index in range(graph.OperatorsLength())):
            inputs = [operator.Inputs(index) for index in range(operator.InputsLength())]
            outputs = [operator.Outputs(index) for index in range(operator.OutputsLength())]
            sides = [tuple(tensors[index] for index in side if index >= 0) for side in (inputs, outputs)]
            kind, custom = kinds[operator.OpcodeIndex()]
            steps.append(Operation(kind, custom, inputs=sides[0], outputs=sides[1]))
    return steps


def arena_bytes(steps: list[Operation]) -> int:
    """The most that the tensors between the operations of a fixed size need at one time, in bytes; weights come on top.

    Each counts from the operation that makes it to the last one that reads it. A runtime needs at least that.
    """
    weights = {tensor for step in steps for tensor in step.inputs if tensor.constant}
    for step in steps:  # float16 weights are widened by an operation of their own, once
        if weights.issuperset(step.inputs):
            weights.update(step.outputs)
    last = {tensor: at for at, step in enumerate(steps) for tensor in (*step.inputs, *step.outputs) if tensor not in weights}
    made = {tensor for step in steps for tensor in step.outputs}
    live = most = sum(tensor.bytes for tensor in last if tensor not in made)  # the inputs
    for at, step in enumerate(steps):
        live += sum(tensor.bytes for tensor in step.outputs if tensor in last)
        most = max(most, live)
        live -= sum(tensor.bytes for tensor in {*step.inputs, *step.outputs} if last.get(tensor) == at)
    return most


def with_input_shapes(content: bytes, shapes: Mapping[str, Sequence[int]]) -> bytes:
    """The same file, free sizes and all, that starts from these shapes of its inputs; a converter writes 1 for each free size."""
    from ai_edge_litert import schema_py_generated as schema

    changed = bytearray(content)
    model = schema.Model.GetRootAsModel(changed, 0)
    signature = model.SignatureDefs(0)
    for entry in (signature.Inputs(index) for index in range(signature.InputsLength())):
        tensor = model.Subgraphs(signature.SubgraphIndex()).Tensors(entry.TensorIndex())
        tensor.ShapeAsNumpy()[:] = shapes[entry.Name().decode()]  # a view of the bytes
    return bytes(changed)


@functools.cache
def _names(kind: str) -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {code: name for name, code in vars(getattr(schema, kind)).items() if isinstance(code, int)}


def _tensor(model: Any, tensor: Any, number: int) -> Tensor:
    free = [tensor.ShapeSignature(axis) < 0 for axis in range(tensor.ShapeSignatureLength())]
    sides = [tensor.Shape(axis) for axis in range(tensor.ShapeLength())]
    shape = tuple(None if free and free[axis] else side for axis, side in enumerate(sides))
    buffer = model.Buffers(tensor.Buffer())
    constant = buffer.DataLength() > 0 or buffer.Size() > 1
    return Tensor(number, tensor.Name().decode(), shape, _names("TensorType")[tensor.Type()], constant)
