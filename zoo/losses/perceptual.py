"""Style and content as distances of the maps of a frozen feature network."""

import functools
from collections.abc import Mapping
from typing import Any

import keras

from zoo.losses.content import relative_content_loss
from zoo.losses.gram import gram_matrix, relative_gram_loss


class PerceptualLoss:
    """Relative Gram and relative content losses, summed over the chosen maps of a feature network.

    Args:
        features: from pictures [N, H, W, 3] in [0, 1] to a dict of maps; see `zoo.features.create`.
        style_weights: the maps whose Gram matrices make the style, each with its weight.
        content_layers: the maps that make the content.
    """

    def __init__(self, features: keras.Model, style_weights: Mapping[str, float], content_layers: tuple[str, ...]) -> None:
        self.features = features
        self.style_weights = dict(style_weights)
        self.content_layers = content_layers

    @functools.cached_property
    def content_features(self) -> keras.Model:
        """From a picture to the maps of its content alone: what a target costs, no more."""
        return keras.Model(self.features.input, {name: self.features.output[name] for name in self.content_layers})

    def gram_matrices(self, maps: dict[str, Any]) -> dict[str, Any]:
        """The targets of `style`: float32 [N, C, C] for each style layer."""
        return {name: gram_matrix(maps[name]) for name in self.style_weights}

    def style(self, maps: dict[str, Any], targets: dict[str, Any]) -> Any:
        """Distance of the maps' Gram matrices from `targets`, [N, C, C] or [1, C, C] each: float32 [N]."""
        grams = self.gram_matrices(maps)
        return sum(weight * relative_gram_loss(grams[name], targets[name]) for name, weight in self.style_weights.items())

    def content(self, maps: dict[str, Any], targets: dict[str, Any]) -> Any:
        """Distance of the maps from those of the content pictures: float32 [N]."""
        return sum(relative_content_loss(maps[name], targets[name]) for name in self.content_layers)
