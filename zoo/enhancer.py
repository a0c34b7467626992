"""Brightening dark and faded photographs by curves, learned without pairs."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo._base import ImageModel
from zoo._registry import register
from zoo._schedules import warm_cosine
from zoo.common.luma import BT601
from zoo.layers import CropLike, NearestUpsampling2D, PadToMultiple
from zoo.losses.total_variation import total_variation
from zoo.roles import Photograph, Result, Share, Signature
from zoo.specs import Degraded, Picture


@register("enhancer")
class Enhancer(ImageModel):
    """Zero-reference curve estimation for low light (Guo et al. 2020, Zero-DCE, https://arxiv.org/abs/2001.06826).

    A small network looks at a reduced picture and gives, for every place, the bend of a curve `x + bend * x * (1 - x)` that is
    applied several times over: dark rises, white and black stay where they are, nothing is invented. The objective knows no
    bright original: places should be well exposed (as bright as `exposure`, or as they were if brighter), keep their
    differences to their neighbours, and the curves should change slowly. Any height and width.

    Deployed inputs: `image` [batch, height, width, 3] in [0, 1]; `strength` [batch], 0 (the picture itself) to 1. Output:
    `output_image`, like `image`.

    Args:
        width: channels of the network's convolutions.
        depth: how many convolutions follow the first; each is then met again on the way back, as published.
        iterations: how often the curve is applied, each time with a bend of its own.
        bend_by_color: whether each colour has bends of its own, as published, which also takes casts away, and colours with them.
        reduction: how many times smaller the picture is that the network looks at; 1 is as published.
        exposure: the luma that a darker place should have, 0 to 1.
        exposure_weight: weight of the squared difference from it, of means over 16 x 16 pixels.
        brighter_too: whether a brighter place should come down to it, as published; otherwise it should stay.
        spatial_weight: weight of the squared change of the differences between neighbouring means over 4 x 4 pixels.
        color_weight: weight of the squared differences of the three colours' means; 0 leaves it out.
        smoothness_weight: weight of the squared differences of neighbouring bends.
        size: side of the training crops, in pixels; most are darkened or faded first, by the recipe "dim" of
            `zoo.training.degradations`.
        learning_rate: Adam's highest rate.

    Example:
        >>> model = zoo.create("enhancer")
        >>> model.compile()
        >>> model.fit(dataset)
    """

    task = "low-light enhancement"
    paper = "Guo et al. 2020"
    presets = {
        "light": {},
        "zero_dce": {
            "bend_by_color": True,
            "reduction": 1,
            "exposure": 0.6,
            "brighter_too": True,
            "spatial_weight": 1.0,
            "color_weight": 5.0,
            "smoothness_weight": 200.0,
        },
        "tiny": {"width": 4, "iterations": 2, "size": 32},
    }

    def __init__(
        self,
        width: int = 32,
        depth: int = 3,
        iterations: int = 8,
        bend_by_color: bool = False,
        reduction: int = 4,
        exposure: float = 0.45,
        exposure_weight: float = 10.0,
        brighter_too: bool = False,
        spatial_weight: float = 4.0,
        color_weight: float = 0.0,
        smoothness_weight: float = 200.0,
        size: int = 256,
        learning_rate: float = 1e-3,
        name: str = "enhancer",
    ) -> None:
        super().__init__(name=name)
        if reduction not in (1, 2, 4, 8, 16):
            raise ValueError(f"reduction {reduction}: enhancer looks at a picture 1, 2, 4, 8 or 16 times smaller")
        if size % 16 or size < 32:
            raise ValueError(f"size {size}: enhancer trains on crops whose side is a multiple of 16, at least 32")
        self.width = width
        self.depth = depth
        self.iterations = iterations
        self.bend_by_color = bend_by_color
        self.reduction = reduction
        self.exposure = exposure
        self.exposure_weight = exposure_weight
        self.brighter_too = brighter_too
        self.spatial_weight = spatial_weight
        self.color_weight = color_weight
        self.smoothness_weight = smoothness_weight
        self.size = size
        self.learning_rate = learning_rate
        self.curves = curve_network(width, depth, iterations * (3 if bend_by_color else 1), reduction)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        return {"image": Picture(self.size), "dim": Degraded("image", self.size, 3, "dim")}

    @property
    def loss_names(self) -> tuple[str, ...]:
        return ("exposure", "spatial", *(("color",) if self.color_weight else ()), "smoothness")

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(warm_cosine(self.learning_rate, steps))

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        dim = ops.cast(batch["dim"], "float32")
        bends = self.curves(dim, training=training)
        return {"picture": self._bent(dim, bends), "bends": bends}

    def _bent(self, picture: Any, bends: Any) -> Any:
        """The picture after its curves; `bends` [N, H, W, iterations] or, by colour, three times as many in [-1, 1]."""
        for bend in ops.split(bends, self.iterations, axis=-1):
            picture = picture + bend * picture * (1 - picture)
        return picture

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        dim, picture, bends = ops.cast(batch["dim"], "float32"), outputs["picture"], outputs["bends"]
        places, before_curves = (ops.average_pool(luma(x), 16, 16) for x in (picture, dim))
        wanted = self.exposure if self.brighter_too else ops.maximum(before_curves, self.exposure)
        before, after = (ops.average_pool(luma(x), 4, 4) for x in (dim, picture))
        terms = {
            "exposure": self.exposure_weight * ops.mean(ops.square(places - wanted), axis=(1, 2, 3)),
            "spatial": self.spatial_weight * total_variation(after - before),
            "smoothness": self.smoothness_weight * total_variation(bends),
        }
        if self.color_weight:
            means = ops.mean(picture, axis=(1, 2))
            terms["color"] = self.color_weight * ops.sum(ops.square(means - ops.roll(means, 1, axis=-1)), axis=-1)
        return terms

    @property
    def signature(self) -> Signature:
        strength = Share(name="strength", meaning="0 (the picture itself) to 1")
        return Signature.of([Photograph(), strength], [Result()])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        image = inputs["image"]
        strength = ops.reshape(ops.clip(inputs["strength"], 0.0, 1.0), (-1, 1, 1, 1))
        picture = self._bent(image, strength * self.curves(image, training=False))
        return keras.Model(inputs, {"output_image": ops.clip(picture, 0.0, 1.0)}, name=self.name)

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        picture = self(batch, training=False)["picture"]
        return {"dim": batch["dim"], "enhanced": ops.clip(picture, 0.0, 1.0), "original": batch["image"]}


def luma(picture: Any) -> Any:
    """[N, H, W, 3] to [N, H, W, 1]."""
    return ops.sum(picture * np.array(BT601, "float32"), axis=-1, keepdims=True)


def curve_network(width: int, depth: int, bends: int, reduction: int) -> keras.Model:
    """Pictures [N, H, W, 3] in [0, 1] to the bends of their curves [N, H, W, bends] in [-1, 1]."""
    image = layers.Input((None, None, 3), name="image")

    def convolve(x: Any) -> Any:
        return layers.Conv2D(width, 3, padding="same", activation="relu")(x)

    padded = PadToMultiple(reduction, reduction)(image) if reduction > 1 else image
    maps = [convolve(layers.AveragePooling2D(reduction)(padded) if reduction > 1 else padded)]
    for _ in range(depth):
        maps.append(convolve(maps[-1]))
    x = maps.pop()
    while maps:
        x = layers.Concatenate()([maps.pop(), x])
        if maps:
            x = convolve(x)
    small = keras.initializers.RandomNormal(stddev=0.02)
    x = layers.Conv2D(bends, 3, padding="same", kernel_initializer=small, activation="tanh", dtype="float32")(x)
    for _ in range(reduction.bit_length() - 1):  # bilinear, doubling by doubling
        x = layers.AveragePooling2D(3, strides=1, padding="same", dtype="float32")(NearestUpsampling2D(dtype="float32")(x))
    return keras.Model(image, CropLike(dtype="float32")([x, image]) if reduction > 1 else x, name="curves")
