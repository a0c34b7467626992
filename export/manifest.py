"""manifest.json: what an export directory holds, and what was measured of it."""

import dataclasses
import json
import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zoo.common.files import replacing
from zoo.export.files import inside, read_json, sha256, tree
from zoo.roles import Signature

FILE = "manifest.json"
PRECISIONS = ("float32", "float16", "dynamic_int8", "int8")
NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"  # of a served model, since it is a part of paths, addresses and other people's files
EDITABLE = (FILE, "MODEL_CARD.md", "serving/models.config")  # people and `zoo release` write into these after an export
LONGEST_SIDE = 1 << 13  # pixels, of a file of a fixed shape
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
class GpuRun:
    """What a run on LiteRT's GPU path found.

    `device` names the adapter, `accelerated` says that the GPU took all of the file, `max_abs` is the largest difference to the
    Keras model (NaN where there was no answer), `passed` that it is within the floor of the precision, and `notes` what fell off.
    """

    device: str
    accelerated: bool
    max_abs: float
    passed: bool
    notes: str = ""

    @property
    def words(self) -> str:
        how = "whole" if self.accelerated else "in part"
        result = f"run {how} on {self.device}, within {self.max_abs:.0e} of the Keras model"
        if math.isnan(self.max_abs):
            result = f"not run on {self.device or 'the GPU'}"
        return f"{result}: {self.notes}" if self.notes else result


@dataclasses.dataclass(frozen=True)
class Artifact:
    """One file or SavedModel directory; `path` is relative to the manifest, `shape` is "dynamic" or "HxW".

    `gpu_ready`: every operation is one that phones' GPUs take, and where the file was run on a GPU (`gpu`), that took all of it
    and gave the answer.
    """

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
    gpu: GpuRun | None = None


@dataclasses.dataclass(frozen=True)
class Skipped:
    format: str
    precision: str
    shape: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """`model` is the served name, `weight` the shipped weight that it was made of, if any, `keras` the stored model that all are
    compared with, `threads` what they were timed at.

    `files` holds the SHA-256 of everything else by its path: the page, the phone sources, what serves, and versions that
    `zoo release` added. `faults` are what a verification found altered or missing, a line each.
    """

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
    files: dict[str, str]
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.faults and all(artifact.parity.passed for artifact in self.artifacts)

    @property
    def recorded(self) -> dict[str, str]:
        """The SHA-256 of everything that is listed, by its path."""
        return {self.keras: self.keras_sha256, **{a.path: a.sha256 for a in self.artifacts}, **self.files}

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is no number becomes None."""
        values = {**dataclasses.asdict(self), "signature": self.signature.to_json()}
        if not self.faults:
            del values["faults"]
        return json.loads(json.dumps(values), parse_constant=lambda _: None)

    def write(self, directory: Path) -> Path:
        path = directory / FILE
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        return path


def read_manifest(directory: str | os.PathLike[str]) -> Manifest:
    """Reads and checks the form; `check_files` checks the files. Raises FileNotFoundError or a ValueError of one line."""
    path = Path(directory) / FILE
    if not path.exists():
        raise FileNotFoundError(f"{directory}: no {FILE}; give a directory written by `zoo export`")
    try:
        content = read_json(path)
        values = {
            **content,
            "signature": Signature.from_json(content["signature"]),
            "artifacts": tuple(_artifact(artifact) for artifact in content["artifacts"]),
            "skipped": tuple(_typed(Skipped, cell) for cell in content["skipped"]),
            "faults": (),
        }
        manifest = _typed(Manifest, values)
        if not re.fullmatch(NAME, manifest.model):
            raise ValueError(f"{manifest.model!r} is no name of a model")
        for name, digest in manifest.recorded.items():
            inside(Path(directory), name)
            if not isinstance(digest, str):
                raise ValueError(f"{name} has no SHA-256")
        return manifest
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{path}: not a manifest of this version ({' '.join(str(error).split())}); export again") from error


def _typed(kind: Any, values: dict[str, Any]) -> Any:
    """The dataclass of these values. Raises TypeError for a missing or unknown field, or one of another type."""
    made = kind(**values)
    for field in dataclasses.fields(kind):
        wanted: Any = getattr(field.type, "__origin__", field.type)
        value = getattr(made, field.name)
        if wanted in (int, float):
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            fits = isinstance(value, wanted)
        if not fits:
            raise TypeError(f"{field.name} is {_shown(value)}")
    return made


def _shown(value: Any) -> str:
    text = ascii(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return text if len(text) <= 60 else f"{text[:57]}..."


def _artifact(entry: dict[str, Any]) -> Artifact:
    numbers: dict[str, Any] = {key: math.nan if value is None else value for key, value in entry.items()}
    parity: dict[str, Any] = {key: math.nan if value is None else value for key, value in entry["parity"].items()}
    gpu = entry.get("gpu")
    if gpu is not None:
        gpu = _typed(GpuRun, {key: math.nan if value is None else value for key, value in gpu.items()})
    artifact = _typed(Artifact, {**numbers, "parity": _typed(Parity, parity), "gpu": gpu})
    if artifact.precision not in PRECISIONS:
        raise ValueError(f"{artifact.path} has the unknown precision {artifact.precision!r}")
    sides = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", artifact.shape)
    if artifact.shape != "dynamic" and (sides is None or max(map(int, sides.groups())) > LONGEST_SIDE):
        raise ValueError(f"{artifact.path} has the shape {_shown(artifact.shape)}, which is neither dynamic nor HxW")
    return artifact


def check_files(manifest: Manifest, directory: Path) -> None:
    """Raises FileNotFoundError for an artefact that is missing, ValueError for one whose bytes were altered."""
    check_listed(manifest, directory, [manifest.keras, *(artifact.path for artifact in manifest.artifacts)])


def check_listed(manifest: Manifest, directory: Path, names: Iterable[str]) -> None:
    """Raises ValueError for what is not listed or whose bytes were altered, FileNotFoundError for what is missing."""
    for name in names:
        path = inside(directory, name)
        if name not in manifest.recorded:
            raise ValueError(f"{path}: not listed in {FILE}, so nobody can say what it is")
        if not path.exists():
            raise FileNotFoundError(f"{path}: listed in {FILE} but missing; export again")
        if sha256(path) != manifest.recorded[name]:
            raise ValueError(f"{path}: altered since it was exported (SHA-256 differs); export again")


def fault_of(manifest: Manifest, directory: Path, name: str) -> str:
    """What `check_listed` finds wrong with one file, or "" for nothing."""
    try:
        check_listed(manifest, directory, [name])
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def unlisted_files(manifest: Manifest, directory: Path) -> list[str]:
    """The files of an export that its manifest does not list, such as a script beside the page, by path. Raises as `tree` does.

    What people may write into, and hidden files, are left out.
    """
    listed = {*manifest.recorded, *EDITABLE}
    names = (file.relative_to(directory) for file in tree(directory) if not file.name.startswith("."))
    return [name.as_posix() for name in names if listed.isdisjoint(entry.as_posix() for entry in (name, *name.parents))]


def vouched(path: Path) -> bool:
    """Whether the artefact lies in an export that lists it. Raises ValueError where it is listed with other bytes.

    A manifest says that a file is the one which was exported; who wrote both, it cannot say.
    """
    path = Path(os.path.realpath(path))
    for directory in path.parents[:3]:
        if not (directory / FILE).is_file():
            continue
        content = read_json(directory / FILE)
        if not isinstance(content, dict) or "artifacts" not in content:  # some other program's
            continue
        manifest, name = read_manifest(directory), path.relative_to(directory).as_posix()
        if name in manifest.recorded:
            check_listed(manifest, directory, [name])
            return True
        return False
    return False


def size_of(path: Path) -> int:
    """Bytes of a file, of all files in a directory, or of an OpenVINO model's two files."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in ((path, path.with_suffix(".bin")) if path.suffix == ".xml" else (path,)))


def parse_shape(shape: str) -> tuple[int, int] | None:
    """(height, width) of an artefact's "HxW"; None for "dynamic"."""
    if shape == "dynamic":
        return None
    height, width = shape.split("x")
    return int(height), int(width)


def rounded(value: float, digits: int = 4) -> float:
    """To significant digits; NaN for what is not finite."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else math.nan
