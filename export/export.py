"""One directory with every format and precision of a model, each file run in its own runtime against the Keras model."""

import dataclasses
import hashlib
import importlib.metadata
import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export import litert, metadata, mobile, onnx_format, quantize, report, saved_model, web
from export.atomic import built_beside, remembered_interrupts
from export.manifest import PRECISIONS, Artifact, Manifest, Skipped, check_files, parse_shape, read_manifest, sha256, size_of
from export.runtimes import KerasRuntime, load
from export.serving import directory as serving
from export.serving import warmup
from export.signature import Signature, example_inputs, tensor_specs
from export.unsupported import Unsupported
from export.verify import Measurement, References, measure

FORMATS = ("savedmodel", "litert", "onnx", "web", "mobile")
STANDARD = PRECISIONS[:3]  # without calibration
DYNAMIC = "dynamic"
KERAS_FILE = "model.keras"
PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert", "tf2onnx", "onnx", "onnxruntime", "onnxconverter-common")

Size = str | tuple[int, int]
Progress = Callable[[str, int, int], None]


def export_model(
    source: Any,
    out: str | os.PathLike[str],
    *,
    name: str,
    formats: Sequence[str] = FORMATS[:4],
    precisions: Sequence[str] = STANDARD,
    sizes: Sequence[Size] = (DYNAMIC,),
    pictures: Sequence[np.ndarray],
    calibration: Sequence[np.ndarray] | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
    about: Mapping[str, str] | None = None,
    web_runtime: Path | None = None,
    debug: bool = False,
) -> Manifest:
    """Writes the export directory `out` and returns what its manifest says.

    Every file is converted from float32 weights, run in its own runtime and compared with the Keras model; one below the floor of
    its precision is marked failed, and a cell that cannot exist is listed in `skipped` with the reason. The directory is written
    beside its place and renamed when all is done.

    Args:
        source: an `ImageModel`, or a functional `keras.Model` with dicts of named inputs and outputs.
        out: the directory to write; it must not exist.
        name: the served model's name, a part of file names.
        formats: among savedmodel, litert, onnx, web, mobile; the last makes LiteRT files of phone sizes and code that loads them.
        precisions: among float32, float16, dynamic_int8, int8.
        sizes: "dynamic", and fixed (height, width) in pixels, with batch 1; a generator's own size takes their place.
        pictures: at least eight, float32 [height, width, 3] in [0, 1], to compare on.
        calibration: at least eight pictures of the same kind, from which int8 takes its ranges; `pictures` unless given.
        progress: called with a line of text, the steps done and the steps in all.
        threads: of the runtimes while they are timed; all cores unless given.
        about: what is known of the model beside its code, for its card and every file: `data`, `licence`, `limits`.
        web_runtime: a folder with the files of onnxruntime-web, which are then copied beside the page; see `export.web`.
        debug: lets the converters talk.

    Raises:
        FileExistsError: `out` exists. ValueError: an unknown format, precision or size, too few pictures, a name that is no
        file name, or a model that cannot be deployed.

    Example:
        >>> manifest = export_model(zoo.load("fast_style/wave"), "exports/wave", name="wave", pictures=pictures)
        >>> manifest.passed
        True
    """
    out = Path(out)
    _check(name, formats, precisions, sizes)
    calibration = pictures if calibration is None else calibration
    if "int8" in precisions and len(calibration) < quantize.PICTURES:
        raise ValueError(f"int8 is calibrated on at least {quantize.PICTURES} pictures; there are {len(calibration)}")
    if web_runtime:
        web.checked_runtime(web_runtime)
    with built_beside(out) as directory, remembered_interrupts() as check_interrupts:
        threads = threads or os.cpu_count() or 1
        exporter = _Exporter(source, directory, name, pictures, calibration, threads, about or {}, web_runtime, debug)
        cells = _cells(formats, precisions, sizes, exporter.signature)
        for index, cell in enumerate(cells):
            if progress:
                progress(" ".join((*cell[:2], shape_name(cell[2]))), index, len(cells))
            exporter.add(*cell)
            check_interrupts()
        manifest = exporter.finish("mobile" in formats)
    return manifest


def verify_directory(
    directory: str | os.PathLike[str],
    pictures: Sequence[np.ndarray],
    progress: Progress | None = None,
    threads: int | None = None,
) -> Manifest:
    """Runs every artefact of an export again, against the Keras model stored in it; returns the manifest with the new figures.

    Raises:
        FileNotFoundError, ValueError: no manifest, or a file of it is missing or altered; the message names it.
    """
    directory = Path(directory)
    manifest = read_manifest(directory)
    check_files(manifest, directory)
    threads = threads or os.cpu_count() or 1
    references = References(load(directory / manifest.keras), pictures)
    artifacts = []
    for index, artifact in enumerate(manifest.artifacts):
        if progress:
            progress(f"running {artifact.path}", index, len(manifest.artifacts))
        size = parse_shape(artifact.shape)
        found = measure(directory / artifact.path, artifact.precision, references.cases(size), references.timed(size), threads)
        artifacts.append(dataclasses.replace(artifact, parity=found.parity, latency_ms=found.latency_ms))
    return dataclasses.replace(manifest, threads=threads, artifacts=tuple(artifacts))


class _Exporter:
    """What the cells of one export share: the float32 network, its traces and the Keras model's answers."""

    def __init__(
        self,
        source: Any,
        directory: Path,
        name: str,
        pictures: Sequence[np.ndarray],
        calibration: Sequence[np.ndarray],
        threads: int,
        about: Mapping[str, str],
        web_runtime: Path | None,
        debug: bool,
    ) -> None:
        self.directory, self.name, self.threads, self.debug = directory, name, threads, debug
        self.calibration, self.web_runtime = calibration, web_runtime
        self.model = in_float32(source)
        self.model.save(directory / KERAS_FILE)
        reference = KerasRuntime(directory / KERAS_FILE)
        self.network, self.signature = reference.network, reference.signature
        self.weights_sha256 = _digest(self.network)
        self.about = {key: str(getattr(self.model, key)) for key in ("task", "paper") if hasattr(self.model, key)} | dict(about)
        self.facts = metadata.facts_of(name, self.signature, self.weights_sha256, self.about)
        self.references = References(reference, pictures)
        self.traces: dict[Any, Any] = {}
        self.onnx_models: dict[Any, Any] = {}
        self.artifacts: list[Artifact] = []
        self.skipped: list[Skipped] = []
        self.measurements: dict[str, Measurement] = {}  # by path
        self.found: dict[str, Measurement] = {}  # by digest

    def add(self, format: str, precision: str, shape: Size) -> None:
        """Makes and measures one cell of the table, or lists why it cannot exist."""
        size = None if isinstance(shape, str) else shape
        try:
            path, gpu_ready, notes = self._makers[format](self, precision, size)
        except Unsupported as error:
            self.skipped.append(Skipped(format, precision, shape_name(shape), str(error)))
            return
        metadata.write(path, {**self.facts, **metadata.parity_fact(precision)})
        digest = sha256(path)
        if digest not in self.found:  # the page's file is the ONNX file once more
            self.found[digest] = measure(path, precision, self.references.cases(size), self.references.timed(size), self.threads)
        found = self.found[digest]
        if found.error:
            notes = [found.error, *notes]
        relative = path.relative_to(self.directory).as_posix()
        self.measurements[relative] = found
        self.artifacts.append(
            Artifact(
                relative,
                format,
                precision,
                shape_name(shape),
                size_of(path),
                digest,
                found.parity,
                found.latency_ms,
                gpu_ready,
                "; ".join(notes),
            )
        )

    def _trace(self, size: tuple[int, int] | None) -> Any:
        if size not in self.traces:
            self.traces[size] = saved_model.trace(self.network, self.signature, size, 1 if size else None)
        return self.traces[size]

    def _saved_model(self, precision: str, size: tuple[int, int] | None) -> tuple[Path, bool, list[str]]:
        if precision != "float32":
            raise Unsupported("TensorFlow Serving runs a SavedModel in float32; LiteRT and ONNX have this precision")
        directory = self.directory / "savedmodel" / self.name
        path = saved_model.write(self._trace(size), self.signature, directory, self.debug)
        first = example_inputs(self.signature, self.references.pictures[:1], size=self.signature.own_size or warmup.SIZE)
        warmup.write(path, self.name, first)
        return path, False, []

    def _litert(self, precision: str, size: tuple[int, int] | None) -> tuple[Path, bool, list[str]]:
        source = "float32" if precision == "int8" else precision
        content = litert.convert(self._trace(size), self.network.variables, source, self.debug)
        if precision == "int8":
            content = quantize.litert_int8(content, quantize.calibration_inputs(self.signature, self.calibration, size))
        path = self._file("litert", precision, size, "tflite")
        path.write_bytes(content)
        obstacles = litert.gpu_obstacles(content)
        fitting = size is not None and precision in ("float32", "float16")
        notes = [f"not for the mobile GPU because of {', '.join(obstacles)}"] if fitting and obstacles else []
        notes += [quantize.NOTE] if precision == "int8" else []
        return path, fitting and not obstacles, notes

    def _onnx(self, precision: str, size: tuple[int, int] | None, folder: str = "onnx") -> tuple[Path, bool, list[str]]:
        if size not in self.onnx_models:
            specs = tensor_specs(self.signature, size, 1 if size else None)
            self.onnx_models[size] = onnx_format.convert(self._trace(size), self.signature, specs, self.debug)
        if precision == "int8":
            inputs = quantize.calibration_inputs(self.signature, self.calibration, size)
            model = quantize.onnx_int8(self.onnx_models[size], inputs)
        else:
            model = onnx_format.to_precision(self.onnx_models[size], precision, self.debug)
        path = self._file(folder, precision, size, "onnx")
        path.write_bytes(model.SerializeToString())
        notes = onnx_format.NOTES | {"int8": quantize.NOTE}
        return path, False, [notes[precision]] if precision in notes else []

    def _web(self, precision: str, size: tuple[int, int] | None) -> tuple[Path, bool, list[str]]:
        web.controls(self.signature)
        if precision == "float16":
            raise Unsupported("the page computes on the processor, where float16 is slower; dynamic int8 is its small file")
        path, _, notes = self._onnx(precision, size, "web")
        return path, False, [web.NOTE, *notes]

    _makers = {"savedmodel": _saved_model, "litert": _litert, "onnx": _onnx, "web": _web}

    def _file(self, folder: str, precision: str, size: tuple[int, int] | None, suffix: str) -> Path:
        path = self.directory / folder / f"{self.name}-{shape_name(size or DYNAMIC)}-{precision}.{suffix}"
        path.parent.mkdir(exist_ok=True)
        return path

    def finish(self, for_phones: bool) -> Manifest:
        """Writes manifest.json, what goes with the formats, report.html and MODEL_CARD.md."""
        manifest = Manifest(
            model=self.name,
            keras=KERAS_FILE,
            keras_sha256=sha256(self.directory / KERAS_FILE),
            config=self.model.get_config() if hasattr(self.model, "inference_model") else {"name": self.model.name},
            weights_sha256=self.weights_sha256,
            versions={"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in PACKAGES}},
            signature=self.signature,
            threads=self.threads,
            artifacts=tuple(self.artifacts),
            skipped=tuple(self.skipped),
        )
        manifest.write(self.directory)
        if any(artifact.format == "savedmodel" for artifact in manifest.artifacts):
            serving.write(self.name, self.signature, manifest.versions["tensorflow"], self.directory)
        if any(artifact.format == "web" for artifact in manifest.artifacts):
            web.write(manifest, self.about, self.directory, self.web_runtime)
        if for_phones:
            mobile.write(manifest, self.directory, self.about.get("task", ""))
        report.write(manifest, self.about, self.references, self.measurements, self.directory)
        return manifest


def _digest(network: Any) -> str:
    digest = hashlib.sha256()
    for weight in network.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def in_float32(source: Any) -> Any:
    """The same model rebuilt in float32 with the same weights; mixed precision does not convert (FlexConv2D, invalid ONNX)."""
    import keras

    if not hasattr(source, "inference_model"):
        return source
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        model = type(source).from_config(source.get_config())
    finally:
        keras.config.set_dtype_policy(policy)
    model.set_weights(source.get_weights())
    return model


def _cells(
    formats: Sequence[str], precisions: Sequence[str], sizes: Sequence[Size], signature: Signature
) -> list[tuple[str, str, Size]]:
    """What is to be made, each once.

    A SavedModel and a page take every size: each has one shape whatever the others have. A network with a size of its own,
    a generator for one, has that in place of every fixed size.
    """
    cells: list[tuple[str, str, Size]] = []
    for format in formats:
        if format == "mobile":
            phones = [*mobile.PRECISIONS, *(["int8"] if "int8" in precisions else [])]
            cells += [("litert", precision, size) for size in mobile.SIZES for precision in phones]
        else:
            shapes = [DYNAMIC] if format in ("savedmodel", "web") else sizes
            cells += [(format, precision, size) for size in shapes for precision in precisions]
    own = signature.own_size
    return list(dict.fromkeys((format, p, own if own and size != DYNAMIC else size) for format, p, size in cells))


def _check(name: str, formats: Sequence[str], precisions: Sequence[str], sizes: Sequence[Size]) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
        raise ValueError(f"{name!r} cannot name a served model; use letters, digits, _ - and .")
    for kind, given, known in (("format", formats, FORMATS), ("precision", precisions, PRECISIONS)):
        if unknown := sorted(set(given) - set(known)):
            raise ValueError(f"no {kind} {unknown[0]!r}; there are: {', '.join(known)}")
        if not given:
            raise ValueError(f"at least one {kind} is needed")
    for size in sizes:
        if size != DYNAMIC and (isinstance(size, str) or len(size) != 2 or min(size) < 1):
            raise ValueError(f"size {size!r} is neither {DYNAMIC!r} nor (height, width) in pixels")
    if not sizes:
        raise ValueError("at least one size is needed")


def shape_name(size: Size) -> str:
    return size if isinstance(size, str) else f"{size[0]}x{size[1]}"
