"""`zoo bench`: what an export's files cost to run."""

import dataclasses
import json
import re
from pathlib import Path

import click


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1), help="Processor threads.")
@click.option("--sizes", default="256,512", show_default=True, help="Sides of the square pictures, for files that take any size.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bench(directory: Path, threads: int, sizes: str, as_json: bool) -> None:
    """Size, start-up, latency and memory of every file of the export DIR, each in a fresh process, beside the machine's limit.

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
    if as_json:
        click.echo(json.dumps({"matrix_product_gflops": peak, "files": [dataclasses.asdict(row) for row in rows]}, indent=2))
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
