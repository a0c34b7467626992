"""Gated convolution: the network learns which places to let through (Yu et al. 2019, https://arxiv.org/abs/1806.03589)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class GatedConvolution2D(keras.layers.Layer):
    """`elu(features) * sigmoid(gate)`, both made by one convolution: [N, H, W, C] -> [N, H', W', filters].

    Args:
        filters: output channels.
        kernel_size: side of the window.
        strides: step of the window.
    """

    def __init__(self, filters: int, kernel_size: int, strides: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.convolution = keras.layers.Conv2D(2 * filters, kernel_size, strides, "same", dtype=self.dtype_policy)

    def build(self, input_shape: Any) -> None:
        self.convolution.build(input_shape)

    def call(self, inputs: Any) -> Any:
        x = self.convolution(inputs)
        return ops.elu(x[..., : self.filters]) * ops.sigmoid(x[..., self.filters :])

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*self.convolution.compute_output_shape(input_shape)[:3], self.filters)

    def get_config(self) -> dict[str, Any]:
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "strides": self.strides}
        return {**super().get_config(), **own}
