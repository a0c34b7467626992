"""Feed-forward style transfer: one pass of a network that was trained for the style."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo._base import ImageModel
from zoo._discriminator import ADVERSARIAL_TERMS, adversarial_terms, patch_discriminator
from zoo._light_network import light_layers, published_range, residual, small
from zoo._perceptual import perceptual_loss
from zoo._registry import choose, register
from zoo._windows import windows
from zoo.layers import (
    ConditionalInstanceNormalization,
    CropLike,
    InstanceNormalization,
    NearestUpsampling2D,
    PadToMultiple,
    ReflectionPadding2D,
    ThinConv2D,
)
from zoo.losses.adversarial import judge
from zoo.losses.recolor import color_moments, recolor
from zoo.losses.total_variation import total_variation
from zoo.roles import Photograph, Result, Share, Signature, Weights, numbered
from zoo.specs import OneHot, Picture, Uniform


@register("fast_style")
class FastStyle(ImageModel):
    """Perceptual losses for real-time style transfer (Johnson et al. 2016, https://arxiv.org/abs/1603.08155).

    The transform network has instance normalisation (Ulyanov et al. 2017, https://arxiv.org/abs/1701.02096), nearest
    upsampling and reflection padding as published; several styles share it through conditional instance normalisation
    (Dumoulin et al. 2017, https://arxiv.org/abs/1610.07629). Any height and width.

    Deployed inputs: `image` [batch, height, width, 3] in [0, 1]; `strength` [batch], 0 (the picture itself) to 1;
    with several styles also `style_weights` [batch, styles], which sum to 1. Output: `output_image`, like `image`.

    Args:
        styles: how many styles one network holds.
        style_names: what they are called, one name a style; empty for their numbers. They may be changed after training.
        architecture: "johnson", as published; or "light", for phones: nearly all of it at half and quarter resolution.
        width: channels of the first convolution; the residual blocks have four times as many, of "light" twice.
        residual_blocks: how many residual blocks.
        size: side of the training crops, in pixels.
        features: perceptual features: "compact", "vgg16" or "vgg19".
        feature_weights: a local weights file for vgg16 or vgg19; None lets Keras download them.
        content_weight: weight of the content term.
        style_weight: weight of the style term.
        total_variation_weight: weight of the total variation term; 0 leaves it out.
        adversarial_weight: weight of a discriminator that tells patches of the result from patches of the style picture
            (Li and Wand 2016, https://arxiv.org/abs/1604.04382); 0 leaves it out. One style only.
        recolor_content: whether the content's target has the colours of the style; otherwise it keeps its own.
        style_size: short side to which a style picture is resized before its features are taken, in pixels.
        learning_rate: Adam's highest rate.

    Example:
        >>> model = zoo.create("fast_style", preset="tiny")
        >>> model.adapt(style=[style_picture])
        >>> model.compile()
        >>> model.fit(dataset)
    """

    task = "style transfer"
    paper = "Johnson et al. 2016"
    picture_settings = {"style": "styles"}
    name_settings = {"style": "style_names"}
    deployment_settings = ("style_names",)
    presets = {
        "johnson": {},
        "mobile": {"architecture": "light", "width": 24},
        "tiny": {"width": 4, "residual_blocks": 1, "size": 32, "style_size": 32},
    }

    def __init__(
        self,
        styles: int = 1,
        style_names: tuple[str, ...] = (),
        architecture: str = "johnson",
        width: int = 32,
        residual_blocks: int = 5,
        size: int = 256,
        features: str = "compact",
        feature_weights: str | None = None,
        content_weight: float = 0.25,
        style_weight: float = 1.0,
        total_variation_weight: float = 0.0,
        adversarial_weight: float = 0.0,
        recolor_content: bool = True,
        style_size: int = 256,
        learning_rate: float = 2e-3,
        name: str = "fast_style",
    ) -> None:
        super().__init__(name=name)
        self.styles = styles
        self.style_names = names_of(style_names, styles)
        self.architecture = choose("architecture", architecture, NETWORKS)
        self.width = width
        self.residual_blocks = residual_blocks
        self.size = size
        self.features = features
        self.feature_weights = feature_weights
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.total_variation_weight = total_variation_weight
        self.adversarial_weight = adversarial_weight
        self.recolor_content = recolor_content
        self.style_size = style_size
        self.learning_rate = learning_rate
        self.network = NETWORKS[architecture](styles, width, residual_blocks)
        if adversarial_weight:
            if styles > 1:
                raise ValueError("adversarial_weight needs styles=1: the discriminator knows one style picture")
            self.discriminator = patch_discriminator(3, width)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {"image": Picture(self.size)}
        if self.styles > 1:
            spec["style_weights"] = OneHot(self.styles)
        if self.adversarial_weight:
            spec["crop"] = Uniform((2,))  # where the discriminator's patch of the style lies
        return spec

    @property
    def loss_names(self) -> tuple[str, ...]:
        names = ("style", "content") + (("total_variation",) if self.total_variation_weight else ())
        return names + (ADVERSARIAL_TERMS if self.adversarial_weight else ())

    def adapt(self, style: list[np.ndarray]) -> None:
        """Takes the pictures of the styles, float32 [H, W, 3] in [0, 1], one for each of `styles`; needed before `fit`."""
        if len(style) != self.styles:
            raise ValueError(f"this model holds {self.styles} style(s) and was given {len(style)} style picture(s)")
        self.keep(style=[resize_short_side(picture, self.style_size) for picture in style])
        self.__dict__.pop("_perceptual", None)
        self.prepare()

    def prepare(self) -> None:
        if hasattr(self, "_perceptual") or not self.pictures:
            return
        self._perceptual = perceptual_loss(self.features, self.feature_weights)
        pictures = [ops.convert_to_tensor(picture)[None] for picture in self.pictures["style"]]
        targets = [self._perceptual.gram_matrices(self._perceptual.features(picture)) for picture in pictures]
        moments = [color_moments(picture) for picture in pictures]
        # A tuple of NumPy arrays: constants of the objective, neither saved with the model nor trained.
        self._targets = (
            {name: np.concatenate([ops.convert_to_numpy(t[name]) for t in targets]) for name in targets[0]},
            np.concatenate([ops.convert_to_numpy(mean) for mean, _ in moments]),
            np.concatenate([ops.convert_to_numpy(covariance) for _, covariance in moments]),
        )

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        """Adam; over a known number of steps the rate warms up for a twentieth of them and falls to a hundredth by a cosine."""
        if steps is None:
            return keras.optimizers.Adam(self.learning_rate, beta_2=0.99)
        warm_up = min(100, steps // 20)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, steps - warm_up, alpha=0.01, warmup_target=self.learning_rate, warmup_steps=warm_up
        )
        return keras.optimizers.Adam(schedule, beta_2=0.99)

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        inputs = {name: batch[name] for name in self.network.input}
        picture = self.network(inputs, training=training)
        if not self.adversarial_weight:
            return {"picture": picture}
        return {"picture": picture} | judge(self.discriminator, self._style_crops(batch["crop"]), picture, training)

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        if not hasattr(self, "_perceptual"):
            raise ValueError("fast_style has no style picture yet: call model.adapt(style=[picture]) before fit")
        grams, mean, covariance = self._blend(batch)
        content = batch["image"]
        if self.recolor_content:
            content = recolor(content, mean, covariance)
        maps = self._perceptual.features(outputs["picture"])
        content_maps = self._perceptual.content_features(ops.stop_gradient(content))
        terms = {
            "style": self.style_weight * self._perceptual.style(maps, grams),
            "content": self.content_weight * self._perceptual.content(maps, content_maps),
        }
        if self.total_variation_weight:
            terms["total_variation"] = self.total_variation_weight * total_variation(outputs["picture"])
        if self.adversarial_weight:
            terms |= adversarial_terms(outputs, "hinge", self.adversarial_weight)
        return terms

    def _style_crops(self, places: Any) -> Any:
        """A crop of the style picture for each row of `places`, [N, 2] in [0, 1]: [N, side, side, 3]."""
        if not self.pictures:
            raise ValueError("fast_style has no style picture yet: call model.adapt(style=[picture]) before fit")
        picture = self.pictures["style"][0]
        side = min(self.size, *picture.shape[:2])
        return windows(picture, places, side, side)

    def _blend(self, batch: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
        """Every example's targets: those of its styles, blended by its weights."""
        grams, mean, covariance = self._targets
        weights = batch["style_weights"] if self.styles > 1 else ops.ones((ops.shape(batch["image"])[0], 1))

        def blend(constant: np.ndarray) -> Any:
            flat = ops.matmul(weights, ops.reshape(ops.convert_to_tensor(constant, "float32"), (self.styles, -1)))
            return ops.reshape(flat, (-1, *constant.shape[1:]))

        return {name: blend(gram) for name, gram in grams.items()}, blend(mean), blend(covariance)

    @property
    def signature(self) -> Signature:
        weights = [Weights(names=self.style_names or numbered(self.styles))] if self.styles > 1 else []
        strength = Share(name="strength", meaning="0 (the picture itself) to 1")
        return Signature.of([Photograph(), *weights, strength], [Result()])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        picture = self.network({name: inputs[name] for name in self.network.input})
        strength = ops.reshape(ops.clip(inputs["strength"], 0.0, 1.0), (-1, 1, 1, 1))
        output = inputs["image"] + strength * (ops.clip(picture, 0.0, 1.0) - inputs["image"])
        return keras.Model(inputs, {"output_image": output}, name=self.name)

    def single(self, style: str) -> "FastStyle":
        """A model of one of the styles alone, which gives what this one gives when it is asked for that style; not compiled.

        Raises:
            ValueError: there is no style of that name or number.
        """
        names = list(self.style_names or numbered(self.styles))
        row = names.index(choose("style", style, names))
        config = self.configuration() | {"styles": 1, "style_names": (style,)}
        model = type(self)(**config)
        for mine, its in zip(weighted_layers(self.network), weighted_layers(model.network), strict=True):
            conditional = isinstance(mine, ConditionalInstanceNormalization)
            its.set_weights([weight[row] for weight in mine.get_weights()] if conditional else mine.get_weights())
        return model

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        picture = self(batch, training=False)["picture"]
        return {"content": batch["image"], "stylised": ops.clip(picture, 0.0, 1.0)}


def weighted_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """The layers of a network that have weights, in its order."""
    return [layer for layer in network.layers if layer.weights]


def names_of(names: Sequence[str], count: int) -> tuple[str, ...]:
    """`names` as a tuple. Raises ValueError unless there are none, or `count` different ones."""
    if names and (len(names) != count or len(set(names)) != count):
        raise ValueError(f"style_names needs {count} different name(s), one a style, not {', '.join(names)}")
    return tuple(names)


def johnson_network(styles: int, width: int, residual_blocks: int) -> keras.Model:
    """As published: `image` (and `style_weights`) to an unclipped picture [N, H, W, 3] around [-0.09, 1.09]."""
    image, style_weights, convolve = ends(styles)
    x = PadToMultiple(4, minimum=16)(image)
    x = layers.ReLU()(convolve(x, width, 9))
    x = layers.ReLU()(convolve(x, 2 * width, 3, strides=2))
    x = layers.ReLU()(convolve(x, 4 * width, 3, strides=2))
    for _ in range(residual_blocks):
        x = residual(convolve, x)
    x = layers.ReLU()(convolve(NearestUpsampling2D()(x), 2 * width, 3))
    x = layers.ReLU()(convolve(NearestUpsampling2D()(x), width, 3))
    x = ThinConv2D(3, 9, kernel_initializer=small())(ReflectionPadding2D(4)(x))
    return finished(image, style_weights, x)


def light_network(styles: int, width: int, residual_blocks: int) -> keras.Model:
    """Half and quarter resolution, and one thin layer at full resolution that sees the photograph as well."""
    image, style_weights, convolve = ends(styles)
    padded = PadToMultiple(4, minimum=16)(image)
    return finished(image, style_weights, light_layers(convolve, padded, padded, width, residual_blocks))


NETWORKS = {"johnson": johnson_network, "light": light_network}


def ends(styles: int) -> tuple[Any, Any, Any]:
    """The inputs `image` and `style_weights`, and a padded convolution with (conditional) instance normalisation."""
    image = layers.Input((None, None, 3), name="image")
    style_weights = layers.Input((styles,), name="style_weights")

    def convolve(x: Any, filters: int, kernel: int, strides: int = 1) -> Any:
        x = ReflectionPadding2D(kernel // 2)(x)
        x = layers.Conv2D(filters, kernel, strides)(x)
        return InstanceNormalization()(x) if styles == 1 else ConditionalInstanceNormalization(styles)([x, style_weights])

    return image, style_weights, convolve


def finished(image: Any, style_weights: Any, x: Any) -> keras.Model:
    """The network that ends with `x`."""
    x = CropLike(dtype="float32")([published_range(x), image])
    inputs = {"image": image} | ({"style_weights": style_weights} if style_weights.shape[-1] > 1 else {})
    return keras.Model(inputs, x, name="transform")


def resize_short_side(picture: np.ndarray, side: int) -> Any:
    """[H, W, 3] with the short side at `side`, antialiased."""
    height, width, _ = picture.shape
    scale = side / min(height, width)
    size = (max(round(height * scale), side), max(round(width * scale), side))
    return ops.image.resize(picture, size, interpolation="bilinear", antialias=True)
