"""Runs any exported file in its own runtime: `load("model.tflite")(image=batch)["output_image"]`. Needs only that runtime."""

import abc
import contextlib
import functools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo._registry import OtherVersion
from zoo.export import metadata, openvino_format
from zoo.export.archive import check_archive
from zoo.export.files import tree
from zoo.export.manifest import vouched
from zoo.export.quiet import quiet
from zoo.export.signature import signature_of
from zoo.roles import Role, Signature, assumed

DEFAULT_SIGNATURE = "serving_default"
# What TensorFlow, C++, onnxruntime and LiteRT's kernels say, each in its own class of error.
_OUT_OF_MEMORY = re.compile(
    "ResourceExhausted|bad_alloc|out of memory|(failed to|cannot) allocate|failed to reshape runtime", re.IGNORECASE
)
KINDS = "a .keras, .tflite, .onnx or OpenVINO .xml file, or a SavedModel directory"

Tensors = Mapping[str, tuple[str, list[int | None]]]


class Runtime(abc.ABC):
    """A loaded artefact: called with named arrays, answers with named arrays.

    `signature` holds the roles of its inputs and outputs; a fixed size shows as numbers in their shapes. Those of a file made
    elsewhere, which says nothing of roles, are assumed from its tensors' names. `threads` are those of the runtime.
    """

    signature: Signature

    def __init__(self, path: Path, threads: int) -> None:
        self.path, self.threads = path, threads

    def __call__(self, **inputs: Any) -> dict[str, np.ndarray]:
        """Runs one batch; what has a default may be left out.

        Raises:
            ValueError: a missing or unknown input, or one of the wrong shape.
            MemoryError: there is too little memory for it.
        """
        wanted, optional = self.signature.inputs, self.signature.optional
        if not set(wanted) - set(optional) <= set(inputs) <= set(wanted):
            raise ValueError(f"{self.path.name} takes {', '.join(wanted)}; given: {', '.join(sorted(inputs)) or 'nothing'}")
        count = len(next(iter(inputs.values()))) if inputs else 1
        inputs |= {name: np.stack([value] * count) for name, value in optional.items() if name not in inputs}
        arrays = {name: np.ascontiguousarray(inputs[name], tensor.dtype) for name, tensor in wanted.items()}
        for name, tensor in wanted.items():
            _check_shape(self.path, tensor, arrays[name].shape)
        if len({len(array) for array in arrays.values()}) > 1:
            counts = ", ".join(f"{len(array)} of {name}" for name, array in arrays.items())
            raise ValueError(f"{self.path.name} takes as many examples of every input; given {counts}")
        try:
            return self._run(arrays)
        except Exception as error:  # each runtime has its own class for it
            if isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(f"{type(error).__name__} {error}"):
                raise MemoryError(f"{self.path.name}: the memory is not enough for a batch of this size") from error
            raise

    @functools.cached_property
    def facts(self) -> dict[str, str]:
        """What the file says of itself (`zoo.export.metadata`); nothing for a `.keras` file and for one made elsewhere."""
        return metadata.read(self.path)

    def _roles(self, sides: Sequence[Tensors], name: str = DEFAULT_SIGNATURE) -> Signature:
        """The roles that the file declares, in the shapes of its tensors: name -> type and sizes, None where free."""
        declared = metadata.signatures(self.facts).get(name)
        if declared is None:
            inputs, outputs = ({n: assumed(n, *sides[i][n], output=i == 1) for n in sorted(sides[i])} for i in (0, 1))
            return Signature(inputs, outputs)
        return declared.fitted(*({n: shape for n, (_, shape) in side.items()} for side in sides))

    @abc.abstractmethod
    def _run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]: ...


def load(path: str | os.PathLike[str], threads: int | None = None, trust: bool = False) -> Runtime:
    """The runtime for an artefact: a .keras, .tflite, .onnx or OpenVINO .xml file, or a SavedModel directory (or its versions').

    `threads` defaults to all cores; TensorFlow takes it only before its first operation. One that lies in an export must have the
    bytes that its manifest says. `trust` runs a SavedModel that no manifest lists: what stands in it can read and write files.
    docs/security.md says what is safe to open. Raises FileNotFoundError, or a ValueError of one line for a file that is damaged,
    altered or foreign.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or directory; give {KINDS}")
    runtime = SavedModelRuntime if path.is_dir() else _RUNTIMES.get(path.suffix.lower())
    if runtime is None or not (path.is_dir() or path.is_file()):
        raise ValueError(f"{path}: cannot run this; give {KINDS}")
    if runtime is SavedModelRuntime:
        path = _version(path)
    if not trust and not vouched(path) and runtime is SavedModelRuntime:
        raise ValueError(
            f"{path}: no manifest.json lists this SavedModel, and one can write files when it runs; --trust runs it all the same"
        )
    try:
        return runtime(path, threads or os.cpu_count() or 1)
    except ModuleNotFoundError as error:
        raise ValueError(f"{path}: its runtime is not installed ({error})") from error
    except OtherVersion:
        raise
    except Exception as error:  # each runtime has its own classes for a file that it cannot read
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path}: damaged, or not what its name says: {reason}") from error


def _check_shape(path: Path, tensor: Role, shape: tuple[int, ...]) -> None:
    fits = len(shape) == len(tensor.shape) and all(
        isinstance(want, str) or want == have for want, have in zip(tensor.shape, shape, strict=True)
    )
    if not fits:
        want = " x ".join(str(axis) for axis in tensor.shape)
        raise ValueError(f"{path.name} takes {tensor.name} of {want}; given {' x '.join(str(axis) for axis in shape)}")


class KerasRuntime(Runtime):
    """A `.keras` file: the deployed network itself, or a model of the zoo that has one."""

    def __init__(self, path: Path, threads: int | None = None) -> None:
        threads = _tensorflow_threads(threads or os.cpu_count() or 1)
        import keras

        from zoo._base import ImageModel
        from zoo._load import import_family_of
        from zoo._registry import families

        if import_family_of(path) is None:  # makes its class known to Keras, or for a plain network the layers of all
            families()
        super().__init__(path, threads)
        check_archive(path)
        model = keras.saving.load_model(path, compile=False)
        of_the_zoo = isinstance(model, ImageModel)
        self.network = model.inference_model() if of_the_zoo else model
        self.signatures = model.signatures if of_the_zoo else {DEFAULT_SIGNATURE: signature_of(self.network)}
        self.signature = self.signatures[DEFAULT_SIGNATURE]

    def _run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.asarray(value) for name, value in self.network(inputs, training=False).items()}


class SavedModelRuntime(Runtime):
    """A SavedModel by one of its signatures."""

    def __init__(self, path: Path, threads: int, signature: str = DEFAULT_SIGNATURE) -> None:
        threads = _tensorflow_threads(threads)
        import tensorflow as tf

        super().__init__(path, threads)
        list(tree(path))  # no pipe that would be waited for, no link out of it
        self.loaded = tf.saved_model.load(os.fspath(path))  # kept: the function holds its variables weakly
        self.function = self.loaded.signatures[signature]
        sides = (self.function.structured_input_signature[1], self.function.structured_outputs)
        self.signature = self._roles(
            [{n: (spec.dtype.name, list(spec.shape)) for n, spec in side.items()} for side in sides], signature
        )

    def _run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        import tensorflow as tf

        tensors = {name: tf.constant(value) for name, value in inputs.items()}
        return {name: value.numpy() for name, value in self.function(**tensors).items()}


class LiteRTRuntime(Runtime):
    def __init__(self, path: Path, threads: int) -> None:
        with quiet():
            from ai_edge_litert.interpreter import Interpreter
        super().__init__(path, threads)
        self.interpreter = Interpreter(os.fspath(path), num_threads=threads)
        self.runner = self.interpreter.get_signature_runner()
        self.warm = False
        sides = (self.runner.get_input_details(), self.runner.get_output_details())
        self.signature = self._roles(
            [{n: (d["dtype"].__name__, [int(axis) for axis in d["shape_signature"]]) for n, d in side.items()} for side in sides]
        )

    def _run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        # The first call announces XNNPACK, the kernels that LiteRT hands the network to by itself.
        with contextlib.nullcontext() if self.warm else quiet():
            answer = self.runner(**inputs)
        self.warm = True
        return dict(answer)


class OnnxRuntime(Runtime):
    TYPES = {"tensor(float)": "float32", "tensor(int32)": "int32", "tensor(int64)": "int64"}

    def __init__(self, path: Path, threads: int) -> None:
        import onnxruntime

        super().__init__(path, threads)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # errors come as exceptions
        self.session = onnxruntime.InferenceSession(os.fspath(path), options, providers=["CPUExecutionProvider"])
        sides = (self.session.get_inputs(), self.session.get_outputs())
        self.signature = self._roles(
            [
                {v.name: (self.TYPES[v.type], [None if isinstance(axis, str) else axis for axis in v.shape]) for v in side}
                for side in sides
            ]
        )

    @functools.cached_property
    def facts(self) -> dict[str, str]:
        """As onnxruntime has read it: the package onnx takes longer to import than the file to run."""
        return dict(self.session.get_modelmeta().custom_metadata_map)

    def _run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        names = list(self.signature.outputs)
        return dict(zip(names, self.session.run(names, inputs), strict=True))


class OpenVINORuntime(Runtime):
    """OpenVINO on the processor, in the arithmetic that the file was compared in."""

    def __init__(self, path: Path, threads: int) -> None:
        super().__init__(path, threads)
        self.network = openvino_format.read(path)
        options = {**openvino_format.EXACT, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        try:
            self.compiled = openvino_format.installed().Core().compile_model(self.network, "CPU", options)
        except RuntimeError as error:
            raise ValueError(openvino_format.reason(error)) from error
        sides = (self.network.inputs, self.network.outputs)
        self.signature = self._roles([{value.any_name: _form(value) for value in side} for side in sides])

    @functools.cached_property
    def facts(self) -> dict[str, str]:
        return openvino_format.facts(self.network)

    def _run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        # A compiled output answers to the names of every step that was folded into it, in any order; the file's has its own.
        names = (output.any_name for output in self.network.outputs)
        return dict(zip(names, self.compiled(inputs).to_tuple(), strict=True))


def _form(value: Any) -> tuple[str, list[int | None]]:
    """The type and sizes of one of OpenVINO's inputs or outputs, None where free."""
    sizes = [axis.get_length() if axis.is_static else None for axis in value.partial_shape]
    return value.element_type.to_dtype().name, sizes


_RUNTIMES: Mapping[str, type[Runtime]] = {
    ".keras": KerasRuntime,
    ".tflite": LiteRTRuntime,
    ".onnx": OnnxRuntime,
    ".xml": OpenVINORuntime,
}


def _version(directory: Path) -> Path:
    """The SavedModel itself: the directory, or its highest version as TensorFlow Serving would choose."""
    if (directory / "saved_model.pb").is_file():
        return directory
    versions = [path for path in directory.iterdir() if path.name.isdecimal() and (path / "saved_model.pb").is_file()]
    if not versions:
        raise ValueError(f"{directory}: damaged, or not what its name says: there is no saved_model.pb in it")
    return max(versions, key=lambda path: int(path.name))


def _tensorflow_threads(threads: int) -> int:
    """Asks TensorFlow for the threads and returns what it has: it refuses once its first operation has run."""
    with quiet():
        import tensorflow as tf
    cores = os.cpu_count() or 1
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    return tf.config.threading.get_intra_op_parallelism_threads() or cores
