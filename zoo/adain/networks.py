"""What paints: the network that ships, whose normalisation the style sets, and the published decoder of VGG19's maps."""

from typing import Any

import keras
from keras import layers, ops

from zoo import features
from zoo._light_network import light_layers, published_range
from zoo.layers import (
    ChannelMoments,
    ConditionalInstanceNormalization,
    CropLike,
    NearestUpsampling2D,
    PadToMultiple,
    ReflectionPadding2D,
    ThinConv2D,
)

HIDDEN = 128  # units between the statistics of a style and its codes
DECODER = ((256, 2), (256, 1), (256, 1), (256, 1), (128, 2), (128, 1), (64, 2), (64, 1))  # channels, and how much larger after


def describer() -> keras.Model:
    """From a picture to what is known of its style: the channels' means and deviations of the deep features and of the colours.

    [N, H, W, 3] in [0, 1], at least 32x32, to float32 [N, 1, 1, 1798], logarithms. Its weights are frozen, and saved with the
    model: they are those that the painter was trained with.
    """
    image = layers.Input((None, None, 3), name="image")
    maps = features.create("deep", layers=features.style_layers("deep"))(image)
    numbers = ops.concatenate([ChannelMoments()(x) for x in (*maps.values(), image)], axis=-1)
    model = keras.Model(image, ops.log(numbers + 1), name="describer")
    model.trainable = False
    return model


def painter(statistics: int, width: int, residual_blocks: int, codes: int) -> keras.Model:
    """The light network of fast_style, with scales and offsets for a style that it is told the statistics of.

    Its inputs: `image`, the photograph; `colors`, the photograph in the style's colours; `statistics` [N, 1, 1, statistics].
    """
    image = layers.Input((None, None, 3), name="image")
    colors = layers.Input((None, None, 3), name="colors")
    numbers = layers.Input((1, 1, statistics), name="statistics")
    x = layers.LayerNormalization(dtype="float32")(layers.Flatten()(numbers))
    x = layers.Dense(HIDDEN, activation="relu", dtype="float32", name="statistics_hidden")(x)
    x = layers.Dense(codes, dtype="float32", name="statistics_code")(x)
    code = x - ops.mean(x, axis=1, keepdims=True) + 1 / codes  # how much of each learned scale and offset; they sum to 1

    def convolve(x: Any, filters: int, kernel: int, strides: int = 1) -> Any:
        x = layers.Conv2D(filters, kernel, strides)(ReflectionPadding2D(kernel // 2)(x))
        return ConditionalInstanceNormalization(codes)([x, code])

    pad = PadToMultiple(4, minimum=16)
    x = light_layers(convolve, pad(image), pad(colors), width, residual_blocks)
    picture = CropLike(dtype="float32")([published_range(x), image])
    return keras.Model({"image": image, "colors": colors, "statistics": numbers}, picture, name="painter")


def published_decoder(width: float) -> keras.Model:
    """VGG19's relu4_1 mirrored: its maps, at an eighth of the sides, to an unclipped picture."""
    x = maps = layers.Input((None, None, 512), name="relu4_1")
    for channels, larger in DECODER:
        x = layers.Conv2D(max(round(width * channels), 1), 3, activation="relu")(ReflectionPadding2D(1)(x))
        x = NearestUpsampling2D()(x) if larger > 1 else x
    x = ThinConv2D(3, 3, dtype="float32")(ReflectionPadding2D(1)(x))
    return keras.Model({"relu4_1": maps}, x, name="decoder")
