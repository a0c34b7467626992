"""The run directory and its config.json, which says what a run is, so that it is resumed as that or not at all.

All but the sections "run" and "versions" decides the weights. "training" holds the options that do; "run" the others, as they
were asked for, and the words of the command. Runs of 0.1.0 wrote fewer of both; they are resumed all the same.
"""

import contextlib
import importlib.metadata
import inspect
import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zoo.common.files import locked, replacing
from zoo.training.plan import Plan, default, options

PICTURES = ("data", "pictures")  # sections that hold digests, which say nothing to a person
PATHS = ("pictures", "start_from", "validation")  # options whose digests decide the weights, wherever the files lie
APART = ("model", "config", "preset", "data", "pictures", "validation")  # which have sections of their own
DECISIVE = tuple(name for name, facts in options().items() if facts.decides and name not in APART)
ASKED = ("preset", "config", *PATHS, *(name for name, facts in options().items() if not facts.decides))
Defaults = Mapping[str, Mapping[str, Any]]


def record_of(plan: Plan, config: dict[str, Any], optimizer: dict[str, Any], digests: dict[str, Any]) -> dict[str, Any]:
    """What config.json holds of a training.

    Args:
        plan: with its batch size.
        config: the model's.
        optimizer: that of the optimizer that moves the weights.
        digests: of the sources ("data", by name), the pictures ("pictures", by setting), the weights begun with ("start_from").
    """
    training = {name: getattr(plan, name) for name in DECISIVE} | {"start_from": digests["start_from"]}
    asked = {name: getattr(plan, name) for name in ASKED if name not in ("out", "resume")}
    if plan.start_from is not None and Path(plan.start_from).exists():
        asked["start_from"] = Path(plan.start_from).absolute()
    asked["pictures"] = {name: [Path(file).absolute() for file in files] for name, files in plan.pictures.items()}
    if plan.validation is not None:
        asked["validation"] = absolute(plan.validation)
    return {
        "model": plan.model if isinstance(plan.model, str) else getattr(plan.model, "__qualname__", str(plan.model)),
        "config": config,
        # Keras counts its names up within a process; its clipping depends on the number of replicas.
        "optimizer": optimizer | {"name": None, "global_clipnorm": None},
        "training": training,
        "data": digests["data"],
        "pictures": digests["pictures"],
        "run": asked | {"sources": {name: absolute(text) for name, text in plan.sources.items()}, "command": sys.argv},
        "versions": {name: importlib.metadata.version(name) for name in ("keras-image-zoo", "keras", plan.backend, "numpy")},
    }


def absolute(source: str) -> str:
    """A source of files by a path that holds from any directory.

    Example:
        >>> absolute("samples:")
        'samples:'
    """
    scheme, _, path = source.partition(":")
    return f"{scheme}:{Path(path).absolute()}" if scheme in ("folder", "tfrecord") else source


def recorded(out: str | Path) -> dict[str, Any]:
    """The options of the run in `out`, as `Plan` takes them; none where there is no run.

    Raises:
        ValueError: its config.json is damaged.
    """
    file = Path(out) / "config.json"
    if not file.exists():
        return {}
    try:
        record = json.loads(file.read_text())
        asked, training = record["run"], record["training"]
        asked["data"] = asked.pop("sources")
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{file} is not the record of a training; choose another --out") from None
    if "config" not in asked:
        asked |= _first_round(record)
    return {"model": record["model"]} | {name: value for name, value in (training | asked).items() if name in options()}


def _first_round(record: dict[str, Any]) -> dict[str, Any]:
    """What the first round wrote down otherwise than it was asked for: of pictures and weights it kept the digests alone."""
    return {
        "preset": None,
        "config": {name: value for name, value in record["config"].items() if name != "name"},
        "pictures": {},
        "start_from": None,
        "replicas": record["run"]["replicas"] if record["run"]["strategy"] in ("auto", "mirrored") else None,
    }


def check_complete(out: str | Path) -> None:
    """ValueError where the record of a run does not say all that it was begun with; the line has the command that does."""
    record = json.loads((Path(out) / "config.json").read_text())
    missing = [*record["pictures"], *(["the weights it began with"] if record["training"].get("start_from") else [])]
    if missing and "config" not in record["run"]:
        words = [word for word in record["run"]["command"][1:] if word != "--resume"]
        raise ValueError(
            f"{out} was begun by an earlier version, which did not write down where these lie: {', '.join(missing)}; "
            f"repeat its command: {shlex.join(['zoo', *words, '--resume'])}"
        )


@contextlib.contextmanager
def prepared(out: Path, record: dict[str, Any], resume: bool, model: Any = None, wait: float = 0) -> Iterator[None]:
    """Makes the run directory and its config.json, or makes sure that it is this run's, and holds it against other processes.

    Args:
        out: the run directory.
        record: see `record_of`.
        resume: whether it may be there.
        model: whose constructor's defaults count for what a record from before they were there does not hold.
        wait: seconds to wait for another process that trains in it.

    Raises:
        ValueError: it holds another run, or no run; the line says what differs.
        BlockingIOError: another process trains in it.
        OSError: it is there and `resume` is False, or cannot be written.
    """
    text = json.dumps(record, indent=2, default=str)
    _check(out, text, resume, model)  # before anything is written to what may be somebody's pictures
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(f"cannot write {out}: {error.strerror}") from None
    with locked(out / ".lock", f"another process trains in {out}; wait for it, or choose another --out", wait):
        _check(out, text, resume, model)  # another one may have begun in this moment
        with replacing(out / "config.json") as temporary:
            temporary.write_text(text)
        yield


def _check(out: Path, text: str, resume: bool, model: Any) -> None:
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file; the run needs a directory")
    started = out.exists() and any(not path.name.startswith(".") for path in out.iterdir())
    if not started:
        return
    if not resume:
        raise FileExistsError(f"{out} is not empty; add --resume to go on with the run in it, or choose another --out")
    if not (out / "config.json").exists():
        raise ValueError(f"{out} is not a run directory (no config.json); choose another --out")
    before, now = json.loads((out / "config.json").read_text()), json.loads(text)
    for name in getattr(model, "name_settings", {}).values():  # what styles are called decides nothing
        before["config"][name] = now["config"][name]
    if changes := _changes(before, now, _defaults(model)):
        raise ValueError(
            f"cannot resume {out}: {'; '.join(changes)}; start a new run in another --out, "
            f"with its weights if you like: --start-from {out}"
        )


def _defaults(model: Any) -> Defaults:
    """What stands for a setting or an option that a record does not hold, because it was not there when it was written."""
    parameters = inspect.signature(type(model).__init__).parameters if model is not None else {}
    settings = {name: each.default for name, each in parameters.items() if each.default is not inspect.Parameter.empty}
    return {
        "config": json.loads(json.dumps(settings, default=str)),
        "training": {name: default(name) for name in DECISIVE},
    }


def _changes(before: dict[str, Any], now: dict[str, Any], defaults: Defaults) -> list[str]:
    """What decides the weights and is not as it was."""
    changes = [
        f"the pictures of {name!r} have changed" if section in PICTURES else f"{name} was {old} and is now {new}"
        for section, name, old, new in differences(before, now, defaults)
    ]
    if changes or before["optimizer"] == now["optimizer"]:
        return changes
    old, new = before["run"]["steps"], now["run"]["steps"]
    if old != new:
        return [f"its learning rate depends on the steps in all, which were {old} and are now {new}"]
    names = sorted(name for name in before["optimizer"].keys() | now["optimizer"] if _unlike(before, now, name))
    return [f"the model's optimizer is another, in {', '.join(names)}"]


def _unlike(before: dict[str, Any], now: dict[str, Any], name: str) -> bool:
    return bool(before["optimizer"].get(name) != now["optimizer"].get(name))


def differences(before: dict[str, Any], now: dict[str, Any], defaults: Defaults | None = None) -> list[tuple[str, str, Any, Any]]:
    """Section, name and both values of whatever decides the weights and differs between two records.

    What the one before does not hold is as in `defaults`. Of settings, only those count that the model still has.
    """
    unlike = [("", "the model", before["model"], now["model"])] if before["model"] != now["model"] else []
    for section in ("config", "training", *PICTURES):
        old, new = {**(defaults or {}).get(section, {}), **before[section]}, now[section]
        names = sorted(new if section == "config" else {*old, *new})
        unlike += [(section, name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]
    return unlike
