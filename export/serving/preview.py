"""What a request needs whichever way it comes in: the loaded models, a place to wait, and the threads that run them."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from zoo.export.manifest import Manifest, check_files, read_manifest
from zoo.export.serving.cost import Growth, pixels_of
from zoo.export.serving.errors import invalid
from zoo.export.serving.gate import Gate, Lane
from zoo.export.serving.models import Models, Version, load_models

REQUESTS = 128
WAITING_BYTES = 256 << 20
BODY_BYTES = 32 << 20
MAX_PIXELS = 4_000_000
SMALL_BYTES = 256 << 10  # a body that is read in no time
SMALL_SHARE = 8  # of the largest request, what is answered without waiting for larger ones
WAITING_LARGEST = 8  # how many of the largest requests may wait


@dataclasses.dataclass(frozen=True)
class Limits:
    """`requests` wait or run at once and all transfers hold `waiting_bytes`; a body is at most `body_bytes`, a picture input or
    output, with all its examples, `max_pixels`."""

    requests: int = REQUESTS
    waiting_bytes: int = WAITING_BYTES
    body_bytes: int = BODY_BYTES
    max_pixels: int = MAX_PIXELS


@dataclasses.dataclass(frozen=True)
class Work:
    """A request that was read: what it asks for, and what makes the bytes of its answer out of the outputs.

    `most_values` is how many numbers the answer may have, where that matters.
    """

    version: Version
    signature: str
    inputs: dict[str, np.ndarray]
    written: Callable[[dict[str, np.ndarray]], bytes]
    most_values: int | None = None


class Preview:
    """Two lanes, so that what is large keeps nobody waiting who asks for something small."""

    def __init__(self, manifest: Manifest, models: Models, limits: Limits) -> None:
        self.manifest, self.models, self.limits = manifest, models, limits
        self.gate = Gate(limits.requests, limits.waiting_bytes)
        self.small = Lane("small", limits.requests, limits.requests * limits.max_pixels, trim=False)
        self.large = Lane("large", max(1, limits.requests // 2), WAITING_LARGEST * limits.max_pixels, trim=True)
        self.growth = {manifest.model: Growth(manifest.signature)}

    async def answered(self, size: int, read: Callable[[], Work]) -> bytes:
        """The answer to a request of `size` bytes that `read` reads. Raises ServingError."""
        with self.gate.place():
            work, pixels = await (self.small if size <= SMALL_BYTES else self.large).run(lambda: self._counted(read))
            lane = self.small if pixels <= self.limits.max_pixels // SMALL_SHARE and size <= SMALL_BYTES else self.large
            return await lane.run(lambda: work.written(work.version.predict(work.signature, work.inputs)), pixels)

    def _counted(self, read: Callable[[], Work]) -> tuple[Work, int]:
        work = read()
        work.version.check(work.signature, work.inputs)
        growth = self.growth.get(work.version.model, Growth())
        pixels, made = pixels_of(work.inputs, growth, self.limits.max_pixels)
        if work.most_values is not None and made * growth.channels > work.most_values:
            raise invalid("the answer is too large for JSON; ask over gRPC, or with the signature serve_bytes")
        return work, pixels

    def close(self) -> None:
        for lane in (self.small, self.large):
            lane.worker.shutdown(cancel_futures=True)


def open_preview(directory: Path, limits: Limits, trust: bool = False) -> Preview:
    """Loads an export's SavedModels, unaltered and listed in its manifest, unless others are trusted too.

    Raises FileNotFoundError or ValueError.
    """
    manifest = read_manifest(directory)
    saved = tuple(artifact for artifact in manifest.artifacts if artifact.format == "savedmodel")
    if not saved:
        raise ValueError(f"{directory} holds no SavedModel; export again with --to savedmodel")
    check_files(dataclasses.replace(manifest, artifacts=saved), directory)
    return Preview(manifest, load_models(directory, manifest, trust), limits)
