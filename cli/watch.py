"""`zoo apply --watch FOLDER`: every picture that comes into a folder, until Ctrl-C."""

import time
from collections.abc import Callable
from pathlib import Path

import click

from zoo.cli.jobs import fault_of, stamp_of
from zoo.cli.printable import printable
from zoo.cli.targets import Naming, pictures_in
from zoo.cli.written import Unwritable

SECONDS = 1.0  # between two looks; a file that has not changed in between is whole


def watch_folder(folder: Path, out: Path | None, naming: Naming, make: Callable[[Path, Path], None]) -> None:
    """Makes the result of every picture in `folder`, and of those that come, in `out` or beside the folder; ends by Ctrl-C.

    Results that are there are left as they are, so that the same command goes on.

    Raises:
        ValueError: `out` is a file, or lies in the folder.
        OSError: nothing can be written to `out`.
    """
    out = out or naming.beside(folder)
    if out.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"--out {out} lies in the folder that is watched; choose a place outside of it")
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out {out} is a file; --watch needs a folder")
    click.echo(printable(f"watching {folder}, writing to {out}; Ctrl-C ends"), err=True)
    before: dict[Path, tuple[int, int]] = {}
    done: dict[Path, tuple[int, int]] = {}
    count = 0
    try:
        while True:
            now = {file: stamp for file in _pictures(folder) if (stamp := stamp_of(file))}
            for file, stamp in now.items():
                target = out / file.relative_to(folder).with_suffix(naming.of(file))
                if before.get(file) != stamp or done.get(file) == stamp or target.exists():
                    continue
                done[file] = stamp
                try:
                    make(file, target)
                    count += 1
                    click.echo(printable(str(target)))
                except Unwritable:
                    raise
                except (ValueError, OSError, MemoryError) as error:
                    click.echo(printable(f"skipped: {fault_of(file, error)}"), err=True)
            before = now
            time.sleep(SECONDS)
    except KeyboardInterrupt:
        click.echo(printable(f"{count} pictures made; the same command goes on"), err=True)


def _pictures(folder: Path) -> list[Path]:
    try:
        return pictures_in(folder)
    except FileNotFoundError:
        return []
