"""Detail for a smooth fill, borrowed from similar places (contextual residual aggregation, Yi et al. 2020)."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class ResidualAggregation2D(keras.layers.Layer):
    """What the known parts of a picture hold beyond their blur, gathered for every place from the places that look alike.

    Called on `[image, known, features]`: [N, H, W, C], its known pixels [N, H, W, 1] of ones and zeros, and maps [N, h, w, D] by
    which places are compared; gives [N, H, W, C]. The picture is cut into cells, `cells` across and down whatever its size, so
    that time and memory of the comparison are the same for a large one. Each cell takes a mean of the whole cells' residuals,
    weighted by the softmax of how alike and how near they are; what lies around a cell comes along and fades into its
    neighbours', so that cells leave no seams. H and W are multiples of twice `cells`.
    Source: https://arxiv.org/abs/2005.09704.

    Args:
        cells: cells across, and down.
        channels: channels in which places are compared.
        blur: side of the window whose mean is taken away, in pixels; odd.
    """

    def __init__(self, cells: int = 32, channels: int = 32, blur: int = 11, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cells = cells
        self.channels = channels
        self.blur = blur
        self.compared = keras.layers.Conv2D(
            channels, 1, use_bias=False, kernel_initializer="orthogonal", name="compared", dtype=self.dtype_policy
        )

    def build(self, input_shape: Any) -> None:
        self.compared.build((None, self.cells, self.cells, input_shape[2][-1]))
        self.sharpness = self.add_weight(shape=(), initializer=keras.initializers.Constant(4.0), name="sharpness")
        self.nearness = self.add_weight(shape=(), initializer=keras.initializers.Constant(2.0), name="nearness")

    def call(self, inputs: Any) -> Any:
        image, known, features = inputs
        residual = self._residual(image, known)
        weights = self._weights(features, known)
        height, width = ops.shape(image)[1] // self.cells, ops.shape(image)[2] // self.cells
        total = None
        for down in (-1, 1):
            for right in (-1, 1):
                # A quarter of what belongs to a cell: the part that reaches half a cell up or down, left or right.
                moved = shifted(shifted(residual, 1, down, height // 2), 2, right, width // 2)
                taken = self._from_cells(
                    ops.matmul(weights, self._to_cells(moved, height, width)), height, width, image.shape[-1]
                )
                rows, columns = (
                    ops.cast(fade(size, self.cells, side), taken.dtype) for size, side in ((height, down), (width, right))
                )
                faded = taken * rows[:, None, None] * columns[:, None]
                back = shifted(shifted(faded, 1, -down, height // 2), 2, -right, width // 2)
                total = back if total is None else total + back
        return total

    def _residual(self, image: Any, known: Any) -> Any:
        """What the mean of the known pixels around does not explain; 0 in the hole."""
        mean, share = (ops.average_pool(x, self.blur, strides=1, padding="same") for x in (image * known, known))
        return (image - mean / ops.maximum(share, 1e-3)) * known

    def _weights(self, features: Any, known: Any) -> Any:
        """How much each cell (rows) takes of each (columns): float [N, cells², cells²], rows sum to 1."""
        cells = self.cells
        features = ops.image.resize(features, (cells, cells), interpolation="bilinear", antialias=False)
        x = ops.reshape(self.compared(features), (-1, cells * cells, self.channels))
        x = ops.cast(x, "float32")
        x = x - ops.mean(x, axis=1, keepdims=True)  # what all of the picture has in common does not tell places apart
        x = unit(x * ops.rsqrt(ops.mean(x * x, axis=1, keepdims=True) + 1e-6))
        alike = ops.matmul(x, ops.transpose(x, (0, 2, 1))) * ops.exp(ops.cast(self.sharpness, "float32"))
        height, width = ops.shape(known)[1] // cells, ops.shape(known)[2] // cells
        whole = ops.min(self._to_cells(ops.cast(known, "float32"), height, width), axis=-1)
        alike -= ops.exp(ops.cast(self.nearness, "float32")) * self._distances(whole)
        return ops.cast(ops.softmax(alike - 1e4 * (1 - whole)[:, None, :]), self.compute_dtype)

    def _distances(self, whole: Any) -> Any:
        """How far cells lie apart, in sides of the picture: float32 [N, cells², cells²]; those that are not whole lie a side off.

        By that it hangs on the mask, and is made as it runs: as a constant it would be four megabytes of every file.
        """
        places = np.moveaxis(np.mgrid[: self.cells, : self.cells], 0, -1).reshape(1, -1, 2).astype("float32") / self.cells
        asked = places + 1 - whole[:, :, None]
        down, across = (places[:, :, None, axis] - asked[:, None, :, axis] for axis in (0, 1))
        return ops.sqrt(down * down + across * across + 1e-8)

    def _to_cells(self, x: Any, height: Any, width: Any) -> Any:
        """[N, cells * height, cells * width, C] to [N, cells², height * width * C]."""
        channels = x.shape[-1]
        x = ops.reshape(x, (-1, height, self.cells, width * channels))
        return ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, self.cells * self.cells, height * width * channels))

    def _from_cells(self, x: Any, height: Any, width: Any, channels: int) -> Any:
        """The inverse of `_to_cells`."""
        x = ops.reshape(x, (-1, self.cells, height, width * channels))
        return ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (-1, self.cells * height, self.cells * width, channels))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cells": self.cells, "channels": self.channels, "blur": self.blur}


def unit(x: Any) -> Any:
    """Vectors of unit length along the last axis."""
    return x * ops.rsqrt(ops.sum(x * x, axis=-1, keepdims=True) + 1e-6)


def fade(size: Any, cells: int, side: int) -> Any:
    """The share of a cell at each pixel of the half that reaches to `side`, for all cells in turn: float32 [cells * size].

    The two sides of neighbouring cells sum to 1 wherever they meet.
    """
    place = (ops.cast(ops.arange(cells * size) % size, "float32") + 0.5) / ops.cast(size, "float32")
    return place if side < 0 else 1 - place


def shifted(x: Any, axis: int, direction: int, distance: Any) -> Any:
    """The picture whose pixel i along `axis`, 1 or 2, is that at `i + direction * distance` of `x`; beyond the border, 0."""
    size = ops.shape(x)[axis]
    cut = distance if direction > 0 else size - distance
    first, last = (x[:, :cut], x[:, cut:]) if axis == 1 else (x[:, :, :cut], x[:, :, cut:])
    return ops.concatenate([last, 0 * first] if direction > 0 else [0 * last, first], axis=axis)
