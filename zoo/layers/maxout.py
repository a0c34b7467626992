"""Maxout (Goodfellow et al. 2013, https://arxiv.org/abs/1302.4389)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class Maxout(keras.layers.Layer):
    """The largest of several linear maps, unit by unit: [N, D] -> [N, units].

    Args:
        units: outputs.
        pieces: linear maps an output chooses from.
    """

    def __init__(self, units: int, pieces: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.pieces = pieces
        self.linear = keras.layers.Dense(units * pieces, dtype=self.dtype_policy)

    def build(self, input_shape: Any) -> None:
        self.linear.build(input_shape)

    def call(self, inputs: Any) -> Any:
        return ops.max(ops.reshape(self.linear(inputs), (-1, self.units, self.pieces)), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "pieces": self.pieces}
