"""How cost grows: with the picture's pixels, the batch, and the model's weights. Draws docs/images/growth_*.png.

    python -m benchmarks --only growth

Every point is a process of its own, so that its peak memory is its own.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.turns import Run, Runner, timed

SIDES = (256, 512, 1024, 2048, 4096)
PRESET = "mobile"  # of fast_style; the full one needs minutes at 4096
FILES = {
    "LiteRT float32": "litert/*-dynamic-float32.tflite",
    "LiteRT dynamic int8": "litert/*-dynamic-dynamic_int8.tflite",
    "ONNX float32": "onnx/*-dynamic-float32.onnx",
}
BATCHES = (1, 2, 4, 8, 16)
CROP = 128  # pixels of the crops that a batch holds
WIDTHS = (8, 16, 32, 64)  # of fast_style networks that are exported


def measure(quick: bool = False) -> dict[str, Any]:
    """Seconds and peak bytes by picture and file, and by batch; seconds of an export by weights."""
    cores = 1 if quick else os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {
            "pixels": pixels(folder, (64, 96) if quick else SIDES, "tiny" if quick else PRESET, cores),
            "batch": batches((1, 2) if quick else BATCHES, quick, cores),
            "export": exports(folder, (4,) if quick else WIDTHS),
        }


def saved(folder: Path, **settings: Any) -> Path:
    """An untrained fast_style network in a file."""
    path = folder / f"{'-'.join(map(str, settings.values()))}.keras"
    code = f"import zoo; zoo.create('fast_style', **{settings!r}).save({str(path)!r})"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, stderr=subprocess.DEVNULL)
    return path


def zoo(*words: object) -> None:
    """Runs the command; an export of untrained weights may be below a floor, which does not change what it costs."""
    command = [sys.executable, "-m", "zoo.cli.main", *map(str, words)]
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        raise ValueError(f"zoo {words[0]} failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")


def point(build: str, threads: int, module: str = "growth", **arguments: Any) -> dict[str, float]:
    """Median seconds of a call, and the peak memory of the process in bytes."""
    runner = Runner(f"benchmarks.{module}:{build}", threads, **arguments)
    try:
        return {"seconds": float(np.median(runner.turn("time", 1))), "bytes": runner.turn("memory")[0]}
    finally:
        runner.close()


def exported(what: object, out: Path) -> None:
    """Exports WHAT to the kinds of `FILES`."""
    zoo("export", what, "--out", out, "--to", "litert,onnx", "--precision", "float32,dynamic_int8", "--sizes", "dynamic")


def files_of(export: Path) -> dict[str, str]:
    """The export's files of the kinds of `FILES`, by title."""
    return {title: str(next(export.glob(pattern))) for title, pattern in FILES.items()}


def pixels(folder: Path, sides: tuple[int, ...], preset: str, cores: int) -> dict[str, Any]:
    exported(saved(folder, preset=preset), folder / "exported")
    files = files_of(folder / "exported")
    return {title: {str(side): point("apply", cores, path=path, side=side) for side in sides} for title, path in files.items()}


def apply(threads: int, path: str, side: int) -> Run:
    from zoo.export.runtimes import load

    runtime = load(path, threads)
    image = np.random.default_rng(0).random((1, side, side, 3), dtype="float32")
    return with_memory(timed(lambda case: runtime(image=image, strength=np.ones(1, "float32"))))


def with_memory(run: Run) -> Run:
    """Turns of `run`; the case "memory" answers with the peak of the process in bytes."""

    def turn(case: Any, seconds: float) -> list[float]:
        import resource

        if case == "memory":
            return [1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]
        return run(case, seconds)

    return turn


def batches(counts: tuple[int, ...], quick: bool, cores: int) -> dict[str, Any]:
    preset, size = ("tiny", 32) if quick else (PRESET, CROP)
    return {str(count): point("training", cores, preset=preset, size=size, batch=count) for count in counts}


def training(threads: int, preset: str, size: int, batch: int) -> Run:
    from benchmarks.steps import fitted
    from zoo import create

    model = create("fast_style", preset=preset, size=size)
    pictures = np.random.default_rng(0).random((batch, size, size, 3), dtype="float32")
    model.adapt(style=[pictures[0]])
    return with_memory(fitted(model, {"image": pictures}))


def exports(folder: Path, widths: tuple[int, ...]) -> list[dict[str, float]]:
    """LiteRT in float32 and dynamic int8, any size, verified."""
    rows = []
    for width in widths:
        model, out = saved(folder, width=width), folder / f"width{width}"
        started = time.perf_counter()
        zoo("export", model, "--out", out, "--to", "litert", "--precision", "float32,dynamic_int8", "--sizes", "dynamic")
        seconds = time.perf_counter() - started
        size = next(out.glob("litert/*-float32.tflite")).stat().st_size
        rows.append({"width": width, "bytes": size, "seconds": seconds})
    return rows


def spread(rows: dict[str, Any]) -> float:
    """How far the time of a pixel strays from its middle over all sizes: 0.1 is 10 % either way."""
    times = [row["seconds"] / int(side) ** 2 for side, row in rows.items()]
    return (max(times) - min(times)) / (max(times) + min(times))
