"""A convolution with an equalised learning rate (Karras et al. 2018, https://arxiv.org/abs/1710.10196)."""

from typing import Any

import keras
from keras import ops

from zoo.layers.blur import Blur


@keras.saving.register_keras_serializable("zoo")
class EqualizedConv2D(keras.layers.Layer):
    """Convolution [N, H, W, C] -> [N, H', W', filters] whose weights are kept at unit variance and scaled when used.

    Args:
        filters: channels that come out.
        kernel: side of the kernel, odd.
        down: whether the sides are halved: a binomial blur against aliasing, then a convolution of stride 2.
        use_bias: whether a bias is added.
    """

    def __init__(self, filters: int, kernel: int, down: bool = False, use_bias: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel
        self.down = down
        self.use_bias = use_bias
        self.blur = Blur((1, 3, 3, 1), padding=(kernel + 1) // 2, dtype=self.dtype_policy)

    def build(self, input_shape: Any) -> None:
        shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        self.kernel = self.add_weight(shape=shape, initializer=keras.initializers.RandomNormal(stddev=1.0), name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.scale = (self.kernel_size**2 * input_shape[-1]) ** -0.5

    def call(self, inputs: Any) -> Any:
        kernel = self.kernel * self.scale
        if self.down:
            x = ops.conv(self.blur(inputs), kernel, strides=2, padding="valid")
        else:
            x = ops.conv(inputs, kernel, padding="same")
        return x + self.bias if self.use_bias else x

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, height, width, _ = input_shape
        if self.down:
            height, width = height and height // 2, width and width // 2
        return (batch, height, width, self.filters)

    def get_config(self) -> dict[str, Any]:
        settings = {"filters": self.filters, "kernel": self.kernel_size, "down": self.down, "use_bias": self.use_bias}
        return {**super().get_config(), **settings}
