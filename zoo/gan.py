"""The original generative adversarial network: two fully connected players."""

import math
from typing import Any

import keras
from keras import layers

from zoo._adversarial import AdversarialModel
from zoo._registry import choose, register
from zoo.layers import GivenDropout, Maxout
from zoo.layers.batch_normalization import batch_normalization
from zoo.losses.adversarial import OBJECTIVES
from zoo.specs import Uniform


@register("gan")
class GAN(AdversarialModel):
    """Generative adversarial networks (Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661), as for MNIST.

    Two rectified layers make a picture; two maxout layers with dropout judge it; the objective is the paper's non-saturating
    one. Unlike the paper, latents are normal, Adam takes the place of momentum with decaying rates, and the generator has batch
    normalisation, without which it was seen to fall into one picture under Adam at this width.

    Deployed input: `latent` [batch, latent], standard normal. Output: `output_image` [batch, size, size, channels] in [0, 1].

    Args:
        size: side of the pictures, in pixels.
        channels: 1 for gray, 3 for RGB.
        latent: length of a latent.
        width: units of the generator's two layers; the discriminator has a fifth as many, of 5 pieces each.
        dropout: share of the discriminator's units that are dropped; 0 leaves dropout out.
        pixel_dropout: share of its pixels that are dropped, to black, beside them.
        objective: "non_saturating", "hinge" or "least_squares".
        flip: whether pictures are mirrored at random; not for digits.
        learning_rate: Adam's rate.

    Example:
        >>> model = zoo.create("gan", preset="goodfellow")
        >>> model.compile()
        >>> model.fit(dataset)
    """

    paper = "Goodfellow et al. 2014"
    presets = {
        "goodfellow": {},
        # Black spots are unlike anything on black, but hide a generator's noise in photographs.
        "cifar10": {"size": 32, "channels": 3, "pixel_dropout": 0.0, "flip": True},
        "tiny": {"size": 16, "latent": 8, "width": 40},
    }

    def __init__(
        self,
        size: int = 28,
        channels: int = 1,
        latent: int = 100,
        width: int = 1200,
        dropout: float = 0.5,
        pixel_dropout: float = 0.2,
        objective: str = "non_saturating",
        flip: bool = False,
        learning_rate: float = 2e-4,
        name: str = "gan",
    ) -> None:
        super().__init__(name=name)
        self.size = size
        self.channels = channels
        self.latent = latent
        self.width = width
        self.dropout = dropout
        self.pixel_dropout = pixel_dropout
        self.objective = choose("objective", objective, OBJECTIVES)
        self.flip = flip
        self.learning_rate = learning_rate
        shape = (size, size, channels)
        self.generator = generator_network(shape, latent, width)
        self.discriminator = discriminator_network(shape, width // 5, dropout, pixel_dropout)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        dropout = {"dropout": Uniform(self.discriminator.input["dropout"].shape[1:])} if self.dropout else {}
        return super().batch_spec | dropout


def generator_network(shape: tuple[int, ...], latent: int, width: int) -> keras.Model:
    """`latent` to a picture in [0, 1]."""
    inputs = {"latent": layers.Input((latent,), name="latent")}
    x = inputs["latent"]
    for _ in range(2):
        x = layers.Dense(width, use_bias=False, kernel_initializer="he_normal")(x)
        x = layers.ReLU()(batch_normalization(momentum=0.9)(x))
    x = layers.Dense(math.prod(shape), activation="sigmoid", dtype="float32")(x)
    return keras.Model(inputs, layers.Reshape(shape, dtype="float32")(x), name="generator")


def discriminator_network(shape: tuple[int, ...], units: int, dropout: float, pixel_dropout: float) -> keras.Model:
    """`image` (and the noise of `dropout`, one number a pixel and a unit) to a score."""
    pixels = math.prod(shape)
    inputs = {"image": layers.Input(shape, name="image")}
    # From 0 to 1: a pixel that is dropped is black, and not gray noise that hides the generator's own.
    x = layers.Flatten()(inputs["image"])
    if not dropout:
        x = Maxout(units, 5)(Maxout(units, 5)(x))
        return keras.Model(inputs, layers.Dense(1)(x), name="discriminator")
    noise = inputs["dropout"] = layers.Input((pixels + 2 * units,), name="dropout")
    x = GivenDropout(pixel_dropout)([x, noise[:, :pixels]])
    x = GivenDropout(dropout)([Maxout(units, 5)(x), noise[:, pixels : pixels + units]])
    x = GivenDropout(dropout)([Maxout(units, 5)(x), noise[:, pixels + units :]])
    return keras.Model(inputs, layers.Dense(1)(x), name="discriminator")
