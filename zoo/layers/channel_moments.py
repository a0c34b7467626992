"""Means and deviations of channels, as a layer that can be told those of a larger picture."""

from typing import Any

import keras
from keras import ops

from zoo.layers.adaptive_instance_normalization import mean_and_deviation


@keras.saving.register_keras_serializable("zoo")
class ChannelMoments(keras.layers.Layer):
    """Mean and standard deviation of every channel over the pixels: [N, H, W, C] to float32 [N, 1, 1, 2C].

    Args:
        epsilon: added to the variances.

    Called on a part of a picture, it takes the `moments` of the whole: mean and variance, [N, 1, 1, C].
    """

    takes_moments = True

    def __init__(self, epsilon: float = 1e-3, dtype: Any = "float32", **kwargs: Any) -> None:
        super().__init__(dtype=dtype, **kwargs)
        self.epsilon = epsilon

    def call(self, inputs: Any, moments: tuple[Any, Any] | None = None) -> Any:
        of_whole = None if moments is None else (moments[0], ops.sqrt(moments[1] + self.epsilon))
        return ops.concatenate(of_whole or mean_and_deviation(inputs, self.epsilon), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], 1, 1, 2 * input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}
