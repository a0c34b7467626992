"""The deep convolutional generative adversarial network."""

from typing import Any

import keras
from keras import layers

from zoo._adversarial import AdversarialModel, adaptive_augmentation, halvings
from zoo._registry import choose, register
from zoo.layers.batch_normalization import batch_normalization
from zoo.losses.adversarial import OBJECTIVES


@register("dcgan")
class DCGAN(AdversarialModel):
    """Unsupervised representation learning with DCGANs (Radford et al. 2016, https://arxiv.org/abs/1511.06434).

    As published: 5x5 convolutions of stride 2 in place of pooling; batch normalisation everywhere but in the generator's
    last and the discriminator's first layer; rectified units, leaky ones (0.2) in the discriminator; weights from N(0, 0.02);
    Adam at 2e-4 with momentum 0.5. Latents are normal, not uniform.

    Deployed input: `latent` [batch, latent], standard normal. Output: `output_image` [batch, size, size, channels] in [0, 1].

    Args:
        size: side of the pictures; halves evenly down to 4 to 7 pixels, as 28, 32 and 64 do.
        channels: 1 for gray, 3 for RGB.
        latent: length of a latent.
        generator_width: channels of the generator's last hidden layer; every layer before it has twice as many.
        discriminator_width: channels of the discriminator's first layer; every layer after it has twice as many.
        objective: "non_saturating", "hinge" or "least_squares".
        flip: whether pictures are mirrored at random; not for digits.
        augmentation_target: how far the discriminator may lean to "real" on real pictures before they are augmented (adaptive
            discriminator augmentation, for small data sets; 0.6 is usual); 0 leaves it out.
        learning_rate: Adam's rate.

    Example:
        >>> model = zoo.create("dcgan", preset="radford")
        >>> model.compile()
        >>> model.fit(dataset)
    """

    paper = "Radford et al. 2016"
    presets = {
        "radford": {},
        "cifar10": {"size": 32},
        "mnist": {"size": 28, "channels": 1, "generator_width": 64, "discriminator_width": 64, "flip": False},
        "tiny": {"size": 16, "latent": 8, "generator_width": 4, "discriminator_width": 4},
    }

    def __init__(
        self,
        size: int = 64,
        channels: int = 3,
        latent: int = 100,
        generator_width: int = 128,
        discriminator_width: int = 128,
        objective: str = "non_saturating",
        flip: bool = True,
        augmentation_target: float = 0.0,
        learning_rate: float = 2e-4,
        name: str = "dcgan",
    ) -> None:
        super().__init__(name=name)
        self.size = size
        self.channels = channels
        self.latent = latent
        self.generator_width = generator_width
        self.discriminator_width = discriminator_width
        self.objective = choose("objective", objective, OBJECTIVES)
        self.flip = flip
        self.augmentation_target = augmentation_target
        self.augmentation = adaptive_augmentation(augmentation_target)
        self.learning_rate = learning_rate
        self.generator = generator_network(size, channels, latent, generator_width)
        self.discriminator = discriminator_network(size, channels, discriminator_width)
        self.built = True


def normal(mean: float = 0.0) -> keras.initializers.Initializer:
    """The paper's initialisation; the scales of batch normalisation are drawn about 1, as in its code."""
    return keras.initializers.RandomNormal(mean, 0.02)


def normalize(x: Any) -> Any:
    return batch_normalization(momentum=0.9, epsilon=1e-5, gamma_initializer=normal(1.0))(x)


def generator_network(size: int, channels: int, latent: int, width: int) -> keras.Model:
    """`latent` to a picture in [0, 1]."""
    levels = halvings(size)
    side = size >> levels
    inputs = {"latent": layers.Input((latent,), name="latent")}
    x = layers.Dense(side * side * width << (levels - 1), use_bias=False, kernel_initializer=normal())(inputs["latent"])
    x = layers.ReLU()(normalize(layers.Reshape((side, side, width << (levels - 1)))(x)))
    for level in reversed(range(levels - 1)):
        x = layers.Conv2DTranspose(width << level, 5, 2, "same", use_bias=False, kernel_initializer=normal())(x)
        x = layers.ReLU()(normalize(x))
    x = layers.Conv2DTranspose(channels, 5, 2, "same", kernel_initializer=normal())(x)
    x = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model(inputs, layers.Rescaling(0.5, 0.5, dtype="float32")(x), name="generator")


def discriminator_network(size: int, channels: int, width: int) -> keras.Model:
    """`image` to a score."""
    inputs = {"image": layers.Input((size, size, channels), name="image")}
    x = layers.Rescaling(2.0, -1.0)(inputs["image"])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(width, 5, 2, "same", kernel_initializer=normal())(x))
    for level in range(1, halvings(size)):
        x = layers.Conv2D(width << level, 5, 2, "same", use_bias=False, kernel_initializer=normal())(x)
        x = layers.LeakyReLU(0.2)(normalize(x))
    return keras.Model(inputs, layers.Dense(1, kernel_initializer=normal())(layers.Flatten()(x)), name="discriminator")
