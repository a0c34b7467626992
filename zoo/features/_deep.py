"""The deep feature network: learned from the maps that a network trained on ImageNet has of a picture; its weights ship.

It paints more evenly than its teacher, a classifier: every step down is a smooth one (`SmoothConv2D`, then means), edges are
reflected, activations are smooth, and what it learned to see in a picture with noise, or of a JPEG file, is what its teacher sees
in the picture without. `zoo.training.distilled_features` trains it.
"""

import importlib.resources
from typing import Any

import keras
import numpy as np
from keras import layers

from zoo.layers import ReflectionPadding2D, SmoothConv2D

SHIPPED = importlib.resources.files("zoo").joinpath("weights/deep_features.npz")
SMALLEST = 32  # the coarsest maps are then 2 pixels, the least that reflects for a 3x3 kernel
# Each map: how wide the features are that it is read from, and its channels. An "_" stands for features that no map is read from.
STAGES = (
    (("fire2", 80, 128), ("fire3", 80, 128), ("fire4", 80, 256)),
    (("fire5", 144, 256), ("_", 144, 0), ("fire7", 144, 384)),
    (("_", 192, 0), ("fire9", 192, 512)),
)
MAPS = {"deep": tuple(name for stage in STAGES for name, _, _ in stage if name != "_")}
STYLE = {"deep": ("fire2", "fire3", "fire5", "fire7")}
CONTENT = {"deep": ("fire4",)}


class Centre(layers.Layer):
    """Takes the mean of photographs away."""

    def call(self, image: Any) -> Any:
        if any(isinstance(side, int) and side < SMALLEST for side in image.shape[1:3]):
            height, width = image.shape[1:3]
            raise ValueError(f"deep features need pictures of at least {SMALLEST}x{SMALLEST}, not {height}x{width}")
        return image - 0.45


def build(name: str, weights: str | None, names: tuple[str, ...], file: Any = SHIPPED) -> keras.Model:
    """The network with the weights of `file`, those that ship, from `image` to the maps `names`."""
    if weights is not None:
        raise ValueError(f"{name} features ship with their weights; a weights file is for vgg16, vgg19 and squeezenet")
    features = network(names)
    with file.open("rb") as stream:
        shipped = np.load(stream)
        for layer in features.layers:
            if layer.weights:
                layer.set_weights([shipped[f"{layer.name}_{weight.name}"].astype("float32") for weight in layer.weights])
    return features


def network(names: tuple[str, ...] = MAPS["deep"]) -> keras.Model:
    """The network untrained, from `image` to the maps `names`, at a quarter, an eighth and a sixteenth of its sides."""
    image = keras.Input((None, None, 3), name="image")
    x = ReflectionPadding2D(3)(Centre(dtype="float32", name="centre")(image))
    x = layers.Activation("silu")(SmoothConv2D(64, 5, name="stem")(x))
    maps: dict[str, Any] = {}
    for number, stage in enumerate(STAGES):
        x = layers.AveragePooling2D(2)(x)
        for place, (name, width, channels) in enumerate(stage):
            if len(maps) == len(set(names)):
                break
            convolved = layers.Conv2D(width, 3, activation="silu", name=f"stage{number}_{place}")(ReflectionPadding2D(1)(x))
            x = layers.Add()([x, convolved]) if x.shape[-1] == width else convolved
            if name in names:
                maps[name] = layers.Conv2D(channels, 1, activation="relu", name=name)(x)
    return keras.Model(image, {name: maps[name] for name in names}, name="deep_features")
