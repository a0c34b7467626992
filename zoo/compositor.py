"""Composing elements into a picture by a learned linear map."""

from typing import Any, ClassVar

import keras
import numpy as np
from keras import layers, ops

from zoo._base import ImageModel
from zoo._perceptual import perceptual_loss
from zoo._registry import choose, register
from zoo._schedules import warm_cosine
from zoo.layers import AffineWarp2D, CropLike, LaplacianBlend, MixingWeights, PadToMultiple
from zoo.roles import Layers, Result, Signature
from zoo.specs import Picture


@register("compositor")
class Compositor(ImageModel):
    """Places elements, pictures with alpha, on a canvas: I = T X, where T is learned and linear in the elements' colours.

    T warps each element by an affine matrix (Jaderberg et al. 2015, https://arxiv.org/abs/1506.02025), scales its colours
    and its alpha, and lays it over those before it. It is fitted by gradient to a target picture, or to a target's features.
    `blend="pyramid"` widens the transitions scale by scale (Burt and Adelson 1983), which hides seams; elements then need
    colours around what their alpha shows.

    Elements travel as channels, so that the batch remains a batch and the signature that of any picture model. Deployed input:
    `image` [batch, height, width, 4 elements] in [0, 1]: red, green, blue (not multiplied by alpha) and alpha of the lowest
    element, then of the next. Output: `output_image` [batch, height, width, 3]. Any height and width.

    Args:
        elements: how many; `adapt(element=[...])` gives them.
        blend: "over" or "pyramid".
        levels: scales of the pyramid blending, and of the pixel term, whose coarse scales pull from afar.
        pixel_weight: weight of the mean squared difference from the target, summed over scales.
        perceptual_weight: weight of the distance from the target's features; 0 leaves it out.
        features: perceptual features: "compact", "vgg16" or "vgg19".
        feature_weights: a local weights file for vgg16 or vgg19; None lets Keras download them.
        size: side of the canvas while fitting, in pixels; the target is its source's largest square.
        learning_rate: Adam's highest rate.

    Example:
        >>> model = zoo.create("compositor", elements=2)
        >>> model.adapt(element=[background, figure])
        >>> model.compile()
        >>> model.fit(dataset)
    """

    task = "compositing"
    paper = "Burt and Adelson 1983"
    untrained: ClassVar[str] = "compose"
    picture_settings = {"element": "elements"}
    alpha_settings = ("element",)
    presets = {
        "over": {},
        "pyramid": {"blend": "pyramid"},
        "tiny": {"size": 32, "levels": 2, "blend": "pyramid"},
    }

    def __init__(
        self,
        elements: int = 1,
        blend: str = "over",
        levels: int = 4,
        pixel_weight: float = 1.0,
        perceptual_weight: float = 0.0,
        features: str = "compact",
        feature_weights: str | None = None,
        size: int = 256,
        learning_rate: float = 1e-2,
        name: str = "compositor",
    ) -> None:
        super().__init__(name=name)
        choose("blend of compositor", blend, ("over", "pyramid"))
        self.elements = elements
        self.blend = blend
        self.levels = levels
        self.pixel_weight = pixel_weight
        self.perceptual_weight = perceptual_weight
        self.features = features
        self.feature_weights = feature_weights
        self.size = size
        self.learning_rate = learning_rate
        self.compose = composing_network(elements, blend, levels)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        return {"image": Picture(self.size, scale=(1.0, 1.0), flip=False)}

    @property
    def loss_names(self) -> tuple[str, ...]:
        return ("pixel",) + (("perceptual",) if self.perceptual_weight else ())

    def adapt(self, element: list[np.ndarray]) -> None:
        """Takes the elements, float32 [H, W, 3 or 4] in [0, 1], lowest first, stretched to the canvas; needed before `fit`."""
        if len(element) != self.elements:
            raise ValueError(f"this model composes {self.elements} element(s) and was given {len(element)}")
        opaque = [np.ones((*picture.shape[:2], 4), np.float32) for picture in element]
        for filled, picture in zip(opaque, element, strict=True):
            filled[..., : picture.shape[-1]] = picture
        sides = (self.size, self.size)
        self.keep(element=[ops.image.resize(x, sides, interpolation="bilinear", antialias=True) for x in opaque])
        self.prepare()

    def prepare(self) -> None:
        if self.perceptual_weight and not hasattr(self, "_perceptual"):
            self._perceptual = perceptual_loss(self.features, self.feature_weights)

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(warm_cosine(self.learning_rate, steps))

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        if not self.pictures:
            raise ValueError("compositor has no elements yet: call model.adapt(element=[picture, ...]) before fit")
        stack = np.concatenate(self.pictures["element"], axis=-1)[None]
        return {"picture": self.compose(ops.convert_to_tensor(stack, "float32"), training=training)}

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        target = batch["image"]
        picture = ops.broadcast_to(outputs["picture"], ops.shape(target))
        terms = {"pixel": 0.0}
        difference = picture - target
        for _ in range(self.levels + 1):
            terms["pixel"] += self.pixel_weight * ops.mean(ops.square(difference), axis=(1, 2, 3))
            difference = ops.average_pool(difference, 2, 2)
        if self.perceptual_weight:
            maps, targets = (self._perceptual.content_features(x) for x in (picture, target))
            terms["perceptual"] = self.perceptual_weight * self._perceptual.content(maps, targets)
        return terms

    @property
    def signature(self) -> Signature:
        return Signature.of([Layers(count=self.elements)], [Result()])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        picture = self.compose(inputs["image"], training=False)
        return keras.Model(inputs, {"output_image": ops.clip(picture, 0.0, 1.0)}, name=self.name)

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        picture = ops.broadcast_to(self(batch)["picture"], ops.shape(batch["image"]))
        return {"composed": ops.clip(picture, 0.0, 1.0), "target": batch["image"]}


def composing_network(elements: int, blend: str, levels: int) -> keras.Model:
    """`image` [N, H, W, 4 elements] to a picture [N, H, W, 3], unclipped; at first every element where it is, as it is."""
    image = layers.Input((None, None, 4 * elements), name="image")
    padded = PadToMultiple(2**levels, 2 * 2**levels)(image) if blend == "pyramid" else image
    canvas = ops.zeros_like(padded[..., :3])
    for element in range(elements):
        color, alpha = padded[..., 4 * element : 4 * element + 3], padded[..., 4 * element + 3 : 4 * element + 4]
        # "over" warps colours multiplied by alpha, so that what is transparent bleeds into nothing.
        color = color * alpha if blend == "over" else color
        warped, inside = AffineWarp2D(name=f"warp_{element}")(layers.Concatenate()([color, alpha]))
        color, weight = MixingWeights(name=f"mix_{element}")([warped[..., :3], inside])
        alpha = warped[..., 3:] * weight
        canvas = canvas * (1 - alpha) + color * weight if blend == "over" else LaplacianBlend(levels)([canvas, color, alpha])
    return keras.Model(image, CropLike(dtype="float32")([canvas, image]), name="compose")
