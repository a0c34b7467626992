"""Work in a process beside this one, so that its crash and its hanging are seen."""

import multiprocessing
from collections.abc import Callable
from typing import Any

Outcome = tuple[str, str]


class Beside:
    """A process that does one job after the other with `work`, replaced when it ends or says nothing for too long.

    Args:
        work: makes the function that is given each job and gives its outcome and a few words; called in the process.
        seconds: after which a job counts as hung.
    """

    def __init__(self, work: Callable[[], Callable[[Any], Outcome]], seconds: float) -> None:
        self.work, self.seconds = work, seconds
        self.process: Any = None

    def outcome(self, job: Any) -> Outcome:
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.pipe, other = context.Pipe()
            self.process = context.Process(target=_work, args=(other, self.work), daemon=True)
            self.process.start()
            other.close()
        try:
            self.pipe.send(job)
            if self.pipe.poll(self.seconds):
                return self.pipe.recv()
            ended = ("hung", f"{self.seconds} s")
        except (EOFError, OSError):
            self.process.join(10)
            ended = ("crashed", f"exit code {self.process.exitcode}")
        self.close()
        return ended

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.pipe.close()
            self.process = None


def refusal(error: BaseException) -> Outcome:
    """A ValueError or OSError of one line that can be printed is a clean refusal."""
    text = str(error)
    one_line = isinstance(error, ValueError | OSError) and "\n" not in text
    return ("clean" if one_line else "raw"), f"{type(error).__name__}: {text[:300]}"


def _work(pipe: Any, work: Callable[[], Callable[[Any], Outcome]]) -> None:
    done = work()
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(done(job))
        except BaseException as error:
            pipe.send(refusal(error))
