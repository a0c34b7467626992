"""A fixed low-pass filter."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class Blur(keras.layers.Layer):
    """Filters every channel by `taps` along both axes: [N, H, W, C] -> [N, H + 2 padding - T + 1, ..., C].

    Args:
        taps: the filter along one axis; brought to the sum `gain`.
        padding: zeros around the picture.
        gain: what a flat picture is multiplied by, along each axis.
    """

    def __init__(self, taps: tuple[float, ...], padding: int, gain: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.taps = tuple(taps)
        self.padding = padding
        self.gain = gain

    def call(self, inputs: Any) -> Any:
        line = np.array(self.taps, "float32")
        line *= self.gain / line.sum()
        kernel = np.repeat(np.outer(line, line)[:, :, None, None], inputs.shape[-1], axis=2)
        edge = (self.padding, self.padding)
        x = ops.pad(inputs, ((0, 0), edge, edge, (0, 0)))
        return ops.depthwise_conv(x, ops.cast(kernel, inputs.dtype), padding="valid")

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, height, width, channels = input_shape
        change = 2 * self.padding - len(self.taps) + 1
        return (batch, height and height + change, width and width + change, channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "taps": self.taps, "padding": self.padding, "gain": self.gain}
