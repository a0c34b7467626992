"""Runners that take turns, each in a process of its own: it sets itself up once, waits, and runs when it is told to.

Thread settings cannot mix so, compiled code stays warm, and whatever else the machine does meets all runners alike.
"""

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Run = Callable[[Any, float], list[float]]  # (case, seconds) -> seconds of every call


class Runner:
    """A process that calls `build`, "module:function" with `arguments`, on `threads` cores; what it returns runs the turns.

    `python` is the interpreter of an environment of its own, for what cannot be installed beside the rest.
    """

    def __init__(self, build: str, threads: int, python: str = sys.executable, **arguments: Any) -> None:
        self.build = build
        errors, name = tempfile.mkstemp()
        self.errors = Path(name)
        command = [python, "-W", "ignore", "-m", "benchmarks.turns", build, str(threads), json.dumps(arguments)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **limits(threads)},
        )
        os.close(errors)
        self.started = False

    def turn(self, case: Any = None, seconds: float = 0.5) -> list[float]:
        """Seconds of every call of one turn. Raises ValueError where the process failed, with its last line."""
        self.ready()
        assert self.process.stdin
        self.process.stdin.write(json.dumps([case, seconds]) + "\n")
        self.process.stdin.flush()
        return list(json.loads(self._answer()))

    def ready(self) -> None:
        """Waits until the process is set up. Raises ValueError as `turn`."""
        if not self.started:
            self._answer()
            self.started = True

    def _answer(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise ValueError(f"{self.build} failed: {(self.errors.read_text().strip().splitlines() or ['no message'])[-1]}")
        return line

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.unlink()


def limits(threads: int) -> dict[str, str]:
    """The environment that holds every library to `threads`."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    return {**dict.fromkeys(names, str(threads)), "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def taken(
    runners: Mapping[str, Runner], cases: Iterable[Any] = (None,), rounds: int = 3, seconds: float = 1.0
) -> dict[Any, dict[str, list[float]]]:
    """Seconds of every runner's calls over all rounds, by case and name; they take turns within each round."""
    cases = list(cases)
    times: dict[Any, dict[str, list[float]]] = {case: {name: [] for name in runners} for case in cases}
    try:
        for runner in runners.values():  # no turn beside another's imports
            runner.ready()
        for _ in range(rounds):
            for case in cases:
                for name, runner in runners.items():
                    times[case][name] += runner.turn(case, seconds)
    finally:
        for runner in runners.values():
            runner.close()
    return times


def medians(times: Mapping[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in times.items()}


def spreads(times: Mapping[str, list[float]]) -> dict[str, float]:
    """Half of the range in which the middle half of the calls lies, over their median; 0 of a single call."""
    return {name: spread(values) for name, values in times.items()}


def spread(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / 2 / middle


def has_pytorch(python: str) -> bool:
    """Whether the interpreter has PyTorch, which is not imported: beside TensorFlow it may abort the process."""
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    return subprocess.run([python, "-c", look], check=False).returncode == 0


def timed(call: Callable[[Any], Any]) -> Run:
    """Turns of as many calls as `seconds` hold, one at least; the first of all for a case, which may compile, goes uncounted."""
    warm = set()

    def run(case: Any, seconds: float) -> list[float]:
        if case not in warm:
            call(case)
            warm.add(case)
        times: list[float] = []
        while not times or sum(times) < seconds:
            started = time.perf_counter()
            call(case)
            times.append(time.perf_counter() - started)
        return times

    return run


def _child(build: str, threads: str, arguments: str) -> None:
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-int(threads) :])
    module, _, name = build.partition(":")
    run = getattr(importlib.import_module(module), name)(threads=int(threads), **json.loads(arguments))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        case, seconds = json.loads(line)
        print(json.dumps(run(case, seconds)), file=answers, flush=True)


if __name__ == "__main__":
    _child(*sys.argv[1:])
