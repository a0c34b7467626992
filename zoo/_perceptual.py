"""Models whose objective may need a feature network: made ready when they are compiled for training, not when they are loaded."""

from typing import Any

import keras

from zoo import features as feature_networks
from zoo._base import ImageModel
from zoo.losses.perceptual import PerceptualLoss


def perceptual_loss(features: str, feature_weights: str | None) -> PerceptualLoss:
    """Style and content in the features of that name; see `zoo.features.create` for what it raises."""
    network = feature_networks.create(features, weights=feature_weights)
    return PerceptualLoss(network, feature_networks.style_weights(features), feature_networks.content_layers(features))


class PerceptualModel(ImageModel):
    """An `ImageModel` with the arguments `features` and `feature_weights`; it says by `needs_features` whether it needs them."""

    @property
    def needs_features(self) -> bool:
        raise NotImplementedError

    def compile(self, optimizer: Any = None, **kwargs: Any) -> None:
        """As `ImageModel.compile`; gets the feature network, too, which VGG may have to download."""
        super().compile(optimizer, **kwargs)
        if self.needs_features:
            self._perceptual = perceptual_loss(self.features, self.feature_weights)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Restores the optimizer alone: a loaded model must work where the feature network cannot be had."""
        ImageModel.compile(self, **keras.saving.deserialize_keras_object(config))

    @property
    def perceptual(self) -> PerceptualLoss:
        """The feature network's losses; ValueError where the model was loaded and not compiled since."""
        if not hasattr(self, "_perceptual"):
            raise ValueError(f"{self.name} was loaded without its feature network: call model.compile() before fit")
        return self._perceptual
