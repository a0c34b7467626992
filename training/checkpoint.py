"""Checkpoints: everything that the next step depends on, in one file that is whole or not there."""

import io
import json
import logging
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zoo.common.files import replacing
from zoo.common.text import one_line

if TYPE_CHECKING:
    import keras

_log = logging.getLogger(__name__)
_METADATA = "metadata"
_NAME = re.compile(r"step-[0-9]{8,}\.npz")


def save(
    directory: Path, step: int, model: "keras.Model", extra: dict[str, Any] | None = None, *, keep: int = 2, write: bool = True
) -> None:
    """Writes the model's, its optimizer's and its metrics' variables after `step` steps, and keeps the newest checkpoints.

    Args:
        directory: made if it is not there.
        step: how many steps were trained.
        model: compiled, its optimizer built.
        extra: plain values to keep beside the weights.
        keep: how many of the newest are kept.
        write: False on the workers that only take part in reading shared variables.

    Raises:
        ValueError: a weight is no longer finite; nothing is written.
        OSError: it cannot be written; the checkpoints before it are intact.

    Example:
        >>> save(Path("run/checkpoint"), 500, model)
    """
    arrays = {name: _plain(variable) for name, variable in _variables(model).items()}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"training diverged: after step {step} {name[6:]} is not finite; try a lower learning rate")
    if not write:
        return
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"step-{step:08d}.npz"
    metadata = np.array(json.dumps({"step": step, "variables": len(arrays), **(extra or {})}))
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **{_METADATA: metadata}, **arrays)
    for old in _newest_first(directory)[keep:]:
        old.unlink()


class Checkpoint(NamedTuple):
    """The steps that were trained, and every variable's value, by its name here."""

    step: int = 0
    arrays: dict[str, np.ndarray] | None = None

    def assign_to(self, model: "keras.Model") -> None:
        """Puts the values into the compiled model. Several workers have to do it together."""
        if self.arrays is not None:
            for name, variable in _variables(model).items():
                variable.assign(self.arrays[name])


def read(directory: Path, model: "keras.Model") -> Checkpoint:
    """The newest sound checkpoint; one of step 0 and without values where there is none.

    One that cannot be read, for whatever reason, is passed over for the one before it, with a warning.

    Raises:
        ValueError: a sound checkpoint belongs to another model; the line says where they differ.
        MemoryError: it does not fit into the memory.
    """
    variables = _variables(model)
    for path in _newest_first(directory):
        try:
            step, arrays = _read(path)
        except MemoryError:
            raise
        except Exception as error:  # where a few bytes are wrong, zipfile and NumPy raise anything
            reason = one_line(error) or type(error).__name__
            _log.warning("the checkpoint %s is damaged or cannot be read (%s); taking the one before it", path, reason)
            continue
        _check(path, arrays, variables)
        return Checkpoint(step, arrays)
    return Checkpoint()


def _read(path: Path) -> tuple[int, dict[str, np.ndarray]]:
    """The step and the arrays of a checkpoint that is as it was written."""
    with zipfile.ZipFile(path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("what it holds is marked as compressed")
        # Read to its end, and so compared with its checksum, before anything in it is believed.
        members = {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}
    arrays = {name: np.lib.format.read_array(io.BytesIO(data), allow_pickle=False) for name, data in members.items()}
    metadata = json.loads(str(arrays.pop(_METADATA)))
    if metadata.get("variables", len(arrays)) != len(arrays):
        raise ValueError(f"{len(arrays)} of its {metadata['variables']} variables are left")
    return int(metadata["step"]), arrays


def newest(directory: Path) -> int | None:
    """The steps of the newest checkpoint, by its name."""
    return next((int(path.stem.removeprefix("step-")) for path in _newest_first(directory)), None)


def _newest_first(directory: Path) -> list[Path]:
    return sorted((path for path in directory.glob("step-*.npz") if _NAME.fullmatch(path.name) and path.is_file()), reverse=True)


def _variables(model: "keras.Model") -> dict[str, Any]:
    """By number and name; Keras' own counters ("dense_7"), which depend on what else was made before, are left out."""
    every = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return {f"{place:05d} {re.sub(r'_[0-9]+(?=[/_]|$)', '', variable.path)}": variable for place, variable in enumerate(every)}


def _plain(variable: Any) -> np.ndarray:
    """bfloat16, which NumPy's files do not know, as float32, which holds it exactly."""
    import keras

    array = keras.ops.convert_to_numpy(variable)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def _check(path: Path, arrays: dict[str, np.ndarray], variables: dict[str, Any]) -> None:
    if missing := variables.keys() ^ arrays.keys():
        raise ValueError(f"the checkpoint {path} is of another model: it differs in {min(missing)!r}")
    for name, variable in variables.items():
        if arrays[name].shape != tuple(variable.shape):
            raise ValueError(
                f"the checkpoint {path} is of another model: {name!r} is {arrays[name].shape}, the model has {variable.shape}"
            )
