"""Reading `--set KEY=VALUE`, and finding what WHAT means."""

import ast
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def parse_settings(name: str, settings: Iterable[str]) -> tuple[dict[str, Any], dict[str, list[Path]], dict[str, str]]:
    """Splits `--set` arguments of the family `name` into constructor arguments, picture settings and further sources.

    Raises:
        ValueError: not KEY=VALUE, an unknown key, a value of another type, or a picture that does not exist.
    """
    from zoo._registry import choose, family, settings_of

    cls = family(name)
    defaults = settings_of(cls)
    config: dict[str, Any] = {}
    pictures: dict[str, list[Path]] = {}
    names: dict[str, list[str]] = {}
    sources: dict[str, str] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"--set {setting} is not KEY=VALUE")
        choose(f"setting of {name}", key, [*defaults, *cls.picture_settings, *cls.source_settings])
        if key in cls.picture_settings:
            name, file = named_picture(key, value)
            pictures.setdefault(key, []).append(file)
            names.setdefault(key, []).append(name)
        elif key in cls.source_settings:
            if key in sources:
                raise ValueError(f"--set {key}={value}: there is {key}={sources[key]} already; put the pictures into one folder")
            sources[key] = value
        else:
            config[key] = parse_value(key, value, defaults[key])
    for key, files in pictures.items():
        config[cls.picture_settings[key]] = len(files)
        if key in cls.name_settings:
            config.setdefault(cls.name_settings[key], distinct(names[key]))
    return config, pictures, sources


def named_picture(key: str, value: str) -> tuple[str, Path]:
    """The name and the file of PICTURE, which is called by its file's stem, or of NAME:PICTURE.

    Raises:
        ValueError: there is no such picture.
    """
    if Path(value).is_file():
        return Path(value).stem, Path(value)
    name, _, file = value.partition(":")
    if not name or not Path(file).is_file():
        raise ValueError(f"--set {key}={value}: no such picture")
    return name, Path(file)


def distinct(names: list[str]) -> tuple[str, ...]:
    """The names, those that came before with a number behind them."""
    chosen: list[str] = []
    for name in names:
        clean = "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in name) or "style"
        candidates = itertools.chain([clean], (f"{clean}_{number}" for number in itertools.count(2)))
        chosen.append(next(candidate for candidate in candidates if candidate not in chosen))
    return tuple(chosen)


def parse_value(key: str, text: str, default: Any) -> Any:
    """`text` as a value of the default's type."""
    if isinstance(default, bool):
        named = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if text.lower() not in named:
            raise ValueError(f"--set {key}={text}: give true or false")
        return named[text.lower()]
    if isinstance(default, str) or default is None:
        return None if text.lower() == "none" else text
    try:
        return type(default)(text) if isinstance(default, int | float) else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise ValueError(f"--set {key}={text}: give a value like {default!r}") from None


def choose_deployed(model: Any, settings: Iterable[str]) -> None:
    """Changes the settings of a trained model that choose what is deployed.

    Raises:
        ValueError: not KEY=VALUE, or a setting that is fixed by training.
    """
    from zoo._registry import choose

    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"--set {setting} is not KEY=VALUE")
        if not model.deployment_settings:
            raise ValueError(f"--set {setting}: {model.name} leaves nothing to choose after training")
        choose(f"setting of {model.name} to choose after training", key, model.deployment_settings)
        setattr(model, key, parse_value(key, value, getattr(model, key)))


def model_file(what: str) -> str:
    """The `.keras` file that WHAT names: a run directory's `model.keras`, an export's, a file, or a shipped weight's name."""
    path = Path(what)
    if path.is_dir():
        if (path / "model.keras").is_file():
            return str(path / "model.keras")
        if (path / "config.json").is_file():
            raise ValueError(f"{what} has no model.keras yet: finish its training with zoo train --resume {what}")
        raise ValueError(f"{what} is no run or export directory: it holds no model.keras")
    if path.is_file():
        return what
    from zoo._shipped import shipped

    return str(shipped(what))
