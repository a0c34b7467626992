"""One directory with every format and precision of a model, each file run in its own runtime against the Keras model."""

import dataclasses
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.common.files import new_directory
from zoo.common.signals import remembered_interrupts
from zoo.export import gpu, mobile, openvino_format, quantize, web
from zoo.export.exporter import DYNAMIC, Exporter, Size, shape_name
from zoo.export.manifest import LONGEST_SIDE, NAME, PRECISIONS, Manifest, fault_of, parse_shape, read_manifest, unlisted_files
from zoo.export.runtimes import load
from zoo.export.signature import Signature
from zoo.export.verify import References, failed, measure

FORMATS = ("savedmodel", "litert", "onnx", "web", "mobile", "openvino", "hub")
STANDARD = PRECISIONS[:3]  # without calibration

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
        formats: among savedmodel, litert, onnx, web, openvino, mobile and hub; mobile makes LiteRT files of phone sizes and code
            that loads them, hub an ONNX file of any size and folders for Hugging Face.
        precisions: among float32, float16, dynamic_int8, int8.
        sizes: "dynamic", and fixed (height, width) in pixels, with batch 1; a generator's own size takes their place.
        pictures: at least eight, float32 [height, width, 3] in [0, 1], to compare on.
        calibration: at least eight pictures of the same kind, from which int8 takes its ranges; `pictures` unless given.
        progress: called with a line of text, the steps done and the steps in all.
        threads: of the runtimes while they are timed; all cores unless given.
        about: what is known of the model beside its code, for its card and every file: `data`, `licence`, `limits`.
        web_runtime: a folder with the files of onnxruntime-web, which are then copied beside the page; see `zoo.export.web`.
        debug: lets the converters talk.

    Raises:
        FileExistsError: `out` exists.
        ValueError: an unknown format, precision or size, too few pictures, a name that is no file name, or a model that cannot be
            deployed.

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
    if "openvino" in formats:
        _check_openvino()
    with new_directory(out) as directory, remembered_interrupts() as check_interrupts:
        threads = threads or os.cpu_count() or 1
        exporter = Exporter(source, directory, name, pictures, calibration, threads, about or {}, web_runtime, debug)
        if "mobile" in formats and not any(output.is_picture for output in exporter.signature.outputs.values()):
            raise ValueError(f"mobile: its code shows a picture, and this model gives {', '.join(exporter.signature.outputs)}")
        cells = _cells(formats, precisions, sizes, exporter.signature)
        for index, cell in enumerate(cells):
            if progress:
                progress(" ".join((*cell[:2], shape_name(cell[2]))), index, len(cells))
            exporter.add(*cell)
            check_interrupts()
        manifest = exporter.finish(formats)
    return manifest


def verify_directory(
    directory: str | os.PathLike[str],
    pictures: Sequence[np.ndarray],
    progress: Progress | None = None,
    threads: int | None = None,
    on_gpu: bool = False,
) -> Manifest:
    """Runs every artefact of an export again, against the Keras model stored in it; returns the manifest with the new figures.

    `on_gpu` runs the LiteRT files of fixed sizes on LiteRT's GPU path as well; one that was ready for it and is not taken whole,
    or answers otherwise, is among the faults.

    A file that is missing or altered is not run: it has failed, and is among the manifest's `faults`, as is one of the page, of
    the phone sources or of what serves.

    Raises:
        FileNotFoundError, ValueError: there is no manifest, or it cannot be read; there is no GPU.
    """
    if on_gpu:
        gpu.check()
    directory = Path(directory)
    manifest = read_manifest(directory)
    faults = {name: fault for name in manifest.recorded if (fault := fault_of(manifest, directory, name))}
    threads = threads or os.cpu_count() or 1
    references = None if manifest.keras in faults else References(load(directory / manifest.keras), pictures)
    artifacts = []
    for index, artifact in enumerate(manifest.artifacts):
        if progress:
            progress(f"running {artifact.path}", index, len(manifest.artifacts))
        path, size = directory / artifact.path, parse_shape(artifact.shape)
        if references is None or artifact.path in faults:
            measurement = failed(artifact.precision, "not run")
        else:
            measurement = measure(path, artifact.precision, references.cases(size), references.timed(size), threads)
        again = dataclasses.replace(artifact, parity=measurement.parity, latency_ms=measurement.latency_ms)
        if on_gpu and measurement.outputs and references is not None and gpu.runs_on_gpu(again):
            again = gpu.with_run(again, path, references.cases(size))
            if artifact.gpu_ready and again.gpu and not again.gpu_ready:
                faults[f"{artifact.path} on a GPU"] = f"{path}: {again.gpu.words}"
        artifacts.append(again)
    all_faults = (*faults.values(), *_unlisted(manifest, directory))
    return dataclasses.replace(manifest, threads=threads, artifacts=tuple(artifacts), faults=all_faults)


def _unlisted(manifest: Manifest, directory: Path) -> list[str]:
    """A line for every file beside the listed ones; none for what people keep at the top of the directory."""
    try:
        return [f"{directory / name}: not listed in manifest.json" for name in unlisted_files(manifest, directory) if "/" in name]
    except ValueError as error:
        return [str(error)]


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
        elif format == "hub":
            cells += [("onnx", precision, DYNAMIC) for precision in precisions]
        else:
            shapes = [DYNAMIC] if format in ("savedmodel", "web") else sizes
            cells += [(format, precision, size) for size in shapes for precision in precisions]
    own = signature.own_size
    return list(dict.fromkeys((format, p, own if own and size != DYNAMIC else size) for format, p, size in cells))


def _check_openvino() -> None:
    try:
        openvino_format.installed()
    except ModuleNotFoundError as error:
        raise ValueError(f"the format openvino needs {error}") from error


def _check(name: str, formats: Sequence[str], precisions: Sequence[str], sizes: Sequence[Size]) -> None:
    if not re.fullmatch(NAME, name):
        raise ValueError(f"{name!r} cannot name a served model; use letters, digits, _ - and .")
    for kind, chosen, offered in (("format", formats, FORMATS), ("precision", precisions, PRECISIONS)):
        if unknown := sorted(set(chosen) - set(offered)):
            raise ValueError(f"no {kind} {unknown[0]!r}; there are: {', '.join(offered)}")
        if not chosen:
            raise ValueError(f"at least one {kind} is needed")
    for size in sizes:
        if size != DYNAMIC and (isinstance(size, str) or len(size) != 2 or not 1 <= min(size) <= max(size) <= LONGEST_SIDE):
            raise ValueError(f"size {size!r} is neither {DYNAMIC!r} nor (height, width) in pixels, at most {LONGEST_SIDE}")
    if not sizes:
        raise ValueError("at least one size is needed")
