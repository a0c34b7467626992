"""Blending without a seam (Burt and Adelson 1983, "A multiresolution spline with application to image mosaics")."""

from typing import Any

import keras
import numpy as np
from keras import ops

from zoo.layers.nearest_upsampling import NearestUpsampling2D
from zoo.layers.reflection_padding import ReflectionPadding2D


@keras.saving.register_keras_serializable("zoo")
class LaplacianBlend(keras.layers.Layer):
    """Lays `top` over `bottom` by `alpha`, each scale over a transition as wide as that scale.

    Called on `[bottom, top, alpha]`: [N, H, W, C] twice, [N, H, W, 1] in [0, 1]; H and W are multiples of 2^levels, and at least
    twice that. `alpha` 0 or 1 everywhere gives `bottom` or `top` back.

    Args:
        levels: how often the pictures are halved.
    """

    def __init__(self, levels: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = levels
        self.pad = ReflectionPadding2D(1, dtype=self.dtype_policy)
        self.repeat = NearestUpsampling2D(dtype=self.dtype_policy)

    def build(self, input_shape: Any) -> None:
        # Without it Keras runs `call` on symbolic sizes, whose comparisons take JAX minutes.
        self.pad.build(None)
        self.repeat.build(None)

    def call(self, inputs: Any) -> Any:
        bottom, top, alpha = inputs
        details = []
        for _ in range(self.levels):
            coarse_bottom, coarse_top = self._halve(bottom), self._halve(top)
            fine_bottom, fine_top = bottom - self._double(coarse_bottom), top - self._double(coarse_top)
            details.append(fine_bottom + alpha * (fine_top - fine_bottom))
            bottom, top, alpha = coarse_bottom, coarse_top, self._halve(alpha)
        x = bottom + alpha * (top - bottom)
        for detail in reversed(details):
            x = self._double(x) + detail
        return x

    def _halve(self, x: Any) -> Any:
        return self._filter(x, [1, 3, 3, 1], 2)

    def _double(self, x: Any) -> Any:
        """Bilinear: repeated pixels, smoothed; in step with `_halve`, so that nothing moves."""
        return self._filter(self.repeat(x), [1, 2, 1], 1)

    def _filter(self, x: Any, taps: list[int], strides: int) -> Any:
        line = np.array(taps, "float32") / sum(taps)
        kernel = np.einsum("i,j,cd->ijcd", line, line, np.eye(x.shape[-1], dtype="float32"))
        return ops.conv(self.pad(x), ops.cast(kernel, x.dtype), strides=strides, padding="valid")

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "levels": self.levels}
