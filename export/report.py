"""report.html, one file with its pictures inside, and MODEL_CARD.md."""

import base64
import html
import importlib.resources
import io
import math
import re
import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo import roles
from zoo.export.manifest import Artifact, Manifest, parse_shape
from zoo.export.metadata import ASKED, value_range
from zoo.export.verify import LATENCY_SIZE, Measurement, References
from zoo.roles import Role

TIMES, DASH = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
FORMAT_TITLES = {"savedmodel": "SavedModel", "litert": "LiteRT", "onnx": "ONNX", "web": "Page", "openvino": "OpenVINO"}


def write(
    manifest: Manifest,
    about: Mapping[str, str],
    references: References,
    measurements: Mapping[str, Measurement],
    directory: Path,
) -> None:
    """Writes both documents into the export directory. `measurements` go by the artefact's path."""
    facts = {
        **about,
        "weights": f"{manifest.weights_sha256[:16]} (SHA-256)",
        "made with": ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
    }
    shapes = dict.fromkeys(artifact.shape for artifact in manifest.artifacts)
    page = _template("report.html").substitute(
        name=html.escape(manifest.model),
        verdict="passed" if manifest.passed else "failed",
        summary=html.escape(summary(manifest)),
        facts="".join(f"<dt>{html.escape(key)}</dt><dd>{html.escape(value)}</dd>" for key, value in facts.items()),
        inputs="".join(_tensor_row(tensor) for tensor in manifest.signature.inputs.values()),
        outputs="".join(_tensor_row(tensor) for tensor in manifest.signature.outputs.values()),
        rows="".join(_artifact_row(artifact, manifest) for artifact in manifest.artifacts),
        timing=html.escape(timing(manifest)),
        skipped=_skipped(manifest),
        pictures="".join(_pictures(shape, manifest, references, measurements) for shape in shapes),
    )
    (directory / "report.html").write_text(page, encoding="utf-8")
    (directory / "MODEL_CARD.md").write_text(_card(manifest, facts), encoding="utf-8")


def summary(manifest: Manifest) -> str:
    """One sentence: how many files equal their model."""
    passed, count = sum(artifact.parity.passed for artifact in manifest.artifacts), len(manifest.artifacts)
    if passed == count:
        return f"All {count} files were run in their own runtimes and equal the Keras model within their floors."
    return f"{count - passed} of {count} files differ from the Keras model by more than their floors allow."


def timing(manifest: Manifest) -> str:
    size = " x ".join(str(side) for side in manifest.signature.own_size or LATENCY_SIZE)
    return f"Time is the median of warm calls with one picture at {manifest.threads} threads; where the size is free, at {size}."


def _template(name: str) -> string.Template:
    return string.Template((importlib.resources.files("zoo.export") / "templates" / name).read_text(encoding="utf-8"))


def _shape(tensor: Role) -> str:
    return f" {TIMES} ".join(str(axis) for axis in tensor.shape)


def _tensor_row(tensor: Role) -> str:
    return (
        f"<tr><th scope=row><code>{html.escape(tensor.name)}</code></th><td>{tensor.dtype}</td>"
        f"<td>{html.escape(_shape(tensor))}</td><td>{value_range(tensor)}</td></tr>"
    )


def _figure(value: float, pattern: str) -> str:
    return DASH if math.isnan(value) else format(value, pattern)


def _base(artifact: Artifact, manifest: Manifest) -> Artifact:
    """The float32 file of the same format and shape, that the others are measured against."""
    same = (artifact.format, artifact.shape, "float32")
    return next((a for a in manifest.artifacts if (a.format, a.shape, a.precision) == same), artifact)


def _ratio(value: float, base: float) -> str:
    return "" if value is base or math.isnan(value / base) else f" <small>{value / base:.2f}{TIMES}</small>"


def _artifact_row(artifact: Artifact, manifest: Manifest) -> str:
    base = _base(artifact, manifest)
    parity = artifact.parity
    floor = f"≤ {parity.floor:g}" if artifact.precision == "float32" else f"≥ {parity.floor:g} dB"
    mark = "passed" if parity.passed else "failed"
    cells = (
        _figure(artifact.bytes / 1e6, ".2f") + _ratio(artifact.bytes, base.bytes),
        _figure(artifact.latency_ms, ".1f") + _ratio(artifact.latency_ms, base.latency_ms),
        _figure(parity.max_abs, ".1e"),
        _figure(parity.psnr, ".1f"),
        _figure(parity.ssim, ".4f"),
        floor,
    )
    gpu = '<span class="tag">mobile GPU</span>' if artifact.gpu_ready else ""
    return (
        f'<tr class="{mark}"><th scope=row>{_title(artifact)}{gpu}<small>{html.escape(artifact.path)}</small>'
        f'<small class="note">{html.escape(_notes(artifact))}</small></th><td><span class="mark">{mark}</span></td>'
        + "".join(f'<td class="number">{cell}</td>' for cell in cells)
        + "</tr>"
    )


def _notes(artifact: Artifact) -> str:
    return "; ".join(note for note in (artifact.notes, artifact.gpu.words if artifact.gpu else "") if note)


def _title(artifact: Artifact) -> str:
    shape = artifact.shape.replace("x", f" {TIMES} ")
    return f"{FORMAT_TITLES[artifact.format]}, {artifact.precision.replace('_', ' ')}, {shape}"


def _skipped(manifest: Manifest) -> str:
    if not manifest.skipped:
        return ""
    reasons: dict[str, list[str]] = {}
    for cell in manifest.skipped:
        name = f"{FORMAT_TITLES[cell.format]} {cell.precision.replace('_', ' ')}, {cell.shape}"
        reasons.setdefault(cell.reason, []).append(name)
    items = (f"<li><strong>{'; '.join(cells)}</strong>: {html.escape(why)}</li>" for why, cells in reasons.items())
    return f"<h3>Not made</h3><ul>{''.join(items)}</ul>"


def _pictures(shape: str, manifest: Manifest, references: References, measurements: Mapping[str, Measurement]) -> str:
    """What went in, Keras' answer, and for each artefact of the shape its answer and the difference, amplified to be seen."""
    size = parse_shape(shape)
    case = references.cases(size)[0]
    pictures = [name for name, expected in case.expected.items() if expected.ndim == 4]
    first = [
        _frame(name, SHOWN.get(type(role), as_it_is)(role, case.inputs[name][0]))
        for name, role in references.signature.picture_inputs.items()
    ]
    first += [_frame(f"Keras: {name}", case.expected[name][0]) for name in pictures]
    pairs = []
    different = {artifact.sha256: artifact for artifact in reversed(manifest.artifacts)}
    for artifact in manifest.artifacts:
        fits = artifact.shape == shape and different[artifact.sha256] is artifact  # the page's file is that of ONNX once more
        outputs = measurements[artifact.path].outputs or {}
        for name in pictures if fits and outputs else ():
            difference = np.abs(outputs[name][0] - case.expected[name][0])
            factor = amplification(float(np.quantile(difference, 0.99)))  # not by the largest: one pixel would darken the rest
            label = f"difference {TIMES} {factor:,}".replace(",", "\N{NO-BREAK SPACE}") if factor else "no difference"
            both = _frame(_title(artifact), outputs[name][0]) + _frame(label, difference * max(factor, 1))
            pairs.append(f'<div class="duo">{both}</div>')
    title = shape.replace("x", f" {TIMES} ") if size else f"{shape} size"
    return f'<h3>{title}</h3><div class="first">{"".join(first)}</div><div class="duos">{"".join(pairs)}</div>'


def _frame(label: str, picture: np.ndarray) -> str:
    text = html.escape(label)
    return f'<figure><img src="{_inline(picture)}" alt="{text}"><figcaption>{text}</figcaption></figure>'


def amplification(difference: float) -> int:
    """The power of ten that brings a difference near 1 without passing it; 0 for no difference."""
    if not math.isfinite(difference) or difference <= 0:
        return 0
    return int(10 ** max(0, math.floor(-math.log10(difference))))


def _inline(picture: np.ndarray) -> str:
    """A data URL of a float picture [H, W, 1 or 3] in [0, 1]."""
    from PIL import Image

    pixels = (np.clip(np.nan_to_num(picture), 0, 1) * 255 + 0.5).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, "JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def as_it_is(role: Role, picture: np.ndarray) -> np.ndarray:
    return picture


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


def _card(manifest: Manifest, facts: Mapping[str, str]) -> str:
    signature = manifest.signature
    paths = {artifact.format: artifact.path for artifact in reversed(manifest.artifacts)}
    examples = {tensor.name: _example(tensor) for tensor in signature.inputs.values()}
    return _template("MODEL_CARD.md").substitute(
        name=manifest.model,
        facts="\n".join(f"- {key}: {_as_text(value)}" for key, value in facts.items() if key not in ASKED),
        asked="\n".join(
            f"- **{key.capitalize()}**: {_as_text(facts.get(key, '')) or _to_fill_in(what)}" for key, what in ASKED.items()
        ),
        summary=summary(manifest),
        inputs="\n".join(_card_row(tensor) for tensor in signature.inputs.values()),
        outputs="\n".join(_card_row(tensor) for tensor in signature.outputs.values()),
        rows="\n".join(_card_artifact(artifact) for artifact in manifest.artifacts),
        skipped="\n".join(f"- {c.format} {c.precision} {c.shape}: {_as_text(c.reason)}." for c in manifest.skipped) or "Nothing.",
        arrays=",\n    ".join(f'"{name}": {value}' for name, value in examples.items()),
        timing=timing(manifest),
        output=next(iter(signature.outputs)),
        keras=manifest.keras,
        savedmodel=paths.get("savedmodel", "(not exported)"),
        litert=paths.get("litert", "(not exported)"),
        onnx=paths.get("onnx", "(not exported)"),
    )


def _as_text(value: str) -> str:
    """On one line of Markdown, without links, pictures and HTML: folders and files may have been named by anybody."""
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return re.sub(r"[\\*\[\]|]", r"\\\g<0>", html.escape(line, quote=False))


def _to_fill_in(what: str) -> str:
    return f"**TO FILL IN** before this model is given to others: {what}."


def _card_row(tensor: Role) -> str:
    return f"| `{tensor.name}` | {tensor.dtype} | {_shape(tensor)} | {value_range(tensor)} |"


def _card_artifact(artifact: Artifact) -> str:
    parity = artifact.parity
    figures = (
        f"{artifact.bytes / 1e6:.2f}",
        _figure(parity.max_abs, ".1e"),
        _figure(parity.psnr, ".1f"),
        _figure(parity.ssim, ".4f"),
        _figure(artifact.latency_ms, ".1f"),
        "yes" if parity.passed else "**no**",
    )
    return f"| `{artifact.path}` | {artifact.precision} | {artifact.shape} | {' | '.join(figures)} |"


def _example(role: Role) -> str:
    """A line of NumPy that makes one example of the input."""
    shape = tuple(256 if axis is None else axis for axis in role.sized(1, None))
    return EXAMPLES[type(role)].format(shape=shape, dtype=role.dtype, default=role.default)


_ZEROS, _NORMAL = 'np.zeros({shape}, "{dtype}")', 'np.random.default_rng(0).standard_normal({shape}).astype("{dtype}")'
EXAMPLES: Mapping[type[Role], str] = {
    roles.Photograph: _ZEROS,
    roles.Frames: _ZEROS,
    roles.Layers: _ZEROS,
    roles.HoleMask: _ZEROS,
    roles.StylePicture: _ZEROS,
    roles.Share: 'np.full({shape}, {default}, "{dtype}")',
    roles.Weights: 'np.array([{default}], "{dtype}")',
    roles.Latent: _NORMAL,
    roles.Choice: 'np.ones({shape}, "{dtype}")',
    roles.Values: _ZEROS,
}
