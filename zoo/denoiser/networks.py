"""The denoiser's networks, each from the noisy picture to the clean one, unclipped."""

import itertools
from typing import Any

import keras
from keras import layers, ops

from zoo.layers import CropLike, PadToMultiple
from zoo.layers.batch_normalization import batch_normalization


def dncnn(channels: int, width: int, depth: int) -> keras.Model:
    """The noisy picture to the clean one, unclipped: `depth` convolutions predict the noise, which is taken away."""
    image = layers.Input((None, None, channels), name="image")
    x = layers.ReLU()(layers.Conv2D(width, 3, padding="same")(image))
    for _ in range(depth - 2):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(batch_normalization()(x))
    noise = layers.Conv2D(channels, 3, padding="same", kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model(image, layers.Subtract(dtype="float32")([image, noise]), name="dncnn")


def unet(channels: int, width: int, depth: int, levels: int) -> keras.Model:
    """The noisy picture to the clean one, unclipped: a bias-free U-Net whose skips add, from half the size downwards."""
    image = layers.Input((None, None, channels), name="image")

    def convolve(x: Any, filters: int, kernel: int = 3, **kwargs: Any) -> Any:
        return layers.Conv2D(filters, kernel, padding="same", use_bias=False, **kwargs)(x)

    def blocks(x: Any, filters: int) -> Any:
        for _ in range(depth):
            x = layers.Add()([x, convolve(layers.ReLU()(convolve(x, filters)), filters)])
        return x

    widths = [width * 2**level for level in range(levels)]
    padded = PadToMultiple(2**levels)(image)
    x = convolve(ops.space_to_depth(padded, 2), width)
    skips = []
    for filters, coarser in itertools.pairwise(widths):
        skips.append(blocks(x, filters))
        x = convolve(skips[-1], coarser, 2, strides=2)
    x = blocks(x, widths[-1])
    for filters, skip in zip(reversed(widths[:-1]), reversed(skips), strict=True):
        x = ops.depth_to_space(convolve(x, 4 * filters, 1), 2)
        x = blocks(layers.Add()([x, skip]), filters)
    noise = ops.depth_to_space(convolve(x, 4 * channels, kernel_initializer="zeros", dtype="float32"), 2)
    x = CropLike(dtype="float32")([layers.Subtract(dtype="float32")([padded, noise]), image])
    return keras.Model(image, x, name="unet")
