"""What exporting costs, and what the exported files cost to run.

python -m benchmarks --only export
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.growth import saved, zoo

SIZES = "256"


def measure(quick: bool = False) -> dict[str, Any]:
    """Seconds of an export in every format and precision, and `zoo bench` of what it wrote."""
    preset, threads = "tiny" if quick else "johnson", 1 if quick else os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, out = saved(folder, preset=preset), folder / "exported"
        started = time.perf_counter()
        zoo("export", model, "--out", out, "--name", preset)
        seconds = time.perf_counter() - started
        command = [sys.executable, "-m", "zoo.cli.main", "bench", str(out), "--threads", str(threads), "--sizes", SIZES, "--json"]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        files = [{**row, "path": str(Path(row["path"]).relative_to(out))} for row in json.loads(done.stdout)["files"]]
        artifacts = len(json.loads((out / "manifest.json").read_text())["artifacts"])
    return {"seconds": seconds, "artifacts": artifacts, "threads": threads, "files": files}
