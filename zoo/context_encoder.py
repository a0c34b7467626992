"""Filling a large hole from what surrounds it, through a narrow encoder."""

from typing import Any

import keras
from keras import layers, ops

from zoo._base import ImageModel
from zoo._discriminator import ADVERSARIAL_TERMS, adversarial_terms, patch_discriminator
from zoo._rate_scaled_adam import RateScaledAdam
from zoo._registry import choose, register
from zoo._schedules import warm_cosine
from zoo.layers import ChannelwiseDense
from zoo.layers.batch_normalization import batch_normalization
from zoo.losses.adversarial import judge
from zoo.roles import HoleMask, Photograph, Result, Signature
from zoo.specs import Mask, Picture


@register("context_encoder")
class ContextEncoder(ImageModel):
    """Context encoders: feature learning by inpainting (Pathak et al. 2016, https://arxiv.org/abs/1604.07379).

    Five strided convolutions, a channel-wise fully connected layer that lets every place see every other, and a decoder back to
    the whole picture, of which the hole is used. The generator learns at ten times the discriminator's rate, as published.

    Deployed inputs, of the fixed size trained for: `image` [batch, size, size, 3] in [0, 1], whatever the hole shows; `mask`
    [batch, size, size, 1], above 0.5 in the hole. Output: `output_image`, like `image`, known pixels bit for bit.

    Args:
        region: "center" (the middle square, half the side) or "random" (blobs that cover a quarter).
        width: channels of the first convolution; the deepest have eight times as many.
        size: side of the pictures, in pixels; a multiple of 32.
        overlap: width of the band around the hole that is predicted too, in pixels, with ten times the weight.
        reconstruction_weight: weight of the mean squared difference.
        adversarial_weight: weight of the discriminator's verdict; 0 leaves it out.
        scale: range of the training crops' side, as a share of the picture's short side; None cuts native pixels.
        learning_rate: Adam's rate for the generator.

    Raises:
        ValueError: no such region, or a size that is no multiple of 32.

    Example:
        >>> model = zoo.create("context_encoder", preset="pathak")
        >>> model.compile()
        >>> model.fit(dataset)
    """

    task = "inpainting"
    paper = "Pathak et al. 2016"
    presets = {
        "pathak": {},
        "random_region": {"region": "random"},
        "pixel": {"reconstruction_weight": 1.0, "adversarial_weight": 0.0},
        "tiny": {"width": 4, "size": 32, "overlap": 1},
    }

    def __init__(
        self,
        region: str = "center",
        width: int = 64,
        size: int = 128,
        overlap: int = 4,
        reconstruction_weight: float = 0.999,
        adversarial_weight: float = 0.001,
        scale: tuple[float, float] | None = (0.4, 1.0),
        learning_rate: float = 2e-3,
        name: str = "context_encoder",
    ) -> None:
        super().__init__(name=name)
        choose("region of context_encoder", region, ("center", "random"))
        if size % 32:
            raise ValueError(f"size {size} is no multiple of 32; take {max(size // 32, 1) * 32}")
        self.region = region
        self.width = width
        self.size = size
        self.overlap = overlap
        self.reconstruction_weight = reconstruction_weight
        self.adversarial_weight = adversarial_weight
        self.scale = (scale[0], scale[1]) if scale else None
        self.learning_rate = learning_rate
        self.fill = encoder_decoder(size, width)
        if adversarial_weight:
            self.discriminator = patch_discriminator(3, width, 4)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        kind = {"center": "center", "random": "random_region"}[self.region]
        return {"image": Picture(self.size, scale=self.scale), "mask": Mask(self.size, (kind,))}

    @property
    def loss_names(self) -> tuple[str, ...]:
        return ("reconstruction",) + (ADVERSARIAL_TERMS if self.adversarial_weight else ())

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        return RateScaledAdam(warm_cosine(self.learning_rate, steps), {"discriminator": 0.1}, beta_1=0.5)

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        image, hole = batch["image"], ops.cast(batch["mask"] > 0.5, "float32")
        picture = self.fill([image, hole], training=training)
        outputs = {"picture": picture, "composed": ops.where(hole > 0, picture, image)}
        if self.adversarial_weight:
            outputs |= judge(self.discriminator, image, outputs["composed"], training)
        return outputs

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        hole = ops.cast(batch["mask"] > 0.5, "float32")
        weight = hole
        if self.overlap:
            weight = 10 * ops.max_pool(hole, 2 * self.overlap + 1, strides=1, padding="same") - 9 * hole
        error = ops.sum(weight * ops.square(outputs["picture"] - batch["image"]), axis=(1, 2, 3))
        holes = 3 * ops.maximum(ops.sum(hole, axis=(1, 2, 3)), 1)
        terms = {"reconstruction": self.reconstruction_weight * error / holes}
        if self.adversarial_weight:
            terms |= adversarial_terms(outputs, "non_saturating", self.adversarial_weight)
        return terms

    @property
    def signature(self) -> Signature:
        size = (self.size, self.size)
        return Signature.of([Photograph(size=size), HoleMask(size=size)], [Result(size=size)])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        image, mask = inputs["image"], inputs["mask"]
        hole = ops.cast(mask > 0.5, "float32")
        picture = ops.clip(self.fill([image, hole], training=False), 0.0, 1.0)
        output = ops.where(hole > 0, picture, image)
        return keras.Model(inputs, {"output_image": output}, name=self.name)

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        composed = self(batch, training=False)["composed"]
        hidden = ops.where(batch["mask"] > 0.5, 0.5, batch["image"])
        return {"hole": hidden, "filled": ops.clip(composed, 0.0, 1.0), "original": batch["image"]}


def encoder_decoder(size: int, width: int) -> keras.Model:
    """`[image, hole]` [N, size, size, 3 and 1] to a picture around [0, 1]; what the image shows in the hole is not seen."""
    image = layers.Input((size, size, 3), name="image")
    hole = layers.Input((size, size, 1), name="hole")
    x = layers.Concatenate()([(2 * image - 1) * (1 - hole), hole])
    for filters in (width, width, 2 * width, 4 * width, 8 * width):
        x = layers.Conv2D(filters, 4, 2, "same", use_bias=False)(x)
        x = layers.LeakyReLU(0.2)(batch_normalization()(x))
    x = layers.ReLU()(ChannelwiseDense()(x))
    x = layers.ReLU()(batch_normalization()(layers.Conv2D(8 * width, 1, use_bias=False)(x)))
    for filters in (4 * width, 2 * width, width, width // 2):
        x = layers.Conv2DTranspose(filters, 4, 2, "same", use_bias=False)(x)
        x = layers.ReLU()(batch_normalization()(x))
    # It starts around gray by its bias: LiteRT's converter merges a constant that is added afterwards into a bias too short.
    x = layers.Conv2DTranspose(3, 4, 2, "same", bias_initializer=keras.initializers.Constant(0.5), dtype="float32")(x)
    return keras.Model([image, hole], x, name="fill")
