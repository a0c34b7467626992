"""The run directory and its config.json, which says what a run is."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo.common.files import locked, replacing

PICTURES = ("data", "pictures")  # sections that hold digests, which say nothing to a person


@contextlib.contextmanager
def prepared(out: Path, record: dict[str, Any], resume: bool, wait: float = 0) -> Iterator[None]:
    """Makes the run directory and its config.json, or makes sure that it is this run's, and holds it against other processes.

    Args:
        out: the run directory.
        record: what config.json holds: all but its sections "run" and "versions" decides the weights.
        resume: whether it may be there.
        wait: seconds to wait for another process that trains in it.

    Raises:
        ValueError: it holds another run, or no run; the line says what differs.
        BlockingIOError: another process trains in it.
        OSError: it is there and `resume` is False, or cannot be written.
    """
    text = json.dumps(record, indent=2, default=str)
    _check(out, text, resume)  # before anything is written to what may be somebody's pictures
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(f"cannot write {out}: {error.strerror}") from None
    with locked(out / ".lock", f"another process trains in {out}; wait for it, or choose another --out", wait):
        _check(out, text, resume)  # another one may have begun in this moment
        with replacing(out / "config.json") as temporary:
            temporary.write_text(text)
        yield


def _check(out: Path, text: str, resume: bool) -> None:
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file; the run needs a directory")
    started = out.exists() and any(not path.name.startswith(".") for path in out.iterdir())
    if started:
        if not resume:
            raise FileExistsError(f"{out} is not empty; add --resume to go on with the run in it, or choose another --out")
        if not (out / "config.json").exists():
            raise ValueError(f"{out} is not a run directory (no config.json); choose another --out")
        before = json.loads((out / "config.json").read_text())
        if changes := _changes(before, json.loads(text)):
            raise ValueError(f"cannot resume {out}: {'; '.join(changes)}; start a new run in another --out")


def recorded_batch_size(out: Path) -> int | None:
    """Examples a step of the run in `out`; None where there is no run."""
    file = out / "config.json"
    return int(json.loads(file.read_text())["training"]["batch_size"]) if file.exists() else None


def _changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What decides the weights and is not as it was."""
    changes = [
        f"the pictures of {name!r} have changed" if section in PICTURES else f"{name} was {old} and is now {new}"
        for section, name, old, new in differences(before, now)
    ]
    if not changes and before["optimizer"] != now["optimizer"]:
        changes.append(
            f"steps were {before['run']['steps']} and are now {now['run']['steps']}, on which its learning rate depends"
        )
    return changes


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, str, Any, Any]]:
    """Section, name and both values of whatever decides the weights and differs between two records."""
    found = [("", "the model", before["model"], now["model"])] if before["model"] != now["model"] else []
    for section in ("config", "training", *PICTURES):
        old, new = before[section], now[section]
        names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        found += [(section, name, old.get(name), new.get(name)) for name in names]
    return found
