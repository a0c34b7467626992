"""Every family through every format and precision, each file run against its Keras model: the table of docs/deployment.md.

python -m benchmarks.deployment [--only vae,gan] [--write docs/deployment.md]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- made by: python -m benchmarks.deployment --write docs/deployment.md -->", "<!-- end of the table -->"
FORMATS = ("savedmodel", "litert", "onnx", "web")
PRECISIONS = ("float32", "float16", "dynamic_int8", "int8")
SIZES = ("dynamic", (128, 128))
VARIANTS = ({"styles": 3},)  # settings that change a signature, tried where a family has them
NOTICEABLE_MS = 5.0  # a faster file's time says nothing


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deployment", description=__doc__)
    parser.add_argument("--only", default="", help="families, with commas between")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table between its marks in FILE")
    arguments = parser.parse_args()
    from zoo.cli.export import calibration_pictures
    from zoo.cli.quiet import import_tensorflow
    from zoo.cli.verify import verification_pictures

    import_tensorflow()
    from zoo.export.export import export_model

    rows, reasons = [], dict[str, int]()
    pictures, calibration = verification_pictures("samples:"), calibration_pictures("samples:")
    for title, model in models([name for name in arguments.only.split(",") if name]):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            manifest = export_model(
                model,
                Path(folder) / "out",
                name=model.name,
                formats=FORMATS,
                precisions=PRECISIONS,
                sizes=SIZES,
                pictures=pictures,
                calibration=calibration,
            )
        rows += table_rows(title, manifest, reasons)
        print(f"{title}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    text = "\n".join(page(rows, reasons))
    if arguments.write:
        insert(arguments.write, text)
    print(text)


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


def table_rows(title: str, manifest: Any, reasons: dict[str, int]) -> list[str]:
    """A line a format and shape, a cell a precision; `reasons` gathers why cells are empty, by number."""
    from zoo.export.wording import FORMAT_TITLES

    cells = {(a.format, a.shape, a.precision): a for a in manifest.artifacts}
    why = {(s.format, s.shape, s.precision): s.reason for s in manifest.skipped}
    lines = []
    for format, shape in dict.fromkeys((format, shape) for format, shape, _ in [*cells, *why]):
        words = []
        for precision in PRECISIONS:
            artifact = cells.get((format, shape, precision))
            if artifact:
                words.append(cell(artifact, cells.get((format, shape, "float32"))))
            else:
                reason = why[format, shape, precision]
                words.append(f"({reasons.setdefault(reason, len(reasons) + 1)})")
        name = f"{FORMAT_TITLES[format]}, {'any size' if shape == 'dynamic' else shape}"
        lines.append(f"| {title} | {name} | {' | '.join(words)} |")
    return lines


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


def page(rows: Iterable[str], reasons: dict[str, int]) -> Iterator[str]:
    yield "| model | file | float32 | float16 | dynamic int8 | int8 |"
    yield "| --- | --- | --- | --- | --- | --- |"
    yield from rows
    yield ""
    yield from (f"{number}. {reason}." for reason, number in reasons.items())


def insert(file: Path, text: str) -> None:
    """Puts the text between the marks. Raises ValueError where the file has none."""
    page = file.read_text(encoding="utf-8")
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"{file} lacks the marks {BEGIN} and {END}")
    before, rest = page.split(BEGIN)
    file.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
