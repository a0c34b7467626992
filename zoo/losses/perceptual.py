"""Style and content as distances of the maps of a frozen feature network."""

from typing import Any

import keras

from zoo.losses.content import relative_content_loss
from zoo.losses.gram import gram_matrix, relative_gram_loss


class PerceptualLoss:
    """Relative Gram and relative content losses, summed over the chosen maps of a feature network.

    Args:
        features: from pictures [N, H, W, 3] in [0, 1] to a dict of maps; see `zoo.features.create`.
        style_layers: the maps whose Gram matrices make the style.
        content_layers: the maps that make the content.
    """

    def __init__(self, features: keras.Model, style_layers: tuple[str, ...], content_layers: tuple[str, ...]) -> None:
        self.features = features
        self.style_layers = style_layers
        self.content_layers = content_layers

    def gram_matrices(self, maps: dict[str, Any]) -> dict[str, Any]:
        """The targets of `style`: float32 [N, C, C] for each style layer."""
        return {name: gram_matrix(maps[name]) for name in self.style_layers}

    def style(self, maps: dict[str, Any], targets: dict[str, Any]) -> Any:
        """Distance of the maps' Gram matrices from `targets`, [N, C, C] or [1, C, C] each: float32 [N]."""
        return sum(relative_gram_loss(gram, targets[name]) for name, gram in self.gram_matrices(maps).items())

    def content(self, maps: dict[str, Any], targets: dict[str, Any]) -> Any:
        """Distance of the maps from those of the content pictures: float32 [N]."""
        return sum(relative_content_loss(maps[name], targets[name]) for name in self.content_layers)
