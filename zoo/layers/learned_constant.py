"""What a generator begins with when the latent enters elsewhere (Karras et al. 2019, https://arxiv.org/abs/1812.04948)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class LearnedConstant(keras.layers.Layer):
    """The same learned maps for every example: any [N, ...] to [N, *shape].

    Args:
        shape: height, width and channels of the maps.
    """

    def __init__(self, shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, input_shape: Any) -> None:
        self.value = self.add_weight(shape=self.shape, initializer=keras.initializers.RandomNormal(stddev=1.0), name="value")

    def call(self, inputs: Any) -> Any:
        return ops.repeat(self.value[None], ops.shape(inputs)[0], axis=0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "shape": self.shape}
