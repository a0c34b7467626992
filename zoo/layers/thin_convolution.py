"""A convolution to a few channels, which computes several neighbouring pixels as one."""

from typing import Any

import keras
from keras import ops

PIXELS = 4
PLAIN = {"strides": (1, 1), "padding": "valid", "dilation_rate": (1, 1), "groups": 1, "data_format": "channels_last"}


@keras.saving.register_keras_serializable("zoo", name="ThinConv2D")
class Conv2D(keras.layers.Conv2D):
    """Keras' `Conv2D`, quicker where `filters` is small: [N, H, W, C] -> [N, H', W', filters].

    Runtimes compute whole vectors of 16 channels, of which 3 leave most empty. Here a window that is wider by 3 pixels gives four
    neighbours at once. The weights are a `Conv2D`'s, in memory and in files, which name a layer by its class; the wide kernel is
    made from them, and is a constant in exported files.

    The width W' of the result must be a multiple of 4; `PadToMultiple` sees to that.

    Raises:
        ValueError: strides, padding, dilation or groups are asked for, or the width is known and is no such multiple.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for setting, value in PLAIN.items():
            if getattr(self, setting) != value:
                raise ValueError(f"ThinConv2D knows no {setting} but {value}")

    def call(self, inputs: Any) -> Any:
        width = inputs.shape[2]
        if width is not None and (width - self.kernel_size[1] + 1) % PIXELS:
            raise ValueError(f"a width of {width} gives no multiple of {PIXELS} pixels: PadToMultiple({PIXELS}) goes before")
        moved = [ops.pad(self.kernel, ((0, 0), (i, PIXELS - 1 - i), (0, 0), (0, 0))) for i in range(PIXELS)]
        x = ops.conv(inputs, ops.concatenate(moved, axis=3), strides=(1, PIXELS), padding="valid")
        if self.use_bias:
            x = x + ops.tile(self.bias, PIXELS)
        _, height, columns, _ = ops.shape(x)
        return self.activation(ops.reshape(x, (-1, height, columns * PIXELS, self.filters)))
