"""Which of an export's files to take: the phone's, the server's and the browser's."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from zoo.export.manifest import Artifact


@dataclasses.dataclass(frozen=True)
class Place:
    """Somewhere that a model runs: what it is called, and the formats and precisions that suit it, the best first."""

    title: str
    choices: Sequence[tuple[str, str]]
    why: Mapping[str, str]


# A phone's graphics processor computes in float16 whatever the file holds; on processors int8 is the faster and smaller one.
PLACES: Mapping[str, Place] = {
    "phone": Place(
        "In an app",
        (("litert", "float16"), ("litert", "dynamic_int8"), ("litert", "float32")),
        {
            "float16": "What a phone's graphics processor computes in, at half the size.",
            "dynamic_int8": "The smallest, for a phone's processor.",
        },
    ),
    "server": Place(
        "Behind a server",
        (("savedmodel", "float32"), ("openvino", "float16"), ("onnx", "float32")),
        {"float32": "The model itself, signatures for encoded pictures included."},
    ),
    "browser": Place(
        "In a browser",
        (("web", "dynamic_int8"), ("web", "float32"), ("onnx", "dynamic_int8"), ("onnx", "float32")),
        {"dynamic_int8": "The shortest download."},
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
    return PLACES[place].why.get(artifact.precision, "")


def slow(artifact: Artifact) -> float:
    """Milliseconds, a file that was not timed last."""
    return math.inf if math.isnan(artifact.latency_ms) else artifact.latency_ms
