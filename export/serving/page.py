"""The page of `zoo serve`: one file without outside parts, told by the signature what it must ask for."""

import html
import importlib.resources
import json
import string

from zoo.export.provenance import provenance, source_type
from zoo.export.serving.preview import Preview

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def page(preview: Preview) -> str:
    """The HTML for the model that the manifest names."""
    manifest = preview.manifest
    version = preview.models.find(manifest.model)
    facts = {
        "model": manifest.model,
        "weight": manifest.weight,
        "versions": sorted(preview.models.by_name[manifest.model]),
        "labels": preview.models.labels[manifest.model],
        "bytes": "serve_bytes" in version.signatures,
        "inputs": [role.to_json() for role in manifest.signature.inputs.values()],
        "maxPixels": preview.limits.max_pixels // preview.growth[manifest.model].factor,
        "text": provenance(source_type(manifest.signature), {"model": manifest.model}),
    }
    templates = importlib.resources.files("zoo.export") / "templates"
    template, png = ((templates / file).read_text(encoding="utf-8") for file in ("serve.html", "web/png.js"))
    # A name that ends a script element cannot end this one.
    facts_text = json.dumps(facts).replace("<", "\\u003c")
    return string.Template(template).substitute(name=html.escape(manifest.model), facts=facts_text, png=png)
