"""How much an element counts in a composition."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("zoo")
class MixingWeights(keras.layers.Layer):
    """Scales the colours of an element, each by its gain, and where it counts by its opacity; at first both come as they are.

    Called on `[color, weight]`: [N, H, W, 3] and [N or 1, H, W, 1]. The opacity is kept in [0, 1].
    """

    def build(self, input_shape: Any) -> None:
        self.gain = self.add_weight(shape=(input_shape[0][-1],), initializer="ones", name="gain")
        self.opacity = self.add_weight(shape=(), initializer="ones", constraint=_unit_interval, name="opacity")

    def call(self, inputs: Any) -> tuple[Any, Any]:
        color, weight = inputs
        return color * self.gain, weight * self.opacity

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape)


def _unit_interval(opacity: Any) -> Any:
    return keras.ops.clip(opacity, 0.0, 1.0)
