"""Models whose objective may need a feature network: made ready when they are compiled for training, not when they are loaded."""

from typing import Any

import keras

from zoo import features as feature_networks
from zoo._base import ImageModel
from zoo.losses.perceptual import PerceptualLoss


class PerceptualModel(ImageModel):
    """An `ImageModel` with the arguments `features` and `feature_weights`; it says by `needs_features` whether it needs them."""

    @property
    def needs_features(self) -> bool:
        raise NotImplementedError

    def compile(self, optimizer: Any = None, **kwargs: Any) -> None:
        """As `ImageModel.compile`; gets the feature network, too, which VGG may have to download."""
        super().compile(optimizer, **kwargs)
        if self.needs_features:
            network = feature_networks.create(self.features, weights=self.feature_weights)
            self._perceptual = PerceptualLoss(
                network, feature_networks.style_layers(self.features), feature_networks.content_layers(self.features)
            )

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Restores the optimizer alone: a loaded model must work where the feature network cannot be had."""
        ImageModel.compile(self, **keras.saving.deserialize_keras_object(config))

    @property
    def perceptual(self) -> PerceptualLoss:
        """The feature network's losses; ValueError where the model was loaded and not compiled since."""
        if not hasattr(self, "_perceptual"):
            raise ValueError(f"{self.name} was loaded without its feature network: call model.compile() before fit")
        return self._perceptual
