"""Training steps on whatever device is found: pictures a second, by backend, in bf16, and the share of its matrix rate.

    python -m benchmarks.devices                        where there is an accelerator; says so where there is none
    python -m benchmarks.devices --processor            small networks, on the processor
    python -m benchmarks.devices --pytorch PYTHON       with PyTorch of another environment, whose CUDA is not TensorFlow's
    python -m benchmarks.devices --plan                 what a step of the recipes costs, and so a training, at that rate

Each runner is a process of its own: TensorFlow and JAX by the stock `fit`, compiled by XLA, with nothing read back between the
steps; PyTorch compiled (benchmarks/torch_devices.py). The operations of a step are those that XLA counts in ours, for all three.
"""

import argparse
import importlib
import importlib.util
import math
import os
import shutil
import statistics
import sys
import time
from typing import Any

import numpy as np

from benchmarks.turns import Run, Runner, timed

BACKENDS = ("tensorflow", "jax")
WITHOUT_PEER = ("stylegan",)  # in benchmarks/peers.py
STEPS = 20  # of one turn
VGG16 = {"features": "vgg16", "feature_weights": "random"}  # whose speed is that of the real ones
# Family, settings, batch; on a processor, and on a device.
SMALL: dict[str, tuple[str, dict[str, Any], int]] = {
    "fast_style 64": ("fast_style", {"size": 64, "width": 8, "residual_blocks": 2, **VGG16}, 2),
    "DCGAN 64": ("dcgan", {"generator_width": 8, "discriminator_width": 8}, 8),
    "StyleGAN 16": ("stylegan", {"preset": "tiny"}, 4),
}
TASKS: dict[str, tuple[str, dict[str, Any], int]] = {
    "fast_style 256": ("fast_style", {"size": 256, "width": 32, "residual_blocks": 5, **VGG16}, 16),
    "fast_style 512": ("fast_style", {"size": 512, "width": 32, "residual_blocks": 5, **VGG16}, 4),
    "DCGAN 64": ("dcgan", {"generator_width": 128, "discriminator_width": 128}, 128),
    "StyleGAN 64": ("stylegan", {"preset": "paper256", "size": 64}, 32),
}
RECIPES = ("fast_style_painters", "unet_inpainter_free_form", "super_resolution_photo", "denoiser_photo")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.devices", description=__doc__)
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--pytorch", default=sys.executable, metavar="PYTHON", help="the interpreter that has PyTorch")
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--share", type=float, default=0.3, help="of the device's matrix rate, for --plan")
    parser.add_argument("--rate", type=float, default=400, help="the device's matrix rate in bf16, TFLOP/s, for --plan")
    asked = parser.parse_args()
    if not 0 < asked.share <= 1 or asked.rate <= 0:
        parser.error("--share lies above 0 and at most at 1, and --rate is above 0")
    if shutil.which(asked.pytorch) is None:
        parser.error(f"--pytorch {asked.pytorch}: no interpreter; give the python of the environment that has PyTorch")
    if asked.plan:
        return plan(asked.rate * 1e12, asked.share)
    name = device()
    if name is None and not asked.processor:
        return print("no accelerator is found here, and nothing was measured; --processor measures small networks without one")
    peak = matrix_rate(512 if asked.processor else 8192)
    print(f"{name or 'processor'}: {peak / 1e12:.3g} TFLOP/s in a bf16 matrix product")
    print("| step, bf16 | pictures a step | TensorFlow, pictures/s | JAX, pictures/s | PyTorch compiled, pictures/s |")
    print("| --- | ---: | ---: | ---: | ---: |")
    missing = ""
    for task, (family, _, batch) in (SMALL if asked.processor else TASKS).items():
        seconds, operations = measure(task)
        try:
            seconds["pytorch"] = beside(task, asked.pytorch) if family not in WITHOUT_PEER else math.inf
        except ValueError as error:
            seconds["pytorch"], missing = math.inf, str(error)
        cells = [f"{batch / s:.3g} ({operations / s / peak:.1%})" if s < math.inf else "" for s in seconds.values()]
        print(f"| {task} | {batch} | {' | '.join(cells)} |", flush=True)
    print("In brackets the share of the matrix rate." + (f" PyTorch was not measured: {missing}" if missing else ""))


def device() -> str | None:
    """What JAX or TensorFlow compute with beside the processor, by the first that finds any; each in a process of its own."""
    for library in BACKENDS:
        if importlib.util.find_spec(library):
            runner = Runner("benchmarks.devices:look", os.cpu_count() or 1, library=library)
            found = str(runner.turn()[0])
            runner.close()
            if found:
                return found
    return None


def look(threads: int, library: str) -> Any:
    """The name of the library's first accelerator, as a turn; empty where it has none."""
    module = importlib.import_module(library)
    if library == "jax":
        names = [each.device_kind for each in module.devices() if each.platform != "cpu"]
    else:
        devices = module.config.list_physical_devices("GPU")
        names = [module.config.experimental.get_device_details(each).get("device_name", each.name) for each in devices]
    return lambda case, seconds: [names[0] if names else ""]


def measure(task: str) -> tuple[dict[str, float], float]:
    """Seconds a step by backend, and the operations of one."""
    runners = {name: Runner("benchmarks.devices:ours", os.cpu_count() or 1, backend=name, task=task) for name in BACKENDS}
    try:
        times = {name: [runner.turn()[0] for _ in range(3)] for name, runner in runners.items()}
        operations = runners["jax"].turn("operations")[0]
    finally:
        for runner in runners.values():
            runner.close()
    return {name: statistics.median(values) for name, values in times.items()}, operations


def beside(task: str, python: str) -> float:
    """PyTorch's seconds a step. Raises ValueError where that interpreter has none, or cannot compile."""
    runner = Runner("benchmarks.torch_devices:step", os.cpu_count() or 1, python, task=task)
    try:
        return statistics.median(runner.turn()[0] for _ in range(3))
    finally:
        runner.close()


def ours(threads: int, backend: str, task: str) -> Run:
    """Turns of `fit`: seconds a step, the last of which is waited for; or the operations of a step."""
    os.environ["KERAS_BACKEND"] = backend
    import keras

    from zoo.training.callbacks import Steps
    from zoo.training.threads import Threads

    keras.config.set_dtype_policy("mixed_bfloat16")
    family, settings, size = SMALL.get(task) or TASKS[task]
    model, batch = model_and_batch(family, settings, size)
    model.compile(jit_compile=True, auto_scale_loss=False)

    def run(case: Any, seconds: float) -> list[float]:
        if case == "operations":
            return [operations(model, batch)]
        data: Any = Threads(lambda step: batch, stop=STEPS)
        if backend == "tensorflow":
            import tensorflow as tf

            data = tf.data.Dataset.from_tensors(batch).repeat(STEPS).prefetch(2)
        started = time.perf_counter()
        model.fit(data, epochs=1, shuffle=False, verbose=0, callbacks=Steps([], add_history=True, model=model, epochs=1))
        return [(time.perf_counter() - started) / STEPS]

    run(None, 0.0)  # which compiles
    return run


def model_and_batch(family: str, settings: dict[str, Any], size: int) -> tuple[Any, dict[str, np.ndarray]]:
    """A model with sample pictures for its settings, and its first batch of them."""
    import zoo
    from zoo.training.batches import Batches
    from zoo.training.sources import open_source

    model = zoo.create(family, **settings)
    samples = open_source("samples:")
    picture = samples.picture(0)[:256, :256].astype("float32") / 255
    counts = {setting: getattr(model, count) for setting, count in model.picture_settings.items()}
    if any(counts.values()):
        model.adapt(**{setting: [picture] * count for setting, count in counts.items() if count})
    return model, Batches(model.batch_spec, {name: samples for name in ("data", *model.source_settings)}, size)(0)


def operations(model: Any, batch: dict[str, np.ndarray]) -> float:
    """The floating-point operations of one training step of a compiled model on JAX, as XLA counts them."""
    import jax

    kinds = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables, model.metrics_variables)
    state = tuple([variable.value for variable in kind] for kind in kinds)
    return float(jax.jit(model.train_step).lower(state, batch).cost_analysis()["flops"])


def matrix_rate(side: int) -> float:
    """Operations a second of JAX's product of two bf16 matrices of that side."""
    runner = Runner("benchmarks.devices:product", os.cpu_count() or 1, side=side)
    try:
        return 2 * side**3 / statistics.median(runner.turn(None, 0.5))
    finally:
        runner.close()


def product(threads: int, side: int) -> Run:
    import jax

    matrix = jax.random.normal(jax.random.key(0), (side, side), "bfloat16")
    multiply = jax.jit(lambda a, b: a @ b)
    return timed(lambda case: multiply(matrix, matrix).block_until_ready())


def plan(rate: float, share: float) -> None:
    """Prints what the recipes cost on a device of that matrix rate of which training reaches that share."""
    os.environ["KERAS_BACKEND"] = "jax"
    print(f"at {share:.0%} of {rate / 1e12:.0f} TFLOP/s")
    print("| recipe | steps | pictures a step | GFLOP a step | pictures a second | minutes |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in RECIPES:
        recipe = importlib.import_module(f"zoo.training.recipes.{name}")
        steps, size = recipe.SETTINGS["steps"], recipe.SETTINGS["batch_size"]
        sizes = {key: recipe.SETTINGS[key] for key in ("preset", "size") if key in recipe.SETTINGS}
        # Random weights cost as much, and not every network's are at hand.
        weights = {"feature_weights": "random"} if "+" in str(recipe.SET.get("features")) else {}
        model, batch = model_and_batch(recipe.MODEL, {**sizes, **recipe.SET, **weights}, size)
        model.compile(jit_compile=True)
        count = operations(model, batch)
        seconds = count / rate / share
        figures = f"{count / 1e9:.1f} | {size / seconds:,.0f} | {steps * seconds / 60:.1f}"
        print(f"| {name} | {steps:,} | {size} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
