"""Modulated and demodulated convolution (Karras et al. 2020, https://arxiv.org/abs/1912.04958, section 2.2)."""

from typing import Any

import keras
from keras import ops

from zoo.layers.blur import Blur
from zoo.layers.equalized_dense import EqualizedDense


@keras.saving.register_keras_serializable("zoo")
class ModulatedConv2D(keras.layers.Layer):
    """A convolution whose weights are scaled for every example by a style: `[x, latent]` to [N, H', W', filters].

    The paper scales the weights and divides them by their norm, example by example. Scaling the input's channels by the style,
    and the output's by the norm, is equal, and is one plain convolution for the whole batch, which every runtime is fast at.

    Args:
        filters: channels that come out.
        kernel: side of the kernel.
        up: whether the sides are doubled: a transposed convolution of stride 2, then a binomial blur.
        demodulate: whether outputs are brought back to unit variance.
    """

    def __init__(self, filters: int, kernel: int, up: bool = False, demodulate: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel
        self.up = up
        self.demodulate = demodulate
        self.blur = Blur((1, 3, 3, 1), padding=1, gain=2.0, dtype=self.dtype_policy)

    def build(self, input_shape: Any) -> None:
        (*_, channels), latent_shape = input_shape
        self.style = EqualizedDense(channels, bias=1.0, dtype=self.dtype_policy, name="style")
        self.style.build(latent_shape)
        # A transposed convolution takes its kernel with the outputs first.
        channels_in_out = (self.filters, channels) if self.up else (channels, self.filters)
        start = keras.initializers.RandomNormal(stddev=1.0)
        shape = (self.kernel_size, self.kernel_size, *channels_in_out)
        self.kernel = self.add_weight(shape=shape, initializer=start, name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.scale = (self.kernel_size**2 * channels) ** -0.5

    def call(self, inputs: Any) -> Any:
        x, latent = inputs
        style = self.style(latent)
        kernel = self.kernel * self.scale
        x = x * style[:, None, None, :]
        if self.up:
            x = self.blur(ops.conv_transpose(x, kernel, strides=2, padding="valid"))
        else:
            x = ops.conv(x, kernel, padding="same")
        if self.demodulate:
            energy = ops.sum(ops.square(kernel), axis=(0, 1))
            energy = ops.matmul(ops.square(style), ops.transpose(energy) if self.up else energy)
            x = x * ops.rsqrt(energy + 1e-8)[:, None, None, :]
        return x + self.bias

    def compute_output_shape(self, input_shape: Any) -> Any:
        (batch, height, width, _), _ = input_shape
        if self.up:
            height, width = 2 * height, 2 * width
        return (batch, height, width, self.filters)

    def get_config(self) -> dict[str, Any]:
        settings = {"filters": self.filters, "kernel": self.kernel_size, "up": self.up, "demodulate": self.demodulate}
        return {**super().get_config(), **settings}
