"""What one pass of a style network is worth.

    python -m benchmarks.style fast_style/wave --style ../shared/data/styles/wave.jpg --data ../shared/data/content --pictures 40

Of fast_style: the comparison of Johnson et al. 2016, section 4.1. The network's own objective is minimised over the pixels of
each picture by L-BFGS, from the picture itself; `k` is the first step whose loss is as low as the network's. Of adain
(`style_ratio`): its style loss over that of a fast_style network which was trained for the style. The pictures are the last
ones by name, which the shipped weights were not trained on, cut to the middle square and brought to 256 pixels.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = 256


def read(file: Path) -> np.ndarray:
    """The middle square: float32 [SIZE, SIZE, 3] in [0, 1]."""
    image = Image.open(file).convert("RGB")
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    square = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
    return np.asarray(square, np.float32) / 255


def objective(model: Any, content: np.ndarray, style: int) -> Any:
    """From flat pixels to the loss and its gradient, both float64, as SciPy wants them."""
    import tensorflow as tf

    batch = {"image": tf.constant(content[None]), "style_weights": tf.one_hot([style], model.styles)}

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
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, callback=after, options=options)
    return done if found.fun <= reached else steps + 1


def passed(model: Any, content: np.ndarray, style: int) -> np.ndarray:
    """One picture [H, W, 3] through a fast_style network, in style number `style`."""
    inputs = {"image": content[None], "strength": np.ones(1, np.float32)}
    if model.styles > 1:
        inputs["style_weights"] = np.eye(model.styles, dtype=np.float32)[[style]]
    return np.asarray(model.inference_model()(inputs)["output_image"])[0]


def steps_worth(model: Any, content: np.ndarray, style: int, steps: int) -> tuple[float, float, int]:
    """The loss of the picture itself, of one pass, and the first step of optimisation as low (`steps` + 1 if none is)."""
    loss = objective(model, content, style)
    reached = loss(passed(model, content, style).ravel())[0]
    return loss(content.ravel())[0], reached, first_as_low(loss, content, reached, steps)


def style_ratio(arbitrary: Any, trained: Any, content: np.ndarray, picture: np.ndarray, style: int) -> float:
    """adain's style loss over that of fast_style, for the style `picture` [H, W, 3], the trained network's number `style`."""
    from zoo.fast_style import resize_short_side

    small = np.asarray(resize_short_side(picture, SIZE))[None]
    inputs = {"image": content[None], "style": small, "strength": np.ones(1, np.float32)}
    results = (np.asarray(arbitrary.inference_model()(inputs)["output_image"])[0], passed(trained, content, style))
    batch = {"image": content[None], "style_weights": np.eye(trained.styles, dtype=np.float32)[[style]]}
    losses = [float(np.mean(trained.loss_terms(batch, {"picture": result[None]})["style"])) for result in results]
    return losses[0] / losses[1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.style", description=__doc__)
    parser.add_argument("weights", help="a trained fast_style: run, .keras file or shipped weight")
    parser.add_argument("--style", type=Path, nargs="+", required=True, help="the pictures that it was trained with, in order")
    parser.add_argument("--data", type=Path, required=True, help="folder of content pictures")
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--steps", type=int, default=200, help="steps of optimisation")
    given = parser.parse_args()
    import zoo
    from training.pictures import read_picture

    model = zoo.load(given.weights)
    model.adapt(style=[read_picture(file).rgb for file in given.style])
    pictures = [read(file) for file in sorted(given.data.iterdir())[-given.pictures :]]
    print(f"{'style':32}{'picture':>9}{'one pass':>10}{'k':>6}")
    for style, file in enumerate(given.style):
        measured = [steps_worth(model, content, style, given.steps) for content in pictures]
        before, after, k = np.median(measured, axis=0)
        print(f"{file.stem:32}{before:9.3f}{after:10.3f}{k:6.0f}", flush=True)


if __name__ == "__main__":
    main()
