"""The conditional generative adversarial network: pictures of the class asked for."""

import math
from typing import Any

import keras
from keras import layers, ops

from zoo._adversarial import AdversarialModel, adaptive_augmentation, halvings
from zoo._registry import choose, register
from zoo.layers import GivenDropout, Maxout
from zoo.layers.batch_normalization import batch_normalization
from zoo.losses.adversarial import OBJECTIVES
from zoo.roles import Choice, Role, numbered
from zoo.specs import Label, Uniform


@register("cgan")
class CGAN(AdversarialModel):
    """Conditional generative adversarial nets (Mirza and Osindero 2014, https://arxiv.org/abs/1411.1784).

    Fully connected with the paper's maxout discriminator, or convolutional. Unlike there, the label joins the latent as it is;
    the discriminator also projects its features on the label's vector (Miyato and Koyama 2018,
    https://arxiv.org/abs/1802.05637), which ties pictures to labels much sooner; the generator has batch normalisation instead of
    dropout; and Adam takes the place of momentum.

    Deployed inputs: `latent` [batch, latent], standard normal; `label` int32 [batch], 0 to classes - 1.
    Output: `output_image` [batch, size, size, channels] in [0, 1].

    Args:
        classes: how many classes the labels name.
        size: side of the pictures; for a convolutional one it halves evenly down to 4 to 7 pixels, as 28, 32 and 64 do.
        channels: 1 for gray, 3 for RGB.
        latent: length of a latent.
        convolutional: whether the networks are convolutional.
        width: units of the generator's two layers, a fifth as many in the discriminator; for a convolutional one, channels at
            half the resolution, twice as many at every halving more.
        dropout: share of the fully connected discriminator's units that are dropped; 0 leaves dropout out.
        objective: "non_saturating", "hinge" or "least_squares".
        balance: whether training takes pictures from every class in turn, however few a class has.
        flip: whether pictures are mirrored at random; not for digits.
        augmentation_target: how far the discriminator may lean to "real" on real pictures before they are augmented (adaptive
            discriminator augmentation, for small data sets; 0.6 is usual); 0 leaves it out.
        learning_rate: Adam's rate.

    Example:
        >>> model = zoo.create("cgan", preset="mirza")
        >>> model.compile()
        >>> model.fit(dataset)
    """

    paper = "Mirza and Osindero 2014"
    presets = {
        "mirza": {},
        "mnist": {"convolutional": True, "width": 64},
        "cifar10": {"convolutional": True, "size": 32, "channels": 3, "width": 128, "flip": True},
        "tiny": {"size": 16, "latent": 8, "width": 40},
    }

    def __init__(
        self,
        classes: int = 10,
        size: int = 28,
        channels: int = 1,
        latent: int = 100,
        convolutional: bool = False,
        width: int = 1200,
        dropout: float = 0.5,
        objective: str = "non_saturating",
        balance: bool = False,
        flip: bool = False,
        augmentation_target: float = 0.0,
        learning_rate: float = 2e-4,
        name: str = "cgan",
    ) -> None:
        super().__init__(name=name)
        if classes < 2:
            raise ValueError(f"cgan needs at least 2 classes, not {classes}; a model without labels is gan or dcgan")
        self.classes = classes
        self.size = size
        self.channels = channels
        self.latent = latent
        self.convolutional = convolutional
        self.width = width
        self.dropout = dropout
        self.objective = choose("objective", objective, OBJECTIVES)
        self.balance = balance
        self.flip = flip
        self.augmentation_target = augmentation_target
        self.augmentation = adaptive_augmentation(augmentation_target)
        self.learning_rate = learning_rate
        shape = (size, size, channels)
        if convolutional:
            self.generator = convolutional_generator(shape, latent, classes, width)
            self.discriminator = convolutional_discriminator(shape, classes, width)
        else:
            self.generator = dense_generator(shape, latent, classes, width)
            self.discriminator = dense_discriminator(shape, classes, width // 5, dropout)
        self.built = True

    @property
    def conditions(self) -> list[Role]:
        return [Choice(names=numbered(self.classes))]

    @property
    def batch_spec(self) -> dict[str, Any]:
        noise = self.discriminator.input.get("dropout")
        dropout = {} if noise is None else {"dropout": Uniform(noise.shape[1:])}
        return super().batch_spec | {"label": Label(self.classes, self.balance)} | dropout


def label_input() -> Any:
    return layers.Input((), name="label", dtype="int32")


def projected_score(x: Any, label: Any) -> Any:
    """The score of features [N, D], and how far they lie along the vector of the one-hot label: [N, 1]."""
    return layers.Dense(1)(x) + ops.sum(x * layers.Dense(x.shape[-1], use_bias=False)(label), axis=-1, keepdims=True)


def dense_generator(shape: tuple[int, ...], latent: int, classes: int, width: int) -> keras.Model:
    """`latent` and `label` to a picture in [0, 1]."""
    inputs = {"latent": layers.Input((latent,), name="latent"), "label": label_input()}
    # The paper's own layer for labels, five times as wide as that for latents, let the generator forget the latent.
    x = layers.Concatenate()([inputs["latent"], ops.one_hot(inputs["label"], classes)])
    for _ in range(2):
        x = layers.Dense(width, use_bias=False, kernel_initializer="he_normal")(x)
        x = layers.ReLU()(batch_normalization(momentum=0.9)(x))
    x = layers.Dense(math.prod(shape), activation="sigmoid", dtype="float32")(x)
    return keras.Model(inputs, layers.Reshape(shape, dtype="float32")(x), name="generator")


def dense_discriminator(shape: tuple[int, ...], classes: int, units: int, dropout: float) -> keras.Model:
    """The paper's: maxout of 5 pieces for the picture and for the label, then of 4 pieces over both."""
    inputs = {"image": layers.Input(shape, name="image"), "label": label_input()}
    # From 0 to 1: with black at -1 the discriminator was slow to see a generator's noise on it.
    x = Maxout(units, 5)(layers.Flatten()(inputs["image"]))
    label = ops.one_hot(inputs["label"], classes)
    y = Maxout(units // 4, 5)(label)
    x = layers.Concatenate()([x, y])
    if dropout:
        noise = inputs["dropout"] = layers.Input((x.shape[-1] + units,), name="dropout")
        x = GivenDropout(dropout)([x, noise[:, units:]])
        x = GivenDropout(dropout)([Maxout(units, 4)(x), noise[:, :units]])
    else:
        x = Maxout(units, 4)(x)
    return keras.Model(inputs, projected_score(x, label), name="discriminator")


def convolutional_generator(shape: tuple[int, ...], latent: int, classes: int, width: int) -> keras.Model:
    """`latent` and `label` to a picture in [0, 1]."""
    size, _, channels = shape
    levels = halvings(size)
    side = size >> levels
    inputs = {"latent": layers.Input((latent,), name="latent"), "label": label_input()}
    x = layers.Concatenate()([inputs["latent"], ops.one_hot(inputs["label"], classes)])
    x = layers.Reshape((side, side, -1))(layers.Dense(side * side * width << (levels - 1), use_bias=False)(x))
    for level in reversed(range(levels - 1)):
        x = layers.ReLU()(batch_normalization(momentum=0.9)(x))
        x = layers.Conv2DTranspose(width << level, 4, 2, "same", use_bias=False)(x)
    x = layers.ReLU()(batch_normalization(momentum=0.9)(x))
    x = layers.Conv2DTranspose(channels, 4, 2, "same")(x)
    return keras.Model(inputs, layers.Activation("sigmoid", dtype="float32")(x), name="generator")


def convolutional_discriminator(shape: tuple[int, ...], classes: int, width: int) -> keras.Model:
    """`image` and `label` to a score: that of the picture, and how far its features lie along the label's vector."""
    inputs = {"image": layers.Input(shape, name="image"), "label": label_input()}
    x = layers.Rescaling(2.0, -1.0)(inputs["image"])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(width, 4, 2, "same")(x))
    for level in range(1, halvings(shape[0])):
        x = layers.Conv2D(width << level, 4, 2, "same", use_bias=False)(x)
        x = layers.LeakyReLU(0.2)(batch_normalization(momentum=0.9)(x))
    x = layers.Flatten()(x)
    return keras.Model(inputs, projected_score(x, ops.one_hot(inputs["label"], classes)), name="discriminator")
