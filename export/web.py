"""DIR/web: a page that runs the ONNX file in the browser with onnxruntime-web, behind any static file server."""

import base64
import hashlib
import importlib.resources
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from zoo import roles
from zoo.export.manifest import Artifact, Manifest
from zoo.export.provenance import provenance, source_type
from zoo.export.unsupported import Unsupported
from zoo.roles import Role, Signature

VERSION = "1.30.0"
PLACE = f"https://cdn.jsdelivr.net/npm/onnxruntime-web@{VERSION}/dist/"
# The three files of the npm package that the page needs, with the hashes that the browser holds them to.
RUNTIME = {
    "ort.wasm.min.js": "sha384-Bw6URI+Gvoadw0do7/QrSHUC9D1vCYYK5OSqChFyhyV5mzPL4oe2rOAFljAnS8Sq",
    "ort-wasm-simd-threaded.mjs": "sha384-XcXA/MtAf0WpB8e023xQH9CM7RIjiugakT7x99DIwpFf7k56BIFFcAPerIF7FDad",
    "ort-wasm-simd-threaded.wasm": "sha384-vjBJ1z7qrhkTyYsNqKeF6c7N+nOJSU94czEo+tvZcu8G75JparGq9kB+kTnEUNVM",
}
NOTE = f"the bytes of the ONNX file, measured by onnxruntime here; the page runs them by onnxruntime-web {VERSION}"
ORDER = ("dynamic_int8", "float32", "int8")  # the first that passed is the one that the page begins with
PAGE = ("index.html", "style.css", "pictures.js", "controls.js", "png.js", "app.js", "worker.js")
SAMPLES = {True: ("chelsea", "sample.jpg"), False: ("immunohistochemistry", "style.jpg")}  # main or not; both public domain


def checked_runtime(folder: Path) -> Path:
    """`folder`, where the files of onnxruntime-web lie for a page that works without a network.

    Raises FileNotFoundError where one is missing, ValueError where one is of another version.
    """
    how = f"npm install onnxruntime-web@{VERSION} puts it into node_modules/onnxruntime-web/dist"
    for name, digest in RUNTIME.items():
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder} has no {name}; {how}")
        if integrity(folder / name) != digest:
            raise ValueError(f"{folder / name} is not that of onnxruntime-web {VERSION}; {how}")
    return folder


def integrity(path: Path) -> str:
    """The file's hash as browsers write it (Subresource Integrity)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def controls(signature: Signature) -> list[dict[str, Any]]:
    """What the page shows for each input, pictures first. Raises Unsupported for one that it has nothing for."""
    if signature.output(roles.Result) is None:
        raise Unsupported("the page shows a picture, and this model gives none")
    shown = [
        {"name": role.name, "type": role.dtype, "words": role.words, **CONTROLS[type(role)](role)}
        for role in signature.inputs.values()
    ]
    kinds = ("picture", "mask", "latent", "choice", "weights", "share")
    return sorted(shown, key=lambda control: (kinds.index(control["kind"]), not control.get("main")))


def _picture(role: Any, kind: str = "picture", main: bool = False) -> dict[str, Any]:
    size = [axis if isinstance(axis, int) else None for axis in role.shape[1:3]]
    return {"kind": kind, "main": main, "channels": role.depth, "height": size[0], "width": size[1]}


def _choice(role: Any) -> dict[str, Any]:
    return {"kind": "choice", "one_hot": role.one_hot, "names": role.names}


def _nothing(role: Role) -> dict[str, Any]:
    raise Unsupported(f"the page has nothing to set {role.name} with ({role.words})")


CONTROLS: Mapping[type[Role], Callable[[Any], dict[str, Any]]] = {
    roles.Photograph: lambda role: _picture(role, main=True),
    roles.StylePicture: _picture,
    roles.HoleMask: lambda role: _picture(role, "mask"),
    roles.Share: lambda role: {"kind": "share", "default": role.default},
    roles.Weights: lambda role: {"kind": "weights", "names": role.names, "things": role.things},
    roles.Latent: lambda role: {"kind": "latent", "size": role.length},
    roles.Choice: _choice,
    roles.Frames: _nothing,
    roles.Layers: _nothing,
    roles.Values: _nothing,
}


def write(manifest: Manifest, about: Mapping[str, str], directory: Path, runtime: Path | None = None) -> None:
    """Writes the page beside the ONNX files that `directory`/web already holds.

    `runtime` is the folder that `checked_runtime` passed, whose files are copied; without it the page takes them from a CDN.
    """
    web = directory / "web"
    files = [artifact for artifact in manifest.artifacts if artifact.format == "web"]
    offered = sorted(
        [artifact for artifact in files if artifact.parity.passed] or files, key=lambda artifact: ORDER.index(artifact.precision)
    )
    templates = importlib.resources.files("zoo.export") / "templates" / "web"
    for name in PAGE:
        (web / name).write_bytes((templates / name).read_bytes())
    if runtime:
        (web / "runtime").mkdir()
        for name in RUNTIME:
            shutil.copyfile(runtime / name, web / "runtime" / name)
    needed = controls(manifest.signature)
    page = {
        "model": manifest.model,
        "about": {key: value for key, value in about.items() if key in ("task", "paper", "weight")},
        "size": manifest.signature.own_size,
        "controls": needed,
        "files": [_file(artifact, directory) for artifact in offered],
        "runtime": {
            "version": VERSION,
            "files": [
                {"url": f"runtime/{name}" if runtime else PLACE + name, "integrity": digest} for name, digest in RUNTIME.items()
            ],
        },
        "samples": {c["name"]: _sample(c["main"], web) for c in needed if c["kind"] == "picture"},
        "provenance": provenance(
            source_type(manifest.signature), {"model": manifest.model, "weights_sha256": manifest.weights_sha256}
        ),
    }
    (web / "model.json").write_text(json.dumps(page, indent=2) + "\n", encoding="utf-8")


def _file(artifact: Artifact, directory: Path) -> dict[str, Any]:
    path = directory / artifact.path
    return {"url": path.name, "integrity": integrity(path), "bytes": artifact.bytes, "precision": artifact.precision}


def _sample(main: bool, web: Path) -> str:
    """The file of a picture to try the input with, out of those that come with scikit-image."""
    from PIL import Image
    from skimage import data

    picture, file = SAMPLES[main]
    Image.fromarray(getattr(data, picture)()).save(web / file, quality=92)
    return file
