"""DIR/hub: a folder for Hugging Face's hub, and a Gradio Space beside it. Nothing is uploaded."""

import importlib.resources
import json
import pprint
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo import roles
from zoo.export.files import sha256
from zoo.export.manifest import Artifact, Manifest
from zoo.export.openvino_format import weights_of
from zoo.export.report import as_shown
from zoo.export.verify import Case, References
from zoo.roles import Role, Signature

EXAMPLES = 3
GRADIO = "6.31.0"  # the newest when this was written; the page was not tried with it, what it calls was
FORMATS = ("savedmodel", "litert", "onnx", "openvino")  # whose files go along
TAGS = {"savedmodel": "tensorflow", "litert": "tflite", "onnx": "onnx", "openvino": "openvino"}
# How a licence begins in words, and what the hub calls it.
LICENCES = {"apache": "apache-2.0", "mit": "mit", "cc0": "cc0-1.0", "cc by 4.0": "cc-by-4.0", "cc-by-4.0": "cc-by-4.0"}
MODEL = "MODEL: dict[str, Any] = {}"  # the line of app.py that an export fills in


def _picture(role: Any) -> dict[str, Any]:
    return {"component": "picture", "channels": role.depth}


def _none(role: Any) -> dict[str, Any]:
    return {}


# What a Space asks for each role with; one that has nothing has no Space.
COMPONENTS: Mapping[type[Role], Callable[[Any], dict[str, Any]]] = {
    roles.Photograph: _picture,
    roles.StylePicture: _picture,
    roles.HoleMask: lambda role: {"component": "hole", "channels": 1},
    roles.Share: lambda role: {"component": "slider", "value": role.default},
    roles.Weights: lambda role: {"component": "name", "names": list(role.names), "vector": True},
    roles.Choice: lambda role: {"component": "name", "names": list(role.names), "vector": role.one_hot},
    roles.Latent: lambda role: {"component": "seed", "length": role.length},
    roles.Frames: _none,
    roles.Layers: _none,
    roles.Values: _none,
}
# What is said of an input where the role's own words are for a program.
WORDS: Mapping[type[Role], Callable[[Any], str]] = {
    roles.Weights: lambda role: role.things,
    roles.Latent: lambda role: "number of the picture",
}


def write(manifest: Manifest, network: Any, references: References, about: Mapping[str, str], directory: Path) -> None:
    """Writes the folder into an export's directory, for the files that passed, after MODEL_CARD.md is there."""
    folder = directory / "hub"
    folder.mkdir()
    passed = [artifact for artifact in manifest.artifacts if artifact.format in FORMATS and artifact.parity.passed]
    for artifact in passed:
        _copy(directory / artifact.path, folder / artifact.path)
    _copy(directory / manifest.keras, folder / manifest.keras)
    _weights(network, manifest, folder / "model.safetensors")
    pictures = _examples(references.cases(None), references.signature, folder / "examples")
    without = [role.name for role in manifest.signature.inputs.values() if not COMPONENTS[type(role)](role)]
    onnx = next((a for a in passed if a.format == "onnx" and a.shape == "dynamic"), None)
    if onnx and not without:
        _space(manifest, about, directory / onnx.path, folder / "space")
    card = (directory / "MODEL_CARD.md").read_text(encoding="utf-8")
    text = f"{front_matter(model_facts(manifest, about, passed))}\n{card}\n## Examples\n\n{pictures}\n"
    (folder / "README.md").write_text(text, encoding="utf-8")


def _weights(network: Any, manifest: Manifest, path: Path) -> None:
    from safetensors.numpy import save_file

    arrays = {variable.path: np.ascontiguousarray(variable.numpy()) for variable in network.weights}
    if len(arrays) < len(network.weights):
        raise ValueError("two weights have the same path; give their layers names of their own")
    save_file(arrays, path, {"weights_sha256": manifest.weights_sha256})


def model_facts(manifest: Manifest, about: Mapping[str, str], passed: list[Artifact]) -> dict[str, Any]:
    """What the hub reads of a model at the head of its README.md; a licence that nobody wrote down is left out."""
    tags = ["keras", "computer-vision", *dict.fromkeys(TAGS[artifact.format] for artifact in passed)]
    made_of_pictures = bool(manifest.signature.picture_inputs)
    facts: dict[str, Any] = {
        "library_name": "keras",
        "pipeline_tag": "image-to-image" if made_of_pictures else "unconditional-image-generation",
        "tags": tags,
    }
    if licence := about.get("licence", ""):
        identifier = next((name for words, name in LICENCES.items() if licence.lower().startswith(words)), "")
        facts |= {"license": identifier} if identifier else {"license": "other", "license_name": "see-below"}
    return facts


def front_matter(facts: Mapping[str, Any]) -> str:
    """YAML between its marks; JSON is YAML."""
    return "\n".join(["---", *(f"{key}: {json.dumps(value)}" for key, value in facts.items()), "---"]) + "\n"


def space_model(manifest: Manifest, about: Mapping[str, str]) -> dict[str, Any]:
    """What app.py is told of the model."""
    signature = manifest.signature
    return {
        "name": manifest.model,
        "description": f"{about.get('task', 'a picture model')}; what comes out was made or changed by a model",
        "output": next(iter(signature.outputs)),
        "size": signature.own_size,
        "inputs": {
            name: {"words": _words(role), "dtype": role.dtype, **COMPONENTS[type(role)](role)}
            for name, role in signature.inputs.items()
        },
    }


def _words(role: Role) -> str:
    return WORDS[type(role)](role) if type(role) in WORDS else role.words


def _space(manifest: Manifest, about: Mapping[str, str], model: Path, folder: Path) -> None:
    folder.mkdir()
    shutil.copy(model, folder / "model.onnx")
    templates = importlib.resources.files("zoo.export") / "templates" / "hub"
    shutil.copy(str(templates / "requirements.txt"), folder)
    told = pprint.pformat(space_model(manifest, about), width=120, sort_dicts=False)
    text = (templates / "app.py.txt").read_text(encoding="utf-8")
    (folder / "app.py").write_text(text.replace(MODEL, f"{MODEL[:-2]}{told}"), encoding="utf-8")
    facts = {"title": manifest.model, "sdk": "gradio", "sdk_version": GRADIO, "app_file": "app.py", "pinned": False}
    words = f"{front_matter(facts)}\nA Space for {manifest.model}: `model.onnx` (SHA-256 {sha256(model)[:16]}) on a processor.\n"
    (folder / "README.md").write_text(words, encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
        return
    shutil.copy(source, target)
    if source.suffix == ".xml":
        shutil.copy(weights_of(source), weights_of(target))


def _examples(cases: list[Case], signature: Signature, folder: Path) -> str:
    """Writes what went in and the Keras model's answers as pictures; returns the Markdown that shows them."""
    from PIL import Image

    folder.mkdir()
    rows = []
    for number, case in enumerate(cases[:EXAMPLES], 1):
        shown = {n: as_shown(role, case.inputs[n][0]) for n, role in signature.picture_inputs.items()}
        shown |= {name: value[0] for name, value in case.expected.items() if value.ndim == 4}
        for name, picture in shown.items():
            pixels = np.round(np.clip(picture, 0, 1) * 255).astype("uint8")
            Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(folder / f"{number}-{name}.png")
        rows.append(" ".join(f"![{name}](examples/{number}-{name}.png)" for name in shown))
    return "\n\n".join(rows)
