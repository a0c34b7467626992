"""The compact feature network: two layers of learned filters on a Gaussian pyramid; its weights ship with the package."""

import importlib.resources
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo.layers import ReflectionPadding2D

LEVELS = 4
SMALLEST = 25  # the coarsest level is then 4 pixels, the least that reflects for a 7x7 kernel

MAPS = {"compact": tuple(f"level{level}_layer{layer}" for level in range(LEVELS) for layer in (1, 2))}
STYLE = MAPS
CONTENT = {"compact": ("level1_layer1", "level2_layer1")}


class Pyramid(layers.Layer):
    """Gaussian pyramid (Burt and Adelson 1983): [N, H, W, 3] to a list of `LEVELS` pictures, each half of the one before."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pad = ReflectionPadding2D(2, dtype=self.dtype_policy)

    def build(self, input_shape: Any) -> None:
        # Without it Keras runs `call` on symbolic sizes, whose comparisons take JAX minutes.
        self.pad.build(None)

    def call(self, image: Any) -> list[Any]:
        if any(isinstance(side, int) and side < SMALLEST for side in image.shape[1:3]):
            height, width = image.shape[1:3]
            raise ValueError(f"compact features need pictures of at least {SMALLEST}x{SMALLEST}, not {height}x{width}")
        binomial = np.array([1, 4, 6, 4, 1], "float32") / 16
        kernel = np.einsum("i,j,cd->ijcd", binomial, binomial, np.eye(3, dtype="float32"))
        levels = [image]
        while len(levels) < LEVELS:
            levels.append(ops.conv(self.pad(levels[-1]), kernel, strides=2, padding="valid"))
        return levels

    def compute_output_shape(self, shape: Any) -> Any:
        levels = [tuple(shape)]
        while len(levels) < LEVELS:
            batch, *sides, channels = levels[-1]
            levels.append((batch, *(side and (side + 1) // 2 for side in sides), channels))
        return levels


def build(name: str, weights: str | None, names: tuple[str, ...]) -> keras.Model:
    """The network with its shipped weights, from `image` to the maps `names`."""
    if weights is not None:
        raise ValueError(f"{name} features ship with their weights; a weights file is for vgg16 and vgg19")
    first = layers.Conv2D(64, 7, activation="relu", name="layer1")
    pool = layers.AveragePooling2D(2)
    second = layers.Conv2D(128, 3, activation="relu", name="layer2")
    image = keras.Input((None, None, 3), name="image")
    wide, narrow = ReflectionPadding2D(3), ReflectionPadding2D(1)
    maps = {}
    for level, picture in enumerate(Pyramid(dtype="float32", name="pyramid")(image)):
        maps[f"level{level}_layer1"] = first(wide(picture))
        maps[f"level{level}_layer2"] = second(narrow(pool(maps[f"level{level}_layer1"])))
    with importlib.resources.files("zoo").joinpath("weights/compact_features.npz").open("rb") as file:
        shipped = np.load(file)
        for layer in (first, second):
            layer.set_weights([shipped[f"{layer.name}_kernel"], shipped[f"{layer.name}_bias"]])
    return keras.Model(image, {layer: maps[layer] for layer in names}, name=f"{name}_features")
