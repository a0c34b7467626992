"""What a request needs whichever way it comes in: the loaded models, a place to wait, and one thread that runs them."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from zoo.export.manifest import Manifest, check_files, read_manifest
from zoo.export.serving.gate import Gate
from zoo.export.serving.models import Models, load_models

REQUESTS = 128
WAITING_BYTES = 256 << 20
BODY_BYTES = 32 << 20
MAX_PIXELS = 4_000_000


@dataclasses.dataclass(frozen=True)
class Limits:
    """`requests` wait or run at once and hold `waiting_bytes` together; a body is at most `body_bytes`, an input `max_pixels`."""

    requests: int = REQUESTS
    waiting_bytes: int = WAITING_BYTES
    body_bytes: int = BODY_BYTES
    max_pixels: int = MAX_PIXELS


class Preview:
    """One thread, since a TensorFlow call has all cores already: more at once would take more memory, and no less time."""

    def __init__(self, manifest: Manifest, models: Models, limits: Limits) -> None:
        self.manifest, self.models, self.limits = manifest, models, limits
        self.gate = Gate(limits.requests, limits.waiting_bytes)
        self.worker = ThreadPoolExecutor(1, "model")


def open_preview(directory: Path, limits: Limits) -> Preview:
    """Loads an export's SavedModels, those of its manifest only unaltered. Raises FileNotFoundError or ValueError."""
    manifest = read_manifest(directory)
    saved = tuple(artifact for artifact in manifest.artifacts if artifact.format == "savedmodel")
    if not saved:
        raise ValueError(f"{directory} holds no SavedModel; export again with --to savedmodel")
    check_files(dataclasses.replace(manifest, artifacts=saved), directory)
    return Preview(manifest, load_models(directory), limits)
