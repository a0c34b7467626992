"""From nothing to a picture: `zoo apply` of 512 x 512 pixels in a new process, beside the fewest lines that do the same.

    python -m benchmarks.startup [--export DIR]

Medians of processes that take turns; the processor's seconds say more on a machine that others use. DIR is an export of a style
network; `fast_style/wave` is exported where none is given.
"""

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.growth import exported, files_of
from zoo._shipped import shipped

SIZE = 512
BY_NAME = "zoo apply, a shipped weight by name"
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


@dataclasses.dataclass(frozen=True)
class Start:
    """A process from its start to its end: seconds by the clock and of the processor, megabytes at most."""

    seconds: float
    processor: float
    megabytes: float


def measure(export: Path | None = None, starts: int = 7) -> dict[str, dict[str, float]]:
    """What was run -> the fields of a `Start`, each a median.

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
        found: dict[str, list[Start]] = {name: [] for name in commands}
        for start in range(starts + 1):
            for name, command in commands.items():
                target = [str(folder / f"{start}.png")] if "{}" in command else []
                once = run([*(word for word in command if word != "{}"), *target])
                if start:  # the first of each reads its files from the disk
                    found[name].append(once)
                (folder / f"{start}.png").unlink(missing_ok=True)
    return {
        name: {field: statistics.median(getattr(start, field) for start in all) for field in fields_of(Start)}
        for name, all in found.items()
    }


def fields_of(cls: type) -> list[str]:
    return [field.name for field in dataclasses.fields(cls)]


# In a small process of its own: what starts another is counted into the memory of that one, until it has become itself.
LAUNCHER = """
import json, os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6]))
sys.exit(process.returncode)
"""


def run(command: list[str]) -> Start:
    """Runs it to its end. Raises CalledProcessError where that is a bad one."""
    done = subprocess.run([sys.executable, "-c", LAUNCHER, *command], check=True, capture_output=True)
    return Start(*json.loads(done.stdout))


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
        "zoo list": [*zoo, "list"],
        "Python, NumPy and Pillow imported": [sys.executable, "-c", "import numpy, PIL.Image"],
        BY_NAME: [*zoo, "apply", "fast_style/wave", picture, "--out", "{}"],
        "the same weight as a .keras file": [*zoo, "apply", str(shipped("fast_style/wave")), picture, "--out", "{}"],
    }
    for name, model in files_of(export).items():
        commands[f"zoo apply, {name}"] = [*zoo, "apply", model, picture, "--out", "{}"]
        commands[f"bare script, {name}"] = [sys.executable, "-c", LITERT if "LiteRT" in name else ONNX, model, picture, "{}"]
    return commands


def table(found: dict[str, dict[str, float]]) -> str:
    rows = [
        f"| {name} | {start['seconds']:.2f} | {start['processor']:.2f} | {start['megabytes']:.0f} |"
        for name, start in found.items()
    ]
    title = f"| a new process, {SIZE} x {SIZE} pixels | s | of the processor | MB at most |"
    return "\n".join([title, "| --- | ---: | ---: | ---: |", *rows])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--export", type=Path, metavar="DIR", help="an export of a style network")
    parser.add_argument("--starts", type=int, default=7, help="processes of each kind")
    arguments = parser.parse_args()
    print(table(measure(arguments.export, arguments.starts)))


if __name__ == "__main__":
    main()
