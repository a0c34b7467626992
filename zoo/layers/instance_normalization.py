"""Instance normalisation (Ulyanov et al. 2016, https://arxiv.org/abs/1607.08022)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class InstanceNormalization(keras.layers.Layer):
    """Gives every channel of every example mean 0 and deviation 1 over its pixels, then a learned scale and offset.

    Statistics are taken in float32 whatever the policy. Few operations, all of which every runtime fuses or runs fast.

    Args:
        epsilon: added to the variance.
        affine: whether scale and offset are learned; otherwise they are 1 and 0.

    Called on a part of a picture, it takes the `moments` of the whole: mean and variance, [N, 1, 1, C].
    """

    takes_moments = True

    def __init__(self, epsilon: float = 1e-5, affine: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.affine = affine

    def build(self, input_shape: Any) -> None:
        self.gamma, self.beta = 1.0, 0.0
        if not self.affine:
            return
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(shape=channels, initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=channels, initializer="zeros", name="beta")

    def call(self, inputs: Any, moments: tuple[Any, Any] | None = None) -> Any:
        return normalize(inputs, self.gamma, self.beta, self.epsilon, moments)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon, "affine": self.affine}


def normalize(x: Any, gamma: Any, beta: Any, epsilon: float, moments: tuple[Any, Any] | None = None) -> Any:
    """`gamma * (x - mean) / deviation + beta` over the pixels of [N, H, W, C]; gamma and beta broadcast against it.

    Mean and variance are those of x, or the given ones.
    """
    wide = ops.cast(x, "float32")
    centered = wide - (mean_over_pixels(wide) if moments is None else moments[0])
    variance = mean_over_pixels(ops.square(centered)) if moments is None else moments[1]
    scale = ops.cast(gamma, "float32") * ops.rsqrt(variance + epsilon)
    return ops.cast(centered * scale + ops.cast(beta, "float32"), x.dtype)


def mean_over_pixels(x: Any) -> Any:
    """[N, H, W, C] to [N, 1, 1, C], row by row, then over rows.

    Runtimes add up one axis after the other, and 60,000 float32 in a row lose three digits.
    """
    return ops.mean(ops.mean(x, axis=2, keepdims=True), axis=1, keepdims=True)
