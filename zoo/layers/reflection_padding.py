"""Padding by reflection, as slices and one concatenation an axis."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class ReflectionPadding2D(keras.layers.Layer):
    """Pads rows and columns by reflection about the border pixel, which is not repeated: [N, H, W, C] -> [N, H+2p, W+2p, C].

    Slices and concatenations give the bits of `MIRROR_PAD`, which mobile CPU kernels lack. The sides must exceed `padding`.

    Args:
        padding: pixels added on each side.
    """

    def __init__(self, padding: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs: Any) -> Any:
        p = self.padding
        if p == 0:
            return inputs
        top = [inputs[:, i : i + 1] for i in range(p, 0, -1)]
        bottom = [inputs[:, -i - 1 : -i] for i in range(1, p + 1)]
        x = ops.concatenate([*top, inputs, *bottom], axis=1)
        left = [x[:, :, i : i + 1] for i in range(p, 0, -1)]
        right = [x[:, :, -i - 1 : -i] for i in range(1, p + 1)]
        return ops.concatenate([*left, x, *right], axis=2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *sides, channels = input_shape
        return (batch, *(side and side + 2 * self.padding for side in sides), channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}
