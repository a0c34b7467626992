"""manifest.json: what an export directory holds, and what was measured of it."""

import dataclasses
import hashlib
import json
import math
import os
import re
from pathlib import Path
from typing import Any

from zoo.roles import Signature

FILE = "manifest.json"
PRECISIONS = ("float32", "float16", "dynamic_int8", "int8")
# float32: the largest absolute difference allowed; the others: the lowest PSNR in dB.
FLOORS = {"float32": 1e-4, "float16": 50.0, "dynamic_int8": 35.0, "int8": 30.0}


@dataclasses.dataclass(frozen=True)
class Parity:
    """The difference to the Keras model, the worst of all pictures; `pictures` counts the examples that were compared.

    `psnr` is in dB against a peak of 1 (200 stands for equal), `floor` is the largest max_abs allowed in float32 and the lowest
    psnr elsewhere. NaN (null in the file) marks a measure that does not exist: the artefact did not run, or gave no numbers.
    """

    max_abs: float
    psnr: float
    ssim: float
    pictures: int
    floor: float
    passed: bool


@dataclasses.dataclass(frozen=True)
class Artifact:
    """One file or SavedModel directory; `path` is relative to the manifest, `shape` is "dynamic" or "HxW"."""

    path: str
    format: str
    precision: str
    shape: str
    bytes: int
    sha256: str
    parity: Parity
    latency_ms: float
    gpu_ready: bool
    notes: str = ""


@dataclasses.dataclass(frozen=True)
class Skipped:
    format: str
    precision: str
    shape: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """`model` is the served name, `weight` the shipped weight that it was made of, if any, `keras` the stored model that all are
    compared with, `threads` what they were timed at."""

    model: str
    weight: str
    keras: str
    keras_sha256: str
    config: dict[str, Any]
    weights_sha256: str
    versions: dict[str, str]
    signature: Signature
    threads: int
    artifacts: tuple[Artifact, ...]
    skipped: tuple[Skipped, ...]

    @property
    def passed(self) -> bool:
        return all(artifact.parity.passed for artifact in self.artifacts)

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is no number becomes None."""
        facts = {**dataclasses.asdict(self), "signature": self.signature.to_json()}
        return json.loads(json.dumps(facts), parse_constant=lambda _: None)

    def write(self, directory: Path) -> Path:
        path = directory / FILE
        path.write_text(json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        return path


def read_manifest(directory: str | os.PathLike[str]) -> Manifest:
    """Reads and checks the form; `check_files` checks the files. Raises FileNotFoundError or a ValueError of one line."""
    path = Path(directory) / FILE
    if not path.is_file():
        raise FileNotFoundError(f"{directory}: no {FILE}; give a directory written by `zoo export`")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            **{
                **found,
                "signature": Signature.from_json(found["signature"]),
                "artifacts": tuple(_artifact(artifact) for artifact in found["artifacts"]),
                "skipped": tuple(Skipped(**cell) for cell in found["skipped"]),
            }
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not a manifest of this version ({error}); export again") from error


def _artifact(found: dict[str, Any]) -> Artifact:
    numbers: dict[str, Any] = {key: math.nan if value is None else value for key, value in found.items()}
    parity: dict[str, Any] = {key: math.nan if value is None else value for key, value in found["parity"].items()}
    artifact = Artifact(**{**numbers, "parity": Parity(**parity)})
    if Path(artifact.path).is_absolute() or ".." in Path(artifact.path).parts:
        raise ValueError(f"{artifact.path} lies outside of the directory")
    if artifact.precision not in PRECISIONS:
        raise ValueError(f"{artifact.path} has the unknown precision {artifact.precision!r}")
    if artifact.shape != "dynamic" and not re.fullmatch(r"[1-9]\d*x[1-9]\d*", artifact.shape):
        raise ValueError(f"{artifact.path} has the shape {artifact.shape!r}, which is neither dynamic nor HxW")
    return artifact


def check_files(manifest: Manifest, directory: Path) -> None:
    """Raises FileNotFoundError for an artefact that is missing, ValueError for one whose bytes were altered."""
    recorded = {manifest.keras: manifest.keras_sha256, **{a.path: a.sha256 for a in manifest.artifacts}}
    for name, digest in recorded.items():
        if not (directory / name).exists():
            raise FileNotFoundError(f"{directory / name}: listed in {FILE} but missing; export again")
        if sha256(directory / name) != digest:
            raise ValueError(f"{directory / name}: altered since it was exported (SHA-256 differs); export again")


def sha256(path: Path) -> str:
    """Of a file's bytes; of a directory, of its files' relative names and digests in order of name."""
    digest = hashlib.sha256()
    if path.is_dir():
        for file in sorted(file for file in path.rglob("*") if file.is_file()):
            digest.update(f"{file.relative_to(path).as_posix()}\0{sha256(file)}\n".encode())
    else:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a directory."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else path.stat().st_size


def parse_shape(shape: str) -> tuple[int, int] | None:
    """(height, width) of an artefact's "HxW"; None for "dynamic"."""
    if shape == "dynamic":
        return None
    height, width = shape.split("x")
    return int(height), int(width)


def rounded(value: float, digits: int = 4) -> float:
    """To significant digits; NaN for what is not finite."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else math.nan
