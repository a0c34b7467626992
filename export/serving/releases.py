"""A second version beside the first: rolled in under the label canary, then made stable, without a moment of half a model."""

import contextlib
import dataclasses
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from zoo.common.files import locked, new_directory
from zoo.export.files import inside, opened, sha256, tree
from zoo.export.manifest import Manifest, check_files, check_listed, read_manifest
from zoo.export.serving.configuration import CANARY, STABLE, ServedModel, change, read_configuration
from zoo.export.signature import Signature

LOCK = ".release.lock"


def add_version(directory: str | os.PathLike[str], new: str | os.PathLike[str]) -> int:
    """Makes the SavedModel of the export `new` the next version of the export `directory`, labelled canary; returns its number.

    It is copied under a name that TensorFlow Serving passes over and renamed when whole; then models.config is replaced.
    Served are the new version and those that had a label.

    Raises:
        FileNotFoundError, ValueError: one of the two is no whole export with a SavedModel, `new` failed its comparison, or
        takes other inputs than the versions before it.
        BlockingIOError: another process is changing the export. OSError: it cannot be written.

    Example:
        >>> add_version("exports/wave", "exports/wave2")
        2
    """
    directory, new = Path(directory), Path(new)
    with _changing(directory) as (manifest, model):
        return _add(directory, new, manifest, model)


def _add(directory: Path, new: Path, manifest: Manifest, model: ServedModel) -> int:
    fresh = read_manifest(new)
    saved = [artifact for artifact in fresh.artifacts if artifact.format == "savedmodel"]
    if not saved:
        raise ValueError(f"{new} holds no SavedModel; export with --to savedmodel")
    check_files(fresh, new)
    if not saved[0].parity.passed:
        raise ValueError(f"{new}: its SavedModel differs from the Keras model by more than its floor allows; it is not rolled in")
    if _shapes(fresh.signature) != _shapes(manifest.signature):
        offered, wanted = (", ".join(signature.inputs) for signature in (fresh.signature, manifest.signature))
        raise ValueError(f"{new} takes and gives other tensors ({offered}) than {directory} ({wanted}); clients would break")
    folder = folder_of(directory, model)
    there = versions_in(folder)
    number = max(there, default=0) + 1
    with new_directory(folder / str(number)) as temporary:
        _copy(new / saved[0].path, temporary)
        digest = sha256(temporary)
        if digest != saved[0].sha256:
            raise OSError(f"cannot write {folder / str(number)}: {new} changed while it was copied")
    # Listed before it is served: what is served is what the manifest says.
    name = (folder / str(number)).relative_to(directory).as_posix()
    dataclasses.replace(manifest, files={**manifest.files, name: digest}).write(directory)
    labelled = {version for label, version in model.labels.items() if label != CANARY}
    change(directory, model.name, tuple(sorted({*labelled, number})), {**model.labels, CANARY: number})
    return number


def make_stable(directory: str | os.PathLike[str], number: int) -> None:
    """Moves the label stable to a version, forwards or back; the versions that are served stay, so that the way back is open.

    Raises:
        FileNotFoundError, ValueError: no export with a SavedModel, or no such version in it.
        BlockingIOError: another process is changing the export. OSError: it cannot be written.
    """
    directory = Path(directory)
    with _changing(directory) as (manifest, model):
        folder = folder_of(directory, model)
        there = versions_in(folder)
        if number not in there:
            raise ValueError(f"{directory} has no version {number} of {model.name}; there are: {', '.join(map(str, there))}")
        check_listed(manifest, directory, [(folder / str(number)).relative_to(directory).as_posix()])
        change(directory, model.name, tuple(sorted({*model.chosen(there), number})), {**model.labels, STABLE: number})


def versions_in(folder: Path) -> list[int]:
    """The numbered SavedModels in a folder, as TensorFlow Serving sees them."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; export again with --to savedmodel")
    names = (path.name for path in folder.iterdir() if (path / "saved_model.pb").is_file())
    return sorted(int(name) for name in names if re.fullmatch("[1-9][0-9]{0,18}", name))


def folder_of(directory: Path, model: ServedModel) -> Path:
    """The folder of its versions. Raises ValueError where a link leads out of the export."""
    return inside(directory, f"savedmodel/{model.folder}")


@contextlib.contextmanager
def _changing(directory: Path) -> Iterator[tuple[Manifest, ServedModel]]:
    """What is served, read once nobody else can change it: two releases at once would lose one another's entries."""
    read_manifest(directory)  # no lock beside what is no export
    with locked(directory / LOCK, f"another process is changing {directory}; try again when it has ended"):
        yield _served(directory)


def _copy(source: Path, target: Path) -> None:
    """The files of a folder into another; nothing is waited for that is no file."""
    for file in tree(source):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with opened(file) as content, place.open("wb") as copy:
            shutil.copyfileobj(content, copy, 1 << 20)


def _served(directory: Path) -> tuple[Manifest, ServedModel]:
    manifest = read_manifest(directory)
    for model in read_configuration(directory):
        if model.name == manifest.model:
            return manifest, model
    raise ValueError(f"{directory}: models.config does not name {manifest.model}, which the manifest does; export again")


def _shapes(signature: Signature) -> list[tuple[str, str, tuple[int | str, ...]]]:
    sides = (*signature.inputs.values(), *signature.outputs.values())
    return [(tensor.name, tensor.dtype, tensor.shape) for tensor in sides]
