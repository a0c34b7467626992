"""Static int8: convolutions and dense layers in int8 arithmetic with ranges from real pictures; everything else stays float32.

Normalisation does not stand int8: wholly quantised, a trained style network was 23 dB from its model; in this way it is 34 dB.
"""

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.export.litert_graph import operations, with_input_shapes
from zoo.export.quiet import quiet
from zoo.export.runtimes import load
from zoo.export.signature import Signature, example_inputs
from zoo.export.unsupported import Unsupported

PICTURES = 8  # fewer say too little of what will come
CROPS = 16
SIZES = ((128, 128), (256, 192))  # of the crops in turn, where the network takes any
THIN, SMALL = 4, 1024  # a layer that reads so few channels (the picture itself), or has fewer weights, stays float32
# LiteRT's name of an operation and the quantiser's; the last axis of the weights is that of the channels which it reads.
LITERT_KINDS = {"CONV_2D": "CONV_2D", "TRANSPOSE_CONV": "CONV_2D_TRANSPOSE", "FULLY_CONNECTED": "FULLY_CONNECTED"}
ONNX_KINDS = {"Conv": 1, "ConvTranspose": 0, "MatMul": 0, "Gemm": 0}  # and here that axis
NOTE = "int8 arithmetic in the large convolutions and dense layers, with ranges from real pictures; the rest is float32"

Batch = dict[str, np.ndarray]


def calibration_inputs(signature: Signature, pictures: Sequence[np.ndarray], size: tuple[int, int] | None) -> list[Batch]:
    """Crops of the pictures in turn, with the model's other inputs: what the ranges of activations are taken from."""
    size = size or signature.own_size
    count = len(pictures)
    return [
        example_inputs(signature, [pictures[i % count]], 1000 + i, size or SIZES[(i + i // count) % len(SIZES)])
        for i in range(CROPS)
    ]


def litert_int8(content: bytes, inputs: Sequence[Batch]) -> bytes:
    """A float32 .tflite file with int8 layers, with ranges from `inputs`. Raises Unsupported where no layer is worth it."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import qtyping, quantizer

    layers = [
        step
        for step in operations(content)
        if step.kind in LITERT_KINDS and step.inputs[1].constant and _gains(step.inputs[1].shape, axis=-1)
    ]
    _check(layers)
    # The quantiser runs the file before it gives it a size, and padding fails on a single pixel.
    start = with_input_shapes(content, {name: value.shape for name, value in inputs[0].items()})
    with quiet(), contextlib.redirect_stdout(io.StringIO()):
        work = quantizer.Quantizer(float_model=bytearray(start))
        for step in layers:
            kind = qtyping.TFLOperationName[LITERT_KINDS[step.kind]]
            work.add_static_config(rf"^{re.escape(step.name)}(;|$)", kind, activation_num_bits=8, weight_num_bits=8)
        key = next(iter(Interpreter(model_content=content).get_signature_list()))
        seen = [work.calibrate({key: [batch]}, num_threads=os.cpu_count() or 1) for batch in inputs]
        ranges = (_joined(seen, np.mean, np.mean), _joined(seen, np.min, np.max))
        candidates = [bytes(work.quantize(joined).quantized_model) for joined in ranges]
    return _nearest(content, candidates, inputs, ".tflite")


def _joined(seen: Sequence[Mapping[str, Any]], low: Callable[..., Any], high: Callable[..., Any]) -> dict[str, Any]:
    """One range a tensor out of those of every input."""
    return {
        name: {
            **first,
            "min": low([calibration[name]["min"] for calibration in seen], axis=0),
            "max": high([calibration[name]["max"] for calibration in seen], axis=0),
        }
        for name, first in seen[0].items()
    }


def onnx_int8(model: Any, inputs: Sequence[Batch]) -> Any:
    """A float32 `onnx.ModelProto` with int8 layers, with ranges from `inputs`. Raises Unsupported where no layer is worth it."""
    import onnx

    weights = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    layers = [
        node.name
        for node in model.graph.node
        if node.op_type in ONNX_KINDS
        and _gains(weights.get(node.input[1], ()), ONNX_KINDS[node.op_type])
        # The quantiser wants an offset for every channel.
        and (len(node.input) < 3 or len(weights.get(node.input[2], ())) == 1)
    ]
    _check(layers)
    candidates = [_onnx_candidate(model, layers, inputs, average) for average in (True, False)]
    return onnx.ModelProto.FromString(_nearest(model.SerializeToString(), candidates, inputs, ".onnx"))


def _onnx_candidate(model: Any, layers: list[str], inputs: Sequence[Batch], average: bool) -> bytes:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.rest = iter(inputs)

        def get_next(self) -> Any:
            return next(self.rest, None)

    with tempfile.TemporaryDirectory() as folder, quiet(), contextlib.redirect_stdout(io.StringIO()):
        path = Path(folder) / "int8.onnx"
        quantize_static(
            type(model).FromString(model.SerializeToString()),  # it changes what it is given
            path,
            Reader(),
            quant_format=QuantFormat.QDQ,
            nodes_to_quantize=layers,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            extra_options={"CalibMovingAverage": average},
        )
        return path.read_bytes()


def _gains(shape: Sequence[int | None], axis: int) -> bool:
    sides = [side or 1 for side in shape]
    return len(sides) in (2, 4) and sides[axis] > THIN and int(np.prod(sides)) >= SMALL


def _check(layers: Sequence[Any]) -> None:
    if not layers:
        raise Unsupported("no convolution or dense layer is large enough to gain from int8")


def _nearest(content: bytes, candidates: Sequence[bytes], inputs: Sequence[Batch], suffix: str) -> bytes:
    """The candidate whose outputs are nearest to those of the float32 file.

    Ranges averaged over the pictures cut off what is rare, and serve style networks best (34 against 31 dB); the widest ranges
    serve generators (50 against 26 dB).
    """
    with tempfile.TemporaryDirectory() as folder:
        answers = []
        for index, file in enumerate((content, *candidates)):
            path = Path(folder) / f"{index}{suffix}"
            path.write_bytes(file)
            runtime = load(path)
            answers.append([np.concatenate([v.ravel() for v in runtime(**batch).values()]) for batch in inputs[:PICTURES]])
    errors = [max(float(np.mean((a - b) ** 2)) for a, b in zip(answers[0], answer, strict=True)) for answer in answers[1:]]
    return candidates[int(np.argmin(errors))]
