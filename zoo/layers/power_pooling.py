"""Pooling by a power mean: nearly the maximum, with a gradient for every pixel."""

from typing import Any

import keras
from keras import ops


class PowerPooling2D(keras.layers.Layer):
    """(mean of x^4)^(1/4) over 3x3 pixels with stride 2, times `gain`: [N, H, W, C], none negative, to half the height and width.

    In place of maximum pooling in a network whose gradient paints a picture: the maximum gives one pixel of a window all of the
    gradient, which leaves a dither; the mean gives other maps than the network has learned to read.
    """

    def __init__(self, gain: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gain = gain

    def call(self, x: Any) -> Any:
        squared = ops.square(x)
        mean = ops.average_pool(ops.square(squared), 3, 2, padding="same")
        return self.gain * ops.sqrt(ops.sqrt(mean + 1e-6))

    def compute_output_shape(self, shape: Any) -> Any:
        batch, *sides, channels = shape
        return (batch, *(side and (side + 1) // 2 for side in sides), channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}
