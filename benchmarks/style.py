"""What one pass of a style network is worth.

    python -m benchmarks.style fast_style/wave --style ../shared/data/styles/wave.jpg --data ../shared/data/content --pictures 40

The comparison of Johnson et al. 2016, section 4.1. The network's own objective is minimised over the pixels of
each picture by L-BFGS, from the picture itself; `k` is the first step whose loss is as low as the network's. The pictures
are the last ones by name, cut to the middle square and brought to 256 pixels. How near to
the style it comes is for `benchmarks.judge`.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.samples import square

SIZE = 256


def read(file: Path) -> np.ndarray:
    """The middle square: float32 [SIZE, SIZE, 3] in [0, 1]."""
    return square(Image.open(file), SIZE)


def objective(model: Any, content: np.ndarray, style: int) -> Any:
    """From flat pixels to the loss and its gradient, both float64, as SciPy wants them."""
    import tensorflow as tf

    batch = {"image": tf.constant(content[None]), "style_weights": one_style(model, style)}

    @tf.function
    def evaluate(pixels: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            loss = tf.add_n([tf.reduce_mean(term) for term in model.loss_terms(batch, {"picture": pixels}).values()])
        return loss, tape.gradient(loss, pixels)

    def run(flat: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = evaluate(tf.constant(flat.reshape(1, SIZE, SIZE, 3), tf.float32))
        return float(loss), np.asarray(gradient, np.float64).ravel()

    return run


def first_as_low(loss: Any, content: np.ndarray, reached: float, steps: int) -> int:
    """The first step of L-BFGS from the picture whose loss is at most `reached`; `steps` + 1 if none is."""
    from scipy.optimize import minimize

    start = content.astype(np.float64).ravel()
    if loss(start)[0] <= reached:
        return 0
    done = 0

    def after(intermediate_result: Any) -> None:
        nonlocal done
        done += 1
        if intermediate_result.fun <= reached:
            raise StopIteration

    options = {"maxiter": steps, "maxfun": 2 * steps, "maxcor": 10}
    bounds = [(0, 1)] * len(start)
    minimum = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, callback=after, options=options)
    return done if minimum.fun <= reached else steps + 1


def one_style(model: Any, style: int) -> np.ndarray:
    """The weights of one style alone: float32 [1, styles]."""
    return np.eye(model.styles, dtype=np.float32)[[style]]


def painted(network: Any, content: np.ndarray, **inputs: np.ndarray) -> np.ndarray:
    """One picture [H, W, 3] through a deployed style network, which takes what it has inputs for."""
    offered = {"image": content[None], "strength": np.ones(1, np.float32), **inputs}
    return np.asarray(network({name: offered[name] for name in network.input})["output_image"])[0]


def steps_worth(model: Any, network: Any, content: np.ndarray, style: int, steps: int) -> tuple[float, float, int]:
    """The loss of the picture itself, of one pass, and the first step of optimisation as low (`steps` + 1 if none is).

    `network` is the model's, deployed.
    """
    loss = objective(model, content, style)
    reached = loss(painted(network, content, style_weights=one_style(model, style)).ravel())[0]
    return loss(content.ravel())[0], reached, first_as_low(loss, content, reached, steps)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.style", description=__doc__)
    parser.add_argument("weights", help="a trained fast_style: run, .keras file or shipped weight")
    parser.add_argument("--style", type=Path, nargs="+", required=True, help="the pictures that it was trained with, in order")
    parser.add_argument("--data", type=Path, required=True, help="folder of content pictures")
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--steps", type=int, default=200, help="steps of optimisation")
    arguments = parser.parse_args()
    import zoo
    from zoo.training.pictures import read_picture

    model = zoo.load(arguments.weights)
    model.adapt(style=[read_picture(file).rgb for file in arguments.style])
    network = model.inference_model()
    pictures = [read(file) for file in sorted(arguments.data.iterdir())[-arguments.pictures :]]
    print(f"{'style':32}{'picture':>9}{'one pass':>10}{'k':>6}")
    for style, file in enumerate(arguments.style):
        measured = [steps_worth(model, network, content, style, arguments.steps) for content in pictures]
        before, after, k = np.median(measured, axis=0)
        print(f"{file.stem:32}{before:9.3f}{after:10.3f}{k:6.0f}", flush=True)


if __name__ == "__main__":
    main()
