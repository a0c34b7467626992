"""The networks of StyleGAN2: mapping, synthesis and discriminator."""

import math
from typing import Any

import keras
from keras import layers, ops

from zoo.layers import (
    BinomialUpsampling2D,
    EqualizedConv2D,
    EqualizedDense,
    LearnedConstant,
    MinibatchDeviation,
    ModulatedConv2D,
    PixelNoise,
)


def activate(x: Any) -> Any:
    """A leaky rectifier that keeps the variance."""
    return layers.Rescaling(math.sqrt(2))(layers.LeakyReLU(0.2)(x))


def mapping_network(latent: int, count: int, rate: float) -> keras.Model:
    """A latent [N, latent], brought to unit length per number, to the space of styles [N, latent]."""
    inputs = layers.Input((latent,), name="latent")
    x = inputs * ops.rsqrt(ops.mean(ops.square(inputs), axis=1, keepdims=True) + 1e-8)
    for _ in range(count):
        x = activate(EqualizedDense(latent, rate)(x))
    return keras.Model(inputs, x, name="mapping")


def synthesis_network(widths: dict[int, int], channels: int, latent: int) -> keras.Model:
    """`latents` [N, L, latent], one a layer, and `noise` [N, pixels of all layers] to an unclipped picture about [0, 1]."""
    sides = [side for side in widths for _ in range(1 if side == 4 else 2)]
    noise = layers.Input((sum(side * side for side in sides),), name="noise")
    latents = layers.Input((len(sides) + 1, latent), name="latents")
    used = 0

    def styled(x: Any, place: int, up: bool = False) -> Any:
        nonlocal used
        side = sides[place]
        own = layers.Reshape((side, side, 1))(noise[:, used : used + side * side])
        used += side * side
        x = ModulatedConv2D(widths[side], 3, up=up)([x, latents[:, place]])
        return activate(PixelNoise()([x, own]))

    def to_picture(x: Any, place: int) -> Any:
        return ModulatedConv2D(channels, 1, demodulate=False)([x, latents[:, place]])

    x = styled(LearnedConstant((4, 4, widths[4]))(latents), 0)
    picture = to_picture(x, 1)
    for place in range(1, len(sides), 2):
        x = styled(styled(x, place, up=True), place + 1)
        picture = layers.Add()([BinomialUpsampling2D()(picture), to_picture(x, place + 2)])
    picture = layers.Rescaling(0.5, 0.5, dtype="float32")(picture)
    return keras.Model({"latents": latents, "noise": noise}, picture, name="synthesis")


def discriminator_network(widths: dict[int, int], channels: int, residual: bool, group: int) -> keras.Model:
    """A picture to a score."""
    size = max(widths)
    image = layers.Input((size, size, channels), name="image")
    x = activate(EqualizedConv2D(widths[size], 1)(layers.Rescaling(2.0, -1.0)(image)))
    for side in sorted(widths, reverse=True)[:-1]:
        y = activate(EqualizedConv2D(widths[side], 3)(x))
        y = activate(EqualizedConv2D(widths[side // 2], 3, down=True)(y))
        if residual:
            skip = EqualizedConv2D(widths[side // 2], 1, down=True, use_bias=False)(x)
            y = layers.Rescaling(math.sqrt(0.5))(layers.Add()([y, skip]))
        x = y
    x = activate(EqualizedConv2D(widths[4], 3)(MinibatchDeviation(group)(x)))
    x = activate(EqualizedDense(widths[4])(layers.Flatten()(x)))
    return keras.Model(image, EqualizedDense(1, dtype="float32")(x), name="discriminator")
