"""Makes the cells of one export: each file from the same float32 network, measured against the same answers."""

import dataclasses
import hashlib
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import zoo
from zoo.export import (
    bill,
    gpu,
    hub,
    litert,
    metadata,
    mobile,
    onnx_format,
    openvino_format,
    openvino_server,
    page,
    quantize,
    report,
    saved_model,
    web,
)
from zoo.export.files import sha256
from zoo.export.litert_apart import activations_apart
from zoo.export.manifest import Artifact, Manifest, Skipped, size_of, unlisted_files
from zoo.export.runtimes import DEFAULT_SIGNATURE, KerasRuntime, SavedModelRuntime
from zoo.export.serving import directory as serving
from zoo.export.serving import warmup
from zoo.export.signature import example_inputs, tensor_specs
from zoo.export.unsupported import Unsupported
from zoo.export.verify import LATENCY_SIZE, Measurement, References, compare, measure

DYNAMIC = "dynamic"
KERAS_FILE = "model.keras"
PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert", "tf2onnx", "onnx", "onnxruntime", "onnxconverter-common")

Size = str | tuple[int, int]


class Exporter:
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
        models = self.model.inference_models() if isinstance(self.model, zoo.ImageModel) else {}
        self.further = {name: network for name, network in models.items() if name != DEFAULT_SIGNATURE}
        self.weights_sha256 = digest_of(self.network)
        self.about = {key: str(getattr(self.model, key)) for key in ("task", "paper") if hasattr(self.model, key)} | dict(about)
        self.signatures = reference.signatures
        self.facts = metadata.facts_of(name, self.signatures, self.weights_sha256, self.about)
        self.references = References(reference, pictures)
        self.traces: dict[Any, Any] = {}
        self.onnx_models: dict[Any, Any] = {}
        self.artifacts: list[Artifact] = []
        self.skipped: list[Skipped] = []
        self.gpu_there = True  # until a run finds none
        self.measurements: dict[str, Measurement] = {}  # by path
        self.measured: dict[str, Measurement] = {}  # by digest

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
        if digest not in self.measured:  # the page's file is the ONNX file once more
            self.measured[digest] = measure(
                path, precision, self.references.cases(size), self.references.timed(size), self.threads
            )
        measurement = self.measured[digest]
        if measurement.error:
            notes = [measurement.error, *notes]
        relative = path.relative_to(self.directory).as_posix()
        self.measurements[relative] = measurement
        artifact = Artifact(
            relative,
            format,
            precision,
            shape_name(shape),
            size_of(path),
            digest,
            measurement.parity,
            measurement.latency_ms,
            gpu_ready,
            "; ".join(notes),
        )
        self.artifacts.append(self._on_gpu(artifact, path, size))

    def _on_gpu(self, artifact: Artifact, path: Path, size: tuple[int, int] | None) -> Artifact:
        """The artefact as it was run on a GPU, if it is one for a GPU and there is any."""
        if self.gpu_there and gpu.runs_on_gpu(artifact):
            try:
                return gpu.with_run(artifact, path, self.references.cases(size))
            except gpu.NoDevice:
                self.gpu_there = False
        return artifact

    def _trace(self, size: tuple[int, int] | None) -> Any:
        if size not in self.traces:
            self.traces[size] = saved_model.trace(self.network, self.signature, size, 1 if size else None)
        return self.traces[size]

    def _saved_model(self, precision: str, size: tuple[int, int] | None) -> tuple[Path, bool, list[str]]:
        if precision != "float32":
            raise Unsupported("TensorFlow Serving runs a SavedModel in float32; LiteRT and ONNX have this precision")
        directory = self.directory / "savedmodel" / self.name
        path = saved_model.write(self._trace(size), self.signature, directory, self._further(), self.debug)
        first = example_inputs(self.signature, self.references.pictures[:1], size=self.signature.own_size or warmup.SIZE)
        warmup.write(path, self.name, first)
        return path, False, [self._compared(path, name) for name in self.further]

    def _further(self) -> dict[str, Any]:
        """The traces of the signatures beside the first, which a SavedModel holds too."""
        return {name: saved_model.trace(network, self.signatures[name], None) for name, network in self.further.items()}

    def _compared(self, path: Path, name: str) -> str:
        """How far a further signature of a SavedModel is from the Keras model."""
        signature = self.signatures[name]
        inputs = example_inputs(signature, self.references.pictures, size=signature.own_size or LATENCY_SIZE)
        expected = {key: np.asarray(value) for key, value in self.further[name](inputs, training=False).items()}
        parity = compare([expected], [SavedModelRuntime(path, self.threads, name)(**inputs)], "float32")
        if not parity.passed:
            raise ValueError(f"the signature {name} of the SavedModel is {parity.max_abs:.1e} from the Keras model")
        return f"signature {name}: within {parity.max_abs:.0e}"

    def _litert(self, precision: str, size: tuple[int, int] | None) -> tuple[Path, bool, list[str]]:
        source = "float32" if precision == "int8" else precision
        content = litert.convert(self._trace(size), self.network.variables, source, self.debug)
        fitting = size is not None and precision in ("float32", "float16")
        if fitting:
            content = activations_apart(content)
        if precision == "int8":
            content = quantize.litert_int8(content, quantize.calibration_inputs(self.signature, self.calibration, size))
        path = self._file("litert", precision, size, "tflite")
        path.write_bytes(content)
        obstacles = litert.gpu_obstacles(content)
        notes = [f"not for the mobile GPU because of {', '.join(obstacles)}"] if fitting and obstacles else []
        notes += [quantize.NOTE] if precision == "int8" else []
        return path, fitting and not obstacles, notes

    def _onnx(self, precision: str, size: tuple[int, int] | None, folder: str = "onnx") -> tuple[Path, bool, list[str]]:
        path = self._file(folder, precision, size, "onnx")
        path.write_bytes(self._onnx_model(precision, size).SerializeToString())
        notes = onnx_format.NOTES | {"int8": quantize.NOTE}
        return path, False, [notes[precision]] if precision in notes else []

    def _onnx_model(self, precision: str, size: tuple[int, int] | None) -> Any:
        """The ONNX model, made once for the formats that hold it."""
        if (precision, size) not in self.onnx_models:
            if precision == "float32":
                specs = tensor_specs(self.signature, size, 1 if size else None)
                model = onnx_format.convert(self._trace(size), self.signature, specs, self.debug)
            elif precision == "int8":
                inputs = quantize.calibration_inputs(self.signature, self.calibration, size)
                model = quantize.onnx_int8(self._onnx_model("float32", size), inputs)
            else:
                model = onnx_format.to_precision(self._onnx_model("float32", size), precision, self.debug)
            self.onnx_models[precision, size] = model
        return self.onnx_models[precision, size]

    def _openvino(self, precision: str, size: tuple[int, int] | None) -> tuple[Path, bool, list[str]]:
        model = self._onnx_model("float32" if precision == "float16" else precision, size)
        path = self._file("openvino", precision, size, "xml")
        openvino_format.write(model, precision, path)
        notes = openvino_format.NOTES | {"int8": quantize.NOTE}
        return path, False, [notes[precision]] if precision in notes else []

    def _web(self, precision: str, size: tuple[int, int] | None) -> tuple[Path, bool, list[str]]:
        page.controls(self.signature)
        if precision == "float16":
            raise Unsupported(
                "without a GPU the page computes on the processor, where float16 is slower; dynamic int8 is its small file"
            )
        path, _, notes = self._onnx(precision, size, "web")
        return path, False, [web.NOTE, *notes]

    _makers = {"savedmodel": _saved_model, "litert": _litert, "onnx": _onnx, "openvino": _openvino, "web": _web}

    def _file(self, folder: str, precision: str, size: tuple[int, int] | None, suffix: str) -> Path:
        path = self.directory / folder / f"{self.name}-{shape_name(size or DYNAMIC)}-{precision}.{suffix}"
        path.parent.mkdir(exist_ok=True)
        return path

    def finish(self, formats: Sequence[str]) -> Manifest:
        """Writes manifest.json, what goes with the formats, report.html and MODEL_CARD.md."""
        made = {artifact.format for artifact in self.artifacts}
        packages = (*PACKAGES, *(["openvino"] if "openvino" in made else []))
        manifest = Manifest(
            model=self.name,
            weight=self.about.get("weight", ""),
            keras=KERAS_FILE,
            keras_sha256=sha256(self.directory / KERAS_FILE),
            config=self.model.get_config() if isinstance(self.model, zoo.ImageModel) else {"name": self.model.name},
            weights_sha256=self.weights_sha256,
            versions={"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}},
            signature=self.signature,
            threads=self.threads,
            artifacts=tuple(self.artifacts),
            skipped=tuple(self.skipped),
            files={},
        )
        if "savedmodel" in made:
            serving.write(self.name, self.signature, manifest.versions["tensorflow"], self.directory)
        if "openvino" in made:
            openvino_server.write(manifest, self.directory)
        if "web" in made:
            web.write(manifest, self.about, self.directory, self.web_runtime)
        if "mobile" in formats:
            mobile.write(manifest, self.directory, self.about.get("task", ""))
        report.write(manifest, self.about, self.references, self.measurements, self.directory)
        if "hub" in formats:
            hub.write(manifest, self.network, self.references, self.about, self.directory)
        bill.write_export(manifest, self.about, self.directory)
        others = {name: sha256(self.directory / name) for name in unlisted_files(manifest, self.directory)}
        manifest = dataclasses.replace(manifest, files=others)
        manifest.write(self.directory)
        return manifest


def digest_of(network: Any) -> str:
    """SHA-256 of the weights, in order."""
    digest = hashlib.sha256()
    for weight in network.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def in_float32(source: Any) -> Any:
    """The same model rebuilt in float32 with the same weights; mixed precision does not convert (FlexConv2D, invalid ONNX)."""
    import keras

    if not isinstance(source, zoo.ImageModel):
        return source
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        model = type(source).from_config(source.get_config())
    finally:
        keras.config.set_dtype_policy(policy)
    model.set_weights(source.get_weights())
    return model


def shape_name(size: Size) -> str:
    return size if isinstance(size, str) else f"{size[0]}x{size[1]}"
