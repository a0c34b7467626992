"""Which of an export's files to take: the phone's, the server's, the browser's and the desktop's; and why."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from zoo.export.manifest import Artifact
from zoo.export.wording import TIMES, figure


@dataclasses.dataclass(frozen=True)
class Place:
    """Somewhere that a model runs: what it is called, and the formats and precisions that suit it, the best first."""

    title: str
    choices: Sequence[tuple[str, str]]
    why: Mapping[tuple[str, str], str]


# A phone's graphics processor computes in float16 whatever the file holds; on processors int8 is the faster and smaller one.
PLACES: Mapping[str, Place] = {
    "phone": Place(
        "In an app",
        (("litert", "float16"), ("litert", "dynamic_int8"), ("litert", "float32")),
        {
            ("litert", "float16"): "What a phone's graphics processor computes in, at half the size.",
            ("litert", "dynamic_int8"): "The smallest, for a phone's processor.",
        },
    ),
    "server": Place(
        "Behind a server",
        (("savedmodel", "float32"), ("openvino", "float16"), ("onnx", "float32")),
        {
            ("savedmodel", "float32"): "The model itself, signatures for encoded pictures included.",
            ("openvino", "float16"): "For OpenVINO's model server.",
            ("onnx", "float32"): "For servers that run ONNX.",
        },
    ),
    "browser": Place(
        "In a browser",
        (("web", "dynamic_int8"), ("web", "float32"), ("onnx", "dynamic_int8"), ("onnx", "float32")),
        {
            ("web", "dynamic_int8"): "The shortest download.",
            ("onnx", "dynamic_int8"): "The shortest download; --to web makes a page.",
        },
    ),
    "desktop": Place(
        "In a desktop program",
        (("onnx", "float32"), ("litert", "float32"), ("onnx", "dynamic_int8"), ("litert", "dynamic_int8")),
        {("onnx", "float32"): "As exact as the model; its runtime is there for C++, C#, Java and Python."},
    ),
}


def recommended(artifacts: Sequence[Artifact]) -> dict[str, Artifact]:
    """The file to take for each of `PLACES` that one is there for; only files that equal their model within their floor.

    Of several shapes an app takes a fixed one, which its graphics processor can run, all others the one of any size.
    """
    chosen = {}
    for name, place in PLACES.items():
        for cell in place.choices:
            files = [a for a in artifacts if (a.format, a.precision) == cell and a.parity.passed]
            if files:
                chosen[name] = min(files, key=lambda a: ((a.shape == "dynamic") == (name == "phone"), slow(a)))
                break
    return chosen


def reason(place: str, artifact: Artifact) -> str:
    """Why it is the one, in a sentence; empty where nothing more is to be said than its figures."""
    return PLACES[place].why.get((artifact.format, artifact.precision), "")


def float32_of(artifact: Artifact, artifacts: Sequence[Artifact]) -> Artifact:
    """The file of the same format and shape in float32, which its figures are held against; itself where there is none."""
    same = (artifact.format, artifact.shape, "float32")
    return next((a for a in artifacts if (a.format, a.shape, a.precision) == same), artifact)


def ratio(value: float, whole: float) -> str:
    """Such as 0.26 times; empty where one of them was not measured."""
    return "" if math.isnan(value / whole) else f"{value / whole:.2f}{TIMES}"


def figures(artifact: Artifact) -> dict[str, str]:
    """Size, time and fidelity, by their units."""
    return {
        "MB": figure(artifact.bytes / 1e6, ".2f"),
        "ms": figure(artifact.latency_ms, ".0f" if artifact.latency_ms >= 10 else ".2g"),
        "dB from Keras": figure(artifact.parity.psnr, ".0f"),
    }


def against_float32(artifact: Artifact, artifacts: Sequence[Artifact]) -> str:
    """What it saves, in a sentence; empty of a float32 file."""
    base = float32_of(artifact, artifacts)
    if base is artifact:
        return ""
    time = ratio(artifact.latency_ms, base.latency_ms)
    return f"{ratio(artifact.bytes, base.bytes)} the size{f' and {time} the time' if time else ''} of float32."


def fastest(artifacts: Sequence[Artifact]) -> Artifact | None:
    """Of the files that passed and were timed."""
    return min((a for a in artifacts if a.parity.passed and slow(a) < math.inf), key=slow, default=None)


def slow(artifact: Artifact) -> float:
    """Milliseconds, a file that was not timed last."""
    return math.inf if math.isnan(artifact.latency_ms) else artifact.latency_ms
