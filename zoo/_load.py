"""Making models by name and reading them back."""

import inspect
import json
import zipfile
from pathlib import Path
from typing import Any

import keras

from zoo._base import ImageModel
from zoo._registry import choose, family, names
from zoo._shipped import shipped


def list_models() -> list[str]:
    """The names of the families."""
    return names()


def create(name: str, preset: str | None = None, **config: Any) -> ImageModel:
    """A new model of the family `name`.

    Args:
        name: one of `list_models()`.
        preset: one of the family's presets; its values are the defaults of `config`.
        config: arguments of the family's constructor.

    Raises:
        ValueError: no such family, preset or argument; the message names the nearest right one.

    Example:
        >>> model = zoo.create("fast_style", preset="johnson", content_weight=0.5)
    """
    cls = family(name)
    values = dict(cls.presets[choose(f"preset of {name}", preset, cls.presets)]) if preset else {}
    arguments = [key for key in inspect.signature(cls.__init__).parameters if key != "self"]
    for key in config:
        choose(f"setting of {name}", key, arguments)
    return cls(**{**values, **config})


def load(path: str) -> ImageModel:
    """A trained model: from a `.keras` file, or a weight that ships with the package, such as "fast_style/wave".

    Raises:
        ValueError: the file is no model of this zoo (nothing in it is run then), or is damaged or altered; the message says.
        FileNotFoundError: there is no such file.

    Example:
        >>> model = zoo.load("runs/wave/model.keras").inference_model()
    """
    file = Path(path)
    if not file.is_file():
        file = shipped(path)
    found = kind(file)
    if found not in names():
        raise ValueError(f"{file} holds a {found}, which is not a model of this zoo")
    family(found)  # imports what the file is read with
    try:
        return keras.saving.load_model(file, safe_mode=True)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file} does not fit this version of {found}: {' '.join(str(error).split())}") from error


def kind(file: Path) -> str:
    """The family that a `.keras` file names, or the class of a foreign one, read without running anything in it."""
    try:
        with zipfile.ZipFile(file) as archive:
            if damaged := archive.testzip():
                raise ValueError(f"{file} is damaged (in {damaged})")
            config = json.loads(archive.read("config.json"))
            return str(config.get("registered_name") or config["class_name"]).removeprefix("zoo>")
    except (zipfile.BadZipFile, KeyError, AttributeError, json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError(f"{file} is not a .keras file, or is cut short") from None
