"""Minibatch standard deviation (Karras et al. 2018, https://arxiv.org/abs/1710.10196, section 3)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class MinibatchDeviation(keras.layers.Layer):
    """Appends a channel that tells how much the pictures of a group differ: [N, H, W, C] -> [N, H, W, C + 1].

    A group is `group` examples in a row, so that the groups of a batch are the same however many replicas share it, as long as
    each holds whole groups. The reference implementation strides through the batch instead; in a random order that is equal.

    Args:
        group: examples in a group.

    Raises:
        ValueError: the batch of one replica does not divide into groups.
    """

    def __init__(self, group: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.group = group

    def call(self, inputs: Any) -> Any:
        batch, height, width, channels = ops.shape(inputs)
        if isinstance(batch, int) and batch % self.group:
            raise ValueError(
                f"{batch} pictures a replica do not divide into groups of {self.group}; change group or the batch size"
            )
        x = ops.reshape(ops.cast(inputs, "float32"), (-1, self.group, height, width, channels))
        variance = ops.mean(ops.square(x - ops.mean(x, axis=1, keepdims=True)), axis=1)
        deviation = ops.mean(ops.sqrt(variance + 1e-8), axis=(1, 2, 3))
        deviation = ops.reshape(ops.repeat(deviation, self.group), (-1, 1, 1, 1))
        extra = ops.zeros_like(inputs[..., :1]) + ops.cast(deviation, inputs.dtype)
        return ops.concatenate([inputs, extra], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "group": self.group}
