"""SqueezeNet 1.0 (Iandola et al. 2016, https://arxiv.org/abs/1602.07360) from a local file of its ImageNet weights.

For painting with it differs from the classifier: reflection at the edges of the first convolution, and power means in place of
maxima where it pools, whose gradients leave a dither.
"""

import pathlib
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo.layers import PowerPooling2D, ReflectionPadding2D

FIRES = tuple(range(2, 10))
POOLED = (2, 5, 9)  # pooled before
GAIN = 1.2  # gives the maps behind a power mean the size that they have behind a maximum
MAPS = {"squeezenet": ("conv1", *(f"fire{number}" for number in FIRES))}
STYLE = {"squeezenet": ("fire2", "fire3", "fire5", "fire7")}
CONTENT = {"squeezenet": ("fire4",)}
MEAN_BGR = np.array([104, 117, 123], "float32")


def build(name: str, weights: str | None, names: tuple[str, ...]) -> keras.Model:
    """The network from `image` to the maps `names`, no deeper than the deepest of them."""
    image = keras.Input((None, None, 3), name="image")

    def convolve(x: Any, filters: int, kernel: int, layer: str, **kwargs: Any) -> Any:
        return layers.Conv2D(filters, kernel, activation="relu", name=layer, **kwargs)(x)

    x = ReflectionPadding2D(3)(255 * ops.flip(image, -1) - MEAN_BGR)
    maps = {"conv1": convolve(x, 96, 7, "conv1", strides=2)}
    x = maps["conv1"]
    deepest = max(MAPS[name].index(layer) for layer in names)
    for number in FIRES[:deepest]:
        if number in POOLED:
            x = PowerPooling2D(GAIN)(x)
        width = 16 * (number // 2)
        x = convolve(x, width, 1, f"fire{number}_squeeze1x1")
        one = convolve(x, 4 * width, 1, f"fire{number}_expand1x1")
        three = convolve(x, 4 * width, 3, f"fire{number}_expand3x3", padding="same")
        maps[f"fire{number}"] = x = layers.Concatenate()([one, three])
    network = keras.Model(image, {layer: maps[layer] for layer in names}, name=f"{name}_features")
    if weights != "random":
        _load(network, weights)
    return network


def _load(network: keras.Model, file: str | None) -> None:
    """Takes the weights from an .npz file: LAYER_kernel [h, w, in, out] for BGR pictures, and LAYER_bias."""
    if file is None:
        raise ValueError(
            "squeezenet's weights are not published by Keras: give an .npz file of them with --feature-weights FILE, "
            'or choose features="compact"'
        )
    if not pathlib.Path(file).is_file():
        raise FileNotFoundError(f"the weights file {file} does not exist")
    try:
        with np.load(file, allow_pickle=False) as arrays:
            for layer in network.layers:
                if layer.weights:
                    layer.set_weights([arrays[f"{layer.name}_kernel"], arrays[f"{layer.name}_bias"]])
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{file} holds no weights of SqueezeNet 1.0 (conv1_kernel, conv1_bias, ...): {reason}") from error
