"""Style transfer by optimisation: one picture, its pixels or a generator of it, fitted to a content and to styles."""

import dataclasses
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from zoo._base import ImageModel
from zoo._perceptual import perceptual_loss
from zoo._registry import choose, register
from zoo._windows import windows
from zoo.common.luma import BT601
from zoo.losses.perceptual import PerceptualLoss
from zoo.losses.recolor import color_moments, recolor
from zoo.losses.total_variation import total_variation
from zoo.neural_style.generator import generator
from zoo.neural_style.geometry import SMALLEST, cover, sides, sides_of_style
from zoo.roles import Signature
from zoo.specs import Uniform

BLANK = 0.5
NOTHING_TO_DEPLOY = "neural_style optimises one picture; there is nothing to deploy: use fast_style or adain"


@register("neural_style")
class NeuralStyle(ImageModel):
    """Image style transfer by optimisation (Gatys et al. 2016, "Image Style Transfer Using Convolutional Neural Networks").

    The picture is the model's only trainable weight, so `fit` paints it. Without a content picture it is texture synthesis
    (Gatys et al. 2015, https://arxiv.org/abs/1505.07376). Losses are relative, as in `zoo.losses.perceptual`, so that one content
    weight suits every feature network. There is nothing to deploy.

    Args:
        contents: 1, or 0 for a texture.
        styles: how many style pictures; their style losses are added up by `style_weights`.
        masks: 1 if a mask says what is painted (white) and what keeps the content (black), otherwise 0.
        size: long side of the picture, in pixels; its short side is at least 32.
        aspect: width over height; a content picture of another shape is cut at its centre.
        parametrization: "pixels", or "network": the picture is G(z), a small generator of fixed noise whose weights are fitted
            (Ulyanov et al. 2018, "Deep Image Prior").
        features: perceptual features: "compact", "vgg16" or "vgg19".
        feature_weights: a local weights file for vgg16 or vgg19; None lets Keras download them.
        content_weight: weight of the content term; 0 leaves it out.
        style_weight: weight of the style term.
        style_weights: share of each style, one number a style; empty for even shares.
        total_variation_weight: weight of the total variation term; 0 leaves it out.
        style_scale: short side of the style pictures, as a multiple of the short side of the picture.
        recolor_content: whether the content's target has the colours of the style; otherwise it keeps its own.
        preserve_color: "none"; "histogram", which gives the styles the colours of the content; or "luminance", which paints the
            luminance alone (both: Gatys et al. 2016, https://arxiv.org/abs/1606.05897).
        start: "content" or "noise", for pixels; a generator starts from its own output.
        jitter: each example sees the picture without a random margin of this many pixels in all, against patterns that lock to
            the grid of the features. With 0 all examples are the same, and a batch costs no more than one.
        learning_rate: Adam's rate; 0.02 suits pixels, 0.005 the network.

    Example:
        >>> model = zoo.create("neural_style", size=256)
        >>> model.adapt(content=[photo], style=[painting])
        >>> model.compile()
        >>> model.fit(dataset, steps_per_epoch=200)
        >>> picture = model.picture()
    """

    task = "style transfer"
    paper = "Gatys et al. 2016"
    deployable: ClassVar[bool] = False
    untrained: ClassVar[str] = "paint"
    picture_settings = {"content": "contents", "style": "styles", "mask": "masks"}
    presets = {
        "gatys": {"features": "vgg19", "size": 512, "recolor_content": False, "start": "noise"},
        "texture": {"contents": 0},
        "generator": {"parametrization": "network", "learning_rate": 0.005},
        "tiny": {"size": 32, "masks": 1},
    }

    def __init__(
        self,
        contents: int = 1,
        styles: int = 1,
        masks: int = 0,
        size: int = 256,
        aspect: float = 1.0,
        parametrization: str = "pixels",
        features: str = "compact",
        feature_weights: str | None = None,
        content_weight: float = 0.12,
        style_weight: float = 1.0,
        style_weights: tuple[float, ...] = (),
        total_variation_weight: float = 0.0,
        style_scale: float = 1.0,
        recolor_content: bool = True,
        preserve_color: str = "none",
        start: str = "content",
        jitter: int = 0,
        learning_rate: float = 0.02,
        name: str = "neural_style",
    ) -> None:
        super().__init__(name=name)
        choose("parametrization", parametrization, ("pixels", "network"))
        choose("way to preserve colour", preserve_color, ("none", "histogram", "luminance"))
        choose("start", start, ("content", "noise"))
        if not contents and (masks or preserve_color != "none"):
            raise ValueError("a mask and preserve_color need a content picture: contents=1")
        if style_weights and (len(style_weights) != styles or min(style_weights) < 0 or not sum(style_weights)):
            raise ValueError(f"style_weights needs {styles} number(s), one for each style, none negative and not all 0")
        self.contents = contents
        self.styles = styles
        self.masks = masks
        self.size = size
        self.aspect = aspect
        self.parametrization = parametrization
        self.features = features
        self.feature_weights = feature_weights
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.style_weights = tuple(style_weights)
        self.total_variation_weight = total_variation_weight
        self.style_scale = style_scale
        self.recolor_content = recolor_content
        self.preserve_color = preserve_color
        self.start = start
        self.jitter = jitter
        self.learning_rate = learning_rate
        self.sides = sides(size, aspect)
        if parametrization == "pixels":
            self.pixels = self.add_weight(shape=(*self.sides, 3), initializer=keras.initializers.Constant(BLANK), name="pixels")
        else:
            self.generator = generator(*self.sides)
            random = np.random.default_rng(0)
            self.noise = [
                self.add_weight(
                    shape=(1, *shape[1:]),
                    initializer=keras.initializers.Constant(random.random((1, *shape[1:]), "float32")),
                    trainable=False,
                    name=f"noise{level}",
                )
                for level, shape in enumerate(self.generator.input_shape)
            ]
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        """No picture: the batch says only which margin each example leaves out."""
        return {"jitter": Uniform((2,))}

    @property
    def loss_names(self) -> tuple[str, ...]:
        has_content = self.contents and self.content_weight
        return ("style", *(("content",) if has_content else ()), *(("total_variation",) if self.total_variation_weight else ()))

    def adapt(self, style: Any = (), content: Any = (), mask: Any = ()) -> None:
        """Takes the style, content and mask pictures, float32 [H, W, 3] (or 1) in [0, 1]; needed before `fit`.

        Pixels that hold nothing yet start from the content, or from noise with the colours of the styles.
        """
        for setting, pictures in (("style", style), ("content", content), ("mask", mask)):
            count = getattr(self, self.picture_settings[setting])
            if len(pictures) != count:
                raise ValueError(f"this model takes {count} {setting} picture(s) and was given {len(pictures)}")
        height, width = self.sides
        side = max(round(self.style_scale * min(height, width)), SMALLEST)
        self.keep(
            style=[cover(picture, *sides_of_style(picture, side))[0] for picture in style],
            content=[cover(picture, height, width)[0] for picture in content],
            mask=[ops.mean(cover(picture, height, width)[0], axis=-1, keepdims=True) for picture in mask],
        )
        self.__dict__.pop("_objective", None)
        self.prepare()

    def prepare(self) -> None:
        if hasattr(self, "_objective") or not self.pictures:
            return
        pictures = [ops.convert_to_tensor(picture)[None] for picture in self.pictures["style"]]
        original = self._kept("content")
        target = original
        if self.preserve_color == "luminance":
            pictures, target = [gray(picture) for picture in pictures], gray(target)
        if self.preserve_color != "none":
            pictures = [recolor(picture, *color_moments(target)) for picture in pictures]
        loss = perceptual_loss(self.features, self.feature_weights)
        shares = np.array(self.style_weights or [1.0] * self.styles, "float32")
        shares /= shares.sum()
        moments = [color_moments(picture) for picture in pictures]
        mean = sum(share * mean for share, (mean, _) in zip(shares, moments, strict=True))
        covariance = sum(share * covariance for share, (_, covariance) in zip(shares, moments, strict=True))
        if target is not None and self.recolor_content:
            target = recolor(target, mean, covariance)
        self._objective = Objective(
            loss=loss,
            shares=[float(share) for share in shares],
            grams=[loss.gram_matrices(loss.features(picture)) for picture in pictures],
            target=target,
            maps=None if target is None or self.jitter else loss.content_features(target),
        )
        if self.parametrization == "pixels" and (ops.convert_to_numpy(self.pixels) == BLANK).all():
            first = target
            if first is None or self.start == "noise":
                noise = np.random.default_rng(0).random((1, *self.sides, 3), "float32")
                first = recolor(ops.convert_to_tensor(noise), mean, covariance)
            self.paint_from(first[0])

    def paint_from(self, picture: np.ndarray) -> None:
        """Makes the pixels those of a picture [H, W, 3] in [0, 1], resized and cut to this one's sides."""
        self.pixels.assign(ops.clip(cover(picture, *self.sides)[0], 0.0, 1.0))

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """`picture`: what the features look at, a view for each example, or the same one for all of them."""
        painted = self._with_content(self.painting())
        if self.preserve_color == "luminance":
            painted = gray(painted)
        return {"picture": self._view(painted, batch["jitter"])}

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        if not hasattr(self, "_objective"):
            raise ValueError("neural_style has no style picture yet: call model.adapt(content=[...], style=[...]) before fit")
        objective = self._objective
        maps = objective.loss.features(outputs["picture"])
        inside = maps
        if self.masks:
            inside = masked(maps, self._view(self._kept("mask"), batch["jitter"]))
        style = sum(
            share * objective.loss.style(inside, grams) for share, grams in zip(objective.shares, objective.grams, strict=True)
        )
        terms = {"style": self.style_weight * style}
        if "content" in self.loss_names:
            target = objective.maps
            if target is None:
                target = objective.loss.content_features(self._view(objective.target, batch["jitter"]))
            terms["content"] = self.content_weight * objective.loss.content(maps, target)
        if self.total_variation_weight:
            terms["total_variation"] = self.total_variation_weight * total_variation(outputs["picture"])
        return terms

    def picture(self) -> np.ndarray:
        """The picture as it stands: float32 [H, W, 3] in [0, 1]."""
        painted = self.painting()
        content = self._kept("content")
        if content is not None and self.preserve_color == "luminance":
            painted = content + gray(painted) - gray(content)
        return ops.convert_to_numpy(ops.clip(self._with_content(painted), 0.0, 1.0))[0]

    @property
    def signature(self) -> Signature:
        raise ValueError(NOTHING_TO_DEPLOY)

    def inference_model(self) -> keras.Model:
        raise ValueError(NOTHING_TO_DEPLOY)

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        columns = {"picture": self.picture()[None]}
        return ({"content": self._kept("content")} if self.contents else {}) | columns

    def painting(self) -> Any:
        """What is being fitted, [1, H, W, 3], with nothing of the content put back."""
        if self.parametrization == "pixels":
            return ops.convert_to_tensor(self.pixels)[None]
        return self.generator([ops.convert_to_tensor(noise) for noise in self.noise])

    def _kept(self, setting: str) -> Any:
        """The content or the mask, [1, H, W, C]; None where the model has none."""
        pictures = self.pictures.get(setting)
        return ops.convert_to_tensor(pictures[0])[None] if pictures else None

    def _with_content(self, painted: Any) -> Any:
        """The content outside the mask, the painting inside."""
        mask = self._kept("mask")
        if mask is None:
            return painted
        content = self._kept("content")
        return content + mask * (painted - content)

    def _view(self, picture: Any, offsets: Any) -> Any:
        """[1, H, W, C] seen through a window for each row of `offsets`, [N, 2] in [0, 1]; the picture itself without jitter."""
        if not self.jitter:
            return picture
        height, width = (side - self.jitter for side in self.sides)
        return windows(picture[0], offsets, height, width)


@dataclasses.dataclass(frozen=True)
class Objective:
    """What the picture is fitted to; no part of the model's state."""

    loss: PerceptualLoss
    shares: list[float]
    grams: list[dict[str, Any]]
    target: Any  # the content, [1, H, W, 3] in the colours that the painting should have, or None
    maps: dict[str, Any] | None  # of the target, where they are the same at every step


def masked(maps: dict[str, Any], mask: Any) -> dict[str, Any]:
    """Maps whose Gram matrices are those of the places inside the mask (Gatys et al. 2017, https://arxiv.org/abs/1611.07865)."""

    def inside(values: Any) -> Any:
        values = ops.cast(values, "float32")
        weights = ops.image.resize(mask, ops.shape(values)[1:3], interpolation="bilinear", antialias=True)
        share = ops.mean(weights, axis=(1, 2), keepdims=True)
        return values * ops.sqrt(ops.maximum(weights, 0.0) / (share + 1e-6))

    return {name: inside(values) for name, values in maps.items()}


def gray(picture: Any) -> Any:
    """The luminance of [N, H, W, 3], in all three channels."""
    return ops.repeat(ops.sum(picture * np.array(BT601, "float32"), axis=-1, keepdims=True), 3, axis=-1)
