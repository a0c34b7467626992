"""Painting one picture with `neural_style`: L-BFGS, coarse to fine."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.training.backend import running

MEMORY = 12
COARSEST = 128


def optimise_picture(
    content: np.ndarray | None,
    styles: Sequence[np.ndarray],
    *,
    size: int = 512,
    iterations: tuple[int, int] = (70, 40),
    mask: np.ndarray | None = None,
    start: np.ndarray | str = "content",
    callback: Callable[[int, int, dict[str, float]], None] | None = None,
    family: str = "neural_style",
    **config: Any,
) -> tuple[np.ndarray, list[dict[str, float]]]:
    """Paints `content` in `styles`, by L-BFGS (Byrd et al. 1995, L-BFGS-B), each size from the one half as large.

    Args:
        content: float32 [H, W, 3] in [0, 1], or None for a texture.
        styles: the style pictures, float32 [H, W, 3] in [0, 1].
        size: long side of the result, in pixels.
        iterations: of the coarsest level, whose long side is 128 to 255 pixels, and of each finer one.
        mask: float32 [H, W, 1] (or 3) in [0, 1]: 1 where the picture is painted, 0 where it keeps the content.
        start: "content", "noise", or a picture [H, W, 3] in [0, 1].
        callback: called after each iteration with the number of iterations done, how many there will be, and the loss terms.
        family: which family paints.
        config: its settings, such as features, content_weight, style_weights, style_scale, preserve_color.

    Returns:
        The picture, float32 [H', W', 3] in [0, 1] with the long side `size`, and the loss curve: for each iteration `size`,
        `loss` and every term. Losses of different sizes do not compare.

    Raises:
        ValueError: a wrong setting, a loss that is not a number, or Keras on another backend than TensorFlow.

    Example:
        >>> picture, curve = optimise_picture(photo, [painting], size=512, content_weight=0.1)
    """
    import zoo

    if (backend := running()) != "tensorflow":
        raise ValueError(
            f"{family} paints by L-BFGS on TensorFlow, and Keras runs on {backend} here: start one with KERAS_BACKEND=tensorflow"
        )
    aspect = content.shape[1] / content.shape[0] if content is not None else config.pop("aspect", 1.0)
    pictures = {
        "style": list(styles),
        "content": [] if content is None else [content],
        "mask": [] if mask is None else [mask],
    }
    config |= {"styles": len(styles), "contents": len(pictures["content"]), "masks": len(pictures["mask"]), "aspect": aspect}
    network = config.get("parametrization") == "network"
    levels = [size] if network else pyramid(size)
    rounds = [sum(iterations)] if network else [iterations[0]] + [iterations[1]] * (len(levels) - 1)
    curve: list[dict[str, float]] = []
    picture = None if isinstance(start, str) else start
    for level, count in zip(levels, rounds, strict=True):
        model = zoo.create(family, **config, size=level, start=start if isinstance(start, str) else "content")
        model.adapt(**pictures)
        if picture is not None and not network:
            model.paint_from(picture)

        def report(terms: dict[str, float], level: int = level) -> None:
            curve.append({"size": level, "loss": sum(terms.values()), **terms})
            if callback:
                callback(len(curve), sum(rounds), terms)

        minimise(model, count, report)
        picture = model.painting()[0].numpy()
    return model.picture(), curve


def pyramid(size: int) -> list[int]:
    """Long sides from the coarsest, at least 128 unless `size` is smaller, each twice the one before, up to `size`."""
    levels = [size]
    while levels[0] // 2 >= COARSEST:
        levels.insert(0, levels[0] // 2)
    return levels


def minimise(model: Any, iterations: int, report: Callable[[dict[str, float]], None]) -> None:
    """Fits the trainable weights of a model that needs no pictures in its batch, by L-BFGS; pixels stay within [0, 1].

    Args:
        model: an adapted `neural_style` model.
        iterations: how many.
        report: called after each iteration with the loss terms.
    """
    import tensorflow as tf
    from scipy.optimize import Bounds, minimize

    variables = model.trainable_variables
    lengths = [int(np.prod(variable.shape)) for variable in variables]
    batch = {name: tf.zeros((1, *spec.shape)) for name, spec in model.batch_spec.items()}

    @tf.function
    def evaluate(flat: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, dict[str, tf.Tensor]]:
        for variable, part in zip(variables, tf.split(flat, lengths), strict=True):
            variable.assign(tf.reshape(part, variable.shape))
        with tf.GradientTape() as tape:
            terms = model.loss_terms(batch, model(batch, training=True))
            terms = {name: tf.reduce_mean(value) for name, value in terms.items()}
            total = tf.add_n(list(terms.values()))
        gradients = tape.gradient(total, [variable.value for variable in variables])
        return total, tf.concat([tf.reshape(gradient, [-1]) for gradient in gradients], 0), terms

    latest: dict[str, float] = {}

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        total, gradient, terms = evaluate(tf.constant(flat, tf.float32))
        if not np.isfinite(total):
            raise ValueError("the loss is not a number: lower the weights of the losses, or look for a damaged picture")
        latest.update({name: float(value) for name, value in terms.items()})
        return float(total), gradient.numpy().astype(np.float64)

    first = np.concatenate([np.ravel(variable.numpy()) for variable in variables]).astype(np.float64)
    result = minimize(
        objective,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(0.0, 1.0) if model.parametrization == "pixels" else None,
        callback=lambda _: report(dict(latest)),
        options={"maxiter": iterations, "maxcor": MEMORY, "ftol": 0.0, "gtol": 0.0, "maxfun": 3 * iterations},
    )
    evaluate(tf.constant(result.x, tf.float32))
