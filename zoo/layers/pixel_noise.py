"""Noise for the details that a latent does not decide (Karras et al. 2019, https://arxiv.org/abs/1812.04948)."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("zoo")
class PixelNoise(keras.layers.Layer):
    """Adds given noise at a learned strength, at first 0: `[x, noise]`, [N, H, W, C] and [N, H, W, 1], to [N, H, W, C]."""

    def build(self, input_shape: Any) -> None:
        self.strength = self.add_weight(shape=(), initializer="zeros", name="strength")

    def call(self, inputs: Any) -> Any:
        x, noise = inputs
        return x + noise * self.strength

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]
