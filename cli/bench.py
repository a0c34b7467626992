"""`zoo bench`: what an export's files cost to run."""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1), help="Processor threads.")
@click.option("--sizes", default="256,512", show_default=True, help="Sides of the square pictures, for files that take any size.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench(directory: Path, threads: int, sizes: str, as_json: bool) -> None:
    """Size, start-up, latency and memory of every file of the export DIR, each in a fresh process, beside the machine's limit.

    Below the table stands which file to take on a phone, behind a server, in a browser and in a desktop program, and why.

    Example: zoo bench exports/wave --threads 2
    """
    from zoo.cli.progress import track
    from zoo.export.bench import matrix_product_peak, measure
    from zoo.export.manifest import parse_shape, read_manifest

    manifest = read_manifest(directory)
    if not all(re.fullmatch("[0-9]{1,4}", side) and 8 <= int(side) <= 8192 for side in sizes.split(",")):
        raise ValueError(f"--sizes {sizes}: give numbers such as 256,512, from 8 to 8192")
    squares = [(int(side), int(side)) for side in sizes.split(",")]
    jobs = []
    for artifact in manifest.artifacts:
        own = parse_shape(artifact.shape) or manifest.signature.own_size
        jobs += [(artifact, size) for size in ([own] if own else squares)]
    rows = [measure(directory / artifact.path, size, threads) for artifact, size in track(jobs, "file")]
    peak = matrix_product_peak(threads)
    timed = at_first_size(manifest.artifacts, jobs, rows)
    if as_json:
        measured = {"matrix_product_gflops": peak, "files": [dataclasses.asdict(row) for row in rows]}
        click.echo(json.dumps(measured | {"recommended": recommended_paths(timed)}, indent=2))
        return
    from rich.table import Table

    from zoo.cli.table import cells, wide_console

    table = Table("file", "size", "MB", "start-up s", "ms a picture", "peak MB", title=f"{threads} thread(s)")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        figures = (f"{row.bytes / 1e6:.2f}", f"{row.startup_s:.2f}", f"{row.latency_ms:.1f}", f"{row.peak_mb:.0f}")
        table.add_row(*cells(str(Path(row.path).relative_to(directory)), row.size, *figures))
    console = wide_console()
    console.print(table)
    console.print(f"This machine's float32 matrix product: {peak:.0f} GFLOP/s with {threads} thread(s).")
    for line in advice(timed):
        console.print(*cells(line), soft_wrap=True, highlight=False)


def at_first_size(artifacts: Any, jobs: Any, rows: Any) -> list[Any]:
    """The artifacts with the time that was measured of each, at the first size where there are several."""
    times: dict[str, float] = {}
    for (artifact, _), row in zip(jobs, rows, strict=True):
        times.setdefault(artifact.path, row.latency_ms)
    return [dataclasses.replace(artifact, latency_ms=times[artifact.path]) for artifact in artifacts]


def recommended_paths(artifacts: list[Any]) -> dict[str, str]:
    from zoo.export.recommendation import recommended

    return {place: artifact.path for place, artifact in recommended(artifacts).items()}


def advice(artifacts: list[Any]) -> Iterator[str]:
    """A line a place: the file to take there, its figures, and why; then the fastest of all where that is another."""
    from zoo.export.recommendation import PLACES, against_float32, fastest, figures, reason, recommended

    def told(artifact: Any) -> str:
        return f"{artifact.path} ({', '.join(f'{value} {unit}' for unit, value in figures(artifact).items())})"

    chosen = recommended(artifacts)
    yield "Take this file"
    for place, where in PLACES.items():
        if place not in chosen:
            yield f"{where.title}: no verified file; make one with zoo export --to {where.choices[0][0]}"
            continue
        why = " ".join(words for words in (reason(place, chosen[place]), against_float32(chosen[place], artifacts)) if words)
        yield f"{where.title}: {told(chosen[place])}. {why}".rstrip()
    quickest = fastest(artifacts)
    if quickest and quickest not in chosen.values():
        yield f"The fastest here: {told(quickest)}"
