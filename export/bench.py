"""Size, start-up, latency and memory of artefacts, each in a process of its own."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from zoo.export.manifest import size_of


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One artefact at one size ("HxW"): start-up in seconds (imports, loading and the first picture), milliseconds a picture
    (median of `runs`), and the peak resident memory of the process in MB."""

    path: str
    size: str
    threads: int
    bytes: int
    startup_s: float
    latency_ms: float
    peak_mb: float
    runs: int


def measure(file: Path, size: tuple[int, int], threads: int, seconds: float = 2.0) -> Measurement:
    """Runs `file` on a picture of `size`, (height, width), in a fresh process.

    Raises:
        ValueError: the artefact cannot be run; the message is the runtime's.
    """
    shape = f"{size[0]}x{size[1]}"
    command = [sys.executable, "-W", "ignore", "-m", "zoo.export.bench", str(file), shape, str(threads), str(seconds)]
    threads_only = {"OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **threads_only}, check=False)
    if done.returncode:
        raise ValueError(f"{file} did not run: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    return Measurement(
        path=str(file), size=shape, threads=threads, bytes=size_of(file), **json.loads(done.stdout.splitlines()[-1])
    )


def matrix_product_peak(threads: int, seconds: float = 1.0) -> float:
    """The machine's float32 matrix product, in GFLOP/s, at `threads` threads: the limit that latency is measured against."""
    code = (
        "import numpy as np, time; a = np.ones((1536, 1536), 'float32'); a @ a; t = time.perf_counter(); n = 0\n"
        f"while time.perf_counter() - t < {seconds}: a @ a; n += 1\n"
        "print(2 * 1536**3 * n / (time.perf_counter() - t) / 1e9)"
    )
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True).stdout)


def _child(path: str, size: str, threads: str, seconds: str) -> None:
    import resource

    from zoo.export.runtimes import load
    from zoo.export.signature import example_inputs

    height, width = map(int, size.split("x"))
    started = time.perf_counter()
    runtime = load(path, threads=int(threads))
    picture = np.random.default_rng(0).random((height, width, 3), dtype="float32")
    inputs = example_inputs(runtime.signature, [picture], seed=0)
    runtime(**inputs)
    startup = time.perf_counter() - started
    times: list[float] = []
    while sum(times) < float(seconds) or len(times) < 5:
        before = time.perf_counter()
        runtime(**inputs)
        times.append(time.perf_counter() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    figures = {"startup_s": startup, "latency_ms": 1000 * float(np.median(times)), "peak_mb": peak, "runs": len(times)}
    print(json.dumps(figures))


if __name__ == "__main__":
    _child(*sys.argv[1:])
