"""How many steps of optimisation one pass of a fast_style network is worth (the comparison of Johnson et al. 2016, section 4.1).

    python -m benchmarks.style fast_style/wave --style ../shared/data/styles/wave.jpg --data ../shared/data/content --pictures 40

The network's own objective is minimised over the pixels of each picture by L-BFGS, from the picture itself; `k` is the first step
whose loss is as low as the network's. The pictures are the last ones by name, which the shipped weights were not trained on, cut
to the middle square and brought to 256 pixels.
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


def optimise(loss: Any, content: np.ndarray, steps: int) -> list[float]:
    """The loss at the start and after every step of L-BFGS."""
    from scipy.optimize import minimize

    start = content.astype(np.float64).ravel()
    curve, last = [loss(start)[0]], [0.0]

    def remember(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = loss(flat)
        last[0] = value
        return value, gradient

    minimize(
        remember,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, 1)] * len(start),
        callback=lambda _: curve.append(last[0]),
        options={"maxiter": steps, "maxfun": 2 * steps, "maxcor": 10},
    )
    return curve


def steps_worth(model: Any, pictures: list[np.ndarray], style: int, steps: int) -> list[tuple[float, float, int]]:
    """Of every picture: the loss of the picture itself, of one pass, and the first step as low (`steps` + 1 if none is)."""
    deployed = model.inference_model()
    results = []
    for content in pictures:
        inputs = {"image": content[None], "strength": np.ones(1, np.float32)}
        if model.styles > 1:
            inputs["style_weights"] = np.eye(model.styles, dtype=np.float32)[[style]]
        found = np.asarray(deployed(inputs)["output_image"])
        loss = objective(model, content, style)
        reached = loss(found.ravel())[0]
        curve = optimise(loss, content, steps)
        results.append((curve[0], reached, next((k for k, value in enumerate(curve) if value <= reached), steps + 1)))
    return results


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
        before, after, k = np.median(steps_worth(model, pictures, style, given.steps), axis=0)
        print(f"{file.stem:32}{before:9.3f}{after:10.3f}{k:6.0f}", flush=True)


if __name__ == "__main__":
    main()
