"""report.html: one file with its pictures inside."""

import base64
import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo import roles
from zoo.export.manifest import Artifact, Manifest, parse_shape
from zoo.export.metadata import value_range
from zoo.export.model_card import model_card
from zoo.export.recommendation import PLACES, figures, float32_of, ratio, reason, recommended
from zoo.export.verify import Measurement, References
from zoo.export.wording import FORMAT_TITLES, TIMES, dimensions, figure, summary, timing
from zoo.roles import Role


def write(
    manifest: Manifest,
    about: Mapping[str, str],
    references: References,
    measurements: Mapping[str, Measurement],
    directory: Path,
) -> None:
    """Writes report.html and MODEL_CARD.md into the export directory. `measurements` go by the artefact's path."""
    import jinja2

    facts = {
        **about,
        "weights": f"{manifest.weights_sha256[:16]} (SHA-256)",
        "made with": ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
    }
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("zoo.export"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("report.html").render(
        name=manifest.model,
        passed=manifest.passed,
        summary=summary(manifest),
        facts=facts,
        shown=before_and_after(references, parse_shape(manifest.artifacts[0].shape)) if manifest.artifacts else [],
        cards=cards(manifest),
        bars=bars(manifest),
        rows=[_row(artifact, manifest) for artifact in manifest.artifacts],
        timing=timing(manifest),
        skipped=_skipped(manifest),
        tensors={
            "input": [_tensor(tensor) for tensor in manifest.signature.inputs.values()],
            "output": [_tensor(tensor) for tensor in manifest.signature.outputs.values()],
        },
        differences=differences(manifest, references, measurements),
    )
    (directory / "report.html").write_text(page, encoding="utf-8")
    (directory / "MODEL_CARD.md").write_text(model_card(manifest, facts), encoding="utf-8")


def before_and_after(references: References, size: tuple[int, int] | None) -> list[dict[str, str]]:
    """The first example of the first file: the pictures that went in, and what Keras makes of them."""
    case = references.cases(size)[0]
    signature = references.signature
    pictures = [
        _frame(name.replace("_", " "), as_shown(role, case.inputs[name][0])) for name, role in signature.picture_inputs.items()
    ]
    answers = [_frame(name.replace("_", " "), value[0]) for name, value in case.expected.items() if value.ndim == 4]
    return pictures + answers


def cards(manifest: Manifest) -> list[dict[str, Any]]:
    """The file to take for each place, with its figures."""
    return [
        {
            "place": PLACES[place].title,
            "path": artifact.path,
            "title": _title(artifact),
            "why": reason(place, artifact),
            "figures": figures(artifact),
        }
        for place, artifact in recommended(manifest.artifacts).items()
    ]


def bars(manifest: Manifest) -> list[dict[str, Any]]:
    """Size, time and fidelity of every file as shares of the largest, 0 to 100."""
    largest = max((a.bytes for a in manifest.artifacts), default=1)
    slowest = max((a.latency_ms for a in manifest.artifacts if not math.isnan(a.latency_ms)), default=1)

    def share(value: float, whole: float) -> float:
        return 0 if math.isnan(value) else round(100 * max(0.0, min(value / whole, 1)), 1)

    return [
        {
            "title": _title(artifact),
            "cells": [
                (figure(artifact.bytes / 1e6, ".2f") + " MB", share(artifact.bytes, largest)),
                (figure(artifact.latency_ms, ".1f") + " ms", share(artifact.latency_ms, slowest)),
                (_decibels(artifact) + " dB", share(artifact.parity.psnr, 150)),
            ],
        }
        for artifact in manifest.artifacts
    ]


def _decibels(artifact: Artifact) -> str:
    return figure(artifact.parity.psnr, ".0f")


def _tensor(tensor: Role) -> tuple[str, ...]:
    return tensor.name, tensor.dtype, dimensions(tensor), value_range(tensor)


def _row(artifact: Artifact, manifest: Manifest) -> dict[str, Any]:
    base, parity = float32_of(artifact, manifest.artifacts), artifact.parity

    def beside(value: float, whole: float) -> str:
        return "" if artifact is base else ratio(value, whole)

    return {
        "title": _title(artifact),
        "gpu": artifact.gpu_ready,
        "path": artifact.path,
        "notes": "; ".join(note for note in (artifact.notes, artifact.gpu.words if artifact.gpu else "") if note),
        "mark": "passed" if parity.passed else "failed",
        "cells": [
            (figure(artifact.bytes / 1e6, ".2f"), beside(artifact.bytes, base.bytes)),
            (figure(artifact.latency_ms, ".1f"), beside(artifact.latency_ms, base.latency_ms)),
            (figure(parity.max_abs, ".1e"), ""),
            (figure(parity.psnr, ".1f"), ""),
            (figure(parity.ssim, ".4f"), ""),
            (f"≤ {parity.floor:g}" if artifact.precision == "float32" else f"≥ {parity.floor:g} dB", ""),
        ],
    }


def _title(artifact: Artifact) -> str:
    return _named(artifact.format, artifact.precision, artifact.shape.replace("x", f" {TIMES} "))


def _named(form: str, precision: str, shape: str) -> str:
    return f"{FORMAT_TITLES[form]}, {precision.replace('_', ' ')}, {shape}"


def _skipped(manifest: Manifest) -> dict[str, list[str]]:
    """What was not made, by the reason."""
    reasons: dict[str, list[str]] = {}
    for cell in manifest.skipped:
        reasons.setdefault(cell.reason, []).append(_named(cell.format, cell.precision, cell.shape))
    return reasons


def differences(
    manifest: Manifest, references: References, measurements: Mapping[str, Measurement]
) -> tuple[int, list[dict[str, Any]]]:
    """The factor, and by shape each file's answer to the picture that it is worst at beside its amplified difference.

    One factor for all, so that they can be compared: the one that the largest difference allows.
    """
    different = {artifact.sha256: artifact for artifact in reversed(manifest.artifacts)}
    examples: list[tuple[Artifact, np.ndarray, np.ndarray]] = []
    for artifact in manifest.artifacts:
        measured = measurements[artifact.path]
        if measured.outputs is None or different[artifact.sha256] is not artifact:  # the page's file is that of ONNX once more
            continue
        case = references.cases(parse_shape(artifact.shape))[measured.worst[0]]
        for name, answer in measured.outputs.items():
            if answer.ndim == 4:
                shown, expected = answer[measured.worst[1]], case.expected[name][measured.worst[1]]
                examples.append((artifact, shown, np.abs(shown - expected)))
    # Not by the largest value of all: one pixel would darken the rest.
    factor = amplification(max((float(np.quantile(difference, 0.99)) for _, _, difference in examples), default=0.0))
    shapes: dict[str, list[dict[str, Any]]] = {}
    for artifact, answer, difference in examples:
        pair = [_frame(_title(artifact), answer), _frame("its difference", difference * max(factor, 1))]
        shapes.setdefault(artifact.shape, []).append({"pair": pair})
    titles = {shape: shape.replace("x", f" {TIMES} ") if shape != "dynamic" else "Any size" for shape in shapes}
    return max(factor, 1), [{"title": titles[shape], "pairs": pairs} for shape, pairs in shapes.items()]


def amplification(difference: float) -> int:
    """The power of ten that brings a difference near 1 without passing it; 0 for no difference."""
    if not math.isfinite(difference) or difference <= 0:
        return 0
    return int(10 ** max(0, math.floor(-math.log10(difference))))


def _frame(caption: str, picture: np.ndarray) -> dict[str, str]:
    """A picture [H, W, 1 or 3] in [0, 1] as a data URL, and what stands beneath it."""
    from PIL import Image

    pixels = (np.clip(np.nan_to_num(picture), 0, 1) * 255 + 0.5).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, "JPEG", quality=90)
    return {"caption": caption, "url": f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"}


def _middle_frame(role: Any, picture: np.ndarray) -> np.ndarray:
    first = 3 * (role.count // 2)
    return picture[..., first : first + 3]


def _laid(role: Any, picture: np.ndarray) -> np.ndarray:
    """Pictures with alpha, one on the other."""
    shown = np.zeros_like(picture[..., :3])
    for layer in np.split(picture, role.count, axis=-1):
        shown = shown + layer[..., 3:] * (layer[..., :3] - shown)
    return shown


# What a person is shown of an input that is no picture of one or three channels.
SHOWN: Mapping[type[Role], Callable[[Any, np.ndarray], np.ndarray]] = {roles.Frames: _middle_frame, roles.Layers: _laid}


def as_shown(role: Role, picture: np.ndarray) -> np.ndarray:
    """One example of an input, [H, W, C], as a person is shown it."""
    return SHOWN[type(role)](role, picture) if type(role) in SHOWN else picture
