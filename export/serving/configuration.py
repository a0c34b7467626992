"""models.config: which versions of which model TensorFlow Serving loads, and what they are called."""

import dataclasses
import re
from pathlib import Path

from zoo.common.files import replacing
from zoo.export.files import inside, read_bytes
from zoo.export.manifest import NAME
from zoo.export.serving.text_format import Message, get, get_all, parse, render

FILE = Path("serving") / "models.config"
MODELS = "/models"  # where the container finds the folder savedmodel/
LARGEST = 1 << 20  # bytes
STABLE, CANARY = "stable", "canary"


@dataclasses.dataclass(frozen=True)
class ServedModel:
    """One entry: the folder that holds the versions, as numbers, and the labels of some of them.

    `versions` is None where all on the disk are served; `newest` is how many of the newest are, where `versions` is empty.
    """

    name: str
    folder: str
    versions: tuple[int, ...] | None
    newest: int
    labels: dict[str, int]

    def chosen(self, there: list[int]) -> list[int]:
        """Those of the versions that are there which are to be served, in order."""
        if self.versions is None:
            return sorted(there)
        return sorted(self.versions) or sorted(there)[-self.newest :]


def first_configuration(name: str) -> str:
    """models.config of a new export: version 1, labelled stable."""
    return render([("model_config_list", [("config", _entry(name))])])


def _entry(name: str) -> Message:
    platform = [("name", name), ("base_path", f"{MODELS}/{name}"), ("model_platform", "tensorflow")]
    return [*platform, *_policy((1,), {STABLE: 1})]


def _policy(versions: tuple[int, ...], labels: dict[str, int]) -> Message:
    """An explicit list: TensorFlow Serving then never drops a version because a newer one has appeared."""
    specific = [("specific", [("versions", version) for version in versions])]
    marks = [("version_labels", [("key", key), ("value", version)]) for key, version in sorted(labels.items())]
    return [("model_version_policy", specific), *marks]


def read_configuration(directory: Path) -> list[ServedModel]:
    """The models that an export's models.config names. Raises FileNotFoundError, or a ValueError of one line."""
    path = directory / FILE
    message = _read(directory)
    try:
        models = [_served(entry) for entry in _entries(message)]
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if not models:
        raise ValueError(f"{path}: it names no model; export again")
    if len({model.name for model in models}) < len(models):
        raise ValueError(f"{path}: it names a model twice")
    return models


def change(directory: Path, name: str, versions: tuple[int, ...], labels: dict[str, int]) -> None:
    """Gives the entry `name` other versions and labels; the file is replaced in one step, the other fields stay."""
    path = directory / FILE
    message = _read(directory)
    for entry in _entries(message):
        if get(entry, "name") == name:
            kept = [field for field in entry if field[0] not in ("model_version_policy", "version_labels")]
            entry[:] = [*kept, *_policy(versions, labels)]
    with replacing(path) as temporary:
        temporary.write_text(render(message), encoding="utf-8")


def _read(directory: Path) -> Message:
    path = directory / FILE
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file; give a directory written by `zoo export --to savedmodel`")
    try:
        return parse(read_bytes(inside(directory, FILE.as_posix()), LARGEST).decode())
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"{path}: {error}") from error


def _entries(message: Message) -> list[Message]:
    return [entry for models in get_all(message, "model_config_list") for entry in get_all(models, "config")]


def _key(label: Message) -> str:
    key = get(label, "key")
    return key if isinstance(key, str) else "\n"  # which no label is


def _served(entry: Message) -> ServedModel:
    name, base_path = get(entry, "name"), get(entry, "base_path")
    if not isinstance(name, str) or not isinstance(base_path, str) or not base_path.startswith(f"{MODELS}/"):
        raise ValueError(f"every model needs a name, and a base_path below {MODELS}/")
    folder = base_path.removeprefix(f"{MODELS}/")
    if not all(re.fullmatch(NAME, part) for part in (name, folder)):
        raise ValueError(f"{name!r} at {base_path!r}: a model and its folder are named by letters, digits, _ - and .")
    policy = get(entry, "model_version_policy", [])
    specific = get(policy, "specific")
    versions = tuple(get_all(specific, "versions")) if specific is not None else ()
    labels = {_key(label): get(label, "value") for label in get_all(entry, "version_labels")}
    newest = get(get(policy, "latest", []), "num_versions", 1)
    every = get(policy, "all") is not None
    if not all(isinstance(number, int) and number > 0 for number in (*versions, *labels.values(), newest)):
        raise ValueError(f"versions of {name} are whole numbers")
    if not all(isinstance(label, str) and label.isprintable() for label in labels):
        raise ValueError(f"labels of {name} are words")
    return ServedModel(name, folder, None if every else versions, newest, labels)
