"""A second version beside the first: rolled in under the label canary, then made stable, without a moment of half a model."""

import dataclasses
import os
import re
import shutil
from pathlib import Path

from zoo.export.files import inside, sha256
from zoo.export.manifest import Manifest, check_files, check_listed, read_manifest
from zoo.export.serving.configuration import CANARY, STABLE, ServedModel, change, read_configuration
from zoo.export.signature import Signature


def add_version(directory: str | os.PathLike[str], new: str | os.PathLike[str]) -> int:
    """Makes the SavedModel of the export `new` the next version of the export `directory`, labelled canary; returns its number.

    It is copied under a name that TensorFlow Serving passes over and renamed when whole; then models.config is replaced.
    Served are the new version and those that had a label.

    Raises:
        FileNotFoundError, ValueError: one of the two is no whole export with a SavedModel, `new` failed its comparison, or
        takes other inputs than the versions before it.

    Example:
        >>> add_version("exports/wave", "exports/wave2")
        2
    """
    directory, new = Path(directory), Path(new)
    manifest, model = _served(directory)
    fresh = read_manifest(new)
    saved = [artifact for artifact in fresh.artifacts if artifact.format == "savedmodel"]
    if not saved:
        raise ValueError(f"{new} holds no SavedModel; export with --to savedmodel")
    check_files(fresh, new)
    if not saved[0].parity.passed:
        raise ValueError(f"{new}: its SavedModel differs from the Keras model by more than its floor allows; it is not rolled in")
    if _shapes(fresh.signature) != _shapes(manifest.signature):
        given, wanted = (", ".join(signature.inputs) for signature in (fresh.signature, manifest.signature))
        raise ValueError(f"{new} takes and gives other tensors ({given}) than {directory} ({wanted}); clients would break")
    folder = folder_of(directory, model)
    there = versions_in(folder)
    number = max(there, default=0) + 1
    partial = folder / f".{number}.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)  # what a killed process left
        shutil.copytree(new / saved[0].path, partial)
        digest = sha256(partial)
        if digest != saved[0].sha256:
            raise OSError("it changed while it was copied")
        partial.rename(folder / str(number))
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise OSError(f"cannot write {folder / str(number)}: {error.strerror or error}") from error
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
    """
    directory = Path(directory)
    manifest, model = _served(directory)
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


def _served(directory: Path) -> tuple[Manifest, ServedModel]:
    manifest = read_manifest(directory)
    for model in read_configuration(directory):
        if model.name == manifest.model:
            return manifest, model
    raise ValueError(f"{directory}: models.config does not name {manifest.model}, which the manifest does; export again")


def _shapes(signature: Signature) -> list[tuple[str, str, tuple[int | str, ...]]]:
    sides = (*signature.inputs.values(), *signature.outputs.values())
    return [(tensor.name, tensor.dtype, tensor.shape) for tensor in sides]
