"""A smooth fill of holes without any weights, by a pyramid of known pixels."""

from typing import Any

import keras
from keras import ops

from zoo.layers.nearest_upsampling import NearestUpsampling2D
from zoo.layers.reflection_padding import ReflectionPadding2D

SPREAD = (3, 5, 9)  # windows, in places of the coarsest scale


@keras.saving.register_keras_serializable("zoo")
class PyramidFill(keras.layers.Layer):
    """Fills each unknown pixel from the finest scale at which anything near it is known (pull-push, Gortler et al. 1996).

    Called on `[image, known]`: [N, H, W, C] and [N, H, W, 1], 1 where known; H and W are multiples of 2^levels and at least twice
    that. Known pixels stay. At the coarsest scale what is known spreads by 7 places, 7 * 2^levels pixels; farther off the fill is
    0.5.

    Args:
        levels: how often the picture is halved.
    """

    def __init__(self, levels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = levels
        self.repeat = NearestUpsampling2D(dtype=self.dtype_policy)
        self.pad = ReflectionPadding2D(1, dtype=self.dtype_policy)

    def build(self, input_shape: Any) -> None:
        # Without it Keras runs `call` on symbolic sizes, whose comparisons take JAX minutes.
        self.repeat.build(None)
        self.pad.build(None)

    def call(self, inputs: Any) -> Any:
        image, known = inputs
        x = (image - 0.5) * known
        scales = []
        for _ in range(self.levels):
            scales.append((x, known))
            x, share = ops.average_pool(x, 2, 2), ops.average_pool(known, 2, 2)
            known = ops.cast(share > 0, x.dtype)
            x = x / (share + 1 - known)
        for window in SPREAD:
            means, share = (ops.average_pool(maps, window, 1, padding="same") for maps in (x, known))
            near = ops.cast(share > 0, x.dtype)
            x = x + (1 - known) * means / (share + 1 - near)
            known = near
        for finer, known in reversed(scales):
            coarse = ops.average_pool(self.pad(self.repeat(x)), 3, strides=1)
            x = finer + (1 - known) * coarse
        return x + 0.5

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "levels": self.levels}
