"""A convolution that is trained as several and deployed as one (Ding et al. 2021, RepVGG, https://arxiv.org/abs/2101.03697)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class ReparameterizedConv2D(keras.layers.Layer):
    """3x3, the sum of three branches: 3x3; 1x1; and 1x1 to wider features, then 3x3. [N, H, W, C] -> [N, H, W, filters].

    The branches (those of Zhang et al. 2021, ECBSR, that pay) are linear, so one kernel does what they do together. It is made of
    their weights at every step (Hu et al. 2022, https://arxiv.org/abs/2204.00826): a step costs hardly more than with a plain
    convolution. `fold` puts that in its place. Zeros lie beyond the border.

    Args:
        filters: output channels.
        expansion: how much wider than the input the third branch is.
    """

    def __init__(self, filters: int, expansion: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.expansion = expansion

    def build(self, input_shape: Any) -> None:
        channels = input_shape[-1]
        wide = self.expansion * channels

        def weight(name: str, shape: tuple[int, ...], share: float) -> Any:
            # The branches together begin with the variance that one kernel would have.
            scaled = keras.initializers.VarianceScaling(share, "fan_avg", "uniform")
            return self.add_weight(shape=shape, initializer=scaled, name=name, autocast=False)

        self.square = weight("square", (3, 3, channels, self.filters), 0.5)
        self.point = weight("point", (1, 1, channels, self.filters), 0.25)
        self.widen = weight("widen", (channels, wide), 1.0)
        self.narrow = weight("narrow", (3, 3, wide, self.filters), 0.25)
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def kernel(self) -> Any:
        """The one kernel: float32 [3, 3, C, filters]."""
        sequence = ops.einsum("cw,yxwf->yxcf", self.widen, self.narrow)
        return self.square + sequence + ops.pad(self.point, ((1, 1), (1, 1), (0, 0), (0, 0)))

    def call(self, inputs: Any) -> Any:
        return ops.conv(inputs, ops.cast(self.kernel(), inputs.dtype), padding="same") + self.bias

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:3], self.filters)

    def folded(self) -> keras.layers.Conv2D:
        """The plain convolution with the weights of now, which are its own and are not trained."""
        plain = keras.layers.Conv2D(self.filters, 3, padding="same", name=self.name, trainable=False, dtype=self.dtype_policy)
        plain.build((None, None, None, self.square.shape[2]))
        plain.set_weights([ops.convert_to_numpy(self.kernel()), ops.convert_to_numpy(self.bias)])
        return plain

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "expansion": self.expansion}


def fold(network: keras.Model) -> keras.Model:
    """The functional `network` with a plain convolution for each reparameterised one; all other layers are shared."""

    def plain(layer: Any) -> Any:
        return layer.folded() if isinstance(layer, ReparameterizedConv2D) else layer

    return keras.models.clone_model(network, clone_function=plain)
