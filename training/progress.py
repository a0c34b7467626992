"""What a person sees while a model trains."""

import sys
import time
from typing import Any

from zoo.common.text import printable

Record = dict[str, float]  # "step", the means since the last one of "loss" and each of its terms, and two more
NO_TERMS = ("step", "loss", "learning_rate", "pictures_per_second")  # of a record


class Progress:
    """A bar on a terminal, a line a record elsewhere."""

    def __init__(self, start: int, stop: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.stop, self._start, self._began = stop, start, time.perf_counter()
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console) if console.is_terminal else None
        self._task = self._bar.add_task("the first step takes longest", total=stop, completed=start) if self._bar else None

    def __call__(self, record: Record) -> None:
        step = int(record["step"])
        line, rate = f"step {step}/{self.stop}  loss {record['loss']:.4g}", f"{record['pictures_per_second']:.3g} pictures/s"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=step, description=f"{line}  {rate}")
        else:
            terms = ", ".join(f"{name} {value:.3g}" for name, value in record.items() if name not in NO_TERMS)
            seconds = (time.perf_counter() - self._began) / (step - self._start) * (self.stop - step)
            say(f"{line} ({terms})  {rate}  {f'{duration(seconds)} left' if step < self.stop else 'done'}")

    def say(self, text: str) -> None:
        """Prints a line, above the bar where there is one."""
        if self._bar is not None:
            self._bar.console.print(printable(text), highlight=False, markup=False, soft_wrap=True)
        else:
            say(text)

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.stop()


def say(text: str) -> None:
    """Prints a line where people look for what is going on."""
    print(printable(text), file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """A time as a person says it.

    Example:
        >>> duration(9000)
        '2 h 30 min'
    """
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
