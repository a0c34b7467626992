"""DIR/web: a page that runs the ONNX file in the browser with onnxruntime-web, behind any static file server."""

import base64
import hashlib
import importlib.resources
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.export.manifest import Artifact, Manifest
from zoo.export.provenance import provenance, source_type
from zoo.export.signature import SHARES, Signature, Tensor
from zoo.export.unsupported import Unsupported

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
SAMPLES = {"image": ("chelsea", "sample.jpg"), "style": ("immunohistochemistry", "style.jpg")}  # both public domain


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
    if "output_image" not in signature.outputs:
        raise Unsupported("the page shows output_image, which this model lacks")
    found = [_control(tensor) for tensor in signature.inputs.values()]
    kinds = ("picture", "mask", "latent", "label", "weights", "share")
    return sorted(found, key=lambda control: (kinds.index(control["kind"]), control["name"] != "image"))


def _control(tensor: Tensor) -> dict[str, Any]:
    common = {"name": tensor.name, "type": tensor.dtype}
    last = tensor.shape[-1]
    if tensor.is_picture:
        if last not in (1, 3):
            raise Unsupported(f"the page takes gray or RGB pictures; {tensor.name} has {last} channels")
        kind = "mask" if tensor.name == "mask" else "picture"
        size = [axis if isinstance(axis, int) else None for axis in tensor.shape[1:3]]
        return {**common, "kind": kind, "channels": last, "height": size[0], "width": size[1]}
    if tensor.name == "latent" and len(tensor.shape) == 2:
        return {**common, "kind": "latent", "size": last}
    if tensor.name == "style_weights":
        return {**common, "kind": "weights", "count": last}
    if tensor.name in SHARES and len(tensor.shape) == 1:
        return {**common, "kind": "share"}
    if tensor.name == "label" and tensor.range:
        one_hot = len(tensor.shape) > 1
        return {**common, "kind": "label", "one_hot": one_hot, "classes": last if one_hot else int(tensor.range[1]) + 1}
    raise Unsupported(f"the page has nothing to set {tensor.name} with")


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
        "about": {key: value for key, value in about.items() if key in ("task", "paper")},
        "size": manifest.signature.own_size,
        "controls": needed,
        "files": [_file(artifact, directory) for artifact in offered],
        "runtime": {
            "version": VERSION,
            "files": [
                {"url": f"runtime/{name}" if runtime else PLACE + name, "integrity": digest} for name, digest in RUNTIME.items()
            ],
        },
        "samples": {control["name"]: _sample(control["name"], web) for control in needed if control["kind"] == "picture"},
        "provenance": provenance(
            source_type(manifest.signature), {"model": manifest.model, "weights_sha256": manifest.weights_sha256}
        ),
    }
    (web / "model.json").write_text(json.dumps(page, indent=2) + "\n", encoding="utf-8")


def _file(artifact: Artifact, directory: Path) -> dict[str, Any]:
    path = directory / artifact.path
    return {"url": path.name, "integrity": integrity(path), "bytes": artifact.bytes, "precision": artifact.precision}


def _sample(name: str, web: Path) -> str:
    """The file of a picture to try the input with, out of those that come with scikit-image."""
    from PIL import Image
    from skimage import data

    picture, file = SAMPLES[name]
    Image.fromarray(getattr(data, picture)()).save(web / file, quality=92)
    return file
