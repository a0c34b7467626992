"""The channel-wise fully connected layer of context encoders (Pathak et al. 2016, https://arxiv.org/abs/1604.07379)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class ChannelwiseDense(keras.layers.Layer):
    """All places of a channel to all its places, each channel by weights of its own: [N, H, W, C] -> [N, H, W, C].

    Height and width must be known. It carries information across the whole picture with C (HW)^2 weights, where a dense layer
    would need (CHW)^2.
    """

    def build(self, input_shape: Any) -> None:
        _, height, width, channels = input_shape
        places = height * width
        # Each channel is a small dense layer: the fans are its places, not what Keras would make of a stack of matrices.
        initializer = keras.initializers.RandomNormal(stddev=places**-0.5)
        self.kernel = self.add_weight(shape=(channels, places, places), initializer=initializer, name="kernel")
        self.bias = self.add_weight(shape=(channels, 1, places), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        _, height, width, channels = inputs.shape
        rows = ops.reshape(ops.transpose(inputs, (3, 0, 1, 2)), (channels, -1, height * width))
        x = ops.reshape(ops.matmul(rows, self.kernel) + self.bias, (channels, -1, height, width))
        return ops.transpose(x, (1, 2, 3, 0))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
