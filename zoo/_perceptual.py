"""Models whose objective may need a feature network: made ready when they are compiled for training, not when they are loaded."""

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

    def prepare(self) -> None:
        """Gets the feature network, which VGG may have to download."""
        if self.needs_features and not hasattr(self, "_perceptual"):
            self._perceptual = perceptual_loss(self.features, self.feature_weights)

    @property
    def perceptual(self) -> PerceptualLoss:
        """The feature network's losses; ValueError where the model was loaded and nothing has called `prepare` since."""
        if not hasattr(self, "_perceptual"):
            raise ValueError(f"{self.name} was loaded without its feature network: call model.prepare() first")
        return self._perceptual
