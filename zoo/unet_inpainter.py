"""Filling holes with a U-Net of plain, partial or gated convolutions."""

from typing import Any

import keras
from keras import layers, ops

from zoo._discriminator import ADVERSARIAL_TERMS, adversarial_terms, patch_discriminator
from zoo._perceptual import PerceptualModel
from zoo._registry import choose, register
from zoo._schedules import warm_cosine
from zoo.layers import (
    CropLike,
    GatedConvolution2D,
    NearestUpsampling2D,
    PadToMultiple,
    PartialConvolution2D,
    PyramidFill,
    ResidualAggregation2D,
)
from zoo.losses.adversarial import judge
from zoo.losses.gram import gram_matrix
from zoo.roles import HoleMask, Photograph, Result, Signature
from zoo.specs import Mask, Picture

CELLS = 32  # across and down, in which borrowed detail is looked for
# Published weights are for features of pictures in units of their deviation; VGG and SqueezeNet take them from 0 to 255.
FEATURE_SCALE = {"compact": 1.0, "deep": 1.0, "vgg16": 1 / 58, "vgg19": 1 / 58, "squeezenet": 1 / 200}


@register("unet_inpainter")
class UNetInpainter(PerceptualModel):
    """Image inpainting for irregular holes (Liu et al. 2018, https://arxiv.org/abs/1804.07723).

    A U-Net with skip connections from every size; partial convolutions as published, gated ones (Yu et al. 2019,
    https://arxiv.org/abs/1806.03589), or plain ones that see the mask as a channel. Without batch normalisation, whose
    statistics holes disturb. Known pixels come back bit for bit. Any height and width.

    Deployed inputs: `image` [batch, height, width, 3] in [0, 1], whatever the hole shows; `mask` [batch, height, width, 1],
    above 0.5 in the hole. Output: `output_image`, like `image`.

    Args:
        convolution: "plain", "partial" or "gated".
        width: channels of the first convolution, at half the size; each coarser size has twice as many, up to 8 times.
        levels: how often the size is halved.
        pyramid_fill: whether the network starts from a smooth fill (`PyramidFill`), which alone is as good as the classical
            methods, and learns what it lacks; otherwise from gray, as published.
        borrowed_detail: whether what the fill lacks beyond its blur is gathered from known places that look alike
            (`ResidualAggregation2D`) and settled by two more convolutions; not with partial convolutions.
        valid_weight: weight of the mean absolute difference where the picture is known.
        hole_weight: the same in the hole.
        perceptual_weight: weight of the absolute difference of feature maps; 0 leaves it out.
        style_weight: weight of the absolute difference of their Gram matrices; 0 leaves it out.
        total_variation_weight: weight of the absolute differences of neighbours in and beside the hole; 0 leaves it out.
        adversarial_weight: weight of a patch discriminator's verdict; 0 leaves it out.
        features: perceptual features: "compact", "vgg16" or "vgg19".
        feature_weights: a local weights file for vgg16 or vgg19; None lets Keras download them.
        masks: kinds of masks to train with, drawn evenly; see `zoo.training.masks`.
        size: side of the training crops, in pixels; they are not resized.
        learning_rate: Adam's highest rate.

    Example:
        >>> model = zoo.create("unet_inpainter", preset="pixel")
        >>> model.compile()
        >>> model.fit(dataset)
    """

    task = "inpainting"
    paper = "Liu et al. 2018"
    presets = {
        "liu": {"width": 64},
        "yu": {
            "convolution": "gated",
            "perceptual_weight": 0.0,
            "style_weight": 0.0,
            "total_variation_weight": 0.0,
            "adversarial_weight": 0.01,
        },
        "pixel": {
            "convolution": "gated",
            "width": 24,
            "pyramid_fill": True,
            "perceptual_weight": 0.0,
            "style_weight": 0.0,
            "total_variation_weight": 0.0,
        },
        "tiny": {"width": 4, "levels": 2, "size": 32},
    }

    def __init__(
        self,
        convolution: str = "partial",
        width: int = 32,
        levels: int = 6,
        pyramid_fill: bool = False,
        borrowed_detail: bool = False,
        valid_weight: float = 1.0,
        hole_weight: float = 6.0,
        perceptual_weight: float = 0.05,
        style_weight: float = 120.0,
        total_variation_weight: float = 0.1,
        adversarial_weight: float = 0.0,
        features: str = "compact",
        feature_weights: str | None = None,
        masks: tuple[str, ...] = ("free_form", "free_form", "rectangle"),
        size: int = 256,
        learning_rate: float = 5e-4,
        name: str = "unet_inpainter",
    ) -> None:
        super().__init__(name=name)
        choose("convolution of unet_inpainter", convolution, ("plain", "partial", "gated"))
        self.convolution = convolution
        self.width = width
        self.levels = levels
        self.pyramid_fill = pyramid_fill
        self.borrowed_detail = borrowed_detail
        self.valid_weight = valid_weight
        self.hole_weight = hole_weight
        self.perceptual_weight = perceptual_weight
        self.style_weight = style_weight
        self.total_variation_weight = total_variation_weight
        self.adversarial_weight = adversarial_weight
        self.features = features
        self.feature_weights = feature_weights
        self.masks = tuple(masks)
        self.size = size
        self.learning_rate = learning_rate
        self.fill = filling_network(convolution, width, levels, pyramid_fill, borrowed_detail)
        if adversarial_weight:
            self.discriminator = patch_discriminator(4)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        return {"image": Picture(self.size, scale=None), "mask": Mask(self.size, self.masks)}

    @property
    def loss_names(self) -> tuple[str, ...]:
        names = {
            "valid": self.valid_weight,
            "hole": self.hole_weight,
            "perceptual": self.perceptual_weight,
            "style": self.style_weight,
            "total_variation": self.total_variation_weight,
        }
        names |= dict.fromkeys(ADVERSARIAL_TERMS, self.adversarial_weight)
        return tuple(name for name, weight in names.items() if weight)

    @property
    def needs_features(self) -> bool:
        return bool(self.perceptual_weight or self.style_weight)

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(warm_cosine(self.learning_rate, steps))

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        image, hole = batch["image"], holes(batch["mask"])
        picture = self.fill([image, hole], training=training)
        composed = ops.where(hole > 0, picture, image)
        outputs = {"picture": picture, "composed": composed}
        if self.adversarial_weight:
            real, fake = (ops.concatenate([x, hole], axis=-1) for x in (image, composed))
            outputs |= judge(self.discriminator, real, fake, training)
        return outputs

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        image, hole = batch["image"], holes(batch["mask"])
        picture, composed = outputs["picture"], outputs["composed"]
        difference = ops.abs(picture - image)
        terms = {
            "valid": self.valid_weight * mean((1 - hole) * difference),
            "hole": self.hole_weight * mean(hole * difference),
        }
        if self.needs_features:
            perceptual, style = self._feature_distances(image, picture, composed)
            terms |= {"perceptual": self.perceptual_weight * perceptual, "style": self.style_weight * style}
        if self.total_variation_weight:
            near = ops.max_pool(hole, 3, strides=1, padding="same")
            down = ops.abs(composed[:, 1:] - composed[:, :-1]) * near[:, 1:] * near[:, :-1]
            across = ops.abs(composed[:, :, 1:] - composed[:, :, :-1]) * near[:, :, 1:] * near[:, :, :-1]
            terms["total_variation"] = self.total_variation_weight * (mean(down) + mean(across))
        if self.adversarial_weight:
            terms |= adversarial_terms(outputs, "hinge", self.adversarial_weight, hole)
        return {name: terms[name] for name in self.loss_names}

    def _feature_distances(self, image: Any, picture: Any, composed: Any) -> tuple[Any, Any]:
        """The perceptual and the style term, without their weights, of both the network's and the composed picture.

        Where the known part does not count, the composed picture alone.
        """
        made = (picture, composed) if self.valid_weight else (composed,)
        maps = [self.perceptual.features(x) for x in (ops.stop_gradient(image), *made)]
        perceptual = style = 0.0
        for name in maps[0]:
            scale = FEATURE_SCALE[name.partition(".")[0] if "." in name else self.features]
            target, *filled = (scale * ops.cast(m[name], "float32") for m in maps)
            channels = target.shape[-1]
            for x in filled:
                perceptual += mean(ops.abs(x - target))
                style += mean(ops.abs(gram_matrix(x) - gram_matrix(target))) / channels
        return perceptual, style

    @property
    def signature(self) -> Signature:
        return Signature.of([Photograph(), HoleMask()], [Result()])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        image, mask = inputs["image"], inputs["mask"]
        hole = holes(mask)
        picture = ops.clip(self.fill([image, hole], training=False), 0.0, 1.0)
        output = ops.where(hole > 0, picture, image)
        return keras.Model(inputs, {"output_image": output}, name=self.name)

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        composed = self(batch, training=False)["composed"]
        image, hole = batch["image"], holes(batch["mask"])
        return {"hole": ops.where(hole > 0, 0.5, image), "filled": ops.clip(composed, 0.0, 1.0), "original": image}


def holes(mask: Any) -> Any:
    """1 where the mask is above 0.5, else 0."""
    return ops.cast(mask > 0.5, "float32")


def mean(x: Any) -> Any:
    """Over all but the examples: [N, ...] to [N]."""
    return ops.mean(x, axis=tuple(range(1, len(x.shape))))


def filling_network(convolution: str, width: int, levels: int, pyramid_fill: bool, borrowed_detail: bool = False) -> keras.Model:
    """`[image, hole]` to a picture [N, H, W, 3] around [0, 1]; what the image shows in the hole is not seen.

    Raises:
        ValueError: borrowed detail with partial convolutions, or with fewer than four levels.
    """
    if borrowed_detail and (convolution == "partial" or levels < 4):
        raise ValueError("borrowed_detail needs plain or gated convolutions and at least 4 levels")
    image = layers.Input((None, None, 3), name="image")
    hole = layers.Input((None, None, 1), name="hole")
    multiple = max(2**levels, 2 * CELLS) if borrowed_detail else 2**levels
    pad = PadToMultiple(multiple, 2 * multiple)
    padded, known = pad(image), 1 - pad(hole)
    start = PyramidFill(levels, dtype="float32")([padded, known]) if pyramid_fill else 0.5

    def convolve(x: Any, known: Any, filters: int, kernel: int, strides: int = 1) -> tuple[Any, Any]:
        if convolution == "gated":
            return GatedConvolution2D(filters, kernel, strides)(x), known
        if convolution == "plain":
            return layers.Conv2D(filters, kernel, strides, "same", activation="relu")(x), known
        x, known = PartialConvolution2D(filters, kernel, strides)([x, known])
        return layers.ReLU()(x), known

    def join(x: Any, known: Any, skip: Any, skip_known: Any) -> tuple[Any, Any]:
        """Features of the coarser size beside those of a finer one, and the share of all their channels that is known."""
        x, joined = NearestUpsampling2D()(x), layers.Concatenate()
        if convolution != "partial":
            return joined([x, skip]), known
        share = x.shape[-1] / (x.shape[-1] + skip.shape[-1])
        known = NearestUpsampling2D()(known)
        return joined([x * known, skip * skip_known]), share * known + (1 - share) * skip_known

    x = padded * known
    if convolution != "partial":
        x = start - 0.5 if pyramid_fill else x - 0.5 * known
        x = layers.Concatenate()([x, known])
    skips = [(x, known)]
    kernels = [7, 5, 5] + [3] * levels
    for level in range(levels):
        x, known = convolve(x, known, width * min(2**level, 8), kernels[level], 2)
        x = x * known if convolution == "partial" else x
        skips.append((x, known))
    skips.pop()
    for level in reversed(range(1, levels)):
        x, known = join(x, known, *skips.pop())
        x, known = convolve(x, known, width * min(2 ** (level - 1), 8), 3)
        if level == 3:
            coarse = x
    if convolution == "partial":
        x, _ = PartialConvolution2D(3, 3, dtype="float32")(list(join(x, known, *skips.pop())))
    else:  # the last convolution at half the size, every pixel of a 2x2 block by channels of its own, is the cheaper one
        x = layers.Concatenate()([x, ops.space_to_depth(skips.pop()[0], 2)])
        last = x
        x = ops.depth_to_space(layers.Conv2D(12, 3, padding="same", kernel_initializer="zeros", dtype="float32")(x), 2)
    x = x + start
    if borrowed_detail:
        seen = padded * known + x * (1 - known)
        borrowed = ResidualAggregation2D(CELLS, 2 * width, dtype="float32")([seen, known, coarse])
        x = x + borrowed
        y = layers.Concatenate()([ops.space_to_depth(layers.Concatenate()([seen - 0.5, borrowed, known]), 2), last])
        for _ in range(2):
            y = GatedConvolution2D(2 * width, 3)(y)
        y = layers.Conv2D(12, 3, padding="same", kernel_initializer="zeros", dtype="float32", name="settled")(y)
        x = x + ops.depth_to_space(y, 2)
    return keras.Model([image, hole], CropLike(dtype="float32")([x, image]), name="fill")
