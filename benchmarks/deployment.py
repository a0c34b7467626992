"""Every family through every format and precision, each file run against its Keras model: the table of docs/deployment.md.

python -m benchmarks.deployment [--only vae,gan] [--formats litert,openvino] [--write docs/deployment.md]

Rows that were not measured this time stay as they are in the file.
"""

import argparse
import dataclasses
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- made by: python -m benchmarks.deployment --write docs/deployment.md -->", "<!-- end of the table -->"
FORMATS = ("savedmodel", "litert", "onnx", "openvino", "web")
PRECISIONS = ("float32", "float16", "dynamic_int8", "int8")
VARIANTS = ({"styles": 3},)  # settings that change a signature, tried where a family has them
NOTICEABLE_MS = 5.0  # a faster file's time says nothing


@dataclasses.dataclass(frozen=True)
class Row:
    """A model's files of one format and shape: a cell a precision; `reasons` say why cells are empty, by precision."""

    model: str
    file: str
    cells: tuple[str, ...]
    reasons: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deployment", description=__doc__)
    parser.add_argument("--only", default="", help="families, with commas between")
    parser.add_argument("--formats", default=",".join(FORMATS), help="formats, with commas between")
    parser.add_argument("--sizes", default="dynamic,128", help="dynamic, and sides of squares, with commas between")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table between its marks in FILE")
    arguments = parser.parse_args()
    from zoo.cli.export import calibration_pictures
    from zoo.cli.quiet import import_tensorflow
    from zoo.cli.verify import verification_pictures

    import_tensorflow()
    from zoo.export.export import export_model

    rows: list[Row] = []
    pictures, calibration = verification_pictures("samples:"), calibration_pictures("samples:")
    for title, model in models([name for name in arguments.only.split(",") if name]):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            manifest = export_model(
                model,
                Path(folder) / "out",
                name=model.name,
                formats=arguments.formats.split(","),
                precisions=PRECISIONS,
                sizes=[size if size == "dynamic" else (int(size), int(size)) for size in arguments.sizes.split(",")],
                pictures=pictures,
                calibration=calibration,
            )
        rows += table_rows(title, manifest)
        print(f"{title}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        if arguments.write:  # after every model: all of them take an hour
            insert(arguments.write, rows)
    print("\n".join(page(rows)))


def models(only: list[str]) -> Iterator[tuple[str, Any]]:
    """One of each family and its variants, by title: a shipped weight where there is one, otherwise tiny and untrained."""
    import inspect

    import zoo
    from zoo._registry import families
    from zoo._shipped import shipped_weights

    shipped: dict[str, str] = {}
    for name in shipped_weights():
        shipped.setdefault(name.split("/")[0], name)
    for name, family in families().items():
        if not family.deployable or (only and name not in only):
            continue
        if name in shipped:
            yield f"`{shipped[name]}`", zoo.load(shipped[name])
        else:
            yield f"{name}, tiny", zoo.create(name, "tiny")
        for settings in VARIANTS:
            if settings.keys() <= inspect.signature(family.__init__).parameters.keys():
                words = ", ".join(f"{value} {key}" for key, value in settings.items())
                yield f"{name}, tiny, {words}", zoo.create(name, "tiny", **settings)


def table_rows(title: str, manifest: Any) -> list[Row]:
    from zoo.export.wording import FORMAT_TITLES

    cells = {(a.format, a.shape, a.precision): a for a in manifest.artifacts}
    why = {(s.format, s.shape, s.precision): s.reason for s in manifest.skipped}
    rows = []
    for format, shape in dict.fromkeys((format, shape) for format, shape, _ in [*cells, *why]):
        keys = [(format, shape, precision) for precision in PRECISIONS]
        base = cells.get(keys[0])
        words = tuple(cell(cells[key], base) if key in cells else "" for key in keys)
        name = f"{FORMAT_TITLES[format]}, {'any size' if shape == 'dynamic' else shape}"
        reasons = tuple("" if key in cells else why[key] for key in keys)
        rows.append(Row(title, name, words, reasons))
        if any(key in cells and cells[key].gpu for key in keys):
            runs = tuple(on_gpu(cells[key].gpu) if key in cells else "" for key in keys)
            rows.append(Row(title, name.replace(",", " on a GPU,"), runs, reasons))
    return rows


def on_gpu(run: Any) -> str:
    """How much of a file the GPU took, and the difference of its answer."""
    words = f"{'whole' if run.accelerated else 'in part'}, {run.max_abs:.0e}"
    return words if run.passed else f"**failed**: {words}"


def cell(artifact: Any, base: Any) -> str:
    """The figures of one file: its difference, and its bytes and time beside the float32 file's."""
    parity = artifact.parity
    if artifact.precision == "float32":
        words = f"{parity.max_abs:.0e}, {artifact.bytes / 1e6:.2f} MB"
    else:
        words = f"{'equal' if parity.psnr >= 200 else f'{parity.psnr:.0f} dB'}, {artifact.bytes / base.bytes:.2f}x"
        if base.latency_ms >= NOTICEABLE_MS:
            words += f", time {artifact.latency_ms / base.latency_ms:.2f}x"
    words += ", GPU" if artifact.gpu_ready else ""
    return words if parity.passed else f"**failed**: {words}"


def page(rows: Iterable[Row]) -> Iterator[str]:
    reasons: dict[str, int] = {}
    yield "| model | file | float32 | float16 | dynamic int8 | int8 |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in rows:
        words = [
            cell or f"({reasons.setdefault(reason, len(reasons) + 1)})"
            for cell, reason in zip(row.cells, row.reasons, strict=True)
        ]
        yield f"| {row.model} | {row.file} | {' | '.join(words)} |"
    yield ""
    yield from (f"{number}. {reason}." for reason, number in reasons.items())


def read(text: str) -> list[Row]:
    """The rows of a page."""
    reasons = {f"({number})": reason for number, reason in re.findall(r"^(\d+)\. (.*)\.$", text, re.MULTILINE)}
    rows = []
    for line in re.findall(r"^\| (.*) \|$", text, re.MULTILINE)[2:]:
        model, file, *words = line.split(" | ")
        cells = tuple("" if word in reasons else word for word in words)
        rows.append(Row(model, file, cells, tuple(reasons.get(word, "") for word in words)))
    return rows


def merged(former: Iterable[Row], rows: Iterable[Row]) -> list[Row]:
    """The rows of both, the new ones in place of their former selves; a model's rows together, in the order of the formats."""
    from zoo.export.wording import FORMAT_TITLES

    found = {(row.model, row.file): row for row in (*former, *rows)}
    places = {model: place for place, model in enumerate(dict.fromkeys(model for model, _ in found))}
    titles = [FORMAT_TITLES[format] for format in FORMATS]

    def place(row: Row) -> tuple[int, int]:
        return places[row.model], next(at for at, title in enumerate(titles) if row.file.startswith(title))

    return sorted(found.values(), key=place)


def insert(file: Path, rows: Iterable[Row]) -> None:
    """Merges the rows into those between the marks. Raises ValueError where the file has none."""
    text = file.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{file} lacks the marks {BEGIN} and {END}")
    before, rest = text.split(BEGIN)
    former, after = rest.split(END)
    table = "\n".join(page(merged(read(former), rows)))
    file.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
