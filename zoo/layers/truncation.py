"""The truncation trick in a latent space of unknown shape (Karras et al. 2019, https://arxiv.org/abs/1812.04948)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class Truncation(keras.layers.Layer):
    """Draws latents towards their running mean: `[latent, truncation]`, [N, D] and [N], to [N, D].

    Truncation 1 leaves a latent where it is, 0 gives the mean of all. The mean is the same on every replica.

    Args:
        momentum: share of the running mean that an update keeps.
    """

    def __init__(self, momentum: float = 0.998, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[0][-1],)
        options = {"trainable": False, "autocast": False, "aggregation": "mean"}
        self.mean = self.add_weight(shape=shape, initializer="zeros", name="mean", **options)

    def update(self, latent: Any) -> None:
        """Takes the mean of latents [N, D] into the running one."""
        mean = ops.mean(ops.cast(ops.stop_gradient(latent), "float32"), axis=0)
        self.mean.assign(self.momentum * self.mean + (1 - self.momentum) * mean)

    def call(self, inputs: Any) -> Any:
        latent, truncation = inputs
        mean = ops.cast(self.mean, latent.dtype)
        return mean + truncation[:, None] * (latent - mean)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum}
