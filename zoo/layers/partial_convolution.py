"""Partial convolution: only known pixels are seen (Liu et al. 2018, https://arxiv.org/abs/1804.07723)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class PartialConvolution2D(keras.layers.Layer):
    """A convolution over the known places, scaled up by the share of its window that they make, and the places known thereafter.

    Called on `[features, known]`: [N, H, W, C], 0 where not known, and [N, H, W, 1] in [0, 1], the share of the channels that is
    known at a place. Returns features [N, H', W', filters], 0 where the window saw nothing known, and `known` [N, H', W', 1], 0
    or 1. Zero padding counts as not known.

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

    def build(self, input_shape: Any) -> None:
        k, channels = self.kernel_size, input_shape[0][-1]
        self.kernel = self.add_weight(shape=(k, k, channels, self.filters), initializer="he_normal", name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> tuple[Any, Any]:
        features, known = inputs
        k = self.kernel_size
        window = ops.ones((k, k, 1, 1), features.dtype)
        count = ops.conv(known, window, strides=self.strides, padding="same")
        seen = ops.cast(count > 0, features.dtype)
        # Where nothing is seen the features are 0 whatever the scale; 1 in the divisor keeps it finite.
        scale = k * k * seen / (count + 1 - seen)
        x = ops.conv(features, self.kernel, strides=self.strides, padding="same")
        return x * scale + self.bias * seen, seen

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *sizes, _ = input_shape[0]
        sizes = [None if size is None else -(-size // self.strides) for size in sizes]
        return (batch, *sizes, self.filters), (batch, *sizes, 1)

    def get_config(self) -> dict[str, Any]:
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "strides": self.strides}
        return {**super().get_config(), **own}
