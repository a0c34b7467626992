"""Sentences and figures that the report and the card share."""

import math

from zoo.export.manifest import Manifest
from zoo.export.verify import LATENCY_SIZE
from zoo.roles import Role

TIMES, DASH = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
FORMAT_TITLES = {"savedmodel": "SavedModel", "litert": "LiteRT", "onnx": "ONNX", "web": "Page", "openvino": "OpenVINO"}


def summary(manifest: Manifest) -> str:
    """One sentence: how many files equal their model."""
    passed, count = sum(artifact.parity.passed for artifact in manifest.artifacts), len(manifest.artifacts)
    if passed == count:
        return f"All {count} files were run in their own runtimes and equal the Keras model within their floors."
    return f"{count - passed} of {count} files differ from the Keras model by more than their floors allow."


def timing(manifest: Manifest) -> str:
    """One sentence: how time was measured."""
    size = " x ".join(str(side) for side in manifest.signature.own_size or LATENCY_SIZE)
    return f"Time is the median of warm calls with one picture at {manifest.threads} threads; where the size is free, at {size}."


def dimensions(tensor: Role) -> str:
    """The lengths of its axes, such as those of batch, height, width and channels."""
    return f" {TIMES} ".join(str(axis) for axis in tensor.shape)


def figure(value: float, pattern: str) -> str:
    """A number in the form `pattern`, a dash for one that was not measured."""
    return DASH if math.isnan(value) else format(value, pattern)
