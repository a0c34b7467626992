"""Large pictures by tiles: memory of `zoo apply --tile` at 8192 x 8192, and time a pixel by the side of the tiles.

    python -m benchmarks --only tiled,tiles

A style network looks at the whole picture for its statistics, so that only Keras can take it apart; a file is cut into tiles
where its network looks at surroundings alone, as the denoiser does.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.growth import point, saved, with_memory
from benchmarks.turns import Run, timed

TILE, SIDE = 512, 8192
PRESETS = ("mobile", "johnson")  # of fast_style
NETWORKS = {"fast_style/mobile, Keras": "fast_style/mobile.keras", "denoiser/photo, ONNX": "denoiser/photo.onnx"}  # that ship
TILES = (0, 128, 256, 512, 1024)  # 0 is one pass
SIDES = (512, 1024, 2048)


def measure_memory(quick: bool = False) -> dict[str, Any]:
    """Seconds and peak bytes of `zoo apply --tile`, by preset."""
    tile, side = (64, 200) if quick else (TILE, SIDE)
    with tempfile.TemporaryDirectory() as name:
        return {preset: applied(Path(name), preset, tile, side) for preset in (("tiny",) if quick else PRESETS)}


def applied(folder: Path, preset: str, tile: int, side: int) -> dict[str, float]:
    """`zoo apply --tile` of a picture of side x side in a new process."""
    from PIL import Image

    small = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC).save(folder / "large.png")
    model = saved(folder, preset=preset)
    # A process in between, whose children are this command alone.
    code = (
        "import json, resource, subprocess, sys, time\n"
        "started = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "peak = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "print(json.dumps({'seconds': time.perf_counter() - started, 'bytes': peak, 'code': done.returncode}))"
    )
    words = ("apply", model, folder / "large.png", "--out", folder / "out.png", "--overwrite", "--tile", tile)
    command = [sys.executable, "-c", code, sys.executable, "-m", "zoo.cli.main", *map(str, words)]
    row = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    if row.pop("code"):
        raise ValueError(f"zoo apply --tile {tile} failed on {side} x {side}")
    return {**row, "side": side, "tile": tile}


def measure_time(quick: bool = False) -> dict[str, Any]:
    """Seconds and peak bytes of a picture, by network, tile and side of the picture; every point a process of its own."""
    cores = 1 if quick else os.cpu_count() or 1
    tiles, sides = ((0, 128), (256,)) if quick else (TILES, SIDES)
    return {
        title: {
            str(tile): {
                str(side): point("painted", cores, "tiles", path=path, side=side, tile=tile) for side in sides if tile <= side
            }
            for tile in tiles
        }
        for title, path in NETWORKS.items()
    }


def painted(threads: int, path: str, side: int, tile: int) -> Run:
    """Turns of one picture, in one pass or by tiles, as `zoo apply` computes it."""
    from zoo._shipped import WEIGHTS
    from zoo.export.runtimes import load

    if path.endswith(".keras"):
        from zoo.cli.quiet import import_tensorflow

        import_tensorflow()
    runtime = load(WEIGHTS / path, threads)
    image = np.random.default_rng(0).random((side, side, 3), dtype="float32")
    constants = {"strength": np.ones(1, "float32")}
    if not tile:
        return with_memory(timed(lambda case: runtime(image=image[None], **constants)))
    from zoo.export.tiling import run_by_tiles

    def call(case: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            run_by_tiles(runtime, {"image": image}, constants, tile, Path(folder)).close()

    return with_memory(timed(call))
