"""Perceptual feature networks: frozen, from a picture to named maps. `compact` and `deep` ship; others need weights.

Several see more than one: `"compact:0.5+squeezenet:2"` names two, with the weight that each has in a style loss (1 where none is
given). The maps of several are called NETWORK.MAP; the last one named holds the content.
"""

import os
import pathlib

import keras

from zoo._registry import choose
from zoo.features import _compact, _deep, _squeezenet, _vgg

__all__ = ["MAPS", "content_layers", "create", "style_layers", "style_weights"]

_ROOMS = (_compact, _deep, _squeezenet, _vgg)
_BUILD = {name: room.build for room in _ROOMS for name in room.MAPS}
MAPS = {name: maps for room in _ROOMS for name, maps in room.MAPS.items()}
_STYLE = {name: maps for room in _ROOMS for name, maps in room.STYLE.items()}
_CONTENT = {name: maps for room in _ROOMS for name, maps in room.CONTENT.items()}
_SHIPPED = ("compact", "deep")


def style_weights(name: str) -> dict[str, float]:
    """The maps that the style loss uses by default, each with its weight; ValueError names the nearest network."""
    networks = _networks(name)
    return {_qualified(networks, part, layer): weight for part, weight in networks.items() for layer in _STYLE[part]}


def style_layers(name: str) -> tuple[str, ...]:
    """The maps that the style loss uses by default; ValueError names the nearest network."""
    return tuple(style_weights(name))


def content_layers(name: str) -> tuple[str, ...]:
    """The maps that the content loss uses by default, of the last network named; ValueError names the nearest network."""
    networks = _networks(name)
    last = list(networks)[-1]
    return tuple(_qualified(networks, last, layer) for layer in _CONTENT[last])


def create(name: str, weights: str | None = None, layers: tuple[str, ...] | None = None) -> keras.Model:
    """A frozen network from `image`, float32 [N, H, W, 3] in [0, 1], any H and W, to a dict of maps [N, H', W', C].

    Maps have the dtype of the global policy's computations: losses should cast them to float32.

    Args:
        name: "compact" (pictures of at least 25x25; maps level0_layer1 to level3_layer2), "deep" (at least 32x32; what it has of
            SqueezeNet's fire2 to fire9), "vgg16" or "vgg19" (maps relu1_1 to relu5_3 or relu5_4, as the papers name them),
            "squeezenet" (conv1, fire2 to fire9), or several of them, such as "compact:0.5+deep:2".
        weights: of VGG: None for those of ImageNet, which Keras downloads once; "random"; or a local file, either
            `.weights.h5` of `keras.applications` without top or the file that Keras publishes. Of SqueezeNet: an .npz file.
            A saved model knows the file's name alone: it is looked for here and in the folder ZOO_FEATURE_WEIGHTS.
        layers: the maps to give; None gives the default style and content layers.

    Raises:
        ValueError: no such network or map, or the file holds other weights.
        FileNotFoundError: the weights file does not exist.
        OSError: the weights cannot be downloaded.

    Example:
        >>> maps = zoo.features.create("compact")(keras.ops.ones((1, 64, 64, 3)))
    """
    networks = _networks(name)
    if any(network not in _SHIPPED for network in networks):
        weights = _located(weights)
    sources = {_qualified(networks, part, layer): (part, layer) for part in networks for layer in MAPS[part]}
    wanted = layers or tuple(dict.fromkeys(style_layers(name) + content_layers(name)))
    for layer in wanted:
        choose(f"map of {name}", layer, sources)
    built = {}
    for part in networks:
        if names := tuple(sources[layer][1] for layer in wanted if sources[layer][0] == part):
            # In a combination the file is for what does not ship.
            built[part] = _BUILD[part](part, None if len(networks) > 1 and part in _SHIPPED else weights, names)
    if len(networks) == 1:
        (network,) = built.values()
    else:
        image = keras.Input((None, None, 3), name="image")
        maps = {part: network(image) for part, network in built.items()}
        named = {layer: maps[sources[layer][0]][sources[layer][1]] for layer in wanted}
        network = keras.Model(image, named, name="features")
    network.trainable = False
    return network


def _located(weights: str | None) -> str | None:
    """The file of that name, in the folder ZOO_FEATURE_WEIGHTS if it is not where it says."""
    if weights in (None, "random") or pathlib.Path(str(weights)).is_file():
        return weights
    file = pathlib.Path(os.environ.get("ZOO_FEATURE_WEIGHTS", "")) / pathlib.Path(str(weights)).name
    if "ZOO_FEATURE_WEIGHTS" in os.environ and file.is_file():
        return str(file)
    raise FileNotFoundError(
        f"the weights file {weights} does not exist; set model.feature_weights to where it is, "
        "or the environment variable ZOO_FEATURE_WEIGHTS to its folder"
    )


def _networks(name: str) -> dict[str, float]:
    """The networks of "compact:0.5+squeezenet", in its order, with their weights."""
    networks: dict[str, float] = {}
    for part in name.split("+"):
        network, _, number = part.strip().partition(":")
        choose("feature network", network, _BUILD)
        if network in networks:
            raise ValueError(f"{network} is named twice in the features {name!r}")
        try:
            networks[network] = float(number) if number else 1.0
        except ValueError:
            raise ValueError(f"the weight of {network} is a number, as in 'compact:0.5+squeezenet:2', not {number!r}") from None
        if not 0 < networks[network] < float("inf"):
            raise ValueError(f"the weight of {network} must be above 0, not {number}")
    return networks


def _qualified(networks: dict[str, float], network: str, layer: str) -> str:
    return layer if len(networks) == 1 else f"{network}.{layer}"
