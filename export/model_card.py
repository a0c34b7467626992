"""MODEL_CARD.md: what is known of a model, and what its owner must still say."""

import html
import importlib.resources
import re
import string
from collections.abc import Mapping

from zoo import roles
from zoo.export.manifest import Artifact, Manifest
from zoo.export.metadata import ASKED, value_range
from zoo.export.wording import dimensions, figure, summary, timing
from zoo.roles import Role


def model_card(manifest: Manifest, facts: Mapping[str, str]) -> str:
    """The Markdown; `facts` are lines of what is known, by their names."""
    signature = manifest.signature
    paths = {artifact.format: artifact.path for artifact in reversed(manifest.artifacts)}
    examples = {tensor.name: _example(tensor) for tensor in signature.inputs.values()}
    template = importlib.resources.files("zoo.export") / "templates" / "MODEL_CARD.md"
    return string.Template(template.read_text(encoding="utf-8")).substitute(
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
    return f"| `{tensor.name}` | {tensor.dtype} | {dimensions(tensor)} | {value_range(tensor)} |"


def _card_artifact(artifact: Artifact) -> str:
    parity = artifact.parity
    figures = (
        f"{artifact.bytes / 1e6:.2f}",
        figure(parity.max_abs, ".1e"),
        figure(parity.psnr, ".1f"),
        figure(parity.ssim, ".4f"),
        figure(artifact.latency_ms, ".1f"),
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
