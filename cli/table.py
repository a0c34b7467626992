"""The table of an export: every cell, measured."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from zoo.cli.printable import printable


def finish(manifest: Any, directory: Path, as_json: bool) -> None:
    """Prints the manifest as a table or as JSON, and exits with 1 if a file is below its floor."""
    if as_json:
        click.echo(json.dumps(manifest.to_json(), indent=2))
    else:
        print_table(manifest, directory)
    for fault in manifest.faults:
        click.echo(printable(f"zoo: {fault}"), err=True)
    failed = [artifact.path for artifact in manifest.artifacts if not artifact.parity.passed]
    if failed:
        click.echo(printable(f"zoo: below the floor of parity: {', '.join(failed)}"), err=True)
    if failed or manifest.faults:
        sys.exit(1)


def wide_console() -> Any:
    """The terminal as it is; wide enough for a table where there is none."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 150)


def cells(*texts: str) -> list[str]:
    """Cells of a table of rich's, as they are: neither markup nor what the terminal would obey."""
    from rich.markup import escape

    return [escape("\n".join(printable(line) for line in text.split("\n"))) for text in texts]


def print_table(manifest: Any, directory: Path) -> None:
    from rich.table import Table

    table = Table("file", "precision", "size", "MB", "max difference", "PSNR dB", "SSIM", "ms", "GPU", "")
    for column in range(3, 9):
        table.columns[column].justify = "right"
    for artifact in manifest.artifacts:
        parity = artifact.parity
        table.add_row(
            *cells(artifact.path, artifact.precision, artifact.shape),
            f"{artifact.bytes / 1e6:.2f}",
            f"{parity.max_abs:.1e}",
            "exact" if parity.psnr == float("inf") else f"{parity.psnr:.1f}",
            f"{parity.ssim:.4f}",
            f"{artifact.latency_ms:.0f}",
            _on_gpu(artifact),
            "[green]passed[/]" if parity.passed else "[bold red]FAILED[/]",
        )
    console = wide_console()
    console.print(table)
    for cell in manifest.skipped:
        text = printable(f"not made: {cell.format} {cell.precision} {cell.shape}: {cell.reason}")
        console.print(text, style="dim", markup=False)
    for artifact in manifest.artifacts:
        if artifact.gpu and artifact.gpu.notes:
            console.print(printable(f"{artifact.path}: {artifact.gpu.words}"), style="dim", markup=False)
    passed = sum(artifact.parity.passed for artifact in manifest.artifacts)
    text = f"{passed} of {len(manifest.artifacts)} files equal their Keras model within the floor; {directory}/report.html"
    console.print(printable(text), markup=False)


def _on_gpu(artifact: Any) -> str:
    """Its difference where it was run on a GPU; otherwise whether its operations are those of phones' GPUs."""
    if artifact.gpu is None:
        return "by its operations" if artifact.gpu_ready else ""
    return f"{artifact.gpu.max_abs:.1e}" if artifact.gpu.accelerated else "in part"
