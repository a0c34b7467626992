"""Adaptive instance normalisation (Huang and Belongie 2017, https://arxiv.org/abs/1703.06868)."""

from typing import Any

import keras
from keras import ops

from zoo.layers.instance_normalization import mean_over_pixels, normalize


@keras.saving.register_keras_serializable("zoo")
class AdaptiveInstanceNormalization(keras.layers.Layer):
    """Gives every channel of the content the mean and the deviation that it has in the style; nothing is learned.

    Called on `[content, style]`, [N, H, W, C] and [N, H', W', C]. Statistics are taken in float32 whatever the policy.

    Args:
        epsilon: added to the variances.

    Called on a part of the content, it takes the `moments` of the whole: mean and variance, [N, 1, 1, C].
    """

    takes_moments = True

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs: Any, moments: tuple[Any, Any] | None = None) -> Any:
        content, style = inputs
        mean, deviation = mean_and_deviation(style, self.epsilon)
        return normalize(content, deviation, mean, self.epsilon, moments)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


def mean_and_deviation(style: Any, epsilon: float) -> tuple[Any, Any]:
    """Mean and deviation of every channel over the pixels of [N, H, W, C]: two float32 [N, 1, 1, C]."""
    wide = ops.cast(style, "float32")
    mean = mean_over_pixels(wide)
    return mean, ops.sqrt(mean_over_pixels(ops.square(wide - mean)) + epsilon)
