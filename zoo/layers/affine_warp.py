"""A learned affine warp, differentiable in its matrix (Jaderberg et al. 2015, https://arxiv.org/abs/1506.02025)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class AffineWarp2D(keras.layers.Layer):
    """Takes every pixel of [N, H, W, C] from where its matrix says: bilinear, any height and width, at first the identity.

    The matrix [2, 3] sends (x, y, 1) to (x', y'), coordinates from -1 to 1 over the width and over the height. Returns the warped
    maps, continued by the border's pixels, and [1, H, W, 1], 1 where they come from inside, falling to 0 over one pixel.
    """

    def build(self, input_shape: Any) -> None:
        self.matrix = self.add_weight(shape=(2, 3), initializer=_identity, name="matrix")

    def call(self, inputs: Any) -> tuple[Any, Any]:
        _, height, width, channels = ops.shape(inputs)
        x, y = _centers(width)[None, :], _centers(height)[:, None]
        matrix = ops.cast(self.matrix, "float32")
        columns, across = _neighbours(matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2], width)
        rows, down = _neighbours(matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2], height)
        flat = ops.reshape(inputs, (-1, height * width, channels))
        warped = 0.0
        for row, row_weight in rows:
            for column, column_weight in columns:
                pixels = ops.take(flat, ops.reshape(row * width + column, (-1,)), axis=1)
                warped += pixels * ops.cast(ops.reshape(row_weight * column_weight, (1, -1, 1)), flat.dtype)
        inside = ops.cast(ops.reshape(across * down, (1, height, width, 1)), flat.dtype)
        return ops.reshape(warped, (-1, height, width, channels)), inside

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape, (1, *input_shape[1:3], 1)


def _identity(shape: Any, dtype: Any = None) -> Any:
    return ops.eye(*shape, dtype=dtype)


def _centers(size: Any) -> Any:
    """The pixels' centres, from -1 to 1."""
    return (2 * ops.cast(ops.arange(size), "float32") + 1) / ops.cast(size, "float32") - 1


def _neighbours(coordinate: Any, size: Any) -> tuple[list[tuple[Any, Any]], Any]:
    """Indices and weights of the two pixels beside a coordinate, and how far it is inside, 0 to 1."""
    extent = ops.cast(size, "float32")
    place = (coordinate + 1) / 2 * extent - 0.5
    first = ops.floor(place)
    fraction = place - first
    last = ops.cast(size - 1, "int32")
    pair = [(first, 1 - fraction), (first + 1, fraction)]
    inside = ops.clip(ops.minimum(place, extent - 1 - place) + 1, 0.0, 1.0)
    # Clipped before the cast: far outside, an index would not fit into an integer.
    indices = [(ops.clip(ops.cast(ops.clip(i, -1.0, extent), "int32"), 0, last), weight) for i, weight in pair]
    return indices, inside
