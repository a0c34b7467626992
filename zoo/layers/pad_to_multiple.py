"""Any height and width for a network that needs multiples: reflect at the lower right, and cut back afterwards."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class PadToMultiple(keras.layers.Layer):
    """Enlarges [N, H, W, C] to the next multiples of `multiple`, at least `minimum`, by reflection at the lower and right border.

    Rows and columns are taken by computed indices, which every runtime runs with unknown sizes; a known size that fits already
    leaves no operation in the graph. Works down to one pixel.

    Args:
        multiple: what height and width become multiples of.
        minimum: the smallest height and width that the network works on; a multiple of `multiple`.
    """

    def __init__(self, multiple: int, minimum: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if minimum % multiple:
            raise ValueError(f"minimum {minimum} is not a multiple of {multiple}")
        self.multiple = multiple
        self.minimum = minimum

    def call(self, inputs: Any) -> Any:
        return self._extend(self._extend(inputs, 1), 2)

    def _extend(self, x: Any, axis: int) -> Any:
        size = ops.shape(x)[axis]
        target = (size + self.multiple - 1) // self.multiple * self.multiple
        if isinstance(size, int):
            target = max(target, self.minimum)
            if target == size:
                return x
        else:
            target = ops.maximum(target, self.minimum)
        period = ops.maximum(2 * (size - 1), 1)
        index = ops.arange(target) % period
        return ops.take(x, ops.minimum(index, period - index), axis=axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, *sizes, channels = input_shape
        m = self.multiple
        sizes = [None if size is None else max(-(-size // m) * m, self.minimum) for size in sizes]
        return (batch, *sizes, channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "multiple": self.multiple, "minimum": self.minimum}


@keras.saving.register_keras_serializable("zoo")
class CropLike(keras.layers.Layer):
    """Cuts `[features, reference]` back to the upper left height and width of the reference; undoes `PadToMultiple`."""

    def call(self, inputs: Any) -> Any:
        x, reference = inputs
        if x.shape[1:3] == reference.shape[1:3] and None not in x.shape[1:3]:
            return x
        _, height, width, _ = ops.shape(reference)
        return x[:, :height, :width]

    def compute_output_shape(self, input_shape: Any) -> Any:
        features, reference = input_shape
        return (*reference[:3], features[-1])
