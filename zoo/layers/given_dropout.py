"""Dropout whose noise is given, not drawn."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class GivenDropout(keras.layers.Layer):
    """Drops the units whose noise lies below `rate` and scales up the rest: `[x, noise]`, both [N, D], to [N, D].

    Keras' own Dropout draws the same numbers on every replica; noise that comes with the batch makes training independent of
    the number of replicas, and exact to resume.

    Args:
        rate: share of units to drop, 0 to 1.
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: Any) -> Any:
        x, noise = inputs
        return ops.where(noise < self.rate, ops.zeros_like(x), x / (1 - self.rate))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}
