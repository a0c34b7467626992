"""Pictures that are to be made: those whose result is not there yet, and what is said of one that could not be."""

from pathlib import Path

import click

from zoo.cli.printable import printable
from zoo.common.text import one_line


def fault_of(source: Path, error: Exception) -> str:
    """What went wrong with a picture, in one line that names it."""
    if isinstance(error, MemoryError):
        return one_line(f"{source}: the memory is not enough for it; --tile 512 takes less, in parts of that size")
    return one_line(error)


def missing(jobs: list[tuple[Path, Path]]) -> list[tuple[Path, Path]]:
    """Those whose result is not there yet; says how many are."""
    left = [(source, target) for source, target in jobs if not target.exists()]
    if len(left) < len(jobs):
        click.echo(printable(f"{len(jobs) - len(left)} of {len(jobs)} pictures are there already"), err=True)
    return left


def stamp_of(file: Path) -> tuple[int, int] | None:
    """Size and time of change; None for one that is not there."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
