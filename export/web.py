"""DIR/web: a page that runs the ONNX file in the browser with onnxruntime-web, behind any static file server."""

import base64
import hashlib
import importlib.resources
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.export import page
from zoo.export.manifest import Artifact, Manifest
from zoo.export.provenance import provenance, source_type

VERSION = "1.30.0"
PLACE = f"https://cdn.jsdelivr.net/npm/onnxruntime-web@{VERSION}/dist/"
# The files of the npm package, with the hashes that the browser holds them to: sets of a script, its loader and WebAssembly, of
# which the page takes one. "wasm" computes on the processor; the others reach the GPU, "jspi" where WebAssembly can wait.
RUNTIMES = {
    "jspi": {
        "ort.jspi.min.js": "sha384-DmSB8BLFy0ekXH7P3w0HRaGANmcw3AtL78rwRnpQXMaWnr3loItQec3leeiVGTXD",
        "ort-wasm-simd-threaded.jspi.mjs": "sha384-I057lW+dSDOqTXP3UpXfKPmGgLn8O9NoN38eP6T6wlQsduqNDHJebkOSjnM52LlE",
        "ort-wasm-simd-threaded.jspi.wasm": "sha384-bMP/XSpH5FjIIaVnUc1eR3cDsGZGdO1ZPjcHGEtvMwOgZZFcOEN8VrGooR81HSFO",
    },
    "asyncify": {
        "ort.webgpu.min.js": "sha384-6BOUZhMpgaXRZBIj89pTWET0c7xcMe1yHACreuaBy2kUZwLd2tzCmv7MzwZccHYH",
        "ort-wasm-simd-threaded.asyncify.mjs": "sha384-qViEcCGzsR/m8nlQwIsbYh7afN4thuraqFYDQY6huvmoLVoZq/eYawQ1wrv8nnhA",
        "ort-wasm-simd-threaded.asyncify.wasm": "sha384-EPVDLTxuO663dkZO/pcKJF6vOyyfq/5z9FY1oksN0UWFX2ABH4wDDZQHeNoUleWR",
    },
    "wasm": {
        "ort.wasm.min.js": "sha384-Bw6URI+Gvoadw0do7/QrSHUC9D1vCYYK5OSqChFyhyV5mzPL4oe2rOAFljAnS8Sq",
        "ort-wasm-simd-threaded.mjs": "sha384-XcXA/MtAf0WpB8e023xQH9CM7RIjiugakT7x99DIwpFf7k56BIFFcAPerIF7FDad",
        "ort-wasm-simd-threaded.wasm": "sha384-vjBJ1z7qrhkTyYsNqKeF6c7N+nOJSU94czEo+tvZcu8G75JparGq9kB+kTnEUNVM",
    },
}
RUNTIME = {name: digest for files in RUNTIMES.values() for name, digest in files.items()}
NOTE = f"the bytes of the ONNX file, measured by onnxruntime here; the page runs them by onnxruntime-web {VERSION}"
ORDER = ("dynamic_int8", "float32", "int8")  # the first that passed is the one that the page begins with
ENGINE = ("engine.js", "worker.js")
SIDE = 512  # pixels of the longest side that the page works on at first


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


def write(manifest: Manifest, about: Mapping[str, str], directory: Path, runtime: Path | None = None) -> None:
    """Writes the page beside the ONNX files that `directory`/web already holds.

    `runtime` is the folder that `checked_runtime` passed, whose files are copied; without it the page takes them from a CDN.
    """
    web = directory / "web"
    files = [artifact for artifact in manifest.artifacts if artifact.format == "web"]
    offered = sorted(
        [artifact for artifact in files if artifact.parity.passed] or files, key=lambda artifact: ORDER.index(artifact.precision)
    )
    templates = importlib.resources.files("zoo.export") / "templates"
    for folder, names in (("page", page.FILES), ("web", ENGINE)):
        for name in names:
            (web / name).write_bytes((templates / folder / name).read_bytes())
    if runtime:
        (web / "runtime").mkdir()
        for name in RUNTIME:
            shutil.copyfile(runtime / name, web / "runtime" / name)
    needed = page.controls(manifest.signature)
    samples = page.samples(needed, about.get("task", ""))
    for file, content in samples.values():
        (web / file).write_bytes(content)
    place = "runtime/" if runtime else PLACE
    settings = {
        "model": manifest.model,
        "about": {key: value for key, value in about.items() if key in ("task", "paper", "weight")},
        "size": manifest.signature.own_size,
        "side": SIDE,
        "controls": needed,
        "files": [_file(artifact, directory) for artifact in offered],
        "runtime": {
            "version": VERSION,
            "files": {
                kind: [{"url": place + name, "integrity": digest} for name, digest in files.items()]
                for kind, files in RUNTIMES.items()
            },
        },
        "samples": {name: file for name, (file, _) in samples.items()},
        "provenance": provenance(
            source_type(manifest.signature), {"model": manifest.model, "weights_sha256": manifest.weights_sha256}
        ),
    }
    (web / "model.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def _file(artifact: Artifact, directory: Path) -> dict[str, Any]:
    path = directory / artifact.path
    return {"url": path.name, "integrity": integrity(path), "bytes": artifact.bytes, "precision": artifact.precision}
