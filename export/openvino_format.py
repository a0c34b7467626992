"""OpenVINO IR: an .xml with the graph beside a .bin with the weights, translated by OpenVINO itself from our ONNX model."""

import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo.export.files import opened, sha256
from zoo.export.quiet import quiet
from zoo.export.unsupported import Unsupported

SECTION = "keras_image_zoo"  # of rt_info, where OpenVINO keeps what a model says of itself
WEIGHTS = "weights_file_sha256"  # the fact that ties the .bin to its .xml
INSTALL = "pip install 'keras-image-zoo[openvino]'"
# Left to itself, OpenVINO computes in bfloat16 where the processor can (style networks were 51 dB from their model, and 128 so),
# and rounds what comes to int8 weights to int8 as well.
EXACT = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
NOTES = {
    "float16": "weights in float16; on a processor the arithmetic is that of float32",
    "dynamic_int8": "weights int8 by channel, made float32 again as they are used",
}


def installed() -> Any:
    """The package openvino. Raises ModuleNotFoundError with the way to get it."""
    try:
        import openvino
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"OpenVINO: {INSTALL}", name=error.name) from error
    return openvino


def weights_of(path: Path) -> Path:
    """The .bin of an .xml."""
    return path.with_suffix(".bin")


def write(model: Any, precision: str, path: Path) -> None:
    """Writes an `onnx.ModelProto` as `path` and its .bin, the same bytes every time.

    `model` has the precision already, but for float16: that is of the weights alone, made here of the float32 model.
    Raises Unsupported where OpenVINO cannot translate it.
    """
    openvino = installed()
    try:
        with quiet():
            network = openvino.Core().read_model(io.BytesIO(model.SerializeToString()))
    except RuntimeError as error:
        raise Unsupported(f"OpenVINO cannot translate it: {reason(error)}") from error
    if precision == "dynamic_int8" and not _compiles(network):
        _widen_pointwise(network)
    _keep_means_apart(network)
    for number, step in enumerate(network.get_ordered_ops()):
        if re.fullmatch(rf"{step.get_type_name()}_\d+", step.get_friendly_name()):  # a count of everything that the process made
            step.set_friendly_name(f"{step.get_type_name()}_{number}")
    openvino.save_model(network, path, compress_to_fp16=precision == "float16")


def _compiles(network: Any) -> bool:
    try:
        installed().Core().compile_model(network, "CPU", EXACT)
    except RuntimeError:
        return False
    return True


def _widen_pointwise(network: Any) -> None:
    """Gives convolutions of 1 x 1 float32 weights again: behind some transpositions, OpenVINO 2026.4 fails on int8 ones."""
    for step in network.get_ordered_ops():
        weights = step.input_value(1) if step.get_type_name() == "Convolution" else None
        if weights is None or weights.get_node().get_type_name() != "Multiply" or list(weights.get_shape()[2:]) != [1, 1]:
            continue
        steps, scale = (weights.get_node().input_value(side).get_node() for side in (0, 1))
        values = steps.input_value(0).get_node().data.astype("float32") * scale.data
        constant = installed().op.Constant(values)
        step.input(1).replace_source_output(constant.output(0))


def _keep_means_apart(network: Any) -> None:
    """Takes the axis out between two means over one axis each, which OpenVINO would otherwise make one mean over both.

    That sums all pixels of a picture in float32: adain was 1.7e-4 from its model, and is 8e-6 so.
    """
    ops = installed().opset13
    for outer in network.get_ordered_ops():
        inner = outer.input_value(0).get_node() if outer.get_type_name() == "ReduceMean" else None
        if inner is None or inner.get_type_name() != "ReduceMean" or not (outer.get_keep_dims() and inner.get_keep_dims()):
            continue
        rank = len(inner.input_value(0).get_partial_shape())
        axes = [sorted(axis % rank for axis in step.input_value(1).get_node().data.ravel().tolist()) for step in (inner, outer)]
        if len(axes[0]) != 1 or set(axes[0]) & set(axes[1]):
            continue
        ((gone,), others) = axes
        mean = ops.reduce_mean(inner.input_value(0), ops.constant(np.array([gone])), keep_dims=False)
        left = ops.constant(np.array([axis - (axis > gone) for axis in others]))
        mean = ops.unsqueeze(ops.reduce_mean(mean, left, keep_dims=True), ops.constant(np.array([gone])))
        outer.output(0).replace(mean.output(0))


def read(path: Path) -> Any:
    """The `openvino.Model` of an .xml. Raises ValueError where its .bin is missing, or another than it was written with."""
    with opened(path) as stream:
        if not stream.read(5).startswith(b"<?xml"):  # OpenVINO would try every other format on it
            raise ValueError("no OpenVINO model")
    weights = weights_of(path)
    if not weights.exists():
        raise ValueError(f"its weights, {weights.name}, are missing: the two files belong together")
    digest = sha256(weights)
    try:
        with quiet():
            network = installed().Core().read_model(path)
    except RuntimeError as error:
        raise ValueError(reason(error)) from error
    if facts(network).get(WEIGHTS, digest) != digest:
        raise ValueError(f"its weights, {weights.name}, were altered or are another file's")
    return network


def reason(error: Exception) -> str:
    """The line of OpenVINO's page that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def facts(network: Any) -> dict[str, str]:
    """What a model says of itself; nothing for one made elsewhere."""
    if not network.has_rt_info([SECTION]):
        return {}
    return {key: network.get_rt_info([SECTION, key]).astype(str) for key in network.get_rt_info([SECTION]).value}


def write_facts(path: Path, facts: Mapping[str, str]) -> None:
    """Puts the facts, and the hash of the .bin, into the rt_info of an .xml; what computes is not touched."""
    tree = ElementTree.parse(path)
    information = tree.getroot().find("rt_info")
    if information is None:
        information = ElementTree.SubElement(tree.getroot(), "rt_info")
    for former in information.findall(SECTION):
        information.remove(former)
    section = ElementTree.SubElement(information, SECTION)
    for key, value in {**facts, WEIGHTS: sha256(weights_of(path))}.items():
        ElementTree.SubElement(section, key, value=value)
    tree.write(path, encoding="utf-8", xml_declaration=True)
