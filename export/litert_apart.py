"""Activations of transposed convolutions as steps of their own: LiteRT's GPU path takes none that has one in it."""

import copy
from typing import Any

ALIGNMENT = 16  # bytes, of the weights in a file, as LiteRT's own converter has it
TAKEN = 3  # the newest version of the operation that the GPU path takes; the fourth differs by the activation alone


def activations_apart(content: bytes) -> bytes:
    """The .tflite file with every such activation apart; the same bytes where there is none."""
    from ai_edge_litert import schema_py_generated as schema

    kinds, activations = schema.BuiltinOperator, schema.ActivationFunctionType
    apart = {activations.RELU: kinds.RELU, activations.RELU6: kinds.RELU6, activations.RELU_N1_TO_1: kinds.RELU_N1_TO_1}
    model = schema.ModelT.InitFromPackedBuf(content)
    codes = [code for code in model.operatorCodes if code.builtinCode == kinds.TRANSPOSE_CONV and code.version > TAKEN]
    found = False
    for graph in model.subgraphs:
        steps = []
        for step in graph.operators:
            steps.append(step)
            if model.operatorCodes[step.opcodeIndex] in codes and step.builtinOptions.fusedActivationFunction in apart:
                kind = apart[step.builtinOptions.fusedActivationFunction]
                step.builtinOptions.fusedActivationFunction = activations.NONE
                steps.append(_behind(step, graph, _code(model, kind, schema), schema))
                found = True
        graph.operators = steps
    if not found:
        return content
    for code in codes:
        code.version = TAKEN
    return _packed(model)


def _behind(step: Any, graph: Any, code: int, schema: Any) -> Any:
    """A step that reads what `step` gave until now, and gives it in its place."""
    tensor = copy.copy(graph.tensors[step.outputs[0]])
    tensor.name, tensor.buffer = tensor.name + b"/before", 0
    graph.tensors.append(tensor)
    behind = schema.OperatorT()
    behind.opcodeIndex = code
    behind.inputs, behind.outputs = [len(graph.tensors) - 1], [step.outputs[0]]
    step.outputs = list(behind.inputs)
    return behind


def _code(model: Any, kind: int, schema: Any) -> int:
    """The place of an operation among those that the file uses."""
    for place, code in enumerate(model.operatorCodes):
        if code.builtinCode == kind:
            return place
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = kind
    code.version = 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _packed(model: Any) -> bytes:
    import flatbuffers

    class Builder(flatbuffers.Builder):
        def StartVector(self, size: int, count: int, alignment: int) -> Any:
            return super().StartVector(size, count, ALIGNMENT if size == 1 else alignment)

    builder = Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
