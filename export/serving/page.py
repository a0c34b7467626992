"""The page of `zoo serve`: the same as an export's, asking this server instead of computing in the browser."""

import importlib.resources
import json
from typing import Any
from urllib.parse import quote

from zoo.export import page
from zoo.export.provenance import provenance, source_type
from zoo.export.serving.preview import Preview
from zoo.export.unsupported import Unsupported

# Nothing of the page comes from elsewhere, and nothing that is written into it runs.
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "png": "image/png",
    "jpg": "image/jpeg",
}
SIDE = 1024  # pixels of the longest side that is sent at first


def files(preview: Preview) -> dict[str, tuple[bytes, str]]:
    """What is served, by its path: content and type. The page itself is `/`."""
    templates = importlib.resources.files("zoo.export") / "templates"
    contents = {name: (templates / "page" / name).read_bytes() for name in page.FILES}
    contents["engine.js"] = (templates / "serving" / "engine.js").read_bytes()
    settings = _settings(preview)
    samples = page.samples(settings["controls"], settings["about"].get("task", ""))
    contents |= dict(samples.values())
    settings["samples"] = {name: file for name, (file, _) in samples.items()}
    contents["model.json"] = json.dumps(settings).encode()
    return {
        "/" if name == "index.html" else f"/{name}": (content, TYPES[name.rpartition(".")[2]])
        for name, content in contents.items()
    }


def _settings(preview: Preview) -> dict[str, Any]:
    manifest = preview.manifest
    labels = preview.models.labels[manifest.model]
    versions = sorted(preview.models.by_name[manifest.model])
    try:
        needed, unsupported = page.controls(manifest.signature), ""
    except Unsupported as error:
        needed, unsupported = [], f"{error}; ask the model over gRPC."
    return {
        "model": manifest.model,
        "about": _about(manifest.weight),
        "size": manifest.signature.own_size,
        "side": SIDE,
        "controls": needed,
        "unsupported": unsupported,
        "maxPixels": preview.limits.max_pixels // preview.growth[manifest.model].factor,
        "served": {
            "path": f"/v1/models/{quote(manifest.model, safe='')}:predict",
            "weight": manifest.weight,
            "versions": [" ".join([str(v), *(label for label in labels if labels[label] == v)]) for v in versions],
            "files": "serve_bytes" in preview.models.find(manifest.model).signatures,
        },
        "provenance": provenance(source_type(manifest.signature), {"model": manifest.model}),
    }


def _about(weight: str) -> dict[str, str]:
    """Task and paper of a shipped weight's family."""
    told = json.loads((importlib.resources.files("zoo") / "families.json").read_text(encoding="utf-8"))
    family = told.get(weight.partition("/")[0], {})
    return {key: family[key] for key in ("task", "paper") if key in family}
