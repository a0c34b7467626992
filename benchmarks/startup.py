"""From nothing to a picture: `zoo apply` of 512 x 512 pixels in a new process, beside the fewest lines that do the same.

    python -m benchmarks.startup [--export DIR]

Medians of processes that take turns. DIR is an export of a style network; `fast_style/wave` is exported where none is given.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.growth import exported, files_of

SIZE = 512
LITERT = """
import sys
import numpy as np
from PIL import Image
from ai_edge_litert.interpreter import Interpreter
model, source, target = sys.argv[1:]
image = np.asarray(Image.open(source).convert("RGB"), np.float32) / 255
run = Interpreter(model, num_threads=2).get_signature_runner()
result = run(image=image[None], strength=np.ones(1, np.float32))["output_image"][0]
Image.fromarray(np.uint8(result.clip(0, 1) * 255 + 0.5)).save(target)
"""
ONNX = """
import sys
import numpy as np
from PIL import Image
from onnxruntime import InferenceSession
model, source, target = sys.argv[1:]
image = np.asarray(Image.open(source).convert("RGB"), np.float32) / 255
session = InferenceSession(model, providers=["CPUExecutionProvider"])
result = session.run(["output_image"], {"image": image[None], "strength": np.ones(1, np.float32)})[0][0]
Image.fromarray(np.uint8(result.clip(0, 1) * 255 + 0.5)).save(target)
"""


def measure(export: Path | None = None, starts: int = 7) -> dict[str, float]:
    """Median seconds from the start of a process to its end: what was run -> seconds.

    Args:
        export: the directory of an export of a style network, dynamic, float32 and dynamic_int8; None makes one.
        starts: processes of each kind.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if export is None:
            export = folder / "wave"
            exported("fast_style/wave", export)
        commands = commands_for(export, photograph(folder / "photograph.jpg"))
        times: dict[str, list[float]] = {name: [] for name in commands}
        for start in range(starts + 1):
            for name, command in commands.items():
                target = [str(folder / f"{start}.png")] if "{}" in command else []
                began = time.perf_counter()
                subprocess.run([*(word for word in command if word != "{}"), *target], check=True, capture_output=True)
                if start:  # the first of each reads its files from the disk
                    times[name].append(time.perf_counter() - began)
                (folder / f"{start}.png").unlink(missing_ok=True)
    return {name: statistics.median(values) for name, values in times.items()}


def photograph(path: Path) -> str:
    from zoo.cli.quiet import import_tensorflow
    from zoo.training.sources import open_source

    import_tensorflow()
    open_source("samples:astronaut").image(0).resize((SIZE, SIZE)).save(path, quality=92)
    return str(path)


def commands_for(export: Path, picture: str) -> dict[str, list[str]]:
    """What is run, by name; `{}` stands for the picture to write."""
    zoo = [sys.executable, "-m", "zoo.cli.main"]
    commands = {
        "zoo --help": [*zoo, "--help"],
        "Python, NumPy and Pillow imported": [sys.executable, "-c", "import numpy, PIL.Image"],
    }
    for name, model in files_of(export).items():
        commands[f"zoo apply, {name}"] = [*zoo, "apply", model, picture, "--out", "{}"]
        commands[f"bare script, {name}"] = [sys.executable, "-c", LITERT if "LiteRT" in name else ONNX, model, picture, "{}"]
    return commands


def table(seconds: dict[str, float]) -> str:
    rows = [f"| {name} | {value:.2f} |" for name, value in seconds.items()]
    return "\n".join([f"| a new process, {SIZE} x {SIZE} pixels | s |", "| --- | --- |", *rows])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--export", type=Path, metavar="DIR", help="an export of a style network")
    parser.add_argument("--starts", type=int, default=7, help="processes of each kind")
    arguments = parser.parse_args()
    print(table(measure(arguments.export, arguments.starts)))


if __name__ == "__main__":
    main()
