"""Penalties on gradients with respect to what goes into a network: the one place that differentiates inside an objective."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """The gradient of the sum of `function(inputs)` with respect to `inputs`, itself differentiable: like `inputs`.

    Raises:
        ValueError: Keras runs on a backend without nested gradients here; TensorFlow and JAX have them.
    """
    inputs, backend = ops.convert_to_tensor(inputs), keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            total = ops.sum(function(inputs))
        return tape.gradient(total, inputs)
    if backend == "jax":
        import jax

        return jax.grad(lambda values: ops.sum(function(values)))(inputs)
    raise ValueError(f"gradient penalties need Keras on TensorFlow or JAX, not on {backend}")


def squared_gradient(discriminator: Callable[[Any], Any], image: Any) -> Any:
    """Squared norm of the score's gradient with respect to pictures [N, H, W, C]: float32 [N].

    Half of it, times gamma, is the R1 penalty on real pictures (Mescheder et al. 2018, https://arxiv.org/abs/1801.04406).
    """
    return ops.sum(ops.square(ops.cast(input_gradient(discriminator, image), "float32")), axis=(1, 2, 3))


def path_lengths(synthesis: Callable[[Any], Any], latents: Any, direction: Any) -> Any:
    """How far pictures move along `direction` [N, H, W, C] as latents [N, L, D] move: float32 [N].

    The norm over D of the gradient of the inner product, its mean square taken over the L places where a latent enters
    (Karras et al. 2020, https://arxiv.org/abs/1912.04958, equation 4).
    """
    gradient = ops.cast(input_gradient(lambda w: synthesis(w) * direction, latents), "float32")
    return ops.sqrt(ops.mean(ops.sum(ops.square(gradient), axis=2), axis=1))
