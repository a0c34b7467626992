"""Nearest-neighbour upsampling that exports with known and with unknown sizes."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class NearestUpsampling2D(keras.layers.Layer):
    """Repeats every pixel `factor` times in both directions: [N, H, W, C] -> [N, fH, fW, C].

    A known size becomes one resize operation, which GPU delegates take; an unknown one takes rows and columns by index, since
    Keras' own `UpSampling2D` turns into an operation that mobile runtimes lack.

    Args:
        factor: a positive integer.
    """

    def __init__(self, factor: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        _, height, width, _ = ops.shape(inputs)
        if isinstance(height, int) and isinstance(width, int):
            return ops.image.resize(inputs, (height * self.factor, width * self.factor), interpolation="nearest")
        rows = ops.arange(height * self.factor) // self.factor
        columns = ops.arange(width * self.factor) // self.factor
        return ops.take(ops.take(inputs, rows, axis=1), columns, axis=2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, height, width, channels = input_shape
        return (batch, height and height * self.factor, width and width * self.factor, channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}
