"""The transform network of fast_style: our files beside PyTorch's, eager and compiled, with the same weights.

    python -m benchmarks --only networks

Every runner is a process of its own (`benchmarks.turns`); they take turns at 256 and 512, first on one core, then on two. Ours,
PyTorch's and every file give the same picture, and as many weights and multiply-accumulates are counted in both networks, before
anything is timed.
"""

import functools
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.turns import Run, Runner, has_pytorch, limits, medians, spreads, taken, timed

SIZES = (256, 512)
FLOAT_ERROR, INT8_ERROR = 1e-4, 0.02  # the largest difference of a picture in float32; the mean one in int8
PRESETS = ("johnson", "mobile")
LITERT, ONNX = {"name": "johnson", "format": "litert"}, {"name": "johnson", "format": "onnx"}
FLOAT, INT8 = {"precision": "float32"}, {"precision": "dynamic_int8"}
FILES: dict[str, dict[str, Any]] = {
    "LiteRT float32, fixed size": {**LITERT, **FLOAT, "fixed": True},
    "LiteRT float32, any size": {**LITERT, **FLOAT, "fixed": False},
    "ONNX float32, any size": {**ONNX, **FLOAT, "fixed": False},
    "LiteRT dynamic int8, fixed size": {**LITERT, **INT8, "fixed": True},
    "LiteRT dynamic int8, any size": {**LITERT, **INT8, "fixed": False},
    "mobile, LiteRT dynamic int8, fixed size": {**LITERT, **INT8, "name": "mobile", "fixed": True},
}
COMPILED = "torch.compile"
PEERS = {"PyTorch eager": False, COMPILED: True}


def measure(quick: bool = False, pytorch: str = sys.executable) -> dict[str, Any]:
    """Seconds a picture by threads, size and runner, how far they spread, and what was counted."""
    sizes, cores = (64,) if quick else SIZES, 1 if quick else os.cpu_count() or 1
    figures: dict[str, Any] = {"spread": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name in PRESETS:
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.networks", folder, "tiny" if quick else name, name]
            done = subprocess.run(
                [*command, json.dumps(sizes)], check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **limits(cores)}
            )
            figures[name] = json.loads(done.stdout.splitlines()[-1])
        for threads in sorted({1, cores}):
            runners = {
                title: Runner("benchmarks.networks:file", threads, folder=folder, **settings) for title, settings in FILES.items()
            }
            if has_pytorch(pytorch):
                for title, compiled in PEERS.items():
                    runners[title] = Runner("benchmarks.networks:peer", threads, pytorch, folder=folder, compiled=compiled)
            times = taken(runners, sizes, rounds=1 if quick else 3)
            figures[f"threads {threads}"] = {str(size): medians(row) for size, row in times.items()}
            figures["spread"][str(threads)] = {str(size): spreads(row) for size, row in times.items()}
    return figures


def picture(size: int) -> np.ndarray:
    return np.random.default_rng(0).random((1, size, size, 3), dtype="float32")


def check(title: str, precision: str, folder: str, name: str, size: int, output: np.ndarray) -> None:
    """Raises ValueError where a runner's picture is not that of the Keras network."""
    wanted = np.load(Path(folder) / f"{name}-{size}.npy")
    differences = np.abs(output - wanted)
    difference, bound = (differences.max(), FLOAT_ERROR) if precision == "float32" else (differences.mean(), INT8_ERROR)
    if not difference <= bound:
        raise ValueError(f"{title} differs from the Keras network by {difference:.1e} at {size}")


def file(threads: int, folder: str, name: str, format: str, precision: str, fixed: bool) -> Run:
    """An exported file in its runtime."""
    from zoo.export.runtimes import load

    @functools.cache
    def runtime(shape: str) -> Any:
        suffix = "tflite" if format == "litert" else "onnx"
        return load(Path(folder) / name / format / format / f"{name}-{shape}-{precision}.{suffix}", threads)

    def call(size: int) -> np.ndarray:
        inputs = {"image": picture(size), "strength": np.ones(1, "float32")}
        return runtime(f"{size}x{size}" if fixed else "dynamic")(**inputs)["output_image"]

    return checked(call, lambda size, output: check(f"{format} {precision}", precision, folder, name, size, output))


def peer(threads: int, folder: str, compiled: bool) -> Run:
    """PyTorch's network; for the compiled one weights are frozen into the code, and it is compiled for each size by itself."""
    import torch

    from benchmarks import peers

    torch.set_num_threads(threads)
    counted = json.loads((Path(folder) / "johnson.json").read_text())
    network = peers.Deployed(peers.Transform(counted["width"], counted["residual_blocks"])).eval()
    with np.load(Path(folder) / "johnson.npz") as arrays:
        peers.load(network, list(arrays.values()))
    weights = sum(parameter.numel() for parameter in network.parameters())
    operations = peers.multiply_accumulates(network, torch.zeros(1, 3, 256, 256), torch.ones(1))
    if (weights, operations) != (counted["weights"], counted["multiply_accumulates"]):
        raise ValueError(f"PyTorch's network has {weights} weights and {operations} multiply-accumulates, ours {counted}")
    network = network.to(memory_format=torch.channels_last)
    run: Any = network
    if compiled:
        import torch._inductor.config as inductor

        inductor.freezing = True
        run = torch.compile(network, dynamic=False)

    def call(size: int) -> np.ndarray:
        image = torch.from_numpy(picture(size)).permute(0, 3, 1, 2)  # channels last already
        with torch.inference_mode():
            return run(image, torch.ones(1)).permute(0, 2, 3, 1).numpy()

    return checked(call, lambda size, output: check("PyTorch", "float32", folder, "johnson", size, output))


def checked(call: Any, check: Any) -> Run:
    """Turns of `call`, whose first output for every case is checked."""
    run, checked_cases = timed(call), set()

    def turn(case: Any, seconds: float) -> list[float]:
        if case not in checked_cases:
            check(case, call(case))
            checked_cases.add(case)
        return run(case, seconds)

    return turn


def prepare(folder: str, preset: str, name: str, sizes: str) -> None:
    """Exports the network with weights that are not small anywhere, and writes its weights, its pictures and its counts."""
    import keras

    import zoo
    from zoo.cli.quiet import import_tensorflow

    import_tensorflow()
    from zoo.cli.verify import verification_pictures
    from zoo.export.export import export_model

    keras.utils.set_random_seed(0)
    model = zoo.create("fast_style", preset=preset)
    model.network.weights[-2].assign(5 * model.network.weights[-2])  # training starts from a gray picture, which hides errors
    deployed = model.inference_model()
    sides = json.loads(sizes)
    np.savez(Path(folder) / f"{name}.npz", *(np.asarray(weight) for weight in model.network.weights))
    for size in sides:
        output = deployed({"image": picture(size), "strength": np.ones(1, "float32")}, training=False)["output_image"]
        np.save(Path(folder) / f"{name}-{size}.npy", np.asarray(output))
    counts = {
        "weights": model.network.count_params(),
        "multiply_accumulates": multiply_accumulates(model.network, 256),
        "width": model.width,
        "residual_blocks": model.residual_blocks,
    }
    (Path(folder) / f"{name}.json").write_text(json.dumps(counts))
    files = [settings for settings in FILES.values() if settings["name"] == name]
    for format in dict.fromkeys(settings["format"] for settings in files):
        chosen = [settings for settings in files if settings["format"] == format]
        fixed = [(size, size) for size in sides if any(settings["fixed"] for settings in chosen)]
        export_model(
            model,
            Path(folder) / name / format,
            name=name,
            formats=[format],
            precisions=list(dict.fromkeys(settings["precision"] for settings in chosen)),
            sizes=[*(["dynamic"] if not all(settings["fixed"] for settings in chosen) else []), *fixed],
            pictures=verification_pictures("samples:"),
        )
    print(json.dumps(counts))


def multiply_accumulates(network: Any, size: int) -> int:
    """Those of the convolutions and dense layers in one pass; over a picture of `size` where the network takes any."""
    import keras
    from keras import layers

    if any(None in tensor.shape[1:] for tensor in network.inputs):
        inputs = {
            name: keras.Input([axis or size for axis in tensor.shape[1:]], name=name) for name, tensor in network.input.items()
        }
        network = keras.models.clone_model(network, input_tensors=inputs)
    total = 0
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose | layers.Dense):
            places = layer.input if isinstance(layer, layers.Conv2DTranspose) else layer.output
            total += math.prod(places.shape[1:-1]) * math.prod(layer.kernel.shape)
    return total


if __name__ == "__main__":
    prepare(*sys.argv[1:])
