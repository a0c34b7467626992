"""Instance normalisation with a scale and an offset for every style (Dumoulin et al. 2017, https://arxiv.org/abs/1610.07629)."""

from typing import Any

import keras
from keras import ops

from zoo.layers.instance_normalization import normalize


@keras.saving.register_keras_serializable("zoo")
class ConditionalInstanceNormalization(keras.layers.Layer):
    """Instance normalisation whose scale and offset are blended from those of N styles.

    Called on `[features, style_weights]`: [N, H, W, C] and [N, styles]; weights that sum to 1 blend, a one-hot row picks a style.

    Args:
        styles: how many styles.
        epsilon: added to the variance.

    Called on a part of a picture, it takes the `moments` of the whole: mean and variance, [N, 1, 1, C].
    """

    takes_moments = True

    def __init__(self, styles: int, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.styles = styles
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        shape = (self.styles, input_shape[0][-1])
        self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta")

    def call(self, inputs: Any, moments: tuple[Any, Any] | None = None) -> Any:
        x, style_weights = inputs
        channels = (-1, 1, 1, x.shape[-1])
        gamma = ops.reshape(ops.matmul(style_weights, self.gamma), channels)
        beta = ops.reshape(ops.matmul(style_weights, self.beta), channels)
        return normalize(x, gamma, beta, self.epsilon, moments)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "styles": self.styles, "epsilon": self.epsilon}
