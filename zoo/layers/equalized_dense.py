"""A dense layer with an equalised learning rate (Karras et al. 2018, https://arxiv.org/abs/1710.10196)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class EqualizedDense(keras.layers.Layer):
    """Linear map [N, D] -> [N, units] whose weights are kept at unit variance and scaled when used.

    Every layer then learns at the same relative speed under Adam.

    Args:
        units: outputs.
        rate: learning rate relative to other layers.
        bias: the bias it starts with.
    """

    def __init__(self, units: int, rate: float = 1.0, bias: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.rate = rate
        self.bias = bias

    def build(self, input_shape: Any) -> None:
        inputs = input_shape[-1]
        start = keras.initializers.RandomNormal(stddev=1 / self.rate)
        self.kernel = self.add_weight(shape=(inputs, self.units), initializer=start, name="kernel")
        start = keras.initializers.Constant(self.bias / self.rate)
        self.offset = self.add_weight(shape=(self.units,), initializer=start, name="bias")
        self.scale = self.rate / inputs**0.5

    def call(self, inputs: Any) -> Any:
        return ops.matmul(inputs, self.kernel * self.scale) + self.offset * self.rate

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "rate": self.rate, "bias": self.bias}
