"""What super-resolution adds to the bicubic enlargement, at the small size."""

from typing import Any

import keras
from keras import layers, ops

from zoo.layers import BicubicUpsampling2D, ReparameterizedConv2D


def enlarging_network(network: str, factor: int, frames: int, width: int, residual_blocks: int) -> keras.Model:
    """`image` [N, H, W, 3 frames] to an unclipped picture [N, factor H, factor W, 3], at first the bicubic one."""
    image = layers.Input((None, None, 3 * frames), name="image")
    middle = 3 * (frames // 2)
    bicubic = BicubicUpsampling2D(factor, dtype="float32")(image[..., middle : middle + 3])

    def convolve(x: Any, filters: int, kernel: int = 3, **kwargs: Any) -> Any:
        return layers.Conv2D(filters, kernel, padding="same", **kwargs)(x)

    if network == "espcn":
        x = convolve(image, width, 5, activation="tanh")
        x = convolve(x, width // 2, activation="tanh")
    elif network == "span":
        x = span_features(image, width, residual_blocks)
    else:
        x = first = convolve(image, width)
        for _ in range(residual_blocks):
            x = layers.Add()([x, convolve(convolve(x, width, activation="relu"), width)])
        x = layers.Add()([convolve(x, width), first])
    detail = convolve(x, 3 * factor**2, kernel_initializer="zeros", dtype="float32")
    x = layers.Add(dtype="float32")([bicubic, ops.depth_to_space(detail, factor)])
    return keras.Model(image, x, name=network)


def span_features(image: Any, width: int, blocks: int) -> Any:
    """Features of the picture, [N, H, W, width]: blocks of three convolutions whose result weighs itself, without parameters."""

    def convolve(x: Any) -> Any:
        return ReparameterizedConv2D(width)(x)

    def attend(x: Any) -> tuple[Any, Any]:
        early = convolve(x)
        detail = convolve(ops.silu(convolve(ops.silu(early))))
        return (x + detail) * (ops.sigmoid(detail) - 0.5), early

    first = convolve(image)
    x, early = after_one, _ = attend(first)
    for _ in range(blocks - 1):
        x, early = attend(x)
    return layers.Conv2D(width, 1)(layers.Concatenate()([first, convolve(x), after_one, early]))
