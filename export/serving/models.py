"""The versions of the models that are served: which answers a request, what it takes, and running it."""

import dataclasses
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo.export.files import inside, tree
from zoo.export.manifest import Manifest, check_listed
from zoo.export.quiet import quiet
from zoo.export.serving.configuration import ServedModel, read_configuration
from zoo.export.serving.errors import ServingError, invalid
from zoo.export.serving.releases import folder_of, versions_in

DEFAULT_SIGNATURE = "serving_default"


class Version:
    """One loaded SavedModel. `signatures` are its `SignatureDef`s by name."""

    def __init__(self, model: str, number: int, path: Path) -> None:
        import tensorflow as tf
        from tensorflow.core.protobuf import saved_model_pb2

        self.model, self.number = model, number
        try:
            stored = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
            self.signatures = dict(stored.meta_graphs[0].signature_def)
            self.loaded = tf.saved_model.load(os.fspath(path))
        except Exception as error:  # protobuf's and TensorFlow's own classes for a file that they cannot read
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ValueError(f"{path}: damaged, or no SavedModel: {reason}") from error

    def signature(self, name: str) -> Any:
        """The SignatureDef of that name, the default one for "". Raises ServingError."""
        name = name or DEFAULT_SIGNATURE
        if name not in self.loaded.signatures:
            raise invalid(f'Serving signature name: "{name}" not found in signature def')
        return self.signatures[name]

    def check_names(self, signature: str, names: Iterable[str]) -> None:
        """Raises ServingError unless these are the names of the signature's inputs; those with a default may be missing."""
        sent, wanted = set(names), set(self.signature(signature).inputs)
        needed = wanted - set(self.signature(signature).defaults)
        if not needed <= sent <= wanted:
            extra, missing = (", ".join(sorted(some)) for some in (sent - wanted, needed - sent))
            raise invalid(f"input size does not match signature. Sent extra: {{{extra}}}. Missing but required: {{{missing}}}.")

    def fitting(self, names: Collection[str]) -> str:
        """The signature for a request that names none: the default one, or another that alone takes inputs of these names."""
        definitions = {name: self.signatures[name] for name in self.loaded.signatures}
        fitting = [
            name
            for name, definition in definitions.items()
            if set(definition.inputs) - set(definition.defaults) <= set(names) <= set(definition.inputs)
        ]
        return fitting[0] if names and len(fitting) == 1 else DEFAULT_SIGNATURE

    def check(self, signature: str, inputs: Mapping[str, np.ndarray]) -> None:
        """Raises ServingError for arrays (strings as arrays of bytes objects) that do not fit the signature."""
        self.check_names(signature, inputs)
        for name, array in inputs.items():
            _check(name, array, self.signature(signature).inputs[name])
        if len({len(array) for array in inputs.values()}) > 1:
            counts = ", ".join(f"{len(array)} of {name}" for name, array in sorted(inputs.items()))
            raise invalid(f"every input needs as many examples; there are {counts}")

    def predict(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs one signature on arrays that `check` passed. Raises ServingError for what the model refuses."""
        import tensorflow as tf

        for name, proto in self.signature(signature).defaults.items():
            if name not in inputs:
                inputs = {**inputs, name: tf.make_ndarray(proto)}
        function = self.loaded.signatures[signature or DEFAULT_SIGNATURE]
        try:
            results = function(**{name: tf.constant(array) for name, array in inputs.items()})
        except tf.errors.OpError as error:
            code = "RESOURCE_EXHAUSTED" if isinstance(error, tf.errors.ResourceExhaustedError) else "INVALID_ARGUMENT"
            raise ServingError(code, _reason(str(error.message))) from error
        return {name: result.numpy() for name, result in results.items()}


def _check(name: str, array: np.ndarray, info: Any) -> None:
    import tensorflow as tf

    dtype = tf.dtypes.as_dtype(info.dtype)
    sent = tf.dtypes.as_dtype(array.dtype)
    if sent != dtype:
        raise invalid(f"input {name} is {sent.name}; the signature takes {dtype.name}")
    shape = [axis.size for axis in info.tensor_shape.dim]
    fits = len(shape) == array.ndim > 0 and all(want in (-1, have) for want, have in zip(shape, array.shape, strict=True))
    if not fits or array.size == 0:
        want, have = ("[" + ", ".join("?" if axis == -1 else str(axis) for axis in axes) + "]" for axes in (shape, array.shape))
        raise invalid(f"input {name} has shape {have}; the signature takes {want}, none of it empty")


def _reason(message: str) -> str:
    """The line of a TensorFlow error that says what was wrong, without the graph's nodes around it."""
    noise = ("Graph execution error", "Detected at node", "<stack traces unavailable>", "[[", "{{", "(0)", "(1)")
    lines = [line.strip() for line in message.splitlines()]
    return next((line for line in lines if line and not line.startswith(noise)), "the model refused these inputs")


@dataclasses.dataclass(frozen=True)
class Models:
    """The served versions, `by_name[name][number]`, and the labels, `labels[name][label]`."""

    by_name: dict[str, dict[int, Version]]
    labels: dict[str, dict[str, int]]

    def find(self, name: str, number: int | None = None, label: str | None = None) -> Version:
        """The version asked for, the newest unless a number or a label is given. Raises ServingError."""
        if label is not None:
            number = self.labelled(name, label)
        versions = self.by_name.get(name, {})
        if number is None and versions:
            return versions[max(versions)]
        if number is None or number not in versions:
            asked = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise ServingError("NOT_FOUND", f"Servable not found for request: {asked}")
        return versions[number]

    def status(self, name: str, number: int | None = None, label: str | None = None) -> list[int]:
        """The numbers of the versions asked about, newest first; all of them unless a number or a label is given."""
        if label is not None:
            number = self.labelled(name, label)
        versions = sorted(self.by_name.get(name, {}), reverse=True)
        if not versions:
            raise ServingError("NOT_FOUND", f"Could not find any versions of model {name}")
        if number is None:
            return versions
        if number not in versions:
            raise ServingError("NOT_FOUND", f"Could not find version {number} of model {name}")
        return [number]

    def labelled(self, name: str, label: str) -> int:
        number = self.labels.get(name, {}).get(label)
        if number is None:
            raise invalid(f"Unrecognized servable version label: {label}")
        return number


def load_models(directory: Path, manifest: Manifest, trust: bool = False) -> Models:
    """Loads what models.config says, as far as the manifest lists it with these bytes; with `trust` whatever is there.

    Raises FileNotFoundError, or a ValueError of one line.
    """
    served = read_configuration(directory)
    paths = {model.name: {number: _path(directory, model, number) for number in _numbers(directory, model)} for model in served}
    for path in (path for versions in paths.values() for path in versions.values()):
        name = path.relative_to(directory).as_posix()
        if name in manifest.recorded:
            check_listed(manifest, directory, [name])
        elif not trust:
            raise ValueError(f"{path}: not listed in manifest.json, so nobody can say what it is; --trust serves it all the same")
        list(tree(path))
    loaded = {model: {number: _load(model, number, path) for number, path in folders.items()} for model, folders in paths.items()}
    return Models(loaded, {model.name: model.labels for model in served})


def _numbers(directory: Path, model: ServedModel) -> list[int]:
    folder = folder_of(directory, model)
    there = versions_in(folder)
    chosen = model.chosen(there)
    if missing := sorted(set(chosen) - set(there)) or ([] if chosen else [1]):
        raise FileNotFoundError(f"{folder / str(missing[0])}: no such SavedModel, though models.config serves it; export again")
    return chosen


def _path(directory: Path, model: ServedModel, number: int) -> Path:
    return inside(directory, f"savedmodel/{model.folder}/{number}")


def _load(model: str, number: int, path: Path) -> Version:
    with quiet():
        return Version(model, number, path)
