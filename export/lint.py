"""What in a network would not export, found before it is trained: by layer and operation, with the remedy."""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from typing import Any

from zoo.export import litert, onnx_format, saved_model, tf2onnx_graph
from zoo.export.litert_graph import Operation, operations
from zoo.export.signature import Signature, signature_of, tensor_specs
from zoo.export.unsupported import Unsupported

SIZE = (256, 256)  # of the file for phones, where the network takes any
# Operation -> what to do about it; the first that matches counts.
REMEDIES = (
    ("Random|Multinomial|Bernoulli", "let the random numbers come in by an input of inference_model(), as latent does"),
    ("VARIABLE|VAR_HANDLE|CALL_ONCE", "a deployed network has no variable that changes, such as the state of a random generator"),
    ("ResizeBicubic", "use zoo.layers.BicubicUpsampling2D, or resize bilinearly"),
    ("ScaleAndTranslate", "resize without antialias, or by zoo.layers.Blur and a stride"),
    ("STRIDED_SLICE: .*shrink", "keep the axis, as x[:, i : i + 1] does, and take it away by ops.reshape"),
    ("INT64", "let numbers of classes come in one-hot, as float32"),
    ("^DEQUANTIZE:", "it goes with the operation whose weights it is for"),
    (
        "rank |[Dd]imensions must be|Permutation",
        "work on at most four axes: fold one into the batch or the channels, or slice",
    ),
    (
        "Flex(Conv|Depthwise|FusedBatchNorm|BiasAdd)",
        "a layer before it loses the channels, as UpSampling2D does with free sizes: use zoo.layers.NearestUpsampling2D",
    ),
    ("free size", "compute sizes from ops.shape alone, so that a fixed size comes in as numbers"),
    ("^(SHAPE|EXPAND_DIMS|RANGE|FILL|BROADCAST_TO)$", "use ops.reshape, and sizes that are numbers where the size is fixed"),
    ("^Flex", "LiteRT has no such operation: compose it of others in keras.ops"),
    ("^[A-Z0-9_]+$", "compose it of the operations in export.litert.GPU_OPERATORS, or ship the file for the processor alone"),
)
OTHERWISE = "compose it of other operations in keras.ops"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing in the way. `layer` is the Keras layer's name, `files` those that cannot be made of it."""

    layer: str
    operation: str
    files: tuple[str, ...]
    remedy: str


def lint(network: Any, signature: Signature | None = None) -> list[Finding]:
    """What stands in the way of LiteRT and ONNX files of any size, and of the fixed-size file for a phone's GPU.

    Args:
        network: a functional `keras.Model` with dicts of named inputs and outputs; trained or not.
        signature: what it takes and gives; by its names unless given.

    Example:
        >>> lint(zoo.create("fast_style", preset="tiny").inference_model())
        []
    """
    signature = signature or signature_of(network)
    size = signature.own_size or SIZE
    everything = [*_obstacles(network, signature, None), *_obstacles(network, signature, size)]
    layers = {operation: layer for _, layer, operation in reversed(everything) if layer}
    files_of: dict[tuple[str, str], list[str]] = {}
    for file, layer, operation in everything:
        files = files_of.setdefault((layer or layers.get(operation, ""), operation), [])
        if file not in files:
            files.append(file)
    return [Finding(layer, operation, tuple(files), remedy(operation)) for (layer, operation), files in files_of.items()]


def _obstacles(network: Any, signature: Signature, size: tuple[int, int] | None) -> Iterator[tuple[str, str, str]]:
    """File, layer and operation of everything in the way."""
    function = saved_model.trace(network, signature, size, 1 if size else None)
    names = set(_layer_names(network))
    shape = f"{size[0]}x{size[1]}" if size else "any size"
    steps, refused = _litert_steps(function, network)
    for operation in refused:
        yield f"LiteRT, {shape}", "", operation
    for step in steps:
        if step.custom:
            yield f"LiteRT, {shape}", _layer(step, names), step.kind
    if size:
        for step, obstacle in litert.refusals(steps):
            yield f"mobile GPU, {shape}", _layer(step, names), obstacle
    else:
        for node in _onnx_foreign(function, signature):
            yield f"ONNX, {shape}", _layer_of_path(node.name, names), node.op_type


def _litert_steps(function: Any, network: Any) -> tuple[list[Operation], list[str]]:
    """What the converter makes of it when everything is allowed, and what it refuses even then."""
    try:
        return operations(litert.convert(function, network.variables, "float32", select=True)), []
    except Unsupported as error:
        reason, _, lacking = str(error).partition(" lacks: ")
        return [], lacking.split(", ") if lacking else [reason]


def _onnx_foreign(function: Any, signature: Signature) -> list[Any]:
    return onnx_format.foreign(tf2onnx_graph.translated(function, tensor_specs(signature, None)))


def _layer_names(network: Any) -> Iterator[str]:
    for layer in getattr(network, "layers", ()):
        yield layer.name
        yield from _layer_names(layer)


def _layer(step: Operation, names: set[str]) -> str:
    """The layer that the operation belongs to; where its name does not say so, the layer that feeds it."""
    paths = [tensor.name for tensor in (*step.outputs, *(tensor for tensor in step.inputs if not tensor.constant))]
    return next((layer for path in paths if (layer := _layer_of_path(path, names))), "")


def _layer_of_path(path: str, names: Iterable[str]) -> str:
    """The innermost part of a path such as `model_1/up_sampling2d_1/Repeat` that is a layer; tracing puts numbers behind them."""
    for part in reversed(path.split(";")[0].split("/")):
        for name in (re.sub(r"_\d+$", "", part), part):
            if name in names:
                return name
    return ""


def remedy(operation: str) -> str:
    """What to do about an operation, or about a line of LiteRT's that begins with its name."""
    kind = operation.partition(":")[0]
    return next((words for pattern, words in REMEDIES if re.search(pattern, operation) or re.search(pattern, kind)), OTHERWISE)
