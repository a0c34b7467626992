"""Making one picture after the other: what is written with each, what is said of those that fail, and how to go on."""

import contextlib
import dataclasses
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from zoo.cli.jobs import fault_of, missing, stamp_of
from zoo.cli.printable import printable
from zoo.cli.progress import track
from zoo.cli.targets import STREAM, Job, Naming
from zoo.cli.written import Unwritable, Writing


@dataclasses.dataclass
class Made:
    """From a picture file to the file of its result.

    `transform` gives pixels and transparency of a file; `styled` is whether they are a painting, which needs no 16 bits; `strip`
    leaves out what the camera wrote. One line says, once, that the place of a photograph is kept.
    """

    transform: Callable[[Path], tuple[Any, Any]]
    styled: bool
    strip: bool
    writing: Writing
    told: bool = False

    def __call__(self, source: Path, target: Path) -> None:
        """Raises ValueError, OSError or MemoryError where it cannot be read, made or written, or is not as it was."""
        from zoo.cli.photo import facts_of
        from zoo.cli.written import check_name, place_of, write

        check_name(target)
        before = stamp_of(source)
        picture = self.transform(source)
        facts = facts_of(source, warn=False)
        if stamp_of(source) != before:  # the facts may be those of another picture
            raise ValueError(f"{source} was changed while it was read; take it again")
        if self.strip:
            facts = dataclasses.replace(facts, exif=b"", xmp=b"", place=False)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write(target, *picture, dataclasses.replace(facts, deep=facts.deep and not self.styled), self.writing)
        except OSError as error:
            raise place_of(target, error) from None
        if facts.place and not self.told:
            click.echo(printable(f"{source} says where it was taken, and so does the result; --strip leaves that out"), err=True)
            self.told = True


class Batch:
    """Pictures that are to be made, and what became of them; `skip` leaves out those that are there, `quiet` the last line."""

    def __init__(self, jobs: Sequence[Job], skip: bool, quiet: bool = False) -> None:
        self.jobs, self.quiet = list(jobs), quiet
        self.left = missing(self.jobs) if skip else self.jobs
        self.failures: list[str] = []

    def run(self, made: Callable[[Path, Path], None]) -> None:
        """Raises ValueError where some could not be made, and KeyboardInterrupt with how to go on."""
        done = 0
        try:
            for source, target in track(self.left, "picture", lambda job: job[0].name):
                self.make(made, source, target)
                done += 1
        except KeyboardInterrupt:
            if len(self.jobs) == 1:
                raise
            raise KeyboardInterrupt(
                f"interrupted after {done} of {len(self.left)} pictures; the same command with --skip-existing goes on"
            ) from None
        except Unwritable as error:
            raise ValueError(
                f"{error}; {done} of {len(self.left)} pictures are written, and the same command with --skip-existing goes on"
            ) from None
        self.finish()

    def make(self, made: Callable[[Path, Path], None], source: Path, target: Path) -> None:
        try:
            made(source, target)
        except (ValueError, OSError, MemoryError) as error:
            if isinstance(error, Unwritable) and len(self.jobs) > 1:
                raise
            self.failures.append(fault_of(source, error))
            if len(self.jobs) > 1:
                click.echo(printable(f"skipped: {self.failures[-1]}"), err=True)

    def finish(self) -> None:
        """Says what was written."""
        count, bad = len(self.jobs), len(self.failures)
        if count == 1 and bad:
            raise ValueError(self.failures[0])
        if self.left and not self.quiet:
            folder = os.path.commonpath([target.parent for _, target in self.jobs])
            written = f"{len(self.left) - bad} of {count} pictures written to {folder}"
            click.echo(printable(str(self.jobs[0][1]) if count == 1 else written))
        if bad:
            raise ValueError(f"{bad} of {count} pictures could not be read or written; they are named above")


@contextlib.contextmanager
def at_standard_streams(
    pictures: Sequence[Path], out: Path | None, naming: Naming
) -> Iterator[tuple[tuple[Path, ...], Path | None]]:
    """The pictures and the place, with files in place of - for standard input and output, which the latter is written from.

    Raises:
        ValueError: several pictures for standard output, or nothing came in.
    """
    reads, writes = STREAM in map(str, pictures), str(out) == STREAM or (out is None and [*map(str, pictures)] == [STREAM])
    if not (reads or writes):
        yield tuple(pictures), out
        return
    if writes and (len(pictures) != 1 or pictures[0].is_dir()):
        raise ValueError("--out - takes one picture; name a folder for several")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taken = folder / STREAM
        if reads:
            with taken.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
            if not taken.stat().st_size:
                raise ValueError("nothing came in by standard input")
        sources = tuple(taken if str(picture) == STREAM else picture for picture in pictures)
        target = folder / f"result{naming.suffix or naming.of(named_by_contents(sources[0]))}" if writes else out
        if not writes:
            yield sources, target
            return
        with contextlib.redirect_stdout(sys.stderr):  # lines for a person, where the picture is on its way to a program
            yield sources, target
        if target and target.exists():
            sys.stdout.buffer.write(target.read_bytes())
            sys.stdout.buffer.flush()


def named_by_contents(picture: Path) -> Path:
    """The path of a picture with the suffix of its kind, which a stream does not say."""
    from zoo.cli.photo import facts_of
    from zoo.cli.written import FORMATS

    if picture.suffix:
        return picture
    kind = facts_of(picture, warn=False).format
    return picture.with_suffix(next((suffix for suffix, name in FORMATS.items() if name == kind), ".png"))
