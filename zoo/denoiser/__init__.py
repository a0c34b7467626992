"""Denoising by a network that predicts the noise."""

from typing import Any

import keras
from keras import ops

from zoo._base import ImageModel
from zoo._registry import choose, register
from zoo._schedules import warm_cosine
from zoo.denoiser.networks import dncnn, unet
from zoo.roles import Photograph, Result, Share, Signature
from zoo.specs import RECIPES, Degraded, Noisy, Picture


@register("denoiser")
class Denoiser(ImageModel):
    """Residual learning of the noise (Zhang et al. 2017, DnCNN, https://arxiv.org/abs/1608.03981), gray or colour.

    `network="dncnn"` is the published network: convolutions at full size with batch normalisation. `network="unet"` is a
    bias-free residual U-Net (after DRUNet, Zhang et al. 2021, https://arxiv.org/abs/2008.13751) that starts at half the size, as
    FFDNet does: as good at a sixth of the operations. Any height and width.

    Deployed inputs: `image` [batch, height, width, channels], around [0, 1]; `strength` [batch], 0 (the picture itself) to 1.
    Output: `output_image`, the same in [0, 1].

    Args:
        network: "dncnn" or "unet".
        channels: 1 for gray pictures, 3 for colour.
        width: channels of the convolutions; each coarser level of the U-Net has twice as many.
        depth: convolutions of DnCNN, or residual blocks before and after each change of size of the U-Net.
        levels: sizes that the U-Net works on, the first of them half the picture's; DnCNN has one.
        noise: "gaussian", "salt_and_pepper" or "jpeg"; or a whole history of damage, which draws its own levels: "camera" (noise
            of every kind, then a JPEG file), "web" or "worn".
        level: lowest and highest level of the noise, for training on unknown levels, or one number, for a known one: the
            deviation, of 255; the share of the values; or the quality.
        distance: "absolute" or "squared" differences.
        size: side of the training crops, in pixels; they are not resized.
        learning_rate: Adam's highest rate.

    Example:
        >>> model = zoo.create("denoiser", preset="gray", level=(0, 55))
        >>> model.compile()
        >>> model.fit(dataset)
    """

    task = "denoising"
    paper = "Zhang et al. 2017"
    presets = {
        "dncnn": {"network": "dncnn", "channels": 1, "width": 64, "depth": 17, "size": 40, "distance": "squared"},
        "gray": {"channels": 1},
        "color": {},
        "salt_and_pepper": {"channels": 1, "noise": "salt_and_pepper", "level": (0.1, 0.1)},
        "jpeg": {"noise": "jpeg", "level": (10.0, 40.0)},
        "photo": {"noise": "camera", "size": 96},
        "tiny": {"width": 4, "depth": 1, "levels": 2, "size": 16},
    }

    def __init__(
        self,
        network: str = "unet",
        channels: int = 3,
        width: int = 48,
        depth: int = 2,
        levels: int = 3,
        noise: str = "gaussian",
        level: tuple[float, float] | float = (25.0, 25.0),
        distance: str = "absolute",
        size: int = 64,
        learning_rate: float = 1e-3,
        name: str = "denoiser",
    ) -> None:
        super().__init__(name=name)
        choose("network of denoiser", network, ("dncnn", "unet"))
        choose("noise of denoiser", noise, ("gaussian", "salt_and_pepper", "jpeg", *RECIPES))
        choose("distance of denoiser", distance, ("absolute", "squared"))
        self.network = network
        self.channels = channels
        self.width = width
        self.depth = depth
        self.levels = levels
        self.noise = noise
        self.level = (level[0], level[1]) if isinstance(level, tuple | list) else (level, level)
        self.distance = distance
        self.size = size
        self.learning_rate = learning_rate
        self.restore = dncnn(channels, width, depth) if network == "dncnn" else unet(channels, width, depth, levels)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        if self.noise in RECIPES:
            noisy: Noisy | Degraded = Degraded("image", self.size, self.channels, self.noise)
        else:
            noisy = Noisy("image", self.size, self.channels, self.noise, self.level)
        return {"image": Picture(self.size, self.channels, scale=None), "noisy": noisy}

    @property
    def loss_names(self) -> tuple[str, ...]:
        return (self.distance,)

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(warm_cosine(self.learning_rate, steps))

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        return {"picture": self.restore(batch["noisy"], training=training)}

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        difference = outputs["picture"] - batch["image"]
        distance = ops.abs(difference) if self.distance == "absolute" else ops.square(difference)
        return {self.distance: ops.mean(distance, axis=(1, 2, 3))}

    @property
    def signature(self) -> Signature:
        strength = Share(name="strength", meaning="0 (the picture itself) to 1")
        return Signature.of([Photograph(channels=self.channels), strength], [Result(channels=self.channels)])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        image = inputs["image"]
        strength = ops.reshape(ops.clip(inputs["strength"], 0.0, 1.0), (-1, 1, 1, 1))
        picture = image + strength * (self.restore(image, training=False) - image)
        return keras.Model(inputs, {"output_image": ops.clip(picture, 0.0, 1.0)}, name=self.name)

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        noisy, picture = batch["noisy"], self(batch)["picture"]
        return {"noisy": ops.clip(noisy, 0.0, 1.0), "denoised": ops.clip(picture, 0.0, 1.0), "original": batch["image"]}
