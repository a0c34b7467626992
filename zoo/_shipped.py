"""The trained weights that ship with the package, by name; nothing here needs Keras."""

import difflib
import hashlib
import importlib.resources
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
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != _index()[name]["sha256"]:
            raise ValueError(f"the shipped weight {name} is missing or altered: install keras-image-zoo again")
        return file
    if name in names():
        raise ValueError(f"{name} is a family, not a trained model; give a run directory, a .keras file or a shipped weight")
    near = difflib.get_close_matches(name, [*weights, *names()], 1, 0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"shipped weights are: {', '.join(weights)}"
    raise FileNotFoundError(f"{name} does not exist; {hint}")


def shipped_weights() -> dict[str, Path]:
    """The weights that ship with the package: "family/name" -> file."""
    return {name: WEIGHTS / f"{name}.keras" for name in _index()}


def _index() -> dict[str, dict[str, Any]]:
    """What is known of the shipped weights, by name: `sha256`, `bytes`, and the `bits` of significand kept."""
    return json.loads((WEIGHTS / "index.json").read_text(encoding="utf-8"))
