"""The runtime that runs WHAT: of a shipped weight its ONNX file, which needs no Keras, or Keras where only that will do."""

from pathlib import Path
from typing import Any


def open_runtime(what: str, threads: int | None, trust: bool = False) -> Any:
    """An artefact's own runtime, or Keras for a run and a `.keras` file. `trust` is for SavedModels that no manifest lists.

    Raises:
        ValueError: damaged, altered, or no such shipped weight; the message names the nearest.
        FileNotFoundError: there is no such file.
        ModuleNotFoundError: it takes Keras, which is not installed.
    """
    from zoo._shipped import shipped_onnx
    from zoo.export.runtimes import load

    path = Path(what)
    if path.suffix in (".tflite", ".onnx", ".xml") or (path / "saved_model.pb").is_file():
        return load(path, threads=threads, trust=trust)
    if not path.exists() and (file := shipped_onnx(what)):
        return load(file, threads=threads)
    return in_keras(what, threads)


def in_keras(what: str, threads: int | None) -> Any:
    """The Keras runtime of a run, a `.keras` file or a shipped weight. Raises as `open_runtime`."""
    from zoo.cli.quiet import import_tensorflow
    from zoo.cli.settings import model_file
    from zoo.export.runtimes import load

    file = Path(model_file(what))
    import_tensorflow()
    return load(file, threads=threads)


def taken_apart(runtime: Any) -> Any:
    """The same weight in Keras, whose networks can be cut and extended, for the ONNX file of a shipped one; None for another."""
    from zoo._shipped import keras_of

    name = keras_of(runtime.path)
    return in_keras(name, runtime.threads) if name else None
