"""A strided convolution whose kernels are smooth, so that nothing aliases on the way down and no grid shows on the way back."""

from typing import Any

import keras
from keras import ops

from zoo.layers.blur import Blur

EDGE = 3  # by which the filter 1 3 3 1 makes a kernel wider


@keras.saving.register_keras_serializable("zoo")
class SmoothConv2D(keras.layers.Layer):
    """A learned convolution, then the binomial filter (1 3 3 1) with stride 2, as one: [N, H, W, C] -> [N, H', W', filters].

    Between the two there is nothing, so that the filter is laid over the learned kernel, whose side grows by 3; no padding.
    Zhang 2019, "Making Convolutional Networks Shift-Invariant Again", https://arxiv.org/abs/1904.11486.

    Args:
        filters: channels of the result.
        kernel_size: side of the learned kernel, odd.
    """

    def __init__(self, filters: int, kernel_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.blur = Blur((1, 3, 3, 1), padding=EDGE, dtype="float32")

    def build(self, input_shape: Any) -> None:
        side = self.kernel_size
        self.kernel = self.add_weight(shape=(side, side, input_shape[-1], self.filters), initializer="he_normal", name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        side, channels = self.kernel_size, inputs.shape[-1]
        # The kernel as a batch of pictures of one channel each, filtered.
        planes = ops.reshape(ops.transpose(ops.cast(self.kernel, "float32"), (2, 3, 0, 1)), (-1, side, side, 1))
        wide = side + EDGE
        kernel = ops.transpose(ops.reshape(self.blur(planes), (channels, self.filters, wide, wide)), (2, 3, 0, 1))
        return ops.conv(inputs, ops.cast(kernel, inputs.dtype), strides=2, padding="valid") + ops.cast(self.bias, inputs.dtype)

    def compute_output_shape(self, shape: Any) -> Any:
        batch, *sides, _ = shape
        wide = self.kernel_size + EDGE
        return (batch, *(side and (side - wide) // 2 + 1 for side in sides), self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "kernel_size": self.kernel_size}
