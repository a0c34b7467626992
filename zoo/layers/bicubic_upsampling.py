"""Bicubic enlargement as one convolution with constant kernels and a depth-to-space."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class BicubicUpsampling2D(keras.layers.Layer):
    """Keys' bicubic interpolation: [N, H, W, C] -> [N, fH, fW, C], equal to Matlab's `imresize(x, f)`.

    Resize operations of that name differ between runtimes, or are missing; this one is the same everywhere, with unknown sizes
    too. Beyond the border the picture is mirrored. Height and width are at least 2.

    Args:
        factor: an integer above 1.
    """

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        x = ops.concatenate([inputs[:, 1:2], inputs[:, :1], inputs, inputs[:, -1:], inputs[:, -2:-1]], axis=1)
        x = ops.concatenate([x[:, :, 1:2], x[:, :, :1], x, x[:, :, -1:], x[:, :, -2:-1]], axis=2)
        kernel = ops.convert_to_tensor(bicubic_kernel(self.factor, inputs.shape[-1]), x.dtype)
        return ops.depth_to_space(ops.conv(x, kernel, padding="valid"), self.factor)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, height, width, channels = input_shape
        return (batch, height and height * self.factor, width and width * self.factor, channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


def bicubic_kernel(factor: int, channels: int) -> np.ndarray:
    """[5, 5, channels, factor^2 channels]: for every place of a new pixel in its old one, the weights of the 5x5 neighbours."""
    centers = (np.arange(factor) + 0.5) / factor - 0.5
    distances = np.abs(centers[:, None] - np.arange(-2, 3))
    near = 1.5 * distances**3 - 2.5 * distances**2 + 1
    far = -0.5 * distances**3 + 2.5 * distances**2 - 4 * distances + 2
    weights = np.where(distances <= 1, near, np.where(distances <= 2, far, 0.0))
    kernel = np.einsum("yi,xj,cd->ijcyxd", weights, weights, np.eye(channels))
    return kernel.reshape(5, 5, channels, factor * factor * channels).astype("float32")
