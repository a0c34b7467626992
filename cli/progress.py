"""A progress bar on stderr, where there is a terminal."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from zoo.cli.printable import printable

T = TypeVar("T")


@contextlib.contextmanager
def stages() -> Iterator[Callable[[str, int, int], None] | None]:
    """A function that shows (what is being done, how many are done, of how many); None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("")
        yield lambda text, done, total: progress.update(task, description=text, completed=done, total=total)


def track(items: Sequence[T], noun: str, name: Callable[[T], str] = lambda item: "") -> Iterator[T]:
    """Iterates over `items` with a bar, the time left and each one's name; silent for one item or without a terminal."""
    if len(items) == 1 or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    text = TextColumn("{task.description}", markup=False)
    columns = (TextColumn(noun), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), text)
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(items))
        for item in items:
            progress.update(task, description=printable(name(item)))
            yield item
            progress.advance(task)


@contextlib.contextmanager
def rated(noun: str) -> Iterator[Callable[[int, int], None]]:
    """A function that shows (how many are done, of how many; 0 where that is not known), the rate and the time left."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(noun, total=None)

        def report(done: int, total: int) -> None:
            text = f"{noun}, {done / (time.monotonic() - started):.3g} a second"
            progress.update(task, description=text, completed=done, total=total or None)

        yield report
