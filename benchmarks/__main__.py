"""`make bench`: how fast all of it is, beside its peers and the machine's limits.

    python -m benchmarks [--only networks,steps] [--data folder:PATH] [--pytorch PYTHON] [--quick]

Writes docs/performance.json, docs/performance.md and the plots. A part that is not measured keeps the figures that it has.
"""

import argparse
import datetime
import importlib.util
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import curve, data, exporting, growth, machine, networks, plots, restorers, startup, steps, tiles
from benchmarks.performance import document

DOCS = Path(__file__).parents[1] / "docs"
FIGURES, DOCUMENT = DOCS / "performance.json", DOCS / "performance.md"
PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "machine": machine.measure,
    "networks": networks.measure,
    "restorers": restorers.measure,
    "steps": steps.measure,
    "gan_steps": steps.measure_gan,
    "data": data.measure,
    "export": exporting.measure,
    "growth": growth.measure,
    "tiled": tiles.measure_memory,
    "tiles": tiles.measure_time,
    "startup": lambda quick: startup.measure(starts=1 if quick else 7),
    "curve": curve.measure,
}
LONG = ("curve",)  # parts that have to be asked for
PICTURED = ("data", "curve")  # parts that take --data
PEERED = ("machine", "networks", "restorers", "steps", "gan_steps", "data")  # parts that take --pytorch


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", help=f"parts, with commas between; by default all but {', '.join(LONG)}")
    parser.add_argument("--data", default=data.FOLDER, help="folder:PATH with JPEG pictures, for the parts data and curve")
    parser.add_argument("--pytorch", default=sys.executable, metavar="PYTHON", help="the interpreter that has PyTorch")
    parser.add_argument("--quick", action="store_true", help="a try on tiny models, on one core; prints, and writes nothing")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",") if arguments.only else [part for part in PARTS if part not in LONG]
    if unknown := set(chosen) - PARTS.keys():
        parser.error(f"--only {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    if shutil.which(arguments.pytorch) is None:
        parser.error(f"--pytorch {arguments.pytorch}: no interpreter; give the python of the environment that has PyTorch")
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() and not arguments.quick else {}
    for part, measure in PARTS.items():
        if part in chosen:
            started, load = time.perf_counter(), os.getloadavg()[0]
            settings = {"data": arguments.data} if part in PICTURED else {}
            settings |= {"pytorch": arguments.pytorch} if part in PEERED else {}
            try:
                figures[part] = measure(quick=arguments.quick, **settings)
            except (ValueError, OSError) as error:
                print(f"{part}: left as it was: {error}", flush=True)
                continue
            figures.setdefault("load", {})[part] = load
            figures.setdefault("date", {})[part] = datetime.date.today().isoformat()
            print(f"{part}: {time.perf_counter() - started:.0f} s", flush=True)
            if not arguments.quick:
                FIGURES.write_text(json.dumps(figures, indent=2) + "\n")
    text = document(figures)
    if arguments.quick:
        print(text)
        return
    DOCUMENT.write_text(text)
    if "growth" in figures and "tiled" in figures:
        if importlib.util.find_spec("matplotlib"):
            plots.draw(figures["growth"], figures["tiled"], DOCS / "images")
        else:
            print("the plots are left as they were: they need matplotlib (extra `bench`)")


if __name__ == "__main__":
    main()
