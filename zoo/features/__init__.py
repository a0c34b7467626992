"""Perceptual feature networks: frozen, from a picture to named maps. `compact` ships with the package; VGG needs its weights."""

import keras

from zoo._registry import choose
from zoo.features import _compact, _vgg

__all__ = ["content_layers", "create", "style_layers"]

_BUILD = {"compact": _compact.build, "vgg16": _vgg.build, "vgg19": _vgg.build}
_MAPS = {**_compact.MAPS, **_vgg.MAPS}
_STYLE = {**_compact.STYLE, **_vgg.STYLE}
_CONTENT = {**_compact.CONTENT, **_vgg.CONTENT}


def style_layers(name: str) -> tuple[str, ...]:
    """The maps that the style loss uses by default; ValueError names the nearest network."""
    return _STYLE[choose("feature network", name, _STYLE)]


def content_layers(name: str) -> tuple[str, ...]:
    """The maps that the content loss uses by default; ValueError names the nearest network."""
    return _CONTENT[choose("feature network", name, _CONTENT)]


def create(name: str, weights: str | None = None, layers: tuple[str, ...] | None = None) -> keras.Model:
    """A frozen network from `image`, float32 [N, H, W, 3] in [0, 1], any H and W, to a dict of maps [N, H', W', C].

    Maps have the dtype of the global policy's computations: losses should cast them to float32.

    Args:
        name: "compact" (pictures of at least 25x25; maps level0_layer1 to level3_layer2), "vgg16" or "vgg19"
            (maps relu1_1 to relu5_3 or relu5_4, as the papers name them).
        weights: of VGG only: None for those of ImageNet, which Keras downloads once; "random"; or a local file, either
            `.weights.h5` of `keras.applications` without top or the file that Keras publishes.
        layers: the maps to give; None gives the default style and content layers.

    Raises:
        ValueError: no such network or map, or the file holds other weights.
        FileNotFoundError: the weights file does not exist.
        OSError: the weights cannot be downloaded.

    Example:
        >>> maps = zoo.features.create("compact")(keras.ops.ones((1, 64, 64, 3)))
    """
    default = dict.fromkeys(style_layers(name) + content_layers(name))
    names = layers or tuple(default)
    for layer in names:
        choose(f"map of {name}", layer, _MAPS[name])
    network = _BUILD[name](name, weights, names)
    network.trainable = False
    return network
