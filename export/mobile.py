"""DIR/mobile: Kotlin and Swift that load the LiteRT files of phone sizes, with the signature and the value ranges filled in."""

import importlib.resources
import json
import string
from collections.abc import Mapping, Sequence
from pathlib import Path

from zoo.export.litert_graph import arena_bytes, operations
from zoo.export.manifest import Artifact, Manifest
from zoo.export.metadata import value_range
from zoo.export.phone_code import Argument, camel, kotlin, kotlin_place, swift, swift_place

SIZES = ((256, 256), (384, 384), (512, 512))
PRECISIONS = ("float16", "dynamic_int8")  # for the GPU and for the processor
FOR_GPUS = ("float16", "float32")  # the best first, as
FOR_PROCESSORS = ("dynamic_int8", "int8", "float16", "float32")


def write(manifest: Manifest, directory: Path, task: str = "") -> None:
    """Writes the folder into an export's directory, for the files of fixed sizes that passed; README.md names the others."""
    folder = directory / "mobile"
    folder.mkdir()
    files = [file for file in _fixed(manifest) if file.parity.passed]
    memory = {file.path: file.bytes + arena_bytes(operations((directory / file.path).read_bytes())) for file in files}
    (folder / "model.json").write_text(json.dumps(_facts(manifest, files, memory), indent=2) + "\n", encoding="utf-8")
    for name, text in texts(manifest, memory, task).items():
        (folder / name).write_text(text, encoding="utf-8")


def texts(manifest: Manifest, memory: Mapping[str, int], task: str = "") -> dict[str, str]:
    """The sources and README.md by name. `memory` has the files to be loaded by path, and the bytes that each needs."""
    files = [file for file in _fixed(manifest) if file.path in memory]
    values = {
        "name": manifest.model,
        "task": task or "a picture model",
        "class_name": class_name(manifest.model),
        "package": f"com.example.{camel(manifest.model).lower()}",
        "output": next(iter(manifest.signature.outputs)),
        "out_channels": next(iter(manifest.signature.outputs.values())).shape[-1],
        "names": ", ".join(f'"{name}"' for name in manifest.signature.inputs),
        "rows": "\n".join(_row(file, memory[file.path]) for file in files),
        "missing": _missing(manifest),
        **_kotlin_code(manifest, files),
        **_swift_code(manifest, files),
    }
    sources = {f"{values['class_name']}.{suffix}": f"Model.{suffix}" for suffix in (("kt", "swift") if files else ())}
    return {name: _filled(template, values) for name, template in {**sources, "README.md": "README.md"}.items()}


def _fixed(manifest: Manifest) -> list[Artifact]:
    return [artifact for artifact in manifest.artifacts if artifact.format == "litert" and artifact.shape != "dynamic"]


def class_name(model: str) -> str:
    """stained_glass -> StainedGlassModel."""
    name = camel(model)
    return f"{'' if name[0].isalpha() else 'Picture'}{name[0].upper()}{name[1:]}Model"


def _filled(name: str, values: Mapping[str, object]) -> str:
    return string.Template(_template(name)).substitute(values)


def _template(name: str) -> str:
    return (importlib.resources.files("zoo.export") / "templates" / "mobile" / name).read_text(encoding="utf-8")


def _facts(manifest: Manifest, files: Sequence[Artifact], memory: Mapping[str, int]) -> dict[str, object]:
    sides = {"inputs": manifest.signature.inputs, "outputs": manifest.signature.outputs}
    return {
        "model": manifest.model,
        "weights_sha256": manifest.weights_sha256,
        "signature": "serving_default",
        **{
            side: {name: {"type": t.dtype, "shape": t.shape, "values": value_range(t)} for name, t in tensors.items()}
            for side, tensors in sides.items()
        },
        "files": [
            {
                "path": f"../{file.path}",
                "shape": file.shape,
                "precision": file.precision,
                "gpu": file.gpu_ready,
                "bytes": file.bytes,
                "sha256": file.sha256,
                "psnr": file.parity.psnr,
                "memory_bytes_at_least": memory[file.path],
            }
            for file in files
        ],
    }


def _row(file: Artifact, memory: int) -> str:
    target = "GPU, processor" if file.gpu_ready else "processor"
    figures = f"{file.bytes / 1e6:.2f} | {memory / 1e6:.1f} | {file.parity.psnr:.1f}"
    return f"| `{Path(file.path).name}` | {target} | {figures} |"


def _missing(manifest: Manifest) -> str:
    """What was tried and is not there, with the reason."""
    fixed = [cell for cell in manifest.skipped if cell.format == "litert" and cell.shape != "dynamic"]
    reasons = [f"{cell.precision} {cell.shape}: {cell.reason}" for cell in fixed]
    reasons += [f"{a.precision} {a.shape}: below its floor of parity" for a in _fixed(manifest) if not a.parity.passed]
    return "".join(f"\nNot here: {reason}." for reason in reasons) + ("\n" if reasons else "")


def _sizes(manifest: Manifest, files: Sequence[Artifact]) -> list[tuple[str, str, str, str]]:
    """For each size: its shape, `height, width, out height, out width`, the file for the GPU if any, that for the processor."""
    rows = []
    for shape in dict.fromkeys(file.shape for file in files):
        named = {file.precision: file for file in files if file.shape == shape}
        gpu = next((named[precision] for precision in FOR_GPUS if precision in named and named[precision].gpu_ready), None)
        cpu = next(named[precision] for precision in FOR_PROCESSORS if precision in named)
        height, width = map(int, shape.split("x"))
        outs = [_resolved(axis, side) for axis, side in zip(_output_axes(manifest), (height, width), strict=True)]
        sides = f"{height}, {width}, {outs[0]}, {outs[1]}"
        rows.append((shape, sides, Path(gpu.path).name if gpu else "", Path(cpu.path).name))
    return rows


def _output_axes(manifest: Manifest) -> tuple[int | str, ...]:
    return next(iter(manifest.signature.outputs.values())).shape[1:3]


def _resolved(axis: int | str, side: int) -> int:
    """2*height -> twice the side."""
    return axis if isinstance(axis, int) else int(axis.rpartition("*")[0] or 1) * side


def _kotlin_code(manifest: Manifest, files: Sequence[Artifact]) -> dict[str, str]:
    arguments, sizes = kotlin(manifest.signature), _sizes(manifest, files)
    entries = [f"        S{shape.upper()}({sides}, {_quoted(gpu) or 'null'}, {_quoted(cpu)})" for shape, sides, gpu, cpu in sizes]
    return {
        "first": f"S{sizes[0][0].upper()}" if sizes else "",
        "kotlin_sizes": ",\n".join(entries) + ";",
        "kotlin_docs": "\n".join(f"     * @param {argument.words}." for argument in arguments),
        "kotlin_parameters": ", ".join([*(argument.parameter for argument in arguments), "cancelled: () -> Boolean = { false }"]),
        "kotlin_checks": "".join(f"        {argument.check}\n" for argument in arguments if argument.check),
        "kotlin_body": "\n".join(f'            inputs.getValue("{argument.name}").{argument.value}' for argument in arguments),
        "kotlin_place": kotlin_place(manifest.signature),
        "kotlin_helpers": _helpers(arguments, "kt"),
        "kotlin_call": ", ".join(argument.example for argument in arguments if argument.example),
    }


def _swift_code(manifest: Manifest, files: Sequence[Artifact]) -> dict[str, str]:
    arguments, sizes = swift(manifest.signature), _sizes(manifest, files)
    entries = [
        f"    public static let s{shape} = Size(\n      {_labelled(sides)},\n"
        f"      gpuFile: {_quoted(Path(gpu).stem) if gpu else 'nil'}, cpuFile: {_quoted(Path(cpu).stem)})"
        for shape, sides, gpu, cpu in sizes
    ]
    checks = [line for argument in arguments for line in argument.check.splitlines()]
    return {
        "swift_first": f"s{sizes[0][0]}" if sizes else "",
        "swift_sizes": "\n".join(entries),
        "swift_docs": "\n".join(f"  /// - {argument.words}" for argument in arguments),
        "swift_parameters": ", ".join([*(argument.parameter for argument in arguments), "isCancelled: () -> Bool = { false }"]),
        "swift_zeros": "\n".join(f'      "{argument.name}": Data(count: {argument.bytes}),' for argument in arguments),
        "swift_place": swift_place(manifest.signature),
        "swift_checks": "".join(f"    {line}\n" for line in checks),
        "swift_body": "\n".join(f'      "{argument.name}": {argument.value},' for argument in arguments),
        "swift_helpers": _helpers(arguments, "swift"),
        "swift_call": ", ".join(argument.example for argument in arguments if argument.example),
    }


def _helpers(arguments: Sequence[Argument], suffix: str) -> str:
    needed = {argument.helper for argument in arguments if argument.helper}
    names = [name for name in ("pixels", "layers", "normal") if name in needed | ({"pixels"} if "layers" in needed else set())]
    return "".join("\n" + _template(f"{name}.{suffix}") for name in names)


def _labelled(sides: str) -> str:
    labels = ("height", "width", "outHeight", "outWidth")
    return ", ".join(f"{label}: {side}" for label, side in zip(labels, sides.split(", "), strict=True))


def _quoted(text: str) -> str:
    return f'"{text}"' if text else ""
