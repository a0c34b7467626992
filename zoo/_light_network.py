"""The small transform network that several families paint with, between what they normalise by."""

from typing import Any

import keras
from keras import layers

from zoo.layers import NearestUpsampling2D, ReflectionPadding2D, ThinConv2D


def light_layers(convolve: Any, photograph: Any, colors: Any, width: int, residual_blocks: int) -> Any:
    """From a photograph to the three channels before the last activation; `colors` joins at full resolution."""
    x = layers.ReLU()(convolve(photograph, width, 5, strides=2))
    x = layers.ReLU()(convolve(x, 2 * width, 3, strides=2))
    for _ in range(residual_blocks):
        x = residual(convolve, x)
    x = layers.ReLU()(convolve(NearestUpsampling2D()(x), width, 3))
    x = layers.ReLU()(convolve(x, 8, 3))
    # Nearest neighbours and a convolution: depth to space left a pattern of single pixels, which the style's grain rewards.
    x = layers.Concatenate()([NearestUpsampling2D()(x), colors])
    return ThinConv2D(3, 3, kernel_initializer=small())(ReflectionPadding2D(1)(x))


def residual(convolve: Any, x: Any) -> Any:
    y = layers.ReLU()(convolve(x, x.shape[-1], 3))
    return layers.Add()([x, convolve(y, x.shape[-1], 3)])


def small() -> keras.initializers.Initializer:
    """Training starts from a gray picture.

    A saturated one has a style loss a hundred times higher, which Adam's second moment would remember for thousands of steps, and
    its bright spots never leave the flat ends of tanh.
    """
    return keras.initializers.VarianceScaling(0.01)


def published_range(x: Any) -> Any:
    """Of 255, 150 tanh + 127.5: colours in float32."""
    x = layers.Activation("tanh", dtype="float32")(x)
    return layers.Rescaling(150 / 255, 0.5, dtype="float32")(x)
