"""The trained weights that ship with the package, by name; nothing here needs Keras."""

import difflib
import hashlib
import importlib.resources
import importlib.util
import json
from pathlib import Path
from typing import Any

from zoo._registry import choose, names

WEIGHTS = Path(str(importlib.resources.files("zoo"))) / "weights"


def shipped(name: str) -> Path:
    """The file of a weight that ships with the package."""
    weights = shipped_weights()
    if not name.endswith(".keras") and name.count("/") == 1:
        file = weights[choose("shipped weight", name, weights)]
        if not file.is_file() and importlib.util.find_spec("keras") is None:  # as keras-image-zoo-runtime is installed
            raise ModuleNotFoundError(f"{name} as a Keras model", name="keras")
        _check(name, file, _index()[name]["sha256"])
        return file
    if name in names():
        raise ValueError(f"{name} is a family, not a trained model; give a run directory, a .keras file or a shipped weight")
    near = difflib.get_close_matches(name, [*weights, *names()], 1, 0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"shipped weights are: {', '.join(weights)}"
    raise FileNotFoundError(f"{name} does not exist; {hint}")


def shipped_weights() -> dict[str, Path]:
    """The weights that ship with the package: "family/name" -> file."""
    return {name: WEIGHTS / f"{name}.keras" for name in _index()}


def shipped_onnx(name: str) -> Path | None:
    """The ONNX file of a shipped weight, which runs without Keras; None where there is none, or none of these very weights."""
    entry = _index().get(name, {})
    if entry.get("onnx", {}).get("of") != entry.get("sha256") or not entry:
        return None
    file = WEIGHTS / f"{name}.onnx"
    _check(name, file, entry["onnx"]["sha256"])
    return file


def keras_of(file: Path) -> str | None:
    """The name of the shipped weight that this ONNX file was made of; None for any other file."""
    if file.suffix != ".onnx" or not file.is_relative_to(WEIGHTS):
        return None
    return file.relative_to(WEIGHTS).with_suffix("").as_posix()


def _check(name: str, file: Path, sha256: str) -> None:
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        raise ValueError(f"the shipped weight {name} is missing or altered: install keras-image-zoo again")


def _index() -> dict[str, dict[str, Any]]:
    """What is known of the shipped weights, by name: `sha256`, `bytes`, and the `bits` of significand kept.

    `onnx` has `sha256` and `bytes` of the ONNX file, and in `of` the SHA-256 of the weights that it was made of.
    """
    return json.loads((WEIGHTS / "index.json").read_text(encoding="utf-8"))
