"""Making models by name and reading them back."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras

from zoo._base import ImageModel
from zoo._registry import OtherVersion, choose, family, names, settings_of
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
    for key in config:
        choose(f"setting of {name}", key, settings_of(cls))
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
    name = import_family_of(file)
    if name is None:
        raise ValueError(f"{file} holds a {kind(file)}, which is not a model of this zoo")
    try:
        return keras.saving.load_model(file, safe_mode=True)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file} does not fit this version of {name}: {' '.join(str(error).split())}") from error


def import_family_of(file: Path) -> str | None:
    """The family that a `.keras` file is read with, imported; None where it holds another class.

    Raises:
        OtherVersion: it was saved by a version of the family that had settings which are gone.
        ValueError: it is damaged.
    """
    if (name := kind(file)) not in names():
        return None
    known = settings_of(family(name))
    if "kwargs" not in known and (gone := sorted(config_of(file).get("config", {}).keys() - known)):
        raise OtherVersion(
            f"{file} was saved by another version of {name}, which had the settings {', '.join(gone)}: "
            "train it again, or take the version that it was trained with"
        )
    return name


def kind(file: Path) -> str:
    """The family that a `.keras` file names, or the class of a foreign one, read without running anything in it."""
    config = config_of(file)
    return str(config.get("registered_name") or config["class_name"]).removeprefix("zoo>")


def config_of(file: Path) -> dict[str, Any]:
    """What a `.keras` file says of its model. ValueError where it is damaged, or something else."""
    try:
        with zipfile.ZipFile(file) as archive:
            if damaged := archive.testzip():
                raise ValueError(f"{file} is damaged (in {damaged})")
            config = json.loads(archive.read("config.json"))
            return {**config, "class_name": config["class_name"]}
    except (zipfile.BadZipFile, KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError(f"{file} is not a .keras file, or is cut short") from None
