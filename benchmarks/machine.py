"""What the machine can do: its processor, its float32 matrix product in the fastest library at hand, its JPEG decoder.

python -m benchmarks --only machine
"""

import concurrent.futures
import importlib.util
import io
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.turns import Run, Runner, has_pytorch, medians, taken, timed

# As Linux names them, and as people do.
INSTRUCTIONS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX VNNI",
    "avx512_bf16": "AVX-512 bf16",
    "amx_tile": "AMX",
    "asimddp": "Neon dot product",
    "bf16": "Neon bf16",
}
SIDE = 1536  # of the matrices
LIBRARIES = {"numpy": "NumPy", "tensorflow": "TensorFlow", "torch": "PyTorch"}


def measure(quick: bool = False, pytorch: str = sys.executable) -> dict[str, Any]:
    """Names and versions; GFLOP/s by threads and library; JPEG pictures decoded a second."""
    cores = 1 if quick else os.cpu_count() or 1
    figures: dict[str, Any] = {
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        **processor(Path("/proc/cpuinfo")),
        "versions": versions() | version_of_pytorch(pytorch),
        "matrix_product": {},
    }
    for threads in sorted({1, cores}):
        runners = {
            title: Runner(
                "benchmarks.machine:matrix_product", threads, pytorch if library == "torch" else sys.executable, library=library
            )
            for library, title in LIBRARIES.items()
            if (has_pytorch(pytorch) if library == "torch" else importlib.util.find_spec(library))
        }
        seconds = medians(taken(runners, rounds=1 if quick else 5, seconds=0.1 if quick else 0.5)[None])
        figures["matrix_product"][str(threads)] = {title: 2 * SIDE**3 / value / 1e9 for title, value in seconds.items()}
    encoded = picture()
    figures["jpeg"] = {str(threads): decoded(encoded, threads, 0.2 if quick else 2) for threads in sorted({1, cores})}
    return figures


def peak(machine: dict[str, Any], threads: int | str) -> float:
    """The machine's float32 matrix product in GFLOP/s at so many threads, by the fastest library."""
    return float(max(machine["matrix_product"][str(threads)].values()))


def processor(file: Path) -> dict[str, Any]:
    """The processor's name and those of its instruction sets that matter here, from a file as Linux keeps it."""
    entries: dict[str, str] = {}
    for line in file.read_text().splitlines() if file.exists() else []:
        key, _, value = line.partition(":")
        entries.setdefault(key.strip(), value.strip())
    flags = (entries.get("flags") or entries.get("Features") or "").split()
    name = entries.get("model name") or platform.processor() or platform.machine()
    return {"processor": name, "instructions": [title for flag, title in INSTRUCTIONS.items() if flag in flags]}


def versions() -> dict[str, str]:
    import importlib.metadata

    packages = ("tensorflow", "keras", "ai-edge-litert", "onnxruntime")
    installed = {name for distribution in importlib.metadata.distributions() if (name := distribution.name)}
    return {name: importlib.metadata.version(name) for name in packages if name in installed}


def version_of_pytorch(python: str) -> dict[str, str]:
    if not has_pytorch(python):
        return {}
    look = "import importlib.metadata as m; print(m.version('torch'))"
    return {"torch": subprocess.run([python, "-c", look], check=True, capture_output=True, text=True).stdout.strip()}


def matrix_product(threads: int, library: str) -> Run:
    """Turns of one float32 product of square matrices."""
    matrix = np.random.default_rng(0).random((SIDE, SIDE), dtype="float32")
    if library == "tensorflow":
        import tensorflow as tf

        constant = tf.constant(matrix)
        product = tf.function(lambda: tf.matmul(constant, constant))
        return timed(lambda case: product().numpy())
    if library == "torch":
        import torch

        torch.set_num_threads(threads)
        tensor = torch.from_numpy(matrix)
        return timed(lambda case: tensor @ tensor)
    return timed(lambda case: matrix @ matrix)


def picture() -> bytes:
    """A sample photograph of 512 x 512 as JPEG."""
    from PIL import Image

    from zoo.training.sources import open_source

    buffer = io.BytesIO()
    Image.fromarray(open_source("samples:astronaut").picture(0)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def decoded(encoded: bytes, threads: int, seconds: float) -> float:
    """Pictures that Pillow decodes a second, all in memory."""
    from PIL import Image

    def decode(_: int) -> None:
        with Image.open(io.BytesIO(encoded)) as image:
            image.load()

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        started, done = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            done += len(list(pool.map(decode, range(16))))
        return done / (time.perf_counter() - started)
